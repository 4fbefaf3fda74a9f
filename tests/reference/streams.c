// Random rules over random streams: the engine against the reference, and against itself when the stream is
// shuffled, split, or stopped and gone on with.
//
//   streams [COUNT [SEED]]      prints "N pairs, 0 differences" and exits with 0; a difference is printed as
//   two texts
#include <stdlib.h>

#include "tests/reference/dice.h"
#include "tests/reference/reference.h"

typedef struct pair {
  char rule[512];
  char stream[16384];
  bool distinct_times, single_keys;
  bool own_times; // no event stands where it arrived
} pair;

static dice die;

// ---- making rules

#define RULE(...) append(p->rule, sizeof p->rule, __VA_ARGS__)
#define STREAM(...) append(p->stream, sizeof p->stream, __VA_ARGS__)

static const char *one_of(const char *const *of, uint32_t n)
{
  return of[below(&die, n)];
}

static void add_missing(pair *p, uint32_t percent)
{
  while (chance(&die, percent)) {
    RULE(" !%c", "MN"[below(&die, 2)]);
    percent /= 3;
  }
}

static void make_sequence(pair *p)
{
  static const char *const by[] = {"", " by=k", " by=?k", " by=kj", " by=k?j"};
  bool missing = chance(&die, 50);
  uint32_t n = missing && chance(&die, 15) ? 1 : 2 + below(&die, 3), term = 0;
  RULE("seq");
  if (missing || chance(&die, 50))
    RULE(" span=%u", 3 + below(&die, 25));
  RULE("%s%s%s", one_of(by, 5), chance(&die, 10) ? " null" : "", chance(&die, 10) ? " first" : "");
  size_t before = strlen(p->rule);
  if (missing)
    add_missing(p, n == 1 ? 100 : 25);
  for (const char *c = p->rule + before; *c; c++)
    term += *c == '!';
  uint32_t first = term;
  for (uint32_t i = 0; i < n; i++) {
    RULE(" %c", "ABCD"[below(&die, 4)]);
    if (chance(&die, 12))
      RULE("*%u", 2 + below(&die, 2));
    if (i > 0 && chance(&die, 15))
      RULE("@%u", first);
    term++;
    if (!missing)
      continue;
    bool last = i + 1 == n;
    if (chance(&die, last ? 25 : 40))
      RULE(" !%c", "MN"[below(&die, 2)]);
    if (last && chance(&die, 10))
      RULE(" !N@%u", first);
  }
  if (n == 1 && !strchr(p->rule, '*'))
    RULE(" !M");
  if (chance(&die, 30))
    RULE(" until=U");
}

static void make_stages(pair *p, bool event)
{
  static const char *const of_all[] = {"|head=2",        "|tail=2",          "|unique=k", "|sort=x",
                                       "|rsort=xk",      "|count",           "|count=k",  "|ucount=k",
                                       "|suppress=k/7",  "|new=k/9",         "|eval=x",   "|eval=xy|keep=kx",
                                       "|tail=4|sort=y", "|unique=kx|head=3"};
  static const char *const totals[] = {"count", "count:x", "dcount:x", "sum:x",    "avg:x",    "min:x",
                                       "max:x", "first:x", "last:x",   "values:x", "dcount:k", "max:y"};
  static const char *const groups[] = {"", "k", "j", "kj"};
  if (chance(&die, event ? 50 : 70)) {
    RULE("%s", one_of(of_all, 14));
    return;
  }
  RULE("|stats=%s", chance(&die, 40) ? "count" : "dcount:x");
  for (uint32_t i = below(&die, 4); i > 0; i--)
    RULE(",%s", one_of(totals, 12));
  const char *by = one_of(groups, 4);
  RULE(";%s", by);
  if (chance(&die, 75)) {
    RULE("/%u", 2 + below(&die, 20));
    if (chance(&die, 80))
      RULE("|where=%u>=%u", (unsigned)strlen(by), 1 + below(&die, 3));
  }
  if (chance(&die, 15))
    RULE("|head=3");
}

