// A whole query between the tree and the code: its terms, keys and stages, each with a plan.
#ifndef LQ_COMPILER_QUERY_H
#define LQ_COMPILER_QUERY_H

#include "compiler/plan.h"

typedef struct lq_key_plan {
  lq_plan *value;
  lq_str name;
  bool optional;
} lq_key_plan;

typedef struct lq_term_plan {
  lq_plan *condition;
  lq_key_plan *keys;
  uint32_t nkeys, runs;
  lq_str alias; // may be empty
  bool negated, fork;
} lq_term_plan;

typedef struct lq_arg_plan {
  lq_plan *plan;     // NULL: none
  lq_str name;       // empty: none
  uint32_t function; // LQ_NONE: none
} lq_arg_plan;

typedef struct lq_stage_plan {
  lq_stage_op op;
  lq_arg_plan *args;
  uint32_t nargs, nby;
  int64_t number;
  bool descending;
} lq_stage_plan;

typedef struct lq_query_plan {
  bool stateful; // else one term, and of it the condition alone
  lq_state_kind kind;
  int64_t maxspan;
  uint32_t flags;      // LQ_STATE_UNTIL_FIRST, ...
  lq_term_plan *terms; // `until` behind nterms
  uint32_t nterms, until;
  lq_stage_plan *stages;
  uint32_t nstages;
} lq_query_plan;

// QUERY, or a condition alone, checked without errors. NULL: out of memory.
lq_query_plan *lq_lower_query(lq_planner *p, const lq_node *query);

#endif
