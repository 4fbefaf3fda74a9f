// What finish.c and finish_rules.c share: a program in the making.
#ifndef LQ_COMPILER_FINISH_H
#define LQ_COMPILER_FINISH_H

#include "compiler/internal.h"

enum { LQ_UNUSED = 0, LQ_USED = 1 };

// One pool table on its way: first which rows are used, then their new numbers.
typedef struct lq_finish_table {
  uint32_t *map; // by old number: LQ_USED, later the new number; LQ_NONE where unused
  uint32_t *old; // by new number
  size_t n;      // used rows
} lq_finish_table;

typedef struct lq_finisher {
  const lq_compiler *c;
  const lq_pool *pool;
  lq_arena arena;
  lq_finish_table strings, fields, consts, sets, functions, predicates;
  uint32_t *rules; // numbers of rules, by id
  lq_program p;
} lq_finisher;

// A sort has no context, so what is sorted carries all that the order needs.
typedef struct lq_sort_row {
  uint32_t old, kind;
  uint64_t begin; // of the text, as a number: most differ there
  uint64_t key[3];
  lq_str text;
} lq_sort_row;

void lq_finish_sort(lq_sort_row *rows, size_t n); // by content
bool lq_finish_order_rules(lq_finisher *f);
void lq_finish_use_rule(lq_finisher *f, const lq_rule_row *r);
// Where the rows that a rule uses are known.
void lq_finish_use(lq_finish_table *t, uint32_t i);
void lq_finish_use_field(lq_finisher *f, uint32_t i);
void lq_finish_use_operand(lq_finisher *f, char letter, uint32_t i);
bool lq_finish_rules(lq_finisher *f);
bool lq_finish_tests(lq_finisher *f);
// Stack and cost of all code.
lq_status lq_finish_measure(lq_finisher *f);

#endif
