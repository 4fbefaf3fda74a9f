// Stateful rules through the public API: groups, rows, order, counters, partial matches, saved state.
#include <stdio.h>
#include <stdlib.h>

#include "counting_mem.h"
#include "lib/api.h"
#include "library.h"

// What a match looks like, in short: `kind place,place place key=value column=json`.
static void describe(text *out, const lq_match *m)
{
  char line[64];
  lq_text name, value, json;
  int null;
  put_z(out, lq_match_kind(m) == LQ_MATCH_EVENT ? "event"
             : lq_match_kind(m) == LQ_MATCH_ROW ? "row"
                                                : "group");
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    snprintf(line, sizeof line, "%s%llu", i ? "," : " ", (unsigned long long)lq_match_line_at(m, i));
    put_z(out, line);
  }
  for (size_t i = 0; i < lq_match_key_count(m); i++) {
    cr_assert(lq_match_key(m, i, &name, &value, &null) == LQ_OK);
    put_z(out, " ");
    put(out, name.p, name.n);
    put_z(out, null ? "~" : "=");
    put(out, value.p, value.n);
  }
  for (size_t i = 0; i < lq_match_column_count(m); i++) {
    cr_assert(lq_match_column(m, i, &name, NULL, &json) == LQ_OK);
    put_z(out, " ");
    put(out, name.p, name.n);
    put_z(out, "=");
    put(out, json.p, json.n);
  }
  put_z(out, "\n");
}

static int on_match(void *user, const lq_match *m)
{
  describe(user, m);
  return 0;
}

static lq_scan *scan_of(const lq_bundle *b, int64_t lateness, int (*match)(void *user, const lq_match *m),
                        void *user)
{
  static const uint8_t key[16] = {1, 2, 3};
  lq_scan *s;
  lq_scan_options o = {
      .struct_size = sizeof o, .match = match, .user = user, .lateness = lateness, .hash_key = key};
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(s, "log") == LQ_OK);
  return s;
}

static void feed(lq_scan *s, const char *events)
{
  cr_assert(lq_scan_feed(s, events, strlen(events)) == LQ_OK);
}

static void end(lq_scan *s)
{
  cr_expect(lq_scan_end(s) == LQ_OK);
  cr_expect(lq_scan_finish(s) == LQ_OK);
}

// Events by the letters of `spec`, a second apart: `a1` is kind a on host 1; `.` lets a second pass.
static void events_of(char *out, size_t size, const char *spec)
{
  size_t n = 0;
  int second = 0;
  for (const char *p = spec; *p; second++, p += *p == '.' ? 1 : 2) {
    if (*p != '.')
      n += (size_t)snprintf(
          out + n, size - n,
          "{\"@timestamp\":\"2024-01-01T00:00:%02dZ\",\"k\":\"%c\",\"h\":\"%c\",\"n\":%d}\n", second, p[0],
          p[1], second);
  }
}

static const struct {
  const char *query, *events, *want;
} answers[] = {
    {"sequence by h [any where k == \"a\"] [any where k == \"b\"]", "a1a2b1b2",
     "group 1,3 h=1\ngroup 2,4 h=2\n"},
    {"sequence by h with maxspan=1s [any where k == \"a\"] [any where k == \"b\"]", "a1b1a2.b2",
     "group 1,2 h=1\n"},
    {"sequence with maxspan=5s [any where k == \"a\"] ![any where k == \"x\"] [any where k == \"b\"]",
     "a1b1a1x1b1", "group 1,0,2\n"},
    {"sequence [any where k == \"a\"] with runs=2 [any where k == \"b\"]", "a1a1b1", "group 1,2,3\n"},
    {"sequence with maxspan=2s [any where k == \"a\"] ![any where k == \"b\"]", "a1.....a1b1", "group 1,0\n"},
    {"sample by h [any where k == \"a\"] [any where k == \"b\"]", "b1a2a1b2",
     "group 3,1 h=1\ngroup 2,4 h=2\n"},
    {"any where k == \"a\" | stats count() as c, sum(n) as s by h", "a1a2a1",
     "row 1,3 h=\"1\" c=2 s=2\nrow 2 h=\"2\" c=1 s=1\n"},
    {"any where k == \"a\" | stats count() as c by h over 10s | where c >= 2", "a1a2a1",
     "row 1,3 h=\"1\" c=2\n"},
    {"any where true | sort n desc | head 2", "a1a2a3", "event 3\nevent 2\n"},
    {"any where true | tail 1", "a1a2a3", "event 3\n"},
    {"any where true | unique k", "a1b1a2", "event 1\nevent 2\n"},
    {"any where true | count k", "a1b1a2",
     "row count=1 percent=0.3333333333333333 key=\"b\"\nrow count=2 percent=0.6666666666666666 key=\"a\"\n"},
    {"any where true | new_terms k over 1h", "a1b1a2", "event 1\nevent 2\n"},
    {"any where true | suppress by h for 1h", "a1b1a2", "event 1\nevent 3\n"},
    {"any where k == \"a\" | keep h, n | head 1", "a1", "event 1 h=\"1\" n=0\n"},
    {"sequence [any where k == \"a\"] [any where k == \"b\"] | where events[0].n == 1", "a1a1b1",
     "group 2,3\n"},
};

