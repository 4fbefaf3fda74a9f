// Events with a key of their own each, against a cap: how many a second while the table fills and when it is
// full, and how long it takes to save and to restore it.
//
//   load [EVENTS [CAP_MIB [RULE]]]
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/reference/world.h"

static double seconds(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static lq_status feed(w_run *run, w_stream *stream, size_t i)
{
  w_event *e = &stream->events[i % W_EVENTS];
  *e = (w_event){.time = (int64_t)i, .has_time = true, .letters = 1};
  e->fields[W_K][0] = lq_int((int64_t)i);
  e->counts[W_K] = 1;
  return w_feed(run, i % W_EVENTS);
}

static lq_status save_and_restore(w_run *run, const w_rule *rule, const w_stream *stream, const w_options *o,
                                  lq_buf *out)
{
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_restored done;
  w_run other;
  double t = seconds();
  lq_status status = lq_partition_save(run->state, &bytes, &(bool){false});
  double saved = seconds() - t;
  lq_status begun = w_begin(&other, rule, stream, o, out);
  status = status ? status : begun;
  t = seconds();
  if (!status)
    status = lq_partition_restore(&other.state, bytes.p, bytes.n, &done);
  printf("saved %.1f MiB in %.0f ms, restored in %.0f ms\n", (double)bytes.n / 1048576, saved * 1e3,
         (seconds() - t) * 1e3);
  w_free(&other);
  lq_buf_free(&bytes);
  return status;
}

int main(int argc, char **argv)
{
  size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000;
  uint64_t cap = (argc > 2 ? strtoull(argv[2], NULL, 10) : 64) << 20;
  static w_rule rule;
  static w_stream stream;
  w_run run;
  lq_buf out = {.mem = &lq_mem_libc};
  w_options o = {.limits = {.rule_bytes = cap, .total_bytes = cap, .keys = UINT64_MAX}};
  if (!w_read_rule(&rule, argc > 3 ? argv[3] : "seq by=k A B"))
    return 2;
  stream.n = W_EVENTS;
  lq_status status = w_begin(&run, &rule, &stream, &o, &out);
  double start = seconds(), full = 0;
  size_t filled = 0;
  lq_partition_stats s = {0};
  for (size_t i = 0; i < n && !status; i++) {
    status = feed(&run, &stream, i);
    if (full == 0 && i % 1024 == 0) {
      lq_partition_stats_get(run.state, &s);
      full = s.sum.evicted ? seconds() : 0;
      filled = i;
    }
  }
  double end = seconds();
  lq_partition_stats_get(run.state, &s);
  full = full ? full : end;
  printf("%zu events: %.0f/s while it fills (%zu), %.0f/s when it is full\n", n,
         (double)filled / (full - start), filled, end > full ? (double)(n - filled) / (end - full) : 0);
  printf("%llu keys, %llu evicted, %.1f MiB now, %.1f at most, cap %.1f\n", (unsigned long long)s.sum.keys,
         (unsigned long long)s.sum.evicted, (double)s.bytes / 1048576, (double)s.peak / 1048576,
         (double)cap / 1048576);
  bool balanced = s.peak <= cap && s.sum.evicted + s.sum.keys >= n;
  if (!status)
    status = save_and_restore(&run, &rule, &stream, &o, &out);
  w_free(&run);
  lq_buf_free(&out);
  return status || !balanced;
}
