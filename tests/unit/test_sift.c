// Blocks that were sifted are taken as if they had been fed: the same matches, bad records and counters,
// however a source is cut, and whatever it holds.
#include <stdarg.h>
#include <stdio.h>
#include <zlib.h>

#include "counting_mem.h"
#include "library.h"

enum { SOURCE = 1 << 16, TALE = 32 << 20 };

// All that a scan says, as text.
typedef struct tale {
  char p[TALE];
  size_t n, calls, stop_at; // stop_at: the call that says stop; 0: none
} tale;

static void tell(tale *t, const char *fmt, ...)
{
  char line[512];
  va_list args;
  va_start(args, fmt);
  size_t n = (size_t)vsnprintf(line, sizeof line, fmt, args);
  va_end(args);
  n = n < sizeof line ? n : sizeof line - 1;
  cr_assert(n < sizeof t->p - t->n);
  memcpy(t->p + t->n, line, n + 1);
  t->n += n;
}

static int on_match(void *user, const lq_match *m)
{
  tale *t = user;
  int64_t time = -1;
  lq_match_time(m, &time);
  lq_text event = lq_match_event(m);
  tell(t, "match %zu %s line %llu at %lld: %.*s\n", lq_match_rule(m), lq_match_id(m),
       (unsigned long long)lq_match_line(m), (long long)time, (int)event.n, event.p);
  return ++t->calls == t->stop_at;
}

static int on_bad(void *user, const lq_bad_event *b)
{
  tale *t = user;
  tell(t, "bad %.*s:%llu byte %llu column %u: %.*s\n", (int)b->source.n, b->source.p,
       (unsigned long long)b->line, (unsigned long long)b->offset, b->column, (int)b->reason.n, b->reason.p);
  return ++t->calls == t->stop_at;
}

static void on_step(void *user, const lq_step_view *v)
{
  tell(user, "step %s rule %zu slot %u at %lld, arrival %llu\n", v->word, v->rule, v->filled,
       (long long)v->time, (unsigned long long)v->arrival);
}

static void tell_stats(tale *t, const lq_scan *s, const lq_bundle *b)
{
  lq_stats stats = {.struct_size = sizeof stats};
  cr_assert(lq_scan_stats(s, &stats) == LQ_OK);
  uint64_t numbers[sizeof stats / sizeof(uint64_t)];
  memcpy(numbers, &stats, sizeof stats);
  // What the faster ways did is another thing for each thread.
  for (size_t i = 1; i < offsetof(lq_stats, unexpected_keys) / sizeof *numbers; i++)
    tell(t, "%llu ", (unsigned long long)numbers[i]);
  for (size_t i = 0; i < lq_bundle_rule_count(b); i++)
    tell(t, "| %llu ", (unsigned long long)lq_scan_rule_matches(s, i));
  tell(t, "\n");
}

// ---- rules and sources

static const char rules[] = "---\nid: one\n---\nany where n == 1\n"
                            "---\nid: long\n---\nany where length(a) > 3\n"
                            "---\nid: odd\n---\nany where text : \"*odd*\" or `process.name` : \"cmd.exe\"\n";
static const char several[] =
    "---\nid: two\n---\nsequence by k with maxspan=5m [any where n == 1] [any where n == 2]\n"
    "---\nid: counts\n---\nany where n >= 1 | stats count() as c by k over 1m | where c > 2\n"
    "---\nid: absent\n---\nsequence by k with maxspan=1m [any where n == 2] ![any where n == 1] [any where n "
    "== 3]\n";
static const char kin[] =
    "---\nid: child\n---\nprocess where child of [process where process.name : \"cmd.exe\"] and n == 1\n"
    "---\nid: one\n---\nany where n == 1\n";

// Room outside of memory for what waits: then nobody can save it, so it may wait without its record. It is
// there to be had, and never needed.
static int no_write(void *user, uint32_t run, const void *p, size_t n)
{
  (void)user, (void)run, (void)p, (void)n;
  return 1;
}

