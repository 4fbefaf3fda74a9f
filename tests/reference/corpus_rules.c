// Real rules over slices of real telemetry: the engine against the slow reference.
//
//   corpus_rules BUNDLE [--alerts FILE] SLICE...     slices are NDJSON
//
// Each slice is run as it is (the reader, the rules' code, all of the engine), and then with variants of the
// rules that fire more (slice.h). Prints "N rules, M slices, A alerts, 0 differences" and exits with 0; a
// difference is told in two texts.
// --alerts: what the reference gives for the rules as they are: slice, rule id, lines, and the key or
// columns, with tabs.
#include <stdio.h>
#include <stdlib.h>

#include "input/reader.h"
#include "state/stateful.h"
#include "tests/reference/plain.h"
#include "vm/bundle.h"

static const lq_state_limits LIMITS = {.rule_bytes = 1u << 30,
                                       .total_bytes = 4ull << 30,
                                       .keys = 1u << 24,
                                       .buffer_bytes = 1u << 30,
                                       .distinct = 1u << 24,
                                       .held = 1u << 20};

#define SECOND 1000000000ll
enum { STATES_MAX = 65536 };

static uint64_t nalerts, ndifferences;
static uint64_t fired_rules[STATES_MAX / 64];

// ---- the engine's side

// How events come: all wait for the end; in the order of their time; out of it, and wait as long as is
// needed.
typedef enum feeding { WHOLE, SORTED, LATE } feeding;

typedef struct engine_run {
  feeding how;
  s_slice *slice;
  const s_variant *variant;
  s_alerts alerts;
  s_asker asker;
  lq_stateful *stateful;
  lq_engine *engine;
  uint32_t last_place[STATES_MAX]; // by state, plus 1
} engine_run;

static bool is_event(const s_slice *s, uint64_t i, uint64_t line, uint64_t nth)
{
  return i < s->n && s->events[i].line == line && s->events[i].nth == nth;
}

static uint32_t event_of_line(const s_slice *s, uint64_t line, uint64_t nth)
{
  if (is_event(s, line - 1, line, nth)) // most lines are one event
    return (uint32_t)line - 1;
  for (uint32_t i = 0; i < s->n; i++) {
    if (is_event(s, i, line, nth))
      return i;
  }
  return UINT32_MAX;
}

static void add_key(lq_buf *out, lq_str key)
{
  lq_str part;
  lq_buf_z(out, " [");
  while (lq_key_next(&key, &part))
    s_add_part(out, part.p ? &part : NULL);
  lq_buf_z(out, "]");
}

static int group(void *user, const lq_outcome *g)
{
  engine_run *r = user;
  lq_buf text = {.mem = &lq_mem_libc};
  uint32_t place = 0, last = 0, kind = r->slice->program->states[g->state].kind;
  for (size_t i = 0; i < g->nevents; i++) {
    lq_buf_z(&text, i ? "," : "");
    if (!g->events[i]) {
      lq_buf_z(&text, "-");
      continue;
    }
    uint32_t e = event_of_line(r->slice, g->events[i]->line, g->events[i]->nth);
    if (e == UINT32_MAX)
      s_die("an alert has an event that is not of the slice");
    lq_buf_printf(&text, "%u", (unsigned)g->events[i]->line);
    if (r->slice->place[e] >= place) {
      place = r->slice->place[e];
      last = (uint32_t)g->events[i]->line;
    }
  }
  if (kind != LQ_STATE_SEQUENCE) {
    lq_buf_clear(&text);
    lq_buf_printf(&text, "%u", last);
  }
  if (kind != LQ_STATE_EVENT)
    add_key(&text, g->key);
  for (size_t i = 0; i < g->ncolumns; i++) {
    lq_buf_z(&text, i ? ", " : " [");
    s_add_values(&text, g->columns[i].values);
  }
  lq_buf_z(&text, g->ncolumns ? "]" : "");
  s_add_alert(&r->alerts, g->state, place, &text);
  lq_buf_free(&text);
  if (place + 1 < r->last_place[g->state]) { // S12
    ndifferences++;
    printf("state %u: an alert comes after one that was completed later\n", g->state);
  }
  r->last_place[g->state] = place + 1;
  return 0;
}

