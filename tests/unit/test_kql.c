// KQL: what queries mean, where they go wrong, and that nothing in them can do harm.
#include <criterion/criterion.h>

#include "base/glob.h"
#include "counting_mem.h"
#include "parser/parse.h"

typedef struct reading {
  counting_mem counting;
  lq_mem mem;
  lq_arena arena;
  lq_diag_list diags;
  lq_source source;
  lq_node *tree;
  lq_buf text;
  lq_status status;
} reading;

static void parse_failing(reading *r, lq_str query, size_t fail_at)
{
  *r = (reading){.source = {LQ_STR("query"), query}, .counting.fail_at = fail_at};
  r->mem = (lq_mem){counting_fn, &r->counting};
  r->arena.mem = r->text.mem = &r->mem;
  r->diags.arena = &r->arena;
  r->diags.source = &r->source;
  r->status = lq_parse(&r->tree, &r->mem, query, LQ_DIALECT_KQL, &r->diags);
}

static void parse(reading *r, lq_str query)
{
  parse_failing(r, query, 0);
}

static void end(reading *r)
{
  lq_buf_free(&r->text);
  lq_arena_free(&r->arena);
  cr_expect(r->counting.live == 0, "%zu bytes leaked", r->counting.live);
  cr_expect(!r->counting.wrong_size);
}

static lq_str printed(reading *r, unsigned width)
{
  lq_buf_clear(&r->text);
  lq_print_query(&r->text, r->tree, LQ_DIALECT_KQL, width);
  return lq_buf_get(&r->text);
}

static const lq_node *condition(const reading *r)
{
  return r->tree->kids->kids;
}

// Mixed chains get brackets, so the layout shows how a query was read.
static const struct {
  const char *query, *printed;
} meanings[] = {
    {"a:b", "a:b"},
    {" a : b ", "a:b"},
    {"a:b c  d", "a:b c  d"},
    {"a:b or c:d and e:f", "a:b or (c:d and e:f)"},
    {"(a:b or c:d) and e:f", "(a:b or c:d) and e:f"},
    {"a:b AND c:d And not e:f", "a:b and c:d and not e:f"},
    {"not (not a:b)", "not (not a:b)"},
    {"a:(b or c and not d)", "a:(b or (c and not d))"},
    {"a:((b))", "a:b"},
    {"a:(not b)", "a:(not b)"},
    {"*", "*"},
    {"*:*", "*"},
    {"", "*"},
    {" \n", "*"},
    {"a:*", "a:*"},
    {"not a:*", "not a:*"},
    {"a*.b:c", "a*.b:c"},
    {"\"a b\":c", "a b:c"},
    {"\"a*\":c", "a\\*:c"},
    {"a:\"b*\"", "a:\"b*\""},
    {"a:b\\*", "a:b\\*"},
    {"a:(or)", "a:\\or"},
    {"a:not", "a:\\not"},
    {"AND b", "\\AND b"},
    {"a:b or and c", "a:b or \\and c"},
    {"a:b \\and c", "a:b \\and c"},
    {"a:\\not b", "a:\\not b"},
    {"a:x\\notes", "a:x\\u000aotes"},
    {"a:\"b\\qc\"", "a:\"b\\\\qc\""},
    {"a:\\u0041\\u00e4", "a:A\xC3\xA4"},
    {"a:\\uD83D\\uDE00", "a:\xF0\x9F\x98\x80"},
    {"a:\\uD83D", "a:\xEF\xBF\xBD"},
    {"a:C\\:\\\\x\\\\*", "a:C\\:\\\\x\\\\*"},
    {"a:{b:c and d:{e:f}}", "a:{ b:c and d:{ e:f } }"},
    {"a >= 5 and b < now-1d", "a >= 5 and b < now-1d"},
    {"a>\"x y\"", "a > \"x y\""},
    {"a:1.50", "a:1.50"},
    {"a:b\xC2\xA0or\xC2\xA0"
     "c:d",
     "a:b or c:d"},
    {"a:'b c', d", "a:'b c', d"},
    {"free text or \"a phrase\"", "free text or \"a phrase\""},
};

