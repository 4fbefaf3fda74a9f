// Bytes in and out: read(2) and write(2), where no error is lost.
#ifndef LQ_CLI_IO_H
#define LQ_CLI_IO_H

#include "cli/text.h"
#include "feed/os.h"

extern const lq_os_calls *lq_os; // tests put theirs in

// A buffered way out. After an error it takes no more, remembers, and says so: stdio would forget.
typedef struct lq_out {
  int fd;
  const char *name; // for messages
  uint64_t written; // bytes that the system took
  bool terminal;
  bool goes_on; // an earlier run has written to the file: titles stand there already
  bool closed;  // the reader went away: silent, no error
  int error;    // errno of the first failed write, or 0
  char *buf;
  size_t n;
  void (*before)(void *user); // called before bytes reach the terminal (takes the progress line away)
  void *user;
} lq_out;

void lq_out_open(lq_out *o, int fd, const char *name);
void lq_out_turn(lq_out *o, int fd, const char *name); // what is added from now on goes there
bool lq_out_add(lq_out *o, const char *p, size_t n);   // false once broken
bool lq_out_z(lq_out *o, const char *z);
bool lq_out_text(lq_out *o, lq_text t);
bool lq_out_printf(lq_out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int lq_out_write(void *user, const char *p, size_t n); // an lq_write_fn; user is the lq_out
bool lq_out_flush(lq_out *o);
// A new name in a folder is on the disk only when the folder is; 0 or errno.
int lq_sync_folder_of(const char *name);
// Flushes, and waits until a regular file is on the disk; 0 or errno.
int lq_out_sync(lq_out *o);
bool lq_out_broken(const lq_out *o);

// "-" is standard input. -1 and errno.
int lq_in_open(const char *name);
// Bytes read, 0 at the end, -1 and errno. EINTR comes back only when the user interrupted.
long lq_in_read(int fd, void *p, size_t n);
// All of a file, or its first max + 1 bytes; 0 or errno.
int lq_read_file(const char *name, size_t max, lq_string *out);
// The whole file or none of it, also after a power cut: a temporary file beside it, fsync, rename, fsync of
// the folder; 0 or errno.
int lq_write_file(const char *name, const char *p, size_t n);
int lq_replace_file(const char *name, const char *temporary, const char *p, size_t n);

// SIGINT and SIGTERM ask the program to stop; a second one ends it. SIGPIPE becomes EPIPE.
void lq_signals(void);
bool lq_interrupted(void);
bool lq_terminated(void); // it was SIGTERM
void lq_interrupt_clear(void);

_Noreturn void lq_out_of_memory(void);
void lq_flush_before_death(lq_out *o); // what lq_out_of_memory flushes

#endif
