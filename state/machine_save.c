// A machine's state as bytes, by key; and back, with every promise checked that the running machine relies
// on.
#include "state/codec.h"
#include "state/machine_internal.h"

static bool in_part(lq_str key, uint32_t part, uint32_t parts)
{
  static const uint8_t same_for_all[16] = {0}; // parts are the same in every process
  return parts == 1 || lq_siphash(same_for_all, key.p, key.n) % parts == part;
}

static lq_str key_of(const lq_key_node *n)
{
  return (lq_str){n->key, n->nkey};
}

static uint32_t count_nodes(const lq_link *age, uint32_t part, uint32_t parts)
{
  uint32_t n = 0;
  for (const lq_link *l = age->next; l != age; l = l->next)
    n += in_part(key_of(LQ_OWNER(lq_key_node, age, l)), part, parts);
  return n;
}

// ---- matches

static void put_match(lq_buf *out, const lq_state_match *r)
{
  lq_encode_order(out, r->order);
  lq_encode_str(out, (lq_str){r->key, r->nkey});
  lq_encode32(out, r->nslots);
  lq_encode32(out, r->nterms);
  lq_encode32(out, r->keep_stage);
  for (uint32_t i = 0; i < r->nslots; i++)
    lq_encode_snapshot(out, r->events[i]);
  for (uint32_t i = 0; i < r->nterms; i++)
    lq_encode_packed(out, r->captures[i]);
  for (uint32_t i = 0; i < r->ncolumns; i++)
    lq_encode_packed(out, r->columns[i]);
  lq_encode_packed(out, r->keep);
}

static void get_event(lq_machine *m, lq_decoder *w, lq_state_match *r, uint32_t slot)
{
  lq_snapshot *k = lq_decode_snapshot(w);
  if (k)
    lq_state_match_set_event(m, r, slot, k);
  lq_snapshot_unref(k, m->mem);
}

static void get_list(lq_machine *m, lq_decoder *w, lq_state_match *r, lq_packed **place, uint32_t n)
{
  lq_packed *p = lq_decode_packed(w);
  lq_decoder_refuse(w, p && p->n != n);
  if (p)
    lq_state_match_set_packed(m, r, place, p);
}

static bool is_keep(const lq_machine *m, uint32_t stage)
{
  return stage < m->def->nstages && m->stages[stage].def->op == LQ_DO_KEEP;
}

static lq_state_match *get_match(lq_machine *m, lq_decoder *w)
{
  lq_order order = lq_decode_order(w);
  lq_str key = lq_decode_str(w);
  uint32_t nslots = lq_decode32(w), nterms = lq_decode32(w), keep = lq_decode32(w);
  lq_decoder_refuse(w, nslots > (m->nslots > 2 ? m->nslots : 2) || nterms > m->nterms ||
                           (keep != UINT32_MAX && !is_keep(m, keep)));
  lq_state_match *r = w->bad ? NULL : lq_state_match_new(m, key, nslots, nterms);
  if (!r) {
    w->status = w->bad ? w->status : LQ_E_NOMEM;
    w->bad = true;
    return NULL;
  }
  r->order = order;
  r->keep_stage = keep;
  for (uint32_t i = 0; i < nslots && !w->bad; i++)
    get_event(m, w, r, i);
  for (uint32_t i = 0; i < nterms && !w->bad; i++)
    get_list(m, w, r, &r->captures[i], m->terms[i].ncaptures);
  for (uint32_t i = 0; i < r->ncolumns && !w->bad; i++)
    get_list(m, w, r, &r->columns[i], 1);
  if (!w->bad)
    get_list(m, w, r, &r->keep, keep == UINT32_MAX ? 0 : m->stages[keep].def->nargs);
  lq_decoder_refuse(w, (r->keep != NULL) != (keep != UINT32_MAX));
  if (!w->bad)
    return r;
  lq_state_match_free(m, r);
  return NULL;
}

// ---- entries

static void put_chosen(const lq_machine *m, const lq_key_entry *e, lq_buf *out)
{
  size_t pairs = m->def->kind == LQ_STATE_SAMPLE ? (size_t)m->nterms * m->nterms : 0;
  lq_buf_add(out, e->fits, pairs);
  for (size_t i = 0; i < pairs; i++)
    lq_encode_packed(out, e->chosen[i]);
}

