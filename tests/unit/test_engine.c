// A loaded rule set over events: what matches, why, what is counted, and what happens without memory.
#include <criterion/criterion.h>

#include "base/layers.h"
#include "engine/engine.h"
#include "tests/mutate/seeds.h"
#include "tests/unit/compile_query.h"
#include "tests/unit/counting_mem.h"

typedef struct setup {
  lq_ruleset *rs;
  lq_engine *engine;
  lq_event event;
} setup;

static lq_program *load(void (*seed)(builder *), const lq_mem *mem)
{
  builder *b = malloc(sizeof *b);
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_fault f;
  build_begin(b);
  seed(b);
  cr_assert(build_finish(b, &f), "%s at %d", lq_reason_text(f.reason), (int)f.at);
  cr_assert(lq_bundle_write(&bytes, &b->p) == LQ_OK);
  lq_bundle_read(&p, mem, bytes.p, bytes.n, NULL, &f);
  lq_buf_free(&bytes);
  free(b);
  return p;
}

static setup begin(void (*seed)(builder *), const lq_engine_limits *limits)
{
  setup s = {0};
  cr_assert(lq_ruleset_new(&s.rs, load(seed, &lq_mem_libc), limits, &lq_mem_libc) == LQ_OK);
  cr_assert(lq_engine_new(&s.engine, s.rs, &lq_mem_libc) == LQ_OK);
  cr_assert(lq_event_init(&s.event, lq_ruleset_fields(s.rs), &lq_mem_libc) == LQ_OK);
  return s;
}

static void end(setup *s)
{
  lq_event_free(&s->event);
  lq_engine_free(s->engine);
  lq_ruleset_free(s->rs);
}

typedef struct seen {
  uint64_t rules; // a bit for each
  int stop_at;    // this many matches are enough
} seen;

static int match(void *user, uint32_t rule)
{
  seen *s = user;
  s->rules |= UINT64_C(1) << rule;
  return s->stop_at > 0 && --s->stop_at == 0;
}

static uint64_t eval(setup *s)
{
  seen m = {0};
  lq_hits hits;
  cr_expect(lq_engine_eval(s->engine, &(lq_cursor){.event = &s->event}, LQ_ASK_ALL, &hits) == LQ_OK);
  cr_expect(lq_engine_give(s->engine, &hits, match, &m) == LQ_OK);
  return m.rules;
}

// Values of an event, by name.
typedef struct pair {
  const char *name, *text;
} pair;

static const struct {
  const char *what;
  pair values[4];
  uint64_t rules; // of the rich seed
} events[] = {
    {"nothing", {{NULL, NULL}}, 0x8},
    {"all of the first",
     {{"process.name", "PowerShell.exe"}, {"process.command_line", "x -ENC"}, {"destination.ip", "10.9.8.7"}},
     0x9},
    {"no network, no base64", {{"process.name", "cmd.exe"}, {"process.command_line", "x -enc"}}, 0x8},
    {"base64 but not exact",
     {{"process.name", "cmd.exe"}, {"process.command_line", "x -enc aGVsbG8gd29ybGQ="}},
     0x8},
    {"base64 and exact",
     {{"process.name", "cmd.exe"}, {"process.command_line", "x IEX -enc aGVsbG8gd29ybGQ="}},
     0x9},
    {"folded end", {{"process.command_line", "C:\\A.EXE"}, {"process.name", "abcde"}}, 0xA},
};

Test(engine, matches)
{
  setup s = begin(seed_rich, NULL);
  for (size_t i = 0; i < COUNT(events); i++) {
    lq_event_clear(&s.event);
    for (const pair *p = events[i].values; p < events[i].values + 4 && p->name; p++)
      seed_add_text(&s.event, p->name, p->text);
    uint64_t rules = eval(&s);
    cr_expect((rules & 3) == (events[i].rules & 3), "%s: %x", events[i].what, (int)rules);
  }
  const lq_engine_stats *stats = lq_engine_stats_get(s.engine);
  cr_expect(stats->events == COUNT(events) && stats->rules_run < 4 * COUNT(events) &&
            stats->indeterminate == 0);
  cr_expect(lq_engine_rule_matches(s.engine)[0] == 2);
  end(&s);
}

static void two_rules(builder *b)
{
  uint32_t name = build_field(b, "a", LQ_NONE, 0);
  uint32_t p = build_predicate(b, name, LQ_MATCHER_EXISTS, 0);
  const lq_insn code[] = {OP(TEST, 0, 0, p), OP(RETURN, 0, 0, 0)};
  build_rule(b, "r1", NULL, code, 2);
  build_rule(b, "r2", NULL, code, 2);
}

