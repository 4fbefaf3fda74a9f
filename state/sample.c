// Samples and joins: one event for each term, with one key, in any order.
//
// A sample needs as many events as terms: an event that fits two terms stands for one of them, and moves over
// when another event can only be the other. It is a matching in a graph; an event that finds no place then
// will never be needed. A join keeps the first event of each term, which may be one and the same.
#include "state/machine_internal.h"

static uint8_t *fits_of(const lq_machine *m, lq_key_entry *e, uint32_t slot)
{
  return e->fits + (size_t)slot * m->nterms;
}

static bool is_filled(const lq_key_entry *e, uint32_t slot)
{
  return e->match->events[slot] != NULL;
}

static void move(lq_machine *m, lq_key_entry *e, uint32_t from, uint32_t to)
{
  lq_state_match *r = e->match;
  r->events[to] = r->events[from];
  r->events[from] = NULL;
  memcpy(fits_of(m, e, to), fits_of(m, e, from), m->nterms);
  for (uint32_t i = 0; i < m->nterms; i++) {
    e->chosen[to * m->nterms + i] = e->chosen[from * m->nterms + i];
    e->chosen[from * m->nterms + i] = NULL;
  }
}

static void choose(lq_machine *m, lq_key_entry *e, uint32_t slot, lq_snapshot *kept, const uint8_t *fits,
                   lq_packed **captures)
{
  lq_state_match_set_event(m, e->match, slot, kept);
  memcpy(fits_of(m, e, slot), fits, m->nterms);
  for (uint32_t i = 0; i < m->nterms; i++) {
    if (fits[i] && captures[i]) {
      e->chosen[slot * m->nterms + i] = lq_packed_ref(captures[i]);
      lq_charge(m, captures[i]->size);
    }
  }
  e->filled++;
}

// Breadth-first search for a chain of moves that ends at a free slot. came[s]: the slot whose event would
// move to s.
static bool find_chain(const lq_machine *m, lq_key_entry *e, const uint8_t *fits, uint32_t *came,
                       uint32_t *queue, uint32_t *end)
{
  uint32_t head = 0, tail = 0;
  for (uint32_t i = 0; i < m->nterms; i++) {
    came[i] = UINT32_MAX;
    if (fits[i]) {
      came[i] = i; // the new event itself
      queue[tail++] = i;
    }
  }
  while (head < tail) {
    uint32_t s = queue[head++];
    if (!is_filled(e, s)) {
      *end = s;
      return true;
    }
    const uint8_t *next = fits_of(m, e, s);
    for (uint32_t i = 0; i < m->nterms; i++) {
      if (next[i] && came[i] == UINT32_MAX) {
        came[i] = s;
        queue[tail++] = i;
      }
    }
  }
  return false;
}

// A slot for the event, made free by moving others; UINT32_MAX: none.
static uint32_t place(lq_machine *m, lq_key_entry *e, const uint8_t *fits)
{
  uint32_t came[LQ_SAMPLE_TERMS_MAX], queue[LQ_SAMPLE_TERMS_MAX], slot;
  if (!find_chain(m, e, fits, came, queue, &slot))
    return UINT32_MAX;
  while (came[slot] != slot) {
    move(m, e, came[slot], slot);
    slot = came[slot];
  }
  return slot;
}

static lq_status give(lq_machine *m, lq_key_entry *e)
{
  lq_state_match *match = e->match;
  for (uint32_t i = 0; i < m->nterms && m->def->kind == LQ_STATE_SAMPLE; i++)
    lq_state_match_set_packed(m, match, &match->captures[i], lq_packed_ref(e->chosen[i * m->nterms + i]));
  e->match = NULL;
  m->stats.live--;
  lq_entry_drop_match(m, e);
  match->order = m->at_hand->order;
  e->done = m->def->kind == LQ_STATE_SAMPLE;
  lq_tell(m, LQ_STEP_MATCHED, NULL, (lq_str){match->key, match->nkey}, m->nterms);
  lq_entry_settle(m, e);
  return lq_stages_push(m, 0, match);
}

// An entry of the key that has a match to fill; NULL with LQ_OK: there is no more to do for this key.
static lq_status open_entry(lq_machine *m, const lq_key *key, lq_key_entry **out)
{
  *out = NULL;
  lq_key_entry *e = lq_entry_get(m, key);
  if (!e)
    return lq_no_memory(m);
  if (e->done)
    return LQ_OK;
  if (e->match && lq_too_old(m->at_hand->order.time, e->first, m->def->maxspan)) {
    lq_entry_drop_match(m, e);
    m->stats.expired++;
  }
  if (!e->match) {
    e->match = lq_state_match_new(m, (lq_str){e->node.key, e->node.nkey}, m->nterms, m->nterms);
    e->first = m->at_hand->order.time;
    if (!e->match) {
      lq_entry_settle(m, e);
      return lq_no_memory(m);
    }
    m->stats.live++;
  }
  *out = e;
  return LQ_OK;
}

static lq_status offer_sample(lq_machine *m, const lq_key *key, const uint8_t *fits, lq_snapshot *kept,
                              lq_packed **captures)
{
  lq_key_entry *e;
  lq_status status = open_entry(m, key, &e);
  if (!e)
    return status;
  uint32_t slot = place(m, e, fits);
  if (slot == UINT32_MAX)
    return LQ_OK;
  choose(m, e, slot, kept, fits, captures);
  return e->filled == m->nterms ? give(m, e) : LQ_OK;
}

