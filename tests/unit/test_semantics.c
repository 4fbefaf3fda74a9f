// What queries mean: the tables of LANGUAGE sections 4 and 5, line by line, each optimised and not.
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

Test(semantics, lexical)
{
  static const row rows[] = {
      // Escapes first, then wildcards.
      {"c : \"*\\\\\\\\*\\\\admin$*\"", "{\"c\":\"psexec \\\\\\\\host\\\\admin$ x\"}", 1},
      {"c : \"*\\\\\\\\*\\\\admin$*\"", "{\"c\":\"psexec \\\\host\\\\admin$ x\"}", 0},
      {"c : \"C:\\\\Users\\\\*\"", "{\"c\":\"c:\\\\users\\\\me\"}", 1},
      {"c : \"*\\\\CLSID\\\\*\"", "{\"c\":\"HKLM\\\\x\\\\clsid\\\\y\"}", 1},
      {"c : \"a\\*b\"", "{\"c\":\"a*b\"}", 1},
      {"c : \"a\\*b\"", "{\"c\":\"axb\"}", 0},
      {"c : \"a\\?b\"", "{\"c\":\"axb\"}", 0},
      {"c : \"\"\"C:\\x*\"\"\"", "{\"c\":\"C:\\\\xyz\"}", 1},
      {"c == \"\\u{e9}\"", "{\"c\":\"\\u00e9\"}", 1},
      {"`odd-name` == 1", "{\"odd-name\":1}", 1},
      {"process. command_line : \"x\"", "{\"process\":{\"command_line\":\"X\"}}", 1},
      {"?m == ?k", "{\"a\":1}", 1},
      {"?m != ?k", "{\"a\":1}", 0},
      {"?m == ?k", "{\"m\":1}", 0},
      {"?m == ?k", "{\"m\":1,\"k\":1}", 1},
      {"m == k", "{\"a\":1}", 0},
      {"?m == null AND a /* so /* it */ is */ == 1 // yes", "{\"a\":1}", 1},
  };
  CHECK(rows, LQ_DIALECT_LQ);
}

Test(semantics, values)
{
  static const row rows[] = {
      // Literals of one kind and values of another compare by canonical text.
      {"event.code == \"4624\"", "{\"event\":{\"code\":4624}}", 1},
      {"event.code : 4624", "{\"event\":{\"code\":\"4624\"}}", 1},
      {"user.id == 0", "{\"user.id\":\"0\"}", 1},
      {"a == 4", "{\"a\":4.0}", 1},
      {"a == 4.0", "{\"a\":4}", 1},
      {"a == true", "{\"a\":\"true\"}", 1},
      {"a == 18446744073709551615", "{\"a\":18446744073709551615}", 1},
      {"a == 9007199254740993", "{\"a\":9007199254740992}", 0},
      {"a == \"X\"", "{\"a\":\"x\"}", 0},
      // Ordering needs one kind.
      {"a > 5", "{\"a\":\"6\"}", 0},
      {"not a > 5", "{\"a\":\"6\"}", 1},
      {"a > \"5\"", "{\"a\":\"6\"}", 1},
      {"a > 5", "{\"a\":5.5}", 1},
      {"a >= 9007199254740993", "{\"a\":9007199254740992.0}", 0},
      {"a < 0", "{\"a\":18446744073709551615}", 0},
      {"a < -1", "{\"a\":-2}", 1},
      {"@timestamp >= \"2024-05-01T09:00:00Z\"", "{\"@timestamp\":\"2024-05-01T11:00:00+02:00\"}", 1},
      {"@timestamp > \"now-1h\"", "{\"@timestamp\":\"2024-05-01T09:30:00Z\"}", 1},
      {"@timestamp > \"now-1h\"", "{\"@timestamp\":\"2024-05-01T08:30:00Z\"}", 0},
      {"source.ip > \"9.0.0.0\"", "{\"source\":{\"ip\":\"10.0.0.1\"}}", 1},
      // Lookup: every spelling counts.
      {"a.b.c == 1 and a.b.c == 2 and a.b.c == 3", "{\"a\":{\"b.c\":1,\"b\":{\"c\":2}},\"a.b.c\":3}", 1},
      {"a == 1 and a == 2", "{\"a\":1,\"a\":2}", 1},
      {"a.b == 1 and a.b == 2", "{\"a\":[{\"b\":1},{\"b\":2}]}", 1},
      // Missing.
      {"a == null", "{}", 1},
      {"a == null", "{\"a\":null}", 1},
      {"a == null", "{\"a\":[]}", 1},
      {"a == null", "{\"a\":[null]}", 1},
      {"a == null", "{\"a\":\"\"}", 0},
      {"a == \"\"", "{\"a\":\"\"}", 1},
      {"a == null", "{\"a\":false}", 0},
      // A bare field is `== true`.
      {"flag", "{\"flag\":true}", 1},
      {"flag", "{\"flag\":false}", 0},
      {"flag", "{}", 0},
      {"not flag", "{}", 1},
      {"flag", "{\"flag\":[false,true]}", 1},
      // Categories.
      {"process where a == 1", "{\"event\":{\"category\":[\"x\",\"process\"]},\"a\":1}", 1},
      {"process where a == 1", "{\"event\":{\"category\":\"Process\"},\"a\":1}", 0},
      {"\"process\" where a == 1", "{\"event.category\":\"process\",\"a\":1}", 1},
      {"any where a == 1", "{\"a\":1}", 1},
      {"a == 1 | where b == 2 | where c == 3", "{\"a\":1,\"b\":2,\"c\":3}", 1},
      {"a == 1 | where b == 2 | filter c == 3", "{\"a\":1,\"b\":2}", 0},
  };
  CHECK(rows, LQ_DIALECT_LQ);
}