Test(stateful_api, answers)
{
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
    char events[4096] = "";
    text got = {0};
    lq_bundle *b = bundle_of(answers[i].query);
    events_of(events, sizeof events, answers[i].events);
    lq_scan *s = scan_of(b, 0, on_match, &got);
    feed(s, events);
    end(s);
    cr_expect(strcmp(got.p, answers[i].want) == 0, "%s over %s gives\n%swants\n%s", answers[i].query,
              answers[i].events, got.p, answers[i].want);
    lq_scan_free(s);
    lq_bundle_free(b);
  }
}

Test(stateful_api, endgame_forks)
{
  static const struct {
    const char *query, *want;
  } cases[] = {
      {"sequence by h [any where k == \"a\"] [any where k == \"b\"]", "group 1,2 h=1\n"},
      {"sequence by h [any where k == \"a\"] [any where k == \"b\"] fork", "group 1,2 h=1\ngroup 1,3 h=1\n"},
      {"sequence by h [any where k == \"a\"] [any where k == \"b\"] fork [any where k == \"c\"]",
       "group 1,3,4 h=1\n"},
      {"sequence by h [any where k == \"a\"] [any where k == \"b\"] fork [any where k == \"c\"] fork=true",
       "group 1,3,4 h=1\ngroup 1,3,5 h=1\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char events[4096] = "";
    text got = {0};
    lq_build_options o = {
        .struct_size = sizeof o, .flags = LQ_BUILD_NO_WARNINGS, .dialect = LQ_DIALECT_NAME_ENDGAME};
    lq_build *build;
    lq_bundle *b = NULL;
    cr_assert(lq_build_new(&build, &o) == LQ_OK);
    cr_assert(lq_build_add_query(build, "<query>", NULL, cases[i].query, strlen(cases[i].query)) == LQ_OK);
    cr_assert(lq_build_finish(build, &b) == LQ_OK);
    lq_build_free(build);
    events_of(events, sizeof events, "a1b1b1c1c1");
    lq_scan *s = scan_of(b, 0, on_match, &got);
    feed(s, events);
    end(s);
    cr_expect(strcmp(got.p, cases[i].want) == 0, "%s gives\n%s", cases[i].query, got.p);
    lq_scan_free(s);
    lq_bundle_free(b);
  }
}

// ---- one match, whole

static int add_clause(void *user, const lq_clause *c)
{
  text *t = user;
  char number[32];
  snprintf(number, sizeof number, "%zu ", c->event);
  put_z(t, number);
  put(t, c->clause.p, c->clause.n);
  put_z(t, " ");
  put(t, c->value.p, c->value.n);
  put_z(t, "\n");
  return 0;
}

typedef struct whole {
  text json, row, why, field;
  char id[33];
  int64_t time;
  bool has_time;
} whole;

static int on_whole(void *user, const lq_match *m)
{
  whole *w = user;
  lq_text v;
  cr_expect(lq_match_json(m, put, &w->json) == LQ_OK);
  cr_expect(lq_match_row_json(m, put, &w->row) == LQ_OK);
  cr_expect(lq_match_why(m, add_clause, &w->why) == LQ_OK);
  memcpy(w->id, lq_match_id(m), sizeof w->id);
  w->has_time = lq_match_time(m, &w->time);
  if (lq_match_field(m, "k", &v) == LQ_OK)
    put(&w->field, v.p, v.n);
  cr_expect(lq_match_event_at(m, 99).n == 0 && lq_match_line_at(m, 99) == 0);
  cr_expect(lq_match_column(m, 99, NULL, NULL, NULL) == LQ_E_NOTFOUND);
  return 0;
}

static whole *one_match(const char *query, const char *spec)
{
  whole *w = calloc(1, sizeof *w);
  char events[4096] = "";
  lq_bundle *b = bundle_of(query);
  events_of(events, sizeof events, spec);
  lq_scan *s = scan_of(b, LQ_SCAN_LATENESS_WHOLE, on_whole, w);
  feed(s, events);
  cr_expect(w->json.n == 0, "nothing is decided before the end");
  end(s);
  cr_expect(lq_scan_rule_matches(s, 0) == 1);
  lq_scan_free(s);
  lq_bundle_free(b);
  return w;
}

#define EVENT(second, k, n)                                                                                  \
  "{\"@timestamp\":\"2024-01-01T00:00:0" second "Z\",\"k\":\"" k "\",\"h\":\"1\",\"n\":" n "}"

Test(stateful_api, a_sequence_as_an_alert)
{
  whole *w = one_match("sequence by h with maxspan=9s [any where k == \"a\"] as x ![any where k == \"q\"] "
                       "[any where k == \"b\" and n > x.n]",
                       "a1b1");
  // BLAKE2b-128 of "query", NUL, "log", NUL, "1", NUL, NUL (the missing one), NUL, "log", NUL, "2".
  const char *want =
      "\"@timestamp\":\"2024-01-01T00:00:01.000Z\",\"rule\":{\"id\":\"query\",\"name\":\"query\","
      "\"attack\":[]},\"group\":{\"h\":\"1\"},\"events\":[" EVENT("0", "a", "0") ",null," EVENT(
          "1", "b", "1") "],\"sources\":[{\"file\":\"log\",\"line\":1},null,{\"file\":\"log\",\"line\":2}],";
  cr_expect(strstr(w->json.p, want), "%s", w->json.p);
  cr_expect(strcmp(w->row.p, "{\"events\":[" EVENT("0", "a", "0") ",null," EVENT("1", "b", "1") "]}") == 0,
            "%s", w->row.p);
  cr_expect(strcmp(w->why.p, "0 k == \"a\" a\n2 k == \"b\" b\n2 n > x.n 1\n") == 0, "%s", w->why.p);
  cr_expect(strcmp(w->field.p, "b") == 0, "%s", w->field.p);
  cr_expect(w->has_time && w->time == INT64_C(1704067201000000000));
  cr_expect(strcmp(w->id, "694dbf9a4277e1c64198ebf445d74043") == 0, "%s", w->id);
  free(w);
}

Test(stateful_api, a_row_as_an_alert)
{
  whole *w = one_match("any where k == \"a\" | stats count() as c by h", "a1a1a1");
  const char *want = "\"group\":{\"h\":\"1\",\"c\":3},\"events\":[" EVENT("0", "a", "0") "," EVENT(
      "2", "a", "2") "],\"sources\":[{\"file\":\"log\",\"line\":1},{\"file\":\"log\",\"line\":3}],"
                     "\"why\":[{\"clause\":\"k == \\\"a\\\"\",\"field\":\"k\",\"value\":\"a\",\"event\":1}]}";
  cr_expect(strstr(w->json.p, want), "%s", w->json.p);
  cr_expect(strcmp(w->row.p, "{\"h\":\"1\",\"c\":3}") == 0, "%s", w->row.p);
  free(w);
}

// ---- order

static const char late_first[] = EVENT("1", "b", "1") "\n" EVENT("0", "a", "0") "\n";

Test(stateful_api, order)
{
  static const struct {
    int64_t lateness;
    const char *want;
    uint64_t late;
  } cases[] = {
      {0, "", 1}, {INT64_C(5000000000), "group 2,1\n", 0}, {LQ_SCAN_LATENESS_WHOLE, "group 2,1\n", 0}};
  lq_bundle *b = bundle_of("sequence [any where k == \"a\"] [any where k == \"b\"]");
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    text got = {0};
    lq_stats stats = {.struct_size = sizeof stats};
    lq_scan *s = scan_of(b, cases[i].lateness, on_match, &got);
    feed(s, late_first);
    end(s);
    lq_scan_stats(s, &stats);
    cr_expect(strcmp(got.p, cases[i].want) == 0, "%zu: %s", i, got.p);
    cr_expect(stats.late == cases[i].late && stats.matches == (cases[i].want[0] != 0));
    lq_scan_free(s);
  }
  lq_bundle_free(b);
}

