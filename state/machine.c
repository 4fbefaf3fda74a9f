// A state machine's life: its tables, and who gets an event.
#include "state/machine_internal.h"

const char *lq_step_name(lq_step_kind kind)
{
  static const char *const names[LQ_STEP_COUNT_OF_KINDS] = {
      "began", "advanced", "replaced", "expired", "killed by until", "missing event came",
      "held",  "matched",  "refused",  "evicted", "suppressed",
  };
  return names[kind];
}

void lq_state_limits_default(lq_state_limits *l)
{
#define DEFAULT(field, value) l->field = l->field ? l->field : (value)
  DEFAULT(rule_bytes, (uint64_t)16 << 20);
  DEFAULT(total_bytes, (uint64_t)256 << 20);
  DEFAULT(keys, 100000);
  DEFAULT(buffer_bytes, (uint64_t)64 << 20);
  DEFAULT(key_tuples, 256);
  DEFAULT(window_events, 65536);
  DEFAULT(distinct, 65536);
  DEFAULT(values, 1000);
  DEFAULT(held, 1024);
  DEFAULT(future, (int64_t)300 * 1000000000);
#undef DEFAULT
}

// ---- what it tells

void lq_tell(lq_machine *m, lq_step_kind kind, const lq_partial *p, lq_str key, uint32_t filled)
{
  const lq_state_hooks *h = &m->host->hooks;
  if (!h->step)
    return;
  lq_order at = m->at_hand ? m->at_hand->order : (lq_order){.time = m->clock};
  lq_step step = {.kind = kind, .state = m->state, .slot = filled, .at = at, .first = at, .key = key};
  for (uint32_t i = 0; p && p->match && i < p->match->nslots; i++) {
    if (p->match->events[i]) {
      step.first = p->match->events[i]->order;
      break;
    }
  }
  h->step(h->user, &step);
}

// Stages of single events read their fields later on: those events are kept with their values.
static lq_snapshot **place_of(const lq_machine *m, lq_keep *keep)
{
  lq_at_hand *e = m->at_hand;
  bool whole = m->def->kind == LQ_STATE_EVENT;
  *keep = (lq_keep){.record = true, .values = whole, .slots = e->wanted};
  return whole ? &e->whole : &e->kept;
}

bool lq_at_hand_fits(const lq_machine *m)
{
  lq_keep keep;
  return *place_of(m, &keep) || lq_snapshot_size(m->at_hand->event, keep) <= m->host->limits.rule_bytes;
}

lq_snapshot *lq_at_hand_keep(lq_machine *m)
{
  lq_keep keep;
  lq_snapshot **place = place_of(m, &keep);
  if (!*place && lq_at_hand_fits(m))
    *place = lq_snapshot_take(m->at_hand->event, m->at_hand->order, keep, m->mem);
  return *place;
}

// ---- life

static void count_slots(lq_machine *m)
{
  for (uint32_t i = 0; i < m->nterms; i++) {
    m->slot_of[i] = m->nslots;
    m->filled_of[i] = m->npositive;
    for (uint32_t k = 0; k < m->terms[i].runs; k++, m->nslots++) {
      if (!(m->terms[i].flags & LQ_TERM_NEGATED))
        m->slot_at[m->npositive++] = m->nslots;
    }
  }
  m->has_lead = m->terms[0].flags & LQ_TERM_NEGATED;
  m->has_trail = m->terms[m->nterms - 1].flags & LQ_TERM_NEGATED;
}

// What the verifier promises, as far as this machine would go astray without it.
static bool is_whole(const lq_state_tables *t, const lq_state_def *d)
{
  bool positive = false;
  size_t runs = 0;
  if (d->nterms == 0 || d->nterms > LQ_SAMPLE_TERMS_MAX || (d->kind == LQ_STATE_EVENT && d->nterms != 1) ||
      (uint64_t)d->first_term + d->nterms + d->until > t->nterms)
    return false;
  for (uint32_t i = 0; i < d->nterms + d->until; i++) {
    const lq_term_def *term = &t->terms[d->first_term + i];
    bool negated = term->flags & LQ_TERM_NEGATED;
    positive |= !negated && i < d->nterms;
    runs += term->runs;
    if (term->nkeys > LQ_MACHINE_KEYS_MAX || term->nkeys != t->terms[d->first_term].nkeys ||
        term->runs == 0 || (negated && (d->kind != LQ_STATE_SEQUENCE || d->maxspan < 0)) ||
        (d->kind != LQ_STATE_SEQUENCE && term->runs != 1))
      return false;
  }
  return positive && runs <= 100 * 256 && d->kind <= LQ_STATE_JOIN;
}