Test(engine, shared_predicates_and_stopping)
{
  setup s = begin(two_rules, NULL);
  lq_engine_set_layers_off(s.engine, LQ_LAYER_MATCHERS); // they compute without counting
  seed_add_text(&s.event, "a", "x");
  cr_expect(eval(&s) == 3);
  cr_expect(lq_engine_stats_get(s.engine)->predicates_run == 1);
  seen m = {.stop_at = 1};
  lq_hits hits;
  cr_expect(lq_engine_eval(s.engine, &(lq_cursor){.event = &s.event}, LQ_ASK_ALL, &hits) == LQ_OK &&
            hits.nrules == 2);
  cr_expect(lq_engine_give(s.engine, &hits, match, &m) == LQ_E_CANCELLED && m.rules == 1);
  cr_expect(lq_engine_stats_get(s.engine)->matches == 3); // those that were given
  end(&s);
}

// One list of conditions, whatever kind of rule they belong to, and what each reads besides the event.
Test(engine, conditions)
{
  static const struct {
    const char *query;
    size_t n;
    uint8_t reads[4];
    const char *event;
    uint32_t rules, terms, lineage; // a bit for each that is answered: it holds, or is asked later
  } rows[] = {
      {"a == 1", 1, {0}, "{\"a\":1}", 1, 0, 0},
      {"a == 1", 1, {0}, "{\"a\":2}", 0, 0, 0},
      {"sequence [any where a == 1] [any where a == 2] until [any where b == 1]",
       3,
       {0},
       "{\"a\":2,\"b\":1}",
       0,
       6,
       0},
      {"sequence [any where a == 1] as x [any where b == x.a]", 2, {0, LQ_READS_TERMS}, "{}", 0, 2, 0},
      {"process where a == 1 and child of [process where b == 1]",
       2,
       {LQ_READS_LINEAGE, LQ_READS_LINEAGE},
       "{}",
       0,
       0,
       0},
      {"process where a == 1 and child of [process where b == 1]",
       2,
       {LQ_READS_LINEAGE, LQ_READS_LINEAGE},
       "{\"a\":1,\"event\":{\"category\":\"process\"}}",
       0,
       1,
       0},
      {"process where a == 1 and child of [process where b == 1]",
       2,
       {LQ_READS_LINEAGE, LQ_READS_LINEAGE},
       "{\"b\":1,\"event\":{\"category\":\"process\"}}",
       0,
       0,
       1},
      {"any where child of [process where b == 1]", 2, {LQ_READS_LINEAGE, LQ_READS_LINEAGE}, "{}", 0, 1, 0},
      {"any where child of [any where b == 1 and event of [any where b == 2]] or event of [any where a > 0]",
       4,
       {LQ_READS_LINEAGE, LQ_READS_LINEAGE, LQ_READS_LINEAGE, LQ_READS_LINEAGE},
       "{\"a\":1,\"b\":2}",
       0,
       1,
       6},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    compiled c;
    lq_event e;
    lq_bad_record bad;
    lq_hits hits;
    size_t n;
    cr_assert(compile_query(&c, rows[i].query, LQ_DIALECT_LQ, true) == LQ_OK, "%s", rows[i].query);
    const lq_condition *list = lq_ruleset_conditions(c.rules, &n);
    cr_expect(n == rows[i].n, "%s: %zu", rows[i].query, n);
    for (size_t k = 0; k < n && n == rows[i].n; k++)
      cr_expect(list[k].reads == rows[i].reads[k] && list[k].rule == 0, "%s: %zu", rows[i].query, k);
    cr_assert(lq_event_init(&e, lq_ruleset_fields(c.rules), &lq_mem_libc) == LQ_OK);
    cr_assert(lq_event_from_json(&e, lq_str_of(rows[i].event), NULL, &bad, &lq_mem_libc) == LQ_OK);
    cr_expect(lq_engine_eval(c.engine, &(lq_cursor){.event = &e}, LQ_ASK_ALL, &hits) == LQ_OK);
    uint32_t rules = 0, terms = 0, lineage = 0;
    for (size_t k = 0; k < hits.nrules; k++)
      rules |= 1u << hits.rules[k];
    for (size_t k = 0; k < hits.nterms; k++)
      terms |= 1u << hits.terms[k];
    for (size_t k = 0; k < hits.nrows; k++)
      lineage |= 1u << hits.rows[k];
    cr_expect(rules == rows[i].rules && terms == rows[i].terms && lineage == rows[i].lineage, "%s: %x %x %x",
              rows[i].query, rules, terms, lineage);
    lq_event_free(&e);
    free_compiled(&c);
  }
}

// ---- explaining

