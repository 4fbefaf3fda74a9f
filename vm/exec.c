// The loop that runs a rule's code. It checks nothing that lq_verify has proved: types, depth, operands,
// jumps, scopes, the end. What depends on the event is counted against a budget.
#include "vm/exec.h"

#include "base/utf8.h"
#include "stdlib/functions.h"
#include "vm/slots.h"

// A condition lies on the stack as a list without elements whose length is its truth: verified code never
// mixes them up.
typedef struct lq_run {
  lq_exec *x;
  const lq_program *p;
  lq_values stack[LQ_STACK_MAX];
  lq_values *top;                             // one past the last
  const lq_slot_value *at[LQ_ITER_DEPTH_MAX]; // by open walk: the scope's value it stands at
  lq_slot_walk among[LQ_ITER_DEPTH_MAX];
  int64_t trues[LQ_ITER_DEPTH_MAX]; // elements whose body was true
} lq_run;

static const lq_value truths[2] = {{.type = LQ_T_BOOL, .b = false}, {.type = LQ_T_BOOL, .b = true}};

static void push(lq_run *r, lq_values v)
{
  *r->top++ = v;
}
static lq_values pop(lq_run *r)
{
  return *--r->top;
}
static void push_condition(lq_run *r, bool b)
{
  *r->top++ = (lq_values){NULL, b};
}
static bool pop_condition(lq_run *r)
{
  return (--r->top)->n != 0;
}
static lq_values truth(bool b)
{
  return (lq_values){&truths[b], 1};
}

static bool failed(const lq_run *r)
{
  return r->x->failed || r->x->scratch.failed;
}

static void traced(lq_run *r, const lq_insn *i, bool truth_of)
{
  if (r->x->trace)
    r->x->trace(r->x->trace_user, (uint32_t)(i - r->p->code), truth_of);
}

// ---- predicates and fields

static bool compute(lq_run *r, uint32_t c, bool shared)
{
  lq_exec *x = r->x;
  x->predicates_run++;
  // What is computed once for an event is in the rule's static cost, and what a walk may spend does not hang on
  // which rules were run before.
  if (x->depth && !shared && !lq_exec_charge(x, lq_matcher_cost(r->p, (lq_matcher_kind)r->p->predicates[c].matcher,
                                                     r->p->predicates[c].arg)))
    return false;
  return shared && x->test ? x->test(x->user, c) : lq_predicate_test(x, &r->p->predicates[c]);
}

static bool test(lq_run *r, const lq_insn *i)
{
  lq_exec *x = r->x;
  bool shared = lq_predicate_is_shared(r->p, i->c);
  uint8_t known = x->memo && shared ? x->memo[i->c] : 0;
  bool holds = known ? known == 2 : compute(r, i->c, shared);
  if (!known && shared && x->memo && !x->failed)
    lq_exec_mark(x, i->c, holds);
  traced(r, i, holds);
  return holds;
}

// Functions copy what they get, so a text has its beginning only.
static lq_value shortened(const lq_exec *x, lq_value v)
{
  if (x->max_value && v.type == LQ_T_STRING && v.s.n > x->max_value)
    v.s = lq_utf8_prefix(v.s, x->max_value);
  return v;
}

static bool is_usable(const lq_exec *x, const lq_value *v)
{
  return !x->max_value || v->type != LQ_T_STRING || v->s.n <= x->max_value;
}

// One value is used where it lies; several are gathered.
static lq_values field(lq_run *r, uint32_t f)
{
  lq_exec *x = r->x;
  lq_slot_walk w = lq_slot_walk_of(x, f);
  const lq_slot_value *first = lq_slot_first(x, &w, f), *v = first;
  size_t n = 0;
  for (; v; v = lq_slot_next(x, &w, v))
    n++;
  if (n == 0 || (n == 1 && is_usable(x, &first->v)))
    return (lq_values){first ? &first->v : NULL, n};
  lq_value *all = lq_exec_charge(x, n) ? lq_arena_array(&x->scratch, n, sizeof *all) : NULL;
  if (!all)
    return (lq_values){0};
  v = lq_slot_first(x, &w, f);
  size_t got = 0;
  for (; v && got < n; v = lq_slot_next(x, &w, v))
    all[got++] = shortened(x, v->v);
  return (lq_values){all, got};
}

