// State machines: one for each stateful rule. Events that fit its terms come in, in order; groups come out.
// What the words mean is told in docs/language.md, "Sequences" and "Pipes".
#ifndef LQ_STATE_MACHINE_H
#define LQ_STATE_MACHINE_H

#include "base/buf.h"
#include "libquery/status.h"
#include "state/snapshot.h"
#include "vm/state.h"

typedef enum lq_aggregate {
#define LQ_AGGREGATE(name, function, keeps) LQ_AGG_##name,
#include "state/aggregates.def"
#undef LQ_AGGREGATE
  LQ_AGG_NONE,
} lq_aggregate;

// The tables of vm/state.h, and what only reading code tells.
typedef struct lq_state_tables {
  const lq_state_def *states;
  size_t nstates;
  const lq_term_def *terms;
  size_t nterms;
  const lq_key_def *keys;
  size_t nkeys;
  const lq_capture_def *captures;
  size_t ncaptures;
  const lq_stage_def *stages;
  size_t nstages;
  const lq_stage_arg *args;
  size_t nargs;
  const uint8_t
      *refers; // by term: its condition reads earlier terms (REF), so it is asked for each partial match
  const uint8_t *aggregates; // by argument: lq_aggregate
} lq_state_tables;

// ---- what a machine asks

// What a snippet may read.
typedef struct lq_view {
  const lq_snapshot *event; // FIELD reads this one; NULL: the event at hand
  const lq_values *const
      *captures;            // REF: by term, then by capture of that term; NULL: an empty slot, all null
  const lq_values *columns; // COLUMN
} lq_view;

typedef struct lq_asker {
  void *user;
  // The event at hand from now on; NULL: none, as time passes or input ends.
  void (*event)(void *user, const lq_event *e);
  // A rule's turn begins: scratch memory and budget are its own. What was given before is dead.
  void (*begin)(void *user, uint32_t rule);
  // No answer (budget, memory) is false or null, counted by the asker. The values live until the next begin.
  bool (*truth)(void *user, uint32_t snippet, const lq_view *view);
  lq_values (*value)(void *user, uint32_t snippet, const lq_view *view);
  lq_values (*field)(void *user, uint32_t field, const lq_view *view);
  // The terms that fit the event at hand, or are to be asked later; gives how many. Only of an event that was
  // restored: all others come with theirs.
  size_t (*fits)(void *user, uint32_t *terms);
} lq_asker;

// ---- what it tells

// Names of the columns that COUNT and UNIQUE_COUNT make.
#define LQ_NAME_COUNT 0xFFFFFFFEu
#define LQ_NAME_PERCENT 0xFFFFFFFDu
#define LQ_NAME_KEY 0xFFFFFFFCu

typedef struct lq_column {
  uint32_t name; // text id, or LQ_NAME_…
  lq_values values;
} lq_column;

// A match. Everything is borrowed for the call.
typedef struct lq_outcome {
  uint32_t state;
  lq_order order;                   // of the event that completed it
  const lq_snapshot *const *events; // by slot, a term with runs=n having n; NULL: a missing term.
  size_t nevents; // COUNT gives none; STATS the first and the last that it saw in the window
  lq_str key;     // bytes of the key (lq_key_next takes it apart); empty without `by`
  const lq_values *const *captures; // by term, as lq_view has them
  const lq_column *columns;         // of EVAL, STATS, COUNT, UNIQUE_COUNT, in COLUMN order
  size_t ncolumns;
  const lq_column *keep; // of the last KEEP; none: everything
  size_t nkeep;
  bool has_keep;
} lq_outcome;

typedef enum lq_step_kind {
  LQ_STEP_BEGAN,
  LQ_STEP_ADVANCED,
  LQ_STEP_REPLACED,
  LQ_STEP_EXPIRED,
  LQ_STEP_UNTIL,
  LQ_STEP_MISSING_SEEN,
  LQ_STEP_HELD,
  LQ_STEP_MATCHED,
  LQ_STEP_REFUSED,
  LQ_STEP_EVICTED,
  LQ_STEP_SUPPRESSED,
  LQ_STEP_COUNT_OF_KINDS,
} lq_step_kind;
const char *lq_step_name(lq_step_kind kind);

// Why a partial match is where it is.
typedef struct lq_step {
  lq_step_kind kind;
  uint32_t state;
  uint32_t slot;  // the positive slots filled so far
  lq_order at;    // the event at hand, or the time that passed
  lq_order first; // the first event of the partial match
  lq_str key;
} lq_step;

