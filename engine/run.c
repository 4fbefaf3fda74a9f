// Which conditions hold for an event. No other place runs one.
//
// The plain way runs all of them. The other runs the candidates of a plan: those whose gates are open.
#include "engine/internal.h"

// ---- one

// Each condition has the whole budget and all the scratch memory: what one spends on an event is not taken
// from others, else an event made for one could hide from the rest.
static lq_verdict run(lq_engine *e, lq_exec *x, const lq_condition *c)
{
  lq_arena_reset(&x->scratch);
  x->budget = e->rs->limits.budget;
  e->stats.rules_run++;
  uint64_t start = lq_profile_start(e->profile);
  lq_verdict v = c->snippet == LQ_NONE ? lq_exec_run(x, &e->rs->program->rules[c->rule])
                                       : lq_exec_truth(x, c->snippet);
  if (start)
    lq_profile_end(e->profile, &e->profile->rules[c->rule], start);
  e->stats.indeterminate += v == LQ_VERDICT_INDETERMINATE;
  return v;
}

// LQ_E_NOMEM, or whether it holds in *holds.
static lq_status ask(lq_engine *e, lq_exec *x, const lq_condition *c, bool *holds)
{
  lq_verdict v = run(e, x, c);
  *holds = v == LQ_VERDICT_YES;
  return v == LQ_VERDICT_INDETERMINATE && e->scratch_mem.out_of_memory ? LQ_E_NOMEM : LQ_OK;
}

bool lq_engine_compute(lq_engine *e, lq_exec *x, uint32_t predicate)
{
  uint64_t start = lq_profile_start(e->profile);
  bool holds = lq_predicate_test(x, &x->program->predicates[predicate]);
  if (start)
    lq_profile_end(e->profile, &e->profile->predicates[predicate], start);
  return holds;
}

bool lq_engine_may_hold(lq_engine *e, lq_exec *x, uint32_t predicate)
{
  if (x->memo[predicate])
    return x->memo[predicate] == 2;
  x->failed = false;
  x->predicates_run++;
  bool holds = lq_engine_compute(e, x, predicate);
  if (!x->failed)
    lq_exec_mark(x, predicate, holds);
  return holds || x->failed;
}

// One that is asked later is none for an event that leaves its gate closed. That is so whatever layers are
// on: what waits, and for whom, does not hang on how quick we are.
static bool may_hold_later(lq_engine *e, lq_exec *x, const lq_condition *c)
{
  const lq_gate_range *g = &e->rs->gates[c - e->rs->conditions];
  bool open = g->kind == LQ_GATE_NONE;
  for (uint32_t i = g->first; i < g->first + g->n && !open; i++)
    open = lq_engine_may_hold(e, x, e->rs->gate_ids[i]);
  return open;
}

// ---- all

static uint32_t number_of(const lq_condition *c)
{
  return c->term != LQ_NONE ? c->term : c->row != LQ_NONE ? c->row : c->rule;
}

// *n: how many hold, or are to be asked later. By rule for whole rules, by term or row for others.
static lq_status run_all(lq_engine *e, lq_exec *x, const lq_condition *c, size_t count, uint32_t *out,
                         size_t *n)
{
  *n = 0;
  for (const lq_condition *end = c + count; c < end; c++) {
    bool holds;
    lq_status status = LQ_OK;
    if (c->reads)
      holds = may_hold_later(e, x, c);
    else
      status = ask(e, x, c, &holds);
    if (status)
      return status;
    if (holds)
      out[(*n)++] = number_of(c);
  }
  return LQ_OK;
}

lq_status lq_engine_ask_terms(lq_engine *e, lq_exec *x, uint32_t *out, size_t *n)
{
  const lq_ruleset *rs = e->rs;
  return run_all(e, x, rs->conditions + rs->nwhole, rs->program->nterms, out, n);
}