typedef struct rows {
  lq_buf out;
} rows;

static void add_row(void *user, const lq_reason_row *r)
{
  lq_buf *out = &((rows *)user)->out;
  char text[LQ_VALUE_TEXT_MAX];
  lq_str v = r->value.type == LQ_T_NULL ? LQ_STR("-") : lq_value_text(&r->value, text);
  lq_buf_printf(out, "%u-%u %s%s %.*s=%.*s", r->start, r->end, r->negated ? "not " : "",
                r->truth ? "true" : "false", LQ_STR_ARG(r->field), LQ_STR_ARG(v));
  if (r->entry.n) {
    lq_buf_z(out, " by ");
    lq_glob_plain(out, r->entry);
    lq_buf_printf(out, " at %d-%d", (int)r->match_start, (int)r->match_end);
  }
  lq_buf_byte(out, '\n');
}

static void explain(setup *s, uint32_t rule, const char *want)
{
  rows r = {.out = {.mem = &lq_mem_libc}};
  cr_expect(lq_engine_explain(s->engine, &s->event, rule, add_row, &r) == LQ_OK);
  cr_expect(lq_str_is(lq_buf_get(&r.out), want), "\n%.*s", (int)r.out.n, r.out.p);
  lq_buf_free(&r.out);
}

Test(engine, why)
{
  setup s = begin(seed_rich, NULL);
  seed_add_text(&s.event, "process.name", "other.exe");
  seed_add_text(&s.event, "process.name", "CMD.exe");
  seed_add_text(&s.event, "process.command_line", "cmd -Enc IEX");
  seed_add_text(&s.event, "destination.ip", "10.1.2.3");
  explain(&s, 0,
          "0-12 true process.name=CMD.exe by cmd.exe at 0-7\n"
          "0-0 true destination.ip=10.1.2.3 by 10.0.0.0/8 at 0-8\n"
          "29-40 not true process.command_line=cmd -Enc IEX by *-enc* at 4-8\n");
  end(&s);
}

// Clauses that the compiler has moved, a general expression, a walk.
static void odd_order(builder *b)
{
  static const char source[] = "length(a) > 1 and b : \"x\" and s:{ n : \"y\" }";
  uint32_t fa = build_field(b, "a", LQ_NONE, 0), fb = build_field(b, "b", LQ_NONE, 0);
  uint32_t fs = build_field(b, "s", LQ_NONE, LQ_FIELD_SCOPE), fn = build_field(b, "s.n", fs, 0);
  uint32_t pb = build_predicate(b, fb, LQ_MATCHER_EQ, BUILD_TEXTS(b, "x"));
  uint32_t pn = build_predicate(b, fn, LQ_MATCHER_EQ, BUILD_TEXTS(b, "y"));
  uint32_t length = build_function(b, "length"), k = build_const(b, lq_int(1));
  const lq_insn code[] = {OP(TEST_AND, 0, 9, pb),  OP(FIELD, 0, 0, fa),          OP(CALL, 1, 0, length),
                          OP(CONST, 0, 0, k),      OP(COMPARE, LQ_CMP_GT, 0, 0), OP(TRUTH, 0, 0, 0),
                          OP(JUMP_FALSE, 0, 3, 0), OP(ITER, 0, 1, fs),           OP(TEST, 0, 0, pn),
                          OP(ITER_END, 0, 0, 1),   OP(RETURN, 0, 0, 0)};
  build_rule(b, "r", source, code, COUNT(code));
  build_debug(b, 0, 18, 25, 0, fb);
  build_debug(b, 5, 0, 13, 0, fa);
  build_debug(b, 8, 33, 40, 0, fn);
}

Test(engine, why_in_order)
{
  setup s = begin(odd_order, NULL);
  const lq_fieldmap *map = lq_ruleset_fields(s.rs);
  seed_add_text(&s.event, "a", "abc");
  seed_add_text(&s.event, "b", "x");
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(map); slot++) {
    const lq_field_spec *spec = lq_fieldmap_spec(map, slot);
    for (uint32_t i = 0; i < 3 && (spec->is_scope || spec->scope != LQ_NO_SLOT); i++)
      lq_event_add_slot(&s.event, slot, lq_string(i == 1 ? LQ_STR("y") : LQ_STR("n")), i, 0);
  }
  cr_expect(eval(&s) == 1);
  explain(&s, 0, "0-13 true a=abc\n18-25 true b=x by x at 0-1\n33-40 true s.n=y by y at 0-1\n");
  end(&s);
}

// ---- limits and memory

