// Sequences: an event moves partial matches on, latest stage first, and what must stay missing spoils them.
//
// A partial match owns its match and moves from stage to stage; there is one for each stage and key, so
// entering an occupied stage replaces what was there. Partial matches stand in one list by their first event:
// with one maxspan for all, that is the order in which they run out, so neither expiry nor eviction ever
// searches.
#include "state/machine_internal.h"

static lq_str key_of(const lq_key_entry *e)
{
  return (lq_str){e->node.key, e->node.nkey};
}

static void drop(lq_machine *m, lq_partial *p, lq_step_kind why)
{
  lq_tell(m, why, p, (lq_str){p->match->key, p->match->nkey}, p->filled);
  lq_partial_drop(m, p);
}

// ---- time

void lq_sequence_expire(lq_machine *m, int64_t clock)
{
  while (m->def->maxspan >= 0 && !lq_list_empty(&m->partials)) {
    lq_partial *p = LQ_OWNER(lq_partial, age, m->partials.next);
    if (!lq_too_old(clock, p->first, m->def->maxspan))
      break;
    lq_key_entry *e = p->entry;
    m->stats.expired++;
    drop(m, p, LQ_STEP_EXPIRED);
    lq_entry_settle(m, e);
  }
  while (!lq_list_empty(&m->leads)) {
    lq_key_entry *e = LQ_OWNER(lq_key_entry, by_lead, m->leads.next);
    if (!lq_too_old(clock, e->lead, m->def->maxspan))
      break;
    e->has_lead = false;
    lq_list_remove(&e->by_lead);
    lq_entry_settle(m, e);
  }
}

// ---- completed matches

static lq_status give(lq_machine *m, lq_partial *p)
{
  lq_state_match *match = p->match;
  match->order = p->last;
  lq_tell(m, LQ_STEP_MATCHED, p, (lq_str){match->key, match->nkey}, p->filled);
  lq_list_remove(&p->age);
  lq_uncharge(m, sizeof *p);
  lq_mem_free(m->mem, p, 1, sizeof *p);
  m->stats.live--;
  return lq_stages_push(m, 0, match);
}

// With both a leading and a trailing `![ ]`, a window [w, w + maxspan] around the positives has to be free of
// both. This is the earliest w that the leading one allows.
static int64_t earliest_window(const lq_machine *m, const lq_partial *p)
{
  int64_t w = lq_earlier(p->last.time, m->def->maxspan);
  return p->lead != INT64_MIN && p->lead >= w ? p->lead + 1 : w;
}

// The first trailing match decides: a later one leaves more room, and none leaves most.
static bool spoils(const lq_machine *m, const lq_partial *p, int64_t t)
{
  if (!m->has_lead)
    return !lq_too_old(t, p->first, m->def->maxspan);
  int64_t latest = lq_earlier(lq_earlier(t, m->def->maxspan), 1);
  latest = latest < p->first ? latest : p->first;
  return earliest_window(m, p) > latest;
}

static void hold(lq_machine *m, lq_partial *p, lq_key_entry *e)
{
  p->held = true;
  if (e->nheld >= m->host->limits.held) {
    m->stats.evicted++;
    drop(m, LQ_OWNER(lq_partial, in_key, e->held.next), LQ_STEP_EVICTED);
  }
  p->nth = m->births++;
  lq_key_table_mark(&m->table, &e->node);
  lq_list_push(&m->held, &p->age);
  lq_list_push(&e->held, &p->in_key);
  e->nheld++;
  lq_tell(m, LQ_STEP_HELD, p, key_of(e), p->filled);
}

