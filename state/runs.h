// Sorted runs: events that wait and find no room in memory, written outside of it in order, and merged.
#ifndef LQ_STATE_RUNS_H
#define LQ_STATE_RUNS_H

#include "libquery/status.h"
#include "state/kin.h"
#include "state/snapshot.h"

typedef struct lq_waiting {
  lq_order order;
  lq_snapshot *kept; // NULL: it has no hits and no rows, and nobody will ask for its record
  lq_kin *kin;       // NULL: what is kept is to be asked
  uint32_t *hits;    // terms that it fits, then rows of lineage that it lets hold
  size_t nhits;      // LQ_HITS_UNKNOWN: restored, all terms and rows are to be asked
  size_t nrows;      // LQ_HITS_UNKNOWN: all rows are
  bool borrowed;     // all of it lies in a run's block: it is there until the next one is asked for
} lq_waiting;
#define LQ_HITS_UNKNOWN SIZE_MAX
size_t lq_waiting_ids(const lq_waiting *w); // that there are in hits
void lq_waiting_free(lq_waiting *w, const lq_mem *mem);

// Where runs go: lq_spill of the public header. write appends, read gives n bytes or fails; nonzero fails.
typedef struct lq_run_store {
  void *user;
  int (*write)(void *user, uint32_t run, const void *bytes, size_t n);
  int (*read)(void *user, uint32_t run, uint64_t offset, void *bytes, size_t n);
  void (*drop)(void *user, uint32_t run); // nobody will ask for it again
} lq_run_store;

// What stands before each event of a run.
typedef struct lq_run_head {
  lq_order order;
  uint64_t size, kin;    // of the snapshot, and of that; 0: there is none
  uint64_t nhits, nrows; // or LQ_HITS_UNKNOWN
} lq_run_head;

typedef struct lq_run {
  uint32_t id, level; // 0: as it was spilled; more: merged of those one below
  uint64_t size, at;  // bytes in all, and of them done with
  char *block;        // read ahead: the `have` bytes from `at` on. NULL: not open
  size_t block_size, have, used;
  lq_run_head head; // of the next event
  bool more, taken; // taken: the head is that of the event before, and that may still be looked at
} lq_run;

typedef struct lq_runs {
  const lq_mem *mem;
  lq_run_store store; // write is NULL: there is none
  uint32_t slots;     // of the fields of events
  uint64_t room;      // bytes that reading and writing may take together
  lq_run *run;
  size_t n, cap;
  uint32_t next_id;
  uint64_t events; // in all runs
  char *block;     // on its way out
  size_t block_size, used;
  lq_run out;       // the run that is being written
  lq_status failed; // what was written or read wrong once is not tried again
} lq_runs;

void lq_runs_free(lq_runs *r); // what is in the store, too
// One run: begin, events in ascending order, end. LQ_E_IO, LQ_E_NOMEM. Begin that failed left all as it was.
lq_status lq_runs_begin(lq_runs *r);
lq_status lq_runs_add(lq_runs *r, const lq_waiting *w);
lq_status lq_runs_end(lq_runs *r);
size_t lq_runs_block(const lq_runs *r); // bytes of memory that writing takes
// The first event of all runs. *any is false: there is none. LQ_E_NOMEM: nothing was taken, try again.
lq_status lq_runs_next(lq_runs *r, lq_waiting *out, bool *any);
lq_status lq_runs_skip(lq_runs *r); // the first event goes unread

#endif
