// The structure of JSON with AVX2: two registers of 32 bytes a block.
#include <immintrin.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct lq_block {
  __m256i low, high;
} lq_block;

static inline lq_block load(const char *p)
{
  return (lq_block){_mm256_loadu_si256((const __m256i *)(const void *)p),
                    _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
}

static inline uint64_t bits(__m256i low, __m256i high)
{
  return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline uint64_t is(lq_block b, char c)
{
  __m256i all = _mm256_set1_epi8(c);
  return bits(_mm256_cmpeq_epi8(b.low, all), _mm256_cmpeq_epi8(b.high, all));
}

static inline uint64_t below_blank(lq_block b)
{
  __m256i most = _mm256_set1_epi8(0x1F);
  return bits(_mm256_cmpeq_epi8(_mm256_max_epu8(b.low, most), most),
              _mm256_cmpeq_epi8(_mm256_max_epu8(b.high, most), most));
}

static inline bool has_below_blank(lq_block b)
{
  __m256i most = _mm256_set1_epi8(0x1F), least = _mm256_min_epu8(b.low, b.high);
  return _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_max_epu8(least, most), most)) != 0;
}

static inline uint64_t wide(lq_block b)
{
  return bits(b.low, b.high);
}

// A shuffle gives for each byte the letter that it could be, by its low four bits. For bytes from 0x80 it
// gives 0.
static inline __m256i is_letter(__m256i v)
{
  const __m256i kinds = _mm256_setr_epi8(1, 0, 'b', 0, 't', 0, 'f', 0, 0, 0, 0, 0, 0, 0, 'n', '/', 1, 0, 'b',
                                         0, 't', 0, 'f', 0, 0, 0, 0, 0, 0, 0, 'n', '/');
  return _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_shuffle_epi8(kinds, v)),
                         _mm256_cmpeq_epi8(v, _mm256_set1_epi8('r'))); // `b` and `r` end in the same bits
}

static inline uint64_t letters(lq_block b)
{
  return bits(is_letter(b.low), is_letter(b.high));
}

// A product without carries by all ones: each bit is the sum of those up to it.
static inline uint64_t flips(uint64_t b)
{
  return (uint64_t)_mm_cvtsi128_si64(
      _mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)b), _mm_set1_epi8((char)0xFF), 0));
}

#include "input/index_block.h"

LQ_INDEX_KERNEL(lq_index_avx2)
