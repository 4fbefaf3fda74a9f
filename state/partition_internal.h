// What the files of a partition share.
#ifndef LQ_STATE_PARTITION_INTERNAL_H
#define LQ_STATE_PARTITION_INTERNAL_H

#include "state/deadlines.h"
#include "state/machine_internal.h"
#include "state/partition.h"

struct lq_partition {
  const lq_mem *mem;
  lq_partition_config config;
  lq_meter meter;
  lq_machine_host host;
  lq_machine **machines; // by state
  uint32_t *state_of;    // by term
  uint8_t *hits;         // of one machine
  uint32_t *known;       // hits of a restored event
  size_t nhits;
  lq_buffer buffer;
  lq_deadlines due;
  lq_ancestry *lineage;
  lq_save_pool pool;        // of what was saved last, to build on
  uint32_t pools;           // so far
  bool following;           // the next save may be of changes
  uint8_t last_frame[32];   // digest of what was saved last
  size_t whole_size, grown; // of the last whole one; of the changes after it
  lq_event waited, viewed;  // one that waited, and one that a view names
  bool has_waited, has_viewed;
  const lq_snapshot *viewing;
  uint64_t viewing_arrival; // another event may come to lie where one was
};

#endif