static int on_match_times(void *user, const lq_match *m)
{
  text *out = user;
  char line[64];
  int64_t ns;
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    bool has = lq_match_time_at(m, i, &ns);
    snprintf(line, sizeof line, "%s%lld", i ? " " : "", has ? (long long)(ns / INT64_C(1000000000)) : -1);
    put_z(out, line);
  }
  put_z(out, "\n");
  return 0;
}

// The event stands where it arrived and shows the stamp that it came with.
Test(stateful_api, a_stamp_from_the_future_blinds_nobody)
{
  static const int64_t lateness[] = {0, INT64_C(10000000000)};
  lq_bundle *b = bundle_of("sequence with maxspan=1m [any where k == \"a\"] [any where k == \"b\"]");
  for (size_t i = 0; i < sizeof lateness / sizeof *lateness; i++) {
    text got = {0};
    lq_stats stats = {.struct_size = sizeof stats};
    lq_scan *s = scan_of(b, lateness[i], on_match_times, &got);
    lq_scan_set_now(s, INT64_C(1704067201000000000));
    feed(s, EVENT("0", "x", "0") "\n{\"@timestamp\":\"2099-01-01T00:00:00Z\",\"k\":\"a\"}\n");
    feed(s, EVENT("1", "b", "1") "\n" EVENT("2", "a", "2") "\n{\"k\":\"b\"}\n" EVENT("3", "a", "3") "\n");
    feed(s, EVENT("4", "b", "4") "\n");
    end(s);
    lq_scan_stats(s, &stats);
    cr_expect(stats.future == 1 && stats.late == 0 && stats.timeless == 1);
    cr_expect(strcmp(got.p, "4070908800 1704067201\n1704067202 -1\n1704067203 1704067204\n") == 0, "%s",
              got.p);
    lq_scan_free(s);
  }
  lq_bundle_free(b);
}

