// A table with two places for each hash. Nobody looks further: a value that has lost its place is found out
// anew, so values that were chosen to share one only cost what they would have cost without the table.
#include "engine/short_values.h"

#include "base/hash.h"

enum { ROWS_A_SLOT = 32, BITS_MIN = 4, BITS_MAX = 12, WAYS = 2 };

bool lq_short_values_init(lq_short_values *s, size_t slots, const lq_mem *mem)
{
  s->bits = BITS_MIN;
  while (s->bits < BITS_MAX && (size_t)1 << s->bits < slots * ROWS_A_SLOT)
    s->bits++;
  s->rows = lq_mem_alloc(mem, (size_t)1 << s->bits, sizeof *s->rows);
  return s->rows != NULL;
}

void lq_short_values_free(lq_short_values *s, const lq_mem *mem)
{
  lq_mem_free(mem, s->rows, s->rows ? (size_t)1 << s->bits : 0, sizeof *s->rows);
}

size_t lq_short_values_bytes(const lq_short_values *s)
{
  return ((size_t)1 << s->bits) * sizeof *s->rows;
}

bool lq_short_key_of(lq_short_key *k, uint32_t slot, lq_type type, lq_str bytes)
{
  if (bytes.n > LQ_SHORT_MAX)
    return false;
  *k = (lq_short_key){.of = (uint64_t)slot << 16 | (uint64_t)type << 8 | (bytes.n + 1)};
  if (bytes.n < sizeof k->first) {
    k->first = lq_hash_tail(bytes.p, bytes.n);
    return true;
  }
  memcpy(&k->first, bytes.p, sizeof k->first);
  memcpy(&k->last, bytes.p + bytes.n - sizeof k->last, sizeof k->last);
  return true;
}

static lq_short_value *places_of(const lq_short_values *s, const lq_short_key *k)
{
  uint64_t h = (k->first ^ k->of) * UINT64_C(0x9E3779B97F4A7C15);
  h = (h ^ h >> 32 ^ k->last) * UINT64_C(0x9E3779B97F4A7C15);
  return &s->rows[h >> (64 - s->bits) & ~(uint64_t)(WAYS - 1)];
}

const lq_short_value *lq_short_values_find(const lq_short_values *s, const lq_short_key *k)
{
  const lq_short_value *x = places_of(s, k);
  for (const lq_short_value *end = x + WAYS; x < end; x++) {
    if (x->key.first == k->first && x->key.last == k->last && x->key.of == k->of)
      return x;
  }
  return NULL;
}

void lq_short_values_add(lq_short_values *s, const lq_short_key *k, const uint32_t *trues, size_t n)
{
  lq_short_value *x = places_of(s, k);
  x[1] = x[0];
  x->key = *k;
  x->n = n > LQ_SHORT_TRUES ? LQ_SHORT_MANY : (uint32_t)n;
  if (n > 0 && n <= LQ_SHORT_TRUES)
    memcpy(x->trues, trues, n * sizeof *trues);
}
