// A pass at the screen.
#include "cli/reading.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "feed/jobs.h"

enum { BAD_SHOWN = 3 };

static void say_bad_record(lq_reading *r, const lq_bad_event *b)
{
  if (r->bad_shown++ >= BAD_SHOWN || r->quiet)
    return;
  lq_string place = {0};
  lq_string_printf(&place, "%.*s:%llu", (int)b->source.n, b->source.p, (unsigned long long)b->line);
  if (b->column)
    lq_string_printf(&place, ":%u", (unsigned)b->column);
  lq_say(r->cli, "%s: skipped: %.*s", place.p, (int)b->reason.n, b->reason.p);
  lq_string_free(&place);
}

static void on_notice(void *user, const lq_notice *n)
{
  lq_reading *r = user;
  if (n->kind == LQ_NOTICE_BAD_RECORD)
    say_bad_record(r, n->bad);
  else
    lq_say_notice(r->cli, n);
}

static void on_progress(void *user, const lq_stats *s)
{
  lq_progress_show(&((lq_reading *)user)->progress, s);
}

void lq_reading_init(lq_reading *r, lq_cli *c, const lq_bundle *b)
{
  *r = (lq_reading){.cli = c, .host = c->host, .pass = {.bundle = b, .now = c->now}};
  r->host.notice = on_notice;
  r->host.progress = on_progress;
  r->host.user = r;
  r->pass.host = &r->host;
  lq_progress_start(&r->progress, c, 0);
}

void lq_reading_free(lq_reading *r)
{
  lq_pass_free(&r->pass);
}

static uint32_t layer_named(const char *word, size_t n)
{
  lq_layer_view v = LQ_INIT(lq_layer_view);
  if (n == 3 && memcmp(word, "all", 3) == 0)
    return LQ_LAYERS_ALL;
  for (size_t i = 0; lq_layer_at(i, &v) == LQ_OK; i++) {
    if (strlen(v.name) == n && memcmp(v.name, word, n) == 0)
      return v.bit;
  }
  return 0;
}

static bool choose_layers(lq_reading *r, const lq_options *o)
{
  const char *list = o->value[LQ_OPT_LAYERS_OFF];
  while (list && *list) {
    size_t n = strcspn(list, ",");
    uint32_t bit = layer_named(list, n);
    if (!bit) {
      lq_say_usage(r->cli, "%s: there is no layer `%.*s`", o->command->word, (int)n, list);
      return false;
    }
    r->pass.layers_off |= bit;
    list += n + (list[n] == ',');
  }
  return true;
}

static bool choose_jobs(lq_reading *r, const lq_options *o)
{
  enum { JOBS_MAX = 1024 };
  uint64_t jobs = lq_cores(), block = 0;
  if (o->value[LQ_OPT_JOBS] && !lq_option_number(r->cli, o, LQ_OPT_JOBS, &jobs))
    return false;
  if (!lq_option_number(r->cli, o, LQ_OPT_BLOCK, &block))
    return false;
  if (jobs == 0 || jobs > JOBS_MAX) {
    lq_say_usage(r->cli, "%s: --jobs is a number from 1 to %d", o->command->word, JOBS_MAX);
    return false;
  }
  r->pass.jobs = (unsigned)jobs;
  r->pass.block_size = (size_t)block;
  return true;
}

bool lq_reading_choose(lq_reading *r, const lq_options *o)
{
  const char *folder = o->value[LQ_OPT_TEMP_DIR] ? o->value[LQ_OPT_TEMP_DIR] : getenv("TMPDIR");
  r->pass.temp_folder = folder && *folder ? folder : NULL;
  r->pass.live = o->value[LQ_OPT_LATENESS] != NULL;
  r->pass.strict = o->value[LQ_OPT_STRICT] != NULL;
  return lq_option_time(r->cli, o, LQ_OPT_LATENESS, &r->pass.lateness) &&
         lq_option_number(r->cli, o, LQ_OPT_MAX_WAITING, &r->pass.max_waiting) && choose_layers(r, o) &&
         choose_jobs(r, o);
}

void lq_find_files(lq_cli *c, char *const *names, size_t n, const lq_taker *taker, lq_files *out)
{
  if (lq_walk(&c->host, names, n, taker, out) == LQ_E_NOMEM)
    lq_out_of_memory();
}

