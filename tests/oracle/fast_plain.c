// Random rule sets over random events, by each of the engine's fast ways and by the plain one: the same
// conditions hold, and as many have no answer or a cut one.   fast_plain COUNT SEED
//
// Events come whole, and by a cursor that gives what is asked for and nothing else. Each comes twice, because
// a second event finds what the first one has left behind.
#include <stdio.h>
#include <stdlib.h>

#include "base/layers.h"
#include "compiler/compiler.h"
#include "engine/engine.h"
#include "input/reader.h"
#include "parser/parse.h"
#include "tests/oracle/generate.h"
#include "vm/bundle.h"

enum { RULES = 24, EVENTS = 16, SHOWN_MAX = 10, WAYS = 7, BUDGETS = 3 };

static const uint32_t off[WAYS] = { // the first is the plain one
    LQ_LAYER_GATES | LQ_LAYER_CLASSES | LQ_LAYER_MATCHERS | LQ_LAYER_CACHE,
    0,
    LQ_LAYER_GATES,
    LQ_LAYER_CLASSES,
    LQ_LAYER_MATCHERS,
    LQ_LAYER_CACHE,
    LQ_LAYER_CLASSES | LQ_LAYER_MATCHERS | LQ_LAYER_CACHE};

static const lq_engine_limits limits[BUDGETS] = {{0}, {.budget = 3, .max_scratch = 300}, {.budget = 20}};

static const int64_t now = 1714557600000000000; // 2024-05-01T10:00:00Z

typedef struct bench {
  const lq_mem *mem;
  lq_dice dice;
  size_t comparisons, hits, undecided, sets, differences, classed;
} bench;

// Events of one rule set, as one way takes them.
typedef struct way {
  lq_engine *engine;
  lq_event event; // that a cursor fills
  lq_cursor cursor;
} way;

static void broken(const char *what, int status)
{
  printf("BROKEN: %s gave %d\n", what, status);
  exit(2);
}

// ---- rules

static void condition(lq_buf *out, lq_dice *d)
{
  static const char *const common[] = {"event.category == \"a\"",
                                       "event.category : (\"cmd.exe\", \"b\", \"5\")", "process.name : \"*\"",
                                       "not event.category == \"process\""};
  uint32_t r = lq_roll(d, 8);
  if (r < 4)
    lq_buf_printf(out, "%s and (", common[r]);
  lq_generate_query(out, d);
  lq_buf_z(out, r < 4 ? ")" : "");
}

static void rule(lq_buf *out, lq_dice *d)
{
  if (lq_roll(d, 4)) {
    condition(out, d);
    return;
  }
  lq_buf_z(out, "sequence [any where "), condition(out, d), lq_buf_z(out, "] as x [any where ");
  condition(out, d);
  lq_buf_z(out, lq_roll(d, 2) ? " and process.name == x.process.name]" : "]");
}

// Queries with errors, which random ones may have, are left out.
static void add_rule(bench *b, lq_compiler *c, int i)
{
  lq_arena arena = {.mem = b->mem};
  lq_diag_list diags = {.arena = &arena};
  lq_buf text = {.mem = b->mem};
  char id[16];
  bool kql = lq_roll(&b->dice, 8) == 0;
  if (kql)
    lq_generate_kql(&text, &b->dice);
  else
    rule(&text, &b->dice);
  snprintf(id, sizeof id, "q%d", i);
  lq_compile_options o = {
      .dialect = kql ? LQ_DIALECT_KQL : LQ_DIALECT_LQ, .optimise = lq_roll(&b->dice, 2) == 0, .now = now};
  lq_rule_info info = {.id = lq_str_of(id), .name = lq_str_of(id), .source = lq_buf_get(&text)};
  lq_node *tree = NULL;
  lq_status st = lq_parse(&tree, b->mem, info.source, o.dialect, &diags);
  if (!st)
    st = lq_compiler_add(c, tree, &info, &o, &diags, NULL);
  if (st && st != LQ_E_QUERY)
    broken("a rule", st);
  lq_buf_free(&text);
  lq_arena_free(&arena);
}

static void compile(bench *b, lq_buf *bundle)
{
  lq_compiler *c;
  lq_status st = lq_compiler_new(&c, b->mem);
  for (int i = 0; i < RULES && !st; i++)
    add_rule(b, c, i);
  if (!st)
    st = lq_compiler_finish(c, bundle);
  if (st)
    broken("the compiler", st);
  lq_compiler_free(c);
}

static lq_ruleset *load(bench *b, const lq_buf *bundle, const lq_engine_limits *limit)
{
  lq_program *p = NULL;
  lq_fault fault = {0};
  lq_ruleset *rs = NULL;
  lq_status st = lq_bundle_read(&p, b->mem, bundle->p, bundle->n, NULL, &fault);
  if (!st)
    st = lq_ruleset_new(&rs, p, limit, b->mem);
  if (st)
    broken("loading", st);
  return rs;
}

// ---- events

// Gives what is asked for, value by value.
static lq_status fill(lq_cursor *c)
{
  const lq_event *whole = c->user;
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(whole->map); slot++) {
    const lq_slot_value *v = lq_slot_set_has(&c->wanted, slot) ? lq_event_first(whole, slot) : NULL;
    for (; v; v = lq_event_next(whole, v))
      lq_event_add_slot(c->event, slot, v->v, v->element, v->parent);
  }
  return LQ_OK;
}

