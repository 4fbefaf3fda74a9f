// State as a whole: bounds, order, saving, and what happens without memory or with bytes that somebody made
// up.
#include <blake2.h>
#include <criterion/criterion.h>

#include "tests/reference/world.h"
#include "tests/unit/counting_mem.h"

static w_rule rule;
static w_stream stream;

static lq_str result(lq_buf *out)
{
  return lq_buf_get(out);
}

static bool is(lq_buf *out, const char *text)
{
  return lq_str_is(result(out), text);
}

// ---- bounds

// Events with a key of their own each, made on the way.
static void flood(w_run *run, const w_rule *r, size_t n, int64_t every)
{
  for (size_t i = 0; i < n; i++) {
    w_event *e = &stream.events[i % W_EVENTS];
    *e = (w_event){.time = (int64_t)i * every, .has_time = true, .letters = 1};
    e->fields[W_K][0] = lq_int((int64_t)i);
    e->counts[W_K] = 1;
    cr_assert(w_feed(run, i % W_EVENTS) == LQ_OK);
  }
  (void)r;
}

typedef struct bound {
  const char *rule;
  lq_state_limits limits;
  size_t events;
  bool evicts;
} bound;

Test(state, caps_are_kept)
{
  static const bound bounds[] = {
      {"seq by=k A B", {.rule_bytes = 256 << 10, .total_bytes = 512 << 10}, 20000, true},
      {"seq by=k A B", {.total_bytes = 300 << 10}, 20000, true},
      {"seq by=k A B", {.keys = 100}, 2000, true},
      {"seq span=50 by=k A B", {.total_bytes = 1 << 20}, 20000, false},
      {"seq span=50 by=k !A B", {.total_bytes = 1 << 20}, 20000, false},
      {"seq span=1000000 by=k A !B", {.total_bytes = 300 << 10}, 20000, true},
      {"sample by=k A B", {.total_bytes = 300 << 10}, 20000, true},
      {"join by=k A B", {.keys = 64}, 2000, true},
      {"event A|unique=k", {.total_bytes = 300 << 10}, 20000, true},
      {"event A|new=k/50", {.total_bytes = 300 << 10}, 20000, false},
      {"event A|suppress=k/50", {.total_bytes = 300 << 10}, 20000, false},
      {"event A|stats=count;k/50|where=1>=2", {.total_bytes = 300 << 10}, 20000, false},
      {"event A|stats=count,values:k;|where=0>=1", {.total_bytes = 300 << 10}, 20000, true},
      {"event A|stats=count,max:k;/1000000|where=0>=1",
       {.total_bytes = 1 << 20, .window_events = 1000},
       20000,
       false},
      {"event A|tail=1000000", {.total_bytes = 300 << 10}, 20000, true},
      {"event A|sort=k", {.rule_bytes = 300 << 10}, 20000, true},
      {"event A|ucount=k", {.total_bytes = 300 << 10}, 20000, true},
      {"event A|count=k", {.keys = 100}, 2000, true},
  };
  for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
    const bound *b = &bounds[i];
    counting_mem counter = {0};
    lq_mem mem = {counting_fn, &counter};
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    lq_partition_stats stats;
    cr_assert(w_read_rule(&rule, b->rule), "%s", b->rule);
    stream.n = W_EVENTS;
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){.limits = b->limits, .mem = &mem}, &out) == LQ_OK);
    flood(&run, &rule, b->events, 1);
    lq_partition_stats_get(run.state, &stats);
    lq_state_limits l = b->limits;
    lq_state_limits_default(&l);
    cr_expect(stats.peak <= l.total_bytes, "%s: %zu bytes", b->rule, (size_t)stats.peak);
    cr_expect(stats.sum.keys <= l.keys + 1, "%s: %zu keys", b->rule, (size_t)stats.sum.keys);
    cr_expect((stats.sum.evicted + stats.sum.cut > 0) == (b->evicts || b->limits.window_events),
              "%s: %zu evicted", b->rule, (size_t)stats.sum.evicted);
    cr_expect(w_end(&run) == LQ_OK, "%s", b->rule);
    w_free(&run);
    cr_expect(counter.live == 0 && !counter.wrong_size, "%s: %zu bytes left", b->rule, counter.live);
    lq_buf_free(&out);
  }
}

