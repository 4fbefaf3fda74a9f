// Whole queries: sequences and their kin, stages, and what this version does not run yet.
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

static void too_many(lq_checker *c, lq_span where, const char *what, size_t n, size_t max)
{
  if (n <= max)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_LARGE, where, "too many %s", what);
  lq_diag_label(c->d, d, where, "%zu of them, the limit is %zu", n, max);
}

static bool is_constant(const lq_node *n)
{
  bool made = n->kind == LQ_N_ARITH || n->kind == LQ_N_NEGATE || n->kind == LQ_N_CALL ||
              n->kind == LQ_N_COMPARE;
  if (!made)
    return n->kind == LQ_N_NULL || lq_is_literal(n);
  for (const lq_node *k = n->kids; k; k = k->next) {
    if (!is_constant(k))
      return false;
  }
  return n->kids != NULL;
}

// Endgame EQL refuses to sort or group by what is the same for all events.
void lq_check_dynamic(lq_checker *c, const lq_node *n, const char *what)
{
  if (!lq_in_endgame(c) || !is_constant(n))
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, n->span, "%s comes from the event, this is a constant",
                           what);
  lq_diag_label(c->d, d, n->span, "the same for all events");
}

// ---- sequences

static void check_runs(lq_checker *c, const lq_node *t)
{
  // 0: not written.
  if (t->number >= 0 && t->number <= LQ_RUNS_MAX)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_RUNS, t->mark, "`runs` is %lld, it can be 1 to 100",
                           (long long)t->number);
  lq_diag_label(c->d, d, t->span, "this term");
}

static void check_keys(lq_checker *c, const lq_node *first)
{
  for (const lq_node *k = first; k; k = k->next) {
    lq_check_value(c, k);
    lq_check_dynamic(c, k, "a key");
  }
}

static void check_term(lq_checker *c, const lq_node *t)
{
  if (t->kind != LQ_N_TERM)
    return;
  check_runs(c, t);
  lq_check_event(c, t->kids);
  check_keys(c, t->by);
}

// Where keys are too few or too many.
static lq_span odd_keys(const lq_checker *c, const lq_node *t)
{
  const lq_node *last = t->by;
  if (!lq_in_endgame(c))
    return t->span;
  while (last && last->next)
    last = last->next;
  return last ? last->span : (lq_span){t->span.end - 1, t->span.end};
}

static void check_key_counts(lq_checker *c, const lq_node *first, const lq_node *t)
{
  if (t->kind != LQ_N_TERM || first->nby == t->nby)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_JOIN_KEYS, odd_keys(c, t),
                           "this term has %u key%s, the first one has %u", t->nby, t->nby == 1 ? "" : "s",
                           first->nby);
  lq_diag_label(c->d, d, odd_keys(c, t), "%u key%s", t->nby, t->nby == 1 ? "" : "s");
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

// Marked where `with maxspan` is to be written.
static void check_missing(lq_checker *c, const lq_node *n)
{
  const lq_node *t = n->kids;
  while (t && !(t->kind == LQ_N_TERM && t->negated))
    t = t->next;
  if (!t || n->duration >= 0)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_MISSING_MAXSPAN, n->mark, "a missing event needs `maxspan`");
  lq_diag_label(c->d, d, t->span, "for how long must it not happen?");
  lq_diag_help(c->d, d, "write `%s with maxspan=5m`", n->kind == LQ_N_SEQUENCE ? "sequence" : "sample");
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

static void check_until(lq_checker *c, const lq_node *n)
{
  check_term(c, n->until);
  if (n->kids)
    check_key_counts(c, n->kids, n->until);
  if (n->until->number <= 1)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_RUNS, n->until->span, "`until` needs one event, not several");
  lq_diag_label(c->d, d, n->until->span, "%lld times", (long long)n->until->number);
}

// Without a key a sample would be any two events of a whole stream.
static void check_sample(lq_checker *c, const lq_node *n)
{
  if (n->kind != LQ_N_SAMPLE || n->nby > 0 || (n->kids && n->kids->nby > 0))
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_JOIN_KEYS, n->mark, "a sample needs a key");
  lq_diag_label(c->d, d, n->mark, "joins nothing");
  lq_diag_help(c->d, d, "write `sample by host.id`");
}

static void check_terms(lq_checker *c, const lq_node *n)
{
  check_keys(c, n->by);
  for (const lq_node *t = n->kids; t; t = t->next) {
    check_term(c, t);
    check_key_counts(c, n->kids, t);
  }
  if (n->until)
    check_until(c, n);
  too_many(c, n->mark, "terms", lq_term_number(n, NULL), LQ_TERMS_MAX);
  too_many(c, n->mark, "keys", n->nby + (n->kids ? n->kids->nby : 0), LQ_KEYS_MAX);
  check_sample(c, n);
  check_term_count(c, n);
  check_missing(c, n);
  check_aliases(c, n);
}

// ---- the whole

void lq_check_query(lq_checker *c, lq_node *query)
{
  size_t stages = 0;
  lq_bind_names(c, query);
  for (const lq_node *k = query->kids; k; k = k->next) {
    if (k->kind == LQ_N_SEQUENCE || k->kind == LQ_N_SAMPLE || k->kind == LQ_N_JOIN)
      check_terms(c, k);
    else if (k->kind == LQ_N_STAGE)
      lq_check_stage(c, k);
    else
      lq_check_condition(c, k);
    // `eval` is one stage for each name.
    if (k->kind == LQ_N_STAGE)
      stages += k->stage == LQ_STAGE_EVAL ? k->nkids : 1;
  }
  too_many(c, query->span, "stages", stages, LQ_STAGES_MAX);
}