static void make_rule(pair *p)
{
  static const char *const keys[] = {"", " by=k", " by=kj", " by=?k"};
  uint32_t kind = below(&die, 100);
  p->rule[0] = 0;
  if (kind < 60) {
    make_sequence(p);
  } else if (kind < 80) {
    RULE("event %c", "ABCD"[below(&die, 4)]);
  } else if (kind < 90) {
    RULE("sample by=%s", chance(&die, 60) ? "k" : "?k");
    for (uint32_t i = 2 + below(&die, 2); i > 0; i--)
      RULE(" %c%s", "ABCD"[below(&die, 4)], chance(&die, 15) ? ".j" : "");
  } else {
    RULE("join%s%s", one_of(keys, 4), chance(&die, 10) ? " null" : "");
    for (uint32_t i = 2 + below(&die, 2); i > 0; i--)
      RULE(" %c", "ABCD"[below(&die, 4)]);
    if (chance(&die, 40))
      RULE(" until=U");
  }
  if (kind >= 60 && kind < 80)
    make_stages(p, true);
  else if ((kind < 60 || kind >= 90) && chance(&die, 40))
    make_stages(p, false);
}

// ---- making streams

static void add_field(pair *p, char name, uint32_t values, uint32_t missing, bool single)
{
  if (!single && chance(&die, missing))
    return;
  STREAM(" %c=%u", name, 1 + below(&die, values));
  for (int i = 1; i < W_VALUES && !single && chance(&die, 12); i++)
    STREAM(",%u", 1 + below(&die, values));
}

static void make_stream(pair *p)
{
  uint32_t n = 4 + below(&die, 36);
  int64_t time = below(&die, 20);
  p->stream[0] = 0;
  p->distinct_times = chance(&die, 50);
  p->single_keys = chance(&die, 40);
  p->own_times = p->distinct_times || chance(&die, 50);
  uint32_t much = 15 + below(&die, 25);
  for (uint32_t i = 0; i < n; i++) {
    time += (p->distinct_times ? 1 : 0) + below(&die, 4);
    if (p->own_times || !chance(&die, 12))
      STREAM("%lld:", (long long)time);
    else if (chance(&die, 50))
      STREAM("-:");
    else
      STREAM("%lld:", (long long)(W_UNBELIEVED + (int64_t)below(&die, 100)));
    for (const char *c = "ABCDMNU"; *c; c++) {
      if (chance(&die, *c >= 'M' ? much / 2 : much))
        STREAM("%c", *c);
    }
    add_field(p, 'k', 3, 12, p->single_keys);
    add_field(p, 'j', 2, 12, p->single_keys);
    add_field(p, 'x', 4, 20, false);
    add_field(p, 'y', 3, 30, false);
    STREAM(";");
  }
}

// ---- comparing

