// Parser and printer: text to tree and back.
#include <criterion/criterion.h>

#include "counting_mem.h"
#include "parser/parse.h"

static lq_node *parse(lq_arena *arena, lq_str text, bool expression, lq_buf *errors)
{
  lq_source *source = lq_arena_alloc(arena, sizeof *source);
  *source = (lq_source){LQ_STR("q"), lq_arena_copy(arena, text)};
  lq_diag_list diags = {.arena = arena, .source = source};
  lq_node *n;
  lq_status s = (expression ? lq_parse_expression : lq_parse)(&n, &lq_mem_libc, source->text, LQ_DIALECT_LQ,
                                                              &diags);
  for (const lq_diag *d = diags.first; d && errors; d = d->next)
    lq_diag_render_text(errors, d, false);
  return s == LQ_OK ? n : NULL;
}

typedef struct row {
  const char *text, *printed; // NULL: as text
} row;

static void check_printed(const row *rows, size_t n, bool expression, unsigned width)
{
  for (size_t i = 0; i < n; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_buf out = {.mem = &lq_mem_libc}, errors = {.mem = &lq_mem_libc};
    const char *want = rows[i].printed ? rows[i].printed : rows[i].text;
    lq_node *tree = parse(&arena, lq_str_of(rows[i].text), expression, &errors);
    cr_expect(tree, "%s\n%.*s", rows[i].text, (int)errors.n, errors.p);
    if (tree) {
      lq_print_query(&out, tree, LQ_DIALECT_LQ, width);
      cr_expect(lq_str_is(lq_buf_get(&out), want), "%s\nprints\n%.*s\nnot\n%s", rows[i].text, (int)out.n,
                out.p, want);
      lq_node *again = parse(&arena, lq_buf_get(&out), expression, NULL);
      cr_expect(again && lq_node_equal(tree, again), "%.*s parses to another tree", (int)out.n, out.p);
    }
    lq_buf_free(&out);
    lq_buf_free(&errors);
    lq_arena_free(&arena);
  }
}
#define PRINTED(rows, expression, width) check_printed(rows, sizeof(rows) / sizeof *(rows), expression, width)

Test(parser, expressions)
{
  static const row rows[] = {
      {"a", NULL},
      {"?a.b", NULL},
      {"a == 1 AND b != 2 Or not c < 3", "(a == 1 and b != 2) or not c < 3"},
      {"a or b or c and d and e", "a or b or (c and d and e)"},
      {"(a or b) or c", NULL},
      {"((a))", "a"},
      {"not not a", NULL},
      {"not (a and b)", NULL},
      {"a : \"x*\"", NULL},
      {"a : (\"x\")", "a : \"x\""},
      {"a : (\"x\", \"y\",)", "a : (\"x\", \"y\")"},
      {"a : (\"x\" or \"y\" or (\"z\" and not \"w\"))", "a : (\"x\", \"y\", (\"z\" and not \"w\"))"},
      {"a : (not \"x\")", NULL},
      {"a not : (\"x\", 5, -5, true, null)", "not a : (\"x\", 5, -5, true, null)"},
      {"a : *", NULL},
      {"a not : *", "not a : *"},
      {"a like (\"x*\", \"y\") and a like~ \"Z\" and a regex \"q+\" and a regex~ (\"w\")",
       "a like (\"x*\", \"y\") and a like~ \"Z\" and a regex \"q+\" and a regex~ \"w\""},
      {"a in (1, 2, b, f(c),)", "a in (1, 2, b, f(c))"},
      {"a not in~ (\"x\") and not b in (1)", "a not in~ (\"x\") and b not in (1)"},
      {"a:{b == 1 and c}", "a:{ b == 1 and c }"},
      {"child of [process where a] and descendant of [b == 1] and event of [any where true]",
       "child of [process where a] and descendant of [b == 1] and event of [any where true]"},
      {"a + b * c - d / 2 % e == -f", "a + b * c - d / 2 % e == -f"},
      {"(a + b) * c == a - (b - c)", NULL},
      {"a - -5 == -9223372036854775808", NULL},
      {"-(5) == +3 and - -5 == 5", "-5 == 3 and 5 == 5"},
      {"18446744073709551615 == 4.0 and 1e300 > 0.5", "18446744073709551615 == 4.0 and 1e+300 > 0.5"},
      {"f() and f~(a, b == 1, not c) and G(g(1))", NULL},
      {"arraySearch(a, $x, $x.b == 1)", NULL},
      {"any(f, a : \"x\" and b == 1) and c in (a : \"x\" or b : \"y\")", NULL},
      {"null == (a > 1) and (a == 1) == true", NULL},
      {"\"a\\u{1}\\n\\*\\\"\\\\*?\" == x", NULL},
      {"\"\"\"C:\\*\"x\"\"\" == y", NULL},
      {"`a b`.c == `and` and a[0].b == `x[y]`", NULL},
      {"x. y == a.and.or", "x.y == a.and.or"},
      {"5m < 90s and 7d > 100ms", "5m < 90s and 7d > 100ms"},
      // keywords are names where only a name makes sense
      {"any(a, b == 1) and sequence == 5 and maxspan > 3 and by : \"x\" and runs",
       "any(a, b == 1) and `sequence` == 5 and `maxspan` > 3 and `by` : \"x\" and `runs`"},
      {"with == 1 and as in (2) and of like \"x\" and until == join and sample == 1",
       "`with` == 1 and `as` in (2) and `of` like \"x\" and `until` == `join` and `sample` == 1"},
      {"head == 1 and sort : \"x\" and desc == over and `in` == 1", NULL},
  };
  PRINTED(rows, true, 0);
}

