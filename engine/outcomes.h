// What the predicates over a class field say of the values that an event has there: the set of those that
// hold, as a small number. Remembered by value.
#ifndef LQ_ENGINE_OUTCOMES_H
#define LQ_ENGINE_OUTCOMES_H

#include "base/event.h"

enum { LQ_OUTCOMES_MAX = 4096, LQ_OUTCOME_IDS_MAX = 1 << 18 };

typedef struct lq_outcomes lq_outcomes;
lq_status lq_outcomes_new(lq_outcomes **out, const lq_mem *mem);
void lq_outcomes_free(lq_outcomes *o);
void lq_outcomes_clear(lq_outcomes *o); // all numbers are free again

// The outcome that is remembered of a slot's values; LQ_NO_OUTCOME: none is. Field: anything that tells one
// slot from others, below 256.
#define LQ_NO_OUTCOME UINT32_MAX
#define LQ_OUTCOME_NOTHING (UINT32_MAX - 1) // no predicate holds
uint32_t lq_outcomes_recall(lq_outcomes *o, uint32_t field, uint32_t slot, const lq_event *event);
// The number of a set of predicates, ascending; remembered for the values that were asked about last, if they
// are short. LQ_NO_OUTCOME: there is no room.
uint32_t lq_outcomes_learn(lq_outcomes *o, const uint32_t *trues, size_t n);
const uint32_t *lq_outcomes_trues(const lq_outcomes *o, uint32_t outcome, size_t *n);

#endif
