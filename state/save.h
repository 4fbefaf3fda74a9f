// What saving and restoring a partition share: the frame, and how rules are known.
#ifndef LQ_STATE_SAVE_H
#define LQ_STATE_SAVE_H

#include "state/partition_internal.h"

// Magic, version, size, digest; then, in the part that differs, what docs/running.md tells.
#define LQ_FRAME_MAGIC "\x89LQS\r\n\x1a\n"
enum {
  LQ_FRAME_VERSION_AT = 8,
  LQ_FRAME_SIZE = 16,
  LQ_FRAME_DIGEST = 24,
  LQ_FRAME_HEADER = 56,
  LQ_FRAME_VERSION = 2,
};
void lq_frame_digest(const void *p, size_t n, uint8_t out[32]);

lq_status lq_partition_save_part(lq_partition *p, lq_buf *out, uint32_t part, uint32_t parts);
uint32_t lq_state_of_rule(const lq_partition *p, uint32_t rule); // UINT32_MAX: it has none
uint32_t lq_lineage_ordinal(const lq_partition *p, size_t row);  // among its rule's

#endif
