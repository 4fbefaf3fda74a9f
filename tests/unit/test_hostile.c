// Events that somebody writes against the engine: for each thing that is bounded, a file that fills it or
// makes it useless. What then happens is counted, and no match is another than the plain way's.
#define _POSIX_C_SOURCE 200809L
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/library.h"

typedef void write_fn(FILE *f, unsigned i);

enum { SETS = 13 }; // values of a class field that rules name; an event has any of their combinations

// ---- queries

static void two_texts(FILE *f, unsigned i)
{
  (void)i;
  fputs("any where a : (\"*needle*\", \"*haystack*\") or b : \"*needle*\"", f);
}

static void one_set(FILE *f, unsigned i)
{
  (void)i;
  for (unsigned k = 0; k < SETS; k++)
    fprintf(f, "%sevent.category == \"v%u\" and n == %u", k ? " or " : "any where ", k, k % 2);
}

// Each event has all of the first tests, so that what is remembered of one is long.
static void long_sets(FILE *f, unsigned i)
{
  one_set(f, i);
  for (unsigned k = 0; k < 600; k++)
    fprintf(f, " or event.category : \"*x%04u*\" and n == %u", k, k + 2);
}

static void needed_texts(FILE *f, unsigned n)
{
  fputs("any where a : (", f);
  for (unsigned k = 0; k < n; k++)
    fprintf(f, "%s\"*needed%02u*\"", k ? ", " : "", k);
  fputs(")", f);
}

// Its rarest four bytes are those of its end.
static void nearly_everywhere(FILE *f, unsigned i)
{
  (void)i;
  fputs("any where a : (\"*", f);
  for (unsigned k = 0; k < 312; k++)
    fputc('x', f);
  fputs("aaab*\", \"*needle*\")", f);
}

static void in_order(FILE *f, unsigned i)
{
  (void)i;
  fputs("sequence by k with maxspan=1h [any where n == 1 and a : \"*x*\"] [any where n == 2]", f);
}

// ---- events, one a line

static void new_keys(FILE *f, unsigned i)
{
  fprintf(f, "{\"k%u\":{\"x%u\":1},\"a\":\"%s\"}", i, i, i % 100 ? "-" : "the needle");
}

static void wide_objects(FILE *f, unsigned i)
{
  fputc('{', f);
  for (unsigned k = 0; k < 100; k++)
    fprintf(f, "\"w%u\":1,", k);
  fprintf(f, "\"a\":\"%s\"}", i % 100 ? "-" : "the needle");
}

// As rules see it, each with another set of values; and one value that nobody names.
static void set_of(FILE *f, unsigned i, const char *also)
{
  fputs("{\"event\":{\"category\":[", f);
  for (unsigned k = 0; k < SETS; k++) {
    if (i * 2654435761u % (1u << SETS) >> k & 1)
      fprintf(f, "\"v%u\",", k);
  }
  fprintf(f, "\"%s%u\"]},\"n\":%u}", also, i, i % 2);
}

static void other_sets(FILE *f, unsigned i)
{
  set_of(f, i, "new");
}

static void long_texts(FILE *f, unsigned i)
{
  fputs("{\"event\":{\"category\":[\"", f);
  for (unsigned k = 0; k < 600; k++)
    fprintf(f, "x%04u", k);
  fputs("\",", f);
  for (unsigned k = 0; k < SETS; k++) {
    if (i >> k & 1)
      fprintf(f, "\"v%u\",", k);
  }
  fprintf(f, "\"last\"]},\"n\":%u}", i % 2);
}

static void new_values(FILE *f, unsigned i)
{
  fprintf(f, "{\"a\":\"a value that is not short and that comes once %u %s\"}", i, i % 7 ? "" : "Needle");
}

static void new_short_values(FILE *f, unsigned i)
{
  fprintf(f, "{\"b\":\"%u%s\"}", i, i % 7 ? "" : "needle");
}

static void nearly(FILE *f, unsigned i)
{
  fputs("{\"a\":\"", f);
  for (unsigned k = 0; k < 1 << 17; k++)
    fputs("xxxxaaab", f);
  fprintf(f, "%u%s\"}", i, i % 2 ? "" : " needle");
}

static void bait(FILE *f, unsigned i)
{
  fprintf(f, "{\"other\":\"needed%02u\",\"a\":\"%s\"}", i % 16, i % 50 ? "-" : "NEEDED01");
}

static void nothing_needed(FILE *f, unsigned i)
{
  fprintf(f, "{\"other\":%u,\"a\":\"%s\"}", i, i % 50 ? "-" : "\\u006eeeded01");
}

// In the order of their time, so that those that leave too early find no older one behind them.
static void all_wait(FILE *f, unsigned i)
{
  fprintf(f, "{\"@timestamp\":%llu,\"k\":\"k%u\",\"n\":%u,\"a\":\"x%0200u\"}", 1767225600000ull + i * 1000ull,
          i / 2, 1 + i % 2, i);
}

// ---- both ways

typedef struct outcome {
  uint64_t matches, digest;
  lq_stats stats;
} outcome;

static int note(void *user, const lq_match *m)
{
  outcome *o = user;
  o->matches++;
  o->digest = (o->digest ^ lq_match_line(m)) * 0x100000001B3u;
  return 0;
}

