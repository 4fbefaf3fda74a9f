// Tree to plan: terms, keys and stages.
#include "compiler/query.h"

#include "stdlib/functions.h"

// ---- terms

static uint32_t count(const lq_node *first)
{
  uint32_t n = 0;
  for (; first; first = first->next)
    n++;
  return n;
}

static void lower_keys(lq_planner *p, const lq_node *first, lq_term_plan *t)
{
  for (const lq_node *k = first; k && t->keys; k = k->next) {
    t->keys[t->nkeys++] = (lq_key_plan){.value = lq_is_endgame(p) ? lq_endgame_key(p, k)
                                                                  : lq_lower_value(p, k),
                                        .name = lq_written(p->arena, k),
                                        .optional = k->kind == LQ_N_FIELD && k->optional};
  }
}

static lq_term_plan lower_term(lq_planner *p, const lq_node *base, const lq_node *n)
{
  lq_term_plan t = {.runs = 1, .alias = n->name, .negated = n->negated, .fork = n->fork > 0};
  if (!n->negated && n->number > 1)
    t.runs = (uint32_t)n->number;
  t.condition = lq_lower_condition(p, n->kids);
  t.keys = lq_arena_array(p->arena, count(base->by) + count(n->by), sizeof *t.keys);
  lower_keys(p, base->by, &t);
  lower_keys(p, n->by, &t);
  return t;
}

static void lower_terms(lq_planner *p, const lq_node *base, lq_query_plan *q)
{
  uint32_t n = lq_term_number(base, NULL);
  q->terms = lq_arena_array(p->arena, n + 1, sizeof *q->terms);
  q->kind = base->kind == LQ_N_SEQUENCE ? LQ_STATE_SEQUENCE
            : base->kind == LQ_N_SAMPLE ? LQ_STATE_SAMPLE
                                        : LQ_STATE_JOIN;
  q->maxspan = base->kind == LQ_N_SEQUENCE ? base->duration : -1;
  q->flags = lq_is_endgame(p) ? LQ_STATE_UNTIL_FIRST | LQ_STATE_NULL_KEYS : 0;
  for (const lq_node *t = base->kids; t && q->terms; t = t->next) {
    // A missing event that is written with runs is as many of them: each has its slot in a match.
    int64_t copies = t->negated && t->number > 1 ? t->number : 1;
    for (; copies > 0; copies--)
      q->terms[q->nterms++] = lower_term(p, base, t);
  }
  if (base->until && q->terms) {
    q->terms[q->nterms] = lower_term(p, base, base->until);
    q->terms[q->nterms].alias = LQ_STR("");
    q->until = 1;
  }
}

// ---- stages

static lq_stage_op op_of(lq_stage_kind s)
{
  switch (s) {
  case LQ_STAGE_WHERE:
  case LQ_STAGE_FILTER: return LQ_DO_WHERE;
  case LQ_STAGE_HEAD: return LQ_DO_HEAD;
  case LQ_STAGE_TAIL: return LQ_DO_TAIL;
  case LQ_STAGE_SORT: return LQ_DO_SORT;
  case LQ_STAGE_UNIQUE: return LQ_DO_UNIQUE;
  case LQ_STAGE_COUNT: return LQ_DO_COUNT;
  case LQ_STAGE_UNIQUE_COUNT: return LQ_DO_UNIQUE_COUNT;
  case LQ_STAGE_KEEP: return LQ_DO_KEEP;
  case LQ_STAGE_DROP: return LQ_DO_DROP;
  case LQ_STAGE_EVAL: return LQ_DO_EVAL;
  case LQ_STAGE_STATS: return LQ_DO_STATS;
  case LQ_STAGE_SUPPRESS: return LQ_DO_SUPPRESS;
  case LQ_STAGE_NEW_TERMS: return LQ_DO_NEW_TERMS;
  }
  return LQ_DO_WHERE;
}

static bool groups(lq_stage_op op)
{
  return op == LQ_DO_SORT || op == LQ_DO_UNIQUE || op == LQ_DO_COUNT || op == LQ_DO_UNIQUE_COUNT;
}