// ---- what is going on

static void on_step(void *user, const lq_step_view *v)
{
  text *t = user;
  char line[128];
  snprintf(line, sizeof line, "%s %u %.*s %d\n", v->word, v->filled, (int)v->key.n, v->key.p,
           (int)(v->time % INT64_C(60000000000) / INT64_C(1000000000)));
  put_z(t, line);
}

static void on_live(void *user, const lq_live_view *v)
{
  text *t = user;
  char line[128];
  snprintf(line, sizeof line, "%u of %u %.*s %d:", v->filled, v->slots, (int)v->key.n, v->key.p, v->held);
  put_z(t, line);
  for (size_t i = 0; i < v->nevents; i++) {
    snprintf(line, sizeof line, " %.*s:%llu%s", (int)v->sources[i].n, v->sources[i].p,
             (unsigned long long)v->lines[i], v->events[i].n ? "" : "-");
    put_z(t, line);
  }
  put_z(t, "\n");
}

static const struct {
  const char *what, *query, *events, *steps;
} endings[] = {
    {"no event between",
     "sequence by h with maxspan=3s [any where k == \"a\"] ![any where k == \"b\"] [any where k == \"c\"]",
     "a1c1", "began 1 1 0\nmatched 2 1 1\n"},
    {"an event that had to be missing, in the middle",
     "sequence by h with maxspan=3s [any where k == \"a\"] ![any where k == \"b\"] [any where k == \"c\"]",
     "a1b1c1", "began 1 1 0\nmissing event came 1 1 1\nrefused 2 1 2\n"},
    {"an event that had to be missing, at the end",
     "sequence by h with maxspan=3s [any where k == \"a\"] [any where k == \"c\"] ![any where k == \"b\"]",
     "a1c1b1.....a2", "began 1 1 0\nheld 2 1 1\nrefused 2 1 2\nbegan 1 2 8\n"},
    {"a stage that drops it refuses nothing",
     "sequence by h with maxspan=3s [any where k == \"a\"] [any where k == \"c\"] | where false", "a1c1",
     "began 1 1 0\nmatched 2 1 1\n"},
};

