// Group keys: the canonical bytes of a tuple of values, and their hash.
#include "state/keys.h"

// ---- SipHash-1-3

static uint64_t rotate(uint64_t x, int by)
{
  return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
  v[0] += v[1];
  v[1] = rotate(v[1], 13) ^ v[0];
  v[0] = rotate(v[0], 32);
  v[2] += v[3];
  v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3];
  v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1];
  v[1] = rotate(v[1], 17) ^ v[2];
  v[2] = rotate(v[2], 32);
}

static uint64_t word(const uint8_t *p, size_t n)
{
  uint64_t w = 0;
  for (size_t i = 0; i < n; i++)
    w |= (uint64_t)p[i] << (8 * i);
  return w;
}

static void absorb(uint64_t v[4], uint64_t w)
{
  v[3] ^= w;
  sip_round(v);
  v[0] ^= w;
}

uint64_t lq_siphash(const uint8_t key[16], const void *bytes, size_t n)
{
  const uint8_t *p = bytes;
  uint64_t k0 = word(key, 8), k1 = word(key + 8, 8);
  uint64_t v[4] = {k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
                   k1 ^ 0x7465646279746573};
  size_t whole = n / 8 * 8;
  for (size_t i = 0; i < whole; i += 8)
    absorb(v, word(p + i, 8));
  absorb(v, (n > whole ? word(p + whole, n - whole) : 0) | (uint64_t)n << 56);
  v[2] ^= 0xff;
  for (int i = 0; i < 3; i++)
    sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

// ---- tuples

static void add_part(lq_buf *b, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  if (!v) {
    lq_buf_byte(b, 0);
    return;
  }
  lq_str text = lq_value_text(v, scratch);
  char head[5] = {1, (char)text.n, (char)(text.n >> 8), (char)(text.n >> 16), (char)(text.n >> 24)};
  lq_buf_add(b, head, sizeof head);
  lq_buf_str(b, text);
}

bool lq_key_next(lq_str *rest, lq_str *part)
{
  *part = (lq_str){0};
  const uint8_t *p = (const uint8_t *)rest->p;
  if (rest->n == 0 || p[0] > 1)
    return false;
  if (p[0] == 0) {
    *rest = lq_str_slice(*rest, 1, rest->n);
    return true;
  }
  size_t n = rest->n >= 5 ? (size_t)word(p + 1, 4) : 0;
  if (rest->n < 5 || n > rest->n - 5)
    return false;
  *part = lq_str_slice(*rest, 5, 5 + n);
  *rest = lq_str_slice(*rest, 5 + n, rest->n);
  return true;
}

static bool is_new(const lq_value *v, const lq_value *const *seen, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (lq_value_equal(v, seen[i]))
      return false;
  }
  return true;
}

// Distinct values of a part; over max they are cut, or a long array would cost its square.
static lq_status add_distinct(lq_key_set *s, const lq_values *part, size_t *n)
{
  size_t from = *n;
  for (size_t i = 0; i < part->n; i++) {
    const lq_value *v = &part->v[i];
    if (v->type == LQ_T_OBJECT || v->type == LQ_T_NULL)
      continue;
    if (*n - from >= s->max) {
      s->cut += part->n - i;
      break;
    }
    if (!is_new(v, s->distinct + from, *n - from))
      continue;
    if (!LQ_GROW(s->mem, s->distinct, *n, &s->distinct_cap))
      return LQ_E_NOMEM;
    s->distinct[(*n)++] = v;
  }
  return LQ_OK;
}

static lq_status begin_tuple(lq_key_set *s)
{
  if (!LQ_GROW(s->mem, s->keys, s->n, &s->cap))
    return LQ_E_NOMEM;
  while (s->picks_cap < (s->n + 1) * s->nparts) {
    if (!LQ_GROW(s->mem, s->picks, s->picks_cap, &s->picks_cap))
      return LQ_E_NOMEM;
  }
  return LQ_OK;
}

// Bytes move while they grow: offsets first, pointers and hashes when all are there.
static lq_status finish(lq_key_set *s)
{
  if (s->bytes.failed)
    return LQ_E_NOMEM;
  size_t at = 0;
  for (size_t i = 0; i < s->n; i++) {
    s->keys[i].p = s->bytes.p ? s->bytes.p + at : "";
    s->keys[i].hash = lq_siphash(s->hash_key, s->keys[i].p, s->keys[i].n);
    at += s->keys[i].n;
  }
  return LQ_OK;
}

static lq_status add_tuple(lq_key_set *s, size_t nth, size_t nparts)
{
  lq_status status = begin_tuple(s);
  if (status)
    return status;
  size_t before = s->bytes.n;
  for (size_t i = nparts; i-- > 0;) { // the last part changes fastest
    size_t from = i > 0 ? s->ends[i - 1] : 0, n = s->ends[i] - from;
    s->picks[s->n * nparts + i] = n > 0 ? s->distinct[from + nth % n] : NULL;
    nth = n > 0 ? nth / n : nth;
  }
  for (size_t i = 0; i < nparts; i++)
    add_part(&s->bytes, s->picks[s->n * nparts + i]);
  s->keys[s->n++].n = s->bytes.n - before;
  return LQ_OK;
}

static void begin(lq_key_set *s, size_t nparts)
{
  s->bytes.mem = s->mem;
  lq_buf_clear(&s->bytes);
  s->n = 0;
  s->nparts = nparts;
}

lq_status lq_key_set_make(lq_key_set *s, const lq_values *parts, const bool *null, size_t nparts)
{
  begin(s, nparts);
  size_t total = 1, n = 0;
  for (size_t i = 0; i < nparts; i++) {
    size_t from = n;
    lq_status status = add_distinct(s, &parts[i], &n);
    if (!status && !LQ_GROW(s->mem, s->ends, i, &s->ends_cap))
      status = LQ_E_NOMEM;
    if (status)
      return status;
    s->ends[i] = n;
    if (n == from && !(null && null[i]))
      return LQ_OK;
    total *= n > from ? n - from : 1;
    if (total > s->max) {
      s->cut += total - s->max;
      total = s->max;
    }
  }
  for (size_t i = 0; i < total; i++) {
    lq_status status = add_tuple(s, i, nparts);
    if (status)
      return status;
  }
  return finish(s);
}

lq_status lq_key_set_make_whole(lq_key_set *s, const lq_values *parts, size_t nparts)
{
  begin(s, nparts);
  lq_status status = begin_tuple(s);
  if (status)
    return status;
  for (size_t i = 0; i < nparts; i++) {
    s->picks[i] = parts[i].n ? parts[i].v : NULL;
    for (size_t k = 0; k < parts[i].n; k++)
      add_part(&s->bytes, &parts[i].v[k]);
    lq_buf_byte(&s->bytes, 0); // ends a list, so that [a],[b] and [a,b],[] differ
  }
  s->n = 1;
  s->keys[0].n = s->bytes.n;
  return finish(s);
}

void lq_key_set_free(lq_key_set *s)
{
  lq_buf_free(&s->bytes);
  lq_mem_free(s->mem, s->keys, s->cap, sizeof *s->keys);
  lq_mem_free(s->mem, s->picks, s->picks_cap, sizeof *s->picks);
  lq_mem_free(s->mem, s->distinct, s->distinct_cap, sizeof *s->distinct);
  lq_mem_free(s->mem, s->ends, s->ends_cap, sizeof *s->ends);
  *s = (lq_key_set){.mem = s->mem, .max = s->max, .cut = s->cut};
}
