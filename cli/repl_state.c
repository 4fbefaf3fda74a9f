// What stateful rules did in the last run: partial matches that are left, and the steps that led there.
#include <stdlib.h>
#include <string.h>

#include "cli/repl.h"
#include "cli/why.h"

enum { LIVE_SHOWN = 20, KEY_SHOWN = 60, NAME_SHOWN = 40 };

void lq_repl_forget_state(lq_repl *r)
{
  for (size_t i = 0; i < LQ_REPL_STEPS; i++)
    lq_string_free(&r->steps[i]);
  r->nsteps = 0;
  lq_string_free(&r->state);
  r->bundle = NULL;
}

// ---- steps

static void put_rule(lq_repl *r, lq_string *s, size_t rule)
{
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_string name = {0};
  if (lq_bundle_rule_count(r->bundle) < 2 || lq_bundle_rule(r->bundle, rule, &v) != LQ_OK)
    return;
  lq_text label = v.name.n ? v.name : v.id;
  lq_string_safe(&name, label.p, label.n);
  lq_string_z(s, "  ");
  lq_string_fit(s, name.p, name.n, NAME_SHOWN);
  lq_string_free(&name);
}

static void put_key(lq_string *s, lq_text key)
{
  lq_string safe = {0};
  if (key.n == 0)
    return;
  lq_string_safe(&safe, key.p, key.n);
  lq_string_z(s, "  key ");
  lq_string_fit(s, safe.p, safe.n, KEY_SHOWN);
  lq_string_free(&safe);
}

static void put_time(lq_string *s, int64_t ns)
{
  if (ns == INT64_MIN)
    lq_string_z(s, "-");
  else
    lq_string_time(s, ns);
}

// The last of them are kept: of a long run only the end is of interest, and room is bounded.
void lq_repl_step(lq_repl *r, const lq_step_view *v)
{
  lq_string *s = &r->steps[r->nsteps++ % LQ_REPL_STEPS];
  lq_string_clear(s);
  put_time(s, v->time);
  lq_string_printf(s, "  %-16s %u %s", v->word, v->filled, v->filled == 1 ? "event " : "events");
  put_key(s, v->key);
  put_rule(r, s, v->rule);
  lq_string_z(s, "\n");
}

static void say_steps(lq_repl *r)
{
  size_t first = r->nsteps > LQ_REPL_STEPS ? r->nsteps - LQ_REPL_STEPS : 0;
  if (first)
    lq_out_printf(&r->cli->out, "the last %d of %zu steps\n", (int)LQ_REPL_STEPS, r->nsteps);
  if (r->nsteps == 0)
    lq_out_z(&r->cli->out, "no steps: nothing began\n");
  for (size_t i = first; i < r->nsteps; i++)
    lq_out_z(&r->cli->out, r->steps[i % LQ_REPL_STEPS].p);
}

// ---- what is left

typedef struct left {
  lq_repl *repl;
  size_t n;
} left;

static void on_live(void *user, const lq_live_view *v)
{
  left *l = user;
  lq_string *s = &l->repl->state;
  if (l->n++ >= LIVE_SHOWN)
    return;
  lq_string_printf(s, "%u of %u%s  ", v->filled, v->slots, v->held ? ", waits for what must be missing" : "");
  put_time(s, v->began);
  put_key(s, v->key);
  put_rule(l->repl, s, v->rule);
  lq_string_z(s, "\n");
  for (size_t i = 0; i < v->nevents; i++) {
    if (v->events[i].n == 0)
      continue;
    lq_string_z(s, "    ");
    lq_string_safe(s, v->sources[i].p, v->sources[i].n);
    lq_string_printf(s, ":%llu  ", (unsigned long long)v->lines[i]);
    lq_string one = {0}, safe = {0};
    lq_string_one_line(&one, v->events[i].p, v->events[i].n);
    lq_string_safe(&safe, one.p, one.n);
    lq_string_fit(s, safe.p, safe.n, 100);
    lq_string_z(s, "\n");
    lq_string_free(&one);
    lq_string_free(&safe);
  }
}

void lq_repl_keep_state(lq_repl *r, const lq_scan *scan)
{
  left l = {.repl = r};
  lq_stats t = {.struct_size = sizeof t};
  lq_scan_stats(scan, &t);
  lq_scan_each_live(scan, on_live, &l);
  if (l.n > LIVE_SHOWN)
    lq_string_printf(&r->state, "and %zu more\n", l.n - LIVE_SHOWN);
  lq_string_printf(&r->state, "%zu partial %s; ", l.n, l.n == 1 ? "match is left" : "matches are left");
  lq_string_count(&r->state, t.state_expired);
  lq_string_z(&r->state, " ran out of time, ");
  lq_string_count(&r->state, t.state_replaced);
  lq_string_z(&r->state, " replaced by newer ones, ");
  lq_string_count(&r->state, t.state_killed);
  lq_string_z(&r->state, " ended by until, ");
  lq_string_count(&r->state, t.state_evicted);
  lq_string_z(&r->state, " evicted\n");
}

void lq_do_state(lq_repl *r, char **args, size_t n)
{
  if (!r->state.n)
    lq_say(r->cli, "no query has run yet");
  else if (n > 1 && strcmp(args[1], "steps") == 0)
    say_steps(r);
  else if (n > 1)
    lq_say(r->cli, "write `:state` or `:state steps`");
  else
    lq_out_z(&r->cli->out, r->state.p);
}
