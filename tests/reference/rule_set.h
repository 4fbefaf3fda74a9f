// Several rules of the small world in one set.
#ifndef LQ_TESTS_REFERENCE_RULE_SET_H
#define LQ_TESTS_REFERENCE_RULE_SET_H

#include "tests/reference/world.h"

typedef struct w_set {
  lq_state_def states[W_STATES];
  lq_term_def terms[W_STATES * W_TERMS];
  lq_key_def keys[W_STATES * W_TERMS * W_FIELDS];
  lq_capture_def captures[W_STATES * W_TERMS * W_FIELDS];
  lq_stage_def stages[W_STATES * W_STAGES];
  lq_stage_arg args[W_STATES * W_ARGS];
  uint8_t refers[W_STATES * W_TERMS], late[W_STATES * W_TERMS], aggregates[W_STATES * W_ARGS];
  lq_state_tables tables; // for w_options, with late
} w_set;

void w_set_make(w_set *set, const w_rule *rules, size_t n); // n <= W_STATES

#endif
