// A pass that can be stopped at any moment and gone on with.
#include "cli/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/source.h"

enum { BLOCK = 256 << 10, BLOCKS_A_TURN = 64, TICK_MS = 200 };
static const int64_t QUIET = INT64_C(1000000000);
static const int64_t MINUTE = INT64_C(60000000000);

typedef struct flow {
  lq_running running; // first: the pass and the scan
  lq_stream *stream;
  lq_source *sources;
  size_t n;
  lq_source *current; // the one that the scan reads
  char *block;
  int64_t saved, warned; // when, on a clock that nobody sets
  int64_t cost;          // ns of the last checkpoint
  bool dirty;            // something was read since
  lq_stats told;         // losses that were spoken of
} flow;

// ---- checkpoints

static lq_totals totals_of(const flow *f)
{
  const lq_stats *s = &f->running.pass->stats;
  lq_totals t = f->stream->before;
  t.runs++;
  t.checkpoints = f->stream->checkpoint.totals.checkpoints + 1;
  t.bytes += s->bytes_in, t.records += s->records, t.events += s->events, t.bad += s->bad;
  t.alerts += s->matches, t.evicted += s->state_evicted, t.cut += s->state_cut;
  t.late += s->late, t.dropped += s->dropped;
  t.lost = f->stream->checkpoint.totals.lost;
  return t;
}

static bool stop(flow *f)
{
  f->running.stopped = true;
  return false;
}

static bool save_state(flow *f)
{
  lq_stream *s = f->stream;
  lq_checkpoint *c = &s->checkpoint;
  lq_string bytes = {0};
  lq_string_clear(&c->state);
  lq_status status = lq_scan_save(f->running.scan, 0, 1, lq_string_write, &c->state);
  if (status != LQ_OK) {
    lq_say_status(f->running.pass->cli, status, "cannot save the state of rules");
    return stop(f);
  }
  c->totals = totals_of(f);
  memcpy(c->bundle, lq_bundle_digest(f->running.pass->bundle), sizeof c->bundle);
  c->committed = s->kept + f->running.pass->cli->out.written;
  lq_checkpoint_write(c, &bytes);
  int error = lq_replace_file(s->state, s->temporary, bytes.p, bytes.n);
  lq_string_free(&bytes);
  if (error) {
    lq_say(f->running.pass->cli, "cannot write %s: %s", s->state, strerror(error));
    f->running.pass->cli->saw |= LQ_SAW_BAD_OUTPUT;
    return stop(f);
  }
  return true;
}

// Alerts first. A mark beyond an alert that is not durable would lose it.
static bool checkpoint(flow *f)
{
  int64_t start = lq_elapsed(0);
  lq_pass *p = f->running.pass;
  if (p->block)
    p->block(p->user, true);
  if (lq_out_sync(&p->cli->out) != 0)
    return stop(f);
  bool ok = !f->stream->state || save_state(f);
  f->saved = lq_elapsed(0);
  f->cost = f->saved - start;
  f->dirty = false;
  return ok;
}

// Saving much state takes long: then it is done less often, so that it never takes more than a tenth of the
// time.
static bool checkpoint_if_due(flow *f)
{
  int64_t every = f->stream->every > 10 * f->cost ? f->stream->every : 10 * f->cost;
  if (f->stream->every == 0)
    every = 0;
  return !f->dirty || lq_elapsed(f->saved) < every || checkpoint(f);
}

// ---- what went missing, at most once a minute

static void warn(flow *f)
{
  lq_pass *p = f->running.pass;
  const lq_stats *s = &p->stats, *t = &f->told;
  if (!f->stream->follow || (f->warned && lq_elapsed(f->warned) < MINUTE))
    return;
  lq_stats more = {.state_evicted = s->state_evicted - t->state_evicted,
                   .state_cut = s->state_cut - t->state_cut,
                   .dropped = s->dropped - t->dropped,
                   .forced = s->forced - t->forced,
                   .late = s->late - t->late,
                   .future = s->future - t->future};
  if (!(more.state_evicted | more.state_cut | more.dropped | more.forced | more.late | more.future))
    return;
  lq_pass_say_lost(p, &more);
  f->warned = lq_elapsed(0);
  f->told = *s;
}

