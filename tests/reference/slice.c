// A slice of telemetry under real rules.
#include "tests/reference/slice.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/internal.h"
#include "stdlib/functions.h"

enum { PARTS_MAX = 64, TUPLES_MAX = 256 };

void s_die(const char *why)
{
  fprintf(stderr, "corpus_rules: %s\n", why);
  exit(2);
}

static void *room(s_slice *s, size_t n, size_t size)
{
  void *p = lq_arena_array(&s->arena, n ? n : 1, size);
  if (!p)
    s_die("no memory");
  return p;
}

// ---- events

static lq_value copy_value(lq_event *e, lq_value v)
{
  if (v.type == LQ_T_STRING)
    v.s = lq_arena_copy(&e->text, v.s);
  return v;
}

void s_add(s_slice *s, const lq_event *from)
{
  if (s->n == s->cap) {
    s->cap = s->cap ? 2 * s->cap : 256;
    s->events = realloc(s->events, s->cap * sizeof *s->events);
    if (!s->events)
      s_die("no memory");
  }
  lq_event *e = &s->events[s->n++];
  if (lq_event_init(e, from->map, &lq_mem_libc))
    s_die("no memory");
  lq_event_clear(e);
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(from->map); slot++) {
    for (const lq_slot_value *v = lq_event_first(from, slot); v; v = lq_event_next(from, v))
      lq_event_add_slot(e, slot, copy_value(e, v->v), v->element, v->parent);
  }
  e->raw = lq_arena_copy(&e->text, from->raw);
  e->source = LQ_STR("slice");
  e->line = from->line;
  e->offset = from->offset;
  e->nth = from->nth;
  e->time = from->time;
  e->has_time = from->has_time;
  e->mapped = from->mapped;
  if (e->failed || e->text.failed)
    s_die("no memory");
}

// An event without a time has that of the one that came before it.
static void stamp(s_slice *s)
{
  int64_t last = LQ_TIME_FIRST;
  for (uint32_t i = 0; i < s->n; i++)
    last = s->stamp[i] = s->events[i].has_time ? s->events[i].time : last;
}

// By time, and by arrival.
static void put_in_order(s_slice *s, int64_t rounded)
{
  for (uint32_t i = 0; i < s->n; i++) {
    int64_t t = rounded ? s->stamp[i] / rounded * rounded : s->stamp[i];
    size_t at = i;
    for (; at > 0 && s->time[at - 1] > t; at--) {
      s->time[at] = s->time[at - 1];
      s->order[at] = s->order[at - 1];
    }
    s->time[at] = t;
    s->order[at] = i;
  }
  for (uint32_t i = 0; i < s->n; i++)
    s->place[s->order[i]] = i;
}

// ---- texts and tuples

static uint64_t mix(uint64_t x)
{
  x += 0x9E3779B97F4A7C15u;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  return x ^ x >> 31;
}

static uint64_t hash_text(uint64_t h, lq_str t)
{
  for (size_t i = 0; i < t.n; i++)
    h = (h ^ (uint8_t)t.p[i]) * 0x100000001B3u;
  return mix(h ^ t.n);
}

static void grow_table(s_slice *s)
{
  s->table_size = s->table_size ? 2 * s->table_size : 1024;
  s->table = room(s, s->table_size, sizeof *s->table);
  for (uint32_t i = 0; i < s->ntexts; i++) {
    size_t at = hash_text(1, s->texts[i]) & (s->table_size - 1);
    while (s->table[at])
      at = (at + 1) & (s->table_size - 1);
    s->table[at] = i + 1;
  }
}

uint32_t s_text_id(s_slice *s, lq_str text)
{
  if (2 * s->ntexts >= s->table_size)
    grow_table(s);
  size_t at = hash_text(1, text) & (s->table_size - 1);
  for (; s->table[at]; at = (at + 1) & (s->table_size - 1)) {
    if (lq_str_eq(s->texts[s->table[at] - 1], text))
      return s->table[at] - 1;
  }
  if (!LQ_GROW(&lq_mem_libc, s->texts, s->ntexts, &s->texts_cap))
    s_die("no memory");
  s->texts[s->ntexts] = lq_arena_copy(&s->arena, text);
  s->table[at] = (uint32_t)++s->ntexts;
  return (uint32_t)s->ntexts - 1;
}

