// Mistakes whose meaning can be guessed: said kindly, mended, and the parse goes on as if nothing had been.
#include "base/suggest.h"
#include "parser/driver.h"

static void push_made(lq_driver *d, int kind, uint32_t at)
{
  lq_push(d, kind,
          &(lq_token){.kind = kind < LQ_TOK_COUNT ? (lq_token_kind)kind : LQ_TOK_NAME, .span = {at, at}});
}

static bool is_literal(lq_token_kind k)
{
  return k == LQ_TOK_STRING || k == LQ_TOK_NUMBER || k == LQ_TOK_TRUE || k == LQ_TOK_FALSE ||
         k == LQ_TOK_NULL || k == LQ_TOK_DURATION;
}

bool lq_is_name(lq_token_kind k)
{
  return k == LQ_TOK_NAME || k == LQ_TOK_OPTIONAL || k == LQ_TOK_VARIABLE || k == LQ_TOK_TILDE_NAME;
}

bool lq_is_match(lq_token_kind k)
{
  return lq_op_shape_of(k) == LQ_SHAPE_MATCH;
}

bool lq_is_test(lq_token_kind k)
{
  lq_op_shape s = lq_op_shape_of(k);
  return k == LQ_TOK_ASSIGN || (s != LQ_SHAPE_NONE && s != LQ_SHAPE_ARITH);
}

// ---- brackets

static void label_open(lq_driver *d, lq_diag *g, const lq_token *open)
{
  lq_str text = source_of(d, open->span);
  lq_diag_label(diags_of(d), g, open->span, "`%.*s` opens here", LQ_STR_ARG(text));
}

// Closes what is open down to `keep`, as far as the parser agrees.
static bool close_down(lq_driver *d, unsigned keep, uint32_t at)
{
  while (d->nopen > keep && !d->done) {
    lq_token_kind closer = lq_closer_of(d->open[d->nopen - 1].kind);
    if (!lq_takes(d, closer))
      return false;
    push_made(d, closer, at);
  }
  return true;
}

static bool report_unclosed(lq_driver *d, const lq_token *t, unsigned keep)
{
  const lq_token *inner = &d->open[d->nopen - 1];
  lq_token_kind closer = lq_closer_of(inner->kind);
  if (!lq_takes(d, closer))
    return false;
  lq_str text = source_of(d, inner->span);
  unsigned count = d->nopen - keep;
  lq_diag *g = count > 1 ? lq_diag_add(diags_of(d), LQ_DIAG_UNCLOSED_BRACKET, inner->span,
                                       "%u brackets are not closed", count)
                         : lq_diag_add(diags_of(d), LQ_DIAG_UNCLOSED_BRACKET, inner->span,
                                       "`%.*s` is not closed", LQ_STR_ARG(text));
  for (unsigned i = d->nopen; i > keep && i + 2 > d->nopen; i--)
    label_open(d, g, &d->open[i - 1]);
  if (t->kind == LQ_TOK_END)
    lq_diag_label(diags_of(d), g, t->span, "the query ends without %s", lq_token_spelling(closer));
  else
    lq_diag_label(diags_of(d), g, t->span, "%s should come before this", lq_token_spelling(closer));
  return true;
}

static bool repair_bracket(lq_driver *d, lq_token *t)
{
  bool outside = t->kind == LQ_TOK_END || t->kind == LQ_TOK_PIPE;
  if (outside && d->nopen) {
    if (!report_unclosed(d, t, 0))
      return false;
    close_down(d, 0, t->span.start);
    lq_feed(d, *t);
    return true;
  }
  // Terms do not nest, so a second `[` means that the first lacks its end.
  if ((t->kind == LQ_TOK_LBRACKET || t->kind == LQ_TOK_NOT_LBRACKET) && d->nopen) {
    if (!report_unclosed(d, t, 0))
      return false;
    if (close_down(d, 0, t->span.start))
      lq_feed(d, *t);
    return true;
  }
  if (!lq_is_closer(t->kind))
    return false;
  unsigned match = d->nopen;
  while (match && lq_closer_of(d->open[match - 1].kind) != t->kind)
    match--;
  if (match == d->nopen && match) // the right closer, too early
    return false;
  if (match) {
    if (!report_unclosed(d, t, match))
      return false;
    if (close_down(d, match, t->span.start))
      lq_feed(d, *t);
    return true;
  }
  if (!d->nopen && d->forgiven) {
    d->forgiven--; // the bracket that was put in before
    return true;
  }
  if (!d->nopen) {
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_UNCLOSED_BRACKET, t->span, "%s closes nothing",
                             lq_token_spelling(t->kind));
    lq_diag_help(diags_of(d), g, "no bracket is open here");
    return true;
  }
  const lq_token *inner = &d->open[d->nopen - 1];
  lq_token_kind closer = lq_closer_of(inner->kind);
  if (!lq_takes(d, closer))
    return false;
  lq_str text = source_of(d, inner->span);
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_UNCLOSED_BRACKET, t->span, "`%.*s` is closed by %s",
                           LQ_STR_ARG(text), lq_token_spelling(t->kind));
  label_open(d, g, inner);
  lq_diag_help(diags_of(d), g, "write %s", lq_token_spelling(closer));
  push_made(d, closer, t->span.start);
  return true;
}

