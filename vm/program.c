// Programs: what the instruction and way tables say as data, the order of constants, and the end of a loaded
// program.
#include "vm/program.h"

#include "stdlib/regex.h"

const lq_op_info lq_ops[LQ_OP_SLOTS] = {
#define LQ_OP(name, byte, operands, pops, pushes, doc) [byte] = {#name, operands, pops, pushes, doc},
#include "vm/opcodes.def"
#undef LQ_OP
};

const lq_way_info lq_match_kinds[LQ_MATCHER_COUNT] = {
#define SENSITIVE false
#define FOLDED true
#define LQ_MATCH_KIND(name, number, set, fold, doc) [number] = {#name, LQ_SET_##set, fold, doc},
#include "vm/match_kinds.def"
#undef LQ_MATCH_KIND
#undef FOLDED
#undef SENSITIVE
};

#define ORDER(a, b) (((a) > (b)) - ((a) < (b)))

static int bits_cmp(double a, double b)
{
  uint64_t x, y;
  memcpy(&x, &a, sizeof x);
  memcpy(&y, &b, sizeof y);
  return ORDER(x, y);
}

int lq_const_cmp(const lq_value *a, const lq_value *b)
{
  if (a->type != b->type)
    return ORDER(a->type, b->type);
  switch (a->type) {
  case LQ_T_NULL:
  case LQ_T_OBJECT: return 0;
  case LQ_T_BOOL: return ORDER(a->b, b->b);
  case LQ_T_INT:
  case LQ_T_DATE: return ORDER(a->i, b->i);
  case LQ_T_UINT: return ORDER(a->u, b->u);
  case LQ_T_DOUBLE: return bits_cmp(a->d, b->d);
  case LQ_T_STRING: return lq_str_cmp(a->s, b->s);
  case LQ_T_IP: return memcmp(a->ip->b, b->ip->b, sizeof a->ip->b);
  }
  return 0;
}

uint64_t lq_way_cost(const lq_program *p, lq_matcher_kind way, uint32_t set)
{
  switch (way) {
  case LQ_MATCHER_EXISTS:
  case LQ_MATCHER_LT:
  case LQ_MATCHER_LE:
  case LQ_MATCHER_GT:
  case LQ_MATCHER_GE: return 0;
  case LQ_MATCHER_EQ:
  case LQ_MATCHER_EQ_FOLD: return 1;
  case LQ_MATCHER_GLOB:
  case LQ_MATCHER_GLOB_FOLD:
  case LQ_MATCHER_REGEX:
  case LQ_MATCHER_CIDR:
  case LQ_MATCHER_TOKENS_ANY:
  case LQ_MATCHER_PHRASE: return p->sets[set].count;
  case LQ_MATCHER_COUNT: break;
  }
  return 0;
}

void lq_program_free(lq_program *p)
{
  if (!p)
    return;
  const lq_mem *mem = p->mem;
  for (size_t i = 0; p->compiled_regexes && i < p->nregexes; i++)
    lq_regex_free(p->compiled_regexes[i]);
  lq_mem_free(mem, p->tables, p->tables_size, 1);
  lq_mem_free(mem, p->bytes, p->nbytes, 1);
  lq_mem_free(mem, p, 1, sizeof *p);
}
