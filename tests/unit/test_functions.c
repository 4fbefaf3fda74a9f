// The function library: names, arities, and what each function gives.
#include <criterion/criterion.h>

#include "base/number.h"
#include "base/utf8.h"
#include "counting_mem.h"
#include "stdlib/functions.h"

// An argument: a list of up to four values.
typedef struct arg {
  lq_value v[4];
  size_t n;
} arg;

#define VS(x)                                                                                                \
  {                                                                                                          \
    .type = LQ_T_STRING, .s = { x, sizeof(x) - 1 }                                                           \
  }
#define VI(x)                                                                                                \
  {                                                                                                          \
    .type = LQ_T_INT, .i = x                                                                                 \
  }
#define S(x)                                                                                                 \
  {                                                                                                          \
    {VS(x)}, 1                                                                                               \
  }
#define I(x)                                                                                                 \
  {                                                                                                          \
    {VI(x)}, 1                                                                                               \
  }
#define U(x)                                                                                                 \
  {                                                                                                          \
    {{.type = LQ_T_UINT, .u = x}}, 1                                                                         \
  }
#define D(x)                                                                                                 \
  {                                                                                                          \
    {{.type = LQ_T_DOUBLE, .d = x}}, 1                                                                       \
  }
#define B(x)                                                                                                 \
  {                                                                                                          \
    {{.type = LQ_T_BOOL, .b = x}}, 1                                                                         \
  }
#define NONE                                                                                                 \
  {                                                                                                          \
    {{.type = LQ_T_NULL}}, 0                                                                                 \
  }
#define SS(x, y)                                                                                             \
  {                                                                                                          \
    {VS(x), VS(y)}, 2                                                                                        \
  }
#define OBJECT                                                                                               \
  {                                                                                                          \
    {{.type = LQ_T_OBJECT}}, 1                                                                               \
  }

typedef struct row {
  const char *function; // with a `~` for folding, with a leading `!` for Endgame's meaning
  int nargs;
  arg args[6];
  const char *expected; // as JSON
} row;

static void write_value(lq_buf *out, const lq_value *v)
{
  char text[LQ_VALUE_TEXT_MAX];
  if (v->type == LQ_T_STRING)
    lq_buf_json(out, v->s);
  else
    lq_buf_str(out, lq_value_text(v, text));
}

static void write_results(lq_buf *out, const lq_value *v, size_t n)
{
  if (n == 0)
    lq_buf_z(out, "null");
  if (n > 1)
    lq_buf_byte(out, '[');
  for (size_t i = 0; i < n; i++) {
    if (i > 0)
      lq_buf_byte(out, ',');
    write_value(out, &v[i]);
  }
  if (n > 1)
    lq_buf_byte(out, ']');
}

enum { MAX = 4096 };

static void run_row(const row *r, const lq_mem *mem, lq_buf *out)
{
  static lq_value results[MAX];
  lq_function_id id;
  bool fold, cut, endgame = r->function[0] == '!';
  size_t n = 0;
  lq_values args[6];
  lq_arena scratch = {.mem = mem};
  lq_call call = {.scratch = &scratch, .endgame = endgame};
  cr_assert(lq_function_find(lq_str_of(r->function + endgame), &id, &fold), "no function %s", r->function);
  for (int i = 0; i < r->nargs; i++)
    args[i] = (lq_values){r->args[i].v, r->args[i].n};
  lq_value one = lq_function_call(2 * id + fold, &call, args, r->nargs, results, MAX, &n, &cut);
  cr_expect(n == 0 ? one.type == LQ_T_NULL : one.type == results[0].type);
  write_results(out, results, n);
  lq_arena_free(&scratch);
}