// As if a walk stood at that element.
static lq_values element(lq_run *r, const lq_insn *i)
{
  lq_exec *x = r->x;
  uint32_t scope = r->p->fields[i->c].scope;
  lq_slot_walk w = lq_slot_walk_around(x, scope);
  const lq_slot_value *v = lq_slot_first(x, &w, scope);
  for (uint32_t n = i->b; v && n > 0; n--)
    v = lq_exec_charge(x, 1) ? lq_slot_next(x, &w, v) : NULL;
  if (!v)
    return (lq_values){0};
  x->scope[x->depth] = scope;
  x->element[x->depth++] = v->element;
  lq_values found = field(r, i->c);
  x->depth--;
  return found;
}

// ---- operators

// A product of lists costs its size, unless both are single values.
static bool charge_product(lq_run *r, size_t a, size_t b)
{
  uint64_t size;
  if (__builtin_mul_overflow((uint64_t)a, (uint64_t)b, &size))
    size = UINT64_MAX;
  return size <= 1 || lq_exec_charge(r->x, size);
}

// 1 holds, 0 does not, -1: there is no order between the two.
static int compare_pair(lq_compare op, const lq_value *a, const lq_value *b)
{
  int order;
  if (op == LQ_CMP_EQ)
    return lq_value_equal(a, b);
  if (op == LQ_CMP_EQ_FOLD)
    return lq_value_equal_fold(a, b);
  if (!lq_value_order(a, b, &order))
    return -1;
  switch (op) {
  case LQ_CMP_LT: return order < 0;
  case LQ_CMP_LE: return order <= 0;
  case LQ_CMP_GT: return order > 0;
  case LQ_CMP_GE: return order >= 0;
  default: break;
  }
  return -1;
}

static lq_values compare(lq_run *r, lq_compare op, lq_values a, lq_values b)
{
  int best = -1;
  if (op >= LQ_CMP_SAME) {
    best = lq_compare_strictly(op, a, b);
    return best < 0 ? (lq_values){0} : truth(best);
  }
  if (!charge_product(r, a.n, b.n))
    return (lq_values){0};
  for (size_t i = 0; i < a.n && best < 1; i++) {
    for (size_t j = 0; j < b.n && best < 1; j++) {
      int one = compare_pair(op, &a.v[i], &b.v[j]);
      best = one > best ? one : best;
    }
  }
  return best < 0 ? (lq_values){0} : truth(best);
}

static lq_values arith(lq_run *r, lq_arith op, lq_values a, lq_values b)
{
  static const char signs[LQ_AR_COUNT] = {'+', '-', '*', '/', '%'};
  size_t all = 0, n = 0;
  if (!charge_product(r, a.n, b.n) || __builtin_mul_overflow(a.n, b.n, &all) || all == 0)
    return (lq_values){0};
  if (all > LQ_RESULTS_MAX) {
    all = LQ_RESULTS_MAX;
    r->x->capped++;
  }
  lq_value *out = lq_arena_array(&r->x->scratch, all, sizeof *out);
  for (size_t k = 0; out && k < all; k++) {
    lq_value v = lq_arithmetic(signs[op], &a.v[k / b.n], &b.v[k % b.n], false);
    if (v.type != LQ_T_NULL)
      out[n++] = v;
  }
  return (lq_values){out, n};
}

static lq_values negate(lq_run *r, lq_values a)
{
  static const lq_value zero = {.type = LQ_T_INT, .i = 0};
  return arith(r, LQ_AR_SUB, (lq_values){&zero, 1}, a);
}

// ---- groups

static lq_values captured(const lq_exec *x, const lq_insn *i)
{
  const lq_values *slot = x->group ? x->group->captures[i->a] : NULL;
  return slot ? slot[i->c] : (lq_values){0};
}

static lq_values column(const lq_exec *x, uint32_t c)
{
  return x->group ? x->group->columns[c] : (lq_values){0};
}

static bool lineage(lq_run *r, const lq_insn *i)
{
  lq_exec *x = r->x;
  bool holds = x->lineage && x->lineage(x->lineage_user, i->c);
  traced(r, i, holds);
  return holds;
}

static bool any_true(lq_values a)
{
  for (size_t i = 0; i < a.n; i++) {
    if (a.v[i].type == LQ_T_BOOL && a.v[i].b)
      return true;
  }
  return false;
}

// Endgame EQL knows no arrays here, and patterns for strings alone.
static bool fits_strictly(lq_matcher_kind matcher, lq_values a)
{
  return a.n == 1 && (matcher == LQ_MATCHER_EQ || matcher == LQ_MATCHER_EQ_FOLD || a.v->type == LQ_T_STRING);
}

