// Whole files and pieces of them, read and written so that no error is lost.
#ifndef LQ_FEED_IO_H
#define LQ_FEED_IO_H

#include "feed/host.h"

// "-" is standard input; a folder is EISDIR. -1 and errno.
int lq_io_open(const lq_os_calls *os, const char *name);
// Bytes read, 0 at the end, -1 and errno. EINTR comes back only when the program is to stop.
long lq_io_read(const lq_host *h, int fd, void *p, size_t n);
// Room to read into. It begins a page: the kernel copies there three times as fast as to 16 bytes behind that
// (107 MB of a cached file in 14 ms, not 48).
typedef struct lq_io_room {
  char *p;      // NULL: no memory
  void *memory; // in which it lies
  size_t n;
} lq_io_room;
lq_io_room lq_io_room_make(const lq_mem *mem, size_t n);
void lq_io_room_free(lq_io_room *r, const lq_mem *mem);
// All of a file, or its first max + 1 bytes; 0 or errno.
int lq_io_load(const lq_host *h, const char *name, size_t max, lq_buf *out);

// These give 0 or errno. *written (may be NULL) counts the bytes that the system took.
int lq_io_write(const lq_os_calls *os, int fd, const char *p, size_t n, uint64_t *written);
int lq_io_sync(const lq_os_calls *os, int fd);
// A new name in a folder is on the disk only when the folder is.
int lq_io_sync_folder_of(const lq_host *h, const char *name);
// The whole file or none of it, also after a power cut: a temporary file beside it, fsync, rename, fsync of
// the folder.
int lq_io_replace(const lq_host *h, const char *name, const char *temporary, const char *p, size_t n);
// The same, and into devices and pipes.
int lq_io_store(const lq_host *h, const char *name, const char *p, size_t n);

#endif