static lq_status ask_rows(lq_engine *e, lq_hits *out)
{
  const lq_ruleset *rs = e->rs;
  size_t n = rs->program->nlineages;
  return run_all(e, &e->exec, rs->conditions + rs->nconditions - n, n, e->row_hits, &out->nrows);
}

static lq_status run_everything(lq_engine *e, bool terms, lq_hits *out)
{
  lq_status status = run_all(e, &e->exec, e->rs->conditions, e->rs->nwhole, e->rule_hits, &out->nrules);
  if (!status && terms)
    status = lq_engine_ask_terms(e, &e->exec, e->term_hits, &out->nterms);
  return status || !terms ? status : ask_rows(e, out);
}

// ---- candidates

// A bit for each condition, and one for each word of those that has any: most events have a handful.
static void add_candidate(lq_engine *e, uint32_t condition)
{
  size_t w = condition / 64;
  e->candidates[w] |= UINT64_C(1) << condition % 64;
  e->busy[w / 64] |= UINT64_C(1) << w % 64;
}

// The next word that has candidates, from w on, or the number of words.
static size_t next_word(const lq_engine *e, size_t w)
{
  for (; w < e->nwords; w = (w / 64 + 1) * 64) {
    uint64_t bits = e->busy[w / 64] >> w % 64;
    if (bits)
      return w + (size_t)__builtin_ctzll(bits);
  }
  return e->nwords;
}

static void drop_candidates(lq_engine *e)
{
  for (size_t w = next_word(e, 0); w < e->nwords; w = next_word(e, w + 1))
    e->candidates[w] = 0;
  memset(e->busy, 0, (e->nwords + 63) / 64 * sizeof *e->busy);
}

static void open_gate(lq_engine *e, const lq_gate_plan *p, uint32_t test)
{
  e->stats.predicates_true++;
  for (uint32_t i = p->first[test]; i < p->first[test + 1]; i++)
    add_candidate(e, p->links[i]);
}

static bool run_matchers(lq_engine *e, uint32_t slot, const uint32_t **trues, size_t *n)
{
  uint64_t start = lq_profile_start(e->profile);
  bool ok = lq_match_run_slot(e->matching, slot, e->exec.event, trues, n);
  if (start)
    lq_profile_end(e->profile, &e->profile->slots[slot], start);
  return ok;
}

// p: opens its gates; may be NULL.
static bool ask_matchers(lq_engine *e, uint32_t slot, const lq_gate_plan *p)
{
  const uint32_t *trues;
  size_t n;
  lq_exec *x = &e->exec;
  if (!e->matching || e->answered[slot] == e->nth || !run_matchers(e, slot, &trues, &n))
    return false;
  e->answered[slot] = e->nth;
  for (size_t i = 0; i < n; i++) {
    if (!x->memo[trues[i]])
      lq_exec_mark(x, trues[i], true);
    uint32_t test = p ? lq_gate_plan_find(p, trues[i]) : LQ_NONE;
    if (test != LQ_NONE)
      open_gate(e, p, test);
  }
  return true;
}

void lq_engine_ask_slot(lq_engine *e, uint32_t slot)
{
  ask_matchers(e, slot, NULL);
}

bool lq_engine_is_denied(const lq_engine *e, uint32_t predicate)
{
  const lq_ruleset *rs = e->rs;
  uint32_t slot = rs->slots[rs->program->predicates[predicate].field];
  if (e->exec.memo[predicate])
    return e->exec.memo[predicate] == 1;
  return (e->has_class && rs->class_fields.has[slot]) ||
         (e->answered[slot] == e->nth && lq_matchers_covers(rs->matchers, predicate));
}

static void test_one(lq_engine *e, const lq_gate_plan *p, uint32_t test)
{
  uint32_t q = p->tests[test];
  if (!lq_engine_is_denied(e, q) && lq_engine_may_hold(e, &e->exec, q))
    open_gate(e, p, test);
}

static void test_one_by_one(lq_engine *e, const lq_gate_plan *p, const lq_gate_run *r)
{
  for (uint32_t i = r->first; i < r->end; i++)
    test_one(e, p, i);
}