static lq_values match(lq_run *r, lq_matcher_kind matcher, uint32_t set, lq_values a)
{
  if ((r->x->depth || a.n > 1) && !charge_product(r, a.n, lq_matcher_cost(r->p, matcher, set)))
    return (lq_values){0};
  for (size_t i = 0; i < a.n; i++) {
    if (lq_matcher_test(r->p, matcher, set, &a.v[i], &r->x->scratch))
      return truth(true);
  }
  return a.n ? truth(false) : (lq_values){0};
}

// ---- calls

// How many results a call may give: one for each combination of elements, where an empty list counts as one
// null.
static size_t results_of(lq_run *r, const lq_function *f, const lq_values *args, int nargs)
{
  size_t n = 1;
  for (int i = 0; i < nargs; i++) {
    size_t k = args[i].n ? args[i].n : 1;
    if (__builtin_mul_overflow(n, k, &n))
      n = SIZE_MAX;
  }
  if (!charge_product(r, n, 1))
    return 0;
  return f->list || n > LQ_RESULTS_MAX ? LQ_RESULTS_MAX : n;
}

// Results of unknown number are first written to a buffer that is large enough, then kept as they are many.
static lq_values keep(lq_exec *x, const lq_value *results, size_t n)
{
  lq_value *kept = n ? lq_arena_array(&x->scratch, n, sizeof *kept) : NULL;
  if (!kept)
    return (lq_values){0};
  memcpy(kept, results, n * sizeof *kept);
  return (lq_values){kept, n};
}

static lq_values call(lq_run *r, uint32_t function, int nargs, bool strict)
{
  lq_exec *x = r->x;
  lq_values *args = r->top - nargs;
  size_t max = results_of(r, &lq_functions[function / 2], args, nargs), n = 0;
  bool shared = x->results && max == LQ_RESULTS_MAX, cut = false;
  lq_value *out = shared ? x->results : max ? lq_arena_array(&x->scratch, max, sizeof *out) : NULL;
  if (out) {
    lq_call c = {.scratch = &x->scratch, .now = x->now, .endgame = strict};
    lq_function_call(function, &c, args, nargs, out, max, &n, &cut);
  }
  x->capped += cut;
  r->top = args;
  return shared ? keep(x, out, n) : (lq_values){out, n};
}

// ---- walks

static void stand_at(lq_run *r, int walk, const lq_slot_value *v)
{
  r->at[walk] = v;
  r->x->element[walk] = v->element;
}

// Begins a walk; false: the scope has no elements. Each round costs what its body has instructions.
static bool iter(lq_run *r, const lq_insn *i)
{
  lq_exec *x = r->x;
  int d = x->depth;
  r->among[d] = lq_slot_walk_around(x, i->c);
  const lq_slot_value *v = lq_slot_first(x, &r->among[d], i->c);
  if (!v || !lq_exec_charge(x, 1u + i->b))
    return false;
  x->scope[d] = i->c;
  r->trues[d] = 0;
  stand_at(r, d, v);
  x->depth++;
  return true;
}

// Steps to the next element; false: there is none, and the walk is over.
static bool iter_next(lq_run *r, uint32_t body)
{
  lq_exec *x = r->x;
  int d = x->depth - 1;
  const lq_slot_value *v = lq_slot_next(x, &r->among[d], r->at[d]);
  if (v && lq_exec_charge(x, 1u + (uint64_t)body)) {
    stand_at(r, d, v);
    return true;
  }
  x->depth--;
  return false;
}

static lq_values counted(lq_run *r)
{
  lq_value *v = lq_arena_alloc(&r->x->scratch, sizeof *v);
  if (v)
    *v = lq_int(r->trues[r->x->depth]);
  return (lq_values){v, v ? 1u : 0u};
}

// ---- the loop

#define FAIL_IF(condition)                                                                                   \
  if (condition)                                                                                             \
  return false

