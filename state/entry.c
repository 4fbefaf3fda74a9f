// Entries: what a key has going on. Partial matches in it, and their lists.
#include "state/machine_internal.h"

static size_t pairs_of(const lq_machine *m)
{
  return m->def->kind == LQ_STATE_SAMPLE ? (size_t)m->nterms * m->nterms : 0;
}

static size_t size_of(const lq_machine *m, size_t nkey)
{
  return sizeof(lq_key_entry) + nkey + pairs_of(m) * (sizeof(lq_packed *) + 1);
}

lq_key_entry *lq_entry_get(lq_machine *m, const lq_key *key)
{
  lq_key_node *node = lq_key_table_find(&m->table, key);
  if (node) {
    lq_key_table_mark(&m->table, node);
    return LQ_OWNER(lq_key_entry, node, node);
  }
  size_t size = size_of(m, key->n), pairs = pairs_of(m);
  lq_key_entry *e = lq_machine_alloc(m, size);
  if (!e)
    return NULL;
  e->chosen = (lq_packed **)(e + 1);
  char *bytes = (char *)(e->chosen + pairs);
  if (key->n)
    memcpy(bytes, key->p, key->n);
  e->fits = (uint8_t *)bytes + key->n;
  e->node = (lq_key_node){.hash = key->hash, .key = bytes, .nkey = (uint32_t)key->n};
  lq_list_init(&e->by_lead);
  lq_list_init(&e->held);
  if (!lq_key_table_add(&m->table, &e->node, m->mem)) {
    lq_uncharge(m, size);
    lq_mem_free(m->mem, e, 1, size);
    return NULL;
  }
  m->stats.keys++;
  return e;
}

void lq_entry_free(lq_machine *m, lq_key_entry *e)
{
  while (e->partials)
    lq_partial_drop(m, e->partials);
  while (!lq_list_empty(&e->held))
    lq_partial_drop(m, LQ_OWNER(lq_partial, in_key, e->held.next));
  // Held matches that are decided already are in no key's list and outlive it.
  lq_entry_drop_match(m, e);
  lq_list_remove(&e->by_lead);
  lq_key_table_remove(&m->table, &e->node);
  size_t size = size_of(m, e->node.nkey);
  lq_uncharge(m, size);
  lq_mem_free(m->mem, e, 1, size);
  m->stats.keys--;
}

void lq_entry_drop_match(lq_machine *m, lq_key_entry *e)
{
  for (size_t i = 0; i < pairs_of(m); i++) {
    if (e->chosen[i])
      lq_uncharge(m, e->chosen[i]->size);
    lq_packed_unref(e->chosen[i], m->mem);
    e->chosen[i] = NULL;
  }
  lq_key_table_mark(&m->table, &e->node);
  if (e->match)
    m->stats.live--;
  lq_state_match_free(m, e->match);
  e->match = NULL;
  e->filled = 0;
}

void lq_entry_settle(lq_machine *m, lq_key_entry *e)
{
  if (!e)
    return;
  lq_key_table_mark(&m->table, &e->node); // whoever asks has changed something
  if (!e->partials && lq_list_empty(&e->held) && !e->has_lead && !e->match && !e->done)
    lq_entry_free(m, e);
}

lq_partial *lq_partial_new(lq_machine *m, lq_key_entry *e)
{
  lq_partial *p = lq_machine_alloc(m, sizeof *p);
  if (!p)
    return NULL;
  p->entry = e;
  p->lead = INT64_MIN;
  p->nth = m->births++;
  lq_list_init(&p->age);
  lq_list_init(&p->in_key);
  p->match = lq_state_match_new(m, (lq_str){e->node.key, e->node.nkey}, m->nslots, m->nterms);
  if (!p->match) {
    lq_uncharge(m, sizeof *p);
    lq_mem_free(m->mem, p, 1, sizeof *p);
    return NULL;
  }
  m->stats.live++;
  return p;
}

static void unlink_from_entry(lq_partial *p)
{
  lq_partial **at = p->entry ? &p->entry->partials : NULL;
  while (at && *at && *at != p)
    at = &(*at)->next;
  if (at && *at)
    *at = p->next;
}

void lq_partial_drop(lq_machine *m, lq_partial *p)
{
  if (!p->held)
    unlink_from_entry(p);
  if (p->entry)
    lq_key_table_mark(&m->table, &p->entry->node);
  lq_list_remove(&p->age);
  lq_partial_leave_key(p);
  lq_state_match_free(m, p->match);
  lq_uncharge(m, sizeof *p);
  lq_mem_free(m->mem, p, 1, sizeof *p);
  m->stats.live--;
}

void lq_partial_leave_key(lq_partial *p)
{
  if (!lq_list_empty(&p->in_key))
    p->entry->nheld--;
  lq_list_remove(&p->in_key);
}

void lq_partial_insert(lq_key_entry *e, lq_partial *p)
{
  lq_partial **at = &e->partials;
  while (*at && (*at)->filled > p->filled)
    at = &(*at)->next;
  p->next = *at;
  *at = p;
}
