// Programs: what the instruction and matcher tables say as data, the order of constants, and the end of a
// loaded program.
#include "vm/program.h"

#include "stdlib/regex.h"

const lq_op_info lq_ops[LQ_OP_SLOTS] = {
#define STEP false
#define CLAUSE true
#define LQ_OP(mnemonic, byte, shape, takes, gives, also, role, text)                                         \
  [byte] = {.name = #mnemonic,                                                                               \
            .operands = (shape),                                                                             \
            .pops = (takes),                                                                                 \
            .pushes = (gives),                                                                               \
            .doc = (text),                                                                                   \
            .check = LQ_CHECK_##also,                                                                        \
            .clause = (role)},
#include "vm/opcodes.def"
#undef LQ_OP
#undef CLAUSE
#undef STEP
};

const lq_matcher_info lq_match_kinds[LQ_MATCHER_COUNT] = {
#define SENSITIVE false
#define FOLDED true
#define TEXT false
#define TOKENS true
#define LQ_MATCH_KIND(word, number, entries, letters, looks, units, written, text)                           \
  [number] = {.name = #word,                                                                                 \
              .sign = (written),                                                                             \
              .doc = (text),                                                                                 \
              .set = LQ_SET_##entries,                                                                       \
              .fold = (letters),                                                                             \
              .tokens = (looks),                                                                             \
              .cost = LQ_COST_##units},
#include "vm/match_kinds.def"
#undef LQ_MATCH_KIND
#undef TOKENS
#undef TEXT
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

uint64_t lq_matcher_cost(const lq_program *p, lq_matcher_kind matcher, uint32_t set)
{
  switch (lq_match_kinds[matcher].cost) {
  case LQ_COST_FREE: return 0;
  case LQ_COST_ONCE: return 1;
  case LQ_COST_EACH: return p->sets[set].count;
  }
  return 0;
}

size_t lq_debug_from(const lq_program *p, uint32_t pc)
{
  size_t low = 0, high = p->ndebug;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (p->debug[mid].pc < pc)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
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