Test(state, one_rule_does_not_evict_another_within_its_own_cap)
{
  // A match that began before a flood of other keys within the cap is still there.
  lq_buf out = {.mem = &lq_mem_libc};
  w_run run;
  cr_assert(w_read_rule(&rule, "seq span=100000 by=k A B"));
  cr_assert(w_begin(&run, &rule, &stream, &(w_options){0}, &out) == LQ_OK);
  stream.n = W_EVENTS;
  flood(&run, &rule, 5000, 1);
  stream.events[0] = (w_event){.time = 5000, .has_time = true, .letters = 2};
  stream.events[0].fields[W_K][0] = lq_int(0);
  stream.events[0].counts[W_K] = 1;
  cr_assert(w_feed(&run, 0) == LQ_OK);
  cr_expect(is(&out, "1,1;"), "%.*s", LQ_STR_ARG(result(&out)));
  w_free(&run);
  lq_buf_free(&out);
}

// As many matches of one key as the cap wait for what must stay missing; of more the oldest go, counted.
Test(state, the_cap_of_held_matches_of_one_key)
{
  enum { CAP = 3 };
  static const struct {
    size_t events;
    uint64_t evicted, held;
    const char *groups;
  } rows[] = {{CAP - 1, 0, CAP - 1, "1,-;2,-;"},
              {CAP, 0, CAP, "1,-;2,-;3,-;"},
              {CAP + 1, 1, CAP, "2,-;3,-;4,-;"},
              {CAP + 2, 2, CAP, "3,-;4,-;5,-;"}};
  cr_assert(w_read_rule(&rule, "seq span=1000 by=k A !B"));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    lq_partition_stats stats;
    stream.n = W_EVENTS;
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){.limits = {.held = CAP}}, &out) == LQ_OK);
    for (size_t k = 0; k < rows[i].events; k++) {
      stream.events[k] = (w_event){.time = (int64_t)k, .has_time = true, .letters = 1};
      stream.events[k].fields[W_K][0] = lq_int(7);
      stream.events[k].counts[W_K] = 1;
      cr_assert(w_feed(&run, k) == LQ_OK);
    }
    lq_partition_stats_get(run.state, &stats);
    cr_expect(stats.sum.evicted == rows[i].evicted && stats.held == rows[i].held,
              "%zu events: %zu evicted, %zu held", rows[i].events, (size_t)stats.sum.evicted,
              (size_t)stats.held);
    cr_expect(w_end(&run) == LQ_OK && is(&out, rows[i].groups), "%zu events: %.*s", rows[i].events,
              LQ_STR_ARG(result(&out)));
    w_free(&run);
    lq_buf_free(&out);
  }
}

// ---- order

