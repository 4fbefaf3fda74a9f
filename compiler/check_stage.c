// Stages behind a query: what each takes.
#include "compiler/check.h"

static void check_names(lq_checker *c, const lq_node *stage)
{
  for (const lq_node *k = stage->kids; k; k = k->next) {
    for (const lq_node *j = stage->kids; j != k; j = j->next) {
      if (k->kind != LQ_N_NAMED || j->kind != LQ_N_NAMED || k->name.n == 0 || !lq_str_eq(j->name, k->name))
        continue;
      lq_diag *d = lq_diag_add(c->d, LQ_DIAG_DUPLICATE_NAME, k->span, "`%.*s` is named twice",
                               LQ_STR_ARG(k->name));
      lq_diag_label(c->d, d, k->span, "again here");
      lq_diag_label(c->d, d, j->span, "first here");
      break;
    }
  }
}

static bool is_aggregate(const lq_node *n)
{
  lq_function_id id;
  bool fold;
  // An unknown name has its own message.
  return n->kind == LQ_N_ERROR || (n->kind == LQ_N_CALL && (!lq_function_find(n->name, &id, &fold) ||
                                                            lq_functions[id].flags & LQ_FN_AGGREGATE));
}

static void check_item(lq_checker *c, const lq_node *item)
{
  const lq_node *call = item->kind == LQ_N_NAMED ? item->kids : item;
  if (!is_aggregate(call)) {
    lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, call->span, "`stats` takes functions of many events");
    lq_diag_label(c->d, d, call->span, "of one event, or made of several functions");
    lq_diag_help(c->d, d,
                 "write `stats count() as n by host.id`, and compute with `n` in `| eval` or `| where`");
    return;
  }
  c->aggregates = true;
  lq_check_value(c, call);
  c->aggregates = false;
}

// What `keep` and `drop` name is an event's field or a column; both are read as values, and never missing
// here.
static void check_values(lq_checker *c, const lq_node *first)
{
  for (const lq_node *k = first; k; k = k->next) {
    lq_check_value(c, k);
    lq_check_dynamic(c, k, "what a stage groups or sorts by");
  }
}

static void check_window(lq_checker *c, const lq_node *s)
{
  bool window = s->stage == LQ_STAGE_SUPPRESS || s->stage == LQ_STAGE_NEW_TERMS || s->stage == LQ_STAGE_STATS;
  if (!window || s->duration != 0)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_DURATION, s->mark, "the window of `%s` is empty",
                           lq_stage_word(s->stage));
  lq_diag_label(c->d, d, s->mark, "0 long");
  lq_diag_help(c->d, d, "write how long: `%s 5m`", s->stage == LQ_STAGE_SUPPRESS ? "for" : "over");
}

// `eval` is one stage for each name, and what it and `stats` make counts as columns.
static void check_count(lq_checker *c, const lq_node *s)
{
  size_t n = 0;
  const lq_node *over = NULL;
  if (s->stage == LQ_STAGE_EVAL || s->stage == LQ_STAGE_STATS)
    return;
  for (const lq_node *k = s->kids ? s->kids : s->by; k; k = k->next) {
    if (++n == LQ_STAGE_ARGS_MAX + 1)
      over = k;
  }
  if (!over)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_LARGE, over->span, "`%s` takes too many values",
                           lq_stage_word(s->stage));
  lq_diag_label(c->d, d, over->span, "%zu of them, the limit is %d; this is the first one over it", n,
                LQ_STAGE_ARGS_MAX);
}

void lq_check_stage(lq_checker *c, const lq_node *s)
{
  check_window(c, s);
  check_count(c, s);
  switch (s->stage) {
  case LQ_STAGE_WHERE:
  case LQ_STAGE_FILTER: lq_check_condition(c, s->kids); return;
  case LQ_STAGE_STATS:
    for (const lq_node *k = s->kids; k; k = k->next)
      check_item(c, k);
    break;
  case LQ_STAGE_HEAD:
  case LQ_STAGE_TAIL:
  case LQ_STAGE_SORT:
  case LQ_STAGE_UNIQUE:
  case LQ_STAGE_COUNT:
  case LQ_STAGE_UNIQUE_COUNT:
  case LQ_STAGE_KEEP:
  case LQ_STAGE_DROP:
  case LQ_STAGE_EVAL:
  case LQ_STAGE_SUPPRESS:
  case LQ_STAGE_NEW_TERMS: check_values(c, s->kids); break;
  }
  check_values(c, s->by);
  check_names(c, s);
}
