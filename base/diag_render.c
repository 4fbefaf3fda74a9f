// Diagnostics for people (text) and for programs (JSON).
#include "base/diag.h"

void lq_diag_render_text(lq_buf *out, const lq_diag *d, bool color)
{
  (void)color;
  lq_buf_printf(out, "error[LQ%03d]: %.*s\n", (int)d->code, LQ_STR_ARG(d->message));
}

void lq_diag_render_json(lq_buf *out, const lq_diag *d)
{
  lq_buf_json(out, d->message);
}
