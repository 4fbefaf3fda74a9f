// State as bytes.
#include "engine/wire.h"

void lq_wire_put8(lq_buf *out, unsigned v)
{
  lq_buf_byte(out, (char)v);
}

static void put(lq_buf *out, uint64_t v, size_t n)
{
  char b[8];
  for (size_t i = 0; i < n; i++)
    b[i] = (char)(v >> (8 * i));
  lq_buf_add(out, b, n);
}

void lq_wire_put32(lq_buf *out, uint64_t v)
{
  put(out, v, 4);
}

void lq_wire_put64(lq_buf *out, uint64_t v)
{
  put(out, v, 8);
}

void lq_wire_put_str(lq_buf *out, lq_str s)
{
  put(out, s.n, 4);
  lq_buf_str(out, s);
}

void lq_wire_put_order(lq_buf *out, lq_order o)
{
  put(out, (uint64_t)o.time, 8);
  put(out, o.arrival, 8);
}

void lq_wire_put_value(lq_buf *out, const lq_value *v)
{
  uint64_t bits;
  lq_wire_put8(out, v->type);
  switch (v->type) {
  case LQ_T_BOOL: lq_wire_put8(out, v->b); break;
  case LQ_T_INT:
  case LQ_T_DATE: put(out, (uint64_t)v->i, 8); break;
  case LQ_T_UINT: put(out, v->u, 8); break;
  case LQ_T_DOUBLE:
    memcpy(&bits, &v->d, sizeof bits);
    put(out, bits, 8);
    break;
  case LQ_T_STRING: lq_wire_put_str(out, v->s); break;
  case LQ_T_IP: lq_buf_add(out, v->ip->b, sizeof v->ip->b); break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
}

void lq_wire_put_packed(lq_buf *out, const lq_packed *p)
{
  lq_wire_put8(out, p != NULL);
  if (!p)
    return;
  lq_wire_put32(out, p->n);
  for (uint32_t i = 0; i < p->n; i++) {
    lq_wire_put32(out, p->lists[i].n);
    for (size_t k = 0; k < p->lists[i].n; k++)
      lq_wire_put_value(out, &p->lists[i].v[k]);
  }
}

void lq_wire_put_kept(lq_buf *out, const lq_kept *k)
{
  lq_wire_put8(out, k != NULL);
  if (!k)
    return;
  lq_wire_put_order(out, k->order);
  lq_wire_put64(out, k->line);
  lq_wire_put64(out, k->offset);
  lq_wire_put64(out, k->nth);
  lq_wire_put8(out, (unsigned)k->has_time | (unsigned)k->mapped << 1);
  lq_wire_put_str(out, k->raw);
  lq_wire_put_str(out, k->source);
  lq_wire_put32(out, k->nvalues);
  for (size_t i = 0; i < k->nvalues; i++) {
    lq_wire_put32(out, k->values[i].slot);
    lq_wire_put32(out, k->values[i].element);
    lq_wire_put32(out, k->values[i].parent);
    lq_wire_put_value(out, &k->values[i].v);
  }
}

// ---- reading

static uint64_t get(lq_wire *w, size_t n)
{
  if (w->bad || w->rest.n < n) {
    w->bad = true;
    return 0;
  }
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++)
    v |= (uint64_t)(uint8_t)w->rest.p[i] << (8 * i);
  w->rest = lq_str_slice(w->rest, n, w->rest.n);
  return v;
}

unsigned lq_wire_get8(lq_wire *w)
{
  return (unsigned)get(w, 1);
}

uint32_t lq_wire_get32(lq_wire *w)
{
  return (uint32_t)get(w, 4);
}

uint64_t lq_wire_get64(lq_wire *w)
{
  return get(w, 8);
}

lq_str lq_wire_get_str(lq_wire *w)
{
  size_t n = lq_wire_get32(w);
  if (w->bad || n > w->rest.n) {
    w->bad = true;
    return LQ_STR("");
  }
  lq_str s = lq_str_slice(w->rest, 0, n);
  w->rest = lq_str_slice(w->rest, n, w->rest.n);
  return s;
}

lq_order lq_wire_get_order(lq_wire *w)
{
  lq_order o = {.time = (int64_t)lq_wire_get64(w)};
  o.arrival = lq_wire_get64(w);
  return o;
}

