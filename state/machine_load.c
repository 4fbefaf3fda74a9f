// A machine's state from bytes, with every promise checked that the running machine relies on.
#include "state/machine_internal.h"

static lq_key key_for(const lq_machine *m, lq_str key)
{
  return (lq_key){key.p, key.n, lq_siphash(m->host->hash_key, key.p, key.n)};
}

// ---- matches

static void get_event(lq_machine *m, lq_decoder *w, lq_state_match *r, uint32_t slot)
{
  lq_snapshot *k = lq_decode_event(w);
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

static void get_captures(lq_machine *m, lq_decoder *w, lq_state_match *r)
{
  for (uint32_t i = 0; i < r->nterms && !w->bad; i++)
    get_list(m, w, r, &r->captures[i], m->terms[i].ncaptures);
}

static void fill_match(lq_machine *m, lq_decoder *w, lq_state_match *r)
{
  for (uint32_t i = 0; i < r->nslots && !w->bad; i++)
    get_event(m, w, r, i);
  get_captures(m, w, r);
  for (uint32_t i = 0; i < r->ncolumns && !w->bad; i++)
    get_list(m, w, r, &r->columns[i], 1);
  if (!w->bad)
    get_list(m, w, r, &r->keep, r->keep_stage == UINT32_MAX ? 0 : m->stages[r->keep_stage].def->nargs);
  lq_decoder_refuse(w, (r->keep != NULL) != (r->keep_stage != UINT32_MAX));
}

lq_state_match *lq_match_load(lq_machine *m, lq_decoder *w, const lq_str *given)
{
  lq_order order = lq_decode_order(w);
  uint32_t nslots = lq_decode32(w), nterms = lq_decode32(w), keep = lq_decode32(w);
  lq_str key = given ? *given : lq_decode_str(w);
  lq_decoder_refuse(w, nslots > (m->nslots > 2 ? m->nslots : 2) || nterms > m->nterms ||
                           (keep != UINT32_MAX && !is_keep(m, keep)) ||
                           (uint64_t)nslots * 4 + nterms + m->ncolumns > w->rest.n);
  if (w->bad)
    return NULL;
  lq_state_match *r = lq_state_match_new(m, key, nslots, nterms);
  if (!r) {
    lq_decoder_no_memory(w);
    return NULL;
  }
  r->order = order;
  r->keep_stage = keep;
  fill_match(m, w, r);
  if (!w->bad)
    return r;
  lq_state_match_free(m, r);
  return NULL;
}

// ---- partial matches

static bool is_taken(const lq_key_entry *e, uint32_t filled, lq_partial **by)
{
  for (lq_partial *p = e->partials; p; p = p->next) {
    if (p->filled == filled) {
      *by = p;
      return true;
    }
  }
  return false;
}

static lq_partial *new_partial(lq_machine *m, lq_decoder *w, lq_str key)
{
  lq_partial *p = lq_machine_alloc(m, sizeof *p);
  if (p)
    p->match = lq_state_match_new(m, key, m->nslots, m->nterms);
  if (p && p->match) {
    lq_list_init(&p->age);
    lq_list_init(&p->in_key);
    p->held = true; // in no entry yet
    m->stats.live++;
    return p;
  }
  if (p) {
    lq_uncharge(m, sizeof *p);
    lq_mem_free(m->mem, p, 1, sizeof *p);
  }
  lq_decoder_no_memory(w);
  return NULL;
}

// NULL: bad, or an event of it cannot be read any more, which is counted.
static lq_partial *get_partial(lq_machine *m, lq_decoder *w, lq_str key, bool held, bool decided)
{
  uint32_t filled = lq_decode32(w);
  unsigned flags = lq_decode8(w);
  int64_t lead = (int64_t)lq_decode64(w);
  uint64_t nth = lq_decode64(w);
  lq_decoder_refuse(w, m->def->kind != LQ_STATE_SEQUENCE || filled == 0 || filled > m->npositive ||
                           held != (filled == m->npositive) || (held && !m->has_trail) ||
                           flags > (held ? 6u : 1u) || (held && flags & 1) || decided != !!(flags & 2) ||
                           (flags & 4 && !decided) || (uint64_t)filled * 4 > w->rest.n);
  lq_partial *p = w->bad ? NULL : new_partial(m, w, key);
  if (!p)
    return NULL;
  for (uint32_t i = 0; i < filled && !w->bad; i++) {
    get_event(m, w, p->match, m->slot_at[i]);
    lq_decoder_refuse(w, !p->match->events[m->slot_at[i]]);
  }
  get_captures(m, w, p->match);
  if (!w->bad) {
    p->filled = filled;
    p->poisoned = flags & 1, p->decided = decided, p->dead = flags >> 2 & 1;
    p->first = p->match->events[m->slot_at[0]]->order.time;
    p->last = p->match->events[m->slot_at[filled - 1]]->order;
    p->lead = lead;
    p->nth = nth;
    lq_decoder_refuse(w, p->first > p->last.time || nth >= m->births);
  }
  if (!w->bad)
    return p;
  lq_partial_drop(m, p);
  return NULL;
}

// Two parts may have the same place: the newer one replaces the other, as events would have it.
static void place_partial(lq_machine *m, lq_decoder *w, lq_key_entry *e, lq_partial *p, lq_loading how)
{
  lq_partial *there = NULL;
  bool taken = is_taken(e, p->filled, &there);
  lq_decoder_refuse(w, taken && how != LQ_LOAD_MERGE);
  if (w->bad || (taken && lq_order_cmp(p->last, there->last) < 0)) {
    m->stats.replaced += taken;
    lq_partial_drop(m, p);
    return;
  }
  if (taken) {
    m->stats.replaced++;
    lq_partial_drop(m, there);
  }
  p->held = false;
  p->entry = e;
  lq_partial_insert(e, p);
  lq_list_push(&m->partials, &p->age);
}

static void hold_partial(lq_machine *m, lq_key_entry *e, lq_partial *p)
{
  p->entry = e;
  lq_list_push(&m->held, &p->age);
  lq_list_push(&e->held, &p->in_key);
  e->nheld++;
  if (e->nheld <= m->host->limits.held)
    return;
  m->stats.evicted++;
  lq_partial_drop(m, LQ_OWNER(lq_partial, in_key, e->held.next));
}

static void get_partials(lq_machine *m, lq_decoder *w, lq_key_entry *e, lq_loading how)
{
  lq_str key = {e->node.key, e->node.nkey};
  for (int held = 0; held < 2; held++) {
    uint32_t n = lq_decode_count(w, 21);
    for (uint32_t i = 0; i < n && !w->bad; i++) {
      lq_partial *p = get_partial(m, w, key, held, false);
      if (p && held)
        hold_partial(m, e, p);
      else if (p)
        place_partial(m, w, e, p, how);
    }
  }
}

static void get_decided(lq_machine *m, lq_decoder *w, lq_loading how)
{
  for (lq_link *l = m->held.next, *next; how == LQ_LOAD_CHANGES && l != &m->held; l = next) {
    next = l->next;
    if (LQ_OWNER(lq_partial, age, l)->decided)
      lq_partial_drop(m, LQ_OWNER(lq_partial, age, l));
  }
  uint32_t n = lq_decode_count(w, 25);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_str key = lq_decode_str(w);
    lq_partial *p = get_partial(m, w, key, true, true);
    if (p)
      lq_list_push(&m->held, &p->age);
  }
}

