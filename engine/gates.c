// Finding gates: one pass over the code, in which sets of predicates stand where a run has truths.
//
// Of each point: a set with which it is not reached. Of each condition on the stack: a set with which it is
// not true, and one with which it is not false. A test of p is not true without p; what a jump leaves behind
// is reached no more once the jump's own truth is impossible. Where ways meet, all of them must be closed; of
// two sets that close one way the rarer is taken. Jumps go forward, so one pass sees every way to a point
// first.
//
// What may fail or spend (fields, calls, walks, regexes) must not be reached; it is not looked into.
#include "engine/gates.h"

#include "vm/exec.h"

// Predicates that close a way if all are false. NULL: nothing does; an empty one: it is closed.
typedef struct set {
  uint32_t rarity, n;
  uint32_t ids[];
} set;

typedef struct truth {
  const set *no_true, *no_false;
} truth;

struct lq_gate_point {
  const set *closed; // it is not reached
  int depth;
  truth stack[];
};

typedef struct walk {
  lq_gate_finder *f;
  const lq_insn *code;
  const uint8_t *known;
  uint32_t pc;
  const set *closed; // where the walk stands
  int depth;
  truth stack[LQ_STACK_MAX + 1];
  const set *spends; // with which nothing is reached that can fail or spend
  const set *last;   // that was added to it
  size_t work;       // left
  bool again;        // the finder's `chosen` are false
} walk;

static const set nothing = {0};

// ---- sets

static const set *rarer(const set *a, const set *b)
{
  if (!a || !b)
    return a ? a : b;
  return b->rarity < a->rarity ? b : a;
}

static set *new_set(walk *w, uint32_t n)
{
  set *s = lq_arena_alloc(&w->f->arena, sizeof *s + n * sizeof *s->ids);
  w->f->failed |= !s;
  return s;
}

