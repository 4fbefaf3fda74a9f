// What outlives an event: its record, the values that were captured, and where in the order it stood.
#include "state/snapshot.h"

// Where the text lies in the record, SIZE_MAX: elsewhere. What stands in the record as it is needs no copy.
static size_t place_in(lq_str record, lq_str text)
{
  uintptr_t at = (uintptr_t)text.p - (uintptr_t)record.p;
  return text.n > 0 && text.n <= record.n && at <= record.n - text.n ? (size_t)at : SIZE_MAX;
}

static size_t text_of(const lq_value *v, lq_str record)
{
  if (v->type == LQ_T_STRING)
    return place_in(record, v->s) == SIZE_MAX ? v->s.n : 0;
  return v->type == LQ_T_IP ? sizeof *v->ip : 0;
}

// Copies what v points to; *at moves on. IP addresses are bytes and need no alignment.
static lq_value own(const lq_value *v, char **at)
{
  lq_value mine = *v;
  size_t n = text_of(v, (lq_str){0});
  if (n > 0)
    memcpy(*at, v->type == LQ_T_IP ? (const char *)v->ip->b : v->s.p, n);
  if (v->type == LQ_T_STRING)
    mine.s = lq_str_make(*at, n);
  else if (v->type == LQ_T_IP)
    mine.ip = (const lq_ip *)(const void *)*at;
  *at += n;
  return mine;
}

// Of an event whose record has been copied to `mine` already.
static lq_value own_of(const lq_value *v, lq_str record, lq_str mine, char **at)
{
  size_t place = v->type == LQ_T_STRING ? place_in(record, v->s) : SIZE_MAX;
  return place == SIZE_MAX ? own(v, at) : lq_string(lq_str_make(mine.p + place, v->s.n));
}

static lq_str own_str(lq_str s, char **at)
{
  if (s.n > 0)
    memcpy(*at, s.p, s.n);
  lq_str mine = {*at, s.n};
  *at += s.n;
  return mine;
}

// ---- events

static lq_str record_of(const lq_event *e, lq_keep keep)
{
  return keep.record || keep.in_place ? e->raw : (lq_str){0};
}

static bool has(const lq_keep *keep, uint32_t slot)
{
  return keep->values && (!keep->slots || lq_slot_set_has(keep->slots, slot));
}

static size_t size_of(const lq_event *e, lq_keep keep, size_t *nvalues)
{
  lq_str record = record_of(e, keep);
  size_t text = (keep.in_place ? 0 : record.n) + e->source.n;
  *nvalues = 0;
  for (size_t i = 0; i < e->ntouched; i++) {
    if (!has(&keep, e->touched[i]))
      continue;
    for (const lq_slot_value *v = lq_event_first(e, e->touched[i]); v; v = lq_event_next(e, v)) {
      ++*nvalues;
      text += text_of(&v->v, record);
    }
  }
  return sizeof(lq_snapshot) + *nvalues * sizeof(lq_snapshot_value) + text;
}

size_t lq_snapshot_size(const lq_event *e, lq_keep keep)
{
  size_t n;
  return size_of(e, keep, &n);
}

lq_snapshot *lq_snapshot_take(const lq_event *e, lq_order order, lq_keep keep, const lq_mem *mem)
{
  size_t nvalues, size = size_of(e, keep, &nvalues), n = 0;
  lq_snapshot *k = lq_mem_resize(mem, NULL, 0, 1, size); // all of it is written
  if (!k)
    return NULL;
  lq_snapshot_value *kept = (lq_snapshot_value *)(k + 1);
  char *text = (char *)(kept + nvalues);
  *k = (lq_snapshot){.refs = 1,
                     .size = size,
                     .order = order,
                     .time = e->has_time ? e->time : 0,
                     .line = e->line,
                     .offset = e->offset,
                     .nth = e->nth,
                     .has_time = e->has_time,
                     .mapped = e->mapped,
                     .whole = keep.values,
                     .values = kept,
                     .nvalues = nvalues};
  lq_str record = record_of(e, keep);
  k->raw = keep.in_place ? record : own_str(record, &text);
  k->source = own_str(e->source, &text);
  for (size_t i = 0; i < e->ntouched; i++) {
    uint32_t slot = e->touched[i];
    if (!has(&keep, slot))
      continue;
    for (const lq_slot_value *v = lq_event_first(e, slot); v; v = lq_event_next(e, v))
      kept[n++] = (lq_snapshot_value){slot, v->element, v->parent, own_of(&v->v, record, k->raw, &text)};
  }
  return k;
}

lq_snapshot *lq_snapshot_copy(const lq_snapshot *like, const lq_mem *mem)
{
  size_t text = like->raw.n + like->source.n;
  for (size_t i = 0; i < like->nvalues; i++)
    text += text_of(&like->values[i].v, like->raw);
  size_t size = sizeof(lq_snapshot) + like->nvalues * sizeof(lq_snapshot_value) + text;
  lq_snapshot *k = lq_mem_alloc(mem, 1, size);
  if (!k)
    return NULL;
  lq_snapshot_value *values = (lq_snapshot_value *)(k + 1);
  char *at = (char *)(values + like->nvalues);
  *k = *like;
  k->refs = 1;
  k->size = size;
  k->mark = (lq_pool_mark){0};
  k->values = values;
  k->raw = own_str(like->raw, &at);
  k->source = own_str(like->source, &at);
  for (size_t i = 0; i < like->nvalues; i++) {
    values[i] = like->values[i];
    values[i].v = own_of(&like->values[i].v, like->raw, k->raw, &at);
  }
  return k;
}

