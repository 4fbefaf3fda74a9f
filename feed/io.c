// Whole files and pieces of them, read and written so that no error is lost.
#include "feed/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

// ---- in

int lq_io_open(const lq_os_calls *os, const char *name)
{
  if (strcmp(name, "-") == 0)
    return dup(STDIN_FILENO);
  int fd = os->open(name, O_RDONLY | O_CLOEXEC, 0);
  struct stat st;
  if (fd >= 0 && os->fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
    os->close(fd);
    errno = EISDIR;
    return -1;
  }
  return fd;
}

long lq_io_read(const lq_host *h, int fd, void *p, size_t n)
{
  for (;;) {
    if (lq_host_stopped(h)) {
      errno = EINTR;
      return -1;
    }
    ssize_t got = h->os->read(fd, p, n);
    if (got >= 0 || errno != EINTR)
      return got;
  }
}

// As much as there seems to be, and one more to find the end. Sizes of what is no plain file say nothing.
static size_t first_piece(const lq_host *h, int fd)
{
  struct stat st;
  bool plain = h->os->fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
  return plain && (uint64_t)st.st_size < SIZE_MAX ? (size_t)st.st_size + 1 : PIECE;
}

static int load(const lq_host *h, int fd, size_t max, lq_buf *out)
{
  size_t piece = first_piece(h, fd);
  while (out->n <= max) {
    size_t want = max + 1 - out->n < piece ? max + 1 - out->n : piece;
    char *place = lq_buf_room(out, want);
    long got = place ? lq_io_read(h, fd, place, want) : 0;
    if (!place || got <= 0)
      return !place ? ENOMEM : got < 0 ? errno : 0;
    out->n += (size_t)got;
    piece = PIECE;
  }
  return 0;
}

enum { PAGE = 4096 };

lq_io_room lq_io_room_make(const lq_mem *mem, size_t n)
{
  lq_io_room r = {.n = n};
  r.memory = n <= SIZE_MAX - PAGE ? lq_mem_resize(mem, NULL, 0, n + PAGE, 1) : NULL;
  r.p = r.memory ? (char *)r.memory + (PAGE - (uintptr_t)r.memory % PAGE) % PAGE : NULL;
  return r;
}

void lq_io_room_free(lq_io_room *r, const lq_mem *mem)
{
  if (r->memory)
    lq_mem_free(mem, r->memory, r->n + PAGE, 1);
  *r = (lq_io_room){0};
}

int lq_io_load(const lq_host *h, const char *name, size_t max, lq_buf *out)
{
  int fd = lq_io_open(h->os, name);
  if (fd < 0)
    return errno;
  int error = load(h, fd, max, out);
  h->os->close(fd);
  return error;
}

// ---- out

int lq_io_write(const lq_os_calls *os, int fd, const char *p, size_t n, uint64_t *written)
{
  while (n > 0) {
    ssize_t done = os->write(fd, p, n);
    // The other end of a pipe may have made it one that does not wait: then we do.
    if (done < 0 && errno == EAGAIN)
      (void)os->wait(fd, POLLOUT, 1000);
    if (done < 0 && (errno == EINTR || errno == EAGAIN))
      continue; // what was found before the interrupt is still delivered
    if (done < 0)
      return errno;
    if (written)
      *written += (uint64_t)done;
    p += done;
    n -= (size_t)done;
  }
  return 0;
}

int lq_io_sync(const lq_os_calls *os, int fd)
{
  while (os->fsync(fd) != 0) {
    if (errno != EINTR)
      return errno;
  }
  return 0;
}

int lq_io_sync_folder_of(const lq_host *h, const char *name)
{
  const char *slash = strrchr(name, '/');
  char *folder = slash ? lq_name_copy(h->mem, name, slash == name ? 1 : (size_t)(slash - name))
                       : lq_name_copy(h->mem, ".", 1);
  if (!folder)
    return ENOMEM;
  int fd = h->os->open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  int error = fd < 0 ? errno : lq_io_sync(h->os, fd);
  if (fd >= 0 && h->os->close(fd) != 0 && error == 0)
    error = errno;
  lq_name_free(h->mem, folder);
  return error == EINVAL ? 0 : error; // some file systems cannot
}

// A device or a pipe is written to; renaming over it would replace it.
static int store_special(const lq_os_calls *os, const char *name, const char *p, size_t n)
{
  int fd = os->open(name, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0)
    return errno;
  int error = lq_io_write(os, fd, p, n, NULL);
  return os->close(fd) != 0 && error == 0 ? errno : error;
}

static int write_and_sync(const lq_os_calls *os, int fd, const char *p, size_t n)
{
  int error = lq_io_write(os, fd, p, n, NULL);
  if (error == 0)
    error = lq_io_sync(os, fd);
  return os->close(fd) != 0 && error == 0 ? errno : error;
}

// The name is our own, so what stands there was left behind by a process of the same number that died.
static int open_temporary(const lq_os_calls *os, const char *name)
{
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, fd = os->open(name, flags, 0666);
  if (fd < 0 && errno == EEXIST && os->unlink(name) == 0)
    fd = os->open(name, flags, 0666);
  return fd;
}

int lq_io_replace(const lq_host *h, const char *name, const char *temporary, const char *p, size_t n)
{
  int fd = open_temporary(h->os, temporary), error = fd < 0 ? errno : write_and_sync(h->os, fd, p, n);
  if (error == 0 && h->os->rename(temporary, name) != 0)
    error = errno;
  if (error && fd >= 0)
    h->os->unlink(temporary);
  return error ? error : lq_io_sync_folder_of(h, name);
}

int lq_io_store(const lq_host *h, const char *name, const char *p, size_t n)
{
  struct stat st;
  if (h->os->stat(name, &st) == 0 && !S_ISREG(st.st_mode))
    return S_ISDIR(st.st_mode) ? EISDIR : store_special(h->os, name, p, n);
  char *temporary = lq_name_printf(h->mem, "%s.%ld.tmp", name, (long)getpid());
  int error = temporary ? lq_io_replace(h, name, temporary, p, n) : ENOMEM;
  lq_name_free(h->mem, temporary);
  return error;
}
