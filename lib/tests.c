// The tests that stand beside rules: their events through the engine, their verdicts out.
#include "lib/api.h"

typedef struct test_run {
  const lq_bundle *bundle;
  lq_mem mem;
  lq_limits limits;
  lq_engine *engine;
  lq_stateful *stateful; // of this test, when its rule is one of several events
  lq_event event;
  int64_t clock; // time of the event before
  uint32_t rule;
  uint64_t matches;
  char reason[160];
} test_run;

static int on_match(void *user, uint32_t rule)
{
  test_run *t = user;
  t->matches += rule == t->rule;
  return 0;
}

static int on_group(void *user, const lq_outcome *g)
{
  test_run *t = user;
  t->matches += t->bundle->program->states[g->state].rule == t->rule;
  return 0;
}

static void set_reason(test_run *t, lq_str reason)
{
  size_t n = reason.n < sizeof t->reason ? reason.n : sizeof t->reason - 1;
  if (n > 0)
    memcpy(t->reason, reason.p, n);
  t->reason[n] = '\0';
}

// The end of the object that begins at `from`. The rule file's reader has checked it, but a bundle may come
// from anywhere.
static size_t object_end(lq_str s, size_t from)
{
  size_t depth = 0;
  bool text = false;
  for (size_t i = from; i < s.n; i++) {
    char c = s.p[i];
    if (text && c == '\\')
      i++;
    else if (c == '"')
      text = !text;
    else if (!text && (c == '{' || c == '['))
      depth++;
    else if (!text && (c == '}' || c == ']') && (depth == 0 || --depth == 0))
      return i + 1;
  }
  return s.n;
}

static lq_status run_event(test_run *t, lq_str json, uint64_t number)
{
  lq_input_limits limits = lq_api_input_limits(&t->limits);
  lq_bad_record bad = {0};
  lq_event_clear(&t->event);
  t->event.line = number;
  lq_status s = lq_event_from_json(&t->event, json, &limits, &bad, &t->mem);
  if (s == LQ_E_NOMEM || t->event.failed)
    return LQ_E_NOMEM;
  if (s != LQ_OK) {
    set_reason(t, bad.reason.n > 0 ? bad.reason : LQ_STR("the event cannot be read"));
    return LQ_OK;
  }
  lq_hits hits;
  lq_cursor cursor = lq_cursor_of(&t->event);
  s = lq_engine_eval(t->engine, &cursor, t->stateful ? LQ_ASK_ALL : LQ_ASK_RULES, &hits);
  if (s == LQ_OK)
    s = lq_engine_give(t->engine, &hits, on_match, t);
  if (s != LQ_OK || !t->stateful)
    return s;
  // A test's clock: an event that says no time comes a second after the one before.
  if (!t->event.has_time)
    t->event.time = t->clock + INT64_C(1000000000);
  t->event.has_time = true;
  t->clock = t->event.time;
  return lq_stateful_event(t->stateful, &cursor, &hits);
}

static lq_status run_events(test_run *t, lq_str events)
{
  uint64_t number = 0;
  for (size_t at = 0; at < events.n;) {
    if (events.p[at] != '{' && events.p[at] != '[') {
      at++;
      continue;
    }
    size_t end = object_end(events, at);
    lq_status s = run_event(t, lq_str_slice(events, at, end), ++number);
    if (s != LQ_OK)
      return s;
    at = end;
  }
  if (number == 0)
    set_reason(t, LQ_STR("the test has no event"));
  return LQ_OK;
}

// Each test begins with nothing remembered, and its events are all there will be.
static lq_status run_stateful(test_run *t, lq_str events)
{
  lq_stateful_options o = {.lateness = LQ_LATENESS_WHOLE, .hooks = {.user = t, .group = on_group}};
  t->clock = -INT64_C(1000000000);
  lq_status s = lq_stateful_new(&t->stateful, t->engine, &o, &t->mem);
  if (s == LQ_OK)
    s = run_events(t, events);
  if (s == LQ_OK)
    s = lq_stateful_end(t->stateful);
  if (s == LQ_OK && t->reason[0] == '\0' && lq_stateful_stats_get(t->stateful)->indeterminate > 0)
    set_reason(t, LQ_STR("a rule ran out of its budget"));
  lq_stateful_free(t->stateful);
  t->stateful = NULL;
  return s;
}

static bool passes(const lq_test_def *d, uint64_t matches)
{
  switch ((lq_test_kind)d->kind) {
  case LQ_TEST_MATCH: return matches > 0;
  case LQ_TEST_NONE: return matches == 0;
  case LQ_TEST_COUNT: return matches == d->count;
  }
  return false;
}

static uint64_t wanted(const lq_test_def *d)
{
  return d->kind == LQ_TEST_MATCH ? 1 : d->kind == LQ_TEST_COUNT ? d->count : 0;
}

static lq_status run_test(test_run *t, const lq_test_def *d, lq_test_result *out)
{
  const lq_bundle *b = t->bundle;
  t->rule = d->rule;
  t->matches = 0;
  t->reason[0] = '\0';
  uint64_t undecided = lq_engine_stats_get(t->engine)->indeterminate;
  lq_str events = lq_bundle_string(b, d->events);
  lq_status s = b->program->rules[d->rule].state == LQ_NONE ? run_events(t, events) : run_stateful(t, events);
  if (s != LQ_OK)
    return s;
  if (t->reason[0] == '\0' && lq_engine_stats_get(t->engine)->indeterminate > undecided)
    set_reason(t, LQ_STR("a rule ran out of its budget"));
  *out = (lq_test_result){
      .rule = d->rule,
      .kind = d->kind,
      .line = d->line,
      .passed = t->reason[0] == '\0' && passes(d, t->matches),
      .wanted = wanted(d),
      .got = t->matches,
      .name = lq_text_of(lq_bundle_string(b, d->name)),
      .event = lq_text_of(lq_bundle_string(b, d->events)),
      .reason = lq_text_of(lq_str_of(t->reason)),
  };
  return LQ_OK;
}

static lq_status run_all(test_run *t, int (*each)(void *user, const lq_test_result *r), void *user)
{
  const lq_program *p = t->bundle->program;
  for (size_t i = 0; i < p->ntests; i++) {
    lq_test_result r;
    lq_status s = run_test(t, &p->tests[i], &r);
    if (s != LQ_OK)
      return s;
    if (each && each(user, &r) != 0)
      return LQ_E_CANCELLED;
  }
  return LQ_OK;
}

lq_status lq_bundle_run_tests(const lq_bundle *b, const lq_limits *limits, const lq_allocator *allocator,
                              int (*each)(void *user, const lq_test_result *r), void *user)
{
  test_run t = {.bundle = b, .mem = lq_api_mem(allocator)};
  if (!b || lq_api_limits(&t.limits, limits) != LQ_OK)
    return LQ_E_USAGE;
  lq_status s = lq_engine_new(&t.engine, b->rules, &t.mem);
  if (s != LQ_OK)
    return s;
  lq_engine_set_max_value(t.engine, (size_t)t.limits.max_value);
  s = lq_event_init(&t.event, lq_ruleset_fields(b->rules), &t.mem);
  if (s == LQ_OK) {
    t.event.source = LQ_STR("<test>");
    s = run_all(&t, each, user);
    lq_event_free(&t.event);
  }
  lq_engine_free(t.engine);
  return s;
}
