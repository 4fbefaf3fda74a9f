// Costs, of events that are timed.
#include "engine/profile.h"

enum { EVERY = 64 };

lq_status lq_profile_new(lq_profile **out, const lq_clock *clock, size_t nrules, size_t npredicates,
                         size_t nslots, const lq_mem *mem)
{
  lq_profile *p = *out = lq_mem_alloc(mem, 1, sizeof *p);
  if (!p)
    return LQ_E_NOMEM;
  *p = (lq_profile){
      .mem = mem, .clock = *clock, .nrules = nrules, .npredicates = npredicates, .nslots = nslots};
  p->clock.every = clock->every ? clock->every : EVERY;
  p->rules = lq_mem_alloc(mem, nrules, sizeof *p->rules);
  p->predicates = lq_mem_alloc(mem, npredicates, sizeof *p->predicates);
  p->slots = lq_mem_alloc(mem, nslots, sizeof *p->slots);
  return p->rules && p->predicates && p->slots ? LQ_OK : LQ_E_NOMEM;
}

void lq_profile_free(lq_profile *p)
{
  if (!p)
    return;
  lq_mem_free(p->mem, p->rules, p->nrules, sizeof *p->rules);
  lq_mem_free(p->mem, p->predicates, p->npredicates, sizeof *p->predicates);
  lq_mem_free(p->mem, p->slots, p->nslots, sizeof *p->slots);
  lq_mem_free(p->mem, p, 1, sizeof *p);
}

// The first event is timed, and each `every` after it.
void lq_profile_next(lq_profile *p)
{
  if (!p)
    return;
  p->on = p->left == 0;
  p->left = p->on ? p->clock.every - 1 : p->left - 1;
  p->events += p->on;
}

// A clock that goes back has measured nothing.
void lq_profile_end(const lq_profile *p, lq_cost *cost, uint64_t start)
{
  uint64_t end = p->clock.now(p->clock.user);
  cost->runs++;
  cost->ns += end > start ? end - start : 0;
}
