// Endgame EQL: what it spells and means in its own way; and indexes, which every dialect has.
#include <stdio.h>

#include <criterion/criterion.h>

#include "compile_query.h"

typedef struct row {
  const char *query, *event;
  int expected;
} row;

static void check_rows(const row *rows, size_t n, lq_dialect dialect)
{
  for (size_t i = 0; i < n; i++) {
    for (int optimise = 0; optimise < 2; optimise++) {
      compiled c;
      lq_status st = compile_query(&c, rows[i].query, dialect, optimise);
      cr_expect_eq(st, LQ_OK, "%s does not compile: %d", rows[i].query, st);
      if (!st) {
        int got = matches(&c, rows[i].event);
        cr_expect_eq(got, rows[i].expected, "%s\n  over %s is %d (%s)", rows[i].query, rows[i].event, got,
                     optimise ? "optimised" : "plain");
      }
      free_compiled(&c);
    }
  }
}
#define CHECK(rows, dialect) check_rows(rows, sizeof(rows) / sizeof *(rows), dialect)

Test(endgame, truths)
{
  static const row rows[] = {
      // Null goes through comparisons, `not`, `and` and `or`.
      {"any where not m == 1", "{}", 0},
      {"any where m != 1", "{}", 0},
      {"any where m not in (1, 2)", "{}", 0},
      {"any where m == 1 or a == 1", "{\"a\":1}", 1},
      {"any where not (m == 1 and a == 2)", "{\"a\":1}", 1},
      {"any where not (m == 1 or a == 2)", "{\"a\":1}", 0},
      {"any where (m == 1 and a == 1) == null", "{\"a\":1}", 1},
      {"any where (m == 1 and a == 2) == false", "{\"a\":1}", 1},
      {"any where m == null and a != null", "{\"a\":1}", 1},
      {"any where null == (m > 1)", "{}", 1},
      {"any where not startsWith(m, 'x')", "{}", 0},
      // These are false where something is missing.
      {"any where not cidrMatch(m, '10.0.0.0/8')", "{}", 1},
      {"any where not stringContains(m, 'x')", "{}", 1},
      {"any where not arraySearch(m, x, x == 1)", "{}", 1},
      // What is no boolean is true unless it is empty or zero.
      {"any where a", "{\"a\":\"x\"}", 1},
      {"any where a", "{\"a\":\"\"}", 0},
      {"any where not a", "{\"a\":0}", 1},
      {"any where a", "{\"a\":{\"b\":{\"c\":1}}}", 1},
      {"any where a", "{\"ab\":1}", 0},
      {"any where a == null", "{\"a\":{\"b\":1}}", 0},
      {"any where a != null", "{\"a\":{\"b\":1}}", 1},
      {"any where 1 and a", "{\"a\":[1,2]}", 1},
  };
  CHECK(rows, LQ_DIALECT_ENDGAME);
}

Test(endgame, values)
{
  static const row rows[] = {
      // Case is ignored; only `*` in a literal is a wildcard.
      {"any where a == 'ABC'", "{\"a\":\"abc\"}", 1},
      {"any where a == 'A*c'", "{\"a\":\"abbc\"}", 1},
      {"any where 'A*c' == a", "{\"a\":\"abbc\"}", 1},
      {"any where a != 'A*c'", "{\"a\":\"abbc\"}", 0},
      {"any where a == 'a?c*'", "{\"a\":\"abc\"}", 0},
      {"any where a == 'a?c*'", "{\"a\":\"a?cd\"}", 1},
      {"any where a in ('X', 'Abc', b)", "{\"a\":\"aBC\"}", 1},
      {"any where a in ('x', b)", "{\"a\":\"q\",\"b\":\"Q\"}", 1},
      {"any where a < 'B'", "{\"a\":\"a\"}", 1},
      {"any where 'B' > a and a >= 'A' and 'a' <= a", "{\"a\":\"a\"}", 1},
      {"any where a == b", "{\"a\":\"X\",\"b\":\"x\"}", 1},
      {"any where match(a, 'AB.') and matchLite(a, ?'a\\wc') and match('a', a)", "{\"a\":\"abc\"}", 1},
      {"any where wildcard(a, 'Z*', 'A?C', '*BC')", "{\"a\":\"abc\"}", 1},
      // One kind with one kind, and no element of an array.
      {"any where a == 1", "{\"a\":\"1\"}", 0},
      {"any where a != 1", "{\"a\":\"1\"}", 0},
      {"any where a == 1.0", "{\"a\":1}", 1},
      {"any where a == 'x'", "{\"a\":[\"x\",\"y\"]}", 0},
      {"any where a in ('x')", "{\"a\":[\"x\",\"y\"]}", 0},
      {"any where length(a) == 2", "{\"a\":[\"xxx\",\"yyy\"]}", 1},
      {"any where startsWith(a, 'x')", "{\"a\":[\"x\",\"xy\"]}", 0},
      {"any where arrayContains(a, 'Y')", "{\"a\":[\"x\",\"y\"]}", 1},
      {"any where arraySearch(a, e, e == 'Y*') and arrayCount(a, e, e == '*') == 2", "{\"a\":[\"x\",\"y\"]}",
       1},
      {"any where arraySearch(a, e, arraySearch(e.b, f, f.c == e.d))",
       "{\"a\":[{\"b\":[{\"c\":1}],\"d\":1}]}", 1},
      {"any where a[1] == 'Y' and a[2] == null", "{\"a\":[\"x\",\"y\"]}", 1},
      {"any where a[1].b == 2 and a[0].b[1] == null", "{\"a\":[{\"b\":1},{\"b\":2}]}", 1},
      // Functions.
      {"any where between(a, 'x', 'y') == null", "{\"a\":\"abc\"}", 1},
      {"any where a / 2 == -4 and a % 2 == 1 and divide(a, 2) == -4", "{\"a\":-7}", 1},
      {"any where -a == 7 and a + 8 == 1", "{\"a\":-7}", 1},
      {"any where stringContains(a, '') and indexOf(a, 'C') == 2", "{\"a\":\"abc\"}", 1},
      {"any where safe(length(a)) == 3", "{\"a\":\"abc\"}", 1},
  };
  CHECK(rows, LQ_DIALECT_ENDGAME);
}

