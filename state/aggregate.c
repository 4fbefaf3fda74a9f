// Aggregates: what comes in, what leaves, and the answer.
#include "state/window_internal.h"

#include "base/sort.h"

lq_aggregate lq_aggregate_function(const lq_machine *m, const lq_stage *s, uint32_t i)
{
  return (lq_aggregate)m->host->tables->aggregates[s->def->first_arg + i];
}

typedef enum keeps { TALLY, DISTINCT, SUMS, BEST, NOTHING } keeps;

static keeps kept_by(lq_aggregate f)
{
  static const keeps all[] = {
#define LQ_AGGREGATE(name, function, keeps) [LQ_AGG_##name] = (keeps),
#include "state/aggregates.def"
#undef LQ_AGGREGATE
      [LQ_AGG_NONE] = NOTHING,
  };
  return all[f];
}

// ---- rings

// Doubles a ring and straightens it. False: no memory, nothing changed.
bool lq_ring_grow(lq_machine *m, void **p, size_t *head, size_t n, size_t *cap, size_t size)
{
  if (n < *cap)
    return true;
  size_t want = *cap ? *cap * 2 : 4;
  char *q = lq_mem_alloc(m->mem, want, size);
  if (!q)
    return false;
  for (size_t i = 0; i < n; i++)
    memcpy(q + i * size, (char *)*p + (*head + i) % *cap * size, size);
  lq_mem_free(m->mem, *p, *cap, size);
  lq_charge(m, (want - *cap) * size);
  *p = q;
  *head = 0;
  *cap = want;
  return true;
}

static bool push_number(lq_machine *m, lq_numbers *q, uint64_t number)
{
  if (!lq_ring_grow(m, (void **)&q->p, &q->head, q->n, &q->cap, sizeof *q->p))
    return false;
  q->p[(q->head + q->n++) % q->cap] = number;
  return true;
}

static uint64_t front(const lq_numbers *q)
{
  return q->p[q->head];
}

static uint64_t back(const lq_numbers *q)
{
  return q->p[(q->head + q->n - 1) % q->cap];
}

static void pop_front(lq_numbers *q)
{
  q->head = (q->head + 1) % q->cap;
  q->n--;
}

// ---- distinct values

static lq_key key_of(const lq_machine *m, const lq_value *v, char scratch[LQ_VALUE_TEXT_MAX])
{
  lq_str text = lq_value_text(v, scratch);
  return (lq_key){text.p, text.n, lq_siphash(m->host->hash_key, text.p, text.n)};
}

bool lq_distinct_add(lq_machine *m, lq_sums *a, const lq_value *v, uint32_t max)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_key key = key_of(m, v, scratch);
  lq_key_node *node = lq_key_table_find(&a->values, &key);
  if (node) {
    LQ_OWNER(lq_distinct, node, node)->refs++;
    return true;
  }
  if (a->values.n >= max) {
    m->stats.cut++;
    return true;
  }
  lq_distinct *d = lq_machine_alloc(m, sizeof *d + key.n);
  if (!d)
    return false;
  char *bytes = (char *)(d + 1);
  if (key.n)
    memcpy(bytes, key.p, key.n);
  d->node = (lq_key_node){.hash = key.hash, .key = bytes, .nkey = (uint32_t)key.n};
  d->refs = 1;
  d->v = *v;
  if (v->type == LQ_T_STRING)
    d->v.s = (lq_str){bytes, key.n};
  if (v->type == LQ_T_IP)
    d->ip = *v->ip, d->v.ip = &d->ip;
  if (lq_key_table_add(&a->values, &d->node, m->mem))
    return true;
  lq_uncharge(m, sizeof *d + key.n);
  lq_mem_free(m->mem, d, 1, sizeof *d + key.n);
  return false;
}

static void free_distinct(lq_machine *m, lq_sums *a, lq_distinct *d)
{
  size_t size = sizeof *d + d->node.nkey;
  lq_key_table_remove(&a->values, &d->node);
  lq_uncharge(m, size);
  lq_mem_free(m->mem, d, 1, size);
}

static void drop_distinct(lq_machine *m, lq_sums *a, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_key key = key_of(m, v, scratch);
  lq_key_node *node = lq_key_table_find(&a->values, &key);
  lq_distinct *d = node ? LQ_OWNER(lq_distinct, node, node) : NULL;
  if (d && --d->refs == 0)
    free_distinct(m, a, d);
}

// ---- sums

