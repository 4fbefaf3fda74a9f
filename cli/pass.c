// One pass of a bundle over event files: reading, bad lines, progress, counters.
#include "cli/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 20, BAD_SHOWN = 3 };

static int on_match(void *user, const lq_match *m)
{
  lq_running *r = user;
  r->stopped |= r->pass->match(r->pass->user, m) != 0;
  return r->stopped;
}

static void on_step(void *user, const lq_step_view *v)
{
  lq_running *r = user;
  r->pass->step(r->pass->user, v);
}

static int on_event(void *user, lq_text raw, lq_text source, uint64_t line)
{
  lq_running *r = user;
  if (lq_interrupted() && !r->drains)
    r->stopped = true;
  else if (r->pass->event)
    r->stopped |= r->pass->event(r->pass->user, raw, source, line) != 0;
  return r->stopped;
}

const char *lq_shown_name(const char *name)
{
  return strcmp(name, "-") == 0 ? "<stdin>" : name;
}

static int on_bad(void *user, const lq_bad_event *b)
{
  lq_running *r = user;
  if (r->pass->bad_shown++ < BAD_SHOWN && !r->pass->quiet) {
    lq_string place = {0};
    lq_string_printf(&place, "%.*s:%llu", (int)b->source.n, b->source.p, (unsigned long long)b->line);
    if (b->column)
      lq_string_printf(&place, ":%u", (unsigned)b->column);
    lq_say(r->pass->cli, "%s: skipped: %.*s", place.p, (int)b->reason.n, b->reason.p);
    lq_string_free(&place);
  }
  return lq_interrupted() && !r->drains;
}

void lq_running_cannot_read(lq_running *r, const char *name, const char *why)
{
  lq_say(r->pass->cli, "cannot read %s: %s", lq_shown_name(name), why);
  r->pass->cli->saw |= LQ_SAW_BAD_INPUT;
  r->pass->unreadable++;
}

