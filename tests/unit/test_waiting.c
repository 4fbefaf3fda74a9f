// What an event waits with: whatever rules ask for when its turn has come. The answers are those of events
// that wait with all that they have.
#include <stdio.h>
#include <stdlib.h>

#include "library.h"

// Each asks for something that no condition of a term reads: what is missing when it is asked shows.
static const char *const queries[] = {
    "sequence by host with maxspan=20s [any where k == \"a\"] [any where k == \"b\"]",
    "sequence by concat(host, user) [any where k == \"a\"] [any where k == \"b\"]",
    "sequence [any where k == \"a\"] by n % 7 [any where k == \"b\"] by n % 5",
    "sequence by ?user, host [any where k == \"a\"] [any where k == \"b\"] until [any where k == \"d\"]",
    "sequence [any where k == \"a\"] by user [any where k == \"b\"] by user until [any where k == \"d\"] by "
    "host",
    "sequence with maxspan=5s [any where k == \"a\"] ![any where k == \"c\"] [any where k == \"b\"]",
    "sequence by host [any where k == \"a\"] with runs=3 [any where k == \"b\"]",
    "sequence [any where k == \"a\"] as one [any where k == \"b\" and n > one.n and user == one.user]",
    "sequence [any where k == \"a\"] as one [any where k == \"b\" and one.deep.er == deep.er]",
    "sequence [any where k == \"a\"] [any where k == \"b\"] | where events[0].n < events[1].n | eval m = "
    "events[0].deep.er",
    "sample by host [any where k == \"a\"] [any where k == \"c\"]",
    "any where k == \"a\" | stats count() as c, values(user) as u, max(n) as m by host over 30s | where c >= "
    "2",
    "any where k == \"a\" | eval m = n * 2 | where m % 3 == 0 | keep user, m",
    "any where k == \"a\" | tail 5 | sort n | eval u = concat(user, deep.er)",
    "any where k == \"b\" | unique_count user, host | where count > 2",
    "any where k == \"b\" | new_terms user, host over 1m",
    "any where k == \"c\" | suppress by user for 10s | eval any_of = any(list, list.x == 3)",
    "any where k == \"c\" | where arraySearch(tags, $t, $t == \"t1\") | count user",
    "any where k == \"b\" and child of [any where k == \"a\"]",
    "any where k == \"b\" and descendant of [any where user == \"u1\" and child of [any where k == \"c\"]]",
    "any where event of [any where user == \"u1\"] | stats count() as c by host over 1h",
    "sequence by host [any where child of [any where k == \"a\"] and user == \"u2\"] [any where k == \"b\"]",
};
enum { QUERIES = sizeof queries / sizeof *queries, EVENTS = 600 };

// ---- events

static uint64_t seed;

static unsigned below(unsigned n)
{
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(seed >> 33) % n;
}

// A few seconds out of order; texts with and without escapes.
static size_t put_event(char *out, size_t size, unsigned i)
{
  unsigned t = i / 2 + below(4);
  // One after the other: compilers differ in which argument of a call they work out first.
  unsigned parent = below(i + 1), tag = below(3), y = below(5), x = below(5), deep = below(2),
           name = below(3);
  const char *other = below(9) ? "" : "\"other\":1,";
  unsigned k = below(4), host = below(3);
  return (size_t)snprintf(
      out, size,
      "{\"@timestamp\":\"2024-01-01T10:%02u:%02uZ\",\"n\":%u,\"host\":\"h%u\",\"k\":\"%c\",%s\"user\":\"u%"
      "u\","
      "\"deep\":{\"er\":\"\\u0041%u\"},\"list\":[{\"x\":%u},{\"x\":%u}],\"tags\":[\"t%u\",\"\\t\"],"
      "\"event\":{\"category\":\"process\",\"type\":\"start\"},"
      "\"process\":{\"entity_id\":\"e%u\",\"parent\":{\"entity_id\":\"e%u\"}},\"not_asked_for\":\"%0*d\"}\n",
      t / 60 % 60, t % 60, i, host, "abcd"[k], other, name, deep, x, y, tag, i, parent, 200, 1);
}

