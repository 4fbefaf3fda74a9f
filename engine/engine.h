// A loaded rule set, ready for events: slots for all fields that its rules use, predicates shared, counters.
// How candidates are found (classes, matchers, caches) is hidden behind this page and never changes an
// answer.
#ifndef LQ_ENGINE_ENGINE_H
#define LQ_ENGINE_ENGINE_H

#include "engine/process.h"
#include "engine/profile.h"
#include "input/cursor.h"
#include "input/sieve.h"
#include "vm/exec.h"
#include "vm/program.h"

typedef struct lq_engine_limits {
  uint64_t budget;      // units of iterators and products, for each rule and event; 0: 1,000,000
  uint64_t max_scratch; // bytes of general expressions, for each rule and event; 0: 16 MiB
} lq_engine_limits;

// Immutable after load: share it among threads. Owns the program, also when making one fails.
typedef struct lq_ruleset lq_ruleset;
lq_status lq_ruleset_new(lq_ruleset **out, lq_program *adopt, const lq_engine_limits *limits,
                         const lq_mem *mem);
void lq_ruleset_free(lq_ruleset *rs);
const lq_program *lq_ruleset_program(const lq_ruleset *rs);
const lq_fieldmap *lq_ruleset_fields(const lq_ruleset *rs);
// No rule matches a line that it holds back. NULL: there is none.
const lq_sieve *lq_ruleset_sieve(const lq_ruleset *rs);

// What is asked about an event: a rule over single events as a whole, one term (or `until`) of a rule over
// several, or one row of lineage. Whole rules come first, in their order, then terms in theirs, then rows.
typedef enum lq_condition_reads {
  LQ_READS_TERMS = 1,   // events of earlier terms: it has an answer for each partial match
  LQ_READS_LINEAGE = 2, // the event's processes: it has an answer when the event's turn comes
} lq_condition_reads;
typedef struct lq_condition {
  uint32_t rule;
  uint32_t term, row; // which it is; LQ_NONE both: the whole rule
  uint32_t snippet;   // LQ_NONE: the whole rule
  uint8_t reads;      // lq_condition_reads besides the event; 0: its answer is the event's alone
} lq_condition;
const lq_condition *lq_ruleset_conditions(const lq_ruleset *rs, size_t *n);
const lq_condition *lq_ruleset_term(const lq_ruleset *rs, uint32_t term);
// What is asked of an event later, when its turn has come: by all rows of lineage and about its processes, of
// every event if there is any; and about its processes alone.
const lq_slot_set *lq_ruleset_of_lineage(const lq_ruleset *rs);
const lq_slot_set *lq_ruleset_of_processes(const lq_ruleset *rs);
const lq_slot_set *lq_ruleset_of_rows(const lq_ruleset *rs); // by stages, of events that they kept
// lq_process_read of the slots of a rule set that has lineage.
void lq_ruleset_read_process(const lq_ruleset *rs, const lq_event *e, lq_buf *own, lq_buf *parent,
                             lq_process_facts *out);

typedef struct lq_engine_stats {
  uint64_t events, matches;
  uint64_t rules_run;      // conditions whose code was run
  uint64_t predicates_run; // predicates computed (not remembered)
  uint64_t indeterminate;  // condition x event whose budget ran out
  uint64_t capped;         // results cut from a product of arrays
  // Of the ways around running all: conditions that events left to choose from, those that were chosen, and
  // predicates in gates that held.
  uint64_t alive, candidates, predicates_true;
  uint64_t classes;                     // that are known now
  uint64_t class_hits, class_fallbacks; // events of a class that is known; others
  // Values that matchers were asked about; of them, those that were remembered, those that were not; fields
  // of events that they left to the plain way.
  uint64_t values, value_hits, value_misses, values_left;
} lq_engine_stats;

// One for each thread. Reuses its memory: nothing is allocated for an event after warm-up.
typedef struct lq_engine lq_engine;
lq_status lq_engine_new(lq_engine **out, const lq_ruleset *rs, const lq_mem *mem);
void lq_engine_free(lq_engine *e);
void lq_engine_set_now(lq_engine *e, int64_t now);
void lq_engine_set_layers_off(lq_engine *e, uint32_t off); // bits of lq_layer; before the first event
// Bytes of a text that expressions get and that is remembered of an event; predicates look at the whole. 0:
// all.
void lq_engine_set_max_value(lq_engine *e, size_t max_value);
lq_status lq_engine_set_clock(lq_engine *e, const lq_clock *clock); // once, before the first event
const lq_profile *lq_engine_profile(const lq_engine *e);            // NULL: it has no clock
const lq_engine_stats *lq_engine_stats_get(const lq_engine *e);
const uint64_t *lq_engine_rule_matches(const lq_engine *e); // by rule index

// Which conditions hold for an event. Those that read more than the event are among the terms if the event
// lets them hold at all: they are to be asked later. The lists ascend, and live until the engine is asked
// about another event.
typedef struct lq_hits {
  const uint32_t *rules, *terms; // indices of rules; of terms
  const uint32_t *rows;          // of lineage that the event lets hold: all are to be asked later
  size_t nrules, nterms, nrows;
} lq_hits;
typedef enum lq_engine_ask { LQ_ASK_RULES, LQ_ASK_ALL } lq_engine_ask; // whole rules; terms too
// The cursor is over lq_ruleset_fields, and is asked for what conditions read.
lq_status lq_engine_eval(lq_engine *e, lq_cursor *c, lq_engine_ask ask, lq_hits *out);
// What is asked of an event with such hits later: because of terms that have held or are to be asked then,
// and of rows.
void lq_ruleset_later_of(const lq_ruleset *rs, const lq_hits *hits, lq_slot_set *out);
// The same, of an event whose hits another engine of the rule set has found: nothing is asked or counted.
lq_status lq_engine_assume(lq_engine *e, lq_cursor *c, lq_engine_ask ask);
// All fields, for whoever shows, explains or remembers the event that was asked about last.
lq_status lq_engine_need_all(lq_engine *e, lq_cursor *c);
// Counts the rules that match and calls match(user, rule) for each, in rule order; nonzero from it stops and
// gives LQ_E_CANCELLED.
lq_status lq_engine_give(lq_engine *e, const lq_hits *hits, int (*match)(void *user, uint32_t rule),
                         void *user);

// Why a rule is true of an event (call inside the match callback, or at any time with the same event): the
// clauses that hold.
typedef struct lq_reason_row {
  uint32_t start, end; // the clause in the rule's source text
  bool truth, negated;
  lq_str field;                  // empty: the clause reads none
  lq_value value;                // the value that matched, or the first one; LQ_T_NULL when missing
  lq_str entry;                  // list entry that matched, pattern form; may be empty
  size_t match_start, match_end; // part of the value's text, equal when unknown
} lq_reason_row;
lq_status lq_engine_explain(lq_engine *e, const lq_event *event, uint32_t rule,
                            void (*each)(void *user, const lq_reason_row *row), void *user);
// The same for one condition of a stateful rule, over the record at the cursor. group: what REF reads, may be
// NULL. lineage: whether the event's processes are what LINEAGE asks for; NULL: they are.
lq_status lq_engine_explain_snippet(lq_engine *e, lq_cursor *c, uint32_t snippet, const lq_group *group,
                                    bool (*lineage)(void *user, uint32_t row), void *lineage_user,
                                    void (*each)(void *user, const lq_reason_row *row), void *user);

#endif
