// An engine: what one thread needs to run conditions, and its counters.
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

// Asked for what memo does not know.
static bool test(void *user, uint32_t predicate)
{
  lq_engine *e = user;
  return !lq_engine_is_denied(e, predicate) && lq_engine_compute(e, &e->exec, predicate);
}

static void make_exec(lq_engine *e, lq_exec *x, uint8_t *memo, uint32_t *marked)
{
  *x = (lq_exec){.program = e->rs->program,
                 .slots = e->rs->slots,
                 .memo = memo,
                 .marked = marked,
                 .results = e->results};
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
  e->marked = lq_mem_alloc(mem, p->npredicates, sizeof *e->marked);
  e->nwords = (rs->nconditions + 63) / 64;
  e->candidates = lq_mem_alloc(mem, e->nwords, sizeof *e->candidates);
  e->busy = lq_mem_alloc(mem, (e->nwords + 63) / 64, sizeof *e->busy);
  e->explain_memo = lq_mem_alloc(mem, p->npredicates, sizeof *e->explain_memo);
  e->explain_marked = lq_mem_alloc(mem, p->npredicates, sizeof *e->explain_marked);
  e->rule_matches = lq_mem_alloc(mem, p->nrules, sizeof *e->rule_matches);
  e->rule_hits = lq_mem_alloc(mem, rs->nwhole, sizeof *e->rule_hits);
  e->term_hits = lq_mem_alloc(mem, p->nterms, sizeof *e->term_hits);
  e->row_hits = lq_mem_alloc(mem, p->nlineages, sizeof *e->row_hits);
  make_capped(&e->scratch_mem, mem, rs->limits.max_scratch);
  make_capped(&e->folds_mem, mem, rs->limits.max_scratch);
  make_exec(e, &e->exec, e->memo, e->marked);
  make_exec(e, &e->explaining, e->explain_memo, e->explain_marked);
  e->exec.test = test;
  e->exec.user = e;
  e->answered = lq_mem_alloc(mem, lq_fieldmap_slots(rs->fields), sizeof *e->answered);
  e->explaining.results = NULL; // a machine may still hold what its run gave
  if (!e->results || !e->memo || !e->marked || !e->explain_memo || !e->explain_marked || !e->rule_matches ||
      !e->rule_hits || !e->term_hits || !e->row_hits || !e->candidates || !e->busy || !e->answered ||
      lq_slot_set_init(&e->wanted, lq_fieldmap_slots(rs->fields), mem)) {
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
  lq_profile_free(e->profile);
  free_exec(&e->exec);
  free_exec(&e->explaining);
  lq_mem_free(e->mem, e->results, LQ_RESULTS_MAX, sizeof *e->results);
  lq_mem_free(e->mem, e->memo, p->npredicates, sizeof *e->memo);
  lq_mem_free(e->mem, e->marked, p->npredicates, sizeof *e->marked);
  lq_mem_free(e->mem, e->candidates, e->nwords, sizeof *e->candidates);
  lq_mem_free(e->mem, e->busy, (e->nwords + 63) / 64, sizeof *e->busy);
  lq_slot_set_free(&e->wanted);
  lq_classes_free(e->classes);
  lq_match_run_free(e->matching);
  lq_mem_free(e->mem, e->answered, lq_fieldmap_slots(e->rs->fields), sizeof *e->answered);
  lq_mem_free(e->mem, e->explain_memo, p->npredicates, sizeof *e->explain_memo);
  lq_mem_free(e->mem, e->explain_marked, p->npredicates, sizeof *e->explain_marked);
  lq_mem_free(e->mem, e->rule_matches, p->nrules, sizeof *e->rule_matches);
  lq_mem_free(e->mem, e->rule_hits, e->rs->nwhole, sizeof *e->rule_hits);
  lq_mem_free(e->mem, e->term_hits, p->nterms, sizeof *e->term_hits);
  lq_mem_free(e->mem, e->row_hits, p->nlineages, sizeof *e->row_hits);
  lq_mem_free(e->mem, e, 1, sizeof *e);
}

void lq_engine_set_now(lq_engine *e, int64_t now)
{
  e->exec.now = e->explaining.now = now;
}

void lq_engine_set_layers_off(lq_engine *e, uint32_t off)
{
  e->layers_off = off;
}

void lq_engine_set_max_value(lq_engine *e, size_t max_value)
{
  e->exec.max_value = e->explaining.max_value = max_value;
}

lq_status lq_engine_set_clock(lq_engine *e, const lq_clock *clock)
{
  const lq_program *p = e->rs->program;
  return lq_profile_new(&e->profile, clock, p->nrules, p->npredicates, lq_fieldmap_slots(e->rs->fields),
                        e->mem);
}

const lq_profile *lq_engine_profile(const lq_engine *e)
{
  return e->profile;
}

const lq_engine_stats *lq_engine_stats_get(const lq_engine *e)
{
  return &e->stats;
}

const uint64_t *lq_engine_rule_matches(const lq_engine *e)
{
  return e->rule_matches;
}

// What the engine's own run knows of the event before.
static void forget(lq_engine *e)
{
  e->has_class = false;
  if (++e->nth == 0) {
    memset(e->answered, 0, lq_fieldmap_slots(e->rs->fields) * sizeof *e->answered);
    e->nth = 1;
  }
}

void lq_engine_begin_event(lq_engine *e, lq_exec *x, const lq_event *event)
{
  lq_arena_reset(&x->folds);
  x->folded = NULL;
  x->event = event;
  for (size_t i = 0; i < x->nmarked; i++)
    x->memo[x->marked[i]] = 0;
  x->nmarked = 0;
  if (x == &e->exec)
    forget(e);
}
