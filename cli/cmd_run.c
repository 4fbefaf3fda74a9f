// lq run: rules over events, to alerts.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/pass.h"
#include "cli/sink.h"

// A rule that does not say how grave it is counts for `any` alone.
static const char *const levels[] = {"any", "low", "medium", "high", "critical"};
enum { LEVELS = sizeof levels / sizeof *levels };

typedef struct hunt {
  lq_sink *sink;
  uint64_t alerts;
  int fail_on;          // index in levels, or -1
  unsigned char *level; // of each rule
  bool failed;
} hunt;

static int level_of(lq_text severity)
{
  for (int i = LEVELS - 1; i > 0; i--) {
    if (lq_text_is(severity, levels[i]))
      return i;
  }
  return 0;
}

static bool choose_level(lq_cli *c, const lq_options *o, hunt *h)
{
  const char *word = o->value[LQ_OPT_FAIL_ON];
  h->fail_on = -1;
  for (int i = 0; word && i < LEVELS; i++) {
    if (strcmp(levels[i], word) == 0)
      h->fail_on = i;
  }
  if (word && h->fail_on < 0) {
    lq_say_usage(c, "--fail-on is any, low, medium, high or critical, not `%s`", word);
    return false;
  }
  return true;
}

static void learn_levels(hunt *h, const lq_bundle *b)
{
  size_t n = lq_bundle_rule_count(b);
  h->level = lq_need(NULL, n, 1);
  for (size_t i = 0; i < n; i++) {
    lq_rule_view v = {0};
    lq_bundle_rule(b, i, &v);
    h->level[i] = (unsigned char)level_of(v.severity);
  }
}

static int on_match(void *user, const lq_match *m)
{
  hunt *h = user;
  h->alerts++;
  if (h->fail_on >= 0 && h->level[lq_match_rule(m)] >= h->fail_on)
    h->failed = true;
  return lq_sink_match(h->sink, m);
}

static void on_block(void *user, bool idle)
{
  lq_sink_flush(((hunt *)user)->sink, idle);
}

static void put_count(lq_string *s, uint64_t n, const char *one, const char *many)
{
  lq_string_z(s, s->n ? ", " : "");
  lq_string_count(s, n);
  lq_string_printf(s, " %s", n == 1 ? one : many);
}

static void say_summary(lq_cli *c, const hunt *h, const lq_pass *p, const lq_rules_in *r)
{
  lq_string s = {0};
  bool undelivered = c->out.error != 0;
  put_count(&s, p->stats.events, "event", "events");
  put_count(&s, h->alerts, undelivered ? "alert, not all of it written" : "alert",
            undelivered ? "alerts, not all of them written" : "alerts");
  put_count(&s, p->stats.bad, "record skipped", "records skipped");
  put_count(&s, lq_bundle_rule_count(p->bundle), "rule", "rules");
  if (r->errors)
    put_count(&s, r->errors, "rule with errors left out", "rules with errors left out");
  if (r->unsupported)
    put_count(&s, r->unsupported, "rule of a kind that this version does not run",
              "rules of a kind that this version does not run");
  if (p->unreadable)
    put_count(&s, p->unreadable, "file not read to its end", "files not read to their end");
  lq_say(c, "%s%s", lq_interrupted() ? "interrupted: " : "", s.p);
  lq_string_free(&s);
}

static void run(lq_cli *c, const lq_options *o, const lq_rules_in *r, hunt *h)
{
  lq_pass pass = {.cli = c, .bundle = r->bundle, .match = on_match, .block = on_block, .user = h};
  pass.per_rule = o->value[LQ_OPT_STATS] != NULL;
  h->sink = lq_sink_new(c, r->bundle, o->format, true, false);
  bool ran = lq_pass_run_names(&pass, o->rest, o->nrest);
  lq_sink_end(h->sink);
  if (ran) {
    lq_pass_say_bad(&pass);
    say_summary(c, h, &pass, r);
    if (o->value[LQ_OPT_STATS])
      lq_pass_say_stats(&pass);
  }
  if (h->failed)
    c->saw |= LQ_SAW_NO;
  free(pass.rule_matches);
}

void lq_cmd_run(lq_cli *c, const lq_options *o)
{
  hunt h = {0};
  lq_rules_in r;
  if (o->nargs == 0) {
    lq_say_usage(c, "run: no rules");
    lq_say_help(c, "for example: lq run rules/ -- events.ndjson");
    return;
  }
  if (!choose_level(c, o, &h))
    return;
  lq_load_rules(c, o->args, o->nargs,
                LQ_BUILD_NO_WARNINGS | (o->value[LQ_OPT_KEEP_GOING] ? LQ_BUILD_KEEP_GOING : 0u), &r);
  if (r.bundle && !lq_interrupted()) {
    learn_levels(&h, r.bundle);
    run(c, o, &r, &h);
    free(h.level);
  } else if (r.errors) {
    lq_say(c, "%llu of %llu rules have errors; nothing was run", (unsigned long long)r.errors,
           (unsigned long long)(r.errors + r.compiled));
    lq_say_help(c, "--keep-going runs the others");
  }
  if (!o->split && o->nargs > 1 && c->saw & LQ_SAW_BAD_RULE)
    lq_say_help(c, "event files stand after `--`: lq run RULES... -- FILE...");
  lq_rules_in_free(&r);
}