static int no_read(void *user, uint32_t run, uint64_t offset, void *p, size_t n)
{
  (void)user, (void)run, (void)offset, (void)p, (void)n;
  return 1;
}

static void no_drop(void *user, uint32_t run)
{
  (void)user, (void)run;
}

static const lq_spill outside = {
    .struct_size = sizeof outside, .write = no_write, .read = no_read, .drop = no_drop};

static const struct {
  const char *name, *file;
  int64_t lateness;
} bundles[] = {{"single events", rules, 0},
               {"several events, at rest", several, LQ_SCAN_LATENESS_WHOLE},
               {"several events, in order", several, 0},
               {"several events, a little late", several, INT64_C(90) * 1000000000},
               {"lineage", kin, LQ_SCAN_LATENESS_WHOLE}};

#define NAMES(...)                                                                                           \
  {                                                                                                          \
    __VA_ARGS__                                                                                              \
  }
static const struct {
  const char *name, *before, *lines[8], *after;
} sources[] = {
    {"lines",
     "",
     {"{\"n\":1,\"k\":\"a\"}", "{\"n\":2,\"k\":\"a\",\"a\":\"long text\"}", "{\"n\":3,\"k\":\"b\"}"},
     ""},
    {"blank lines and blanks",
     "\n \n",
     {"  {\"n\":1,\"k\":\"a\"}  ", "", "\t", "{\"n\":3,\"k\":\"a\"}\r"},
     ""},
    {"no end", "", {"{\"n\":1}", "{\"n\":2}"}, "{\"n\":1}"},
    {"cut short", "", {"{\"n\":1}", "{\"n\":2}"}, "{\"n\":1"},
    {"bad lines", "none\n", {"{\"n\":1}", "{broken", "[1]", "x", "{\"n\":2}", "7"}, "}"},
    {"no line is fine", "x\n", {"y", "{", "[", "\"\""}, ""},
    {"a byte order mark", "\xEF\xBB\xBF", {"{\"n\":1,\"text\":\"odd\"}", "{\"n\":2}"}, ""},
    {"too long",
     "",
     {"{\"n\":1}",
      "{\"n\":1,\"a\":\"01234567890123456789012345678901234567890123456789012345678901234567890"
      "1234567890123456789012345678901234567890123456789012345678901234567890123456789\"}",
      "{\"n\":2}"},
     ""},
    {"an array", "[\n", {"{\"n\":1},", "{\"n\":2},", "3,"}, "{\"n\":1}]"},
    {"objects over lines", "", {"{", "\"n\":1", "}", "{\"n\":2,", "\"k\":5}"}, ""},
    {"lines, then others", "{\"n\":1}\n{\"n\":2}\n", {"{", "\"n\":1", "}", "{\"n\":1}"}, ""},
    {"a wrapper", "{\"hits\":{\"hits\":[", {"{\"_source\":{\"n\":1}},", "{\"n\":2},", ""}, "]}}\n"},
    {"wrapped lines", "", {"{\"_source\":{\"n\":1,\"k\":1}}", "{\"_source\":{\"n\":2,\"k\":1}}"}, ""},
    {"raw Windows events",
     "",
     {"{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Image\":"
      "\"C:\\\\cmd.exe\",\"ProcessGuid\":\"{1}\",\"n\":1}",
      "{\"n\":1}"},
     ""},
    {"raw Windows events with times",
     "",
     {"{\"EventID\":3,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"UtcTime\":\"2024-05-01 "
      "10:05:00.000\"}",
      "{\"n\":1,\"k\":1}",
      "{\"EventID\":3,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"UtcTime\":\"2024-05-01 "
      "10:00:00.000\"}",
      "{\"n\":2,\"k\":1}", "{\"@timestamp\":\"2024-05-01T10:04:59Z\",\"n\":3,\"k\":1}"},
     ""},
    {"odd values",
     "",
     {"{\"n\":1,\"text\":\"odd \xff\",\"a\":[1,2,3,4,5,6,7,8,9,10]}", "{\"n\":2,\"n\":1}",
      "{\"n\":1e999,\"text\":\"\\ud800\"}", "{\"n\":[[[[[[[[[[1]]]]]]]]]]}"},
     ""},
    {"times",
     "",
     {"{\"@timestamp\":\"2024-05-01T10:00:00Z\",\"n\":1,\"k\":1}",
      "{\"@timestamp\":\"2024-05-01T09:59:59Z\",\"n\":2,\"k\":1}", "{\"n\":3,\"k\":1}", "{\"n\":9,\"k\":1}",
      "{\"@timestamp\":\"2024-05-01T10:02:00Z\",\"n\":8,\"k\":1}", "{\"n\":2,\"k\":1}",
      "{\"@timestamp\":\"2024-05-01T10:00:30Z\",\"n\":3,\"k\":1}"},
     ""},
    {"processes",
     "",
     {"{\"@timestamp\":\"2024-05-01T10:00:01Z\",\"process\":{\"entity_id\":\"b\",\"parent\":{\"entity_id\":"
      "\"a\"}},"
      "\"event\":{\"category\":\"process\"},\"n\":1}",
      "{\"@timestamp\":\"2024-05-01T10:00:00Z\",\"process\":{\"entity_id\":\"a\",\"name\":\"cmd.exe\"},"
      "\"event\":{\"category\":\"process\",\"type\":\"start\"}}",
      "{\"process\":{\"entity_id\":\"c\",\"parent\":{\"entity_id\":\"a\"}}}",
      "{\"process\":{\"entity_id\":\"longer than others\",\"parent\":{\"entity_id\":\"longer still\"}}}",
      "{\"process\":{\"entity_id\":\"c\"},\"event\":{\"category\":\"process\"},\"n\":1}",
      "{\"process\":{\"pid\":7},\"host\":{\"name\":\"h\"},\"event\":{\"type\":\"start\"}}",
      "{\"process\":{\"entity_id\":\"longer \\u0074han "
      "others\"},\"event\":{\"category\":\"process\"},\"n\":1}"},
     ""},
    {"nothing", "", {NULL}, ""},
    {"packed", "\x1f\x8b\x08\n", {"{\"n\":1}", "{\"n\":2}"}, ""},
};

