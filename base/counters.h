// Structs that hold 64-bit counters and nothing else, added up and told apart as such.
#ifndef LQ_BASE_COUNTERS_H
#define LQ_BASE_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// to += what, or to -= what, for n bytes of counters.
static inline void lq_counters_add(void *to, const void *what, size_t n, bool minus)
{
  for (size_t i = 0; i < n; i += sizeof(uint64_t)) {
    uint64_t a, b;
    memcpy(&a, (char *)to + i, sizeof a);
    memcpy(&b, (const char *)what + i, sizeof b);
    a = minus ? a - b : a + b;
    memcpy((char *)to + i, &a, sizeof a);
  }
}

#define LQ_COUNTERS_ADD(to, what) lq_counters_add((to), (what), sizeof *(to), false)
#define LQ_COUNTERS_SUBTRACT(to, what) lq_counters_add((to), (what), sizeof *(to), true)
// A new counter of another kind must not slip in unseen. For structs whose fields are all uint64_t.
#define LQ_COUNTERS_ONLY(type)                                                                               \
  _Static_assert(sizeof(type) % sizeof(uint64_t) == 0 && _Alignof(type) == _Alignof(uint64_t),               \
                 "counters only")

#endif
