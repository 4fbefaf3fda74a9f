// One rule's code and state: instructions whose operands are numbers of the pool, and what each clause is
// about.
#ifndef LQ_COMPILER_EMIT_H
#define LQ_COMPILER_EMIT_H

#include "compiler/pool.h"
#include "compiler/query.h"

typedef struct lq_clause {
  uint32_t pc; // in the rule
  lq_span span;
  uint32_t field, nfields; // range of lq_code.fields
  bool negated;
} lq_clause;

// Of a term's event some code reads a field. A term's captures are numbered in their order.
typedef struct lq_code_capture {
  uint32_t term, field;
} lq_code_capture;

typedef struct lq_code_arg {
  lq_stage_arg row;
  uint32_t function_name; // text; LQ_NONE without
} lq_code_arg;

#define LQ_LIST(type)                                                                                        \
  struct {                                                                                                   \
    type *v;                                                                                                 \
    size_t n, cap;                                                                                           \
  }

// Rows as in a program, but texts and fields are pool numbers, and everything counts from the rule's own
// first row.
typedef struct lq_code {
  lq_insn *insns;
  size_t n, cap;
  lq_clause *clauses;
  size_t nclauses, clauses_cap;
  uint32_t *fields; // pool numbers
  size_t nfields, fields_cap;
  bool stateful;
  lq_state_def state;
  LQ_LIST(lq_snippet) snippets;
  LQ_LIST(lq_term_def) terms;
  LQ_LIST(lq_key_def) keys;
  LQ_LIST(lq_code_capture) captures;
  LQ_LIST(lq_stage_def) stages;
  LQ_LIST(lq_code_arg) args;
  LQ_LIST(lq_lineage_def) lineages;
} lq_code;

// LQ_E_NOMEM; LQ_E_LIMIT: the rule is too large, in a way that *why says.
lq_status lq_emit_rule(lq_code *out, lq_pool *pool, const lq_query_plan *plan, const lq_compile_options *o,
                       const char **why);
void lq_code_free(lq_code *c, const lq_mem *mem);

#endif
