// Gates: which predicates must not all be false, for a condition to say anything but no.
#include <criterion/criterion.h>

#include "engine/gates.h"
#include "tests/unit/compile_query.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

// Fields of the gate's predicates, in the order of predicates; NONE, NEVER.
static void describe(lq_buf *out, const lq_program *p, const lq_gate *g)
{
  lq_buf_clear(out);
  if (g->kind != LQ_GATE_ANY)
    lq_buf_z(out, g->kind == LQ_GATE_NONE ? "NONE" : "NEVER");
  for (uint32_t i = 0; i < g->n; i++) {
    lq_buf_z(out, i ? " " : "");
    lq_buf_str(out, p->strings[p->fields[p->predicates[g->ids[i]].field].name]);
  }
}

// Predicates over the field that starts the text are false or true.
static void learn(const lq_program *p, const char *what, uint8_t *known)
{
  memset(known, 0, p->npredicates);
  for (uint32_t i = 0; what && i < p->npredicates; i++) {
    lq_str name = p->strings[p->fields[p->predicates[i].field].name];
    if (strncmp(what, name.p, name.n) == 0 && what[name.n] == '=')
      known[i] = what[name.n + 1] == 't' ? 2 : 1;
  }
}

static const struct {
  const char *query, *known; // "field=true" or "field=false"
  size_t condition;          // of the terms; of whole rules 0
  const char *gate;
} rows[] = {
    {"a == 1", NULL, 0, "a"},
    {"a == 1 and b : (\"*x*\", \"?*\")", NULL, 0, "a"}, // the rarer of two
    {"a == 1 or b == 2", NULL, 0, "a b"},
    {"(a == 1 or b == 2) and c : \"*\"", NULL, 0, "a b"},
    {"(a == 1 and b : \"*\") or (c : \"*\" and d == 4)", NULL, 0, "a d"},
    {"not a == 1", NULL, 0, "NONE"},
    {"not (not a == 1)", NULL, 0, "a"},
    {"not a == 1 and b == 2", NULL, 0, "b"},
    {"not (a == 1 or not b == 2)", NULL, 0, "b"},
    {"not (a == 1 and b == 2)", NULL, 0, "NONE"},
    {"a == 1 or not b == 2", NULL, 0, "NONE"},
    {"event.category == \"process\" and a : \"abcdefghi*\"", NULL, 0, "a"},
    {"process where true", NULL, 0, "event.category"},
    // What is computed may fail: it must not be reached.
    {"length(a) > 3", NULL, 0, "NONE"},
    {"b == 2 and length(a) > 3", NULL, 0, "b"},
    {"length(a) > 3 and b == 2", NULL, 0, "NONE"}, // it stands first
    {"length(a) > 3 or b == 2", NULL, 0, "NONE"},
    {"b == 2 and (c : \"*\" or length(a) > 3)", NULL, 0, "b"},
    {"b : \"*\" and (c == 3 or length(a) > 3)", NULL, 0, "b"}, // c alone would leave the call
    {"a == b", NULL, 0, "NONE"},
    // So may a regex.
    {"a regex \"x.*y\"", NULL, 0, "a"},
    {"b == 2 and a regex \"x.*y\"", NULL, 0, "b"},
    {"a regex \"x.*y\" or b == 2", NULL, 0, "a b"},
    // A walk spends.
    {"s:{ s.n : \"x\" }", NULL, 0, "NONE"},
    {"b == 2 and s:{ s.n : \"x\" }", NULL, 0, "b"},
    // What is known.
    {"a == 1 and b == 2", "a=false", 0, "NEVER"},
    {"a == 1 and b == 2", "a=true", 0, "b"},
    {"a == 1", "a=true", 0, "NONE"},
    {"not a == 1", "a=true", 0, "NEVER"},
    {"not a == 1", "a=false", 0, "NONE"},
    {"a == 1 or b == 2", "a=true", 0, "NONE"},
    {"a == 1 or b == 2", "a=false", 0, "b"},
    {"b == 2 and length(a) > 3", "b=false", 0, "NEVER"},
    {"b == 2 and length(a) > 3", "b=true", 0, "NONE"},
    // Terms of stateful rules.
    {"sequence [any where a == 1] as x [any where b == x.a]", NULL, 0, "a"},
    {"sequence [any where a == 1] as x [any where b == x.a]", NULL, 1, "NONE"},
    {"sequence [any where a == 1] as x [any where c == 3 and b == x.a]", NULL, 1, "c"},
    {"process where a == 1 and child of [process where b == 1]", NULL, 0, "a"},
    {"any where child of [process where b == 1]", NULL, 0, "NONE"},
};

static void check(size_t row, lq_buf *text)
{
  compiled c;
  size_t n;
  lq_gate_finder f;
  cr_assert(compile_query(&c, rows[row].query, LQ_DIALECT_LQ, true) == LQ_OK, "%s", rows[row].query);
  const lq_program *p = lq_ruleset_program(c.rules);
  uint32_t rarity[64];
  uint8_t known[64];
  cr_assert(p->npredicates <= COUNT(rarity));
  lq_gate_rarities(p, rarity);
  learn(p, rows[row].known, known);
  cr_assert(lq_gate_finder_init(&f, p, rarity, &lq_mem_libc) == LQ_OK);
  const lq_condition *cond = &lq_ruleset_conditions(c.rules, &n)[rows[row].condition];
  const lq_snippet *s = cond->snippet == LQ_NONE ? NULL : &p->snippets[cond->snippet];
  lq_gate g = lq_gate_find(&f, s ? s->code : p->rules[0].code, s ? s->ncode : p->rules[0].ncode, known);
  describe(text, p, &g);
  cr_expect(lq_str_is(lq_buf_get(text), rows[row].gate), "%s (%s): %.*s", rows[row].query,
            rows[row].known ? rows[row].known : "", (int)text->n, text->p);
  lq_gate_finder_free(&f);
  free_compiled(&c);
}

Test(gates, of_conditions)
{
  lq_buf text = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < COUNT(rows); i++)
    check(i, &text);
  lq_buf_free(&text);
}

// More alternatives than a gate has room for: there is none, and work ends.
Test(gates, too_many)
{
  lq_buf query = {.mem = &lq_mem_libc}, text = {.mem = &lq_mem_libc};
  for (int n = LQ_GATE_MAX; n <= LQ_GATE_MAX + 1; n++) {
    compiled c;
    lq_gate_finder f;
    lq_buf_clear(&query);
    for (int i = 0; i < n; i++)
      lq_buf_printf(&query, "%sf%d == 1", i ? " or " : "", i);
    lq_buf_byte(&query, 0);
    cr_assert(compile_query(&c, query.p, LQ_DIALECT_LQ, true) == LQ_OK);
    const lq_program *p = lq_ruleset_program(c.rules);
    uint32_t rarity[2 * LQ_GATE_MAX];
    lq_gate_rarities(p, rarity);
    cr_assert(lq_gate_finder_init(&f, p, rarity, &lq_mem_libc) == LQ_OK);
    lq_gate g = lq_gate_find(&f, p->rules[0].code, p->rules[0].ncode, NULL);
    cr_expect(n == LQ_GATE_MAX ? g.kind == LQ_GATE_ANY && g.n == LQ_GATE_MAX : g.kind == LQ_GATE_NONE, "%d",
              n);
    lq_gate_finder_free(&f);
    free_compiled(&c);
  }
  lq_buf_free(&query);
  lq_buf_free(&text);
}