Test(kql, meanings)
{
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
    reading r, again;
    parse(&r, lq_str_of(meanings[i].query));
    cr_expect(r.status == LQ_OK, "%s: %d", meanings[i].query, (int)r.status);
    if (r.status == LQ_OK) {
      lq_str got = printed(&r, 0);
      cr_expect(lq_str_is(got, meanings[i].printed), "%s: %.*s", meanings[i].query, LQ_STR_ARG(got));
      parse(&again, got);
      cr_expect(lq_node_equal(r.tree, again.tree), "%s: another tree", meanings[i].query);
      end(&again);
    }
    end(&r);
  }
}

// What an unquoted or quoted value is.
static const struct {
  const char *query;
  lq_node_kind kind;
  lq_op op;
  const char *text; // by which it compares
} values[] = {
    {"a:b", LQ_N_STRING, LQ_OPER_KQL_TERM, "b"},
    {"a:\"b\"", LQ_N_STRING, LQ_OPER_KQL_PHRASE, "b"},
    {"a:b*", LQ_N_STRING, LQ_OPER_KQL_TERM, "b\xFF"},
    {"a:b?", LQ_N_STRING, LQ_OPER_KQL_TERM, "b?"},
    {"a:\"*\"", LQ_N_STRING, LQ_OPER_KQL_PHRASE, "*"},
    {"a:*", LQ_N_ANYTHING, LQ_OPER_NONE, ""},
    {"a:true", LQ_N_BOOL, LQ_OPER_NONE, "true"},
    {"a:\"true\"", LQ_N_STRING, LQ_OPER_KQL_PHRASE, "true"},
    {"a:True", LQ_N_STRING, LQ_OPER_KQL_TERM, "True"},
    {"a:null", LQ_N_STRING, LQ_OPER_KQL_TERM, "null"},
    {"a:-1", LQ_N_NUMBER, LQ_OPER_NONE, "-1"},
    {"a:1.50", LQ_N_NUMBER, LQ_OPER_NONE, "1.5"},
    {"a:007", LQ_N_STRING, LQ_OPER_KQL_TERM, "007"},
    {"a:1e5", LQ_N_STRING, LQ_OPER_KQL_TERM, "1e5"},
    {"a:0x17", LQ_N_STRING, LQ_OPER_KQL_TERM, "0x17"},
    {"a:10.0.0.0/8", LQ_N_STRING, LQ_OPER_KQL_TERM, "10.0.0.0/8"},
    {"a:18446744073709551615", LQ_N_NUMBER, LQ_OPER_NONE, "18446744073709551615"},
    {"a:18446744073709551616", LQ_N_STRING, LQ_OPER_KQL_TERM, "18446744073709551616"},
    {"a:\\tb\\t", LQ_N_STRING, LQ_OPER_KQL_TERM, "b"},
    {"a:\xFF", LQ_N_STRING, LQ_OPER_KQL_TERM, "\xEF\xBF\xBD"},
};

Test(kql, values)
{
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    reading r;
    char scratch[LQ_VALUE_TEXT_MAX];
    parse(&r, lq_str_of(values[i].query));
    const lq_node *leaf = r.tree ? condition(&r)->kids->next : NULL;
    if (leaf) {
      lq_str text = leaf->kind == LQ_N_ANYTHING ? LQ_STR("") : lq_value_text(&leaf->value, scratch);
      cr_expect(leaf->kind == values[i].kind, "%s: kind %d", values[i].query, (int)leaf->kind);
      cr_expect(leaf->op == values[i].op, "%s: op %d", values[i].query, (int)leaf->op);
      cr_expect(lq_str_is(text, values[i].text), "%s: %.*s", values[i].query, LQ_STR_ARG(text));
    }
    cr_expect(leaf);
    end(&r);
  }
}

