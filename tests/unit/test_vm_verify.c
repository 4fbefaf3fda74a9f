// The verifier: what it refuses, and why.
#include <criterion/criterion.h>

#include <math.h>

#include "stdlib/regex.h"
#include "tests/mutate/seeds.h"

// ---- code

enum { PLAIN, SCOPE, IN_SCOPE, INNER, IN_INNER };  // fields
enum { P_PLAIN, P_SCOPE, P_IN_SCOPE, P_IN_INNER }; // predicates
enum { S_TEXTS, S_CIDRS, S_REGEX };                // sets
enum { F_LOWER, F_CIDR_MATCH, F_ANY, F_CONCAT };   // functions

static void context(builder *b)
{
  build_begin(b);
  build_field(b, "a", LQ_NONE, 0);
  build_field(b, "b", LQ_NONE, LQ_FIELD_SCOPE);
  build_field(b, "b.c", SCOPE, 0);
  build_field(b, "b.d", SCOPE, LQ_FIELD_SCOPE);
  build_field(b, "b.d.e", INNER, 0);
  build_predicate(b, PLAIN, LQ_MATCHER_EXISTS, 0);
  build_predicate(b, SCOPE, LQ_MATCHER_EXISTS, 0);
  build_predicate(b, IN_SCOPE, LQ_MATCHER_EXISTS, 0);
  build_predicate(b, IN_INNER, LQ_MATCHER_EXISTS, 0);
  BUILD_TEXTS(b, "x", "y", "z");
  build_cidr(b, "10.0.0.0/8");
  build_regex(b, "x+", 0);
  build_const(b, lq_int(1));
  build_function(b, "lower");
  build_function(b, "cidrMatch");
  build_function(b, "any");
  build_function(b, "concat");
}

#define V OP(CONST, 0, 0, 0)
#define B OP(PUSH, 1, 0, 0)
#define RET OP(RETURN, 0, 0, 0)
#define V10 V, V, V, V, V, V, V, V, V, V

