// Windows: the groups of a `stats`, the events that enter and leave them, and when a group gives a match.
#include "state/window_internal.h"

static lq_window_group *group_of(const lq_key_node *node)
{
  return LQ_OWNER(lq_window_group, node, (lq_key_node *)(uintptr_t)node);
}

int64_t lq_window_last(const lq_key_node *node)
{
  return group_of(node)->last_time;
}

// ---- samples and items
static void drop_sample(lq_machine *m, lq_snapshot **k)
{
  if (*k)
    lq_uncharge(m, (*k)->size);
  lq_snapshot_unref(*k, m->mem);
  *k = NULL;
}

void lq_window_sample(lq_machine *m, lq_snapshot **place, lq_snapshot *k)
{
  if (k) {
    lq_snapshot_ref(k);
    lq_charge(m, k->size);
  }
  drop_sample(m, place);
  *place = k;
}

static void leave(lq_machine *m, lq_stage *s, lq_window_group *g)
{
  lq_window_item *x = &g->ring[g->head];
  for (uint32_t i = 0; i < g->naggs; i++)
    lq_aggregate_give_back(m, s, g, i, x->values ? &x->values->lists[i] : &(lq_values){0});
  if (x->values)
    lq_uncharge(m, x->values->size);
  lq_packed_unref(x->values, m->mem);
  g->head = (g->head + 1) % g->cap;
  g->n--;
  g->base++;
}

// ---- groups
static void free_group(lq_machine *m, lq_window_group *g)
{
  for (size_t i = 0; i < g->n; i++) {
    lq_window_item *x = &g->ring[(g->head + i) % g->cap];
    if (x->values)
      lq_uncharge(m, x->values->size);
    lq_packed_unref(x->values, m->mem);
  }
  lq_uncharge(m, g->cap * sizeof *g->ring);
  lq_mem_free(m->mem, g->ring, g->cap, sizeof *g->ring);
  for (uint32_t i = 0; i < g->naggs; i++)
    lq_aggregate_free(m, &g->aggs[i]);
  drop_sample(m, &g->first);
  drop_sample(m, &g->last);
  if (g->by)
    lq_uncharge(m, g->by->size);
  lq_packed_unref(g->by, m->mem);
  lq_uncharge(m, g->size);
  lq_mem_free(m->mem, g, 1, g->size);
}

void lq_window_group_free(lq_machine *m, lq_stage *s, lq_key_node *node)
{
  lq_key_table_remove(&s->table, node);
  m->stats.keys--;
  free_group(m, group_of(node));
}

lq_window_group *lq_window_group_new(lq_machine *m, lq_stage *s, const lq_key *key, lq_packed *by)
{
  size_t size = sizeof(lq_window_group) + lq_aggregates_of(s) * sizeof(lq_sums) + key->n;
  lq_window_group *g = lq_machine_alloc(m, size);
  if (!g) {
    lq_packed_unref(by, m->mem);
    return NULL;
  }
  g->size = size;
  g->naggs = lq_aggregates_of(s);
  g->by = by;
  lq_charge(m, by->size);
  for (uint32_t i = 0; i < g->naggs; i++)
    lq_key_table_init(&g->aggs[i].values);
  char *bytes = (char *)(g->aggs + g->naggs);
  if (key->n)
    memcpy(bytes, key->p, key->n);
  g->node = (lq_key_node){.hash = key->hash, .key = bytes, .nkey = (uint32_t)key->n};
  if (lq_key_table_add(&s->table, &g->node, m->mem)) {
    m->stats.keys++;
    return g;
  }
  free_group(m, g);
  return NULL;
}

