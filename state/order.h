// The order of events: a place for each, and a buffer in which they wait until nothing earlier will come.
#ifndef LQ_STATE_ORDER_H
#define LQ_STATE_ORDER_H

#include "state/runs.h"

#define LQ_LATENESS_WHOLE INT64_MIN // everything waits for the end of input
// Where order begins, in 1823: stamps before it stand here, and so does what has no time while none is known.
// So nothing comes before it, and what stands here makes nobody late.
#define LQ_TIME_FIRST (INT64_MIN / 2)

typedef struct lq_order_stats {
  uint64_t late;     // came after their time had passed: not offered to state
  uint64_t future;   // stamps too far beyond `now`: not believed, the place is that of their arrival
  uint64_t timeless; // had no time of their own and took that of the event before
  uint64_t forced;   // left before their time: the buffer was full
  uint64_t dropped;  // there was no memory for one more
  uint64_t spilled;  // waited outside memory
  uint64_t waiting;  // now, wherever
} lq_order_stats;

typedef struct lq_buffer {
  const lq_mem *mem;
  int64_t lateness, future;
  uint64_t max_bytes;
  bool has_now;
  int64_t now;    // time of ingestion, live mode
  int64_t latest; // newest stamp that was believed; INT64_MIN: none yet
  int64_t last;   // of the last event that was believed and in time, for those without
  int64_t clock;  // the watermark: no event before this will be let through; INT64_MIN: none yet
  uint64_t arrival;
  lq_waiting *heap;
  size_t n, cap;
  uint64_t bytes;
  lq_runs runs; // with a store, where all waits for the end: what found no room
  lq_order_stats stats;
} lq_buffer;

void lq_buffer_init(lq_buffer *b, const lq_mem *mem);
void lq_buffer_free(lq_buffer *b);
void lq_buffer_clear(lq_buffer *b); // of what waits
// Gives an event its place and moves time, if its stamp is believed. False: it is late, counted.
bool lq_buffer_stamp(lq_buffer *b, const lq_event *e, lq_order *out);
bool lq_buffer_passes(const lq_buffer *b, lq_order order); // need not wait, once lq_buffer_next gives nothing
// What waits can go out of memory, so that nothing has to be forced.
bool lq_buffer_spills(const lq_buffer *b);
lq_status lq_buffer_spill(lq_buffer *b); // all of it
// Whether an event with so many hits waits without its record: where it can be saved, and where a match may
// show it, it has that.
bool lq_buffer_strips(const lq_buffer *b, size_t nhits);
// Takes what is in it, also when it fails.
lq_status lq_buffer_push(lq_buffer *b, lq_waiting w);
// The next one whose time has come (`all`: whatever its time); the caller drops what is in it. *any is false:
// none. LQ_E_NOMEM: the one to come found no room and is still there; LQ_E_IO.
lq_status lq_buffer_next(lq_buffer *b, bool all, lq_waiting *out, bool *any);
bool lq_buffer_drop(lq_buffer *b, lq_waiting *out); // the first one, without its turn

#endif
