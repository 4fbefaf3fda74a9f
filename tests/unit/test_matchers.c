// All predicates of a slot at once give what each gives alone.
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>

#include "base/hash.h"
#include "base/layers.h"
#include "base/utf8.h"
#include "engine/match_parts.h"
#include "stdlib/regex.h"
#include "tests/mutate/seeds.h"
#include "tests/unit/counting_mem.h"
#include "vm/exec.h"

typedef struct world {
  const lq_program *program;
  lq_fieldmap *map;
  uint32_t *slots;
  lq_matchers *matchers;
  lq_match_run *run;
  lq_event event;
} world;

static void begin(world *w, const lq_program *p)
{
  *w = (world){.program = p, .slots = calloc(p->nfields, sizeof *w->slots)};
  cr_assert(lq_fieldmap_new(&w->map, &lq_mem_libc) == LQ_OK);
  for (size_t i = 0; i < p->nfields; i++) {
    const lq_field *f = &p->fields[i];
    lq_field_spec spec = {p->strings[f->name], f->scope == LQ_NONE ? LQ_NO_SLOT : w->slots[f->scope],
                          f->flags & LQ_FIELD_SCOPE};
    cr_assert(lq_fieldmap_add(w->map, &spec, &w->slots[i]) == LQ_OK);
  }
  cr_assert(lq_matchers_new(&w->matchers, p, w->slots, lq_fieldmap_slots(w->map), &lq_mem_libc) == LQ_OK);
  cr_assert(lq_match_run_new(&w->run, w->matchers, &lq_mem_libc) == LQ_OK);
  cr_assert(lq_event_init(&w->event, w->map, &lq_mem_libc) == LQ_OK);
}

static void end(world *w)
{
  lq_event_free(&w->event);
  lq_match_run_free(w->run);
  lq_matchers_free(w->matchers);
  lq_fieldmap_free(w->map);
  free(w->slots);
}

// For whoever has to find out why.
static void show(const world *w, uint32_t predicate)
{
  const lq_program *p = w->program;
  const lq_predicate *q = &p->predicates[predicate];
  lq_buf b = {.mem = &lq_mem_libc};
  const lq_set *s = &p->sets[q->arg];
  lq_buf_printf(&b, "%s", lq_match_kinds[q->matcher].name);
  for (uint32_t i = 0; lq_match_kinds[q->matcher].set == LQ_SET_TEXTS && i < s->count; i++) {
    lq_buf_byte(&b, ' ');
    lq_buf_json(&b, p->strings[p->set_ids[s->first + i]]);
  }
  lq_buf_z(&b, " of");
  const lq_slot_value *v = lq_event_first(&w->event, w->slots[q->field]);
  for (; v; v = lq_event_next(&w->event, v)) {
    char text[LQ_VALUE_TEXT_MAX];
    lq_buf_printf(&b, " %s ", lq_type_name(v->v.type));
    lq_buf_json(&b, lq_value_text(&v->v, text));
  }
  cr_log_error("%.*s", LQ_STR_ARG(lq_buf_get(&b)));
  lq_buf_free(&b);
}

// Asks all slots of the event both ways. What was not answered is left out. Gives how many predicates hold.
static size_t compare_where_answered(world *w, const char *what)
{
  const lq_program *p = w->program;
  lq_exec x = {.program = p,
               .slots = w->slots,
               .event = &w->event,
               .scratch.mem = &lq_mem_libc,
               .folds.mem = &lq_mem_libc};
  uint8_t *given = calloc(p->npredicates, 1), *answered = calloc(lq_fieldmap_slots(w->map), 1);
  size_t holding = 0;
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(w->map); slot++) {
    const uint32_t *trues;
    size_t n;
    answered[slot] = lq_match_run_slot(w->run, slot, &w->event, &trues, &n);
    for (size_t i = 0; i < n && answered[slot]; i++) {
      cr_assert(given[trues[i]]++ == 0, "%s: predicate %u twice", what, trues[i]);
      cr_assert(w->slots[p->predicates[trues[i]].field] == slot && lq_matchers_covers(w->matchers, trues[i]));
    }
  }
  for (uint32_t i = 0; i < p->npredicates; i++) {
    if (!lq_matchers_covers(w->matchers, i) || !answered[w->slots[p->predicates[i].field]])
      continue;
    bool want = lq_predicate_test(&x, &p->predicates[i]);
    holding += want;
    if (given[i] != want)
      show(w, i);
    cr_assert(given[i] == want, "%s: predicate %u is %d", what, i, want);
  }
  lq_arena_free(&x.folds);
  free(given);
  free(answered);
  return holding;
}

// The same, and everything is answered.
static size_t compare(world *w, const char *what)
{
  uint64_t before = lq_match_run_stats(w->run)->gave_up;
  size_t holding = compare_where_answered(w, what);
  cr_assert(lq_match_run_stats(w->run)->gave_up == before, "%s", what);
  return holding;
}

static lq_program *load(void (*seed)(builder *))
{
  builder *b = malloc(sizeof *b);
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_fault f;
  build_begin(b);
  seed(b);
  cr_assert(build_finish(b, &f) && lq_bundle_write(&bytes, &b->p) == LQ_OK);
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, bytes.p, bytes.n, NULL, &f) == LQ_OK);
  lq_buf_free(&bytes);
  free(b);
  return p;
}

Test(matchers, of_the_rich_program)
{
  lq_program *p = load(seed_rich);
  world w;
  begin(&w, p);
  size_t holding = 0;
  for (int i = 0; i < SEED_EVENTS * 3; i++) {
    seed_event(&w.event, w.map, i % SEED_EVENTS);
    holding += compare(&w, "rich");
  }
  cr_expect(holding > 20, "%zu", holding);
  for (uint32_t i = 0; i < p->npredicates; i++) {
    const lq_field *field = &p->fields[p->predicates[i].field];
    if (field->scope != LQ_NONE || field->flags & LQ_FIELD_SCOPE)
      cr_expect(!lq_matchers_covers(w.matchers, i));
  }
  end(&w);
  lq_program_free(p);
}

// ---- programs by chance

enum { TEXTS_MAX = 4000, ROWS_MAX = 400, CHANCE_FIELDS = 3 };

