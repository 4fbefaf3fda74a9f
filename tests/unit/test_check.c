// The checker and the linter: a query, and the codes it gives, in order.
#include <criterion/criterion.h>

#include "compiler/compiler.h"
#include "parser/parse.h"

typedef struct row {
  const char *query;
  const char *codes; // "203 207", or "" for nothing to say
} row;

static lq_str codes_of(lq_arena *a, lq_str query, lq_dialect dialect, bool strict)
{
  lq_source source = {LQ_STR("test"), query};
  lq_diag_list d = {.arena = a, .source = &source};
  lq_compile_options o = {.dialect = dialect, .optimise = true, .lint = true, .strict_schema = strict};
  lq_node *tree = NULL;
  lq_buf out = {.mem = a->mem};
  lq_status st = lq_parse(&tree, a->mem, query, dialect, &d);
  if (!st)
    lq_check(tree, &o, a->mem, &d);
  for (const lq_diag *x = d.first; x; x = x->next)
    lq_buf_printf(&out, "%s%d", out.n ? " " : "", (int)x->code);
  lq_str codes = lq_arena_copy(a, lq_buf_get(&out));
  lq_buf_free(&out);
  return codes;
}

static void check_rows(const row *rows, size_t n, lq_dialect dialect, bool strict)
{
  for (size_t i = 0; i < n; i++) {
    lq_arena a = {.mem = &lq_mem_libc};
    lq_str got = codes_of(&a, lq_str_of(rows[i].query), dialect, strict);
    cr_expect(lq_str_is(got, rows[i].codes), "%s\n  gave `%.*s`, not `%s`", rows[i].query, LQ_STR_ARG(got),
              rows[i].codes);
    lq_arena_free(&a);
  }
}
#define CHECK(rows, dialect, strict) check_rows(rows, sizeof(rows) / sizeof *(rows), dialect, strict)

Test(check, errors)
{
  static const row rows[] = {
      // Functions.
      {"lentgh(a) > 3", "202"},
      {"nothing_like_it(a)", "202"},
      {"cidrMatch~(a, \"10.0.0.0/8\")", "202"},
      {"length() > 3", "204"},
      {"length(a, b) > 3", "204"},
      {"between(a, \"x\") == \"y\"", "204"},
      {"startsWith(a)", "204"},
      {"length(5) > 3", "203"},
      {"startsWith(a, 5)", "203"},
      {"length(a : \"x\") > 3", "203"},
      {"cidrMatch(5, \"10.0.0.0/8\")", "203"},
      {"is_private(\"not an address\")", "203"},
      {"hour(\"yesterday\") > 5", "210"},
      {"substring(a, 1.5) == \"x\"", "203"},
      {"count() > 5", "203"},
      {"if(length(a), 1) == 1", "206"},
      {"case(a == 1, 2, length(a), 3) == 1", "206"},
      // Literals that must be written out, or are languages of their own.
      {"wildcard(a, b)", "211"},
      {"a : b", "111"},
      {"a regex b", "111"},
      {"match(a, 5)", "211"},
      {"a regex \"(\"", "208"},
      {"a regex~ (\"x\", \"[z-a]\")", "208"},
      {"match(a, \"(?=x)\")", "208"},
      {"cidrMatch(a, \"10.0.0.0/33\")", "209"},
      {"cidrMatch(a, \"10.0.0.x/8\")", "209"},
      {"@timestamp > \"tomorrow\"", "210"},
      // Kinds.
      {"\"text\"", "206"},
      {"a and 5", "206"},
      {"not length(a)", "206"},
      {"a + 1", "206"},
      {"a in (\"x\", 5)", "207"},
      {"a in (\"x\", 5, true)", "207"},
      {"a like 5", "203"},
      {"a : null", "203"},
      {"a < true", "203"},
      {"length(a) < \"x\"", "203"},
      {"a + \"x\" == \"y\"", "203"},
      {"-lower(a) == 1", "203"},
      // Several in one run.
      {"lentgh(a) > 3 and b in (1, \"x\") and \"c\"", "202 207 206"},
      // Variables and walks.
      {"arraySearch(a, $v, $w == 1)", "216"},
      {"$v == 1", "216"},
      {"any(\"a\", b == 1)", "203"},
      {"any(a, \"x\")", "206"},
      {"arraySearch(a, $x, arraySearch(a, $y, $x == $y))", "303"},
      {"any(a, any(b, any(c, any(d, e == 1))))", "301"},
      // Sequences.
      {"sequence by k with maxspan=1m [a where true] by x [b where true]", "212"},
      {"sequence by k with maxspan=1m [a where true]", "213"},
      {"sequence by k with maxspan=1m ![a where true] ![b where true]", "213"},
      {"sequence by k [a where true] ![b where true]", "214"},
      {"sequence by k with maxspan=1m [a where true] with runs=101 [b where true]", "215"},
      {"sequence by k with maxspan=1m [a where true] as x [b where true] as x", "217"},
      {"sequence by k with maxspan=1m [a where lentgh(b) > 1] [b where true]", "202"},
      {"sample [a where true] [b where true]", "212"},
      {"sequence by k with maxspan=1m [a where true] [b where true] until [c where true] with runs=2", "215"},
      {"child of [a where child of [b where child of [c where child of [d where true]]]]", "301"},
      // Names of events and columns.
      {"sequence by k with maxspan=1m [a where x.pid == 1] as x [b where true] as y", "218"},
      {"sequence by k with maxspan=1m [a where y.pid == 1] as x [b where true] as y", "218"},
      {"sequence by k with maxspan=1m [a where true] as x [b where x]", "218"},
      {"sequence by k with maxspan=1m [a where true] as x [b where true] by x.pid", "218 212"},
      {"sequence by k with maxspan=1m [a where true] as x [b where true] until [c where x.pid == 1]", "218"},
      {"sequence by k with maxspan=1m [a where true] ![c where true] as z [b where z.pid == 1]", "218"},
      {"sequence by k with maxspan=1m [a where true] as x [b where child of [c where x.pid == 1]]", "218"},
      {"sample by k [a where true] as x [b where x.pid == 1]", "218"},
      {"sequence by k with maxspan=1m [a where true] [b where true] | where process.pid == 1", "218"},
      {"sequence by k with maxspan=1m [a where true] [b where true] | where events[2].process.pid == 1",
       "218"},
      {"sequence by k with maxspan=1m [a where true] with runs=2 | where events[1].process.pid == 1", "218"},
      {"any where true | stats count() as n by host.id | where user.id == 1", "218"},
      {"any where true | stats count() as n by host.id | keep n | where host.id == \"x\"", "218"},
      {"any where true | stats count() as n by host.id | drop n | where n > 1", "218"},
      {"any where true | eval a = 1 | count host.id | where a == 1", "218"},
      {"any where true | where events[1].process.pid == 1", "218"},
      // Stages.
      {"any where true | stats length(host.name) as n", "203"},
      {"any where true | stats count() + 1 as n", "203"},
      {"any where true | stats count(dcount(x)) as n", "204"},
      {"any where true | stats dcount(count()) as n", "203"},
      {"any where true | eval n = count()", "203"},
      {"any where true | stats count() as n, dcount(x) as n", "217"},
      {"any where true | stats count() as n over 0s", "115"},
      {"any where true | suppress by host.id for 0s", "115"},
      {"process.args[0][1] == \"x\"", "303"},
  };
  CHECK(rows, LQ_DIALECT_LQ, false);
}

