// KQL text to tree: feeds the push parser, and gets over what it cannot take.
#include "parser/kql.h"

#include "kql_grammar.h"

// Tokens that KQL never has map to nothing the parser would take.
static int symbol_of(int kind)
{
  switch (kind) {
#define SYMBOL(name)                                                                                         \
  case LQ_TOK_##name: return LQ_KQL_##name;
    SYMBOL(END)
    SYMBOL(NAME)
    SYMBOL(STRING)
    SYMBOL(NUMBER)
    SYMBOL(TRUE)
    SYMBOL(FALSE)
    SYMBOL(NULL)
    SYMBOL(AND)
    SYMBOL(OR)
    SYMBOL(NOT)
    SYMBOL(COLON)
    SYMBOL(LPAREN)
    SYMBOL(RPAREN)
    SYMBOL(LBRACE)
    SYMBOL(RBRACE)
#undef SYMBOL
  }
  return lq_kql_is_range((lq_token_kind)kind) ? LQ_KQL_RANGE : LQ_KQL_LQ_KQL_YYUNDEF;
}

static bool is_opener(lq_token_kind k)
{
  return k == LQ_TOK_LPAREN || k == LQ_TOK_LBRACE;
}

static bool is_closer(lq_token_kind k)
{
  return k == LQ_TOK_RPAREN || k == LQ_TOK_RBRACE;
}

static lq_token_kind closer_of(lq_token_kind opener)
{
  return opener == LQ_TOK_LPAREN ? LQ_TOK_RPAREN : LQ_TOK_RBRACE;
}

bool lq_kql_takes(lq_kql_driver *d, int kind)
{
  return !d->done && lq_kql_grammar_takes(d->g, symbol_of(kind));
}

static void push_symbol(lq_kql_driver *d, int symbol, const lq_token *t)
{
  if (d->done)
    return;
  int status = lq_kql_grammar_push(d->g, symbol, t, &d->ctx);
  d->done = status != YYPUSH_MORE || d->ctx.b.nodes >= LQ_NODES_MAX;
}

static void push_error(lq_kql_driver *d, const lq_token *t)
{
  push_symbol(d, LQ_KQL_LQ_KQL_YYerror, t);
}

static void track_bracket(lq_kql_driver *d, const lq_token *t)
{
  if (is_opener(t->kind) && d->nopen < LQ_KQL_OPEN_MAX)
    d->open[d->nopen++] = *t;
  else if (is_opener(t->kind))
    d->too_open++;
  else if (is_closer(t->kind) && d->too_open > 0)
    d->too_open--;
  else if (is_closer(t->kind) && d->nopen > 0)
    d->nopen--;
}

static void push(lq_kql_driver *d, const lq_token *t)
{
  track_bracket(d, t);
  d->last[2] = d->last[1];
  d->last[1] = d->last[0];
  d->last[0] = *t;
  push_symbol(d, symbol_of(t->kind), t);
}

static void skip_group(lq_kql_driver *d)
{
  for (size_t depth = 1; depth > 0;) {
    lq_token t = lq_lexer_next(d->lx);
    if (t.kind == LQ_TOK_END || d->ctx.b.arena->failed)
      return;
    depth += is_opener(t.kind);
    depth -= is_closer(t.kind);
  }
}

// Closes what the broken part left open, down to `keep` brackets.
static void close_brackets(lq_kql_driver *d, const lq_token *t, unsigned keep)
{
  while (d->nopen > keep && !d->done) {
    lq_token closer = {.kind = closer_of(d->open[d->nopen - 1].kind), .span = {t->span.start, t->span.start}};
    if (!lq_kql_takes(d, closer.kind))
      push_error(d, &closer);
    if (lq_kql_takes(d, closer.kind))
      push(d, &closer);
    else
      d->nopen--;
  }
}

// The number of brackets around the one that t closes; no such: all of them.
static unsigned outside_of(const lq_kql_driver *d, const lq_token *t)
{
  for (unsigned i = d->nopen; i > 0; i--) {
    if (closer_of(d->open[i - 1].kind) == t->kind)
      return i;
  }
  return d->nopen;
}

// While the parser recovers, whole groups go by: what stands in them would only be reported again.
static void recover(lq_kql_driver *d, const lq_token *t)
{
  if (!lq_kql_takes(d, t->kind))
    push_error(d, t);
  if (is_closer(t->kind))
    close_brackets(d, t, outside_of(d, t));
  else if (t->kind == LQ_TOK_END)
    close_brackets(d, t, 0);
  if (lq_kql_takes(d, t->kind))
    push(d, t);
  else if (is_opener(t->kind))
    skip_group(d);
  else if (t->kind == LQ_TOK_END)
    d->done = true;
}

