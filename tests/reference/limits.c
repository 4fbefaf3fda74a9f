// Random sets of rules over random streams under tiny limits: nothing crashes or leaks, caps are kept, what
// is lost is counted, and what nothing was counted for is as without limits.
//
//   limits [COUNT [SEED [FIRST]]]   prints "N cases, …, 0 broken" and exits with 0. FIRST: the number of the
//   first case, to see one again
#include <stdlib.h>

#include "state/partition_internal.h"
#include "tests/reference/dice.h"
#include "tests/reference/rule_set.h"
#include "tests/unit/counting_mem.h"

enum { RULE_MAX = 512, STREAM_MAX = 16384 };

typedef struct chapter {
  char rules[W_STATES][RULE_MAX], stream[STREAM_MAX];
  size_t nrules;
  w_options options;
  uint64_t number;
} chapter;

static dice die;
static uint64_t broken, limited, compared; // limited: a limit took something

#define RULE(...) append(rule, RULE_MAX, __VA_ARGS__)
#define STREAM(...) append(c->stream, STREAM_MAX, __VA_ARGS__)

static void say_broken(const chapter *c, const char *what, uint64_t a, uint64_t b)
{
  if (++broken > 10)
    return;
  const lq_state_limits *l = &c->options.limits;
  printf("case %llu: %s: %llu, %llu\n  total %llu rule %llu keys %llu buffer %llu tuples %u window %u "
         "distinct %u values "
         "%u held %u lateness %lld\n",
         (unsigned long long)c->number, what, (unsigned long long)a, (unsigned long long)b,
         (unsigned long long)l->total_bytes, (unsigned long long)l->rule_bytes, (unsigned long long)l->keys,
         (unsigned long long)l->buffer_bytes, l->key_tuples, l->window_events, l->distinct, l->values,
         l->held, (long long)c->options.lateness);
  for (size_t i = 0; i < c->nrules; i++)
    printf("  %s\n", c->rules[i]);
  printf("  %s\n", c->stream);
}

#define MUST(truth, what, a, b)                                                                              \
  do {                                                                                                       \
    if (!(truth))                                                                                            \
      say_broken(c, what, (uint64_t)(a), (uint64_t)(b));                                                     \
  } while (0)

// ---- making rules

static const char *one_of(const char *const *of, uint32_t n)
{
  return of[below(&die, n)];
}

static void add_stats(char *rule)
{
  static const char *const totals[] = {"count", "count:x", "dcount:x", "sum:x",    "avg:x",    "min:x",
                                       "max:x", "first:x", "last:x",   "values:x", "dcount:k", "values:k"};
  static const char *const groups[] = {"", "k", "j", "kj"};
  RULE("|stats=%s", one_of(totals, 12));
  for (uint32_t i = below(&die, 4); i > 0; i--)
    RULE(",%s", one_of(totals, 12));
  const char *by = one_of(groups, 4);
  RULE(";%s", by);
  if (chance(&die, 70))
    RULE("/%u", 2 + below(&die, 20));
  if (chance(&die, 50))
    RULE("|where=%u>=%u", (unsigned)strlen(by), 1 + below(&die, 2));
}

static void add_stages(char *rule)
{
  static const char *const of_all[] = {"|head=2",    "|head=20",  "|tail=1",   "|tail=3",   "|tail=30",
                                       "|unique=k",  "|sort=x",   "|rsort=xk", "|count",    "|count=k",
                                       "|count=j",   "|ucount=k", "|eval=x",   "|eval=xy",  "|suppress=k/7",
                                       "|unique=kx", "|keep=kx",  "|new=k/9",  "|new=kj/30"};
  for (uint32_t n = 0; n < W_STAGES / 2 && chance(&die, 60); n++) { // `stats` may bring a `where`
    if (chance(&die, 25))
      add_stats(rule);
    else
      RULE("%s", one_of(of_all, 19));
  }
}

static void add_term(char *rule, const char *letters, uint32_t n, bool lineage)
{
  RULE("%c", letters[below(&die, n)]);
  if (lineage && chance(&die, 20))
    RULE("^%u", below(&die, W_ROWS));
}

