// What to say when something cannot stand where it stands.
#include "parser/driver.h"

void lq_unexpected(lq_driver *d, const lq_token *t)
{
  lq_diag_add(d->ctx.b.diags, LQ_DIAG_SYNTAX, t->span, "cannot stand here");
}
