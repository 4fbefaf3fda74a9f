// The code verifier: one pass in code order over a snippet, with the stack's types as bits of a word.
//
// Jumps only go forward, so the pass sees every predecessor of an instruction before the instruction itself;
// the one way back, from a walk's end to its body, has the same stack at both ends by rule. Hence one visit
// of each instruction proves types, depth and the end of the run. Nothing here recurses, allocates, or loops
// over a number of the file that has not been compared with a size before.
#include "vm/verify.h"

#include "stdlib/functions.h"

enum { UNREACHED = 0xFF };

// The stack: bit i of conditions is set if slot i is a condition, clear if it is a value or empty.
typedef struct lq_shape {
  uint32_t conditions;
  int depth;
} lq_shape;

// A walk that is open: its body lies between `begin` and `end`, which is its ITER_END or COUNT_END.
typedef struct lq_walk {
  uint32_t begin, end, field;
  lq_shape entry;
} lq_walk;

typedef struct lq_check {
  const lq_program *p;
  const lq_insn *code;
  lq_reach *reach;
  uint32_t n, pc;
  lq_shape now;
  uint32_t *conditions; // by instruction: the shape that jumps arrive with
  uint8_t *depths;      // UNREACHED: no jump arrives
  lq_walk walks[LQ_ITER_DEPTH_MAX];
  int nwalks;
  int max_depth;
  uint64_t cost;
  lq_reason reason;
} lq_check;

const char *lq_reason_text(lq_reason r)
{
  switch (r) {
#define LQ_REASON(name, number, text)                                                                        \
  case LQ_REASON_##name:                                                                                     \
    return text;
#include "vm/verify_reasons.def"
#undef LQ_REASON
  }
  return "?";
}

static bool fail(lq_check *k, lq_reason r)
{
  k->reason = r;
  return false;
}

// ---- operands

// What an operand must stay under. Jumps have rules of their own, in land() and the walks.
static uint64_t limit_of(const lq_program *p, char letter)
{
  enum {
    PREDICATES,
    FIELDS,
    CONSTS,
    FUNCTIONS,
    SETS,
    JUMP,
    ARGS,
    TWO,
    COMPARES,
    ARITHS,
    MATCHERS,
    TERMS,
    CAPTURES,
    COLUMNS,
    LINEAGES,
    ANY,
    NONE
  } kind = NONE;
  switch (letter) {
#define LQ_OPERAND(l, limit, what)                                                                           \
  case l:                                                                                                    \
    kind = limit;                                                                                            \
    break;
#include "vm/operands.def"
#undef LQ_OPERAND
  }
  switch (kind) {
  case PREDICATES: return p->npredicates;
  case FIELDS: return p->nfields;
  case CONSTS: return p->nconsts;
  case FUNCTIONS: return p->nfunctions;
  case SETS: return p->nsets;
  case JUMP: return (uint64_t)UINT32_MAX + 1;
  case ARGS: return LQ_ARGS_MAX + 1;
  case TWO: return 2;
  case COMPARES: return LQ_CMP_COUNT;
  case ARITHS: return LQ_AR_COUNT;
  case MATCHERS: return LQ_MATCHER_COUNT;
  case TERMS: return LQ_TERMS_MAX;
  case CAPTURES: return p->ncaptures;
  case COLUMNS: return LQ_COLUMNS_MAX;
  case LINEAGES: return p->nlineages;
  case ANY: return (uint64_t)UINT32_MAX + 1;
  case NONE: break;
  }
  return 1; // `-`: only 0
}

static bool operand(lq_check *k, char letter, uint32_t value)
{
  if (value < limit_of(k->p, letter))
    return true;
  return fail(k, letter == '-' ? LQ_REASON_OPERAND_RESERVED : LQ_REASON_OPERAND_RANGE);
}

static bool operands(lq_check *k, const lq_op_info *op, const lq_insn *i)
{
  return operand(k, op->operands[0], i->a) && operand(k, op->operands[1], i->b) &&
         operand(k, op->operands[2], i->c);
}

// ---- the stack

static bool pop(lq_check *k, bool condition)
{
  // A walk's body leaves alone what was there before it.
  int floor = k->nwalks ? k->walks[k->nwalks - 1].entry.depth : 0;
  if (k->now.depth <= floor)
    return fail(k, LQ_REASON_STACK_UNDERFLOW);
  uint32_t bit = 1u << (k->now.depth - 1);
  if (((k->now.conditions & bit) != 0) != condition)
    return fail(k, LQ_REASON_STACK_TYPE);
  k->now.conditions &= ~bit;
  k->now.depth--;
  return true;
}

static bool push_to(lq_check *k, lq_shape *s, bool condition)
{
  if (s->depth == LQ_STACK_MAX)
    return fail(k, LQ_REASON_STACK_OVERFLOW);
  if (condition)
    s->conditions |= 1u << s->depth;
  s->depth++;
  if (s->depth > k->max_depth)
    k->max_depth = s->depth;
  return true;
}

