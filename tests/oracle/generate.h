// Random queries and events over a few names and values, so that they often have to do with each other.
#ifndef LQ_TESTS_GENERATE_H
#define LQ_TESTS_GENERATE_H

#include <stdint.h>

#include "base/buf.h"

typedef struct lq_dice {
  uint64_t state;
} lq_dice;

uint32_t lq_roll(lq_dice *d, uint32_t sides); // 0 .. sides - 1
void lq_generate_query(lq_buf *out, lq_dice *d);
void lq_generate_kql(lq_buf *out, lq_dice *d);
void lq_generate_event(lq_buf *out, lq_dice *d);

#endif