static void begin_way(bench *b, way *w, const lq_ruleset *rs, uint32_t layers_off)
{
  lq_status st = lq_engine_new(&w->engine, rs, b->mem);
  if (!st)
    st = lq_event_init(&w->event, lq_ruleset_fields(rs), b->mem);
  if (!st)
    st = lq_cursor_init(&w->cursor, &w->event, fill, b->mem);
  if (st)
    broken("an engine", st);
  lq_engine_set_now(w->engine, now);
  lq_engine_set_layers_off(w->engine, layers_off);
}

static void end_way(way *w)
{
  lq_engine_free(w->engine);
  lq_cursor_free(&w->cursor);
  lq_event_free(&w->event);
}

static void ask(way *w, lq_event *whole, lq_engine_ask what, bool piecemeal, lq_hits *hits)
{
  lq_cursor all = lq_cursor_of(whole);
  lq_event_clear(&w->event);
  lq_cursor_begin(&w->cursor);
  w->cursor.user = whole;
  lq_status st = lq_engine_eval(w->engine, piecemeal ? &w->cursor : &all, what, hits);
  if (st)
    broken("eval", st);
}

static bool same_list(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
  return na == nb && (na == 0 || memcmp(a, b, na * sizeof *a) == 0);
}

static bool same(const way *a, const lq_hits *x, const way *b, const lq_hits *y)
{
  const lq_engine_stats *s = lq_engine_stats_get(a->engine), *t = lq_engine_stats_get(b->engine);
  return same_list(x->rules, x->nrules, y->rules, y->nrules) &&
         same_list(x->terms, x->nterms, y->terms, y->nterms) && s->indeterminate == t->indeterminate &&
         s->capped == t->capped;
}

static void report(bench *b, lq_str json, int i, const lq_hits *x, const lq_hits *y, const way *w)
{
  if (b->differences++ >= SHOWN_MAX)
    return;
  const lq_engine_stats *s = lq_engine_stats_get(w[0].engine), *t = lq_engine_stats_get(w[i].engine);
  printf("set %zu, layers off %x: rules %zu, not %zu; terms %zu, not %zu; no answer %llu, not %llu\n  %.*s\n",
         b->sets, off[i], y->nrules, x->nrules, y->nterms, x->nterms, (unsigned long long)t->indeterminate,
         (unsigned long long)s->indeterminate, LQ_STR_ARG(json));
}

static void compare(bench *b, way w[WAYS], const lq_ruleset *rs, lq_event *whole, lq_str json)
{
  size_t n;
  lq_engine_ask what = lq_roll(&b->dice, 4) ? LQ_ASK_ALL : LQ_ASK_RULES;
  bool piecemeal = lq_roll(&b->dice, 2);
  lq_hits plain, fast;
  lq_ruleset_conditions(rs, &n);
  ask(&w[0], whole, what, piecemeal, &plain);
  b->hits += plain.nrules + plain.nterms;
  for (int i = 1; i < WAYS; i++) {
    ask(&w[i], whole, what, piecemeal, &fast);
    if (!same(&w[0], &plain, &w[i], &fast))
      report(b, json, i, &plain, &fast, w);
    b->comparisons += n;
  }
}

static void run(bench *b, const lq_buf *bundle, const lq_engine_limits *limit)
{
  lq_ruleset *rs = load(b, bundle, limit);
  way w[WAYS];
  lq_event whole;
  lq_bad_record bad;
  for (int i = 0; i < WAYS; i++)
    begin_way(b, &w[i], rs, off[i]);
  for (int i = 0; i < EVENTS; i++) {
    lq_buf json = {.mem = b->mem};
    lq_generate_event(&json, &b->dice);
    if (lq_event_init(&whole, lq_ruleset_fields(rs), b->mem) ||
        lq_event_from_json(&whole, lq_buf_get(&json), NULL, &bad, b->mem))
      broken("an event", 1);
    compare(b, w, rs, &whole, lq_buf_get(&json));
    compare(b, w, rs, &whole, lq_buf_get(&json));
    lq_event_free(&whole);
    lq_buf_free(&json);
  }
  b->undecided += lq_engine_stats_get(w[0].engine)->indeterminate;
  b->classed += lq_engine_stats_get(w[1].engine)->class_hits;
  for (int i = 0; i < WAYS; i++)
    end_way(&w[i]);
  lq_ruleset_free(rs);
}

int main(int argc, char **argv)
{
  size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  bench b = {.mem = &lq_mem_libc, .dice = {seed * 0x9E3779B97F4A7C15u + 1}};
  for (; b.comparisons < count; b.sets++) {
    lq_buf bundle = {.mem = b.mem};
    compile(&b, &bundle);
    for (int i = 0; i < BUDGETS; i++)
      run(&b, &bundle, &limits[i]);
    lq_buf_free(&bundle);
  }
  printf("%zu comparisons, %zu differences (%zu rule sets, %zu hits, %zu without an answer, %zu events by "
         "class)\n",
         b.comparisons, b.differences, b.sets, b.hits, b.undecided, b.classed);
  return b.differences > 0 || b.hits == 0 || b.undecided == 0 || b.classed == 0;
}
