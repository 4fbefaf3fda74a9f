// What to say when something cannot stand where it stands in a KQL query.
#include "base/utf8.h"
#include "parser/kql.h"

enum { SHOWN_MAX = 40 };

static bool is_literal(const lq_token *t)
{
  return t->kind == LQ_TOK_NAME || t->kind == LQ_TOK_STRING || t->kind == LQ_TOK_NUMBER ||
         t->kind == LQ_TOK_TRUE || t->kind == LQ_TOK_FALSE || t->kind == LQ_TOK_NULL;
}

static bool is_range(const lq_token *t)
{
  return lq_kql_is_range(t->kind);
}

static bool is_joint(const lq_token *t)
{
  return t->kind == LQ_TOK_AND || t->kind == LQ_TOK_OR || t->kind == LQ_TOK_NOT;
}

static bool is_closer(const lq_token *t)
{
  return t->kind == LQ_TOK_RPAREN || t->kind == LQ_TOK_RBRACE;
}

static bool is_bare(const lq_token *t)
{
  return is_literal(t) && !t->quoted;
}

static lq_str source(const lq_kql_driver *d, lq_span span)
{
  return lq_str_slice(d->ctx.text, span.start, span.end);
}

// What the query says there, short enough for a message.
static lq_str shown(const lq_kql_driver *d, lq_span span)
{
  lq_str s = source(d, span);
  size_t end = 0, chars = 0;
  while (end < s.n && s.p[end] != '\n' && chars++ < SHOWN_MAX)
    lq_utf8_next(s, &end);
  return end == s.n ? s : lq_arena_format(d->ctx.b.arena, "%.*s…", (int)end, s.p);
}

static lq_str opener_text(const lq_token *opener)
{
  return opener->kind == LQ_TOK_LPAREN ? LQ_STR("(") : LQ_STR("{");
}

#define ADD(code, at, ...) lq_diag_add(d->ctx.b.diags, LQ_DIAG_##code, at, __VA_ARGS__)
#define LABEL(diag, at, ...) lq_diag_label(d->ctx.b.diags, diag, at, __VA_ARGS__)
#define HELP(diag, ...) lq_diag_help(d->ctx.b.diags, diag, __VA_ARGS__)
#define FIX(diag, at, ...) lq_diag_fix(d->ctx.b.diags, diag, at, __VA_ARGS__)

// ---- brackets

static bool wrong_closer(lq_kql_driver *d, const lq_token *t)
{
  if (!is_closer(t))
    return false;
  if (d->nopen == 0) {
    lq_diag *x = ADD(UNCLOSED_BRACKET, t->span, "`%.*s` closes nothing", LQ_STR_ARG(source(d, t->span)));
    LABEL(x, t->span, "no `%s` is open here", t->kind == LQ_TOK_RPAREN ? "(" : "{");
    HELP(x, "remove it; a bracket that belongs to a value is written `\\%.*s`",
         LQ_STR_ARG(source(d, t->span)));
    return true;
  }
  const lq_token *opener = &d->open[d->nopen - 1];
  if ((opener->kind == LQ_TOK_LPAREN) == (t->kind == LQ_TOK_RPAREN))
    return false;
  lq_diag *x = ADD(UNCLOSED_BRACKET, t->span, "`%.*s` does not close the bracket before it",
                   LQ_STR_ARG(source(d, t->span)));
  LABEL(x, t->span, "`%s` would", opener->kind == LQ_TOK_LPAREN ? ")" : "}");
  LABEL(x, opener->span, "opens here");
  return true;
}

static bool unclosed(lq_kql_driver *d, const lq_token *t)
{
  if (t->kind != LQ_TOK_END || d->nopen == 0)
    return false;
  const lq_token *opener = &d->open[d->nopen - 1];
  if (!lq_kql_takes(d, opener->kind == LQ_TOK_LPAREN ? LQ_TOK_RPAREN : LQ_TOK_RBRACE))
    return false;
  lq_diag *x = ADD(UNCLOSED_BRACKET, opener->span, "`%.*s` is not closed", LQ_STR_ARG(opener_text(opener)));
  LABEL(x, opener->span, "opens here");
  LABEL(x, t->span, "the query ends here");
  HELP(x, "add `%s`", opener->kind == LQ_TOK_LPAREN ? ")" : "}");
  return true;
}

