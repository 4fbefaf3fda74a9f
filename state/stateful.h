// The stateful rules of a loaded rule set: its code asked, its tables run (state/partition.h). One for each
// engine and thread.
#ifndef LQ_STATE_STATEFUL_H
#define LQ_STATE_STATEFUL_H

#include "engine/engine.h"
#include "state/rule_tables.h"

typedef struct lq_stateful_options {
  lq_state_limits limits; // zeros: the usual
  int64_t lateness;       // ns; LQ_LATENESS_WHOLE: sort all at the end of input
  uint8_t hash_key[16];   // random
  lq_run_store store;     // write is NULL: what waits has only memory
  lq_state_hooks hooks;
  lq_partition **partition; // to be fed; NULL: one of its own, made by what stands above
} lq_stateful_options;

typedef struct lq_stateful_stats {
  // Of what is asked when an event's turn has come; what the engine answers of the event alone it counts.
  uint64_t indeterminate;
  uint64_t capped; // results cut from a product of arrays, where the engine has not counted them
} lq_stateful_stats;

typedef struct lq_stateful lq_stateful;
// *out is NULL with LQ_OK when the rule set has no stateful rule. The engine is borrowed.
lq_status lq_stateful_new(lq_stateful **out, lq_engine *engine, const lq_stateful_options *options,
                          const lq_mem *mem);
void lq_stateful_free(lq_stateful *s); // before its engine
// Right after lq_engine_eval, for the same event, with the terms that it gave. The cursor is asked for
// its time, and for what will be looked at when its turn has come. Long texts of the event become what is
// remembered of them.
lq_status lq_stateful_event(lq_stateful *s, lq_cursor *c, const lq_hits *hits);
lq_status lq_stateful_need(lq_stateful *s, lq_cursor *c, const lq_hits *hits); // asks for that alone
// An event of which another thread has found all that will be asked: what is offered besides the hits, rows
// and facts is the values that these want. Only where takes_known: without hits and rows it has no record.
bool lq_stateful_takes_known(const lq_stateful *s);
lq_status lq_stateful_offer(lq_stateful *s, const lq_offer *offer);
lq_status lq_stateful_end(lq_stateful *s);
// From now on this one is fed, which asks us and no other until another takes it. NULL: its own. Where it
// lies may come to hold another partition of the same rules that was bound before.
void lq_stateful_use(lq_stateful *s, lq_partition **partition);
lq_partition **lq_stateful_place(lq_stateful *s); // where it lies: for restoring
lq_partition *
lq_stateful_partition(lq_stateful *s); // counters, saving, restoring, live partial matches, `now`
const lq_stateful_stats *lq_stateful_stats_get(const lq_stateful *s);

#endif
