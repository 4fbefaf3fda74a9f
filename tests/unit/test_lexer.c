// Lexer: text to tokens, and what it says about text that is none.
#include <criterion/criterion.h>

#include "lexer/lexer.h"

static void write_token(lq_buf *out, const lq_token *t)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_buf_z(out, out->n ? " " : "");
  lq_buf_z(out, lq_token_name(t->kind));
  if (t->kind == LQ_TOK_NUMBER || t->kind == LQ_TOK_DURATION) {
    lq_buf_byte(out, '=');
    lq_buf_str(out, lq_value_text(&t->number, scratch));
  } else if (t->text.p) {
    lq_buf_byte(out, '=');
    for (size_t i = 0; i < t->text.n; i++) {
      char c = t->text.p[i];
      lq_buf_z(out, c == '\xFF' ? "<run>" : c == '\xFE' ? "<one>" : "");
      if (c != '\xFF' && c != '\xFE')
        lq_buf_byte(out, c);
    }
  }
}

// All tokens but END, then the codes of what was said.
static void lex(lq_buf *out, lq_str text, lq_dialect dialect)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_source source = {LQ_STR("q"), text};
  lq_diag_list diags = {.arena = &arena, .source = &source};
  lq_lexer *lx;
  cr_assert_eq(lq_lexer_new(&lx, &lq_mem_libc, text, dialect, &diags), LQ_OK);
  uint32_t last = 0;
  for (lq_token t = lq_lexer_next(lx); t.kind != LQ_TOK_END; t = lq_lexer_next(lx)) {
    write_token(out, &t);
    cr_expect(t.span.start >= last && t.span.end <= text.n && t.span.start <= t.span.end,
              "span of a token in %.*s", LQ_STR_ARG(text));
    last = t.span.start;
  }
  cr_expect_eq(lq_lexer_next(lx).kind, LQ_TOK_END, "END for ever");
  for (const lq_diag *d = diags.first; d; d = d->next)
    lq_buf_printf(out, " !%d@%u", (int)d->code, (unsigned)d->labels[0].span.start);
  lq_lexer_free(lx);
  lq_arena_free(&arena);
}

typedef struct row {
  const char *text, *tokens;
} row;

static void check(const row *rows, size_t n, lq_dialect dialect)
{
  for (size_t i = 0; i < n; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    lex(&out, lq_str_of(rows[i].text), dialect);
    lq_buf_byte(&out, 0);
    cr_expect_str_eq(out.p, rows[i].tokens, "%s\n  gives  %s\n  not    %s", rows[i].text, out.p,
                     rows[i].tokens);
    lq_buf_free(&out);
  }
}

Test(lexer, tokens)
{
  static const row rows[] = {
      {"", ""},
      {" \t\r\n\f", ""},
      {"process.name", "NAME=process.name"},
      {"process. command_line", "NAME=process.command_line"},
      {"process.where.in", "NAME=process.where.in"},
      {"a[0].b[12]", "NAME=a[0].b[12]"},
      {"sequence[a", "SEQUENCE LBRACKET NAME=a"},
      {"`odd name`.`and` `a``b`", "NAME=odd name.and NAME=a`b"},
      {"@timestamp winlog.a1.2b", "NAME=@timestamp NAME=winlog.a1.2b"},
      {"?a.b $var.c.d name~ ?`a b`", "OPTIONAL=a.b VARIABLE=var.c.d TILDE_NAME=name OPTIONAL=a b"},
      {"and AND And or NOT not", "AND AND AND OR NOT NOT"},
      {"in in~ LIKE like~ regex RegEx~", "IN IN_TILDE LIKE LIKE_TILDE REGEX REGEX_TILDE"},
      {"`and` where", "NAME=and WHERE"},
      {"0 42 9223372036854775807 9223372036854775808",
       "NUMBER=0 NUMBER=42 NUMBER=9223372036854775807 NUMBER=9223372036854775808"},
      {"18446744073709551616 1.5 .5 1e3 2E-2 5.",
       "NUMBER=18446744073709551616 NUMBER=1.5 NUMBER=0.5 NUMBER=1000 NUMBER=0.02 NUMBER=5"},
      {"100ms 5s 10m 2h 7d", "DURATION=100000000 DURATION=5000000000 DURATION=600000000000 "
                             "DURATION=7200000000000 DURATION=604800000000000"},
      {": == != < <= > >= = + - * / %", "COLON EQ NE LT LE GT GE ASSIGN PLUS MINUS STAR SLASH PERCENT"},
      {"| , ( ) [ ] ![ { }", "PIPE COMMA LPAREN RPAREN LBRACKET RBRACKET NOT_LBRACKET LBRACE RBRACE"},
      {"a // b\nc /* d /* e */ f */ g", "NAME=a NAME=c NAME=g"},
      {"a//", "NAME=a"},
      {"foo-bar", "NAME=foo MINUS NAME=bar"},
  };
  check(rows, sizeof rows / sizeof *rows, LQ_DIALECT_LQ);
}