Test(check, fine)
{
  static const row rows[] = {
      {"any where true", ""},
      {"sequence by k with maxspan=1m [a where true] [b where true]", ""},
      {"sequence by k with maxspan=1m [a where true] with runs=3", ""},
      {"sequence by k with maxspan=1m [a where true] as x [b where x.process.pid == process.pid] as y | "
       "where x.process.name == y.process.name and events[1].user.id != null | unique x.host.id | head 5",
       ""},
      {"sequence with maxspan=1m [a where true] by k ![b where true] by ?l [c where true] by m until [d "
       "where true] by n",
       ""},
      {"sample by k [a where true] [b where true]", ""},
      {"join by k [a where true] [b where true] until [c where true]", ""},
      {"child of [process where true]", ""},
      {"sequence by k with maxspan=1m [a where true] as first [b where fisrt.process.pid == 5]", "411"},
      {"any where true | head 5", ""},
      {"any where true | stats count() as n, dcount(user.id) by host.id over 5m | where n > 5 and host.id != "
       "\"x\" | sort n desc",
       ""},
      {"any where true | eval a = 1, b = a + 1 | where b > process.pid | keep user.name, b", ""},
      {"any where true | count user.name | where percent > 0.5 and key == \"x\"", ""},
      {"any where true | new_terms user.name, host.id over 7d | suppress by host.id for 1h", ""},
      {"sequence by k with maxspan=1m [a where true] [b where true] | stats count() as n by "
       "events[0].host.id | where n > 3",
       ""},
      {"process where process.name : \"cmd.exe\"", ""},
      {"flag and not other.flag", ""},
      {"coalesce(a, b) and a == 1", ""},
      {"a == null or null == (b > 1)", ""},
      {"null == 5 or a == 1", "405"},
      {"length(a) > 5 and length(a) < 7.5", ""},
      {"event.duration > 5m", ""},
      {"event.code in (\"4624\", \"4625\") and event.code : 4624", ""},
      {"cidrMatch(source.ip, \"::1\", \"10.0.0.1/8\")", ""},
      {"any(process.args, process.args : \"-enc*\")", ""},
      {"arrayCount(process.args, $a, $a : \"-*\") > 3", ""},
      {"files:{ name : \"x\" and size > 3 }", ""},
      {"files:{ any(tags, tags == \"x\") }", ""},
      {"process.command_line : (\"a*\" and not \"*b\")", ""},
      {"?process.parent.nmae == \"x\"", ""},
      {"user.id == 0 or user.id in (1, 2)", ""},
      {"@timestamp > \"now-1d\" and @timestamp <= \"2024-05-01\"", ""},
  };
  CHECK(rows, LQ_DIALECT_LQ, false);
}

