// The order of events: which place a stamp gets, whatever it is, and that nobody else is late because of it.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "state/order.h"
#include "tests/unit/counting_mem.h"

// Events one after the other: `@N` sets `now`, a number is a stamp, `-` none; `first` and `last` are the ends
// of what 64 bits hold. What comes back: the place of each, `start` for LQ_TIME_FIRST, and `late`.
typedef struct arrivals {
  const char *name;
  int64_t lateness;
  const char *events, *places;
  uint64_t future, timeless;
  int64_t clock;
} arrivals;

enum { FUTURE = 5 };

static const arrivals table[] = {
    {"in order", 0, "100 101 105", "100 101 105", 0, 0, 105},
    {"all equal", 0, "7 7 7", "7 7 7", 0, 0, 7},
    {"backwards", 0, "9 8 7 9", "9 late late 9", 0, 0, 9},
    {"backwards within the lateness", 2, "9 8 7 6 9", "9 8 7 late 9", 0, 0, 7},
    {"backwards, files", LQ_LATENESS_WHOLE, "9 8 7", "9 8 7", 0, 0, INT64_MIN},
    {"none takes the one before", 0, "5 - 8 -", "5 5 8 8", 0, 2, 8},
    {"none before any", 0, "- - 5 -", "start start 5 5", 0, 3, 5},
    {"none before any, then before 1970", 0, "- -1000 -", "start -1000 -1000", 0, 2, -1000},
    {"none, and time has passed", 3, "10 8 - 20 - 17 -", "10 8 8 20 20 17 17", 0, 3, 17},
    {"none after a late one", 0, "10 3 -", "10 late 10", 0, 1, 10},
    {"none, files", LQ_LATENESS_WHOLE, "- 5 - 3 -", "start 5 5 3 3", 0, 3, INT64_MIN},
    {"before 1970", 0, "-20 -10 -10", "-20 -10 -10", 0, 0, -10},
    {"far past, live", 0, "100 -5 first 101 - 102", "100 late late 101 101 102", 0, 1, 102},
    {"far past first", 0, "first 100 101", "start 100 101", 0, 0, 101},
    {"far past first, lateness", INT64_MAX, "first 100 101", "start 100 101", 0, 0, 101 - INT64_MAX},
    {"both ends, files", LQ_LATENESS_WHOLE, "last first -1 -", "last start -1 -1", 0, 1, INT64_MIN},
    {"just believed", 0, "@100 100 105 105", "100 105 105", 0, 0, 105},
    {"not believed", 0, "@100 100 106 - 101 last 102", "100 100 100 101 101 102", 2, 1, 102},
    {"not believed first", 0, "@100 106 - 99 last", "start start 99 99", 2, 1, 99},
    {"not believed, lateness", 10, "@100 100 last - 95 last", "100 100 100 95 95", 2, 1, 90},
    {"not believed ever", 0, "@100 900 901 902", "start start start", 3, 0, LQ_TIME_FIRST},
    {"not believed, files", LQ_LATENESS_WHOLE, "@100 100 last 101 -", "100 last 101 101", 0, 1, INT64_MIN},
    {"now comes later", 0, "100 @100 106 101", "100 100 101", 1, 0, 101},
    {"now too late for one", 0, "900 @100 100 900 901", "900 late 900 900", 1, 0, 900},
    {"now goes on", 0, "@100 105 @103 108 109", "105 108 108", 1, 0, 108},
    {"now goes back", 0, "@100 105 @50 105 106 104", "105 105 105 late", 1, 0, 105},
    {"now goes back, lateness", 10, "@100 105 @50 104 106", "105 104 104", 1, 0, 95},
    {"now at the end", 0, "@last 100 last", "100 last", 0, 0, INT64_MAX},
    {"now at the start", 0, "@first 100 -", "start start", 1, 1, LQ_TIME_FIRST},
};

static int64_t number(const char *p)
{
  return *p == 'f' ? INT64_MIN : *p == 'l' ? INT64_MAX : strtoll(p, NULL, 10);
}

static void add_place(char *out, size_t size, bool in_time, int64_t time)
{
  size_t n = strlen(out);
  const char *gap = n ? " " : "";
  if (!in_time)
    snprintf(out + n, size - n, "%slate", gap);
  else if (time == LQ_TIME_FIRST || time == INT64_MAX)
    snprintf(out + n, size - n, "%s%s", gap, time == INT64_MAX ? "last" : "start");
  else
    snprintf(out + n, size - n, "%s%lld", gap, (long long)time);
}

// Each event waits where it has to and is let out as time allows: never before one that came out already.
static void arrive(lq_buffer *b, const lq_event *e, char *out, size_t size, lq_order *reached)
{
  lq_order order;
  lq_waiting w;
  bool in_time = lq_buffer_stamp(b, e, &order);
  add_place(out, size, in_time, order.time);
  if (!in_time)
    return;
  lq_snapshot *kept = lq_snapshot_take(e, order, (lq_keep){.record = true, .values = true}, b->mem);
  cr_assert(kept && lq_buffer_push(b, (lq_waiting){.order = order, .kept = kept}) == LQ_OK);
  for (bool any; lq_buffer_next(b, false, &w, &any) == LQ_OK && any;) {
    cr_expect(lq_order_cmp(*reached, w.order) < 0);
    *reached = w.order;
    lq_waiting_free(&w, b->mem);
  }
}

Test(order, places)
{
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const arrivals *a = &table[i];
    counting_mem counter = {0};
    lq_mem mem = {counting_fn, &counter};
    lq_order reached = {.time = INT64_MIN};
    lq_buffer b;
    char got[256] = "";
    lq_buffer_init(&b, &mem);
    b.lateness = a->lateness, b.future = FUTURE, b.max_bytes = UINT64_MAX;
    for (const char *p = a->events; *p; p += strcspn(p, " "), p += *p == ' ') {
      lq_event e = {.has_time = *p != '-' || p[1] > ' '};
      e.time = e.has_time ? number(p) : -77;
      if (*p == '@')
        b.now = number(p + 1), b.has_now = true;
      else
        arrive(&b, &e, got, sizeof got, &reached);
    }
    cr_expect(strcmp(got, a->places) == 0, "%s: %s", a->name, got);
    cr_expect(b.stats.future == a->future && b.stats.timeless == a->timeless && b.clock == a->clock,
              "%s: %llu future, %llu timeless, clock %lld", a->name, (unsigned long long)b.stats.future,
              (unsigned long long)b.stats.timeless, (long long)b.clock);
    lq_buffer_free(&b);
    cr_expect(counter.live == 0 && !counter.wrong_size, "%s", a->name);
  }
}
