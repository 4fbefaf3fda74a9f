// What outlives an event: its record, the values that were captured, and where in the order it stood.
#include "state/snapshot.h"

static size_t text_of(const lq_value *v)
{
  return v->type == LQ_T_STRING ? v->s.n : v->type == LQ_T_IP ? sizeof *v->ip : 0;
}

// Copies what v points to; *at moves on. IP addresses are bytes and need no alignment.
static lq_value own(const lq_value *v, char **at)
{
  lq_value mine = *v;
  size_t n = text_of(v);
  if (n > 0)
    memcpy(*at, v->type == LQ_T_IP ? (const char *)v->ip->b : v->s.p, n);
  if (v->type == LQ_T_STRING)
    mine.s = lq_str_make(*at, n);
  else if (v->type == LQ_T_IP)
    mine.ip = (const lq_ip *)(const void *)*at;
  *at += n;
  return mine;
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

static void measure(const lq_event *e, size_t *nvalues, size_t *text)
{
  for (size_t i = 0; i < e->ntouched; i++) {
    for (const lq_slot_value *v = lq_event_first(e, e->touched[i]); v; v = lq_event_next(e, v)) {
      ++*nvalues;
      *text += text_of(&v->v);
    }
  }
}

static size_t size_of(const lq_event *e, bool values, size_t *nvalues)
{
  size_t text = e->raw.n + e->source.n;
  *nvalues = 0;
  if (values)
    measure(e, nvalues, &text);
  return sizeof(lq_snapshot) + *nvalues * sizeof(lq_snapshot_value) + text;
}

size_t lq_snapshot_size(const lq_event *e, bool values)
{
  size_t n;
  return size_of(e, values, &n);
}

lq_snapshot *lq_snapshot_take(const lq_event *e, lq_order order, bool values, const lq_mem *mem)
{
  size_t nvalues, size = size_of(e, values, &nvalues), n = 0;
  lq_snapshot *k = lq_mem_alloc(mem, 1, size);
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
                     .whole = values,
                     .values = kept,
                     .nvalues = nvalues};
  k->raw = own_str(e->raw, &text);
  k->source = own_str(e->source, &text);
  for (size_t i = 0; values && i < e->ntouched; i++) {
    uint32_t slot = e->touched[i];
    for (const lq_slot_value *v = lq_event_first(e, slot); v; v = lq_event_next(e, v))
      kept[n++] = (lq_snapshot_value){slot, v->element, v->parent, own(&v->v, &text)};
  }
  return k;
}

lq_snapshot *lq_snapshot_copy(const lq_snapshot *like, const lq_mem *mem)
{
  size_t text = like->raw.n + like->source.n;
  for (size_t i = 0; i < like->nvalues; i++)
    text += text_of(&like->values[i].v);
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
    values[i].v = own(&like->values[i].v, &at);
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

void lq_snapshot_replay(const lq_snapshot *k, lq_event *into)
{
  lq_event_clear(into);
  into->raw = k->raw;
  into->source = k->source;
  into->line = k->line;
  into->offset = k->offset;
  into->nth = k->nth;
  into->time = k->time;
  into->has_time = k->has_time;
  into->mapped = k->mapped;
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
      text += text_of(&lists[i].v[k]);
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
