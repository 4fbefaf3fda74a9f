// Classes of events: that they come to the same, and what becomes of an enemy's events.
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/layers.h"
#include "tests/unit/compile_query.h"

enum { VALUES = 13 };

static void add_rule(lq_compiler *c, lq_arena *a, lq_str id, lq_str text)
{
  lq_diag_list diags = {.arena = a};
  lq_node *tree = NULL;
  lq_rule_info info = {.id = id, .name = id, .source = text};
  lq_compile_options o = {.dialect = LQ_DIALECT_LQ, .optimise = true, .now = TEST_NOW};
  cr_assert(lq_parse(&tree, &lq_mem_libc, text, LQ_DIALECT_LQ, &diags) == LQ_OK);
  cr_assert(lq_compiler_add(c, tree, &info, &o, &diags, NULL) == LQ_OK);
}

static lq_ruleset *finish(lq_compiler *c)
{
  lq_buf bundle = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_fault fault = {0};
  lq_ruleset *rs = NULL;
  cr_assert(lq_compiler_finish(c, &bundle) == LQ_OK);
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault) == LQ_OK);
  cr_assert(lq_ruleset_new(&rs, p, NULL, &lq_mem_libc) == LQ_OK);
  lq_compiler_free(c);
  lq_buf_free(&bundle);
  return rs;
}

// One rule for each value of a class field, so that an event's values make up its class.
static lq_ruleset *rules(void)
{
  lq_arena a = {.mem = &lq_mem_libc};
  lq_compiler *c;
  cr_assert(lq_compiler_new(&c, &lq_mem_libc) == LQ_OK);
  for (int i = 0; i < VALUES; i++)
    add_rule(c, &a, lq_arena_format(&a, "r%02d", i),
             lq_arena_format(&a, "event.category == \"v%d\" and n == %d", i, i % 2));
  lq_ruleset *rs = finish(c);
  lq_arena_free(&a);
  return rs;
}

// Values by the bits of a mask, and one that no rule names.
static void set_event(lq_event *e, uint32_t mask, uint32_t nth, char texts[VALUES + 1][16])
{
  lq_event_clear(e);
  for (uint32_t i = 0; i <= VALUES; i++) {
    if (i == VALUES)
      snprintf(texts[i], sizeof texts[i], "new%u", nth);
    else
      snprintf(texts[i], sizeof texts[i], "v%u", i);
    if (i == VALUES || mask >> i & 1)
      lq_event_add(e, LQ_STR("event.category"), lq_string(lq_str_of(texts[i])));
  }
  lq_event_add(e, LQ_STR("n"), lq_int(nth % 2));
}

static uint32_t ask(lq_engine *engine, lq_event *e)
{
  lq_hits hits;
  uint32_t rules_that_hold = 0;
  cr_assert(lq_engine_eval(engine, &(lq_cursor){.event = e}, LQ_ASK_ALL, &hits) == LQ_OK);
  for (size_t i = 0; i < hits.nrules; i++)
    rules_that_hold |= 1u << hits.rules[i];
  return rules_that_hold;
}

static void run(uint32_t masks, uint32_t events, uint32_t layers_off, lq_engine_stats *stats)
{
  lq_ruleset *rs = rules();
  lq_engine *engine;
  lq_event e;
  static char texts[VALUES + 1][16];
  uint32_t wrong = 0;
  cr_assert(lq_engine_new(&engine, rs, &lq_mem_libc) == LQ_OK);
  lq_engine_set_layers_off(engine, layers_off);
  cr_assert(lq_event_init(&e, lq_ruleset_fields(rs), &lq_mem_libc) == LQ_OK);
  for (uint32_t i = 0; i < events; i++) {
    uint32_t mask = i * 2654435761u % masks;
    set_event(&e, mask, i, texts);
    wrong += ask(engine, &e) != (mask & (i % 2 ? 0xAAAAAAAAu : 0x55555555u));
  }
  cr_expect(wrong == 0, "%u of %u events", wrong, events);
  *stats = *lq_engine_stats_get(engine);
  lq_event_free(&e);
  lq_engine_free(engine);
  lq_ruleset_free(rs);
}

// However many values are invented, what rules say of them decides.
Test(classes, invented_values)
{
  lq_engine_stats s;
  run(4, 1000, 0, &s);
  cr_expect(s.classes == 4 && s.class_hits == 1000 && s.class_fallbacks == 0);
}

// More classes than there is room for: others go the plain way, and after a while the table begins anew.
Test(classes, too_many)
{
  static const uint32_t off[] = {0, LQ_LAYER_GATES, LQ_LAYER_MATCHERS, LQ_LAYER_GATES | LQ_LAYER_MATCHERS};
  for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
    lq_engine_stats s;
    run(1u << VALUES, 90000, off[i], &s);
    cr_expect(s.classes <= 1024 && s.class_hits > 1024 && s.class_fallbacks > 65536 &&
              s.class_hits + s.class_fallbacks == 90000);
  }
}