// ---- entries

static void get_chosen(lq_machine *m, lq_decoder *w, lq_key_entry *e)
{
  size_t pairs = m->def->kind == LQ_STATE_SAMPLE ? (size_t)m->nterms * m->nterms : 0;
  lq_str fits = lq_decode_bytes(w, pairs);
  if (w->bad || pairs == 0)
    return;
  memcpy(e->fits, fits.p, pairs);
  for (size_t i = 0; i < pairs && !w->bad; i++) {
    e->chosen[i] = lq_decode_packed(w);
    lq_decoder_refuse(w, e->fits[i] > 1 ||
                             (e->chosen[i] && e->chosen[i]->n != m->terms[i % m->nterms].ncaptures));
    if (e->chosen[i])
      lq_charge(m, e->chosen[i]->size);
  }
}

// Of two that were being put together the one that began later stays.
static void get_entry_match(lq_machine *m, lq_decoder *w, lq_key_entry *e, lq_loading how)
{
  int64_t first = (int64_t)lq_decode64(w);
  lq_decoder_refuse(w, (m->def->kind != LQ_STATE_SAMPLE && m->def->kind != LQ_STATE_JOIN) ||
                           (e->match && how != LQ_LOAD_MERGE));
  if (w->bad)
    return;
  if (e->match) {
    m->stats.replaced++;
    if (first < e->first) {
      w->rest = lq_str_slice(w->rest, w->rest.n, w->rest.n);
      return;
    }
    lq_entry_drop_match(m, e);
  }
  lq_str key = {e->node.key, e->node.nkey};
  lq_state_match *match = lq_match_load(m, w, &key);
  if (!match)
    return;
  e->first = first;
  e->match = match;
  m->stats.live++;
  lq_decoder_refuse(w, match->nslots != m->nterms || match->nterms != m->nterms);
  for (uint32_t i = 0; i < m->nterms && !w->bad; i++)
    e->filled += match->events[i] != NULL;
  lq_decoder_refuse(w, e->filled == 0 || e->filled >= m->nterms);
  get_chosen(m, w, e);
}