static size_t write_source(size_t i, size_t rounds, char out[SOURCE])
{
  size_t n = 0;
#define PUT(z) memcpy(out + n, z, strlen(z)), n += strlen(z)
  PUT(sources[i].before);
  for (size_t r = 0; r < rounds; r++) {
    for (size_t k = 0; k < 8 && sources[i].lines[k]; k++)
      PUT(sources[i].lines[k]), PUT("\n");
  }
  PUT(sources[i].after);
#undef PUT
  return n;
}

static lq_bundle *bundle_from(const char *file)
{
  lq_build *build;
  lq_bundle *b;
  cr_assert(lq_build_new(&build, NULL) == LQ_OK);
  cr_assert(lq_build_add_file(build, "r.lq", file, strlen(file)) == LQ_OK);
  cr_assert(lq_build_finish(build, &b) == LQ_OK);
  lq_build_free(build);
  return b;
}

// ---- two ways

typedef struct way {
  size_t block;       // bytes of a block
  bool sifted, small; // small: limits
  size_t stop_at;
  bool outside;
} way;

static lq_status feed_block(lq_scan *s, lq_sift *sift, lq_sifted *block, const char *p, size_t n)
{
  if (!sift)
    return lq_scan_feed(s, p, n);
  cr_assert(lq_sift_block(sift, p, n, block) == LQ_OK);
  return lq_scan_take(s, block);
}