Test(check, warnings)
{
  static const row rows[] = {
      {"process.name == \"cmd*\"", "401"},
      {"process.name != \"cmd*\" and a == 1", "401"},
      {"process.name in (\"a*\", \"b\", \"c*\")", "401 401"},
      {"process.name == \"a\\*b\"", ""},
      {"process.name == \"what?\"", ""},
      {"process.name : (\"a\", \"b\", \"A\")", "403"},
      {"process.name in (\"a\", \"b\", \"A\")", ""},
      {"process.name in (\"a\", \"b\", \"a\")", "403"},
      {"event.code : (4624, \"4624\")", "403"},
      {"process.name : (\"abc*\", \"a*\")", "404"},
      {"process.name : (\"a?c\", \"*\", \"*\")", "403 404"},
      {"process.name like (\"Abc*\", \"a*\")", ""},
      {"process.name : (\"?*\", \"*\")", "404"},
      {"1 == 1 and a == 1", "405"},
      {"a == 1 or true", "405"},
      {"\"x\" : \"y*\" or a == 1", "405"},
      {"a == 1 and a != 1", "406"},
      {"a == 1 and a == 2", ""}, // a may be an array
      {"process.name == \"a\" and process.name == \"b\"", "406"},
      {"process.name == \"a\" and process.name : \"A\"", ""},
      {"a == null and a == 1", "406"},
      {"a : \"x\" and b : \"y\" and not a : \"x\"", "406"},
      {"a == 1 or a != 1", "405"},
      {"process.name != \"x\"", "407"},
      {"not process.name : \"x\" and not user.name in (\"a\", \"b\")", "407"},
      {"process where process.name != \"x\"", ""},
      {"a == null", ""},
      {"process.executable : \"C:\\temp\\\\x\"", "408"},
      {"process.executable : \"C:\\temp\"", "408"},
      {"process.executable : \"*\\\\Windows\\notepad.exe\"", "408"},
      {"process.command_line : \"one\\ntwo\"", ""},
      {"process.name like \"abc\"", "410"},
      {"process.name like~ \"abc\"", "410"},
      {"process.name like (\"abc\", \"d*\")", ""},
      {"process.nmae == \"x\"", "411"},
      {"process.parent.naem == \"x\"", "411"},
      {"proces.name == \"x\"", ""}, // another field set may have any names
      {"process.Ext.token == \"x\"", ""},
      {"process.pid == \"abc\"", "412"},
      {"process.pid == \"5\" or process.pid in (1, 2)", ""},
      {"source.ip == \"localhost\"", "412"},
      {"source.ip : (\"10.0.0.0/8\", \"10.1.*\")", ""},
      {"process.parent.code_signature.exists == \"yes\"", "412"},
      {"process.parent.code_signature.exists == true", ""},
      {"sequence [a where true] [b where true]", "409"},
      {"sequence by k [a where x == \"c*\"] [b where true]", "409 401"},
  };
  CHECK(rows, LQ_DIALECT_LQ, false);
}

Test(check, strict)
{
  static const row rows[] = {
      {"process.name == \"x\"", ""},      {"process.nmae == \"x\"", "201"},
      {"my.own.field == \"x\"", "201"},   {"?my.own.field == \"x\"", ""},
      {"process.name.text == \"x\"", ""}, {"dns.answers.whatever == \"x\" or labels.mine == \"y\"", ""},
  };
  CHECK(rows, LQ_DIALECT_LQ, true);
}

Test(check, kql)
{
  static const row rows[] = {
      {"process.name : cmd* and not user.name : \"SYSTEM\"", ""},
      {"process.name : \"cmd*\"", "402"},
      {"process.name : (a or b or a)", "403"},
      {"process.name : (a or A)", ""},
      {"process.name : (ab* or a*)", "404"},
      {"a : (true or \"true\")", "403"},
      {"process.nmae : x", "411"},
      {"files:{ name : x and size > 3 }", ""},
      {"something", ""},
  };
  CHECK(rows, LQ_DIALECT_KQL, false);
}
