// The stateful rules of a loaded rule set: questions of the machines are put to the rules' code.
//
// Three events may be in question: the one that came (the engine's own run, which remembers its predicates),
// one that waited and whose turn it is, and one that a row of a pipe kept.
#include <blake2.h>

#include "engine/internal.h"
#include "state/stateful.h"
#include "stdlib/functions.h"

enum { CAME, WAITED, KEPT, RUNS };

struct lq_stateful {
  const lq_mem *mem;
  lq_engine *engine;
  const lq_program *program;
  lq_partition *state;
  lq_state_tables tables;
  uint8_t *refers, *late, *aggregates; // of the tables
  lq_str *rules;                       // ids by state
  uint8_t (*schemas)[16];
  const lq_event *event; // the one that came
  lq_exec runs[RUNS];    // CAME is the engine's, not used here
  uint8_t *memos[RUNS];
  lq_exec *at_hand;
  lq_event nothing; // as time passes there is no event: one without values
  bool has_nothing;
  lq_group group;
  lq_buf own, parent; // names of processes
  lq_stateful_stats stats;
};

// ---- questions

static lq_exec *run_of(lq_stateful *s, int i)
{
  return i == CAME ? &s->engine->exec : &s->runs[i];
}

static void take_event(void *user, const lq_event *e)
{
  lq_stateful *s = user;
  if (e && e == s->event) {
    s->at_hand = run_of(s, CAME);
    return;
  }
  s->at_hand = run_of(s, WAITED);
  lq_engine_begin_event(s->engine, s->at_hand, e ? e : &s->nothing);
}

static void begin(void *user, uint32_t rule)
{
  lq_stateful *s = user;
  (void)rule;
  for (int i = 0; i < RUNS; i++) {
    lq_arena_reset(&run_of(s, i)->scratch);
    run_of(s, i)->budget = s->engine->rs->limits.budget;
  }
}

// The run that reads the event of the view, with the view's captures and columns.
static lq_exec *run_for(lq_stateful *s, const lq_view *view)
{
  lq_exec *x = s->at_hand;
  if (view->event) {
    const lq_event *e = lq_partition_replay(s->state, view->event);
    s->engine->scratch_mem.out_of_memory |= !e;
    x = run_of(s, KEPT);
    lq_engine_begin_event(s->engine, x, e ? e : &s->nothing);
  }
  s->group = (lq_group){.captures = view->captures, .columns = view->columns};
  x->group = view->captures || view->columns ? &s->group : NULL;
  return x;
}

static bool truth(void *user, uint32_t snippet, const lq_view *view)
{
  lq_stateful *s = user;
  lq_exec *x = run_for(s, view);
  lq_verdict v = lq_exec_truth(x, snippet);
  s->stats.indeterminate += v == LQ_VERDICT_INDETERMINATE;
  x->group = NULL;
  return v == LQ_VERDICT_YES;
}

static lq_values value(void *user, uint32_t snippet, const lq_view *view)
{
  lq_stateful *s = user;
  lq_exec *x = run_for(s, view);
  lq_values out = {0};
  bool known = lq_exec_value(x, snippet, &out) == LQ_VERDICT_YES;
  s->stats.indeterminate += !known;
  x->group = NULL;
  return known ? out : (lq_values){0};
}

static lq_values field(void *user, uint32_t f, const lq_view *view)
{
  lq_stateful *s = user;
  lq_exec *x = run_for(s, view);
  size_t n = 0;
  const lq_slot_value *first = lq_event_first(x->event, x->slots[f]);
  for (const lq_slot_value *v = first; v; v = lq_event_next(x->event, v))
    n++;
  lq_value *out = n ? lq_arena_array(&x->scratch, n, sizeof *out) : NULL;
  s->stats.indeterminate += n && !out;
  n = 0;
  for (const lq_slot_value *v = first; v && out; v = lq_event_next(x->event, v))
    out[n++] = v->v;
  return (lq_values){out, n};
}

static size_t fits(void *user, uint32_t *terms)
{
  lq_stateful *s = user;
  size_t n = 0;
  begin(s, 0);
  lq_engine_ask_terms(s->engine, s->at_hand, terms, &n); // out of memory is in the engine's own note
  return n;
}

static void process(void *user, lq_process_facts *out)
{
  lq_stateful *s = user;
  lq_process_read(s->at_hand->event, s->engine->rs->process_slots, &s->own, &s->parent, out);
}

static bool lineage(void *user, uint32_t row)
{
  lq_stateful *s = user;
  return lq_partition_lineage(s->state, row);
}

// ---- tables

static lq_aggregate aggregate_of(uint32_t function)
{
  switch (function) {
#define LQ_AGGREGATE(name, function, keeps)                                                                  \
  case LQ_FN_##function:                                                                                     \
    return LQ_AGG_##name;
#include "state/aggregates.def"
#undef LQ_AGGREGATE
  }
  return LQ_AGG_NONE;
}