// What an unbelieved stamp stands among: where it arrived, as an event without a time would.
Test(state, a_stamp_from_the_future_moves_nothing)
{
  static const struct {
    const char *rule, *stream;
    int64_t lateness;
    const char *want;
  } cases[] = {
      {"seq span=10 by=k A B", "100:A k=1;1000000000:A k=2;101:B k=1;102:B k=2", 0, "1,3;2,4;"},
      {"seq span=10 by=k A B", "1000000000:A k=2;100:A k=1;-:A k=3;101:B k=1;102:B k=3", 0, "2,4;3,5;"},
      {"seq span=10 by=k A B", "100:A k=1;1000000000:A k=2;-:A k=3;99:B k=1;102:B k=3", 10, "3,5;"},
      {"seq span=3 by=k A B", "100:A k=1;1000000000:B k=2;102:B k=1", 0, "1,3;"},
      {"event A|stats=count;/3|where=0>=3", "100:A;1000000000:A;101:A;102:A", 0, "1,3[3];"},
      {"seq span=3 A !M", "100:A;1000000000:A;101:M;102:A;106:U", 0, "4,-;"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    lq_partition_stats stats;
    cr_assert(w_read_rule(&rule, cases[i].rule) && w_read_stream(&stream, cases[i].stream));
    w_options o = {.limits.future = 5, .lateness = cases[i].lateness};
    cr_assert(w_begin(&run, &rule, &stream, &o, &out) == LQ_OK);
    for (size_t k = 0; k < stream.n; k++) {
      lq_partition_set_now(run.state, 101 + (int64_t)k);
      cr_expect(w_feed(&run, k) == LQ_OK);
    }
    lq_partition_stats_get(run.state, &stats);
    cr_expect(stats.order.future == 1 && stats.order.late == 0);
    cr_expect(cases[i].lateness || stats.order.waiting == 0);
    cr_expect(w_end(&run) == LQ_OK && is(&out, cases[i].want), "%zu: %.*s", i, LQ_STR_ARG(result(&out)));
    w_free(&run);
    lq_buf_free(&out);
  }
}

// Time goes on where it stood: what was late before is late after, and an event without a time has the last.
Test(state, restored_time_is_taken)
{
  static const struct {
    const char *stream;
    int64_t lateness;
    uint64_t late;
    const char *want;
  } cases[] = {
      {"100:U;120:U;119:A;120:B", 0, 1, ""},     {"100:U;120:U;120:A;120:B", 0, 0, "3,4;"},
      {"100:U;120:U;109:A;120:B", 10, 1, ""},    {"100:U;120:U;110:A;115:B", 10, 0, "3,4;"},
      {"100:U;120:U;-:A;125:B", 0, 0, "3,4;"},   {"100:U;120:U;-:A;126:B", 0, 0, ""},
      {"100:U;120:A;900:A;125:B", 0, 0, "3,4;"}, {"100:U;120:U;900:A;126:B", 0, 0, ""},
  };
  cr_assert(w_read_rule(&rule, "seq span=5 A B"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_buf out = {.mem = &lq_mem_libc}, bytes = {.mem = &lq_mem_libc};
    w_run run;
    w_options o = {.lateness = cases[i].lateness, .limits.future = 5};
    lq_partition_stats stats;
    lq_restored done;
    cr_assert(w_read_stream(&stream, cases[i].stream) && w_begin(&run, &rule, &stream, &o, &out) == LQ_OK);
    for (size_t k = 0; k < stream.n; k++) {
      if (k == 2) {
        cr_assert(lq_partition_save(run.state, &bytes, &(bool){false}) == LQ_OK);
        w_free(&run);
        cr_assert(w_begin(&run, &rule, &stream, &o, &out) == LQ_OK);
        cr_assert(lq_partition_restore(&run.state, bytes.p, bytes.n, &done) == LQ_OK);
        lq_partition_set_now(run.state, 125);
      }
      cr_expect(w_feed(&run, k) == LQ_OK);
    }
    lq_partition_stats_get(run.state, &stats);
    cr_expect(stats.order.late == cases[i].late, "%zu: %zu late", i, (size_t)stats.order.late);
    cr_expect(w_end(&run) == LQ_OK && is(&out, cases[i].want), "%zu: %.*s", i, LQ_STR_ARG(result(&out)));
    w_free(&run);
    lq_buf_free(&out);
    lq_buf_free(&bytes);
  }
}

// One that comes exactly when the time of suppression is over is told, one a moment before is not; and what
// is suppressed does not begin it anew.
Test(state, the_boundary_of_suppress)
{
  static const struct {
    const char *stream, *want;
  } cases[] = {
      {"10:A k=1;12:A k=1", "1;"},
      {"10:A k=1;13:A k=1", "1;2;"},
      {"10:A k=1;12:A k=1;13:A k=1;15:A k=1;16:A k=1", "1;3;5;"},
      {"10:A k=1;12:A k=2;13:A k=1;14:A k=2;15:A k=2", "1;2;3;5;"},
      {"10:A k=1;10:A k=1;13:A k=1;13:A k=1", "1;3;"},
      {"10:A k=1;13:U;13:A k=1", "1;3;"},
      {"10:A k=1;12:U;12:A k=1", "1;"},
  };
  cr_assert(w_read_rule(&rule, "event A|suppress=k/3"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_buf out = {.mem = &lq_mem_libc};
    w_run run;
    cr_assert(w_read_stream(&stream, cases[i].stream));
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){0}, &out) == LQ_OK);
    for (size_t k = 0; k < stream.n; k++)
      cr_expect(w_feed(&run, k) == LQ_OK);
    cr_expect(w_end(&run) == LQ_OK && is(&out, cases[i].want), "%zu: %.*s", i, LQ_STR_ARG(result(&out)));
    w_free(&run);
    lq_buf_free(&out);
  }
}