static void look_at_limits(const lq_partition *state)
{
  lq_partition_stats st;
  lq_partition_stats_get(state, &st);
  if (st.sum.evicted || st.sum.cut || st.order.dropped || st.order.forced || st.order.late ||
      st.lineage.evicted)
    s_die("a limit was reached");
}

// ---- the rules as they are: the slice is read, all of the engine runs

static int take_record(void *user, lq_cursor *c)
{
  engine_run *r = user;
  lq_hits hits;
  bool failed = lq_engine_eval(r->engine, c, LQ_ASK_ALL, &hits) || lq_engine_need_all(r->engine, c) ||
                lq_cursor_need_time(c);
  s_add(r->slice, c->event);
  return failed || lq_stateful_event(r->stateful, c, &hits);
}

static void read_file(const char *path, lq_buf *out)
{
  char chunk[65536];
  FILE *f = fopen(path, "rb");
  if (!f)
    s_die("a file cannot be opened");
  for (size_t n; (n = fread(chunk, 1, sizeof chunk, f)) > 0;)
    lq_buf_add(out, chunk, n);
  fclose(f);
  if (out->failed)
    s_die("no memory");
}

static void run_whole(engine_run *r, const char *path)
{
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_stateful_options o = {
      .limits = LIMITS, .lateness = LQ_LATENESS_WHOLE, .hooks = {.user = r, .group = group}};
  lq_reader *reader;
  lq_reader_hooks hooks = {.record = take_record, .user = r};
  lq_input_limits limits = {0};
  read_file(path, &bytes);
  if (lq_engine_new(&r->engine, r->slice->rules, &lq_mem_libc) ||
      lq_stateful_new(&r->stateful, r->engine, &o, &lq_mem_libc) || !r->stateful ||
      lq_reader_new(&reader, lq_ruleset_fields(r->slice->rules), &limits, &hooks, &lq_mem_libc))
    s_die("no memory, or no rule over several events");
  lq_reader_begin(reader, LQ_STR("slice"));
  if (lq_reader_feed(reader, bytes.p, bytes.n) || lq_reader_end(reader))
    s_die("the slice cannot be read");
  lq_reader_free(reader);
  lq_buf_free(&bytes);
  s_look(r->slice);
  if (lq_stateful_end(r->stateful))
    s_die("the engine failed");
  look_at_limits(lq_stateful_partition(r->stateful));
  lq_stateful_free(r->stateful);
  lq_engine_free(r->engine);
}

// ---- variants: machines alone, asked through the slice

static void at_hand(void *user, const lq_event *e)
{
  engine_run *r = user;
  s_ask_event(&r->asker, e ? event_of_line(r->slice, e->line, e->nth) : UINT32_MAX);
}

static void begin(void *user, uint32_t rule)
{
  (void)rule;
  s_ask_begin(&((engine_run *)user)->asker);
}

// The event of the view, or the one at hand; gives which one was at hand.
static uint32_t turn_to(engine_run *r, const lq_view *view)
{
  uint32_t before = r->asker.event;
  if (view->event)
    s_ask_event(&r->asker, event_of_line(r->slice, view->event->line, view->event->nth));
  return before;
}

static bool truth(void *user, uint32_t snippet, const lq_view *view)
{
  engine_run *r = user;
  uint32_t before = turn_to(r, view);
  bool holds = s_ask_truth(&r->asker, r->variant, snippet, view->captures, view->columns);
  s_ask_event(&r->asker, before);
  return holds;
}

static lq_values value(void *user, uint32_t snippet, const lq_view *view)
{
  engine_run *r = user;
  uint32_t before = turn_to(r, view);
  lq_values v = s_ask_value(&r->asker, r->variant, snippet);
  s_ask_event(&r->asker, before);
  return v;
}

static lq_values field(void *user, uint32_t f, const lq_view *view)
{
  engine_run *r = user;
  uint32_t before = turn_to(r, view);
  lq_values v = s_ask_field(&r->asker, r->variant, f);
  s_ask_event(&r->asker, before);
  return v;
}

