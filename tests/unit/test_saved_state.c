// What stateful rules remember, as an object and as bytes: size, sharing, other bundles, smaller limits,
// damage.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "counting_mem.h"

typedef struct bytes {
  char *p;
  size_t n, cap, refuse_after; // 0: takes everything
} bytes;

static int put(void *user, const char *p, size_t n)
{
  bytes *b = user;
  if (b->refuse_after && b->n + n > b->refuse_after)
    return 1;
  if (b->n + n + 1 > b->cap) {
    b->cap = (b->n + n + 1) * 2;
    b->p = realloc(b->p, b->cap);
  }
  memcpy(b->p + b->n, p, n);
  b->n += n;
  b->p[b->n] = '\0';
  return 0;
}

static void free_bytes(bytes *b)
{
  free(b->p);
  *b = (bytes){0};
}

static lq_bundle *bundle_of(const char *const *queries, size_t n)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_NO_WARNINGS};
  lq_build *b;
  lq_bundle *out = NULL;
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  for (size_t i = 0; i < n; i++) {
    char id[16];
    snprintf(id, sizeof id, "r%zu", i);
    cr_assert(lq_build_add_query(b, "<query>", id, queries[i], strlen(queries[i])) == LQ_OK, "%s",
              queries[i]);
  }
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

static int on_match(void *user, const lq_match *m)
{
  char line[64];
  lq_rule_view rule = LQ_INIT(lq_rule_view);
  lq_bundle_rule(lq_match_bundle(m), lq_match_rule(m), &rule);
  put(user, rule.id.p, rule.id.n);
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    int n = snprintf(line, sizeof line, "%s%llu", i ? "," : " ", (unsigned long long)lq_match_line_at(m, i));
    put(user, line, (size_t)n);
  }
  for (size_t i = 0; i < lq_match_column_count(m); i++) {
    lq_text name, json;
    cr_assert(lq_match_column(m, i, &name, NULL, &json) == LQ_OK);
    put(user, " ", 1), put(user, name.p, name.n), put(user, "=", 1), put(user, json.p, json.n);
  }
  return put(user, "\n", 1);
}

static lq_limits large_limits(void)
{
  lq_limits l = LQ_INIT(lq_limits);
  lq_limits_default(&l);
  l.max_state = l.max_state_rule = l.max_waiting = (uint64_t)1 << 30;
  return l;
}

static lq_scan *scan_of(const lq_bundle *b, int64_t lateness, const lq_limits *limits, bytes *got)
{
  lq_scan *s;
  lq_scan_options o = {
      .struct_size = sizeof o, .match = on_match, .user = got, .lateness = lateness, .limits = limits};
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_scan_begin(s, "log") == LQ_OK);
  return s;
}

static void feed(lq_scan *s, const char *line)
{
  cr_assert(lq_scan_feed(s, line, strlen(line)) == LQ_OK);
}

static void end(lq_scan *s)
{
  cr_expect(lq_scan_end(s) == LQ_OK && lq_scan_finish(s) == LQ_OK);
}

static lq_stats stats_of(const lq_scan *s)
{
  lq_stats stats = LQ_INIT(lq_stats);
  cr_assert(lq_scan_stats(s, &stats) == LQ_OK);
  return stats;
}

static void restore(lq_scan *s, const bytes *b)
{
  lq_errinfo info = LQ_INIT(lq_errinfo);
  cr_assert(lq_scan_restore(s, b->p, b->n, &info, NULL) == LQ_OK, "%s", info.message);
}

// ---- size

typedef struct heap {
  const char *what;
  const char *rule;
  size_t rules, events, text; // how many; bytes of text in each event
  int64_t lateness;
} heap;

