// What to say when something cannot stand where it stands.
#include "parser/driver.h"

enum { TEXT_MAX = 40 };

// `foo`, the string "…", the end of the query: what the author sees, cut where it is long.
void lq_describe_token(lq_buf *out, const lq_driver *d, const lq_token *t)
{
  lq_str text = lq_str_slice(d->ctx.text, t->span.start, t->span.end);
  if (t->kind == LQ_TOK_END) {
    lq_buf_z(out, "the end of the query");
    return;
  }
  size_t n = text.n;
  if (n > TEXT_MAX) {
    n = TEXT_MAX;
    while (n > 0 && ((unsigned char)text.p[n] & 0xC0) == 0x80) // not within a code point
      n--;
  }
  bool ticks = !memchr(text.p, '`', n);
  lq_buf_z(out, ticks ? "`" : "");
  for (size_t i = 0; i < n; i++)
    lq_buf_byte(out, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
  lq_buf_z(out, n < text.n ? "…" : "");
  lq_buf_z(out, ticks ? "`" : "");
}

static void add_word(lq_buf *out, const char *word, size_t *n, size_t total)
{
  if (*n)
    lq_buf_z(out, *n + 1 < total ? ", " : total > 2 ? ", or " : " or ");
  lq_buf_z(out, word);
  ++*n;
}

// What could stand there, said in words that are true and short.
static void describe_expected(lq_buf *out, lq_driver *d)
{
  static const struct {
    int kind;
    const char *words;
  } shown[] = {
      {LQ_TOK_WHERE, "`where`"},
      {LQ_TOK_COMMA, "`,`"},
      {LQ_TOK_RPAREN, "`)`"},
      {LQ_TOK_RBRACKET, "`]`"},
      {LQ_TOK_RBRACE, "`}`"},
      {LQ_TOK_LPAREN, "`(`"},
      {LQ_TOK_LBRACKET, "`[`"},
      {LQ_TOK_BY, "`by`"},
      {LQ_TOK_WITH, "`with`"},
      {LQ_TOK_MAXSPAN, "`maxspan`"},
      {LQ_TOK_RUNS, "`runs`"},
      {LQ_TOK_ASSIGN, "`=`"},
      {LQ_TOK_NAME, "a name"},
      {LQ_TOK_NUMBER, "a number"},
      {LQ_TOK_DURATION, "a duration such as `5m`"},
      {LQ_TOK_AS, "`as`"},
      {LQ_TOK_UNTIL, "`until`"},
      {LQ_TOK_OF, "`of`"},
      {LQ_WORD_ASC, "`asc`"},
      {LQ_WORD_DESC, "`desc`"},
      {LQ_WORD_OVER, "`over`"},
      {LQ_WORD_FOR, "`for`"},
      {LQ_TOK_AND, "`and`"},
      {LQ_TOK_OR, "`or`"},
      {LQ_TOK_PIPE, "`|`"},
      {LQ_TOK_END, "the end of the query"},
  };
  bool takes[sizeof shown / sizeof *shown];
  size_t total = 0, n = 0;
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    takes[i] = lq_takes(d, shown[i].kind) && !(shown[i].kind == LQ_TOK_ASSIGN && lq_takes(d, LQ_TOK_EQ)) &&
               shown[i].kind != LQ_TOK_OF;
    total += takes[i];
  }
  bool oper = lq_takes(d, LQ_TOK_EQ);
  if (oper && total > 3) { // after a value nearly everything can come: the useful part of it
    lq_buf_z(out,
             lq_takes(d, LQ_TOK_COMMA) ? "an operator, `,`, `and` or `or`" : "an operator, `and` or `or`");
    return;
  }
  total += oper;
  if (oper)
    add_word(out, "an operator", &n, total);
  for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
    if (takes[i])
      add_word(out, shown[i].words, &n, total);
  }
}

static bool is_comparison(int k)
{
  return lq_token_class_of((lq_token_kind)k) == LQ_CLASS_OPERATOR;
}

static void describe_place(lq_buf *out, lq_driver *d)
{
  int k = d->prev_kind;
  if (lq_takes(d, LQ_WORD_STAGE_SORT)) {
    lq_buf_z(out, "a stage such as `where` or `head`");
  } else if (lq_takes(d, LQ_TOK_STRING) && lq_takes(d, LQ_TOK_NAME)) {
    bool value = k < LQ_TOK_COUNT && (is_comparison(k) || k == LQ_TOK_COMMA);
    lq_buf_z(out, k == LQ_TOK_BY || k == LQ_WORD_STAGE_SORT || k == LQ_WORD_STAGE_LIST ? "a field"
                  : value                                                              ? "a value"
                                                                                       : "a condition");
  } else if (lq_takes(d, LQ_TOK_STRING)) {
    lq_buf_z(out, lq_takes(d, LQ_TOK_LPAREN) && !lq_takes(d, LQ_TOK_RPAREN)
                      ? "a value in quotes or a list in brackets"
                      : "a value in quotes");
  } else {
    describe_expected(out, d);
  }
  if (!out->n)
    lq_buf_z(out, lq_takes(d, LQ_TOK_COLON) ? "`in`, `like`, `regex` or `:`" : "something else");
}

void lq_unexpected(lq_driver *d, const lq_token *t)
{
  lq_buf what = {.mem = d->ctx.mem}, got = {.mem = d->ctx.mem}, prev = {.mem = d->ctx.mem};
  lq_diag_list *diags = d->ctx.b.diags;
  describe_place(&what, d);
  lq_describe_token(&got, d, t);
  bool first = d->prev_kind == LQ_TOK_INVALID;
  if (!first)
    lq_describe_token(&prev, d, &d->prev);
  // Where the text ends too early, Endgame EQL points at what came last.
  lq_span where = lq_in_endgame(d) && t->kind == LQ_TOK_END && !first ? d->prev.span : t->span;
  lq_diag *g = lq_diag_add(diags, LQ_DIAG_SYNTAX, where, "expected %.*s%s%.*s, found %.*s", (int)what.n,
                           what.p ? what.p : "", first ? "" : " after ", (int)prev.n, prev.p ? prev.p : "",
                           (int)got.n, got.p ? got.p : "");
  if (d->nopen && (lq_takes(d, lq_closer_of(d->open[d->nopen - 1].kind)) || t->kind == LQ_TOK_END)) {
    lq_span at = d->open[d->nopen - 1].span;
    lq_str open = lq_str_slice(d->ctx.text, at.start, at.end);
    lq_diag_label(diags, g, at, "this `%.*s` is still open", LQ_STR_ARG(open));
  }
  if (first && t->kind == LQ_TOK_LBRACKET)
    lq_diag_help(diags, g, "events in brackets belong to `sequence`, `sample` or `join`");
  if (first && t->kind == LQ_TOK_PIPE)
    lq_diag_help(diags, g, "begin with a condition; `any where true` takes every event");
  diags->arena->failed |= what.failed || got.failed || prev.failed;
  lq_buf_free(&what);
  lq_buf_free(&got);
  lq_buf_free(&prev);
}