static bool pops(lq_check *k, const char *types, uint32_t args)
{
  for (size_t i = strlen(types); i-- > 0;) {
    for (uint32_t n = types[i] == '*' ? args : 1; n > 0; n--) {
      if (!pop(k, types[i] == 'B'))
        return false;
    }
  }
  return true;
}

static bool pushes(lq_check *k, const char *types)
{
  for (; *types; types++) {
    if (!push_to(k, &k->now, *types == 'B'))
      return false;
  }
  return true;
}

static bool same(lq_shape a, lq_shape b)
{
  return a.depth == b.depth && a.conditions == b.conditions;
}

// A jump arrives at `target` with `s`: what it finds there must be what others bring.
static bool arrive(lq_check *k, uint32_t target, lq_shape s)
{
  if (k->depths[target] == UNREACHED) {
    k->depths[target] = (uint8_t)s.depth;
    k->conditions[target] = s.conditions;
    return true;
  }
  lq_shape there = {.conditions = k->conditions[target], .depth = k->depths[target]};
  return same(there, s) || fail(k, LQ_REASON_STACK_MERGE);
}

// Every jump that is taken has one condition more on the stack than falls through.
static bool land(lq_check *k, uint32_t distance)
{
  uint64_t target = (uint64_t)k->pc + 1 + distance;
  if (target >= k->n)
    return fail(k, LQ_REASON_JUMP_RANGE);
  if (k->nwalks && target > k->walks[k->nwalks - 1].end)
    return fail(k, LQ_REASON_JUMP_OUT);
  lq_shape taken = k->now;
  return push_to(k, &taken, true) && arrive(k, (uint32_t)target, taken);
}

// ---- walks

static bool scope_open(const lq_check *k, uint32_t field)
{
  uint32_t scope = k->p->fields[field].scope;
  if (scope == LQ_NONE)
    return true;
  for (int i = 0; i < k->nwalks; i++) {
    if (k->walks[i].field == scope)
      return true;
  }
  return false;
}

static bool readable(lq_check *k, uint32_t field)
{
  if (!k->reach->event)
    return fail(k, LQ_REASON_REACH);
  return scope_open(k, field) || fail(k, LQ_REASON_SCOPE_CLOSED);
}

// It stands in the scope for a moment, as a walk does.
static bool element(lq_check *k, const lq_insn *i)
{
  uint32_t scope = k->p->fields[i->c].scope;
  if (scope == LQ_NONE)
    return fail(k, LQ_REASON_WALK_SCOPE);
  return readable(k, scope) && (k->nwalks < LQ_ITER_DEPTH_MAX || fail(k, LQ_REASON_WALK_DEPTH));
}

static bool iter(lq_check *k, const lq_insn *i)
{
  if (!(k->p->fields[i->c].flags & LQ_FIELD_SCOPE))
    return fail(k, LQ_REASON_WALK_SCOPE);
  if (!readable(k, i->c))
    return false;
  if (k->nwalks == LQ_ITER_DEPTH_MAX)
    return fail(k, LQ_REASON_WALK_DEPTH);
  uint64_t end = (uint64_t)k->pc + 1 + i->b;
  if (end + 1 >= k->n)
    return fail(k, LQ_REASON_JUMP_RANGE);
  if (k->nwalks && end >= k->walks[k->nwalks - 1].end)
    return fail(k, LQ_REASON_JUMP_OUT);
  uint8_t end_op = k->code[end].op;
  if (end_op >= LQ_OP_SLOTS || lq_ops[end_op].check != LQ_CHECK_WALK_END)
    return fail(k, LQ_REASON_WALK_END);
  // Jumps from before the walk into its body have been seen already: none may be there. Walks nest three deep
  // at most, so an instruction is looked at three times at most.
  for (uint32_t at = k->pc + 1; at <= end; at++) {
    if (k->depths[at] != UNREACHED)
      return fail(k, LQ_REASON_JUMP_IN);
  }
  // With no element the run goes on after the end with what the end leaves, which iter_end makes sure of.
  k->walks[k->nwalks++] = (lq_walk){.begin = k->pc, .end = (uint32_t)end, .field = i->c, .entry = k->now};
  return true;
}

static bool iter_end(lq_check *k, const lq_insn *i)
{
  const lq_walk *w = &k->walks[k->nwalks - 1];
  if (i->c != w->end - w->begin - 1)
    return fail(k, LQ_REASON_WALK_END);
  lq_shape want = w->entry;
  if (!push_to(k, &want, true))
    return false;
  if (!same(k->now, want))
    return fail(k, LQ_REASON_WALK_STACK);
  k->nwalks--;
  return true;
}

// ---- instructions

static bool call(lq_check *k, const lq_insn *i)
{
  const lq_function *f = &lq_functions[k->p->functions[i->c] / 2];
  if (!f->scalar && !f->list)
    return fail(k, LQ_REASON_CALL_KIND);
  if ((int)i->a < lq_function_min_args(f) || (int)i->a > lq_function_max_args(f))
    return fail(k, LQ_REASON_CALL_ARGS);
  return true;
}