void lq_reading_done(lq_reading *r, lq_status status)
{
  const lq_stats *s = &r->pass.stats;
  lq_progress_end(&r->progress);
  if (status == LQ_E_NOMEM)
    lq_out_of_memory();
  if (s->bad)
    r->cli->saw |= LQ_SAW_BAD_INPUT;
  if (s->indeterminate || s->capped || s->cut_values || s->cut_fields || s->cut_depth || s->state_evicted ||
      s->state_cut || s->forced || s->dropped || s->processes_evicted)
    r->cli->saw |= LQ_SAW_LIMIT;
}

void lq_reading_run(lq_reading *r, const lq_files *files)
{
  lq_progress_start(&r->progress, r->cli, files->bytes);
  lq_reading_done(r, lq_pass_run(&r->pass, files));
}

bool lq_reading_run_names(lq_reading *r, char *const *names, size_t n)
{
  static char *const standard_input[] = {(char *)"-"};
  lq_files files;
  if (n == 0 && isatty(STDIN_FILENO)) {
    lq_say_usage(r->cli, "no events to read");
    lq_say_help(r->cli, "name event files or folders, or pipe events in");
    return false;
  }
  lq_find_files(r->cli, n ? names : standard_input, n ? n : 1, &lq_takes_events, &files);
  if (files.missing)
    r->cli->saw |= LQ_SAW_BAD_INPUT;
  lq_reading_run(r, &files);
  lq_files_free(&files);
  return true;
}

// ---- what feed/ has to say

static void say_unreadable(lq_cli *c, const lq_notice *n)
{
  if (n->error == EINTR && lq_interrupted()) // we were told to stop, which is no fault of a file
    return;
  lq_say(c, "cannot read %s: %s", n->name, n->why ? n->why : strerror(n->error));
  c->saw |= LQ_SAW_BAD_INPUT | (n->status == LQ_E_LIMIT ? LQ_SAW_LIMIT : 0u);
}

static void say_in_use(lq_cli *c, const lq_notice *n)
{
  if (n->why[0])
    lq_say_usage(c, "%s is in use by process %s", n->name, n->why);
  else
    lq_say_usage(c, "%s is in use by another process", n->name);
  if (n->other)
    lq_say_help(c, "each `lq run` needs a state file of its own; the lock is %s and ends with its process",
                n->other);
}

static void say_bad_output(lq_cli *c, const lq_notice *n, const char *verb)
{
  lq_say(c, "cannot %s %s: %s", verb, n->name, strerror(n->error));
  c->saw |= LQ_SAW_BAD_OUTPUT;
}

static void say_bad_folder(lq_cli *c, const lq_notice *n)
{
  lq_say(c, "cannot put events in order: temporary files in %s: %s", n->name, strerror(n->error));
  lq_say_help(c, "--temp-dir names a folder with more room");
  c->saw |= LQ_SAW_BAD_OUTPUT;
}

static void say_refused(lq_cli *c, const lq_notice *n)
{
  lq_say(c, "cannot resume from %s: %s", n->name, n->why);
  if (n->status == LQ_E_VERSION)
    lq_say_help(c, "let the lq that wrote it finish (--final); then start again: mv %s %s.old", n->name,
                n->name);
  else
    lq_say_help(c, "to start again, move it away: mv %s %s.bad", n->name, n->name);
  c->saw |= LQ_SAW_BAD_RULE;
}

static void say_torn(lq_cli *c, const lq_notice *n)
{
  lq_say(c, "the last checkpoint in %s is not whole: resuming from the one before it", n->name);
}

// All endings of a sort: `.a, .b`, and `last` before the last one.
static void put_endings(lq_string *s, bool packing, const char *last)
{
  lq_input_view v = LQ_INIT(lq_input_view);
  lq_string all = {0};
  for (size_t i = 0; lq_input_at(i, &v) == LQ_OK; i++) {
    if (v.packing == packing)
      lq_string_printf(&all, "%s%s", all.n ? " " : "", v.endings);
  }
  for (const char *p = all.p ? all.p : ""; *p; p += *p == ' ') {
    size_t n = strcspn(p, " ");
    const char *before = p == all.p ? "" : p[n] ? ", " : last;
    lq_string_printf(s, "%s%.*s", before, (int)n, p);
    p += n;
  }
  lq_string_free(&all);
}