// p is out of its entry's partials and of the list by age. May free the entry.
static lq_status complete(lq_machine *m, lq_partial *p, lq_key_entry *e)
{
  bool refused = p->poisoned || (m->has_lead && earliest_window(m, p) > p->first);
  if (m->has_lead && !m->has_trail && p->lead != INT64_MIN)
    refused |= p->lead >= lq_earlier(p->last.time, m->def->maxspan);
  if (refused) {
    p->held = true; // in no entry any more
    drop(m, p, LQ_STEP_REFUSED);
    lq_entry_settle(m, e);
    return LQ_OK;
  }
  if (m->has_trail) {
    hold(m, p, e);
    return LQ_OK;
  }
  p->entry = NULL;
  lq_entry_settle(m, e);
  return give(m, p);
}

// Held matches leave in the order in which they were completed: one that is not decided yet keeps the later
// ones back.
lq_status lq_sequence_release(lq_machine *m, bool all, int64_t clock, bool *did)
{
  *did = false;
  if (lq_list_empty(&m->held))
    return LQ_OK;
  lq_partial *p = LQ_OWNER(lq_partial, age, m->held.next);
  if (!all && !p->dead && !lq_too_old(clock, p->first, m->def->maxspan))
    return LQ_OK;
  *did = true;
  lq_key_entry *e = p->decided ? NULL : p->entry;
  lq_status status = LQ_OK;
  lq_partial_leave_key(p);
  p->entry = NULL;
  lq_entry_settle(m, e);
  if (p->dead)
    lq_partial_drop(m, p);
  else
    status = give(m, p);
  return status;
}

// ---- an event

static bool fits(lq_machine *m, uint32_t term, const lq_state_match *match)
{
  const lq_state_tables *t = m->host->tables;
  return !t->refers || !t->refers[m->def->first_term + term] || lq_ask(m, m->terms[term].snippet, match);
}

// What partial matches take from the event at hand.
typedef struct step_offer {
  lq_snapshot *kept;
  lq_packed *captures;
} step_offer;

// Puts the event at hand into the next slot.
static void fill(lq_machine *m, lq_partial *p, uint32_t term, const step_offer *o)
{
  lq_state_match_set_event(m, p->match, m->slot_at[p->filled], o->kept);
  if (!p->match->captures[term])
    lq_state_match_set_packed(m, p->match, &p->match->captures[term], lq_packed_ref(o->captures));
  if (p->filled == 0)
    p->first = m->at_hand->order.time;
  p->filled++;
  p->last = m->at_hand->order;
}

static void replace(lq_machine *m, lq_key_entry *e, uint32_t filled, const lq_partial *by)
{
  for (lq_partial *p = e->partials; p && p->filled >= filled; p = p->next) {
    if (p->filled == filled && p != by) {
      m->stats.replaced++;
      drop(m, p, LQ_STEP_REPLACED);
      return;
    }
  }
}

// `fork`: the partial match stays where it is, and another like it goes on. NULL: no memory.
static lq_partial *fork_of(lq_machine *m, const lq_partial *p)
{
  lq_partial *q = lq_partial_new(m, p->entry);
  if (!q)
    return NULL;
  for (uint32_t i = 0; i < m->nslots; i++)
    lq_state_match_set_event(m, q->match, i, p->match->events[i]);
  for (uint32_t i = 0; i < m->nterms; i++)
    lq_state_match_set_packed(m, q->match, &q->match->captures[i], lq_packed_ref(p->match->captures[i]));
  q->filled = p->filled;
  q->poisoned = p->poisoned;
  q->first = p->first;
  q->lead = p->lead;
  q->last = p->last;
  return q;
}

static lq_status advance_fork(lq_machine *m, uint32_t term, lq_partial *p, const step_offer *o,
                              lq_partial **complete)
{
  lq_key_entry *e = p->entry;
  lq_partial *q = fork_of(m, p);
  if (!q)
    return lq_no_memory(m);
  fill(m, q, term, o);
  if (q->filled == m->npositive) {
    *complete = q;
    return LQ_OK;
  }
  lq_tell(m, LQ_STEP_ADVANCED, q, key_of(e), q->filled);
  replace(m, e, q->filled, q);
  lq_partial_insert(e, q);
  lq_list_push(p->age.next, &q->age); // they run out together
  return LQ_OK;
}

