// Whole queries: sequences and their kin, stages, and what this version does not run yet.
#include <stdio.h>

#include "compiler/check.h"

void lq_check_not_yet(lq_checker *c, lq_span span, const char *what)
{
  size_t before = c->d->nerrors;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_NOT_YET, span, "%s is not available in this version", what);
  lq_diag_label(c->d, d, span, "understood, but cannot be run yet");
  c->not_yet += c->d->nerrors - before;
}

void lq_check_event(lq_checker *c, const lq_node *event)
{
  lq_check_condition(c, event->kind == LQ_N_EVENT ? event->kids : event);
}

// ---- sequences ----------------------------------------------------------------------------------

static void check_runs(lq_checker *c, const lq_node *t)
{
  // 0: not written.
  if (t->number >= 0 && t->number <= 100)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_RUNS, t->mark, "`runs` is %lld, it can be 1 to 100",
                           (long long)t->number);
  lq_diag_label(c->d, d, t->span, "this term");
}

static void check_keys(lq_checker *c, const lq_node *first)
{
  for (const lq_node *k = first; k; k = k->next)
    lq_check_value(c, k);
}

static void check_term(lq_checker *c, const lq_node *t)
{
  if (t->kind != LQ_N_TERM)
    return;
  check_runs(c, t);
  lq_check_event(c, t->kids);
  check_keys(c, t->by);
}

static void check_key_counts(lq_checker *c, const lq_node *first, const lq_node *t)
{
  if (t->kind != LQ_N_TERM || first->nby == t->nby)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_JOIN_KEYS, t->span, "this term has %u key%s, the first one has %u",
                           t->nby, t->nby == 1 ? "" : "s", first->nby);
  lq_diag_label(c->d, d, t->span, "%u key%s", t->nby, t->nby == 1 ? "" : "s");
  lq_diag_label(c->d, d, first->span, "%u key%s", first->nby, first->nby == 1 ? "" : "s");
  lq_diag_help(c->d, d, "give each term, and `until`, as many `by` keys");
}

static const char *word_of(const lq_node *n)
{
  return n->kind == LQ_N_SEQUENCE ? "a sequence" : n->kind == LQ_N_SAMPLE ? "a sample" : "a join";
}

static void check_term_count(lq_checker *c, const lq_node *n)
{
  int64_t terms = 0;
  bool positive = false;
  for (const lq_node *t = n->kids; t; t = t->next) {
    if (t->kind != LQ_N_TERM)
      return;
    terms += t->number > 1 ? t->number : 1;
    positive = positive || !t->negated;
  }
  if (terms >= 2 && positive)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_FEW_TERMS, n->mark,
                           "%s needs at least two terms, one of them positive", word_of(n));
  lq_diag_label(c->d, d, n->mark, terms < 2 ? "has only one" : "has only missing events");
}

static void check_missing(lq_checker *c, const lq_node *n)
{
  for (const lq_node *t = n->kids; t; t = t->next) {
    if (t->kind != LQ_N_TERM || !t->negated || n->duration >= 0)
      continue;
    lq_diag *d = lq_diag_add(c->d, LQ_DIAG_MISSING_MAXSPAN, t->span, "a missing event needs `maxspan`");
    lq_diag_label(c->d, d, t->span, "for how long must it not happen?");
    lq_diag_help(c->d, d, "write `%s with maxspan=5m`", n->kind == LQ_N_SEQUENCE ? "sequence" : "sample");
  }
}

static void check_aliases(lq_checker *c, const lq_node *n)
{
  for (const lq_node *t = n->kids; t; t = t->next) {
    for (const lq_node *u = n->kids; u != t && t->name.n > 0; u = u->next) {
      if (!lq_str_eq(u->name, t->name))
        continue;
      lq_diag *d = lq_diag_add(c->d, LQ_DIAG_DUPLICATE_NAME, t->span, "two terms are called `%.*s`",
                               LQ_STR_ARG(t->name));
      lq_diag_label(c->d, d, t->span, "the second one");
      lq_diag_label(c->d, d, u->span, "the first one");
      break;
    }
  }
}

static void check_terms(lq_checker *c, const lq_node *n)
{
  check_keys(c, n->by);
  for (const lq_node *t = n->kids; t; t = t->next) {
    check_term(c, t);
    check_key_counts(c, n->kids, t);
  }
  if (n->until) {
    check_term(c, n->until);
    if (n->kids)
      check_key_counts(c, n->kids, n->until);
  }
  check_term_count(c, n);
  check_missing(c, n);
  check_aliases(c, n);
  lq_check_not_yet(c, n->mark, word_of(n));
}

// ---- stages -------------------------------------------------------------------------------------

static void check_stage_name(lq_checker *c, const lq_node *stage)
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

static bool filters(const lq_node *s)
{
  return s->stage == LQ_STAGE_WHERE || s->stage == LQ_STAGE_FILTER;
}

static void check_stage(lq_checker *c, const lq_node *s, bool not_yet)
{
  if (filters(s)) {
    lq_check_condition(c, s->kids);
    return;
  }
  c->aggregates = s->stage == LQ_STAGE_STATS;
  for (const lq_node *k = s->kids; k; k = k->next)
    lq_check_value(c, k);
  c->aggregates = false;
  check_keys(c, s->by);
  check_stage_name(c, s);
  char what[64];
  snprintf(what, sizeof what, "the stage `%s`", lq_stage_word(s->stage));
  if (not_yet)
    lq_check_not_yet(c, s->mark, what);
}

void lq_check_query(lq_checker *c, const lq_node *query)
{
  const lq_node *base = query->kids;
  bool event = base && base->kind == LQ_N_EVENT;
  for (const lq_node *k = base; k; k = k->next) {
    if (k->kind == LQ_N_SEQUENCE || k->kind == LQ_N_SAMPLE || k->kind == LQ_N_JOIN)
      check_terms(c, k);
    else if (k->kind == LQ_N_STAGE)
      check_stage(c, k, event);
    else
      lq_check_condition(c, k);
  }
}