// Two values may be larger than any double when added, and what has become infinite stays so when they leave:
// a sum is kept a power of two smaller, which changes no digit.
#define DOWN 0x1p-64
#define UP 0x1p64

static double doubles_of(const lq_sums *a)
{
  return (a->sum + a->lost) * UP;
}

static void add_double(lq_sums *a, double d)
{
  double t = a->sum + d;
  double big = a->sum < 0 ? -a->sum : a->sum, small = d < 0 ? -d : d;
  a->lost += big >= small ? (a->sum - t) + d : (d - t) + a->sum;
  a->sum = t;
}

static void add_number(lq_sums *a, const lq_value *v, int sign)
{
  if (!lq_is_number(v->type))
    return;
  a->count += (uint64_t)(int64_t)sign;
  if (v->type == LQ_T_INT)
    a->whole += sign * (lq_wide)v->i;
  else if (v->type == LQ_T_UINT)
    a->whole += sign * (lq_wide)v->u;
  else {
    a->ndoubles += (uint64_t)(int64_t)sign;
    add_double(a, sign * v->d * DOWN);
    if (a->ndoubles == 0)
      a->sum = a->lost = 0; // nothing is left to be wrong about
  }
}

static lq_value sum_of(const lq_sums *a)
{
  if (a->ndoubles > 0)
    return lq_double((double)a->whole + doubles_of(a));
  if (a->whole > UINT64_MAX || a->whole < INT64_MIN)
    return lq_double((double)a->whole);
  return a->whole < 0 ? lq_int((int64_t)a->whole) : lq_uint((uint64_t)a->whole);
}

// ---- the best of some values

static bool better(lq_aggregate f, const lq_value *a, const lq_value *b)
{
  int order = lq_sort_order(a, b);
  return f == LQ_AGG_MIN ? order < 0 : order > 0;
}

static const lq_value *best_of(lq_aggregate f, const lq_values *list)
{
  if (list->n == 0)
    return NULL;
  const lq_value *best = &list->v[f == LQ_AGG_LAST ? list->n - 1 : 0];
  for (size_t i = 1; i < list->n && (f == LQ_AGG_MIN || f == LQ_AGG_MAX); i++)
    best = better(f, &list->v[i], best) ? &list->v[i] : best;
  return best;
}

static const lq_value *best_at(lq_aggregate f, const lq_window_group *g, uint32_t i, uint64_t number)
{
  const lq_packed *values = lq_window_at(g, number)->values;
  return values ? best_of(f, &values->lists[i]) : NULL;
}

static bool keep_best(lq_machine *m, lq_aggregate f, lq_sums *a, const lq_values *list)
{
  const lq_value *v = best_of(f, list);
  const lq_value *old = a->kept ? a->kept->lists[0].v : NULL;
  if (!v || (old && (f == LQ_AGG_FIRST || (f != LQ_AGG_LAST && !better(f, v, old)))))
    return true;
  lq_packed *p = lq_pack(&(lq_values){v, 1}, 1, m->mem);
  if (!p)
    return false;
  lq_charge(m, p->size);
  if (a->kept)
    lq_uncharge(m, a->kept->size);
  lq_packed_unref(a->kept, m->mem);
  a->kept = p;
  return true;
}

static bool queue_best(lq_machine *m, lq_aggregate f, lq_window_group *g, uint32_t i, uint64_t number)
{
  lq_sums *a = &g->aggs[i];
  const lq_value *v = best_at(f, g, i, number);
  if (!v)
    return true;
  if (f == LQ_AGG_LAST) {
    a->last = number + 1;
    return true;
  }
  while (f != LQ_AGG_FIRST && a->best.n > 0 && !better(f, best_at(f, g, i, back(&a->best)), v))
    a->best.n--;
  return push_number(m, &a->best, number);
}

// ---- events in and out

bool lq_aggregate_take(lq_machine *m, lq_stage *s, lq_window_group *g, uint32_t i, const lq_values *list,
                       uint64_t number)
{
  lq_aggregate f = lq_aggregate_function(m, s, i);
  lq_sums *a = &g->aggs[i];
  bool counts_events = m->host->tables->args[s->def->first_arg + i].snippet == LQ_NO_SNIPPET;
  bool whole = true;
  switch (kept_by(f)) {
  case TALLY: a->count += counts_events || list->n > 0; break;
  case DISTINCT:
    for (size_t k = 0; k < list->n; k++)
      whole &= lq_distinct_add(m, a, &list->v[k],
                               f == LQ_AGG_DCOUNT ? m->host->limits.distinct : m->host->limits.values);
    break;
  case SUMS:
    for (size_t k = 0; k < list->n; k++)
      add_number(a, &list->v[k], 1);
    break;
  case BEST: whole = s->def->number < 0 ? keep_best(m, f, a, list) : queue_best(m, f, g, i, number); break;
  case NOTHING: break;
  }
  return whole;
}

