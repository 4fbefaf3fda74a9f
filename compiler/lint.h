// What the parts of the linter share. All of it gives warnings only, over a tree that has no errors.
#ifndef LQ_COMPILER_LINT_H
#define LQ_COMPILER_LINT_H

#include "compiler/plan.h"

typedef struct lq_linter {
  lq_diag_list *d;
  const lq_compile_options *o;
  lq_arena *arena;
  bool runs; // the query is one that can be compiled, so its plan tells the truth
} lq_linter;

void lq_lint_list(lq_linter *l, lq_op op,
                  const lq_node *first);               // literals among siblings: duplicate, covered
void lq_lint_constant(lq_linter *l, const lq_node *n); // a condition that does not depend on the event
void lq_lint_plan(lq_linter *l, const lq_node *query); // contradictions, lone negations

#endif
