// Stateful rules of a scan: groups to matches, counters, saving and restoring.
#include "base/date.h"
#include "lib/api.h"

// ---- what machines tell

static uint32_t rule_of(const lq_scan *s, uint32_t state)
{
  return s->bundle->program->states[state].rule;
}

static uint32_t kind_of(const lq_program *p, const lq_state_def *d)
{
  uint32_t kind = d->kind == LQ_STATE_EVENT ? LQ_MATCH_EVENT : LQ_MATCH_GROUP;
  for (uint32_t i = 0; i < d->nstages; i++) {
    uint32_t op = p->stages[d->first_stage + i].op;
    if (op == LQ_DO_STATS || op == LQ_DO_COUNT)
      kind = LQ_MATCH_ROW;
  }
  return kind;
}

static int on_group(void *user, const lq_outcome *g)
{
  lq_scan *s = user;
  const lq_program *p = s->bundle->program;
  lq_match m = {.scan = s,
                .rule = rule_of(s, g->state),
                .kind = kind_of(p, &p->states[g->state]),
                .group = g,
                .last = lq_match_last(g)};
  lq_arena_reset(&s->answers);
  s->reread_of = SIZE_MAX;
  return s->options.match ? s->options.match(s->options.user, &m) : 0;
}

lq_text lq_key_text(lq_arena *a, lq_str key)
{
  lq_buf b = {.mem = a->mem};
  lq_str part;
  for (bool more = false; lq_key_next(&key, &part); more = true) {
    lq_buf_z(&b, more ? ", " : "");
    lq_buf_str(&b, part.p ? part : LQ_STR("null"));
  }
  lq_str text = lq_arena_copy(a, lq_buf_get(&b));
  a->failed |= b.failed;
  lq_buf_free(&b);
  return lq_text_of(text);
}

static void on_step(void *user, const lq_step *t)
{
  lq_scan *s = user;
  lq_arena_reset(&s->answers);
  lq_step_view v = {.kind = (uint32_t)t->kind,
                    .filled = t->slot,
                    .rule = rule_of(s, t->state),
                    .time = t->at.time,
                    .began = t->first.time,
                    .arrival = t->at.arrival,
                    .began_arrival = t->first.arrival,
                    .key = lq_key_text(&s->answers, t->key),
                    .word = lq_step_name(t->kind)};
  s->options.step(s->options.user, &v);
}

// ---- life

lq_status lq_scan_open_state(lq_scan *s)
{
  lq_allocator allocator = {s->mem.fn, s->mem.user};
  lq_state_options state = {.struct_size = sizeof state,
                            .limits = &s->limits,
                            .allocator = &allocator,
                            .lateness = s->options.lateness,
                            .hash_key = s->options.hash_key,
                            .spill = s->options.spill};
  lq_status status = lq_state_new(&s->own, s->bundle, &state);
  if (status || !s->own->partition)
    return status;
  lq_stateful_options o = {.hooks = {.user = s, .group = on_group, .step = s->options.step ? on_step : NULL},
                           .partition = &s->own->partition};
  s->state = s->own;
  s->own->scan = s;
  return lq_stateful_new(&s->stateful, s->engine, &o, &s->mem);
}

lq_status lq_scan_use_state(lq_scan *s, lq_state *state)
{
  if (!s || s->busy || (state && state->scan && state->scan != s) ||
      (state && strcmp(state->bundle->digest, s->bundle->digest) != 0))
    return LQ_E_USAGE;
  if (!s->stateful)
    return LQ_OK;
  s->state->scan = NULL;
  s->state = state ? state : s->own;
  s->state->scan = s;
  lq_stateful_use(s->stateful, &s->state->partition);
  return LQ_OK;
}

lq_state *lq_scan_state(const lq_scan *s)
{
  return s ? s->state ? s->state : s->own : NULL;
}

void lq_scan_close_state(lq_scan *s)
{
  lq_stateful_free(s->stateful);
  if (s->state)
    s->state->scan = NULL;
  if (s->own)
    s->own->scan = NULL;
  lq_state_free(s->own);
  if (s->has_reread) {
    lq_record_reader_free(&s->rereader);
    lq_event_free(&s->reread);
  }
}

lq_status lq_scan_finish(lq_scan *s)
{
  if (!s || s->busy)
    return LQ_E_USAGE;
  if (!s->stateful)
    return LQ_OK;
  s->busy = true;
  lq_status status = lq_stateful_end(s->stateful);
  s->busy = false;
  return status;
}

