// All stateful rules of a rule set: from arrival to order, from order to machines.
#include "state/partition_internal.h"

// ---- life

static lq_status make_machines(lq_partition *s)
{
  const lq_state_tables *t = s->config.tables;
  size_t most = 1;
  s->machines = lq_mem_alloc(s->mem, t->nstates, sizeof(lq_machine *));
  s->state_of = lq_mem_alloc(s->mem, t->nterms, sizeof *s->state_of);
  if (!s->machines || !s->state_of)
    return LQ_E_NOMEM;
  s->host.machines = s->machines;
  for (uint32_t i = 0; i < t->nstates; i++) {
    lq_status status = lq_machine_new(&s->machines[i], &s->host, i);
    if (status)
      return status;
    const lq_state_def *d = &t->states[i];
    for (uint32_t k = 0; k < d->nterms + d->until; k++)
      s->state_of[d->first_term + k] = i;
    most = d->nterms + d->until > most ? d->nterms + d->until : most;
  }
  s->nhits = most;
  s->hits = lq_mem_alloc(s->mem, most, 1);
  s->known = lq_mem_alloc(s->mem, t->nterms, sizeof *s->known);
  return s->hits && s->known ? LQ_OK : LQ_E_NOMEM;
}

static lq_status make(lq_partition *s)
{
  const lq_partition_config *c = &s->config;
  lq_status status = make_machines(s);
  if (!status)
    status = lq_deadlines_init(&s->due, (uint32_t)c->tables->nstates, s->mem);
  if (!status && c->nlineages > 0)
    status = lq_ancestry_new(&s->lineage, c->lineages, c->nlineages, s->config.limits.keys, c->hash_key,
                             &s->meter.hook);
  s->host.lineage = s->lineage;
  if (status || !c->fields)
    return status;
  status = lq_event_init(&s->waited, c->fields, s->mem);
  s->has_waited = !status;
  if (!status)
    status = lq_event_init(&s->viewed, c->fields, s->mem);
  s->has_viewed = s->has_waited && !status;
  return status;
}

