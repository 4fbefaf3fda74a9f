// One rule's code: instructions whose operands are numbers of the pool, and what each clause is about.
#ifndef LQ_COMPILER_EMIT_H
#define LQ_COMPILER_EMIT_H

#include "compiler/plan.h"
#include "compiler/pool.h"

typedef struct lq_clause {
  uint32_t pc; // in the rule
  lq_span span;
  uint32_t field, nfields; // range of lq_code.fields
  bool negated;
} lq_clause;

typedef struct lq_code {
  lq_insn *insns;
  size_t n, cap;
  lq_clause *clauses;
  size_t nclauses, clauses_cap;
  uint32_t *fields; // pool numbers
  size_t nfields, fields_cap;
} lq_code;

// LQ_E_NOMEM; LQ_E_LIMIT: the rule is too large, in a way that *why says.
lq_status lq_emit_rule(lq_code *out, lq_pool *pool, const lq_plan *plan, const lq_compile_options *o,
                       const char **why);
void lq_code_free(lq_code *c, const lq_mem *mem);

#endif
