// Going on in another scan: wherever the bytes are cut, the matches are those of one scan.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { MATCHES = 64, SOURCE = 4096 };

typedef struct found {
  char ids[MATCHES][33];
  uint64_t lines[MATCHES];
  size_t n;
} found;

static int on_match(void *user, const lq_match *m)
{
  found *f = user;
  cr_assert(f->n < MATCHES);
  f->lines[f->n] = lq_match_line(m);
  memcpy(f->ids[f->n++], lq_match_id(m), 33);
  return 0;
}

static lq_bundle *bundle_of(const char *query)
{
  lq_build *b;
  lq_bundle *out = NULL;
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  cr_assert(lq_build_add_query(b, "<query>", NULL, query, strlen(query)) == LQ_OK);
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

static lq_scan *scan_of(const lq_bundle *b, found *f)
{
  lq_limits limits = {.struct_size = sizeof limits};
  lq_limits_default(&limits);
  limits.max_record = 120;
  lq_scan_options o = {.struct_size = sizeof o, .limits = &limits, .match = on_match, .user = f};
  lq_scan *s = NULL;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  return s;
}

#define LONG_LINE                                                                                            \
  "{\"n\":9,\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"     \
  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"} {\"n\":1}\n"

static const struct {
  const char *name, *bytes;
  bool lines; // can be found again in the middle, from some place on
} sources[] = {
    {"lines", "{\"n\":1}\n{\"n\":2}\n\n{\"n\":1}\r\nno JSON\n{\"n\":1}\n", true},
    {"a byte order mark", "\xEF\xBB\xBF{\"n\":1}\n{\"n\":2}\n{\"n\":1}\n", true},
    {"a line that is too long", "{\"n\":1}\n" LONG_LINE "{\"n\":1}\n{\"n\":1}\n", true},
    {"nothing at first", "\n\n  \nnone\n{\"n\":1}\n{\"n\":1}\n", true},
    {"an array on one line", "[{\"n\":1},{\"n\":1},{\"n\":2},{\"n\":1}]\n", false},
    {"an array over lines", "[\n{\"n\":1},\n3,\n{\"n\":1}, {\"n\":1}\n]\n", false},
    {"objects over lines", "{\n \"n\":\n 1}\n{\"n\":1}{\"n\":\n1}\n", false},
    {"a wrapper", "{\"hits\":{\"hits\":[{\"n\":1},{\"_source\":{\"n\":1}},\n{\"n\":2}]}}\n", false},
};

static size_t pack(unsigned char *out, const char *p, size_t n)
{
  z_stream z = {0};
  cr_assert(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  z.next_in = (unsigned char *)p, z.avail_in = (uInt)n;
  z.next_out = out, z.avail_out = SOURCE;
  cr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
  deflateEnd(&z);
  return SOURCE - z.avail_out;
}

static lq_stats whole(const lq_bundle *b, const void *p, size_t n, found *f)
{
  lq_scan *s = scan_of(b, f);
  lq_stats stats = {.struct_size = sizeof stats};
  cr_assert(lq_scan_begin(s, "x") == LQ_OK && lq_scan_feed(s, p, n) == LQ_OK && lq_scan_end(s) == LQ_OK);
  lq_scan_stats(s, &stats);
  lq_scan_free(s);
  return stats;
}

// Feeds up to cut, goes on in another scan from there, and counts.
static lq_position in_two(const lq_bundle *b, const char *p, size_t n, size_t cut, found *f, lq_stats sum[2])
{
  lq_position at = {.struct_size = sizeof at};
  for (int i = 0; i < 2; i++) {
    lq_scan *s = scan_of(b, f);
    size_t from = i == 1 && at.mode ? (size_t)at.offset : 0, to = i == 0 ? cut : n;
    cr_assert((i == 0 ? lq_scan_begin(s, "x") : lq_scan_begin_at(s, "x", &at)) == LQ_OK);
    cr_assert(lq_scan_feed(s, p + from, to - from) == LQ_OK);
    if (i == 0)
      cr_assert(lq_scan_position(s, &at) == LQ_OK);
    else
      cr_assert(lq_scan_end(s) == LQ_OK);
    sum[i] = (lq_stats){.struct_size = sizeof sum[i]};
    lq_scan_stats(s, &sum[i]);
    lq_scan_free(s);
  }
  return at;
}

static void check(const lq_bundle *b, const char *name, const char *p, size_t n, bool lines)
{
  found one = {.n = 0};
  lq_stats want = whole(b, p, n, &one);
  cr_expect(one.n >= 2, "%s: %zu matches", name, one.n);
  bool found_again = false;
  for (size_t cut = 0; cut <= n; cut++) {
    found two = {.n = 0};
    lq_stats sum[2];
    lq_position at = in_two(b, p, n, cut, &two, sum);
    found_again |= at.mode != 0;
    cr_expect(two.n == one.n && memcmp(two.ids, one.ids, sizeof one.ids) == 0,
              "%s cut at %zu: %zu matches, not %zu", name, cut, two.n, one.n);
    cr_expect(memcmp(two.lines, one.lines, sizeof one.lines) == 0, "%s cut at %zu: other lines", name, cut);
    cr_expect(sum[0].records + sum[1].records == want.records && sum[0].bad + sum[1].bad == want.bad,
              "%s cut at %zu: %llu and %llu records, not %llu", name, cut, (unsigned long long)sum[0].records,
              (unsigned long long)sum[1].records, (unsigned long long)want.records);
    cr_expect(at.offset <= cut && at.offset + (at.mode ? at.pending : 0) <= cut, "%s cut at %zu: offset",
              name, cut);
  }
  cr_expect(found_again == lines, "%s", name);
}

Test(resume, every_cut)
{
  lq_bundle *b = bundle_of("n == 1");
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
    unsigned char packed[SOURCE];
    size_t n = strlen(sources[i].bytes);
    check(b, sources[i].name, sources[i].bytes, n, sources[i].lines);
    check(b, sources[i].name, (const char *)packed, pack(packed, sources[i].bytes, n), false);
  }
  lq_bundle_free(b);
}

Test(resume, lines_count_on)
{
  static const char bytes[] = "{\"n\":1}\n{\"n\":1}\n";
  lq_bundle *b = bundle_of("n == 1");
  found f = {.n = 0};
  lq_scan *s = scan_of(b, &f);
  lq_position at = {.struct_size = sizeof at, .first_line = 41};
  cr_expect(lq_scan_begin_at(s, "x", &at) == LQ_OK && lq_scan_feed(s, bytes, sizeof bytes - 1) == LQ_OK);
  cr_expect(f.n == 2 && f.lines[0] == 41 && f.lines[1] == 42);
  cr_expect(lq_scan_position(s, &at) == LQ_OK && at.mode == 1 && at.line == 43 && at.first_line == 41);
  cr_expect(at.offset == sizeof bytes - 1 && at.records == 2 && at.pending == 0 && !at.cut);
  at.mode = 3;
  cr_expect(lq_scan_begin_at(s, "x", &at) == LQ_E_USAGE && lq_scan_begin_at(s, "x", NULL) == LQ_E_USAGE);
  cr_expect(lq_scan_position(s, NULL) == LQ_E_USAGE);
  lq_scan_free(s);
  lq_bundle_free(b);
}
