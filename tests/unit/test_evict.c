// Eviction: rows that make room while others are being given out, matches that are looked at in the middle of
// a step.
#include <criterion/criterion.h>

#include "tests/reference/world.h"
#include "tests/unit/counting_mem.h"

static w_rule rule;
static w_stream stream;

// ---- looking at live partial matches

typedef struct looked {
  size_t times, seen, held;
  size_t key_bytes;
} looked;

static void on_live(void *user, const lq_live *live)
{
  looked *l = user;
  l->seen++;
  l->held += live->held;
  l->key_bytes += live->key.n;
  for (size_t i = 0; i < live->nevents; i++)
    l->key_bytes += live->events[i] ? live->events[i]->raw.n : 0;
}

static void look(void *user, const lq_partition *state, const lq_outcome *g, const lq_step *s)
{
  (void)g, (void)s;
  looked *l = user;
  l->times++;
  lq_partition_each(state, on_live, l);
}

typedef struct moment {
  const char *rule, *stream;
  size_t at_end, held; // partial matches that are live after the last event; of them, those that are held
} moment;

Test(evict, live_matches_are_seen_at_any_moment)
{
  static const moment moments[] = {
      // The second match is decided, and waits for the first: it is in no key's list any more.
      {"seq span=10 by=k A B !C", "1:A k=2;5:A k=1;6:B k=1;7:B k=2;12:C k=2", 2, 2},
      {"seq span=10 by=k A B !C", "1:A k=1;2:B k=1;3:C k=1", 0, 0},
      {"seq span=10 by=k A B !C", "1:A k=1;2:B k=1;20:A k=1", 1, 0},
      {"seq span=10 by=k A B !C", "1:A k=1;2:A k=2;3:B k=1,2;4:A k=3", 3, 2},
      {"seq by=k A B", "1:A k=1,2,3;2:AB k=1,2", 3, 0},
      {"seq by=k A B until=U", "1:A k=1,2;2:U k=1;3:A k=3", 2, 0},
  };
  for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
    const moment *m = &moments[i];
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    looked middle = {0}, end = {0};
    cr_assert(w_read_rule(&rule, m->rule) && w_read_stream(&stream, m->stream), "%s", m->rule);
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){0}, &out) == LQ_OK);
    run.any_moment = look;
    run.any_user = &middle;
    for (size_t k = 0; k < stream.n; k++)
      cr_assert(w_feed(&run, k) == LQ_OK);
    look(&end, run.state, NULL, NULL);
    cr_expect(middle.times > 0 && middle.seen > 0, "%s: %zu times", m->rule, middle.times);
    cr_expect(end.seen == m->at_end && end.held == m->held, "%s on %s: %zu, %zu held", m->rule, m->stream,
              end.seen, end.held);
    cr_expect(w_end(&run) == LQ_OK);
    w_free(&run);
    lq_buf_free(&out);
  }
}

// ---- limits of one key

Test(evict, the_first_of_a_key_goes_over_its_number_of_held_matches)
{
  static const struct {
    uint32_t held;
    const char *groups;
    size_t evicted;
  } all[] = {{1, "5,6,-;7,8,-;", 2}, {2, "3,4,-;5,6,-;7,8,-;", 1}, {3, "1,2,-;3,4,-;5,6,-;7,8,-;", 0}};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    lq_partition_stats stats;
    cr_assert(w_read_rule(&rule, "seq span=20 by=k A B !C") &&
              w_read_stream(&stream, "1:A k=1;2:B k=1;3:A k=1;4:B k=1;5:A k=1;6:B k=1;7:A k=2;8:B k=2;40:D"));
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){.limits.held = all[i].held}, &out) == LQ_OK);
    for (size_t k = 0; k < stream.n; k++)
      cr_assert(w_feed(&run, k) == LQ_OK);
    cr_expect(w_end(&run) == LQ_OK);
    lq_partition_stats_get(run.state, &stats);
    cr_expect(lq_str_is(lq_buf_get(&out), all[i].groups) && stats.sum.evicted == all[i].evicted,
              "%u held: %.*s, %zu evicted", all[i].held, LQ_STR_ARG(lq_buf_get(&out)),
              (size_t)stats.sum.evicted);
    w_free(&run);
    lq_buf_free(&out);
  }
}

// ---- terms and stages of one rule

