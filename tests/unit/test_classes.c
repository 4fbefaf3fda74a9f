// Classes of events: that they come to the same, and what becomes of an enemy's events.
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/layers.h"
#include "tests/unit/compile_query.h"

enum { VALUES = 13 };

// One rule for each value of a class field, so that an event's values make up its class.
static lq_ruleset *rules(void)
{
  lq_arena a = {.mem = &lq_mem_libc};
  lq_diag_list diags = {.arena = &a};
  lq_buf bundle = {.mem = &lq_mem_libc};
  lq_compiler *c;
  lq_program *p = NULL;
  lq_fault fault = {0};
  lq_ruleset *rs = NULL;
  cr_assert(lq_compiler_new(&c, &lq_mem_libc) == LQ_OK);
  for (int i = 0; i < VALUES; i++) {
    lq_node *tree = NULL;
    lq_str text = lq_arena_format(&a, "event.category == \"v%d\" and n == %d", i, i % 2);
    lq_str id = lq_arena_format(&a, "r%02d", i);
    lq_rule_info info = {.id = id, .name = id, .source = text};
    lq_compile_options o = {.dialect = LQ_DIALECT_LQ, .optimise = true, .now = TEST_NOW};
    cr_assert(lq_parse(&tree, &lq_mem_libc, text, LQ_DIALECT_LQ, &diags) == LQ_OK);
    cr_assert(lq_compiler_add(c, tree, &info, &o, &diags, NULL) == LQ_OK);
  }
  cr_assert(lq_compiler_finish(c, &bundle) == LQ_OK);
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault) == LQ_OK);
  cr_assert(lq_ruleset_new(&rs, p, NULL, &lq_mem_libc) == LQ_OK);
  lq_compiler_free(c);
  lq_buf_free(&bundle);
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
