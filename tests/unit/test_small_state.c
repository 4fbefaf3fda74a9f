// Rules over several events with next to no memory, and callers that look at state in the middle of an event.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdio.h>
#include <string.h>

static const char *const queries[] = {
    "sequence by h with maxspan=1h [any where k == \"a\"] [any where k == \"b\"]",
    "sequence by h with maxspan=1m ![any where k == \"c\"] [any where k == \"a\"] [any where k == \"b\"]",
    "sequence by h with maxspan=1h [any where k == \"a\"] [any where k == \"b\"] ![any where k == \"c\"]",
    "sample by h [any where k == \"a\"] [any where k == \"b\"]",
    "any where true | new_terms h over 1d",
    "any where true | unique h | tail 500 | sort n | head 3",
    "any where true | suppress by h for 1d",
    "any where true | stats count() as c, values(n) as v, max(n) as m by h over 10m | where c > 1",
    "any where true | count h | sort count",
    "any where true | unique_count h | tail 3",
    "process where descendant of [process where k == \"a\"]",
};
enum { QUERIES = sizeof queries / sizeof *queries, HOSTS = 1000 };

static lq_bundle *bundle_of(size_t from, size_t to)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_NO_WARNINGS};
  lq_build *b;
  lq_bundle *out = NULL;
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  for (size_t i = from; i < to; i++) {
    char name[16];
    snprintf(name, sizeof name, "q%zu", i);
    cr_assert(lq_build_add_query(b, name, NULL, queries[i], strlen(queries[i])) == LQ_OK, "%s", queries[i]);
  }
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

static void feed_event(lq_scan *s, int second, char kind, int host)
{
  char line[512];
  int n = snprintf(
      line, sizeof line,
      "{\"@timestamp\":\"2024-01-01T%02d:%02d:%02dZ\",\"k\":\"%c\",\"h\":\"host-%d\",\"n\":%d,"
      "\"event\":{\"category\":\"process\",\"type\":\"start\"},\"host\":{\"id\":\"x\"},"
      "\"process\":{\"pid\":%d,\"entity_id\":\"e%d\",\"parent\":{\"pid\":%d,\"entity_id\":\"e%d\"}}}\n",
      second / 3600, second / 60 % 60, second % 60, kind, host, second, host, host, host / 2, host / 2);
  cr_assert(lq_scan_feed(s, line, (size_t)n) == LQ_OK);
}

static int count_match(void *user, const lq_match *m)
{
  ++((uint64_t *)user)[lq_match_rule(m)];
  return 0;
}

// 8 kB for the rules from..to: each event finds no room for long, what is recent is found all the same.
static void run(size_t from, size_t to, uint64_t per_rule)
{
  uint64_t matches[QUERIES] = {0};
  lq_bundle *b = bundle_of(from, to);
  lq_limits l = {.struct_size = sizeof l};
  lq_limits_default(&l);
  l.max_state = 8 << 10;
  l.max_state_rule = per_rule;
  lq_scan_options o = {.struct_size = sizeof o, .match = count_match, .user = matches, .limits = &l};
  lq_stats stats = {.struct_size = sizeof stats};
  lq_scan *s;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(s, "log") == LQ_OK);
  for (int i = 0; i < HOSTS; i++) {
    feed_event(s, 2 * i, 'a', i);
    if (i % 100 == 99)
      feed_event(s, 2 * i + 1, 'b', i);
    lq_scan_stats(s, &stats);
    cr_assert(stats.state_bytes <= l.max_state);
  }
  cr_expect(lq_scan_end(s) == LQ_OK && lq_scan_finish(s) == LQ_OK);
  lq_scan_stats(s, &stats);
  cr_expect(stats.state_peak <= l.max_state, "%zu: %llu bytes", from, (unsigned long long)stats.state_peak);
  cr_expect(stats.state_evicted + stats.processes_evicted > 0, "%zu: nothing was evicted", from);
  for (size_t i = from; i < to && to - from == 1; i++)
    cr_expect(matches[i - from] > 0, "%s: no match", queries[i]);
  lq_scan_free(s);
  lq_bundle_free(b);
}

Test(small_state, each_kind_of_rule_works_in_8_kB)
{
  for (size_t i = 0; i < QUERIES; i++)
    run(i, i + 1, 16 << 20);
}

Test(small_state, all_of_them_share_8_kB)
{
  run(0, QUERIES, 16 << 20);
  run(0, QUERIES, 512);
}

// ---- looking at state in the middle

typedef struct looker {
  lq_scan *scan;
  size_t moments, live, wrong;
} looker;

static void on_live(void *user, const lq_live_view *v)
{
  looker *l = user;
  l->live++;
  l->wrong += v->key.n == 0 || v->nevents == 0;
}

static int nowhere(void *user, const char *bytes, size_t n)
{
  (void)user, (void)bytes, (void)n;
  return 0;
}

static void look(looker *l)
{
  lq_stats stats = {.struct_size = sizeof stats};
  l->moments++;
  l->wrong += lq_scan_each_live(l->scan, on_live, l) != LQ_OK;
  l->wrong += lq_scan_save(l->scan, nowhere, NULL) != LQ_E_USAGE; // half of an event is no state
  lq_scan_stats(l->scan, &stats);
}

static int look_at_match(void *user, const lq_match *m)
{
  (void)m;
  look(user);
  return 0;
}

static void look_at_step(void *user, const lq_step_view *v)
{
  (void)v;
  look(user);
}

Test(small_state, callers_may_look_in_the_middle_of_an_event)
{
  looker l = {0};
  lq_bundle *b = bundle_of(0, QUERIES);
  lq_limits limits = {.struct_size = sizeof limits};
  lq_limits_default(&limits);
  limits.max_state_keys = 3;
  lq_scan_options o = {
      .struct_size = sizeof o, .match = look_at_match, .step = look_at_step, .user = &l, .limits = &limits};
  cr_assert(lq_scan_new(&l.scan, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(l.scan, "log") == LQ_OK);
  for (int i = 0; i < 200; i++)
    feed_event(l.scan, i, "abbc"[i % 4], i % 7);
  cr_expect(lq_scan_end(l.scan) == LQ_OK && lq_scan_finish(l.scan) == LQ_OK);
  cr_expect(l.moments > 100 && l.live > 100 && l.wrong == 0, "%zu moments, %zu live, %zu wrong", l.moments,
            l.live, l.wrong);
  lq_scan_free(l.scan);
  lq_bundle_free(b);
}
