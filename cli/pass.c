// One pass of a bundle over event files: reading, bad lines, progress, counters.
#include "cli/pass.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, BAD_SHOWN = 3 };

typedef struct running {
  lq_pass *pass;
  lq_scan *scan;
  lq_progress progress;
  char *block;
  bool stopped;
} running;

static int on_match(void *user, const lq_match *m)
{
  running *r = user;
  r->stopped |= r->pass->match(r->pass->user, m) != 0;
  return r->stopped;
}

// Nobody who writes events may know it; a machine without random numbers gets what differs from run to run.
static void random_key(unsigned char key[16])
{
  if (getrandom(key, 16, 0) == 16)
    return;
  int64_t mixed[2] = {(int64_t)getpid(), lq_elapsed(0)};
  memcpy(key, mixed, sizeof mixed);
}

static void on_step(void *user, const lq_step_view *v)
{
  running *r = user;
  r->pass->step(r->pass->user, v);
}

static int on_event(void *user, lq_text raw, lq_text source, uint64_t line)
{
  running *r = user;
  if (lq_interrupted())
    r->stopped = true;
  else if (r->pass->event)
    r->stopped |= r->pass->event(r->pass->user, raw, source, line) != 0;
  return r->stopped;
}

static const char *shown_name(const char *name)
{
  return strcmp(name, "-") == 0 ? "<stdin>" : name;
}

static int on_bad(void *user, const lq_bad_event *b)
{
  running *r = user;
  if (r->pass->bad_shown++ < BAD_SHOWN && !r->pass->quiet) {
    lq_string place = {0};
    lq_string_printf(&place, "%.*s:%llu", (int)b->source.n, b->source.p, (unsigned long long)b->line);
    if (b->column)
      lq_string_printf(&place, ":%u", (unsigned)b->column);
    lq_say(r->pass->cli, "%s: skipped: %.*s", place.p, (int)b->reason.n, b->reason.p);
    lq_string_free(&place);
  }
  return lq_interrupted();
}

static void cannot_read(running *r, const char *name, const char *why)
{
  lq_say(r->pass->cli, "cannot read %s: %s", shown_name(name), why);
  r->pass->cli->saw |= LQ_SAW_BAD_INPUT;
  r->pass->unreadable++;
}

// What the engine said of a piece of input. False: no more of this file.
static bool went_well(running *r, const char *name, lq_status s)
{
  switch (s) {
  case LQ_OK: return true;
  case LQ_E_CANCELLED: break;
  case LQ_E_INPUT: cannot_read(r, name, lq_scan_message(r->scan)); break;
  case LQ_E_LIMIT:
    cannot_read(r, name, lq_scan_message(r->scan)[0] ? lq_scan_message(r->scan) : lq_status_text(s));
    r->pass->cli->saw |= LQ_SAW_LIMIT;
    break;
  default:
    lq_say_status(r->pass->cli, s, shown_name(name));
    r->pass->cli->saw |= LQ_SAW_BAD_INPUT;
    break;
  }
  return false;
}

static bool is_idle(int fd)
{
  struct pollfd in = {.fd = fd, .events = POLLIN};
  return poll(&in, 1, 0) == 0;
}

static void after_block(running *r, int fd)
{
  if (r->pass->block)
    r->pass->block(r->pass->user, is_idle(fd));
  r->pass->stats.struct_size = sizeof r->pass->stats;
  lq_scan_stats(r->scan, &r->pass->stats);
  lq_progress_show(&r->progress, &r->pass->stats);
}

static void run_file(running *r, const char *name)
{
  int fd = lq_in_open(name);
  bool well = fd >= 0;
  long got = 0;
  if (fd < 0) {
    cannot_read(r, name, strerror(errno));
    return;
  }
  well = went_well(r, name, lq_scan_begin(r->scan, shown_name(name)));
  while (well && !r->stopped && (got = lq_in_read(fd, r->block, BLOCK)) > 0) {
    well = went_well(r, name, lq_scan_feed(r->scan, r->block, (size_t)got));
    after_block(r, fd);
  }
  if (got < 0 && errno != EINTR)
    cannot_read(r, name, strerror(errno));
  // After a read error a last line may be cut: to end the scan is still right, the cut one is counted as
  // partial.
  if (well && !r->stopped && !(got < 0 && errno == EINTR))
    went_well(r, name, lq_scan_end(r->scan));
  after_block(r, fd);
  close(fd);
}