void s_add_part(lq_buf *out, const lq_str *text)
{
  if (!text) {
    lq_buf_z(out, "~");
    return;
  }
  lq_buf_printf(out, "%zu:", text->n);
  lq_buf_str(out, *text);
}

static size_t distinct(lq_values l, const lq_value **out)
{
  size_t n = 0;
  for (size_t i = 0; i < l.n; i++) {
    bool is_new = true;
    for (size_t k = 0; k < n; k++)
      is_new &= !lq_value_equal(&l.v[i], out[k]);
    if (is_new && n == TUPLES_MAX)
      s_die("too many values of a key");
    if (is_new)
      out[n++] = &l.v[i];
  }
  return n;
}

size_t s_tuples(s_slice *s, const lq_values *parts, const bool *null, size_t nparts, uint32_t *out,
                const lq_value **picks, size_t max)
{
  static const lq_value *values[PARTS_MAX][TUPLES_MAX];
  size_t counts[PARTS_MAX], total = 1;
  for (size_t i = 0; i < nparts; i++) {
    counts[i] = distinct(parts[i], values[i]);
    if (counts[i] == 0 && !null[i])
      return 0;
    values[i][0] = counts[i] ? values[i][0] : NULL;
    counts[i] = counts[i] ? counts[i] : 1;
    total *= counts[i];
    if (total > max)
      s_die("too many keys of an event");
  }
  lq_buf text = {.mem = &lq_mem_libc};
  for (size_t t = 0; t < total; t++) {
    size_t step = total, rest = t;
    lq_buf_clear(&text);
    for (size_t i = 0; i < nparts; i++) {
      char scratch[LQ_VALUE_TEXT_MAX];
      step /= counts[i];
      const lq_value *v = values[i][rest / step];
      rest %= step;
      lq_str of = v ? lq_value_text(v, scratch) : (lq_str){0};
      s_add_part(&text, v ? &of : NULL);
      if (picks)
        picks[t * nparts + i] = v;
    }
    out[t] = s_text_id(s, lq_buf_get(&text));
  }
  lq_buf_free(&text);
  return total;
}

const uint32_t *s_keys_of(s_slice *s, const s_variant *v, uint32_t event, uint32_t term, size_t *n)
{
  s_keys *k = &s->keys[event * s->program->nterms + term];
  if (!k->known) {
    const lq_program *p = s->program;
    const lq_term_def *t = &p->terms[term];
    lq_values parts[PARTS_MAX];
    bool null[PARTS_MAX];
    uint32_t ids[TUPLES_MAX];
    s_ask_event(&s->asker, event);
    s_ask_begin(&s->asker);
    for (uint32_t i = 0; i < t->nkeys; i++) {
      const lq_key_def *d = &p->keys[t->first_key + i];
      parts[i] = s_ask_value(&s->asker, v, d->snippet);
      null[i] = d->flags & LQ_KEY_OPTIONAL || p->states[s->state_of[term]].flags & LQ_STATE_NULL_KEYS;
    }
    size_t found = s_tuples(s, parts, null, t->nkeys, ids, NULL, TUPLES_MAX);
    *k = (s_keys){(uint32_t)s->nkey_ids, (uint32_t)found, true};
    for (size_t i = 0; i < found; i++) {
      if (!LQ_GROW(&lq_mem_libc, s->key_ids, s->nkey_ids, &s->key_ids_cap))
        s_die("no memory");
      s->key_ids[s->nkey_ids++] = ids[i];
    }
  }
  *n = k->n;
  return s->key_ids + k->first;
}

// ---- lineage: every earlier event of the process is looked at, and of its parents

// From which place on the name is this process: a number may be used again.
static uint32_t since(const s_slice *s, uint32_t name, uint32_t upto)
{
  for (uint32_t p = upto + 1; p-- > 0;) {
    uint32_t e = s->order[p];
    if (s->own[e] == name && s->starts[e] && !s->unique[e])
      return p;
  }
  return 0;
}

static bool was(const s_slice *s, uint32_t row, uint32_t name, uint32_t upto)
{
  for (uint32_t p = since(s, name, upto); p <= upto; p++) {
    if (s->own[s->order[p]] == name && s->row_holds[row * s->n + s->order[p]])
      return true;
  }
  return false;
}

static bool came_from(const s_slice *s, uint32_t row, uint32_t name, uint32_t upto, bool far, int depth);