static void count_asked(lq_machine *m)
{
  const lq_state_tables *t = m->host->tables;
  m->nasked = 1;
  for (uint32_t i = 0; i < m->nterms + m->def->until; i++) {
    const lq_term_def *term = &m->terms[i];
    m->nasked = term->nkeys > m->nasked ? term->nkeys : m->nasked;
    m->nasked = term->ncaptures > m->nasked ? term->ncaptures : m->nasked;
    m->refers |= i < m->nterms && t->refers && t->refers[m->def->first_term + i];
  }
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    const lq_stage_def *s = &t->stages[m->def->first_stage + i];
    m->nasked = s->nargs > m->nasked ? s->nargs : m->nasked;
  }
}

static lq_status make(lq_machine *m)
{
  uint32_t runs = 0;
  for (uint32_t i = 0; i < m->nterms; i++)
    runs += m->terms[i].runs;
  m->slot_of = lq_mem_alloc(m->fixed, m->nterms, sizeof *m->slot_of);
  m->filled_of = lq_mem_alloc(m->fixed, m->nterms, sizeof *m->filled_of);
  m->slot_at = lq_mem_alloc(m->fixed, runs, sizeof *m->slot_at);
  m->view_captures = lq_mem_alloc(m->fixed, m->nterms, sizeof *m->view_captures);
  m->asked = lq_mem_alloc(m->fixed, m->nasked, sizeof *m->asked);
  if (!m->slot_of || !m->filled_of || !m->slot_at || !m->view_captures || !m->asked)
    return LQ_E_NOMEM;
  count_slots(m);
  lq_status status = lq_stages_init(m);
  if (status)
    return status;
  m->view_columns = lq_mem_alloc(m->fixed, m->ncolumns, sizeof *m->view_columns);
  m->out_columns = lq_mem_alloc(m->fixed, m->ncolumns + m->nasked, sizeof *m->out_columns);
  if (!m->view_columns || !m->out_columns)
    return LQ_E_NOMEM;
  if (m->def->kind != LQ_STATE_EVENT)
    return LQ_OK;
  m->own_match = lq_state_match_own(m);
  return m->own_match ? LQ_OK : LQ_E_NOMEM;
}

lq_status lq_machine_new(lq_machine **out, lq_machine_host *host, uint32_t state)
{
  *out = NULL;
  const lq_state_def *def = &host->tables->states[state];
  if (!is_whole(host->tables, def))
    return LQ_E_INTERNAL;
  lq_machine *m = lq_mem_alloc(host->meter->mem, 1, sizeof *m);
  if (!m)
    return LQ_E_NOMEM;
  m->host = host;
  m->mem = &host->meter->hook;
  m->fixed = host->meter->mem;
  m->state = state;
  m->def = def;
  m->terms = host->tables->terms + def->first_term;
  m->nterms = def->nterms;
  m->clock = INT64_MIN;
  lq_key_table_init(&m->table);
  lq_list_init(&m->partials);
  lq_list_init(&m->leads);
  lq_list_init(&m->held);
  count_asked(m);
  lq_status status = make(m);
  if (status)
    lq_machine_free(m);
  else
    *out = m;
  return status;
}

void lq_machine_free(lq_machine *m)
{
  if (!m)
    return;
  while (!lq_list_empty(&m->table.age))
    lq_entry_free(m, LQ_OWNER(lq_key_entry, node.age, m->table.age.next));
  while (!lq_list_empty(&m->held)) // decided ones are in no entry
    lq_partial_drop(m, LQ_OWNER(lq_partial, age, m->held.next));
  lq_key_table_free(&m->table, m->mem);
  lq_state_match *own = m->own_match;
  lq_stages_free(m);
  if (own) {
    lq_state_match_free(m, own);
    lq_mem_free(m->fixed, own, 1, own->size);
  }
  uint32_t runs = 0;
  for (uint32_t i = 0; i < m->nterms; i++)
    runs += m->terms[i].runs;
  lq_mem_free(m->fixed, m->slot_of, m->nterms, sizeof *m->slot_of);
  lq_mem_free(m->fixed, m->filled_of, m->nterms, sizeof *m->filled_of);
  lq_mem_free(m->fixed, m->slot_at, runs, sizeof *m->slot_at);
  lq_mem_free(m->fixed, m->view_captures, m->nterms, sizeof *m->view_captures);
  lq_mem_free(m->fixed, m->view_columns, m->ncolumns, sizeof *m->view_columns);
  lq_mem_free(m->fixed, m->asked, m->nasked, sizeof *m->asked);
  lq_mem_free(m->fixed, m->out_columns, m->ncolumns + m->nasked, sizeof *m->out_columns);
  lq_mem_free(m->fixed, m->values_room, m->values_cap, sizeof *m->values_room);
  lq_mem_free(m->fixed, m, 1, sizeof *m);
}

// ---- events

static lq_status single_event(lq_machine *m, const uint8_t *hits)
{
  if (!hits[0])
    return LQ_OK;
  m->own_match->at_hand = true;
  m->own_match->order = m->at_hand->order;
  return lq_stages_push(m, 0, m->own_match);
}

