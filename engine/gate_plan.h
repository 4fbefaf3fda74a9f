// Which conditions are to be run for an event: those that every event asks for, and those whose gate holds,
// by way of the predicates in gates.
#ifndef LQ_ENGINE_GATE_PLAN_H
#define LQ_ENGINE_GATE_PLAN_H

#include "engine/gates.h"
#include "input/cursor.h"

// Tests of one slot that stand side by side.
typedef struct lq_gate_run {
  uint32_t slot, first, end;
  uint32_t first_plain, nplain; // of the plan's plain tests: those the matchers do not answer
} lq_gate_run;

typedef struct lq_gate_plan {
  const lq_mem *mem;
  uint32_t *words; // all of what follows lies here
  size_t nwords;
  uint32_t nalways, ntests, nlinks, mask, nalive;
  uint32_t *always;  // conditions, ascending
  uint32_t *tests;   // predicates in gates, ascending: so those of a field stand side by side
  uint32_t *first;   // by test, and one more: where its conditions begin in links
  uint32_t *links;   // conditions, ascending for each test
  uint32_t *plain;   // places of tests that the matchers do not answer, ascending; room for all
  uint32_t *places;  // hash of predicate: place in tests and 1 more; 0 ends
  uint32_t *has;     // a bit for each predicate: it is among tests, as few of those that hold for an event are
  lq_gate_run *runs; // in the order of tests
  uint32_t nruns;
  lq_slot_set slots; // of tests, and what the conditions in `always` read
} lq_gate_plan;

// What a plan is made of, condition by condition in their order.
typedef struct lq_gate_plan_pair {
  uint32_t predicate, condition;
} lq_gate_plan_pair;
typedef struct lq_gate_plan_maker {
  const lq_mem *mem;
  size_t npredicates;
  uint32_t *counts; // by predicate, 0 between plans
  uint32_t *always;
  size_t nalways, always_cap;
  lq_gate_plan_pair *pairs;
  size_t npairs, pairs_cap;
  uint32_t nalive;
} lq_gate_plan_maker;

lq_status lq_gate_plan_maker_init(lq_gate_plan_maker *m, size_t npredicates, const lq_mem *mem);
void lq_gate_plan_maker_free(lq_gate_plan_maker *m);
void lq_gate_plan_begin(lq_gate_plan_maker *m);
bool lq_gate_plan_add(lq_gate_plan_maker *m, uint32_t condition, const lq_gate *gate); // false: out of memory
struct lq_ruleset;
lq_status lq_gate_plan_make(lq_gate_plan *out, lq_gate_plan_maker *m, const struct lq_ruleset *rs,
                            const lq_mem *mem);
void lq_gate_plan_free(lq_gate_plan *p);
size_t lq_gate_plan_size(const lq_gate_plan *p); // bytes

static inline uint32_t lq_gate_plan_hash(uint32_t predicate)
{
  return (predicate * UINT32_C(0x9E3779B1)) >> 7;
}

// Place of a predicate among tests, or LQ_NONE.
static inline uint32_t lq_gate_plan_find(const lq_gate_plan *p, uint32_t predicate)
{
  if (!(p->has[predicate / 32] >> predicate % 32 & 1))
    return LQ_NONE;
  for (uint32_t h = lq_gate_plan_hash(predicate);; h++) {
    uint32_t place = p->places[h & p->mask]; // not 0 before it is found
    if (p->tests[place - 1] == predicate)
      return place - 1;
  }
}

#endif