// How late the latest event is.
static int64_t most_late(const s_slice *s)
{
  int64_t most = 0;
  for (uint32_t i = 0; i < s->n; i++) {
    for (uint32_t k = 0; k < i; k++) {
      int64_t late = s->time[s->place[k]] - s->time[s->place[i]];
      most = late > most ? late : most;
    }
  }
  return most;
}

static void feed(engine_run *r, lq_partition *state, uint32_t *hits)
{
  const s_slice *s = r->slice;
  for (uint32_t at = 0; at < s->n; at++) {
    size_t n = 0;
    uint32_t i = r->how == SORTED ? s->order[at] : at;
    s->events[i].has_time = true;
    s->events[i].time = s->time[s->place[i]];
    s_ask_event(&r->asker, i);
    for (uint32_t t = 0; t < s->program->nterms; t++) {
      s_ask_begin(&r->asker);
      if (s->refers[t] || s_ask_truth(&r->asker, r->variant, s->program->terms[t].snippet, NULL, NULL))
        hits[n++] = t;
    }
    lq_offer offer = {.event = &s->events[i], .hits = hits, .nhits = n, .nrows = LQ_HITS_UNKNOWN};
    if (lq_partition_event(state, &offer))
      s_die("the engine failed");
  }
}

static void run_variant(engine_run *r)
{
  int64_t lateness[] = {[WHOLE] = LQ_LATENESS_WHOLE, [SORTED] = 0, [LATE] = most_late(r->slice)};
  const lq_program *p = r->slice->program;
  lq_partition *state;
  lq_str *ids = calloc(p->nstates, sizeof *ids);
  uint8_t(*schemas)[16] = calloc(p->nstates, 16);
  uint32_t *hits = calloc(p->nterms + 1, sizeof *hits);
  lq_partition_config c = {.tables = &r->variant->tables,
                           .fields = lq_ruleset_fields(r->slice->rules),
                           .limits = LIMITS,
                           .lateness = lateness[r->how],
                           .asker = {r, at_hand, begin, truth, value, field},
                           .hooks = {.user = r, .group = group},
                           .rules = ids,
                           .schemas = (const uint8_t(*)[16])schemas};
  s_asker_init(&r->asker, r->slice, r->slice->asker.nothing);
  if (!ids || !schemas || !hits || lq_partition_new(&state, &c, &lq_mem_libc))
    s_die("no memory");
  feed(r, state, hits);
  if (lq_partition_end(state))
    s_die("the engine failed");
  look_at_limits(state);
  lq_partition_free(state);
  s_asker_free(&r->asker);
  free(ids);
  free(schemas);
  free(hits);
}

// ---- comparing

static int by_rule(const void *a, const void *b)
{
  const s_alert *x = a, *y = b;
  if (x->state != y->state)
    return x->state < y->state ? -1 : 1;
  if (x->place != y->place)
    return x->place < y->place ? -1 : 1;
  return strcmp(x->text, y->text);
}

static void tell(const s_slice *s, const s_variant *v, const char *path, const char *what, const s_alert *a)
{
  const lq_program *p = s->program;
  if (++ndifferences > 20)
    return;
  lq_str id = p->strings[p->rules[p->states[a->state].rule].id];
  printf("%s, variant %llu, rule %.*s: %s %s\n", path, (unsigned long long)v->seed, LQ_STR_ARG(id), what,
         a->text);
}

static void compare(const s_slice *s, const s_variant *v, const char *path, s_alerts *want, s_alerts *got)
{
  if (want->n)
    qsort(want->alert, want->n, sizeof *want->alert, by_rule);
  if (got->n)
    qsort(got->alert, got->n, sizeof *got->alert, by_rule);
  nalerts += want->n;
  for (size_t i = 0, k = 0; i < want->n || k < got->n;) {
    int order = i == want->n ? 1 : k == got->n ? -1 : by_rule(&want->alert[i], &got->alert[k]);
    if (order < 0)
      tell(s, v, path, "only the reference gives", &want->alert[i]);
    if (order > 0)
      tell(s, v, path, "only the engine gives", &got->alert[k]);
    i += order <= 0;
    k += order >= 0;
  }
  for (size_t i = 0; i < want->n; i++)
    fired_rules[want->alert[i].state / 64] |= 1ull << want->alert[i].state % 64;
}