// ---- something is missing

static bool empty_group(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *opener = &d->last[0];
  if (!is_closer(t) || (opener->kind != LQ_TOK_LPAREN && opener->kind != LQ_TOK_LBRACE))
    return false;
  lq_span both = {opener->span.start, t->span.end};
  bool values = opener->kind == LQ_TOK_LPAREN && d->last[1].kind == LQ_TOK_COLON;
  if (values)
    ADD(EMPTY_LIST, both, "`%.*s` holds no value", LQ_STR_ARG(shown(d, both)));
  else
    ADD(SYNTAX, both, "`%.*s` holds no condition", LQ_STR_ARG(shown(d, both)));
  return true;
}

static bool nothing_after(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  lq_str word = source(d, last->span);
  if (t->kind != LQ_TOK_END && !is_closer(t) && !(is_joint(t) && t->kind != LQ_TOK_NOT))
    return false;
  if (last->kind == LQ_TOK_COLON || is_range(last)) {
    lq_diag *x = ADD(SYNTAX, t->span, "a value is missing after `%.*s`", LQ_STR_ARG(word));
    if (last->kind == LQ_TOK_COLON && is_literal(&d->last[1]))
      HELP(x, "`%.*s:*` finds the events that have the field", LQ_STR_ARG(shown(d, d->last[1].span)));
    return true;
  }
  if (!is_joint(last) && last->kind != LQ_TOK_LPAREN && last->kind != LQ_TOK_LBRACE)
    return false;
  ADD(SYNTAX, t->span, "a condition is missing after `%.*s`", LQ_STR_ARG(word));
  return true;
}

static bool nothing_before(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (t->kind != LQ_TOK_COLON && !is_range(t))
    return false;
  if (last->kind != LQ_TOK_INVALID && !is_joint(last) && last->kind != LQ_TOK_LPAREN &&
      last->kind != LQ_TOK_LBRACE)
    return false;
  lq_diag *x = ADD(SYNTAX, t->span, "a field is missing before `%.*s`", LQ_STR_ARG(source(d, t->span)));
  HELP(x, "a `%.*s` that belongs to a value is written `\\%.*s`", LQ_STR_ARG(source(d, t->span)),
       LQ_STR_ARG(source(d, t->span)));
  return true;
}

// ---- operators of other languages

static const struct {
  lq_str spelling;
  lq_diag_code code;
  const char *help;
} foreign[] = {
    {LQ_STR_INIT("!="), LQ_DIAG_FOREIGN_OPERATOR, "write `not field:value`"},
    {LQ_STR_INIT("=="), LQ_DIAG_FOREIGN_OPERATOR, "write `field:value`"},
    {LQ_STR_INIT("=~"), LQ_DIAG_FOREIGN_OPERATOR, "write `field:value`; KQL has no regular expressions"},
    {LQ_STR_INIT("="), LQ_DIAG_SINGLE_EQUALS, "write `field:value`"},
    {LQ_STR_INIT(" not in~"), LQ_DIAG_FOREIGN_OPERATOR, "write `not field:(a or b)`"},
    {LQ_STR_INIT(" not in"), LQ_DIAG_FOREIGN_OPERATOR, "write `not field:(a or b)`"},
    {LQ_STR_INIT(" in~"), LQ_DIAG_FOREIGN_OPERATOR, "write `field:(a or b)`"},
    {LQ_STR_INIT(" in"), LQ_DIAG_FOREIGN_OPERATOR, "write `field:(a or b)`"},
    {LQ_STR_INIT(" like~"), LQ_DIAG_FOREIGN_OPERATOR,
     "write `field:val*`; a `*` is a wildcard outside quotes"},
    {LQ_STR_INIT(" like"), LQ_DIAG_FOREIGN_OPERATOR,
     "write `field:val*`; a `*` is a wildcard outside quotes"},
    {LQ_STR_INIT(" regex~"), LQ_DIAG_FOREIGN_OPERATOR,
     "KQL has no regular expressions; `*` is a wildcard outside quotes"},
    {LQ_STR_INIT(" regex"), LQ_DIAG_FOREIGN_OPERATOR,
     "KQL has no regular expressions; `*` is a wildcard outside quotes"},
    {LQ_STR_INIT(" matches"), LQ_DIAG_FOREIGN_OPERATOR,
     "KQL has no regular expressions; `*` is a wildcard outside quotes"},
    {LQ_STR_INIT(" contains"), LQ_DIAG_FOREIGN_OPERATOR, "write `field:*val*`"},
    {LQ_STR_INIT(" is"), LQ_DIAG_FOREIGN_OPERATOR, "write `field:value`"},
};