Test(endgame, spelling)
{
  static const row rows[] = {
      {"process where a = 1", "{\"event_type\":\"process\",\"a\":1}", 1},
      {"process where a = 1", "{\"event_type_full\":\"process_event\",\"a\":1}", 1},
      {"process where a = 1", "{\"event_type\":\"file\",\"event_type_full\":\"process_event\",\"a\":1}", 0},
      {"process where true | filter a == 1 | filter b == 2", "{\"event_type\":\"process\",\"a\":1,\"b\":2}",
       1},
      {"any where a:length() == 3 and (a):concat('d'):length() = 4", "{\"a\":\"abc\"}", 1},
      {"any where a == ?'C:\\x\\' and b == ?\"say \\\"x\\\"\"",
       "{\"a\":\"c:\\\\X\\\\\",\"b\":\"say \\\"x\\\"\"}", 1},
      {"any where AND == 1 and Where == 2", "{\"AND\":1,\"Where\":2}", 1},
      {"any where /* a /* b */ a == 1", "{\"a\":1}", 1},
      {"macro IS(f, v) f == v or f == \"*x\" macro BOTH(f) IS(f.a, 1) and IS(f.b, 2) any where BOTH(q)",
       "{\"q\":{\"a\":1,\"b\":2}}", 1},
      {"const ONE = 1 macro FIRST(a) a[0] any where FIRST(q.r) == ONE", "{\"q\":{\"r\":[1,2]}}", 1},
      {"macro NOTHING() a == 1 process where not NOTHING()", "{\"event_type\":\"process\",\"a\":2}", 1},
  };
  CHECK(rows, LQ_DIALECT_ENDGAME);
}

Test(endgame, refused)
{
  static const char *const queries[] = {
      "process",
      "a == 1",
      "any where a : \"x\"",
      "any where a like \"x\"",
      "any where a in~ (\"x\")",
      "any where startsWith~(a, \"x\")",
      "any where ?a == 1",
      "any where $a == 1",
      "any where a == \"\"\"x\"\"\"",
      "any where by == 1",
      "any where a.by == 1",
      "any where a.1 == 1",
      "any where 1 == \"x\"",
      "any where true < false",
      "any where 1 in (\"x\")",
      "any where true | sort 1 + 1",
      "any where f(a b)",
      "sequence [any where true] with runs=2",
      "sequence [any where true] [any where true] with runs=2",
      "sequence with maxspan=1s [any where true] ![any where true]",
      "sequence [any where true] fork [any where true]",
      "sequence [any where true] [any where true] fork fork",
      "join [any where true] [any where true] fork",
      "macro SELF(a) SELF(a) any where SELF(b)",
      "macro A(a) a == 1 macro A(b) b == 1 any where A(b)",
      "macro NAME(a) a.name any where NAME(1) == 1",
      "macro NAME(a) a any where NAME(b, c)",
      "macro NAME(a a any where true",
      "const X any where true",
      "macro X() any where true",
      "any where macro == 1",
  };
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    compiled c;
    lq_status st = compile_query(&c, queries[i], LQ_DIALECT_ENDGAME, true);
    cr_expect_eq(st, LQ_E_QUERY, "%s gives %d", queries[i], st);
    free_compiled(&c);
  }
}

// Each doubles what the one before it gives: a small text must not become a large tree.
Test(endgame, budget)
{
  char query[4096] = "macro A() a == 1 or a == 2\n";
  size_t n = strlen(query);
  for (char c = 'B'; c <= 'Z'; c++)
    n += (size_t)snprintf(query + n, sizeof query - n, "macro %c() %c() or (%c())\n", c, c - 1, c - 1);
  snprintf(query + n, sizeof query - n, "any where Z()");
  compiled c;
  cr_expect_eq(compile_query(&c, query, LQ_DIALECT_ENDGAME, true), LQ_E_QUERY);
  free_compiled(&c);
}

Test(indexes, native)
{
  static const row rows[] = {
      {"a[0] == \"x\"", "{\"a\":[\"x\",\"y\"]}", 1},
      {"a[1] == \"x\"", "{\"a\":[\"x\",\"y\"]}", 0},
      {"a[1] : \"Y*\" and a[2] == null and a[1] != null", "{\"a\":[\"x\",\"y\"]}", 1},
      {"a[0] == \"x\"", "{\"a\":\"x\"}", 1},
      {"a[1].b > 1", "{\"a\":[{\"b\":1},{\"b\":2}]}", 1},
      {"a[0].b > 1", "{\"a\":[{\"b\":1},{\"b\":2}]}", 0},
      {"a.b[1] in (\"y\") and length(a.b[1]) == 1 and exists(a.b[0])", "{\"a\":{\"b\":[\"x\",\"y\"]}}", 1},
      {"startsWith(a[1], \"y\") and not startsWith(a[0], \"y\")", "{\"a\":[\"x\",\"y\"]}", 1},
      {"any(a, a.b[1] == 4)", "{\"a\":[{\"b\":[1,2]},{\"b\":[3,4]}]}", 1},
      {"any(a, a.b[1] == 3)", "{\"a\":[{\"b\":[1,2]},{\"b\":[3,4]}]}", 0},
  };
  CHECK(rows, LQ_DIALECT_LQ);
}
