// A quick hash of texts that nobody can gain by choosing: names of our own, or where a long search ends by
// itself. Keys that events bring are hashed with a secret (lq_siphash).
#ifndef LQ_BASE_HASH_H
#define LQ_BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

static inline size_t lq_hash_text(lq_str s)
{
  uint64_t h = s.n, part;
  for (; s.n >= sizeof part; s.p += sizeof part, s.n -= sizeof part) {
    memcpy(&part, s.p, sizeof part);
    h = (h ^ part) * UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 32;
  }
  part = 0;
  if (s.n > 0)
    memcpy(&part, s.p, s.n);
  h = (h ^ part) * UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(h >> 32);
}

#endif
