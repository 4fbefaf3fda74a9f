// What the compiler makes of a query: the listing, and the properties of whole bundles.
#include <criterion/criterion.h>

#include "compile_query.h"
#include "counting_mem.h"
#include "vm/disasm.h"

// ---- listings

typedef struct row {
  const char *query, *listing; // instructions without addresses and comments, separated by `; `
} row;

// A line of the listing is `  0000  TEST_AND    process.name … -> 0002   ; "source"`.
static void add_line(lq_buf *out, lq_str line)
{
  if (line.n < 8 || line.p[0] != ' ')
    return;
  line = lq_str_slice(line, 8, line.n);
  for (size_t i = 0; i + 4 <= line.n; i++) {
    if (memcmp(line.p + i, "   ;", 4) == 0)
      line.n = i;
  }
  lq_buf_z(out, out->n ? "; " : "");
  bool blank = false;
  for (size_t i = 0; i < line.n; i++) {
    bool is_blank = line.p[i] == ' ';
    if (!is_blank && blank)
      lq_buf_byte(out, ' ');
    if (!is_blank)
      lq_buf_byte(out, line.p[i]);
    blank = is_blank;
  }
}

static void listing(lq_buf *out, const char *query, bool optimise)
{
  lq_arena a = {.mem = &lq_mem_libc};
  lq_buf bundle = {.mem = &lq_mem_libc}, text = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_fault fault;
  if (compile_bundle(&bundle, &a, query, LQ_DIALECT_LQ, optimise) == LQ_OK &&
      lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault) == LQ_OK)
    lq_disasm_rule(&text, p, 0);
  for (size_t at = 0; at < text.n;) {
    const char *end = memchr(text.p + at, '\n', text.n - at);
    size_t stop = end ? (size_t)(end - text.p) : text.n;
    add_line(out, (lq_str){text.p + at, stop - at});
    at = stop + 1;
  }
  lq_program_free(p);
  lq_buf_free(&text);
  lq_buf_free(&bundle);
  lq_arena_free(&a);
}

static void check_listings(const row *rows, size_t n, bool optimise)
{
  for (size_t i = 0; i < n; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    listing(&out, rows[i].query, optimise);
    cr_expect(lq_str_is(lq_buf_get(&out), rows[i].listing), "%s\n  %.*s\n  %s", rows[i].query, (int)out.n,
              out.p, rows[i].listing);
    lq_buf_free(&out);
  }
}

Test(emit, listings)
{
  static const row rows[] = {
      {"a == \"X\"", "TEST a == (\"X\"); RETURN"},
      {"\"X\" == a", "TEST a == (\"X\"); RETURN"},
      {"a == 4.0", "TEST a == (\"4\"); RETURN"},
      {"5 < a", "TEST a > 5; RETURN"},
      {"a != \"x\"", "TEST a == (\"x\"); NOT; RETURN"},
      {"a : \"X\"", "TEST a ==~ (\"x\"); RETURN"},
      {"a : (\"X\", \"y*\")", "TEST a : (\"x\", \"y*\"); RETURN"},
      {"a : *", "TEST a exists; RETURN"},
      {"a == null", "TEST a exists; NOT; RETURN"},
      {"null != a", "TEST a exists; RETURN"},
      {"flag", "TEST flag == (\"true\"); RETURN"},
      {"a like \"X*\"", "TEST a like (\"X*\"); RETURN"},
      {"startsWith~(a, \"X*\")", "TEST a : (\"x**\"); RETURN"},
      {"stringContains(a, \"\")", "PUSH false; RETURN"},
      {"a : \"10.0.0.0/8\"",
       "TEST_OR a ==~ (\"10.0.0.0/8\") -> 0002; TEST a in network (10.0.0.0/8); RETURN"},
      {"p where a == 1", "TEST_AND event.category == (\"p\") -> 0002; TEST a == (\"1\"); RETURN"},
      {"a == 1 | where b == 2", "TEST_AND a == (\"1\") -> 0002; TEST b == (\"2\"); RETURN"},
      {"a == 1 and (b == 2 or c == 3)",
       "TEST_AND a == (\"1\") -> 0003; TEST_OR b == (\"2\") -> 0003; TEST c == (\"3\"); RETURN"},
      {"length(a) > 5", "FIELD a; CALL length /1; CONST 5; COMPARE >; TRUTH; RETURN"},
      {"a == b", "FIELD a; FIELD b; COMPARE ==; TRUTH; RETURN"},
      {"null == (a > 1)", "FIELD a; CONST 1; COMPARE >; IS_NULL; TRUTH; RETURN"},
      {"lower(a) : \"x*\"", "FIELD a; CALL lower /1; MATCH : (\"x*\"); TRUTH; RETURN"},
      {"any(f, f.a == 1 and b == 2)", "ITER f -> 0004; TEST_AND f.a in f == (\"1\") -> 0003; TEST f.b in f "
                                      "== (\"2\"); ITER_END any -> 0001; RETURN"},
  };
  check_listings(rows, sizeof rows / sizeof *rows, false);
}