static lq_window_group *get_group(lq_machine *m, lq_stage *s, size_t tuple)
{
  const lq_key_set *keys = &m->host->stage_keys;
  const lq_key *key = &keys->keys[tuple];
  lq_key_node *node = lq_key_table_find(&s->table, key);
  if (node) {
    lq_key_table_mark(&s->table, node);
    return group_of(node);
  }
  lq_values by[LQ_MACHINE_COLUMNS_MAX];
  for (uint32_t i = 0; i < s->def->nby; i++) {
    const lq_value *v = keys->picks[tuple * s->def->nby + i];
    by[i] = (lq_values){v, v != NULL};
  }
  lq_packed *p = lq_pack(by, s->def->nby, m->mem);
  return p ? lq_window_group_new(m, s, key, p) : NULL;
}

// ---- what they add up to
// values() answers share one room: each is copied out before the next.
typedef struct answers {
  lq_values columns[LQ_MACHINE_COLUMNS_MAX];
  lq_value places[LQ_MACHINE_COLUMNS_MAX];
  lq_packed *packed[LQ_MACHINE_COLUMNS_MAX]; // of values()
} answers;

static bool add_up(lq_machine *m, lq_stage *s, lq_window_group *g, answers *out)
{
  uint32_t nby = s->def->nby;
  bool whole = true;
  // Conditions and rows read those columns alone; there is room for a few hundred.
  memset(out->columns, 0, s->def->nargs * sizeof *out->columns);
  memset(out->packed, 0, g->naggs * sizeof *out->packed);
  for (uint32_t i = 0; i < nby; i++)
    out->columns[i] = g->by->lists[i];
  for (uint32_t i = 0; i < g->naggs; i++) {
    out->columns[nby + i] = lq_aggregate_answer(m, s, g, i, &out->places[i], &whole);
    if (lq_aggregate_function(m, s, i) != LQ_AGG_VALUES)
      continue;
    out->packed[i] = lq_pack(&out->columns[nby + i], 1, m->mem);
    out->columns[nby + i] = out->packed[i] ? out->packed[i]->lists[0] : (lq_values){0};
    whole &= out->packed[i] != NULL;
  }
  return whole;
}

static void free_answers(lq_machine *m, answers *a, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++)
    lq_packed_unref(a->packed[i], m->mem);
}

static const lq_stage_def *condition_of(const lq_machine *m, uint32_t stage)
{
  const lq_stage_def *next = stage + 1 < m->def->nstages ? m->stages[stage + 1].def : NULL;
  return m->stages[stage].def->number >= 0 && next && next->op == LQ_DO_WHERE ? next : NULL;
}

static bool holds(lq_machine *m, const lq_stage_def *where, const answers *a)
{
  for (uint32_t i = 0; i < m->nterms; i++)
    m->view_captures[i] = NULL;
  m->view = (lq_view){.captures = m->view_captures, .columns = a->columns};
  const lq_asker *asker = &m->host->asker;
  return asker->truth(asker->user, m->host->tables->args[where->first_arg].snippet, &m->view);
}

// at: when what came in was complete; the event that is shown of it may be an older one.
static lq_state_match *match_of(lq_machine *m, lq_stage *s, lq_window_group *g, const answers *a,
                                lq_snapshot *now, lq_order at)
{
  lq_snapshot *last = now ? now : g->last;
  // After a restart one event may be kept twice.
  bool same = !g->first || !last || lq_order_cmp(g->first->order, last->order) == 0;
  lq_state_match *match = lq_state_match_new(m, (lq_str){g->node.key, g->node.nkey}, same ? 1 : 2, 0);
  if (!match)
    return NULL;
  if (g->first || last)
    lq_state_match_set_event(m, match, 0, g->first ? g->first : last);
  if (!same)
    lq_state_match_set_event(m, match, 1, last);
  match->order = at;
  for (uint32_t i = 0; i < s->def->nargs; i++) {
    lq_packed *p = lq_pack(&a->columns[i], 1, m->mem);
    if (!p) {
      lq_state_match_free(m, match);
      return NULL;
    }
    lq_state_match_set_packed(m, match, &match->columns[i], p);
  }
  return match;
}

// ---- an event

