// Queries and rules over the events at the prompt, and what is said about the events they show.
#include <stdlib.h>
#include <string.h>

#include "cli/load.h"
#include "cli/reading.h"
#include "cli/repl.h"
#include "cli/sink.h"
#include "cli/why.h"

typedef struct run {
  lq_repl *repl;
  lq_sink *sink;
  bool all; // no table: every match is written
  uint64_t found;
} run;

void lq_repl_forget_shown(lq_repl *r)
{
  for (size_t i = 0; i < r->nshown; i++) {
    free(r->shown[i].json);
    free(r->shown[i].events);
    free(r->shown[i].why);
    free(r->shown[i].place);
  }
  r->nshown = 0;
}

// Of a group the events that are there, a line each.
static char *events_of(const lq_match *m)
{
  lq_string s = {0};
  if (lq_match_kind(m) == LQ_MATCH_ROW)
    return NULL;
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    lq_text raw = lq_match_event_at(m, i);
    lq_string_z(&s, raw.n && s.n ? "\n  " : "");
    lq_string_one_line(&s, raw.p, raw.n);
  }
  lq_string_add(&s, "", 0);
  return s.p;
}

static void keep(lq_repl *r, const lq_match *m)
{
  lq_string json = {0}, why = {0}, place = {0};
  lq_text raw = lq_match_event(m);
  if (lq_match_kind(m) != LQ_MATCH_EVENT || lq_match_column_count(m))
    lq_match_row_json(m, lq_string_write, &json);
  else
    lq_string_one_line(&json, raw.p, raw.n);
  lq_string_add(&why, "", 0);
  lq_string_why_lines(&why, m, r->cli->color);
  lq_string_why_place(&place, m);
  r->shown[r->nshown++] = (lq_repl_event){
      .json = json.p, .events = events_of(m), .why = why.p, .place = place.p};
}

static int on_match(void *user, const lq_match *m)
{
  run *u = user;
  bool fits = u->repl->nshown < LQ_REPL_SHOWN;
  u->found++;
  if (fits)
    keep(u->repl, m);
  return fits || u->all ? lq_sink_match(u->sink, m) : 0;
}

static void on_step(void *user, const lq_step_view *v)
{
  lq_repl_step(((run *)user)->repl, v);
}

static void after_finish(void *user, const lq_scan *s)
{
  lq_repl_keep_state(((run *)user)->repl, s);
}

static void say_found(const run *u, const lq_pass *p, const char *one, const char *many)
{
  lq_string s = {0};
  if (lq_interrupted())
    lq_string_z(&s, "interrupted: ");
  lq_string_count(&s, u->found);
  lq_string_printf(&s, " %s in ", u->found == 1 ? one : many);
  lq_string_count(&s, p->stats.events);
  lq_string_z(&s, p->stats.events == 1 ? " event" : " events");
  if (!u->all && u->found > u->repl->nshown)
    lq_string_printf(&s, ", the first %zu are shown", u->repl->nshown);
  if (u->repl->timing)
    lq_string_printf(&s, ", %.3f s", (double)p->took / 1e9);
  if (u->all)
    lq_say(u->repl->cli, "%s", s.p);
  else
    lq_out_printf(&u->repl->cli->out, "%s\n", s.p);
  lq_string_free(&s);
}

static void run_bundle(lq_repl *r, const lq_bundle *b, bool alerts)
{
  run u = {.repl = r, .all = r->format != LQ_FORMAT_TABLE};
  lq_reading reading;
  lq_reading_init(&reading, r->cli, b);
  reading.pass.strict = true;
  reading.quiet = true;
  reading.pass.match = on_match;
  reading.pass.step = on_step;
  reading.pass.after_finish = after_finish;
  reading.pass.user = &u;
  lq_repl_forget_shown(r);
  lq_repl_forget_state(r);
  r->bundle = b;
  u.sink = lq_sink_new(r->cli, b, r->format, alerts, true);
  lq_reading_run(&reading, &r->files);
  lq_sink_end(u.sink);
  r->bundle = NULL;
  say_found(&u, &reading.pass, alerts ? "alert" : "match", alerts ? "alerts" : "matches");
}

void lq_repl_query(lq_repl *r, const char *text, size_t n)
{
  lq_bundle *bundle;
  if (!lq_load_query(r->cli, text, n, LQ_DIALECT_NAME_LQ, &bundle))
    return;
  lq_string_clear(&r->query);
  lq_string_add(&r->query, text, n);
  if (r->files.n == 0)
    lq_out_z(&r->cli->out, "the query is right; no events are loaded (`:load FILE`)\n");
  else
    run_bundle(r, bundle, false);
  lq_bundle_free(bundle);
  lq_repl_run_tests(r, false);
}

void lq_do_rules(lq_repl *r, char **args, size_t n)
{
  lq_rules_in rules;
  if (n < 2) {
    lq_say(r->cli, "`:rules` needs a rule file, a folder or a bundle");
    return;
  }
  lq_load_rules(r->cli, args + 1, n - 1, LQ_BUILD_KEEP_GOING | LQ_BUILD_NO_WARNINGS, &rules);
  if (rules.bundle)
    run_bundle(r, rules.bundle, true);
  lq_rules_in_free(&rules);
}

// ---- events on the screen

const lq_repl_event *lq_repl_shown(lq_repl *r, const char *number)
{
  char *end;
  unsigned long v = strtoul(number, &end, 10);
  if (*number < '0' || *number > '9' || *end || v == 0 || v > r->nshown) {
    if (r->nshown == 0)
      lq_say(r->cli, "no events are on the screen; run a query first");
    else
      lq_say(r->cli, "no event `%s`: the last result shows 1 to %zu", number, r->nshown);
    return NULL;
  }
  return &r->shown[v - 1];
}

void lq_do_explain(lq_repl *r, char **args, size_t n)
{
  const lq_repl_event *e = lq_repl_shown(r, n > 1 ? args[1] : "1");
  if (e)
    lq_out_printf(&r->cli->out, "%s matched because\n%s", e->place, e->why);
}

void lq_do_print(lq_repl *r, char **args, size_t n)
{
  const lq_repl_event *e = lq_repl_shown(r, n > 1 ? args[1] : "1");
  lq_string s = {0};
  if (!e)
    return;
  lq_string_safe(&s, e->json, strlen(e->json));
  lq_string_z(&s, "\n");
  lq_out_add(&r->cli->out, s.p, s.n);
  lq_string_free(&s);
}

void lq_do_bytecode(lq_repl *r, char **args, size_t n)
{
  lq_bundle *bundle;
  lq_string s = {0}, safe = {0};
  (void)args, (void)n;
  if (r->query.n == 0) {
    lq_say(r->cli, "no query yet");
    return;
  }
  if (!lq_load_query(r->cli, r->query.p, r->query.n, LQ_DIALECT_NAME_LQ, &bundle))
    return;
  lq_bundle_disasm(bundle, 0, lq_string_write, &s);
  lq_string_safe_lines(&safe, s.p, s.n);
  lq_out_add(&r->cli->out, safe.p, safe.n);
  lq_string_free(&s);
  lq_string_free(&safe);
  lq_bundle_free(bundle);
}
