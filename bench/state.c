// State under a flood: events with keys that never come again, against a cap.   bench_state [EVENTS [MIB]]
// Or what saving takes:   bench_state save [KEYS]
#include <libquery/lq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { STEP = 5000 };

static const char query[] =
    "sequence by user.id with maxspan=1h [authentication where event.outcome == \"failure\"] "
    "[authentication where event.outcome == \"success\"]";

typedef struct flood {
  uint64_t n;
  char key[24], stamp[32];
} flood;

static int text(lq_field_value *out, const char *p)
{
  *out = (lq_field_value){.kind = LQ_VALUE_TEXT, .text = {p, strlen(p)}};
  return 1;
}

static int get(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  flood *f = user;
  if (nth > 0)
    return 0;
  if (field.n == 7 && memcmp(field.p, "user.id", 7) == 0)
    return text(out, f->key);
  if (field.n == 13 && memcmp(field.p, "event.outcome", 13) == 0)
    return text(out, "failure");
  if (field.n == 14 && memcmp(field.p, "event.category", 14) == 0)
    return text(out, "authentication");
  return field.n == 10 && memcmp(field.p, "@timestamp", 10) == 0 ? text(out, f->stamp) : 0;
}

static void digits(char *p, uint64_t v, int n)
{
  while (n-- > 0) {
    p[n] = (char)('0' + v % 10);
    v /= 10;
  }
}