static lq_limits limits_of(bool small)
{
  lq_limits l = {.struct_size = sizeof l};
  lq_limits_default(&l);
  if (!small)
    return l;
  l.max_record = 150;
  l.max_fields = 8;
  l.max_value = 8;
  l.max_json_depth = 8;
  return l;
}

static void tell_source(tale *t, lq_scan *s, const char *name, const char *p, size_t n, const way *w,
                        lq_sift *sifts[2], lq_sifted *blocks[2])
{
  lq_status status = lq_scan_begin(s, name);
  for (size_t at = 0, i = 0; at < n && status == LQ_OK; i++) {
    size_t piece = n - at < w->block ? n - at : w->block;
    status = feed_block(s, w->sifted ? sifts[i % 2] : NULL, blocks[i % 2], p + at, piece);
    at += piece;
  }
  if (status != LQ_OK)
    tell(t, "status %d %s\n", status, lq_scan_message(s));
  tell(t, "end %d\n", lq_scan_end(s));
  lq_position at = LQ_INIT(lq_position);
  if (status != LQ_OK)
    return; // where it stopped inside a block is nobody's place to go on
  cr_assert(lq_scan_position(s, &at) == LQ_OK);
  lq_text bytes = lq_position_bytes(&at);
  for (size_t i = 0; i < bytes.n; i++)
    tell(t, "%02x", (unsigned)(unsigned char)bytes.p[i]);
  tell(t, "\n");
}

// The source twice, so that what follows a stop is seen too.
static void tell_all(tale *t, const lq_bundle *b, int64_t lateness, const char *p, size_t n, const way *w)
{
  lq_limits limits = limits_of(w->small);
  t->n = t->calls = 0;
  t->stop_at = w->stop_at;
  lq_scan_options o = {.struct_size = sizeof o,
                       .limits = &limits,
                       .match = on_match,
                       .bad = on_bad,
                       .step = on_step,
                       .user = t,
                       .lateness = lateness,
                       .spill = w->outside ? &outside : NULL};
  lq_scan *s;
  lq_sift *sifts[2];
  lq_sifted *blocks[2];
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  for (int i = 0; i < 2; i++)
    cr_assert(lq_sift_new(&sifts[i], b, &o) == LQ_OK && lq_sifted_new(&blocks[i], NULL) == LQ_OK);
  tell_source(t, s, "first", p, n, w, sifts, blocks);
  tell_stats(t, s, b);
  tell_source(t, s, "second", p, n, w, sifts, blocks);
  tell(t, "finish %d\n", lq_scan_finish(s));
  tell_stats(t, s, b);
  for (int i = 0; i < 2; i++)
    lq_sift_free(sifts[i]), lq_sifted_free(blocks[i]);
  lq_scan_free(s);
}

// The first line that differs.
static size_t differs_at(const tale *a, const tale *b)
{
  size_t i = 0, line = 0;
  for (; i < a->n && i < b->n && a->p[i] == b->p[i]; i++)
    line = a->p[i] == '\n' ? i + 1 : line;
  return line;
}

static void compare(const char *what, const char *name, const lq_bundle *b, int64_t lateness, const char *p,
                    size_t n, size_t block, size_t stop_at)
{
  static tale one, other;
  for (int i = 0; i < (lateness == LQ_SCAN_LATENESS_WHOLE ? 4 : 2); i++) {
    bool small = i & 1, room = i & 2;
    tell_all(&one, b, lateness, p, n, &(way){block, false, small, stop_at, room});
    tell_all(&other, b, lateness, p, n, &(way){block, true, small, stop_at, room});
    size_t at = differs_at(&one, &other);
    cr_expect(one.n == other.n && memcmp(one.p, other.p, one.n) == 0,
              "%s, %s, blocks of %zu, stop %zu: %.300s, not %.300s", what, name, block, stop_at, other.p + at,
              one.p + at);
  }
}

