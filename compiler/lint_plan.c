// Warnings that need the meaning: constant conditions, conditions that exclude each other, rules made of
// negations alone.
#include "base/utf8.h"
#include "compiler/lint.h"
#include "stdlib/schema.h"

enum { PAIRS_MAX = 64 };

static lq_planner planner(lq_linter *l)
{
  return (lq_planner){.arena = l->arena, .o = l->o};
}

// ---- constants

static bool asks_event(const lq_node *n)
{
  if (n->kind == LQ_N_FIELD || n->kind == LQ_N_VARIABLE || n->kind == LQ_N_ANY_TEXT ||
      n->kind == LQ_N_LINEAGE || n->kind == LQ_N_REF || n->kind == LQ_N_COLUMN)
    return true;
  for (const lq_node *k = n->kids; k; k = k->next) {
    if (asks_event(k))
      return true;
  }
  return false;
}

void lq_lint_constant(lq_linter *l, const lq_node *n)
{
  if (asks_event(n))
    return;
  lq_planner p = planner(l);
  lq_plan *plan = lq_lower_condition(&p, n);
  plan = plan && !l->arena->failed ? lq_fold_plan(&p, plan) : NULL;
  const char *what = !plan || plan->kind != LQ_P_BOOL ? "does not depend on the event"
                     : plan->truth                    ? "is always true"
                                                      : "is never true";
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_CONSTANT_CONDITION, n->span, "this condition %s", what);
  lq_diag_label(l->d, d, n->span, "no field in it");
  lq_diag_help(l->d, d, "remove it, or compare with a field");
}

// ---- contradictions

static bool same_entries(const lq_plan *a, const lq_plan *b)
{
  if (a->nentries != b->nentries)
    return false;
  for (size_t i = 0; i < a->nentries; i++) {
    if (a->entries[i].flags != b->entries[i].flags || !lq_str_eq(a->entries[i].text, b->entries[i].text))
      return false;
  }
  return true;
}

static bool same_test(const lq_plan *a, const lq_plan *b)
{
  bool texts = lq_match_kinds[a->matcher].set == LQ_SET_TEXTS ||
               lq_match_kinds[a->matcher].set == LQ_SET_REGEXES || a->matcher == LQ_MATCHER_EXISTS;
  return a->matcher == b->matcher && texts && lq_ref_equal(&a->ref, &b->ref) && same_entries(a, b);
}

static bool is_equality(lq_matcher_kind w)
{
  return w == LQ_MATCHER_EQ || w == LQ_MATCHER_EQ_FOLD;
}

static bool share_a_text(const lq_plan *a, const lq_plan *b)
{
  for (size_t i = 0; i < a->nentries; i++) {
    for (size_t j = 0; j < b->nentries; j++) {
      if (lq_fold_eq(a->entries[i].text, b->entries[j].text))
        return true;
    }
  }
  return false;
}

static bool holds_one_value(const lq_linter *l, const lq_ref *r)
{
  const lq_schema_field *f = r->scope ? NULL : lq_schema_find(lq_schema_or_ecs(l->o->types), r->name);
  return f && !f->array;
}

// Can no event satisfy both? Only what is certain.
static bool exclude_each_other(const lq_linter *l, const lq_plan *a, const lq_plan *b)
{
  if (a->kind == LQ_P_NOT && b->kind == LQ_P_TEST) {
    const lq_plan *swap = a;
    a = b, b = swap;
  }
  if (a->kind != LQ_P_TEST)
    return false;
  if (b->kind == LQ_P_NOT && b->kids->kind == LQ_P_TEST)
    return same_test(a, b->kids) ||
           (b->kids->matcher == LQ_MATCHER_EXISTS && lq_ref_equal(&a->ref, &b->kids->ref));
  return b->kind == LQ_P_TEST && is_equality(a->matcher) && is_equality(b->matcher) &&
         lq_ref_equal(&a->ref, &b->ref) && holds_one_value(l, &a->ref) && a->nentries * b->nentries < 10000 &&
         !share_a_text(a, b);
}