Test(semantics, missing)
{
  static const row rows[] = {
      {"m == \"x\"", "{}", 0},
      {"m > 1", "{}", 0},
      {"m : \"*\"", "{}", 0},
      {"m != \"x\"", "{}", 1},
      {"not m : \"x\"", "{}", 1},
      {"m not : \"x\"", "{}", 1},
      {"m not in (\"x\")", "{}", 1},
      {"not startsWith(m, \"x\")", "{}", 1},
      {"m == null", "{}", 1},
      {"m != null", "{}", 0},
      {"null == (m > 1)", "{}", 1},
      {"null == (m > 1)", "{\"m\":1}", 0},
      {"null == (m != 1)", "{}", 0},
      {"null == (not m == 1)", "{}", 0},
      {"null == (m : \"x\")", "{}", 1},
      {"null == (m : (\"x\" and not \"y\"))", "{}", 1},
      {"null == (m : (\"x\", \"10.0.0.0/8\"))", "{}", 1},
      {"(m : (\"x\" and not \"y\")) == false", "{\"m\":\"z\"}", 1},
      {"(m : (\"x\" and not \"y\")) == false", "{}", 0},
      {"null == (m in (1, n))", "{\"n\":1}", 1},
      {"(m in (1, n)) == true", "{\"n\":2,\"m\":2}", 1},
      {"null == length(m)", "{}", 1},
      {"null == (m + 1)", "{}", 1},
      {"null == (n / 0)", "{\"n\":5}", 1},
      {"null == (n % 0)", "{\"n\":5}", 1},
      {"n / 2 == 2", "{\"n\":5}", 1},
      {"n / 2 == -2", "{\"n\":-5}", 1},
      {"n / 2 == 2.5", "{\"n\":5.0}", 1},
      {"n + 1 == 6 and n - 1 == 4 and n * 2 == 10 and n % 3 == 2 and -n == -5", "{\"n\":5}", 1},
      {"null and a == 1", "{\"a\":1}", 0},
      {"a == 1 or null", "{\"a\":1}", 1},
      {"m == n", "{}", 0},
      {"m != n", "{}", 1},
      {"wildcard(m, \"*\") == null", "{}", 1},
      {"(m : *) == false", "{}", 1},
      {"indexOf(n, \"z\") == null", "{\"n\":\"abc\"}", 1},
      {"between(n, \"x\", \"y\") == \"\"", "{\"n\":\"abc\"}", 1},
      {"coalesce(m, n) == 5", "{\"n\":5}", 1},
      {"exists(n) and missing(m) and not exists(m)", "{\"n\":5}", 1},
  };
  CHECK(rows, LQ_DIALECT_LQ);
}