static lq_arg_plan lower_arg(lq_planner *p, const lq_node *n, lq_stage_op op)
{
  lq_arg_plan a = {.function = LQ_NONE};
  if (op == LQ_DO_WHERE) {
    a.plan = lq_lower_condition(p, n);
    return a;
  }
  a.name = lq_column_name(p->arena, n);
  if (op != LQ_DO_DROP)
    a.plan = groups(op) && lq_is_endgame(p) ? lq_endgame_key(p, n)
                                            : lq_lower_value(p, n->kind == LQ_N_NAMED ? n->kids : n);
  return a;
}

// `dcount(user.name) as users`: the aggregate, and what it is of.
static lq_arg_plan lower_aggregate(lq_planner *p, const lq_node *n)
{
  const lq_node *call = n->kind == LQ_N_NAMED ? n->kids : n;
  lq_arg_plan a = {.name = lq_column_name(p->arena, n)};
  lq_function_id id = 0;
  bool fold = false;
  lq_function_find(call->name, &id, &fold);
  a.function = (uint32_t)id;
  if (call->kids)
    a.plan = lq_lower_value(p, call->kids);
  return a;
}

static lq_stage_plan lower_stage(lq_planner *p, const lq_node *n)
{
  lq_stage_plan s = {.op = op_of(n->stage), .number = -1, .descending = n->descending};
  if (s.op == LQ_DO_HEAD || s.op == LQ_DO_TAIL)
    s.number = n->number;
  else
    s.number = n->duration;
  s.args = lq_arena_array(p->arena, count(n->kids) + count(n->by), sizeof *s.args);
  for (const lq_node *k = n->kids; k && s.args; k = k->next)
    s.args[s.nargs++] = s.op == LQ_DO_STATS ? lower_aggregate(p, k) : lower_arg(p, k, s.op);
  for (const lq_node *k = n->by; k && s.args; k = k->next)
    s.args[s.nargs++] = lower_arg(p, k, s.op);
  s.nby = s.op == LQ_DO_STATS ? count(n->by) : 0;
  return s;
}

// One stage for each name, so that later ones may read earlier ones.
static void lower_eval(lq_planner *p, const lq_node *n, lq_query_plan *q)
{
  for (const lq_node *k = n->kids; k; k = k->next) {
    lq_stage_plan s = {.op = LQ_DO_EVAL, .number = -1, .nargs = 1};
    s.args = lq_arena_alloc(p->arena, sizeof *s.args);
    if (!s.args)
      return;
    *s.args = lower_arg(p, k, LQ_DO_EVAL);
    q->stages[q->nstages++] = s;
  }
}

static void lower_stages(lq_planner *p, const lq_node *first, lq_query_plan *q)
{
  uint32_t n = 0;
  for (const lq_node *k = first; k; k = k->next)
    n += 1 + k->nkids;
  q->stages = lq_arena_array(p->arena, n, sizeof *q->stages);
  for (const lq_node *k = first; k && q->stages; k = k->next) {
    if (k->kind == LQ_N_STAGE && k->stage == LQ_STAGE_EVAL)
      lower_eval(p, k, q);
    else if (k->kind == LQ_N_STAGE)
      q->stages[q->nstages++] = lower_stage(p, k);
  }
}

// ---- the whole

static bool asks_lineage(const lq_node *n)
{
  if (n->kind == LQ_N_LINEAGE)
    return true;
  for (const lq_node *k = n->kids; k; k = k->next) {
    if (asks_lineage(k))
      return true;
  }
  return false;
}

lq_query_plan *lq_lower_query(lq_planner *p, const lq_node *n)
{
  lq_query_plan *q = lq_arena_alloc(p->arena, sizeof *q);
  if (!q)
    return NULL;
  const lq_node *base = n->kind == LQ_N_QUERY ? n->kids : n;
  q->maxspan = -1;
  if (base->kind == LQ_N_SEQUENCE || base->kind == LQ_N_SAMPLE || base->kind == LQ_N_JOIN) {
    lower_terms(p, base, q);
    lower_stages(p, base->next, q);
    q->stateful = true;
    return p->arena->failed ? NULL : q;
  }
  const lq_node *rest = NULL;
  q->terms = lq_arena_alloc(p->arena, sizeof *q->terms);
  if (!q->terms)
    return NULL;
  q->nterms = 1;
  *q->terms = (lq_term_plan){.condition = lq_lower_event(p, n, &rest), .runs = 1};
  lower_stages(p, rest, q);
  q->stateful = rest || asks_lineage(n);
  return p->arena->failed ? NULL : q;
}
