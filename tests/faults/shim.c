// Makes lq's calls to the system fail on purpose: linked with the objects of lq, it puts its own calls into
// lq_os.
//
//   LQ_FAULT=KIND:N       the Nth call of all (from 1) fails, with KIND
//   LQ_FAULT=KIND:N:on    and so do all that follow
//   LQ_FAULT=KIND:N@CALL  calls of that name alone are counted, and fail; also with :on
//   LQ_FAULT=none:0       nothing fails
//   LQ_FAULT_LOG=FILE     the names of the calls are appended there, one a line
//   LQ_JOURNAL=FILE       what changes files is written there, bytes too: for power cuts, which are played in
//   a model
// Kinds: eio, enospc, eintr (of calls that may give it), short (half of what was asked for is read or
// written), kill (the process dies before the call), half (a write is done by half, then the process dies).
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/io.h"

static lq_os_calls real;
static char kind[16] = "none";
static char only[16]; // the name of the calls that may fail; empty: all
static long nth;
static atomic_long calls; // lq has threads
static bool stays;
static int log_fd = -1;
static FILE *journal;

static void note(const char *call, int fd, const char *a, const char *b, long n)
{
  if (journal)
    fprintf(journal, "%s\t%d\t%s\t%s\t%ld\n", call, fd, a, b, n);
}

static void note_bytes(int fd, const unsigned char *p, ssize_t n)
{
  if (!journal || n <= 0)
    return;
  fprintf(journal, "write\t%d\t", fd);
  for (ssize_t i = 0; i < n; i++)
    fprintf(journal, "%02x", p[i]);
  fprintf(journal, "\t\t%zd\n", n);
}

// Does this call fail?
static bool strikes(const char *name)
{
  if (*only && strcmp(only, name) != 0)
    return false;
  long call = ++calls;
  if (log_fd >= 0)
    (void)!dprintf(log_fd, "%s\n", name);
  bool now = stays ? call >= nth : call == nth;
  if (!now || strcmp(kind, "none") == 0)
    return false;
  if (strcmp(kind, "kill") == 0)
    kill(getpid(), SIGKILL);
  return true;
}

// -1 with the error of the kind; 0: this kind is none for such a call.
static int fail(bool may_be_interrupted)
{
  if (strcmp(kind, "eintr") == 0 && !may_be_interrupted)
    return 0;
  if (strcmp(kind, "short") == 0 || strcmp(kind, "half") == 0)
    return 0;
  errno = strcmp(kind, "eintr") == 0 ? EINTR : strcmp(kind, "enospc") == 0 ? ENOSPC : EIO;
  return -1;
}

static int my_open(const char *name, int flags, mode_t mode)
{
  if (strikes("open") && fail(false))
    return -1;
  int fd = real.open(name, flags, mode);
  if (fd >= 0)
    note("open", fd, name, flags & O_CREAT ? "create" : "", 0);
  return fd;
}

static ssize_t my_read(int fd, void *p, size_t n)
{
  bool strike = strikes("read");
  if (strike && fail(true))
    return -1;
  return real.read(fd, p, strike && n > 1 ? n / 2 : n);
}

static ssize_t my_pread(int fd, void *p, size_t n, off_t at)
{
  bool strike = strikes("pread");
  if (strike && fail(true))
    return -1;
  return real.pread(fd, p, strike && n > 1 ? n / 2 : n, at);
}

static ssize_t my_write(int fd, const void *p, size_t n)
{
  if (fd == STDERR_FILENO)
    return real.write(fd, p, n); // messages are not what is tested here
  bool strike = strikes("write");
  if (strike && fail(true))
    return -1;
  ssize_t done = real.write(fd, p, strike && n > 1 ? n / 2 : n);
  note_bytes(fd, p, done);
  if (strike && strcmp(kind, "half") == 0)
    kill(getpid(), SIGKILL);
  return done;
}

static off_t my_seek(int fd, off_t at, int whence)
{
  note("seek", fd, "", "", (long)at);
  return strikes("seek") && fail(false) ? -1 : real.seek(fd, at, whence);
}

static int my_truncate(int fd, off_t size)
{
  note("truncate", fd, "", "", (long)size);
  return strikes("truncate") && fail(false) ? -1 : real.truncate(fd, size);
}

static int my_fsync(int fd)
{
  note("fsync", fd, "", "", 0);
  return strikes("fsync") && fail(true) ? -1 : real.fsync(fd);
}

// A close that reports an error has closed all the same.
static int my_close(int fd)
{
  bool failed = strikes("close") && fail(false);
  int error = errno;
  if (real.close(fd) != 0)
    return -1;
  errno = error;
  return failed ? -1 : 0;
}

static int my_rename(const char *from, const char *to)
{
  note("rename", -1, from, to, 0);
  return strikes("rename") && fail(false) ? -1 : real.rename(from, to);
}

static int my_unlink(const char *name)
{
  note("unlink", -1, name, "", 0);
  return strikes("unlink") && fail(false) ? -1 : real.unlink(name);
}

static int my_stat(const char *name, struct stat *out)
{
  return strikes("stat") && fail(false) ? -1 : real.stat(name, out);
}

static int my_fstat(int fd, struct stat *out)
{
  return strikes("fstat") && fail(false) ? -1 : real.fstat(fd, out);
}

static int my_lock(int fd)
{
  return strikes("lock") && fail(true) ? -1 : real.lock(fd);
}

__attribute__((constructor)) static void put_in(void)
{
  const char *what = getenv("LQ_FAULT"), *log = getenv("LQ_FAULT_LOG"), *changes = getenv("LQ_JOURNAL");
  if (!what)
    return;
  char on[4] = "";
  bool one = sscanf(what, "%15[a-z]:%ld@%15[a-z]:%3s", kind, &nth, only, on) >= 3;
  if (!one && sscanf(what, "%15[a-z]:%ld:%3s", kind, &nth, on) < 2)
    _exit(99);
  stays = strcmp(on, "on") == 0;
  if (log)
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (changes)
    journal = fopen(changes, "we");
  static lq_os_calls mine;
  real = *lq_os;
  mine = (lq_os_calls){my_open,   my_read,   my_pread, my_write, my_seek, my_truncate, my_fsync, my_close,
                       my_rename, my_unlink, my_stat,  my_fstat, my_lock, real.clock,  real.wait};
  lq_os = &mine;
}
