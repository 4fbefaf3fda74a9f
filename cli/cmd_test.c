// lq test: runs the tests that stand beside rules.
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"

typedef struct tally {
  lq_cli *cli;
  const lq_bundle *bundle;
  size_t passed, failed;
} tally;

static const char *wanted_word(const lq_test_result *t)
{
  return t->kind == 0 ? "match" : t->kind == 1 ? "none" : "count";
}

static void put_reason(lq_string *s, const lq_test_result *t)
{
  if (t->passed)
    return;
  lq_string_z(s, "      ");
  const char *what = memchr(t->event.p, '\n', t->event.n) ? "these events" : "this event";
  if (t->reason.n)
    lq_string_safe(s, t->reason.p, t->reason.n);
  else if (t->kind == 0)
    lq_string_printf(s, "the rule should match %s, and does not", what);
  else if (t->kind == 1)
    lq_string_printf(s, "the rule should not match %s, and does", what);
  else
    lq_string_printf(s, "%llu matches wanted, %llu found", (unsigned long long)t->wanted,
                     (unsigned long long)t->got);
  lq_string_z(s, "\n      ");
  lq_string_safe(s, t->event.p, t->event.n < 400 ? t->event.n : 400);
  lq_string_z(s, t->event.n < 400 ? "\n" : "…\n");
}

static int on_test(void *user, const lq_test_result *t)
{
  tally *y = user;
  lq_string s = {0};
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_bundle_rule(y->bundle, t->rule, &v);
  *(t->passed ? &y->passed : &y->failed) += 1;
  lq_string_z(&s, lq_paint_code(y->cli->color, t->passed ? LQ_PAINT_GOOD : LQ_PAINT_BAD));
  lq_string_z(&s, t->passed ? "ok  " : "FAIL");
  lq_string_z(&s, lq_paint_code(y->cli->color, LQ_PAINT_PLAIN));
  lq_string_z(&s, "  ");
  lq_string_safe(&s, v.file.p, v.file.n);
  lq_string_printf(&s, ":%u  ", (unsigned)t->line);
  lq_text name = v.name.n ? v.name : v.id;
  lq_string_safe(&s, name.p, name.n);
  lq_string_printf(&s, ": %s", wanted_word(t));
  if (t->name.n) {
    lq_string_z(&s, " \"");
    lq_string_safe(&s, t->name.p, t->name.n);
    lq_string_z(&s, "\"");
  }
  lq_string_z(&s, "\n");
  put_reason(&s, t);
  lq_out_add(&y->cli->out, s.p, s.n);
  lq_string_free(&s);
  return lq_out_broken(&y->cli->out) || lq_interrupted();
}

void lq_cmd_test(lq_cli *c, const lq_options *o)
{
  tally y = {.cli = c};
  lq_rules_in r;
  if (o->nargs == 0) {
    lq_say_usage(c, "test: no rules");
    lq_say_help(c, "for example: lq test rules/");
    return;
  }
  lq_load_rules(c, o->args, o->nargs, LQ_BUILD_KEEP_GOING | LQ_BUILD_NO_WARNINGS, &r);
  y.bundle = r.bundle;
  if (r.bundle) {
    lq_status s = lq_bundle_run_tests(r.bundle, NULL, NULL, on_test, &y);
    if (s != LQ_OK && s != LQ_E_CANCELLED)
      lq_say_status(c, s, "cannot run the tests");
    lq_out_printf(&c->out, "%zu passed, %zu failed\n", y.passed, y.failed);
  }
  if (r.errors)
    lq_say(c, "%zu rule%s errors; tests of such rules were not run", r.errors,
           r.errors == 1 ? " has" : "s have");
  if (y.failed)
    c->saw |= LQ_SAW_NO;
  lq_rules_in_free(&r);
}
