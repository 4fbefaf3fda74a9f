// State as bytes.
#include "state/codec.h"

void lq_encode8(lq_buf *out, unsigned v)
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

void lq_encode32(lq_buf *out, uint64_t v)
{
  put(out, v, 4);
}

void lq_encode64(lq_buf *out, uint64_t v)
{
  put(out, v, 8);
}

void lq_encode_str(lq_buf *out, lq_str s)
{
  put(out, s.n, 4);
  lq_buf_str(out, s);
}

void lq_encode_order(lq_buf *out, lq_order o)
{
  put(out, (uint64_t)o.time, 8);
  put(out, o.arrival, 8);
}

void lq_encode_value(lq_buf *out, const lq_value *v)
{
  uint64_t bits;
  lq_encode8(out, v->type);
  switch (v->type) {
  case LQ_T_BOOL: lq_encode8(out, v->b); break;
  case LQ_T_INT:
  case LQ_T_DATE: put(out, (uint64_t)v->i, 8); break;
  case LQ_T_UINT: put(out, v->u, 8); break;
  case LQ_T_DOUBLE:
    memcpy(&bits, &v->d, sizeof bits);
    put(out, bits, 8);
    break;
  case LQ_T_STRING: lq_encode_str(out, v->s); break;
  case LQ_T_IP: lq_buf_add(out, v->ip->b, sizeof v->ip->b); break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
}

void lq_encode_packed(lq_buf *out, const lq_packed *p)
{
  lq_encode8(out, p != NULL);
  if (!p)
    return;
  lq_encode32(out, p->n);
  for (uint32_t i = 0; i < p->n; i++) {
    lq_encode32(out, p->lists[i].n);
    for (size_t k = 0; k < p->lists[i].n; k++)
      lq_encode_value(out, &p->lists[i].v[k]);
  }
}

void lq_encode_snapshot(lq_buf *out, const lq_snapshot *k)
{
  lq_encode8(out, k != NULL);
  if (!k)
    return;
  lq_encode_order(out, k->order);
  lq_encode64(out, k->line);
  lq_encode64(out, k->offset);
  lq_encode64(out, k->nth);
  bool moved = k->has_time && k->time != k->order.time;
  lq_encode8(out, (unsigned)k->has_time | (unsigned)k->mapped << 1 | (unsigned)moved << 2);
  if (moved)
    lq_encode64(out, (uint64_t)k->time);
  lq_encode_str(out, k->raw);
  lq_encode_str(out, k->source);
  lq_encode32(out, k->nvalues);
  for (size_t i = 0; i < k->nvalues; i++) {
    lq_encode32(out, k->values[i].slot);
    lq_encode32(out, k->values[i].element);
    lq_encode32(out, k->values[i].parent);
    lq_encode_value(out, &k->values[i].v);
  }
}

// ---- reading

static uint64_t get(lq_decoder *w, size_t n)
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

unsigned lq_decode8(lq_decoder *w)
{
  return (unsigned)get(w, 1);
}

uint32_t lq_decode32(lq_decoder *w)
{
  return (uint32_t)get(w, 4);
}

uint64_t lq_decode64(lq_decoder *w)
{
  return get(w, 8);
}

lq_str lq_decode_str(lq_decoder *w)
{
  size_t n = lq_decode32(w);
  if (w->bad || n > w->rest.n) {
    w->bad = true;
    return LQ_STR("");
  }
  lq_str s = lq_str_slice(w->rest, 0, n);
  w->rest = lq_str_slice(w->rest, n, w->rest.n);
  return s;
}

lq_order lq_decode_order(lq_decoder *w)
{
  lq_order o = {.time = (int64_t)lq_decode64(w)};
  o.arrival = lq_decode64(w);
  return o;
}

bool lq_decode_flag(lq_decoder *w)
{
  unsigned v = lq_decode8(w);
  w->bad |= v > 1;
  return v == 1 && !w->bad;
}

uint32_t lq_decode_count(lq_decoder *w, size_t size)
{
  uint32_t n = lq_decode32(w);
  w->bad |= n > w->rest.n / (size ? size : 1);
  return w->bad ? 0 : n;
}

lq_status lq_decoder_status(const lq_decoder *w)
{
  return !w->bad ? LQ_OK : w->status ? w->status : LQ_E_BUNDLE;
}

static void no_memory(lq_decoder *w)
{
  w->bad = true;
  w->status = LQ_E_NOMEM;
}

static void *room(lq_decoder *w, size_t count, size_t size)
{
  void *p = lq_arena_array(w->room, count ? count : 1, size);
  if (!p)
    no_memory(w);
  return p;
}

lq_value lq_decode_value(lq_decoder *w)
{
  unsigned type = lq_decode8(w);
  lq_value v = {.type = (lq_type)(type < LQ_T_COUNT ? type : LQ_T_NULL)};
  uint64_t bits;
  w->bad |= type >= LQ_T_COUNT;
  switch (v.type) {
  case LQ_T_BOOL: v.b = lq_decode_flag(w); break;
  case LQ_T_INT:
  case LQ_T_DATE: v.i = (int64_t)lq_decode64(w); break;
  case LQ_T_UINT: v.u = lq_decode64(w); break;
  case LQ_T_DOUBLE:
    bits = lq_decode64(w);
    memcpy(&v.d, &bits, sizeof v.d);
    break;
  case LQ_T_STRING: v.s = lq_decode_str(w); break;
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

lq_packed *lq_decode_packed(lq_decoder *w)
{
  if (!lq_decode_flag(w))
    return NULL;
  uint32_t n = lq_decode_count(w, 4);
  lq_values *lists = room(w, n, sizeof *lists);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t count = lq_decode_count(w, 1);
    lq_value *values = room(w, count, sizeof *values);
    for (uint32_t k = 0; k < count && !w->bad; k++)
      values[k] = lq_decode_value(w);
    lists[i] = (lq_values){values, count};
  }
  if (w->bad)
    return NULL;
  lq_packed *p = lq_pack(lists, n, w->mem);
  if (!p)
    no_memory(w);
  return p;
}

static size_t get_slots(lq_decoder *w, lq_snapshot_value *values, uint32_t n)
{
  size_t kept = 0;
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint32_t slot = lq_decode32(w);
    lq_snapshot_value v = {.element = lq_decode32(w)};
    v.parent = lq_decode32(w);
    v.v = lq_decode_value(w);
    lq_decoder_refuse(w, slot >= w->nslots);
    v.slot = w->bad ? UINT32_MAX : w->slots[slot];
    if (v.slot != UINT32_MAX)
      values[kept++] = v;
  }
  return kept;
}

lq_snapshot *lq_decode_snapshot(lq_decoder *w)
{
  if (!lq_decode_flag(w))
    return NULL;
  lq_snapshot k = {.order = lq_decode_order(w)};
  k.line = lq_decode64(w);
  k.offset = lq_decode64(w);
  k.nth = lq_decode64(w);
  unsigned flags = lq_decode8(w);
  lq_decoder_refuse(w, flags > 7);
  k.has_time = flags & 1;
  k.mapped = flags >> 1 & 1;
  k.time = flags & 4 ? (int64_t)lq_decode64(w) : k.has_time ? k.order.time : 0;
  k.raw = lq_decode_str(w);
  k.source = lq_decode_str(w);
  uint32_t n = lq_decode_count(w, 13);
  lq_snapshot_value *values = room(w, n, sizeof *values);
  if (w->bad)
    return NULL;
  k.values = values;
  k.nvalues = get_slots(w, values, n);
  lq_snapshot *made = w->bad ? NULL : lq_snapshot_copy(&k, w->mem);
  if (!made && !w->bad)
    no_memory(w);
  return made;
}