// The block that was moved, and where it lay.
typedef struct move {
  char *to;
  uintptr_t from;
  size_t text, size; // texts lie between these
} move;

// The n bytes that p was. NULL: they were not in the block.
static char *moved(const move *m, const void *p, size_t n)
{
  uintptr_t at = (uintptr_t)p - m->from;
  return at < m->text || at > m->size || n > m->size - at ? NULL : m->to + at;
}

static bool move_value(const move *m, lq_snapshot_value *v, uint32_t slots)
{
  unsigned char truth;
  memcpy(&truth, &v->v.b, 1);
  if (v->slot >= slots || (unsigned)v->v.type >= LQ_T_COUNT || (v->v.type == LQ_T_BOOL && truth > 1))
    return false;
  if (v->v.type == LQ_T_STRING)
    return (v->v.s.p = moved(m, v->v.s.p, v->v.s.n)) != NULL;
  return v->v.type != LQ_T_IP ||
         (v->v.ip = (const lq_ip *)(const void *)moved(m, v->v.ip, sizeof(lq_ip))) != NULL;
}

bool lq_snapshot_moved(lq_snapshot *k, size_t size, uint32_t slots)
{
  unsigned char flags[3];
  memcpy(flags, &k->has_time, 1);
  memcpy(flags + 1, &k->mapped, 1);
  memcpy(flags + 2, &k->whole, 1);
  if (k->size != size || k->nvalues > (size - sizeof *k) / sizeof *k->values ||
      (flags[0] | flags[1] | flags[2]) > 1)
    return false;
  move m = {.to = (char *)k, .size = size, .from = (uintptr_t)k->values - sizeof *k};
  m.text = sizeof *k + k->nvalues * sizeof *k->values;
  lq_snapshot_value *values = (lq_snapshot_value *)(k + 1);
  k->refs = 1;
  k->mark = (lq_pool_mark){0};
  k->values = values;
  k->raw.p = moved(&m, k->raw.p, k->raw.n);
  k->source.p = moved(&m, k->source.p, k->source.n);
  bool well = k->raw.p && k->source.p;
  for (size_t i = 0; i < k->nvalues && well; i++)
    well = move_value(&m, &values[i], slots);
  return well;
}

lq_snapshot *lq_snapshot_ref(lq_snapshot *k)
{
  k->refs++;
  return k;
}

void lq_snapshot_unref(lq_snapshot *k, const lq_mem *mem)
{
  if (k && --k->refs == 0)
    lq_mem_free(mem, k, 1, k->size);
}

static void give_place(const lq_snapshot *k, lq_event *into)
{
  into->raw = k->raw;
  into->source = k->source;
  into->line = k->line;
  into->offset = k->offset;
  into->nth = k->nth;
  into->time = k->time;
  into->has_time = k->has_time;
  into->mapped = k->mapped;
}

lq_status lq_snapshot_read(const lq_snapshot *k, lq_status (*read)(void *user, lq_str raw, lq_event *into),
                           void *user, lq_event *into)
{
  lq_event_clear(into);
  lq_status status = read(user, k->raw, into);
  give_place(k, into);
  return !status && into->failed ? LQ_E_NOMEM : status;
}

void lq_snapshot_replay(const lq_snapshot *k, lq_event *into)
{
  lq_event_clear(into);
  give_place(k, into);
  for (size_t i = 0; i < k->nvalues; i++) {
    const lq_snapshot_value *v = &k->values[i];
    lq_event_add_slot(into, v->slot, v->v, v->element, v->parent);
  }
}

// ---- values

lq_packed *lq_pack(const lq_values *lists, size_t n, const lq_mem *mem)
{
  size_t count = 0, text = 0;
  for (size_t i = 0; i < n; i++) {
    count += lists[i].n;
    for (size_t k = 0; k < lists[i].n; k++)
      text += text_of(&lists[i].v[k], (lq_str){0});
  }
  size_t size = sizeof(lq_packed) + n * sizeof(lq_values) + count * sizeof(lq_value) + text;
  lq_packed *p = lq_mem_alloc(mem, 1, size);
  if (!p)
    return NULL;
  p->size = size;
  p->refs = 1;
  p->n = (uint32_t)n;
  lq_value *values = (lq_value *)(p->lists + n);
  char *at = (char *)(values + count);
  for (size_t i = 0; i < n; i++) {
    p->lists[i] = (lq_values){values, lists[i].n};
    for (size_t k = 0; k < lists[i].n; k++)
      *values++ = own(&lists[i].v[k], &at);
  }
  return p;
}

lq_packed *lq_packed_ref(lq_packed *p)
{
  if (p)
    p->refs++;
  return p;
}

void lq_packed_unref(lq_packed *p, const lq_mem *mem)
{
  if (p && --p->refs == 0)
    lq_mem_free(mem, p, 1, p->size);
}
