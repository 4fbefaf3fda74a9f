// Group keys: the canonical bytes of a tuple of values, and their hash.
#ifndef LQ_STATE_KEYS_H
#define LQ_STATE_KEYS_H

#include "base/mem.h"
#include "base/value.h"
#include "libquery/status.h"

// SipHash-1-3. With a key that nobody outside knows, events cannot be made to collide.
uint64_t lq_siphash(const uint8_t key[16], const void *p, size_t n);

typedef struct lq_key {
  const char *p;
  size_t n;
  uint64_t hash;
} lq_key;

// The tuples that an event's values make: each distinct value of a part with each of the others.
// A tuple's bytes are, for each part, a tag (0 null, 1 text), and for texts their length and bytes.
typedef struct lq_key_set {
  const lq_mem *mem;
  lq_buf bytes;             // of the tuples, one after the other
  lq_key *keys;             // borrowed from bytes
  const lq_value **picks;   // nparts for each tuple: the value it took; NULL for null
  size_t n, cap, picks_cap; // tuples
  size_t nparts;
  uint64_t cut; // tuples left out because an event had more than max; counts up
  size_t max;
  uint8_t hash_key[16];
  // Work room: distinct values of each part, one part after the other.
  const lq_value **distinct;
  size_t *ends;
  size_t distinct_cap, ends_cap;
} lq_key_set;

// null[i]: a part without values is null and joins with null; otherwise there is no tuple. NULL: no part may
// be null.
lq_status lq_key_set_make(lq_key_set *s, const lq_values *parts, const bool *null, size_t nparts);
// One tuple in which each part is its whole list.
lq_status lq_key_set_make_whole(lq_key_set *s, const lq_values *parts, size_t nparts);
void lq_key_set_free(lq_key_set *s);

// Takes the next part off the bytes of a tuple; false at its end, or when it is none. p is NULL for null.
bool lq_key_next(lq_str *rest, lq_str *part);

#endif