// Tables that grow; put together they are a program, though none that a verifier has seen.
typedef struct chance {
  uint32_t seed;
  lq_arena arena;
  lq_str texts[TEXTS_MAX];
  uint32_t ntexts, ids[TEXTS_MAX], nids, nsets, npredicates, nconsts, ncidrs, nregexes;
  lq_set sets[ROWS_MAX];
  lq_predicate predicates[ROWS_MAX];
  lq_value consts[ROWS_MAX];
  lq_cidr cidrs[ROWS_MAX];
  lq_regex_def regexes[ROWS_MAX];
  lq_regex *compiled[ROWS_MAX];
  lq_field fields[CHANCE_FIELDS];
  lq_program program;
} chance;

static uint32_t below(chance *c, uint32_t n)
{
  c->seed = c->seed * 1664525u + 1013904223u;
  return (c->seed >> 8) % n;
}

static const char *const parts[] = {"a",
                                    "b",
                                    "k",
                                    "s",
                                    "K",
                                    "S",
                                    "\xE2\x84\xAA",
                                    "\xC5\xBF",
                                    "\xC4\xB0",
                                    "\xC4\xB1",
                                    "\xC3\xA9",
                                    "\xC3\x89",
                                    "\xC8\xBA",
                                    "\xE2\xB1\xA5",
                                    "\\",
                                    ":",
                                    "c:\\",
                                    "Windows",
                                    "system32",
                                    ".exe",
                                    ".dll",
                                    " ",
                                    "-",
                                    "_",
                                    "*",
                                    "?",
                                    "\xE2\x82",
                                    "\x80",
                                    "\xE6\x97\xA5",
                                    "1",
                                    "42",
                                    "true",
                                    "powershell",
                                    "aaaa",
                                    "invoke",
                                    "10.1.2.3",
                                    "\xE1\x8E\xA0",
                                    "'",
                                    ".",
                                    "cmd",
                                    "\xF0\x9F\x98\x80",
                                    "/",
                                    "=",
                                    "\xF0\x9F",
                                    "\xCD\x85"};

static void add_part(chance *c, lq_buf *out)
{
  lq_buf_z(out, parts[below(c, COUNT(parts))]);
  if (below(c, 400) == 0)
    lq_buf_byte(out, '\0');
}

static uint32_t add_text(chance *c, lq_str s)
{
  cr_assert(c->ntexts < TEXTS_MAX);
  c->texts[c->ntexts] = lq_arena_copy(&c->arena, s);
  return c->ntexts++;
}

// An entry of a set: with wildcards in it if it is a pattern, folded if its matcher wants that.
static uint32_t add_entry(chance *c, const lq_matcher_info *kind, bool pattern)
{
  lq_buf b = {.mem = &lq_mem_libc}, folded = {.mem = &lq_mem_libc};
  for (uint32_t n = below(c, 7); n > 0; n--) {
    if (pattern && below(c, 3) == 0)
      lq_buf_byte(&b, below(c, 3) ? LQ_ANY_RUN : LQ_ANY_ONE);
    add_part(c, &b);
  }
  if (pattern && below(c, 3) == 0)
    lq_buf_byte(&b, below(c, 4) ? LQ_ANY_RUN : LQ_ANY_ONE);
  if (kind->fold)
    lq_fold_append(&folded, lq_buf_get(&b));
  uint32_t id = add_text(c, kind->fold ? lq_buf_get(&folded) : lq_buf_get(&b));
  lq_buf_free(&b);
  lq_buf_free(&folded);
  return id;
}

static uint32_t texts_set(chance *c, lq_matcher_kind m)
{
  bool pattern = m == LQ_MATCHER_GLOB || m == LQ_MATCHER_GLOB_FOLD ||
                 (m == LQ_MATCHER_TOKENS_ANY && below(c, 4) == 0);
  uint32_t n = below(c, 10) == 0 ? 1 + below(c, 100) : 1 + below(c, 4);
  c->sets[c->nsets] = (lq_set){LQ_SET_TEXTS, c->nids, n};
  for (; n > 0; n--) {
    bool again = c->nids > 0 && below(c, 4) == 0; // sets have texts in common
    uint32_t old = again ? c->ids[below(c, c->nids)] : 0;
    c->ids[c->nids++] = again && !lq_match_kinds[m].fold ? old : add_entry(c, &lq_match_kinds[m], pattern);
  }
  return c->nsets++;
}

static uint32_t regexes_set(chance *c)
{
  static const char *const regexes[] = {".*invoke.*",
                                        "(a|b)*cmd.+",
                                        ".*windows.{0,3}system32\\.?exe",
                                        "[^a]*aaaa+b?",
                                        "cmd(ab)?s{2}",
                                        "power\\w+",
                                        "a{b|s}",
                                        ".*k\\.exe",
                                        "(?i)cmd",
                                        "abc|invoke",
                                        ".*"};
  uint32_t n = 1 + below(c, 2);
  c->sets[c->nsets] = (lq_set){LQ_SET_REGEXES, c->nregexes, n};
  for (; n > 0; n--) {
    char message[120];
    size_t at;
    lq_str text = lq_str_of(regexes[below(c, COUNT(regexes))]);
    static const unsigned flags[] = {0, LQ_RE_FOLD, LQ_RE_SEARCH, LQ_RE_SEARCH | LQ_RE_FOLD};
    uint32_t f = flags[below(c, 4)];
    cr_assert(lq_regex_new(&c->compiled[c->nregexes], text, f, message, &at) == LQ_OK, "%s", message);
    c->regexes[c->nregexes++] = (lq_regex_def){add_text(c, text), f};
  }
  return c->nsets++;
}

static uint32_t cidrs_set(chance *c)
{
  static const char *const cidrs[] = {"10.0.0.0/8",     "10.1.0.0/16",  "10.1.2.3/32",   "0.0.0.0/0",
                                      "::/0",           "fe80::/10",    "::ffff:0:0/96", "10.1.2.0/23",
                                      "192.168.0.0/16", "2001:db8::/33"};
  uint32_t n = 1 + below(c, 4);
  c->sets[c->nsets] = (lq_set){LQ_SET_CIDRS, c->ncidrs, n};
  for (; n > 0; n--)
    cr_assert(lq_cidr_parse(lq_str_of(cidrs[below(c, COUNT(cidrs))]), &c->cidrs[c->ncidrs++], NULL));
  return c->nsets++;
}

