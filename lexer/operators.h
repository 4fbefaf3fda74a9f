// Operators: what the rows of operators.def say as data.
#ifndef LQ_LEXER_OPERATORS_H
#define LQ_LEXER_OPERATORS_H

#include "lexer/lexer.h"

typedef enum lq_op {
  LQ_OPER_NONE,
#define LQ_OPERATOR(name, class, spelling, symbol) LQ_OPER_##name,
#define LQ_READING(name, ...) LQ_OPER_##name,
#include "lexer/operators.def"
  LQ_OPER_COUNT,
} lq_op;

typedef enum lq_op_shape {
  LQ_SHAPE_NONE,
  LQ_SHAPE_COMPARE,
  LQ_SHAPE_MATCH,
  LQ_SHAPE_IN,
  LQ_SHAPE_ARITH,
} lq_op_shape;

typedef enum lq_op_needs { LQ_NEEDS_EQUALITY, LQ_NEEDS_INEQUALITY, LQ_NEEDS_ORDER } lq_op_needs;
typedef enum lq_op_reads { LQ_READS_WHOLE, LQ_READS_PATTERN, LQ_READS_REGEX } lq_op_reads;
typedef enum lq_op_networks { LQ_NETWORKS_NONE, LQ_NETWORKS_ADDRESSES, LQ_NETWORKS_NETWORKS } lq_op_networks;
typedef enum lq_op_strength { LQ_STRENGTH_SUM, LQ_STRENGTH_PRODUCT } lq_op_strength;

typedef struct lq_operator {
  const char *spelling;
  lq_op_shape shape;
  unsigned dialects; // bits: 1 << lq_dialect
  // COMPARE
  lq_op_needs needs;
  lq_op mirrored; // says the same with its sides exchanged; of other shapes: NONE
  // MATCH, IN
  lq_op_reads reads;
  bool folds; // case is ignored
  lq_op_networks networks;
  bool texts; // its literals are strings
  // ARITH
  lq_op_strength strength;
} lq_operator;
extern const lq_operator lq_operators[LQ_OPER_COUNT];

lq_op lq_op_of(lq_token_kind k); // NONE: that token is no operator
static inline const char *lq_op_spelling(lq_op op)
{
  return lq_operators[op].spelling;
}
static inline lq_op_shape lq_op_shape_of(lq_token_kind k)
{
  return lq_operators[lq_op_of(k)].shape;
}
static inline bool lq_op_in(lq_op op, lq_dialect d)
{
  return (lq_operators[op].dialects >> d & 1) != 0;
}
static inline bool lq_is_equality(lq_op op) // or its negation
{
  return lq_operators[op].shape == LQ_SHAPE_COMPARE && lq_operators[op].needs != LQ_NEEDS_ORDER;
}
static inline bool lq_is_regex(lq_op op)
{
  return lq_operators[op].reads == LQ_READS_REGEX;
}

#endif
