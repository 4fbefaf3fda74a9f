// All stateful rules of a rule set, for one thread: events come in as they arrive, groups come out in the
// order of time.
#ifndef LQ_STATE_PARTITION_H
#define LQ_STATE_PARTITION_H

#include "state/lineage.h"
#include "state/machine.h"
#include "state/order.h"

typedef struct lq_partition_config {
  const lq_state_tables *tables;
  const lq_lineage_def *lineages;
  size_t nlineages;
  const uint8_t *
      late; // by term: its condition asks for lineage, so it is asked when the event's turn comes. NULL: none
  const lq_fieldmap *fields; // of the events
  lq_state_limits limits;    // zeros: the usual
  uint8_t hash_key[16];      // random, and known to nobody who writes events
  int64_t lateness; // ns that an event may be late; LQ_LATENESS_WHOLE: all is sorted at the end of input
  // With LQ_LATENESS_WHOLE: where events wait that are more than limits.buffer_bytes. write is NULL: nowhere.
  lq_run_store store;
  lq_asker asker;
  // Of the event at hand, asked when there are lineages: what it says of processes. Texts live until it is
  // asked again.
  void (*process)(void *user, lq_process_facts *out);
  lq_state_hooks hooks;
  // What saved state is tied to. By state: the rule's id, and a digest of its tables and code.
  uint8_t bundle[32];
  const lq_str *rules;
  const uint8_t (*schemas)[16];
} lq_partition_config;

typedef struct lq_partition_stats {
  lq_order_stats order;
  lq_ancestry_stats lineage;
  lq_machine_stats sum; // of all rules
  uint64_t bytes, peak; // of all state, exactly; never over limits.total_bytes
  uint64_t held;        // matches that wait for what must stay missing
} lq_partition_stats;

typedef struct lq_partition lq_partition;
lq_status lq_partition_new(lq_partition **out, const lq_partition_config *config, const lq_mem *mem);
void lq_partition_free(lq_partition *s);

// Live mode: when events come in, by the caller's clock; may go back. Stamps more than limits.future beyond
// it are not believed: their events stand where those without a time do, and no time passes. Not where all is
// sorted at the end of input.
void lq_partition_set_now(lq_partition *s, int64_t now);
// Whether an event without hits has to be offered too: some rule asks for lineage.
bool lq_partition_wants_all(const lq_partition *s);
// hits: the terms (indices into tables.terms, ascending; `until` among them) whose conditions hold, or are to
// be asked later because they refer or ask for lineage. The event is borrowed for the call.
lq_status lq_partition_event(lq_partition *s, const lq_event *e, const uint32_t *hits, size_t nhits);
// Nothing more will come: what waits is decided, and stages that waited for the end give their rows.
lq_status lq_partition_end(lq_partition *s);

void lq_partition_stats_get(const lq_partition *s, lq_partition_stats *out);
const lq_machine_stats *lq_partition_rule_stats(const lq_partition *s, uint32_t state);
uint64_t lq_partition_held(const lq_partition *s,
                           uint32_t state);        // matches of a rule that wait for what must stay missing
int64_t lq_partition_clock(const lq_partition *s); // the time that has been reached; INT64_MIN: none yet
void lq_partition_each(const lq_partition *s, void (*each)(void *user, const lq_live *live), void *user);
// For callbacks of the asker: LINEAGE about the event at hand.
bool lq_partition_lineage(const lq_partition *s, uint32_t row);
// An event that a view names, for FIELD. NULL: no memory. Good until the next call.
const lq_event *lq_partition_replay(lq_partition *s, const lq_snapshot *kept);

// ---- saving

// Appends the state of all keys whose hash falls into part `part` of `parts`. What has no key (events that
// wait, processes, counts of head, rows of tail) is in part 0. Parts of one moment restored together are the
// whole. LQ_E_UNSUPPORTED: events wait outside memory.
lq_status lq_partition_save(const lq_partition *s, lq_buf *out, uint32_t part, uint32_t parts);

typedef struct lq_restored {
  bool same_bundle;
  uint32_t kept, cold; // rules whose state was taken; rules of the file that are gone or have changed: their
                       // state is lost
} lq_restored;
// Adds to what is there. The bytes may be anything: LQ_E_BUNDLE, and the state is not to be used any more.
lq_status lq_partition_restore(lq_partition *s, const void *bytes, size_t n, lq_restored *out);

#endif