static uint32_t add_rarity(uint32_t a, uint32_t b)
{
  return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static const set *merge(walk *w, const set *a, const set *b)
{
  uint32_t ids[2 * LQ_GATE_MAX], n = 0, rarity = 0;
  for (uint32_t i = 0, j = 0; i < a->n || j < b->n; n++) {
    bool left = j == b->n || (i < a->n && a->ids[i] <= b->ids[j]);
    ids[n] = left ? a->ids[i] : b->ids[j];
    i += i < a->n && a->ids[i] == ids[n];
    j += j < b->n && b->ids[j] == ids[n];
    rarity = add_rarity(rarity, w->f->rarity[ids[n]]);
  }
  set *s = n <= LQ_GATE_MAX ? new_set(w, n) : NULL;
  if (s) {
    s->rarity = rarity;
    s->n = n;
    memcpy(s->ids, ids, n * sizeof *ids);
  }
  return s;
}

// Closes both ways.
static const set *both(walk *w, const set *a, const set *b)
{
  if (!a || !b)
    return NULL;
  if (a == b || b->n == 0)
    return a;
  if (a->n == 0)
    return b;
  // Whoever made the code pays for it by losing his gates.
  size_t work = a->n + b->n;
  if (w->work < work)
    return NULL;
  w->work -= work;
  return merge(w, a, b);
}

// ---- ways

static bool is_closed(const set *s)
{
  return s && s->n == 0;
}

static void push(walk *w, const set *no_true, const set *no_false)
{
  w->stack[w->depth++] = (truth){no_true, no_false};
}

static void push_unknown(walk *w)
{
  push(w, NULL, NULL);
}

static lq_gate_point *new_point(walk *w)
{
  size_t size = sizeof(lq_gate_point) + (size_t)w->depth * sizeof(truth);
  lq_gate_point *p = lq_arena_alloc(&w->f->arena, size);
  w->f->failed |= !p;
  if (!p)
    return NULL;
  p->closed = &nothing;
  p->depth = w->depth;
  for (int i = 0; i < w->depth; i++)
    p->stack[i] = (truth){&nothing, &nothing};
  return p;
}

// The way from here, by `closed`, to an instruction further down.
static void arrive(walk *w, uint32_t at, const set *closed)
{
  if (is_closed(closed))
    return;
  lq_gate_point **p = &w->f->points[at];
  if (!*p && !(*p = new_point(w)))
    return;
  (*p)->closed = both(w, (*p)->closed, closed);
  for (int i = 0; i < w->depth; i++) {
    truth *t = &(*p)->stack[i];
    t->no_true = both(w, t->no_true, rarer(w->stack[i].no_true, closed));
    t->no_false = both(w, t->no_false, rarer(w->stack[i].no_false, closed));
  }
}

// From here on the walk stands where ways met. False: no way leads here.
static bool take_point(walk *w)
{
  lq_gate_point **at = &w->f->points[w->pc], *p = *at;
  if (!p)
    return !is_closed(w->closed);
  arrive(w, w->pc, w->closed);
  *at = NULL;
  w->closed = p->closed;
  w->depth = p->depth;
  memcpy(w->stack, p->stack, (size_t)p->depth * sizeof *p->stack);
  return true;
}

// A jump with a truth, taken only with it.
static void jump(walk *w, const lq_insn *i, bool with, const set *closed)
{
  push(w, with ? NULL : &nothing, with ? &nothing : NULL);
  arrive(w, w->pc + 1 + i->b, closed);
  w->depth--;
}

// ---- instructions

static void must_not_reach(walk *w, const set *closed)
{
  if (closed && closed == w->last)
    return;
  w->last = closed;
  w->spends = both(w, w->spends, closed);
}

// What else comes to pass is not looked into: values of unknown truth are there afterwards.
static void pass_over(walk *w, const lq_insn *i)
{
  must_not_reach(w, w->closed);
  if (i->op == LQ_OP_ITER) { // to behind its end
    w->pc += i->b + 1u;
    push_unknown(w);
    return;
  }
  const lq_op_info *op = &lq_ops[i->op];
  for (const char *c = op->pops; *c; c++)
    w->depth -= *c == '*' ? i->a : 1;
  for (const char *c = op->pushes; *c; c++)
    push_unknown(w);
}

static truth test(walk *w, uint32_t predicate)
{
  const lq_program *p = w->f->program;
  uint8_t known = w->again && w->f->chosen[predicate] ? 1 : w->known ? w->known[predicate] : 0;
  if (known)
    return (truth){known == 2 ? NULL : &nothing, known == 2 ? &nothing : NULL};
  set *s = lq_predicate_is_shared(p, predicate) ? new_set(w, 1) : NULL;
  if (s) {
    s->n = 1;
    s->ids[0] = predicate;
    s->rarity = w->f->rarity[predicate];
  }
  if (p->predicates[predicate].matcher == LQ_MATCHER_REGEX) // has no answer when it runs out of memory
    must_not_reach(w, rarer(w->closed, s));
  return (truth){s, NULL};
}

static void test_and_jump(walk *w, const lq_insn *i)
{
  truth t = test(w, i->c);
  bool on = i->op == LQ_OP_TEST_OR;
  const set *before = w->closed;
  jump(w, i, on, rarer(before, on ? t.no_true : t.no_false));
  w->closed = rarer(before, on ? t.no_false : t.no_true);
}

static void pop_and_jump(walk *w, const lq_insn *i)
{
  truth t = w->stack[--w->depth];
  bool on = i->op == LQ_OP_JUMP_TRUE;
  const set *before = w->closed;
  jump(w, i, on, rarer(before, on ? t.no_true : t.no_false));
  w->closed = rarer(before, on ? t.no_false : t.no_true);
}

static void step(walk *w, const lq_insn *i)
{
  truth t;
  if (i->op == LQ_OP_TEST) {
    t = test(w, i->c);
    push(w, t.no_true, t.no_false);
  } else if (i->op == LQ_OP_TEST_AND || i->op == LQ_OP_TEST_OR) {
    test_and_jump(w, i);
  } else if (i->op == LQ_OP_JUMP_FALSE || i->op == LQ_OP_JUMP_TRUE) {
    pop_and_jump(w, i);
  } else if (i->op == LQ_OP_NOT) {
    t = w->stack[w->depth - 1];
    w->stack[w->depth - 1] = (truth){t.no_false, t.no_true};
  } else if (i->op == LQ_OP_PUSH) {
    push(w, i->a ? NULL : &nothing, i->a ? &nothing : NULL);
  } else {
    pass_over(w, i);
  }
}

static void forget_points(walk *w, uint32_t ncode)
{
  for (uint32_t i = w->pc; i < ncode; i++)
    w->f->points[i] = NULL;
}

static const set *pass(walk *w, uint32_t ncode)
{
  const set *answer = NULL;
  w->spends = &nothing;
  w->last = w->closed = NULL;
  w->depth = 0;
  w->work = 1024 + (size_t)64 * ncode;
  for (w->pc = 0; w->pc + 1 < ncode && w->spends; w->pc++) {
    if (take_point(w))
      step(w, &w->code[w->pc]);
  }
  if (w->spends && take_point(w))
    answer = rarer(w->closed, w->stack[w->depth - 1].no_true);
  forget_points(w, ncode);
  return answer;
}

// What keeps the run from spending is chosen in any case, so a second pass sees what is left to close.
static const set *pass_again(walk *w, uint32_t ncode)
{
  const set *chosen = w->spends;
  w->again = true;
  for (uint32_t i = 0; i < chosen->n; i++)
    w->f->chosen[chosen->ids[i]] = 1;
  const set *rest = pass(w, ncode);
  for (uint32_t i = 0; i < chosen->n; i++)
    w->f->chosen[chosen->ids[i]] = 0;
  return both(w, chosen, both(w, w->spends, rest));
}

lq_gate lq_gate_find(lq_gate_finder *f, uint32_t code, uint32_t ncode, const uint8_t *known)
{
  walk w = {.f = f, .code = f->program->code + code, .known = known};
  lq_arena_reset(&f->arena);
  f->failed = false;
  const set *s = pass(&w, ncode);
  if (s && w.spends && w.spends->n > 0 && s != w.spends)
    s = pass_again(&w, ncode);
  else
    s = both(&w, w.spends, s);
  if (!s || f->failed)
    return (lq_gate){.kind = LQ_GATE_NONE};
  return (lq_gate){.kind = s->n ? LQ_GATE_ANY : LQ_GATE_NEVER, .n = s->n, .ids = s->ids};
}

// ---- life

static size_t most_code(const lq_program *p)
{
  size_t most = 0;
  for (size_t i = 0; i < p->nrules; i++)
    most = p->rules[i].ncode > most ? p->rules[i].ncode : most;
  return most;
}

lq_status lq_gate_finder_init(lq_gate_finder *f, const lq_program *p, const uint32_t *rarity,
                              const lq_mem *mem)
{
  *f = (lq_gate_finder){.mem = mem, .program = p, .rarity = rarity, .npoints = most_code(p)};
  f->arena.mem = mem;
  f->points = lq_mem_alloc(mem, f->npoints, sizeof(lq_gate_point *));
  f->chosen = lq_mem_alloc(mem, p->npredicates, sizeof *f->chosen);
  if (f->points && f->chosen)
    return LQ_OK;
  lq_gate_finder_free(f);
  return LQ_E_NOMEM;
}

void lq_gate_finder_free(lq_gate_finder *f)
{
  lq_arena_free(&f->arena);
  if (!f->mem)
    return;
  lq_mem_free(f->mem, f->points, f->npoints, sizeof(lq_gate_point *));
  lq_mem_free(f->mem, f->chosen, f->program->npredicates, sizeof *f->chosen);
  *f = (lq_gate_finder){0};
}