// A match by its group: phrases only if all of them are.
Test(kql, operators)
{
  static const struct {
    const char *query;
    lq_op op;
  } rows[] = {
      {"a:(\"b\" or \"c\")", LQ_OPER_KQL_PHRASE},
      {"a:(\"b\" or c)", LQ_OPER_KQL_TERM},
      {"a:(not \"b\")", LQ_OPER_KQL_PHRASE},
      {"a:1", LQ_OPER_KQL_TERM},
      {"\"b\"", LQ_OPER_KQL_PHRASE},
      {"b", LQ_OPER_KQL_TERM},
      {"a < b", LQ_OPER_LT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    reading r;
    parse(&r, lq_str_of(rows[i].query));
    cr_expect(r.tree && condition(&r)->op == rows[i].op, "%s", rows[i].query);
    end(&r);
  }
}

// The first message; what its primary span marks; how many errors in all.
static const struct {
  const char *query;
  lq_diag_code code;
  uint32_t start, end;
  size_t errors;
} mistakes[] = {
    {"a:", LQ_DIAG_SYNTAX, 2, 2, 1},
    {"a >=", LQ_DIAG_SYNTAX, 4, 4, 1},
    {": b", LQ_DIAG_SYNTAX, 0, 1, 1},
    {">= b", LQ_DIAG_SYNTAX, 0, 2, 1},
    {"a:b and ", LQ_DIAG_SYNTAX, 8, 8, 1},
    {"()", LQ_DIAG_SYNTAX, 0, 2, 1},
    {"a:()", LQ_DIAG_EMPTY_LIST, 2, 4, 1},
    {"a:(b", LQ_DIAG_UNCLOSED_BRACKET, 2, 3, 1},
    {"a:{b:c", LQ_DIAG_UNCLOSED_BRACKET, 2, 3, 1},
    {"a:b)", LQ_DIAG_UNCLOSED_BRACKET, 3, 4, 1},
    {"a:(b}", LQ_DIAG_UNCLOSED_BRACKET, 4, 5, 1},
    {"a:\"b", LQ_DIAG_UNTERMINATED_STRING, 2, 3, 1},
    {"a:b\"", LQ_DIAG_UNTERMINATED_STRING, 3, 4, 1},
    {"a:\"C:\\\" and b:c", LQ_DIAG_UNTERMINATED_STRING, 2, 3, 1},
    {"not not a:b", LQ_DIAG_SYNTAX, 4, 7, 1},
    {"a:not b", LQ_DIAG_SYNTAX, 2, 5, 1},
    {"a:b not c", LQ_DIAG_SYNTAX, 4, 7, 1},
    {"a:cannot b", LQ_DIAG_SYNTAX, 5, 8, 1},
    {"a:b and(c:d)", LQ_DIAG_SYNTAX, 7, 8, 1},
    {"(a:b)and c:d", LQ_DIAG_SYNTAX, 5, 10, 1},
    {"a:>5", LQ_DIAG_SYNTAX, 2, 3, 1},
    {"a > 1 < 5", LQ_DIAG_CHAINED_COMPARISON, 6, 7, 1},
    {"a > (1 or 2)", LQ_DIAG_SYNTAX, 4, 5, 1},
    {"a:b:c", LQ_DIAG_SYNTAX, 3, 4, 1},
    {"a:b c:d", LQ_DIAG_SYNTAX, 5, 6, 1},
    {"a:::1", LQ_DIAG_SYNTAX, 2, 3, 1},
    {"a:b && c:d", LQ_DIAG_FOREIGN_OPERATOR, 4, 6, 1},
    {"a:(\"b\", \"c\")", LQ_DIAG_FOREIGN_OPERATOR, 6, 7, 1},
    {"a == \"b\"", LQ_DIAG_FOREIGN_OPERATOR, 2, 4, 1},
    {"a != \"b\"", LQ_DIAG_FOREIGN_OPERATOR, 2, 4, 1},
    {"a = \"b\"", LQ_DIAG_SINGLE_EQUALS, 2, 3, 1},
    {"a like \"b\"", LQ_DIAG_FOREIGN_OPERATOR, 2, 6, 1},
    {"a in (\"b\", \"c\") and d:e", LQ_DIAG_FOREIGN_OPERATOR, 2, 4, 1},
    {"a {b:c}", LQ_DIAG_SYNTAX, 2, 3, 1},
    {"a:b \"c\"", LQ_DIAG_SYNTAX, 4, 7, 1},
    {"a:\"b\"c", LQ_DIAG_SYNTAX, 5, 6, 1},
    {"a:\\q", LQ_DIAG_BAD_ESCAPE, 2, 4, 1},
    {"a:b\\", LQ_DIAG_BAD_ESCAPE, 3, 4, 1},
    {"a:\\qb\\wc and d:\\x", LQ_DIAG_BAD_ESCAPE, 2, 4, 2},
    {"a:b:c and d: and e:not f", LQ_DIAG_SYNTAX, 3, 4, 2},
    {"a:(b or c:d) or e:", LQ_DIAG_SYNTAX, 9, 10, 2},
};

Test(kql, mistakes)
{
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    reading r;
    const char *query = mistakes[i].query;
    parse(&r, lq_str_of(query));
    const lq_diag *d = r.diags.first;
    cr_expect(r.status == LQ_E_QUERY && d, "%s: status %d", query, (int)r.status);
    if (d) {
      lq_span at = d->labels[0].span;
      cr_expect(d->code == mistakes[i].code, "%s: LQ%d %.*s", query, (int)d->code, LQ_STR_ARG(d->message));
      cr_expect(at.start == mistakes[i].start && at.end == mistakes[i].end, "%s: %u to %u", query, at.start,
                at.end);
      cr_expect(r.diags.nerrors == mistakes[i].errors, "%s: %zu errors", query, r.diags.nerrors);
    }
    end(&r);
  }
}