Test(parser, queries)
{
  static const row rows[] = {
      {"process where a == 1", NULL},
      {"a == 1", NULL},
      {"any where true", NULL},
      {"\"my category\" where true", NULL},
      {"\"process\" where true", "process where true"},
      {"\"any\" where true", NULL},
      {"a|where b|filter c|head 5|tail 6", "a | where b | filter c | head 5 | tail 6"},
      {"a | sort b, c desc | sort d asc | unique e, f | count | count g | unique_count h",
       "a | sort b, c desc | sort d | unique e, f | count | count g | unique_count h"},
      {"a | KEEP b, ?c | drop d | eval x = a + 1, y = f(b)",
       "a | keep b, ?c | drop d | eval x = a + 1, y = f(b)"},
      {"a | stats count() as n, sum(b) by host.id, c over 5m | where n > 3", NULL},
      {"a | suppress by b, c for 1h | new_terms d, e over 7d", NULL},
      {"sequence [a] [b]", NULL},
      {"sequence by x, ?y, with maxspan=5m [process where a] by b, c with runs=3 as n ![file where d] by e, "
       "f until [any where true] by g, h",
       "sequence by x, ?y with maxspan=5m [process where a] by b, c with runs=3 as n ![file where d] by e, f "
       "until [any where true] by g, h"},
      {"sequence with maxspan=0s by a [b] as x by c [d where x.e == f] | head 1",
       "sequence by a with maxspan=0s [b] by c as x [d where x.e == f] | head 1"},
      {"sample by a [b where c] [d where e]", NULL},
      {"join by a [b where c] [d where e] until [f]", NULL},
      {"sequence [process where any(a, b)] [any where by == 1] by with",
       "sequence [process where any(a, b)] [any where `by` == 1] by `with`"},
      {"sequence by (a + b) * 2 [c] [d]", NULL},
  };
  PRINTED(rows, false, 0);
}

Test(parser, layout)
{
  static const row rows[] = {
      {"process where a == 1", NULL},
      {"process where host.os.type == \"windows\" and process.name : (\"cmd.exe\", \"powershell.exe\", "
       "\"pwsh.exe\") and not (user.id == \"S-1-5-18\" or user.name : \"admin\")",
       "process where\n"
       "  host.os.type == \"windows\" and\n"
       "  process.name : (\n"
       "    \"cmd.exe\", \"powershell.exe\",\n"
       "    \"pwsh.exe\"\n"
       "  ) and\n"
       "  not (\n"
       "    user.id == \"S-1-5-18\" or\n"
       "    user.name : \"admin\"\n"
       "  )"},
      {"sequence by host.id with maxspan=1m [process where process.name == \"cmd.exe\" and user.id == \"x\"] "
       "[file where true] until [a] | head 5",
       "sequence by host.id with maxspan=1m\n"
       "  [process where\n"
       "      process.name == \"cmd.exe\" and\n"
       "      user.id == \"x\"]\n"
       "  [file where true]\n"
       "until [a]\n"
       "| head 5"},
  };
  PRINTED(rows, false, 40);
}