Test(lexer, strings)
{
  static const row rows[] = {
      {"\"\" \"a b\"", "STRING= STRING=a b"},
      {"\"*x?\" \"\\*x\\?\"", "STRING=<run>x<one> STRING=*x?"},
      {"\"\\\\ \\\" \\' \\n\\r\\t\\b\\f\"", "STRING=\\ \" ' \n\r\t\b\f"},
      {"\"\\u{41}\\u{0041}\\u{1F4A9}\\u{0}\"",
       "STRING=AA\xF0\x9F\x92\xA9"}, // cut at the NUL by the comparison
      // Escapes first, wildcards then: a backslash is an ordinary character of a pattern.
      {"\"*\\\\\\\\*\\\\admin$*\"", "STRING=<run>\\\\<run>\\admin$<run>"},
      {"\"C:\\\\Users\\\\*\"", "STRING=C:\\Users\\<run>"},
      {"\"*\\\\CLSID\\\\*\"", "STRING=<run>\\CLSID\\<run>"},
      {"\"\"\"C:\\Users\\*\"\"\"", "STRING=C:\\Users\\<run>"},
      {"\"\"\"a\"b\"\"c\"\"\"", "STRING=a\"b\"\"c"},
      {"\"\"\"a\"\"\"\" \"\"\"a\"\"\"\"\"", "STRING=a\" STRING=a\"\""},
      {"\"\"\"\"\"\" x", "STRING= NAME=x"},
      {"\"\"\"two\nlines\"\"\"", "STRING=two\nlines"},
      {"\"caf\xC3\xA9\"", "STRING=caf\xC3\xA9"},
      {"\"it's\"", "STRING=it's"},
  };
  check(rows, sizeof rows / sizeof *rows, LQ_DIALECT_LQ);
}

Test(lexer, mistakes)
{
  static const row rows[] = {
      {"a && b || !c", "NAME=a AND NAME=b OR NOT NAME=c !109@2 !109@7 !109@10"},
      {"a !: \"b\"", "NAME=a NOT COLON STRING=b !109@2"},
      {"a <> b === c => d =~ \"e\"",
       "NAME=a NE NAME=b EQ NAME=c GE NAME=d REGEX_TILDE STRING=e !109@2 !109@7 !109@13 !109@18"},
      {"'a b' c", "STRING=a b NAME=c !107@0"},
      {"don't", "NAME=don NAME=t !104@3"},
      {"\"C:\\Users\\Win\"", "STRING=C:\\Users\\Win !103@3"},
      {"\"\\u{110000}\" \"\\u{D800}\" \"\\uX\"",
       "STRING=\xEF\xBF\xBD STRING=\xEF\xBF\xBD STRING=\\uX !103@1 !103@14 !103@25"},
      {"\"a and b : 1", "STRING=a AND NAME=b COLON NUMBER=1 !102@0"},
      {"(\"a\", \"b)\nx", "LPAREN STRING=a COMMA STRING=b RPAREN NAME=x !102@6"},
      {"(\"a, \"b\", \"c\")", "LPAREN STRING=a,  COMMA STRING=c RPAREN !102@1"},
      {"\"a\"and b", "STRING=a AND NAME=b"},
      {"\"\"\"a) and b", "STRING=a RPAREN AND NAME=b !102@0"},
      {"a /* b", "NAME=a !108@2"},
      {"a # b\nc", "NAME=a NAME=c !104@2"},
      {"a;;; b `c", "NAME=a NAME=b NAME=c !104@1 !104@7"},
      {"5min 1.5h 0x1F 7zip", "DURATION=0 DURATION=0 NUMBER=31 NUMBER=0 !115@0 !115@5 !114@10 !114@15"},
      {"99999999999999999999s 1e999", "DURATION=0 NUMBER=0 !115@0 !114@22"},
      {"10.0.0.0/8 1.2.3", "STRING=10.0.0.0/8 STRING=1.2.3 !111@0 !111@11"},
      {"\xE2\x80\x9C"
       "a\xE2\x80\x9D b",
       "STRING=a NAME=b !104@0"},
      {"a\xC2\xA0== 1", "NAME=a EQ NUMBER=1 !104@1"},
      {"gr\xC3\xB6\xC3\x9F"
       "e : 1",
       "NAME=gr\xC3\xB6\xC3\x9F"
       "e COLON NUMBER=1 !104@0"},
      {"\xEF\xBB\xBF"
       "a",
       "NAME=a"},
      {"\"a\xFF*\" b", "STRING=a\xEF\xBF\xBD<run> NAME=b !116@2"},
      {"a \xC3 b", "NAME=a NAME=b !116@2"},
  };
  check(rows, sizeof rows / sizeof *rows, LQ_DIALECT_LQ);
}