Test(semantics, arrays)
{
  static const char event[] =
      "{\"arr\":[\"x\",\"y\"],\"n\":[1,5],\"f\":[{\"a\":1,\"b\":2,\"t\":[\"p\"]},{\"a\":3,\"b\":4}]}";
  static const row rows[] = {
      {"arr == \"x\"", event, 1},
      {"arr != \"x\"", event, 0},
      {"arr : (\"x\" and \"y\")", event, 1},
      {"arr : (\"x\" and \"z\")", event, 0},
      {"arr : (\"x\" and not \"z\")", event, 1},
      {"arr : (\"z\" or \"Y\")", event, 1},
      {"arr in (\"z\", \"y\")", event, 1},
      {"arr not in (\"z\", \"y\")", event, 0},
      {"n > 4 and n < 2", event, 1},
      {"n == 1 and n == 5", event, 1},
      {"arr == n", event, 0},
      {"length(arr) == 1", event, 1},
      {"n + 1 == 6", event, 1},
      {"f.a == 1 and f.b == 4", event, 1},
      {"f:{ a == 1 and b == 4 }", event, 0},
      {"f:{ a == 1 and b == 2 }", event, 1},
      {"f:{ a == 3 and not b == 2 }", event, 1},
      {"any(f, f.a == 1 and f.b == 2)", event, 1},
      {"any(f, a == 1 and b == 4)", event, 0},
      {"all(f, a < b)", event, 1},
      {"all(f, a == 1)", event, 0},
      {"all(none, a == 1)", event, 0},
      {"any(arr, arr == \"y\")", event, 1},
      {"all(arr, arr : \"?\")", event, 1},
      {"arraySearch(arr, $v, $v == \"y\")", event, 1},
      {"_arraysearch(f, $v, $v.a == 3 and $v.b == 4 and arr == \"x\")", event, 1},
      {"arrayCount(f, $v, $v.a > 0) == 2", event, 1},
      {"arrayCount(none, $v, $v.a > 0) == null", event, 1},
      {"f:{ any(t, t == \"p\") and a == 1 }", event, 1},
      {"f:{ any(t, t == \"p\") and a == 3 }", event, 0},
      {"arrayContains(arr, \"q\", \"y\") and array_length(n) == 2 and first(arr) == \"x\" and last(n) == 5",
       event, 1},
  };
  CHECK(rows, LQ_DIALECT_LQ);
}