// Events that are out of the window leave, oldest first. A condition that was true may turn false, or the
// other way, at any of these moments.
static bool slide(lq_machine *m, uint32_t stage, lq_window_group *g, int64_t now)
{
  lq_stage *s = &m->stages[stage];
  const lq_stage_def *where = condition_of(m, stage);
  bool whole = true;
  int64_t age = s->def->number > 0 ? s->def->number - 1 : 0;
  while (s->def->number >= 0 && g->n > 0 && lq_too_old(now, g->ring[g->head].time, age)) {
    int64_t t = g->ring[g->head].time;
    while (g->n > 0 && g->ring[g->head].time == t)
      leave(m, s, g);
    // At `now` itself what leaves and what comes change places in one moment: nothing was false between them.
    if (!lq_too_old(now, t, s->def->number))
      continue;
    if (g->fired && g->n == 0) {
      g->fired = false;
    } else if (g->fired && where) {
      answers a;
      whole &= add_up(m, s, g, &a);
      g->fired = holds(m, where, &a);
      free_answers(m, &a, g->naggs);
    }
  }
  if (s->def->number >= 0 && g->first && lq_too_old(now, g->first->order.time, age))
    drop_sample(m, &g->first);
  return whole;
}

bool lq_window_enter(lq_machine *m, lq_stage *s, lq_window_group *g, int64_t now, lq_packed *values)
{
  static const lq_values none = {0};
  bool windowed = s->def->number >= 0;
  while (windowed && g->n >= m->host->limits.window_events) {
    leave(m, s, g);
    m->stats.cut++;
  }
  if (windowed && !lq_ring_grow(m, (void **)&g->ring, &g->head, g->n, &g->cap, sizeof *g->ring))
    return false;
  uint64_t number = g->base + g->n;
  if (windowed) {
    g->ring[(g->head + g->n++) % g->cap] = (lq_window_item){now, lq_packed_ref(values)};
    if (values)
      lq_charge(m, values->size);
  }
  g->last_time = now;
  g->all++;
  bool whole = true;
  for (uint32_t i = 0; i < g->naggs; i++)
    whole &= lq_aggregate_take(m, s, g, i, values ? &values->lists[i] : &none, number);
  return whole;
}

static lq_snapshot *event_of(lq_machine *m, const lq_state_match *match)
{
  if (match->at_hand)
    return lq_at_hand_keep(m);
  for (uint32_t i = match->nslots; i-- > 0;) {
    if (match->events[i])
      return match->events[i];
  }
  return NULL;
}

// The match that the group gives now, if any.
static lq_status fire(lq_machine *m, uint32_t stage, lq_window_group *g, const lq_state_match *from,
                      lq_state_match **match)
{
  lq_stage *s = &m->stages[stage];
  const lq_stage_def *where = condition_of(m, stage);
  answers a;
  bool whole = add_up(m, s, g, &a), truth = whole && (!where || holds(m, where, &a));
  bool gives = truth && (!where || !g->fired);
  g->fired = whole ? truth : g->fired;
  lq_snapshot *now = gives ? event_of(m, from) : NULL;
  if (gives && (now || !from->at_hand))
    *match = match_of(m, s, g, &a, now, from->order);
  free_answers(m, &a, g->naggs);
  return !whole || (gives && !*match) ? lq_no_memory(m) : LQ_OK;
}

