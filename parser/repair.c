// Mistakes whose meaning can be guessed: said kindly, mended, and the parse goes on as if nothing had been.
#include "base/suggest.h"
#include "parser/driver.h"

static lq_diag_list *diags_of(lq_driver *d)
{
  return d->ctx.b.diags;
}

static lq_str source(const lq_driver *d, lq_span s)
{
  return lq_str_slice(d->ctx.text, s.start, s.end);
}

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

static bool is_name(lq_token_kind k)
{
  return k == LQ_TOK_NAME || k == LQ_TOK_OPTIONAL || k == LQ_TOK_VARIABLE || k == LQ_TOK_TILDE_NAME;
}

static bool is_test(lq_token_kind k)
{
  return k == LQ_TOK_COLON || k == LQ_TOK_EQ || k == LQ_TOK_NE || k == LQ_TOK_LT || k == LQ_TOK_LE ||
         k == LQ_TOK_GT || k == LQ_TOK_GE || k == LQ_TOK_ASSIGN || k == LQ_TOK_IN || k == LQ_TOK_IN_TILDE ||
         k == LQ_TOK_LIKE || k == LQ_TOK_LIKE_TILDE || k == LQ_TOK_REGEX || k == LQ_TOK_REGEX_TILDE;
}

static uint32_t end_of_prev(const lq_driver *d)
{
  return d->prev.span.end;
}

// ---- stages

static bool stage_at(const void *ctx, size_t i, lq_str *name)
{
  (void)ctx;
  if (i > LQ_STAGE_NEW_TERMS)
    return false;
  *name = lq_str_of(lq_stage_word((lq_stage_kind)i));
  return true;
}

// Words of other pipe languages.
static const struct {
  lq_str word;
  const char *stage;
} foreign_stages[] = {
    {LQ_STR_INIT("limit"), "head"},      {LQ_STR_INIT("take"), "head"},    {LQ_STR_INIT("top"), "head"},
    {LQ_STR_INIT("first"), "head"},      {LQ_STR_INIT("last"), "tail"},    {LQ_STR_INIT("search"), "where"},
    {LQ_STR_INIT("select"), "keep"},     {LQ_STR_INIT("project"), "keep"}, {LQ_STR_INIT("fields"), "keep"},
    {LQ_STR_INIT("table"), "keep"},      {LQ_STR_INIT("order"), "sort"},   {LQ_STR_INIT("extend"), "eval"},
    {LQ_STR_INIT("summarize"), "stats"}, {LQ_STR_INIT("group"), "stats"},  {LQ_STR_INIT("dedup"), "unique"},
    {LQ_STR_INIT("distinct"), "unique"}, {LQ_STR_INIT("uniq"), "unique"},  {LQ_STR_INIT("having"), "where"},
};

static lq_str near_stage(lq_str word)
{
  for (size_t i = 0; i < sizeof foreign_stages / sizeof *foreign_stages; i++) {
    if (lq_str_eq_ascii(word, foreign_stages[i].word))
      return lq_str_of(foreign_stages[i].stage);
  }
  return lq_suggest(word, 2, stage_at, NULL);
}

static void skip_stage(lq_driver *d)
{
  for (lq_token_kind k = lq_peek_token(d).kind; k != LQ_TOK_PIPE && k != LQ_TOK_END && k != LQ_TOK_INVALID;
       k = lq_peek_token(d).kind) {
    lq_take_token(d);
    if (lq_is_opener(k))
      lq_skip_balanced(d);
  }
}