// `a : ("x", "y" and b == 1`: what follows `and` is a condition, no value.
bool lq_repair_group_end(lq_driver *d, const lq_token *t)
{
  if ((t->kind != LQ_TOK_AND && t->kind != LQ_TOK_OR) || !d->nopen || !is_literal(d->prev.kind) ||
      d->has_ahead || !d->in_group[d->nopen - 1] || !lq_condition_follows(d->ctx.text, t->span.end))
    return false;
  if (!report_unclosed(d, t, d->nopen - 1))
    return false;
  close_down(d, d->nopen - 1, t->span.start);
  d->forgiven++;
  return true;
}

// ---- words of other languages

static const struct {
  lq_str word;
  lq_token_kind op;
  const char *help;
} foreign_words[] = {
    {LQ_STR_INIT("contains"), LQ_TOK_COLON, "write `: \"*text*\"`, or `stringContains(field, \"text\")`"},
    {LQ_STR_INIT("has"), LQ_TOK_COLON, "write `: \"*text*\"`, or `stringContains(field, \"text\")`"},
    {LQ_STR_INIT("includes"), LQ_TOK_COLON, "write `: \"*text*\"`, or `stringContains(field, \"text\")`"},
    {LQ_STR_INIT("startswith"), LQ_TOK_COLON, "write `: \"text*\"`, or `startsWith(field, \"text\")`"},
    {LQ_STR_INIT("beginswith"), LQ_TOK_COLON, "write `: \"text*\"`, or `startsWith(field, \"text\")`"},
    {LQ_STR_INIT("endswith"), LQ_TOK_COLON, "write `: \"*text\"`, or `endsWith(field, \"text\")`"},
    {LQ_STR_INIT("matches"), LQ_TOK_REGEX,
     "write `regex`, or `regex~` to ignore case; `:` and `like` know `*` and `?`"},
    {LQ_STR_INIT("match"), LQ_TOK_REGEX, "write `regex`, or `match(field, \"expression\")`"},
    {LQ_STR_INIT("rlike"), LQ_TOK_REGEX, "write `regex`, or `regex~` to ignore case"},
    {LQ_STR_INIT("regexp"), LQ_TOK_REGEX, "write `regex`, or `regex~` to ignore case"},
    {LQ_STR_INIT("re"), LQ_TOK_REGEX, "write `regex`, or `regex~` to ignore case"},
    {LQ_STR_INIT("ilike"), LQ_TOK_LIKE_TILDE, "write `like~`, or `:`"},
    {LQ_STR_INIT("wildcard"), LQ_TOK_LIKE, "write `like`, or `:` to ignore case"},
    {LQ_STR_INIT("is"), LQ_TOK_EQ, "write `==`"},
    {LQ_STR_INIT("equals"), LQ_TOK_EQ, "write `==`, or `:` to ignore case"},
    {LQ_STR_INIT("eq"), LQ_TOK_EQ, "write `==`, or `:` to ignore case"},
    {LQ_STR_INIT("ne"), LQ_TOK_NE, "write `!=`"},
    {LQ_STR_INIT("neq"), LQ_TOK_NE, "write `!=`"},
    {LQ_STR_INIT("isnot"), LQ_TOK_NE, "write `!=`"},
    {LQ_STR_INIT("gt"), LQ_TOK_GT, "write `>`"},
    {LQ_STR_INIT("gte"), LQ_TOK_GE, "write `>=`"},
    {LQ_STR_INIT("lt"), LQ_TOK_LT, "write `<`"},
    {LQ_STR_INIT("lte"), LQ_TOK_LE, "write `<=`"},
};