static void say_nothing(lq_cli *c, const lq_notice *n)
{
  lq_string s = {0};
  if (n->why) {
    lq_string_z(&s, n->why);
  } else {
    put_endings(&s, false, " or ");
    lq_string_z(&s, " (");
    put_endings(&s, true, ", ");
    lq_string_z(&s, ")");
  }
  lq_say(c, "nothing to read in %s: no %s", n->name, s.p);
  lq_string_free(&s);
}

void lq_say_notice(void *user, const lq_notice *n)
{
  lq_cli *c = user;
  switch (n->kind) {
  case LQ_NOTICE_CANNOT_READ: say_unreadable(c, n); break;
  case LQ_NOTICE_CANNOT_FIND: lq_say(c, "cannot read %s: %s", n->name, strerror(n->error)); break;
  case LQ_NOTICE_CANNOT_WRITE: say_bad_output(c, n, "write"); break;
  case LQ_NOTICE_CANNOT_SPILL: say_bad_folder(c, n); break;
  case LQ_NOTICE_CANNOT_LOCK: say_bad_output(c, n, "lock"); break;
  case LQ_NOTICE_IN_USE: say_in_use(c, n); break;
  case LQ_NOTICE_REFUSED_STATE: say_refused(c, n); break;
  case LQ_NOTICE_STATE_TORN: say_torn(c, n); break;
  case LQ_NOTICE_STATUS: lq_say_status(c, n->status, n->name); break;
  case LQ_NOTICE_NOTHING_IN: say_nothing(c, n); break;
  case LQ_NOTICE_BAD_RECORD: break; // of a reading
  case LQ_NOTICE_LINE_WAITS:
    lq_say(c, "%s: the last line is not finished and waits for its end; --final reads it as it is", n->name);
    break;
  case LQ_NOTICE_FILE_LOST:
    lq_say(c,
           "%s is another file than before, and the old one is not in its folder: what it held that was not "
           "read yet is lost",
           n->name);
    break;
  case LQ_NOTICE_RULES_CHANGED:
    lq_say(c, "the rules have changed: %u of them start without their state, %u keep it", (unsigned)n->cold,
           (unsigned)n->kept);
    break;
  case LQ_NOTICE_LOSSES: lq_say_lost(c, n->stats); break;
  }
}

// ---- what was counted

static void say_count(lq_cli *c, uint64_t n, const char *one, const char *many)
{
  lq_string s = {0};
  if (n == 0)
    return;
  lq_string_count(&s, n);
  lq_say(c, "%s %s", s.p, n == 1 ? one : many);
  lq_string_free(&s);
}

void lq_say_lost(lq_cli *c, const lq_stats *s)
{
  say_count(c, s->state_evicted, "partial match was evicted: state is full, alerts may be missing",
            "partial matches were evicted: state is full, alerts may be missing");
  say_count(c, s->state_cut, "value or key was cut from state for a limit: alerts may be missing",
            "values or keys were cut from state for a limit: alerts may be missing");
  say_count(c, s->processes_evicted,
            "process was evicted: its children are not known as such, alerts may be missing",
            "processes were evicted: their children are not known as such, alerts may be missing");
  say_count(c, s->dropped, "event had no room to wait for its turn",
            "events had no room to wait for their turn");
  say_count(c, s->forced, "event could not wait long enough for older ones",
            "events could not wait long enough for older ones");
  say_count(c, s->late, "event came too late: rules over several events did not see it",
            "events came too late: rules over several events did not see them");
  say_count(c, s->future, "event has a time that is too far ahead to be believed",
            "events have a time that is too far ahead to be believed");
}

void lq_reading_say_bad(lq_reading *r)
{
  const lq_stats *s = &r->pass.stats;
  lq_cli *c = r->cli;
  if (s->bad > BAD_SHOWN)
    say_count(c, s->bad, "", "records could not be read; the first three are shown above");
  say_count(c, s->cut_values, "event had a value over 1 MiB, of which functions saw only the beginning",
            "events had a value over 1 MiB, of which functions saw only the beginning");
  say_count(c, s->cut_fields, "event had too many values in a field; those over the limit were not looked at",
            "events had too many values in a field; those over the limit were not looked at");
  say_count(c, s->cut_depth, "event was nested too deeply; what lies below the limit was not looked at",
            "events were nested too deeply; what lies below the limit was not looked at");
  say_count(c, s->indeterminate, "time a rule gave no verdict: an event used up its budget",
            "times a rule gave no verdict: an event used up its budget");
  lq_say_lost(c, s);
  say_count(c, s->capped, "expression had more results than are kept",
            "expressions had more results than are kept");
}