// The first and the last event of a group are samples of it. Over a window, where a group is asked each time
// something comes, the last one is at hand: most events need not be kept.
static lq_status into_group(lq_machine *m, uint32_t stage, lq_window_group *g, const lq_state_match *from,
                            lq_packed *values, lq_state_match **match)
{
  lq_stage *s = &m->stages[stage];
  lq_order at = from->order;
  // Rows that an earlier stage gave at the end of input come group by group: a window has no order but
  // theirs.
  int64_t now = g->n > 0 && at.time < g->last_time ? g->last_time : at.time;
  bool fine = slide(m, stage, g, now), keeps = fine && (!g->first || s->def->number < 0);
  lq_snapshot *kept = keeps ? event_of(m, from) : NULL;
  if (keeps && from->at_hand && !kept && g->all > 0)
    return lq_no_memory(m); // the group goes on without it
  if (!fine || (keeps && from->at_hand && !kept) || !lq_window_enter(m, s, g, now, values)) {
    // Half of its sums have the event, or its condition is not known: what it would say from now on may be
    // false. Or it is new, and nothing is in it.
    lq_window_group_free(m, s, &g->node);
    return lq_no_memory(m);
  }
  if (s->def->number >= 0)
    lq_key_table_touch(&s->table, &g->node);
  if (!g->first)
    lq_window_sample(m, &g->first, kept);
  if (s->def->number >= 0)
    return fire(m, stage, g, from, match);
  lq_window_sample(m, &g->last, kept);
  return LQ_OK;
}

static lq_status all_groups(lq_machine *m, uint32_t stage, const lq_state_match *from, lq_packed *values,
                            lq_link *matches)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = LQ_OK;
  for (size_t i = 0; i < m->host->stage_keys.n && !status; i++) {
    lq_state_match *match = NULL;
    lq_window_group *g = get_group(m, s, i);
    status = g ? into_group(m, stage, g, from, values, &match) : lq_no_memory(m);
    if (match)
      lq_list_push(matches, &match->link);
  }
  return status;
}

static bool wants_values(const lq_machine *m, const lq_stage *s)
{
  for (uint32_t i = 0; i < lq_aggregates_of(s); i++) {
    if (m->host->tables->args[s->def->first_arg + i].snippet != LQ_NO_SNIPPET)
      return true;
  }
  return false;
}

lq_status lq_window_push(lq_machine *m, uint32_t stage, lq_state_match *match)
{
  lq_stage *s = &m->stages[stage];
  lq_link matches;
  lq_list_init(&matches);
  lq_packed *values = NULL;
  lq_status status = LQ_OK;
  if (match->at_hand && !lq_at_hand_fits(m)) {
    status = lq_no_memory(m);
    lq_state_match_free(m, match);
    return status;
  }
  if (wants_values(m, s)) {
    values = lq_pack(lq_stage_args(m, s->def, 0, lq_aggregates_of(s), match), lq_aggregates_of(s), m->mem);
    status = values ? LQ_OK : lq_no_memory(m);
  }
  if (!status && (values || !wants_values(m, s)))
    status = lq_stage_key(m, s, match, false, true);
  else
    m->host->stage_keys.n = 0;
  if (!status)
    status = all_groups(m, stage, match, values, &matches);
  lq_state_match_free(m, match); // the keys borrowed from it
  lq_packed_unref(values, m->mem);
  uint32_t next = stage + (condition_of(m, stage) ? 2 : 1);
  while (!lq_list_empty(&matches)) {
    lq_state_match *r = LQ_OWNER(lq_state_match, link, matches.next);
    lq_list_remove(&r->link);
    if (status)
      lq_state_match_free(m, r);
    else
      status = lq_stages_push(m, next, r);
  }
  return status;
}

// At the end of input each group gives its match, in the order in which the groups came up.
lq_status lq_window_end(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = LQ_OK;
  while (!lq_list_empty(&s->table.age) && !status) {
    lq_key_node *node = LQ_OWNER(lq_key_node, age, s->table.age.next);
    lq_window_group *g = group_of(node);
    answers a;
    bool whole = add_up(m, s, g, &a);
    lq_order at = g->last ? g->last->order : (lq_order){.time = g->last_time};
    lq_state_match *match = whole ? match_of(m, s, g, &a, NULL, at) : NULL;
    free_answers(m, &a, g->naggs);
    lq_window_group_free(m, s, node);
    m->host->asker.begin(m->host->asker.user, m->def->rule);
    status = match ? lq_stages_push(m, stage + 1, match) : lq_no_memory(m);
    lq_room_settle(m, LQ_ROOM_ROW);
  }
  return status;
}