Test(classes, left_out)
{
  lq_engine_stats s;
  run(4, 100, LQ_LAYER_CLASSES, &s);
  cr_expect(s.classes == 0 && s.class_hits + s.class_fallbacks == 0);
}

// ---- values that could be taken for others
//
// Each event is asked about in turn by one engine, twice over, so that whatever it remembers of one stands
// beside the others.

static const char *const over_two_fields[] = {
    "event.category == \"a\"",
    "event.type == \"a\"",
    "event.category == \"b\" and n == 1",
    "event.type == \"b\" and not event.category == \"a\"",
    "event.code == \"5\"",
    "event.code == \"x\" or event.type == \"c\"",
    "event.category == \"\"",
    "not event.category == \"a\" and n == 1",
};
enum { RULES = sizeof over_two_fields / sizeof *over_two_fields };

#define LONG_VALUE                                                                                           \
  "a0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"    \
  "a0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"    \
  "a0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

static const struct row {
  const char *category[4], *type[4], *code; // NULL ends; code "#5": the number
  int holds[RULES];
} values[] = {
    {{"a", "b"}, {NULL}, NULL, {1, 0, 1, 0, 0, 0, 0, 0}},
    {{"a"}, {"b"}, NULL, {1, 0, 0, 0, 0, 0, 0, 0}},
    {{NULL}, {"a", "b"}, NULL, {0, 1, 0, 1, 0, 0, 0, 1}},
    {{"b"}, {"a"}, NULL, {0, 1, 1, 0, 0, 0, 0, 1}},
    {{"ab"}, {NULL}, NULL, {0, 0, 0, 0, 0, 0, 0, 1}},
    {{""}, {"c"}, NULL, {0, 0, 0, 0, 0, 1, 1, 1}},
    {{NULL}, {"c"}, NULL, {0, 0, 0, 0, 0, 1, 0, 1}},
    {{NULL}, {NULL}, "5", {0, 0, 0, 0, 1, 0, 0, 1}},
    {{NULL}, {NULL}, "#5", {0, 0, 0, 0, 1, 0, 0, 1}},
    {{NULL}, {NULL}, "#6", {0, 0, 0, 0, 0, 0, 0, 1}},
    {{NULL}, {NULL}, "x", {0, 0, 0, 0, 0, 1, 0, 1}},
    {{LONG_VALUE, "a"}, {NULL}, NULL, {1, 0, 0, 0, 0, 0, 0, 0}},
    {{LONG_VALUE, "b"}, {"b"}, NULL, {0, 0, 1, 1, 0, 0, 0, 1}},
    {{"a\xff"}, {NULL}, NULL, {0, 0, 0, 0, 0, 0, 0, 1}},
    {{"new"}, {"new"}, "new", {0, 0, 0, 0, 0, 0, 0, 1}},
};

static void add_texts(lq_event *e, const char *field, const char *const *texts)
{
  for (; *texts; texts++)
    lq_event_add(e, lq_str_of(field), lq_string(lq_str_of(*texts)));
}

static void set_row(lq_event *e, const struct row *r)
{
  lq_event_clear(e);
  add_texts(e, "event.category", r->category);
  add_texts(e, "event.type", r->type);
  if (r->code && r->code[0] == '#')
    lq_event_add(e, LQ_STR("event.code"), lq_int(r->code[1] - '0'));
  else if (r->code)
    lq_event_add(e, LQ_STR("event.code"), lq_string(lq_str_of(r->code)));
  lq_event_add(e, LQ_STR("n"), lq_int(1));
}

static void ask_rows(lq_engine *engine, lq_event *e)
{
  for (size_t i = 0; i < 2 * sizeof values / sizeof *values; i++) {
    const struct row *r = &values[i % (sizeof values / sizeof *values)];
    uint32_t want = 0;
    for (int k = 0; k < RULES; k++)
      want |= (uint32_t)r->holds[k] << k;
    set_row(e, r);
    uint32_t got = ask(engine, e);
    cr_expect(got == want, "event %zu: %x, not %x", i, got, want);
  }
}

Test(classes, like_values)
{
  static const uint32_t off[] = {0, LQ_LAYER_GATES, LQ_LAYER_MATCHERS, LQ_LAYER_CLASSES};
  for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
    lq_arena a = {.mem = &lq_mem_libc};
    lq_compiler *c;
    lq_engine *engine;
    lq_event e;
    cr_assert(lq_compiler_new(&c, &lq_mem_libc) == LQ_OK);
    for (int k = 0; k < RULES; k++)
      add_rule(c, &a, lq_arena_format(&a, "r%02d", k), lq_str_of(over_two_fields[k]));
    lq_ruleset *rs = finish(c);
    cr_assert(lq_engine_new(&engine, rs, &lq_mem_libc) == LQ_OK);
    lq_engine_set_layers_off(engine, off[i]);
    cr_assert(lq_event_init(&e, lq_ruleset_fields(rs), &lq_mem_libc) == LQ_OK);
    ask_rows(engine, &e);
    lq_event_free(&e);
    lq_engine_free(engine);
    lq_ruleset_free(rs);
    lq_arena_free(&a);
  }
}
