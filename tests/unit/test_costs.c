// What a scan measures with a clock: of every so many events, and of nothing without one.
#include <stdlib.h>

#include "library.h"

typedef struct ticks {
  uint64_t now, asked;
  int matches;
} ticks;

static uint64_t tick(void *user)
{
  ticks *t = user;
  t->asked++;
  return t->now += 10;
}

static int on_match(void *user, const lq_match *m)
{
  (void)m;
  ((ticks *)user)->matches++;
  return 0;
}

static const char log_of_ten[] =
    "{\"process\":{\"name\":\"a.exe\",\"pid\":1}}\n{\"process\":{\"name\":\"b.exe\",\"pid\":2}}\n"
    "{\"process\":{\"name\":\"a.exe\",\"pid\":3}}\n{\"process\":{\"name\":\"b.exe\",\"pid\":4}}\n"
    "{\"process\":{\"name\":\"a.exe\",\"pid\":5}}\n{\"process\":{\"name\":\"b.exe\",\"pid\":6}}\n"
    "{\"process\":{\"name\":\"a.exe\",\"pid\":7}}\n{\"process\":{\"name\":\"b.exe\",\"pid\":8}}\n"
    "{\"process\":{\"name\":\"a.exe\",\"pid\":9}}\n{\"process\":{\"name\":\"b.exe\",\"pid\":10}}\n";

static lq_scan *scan_with(const lq_bundle *b, ticks *t, uint32_t every, uint32_t layers_off, bool clock)
{
  lq_scan *s = NULL;
  lq_scan_options o = LQ_INIT(lq_scan_options);
  o.clock = clock ? tick : NULL;
  o.clock_every = every;
  o.layers_off = layers_off;
  o.strict = 1;
  o.match = on_match;
  o.user = t;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_buffer(s, "x", log_of_ten, sizeof log_of_ten - 1) == LQ_OK);
  return s;
}

static uint64_t runs_of(lq_scan *s, uint32_t kind, uint64_t *ns)
{
  lq_cost_view v = LQ_INIT(lq_cost_view);
  uint64_t runs = 0;
  *ns = 0;
  for (size_t i = 0; lq_scan_cost(s, kind, i, &v) == LQ_OK; i++) {
    runs += v.runs;
    *ns += v.ns;
    cr_expect((v.runs > 0) == (v.what.n > 0));
  }
  return runs;
}

static const struct cost_case {
  uint32_t every, layers_off;
  bool clock;
  uint64_t events; // that are timed
} cost_cases[] = {
    {1, 0, true, 10},
    {2, 0, true, 5},
    {3, 0, true, 4},
    {10, 0, true, 1},
    {0, 0, true, 1},
    {1, 0, false, 0},
    {1, LQ_LAYERS_ALL, true, 10},
    {4, LQ_LAYERS_ALL, true, 3},
};

Test(costs, sampled)
{
  lq_bundle *b = bundle_of("process.name : \"a.exe\" and process.pid > 2 or process.name regex~ \"z+\"");
  for (size_t i = 0; i < sizeof cost_cases / sizeof *cost_cases; i++) {
    const struct cost_case *c = &cost_cases[i];
    ticks t = {0};
    lq_stats stats = LQ_INIT(lq_stats);
    uint64_t ns, other;
    lq_scan *s = scan_with(b, &t, c->every, c->layers_off, c->clock);
    cr_assert(lq_scan_stats(s, &stats) == LQ_OK);
    cr_expect(t.matches == 4 && stats.events == 10 && stats.profiled == c->events, "case %zu: %d events", i,
              (int)stats.profiled);
    uint64_t runs = runs_of(s, LQ_COST_RULE, &ns);
    cr_expect(c->layers_off ? runs == c->events : runs <= c->events, "case %zu: %d runs", i, (int)runs);
    cr_expect(ns >= 10 * runs, "case %zu", i);
    runs += runs_of(s, LQ_COST_PREDICATE, &other) + runs_of(s, LQ_COST_FIELD, &other);
    cr_expect(t.asked == 2 * runs && (runs > 0) == (c->events > 0), "case %zu: asked %d times for %d runs", i,
              (int)t.asked, (int)runs);
    lq_scan_free(s);
  }
  lq_bundle_free(b);
}

Test(costs, names)
{
  lq_bundle *b = bundle_of("process.name : \"a.exe\" and process.pid > 2");
  ticks t = {0};
  lq_cost_view v = LQ_INIT(lq_cost_view);
  lq_scan *s = scan_with(b, &t, 1, LQ_LAYERS_ALL, true);
  cr_expect(lq_scan_cost(s, LQ_COST_RULE, 0, &v) == LQ_OK && v.runs == 10 && v.what.n > 0);
  cr_expect(lq_scan_cost(s, LQ_COST_RULE, 1, &v) == LQ_E_NOTFOUND);
  cr_expect(lq_scan_cost(s, LQ_COST_PREDICATE, 0, &v) == LQ_OK && v.runs == 10 && v.ns == 100 &&
            is(v.what, "process.name ==~ (\"a.exe\")"));
  cr_expect(lq_scan_cost(s, 3, 0, &v) == LQ_E_NOTFOUND);
  cr_expect(lq_scan_cost(NULL, LQ_COST_RULE, 0, &v) == LQ_E_USAGE);
  v.struct_size = 0;
  cr_expect(lq_scan_cost(s, LQ_COST_RULE, 0, &v) == LQ_E_USAGE);
  lq_scan_free(s);
  v.struct_size = sizeof v;
  s = scan_with(b, &t, 1, 0, false);
  cr_expect(lq_scan_cost(s, LQ_COST_RULE, 0, &v) == LQ_E_NOTFOUND);
  lq_scan_free(s);
  lq_bundle_free(b);
}

// ---- without memory

typedef struct scarce {
  size_t left; // allocations
} scarce;

static void *give(void *user, void *p, size_t old_size, size_t new_size)
{
  scarce *s = user;
  (void)old_size;
  if (new_size == 0)
    return free(p), NULL;
  return s->left > 0 && s->left-- ? realloc(p, new_size) : NULL;
}

Test(costs, no_memory)
{
  lq_bundle *b = bundle_of("process.name : \"a.exe\" and process.pid > 2");
  lq_status status = LQ_E_NOMEM;
  for (size_t n = 0; status != LQ_OK && n < 1000; n++) {
    scarce room = {n};
    ticks t = {0};
    lq_allocator a = {give, &room};
    lq_scan *s = NULL;
    lq_scan_options o = LQ_INIT(lq_scan_options);
    o.clock = tick;
    o.user = &t;
    o.allocator = &a;
    status = lq_scan_new(&s, b, &o);
    cr_assert(status == LQ_OK || (status == LQ_E_NOMEM && !s));
    lq_scan_free(s);
  }
  cr_expect(status == LQ_OK);
  lq_bundle_free(b);
}