#define TWO "sequence by process.pid [any where a == 1] [any where a == 2 and b == 77]"
static const heap heaps[] = {
    {"events that partial matches of twenty rules share", TWO, 20, 1700, 9500, 0},
    {"events that samples share", "sample by process.pid [any where a == 1] [any where a == 2]", 8, 300, 3000,
     0},
    {"events that wait", TWO, 3, 500, 2000, LQ_SCAN_LATENESS_WHOLE},
    {"rows that wait for the end", "any where a == 1 | sort b", 5, 400, 2000, 0},
    {"the last rows", "any where a == 1 | eval c = concat(text, text) | tail 50", 5, 400, 2000, 0},
    {"values that groups share", "any where a == 1 | stats values(text) by list over 1h", 2, 20, 4000, 0},
    {"windows", "any where a == 1 | stats count(), max(text), sum(b) by process.pid over 1h", 2, 2000, 100,
     0},
    {"what was seen", "any where a == 1 | suppress by process.pid for 1h", 2, 5000, 10, 0},
    {"first-seen values", "any where a == 1 | new_terms text over 1h", 2, 2000, 200, 0},
    {"counts", "any where a == 1 | count text", 2, 2000, 200, 0},
    {"one event for each key", "any where a == 1 | unique_count text", 2, 2000, 200, 0},
    {"no state at all", TWO, 1, 0, 0, 0},
    {"many rules without state", TWO, 200, 0, 0, 0},
};

static void fill(lq_scan *s, const heap *h)
{
  char *line = malloc(h->text + 4096), *text = malloc(h->text + 1);
  memset(text, 'x', h->text);
  text[h->text] = '\0';
  for (size_t i = 0; i < h->events; i++) {
    snprintf(
        line, h->text + 4096,
        "{\"@timestamp\":\"2024-05-01T10:%02zu:%02zu.%03zuZ\",\"process\":{\"pid\":%zu},\"a\":1,\"b\":%zu.5,"
        "\"list\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16],\"text\":\"%zu%s\"}\n",
        i / 600 % 60, i / 10 % 60, i % 10 * 100, i, i, i, text);
    feed(s, line);
  }
  free(line);
  free(text);
}

Test(saved_state, is_never_much_larger_than_the_memory_it_came_from, .timeout = 120)
{
  lq_limits limits = large_limits();
  for (size_t i = 0; i < sizeof heaps / sizeof *heaps; i++) {
    const char *queries[200];
    for (size_t k = 0; k < heaps[i].rules; k++)
      queries[k] = heaps[i].rule;
    bytes saved = {0}, again = {0}, got = {0};
    lq_bundle *b = bundle_of(queries, heaps[i].rules);
    lq_scan *s = scan_of(b, heaps[i].lateness, &limits, &got),
            *t = scan_of(b, heaps[i].lateness, &limits, &got);
    fill(s, &heaps[i]);
    cr_assert(lq_scan_save(s, put, &saved) == LQ_OK, "%s", heaps[i].what);
    lq_stats before = stats_of(s);
    cr_expect(heaps[i].events == 0 || before.state_bytes > heaps[i].events * 20, "%s: nothing is there",
              heaps[i].what);
    // The names of rules and what they do without any key are no state, and need some bytes too.
    cr_expect((double)saved.n <= 1.2 * (double)before.state_bytes + 400 + 120.0 * (double)heaps[i].rules,
              "%s: %zu bytes of %llu", heaps[i].what, saved.n, (unsigned long long)before.state_bytes);
    restore(t, &saved);
    lq_stats after = stats_of(t);
    cr_expect(after.state_bytes <= before.state_bytes && after.state_evicted == 0 &&
                  after.state_live == before.state_live && after.state_keys == before.state_keys &&
                  after.state_waiting == before.state_waiting,
              "%s: %llu bytes were %llu", heaps[i].what, (unsigned long long)after.state_bytes,
              (unsigned long long)before.state_bytes);
    cr_expect(lq_scan_save(t, put, &again) == LQ_OK && again.n == saved.n &&
                  memcmp(again.p + 56, saved.p + 56, saved.n - 56) == 0,
              "%s: saved again it is another", heaps[i].what);
    lq_scan_free(s);
    lq_scan_free(t);
    lq_bundle_free(b);
    free_bytes(&saved);
    free_bytes(&again);
    free_bytes(&got);
  }
}

// ---- another bundle

