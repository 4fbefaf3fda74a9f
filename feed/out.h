// A buffered way out. After an error it takes no more, remembers, and says so: stdio would forget.
#ifndef LQ_FEED_OUT_H
#define LQ_FEED_OUT_H

#include "feed/host.h"

typedef struct lq_out {
  const lq_mem *mem;
  const lq_os_calls *os;
  int fd;
  const char *name; // for messages
  uint64_t written; // bytes that the system took
  bool terminal;
  bool goes_on; // an earlier run has written to the file: titles stand there already
  bool closed;  // the reader went away: silent, no error
  int error;    // errno of the first failure, or 0
  char *buf;
  size_t n;
  void (*before)(void *user); // called before bytes reach the terminal (takes the progress line away)
  void *user;
} lq_out;

lq_status lq_out_open(lq_out *o, const lq_mem *mem, const lq_os_calls *os, int fd, const char *name);
void lq_out_free(lq_out *o);                           // leaves the descriptor open
void lq_out_turn(lq_out *o, int fd, const char *name); // what is added from now on goes there
bool lq_out_add(lq_out *o, const char *p, size_t n);   // false once broken
bool lq_out_z(lq_out *o, const char *z);
bool lq_out_text(lq_out *o, lq_text t);
bool lq_out_printf(lq_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int lq_out_write(void *user, const char *p, size_t n); // an lq_write_fn; user is the lq_out
bool lq_out_flush(lq_out *o);
// Flushes, and waits until a regular file is on the disk; 0 or errno.
int lq_out_sync(lq_out *o);
bool lq_out_broken(const lq_out *o);

#endif