static void put_entry(const lq_machine *m, const lq_key_entry *e, lq_buf *out)
{
  lq_encode_str(out, key_of(&e->node));
  lq_encode8(out, (unsigned)e->has_lead | (unsigned)e->done << 1 | (unsigned)(e->match != NULL) << 2);
  lq_encode64(out, (uint64_t)e->lead);
  if (!e->match)
    return;
  lq_encode64(out, (uint64_t)e->first);
  put_match(out, e->match);
  put_chosen(m, e, out);
}

static lq_key_entry *entry_for(lq_machine *m, lq_decoder *w, lq_str key)
{
  lq_key k = {key.p, key.n, lq_siphash(m->host->hash_key, key.p, key.n)};
  lq_key_entry *e = w->bad ? NULL : lq_entry_get(m, &k);
  if (!e && !w->bad) {
    w->bad = true;
    w->status = LQ_E_NOMEM;
  }
  return e;
}

static void get_chosen(lq_machine *m, lq_decoder *w, lq_key_entry *e)
{
  size_t pairs = m->def->kind == LQ_STATE_SAMPLE ? (size_t)m->nterms * m->nterms : 0;
  lq_decoder_refuse(w, w->rest.n < pairs);
  if (w->bad || pairs == 0)
    return;
  memcpy(e->fits, w->rest.p, pairs);
  w->rest = lq_str_slice(w->rest, pairs, w->rest.n);
  for (size_t i = 0; i < pairs && !w->bad; i++) {
    e->chosen[i] = lq_decode_packed(w);
    lq_decoder_refuse(w, e->chosen[i] && e->chosen[i]->n != m->terms[i % m->nterms].ncaptures);
    if (e->chosen[i])
      lq_charge(m, e->chosen[i]->size);
  }
}

static void get_entry_match(lq_machine *m, lq_decoder *w, lq_key_entry *e)
{
  lq_decoder_refuse(w,
                    e->match != NULL || (m->def->kind != LQ_STATE_SAMPLE && m->def->kind != LQ_STATE_JOIN));
  e->first = (int64_t)lq_decode64(w);
  lq_state_match *match = w->bad ? NULL : get_match(m, w);
  if (!match)
    return;
  e->match = match;
  m->stats.live++;
  lq_decoder_refuse(w, match->nslots != m->nterms || match->nterms != m->nterms);
  for (uint32_t i = 0; i < m->nterms && !w->bad; i++)
    e->filled += match->events[i] != NULL;
  lq_decoder_refuse(w, e->filled == 0 || e->filled >= m->nterms);
  get_chosen(m, w, e);
}

static void get_entry(lq_machine *m, lq_decoder *w)
{
  lq_key_entry *e = entry_for(m, w, lq_decode_str(w));
  unsigned flags = lq_decode8(w);
  int64_t lead = (int64_t)lq_decode64(w);
  lq_decoder_refuse(w, flags > 7 || (flags & 1 && !m->has_lead) ||
                           (flags & 2 && m->def->kind != LQ_STATE_SAMPLE) || (flags & 6) == 6);
  if (!e || w->bad)
    return;
  if (flags & 1) {
    e->has_lead = true;
    e->lead = lead;
    lq_list_remove(&e->by_lead);
    lq_list_push(&m->leads, &e->by_lead);
  }
  e->done |= flags >> 1 & 1;
  if (flags & 4)
    get_entry_match(m, w, e);
}

// ---- partial matches

static void put_partial(const lq_partial *p, lq_buf *out)
{
  lq_encode32(out, p->filled);
  lq_encode8(out, (unsigned)p->poisoned | (unsigned)p->decided << 1 | (unsigned)p->dead << 2);
  lq_encode64(out, (uint64_t)p->first);
  lq_encode64(out, (uint64_t)p->lead);
  lq_encode_order(out, p->last);
  lq_encode64(out, p->nth);
  put_match(out, p->match);
}

