// lq run: rules over events, to alerts.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/load.h"
#include "cli/profile.h"
#include "cli/reading.h"
#include "cli/sink.h"
#include "feed/stream.h"

// A rule that does not say how grave it is counts for `any` alone.
static const char *const levels[] = {"any", "low", "medium", "high", "critical"};
enum { LEVELS = sizeof levels / sizeof *levels };

typedef struct hunt {
  lq_sink *sink;
  uint64_t alerts;
  int fail_on;          // index in levels, or -1
  unsigned char *level; // of each rule
  bool failed;
  lq_costs costs; // --profile
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
    lq_rule_view v = LQ_INIT(lq_rule_view);
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

static void before_end(void *user, lq_scan *s)
{
  lq_costs_take(&((hunt *)user)->costs, s);
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
  if (p->stats.skimmed)
    put_count(&s, p->stats.skimmed, "line not read", "lines not read");
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

static void say_totals(lq_cli *c, const lq_stream *s)
{
  lq_string text = {0};
  const lq_totals *t = &s->checkpoint.totals;
#define X(name) lq_string_printf(&text, "%s%llu " #name, text.n ? ", " : "", (unsigned long long)t->name);
  LQ_TOTALS(X)
#undef X
  lq_say(c, "since %s began: %s", s->state, text.p);
  lq_string_free(&text);
}

static void report(lq_cli *c, const lq_options *o, const lq_rules_in *r, hunt *h, lq_reading *p)
{
  lq_reading_say_bad(p);
  say_summary(c, h, &p->pass, r);
  if (o->value[LQ_OPT_STATS])
    lq_reading_say_stats(p);
  if (o->value[LQ_OPT_PROFILE])
    lq_costs_say(c, &h->costs, &p->pass.stats);
}

// Files at rest, or standard input, once.
static void run_once(lq_cli *c, const lq_options *o, const lq_rules_in *r, hunt *h, lq_reading *p,
                     lq_format format)
{
  h->sink = lq_sink_new(c, r->bundle, format, true, false);
  bool ran = lq_reading_run_names(p, o->rest, o->nrest);
  lq_sink_end(h->sink);
  if (ran)
    report(c, o, r, h, p);
}

// --follow takes names as they are: the files may be yet to come.
static bool stream_files(lq_cli *c, const lq_options *o, lq_stream *s, lq_files *files)
{
  static char *const standard_input[] = {(char *)"-"};
  *files = (lq_files){.mem = c->host.mem};
  if (s->follow && o->nrest == 0) {
    lq_say_usage(c, "run: --follow needs the names of files");
    return false;
  }
  if (!s->follow) {
    lq_find_files(c, o->nrest ? o->rest : standard_input, o->nrest ? o->nrest : 1, &lq_takes_events, files);
    c->saw |= files->missing ? LQ_SAW_BAD_INPUT : 0u;
    return true;
  }
  for (size_t i = 0; i < o->nrest; i++) {
    if (lq_files_add(files, o->rest[i]) != LQ_OK)
      lq_out_of_memory();
    if (strcmp(o->rest[i], "-") == 0) {
      lq_say_usage(c, "run: --follow is for files; standard input is read until it ends without it");
      return false;
    }
  }
  return true;
}

static bool open_stream(lq_stream *s)
{
  lq_status status = lq_stream_open(s);
  if (status == LQ_E_NOMEM)
    lq_out_of_memory();
  return status == LQ_OK; // else there was a notice
}

static void run_stream(lq_cli *c, const lq_options *o, const lq_rules_in *r, hunt *h, lq_reading *p,
                       lq_format format, lq_stream *s)
{
  lq_files files;
  if (stream_files(c, o, s, &files) && open_stream(s)) {
    h->sink = lq_sink_new(c, r->bundle, format, true, false);
    lq_progress_start(&p->progress, c, files.bytes);
    lq_reading_done(p, lq_stream_run(s, &files));
    lq_sink_end(h->sink);
    // To end by SIGTERM is what a service does: all is drained, and nothing is amiss.
    if (s->follow && lq_terminated())
      lq_interrupt_clear();
    report(c, o, r, h, p);
    if (s->state && o->value[LQ_OPT_STATS])
      say_totals(c, s);
  }
  lq_files_free(&files);
}

static const char *file_of(const lq_options *o, lq_option which)
{
  const char *name = o->value[which];
  return name && strcmp(name, "-") != 0 ? name : NULL;
}

// A file gets alerts as lines, whatever a terminal would get.
static bool choose_output(lq_cli *c, const lq_options *o, lq_format *format)
{
  *format = o->format;
  if (!file_of(o, LQ_OPT_ALERTS))
    return true;
  if (!o->value[LQ_OPT_FORMAT])
    *format = LQ_FORMAT_NDJSON;
  if (*format == LQ_FORMAT_TABLE) {
    lq_say_usage(c, "run: --output writes ndjson or csv");
    return false;
  }
  return true;
}

static void run(lq_cli *c, const lq_options *o, const lq_rules_in *r, hunt *h)
{
  lq_format format;
  lq_reading reading;
  lq_pass *pass = &reading.pass;
  lq_reading_init(&reading, c, r->bundle);
  lq_stream s = {.pass = pass,
                 .out = &c->out,
                 .state = o->value[LQ_OPT_STATE],
                 .output = file_of(o, LQ_OPT_ALERTS),
                 .follow = o->value[LQ_OPT_FOLLOW],
                 .final = o->value[LQ_OPT_FINAL],
                 .every = 1000000000,
                 .lock = -1,
                 .state_fd = -1};
  pass->match = on_match;
  pass->block = on_block;
  pass->user = h;
  pass->per_rule = o->value[LQ_OPT_STATS] != NULL;
  pass->timed = o->value[LQ_OPT_PROFILE] != NULL;
  pass->before_end = pass->timed ? before_end : NULL;
  if (!choose_output(c, o, &format) || !lq_reading_choose(&reading, o) ||
      !lq_option_time(c, o, LQ_OPT_CHECKPOINT, &s.every))
    return;
  if (pass->timed)
    pass->jobs = 1; // one clock, one account
  if (s.state || s.follow)
    run_stream(c, o, r, h, &reading, format, &s);
  else if (!s.output || open_stream(&s))
    run_once(c, o, r, h, &reading, format);
  if (h->failed)
    c->saw |= LQ_SAW_NO;
  lq_reading_free(&reading);
  lq_stream_close(&s);
  lq_costs_free(&h->costs);
}

// Without `--`, what --follow reads is told from rules by its looks: no rule file, no folder, no bundle.
static bool is_log(const char *name)
{
  char start[8];
  struct stat st;
  if (lq_build_takes(name) || (lq_os->stat(name, &st) == 0 && !S_ISREG(st.st_mode)))
    return false;
  int fd = lq_io_open(lq_os, name);
  long n = fd >= 0 ? lq_in_read(fd, start, sizeof start) : 0;
  if (fd >= 0)
    lq_os->close(fd);
  return n < 0 || !lq_bundle_is_bundle(start, (size_t)n);
}

static void split_names(lq_options *o)
{
  size_t rules = 0;
  free(o->rest);
  o->rest = lq_need(NULL, o->nargs + 1, sizeof *o->rest);
  for (size_t i = 0; i < o->nargs; i++) {
    if (is_log(o->args[i]))
      o->rest[o->nrest++] = o->args[i];
    else
      o->args[rules++] = o->args[i];
  }
  o->nargs = rules;
}

static void compile_and_run(lq_cli *c, const lq_options *o)
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
    if (h.fail_on >= 0)
      learn_levels(&h, r.bundle);
    run(c, o, &r, &h);
    free(h.level);
  } else if (r.errors) {
    lq_say(c, "%llu of %llu rules have errors; nothing was run", (unsigned long long)r.errors,
           (unsigned long long)(r.errors + r.compiled));
    lq_say_help(c, "--keep-going runs the others");
  }
  if (o->value[LQ_OPT_FOLLOW] && lq_terminated()) // as it starts, too
    lq_interrupt_clear();
  if (!o->split && o->nargs > 1 && c->saw & LQ_SAW_BAD_RULE)
    lq_say_help(c, "event files come after `--`: lq run RULES... -- FILE...");
  lq_rules_in_free(&r);
}

void lq_cmd_run(lq_cli *c, const lq_options *o)
{
  lq_options own = *o;
  if (!o->value[LQ_OPT_FOLLOW] || o->split) {
    compile_and_run(c, o);
    return;
  }
  own.args = lq_need(NULL, o->nargs + 1, sizeof *own.args);
  if (o->nargs)
    memcpy(own.args, o->args, o->nargs * sizeof *own.args);
  own.rest = NULL;
  split_names(&own);
  compile_and_run(c, &own);
  lq_options_free(&own);
}
