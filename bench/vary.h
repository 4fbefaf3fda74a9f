// One line of telemetry, told anew: other hosts, users, processes, addresses, times, the same kind of event.
#ifndef LQ_BENCH_VARY_H
#define LQ_BENCH_VARY_H

#include <stdint.h>

#include "base/buf.h"

// Words that name a host, a domain or a user somewhere in the data. Open addressing; words are borrowed.
typedef struct names {
  lq_str *words;
  char *kinds; // 'h', 'd' or 'u'
  size_t n, cap;
} names;

// Collects what `line` names. False: out of memory.
bool names_learn(names *t, lq_str line);
void names_free(names *t);

typedef struct vary {
  const names *names;
  uint64_t seed;
  uint64_t copy;  // the same within a copy: a process keeps its id, a host its name
  uint64_t event; // no two events have the same
  int64_t now;    // ns: when it happens; other times in the line keep their distance
  bool unique;    // no text value occurs twice, but those that say what kind of event it is
} vary;

uint64_t bench_mix(uint64_t x); // splitmix64's finaliser
// The line is a JSON object, without a line end.
void vary_line(const vary *v, lq_str line, lq_buf *out);

#endif