static void add32(blake2b_state *b, uint32_t v)
{
  uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  blake2b_update(b, bytes, sizeof bytes);
}

static void add64(blake2b_state *b, int64_t v)
{
  add32(b, (uint32_t)v);
  add32(b, (uint32_t)((uint64_t)v >> 32));
}

static void add_text(blake2b_state *b, const lq_program *p, uint32_t text)
{
  lq_str s = text == LQ_NONE ? (lq_str){0} : p->strings[text];
  add32(b, (uint32_t)s.n);
  if (s.n)
    blake2b_update(b, (const uint8_t *)s.p, s.n);
}

static void add_terms(blake2b_state *b, const lq_program *p, const lq_state_def *d)
{
  for (uint32_t i = d->first_term; i < d->first_term + d->nterms + d->until; i++) {
    const lq_term_def *t = &p->terms[i];
    add32(b, t->flags), add32(b, t->runs), add32(b, t->nkeys), add32(b, t->ncaptures);
    for (uint32_t k = 0; k < t->nkeys; k++) {
      add32(b, p->keys[t->first_key + k].flags);
      add_text(b, p, p->keys[t->first_key + k].name);
    }
    for (uint32_t k = 0; k < t->ncaptures; k++)
      add_text(b, p, p->fields[p->captures[t->first_capture + k].field].name);
  }
}

static void add_stages(blake2b_state *b, const lq_program *p, const lq_state_def *d)
{
  for (uint32_t i = d->first_stage; i < d->first_stage + d->nstages; i++) {
    const lq_stage_def *s = &p->stages[i];
    add32(b, s->op), add32(b, s->flags), add64(b, s->number), add32(b, s->nargs), add32(b, s->nby);
    for (uint32_t k = 0; k < s->nargs; k++) {
      add32(b, p->stage_args[s->first_arg + k].function);
      add_text(b, p, p->stage_args[s->first_arg + k].name);
    }
  }
}

// What a rule means, as far as what it remembers depends on it: its text and its tables, with names for
// numbers that another bundle would number anew. A rule whose text was stripped is only itself in the same
// bundle.
static void schema_of(const lq_program *p, const lq_state_def *d, uint8_t out[16])
{
  blake2b_state b;
  const lq_rule_def *r = &p->rules[d->rule];
  if (blake2b_init(&b, 16) != 0)
    return;
  add_text(&b, p, r->source);
  if (r->source == LQ_NONE)
    blake2b_update(&b, p->digest, sizeof p->digest);
  add32(&b, d->kind), add32(&b, d->flags), add64(&b, d->maxspan), add32(&b, d->nterms), add32(&b, d->until),
      add32(&b, d->nstages);
  add_terms(&b, p, d);
  add_stages(&b, p, d);
  blake2b_final(&b, out, 16);
}

static void fill_tables(lq_stateful *s)
{
  const lq_program *p = s->program;
  s->tables = (lq_state_tables){p->states,     p->nstates,     p->terms,     p->nterms,    p->keys,
                                p->nkeys,      p->captures,    p->ncaptures, p->stages,    p->nstages,
                                p->stage_args, p->nstage_args, s->refers,    s->aggregates};
  for (uint32_t i = 0; i < p->nterms; i++) {
    uint8_t reads = lq_ruleset_term(s->engine->rs, i)->reads;
    s->refers[i] = (reads & LQ_READS_TERMS) != 0;
    s->late[i] = (reads & LQ_READS_LINEAGE) != 0;
  }
  for (uint32_t i = 0; i < p->nstage_args; i++)
    s->aggregates[i] = (uint8_t)aggregate_of(p->stage_args[i].function);
  for (uint32_t i = 0; i < p->nstates; i++) {
    s->rules[i] = p->strings[p->rules[p->states[i].rule].id];
    schema_of(p, &p->states[i], s->schemas[i]);
  }
}

// ---- life

static bool make_runs(lq_stateful *s)
{
  const lq_exec *like = &s->engine->exec;
  for (int i = WAITED; i < RUNS; i++) {
    s->memos[i] = lq_mem_alloc(s->mem, s->program->npredicates, 1);
    if (!s->memos[i])
      return false;
    s->runs[i] = (lq_exec){.program = like->program,
                           .slots = like->slots,
                           .memo = s->memos[i],
                           .results = like->results,
                           .test = NULL,
                           .now = like->now,
                           .lineage = lineage,
                           .lineage_user = s};
    s->runs[i].scratch.mem = like->scratch.mem;
    s->runs[i].folds.mem = like->folds.mem;
  }
  s->engine->exec.lineage = lineage;
  s->engine->exec.lineage_user = s;
  return true;
}

static bool make_tables(lq_stateful *s)
{
  const lq_program *p = s->program;
  s->refers = lq_mem_alloc(s->mem, p->nterms, 1);
  s->late = lq_mem_alloc(s->mem, p->nterms, 1);
  s->aggregates = lq_mem_alloc(s->mem, p->nstage_args, 1);
  s->rules = lq_mem_alloc(s->mem, p->nstates, sizeof *s->rules);
  s->schemas = lq_mem_alloc(s->mem, p->nstates, sizeof *s->schemas);
  return s->refers && s->late && s->aggregates && s->rules && s->schemas;
}

