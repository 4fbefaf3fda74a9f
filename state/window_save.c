// Groups of aggregates as bytes. A window is its events: loading lets them enter again.
#include "state/window_internal.h"

static const lq_window_group *group_of(const lq_key_node *node)
{
  return LQ_OWNER(lq_window_group, node, (lq_key_node *)(uintptr_t)node);
}

static void put_double(lq_encoder *out, double d)
{
  uint64_t bits;
  memcpy(&bits, &d, sizeof bits);
  lq_encode64(out, bits);
}

static double get_double(lq_decoder *w)
{
  uint64_t bits = lq_decode64(w);
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

static void put_sums(const lq_sums *a, bool window, lq_encoder *out)
{
  // What rounding did to a running sum is kept too, so that a restart changes no digit.
  put_double(out, a->sum);
  put_double(out, a->lost);
  if (window)
    return;
  lq_encode64(out, a->count);
  lq_encode64(out, (uint64_t)a->whole);
  lq_encode64(out, (uint64_t)(a->whole >> 64));
  lq_encode64(out, a->ndoubles);
  lq_encode_packed(out, a->kept);
  lq_encode32(out, a->values.n);
  for (const lq_link *l = a->values.age.next; l != &a->values.age; l = l->next) {
    const lq_distinct *d = LQ_OWNER(lq_distinct, node.age, l);
    lq_encode_value(out, &d->v);
  }
}

void lq_window_save(const lq_stage *s, const lq_key_node *node, lq_encoder *out)
{
  const lq_window_group *g = group_of(node);
  lq_encode_packed(out, g->by);
  lq_encode64(out, (uint64_t)g->last_time);
  lq_encode8(out, g->fired);
  lq_encode64(out, g->all);
  lq_encode_event(out, g->first);
  lq_encode_event(out, g->last);
  lq_encode32(out, g->n);
  for (size_t i = 0; i < g->n; i++) {
    const lq_window_item *x = lq_window_at(g, g->base + i);
    lq_encode64(out, (uint64_t)x->time);
    lq_encode_packed(out, x->values);
  }
  for (uint32_t i = 0; i < g->naggs; i++)
    put_sums(&g->aggs[i], s->def->number >= 0, out);
}

// whole: all events of the window are in it, so what they add up to is what was saved.
static void get_sums(lq_machine *m, lq_decoder *w, lq_sums *a, bool window, bool whole, uint32_t max)
{
  double sum = get_double(w), lost = get_double(w);
  if (!window || (whole && a->ndoubles > 0)) {
    a->sum = sum;
    a->lost = lost;
  }
  if (window)
    return;
  a->count = lq_decode64(w);
  uint64_t low = lq_decode64(w), high = lq_decode64(w);
  a->whole = (lq_wide)(int64_t)high * ((lq_wide)1 << 64) + (lq_wide)low;
  a->ndoubles = lq_decode64(w);
  a->kept = lq_decode_packed(w);
  if (a->kept)
    lq_charge(m, a->kept->size);
  lq_decoder_refuse(w, a->kept && (a->kept->n != 1 || a->kept->lists[0].n != 1));
  uint32_t n = lq_decode_count(w, 1);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_value v = lq_decode_value(w);
    if (!w->bad && !lq_distinct_add(m, a, &v, max))
      lq_decoder_no_memory(w);
  }
}

static void get_items(lq_machine *m, lq_decoder *w, lq_stage *s, lq_window_group *g)
{
  uint32_t n = lq_decode_count(w, 9);
  int64_t before = INT64_MIN;
  lq_decoder_refuse(w, n > 0 && s->def->number < 0);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    int64_t time = (int64_t)lq_decode64(w);
    lq_packed *values = lq_decode_packed(w);
    lq_decoder_refuse(w, time < before || (values && values->n != g->naggs));
    if (!w->bad && !lq_window_enter(m, s, g, time, values))
      lq_decoder_no_memory(w);
    before = time;
    lq_packed_unref(values, m->mem);
  }
}

static void get_sample(lq_machine *m, lq_decoder *w, lq_snapshot **place)
{
  lq_snapshot *k = lq_decode_event(w);
  if (k)
    lq_window_sample(m, place, k);
  lq_snapshot_unref(k, m->mem);
}

// Of two groups of one key the one whose last event is newer stays.
static bool clears_the_way(lq_machine *m, lq_stage *s, const lq_node_at *at, lq_decoder *w, int64_t last)
{
  lq_key_node *there = lq_key_table_find(&s->table, &at->key);
  lq_decoder_refuse(w, there && at->how == LQ_LOAD_WHOLE);
  if (!there || w->bad)
    return !w->bad;
  m->stats.evicted += at->how == LQ_LOAD_MERGE;
  if (at->how == LQ_LOAD_MERGE && lq_window_last(there) >= last) {
    w->rest = lq_str_slice(w->rest, w->rest.n, w->rest.n);
    return false;
  }
  lq_window_group_free(m, s, there);
  return true;
}

static uint32_t most_values(const lq_machine *m, const lq_stage *s, uint32_t i)
{
  const lq_state_limits *l = &m->host->limits;
  return lq_aggregate_function(m, s, i) == LQ_AGG_DCOUNT ? l->distinct : l->values;
}

static void fill_group(lq_machine *m, lq_stage *s, lq_window_group *g, lq_decoder *w, int64_t last)
{
  uint64_t cut = m->stats.cut;
  g->fired = lq_decode_flag(w);
  uint64_t all = lq_decode64(w);
  get_sample(m, w, &g->first);
  get_sample(m, w, &g->last);
  get_items(m, w, s, g);
  lq_decoder_refuse(w, g->n > 0 && g->last_time != last);
  g->last_time = last;
  g->all = all;
  for (uint32_t i = 0; i < g->naggs && !w->bad; i++)
    get_sums(m, w, &g->aggs[i], s->def->number >= 0, m->stats.cut == cut, most_values(m, s, i));
}

void lq_window_load(lq_machine *m, lq_stage *s, const lq_node_at *at, lq_decoder *w)
{
  lq_packed *by = lq_decode_packed(w);
  int64_t last = (int64_t)lq_decode64(w);
  lq_decoder_refuse(w, !by || by->n != s->def->nby);
  if (w->bad || !clears_the_way(m, s, at, w, last)) {
    lq_packed_unref(by, m->mem);
    return;
  }
  lq_window_group *g = lq_window_group_new(m, s, &at->key, by);
  if (!g) {
    lq_decoder_no_memory(w);
    return;
  }
  g->node.nth = at->nth;
  fill_group(m, s, g, w, last);
}
