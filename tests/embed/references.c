// A bundle that is freed while scans of it run, in several threads. A plain program, as Criterion does not
// run under ThreadSanitizer.
#include <libquery/lq.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4, ROUNDS = 50 };

static int failures;

static void expect(int good, const char *what)
{
  failures += !good;
  if (!good)
    printf("FAIL: %s\n", what);
}

static const char query[] = "process.name : \"cmd.exe\" and process.args regex \"a+b\"";
static const char events[] = "{\"process\":{\"name\":\"CMD.EXE\",\"args\":[\"x\",\"aab\"]}}\n"
                             "{\"process\":{\"name\":\"CMD.EXE\",\"args\":[\"x\"]}}\n";

static void *counted(void *user, void *p, size_t old_size, size_t new_size)
{
  atomic_size_t *live = user;
  void *q = NULL;
  if (new_size == 0)
    free(p);
  else if (!(q = realloc(p, new_size)))
    return NULL;
  atomic_fetch_add(live, new_size - old_size);
  return q;
}

static lq_bundle *compile(const lq_allocator *a)
{
  lq_build_options o = {.struct_size = sizeof o, .allocator = a};
  lq_errinfo error = LQ_INIT(lq_errinfo);
  lq_bundle *b;
  expect(lq_compile(&b, query, strlen(query), &o, &error) == LQ_OK, error.message);
  return b;
}

static int count(void *user, const lq_match *m)
{
  (void)m;
  ++*(size_t *)user;
  return 0;
}

typedef struct worker {
  lq_bundle *bundle; // a reference of its own
  const lq_allocator *allocator;
  size_t matches, failures;
} worker;

static void *work(void *user)
{
  worker *w = user;
  lq_scan_options o = {
      .struct_size = sizeof o, .allocator = w->allocator, .match = count, .user = &w->matches};
  for (int i = 0; i < ROUNDS; i++) {
    lq_bundle *mine = lq_bundle_ref(w->bundle);
    lq_scan *s = NULL;
    w->failures += lq_scan_new(&s, mine, &o) != LQ_OK;
    lq_bundle_free(mine);
    // Half way the scan's reference is the only one of this thread.
    if (i == ROUNDS - 1)
      lq_bundle_free(w->bundle);
    w->failures += lq_scan_buffer(s, "events", events, strlen(events)) != LQ_OK;
    lq_scan_free(s);
  }
  return NULL;
}

static void the_last_one_frees(void)
{
  atomic_size_t live = 0;
  lq_allocator a = {counted, &live};
  pthread_t threads[THREADS];
  worker workers[THREADS];
  lq_bundle *b = compile(&a);
  for (size_t i = 0; i < THREADS; i++) {
    workers[i] = (worker){.bundle = lq_bundle_ref(b), .allocator = &a};
    expect(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "a thread starts");
  }
  lq_bundle_free(b);
  for (size_t i = 0; i < THREADS; i++) {
    expect(pthread_join(threads[i], NULL) == 0, "a thread ends");
    expect(workers[i].matches == ROUNDS && workers[i].failures == 0, "each thread has its matches");
  }
  expect(atomic_load(&live) == 0, "nothing is left after the last reference");
}

static int keep(void *user, const lq_match *m)
{
  *(lq_bundle **)user = lq_bundle_ref(lq_match_bundle(m));
  return 0;
}

static void a_bundle_may_go_before_its_scan(void)
{
  atomic_size_t live = 0;
  lq_allocator a = {counted, &live};
  lq_bundle *b = compile(&a), *kept = NULL;
  lq_scan_options o = {.struct_size = sizeof o, .allocator = &a, .match = keep, .user = &kept};
  lq_scan *s;
  expect(lq_scan_new(&s, b, &o) == LQ_OK, "a scan is made");
  expect(lq_bundle_ref(NULL) == NULL, "NULL gives NULL");
  lq_bundle_free(b);
  expect(lq_scan_buffer(s, "events", events, strlen(events)) == LQ_OK && kept == b,
         "a match keeps the bundle");
  lq_scan_free(s);
  expect(lq_bundle_rule_count(kept) == 1 && strlen(lq_bundle_digest(kept)) == 64, "a kept bundle is whole");
  lq_bundle_free(kept);
  expect(atomic_load(&live) == 0, "nothing is left after the scan and the match");
}

static void a_bundle_may_go_before_its_state(void)
{
  static const char sequence[] = "sequence by a [any where b == 1] [any where c == 2]";
  static const char record[] = "{\"a\":1,\"b\":1}\n";
  atomic_size_t live = 0;
  lq_allocator a = {counted, &live};
  lq_build_options o = {.struct_size = sizeof o, .allocator = &a};
  lq_scan_options scan = {.struct_size = sizeof scan, .allocator = &a};
  lq_state_options state = {.struct_size = sizeof state, .allocator = &a};
  lq_bundle *b;
  lq_scan *s;
  lq_state *mine;
  expect(lq_compile(&b, sequence, strlen(sequence), &o, NULL) == LQ_OK, "a sequence compiles");
  expect(lq_state_new(&mine, b, &state) == LQ_OK && lq_scan_new(&s, b, &scan) == LQ_OK, "a state is made");
  lq_bundle_free(b);
  expect(lq_scan_use_state(s, mine) == LQ_OK, "a scan takes it");
  expect(lq_scan_buffer(s, "events", record, strlen(record)) == LQ_OK, "a scan feeds it");
  lq_scan_free(s);
  lq_stats stats = LQ_INIT(lq_stats);
  expect(lq_state_stats(mine, &stats) == LQ_OK && stats.state_live == 1,
         "the state outlives bundle and scan");
  lq_state_free(mine);
  expect(atomic_load(&live) == 0, "nothing is left after the state");
}

int main(void)
{
  the_last_one_frees();
  a_bundle_may_go_before_its_scan();
  a_bundle_may_go_before_its_state();
  printf("%d threads, %d rounds each: %d failures\n", THREADS, ROUNDS, failures);
  return failures > 0;
}
