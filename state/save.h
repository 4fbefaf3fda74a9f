// What saving and restoring a partition share: the frame, and how rules are known.
#ifndef LQ_STATE_SAVE_H
#define LQ_STATE_SAVE_H

#include "base/seal.h"
#include "state/partition_internal.h"

// A frame is sealed (base/seal.h); what is inside docs/running.md tells.
enum { LQ_FRAME_VERSION = 2 };

lq_status lq_partition_save_part(lq_partition *p, lq_buf *out, uint32_t part, uint32_t parts);
uint32_t lq_state_of_rule(const lq_partition *p, uint32_t rule); // UINT32_MAX: it has none
uint32_t lq_lineage_ordinal(const lq_partition *p, size_t row);  // among its rule's

#endif