static bool ends_with_word(lq_str s, lq_str word)
{
  return s.n > word.n && lq_str_eq_ascii(lq_str_slice(s, s.n - word.n, s.n), word);
}

// `name == "x"`, `name in (…)`: all of `name ==` was read as one text.
static bool foreign_operator(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (!is_bare(last) || (!is_literal(t) && t->kind != LQ_TOK_LPAREN))
    return false;
  lq_str text = source(d, last->span);
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
    if (!ends_with_word(text, foreign[i].spelling))
      continue;
    size_t blank = foreign[i].spelling.p[0] == ' ';
    lq_span at = {last->span.end - (uint32_t)(foreign[i].spelling.n - blank), last->span.end};
    lq_diag *x = lq_diag_add(d->ctx.b.diags, foreign[i].code, at, "`%.*s` is not an operator in KQL",
                             LQ_STR_ARG(source(d, at)));
    LABEL(x, t->span, "everything before this is read as one text");
    HELP(x, "%s", foreign[i].help);
    return true;
  }
  return false;
}

// Where `&&` or `||` stands among blanks in that text; -1: nowhere.
static long sign_between(lq_str s)
{
  for (size_t i = 0; i + 1 < s.n; i++) {
    bool sign = (s.p[i] == '&' && s.p[i + 1] == '&') || (s.p[i] == '|' && s.p[i + 1] == '|');
    if (sign && (i == 0 || s.p[i - 1] == ' ') && (i + 2 == s.n || s.p[i + 2] == ' '))
      return (long)i;
  }
  return -1;
}

static bool foreign_joint(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *both[] = {&d->last[0], t};
  for (size_t k = 0; k < 2; k++) {
    long at = is_bare(both[k]) ? sign_between(source(d, both[k]->span)) : -1;
    if (at < 0)
      continue;
    uint32_t start = both[k]->span.start + (uint32_t)at;
    lq_span sign = {start, start + 2};
    const char *word = d->ctx.text.p[start] == '&' ? "and" : "or";
    lq_diag *x = ADD(FOREIGN_OPERATOR, sign, "`%.*s` is not an operator in KQL", LQ_STR_ARG(source(d, sign)));
    if (k == 0)
      LABEL(x, t->span, "everything between the last operator and this is read as one text");
    HELP(x, "write `%s`", word);
    FIX(x, sign, "%s", word);
    return true;
  }
  return false;
}

static bool comma(lq_kql_driver *d, const lq_token *t)
{
  if (!is_bare(t) || source(d, t->span).p[0] != ',')
    return false;
  lq_span at = {t->span.start, t->span.start + 1};
  lq_diag *x = ADD(FOREIGN_OPERATOR, at, "`,` does not separate values in KQL");
  HELP(x, "write `or` between the values");
  FIX(x, at, " or ");
  return true;
}

// ---- keywords