// True: the answer lies on the stack.
static bool run(lq_run *r, const lq_insn *pc)
{
  const lq_program *p = r->p;
  lq_values a, b;
  bool holds;
  for (;;) {
    const lq_insn *i = pc++;
    switch ((lq_opcode)i->op) {
    case LQ_OP_RETURN: return true;
    case LQ_OP_TEST:
      push_condition(r, test(r, i));
      FAIL_IF(r->x->failed);
      break;
    case LQ_OP_TEST_AND:
    case LQ_OP_TEST_OR:
      holds = test(r, i);
      FAIL_IF(r->x->failed);
      if (holds == (i->op == LQ_OP_TEST_OR)) {
        push_condition(r, holds);
        pc += i->b;
      }
      break;
    case LQ_OP_JUMP_FALSE:
    case LQ_OP_JUMP_TRUE:
      holds = pop_condition(r);
      if (holds == (i->op == LQ_OP_JUMP_TRUE)) {
        push_condition(r, holds);
        pc += i->b;
      }
      break;
    case LQ_OP_NOT:
      holds = pop_condition(r);
      push_condition(r, !holds);
      break;
    case LQ_OP_PUSH: push_condition(r, i->a); break;
    case LQ_OP_FIELD:
      push(r, field(r, i->c));
      FAIL_IF(failed(r));
      break;
    case LQ_OP_INDEX:
      a = pop(r);
      push(r, i->b < a.n ? (lq_values){a.v + i->b, 1} : (lq_values){0});
      break;
    case LQ_OP_ELEMENT:
      push(r, element(r, i));
      FAIL_IF(failed(r));
      break;
    case LQ_OP_REF: push(r, captured(r->x, i)); break;
    case LQ_OP_COLUMN: push(r, column(r->x, i->c)); break;
    case LQ_OP_LINEAGE:
      holds = lineage(r, i);
      push_condition(r, holds);
      FAIL_IF(failed(r));
      break;
    case LQ_OP_CONST: push(r, (lq_values){&p->consts[i->c], 1}); break;
    case LQ_OP_NULL: push(r, (lq_values){0}); break;
    case LQ_OP_CALL:
      a = call(r, p->functions[i->c], i->a, i->b);
      push(r, a);
      FAIL_IF(failed(r));
      break;
    case LQ_OP_COMPARE:
      b = pop(r), a = pop(r);
      push(r, compare(r, (lq_compare)i->a, a, b));
      FAIL_IF(failed(r));
      break;
    case LQ_OP_ARITH:
      b = pop(r), a = pop(r);
      push(r, arith(r, (lq_arith)i->a, a, b));
      FAIL_IF(failed(r));
      break;
    case LQ_OP_NEGATE:
      a = pop(r);
      push(r, negate(r, a));
      FAIL_IF(failed(r));
      break;
    case LQ_OP_IS_NULL:
      a = pop(r);
      push(r, truth(a.n == 0));
      break;
    case LQ_OP_TRUTH:
      holds = any_true(pop(r));
      push_condition(r, holds);
      traced(r, i, holds);
      break;
    case LQ_OP_VALUE:
      holds = pop_condition(r);
      push(r, truth(holds));
      break;
    case LQ_OP_MATCH:
      a = pop(r);
      if (i->b && !fits_strictly((lq_matcher_kind)i->a, a))
        a.n = 0;
      push(r, match(r, (lq_matcher_kind)i->a, i->c, a));
      FAIL_IF(failed(r));
      break;
    case LQ_OP_ITER:
      if (!iter(r, i)) {
        // Null and false lie on the stack as the same thing: an empty list.
        push_condition(r, false);
        pc += i->b + 1;
      }
      FAIL_IF(r->x->failed);
      break;
    case LQ_OP_ITER_END:
      holds = pop_condition(r);
      if (holds == (i->a == 0)) {
        r->x->depth--;
        push_condition(r, holds);
      } else if (iter_next(r, i->c)) {
        pc -= i->c + 1;
      } else {
        push_condition(r, holds);
      }
      FAIL_IF(r->x->failed);
      break;
    case LQ_OP_COUNT_END:
      holds = pop_condition(r);
      r->trues[r->x->depth - 1] += holds;
      if (iter_next(r, i->c))
        pc -= i->c + 1;
      else
        push(r, counted(r));
      FAIL_IF(failed(r));
      break;
    }
  }
}

static bool start(lq_exec *x, uint32_t code, lq_values *answer)
{
  lq_run r;
  r.x = x;
  r.p = x->program;
  r.top = r.stack;
  x->depth = 0;
  x->failed = false;
  bool ok = run(&r, x->program->code + code);
  x->depth = 0;
  if (ok)
    *answer = pop(&r);
  return ok;
}

static lq_verdict verdict(lq_exec *x, uint32_t code)
{
  lq_values answer;
  if (!start(x, code, &answer))
    return LQ_VERDICT_INDETERMINATE;
  return answer.n ? LQ_VERDICT_YES : LQ_VERDICT_NO;
}

lq_verdict lq_exec_run(lq_exec *x, const lq_rule_def *rule)
{
  return verdict(x, rule->code);
}

lq_verdict lq_exec_truth(lq_exec *x, uint32_t snippet)
{
  return verdict(x, x->program->snippets[snippet].code);
}

lq_verdict lq_exec_value(lq_exec *x, uint32_t snippet, lq_values *out)
{
  return start(x, x->program->snippets[snippet].code, out) ? LQ_VERDICT_YES : LQ_VERDICT_INDETERMINATE;
}
