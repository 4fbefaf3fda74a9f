// What the files of aggregates share: groups, and what each adds up to.
//
// A window keeps its events' values in a ring, numbered on and on. Each aggregate takes in what comes and
// gives back what leaves; min and max keep the numbers of the events that may still become the answer, the
// best in front.
#ifndef LQ_STATE_WINDOW_INTERNAL_H
#define LQ_STATE_WINDOW_INTERNAL_H

#include "state/machine_internal.h"

__extension__ typedef __int128 lq_wide;

typedef struct lq_window_item {
  int64_t time;
  lq_packed *values; // of each aggregate's argument; NULL when none has one
} lq_window_item;

typedef struct lq_numbers {
  uint64_t *p; // a ring
  size_t head, n, cap;
} lq_numbers;

typedef struct lq_distinct {
  lq_key_node node;
  uint64_t refs;
  lq_value v; // texts are the node's key
  lq_ip ip;
} lq_distinct;

typedef struct lq_sums {
  uint64_t count;   // COUNT: events; SUM, AVG: numbers; MIN and MAX without a window: values
  lq_wide whole;    // sum of the integers
  double sum, lost; // of the doubles, scaled down, and what rounding took from it (Neumaier)
  uint64_t ndoubles;
  lq_key_table values; // DCOUNT, VALUES
  lq_numbers best;     // MIN, MAX over a window; FIRST: all that have a value
  uint64_t last;       // LAST over a window: number of the newest event with a value, + 1
  lq_packed *kept;     // MIN, MAX, FIRST, LAST without a window
} lq_sums;

struct lq_window_group {
  lq_key_node node;
  size_t size;
  int64_t last_time;
  lq_snapshot *first, *last; // samples
  lq_packed *by;
  bool fired; // the condition has been true since a match was given
  lq_window_item *ring;
  size_t head, n, cap;
  uint64_t base; // number of the event at head
  uint64_t all;  // events, without a window
  uint32_t naggs;
  lq_sums aggs[];
};

static inline uint32_t lq_aggregates_of(const lq_stage *s)
{
  return s->def->nargs - s->def->nby;
}
static inline lq_window_item *lq_window_at(const lq_window_group *g, uint64_t number)
{
  return &g->ring[(g->head + (size_t)(number - g->base)) % g->cap];
}

// ---- aggregate.c
bool lq_ring_grow(lq_machine *m, void **p, size_t *head, size_t n, size_t *cap, size_t size);
bool lq_aggregate_take(lq_machine *m, lq_stage *s, lq_window_group *g, uint32_t i, const lq_values *list,
                       uint64_t number);
void lq_aggregate_give_back(lq_machine *m, lq_stage *s, lq_window_group *g, uint32_t i,
                            const lq_values *list);
// Borrowed from the group, from *place, or from the machine until the next values(). *whole: untouched, or
// false without memory.
lq_values lq_aggregate_answer(lq_machine *m, lq_stage *s, lq_window_group *g, uint32_t i, lq_value *place,
                              bool *whole);
lq_aggregate lq_aggregate_function(const lq_machine *m, const lq_stage *s, uint32_t i);
void lq_aggregate_free(lq_machine *m, lq_sums *a);
// For loading: one more distinct value; the best so far. False: no memory.
bool lq_distinct_add(lq_machine *m, lq_sums *a, const lq_value *v, uint32_t max);

// ---- window.c
// by is taken, also when there is no group for it. NULL: no memory.
lq_window_group *lq_window_group_new(lq_machine *m, lq_stage *s, const lq_key *key, lq_packed *by);
bool lq_window_enter(lq_machine *m, lq_stage *s, lq_window_group *g, int64_t time, lq_packed *values);
void lq_window_sample(lq_machine *m, lq_snapshot **place, lq_snapshot *k);

#endif