static bool misplaced_not(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (t->kind != LQ_TOK_NOT)
    return false;
  if (last->kind == LQ_TOK_NOT) {
    lq_diag *x = ADD(SYNTAX, t->span, "`%.*s` cannot follow another `not`", LQ_STR_ARG(source(d, t->span)));
    HELP(x, "two of them cancel out: remove both, or write `not (not …)`");
    return true;
  }
  if (last->kind == LQ_TOK_COLON) {
    lq_diag *x = ADD(SYNTAX, t->span, "`%.*s` cannot follow `:`", LQ_STR_ARG(source(d, t->span)));
    lq_str field = shown(d, d->last[1].span);
    HELP(x, "write `not %.*s:value` or `%.*s:(not value)`", LQ_STR_ARG(field), LQ_STR_ARG(field));
    return true;
  }
  if (!is_literal(last) && !is_closer(last))
    return false;
  lq_diag *x = is_bare(last)
                   ? ADD(SYNTAX, t->span, "`%.*s` ends the value before it", LQ_STR_ARG(source(d, t->span)))
                   : ADD(SYNTAX, t->span, "`%.*s` needs `and` or `or` before it",
                         LQ_STR_ARG(source(d, t->span)));
  if (!is_bare(last))
    return true;
  HELP(x, "write `and not`, or put the value in double quotes if the word belongs to it");
  if (last->span.end == t->span.start)
    lq_diag_note(d->ctx.b.diags, x, "KQL takes `not` and a blank for the keyword even at the end of a word");
  return true;
}

// The keyword at that end of the text, without a bracket's distance: `and(`, `)or`.
static lq_str keyword_at_end(lq_str s, bool front)
{
  static const lq_str words[] = {LQ_STR_INIT("and"), LQ_STR_INIT("or"), LQ_STR_INIT("not")};
  for (size_t i = 0; i < 3; i++) {
    size_t n = words[i].n;
    if (s.n < n || (front && i == 2))
      continue;
    lq_str word = front ? lq_str_slice(s, 0, n) : lq_str_slice(s, s.n - n, s.n);
    bool whole = s.n == n || (front ? s.p[n] : s.p[s.n - n - 1]) == ' ';
    if (whole && lq_str_eq_ascii(word, words[i]))
      return word;
  }
  return (lq_str){"", 0};
}

static bool blank_missing(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  bool after = is_bare(last) && t->kind == LQ_TOK_LPAREN && last->span.end == t->span.start;
  bool before = is_bare(t) && (is_closer(last) || last->quoted) && last->span.end == t->span.start;
  if (!after && !before)
    return false;
  lq_str word = keyword_at_end(source(d, after ? last->span : t->span), before);
  if (word.n == 0)
    return false;
  lq_diag *x = after ? ADD(SYNTAX, t->span, "`%.*s` needs a blank before its bracket", LQ_STR_ARG(word))
                     : ADD(SYNTAX, t->span, "`%.*s` needs a blank before it", LQ_STR_ARG(word));
  HELP(x, "without it KQL reads a text");
  FIX(x, (lq_span){t->span.start, t->span.start}, " ");
  return true;
}

// ---- signs inside values

static bool colon_and_range(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (last->kind != LQ_TOK_COLON || !is_range(t))
    return false;
  lq_str sign = source(d, t->span);
  lq_diag *x = ADD(SYNTAX, t->span, "`%.*s` cannot follow `:`", LQ_STR_ARG(sign));
  HELP(x, "write `%.*s %.*s value`", LQ_STR_ARG(shown(d, d->last[1].span)), LQ_STR_ARG(sign));
  FIX(x, last->span, " ");
  return true;
}

static bool chained(lq_kql_driver *d, const lq_token *t)
{
  if (!is_range(t) || !is_literal(&d->last[0]) || !is_range(&d->last[1]))
    return false;
  lq_diag *x = ADD(CHAINED_COMPARISON, t->span, "a second `%.*s` cannot follow",
                   LQ_STR_ARG(source(d, t->span)));
  HELP(x, "write `a > 1 and a < 5` in place of `1 < a < 5`");
  return true;
}

static bool has_blank(lq_str s)
{
  return s.n > 0 && (memchr(s.p, ' ', s.n) || memchr(s.p, '\n', s.n) || memchr(s.p, '\t', s.n));
}