static uint32_t some_const(chance *c)
{
  lq_value v;
  switch (below(c, 6)) {
  case 0: v = lq_int((int64_t)below(c, 50) - 5); break;
  case 1: v = lq_double((double)below(c, 500) / 10 - 5); break;
  case 2: v = lq_uint(UINT64_MAX - below(c, 3)); break;
  case 3: v = (lq_value){.type = LQ_T_DATE, .i = 42000000}; break;
  case 4: v = lq_bool(true); break;
  default: v = lq_string(LQ_STR("a\\")); break;
  }
  c->consts[c->nconsts] = v;
  return c->nconsts++;
}

static uint32_t some_arg(chance *c, lq_matcher_kind m)
{
  switch (lq_match_kinds[m].set) {
  case LQ_SET_NONE: return 0;
  case LQ_SET_TEXTS: return texts_set(c, m);
  case LQ_SET_REGEXES: return regexes_set(c);
  case LQ_SET_CIDRS: return cidrs_set(c);
  case LQ_SET_CONST: break;
  }
  return some_const(c);
}

static int by_bytes(const void *a, const void *b)
{
  return lq_str_cmp(*(const lq_str *)a, *(const lq_str *)b);
}

static int by_id(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

// Texts ascend, each once; so do the ids of a set.
static void put_in_order(chance *c)
{
  lq_str *old = malloc(c->ntexts * sizeof *old);
  uint32_t *now = malloc(c->ntexts * sizeof *now), n = 0;
  memcpy(old, c->texts, c->ntexts * sizeof *old);
  qsort(c->texts, c->ntexts, sizeof *c->texts, by_bytes);
  for (uint32_t i = 0; i < c->ntexts; i++) {
    if (n == 0 || !lq_str_eq(c->texts[n - 1], c->texts[i]))
      c->texts[n++] = c->texts[i];
  }
  for (uint32_t i = 0; i < c->ntexts; i++)
    now[i] = (uint32_t)((lq_str *)bsearch(&old[i], c->texts, n, sizeof *c->texts, by_bytes) - c->texts);
  for (uint32_t i = 0; i < c->nids; i++)
    c->ids[i] = now[c->ids[i]];
  for (uint32_t i = 0; i < CHANCE_FIELDS; i++)
    c->fields[i].name = now[c->fields[i].name];
  for (uint32_t i = 0; i < c->nregexes; i++)
    c->regexes[i].text = now[c->regexes[i].text];
  for (lq_set *s = c->sets; s < c->sets + c->nsets; s++) {
    if (s->kind != LQ_SET_TEXTS)
      continue;
    uint32_t *ids = c->ids + s->first, count = 0;
    qsort(ids, s->count, sizeof *ids, by_id);
    for (uint32_t i = 0; i < s->count; i++) {
      if (count == 0 || ids[count - 1] != ids[i])
        ids[count++] = ids[i];
    }
    s->count = count;
  }
  c->ntexts = n;
  free(old);
  free(now);
}

static void finish(chance *c)
{
  put_in_order(c);
  c->program = (lq_program){.strings = c->texts,
                            .nstrings = c->ntexts,
                            .fields = c->fields,
                            .nfields = CHANCE_FIELDS,
                            .consts = c->consts,
                            .nconsts = c->nconsts,
                            .set_ids = c->ids,
                            .nset_ids = c->nids,
                            .sets = c->sets,
                            .nsets = c->nsets,
                            .regexes = c->regexes,
                            .nregexes = c->nregexes,
                            .cidrs = c->cidrs,
                            .ncidrs = c->ncidrs,
                            .predicates = c->predicates,
                            .npredicates = c->npredicates,
                            .compiled_regexes = c->compiled};
}

static void make_program(chance *c, uint32_t npredicates)
{
  static const char *const names[CHANCE_FIELDS] = {"a", "powershell.file.script_block_text", "message"};
  for (uint32_t i = 0; i < CHANCE_FIELDS; i++)
    c->fields[i] = (lq_field){.name = add_text(c, lq_str_of(names[i])), .scope = LQ_NONE};
  for (; c->npredicates < npredicates; c->npredicates++) {
    // Of the rarer kinds fewer.
    lq_matcher_kind m = (lq_matcher_kind)(below(c, 2) ? 1 + below(c, 4) : below(c, LQ_MATCHER_COUNT));
    uint32_t arg = some_arg(c, m);
    c->predicates[c->npredicates] = (lq_predicate){below(c, CHANCE_FIELDS), (uint8_t)m, arg};
  }
  finish(c);
}

static void free_program(chance *c)
{
  for (uint32_t i = 0; i < c->nregexes; i++)
    lq_regex_free(c->compiled[i]);
  lq_arena_free(&c->arena);
  free(c);
}

// A text that some entry nearly fits, or fits.
static lq_str near_text(chance *c, lq_arena *a)
{
  lq_buf b = {.mem = &lq_mem_libc};
  for (uint32_t n = below(c, 4) ? 1 : below(c, 4); n > 0; n--) {
    lq_str entry = c->texts[below(c, c->ntexts)];
    if (below(c, 3) == 0)
      add_part(c, &b);
    for (size_t i = 0; i < entry.n; i++) {
      char ch = entry.p[i];
      uint32_t parts_more = ch == LQ_ANY_RUN ? below(c, 4) : ch == LQ_ANY_ONE ? 1 : 0;
      for (uint32_t k = 0; k < parts_more; k++)
        add_part(c, &b);
      if (ch == LQ_ANY_RUN || ch == LQ_ANY_ONE)
        continue;
      if (below(c, 4) == 0 && ch >= 'a' && ch <= 'z')
        ch = (char)(ch - 32);
      if (below(c, 60) > 0)
        lq_buf_byte(&b, ch);
    }
    if (below(c, 4) == 0)
      add_part(c, &b);
  }
  lq_str s = lq_arena_copy(a, lq_buf_get(&b));
  lq_buf_free(&b);
  return s;
}

static lq_value some_value(chance *c, lq_arena *a)
{
  switch (below(c, 24)) {
  case 0: return lq_int((int64_t)below(c, 50) - 5);
  case 1: return lq_double((double)below(c, 500) / 10 - 5);
  case 2: return lq_uint(UINT64_MAX - below(c, 3));
  case 3: return lq_bool(below(c, 2));
  case 4: return (lq_value){.type = LQ_T_OBJECT};
  case 5: return lq_string(LQ_STR("fe80::1"));
  case 6: return lq_string(LQ_STR(""));
  default: return lq_string(near_text(c, a));
  }
}

static void some_event(chance *c, world *w)
{
  lq_event_clear(&w->event);
  for (uint32_t slot = 0; slot < CHANCE_FIELDS; slot++) {
    uint32_t n = below(c, 3) ? 1 : below(c, 5);
    for (; n > 0; n--)
      lq_event_add_slot(&w->event, slot, some_value(c, &w->event.text), 0, 0);
  }
}

static chance *begin_chance(uint32_t seed, uint32_t npredicates)
{
  chance *c = calloc(1, sizeof *c);
  c->seed = seed * 2654435761u + 1;
  c->arena.mem = &lq_mem_libc;
  make_program(c, npredicates);
  return c;
}

// Cold and remembered, with a cache as usual, a tiny one, and none.
Test(matchers, of_programs_by_chance)
{
  enum { PROGRAMS = 150, EVENTS = 120 };
  static const size_t caches[] = {0, 1, 64 << 10};
  size_t holding = 0, asked = 0;
  lq_match_stats sum = {0};
  for (uint32_t i = 0; i < PROGRAMS; i++) {
    chance *c = begin_chance(i, 5 + i % 3 * 60);
    world w;
    begin(&w, &c->program);
    lq_match_run_set_cache(w.run, caches[i % COUNT(caches)]);
    lq_match_run_set_layers_off(w.run, i % 7 == 0 ? LQ_LAYER_CACHE : 0);
    for (int n = 0; n < EVENTS; n++) {
      some_event(c, &w);
      for (int again = 0; again < 2; again++, asked += c->npredicates)
        holding += compare(&w, "chance");
    }
    const lq_match_stats *stats = lq_match_run_stats(w.run);
    sum.hits += stats->hits, sum.misses += stats->misses, sum.gave_up += stats->gave_up;
    end(&w);
    free_program(c);
  }
  cr_expect(asked > 2000000 && holding > asked / 100 && holding < asked / 2, "%zu of %zu", holding, asked);
  cr_expect(sum.hits > 1000 && sum.misses > 1000 && sum.gave_up == 0);
}

// ---- one structure after the other

// A program with one field and predicates of texts; a pattern's wildcards are written `*` and `?`.
typedef struct row {
  lq_matcher_kind matcher;
  const char *entries[4];
} row;

static chance *of_field(const char *field)
{
  chance *c = calloc(1, sizeof *c);
  c->arena.mem = &lq_mem_libc;
  for (uint32_t i = 0; i < CHANCE_FIELDS; i++)
    c->fields[i] = (lq_field){.name = add_text(c, i ? LQ_STR("unused") : lq_str_of(field)), .scope = LQ_NONE};
  return c;
}

static chance *of_rows(const char *field, const row *rows, size_t n)
{
  chance *c = of_field(field);
  for (size_t i = 0; i < n; i++) {
    c->sets[c->nsets] = (lq_set){LQ_SET_TEXTS, c->nids, 0};
    for (const char *const *e = rows[i].entries; e < rows[i].entries + 4 && *e;
         e++, c->sets[c->nsets].count++) {
      lq_str copy = lq_arena_copy(&c->arena, lq_str_of(*e));
      for (size_t k = 0; k < copy.n; k++) {
        char ch = copy.p[k];
        ((char *)(uintptr_t)copy.p)[k] = ch == '*' ? LQ_ANY_RUN : ch == '?' ? LQ_ANY_ONE : ch;
      }
      c->ids[c->nids++] = add_text(c, copy);
    }
    c->predicates[c->npredicates++] = (lq_predicate){0, (uint8_t)rows[i].matcher, c->nsets++};
  }
  finish(c);
  return c;
}

static void set_text(world *w, lq_str s)
{
  lq_event_clear(&w->event);
  lq_event_add_slot(&w->event, 0, lq_string(s), 0, 0);
}

enum { ROWS_HERE = 10 };
static const struct {
  const char *what, *field;
  row rows[ROWS_HERE];
  const char *texts[20]; // some of which match
} structures[] = {
    {"whole texts",
     "a",
     {{LQ_MATCHER_EQ, {"", "abc"}}, {LQ_MATCHER_EQ_FOLD, {"abc", "k"}}, {LQ_MATCHER_GLOB, {"abc"}}},
     {"", "abc", "ABC", "\xE2\x84\xAA", "abcd", "K"}},
    {"heads",
     "a",
     {{LQ_MATCHER_GLOB, {"c:\\win*"}},
      {LQ_MATCHER_GLOB, {"c:\\windows*"}},
      {LQ_MATCHER_GLOB_FOLD, {"?:\\windows\\*"}},
      {LQ_MATCHER_GLOB_FOLD, {"?:\\windows\\x"}},
      {LQ_MATCHER_GLOB, {"???b*"}},
      {LQ_MATCHER_GLOB, {"????b*"}},
      {LQ_MATCHER_GLOB_FOLD, {"?:\\*\\y?"}}},
     {"c:\\win", "C:\\Windows\\X", "\xC3\xA9:\\windows\\x", "c:\\windows\\", "xxxb", "xxxxb",
      "\xF0\x9F:\\windows\\q\\yy", "c:"}},
    {"tails",
     "a",
     {{LQ_MATCHER_GLOB_FOLD, {"*.exe"}},
      {LQ_MATCHER_GLOB_FOLD, {"*x.exe"}},
      {LQ_MATCHER_GLOB, {"*\xC3\xA9"}},
      {LQ_MATCHER_GLOB, {"a*a"}},
      {LQ_MATCHER_GLOB, {"?*.exe"}}},
     {".exe", "X.EXE", "y.exe", "\xC3\xA9", "\xA9", "a", "aa", "aba", "exe"}},
    {"literals anywhere",
     "a",
     {{LQ_MATCHER_GLOB_FOLD, {"*-enc*", "*iex*"}},
      {LQ_MATCHER_GLOB, {"*IEX*"}},
      {LQ_MATCHER_GLOB, {"*ab*cd*ef*"}},
      {LQ_MATCHER_GLOB_FOLD, {"*=*"}},
      {LQ_MATCHER_GLOB, {"*k*"}},
      {LQ_MATCHER_GLOB_FOLD, {"*some longer text*"}},
      {LQ_MATCHER_GLOB, {"*\xE6\x97\xA5*"}}},
     {"x -ENC", "iex", "IEX", "abcdef", "ab cd ab ef", "a=b", "\xE2\x84\xAA", "Some Longer Text!",
      "\xE6\x97\xA5", "\xE6\x97"}},
    {"a segment on either side",
     "a",
     {{LQ_MATCHER_GLOB, {"ab*needle*yz"}},
      {LQ_MATCHER_GLOB_FOLD, {"?b?*needle*?y?"}},
      {LQ_MATCHER_GLOB, {"\xC3\xA9?*needle*?\xC3\xA9"}},
      {LQ_MATCHER_GLOB, {"????????*needle*"}},
      {LQ_MATCHER_GLOB, {"*needle*????????"}},
      {LQ_MATCHER_GLOB_FOLD, {"needle*needle", "c:\\win**.exe"}},
      {LQ_MATCHER_GLOB_FOLD, {"?:\\needle*?xe"}}},
     {"abneedleyz", "ab needle yz", "abneedleabneedleyz", "ABCNEEDLE.YZ",
      "a\xC3\xA9"
      "cneedlexyz",
      "abcneedle1y", "\xC3\xA9\xC3\xA9needle1\xC3\xA9", "\xC3\xA9needle1\xC3\xA9",
      "\xC3\xA9\xA9needle\xC3\xC3\xA9", "needle needle", "needleneedle", "needle", "C:\\Win.exe",
      "c:\\windows\\a.exe", "c:\\win.ex", "\xC3\xA9:\\needle.EXE", "\xC3:\\needlexe",
      "\xE6\x97:\\needle.xe"}},
    {"no literal",
     "a",
     {{LQ_MATCHER_GLOB, {"*"}},
      {LQ_MATCHER_GLOB, {"?*"}},
      {LQ_MATCHER_GLOB, {"??"}},
      {LQ_MATCHER_GLOB, {"*?*?*?"}}},
     {"", "a", "\xC3\xA9", "ab", "\xC3\xA9\xC3\xA9", "abc", "\xFF\xFE"}},
    {"tokens of scripts",
     "powershell.file.script_block_text",
     {{LQ_MATCHER_TOKENS_ANY, {"iex", "invoke-x"}},
      {LQ_MATCHER_TOKENS_ANY, {"k"}},
      {LQ_MATCHER_TOKENS_ANY, {"a b"}},
      {LQ_MATCHER_PHRASE, {"hello world"}},
      {LQ_MATCHER_PHRASE, {"..."}},
      {LQ_MATCHER_PHRASE, {"iex"}}},
     {"IEX", "(iex)", "iexx", "x-iex", "Invoke-X;", "hello, WORLD", "hello hello world", "\xE2\x84\xAA",
      "\xC3\xA9iex\xC3\xA9", "a b k"}},
    {"words",
     "message",
     {{LQ_MATCHER_TOKENS_ANY, {"can't", "k"}},
      {LQ_MATCHER_TOKENS_ANY, {"3.14"}},
      {LQ_MATCHER_PHRASE, {"connection refused"}},
      {LQ_MATCHER_PHRASE, {"\xC3\xA9t\xC3\xA9"}}},
     {"I can't", "CAN'T", "3.14", "13.14", "Connection: refused", "connection\nrefused", "\xC3\x89T\xC3\x89.",
      "(\xE2\x84\xAA)", "refused connection"}},
};

Test(matchers, structures)
{
  for (size_t i = 0; i < COUNT(structures); i++) {
    size_t n = 0, holding = 0;
    while (n < ROWS_HERE && structures[i].rows[n].entries[0])
      n++;
    chance *c = of_rows(structures[i].field, structures[i].rows, n);
    world w;
    begin(&w, &c->program);
    for (uint32_t k = 0; k < c->npredicates; k++)
      cr_expect(lq_matchers_covers(w.matchers, k), "%s: predicate %u", structures[i].what, k);
    for (size_t k = 0; k < COUNT(structures[i].texts) && structures[i].texts[k]; k++) {
      set_text(&w, lq_str_of(structures[i].texts[k]));
      holding += compare(&w, structures[i].what);
    }
    cr_expect(holding >= 5, "%s: %zu", structures[i].what, holding);
    end(&w);
    free_program(c);
  }
}

// What the tables would get wrong is left to the plain way.
Test(matchers, what_is_not_covered)
{
  static const row rows[] = {
      {LQ_MATCHER_EQ, {"a*"}}, // the bytes of a wildcard, meant as they are
      {LQ_MATCHER_GLOB, {"*\x80"}},
      {LQ_MATCHER_GLOB_FOLD, {"x*", "*\xC3*"}},
      {LQ_MATCHER_TOKENS_ANY, {"a*"}},
  };
  chance *c = of_rows("a", rows, COUNT(rows));
  world w;
  begin(&w, &c->program);
  for (uint32_t i = 0; i < c->npredicates; i++)
    cr_expect(!lq_matchers_covers(w.matchers, i), "%u", i);
  set_text(&w, LQ_STR("a\xFF"));
  cr_expect(compare(&w, "nothing") == 0);
  end(&w);
  free_program(c);
}

// A set that many predicates have takes memory for each of them, up to a point.
Test(matchers, shared_sets_are_bounded)
{
  enum { ENTRIES = 1000 };
  chance *c = of_field("a");
  for (uint32_t i = 0; i < ENTRIES; i++)
    c->ids[c->nids++] = add_text(c, lq_arena_format(&c->arena, "text %u", i));
  c->sets[c->nsets++] = (lq_set){LQ_SET_TEXTS, 0, ENTRIES};
  while (c->npredicates < 100)
    c->predicates[c->npredicates++] = (lq_predicate){0, LQ_MATCHER_EQ, 0};
  finish(c);
  world w;
  size_t covered = 0;
  begin(&w, &c->program);
  for (uint32_t i = 0; i < c->npredicates; i++)
    covered += lq_matchers_covers(w.matchers, i);
  cr_expect(covered > 1 && covered < 10, "%zu", covered);
  cr_expect(lq_matchers_bytes(w.matchers) < 1 << 20, "%zu", lq_matchers_bytes(w.matchers));
  set_text(&w, LQ_STR("text 7"));
  cr_expect(compare(&w, "shared") == covered);
  end(&w);
  free_program(c);
}

// Texts whose hashes end alike, in a number that a table of them is sized for.
Test(matchers, crowded_hashes)
{
  chance *c = of_field("a");
  for (uint32_t i = 0; c->nids < 200; i++) {
    char text[16];
    lq_str s = {text, (size_t)snprintf(text, sizeof text, "%08x", i)};
    if ((lq_hash_text(s) & 1023) == 7)
      c->ids[c->nids++] = add_text(c, s);
  }
  uint32_t n = c->nids;
  c->sets[c->nsets++] = (lq_set){LQ_SET_TEXTS, 0, n};
  c->predicates[c->npredicates++] = (lq_predicate){0, LQ_MATCHER_EQ, 0};
  finish(c);
  world w;
  begin(&w, &c->program);
  for (uint32_t i = 0; i < n; i++) {
    set_text(&w, c->texts[c->ids[i]]);
    cr_expect(compare(&w, "crowded") == 1);
  }
  set_text(&w, LQ_STR("00000000"));
  cr_expect(compare(&w, "crowded") == 0);
  end(&w);
  free_program(c);
}

// A value in which a long literal nearly lies everywhere, and one that is too long to fold.
Test(matchers, work_is_bounded)
{
  static const size_t sizes[] = {400, 1 << 20, 5 << 20};
  char literal[320];
  memset(literal, 'x', sizeof literal);
  literal[0] = literal[sizeof literal - 2] = '*';
  literal[sizeof literal - 1] = '\0';
  memcpy(literal + sizeof literal - 6, "aaab", 4);
  const row rows[] = {{LQ_MATCHER_GLOB_FOLD, {literal}}, {LQ_MATCHER_GLOB_FOLD, {"*needle*"}}};
  chance *c = of_rows("a", rows, COUNT(rows));
  world w;
  begin(&w, &c->program);
  char *text = malloc(sizes[2]);
  for (size_t i = 0; i < sizes[2]; i++)
    text[i] = "xxxxaaab"[i % 8];
  for (size_t i = 0; i < COUNT(sizes); i++) {
    const uint32_t *trues;
    size_t n;
    uint64_t before = lq_match_run_stats(w.run)->gave_up;
    set_text(&w, (lq_str){text, sizes[i]});
    bool answered = lq_match_run_slot(w.run, 0, &w.event, &trues, &n);
    cr_expect(answered == (i == 0) && lq_match_run_stats(w.run)->gave_up == before + (i > 0), "%zu",
              sizes[i]);
  }
  set_text(&w, LQ_STR("a NEEDLE")); // and goes on
  cr_expect(compare(&w, "after") == 1);
  free(text);
  end(&w);
  free_program(c);
}

// Many places of a literal, before all of which more is asked for than there is room.
Test(matchers, no_room_before_the_literal)
{
  enum { ROOM = 2000, PLACES = 900 };
  char pattern[ROOM + 8] = {0}, text[4 * ROOM];
  memset(pattern, '?', ROOM);
  memcpy(pattern + ROOM, "*ab*", 4);
  const row rows[] = {{LQ_MATCHER_GLOB, {pattern}}};
  chance *c = of_rows("a", rows, COUNT(rows));
  world w;
  begin(&w, &c->program);
  memset(text, 'x', sizeof text);
  memcpy(text + 8, "ab", 2);
  memcpy(text + ROOM, "ab", 2);
  set_text(&w, (lq_str){text, sizeof text});
  cr_expect(compare(&w, "room for the second") == 1);
  for (int i = 0; i < PLACES; i++)
    memcpy(text + 8 + 2 * i, "ab", 2);
  const uint32_t *trues;
  size_t n;
  set_text(&w, (lq_str){text, sizeof text});
  cr_expect(!lq_match_run_slot(w.run, 0, &w.event, &trues, &n) && lq_match_run_stats(w.run)->gave_up == 1);
  end(&w);
  free_program(c);
}

// ---- the cache

static const row one_glob[] = {{LQ_MATCHER_GLOB_FOLD, {"*needle*"}}};

// Values that never come again: after a round they are not asked for, and later again.
Test(matchers, a_cache_that_does_not_pay)
{
  enum { VALUES = 20000 };
  chance *c = of_rows("a", one_glob, 1);
  world w;
  begin(&w, &c->program);
  for (int i = 0; i < VALUES; i++) {
    char text[64];
    set_text(&w, (lq_str){text, (size_t)snprintf(text, sizeof text, "a value that is not short %d %s", i,
                                                 i % 7 ? "" : "Needle")});
    const uint32_t *trues;
    size_t n;
    cr_assert(lq_match_run_slot(w.run, 0, &w.event, &trues, &n) && n == !(i % 7));
  }
  const lq_match_stats *s = lq_match_run_stats(w.run);
  cr_expect(s->values == VALUES && s->hits == 0 && s->misses > VALUES / 40 && s->misses < VALUES / 10, "%d",
            (int)s->misses);
  for (int i = 0; i < VALUES; i++) {
    set_text(&w, i % 2 ? LQ_STR("this one is not short") : LQ_STR("that needle is not"));
    const uint32_t *trues;
    size_t n;
    cr_assert(lq_match_run_slot(w.run, 0, &w.event, &trues, &n) && n == !(i % 2));
  }
  cr_expect(s->hits > VALUES / 2, "%d", (int)s->hits);
  end(&w);
  free_program(c);
}

// The same bytes as another type, and in another slot, are another value.
Test(matchers, what_the_cache_tells_apart)
{
  lq_value_cache *cache;
  const uint32_t *trues;
  size_t n;
  cr_assert(lq_value_cache_new(&cache, 3, 0, &lq_mem_libc) == LQ_OK);
  static const char bytes[8] = {5};
  const struct {
    uint32_t slot;
    lq_value v;
  } values[] = {{0, lq_int(5)},
                {1, lq_int(5)},
                {0, lq_uint(UINT64_MAX)},
                {0, lq_double(5)},
                {0, lq_bool(true)},
                {0, lq_bool(false)},
                {0, lq_string(LQ_STR("5"))},
                {0, lq_string(LQ_STR(""))},
                {2, lq_string(LQ_STR(""))},
                {0, lq_string((lq_str){bytes, sizeof bytes})},
                {0, lq_string((lq_str){bytes, 1})},
                {0, lq_string((lq_str){bytes, 2})},
                {0, lq_string(LQ_STR("sixteen bytes, a"))},
                {0, lq_string(LQ_STR("sixteen bytes, b"))},
                {0, lq_string(LQ_STR("Sixteen bytes, b"))},
                {0, lq_string(LQ_STR("seventeen bytes a"))},
                {1, lq_string(LQ_STR("seventeen bytes a"))},
                {0, lq_string(LQ_STR("seventeen bytes b"))}};
  for (uint32_t i = 0; i < COUNT(values); i++) {
    cr_expect(lq_value_cache_wants(cache, values[i].slot, &values[i].v, true));
    cr_expect(!lq_value_cache_find(cache, values[i].slot, &values[i].v, &trues, &n), "%u", i);
    lq_value_cache_add(cache, values[i].slot, &values[i].v, &i, 1);
  }
  for (uint32_t i = 0; i < COUNT(values); i++)
    cr_expect(lq_value_cache_wants(cache, values[i].slot, &values[i].v, true) &&
                  lq_value_cache_find(cache, values[i].slot, &values[i].v, &trues, &n) && n == 1 &&
                  *trues == i,
              "%u", i);
  enum { TOO_LONG = (16 << 10) + 1 };
  char *text = calloc(1, TOO_LONG);
  lq_value too_long = lq_string((lq_str){text, TOO_LONG}), object = {.type = LQ_T_OBJECT},
           middling = lq_string(LQ_STR("seventeen bytes c")), brief = lq_string(LQ_STR("sixteen bytes, c"));
  cr_expect(!lq_value_cache_wants(cache, 0, &too_long, true) &&
            !lq_value_cache_wants(cache, 0, &object, true));
  cr_expect(!lq_value_cache_wants(cache, 0, &middling, false) &&
            lq_value_cache_wants(cache, 0, &brief, false));
  free(text);
  lq_value_cache_free(cache);
}

// Over and over, in little room: what is found is right, whatever was overwritten.
Test(matchers, a_cache_that_forgets)
{
  lq_value_cache *cache;
  cr_assert(lq_value_cache_new(&cache, 1, 1, &lq_mem_libc) == LQ_OK);
  size_t found = 0;
  uint32_t list[64], next = 1;
  for (int i = 0; i < 200000; i++) {
    next = next * 1664525u + 1013904223u;
    uint32_t x = (next >> 8) % (i % 2 ? 2000 : 30);
    char text[256];
    memset(text, 'x', sizeof text);
    size_t length = (size_t)snprintf(text, sizeof text, "%u", x);
    lq_value v = lq_string((lq_str){text, length + x % 200});
    text[length] = 'x';
    const uint32_t *trues;
    size_t n = x % COUNT(list);
    for (size_t k = 0; k < n; k++)
      list[k] = x;
    cr_assert(lq_value_cache_wants(cache, 0, &v, true) || length + x % 200 > 16);
    if (!lq_value_cache_find(cache, 0, &v, &trues, &n)) {
      lq_value_cache_add(cache, 0, &v, list, n);
      continue;
    }
    found++;
    cr_assert(n == x % COUNT(list));
    for (size_t k = 0; k < n; k++)
      cr_assert(trues[k] == x);
  }
  cr_expect(found > 10000 && found < 190000, "%zu", found);
  lq_value_cache_free(cache);
}

// ---- memory

// Each request failing in turn: no answer is wrong, and nothing leaks.
Test(matchers, out_of_memory)
{
  chance *c = begin_chance(3, 120);
  world w;
  begin(&w, &c->program);
  bool failed = true;
  for (size_t nth = 1; failed && nth < 2000; nth++) {
    counting_mem count = {.fail_at = nth, .once = nth % 2};
    lq_mem mem = {counting_fn, &count};
    lq_matchers *m = NULL;
    lq_match_run *r = NULL;
    lq_status status = lq_matchers_new(&m, &c->program, w.slots, lq_fieldmap_slots(w.map), &mem);
    if (!status)
      status = lq_match_run_new(&r, m, &mem);
    cr_expect(status == LQ_OK || status == LQ_E_NOMEM);
    if (!status) {
      world again = {&c->program, w.map, w.slots, m, r, {0}};
      cr_assert(lq_event_init(&again.event, w.map, &lq_mem_libc) == LQ_OK);
      for (int i = 0; i < 5; i++) {
        some_event(c, &again);
        compare_where_answered(&again, "after a failure");
      }
      lq_event_free(&again.event);
    }
    failed = count.requests >= nth;
    lq_match_run_free(r);
    lq_matchers_free(m);
    cr_expect(count.live == 0 && !count.wrong_size, "request %zu: %zu bytes left", nth, count.live);
  }
  cr_expect(!failed);
  end(&w);
  free_program(c);
}

// After the first rounds nothing is asked for.
Test(matchers, steady_state)
{
  chance *c = begin_chance(5, 120);
  world w;
  begin(&w, &c->program);
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  lq_match_run *r;
  cr_assert(lq_match_run_new(&r, w.matchers, &mem) == LQ_OK);
  size_t warm = 0;
  for (int i = 0; i < 2000; i++) {
    const uint32_t *trues;
    size_t n;
    some_event(c, &w);
    for (uint32_t slot = 0; slot < CHANCE_FIELDS; slot++)
      cr_expect(lq_match_run_slot(r, slot, &w.event, &trues, &n));
    warm = i == 3 ? count.requests : warm;
  }
  cr_expect(count.requests == warm, "%zu", count.requests - warm);
  lq_match_run_free(r);
  end(&w);
  free_program(c);
}

// ---- made when asked for first

enum { ASKERS = 4, ASKED_TIMES = 200 };

typedef struct asker {
  const world *w;
  lq_match_run *run;
  size_t right[CHANCE_FIELDS], wrong, answered; // predicates of a slot that hold
} asker;

static void *ask_all(void *user)
{
  asker *a = user;
  for (int i = 0; i < ASKED_TIMES; i++) {
    for (uint32_t slot = 0; slot < CHANCE_FIELDS; slot++) {
      const uint32_t *trues;
      size_t n;
      if (lq_match_run_slot(a->run, slot, &a->w->event, &trues, &n)) {
        a->answered++;
        a->wrong += n != a->right[slot];
      }
    }
  }
  return NULL;
}

// Threads that need the same tables at once: one makes them, the others wait.
Test(matchers, threads_ask_first)
{
  for (uint32_t seed = 1; seed <= 10; seed++) {
    chance *c = begin_chance(seed, 120);
    world w, fresh;
    asker askers[ASKERS] = {0};
    pthread_t threads[ASKERS];
    begin(&w, &c->program);
    begin(&fresh, &c->program);
    some_event(c, &w);
    for (int i = 0; i < ASKERS; i++) {
      askers[i].w = &w;
      cr_assert(lq_match_run_new(&askers[i].run, fresh.matchers, &lq_mem_libc) == LQ_OK);
      for (uint32_t slot = 0; slot < CHANCE_FIELDS; slot++) {
        const uint32_t *trues;
        cr_assert(lq_match_run_slot(w.run, slot, &w.event, &trues, &askers[i].right[slot]));
      }
    }
    for (int i = 0; i < ASKERS; i++)
      cr_assert(pthread_create(&threads[i], NULL, ask_all, &askers[i]) == 0);
    size_t answered = 0;
    for (int i = 0; i < ASKERS; i++) {
      cr_assert(pthread_join(threads[i], NULL) == 0);
      cr_expect(askers[i].wrong == 0, "seed %u: %zu", seed, askers[i].wrong);
      answered += askers[i].answered;
      lq_match_run_free(askers[i].run);
    }
    cr_expect(answered == (size_t)ASKERS * ASKED_TIMES * CHANCE_FIELDS, "seed %u: %zu", seed, answered);
    end(&fresh);
    end(&w);
    free_program(c);
  }
}

// Without memory for its tables a slot has no answers, and asks for no more of it.
Test(matchers, no_memory_for_tables)
{
  chance *c = begin_chance(3, 120);
  world w;
  begin(&w, &c->program);
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  lq_matchers *m;
  lq_match_run *r;
  cr_assert(lq_matchers_new(&m, &c->program, w.slots, lq_fieldmap_slots(w.map), &mem) == LQ_OK);
  cr_assert(lq_match_run_new(&r, m, &lq_mem_libc) == LQ_OK);
  size_t requests = count.requests;
  count.fail_at = requests + 1;
  for (int i = 0; i < 3; i++) {
    const uint32_t *trues;
    size_t n;
    do
      some_event(c, &w);
    while (!lq_event_first(&w.event, 0));
    cr_expect(!lq_match_run_slot(r, 0, &w.event, &trues, &n));
    cr_expect(lq_match_run_stats(r)->gave_up == (uint64_t)i + 1);
    requests = i == 0 ? count.requests : requests;
    cr_expect(count.requests == requests);
  }
  lq_match_run_free(r);
  lq_matchers_free(m);
  cr_expect(count.live == 0 && !count.wrong_size);
  end(&w);
  free_program(c);
}

// ---- regular expressions

Test(matchers, what_a_regex_requires)
{
  static const struct {
    const char *regex, *required;
  } rows[] = {
      {"", ""},
      {".*curl.* -O", "curl"},
      {"ABC", "abc"},
      {"foobar?", "fooba"},
      {"foobar*x", "fooba"},
      {"foobar+x", "foobar"},
      {"foobar{2}xyz", "fooba"},
      {"foo|bar", ""},
      {"(foo|bar)bazz", "bazz"},
      {"(foo)?abc", "abc"},
      {"x(foo)", "x"},
      {"(?i)foo", ""},
      {"(a(?:b))foo", ""},
      {"[abc]def", "def"},
      {"[^\"]*\\.exe", ".exe"},
      {"[]a]def", ""},
      {"[[:alpha:]]def", ""},
      {"a\\d+bcd", "bcd"},
      {"\\Qa|b\\E", ""},
      {"\\x41bc", ""},
      {"a{b|c}defg", ""},
      {"{def", ""},
      {"abc{,3}de", "ab"},
      {"\xC3\xA9qui", "qui"},
      {"abc\xC3\xA9?", "abc"},
      {"(unclosed", ""},
      {"C:\\\\Program Files\\\\x.*", "c:\\program files\\x"},
      {"a++", "a"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char out[LQ_REQUIRED_MAX];
    lq_str got = lq_regex_required(lq_str_of(rows[i].regex), out);
    cr_expect(lq_str_is(got, rows[i].required), "%s: `%.*s`", rows[i].regex, LQ_STR_ARG(got));
  }
}

// What RE2 finds has the text that was said to be required.
Test(matchers, required_texts_are_required)
{
  static const char *const pieces[] = {"ab", "cd*",    "e?", "(f|gh)",      "[k-s]+", "\\.",  ".",
                                       "k",  "s{0,2}", "x+", "(a(bc)*){2}", "[^a]",   "\\s",  "$",
                                       "^",  "{",      "}",  "|",           "(?:k)",  "\\w*", "_"};
  uint32_t next = 7;
  size_t matched = 0;
  for (int i = 0; i < 4000; i++) {
    char regex[200] = "", message[120], out[LQ_REQUIRED_MAX];
    for (int n = 0; n < 5; n++) {
      next = next * 1664525u + 1013904223u;
      strcat(regex, pieces[(next >> 8) % COUNT(pieces)]);
    }
    lq_regex *re;
    size_t at;
    lq_str need = lq_regex_required(lq_str_of(regex), out);
    if (need.n == 0 || lq_regex_new(&re, lq_str_of(regex), LQ_RE_SEARCH | LQ_RE_FOLD, message, &at) != LQ_OK)
      continue;
    for (int k = 0; k < 60; k++) {
      char text[24], folded[40];
      size_t n = 0;
      while (n < 16) {
        next = next * 1664525u + 1013904223u;
        static const char *const letters[] = {"a", "B",        "c", "d", "e", "f", "g", "k", "\xE2\x84\xAA",
                                              "s", "\xC5\xBF", "x", ".", " ", "_", "{"};
        const char *l = letters[(next >> 8) % COUNT(letters)];
        memcpy(text + n, l, strlen(l));
        n += strlen(l);
      }
      if (lq_regex_match(re, (lq_str){text, n}, NULL, NULL) <= 0)
        continue;
      matched++;
      size_t length = lq_fold_into(folded, (lq_str){text, n});
      bool found = false;
      for (size_t p = 0; p + need.n <= length; p++)
        found |= memcmp(folded + p, need.p, need.n) == 0;
      cr_assert(found, "%s: `%.*s` in `%.*s`", regex, LQ_STR_ARG(need), (int)n, text);
    }
    lq_regex_free(re);
  }
  cr_expect(matched > 1000, "%zu", matched);
}