Test(lexer, nul_bytes)
{
  lq_buf out = {.mem = &lq_mem_libc};
  lex(&out, LQ_STR("a \0 \"b\0c\" // d\0e\nf /* \0 */ \"\"\"g\0\"\"\""), LQ_DIALECT_LQ);
  static const char want[] = "NAME=a STRING=b\0c NAME=f STRING=g\0 !104@2";
  cr_expect_eq(out.n, sizeof want - 1);
  cr_expect(memcmp(out.p, want, sizeof want - 1) == 0);
  lq_buf_free(&out);
}

Test(lexer, long_tokens)
{
  enum { N = 3000000 };
  lq_buf text = {.mem = &lq_mem_libc}, out = {.mem = &lq_mem_libc};
  lq_buf_byte(&text, '"');
  lq_buf_fill(&text, 'x', N);
  lq_buf_z(&text, "\" ");
  lq_buf_fill(&text, 'y', N);
  lex(&out, lq_buf_get(&text), LQ_DIALECT_LQ);
  cr_expect_eq(out.n, sizeof "STRING= NAME=" - 1 + 2 * (size_t)N);
  lq_buf_free(&text);
  lq_buf_free(&out);
}

Test(lexer, too_long)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_diag_list diags = {.arena = &arena};
  lq_lexer *lx;
  cr_expect_eq(lq_lexer_new(&lx, &lq_mem_libc, (lq_str){"", LQ_SOURCE_MAX + 1}, LQ_DIALECT_LQ, &diags),
               LQ_E_LIMIT);
  cr_expect_null(lx);
}

Test(lexer, unfinished)
{
  static const struct {
    const char *text;
    bool unfinished;
  } rows[] = {{"a", false}, {"\"a", false}, {"\"\"\"a", true}, {"a /* b", true}, {"a // b", false}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_diag_list diags = {.arena = &arena};
    lq_lexer *lx;
    cr_assert_eq(lq_lexer_new(&lx, &lq_mem_libc, lq_str_of(rows[i].text), LQ_DIALECT_LQ, &diags), LQ_OK);
    while (lq_lexer_next(lx).kind != LQ_TOK_END)
      ;
    cr_expect_eq(lq_lexer_unfinished(lx), rows[i].unfinished, "%s", rows[i].text);
    lq_lexer_free(lx);
    lq_arena_free(&arena);
  }
}

static void add_class(void *user, lq_span span, lq_token_class cls)
{
  static const char letters[] = "-nfs1lkop/e";
  lq_buf *out = user;
  for (uint32_t i = span.start; i < span.end; i++)
    out->p[i] = letters[cls];
}

Test(lexer, colours)
{
  static const row rows[] = {
      {"a where f(b) : \"x\"", "n kkkkk fpnp o sss"}, {"any(a, x) // c", "fffpnp np ////"},
      {"a | head 5 /* c", "n p kkkk 1 ////"},         {"null and 5m in (1)", "llll kkk 11 kk p1p"},
      {"a like~ (\"x\")", "n kkkkk psssp"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    lq_buf_fill(&out, ' ', strlen(rows[i].text));
    cr_assert_eq(lq_lexer_highlight(&lq_mem_libc, lq_str_of(rows[i].text), LQ_DIALECT_LQ, add_class, &out),
                 LQ_OK);
    cr_expect(lq_str_is(lq_buf_get(&out), rows[i].tokens), "%s\n%.*s", rows[i].text, (int)out.n, out.p);
    lq_buf_free(&out);
  }
}
