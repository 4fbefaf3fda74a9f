// Bytes in and out: read(2) and write(2), where no error is lost.
#include "cli/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const lq_os_calls *lq_os = &lq_os_real;

enum { OUT_BYTES = 64 << 10, IN_BYTES = 1 << 20 };

// ---- out

void lq_out_open(lq_out *o, int fd, const char *name)
{
  *o = (lq_out){.fd = fd, .name = name, .terminal = isatty(fd) == 1, .buf = lq_need(NULL, OUT_BYTES, 1)};
}

void lq_out_turn(lq_out *o, int fd, const char *name)
{
  lq_out_flush(o);
  o->fd = fd;
  o->name = name;
  o->terminal = false;
  o->written = 0;
}

bool lq_out_broken(const lq_out *o)
{
  return o->closed || o->error;
}

// The other end of a pipe may have made it one that does not wait: then we do.
static void wait_for_room(int fd)
{
  struct pollfd out = {.fd = fd, .events = POLLOUT};
  poll(&out, 1, 1000);
}

static int write_all(int fd, const char *p, size_t n, uint64_t *written)
{
  while (n > 0) {
    ssize_t done = lq_os->write(fd, p, n);
    if (done < 0 && errno == EAGAIN)
      wait_for_room(fd);
    if (done < 0 && (errno == EINTR || errno == EAGAIN))
      continue; // what was found before the interrupt is still delivered
    if (done < 0)
      return errno;
    *written += (uint64_t)done;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

static bool send(lq_out *o, const char *p, size_t n)
{
  if (lq_out_broken(o))
    return false;
  if (n > 0 && o->before)
    o->before(o->user);
  int error = write_all(o->fd, p, n, &o->written);
  if (error == EPIPE)
    o->closed = true;
  else
    o->error = error;
  return error == 0;
}

bool lq_out_flush(lq_out *o)
{
  bool ok = send(o, o->buf, o->n);
  o->n = 0;
  return ok;
}

bool lq_out_add(lq_out *o, const char *p, size_t n)
{
  if (n > OUT_BYTES - o->n && !lq_out_flush(o))
    return false;
  if (n > OUT_BYTES)
    return send(o, p, n);
  if (n)
    memcpy(o->buf + o->n, p, n);
  o->n += n;
  return !lq_out_broken(o);
}

bool lq_out_z(lq_out *o, const char *z)
{
  return lq_out_add(o, z, strlen(z));
}

bool lq_out_text(lq_out *o, lq_text t)
{
  return lq_out_add(o, t.p, t.n);
}

bool lq_out_printf(lq_out *o, const char *fmt, ...)
{
  lq_string s = {0};
  va_list args;
  va_start(args, fmt);
  lq_string_vprintf(&s, fmt, args);
  va_end(args);
  bool ok = lq_out_add(o, s.p, s.n);
  lq_string_free(&s);
  return ok;
}

int lq_out_write(void *user, const char *p, size_t n)
{
  return !lq_out_add(user, p, n);
}

// ---- in

int lq_in_open(const char *name)
{
  if (strcmp(name, "-") == 0)
    return dup(STDIN_FILENO);
  int fd = lq_os->open(name, O_RDONLY | O_CLOEXEC, 0);
  struct stat st;
  if (fd >= 0 && lq_os->fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
    lq_os->close(fd);
    errno = EISDIR;
    return -1;
  }
  return fd;
}

long lq_in_read(int fd, void *p, size_t n)
{
  for (;;) {
    if (lq_interrupted()) {
      errno = EINTR;
      return -1;
    }
    ssize_t got = lq_os->read(fd, p, n);
    if (got >= 0 || errno != EINTR)
      return got;
  }
}

int lq_read_file(const char *name, size_t max, lq_string *out)
{
  int fd = lq_in_open(name), error = 0;
  if (fd < 0)
    return errno;
  char *block = lq_need(NULL, IN_BYTES, 1);
  while (out->n <= max) {
    size_t want = max + 1 - out->n < IN_BYTES ? max + 1 - out->n : IN_BYTES;
    long got = lq_in_read(fd, block, want);
    if (got <= 0) {
      error = got < 0 ? errno : 0;
      break;
    }
    lq_string_add(out, block, (size_t)got);
  }
  free(block);
  lq_os->close(fd);
  return error;
}

// A device or a pipe is written to; renaming over it would replace it.
static int write_special(const char *name, const char *p, size_t n)
{
  uint64_t written = 0;
  int fd = lq_os->open(name, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  int error = write_all(fd, p, n, &written);
  return lq_os->close(fd) != 0 && error == 0 ? errno : error;
}

static int sync_fd(int fd)
{
  while (lq_os->fsync(fd) != 0) {
    if (errno != EINTR)
      return errno;
  }
  return 0;
}

static int write_and_sync(int fd, const char *p, size_t n)
{
  uint64_t written = 0;
  int error = write_all(fd, p, n, &written);
  if (error == 0)
    error = sync_fd(fd);
  return lq_os->close(fd) != 0 && error == 0 ? errno : error;
}

int lq_sync_folder_of(const char *name)
{
  const char *slash = strrchr(name, '/');
  char *folder = slash ? lq_copy(name, slash == name ? 1 : (size_t)(slash - name)) : lq_copy(".", 1);
  int fd = lq_os->open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  int error = fd < 0 ? errno : sync_fd(fd);
  if (fd >= 0 && lq_os->close(fd) != 0 && error == 0)
    error = errno;
  free(folder);
  return error == EINVAL ? 0 : error; // some file systems cannot
}

// The name is our own, so what stands there was left behind by a process of the same number that died.
static int open_temporary(const char *name)
{
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, fd = lq_os->open(name, flags, 0666);
  if (fd < 0 && errno == EEXIST && lq_os->unlink(name) == 0)
    fd = lq_os->open(name, flags, 0666);
  return fd;
}

int lq_replace_file(const char *name, const char *temporary, const char *p, size_t n)
{
  int fd = open_temporary(temporary), error = fd < 0 ? errno : write_and_sync(fd, p, n);
  if (error == 0 && lq_os->rename(temporary, name) != 0)
    error = errno;
  if (error && fd >= 0)
    lq_os->unlink(temporary);
  return error ? error : lq_sync_folder_of(name);
}

int lq_write_file(const char *name, const char *p, size_t n)
{
  struct stat st;
  if (lq_os->stat(name, &st) == 0 && !S_ISREG(st.st_mode))
    return S_ISDIR(st.st_mode) ? EISDIR : write_special(name, p, n);
  lq_string temporary = {0};
  lq_string_printf(&temporary, "%s.%ld.tmp", name, (long)getpid());
  int error = lq_replace_file(name, temporary.p, p, n);
  lq_string_free(&temporary);
  return error;
}

int lq_out_sync(lq_out *o)
{
  struct stat st;
  if (!lq_out_flush(o))
    return o->error ? o->error : EPIPE;
  if (lq_os->fstat(o->fd, &st) != 0 || !S_ISREG(st.st_mode))
    return 0; // what is in a pipe is the reader's
  o->error = sync_fd(o->fd);
  return o->error;
}

// ---- signals and the end

static volatile sig_atomic_t interrupted;
static lq_out *last_words;

static void on_signal(int number)
{
  interrupted = number;
}

void lq_signals(void)
{
  // No SA_RESTART: a read that waits must come back. SA_RESETHAND: a second Ctrl-C ends a program that hangs.
  struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND},
                   ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
  sigaction(SIGXFSZ, &ignore,
            NULL); // a file-size limit is a write error like others, not a death with half a file
}

bool lq_interrupted(void)
{
  return interrupted != 0;
}

bool lq_terminated(void)
{
  return interrupted == SIGTERM;
}

void lq_interrupt_clear(void)
{
  interrupted = 0;
  lq_signals();
}

void lq_flush_before_death(lq_out *o)
{
  last_words = o;
}

void lq_out_of_memory(void)
{
  static const char text[] = "lq: out of memory\n";
  if (last_words)
    lq_out_flush(last_words);
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  _exit(5);
}
