// Which predicates belong to which slot, and asking them.
#include "engine/matchers.h"

#include "vm/exec.h"

struct lq_matchers {
  const lq_program *program;
  const uint32_t *slots; // by field
  size_t nslots;
  const lq_mem *mem;
  uint32_t *first; // by slot, and one more: where its predicates begin in `predicates`
  uint32_t *predicates;
};

struct lq_match_run {
  const lq_matchers *matchers;
  const lq_mem *mem;
  lq_exec plain;
  uint32_t *trues; // room for all predicates
  lq_match_stats stats;
};

static bool is_covered(const lq_program *p, const lq_predicate *q)
{
  const lq_field *f = &p->fields[q->field];
  return f->scope == LQ_NONE && !(f->flags & LQ_FIELD_SCOPE);
}

bool lq_matchers_covers(const lq_matchers *m, uint32_t predicate)
{
  return is_covered(m->program, &m->program->predicates[predicate]);
}

static void group(lq_matchers *m)
{
  const lq_program *p = m->program;
  for (size_t i = 0; i < p->npredicates; i++)
    m->first[m->slots[p->predicates[i].field]] += is_covered(p, &p->predicates[i]);
  for (size_t i = 0; i < m->nslots; i++)
    m->first[i + 1] += m->first[i]; // the end of each
  for (size_t i = p->npredicates; i-- > 0;) {
    if (is_covered(p, &p->predicates[i]))
      m->predicates[--m->first[m->slots[p->predicates[i].field]]] = (uint32_t)i;
  }
}

lq_status lq_matchers_new(lq_matchers **out, const lq_program *p, const uint32_t *slots, size_t nslots,
                          const lq_mem *mem)
{
  *out = NULL;
  lq_matchers *m = lq_mem_alloc(mem, 1, sizeof *m);
  if (!m)
    return LQ_E_NOMEM;
  *m = (lq_matchers){.program = p, .slots = slots, .nslots = nslots, .mem = mem};
  m->first = lq_mem_alloc(mem, nslots + 1, sizeof *m->first);
  m->predicates = lq_mem_alloc(mem, p->npredicates, sizeof *m->predicates);
  if (!m->first || !m->predicates) {
    lq_matchers_free(m);
    return LQ_E_NOMEM;
  }
  group(m);
  *out = m;
  return LQ_OK;
}

void lq_matchers_free(lq_matchers *m)
{
  if (!m)
    return;
  lq_mem_free(m->mem, m->first, m->nslots + 1, sizeof *m->first);
  lq_mem_free(m->mem, m->predicates, m->program->npredicates, sizeof *m->predicates);
  lq_mem_free(m->mem, m, 1, sizeof *m);
}

size_t lq_matchers_bytes(const lq_matchers *m)
{
  return sizeof *m + (m->nslots + 1) * sizeof *m->first + m->program->npredicates * sizeof *m->predicates;
}

// ---- asking

lq_status lq_match_run_new(lq_match_run **out, const lq_matchers *m, const lq_mem *mem)
{
  *out = NULL;
  lq_match_run *r = lq_mem_alloc(mem, 1, sizeof *r);
  if (!r)
    return LQ_E_NOMEM;
  r->matchers = m;
  r->mem = mem;
  r->plain = (lq_exec){.program = m->program, .slots = m->slots, .scratch.mem = mem, .folds.mem = mem};
  r->trues = lq_mem_alloc(mem, m->program->npredicates, sizeof *r->trues);
  if (!r->trues) {
    lq_match_run_free(r);
    return LQ_E_NOMEM;
  }
  *out = r;
  return LQ_OK;
}

void lq_match_run_free(lq_match_run *r)
{
  if (!r)
    return;
  lq_arena_free(&r->plain.folds);
  lq_mem_free(r->mem, r->trues, r->matchers->program->npredicates, sizeof *r->trues);
  lq_mem_free(r->mem, r, 1, sizeof *r);
}

void lq_match_run_set_layers_off(lq_match_run *r, uint32_t off)
{
  (void)r, (void)off;
}

void lq_match_run_set_cache(lq_match_run *r, size_t bytes)
{
  (void)r, (void)bytes;
}

const lq_match_stats *lq_match_run_stats(const lq_match_run *r)
{
  return &r->stats;
}

bool lq_match_run_slot(lq_match_run *r, uint32_t slot, const lq_event *event, const uint32_t **trues,
                       size_t *n)
{
  const lq_matchers *m = r->matchers;
  lq_arena_reset(&r->plain.folds);
  r->plain.folded = NULL;
  r->plain.event = event;
  r->plain.failed = false;
  *trues = r->trues;
  *n = 0;
  for (uint32_t i = m->first[slot]; i < m->first[slot + 1] && event->first[slot]; i++) {
    if (lq_predicate_test(&r->plain, &m->program->predicates[m->predicates[i]]))
      r->trues[(*n)++] = m->predicates[i];
  }
  r->stats.gave_up += r->plain.failed;
  return !r->plain.failed;
}