static uint32_t put_partials(const lq_link *list, lq_buf *out, uint32_t part, uint32_t parts)
{
  uint32_t n = 0;
  for (const lq_link *l = list->next; l != list; l = l->next) {
    const lq_partial *p = LQ_OWNER(lq_partial, age, l);
    if (!in_part((lq_str){p->match->key, p->match->nkey}, part, parts))
      continue;
    n++;
    if (out)
      put_partial(p, out);
  }
  return n;
}

static bool is_filled(const lq_machine *m, const lq_state_match *r, uint32_t filled)
{
  if (r->nslots != m->nslots || r->nterms != m->nterms)
    return false;
  for (uint32_t i = 0; i < m->npositive; i++) {
    if ((r->events[m->slot_at[i]] != NULL) != (i < filled))
      return false;
  }
  return true;
}

static bool is_taken(const lq_key_entry *e, uint32_t filled)
{
  for (const lq_partial *p = e->partials; p; p = p->next) {
    if (p->filled == filled)
      return true;
  }
  return false;
}

static void place_partial(lq_machine *m, lq_decoder *w, lq_partial *p, lq_str key, bool held)
{
  lq_key_entry *e = p->decided ? NULL : entry_for(m, w, key);
  lq_decoder_refuse(w, !held && e && is_taken(e, p->filled));
  p->held = held || w->bad;
  if (w->bad) {
    lq_partial_drop(m, p);
    return;
  }
  p->entry = e;
  if (!held) {
    lq_partial_insert(e, p);
    lq_list_push(&m->partials, &p->age);
    return;
  }
  lq_list_push(&m->held, &p->age);
  if (e) {
    lq_list_push(&e->held, &p->in_key);
    e->nheld++;
  }
}

static void get_partial(lq_machine *m, lq_decoder *w, bool held)
{
  uint32_t filled = lq_decode32(w);
  unsigned flags = lq_decode8(w);
  int64_t first = (int64_t)lq_decode64(w), lead = (int64_t)lq_decode64(w);
  lq_order last = lq_decode_order(w);
  uint64_t nth = lq_decode64(w);
  lq_state_match *match = get_match(m, w);
  if (!match)
    return;
  bool fits = m->def->kind == LQ_STATE_SEQUENCE && filled > 0 && flags <= (held ? 6u : 1u) &&
              !(held && flags & 1) && first <= last.time &&
              (held ? m->has_trail && filled == m->npositive : filled < m->npositive) &&
              is_filled(m, match, filled);
  lq_partial *p = fits ? lq_machine_alloc(m, sizeof *p) : NULL;
  if (!p) {
    w->status = fits ? LQ_E_NOMEM : w->status;
    w->bad = true;
    lq_state_match_free(m, match);
    return;
  }
  p->match = match;
  p->filled = filled;
  p->poisoned = flags & 1;
  p->decided = flags >> 1 & 1;
  p->dead = flags >> 2 & 1;
  p->first = first;
  p->lead = lead;
  p->last = last;
  p->nth = nth;
  lq_list_init(&p->age);
  lq_list_init(&p->in_key);
  m->stats.live++;
  lq_decoder_refuse(w, p->dead && !p->decided);
  place_partial(m, w, p, (lq_str){match->key, match->nkey}, held);
}

// ---- stages

static void put_seen(const lq_first_seen *s, lq_buf *out)
{
  lq_encode64(out, (uint64_t)s->time);
  lq_encode64(out, s->born);
  lq_encode64(out, s->count);
  lq_encode8(out, s->match != NULL);
  if (s->match)
    put_match(out, s->match);
  lq_encode_packed(out, s->values);
}