static void add_sequence(char *rule, bool lineage)
{
  static const char *const by[] = {"", " by=k", " by=k", " by=?k", " by=kj", " by=k?j"};
  bool missing = chance(&die, 50), fork = chance(&die, 15);
  RULE("seq");
  if (missing || chance(&die, 50))
    RULE(" span=%u", 3 + below(&die, 40));
  RULE("%s%s%s", one_of(by, 6), chance(&die, 10) ? " null" : "", chance(&die, 10) ? " first" : "");
  bool lead = missing && chance(&die, 25);
  if (lead)
    RULE(" !%c", "MN"[below(&die, 2)]);
  uint32_t n = missing && chance(&die, 15) ? 1 : 2 + below(&die, 3);
  for (uint32_t i = 0; i < n; i++) {
    RULE(" ");
    add_term(rule, "ABCD", 4, lineage);
    if (chance(&die, 12))
      RULE("*%u", 2 + below(&die, 2));
    if (i > 0 && !lead && chance(&die, 15))
      RULE("@0");
    if (fork && i > 0 && chance(&die, 50))
      RULE("%%");
    if (missing && chance(&die, i + 1 == n ? 50 : 30))
      RULE(" !%c", "MN"[below(&die, 2)]);
  }
  if (n == 1)
    RULE(" !M");
  if (chance(&die, 30))
    RULE(" until=U");
}

static void make_rule(char *rule, bool lineage)
{
  static const char *const keys[] = {"", " by=k", " by=kj", " by=?k"};
  uint32_t kind = below(&die, 100);
  rule[0] = 0;
  if (kind < 45) {
    add_sequence(rule, lineage);
  } else if (kind < 75) {
    RULE("event ");
    add_term(rule, "ABCD", 4, lineage);
  } else {
    bool sample = kind < 88;
    RULE("%s%s", sample ? "sample" : "join", sample ? keys[1 + below(&die, 3)] : one_of(keys, 4));
    for (uint32_t i = 2 + below(&die, 2); i > 0; i--) {
      RULE(" ");
      add_term(rule, "ABCD", 4, lineage);
    }
    if (!sample && chance(&die, 40))
      RULE(" until=U");
  }
  if (kind >= 45 && kind < 75 ? chance(&die, 95) : chance(&die, 50))
    add_stages(rule);
}

// ---- making streams and limits

static void add_field(chapter *c, char name, uint32_t values, uint32_t missing)
{
  if (chance(&die, missing))
    return;
  STREAM(" %c=%u", name, 1 + below(&die, values));
  for (int i = 1; i < W_VALUES && chance(&die, 15); i++)
    STREAM(",%u", 1 + below(&die, values));
}

static void make_stream(chapter *c, uint32_t jitter)
{
  uint32_t n = 4 + below(&die, 40), keys = 1 + below(&die, 20), much = 15 + below(&die, 40);
  int64_t time = 20 + below(&die, 20);
  c->stream[0] = 0;
  for (uint32_t i = 0; i < n; i++) {
    time += below(&die, 4);
    STREAM("%lld:", (long long)(time - (jitter ? below(&die, jitter) : 0)));
    for (const char *p = "ABCDMNPSU"; *p; p++) {
      if (chance(&die, *p >= 'M' ? much / 3 : much))
        STREAM("%c", *p);
    }
    add_field(c, 'k', keys, 10);
    add_field(c, 'j', 3, 10);
    add_field(c, 'x', 9, 20);
    add_field(c, 'y', 3, 30);
    STREAM(";");
  }
}

static uint64_t some_bytes(uint32_t most_kib)
{
  return chance(&die, 50) ? 0 : 512 + below(&die, most_kib << 10);
}

static void make_limits(chapter *c)
{
  static const int64_t late[] = {0, 0, 0, 3, 12, LQ_LATENESS_WHOLE};
  lq_state_limits *l = &c->options.limits;
  c->options = (w_options){.lateness = late[below(&die, 6)], .hash_seed = (uint8_t)below(&die, 256)};
  l->total_bytes = chance(&die, 60) ? 8192 : 8192 + below(&die, 1 << (13 + below(&die, 5)));
  l->rule_bytes = some_bytes(16);
  l->buffer_bytes = some_bytes(8);
  l->keys = chance(&die, 50) ? 0 : 1 + below(&die, chance(&die, 50) ? 4 : 50);
  l->key_tuples = chance(&die, 70) ? 0 : 1 + below(&die, 4);
  l->window_events = chance(&die, 60) ? 0 : 1 + below(&die, 8);
  l->distinct = chance(&die, 60) ? 0 : 1 + below(&die, 4);
  l->values = chance(&die, 60) ? 0 : 1 + below(&die, 4);
  l->held = chance(&die, 60) ? 0 : 1 + below(&die, 3);
}

