// Saved state of every kind of rule, small, for programs that damage it; and what is done with what was
// accepted.
#ifndef LQ_TESTS_MUTATE_STATE_SEEDS_H
#define LQ_TESTS_MUTATE_STATE_SEEDS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libquery/lq.h>

#include "state/save.h"

typedef struct state_bytes {
  char *p;
  size_t n, cap;
} state_bytes;

typedef struct state_world {
  lq_bundle *bundle;
  lq_scan *scan;
  state_bytes saved, sink, json;
  uint64_t matches, live;
} state_world;

// Rules of one seed, `;` between; and what they see.
typedef struct state_seed {
  const char *rules, *events;
  int64_t lateness;
} state_seed;

static const state_seed state_seeds[] = {
    {"sequence by h with maxspan=9s [any where k == 1] ![any where k == 4] [any where k == 2] "
     "![any where k == 3]",
     "1a 1b 2a 1c 4c 2b 3b 1a", 0},
    {"sequence by h [any where k == 1] as x [any where k == 2 and n > x.n] with runs=2 [any where k == 3]",
     "1a 1b 2a 2b 2a 1c", 0},
    {"sample by h [any where k == 1] [any where k == 2] [any where n > 1];"
     "join by h [any where k == 1] [any where k == 3] until [any where k == 4]",
     "1a 2b 1c 3b 1b 1d", 0},
    {"any where k == 1 | stats count() as c, sum(n), min(n), max(n), dcount(n), values(n), first(n), last(n) "
     "by h "
     "over "
     "9s | where c > 1",
     "1a 1a 1b 1a 1b 1c", 0},
    {"any where k > 0 | stats count(), avg(n), min(n), max(n), dcount(h), values(n), first(n), last(n) by h",
     "1a 2a 1b 1a 3b 1c", 0},
    {"any where k > 0 | sort n desc | keep n, h;any where k > 0 | eval m = n | tail 3", "1a 2b 3c 1d", 0},
    {"any where k > 0 | unique_count h;any where k > 0 | count h;any where k > 0 | unique h | head 2",
     "1a 2a 1b 1c", 0},
    {"any where k > 0 | suppress by h for 5s;any where k > 0 | new_terms h over 9s", "1a 1b 2a 1a", 0},
    {"any where descendant of [any where k == 1];sequence by h [any where k == 1] [any where k == 2]",
     "1a 2b 1c 3d", INT64_C(3000000000)},
};
enum { STATE_SEEDS = sizeof state_seeds / sizeof *state_seeds };

static inline int state_put(void *user, const char *p, size_t n)
{
  state_bytes *b = user;
  if (b->n + n > b->cap) {
    b->cap = (b->n + n) * 2;
    b->p = realloc(b->p, b->cap);
  }
  if (n)
    memcpy(b->p + b->n, p, n);
  b->n += n;
  return 0;
}

static inline int state_match(void *user, const lq_match *m)
{
  state_world *w = user;
  w->matches += strlen(lq_match_id(m)) == 32;
  for (size_t i = 0; i < lq_match_event_count(m); i++)
    w->matches += lq_match_event_at(m, i).n > 0;
  w->json.n = 0;
  return lq_match_json(m, state_put, &w->json) != LQ_OK;
}

static inline void state_live(void *user, const lq_live_view *v)
{
  state_world *w = user;
  w->live += v->nevents + v->key.n;
}

// Events by kind and host: `1a 2b`.
static inline lq_status state_feed(state_world *w, const char *events, int second)
{
  char line[256];
  lq_status status = LQ_OK;
  for (const char *p = events; *p && !status; p += p[2] ? 3 : 2, second++) {
    int n = snprintf(line, sizeof line,
                     "{\"@timestamp\":\"2024-05-01T10:00:%02dZ\",\"k\":%c,\"h\":\"%c\",\"n\":%d.5,"
                     "\"host\":{\"id\":\"x\"},\"process\":{\"pid\":%d,\"parent\":{\"pid\":%d}},"
                     "\"event\":{\"type\":\"start\"}}\n",
                     second % 60, p[0], p[1], second, second, second - 1);
    status = lq_scan_feed(w->scan, line, (size_t)n);
  }
  return status;
}

static inline bool state_rules(lq_build *b, const char *rules)
{
  char rule[512], id[16];
  for (int i = 0; *rules; i++) {
    size_t n = strcspn(rules, ";");
    snprintf(rule, sizeof rule, "%.*s", (int)n, rules);
    snprintf(id, sizeof id, "r%d", i);
    if (lq_build_add_query(b, "<seed>", id, rule, n) != LQ_OK)
      return fprintf(stderr, "seed: %s\n", rule), false;
    rules += n + (rules[n] == ';');
  }
  return true;
}