typedef struct lq_state_hooks {
  void *user;
  int (*group)(void *user, const lq_outcome *g); // nonzero stops: LQ_E_CANCELLED
  void (*step)(void *user, const lq_step *s);    // NULL: nobody asks
} lq_state_hooks;

// ---- bounds

typedef struct lq_state_limits {
  uint64_t rule_bytes;    // 0: 16 MiB. State over it makes the rule's oldest go, counted
  uint64_t total_bytes;   // 0: 256 MiB, of all rules and the ordering buffer
  uint64_t keys;          // 0: 100,000 for each rule
  uint64_t buffer_bytes;  // 0: 64 MiB of events that wait for their turn
  uint32_t key_tuples;    // 0: 256 for each event and term
  uint32_t window_events; // 0: 65,536 for each group
  uint32_t distinct;      // 0: 65,536 values of dcount for each group; from there it stands still
  uint32_t values;        // 0: 1,000 of values()
  uint32_t held;          // 0: 1,024 matches of one key that wait for a missing event
  int64_t future;         // 0: 5 minutes; how far beyond `now` a stamp may move time
} lq_state_limits;
void lq_state_limits_default(lq_state_limits *l); // fills zeros

typedef struct lq_machine_stats {
  uint64_t events;           // that fit a term
  uint64_t groups;           // matches given out
  uint64_t live, keys;       // partial matches and held rows now; keys now
  uint64_t bytes, peak;      // now, and at most
  uint64_t expired;          // partial matches that ran out of time
  uint64_t replaced, killed; // by a newer one; by `until`
  uint64_t evicted;          // state that a limit took
  uint64_t cut;              // values, tuples and window events over a limit
  uint64_t suppressed;
} lq_machine_stats;

// ---- running

typedef struct lq_machine lq_machine;
typedef struct lq_machine_host lq_machine_host; // what all machines of a rule set share (state/partition.c)

// The event at hand, for all machines in turn.
typedef struct lq_at_hand {
  lq_order order;
  const lq_event *event;     // NULL when it is kept already
  const lq_slot_set *wanted; // those that will be asked for; NULL: all
  lq_snapshot *kept,
      *whole; // made when first needed, without and with the values of its fields; the caller drops them
} lq_at_hand;

lq_status lq_machine_new(lq_machine **out, lq_machine_host *host, uint32_t state);
void lq_machine_free(lq_machine *m);
// hits: by term of this state, `until` last: 1 it fits (or, where the condition refers, is to be asked).
lq_status lq_machine_event(lq_machine *m, lq_at_hand *e, const uint8_t *hits);
// No event before `clock` will come any more. due: when there is something to do next; INT64_MAX: never.
int64_t lq_machine_due(const lq_machine *m);
lq_status lq_machine_advance(lq_machine *m, int64_t clock); // does one thing that is due, if any
lq_status lq_machine_end(lq_machine *m);                    // end of input
const lq_machine_stats *lq_machine_stats_get(const lq_machine *m);

// Live partial matches, oldest first.
typedef struct lq_live {
  uint32_t state, slot, nslots; // positive slots filled, of how many
  lq_order first, last;
  lq_str key;
  bool held; // complete, waits for what must stay missing
  const lq_snapshot *const *events;
  size_t nevents;
} lq_live;
void lq_machine_each(const lq_machine *m, void (*each)(void *user, const lq_live *live), void *user);

typedef struct lq_encoder lq_encoder;
typedef struct lq_decoder lq_decoder;

// What of it is saved.
typedef struct lq_saving {
  lq_encoder *out;
  bool changes;         // what has changed since the last save that was followed
  bool follow;          // the next save of changes will build on this one
  uint32_t part, parts; // by hash; 0 of 1: all
} lq_saving;
bool lq_in_part(const lq_saving *s, lq_str key);
bool lq_machine_changed(const lq_machine *m);
void lq_machine_save(lq_machine *m, const lq_saving *s);

// What becomes of what is there already when saved state comes to it.
typedef enum lq_loading {
  LQ_LOAD_WHOLE,   // nothing is there: what comes twice is damage
  LQ_LOAD_CHANGES, // it is replaced
  LQ_LOAD_MERGE,   // the newer one stays
} lq_loading;
// The bytes may be anything. Memory has no cap meanwhile: lq_machine_loaded evicts what is over the limits.
void lq_machine_load(lq_machine *m, lq_decoder *w, lq_loading how);
void lq_machine_loaded(lq_machine *m);

#endif
