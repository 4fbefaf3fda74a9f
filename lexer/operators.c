// Operators: the table, and the way from tokens to it.
#include "lexer/operators.h"

enum { LQ = 1 << LQ_DIALECT_LQ, KQL = 1 << LQ_DIALECT_KQL, ENDGAME = 1 << LQ_DIALECT_ENDGAME };
enum { EXACT, FOLDED };
enum { ANYTHING, TEXTS };

#define PATTERNS(spelt, kind, known, literal, letters, nets, takes)                                          \
  {                                                                                                          \
    .spelling = (spelt), .shape = LQ_SHAPE_##kind, .dialects = (known), .reads = LQ_READS_##literal,         \
    .folds = (letters), .networks = LQ_NETWORKS_##nets, .texts = (takes)                                     \
  }

const lq_operator lq_operators[LQ_OPER_COUNT] = {
    [LQ_OPER_NONE] = {.spelling = ""},
#define LQ_COMPARISON(name, class, spelt, symbol, known, want, mirror, ...)                                  \
  [LQ_OPER_##name] = {.spelling = (spelt),                                                                   \
                      .shape = LQ_SHAPE_COMPARE,                                                             \
                      .dialects = (known),                                                                   \
                      .needs = LQ_NEEDS_##want,                                                              \
                      .mirrored = LQ_OPER_##mirror},
#define LQ_MATCHING(name, class, spelt, symbol, known, reads, letters, nets, takes, ...)                     \
  [LQ_OPER_##name] = PATTERNS(spelt, MATCH, known, reads, letters, nets, takes),
#define LQ_MEMBERSHIP(name, class, spelt, symbol, known, reads, letters, nets, takes, ...)                   \
  [LQ_OPER_##name] = PATTERNS(spelt, IN, known, reads, letters, nets, takes),
#define LQ_READING(name, spelt, known, reads, letters, nets, takes, ...)                                     \
  [LQ_OPER_##name] = PATTERNS(spelt, MATCH, known, reads, letters, nets, takes),
#define LQ_ARITHMETIC(name, class, spelt, symbol, known, binds, ...)                                         \
  [LQ_OPER_##name] = {                                                                                       \
      .spelling = (spelt), .shape = LQ_SHAPE_ARITH, .dialects = (known), .strength = LQ_STRENGTH_##binds},
#include "lexer/operators.def"
};

lq_op lq_op_of(lq_token_kind k)
{
  static const lq_op ops[LQ_TOK_COUNT] = {
#define LQ_OPERATOR(name, class, spelling, symbol) [LQ_TOK_##name] = LQ_OPER_##name,
#include "lexer/operators.def"
  };
  return (int)k < LQ_TOK_COUNT ? ops[k] : LQ_OPER_NONE;
}