static void test_plain(lq_engine *e, const lq_gate_plan *p, const lq_gate_run *r)
{
  for (uint32_t i = 0; i < r->nplain; i++)
    test_one(e, p, p->plain[r->first_plain + i]);
}

static void find_candidates(lq_engine *e, const lq_gate_plan *p)
{
  e->exec.depth = 0;
  for (uint32_t i = 0; i < p->nalways; i++)
    add_candidate(e, p->always[i]);
  for (const lq_gate_run *r = p->runs; r < p->runs + p->nruns; r++) {
    if (!lq_event_first(e->exec.event, r->slot))
      continue; // no test of a field holds that is not there
    if (ask_matchers(e, r->slot, p))
      test_plain(e, p, r);
    else
      test_one_by_one(e, p, r);
  }
}

// A bit for each condition there is; terms stand behind whole rules.
static uint64_t word_of(const lq_engine *e, size_t w, bool terms)
{
  size_t nwhole = e->rs->nwhole;
  if (terms || (w + 1) * 64 <= nwhole)
    return e->candidates[w];
  return w * 64 >= nwhole ? 0 : e->candidates[w] & ((UINT64_C(1) << nwhole % 64) - 1);
}

static void want_reads(lq_engine *e, size_t condition)
{
  const lq_ruleset *rs = e->rs;
  for (uint32_t k = rs->first_read[condition]; k < rs->first_read[condition + 1]; k++)
    lq_slot_set_add(&e->wanted, rs->reads[k]);
}

static lq_status need_candidates(lq_engine *e, lq_cursor *c, bool terms)
{
  uint64_t any = 0;
  for (size_t w = next_word(e, 0); w < e->nwords; w = next_word(e, w + 1)) {
    any |= e->candidates[w] = word_of(e, w, terms);
    for (uint64_t bits = e->candidates[w]; bits; bits &= bits - 1) {
      size_t i = w * 64 + (size_t)__builtin_ctzll(bits);
      if (!e->rs->conditions[i].reads)
        want_reads(e, i);
    }
  }
  return any ? lq_cursor_need(c, &e->wanted) : LQ_OK;
}

static lq_status run_candidate(lq_engine *e, const lq_condition *c, lq_hits *out)
{
  bool holds = c->reads != 0;
  e->stats.candidates++;
  lq_status status = c->reads ? LQ_OK : ask(e, &e->exec, c, &holds);
  if (holds && c->term != LQ_NONE)
    e->term_hits[out->nterms++] = c->term;
  else if (holds && c->row != LQ_NONE)
    e->row_hits[out->nrows++] = c->row;
  else if (holds)
    e->rule_hits[out->nrules++] = c->rule;
  return status;
}

static lq_status run_found(lq_engine *e, lq_hits *out)
{
  lq_status status = LQ_OK;
  for (size_t w = next_word(e, 0); w < e->nwords; w = next_word(e, w + 1)) {
    for (uint64_t bits = e->candidates[w]; bits && !status; bits &= bits - 1)
      status = run_candidate(e, &e->rs->conditions[w * 64 + (size_t)__builtin_ctzll(bits)], out);
  }
  return status;
}

static lq_status run_candidates(lq_engine *e, lq_cursor *c, const lq_gate_plan *p, bool terms, lq_hits *out)
{
  e->stats.alive += p->nalive;
  find_candidates(e, p);
  lq_status status = need_candidates(e, c, terms);
  if (!status)
    status = run_found(e, out);
  drop_candidates(e);
  if (e->wanted.n)
    memset(e->wanted.words, 0, e->wanted.n * sizeof *e->wanted.words);
  return status;
}