// A rule that comes between two runs sees all of what waits, as a run from the start would.
Test(saved_state, events_that_wait_are_read_by_the_new_bundle)
{
  static const char *const before[] = {"sequence by host.id [any where a == 1] [any where a == 2]"};
  static const char *const after[] = {"sequence by host.id [any where a == 1] [any where a == 2]",
                                      "sequence by host.id [any where a == 1 and not user.name == \"root\"] "
                                      "[any where a == 2 and not user.name == \"root\"]",
                                      "any where user.name == \"root\" | sort cost | keep cost"};
  static const char *const lines[] = {"{\"@timestamp\":\"2024-05-01T10:00:00Z\",\"host\":{\"id\":\"h\"},"
                                      "\"user\":{\"name\":\"root\"},\"a\":1,\"cost\":3}\n",
                                      "{\"@timestamp\":\"2024-05-01T10:00:01Z\",\"host\":{\"id\":\"h\"},"
                                      "\"user\":{\"name\":\"root\"},\"a\":2,\"cost\":2}\n",
                                      "{\"@timestamp\":\"2024-05-01T10:00:02Z\",\"host\":{\"id\":\"g\"},"
                                      "\"user\":{\"name\":\"root\"},\"a\":1,\"cost\":1}\n",
                                      "{\"@timestamp\":\"2024-05-01T10:00:03Z\",\"host\":{\"id\":\"g\"},"
                                      "\"user\":{\"name\":\"root\"},\"a\":2,\"cost\":0}\n"};
  enum { N = sizeof lines / sizeof *lines };
  const int64_t lateness = INT64_C(3600) * 1000000000;
  bytes fresh = {0}, saved = {0}, got = {0}, nothing = {0};
  lq_bundle *one = bundle_of(before, 1), *two = bundle_of(after, 3);
  lq_scan *s = scan_of(two, lateness, NULL, &fresh);
  for (size_t i = 0; i < N; i++)
    feed(s, lines[i]);
  end(s);
  lq_scan_free(s);
  cr_assert(strcmp(fresh.p, "r0 1,2\nr0 3,4\nr2 4 cost=0\nr2 3 cost=1\nr2 2 cost=2\nr2 1 cost=3\n") == 0,
            "%s", fresh.p);
  s = scan_of(one, lateness, NULL, &nothing);
  for (size_t i = 0; i < N; i++)
    feed(s, lines[i]);
  cr_assert(lq_scan_save(s, put, &saved) == LQ_OK && nothing.n == 0);
  lq_scan_free(s);
  s = scan_of(two, lateness, NULL, &got);
  restore(s, &saved);
  cr_expect(stats_of(s).state_waiting == N);
  end(s);
  cr_expect(strcmp(got.p, fresh.p) == 0, "%s", got.p);
  lq_scan_free(s);
  lq_bundle_free(one);
  lq_bundle_free(two);
  free_bytes(&fresh), free_bytes(&saved), free_bytes(&got);
}

// What a rule has kept for its end is read anew too; a rule that is gone leaves nothing behind.
Test(saved_state, rows_are_read_by_the_new_bundle)
{
  static const char *const before[] = {"any where a == 1 | sort b | keep b", TWO};
  static const char *const after[] = {"any where a == 1 | sort b | keep b",
                                      "any where c == 9 and d:(1, 2, 3) | stats count() by c over 1m"};
  bytes saved = {0}, got = {0};
  lq_bundle *one = bundle_of(before, 2), *two = bundle_of(after, 2);
  lq_scan *s = scan_of(one, 0, NULL, &got);
  feed(s, "{\"a\":1,\"b\":3}\n{\"a\":1,\"b\":1}\n{\"a\":1,\"b\":2}\n");
  cr_assert(lq_scan_save(s, put, &saved) == LQ_OK);
  lq_scan_free(s);
  s = scan_of(two, 0, NULL, &got);
  lq_restore_view v = LQ_INIT(lq_restore_view);
  cr_assert(lq_scan_restore(s, saved.p, saved.n, NULL, &v) == LQ_OK);
  cr_expect(!v.same_bundle && v.kept == 1 && v.cold == 1);
  end(s);
  cr_expect(strcmp(got.p, "r0 2 b=1\nr0 3 b=2\nr0 1 b=3\n") == 0, "%s", got.p);
  lq_scan_free(s);
  lq_bundle_free(one);
  lq_bundle_free(two);
  free_bytes(&saved), free_bytes(&got);
}

