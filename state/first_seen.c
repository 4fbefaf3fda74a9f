// What was seen: for unique, counting, new_terms and suppress.
#include "state/machine_internal.h"

lq_first_seen *lq_first_seen_get(lq_machine *m, lq_stage *s, const lq_key *key, bool *is_new)
{
  lq_key_node *node = lq_key_table_find(&s->table, key);
  *is_new = !node;
  if (node) {
    lq_key_table_mark(&s->table, node);
    return LQ_OWNER(lq_first_seen, node, node);
  }
  return lq_first_seen_new(m, s, key);
}

lq_first_seen *lq_first_seen_new(lq_machine *m, lq_stage *s, const lq_key *key)
{
  lq_first_seen *seen = lq_machine_alloc(m, sizeof *seen + key->n);
  if (!seen)
    return NULL;
  char *bytes = (char *)(seen + 1);
  if (key->n)
    memcpy(bytes, key->p, key->n);
  seen->node = (lq_key_node){.hash = key->hash, .key = bytes, .nkey = (uint32_t)key->n};
  if (!lq_key_table_add(&s->table, &seen->node, m->mem)) {
    lq_uncharge(m, sizeof *seen + key->n);
    lq_mem_free(m->mem, seen, 1, sizeof *seen + key->n);
    return NULL;
  }
  m->stats.keys++;
  return seen;
}

void lq_first_seen_take(lq_machine *m, lq_stage *s, lq_first_seen *seen)
{
  lq_key_table_remove(&s->table, &seen->node);
  m->stats.keys--;
}

void lq_first_seen_drop(lq_machine *m, lq_first_seen *seen)
{
  lq_state_match_free(m, seen->match);
  if (seen->values)
    lq_uncharge(m, seen->values->size);
  lq_packed_unref(seen->values, m->mem);
  size_t size = sizeof *seen + seen->node.nkey;
  lq_uncharge(m, size);
  lq_mem_free(m->mem, seen, 1, size);
}

void lq_first_seen_free(lq_machine *m, lq_stage *s, lq_first_seen *seen)
{
  lq_first_seen_take(m, s, seen);
  lq_first_seen_drop(m, seen);
}

// Passes what some combination of its values makes new. Each sight renews: the window slides with the event.
lq_status lq_new_terms(lq_machine *m, lq_stage *s, lq_state_match *match, bool *passes)
{
  lq_status status = lq_stage_key(m, s, match, false, false);
  *passes = false;
  for (size_t i = 0; i < m->host->stage_keys.n && !status; i++) {
    bool is_new = false;
    lq_first_seen *seen = lq_first_seen_get(m, s, &m->host->stage_keys.keys[i], &is_new);
    if (!seen) {
      *passes = true; // unknown is new
      status = lq_no_memory(m);
      continue;
    }
    // The table drops what left the window only now and then.
    int64_t age = s->def->number > 0 ? s->def->number - 1 : 0;
    *passes |= is_new || lq_too_old(match->order.time, seen->time, age);
    seen->time = match->order.time;
    lq_key_table_touch(&s->table, &seen->node);
  }
  return status;
}

// The first match of a key passes; what follows within the time does not.
lq_status lq_suppress(lq_machine *m, lq_stage *s, lq_state_match *match, bool *passes)
{
  lq_status status = lq_stage_key(m, s, match, true, true);
  if (status)
    return status;
  bool is_new = false;
  lq_first_seen *seen = lq_first_seen_get(m, s, &m->host->stage_keys.keys[0], &is_new);
  *passes = true;
  if (!seen)
    return lq_no_memory(m);
  int64_t age = s->def->number > 0 ? s->def->number - 1 : 0;
  if (!is_new && !lq_too_old(match->order.time, seen->time, age)) {
    *passes = false;
    m->stats.suppressed++;
    lq_tell(m, LQ_STEP_SUPPRESSED, NULL, (lq_str){match->key, match->nkey}, 0);
    return LQ_OK;
  }
  seen->time = match->order.time;
  lq_key_table_touch(&s->table, &seen->node);
  return LQ_OK;
}
