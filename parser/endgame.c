// What only Endgame EQL's text has: definitions before the query, arguments without commas, counts left out.
#include "parser/driver.h"
#include "stdlib/functions.h"

enum { PARAMS_MAX = 64 };

static bool is_word(const lq_token *t, const char *word)
{
  return t->kind == LQ_TOK_NAME && !t->quoted && lq_str_is(t->text, word);
}

// ---- definitions

static lq_token wrong(lq_driver *d, const lq_token *t)
{
  lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "a definition is not written so");
  lq_diag_help(diags_of(d), g, "write `macro NAME(a, b) condition`, or `const NAME = 5`");
  d->done = true;
  return *t;
}

static bool expect(lq_driver *d, lq_token_kind kind, lq_token *out)
{
  *out = lq_take_token(d);
  if (out->kind != kind)
    wrong(d, out);
  return out->kind == kind;
}

static bool read_params(lq_driver *d, lq_macro *m)
{
  lq_token t;
  m->params = lq_arena_array(d->ctx.b.arena, PARAMS_MAX, sizeof *m->params);
  if (!m->params || !expect(d, LQ_TOK_LPAREN, &t))
    return false;
  if (lq_peek_token(d).kind == LQ_TOK_RPAREN) {
    lq_take_token(d);
    return true;
  }
  for (;;) {
    if (!expect(d, LQ_TOK_NAME, &t))
      return false;
    if (m->nparams == PARAMS_MAX) {
      lq_diag_add(diags_of(d), LQ_DIAG_TOO_LARGE, t.span, "a macro has at most %d parameters", PARAMS_MAX);
      return false;
    }
    m->params[m->nparams++] = t.text;
    t = lq_take_token(d);
    if (t.kind == LQ_TOK_RPAREN)
      return true;
    if (t.kind != LQ_TOK_COMMA) {
      wrong(d, &t);
      return false;
    }
  }
}

// The next definition, or the query, begins with t.
static bool body_ends(lq_driver *d, const lq_token *t)
{
  if (d->nopen)
    return false;
  bool category = t->kind == LQ_TOK_NAME || t->kind == LQ_TOK_ANY;
  return t->kind == LQ_TOK_SEQUENCE || t->kind == LQ_TOK_JOIN || is_word(t, "macro") || is_word(t, "const") ||
         (category && lq_peek_token(d).kind == LQ_TOK_WHERE);
}

// A macro is known only after its end, so none is expanded in itself.
static void check_calls(lq_driver *d, const lq_node *n)
{
  lq_function_id id;
  bool fold;
  if (n->kind == LQ_N_CALL && !lq_function_find(n->name, &id, &fold)) {
    lq_diag *g = lq_diag_add(diags_of(d), LQ_DIAG_UNKNOWN_FUNCTION, n->mark, "unknown function `%.*s`",
                             LQ_STR_ARG(n->name));
    lq_diag_help(diags_of(d), g, "a macro can use those that are defined before it");
  }
  for (const lq_node *k = n->kids; k; k = k->next)
    check_calls(d, k);
}

static void define_macro(lq_driver *d, lq_macro *m)
{
  if (!read_params(d, m))
    return;
  m->body = lq_parse_body(d, body_ends);
  if (m->body)
    check_calls(d, m->body);
}

static void define_constant(lq_driver *d, lq_macro *m)
{
  lq_token t = lq_take_token(d);
  if (t.kind != LQ_TOK_ASSIGN && t.kind != LQ_TOK_EQ) {
    wrong(d, &t);
    return;
  }
  t = lq_take_token(d);
  if (t.kind != LQ_TOK_STRING && t.kind != LQ_TOK_NUMBER && t.kind != LQ_TOK_TRUE && t.kind != LQ_TOK_FALSE &&
      t.kind != LQ_TOK_NULL) {
    wrong(d, &t);
    return;
  }
  m->constant = true;
  m->body = lq_build_literal(&d->ctx, t.span, &t);
}

static bool is_defined(const lq_driver *d, lq_str name)
{
  for (const lq_macro *m = d->ctx.macros; m; m = m->next) {
    if (lq_str_eq(m->name, name))
      return true;
  }
  return false;
}

static void define(lq_driver *d, bool macro)
{
  lq_token name;
  if (!expect(d, LQ_TOK_NAME, &name))
    return;
  if (is_defined(d, name.text))
    lq_diag_add(diags_of(d), LQ_DIAG_DUPLICATE_NAME, name.span, "`%.*s` is defined twice",
                LQ_STR_ARG(name.text));
  lq_macro *m = lq_arena_alloc(d->ctx.b.arena, sizeof *m);
  if (!m)
    return;
  m->name = name.text;
  if (macro)
    define_macro(d, m);
  else
    define_constant(d, m);
  if (!m->body)
    return;
  m->next = d->ctx.macros;
  d->ctx.macros = m;
}

void lq_read_definitions(lq_driver *d)
{
  while (!d->done) {
    lq_token t = lq_peek_token(d);
    if (!is_word(&t, "macro") && !is_word(&t, "const"))
      return;
    lq_take_token(d);
    define(d, is_word(&t, "macro"));
  }
}

// ---- tokens

// Forms that later kinds of EQL have. The parse goes on.
void lq_refuse_endgame(lq_driver *d, const lq_token *t, int kind)
{
  if (kind == LQ_TOK_RUNS && d->prev_kind == LQ_TOK_WITH && lq_takes(d, LQ_TOK_RUNS))
    lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, d->prev.span, "Endgame EQL has no `runs`");
  else if (kind == LQ_TOK_AS && lq_takes(d, LQ_TOK_AS))
    lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "Endgame EQL has no names for terms");
  else if (kind == LQ_TOK_NOT_LBRACKET && lq_takes(d, LQ_TOK_NOT_LBRACKET))
    lq_diag_add(diags_of(d), LQ_DIAG_SYNTAX, t->span, "Endgame EQL has no missing events");
  else if (is_word(t, "macro") || is_word(t, "const"))
    lq_diag_add(diags_of(d), LQ_DIAG_KEYWORD_AS_FIELD, t->span, "definitions stand before the query");
}

static bool is_atom(lq_token_kind k)
{
  return k == LQ_TOK_NAME || k == LQ_TOK_STRING || k == LQ_TOK_NUMBER || k == LQ_TOK_TRUE ||
         k == LQ_TOK_FALSE || k == LQ_TOK_NULL;
}

bool lq_repair_endgame(lq_driver *d, lq_token *t)
{
  uint32_t at = t->span.start;
  // `| unique a b`
  if (d->piped && !d->nopen && is_atom(t->kind) && is_atom(d->prev.kind) && lq_takes(d, LQ_TOK_COMMA)) {
    lq_push(d, LQ_TOK_COMMA, &(lq_token){.kind = LQ_TOK_COMMA, .span = {at, at}});
    lq_feed(d, *t);
    return true;
  }
  // `| head`
  if ((t->kind == LQ_TOK_PIPE || t->kind == LQ_TOK_END) && d->prev_kind == LQ_WORD_STAGE_TAKE) {
    lq_push(d, LQ_TOK_NUMBER, &(lq_token){.kind = LQ_TOK_NUMBER, .span = {at, at}, .number = lq_int(50)});
    lq_feed(d, *t);
    return true;
  }
  if (t->kind == LQ_TOK_EQ && lq_takes(d, LQ_TOK_ASSIGN)) {
    lq_push(d, LQ_TOK_ASSIGN, t);
    return true;
  }
  return false;
}