// 10,000 events a second of event time: maxspan lets nothing go by itself before there are 36 million.
static void next(flood *f)
{
  uint64_t ms = f->n / 10, s = ms / 1000;
  memcpy(f->stamp, "2024-05-01T00:00:00.000Z", 25);
  digits(f->stamp + 11, s / 3600 % 24, 2), digits(f->stamp + 14, s / 60 % 60, 2),
      digits(f->stamp + 17, s % 60, 2);
  digits(f->stamp + 20, ms % 1000, 3);
  memcpy(f->key, "user-0000000000", 16);
  digits(f->key + 5, f->n * UINT64_C(2654435761) % UINT64_C(10000000000), 10);
  f->n++;
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static lq_bundle *compile(const lq_limits *limits)
{
  lq_build *b = NULL;
  lq_bundle *out = NULL;
  lq_build_options o = {.struct_size = sizeof o, .limits = limits};
  if (lq_build_new(&b, &o) != LQ_OK || lq_build_add_query(b, "flood", NULL, query, strlen(query)) != LQ_OK ||
      lq_build_finish(b, &out) != LQ_OK)
    exit(1);
  lq_build_free(b);
  return out;
}

// ---- saving

static int sum(void *user, const char *p, size_t n)
{
  (void)p;
  *(size_t *)user += n;
  return 0;
}

static double save(lq_state *s, int *whole, size_t *n)
{
  double t = now();
  *n = 0;
  if ((*whole ? lq_state_save(s, sum, n) : lq_state_save_changes(s, sum, n, whole)) != LQ_OK)
    exit(1);
  return now() - t;
}

// Keys that are there, and what it takes to save all of them, and 1 % that have changed since.
static int bench_save(uint64_t keys)
{
  lq_limits limits = LQ_INIT(lq_limits);
  lq_limits_default(&limits);
  limits.max_state = limits.max_state_rule = (uint64_t)1 << 32;
  limits.max_state_keys = keys * 2;
  lq_bundle *bundle = compile(&limits);
  lq_scan_options o = {.struct_size = sizeof o, .limits = &limits};
  lq_scan *scan = NULL;
  if (lq_scan_new(&scan, bundle, &o) != LQ_OK || lq_scan_begin(scan, "flood") != LQ_OK)
    return 1;
  flood f = {0};
  double all = 1e9, some = 1e9;
  size_t nall = 0, nsome = 0;
  for (uint64_t i = 1; i <= keys; i++) {
    next(&f);
    if (lq_scan_record(scan, get, &f, i) != LQ_OK)
      return 1;
  }
  for (int round = 0; round < 5; round++) {
    int whole = 1;
    double t = save(lq_scan_state(scan), &whole, &nall);
    all = t < all ? t : all;
    for (uint64_t i = 0; i < keys / 100; i++) {
      next(&f);
      if (lq_scan_record(scan, get, &f, i) != LQ_OK)
        return 1;
    }
    whole = 0;
    t = save(lq_scan_state(scan), &whole, &nsome);
    some = t < some && !whole ? t : some;
  }
  lq_stats stats = LQ_INIT(lq_stats);
  lq_scan_stats(scan, &stats);
  printf("%llu keys, %.1f MiB: saved in %.1f ms (%.1f MiB); after 1 %% changed in %.2f ms (%.2f MiB): %.1f "
         "%% of it\n",
         (unsigned long long)stats.state_keys, (double)stats.state_bytes / 1048576, all * 1e3,
         (double)nall / 1048576, some * 1e3, (double)nsome / 1048576, some / all * 100);
  lq_scan_free(scan);
  lq_bundle_free(bundle);
  return some <= all / 10 ? 0 : 1;
}

int main(int argc, char **argv)
{
  if (argc > 1 && strcmp(argv[1], "save") == 0)
    return bench_save(argc > 2 ? strtoull(argv[2], NULL, 10) : 100000);
  uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000000,
           mib = argc > 2 ? strtoull(argv[2], NULL, 10) : 64;
  uint64_t window = events / 10;
  lq_limits limits = {.struct_size = sizeof limits};
  lq_limits_default(&limits);
  limits.max_state = limits.max_state_rule = mib << 20;
  limits.max_state_keys = events;
  lq_bundle *bundle = compile(&limits);
  uint8_t key[16] = "not so random";
  lq_scan_options o = {.struct_size = sizeof o, .limits = &limits, .hash_key = key};
  lq_scan *scan = NULL;
  if (window < STEP || lq_scan_new(&scan, bundle, &o) != LQ_OK || lq_scan_begin(scan, "flood") != LQ_OK)
    return 1;
  flood f = {0};
  lq_stats s = {.struct_size = sizeof s};
  double begin = now(), last = begin, filling = 0, full = 0;
  uint64_t nfilling = 0, nfull = 0, before = 0;
  for (uint64_t i = 1; i <= events; i++) {
    next(&f);
    if (lq_scan_record(scan, get, &f, i) != LQ_OK)
      return 1;
    if (i % STEP && i != events)
      continue;
    double t = now();
    lq_scan_stats(scan, &s);
    // Warming up, and the step in which it fills up, are neither.
    if (s.state_evicted == 0 && i > STEP)
      filling += t - last, nfilling += STEP;
    else if (before > 0)
      full += t - last, nfull += STEP;
    before = s.state_evicted;
    last = t;
    if (i / window == (i - STEP) / window && i != STEP)
      continue;
    printf("%9llu events  %6.1f s  %9llu live  %6.1f MiB  %9llu evicted\n", (unsigned long long)i, t - begin,
           (unsigned long long)s.state_live, (double)s.state_bytes / 1048576,
           (unsigned long long)s.state_evicted);
  }
  struct rusage use;
  getrusage(RUSAGE_SELF, &use);
  double a = filling > 0 ? (double)nfilling / filling : 0, b = full > 0 ? (double)nfull / full : 0;
  printf("%llu events with keys of their own in %.1f s; cap %llu MiB, peak %.1f MiB, resident %.0f MiB\n",
         (unsigned long long)events, last - begin, (unsigned long long)mib, (double)s.state_peak / 1048576,
         (double)use.ru_maxrss / 1024);
  printf("while it fills %.0f k events/s, full %.0f k events/s: %+.1f %%\n", a / 1e3, b / 1e3,
         a > 0 ? (b / a - 1) * 100 : 0);
  int balanced = s.state_live + s.state_evicted + s.state_expired == events,
      capped = s.state_peak <= mib << 20;
  printf("live + evicted + expired = events: %s; cap kept: %s\n", balanced ? "yes" : "NO",
         capped ? "yes" : "NO");
  lq_scan_free(scan);
  lq_bundle_free(bundle);
  return balanced && capped ? 0 : 1;
}
