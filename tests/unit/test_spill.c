// Events that find no room in memory wait in sorted runs outside of it: the answers are those of a run with
// room for all, and a store that fails is said so.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdio.h>
#include <string.h>

#include "counting_mem.h"

static const char *const rules[] = {
    "sequence by h with maxspan=20s [any where k == \"a\"] [any where k == \"b\"]",
    "sequence by h with maxspan=10s [any where k == \"a\"] ![any where k == \"c\"] [any where k == \"b\"]",
    "any where k == \"c\" | stats count() as n, values(k) as all by h over 30s | where n >= 3",
    "sample by h [any where k == \"a\"] [any where k == \"c\"]",
    "process where process.name : \"p1\" and descendant of [process where process.name : \"p2\"]",
    "any where k == \"d\" | sort n | head 20",
};

// ---- a store in memory

enum { MOST_RUNS = 16384 };
typedef struct store {
  char *bytes[MOST_RUNS];
  size_t n[MOST_RUNS], cap[MOST_RUNS];
  bool dropped[MOST_RUNS];
  size_t live, most; // runs that are there
  size_t calls, fail_at;
  bool misused, garbles;
} store;

static bool fails(store *s, uint32_t run)
{
  s->misused |= run >= MOST_RUNS || s->dropped[run];
  return ++s->calls == s->fail_at || s->misused;
}

static int store_write(void *user, uint32_t run, const void *bytes, size_t n)
{
  store *s = user;
  if (fails(s, run) && !s->garbles)
    return 1;
  s->live += !s->bytes[run];
  s->most = s->live > s->most ? s->live : s->most;
  if (s->cap[run] < s->n[run] + n)
    s->bytes[run] = realloc(s->bytes[run], s->cap[run] = 2 * (s->n[run] + n));
  memcpy(s->bytes[run] + s->n[run], bytes, n);
  s->n[run] += n;
  return 0;
}

static int store_read(void *user, uint32_t run, uint64_t offset, void *bytes, size_t n)
{
  store *s = user;
  bool garbled = fails(s, run);
  s->misused |= n > s->n[run] || offset > s->n[run] - n;
  if (s->misused || (garbled && !s->garbles))
    return 1;
  memcpy(bytes, s->bytes[run] + offset, n);
  for (size_t i = 0; i < n && garbled; i++)
    ((char *)bytes)[i] ^= (char)(i * 37 + 1);
  return 0;
}

static void store_drop(void *user, uint32_t run)
{
  store *s = user;
  s->misused |= run >= MOST_RUNS || s->dropped[run];
  s->live -= s->bytes[run] != NULL;
  free(s->bytes[run]);
  s->bytes[run] = NULL;
  s->dropped[run] = true;
}

// ---- events

static uint64_t seed;

static unsigned below(unsigned n)
{
  seed = seed * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(seed >> 33) % n;
}

// At random times; every tenth without one; some are large.
static size_t put_event(char *out, size_t size, unsigned i, unsigned events)
{
  unsigned t = below(events);
  static const char padding[3000] = {0};
  size_t n = 0;
  n += (size_t)snprintf(out, size, "{\"n\":%u,\"h\":%u,\"k\":\"%c\",\"ip\":\"10.0.0.%u\"", i, below(5),
                        "abcd"[below(4)], below(200));
  if (below(10))
    n += (size_t)snprintf(out + n, size - n, ",\"@timestamp\":\"2024-01-01T%02u:%02u:%02uZ\"", t / 3600,
                          t / 60 % 60, t % 60);
  n += (size_t)snprintf(
      out + n, size - n,
      ",\"event\":{\"category\":\"process\",\"type\":\"start\"},\"process\":{\"name\":\"p%u\","
      "\"pid\":%u,\"entity_id\":\"e%u\",\"parent\":{\"entity_id\":\"e%u\"}},\"host\":{\"id\":\"x\"}",
      below(9), i, i, below(i + 1));
  if (!below(50))
    n += (size_t)snprintf(out + n, size - n, ",\"pad\":\"%*s\"", (int)(sizeof padding - 1), padding);
  return n + (size_t)snprintf(out + n, size - n, "}\n");
}

// ---- runs

typedef struct answer {
  char *p;
  size_t n, cap, matches;
} answer;

static int on_match(void *user, const lq_match *m)
{
  answer *a = user;
  a->matches++;
  for (size_t i = 0; i <= lq_match_event_count(m); i++) {
    if (a->cap - a->n < 32)
      a->p = realloc(a->p, a->cap = 2 * a->cap + 4096);
    bool last = i == lq_match_event_count(m);
    a->n += (size_t)snprintf(a->p + a->n, 32, last ? "r%zu\n" : "%zu ",
                             last ? lq_match_rule(m) : lq_match_line_at(m, i));
  }
  return 0;
}

