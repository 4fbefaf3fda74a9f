// Going on in another scan: wherever the bytes are cut, the matches are those of one scan.
#include <stdlib.h>
#include <zlib.h>

#include "library.h"

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
static lq_position_view view_of(const lq_position *p)
{
  lq_position_view v = LQ_INIT(lq_position_view);
  cr_assert(lq_position_get(p, &v) == LQ_OK);
  return v;
}

static lq_position_view in_two(const lq_bundle *b, const char *p, size_t n, size_t cut, found *f,
                               lq_stats sum[2])
{
  lq_position at = LQ_INIT(lq_position);
  for (int i = 0; i < 2; i++) {
    lq_scan *s = scan_of(b, f);
    size_t from = i == 1 ? (size_t)view_of(&at).offset : 0, to = i == 0 ? cut : n;
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
  return view_of(&at);
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
    lq_position_view at = in_two(b, p, n, cut, &two, sum);
    found_again |= !at.whole;
    cr_expect(two.n == one.n && memcmp(two.ids, one.ids, sizeof one.ids) == 0,
              "%s cut at %zu: %zu matches, not %zu", name, cut, two.n, one.n);
    cr_expect(memcmp(two.lines, one.lines, sizeof one.lines) == 0, "%s cut at %zu: other lines", name, cut);
    cr_expect(sum[0].records + sum[1].records == want.records && sum[0].bad + sum[1].bad == want.bad,
              "%s cut at %zu: %llu and %llu records, not %llu", name, cut, (unsigned long long)sum[0].records,
              (unsigned long long)sum[1].records, (unsigned long long)want.records);
    cr_expect(at.offset <= cut && at.offset + (at.whole ? 0 : at.pending) <= cut, "%s cut at %zu: offset",
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

static const char two_lines[] = "{\"n\":1}\n{\"n\":1}";

// What follows under one name counts on; a last line without its end is the source's at its end only.
Test(resume, lines_count_on)
{
  lq_bundle *b = bundle_of("n == 1");
  found f = {.n = 0};
  lq_scan *s = scan_of(b, &f);
  lq_position at = LQ_INIT(lq_position), next = at;
  size_t n = sizeof two_lines - 1;
  cr_expect(lq_scan_begin(s, "x") == LQ_OK && lq_scan_feed(s, two_lines, n) == LQ_OK);
  cr_expect(lq_scan_position(s, &at) == LQ_OK);
  lq_position_view v = view_of(&at);
  cr_expect(!v.whole && v.line == 2 && v.next_line == 2 && v.offset == 8 && v.pending == 7 && v.records == 1);
  cr_expect(lq_scan_end(s) == LQ_OK && lq_scan_position(s, &at) == LQ_OK);
  v = view_of(&at);
  cr_expect(!v.whole && v.next_line == 3 && v.offset == n && v.pending == 0 && v.records == 2 && !v.cut);
  cr_expect(lq_position_follow(&next, &at) == LQ_OK && view_of(&next).first_line == 3);
  cr_expect(lq_scan_begin_at(s, "x", &next) == LQ_OK && lq_scan_feed(s, two_lines, n) == LQ_OK);
  cr_expect(lq_scan_end(s) == LQ_OK);
  cr_expect(f.n == 4 && f.lines[1] == 2 && f.lines[2] == 3 && f.lines[3] == 4, "%zu", f.n);
  cr_expect(lq_scan_begin_at(s, "x", NULL) == LQ_E_USAGE && lq_scan_position(s, NULL) == LQ_E_USAGE);
  lq_scan_free(s);
  lq_bundle_free(b);
}

// Bytes of a position may come from anywhere: each change of one byte is a position that makes sense, or
// none.
Test(resume, bytes_of_positions)
{
  lq_bundle *b = bundle_of("n == 1");
  found f = {.n = 0};
  lq_scan *s = scan_of(b, &f);
  lq_position at = LQ_INIT(lq_position), other = at;
  cr_expect(lq_position_bytes(&at).n == 0 && lq_position_load(&other, NULL, 0) == LQ_OK);
  cr_expect(lq_scan_begin(s, "x") == LQ_OK && lq_scan_feed(s, two_lines, 8) == LQ_OK);
  cr_expect(lq_scan_position(s, &at) == LQ_OK);
  lq_text bytes = lq_position_bytes(&at);
  cr_assert(bytes.n > 0 && bytes.n <= LQ_POSITION_BYTES);
  for (size_t n = 1; n < LQ_POSITION_BYTES + 8; n++) {
    char longer[LQ_POSITION_BYTES + 8] = {0};
    memcpy(longer, bytes.p, bytes.n);
    cr_expect((lq_position_load(&other, longer, n) == LQ_OK) == (n == bytes.n), "%zu bytes", n);
  }
  size_t taken = 0;
  for (size_t i = 0; i < bytes.n; i++) {
    for (int v = 0; v < 256; v++) {
      char changed[LQ_POSITION_BYTES];
      memcpy(changed, bytes.p, bytes.n);
      changed[i] = (char)v;
      lq_status status = lq_position_load(&other, changed, bytes.n);
      cr_expect(status == LQ_OK || status == LQ_E_BUNDLE);
      if (status != LQ_OK)
        continue;
      taken++;
      f.n = 0;
      lq_position_view w = view_of(&other);
      cr_expect(w.first_line >= 1 && w.line >= w.first_line && (!w.whole || w.offset == 0));
      cr_expect(lq_scan_begin_at(s, "x", &other) == LQ_OK && lq_scan_feed(s, two_lines, 8) == LQ_OK);
    }
  }
  cr_expect(taken > bytes.n && taken < 256 * bytes.n, "%zu", taken);
  at.used = LQ_POSITION_BYTES + 1;
  cr_expect(lq_scan_begin_at(s, "x", &at) == LQ_E_USAGE && lq_position_bytes(&at).n == 0);
  lq_scan_free(s);
  lq_bundle_free(b);
}
