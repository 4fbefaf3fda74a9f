// A machine's state as bytes: what belongs to a key is one chunk, so that a save can have some keys only.
#include "state/machine_internal.h"

bool lq_in_part(const lq_saving *s, lq_str key)
{
  static const uint8_t same_for_all[16] = {0}; // parts are the same in every process
  return s->parts == 1 || lq_siphash(same_for_all, key.p, key.n) % s->parts == s->part;
}

static lq_str key_of(const lq_key_node *n)
{
  return (lq_str){n->key, n->nkey};
}

// ---- matches

void lq_match_save(const lq_state_match *r, lq_encoder *w, bool with_key)
{
  lq_encode_order(w, r->order);
  lq_encode32(w, r->nslots);
  lq_encode32(w, r->nterms);
  lq_encode32(w, r->keep_stage);
  if (with_key)
    lq_encode_str(w, (lq_str){r->key, r->nkey});
  for (uint32_t i = 0; i < r->nslots; i++)
    lq_encode_event(w, r->events[i]);
  for (uint32_t i = 0; i < r->nterms; i++)
    lq_encode_packed(w, r->captures[i]);
  for (uint32_t i = 0; i < r->ncolumns; i++)
    lq_encode_packed(w, r->columns[i]);
  lq_encode_packed(w, r->keep);
}

// ---- partial matches: the times of the first and the last event are the events' own

static void put_partial(const lq_machine *m, const lq_partial *p, lq_encoder *w)
{
  lq_encode32(w, p->filled);
  lq_encode8(w, (unsigned)p->poisoned | (unsigned)p->decided << 1 | (unsigned)p->dead << 2);
  lq_encode64(w, (uint64_t)p->lead);
  lq_encode64(w, p->nth);
  for (uint32_t i = 0; i < p->filled; i++)
    lq_encode_event(w, p->match->events[m->slot_at[i]]);
  for (uint32_t i = 0; i < m->nterms; i++)
    lq_encode_packed(w, p->match->captures[i]);
}

static void put_entry(const lq_machine *m, const lq_stage *s, const lq_key_node *node, lq_encoder *w)
{
  const lq_key_entry *e = LQ_OWNER(lq_key_entry, node, (lq_key_node *)(uintptr_t)node);
  (void)s;
  lq_encode8(w, (unsigned)e->has_lead | (unsigned)e->done << 1 | (unsigned)(e->match != NULL) << 2);
  if (e->has_lead)
    lq_encode64(w, (uint64_t)e->lead);
  if (e->match) {
    size_t pairs = m->def->kind == LQ_STATE_SAMPLE ? (size_t)m->nterms * m->nterms : 0;
    lq_encode64(w, (uint64_t)e->first);
    lq_match_save(e->match, w, false);
    lq_encode_bytes(w, e->fits, pairs);
    for (size_t i = 0; i < pairs; i++)
      lq_encode_packed(w, e->chosen[i]);
  }
  if (m->def->kind != LQ_STATE_SEQUENCE)
    return;
  size_t gap = lq_encode_gap(w), n = 0;
  for (const lq_partial *p = e->partials; p; p = p->next, n++)
    put_partial(m, p, w);
  lq_encode_into_gap(w, gap, n);
  lq_encode32(w, e->nheld);
  for (const lq_link *l = e->held.next; l != &e->held; l = l->next)
    put_partial(m, LQ_OWNER(lq_partial, in_key, l), w);
}

// Those that are decided already and wait for ones before them are in no entry any more.
static void put_decided(const lq_machine *m, const lq_saving *s)
{
  size_t gap = lq_encode_gap(s->out), n = 0;
  for (const lq_link *l = m->held.next; l != &m->held; l = l->next) {
    const lq_partial *p = LQ_OWNER(lq_partial, age, l);
    lq_str key = {p->match->key, p->match->nkey};
    if (!p->decided || !lq_in_part(s, key))
      continue;
    lq_encode_str(s->out, key);
    put_partial(m, p, s->out);
    n++;
  }
  lq_encode_into_gap(s->out, gap, n);
}

// ---- tables

static void put_seen(const lq_first_seen *s, lq_encoder *w)
{
  lq_encode64(w, (uint64_t)s->time);
  lq_encode64(w, s->count);
  lq_encode8(w, s->match != NULL);
  if (s->match)
    lq_match_save(s->match, w, true);
  lq_encode_packed(w, s->values);
}

