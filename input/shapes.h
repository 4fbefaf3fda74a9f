// Keys as records bring them again and again: each key that was met, by the path that leads to it, with what
// follows from it, so that a record of a known shape costs one comparison a key.
//
// What comes next hangs on all that came before in the object: keys of one kind of record follow one another
// as those of another do not. So there is a tree of steps, a key each, for the objects below each shape.
//
// Bounded tables. When one is full all is forgotten before the next record; the record at hand is then read
// without it.
#ifndef LQ_INPUT_SHAPES_H
#define LQ_INPUT_SHAPES_H

#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "base/str.h"

enum {
  LQ_SHAPE_KEY = 250,  // bytes of the longest key that has one,
  LQ_SHAPE_SHORT = 39, // and of the longest that lies in the shape itself
  LQ_SHAPE_ROOM = LQ_SHAPE_SHORT + 1,
  LQ_SHAPES_MOST = 4096, // unless lq_shapes.most says less
  LQ_NO_SHAPE = 0,
  LQ_SHAPE_NEVER = 1, // no key begins with this byte
  LQ_SHAPE_WIDE = 32,
  LQ_SHAPE_FAR = 255,
};

typedef struct lq_shape { // 64 bytes: a line of the cache
  union {
    char key[LQ_SHAPE_ROOM]; // as it is written, and its closing quote; a long one's begins with NEVER
    struct {
      uint64_t never;
      const char *long_key; // of more than LQ_SHAPE_SHORT bytes
    };
  };
  uint32_t object; // the last object that had this key
  uint32_t where;  // what its value is called (lq_wants)
  uint32_t node;   // of its value in the field map, if the record is no raw event; LQ_NO_NODE
  uint16_t first;  // step into its value, if that is an object
  uint16_t parent;
  uint8_t n;     // bytes of the key
  uint8_t shift; // 32 less the bytes of `key` that are to be compared, which are the quote too, or 1 of a
                 // long one, whose first never fits; for more than 32 it is LQ_SHAPE_FAR
} lq_shape;

typedef struct lq_shape_step {
  uint16_t shape; // the key that came here
  uint16_t next;  // step behind it; 0: none yet
  uint16_t other; // step that was taken here longer ago; 0: none
} lq_shape_step;

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
  uint16_t *cells;      // hash table: numbers of items, 0: free
  lq_shape_step *steps; // the first is none, and expects nothing
  size_t nsteps;
  uint16_t nowhere; // the way where no step can be kept: 0
  lq_arena texts;   // long keys
  bool full;
  uint32_t object; // counts up
  // For side tables by the number of a shape: with another generation the numbers mean something else.
  uint32_t generation;
  uint64_t lookups, made; // keys that came unexpected; that were new
} lq_shapes;

// Before a record. False: no memory.
bool lq_shapes_begin(lq_shapes *s);
void lq_shapes_free(lq_shapes *s);
// A key, whose text goes on for `room` bytes, that is neither of the first two steps of a link (`first` of a
// shape, `next` of a step): it is what is expected there from now on, and *link is the link behind it.
// LQ_NO_SHAPE: it is none of the steps that are looked at.
uint16_t lq_shapes_find_other(lq_shapes *s, uint16_t **link, const char *key, size_t room);
// The number of a key in an object that lies under `in`, which may be new, and the same of *link.
// LQ_NO_SHAPE: there is no room for it now (s->full), it is too long, or it lies too far from its place in
// the hash table. The key has no escapes and is all ASCII.
uint16_t lq_shapes_find(lq_shapes *s, uint16_t in, uint16_t **link, lq_str key);

static inline uint64_t lq_shape_word(const char *p)
{
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

// The first n bytes of two texts, n up to LQ_SHAPE_SHORT + 1; behind both, eight bytes can be read.
static inline bool lq_shape_same(const char *a, const char *b, size_t n)
{
  enum { WORD = 8 };
  uint64_t differ = lq_shape_word(a) ^ lq_shape_word(b);
  if (n < WORD)
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return differ << (WORD - n) * WORD == 0;
#else
    return differ >> (WORD - n) * WORD == 0;
#endif
  for (size_t i = WORD; i + WORD < n; i += WORD)
    differ |= lq_shape_word(a + i) ^ lq_shape_word(b + i);
  return (differ | (lq_shape_word(a + n - WORD) ^ lq_shape_word(b + n - WORD))) == 0;
}

static inline size_t lq_shape_compared(const lq_shape *s)
{
  return s->shift < LQ_SHAPE_WIDE ? (size_t)LQ_SHAPE_WIDE - s->shift : (size_t)s->n + 1;
}

// Does this text begin with the key and its closing quote? Never true of a long key. LQ_SHAPE_ROOM bytes can
// be read there.
static inline bool lq_shape_begins(const lq_shape *s, const char *text)
{
#ifdef __SSE2__ // without a branch that would go by the length
  if (__builtin_expect(s->shift < LQ_SHAPE_WIDE, 1)) {
    const __m128i *a = (const __m128i *)(const void *)s->key, *b = (const __m128i *)(const void *)text;
    __m128i low = _mm_cmpeq_epi8(_mm_loadu_si128(a), _mm_loadu_si128(b)),
            high = _mm_cmpeq_epi8(_mm_loadu_si128(a + 1), _mm_loadu_si128(b + 1));
    uint32_t same = (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
    return ~same << s->shift == 0;
  }
#endif
  return lq_shape_same(s->key, text, lq_shape_compared(s));
}

// The same where so many can be read.
static inline bool lq_shape_begins_near(const lq_shape *s, const char *text, size_t room)
{
  return room >= lq_shape_compared(s) && memcmp(s->key, text, lq_shape_compared(s)) == 0;
}

#endif