Test(state, a_full_buffer_lets_the_first_go)
{
  lq_buf out = {.mem = &lq_mem_libc};
  w_run run;
  lq_partition_stats stats;
  cr_assert(w_read_rule(&rule, "event A"));
  stream.n = W_EVENTS;
  cr_assert(w_begin(&run, &rule, &stream,
                    &(w_options){.lateness = LQ_LATENESS_WHOLE, .limits.buffer_bytes = 4096}, &out) == LQ_OK);
  flood(&run, &rule, 200, 1);
  lq_partition_stats_get(run.state, &stats);
  cr_expect(stats.order.forced > 100 && stats.order.waiting + stats.order.forced == 200);
  cr_expect(w_end(&run) == LQ_OK);
  lq_partition_stats_get(run.state, &stats);
  cr_expect(stats.sum.groups == 200, "%zu", (size_t)stats.sum.groups);
  w_free(&run);
  lq_buf_free(&out);
}

// ---- steps

Test(state, steps_tell_why)
{
  lq_buf out = {.mem = &lq_mem_libc}, steps = {.mem = &lq_mem_libc};
  w_run run;
  cr_assert(w_read_rule(&rule, "seq span=10 A B until=U") &&
            w_read_stream(&stream, "1:A;2:A;3:B;4:A;5:U;6:A;30:B"));
  cr_assert(w_begin(&run, &rule, &stream, &(w_options){0}, &out) == LQ_OK);
  run.steps = &steps;
  for (size_t i = 0; i < stream.n; i++)
    cr_expect(w_feed(&run, i) == LQ_OK);
  cr_expect(is(&steps, "1 began 1;2 began 1;2 replaced 1;3 matched 2;4 began 1;5 killed by until 1;6 began "
                       "1;30 expired 1;"),
            "%.*s", LQ_STR_ARG(result(&steps)));
  w_free(&run);
  lq_buf_free(&out);
  lq_buf_free(&steps);
}

Test(state, a_callback_stops)
{
  lq_buf out = {.mem = &lq_mem_libc};
  w_run run;
  cr_assert(w_read_rule(&rule, "seq A B") && w_read_stream(&stream, "1:A;2:B;3:A;4:B"));
  cr_assert(w_begin(&run, &rule, &stream, &(w_options){0}, &out) == LQ_OK);
  run.cancel_after = 1;
  cr_expect(w_feed(&run, 0) == LQ_OK && w_feed(&run, 1) == LQ_E_CANCELLED);
  cr_expect(w_feed(&run, 2) == LQ_OK && w_feed(&run, 3) == LQ_OK && is(&out, "1,2;3,4;"));
  w_free(&run);
  lq_buf_free(&out);
}