Test(emit, optimised)
{
  static const row rows[] = {
      {"a : \"x\" or a : \"y*\"", "TEST a : (\"x\", \"y*\"); RETURN"},
      {"a == 1 or a in (2, 3)", "TEST a == (\"1\", \"2\", \"3\"); RETURN"},
      {"a == 1 or b == 2 or a == 3",
       "TEST_OR a == (\"1\") -> 0003; TEST_OR b == (\"2\") -> 0003; TEST a == (\"3\"); RETURN"},
      {"not a : \"x\" and not a : \"y\"", "TEST a ==~ (\"x\", \"y\"); NOT; RETURN"},
      {"not (not a == 1)", "TEST a == (\"1\"); RETURN"},
      {"a : (\"abc*\", \"a*\", \"AXC\")", "TEST a : (\"a*\"); RETURN"},
      {"a : (\"x\", \"*\")", "TEST a exists; RETURN"},
      {"a == 1 and true", "TEST a == (\"1\"); RETURN"},
      {"a == 1 and 1 > 2", "PUSH false; RETURN"},
      {"a == 1 or length(\"abc\") == 3", "PUSH true; RETURN"},
      {"b + (2 * 3) > 1", "FIELD b; CONST 6; ARITH +; CONST 1; COMPARE >; TRUTH; RETURN"},
      {"concat(\"a\", 1) : \"A1\"", "PUSH true; RETURN"},
      {"1 / 0 == 5", "PUSH false; RETURN"},
      {"(1 / 0) == null", "PUSH true; RETURN"},
      {"a == 1 and b == 2 and a == 1", "TEST_AND a == (\"1\") -> 0002; TEST b == (\"2\"); RETURN"},
  };
  check_listings(rows, sizeof rows / sizeof *rows, true);
}

// ---- states

