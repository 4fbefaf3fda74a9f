// What the files of engine/ share.
#ifndef LQ_ENGINE_INTERNAL_H
#define LQ_ENGINE_INTERNAL_H

#include "base/layers.h"
#include "engine/engine.h"
#include "engine/process.h"

struct lq_ruleset {
  const lq_mem *mem;
  lq_program *program;
  lq_fieldmap *fields;
  uint32_t *slots;                           // by field
  uint32_t process_slots[LQ_PROCESS_FIELDS]; // when some rule asks for lineage
  lq_engine_limits limits;
  lq_condition *conditions; // whole rules first, then terms
  size_t nconditions, nwhole;
  lq_slot_set of_rules, of_all, every; // slots that whole rules read; all conditions; that there are
  // What is asked when an event's turn has come: by lineage; of rows that a stage kept; by term, a set each.
  lq_slot_set of_lineage, of_rows, later;
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
  uint64_t *rule_matches;
  uint32_t *rule_hits, *term_hits; // of the event that was asked last
  lq_engine_stats stats;
  uint32_t layers_off; // bits of lq_layer
};

lq_status lq_conditions_make(lq_ruleset *rs);
lq_status lq_conditions_find_slots(lq_ruleset *rs); // when all fields have theirs
lq_status lq_later_find(lq_ruleset *rs);            // likewise
// The slots that a field, or code, is read by.
void lq_conditions_add_field(const lq_ruleset *rs, uint32_t field, lq_slot_set *set);
void lq_conditions_add_slots(const lq_ruleset *rs, uint32_t code, uint32_t ncode, lq_slot_set *set);

// Gets an exec ready for an event.
void lq_engine_begin_event(lq_engine *e, lq_exec *x, const lq_event *event);
// The terms that fit the event of x, with room for all: of one that waited and that nobody has asked about.
lq_status lq_engine_ask_terms(lq_engine *e, lq_exec *x, uint32_t *out, size_t *n);

#endif
