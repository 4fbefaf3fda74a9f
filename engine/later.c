// What is asked of an event after its conditions have been: when its turn in time comes, and when a row of a
// pipe is looked at again. An event that waits, or is kept for later, has these values and no others.
#include "engine/internal.h"

// Of a term, or behind all terms of a row of lineage.
static lq_slot_set later_of(const lq_ruleset *rs, size_t i)
{
  return (lq_slot_set){.words = rs->later.words + i * rs->of_lineage.n, .n = rs->of_lineage.n};
}

static void add_snippet(const lq_ruleset *rs, uint32_t snippet, lq_slot_set *set)
{
  if (snippet == LQ_NONE)
    return;
  const lq_snippet *s = &rs->program->snippets[snippet];
  lq_conditions_add_slots(rs, s->code, s->ncode, set);
}

// Whatever stages ask, they may ask of any event that fits a term.
static void add_stages(const lq_ruleset *rs, const lq_state_def *d, lq_slot_set *set)
{
  const lq_program *p = rs->program;
  for (uint32_t i = d->first_stage; i < d->first_stage + d->nstages; i++) {
    for (uint32_t k = 0; k < p->stages[i].nargs; k++)
      add_snippet(rs, p->stage_args[p->stages[i].first_arg + k].snippet, set);
  }
}

static void add_term(const lq_ruleset *rs, uint32_t term, lq_slot_set *set)
{
  const lq_program *p = rs->program;
  const lq_term_def *t = &p->terms[term];
  if (lq_ruleset_term(rs, term)->reads)
    add_snippet(rs, t->snippet, set);
  for (uint32_t i = 0; i < t->nkeys; i++)
    add_snippet(rs, p->keys[t->first_key + i].snippet, set);
  for (uint32_t i = 0; i < t->ncaptures; i++)
    lq_conditions_add_field(rs, p->captures[t->first_capture + i].field, set);
}

static void find_lineage(lq_ruleset *rs)
{
  const lq_program *p = rs->program;
  for (int i = 0; p->nlineages > 0 && i < LQ_PROCESS_FIELDS; i++) {
    lq_slot_set_add(&rs->of_lineage, rs->process_slots[i]);
    lq_slot_set_add(&rs->of_processes, rs->process_slots[i]);
  }
  for (size_t i = 0; i < p->nlineages; i++) {
    lq_slot_set set = later_of(rs, p->nterms + i);
    add_snippet(rs, p->lineages[i].snippet, &set);
    add_snippet(rs, p->lineages[i].snippet, &rs->of_lineage);
  }
}

lq_status lq_later_find(lq_ruleset *rs)
{
  const lq_program *p = rs->program;
  size_t slots = lq_fieldmap_slots(rs->fields);
  lq_status status = lq_slot_set_init(&rs->of_lineage, slots, rs->mem);
  if (!status)
    status = lq_slot_set_init(&rs->of_processes, slots, rs->mem);
  if (!status)
    status = lq_slot_set_init(&rs->of_rows, slots, rs->mem);
  if (!status)
    status = lq_slot_set_init(&rs->later, (p->nterms + p->nlineages) * rs->of_lineage.n * 64, rs->mem);
  if (status)
    return status;
  find_lineage(rs);
  for (size_t i = 0; i < p->nstates; i++) {
    const lq_state_def *d = &p->states[i];
    if (d->kind == LQ_STATE_EVENT)
      add_stages(rs, d, &rs->of_rows);
    for (uint32_t k = d->first_term; k < d->first_term + d->nterms + d->until; k++) {
      lq_slot_set set = later_of(rs, k);
      add_stages(rs, d, &set);
      add_term(rs, k, &set);
    }
  }
  return LQ_OK;
}

const lq_slot_set *lq_ruleset_of_lineage(const lq_ruleset *rs)
{
  return &rs->of_lineage;
}

const lq_slot_set *lq_ruleset_of_processes(const lq_ruleset *rs)
{
  return &rs->of_processes;
}

const lq_slot_set *lq_ruleset_of_rows(const lq_ruleset *rs)
{
  return &rs->of_rows;
}

static void add(const lq_ruleset *rs, size_t i, lq_slot_set *set)
{
  lq_slot_set later = later_of(rs, i);
  for (size_t k = 0; k < set->n; k++)
    set->words[k] |= later.words[k];
}

void lq_ruleset_later_of(const lq_ruleset *rs, const lq_hits *hits, lq_slot_set *out)
{
  if (out->n)
    memset(out->words, 0, out->n * sizeof *out->words);
  for (size_t i = 0; i < hits->nterms; i++)
    add(rs, hits->terms[i], out);
  for (size_t i = 0; i < hits->nrows; i++)
    add(rs, rs->program->nterms + hits->rows[i], out);
}

void lq_ruleset_read_process(const lq_ruleset *rs, const lq_event *e, lq_buf *own, lq_buf *parent,
                             lq_process_facts *out)
{
  lq_process_read(e, rs->process_slots, own, parent, out);
}
