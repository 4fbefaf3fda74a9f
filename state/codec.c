// State as bytes: little-endian numbers, texts with their length, values, and a pool of what is shared.
#include "state/codec.h"

enum { POOL_SOURCE, POOL_EVENT, POOL_PACKED, POOL_KINDS };
enum { HAS_TIME = 1, MAPPED = 2, WHOLE = 4, VALUES = 8, MOVED = 16 };
enum { PACKED_NONE, PACKED_HERE, PACKED_SHARED };

// ---- writing

static inline void put(lq_encoder *w, uint64_t v, size_t n)
{
  char b[8];
  for (size_t i = 0; i < n; i++)
    b[i] = (char)(v >> (8 * i));
  lq_encode_bytes(w, b, n);
}

void lq_encode8(lq_encoder *w, unsigned v)
{
  put(w, v, 1);
}

void lq_encode32(lq_encoder *w, uint64_t v)
{
  put(w, v, 4);
}

void lq_encode64(lq_encoder *w, uint64_t v)
{
  put(w, v, 8);
}

void lq_encode_str(lq_encoder *w, lq_str s)
{
  put(w, s.n, 4);
  lq_encode_bytes(w, s.p, s.n);
}

void lq_encode_order(lq_encoder *w, lq_order o)
{
  put(w, (uint64_t)o.time, 8);
  put(w, o.arrival, 8);
}