static bool parent_was(const s_slice *s, uint32_t row, uint32_t e, bool far, int depth)
{
  uint32_t p = s->place[e], parent = s->parent[e];
  if (parent == 0 || p == 0 || parent == s->own[e])
    return false;
  return was(s, row, parent, p - 1) || (far && came_from(s, row, parent, p - 1, true, depth + 1));
}

static bool came_from(const s_slice *s, uint32_t row, uint32_t name, uint32_t upto, bool far, int depth)
{
  if (depth > 200)
    s_die("processes are each other's parents");
  bool first = true;
  for (uint32_t p = since(s, name, upto); p <= upto; p++) {
    uint32_t e = s->order[p];
    if (s->own[e] != name)
      continue;
    if ((first || s->starts[e]) && parent_was(s, row, e, far, depth))
      return true;
    first = false;
  }
  return false;
}

static bool lineage(void *user, uint32_t row)
{
  const s_asker *a = user;
  const s_slice *s = a->slice;
  uint32_t e = a->event, kind = s->program->lineages[row].kind;
  if (e == UINT32_MAX)
    return false;
  if (s->own[e] == 0)
    return kind == LQ_OF_EVENT ? s->row_holds[row * s->n + e]
                               : parent_was(s, row, e, kind == LQ_OF_DESCENDANT, 0);
  if (kind == LQ_OF_EVENT)
    return was(s, row, s->own[e], s->place[e]);
  return came_from(s, row, s->own[e], s->place[e], kind == LQ_OF_DESCENDANT, 0);
}

static void look_at_processes(s_slice *s)
{
  const lq_program *p = s->program;
  lq_buf own = {.mem = &lq_mem_libc}, parent = {.mem = &lq_mem_libc};
  s_text_id(s, LQ_STR("")); // 0: none
  if (p->nlineages == 0)
    return;
  for (uint32_t i = 0; i < s->n; i++) {
    lq_process_facts facts;
    lq_process_read(&s->events[i], s->rules->process_slots, &own, &parent, &facts);
    s->own[i] = s_text_id(s, facts.own);
    s->parent[i] = s_text_id(s, facts.parent);
    s->starts[i] = facts.starts;
    s->unique[i] = facts.unique;
  }
  for (uint32_t row = (uint32_t)p->nlineages; row-- > 0;) { // those inside another stand behind it
    for (uint32_t place = 0; place < s->n; place++) {
      uint32_t e = s->order[place];
      s_ask_event(&s->asker, e);
      s_ask_begin(&s->asker);
      s->row_holds[row * s->n + e] = lq_exec_truth(&s->asker.exec, p->lineages[row].snippet) ==
                                     LQ_VERDICT_YES;
    }
  }
  lq_buf_free(&own);
  lq_buf_free(&parent);
}

// ---- asking

void s_asker_init(s_asker *a, const s_slice *s, lq_event *nothing)
{
  const lq_program *p = s->program;
  *a = (s_asker){.slice = s, .event = UINT32_MAX, .nothing = nothing};
  a->exec = (lq_exec){.program = p, .slots = s->rules->slots, .lineage = lineage, .lineage_user = a};
  a->exec.memo = calloc(p->npredicates + 1, 1);
  a->exec.results = calloc(LQ_RESULTS_MAX, sizeof *a->exec.results);
  a->exec.scratch.mem = a->exec.folds.mem = &lq_mem_libc;
  a->exec.event = nothing;
  if (!a->exec.memo || !a->exec.results)
    s_die("no memory");
}

void s_asker_free(s_asker *a)
{
  lq_arena_free(&a->exec.scratch);
  lq_arena_free(&a->exec.folds);
  free(a->exec.memo);
  free(a->exec.results);
}

void s_ask_event(s_asker *a, uint32_t event)
{
  const lq_event *e = event == UINT32_MAX ? a->nothing : &a->slice->events[event];
  a->event = event;
  if (a->exec.event == e)
    return;
  a->exec.event = e;
  lq_arena_reset(&a->exec.folds);
  a->exec.folded = NULL;
  memset(a->exec.memo, 0, a->slice->program->npredicates);
}

void s_ask_begin(s_asker *a)
{
  lq_arena_reset(&a->exec.scratch);
  a->exec.budget = 1000000;
}