// ---- smaller limits

static const char *const many_kinds[] = {
    "sequence by process.pid [any where a == 1] [any where a == 2]",
    "sequence by c with maxspan=1h [any where a == 1] ![any where a == 3]",
    "sample by process.pid [any where a == 1] [any where a == 2]",
    "any where a == 1 | sort b",
    "any where a == 1 | stats dcount(b), sum(b) by c over 1h",
    "any where a == 1 | stats values(text), dcount(b) by c",
    "any where a == 1 | unique_count process.pid",
    "any where a == 1 | suppress by process.pid for 1h",
    "any where descendant of [process where a == 1]",
};

static void check_small(const lq_bundle *b, const bytes *saved, const lq_limits *limits, int64_t lateness,
                        const char *what)
{
  bytes got = {0};
  lq_scan *s = scan_of(b, lateness, limits, &got);
  lq_errinfo info = LQ_INIT(lq_errinfo);
  cr_assert(lq_scan_restore(s, saved->p, saved->n, &info, NULL) == LQ_OK, "%s: %s", what, info.message);
  lq_stats st = stats_of(s);
  cr_expect(st.state_evicted + st.state_cut + st.dropped + st.processes_evicted + st.state_waiting > 0,
            "%s: nothing was counted", what);
  cr_expect(st.state_bytes <= limits->max_state || limits->max_state < 65536, "%s: %llu bytes", what,
            (unsigned long long)st.state_bytes);
  for (size_t i = 0; i < sizeof many_kinds / sizeof *many_kinds; i++) {
    lq_rule_state_view r = LQ_INIT(lq_rule_state_view);
    cr_expect(lq_scan_rule_state(s, i, &r) == LQ_OK && r.keys <= limits->max_state_keys &&
                  (r.bytes <= limits->max_state_rule || limits->max_state_rule < 65536),
              "%s: rule %zu has %llu keys, %llu bytes", what, i, (unsigned long long)r.keys,
              (unsigned long long)r.bytes);
  }
  end(s);
  lq_scan_free(s);
  free_bytes(&got);
}

Test(saved_state, what_smaller_limits_cannot_hold_is_evicted_and_counted)
{
  enum { KINDS = sizeof many_kinds / sizeof *many_kinds };
  lq_limits large = large_limits();
  lq_bundle *b = bundle_of(many_kinds, KINDS);
  for (int late = 0; late < 2; late++) {
    int64_t lateness = late ? LQ_SCAN_LATENESS_WHOLE : 0;
    bytes saved = {0}, got = {0};
    lq_scan *s = scan_of(b, lateness, &large, &got);
    fill(s, &(heap){.events = 1500, .text = 100});
    cr_assert(lq_scan_save(s, put, &saved) == LQ_OK);
    lq_limits keys = large, bytes_all = large, bytes_rule = large, waiting = large, window = large,
              distinct = large, tiny = large;
    keys.max_state_keys = 10;
    bytes_all.max_state = 200000;
    bytes_rule.max_state_rule = 70000;
    waiting.max_waiting = 10000;
    window.max_window = 10;
    distinct.max_distinct = 10;
    tiny.max_state = tiny.max_state_rule = 40000;
    check_small(b, &saved, &bytes_all, lateness, "bytes of all");
    check_small(b, &saved, &tiny, lateness, "next to nothing");
    if (!late) {
      check_small(b, &saved, &keys, lateness, "keys");
      check_small(b, &saved, &bytes_rule, lateness, "bytes of a rule");
      check_small(b, &saved, &window, lateness, "events of a window");
      check_small(b, &saved, &distinct, lateness, "distinct values");
    } else {
      check_small(b, &saved, &waiting, lateness, "waiting");
    }
    lq_scan_free(s);
    free_bytes(&saved), free_bytes(&got);
  }
  lq_bundle_free(b);
}

// ---- damage

