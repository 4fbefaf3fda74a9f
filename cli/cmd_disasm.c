// lq disasm: the bytecode of rules.
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"

static void put_rule(lq_cli *c, const lq_bundle *b, size_t rule, bool first)
{
  lq_string s = {0}, safe = {0};
  lq_status status = lq_bundle_disasm(b, rule, lq_string_write, &s);
  if (status != LQ_OK)
    lq_say_status(c, status, "cannot disassemble");
  lq_string_safe_lines(&safe, s.p, s.n);
  lq_out_z(&c->out, first ? "" : "\n");
  lq_out_add(&c->out, safe.p, safe.n);
  lq_string_free(&s);
  lq_string_free(&safe);
}

static void put_named(lq_cli *c, const lq_bundle *b, const char *what)
{
  size_t at = 0, found = 0;
  while (lq_bundle_find(b, what, at, &at) == LQ_OK)
    put_rule(c, b, at++, found++ == 0);
  if (found == 0) {
    lq_say(c, "no rule `%s`", what);
    lq_say_help(
        c, "a rule is named by its id, the end of its id, its name or a technique; `lq inspect` lists them");
    c->saw |= LQ_SAW_NO;
  }
}

void lq_cmd_disasm(lq_cli *c, const lq_options *o)
{
  lq_rules_in r;
  if (o->nargs == 0) {
    lq_say_usage(c, "disasm: no bundle");
    lq_say_help(c, "for example: lq disasm pack.lqb T1047");
    return;
  }
  lq_load_rules(c, o->args, 1, LQ_BUILD_NO_WARNINGS, &r);
  for (size_t i = 1; r.bundle && i < o->nargs; i++)
    put_named(c, r.bundle, o->args[i]);
  for (size_t i = 0; r.bundle && o->nargs == 1 && i < lq_bundle_rule_count(r.bundle); i++)
    put_rule(c, r.bundle, i, i == 0);
  lq_rules_in_free(&r);
}
