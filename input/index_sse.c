// The structure of JSON with 16 bytes a register. Compiled twice: for SSE2 alone, which every x86-64 has, and
// for SSE4.2 with PCLMUL and POPCNT. LQ_INDEX_NAME is the kernel's name.
#include <emmintrin.h>
#ifdef __PCLMUL__
#include <wmmintrin.h>
#endif

#include <stdbool.h>
#include <stdint.h>

typedef struct lq_block {
  __m128i v[4];
} lq_block;

static inline lq_block load(const char *p)
{
  lq_block b;
  for (int i = 0; i < 4; i++)
    b.v[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + i * 16));
  return b;
}

static inline uint64_t bits(const lq_block *b)
{
  uint64_t all = 0;
  for (int i = 0; i < 4; i++)
    all |= (uint64_t)(uint32_t)_mm_movemask_epi8(b->v[i]) << i * 16;
  return all;
}

static inline __m128i equal(__m128i v, char c)
{
  return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline uint64_t is(lq_block b, char c)
{
  for (int i = 0; i < 4; i++)
    b.v[i] = equal(b.v[i], c);
  return bits(&b);
}

static inline uint64_t below_blank(lq_block b)
{
  const __m128i most = _mm_set1_epi8(0x1F);
  for (int i = 0; i < 4; i++)
    b.v[i] = _mm_cmpeq_epi8(_mm_max_epu8(b.v[i], most), most);
  return bits(&b);
}

static inline uint64_t wide(lq_block b)
{
  return bits(&b);
}

static inline bool has_below_blank(lq_block b)
{
  const __m128i most = _mm_set1_epi8(0x1F);
  __m128i least = _mm_min_epu8(_mm_min_epu8(b.v[0], b.v[1]), _mm_min_epu8(b.v[2], b.v[3]));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(least, most), most)) != 0;
}

static inline uint64_t letters(lq_block b)
{
  for (int i = 0; i < 4; i++) {
    __m128i v = b.v[i];
    b.v[i] = _mm_or_si128(
        _mm_or_si128(_mm_or_si128(equal(v, 'n'), equal(v, 'r')), _mm_or_si128(equal(v, 't'), equal(v, '/'))),
        _mm_or_si128(equal(v, 'b'), equal(v, 'f')));
  }
  return bits(&b);
}

static inline uint64_t flips(uint64_t b)
{
#ifdef __PCLMUL__
  return (uint64_t)_mm_cvtsi128_si64(
      _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)b), _mm_set1_epi8((char)0xFF), 0));
#else
  for (int shift = 1; shift < 64; shift *= 2)
    b ^= b << shift;
  return b;
#endif
}

#include "input/index_block.h"

LQ_INDEX_KERNEL(LQ_INDEX_NAME)
