// The calls to the system, as they are.
#include "feed/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

static int open_for_real(const char *name, int flags, mode_t mode)
{
  return open(name, flags, mode);
}

static int lock_for_real(int fd)
{
  return flock(fd, LOCK_EX | LOCK_NB);
}

const lq_os_calls lq_os_real = {
    .open = open_for_real,
    .read = read,
    .pread = pread,
    .write = write,
    .seek = lseek,
    .truncate = ftruncate,
    .fsync = fsync,
    .close = close,
    .rename = rename,
    .unlink = unlink,
    .stat = stat,
    .fstat = fstat,
    .lock = lock_for_real,
};