static void get_seen(lq_machine *m, lq_decoder *w, lq_stage *s, lq_str key)
{
  int64_t time = (int64_t)lq_decode64(w);
  uint64_t born = lq_decode64(w);
  uint64_t count = lq_decode64(w);
  bool has_match = lq_decode_flag(w), is_new = false;
  bool counts = s->def->op == LQ_DO_UNIQUE_COUNT || s->def->op == LQ_DO_COUNT;
  lq_decoder_refuse(w, (has_match && s->def->op != LQ_DO_UNIQUE_COUNT) || counts != (count > 0));
  lq_state_match *match = has_match && !w->bad ? get_match(m, w) : NULL;
  lq_packed *values = w->bad ? NULL : lq_decode_packed(w);
  lq_decoder_refuse(w, values && values->n != 1);
  lq_key k = {key.p, key.n, lq_siphash(m->host->hash_key, key.p, key.n)};
  lq_first_seen *seen = w->bad ? NULL : lq_first_seen_get(m, s, &k, &is_new);
  if (!seen || !is_new) {
    w->status = seen || w->bad ? w->status : LQ_E_NOMEM;
    w->bad = true;
    lq_state_match_free(m, match);
    lq_packed_unref(values, m->mem);
    return;
  }
  seen->time = time;
  seen->born = born;
  seen->count = count;
  seen->match = match;
  seen->values = values;
  if (values)
    lq_charge(m, values->size);
}

static void put_stage(const lq_machine *m, const lq_stage *s, lq_buf *out, uint32_t part, uint32_t parts)
{
  lq_encode8(out, s->def->op);
  lq_encode64(out, part == 0 ? s->count : 0);
  lq_encode32(out, part == 0 ? s->nmatches : 0);
  for (const lq_link *l = s->matches.next; l != &s->matches && part == 0; l = l->next)
    put_match(out, LQ_OWNER(lq_state_match, link, l));
  lq_encode32(out, count_nodes(&s->table.age, part, parts));
  for (const lq_link *l = s->table.age.next; l != &s->table.age; l = l->next) {
    const lq_key_node *node = LQ_OWNER(lq_key_node, age, l);
    if (!in_part(key_of(node), part, parts))
      continue;
    lq_encode_str(out, key_of(node));
    if (s->def->op == LQ_DO_STATS)
      lq_window_save(m, s, node, out);
    else
      put_seen(LQ_OWNER(lq_first_seen, node, node), out);
  }
}

static void get_stage(lq_machine *m, lq_decoder *w, lq_stage *s)
{
  lq_decoder_refuse(w, lq_decode8(w) != s->def->op);
  s->count += lq_decode64(w);
  uint32_t n = lq_decode_count(w, 32);
  lq_decoder_refuse(w, n > 0 && s->def->op != LQ_DO_TAIL && s->def->op != LQ_DO_SORT);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_state_match *match = get_match(m, w);
    if (match) {
      lq_list_push(&s->matches, &match->link);
      s->nmatches++;
    }
  }
  n = lq_decode_count(w, 4);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_str key = lq_decode_str(w);
    if (s->def->op == LQ_DO_STATS)
      lq_window_load(m, s, key, w);
    else
      get_seen(m, w, s, key);
  }
}

// ---- order after parts were put together

static const lq_partial *partial_of(const lq_link *l)
{
  return LQ_OWNER(lq_partial, age, (lq_link *)(uintptr_t)l);
}

static int nth_order(const lq_partial *x, const lq_partial *y)
{
  return (x->nth > y->nth) - (x->nth < y->nth);
}

static int partial_order(const lq_link *a, const lq_link *b)
{
  const lq_partial *x = partial_of(a), *y = partial_of(b);
  return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : nth_order(x, y);
}

static int held_order(const lq_link *a, const lq_link *b)
{
  const lq_partial *x = partial_of(a), *y = partial_of(b);
  int order = lq_order_cmp(x->last, y->last);
  return order ? order : nth_order(x, y);
}

static int lead_order(const lq_link *a, const lq_link *b)
{
  int64_t x = LQ_OWNER(lq_key_entry, by_lead, (lq_link *)(uintptr_t)a)->lead,
          y = LQ_OWNER(lq_key_entry, by_lead, (lq_link *)(uintptr_t)b)->lead;
  return (x > y) - (x < y);
}

static int seen_time(const lq_link *a, const lq_link *b)
{
  int64_t x = LQ_OWNER(lq_first_seen, node.age, (lq_link *)(uintptr_t)a)->time,
          y = LQ_OWNER(lq_first_seen, node.age, (lq_link *)(uintptr_t)b)->time;
  return (x > y) - (x < y);
}

