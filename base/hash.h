// A quick hash of texts that nobody can gain by choosing: names of our own, or where a long search ends by
// itself. Keys that events bring are hashed with a secret (lq_siphash).
#ifndef LQ_BASE_HASH_H
#define LQ_BASE_HASH_H

#include <stdint.h>

#include "base/str.h"

// Up to eight bytes as a number, without a copy of a length that only the machine knows. Different texts of
// one length give different numbers.
static inline uint64_t lq_hash_tail(const char *p, size_t n)
{
  uint32_t first, last;
  if (n < sizeof first) {
    return n == 0 ? 0 : (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint8_t)p[n - 1];
  }
  memcpy(&first, p, sizeof first);
  memcpy(&last, p + n - sizeof last, sizeof last);
  return (uint64_t)first << 32 | last;
}

static inline size_t lq_hash_text(lq_str s)
{
  uint64_t h = s.n, part;
  for (; s.n > sizeof part; s.p += sizeof part, s.n -= sizeof part) {
    memcpy(&part, s.p, sizeof part);
    h = (h ^ part) * UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 32;
  }
  h = (h ^ lq_hash_tail(s.p, s.n)) * UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(h >> 32);
}

#endif