Test(sift, taken_as_if_fed)
{
  static const size_t sizes[] = {1, 7, 50, 120, 333, SOURCE};
  static char p[SOURCE];
  for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++) {
    lq_bundle *b = bundle_from(bundles[i].file);
    for (size_t k = 0; k < sizeof sources / sizeof *sources; k++) {
      size_t n = write_source(k, 5, p);
      for (size_t z = 0; z < sizeof sizes / sizeof *sizes; z++)
        compare(bundles[i].name, sources[k].name, b, bundles[i].lateness, p, n, sizes[z], 0);
      for (size_t stop = 1; stop <= 12; stop++)
        compare(bundles[i].name, sources[k].name, b, bundles[i].lateness, p, n, SOURCE, stop);
    }
    lq_bundle_free(b);
  }
}

// More finds than are kept for a block: what is behind them is the scan's to read.
Test(sift, a_block_of_nothing_but_finds)
{
  static char p[20000 * 8];
  static const char *const lines[] = {"{\"n\":1}\n", "x\n", "{\"n\":5}\n"};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    size_t n = 0;
    while (n + strlen(lines[i]) < sizeof p)
      memcpy(p + n, lines[i], strlen(lines[i])), n += strlen(lines[i]);
    lq_bundle *b = bundle_from(several), *single = bundle_from(rules);
    compare("nothing but finds", lines[i], b, LQ_SCAN_LATENESS_WHOLE, p, n, sizeof p, 0);
    compare("nothing but finds", lines[i], single, 0, p, n, sizeof p, 0);
    compare("nothing but finds", lines[i], single, 0, p, n, sizeof p, 17000);
    lq_bundle_free(b);
    lq_bundle_free(single);
  }
}

// The same of names of processes.
Test(sift, a_block_of_long_names)
{
  static char p[1600 << 10];
  size_t n = 0;
  while (n + 9000 < sizeof p)
    n += (size_t)sprintf(p + n, "{\"process\":{\"entity_id\":\"%*zu\"}}\n", (int)(n % 7919) + 1, n);
  lq_bundle *b = bundle_from(kin);
  compare("long names", "one block", b, LQ_SCAN_LATENESS_WHOLE, p, n, sizeof p, 0);
  compare("long names", "several", b, LQ_SCAN_LATENESS_WHOLE, p, n, 400 << 10, 0);
  lq_bundle_free(b);
}

// A scan that may be saved keeps records: a sift that thinks it does not is not believed.
Test(sift, records_that_are_kept)
{
  static const char log[] = "{\"process\":{\"entity_id\":\"a\"}}\n{\"process\":{\"entity_id\":\"b\"}}\n";
  lq_bundle *b = bundle_from(kin);
  lq_scan_options o = {.struct_size = sizeof o, .lateness = LQ_SCAN_LATENESS_WHOLE}, other = o;
  other.spill = &outside;
  uint64_t bytes[2];
  for (int i = 0; i < 2; i++) {
    lq_stats stats = LQ_INIT(lq_stats);
    lq_scan *s;
    lq_sift *sift;
    lq_sifted *block;
    cr_assert(lq_scan_new(&s, b, &o) == LQ_OK && lq_sift_new(&sift, b, i ? &other : &o) == LQ_OK);
    cr_assert(lq_sifted_new(&block, NULL) == LQ_OK && lq_sift_block(sift, log, strlen(log), block) == LQ_OK);
    cr_assert(lq_scan_begin(s, "x") == LQ_OK && lq_scan_take(s, block) == LQ_OK && lq_scan_end(s) == LQ_OK);
    cr_assert(lq_scan_stats(s, &stats) == LQ_OK);
    bytes[i] = stats.state_bytes;
    cr_expect(stats.records == 2 && stats.state_bytes > 0);
    lq_sifted_free(block);
    lq_sift_free(sift);
    lq_scan_free(s);
  }
  cr_expect(bytes[0] == bytes[1]);
  lq_bundle_free(b);
}

