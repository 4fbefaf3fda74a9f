// Short values have a table of their own. The entries of others are written into a ring, one behind the
// other, and over the oldest ones; a table of small sets says where each lies. Whoever fills it with values
// that never come again only makes it forget.
#include "engine/value_cache.h"

#include "base/hash.h"
#include "engine/short_values.h"

enum {
  WAYS = 4,
  VALUE_MAX = 16 << 10,
  RING_MIN = 16 << 10,
  BYTES_A_CELL = 128, // of the ring
  // A slot's values are asked for in rounds. After one with hardly a hit they are left alone for a while:
  // looking in vain costs a fifth of a search, so it pays if one value in eight is found.
  ROUND = 256,
  PAUSE = 4096,
  PAYS_ONE_IN = 8,
};

typedef struct cell {
  uint64_t place; // bytes written before it; the ring holds the last ones, so at 0 there is nothing
  uint64_t hash;
} cell;

typedef struct entry {
  uint32_t slot, type, length, n; // of the value's bytes; of trues
} entry;

typedef struct round {
  uint32_t asked, hits, pause;
} round;

struct lq_value_cache {
  const lq_mem *mem;
  char *ring;
  size_t size;
  uint64_t written;
  cell *cells;
  size_t ncells;
  round *rounds; // by slot
  size_t nslots;
  lq_short_values shorts;
  // Of what was asked last:
  bool is_short;
  lq_short_key key; // if it is
  uint64_t hash;    // if not
};

static size_t power_of_two(size_t least)
{
  size_t n = 1;
  while (n < least && n <= SIZE_MAX / 2)
    n *= 2;
  return n;
}

lq_status lq_value_cache_new(lq_value_cache **out, size_t nslots, size_t bytes, const lq_mem *mem)
{
  *out = NULL;
  lq_value_cache *c = lq_mem_alloc(mem, 1, sizeof *c);
  if (!c)
    return LQ_E_NOMEM;
  c->mem = mem;
  c->size = bytes < RING_MIN ? RING_MIN : bytes / 8 * 8;
  c->ncells = power_of_two(c->size / BYTES_A_CELL);
  c->nslots = nslots;
  c->written = 2 * (uint64_t)c->size;
  c->ring = lq_mem_resize(mem, NULL, 0, c->size, 1);
  c->cells = lq_mem_alloc(mem, c->ncells, sizeof *c->cells);
  c->rounds = lq_mem_alloc(mem, nslots, sizeof *c->rounds);
  bool made = lq_short_values_init(&c->shorts, nslots, mem);
  if (!made || !c->ring || !c->cells || !c->rounds) {
    lq_value_cache_free(c);
    return LQ_E_NOMEM;
  }
  *out = c;
  return LQ_OK;
}

void lq_value_cache_free(lq_value_cache *c)
{
  if (!c)
    return;
  lq_short_values_free(&c->shorts, c->mem);
  lq_mem_free(c->mem, c->ring, c->size, 1);
  lq_mem_free(c->mem, c->cells, c->ncells, sizeof *c->cells);
  lq_mem_free(c->mem, c->rounds, c->nslots, sizeof *c->rounds);
  lq_mem_free(c->mem, c, 1, sizeof *c);
}

size_t lq_value_cache_bytes(const lq_value_cache *c)
{
  return sizeof *c + c->size + c->ncells * sizeof *c->cells + c->nslots * sizeof *c->rounds +
         lq_short_values_bytes(&c->shorts);
}

// The bytes that tell a value from others of its type.
static lq_str bytes_of(const lq_value *v)
{
  switch (v->type) {
  case LQ_T_STRING: return v->s;
  case LQ_T_BOOL: return (lq_str){(const char *)&v->b, sizeof v->b};
  case LQ_T_INT: return (lq_str){(const char *)&v->i, sizeof v->i};
  case LQ_T_UINT: return (lq_str){(const char *)&v->u, sizeof v->u};
  case LQ_T_DOUBLE: return (lq_str){(const char *)&v->d, sizeof v->d};
  case LQ_T_NULL:
  case LQ_T_IP:
  case LQ_T_DATE:
  case LQ_T_OBJECT: break;
  }
  return (lq_str){"", SIZE_MAX};
}

bool lq_value_cache_wants(lq_value_cache *c, uint32_t slot, const lq_value *v, bool pays)
{
  lq_str bytes = bytes_of(v);
  c->is_short = lq_short_key_of(&c->key, slot, v->type, bytes);
  if (c->is_short || !pays || bytes.n > VALUE_MAX)
    return c->is_short;
  round *r = &c->rounds[slot];
  if (r->pause > 0) {
    r->pause--;
    return false;
  }
  if (r->asked == ROUND) {
    r->pause = r->hits * PAYS_ONE_IN < ROUND ? PAUSE : 0;
    r->asked = r->hits = 0;
  }
  r->asked++;
  return true;
}