// `a:b c:d`, `a:b:c`: is a joint missing, or a backslash?
static bool sign_in_value(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if ((t->kind != LQ_TOK_COLON && !is_range(t)) || !is_literal(last))
    return false;
  lq_str sign = source(d, t->span);
  lq_diag *x = ADD(SYNTAX, t->span, "a `%.*s` inside a value", LQ_STR_ARG(sign));
  if (last->quoted || has_blank(source(d, last->span))) {
    LABEL(x, last->span, "all of this is one value");
    HELP(x,
         "two conditions need `and` or `or` between them; a `%.*s` that belongs to the value is written "
         "`\\%.*s`",
         LQ_STR_ARG(sign), LQ_STR_ARG(sign));
    return true;
  }
  HELP(x, "write `\\%.*s`, or put the value in double quotes", LQ_STR_ARG(sign));
  FIX(x, (lq_span){t->span.start, t->span.start}, "\\");
  return true;
}

static bool second_colon(lq_kql_driver *d, const lq_token *t)
{
  if (t->kind != LQ_TOK_COLON || d->last[0].kind != LQ_TOK_COLON)
    return false;
  lq_diag *x = ADD(SYNTAX, t->span, "a value cannot begin with `:`");
  HELP(x, "put the value in double quotes, or write `\\:`");
  return true;
}

static bool text_and_quotes(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (!is_literal(last) || !is_literal(t))
    return false;
  lq_diag *x = t->quoted ? ADD(SYNTAX, t->span, "a quoted text cannot follow `%.*s`",
                               LQ_STR_ARG(shown(d, last->span)))
                         : ADD(SYNTAX, t->span, "`%.*s` cannot follow a quoted text",
                               LQ_STR_ARG(shown(d, t->span)));
  HELP(
      x,
      "put `and` or `or` between them, or all of it in one pair of quotes; `\\\"` is a quote inside a value");
  return true;
}

static bool brace_without_colon(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (t->kind != LQ_TOK_LBRACE || !is_literal(last))
    return false;
  lq_diag *x = ADD(SYNTAX, t->span, "`%.*s` needs a `:` before it", LQ_STR_ARG(source(d, t->span)));
  HELP(x, "a nested query is written `%.*s:{ … }`", LQ_STR_ARG(shown(d, last->span)));
  FIX(x, (lq_span){last->span.end, last->span.end}, ":");
  return true;
}

static bool group_without_colon(lq_kql_driver *d, const lq_token *t)
{
  const lq_token *last = &d->last[0];
  if (t->kind != LQ_TOK_LPAREN || (!is_literal(last) && !is_range(last)))
    return false;
  lq_diag *x = ADD(SYNTAX, t->span, "`%.*s` cannot stand here", LQ_STR_ARG(source(d, t->span)));
  if (is_range(last))
    HELP(x, "`%.*s` takes one value", LQ_STR_ARG(source(d, last->span)));
  else
    HELP(x, "a field and its values are written `field:(a or b)`; a bracket that belongs to a value `\\(`");
  return true;
}

static void fallback(lq_kql_driver *d, const lq_token *t)
{
  bool operand = lq_kql_takes(d, LQ_TOK_STRING);
  lq_diag *x = t->kind == LQ_TOK_END
                   ? ADD(SYNTAX, t->span, "the query ends too early")
                   : ADD(SYNTAX, t->span, "`%.*s` cannot stand here", LQ_STR_ARG(shown(d, t->span)));
  HELP(x, operand ? "a field, a value or a bracket belongs here"
                  : "`and`, `or` or the end of the query belongs here");
}

void lq_kql_unexpected(lq_kql_driver *d, const lq_token *t)
{
  // The first that knows the mistake reports it.
  static bool (*const knows[])(lq_kql_driver *, const lq_token *) = {
      empty_group,         nothing_after, wrong_closer,    unclosed,
      nothing_before,      misplaced_not, blank_missing,   comma,
      foreign_operator,    foreign_joint, colon_and_range, chained,
      second_colon,        sign_in_value, text_and_quotes, brace_without_colon,
      group_without_colon,
  };
  for (size_t i = 0; i < sizeof knows / sizeof *knows; i++) {
    if (knows[i](d, t))
      return;
  }
  fallback(d, t);
}