static int seen_born(const lq_link *a, const lq_link *b)
{
  uint64_t x = LQ_OWNER(lq_first_seen, node.age, (lq_link *)(uintptr_t)a)->born;
  uint64_t y = LQ_OWNER(lq_first_seen, node.age, (lq_link *)(uintptr_t)b)->born;
  return (x > y) - (x < y);
}

static int window_time(const lq_link *a, const lq_link *b)
{
  int64_t x = lq_window_last(LQ_OWNER(lq_key_node, age, (lq_link *)(uintptr_t)a)),
          y = lq_window_last(LQ_OWNER(lq_key_node, age, (lq_link *)(uintptr_t)b));
  return (x > y) - (x < y);
}

static int window_born(const lq_link *a, const lq_link *b)
{
  uint64_t x = lq_window_born(LQ_OWNER(lq_key_node, age, (lq_link *)(uintptr_t)a));
  uint64_t y = lq_window_born(LQ_OWNER(lq_key_node, age, (lq_link *)(uintptr_t)b));
  return (x > y) - (x < y);
}

static void sort_all(lq_machine *m)
{
  lq_list_sort(&m->partials, partial_order);
  lq_list_sort(&m->held, held_order);
  lq_list_sort(&m->leads, lead_order);
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    bool window = s->def->number >= 0;
    if (s->def->op == LQ_DO_STATS)
      lq_list_sort(&s->table.age, window ? window_time : window_born);
    else
      lq_list_sort(&s->table.age,
                   s->def->op == LQ_DO_SUPPRESS || s->def->op == LQ_DO_NEW_TERMS ? seen_time : seen_born);
  }
}

// ---- all of it

void lq_machine_save(const lq_machine *m, lq_buf *out, uint32_t part, uint32_t parts)
{
  lq_encode8(out, m->def->kind);
  lq_encode64(out, (uint64_t)m->clock);
  lq_encode64(out, m->births);
  lq_encode32(out, count_nodes(&m->table.age, part, parts));
  for (const lq_link *l = m->table.age.next; l != &m->table.age; l = l->next) {
    const lq_key_entry *e = LQ_OWNER(lq_key_entry, node.age, l);
    if (in_part(key_of(&e->node), part, parts))
      put_entry(m, e, out);
  }
  lq_encode32(out, put_partials(&m->partials, NULL, part, parts));
  put_partials(&m->partials, out, part, parts);
  lq_encode32(out, put_partials(&m->held, NULL, part, parts));
  put_partials(&m->held, out, part, parts);
  lq_encode32(out, m->def->nstages);
  for (uint32_t i = 0; i < m->def->nstages; i++)
    put_stage(m, &m->stages[i], out, part, parts);
}

static void settle_all(lq_machine *m)
{
  for (lq_link *l = m->table.age.next, *next; l != &m->table.age; l = next) {
    next = l->next;
    lq_entry_settle(m, LQ_OWNER(lq_key_entry, node.age, l));
  }
}

lq_status lq_machine_load(lq_machine *m, lq_decoder *w)
{
  lq_decoder_refuse(w, lq_decode8(w) != m->def->kind);
  int64_t clock = (int64_t)lq_decode64(w);
  uint64_t births = lq_decode64(w);
  uint32_t n = lq_decode_count(w, 13);
  for (uint32_t i = 0; i < n && !w->bad; i++)
    get_entry(m, w);
  for (int held = 0; held < 2; held++) {
    n = lq_decode_count(w, 45);
    for (uint32_t i = 0; i < n && !w->bad; i++)
      get_partial(m, w, held);
  }
  lq_decoder_refuse(w, lq_decode32(w) != m->def->nstages);
  for (uint32_t i = 0; i < m->def->nstages && !w->bad; i++)
    get_stage(m, w, &m->stages[i]);
  lq_decoder_refuse(w, w->rest.n != 0);
  m->clock = clock > m->clock ? clock : m->clock;
  m->births = births > m->births ? births : m->births;
  sort_all(m);
  settle_all(m);
  lq_room_settle(m, 0); // the limits here may be lower than there
  return lq_decoder_status(w);
}
