// Every program up to some length over a small alphabet of instructions, through the verifier. Each accepted
// one is run by a loop that checks all that the real one trusts in, over every outcome of every test and
// every number of elements: none of them may do wrong.   exhaust [LENGTH]
//
// A program that is refused because of its first k instructions takes all that begin so with it; they are
// counted.
#include <stdio.h>

#include "tests/mutate/build.h"

enum { PLAIN, SCOPE, IN_SCOPE };              // fields
enum { P_PLAIN, P_SCOPE_ITSELF, P_IN_SCOPE }; // predicates, sorted
enum { LENGTH_MAX = 12, ELEMENTS_MAX = 2, CHOICES_MAX = 64, STEPS_MAX = 4096 };

static const lq_insn alphabet[] = {
    {LQ_OP_RETURN, 0, 0, 0},
    {LQ_OP_TEST, 0, 0, P_PLAIN},
    {LQ_OP_TEST, 0, 0, P_IN_SCOPE},
    {LQ_OP_TEST_AND, 0, 0, P_PLAIN},
    {LQ_OP_TEST_AND, 0, 1, P_PLAIN},
    {LQ_OP_TEST_OR, 0, 2, P_PLAIN},
    {LQ_OP_TEST_OR, 0, 3, P_IN_SCOPE},
    {LQ_OP_JUMP_FALSE, 0, 0, 0},
    {LQ_OP_JUMP_FALSE, 0, 1, 0},
    {LQ_OP_JUMP_TRUE, 0, 2, 0},
    {LQ_OP_NOT, 0, 0, 0},
    {LQ_OP_FIELD, 0, 0, PLAIN},
    {LQ_OP_FIELD, 0, 0, IN_SCOPE},
    {LQ_OP_COMPARE, 0, 0, 0},
    {LQ_OP_TRUTH, 0, 0, 0},
    {LQ_OP_VALUE, 0, 0, 0},
    {LQ_OP_ITER, 0, 0, SCOPE},
    {LQ_OP_ITER, 0, 1, SCOPE},
    {LQ_OP_ITER, 0, 3, SCOPE},
    {LQ_OP_ITER_END, 0, 0, 1},
    {LQ_OP_ITER_END, 1, 0, 3},
    {LQ_OP_COUNT_END, 0, 0, 1},
    {LQ_OP_ITER_END, 0, 0, 0},
};
enum { SYMBOLS = sizeof alphabet / sizeof *alphabet };

// ---- the checking loop

typedef enum type { CONDITION, VALUE } type;

typedef struct walk {
  uint32_t field, left;
} walk;

typedef struct machine {
  const lq_program *p;
  const lq_insn *code;
  uint32_t n, max_stack, cost;
  type types[LQ_STACK_MAX];
  bool truth[LQ_STACK_MAX];
  uint32_t depth;
  walk walks[LQ_ITER_DEPTH_MAX];
  uint32_t nwalks;
  // Outcomes: taken from here as long as they last, then the first of each.
  uint8_t choice[CHOICES_MAX], of[CHOICES_MAX];
  uint32_t nchoices, at;
  const char *fault;
} machine;

static uint32_t choose(machine *m, uint8_t of)
{
  if (m->at == CHOICES_MAX)
    return 0;
  if (m->at == m->nchoices) {
    m->choice[m->nchoices] = 0;
    m->of[m->nchoices++] = of;
  }
  return m->choice[m->at++];
}

static bool wrong(machine *m, const char *what)
{
  if (!m->fault)
    m->fault = what;
  return false;
}

static bool push(machine *m, type t, bool truth)
{
  if (m->depth == m->max_stack || m->depth == LQ_STACK_MAX)
    return wrong(m, "stack overflow");
  m->types[m->depth] = t;
  m->truth[m->depth++] = truth;
  return true;
}

static bool pop(machine *m, type t)
{
  if (m->depth == 0)
    return wrong(m, "stack underflow");
  m->depth--;
  return m->types[m->depth] == t || wrong(m, "wrong type");
}

static bool readable(machine *m, uint32_t field)
{
  if (field >= m->p->nfields)
    return wrong(m, "field out of range");
  uint32_t scope = m->p->fields[field].scope;
  bool open = scope == LQ_NONE;
  for (uint32_t i = 0; i < m->nwalks; i++)
    open |= m->walks[i].field == scope;
  return open || wrong(m, "scope not open");
}

