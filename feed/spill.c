// Temporary files for events that wait and are more than memory is to hold.
#include "feed/spill.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "feed/io.h"

enum { TRIES = 100 };

// The name goes at once: what it names lives as long as the descriptor.
static int open_in(lq_run_files *f, const char *folder)
{
  const lq_os_calls *os = f->host->os;
  int fd = -1;
  errno = EEXIST;
  for (int i = 0; i < TRIES && fd < 0 && errno == EEXIST; i++) {
    char *name = lq_name_printf(f->host->mem, "%s/lq-%ld-%u-%llx", folder, (long)getpid(),
                                (unsigned)f->names++, (unsigned long long)os->clock());
    if (!name) {
      errno = ENOMEM;
      return -1;
    }
    fd = os->open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int error = errno;
    if (fd >= 0)
      os->unlink(name);
    lq_name_free(f->host->mem, name);
    errno = error;
  }
  return fd;
}

static int failed(const lq_run_files *f, int error)
{
  lq_host_cannot(f->host, LQ_NOTICE_CANNOT_SPILL, f->folder ? f->folder : "/tmp", error);
  return 1;
}

static lq_run_file *find(const lq_run_files *f, uint32_t run)
{
  for (size_t i = f->n; i-- > 0;) {
    if (f->file[i].run == run)
      return &f->file[i];
  }
  return NULL;
}

static int open_usual(lq_run_files *f)
{
  static const char *const usual[] = {"/var/tmp", "/tmp"};
  int fd = -1;
  for (size_t i = 0; fd < 0 && i < sizeof usual / sizeof *usual; i++) {
    fd = open_in(f, usual[i]);
    f->folder = fd < 0 ? NULL : usual[i];
  }
  return fd;
}

static int open_any(lq_run_files *f)
{
  return f->folder ? open_in(f, f->folder) : open_usual(f);
}

bool lq_run_files_can(lq_run_files *f)
{
  int fd = open_any(f);
  if (fd >= 0)
    f->host->os->close(fd);
  return fd >= 0;
}

static lq_run_file *open_run(lq_run_files *f, uint32_t run)
{
  int fd = -1;
  if (!LQ_GROW(f->host->mem, f->file, f->n, &f->cap))
    errno = ENOMEM;
  else
    fd = open_any(f);
  if (fd < 0) {
    failed(f, errno);
    return NULL;
  }
  f->file[f->n] = (lq_run_file){.fd = fd, .run = run};
  return &f->file[f->n++];
}

static int write_run(void *user, uint32_t run, const void *bytes, size_t n)
{
  lq_run_files *f = user;
  lq_run_file *file = find(f, run);
  if (!file)
    file = open_run(f, run);
  if (!file)
    return 1;
  int error = lq_io_write(f->host->os, file->fd, bytes, n, NULL);
  return error ? failed(f, error) : 0;
}

static int read_run(void *user, uint32_t run, uint64_t offset, void *bytes, size_t n)
{
  lq_run_files *f = user;
  const lq_run_file *file = find(f, run);
  char *to = bytes;
  while (file && n > 0) {
    ssize_t got = f->host->os->pread(file->fd, to, n, (off_t)offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return failed(f, got < 0 ? errno : EIO);
    to += got, offset += (uint64_t)got, n -= (size_t)got;
  }
  return !file;
}

static void drop_run(void *user, uint32_t run)
{
  lq_run_files *f = user;
  lq_run_file *file = find(f, run);
  if (!file)
    return;
  f->host->os->close(file->fd);
  *file = f->file[--f->n];
}

lq_spill lq_run_files_init(lq_run_files *f, const lq_host *host, const char *folder)
{
  *f = (lq_run_files){.host = host, .folder = folder};
  return (lq_spill){
      .struct_size = sizeof(lq_spill), .user = f, .write = write_run, .read = read_run, .drop = drop_run};
}

void lq_run_files_free(lq_run_files *f)
{
  while (f->n > 0)
    drop_run(f, f->file[f->n - 1].run);
  if (f->host)
    lq_mem_free(f->host->mem, f->file, f->cap, sizeof *f->file);
  *f = (lq_run_files){0};
}
