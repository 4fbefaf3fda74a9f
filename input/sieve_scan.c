// The search for prints of needles: a byte at a time, or 32 and 16 of them. Half a byte picks the buckets
// that have it at that place of a print, so that one table look-up serves all needles, in both cases.
#include "input/sieve_scan.h"

static uint8_t buckets_at(const lq_sieve *s, const uint8_t *p, size_t i, size_t n)
{
  uint8_t buckets = s->bytes[0][p[i]];
  for (size_t k = 1; k < LQ_SIEVE_PRINT && i + k < n; k++)
    buckets &= s->bytes[k][p[i + k]];
  return buckets;
}

size_t lq_sieve_scan(const lq_sieve *s, const uint8_t *p, size_t from, size_t n)
{
  while (from < n && !buckets_at(s, p, from, n))
    from++;
  return from;
}

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

typedef struct tables {
  __m256i low, high;
} tables;

__attribute__((target("avx2"))) static inline __m256i twice(const uint8_t half[16])
{
  return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)half));
}

__attribute__((target("avx2"))) static inline __m256i look(const tables *t, const uint8_t *p)
{
  const __m256i halves = _mm256_set1_epi8(15);
  __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
  __m256i low = _mm256_and_si256(bytes, halves);
  __m256i high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), halves);
  return _mm256_and_si256(_mm256_shuffle_epi8(t->low, low), _mm256_shuffle_epi8(t->high, high));
}

__attribute__((target("avx2"))) static size_t scan_avx2(const lq_sieve *s, const uint8_t *p, size_t from,
                                                        size_t n)
{
  enum { WIDE = 32 };
  tables t[LQ_SIEVE_PRINT];
  for (int k = 0; k < LQ_SIEVE_PRINT; k++)
    t[k] = (tables){twice(s->low[k]), twice(s->high[k])};
  for (; n - from >= WIDE + LQ_SIEVE_PRINT; from += WIDE) {
    __m256i found = _mm256_and_si256(_mm256_and_si256(look(&t[0], p + from), look(&t[1], p + from + 1)),
                                     look(&t[2], p + from + 2));
    uint32_t none = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(found, _mm256_setzero_si256()));
    if (none != UINT32_MAX)
      return from + (size_t)__builtin_ctz(~none);
  }
  return lq_sieve_scan(s, p, from, n);
}

size_t lq_sieve_scan_wide(const lq_sieve *s, const uint8_t *p, size_t from, size_t n)
{
  return __builtin_cpu_supports("avx2") ? scan_avx2(s, p, from, n) : lq_sieve_scan(s, p, from, n);
}

#elif defined(__aarch64__)
#include <arm_neon.h>

static inline uint8x16_t look(const lq_sieve *s, int k, const uint8_t *p)
{
  uint8x16_t bytes = vld1q_u8(p);
  return vandq_u8(vqtbl1q_u8(vld1q_u8(s->low[k]), vandq_u8(bytes, vdupq_n_u8(15))),
                  vqtbl1q_u8(vld1q_u8(s->high[k]), vshrq_n_u8(bytes, 4)));
}

size_t lq_sieve_scan_wide(const lq_sieve *s, const uint8_t *p, size_t from, size_t n)
{
  enum { WIDE = 16 };
  for (; n - from >= WIDE + LQ_SIEVE_PRINT; from += WIDE) {
    uint8x16_t found = vandq_u8(vandq_u8(look(s, 0, p + from), look(s, 1, p + from + 1)),
                                look(s, 2, p + from + 2));
    if (vmaxvq_u8(found) == 0)
      continue;
    for (size_t i = from; i < from + WIDE; i++) {
      if (buckets_at(s, p, i, n))
        return i;
    }
  }
  return lq_sieve_scan(s, p, from, n);
}

#else

size_t lq_sieve_scan_wide(const lq_sieve *s, const uint8_t *p, size_t from, size_t n)
{
  return lq_sieve_scan(s, p, from, n);
}

#endif
