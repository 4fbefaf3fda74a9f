// Literals anywhere in a text. Each has a window of up to four bytes in which it is rare; the text is read
// once, window by window, and a bit says of nearly all of them that no literal has it. What is left is looked
// up and compared.
#include "engine/match_parts.h"

enum { BITS_MIN = 8, BITS_MAX = 19, BITS_A_GRAM = 16 };

static uint32_t hash_of(uint32_t window)
{
  return window * UINT32_C(0x9E3779B1);
}

static inline uint32_t window_at(const char *p, uint32_t width)
{
  uint16_t two;
  uint32_t four;
  if (width == 1)
    return (uint8_t)*p;
  if (width == 2)
    return memcpy(&two, p, sizeof two), two;
  return memcpy(&four, p, sizeof four), four;
}

static uint32_t bits_for(size_t n, uint32_t least, uint32_t most)
{
  while (least < most && (size_t)1 << least < n)
    least++;
  return least;
}

// Where the windows of each bucket begin: counted, added up, and filled from behind.
static void fill(lq_grams *g, lq_gram *out, const lq_literal *literals, size_t n)
{
  uint32_t shift = 32 - g->bucket_bits;
  for (size_t i = 0; i < n; i++) {
    uint32_t hash = hash_of(window_at(literals[i].text.p + literals[i].offset, g->width));
    uint32_t bit = hash >> (32 - g->bits);
    g->seen[bit / 64] |= UINT64_C(1) << bit % 64;
    g->buckets[hash >> shift]++;
  }
  for (size_t i = 0; i < (size_t)1 << g->bucket_bits; i++)
    g->buckets[i + 1] += g->buckets[i];
  for (size_t i = n; i-- > 0;) {
    const lq_literal *l = &literals[i];
    uint32_t window = window_at(l->text.p + l->offset, g->width);
    out[--g->buckets[hash_of(window) >> shift]] = (lq_gram){l->text.p, window, (uint32_t)l->text.n, l->offset,
                                                            l->key};
  }
}

void lq_grams_make(lq_grams *g, lq_arena *a, const lq_literal *literals, size_t n, uint32_t width_index)
{
  *g = (lq_grams){.width = 1u << width_index};
  if (n == 0)
    return;
  g->bits = bits_for(n * BITS_A_GRAM, BITS_MIN, BITS_MAX);
  g->bucket_bits = bits_for(n, 1, BITS_MAX);
  g->seen = lq_arena_array(a, (size_t)1 << g->bits >> 6, sizeof *g->seen);
  g->buckets = lq_arena_array(a, ((size_t)1 << g->bucket_bits) + 1, sizeof *g->buckets);
  lq_gram *grams = lq_arena_array(a, n, sizeof *grams);
  if (!g->seen || !g->buckets || !grams)
    return;
  fill(g, grams, literals, n);
  g->grams = grams;
}

static void compare(const lq_gram *x, lq_search *s, size_t at)
{
  if (at < x->offset || s->text.n - (at - x->offset) < x->length || lq_search_is_done(s, &x->key))
    return;
  size_t start = at - x->offset;
  if (lq_search_charge(s, x->length) && memcmp(s->text.p + start, x->literal, x->length) == 0)
    lq_search_found(s, &x->key, start, start + x->length);
}

// A bit of the window at `at` was met.
static void look(const lq_grams *g, lq_search *s, size_t at, uint32_t window, uint32_t hash)
{
  uint32_t bucket = hash >> (32 - g->bucket_bits);
  const lq_gram *end = g->grams + g->buckets[bucket + 1];
  for (const lq_gram *x = g->grams + g->buckets[bucket]; x < end; x++) {
    if (!lq_search_charge(s, 1))
      return;
    if (x->window == window)
      compare(x, s, at);
  }
}