// What was found for another scan is not believed.
Test(sift, others)
{
  static const char log[] = "{\"n\":1}\n{\"n\":1}\n{\"n\":2}\n";
  lq_bundle *one = bundle_of("any where n == 1"), *two = bundle_of("any where n == 2");
  lq_limits small = limits_of(true);
  small.max_record = 3;
  const struct {
    const char *what;
    const lq_bundle *bundle;
    lq_scan_options options;
  } wrong[] = {{"a bundle", two, {.struct_size = sizeof wrong[0].options}},
               {"limits", one, {.struct_size = sizeof wrong[0].options, .limits = &small}},
               {"now", one, {.struct_size = sizeof wrong[0].options, .now = 5}}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int matches = 0;
    lq_scan_options o = {.struct_size = sizeof o, .match = count_match, .user = &matches};
    lq_scan *s;
    lq_sift *sift;
    lq_sifted *block;
    cr_assert(lq_scan_new(&s, one, &o) == LQ_OK &&
              lq_sift_new(&sift, wrong[i].bundle, &wrong[i].options) == LQ_OK);
    cr_assert(lq_sifted_new(&block, NULL) == LQ_OK && lq_sift_block(sift, log, strlen(log), block) == LQ_OK);
    cr_assert(lq_scan_begin(s, "x") == LQ_OK && lq_scan_take(s, block) == LQ_OK && lq_scan_end(s) == LQ_OK);
    cr_expect(matches == 2, "other %s: %d matches", wrong[i].what, matches);
    lq_sifted_free(block);
    lq_sift_free(sift);
    lq_scan_free(s);
  }
  lq_bundle_free(one);
  lq_bundle_free(two);
}

Test(sift, calls_that_are_wrong)
{
  lq_bundle *b = bundle_of("any where n == 1");
  lq_sift *s = (lq_sift *)b;
  lq_sifted *block = (lq_sifted *)b;
  cr_expect(lq_sift_new(NULL, b, NULL) == LQ_E_USAGE);
  cr_expect(lq_sift_new(&s, NULL, NULL) == LQ_E_USAGE && !s);
  cr_expect(lq_sift_new(&s, b, &(lq_scan_options){.struct_size = 5}) == LQ_E_USAGE && !s);
  cr_expect(lq_sifted_new(NULL, NULL) == LQ_E_USAGE);
  cr_assert(lq_sift_new(&s, b, NULL) == LQ_OK && lq_sifted_new(&block, NULL) == LQ_OK);
  cr_expect(lq_sift_block(NULL, "", 0, block) == LQ_E_USAGE &&
            lq_sift_block(s, NULL, 1, block) == LQ_E_USAGE && lq_sift_block(s, "", 0, NULL) == LQ_E_USAGE &&
            lq_sift_block(s, NULL, 0, block) == LQ_OK);
  cr_expect(lq_scan_take(NULL, block) == LQ_E_USAGE);
  lq_sift_free(s);
  lq_sifted_free(block);
  lq_sift_free(NULL);
  lq_sifted_free(NULL);
  lq_bundle_free(b);
}

// ---- no memory

