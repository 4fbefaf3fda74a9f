// What the files of engine/ share.
#ifndef LQ_ENGINE_INTERNAL_H
#define LQ_ENGINE_INTERNAL_H

#include "base/layers.h"
#include "engine/classes.h"
#include "engine/engine.h"
#include "engine/gate_plan.h"
#include "engine/matchers.h"
#include "engine/prefilter.h"
#include "engine/process.h"

// A gate of the list, which is the same whatever layers are on.
typedef struct lq_gate_range {
  uint32_t kind, first, n; // lq_gate_kind; of gate_ids
} lq_gate_range;

struct lq_ruleset {
  const lq_mem *mem;
  lq_program *program;
  lq_fieldmap *fields;
  uint32_t *slots;                           // by field
  uint32_t process_slots[LQ_PROCESS_FIELDS]; // when some rule asks for lineage
  lq_engine_limits limits;
  lq_condition *conditions; // whole rules first, then terms, then rows of lineage
  size_t nconditions, nwhole;
  lq_sieve *sieve;                     // what a line must hold; NULL: nothing in particular
  lq_slot_set of_rules, of_all, every; // slots that whole rules read; all conditions; that there are
  // What is asked when an event's turn has come: by lineage; about processes; of rows that a stage kept; by
  // term and then by row of lineage, a set each.
  lq_slot_set of_lineage, of_processes, of_rows, later;
  uint32_t *reads, *first_read; // slots that each condition reads, by condition and one more
  size_t nreads, reads_cap;
  uint32_t *rarity;     // by predicate
  lq_gate_range *gates; // by condition
  uint32_t *gate_ids;
  size_t ngate_ids, gate_ids_cap;
  lq_gate_plan plan; // of all conditions, by these gates
  lq_matchers *matchers;
  lq_class_fields class_fields;
};

// An allocation hook with a cap, for what an event can make grow. Over the cap is the event's doing and makes
// a rule indeterminate; a NULL from the hook beneath is ours to report.
typedef struct lq_capped {
  lq_mem hook;
  const lq_mem *mem;
  size_t used, max;
  bool out_of_memory; // the hook beneath gave NULL
} lq_capped;

struct lq_engine {
  const lq_ruleset *rs;
  const lq_mem *mem;
  lq_capped scratch_mem, folds_mem;
  lq_exec exec, explaining; // explaining: so that a callback may ask why while a run goes on
  lq_value *results;
  uint8_t *memo, *explain_memo;
  uint32_t *marked, *explain_marked; // what those tell of
  uint64_t *rule_matches;
  uint32_t *rule_hits, *term_hits, *row_hits; // of the event that was asked last
  uint64_t *candidates;                       // a bit for each condition; none between events
  uint64_t *busy;                             // a bit for each word of them that is not 0
  size_t nwords;                              // of candidates
  lq_slot_set wanted;                         // of the candidates
  lq_classes *classes;                        // NULL: the layer is off, or no event has come
  lq_match_run *matching;                     // the same
  bool has_class;                             // exec's memo knows all predicates over class fields that hold
  uint32_t *answered;                         // by slot: the event for which the matchers have answered
  uint32_t nth;                               // event, from 1
  lq_profile *profile;                        // NULL: nobody gave a clock
  lq_engine_stats stats;
  uint32_t layers_off; // bits of lq_layer
};

lq_status lq_conditions_make(lq_ruleset *rs);
lq_status lq_conditions_find_slots(lq_ruleset *rs); // when all fields have theirs
lq_status lq_later_find(lq_ruleset *rs);            // likewise
// The slots that a field, or code, is read by.
void lq_conditions_add_field(const lq_ruleset *rs, uint32_t field, lq_slot_set *set);
void lq_conditions_add_slots(const lq_ruleset *rs, uint32_t code, uint32_t ncode, lq_slot_set *set);
lq_status lq_conditions_find_gates(lq_ruleset *rs); // after it
void lq_condition_add_reads(const lq_ruleset *rs, size_t condition, lq_slot_set *set);
const lq_insn *lq_condition_code(const lq_ruleset *rs, const lq_condition *c, uint32_t *ncode);

// Gets an exec ready for an event. It has a list of what is marked.
void lq_engine_begin_event(lq_engine *e, lq_exec *x, const lq_event *event);
// lq_predicate_test, timed if the event is.
bool lq_engine_compute(lq_engine *e, lq_exec *x, uint32_t predicate);
// Whether a shared predicate holds for the event of x, or whether that has no answer: then its conditions are
// to find out.
bool lq_engine_may_hold(lq_engine *e, lq_exec *x, uint32_t predicate);
// Asks the matchers, if they are there, for all predicates of a slot: exec's memo has those that hold, and
// lq_engine_is_denied tells of those that do not.
void lq_engine_ask_slot(lq_engine *e, uint32_t slot);
bool lq_engine_is_denied(const lq_engine *e, uint32_t predicate);
// The terms that fit the event of x, with room for all: of one that waited and that nobody has asked about.
lq_status lq_engine_ask_terms(lq_engine *e, lq_exec *x, uint32_t *out, size_t *n);

#endif