Test(stateful_api, what_refused_means)
{
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    text steps = {0};
    char events[1024] = "";
    lq_bundle *b = bundle_of(endings[i].query);
    lq_scan_options o = {.struct_size = sizeof o, .user = &steps, .step = on_step};
    lq_scan *s;
    cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_scan_begin(s, "log") == LQ_OK);
    events_of(events, sizeof events, endings[i].events);
    feed(s, events);
    cr_expect(lq_scan_end(s) == LQ_OK && lq_scan_finish(s) == LQ_OK);
    cr_expect(strcmp(steps.p, endings[i].steps) == 0, "%s:\n%s", endings[i].what, steps.p);
    lq_scan_free(s);
    lq_bundle_free(b);
  }
}

Test(stateful_api, steps_and_live_partial_matches)
{
  text steps = {0}, live = {0};
  char events[4096] = "";
  lq_bundle *b = bundle_of("sequence by h with maxspan=3s [any where k == \"a\"] [any where k == \"b\"] "
                           "[any where k == \"c\"] until [any where k == \"z\"]");
  lq_scan_options o = {.struct_size = sizeof o, .user = &steps, .step = on_step};
  lq_scan *s;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(s, "log") == LQ_OK);
  events_of(events, sizeof events, "a1a1b1a2z2.....a3b3");
  feed(s, events);
  cr_expect(lq_scan_each_live(s, on_live, &live) == LQ_OK);
  cr_expect(strcmp(live.p, "2 of 3 3 0: log:6 log:7 :0-\n") == 0, "%s", live.p);
  cr_expect(
      strcmp(steps.p,
             "began 1 1 0\nbegan 1 1 1\nreplaced 1 1 1\nadvanced 2 1 2\nbegan 1 2 3\nkilled by until 1 2 4\n"
             "expired 2 1 10\nbegan 1 3 10\nadvanced 2 3 11\n") == 0,
      "%s", steps.p);
  lq_stats stats = {.struct_size = sizeof stats};
  lq_rule_state_view rule = {.struct_size = sizeof rule};
  lq_scan_stats(s, &stats);
  cr_expect(stats.state_live == 1 && stats.state_keys == 1 && stats.state_bytes > 0);
  cr_expect(stats.state_replaced == 1 && stats.state_expired == 1 && stats.state_killed == 1,
            "%llu replaced %llu expired %llu killed", (unsigned long long)stats.state_replaced,
            (unsigned long long)stats.state_expired, (unsigned long long)stats.state_killed);
  cr_expect(lq_scan_rule_state(s, 0, &rule) == LQ_OK && rule.live == 1 && rule.events == 7);
  cr_expect(lq_scan_rule_state(s, 1, &rule) == LQ_E_NOTFOUND);
  lq_scan_free(s);
  lq_bundle_free(b);
}

Test(stateful_api, limits_are_kept_and_counted)
{
  text got = {0};
  lq_bundle *b = bundle_of("sequence by h [any where k == \"a\"] [any where k == \"b\"]");
  lq_limits limits = {.struct_size = sizeof limits};
  lq_limits_default(&limits);
  limits.max_state_keys = 4;
  lq_scan_options o = {.struct_size = sizeof o, .match = on_match, .user = &got, .limits = &limits};
  lq_stats stats = {.struct_size = sizeof stats};
  lq_scan *s;
  char events[4096] = "";
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(s, "log") == LQ_OK);
  events_of(events, sizeof events, "a1a2a3a4a5a6b1b6");
  feed(s, events);
  end(s);
  lq_scan_stats(s, &stats);
  cr_expect(stats.state_evicted >= 2 && stats.state_keys <= 4);
  cr_expect(strcmp(got.p, "group 6,8 h=6\n") == 0, "%s", got.p);
  lq_scan_free(s);
  lq_bundle_free(b);
}

// ---- saving

static void run_cut(const lq_bundle *b, const char *events, size_t cut, uint32_t parts, text *got)
{
  lq_scan *first = scan_of(b, 0, on_match, got), *second = scan_of(b, 0, on_match, got);
  cr_assert(lq_scan_feed(first, events, cut) == LQ_OK);
  lq_state *part[4] = {NULL};
  cr_assert(lq_state_split(lq_scan_state(first), parts, part) == LQ_OK);
  for (uint32_t i = 0; i < parts; i++) { // in any order, by way of bytes
    text saved = {0};
    lq_restore_view v = {.struct_size = sizeof v};
    lq_errinfo info = LQ_INIT(lq_errinfo);
    lq_state *one = part[parts - 1 - i], *other = NULL;
    cr_assert(lq_state_new(&other, b, NULL) == LQ_OK && lq_state_save(one, put, &saved) == LQ_OK);
    cr_assert(lq_state_restore(other, saved.p, saved.n, &info, &v) == LQ_OK, "%s", info.message);
    cr_expect(v.same_bundle && v.kept == 1 && v.cold == 0);
    cr_expect(lq_state_merge(lq_scan_state(second), other) == LQ_OK);
    lq_state_free(one);
    lq_state_free(other);
  }
  feed(second, events + cut);
  end(second);
  lq_scan_free(first);
  lq_scan_free(second);
}