// One seed for one field, so that the keys of a rule's terms meet.
static uint64_t name_of(const lq_program *p, uint32_t snippet)
{
  const lq_snippet *s = &p->snippets[snippet];
  return s->ncode > 0 && p->code[s->code].op == LQ_OP_FIELD ? p->code[s->code].c : 1u << 31;
}

// None, one or two of a few values, always the same.
static lq_values made_up(s_asker *a, uint64_t seed)
{
  static const char *const names[] = {"ada", "bo", "cy", "di", "eva"};
  uint64_t h = mix(seed ^ mix(a->event));
  size_t n = h % 8 < 4 ? 0 : h % 8 < 7 ? 1 : 2;
  lq_value *list = lq_arena_array(&a->exec.scratch, 2, sizeof *list);
  if (!list)
    s_die("no memory");
  for (size_t i = 0; i < n; i++)
    list[i] = lq_string(lq_str_of(names[(h >> (8 + 8 * i)) % 5]));
  return (lq_values){list, n};
}

lq_values s_ask_value(s_asker *a, const s_variant *v, uint32_t snippet)
{
  lq_values out = {0};
  a->exec.group = NULL;
  if (lq_exec_value(&a->exec, snippet, &out) != LQ_VERDICT_YES)
    s_die("a value took too much");
  return out.n == 0 && v->make_up && a->event != UINT32_MAX ? made_up(a, name_of(a->slice->program, snippet))
                                                            : out;
}

lq_values s_ask_field(s_asker *a, const s_variant *v, uint32_t field)
{
  lq_values out = {0};
  lq_value *list = NULL;
  for (int pass = 0; pass < 2; pass++) {
    size_t n = 0;
    const lq_slot_value *x = lq_event_first(a->exec.event, a->slice->rules->slots[field]);
    for (; x; x = lq_event_next(a->exec.event, x), n++) {
      if (list)
        list[n] = x->v;
    }
    if (pass == 0 && n > 0) {
      list = lq_arena_array(&a->exec.scratch, n, sizeof *list);
      if (!list)
        s_die("no memory");
    }
    out = (lq_values){list, n};
  }
  return out.n == 0 && v->make_up && a->event != UINT32_MAX ? made_up(a, field) : out;
}

// What earlier terms' events say takes part, so that the answer depends on the right ones having been kept.
static uint64_t hash_captures(const s_slice *s, uint32_t term, const lq_values *const *captures)
{
  const lq_state_def *d = &s->program->states[s->state_of[term]];
  uint64_t h = 7;
  for (uint32_t i = d->first_term; i < term && captures; i++) {
    const lq_values *of = captures[i - d->first_term];
    for (uint32_t c = 0; c < s->program->terms[i].ncaptures; c++) {
      for (size_t k = 0; of && k < of[c].n; k++) {
        char scratch[LQ_VALUE_TEXT_MAX];
        h = of[c].v[k].type == LQ_T_OBJECT ? mix(h) : hash_text(h, lq_value_text(&of[c].v[k], scratch));
      }
      h = mix(h);
    }
  }
  return h;
}

static bool by_chance(const s_slice *s, const s_variant *v, uint32_t term, uint32_t event,
                      const lq_values *const *captures)
{
  const lq_state_def *d = &s->program->states[s->state_of[term]];
  uint32_t chance = term < d->first_term + d->nterms ? v->chance : v->chance / 3;
  uint64_t h = mix(v->seed ^ mix(term ^ mix(event)));
  if (s->refers[term])
    h = mix(h ^ hash_captures(s, term, captures));
  return h % 1000 < chance;
}

static bool ask(s_asker *a, uint32_t snippet, const lq_values *const *captures, const lq_values *columns)
{
  lq_group group = {captures, columns};
  a->exec.group = &group;
  lq_verdict v = lq_exec_truth(&a->exec, snippet);
  a->exec.group = NULL;
  if (v == LQ_VERDICT_INDETERMINATE)
    s_die("a condition took too much");
  return v == LQ_VERDICT_YES;
}

static bool ask_where(s_asker *a, const s_variant *v, uint32_t snippet, const lq_values *columns)
{
  const lq_stage_def *stats = &a->slice->program->stages[a->slice->stats_of[snippet]];
  lq_values larger[PARTS_MAX];
  lq_value values[PARTS_MAX];
  for (uint32_t i = 0; i < stats->nargs; i++) {
    larger[i] = columns[i];
    if (i < stats->nby || columns[i].n != 1 || columns[i].v[0].type != LQ_T_INT)
      continue;
    values[i] = lq_int(columns[i].v[0].i * v->scale);
    larger[i] = (lq_values){&values[i], 1};
  }
  return ask(a, snippet, NULL, larger);
}