// ---- one source

static const char *name_of(const lq_source *s)
{
  return lq_shown_name(s->mark->name);
}

// Where the scan stands now, as the mark of its source.
static void take_position(flow *f)
{
  lq_position at = {.struct_size = sizeof at};
  if (f->current && lq_scan_position(f->running.scan, &at) == LQ_OK)
    f->current->mark->at = at;
}

static bool attach(flow *f, lq_source *s)
{
  if (f->current == s)
    return true;
  f->current = NULL;
  if (!lq_source_seek(s)) {
    lq_running_cannot_read(&f->running, s->mark->name, strerror(errno));
    return false;
  }
  if (!lq_running_well(&f->running, s->mark->name,
                       lq_scan_begin_at(f->running.scan, name_of(s), &s->mark->at)))
    return false;
  f->current = s;
  return true;
}

static bool read_some(flow *f, lq_source *s, size_t blocks);

// The source ends here for good: a last line without its end is taken as it is. Its line number is not given
// again.
static void end_source(flow *f, lq_source *s, uint64_t *next_line)
{
  lq_position at = {.struct_size = sizeof at}, after = at;
  lq_scan_position(f->running.scan, &at);
  bool well = lq_running_well(&f->running, s->mark->name, lq_scan_end(f->running.scan));
  // Behind the end the scan has forgotten the source, but not how many records it held.
  lq_scan_position(f->running.scan, &after);
  lq_running_count(&f->running);
  *next_line = at.line + (at.pending > 0 || at.mode == 0);
  if (at.mode)
    at.offset += at.pending;
  at.records = after.records;
  if (well)
    s->mark->at = at;
  f->current = NULL;
  f->dirty = true;
}

// What the scan held of it is gone when another source was read since: it is read again.
static bool hold_again(flow *f, lq_source *s)
{
  if (f->current == s)
    return true;
  while (!s->failed && read_some(f, s, BLOCKS_A_TURN))
    ;
  return !s->failed && f->current == s;
}

static bool open_source(flow *f, lq_source *s);

// Another file has the name.
static bool next_file(flow *f, lq_source *s)
{
  uint64_t line = s->mark->at.line + (s->mark->at.mode == 0);
  if (f->current == s)
    end_source(f, s, &line);
  if (f->running.stopped)
    return false;
  lq_source_next(s, line);
  lq_source_close(s);
  // The state is to know the new file at once: if it is renamed, too, before it does, nobody knows of it.
  return open_source(f, s) && checkpoint(f);
}

static bool open_source(flow *f, lq_source *s)
{
  lq_pass *p = f->running.pass;
  switch (lq_source_open(s)) {
  case LQ_SOURCE_FAILED:
    if (!f->stream->follow || !s->failed)
      lq_running_cannot_read(&f->running, s->mark->name, strerror(errno));
    s->failed = true; // said once
    return false;
  case LQ_SOURCE_LOST:
    f->stream->checkpoint.totals.lost++;
    if (strcmp(s->mark->name, "-") != 0)
      lq_say(
          p->cli,
          "%s is another file than before, and the old one is not in its folder: what it held that was not "
          "read yet is lost",
          s->mark->name);
    break;
  case LQ_SOURCE_OLD:
  case LQ_SOURCE_NEW:
  case LQ_SOURCE_GOES_ON: break;
  }
  return true;
}