static void make_chapter(chapter *c)
{
  bool lineage = chance(&die, 20);
  c->nrules = chance(&die, 50) ? 1 : 1 + below(&die, W_STATES);
  for (size_t i = 0; i < c->nrules; i++)
    make_rule(c->rules[i], lineage);
  make_limits(c);
  make_stream(c, c->options.lateness ? 5 : 0);
}

// ---- what is looked at on the way

typedef struct steps {
  uint64_t began, ended; // partial matches
} steps;

typedef struct watch {
  const chapter *c;
  const w_rule *rules;
  const w_stream *stream;
  steps steps[W_STATES];
  uint64_t live; // seen by each_live
} watch;

static void see_live(void *user, const lq_live *live)
{
  watch *w = user;
  uint64_t bytes = live->key.n;
  for (size_t i = 0; i < live->nevents; i++)
    bytes += live->events[i] ? live->events[i]->raw.n : 0;
  w->live += bytes > 0;
}

// A match of events as they are has each of them in its place, in order, and within the span.
static void see_match(watch *w, const lq_outcome *g)
{
  const chapter *c = w->c;
  const w_rule *r = &w->rules[g->state];
  const lq_snapshot *first = NULL, *last = NULL;
  size_t slot = 0;
  if (strstr(c->rules[g->state], "count") || strstr(c->rules[g->state], "stats"))
    return;
  for (uint32_t t = 0; t < r->state.nterms; t++) {
    bool negated = r->terms[t].flags & LQ_TERM_NEGATED;
    for (uint32_t i = 0; i < r->terms[t].runs; i++, slot++) {
      MUST(slot < g->nevents && negated == !g->events[slot], "an empty slot", slot, g->nevents);
      if (slot >= g->nevents || !g->events[slot])
        continue;
      last = g->events[slot];
      if (r->state.kind == LQ_STATE_SEQUENCE)
        MUST(!first || first->order.arrival < last->order.arrival || first->order.time < last->order.time,
             "events out of order", first->line, last->line);
      first = first ? first : last;
    }
  }
  MUST(slot == g->nevents, "slots", slot, g->nevents);
  if (r->state.kind == LQ_STATE_SEQUENCE && r->state.maxspan >= 0)
    MUST(last->order.time - first->order.time <= r->state.maxspan, "the span", first->line, last->line);
}

static void see_step(watch *w, const lq_step *s)
{
  steps *n = &w->steps[s->state];
  n->began += s->kind == LQ_STEP_BEGAN;
  n->ended += s->kind == LQ_STEP_MATCHED || s->kind == LQ_STEP_EXPIRED || s->kind == LQ_STEP_REPLACED ||
              s->kind == LQ_STEP_UNTIL || s->kind == LQ_STEP_REFUSED ||
              (s->kind == LQ_STEP_EVICTED && s->slot > 0);
}

static void in_the_middle(void *user, const lq_partition *state, const lq_outcome *g, const lq_step *s)
{
  watch *w = user;
  const chapter *c = w->c;
  MUST(state->meter.used <= state->meter.max, "the wall", state->meter.used, state->meter.max);
  if (g)
    see_match(w, g);
  if (s)
    see_step(w, s);
  if (chance(&die, 30))
    lq_partition_each(state, see_live, w);
}

// Between events: within all limits.
static void see_limits(const chapter *c, w_run *run)
{
  const lq_state_limits *l = &run->state->host.limits;
  lq_partition_stats all;
  watch w = {.c = c};
  lq_partition_stats_get(run->state, &all);
  MUST(all.peak <= l->total_bytes, "peak", all.peak, l->total_bytes);
  for (uint32_t i = 0; i < run->tables->nstates; i++) {
    const lq_machine_stats *s = lq_partition_rule_stats(run->state, i);
    MUST(s->bytes <= l->rule_bytes, "bytes of a rule", s->bytes, l->rule_bytes);
    MUST(s->keys <= l->keys, "keys of a rule", s->keys, l->keys);
  }
  lq_partition_each(run->state, see_live, &w);
  MUST(w.live <= all.sum.live, "live", w.live, all.sum.live);
}

