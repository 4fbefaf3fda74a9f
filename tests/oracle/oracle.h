// The oracle: what a query means, by walking its tree over an event's JSON. Slow and plain, and it shares
// nothing with the compiler, the VM or the engine, so that when both agree they agree about the language.
#ifndef LQ_TESTS_ORACLE_H
#define LQ_TESTS_ORACLE_H

#include "input/json.h"
#include "parser/tree.h"

typedef struct lq_oracle {
  lq_arena *arena;
  const lq_json *event;
  int64_t now;
  lq_str category_field; // empty: event.category
} lq_oracle;

// The tree must have passed lq_check without errors.
bool lq_oracle_matches(lq_oracle *o, const lq_node *query);

#endif