static int64_t first_held(const lq_machine *m)
{
  return lq_list_empty(&m->held) ? INT64_MAX : LQ_OWNER(lq_partial, age, m->held.next)->last.time;
}

// What no event can reach any more goes first, so that nothing older than maxspan is ever seen.
static void expire(lq_machine *m, int64_t clock)
{
  m->clock = clock;
  lq_sequence_expire(m, clock);
  // Rows that are held back will come to the stages later, with the times they have.
  int64_t stages = first_held(m);
  lq_stages_expire(m, stages < clock ? stages : clock);
}

lq_status lq_machine_event(lq_machine *m, lq_at_hand *e, const uint8_t *hits)
{
  const lq_asker *a = &m->host->asker;
  bool did = true;
  lq_status status = LQ_OK;
  m->at_hand = NULL;
  while (!status && did) {
    lq_room_settle(m, LQ_ROOM_ROW);
    status = lq_sequence_release(m, false, e->order.time, &did);
  }
  if (status)
    return status;
  expire(m, e->order.time);
  lq_room_begin(m, e->event);
  m->stats.events++;
  m->at_hand = e;
  a->begin(a->user, m->def->rule);
  switch ((lq_state_kind)m->def->kind) {
  case LQ_STATE_EVENT: status = single_event(m, hits); break;
  case LQ_STATE_SEQUENCE: status = lq_sequence_event(m, hits); break;
  case LQ_STATE_SAMPLE:
  case LQ_STATE_JOIN: status = lq_sample_event(m, hits); break;
  }
  m->at_hand = NULL;
  lq_room_end(m);
  return status;
}

// ---- time

int64_t lq_machine_due(const lq_machine *m)
{
  int64_t due = lq_stages_due(m);
  due = due < first_held(m) ? due : INT64_MAX;
#define SOONER(t) due = (t) < due ? (t) : due
  if (!lq_list_empty(&m->held)) {
    const lq_partial *p = LQ_OWNER(lq_partial, age, m->held.next);
    SOONER(p->dead ? INT64_MIN : lq_later(p->first, m->def->maxspan));
  }
  if (m->def->maxspan >= 0 && !lq_list_empty(&m->partials))
    SOONER(lq_later(LQ_OWNER(lq_partial, age, m->partials.next)->first, m->def->maxspan));
  if (!lq_list_empty(&m->leads))
    SOONER(lq_later(LQ_OWNER(lq_key_entry, by_lead, m->leads.next)->lead, m->def->maxspan));
#undef SOONER
  return due;
}

lq_status lq_machine_advance(lq_machine *m, int64_t clock)
{
  const lq_asker *a = &m->host->asker;
  bool did = false;
  m->at_hand = NULL;
  lq_room_settle(m, LQ_ROOM_ROW);
  a->begin(a->user, m->def->rule);
  lq_status status = lq_sequence_release(m, false, clock, &did);
  if (!status && !did)
    expire(m, clock);
  lq_room_settle(m, 0);
  return status;
}

lq_status lq_machine_end(lq_machine *m)
{
  const lq_asker *a = &m->host->asker;
  bool did = true;
  lq_status status = LQ_OK;
  m->at_hand = NULL;
  a->begin(a->user, m->def->rule);
  while (!status && did) {
    lq_room_settle(m, LQ_ROOM_ROW);
    status = lq_sequence_release(m, true, m->clock, &did);
  }
  status = status ? status : lq_stages_end(m);
  lq_room_settle(m, 0);
  return status;
}

const lq_machine_stats *lq_machine_stats_get(const lq_machine *m)
{
  return &m->stats;
}

static void tell_live(const lq_machine *m, const lq_partial *p, void (*each)(void *, const lq_live *),
                      void *user)
{
  lq_live live = {.state = m->state,
                  .slot = p->filled,
                  .nslots = m->npositive,
                  .first = {.time = p->first},
                  .last = p->last,
                  .key = {p->match->key, p->match->nkey}, // one that is decided is in no entry any more
                  .held = p->held,
                  .events = (const lq_snapshot *const *)p->match->events,
                  .nevents = p->match->nslots};
  live.first = p->match->events[m->slot_at[0]]->order;
  each(user, &live);
}

void lq_machine_each(const lq_machine *m, void (*each)(void *user, const lq_live *live), void *user)
{
  for (const lq_link *l = m->partials.next; l != &m->partials; l = l->next)
    tell_live(m, LQ_OWNER(lq_partial, age, l), each, user);
  for (const lq_link *l = m->held.next; l != &m->held; l = l->next) {
    if (!LQ_OWNER(lq_partial, age, l)->dead)
      tell_live(m, LQ_OWNER(lq_partial, age, l), each, user);
  }
}
