// lq version.
#include "cli/cli.h"

void lq_cmd_version(lq_cli *c, const lq_options *o)
{
  (void)o;
  lq_out_printf(&c->out, "lq %s (libquery %s)\n", LQ_VERSION_STRING, lq_version());
}