static lq_status make_state(lq_stateful *s, const lq_stateful_options *o)
{
  const lq_program *p = s->program;
  lq_partition_config c = {
      .tables = &s->tables,
      .lineages = p->lineages,
      .nlineages = p->nlineages,
      .late = s->late,
      .fields = s->engine->rs->fields,
      .limits = o->limits,
      .lateness = o->lateness,
      .store = o->store,
      .asker = {s, take_event, begin, truth, value, field, fits},
      .process = process,
      .hooks = o->hooks,
      .rules = s->rules,
      .schemas = (const uint8_t(*)[16])s->schemas,
  };
  memcpy(c.hash_key, o->hash_key, sizeof c.hash_key);
  memcpy(c.bundle, p->digest, sizeof c.bundle);
  return lq_partition_new(&s->state, &c, s->mem);
}

lq_status lq_stateful_new(lq_stateful **out, lq_engine *engine, const lq_stateful_options *options,
                          const lq_mem *mem)
{
  *out = NULL;
  const lq_program *p = engine->rs->program;
  if (p->nstates == 0)
    return LQ_OK;
  lq_stateful *s = lq_mem_alloc(mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  s->mem = s->own.mem = s->parent.mem = mem;
  s->engine = engine;
  s->program = p;
  lq_status status = make_tables(s) && make_runs(s) ? LQ_OK : LQ_E_NOMEM;
  if (!status)
    status = lq_event_init(&s->nothing, engine->rs->fields, mem);
  s->has_nothing = !status;
  if (!status) {
    fill_tables(s);
    s->at_hand = run_of(s, WAITED);
    status = make_state(s, options);
  }
  if (status)
    lq_stateful_free(s);
  else
    *out = s;
  return status;
}

void lq_stateful_free(lq_stateful *s)
{
  if (!s)
    return;
  const lq_program *p = s->program;
  lq_partition_free(s->state);
  s->engine->exec.lineage = NULL;
  for (int i = WAITED; i < RUNS; i++) {
    if (s->memos[i]) {
      lq_arena_free(&s->runs[i].scratch);
      lq_arena_free(&s->runs[i].folds);
    }
    lq_mem_free(s->mem, s->memos[i], p->npredicates, 1);
  }
  if (s->has_nothing)
    lq_event_free(&s->nothing);
  lq_mem_free(s->mem, s->refers, p->nterms, 1);
  lq_mem_free(s->mem, s->late, p->nterms, 1);
  lq_mem_free(s->mem, s->aggregates, p->nstage_args, 1);
  lq_mem_free(s->mem, s->rules, p->nstates, sizeof *s->rules);
  lq_mem_free(s->mem, s->schemas, p->nstates, sizeof *s->schemas);
  lq_buf_free(&s->own);
  lq_buf_free(&s->parent);
  lq_mem_free(s->mem, s, 1, sizeof *s);
}

// ---- events

static void take_counters(lq_stateful *s)
{
  s->stats.capped = s->runs[WAITED].capped + s->runs[KEPT].capped;
  s->engine->stats.predicates_run = s->engine->exec.predicates_run + s->runs[WAITED].predicates_run +
                                    s->runs[KEPT].predicates_run;
  s->engine->stats.capped = s->engine->exec.capped;
}

lq_status lq_stateful_event(lq_stateful *s, lq_event *event, const lq_hits *hits)
{
  lq_engine *e = s->engine;
  if (event->failed)
    return LQ_E_NOMEM;
  // Whatever is asked later is asked of the same texts, whether the event waits, is kept or is at hand.
  if (e->exec.max_value && lq_event_shorten(event, e->exec.max_value))
    lq_engine_begin_event(e, &e->exec, event);
  e->scratch_mem.out_of_memory = false;
  s->event = event;
  s->runs[WAITED].now = s->runs[KEPT].now = e->exec.now;
  take_event(s, event);
  lq_status status = lq_partition_event(s->state, event, hits->terms, hits->nterms);
  s->event = NULL;
  take_counters(s);
  return status == LQ_OK && e->scratch_mem.out_of_memory ? LQ_E_NOMEM : status;
}

lq_status lq_stateful_end(lq_stateful *s)
{
  s->event = NULL;
  s->engine->scratch_mem.out_of_memory = false;
  lq_status status = lq_partition_end(s->state);
  take_counters(s);
  return status == LQ_OK && s->engine->scratch_mem.out_of_memory ? LQ_E_NOMEM : status;
}

lq_partition *lq_stateful_partition(lq_stateful *s)
{
  return s->state;
}

const lq_stateful_stats *lq_stateful_stats_get(const lq_stateful *s)
{
  return &s->stats;
}