static bool feed(flow *f, lq_source *s, size_t n)
{
  bool well = lq_running_well(&f->running, s->mark->name, lq_scan_feed(f->running.scan, f->block, n));
  if (f->running.stopped)
    return false; // an alert could not be written: nothing of this block counts
  take_position(f);
  f->dirty = true;
  lq_running_count(&f->running);
  s->failed = !well;
  lq_pass *p = f->running.pass;
  if (p->block)
    p->block(p->user, false);
  if (lq_out_broken(&p->cli->out))
    return stop(f);
  warn(f);
  return checkpoint_if_due(f) && well;
}

// Reads what is there, or a turn's worth of it. True: there was something.
static bool read_some(flow *f, lq_source *s, size_t blocks)
{
  long got = 0;
  bool any = false;
  if (!attach(f, s)) {
    s->failed = true;
    return false;
  }
  while (blocks-- > 0 && !lq_interrupted() && (got = lq_source_read(s, f->block, BLOCK)) > 0) {
    any = true;
    if (!feed(f, s, (size_t)got))
      return any;
  }
  if (got < 0 && errno != EINTR) {
    lq_running_cannot_read(&f->running, s->mark->name, strerror(errno));
    s->failed = true;
  }
  return any;
}

// What became of a file at whose end we are. True: go on reading.
static bool look(flow *f, lq_source *s, int64_t wait)
{
  switch (lq_source_look_at(s, wait)) {
  case LQ_SOURCE_SAME: return false;
  case LQ_SOURCE_REPLACED:
    // A file that cannot be read to its end was reported; an interrupt leaves it for the next run.
    (void)hold_again(f, s);
    return !lq_interrupted() && !f->running.stopped && next_file(f, s);
  case LQ_SOURCE_EMPTIED:
    // Copied and emptied, perhaps: what was not read yet is in the copy.
    if (lq_source_find_copy(s)) {
      f->current = f->current == s ? NULL : f->current;
      return true;
    }
    if (errno == ENOENT)
      return next_file(f, s);
    // It cannot be said whether there is one: to go on would lose what is in it.
    if (!f->stream->follow)
      lq_running_cannot_read(&f->running, s->mark->name, strerror(errno));
    return false;
  }
  return false;
}

// ---- files at rest

static void say_rest(flow *f, const lq_source *s)
{
  lq_position at = {.struct_size = sizeof at};
  if (f->current != s || lq_scan_position(f->running.scan, &at) != LQ_OK)
    return;
  if (at.cut)
    lq_running_cannot_read(&f->running, s->mark->name, "the compressed data ends too early");
  else if (at.pending)
    lq_say(f->running.pass->cli,
           "%s: the last line has no end yet and waits for it; --final takes it as it is", name_of(s));
}

static void read_whole(flow *f, lq_source *s)
{
  if (!open_source(f, s))
    return;
  do {
    while (!f->running.stopped && !lq_interrupted() && !s->failed && read_some(f, s, BLOCKS_A_TURN))
      ;
  } while (!f->running.stopped && !lq_interrupted() && !s->failed && look(f, s, 0));
  uint64_t line = s->mark->at.line + 1;
  if (!f->running.stopped && !lq_interrupted() && !s->failed) {
    if (f->stream->final || !s->seekable)
      end_source(f, s, &line);
    else
      say_rest(f, s);
  }
  // The next run's pipe is another one, and its lines go on counting.
  if (!s->seekable)
    lq_source_next(s, line);
  f->current = NULL;
  lq_source_close(s);
}

// ---- files that grow

static bool turn(flow *f, lq_source *s)
{
  if (s->fd < 0 ? !open_source(f, s) : (look(f, s, QUIET), false))
    return false;
  return s->fd >= 0 && !s->failed && !f->running.stopped && read_some(f, s, BLOCKS_A_TURN);
}

static void tell_time(flow *f)
{
  struct timespec t = {0};
  clock_gettime(CLOCK_REALTIME, &t);
  if (!getenv("SOURCE_DATE_EPOCH"))
    lq_scan_set_now(f->running.scan, (int64_t)t.tv_sec * 1000000000 + t.tv_nsec);
}

