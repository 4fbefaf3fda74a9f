// Values of up to 16 bytes, and which tests of their slot hold for each. Most values are that short, and such
// a one is known by two loads and a look: that pays in every slot, whatever is asked there.
#ifndef LQ_ENGINE_SHORT_VALUES_H
#define LQ_ENGINE_SHORT_VALUES_H

#include "base/mem.h"
#include "base/value.h"

enum { LQ_SHORT_MAX = 16, LQ_SHORT_TRUES = 5, LQ_SHORT_MANY = LQ_SHORT_TRUES + 1 };

// A value of a slot: all its bytes, and what tells it from others of the same bytes.
typedef struct lq_short_key {
  uint64_t first, last, of; // of: slot, type, length; never 0
} lq_short_key;

typedef struct lq_short_value {
  lq_short_key key;                  // of is 0: none
  uint32_t n, trues[LQ_SHORT_TRUES]; // n is LQ_SHORT_MANY: more than have room here
} lq_short_value;

typedef struct lq_short_values {
  lq_short_value *rows; // two places for each hash: the later one comes first
  uint32_t bits;
} lq_short_values;

bool lq_short_values_init(lq_short_values *s, size_t slots, const lq_mem *mem); // false: no memory
void lq_short_values_free(lq_short_values *s, const lq_mem *mem);
size_t lq_short_values_bytes(const lq_short_values *s);

// False: it is too long. bytes: of the value.
bool lq_short_key_of(lq_short_key *k, uint32_t slot, lq_type type, lq_str bytes);
const lq_short_value *lq_short_values_find(const lq_short_values *s,
                                           const lq_short_key *k); // NULL: not known
void lq_short_values_add(lq_short_values *s, const lq_short_key *k, const uint32_t *trues, size_t n);

#endif
