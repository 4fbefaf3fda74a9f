// All predicates of a slot at once give what each gives alone.
#include <criterion/criterion.h>

#include "base/layers.h"
#include "base/utf8.h"
#include "engine/matchers.h"
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

// Asks all slots of the event both ways. Gives how many predicates hold.
static size_t compare(world *w, const char *what)
{
  const lq_program *p = w->program;
  lq_exec x = {.program = p,
               .slots = w->slots,
               .event = &w->event,
               .scratch.mem = &lq_mem_libc,
               .folds.mem = &lq_mem_libc};
  uint8_t *given = calloc(p->npredicates, 1);
  size_t holding = 0;
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(w->map); slot++) {
    const uint32_t *trues;
    size_t n;
    cr_assert(lq_match_run_slot(w->run, slot, &w->event, &trues, &n));
    for (size_t i = 0; i < n; i++) {
      cr_assert(given[trues[i]]++ == 0, "%s: predicate %u twice", what, trues[i]);
      cr_assert(w->slots[p->predicates[trues[i]].field] == slot && lq_matchers_covers(w->matchers, trues[i]));
    }
  }
  for (uint32_t i = 0; i < p->npredicates; i++) {
    if (!lq_matchers_covers(w->matchers, i))
      continue;
    bool want = lq_predicate_test(&x, &p->predicates[i]);
    holding += want;
    if (given[i] != want)
      show(w, i);
    cr_assert(given[i] == want, "%s: predicate %u is %d", what, i, want);
  }
  lq_arena_free(&x.folds);
  free(given);
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