// Partial matches of the entry that wait for this term take the event; the one it completes comes back in
// *complete.
static lq_status advance(lq_machine *m, uint32_t term, lq_key_entry *e, const step_offer *o,
                         lq_partial **complete)
{
  uint32_t from = m->filled_of[term], to = from + m->terms[term].runs;
  for (lq_partial *p = e->partials, *next; p; p = next) {
    next = p->next;
    if (p->filled < from || p->filled >= to || p->filled == 0 || !fits(m, term, p->match))
      continue;
    if (m->terms[term].flags & LQ_TERM_FORK) {
      lq_status status = advance_fork(m, term, p, o, complete);
      if (status)
        return status;
      continue;
    }
    fill(m, p, term, o);
    if (p->filled == m->npositive) {
      *complete = p;
      e->partials = p->next; // the fullest one stands first
      lq_list_remove(&p->age);
      continue;
    }
    lq_tell(m, LQ_STEP_ADVANCED, p, key_of(e), p->filled);
    replace(m, e, p->filled, p);
  }
  return LQ_OK;
}

static lq_status start(lq_machine *m, uint32_t term, lq_key_entry *e, const step_offer *o,
                       lq_partial **complete)
{
  if (!fits(m, term, NULL))
    return LQ_OK;
  lq_partial *p = lq_partial_new(m, e);
  if (!p)
    return lq_no_memory(m);
  fill(m, p, term, o);
  p->lead = e->has_lead ? e->lead : INT64_MIN;
  lq_tell(m, LQ_STEP_BEGAN, p, key_of(e), 1);
  if (p->filled == m->npositive) {
    *complete = p;
    return LQ_OK;
  }
  replace(m, e, 1, p);
  lq_partial_insert(e, p);
  lq_list_push(&m->partials, &p->age);
  return LQ_OK;
}

static lq_status positive(lq_machine *m, uint32_t term, const lq_key *key, const step_offer *o)
{
  bool starts = m->filled_of[term] == 0;
  if (!starts && !lq_key_table_find(&m->table, key))
    return LQ_OK;
  lq_key_entry *e = lq_entry_get(m, key);
  if (!e)
    return lq_no_memory(m);
  lq_partial *done[2] = {NULL, NULL};
  lq_status status = advance(m, term, e, o, &done[0]);
  if (starts && !status)
    status = start(m, term, e, o, &done[1]);
  if (!done[0] && !done[1])
    lq_entry_settle(m, e);
  for (int i = 0; i < 2; i++) {
    if (done[i] && status)
      done[i]->held = true, lq_partial_drop(m, done[i]);
    else if (done[i])
      status = complete(m, done[i], e);
  }
  return status;
}

static void poison(lq_machine *m, uint32_t term, lq_key_entry *e)
{
  for (lq_partial *p = e->partials; p && p->filled >= m->filled_of[term]; p = p->next) {
    // Strictly between: the event that brought it here is no such event.
    if (p->filled != m->filled_of[term] || p->poisoned || p->last.arrival == m->at_hand->order.arrival ||
        !fits(m, term, p->match))
      continue;
    p->poisoned = true;
    lq_tell(m, LQ_STEP_MISSING_SEEN, p, key_of(e), p->filled);
  }
}

static void decide_held(lq_machine *m, uint32_t term, lq_key_entry *e)
{
  for (lq_link *l = e->held.next, *next; l != &e->held; l = next) {
    next = l->next;
    lq_partial *p = LQ_OWNER(lq_partial, in_key, l);
    if (p->last.arrival == m->at_hand->order.arrival || !fits(m, term, p->match))
      continue;
    p->dead = spoils(m, p, m->at_hand->order.time);
    p->decided = true;
    lq_partial_leave_key(p);
    p->entry = NULL;
    lq_tell(m, p->dead ? LQ_STEP_REFUSED : LQ_STEP_MISSING_SEEN, p, key_of(e), p->filled);
  }
}