// Every fix, once applied, leaves a query that parses.
Test(kql, fixes)
{
  static const struct {
    const char *query, *fixed;
  } rows[] = {
      {"a:b && c:d", "a:b and c:d"},
      {"a:(\"b\",\"c\")", "a:(\"b\" or \"c\")"},
      {"a:b and(c:d)", "a:b and (c:d)"},
      {"(a:b)or c:d", "(a:b) or c:d"},
      {"a:>5", "a >5"},
      {"a:b:c", "a:b\\:c"},
      {"a {b:c}", "a: {b:c}"},
      {"a:\\q", "a:\\\\q"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    reading r, again;
    parse(&r, lq_str_of(rows[i].query));
    const lq_diag *d = r.diags.first;
    cr_expect(d && d->has_fix, "%s: no fix", rows[i].query);
    if (d && d->has_fix) {
      lq_str s = r.source.text;
      lq_buf_str(&r.text, lq_str_slice(s, 0, d->fix_span.start));
      lq_buf_str(&r.text, d->fix);
      lq_buf_str(&r.text, lq_str_slice(s, d->fix_span.end, s.n));
      lq_str fixed = lq_buf_get(&r.text);
      cr_expect(lq_str_is(fixed, rows[i].fixed), "%s: %.*s", rows[i].query, LQ_STR_ARG(fixed));
      parse(&again, fixed);
      cr_expect(again.status == LQ_OK, "%.*s", LQ_STR_ARG(fixed));
      end(&again);
    }
    end(&r);
  }
}

// Queries that Kibana accepts in silence: where the warning points. An empty span: there is none.
Test(kql, doubts)
{
  static const struct {
    const char *query;
    uint32_t start, end;
  } rows[] = {
      {"a == b", 2, 4},
      {"a != 5 or b:c", 2, 4},
      {"a:b and", 4, 7},
      {"a:b or and c", 7, 10},
      {"(a:b OR) and c", 5, 7},
      {"a:b && c", 4, 6},
      {"a:(b.exe, c.exe)", 8, 9},
      {"a ! : b", 2, 3},
      {"process where process.name:b", 0, 26},
      {"a:b == c", 0, 0},
      {"a:hello, world", 0, 0},
      {"a:(b or and)", 0, 0},
      {"a:not", 0, 0},
      {"a:\\and b", 0, 0},
      {"a:\"b and\"", 0, 0},
      {"\"a field\":b", 0, 0},
      {"free text", 0, 0},
      {"a:C\\:\\\\Program Files*", 0, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    reading r;
    parse(&r, lq_str_of(rows[i].query));
    const lq_diag *d = r.diags.first;
    lq_span at = d ? d->labels[0].span : (lq_span){0, 0};
    cr_expect(r.status == LQ_OK, "%s", rows[i].query);
    cr_expect(r.diags.nwarnings == (rows[i].end > 0), "%s: %zu warnings", rows[i].query, r.diags.nwarnings);
    cr_expect(at.start == rows[i].start && at.end == rows[i].end, "%s: %u to %u", rows[i].query, at.start,
              at.end);
    cr_expect(!d || d->code == LQ_DIAG_READ_AS_TEXT);
    end(&r);
  }
}

Test(kql, layout)
{
  reading r;
  parse(&r, LQ_STR("event.category:process and process.name:(cmd.exe or powershell.exe or pwsh.exe) and not "
                   "user.name:(a or b)"));
  lq_str want = LQ_STR("event.category:process and\n"
                       "process.name:(\n"
                       "  cmd.exe or\n"
                       "  powershell.exe or\n"
                       "  pwsh.exe\n"
                       ") and\n"
                       "not user.name:(a or b)");
  lq_str got = printed(&r, 40);
  cr_expect(lq_str_eq(got, want), "%.*s", LQ_STR_ARG(got));
  end(&r);
}

Test(kql, unfinished)
{
  static const struct {
    const char *query;
    bool unfinished;
  } rows[] = {{"", false},     {"a:b", false},     {"a:", true},    {"a:b and ", true}, {"a:(b", true},
              {"a:\"b", true}, {"a:b and", false}, {"a:b)", false}, {"not ", true},     {"a:b:c", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool got = false;
    cr_expect(lq_parse_unfinished(&got, &lq_mem_libc, lq_str_of(rows[i].query), LQ_DIALECT_KQL) == LQ_OK);
    cr_expect(got == rows[i].unfinished, "%s", rows[i].query);
  }
}

static void note(void *user, lq_token_kind kind)
{
  *(uint64_t *)user |= (uint64_t)1 << kind;
}

Test(kql, expected)
{
  static const struct {
    const char *query;
    lq_token_kind takes, refuses;
  } rows[] = {
      {"", LQ_TOK_NAME, LQ_TOK_AND},
      {"a", LQ_TOK_COLON, LQ_TOK_NAME},
      {"a:", LQ_TOK_STRING, LQ_TOK_NOT},
      {"a:(", LQ_TOK_NOT, LQ_TOK_LBRACE},
      {"a:b ", LQ_TOK_AND, LQ_TOK_COLON},
      {"a > ", LQ_TOK_NUMBER, LQ_TOK_LPAREN},
      {"a:(b or c", LQ_TOK_RPAREN, LQ_TOK_END},
      {"not ", LQ_TOK_NAME, LQ_TOK_NOT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint64_t kinds = 0;
    cr_expect(lq_parse_expected(&lq_mem_libc, lq_str_of(rows[i].query), LQ_DIALECT_KQL, note, &kinds) ==
              LQ_OK);
    cr_expect(kinds >> rows[i].takes & 1, "%s: %s", rows[i].query, lq_token_name(rows[i].takes));
    cr_expect(!(kinds >> rows[i].refuses & 1), "%s: %s", rows[i].query, lq_token_name(rows[i].refuses));
  }
}

static void colour(void *user, lq_span span, lq_token_class cls)
{
  lq_buf_printf(user, "%u-%u:%d ", span.start, span.end, (int)cls);
}

Test(kql, colours)
{
  lq_buf out = {.mem = &lq_mem_libc}, want = {.mem = &lq_mem_libc};
  lq_lexer_highlight(&lq_mem_libc, LQ_STR("ab:(c d or \"e\") and f > 5"), LQ_DIALECT_KQL, colour, &out);
  lq_buf_printf(
      &want, "0-2:%d 2-3:%d 3-4:%d 4-7:%d 8-10:%d 11-14:%d 14-15:%d 16-19:%d 20-21:%d 22-23:%d 24-25:%d ",
      LQ_CLASS_NAME, LQ_CLASS_OPERATOR, LQ_CLASS_PUNCT, LQ_CLASS_STRING, LQ_CLASS_KEYWORD, LQ_CLASS_STRING,
      LQ_CLASS_PUNCT, LQ_CLASS_KEYWORD, LQ_CLASS_NAME, LQ_CLASS_OPERATOR, LQ_CLASS_NUMBER);
  cr_expect(lq_str_eq(lq_buf_get(&out), lq_buf_get(&want)), "%.*s", LQ_STR_ARG(lq_buf_get(&out)));
  lq_buf_free(&out);
  lq_buf_free(&want);
}

Test(kql, depth)
{
  static const struct {
    const char *open, *close;
    bool deep;
  } rows[] = {{"(", ")", true},
              {"a:{", "}", true},
              {"not (", ")", true},
              {"b or a:{c and not (", ")}", true},
              {"", "", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_buf q = {.mem = &lq_mem_libc};
    reading r;
    for (int k = 0; k < 5000; k++)
      lq_buf_z(&q, rows[i].open);
    lq_buf_z(&q, "x:y");
    for (int k = 0; k < 5000; k++)
      lq_buf_z(&q, rows[i].close);
    for (int k = 0; k < 5000; k++)
      lq_buf_z(&q, " or x:(a and b)");
    parse(&r, lq_buf_get(&q));
    cr_expect(r.status == (rows[i].deep ? LQ_E_QUERY : LQ_OK), "%s: %d", rows[i].open, (int)r.status);
    if (r.diags.first)
      cr_expect(r.diags.first->code == LQ_DIAG_TOO_DEEP, "%s: LQ%d", rows[i].open, (int)r.diags.first->code);
    end(&r);
    lq_buf_free(&q);
  }
}

Test(kql, memory_runs_out)
{
  static const char query[] = "a:(b or \"c\" and not d*) and n:{x > 1.50} or free text or \\q or e:f:g or (";
  reading whole;
  parse(&whole, LQ_STR(query));
  size_t requests = whole.counting.requests;
  cr_expect(whole.status == LQ_E_QUERY);
  end(&whole);
  for (size_t i = 1; i <= requests; i++) {
    reading r;
    parse_failing(&r, LQ_STR(query), i);
    cr_expect(r.status == LQ_E_NOMEM && !r.tree, "request %zu: %d", i, (int)r.status);
    end(&r);
  }
}

// Whatever parses prints to the same tree, at any width; whatever does not says so. Always the same queries.
Test(kql, any_text)
{
  static const char *const pieces[] = {
      "a",    "b*",   ":",    ":",    " ",       " ",     " ",    "and ",     " or ",
      "not ", "(",    ")",    "{",    "}",       "<",     ">=",   "\"",       "\"x y\"",
      "\\",   "\\*",  "\\t",  "\\n",  "\\u0041", "\\not", "or",   "\xC2\xA0", "\xE3\x80\x80",
      "\xFF", "*",    "?",    "true", "1.0",     "-7",    "null", "\n",       ",",
      "*:*",  "\\\\", "\\\"", "x:y",  "x:(",     "\0"};
  uint32_t seed = 1;
  size_t parsed = 0;
  for (int round = 0; round < 60000; round++) {
    char query[160];
    size_t n = 0;
    seed = seed * 1664525u + 1013904223u;
    for (unsigned k = (seed >> 24) % 14; k > 0; k--) {
      seed = seed * 1664525u + 1013904223u;
      const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)];
      size_t len = *piece ? strlen(piece) : 1;
      memcpy(query + n, piece, len);
      n += len;
    }
    reading r, again;
    parse(&r, lq_str_make(query, n));
    cr_expect((r.status == LQ_OK) == (r.diags.nerrors == 0) && (r.status == LQ_OK || r.status == LQ_E_QUERY));
    for (unsigned width = 0; r.status == LQ_OK && width < 30; width += 12) {
      parsed++;
      lq_str got = printed(&r, width);
      parse(&again, got);
      cr_expect(again.status == LQ_OK && lq_node_equal(r.tree, again.tree), "%.*s -> %.*s", (int)n, query,
                LQ_STR_ARG(got));
      end(&again);
    }
    end(&r);
  }
  cr_expect(parsed > 1000);
}
