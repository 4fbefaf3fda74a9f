// Classes of events: which of the predicates over fields of few values hold. A class knows which conditions
// that leaves, and the gates of these among all other predicates.
//
// Classes are learnt from events, by one thread each for itself. Not values make a class but what predicates
// say of them, so values that no rule names make no new ones.
#ifndef LQ_ENGINE_CLASSES_H
#define LQ_ENGINE_CLASSES_H

#include "engine/gate_plan.h"

struct lq_engine;
struct lq_ruleset;

enum { LQ_CLASS_FIELDS_MAX = 32 };

// Of a rule set: its class fields, and the predicates over them.
typedef struct lq_class_fields {
  uint32_t slots[LQ_CLASS_FIELDS_MAX], first[LQ_CLASS_FIELDS_MAX + 1]; // by field, and one more
  uint32_t *predicates;                                                // of each from its first
  uint32_t n;
  lq_slot_set set;
  uint8_t *has; // by slot: which class field it is and 1 more; 0: none
} lq_class_fields;

lq_status lq_class_fields_find(struct lq_ruleset *rs);
void lq_class_fields_free(struct lq_ruleset *rs);

// Which class field a predicate is over, and 1 more; 0: none.
uint32_t lq_class_field_of(const struct lq_ruleset *rs, uint32_t predicate);

typedef struct lq_class {
  lq_gate_plan plan;
  uint32_t *key; // an outcome for each class field, and whether terms are asked
  uint32_t *trues;
  size_t ntrues;
  uint64_t hash;
} lq_class;

typedef struct lq_classes lq_classes;
lq_status lq_classes_new(lq_classes **out, struct lq_engine *e);
void lq_classes_free(lq_classes *c);
// The class of the event that the engine's exec looks at; learnt, if need be. The event gets its class
// fields, or those that its kind does not decide. NULL: none is known, go the way that knows nothing.
// LQ_E_NOMEM: the fields.
lq_status lq_classes_find(lq_classes *c, lq_cursor *cursor, bool terms, const lq_class **found);

#endif
