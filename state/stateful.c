// The stateful rules of a loaded rule set: questions of the machines are put to the rules' code.
//
// Three events may be in question: the one that came (the engine's own run, which remembers its predicates),
// one that waited and whose turn it is, and one that a row of a pipe kept.
#include "state/stateful.h"
#include "engine/internal.h"

enum { CAME, WAITED, KEPT, RUNS };

struct lq_stateful {
  const lq_mem *mem;
  lq_engine *engine;
  const lq_program *program;
  lq_partition **state; // the one that is fed: somebody's, or mine
  lq_partition *mine;
  lq_rule_tables tables; // of mine
  lq_state_hooks hooks;
  const lq_event *event; // the one that came
  lq_slot_set wanted;    // of it, when its turn has come
  lq_slot_set asked;     // of it, now
  lq_exec runs[RUNS];    // CAME is the engine's, not used here
  uint8_t *memos[RUNS];
  uint32_t *marked[RUNS];
  lq_exec *at_hand;
  lq_event nothing; // as time passes there is no event: one without values
  bool has_nothing;
  lq_group group;
  lq_buf own, parent;           // names of processes, of the event at hand
  lq_buf came_own, came_parent; // of the one that came
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
    const lq_event *e = lq_partition_replay(*s->state, view->event);
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
  return lq_partition_lineage(*s->state, row);
}

// ---- life