static bool repair_foreign(lq_driver *d, const lq_token *t)
{
  bool tilde = t->kind == LQ_TOK_TILDE_NAME;
  if ((t->kind != LQ_TOK_NAME && !tilde) || t->quoted || !lq_takes(d, LQ_TOK_COLON))
    return false;
  if (lq_str_eq_ascii(t->text, LQ_STR("exists"))) {
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_FOREIGN_OPERATOR, t->span, "`%.*s` is not an operator",
                             LQ_STR_ARG(t->text));
    lq_diag_help(diags_of(d), g, "write `field : *` or `field != null`");
    lq_diag_fix(diags_of(d), g, t->span, ": *");
    push_made(d, LQ_TOK_COLON, t->span.end);
    push_made(d, LQ_TOK_STAR, t->span.end);
    return true;
  }
  for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words; i++) {
    if (!lq_str_eq_ascii(t->text, foreign_words[i].word))
      continue;
    lq_token_kind op = foreign_words[i].op;
    lq_span span = t->span;
    const char *help = foreign_words[i].help;
    if (op == LQ_TOK_EQ && lq_peek_token(d).kind == LQ_TOK_NOT) {
      span.end = lq_take_token(d).span.end;
      op = LQ_TOK_NE;
      help = "write `!=`";
    }
    if (!lq_takes(d, op)) // after `not`
      op = LQ_TOK_COLON;
    lq_str text = source_of(d, span);
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_FOREIGN_OPERATOR, span, "`%.*s` is not an operator",
                             LQ_STR_ARG(text));
    lq_diag_help(diags_of(d), g, "%s", help);
    if (op != LQ_TOK_COLON) {
      lq_str spelling = lq_str_of(lq_token_spelling(op));
      lq_diag_fix(diags_of(d), g, span, "%.*s", (int)spelling.n - 2, spelling.p + 1);
    }
    push_made(d, op, span.end);
    return true;
  }
  return false;
}

// ---- words that are missing, or nearly right

static bool insert(lq_driver *d, lq_token *t, int kind, const char *message, const char *help,
                   const char *text)
{
  uint32_t at = t->span.start;
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "%s", message);
  if (help)
    lq_diag_help(diags_of(d), g, "%s", help);
  if (text)
    lq_diag_fix(diags_of(d), g, (lq_span){at, at}, "%s", text);
  push_made(d, kind, at);
  lq_feed(d, *t);
  return true;
}

typedef struct candidates {
  lq_driver *d;
  int kinds[16];
  size_t n;
} candidates;

static bool candidate_at(const void *ctx, size_t i, lq_str *name)
{
  const candidates *c = ctx;
  if (i >= c->n)
    return false;
  lq_str spelling = lq_str_of(lq_token_spelling((lq_token_kind)c->kinds[i]));
  *name = lq_str_slice(spelling, 1, spelling.n - 1);
  return true;
}

// `adn`, `wher`, `maxpsan`: a keyword that could stand here and is nearly the word.
static bool repair_spelling(lq_driver *d, lq_token *t)
{
  static const int words[] = {LQ_TOK_AND,  LQ_TOK_OR,    LQ_TOK_NOT,     LQ_TOK_IN,
                              LQ_TOK_LIKE, LQ_TOK_REGEX, LQ_TOK_WHERE,   LQ_TOK_BY,
                              LQ_TOK_WITH, LQ_TOK_RUNS,  LQ_TOK_MAXSPAN, LQ_TOK_UNTIL};
  candidates c = {.d = d};
  if (t->kind != LQ_TOK_NAME || t->quoted || t->text.n < 3)
    return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (lq_takes(d, words[i]))
      c.kinds[c.n++] = words[i];
  }
  lq_str near = lq_suggest(t->text, t->text.n <= 3 ? 1 : 2, candidate_at, &c);
  for (size_t i = 0; near.n && i < c.n; i++) {
    lq_str word;
    candidate_at(&c, i, &word);
    if (!lq_str_eq(word, near) || (word.n == 2 && t->text.n > 3))
      continue;
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "`%.*s` cannot stand here",
                             LQ_STR_ARG(t->text));
    lq_diag_help(diags_of(d), g, "did you mean `%.*s`?", LQ_STR_ARG(near));
    lq_diag_fix(diags_of(d), g, t->span, "%.*s", LQ_STR_ARG(near));
    push_made(d, c.kinds[i], t->span.start);
    return true;
  }
  return false;
}