static int by_bytes(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

// The last of the numbers before columns, or the greatest.
static int pick_number(const char *record, bool greatest)
{
  int most = -1, now = -1;
  for (const char *p = record; *p && *p != '[' && *p != '{'; p++) {
    bool digit = *p >= '0' && *p <= '9', starts = p == record || p[-1] == ',';
    now = digit ? (starts ? 0 : now) * 10 + (*p - '0') : -1;
    most = !greatest || now > most ? now : most;
  }
  return most;
}

// What the reference leaves open is taken out: which events a sample chose, which one a window shows first;
// and where no order is promised, records are sorted.
static void normal(const char *rule, lq_buf *b, bool sorted)
{
  lq_buf out = {.mem = &lq_mem_libc};
  static char records[4096][1024];
  static char *all[4096];
  size_t n = 0;
  const char *stats = strstr(rule, "|stats=");
  bool sample = strncmp(rule, "sample", 6) == 0, last_only = sample || (stats && strchr(stats, '/'));
  lq_buf_byte(b, 0);
  for (char *p = b->p, *end; *p && n < 4096; p = end + 1) {
    end = strchr(p, ';');
    *end = 0;
    int last = pick_number(p, sample);
    if (last_only)
      snprintf(records[n], sizeof records[n], "%d%s", last, p + strcspn(p, "[{"));
    else
      snprintf(records[n], sizeof records[n], "%s", p);
    all[n] = records[n];
    n++;
  }
  if (sorted || sample || strstr(rule, "|count"))
    qsort(all, n, sizeof *all, by_bytes);
  for (size_t i = 0; i < n; i++)
    lq_buf_printf(&out, "%s;", all[i]);
  lq_buf_byte(&out, 0);
  lq_buf_free(b);
  *b = out;
}

static uint64_t differences;

static void compare(const pair *p, const char *what, lq_buf *want, lq_buf *got, bool sorted)
{
  normal(p->rule, want, sorted);
  normal(p->rule, got, sorted);
  if (strcmp(want->p, got->p) == 0)
    return;
  differences++;
  if (differences <= 10)
    printf("%s\n  %s\n  %s\n  wanted %s\n  got    %s\n", what, p->rule, p->stream, want->p, got->p);
}

static void must(lq_status status, const pair *p, const char *what)
{
  if (status == LQ_OK)
    return;
  differences++;
  printf("%s: status %d\n  %s\n  %s\n", what, status, p->rule, p->stream);
}

// ---- runs

// Room outside memory, in memory.
typedef struct store {
  lq_buf runs[1024];
} store;

static int store_write(void *user, uint32_t run, const void *bytes, size_t n)
{
  lq_buf *b = &((store *)user)->runs[run];
  b->mem = &lq_mem_libc;
  lq_buf_add(b, bytes, n);
  return b->failed;
}

static int store_read(void *user, uint32_t run, uint64_t offset, void *bytes, size_t n)
{
  const lq_buf *b = &((store *)user)->runs[run];
  if (offset > b->n || n > b->n - offset)
    return 1;
  memcpy(bytes, b->p + offset, n);
  return 0;
}

static void store_drop(void *user, uint32_t run)
{
  lq_buf_free(&((store *)user)->runs[run]);
}

typedef struct plan {
  const size_t *order; // NULL: as it is
  int64_t lateness;
  size_t stop_every; // 0: never
  uint32_t parts;
  bool changes;   // saves of changes in between
  int only_key;   // events whose k is this; 0: all
  size_t waiting; // bytes that may wait in memory; 0: as many as come
} plan;

// Cuts a run's state into parts and puts them together in another run, whose hash key is another one.
static lq_status in_parts(const lq_partition *old, w_run *run, const w_rule *rule, const w_stream *stream,
                          const w_options *o, uint32_t parts)
{
  lq_status status = LQ_OK;
  for (uint32_t i = 0; i < parts && !status; i++) {
    w_run one;
    status = w_begin(&one, rule, stream, o, run->out);
    if (!status)
      status = lq_partition_take_part(&one.state, (lq_partition *)(uintptr_t)old, i, parts);
    if (!status)
      status = lq_partition_merge(&run->state, one.state);
    w_free(&one);
  }
  return status;
}

// Saves, and restores in a new run. A chain of changes behind a whole save grows for some time before that.
static lq_status move_on(w_run *run, const w_rule *rule, const w_stream *stream, const w_options *o,
                         const plan *how, lq_buf *bytes)
{
  lq_buf saved = {.mem = &lq_mem_libc}, *out = run->out;
  bool changes = how->changes;
  lq_status status = lq_partition_save(run->state, &saved, &changes);
  if (!changes)
    lq_buf_clear(bytes);
  lq_buf_str(bytes, lq_buf_get(&saved));
  lq_buf_free(&saved);
  if (status || (how->changes && chance(&die, 60)))
    return status;
  w_run next;
  lq_restored done = {0};
  status = w_begin(&next, rule, stream, o, out);
  if (!status && how->parts > 1)
    status = in_parts(run->state, &next, rule, stream, o, how->parts);
  else if (!status)
    status = lq_partition_restore(&next.state, bytes->p, bytes->n, &done);
  if (!status && how->parts == 1 && done.kept != 1)
    status = LQ_E_INTERNAL;
  w_move(run, &next);
  lq_buf_clear(bytes);
  return status;
}

static lq_status run_plan(const w_rule *rule, const w_stream *stream, const plan *how, lq_buf *out)
{
  w_run run;
  lq_buf bytes = {.mem = &lq_mem_libc};
  static store outside;
  w_options o = {.lateness = how->lateness, .now = 1, .hash_seed = (uint8_t)below(&die, 256)};
  o.limits.buffer_bytes = how->waiting;
  if (how->waiting)
    o.store = (lq_run_store){&outside, store_write, store_read, store_drop};
  lq_status status = w_begin(&run, rule, stream, &o, out);
  for (size_t i = 0; i < stream->n && !status; i++) {
    size_t at = how->order ? how->order[i] : i;
    if (how->only_key && stream->events[at].fields[W_K][0].i != how->only_key)
      continue;
    status = w_feed(&run, at);
    o.hash_seed++;
    if (!status && how->stop_every && (i + 1) % how->stop_every == 0)
      status = move_on(&run, rule, stream, &o, how, &bytes);
  }
  if (!status)
    status = w_end(&run);
  w_free(&run);
  lq_buf_free(&bytes);
  return status;
}

static void against(const pair *p, const w_rule *rule, const w_stream *stream, const plan *how,
                    const char *what)
{
  lq_buf want = {.mem = &lq_mem_libc}, got = {.mem = &lq_mem_libc};
  plan plain = {0};
  must(run_plan(rule, stream, &plain, &want), p, "plain");
  must(run_plan(rule, stream, how, &got), p, what);
  compare(p, what, &want, &got, false);
  lq_buf_free(&want);
  lq_buf_free(&got);
}

static void against_reference(const pair *p, const w_rule *rule, const w_stream *stream)
{
  lq_buf want = {.mem = &lq_mem_libc}, got = {.mem = &lq_mem_libc};
  plan plain = {0};
  ref_run(rule, stream, &want);
  must(run_plan(rule, stream, &plain, &got), p, "run");
  compare(p, "engine and reference", &want, &got, false);
  lq_buf_free(&want);
  lq_buf_free(&got);
}

// Each event may come after others that are up to `by` younger.
static void shuffle_within(const w_stream *s, int64_t by, size_t *order)
{
  int64_t arrival[W_EVENTS];
  for (size_t i = 0; i < s->n; i++) {
    int64_t t = by < 0 ? (int64_t)below(&die, 1000000)
                       : s->events[i].time + (int64_t)below(&die, (uint32_t)by + 1);
    size_t at = i;
    for (; at > 0 && arrival[at - 1] > t; at--) {
      arrival[at] = arrival[at - 1];
      order[at] = order[at - 1];
    }
    arrival[at] = t;
    order[at] = i;
  }
}

static bool splits_by_key(const pair *p)
{
  return p->own_times && p->single_keys && strstr(p->rule, " by=k") && !strstr(p->rule, " by=kj") &&
         !strchr(p->rule, '|') && !strchr(p->rule, '.');
}

static void split(const pair *p, const w_rule *rule, const w_stream *stream)
{
  lq_buf want = {.mem = &lq_mem_libc}, got = {.mem = &lq_mem_libc};
  plan plain = {0};
  must(run_plan(rule, stream, &plain, &want), p, "whole");
  for (int key = 1; key <= 3; key++) {
    plan one = {.only_key = key};
    must(run_plan(rule, stream, &one, &got), p, "split");
  }
  compare(p, "split by key and whole", &want, &got, true);
  lq_buf_free(&want);
  lq_buf_free(&got);
}

static void check(const pair *p)
{
  static w_rule rule;
  static w_stream stream;
  static size_t order[W_EVENTS];
  if (!w_read_rule(&rule, p->rule) || !w_read_stream(&stream, p->stream)) {
    differences++;
    printf("unreadable: %s\n  %s\n", p->rule, p->stream);
    return;
  }
  against_reference(p, &rule, &stream);
  plan stop = {.stop_every = chance(&die, 50) ? 1 : 1 + below(&die, 5), .parts = chance(&die, 50) ? 1 : 3};
  against(p, &rule, &stream, &stop, "stopped and restored");
  plan changes = {.stop_every = 1 + below(&die, 3), .parts = 1, .changes = true};
  against(p, &rule, &stream, &changes, "changes saved and restored");
  if (splits_by_key(p))
    split(p, &rule, &stream);
  if (!p->distinct_times)
    return;
  int64_t late = 1 + below(&die, 15);
  shuffle_within(&stream, late, order);
  plan shuffled = {.order = order, .lateness = late};
  against(p, &rule, &stream, &shuffled, "shuffled within the lateness");
  plan both = {.order = order,
               .lateness = late,
               .stop_every = 1 + below(&die, 5),
               .parts = chance(&die, 50) ? 1 : 3,
               .changes = chance(&die, 50)};
  against(p, &rule, &stream, &both, "shuffled, stopped and restored");
  shuffle_within(&stream, -1, order);
  plan whole = {.order = order, .lateness = LQ_LATENESS_WHOLE};
  against(p, &rule, &stream, &whole, "sorted at the end");
  plan outside = {.order = order, .lateness = LQ_LATENESS_WHOLE, .waiting = 1 + below(&die, 6000)};
  against(p, &rule, &stream, &outside, "sorted outside memory");
}

int main(int argc, char **argv)
{
  uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000;
  die.state = (argc > 2 ? strtoull(argv[2], NULL, 10) : 1) * 0x9E3779B97F4A7C15u + 1;
  static pair p;
  for (uint64_t i = 0; i < count; i++) {
    make_rule(&p);
    make_stream(&p);
    check(&p);
  }
  printf("%llu pairs, %llu differences\n", (unsigned long long)count, (unsigned long long)differences);
  return differences != 0;
}
