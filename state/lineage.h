// Lineage: which processes had an event that a rule asks for, and whose children they are.
#ifndef LQ_STATE_LINEAGE_H
#define LQ_STATE_LINEAGE_H

#include "base/buf.h"
#include "engine/process.h"
#include "libquery/status.h"
#include "state/machine.h"
#include "state/table.h"
#include "vm/state.h"

typedef struct lq_ancestry_stats {
  uint64_t processes, evicted, bytes;
} lq_ancestry_stats;

typedef struct lq_ancestry lq_ancestry;
lq_status lq_ancestry_new(lq_ancestry **out, const lq_lineage_def *rows, size_t nrows, uint64_t max_processes,
                          const uint8_t hash_key[16], const lq_mem *mem);
void lq_ancestry_free(lq_ancestry *l);
// The event at hand: its process is known, and what its parents were it inherits, before rows are asked
// about. No memory: counted as evicted; the process is unknown.
void lq_ancestry_event(lq_ancestry *l, const lq_process_facts *facts);
// Rows are asked last to first, so those inside another come before it: its answer may hang on theirs.
void lq_ancestry_holds(lq_ancestry *l, uint32_t row);      // the event at hand satisfies the row's snippet
bool lq_ancestry_asks(const lq_ancestry *l, uint32_t row); // of the event at hand
bool lq_ancestry_evict(
    lq_ancestry *l); // the one not heard of for longest; false: there is none but that at hand
const lq_ancestry_stats *lq_ancestry_stats_get(const lq_ancestry *l);

// Processes with the rows that are true of them.
void lq_ancestry_save(lq_ancestry *l, const lq_saving *s);
// map: by row of the file, the row here, or UINT32_MAX. The bytes may be anything.
void lq_ancestry_load(lq_ancestry *l, lq_decoder *w, lq_loading how, const uint32_t *map, size_t nmap);
void lq_ancestry_loaded(lq_ancestry *l);

#endif