static const struct {
  const char *query, *listing;
} states[] = {
    {"sequence with maxspan=90s [a where true] by k ![b where true] by ?l with runs=2 [any where y > one.z] "
     "by lower(m)",
     "  sequence within 90s\n"
     "  term 0\n"
     "    0000  TEST        event.category == (\"a\")\n"
     "    0001  RETURN\n"
     "    key \"k\"\n"
     "      0002  FIELD       k\n"
     "      0003  RETURN\n"
     "  term 1, missing\n"
     "    0004  TEST        event.category == (\"b\")\n"
     "    0005  RETURN\n"
     "    key ?\"l\"\n"
     "      0006  FIELD       l\n"
     "      0007  RETURN\n"
     "  term 2, missing\n"
     "    0008  TEST        event.category == (\"b\")\n"
     "    0009  RETURN\n"
     "    key ?\"l\"\n"
     "      0010  FIELD       l\n"
     "      0011  RETURN\n"
     "  term 3\n"
     "    0012  FIELD       y\n"
     "    0013  FIELD       one.z\n"
     "    0014  COMPARE     >\n"
     "    0015  TRUTH\n"
     "    0016  RETURN\n"
     "    key \"lower(m)\"\n"
     "      0017  FIELD       m\n"
     "      0018  CALL        lower /1\n"
     "      0019  RETURN\n"},
    {"sequence by k [a where true] as one with runs=3 [b where x == one.y and z == one.y] as two until [c "
     "where true] | "
     "where two.w and events[0].y == \"s\" and events[3].y == null | sort two.w desc | tail 2",
     "  sequence\n"
     "  term 0, 3 times, as \"one\", keeps y\n"
     "    0000  TEST        event.category == (\"a\")\n"
     "    0001  RETURN\n"
     "    key \"k\"\n"
     "      0002  FIELD       k\n"
     "      0003  RETURN\n"
     "  term 1, as \"two\", keeps w, y\n"
     "    0004  TEST_AND    event.category == (\"b\") -> 0014\n"
     "    0005  FIELD       x\n"
     "    0006  REF         capture 0 of term 0\n"
     "    0007  COMPARE     ==\n"
     "    0008  TRUTH\n"
     "    0009  JUMP_FALSE  -> 0014\n"
     "    0010  FIELD       z\n"
     "    0011  REF         capture 0 of term 0\n"
     "    0012  COMPARE     ==\n"
     "    0013  TRUTH\n"
     "    0014  RETURN\n"
     "    key \"k\"\n"
     "      0015  FIELD       k\n"
     "      0016  RETURN\n"
     "  until\n"
     "    0017  TEST        event.category == (\"c\")\n"
     "    0018  RETURN\n"
     "    key \"k\"\n"
     "      0019  FIELD       k\n"
     "      0020  RETURN\n"
     "  | where\n"
     "    0021  REF         capture 0 of term 1\n"
     "    0022  MATCH       == (\"true\")\n"
     "    0023  TRUTH\n"
     "    0024  JUMP_FALSE  -> 0033\n"
     "    0025  REF         capture 0 of term 0\n"
     "    0026  CONST       \"s\"\n"
     "    0027  COMPARE     ==\n"
     "    0028  TRUTH\n"
     "    0029  JUMP_FALSE  -> 0033\n"
     "    0030  REF         capture 1 of term 1\n"
     "    0031  IS_NULL\n"
     "    0032  TRUTH\n"
     "    0033  RETURN\n"
     "  | sort desc\n"
     "    \"two.w\"\n"
     "      0034  REF         capture 0 of term 1\n"
     "      0035  RETURN\n"
     "  | tail 2\n"},
    {"process where a | stats count() as n, max(b) by host.id, c + 1 over 5m | where n > 2 | suppress by "
     "host.id for 1d",
     "  event\n"
     "  term 0\n"
     "    0000  TEST_AND    event.category == (\"process\") -> 0002\n"
     "    0001  TEST        a == (\"true\")\n"
     "    0002  RETURN\n"
     "  | stats over 5m\n"
     "    \"n\" = count\n"
     "    \"max(b)\" = max\n"
     "      0003  FIELD       b\n"
     "      0004  RETURN\n"
     "    by \"host.id\"\n"
     "      0005  FIELD       host.id\n"
     "      0006  RETURN\n"
     "    by \"c + 1\"\n"
     "      0007  FIELD       c\n"
     "      0008  CONST       1\n"
     "      0009  ARITH       +\n"
     "      0010  RETURN\n"
     "  | where\n"
     "    0011  COLUMN      2\n"
     "    0012  CONST       2\n"
     "    0013  COMPARE     >\n"
     "    0014  TRUTH\n"
     "    0015  RETURN\n"
     "  | suppress for 1d\n"
     "    \"host.id\"\n"
     "      0016  COLUMN      0\n"
     "      0017  RETURN\n"},
    {"a == 1 and not descendant of [b where c == 2 and event of [any where d == 3]] and child of [any where "
     "true]",
     "  event\n"
     "  term 0\n"
     "    0000  TEST_AND    a == (\"1\") -> 0005\n"
     "    0001  LINEAGE     descendant of #0\n"
     "    0002  NOT\n"
     "    0003  JUMP_FALSE  -> 0005\n"
     "    0004  LINEAGE     child of #1\n"
     "    0005  RETURN\n"
     "  descendant of #0\n"
     "    0006  TEST_AND    event.category == (\"b\") -> 0009\n"
     "    0007  TEST_AND    c == (\"2\") -> 0009\n"
     "    0008  LINEAGE     event of #2\n"
     "    0009  RETURN\n"
     "  child of #1\n"
     "    0010  PUSH        true\n"
     "    0011  RETURN\n"
     "  event of #2\n"
     "    0012  TEST        d == (\"3\")\n"
     "    0013  RETURN\n"},
    {"sample by k [a where true] as x [b where true] | unique_count x.u | where count > 1 and key == \"v\"",
     "  sample\n"
     "  term 0, as \"x\", keeps u\n"
     "    0000  TEST        event.category == (\"a\")\n"
     "    0001  RETURN\n"
     "    key \"k\"\n"
     "      0002  FIELD       k\n"
     "      0003  RETURN\n"
     "  term 1\n"
     "    0004  TEST        event.category == (\"b\")\n"
     "    0005  RETURN\n"
     "    key \"k\"\n"
     "      0006  FIELD       k\n"
     "      0007  RETURN\n"
     "  | unique_count\n"
     "    \"x.u\"\n"
     "      0008  REF         capture 0 of term 0\n"
     "      0009  RETURN\n"
     "  | where\n"
     "    0010  COLUMN      0\n"
     "    0011  CONST       1\n"
     "    0012  COMPARE     >\n"
     "    0013  TRUTH\n"
     "    0014  JUMP_FALSE  -> 0019\n"
     "    0015  COLUMN      2\n"
     "    0016  CONST       \"v\"\n"
     "    0017  COMPARE     ==\n"
     "    0018  TRUTH\n"
     "    0019  RETURN\n"},
};