bool s_ask_truth(s_asker *a, const s_variant *v, uint32_t snippet, const lq_values *const *captures,
                 const lq_values *columns)
{
  const s_slice *s = a->slice;
  uint32_t term = s->term_of[snippet];
  if (term == LQ_NONE)
    return s->stats_of[snippet] != LQ_NONE ? ask_where(a, v, snippet, columns)
                                           : ask(a, snippet, captures, columns);
  if (a->event == UINT32_MAX)
    s_die("a condition was asked about no event");
  if (v->chance && by_chance(s, v, term, a->event, captures))
    return true;
  if (!s->refers[term])
    return s->holds[a->event * s->program->nterms + term];
  return ask(a, snippet, captures, columns);
}

// ---- variants

static void change_sequence(s_variant *v, lq_state_def *d, uint64_t h)
{
  static const int64_t seconds[] = {1, 5, 30, 120};
  lq_term_def *terms = v->terms + d->first_term;
  if (h % 3 == 0 && d->maxspan >= 0)
    d->maxspan = seconds[h / 3 % 4] * 1000000000;
  h = mix(h);
  uint32_t t = (uint32_t)(h / 5 % d->nterms), positives = 0;
  for (uint32_t i = 0; i < d->nterms; i++)
    positives += !(terms[i].flags & LQ_TERM_NEGATED);
  bool both = h % 5 == 3 && d->nterms > 2 && positives == d->nterms && terms[0].runs == 1;
  t = both ? d->nterms - 1 : t;
  if (h % 5 < 4 && positives > 1 && terms[t].runs == 1) {
    terms[t].flags |= LQ_TERM_NEGATED;
    terms[0].flags |= both ? LQ_TERM_NEGATED : 0;
    d->maxspan = d->maxspan < 0 ? 60000000000 : d->maxspan;
  }
  h = mix(h);
  t = (uint32_t)(h / 2 % d->nterms);
  if (h % 2 && !(terms[t].flags & LQ_TERM_NEGATED))
    terms[t].runs = 1 + h / 64 % 3;
}

void s_make_variant(s_slice *s, s_variant *v)
{
  const lq_program *p = s->program;
  static const int64_t seconds[] = {1, 10, 60, 300};
  if (s->keys)
    put_in_order(s, v->round);
  for (size_t i = 0; s->keys && i < s->n * p->nterms; i++)
    s->keys[i].known = false;
  v->states = calloc(p->nstates + 1, sizeof *v->states);
  v->terms = calloc(p->nterms + 1, sizeof *v->terms);
  v->stages = calloc(p->nstages + 1, sizeof *v->stages);
  if (!v->states || !v->terms || !v->stages)
    s_die("no memory");
  for (size_t i = 0; i < p->nstates; i++)
    v->states[i] = p->states[i];
  for (size_t i = 0; i < p->nterms; i++)
    v->terms[i] = p->terms[i];
  for (size_t i = 0; i < p->nstages; i++)
    v->stages[i] = p->stages[i];
  for (size_t i = 0; i < p->nstates && v->change; i++) {
    uint64_t h = mix(v->seed ^ mix(i));
    if (v->states[i].kind == LQ_STATE_SEQUENCE)
      change_sequence(v, &v->states[i], h);
    for (uint32_t k = 0; k < v->states[i].nstages; k++) {
      lq_stage_def *stage = &v->stages[v->states[i].first_stage + k];
      if (stage->number >= 0 && h % 4 > 0)
        stage->number = seconds[h / 4 % 4] * 1000000000;
    }
  }
  v->tables = (lq_state_tables){v->states,     p->nstates,     v->terms,     p->nterms,    p->keys,
                                p->nkeys,      p->captures,    p->ncaptures, v->stages,    p->nstages,
                                p->stage_args, p->nstage_args, s->refers,    s->aggregates};
}

void s_free_variant(s_variant *v)
{
  free(v->states);
  free(v->terms);
  free(v->stages);
}

// ---- life