static void products(builder *b)
{
  uint32_t f = build_field(b, "a", LQ_NONE, 0), add = build_function(b, "add");
  const lq_insn code[] = {OP(FIELD, 0, 0, f), OP(FIELD, 0, 0, f),           OP(CALL, 2, 0, add),
                          OP(FIELD, 0, 0, f), OP(COMPARE, LQ_CMP_GT, 0, 0), OP(TRUTH, 0, 0, 0),
                          OP(RETURN, 0, 0, 0)};
  build_rule(b, "p", NULL, code, COUNT(code));
  const lq_insn plain[] = {OP(FIELD, 0, 0, f), OP(IS_NULL, 0, 0, 0), OP(TRUTH, 0, 0, 0), OP(NOT, 0, 0, 0),
                           OP(RETURN, 0, 0, 0)};
  build_rule(b, "q", NULL, plain, COUNT(plain));
}

static void many_values(setup *s, int n)
{
  lq_event_clear(&s->event);
  for (int i = 0; i < n; i++)
    seed_add(&s->event, "a", lq_int(i));
}

// One rule spends its budget, the other one goes on.
Test(engine, indeterminate)
{
  const lq_engine_limits limits = {.budget = 2000, .max_scratch = 64 << 10}; // bytes
  setup s = begin(products, &limits);
  many_values(&s, 10);
  cr_expect(eval(&s) == 3);
  many_values(&s, 40); // 1,600 sums of 24 bytes: over the budget when compared
  cr_expect(eval(&s) == 2);
  cr_expect(lq_engine_stats_get(s.engine)->indeterminate == 1);
  many_values(&s, 10);
  cr_expect(eval(&s) == 3);
  end(&s);
  const lq_engine_limits little = {.max_scratch = 16 << 10};
  s = begin(products, &little);
  many_values(&s, 40); // over the memory
  cr_expect(eval(&s) == 2);
  cr_expect(lq_engine_stats_get(s.engine)->indeterminate == 1);
  end(&s);
}

static void no_row(void *user, const lq_reason_row *row)
{
  (void)user, (void)row;
}

// Loads, runs and explains with the n-th request failing.
static lq_status whole_life(const lq_mem *mem)
{
  lq_ruleset *rs = NULL;
  lq_engine *e = NULL;
  lq_event event = {0};
  lq_hits hits;
  lq_program *p = load(seed_rich, mem);
  if (!p)
    return LQ_E_NOMEM;
  lq_status status = lq_ruleset_new(&rs, p, NULL, mem);
  if (!status)
    status = lq_engine_new(&e, rs, mem);
  if (!status)
    status = lq_event_init(&event, lq_ruleset_fields(rs), mem);
  for (int i = 0; i < SEED_EVENTS && !status; i++) {
    seed_event(&event, lq_ruleset_fields(rs), i);
    status = lq_engine_eval(e, &(lq_cursor){.event = &event}, LQ_ASK_ALL, &hits);
    if (!status)
      status = lq_engine_explain(e, &event, 0, no_row, NULL);
  }
  if (event.map)
    lq_event_free(&event);
  lq_engine_free(e);
  lq_ruleset_free(rs);
  return status;
}

Test(engine, out_of_memory)
{
  lq_status status = LQ_E_NOMEM;
  for (size_t n = 1; status == LQ_E_NOMEM && n < 1000; n++) {
    counting_mem count = {.fail_at = n};
    lq_mem mem = {counting_fn, &count};
    status = whole_life(&mem);
    cr_expect(count.live == 0 && !count.wrong_size, "failing request %d: %d bytes left", (int)n,
              (int)count.live);
  }
  cr_expect(status == LQ_OK);
}

// After the first rounds an event asks for nothing.
Test(engine, steady_state)
{
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  lq_ruleset *rs;
  lq_engine *e;
  lq_event event;
  cr_assert(lq_ruleset_new(&rs, load(seed_rich, &mem), NULL, &mem) == LQ_OK);
  cr_assert(lq_engine_new(&e, rs, &mem) == LQ_OK);
  cr_assert(lq_event_init(&event, lq_ruleset_fields(rs), &mem) == LQ_OK);
  size_t after_warm_up = 0;
  for (int i = 0; i < 30; i++) {
    seed_event(&event, lq_ruleset_fields(rs), i % SEED_EVENTS);
    lq_hits hits;
    cr_expect(lq_engine_eval(e, &(lq_cursor){.event = &event}, LQ_ASK_ALL, &hits) == LQ_OK);
    if (i == 14)
      after_warm_up = count.requests;
  }
  cr_expect(count.requests == after_warm_up, "%d requests", (int)(count.requests - after_warm_up));
  lq_event_free(&event);
  lq_engine_free(e);
  lq_ruleset_free(rs);
  cr_expect(count.live == 0);
}
