// lq build: rules to a bundle on disk.
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"

static void write_bundle(lq_cli *c, const char *name, const lq_rules_in *r)
{
  lq_text bytes = lq_bundle_bytes(r->bundle);
  if (strcmp(name, "-") == 0) {
    lq_out_text(&c->out, bytes);
    lq_out_flush(&c->out); // an error is reported at the end, by main
    return;
  }
  int error = lq_write_file(name, bytes.p, bytes.n);
  if (error) {
    lq_say(c, "cannot write %s: %s", name, strerror(error));
    c->saw |= LQ_SAW_BAD_OUTPUT;
  }
}

static void say_what(lq_cli *c, const char *name, const lq_rules_in *r)
{
  lq_string s = {0};
  size_t n = lq_bundle_rule_count(r->bundle);
  lq_string_count(&s, n);
  lq_string_printf(&s, " %s, ", n == 1 ? "rule" : "rules");
  lq_string_count(&s, lq_bundle_bytes(r->bundle).n);
  lq_string_z(&s, " bytes");
  if (r->errors)
    lq_string_printf(&s, ", %zu with errors left out", r->errors);
  if (r->unsupported)
    lq_string_printf(&s, ", %zu of kinds that this version does not run", r->unsupported);
  lq_say(c, "%s: %s, %.16s", strcmp(name, "-") == 0 ? "<stdout>" : name, s.p, lq_bundle_digest(r->bundle));
  lq_string_free(&s);
}

void lq_cmd_build(lq_cli *c, const lq_options *o)
{
  const char *name = o->value[LQ_OPT_OUTPUT];
  uint32_t flags = (o->value[LQ_OPT_KEEP_GOING] ? LQ_BUILD_KEEP_GOING : 0u) |
                   (o->value[LQ_OPT_STRIP] ? LQ_BUILD_STRIP : 0u) |
                   (o->value[LQ_OPT_PLAIN] ? LQ_BUILD_NO_OPTIMISER : 0u);
  lq_rules_in r;
  if (o->nargs == 0 || !name || !*name) {
    lq_say_usage(c, "build: no %s", o->nargs == 0 ? "rules" : "output file");
    lq_say_help(c, "for example: lq build rules/ -o pack.lqb");
    return;
  }
  if (strcmp(name, "-") == 0 && c->out.terminal) {
    lq_say_usage(c, "build: a bundle is not text for a terminal; name a file or pipe it on");
    return;
  }
  lq_load_files(c, o->args, o->nargs, flags, false, &r);
  if (r.bundle && !lq_interrupted()) {
    write_bundle(c, name, &r);
    if (!(c->saw & LQ_SAW_BAD_OUTPUT) && !lq_out_broken(&c->out))
      say_what(c, name, &r);
  } else if (r.errors) {
    lq_say(c, "%zu of %zu rules have errors; %s was not written", r.errors, r.errors + r.compiled, name);
    lq_say_help(c, "--keep-going leaves them out");
  }
  lq_rules_in_free(&r);
}