static const char *after_lines(const char *p, size_t n)
{
  while (n-- > 0)
    p = strchr(p, '\n') + 1;
  return p;
}

Test(stateful_api, restored_state_goes_on)
{
  char events[4096] = "";
  lq_bundle *b = bundle_of("sequence by h with maxspan=9s [any where k == \"a\"] [any where k == \"b\"]");
  events_of(events, sizeof events, "a1a2a3b1b2b3");
  for (uint32_t parts = 1; parts < 4; parts++) {
    text got = {0};
    // The second scan counts lines anew: its places are those of what it was fed.
    run_cut(b, events, (size_t)(after_lines(events, 3) - events), parts, &got);
    cr_expect(strcmp(got.p, "group 1,1 h=1\ngroup 2,2 h=2\ngroup 3,3 h=3\n") == 0, "%u parts: %s", parts,
              got.p);
  }
  lq_bundle_free(b);
}

Test(stateful_api, damaged_state_is_refused)
{
  char events[4096] = "";
  text saved = {0}, got = {0};
  lq_bundle *b = bundle_of("sequence by h [any where k == \"a\"] [any where k == \"b\"]");
  lq_scan *s = scan_of(b, 0, on_match, &got);
  events_of(events, sizeof events, "a1a2a3");
  feed(s, events);
  cr_assert(lq_scan_save(s, put, &saved) == LQ_OK);
  cr_expect(lq_scan_save(s, NULL, &saved) == LQ_E_USAGE);
  for (size_t n = 1; n < saved.n; n += 7) {
    lq_errinfo info = LQ_INIT(lq_errinfo);
    lq_scan *other = scan_of(b, 0, on_match, &got);
    cr_expect(lq_scan_restore(other, saved.p, n, &info, NULL) == LQ_E_BUNDLE, "%zu bytes", n);
    cr_expect(info.message[0] != 0);
    lq_scan_free(other);
  }
  lq_scan_free(s);
  lq_bundle_free(b);
}

// ---- records of the caller's own

typedef struct own {
  const char *k, *time;
} own;

static int get(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  const own *o = user;
  const char *v = is(field, "k") ? o->k : is(field, "@timestamp") ? o->time : NULL;
  if (!v || nth > 0)
    return 0;
  *out = (lq_field_value){.kind = LQ_VALUE_TEXT, .text = {v, strlen(v)}};
  return 1;
}

Test(stateful_api, records_of_the_callers_own)
{
  own a = {"a", "2024-01-01T00:00:00Z"}, c = {"b", "2024-01-01T00:00:01Z"};
  whole *w = calloc(1, sizeof *w);
  lq_bundle *b = bundle_of("sequence [any where k == \"a\"] [any where k == \"b\"]");
  lq_scan *s = scan_of(b, 0, on_whole, w);
  cr_expect(lq_scan_record(s, get, &a, 10) == LQ_OK);
  cr_expect(lq_scan_record(s, get, &c, 11) == LQ_OK);
  cr_expect(strcmp(w->row.p, "{\"events\":[{\"k\":\"a\"},{\"k\":\"b\"}]}") == 0, "%s", w->row.p);
  cr_expect(strcmp(w->why.p, "0 k == \"a\" a\n1 k == \"b\" b\n") == 0, "%s", w->why.p);
  cr_expect(strstr(w->json.p, "\"line\":10") && strstr(w->json.p, "\"line\":11"), "%s", w->json.p);
  lq_scan_free(s);
  lq_bundle_free(b);
  free(w);
}

// ---- calls that are wrong