static void refer(s_slice *s, const s_variant *v, s_alerts *out)
{
  for (uint32_t i = 0; i < s->program->nstates; i++) {
    if (!s_plain(s, v, i, out)) {
      lq_str id = s->program->strings[s->program->rules[s->program->states[i].rule].id];
      fprintf(stderr, "%.*s: ", LQ_STR_ARG(id));
      s_die("a rule that the reference does not read");
    }
  }
}

static void write_alerts(const s_slice *s, const char *path, const s_alerts *all, FILE *to)
{
  for (size_t i = 0; i < all->n; i++) {
    const char *text = all->alert[i].text, *rest = strchr(text, ' ');
    lq_str id = s->program->strings[s->program->rules[s->program->states[all->alert[i].state].rule].id];
    fprintf(to, "%s\t%.*s\t%.*s\t%s\n", path, LQ_STR_ARG(id), (int)strcspn(text, " "), text,
            rest ? rest + 1 : "");
  }
}

static void check(const lq_ruleset *rules, const char *path, uint64_t number, FILE *to)
{
  static const struct {
    uint32_t chance;
    int64_t scale, round;
    bool change, make_up;
    feeding how;
  } variants[] = {
      {0, 1, 0, false, false, WHOLE},          {20, 10, 0, false, false, SORTED},
      {150, 1, 0, false, false, LATE},         {60, 5, SECOND, true, false, SORTED},
      {30, 20, SECOND / 4, true, true, WHOLE}, {200, 3, SECOND, true, true, SORTED},
      {100, 2, SECOND, true, true, LATE},
  };
  static engine_run r;
  s_slice s;
  s_begin(&s, rules);
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    s_variant v = {.seed = number * 100 + i,
                   .chance = variants[i].chance,
                   .scale = variants[i].scale,
                   .round = variants[i].round,
                   .change = variants[i].change,
                   .make_up = variants[i].make_up};
    s_alerts want = {0};
    s_make_variant(&s, &v);
    r = (engine_run){.slice = &s, .variant = &v, .how = variants[i].how};
    if (i == 0)
      run_whole(&r, path);
    else
      run_variant(&r);
    refer(&s, &v, &want);
    compare(&s, &v, path, &want, &r.alerts);
    if (i == 0 && to)
      write_alerts(&s, path, &want, to);
    s_free_alerts(&want);
    s_free_alerts(&r.alerts);
    s_free_variant(&v);
  }
  s_free(&s);
}

int main(int argc, char **argv)
{
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_ruleset *rules = NULL;
  lq_fault fault = {0};
  int first = argc > 3 && strcmp(argv[2], "--alerts") == 0 ? 4 : 2;
  FILE *to = first == 4 ? fopen(argv[3], "w") : NULL;
  if (argc <= first || (first == 4 && !to))
    s_die("usage: corpus_rules BUNDLE [--alerts FILE] SLICE...");
  read_file(argv[1], &bytes);
  if (lq_bundle_read(&p, &lq_mem_libc, bytes.p, bytes.n, NULL, &fault) ||
      lq_ruleset_new(&rules, p, NULL, &lq_mem_libc))
    s_die("the bundle cannot be loaded");
  lq_buf_free(&bytes);
  if (lq_ruleset_program(rules)->nstates > STATES_MAX)
    s_die("too many rules");
  for (int i = first; i < argc; i++)
    check(rules, argv[i], (uint64_t)(i - first + 1), to);
  if (to && fclose(to))
    s_die("alerts cannot be written");
  size_t fired = 0, states = lq_ruleset_program(rules)->nstates;
  for (size_t i = 0; i < states; i++)
    fired += fired_rules[i / 64] >> i % 64 & 1;
  for (size_t i = 0; i < states && states - fired < 20; i++) {
    const lq_program *q = lq_ruleset_program(rules);
    if (!(fired_rules[i / 64] >> i % 64 & 1))
      printf("never fires: %.*s\n", LQ_STR_ARG(q->strings[q->rules[q->states[i].rule].id]));
  }
  printf("%zu rules (%zu of them fire), ", states, fired);
  printf("%d slices, %llu alerts, %llu differences\n", argc - first, (unsigned long long)nalerts,
         (unsigned long long)ndifferences);
  lq_ruleset_free(rules);
  return ndifferences != 0;
}
