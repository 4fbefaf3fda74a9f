// Colours: every token and comment with its class.
#include "lexer/operators.h"
#include "lexer/state.h"

// A name is a function when a bracket follows it, and a stage right after `|`: one token of delay tells.
static lq_token_class class_of(const lq_token *t, lq_token_kind before, lq_token_kind after)
{
  if (t->kind == (lq_token_kind)LQ_TOK_COMMENT)
    return LQ_CLASS_COMMENT;
  bool word = lq_token_class_of(t->kind) == LQ_CLASS_KEYWORD || t->kind == LQ_TOK_NAME;
  if (t->kind == LQ_TOK_NAME && before == LQ_TOK_PIPE)
    return LQ_CLASS_KEYWORD;
  bool symbolic = lq_op_of(t->kind) != LQ_OPER_NONE || t->kind == LQ_TOK_AND || t->kind == LQ_TOK_OR ||
                  t->kind == LQ_TOK_NOT || t->kind == LQ_TOK_WHERE || t->kind == LQ_TOK_BY;
  if (word && !symbolic && after == LQ_TOK_LPAREN && !t->quoted)
    return LQ_CLASS_FUNCTION;
  return lq_token_class_of(t->kind);
}

lq_status lq_lexer_highlight(const lq_mem *mem, lq_str text, lq_dialect dialect,
                             void (*each)(void *user, lq_span span, lq_token_class cls), void *user)
{
  lq_arena arena = {.mem = mem};
  lq_diag_list sink = {.arena = &arena};
  lq_lexer *lx;
  lq_status s = lq_lexer_new(&lx, mem, text, dialect, &sink);
  if (s) {
    lq_arena_free(&arena);
    return s;
  }
  lx->comments = true;
  lq_token held = {.kind = LQ_TOK_END}, t;
  lq_token_kind before = LQ_TOK_END;
  do {
    t = lq_lexer_next(lx);
    if (held.kind != LQ_TOK_END)
      each(user, held.span, class_of(&held, before, t.kind));
    before = held.kind == (lq_token_kind)LQ_TOK_COMMENT ? before : held.kind;
    held = t;
  } while (t.kind != LQ_TOK_END);
  s = arena.failed ? LQ_E_NOMEM : LQ_OK;
  lq_lexer_free(lx);
  lq_arena_free(&arena);
  return s;
}
