// Keys as records bring them again and again: each key that was met, by the path that leads to it, with what
// follows from it, so that a record of a known shape costs one comparison a key.
//
// A bounded table. When it is full it is forgotten before the next record; the record at hand is then read
// without it.
#ifndef LQ_INPUT_SHAPES_H
#define LQ_INPUT_SHAPES_H

#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

enum {
  LQ_SHAPE_KEY = 55,     // bytes of the longest key that has one
  LQ_SHAPES_MOST = 4096, // unless lq_shapes.most says less
  LQ_NO_SHAPE = 0,
};

typedef struct lq_shape {
  char key[LQ_SHAPE_KEY + 1]; // as it is written, its closing quote, zeros
  uint64_t last_word;         // which bits of the last word of that count
  uint32_t object;            // the last object that had this key
  uint32_t where;             // what its value is called (lq_wants)
  uint32_t node;              // of its value in the field map, if the record is no raw event; LQ_NO_NODE
  uint16_t first, next;       // the key that came first inside its value, and the one behind it, last time
  uint16_t parent;
  uint8_t n; // bytes of the key
} lq_shape;

// What is to become of the value of a new key: sets where and node of `made` from those of `in`, the key
// above it, or the root. False: no memory.
typedef struct lq_wants_hook {
  bool (*member)(void *user, const lq_shape *in, lq_shape *made, lq_str key);
  void *user;
} lq_wants_hook;

typedef struct lq_shapes {
  const lq_mem *mem;
  lq_wants_hook wants; // no function: everything is called 0
  size_t most;         // a power of two; 0: LQ_SHAPES_MOST
  lq_shape *items;     // the first is the root
  size_t n, cap;
  uint16_t *cells; // hash table: numbers of items, 0: free
  bool full;
  uint32_t object; // counts up
  // For side tables by the number of a shape: with another generation the numbers mean something else.
  uint32_t generation;
  uint64_t lookups, made; // keys that came unexpected; that were new
} lq_shapes;

// Before a record. False: no memory.
bool lq_shapes_begin(lq_shapes *s);
void lq_shapes_free(lq_shapes *s);
// The key's number, which may be new. LQ_NO_SHAPE: there is no room for it now (s->full), it is too long, or
// it lies too far from its place in the hash table. The key has no escapes and is all ASCII.
uint16_t lq_shapes_find(lq_shapes *s, uint16_t in, lq_str key);

// Does this text begin with the key and its closing quote? n bytes can be read there.
static inline bool lq_shape_begins(const lq_shape *s, const char *text, size_t n)
{
  uint64_t a, b;
  size_t last = s->n / sizeof a * sizeof a;
  if (n < last + sizeof a)
    return n > s->n && memcmp(s->key, text, s->n + (size_t)1) == 0;
  for (size_t i = 0; i < last; i += sizeof a) {
    memcpy(&a, text + i, sizeof a);
    memcpy(&b, s->key + i, sizeof b);
    if (a != b)
      return false;
  }
  memcpy(&a, text + last, sizeof a);
  memcpy(&b, s->key + last, sizeof b);
  return (a & s->last_word) == b;
}

#endif
