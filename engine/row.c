// Rows: matches on their way through the stages, what hangs on them, and the questions that they answer.
#include "engine/machine_inside.h"

static size_t size_of(uint32_t nslots, uint32_t nterms, uint32_t ncolumns, size_t nkey)
{
  return sizeof(lq_row) + ((size_t)nslots + nterms + ncolumns) * sizeof(void *) + nkey;
}

lq_row *lq_row_new(lq_machine *m, lq_str key, uint32_t nslots, uint32_t nterms)
{
  size_t size = size_of(nslots, nterms, m->ncolumns, key.n);
  lq_row *row = lq_machine_alloc(m, size);
  if (!row)
    return NULL;
  row->size = row->charged = size;
  row->nslots = nslots;
  row->nterms = nterms;
  row->ncolumns = m->ncolumns;
  row->keep_stage = UINT32_MAX;
  row->events = (lq_kept **)(row + 1);
  row->captures = (lq_packed **)(row->events + nslots);
  row->columns = row->captures + nterms;
  row->key = (char *)(row->columns + m->ncolumns);
  row->nkey = key.n;
  if (key.n)
    memcpy(row->key, key.p, key.n);
  lq_list_init(&row->link);
  return row;
}

static void charge(lq_machine *m, lq_row *row, size_t n)
{
  row->charged += n;
  lq_charge(m, n);
}

static void uncharge(lq_machine *m, lq_row *row, size_t n)
{
  row->charged -= n;
  lq_uncharge(m, n);
}

static void clear(lq_machine *m, lq_row *row)
{
  for (uint32_t i = 0; i < row->nslots; i++)
    lq_row_set_event(m, row, i, NULL);
  for (uint32_t i = 0; i < row->nterms; i++)
    lq_row_set_packed(m, row, &row->captures[i], NULL);
  for (uint32_t i = 0; i < row->ncolumns; i++)
    lq_row_set_packed(m, row, &row->columns[i], NULL);
  lq_row_set_packed(m, row, &row->keep, NULL);
  row->keep_stage = UINT32_MAX;
  row->at_hand = false;
}

void lq_row_free(lq_machine *m, lq_row *row)
{
  if (!row)
    return;
  clear(m, row);
  if (row == m->own_row)
    return;
  lq_uncharge(m, row->size);
  lq_mem_free(m->mem, row, 1, row->size);
}

bool lq_row_set_event(lq_machine *m, lq_row *row, uint32_t slot, lq_kept *kept)
{
  lq_kept *old = row->events[slot];
  if (kept) {
    row->events[slot] = lq_kept_ref(kept);
    charge(m, row, kept->size);
  } else {
    row->events[slot] = NULL;
  }
  if (old) {
    uncharge(m, row, old->size);
    lq_kept_unref(old, m->mem);
  }
  return true;
}

void lq_row_set_packed(lq_machine *m, lq_row *row, lq_packed **place, lq_packed *p)
{
  if (*place) {
    uncharge(m, row, (*place)->size);
    lq_packed_unref(*place, m->mem);
  }
  *place = p;
  if (p)
    charge(m, row, p->size);
}

const lq_view *lq_view_of(lq_machine *m, const lq_row *row)
{
  m->view = (lq_view){.captures = m->view_captures, .columns = m->view_columns};
  for (uint32_t i = 0; i < m->nterms; i++)
    m->view_captures[i] = row && i < row->nterms && row->captures[i] ? row->captures[i]->lists : NULL;
  for (uint32_t i = 0; i < m->ncolumns; i++)
    m->view_columns[i] = row && row->columns[i] ? row->columns[i]->lists[0] : (lq_values){0};
  if (row && !row->at_hand && m->def->kind == LQ_STATE_EVENT && row->nslots > 0)
    m->view.event = row->events[0];
  return &m->view;
}

bool lq_ask(lq_machine *m, uint32_t snippet, const lq_row *row)
{
  const lq_asker *a = &m->host->asker;
  return a->truth(a->user, snippet, lq_view_of(m, row));
}

lq_values lq_ask_value(lq_machine *m, uint32_t snippet, const lq_row *row)
{
  const lq_asker *a = &m->host->asker;
  return snippet == LQ_NO_SNIPPET ? (lq_values){0} : a->value(a->user, snippet, lq_view_of(m, row));
}

lq_status lq_ask_captures(lq_machine *m, uint32_t term, lq_packed **out)
{
  const lq_asker *a = &m->host->asker;
  const lq_term_def *t = &m->terms[term];
  *out = NULL;
  if (t->ncaptures == 0)
    return LQ_OK;
  for (uint32_t i = 0; i < t->ncaptures; i++)
    m->asked[i] = a->field(a->user, m->host->tables->captures[t->first_capture + i].field,
                           lq_view_of(m, NULL));
  *out = lq_pack(m->asked, t->ncaptures, m->mem);
  if (!*out && m->host->meter->out_of_memory)
    return LQ_E_NOMEM;
  // Without room the captures are null: a condition that reads them is false.
  m->stats.evicted += !*out;
  return LQ_OK;
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