static bool test(machine *m, uint32_t predicate)
{
  return (predicate < m->p->npredicates || wrong(m, "predicate out of range")) &&
         readable(m, m->p->predicates[predicate].field);
}

// After a walk's body: again from its first instruction, or on.
static bool again(machine *m, bool stop)
{
  if (m->nwalks == 0)
    return wrong(m, "no walk is open");
  walk *w = &m->walks[m->nwalks - 1];
  if (!stop && --w->left > 0)
    return true;
  m->nwalks--;
  return false;
}

// One instruction. False: at the end, or a fault.
static bool step(machine *m, int64_t *pc)
{
  if (*pc < 0 || *pc >= m->n)
    return wrong(m, "outside of the code");
  const lq_insn *i = &m->code[(*pc)++];
  uint32_t outcome;
  switch ((lq_opcode)i->op) {
  case LQ_OP_RETURN:
    if (pop(m, CONDITION) && (m->depth || m->nwalks))
      wrong(m, "something left at the end");
    return false;
  case LQ_OP_TEST: return test(m, i->c) && push(m, CONDITION, choose(m, 2));
  case LQ_OP_TEST_AND:
  case LQ_OP_TEST_OR:
    if (!test(m, i->c))
      return false;
    outcome = choose(m, 2);
    if (outcome != (i->op == LQ_OP_TEST_OR))
      return true;
    *pc += i->b;
    return push(m, CONDITION, outcome);
  case LQ_OP_JUMP_FALSE:
  case LQ_OP_JUMP_TRUE:
    if (!pop(m, CONDITION))
      return false;
    if (m->truth[m->depth] != (i->op == LQ_OP_JUMP_TRUE))
      return true;
    *pc += i->b;
    return push(m, CONDITION, i->op == LQ_OP_JUMP_TRUE);
  case LQ_OP_NOT: return pop(m, CONDITION) && push(m, CONDITION, !m->truth[m->depth]);
  case LQ_OP_FIELD: return readable(m, i->c) && push(m, VALUE, false);
  case LQ_OP_COMPARE: return pop(m, VALUE) && pop(m, VALUE) && push(m, VALUE, false);
  case LQ_OP_INDEX: return pop(m, VALUE) && push(m, VALUE, false);
  case LQ_OP_ELEMENT:
    if (i->c >= m->p->nfields || m->p->fields[i->c].scope == LQ_NONE)
      return wrong(m, "an element of no scope");
    if (m->nwalks == LQ_ITER_DEPTH_MAX)
      return wrong(m, "walks nest too deeply");
    return readable(m, m->p->fields[i->c].scope) && push(m, VALUE, false);
  case LQ_OP_TRUTH: return pop(m, VALUE) && push(m, CONDITION, choose(m, 2));
  case LQ_OP_VALUE: return pop(m, CONDITION) && push(m, VALUE, false);
  case LQ_OP_ITER:
    if (!readable(m, i->c))
      return false;
    outcome = choose(m, ELEMENTS_MAX + 1);
    if (outcome == 0) {
      *pc += i->b + 1;
      if (*pc - 1 >= m->n)
        return wrong(m, "outside of the code");
      return push(m, m->code[*pc - 1].op == LQ_OP_COUNT_END ? VALUE : CONDITION, false);
    }
    if (m->nwalks == LQ_ITER_DEPTH_MAX)
      return wrong(m, "walks nest too deeply");
    m->walks[m->nwalks++] = (walk){i->c, outcome};
    return true;
  case LQ_OP_ITER_END:
    if (!pop(m, CONDITION))
      return false;
    outcome = m->truth[m->depth];
    if (!again(m, outcome == (i->a == 0)))
      return !m->fault && push(m, CONDITION, outcome);
    *pc -= (int64_t)i->c + 1;
    return true;
  case LQ_OP_COUNT_END:
    if (!pop(m, CONDITION))
      return false;
    if (!again(m, false))
      return !m->fault && push(m, VALUE, false);
    *pc -= (int64_t)i->c + 1;
    return true;
  case LQ_OP_PUSH:
  case LQ_OP_CONST:
  case LQ_OP_NULL:
  case LQ_OP_CALL:
  case LQ_OP_ARITH:
  case LQ_OP_NEGATE:
  case LQ_OP_IS_NULL:
  case LQ_OP_REF:
  case LQ_OP_COLUMN:
  case LQ_OP_LINEAGE:
  case LQ_OP_MATCH: break;
  }
  return wrong(m, "not in the alphabet");
}