static void put_stage_node(const lq_machine *m, const lq_stage *s, const lq_key_node *node, lq_encoder *w)
{
  (void)m;
  if (s->def->op == LQ_DO_STATS)
    lq_window_save(s, node, w);
  else
    put_seen(LQ_OWNER(lq_first_seen, node, (lq_key_node *)(uintptr_t)node), w);
}

typedef void (*put_node)(const lq_machine *m, const lq_stage *s, const lq_key_node *node, lq_encoder *w);

static bool put_chunk(const lq_machine *m, const lq_stage *st, lq_key_node *node, put_node put,
                      const lq_saving *s)
{
  if (!lq_in_part(s, key_of(node)))
    return false;
  lq_encode_str(s->out, key_of(node));
  lq_encode64(s->out, node->nth);
  size_t gap = lq_encode_gap(s->out);
  put(m, st, node, s->out);
  lq_encode_into_gap(s->out, gap, s->out->out.n - gap - 4);
  node->saved |= s->follow;
  return true;
}

static void put_table(lq_machine *m, const lq_stage *st, lq_key_table *t, put_node put, const lq_saving *s)
{
  lq_changes *c = t->changes;
  bool all = !s->changes || !c || c->lost;
  size_t n = 0;
  lq_encode64(s->out, t->ticks);
  lq_encode8(s->out, all);
  lq_encode32(s->out, all ? 0 : c->ngone);
  if (!all)
    lq_encode_bytes(s->out, c->gone.p, c->gone.n);
  size_t gap = lq_encode_gap(s->out);
  for (lq_link *l = t->age.next; all && l != &t->age; l = l->next)
    n += put_chunk(m, st, LQ_OWNER(lq_key_node, age, l), put, s);
  for (lq_link *l = all ? NULL : c->dirty.next; l && l != &c->dirty; l = l->next)
    n += put_chunk(m, st, LQ_OWNER(lq_key_node, dirty, l), put, s);
  lq_encode_into_gap(s->out, gap, n);
  if (s->follow && !lq_key_table_follow(t, m->mem))
    lq_key_table_forget(t); // the next save has all of it
}

// ---- stages

// Rows that the last save has are only named: those that are not have gone.
static void put_rows(const lq_machine *m, const lq_stage *st, const lq_saving *s)
{
  size_t gap = lq_encode_gap(s->out), n = 0;
  for (const lq_link *l = st->matches.next; l != &st->matches; l = l->next) {
    const lq_state_match *r = LQ_OWNER(lq_state_match, link, l);
    bool known = s->changes && r->nth < m->saved_births;
    if (r->nth % s->parts != s->part)
      continue;
    lq_encode64(s->out, r->nth);
    lq_encode8(s->out, known);
    if (!known)
      lq_match_save(r, s->out, true);
    n++;
  }
  lq_encode_into_gap(s->out, gap, n);
}

static void put_stage(lq_machine *m, lq_stage *st, const lq_saving *s)
{
  bool mine = m->state % s->parts == s->part;
  lq_encode8(s->out, st->def->op);
  lq_encode64(s->out, mine ? st->count : 0);
  put_rows(m, st, s);
  put_table(m, st, &st->table, put_stage_node, s);
}

// ---- all of it

static bool table_changed(const lq_key_table *t)
{
  return !t->changes || t->changes->lost || t->changes->ndirty > 0 || t->changes->ngone > 0;
}

bool lq_machine_changed(const lq_machine *m)
{
  bool changed = table_changed(&m->table) || m->clock != m->saved_clock || m->births != m->saved_births ||
                 memcmp(&m->stats, &m->saved, sizeof m->stats) != 0;
  for (uint32_t i = 0; i < m->def->nstages && !changed; i++)
    changed = table_changed(&m->stages[i].table);
  return changed;
}

void lq_machine_save(lq_machine *m, const lq_saving *s)
{
  lq_encode8(s->out, m->def->kind);
  lq_encode64(s->out, (uint64_t)m->clock);
  lq_encode64(s->out, m->births);
  put_table(m, NULL, &m->table, put_entry, s);
  put_decided(m, s);
  lq_encode32(s->out, m->def->nstages);
  for (uint32_t i = 0; i < m->def->nstages; i++)
    put_stage(m, &m->stages[i], s);
  if (!s->follow)
    return;
  m->saved = m->stats;
  m->saved_clock = m->clock;
  m->saved_births = m->births;
}