void lq_encode_value(lq_encoder *w, const lq_value *v)
{
  uint64_t bits;
  put(w, v->type, 1);
  switch (v->type) {
  case LQ_T_BOOL: put(w, v->b, 1); break;
  case LQ_T_INT:
  case LQ_T_DATE: put(w, (uint64_t)v->i, 8); break;
  case LQ_T_UINT: put(w, v->u, 8); break;
  case LQ_T_DOUBLE:
    memcpy(&bits, &v->d, sizeof bits);
    put(w, bits, 8);
    break;
  case LQ_T_STRING: lq_encode_str(w, v->s); break;
  case LQ_T_IP: lq_encode_bytes(w, v->ip->b, sizeof v->ip->b); break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
}

size_t lq_encode_gap(lq_encoder *w)
{
  size_t at = w->out.n;
  put(w, 0, 4);
  return at;
}

void lq_encode_into_gap(lq_encoder *w, size_t at, uint64_t v)
{
  w->out.failed |= v > UINT32_MAX;
  for (size_t i = 0; i < 4 && !w->out.failed; i++)
    w->out.p[at + i] = (char)(v >> (8 * i));
}

// ---- the pool, writing

typedef struct pool_source {
  lq_key_node node;
  uint32_t at;
  char name[];
} pool_source;

void lq_save_pool_begin(lq_save_pool *p, uint32_t number, const uint8_t hash_key[16], const lq_mem *mem)
{
  lq_save_pool_free(p);
  *p = (lq_save_pool){.mem = mem, .number = number, .out = {.mem = mem}, .values = p->values};
  memcpy(p->hash_key, hash_key, sizeof p->hash_key);
  lq_key_table_init(&p->sources);
}

void lq_save_pool_free(lq_save_pool *p)
{
  if (!p->mem)
    return;
  while (!lq_list_empty(&p->sources.age)) {
    pool_source *s = LQ_OWNER(pool_source, node.age, p->sources.age.next);
    lq_key_table_remove(&p->sources, &s->node);
    lq_mem_free(p->mem, s, 1, sizeof *s + s->node.nkey);
  }
  lq_key_table_free(&p->sources, p->mem);
  lq_buf_free(&p->out);
  p->mem = NULL;
}

// Entries are written where they are found, the body of one being known only then: its size is filled in.
static lq_encoder begin_entry(lq_save_pool *p, unsigned kind, size_t *gap)
{
  lq_encoder w = {.out = p->out, .pool = p};
  lq_encode8(&w, kind);
  *gap = lq_encode_gap(&w);
  return w;
}

static uint32_t end_entry(lq_save_pool *p, lq_encoder *w, size_t gap)
{
  lq_encode_into_gap(w, gap, w->out.n - gap - 4);
  p->out = w->out;
  return p->n++;
}

static uint32_t put_source(lq_save_pool *p, lq_str name)
{
  if (p->n > 0 && lq_str_eq(p->last_source, name))
    return p->last_at;
  lq_key key = {name.p, name.n, lq_siphash(p->hash_key, name.p, name.n)};
  lq_key_node *node = lq_key_table_find(&p->sources, &key);
  pool_source *s = node ? LQ_OWNER(pool_source, node, node) : lq_mem_alloc(p->mem, 1, sizeof *s + name.n);
  if (!s) {
    p->out.failed = true;
    return 0;
  }
  if (!node) {
    size_t gap;
    memcpy(s->name, name.p ? name.p : "", name.n);
    s->node = (lq_key_node){.hash = key.hash, .key = s->name, .nkey = (uint32_t)name.n};
    lq_encoder w = begin_entry(p, POOL_SOURCE, &gap);
    lq_encode_bytes(&w, name.p, name.n);
    s->at = end_entry(p, &w, gap);
    if (!lq_key_table_add(&p->sources, &s->node, p->mem)) {
      lq_mem_free(p->mem, s, 1, sizeof *s + name.n);
      p->out.failed = true;
      return 0;
    }
  }
  p->last_source = (lq_str){s->name, name.n};
  return p->last_at = s->at;
}

static void put_values(lq_encoder *w, const lq_snapshot *k)
{
  lq_encode32(w, k->nvalues);
  for (size_t i = 0; i < k->nvalues; i++) {
    lq_encode32(w, k->values[i].slot);
    lq_encode32(w, k->values[i].element);
    lq_encode32(w, k->values[i].parent);
    lq_encode_value(w, &k->values[i].v);
  }
}

static uint32_t put_event(lq_save_pool *p, const lq_snapshot *k)
{
  size_t gap;
  bool values = p->values && k->whole, moved = k->has_time && k->time != k->order.time;
  uint32_t source = put_source(p, k->source);
  lq_encoder w = begin_entry(p, POOL_EVENT, &gap);
  lq_encode8(&w, (k->has_time ? HAS_TIME : 0) | (k->mapped ? MAPPED : 0) | (k->whole ? WHOLE : 0) |
                     (values ? VALUES : 0) | (moved ? MOVED : 0));
  lq_encode_order(&w, k->order);
  if (moved)
    lq_encode64(&w, (uint64_t)k->time);
  lq_encode64(&w, k->line);
  lq_encode64(&w, k->offset);
  lq_encode64(&w, k->nth);
  lq_encode32(&w, source);
  lq_encode_str(&w, k->raw);
  if (values)
    put_values(&w, k);
  return end_entry(p, &w, gap);
}

void lq_encode_event(lq_encoder *w, lq_snapshot *k)
{
  lq_save_pool *p = w->pool;
  if (k && k->mark.pool != p->number)
    k->mark = (lq_pool_mark){p->number, put_event(p, k)};
  lq_encode32(w, k ? (uint64_t)k->mark.at + 1 : 0);
}

static void put_lists(lq_encoder *w, const lq_packed *p)
{
  lq_encode32(w, p->n);
  for (uint32_t i = 0; i < p->n; i++) {
    lq_encode32(w, p->lists[i].n);
    for (size_t k = 0; k < p->lists[i].n; k++)
      lq_encode_value(w, &p->lists[i].v[k]);
  }
}

void lq_encode_packed(lq_encoder *w, lq_packed *p)
{
  bool known = p && p->mark.pool == w->pool->number;
  if (p && p->refs > 1 && !known) {
    size_t gap;
    lq_encoder entry = begin_entry(w->pool, POOL_PACKED, &gap);
    put_lists(&entry, p);
    p->mark = (lq_pool_mark){w->pool->number, end_entry(w->pool, &entry, gap)};
    known = true;
  }
  lq_encode8(w, !p ? PACKED_NONE : known ? PACKED_SHARED : PACKED_HERE);
  if (known)
    lq_encode32(w, p->mark.at);
  else if (p)
    put_lists(w, p);
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

// Nothing counts so far in earnest, and what is taken here can count on for ever and be saved and taken
// again.
uint64_t lq_decode_tally(lq_decoder *w)
{
  uint64_t v = get(w, 8);
  w->bad |= v > (uint64_t)1 << 62;
  return w->bad ? 0 : v;
}

lq_str lq_decode_bytes(lq_decoder *w, size_t n)
{
  if (w->bad || n > w->rest.n) {
    w->bad = true;
    return LQ_STR("");
  }
  lq_str s = lq_str_slice(w->rest, 0, n);
  w->rest = lq_str_slice(w->rest, n, w->rest.n);
  return s;
}

lq_str lq_decode_str(lq_decoder *w)
{
  return lq_decode_bytes(w, lq_decode32(w));
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

void lq_decoder_no_memory(lq_decoder *w)
{
  w->bad = true;
  w->status = LQ_E_NOMEM;
}

static void *room(lq_decoder *w, size_t count, size_t size)
{
  void *p = lq_arena_array(w->room, count ? count : 1, size);
  if (!p)
    lq_decoder_no_memory(w);
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
    v.ip = (const lq_ip *)(const void *)lq_decode_bytes(w, sizeof(lq_ip)).p;
    if (w->bad)
      return (lq_value){0};
    break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: break;
  }
  return v;
}

static lq_packed *get_lists(lq_decoder *w)
{
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
    lq_decoder_no_memory(w);
  return p;
}

// ---- the pool, reading

void lq_decode_pool(lq_decoder *w)
{
  lq_pool_in *p = w->pool;
  uint32_t n = lq_decode_count(w, 5);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_pool_entry e = {.kind = (uint8_t)lq_decode8(w)};
    e.bytes = lq_decode_str(w);
    lq_decoder_refuse(w, e.kind >= POOL_KINDS);
    if (!w->bad && !LQ_GROW(p->mem, p->entries, p->n, &p->cap))
      lq_decoder_no_memory(w);
    if (!w->bad)
      p->entries[p->n++] = e;
  }
}

void lq_pool_in_free(lq_pool_in *p, const lq_mem *mem)
{
  for (size_t i = 0; i < p->n; i++) {
    if (p->entries[i].kind == POOL_EVENT)
      lq_snapshot_unref(p->entries[i].made, mem);
    if (p->entries[i].kind == POOL_PACKED)
      lq_packed_unref(p->entries[i].made, mem);
  }
  lq_mem_free(p->mem, p->entries, p->cap, sizeof *p->entries);
  *p = (lq_pool_in){.mem = p->mem};
}

static lq_pool_entry *entry_at(lq_decoder *w, uint32_t at, unsigned kind)
{
  lq_pool_in *p = w->pool;
  lq_decoder_refuse(w, at >= p->n || p->entries[at].kind != kind);
  return w->bad ? NULL : &p->entries[at];
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

static void get_values(lq_decoder *w, lq_snapshot *k)
{
  uint32_t n = lq_decode_count(w, 13);
  lq_snapshot_value *values = room(w, n, sizeof *values);
  if (w->bad)
    return;
  k->values = values;
  k->nvalues = get_slots(w, values, n);
}

// The record is read again, for the fields that the bundle at hand wants.
static lq_snapshot *read_again(lq_decoder *w, const lq_snapshot *k, bool *unreadable)
{
  lq_pool_in *p = w->pool;
  lq_event *e = p->into;
  lq_status status = p->read && e ? lq_snapshot_read(k, p->read, p->user, e) : LQ_E_INPUT;
  if (status == LQ_E_NOMEM) {
    lq_decoder_no_memory(w);
    return NULL;
  }
  *unreadable = status != LQ_OK;
  if (*unreadable)
    return lq_snapshot_copy(k, w->mem);
  return lq_snapshot_take(e, k->order, (lq_keep){.record = true, .values = true, .slots = p->of_rows},
                          w->mem);
}

static void make_event(lq_decoder *from, lq_pool_entry *entry)
{
  lq_decoder w = *from;
  w.rest = entry->bytes;
  unsigned flags = lq_decode8(&w);
  lq_snapshot k = {.order = lq_decode_order(&w)};
  k.time = flags & MOVED ? (int64_t)lq_decode64(&w) : k.order.time;
  k.line = lq_decode64(&w);
  k.offset = lq_decode64(&w);
  k.nth = lq_decode64(&w);
  const lq_pool_entry *source = entry_at(&w, lq_decode32(&w), POOL_SOURCE);
  k.raw = lq_decode_str(&w);
  k.has_time = flags & HAS_TIME;
  k.mapped = flags & MAPPED;
  k.whole = flags & WHOLE;
  k.source = source ? source->bytes : LQ_STR("");
  lq_decoder_refuse(&w, flags > 31 || (flags & VALUES && !(flags & WHOLE)));
  if (flags & VALUES)
    get_values(&w, &k);
  lq_decoder_refuse(&w, w.rest.n != 0);
  if (!w.bad) {
    entry->made = k.whole && !(flags & VALUES) ? read_again(&w, &k, &entry->unreadable)
                                               : lq_snapshot_copy(&k, w.mem);
    if (!entry->made && !w.bad)
      lq_decoder_no_memory(&w);
  }
  from->bad = w.bad;
  from->status = w.status;
}

lq_snapshot *lq_decode_event(lq_decoder *w)
{
  uint32_t at = lq_decode32(w);
  lq_pool_entry *entry = at > 0 ? entry_at(w, at - 1, POOL_EVENT) : NULL;
  if (entry && !entry->made)
    make_event(w, entry);
  if (!entry || w->bad)
    return NULL;
  w->unreadable |= entry->unreadable;
  return lq_snapshot_ref(entry->made);
}

lq_packed *lq_decode_packed(lq_decoder *w)
{
  unsigned where = lq_decode8(w);
  lq_decoder_refuse(w, where > PACKED_SHARED);
  if (w->bad || where == PACKED_NONE)
    return NULL;
  if (where == PACKED_HERE)
    return get_lists(w);
  lq_pool_entry *entry = entry_at(w, lq_decode32(w), POOL_PACKED);
  if (!entry)
    return NULL;
  if (!entry->made) {
    lq_decoder one = *w;
    one.rest = entry->bytes;
    entry->made = get_lists(&one);
    lq_decoder_refuse(&one, one.rest.n != 0);
    w->bad = one.bad;
    w->status = one.status;
  }
  return w->bad ? NULL : lq_packed_ref(entry->made);
}
