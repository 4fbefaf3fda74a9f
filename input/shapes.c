// Keys by the path that leads to them.
#include "input/shapes.h"

#include "base/hash.h"

enum {
  FIRST = 256,
  GROWS = 4,
  CELLS = 2,  // for each shape
  STEPS = 32, // from a key's place in the table: keys come from events, and all may want the same place
};

// An earlier object's number must not come again.
static const uint32_t last_object = UINT32_MAX / 2;

static void forget(lq_shapes *s)
{
  memset(s->cells, 0, s->cap * CELLS * sizeof *s->cells);
  memset(s->items, 0, sizeof *s->items);
  s->items[0].key[0] = 1; // no key begins like this: a prediction of none is never right
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
  *s = (lq_shapes){.mem = s->mem};
}

static uint16_t make(lq_shapes *s, uint16_t in, lq_str key, uint16_t *cell)
{
  if (s->n == s->cap) {
    s->full = true;
    return LQ_NO_SHAPE;
  }
  lq_shape made = {.parent = in, .n = (uint8_t)key.n};
  memcpy(made.key, key.p, key.n);
  made.key[key.n] = '"';
  memset(&made.last_word, 0xFF, key.n % sizeof made.last_word + 1);
  if (s->wants.member && !s->wants.member(s->wants.user, &s->items[in], &made, key))
    return LQ_NO_SHAPE;
  s->items[s->n] = made;
  s->made++;
  return *cell = (uint16_t)s->n++;
}

uint16_t lq_shapes_find(lq_shapes *s, uint16_t in, lq_str key)
{
  size_t mask = s->cap * CELLS - 1;
  s->lookups++;
  if (key.n > LQ_SHAPE_KEY)
    return LQ_NO_SHAPE;
  size_t i = (lq_hash_text(key) + in * (size_t)0x9E3779B1) & mask;
  for (int step = 0; step < STEPS; step++, i = (i + 1) & mask) {
    uint16_t at = s->cells[i];
    if (at == LQ_NO_SHAPE)
      return make(s, in, key, &s->cells[i]);
    const lq_shape *have = &s->items[at];
    if (have->parent == in && have->n == key.n && memcmp(have->key, key.p, key.n) == 0)
      return at;
  }
  return LQ_NO_SHAPE;
}