static inline void scan(const lq_grams *g, lq_search *s, uint32_t width)
{
  const char *p = s->text.p;
  const uint64_t *seen = g->seen;
  uint32_t shift = 32 - g->bits;
  for (size_t at = 0, n = s->text.n; n - at >= width; at++) {
    uint32_t window = window_at(p + at, width), hash = hash_of(window), bit = hash >> shift;
    if (__builtin_expect(seen[bit / 64] >> bit % 64 & 1, 0)) {
      look(g, s, at, window, hash);
      if (s->failed)
        return;
    }
  }
}

// Single bytes are few, and most of them are met at once.
static void scan_bytes(const lq_grams *g, lq_search *s)
{
  const lq_gram *end = g->grams + g->buckets[(size_t)1 << g->bucket_bits];
  for (const lq_gram *x = g->grams; x < end; x++) {
    for (size_t at = 0; at < s->text.n && !lq_search_is_done(s, &x->key); at++) {
      const char *p = memchr(s->text.p + at, (int)x->window, s->text.n - at);
      if (!p || !lq_search_charge(s, 1))
        break;
      at = (size_t)(p - s->text.p);
      lq_search_found(s, &x->key, at, at + 1);
    }
  }
}

void lq_grams_scan(const lq_grams *g, lq_search *s)
{
  if (!g->grams || s->failed)
    return;
  switch (g->width) { // a loop for each, so that a window is one load
  case 1: scan_bytes(g, s); break;
  case 2: scan(g, s, 2); break;
  default: scan(g, s, 4); break;
  }
}

// ---- rarity

enum { COUNT_BITS_MIN = 6, COUNT_BITS_MAX = 14, SHORT = 1 << 20 };

void lq_rarity_make(lq_rarity *r, lq_arena *scratch, size_t bytes)
{
  r->bits = bits_for(bytes, COUNT_BITS_MIN, COUNT_BITS_MAX);
  r->counts = lq_arena_array(scratch, (size_t)1 << r->bits, sizeof *r->counts);
}

static uint32_t count_at(const lq_rarity *r, const char *p)
{
  return r->counts[hash_of(window_at(p, 4)) >> (32 - r->bits)];
}

void lq_rarity_count(lq_rarity *r, lq_str literal)
{
  for (size_t i = 0; i + LQ_WINDOW_MAX <= literal.n; i++) {
    uint16_t *count = &r->counts[hash_of(window_at(literal.p + i, 4)) >> (32 - r->bits)];
    *count = (uint16_t)(*count + (*count < UINT16_MAX));
  }
}

// What paths and command lines are full of, whatever the patterns say: the more, the more common.
static const uint8_t commonness[256] = {
    ['e'] = 22, ['t'] = 21, ['a'] = 20, ['o'] = 19, ['i'] = 18, ['n'] = 17, ['s'] = 16, ['r'] = 15,
    ['l'] = 14, ['c'] = 13, ['d'] = 12, ['m'] = 11, [' '] = 10, ['.'] = 9,  ['\\'] = 8, ['-'] = 7,
    ['/'] = 6,  ['w'] = 5,  ['p'] = 4,  ['u'] = 3,  ['0'] = 2,  ['1'] = 1,
};

uint32_t lq_rarity_of(const lq_rarity *r, lq_str literal, uint32_t *offset)
{
  uint32_t best = SHORT * (uint32_t)(LQ_WINDOW_MAX + 1 - (literal.n < 4 ? literal.n : 4));
  *offset = 0;
  const uint8_t *p = (const uint8_t *)literal.p;
  uint32_t letters = literal.n < LQ_WINDOW_MAX ? 0 : commonness[p[0]] + commonness[p[1]] + commonness[p[2]];
  for (size_t i = 0; i + LQ_WINDOW_MAX <= literal.n; i++) {
    letters += commonness[p[i + LQ_WINDOW_MAX - 1]];
    uint32_t here = 16 * count_at(r, literal.p + i) + letters;
    if (here < best)
      best = here, *offset = (uint32_t)i;
    letters -= commonness[p[i]];
  }
  return best;
}
