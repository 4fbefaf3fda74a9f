// The program at the system: its files, signals, and its end.
#ifndef LQ_CLI_IO_H
#define LQ_CLI_IO_H

#include "cli/text.h"
#include "feed/io.h"
#include "feed/out.h"

extern const lq_os_calls *lq_os; // tests put theirs in

// Those of feed/io.h with the system's calls, the user's wish to stop, and memory or the end.
long lq_in_read(int fd, void *p, size_t n);
int lq_read_file(const char *name, size_t max, lq_string *out);
int lq_write_file(const char *name, const char *p, size_t n);
void lq_open_out(lq_out *o, int fd, const char *name);

// SIGINT and SIGTERM ask the program to stop; a second one ends it. SIGPIPE becomes EPIPE.
void lq_signals(void);
bool lq_interrupted(void);
bool lq_terminated(void); // it was SIGTERM
void lq_interrupt_clear(void);

_Noreturn void lq_out_of_memory(void);
void lq_flush_before_death(lq_out *o); // what lq_out_of_memory flushes

#endif
