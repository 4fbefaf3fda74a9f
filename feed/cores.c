// How many cores the process may use. A file of its own, as only the GNU system says so.
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>

#include "feed/jobs.h"

unsigned lq_cores(void)
{
#ifdef CPU_COUNT
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return (unsigned)CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (unsigned)n : 1;
}