bool lq_wire_get_flag(lq_wire *w)
{
  unsigned v = lq_wire_get8(w);
  w->bad |= v > 1;
  return v == 1 && !w->bad;
}

uint32_t lq_wire_get_count(lq_wire *w, size_t size)
{
  uint32_t n = lq_wire_get32(w);
  w->bad |= n > w->rest.n / (size ? size : 1);
  return w->bad ? 0 : n;
}

lq_status lq_wire_status(const lq_wire *w)
{
  return !w->bad ? LQ_OK : w->status ? w->status : LQ_E_BUNDLE;
}

static void no_memory(lq_wire *w)
{
  w->bad = true;
  w->status = LQ_E_NOMEM;
}

static void *room(lq_wire *w, size_t count, size_t size)
{
  void *p = lq_arena_array(w->room, count ? count : 1, size);
  if (!p)
    no_memory(w);
  return p;
}

lq_value lq_wire_get_value(lq_wire *w)
{
  unsigned type = lq_wire_get8(w);
  lq_value v = {.type = (lq_type)(type < LQ_T_COUNT ? type : LQ_T_NULL)};
  uint64_t bits;
  w->bad |= type >= LQ_T_COUNT;
  switch (v.type) {
  case LQ_T_BOOL: v.b = lq_wire_get_flag(w); break;
  case LQ_T_INT:
  case LQ_T_DATE: v.i = (int64_t)lq_wire_get64(w); break;
  case LQ_T_UINT: v.u = lq_wire_get64(w); break;
  case LQ_T_DOUBLE:
    bits = lq_wire_get64(w);
    memcpy(&v.d, &bits, sizeof v.d);
    break;
  case LQ_T_STRING: v.s = lq_wire_get_str(w); break;
  case LQ_T_IP:
    if (w->bad || w->rest.n < sizeof(lq_ip)) {
      w->bad = true;
      return (lq_value){0};
    }
    v.ip = (const lq_ip *)(const void *)w->rest.p;
    w->rest = lq_str_slice(w->rest, sizeof(lq_ip), w->rest.n);
    break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
  return v;
}

lq_packed *lq_wire_get_packed(lq_wire *w)
{
  if (!lq_wire_get_flag(w))
    return NULL;
  uint32_t n = lq_wire_get_count(w, 4);
  lq_values *lists = room(w, n, sizeof *lists);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t count = lq_wire_get_count(w, 1);
    lq_value *values = room(w, count, sizeof *values);
    for (uint32_t k = 0; k < count && !w->bad; k++)
      values[k] = lq_wire_get_value(w);
    lists[i] = (lq_values){values, count};
  }
  if (w->bad)
    return NULL;
  lq_packed *p = lq_pack(lists, n, w->mem);
  if (!p)
    no_memory(w);
  return p;
}

static size_t get_slots(lq_wire *w, lq_kept_value *values, uint32_t n)
{
  size_t kept = 0;
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t slot = lq_wire_get32(w);
    lq_kept_value v = {.element = lq_wire_get32(w)};
    v.parent = lq_wire_get32(w);
    v.v = lq_wire_get_value(w);
    lq_wire_refuse(w, slot >= w->nslots);
    v.slot = w->bad ? UINT32_MAX : w->slots[slot];
    if (v.slot != UINT32_MAX)
      values[kept++] = v;
  }
  return kept;
}

lq_kept *lq_wire_get_kept(lq_wire *w)
{
  if (!lq_wire_get_flag(w))
    return NULL;
  lq_kept k = {.order = lq_wire_get_order(w)};
  k.line = lq_wire_get64(w);
  k.offset = lq_wire_get64(w);
  k.nth = lq_wire_get64(w);
  unsigned flags = lq_wire_get8(w);
  lq_wire_refuse(w, flags > 3);
  k.has_time = flags & 1;
  k.mapped = flags >> 1 & 1;
  k.raw = lq_wire_get_str(w);
  k.source = lq_wire_get_str(w);
  uint32_t n = lq_wire_get_count(w, 13);
  lq_kept_value *values = room(w, n, sizeof *values);
  if (w->bad)
    return NULL;
  k.values = values;
  k.nvalues = get_slots(w, values, n);
  lq_kept *made = w->bad ? NULL : lq_kept_copy(&k, w->mem);
  if (!made && !w->bad)
    no_memory(w);
  return made;
}