static void stat_line(lq_string *s, const char *name, uint64_t v)
{
  lq_string n = {0};
  lq_string_count(&n, v);
  lq_string_printf(s, "  %-22s %15s\n", name, n.p);
  lq_string_free(&n);
}

static void say_rules(const lq_pass *p, lq_string *text)
{
  size_t n = lq_bundle_rule_count(p->bundle);
  lq_rule_view v = LQ_INIT(lq_rule_view);
  for (size_t i = 0; i < n && i < p->nrules; i++) {
    if (p->rule_matches[i] == 0 || lq_bundle_rule(p->bundle, i, &v) != LQ_OK)
      continue;
    lq_string id = {0};
    lq_string_safe(&id, v.id.p, v.id.n);
    stat_line(text, id.p ? id.p : "", p->rule_matches[i]);
    lq_string_free(&id);
  }
}

// What the faster ways did: which of them pay, and which one a log defeats.
static void say_layers(const lq_stats *s, lq_string *text)
{
  const struct {
    const char *name;
    uint64_t v;
  } rows[] = {
      {"keys not expected", s->unexpected_keys}, {"  new", s->new_keys},
      {"classes of events", s->classes},         {"  events of a known one", s->class_hits},
      {"  events of none", s->class_fallbacks},  {"conditions in question", s->conditions},
      {"  open gates", s->gates_open},           {"  candidates", s->candidates},
      {"values asked about", s->values},         {"  remembered", s->value_hits},
      {"  not remembered", s->value_misses},     {"fields test by test", s->values_left},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    stat_line(text, rows[i].name, rows[i].v);
}

void lq_reading_say_stats(lq_reading *r)
{
  const lq_pass *p = &r->pass;
  const lq_stats *s = &p->stats;
  enum { EVERY = 22 }; // rows that concern every run; the others are about rules over several events
  const struct {
    const char *name;
    uint64_t v;
  } rows[] = {
      {"bytes read", s->bytes_in},
      {"bytes unpacked", s->bytes},
      {"records", s->records},
      {"events", s->events},
      {"records skipped", s->bad},
      {"  not JSON", s->bad_json},
      {"  too large", s->bad_size},
      {"  no event", s->bad_shape},
      {"  cut short", s->partial},
      {"lines not read", s->skimmed},
      {"mapped to ECS", s->mapped},
      {"duplicate keys", s->duplicate_keys},
      {"repaired UTF-8", s->repaired_utf8},
      {"cut values", s->cut_values},
      {"cut fields", s->cut_fields},
      {"cut below a depth", s->cut_depth},
      {"numbers out of range", s->number_range},
      {"rules run", s->rules_run},
      {"predicates run", s->predicates_run},
      {"no verdict", s->indeterminate},
      {"cut results", s->capped},
      {"matches", s->matches},
      {"state bytes", s->state_bytes},
      {"  at most", s->state_peak},
      {"state keys", s->state_keys},
      {"partial matches", s->state_live},
      {"  out of time", s->state_expired},
      {"  replaced", s->state_replaced},
      {"  ended by until", s->state_killed},
      {"  evicted (limit)", s->state_evicted},
      {"  cut (limit)", s->state_cut},
      {"processes evicted (limit)", s->processes_evicted},
      {"suppressed", s->state_suppressed},
      {"events that wait", s->state_waiting},
      {"events late", s->late},
      {"events too far ahead", s->future},
      {"events without time", s->timeless},
      {"events forced (limit)", s->forced},
      {"events dropped (limit)", s->dropped},
      {"events outside memory", s->spilled},
  };
  lq_string text = {0};
  double seconds = (double)p->took / 1e9;
  lq_string_printf(&text, "  %-22s %13.3f s\n  %-22s %10.1f MB/s\n", "time", seconds, "speed",
                   seconds > 0 ? (double)s->bytes / 1e6 / seconds : 0);
  bool stateful = s->state_peak || s->late || s->timeless;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (stateful || i < EVERY)
      stat_line(&text, rows[i].name, rows[i].v);
  }
  say_layers(s, &text);
  say_rules(p, &text);
  lq_out_add(&r->cli->err, text.p, text.n);
  lq_out_flush(&r->cli->err);
  lq_string_free(&text);
}