void lq_scan_set_now(lq_scan *s, int64_t now)
{
  s->now = now;
  lq_engine_set_now(s->engine, now);
  if (s->stateful)
    lq_partition_set_now(lq_stateful_partition(s->stateful), now);
}

// ---- counters

void lq_scan_add_state(const lq_scan *s, lq_stats *out)
{
  lq_state_add(lq_scan_state(s), out);
  if (!s->stateful)
    return;
  out->indeterminate += lq_stateful_stats_get(s->stateful)->indeterminate;
  out->capped += lq_stateful_stats_get(s->stateful)->capped;
}

uint64_t lq_scan_groups(const lq_scan *s, size_t rule)
{
  uint32_t state = s->bundle->program->rules[rule].state;
  if (!s->stateful || state == LQ_NONE)
    return 0;
  return lq_partition_rule_stats(lq_stateful_partition(s->stateful), state)->groups;
}

lq_status lq_scan_rule_state(const lq_scan *s, size_t rule, lq_rule_state_view *out)
{
  if (!s)
    return LQ_E_USAGE;
  const lq_program *p = s->bundle->program;
  if (rule >= p->nrules || p->rules[rule].state == LQ_NONE || !s->stateful)
    return LQ_E_NOTFOUND;
  const lq_partition *st = lq_stateful_partition(s->stateful);
  const lq_machine_stats *m = lq_partition_rule_stats(st, p->rules[rule].state);
  lq_rule_state_view all = {.events = m->events,
                            .matches = m->groups,
                            .live = m->live,
                            .keys = m->keys,
                            .pending = lq_partition_held(st, p->rules[rule].state),
                            .bytes = m->bytes,
                            .peak = m->peak,
                            .expired = m->expired,
                            .replaced = m->replaced,
                            .killed = m->killed,
                            .evicted = m->evicted,
                            .cut = m->cut,
                            .suppressed = m->suppressed};
  return lq_api_give(out, &all, sizeof all);
}

// ---- live partial matches

typedef struct living {
  const lq_scan *scan;
  void (*each)(void *user, const lq_live_view *live);
  void *user;
  lq_arena arena; // of one view
  bool failed;
} living;

static void give_live(void *user, const lq_live *l)
{
  living *w = user;
  lq_arena_reset(&w->arena);
  lq_text *events = lq_arena_array(&w->arena, l->nevents + 1, sizeof *events),
          *sources = lq_arena_array(&w->arena, l->nevents + 1, sizeof *sources);
  uint64_t *lines = lq_arena_array(&w->arena, l->nevents + 1, sizeof *lines);
  lq_text key = lq_key_text(&w->arena, l->key);
  w->failed |= w->arena.failed;
  if (w->failed)
    return;
  for (size_t i = 0; i < l->nevents; i++) {
    const lq_snapshot *k = l->events[i];
    events[i] = lq_text_of(k ? k->raw : LQ_STR(""));
    sources[i] = lq_text_of(k ? k->source : LQ_STR(""));
    lines[i] = k ? k->line : 0;
  }
  lq_live_view v = {.rule = rule_of(w->scan, l->state),
                    .filled = l->slot,
                    .slots = l->nslots,
                    .held = l->held,
                    .began = l->first.time,
                    .last = l->last.time,
                    .key = key,
                    .nevents = l->nevents,
                    .events = events,
                    .sources = sources,
                    .lines = lines};
  w->each(w->user, &v);
}

lq_status lq_scan_each_live(const lq_scan *s, void (*each)(void *user, const lq_live_view *live), void *user)
{
  if (!s || !each)
    return LQ_E_USAGE;
  if (!s->stateful)
    return LQ_OK;
  living w = {.scan = s, .each = each, .user = user, .arena = {.mem = &s->mem}};
  lq_partition_each(lq_stateful_partition(s->stateful), give_live, &w);
  lq_arena_free(&w.arena);
  return w.failed ? LQ_E_NOMEM : LQ_OK;
}

// ---- saving

lq_status lq_scan_save(lq_scan *s, lq_write_fn write, void *user)
{
  return s && !s->busy ? lq_state_save(lq_scan_state(s), write, user) : LQ_E_USAGE;
}

lq_status lq_scan_restore(lq_scan *s, const void *bytes, size_t n, lq_errinfo *info, lq_restore_view *counts)
{
  return s && !s->busy ? lq_state_restore(lq_scan_state(s), bytes, n, info, counts) : LQ_E_USAGE;
}