static void scan(const lq_bundle *b, const lq_limits *limits, bool strict, uint32_t layers_off, const char *p,
                 size_t n, outcome *out)
{
  lq_scan *s = NULL;
  *out = (outcome){.stats = LQ_INIT(lq_stats)};
  lq_scan_options o = {.struct_size = sizeof o,
                       .layers_off = layers_off,
                       .limits = limits,
                       .match = note,
                       .user = out,
                       .lateness = LQ_SCAN_LATENESS_WHOLE,
                       .strict = strict};
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_scan_buffer(s, "hostile", p, n) == LQ_OK);
  cr_assert(lq_scan_finish(s) == LQ_OK && lq_scan_stats(s, &out->stats) == LQ_OK);
  lq_scan_free(s);
}

#define AT(field) offsetof(lq_stats, field)
static uint64_t count_at(const lq_stats *s, size_t offset)
{
  uint64_t n;
  memcpy(&n, (const char *)s + offset, sizeof n);
  return n;
}

typedef struct part {
  write_fn *write;
  unsigned n; // of the query: what it is written with; of events: how many
} part;

typedef struct file {
  const char *name;
  part query, events;
  uint64_t max_waiting; // 0: as ever
  bool sieved;
  // Counters, and between what they lie.
  struct {
    size_t counter;
    uint64_t least, most;
  } counts[3];
} file;

static const file files[] = {
    {"keys that nobody has met",
     {two_texts, 0},
     {new_keys, 20000},
     .counts = {{AT(new_keys), 30000, 80000}, {AT(events), 20000, 20000}}},
    {"objects without shapes",
     {two_texts, 0},
     {wide_objects, 2000},
     .counts = {{AT(new_keys), 0, 3000}, {AT(events), 2000, 2000}}},
    {"more classes than there are places",
     {one_set, 0},
     {other_sets, 90000},
     .counts = {{AT(class_fallbacks), 65537, 90000}, {AT(class_hits), 1025, 90000}, {AT(classes), 1, 1024}}},
    {"sets longer than there is room for",
     {long_sets, 0},
     {long_texts, 2000},
     .counts = {{AT(class_fallbacks), 100, 2000}, {AT(classes), 1, 1000}}},
    {"values that come once",
     {two_texts, 0},
     {new_values, 20000},
     .counts = {{AT(value_hits), 0, 0}, {AT(value_misses), 256, 2000}, {AT(values), 20000, 20000}}},
    {"short values that come once",
     {two_texts, 0},
     {new_short_values, 20000},
     .counts = {{AT(value_hits), 0, 100}, {AT(values), 20000, 20000}}},
    {"a literal that nearly lies everywhere",
     {nearly_everywhere, 0},
     {nearly, 4},
     .counts = {{AT(values_left), 4, 8}}},
    {"every line has a needed text",
     {needed_texts, 16},
     {bait, 5000},
     .sieved = true,
     .counts = {{AT(skimmed), 0, 0}, {AT(events), 5000, 5000}}},
    {"a needed text in other letters",
     {needed_texts, 16},
     {nothing_needed, 5000},
     .sieved = true,
     .counts = {{AT(skimmed), 4000, 4900}}},
    {"more needed texts than are looked for",
     {needed_texts, 17},
     {nothing_needed, 5000},
     .sieved = true,
     .counts = {{AT(skimmed), 0, 0}, {AT(events), 5000, 5000}}},
    {"events that wait for more than there is room",
     {in_order, 0},
     {all_wait, 5000},
     .max_waiting = 100000,
     .counts = {{AT(forced), 1000, 5000}, {AT(late), 0, 0}}},
};

static char *written(write_fn *write, unsigned from, unsigned to, size_t *size)
{
  char *out = NULL;
  FILE *f = open_memstream(&out, size);
  cr_assert(f);
  for (unsigned i = from; i < to; i++) {
    write(f, i);
    fputc('\n', f);
  }
  cr_assert(fclose(f) == 0);
  return out;
}

static void check_counts(const file *f, const lq_stats *s)
{
  for (size_t i = 0; i < sizeof f->counts / sizeof *f->counts && f->counts[i].counter; i++) {
    uint64_t n = count_at(s, f->counts[i].counter);
    cr_expect(n >= f->counts[i].least && n <= f->counts[i].most, "%s: counter %zu is %zu", f->name, i,
              (size_t)n);
  }
}

static void run(const file *f)
{
  size_t nquery, n;
  char *query = written(f->query.write, f->query.n, f->query.n + 1, &nquery);
  char *events = written(f->events.write, 0, f->events.n, &n);
  lq_limits limits = LQ_INIT(lq_limits);
  cr_assert(lq_limits_default(&limits) == LQ_OK);
  limits.max_waiting = f->max_waiting ? f->max_waiting : limits.max_waiting;
  lq_bundle *b = bundle_of(query);
  outcome fast, plain;
  scan(b, &limits, !f->sieved, 0, events, n, &fast);
  scan(b, &limits, true, LQ_LAYERS_ALL, events, n, &plain);
  cr_expect(fast.matches == plain.matches && fast.digest == plain.digest && plain.matches > 0,
            "%s: %zu, plainly %zu", f->name, (size_t)fast.matches, (size_t)plain.matches);
  check_counts(f, &fast.stats);
  lq_bundle_free(b);
  free(query);
  free(events);
}

Test(hostile, each_bound_is_met_and_no_match_is_another, .timeout = 200)
{
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    run(&files[i]);
}