static lq_bundle *bundle_of(size_t n)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_NO_WARNINGS};
  lq_build *b;
  lq_bundle *out = NULL;
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  for (size_t i = 0; i < n; i++) {
    char id[8];
    snprintf(id, sizeof id, "r%zu", i);
    cr_assert(lq_build_add_query(b, id, id, rules[i], strlen(rules[i])) == LQ_OK, "%s", rules[i]);
  }
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

typedef struct setting {
  uint64_t max_waiting, max_state;
  unsigned events;
  store *store; // NULL: none
  counting_mem *mem;
  bool own_state; // the scan feeds a state of the caller's
} setting;

static lq_status run(const lq_bundle *b, const setting *how, answer *out, lq_stats *stats)
{
  static const uint8_t key[16] = {1};
  lq_limits limits = {
      .struct_size = sizeof limits, .max_waiting = how->max_waiting, .max_state = how->max_state};
  lq_spill spill = {.struct_size = sizeof spill,
                    .user = how->store,
                    .write = store_write,
                    .read = store_read,
                    .drop = store_drop};
  lq_allocator allocator = {counting_fn, how->mem};
  lq_scan_options o = {.struct_size = sizeof o,
                       .limits = &limits,
                       .match = on_match,
                       .user = out,
                       .hash_key = key,
                       .lateness = LQ_SCAN_LATENESS_WHOLE,
                       .spill = how->store ? &spill : NULL,
                       .allocator = how->mem ? &allocator : NULL};
  char line[4096];
  lq_state_options of_state = {.struct_size = sizeof of_state,
                               .limits = &limits,
                               .allocator = o.allocator,
                               .lateness = o.lateness,
                               .hash_key = key,
                               .spill = o.spill};
  lq_state *state = NULL;
  lq_scan *s;
  o.spill = how->own_state ? NULL : o.spill;
  lq_status status = lq_scan_new(&s, b, &o);
  if (status)
    return status;
  seed = 1;
  if (how->own_state)
    status = lq_state_new(&state, b, &of_state);
  if (!status && state)
    status = lq_scan_use_state(s, state);
  if (!status)
    status = lq_scan_begin(s, "log");
  for (unsigned i = 0; i < how->events && !status; i++)
    status = lq_scan_feed(s, line, put_event(line, sizeof line, i, how->events));
  if (!status)
    status = lq_scan_end(s);
  if (!status)
    status = lq_scan_finish(s);
  stats->struct_size = sizeof *stats;
  lq_scan_stats(s, stats);
  if (status == LQ_E_IO)
    cr_expect(lq_scan_finish(s) == LQ_E_IO);
  lq_state_free(state);
  lq_scan_free(s);
  return status;
}

static void expect_clean(const store *s, size_t at)
{
  cr_expect(s->live == 0 && !s->misused, "%zu: %zu runs left%s", at, s->live, s->misused ? ", misused" : "");
}

Test(spill, answers_are_those_of_a_run_with_room_for_all, .timeout = 120)
{
  static const uint64_t waiting[] = {1, 700, 3000, 20000, 100000, 1000000};
  enum { RULES = sizeof rules / sizeof *rules };
  lq_bundle *b = bundle_of(RULES);
  answer want = {0};
  lq_stats all = {.struct_size = sizeof all};
  setting how = {.events = 4000};
  cr_assert(run(b, &how, &want, &all) == LQ_OK && all.spilled == 0 && all.forced == 0);
  cr_expect(want.matches > 500, "%zu", want.matches);
  for (size_t i = 0; i < sizeof waiting / sizeof *waiting; i++) {
    static store kept;
    kept = (store){0};
    answer got = {0};
    lq_stats stats = {0};
    counting_mem mem = {0};
    how.max_waiting = waiting[i];
    how.store = &kept;
    how.mem = &mem;
    how.own_state = i % 2;
    cr_expect(run(b, &how, &got, &stats) == LQ_OK);
    cr_expect(got.n == want.n && memcmp(got.p, want.p, want.n) == 0, "%zu: %zu matches", i, got.matches);
    cr_expect(stats.late == 0 && stats.forced == 0 && stats.dropped == 0 && stats.state_evicted == 0);
    cr_expect(stats.spilled == how.events, "%zu: %zu spilled", i, (size_t)stats.spilled);
    cr_expect(kept.most <= 100, "%zu runs", kept.most);
    cr_expect(mem.live == 0 && !mem.wrong_size);
    expect_clean(&kept, i);
    free(got.p);
  }
  // Without a store what does not fit goes before its turn.
  how.store = NULL, how.mem = NULL, how.own_state = false, how.max_waiting = 20000;
  answer got = {0};
  cr_expect(run(b, &how, &got, &all) == LQ_OK && all.forced > 0 && all.late > 0 && all.spilled == 0);
  free(got.p);
  free(want.p);
  lq_bundle_free(b);
}

