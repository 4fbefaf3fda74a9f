// All predicates of a field answered at once: which of them hold for the values that an event has in a slot.
// It is a way to the answers of lq_predicate_test and gives no others.
#ifndef LQ_ENGINE_MATCHERS_H
#define LQ_ENGINE_MATCHERS_H

#include "base/event.h"
#include "vm/program.h"

// Made of a program at load, the tables of a slot when it is first asked about. Share it among threads: what
// is there never changes, and mem is asked by one of them at a time. It borrows the program and its texts.
typedef struct lq_matchers lq_matchers;
// slots: of each field of the program; nslots: how many slots there are in all.
lq_status lq_matchers_new(lq_matchers **out, const lq_program *p, const uint32_t *slots, size_t nslots,
                          const lq_mem *mem);
void lq_matchers_free(lq_matchers *m);
// Is the predicate answered here? Not if its field is tied to a scope or is one, nor if looking for it would
// save nothing: then lq_predicate_test is the way.
bool lq_matchers_covers(const lq_matchers *m, uint32_t predicate);
size_t lq_matchers_bytes(const lq_matchers *m); // of memory that it takes

typedef struct lq_match_stats {
  uint64_t values;       // values that were looked at
  uint64_t hits, misses; // of them, asked of the value cache: found there; not
  uint64_t gave_up;      // slots of events that were left to the plain way
} lq_match_stats;

// What one thread needs to ask. Nothing is allocated for an event after warm-up.
typedef struct lq_match_run lq_match_run;
lq_status lq_match_run_new(lq_match_run **out, const lq_matchers *m, const lq_mem *mem);
void lq_match_run_free(lq_match_run *r);
void lq_match_run_set_layers_off(lq_match_run *r, uint32_t off); // bits of lq_layer; only CACHE is looked at
// Bytes that remembered values may take, before the first event. 0: the usual number.
void lq_match_run_set_cache(lq_match_run *r, size_t bytes);

// *trues: the covered predicates of the slot that hold for any of its values, each once, in no order, until
// the next call. Every other covered predicate of the slot is false. False: there is no answer, because
// memory or the work allowed for it ran out; lq_predicate_test has one for each predicate, or a failure.
bool lq_match_run_slot(lq_match_run *r, uint32_t slot, const lq_event *event, const uint32_t **trues,
                       size_t *n);
const lq_match_stats *lq_match_run_stats(const lq_match_run *r);

#endif
