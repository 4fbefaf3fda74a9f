// Bytes in and out: read(2) and write(2), where no error is lost.
#ifndef LQ_CLI_IO_H
#define LQ_CLI_IO_H

#include "cli/text.h"

// A buffered way out. After an error it takes no more, remembers, and says so: stdio would forget.
typedef struct lq_out {
  int fd;
  bool terminal;
  bool closed; // the reader went away: silent, no error
  int error;   // errno of the first failed write, or 0
  char *buf;
  size_t n;
  void (*before)(void *user); // called before bytes reach the terminal (takes the progress line away)
  void *user;
} lq_out;

void lq_out_open(lq_out *o, int fd);
bool lq_out_add(lq_out *o, const char *p, size_t n); // false once broken
bool lq_out_z(lq_out *o, const char *z);
bool lq_out_text(lq_out *o, lq_text t);
bool lq_out_printf(lq_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int lq_out_write(void *user, const char *p, size_t n); // an lq_write_fn; user is the lq_out
bool lq_out_flush(lq_out *o);
bool lq_out_broken(const lq_out *o);

// "-" is standard input. -1 and errno.
int lq_in_open(const char *name);
// Bytes read, 0 at the end, -1 and errno. EINTR comes back only when the user interrupted.
long lq_in_read(int fd, void *p, size_t n);
// All of a file, or its first max + 1 bytes; 0 or errno.
int lq_read_file(const char *name, size_t max, lq_string *out);
// The whole file or none of it: a temporary file beside it, fsync, rename; 0 or errno.
int lq_write_file(const char *name, const char *p, size_t n);

// SIGINT and SIGTERM ask the program to stop; a second one ends it. SIGPIPE becomes EPIPE.
void lq_signals(void);
bool lq_interrupted(void);
void lq_interrupt_clear(void);

_Noreturn void lq_out_of_memory(void);
void lq_flush_before_death(lq_out *o); // what lq_out_of_memory flushes

#endif