void lq_aggregate_give_back(lq_machine *m, lq_stage *s, lq_window_group *g, uint32_t i, const lq_values *list)
{
  lq_sums *a = &g->aggs[i];
  bool counts_events = m->host->tables->args[s->def->first_arg + i].snippet == LQ_NO_SNIPPET;
  switch (kept_by(lq_aggregate_function(m, s, i))) {
  case TALLY: a->count -= counts_events || list->n > 0; break;
  case DISTINCT:
    for (size_t k = 0; k < list->n; k++)
      drop_distinct(m, a, &list->v[k]);
    break;
  case SUMS:
    for (size_t k = 0; k < list->n; k++)
      add_number(a, &list->v[k], -1);
    break;
  case BEST:
    if (a->best.n > 0 && front(&a->best) == g->base)
      pop_front(&a->best);
    a->last = a->last == g->base + 1 ? 0 : a->last;
    break;
  case NOTHING: break;
  }
}

void lq_aggregate_free(lq_machine *m, lq_sums *a)
{
  while (!lq_list_empty(&a->values.age))
    free_distinct(m, a, LQ_OWNER(lq_distinct, node.age, a->values.age.next));
  lq_key_table_free(&a->values, m->mem);
  lq_uncharge(m, a->best.cap * sizeof *a->best.p);
  lq_mem_free(m->mem, a->best.p, a->best.cap, sizeof *a->best.p);
  if (a->kept)
    lq_uncharge(m, a->kept->size);
  lq_packed_unref(a->kept, m->mem);
}

// ---- answers

static int by_text(const void *a, const void *b)
{
  char x[LQ_VALUE_TEXT_MAX], y[LQ_VALUE_TEXT_MAX];
  return lq_str_cmp(lq_value_text(a, x), lq_value_text(b, y));
}

// Distinct values, ascending by text: the order in which they came would differ after they left and came
// again.
static lq_values values_of(lq_machine *m, lq_sums *a, bool *whole)
{
  size_t n = 0;
  for (lq_link *l = a->values.age.next; l != &a->values.age; l = l->next) {
    if (!LQ_GROW(m->fixed, m->values_room, n, &m->values_cap)) {
      *whole = false;
      m->host->meter->out_of_memory = true;
      break;
    }
    m->values_room[n++] = LQ_OWNER(lq_distinct, node.age, l)->v;
  }
  lq_sort(m->values_room, n, sizeof *m->values_room, by_text);
  return (lq_values){m->values_room, n};
}

static lq_values list_of(lq_value *place, lq_value v)
{
  *place = v;
  return (lq_values){place, 1};
}

static lq_values queued(lq_aggregate f, const lq_window_group *g, uint32_t i)
{
  const lq_sums *a = &g->aggs[i];
  if (f == LQ_AGG_LAST)
    return a->last ? (lq_values){best_at(f, g, i, a->last - 1), 1} : (lq_values){0};
  return a->best.n ? (lq_values){best_at(f, g, i, front(&a->best)), 1} : (lq_values){0};
}

lq_values lq_aggregate_answer(lq_machine *m, lq_stage *s, lq_window_group *g, uint32_t i, lq_value *place,
                              bool *whole)
{
  lq_sums *a = &g->aggs[i];
  lq_aggregate f = lq_aggregate_function(m, s, i);
  switch (f) {
  case LQ_AGG_COUNT: return list_of(place, lq_uint(a->count));
  case LQ_AGG_DCOUNT: return list_of(place, lq_uint(a->values.n));
  case LQ_AGG_SUM: return a->count ? list_of(place, sum_of(a)) : (lq_values){0};
  case LQ_AGG_AVG:
    return a->count ? list_of(place, lq_double(((double)a->whole + doubles_of(a)) / (double)a->count))
                    : (lq_values){0};
  case LQ_AGG_MIN:
  case LQ_AGG_MAX:
  case LQ_AGG_FIRST:
  case LQ_AGG_LAST:
    if (s->def->number < 0)
      return a->kept ? a->kept->lists[0] : (lq_values){0};
    return queued(f, g, i);
  case LQ_AGG_VALUES: return values_of(m, a, whole);
  case LQ_AGG_NONE: break;
  }
  return (lq_values){0};
}