// ---- bytes and memory

typedef struct scene {
  const char *rule, *stream;
} scene;

static const scene scenes[] = {
    {"seq span=50 by=k !M A*2 !N B@1 !M until=U|eval=x|unique=k",
     "1:M k=1;2:A k=1,2 x=1;3:AB k=1 x=1;4:AN k=2;5:B k=1,2 x=1;6:A k=3"},
    {"seq by=?kj A B C|tail=2|sort=x|keep=kx",
     "1:A;2:A k=a j=1;3:B k=a j=1;4:C k=a j=1;5:B;6:C x=7;7:A k=b j=2"},
    {"sample by=k A B C|head=1", "1:AB k=1 x=1;2:BC k=1;3:A k=2;4:C k=1;5:A k=1"},
    {"join by=k A B until=U|count=k", "1:A k=1;2:B k=2;3:B k=1;4:A k=3"},
    {"event A|stats=count,sum:x,min:x,max:x,first:x,last:x,values:x,dcount:x;k/10|where=1>=2",
     "1:A k=1 x=1;2:A k=1 x=a;3:A k=2;4:A k=1 x=3"},
    {"event A|stats=count,sum:x,min:x,max:x,first:x,last:x,values:x,dcount:x;k",
     "1:A k=1 x=1;2:A k=1 x=a;3:A k=2;4:A k=1 x=3"},
    {"event A|ucount=x|sort=k", "1:A k=1 x=1;2:A k=1 x=a;3:A k=2;4:A k=1 x=1"},
    // The second group is completed by a later event than the first, and begins with an earlier one.
    {"join by=k C D|stats=count;/30|stats=count;/30",
     "1:D k=1;5:D k=2;6:C k=2;7:C k=1;12:A;13:A;14:A;15:A;16:A;17:A"},
    {"event A|suppress=k/3|new=x/9|tail=3", "1:A k=1 x=1;2:A k=1 x=a;3:A k=2 x=4;4:A k=1 x=1;9:A k=1 x=5"},
};

// Runs half, saves, restores elsewhere, runs the rest.
static lq_status play(const lq_mem *mem, lq_buf *out)
{
  w_run run;
  lq_buf bytes = {.mem = mem};
  lq_restored done;
  w_options o = {.mem = mem, .lateness = 2};
  lq_status status = w_begin(&run, &rule, &stream, &o, out);
  for (size_t i = 0; i < stream.n / 2 && !status; i++)
    status = w_feed(&run, i);
  if (!status)
    status = lq_partition_save(run.state, &bytes, &(bool){false});
  w_free(&run);
  lq_status begun = w_begin(&run, &rule, &stream, &o, out);
  status = status ? status : begun;
  if (!status)
    status = lq_partition_restore(&run.state, bytes.p, bytes.n, &done);
  for (size_t i = stream.n / 2; i < stream.n && !status; i++)
    status = w_feed(&run, i);
  if (!status)
    status = w_end(&run);
  w_free(&run);
  lq_buf_free(&bytes);
  return status;
}

Test(state, every_failed_allocation_is_clean, .timeout = 200)
{
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    cr_assert(w_read_rule(&rule, scenes[i].rule) && w_read_stream(&stream, scenes[i].stream), "%s",
              scenes[i].rule);
    lq_buf want = {.mem = &lq_mem_libc};
    counting_mem counter = {0};
    lq_mem mem = {counting_fn, &counter};
    cr_assert(play(&mem, &want) == LQ_OK, "%s", scenes[i].rule);
    cr_expect(counter.live == 0 && !counter.wrong_size && want.n > 0, "%s", scenes[i].rule);
    size_t all = counter.requests;
    for (size_t k = 1; k <= all * 2; k++) {
      lq_buf out = {.mem = &lq_mem_libc};
      counter = (counting_mem){.fail_at = (k + 1) / 2, .once = k % 2};
      lq_status status = play(&mem, &out);
      // A table that cannot grow goes on: then all is as it was.
      cr_expect(status == LQ_E_NOMEM || (status == LQ_OK && lq_str_eq(result(&out), result(&want))),
                "%s: %d at %zu: %.*s", scenes[i].rule, status, k, LQ_STR_ARG(result(&out)));
      cr_expect(counter.live == 0 && !counter.wrong_size, "%s: %zu left at %zu", scenes[i].rule, counter.live,
                k);
      lq_buf_free(&out);
    }
    lq_buf_free(&want);
  }
}

