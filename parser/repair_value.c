// Values whose quotes were forgotten. This looks at the text before the lexer does, so that no part of a path
// is reported as a stray character.
#include "parser/driver.h"
#include "stdlib/schema.h"

static bool is_word_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@';
}

static uint32_t skip_blanks(lq_str s, uint32_t at)
{
  while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t' || s.p[at] == '\n' || s.p[at] == '\r'))
    at++;
  return at;
}

static bool is_value_word(lq_str w)
{
  static const lq_str words[] = {LQ_STR_INIT("true"), LQ_STR_INIT("false"), LQ_STR_INIT("null"),
                                 LQ_STR_INIT("not"),  LQ_STR_INIT("and"),   LQ_STR_INIT("or"),
                                 LQ_STR_INIT("in"),   LQ_STR_INIT("like"),  LQ_STR_INIT("regex"),
                                 LQ_STR_INIT("where")};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (lq_str_eq_ascii(w, words[i]))
      return true;
  }
  return false;
}

// True if a text without quotes begins here.
static bool is_unquoted(lq_str s, uint32_t at)
{
  char c = at < s.n ? s.p[at] : 0, next = at + 1 < s.n ? s.p[at + 1] : 0;
  if (c == '*')
    return next && !strchr(" \t\r\n)]},|", next);
  if (c == '/')
    return next && next != '/' && next != '*';
  if (c == '-')
    return next == '-' || (is_word_byte(next) && !(next >= '0' && next <= '9'));
  if (c == '%' || c == '\\' || c == '$' || c == '.')
    return !(c == '.' && next >= '0' && next <= '9');
  if (!is_word_byte(c) && c != '`')
    return false;
  uint32_t end = at;
  bool digits = c >= '0' && c <= '9', letters = false;
  while (end < s.n && (is_word_byte(s.p[end]) || (digits && s.p[end] == '.'))) {
    letters |= !((s.p[end] >= '0' && s.p[end] <= '9') || s.p[end] == '.' || s.p[end] == 'e' ||
                 s.p[end] == 'E');
    end++;
  }
  if (digits)
    return letters;
  bool more = end < s.n && (s.p[end] == '.' || s.p[end] == '\\' || s.p[end] == ':');
  return more || !is_value_word(lq_str_slice(s, at, end));
}

static bool same_root(lq_str a, lq_str b)
{
  const char *dot = memchr(a.p, '.', a.n);
  size_t n = dot ? (size_t)(dot - a.p) + 1 : 0;
  return n && b.n > n && lq_str_eq(lq_str_slice(a, 0, n), lq_str_slice(b, 0, n));
}

// `x : f(y)`: the value is computed. The whole call is stepped over.
static void report_call(lq_driver *d, lq_token t)
{
  lq_str op = source_of(d, d->prev.span);
  lq_take_token(d);
  lq_skip_balanced(d);
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_NOT_LITERAL, t.span,
                           "a pattern must be written out, this is a call");
  bool colon = d->prev.kind == LQ_TOK_COLON;
  lq_diag_help(diags_of(d), g,
               colon ? "compare with a computed value by `==`%.*s"
                     : "patterns for `%.*s` are compiled ahead of time",
               colon ? (int)0 : (int)op.n, op.p);
}

static void report_unquoted(lq_driver *d, const lq_token *t)
{
  lq_str text = source_of(d, t->span);
  lq_buf quoted = {.mem = d->ctx.mem};
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '\\')
      lq_buf_byte(&quoted, '\\');
    lq_buf_byte(&quoted, text.p[i]);
  }
  bool field = lq_is_match(d->prev.kind) &&
               ((d->subject.n && same_root(d->subject, text)) || lq_schema_find(d->ctx.schema, text));
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_UNQUOTED_VALUE, t->span, "a text value needs quotes");
  if (quoted.n < 200)
    lq_diag_help(diags_of(d), g, "write `\"%.*s\"`%s", (int)quoted.n, quoted.p ? quoted.p : "",
                 field ? "; to compare two fields use `==`" : "");
  if (quoted.n < 4096 && !field) // a text and a field are both likely there
    lq_diag_fix(diags_of(d), g, t->span, "\"%.*s\"", (int)quoted.n, quoted.p ? quoted.p : "");
  diags_of(d)->arena->failed |= quoted.failed;
  lq_buf_free(&quoted);
}

bool lq_repair_unquoted(lq_driver *d)
{
  lq_token_kind k = d->prev.kind;
  bool place = lq_is_match(k) || k == LQ_TOK_LPAREN || k == LQ_TOK_COMMA || k == LQ_TOK_AND ||
               k == LQ_TOK_OR || k == LQ_TOK_NOT;
  if (!place || d->has_ahead || d->ctx.dialect == LQ_DIALECT_ENDGAME)
    return false;
  if (!lq_takes(d, LQ_TOK_STRING) || lq_takes(d, LQ_TOK_NAME))
    return false;
  uint32_t at = skip_blanks(d->ctx.text, d->prev.span.end);
  if (!is_unquoted(d->ctx.text, at))
    return false;
  lq_token t = lq_lexer_words(d->lx, at);
  if (t.span.end < d->ctx.text.n && d->ctx.text.p[t.span.end] == '(' &&
      is_word_byte(d->ctx.text.p[t.span.end - 1]))
    report_call(d, t);
  else
    report_unquoted(d, &t);
  lq_push(d, LQ_TOK_STRING, &t);
  return true;
}

// The text after a word: does a name and then an operator stand there?
bool lq_condition_follows(lq_str s, uint32_t at)
{
  at = skip_blanks(s, at);
  uint32_t start = at;
  while (at < s.n && (is_word_byte(s.p[at]) || s.p[at] == '.'))
    at++;
  if (at == start || is_value_word(lq_str_slice(s, start, at)))
    return false;
  at = skip_blanks(s, at);
  uint32_t word = at;
  while (at < s.n && is_word_byte(s.p[at]))
    at++;
  lq_str w = lq_str_slice(s, word, at);
  if (w.n)
    return lq_str_eq_ascii(w, LQ_STR("in")) || lq_str_eq_ascii(w, LQ_STR("like")) ||
           lq_str_eq_ascii(w, LQ_STR("regex"));
  return at < s.n && s.p[at] && strchr(":=!<>", s.p[at]);
}