// The listing without its first line and without what the clauses are.
static void bare_listing(lq_buf *out, lq_str text)
{
  for (size_t at = 0, line = 0; at < text.n; line++) {
    const char *end = memchr(text.p + at, '\n', text.n - at);
    size_t stop = end ? (size_t)(end - text.p) : text.n, cut = at;
    while (cut < stop && !lq_str_starts(lq_str_slice(text, cut, stop), LQ_STR("   ; ")))
      cut++;
    if (line > 0) {
      lq_buf_str(out, lq_str_slice(text, at, cut));
      lq_buf_byte(out, '\n');
    }
    at = stop + 1;
  }
}

Test(emit, states)
{
  for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
    lq_arena a = {.mem = &lq_mem_libc};
    lq_buf bundle = {.mem = &lq_mem_libc}, text = {.mem = &lq_mem_libc}, bare = {.mem = &lq_mem_libc};
    lq_program *p = NULL;
    lq_fault fault;
    if (compile_bundle(&bundle, &a, states[i].query, LQ_DIALECT_LQ, true) == LQ_OK &&
        lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault) == LQ_OK)
      lq_disasm_rule(&text, p, 0);
    bare_listing(&bare, lq_buf_get(&text));
    cr_expect(lq_str_is(lq_buf_get(&bare), states[i].listing), "%s\n%.*s", states[i].query, (int)bare.n,
              bare.p);
    lq_program_free(p);
    lq_buf_free(&bare);
    lq_buf_free(&text);
    lq_buf_free(&bundle);
    lq_arena_free(&a);
  }
}

// ---- bundles

static const char *const rules[] = {
    "process.name : (\"a*\", \"b\") and not user.id == 5",
    "user.id == 5 and source.ip > \"10.0.0.1\" and length~(process.name) > -3",
    "cidrMatch(source.ip, \"10.0.0.0/8\", \"::1\") and a regex (\"x+\", \"y\") and b regex~ \"x+\"",
    "any(f, f.a == 1 and any(g, g.h == 2)) or f:{ a == 3 }",
    "sequence by host.id, ?user.id with maxspan=5m [process where name : \"a*\"] as x with runs=2 ![any "
    "where a == 1] "
    "[file where path == x.file.path and descendant of [process where child of [any where b == 1]]] until [c "
    "where true] | "
    "where x.file.path != events[3].file.path | unique events[0].user.name | head 3",
    "a == 1 | where b == 2 | eval c = length(d), e = c + 1 | stats count() as n, dcount(e) by host.id over "
    "5m | "
    "where n > 3 | sort n desc | keep n, host.id",
    "process.name : (\"b\", \"a*\") and between~(a, \"x\", \"y\") == 2.5 and @timestamp > \"now-1d\"",
};
enum { RULES = sizeof rules / sizeof *rules };

static lq_status add_rule(lq_compiler *c, lq_arena *a, const char *id, const char *query, lq_dialect dialect)
{
  lq_diag_list d = {.arena = a};
  lq_compile_options o = {.dialect = dialect, .optimise = true, .lint = true, .now = TEST_NOW};
  lq_meta_pair meta[] = {{LQ_STR("tag"), LQ_STR("one")}, {LQ_STR("tag"), lq_str_of(id)}};
  lq_rule_info info = {
      .id = lq_str_of(id), .name = LQ_STR("A rule"), .source = lq_str_of(query), .meta = meta, .nmeta = 2};
  lq_node *tree = NULL;
  uint32_t rule;
  lq_status st = lq_parse(&tree, a->mem, info.source, dialect, &d);
  if (!st)
    st = lq_compiler_add(c, tree, &info, &o, &d, &rule);
  if (!st)
    st = lq_compiler_add_test(c, rule, LQ_TEST_MATCH, 0, info.id, LQ_STR("{}"), 1);
  return st;
}

static lq_status build(lq_buf *bundle, const lq_mem *mem, const int *order, bool with_errors)
{
  static const char *const ids[RULES] = {"m", "b", "z", "a", "q", "d", "y"};
  lq_arena a = {.mem = mem};
  lq_compiler *c = NULL;
  lq_status st = lq_compiler_new(&c, mem);
  for (int i = 0; i < RULES && !st; i++) {
    const char *query = rules[order[i]];
    if (order[i] == 1) // `length~` is none
      query = "user.id == 5 and source.ip > \"10.0.0.1\" and length(process.name) > -3";
    st = add_rule(c, &a, ids[order[i]], query, LQ_DIALECT_LQ);
    if (!st && with_errors)
      add_rule(c, &a, "broken", "unused : \"unused text\" and lentgh(a) == 1", LQ_DIALECT_LQ);
    if (!st && with_errors) // the id is taken
      add_rule(c, &a, ids[order[i]], "also_unused == \"more\"", LQ_DIALECT_LQ);
  }
  if (c)
    lq_compiler_set_provenance(c, LQ_STR("{}"));
  if (!st)
    st = lq_compiler_finish(c, bundle);
  lq_compiler_free(c);
  lq_arena_free(&a);
  return st;
}