// Reports the word and steps over the rest of the stage: nobody can say what belongs to it.
void lq_repair_stage(lq_driver *d, const lq_token *word)
{
  lq_token_kind next = lq_peek_token(d).kind;
  lq_str near = near_stage(word->text);
  lq_diag *g;
  if (is_test(next) && !near.n) {
    g = lq_diag_add(diags_of(d), LQ_DIAG_UNKNOWN_STAGE, word->span, "a stage begins with its word");
    lq_diag_help(diags_of(d), g, "write `| where %.*s …`", LQ_STR_ARG(word->text));
    lq_diag_fix(diags_of(d), g, (lq_span){word->span.start, word->span.start}, "where ");
  } else {
    g = lq_diag_add(diags_of(d), LQ_DIAG_UNKNOWN_STAGE, word->span, "unknown stage `%.*s`",
                    LQ_STR_ARG(word->text));
    if (near.n) {
      lq_diag_help(diags_of(d), g, "did you mean `%.*s`?", LQ_STR_ARG(near));
      lq_diag_fix(diags_of(d), g, word->span, "%.*s", LQ_STR_ARG(near));
    } else {
      lq_diag_help(diags_of(d), g,
                   "the stages are where, head, tail, sort, unique, count, unique_count, keep, drop, "
                   "eval, stats, suppress and new_terms");
    }
  }
  lq_push(d, LQ_WORD_STAGE_UNKNOWN, word);
  skip_stage(d);
}

// ---- values without quotes

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

// Looks at the text before the lexer does, so that no part of a path is reported as a stray character.
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
  lq_str op = source(d, d->prev.span);
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
  lq_str text = source(d, t->span);
  lq_buf quoted = {.mem = d->ctx.mem};
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] == '\\')
      lq_buf_byte(&quoted, '\\');
    lq_buf_byte(&quoted, text.p[i]);
  }
  bool root = d->prev.kind == LQ_TOK_COLON && d->subject.n && same_root(d->subject, text);
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_UNQUOTED_VALUE, t->span, "a text value needs quotes");
  if (quoted.n < 200)
    lq_diag_help(diags_of(d), g, "write `\"%.*s\"`%s", (int)quoted.n, quoted.p ? quoted.p : "",
                 root ? "; to compare two fields use `==`" : "");
  if (quoted.n < 4096)
    lq_diag_fix(diags_of(d), g, t->span, "\"%.*s\"", (int)quoted.n, quoted.p ? quoted.p : "");
  diags_of(d)->arena->failed |= quoted.failed;
  lq_buf_free(&quoted);
}

bool lq_repair_unquoted(lq_driver *d)
{
  lq_token_kind k = d->prev.kind;
  bool place = k == LQ_TOK_COLON || k == LQ_TOK_LIKE || k == LQ_TOK_LIKE_TILDE || k == LQ_TOK_REGEX ||
               k == LQ_TOK_REGEX_TILDE || k == LQ_TOK_LPAREN || k == LQ_TOK_COMMA || k == LQ_TOK_AND ||
               k == LQ_TOK_OR || k == LQ_TOK_NOT;
  if (!place || d->has_ahead || d->ctx.dialect == LQ_DIALECT_ENDGAME)
    return false;
  if (!lq_takes(d, LQ_TOK_STRING) || lq_takes(d, LQ_TOK_NAME))
    return false;
  uint32_t at = skip_blanks(d->ctx.text, end_of_prev(d));
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

// ---- brackets

static void label_open(lq_driver *d, lq_diag *g, const lq_token *open)
{
  lq_str text = source(d, open->span);
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
  lq_str text = source(d, inner->span);
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
  lq_str text = source(d, inner->span);
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_UNCLOSED_BRACKET, t->span, "`%.*s` is closed by %s",
                           LQ_STR_ARG(text), lq_token_spelling(t->kind));
  label_open(d, g, inner);
  lq_diag_help(diags_of(d), g, "write %s", lq_token_spelling(closer));
  push_made(d, closer, t->span.start);
  return true;
}

// The text after a word: does a name and then an operator stand there?
static bool condition_follows(lq_str s, uint32_t at)
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

// `any(f, a : "x" and b == 1)`: the bracket is a call's, and conditions may well stand in it.
static bool opens_call(lq_str s, uint32_t at)
{
  static const lq_str operators[] = {LQ_STR_INIT("in"), LQ_STR_INIT("like"), LQ_STR_INIT("regex")};
  uint32_t end = at;
  if (end && s.p[end - 1] == '~')
    end--;
  uint32_t start = end;
  while (start && is_word_byte(s.p[start - 1]))
    start--;
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    if (lq_str_eq_ascii(lq_str_slice(s, start, end), operators[i]))
      return false;
  }
  return start < end;
}