static void follow(flow *f)
{
  while (!f->running.stopped && !lq_interrupted()) {
    bool any = false;
    tell_time(f);
    for (size_t i = 0; i < f->n && !f->running.stopped && !lq_interrupted(); i++)
      any |= turn(f, &f->sources[i]);
    if (any || f->running.stopped)
      continue;
    if (f->running.pass->block)
      f->running.pass->block(f->running.pass->user, true);
    if (!checkpoint_if_due(f))
      return;
    poll(NULL, 0, TICK_MS);
  }
}

// ---- the whole

static bool restore(flow *f)
{
  lq_stream *s = f->stream;
  lq_cli *c = f->running.pass->cli;
  lq_restore_view view = {.struct_size = sizeof view};
  lq_errinfo info = LQ_INIT(lq_errinfo);
  if (s->checkpoint.state.n == 0)
    return true;
  lq_status status = lq_scan_restore(f->running.scan, s->checkpoint.state.p, s->checkpoint.state.n, &info,
                                     &view);
  if (status != LQ_OK) {
    lq_say(c, "cannot go on from %s: %s", s->state, info.message[0] ? info.message : lq_status_text(status));
    lq_say_help(c, "to begin anew, move it away: mv %s %s.bad", s->state, s->state);
    c->saw |= LQ_SAW_BAD_RULE;
    return false;
  }
  lq_running_restored(&f->running);
  if (view.cold)
    lq_say(c, "the rules have changed: %u of them that had state begin anew, %u go on", (unsigned)view.cold,
           (unsigned)view.kept);
  return true;
}

static void open_sources(flow *f, const lq_files *files)
{
  f->sources = lq_need(NULL, files->n, sizeof *f->sources);
  for (size_t i = 0; i < files->n; i++) {
    lq_mark *m = lq_checkpoint_mark(&f->stream->checkpoint, files->names[i]);
    bool twice = false;
    for (size_t k = 0; k < f->n; k++)
      twice |= f->sources[k].mark == m;
    if (!twice)
      lq_source_init(&f->sources[f->n++], m);
  }
}

// Without --state what waits would be lost.
static void finish(flow *f)
{
  bool follows = f->stream->follow, end = f->stream->final || !f->stream->state;
  uint64_t line;
  for (size_t i = 0; i < f->n && end && follows && !f->running.stopped; i++) {
    if (f->current == &f->sources[i])
      end_source(f, &f->sources[i], &line);
  }
  if (end && !f->running.stopped && (follows || !lq_interrupted()))
    lq_running_well(&f->running, "the events", lq_scan_finish(f->running.scan));
  lq_running_count(&f->running);
  if (!f->running.stopped)
    checkpoint(f);
}

// A line that was cut by a full disk goes, so that who reads the file meets whole lines only. The state on
// the disk says that no more than this counts.
static void tidy(flow *f)
{
  lq_cli *c = f->running.pass->cli;
  if (f->stream->state && f->stream->checkpoint.output && c->out.error)
    (void)!lq_os->truncate(c->out.fd, (off_t)f->stream->checkpoint.committed);
}

void lq_stream_run(lq_stream *s, const lq_files *files)
{
  flow f = {.running = {.drains = true}, .stream = s};
  s->pass->live = true;
  if (!lq_running_start(&f.running, s->pass, files->bytes))
    return;
  f.block = lq_need(NULL, BLOCK, 1);
  open_sources(&f, files);
  // The first checkpoint is made before the first alert: it says where the output began.
  if (restore(&f) && checkpoint(&f)) {
    if (s->follow)
      follow(&f);
    for (size_t i = 0; i < f.n && !s->follow && !f.running.stopped && !lq_interrupted(); i++)
      read_whole(&f, &f.sources[i]);
    finish(&f);
  }
  tidy(&f);
  for (size_t i = 0; i < f.n; i++)
    lq_source_close(&f.sources[i]);
  lq_running_end(&f.running);
  free(f.sources);
  free(f.block);
}