static bool repair_operator(lq_driver *d, lq_token *t)
{
  // `process.name "cmd.exe"`
  if (is_literal(t->kind) && lq_is_name(d->prev.kind) && lq_takes(d, LQ_TOK_COLON))
    return insert(d, t, LQ_TOK_COLON, "an operator is missing before this value",
                  "`:` ignores case and has `*` and `?`, `==` compares exactly", NULL);
  if ((t->kind == LQ_TOK_COLON || t->kind == LQ_TOK_EQ) && lq_takes(d, LQ_TOK_ASSIGN)) {
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "a setting is written with `=`");
    lq_diag_fix(diags_of(d), g, t->span, "=");
    push_made(d, LQ_TOK_ASSIGN, t->span.start);
    return true;
  }
  if ((t->kind == LQ_TOK_DURATION || t->kind == LQ_TOK_NUMBER) && lq_takes(d, LQ_TOK_ASSIGN) &&
      !lq_takes(d, LQ_TOK_EQ))
    return insert(d, t, LQ_TOK_ASSIGN, "`=` is missing before this value", NULL, "=");
  if ((t->kind == LQ_TOK_MAXSPAN || t->kind == LQ_TOK_RUNS) && lq_takes(d, LQ_TOK_WITH))
    return insert(d, t, LQ_TOK_WITH,
                  t->kind == LQ_TOK_RUNS ? "`runs` follows `with`" : "`maxspan` follows `with`",
                  t->kind == LQ_TOK_RUNS ? "write `with runs=3`" : "write `with maxspan=5m`", "with ");
  return false;
}

// `over 5`, `for 5 minutes`
static bool repair_duration(lq_driver *d, lq_token *t)
{
  if (t->kind != LQ_TOK_NUMBER || !lq_takes(d, LQ_TOK_DURATION) || lq_takes(d, LQ_TOK_NUMBER))
    return false;
  lq_token unit = lq_peek_token(d);
  if (unit.kind == LQ_TOK_NAME)
    lq_take_token(d);
  t->number = lq_int(lq_unitless(&d->ctx, t, unit.kind == LQ_TOK_NAME ? &unit : NULL));
  t->kind = LQ_TOK_DURATION;
  lq_push(d, LQ_TOK_DURATION, t);
  return true;
}

// `x in "a", "b"`
static bool repair_in(lq_driver *d, lq_token *t)
{
  if ((d->prev.kind != LQ_TOK_IN && d->prev.kind != LQ_TOK_IN_TILDE) || !is_literal(t->kind))
    return false;
  lq_span span = t->span;
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, span, "`in` needs a list in brackets");
  lq_str first = source_of(d, span);
  if (first.n < 100)
    lq_diag_help(diags_of(d), g, "write `in (%.*s)`, with `,` between several values", LQ_STR_ARG(first));
  push_made(d, LQ_TOK_LPAREN, span.start);
  lq_push(d, t->kind, t);
  while (lq_peek_token(d).kind == LQ_TOK_COMMA) {
    lq_token comma = lq_take_token(d);
    lq_push(d, LQ_TOK_COMMA, &comma);
    if (!is_literal(lq_peek_token(d).kind))
      break;
    lq_token value = lq_take_token(d);
    lq_push(d, value.kind, &value);
    span.end = value.span.end;
  }
  lq_diag_fix(diags_of(d), g, (lq_span){t->span.start, span.end}, "(%.*s)", (int)(span.end - t->span.start),
              d->ctx.text.p + t->span.start);
  push_made(d, LQ_TOK_RPAREN, span.end);
  return true;
}