static bool make_runs(lq_stateful *s)
{
  const lq_exec *like = &s->engine->exec;
  for (int i = WAITED; i < RUNS; i++) {
    s->memos[i] = lq_mem_alloc(s->mem, s->program->npredicates, 1);
    s->marked[i] = lq_mem_alloc(s->mem, s->program->npredicates, sizeof *s->marked[i]);
    if (!s->memos[i] || !s->marked[i])
      return false;
    s->runs[i] = (lq_exec){.program = like->program,
                           .slots = like->slots,
                           .memo = s->memos[i],
                           .marked = s->marked[i],
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

static lq_status make_own(lq_stateful *s, const lq_stateful_options *o)
{
  lq_status status = lq_rule_tables_make(&s->tables, s->engine->rs, s->mem);
  if (status)
    return status;
  lq_partition_config c = {.limits = o->limits, .lateness = o->lateness, .store = o->store};
  lq_rule_tables_config(&s->tables, &c);
  memcpy(c.hash_key, o->hash_key, sizeof c.hash_key);
  return lq_partition_new(&s->mine, &c, s->mem);
}

void lq_stateful_use(lq_stateful *s, lq_partition **partition)
{
  s->state = partition ? partition : &s->mine;
  lq_partition_bind(*s->state, &(lq_asker){s, take_event, begin, truth, value, field, fits}, process,
                    &s->hooks);
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
  s->mem = s->own.mem = s->parent.mem = s->came_own.mem = s->came_parent.mem = mem;
  s->engine = engine;
  s->program = p;
  s->hooks = options->hooks;
  s->state = &s->mine;
  lq_status status = make_runs(s) ? LQ_OK : LQ_E_NOMEM;
  if (!status)
    status = lq_slot_set_init(&s->wanted, lq_fieldmap_slots(engine->rs->fields), mem);
  if (!status)
    status = lq_slot_set_init(&s->asked, lq_fieldmap_slots(engine->rs->fields), mem);
  if (!status)
    status = lq_event_init(&s->nothing, engine->rs->fields, mem);
  s->has_nothing = !status;
  if (!status) {
    s->at_hand = run_of(s, WAITED);
    status = options->partition ? LQ_OK : make_own(s, options);
  }
  if (!status)
    lq_stateful_use(s, options->partition);
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
  lq_partition_free(s->mine);
  lq_rule_tables_free(&s->tables);
  s->engine->exec.lineage = NULL;
  for (int i = WAITED; i < RUNS; i++) {
    if (s->runs[i].program) {
      lq_arena_free(&s->runs[i].scratch);
      lq_arena_free(&s->runs[i].folds);
    }
    lq_mem_free(s->mem, s->memos[i], p->npredicates, 1);
    lq_mem_free(s->mem, s->marked[i], p->npredicates, sizeof *s->marked[i]);
  }
  if (s->has_nothing)
    lq_event_free(&s->nothing);
  lq_slot_set_free(&s->wanted);
  lq_slot_set_free(&s->asked);
  lq_buf_free(&s->own);
  lq_buf_free(&s->parent);
  lq_buf_free(&s->came_own);
  lq_buf_free(&s->came_parent);
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

static bool keeps_some(const lq_stateful *s)
{
  return lq_layer_is_on(s->engine->layers_off, LQ_LAYER_WAITING) && !lq_partition_keeps_all(*s->state);
}

// Whether what lineage asks of the event is known when it comes: which rows it lets hold, and its processes.
// Of a record that could be over a limit all is asked, so that what is cut is counted as ever.
static bool is_known(const lq_stateful *s, const lq_cursor *c)
{
  return keeps_some(s) && !c->may_be_over;
}

static void add_later(lq_stateful *s, const lq_hits *hits, bool known)
{
  const lq_ruleset *rs = s->engine->rs;
  const lq_slot_set *of_lineage = lq_ruleset_of_lineage(rs);
  lq_ruleset_later_of(rs, hits, &s->wanted);
  for (size_t i = 0; i < of_lineage->n && !known; i++)
    s->wanted.words[i] |= of_lineage->words[i];
}

// Without the layer all of it is: then nothing has to be known of what rules ask for.
static lq_status need_fields(lq_stateful *s, lq_cursor *c, const lq_hits *hits, bool known)
{
  lq_engine *e = s->engine;
  if (!keeps_some(s))
    return hits->nterms > 0 || lq_partition_wants_all(*s->state) ? lq_engine_need_all(e, c) : LQ_OK;
  const lq_slot_set *processes = lq_ruleset_of_processes(e->rs);
  add_later(s, hits, known);
  for (size_t i = 0; i < s->asked.n; i++)
    s->asked.words[i] = s->wanted.words[i] | processes->words[i];
  return lq_cursor_need(c, &s->asked);
}

lq_status lq_stateful_need(lq_stateful *s, lq_cursor *c, const lq_hits *hits)
{
  lq_status status = need_fields(s, c, hits, is_known(s, c));
  return status ? status : lq_cursor_need_time(c);
}

// Whatever is asked later is asked of the same texts, whether the event waits, is kept or is at hand. *known
// is false of one that has other texts now than those it was asked about.
static lq_status shorten(lq_stateful *s, lq_cursor *c, const lq_hits *hits, bool *known)
{
  lq_engine *e = s->engine;
  lq_event *event = c->event;
  size_t max = e->exec.max_value;
  if (!max || !lq_event_shorten(event, max))
    return LQ_OK;
  lq_status status = *known ? need_fields(s, c, hits, false) : LQ_OK;
  lq_event_shorten(event, max);
  *known = false;
  lq_engine_begin_event(e, &e->exec, event);
  return status;
}

lq_status lq_stateful_offer(lq_stateful *s, const lq_offer *o)
{
  lq_engine *e = s->engine;
  e->scratch_mem.out_of_memory = false;
  s->runs[WAITED].now = s->runs[KEPT].now = e->exec.now;
  lq_status status = lq_partition_event(*s->state, o);
  s->event = NULL;
  take_counters(s);
  return status == LQ_OK && e->scratch_mem.out_of_memory ? LQ_E_NOMEM : status;
}

lq_status lq_stateful_event(lq_stateful *s, lq_cursor *c, const lq_hits *hits)
{
  const lq_ruleset *rs = s->engine->rs;
  bool known = is_known(s, c);
  lq_process_facts facts;
  lq_status status = lq_stateful_need(s, c, hits);
  if (!status)
    status = shorten(s, c, hits, &known);
  if (status)
    return status;
  lq_offer o = {.event = c->event,
                .hits = hits->terms,
                .nhits = hits->nterms,
                .rows = hits->rows,
                .nrows = known ? hits->nrows : LQ_HITS_UNKNOWN,
                .wanted = keeps_some(s) ? &s->wanted : NULL};
  if (known && rs->program->nlineages > 0) {
    lq_ruleset_read_process(rs, c->event, &s->came_own, &s->came_parent, &facts);
    o.facts = &facts;
  }
  s->event = c->event;
  take_event(s, c->event);
  return lq_stateful_offer(s, &o);
}

bool lq_stateful_takes_known(const lq_stateful *s)
{
  return keeps_some(s) && lq_partition_takes_known(*s->state);
}

lq_status lq_stateful_end(lq_stateful *s)
{
  s->event = NULL;
  s->engine->scratch_mem.out_of_memory = false;
  lq_status status = lq_partition_end(*s->state);
  take_counters(s);
  return status == LQ_OK && s->engine->scratch_mem.out_of_memory ? LQ_E_NOMEM : status;
}

lq_partition **lq_stateful_place(lq_stateful *s)
{
  return s->state;
}

lq_partition *lq_stateful_partition(lq_stateful *s)
{
  return *s->state;
}

const lq_stateful_stats *lq_stateful_stats_get(const lq_stateful *s)
{
  return &s->stats;
}