Test(saved_state, a_failed_restore_changes_nothing)
{
  static const char *const queries[] = {TWO};
  static const struct {
    size_t at;
    const char *why;
    lq_status status;
  } damage[] = {{0, "no saved state", LQ_E_BUNDLE},
                {8, "another version", LQ_E_VERSION},
                {16, "cut short", LQ_E_BUNDLE},
                {100, "digest", LQ_E_BUNDLE}};
  bytes saved = {0}, kept = {0}, after = {0}, got = {0};
  lq_bundle *b = bundle_of(queries, 1);
  lq_scan *s = scan_of(b, 0, NULL, &got);
  fill(s, &(heap){.events = 3, .text = 10});
  cr_assert(lq_scan_save(s, put, &saved) == LQ_OK && lq_scan_save(s, put, &kept) == LQ_OK);
  for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
    lq_errinfo info = LQ_INIT(lq_errinfo);
    saved.p[damage[i].at] ^= 1;
    cr_expect(lq_scan_restore(s, saved.p, saved.n, &info, NULL) == damage[i].status, "%zu", i);
    cr_expect(strstr(info.message, damage[i].why) != NULL, "%zu: %s", i, info.message);
    saved.p[damage[i].at] ^= 1;
  }
  cr_expect(lq_scan_restore(s, saved.p, saved.n - 1, NULL, NULL) == LQ_E_BUNDLE);
  cr_expect(lq_scan_save(s, put, &after) == LQ_OK && after.n == kept.n &&
            memcmp(after.p, kept.p, kept.n) == 0);
  lq_scan_free(s);
  lq_bundle_free(b);
  free_bytes(&saved), free_bytes(&kept), free_bytes(&after), free_bytes(&got);
}

// Version 1 had 1 where 2 is, and a digest that was right.
Test(saved_state, version_1_is_refused_with_what_to_do)
{
  static const char *const queries[] = {TWO};
  static const unsigned char old[64] = {0x89, 'L', 'Q', 'S', '\r', '\n', 0x1a, '\n', 1, [16] = 64};
  bytes got = {0};
  lq_errinfo info = LQ_INIT(lq_errinfo);
  lq_bundle *b = bundle_of(queries, 1);
  lq_scan *s = scan_of(b, 0, NULL, &got);
  cr_expect(lq_scan_restore(s, old, sizeof old, &info, NULL) == LQ_E_VERSION);
  cr_expect(strstr(info.message, "begin anew") != NULL && strstr(info.message, "lost") != NULL, "%s",
            info.message);
  lq_scan_free(s);
  lq_bundle_free(b);
}

// ---- changes

Test(saved_state, changes_build_on_what_was_saved)
{
  enum { KINDS = sizeof many_kinds / sizeof *many_kinds };
  bytes chain = {0}, got = {0}, want = {0}, refused = {.refuse_after = 1};
  int whole = 0;
  lq_bundle *b = bundle_of(many_kinds, KINDS);
  lq_scan *s = scan_of(b, 0, NULL, &want);
  lq_state *state = lq_scan_state(s);
  fill(s, &(heap){.events = 400, .text = 50});
  cr_assert(lq_state_save_changes(state, put, &chain, &whole) == LQ_OK && whole == 1);
  size_t first = chain.n;
  for (int i = 0; i < 4; i++) {
    char line[256];
    snprintf(line, sizeof line,
             "{\"@timestamp\":\"2024-05-01T10:10:%02dZ\",\"process\":{\"pid\":%d},\"a\":2,\"b\":77}\n", i, i);
    feed(s, line);
    cr_assert(lq_state_save_changes(state, put, &chain, &whole) == LQ_OK && whole == 0);
  }
  cr_expect(chain.n - first < first / 4, "%zu after %zu", chain.n - first, first);
  lq_scan *t = scan_of(b, 0, NULL, &got);
  restore(t, &chain);
  cr_expect(stats_of(t).state_live == stats_of(s).state_live &&
            stats_of(t).state_keys == stats_of(s).state_keys);
  // A frame that is missing is missed; what could not be written is not built upon.
  cr_expect(lq_state_restore(state, chain.p + first, chain.n - first, NULL, NULL) == LQ_E_BUNDLE);
  cr_expect(lq_state_save_changes(state, put, &refused, &whole) == LQ_E_IO);
  bytes next = {0};
  cr_expect(lq_state_save_changes(state, put, &next, &whole) == LQ_OK && whole == 1);
  size_t before = want.n;
  end(s);
  end(t);
  cr_expect(got.n == want.n - before && memcmp(got.p, want.p + before, got.n) == 0, "wanted %s\ngot %s",
            want.p + before, got.p);
  lq_scan_free(s);
  lq_scan_free(t);
  lq_bundle_free(b);
  free_bytes(&chain), free_bytes(&got), free_bytes(&want), free_bytes(&next);
}