// ---- a store in memory

typedef struct bytes {
  char *p;
  size_t n, cap;
} bytes;

static int add(void *user, const char *p, size_t n)
{
  bytes *b = user;
  if (b->cap - b->n < n)
    b->p = realloc(b->p, b->cap = 2 * (b->n + n));
  memcpy(b->p + b->n, p, n);
  b->n += n;
  return 0;
}

enum { RUNS = 4096 };

static int store_write(void *user, uint32_t run, const void *p, size_t n)
{
  return run >= RUNS || add((bytes *)user + run, p, n);
}

static int store_read(void *user, uint32_t run, uint64_t offset, void *p, size_t n)
{
  const bytes *b = (bytes *)user + run;
  memcpy(p, b->p + offset, n);
  return 0;
}

static void store_drop(void *user, uint32_t run)
{
  bytes *b = (bytes *)user + run;
  free(b->p);
  *b = (bytes){0};
}

// ---- runs

static int on_match(void *user, const lq_match *m)
{
  return lq_match_json(m, add, user) != LQ_OK || add(user, "\n", 1);
}

typedef struct setting {
  int64_t lateness;
  bool store;
  unsigned restart; // the event before which the scan is saved, and gone on with by another; 0: never
  uint32_t layers_off;
} setting;

static lq_scan *open_scan(const lq_bundle *b, const setting *how, bytes *store, bytes *out)
{
  static const uint8_t key[16] = {1};
  lq_limits limits = {.struct_size = sizeof limits, .max_waiting = how->store ? 5000 : 0};
  lq_spill spill = {.struct_size = sizeof spill,
                    .user = store,
                    .write = store_write,
                    .read = store_read,
                    .drop = store_drop};
  lq_scan_options o = {.struct_size = sizeof o,
                       .limits = &limits,
                       .match = on_match,
                       .user = out,
                       .hash_key = key,
                       .lateness = how->lateness,
                       .layers_off = how->layers_off,
                       .spill = how->store ? &spill : NULL};
  lq_scan *s;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_scan_begin(s, "log") == LQ_OK);
  return s;
}

static lq_scan *restart(lq_scan *s, const lq_bundle *b, const setting *how, bytes *out)
{
  bytes saved = {0};
  cr_assert(lq_scan_save(s, add, &saved) == LQ_OK);
  lq_scan_free(s);
  s = open_scan(b, how, NULL, out);
  cr_assert(lq_scan_restore(s, saved.p, saved.n, NULL, NULL) == LQ_OK);
  free(saved.p);
  return s;
}

static bytes run(const lq_bundle *b, const setting *how)
{
  static bytes store[RUNS];
  char line[4096];
  bytes out = {0};
  lq_scan *s = open_scan(b, how, store, &out);
  seed = 1;
  for (unsigned i = 0; i < EVENTS; i++) {
    if (how->restart && i == how->restart)
      s = restart(s, b, how, &out);
    cr_assert(lq_scan_feed(s, line, put_event(line, sizeof line, i)) == LQ_OK);
  }
  cr_assert(lq_scan_end(s) == LQ_OK && lq_scan_finish(s) == LQ_OK);
  lq_stats stats = LQ_INIT(lq_stats);
  lq_scan_stats(s, &stats);
  cr_expect(!stats.dropped && !stats.forced && !stats.state_evicted && !stats.cut_fields);
  cr_expect((stats.spilled > 0) == how->store);
  lq_scan_free(s);
  return out;
}