// The plan of the event's class, or else of the rule set; *plan is NULL: everything is to be run.
static lq_status choose_plan(lq_engine *e, lq_cursor *c, bool terms, const lq_gate_plan **plan)
{
  const lq_ruleset *rs = e->rs;
  *plan = lq_layer_is_on(e->layers_off, LQ_LAYER_GATES) ? &rs->plan : NULL;
  if (!e->classes)
    return LQ_OK;
  const lq_class *k;
  lq_status status = lq_classes_find(e->classes, c, terms, &k);
  if (!k)
    return status;
  for (size_t i = 0; i < k->ntrues; i++) {
    if (!e->exec.memo[k->trues[i]])
      lq_exec_mark(&e->exec, k->trues[i], true);
  }
  e->has_class = true;
  *plan = &k->plan;
  return LQ_OK;
}

// What the layers that are on need: when the first event comes, because they may be left out until then.
static lq_status make_ready(lq_engine *e)
{
  lq_status status = LQ_OK;
  bool matchers = lq_layer_is_on(e->layers_off, LQ_LAYER_MATCHERS),
       classes = lq_layer_is_on(e->layers_off, LQ_LAYER_CLASSES) && e->rs->class_fields.n > 0;
  if (matchers && !e->matching) {
    status = lq_match_run_new(&e->matching, e->rs->matchers, e->mem);
    if (!status)
      lq_match_run_set_layers_off(e->matching, e->layers_off);
  }
  if (!status && classes && !e->classes)
    status = lq_classes_new(&e->classes, e);
  return status;
}

// ---- what is asked of the engine

lq_status lq_engine_need_all(lq_engine *e, lq_cursor *c)
{
  return lq_cursor_need(c, &e->rs->every);
}

static lq_status eval(lq_engine *e, lq_cursor *c, bool terms, lq_hits *out)
{
  const lq_ruleset *rs = e->rs;
  const lq_gate_plan *plan;
  lq_engine_begin_event(e, &e->exec, c->event);
  lq_status status = choose_plan(e, c, terms, &plan);
  const lq_slot_set *all = terms ? &rs->of_all : &rs->of_rules;
  if (!status) // what is over a limit is counted of all that conditions read, whoever is alive
    status = lq_cursor_count(c, all);
  if (!status)
    status = lq_cursor_need(c, plan ? &plan->slots : all);
  if (status)
    return status;
  e->stats.events++;
  return plan ? run_candidates(e, c, plan, terms, out) : run_everything(e, terms, out);
}

static void count_values(lq_engine *e)
{
  if (!e->matching)
    return;
  const lq_match_stats *m = lq_match_run_stats(e->matching);
  e->stats.values = m->values;
  e->stats.value_hits = m->hits;
  e->stats.value_misses = m->misses;
  e->stats.values_left = m->gave_up;
}

lq_status lq_engine_eval(lq_engine *e, lq_cursor *c, lq_engine_ask ask, lq_hits *out)
{
  *out = (lq_hits){.rules = e->rule_hits, .terms = e->term_hits, .rows = e->row_hits};
  lq_status status = make_ready(e);
  if (status)
    return status;
  lq_profile_next(e->profile);
  e->scratch_mem.out_of_memory = false;
  status = eval(e, c, ask == LQ_ASK_ALL, out);
  e->stats.predicates_run = e->exec.predicates_run;
  e->stats.capped = e->exec.capped;
  count_values(e);
  return status;
}

lq_status lq_engine_assume(lq_engine *e, lq_cursor *c, lq_engine_ask ask)
{
  e->scratch_mem.out_of_memory = false;
  lq_engine_begin_event(e, &e->exec, c->event);
  return lq_cursor_count(c, ask == LQ_ASK_ALL ? &e->rs->of_all : &e->rs->of_rules);
}

lq_status lq_engine_give(lq_engine *e, const lq_hits *hits, int (*match)(void *user, uint32_t rule),
                         void *user)
{
  for (size_t i = 0; i < hits->nrules; i++) {
    e->stats.matches++;
    e->rule_matches[hits->rules[i]]++;
    if (match(user, hits->rules[i]))
      return LQ_E_CANCELLED;
  }
  return LQ_OK;
}