// `x : "a", "b"`, `x : "a" "b"`: more values than one, and no brackets.
static bool repair_values(lq_driver *d, lq_token *t)
{
  if (!is_literal(d->prev.kind) || !lq_takes(d, LQ_TOK_AND) || lq_takes(d, LQ_TOK_COMMA))
    return false;
  if (!(is_literal(t->kind) || (t->kind == LQ_TOK_COMMA && is_literal(lq_peek_token(d).kind))))
    return false;
  lq_span span = d->prev.span;
  lq_span here = t->span;
  while (lq_peek_token(d).kind == LQ_TOK_COMMA || is_literal(d->ahead.kind))
    here.end = lq_take_token(d).span.end;
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, here, "several values need brackets");
  lq_diag_label(diags_of(d), g, span, "the first of them");
  lq_diag_help(diags_of(d), g, "write `(\"a\", \"b\")`");
  return true;
}

static bool begins_condition(lq_driver *d, const lq_token *t)
{
  if (t->kind == LQ_TOK_NOT || t->kind == LQ_TOK_LPAREN)
    return true;
  if (!lq_is_name(t->kind))
    return false;
  lq_token_kind next = lq_peek_token(d).kind;
  return lq_is_test(next) || next == LQ_TOK_LPAREN || next == LQ_TOK_NOT || next == LQ_TOK_OF;
}

static bool repair_join(lq_driver *d, lq_token *t)
{
  if (lq_takes(d, LQ_TOK_COMMA) && (is_literal(t->kind) || lq_is_name(t->kind)))
    return insert(d, t, LQ_TOK_COMMA, "a `,` is missing before this", NULL, ", ");
  if (!lq_takes(d, LQ_TOK_AND) || !begins_condition(d, t))
    return false;
  lq_stage_kind stage;
  if (lq_takes(d, LQ_TOK_WHERE) && lq_stage_find(d->prev.text, &stage)) {
    lq_str word = d->prev.text;
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, d->prev.span,
                             "the stage `%.*s` needs events to work on", LQ_STR_ARG(word));
    lq_diag_help(diags_of(d), g, "begin with a condition: `any where true | %.*s …`", LQ_STR_ARG(word));
    lq_skip_stage(d);
    return true;
  }
  if (lq_takes(d, LQ_TOK_WHERE) && d->prev.kind != LQ_TOK_STRING &&
      !memchr(d->prev.text.p ? d->prev.text.p : "", '.', d->prev.text.n))
    return insert(d, t, LQ_TOK_WHERE, "`where` is missing after the category", "write `process where …`",
                  "where ");
  return insert(d, t, LQ_TOK_AND, "expected `and` or `or` between two conditions", NULL, "and ");
}

// `a where b where c`
static bool repair_where(lq_driver *d, const lq_token *t)
{
  if (t->kind != LQ_TOK_WHERE || !lq_takes(d, LQ_TOK_AND))
    return false;
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "`where` cannot stand here");
  lq_diag_help(diags_of(d), g, "join conditions by `and`, or begin a stage with `| where`");
  lq_diag_fix(diags_of(d), g, t->span, "and");
  push_made(d, LQ_TOK_AND, t->span.end);
  return true;
}

// `like : "x"`, `in == 5`: a keyword where a field belongs.
static bool repair_keyword(lq_driver *d, lq_token *t)
{
  if (lq_token_class_of(t->kind) != LQ_CLASS_KEYWORD || !lq_takes(d, LQ_TOK_NAME) ||
      !lq_is_test(lq_peek_token(d).kind))
    return false;
  lq_str text = source_of(d, t->span);
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_KEYWORD_AS_FIELD, t->span,
                           "`%.*s` is a keyword, and a field belongs here", LQ_STR_ARG(text));
  lq_diag_help(diags_of(d), g, "a field of that name is written in back-ticks");
  lq_diag_fix(diags_of(d), g, t->span, "`%.*s`", LQ_STR_ARG(text));
  t->text = text;
  t->kind = LQ_TOK_NAME;
  t->quoted = true;
  lq_push(d, LQ_TOK_NAME, t);
  return true;
}

bool lq_repair(lq_driver *d, lq_token *t, int kind)
{
  if (kind >= LQ_TOK_COUNT)
    return false;
  if (lq_in_endgame(d) && lq_repair_endgame(d, t))
    return true;
  if (lq_in_endgame(d) && t->kind == LQ_TOK_END)
    return false;
  return repair_bracket(d, t) || repair_foreign(d, t) || repair_in(d, t) || repair_duration(d, t) ||
         repair_values(d, t) || repair_operator(d, t) || repair_spelling(d, t) || repair_keyword(d, t) ||
         repair_where(d, t) || repair_join(d, t);
}