static void feed(lq_kql_driver *d, const lq_token *t)
{
  bool recovering = lq_kql_grammar_recovering(d->g);
  if (lq_kql_takes(d, t->kind) && !recovering) {
    push(d, t);
  } else if (d->ctx.quiet) {
    d->done = true;
  } else {
    if (!recovering && t->kind != LQ_TOK_INVALID)
      lq_kql_unexpected(d, t);
    recover(d, t);
  }
}

static lq_status open_driver(lq_kql_driver **out, const lq_mem *mem, lq_str text, lq_diag_list *diags)
{
  *out = NULL;
  lq_kql_driver *d = lq_mem_resize(mem, NULL, 0, 1, sizeof *d);
  if (!d)
    return LQ_E_NOMEM;
  memset(d, 0, offsetof(lq_kql_driver, open)); // the rest is large
  d->ctx = (lq_parse_ctx){
      .b = {.arena = diags->arena, .diags = diags}, .mem = mem, .text = text, .dialect = LQ_DIALECT_KQL};
  for (size_t i = 0; i < sizeof d->last / sizeof *d->last; i++)
    d->last[i].kind = LQ_TOK_INVALID;
  lq_status s = lq_lexer_new(&d->lx, mem, text, LQ_DIALECT_KQL, diags);
  if (s == LQ_OK && !(d->g = lq_kql_grammar_new(mem)))
    s = LQ_E_NOMEM;
  if (s) {
    lq_lexer_free(d->lx);
    lq_mem_free(mem, d, 1, sizeof *d);
    return s;
  }
  *out = d;
  return LQ_OK;
}

static void close_driver(lq_kql_driver *d)
{
  const lq_mem *mem = d->ctx.mem;
  lq_lexer_free(d->lx);
  lq_kql_grammar_free(mem, d->g);
  lq_mem_free(mem, d, 1, sizeof *d);
}

static lq_node *whole_query(lq_parse_ctx *c, lq_node *condition)
{
  lq_node *event = condition ? lq_build_one(c, LQ_N_EVENT, condition->span, condition->span, condition)
                             : NULL;
  return event ? lq_build_one(c, LQ_N_QUERY, condition->span, condition->span, event) : NULL;
}

lq_status lq_kql_parse(lq_node **out, const lq_mem *mem, lq_str text, bool expression, lq_diag_list *diags)
{
  lq_kql_driver *d;
  size_t errors = diags->nerrors;
  *out = NULL;
  lq_status s = open_driver(&d, mem, text, diags);
  if (s)
    return s;
  while (!d->done && !diags->arena->failed) {
    lq_token t = lq_lexer_next(d->lx);
    feed(d, &t);
    if (t.kind == LQ_TOK_END)
      break;
  }
  if (diags->nerrors == errors)
    lq_kql_doubt(&d->ctx, d->ctx.root);
  *out = expression ? d->ctx.root : whole_query(&d->ctx, d->ctx.root);
  close_driver(d);
  if (diags->arena->failed) {
    *out = NULL;
    return LQ_E_NOMEM;
  }
  return diags->nerrors > errors ? LQ_E_QUERY : LQ_OK;
}

// Feeds the whole text without a word about it. Gives whether there was any.
static bool feed_quietly(lq_kql_driver *d)
{
  bool some = false;
  d->ctx.quiet = true;
  for (lq_token t; !d->done && (t = lq_lexer_next(d->lx)).kind != LQ_TOK_END; some = true)
    feed(d, &t);
  return some;
}

lq_status lq_kql_unfinished(bool *out, const lq_mem *mem, lq_str text)
{
  lq_arena arena = {.mem = mem};
  lq_diag_list sink = {.arena = &arena};
  lq_kql_driver *d;
  *out = false;
  lq_status s = open_driver(&d, mem, text, &sink);
  if (s == LQ_OK) {
    bool some = feed_quietly(d);
    bool open = lq_lexer_unfinished(d->lx) || (sink.nerrors == 0 && !lq_kql_takes(d, LQ_TOK_END));
    *out = some && !d->done && open;
    s = arena.failed ? LQ_E_NOMEM : LQ_OK;
    close_driver(d);
  }
  lq_arena_free(&arena);
  return s;
}

lq_status lq_kql_expected(const lq_mem *mem, lq_str text, void (*each)(void *user, lq_token_kind kind),
                          void *user)
{
  lq_arena arena = {.mem = mem};
  lq_diag_list sink = {.arena = &arena};
  lq_kql_driver *d;
  lq_status s = open_driver(&d, mem, text, &sink);
  if (s == LQ_OK) {
    feed_quietly(d);
    for (int k = 0; k < LQ_TOK_COUNT && sink.nerrors == 0; k++) {
      if (lq_kql_takes(d, k))
        each(user, (lq_token_kind)k);
    }
    s = arena.failed ? LQ_E_NOMEM : LQ_OK;
    close_driver(d);
  }
  lq_arena_free(&arena);
  return s;
}