// A whole frame and two of changes. False: a seed is wrong.
static inline bool state_begin(state_world *w, const state_seed *seed)
{
  static const uint8_t key[16];
  lq_build_options bo = {.struct_size = sizeof bo, .flags = LQ_BUILD_NO_WARNINGS};
  lq_limits limits = LQ_INIT(lq_limits);
  lq_build *b = NULL;
  int whole;
  *w = (state_world){0};
  lq_limits_default(&limits);
  limits.max_state = 1 << 20;
  limits.max_state_rule = 1 << 18;
  bool ok = lq_build_new(&b, &bo) == LQ_OK && state_rules(b, seed->rules) &&
            lq_build_finish(b, &w->bundle) == LQ_OK;
  lq_build_free(b);
  lq_scan_options o = {.struct_size = sizeof o,
                       .match = state_match,
                       .user = w,
                       .limits = &limits,
                       .lateness = seed->lateness,
                       .hash_key = key};
  ok = ok && lq_scan_new(&w->scan, w->bundle, &o) == LQ_OK && lq_scan_begin(w->scan, "log") == LQ_OK;
  lq_state *s = ok ? lq_scan_state(w->scan) : NULL;
  ok = ok && state_feed(w, seed->events, 0) == LQ_OK &&
       lq_state_save_changes(s, state_put, &w->saved, &whole) == LQ_OK && whole == 1;
  ok = ok && state_feed(w, "1a 3c", 8) == LQ_OK &&
       lq_state_save_changes(s, state_put, &w->saved, &whole) == LQ_OK && whole == 0;
  return ok && state_feed(w, "2b", 10) == LQ_OK &&
         lq_state_save_changes(s, state_put, &w->saved, &whole) == LQ_OK;
}

static inline void state_end(state_world *w)
{
  lq_scan_free(w->scan);
  lq_bundle_free(w->bundle);
  free(w->saved.p);
  free(w->sink.p);
  free(w->json.p);
}

// Restores and uses what was accepted: events, live partial matches, a save of changes, the end. False: what
// must not be.
static inline bool state_use(state_world *w, const char *p, size_t n, bool *accepted)
{
  lq_state *s = lq_scan_state(w->scan);
  lq_errinfo info = LQ_INIT(lq_errinfo);
  lq_stats stats = LQ_INIT(lq_stats);
  int whole;
  lq_status status = lq_state_restore(s, p, n, &info, NULL);
  *accepted = status == LQ_OK;
  if (status != LQ_OK)
    return (status == LQ_E_BUNDLE || status == LQ_E_VERSION) && info.message[0];
  lq_state_stats(s, &stats);
  if (stats.state_bytes > 1 << 20)
    return false;
  status = lq_scan_each_live(w->scan, state_live, w);
  if (!status)
    status = state_feed(w, "1a 2b 4c", 12);
  w->sink.n = 0;
  if (!status)
    status = lq_state_save(s, state_put, &w->sink);
  if (!status)
    status = state_feed(w, "3a 2a", 15);
  if (!status)
    status = lq_scan_each_live(w->scan, state_live, w);
  if (!status)
    status = lq_state_save_changes(s, state_put, &w->sink, &whole);
  lq_state *again = NULL;
  if (!status)
    status = lq_state_new(&again, w->bundle, NULL);
  if (!status) // what it says itself it takes
    status = whole ? LQ_OK : lq_state_restore(again, w->sink.p, w->sink.n, &info, NULL);
  lq_state_free(again);
  if (status)
    fprintf(stderr, "used: status %d, %s\n", status, info.message);
  return status == LQ_OK;
}

// Every frame's size and digest made right again, and the next one's note of it.
static inline void state_redigest(char *p, size_t n)
{
  uint8_t last[32] = {0};
  for (size_t at = 0; n - at >= LQ_SEAL_HEADER + 65;) {
    uint64_t size = 0;
    for (size_t i = 0; i < 8; i++)
      size |= (uint64_t)(uint8_t)p[at + 16 + i] << 8 * i;
    if (size < LQ_SEAL_HEADER + 65 || size > n - at)
      size = n - at;
    if (p[at + LQ_SEAL_HEADER + 32] == 1)
      memcpy(p + at + LQ_SEAL_HEADER + 33, last, sizeof last);
    lq_seal_again(p + at, (size_t)size, last);
    at += (size_t)size;
  }
}

#endif