// ---- an object

Test(saved_state, a_scan_feeds_one_state_after_another)
{
  static const char *const queries[] = {"sequence by process.pid [any where a == 1] [any where a == 2]"};
  static const char one[] = "{\"process\":{\"pid\":1},\"a\":1}\n",
                    two[] = "{\"process\":{\"pid\":1},\"a\":2}\n";
  bytes got = {0};
  lq_bundle *b = bundle_of(queries, 1), *other = bundle_of(many_kinds, 1);
  lq_scan *s = scan_of(b, 0, NULL, &got), *t = scan_of(b, 0, NULL, &got);
  lq_state *p, *q, *foreign;
  lq_stats stats = LQ_INIT(lq_stats);
  cr_assert(lq_state_new(&p, b, NULL) == LQ_OK && lq_state_new(&q, b, NULL) == LQ_OK);
  static const char *const elsewhere[] = {TWO};
  lq_bundle *third = bundle_of(elsewhere, 1);
  cr_assert(lq_state_new(&foreign, third, NULL) == LQ_OK);
  cr_expect(lq_scan_use_state(s, foreign) == LQ_E_USAGE && lq_state_merge(p, foreign) == LQ_E_USAGE);
  cr_expect(lq_scan_use_state(s, p) == LQ_OK && lq_scan_state(s) == p);
  cr_expect(lq_scan_use_state(t, p) == LQ_E_USAGE);
  feed(s, one);
  cr_expect(lq_scan_use_state(s, q) == LQ_OK);
  feed(s, two);
  cr_expect(got.n == 0, "one partition's event ended the other's");
  cr_expect(lq_scan_use_state(s, p) == LQ_OK);
  cr_expect(lq_state_stats(p, &stats) == LQ_OK && stats.state_keys == 1);
  feed(s, two);
  cr_expect(got.n > 0 && strcmp(got.p, "r0 1,3\n") == 0);
  lq_state_free(p); // the scan has its own back
  cr_expect(lq_scan_state(s) != p && stats_of(s).state_keys == 0);
  feed(s, one);
  feed(s, two);
  cr_expect(strcmp(got.p, "r0 1,3\nr0 4,5\n") == 0);
  cr_expect(lq_scan_use_state(s, q) == LQ_OK);
  lq_scan_free(s);
  lq_scan_free(t);
  lq_state_free(q);
  lq_state_free(foreign);
  lq_bundle_free(b), lq_bundle_free(other), lq_bundle_free(third);
  free_bytes(&got);
}