static bool has_op(const lq_program *p, uint32_t snippet, lq_opcode op)
{
  const lq_snippet *s = &p->snippets[snippet];
  for (uint32_t i = 0; i < s->ncode; i++) {
    if (p->code[s->code + i].op == op)
      return true;
  }
  return false;
}

// Those that public rules use.
static uint8_t aggregate_of(uint32_t function)
{
  return function == LQ_FN_count ? LQ_AGG_COUNT : function == LQ_FN_dcount ? LQ_AGG_DCOUNT : LQ_AGG_NONE;
}

static void read_tables(s_slice *s)
{
  const lq_program *p = s->program;
  for (uint32_t i = 0; i < p->nsnippets; i++)
    s->term_of[i] = s->stats_of[i] = LQ_NONE;
  for (uint32_t i = 0; i < p->nstates; i++) {
    const lq_state_def *d = &p->states[i];
    for (uint32_t t = d->first_term; t < d->first_term + d->nterms + d->until; t++) {
      s->state_of[t] = i;
      s->term_of[p->terms[t].snippet] = t;
      s->refers[t] = has_op(p, p->terms[t].snippet, LQ_OP_REF);
      s->asks_lineage[t] = has_op(p, p->terms[t].snippet, LQ_OP_LINEAGE);
    }
    for (uint32_t k = d->first_stage + 1; k < d->first_stage + d->nstages; k++) {
      if (p->stages[k].op == LQ_DO_WHERE && p->stages[k - 1].op == LQ_DO_STATS)
        s->stats_of[p->stage_args[p->stages[k].first_arg].snippet] = k - 1;
    }
  }
  for (uint32_t i = 0; i < p->nstage_args; i++)
    s->aggregates[i] = aggregate_of(p->stage_args[i].function);
}

void s_begin(s_slice *s, const lq_ruleset *rules)
{
  const lq_program *p = lq_ruleset_program(rules);
  *s = (s_slice){.rules = rules, .program = p, .arena = {.mem = &lq_mem_libc}};
  s->refers = room(s, p->nterms, 1);
  s->asks_lineage = room(s, p->nterms, 1);
  s->aggregates = room(s, p->nstage_args, 1);
  s->term_of = room(s, p->nsnippets, sizeof *s->term_of);
  s->stats_of = room(s, p->nsnippets, sizeof *s->stats_of);
  s->state_of = room(s, p->nterms, sizeof *s->state_of);
  read_tables(s);
}

void s_look(s_slice *s)
{
  const lq_program *p = s->program;
  s->order = room(s, s->n, sizeof *s->order);
  s->stamp = room(s, s->n, sizeof *s->stamp);
  s->place = room(s, s->n, sizeof *s->place);
  s->time = room(s, s->n, sizeof *s->time);
  s->holds = room(s, s->n * p->nterms, 1);
  s->keys = room(s, s->n * p->nterms, sizeof *s->keys);
  s->own = room(s, s->n, sizeof *s->own);
  s->parent = room(s, s->n, sizeof *s->parent);
  s->starts = room(s, s->n, 1);
  s->unique = room(s, s->n, 1);
  s->row_holds = room(s, s->n * p->nlineages, 1);
  stamp(s);
  put_in_order(s, 0);
  lq_event *nothing = room(s, 1, sizeof *nothing);
  if (lq_event_init(nothing, lq_ruleset_fields(s->rules), &lq_mem_libc))
    s_die("no memory");
  s_asker_init(&s->asker, s, nothing);
  look_at_processes(s);
  for (uint32_t i = 0; i < s->n; i++) {
    s_ask_event(&s->asker, i);
    for (uint32_t t = 0; t < p->nterms; t++) {
      s_ask_begin(&s->asker);
      s->holds[i * p->nterms + t] = !s->refers[t] && ask(&s->asker, p->terms[t].snippet, NULL, NULL);
    }
  }
}

void s_free(s_slice *s)
{
  for (size_t i = 0; i < s->n; i++)
    lq_event_free(&s->events[i]);
  free(s->events);
  lq_event_free(s->asker.nothing);
  s_asker_free(&s->asker);
  lq_mem_free(&lq_mem_libc, s->texts, s->texts_cap, sizeof *s->texts);
  lq_mem_free(&lq_mem_libc, s->key_ids, s->key_ids_cap, sizeof *s->key_ids);
  lq_arena_free(&s->arena);
}