static void expect_same(const lq_bundle *b, const setting *how, const char *query, bytes *want)
{
  setting plain = *how;
  plain.layers_off = LQ_LAYERS_ALL;
  plain.store = false;
  *want = run(b, &plain);
  bytes got = run(b, how);
  cr_expect(got.n == want->n && (got.n == 0 || memcmp(got.p, want->p, got.n) == 0), "%s\n%.*s\nnot\n%.*s",
            query, (int)got.n, got.p, (int)want->n, want->p);
  free(got.p);
}

static lq_bundle *bundle_of_all(void)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_NO_WARNINGS};
  lq_build *b;
  lq_bundle *out;
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  for (size_t i = 0; i < QUERIES; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%zu", i);
    cr_assert(lq_build_add_query(b, id, id, queries[i], strlen(queries[i])) == LQ_OK, "%s", queries[i]);
  }
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

static const setting settings[] = {
    {.lateness = 0},
    {.lateness = INT64_C(5000000000)},
    {.lateness = INT64_C(5000000000), .restart = EVENTS / 2},
    {.lateness = LQ_SCAN_LATENESS_WHOLE},
    {.lateness = LQ_SCAN_LATENESS_WHOLE, .store = true},
    {.lateness = LQ_SCAN_LATENESS_WHOLE, .restart = EVENTS / 2},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

// Alone, so that nobody else's fields are there by chance.
Test(waiting, an_event_has_what_its_rule_asks_for, .timeout = 120)
{
  for (size_t i = 0; i < QUERIES; i++) {
    lq_bundle *b = bundle_of(queries[i]);
    for (size_t k = 0; k < SETTINGS; k++) {
      bytes want;
      expect_same(b, &settings[k], queries[i], &want);
      cr_expect(want.n > 0 || settings[k].restart, "%s: finds nothing", queries[i]);
      free(want.p);
    }
    lq_bundle_free(b);
  }
}

Test(waiting, an_event_has_what_any_of_many_rules_asks_for, .timeout = 120)
{
  lq_bundle *b = bundle_of_all();
  for (size_t k = 0; k < SETTINGS; k++) {
    bytes want;
    expect_same(b, &settings[k], "all", &want);
    free(want.p);
  }
  lq_bundle_free(b);
}

// ---- what that takes

static uint64_t bytes_of(const char *query, const setting *how, unsigned n)
{
  static bytes store[RUNS];
  char line[4096];
  lq_bundle *b = bundle_of(query);
  lq_scan *s = open_scan(b, how, store, NULL);
  lq_stats none = LQ_INIT(lq_stats), stats = LQ_INIT(lq_stats);
  lq_scan_stats(s, &none);
  seed = 1;
  for (unsigned i = 0; i < n; i++)
    cr_assert(lq_scan_feed(s, line, put_event(line, sizeof line, i)) == LQ_OK);
  lq_scan_stats(s, &stats);
  uint64_t took = stats.state_bytes - none.state_bytes;
  lq_scan_free(s);
  lq_bundle_free(b);
  return took / n;
}

#define NEVER "process.name == \"it reads nothing else\""
static const struct {
  const char *what, *query;
  bool store;
  uint64_t least, most; // bytes an event
} costs[] = {
    {"no term can want it", "sequence [any where " NEVER "] [any where n == -1]", false, 0, 0},
    {"its record, and one key", "sequence by host [any where n >= 0] [any where n == -1]", false, 700, 1000},
    {"its process alone", "any where n == -1 and child of [any where " NEVER "]", true, 50, 250},
    {"its record, and its process", "any where n == -1 and child of [any where " NEVER "]", false, 700, 1100},
};

Test(waiting, what_an_event_takes)
{
  for (size_t i = 0; i < sizeof costs / sizeof *costs; i++) {
    setting how = {.lateness = LQ_SCAN_LATENESS_WHOLE, .store = costs[i].store};
    uint64_t took = bytes_of(costs[i].query, &how, 5);
    cr_expect(took >= costs[i].least && took <= costs[i].most, "%s: %zu bytes", costs[i].what, (size_t)took);
  }
}