// Whoever gives all files at once wants one answer over all of them: that needs more room than a stream.
static void give_room(const lq_pass *p, lq_limits *l)
{
  l->struct_size = sizeof *l;
  lq_limits_default(l);
  if (p->has_lateness)
    return;
  l->max_state = UINT64_C(2) << 30;
  l->max_state_rule = l->max_waiting = UINT64_C(1) << 30;
}

static void finish(running *r)
{
  lq_pass *p = r->pass;
  if (p->before_finish)
    p->before_finish(p->user, r->scan);
  lq_status s = lq_scan_finish(r->scan);
  if (s != LQ_OK && s != LQ_E_CANCELLED)
    lq_say_status(p->cli, s, "cannot finish");
  if (p->block)
    p->block(p->user, true);
}

static void keep_counters(running *r)
{
  lq_pass *p = r->pass;
  lq_stats *s = &p->stats;
  s->struct_size = sizeof *s;
  lq_scan_stats(r->scan, s);
  if (s->bad)
    p->cli->saw |= LQ_SAW_BAD_INPUT;
  if (s->indeterminate || s->capped || s->cut_values || s->state_evicted || s->state_cut || s->forced ||
      s->dropped)
    p->cli->saw |= LQ_SAW_LIMIT;
  if (!p->per_rule)
    return;
  size_t n = lq_bundle_rule_count(p->bundle);
  p->rule_matches = lq_need(NULL, n, sizeof *p->rule_matches);
  for (size_t i = 0; i < n; i++)
    p->rule_matches[i] = lq_scan_rule_matches(r->scan, i);
}

void lq_pass_run(lq_pass *p, const lq_files *files)
{
  running r = {.pass = p};
  lq_limits limits;
  unsigned char hash_key[16];
  random_key(hash_key);
  give_room(p, &limits);
  lq_scan_options options = {.struct_size = sizeof options,
                             .now = p->cli->now,
                             .limits = &limits,
                             .match = on_match,
                             .bad = on_bad,
                             .event = on_event,
                             .user = &r,
                             .lateness = p->has_lateness ? p->lateness : LQ_SCAN_LATENESS_WHOLE,
                             .hash_key = hash_key,
                             .step = p->step ? on_step : NULL};
  lq_status s = lq_scan_new(&r.scan, p->bundle, &options);
  if (s != LQ_OK) {
    lq_say_status(p->cli, s, "cannot start the scan");
    return;
  }
  r.block = lq_need(NULL, BLOCK, 1);
  lq_progress_start(&r.progress, p->cli, files->bytes);
  for (size_t i = 0; i < files->n && !r.stopped && !lq_interrupted(); i++)
    run_file(&r, files->names[i]);
  if (!r.stopped && !lq_interrupted())
    finish(&r);
  p->took = lq_elapsed(r.progress.start);
  lq_progress_end(&r.progress);
  keep_counters(&r);
  free(r.block);
  lq_scan_free(r.scan);
}

bool lq_pass_run_names(lq_pass *p, char *const *names, size_t n)
{
  static char *const standard_input[] = {(char *)"-"};
  lq_files files;
  if (n == 0 && isatty(STDIN_FILENO)) {
    lq_say_usage(p->cli, "no events to read");
    lq_say_help(p->cli, "name event files or folders, or pipe events in");
    return false;
  }
  lq_walk(p->cli, n ? names : standard_input, n ? n : 1, lq_takes_events, &files);
  if (files.missing)
    p->cli->saw |= LQ_SAW_BAD_INPUT;
  lq_pass_run(p, &files);
  lq_files_free(&files);
  return true;
}