static void digest(char *bytes, size_t n)
{
  blake2b_state s;
  uint8_t *p = (uint8_t *)bytes;
  memset(p + 24, 0, 32);
  for (size_t i = 0; i < 8; i++)
    p[16 + i] = (uint8_t)((uint64_t)n >> (8 * i));
  blake2b_init(&s, 32);
  blake2b_update(&s, p, n);
  blake2b_final(&s, p + 24, 32);
}

static size_t changed_at;

static void try_bytes(const char *bytes, size_t n)
{
  lq_buf out = {.mem = &lq_mem_libc};
  counting_mem counter = {0};
  lq_mem mem = {counting_fn, &counter};
  lq_restored done;
  w_run run;
  cr_assert(w_begin(&run, &rule, &stream, &(w_options){.mem = &mem}, &out) == LQ_OK);
  lq_status status = lq_partition_restore(&run.state, bytes, n, &done);
  cr_expect(status == LQ_OK || status == LQ_E_BUNDLE || status == LQ_E_VERSION, "status %d", status);
  for (size_t i = 0; i < stream.n && status == LQ_OK; i++)
    cr_expect(w_feed(&run, i) == LQ_OK);
  if (!status)
    cr_expect(w_end(&run) == LQ_OK);
  w_free(&run);
  cr_expect(counter.live == 0 && !counter.wrong_size, "%zu bytes left, byte %zu changed", counter.live,
            changed_at);
  lq_buf_free(&out);
}

Test(state, made_up_bytes_do_no_harm, .timeout = 200)
{
  for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
    cr_assert(w_read_rule(&rule, scenes[i].rule) && w_read_stream(&stream, scenes[i].stream));
    lq_buf bytes = {.mem = &lq_mem_libc}, out = {.mem = &lq_mem_libc};
    w_run run;
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){.lateness = 1}, &out) == LQ_OK);
    for (size_t k = 0; k < stream.n; k++)
      cr_assert(w_feed(&run, k) == LQ_OK);
    cr_assert(lq_partition_save(run.state, &bytes, &(bool){false}) == LQ_OK);
    w_free(&run);
    try_bytes(bytes.p, bytes.n);
    char *copy = malloc(bytes.n);
    cr_assert(copy != NULL);
    static const uint8_t changes[] = {0, 1, 2, 0x7f, 0x80, 0xff};
    for (size_t k = 56; k < bytes.n; k++) {
      for (size_t c = 0; c < sizeof changes; c++) {
        memcpy(copy, bytes.p, bytes.n);
        copy[k] = (char)changes[c];
        changed_at = k;
        digest(copy, bytes.n);
        try_bytes(copy, bytes.n);
      }
      memcpy(copy, bytes.p, bytes.n);
      digest(copy, k);
      try_bytes(copy, k);
    }
    memcpy(copy, bytes.p, bytes.n);
    copy[100] ^= 1; // and without its digest it is not even read
    lq_restored done;
    cr_assert(w_begin(&run, &rule, &stream, &(w_options){0}, &out) == LQ_OK);
    cr_expect(lq_partition_restore(&run.state, copy, bytes.n, &done) == LQ_E_BUNDLE);
    w_free(&run);
    free(copy);
    lq_buf_free(&bytes);
    lq_buf_free(&out);
  }
}
