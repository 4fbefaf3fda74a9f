// Keys by the path that leads to them.
#include "input/shapes.h"

enum {
  FIRST = 256,
  GROWS = 4,
  CELLS = 2,  // for each shape
  STEPS = 32, // from a key's place in the table: keys come from events, and all may want the same place
};

// An earlier object's number must not come again.
static const uint32_t last_object = UINT32_MAX / 2;

_Static_assert(sizeof(lq_shape) == 64, "a shape is a line of the cache");

static void forget(lq_shapes *s)
{
  memset(s->cells, 0, s->cap * CELLS * sizeof *s->cells);
  memset(s->items, 0, sizeof *s->items);
  lq_arena_reset(&s->texts);
  s->items[0].compared = 1;
  s->items[0].key[0] = LQ_SHAPE_NEVER; // where no key is expected, this one is
  s->n = 1;
  s->object = 0;
  s->full = false;
  s->generation++;
}

static bool allocate(lq_shapes *s, size_t cap)
{
  lq_shape *items = lq_mem_alloc(s->mem, cap, sizeof *items);
  uint16_t *cells = lq_mem_alloc(s->mem, cap * CELLS, sizeof *cells);
  if (!items || !cells) {
    lq_mem_free(s->mem, items, cap, sizeof *items);
    lq_mem_free(s->mem, cells, cap * CELLS, sizeof *cells);
    return false;
  }
  lq_mem_free(s->mem, s->items, s->cap, sizeof *items);
  lq_mem_free(s->mem, s->cells, s->cap * CELLS, sizeof *cells);
  s->items = items;
  s->cells = cells;
  s->cap = cap;
  return true;
}

bool lq_shapes_begin(lq_shapes *s)
{
  size_t most = s->most ? s->most : LQ_SHAPES_MOST;
  if (s->n > 0 && !s->full && s->object < last_object)
    return true;
  size_t cap = s->cap ? s->cap : FIRST / GROWS;
  if (!s->cap || s->full)
    cap = cap < most / GROWS ? cap * GROWS : most;
  if (cap > s->cap && !allocate(s, cap) && !s->cap)
    return false;
  forget(s);
  return true;
}

void lq_shapes_free(lq_shapes *s)
{
  lq_mem_free(s->mem, s->items, s->cap, sizeof *s->items);
  lq_mem_free(s->mem, s->cells, s->cap * CELLS, sizeof *s->cells);
  lq_arena_free(&s->texts);
  *s = (lq_shapes){.mem = s->mem, .texts = {.mem = s->mem}};
}

static bool keep_key(lq_shapes *s, lq_shape *made, lq_str key)
{
  char *to = made->key;
  made->n = (uint8_t)key.n;
  made->compared = (uint8_t)(key.n > LQ_SHAPE_SHORT ? 1 : key.n + 1);
  if (key.n > LQ_SHAPE_SHORT) {
    to = lq_arena_alloc(&s->texts, key.n + 1);
    made->key[0] = LQ_SHAPE_NEVER;
    made->long_key = to;
  }
  if (!to)
    return false;
  memcpy(to, key.p, key.n);
  to[key.n] = '"';
  return true;
}

static uint16_t make(lq_shapes *s, uint16_t in, lq_str key, uint16_t *cell)
{
  if (s->n == s->cap) {
    s->full = true;
    return LQ_NO_SHAPE;
  }
  lq_shape made = {.parent = in};
  if (!keep_key(s, &made, key) ||
      (s->wants.member && !s->wants.member(s->wants.user, &s->items[in], &made, key)))
    return LQ_NO_SHAPE;
  s->items[s->n] = made;
  s->made++;
  return *cell = (uint16_t)s->n++;
}

// A few bytes of a key tell it from most others; who makes them alike gains nothing but a fall back.
static size_t hash_of(uint16_t in, lq_str key)
{
  uint64_t h = in * UINT64_C(0xFF51AFD7ED558CCD) + key.n;
  if (key.n >= 8) {
    h = (h ^ lq_shape_word(key.p)) * UINT64_C(0x9E3779B97F4A7C15);
    h = (h ^ h >> 32 ^ lq_shape_word(key.p + key.n / 2 - 4)) * UINT64_C(0x9E3779B97F4A7C15);
    h = h ^ h >> 32 ^ lq_shape_word(key.p + key.n - 8);
  } else {
    uint64_t w = 0;
    for (size_t i = 0; i < key.n; i++)
      w = w << 8 | (uint8_t)key.p[i];
    h ^= w;
  }
  h *= UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(h >> 32);
}

static bool is_key(const lq_shape *s, lq_str key)
{
  return s->n == key.n && memcmp(key.n > LQ_SHAPE_SHORT ? s->long_key : s->key, key.p, key.n) == 0;
}

static uint16_t find(lq_shapes *s, uint16_t in, lq_str key)
{
  size_t mask = s->cap * CELLS - 1;
  if (key.n > LQ_SHAPE_KEY)
    return LQ_NO_SHAPE;
  size_t i = hash_of(in, key) & mask;
  for (int step = 0; step < STEPS; step++, i = (i + 1) & mask) {
    uint16_t at = s->cells[i];
    if (at == LQ_NO_SHAPE)
      return make(s, in, key, &s->cells[i]);
    const lq_shape *have = &s->items[at];
    if (have->parent == in && is_key(have, key))
      return at;
  }
  return LQ_NO_SHAPE;
}

uint16_t lq_shapes_find(lq_shapes *s, uint16_t in, uint16_t expected[2], lq_str key)
{
  s->lookups++;
  uint16_t found = find(s, in, key);
  expected[1] = expected[0];
  return expected[0] = found;
}
