// The calls to the system on the way of events, alerts and state, as a table that whoever runs hands in.
#ifndef LQ_FEED_OS_H
#define LQ_FEED_OS_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

// Tests put calls that fail in the places of these. Each is as its namesake: -1 and errno.
typedef struct lq_os_calls {
  int (*open)(const char *name, int flags, mode_t mode);
  ssize_t (*read)(int fd, void *p, size_t n);
  ssize_t (*pread)(int fd, void *p, size_t n, off_t at);
  ssize_t (*write)(int fd, const void *p, size_t n);
  off_t (*seek)(int fd, off_t at, int whence);
  int (*truncate)(int fd, off_t size);
  int (*fsync)(int fd);
  int (*close)(int fd);
  int (*rename)(const char *from, const char *to);
  int (*unlink)(const char *name);
  int (*stat)(const char *name, struct stat *out);
  int (*fstat)(int fd, struct stat *out);
  int (*lock)(int fd);                             // without waiting; EWOULDBLOCK: somebody else has it
  int64_t (*clock)(void);                          // ns on a clock that nobody sets
  int (*wait)(int fd, short events, int duration); // poll(2) of one descriptor, or of none: fd -1; ms
} lq_os_calls;

extern const lq_os_calls lq_os_real;

#endif