static void without(const lq_bundle *b, const char *log, counting_mem *c, int wanted)
{
  int matches = 0;
  lq_allocator a = {counting_fn, c};
  lq_scan_options own = {.struct_size = sizeof own,
                         .match = count_match,
                         .user = &matches,
                         .lateness = LQ_SCAN_LATENESS_WHOLE,
                         .spill = &outside};
  lq_scan_options o = own;
  o.allocator = &a;
  lq_scan *s;
  lq_sift *sift = NULL;
  lq_sifted *block = NULL;
  cr_assert(lq_scan_new(&s, b, &own) == LQ_OK && lq_scan_begin(s, "x") == LQ_OK);
  lq_status made = lq_sift_new(&sift, b, &o);
  made = made == LQ_OK ? lq_sifted_new(&block, &a) : made;
  cr_expect(made == LQ_OK || made == LQ_E_NOMEM);
  if (made == LQ_OK) {
    lq_status found = lq_sift_block(sift, log, strlen(log), block);
    cr_expect(found == LQ_OK || found == LQ_E_NOMEM);
    cr_expect(lq_scan_take(s, block) == LQ_OK && lq_scan_end(s) == LQ_OK && lq_scan_finish(s) == LQ_OK);
    cr_expect(matches == wanted, "request %zu fails: %d matches", c->fail_at, matches);
  }
  lq_sift_free(sift);
  lq_sifted_free(block);
  lq_scan_free(s);
  cr_expect(c->live == 0 && !c->wrong_size, "request %zu fails: %zu bytes are left", c->fail_at, c->live);
}

Test(sift, without_memory_the_scan_reads_the_block)
{
  static const struct {
    const char *file, *log;
    int matches;
  } rows[] = {
      {several,
       "{\"n\":1,\"k\":1}\n{\"n\":1,\"k\":1}\nbad\n{\"n\":2,\"k\":1,\"text\":\"odd\\u00e4\"}\n{\"n\":3}\n",
       2},
      {kin,
       "{\"n\":0}\n{\"process\":{\"entity_id\":\"a\",\"name\":\"cmd.exe\"},\"event\":{\"category\":"
       "\"process\",\"type\":\"start\"}}\n{\"process\":{\"entity_id\":\"b\",\"parent\":{\"entity_id\":\"a\"}}"
       "}\n"
       "{\"process\":{\"entity_id\":\"b\"},\"event\":{\"category\":\"process\"},\"n\":1}\n",
       2},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    lq_bundle *b = bundle_from(rows[k].file);
    counting_mem all = {0};
    without(b, rows[k].log, &all, rows[k].matches);
    cr_assert(all.requests > 10);
    for (size_t i = 1; i <= all.requests; i++) {
      without(b, rows[k].log, &(counting_mem){.fail_at = i}, rows[k].matches);
      without(b, rows[k].log, &(counting_mem){.fail_at = i, .once = true}, rows[k].matches);
    }
    lq_bundle_free(b);
  }
}

// ---- unpacking

