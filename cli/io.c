// The program at the system: its files, signals, and its end.
#include "cli/io.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

const lq_os_calls *lq_os = &lq_os_real;

static bool stopped(void *user)
{
  (void)user;
  return lq_interrupted();
}

static lq_host system_host(void)
{
  return (lq_host){.mem = &lq_mem_or_end, .os = lq_os, .stopped = stopped};
}

void lq_open_out(lq_out *o, int fd, const char *name)
{
  lq_out_open(o, &lq_mem_or_end, lq_os, fd, name);
  o->terminal = isatty(fd) == 1;
}

long lq_in_read(int fd, void *p, size_t n)
{
  lq_host h = system_host();
  return lq_io_read(&h, fd, p, n);
}

int lq_read_file(const char *name, size_t max, lq_string *out)
{
  lq_host h = system_host();
  lq_string_z(out, "");
  int error = lq_io_load(&h, name, max, out);
  lq_string_z(out, "");
  return error;
}

int lq_write_file(const char *name, const char *p, size_t n)
{
  lq_host h = system_host();
  return lq_io_store(&h, name, p, n);
}

// ---- signals and the end

static atomic_int interrupted; // other threads look at it
static lq_out *last_words;

static void on_signal(int number)
{
  interrupted = number;
}

void lq_signals(void)
{
  // No SA_RESTART: a read that waits must come back. SA_RESETHAND: a second Ctrl-C ends a program that hangs.
  struct sigaction stop = {.sa_handler = on_signal, .sa_flags = SA_RESETHAND},
                   ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGINT, &stop, NULL);
  sigaction(SIGTERM, &stop, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
  sigaction(SIGXFSZ, &ignore,
            NULL); // a file-size limit is a write error like others, not a death with half a file
}

bool lq_interrupted(void)
{
  return interrupted != 0;
}

bool lq_terminated(void)
{
  return interrupted == SIGTERM;
}

void lq_interrupt_clear(void)
{
  interrupted = 0;
  lq_signals();
}

void lq_flush_before_death(lq_out *o)
{
  last_words = o;
}

void lq_out_of_memory(void)
{
  static const char text[] = "lq: out of memory\n";
  if (last_words)
    lq_out_flush(last_words);
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  _exit(5);
}