Test(parser, outline)
{
  static const row rows[] = {
      {"process where not a in (1, \"x*\") and ?b : (\"y\" and \"z\") | head 3", "query\n"
                                                                                 "  event process\n"
                                                                                 "    and\n"
                                                                                 "      not\n"
                                                                                 "        in in\n"
                                                                                 "          field a\n"
                                                                                 "          number 1\n"
                                                                                 "          string \"x*\"\n"
                                                                                 "      match :\n"
                                                                                 "        field ?b\n"
                                                                                 "        and\n"
                                                                                 "          string \"y\"\n"
                                                                                 "          string \"z\"\n"
                                                                                 "  stage head 3\n"},
      {"sequence by u with maxspan=5m [a] ![b where f~($v)] with runs=2 as x until [any where c] | sort d "
       "desc",
       "query\n"
       "  sequence 5m\n"
       "    by field u\n"
       "    term\n"
       "      event\n"
       "        field a\n"
       "    term x missing 2\n"
       "      event b\n"
       "        call f~\n"
       "          variable $v\n"
       "    until term\n"
       "      event any\n"
       "        field c\n"
       "  stage sort desc\n"
       "    field d\n"},
      {"a | stats count() by b over 1h | suppress by c for 2d", "query\n"
                                                                "  event\n"
                                                                "    field a\n"
                                                                "  stage stats 1h\n"
                                                                "    by field b\n"
                                                                "    named\n"
                                                                "      call count\n"
                                                                "  stage suppress 2d\n"
                                                                "    by field c\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_buf out = {.mem = &lq_mem_libc};
    lq_print_tree(&out, parse(&arena, lq_str_of(rows[i].text), false, NULL));
    cr_expect(lq_str_is(lq_buf_get(&out), rows[i].printed), "%s\n%.*s", rows[i].text, (int)out.n, out.p);
    lq_buf_free(&out);
    lq_arena_free(&arena);
  }
}

Test(parser, unequal)
{
  static const row rows[] = {
      {"a", "b"},
      {"a", "?a"},
      {"a == 1", "a != 1"},
      {"a == 4", "a == 4.0"},
      {"a and b", "a or b"},
      {"f(a)", "f~(a)"},
      {"f(a)", "f(a, b)"},
      {"a : \"*\"", "a : \"\\*\""},
      {"(a or b) or c", "a or b or c"},
      {"sequence [a] [b]", "sequence [a] ![b]"},
      {"a | head 5", "a | head 6"},
      {"a | sort b", "a | sort b desc"},
      {"x where a", "y where a"},
      {"sequence [a] [b]", "sequence [a] [b] until [c]"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_node *a = parse(&arena, lq_str_of(rows[i].text), false, NULL);
    lq_node *b = parse(&arena, lq_str_of(rows[i].printed), false, NULL);
    cr_expect(a && b && !lq_node_equal(a, b), "%s is not %s", rows[i].text, rows[i].printed);
    lq_arena_free(&arena);
  }
}

Test(parser, unfinished)
{
  static const struct {
    const char *text;
    bool unfinished;
  } rows[] = {
      {"", false},
      {"a == 1", false},
      {"a ==", true},
      {"a == 1 and", true},
      {"process where", true},
      {"process", false},
      {"a : (\"x\",", true},
      {"a : (\"x\"", true},
      {"f(a", true},
      {"a | ", true},
      {"a | head", true},
      {"a | head 5", false},
      {"a | nosuch", false},
      {"a == \"\"\"x", true},
      {"a /* b", true},
      {"a == \"x", false},
      {"a == )", false},
      {"a b c", false},
      {"sequence by x", true},
      {"sequence by x [a where b]", true},
      {"sequence by x [a where b] [c where", true},
      {"sequence by x [a where b] [c where d]", false},
      {"sequence [a] with runs=3", false},
      {"/* nothing */", false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool got;
    cr_assert_eq(lq_parse_unfinished(&got, &lq_mem_libc, lq_str_of(rows[i].text), LQ_DIALECT_LQ), LQ_OK);
    cr_expect_eq(got, rows[i].unfinished, "%s", rows[i].text);
  }
}

static void note(void *user, lq_token_kind kind)
{
  ((bool *)user)[kind] = true;
}

Test(parser, expected)
{
  static const struct {
    const char *text;
    lq_token_kind yes, no;
  } rows[] = {
      {"", LQ_TOK_SEQUENCE, LQ_TOK_AND},
      {"a", LQ_TOK_WHERE, LQ_TOK_ASSIGN},
      {"a :", LQ_TOK_STRING, LQ_TOK_NAME},
      {"a |", LQ_TOK_NAME, LQ_TOK_STRING},
      {"a |", LQ_TOK_WHERE, LQ_TOK_PIPE},
      {"a == 1", LQ_TOK_OR, LQ_TOK_NAME},
      {"a not", LQ_TOK_IN, LQ_TOK_AND},
      {"sequence", LQ_TOK_BY, LQ_TOK_NAME},
      {"sequence with", LQ_TOK_MAXSPAN, LQ_TOK_RUNS},
      {"sequence [a] with", LQ_TOK_RUNS, LQ_TOK_MAXSPAN},
      {"f(a", LQ_TOK_RPAREN, LQ_TOK_RBRACKET},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool kinds[LQ_TOK_COUNT] = {false};
    cr_assert_eq(lq_parse_expected(&lq_mem_libc, lq_str_of(rows[i].text), LQ_DIALECT_LQ, note, kinds), LQ_OK);
    cr_expect(kinds[rows[i].yes] && !kinds[rows[i].no], "after `%s`", rows[i].text);
  }
}

static void repeat(lq_buf *b, const char *z, size_t n)
{
  for (size_t i = 0; i < n; i++)
    lq_buf_z(b, z);
}

Test(parser, limits)
{
  static const struct {
    const char *before, *mid, *after;
    size_t n;
    int code; // 0: fine
  } rows[] = {
      {"not ", "a", "", 200, 0},
      {"not ", "a", "", 9000, 301},
      {"(", "a", ")", 900, 0},
      {"(", "a", ")", 5000, 301},
      {"f(", "a", ")", 250, 0},
      {"f(", "a", ")", 400, 301},
      {"a or ", "a", "", 100000, 0},
      {"a + ", "a", "", 200, 0},
      {"a + ", "a", "", 100000, 301},
      {"-", "a", "", 9000, 301},
      {"x:{ ", "a", "}", 200, 0},
      {"x:{ ", "a", "}", 600, 301},
      {"x : \"y\" and ", "a", "", 50000, 0},
      {"child of [", "a", "]", 400, 301},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_buf text = {.mem = &lq_mem_libc}, out = {.mem = &lq_mem_libc};
    repeat(&text, rows[i].before, rows[i].n);
    lq_buf_z(&text, rows[i].mid);
    repeat(&text, rows[i].after, rows[i].n);
    lq_source source = {LQ_STR("q"), lq_buf_get(&text)};
    lq_diag_list diags = {.arena = &arena, .source = &source};
    lq_node *n;
    lq_status s = lq_parse(&n, &lq_mem_libc, source.text, LQ_DIALECT_LQ, &diags);
    cr_expect_eq(s, rows[i].code ? LQ_E_QUERY : LQ_OK, "%zu %s", rows[i].n, rows[i].before);
    cr_expect(!rows[i].code || (diags.nerrors == 1 && (int)diags.first->code == rows[i].code),
              "%zu %s: %zu errors", rows[i].n, rows[i].before, diags.nerrors);
    if (s == LQ_OK) {
      lq_print_query(&out, n, LQ_DIALECT_LQ, 80);
      lq_print_tree(&out, n);
      cr_expect(lq_node_equal(n, n) && !out.failed);
    }
    lq_buf_free(&out);
    lq_buf_free(&text);
    lq_arena_free(&arena);
  }
}

Test(parser, memory_runs_out)
{
  static const char *const texts[] = {
      "process where a : (\"x\", \"y\") and not f~(b, 1.5) | head 5",
      "sequence by `a b` with maxspan=5 [x where y == 'z'] [\"c d\" where \"C:\\Users\" == \"\"\"e\"\"\"] "
      "until [f]",
      "a : cmd.exe and b contains \"x\" and (c | limit 5 | where g adn h",
      "a \xFF == \"\xC3\" and `x",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    bool failed = true;
    for (size_t at = 1; failed; at++) {
      counting_mem counter = {.fail_at = at};
      lq_mem mem = {counting_fn, &counter};
      lq_arena arena = {.mem = &mem};
      lq_source source = {LQ_STR("q"), lq_str_of(texts[i])};
      lq_diag_list diags = {.arena = &arena, .source = &source};
      lq_node *n = NULL;
      lq_status s = lq_parse(&n, &mem, source.text, LQ_DIALECT_LQ, &diags);
      failed = s == LQ_E_NOMEM;
      cr_expect(!failed || !n);
      bool unfinished;
      lq_buf out = {.mem = &mem};
      lq_print_query(&out, n, LQ_DIALECT_LQ, 20);
      lq_parse_unfinished(&unfinished, &mem, source.text, LQ_DIALECT_LQ);
      lq_buf_free(&out);
      lq_arena_free(&arena);
      cr_expect_eq(counter.live, 0, "%zu bytes leak when request %zu fails: %s", counter.live, at, texts[i]);
      cr_expect(!counter.wrong_size);
      cr_assert(at < 1000);
    }
  }
}
