// A pass that can be stopped at any moment and resumed.
#include "feed/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "feed/file.h"
#include "feed/io.h"

enum { BLOCK = 256 << 10, BLOCKS_A_TURN = 64, TICK_MS = 200 };
static const int64_t QUIET = INT64_C(1000000000);
static const int64_t MINUTE = INT64_C(60000000000);

typedef struct flow {
  lq_running running; // first: the pass and the scan
  lq_stream *stream;
  lq_source *const *sources;
  size_t n;
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

static bool no_memory(flow *f)
{
  f->running.failed = LQ_E_NOMEM;
  return stop(f);
}

static int put(void *user, const char *p, size_t n)
{
  lq_buf *b = user;
  lq_buf_add(b, p, n);
  return b->failed;
}

// The state of rules: all of it, or what has changed, as *whole says; it may have to be all.
static bool take_state(flow *f, bool *whole, lq_buf *out)
{
  int all = 1;
  lq_status status = *whole ? lq_scan_save(f->running.scan, put, out)
                            : lq_state_save_changes(lq_scan_state(f->running.scan), put, out, &all);
  *whole |= all;
  if (status == LQ_E_NOMEM || out->failed)
    return no_memory(f);
  if (status == LQ_OK)
    return true;
  lq_host_say(
      f->running.host,
      &(lq_notice){.kind = LQ_NOTICE_STATUS, .status = status, .name = "cannot save the state of rules"});
  return stop(f);
}

// 0 or errno. What was written in part is taken away again; where that cannot be, reading finds it torn.
static int append(lq_stream *s, const lq_buf *bytes)
{
  const lq_os_calls *os = s->pass->host->os;
  uint64_t end = s->checkpoint.whole + s->checkpoint.more;
  int error = lq_io_write(os, s->state_fd, bytes->p, bytes->n, NULL);
  if (error == 0)
    error = lq_io_sync(os, s->state_fd);
  if (error)
    (void)!os->truncate(s->state_fd, (off_t)end);
  return error;
}

static void close_state(lq_stream *s)
{
  if (s->state_fd >= 0)
    s->pass->host->os->close(s->state_fd);
  s->state_fd = -1;
}

// A new file under the name, which is kept open: what changes is written behind it.
static int replace(lq_stream *s, const lq_buf *bytes)
{
  const lq_host *h = s->pass->host;
  close_state(s);
  int error = lq_io_replace(h, s->state, s->temporary, bytes->p, bytes->n);
  if (error)
    return error;
  s->state_fd = h->os->open(s->state, O_WRONLY | O_CLOEXEC, 0);
  if (s->state_fd < 0 || h->os->seek(s->state_fd, (off_t)bytes->n, SEEK_SET) < 0)
    return errno;
  return 0;
}

// Somebody may have moved it away: then a new one is written, as if it were the first.
static bool is_in_its_place(const lq_stream *s)
{
  const lq_os_calls *os = s->pass->host->os;
  struct stat own, named;
  return s->state_fd >= 0 && os->fstat(s->state_fd, &own) == 0 && os->stat(s->state, &named) == 0 &&
         own.st_ino == named.st_ino && own.st_dev == named.st_dev &&
         (uint64_t)own.st_size == s->checkpoint.whole + s->checkpoint.more;
}

static bool write_state(flow *f, bool whole, lq_str state)
{
  lq_stream *s = f->stream;
  lq_buf bytes = {.mem = f->running.host->mem};
  unsigned char digest[LQ_SEAL_DIGEST];
  lq_checkpoint_write(&s->checkpoint, whole, state, &bytes, digest);
  int error = bytes.failed ? ENOMEM : whole ? replace(s, &bytes) : append(s, &bytes);
  if (!error)
    lq_checkpoint_kept(&s->checkpoint, whole, bytes.n, digest);
  lq_buf_free(&bytes);
  if (error == ENOMEM)
    return no_memory(f);
  if (error)
    lq_host_cannot(f->running.host, LQ_NOTICE_CANNOT_WRITE, s->state, error);
  return !error || stop(f);
}

static bool save_state(flow *f)
{
  lq_stream *s = f->stream;
  lq_checkpoint *c = &s->checkpoint;
  lq_buf state = {.mem = f->running.host->mem};
  bool whole = lq_checkpoint_wants_whole(c) || !is_in_its_place(s);
  bool ok = take_state(f, &whole, &state);
  if (ok) {
    c->totals = totals_of(f);
    memcpy(c->bundle, lq_bundle_digest(f->running.pass->bundle), sizeof c->bundle);
    c->committed = s->kept + s->out->written;
    ok = write_state(f, whole, lq_buf_get(&state));
  }
  lq_buf_free(&state);
  return ok;
}

// Alerts first. A mark beyond an alert that is not durable would lose it.
static bool checkpoint(flow *f)
{
  int64_t start = lq_host_elapsed(f->running.host, 0);
  lq_pass *p = f->running.pass;
  if (p->block)
    p->block(p->user, true);
  if (lq_out_sync(f->stream->out) != 0)
    return stop(f);
  bool ok = !f->stream->state || save_state(f);
  f->saved = lq_host_elapsed(f->running.host, 0);
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
  return !f->dirty || lq_host_elapsed(f->running.host, f->saved) < every || checkpoint(f);
}

// ---- what went missing, at most once a minute

static void warn(flow *f)
{
  const lq_stats *s = &f->running.pass->stats, *t = &f->told;
  if (!f->stream->follow || (f->warned && lq_host_elapsed(f->running.host, f->warned) < MINUTE))
    return;
  lq_stats more = {.state_evicted = s->state_evicted - t->state_evicted,
                   .state_cut = s->state_cut - t->state_cut,
                   .processes_evicted = s->processes_evicted - t->processes_evicted,
                   .dropped = s->dropped - t->dropped,
                   .forced = s->forced - t->forced,
                   .late = s->late - t->late,
                   .future = s->future - t->future};
  if (!(more.state_evicted | more.state_cut | more.processes_evicted | more.dropped | more.forced |
        more.late | more.future))
    return;
  lq_host_say(f->running.host, &(lq_notice){.kind = LQ_NOTICE_LOSSES, .stats = &more});
  f->warned = lq_host_elapsed(f->running.host, 0);
  f->told = *s;
}

// ---- one source

// Where the scan stands now, as the mark of its source.
static void take_position(flow *f)
{
  lq_position at = LQ_INIT(lq_position);
  if (f->running.current && lq_scan_position(f->running.scan, &at) == LQ_OK)
    f->running.current->mark->at = at;
}

// The source ends here for good: a last line without its end is taken as it is, and its number is not given
// again.
static void end_source(flow *f, lq_source *s)
{
  if (lq_running_well(&f->running, s->mark->name, lq_scan_end(f->running.scan)))
    take_position(f);
  lq_running_count(&f->running);
  f->running.current = NULL;
  f->dirty = true;
}

// What the scan held of it is gone when another source was read since: it is read again.
static bool hold_again(flow *f, lq_source *s)
{
  if (f->running.current == s)
    return true;
  while (!s->failed && lq_running_read(&f->running, s, BLOCKS_A_TURN))
    ;
  return !s->failed && f->running.current == s;
}

static bool open_source(flow *f, lq_source *s);

// Another file has the name.
static bool next_file(flow *f, lq_source *s)
{
  if (f->running.current == s)
    end_source(f, s);
  if (f->running.stopped)
    return false;
  s->kind->next(s);
  s->kind->close(s);
  // The state is to know the new file at once: if it is renamed, too, before it does, nobody knows of it.
  return open_source(f, s) && checkpoint(f);
}

static bool open_source(flow *f, lq_source *s)
{
  switch (s->kind->open(s)) {
  case LQ_SOURCE_FAILED:
    if (errno == ENOMEM)
      return no_memory(f);
    if (!f->stream->follow || !s->failed)
      lq_running_cannot_read(&f->running, s->mark->name, errno, NULL);
    s->failed = true; // said once
    return false;
  case LQ_SOURCE_LOST:
    f->stream->checkpoint.totals.lost++;
    if (strcmp(s->mark->name, "-") != 0)
      lq_host_say(f->running.host, &(lq_notice){.kind = LQ_NOTICE_FILE_LOST, .name = s->mark->name});
    break;
  case LQ_SOURCE_OLD:
  case LQ_SOURCE_NEW:
  case LQ_SOURCE_GOES_ON: break;
  }
  return true;
}

// After each piece of input. False: no more of this source for now.
static bool fed(lq_running *r, lq_source *s, bool well)
{
  flow *f = (flow *)r;
  (void)s;
  if (r->stopped)
    return false; // an alert could not be written: nothing of this block counts
  take_position(f);
  f->dirty = true;
  lq_running_count(r);
  if (r->pass->block)
    r->pass->block(r->pass->user, false);
  if (lq_out_broken(f->stream->out))
    return stop(f);
  warn(f);
  return checkpoint_if_due(f) && well;
}

// What became of a file at whose end we are. True: go on reading.
static bool look(flow *f, lq_source *s, int64_t wait)
{
  switch (s->kind->look(s, wait)) {
  case LQ_SOURCE_SAME: return false;
  case LQ_SOURCE_REPLACED:
    // A file that cannot be read to its end was reported; an interrupt leaves it for the next run.
    (void)hold_again(f, s);
    return !lq_host_stopped(f->running.host) && !f->running.stopped && next_file(f, s);
  case LQ_SOURCE_EMPTIED:
    // Copied and emptied, perhaps: what was not read yet is in the copy.
    if (s->kind->find_copy(s)) {
      f->running.current = f->running.current == s ? NULL : f->running.current;
      return true;
    }
    if (errno == ENOENT)
      return next_file(f, s);
    if (errno == ENOMEM)
      return no_memory(f);
    // It cannot be said whether there is one: to go on would lose what is in it.
    if (!f->stream->follow)
      lq_running_cannot_read(&f->running, s->mark->name, errno, NULL);
    return false;
  }
  return false;
}

// ---- files at rest

static void say_rest(flow *f, const lq_source *s)
{
  lq_position p = LQ_INIT(lq_position);
  lq_position_view at = LQ_INIT(lq_position_view);
  if (f->running.current != s || lq_scan_position(f->running.scan, &p) != LQ_OK ||
      lq_position_get(&p, &at) != LQ_OK)
    return;
  if (at.cut)
    lq_running_cannot_read(&f->running, s->mark->name, 0, "the compressed data ends too early");
  else if (at.pending)
    lq_host_say(f->running.host,
                &(lq_notice){.kind = LQ_NOTICE_LINE_WAITS, .name = lq_shown_name(s->mark->name)});
}

static void read_whole(flow *f, lq_source *s)
{
  if (!open_source(f, s))
    return;
  do {
    while (!f->running.stopped && !lq_host_stopped(f->running.host) && !s->failed &&
           lq_running_read(&f->running, s, BLOCKS_A_TURN))
      ;
  } while (!f->running.stopped && !lq_host_stopped(f->running.host) && !s->failed && look(f, s, 0));
  if (!f->running.stopped && !lq_host_stopped(f->running.host) && !s->failed) {
    if (f->stream->final || !s->seekable)
      end_source(f, s);
    else
      say_rest(f, s);
  }
  // The next run's pipe is another one, and its lines go on counting.
  if (!s->seekable)
    s->kind->next(s);
  f->running.current = NULL;
  s->kind->close(s);
}

// ---- files that grow

static bool turn(flow *f, lq_source *s)
{
  if (!s->is_open ? !open_source(f, s) : (look(f, s, QUIET), false))
    return false;
  return s->is_open && !s->failed && !f->running.stopped && lq_running_read(&f->running, s, BLOCKS_A_TURN);
}

static void tell_time(flow *f)
{
  const lq_host *h = f->running.host;
  if (h->now)
    lq_scan_set_now(f->running.scan, h->now(h->user));
}

static void follow(flow *f)
{
  while (!f->running.stopped && !lq_host_stopped(f->running.host)) {
    bool any = false;
    tell_time(f);
    for (size_t i = 0; i < f->n && !f->running.stopped && !lq_host_stopped(f->running.host); i++)
      any |= turn(f, f->sources[i]);
    if (any || f->running.stopped)
      continue;
    if (f->running.pass->block)
      f->running.pass->block(f->running.pass->user, true);
    if (!checkpoint_if_due(f))
      return;
    (void)f->running.host->os->wait(-1, 0, TICK_MS);
  }
}

// ---- the whole

static bool refuse(flow *f, lq_status status, const char *why)
{
  if (status == LQ_E_NOMEM)
    return no_memory(f);
  lq_host_say(
      f->running.host,
      &(lq_notice){.kind = LQ_NOTICE_REFUSED_STATE, .status = status, .name = f->stream->state, .why = why});
  return stop(f);
}

static bool restore(flow *f)
{
  lq_buf *state = &f->stream->checkpoint.state;
  lq_restore_view view = LQ_INIT(lq_restore_view);
  lq_errinfo info = LQ_INIT(lq_errinfo);
  if (state->n == 0)
    return true;
  lq_status status = lq_scan_restore(f->running.scan, state->p, state->n, &info, &view);
  if (status != LQ_OK)
    return refuse(f, status, info.message[0] ? info.message : lq_status_text(status));
  lq_buf_free(state); // it may be large
  lq_running_restored(&f->running);
  if (view.cold)
    lq_host_say(f->running.host,
                &(lq_notice){.kind = LQ_NOTICE_RULES_CHANGED, .kept = view.kept, .cold = view.cold});
  return true;
}

// Without --state what waits would be lost.
static void finish(flow *f)
{
  bool follows = f->stream->follow, end = f->stream->final || !f->stream->state;
  for (size_t i = 0; i < f->n && end && follows && !f->running.stopped; i++) {
    if (f->running.current == f->sources[i])
      end_source(f, f->sources[i]);
  }
  if (end && !f->running.stopped && (follows || !lq_host_stopped(f->running.host)))
    lq_running_well(&f->running, "the events", lq_scan_finish(f->running.scan));
  lq_running_count(&f->running);
  if (!f->running.stopped)
    checkpoint(f);
}

// A line that was cut by a full disk goes, so that who reads the file meets whole lines only. The state on
// the disk says that no more than this counts.
static void tidy(flow *f)
{
  const lq_stream *s = f->stream;
  if (s->state && s->checkpoint.output && s->out->error)
    (void)!f->running.host->os->truncate(s->out->fd, (off_t)s->checkpoint.committed);
}

static void run(flow *f)
{
  // The first checkpoint is made before the first alert: it says where the output began.
  if (!restore(f) || !checkpoint(f))
    return;
  if (f->stream->follow)
    follow(f);
  for (size_t i = 0; i < f->n && !f->stream->follow && !f->running.stopped; i++) {
    if (!lq_host_stopped(f->running.host))
      read_whole(f, f->sources[i]);
  }
  finish(f);
}

lq_status lq_stream_run_sources(lq_stream *s, lq_source *const *sources, size_t n)
{
  flow f = {.running = {.drains = true, .fed = fed}, .stream = s, .sources = sources, .n = n};
  s->pass->live = true;
  lq_status status = lq_running_start(&f.running, s->pass, BLOCK);
  if (status == LQ_OK) {
    run(&f);
    tidy(&f);
  }
  for (size_t i = 0; i < n; i++)
    sources[i]->kind->close(sources[i]);
  lq_running_end(&f.running);
  return status == LQ_E_NOMEM ? status : f.running.failed;
}

// ---- files as its sources

// One a name, however often it was given.
static lq_status make_sources(lq_stream *s, const lq_files *files, lq_file *own, lq_source **sources,
                              size_t *n)
{
  for (size_t i = 0; i < files->n; i++) {
    lq_mark *m = lq_checkpoint_mark(&s->checkpoint, files->names[i]);
    bool twice = false;
    if (!m)
      return LQ_E_NOMEM;
    for (size_t k = 0; k < *n; k++)
      twice |= sources[k]->mark == m;
    if (twice)
      continue;
    lq_file_init(&own[*n], s->pass->host, m);
    sources[*n] = &own[*n].source;
    ++*n;
  }
  return LQ_OK;
}

lq_status lq_stream_run(lq_stream *s, const lq_files *files)
{
  const lq_mem *mem = s->pass->host->mem;
  size_t n = 0;
  lq_file *own = lq_mem_alloc(mem, files->n, sizeof *own);
  lq_source **sources = lq_mem_alloc(mem, files->n, sizeof(lq_source *));
  lq_status status = own && sources ? make_sources(s, files, own, sources, &n) : LQ_E_NOMEM;
  if (status == LQ_OK)
    status = lq_stream_run_sources(s, sources, n);
  lq_mem_free(mem, own, files->n, sizeof *own);
  lq_mem_free(mem, sources, files->n, sizeof(lq_source *));
  return status;
}