// Everything can be evicted, and then nothing is charged any more.
static void see_drained(const chapter *c, w_run *run)
{
  for (uint32_t i = 0; i < run->tables->nstates; i++) {
    lq_machine *m = run->state->machines[i];
    while (lq_machine_evict(m))
      continue;
    MUST(m->stats.bytes == 0, "bytes of nothing", m->stats.bytes, i);
    MUST(m->stats.keys == 0 && m->stats.live == 0, "keys and matches of nothing", m->stats.keys,
         m->stats.live);
  }
}

// Partial matches that began, and where they went; forks come without a beginning.
static void see_balance(const watch *w, const w_run *run)
{
  const chapter *c = w->c;
  for (uint32_t i = 0; i < run->tables->nstates; i++) {
    uint64_t live = lq_partition_rule_stats(run->state, i)->live;
    if (w->rules[i].state.kind == LQ_STATE_SEQUENCE && !strchr(c->rules[i], '%'))
      MUST(w->steps[i].began == w->steps[i].ended + live, "partial matches", w->steps[i].began,
           w->steps[i].ended + live);
  }
}

// ---- runs

typedef struct run_end {
  lq_buf out;
  bool stopped, moved; // by a callback; to another run
  uint64_t lost;       // whatever a counter tells that a limit took
} run_end;

static lq_status begin(w_run *run, const chapter *c, watch *w, const w_options *o, lq_buf *out)
{
  lq_status status = w_begin(run, w->rules, w->stream, o, out);
  run->any_moment = in_the_middle;
  run->any_user = w;
  MUST(status == LQ_OK, "begin", status, 0);
  return status;
}

static uint64_t lost_of(const w_run *run)
{
  lq_partition_stats s;
  lq_partition_stats_get(run->state, &s);
  return s.sum.evicted + s.sum.cut + s.order.forced + s.order.dropped + s.lineage.evicted +
         run->state->host.keys.cut + run->state->host.stage_keys.cut;
}

static lq_status whole(w_run *run, lq_partition *old)
{
  lq_buf bytes = {.mem = &lq_mem_libc};
  lq_restored done = {0};
  lq_status status = lq_partition_save(old, &bytes, &(bool){false});
  if (!status)
    status = lq_partition_restore(&run->state, bytes.p, bytes.n, &done);
  lq_buf_free(&bytes);
  return status || done.kept == run->tables->nstates ? status : LQ_E_INTERNAL;
}

static lq_status in_parts(w_run *run, lq_partition *old, watch *w, const w_options *o, run_end *end)
{
  lq_status status = LQ_OK;
  for (uint32_t i = 0; i < 3 && !status; i++) {
    w_run one;
    status = begin(&one, w->c, w, o, &end->out);
    if (!status)
      status = lq_partition_take_part(&one.state, old, i, 3);
    if (!status)
      status = lq_partition_merge(&run->state, one.state);
    end->lost += lost_of(&one); // what a part evicts the others do not know of
    w_free(&one);
  }
  return status;
}

// Into a new run under the same limits.
static lq_status move_on(w_run *run, watch *w, const w_options *o, run_end *end)
{
  const chapter *c = w->c;
  w_run old = *run;
  end->lost += lost_of(&old);
  end->moved = true;
  lq_status status = begin(run, c, w, o, &end->out);
  if (!status)
    status = chance(&die, 50) ? whole(run, old.state) : in_parts(run, old.state, w, o, end);
  MUST(status == LQ_OK, "restore", status, 0);
  w_free(&old);
  return status;
}

static void run_all(const chapter *c, watch *w, const w_options *o, bool moves, run_end *end)
{
  w_run run;
  lq_status status = begin(&run, c, w, o, &end->out);
  bool tiny = o == &c->options;
  if (tiny && chance(&die, 5))
    run.cancel_after = 1 + (int)below(&die, 3);
  for (size_t i = 0; i < w->stream->n && !status; i++) {
    status = w_feed(&run, i);
    if (status == LQ_E_CANCELLED) {
      end->stopped = true;
      status = LQ_OK;
    }
    MUST(status == LQ_OK, "an event", status, i);
    if (tiny && !status)
      see_limits(c, &run);
    if (!status && moves && chance(&die, 10))
      status = move_on(&run, w, o, end);
  }
  if (!status) {
    status = w_end(&run);
    end->stopped |= status == LQ_E_CANCELLED;
    MUST(status == LQ_OK || status == LQ_E_CANCELLED, "the end", status, 0);
    end->lost += lost_of(&run);
    see_limits(c, &run);
    if (!end->stopped)
      see_balance(w, &run);
    if (tiny)
      see_drained(c, &run);
  }
  w_free(&run);
}

