// Events through all rules, for one thread.
#include "engine/internal.h"

static void *capped(void *user, void *p, size_t old_size, size_t new_size)
{
  lq_capped *c = user;
  if (new_size > old_size && new_size - old_size > c->max - c->used)
    return NULL;
  void *q = c->mem->fn(c->mem->user, p, old_size, new_size);
  if (!q && new_size) {
    c->out_of_memory = true;
    return NULL;
  }
  c->used = c->used - old_size + new_size;
  return q;
}

static void make_capped(lq_capped *c, const lq_mem *mem, uint64_t max)
{
  *c = (lq_capped){.mem = mem, .max = max > SIZE_MAX ? SIZE_MAX : (size_t)max};
  c->hook = (lq_mem){capped, c};
}

static void make_exec(lq_engine *e, lq_exec *x, uint8_t *memo)
{
  *x = (lq_exec){.program = e->rs->program, .slots = e->rs->slots, .memo = memo, .results = e->results};
  x->scratch.mem = &e->scratch_mem.hook;
  x->folds.mem = &e->folds_mem.hook;
}

lq_status lq_engine_new(lq_engine **out, const lq_ruleset *rs, const lq_mem *mem)
{
  *out = NULL;
  lq_engine *e = lq_mem_alloc(mem, 1, sizeof *e);
  if (!e)
    return LQ_E_NOMEM;
  const lq_program *p = rs->program;
  e->rs = rs;
  e->mem = mem;
  e->results = lq_mem_alloc(mem, LQ_RESULTS_MAX, sizeof *e->results);
  e->memo = lq_mem_alloc(mem, p->npredicates, sizeof *e->memo);
  e->explain_memo = lq_mem_alloc(mem, p->npredicates, sizeof *e->explain_memo);
  e->rule_matches = lq_mem_alloc(mem, p->nrules, sizeof *e->rule_matches);
  make_capped(&e->scratch_mem, mem, rs->limits.max_scratch);
  make_capped(&e->folds_mem, mem, rs->limits.max_scratch);
  make_exec(e, &e->exec, e->memo);
  make_exec(e, &e->explaining, e->explain_memo);
  e->explaining.results = NULL; // a machine may still hold what its run gave
  if (!e->results || !e->memo || !e->explain_memo || !e->rule_matches) {
    lq_engine_free(e);
    return LQ_E_NOMEM;
  }
  *out = e;
  return LQ_OK;
}

static void free_exec(lq_exec *x)
{
  lq_arena_free(&x->scratch);
  lq_arena_free(&x->folds);
}

void lq_engine_free(lq_engine *e)
{
  if (!e)
    return;
  const lq_program *p = e->rs->program;
  free_exec(&e->exec);
  free_exec(&e->explaining);
  lq_mem_free(e->mem, e->results, LQ_RESULTS_MAX, sizeof *e->results);
  lq_mem_free(e->mem, e->memo, p->npredicates, sizeof *e->memo);
  lq_mem_free(e->mem, e->explain_memo, p->npredicates, sizeof *e->explain_memo);
  lq_mem_free(e->mem, e->rule_matches, p->nrules, sizeof *e->rule_matches);
  lq_mem_free(e->mem, e, 1, sizeof *e);
}

void lq_engine_set_now(lq_engine *e, int64_t now)
{
  e->exec.now = e->explaining.now = now;
}

const lq_engine_stats *lq_engine_stats_get(const lq_engine *e)
{
  return &e->stats;
}

const uint64_t *lq_engine_rule_matches(const lq_engine *e)
{
  return e->rule_matches;
}

void lq_engine_begin_event(lq_engine *e, lq_exec *x, const lq_event *event)
{
  lq_arena_reset(&x->folds);
  x->folded = NULL;
  x->event = event;
  if (e->rs->program->npredicates)
    memset(x->memo, 0, e->rs->program->npredicates);
}

// Each rule has the whole budget and all the scratch memory: what one rule spends on an event is not taken
// from others, else an event made for one could hide from the rest.
lq_verdict lq_engine_run_rule(lq_engine *e, lq_exec *x, uint32_t rule)
{
  lq_arena_reset(&x->scratch);
  x->budget = e->rs->limits.budget;
  return lq_exec_run(x, &e->rs->program->rules[rule]);
}

static void take_counters(lq_engine *e)
{
  e->stats.predicates_run = e->exec.predicates_run;
  e->stats.capped = e->exec.capped;
}

lq_status lq_engine_eval(lq_engine *e, const lq_event *event, int (*match)(void *user, uint32_t rule),
                         void *user)
{
  lq_status status = LQ_OK;
  size_t n = e->rs->program->nrules;
  if (event->failed)
    return LQ_E_NOMEM;
  e->stats.events++;
  e->scratch_mem.out_of_memory = false;
  lq_engine_begin_event(e, &e->exec, event);
  for (uint32_t i = 0; i < n && !status; i++) {
    if (e->rs->program->rules[i].state != LQ_NONE)
      continue; // of several events
    lq_verdict v = lq_engine_run_rule(e, &e->exec, i);
    e->stats.rules_run++;
    if (v == LQ_VERDICT_INDETERMINATE) {
      e->stats.indeterminate++;
      status = e->scratch_mem.out_of_memory ? LQ_E_NOMEM : LQ_OK;
    } else if (v == LQ_VERDICT_YES) {
      e->stats.matches++;
      e->rule_matches[i]++;
      status = match(user, i) ? LQ_E_CANCELLED : LQ_OK;
    }
  }
  take_counters(e);
  return status;
}