Test(spill, little_state_is_enough, .timeout = 120)
{
  static const uint64_t state[] = {8 << 10, 20 << 10, 64 << 10, 256 << 10};
  lq_bundle *b = bundle_of(sizeof rules / sizeof *rules);
  for (size_t i = 0; i < sizeof state / sizeof *state; i++) {
    static store kept;
    kept = (store){0};
    answer got = {0};
    lq_stats stats = {0};
    setting how = {.events = 2000, .max_state = state[i], .store = &kept};
    cr_expect(run(b, &how, &got, &stats) == LQ_OK);
    cr_expect(stats.late == 0 && stats.forced == 0 && stats.state_peak <= state[i],
              "%zu: %zu late, %zu forced, peak %zu", i, (size_t)stats.late, (size_t)stats.forced,
              (size_t)stats.state_peak);
    expect_clean(&kept, i);
    free(got.p);
  }
  lq_bundle_free(b);
}

// Each call of the store fails once, or gives other bytes than were written.
Test(spill, a_store_that_fails, .timeout = 120)
{
  lq_bundle *b = bundle_of(sizeof rules / sizeof *rules);
  static store kept;
  for (int garbles = 0; garbles < 2; garbles++) {
    size_t calls = 1;
    for (size_t at = 0; at <= calls; at += at < 40 ? 1 : 7) {
      kept = (store){.fail_at = at, .garbles = garbles};
      counting_mem mem = {0};
      answer got = {0};
      lq_stats stats = {0};
      setting how = {.events = 150, .max_waiting = 6000, .store = &kept, .mem = &mem};
      lq_status status = run(b, &how, &got, &stats);
      calls = at == 0 ? kept.calls : calls;
      cr_expect(at == 0 ? status == LQ_OK : status == LQ_E_IO || garbles, "call %zu: %d", at, status);
      cr_expect(mem.live == 0 && !mem.wrong_size, "call %zu: %zu bytes left", at, mem.live);
      expect_clean(&kept, at);
      free(got.p);
    }
    cr_expect(calls > 100, "%zu", calls);
  }
  lq_bundle_free(b);
}

Test(spill, every_failed_allocation_is_clean, .timeout = 200)
{
  lq_bundle *b = bundle_of(1);
  static store kept;
  size_t requests = 1;
  answer want = {0};
  for (size_t at = 0; at <= 2 * requests; at++) {
    kept = (store){0};
    counting_mem mem = {.fail_at = (at + 1) / 2, .once = at % 2};
    answer got = {0};
    lq_stats stats = {0};
    setting how = {.events = 60, .max_waiting = 3000, .store = &kept, .mem = &mem};
    lq_status status = run(b, &how, &got, &stats);
    if (at == 0)
      requests = mem.requests, want = got;
    cr_expect(status == LQ_E_NOMEM || (status == LQ_OK && got.matches == want.matches), "%zu: %d", at,
              status);
    cr_expect(mem.live == 0 && !mem.wrong_size, "%zu: %zu bytes left", at, mem.live);
    expect_clean(&kept, at);
    if (at)
      free(got.p);
  }
  free(want.p);
  lq_bundle_free(b);
}

Test(spill, state_is_not_saved_while_events_wait_outside)
{
  lq_bundle *b = bundle_of(1);
  static store kept;
  kept = (store){0};
  lq_limits limits = {.struct_size = sizeof limits, .max_waiting = 1000};
  lq_spill spill = {.struct_size = sizeof spill,
                    .user = &kept,
                    .write = store_write,
                    .read = store_read,
                    .drop = store_drop};
  lq_scan_options o = {
      .struct_size = sizeof o, .limits = &limits, .lateness = LQ_SCAN_LATENESS_WHOLE, .spill = &spill};
  lq_scan *s;
  char line[4096];
  answer bytes = {0};
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_scan_begin(s, "log") == LQ_OK);
  for (unsigned i = 0; i < 20; i++)
    cr_expect(lq_scan_feed(s, line, put_event(line, sizeof line, i, 20)) == LQ_OK);
  lq_stats stats = {.struct_size = sizeof stats};
  lq_scan_stats(s, &stats);
  cr_expect(stats.spilled > 0 && stats.state_waiting > stats.spilled - 1);
  cr_expect(lq_scan_save(s, (lq_write_fn)NULL, &bytes) == LQ_E_USAGE);
  lq_scan_free(s); // with runs that nobody asked for
  expect_clean(&kept, 0);
  spill.drop = NULL;
  cr_expect(lq_scan_new(&s, b, &o) == LQ_E_USAGE);
  o.spill = NULL, o.lateness = -1;
  cr_expect(lq_scan_new(&s, b, &o) == LQ_E_USAGE);
  lq_bundle_free(b);
}