static lq_status leading(lq_machine *m, uint32_t term, const lq_key *key)
{
  if (!fits(m, term, NULL))
    return LQ_OK;
  lq_key_entry *e = lq_entry_get(m, key);
  if (!e)
    return lq_no_memory(m);
  e->has_lead = true;
  e->lead = m->at_hand->order.time;
  lq_list_remove(&e->by_lead);
  lq_list_push(&m->leads, &e->by_lead);
  return LQ_OK;
}

static lq_status negative(lq_machine *m, uint32_t term, const lq_key *key)
{
  if (m->filled_of[term] == 0)
    return leading(m, term, key);
  lq_key_node *node = lq_key_table_find(&m->table, key);
  if (!node)
    return LQ_OK;
  lq_key_entry *e = LQ_OWNER(lq_key_entry, node, node);
  if (m->filled_of[term] == m->npositive)
    decide_held(m, term, e);
  else
    poison(m, term, e);
  lq_entry_settle(m, e);
  return LQ_OK;
}

// Nothing is kept for an event that no partial match waits for.
static bool is_awaited(const lq_machine *m, uint32_t term)
{
  bool any = m->filled_of[term] == 0;
  for (size_t k = 0; k < m->host->keys.n && !any; k++)
    any = lq_key_table_find(&m->table, &m->host->keys.keys[k]) != NULL;
  return any && m->host->keys.n > 0;
}

static lq_status offer_positive(lq_machine *m, uint32_t term)
{
  if (!is_awaited(m, term))
    return LQ_OK;
  step_offer o = {.kept = lq_at_hand_keep(m)};
  if (!o.kept)
    return lq_no_memory(m);
  bool whole;
  lq_status status = lq_ask_captures(m, term, &o.captures, &whole);
  for (size_t k = 0; k < m->host->keys.n && whole && !status; k++)
    status = positive(m, term, &m->host->keys.keys[k], &o);
  lq_packed_unref(o.captures, m->mem);
  return status;
}

static lq_status offer_negated(lq_machine *m, uint32_t term)
{
  lq_status status = LQ_OK;
  for (size_t k = 0; k < m->host->keys.n && !status; k++)
    status = negative(m, term, &m->host->keys.keys[k]);
  return status;
}

// Offers the event to all positive or all negated terms, the last one first; each distinct key is a step of
// its own.
static lq_status offer(lq_machine *m, const uint8_t *hits, bool negated)
{
  lq_status status = LQ_OK;
  for (uint32_t i = m->nterms; i-- > 0 && !status;) {
    if (!hits[i] || !!(m->terms[i].flags & LQ_TERM_NEGATED) != negated)
      continue;
    status = lq_ask_keys(m, i);
    if (!status)
      status = (negated ? offer_negated : offer_positive)(m, i);
  }
  return status;
}

static lq_status until(lq_machine *m, const uint8_t *hits)
{
  if (!m->def->until || !hits[m->nterms])
    return LQ_OK;
  lq_status status = lq_ask_keys(m, m->nterms);
  for (size_t k = 0; k < m->host->keys.n && !status; k++) {
    lq_key_node *node = lq_key_table_find(&m->table, &m->host->keys.keys[k]);
    if (!node)
      continue;
    lq_key_entry *e = LQ_OWNER(lq_key_entry, node, node);
    while (e->partials) {
      m->stats.killed++;
      drop(m, e->partials, LQ_STEP_UNTIL);
    }
    lq_entry_settle(m, e);
  }
  return status;
}

lq_status lq_sequence_event(lq_machine *m, const uint8_t *hits)
{
  bool first = m->def->flags & LQ_STATE_UNTIL_FIRST;
  lq_status status = first ? until(m, hits) : LQ_OK;
  if (!status)
    status = offer(m, hits, false);
  // Negated terms come after: they concern what stands between two events, never the event itself.
  if (!status)
    status = offer(m, hits, true);
  return status || first ? status : until(m, hits);
}