static void get_entry(lq_machine *m, lq_decoder *w, lq_stage *s, const lq_node_at *at)
{
  (void)s;
  lq_key_node *there = lq_key_table_find(&m->table, &at->key);
  lq_decoder_refuse(w, there && at->how == LQ_LOAD_WHOLE);
  if (w->bad)
    return;
  if (there && at->how == LQ_LOAD_CHANGES)
    lq_entry_free(m, LQ_OWNER(lq_key_entry, node, there));
  lq_key_entry *e = lq_entry_get(m, &at->key);
  if (!e) {
    lq_decoder_no_memory(w);
    return;
  }
  e->node.nth = at->nth;
  unsigned flags = lq_decode8(w);
  int64_t lead = flags & 1 ? (int64_t)lq_decode64(w) : 0;
  lq_decoder_refuse(w, flags > 7 || (flags & 1 && !m->has_lead) ||
                           (flags & 2 && m->def->kind != LQ_STATE_SAMPLE) || (flags & 6) == 6);
  if (flags & 1 && !w->bad) {
    e->lead = e->has_lead && e->lead > lead ? e->lead : lead;
    e->has_lead = true;
    lq_list_remove(&e->by_lead);
    lq_list_push(&m->leads, &e->by_lead);
  }
  e->done |= flags >> 1 & 1;
  if (flags & 4 && !w->bad)
    get_entry_match(m, w, e, at->how);
  if (m->def->kind == LQ_STATE_SEQUENCE && !w->bad)
    get_partials(m, w, e, at->how);
}

// ---- what stages have seen

static lq_first_seen *new_seen(lq_machine *m, lq_decoder *w, lq_stage *s, const lq_node_at *at)
{
  lq_first_seen *seen = lq_first_seen_new(m, s, &at->key);
  if (!seen)
    lq_decoder_no_memory(w);
  else
    seen->node.nth = at->nth;
  return seen;
}

static void get_seen(lq_machine *m, lq_decoder *w, lq_stage *s, const lq_node_at *at)
{
  int64_t time = (int64_t)lq_decode64(w);
  uint64_t count = lq_decode64(w);
  bool has_match = lq_decode_flag(w), counts = s->def->op == LQ_DO_UNIQUE_COUNT || s->def->op == LQ_DO_COUNT;
  lq_decoder_refuse(w, (has_match && s->def->op != LQ_DO_UNIQUE_COUNT) || counts != (count > 0));
  lq_state_match *match = has_match && !w->bad ? lq_match_load(m, w, NULL) : NULL;
  lq_packed *values = w->bad ? NULL : lq_decode_packed(w);
  lq_decoder_refuse(w, values && values->n != 1);
  lq_key_node *there = w->bad ? NULL : lq_key_table_find(&s->table, &at->key);
  lq_decoder_refuse(w, there && at->how == LQ_LOAD_WHOLE);
  lq_first_seen *seen = there ? LQ_OWNER(lq_first_seen, node, there) : NULL;
  if (seen && !w->bad && at->how == LQ_LOAD_MERGE) { // counts add up; what came first is known only of one
    seen->time = time > seen->time ? time : seen->time;
    seen->count += count;
  } else if (!w->bad) {
    if (seen)
      lq_first_seen_free(m, s, seen);
    seen = new_seen(m, w, s, at);
    if (seen) {
      seen->time = time, seen->count = count, seen->match = match, seen->values = values;
      if (values)
        lq_charge(m, values->size);
      return;
    }
  }
  lq_state_match_free(m, match);
  lq_packed_unref(values, m->mem);
}

