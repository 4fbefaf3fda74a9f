// Room: what state takes, who is evicted when it has taken more than a limit allows, and when.
#include "state/machine_internal.h"

// ---- what is taken

static void *metered(void *user, void *p, size_t old_size, size_t new_size)
{
  lq_meter *m = user;
  if (new_size > old_size && new_size - old_size > m->max - m->used)
    return NULL;
  void *q = m->mem->fn(m->mem->user, p, old_size, new_size);
  if (!q && new_size) {
    m->out_of_memory = true;
    return NULL;
  }
  m->used = m->used - old_size + new_size;
  m->peak = m->used > m->peak ? m->used : m->peak;
  return q;
}

void lq_meter_init(lq_meter *m, const lq_mem *mem, uint64_t max)
{
  *m = (lq_meter){.mem = mem, .max = max > SIZE_MAX ? SIZE_MAX : (size_t)max};
  m->hook = (lq_mem){metered, m};
}

void lq_charge(lq_machine *m, size_t n)
{
  m->stats.bytes += n;
  m->stats.peak = m->stats.bytes > m->stats.peak ? m->stats.bytes : m->stats.peak;
}

void lq_uncharge(lq_machine *m, size_t n)
{
  m->stats.bytes -= n;
}

void *lq_machine_alloc(lq_machine *m, size_t size)
{
  void *p = lq_mem_alloc(m->mem, 1, size);
  if (p)
    lq_charge(m, size);
  return p;
}

lq_status lq_no_memory(lq_machine *m)
{
  if (m->host->meter->out_of_memory)
    return LQ_E_NOMEM;
  m->stats.evicted++;
  return LQ_OK;
}

// ---- who goes, within a rule

// Under a flood each event makes the oldest go, and the oldest is what no cache holds. The three after it are
// asked for early, each as far as what was asked for before tells where it lies (tests/reference/load.c
// measures it).
static void look_ahead(const lq_machine *m, lq_link *oldest)
{
  lq_link *one = oldest->next, *two = one->next, *three = two->next;
  if (one == &m->partials || two == &m->partials || three == &m->partials)
    return;
  const lq_partial *p = LQ_OWNER(lq_partial, age, one), *q = LQ_OWNER(lq_partial, age, two);
  __builtin_prefetch(three);
  __builtin_prefetch(q->match);
  __builtin_prefetch(q->entry);
  __builtin_prefetch(p->match->events[m->slot_at[0]]);
  __builtin_prefetch(&m->table.buckets[p->entry->node.hash & (m->table.nbuckets - 1)]);
}

// One that is dead only waits to be dropped: nothing is lost with it.
static void tell_evicted(lq_machine *m, const lq_partial *p)
{
  if (p->dead)
    return;
  m->stats.evicted++;
  lq_tell(m, LQ_STEP_EVICTED, p, (lq_str){p->match->key, p->match->nkey}, p->filled);
}

static void evict_partial(lq_machine *m, lq_partial *p)
{
  lq_key_entry *e = p->entry;
  tell_evicted(m, p);
  lq_partial_drop(m, p);
  lq_entry_settle(m, e);
}

// With all that hangs on it: each partial match counts, and a key that has none counts for itself.
static void evict_entry(lq_machine *m, lq_key_entry *e)
{
  for (const lq_partial *p = e->partials; p; p = p->next)
    tell_evicted(m, p);
  for (const lq_link *l = e->held.next; l != &e->held; l = l->next)
    tell_evicted(m, LQ_OWNER(lq_partial, in_key, l));
  if (!e->partials && lq_list_empty(&e->held)) {
    m->stats.evicted++;
    lq_tell(m, LQ_STEP_EVICTED, NULL, (lq_str){e->node.key, e->node.nkey}, e->filled);
  }
  lq_entry_free(m, e);
}

static void evict_stage_key(lq_machine *m, lq_stage *s)
{
  lq_key_node *node = LQ_OWNER(lq_key_node, age, s->table.age.next);
  m->stats.evicted++;
  lq_tell(m, LQ_STEP_EVICTED, NULL, (lq_str){node->key, node->nkey}, 0);
  lq_stage_drop_key(m, s, node);
}

static void evict_row(lq_machine *m, lq_stage *s)
{
  lq_state_match *match = LQ_OWNER(lq_state_match, link, s->matches.next);
  m->stats.evicted++;
  lq_tell(m, LQ_STEP_EVICTED, NULL, (lq_str){match->key, match->nkey}, 0);
  lq_stage_drop_match(m, s, match);
}

static lq_key_entry *oldest_entry(const lq_machine *m)
{
  return LQ_OWNER(lq_key_entry, node.age, m->table.age.next);
}

static lq_stage *largest_stage(const lq_machine *m)
{
  lq_stage *most = NULL;
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    if (s->table.n + s->nmatches > (most ? most->table.n + most->nmatches : 0))
      most = s;
  }
  return most;
}

