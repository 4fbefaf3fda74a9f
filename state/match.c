// Matches on their way through the stages, what hangs on them, and the questions that they answer.
#include "state/machine_internal.h"

static size_t size_of(uint32_t nslots, uint32_t nterms, uint32_t ncolumns, size_t nkey)
{
  return sizeof(lq_state_match) + ((size_t)nslots + nterms + ncolumns) * sizeof(void *) + nkey;
}

static void lay_out(lq_machine *m, lq_state_match *match, size_t size, lq_str key, uint32_t nslots,
                    uint32_t nterms)
{
  match->size = match->charged = size;
  match->nslots = nslots;
  match->nterms = nterms;
  match->ncolumns = m->ncolumns;
  match->keep_stage = UINT32_MAX;
  match->events = (lq_snapshot **)(match + 1);
  match->captures = (lq_packed **)(match->events + nslots);
  match->columns = match->captures + nterms;
  match->key = (char *)(match->columns + m->ncolumns);
  match->nkey = (uint32_t)key.n;
  if (key.n)
    memcpy(match->key, key.p, key.n);
  lq_list_init(&match->link);
}

lq_state_match *lq_state_match_new(lq_machine *m, lq_str key, uint32_t nslots, uint32_t nterms)
{
  size_t size = size_of(nslots, nterms, m->ncolumns, key.n);
  lq_state_match *match = lq_machine_alloc(m, size);
  if (match)
    lay_out(m, match, size, key, nslots, nterms);
  return match;
}

lq_state_match *lq_state_match_own(lq_machine *m)
{
  size_t size = size_of(1, 1, m->ncolumns, 0);
  lq_state_match *match = lq_mem_alloc(m->fixed, 1, size);
  if (match)
    lay_out(m, match, size, (lq_str){0}, 1, 1);
  return match;
}

static void charge(lq_machine *m, lq_state_match *match, size_t n)
{
  match->charged += n;
  lq_charge(m, n);
}

static void uncharge(lq_machine *m, lq_state_match *match, size_t n)
{
  match->charged -= n;
  lq_uncharge(m, n);
}

static void clear(lq_machine *m, lq_state_match *match)
{
  for (uint32_t i = 0; i < match->nslots; i++)
    lq_state_match_set_event(m, match, i, NULL);
  for (uint32_t i = 0; i < match->nterms; i++)
    lq_state_match_set_packed(m, match, &match->captures[i], NULL);
  for (uint32_t i = 0; i < match->ncolumns; i++)
    lq_state_match_set_packed(m, match, &match->columns[i], NULL);
  lq_state_match_set_packed(m, match, &match->keep, NULL);
  lq_state_match_set_packed(m, match, &match->sorted, NULL);
  match->keep_stage = UINT32_MAX;
  match->at_hand = false;
}

void lq_state_match_free(lq_machine *m, lq_state_match *match)
{
  if (!match)
    return;
  clear(m, match);
  if (match == m->own_match)
    return;
  lq_uncharge(m, match->size);
  lq_mem_free(m->mem, match, 1, match->size);
}

bool lq_state_match_set_event(lq_machine *m, lq_state_match *match, uint32_t slot, lq_snapshot *kept)
{
  lq_snapshot *old = match->events[slot];
  if (kept) {
    match->events[slot] = lq_snapshot_ref(kept);
    charge(m, match, kept->size);
  } else {
    match->events[slot] = NULL;
  }
  if (old) {
    uncharge(m, match, old->size);
    lq_snapshot_unref(old, m->mem);
  }
  return true;
}

void lq_state_match_set_packed(lq_machine *m, lq_state_match *match, lq_packed **place, lq_packed *p)
{
  if (*place) {
    uncharge(m, match, (*place)->size);
    lq_packed_unref(*place, m->mem);
  }
  *place = p;
  if (p)
    charge(m, match, p->size);
}

const lq_view *lq_view_of(lq_machine *m, const lq_state_match *match)
{
  m->view = (lq_view){.captures = m->view_captures, .columns = m->view_columns};
  for (uint32_t i = 0; i < m->nterms; i++)
    m->view_captures[i] = match && i < match->nterms && match->captures[i] ? match->captures[i]->lists : NULL;
  for (uint32_t i = 0; i < m->ncolumns; i++)
    m->view_columns[i] = match && match->columns[i] ? match->columns[i]->lists[0] : (lq_values){0};
  if (match && !match->at_hand && m->def->kind == LQ_STATE_EVENT && match->nslots > 0)
    m->view.event = match->events[0];
  return &m->view;
}

bool lq_ask(lq_machine *m, uint32_t snippet, const lq_state_match *match)
{
  const lq_asker *a = &m->host->asker;
  return a->truth(a->user, snippet, lq_view_of(m, match));
}

lq_values lq_ask_value(lq_machine *m, uint32_t snippet, const lq_state_match *match)
{
  const lq_asker *a = &m->host->asker;
  return snippet == LQ_NO_SNIPPET ? (lq_values){0} : a->value(a->user, snippet, lq_view_of(m, match));
}

lq_status lq_ask_captures(lq_machine *m, uint32_t term, lq_packed **out, bool *whole)
{
  const lq_asker *a = &m->host->asker;
  const lq_term_def *t = &m->terms[term];
  *out = NULL;
  *whole = true;
  if (t->ncaptures == 0)
    return LQ_OK;
  for (uint32_t i = 0; i < t->ncaptures; i++)
    m->asked[i] = a->field(a->user, m->host->tables->captures[t->first_capture + i].field,
                           lq_view_of(m, NULL));
  *out = lq_pack(m->asked, t->ncaptures, m->mem);
  *whole = *out != NULL;
  return *whole ? LQ_OK : lq_no_memory(m);
}

lq_status lq_ask_keys(lq_machine *m, uint32_t term)
{
  const lq_term_def *t = &m->terms[term];
  lq_key_set *keys = &m->host->keys;
  bool null[LQ_MACHINE_KEYS_MAX];
  for (uint32_t i = 0; i < t->nkeys; i++) {
    const lq_key_def *k = &m->host->tables->keys[t->first_key + i];
    m->asked[i] = lq_ask_value(m, k->snippet, NULL);
    null[i] = k->flags & LQ_KEY_OPTIONAL || m->def->flags & LQ_STATE_NULL_KEYS;
  }
  uint64_t cut = keys->cut;
  lq_status status = lq_key_set_make(keys, m->asked, null, t->nkeys);
  m->stats.cut += keys->cut - cut;
  return status;
}
