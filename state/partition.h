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
  const lq_fieldmap *fields;  // of the events
  const lq_slot_set *of_rows; // those that stages ask for of events that they kept; NULL: all
  lq_state_limits limits;     // zeros: the usual
  uint8_t hash_key[16];       // random, and known to nobody who writes events
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
  // Fills a clear event from its record, for events that waited in saved state, when their turn comes, or
  // that stages will ask again. Nobody else uses it. LQ_E_INPUT: it cannot be read. NULL: state is saved with
  // the values of such events.
  lq_status (*read)(void *user, lq_str raw, lq_event *into);
  void *read_user;
  const lq_str *rules;
  const uint8_t (*schemas)[16];
  void (*find_schemas)(void *user); // fills them, before each look at them; NULL: they are there
  void *schemas_user;
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
// Who is asked and told from now on, in place of whom the config named.
void lq_partition_bind(lq_partition *s, const lq_asker *asker,
                       void (*process)(void *user, lq_process_facts *out), const lq_state_hooks *hooks);

// Live mode: when events come in, by the caller's clock; may go back. Stamps more than limits.future beyond
// it are not believed: their events stand where those without a time do, and no time passes. Not where all is
// sorted at the end of input.
void lq_partition_set_now(lq_partition *s, int64_t now);
// Whether an event without hits has to be offered too: some rule asks for lineage.
bool lq_partition_wants_all(const lq_partition *s);
// Whether all values of an event are to be kept, as nobody could read its record again after a restart.
bool lq_partition_keeps_all(const lq_partition *s);
// Whether an event waits with what was known of it when it came, and nobody asks for the record of one
// without hits.
bool lq_partition_takes_known(const lq_partition *s);

// An event, and what is known of it. All is borrowed for the call.
typedef struct lq_offer {
  const lq_event *event;
  // The terms (indices into tables.terms, ascending; `until` among them) whose conditions hold, or are to be
  // asked later because they refer or ask for lineage.
  const uint32_t *hits;
  size_t nhits;
  const uint32_t *rows; // of lineage that the event lets hold, ascending
  size_t nrows;         // LQ_HITS_UNKNOWN: all are to be asked
  // What it says of processes. NULL: that is to be asked.
  const lq_process_facts *facts;
  // The slots that will be asked for, because of hits, rows, and when there are no facts by those who ask for
  // them; NULL: all.
  const lq_slot_set *wanted;
} lq_offer;
lq_status lq_partition_event(lq_partition *s, const lq_offer *offer);
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

// Appends a frame: all that there is, or, with *changes, what has changed since the frame that was given out
// last, if that is so little that it is worth it; *changes tells which. A frame of changes is good only
// behind those before it. LQ_E_UNSUPPORTED: events wait outside memory.
lq_status lq_partition_save(lq_partition *s, lq_buf *out, bool *changes);

typedef struct lq_restored {
  bool same_bundle;
  uint32_t kept, cold; // rules whose state was taken; rules of the file that are gone or have changed: their
                       // state is lost
  const char *why;     // what was wrong with the bytes
} lq_restored;
// Takes the place of *s with all it held: a whole frame and those of changes that followed it, one behind the
// other. The bytes may be anything: on LQ_E_BUNDLE, LQ_E_VERSION and LQ_E_NOMEM *s is as it was.
lq_status lq_partition_restore(lq_partition **s, const void *bytes, size_t n, lq_restored *out);

void lq_partition_unsaved(lq_partition *s); // the frame was not kept: the next is whole

// *into becomes those keys of `from` whose hash falls into part `part` of `parts`, with that share of what
// has no key. Counters of rules begin at 0. `from` stays as it is, but what is saved of it next is whole.
lq_status lq_partition_take_part(lq_partition **into, lq_partition *from, uint32_t part, uint32_t parts);
// Adds what another one of the same rules holds. Where both know a key the newer one stays.
lq_status lq_partition_merge(lq_partition **into, lq_partition *from);

#endif
