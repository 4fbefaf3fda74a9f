// The lexer as others see it: makes, runs and frees the scanner, and keeps its giving up inside.
#include "lexer/state.h"

static lq_status open_scanner(lq_lexer *lx)
{
  lx->copy = lq_mem_alloc(lx->mem, 1, lx->text.n + 2);
  if (!lx->copy)
    return LQ_E_NOMEM;
  if (lx->text.n)
    memcpy(lx->copy, lx->text.p, lx->text.n);
  if (setjmp(lx->fatal))
    return LQ_E_NOMEM;
  return lq_flex_open(lx);
}

lq_status lq_lexer_new(lq_lexer **out, const lq_mem *mem, lq_str text, lq_dialect dialect,
                       lq_diag_list *diags)
{
  *out = NULL;
  if (text.n > LQ_SOURCE_MAX)
    return LQ_E_LIMIT;
  lq_lexer *lx = lq_mem_alloc(mem, 1, sizeof *lx);
  if (!lx)
    return LQ_E_NOMEM;
  lx->mem = mem;
  lx->text = text.n ? text : LQ_STR("");
  lx->dialect = dialect;
  lx->diags = diags;
  lx->body.mem = mem;
  lq_status s = dialect == LQ_DIALECT_KQL ? LQ_OK : open_scanner(lx);
  if (s) {
    lq_lexer_free(lx);
    return s;
  }
  lq_check_utf8(lx);
  *out = lx;
  return LQ_OK;
}

void lq_lexer_free(lq_lexer *lx)
{
  if (!lx)
    return;
  lq_flex_close(lx);
  lq_mem_free(lx->mem, lx->copy, 1, lx->text.n + 2);
  lq_buf_free(&lx->body);
  lq_mem_free(lx->mem, lx, 1, sizeof *lx);
}

static lq_token invalid(lq_lexer *lx)
{
  lx->dead = true;
  lx->diags->arena->failed = true;
  return (lq_token){.kind = LQ_TOK_INVALID, .span = {lx->at, lx->at}};
}

lq_token lq_lexer_next(lq_lexer *lx)
{
  if (lx->has_pending) {
    lx->has_pending = false;
    return lx->pending;
  }
  lx->tok = (lq_token){.kind = LQ_TOK_END, .span = {lx->at, lx->at}};
  if (lx->dead)
    return lx->tok;
  if (setjmp(lx->fatal))
    return invalid(lx);
  if ((lx->dialect == LQ_DIALECT_KQL ? lq_read_kql(lx) : lq_flex(lx)) == LQ_TOK_END)
    return (lq_token){.kind = LQ_TOK_END, .span = {(uint32_t)lx->text.n, (uint32_t)lx->text.n}};
  if (lx->diags->arena->failed)
    return invalid(lx);
  return lx->tok;
}

bool lq_lexer_unfinished(const lq_lexer *lx)
{
  return lx->unfinished;
}
