// Mistakes whose meaning can be guessed: said kindly, mended, and the parse goes on as if nothing had been.
#include "base/suggest.h"
#include "parser/driver.h"

bool lq_repair(lq_driver *d, lq_token *t, int kind)
{
  (void)d, (void)t, (void)kind;
  return false;
}
bool lq_repair_unquoted(lq_driver *d)
{
  (void)d;
  return false;
}
void lq_repair_stage(lq_driver *d, const lq_token *word)
{
  lq_push(d, LQ_WORD_STAGE_UNKNOWN, word);
}