static void say_count(lq_pass *p, uint64_t n, const char *one, const char *many)
{
  lq_string s = {0};
  if (n == 0)
    return;
  lq_string_count(&s, n);
  lq_say(p->cli, "%s %s", s.p, n == 1 ? one : many);
  lq_string_free(&s);
}

void lq_pass_say_bad(lq_pass *p)
{
  const lq_stats *s = &p->stats;
  if (s->bad > BAD_SHOWN)
    say_count(p, s->bad, "", "records could not be read; the first three are shown above");
  say_count(p, s->cut_values, "event had a value over 1 MiB, of which only the beginning was looked at",
            "events had a value over 1 MiB, of which only the beginning was looked at");
  say_count(p, s->indeterminate, "time a rule gave no verdict: an event used up its budget",
            "times a rule gave no verdict: an event used up its budget");
  say_count(p, s->state_evicted,
            "part of the state of rules had to go, for want of room: matches may be missing",
            "parts of the state of rules had to go, for want of room: matches may be missing");
  say_count(p, s->state_cut, "value, key or event was over a limit of a rule's state: matches may be missing",
            "values, keys or events were over a limit of a rule's state: matches may be missing");
  say_count(p, s->forced, "event could not wait for its turn in time, for want of room",
            "events could not wait for their turn in time, for want of room");
  say_count(p, s->dropped, "event found no room to wait for its turn in time and was left out",
            "events found no room to wait for their turn in time and were left out");
  say_count(p, s->late, "event came too late for rules of several events and was left out of them",
            "events came too late for rules of several events and were left out of them");
  say_count(p, s->capped, "expression had more results than are kept",
            "expressions had more results than are kept");
}

static void stat_line(lq_string *s, const char *name, uint64_t v)
{
  lq_string n = {0};
  lq_string_count(&n, v);
  lq_string_printf(s, "  %-22s %15s\n", name, n.p);
  lq_string_free(&n);
}

static void say_rules(lq_pass *p, lq_string *text)
{
  size_t n = lq_bundle_rule_count(p->bundle);
  lq_rule_view v;
  for (size_t i = 0; i < n && p->rule_matches; i++) {
    if (p->rule_matches[i] == 0 || lq_bundle_rule(p->bundle, i, &v) != LQ_OK)
      continue;
    lq_string id = {0};
    lq_string_safe(&id, v.id.p, v.id.n);
    stat_line(text, id.p ? id.p : "", p->rule_matches[i]);
    lq_string_free(&id);
  }
}

void lq_pass_say_stats(lq_pass *p)
{
  const lq_stats *s = &p->stats;
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
      {"  too deep", s->bad_depth},
      {"  too large", s->bad_size},
      {"  too many fields", s->bad_fields},
      {"  no event", s->bad_shape},
      {"  cut short", s->partial},
      {"mapped to ECS", s->mapped},
      {"duplicate keys", s->duplicate_keys},
      {"repaired UTF-8", s->repaired_utf8},
      {"cut values", s->cut_values},
      {"numbers out of range", s->number_range},
      {"rules run", s->rules_run},
      {"predicates run", s->predicates_run},
      {"no verdict", s->indeterminate},
      {"cut results", s->capped},
      {"matches", s->matches},
      {"state bytes, at most", s->state_peak},
      {"  partial matches", s->state_live},
      {"  ran out of time", s->state_expired},
      {"  replaced", s->state_replaced},
      {"  ended by until", s->state_killed},
      {"  had to go", s->state_evicted},
      {"  over a limit", s->state_cut},
      {"events too late", s->late},
      {"events without a time", s->timeless},
      {"stamps not believed", s->future},
  };
  lq_string text = {0};
  double seconds = (double)p->took / 1e9;
  lq_string_printf(&text, "  %-22s %13.3f s\n  %-22s %10.1f MB/s\n", "time", seconds, "speed",
                   seconds > 0 ? (double)s->bytes / 1e6 / seconds : 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    stat_line(&text, rows[i].name, rows[i].v);
  say_rules(p, &text);
  lq_out_add(&p->cli->err, text.p, text.n);
  lq_out_flush(&p->cli->err);
  lq_string_free(&text);
}