static int feeds_again(void *user, const lq_match *m)
{
  lq_scan *s = *(lq_scan **)user;
  (void)m;
  cr_expect(lq_scan_feed(s, "{}", 2) == LQ_E_USAGE);
  cr_expect(lq_scan_finish(s) == LQ_E_USAGE);
  cr_expect(lq_scan_save(s, put, NULL) == LQ_E_USAGE);
  return 1;
}

Test(stateful_api, wrong_calls)
{
  lq_bundle *b = bundle_of("any where true | tail 1"), *plain = bundle_of("k == \"a\"");
  lq_scan *s = NULL;
  text saved = {0};
  s = scan_of(b, 0, feeds_again, &s);
  feed(s, "{\"k\":\"a\"}\n");
  cr_expect(lq_scan_end(s) == LQ_OK);
  cr_expect(lq_scan_finish(s) == LQ_E_CANCELLED);
  cr_expect(lq_scan_finish(NULL) == LQ_E_USAGE);
  lq_scan_free(s);
  // Without stateful rules all of it is there and does nothing.
  s = scan_of(plain, 0, NULL, NULL);
  lq_stats stats = {.struct_size = sizeof stats};
  lq_scan_set_now(s, 5);
  cr_expect(lq_scan_finish(s) == LQ_OK);
  cr_expect(lq_scan_save(s, put, &saved) == LQ_OK && saved.n == 0);
  cr_expect(lq_scan_restore(s, "", 0, NULL, NULL) == LQ_OK);
  cr_expect(lq_scan_each_live(s, on_live, &saved) == LQ_OK && saved.n == 0);
  lq_scan_stats(s, &stats);
  cr_expect(stats.state_peak == 0 && stats.clock == INT64_MIN);
  lq_scan_free(s);
  lq_bundle_free(b);
  lq_bundle_free(plain);
}

// ---- memory that runs out

static const char day_of_rules[] =
    "---\nid: a\n---\nsequence by h with maxspan=5s [any where k == \"a\"] as x ![any where k == \"q\"] [any "
    "where k == "
    "\"b\" and n > x.n] ![any where k == \"z\"]\n"
    "test match {\"h\":1,\"k\":\"a\",\"n\":1} {\"h\":1,\"k\":\"b\",\"n\":2}\n"
    "---\nid: b\n---\nany where k == \"a\" | stats count() as c, dcount(n) as d, values(n) as v by h over 1m "
    "| where c > "
    "1\n"
    "---\nid: c\n---\nsample by h [any where k == \"a\"] [any where k == \"b\"]\n"
    "---\nid: d\n---\nany where true | new_terms k over 1h | sort n desc | eval m = concat(k, h) | keep m, "
    "n\n"
    "---\nid: e\n---\nany where descendant of [any where k == \"a\"] | count k\n"
    "---\nid: f\n---\njoin by h [any where k == \"a\"] [any where k == \"b\"] until [any where k == \"u\"] | "
    "tail "
    "1\n"
    "---\nid: g\n---\nk == \"a\"\n";

typedef struct day {
  text out;
  lq_status failed;
} day;

static int day_match(void *user, const lq_match *m)
{
  day *d = user;
  lq_text v;
  d->failed = lq_match_json(m, put, &d->out);
  if (d->failed == LQ_OK)
    d->failed = lq_match_row_json(m, put, &d->out);
  lq_status s = d->failed == LQ_OK ? lq_match_field(m, "n", &v) : LQ_OK;
  d->failed = s == LQ_E_NOMEM ? s : d->failed;
  return d->failed != LQ_OK;
}

static void day_step(void *user, const lq_step_view *v)
{
  day *d = user;
  put(&d->out, v->word, strlen(v->word));
}

static void day_live(void *user, const lq_live_view *v)
{
  day *d = user;
  put(&d->out, v->key.p, v->key.n);
}

static int day_test(void *user, const lq_test_result *t)
{
  day *d = user;
  return put(&d->out, t->passed ? "+" : "-", 1);
}