static bool has_walk(const lq_insn *code, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    if (code[i].op == LQ_OP_ITER)
      return true;
  }
  return false;
}

static void run_once(machine *m)
{
  int64_t pc = 0;
  uint32_t steps = 1, bound = has_walk(m->code, m->n) ? STEPS_MAX : m->cost;
  m->depth = m->nwalks = m->at = 0;
  for (; step(m, &pc); steps++) {
    if (steps > bound) {
      wrong(m, "more steps than its cost");
      return;
    }
  }
}

// The next outcomes, as one counts.
static bool next_choices(machine *m)
{
  while (m->nchoices > 0) {
    uint32_t last = m->nchoices - 1;
    if (++m->choice[last] < m->of[last])
      return true;
    m->nchoices--;
  }
  return false;
}

static const char *run_all(const lq_program *p, const lq_insn *code, uint32_t n, uint32_t max_stack,
                           uint32_t cost, uint64_t *runs)
{
  machine m = {.p = p, .code = code, .n = n, .max_stack = max_stack, .cost = cost};
  do {
    run_once(&m);
    ++*runs;
  } while (!m.fault && next_choices(&m));
  return m.fault;
}

// ---- every program

typedef struct tally {
  uint64_t programs, looked_at, accepted, runs;
} tally;

// How many instructions decided that the program is refused: up to the blamed one, and for a walk up to its
// end.
static uint32_t decided_by(const lq_insn *code, uint32_t n, const lq_fault *f)
{
  uint32_t k = (uint32_t)f->at + 1;
  if (code[f->at].op == LQ_OP_ITER && k + code[f->at].b < n)
    k += code[f->at].b + 1u;
  return k < n ? k : n;
}

// Counts on at place k; false: that was the last.
static bool next_program(uint8_t *symbols, uint32_t k)
{
  while (k-- > 0) {
    if (++symbols[k] < SYMBOLS)
      return true;
    symbols[k] = 0;
  }
  return false;
}

static void show(const lq_insn *code, uint32_t n, const char *fault)
{
  printf("accepted, but %s:\n", fault);
  for (uint32_t i = 0; i < n; i++)
    printf("  %u %s a=%u b=%u c=%u\n", i, lq_ops[code[i].op].name, code[i].a, code[i].b, code[i].c);
}

static bool all_of_length(const lq_program *p, uint32_t n, tally *t)
{
  static uint32_t scratch[2 * LENGTH_MAX];
  uint8_t symbols[LENGTH_MAX] = {0};
  lq_insn code[LENGTH_MAX];
  uint64_t all = 1;
  for (uint32_t i = 0; i < n; i++)
    all *= SYMBOLS;
  t->programs += all;
  for (uint32_t k = n;;) {
    for (uint32_t i = 0; i < n; i++)
      code[i] = alphabet[symbols[i]];
    lq_fault f;
    uint32_t max_stack, cost;
    t->looked_at++;
    k = n;
    if (lq_verify_rule(p, code, n, scratch, &max_stack, &cost, &f)) {
      t->accepted++;
      const char *fault = run_all(p, code, n, max_stack, cost, &t->runs);
      if (fault)
        return show(code, n, fault), false;
    } else {
      k = decided_by(code, n, &f);
    }
    for (uint32_t i = k; i < n; i++)
      symbols[i] = 0;
    if (!next_program(symbols, k))
      return true;
  }
}

int main(int argc, char **argv)
{
  uint32_t length = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 8;
  builder *b = malloc(sizeof *b);
  tally t = {0};
  build_begin(b);
  build_field(b, "a", LQ_NONE, 0);
  build_field(b, "b", LQ_NONE, LQ_FIELD_SCOPE);
  build_field(b, "b.c", SCOPE, 0);
  for (uint32_t i = PLAIN; i <= IN_SCOPE; i++)
    build_predicate(b, i, LQ_MATCHER_EXISTS, 0);
  bool ok = length > 0 && length <= LENGTH_MAX;
  for (uint32_t n = 1; n <= length && ok; n++)
    ok = all_of_length(&b->p, n, &t);
  printf("%llu programs of up to %u instructions over %d: %llu looked at, %llu accepted, %llu runs, %s\n",
         (unsigned long long)t.programs, length, SYMBOLS, (unsigned long long)t.looked_at,
         (unsigned long long)t.accepted, (unsigned long long)t.runs, ok ? "0 faults" : "a fault");
  free(b);
  return ok ? 0 : 1;
}