Test(evict, a_stage_that_fills_the_rules_bytes_does_not_blind_it)
{
  enum { PAIRS = 3000 };
  lq_buf out = {.mem = &lq_mem_libc};
  w_run run;
  size_t given = 0;
  cr_assert(w_read_rule(&rule, "seq span=10 by=k A B|suppress=x/1000000"));
  stream.n = W_EVENTS;
  cr_assert(w_begin(&run, &rule, &stream, &(w_options){.limits.rule_bytes = 64 << 10}, &out) == LQ_OK);
  for (size_t i = 0; i < 2 * PAIRS; i++) {
    w_event *e = &stream.events[i % W_EVENTS];
    *e = (w_event){
        .time = (int64_t)i, .has_time = true, .letters = 1u << i % 2, .counts = {[W_K] = 1, [W_X] = 1}};
    e->fields[W_K][0] = e->fields[W_X][0] = lq_int((int64_t)i / 2);
    cr_assert(w_feed(&run, i % W_EVENTS) == LQ_OK);
  }
  cr_expect(w_end(&run) == LQ_OK);
  for (size_t i = 0; i < out.n; i++)
    given += out.p[i] == ';';
  cr_expect(given == PAIRS, "%zu", given); // each key comes once: nothing is to be suppressed
  w_free(&run);
  lq_buf_free(&out);
}

// ---- rows that make room while others are given out

typedef struct outpour {
  const char *rule;
  lq_state_limits limits;
  size_t events, least, most; // rows that come out
  bool evicts;
} outpour;

static size_t rows_of(lq_buf *out)
{
  size_t n = 0;
  lq_str s = lq_buf_get(out);
  for (size_t i = 0; i < s.n; i++)
    n += s.p[i] == ';';
  return n;
}

static void one_key_each(w_run *run, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    w_event *e = &stream.events[i % W_EVENTS];
    *e = (w_event){.time = (int64_t)i, .has_time = true, .letters = 1};
    e->fields[W_K][0] = lq_int((int64_t)i);
    e->counts[W_K] = 1;
    cr_assert(w_feed(run, i % W_EVENTS) == LQ_OK);
  }
}

Test(evict, rows_that_are_given_out_may_make_room)
{
  static const outpour all[] = {
      // Each key's row is larger than the key: giving the rows out takes more than is there.
      {"event A|count=k|sort=x|head=5", {0}, 90000, 5, 5, true},
      {"event A|count=k|sort=x|head=5", {.rule_bytes = 64 << 10}, 2000, 5, 5, true},
      {"event A|count=k|sort=x", {.rule_bytes = 64 << 10}, 2000, 50, 1000, true},
      {"event A|count=k|tail=100", {.rule_bytes = 64 << 10}, 2000, 100, 100, true},
      {"event A|count=k|ucount=x|tail=100", {.rule_bytes = 32 << 10}, 2000, 1, 100, true},
      {"event A|ucount=k|tail=1000", {.rule_bytes = 64 << 10}, 2000, 50, 1000, true},
      {"event A|ucount=k|sort=x", {.total_bytes = 64 << 10}, 2000, 20, 1000, true},
      {"event A|ucount=k|unique=k|ucount=k", {.rule_bytes = 32 << 10}, 2000, 1, 1000, true},
      {"event A|sort=k|sort=x|tail=1000", {.total_bytes = 32 << 10}, 2000, 20, 1000, true},
      {"event A|tail=1000|count=k|sort=x", {.total_bytes = 32 << 10}, 2000, 20, 1000, true},
      {"event A|stats=count,values:k;k|sort=x", {.total_bytes = 64 << 10}, 2000, 20, 1000, true},
      {"event A|sort=k", {.keys = 1, .total_bytes = 8 << 10}, 2000, 5, 100, true},
      {"event A|count=k|count=k", {.keys = 3}, 20, 1, 3, true},
      {"seq by=k A", {.rule_bytes = 1, .total_bytes = 8 << 10}, 20, 0, 0, true},
  };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const outpour *o = &all[i];
    counting_mem counter = {0};
    lq_mem mem = {counting_fn, &counter};
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    lq_partition_stats stats;
    lq_state_limits l = o->limits;
    lq_state_limits_default(&l);
    stream.n = W_EVENTS;
    cr_assert(w_read_rule(&rule, o->rule), "%s", o->rule);
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){.limits = l, .mem = &mem}, &out) == LQ_OK, "%s",
              o->rule);
    one_key_each(&run, o->events);
    cr_expect(w_end(&run) == LQ_OK, "%s", o->rule);
    lq_partition_stats_get(run.state, &stats);
    size_t rows = rows_of(&out);
    cr_expect(rows >= o->least && rows <= o->most, "%zu %s: %zu rows", i, o->rule, rows);
    cr_expect(stats.peak <= l.total_bytes && stats.sum.bytes <= l.rule_bytes && stats.sum.keys <= l.keys,
              "%s: %zu bytes, %zu at most, %zu keys", o->rule, (size_t)stats.sum.bytes, (size_t)stats.peak,
              (size_t)stats.sum.keys);
    cr_expect((stats.sum.evicted > 0) == o->evicts, "%s: %zu evicted", o->rule, (size_t)stats.sum.evicted);
    w_free(&run);
    cr_expect(counter.live == 0 && !counter.wrong_size, "%s: %zu bytes left", o->rule, counter.live);
    lq_buf_free(&out);
  }
}