bool lq_running_well(lq_running *r, const char *name, lq_status s)
{
  switch (s) {
  case LQ_OK: return true;
  case LQ_E_CANCELLED: break;
  case LQ_E_INPUT: lq_running_cannot_read(r, name, lq_scan_message(r->scan)); break;
  case LQ_E_LIMIT:
    lq_running_cannot_read(r, name,
                           lq_scan_message(r->scan)[0] ? lq_scan_message(r->scan) : lq_status_text(s));
    r->pass->cli->saw |= LQ_SAW_LIMIT;
    break;
  default:
    lq_say_status(r->pass->cli, s, lq_shown_name(name));
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

// Counters of earlier runs come back with their state; they were told then.
static void subtract(lq_stats *s, const lq_stats *restored)
{
  s->late -= restored->late;
  s->future -= restored->future;
  s->timeless -= restored->timeless;
  s->forced -= restored->forced;
  s->dropped -= restored->dropped;
}

void lq_running_restored(lq_running *r)
{
  r->restored.struct_size = sizeof r->restored;
  lq_scan_stats(r->scan, &r->restored);
}

static void read_counters(lq_running *r)
{
  r->pass->stats.struct_size = sizeof r->pass->stats;
  lq_scan_stats(r->scan, &r->pass->stats);
  subtract(&r->pass->stats, &r->restored);
}

void lq_running_count(lq_running *r)
{
  read_counters(r);
  lq_progress_show(&r->progress, &r->pass->stats);
}

static void after_block(lq_running *r, int fd)
{
  if (r->pass->block)
    r->pass->block(r->pass->user, is_idle(fd));
  lq_running_count(r);
}

static void run_file(lq_running *r, const char *name, char *block)
{
  int fd = lq_in_open(name);
  bool well = fd >= 0;
  long got = 0;
  if (fd < 0) {
    lq_running_cannot_read(r, name, strerror(errno));
    return;
  }
  well = lq_running_well(r, name, lq_scan_begin(r->scan, lq_shown_name(name)));
  while (well && !r->stopped && (got = lq_in_read(fd, block, BLOCK)) > 0) {
    well = lq_running_well(r, name, lq_scan_feed(r->scan, block, (size_t)got));
    after_block(r, fd);
  }
  if (got < 0 && errno != EINTR)
    lq_running_cannot_read(r, name, strerror(errno));
  // After a read error a last line may be cut: to end the scan is still right, the cut one is counted as
  // partial.
  if (well && !r->stopped && !(got < 0 && errno == EINTR))
    lq_running_well(r, name, lq_scan_end(r->scan));
  after_block(r, fd);
  lq_os->close(fd);
}

static void keep_counters(lq_running *r)
{
  lq_pass *p = r->pass;
  lq_stats *s = &p->stats;
  read_counters(r);
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

// So that nobody who writes events can choose keys that fall together.
static bool random_key(uint8_t key[16])
{
  int fd = lq_os->open("/dev/urandom", O_RDONLY | O_CLOEXEC, 0);
  bool full = fd >= 0 && lq_os->read(fd, key, 16) == 16;
  if (fd >= 0)
    lq_os->close(fd);
  return full;
}

// Whoever gives all files at once wants one answer over all of them: that needs more room than a stream.
static lq_limits room_of(const lq_pass *p)
{
  lq_limits l = {.struct_size = sizeof l};
  lq_limits_default(&l);
  if (p->live)
    return l;
  l.max_state = UINT64_C(2) << 30;
  l.max_state_rule = l.max_waiting = UINT64_C(1) << 30;
  return l;
}

bool lq_running_start(lq_running *r, lq_pass *p, uint64_t bytes)
{
  uint8_t key[16] = {0};
  lq_limits limits = room_of(p);
  r->pass = p;
  if (!random_key(key))
    lq_say(p->cli, "no random numbers: keys of events may be chosen so that lq becomes slow");
  lq_scan_options options = {.struct_size = sizeof options,
                             .now = p->cli->now,
                             .limits = &limits,
                             .match = on_match,
                             .bad = on_bad,
                             .event = on_event,
                             .user = r,
                             .lateness = p->live ? p->lateness : LQ_SCAN_LATENESS_WHOLE,
                             .hash_key = key,
                             .step = p->step ? on_step : NULL};
  lq_status s = lq_scan_new(&r->scan, p->bundle, &options);
  if (s != LQ_OK)
    lq_say_status(p->cli, s, "cannot start the scan");
  lq_progress_start(&r->progress, p->cli, bytes);
  return s == LQ_OK;
}

void lq_running_end(lq_running *r)
{
  r->pass->took = lq_elapsed(r->progress.start);
  lq_progress_end(&r->progress);
  keep_counters(r);
  lq_scan_free(r->scan);
}

void lq_pass_run(lq_pass *p, const lq_files *files)
{
  lq_running r = {0};
  if (!lq_running_start(&r, p, files->bytes))
    return;
  char *block = lq_need(NULL, BLOCK, 1);
  for (size_t i = 0; i < files->n && !r.stopped && !lq_interrupted(); i++)
    run_file(&r, files->names[i], block);
  if (!r.stopped && !lq_interrupted())
    lq_running_well(&r, "the events", lq_scan_finish(r.scan));
  if (p->after_finish)
    p->after_finish(p->user, r.scan);
  if (p->block)
    p->block(p->user, true);
  lq_running_end(&r);
  free(block);
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

void lq_pass_say_lost(lq_pass *p, const lq_stats *s)
{
  say_count(p, s->state_evicted,
            "partial match had to go before its time: state is full, alerts may be missing",
            "partial matches had to go before their time: state is full, alerts may be missing");
  say_count(p, s->state_cut, "value or key was left out of state: a limit, alerts may be missing",
            "values or keys were left out of state: a limit, alerts may be missing");
  say_count(p, s->dropped, "event found no room to wait for its turn in time",
            "events found no room to wait for their turn in time");
  say_count(p, s->forced, "event could not wait long enough for older ones",
            "events could not wait long enough for older ones");
  say_count(p, s->late, "event came after its time: rules over several events did not see it",
            "events came after their time: rules over several events did not see them");
  say_count(p, s->future, "event has a time that is too far ahead to be believed",
            "events have a time that is too far ahead to be believed");
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
  lq_pass_say_lost(p, s);
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
  lq_rule_view v = LQ_INIT(lq_rule_view);
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
  enum { EVERY = 21 }; // rows that concern every run; the others are about rules over several events
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
      {"state bytes", s->state_bytes},
      {"  at most", s->state_peak},
      {"state keys", s->state_keys},
      {"partial matches", s->state_live},
      {"  out of time", s->state_expired},
      {"  replaced", s->state_replaced},
      {"  ended by until", s->state_killed},
      {"  had to go (limit)", s->state_evicted},
      {"  cut (limit)", s->state_cut},
      {"suppressed", s->state_suppressed},
      {"events that wait", s->state_waiting},
      {"events late", s->late},
      {"events too far ahead", s->future},
      {"events without time", s->timeless},
      {"events forced (limit)", s->forced},
      {"events dropped (limit)", s->dropped},
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
  say_rules(p, &text);
  lq_out_add(&p->cli->err, text.p, text.n);
  lq_out_flush(&p->cli->err);
  lq_string_free(&text);
}