static void run(const row *rows, size_t n)
{
  counting_mem counter = {0};
  const lq_mem mem = {counting_fn, &counter};
  for (size_t i = 0; i < n; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    run_row(&rows[i], &mem, &out);
    lq_str got = lq_buf_get(&out);
    cr_expect(lq_str_is(got, rows[i].expected), "row %zu, %s: %.*s instead of %s", i, rows[i].function,
              LQ_STR_ARG(got), rows[i].expected);
    lq_buf_free(&out);
  }
  cr_expect_eq(counter.live, 0);
  cr_expect_not(counter.wrong_size);
  // Without memory every call gives something or null, and nothing is lost.
  for (size_t i = 0; i < n; i++) {
    for (size_t at = 1; at < 6; at++) {
      counting_mem poor = {.fail_at = at};
      const lq_mem poor_mem = {counting_fn, &poor};
      lq_buf out = {.mem = &lq_mem_libc};
      run_row(&rows[i], &poor_mem, &out);
      cr_expect(poor.live == 0 && !poor.wrong_size, "row %zu, %s", i, rows[i].function);
      lq_buf_free(&out);
    }
  }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

Test(functions, strings)
{
  static const row rows[] = {
      {"between", 3, {S("key=value;x"), S("="), S(";")}, "\"value\""},
      {"between", 3, {S("aXbYcY"), S("X"), S("Y")}, "\"b\""},
      {"between", 4, {S("aXbYcY"), S("X"), S("Y"), B(false)}, "\"b\""},
      {"between", 4, {S("aXbYcY"), S("X"), S("Y"), B(true)}, "\"bYc\""},
      {"between", 4, {S("aXbYcY"), S("X"), S("Y"), NONE}, "\"b\""},
      {"between", 3, {S("aXb"), S("X"), S("Q")}, "\"\""},
      {"between", 3, {S("aXb"), S("Q"), S("b")}, "\"\""},
      {"!between", 3, {S("aXb"), S("X"), S("Q")}, "null"},
      {"between", 3, {S("YaXb"), S("X"), S("Y")}, "\"\""}, // the right one stands before the left one
      {"between", 4, {S("YaXb"), S("X"), S("Y"), B(true)}, "\"\""},
      {"between", 3, {S("abc"), S(""), S("")}, "\"\""},
      {"between", 4, {S("abc"), S(""), S(""), B(true)}, "\"abc\""},
      {"between", 3, {NONE, S("a"), S("b")}, "null"},
      {"between", 3, {S("a"), NONE, S("b")}, "null"},
      {"between", 3, {S("<A>x</A>"), S("<a>"), S("</a>")}, "\"\""},
      {"between~", 3, {S("<A>x</A>"), S("<a>"), S("</a>")}, "\"x\""},
      {"between~",
       4,
       {S("\u023A\u023A=\u00C9t\u00E9;;"), S("\u2C65="), S(";"), B(true)},
       "\"\u00C9t\u00E9;\""},
      {"concat", 1, {S("a")}, "\"a\""},
      {"concat", 5, {S("a"), I(1), B(true), D(2.5), S("z")}, "\"a1true2.5z\""},
      {"concat", 3, {S("a"), NONE, S("z")}, "null"},
      {"concat", 2, {SS("a", "b"), SS("x", "y")}, "[\"ax\",\"ay\",\"bx\",\"by\"]"},
      {"concat", 2, {S(""), S("")}, "\"\""},
      {"concat", 2, {OBJECT, S("a")}, "null"},
      {"endsWith", 2, {S("run.dll"), S(".dll")}, "true"},
      {"endsWith", 2, {S("run.dll"), S(".DLL")}, "false"},
      {"endsWith~", 2, {S("run.dll"), S(".DLL")}, "true"},
      {"endsWith~", 2, {S("ll"), S(".DLL")}, "false"},
      {"endsWith~", 2, {S("x\u2C65"), S("\u023A")}, "true"},
      {"endsWith", 2, {S("a"), S("")}, "true"},
      {"endsWith~", 2, {S(""), S("")}, "true"},
      {"endsWith", 3, {S("run.dll"), S(".exe"), S(".dll")}, "true"},
      {"endsWith", 2, {SS("a.dll", "b.exe"), S(".exe")}, "[false,true]"},
      {"startsWith", 2, {S("FooBarBaz"), S("Foo")}, "true"},
      {"startsWith", 2, {S("FooBarBaz"), S("Bar")}, "false"},
      {"startsWith", 2, {S("FooBarBaz"), S("foo")}, "false"},
      {"startsWith~", 2, {S("FooBarBaz"), S("fOO")}, "true"},
      {"startsWith~", 2, {S("Fo"), S("fOO")}, "false"},
      {"startsWith~", 2, {S("\u00C9t\u00E9"), S("\u00E9T")}, "true"},
      {"startsWith", 2, {S("Foo"), S("")}, "true"},
      {"startsWith", 2, {NONE, S("Foo")}, "null"},
      {"startsWith", 2, {I(4624), S("46")}, "true"},
      {"stringContains", 2, {S("abc"), S("b")}, "true"},
      {"stringContains", 2, {S("abc"), S("B")}, "false"},
      {"stringContains~", 2, {S("abc"), S("B")}, "true"},
      {"stringContains", 2, {S("abc"), S("")}, "false"},
      {"stringContains", 2, {S(""), S("")}, "false"},
      {"stringContains", 3, {S("abc"), S("x"), S("c")}, "true"},
      {"stringContains", 2, {S("a\0c"), S("\0c")}, "true"},
      {"indexOf", 2, {S("foobarbaz"), S("o")}, "1"},
      {"indexOf", 2, {S("foobarbaz"), S("L")}, "null"},
      {"indexOf", 2, {S("foobarbaz"), NONE}, "null"},
      {"indexOf", 3, {S("foobarbaz"), S("o"), NONE}, "1"},
      {"indexOf", 3, {S("foobarbaz"), S("o"), I(2)}, "2"},
      {"indexOf", 3, {S("foobarbaz"), S("o"), I(3)}, "null"},
      {"indexOf", 3, {S("foobarbaz"), S("o"), I(-7)}, "1"},
      {"indexOf", 3, {S("foo"), S("o"), I(INT64_MAX)}, "null"},
      {"indexOf", 2, {S("\u65E5\u672Cx"), S("x")}, "2"},
      {"indexOf~", 2, {S("\u023A\u023Ax"), S("X")}, "2"},
      {"indexOf", 3, {S("abc"), S(""), I(3)}, "3"},
      {"length", 1, {S("")}, "0"},
      {"length", 1, {S("na\u00EFve")}, "5"},
      {"length", 1, {NONE}, "null"},
      {"length", 1, {SS("a", "bcd")}, "[1,3]"},
      {"length", 1, {I(1234)}, "4"},
      {"string", 1, {I(-1)}, "\"-1\""},
      {"string", 1, {D(2.1828)}, "\"2.1828\""},
      {"string", 1, {D(4.0)}, "\"4\""},
      {"string", 1, {B(false)}, "\"false\""},
      {"string", 1, {OBJECT}, "null"},
      {"substring", 2, {S("hello world"), I(6)}, "\"world\""},
      {"substring", 3, {S("hello world"), I(6), NONE}, "\"world\""},
      {"substring", 3, {S("hello world"), I(3), I(9)}, "\"lo wor\""},
      {"substring", 3, {S("hello world"), I(-5), I(-1)}, "\"worl\""},
      {"substring", 2, {S("hello"), I(-99)}, "\"hello\""},
      {"substring", 3, {S("hello"), I(3), I(2)}, "\"\""},
      {"substring", 3, {S("hello"), I(9), I(99)}, "\"\""},
      {"substring", 3, {S("hello"), I(INT64_MIN), I(INT64_MAX)}, "\"hello\""},
      {"substring", 3, {S("\u65E5\u672C\u8A9E"), I(1), I(2)}, "\"\u672C\""},
      {"substring", 2, {S("x"), NONE}, "null"},
      {"substring", 2, {S("x"), D(0.5)}, "null"},
  };
  RUN(rows);
}

Test(functions, numbers)
{
  static const row rows[] = {
      {"add", 2, {I(2), I(3)}, "5"},
      {"add", 2, {I(INT64_MAX), I(1)}, "9223372036854775808"},
      {"add", 2, {U(UINT64_MAX), I(1)}, "18446744073709551616"},
      {"add", 2, {S("2"), I(3)}, "null"},
      {"add", 2, {NONE, I(3)}, "null"},
      {"subtract", 2, {U(UINT64_MAX), I(1)}, "18446744073709551614"},
      {"subtract", 2, {I(INT64_MIN), I(1)}, "-9223372036854775808"}, // a double
      {"multiply", 2, {I(7), D(3.0)}, "21"},
      {"multiply", 2, {I(INT64_MIN), I(-1)}, "9223372036854775808"},
      {"multiply", 2, {D(1e308), I(10)}, "null"},
      {"divide", 2, {I(7), I(2)}, "3"},
      {"divide", 2, {I(-7), I(2)}, "-3"},
      {"!divide", 2, {I(-7), I(2)}, "-4"},
      {"divide", 2, {I(7), D(2)}, "3.5"},
      {"divide", 2, {I(7), I(0)}, "null"},
      {"divide", 2, {I(7), D(0)}, "null"},
      {"divide", 2, {I(INT64_MIN), I(-1)}, "9223372036854775808"},
      {"modulo", 2, {I(-7), I(3)}, "-1"},
      {"!modulo", 2, {I(-7), I(3)}, "2"},
      {"modulo", 2, {I(7), I(0)}, "null"},
      {"modulo", 2, {I(INT64_MIN), I(-1)}, "0"},
      {"modulo", 2, {D(7.5), I(2)}, "1.5"},
      {"number", 1, {S("52403")}, "52403"},
      {"number", 1, {S("-3.14")}, "-3.14"},
      {"number", 2, {S("-3.14"), I(10)}, "-3.14"},
      {"number", 2, {S("1e3"), NONE}, "1000"},
      {"number", 1, {S("18446744073709551615")}, "18446744073709551615"},
      {"number", 2, {S("0x1337"), I(16)}, "4919"},
      {"number", 1, {S("0x1F")}, "31"},
      {"number", 1, {S("-0x10")}, "-16"},
      {"number", 2, {S("0x1f"), I(10)}, "null"},
      {"number", 2, {S("052403"), I(8)}, "21763"},
      {"number", 2, {S("ff"), I(16)}, "255"},
      {"number", 2, {S("-zz"), I(36)}, "-1295"},
      {"number", 2, {S("1"), I(37)}, "null"},
      {"number", 2, {S("1"), I(0)}, "null"},
      {"number", 2, {S("2"), I(2)}, "null"},
      {"number", 1, {S("+5")}, "5"},
      {"number", 1, {S("+-5")}, "null"},
      {"number", 1, {S("--5")}, "null"},
      {"number", 1, {S("0x")}, "null"},
      {"number", 1, {S("")}, "null"},
      {"number", 1, {S(" 1")}, "null"},
      {"number", 1, {S("inf")}, "null"},
      {"number", 1, {S("12 apples")}, "null"},
      {"number", 1, {I(7)}, "7"},
  };
  RUN(rows);
}

Test(functions, arrays_and_choices)
{
  static const row rows[] = {
      {"arrayContains", 2, {SS("a", "b"), S("b")}, "true"},
      {"arrayContains", 3, {SS("a", "b"), S("x"), S("a")}, "true"},
      {"arrayContains", 2, {SS("a", "b"), S("B")}, "false"},
      {"arrayContains~", 2, {SS("a", "b"), S("B")}, "true"},
      {"arrayContains", 2, {S("1"), I(1)}, "true"},
      {"arrayContains", 2, {NONE, S("b")}, "null"},
      {"arrayContains", 3, {S("b"), NONE, S("b")}, "true"},
      {"arrayContains", 2, {S("b"), NONE}, "null"},
      {"array_length", 1, {SS("a", "b")}, "2"},
      {"array_length", 1, {NONE}, "0"},
      {"first", 1, {SS("a", "b")}, "\"a\""},
      {"last", 1, {SS("a", "b")}, "\"b\""},
      {"first", 1, {NONE}, "null"},
      {"split", 2, {S("a,b"), S(",")}, "[\"a\",\"b\"]"},
      {"split", 2, {S(",a,"), S(",")}, "[\"\",\"a\",\"\"]"},
      {"split", 2, {S("a,b"), S("")}, "\"a,b\""},
      {"split", 2, {SS("a b", "c"), S(" ")}, "[\"a\",\"b\",\"c\"]"},
      {"split", 2, {NONE, S(",")}, "null"},
      {"coalesce", 3, {NONE, SS("x", "y"), S("z")}, "[\"x\",\"y\"]"},
      {"coalesce", 1, {NONE}, "null"},
      {"if", 3, {B(true), S("x"), S("y")}, "\"x\""},
      {"if", 3, {B(false), S("x"), S("y")}, "\"y\""},
      {"if", 3, {NONE, S("x"), S("y")}, "\"y\""},
      {"if", 3, {S("true"), S("x"), S("y")}, "\"y\""},
      {"if", 2, {B(false), S("x")}, "null"},
      {"case", 5, {B(false), S("x"), B(true), S("y"), S("z")}, "\"y\""},
      {"case", 5, {B(false), S("x"), NONE, S("y"), S("z")}, "\"z\""},
      {"case", 4, {B(false), S("x"), B(false), S("y")}, "null"},
      {"exists", 1, {S("")}, "true"},
      {"exists", 1, {NONE}, "false"},
      {"missing", 1, {S("")}, "false"},
      {"missing", 1, {NONE}, "true"},
  };
  RUN(rows);
}

Test(functions, text)
{
  static const row rows[] = {
      {"lower", 1, {S("PowerSHELL \u00C9\u0391")}, "\"powershell \u00E9\u03B1\""},
      {"upper", 1, {S("stra\u00DFe \u00E9")}, "\"STRA\u1E9EE \u00C9\""},
      {"trim", 1, {S(" \t a b\r\n")}, "\"a b\""},
      {"trim", 1, {S("  ")}, "\"\""},
      {"replace", 3, {S("p^o^w"), S("^"), S("")}, "\"pow\""},
      {"replace", 3, {S("aaa"), S("aa"), S("b")}, "\"ba\""},
      {"replace", 3, {S("abc"), S(""), S("x")}, "\"abc\""},
      {"replace", 3, {S("xAbAbx"), S("ab"), S("-")}, "\"xAbAbx\""},
      {"replace~", 3, {S("xAbAbx"), S("ab"), S("-")}, "\"x--x\""},
      {"replace~", 3, {S("\u023Aa\u023Ab"), S("\u2C65"), S("\u65E5")}, "\"\u65E5a\u65E5b\""},
      {"reverse", 1, {S("ab\u65E5")}, "\"\u65E5ba\""},
      {"reverse", 1, {S("")}, "\"\""},
      {"entropy", 1, {S("aabb")}, "1"},
      {"entropy", 1, {S("aaaa")}, "0"},
      {"entropy", 1, {S("")}, "0"},
      {"entropy", 1, {S("abcdefgh")}, "3"},
      {"levenshtein", 2, {S("kitten"), S("sitting")}, "3"},
      {"levenshtein", 2, {S(""), S("abc")}, "3"},
      {"levenshtein", 2, {S("\u65E5"), S("x")}, "1"},
      {"levenshtein", 2, {S("ABC"), S("abc")}, "3"},
      {"levenshtein~", 2, {S("ABC"), S("abc")}, "0"},
      {"basename", 1, {S("C:\\Windows\\cmd.exe")}, "\"cmd.exe\""},
      {"basename", 1, {S("/usr/bin/")}, "\"\""},
      {"basename", 1, {S("cmd.exe")}, "\"cmd.exe\""},
      {"dirname", 1, {S("C:\\Windows\\cmd.exe")}, "\"C:\\\\Windows\""},
      {"dirname", 1, {S("C:\\cmd.exe")}, "\"C:\\\\\""},
      {"dirname", 1, {S("/vmlinuz")}, "\"/\""},
      {"dirname", 1, {S("/usr//bin")}, "\"/usr\""},
      {"dirname", 1, {S("cmd.exe")}, "\"\""},
      {"extension", 1, {S("/a.b/archive.tar.gz")}, "\"gz\""},
      {"extension", 1, {S("/a.b/README")}, "\"\""},
      {"extension", 1, {S("/home/u/.bashrc")}, "\"\""},
      {"extension", 1, {S("a.")}, "\"\""},
  };
  RUN(rows);
}

Test(functions, decoders)
{
  static const row rows[] = {
      {"base64_decode", 1, {S("aGVsbG8=")}, "\"hello\""},
      {"base64_decode", 1, {S("aGVsbG8")}, "\"hello\""},
      {"base64_decode", 1, {S("")}, "\"\""},
      {"base64_decode", 1, {S("aGVsbG8==")}, "null"},
      {"base64_decode", 1, {S("aGVsb")}, "null"},
      {"base64_decode", 1, {S("====")}, "null"},
      {"base64_decode", 1, {S("aGV sbG8")}, "null"},
      {"base64_decode", 1, {S("8J-YgA")}, "\"\U0001F600\""},
      {"base64_decode", 1, {S("YWL/")}, "\"ab\uFFFD\""},
      {"base64_decode", 2, {S("cABvAHcA"), S("utf-16le")}, "\"pow\""},
      {"base64_decode", 2, {S("PdgA3kEA"), S("UTF-16LE")}, "\"\U0001F600A\""},
      {"base64_decode", 2, {S("PdhBAGE"), S("utf-16le")}, "\"\uFFFDA\uFFFD\""},
      {"base64_decode", 2, {S("cABvAHcA"), S("ebcdic")}, "null"},
      {"url_decode", 1, {S("a%20b+c%2F")}, "\"a b c/\""},
      {"url_decode", 1, {S("100%")}, "null"},
      {"url_decode", 1, {S("%4")}, "null"},
      {"url_decode", 1, {S("%zz")}, "null"},
      {"url_decode", 1, {S("%e9")}, "\"\uFFFD\""},
      {"hex_decode", 1, {S("636D64")}, "\"cmd\""},
      {"hex_decode", 1, {S("0x636d64")}, "\"cmd\""},
      {"hex_decode", 1, {S("636")}, "null"},
      {"hex_decode", 1, {S("xy")}, "null"},
      {"hex_decode", 1, {S("")}, "\"\""},
  };
  RUN(rows);
}

Test(functions, net_time_misc)
{
  static const row rows[] = {
      {"is_private", 1, {S("10.0.0.1")}, "true"},
      {"is_private", 1, {S("172.32.0.1")}, "false"},
      {"is_private", 1, {S("100.100.1.1")}, "true"},
      {"is_private", 1, {S("8.8.8.8")}, "false"},
      {"is_private", 1, {S("fd00::1")}, "true"},
      {"is_private", 1, {S("2001:4860:4860::8888")}, "false"},
      {"is_private", 1, {S("localhost")}, "null"},
      {"ip_version", 1, {S("1.2.3.4")}, "4"},
      {"ip_version", 1, {S("::1")}, "6"},
      {"ip_version", 1, {I(4)}, "null"},
      {"hour", 1, {S("2024-05-01T22:15:16+02:00")}, "20"},
      {"minute", 1, {S("2024-05-01 22:15:16")}, "15"},
      {"day", 1, {S("2024-05-31")}, "31"},
      {"month", 1, {S("2024-05-31")}, "5"},
      {"year", 1, {I(0)}, "1970"},
      {"year", 1, {S("1714557600000")}, "2024"},
      {"year", 1, {D(-0.5)}, "1969"},
      {"year", 1, {I(INT64_MAX)}, "null"},
      {"year", 1, {S("soon")}, "null"},
      {"weekday", 1, {S("2024-05-05")}, "7"},
      {"weekday", 1, {S("2024-05-06")}, "1"},
      {"semver_compare", 2, {S("1.10.0"), S("1.9.3")}, "1"},
      {"semver_compare", 2, {S("v1.2"), S("1.2.0")}, "0"},
      {"semver_compare", 2, {S("10.0.19041.1"), S("10.0.19041")}, "1"},
      {"semver_compare", 2, {S("1.0.0-alpha"), S("1.0.0")}, "-1"},
      {"semver_compare", 2, {S("1.0.0-alpha.1"), S("1.0.0-alpha")}, "1"},
      {"semver_compare", 2, {S("1.0.0-alpha.2"), S("1.0.0-alpha.11")}, "-1"},
      {"semver_compare", 2, {S("1.0.0-1"), S("1.0.0-a")}, "-1"},
      {"semver_compare", 2, {S("1.0.0+x"), S("1.0.0+y")}, "0"},
      {"semver_compare", 2, {S("1.99999999999999999999999"), S("1.9")}, "1"},
      {"semver_compare", 2, {S("1."), S("1")}, "null"},
      {"semver_compare", 2, {S("1.0-"), S("1")}, "null"},
      {"semver_compare", 2, {S(""), S("1")}, "null"},
      {"semver_compare", 2, {S("one"), S("1")}, "null"},
      {"windash", 1, {S("a /b \u2013c \u2014d \u2015e -f")}, "\"a -b -c -d -e -f\""},
      {"windash", 1, {S("/c \"/d\"")}, "\"-c \\\"-d\\\"\""},
      {"windash", 1, {S("a/b c\u2013d --long \u2013\u2013x")}, "\"a/b c\u2013d --long --x\""},
      {"windash", 1, {S("copy //server/share")}, "\"copy -/server/share\""},
      {"windash", 1, {S("x -")}, "\"x -\""},
  };
  RUN(rows);
}

Test(functions, cartesian_products_are_cut)
{
  lq_value many[100], results[64];
  for (int i = 0; i < 100; i++)
    many[i] = lq_int(i);
  lq_arena scratch = {.mem = &lq_mem_libc};
  lq_call call = {.scratch = &scratch};
  lq_values args[2] = {{many, 10}, {many, 6}};
  size_t n;
  bool cut;
  lq_function_call(2 * LQ_FN_add, &call, args, 2, results, 64, &n, &cut);
  cr_expect(n == 60 && !cut);
  cr_expect_eq(results[59].i, 14);
  args[1].n = 100;
  lq_function_call(2 * LQ_FN_add, &call, args, 2, results, 64, &n, &cut);
  cr_expect(n == 64 && cut);
  args[1].n = 0;
  lq_function_call(2 * LQ_FN_add, &call, args, 2, results, 64, &n, &cut);
  cr_expect(n == 0 && !cut);
  // Combinations that give null count as well: division by the zero in the list.
  args[0].n = 65, args[1].n = 1;
  lq_function_call(2 * LQ_FN_divide, &call, args, 2, results, 64, &n, &cut);
  cr_expect(n == 0 && cut);
  lq_arena_free(&scratch);
}

Test(functions, results_have_a_size_limit)
{
  enum { LONG = 1 << 20 };
  char *text = malloc(LONG);
  memset(text, 'a', LONG);
  lq_arena scratch = {.mem = &lq_mem_libc};
  lq_call call = {.scratch = &scratch};
  lq_value s[3] = {lq_string((lq_str){text, LONG}), lq_string(LQ_STR("a")), lq_string((lq_str){text, LONG})},
           out[4];
  lq_values args[3] = {{&s[0], 1}, {&s[1], 1}, {&s[2], 1}};
  size_t n;
  bool cut;
  lq_function_call(2 * LQ_FN_replace, &call, args, 3, out, 4, &n, &cut);
  cr_expect_eq(n, 0);
  // Texts of one letter make the worst case of a naive search.
  s[1].s = (lq_str){text, LONG / 2};
  text[LONG / 2 - 1] = 'b';
  lq_function_call(2 * LQ_FN_between + 1, &call, (lq_values[]){args[0], args[1], args[1]}, 3, out, 4, &n,
                   &cut);
  cr_expect_eq(n, 1);
  lq_function_call(2 * LQ_FN_levenshtein, &call, args, 2, out, 4, &n, &cut);
  cr_expect_eq(n, 0);
  lq_arena_free(&scratch);
  free(text);
}

Test(functions, every_letter_fits)
{
  lq_arena scratch = {.mem = &lq_mem_libc};
  lq_call call = {.scratch = &scratch};
  for (uint32_t c = 1; c <= 0x10FFFF; c++) {
    if (c >= 0xD800 && c < 0xE000)
      continue;
    char text[40];
    size_t one = lq_utf8_encode(c, text), n;
    for (size_t i = 1; i < 10; i++)
      memcpy(text + i * one, text, one);
    lq_value s = lq_string((lq_str){text, one * 10}), needle = lq_string((lq_str){text, one}), out[16];
    lq_values args[2] = {{&s, 1}, {&needle, 1}};
    bool cut;
    char other[4];
    size_t most = one + one / 2;
    cr_assert(lq_utf8_encode(lq_fold(c), other) <= most, "U+%04X", c);
    lq_function_call(2 * LQ_FN_lower, &call, args, 1, out, 16, &n, &cut);
    cr_assert(out[0].s.n <= 10 * most, "U+%04X", c);
    lq_function_call(2 * LQ_FN_upper, &call, args, 1, out, 16, &n, &cut);
    cr_assert(out[0].s.n <= 10 * most, "U+%04X", c);
    lq_function_call(2 * LQ_FN_replace + 1, &call, (lq_values[]){args[0], args[1], args[1]}, 3, out, 16, &n,
                     &cut);
    cr_assert(n == 1 && lq_str_eq(out[0].s, s.s), "U+%04X", c);
    lq_arena_reset(&scratch);
  }
  lq_arena_free(&scratch);
}

Test(functions, names)
{
  static const struct {
    const char *name;
    bool found;
    lq_function_id id;
    bool fold;
  } rows[] = {
      {"endsWith", true, LQ_FN_endsWith, false},
      {"ENDSWITH~", true, LQ_FN_endsWith, true},
      {"_arraySearch", true, LQ_FN__arraysearch, false},
      {"if", true, LQ_FN_if, false},
      {"length~", false, 0, false},
      {"nope", false, 0, false},
      {"~", false, 0, false},
      {"", false, 0, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_function_id id = 0;
    bool fold = false;
    cr_expect_eq(lq_function_find(lq_str_of(rows[i].name), &id, &fold), rows[i].found, "%s", rows[i].name);
    cr_expect(!rows[i].found || (id == rows[i].id && fold == rows[i].fold), "%s", rows[i].name);
  }
}

Test(functions, arities)
{
  static const struct {
    lq_function_id id;
    int min, max;
    const char *letters; // of the first arguments, to one past the last
  } rows[] = {
      {LQ_FN_between, 3, 4, "sssb"},     {LQ_FN_concat, 1, LQ_FN_ARGS_MAX, "aaaaa"},
      {LQ_FN_number, 1, 2, "si"},        {LQ_FN_startsWith, 2, LQ_FN_ARGS_MAX, "sssss"},
      {LQ_FN_count, 0, 0, ""},           {LQ_FN_case, 2, LQ_FN_ARGS_MAX, "baaaa"},
      {LQ_FN__arraysearch, 3, 3, "fve"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const lq_function *f = &lq_functions[rows[i].id];
    cr_expect_eq(lq_function_min_args(f), rows[i].min, "%s", f->name);
    cr_expect_eq(lq_function_max_args(f), rows[i].max, "%s", f->name);
    for (int j = 0; j < 5 && j <= (int)strlen(rows[i].letters); j++)
      cr_expect_eq(lq_function_param(f, j), rows[i].letters[j], "%s, argument %d", f->name, j);
  }
}

// What code that reads the table may rely on.
Test(functions, table)
{
  for (int i = 0; i < LQ_FN_COUNT; i++) {
    const lq_function *f = &lq_functions[i];
    bool bodiless = (f->flags & (LQ_FN_LITERAL | LQ_FN_LAMBDA)) || f->flags == LQ_FN_AGGREGATE;
    cr_expect_eq(!f->scalar && !f->list, bodiless, "%s", f->name);
    cr_expect_eq(f->list != NULL, (f->flags & LQ_FN_LISTS) != 0, "%s", f->name);
    cr_expect(*f->doc && f->doc[strlen(f->doc) - 1] == '.', "%s", f->name);
    cr_expect(strstr(f->example, f->name) || f->flags & LQ_FN_FOLDS, "%s", f->name);
    lq_function_id id;
    bool fold;
    cr_expect(lq_function_find(lq_str_of(f->name), &id, &fold) && (int)id == i, "%s is there twice", f->name);
  }
  lq_buf out = {.mem = &lq_mem_libc};
  lq_docs_functions(&out);
  lq_buf_byte(&out, '\0');
  cr_expect(strstr(out.p, "| `between[~](string, string, string[, boolean])` | string |"));
  cr_expect(strstr(out.p, "| `startsWith[~](string, string, \xE2\x80\xA6)` | boolean |"));
  cr_expect(strstr(out.p, "\\| stats"));
  lq_buf_free(&out);
}
