// Beginning a stream: the lock, what an earlier run left, and where its output ends.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "feed/io.h"
#include "feed/stream.h"

static const size_t STATE_MAX = (size_t)4 << 30;

static const lq_host *host_of(const lq_stream *s)
{
  return s->pass->host;
}

static lq_status say_busy(const lq_host *h, const char *what, const char *lock, int fd)
{
  char text[24] = {0};
  long n = fd >= 0 ? (long)h->os->pread(fd, text, sizeof text - 1, 0) : 0;
  text[n > 0 ? strspn(text, "0123456789") : 0] = '\0';
  lq_host_say(h, &(lq_notice){.kind = LQ_NOTICE_IN_USE, .name = what, .why = text, .other = lock});
  return LQ_E_USAGE;
}

// For the notice of another process; whether it is written or not changes nothing.
static void note_process(const lq_host *h, int fd)
{
  char pid[24];
  int n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
  (void)!h->os->truncate(fd, 0);
  (void)!h->os->write(fd, pid, (size_t)n);
}

// A file of its own: the state file is another file after each checkpoint.
static lq_status lock_named(lq_stream *s, const char *name)
{
  const lq_host *h = host_of(s);
  int fd = h->os->open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666), error = fd < 0 ? errno : 0;
  lq_status status = LQ_OK;
  if (fd >= 0 && h->os->lock(fd) != 0)
    error = errno;
  if (error == EWOULDBLOCK) {
    status = say_busy(h, s->state, name, fd);
  } else if (error) {
    lq_host_cannot(h, LQ_NOTICE_CANNOT_LOCK, name, error);
    status = LQ_E_IO;
  } else {
    note_process(h, fd);
  }
  if (error && fd >= 0)
    h->os->close(fd);
  s->lock = error ? -1 : fd;
  return status;
}

static lq_status take_lock(lq_stream *s)
{
  const lq_mem *mem = host_of(s)->mem;
  char *name = lq_name_printf(mem, "%s.lock", s->state);
  lq_status status = name ? lock_named(s, name) : LQ_E_NOMEM;
  lq_name_free(mem, name);
  return status;
}

static lq_status refuse(lq_stream *s, lq_status status, const char *why)
{
  lq_host_say(host_of(s),
              &(lq_notice){.kind = LQ_NOTICE_REFUSED_STATE, .status = status, .name = s->state, .why = why});
  return status;
}

static lq_status read_state(lq_stream *s)
{
  const lq_host *h = host_of(s);
  lq_buf bytes = {.mem = h->mem};
  const char *why = NULL;
  struct stat st;
  lq_status status = LQ_OK;
  if (h->os->stat(s->state, &st) == 0 && !S_ISREG(st.st_mode))
    return refuse(s, LQ_E_BUNDLE, "it is not a regular file");
  int error = lq_io_load(h, s->state, STATE_MAX, &bytes);
  if (error == ENOENT) {
    s->began_anew = true;
  } else if (error == ENOMEM) {
    status = LQ_E_NOMEM;
  } else if (error) {
    lq_host_cannot(h, LQ_NOTICE_CANNOT_READ, s->state, error);
    status = LQ_E_IO;
  } else {
    status = lq_checkpoint_read(&s->checkpoint, bytes.p ? bytes.p : "", bytes.n, &why);
    status = why ? refuse(s, status, why) : status;
    if (status == LQ_OK && s->checkpoint.torn)
      lq_host_say(h, &(lq_notice){.kind = LQ_NOTICE_STATE_TORN, .name = s->state});
  }
  lq_buf_free(&bytes);
  return status;
}

// ---- output

static lq_status bad_output(lq_stream *s, int error)
{
  if (error == ENOMEM)
    return LQ_E_NOMEM;
  lq_host_cannot(host_of(s), LQ_NOTICE_CANNOT_WRITE, s->output, error);
  return LQ_E_IO;
}

// Bytes of the file that count. What is behind them was written after the last checkpoint, whole or not, and
// will be written again.
static uint64_t counted(const lq_stream *s, const struct stat *st)
{
  const lq_checkpoint *c = &s->checkpoint;
  bool same = c->output && c->ino == (uint64_t)st->st_ino && c->dev == (uint64_t)st->st_dev;
  uint64_t size = (uint64_t)st->st_size;
  return same && c->committed < size ? c->committed : size;
}

// 0 or errno.
static int cut_output(lq_stream *s, int fd, const struct stat *st)
{
  lq_checkpoint *c = &s->checkpoint;
  const lq_host *h = host_of(s);
  char *name = lq_name_copy(h->mem, s->output, strlen(s->output));
  if (!name)
    return ENOMEM;
  lq_name_free(h->mem, c->output);
  s->kept = s->state ? counted(s, st) : 0;
  c->output = name;
  if ((s->kept < (uint64_t)st->st_size && h->os->truncate(fd, (off_t)s->kept) != 0) ||
      h->os->seek(fd, (off_t)s->kept, SEEK_SET) < 0)
    return errno;
  c->dev = (uint64_t)st->st_dev;
  c->ino = (uint64_t)st->st_ino;
  c->committed = s->kept;
  return 0;
}

static int prepare_output(lq_stream *s, int fd)
{
  const lq_host *h = host_of(s);
  struct stat st = {0};
  int error = 0;
  if (h->os->fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
    return 0;
  if (h->os->lock(fd) != 0)
    return errno;
  error = cut_output(s, fd, &st);
  return error || !s->state ? error : lq_io_sync_folder_of(h, s->output);
}

static lq_status open_output(lq_stream *s)
{
  const lq_host *h = host_of(s);
  int fd = h->os->open(s->output, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EACCES) // a pipe or a device that may be written only
    fd = h->os->open(s->output, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return bad_output(s, errno);
  int error = prepare_output(s, fd);
  if (error) {
    h->os->close(fd);
    return error == EWOULDBLOCK ? say_busy(h, s->output, NULL, -1) : bad_output(s, error);
  }
  lq_out_turn(s->out, fd, s->output);
  s->out->goes_on = s->kept > 0;
  return LQ_OK;
}

static lq_status open_state(lq_stream *s)
{
  lq_status status = take_lock(s);
  if (status == LQ_OK)
    status = read_state(s);
  s->before = s->checkpoint.totals;
  if (status == LQ_OK && !(s->temporary = lq_name_printf(host_of(s)->mem, "%s.tmp", s->state)))
    status = LQ_E_NOMEM;
  return status;
}

lq_status lq_stream_open(lq_stream *s)
{
  s->lock = s->state_fd = -1;
  s->checkpoint.mem = s->checkpoint.state.mem = host_of(s)->mem;
  lq_status status = s->state ? open_state(s) : LQ_OK;
  if (status != LQ_OK)
    return status;
  if (s->output)
    return open_output(s);
  // What stands on standard output cannot be taken back.
  lq_name_free(host_of(s)->mem, s->checkpoint.output);
  s->checkpoint.output = NULL;
  return LQ_OK;
}

void lq_stream_close(lq_stream *s)
{
  const lq_host *h = host_of(s);
  if (s->state_fd >= 0)
    h->os->close(s->state_fd);
  if (s->lock >= 0)
    h->os->close(s->lock);
  lq_checkpoint_free(&s->checkpoint);
  lq_name_free(h->mem, s->temporary);
  s->lock = s->state_fd = -1;
  s->temporary = NULL;
}