// `a : ("x", "y" and b == 1`: what follows `and` is a condition, no value.
bool lq_repair_group_end(lq_driver *d, const lq_token *t)
{
  if ((t->kind != LQ_TOK_AND && t->kind != LQ_TOK_OR) || !d->nopen || !is_literal(d->prev.kind) ||
      d->has_ahead || lq_takes(d, LQ_TOK_EQ) || !lq_takes(d, LQ_TOK_COMMA) ||
      opens_call(d->ctx.text, d->open[d->nopen - 1].span.start) ||
      !condition_follows(d->ctx.text, t->span.end))
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
    lq_str text = source(d, span);
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
  if (is_literal(t->kind) && is_name(d->prev.kind) && lq_takes(d, LQ_TOK_COLON))
    return insert(d, t, LQ_TOK_COLON, "an operator is missing before this value",
                  "`:` ignores case and knows `*` and `?`, `==` compares exactly", NULL);
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
  lq_str first = source(d, span);
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
  if (!is_name(t->kind))
    return false;
  lq_token_kind next = lq_peek_token(d).kind;
  return is_test(next) || next == LQ_TOK_LPAREN || next == LQ_TOK_NOT || next == LQ_TOK_OF;
}

static bool repair_join(lq_driver *d, lq_token *t)
{
  if (lq_takes(d, LQ_TOK_COMMA) && (is_literal(t->kind) || is_name(t->kind))) {
    if (d->ctx.dialect == LQ_DIALECT_ENDGAME) {
      push_made(d, LQ_TOK_COMMA, t->span.start);
      lq_feed(d, *t);
      return true;
    }
    return insert(d, t, LQ_TOK_COMMA, "a `,` is missing before this", NULL, ", ");
  }
  if (!lq_takes(d, LQ_TOK_AND) || !begins_condition(d, t))
    return false;
  lq_stage_kind stage;
  if (lq_takes(d, LQ_TOK_WHERE) && lq_stage_find(d->prev.text, &stage)) {
    lq_str word = d->prev.text;
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, d->prev.span,
                             "the stage `%.*s` needs events to work on", LQ_STR_ARG(word));
    lq_diag_help(diags_of(d), g, "begin with a condition: `any where true | %.*s …`", LQ_STR_ARG(word));
    skip_stage(d);
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

// `| sort by x`
static bool repair_by(lq_driver *d, const lq_token *t)
{
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "`by` is not needed here");
  lq_diag_help(diags_of(d), g, "write `| %.*s field`", LQ_STR_ARG(d->prev.text));
  lq_diag_fix(diags_of(d), g, (lq_span){t->span.start, lq_peek_token(d).span.start}, "%s", "");
  return true;
}

bool lq_repair_stage_by(lq_driver *d, const lq_token *t)
{
  int k = d->prev_kind;
  bool lists = k == LQ_WORD_STAGE_SORT || k == LQ_WORD_STAGE_LIST || k == LQ_WORD_STAGE_COUNT ||
               k == LQ_WORD_STAGE_NEW_TERMS;
  return lists && lq_str_eq_ascii(source(d, t->span), LQ_STR("by")) && is_name(lq_peek_token(d).kind) &&
         repair_by(d, t);
}

// `like : "x"`, `in == 5`: a keyword where a field belongs.
static bool repair_keyword(lq_driver *d, lq_token *t)
{
  if (lq_token_class_of(t->kind) != LQ_CLASS_KEYWORD || !lq_takes(d, LQ_TOK_NAME) ||
      !is_test(lq_peek_token(d).kind))
    return false;
  lq_str text = source(d, t->span);
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_KEYWORD_AS_FIELD, t->span,
                           "`%.*s` is a keyword, and here a field belongs", LQ_STR_ARG(text));
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
  return repair_bracket(d, t) || repair_foreign(d, t) || repair_in(d, t) || repair_duration(d, t) ||
         repair_values(d, t) || repair_operator(d, t) || repair_spelling(d, t) || repair_keyword(d, t) ||
         repair_where(d, t) || repair_join(d, t);
}