Test(semantics, operators)
{
  static const row rows[] = {
      {"a : \"STRASSE\"", "{\"a\":\"strasse\"}", 1},
      {"a : \"\\u{c9}*\"", "{\"a\":\"\\u00e9x\"}", 1},
      {"a : \"k\"", "{\"a\":\"\\u212a\"}", 1},
      {"a : \"a?c\"", "{\"a\":\"A\\u00e9C\"}", 1},
      {"a : \"a*\"", "{\"a\":\"A\\nB\"}", 1},
      {"a : true and b : 5", "{\"a\":true,\"b\":\"5\"}", 1},
      {"a : (\"x\", 5)", "{\"a\":5}", 1},
      {"a : \"10.0.0.0/8\"", "{\"a\":\"10.200.3.4\"}", 1},
      {"a : \"10.0.0.0/8\"", "{\"a\":\"11.0.0.1\"}", 0},
      {"a : \"10.0.0.0/8\"", "{\"a\":\"10.0.0.0/8\"}", 1},
      {"a like \"X*\"", "{\"a\":\"xy\"}", 0},
      {"a like~ \"X*\"", "{\"a\":\"xy\"}", 1},
      {"a like \"x\"", "{\"a\":\"xy\"}", 0},
      {"a regex \"x+\"", "{\"a\":\"xxx\"}", 1},
      {"a regex \"x+\"", "{\"a\":\"xxxy\"}", 0},
      {"a regex \"X+\"", "{\"a\":\"xxx\"}", 0},
      {"a regex~ (\"q\", \"X{3}\")", "{\"a\":\"xxx\"}", 1},
      {"a regex \"\"\"\\d+\\s\\w\"\"\"", "{\"a\":\"12 z\"}", 1},
      {"match(a, \"x+\")", "{\"a\":\"xxy\"}", 1},
      {"match(a, \"y\")", "{\"a\":\"xxy\"}", 0},
      {"search(a, \"y\")", "{\"a\":\"xxy\"}", 1},
      {"search~(a, \"Y\")", "{\"a\":\"xxy\"}", 1},
      {"a in (\"x\", \"y\")", "{\"a\":\"X\"}", 0},
      {"a in~ (\"x\", \"y\")", "{\"a\":\"X\"}", 1},
      {"a in (b, \"z\")", "{\"a\":\"q\",\"b\":\"q\"}", 1},
      {"a == \"a*\"", "{\"a\":\"a*\"}", 1},
      {"a == \"a*\"", "{\"a\":\"ab\"}", 0},
      {"a : *", "{\"a\":0}", 1},
      {"a : *", "{}", 0},
      {"startsWith(a, \"x*\")", "{\"a\":\"xy\"}", 0},
      {"startsWith(a, \"x*\")", "{\"a\":\"x*y\"}", 1},
      {"endsWith~(a, \"Q\", \"Y\")", "{\"a\":\"xy\"}", 1},
      {"stringContains(a, \"\")", "{\"a\":\"xy\"}", 0},
      {"startsWith(a, \"\")", "{\"a\":\"xy\"}", 1},
      {"startsWith(a, \"46\")", "{\"a\":4624}", 1},
      {"wildcard~(a, \"X?\", \"z\")", "{\"a\":\"xy\"}", 1},
      {"cidrMatch(a, \"10.1.2.3/8\")", "{\"a\":\"10.9.9.9\"}", 1},
      {"cidrMatch(a, \"::1\", \"fe80::/10\")", "{\"a\":\"FE80::1\"}", 1},
      {"a == b", "{\"a\":\"x\",\"b\":[\"y\",\"x\"]}", 1},
      {"a < b", "{\"a\":1,\"b\":2}", 1},
      {"length(a) > 1 and lower(a) == \"xy\" and concat(a, 1) == \"XY1\"", "{\"a\":\"XY\"}", 1},
      {"a == 1 or b == 2 and c == 3", "{\"a\":1}", 1},
      {"not a == 1 or b == 2", "{\"a\":1}", 0},
      {"1 + 2 * 3 == n", "{\"n\":7}", 1},
  };
  CHECK(rows, LQ_DIALECT_LQ);
}

Test(semantics, kql)
{
  static const row rows[] = {
      {"a : x", "{\"a\":\"x\"}", 1},
      {"a : x", "{\"a\":\"X\"}", 0},
      {"a : x*", "{\"a\":\"xyz\"}", 1},
      {"a : \"x*\"", "{\"a\":\"xyz\"}", 0},
      {"a : \"x*\"", "{\"a\":\"x*\"}", 1},
      {"a : some words", "{\"a\":\"some words\"}", 1},
      {"a : (x or y) and not b : *", "{\"a\":\"y\"}", 1},
      {"a : (x and y)", "{\"a\":[\"x\",\"y\"]}", 1},
      {"a : 5 and b : true", "{\"a\":\"5\",\"b\":true}", 1},
      {"a : 1.50", "{\"a\":1.5}", 1},
      {"a : 1.50", "{\"a\":\"1.50\"}", 1},
      {"a >= 5 and a < 7", "{\"a\":5}", 1},
      {"a.caseless : X", "{\"a\":\"x\"}", 1},
      {"source.ip : 10.0.0.0/8", "{\"source.ip\":\"10.1.1.1\"}", 1},
      {"message : \"failed login\"", "{\"message\":\"A Failed login here\"}", 1},
      {"message : \"login failed\"", "{\"message\":\"A Failed login here\"}", 0},
      {"message : login failed", "{\"message\":\"only LOGIN\"}", 1},
      {"message : fail*", "{\"message\":\"it Failed\"}", 1},
      {"f:{ a : 1 and b : 4 }", "{\"f\":[{\"a\":1,\"b\":2},{\"a\":3,\"b\":4}]}", 0},
      {"f:{ a : 3 and b : 4 }", "{\"f\":[{\"a\":1,\"b\":2},{\"a\":3,\"b\":4}]}", 1},
      {"file.hash.* : abc", "{\"file\":{\"hash\":{\"md5\":\"abc\"}}}", 1},
      {"*", "{}", 1},
      {"*:*", "{}", 1},
  };
  CHECK(rows, LQ_DIALECT_KQL);
}
