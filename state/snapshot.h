// What outlives an event: its record, the values that were captured, and where in the order it stood.
#ifndef LQ_STATE_SNAPSHOT_H
#define LQ_STATE_SNAPSHOT_H

#include "input/cursor.h"

// The order in which events count: by time, then by arrival.
typedef struct lq_order {
  int64_t time;
  uint64_t arrival;
} lq_order;

static inline int lq_order_cmp(lq_order a, lq_order b)
{
  if (a.time != b.time)
    return a.time < b.time ? -1 : 1;
  return (a.arrival > b.arrival) - (a.arrival < b.arrival);
}

typedef struct lq_snapshot_value {
  uint32_t slot, element, parent;
  lq_value v;
} lq_snapshot_value;

// Which saved state has something that is shared, and where: its number there. Zero: none yet.
typedef struct lq_pool_mark {
  uint32_t pool, at;
} lq_pool_mark;

// An event that was kept: shared by all that hold it, in one block.
typedef struct lq_snapshot {
  size_t refs, size;
  lq_pool_mark mark;
  lq_order
      order;    // its place: of an event without a time, or with one that was not believed, where it arrived
  int64_t time; // as it says; without has_time nothing
  uint64_t line, offset, nth;
  bool has_time, mapped;
  bool whole; // with the values of its slots; otherwise only the record
  lq_str raw, source;
  const lq_snapshot_value *values; // of its slots
  size_t nvalues;
} lq_snapshot;

// What of an event is kept.
typedef struct lq_keep {
  bool record, values;      // its bytes; what its slots have
  const lq_slot_set *slots; // of these slots alone; NULL: of all
  bool in_place;            // the record stays where it lies, which outlives the snapshot
} lq_keep;
size_t lq_snapshot_size(const lq_event *e, lq_keep keep); // bytes that lq_snapshot_take will ask for
lq_snapshot *lq_snapshot_take(const lq_event *e, lq_order order, lq_keep keep,
                              const lq_mem *mem); // NULL: no memory
lq_snapshot *lq_snapshot_copy(const lq_snapshot *like,
                              const lq_mem *mem); // of one whose parts lie anywhere; NULL: no memory
// k's `size` bytes were copied from where it lay before: what pointed into them does so again, and it has one
// reference. False: it is no snapshot, or has a field that is none of the `slots`.
bool lq_snapshot_moved(lq_snapshot *k, size_t size, uint32_t slots);
lq_snapshot *lq_snapshot_ref(lq_snapshot *k);
void lq_snapshot_unref(lq_snapshot *k, const lq_mem *mem); // NULL is fine
// Makes `into` what the event was; texts are borrowed from k. The event's failed tells.
void lq_snapshot_replay(const lq_snapshot *k, lq_event *into);

// The same from its record, which `read` reads into a clear event: all that it has now. LQ_E_INPUT,
// LQ_E_NOMEM.
lq_status lq_snapshot_read(const lq_snapshot *k, lq_status (*read)(void *user, lq_str raw, lq_event *into),
                           void *user, lq_event *into);

// Lists of values in one block, shared by all that hold it.
typedef struct lq_packed {
  size_t size, refs;
  lq_pool_mark mark;
  uint32_t n;
  lq_values lists[];
} lq_packed;

lq_packed *lq_pack(const lq_values *lists, size_t n, const lq_mem *mem); // NULL: no memory
lq_packed *lq_packed_ref(lq_packed *p);                                  // NULL is fine
void lq_packed_unref(lq_packed *p, const lq_mem *mem);                   // NULL is fine

#endif