static const struct {
  const char *what;
  lq_insn code[40];
  uint32_t n, at; // at: the instruction that is to blame
  lq_reason reason;
} codes[] = {
    // What is right.
    {"a test", {OP(TEST, 0, 0, P_PLAIN), RET}, 2, 0, LQ_REASON_NONE},
    {"a chain", {OP(TEST_AND, 0, 1, 0), OP(TEST, 0, 0, 0), RET}, 3, 0, LQ_REASON_NONE},
    {"a condition kept by a jump", {B, OP(JUMP_TRUE, 0, 1, 0), B, RET}, 4, 0, LQ_REASON_NONE},
    {"a call", {V, OP(CALL, 1, 0, F_LOWER), OP(TRUTH, 0, 0, 0), RET}, 4, 0, LQ_REASON_NONE},
    {"many arguments", {V, V, V, OP(CALL, 3, 0, F_CONCAT), OP(TRUTH, 0, 0, 0), RET}, 6, 0, LQ_REASON_NONE},
    {"networks", {V, OP(MATCH, LQ_MATCHER_CIDR, 0, S_CIDRS), OP(TRUTH, 0, 0, 0), RET}, 4, 0, LQ_REASON_NONE},
    {"a walk",
     {OP(ITER, 0, 1, SCOPE), OP(TEST, 0, 0, P_IN_SCOPE), OP(ITER_END, 1, 0, 1), RET},
     4,
     0,
     LQ_REASON_NONE},
    {"a counting walk",
     {OP(ITER, 0, 1, SCOPE), OP(TEST, 0, 0, P_IN_SCOPE), OP(COUNT_END, 0, 0, 1), OP(TRUTH, 0, 0, 0), RET},
     5,
     0,
     LQ_REASON_NONE},
    {"a jump to a walk's end",
     {OP(ITER, 0, 2, SCOPE), OP(TEST_AND, 0, 1, P_IN_SCOPE), B, OP(ITER_END, 0, 0, 2), RET},
     5,
     0,
     LQ_REASON_NONE},
    {"a walk in a walk",
     {OP(ITER, 0, 3, SCOPE), OP(ITER, 0, 1, INNER), OP(TEST, 0, 0, P_IN_INNER), OP(ITER_END, 0, 0, 1),
      OP(ITER_END, 0, 0, 3), RET},
     6,
     0,
     LQ_REASON_NONE},
    {"three walks",
     {OP(ITER, 0, 5, SCOPE), OP(ITER, 0, 3, SCOPE), OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 1),
      OP(ITER_END, 0, 0, 3), OP(ITER_END, 0, 0, 5), RET},
     8,
     0,
     LQ_REASON_NONE},
    {"a jump over a walk",
     {OP(TEST_AND, 0, 3, 0), OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 1), RET},
     5,
     0,
     LQ_REASON_NONE},
    {"a stack of 31",
     {V10, V10, V10, V, OP(CALL, 16, 0, F_CONCAT), OP(CALL, 16, 0, F_CONCAT), OP(TRUTH, 0, 0, 0), RET},
     35,
     0,
     LQ_REASON_NONE},
    // What is not.
    {"no such instruction", {{0, 0, 0, 0}, RET}, 2, 0, LQ_REASON_OPCODE},
    {"an instruction past the table", {B, {200, 0, 0, 0}, RET}, 3, 1, LQ_REASON_OPCODE},
    {"a where nothing is used", {OP(TEST, 1, 0, 0), RET}, 2, 0, LQ_REASON_OPERAND_RESERVED},
    {"b where nothing is used", {OP(TEST, 0, 1, 0), RET}, 2, 0, LQ_REASON_OPERAND_RESERVED},
    {"c where nothing is used", {B, OP(RETURN, 0, 0, 1)}, 2, 1, LQ_REASON_OPERAND_RESERVED},
    {"a predicate too far", {OP(TEST, 0, 0, 4), RET}, 2, 0, LQ_REASON_OPERAND_RANGE},
    {"a field too far", {OP(FIELD, 0, 0, 5), OP(TRUTH, 0, 0, 0), RET}, 3, 0, LQ_REASON_OPERAND_RANGE},
    {"a constant too far", {OP(CONST, 0, 0, 1), OP(TRUTH, 0, 0, 0), RET}, 3, 0, LQ_REASON_OPERAND_RANGE},
    {"a function too far", {V, OP(CALL, 1, 0, 4), OP(TRUTH, 0, 0, 0), RET}, 4, 1, LQ_REASON_OPERAND_RANGE},
    {"a set too far",
     {V, OP(MATCH, LQ_MATCHER_EQ, 0, 3), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_OPERAND_RANGE},
    {"no such matcher",
     {V, OP(MATCH, LQ_MATCHER_COUNT, 0, 0), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_OPERAND_RANGE},
    {"no such comparison",
     {V, V, OP(COMPARE, LQ_CMP_COUNT, 0, 0), OP(TRUTH, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_OPERAND_RANGE},
    {"no such arithmetic",
     {V, V, OP(ARITH, LQ_AR_COUNT, 0, 0), OP(TRUTH, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_OPERAND_RANGE},
    {"a condition of 2", {OP(PUSH, 2, 0, 0), RET}, 2, 0, LQ_REASON_OPERAND_RANGE},
    {"a quantifier of 2",
     {OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 2, 0, 1), RET},
     4,
     2,
     LQ_REASON_OPERAND_RANGE},
    {"17 arguments",
     {V10, V10, OP(CALL, 17, 0, F_CONCAT), OP(TRUTH, 0, 0, 0), RET},
     23,
     20,
     LQ_REASON_OPERAND_RANGE},
    {"nothing to return", {RET}, 1, 0, LQ_REASON_STACK_UNDERFLOW},
    {"nothing to turn round", {OP(NOT, 0, 0, 0), RET}, 2, 0, LQ_REASON_STACK_UNDERFLOW},
    {"one to compare", {V, OP(COMPARE, 0, 0, 0), OP(TRUTH, 0, 0, 0), RET}, 4, 1, LQ_REASON_STACK_UNDERFLOW},
    {"too few for the call",
     {V, OP(CALL, 2, 0, F_CONCAT), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_STACK_UNDERFLOW},
    {"a value as the answer", {V, RET}, 2, 1, LQ_REASON_STACK_TYPE},
    {"a condition compared",
     {V, B, OP(COMPARE, 0, 0, 0), OP(TRUTH, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_STACK_TYPE},
    {"a condition as an argument",
     {B, OP(CALL, 1, 0, F_LOWER), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_STACK_TYPE},
    {"a value to jump by", {V, OP(JUMP_FALSE, 0, 0, 0), RET}, 3, 1, LQ_REASON_STACK_TYPE},
    {"a stack of 32", {V10, V10, V10, V, V, RET}, 33, 31, LQ_REASON_STACK_OVERFLOW},
    {"a stack of 32 where a jump lands",
     {V10, V10, V10, V, OP(TEST_AND, 0, 1, 0), V, RET},
     34,
     31,
     LQ_REASON_STACK_OVERFLOW},
    {"two depths", {OP(TEST_AND, 0, 0, 0), B, RET}, 3, 1, LQ_REASON_STACK_MERGE},
    {"two types", {OP(TEST_AND, 0, 1, 0), V, RET}, 3, 2, LQ_REASON_STACK_MERGE},
    {"two jumps that differ",
     {OP(TEST_AND, 0, 3, 0), B, OP(TEST_AND, 0, 1, 0), OP(NOT, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_STACK_MERGE},
    {"a jump to the end", {OP(TEST_AND, 0, 2, 0), B, RET}, 3, 0, LQ_REASON_JUMP_RANGE},
    {"a jump far out", {OP(TEST_AND, 0, 65535, 0), B, RET}, 3, 0, LQ_REASON_JUMP_RANGE},
    {"a jump out of a walk",
     {OP(ITER, 0, 2, SCOPE), OP(TEST_AND, 0, 2, P_IN_SCOPE), B, OP(ITER_END, 0, 0, 2), RET},
     5,
     1,
     LQ_REASON_JUMP_OUT},
    {"a jump into a walk",
     {OP(TEST_AND, 0, 2, 0), OP(ITER, 0, 2, SCOPE), B, OP(NOT, 0, 0, 0), OP(ITER_END, 0, 0, 2), RET},
     6,
     1,
     LQ_REASON_JUMP_IN},
    {"a jump to a walk's end from outside",
     {OP(TEST_AND, 0, 2, 0), OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 1), RET},
     5,
     1,
     LQ_REASON_JUMP_IN},
    {"no end", {B}, 1, 0, LQ_REASON_NO_RETURN},
    {"an early end", {B, RET, B, RET}, 4, 1, LQ_REASON_RETURN_EARLY},
    {"something left", {V, B, RET}, 3, 2, LQ_REASON_RETURN_STACK},
    {"four walks",
     {OP(ITER, 0, 7, SCOPE), OP(ITER, 0, 5, SCOPE), OP(ITER, 0, 3, SCOPE), OP(ITER, 0, 1, SCOPE), B,
      OP(ITER_END, 0, 0, 1), OP(ITER_END, 0, 0, 3), OP(ITER_END, 0, 0, 5), OP(ITER_END, 0, 0, 7), RET},
     10,
     3,
     LQ_REASON_WALK_DEPTH},
    {"a walk over a plain field",
     {OP(ITER, 0, 1, PLAIN), B, OP(ITER_END, 0, 0, 1), RET},
     4,
     0,
     LQ_REASON_WALK_SCOPE},
    {"a walk without an end", {OP(ITER, 0, 1, SCOPE), B, B, RET}, 4, 0, LQ_REASON_WALK_END},
    {"a walk that ends with the rule",
     {OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 1)},
     3,
     0,
     LQ_REASON_JUMP_RANGE},
    {"an end without a walk", {B, OP(ITER_END, 0, 0, 0), RET}, 3, 1, LQ_REASON_WALK_END},
    {"an end too early",
     {OP(ITER, 0, 2, SCOPE), B, OP(ITER_END, 0, 0, 1), OP(ITER_END, 0, 0, 2), RET},
     5,
     2,
     LQ_REASON_WALK_END},
    {"an end too early that goes back right",
     {OP(ITER, 0, 2, SCOPE), B, OP(ITER_END, 0, 0, 2), OP(ITER_END, 0, 0, 2), RET},
     5,
     2,
     LQ_REASON_WALK_END},
    {"back too far", {OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 2), RET}, 4, 2, LQ_REASON_WALK_END},
    {"back not far enough", {OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 0), RET}, 4, 2, LQ_REASON_WALK_END},
    {"an inner walk that ends outside",
     {OP(ITER, 0, 2, SCOPE), OP(ITER, 0, 1, INNER), B, OP(ITER_END, 0, 0, 2), RET},
     5,
     1,
     LQ_REASON_JUMP_OUT},
    {"an empty body", {B, OP(ITER, 0, 0, SCOPE), OP(ITER_END, 0, 0, 0), RET}, 4, 2, LQ_REASON_WALK_STACK},
    {"a body of two", {OP(ITER, 0, 2, SCOPE), B, B, OP(ITER_END, 0, 0, 2), RET}, 5, 3, LQ_REASON_WALK_STACK},
    {"a body that leaves a value",
     {OP(ITER, 0, 1, SCOPE), V, OP(ITER_END, 0, 0, 1), RET},
     4,
     2,
     LQ_REASON_WALK_STACK},
    {"a body that eats",
     {B, OP(ITER, 0, 3, SCOPE), OP(NOT, 0, 0, 0), B, B, OP(ITER_END, 0, 0, 3), RET},
     7,
     2,
     LQ_REASON_STACK_UNDERFLOW},
    {"a scoped predicate outside", {OP(TEST, 0, 0, P_IN_SCOPE), RET}, 2, 0, LQ_REASON_SCOPE_CLOSED},
    {"a scoped field outside",
     {OP(FIELD, 0, 0, IN_SCOPE), OP(TRUTH, 0, 0, 0), RET},
     3,
     0,
     LQ_REASON_SCOPE_CLOSED},
    {"a scoped predicate in a chain", {OP(TEST_OR, 0, 1, P_IN_SCOPE), B, RET}, 3, 0, LQ_REASON_SCOPE_CLOSED},
    {"a scoped predicate in the wrong walk",
     {OP(ITER, 0, 1, SCOPE), OP(TEST, 0, 0, P_IN_INNER), OP(ITER_END, 0, 0, 1), RET},
     4,
     1,
     LQ_REASON_SCOPE_CLOSED},
    {"a scoped predicate after the walk",
     {OP(ITER, 0, 1, SCOPE), B, OP(ITER_END, 0, 0, 1), OP(TEST_AND, 0, 1, P_IN_SCOPE), B, RET},
     6,
     3,
     LQ_REASON_SCOPE_CLOSED},
    {"an inner walk alone",
     {OP(ITER, 0, 1, INNER), B, OP(ITER_END, 0, 0, 1), RET},
     4,
     0,
     LQ_REASON_SCOPE_CLOSED},
    {"a function of literals called",
     {V, V, OP(CALL, 2, 0, F_CIDR_MATCH), OP(TRUTH, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_CALL_KIND},
    {"a function of expressions called",
     {V, V, OP(CALL, 2, 0, F_ANY), OP(TRUTH, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_CALL_KIND},
    {"too few arguments", {OP(CALL, 0, 0, F_LOWER), OP(TRUTH, 0, 0, 0), RET}, 3, 0, LQ_REASON_CALL_ARGS},
    {"too many arguments",
     {V, V, OP(CALL, 2, 0, F_LOWER), OP(TRUTH, 0, 0, 0), RET},
     5,
     2,
     LQ_REASON_CALL_ARGS},
    {"texts as networks",
     {V, OP(MATCH, LQ_MATCHER_CIDR, 0, S_TEXTS), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_MATCH_SET},
    {"networks as texts",
     {V, OP(MATCH, LQ_MATCHER_GLOB, 0, S_CIDRS), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_MATCH_SET},
    {"texts as regexes",
     {V, OP(MATCH, LQ_MATCHER_REGEX, 0, S_TEXTS), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_MATCH_SET},
    {"a match for being there",
     {V, OP(MATCH, LQ_MATCHER_EXISTS, 0, 0), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_MATCH_SET},
    {"a match by order",
     {V, OP(MATCH, LQ_MATCHER_LT, 0, 0), OP(TRUTH, 0, 0, 0), RET},
     4,
     1,
     LQ_REASON_MATCH_SET},
    {"no code", {RET}, 0, 0, LQ_REASON_RULE_CODE},
};

static uint32_t scratch[LQ_VERIFY_SCRATCH / sizeof(uint32_t)];

Test(vm_verify, code)
{
  builder *b = malloc(sizeof *b);
  context(b);
  for (size_t i = 0; i < COUNT(codes); i++) {
    lq_fault f = {0};
    uint32_t stack = 99, cost = 99;
    bool ok = lq_verify_rule(&b->p, codes[i].code, codes[i].n, scratch, &stack, &cost, &f);
    cr_expect(ok == (codes[i].reason == LQ_REASON_NONE), "%s: %s", codes[i].what, lq_reason_text(f.reason));
    cr_expect(f.reason == codes[i].reason, "%s: %s", codes[i].what, lq_reason_text(f.reason));
    cr_expect(ok || f.at == codes[i].at, "%s: blamed on %d", codes[i].what, (int)f.at);
  }
  free(b);
}

static const struct {
  lq_insn code[8];
  uint32_t n, stack, cost;
} sizes[] = {
    {{OP(TEST, 0, 0, P_PLAIN), RET}, 2, 1, 2},
    {{V, V, OP(COMPARE, 0, 0, 0), OP(TRUTH, 0, 0, 0), RET}, 5, 2, 5},
    {{V, OP(MATCH, LQ_MATCHER_GLOB, 0, S_TEXTS), OP(TRUTH, 0, 0, 0), RET}, 4, 1, 7},
    {{V, OP(MATCH, LQ_MATCHER_EQ, 0, S_TEXTS), OP(TRUTH, 0, 0, 0), RET}, 4, 1, 5},
    {{B, OP(TEST_AND, 0, 1, 0), B, OP(JUMP_TRUE, 0, 0, 0), RET}, 5, 2, 0},
};

Test(vm_verify, stack_and_cost)
{
  builder *b = malloc(sizeof *b);
  context(b);
  for (size_t i = 0; i < COUNT(sizes) - 1; i++) {
    lq_fault f = {0};
    uint32_t stack = 99, cost = 99;
    cr_expect(lq_verify_rule(&b->p, sizes[i].code, sizes[i].n, scratch, &stack, &cost, &f));
    cr_expect(stack == sizes[i].stack && cost == sizes[i].cost, "%d: stack %u, cost %u", (int)i, stack, cost);
  }
  free(b);
}

// The longest rule there can be, with the longest jump, and one instruction more.
Test(vm_verify, longest_rule)
{
  builder *b = malloc(sizeof *b);
  context(b);
  lq_insn *code = calloc(LQ_RULE_CODE_MAX + 1, sizeof *code);
  code[0] = (lq_insn)OP(TEST_AND, 0, LQ_RULE_CODE_MAX - 2, 0);
  code[1] = (lq_insn)B;
  for (uint32_t i = 2; i <= LQ_RULE_CODE_MAX; i++)
    code[i] = (lq_insn)OP(NOT, 0, 0, 0);
  code[LQ_RULE_CODE_MAX - 1] = (lq_insn)RET;
  lq_fault f = {0};
  uint32_t stack, cost;
  cr_expect(lq_verify_rule(&b->p, code, LQ_RULE_CODE_MAX, scratch, &stack, &cost, &f), "%s",
            lq_reason_text(f.reason));
  cr_expect(!lq_verify_rule(&b->p, code, LQ_RULE_CODE_MAX + 1, scratch, &stack, &cost, &f));
  cr_expect(f.reason == LQ_REASON_RULE_CODE);
  free(code);
  free(b);
}

// ---- tables

// Each breaks one thing in the rich seed.
#define BREAK(name, ...)                                                                                     \
  static void name(builder *b)                                                                               \
  {                                                                                                          \
    __VA_ARGS__;                                                                                             \
  }
BREAK(strings_equal, b->strings[3] = b->strings[2])
BREAK(strings_swapped, b->strings[0] = LQ_STR("\xFF\xFF"))
BREAK(field_name, b->fields[0].name = (uint32_t)b->p.nstrings)
BREAK(field_nameless, b->strings[0] = LQ_STR(""); b->fields[0].name = 0)
BREAK(field_flags, b->fields[0].flags = 4)
BREAK(field_type, b->fields[0].type = LQ_T_COUNT)
BREAK(field_own_scope, b->fields[5].scope = 5)
BREAK(field_later_scope, b->fields[0].scope = 5)
BREAK(field_no_scope, b->fields[6].scope = 0)
BREAK(const_null, b->consts[0].type = LQ_T_NULL)
BREAK(const_object, b->consts[0].type = LQ_T_OBJECT)
BREAK(const_small_uint, b->consts[3] = (lq_value){.type = LQ_T_UINT, .u = 5})
BREAK(const_nan, b->consts[4].d = NAN)
BREAK(const_infinite, b->consts[4].d = INFINITY)
BREAK(const_twice, b->consts[2] = b->consts[1])
BREAK(const_ip, b->consts[6].ip = &b->ips[1])
BREAK(ip_twice, b->p.nips = 2; b->ips[1] = b->ips[0])
BREAK(id_range, b->set_ids[0] = (uint32_t)b->p.nstrings)
BREAK(ids_equal, b->set_ids[1] = b->set_ids[0])
BREAK(set_kind_none, b->sets[0].kind = LQ_SET_NONE)
BREAK(set_kind_const, b->sets[0].kind = LQ_SET_CONST)
BREAK(set_first, b->sets[1].first++)
BREAK(set_empty, b->sets[0].count = 0)
BREAK(set_long, b->sets[b->p.nsets - 1].count = UINT32_MAX)
BREAK(set_short, b->sets[b->p.nsets - 1].count--)
BREAK(set_no_regex, b->p.nregexes = 2; b->regexes[1] = b->regexes[0])
BREAK(set_no_cidr, b->p.ncidrs = 2; b->cidrs[1] = b->cidrs[0])
BREAK(cidrs_equal, b->p.ncidrs = 2; b->cidrs[1] = b->cidrs[0];
      for (size_t i = 0; i < b->p.nsets; i++) b->sets[i].count += b->sets[i].kind == LQ_SET_CIDRS)
BREAK(regex_text, b->regexes[0].text = (uint32_t)b->p.nstrings)
BREAK(regex_flags, b->regexes[0].flags = 8)
BREAK(regex_both, b->regexes[0].flags = LQ_RE_PREFIX | LQ_RE_SEARCH)
BREAK(cidr_bits, b->cidrs[0].bits = 129)
BREAK(cidr_host, b->cidrs[0].base.b[15] = 1)
BREAK(cidr_host_bit, b->cidrs[0].bits = 100)
BREAK(function_none, b->functions[0] = 2 * LQ_FN_COUNT)
BREAK(function_fold, b->functions[1] |= 1)
BREAK(function_twice, b->functions[1] = b->functions[0])
BREAK(predicate_field, b->predicates[0].field = (uint32_t)b->p.nfields)
BREAK(predicate_matcher, b->predicates[0].matcher = LQ_MATCHER_COUNT)
BREAK(predicate_set, b->predicates[0].arg = (uint32_t)b->p.nsets)
BREAK(predicate_kind, b->predicates[0].matcher = LQ_MATCHER_CIDR)
BREAK(predicate_order, b->predicates[1] = b->predicates[0])
BREAK(rule_id, b->rules[0].id = (uint32_t)b->p.nstrings)
BREAK(rule_name, b->rules[0].name = LQ_NONE)
BREAK(rule_source, b->rules[0].source = (uint32_t)b->p.nstrings)
BREAK(rule_ids_equal, b->rules[1].id = b->rules[0].id)
BREAK(rule_flags, b->rules[0].flags = 1)
BREAK(rule_code, b->rules[1].code++)
BREAK(rule_no_code, b->rules[0].ncode = 0)
BREAK(rule_much_code, b->rules[3].ncode = UINT32_MAX)
BREAK(rule_tiles, b->p.ncode++)
BREAK(rule_stack, b->rules[0].max_stack++)
BREAK(rule_cost, b->rules[2].cost--)
BREAK(rule_meta, b->rules[0].meta = 1)
BREAK(rule_no_meta, b->rules[1].meta = 0)
BREAK(rule_much_meta, b->rules[0].nmeta = UINT32_MAX)
BREAK(meta_tiles, b->p.nmeta++)
BREAK(meta_key, b->meta[0].key = LQ_NONE)
BREAK(debug_pc, b->debug[0].pc = (uint32_t)b->p.ncode)
BREAK(debug_order, b->debug[1].pc = b->debug[0].pc)
BREAK(debug_not_there, b->debug[1].pc = 5)
BREAK(debug_stripped, b->rules[0].source = LQ_NONE)
BREAK(debug_end, b->debug[0].end = 1000)
BREAK(debug_backwards, b->debug[0].start = 13)
BREAK(debug_character, b->strings[b->rules[2].source] = LQ_STR("dll:\xC3\xA4\xC3\xA4{p}"))
BREAK(debug_range, b->debug[1].nfields = 9)
BREAK(debug_fields_tile, b->p.ndebug_fields++)
BREAK(debug_field, b->debug_fields[0] = (uint32_t)b->p.nfields)
BREAK(debug_flags, b->debug[0].flags = 2)
BREAK(test_rule, b->tests[0].rule = (uint32_t)b->p.nrules)
BREAK(test_kind, b->tests[0].kind = LQ_TEST_COUNT + 1)
BREAK(test_count, b->tests[0].count = 1)
BREAK(test_text, b->tests[0].events = LQ_NONE)
BREAK(nothing, (void)b)

static const struct {
  const char *what;
  void (*change)(builder *b);
  lq_section section;
  lq_reason reason;
} tables[] = {
#define ROW(change, section, reason)                                                                         \
  {                                                                                                          \
#change, change, LQ_SECTION_##section, LQ_REASON_##reason                                                \
  }
    {"nothing", nothing, 0, LQ_REASON_NONE},
    ROW(strings_equal, STRTAB, STRING_ORDER),
    ROW(strings_swapped, STRTAB, STRING_ORDER),
    ROW(field_name, FIELDS, STRING_ID),
    ROW(field_nameless, FIELDS, FIELD_NAME),
    ROW(field_flags, FIELDS, FIELD_FLAGS),
    ROW(field_type, FIELDS, FIELD_FLAGS),
    ROW(field_own_scope, FIELDS, FIELD_SCOPE),
    ROW(field_later_scope, FIELDS, FIELD_SCOPE),
    ROW(field_no_scope, FIELDS, FIELD_SCOPE),
    ROW(const_null, CONSTS, CONST_TYPE),
    ROW(const_object, CONSTS, CONST_TYPE),
    ROW(const_small_uint, CONSTS, CONST_VALUE),
    ROW(const_nan, CONSTS, CONST_VALUE),
    ROW(const_infinite, CONSTS, CONST_VALUE),
    ROW(const_twice, CONSTS, CONST_ORDER),
    ROW(const_ip, CONSTS, IP_INDEX),
    ROW(ip_twice, IPS, IP_ORDER),
    ROW(id_range, IDS, STRING_ID),
    ROW(ids_equal, SETS, SET_ORDER),
    ROW(set_kind_none, SETS, SET_KIND),
    ROW(set_kind_const, SETS, SET_KIND),
    ROW(set_first, SETS, SET_RANGE),
    ROW(set_empty, SETS, SET_RANGE),
    ROW(set_long, SETS, SET_RANGE),
    ROW(set_short, IDS, SET_TILES),
    ROW(set_no_regex, REGEX, SET_TILES),
    ROW(set_no_cidr, CIDR, SET_TILES),
    ROW(cidrs_equal, SETS, SET_ORDER),
    ROW(regex_text, REGEX, STRING_ID),
    ROW(regex_flags, REGEX, REGEX_FLAGS),
    ROW(regex_both, REGEX, REGEX_FLAGS),
    ROW(cidr_bits, CIDR, CIDR_BITS),
    ROW(cidr_host, CIDR, CIDR_BITS),
    ROW(cidr_host_bit, CIDR, CIDR_BITS),
    ROW(function_none, FUNCS, FUNCTION_UNKNOWN),
    ROW(function_fold, FUNCS, FUNCTION_UNKNOWN),
    ROW(function_twice, FUNCS, FUNCTION_TWICE),
    ROW(predicate_field, PREDICATES, PREDICATE_FIELD),
    ROW(predicate_matcher, PREDICATES, PREDICATE_MATCHER),
    ROW(predicate_set, PREDICATES, PREDICATE_ARG),
    ROW(predicate_kind, PREDICATES, PREDICATE_ARG),
    ROW(predicate_order, PREDICATES, PREDICATE_ORDER),
    ROW(rule_id, RULES, STRING_ID),
    ROW(rule_name, RULES, STRING_ID),
    ROW(rule_source, RULES, STRING_ID),
    ROW(rule_ids_equal, RULES, RULE_ID),
    ROW(rule_flags, RULES, RESERVED),
    ROW(rule_code, RULES, RULE_CODE),
    ROW(rule_no_code, RULES, RULE_CODE),
    ROW(rule_much_code, RULES, RULE_CODE),
    ROW(rule_tiles, CODE, RULE_TILES),
    ROW(rule_stack, RULES, RULE_STACK),
    ROW(rule_cost, RULES, RULE_COST),
    ROW(rule_meta, RULES, RULE_META),
    ROW(rule_no_meta, RULES, RULE_META),
    ROW(rule_much_meta, RULES, RULE_META),
    ROW(meta_tiles, META, META_TILES),
    ROW(meta_key, META, STRING_ID),
    ROW(debug_pc, DEBUG, DEBUG_PC),
    ROW(debug_order, DEBUG, DEBUG_PC),
    ROW(debug_not_there, DEBUG, DEBUG_PC),
    ROW(debug_stripped, DEBUG, DEBUG_SPAN),
    ROW(debug_end, DEBUG, DEBUG_SPAN),
    ROW(debug_backwards, DEBUG, DEBUG_SPAN),
    ROW(debug_character, DEBUG, DEBUG_SPAN),
    ROW(debug_range, DEBUG, DEBUG_FIELDS),
    ROW(debug_fields_tile, DEBUGFIELDS, DEBUG_FIELDS),
    ROW(debug_field, DEBUGFIELDS, DEBUG_FIELDS),
    ROW(debug_flags, DEBUG, RESERVED),
    ROW(test_rule, TESTS, TEST_RULE),
    ROW(test_kind, TESTS, TEST_KIND),
    ROW(test_count, TESTS, TEST_KIND),
    ROW(test_text, TESTS, STRING_ID),
};

Test(vm_verify, tables)
{
  builder *b = malloc(sizeof *b);
  for (size_t i = 0; i < COUNT(tables); i++) {
    lq_fault f = {0};
    build_begin(b);
    seed_rich(b);
    cr_assert(build_finish(b, &f), "%s at %d", lq_reason_text(f.reason), (int)f.at);
    tables[i].change(b);
    bool ok = lq_verify(&b->p, scratch, &f);
    cr_expect(ok == (tables[i].reason == LQ_REASON_NONE), "%s", tables[i].what);
    cr_expect(f.reason == tables[i].reason && f.section == (uint32_t)tables[i].section,
              "%s: %s in section %u", tables[i].what, lq_reason_text(f.reason), f.section);
  }
  free(b);
}

// ---- stateful rules

// Each breaks one thing in the stateful seed: A; S1, a sequence of three terms with until; S2, pipes of an
// event; S3, a sample; S4, a join; S5, an event with a lineage.
BREAK(snippet_code, b->snippets[2].code++)
BREAK(snippet_empty, b->snippets[2].ncode = 0)
BREAK(snippet_long, b->snippets[b->p.nsnippets - 1].ncode++)
BREAK(snippet_rule, b->snippets[1].rule = 0)
BREAK(snippet_gives, b->snippets[1].gives = LQ_GIVES_VALUE)
BREAK(snippet_gives_what, b->snippets[1].gives = 2)
BREAK(snippet_stack, b->snippets[1].max_stack++)
BREAK(snippet_cost, b->snippets[1].cost++)
BREAK(snippet_twice, b->terms[1].snippet = b->terms[0].snippet)
BREAK(snippet_skipped, b->keys[0].snippet++)
BREAK(snippet_none, b->terms[0].snippet = LQ_NONE)
BREAK(snippet_left, b->p.nsnippets++)
BREAK(rule_no_state, b->rules[1].state = LQ_NONE)
BREAK(rule_other_state, b->rules[2].state = 0)
BREAK(rule_far_state, b->rules[5].state = 99)
BREAK(rule_state_of_another, b->states[1].rule = 1)
BREAK(state_left, b->p.nstates++)
BREAK(state_kind, b->states[0].kind = 4)
BREAK(state_flags, b->states[0].flags = 4)
BREAK(state_until_twice, b->states[0].until = 2)
BREAK(state_event_terms, b->states[1].nterms = 2)
BREAK(state_event_span, b->states[1].maxspan = 5)
BREAK(state_sample_until, b->states[2].until = 1)
BREAK(state_span, b->states[0].maxspan = -2)
BREAK(state_no_span, b->states[0].maxspan = -1)
BREAK(state_first_term, b->states[1].first_term++)
BREAK(state_no_terms, b->states[2].nterms = 0)
BREAK(state_many_terms, b->states[0].nterms = UINT32_MAX)
BREAK(state_one_term, b->states[2].nterms = 1)
BREAK(state_first_stage, b->states[1].first_stage++)
BREAK(state_many_stages, b->states[1].nstages = UINT32_MAX)
BREAK(terms_left, b->p.nterms++)
BREAK(term_flags, b->terms[0].flags = 2)
BREAK(term_negated_until, b->terms[3].flags = LQ_TERM_NEGATED)
BREAK(term_negated_sample, b->terms[5].flags = LQ_TERM_NEGATED)
BREAK(term_no_runs, b->terms[0].runs = 0)
BREAK(term_many_runs, b->terms[0].runs = 101)
BREAK(term_negated_runs, b->terms[1].runs = 2)
BREAK(term_until_runs, b->terms[3].runs = 2)
BREAK(term_event_runs, b->terms[4].runs = 2)
BREAK(term_all_negated, b->terms[0].flags = b->terms[2].flags = LQ_TERM_NEGATED; b->terms[0].runs = 1)
BREAK(term_first_key, b->terms[1].first_key++)
BREAK(term_keys, b->terms[1].nkeys--)
BREAK(term_many_keys, b->terms[0].nkeys = UINT32_MAX)
BREAK(term_first_capture, b->terms[0].first_capture = 1)
BREAK(term_captures, b->terms[2].ncaptures = UINT32_MAX)
BREAK(term_until_captures, b->terms[3].ncaptures = 1)
BREAK(term_alias, b->terms[0].alias = (uint32_t)b->p.nstrings)
BREAK(key_flags, b->keys[0].flags = 2)
BREAK(key_name, b->keys[0].name = LQ_NONE)
BREAK(capture_field, b->captures[0].field = (uint32_t)b->p.nfields)
BREAK(capture_scope, b->fields[0].flags = LQ_FIELD_SCOPE)
BREAK(captures_left, b->p.ncaptures++)
BREAK(stage_op, b->stages[0].op = LQ_DO_COUNT_OF_OPS)
BREAK(stage_flags, b->stages[0].flags = 1)
BREAK(stage_number, b->stages[0].number = 0)
BREAK(stage_head, b->stages[2].number = -1)
BREAK(stage_over, b->stages[4].number = -1)
BREAK(stage_first, b->stages[1].first_arg++)
BREAK(stage_two_wheres, b->stages[0].nargs = 2)
BREAK(stage_no_args, b->stages[1].nargs = 0)
BREAK(stage_many_args, b->stages[1].nargs = UINT32_MAX)
BREAK(stage_by, b->stages[1].nby = 1)
BREAK(stage_all_by, b->stages[5].nby = 3)
BREAK(stage_where_named, b->stage_args[0].name = 0)
BREAK(stage_nameless, b->stage_args[1].name = LQ_NONE)
BREAK(stage_function, b->stage_args[1].function = LQ_FN_count)
BREAK(stage_no_function, b->stage_args[5].function = LQ_NONE)
BREAK(stage_no_aggregate, b->stage_args[5].function = LQ_FN_length)
BREAK(stage_far_function, b->stage_args[5].function = UINT32_MAX - 1)
BREAK(stage_count_of, b->stage_args[5].function = LQ_FN_dcount)
BREAK(stage_bare_sum, b->stage_args[6].function = LQ_FN_count)
BREAK(stage_drop_code, b->stage_args[12].snippet = 3)
BREAK(args_left, b->p.nstage_args++)
BREAK(lineage_kind, b->lineages[0].kind = LQ_OF_COUNT)
BREAK(lineage_rule, b->lineages[0].rule = 0)
BREAK(lineage_snippet, b->lineages[0].snippet = 1)
BREAK(lineage_left, b->p.nlineages++)
BREAK(lineage_of_the_next, b->lineages[3].rule = 1)

static const struct {
  const char *what;
  void (*change)(builder *b);
  lq_section section;
  lq_reason reason;
} stateful[] = {
    {"nothing", nothing, 0, LQ_REASON_NONE},
    ROW(snippet_code, SNIPPETS, SNIPPET_CODE),
    ROW(snippet_empty, SNIPPETS, SNIPPET_CODE),
    ROW(snippet_long, SNIPPETS, SNIPPET_CODE),
    ROW(snippet_rule, SNIPPETS, SNIPPET_OWNER),
    ROW(snippet_gives, SNIPPETS, SNIPPET_GIVES),
    ROW(snippet_gives_what, SNIPPETS, SNIPPET_GIVES),
    ROW(snippet_stack, SNIPPETS, RULE_STACK),
    ROW(snippet_cost, SNIPPETS, RULE_COST),
    ROW(snippet_twice, TERMS, SNIPPET_OWNER),
    ROW(snippet_skipped, KEYS, SNIPPET_OWNER),
    ROW(snippet_none, TERMS, SNIPPET_OWNER),
    ROW(snippet_left, SNIPPETS, SNIPPET_TILES),
    ROW(rule_no_state, RULES, RULE_TILES),
    ROW(rule_other_state, RULES, RULE_STATE),
    ROW(rule_far_state, RULES, RULE_STATE),
    ROW(rule_state_of_another, STATES, RULE_STATE),
    ROW(state_left, STATES, STATE_TILES),
    ROW(state_kind, STATES, STATE_KIND),
    ROW(state_flags, STATES, STATE_KIND),
    ROW(state_until_twice, STATES, STATE_KIND),
    ROW(state_event_terms, STATES, STATE_KIND),
    ROW(state_event_span, STATES, STATE_SPAN),
    ROW(state_sample_until, STATES, STATE_KIND),
    ROW(state_span, STATES, STATE_SPAN),
    ROW(state_no_span, TERMS, STATE_SPAN),
    ROW(state_first_term, STATES, STATE_TERMS),
    ROW(state_no_terms, STATES, STATE_TERMS),
    ROW(state_many_terms, STATES, STATE_TERMS),
    ROW(state_one_term, STATES, STATE_TERMS),
    ROW(state_first_stage, STATES, STATE_STAGES),
    ROW(state_many_stages, STATES, STATE_STAGES),
    ROW(terms_left, TERMS, STATE_TILES),
    ROW(term_flags, TERMS, TERM_FLAGS),
    ROW(term_negated_until, TERMS, TERM_FLAGS),
    ROW(term_negated_sample, TERMS, TERM_FLAGS),
    ROW(term_no_runs, TERMS, TERM_RUNS),
    ROW(term_many_runs, TERMS, TERM_RUNS),
    ROW(term_negated_runs, TERMS, TERM_RUNS),
    ROW(term_until_runs, TERMS, TERM_RUNS),
    ROW(term_event_runs, TERMS, TERM_RUNS),
    ROW(term_all_negated, STATES, STATE_TERMS),
    ROW(term_first_key, TERMS, TERM_KEYS),
    ROW(term_keys, TERMS, TERM_KEYS),
    ROW(term_many_keys, TERMS, TERM_KEYS),
    ROW(term_first_capture, TERMS, TERM_CAPTURES),
    ROW(term_captures, TERMS, TERM_CAPTURES),
    ROW(term_until_captures, TERMS, TERM_CAPTURES),
    ROW(term_alias, TERMS, STRING_ID),
    ROW(key_flags, KEYS, KEY_FLAGS),
    ROW(key_name, KEYS, STRING_ID),
    ROW(capture_field, CAPTURES, CAPTURE_FIELD),
    ROW(capture_scope, CAPTURES, CAPTURE_FIELD),
    ROW(captures_left, CAPTURES, STATE_TILES),
    ROW(stage_op, STAGES, STAGE_OP),
    ROW(stage_flags, STAGES, STAGE_OP),
    ROW(stage_number, STAGES, STAGE_NUMBER),
    ROW(stage_head, STAGES, STAGE_NUMBER),
    ROW(stage_over, STAGES, STAGE_NUMBER),
    ROW(stage_first, STAGES, STAGE_ARGS),
    ROW(stage_two_wheres, STAGES, STAGE_ARGS),
    ROW(stage_no_args, STAGES, STAGE_ARGS),
    ROW(stage_many_args, STAGES, STAGE_ARGS),
    ROW(stage_by, STAGES, STAGE_ARGS),
    ROW(stage_all_by, STAGES, STAGE_ARGS),
    ROW(stage_where_named, STAGEARGS, STRING_ID),
    ROW(stage_nameless, STAGEARGS, STRING_ID),
    ROW(stage_function, STAGEARGS, STAGE_FUNCTION),
    ROW(stage_no_function, STAGEARGS, STAGE_FUNCTION),
    ROW(stage_no_aggregate, STAGEARGS, STAGE_FUNCTION),
    ROW(stage_far_function, STAGEARGS, STAGE_FUNCTION),
    ROW(stage_count_of, STAGEARGS, SNIPPET_OWNER),
    ROW(stage_bare_sum, STAGEARGS, STAGE_ARGS),
    ROW(stage_drop_code, STAGEARGS, STAGE_ARGS),
    ROW(args_left, STAGEARGS, STATE_TILES),
    ROW(lineage_kind, LINEAGES, LINEAGE_ROW),
    ROW(lineage_rule, CODE, LINEAGE_ORDER),
    ROW(lineage_snippet, LINEAGES, SNIPPET_OWNER),
    ROW(lineage_left, LINEAGES, STATE_TILES),
    ROW(lineage_of_the_next, LINEAGES, STATE_TILES),
};

Test(vm_verify, stateful_rules)
{
  builder *b = malloc(sizeof *b);
  for (size_t i = 0; i < COUNT(stateful); i++) {
    lq_fault f = {0};
    build_begin(b);
    seed_state(b);
    cr_assert(build_finish(b, &f), "%s", lq_reason_text(f.reason));
    stateful[i].change(b);
    lq_verify(&b->p, scratch, &f);
    cr_expect(f.reason == stateful[i].reason && f.section == (uint32_t)stateful[i].section,
              "%s: %s in section %u", stateful[i].what, lq_reason_text(f.reason), f.section);
  }
  free(b);
}

// What each snippet may read: the first instruction of some snippet is made one that reads.
static const struct {
  const char *what;
  uint32_t snippet;
  lq_insn code[2];
  lq_reason reason;
} reads[] = {
    {"the first term, a term", 1, {OP(REF, 0, 0, 0), OP(TRUTH, 0, 0, 0)}, LQ_REASON_REACH},
    {"a key, a term", 2, {OP(REF, 0, 0, 0), RET}, LQ_REASON_REACH},
    {"the second term, itself", 4, {OP(REF, 1, 0, 0), OP(TRUTH, 0, 0, 0)}, LQ_REASON_REACH},
    {"the second term, a capture too many", 4, {OP(REF, 0, 0, 2), OP(TRUTH, 0, 0, 0)}, LQ_REASON_REACH},
    {"the second term, a column", 4, {OP(COLUMN, 0, 0, 0), OP(TRUTH, 0, 0, 0)}, LQ_REASON_REACH},
    {"a stage of a sequence, an event", 13, {OP(FIELD, 0, 0, 0), OP(TRUTH, 0, 0, 0)}, LQ_REASON_REACH},
    {"a stage of a sequence, until", 13, {OP(REF, 3, 0, 0), OP(TRUTH, 0, 0, 0)}, LQ_REASON_REACH},
    {"eval, a column of its own", 20, {OP(COLUMN, 0, 0, 0), RET}, LQ_REASON_REACH},
    {"after stats, an event", 25, {OP(FIELD, 0, 0, 0), RET}, LQ_REASON_REACH},
    {"after stats, a column too many", 25, {OP(COLUMN, 0, 0, 3), RET}, LQ_REASON_REACH},
    {"until, another lineage", 10, {OP(LINEAGE, 0, 0, 2), RET}, LQ_REASON_LINEAGE_ORDER},
};

Test(vm_verify, reach)
{
  builder *b = malloc(sizeof *b);
  for (size_t i = 0; i < COUNT(reads); i++) {
    lq_fault f = {0};
    build_begin(b);
    seed_state(b);
    cr_assert(build_finish(b, &f));
    memcpy(b->code + b->snippets[reads[i].snippet].code, reads[i].code, sizeof reads[i].code);
    lq_verify(&b->p, scratch, &f);
    cr_expect(f.reason == reads[i].reason && f.section == LQ_SECTION_CODE, "%s: %s", reads[i].what,
              lq_reason_text(f.reason));
  }
  free(b);
}

// Each stage keeps to its own bounds, and all of a rule together make more columns than it may have: `count`
// makes two and takes no argument.
Test(vm_verify, columns_of_all_stages)
{
  enum { FIT = LQ_COLUMNS_MAX / 2 };
  static lq_stage_def stages[FIT + 1];
  builder *b = malloc(sizeof *b);
  lq_fault f = {0};
  build_begin(b);
  build_state(b, "counts", LQ_STATE_EVENT, -1);
  build_term(b, CODE(OP(PUSH, 1, 0, 0), RET));
  build_stage(b, LQ_DO_COUNT, -1);
  cr_assert(build_finish(b, &f), "%s", lq_reason_text(f.reason));
  for (size_t i = 0; i <= FIT; i++)
    stages[i] = b->stages[0];
  b->p.stages = stages;
  b->p.nstages = b->states[0].nstages = FIT;
  cr_expect(lq_verify(&b->p, scratch, &f), "%s", lq_reason_text(f.reason));
  b->p.nstages = b->states[0].nstages = FIT + 1;
  cr_expect(!lq_verify(&b->p, scratch, &f));
  cr_expect(f.reason == LQ_REASON_STAGE_ARGS && f.section == LQ_SECTION_STAGES && f.at == FIT, "%s",
            lq_reason_text(f.reason));
  free(b);
}

Test(vm_verify, reasons_have_texts)
{
  static const int numbers[] = {
#define LQ_REASON(name, number, text) number,
#include "vm/verify_reasons.def"
#undef LQ_REASON
  };
  for (size_t i = 0; i < COUNT(numbers); i++) {
    const char *text = lq_reason_text((lq_reason)numbers[i]);
    cr_expect(strlen(text) > 5 && text[strlen(text) - 1] != '.');
    for (size_t k = 0; k < i; k++)
      cr_expect(numbers[k] != numbers[i], "number %d is there twice", numbers[i]);
  }
}