static void get_stage_node(lq_machine *m, lq_decoder *w, lq_stage *s, const lq_node_at *at)
{
  if (s->def->op == LQ_DO_STATS)
    lq_window_load(m, s, at, w);
  else
    get_seen(m, w, s, at);
}

static void free_node(lq_machine *m, lq_stage *s, lq_key_node *node)
{
  if (!s)
    lq_entry_free(m, LQ_OWNER(lq_key_entry, node, node));
  else if (s->def->op == LQ_DO_STATS)
    lq_window_group_free(m, s, node);
  else
    lq_first_seen_free(m, s, LQ_OWNER(lq_first_seen, node, node));
}

// ---- tables

// A file may be much larger than the limits here allow: what they would evict goes while it comes.
static void relieve(lq_machine *m)
{
  uint64_t max = m->host->limits.rule_bytes, slack = (uint64_t)4 << 20;
  if (m->stats.bytes > max && m->stats.bytes - max > max / 2 + slack)
    lq_machine_loaded(m);
}

typedef void (*get_node)(lq_machine *m, lq_decoder *w, lq_stage *s, const lq_node_at *at);

static void get_chunk(lq_machine *m, lq_stage *s, lq_decoder *w, get_node get, lq_loading how, uint64_t ticks)
{
  lq_node_at at = {.key = key_for(m, lq_decode_str(w)), .how = how};
  at.nth = lq_decode64(w);
  lq_decoder_refuse(w, at.nth > ticks);
  lq_decoder one = *w;
  one.rest = lq_decode_str(w);
  if (w->bad)
    return;
  get(m, &one, s, &at);
  lq_decoder_refuse(&one, one.rest.n != 0);
  w->bad = one.bad, w->status = one.status, w->unreadable = one.unreadable;
  lq_arena_reset(w->room);
}

static void get_table(lq_machine *m, lq_stage *s, lq_key_table *t, lq_decoder *w, get_node get,
                      lq_loading how)
{
  uint64_t ticks = lq_decode_tally(w);
  bool all = lq_decode_flag(w);
  uint64_t most = ticks > t->ticks ? ticks : t->ticks;
  lq_decoder_refuse(w, !all && how != LQ_LOAD_CHANGES);
  while (!w->bad && all && how == LQ_LOAD_CHANGES && !lq_list_empty(&t->age))
    free_node(m, s, LQ_OWNER(lq_key_node, age, t->age.next));
  uint32_t n = lq_decode_count(w, 4);
  lq_decoder_refuse(w, all && n > 0);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    lq_key key = key_for(m, lq_decode_str(w));
    lq_key_node *node = w->bad ? NULL : lq_key_table_find(t, &key);
    if (node)
      free_node(m, s, node);
  }
  n = lq_decode_count(w, 16);
  t->ticks = w->bad ? t->ticks : most;
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    get_chunk(m, s, w, get, how, ticks);
    t->ticks = most; // nodes have the numbers that they had
    relieve(m);
  }
}

// ---- stages

static lq_state_match *row_of(lq_link *rows, uint64_t nth)
{
  for (lq_link *l = rows->next; l != rows; l = l->next) {
    if (LQ_OWNER(lq_state_match, link, l)->nth == nth)
      return LQ_OWNER(lq_state_match, link, l);
    if (LQ_OWNER(lq_state_match, link, l)->nth > nth)
      break;
  }
  return NULL;
}

