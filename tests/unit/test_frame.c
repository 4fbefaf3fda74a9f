// Records in streams: each small stream at every place where it may be split, with the events and the bad
// records that must come of it. Counters add up each time.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#include "input/formats.h"
#include "input/reader.h"

static const struct frame_case {
  const char *name, *text, *want; // line:value of `a` for an event, line!reason-initial for a bad record
} frame_cases[] = {
    {"lines", "{\"a\":1}\n{\"a\":2}\n", "1:1 2:2"},
    {"no last newline", "{\"a\":1}\n{\"a\":2}", "1:1 2:2"},
    {"blank lines, CRLF", "\r\n\n{\"a\":1}\r\n\n  {\"a\":2} \r\n", "3:1 5:2"},
    {"byte order mark", "\xEF\xBB\xBF{\"a\":1}\n", "1:1"},
    {"only a mark", "\xEF\xBB\xBF", ""},
    {"nothing", "", ""},
    {"bad line between", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n", "1:1 2!json 3:3"},
    {"string not closed in a line", "{\"a\":1}\n{\"a\":\"x\n{\"a\":3}\n", "1:1 2!json 3:3"},
    {"first line broken", "{\"a\":\"x\n{\"a\":2}\n{\"a\":3}\n", "1!json 2:2 3:3"},
    {"first line cut", "{\"a\":1,\n{\"a\":2}\n{\"a\":3}\n", "1!json 2:2 3:3"},
    {"first line broken, then pretty", "{:\n{\n\"a\":2}", "1!json 2:2"},
    {"first lines foreign", "# log\n\n{\"a\":1}\n", "1!json 3:1"},
    {"no object", "{\"a\":1}\n5\n\"x\"\n[1]\n{\"a\":2}\n", "1:1 2!shape 3!shape 4!shape 5:2"},
    {"cut last line", "{\"a\":1}\n{\"a\":", "1:1 2!partial"},
    {"cut only line", "{\"a\":1", "1!partial"},
    {"two glued in a line", "{\"a\":1}\n{\"a\":2}{\"a\":3}\n{\"a\":4}\n", "1:1 2!json 3:4"},
    {"pretty", "{\n  \"a\": 1\n}\n{\n  \"a\": [\n    {\"b\": 2},\n    2\n  ]\n}\n", "1:1 4:2"},
    {"pretty, not indented", "{\n\"a\":\n[\n{\"b\":1},\n2\n]\n}\n{\"a\":3}", "1:2 8:3"},
    {"glued", "{\"a\":1}{\"a\":2} {\"a\":3}", "1:1 1:2 1:3"},
    {"pretty, one broken", "{\n  \"a\": 1\n}\n{\n  \"a\": 2,,\n}\n{\n  \"a\": 3\n}\n", "1:1 4!json 7:3"},
    {"pretty, one not closed", "{\n  \"a\": 1\n}\n{\n  \"a\": {\n{\n  \"a\": 3\n}\n", "1:1 4!json 6:3"},
    {"array", "[{\"a\":1},\n {\"a\":2}\n]\n", "1:1 2:2"},
    {"array in one line", "[{\"a\":1},{\"a\":2}]", "1:1 1:2"},
    {"empty array", "[]\n", ""},
    {"array of anything", "[1,{\"a\":1},\"x,y\",{\"a\":2}]", "1!shape 1:1 1!shape 1:2"},
    {"array, one broken", "[{\"a\":1},{\"a\" 2},{\"a\":3}]", "1:1 1!json 1:3"},
    {"array, cut", "[{\"a\":1},", "1:1 1!partial"},
    {"arrays one a line", "[{\"a\":1}]\n[{\"a\":2}]\n", "1:1 2:2"},
    {"hits",
     "{\"took\":1,\"hits\":{\"total\":{\"value\":2},\"hits\":[{\"_source\":{\"a\":1}},{\"_source\":{\"a\":2}}"
     "]}}\n",
     "1:1 1:2"},
    {"pretty hits",
     "{\n\"hits\": {\n\"hits\" : "
     "[\n{\"_source\":\n{\"a\":1}}\n,\n{\"_source\":{\"a\":2}}\n]\n},\"x\":\"]}\"}\n{\"a\":3}\n",
     "4:1 7:2 10:3"},
    {"hits, cut", "{\"hits\":{\"hits\":[{\"_source\":{\"a\":1}}]", "1:1 1!partial"},
    {"Events", "{\"Events\":{\"Event\":[{\"a\":1},{\"a\":2}]}}", "1:1 1:2"},
    {"brackets in strings", "{\n\"b\":\"}]\\\"\",\"a\":1}\n{\n\"a\":\"{[\\\\\"}\n", "1:1 3:{[\\"},
    {"too large", "{\"a\":1}\n{\"a\":\"........................................\"}\n{\"a\":3}\n",
     "1:1 2!size 3:3"},
    {"too large, over lines",
     "{\n\"b\":\"........................................\",\n\"c\":\"}\"}\n{\n\"a\":3}\n", "1!size 4:3"},
    {"too large, last", "{\"a\":1}\n{\"a\":\"........................................\"}", "1:1 2!size"},
    {"too deep", "{\"a\":1}\n{\"a\":[[[[[1]]]]]}\n{\"a\":3}\n", "1:1 2: 3:3"},
};

typedef struct outcome {
  char text[512];
  size_t n;
  uint32_t slot;
  lq_str whole; // offsets must lead to the record
} outcome;

static void need_all(lq_cursor *c)
{
  lq_slot_set all;
  cr_assert(lq_slot_set_init(&all, lq_fieldmap_slots(c->event->map), &lq_mem_libc) == LQ_OK);
  lq_slot_set_all(&all);
  cr_assert(lq_cursor_need(c, &all) == LQ_OK);
  lq_slot_set_free(&all);
}

static int on_record(void *user, lq_cursor *c)
{
  const lq_event *e = c->event;
  need_all(c);
  outcome *o = user;
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str v = LQ_STR("");
  for (const lq_slot_value *s = lq_event_first(e, o->slot); s; s = lq_event_next(e, s))
    v = lq_value_text(&s->v, scratch);
  o->n += (size_t)snprintf(o->text + o->n, sizeof o->text - o->n, "%s%u:%.*s", o->n ? " " : "",
                           (unsigned)e->line, LQ_STR_ARG(v));
  bool leads = e->offset + e->raw.n <= o->whole.n && memcmp(o->whole.p + e->offset, e->raw.p, e->raw.n) == 0;
  cr_expect(leads, "offset %u", (unsigned)e->offset);
  return 0;
}

static lq_input_stats before;
static lq_reader *running;

static const char *reason_now(void)
{
  const lq_input_stats *s = lq_reader_stats(running);
  const char *what = s->bad_json > before.bad_json     ? "json"
                     : s->bad_size > before.bad_size   ? "size"
                     : s->bad_shape > before.bad_shape ? "shape"
                                                       : "partial";
  before = *s;
  return what;
}

static int on_bad(void *user, const lq_bad_record *b)
{
  outcome *o = user;
  o->n += (size_t)snprintf(o->text + o->n, sizeof o->text - o->n, "%s%u!%s", o->n ? " " : "",
                           (unsigned)b->line, reason_now());
  cr_expect(b->reason.n > 0);
  cr_expect(lq_str_is(b->source, "here"));
  return 0;
}

static void check_sums(const lq_input_stats *s)
{
  cr_expect_eq(s->records, s->events + s->bad);
  cr_expect_eq(s->bad, s->bad_json + s->bad_size + s->bad_shape + s->partial);
}

static const lq_input_limits small = {.max_record = 40, .max_depth = 5, .max_ratio = 200};

// Feeds bytes in two pieces, or in single bytes when at is past the end.
static lq_status read_split(outcome *o, const lq_fieldmap *m, const lq_input_limits *limits, const char *p,
                            size_t n, size_t at)
{
  lq_reader_hooks hooks = {on_record, on_bad, o};
  cr_assert_eq(lq_reader_new(&running, m, limits, &hooks, &lq_mem_libc), LQ_OK);
  before = (lq_input_stats){0};
  lq_reader_begin(running, LQ_STR("here"));
  lq_status s = LQ_OK;
  for (size_t i = 0; i < n && s == LQ_OK;) {
    size_t piece = at > n ? 1 : i < at ? at - i : n - i;
    s = lq_reader_feed(running, p + i, piece);
    i += piece;
  }
  lq_status end = lq_reader_end(running);
  check_sums(lq_reader_stats(running));
  cr_expect_eq(end == LQ_E_INPUT, lq_reader_message(running)[0] != '\0');
  lq_reader_free(running);
  return s != LQ_OK ? s : end;
}

static lq_fieldmap *map_of_a(outcome *o)
{
  lq_fieldmap *m;
  lq_field_spec spec = {LQ_STR("a"), LQ_NO_SLOT, false};
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  cr_assert_eq(lq_fieldmap_add(m, &spec, &o->slot), LQ_OK);
  return m;
}

Test(frame, any_split_gives_the_same_events, .timeout = 120)
{
  outcome o = {0};
  lq_fieldmap *m = map_of_a(&o);
  for (size_t i = 0; i < sizeof frame_cases / sizeof *frame_cases; i++) {
    const struct frame_case *c = &frame_cases[i];
    lq_input_limits limits = small;
    limits.max_record = strstr(c->name, "large") ? 40 : 1000;
    size_t n = strlen(c->text);
    for (size_t at = 0; at <= n + 1; at++) {
      o = (outcome){.slot = o.slot, .whole = lq_str_of(c->text)};
      cr_expect_eq(read_split(&o, m, &limits, c->text, n, at), LQ_OK, "%s", c->name);
      cr_expect_str_eq(o.text, c->want, "%s, split at %zu: %s", c->name, at, o.text);
    }
  }
  lq_fieldmap_free(m);
}

static size_t gzip(const char *text, char *out, size_t cap)
{
  z_stream z = {0};
  deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  z.next_in = (Bytef *)(uintptr_t)text, z.avail_in = (uInt)strlen(text);
  z.next_out = (Bytef *)out, z.avail_out = (uInt)cap;
  cr_assert_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
  size_t n = cap - z.avail_out;
  deflateEnd(&z);
  return n;
}

static void expect_packed(const char *p, size_t n, lq_status status, const char *want, const char *whole)
{
  outcome o = {0};
  lq_fieldmap *m = map_of_a(&o);
  for (size_t at = 0; at <= n + 1; at++) {
    o = (outcome){.slot = o.slot, .whole = lq_str_of(whole)};
    cr_expect_eq(read_split(&o, m, NULL, p, n, at), status, "split at %zu", at);
    cr_expect_str_eq(o.text, want, "split at %zu: %s", at, o.text);
  }
  lq_fieldmap_free(m);
}

Test(frame, gzip_and_zstd_are_unpacked)
{
  const char *first = "{\"a\":1}\n", *second = "{\"a\":2}\n", *both = "{\"a\":1}\n{\"a\":2}\n";
  char buf[512];
  size_t n = gzip(first, buf, sizeof buf), one = n;
  n += gzip(second, buf + n, sizeof buf - n);
  expect_packed(buf, n, LQ_OK, "1:1 2:2", both);
  expect_packed(buf, n - 1, LQ_E_INPUT, "1:1 2:2", both); // the checksum is cut
  expect_packed(buf, one + 3, LQ_E_INPUT, "1:1", both);
  memset(buf + one, 0, 8);
  expect_packed(buf, one + 8, LQ_OK, "1:1", both);
  buf[one + 7] = 'x';
  expect_packed(buf, one + 8, LQ_E_INPUT, "1:1", both);
  n = ZSTD_compress(buf, sizeof buf, first, strlen(first), 3), one = n;
  n += ZSTD_compress(buf + n, sizeof buf - n, second, strlen(second), 3);
  expect_packed(buf, n, LQ_OK, "1:1 2:2", both);
  expect_packed(buf, one + 4, LQ_E_INPUT, "1:1", both);
  expect_packed(buf, 2, LQ_OK, "1!partial", both); // no magic number yet: plain bytes
}

Test(frame, a_bomb_is_stopped)
{
  size_t plain = 32u << 20, cap = 1u << 20;
  char *text = malloc(plain + 1), *packed = malloc(cap);
  memset(text, '\n', plain);
  memcpy(text, "{\"a\":1}\n", 8);
  text[plain] = '\0';
  size_t n = gzip(text, packed, cap);
  outcome o = {.whole = {text, plain}};
  lq_fieldmap *m = map_of_a(&o);
  cr_expect_eq(read_split(&o, m, &small, packed, n, n), LQ_E_INPUT);
  cr_expect_str_eq(o.text, "1:1");
  lq_fieldmap_free(m);
  free(text);
  free(packed);
}

static int stop(void *user, lq_cursor *c)
{
  (void)c;
  return ++*(int *)user == 2;
}

Test(frame, a_hook_can_stop)
{
  outcome o = {0};
  lq_fieldmap *m = map_of_a(&o);
  int seen = 0;
  lq_reader *r;
  lq_reader_hooks hooks = {stop, NULL, &seen};
  lq_str text = LQ_STR("{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
  cr_assert_eq(lq_reader_new(&r, m, NULL, &hooks, &lq_mem_libc), LQ_OK);
  cr_expect_eq(lq_reader_feed(r, text.p, text.n), LQ_E_CANCELLED);
  cr_expect_eq(lq_reader_feed(r, text.p, text.n), LQ_E_CANCELLED);
  cr_expect_eq(lq_reader_stats(r)->events, 2);
  check_sums(lq_reader_stats(r));
  seen = -10;
  lq_reader_begin(r, LQ_STR("again"));
  cr_expect_eq(lq_reader_feed(r, text.p, text.n), LQ_OK);
  cr_expect_eq(lq_reader_end(r), LQ_OK);
  cr_expect_eq(lq_reader_stats(r)->events, 5);
  lq_reader_free(r);
  lq_fieldmap_free(m);
}

static int ask(void *user, lq_cursor *c)
{
  (void)user;
  need_all(c);
  return 0;
}

Test(frame, oddities_are_counted)
{
  outcome o = {0};
  lq_fieldmap *m = map_of_a(&o);
  lq_reader *r;
  lq_reader_hooks hooks = {.record = ask};
  lq_str text = LQ_STR(
      "{\"a\":1,\"b\":{\"c\":1,\"c\":2}}\n{\"a\":\"\xFF\"}\n{\"a\":1e999}\n{\"a\":\"\\ud800\"}\n"
      "{\"x\":1,\"\\u0078\":2}\n{\"a\":{\"b\":1},\"a.b\":2}\n{\"a\":\"123456789\"}\n");
  lq_input_limits limits = {.max_value = 8};
  cr_assert_eq(lq_reader_new(&r, m, &limits, &hooks, &lq_mem_libc), LQ_OK);
  cr_expect_eq(lq_reader_feed(r, text.p, text.n), LQ_OK);
  cr_expect_eq(lq_reader_end(r), LQ_OK);
  const lq_input_stats *s = lq_reader_stats(r);
  cr_expect_eq(s->events, 7);
  cr_expect_eq(s->duplicate_keys, 2);
  cr_expect_eq(s->repaired_utf8, 2);
  cr_expect_eq(s->number_range, 1);
  cr_expect_eq(s->cut_values, 1);
  lq_reader_free(r);
  lq_fieldmap_free(m);
}

// ---- which input it is

static const lq_input_row kinds[] = {
    {true, LQ_STR_INIT("two"), LQ_STR_INIT("\x1F\x8B"), LQ_STR_INIT(".2"), LQ_STR_INIT("")},
    {false, LQ_STR_INIT("text"), LQ_STR_INIT(""), LQ_STR_INIT(".t"), LQ_STR_INIT("")},
    {false, LQ_STR_INIT("eight"), LQ_STR_INIT("ElfFile\0"), LQ_STR_INIT(".8"), LQ_STR_INIT("")},
    {true, LQ_STR_INIT("four"), LQ_STR_INIT("\x28\xB5\x2F\xFD"), LQ_STR_INIT(".4"), LQ_STR_INIT("")},
    {false, LQ_STR_INIT("short"), LQ_STR_INIT("Elk"), LQ_STR_INIT(".3"), LQ_STR_INIT("")},
};

Test(frame, which_input_it_is)
{
  static const struct {
    const char *head;
    size_t n;
    bool packing;
    int soon, at_end; // what is said while more may come, and behind the last byte
  } cases[] = {
      {"", 0, true, LQ_SNIFF_MORE, LQ_SNIFF_NONE},
      {"\x1F", 1, true, LQ_SNIFF_MORE, LQ_SNIFF_NONE},
      {"\x1F\x8B", 2, true, 0, 0},
      {"\x1F\x8B\x08", 3, true, 0, 0},
      {"\x1F\x8A", 2, true, LQ_SNIFF_NONE, LQ_SNIFF_NONE},
      {"\x28\xB5\x2F", 3, true, LQ_SNIFF_MORE, LQ_SNIFF_NONE},
      {"\x28\xB5\x2F\xFD", 4, true, 1, 1},
      {"{", 1, true, LQ_SNIFF_NONE, LQ_SNIFF_NONE},
      {"{", 1, false, LQ_SNIFF_NONE, LQ_SNIFF_NONE},
      {"El", 2, false, LQ_SNIFF_MORE, LQ_SNIFF_NONE},
      {"Elk", 3, false, 2, 2},
      {"ElfFile", 7, false, LQ_SNIFF_MORE, LQ_SNIFF_NONE},
      {"ElfFile\0", 8, false, 1, 1},
      {"ElfFile\1", 8, false, LQ_SNIFF_NONE, LQ_SNIFF_NONE},
      {"\x1F\x8B", 2, false, LQ_SNIFF_NONE, LQ_SNIFF_NONE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_str head = {cases[i].head, cases[i].n};
    int soon = lq_input_sniff(kinds, 5, cases[i].packing, head, false);
    int at_end = lq_input_sniff(kinds, 5, cases[i].packing, head, true);
    cr_expect(soon == cases[i].soon && at_end == cases[i].at_end, "case %zu: %d, %d", i, soon, at_end);
  }
}

Test(frame, names_of_inputs)
{
  static const char *const yes[] = {"a.json", "a.JSONL", "x/b.ndjson", "a.json.gz", "a.ndjson.ZST"},
                           *const no[] = {"",          ".json",        "json",  "a.gz",       "a.txt",
                                          "a.json.xz", "a.json.gz.gz", "a.zst", ".ndjson.gz", "a.gz.json~"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    cr_expect(lq_input_file(lq_str_of(yes[i])), "%s", yes[i]);
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    cr_expect(!lq_input_file(lq_str_of(no[i])), "%s", no[i]);
}
