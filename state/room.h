// Room: what state takes, who is evicted when it has taken more than a limit allows, and when.
//
// A *step* is one machine and one event, or one row on its way through the stages. A step only books what it
// takes: nobody is evicted in it, so whatever it holds stays. Where the total is at its wall an allocation is
// refused, the step goes on without it, and that is counted like an eviction. The debt is settled between
// steps, where nobody holds anything: before and after a machine's turn, and between two rows that are given
// out.
//
// Who goes, within a rule: while a stage remembers more than there are partial matches and keys, its oldest.
// Otherwise the oldest partial match; then the oldest complete match that waits; then the oldest key. Over
// its number of keys: the oldest key of its largest table, with all that hangs on it. Across rules: those of
// the rule with most bytes, some at a time; or the processes that lineage has not heard of for longest, when
// they take more than any rule.
#ifndef LQ_STATE_ROOM_H
#define LQ_STATE_ROOM_H

#include "state/lineage.h"
#include "state/machine.h"

// An allocation hook that counts, with a cap. NULL over the cap is the events' doing, and no error.
typedef struct lq_meter {
  lq_mem hook;
  const lq_mem *mem;
  size_t used, peak, max;
  bool out_of_memory; // the hook beneath gave NULL: ours to report
} lq_meter;
void lq_meter_init(lq_meter *m, const lq_mem *mem, uint64_t max);

enum { LQ_ROOM_ROW = 2048 }; // what a row on its way out may be expected to take

// ---- in a step
void *lq_machine_alloc(lq_machine *m, size_t size); // NULL: see lq_no_memory
void lq_charge(lq_machine *m, size_t n);
void lq_uncharge(lq_machine *m, size_t n);
lq_status lq_no_memory(lq_machine *m); // LQ_E_NOMEM, or LQ_OK when it was the cap (counted as an eviction)

// ---- between steps
void lq_room_begin(lq_machine *m,
                   const lq_event *e); // settles, and leaves what this event may be expected to take
void lq_room_end(lq_machine *m);       // settles what it took
// Evicts until the rule is within its limits, and `need` more bytes are within the total; no more than a
// quarter of the total is made free.
void lq_room_settle(lq_machine *m, size_t need);
bool lq_room_make(lq_machine_host *host,
                  size_t need);       // of all; false: everybody has gone, and it is not enough
bool lq_machine_evict(lq_machine *m); // who goes first within a rule; false: nothing there

#endif
