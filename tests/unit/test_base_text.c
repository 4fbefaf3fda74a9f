// UTF-8, folding, strings, buffers, JSON escapes.
#include <criterion/criterion.h>
#include <stdio.h>
#include <utf8proc.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "counting_mem.h"

enum { BAD = -1 };

Test(base_text, decode)
{
  static const struct {
    const char *bytes;
    int points[5]; // 0 ends
  } rows[] = {
      {"a\u00E9\u65E5\U0001F600", {'a', 0xE9, 0x65E5, 0x1F600}},
      {"\xC0\xAF", {BAD, BAD}},                   // overlong
      {"\xE0\x80\xAF", {BAD, BAD, BAD}},          // overlong
      {"\xED\xA0\x80", {BAD, BAD, BAD}},          // surrogate
      {"\xF4\x90\x80\x80", {BAD, BAD, BAD, BAD}}, // above U+10FFFF
      {"\xF4\x8F\xBF\xBF", {0x10FFFF}},
      {"\xE2\x82", {BAD}},
      {"\xE2\x82x", {BAD, 'x'}},
      {"\xF0\x9F\x98", {BAD}},
      {"\xF0\x9F\x98\xF0", {BAD, BAD}},
      {"\x80x\xFF", {BAD, 'x', BAD}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_str s = lq_str_of(rows[i].bytes);
    size_t at = 0, n = 0;
    for (; at < s.n; n++) {
      size_t start = at;
      uint32_t c = lq_utf8_next(s, &at);
      cr_expect_eq(c, (uint32_t)rows[i].points[n], "row %zu, point %zu: %x", i, n, c);
      cr_expect_eq(lq_utf8_back(s, at), start, "row %zu, back from %zu", i, at);
    }
    cr_expect_eq(rows[i].points[n], 0, "row %zu: too few", i);
    cr_expect_eq(lq_utf8_count(s), n);
  }
}

Test(base_text, encode_reads_back)
{
  for (uint32_t c = 1; c <= 0x10FFFF; c += c < 0x11000 ? 1 : 97) {
    if (c >= 0xD800 && c < 0xE000)
      continue;
    char out[4];
    lq_str s = {out, lq_utf8_encode(c, out)};
    size_t at = 0;
    cr_assert(lq_utf8_next(s, &at) == c && at == s.n, "U+%X", c);
  }
}

Test(base_text, fold)
{
  static const struct {
    uint32_t from, to;
  } rows[] = {
      {'A', 'a'},         {'z', 'z'},         {'[', '['},           {0xC9, 0xE9},
      {0x130, 0x130},     {0x131, 0x131},     {0x3C2, 0x3C3},       {0x3A3, 0x3C3},
      {0x17F, 's'},       {0xB5, 0x3BC},      {0x212A, 'k'},        {0x212B, 0xE5},
      {0x1E9E, 0xDF},     {0xDF, 0xDF},       {0x345, 0x3B9},       {0x1C5, 0x1C6},
      {0x1F88, 0x1F80},   {0x13A0, 0x13A0},   {0xAB70, 0x13A0},     {0x13F8, 0x13F0},
      {0x10400, 0x10428}, {0x1E900, 0x1E922}, {0x10FFFF, 0x10FFFF}, {LQ_CODEPOINT_BAD, LQ_CODEPOINT_BAD},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    cr_expect_eq(lq_fold(rows[i].from), rows[i].to, "U+%04X gives U+%04X", rows[i].from,
                 lq_fold(rows[i].from));
  for (uint32_t c = 0; c <= 0x10FFFF; c++)
    cr_assert_eq(lq_fold(lq_fold(c)), lq_fold(c), "U+%04X is not stable", c);
}

Test(base_text, fold_strings)
{
  static const struct {
    const char *a, *b;
    int order;
  } rows[] = {
      {"", "", 0},
      {"a", "", 1},
      {"PowerShell", "pOWERsHELL", 0},
      {"\u212A", "k", 0},
      {"\u017Ft", "ST", 0},
      {"a", "B", -1},
      {"Z", "a", 1},
      {"\u0130", "i", 1},
      {"\xFF", "\xFF", 0},
      {"\xFE", "\xFF", -1},
      {"\xE2\x82", "\xE2", 1},
      {"\U0010FFFF", "\x80", -1},
      {"\u8080", "\x80", -1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_str a = lq_str_of(rows[i].a), b = lq_str_of(rows[i].b);
    cr_expect_eq(lq_fold_cmp(a, b), rows[i].order, "row %zu", i);
    cr_expect_eq(lq_fold_cmp(b, a), -rows[i].order, "row %zu turned", i);
    cr_expect_eq(lq_fold_eq(a, b), rows[i].order == 0, "row %zu", i);
  }
}

Test(base_text, fold_append_and_repair)
{
  lq_buf b = {.mem = &lq_mem_libc};
  lq_fold_append(&b, LQ_STR("\u212AÉ\xFF"
                            "A\xE2\x82Z"));
  cr_expect(lq_str_is(lq_buf_get(&b), "k\u00E9\xFF"
                                      "a\xE2\x82z"));
  lq_buf_clear(&b);
  cr_expect_eq(lq_utf8_repair(&b, LQ_STR("a\xE2\x82"
                                         "b\xFF\xFE")),
               3);
  cr_expect(lq_str_is(lq_buf_get(&b), "a\uFFFDb\uFFFD\uFFFD"));
  lq_buf_free(&b);
}

Test(base_text, small_ones)
{
  cr_expect(lq_utf8_valid(LQ_STR("a\u65E5")));
  cr_expect_not(lq_utf8_valid(LQ_STR("a\xFF")));
  size_t end;
  cr_expect(lq_utf8_first_bad(LQ_STR("0123456789\xE2\x82z"), &end) == 10 && end == 12);
  cr_expect(lq_utf8_first_bad(LQ_STR("0123456789"), &end) == 10 && end == 10);
  cr_expect(lq_utf8_is_ascii(LQ_STR("0123456789abcdef!")));
  cr_expect_not(lq_utf8_is_ascii(LQ_STR("0123456789abcdef\xC3")));
  cr_expect_not(lq_utf8_is_ascii(LQ_STR("\u00E9"
                                        "23456789abcdef")));
  cr_expect_eq(lq_utf8_offset(LQ_STR("aé日x"), 2), 3);
  cr_expect_eq(lq_utf8_offset(LQ_STR("aé日x"), 9), 7);
  cr_expect_lt(lq_str_cmp(LQ_STR("a"), LQ_STR("ab")), 0);
  cr_expect_gt(lq_str_cmp(LQ_STR("b"), LQ_STR("ab")), 0);
  cr_expect_eq(lq_str_cmp((lq_str){0}, LQ_STR("")), 0);
  cr_expect(lq_str_eq_ascii(LQ_STR("AND"), LQ_STR("and")));
  cr_expect_not(lq_str_eq_ascii(LQ_STR("["), LQ_STR("{")));
  cr_expect(lq_str_is(lq_str_trim(LQ_STR(" \t\r\n a b \v")), "a b"));
  cr_expect_eq(lq_str_trim(LQ_STR(" \n")).n, 0);
  cr_expect(lq_str_starts(LQ_STR("abc"), LQ_STR("ab")));
  cr_expect(lq_str_ends(LQ_STR("abc"), LQ_STR("bc")));
  cr_expect_not(lq_str_ends(LQ_STR("c"), LQ_STR("bc")));
}

Test(base_text, json)
{
  static const struct {
    lq_str in;
    const char *out;
  } rows[] = {
      {LQ_STR_INIT(""), "\"\""},
      {LQ_STR_INIT("a/b é日"), "\"a/b é日\""},
      {LQ_STR_INIT("\"\\\b\f\n\r\t"), "\"\\\"\\\\\\b\\f\\n\\r\\t\""},
      {LQ_STR_INIT("a\0b\x1B"), "\"a\\u0000b\\u001b\""},
      {LQ_STR_INIT("\x7F\xC2\x85\u202E\u2028"), "\"\\u007f\\u0085\\u202e\\u2028\""},
      {LQ_STR_INIT("x\xFFy\xE2\x82"), "\"x\uFFFDy\uFFFD\""},
      {LQ_STR_INIT("\U0001F600"), "\"\U0001F600\""},
  };
  lq_buf b = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_buf_clear(&b);
    lq_buf_json(&b, rows[i].in);
    cr_expect(lq_str_is(lq_buf_get(&b), rows[i].out), "row %zu: %.*s", i, LQ_STR_ARG(lq_buf_get(&b)));
  }
  lq_buf_free(&b);
}

// Eight bytes are looked at together: each byte there is stands at each place among others.
Test(base_text, every_byte_at_every_place_as_json)
{
  lq_buf b = {.mem = &lq_mem_libc};
  for (int c = 0; c < 256; c++) {
    for (size_t at = 0; at < 20; at++) {
      char in[20], alone[16], want[64];
      memset(in, 'x', sizeof in);
      in[at] = (char)c;
      lq_buf_clear(&b);
      lq_buf_json(&b, (lq_str){&in[at], 1});
      lq_str one = lq_buf_get(&b); // shorter than eight: byte by byte
      memcpy(alone, one.p + 1, one.n - 2);
      int n = snprintf(want, sizeof want, "\"%.*s%.*s%.*s\"", (int)at, "xxxxxxxxxxxxxxxxxxxx", (int)one.n - 2,
                       alone, (int)(sizeof in - at - 1), "xxxxxxxxxxxxxxxxxxxx");
      lq_buf_clear(&b);
      lq_buf_json(&b, (lq_str){in, sizeof in});
      cr_expect(lq_str_eq(lq_buf_get(&b), (lq_str){want, (size_t)n}), "%02x at %zu: %.*s", c, at,
                LQ_STR_ARG(lq_buf_get(&b)));
    }
  }
  lq_buf_free(&b);
}

Test(base_text, a_failed_buffer_stays_failed)
{
  counting_mem count = {.fail_at = 2};
  lq_mem mem = {counting_fn, &count};
  lq_buf b = {.mem = &mem};
  lq_buf_printf(&b, "%s %d", "abc", 7);
  cr_expect(lq_str_is(lq_buf_get(&b), "abc 7"));
  cr_expect_not(b.failed);
  lq_buf_fill(&b, 'x', 1000);
  cr_expect(b.failed);
  lq_buf_byte(&b, 'y');
  cr_expect_eq(b.n, 5);
  lq_buf_clear(&b);
  lq_buf_byte(&b, 'y');
  cr_expect(!b.failed && b.n == 1);
  lq_buf_fill(&b, 'x', SIZE_MAX);
  cr_expect(b.failed);
  lq_buf_free(&b);
  cr_expect_eq(count.live, 0);
  cr_expect_not(count.wrong_size);
}

// Every code point alone and all in a row, with bad bytes between, folds the same in both ways, and has room.
Test(base_text, folding_into_room)
{
  lq_buf all = {.mem = &lq_mem_libc}, want = {.mem = &lq_mem_libc};
  for (uint32_t c = 0; c <= 0x10FFFF; c++) {
    char text[4], out[8];
    size_t n = lq_utf8_encode(c, text);
    cr_assert(lq_fold_into(out, (lq_str){text, n}) <= LQ_FOLD_ROOM(n), "%x", c);
    cr_assert(lq_fold(lq_fold(c)) == lq_fold(c), "%x", c);
    bool cased = utf8proc_toupper((utf8proc_int32_t)c) != (utf8proc_int32_t)c ||
                 utf8proc_tolower((utf8proc_int32_t)c) != (utf8proc_int32_t)c;
    cr_assert(cased || lq_fold(c) == c, "%x", c);
    cr_assert(!cased || c < 0x3000 || c >= 0xA640, "%x", c);
    lq_buf_add(&all, text, n);
    lq_buf_add(&all, "abcDEFGH\xE2\x82\x80I", c % 13);
  }
  lq_fold_append(&want, lq_buf_get(&all));
  char *out = malloc(LQ_FOLD_ROOM(all.n));
  size_t n = lq_fold_into(out, lq_buf_get(&all));
  cr_expect(n == want.n && memcmp(out, want.p, n) == 0);
  cr_expect(!lq_lower_ascii(out, lq_buf_get(&all)) && lq_lower_ascii(out, LQ_STR("aZ[@09")));
  cr_expect(memcmp(out, "az[@09", 6) == 0);
  free(out);
  lq_buf_free(&all);
  lq_buf_free(&want);
}