// Everything is spread, and together again it is what it was: rows, counts of head, what waits, processes.
Test(saved_state, split_and_merged_it_is_the_same)
{
  static const char *const queries[] = {
      "any where a == 1 | head 7",
      "any where a == 1 | tail 5",
      "any where a == 1 | sort b desc | head 9 | keep b",
      "any where a == 1 | count text",
      "sequence by c with maxspan=1h [any where a == 1] ![any where a == 3]",
      "any where a == 1 | stats sum(b), last(b) by c",
      "any where process.pid > 0 and descendant of [any where a == 1] | count",
  };
  enum { N = sizeof queries / sizeof *queries, PARTS = 5 };
  lq_bundle *b = bundle_of(queries, N);
  for (int late = 0; late < 2; late++) {
    bytes want = {0}, got = {0};
    lq_scan *s = scan_of(b, late ? INT64_C(5000000000) : 0, NULL, &want),
            *t = scan_of(b, late ? INT64_C(5000000000) : 0, NULL, &got);
    lq_state *part[PARTS];
    fill(s, &(heap){.events = 200, .text = 3});
    cr_assert(lq_state_split(lq_scan_state(s), PARTS, part) == LQ_OK);
    uint64_t keys = 0, waiting = 0;
    for (size_t i = 0; i < PARTS; i++) {
      lq_stats stats = LQ_INIT(lq_stats);
      cr_expect(lq_state_stats(part[i], &stats) == LQ_OK && stats.state_keys > 0 &&
                    (!late || stats.state_waiting > 0),
                "part %zu is empty", i);
      keys += stats.state_keys, waiting += stats.state_waiting;
      cr_assert(lq_state_merge(lq_scan_state(t), part[i]) == LQ_OK);
      lq_state_free(part[i]);
    }
    lq_stats all = stats_of(s), again = stats_of(t);
    cr_expect(keys == all.state_keys && waiting == all.state_waiting);
    cr_expect(again.state_keys == all.state_keys && again.state_live == all.state_live &&
              again.state_waiting == all.state_waiting && again.clock == all.clock &&
              again.processes == all.processes && again.timeless == all.timeless);
    size_t before = want.n;
    end(s);
    end(t);
    cr_expect(got.n == want.n - before && memcmp(got.p, want.p + before, got.n) == 0, "wanted %s\ngot %s",
              want.p + before, got.p);
    lq_scan_free(s);
    lq_scan_free(t);
    free_bytes(&want), free_bytes(&got);
  }
  lq_bundle_free(b);
}

// ---- memory that runs out

static lq_status verbs(const lq_bundle *b, const lq_allocator *m)
{
  static const uint8_t key[16];
  lq_state_options o = {.struct_size = sizeof o, .allocator = m, .hash_key = key};
  lq_scan_options so = {.struct_size = sizeof so, .allocator = m, .hash_key = key};
  bytes saved = {0};
  lq_state *part[2] = {NULL, NULL}, *all = NULL;
  lq_scan *s = NULL;
  int whole;
  lq_status status = lq_scan_new(&s, b, &so);
  if (!status)
    status = lq_state_new(&all, b, &o);
  if (!status)
    status = lq_scan_use_state(s, all);
  if (!status)
    status = lq_scan_begin(s, "log");
  for (int i = 0; i < 3 && !status; i++) {
    char line[160];
    int n = snprintf(line, sizeof line, "{\"process\":{\"pid\":%d},\"a\":1,\"b\":%d,\"c\":7}\n", i, i);
    status = lq_scan_feed(s, line, (size_t)n);
    if (!status)
      status = lq_state_save_changes(all, put, &saved, &whole);
  }
  if (!status)
    status = lq_state_split(all, 2, part);
  if (!status)
    status = lq_state_merge(part[0], part[1]);
  if (!status)
    status = lq_state_restore(all, saved.p, saved.n, NULL, NULL);
  if (!status)
    status = lq_scan_finish(s);
  lq_state_free(part[0]);
  lq_state_free(part[1]);
  lq_scan_free(s);
  lq_state_free(all);
  free_bytes(&saved);
  return status;
}

Test(saved_state, each_failed_allocation_is_a_status, .timeout = 200)
{
  lq_bundle *b = bundle_of(many_kinds, sizeof many_kinds / sizeof *many_kinds);
  counting_mem counter = {0};
  lq_allocator m = {counting_fn, &counter};
  cr_assert(verbs(b, &m) == LQ_OK && counter.live == 0);
  size_t all = counter.requests;
  for (size_t i = 1; i <= all * 2; i++) {
    counter = (counting_mem){.fail_at = (i + 1) / 2, .once = i % 2};
    lq_status status = verbs(b, &m);
    cr_expect(status == LQ_E_NOMEM || status == LQ_OK, "%d at %zu", status, i);
    cr_expect(counter.live == 0 && !counter.wrong_size, "%zu left at %zu", counter.live, i);
  }
  lq_bundle_free(b);
}