// Four sums side by side: one after the other, a long value's would take as long as comparing it ten times.
static uint64_t hash_of(uint32_t slot, lq_str s)
{
  enum { LANES = 4 };
  static const uint64_t mix = UINT64_C(0x9E3779B97F4A7C15);
  uint64_t sums[LANES] = {slot, 1, 2, 3}, part[LANES];
  for (; s.n > sizeof part; s.p += sizeof part, s.n -= sizeof part) {
    memcpy(part, s.p, sizeof part);
    for (int i = 0; i < LANES; i++) {
      sums[i] = (sums[i] ^ part[i]) * mix;
      sums[i] ^= sums[i] >> 32;
    }
  }
  uint64_t h = s.n;
  for (int i = 0; i < LANES; i++)
    h = (h ^ sums[i]) * mix, h ^= h >> 32;
  for (; s.n > sizeof *part; s.p += sizeof *part, s.n -= sizeof *part) {
    memcpy(part, s.p, sizeof *part);
    h = (h ^ *part) * mix, h ^= h >> 32;
  }
  h = (h ^ lq_hash_tail(s.p, s.n)) * mix;
  return h ^ h >> 32;
}

static cell *set_of(lq_value_cache *c, uint64_t hash)
{
  return c->cells + (hash & (c->ncells / WAYS - 1)) * WAYS;
}

static bool is_kept(const lq_value_cache *c, const cell *x)
{
  return c->written - x->place <= c->size;
}

static size_t length_of(size_t n, size_t length)
{
  return (sizeof(entry) + n * sizeof(uint32_t) + length + 7) / 8 * 8;
}

static bool is_it(const lq_value_cache *c, const cell *x, uint32_t slot, const lq_value *v, lq_str bytes,
                  const uint32_t **trues, size_t *n)
{
  const char *p = c->ring + x->place % c->size;
  entry e;
  memcpy(&e, p, sizeof e);
  const char *text = p + sizeof e + e.n * sizeof **trues;
  if (e.slot != slot || e.type != (uint32_t)v->type || !lq_str_eq((lq_str){text, e.length}, bytes))
    return false;
  *trues = (const uint32_t *)(const void *)(p + sizeof e);
  *n = e.n;
  return true;
}

static bool find_in_ring(lq_value_cache *c, uint32_t slot, const lq_value *v, const uint32_t **trues,
                         size_t *n)
{
  lq_str bytes = bytes_of(v);
  c->hash = hash_of(slot, bytes);
  const cell *set = set_of(c, c->hash);
  for (const cell *x = set; x < set + WAYS; x++) {
    if (x->hash == c->hash && is_kept(c, x) && is_it(c, x, slot, v, bytes, trues, n))
      return true;
  }
  return false;
}

bool lq_value_cache_find(lq_value_cache *c, uint32_t slot, const lq_value *v, const uint32_t **trues,
                         size_t *n)
{
  if (!c->is_short) {
    bool found = find_in_ring(c, slot, v, trues, n);
    c->rounds[slot].hits += found;
    return found;
  }
  const lq_short_value *x = lq_short_values_find(&c->shorts, &c->key);
  if (!x || x->n == LQ_SHORT_MANY)
    return x && find_in_ring(c, slot, v, trues, n);
  *trues = x->trues;
  *n = x->n;
  return true;
}

static cell *oldest(lq_value_cache *c)
{
  cell *set = set_of(c, c->hash), *best = set;
  for (cell *x = set; x < set + WAYS; x++)
    best = x->place < best->place ? x : best;
  return best;
}

void lq_value_cache_add(lq_value_cache *c, uint32_t slot, const lq_value *v, const uint32_t *trues, size_t n)
{
  lq_str bytes = bytes_of(v);
  if (c->is_short)
    lq_short_values_add(&c->shorts, &c->key, trues, n);
  if (c->is_short && n <= LQ_SHORT_TRUES)
    return;
  if (c->is_short)
    c->hash = hash_of(slot, bytes);
  size_t need = n < c->size / 16 ? length_of(n, bytes.n) : SIZE_MAX;
  if (need > c->size / 2)
    return;
  size_t left = c->size - (size_t)(c->written % c->size);
  c->written += left < need ? left : 0; // an entry is in one piece
  char *p = c->ring + c->written % c->size;
  *oldest(c) = (cell){.place = c->written, .hash = c->hash};
  entry e = {slot, v->type, (uint32_t)bytes.n, (uint32_t)n};
  memcpy(p, &e, sizeof e);
  if (n > 0)
    memcpy(p + sizeof e, trues, n * sizeof *trues);
  if (bytes.n > 0)
    memcpy(p + sizeof e + n * sizeof *trues, bytes.p, bytes.n);
  c->written += need;
}