static size_t pack(unsigned char *out, size_t room, const char *p, size_t n)
{
  z_stream z = {0};
  cr_assert(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  z.next_in = (unsigned char *)p, z.avail_in = (uInt)n;
  z.next_out = out, z.avail_out = (uInt)room;
  cr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
  deflateEnd(&z);
  return room - z.avail_out;
}

static void tell_unpacked(tale *t, const lq_bundle *b, const char *p, size_t n, size_t piece,
                          const lq_allocator *a)
{
  t->n = t->calls = t->stop_at = 0;
  lq_scan_options o = {.struct_size = sizeof o, .match = on_match, .bad = on_bad, .user = t};
  lq_scan *s;
  lq_unpack *u = NULL;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  lq_status status = a ? lq_unpack_new(&u, NULL, a) : LQ_OK;
  if (status == LQ_OK)
    status = a ? lq_scan_begin_unpacked(s, "x") : lq_scan_begin(s, "x");
  for (size_t at = 0; at < n && status == LQ_OK; at += piece) {
    static text plain;
    size_t some = n - at < piece ? n - at : piece;
    plain.n = 0;
    if (!a) {
      status = lq_scan_feed(s, p + at, some);
      continue;
    }
    lq_status found = lq_unpack_feed(u, p + at, some, put, &plain);
    status = lq_scan_feed(s, plain.p, plain.n);
    status = status == LQ_OK ? lq_scan_unpacked(s, some, plain.n, found, lq_unpack_message(u)) : status;
  }
  if (a && status == LQ_OK) {
    static text plain;
    plain.n = 0;
    lq_status found = lq_unpack_end(u, put, &plain);
    lq_scan_feed(s, plain.p, plain.n);
    lq_scan_unpacked(s, 0, plain.n, found, lq_unpack_message(u));
  }
  tell(t, "status %d\n", status == LQ_OK ? lq_scan_end(s) : status);
  tell(t, "%s\n", lq_scan_message(s));
  tell_stats(t, s, b);
  lq_unpack_free(u);
  lq_scan_free(s);
}

Test(sift, unpacked_by_another)
{
  static tale one, other;
  static char raw[SOURCE];
  lq_bundle *b = bundle_from(rules);
  const lq_allocator libc = {lq_mem_libc.fn, lq_mem_libc.user};
  size_t n = write_source(4, 20, raw);
  unsigned char packed[4096];
  size_t whole = pack(packed, sizeof packed, raw, n);
  memcpy(packed + whole, "\x1f\x8bxx", 4);
  const size_t sizes[] = {whole, whole - 5, whole + 4, 3, 1, 0};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t piece = 1; piece < 400; piece += 57) {
      tell_unpacked(&one, b, (char *)packed, sizes[i], piece, NULL);
      tell_unpacked(&other, b, (char *)packed, sizes[i], piece, &libc);
      size_t at = differs_at(&one, &other);
      cr_expect(one.n == other.n && memcmp(one.p, other.p, one.n) == 0,
                "%zu bytes, pieces of %zu: %.200s, not %.200s", sizes[i], piece, other.p + at, one.p + at);
    }
  }
  for (size_t fails = 1; fails < 8; fails++) {
    counting_mem c = {.fail_at = fails};
    tell_unpacked(&other, b, (char *)packed, whole, whole, &(lq_allocator){counting_fn, &c});
    cr_expect(c.live == 0 && !c.wrong_size, "%zu", c.live);
    cr_expect(c.requests < fails || strstr(other.p, "status 0") == NULL, "request %zu fails: %s", fails,
              other.p);
  }
  lq_bundle_free(b);
}

Test(sift, unpacking_called_wrongly)
{
  lq_unpack *u = (lq_unpack *)&u;
  text t = {.n = 0};
  cr_expect(lq_unpack_new(NULL, NULL, NULL) == LQ_E_USAGE);
  cr_expect(lq_unpack_new(&u, &(lq_limits){.struct_size = 3}, NULL) == LQ_E_USAGE && !u);
  cr_assert(lq_unpack_new(&u, NULL, NULL) == LQ_OK && lq_unpack_begin(u) == LQ_OK &&
            lq_unpack_begin(NULL) == LQ_E_USAGE);
  cr_expect(lq_unpack_feed(u, NULL, 1, put, &t) == LQ_E_USAGE &&
            lq_unpack_feed(u, "a", 1, NULL, &t) == LQ_E_USAGE &&
            lq_unpack_feed(NULL, "a", 1, put, &t) == LQ_E_USAGE && lq_unpack_end(u, NULL, &t) == LQ_E_USAGE);
  cr_expect(lq_unpack_feed(u, "plain", 5, put, &t) == LQ_OK && lq_unpack_end(u, put, &t) == LQ_OK);
  cr_expect(t.n == 5 && memcmp(t.p, "plain", 5) == 0, "what is not packed passes");
  cr_expect(lq_unpack_applies("\x1f\x8b\x08", 3) && lq_unpack_applies("\x1f", 1) &&
            lq_unpack_applies("", 0) && !lq_unpack_applies("{", 1) &&
            lq_unpack_applies("\x28\xb5\x2f\xfd...", 7));
  cr_expect(lq_scan_begin_unpacked(NULL, "x") == LQ_E_USAGE &&
            lq_scan_unpacked(NULL, 0, 0, LQ_OK, "") == LQ_E_USAGE);
  lq_unpack_free(u);
  lq_unpack_free(NULL);
}
