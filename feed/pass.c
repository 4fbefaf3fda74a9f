// One pass of a bundle over sources of events.
#include "feed/pass.h"

#include <errno.h>

#include "feed/file.h"
#include "feed/jobs.h"

enum { BLOCK = 1 << 20, WAITING = 32 << 20 };

// ---- what the scan calls

static bool wants_to_stop(const lq_running *r)
{
  return lq_host_stopped(r->host) && !r->drains;
}

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
  if (wants_to_stop(r))
    r->stopped = true;
  else
    r->stopped |= r->pass->event(r->pass->user, raw, source, line) != 0;
  return r->stopped;
}

static uint64_t on_clock(void *user)
{
  return (uint64_t)lq_host_elapsed(((lq_running *)user)->host, 0);
}

static int on_bad(void *user, const lq_bad_event *b)
{
  lq_running *r = user;
  lq_host_say(r->host, &(lq_notice){.kind = LQ_NOTICE_BAD_RECORD, .bad = b});
  return wants_to_stop(r);
}

// ---- what it says

const char *lq_shown_name(const char *name)
{
  return strcmp(name, "-") == 0 ? "<stdin>" : name;
}

static void cannot(lq_running *r, const char *name, lq_status s, int error, const char *why)
{
  lq_host_say(r->host, &(lq_notice){.kind = LQ_NOTICE_CANNOT_READ,
                                    .name = lq_shown_name(name),
                                    .status = s,
                                    .error = error,
                                    .why = why});
  r->pass->unreadable++;
}

void lq_running_cannot_read(lq_running *r, const char *name, int error, const char *why)
{
  cannot(r, name, LQ_OK, error, why);
}

static void no_memory(lq_running *r)
{
  r->failed = LQ_E_NOMEM;
  r->stopped = true;
}

bool lq_running_well(lq_running *r, const char *name, lq_status s)
{
  const char *message = s == LQ_OK ? "" : lq_scan_message(r->scan);
  switch (s) {
  case LQ_OK: return true;
  case LQ_E_CANCELLED: break;
  case LQ_E_NOMEM: no_memory(r); break;
  case LQ_E_IO: r->stopped = true; break; // of temporary files: why was said there
  case LQ_E_INPUT: cannot(r, name, s, 0, message); break;
  case LQ_E_LIMIT: cannot(r, name, s, 0, message[0] ? message : lq_status_text(s)); break;
  default:
    lq_host_say(r->host, &(lq_notice){.kind = LQ_NOTICE_STATUS, .status = s, .name = lq_shown_name(name)});
    break;
  }
  return false;
}

// ---- counters

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
  if (r->host->progress)
    r->host->progress(r->host->user, &r->pass->stats);
}

static void keep_counters(lq_running *r)
{
  lq_pass *p = r->pass;
  read_counters(r);
  for (size_t i = 0; i < p->nrules; i++)
    p->rule_matches[i] = lq_scan_rule_matches(r->scan, i);
}

// ---- beginning and end

// Whoever gives all files at once wants one answer over all of them: that needs more room than a stream. To
// wait in files costs no time that can be measured, so memory is for it only where there can be none.
static lq_limits room_of(const lq_pass *p, lq_run_files *files)
{
  lq_limits l = {.struct_size = sizeof l};
  lq_limits_default(&l);
  if (!p->live) {
    l.max_state = UINT64_C(2) << 30;
    l.max_state_rule = UINT64_C(1) << 30;
    l.max_waiting = p->max_waiting || lq_run_files_can(files) ? WAITING : UINT64_C(1) << 30;
  }
  if (p->max_waiting)
    l.max_waiting = p->max_waiting;
  return l;
}

// Who has to see each event, has no help of other threads.
static lq_status new_scan(lq_running *r)
{
  lq_pass *p = r->pass;
  r->spill = lq_run_files_init(&r->run_files, r->host, p->temp_folder);
  r->limits = room_of(p, &r->run_files);
  lq_allocator allocator = {r->host->mem->fn, r->host->mem->user};
  r->options = (lq_scan_options){.struct_size = sizeof r->options,
                                 .layers_off = p->layers_off,
                                 .now = p->now,
                                 .limits = &r->limits,
                                 .allocator = &allocator,
                                 .match = on_match,
                                 .bad = on_bad,
                                 .event = p->event ? on_event : NULL,
                                 .user = r,
                                 .lateness = p->live ? p->lateness : LQ_SCAN_LATENESS_WHOLE,
                                 .step = p->step ? on_step : NULL,
                                 .spill = p->live ? NULL : &r->spill,
                                 .strict = p->strict,
                                 .clock = p->timed ? on_clock : NULL};
  lq_status s = lq_scan_new(&r->scan, p->bundle, &r->options);
  if (s == LQ_OK && p->live && p->now != 0)
    lq_scan_set_now(r->scan, p->now); // one wrong stamp must not make all that follow late
  return s;
}

static bool make_room(lq_running *r, size_t block_size)
{
  lq_pass *p = r->pass;
  r->room = lq_io_room_make(r->host->mem, block_size);
  if (p->per_rule && !p->rule_matches) {
    size_t n = lq_bundle_rule_count(p->bundle);
    p->rule_matches = lq_mem_alloc(r->host->mem, n, sizeof *p->rule_matches);
    p->nrules = p->rule_matches ? n : 0;
  }
  return r->room.p && (!p->per_rule || p->rule_matches);
}

