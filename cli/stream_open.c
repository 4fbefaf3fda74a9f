// Beginning a stream: the lock, what an earlier run left, and where its output ends.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/stream.h"

static const size_t STATE_MAX = (size_t)4 << 30;

static void say_busy(lq_cli *c, const char *what, const char *lock, int fd)
{
  char text[24] = {0};
  long n = fd >= 0 ? (long)lq_os->pread(fd, text, sizeof text - 1, 0) : 0;
  text[n > 0 ? strspn(text, "0123456789") : 0] = '\0';
  if (text[0])
    lq_say_usage(c, "%s is in use by process %s", what, text);
  else
    lq_say_usage(c, "%s is in use by another process", what);
  if (lock)
    lq_say_help(c, "each `lq run` needs a state file of its own; the lock is %s and goes with its process",
                lock);
}

// A file of its own: the state file is another file after each checkpoint.
static bool take_lock(lq_stream *s)
{
  lq_cli *c = s->pass->cli;
  lq_string name = {0}, pid = {0};
  lq_string_printf(&name, "%s.lock", s->state);
  int fd = lq_os->open(name.p, O_RDWR | O_CREAT | O_CLOEXEC, 0666), error = fd < 0 ? errno : 0;
  if (fd >= 0 && lq_os->lock(fd) != 0)
    error = errno;
  if (error == EWOULDBLOCK) {
    say_busy(c, s->state, name.p, fd);
  } else if (error) {
    lq_say(c, "cannot lock %s: %s", name.p, strerror(error));
    c->saw |= LQ_SAW_BAD_OUTPUT;
  } else {
    // For the message above; whether it is written or not changes nothing.
    lq_string_printf(&pid, "%ld\n", (long)getpid());
    (void)!lq_os->truncate(fd, 0);
    (void)!lq_os->write(fd, pid.p, pid.n);
  }
  if (error && fd >= 0)
    lq_os->close(fd);
  s->lock = error ? -1 : fd;
  lq_string_free(&name);
  lq_string_free(&pid);
  return error == 0;
}

static bool refuse(lq_stream *s, const char *why)
{
  lq_cli *c = s->pass->cli;
  lq_say(c, "cannot go on from %s: %s", s->state, why);
  lq_say_help(c, "to begin anew, move it away: mv %s %s.bad", s->state, s->state);
  c->saw |= LQ_SAW_BAD_RULE;
  return false;
}

static bool read_state(lq_stream *s)
{
  lq_string bytes = {0};
  const char *why = NULL;
  struct stat st;
  if (lq_os->stat(s->state, &st) == 0 && !S_ISREG(st.st_mode))
    return refuse(s, "it is no regular file");
  int error = lq_read_file(s->state, STATE_MAX, &bytes);
  if (error == ENOENT) {
    s->began_anew = true;
  } else if (error) {
    lq_say(s->pass->cli, "cannot read %s: %s", s->state, strerror(error));
    s->pass->cli->saw |= LQ_SAW_BAD_INPUT;
  } else if (!lq_checkpoint_read(&s->checkpoint, bytes.p ? bytes.p : "", bytes.n, &why)) {
    refuse(s, why);
  }
  lq_string_free(&bytes);
  return !why && (!error || error == ENOENT);
}

// ---- output

static bool bad_output(lq_stream *s, int error)
{
  lq_say(s->pass->cli, "cannot write %s: %s", s->output, strerror(error));
  s->pass->cli->saw |= LQ_SAW_BAD_OUTPUT;
  return false;
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

static bool cut_output(lq_stream *s, int fd, const struct stat *st)
{
  lq_checkpoint *c = &s->checkpoint;
  s->kept = s->state ? counted(s, st) : 0;
  if ((s->kept < (uint64_t)st->st_size && lq_os->truncate(fd, (off_t)s->kept) != 0) ||
      lq_os->seek(fd, (off_t)s->kept, SEEK_SET) < 0)
    return false;
  free(c->output);
  c->output = lq_copy(s->output, strlen(s->output));
  c->dev = (uint64_t)st->st_dev;
  c->ino = (uint64_t)st->st_ino;
  c->committed = s->kept;
  return true;
}

static bool open_output(lq_stream *s)
{
  struct stat st = {0};
  int fd = lq_os->open(s->output, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 && errno == EACCES) // a pipe or a device that may be written only
    fd = lq_os->open(s->output, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return bad_output(s, errno);
  bool regular = lq_os->fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
  int error = 0;
  if (regular && lq_os->lock(fd) != 0)
    error = errno;
  if (error == EWOULDBLOCK) {
    say_busy(s->pass->cli, s->output, NULL, -1);
    lq_os->close(fd);
    return false;
  }
  if (!error && regular && !cut_output(s, fd, &st))
    error = errno;
  if (!error && regular && s->state)
    error = lq_sync_folder_of(s->output);
  if (error) {
    lq_os->close(fd);
    return bad_output(s, error);
  }
  lq_out_turn(&s->pass->cli->out, fd, s->output);
  s->pass->cli->out.goes_on = s->kept > 0;
  return true;
}

bool lq_stream_open(lq_stream *s)
{
  s->lock = -1;
  if (s->state && (!take_lock(s) || !read_state(s)))
    return false;
  s->before = s->checkpoint.totals;
  if (s->state) {
    lq_string name = {0};
    lq_string_printf(&name, "%s.tmp", s->state);
    s->temporary = name.p;
  }
  if (s->output)
    return open_output(s);
  // What stands on standard output cannot be taken back.
  free(s->checkpoint.output);
  s->checkpoint.output = NULL;
  return true;
}

void lq_stream_close(lq_stream *s)
{
  if (s->lock >= 0)
    lq_os->close(s->lock);
  lq_checkpoint_free(&s->checkpoint);
  free(s->temporary);
}
