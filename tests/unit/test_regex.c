// Regular expressions: what matches, and how a bad one is explained.
#include <criterion/criterion.h>

#include "stdlib/regex.h"

Test(regex, matches)
{
  static const struct {
    const char *regex;
    unsigned flags;
    const char *text;
    int start, end; // -1: no match
  } rows[] = {
      {"a.c", 0, "abc", 0, 3},
      {"a.c", 0, "abcd", -1, 0},
      {"a.c", 0, "xabc", -1, 0},
      {"a.c", 0, "a\nc", 0, 3},
      {"a|ab", 0, "ab", 0, 2},
      {"a.c", LQ_RE_PREFIX, "abcd", 0, 3},
      {"a.c", LQ_RE_PREFIX, "xabc", -1, 0},
      {"a.c", LQ_RE_SEARCH, "xabcx", 1, 4},
      {"ABC", 0, "abc", -1, 0},
      {"ABC", LQ_RE_FOLD, "abc", 0, 3},
      {"\u00C9+", LQ_RE_FOLD, "\u00E9\u00E9", 0, 4},
      {".", 0, "\u65E5", 0, 3},
      {"", 0, "", 0, 0},
      {"", 0, "a", -1, 0},
      {"", LQ_RE_SEARCH, "a", 0, 0},
      {"\\d{2,4}\\s\\w+", 0, "123 abc", 0, 7},
      {"\\u0041\\x42", 0, "AB", 0, 2},
      {"[\\u0041]", 0, "A", 0, 1},
      {"\\\\u0041", 0, "\\u0041", 0, 6},
      {"\\e\\h+[\\h]", 0, "\x1B\t \t", 0, 4},
      {"(?<name>a)b", 0, "ab", 0, 2},
      {"a{,2}", 0, "aa", 0, 2},
      {"a{,2}", 0, "aaa", -1, 0},
      {"[a{,2}]+", 0, "{,}", 0, 3},
      {"[](?<]+", 0, "(?<]", 0, 4},
      {"[^]a]", 0, "b", 0, 1},
      {"[[:alpha:]]\\\"\\/\\-\\_", 0, "a\"/-_", 0, 5},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_regex *r;
    char message[120];
    size_t bad_at, start = 0, end = 0;
    cr_assert_eq(lq_regex_new(&r, lq_str_of(rows[i].regex), rows[i].flags, message, &bad_at), LQ_OK, "%s: %s",
                 rows[i].regex, message);
    bool wanted = rows[i].start >= 0;
    lq_str text = lq_str_of(rows[i].text);
    cr_expect_eq(lq_regex_match(r, text, NULL, NULL), wanted, "%s", rows[i].regex);
    cr_expect_eq(lq_regex_match(r, text, &start, &end), wanted, "%s", rows[i].regex);
    if (wanted)
      cr_expect(start == (size_t)rows[i].start && end == (size_t)rows[i].end, "%s: %zu to %zu", rows[i].regex,
                start, end);
    lq_regex_free(r);
  }
}

Test(regex, messages)
{
  static const struct {
    const char *regex;
    size_t at;
    const char *message;
  } rows[] = {
      {"a(b", 1, "this `(` is never closed"},
      {"(a(b)", 0, "this `(` is never closed"},
      {"\\(a[(](b", 6, "this `(` is never closed"},
      {"(a))b", 3, "this `)` closes nothing"},
      {"a[b", 1, "this `[` is never closed"},
      {"[a]\\[[b", 5, "this `[` is never closed"},
      {"a\\", 1, "a backslash at the end escapes nothing"},
      {"a\\\\\\y", 3, "unknown escape `\\y`"},
      {"(a)\\\\1\\1", 6, "a back-reference cannot be matched in linear time: `\\1`"},
      {"(?<x>a)\\k<x>", 7, "a back-reference cannot be matched in linear time: `\\k`"},
      {"a(?=b)", 1, "look-around cannot be matched in linear time: `(?=`"},
      {"a(?!b)", 1, "look-around cannot be matched in linear time: `(?!`"},
      {"a(?<=b)", 1, "look-around cannot be matched in linear time: `(?<`"},
      {"a(?>b)", 1, "unknown group `(?>`"},
      {"*a", 0, "there is nothing to repeat before `*`"},
      {"a|*", 2, "there is nothing to repeat before `*`"},
      {"[*+]a++", 5, "repeated repetition `++`"},
      {"a{1001}", 1, "too many repetitions (1,000 are possible): `{1001}`"},
      {"x[z-a]", 2, "bad range of characters `z-a`"},
      {"x[[:foo:]]", 2, "unknown class of characters `[:foo:]`"},
      {"\\p{Foo}", 0, "unknown class of characters `\\p{Foo}`"},
      {"(?<a", 0, "bad name of a group `(?<a`"},
      {"a\xFF", 1, "not UTF-8"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_regex *r;
    char message[120];
    size_t bad_at;
    cr_expect_eq(lq_regex_new(&r, lq_str_of(rows[i].regex), 0, message, &bad_at), LQ_E_QUERY, "%s",
                 rows[i].regex);
    cr_expect_null(r);
    cr_expect(bad_at == rows[i].at && strcmp(message, rows[i].message) == 0, "%s: %zu %s", rows[i].regex,
              bad_at, message);
  }
}

Test(regex, limits)
{
  lq_regex *r;
  char message[120];
  size_t bad_at;
  cr_expect_eq(lq_regex_new(&r, LQ_STR("((((\\pL{100}){10}){10}){9})"), 0, message, &bad_at),
               LQ_E_QUERY); // 1,000 in all
  cr_expect_eq(
      lq_regex_new(&r, LQ_STR("(\\pL{1000}|\\pN{1000}|\\pS{1000}){1}"), LQ_RE_FOLD, message, &bad_at),
      LQ_E_LIMIT);
  cr_expect_str_eq(message, "the regular expression needs too much memory");
  cr_expect_null(r);
  char long_part[300];
  memset(long_part, 'x', sizeof long_part);
  memcpy(long_part, "(?P<", 4);
  cr_expect_eq(lq_regex_new(&r, (lq_str){long_part, sizeof long_part}, 0, message, &bad_at), LQ_E_QUERY);
  cr_expect(strlen(message) < sizeof message - 1, "%s", message);
  // Text with NUL, in the expression too.
  cr_assert_eq(lq_regex_new(&r, LQ_STR("a\0b"), LQ_RE_SEARCH, message, &bad_at), LQ_OK);
  cr_expect_eq(lq_regex_match(r, LQ_STR("\0a\0b"), NULL, NULL), 1);
  cr_expect_eq(lq_regex_match(r, (lq_str){NULL, 0}, NULL, NULL), 0);
  lq_regex_free(r);
  lq_regex_free(NULL);
}