lq_status lq_running_start(lq_running *r, lq_pass *p, size_t block_size)
{
  r->pass = p;
  r->host = p->host;
  r->start = lq_host_elapsed(r->host, 0);
  if (!make_room(r, block_size))
    return LQ_E_NOMEM;
  lq_status s = new_scan(r);
  if (s != LQ_OK && s != LQ_E_NOMEM)
    lq_host_say(r->host,
                &(lq_notice){.kind = LQ_NOTICE_STATUS, .status = s, .name = "cannot start the scan"});
  return s;
}

void lq_running_end(lq_running *r)
{
  r->pass->took = lq_host_elapsed(r->host, r->start);
  if (r->scan)
    keep_counters(r);
  if (r->scan && r->pass->before_end)
    r->pass->before_end(r->pass->user, r->scan);
  lq_scan_free(r->scan);
  lq_run_files_free(&r->run_files);
  lq_io_room_free(&r->room, r->host->mem);
}

void lq_pass_free(lq_pass *p)
{
  lq_mem_free(p->host->mem, p->rule_matches, p->nrules, sizeof *p->rule_matches);
  p->rule_matches = NULL;
  p->nrules = 0;
}

// ---- the loop

bool lq_running_attach(lq_running *r, lq_source *s)
{
  const char *name = s->mark->name;
  if (r->current == s)
    return true;
  r->current = NULL;
  if (!s->kind->seek(s)) {
    lq_running_cannot_read(r, name, errno, NULL);
    return false;
  }
  if (!lq_running_well(r, name, lq_scan_begin_at(r->scan, lq_shown_name(name), &s->mark->at)))
    return false;
  r->current = s;
  return true;
}

static bool give(lq_running *r, lq_source *s, size_t n)
{
  bool well = lq_running_well(r, s->mark->name, lq_scan_feed(r->scan, r->room.p, n));
  s->failed |= !well && !r->stopped;
  return r->fed(r, s, well) && well;
}

bool lq_running_read(lq_running *r, lq_source *s, size_t blocks)
{
  bool any = false;
  long got = 0;
  if (!lq_running_attach(r, s)) {
    s->failed = true;
    return false;
  }
  while (blocks-- > 0 && !lq_host_stopped(r->host) && (got = s->kind->read(s, r->room.p, r->room.n)) > 0) {
    any = true;
    if (!give(r, s, (size_t)got))
      return any;
  }
  if (got < 0 && errno != EINTR) {
    lq_running_cannot_read(r, s->mark->name, errno, NULL);
    s->failed = true;
  }
  return any;
}

// ---- files at rest

void lq_running_after(lq_running *r, bool idle)
{
  if (r->pass->block)
    r->pass->block(r->pass->user, idle);
  lq_running_count(r);
}

static bool after_block(lq_running *r, lq_source *s, bool well)
{
  lq_running_after(r, s->kind->idle(s));
  if (!well)
    r->current = NULL; // it was said why, and there is no end to it
  return well && !r->stopped;
}

// After a read error a last line may be cut: to end the source is right all the same, the cut one is counted
// as partial.
static void read_to_end(lq_running *r, lq_source *s)
{
  lq_running_read(r, s, SIZE_MAX);
  if (r->current == s && !r->stopped && !lq_host_stopped(r->host))
    lq_running_well(r, s->mark->name, lq_scan_end(r->scan));
  after_block(r, s, true);
  r->current = NULL;
}

static void run_file(lq_running *r, char *name)
{
  lq_file f;
  lq_mark mark = {.name = name, .at = LQ_INIT(lq_position)};
  lq_file_init(&f, r->host, &mark);
  f.once = true;
  if (f.source.kind->open(&f.source) == LQ_SOURCE_FAILED)
    lq_running_cannot_read(r, name, errno, NULL);
  else
    read_to_end(r, &f.source);
  f.source.kind->close(&f.source);
}

static void run_files(lq_running *r, const lq_files *files)
{
  lq_pass *p = r->pass;
  if (r->many)
    lq_jobs_run(r, files);
  for (size_t i = 0; !r->many && i < files->n && !r->stopped && !lq_host_stopped(r->host); i++)
    run_file(r, files->names[i]);
  if (!r->stopped && !lq_host_stopped(r->host))
    lq_running_well(r, "the events", lq_scan_finish(r->scan));
  if (p->after_finish)
    p->after_finish(p->user, r->scan);
  if (p->block)
    p->block(p->user, true);
}

lq_status lq_pass_run(lq_pass *p, const lq_files *files)
{
  size_t block = p->block_size ? p->block_size : BLOCK;
  bool small = files->bytes > 0 && files->bytes <= block;
  lq_running r = {.fed = after_block, .many = p->jobs > 1 && !p->live && !p->event && !small};
  lq_status s = lq_running_start(&r, p, block);
  if (s == LQ_OK)
    run_files(&r, files);
  lq_running_end(&r);
  return s == LQ_E_NOMEM ? s : r.failed;
}