static lq_status offer_join(lq_machine *m, uint32_t term, const lq_key *key, lq_snapshot *kept,
                            lq_packed *captures)
{
  lq_key_entry *e;
  lq_status status = open_entry(m, key, &e);
  if (!e || is_filled(e, term))
    return status;
  lq_state_match_set_event(m, e->match, term, kept);
  lq_state_match_set_packed(m, e->match, &e->match->captures[term], lq_packed_ref(captures));
  e->filled++;
  return e->filled == m->nterms ? give(m, e) : LQ_OK;
}

static lq_status join_event(lq_machine *m, const uint8_t *hits)
{
  lq_status status = LQ_OK;
  for (uint32_t i = 0; i < m->nterms && !status; i++) {
    if (!hits[i] || (status = lq_ask_keys(m, i)) || m->host->keys.n == 0)
      continue;
    lq_snapshot *kept = lq_at_hand_keep(m);
    lq_packed *captures = NULL;
    bool whole = false;
    status = kept ? lq_ask_captures(m, i, &captures, &whole) : lq_no_memory(m);
    for (size_t k = 0; whole && k < m->host->keys.n && !status; k++)
      status = offer_join(m, i, &m->host->keys.keys[k], kept, captures);
    lq_packed_unref(captures, m->mem);
  }
  return status;
}

// Terms have keys of their own, so an event may be the same term's under one key and another's under the
// next.
static bool same_key(const lq_key *a, lq_str b)
{
  return lq_str_eq((lq_str){a->p, a->n}, b);
}

// Which terms the event fits under each of its keys: collected first, as a step needs all terms of a key at
// once.
typedef struct chance {
  lq_str key;
  uint64_t hash;
  uint8_t fits[LQ_SAMPLE_TERMS_MAX];
} chance;

static lq_status add_chance(lq_machine *m, chance **list, size_t *n, size_t *cap, uint32_t term,
                            const lq_key *key)
{
  for (size_t i = 0; i < *n; i++) {
    if ((*list)[i].hash == key->hash && same_key(key, (*list)[i].key)) {
      (*list)[i].fits[term] = 1;
      return LQ_OK;
    }
  }
  char *bytes = LQ_GROW(m->fixed, *list, *n, cap) ? lq_mem_alloc(m->fixed, key->n, 1) : NULL;
  if (!bytes)
    return LQ_E_NOMEM;
  if (key->n)
    memcpy(bytes, key->p, key->n);
  chance *c = &(*list)[(*n)++];
  *c = (chance){.key = {bytes, key->n}, .hash = key->hash};
  c->fits[term] = 1;
  return LQ_OK;
}

static lq_status sample_event(lq_machine *m, const uint8_t *hits)
{
  chance *list = NULL;
  lq_packed *captures[LQ_SAMPLE_TERMS_MAX] = {0};
  size_t n = 0, cap = 0;
  bool whole = true;
  lq_status status = LQ_OK;
  for (uint32_t i = 0; i < m->nterms && whole && !status; i++) {
    if (hits[i])
      status = lq_ask_captures(m, i, &captures[i], &whole);
    if (hits[i] && whole && !status)
      status = lq_ask_keys(m, i);
    for (size_t k = 0; hits[i] && k < m->host->keys.n && whole && !status; k++)
      status = add_chance(m, &list, &n, &cap, i, &m->host->keys.keys[k]);
  }
  // Placed by half of what it fits, it could take another's place.
  lq_snapshot *kept = n && whole && !status ? lq_at_hand_keep(m) : NULL;
  if (n && whole && !status && !kept)
    status = lq_no_memory(m);
  for (size_t i = 0; i < n; i++) {
    lq_key key = {list[i].key.p, list[i].key.n, list[i].hash};
    if (!status && kept)
      status = offer_sample(m, &key, list[i].fits, kept, captures);
  }
  for (size_t i = 0; i < n; i++)
    lq_mem_free(m->fixed, (void *)(uintptr_t)list[i].key.p, list[i].key.n, 1);
  lq_mem_free(m->fixed, list, cap, sizeof *list);
  for (uint32_t i = 0; i < m->nterms; i++)
    lq_packed_unref(captures[i], m->mem);
  return status;
}

static lq_status until(lq_machine *m, const uint8_t *hits)
{
  if (!m->def->until || !hits[m->nterms])
    return LQ_OK;
  lq_status status = lq_ask_keys(m, m->nterms);
  for (size_t k = 0; k < m->host->keys.n && !status; k++) {
    lq_key_node *node = lq_key_table_find(&m->table, &m->host->keys.keys[k]);
    lq_key_entry *e = node ? LQ_OWNER(lq_key_entry, node, node) : NULL;
    if (!e || !e->match)
      continue;
    m->stats.killed++;
    lq_tell(m, LQ_STEP_UNTIL, NULL, (lq_str){e->node.key, e->node.nkey}, e->filled);
    lq_entry_drop_match(m, e);
    lq_entry_settle(m, e);
  }
  return status;
}

lq_status lq_sample_event(lq_machine *m, const uint8_t *hits)
{
  bool first = m->def->flags & LQ_STATE_UNTIL_FIRST;
  lq_status status = first ? until(m, hits) : LQ_OK;
  if (!status)
    status = m->def->kind == LQ_STATE_JOIN ? join_event(m, hits) : sample_event(m, hits);
  return status || first ? status : until(m, hits);
}
