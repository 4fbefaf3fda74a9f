// The calls to the system, as they are.
#include "feed/os.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static int open_for_real(const char *name, int flags, mode_t mode)
{
  return open(name, flags, mode);
}

static int lock_for_real(int fd)
{
  return flock(fd, LOCK_EX | LOCK_NB);
}

static int64_t clock_for_real(void)
{
  struct timespec t = {0};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int wait_for_real(int fd, short events, int duration)
{
  struct pollfd one = {.fd = fd, .events = events};
  return poll(&one, 1, duration);
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
    .clock = clock_for_real,
    .wait = wait_for_real,
};