static void contradiction(lq_linter *l, const lq_plan *a, const lq_plan *b)
{
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_CONTRADICTION, b->span, "these conditions cannot both hold");
  lq_diag_label(l->d, d, b->span, "excludes the other one");
  lq_diag_label(l->d, d, a->span, "this one");
  lq_diag_help(l->d, d, "join them by `or`, or remove one");
}

static void tautology(lq_linter *l, const lq_plan *a, const lq_plan *b)
{
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_CONSTANT_CONDITION, b->span, "one of these conditions always holds");
  lq_diag_label(l->d, d, b->span, "the opposite of the other one");
  lq_diag_label(l->d, d, a->span, "this one");
  lq_diag_help(l->d, d, "join them by `and`, or remove both");
}

static bool are_opposites(const lq_plan *a, const lq_plan *b)
{
  const lq_plan *negated = a->kind == LQ_P_NOT ? a : b, *plain = negated == a ? b : a;
  return negated->kind == LQ_P_NOT && negated->kids->kind == LQ_P_TEST && plain->kind == LQ_P_TEST &&
         same_test(negated->kids, plain);
}

static void check_chain(lq_linter *l, const lq_plan *n)
{
  int i = 0;
  for (const lq_plan *b = n->kids; b && i < PAIRS_MAX; b = b->next, i++) {
    for (const lq_plan *a = n->kids; a != b; a = a->next) {
      if (n->kind == LQ_P_AND && exclude_each_other(l, a, b))
        contradiction(l, a, b);
      else if (n->kind == LQ_P_OR && are_opposites(a, b))
        tautology(l, a, b);
    }
  }
}

static void check_chains(lq_linter *l, const lq_plan *n)
{
  if (n->kind == LQ_P_AND || n->kind == LQ_P_OR)
    check_chain(l, n);
  for (const lq_plan *k = n->kids; k; k = k->next)
    check_chains(l, k);
}

// ---- negations

static bool is_negation(const lq_plan *n)
{
  return n->kind == LQ_P_NOT && n->kids->kind == LQ_P_TEST;
}

// A negation beside a positive condition is everyday work. A rule of negations alone matches nearly every
// event.
static void check_negations(lq_linter *l, const lq_plan *n)
{
  const lq_plan *loud = NULL;
  const lq_plan *first = n->kind == LQ_P_AND ? n->kids : n;
  for (const lq_plan *k = first; k; k = n->kind == LQ_P_AND ? k->next : NULL) {
    if (!is_negation(k))
      return;
    loud = loud || k->kids->matcher == LQ_MATCHER_EXISTS ? loud : k;
  }
  if (!loud)
    return;
  lq_str name = loud->kids->ref.name;
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_NEGATION_MATCHES_MISSING, loud->span,
                           "this also matches every event without `%.*s`", LQ_STR_ARG(name));
  lq_diag_label(l->d, d, loud->span, "true where the field is missing");
  lq_diag_help(l->d, d, "add a condition on what the event is, or `%.*s != null`", LQ_STR_ARG(name));
}

void lq_lint_plan(lq_linter *l, const lq_node *query)
{
  lq_planner p = planner(l);
  const lq_node *base = query->kind == LQ_N_QUERY ? query->kids : query, *rest;
  bool terms = base->kind == LQ_N_SEQUENCE || base->kind == LQ_N_SAMPLE || base->kind == LQ_N_JOIN;
  for (const lq_node *t = terms ? base->kids : query; t; t = terms ? t->next : NULL) {
    lq_plan *plan = terms ? lq_lower_condition(&p, t->kids) : lq_lower_event(&p, t, &rest);
    plan = plan && !l->arena->failed ? lq_fold_plan(&p, plan) : NULL;
    if (!plan)
      return;
    check_chains(l, plan);
    if (!terms)
      check_negations(l, plan);
  }
}
