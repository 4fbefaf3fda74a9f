// Keys by the path that leads to them.
#include "input/shapes.h"

enum {
  FIRST = 256,
  GROWS = 4,
  CELLS = 2,   // for each shape
  PATHS = 8,   // steps for each
  OTHERS = 64, // steps that are known at one place: who invents keys must not make us look through more,
  TRIED = 4,   // and those whose text is looked at before the key is looked up
  STEPS = 32,  // from a key's place in the table: keys come from events, and all may want the same place
};

// An earlier object's number must not come again.
static const uint32_t last_object = UINT32_MAX / 2;

_Static_assert(sizeof(lq_shape) == 64, "a shape is a line of the cache");

static void forget(lq_shapes *s)
{
  memset(s->cells, 0, s->cap * CELLS * sizeof *s->cells);
  memset(s->items, 0, sizeof *s->items);
  lq_arena_reset(&s->texts);
  s->items[0].shift = LQ_SHAPE_WIDE - 1;
  s->items[0].key[0] = LQ_SHAPE_NEVER; // where no key is expected, this one is
  s->n = s->nsteps = 1;
  s->steps[0] = (lq_shape_step){0};
  s->object = 0;
  s->full = false;
  s->generation++;
}

static void release(lq_shapes *s)
{
  lq_mem_free(s->mem, s->items, s->cap, sizeof *s->items);
  lq_mem_free(s->mem, s->cells, s->cap * CELLS, sizeof *s->cells);
  lq_mem_free(s->mem, s->steps, s->cap * PATHS, sizeof *s->steps);
}

static bool allocate(lq_shapes *s, size_t cap)
{
  lq_shapes made = *s;
  made.cap = cap;
  made.items = lq_mem_alloc(s->mem, cap, sizeof *s->items);
  made.cells = lq_mem_alloc(s->mem, cap * CELLS, sizeof *s->cells);
  made.steps = lq_mem_alloc(s->mem, cap * PATHS, sizeof *s->steps);
  bool fine = made.items && made.cells && made.steps;
  release(fine ? s : &made);
  if (fine)
    *s = made;
  return fine;
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
  release(s);
  lq_arena_free(&s->texts);
  *s = (lq_shapes){.mem = s->mem, .texts = {.mem = s->mem}};
}

static bool keep_key(lq_shapes *s, lq_shape *made, lq_str key)
{
  char *to = made->key;
  made->n = (uint8_t)key.n;
  size_t compared = key.n > LQ_SHAPE_SHORT ? 1 : key.n + 1;
  made->shift = (uint8_t)(compared > LQ_SHAPE_WIDE ? LQ_SHAPE_FAR : LQ_SHAPE_WIDE - compared);
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

// ---- steps

// The step of a link with this shape becomes the first one there.
static uint16_t *prefer(lq_shapes *s, uint16_t first, uint16_t step)
{
  lq_shape_step *a = &s->steps[first], *b = &s->steps[step], old = *a;
  a->shape = b->shape, a->next = b->next;
  b->shape = old.shape, b->next = old.next;
  return &a->next;
}

static uint16_t *add_step(lq_shapes *s, uint16_t *link, uint16_t shape)
{
  if (s->nsteps == s->cap * PATHS) {
    s->full = true;
    return &s->nowhere;
  }
  lq_shape_step *made = &s->steps[s->nsteps];
  *made = (lq_shape_step){.shape = shape, .other = *link};
  *link = (uint16_t)s->nsteps++;
  return &made->next;
}

// Where many are known, the new one takes the place of that which was not taken for longest.
static uint16_t *follow(lq_shapes *s, uint16_t *link, uint16_t shape)
{
  uint16_t step = *link, last = 0;
  int known = 0;
  for (; step && s->steps[step].shape != shape; known++)
    last = step, step = s->steps[step].other;
  if (step)
    return prefer(s, *link, step);
  if (link == &s->nowhere || known < OTHERS)
    return link == &s->nowhere ? link : add_step(s, link, shape);
  s->steps[last].shape = shape;
  s->steps[last].next = 0;
  return prefer(s, *link, last);
}

static bool begins(const lq_shape *s, const char *key, size_t room)
{
  return room >= LQ_SHAPE_ROOM ? lq_shape_begins(s, key) : lq_shape_begins_near(s, key, room);
}

uint16_t lq_shapes_find_other(lq_shapes *s, uint16_t **link, const char *key, size_t room)
{
  uint16_t step = s->steps[s->steps[**link].other].other;
  int tried = 0;
  while (step && tried++ < TRIED && !begins(&s->items[s->steps[step].shape], key, room))
    step = s->steps[step].other;
  if (!step || tried > TRIED)
    return LQ_NO_SHAPE;
  uint16_t found = s->steps[step].shape;
  *link = prefer(s, **link, step);
  return found;
}

uint16_t lq_shapes_find(lq_shapes *s, uint16_t in, uint16_t **link, lq_str key)
{
  s->lookups++;
  uint16_t found = find(s, in, key);
  if (found != LQ_NO_SHAPE)
    *link = follow(s, *link, found);
  return found;
}