// Rows of single events that no row before them can change.
static bool rows_stand_alone(const chapter *c)
{
  static const char *const others[] = {"head", "tail", "unique", "count", "suppress", "new", "stats", "^"};
  bool alone = c->nrules == 1 && strncmp(c->rules[0], "event", 5) == 0 && c->options.lateness == 0;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    alone &= strstr(c->rules[0], others[i]) == NULL;
  return alone;
}

static int by_text(const void *a, const void *b)
{
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t lines_of(lq_buf *b, char **lines, size_t max)
{
  size_t n = 0;
  lq_buf_byte(b, 0);
  for (char *p = b->p, *end; *p && n < max; p = end + 1) {
    end = strchr(p, ';');
    *end = 0;
    lines[n++] = p;
  }
  qsort(lines, n, sizeof *lines, by_text);
  return n;
}

static bool is_subset(lq_buf *few, lq_buf *many)
{
  static char *a[4096], *b[4096];
  size_t na = lines_of(few, a, 4096), nb = lines_of(many, b, 4096), at = 0;
  for (size_t i = 0; i < na; i++, at++) {
    while (at < nb && strcmp(a[i], b[at]) != 0)
      at++;
    if (at == nb)
      return false;
  }
  return true;
}

// What the limits did not touch, they did not change.
static void compare(const chapter *c, run_end *tiny, run_end *plain)
{
  if (tiny->stopped || tiny->moved)
    return;
  compared += tiny->lost == 0;
  lq_str a = lq_buf_get(&tiny->out), b = lq_buf_get(&plain->out);
  if (tiny->lost == 0 && !lq_str_eq(a, b)) {
    say_broken(c, "something was lost that nothing tells of", a.n, b.n);
    printf("  wanted %.*s\n  got    %.*s\n", LQ_STR_ARG(b), LQ_STR_ARG(a));
  }
  if (rows_stand_alone(c))
    MUST(is_subset(&tiny->out, &plain->out), "rows that are not there without limits", a.n, b.n);
}

static void check(chapter *c)
{
  static w_rule rules[W_STATES];
  static w_stream stream;
  static w_set set;
  for (size_t i = 0; i < c->nrules; i++)
    MUST(w_read_rule(&rules[i], c->rules[i]), "unreadable rule", i, 0);
  MUST(w_read_stream(&stream, c->stream), "unreadable stream", 0, 0);
  w_set_make(&set, rules, c->nrules);
  uint32_t large = chance(&die, 30) ? 1 + below(&die, W_PADDING) : 0;
  for (size_t i = 0; i < stream.n; i++)
    stream.events[i].padding = large && chance(&die, 30) ? 1 + below(&die, large) : 0;
  counting_mem counter = {0};
  lq_mem mem = {counting_fn, &counter};
  c->options.mem = &mem;
  c->options.tables = &set.tables;
  c->options.late = set.late;
  w_options unlimited = {.lateness = c->options.lateness, .tables = &set.tables, .late = set.late};
  watch w = {.c = c, .rules = rules, .stream = &stream}, x = w;
  run_end tiny = {.out = {.mem = &lq_mem_libc}}, plain = {.out = {.mem = &lq_mem_libc}};
  run_all(c, &w, &c->options, chance(&die, 40), &tiny);
  limited += tiny.lost > 0;
  MUST(counter.live == 0 && !counter.wrong_size, "bytes left", counter.live, counter.wrong_size);
  if (!tiny.stopped && !tiny.moved) {
    run_all(c, &x, &unlimited, false, &plain);
    MUST(plain.lost == 0, "lost without limits", plain.lost, 0);
    compare(c, &tiny, &plain);
  }
  lq_buf_free(&tiny.out);
  lq_buf_free(&plain.out);
}

int main(int argc, char **argv)
{
  uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000,
           seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
  static chapter c;
  for (uint64_t i = first; i < first + count; i++) {
    die.state = (seed * 0x9E3779B97F4A7C15u + i) * 0xD1342543DE82EF95u + 1;
    c.number = i;
    make_chapter(&c);
    check(&c);
  }
  printf("%llu cases, %llu limited, %llu as without limits, %llu broken\n", (unsigned long long)count,
         (unsigned long long)limited, (unsigned long long)compared, (unsigned long long)broken);
  return broken != 0;
}