static void drop_rows(lq_machine *m, lq_stage *s, lq_link *rows)
{
  while (!lq_list_empty(rows)) {
    lq_state_match *r = LQ_OWNER(lq_state_match, link, rows->next);
    lq_list_remove(&r->link);
    s->nmatches--;
    lq_state_match_free(m, r);
  }
}

// Rows before the named one are those that went.
static void keep_row(lq_machine *m, lq_stage *s, lq_link *before, uint64_t nth)
{
  lq_state_match *r = row_of(before, nth);
  while (r && before->next != &r->link) {
    lq_state_match *gone = LQ_OWNER(lq_state_match, link, before->next);
    lq_list_remove(&gone->link);
    s->nmatches--;
    lq_state_match_free(m, gone);
  }
  if (r) {
    lq_list_remove(&r->link);
    lq_list_push(&s->matches, &r->link);
  }
}

static void get_row(lq_machine *m, lq_decoder *w, lq_stage *s, uint64_t nth)
{
  w->unreadable = false;
  lq_state_match *match = lq_match_load(m, w, NULL);
  if (match && (w->unreadable || nth >= m->births)) { // a row without its fields would be sorted wrongly
    lq_decoder_refuse(w, nth >= m->births);
    m->stats.evicted++;
    lq_state_match_free(m, match);
    return;
  }
  if (!match)
    return;
  match->nth = nth;
  lq_list_push(&s->matches, &match->link);
  s->nmatches++;
}

static void get_rows(lq_machine *m, lq_decoder *w, lq_stage *s, lq_loading how)
{
  lq_link before;
  lq_list_init(&before);
  while (how == LQ_LOAD_CHANGES && !lq_list_empty(&s->matches)) {
    lq_link *l = s->matches.next;
    lq_list_remove(l);
    lq_list_push(&before, l);
  }
  uint32_t n = lq_decode_count(w, 9);
  lq_decoder_refuse(w, n > 0 && s->def->op != LQ_DO_TAIL && s->def->op != LQ_DO_SORT);
  for (uint32_t i = 0; i < n && !w->bad; i++) {
    uint64_t nth = lq_decode64(w);
    bool known = lq_decode_flag(w);
    lq_decoder_refuse(w, known && how != LQ_LOAD_CHANGES);
    if (known && !w->bad)
      keep_row(m, s, &before, nth);
    else if (!w->bad)
      get_row(m, w, s, nth);
    lq_arena_reset(w->room);
    relieve(m);
  }
  drop_rows(m, s, &before);
}

static void get_stage(lq_machine *m, lq_decoder *w, lq_stage *s, lq_loading how)
{
  lq_decoder_refuse(w, lq_decode8(w) != s->def->op);
  uint64_t count = lq_decode64(w);
  s->count = how == LQ_LOAD_CHANGES ? count : s->count + count;
  get_rows(m, w, s, how);
  if (!w->bad)
    get_table(m, s, &s->table, w, get_stage_node, how);
}

// ---- all of it

void lq_machine_load(lq_machine *m, lq_decoder *w, lq_loading how)
{
  lq_decoder_refuse(w, lq_decode8(w) != m->def->kind);
  int64_t clock = (int64_t)lq_decode64(w);
  uint64_t births = lq_decode_tally(w);
  m->births = births > m->births ? births : m->births;
  if (!w->bad)
    get_table(m, NULL, &m->table, w, get_entry, how);
  if (!w->bad)
    get_decided(m, w, how);
  lq_decoder_refuse(w, lq_decode32(w) != m->def->nstages);
  for (uint32_t i = 0; i < m->def->nstages && !w->bad; i++)
    get_stage(m, w, &m->stages[i], how);
  lq_decoder_refuse(w, w->rest.n != 0);
  m->clock = clock > m->clock ? clock : m->clock;
}

static void settle_all(lq_machine *m)
{
  for (lq_link *l = m->table.age.next, *next; l != &m->table.age; l = next) {
    next = l->next;
    lq_entry_settle(m, LQ_OWNER(lq_key_entry, node.age, l));
  }
}

void lq_machine_loaded(lq_machine *m)
{
  lq_machine_sort(m);
  settle_all(m);
  lq_room_settle(m, 0);
  m->stats.peak = m->stats.bytes;
}