lq_status lq_partition_new(lq_partition **out, const lq_partition_config *config, const lq_mem *mem)
{
  *out = NULL;
  lq_partition *s = lq_mem_alloc(mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  s->mem = mem;
  s->config = *config;
  lq_state_limits_default(&s->config.limits);
  lq_meter_init(&s->meter, mem, s->config.limits.total_bytes);
  s->host = (lq_machine_host){.meter = &s->meter,
                              .tables = config->tables,
                              .limits = s->config.limits,
                              .asker = config->asker,
                              .hooks = config->hooks};
  memcpy(s->host.hash_key, config->hash_key, sizeof s->host.hash_key);
  s->host.keys = (lq_key_set){.mem = mem, .max = s->config.limits.key_tuples};
  memcpy(s->host.keys.hash_key, config->hash_key, sizeof s->host.hash_key);
  s->host.stage_keys = s->host.keys;
  lq_buffer_init(&s->buffer, &s->meter.hook);
  s->buffer.lateness = config->lateness;
  s->buffer.future = s->config.limits.future;
  // What waits never takes all: an event whose turn comes needs room for what it does.
  s->buffer.max_bytes = s->config.limits.buffer_bytes < s->meter.max / 2 ? s->config.limits.buffer_bytes
                                                                         : s->meter.max / 2;
  s->buffer.runs.store = config->store;
  s->buffer.runs.slots = config->fields ? (uint32_t)lq_fieldmap_slots(config->fields) : 0;
  s->buffer.runs.room = s->buffer.max_bytes;
  lq_status status = make(s);
  if (status)
    lq_partition_free(s);
  else
    *out = s;
  return status;
}

void lq_partition_free(lq_partition *s)
{
  if (!s)
    return;
  const lq_state_tables *t = s->config.tables;
  for (size_t i = 0; s->machines && i < t->nstates; i++)
    lq_machine_free(s->machines[i]);
  lq_mem_free(s->mem, s->machines, t->nstates, sizeof(lq_machine *));
  lq_mem_free(s->mem, s->state_of, t->nterms, sizeof *s->state_of);
  lq_mem_free(s->mem, s->hits, s->nhits, 1);
  lq_mem_free(s->mem, s->known, t->nterms, sizeof *s->known);
  lq_key_set_free(&s->host.keys);
  lq_key_set_free(&s->host.stage_keys);
  lq_buffer_free(&s->buffer);
  lq_save_pool_free(&s->pool);
  if (s->due.mem)
    lq_deadlines_free(&s->due);
  lq_ancestry_free(s->lineage);
  if (s->has_waited)
    lq_event_free(&s->waited);
  if (s->has_viewed)
    lq_event_free(&s->viewed);
  lq_mem_free(s->mem, s, 1, sizeof *s);
}

void lq_partition_bind(lq_partition *s, const lq_asker *asker,
                       void (*process)(void *user, lq_process_facts *out), const lq_state_hooks *hooks)
{
  s->config.asker = s->host.asker = *asker;
  s->config.process = process;
  s->config.hooks = s->host.hooks = *hooks;
  s->viewing = NULL;
}

void lq_partition_set_now(lq_partition *s, int64_t now)
{
  s->buffer.has_now = true;
  s->buffer.now = now;
}

bool lq_partition_wants_all(const lq_partition *s)
{
  return s->lineage != NULL;
}

bool lq_partition_keeps_all(const lq_partition *s)
{
  return !s->config.read;
}

bool lq_partition_takes_known(const lq_partition *s)
{
  return s->config.read && lq_buffer_strips(&s->buffer, 0);
}

// ---- time

static void renew_due(lq_partition *s, uint32_t machine)
{
  lq_deadlines_set(&s->due, machine, lq_machine_due(s->machines[machine]));
}

static lq_status advance(lq_partition *s, int64_t clock)
{
  uint32_t machine;
  int64_t when;
  lq_status status = LQ_OK;
  while (!status && lq_deadlines_first(&s->due, &machine, &when) && when < clock) {
    s->config.asker.event(s->config.asker.user, NULL);
    status = lq_machine_advance(s->machines[machine], clock);
    renew_due(s, machine);
  }
  return status;
}

// ---- an event whose turn it is

static bool ask(lq_partition *s, uint32_t snippet)
{
  static const lq_view nothing = {0};
  return s->config.asker.truth(s->config.asker.user, snippet, &nothing);
}

// What an event whose turn it is comes with.
typedef struct told {
  const uint32_t *hits, *rows;
  size_t nhits, nrows;
  const lq_process_facts *facts;
} told;

static void ask_row(lq_partition *s, uint32_t row)
{
  s->config.asker.begin(s->config.asker.user, s->config.lineages[row].rule);
  if (ask(s, s->config.lineages[row].snippet))
    lq_ancestry_holds(s->lineage, row);
}

static void remember_process(lq_partition *s, const told *t)
{
  lq_process_facts asked = {0};
  if (!t->facts)
    s->config.process(s->config.asker.user, &asked);
  lq_room_make(&s->host, LQ_ROOM_ROW < s->meter.max / 4 ? LQ_ROOM_ROW : s->meter.max / 4);
  lq_ancestry_event(s->lineage, t->facts ? t->facts : &asked);
  bool all = t->nrows == LQ_HITS_UNKNOWN;
  for (size_t i = all ? s->config.nlineages : t->nrows; i-- > 0;)
    ask_row(s, all ? (uint32_t)i : t->rows[i]);
}

// Fills the hits of the state that hits[0] belongs to; gives how many hits that took.
static size_t hits_of(lq_partition *s, const uint32_t *hits, size_t n, bool *any)
{
  const lq_state_tables *t = s->config.tables;
  uint32_t state = s->state_of[hits[0]];
  const lq_state_def *d = &t->states[state];
  size_t i = 0;
  *any = false;
  memset(s->hits, 0, s->nhits);
  s->config.asker.begin(s->config.asker.user, d->rule);
  for (; i < n && s->state_of[hits[i]] == state; i++) {
    bool late = s->config.late && s->config.late[hits[i]] && !(t->refers && t->refers[hits[i]]);
    s->hits[hits[i] - d->first_term] = !late || ask(s, t->terms[hits[i]].snippet);
    *any |= s->hits[hits[i] - d->first_term];
  }
  return i;
}

static lq_status take_turn(lq_partition *s, lq_at_hand *e, const told *t)
{
  lq_status status = advance(s, e->order.time);
  s->config.asker.event(s->config.asker.user, e->event);
  if (s->lineage)
    remember_process(s, t);
  for (size_t i = 0, took; i < t->nhits && !status; i += took) {
    bool any;
    uint32_t state = s->state_of[t->hits[i]];
    took = hits_of(s, t->hits + i, t->nhits - i, &any);
    if (!any)
      continue;
    status = lq_machine_event(s->machines[state], e, s->hits);
    renew_due(s, state);
  }
  lq_snapshot_unref(e->kept, &s->meter.hook);
  lq_snapshot_unref(e->whole, &s->meter.hook);
  return status;
}

static lq_status let_in(lq_partition *s, lq_waiting *w)
{
  lq_at_hand e = {.order = w->order, .event = &s->waited};
  lq_process_facts facts;
  told t = {
      .hits = w->hits, .nhits = w->nhits, .rows = w->hits ? w->hits + w->nhits : NULL, .nrows = w->nrows};
  if (w->kin) {
    lq_kin_facts(w->kin, &facts);
    t.facts = &facts;
  }
  if (!w->kept) { // nobody asks anything
    lq_status status = advance(s, w->order.time);
    remember_process(s, &t);
    return status;
  }
  lq_snapshot_replay(w->kept, &s->waited);
  if (s->waited.failed)
    return LQ_E_NOMEM;
  e.whole = w->borrowed ? NULL : lq_snapshot_ref(w->kept);
  return take_turn(s, &e, &t);
}

// One that waited in saved state: today's rules are asked about what its record says.
static lq_status let_restored_in(lq_partition *s, const lq_waiting *w)
{
  lq_at_hand e = {.order = w->order, .event = &s->waited};
  lq_status status = LQ_OK;
  if (s->config.read)
    status = lq_snapshot_read(w->kept, s->config.read, s->config.read_user, &s->waited);
  else
    lq_snapshot_replay(w->kept, &s->waited);
  if (status == LQ_E_INPUT) {
    s->buffer.stats.dropped++;
    return LQ_OK;
  }
  if (status || s->waited.failed)
    return LQ_E_NOMEM;
  s->config.asker.event(s->config.asker.user, e.event);
  told t = {.hits = s->known, .nrows = LQ_HITS_UNKNOWN};
  t.nhits = s->config.asker.fits(s->config.asker.user, s->known);
  return take_turn(s, &e, &t);
}

// One that comes back from outside memory may find no room, as rules remember more by now.
static lq_status next_waiting(lq_partition *s, bool all, lq_waiting *w, bool *any)
{
  for (size_t size = 4096;; size *= 2) {
    lq_status status = lq_buffer_next(&s->buffer, all, w, any);
    if (status != LQ_E_NOMEM || s->meter.out_of_memory)
      return status;
    if (size <= s->meter.max && lq_room_make(&s->host, size))
      continue;
    s->buffer.stats.dropped++;
    status = lq_runs_skip(&s->buffer.runs);
    if (status)
      return status;
  }
}

static lq_status let_waiting_in(lq_partition *s, bool all)
{
  lq_waiting w;
  bool any;
  lq_status status;
  while (!(status = next_waiting(s, all, &w, &any)) && any) {
    status = w.nhits == LQ_HITS_UNKNOWN ? let_restored_in(s, &w) : let_in(s, &w);
    lq_waiting_free(&w, &s->meter.hook);
    if (status)
      break;
  }
  return status;
}

// ---- arrival

// What waits leaves memory when one more would be too much.
static lq_status spill_for(lq_partition *s, size_t size)
{
  lq_buffer *b = &s->buffer;
  if (!lq_buffer_spills(b) || b->n == 0)
    return LQ_OK;
  size_t also = lq_runs_block(&b->runs) + (b->n == b->cap ? 2 * b->cap * sizeof *b->heap : 0);
  bool fits = b->bytes + size <= b->max_bytes && s->meter.used + size + also <= s->meter.max;
  return fits ? LQ_OK : lq_buffer_spill(b);
}

static size_t ids_of(const lq_offer *o)
{
  return o->nhits + (o->nrows == LQ_HITS_UNKNOWN ? 0 : o->nrows);
}

// Whether nothing of the event is looked at when its turn has come.
static bool is_kin_alone(const lq_partition *s, const lq_offer *o)
{
  return o->facts && ids_of(o) == 0 && lq_partition_takes_known(s);
}

// False: no memory; what there is of it is the caller's to free.
static bool fill_waiting(lq_partition *s, const lq_offer *o, const lq_keep *keep, lq_waiting *w)
{
  const lq_mem *mem = &s->meter.hook;
  w->hits = lq_mem_alloc(mem, ids_of(o), sizeof *w->hits);
  w->kin = w->hits && o->facts ? lq_kin_new(o->facts, mem) : NULL;
  bool well = w->hits && (w->kin || !o->facts);
  w->kept = well && keep ? lq_snapshot_take(o->event, w->order, *keep, mem) : NULL;
  if (w->hits && o->nhits)
    memcpy(w->hits, o->hits, o->nhits * sizeof *w->hits);
  if (w->hits && ids_of(o) > o->nhits)
    memcpy(w->hits + o->nhits, o->rows, o->nrows * sizeof *w->hits);
  return well && (w->kept || !keep);
}

static lq_status wait(lq_partition *s, const lq_offer *o, lq_order order)
{
  const lq_mem *mem = &s->meter.hook;
  lq_keep keep = {.record = !lq_buffer_strips(&s->buffer, o->nhits),
                  .values = true,
                  .slots = s->config.read ? o->wanted : NULL};
  bool alone = is_kin_alone(s, o);
  size_t size = (alone ? 0 : lq_snapshot_size(o->event, keep)) + (o->facts ? lq_kin_size(o->facts) : 0) +
                ids_of(o) * sizeof *o->hits + 256;
  lq_status status = spill_for(s, size);
  if (status)
    return status;
  lq_room_make(&s->host, size);
  lq_waiting w = {.order = order, .nhits = o->nhits, .nrows = o->nrows};
  status = LQ_E_NOMEM;
  if (fill_waiting(s, o, alone ? NULL : &keep, &w))
    status = lq_buffer_push(&s->buffer, w);
  else
    lq_waiting_free(&w, mem);
  if (status != LQ_E_NOMEM || s->meter.out_of_memory)
    return status;
  s->buffer.stats.dropped++; // the cap, not the machine, is out of memory
  return LQ_OK;
}

lq_status lq_partition_event(lq_partition *s, const lq_offer *o)
{
  if (o->event->failed)
    return LQ_E_NOMEM;
  s->meter.out_of_memory = false;
  s->viewing = NULL;
  lq_at_hand at = {.event = o->event, .wanted = s->config.read ? o->wanted : NULL};
  bool in_time = lq_buffer_stamp(&s->buffer, o->event, &at.order);
  lq_status status = let_waiting_in(s, false);
  if (status || !in_time || (o->nhits == 0 && !s->lineage))
    return status ? status : advance(s, s->buffer.clock);
  if (!lq_buffer_passes(&s->buffer, at.order)) {
    status = wait(s, o, at.order);
    return status ? status : let_waiting_in(s, false);
  }
  told t = {.hits = o->hits, .nhits = o->nhits, .rows = o->rows, .nrows = o->nrows, .facts = o->facts};
  return take_turn(s, &at, &t);
}

lq_status lq_partition_end(lq_partition *s)
{
  s->meter.out_of_memory = false;
  s->viewing = NULL;
  lq_status status = let_waiting_in(s, true);
  s->config.asker.event(s->config.asker.user, NULL);
  for (uint32_t i = 0; i < s->config.tables->nstates && !status; i++) {
    status = lq_machine_end(s->machines[i]);
    renew_due(s, i);
  }
  return status;
}

// ---- what it tells

const lq_event *lq_partition_replay(lq_partition *s, const lq_snapshot *kept)
{
  if (!s->has_viewed)
    return NULL;
  if (s->viewing != kept || s->viewing_arrival != kept->order.arrival)
    lq_snapshot_replay(kept, &s->viewed);
  s->viewing = kept;
  s->viewing_arrival = kept->order.arrival;
  return s->viewed.failed ? NULL : &s->viewed;
}

bool lq_partition_lineage(const lq_partition *s, uint32_t row)
{
  return s->lineage && lq_ancestry_asks(s->lineage, row);
}

int64_t lq_partition_clock(const lq_partition *s)
{
  return s->buffer.clock > LQ_TIME_FIRST ? s->buffer.clock : INT64_MIN;
}

void lq_partition_stats_get(const lq_partition *s, lq_partition_stats *out)
{
  *out = (lq_partition_stats){.order = s->buffer.stats, .bytes = s->meter.used, .peak = s->meter.peak};
  if (s->lineage)
    out->lineage = *lq_ancestry_stats_get(s->lineage);
  for (size_t i = 0; i < s->config.tables->nstates; i++) {
    const lq_machine_stats *m = &s->machines[i]->stats;
#define SUM(field) out->sum.field += m->field
    SUM(events), SUM(groups), SUM(live), SUM(keys), SUM(bytes), SUM(peak), SUM(expired), SUM(replaced),
        SUM(killed);
    SUM(evicted), SUM(cut), SUM(suppressed);
#undef SUM
    out->held += lq_partition_held(s, (uint32_t)i);
  }
}

uint64_t lq_partition_held(const lq_partition *s, uint32_t state)
{
  uint64_t n = 0;
  const lq_link *held = &s->machines[state]->held;
  for (const lq_link *l = held->next; l != held; l = l->next)
    n++;
  return n;
}

const lq_machine_stats *lq_partition_rule_stats(const lq_partition *s, uint32_t state)
{
  return &s->machines[state]->stats;
}

void lq_partition_each(const lq_partition *s, void (*each)(void *user, const lq_live *live), void *user)
{
  for (size_t i = 0; i < s->config.tables->nstates; i++)
    lq_machine_each(s->machines[i], each, user);
}