static bool match(lq_check *k, const lq_insn *i)
{
  lq_set_kind kind = lq_match_kinds[i->a].set;
  if (kind == LQ_SET_NONE || kind == LQ_SET_CONST || k->p->sets[i->c].kind != (uint32_t)kind)
    return fail(k, LQ_REASON_MATCH_SET);
  k->cost += lq_matcher_cost(k->p, (lq_matcher_kind)i->a, i->c);
  return true;
}

static bool test(lq_check *k, const lq_insn *i)
{
  const lq_predicate *q = &k->p->predicates[i->c];
  k->cost += lq_matcher_cost(k->p, (lq_matcher_kind)q->matcher, q->arg);
  return readable(k, q->field);
}

static bool refer(lq_check *k, const lq_insn *i)
{
  return (i->a < k->reach->nterms && i->c < k->reach->terms[i->a].ncaptures) || fail(k, LQ_REASON_REACH);
}

static bool lineage(lq_check *k, const lq_insn *i)
{
  if (!k->reach->event)
    return fail(k, LQ_REASON_REACH);
  if (i->c != k->reach->lineage || i->c >= k->reach->lineages_end)
    return fail(k, LQ_REASON_LINEAGE_ORDER);
  k->reach->lineage++;
  return true;
}

// What an instruction asks for beyond its operands' ranges, before the stack moves.
static bool special(lq_check *k, const lq_op_info *op, const lq_insn *i)
{
  switch (op->check) {
  case LQ_CHECK_NONE: return true;
  case LQ_CHECK_RETURN: return k->pc + 1 == k->n || fail(k, LQ_REASON_RETURN_EARLY);
  case LQ_CHECK_TEST: return test(k, i);
  case LQ_CHECK_FIELD: return readable(k, i->c);
  case LQ_CHECK_ELEMENT: return element(k, i);
  case LQ_CHECK_CALL: return call(k, i);
  case LQ_CHECK_MATCH: return match(k, i);
  case LQ_CHECK_WALK: return iter(k, i);
  case LQ_CHECK_WALK_END: return iter_end(k, i);
  case LQ_CHECK_REF: return refer(k, i);
  case LQ_CHECK_COLUMN: return i->c < k->reach->ncolumns || fail(k, LQ_REASON_REACH);
  case LQ_CHECK_LINEAGE: return lineage(k, i);
  }
  return false;
}

static bool step(lq_check *k)
{
  const lq_insn *i = &k->code[k->pc];
  const lq_op_info *op = i->op < LQ_OP_SLOTS ? &lq_ops[i->op] : NULL;
  if (!op || !op->name)
    return fail(k, LQ_REASON_OPCODE);
  bool ends_walk = k->nwalks && k->walks[k->nwalks - 1].end == k->pc;
  if (ends_walk != (op->check == LQ_CHECK_WALK_END))
    return fail(k, LQ_REASON_WALK_END);
  const char *takes = op->check == LQ_CHECK_RETURN && k->reach->gives == LQ_GIVES_VALUE ? "V" : op->pops;
  if (!operands(k, op, i) || !special(k, op, i) || !pops(k, takes, i->a))
    return false;
  k->cost++;
  bool jumps = op->operands[1] == 'j' && op->check != LQ_CHECK_WALK;
  if (jumps && !land(k, i->b))
    return false;
  return pushes(k, op->pushes);
}

// From the instruction before, k->now falls through; no instruction but the last has no next one.
static bool walk_code(lq_check *k)
{
  for (k->pc = 0; k->pc < k->n; k->pc++) {
    if (k->depths[k->pc] != UNREACHED && !arrive(k, k->pc, k->now))
      return false;
    if (!step(k))
      return false;
  }
  k->pc = k->n - 1;
  if (k->code[k->pc].op != LQ_OP_RETURN)
    return fail(k, LQ_REASON_NO_RETURN);
  return k->now.depth == 0 || fail(k, LQ_REASON_RETURN_STACK);
}

bool lq_verify_snippet(const lq_program *p, const lq_insn *code, uint32_t ncode, lq_reach *reach,
                       void *scratch, uint32_t *max_stack, uint32_t *cost, lq_fault *fault)
{
  if (ncode == 0 || ncode > LQ_RULE_CODE_MAX) {
    *fault = (lq_fault){.reason = LQ_REASON_RULE_CODE};
    return false;
  }
  lq_check k = {.p = p, .code = code, .reach = reach, .n = ncode, .conditions = scratch};
  k.depths = (uint8_t *)(k.conditions + ncode);
  memset(k.depths, UNREACHED, ncode);
  if (!walk_code(&k)) {
    *fault = (lq_fault){.reason = k.reason, .section = LQ_SECTION_CODE, .at = k.pc};
    return false;
  }
  *max_stack = (uint32_t)k.max_depth;
  *cost = k.cost > UINT32_MAX ? UINT32_MAX : (uint32_t)k.cost;
  return true;
}

bool lq_verify_rule(const lq_program *p, const lq_insn *code, uint32_t ncode, void *scratch,
                    uint32_t *max_stack, uint32_t *cost, lq_fault *fault)
{
  lq_reach reach = {.gives = LQ_GIVES_TRUTH, .event = true};
  return lq_verify_snippet(p, code, ncode, &reach, scratch, max_stack, cost, fault);
}