static bool evict_of_stages(lq_machine *m)
{
  lq_stage *s = largest_stage(m);
  if (!s)
    return false;
  if (s->nmatches > s->table.n)
    evict_row(m, s);
  else
    evict_stage_key(m, s);
  return true;
}

// A stage that remembers for long (`suppress` for a day) would otherwise fill the rule's bytes for good, and
// each new partial match would be evicted before it could advance.
static bool stages_have_most(const lq_machine *m)
{
  const lq_stage *s = largest_stage(m);
  size_t terms = m->stats.live > m->table.n ? (size_t)m->stats.live : m->table.n;
  return s && s->table.n + s->nmatches > terms;
}

bool lq_machine_evict(lq_machine *m)
{
  if (stages_have_most(m)) {
    return evict_of_stages(m);
  } else if (!lq_list_empty(&m->partials)) {
    look_ahead(m, m->partials.next);
    evict_partial(m, LQ_OWNER(lq_partial, age, m->partials.next));
  } else if (!lq_list_empty(&m->held)) {
    evict_partial(m, LQ_OWNER(lq_partial, age, m->held.next));
  } else if (m->table.n > 0) {
    evict_entry(m, oldest_entry(m));
  } else {
    return false;
  }
  return true;
}

// By its keys. The newest may be the only one without a partial match, and would always go first by the order
// above.
static bool evict_key(lq_machine *m)
{
  lq_stage *most = NULL;
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    if (s->table.n > (most ? most->table.n : m->table.n))
      most = s;
  }
  if (!most && m->table.n == 0)
    return false;
  if (most)
    evict_stage_key(m, most);
  else
    evict_entry(m, oldest_entry(m));
  return true;
}

// ---- who goes, across rules

static bool is_over(const lq_meter *m, size_t need)
{
  return need > m->max || m->used > m->max - need;
}

// Rows that are being given out are nobody's to take: bytes alone do not tell that there is something to
// evict.
static bool has_any(const lq_machine *m)
{
  return !lq_list_empty(&m->partials) || !lq_list_empty(&m->held) || m->table.n > 0 || largest_stage(m);
}

static lq_machine *largest(const lq_machine_host *host)
{
  lq_machine *most = NULL;
  for (size_t i = 0; i < host->tables->nstates; i++) {
    lq_machine *m = host->machines[i];
    if (m->stats.bytes > (most ? most->stats.bytes : 0) && has_any(m))
      most = m;
  }
  return most;
}

// Buckets of tables that have become empty.
static void trim(lq_machine_host *host)
{
  for (size_t i = 0; i < host->tables->nstates; i++) {
    lq_machine *m = host->machines[i];
    lq_key_table_trim(&m->table, m->mem);
    for (uint32_t k = 0; k < m->def->nstages; k++)
      lq_key_table_trim(&m->stages[k].table, m->mem);
  }
}

// Some at a time, as finding out who has most takes a look at all.
static bool evict_some(lq_machine_host *host, size_t need)
{
  lq_machine *most = largest(host);
  size_t processes = host->lineage ? lq_ancestry_stats_get(host->lineage)->bytes : 0;
  bool lineage = processes > (most ? most->stats.bytes : 0), any = false;
  for (int i = 0; i < 16 && is_over(host->meter, need); i++) {
    if (!(lineage ? lq_ancestry_evict(host->lineage) : most && lq_machine_evict(most)))
      break;
    any = true;
  }
  return any;
}

bool lq_room_make(lq_machine_host *host, size_t need)
{
  if (need > host->meter->max)
    return false; // nobody goes for what will never fit
  while (is_over(host->meter, need) && evict_some(host, need))
    continue;
  if (is_over(host->meter, need))
    trim(host);
  return !is_over(host->meter, need);
}

// ---- between steps

void lq_room_settle(lq_machine *m, size_t need)
{
  const lq_state_limits *l = &m->host->limits;
  const size_t quarter = m->host->meter->max / 4;
  while (m->stats.bytes > l->rule_bytes && lq_machine_evict(m))
    continue;
  while (m->stats.keys > l->keys && evict_key(m))
    continue;
  if (is_over(m->host->meter, need < quarter ? need : quarter))
    lq_room_make(m->host, need < quarter ? need : quarter);
}

// An event of many keys takes many times what it is itself: the steps before it tell how much that may be.
void lq_room_begin(lq_machine *m, const lq_event *e)
{
  size_t record = e->raw.n + e->source.n + e->ntouched * sizeof(lq_snapshot_value);
  lq_room_settle(m, LQ_ROOM_ROW + 2 * record + m->took);
  m->before = m->host->meter->used;
}

void lq_room_end(lq_machine *m)
{
  size_t used = m->host->meter->used, took = used > m->before ? used - m->before : 0;
  size_t fading = m->took - m->took / 8;
  m->took = took > fading ? took : fading;
  lq_room_settle(m, 0);
}