static lq_status half_a_day(const lq_bundle *b, const lq_allocator *m, day *d, const text *from, text *to,
                            const char *events)
{
  lq_scan_options o = {.struct_size = sizeof o,
                       .allocator = m,
                       .match = day_match,
                       .step = day_step,
                       .user = d,
                       .lateness = INT64_C(1000000000)};
  lq_scan *s;
  lq_status status = lq_scan_new(&s, b, &o);
  if (status != LQ_OK)
    return status;
  if (from)
    status = lq_scan_restore(s, from->p, from->n, NULL, NULL);
  if (status == LQ_OK)
    status = lq_scan_begin(s, "log");
  if (status == LQ_OK)
    status = lq_scan_feed(s, events, strlen(events));
  if (status == LQ_OK)
    status = lq_scan_end(s);
  if (status == LQ_OK)
    status = lq_scan_each_live(s, day_live, d);
  if (status == LQ_OK)
    status = to ? lq_scan_save(s, put, to) : lq_scan_finish(s);
  lq_scan_free(s);
  return status == LQ_E_CANCELLED ? d->failed : status;
}

static lq_status whole_day(const lq_bundle *b, const lq_allocator *m, day *d)
{
  static char events[4096];
  static text saved;
  saved.n = 0;
  *d = (day){.failed = LQ_OK};
  events_of(events, sizeof events, "a1a2a1b1b2z2..");
  lq_status s = half_a_day(b, m, d, NULL, &saved, events);
  if (s == LQ_OK)
    s = half_a_day(b, m, d, &saved, NULL, after_lines(events, 3));
  return s == LQ_OK ? lq_bundle_run_tests(b, NULL, m, day_test, d) : s;
}

Test(stateful_api, memory_that_runs_out)
{
  static day right, got;
  counting_mem c = {.live = 0};
  lq_allocator m = {counting_fn, &c};
  lq_build *build;
  lq_bundle *b = NULL;
  cr_assert(lq_build_new(&build, NULL) == LQ_OK);
  lq_status s = lq_build_add_file(build, "r.lq", day_of_rules, strlen(day_of_rules));
  cr_assert(s == LQ_OK && lq_build_finish(build, &b) == LQ_OK);
  lq_build_free(build);
  cr_assert(whole_day(b, &m, &right) == LQ_OK && c.live == 0 && right.out.n > 1000, "%zu", right.out.n);
  size_t requests = c.requests;
  for (size_t n = 1; n <= 2 * requests; n++) {
    c = (counting_mem){.fail_at = n <= requests ? n : n - requests, .once = n > requests};
    s = whole_day(b, &m, &got);
    bool same = s == LQ_OK && got.out.n == right.out.n && memcmp(got.out.p, right.out.p, got.out.n) == 0;
    cr_expect(s == LQ_E_NOMEM || same, "request %zu of %zu: status %d, %zu bytes of %zu", n, requests, s,
              got.out.n, right.out.n);
    cr_assert(c.live == 0 && !c.wrong_size, "request %zu: %zu bytes leaked", n, c.live);
  }
  lq_bundle_free(b);
}

// ---- hash keys

Test(stateful_api, a_scan_without_a_hash_key_has_one_that_nobody_knows)
{
  static const struct {
    const char *name;
    void (*seed)(uint8_t key[LQ_SEED_SIZE], const void *where);
  } rows[] = {{"the system's", lq_seed}, {"the process's", lq_seed_of_process}};
  static const uint8_t zeros[LQ_SEED_SIZE];
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t a[LQ_SEED_SIZE] = {0}, b[LQ_SEED_SIZE] = {0};
    rows[i].seed(a, a);
    rows[i].seed(b, b);
    cr_expect(memcmp(a, zeros, sizeof a) != 0 && memcmp(a, b, sizeof a) != 0, "%s", rows[i].name);
  }
}

Test(stateful_api, a_hash_key_is_the_given_one_or_a_new_one)
{
  static const uint8_t zeros[LQ_SEED_SIZE];
  const uint8_t *given[] = {zeros, zeros, NULL, NULL};
  uint8_t got[4][LQ_SEED_SIZE];
  lq_bundle *b = bundle_of("any where true | count host.id");
  for (size_t i = 0; i < 4; i++) {
    lq_scan *s;
    lq_scan_options o = {.struct_size = sizeof o, .hash_key = given[i]};
    cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
    memcpy(got[i], s->own->hash_key, LQ_SEED_SIZE);
    lq_scan_free(s);
  }
  lq_bundle_free(b);
  cr_expect(memcmp(got[0], zeros, LQ_SEED_SIZE) == 0 && memcmp(got[1], zeros, LQ_SEED_SIZE) == 0);
  cr_expect(memcmp(got[2], zeros, LQ_SEED_SIZE) != 0 && memcmp(got[2], got[3], LQ_SEED_SIZE) != 0);
}
