// What the parts of the compiler share.
#ifndef LQ_COMPILER_INTERNAL_H
#define LQ_COMPILER_INTERNAL_H

#include "compiler/emit.h"

typedef struct lq_rule_row {
  uint32_t id, name, source; // pool strings; source may be LQ_NONE
  uint32_t meta, nmeta;      // range of lq_compiler.meta
  lq_code code;
} lq_rule_row;

struct lq_compiler {
  const lq_mem *mem;
  lq_pool pool;
  lq_interner ids; // of rules; numbers are rule numbers
  lq_rule_row *rules;
  size_t nrules, rules_cap;
  lq_meta *meta; // pool strings
  size_t nmeta, meta_cap;
  lq_test_def *tests; // rule numbers as given out, pool strings
  size_t ntests, tests_cap;
  lq_str provenance;    // in the pool's arena
  bool lost_provenance; // out of memory
};

// Warnings about a tree without errors. runs: nothing in it is unavailable, so it can be lowered to a plan.
void lq_lint(const lq_node *query, const lq_compile_options *o, bool runs, lq_arena *arena,
             lq_diag_list *diags);

#endif
