// The structure of JSON with NEON, which every 64-bit ARM has.
#include <arm_neon.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct lq_block {
  uint8x16_t v[4];
} lq_block;

static inline lq_block load(const char *p)
{
  const uint8_t *bytes = (const uint8_t *)p;
  return (lq_block){{vld1q_u8(bytes), vld1q_u8(bytes + 16), vld1q_u8(bytes + 32), vld1q_u8(bytes + 48)}};
}

// Bytes are all ones or 0. Each keeps the bit of its place among eight, and three sums of neighbours pack
// them.
static inline uint64_t bits(const lq_block *b)
{
  static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t place = vld1q_u8(places);
  uint8x16_t low = vpaddq_u8(vandq_u8(b->v[0], place), vandq_u8(b->v[1], place));
  uint8x16_t high = vpaddq_u8(vandq_u8(b->v[2], place), vandq_u8(b->v[3], place));
  low = vpaddq_u8(low, high);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(low, low)), 0);
}

static inline uint8x16_t equal(uint8x16_t v, char c)
{
  return vceqq_u8(v, vdupq_n_u8((uint8_t)c));
}

static inline uint64_t is(lq_block b, char c)
{
  for (int i = 0; i < 4; i++)
    b.v[i] = equal(b.v[i], c);
  return bits(&b);
}

static inline uint64_t below_blank(lq_block b)
{
  for (int i = 0; i < 4; i++)
    b.v[i] = vcltq_u8(b.v[i], vdupq_n_u8(0x20));
  return bits(&b);
}

static inline uint64_t wide(lq_block b)
{
  for (int i = 0; i < 4; i++)
    b.v[i] = vcgeq_u8(b.v[i], vdupq_n_u8(0x80));
  return bits(&b);
}

static inline bool has_below_blank(lq_block b)
{
  return vminvq_u8(vminq_u8(vminq_u8(b.v[0], b.v[1]), vminq_u8(b.v[2], b.v[3]))) < 0x20;
}

static inline uint64_t letters(lq_block b)
{
  for (int i = 0; i < 4; i++) {
    uint8x16_t v = b.v[i];
    b.v[i] = vorrq_u8(
        vorrq_u8(vorrq_u8(equal(v, 'n'), equal(v, 'r')), vorrq_u8(equal(v, 't'), equal(v, '/'))),
        vorrq_u8(equal(v, 'b'), equal(v, 'f')));
  }
  return bits(&b);
}

// Not by PMULL, which not every such processor has.
static inline uint64_t flips(uint64_t b)
{
  for (int shift = 1; shift < 64; shift *= 2)
    b ^= b << shift;
  return b;
}

#include "input/index_block.h"

LQ_INDEX_KERNEL(lq_index_neon)
