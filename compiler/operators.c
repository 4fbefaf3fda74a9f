// What operators compile to: the columns of lexer/operators.def that speak of the VM.
#include "compiler/plan.h"
#include "stdlib/functions.h"

enum { KEPT, SWAPPED };

const lq_op_code lq_op_codes[LQ_OPER_COUNT] = {
#define LQ_COMPARISON(name, class, spelling, symbol, dialects, needs, mirrored, matcher, general, endgame,   \
                      sides)                                                                                 \
  [LQ_OPER_##name] = {.whole = LQ_MATCHER_##matcher,                                                         \
                      .compare = LQ_CMP_##general,                                                           \
                      .strict = LQ_CMP_##endgame,                                                            \
                      .swapped = (sides)},
#define LQ_MATCHING(name, class, spelling, symbol, dialects, reads, letters, networks, takes, plain,         \
                    pattern)                                                                                 \
  [LQ_OPER_##name] = {.whole = LQ_MATCHER_##plain, .wild = LQ_MATCHER_##pattern},
#define LQ_MEMBERSHIP(name, class, spelling, symbol, dialects, reads, letters, networks, takes, plain,       \
                      pattern)                                                                               \
  [LQ_OPER_##name] = {.whole = LQ_MATCHER_##plain, .wild = LQ_MATCHER_##pattern},
#define LQ_READING(name, spelling, dialects, reads, letters, networks, takes, plain, pattern)                \
  [LQ_OPER_##name] = {.whole = LQ_MATCHER_##plain, .wild = LQ_MATCHER_##pattern},
#define LQ_ARITHMETIC(name, class, spelling, symbol, dialects, strength, operation, called)                  \
  [LQ_OPER_##name] = {.arith = LQ_AR_##operation, .function = LQ_FN_##called},
#include "lexer/operators.def"
};