Test(emit, same_bytes)
{
  static const int orders[][RULES] = {{0, 1, 2, 3, 4, 5, 6}, {6, 5, 4, 3, 2, 1, 0}, {2, 5, 0, 4, 1, 6, 3}};
  lq_buf first = {.mem = &lq_mem_libc};
  cr_assert_eq(build(&first, &lq_mem_libc, orders[0], false), LQ_OK);
  for (int i = 0; i < 6; i++) {
    lq_buf again = {.mem = &lq_mem_libc};
    cr_expect_eq(build(&again, &lq_mem_libc, orders[i % 3], i >= 3), LQ_OK);
    cr_expect(lq_str_eq(lq_buf_get(&first), lq_buf_get(&again)), "order %d, errors %d", i % 3, i >= 3);
    lq_buf_free(&again);
  }
  lq_program *p = NULL;
  lq_fault fault = {0};
  cr_assert_eq(lq_bundle_read(&p, &lq_mem_libc, first.p, first.n, NULL, &fault), LQ_OK, "%s",
               lq_reason_text(fault.reason));
  cr_expect_eq(p->nrules, RULES);
  cr_expect_eq(p->ntests, RULES);
  // `process.name : ("a*", "b")` and `user.id == 5` stand in two rules each, and once in the tables.
  cr_expect_eq(p->nmeta, 2 * RULES);
  lq_program_free(p);
  lq_buf_free(&first);
}

Test(emit, out_of_memory)
{
  static const int order[RULES] = {0, 1, 2, 3, 4, 5, 6};
  lq_buf whole = {.mem = &lq_mem_libc};
  cr_assert_eq(build(&whole, &lq_mem_libc, order, false), LQ_OK);
  lq_status st = LQ_E_NOMEM;
  for (size_t n = 1; st != LQ_OK && n < 100000; n++) {
    counting_mem m = {.fail_at = n};
    lq_mem mem = {counting_fn, &m};
    lq_buf bundle = {.mem = &mem};
    st = build(&bundle, &mem, order, false);
    cr_expect(st == LQ_OK || st == LQ_E_NOMEM, "allocation %zu gave %d", n, st);
    if (st == LQ_OK)
      cr_expect(lq_str_eq(lq_buf_get(&bundle), lq_buf_get(&whole)), "allocation %zu", n);
    lq_buf_free(&bundle);
    cr_expect_eq(m.live, 0, "allocation %zu leaks", n);
  }
  cr_expect_eq(st, LQ_OK);
  lq_buf_free(&whole);
}

Test(emit, limits)
{
  lq_arena a = {.mem = &lq_mem_libc};
  lq_buf query = {.mem = &lq_mem_libc};
  static const struct {
    uint32_t max_code, max_list;
    lq_status status;
  } cases[] = {{0, 0, LQ_OK}, {50, 0, LQ_E_QUERY}, {0, 10, LQ_E_QUERY}};
  for (int i = 0; i < 100; i++)
    lq_buf_printf(&query, "%sf%d in (1,2,3,4,5,6,7,8,9,10,11,12)", i ? " and " : "", i);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_diag_list d = {.arena = &a};
    lq_compile_options o = {.max_code = cases[i].max_code, .max_list = cases[i].max_list};
    lq_rule_info info = {.id = LQ_STR("r"), .name = LQ_STR("r"), .source = lq_buf_get(&query)};
    lq_compiler *c = NULL;
    lq_node *tree = NULL;
    cr_assert_eq(lq_parse(&tree, a.mem, info.source, LQ_DIALECT_LQ, &d), LQ_OK);
    cr_assert_eq(lq_compiler_new(&c, a.mem), LQ_OK);
    cr_expect_eq(lq_compiler_add(c, tree, &info, &o, &d, NULL), cases[i].status, "case %zu", i);
    if (cases[i].status)
      cr_expect(d.first && d.first->code == LQ_DIAG_TOO_LARGE, "case %zu", i);
    lq_compiler_free(c);
  }
  lq_buf_free(&query);
  lq_arena_free(&a);
}
