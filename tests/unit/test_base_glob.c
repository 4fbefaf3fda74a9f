// Wildcard patterns: matching, kinds, places.
#include <criterion/criterion.h>

#include "base/glob.h"

// Tables write `*` and `?` for the wildcards.
static lq_str pattern(const char *text, char out[64])
{
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++)
    out[i] = text[i] == '*' ? LQ_ANY_RUN : text[i] == '?' ? LQ_ANY_ONE : text[i];
  return (lq_str){out, n};
}

Test(base_glob, match)
{
  static const struct {
    const char *pattern, *text;
    bool exact, folded;
  } rows[] = {
      {"", "", true, true},
      {"", "a", false, false},
      {"a", "", false, false},
      {"a", "a", true, true},
      {"a", "A", false, true},
      {"abc", "abcd", false, false},
      {"*", "", true, true},
      {"*", "any\nthing", true, true},
      {"**", "", true, true},
      {"?", "", false, false},
      {"?", "é", true, true},
      {"?", "日", true, true},
      {"?", "ab", false, false},
      {"??", "é日", true, true},
      {"*?", "", false, false},
      {"*?", "é", true, true},
      {"?*?", "a", false, false},
      {"?*?", "é日", true, true},
      {"pow*", "powershell.exe", true, true},
      {"pow*", "POWERSHELL.EXE", false, true},
      {"*.exe", "cmd.exe", true, true},
      {"*.exe", "CMD.EXE", false, true},
      {"*.exe", ".exe", true, true},
      {"*.exe", "exe", false, false},
      {"a*a", "a", false, false},
      {"a*a", "aa", true, true},
      {"ab*ba", "aba", false, false},
      {"*ab*ab*", "ab", false, false},
      {"*ab*ab*", "xabyabz", true, true},
      {"*aab*", "aaab", true, true},
      {"*a?c*", "abbabc", true, true},
      {"a*b*c", "abbbcbc", true, true},
      {"a*b*c", "acb", false, false},
      {"a**c", "abc", true, true},
      {"?:\\*\\x", "C:\\Users\\x", true, true},
      {"?:\\*\\x", "CC:\\Users\\x", false, false},
      {"*??x", "éx", false, false},
      {"*??x", "日éx", true, true},
      {"*?x?*", "axb", true, true},
      {"*?x?*", "xb", false, false},
      {"*K*", "a\u212Ab", false, true}, // the Kelvin sign
      {"*\u212A", "ok", false, true},
      {"stra\u00DFe", "STRA\u1E9EE", false, true},
      {"\u03C3*", "\u03C2a", false, true}, // both small sigmas
      {"*\u0130*", "i", false, false},
      {"*é?", "xÉy", false, true},
      {"*\u0391?\u0392*", "xx\u03B1\u65E5\u03B2", false, true},
      {"*a", "a\xC3", false, false},
      {"a?", "a\xE2\x82", true, true}, // one bad part is one
      {"*?", "\x80\x80", true, true},
      {"a*?b",
       "a\xE2\x82"
       "b",
       true, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char space[64];
    lq_str p = pattern(rows[i].pattern, space), t = lq_str_of(rows[i].text);
    cr_expect_eq(lq_glob_match(p, t, false), rows[i].exact, "`%s` on `%s`", rows[i].pattern, rows[i].text);
    cr_expect_eq(lq_glob_match(p, t, true), rows[i].folded, "`%s` on `%s`, folded", rows[i].pattern,
                 rows[i].text);
  }
}

Test(base_glob, zero_bytes_are_ordinary)
{
  char space[64];
  cr_expect(lq_glob_match(pattern("a*c", space), (lq_str){"a\0b\0c", 5}, true));
  cr_expect_not(lq_glob_match(pattern("a", space), (lq_str){"a\0", 2}, false));
}

Test(base_glob, literal_stars_are_plain)
{
  cr_expect(lq_glob_match(LQ_STR("a*b"), LQ_STR("a*b"), false));
  cr_expect_not(lq_glob_match(LQ_STR("a*b"), LQ_STR("axb"), false));
}

Test(base_glob, kinds)
{
  static const struct {
    const char *pattern;
    lq_glob_kind kind;
    const char *literal;
  } rows[] = {
      {"", LQ_GLOB_EXACT, ""},        {"abc", LQ_GLOB_EXACT, "abc"},   {"*", LQ_GLOB_ANY, ""},
      {"***", LQ_GLOB_ANY, ""},       {"abc*", LQ_GLOB_PREFIX, "abc"}, {"**abc", LQ_GLOB_SUFFIX, "abc"},
      {"*a*", LQ_GLOB_CONTAINS, "a"}, {"a*b", LQ_GLOB_GENERAL, ""},    {"a?", LQ_GLOB_GENERAL, ""},
      {"?", LQ_GLOB_GENERAL, ""},     {"*a*b*", LQ_GLOB_GENERAL, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char space[64];
    lq_str literal;
    cr_expect_eq(lq_glob_classify(pattern(rows[i].pattern, space), &literal), rows[i].kind, "`%s`",
                 rows[i].pattern);
    cr_expect(lq_str_is(literal, rows[i].literal), "literal of `%s`", rows[i].pattern);
  }
}

Test(base_glob, locate)
{
  static const struct {
    const char *pattern, *text;
    size_t start, end;
  } rows[] = {
      {"abc", "abc", 0, 3},  {"*", "abc", 0, 3},       {"b*", "bcd", 0, 1},      {"*c", "abc", 2, 3},
      {"*b*", "abcb", 1, 2}, {"*b*d*", "abcde", 1, 4}, {"?b*d?", "abcde", 1, 4}, {"*é?d?*", "xéydzz", 1, 5},
      {"??", "ab", 0, 2},    {"*?c*", "abcd", 2, 3},   {"a*", "Abc", 0, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char space[64];
    size_t start = 99, end = 99;
    cr_expect(lq_glob_locate(pattern(rows[i].pattern, space), lq_str_of(rows[i].text), true, &start, &end));
    cr_expect_eq(start, rows[i].start, "`%s`: start %zu", rows[i].pattern, start);
    cr_expect_eq(end, rows[i].end, "`%s`: end %zu", rows[i].pattern, end);
  }
}

// Says yes or no by trying everything: slow, plain, and so a judge of the fast way.
static bool slow_match(const char *p, size_t pn, const char *t, size_t tn)
{
  if (pn == 0)
    return tn == 0;
  if (*p == LQ_ANY_RUN)
    return slow_match(p + 1, pn - 1, t, tn) || (tn > 0 && slow_match(p, pn, t + 1, tn - 1));
  return tn > 0 && (*p == LQ_ANY_ONE || (*p | 32) == (*t | 32)) && slow_match(p + 1, pn - 1, t + 1, tn - 1);
}

Test(base_glob, agrees_with_the_slow_way)
{
  static const char signs[] = {'a', 'B', LQ_ANY_RUN, LQ_ANY_ONE};
  static const char letters[] = {'A', 'b', 'c'};
  unsigned seed = 1;
  for (int round = 0; round < 200000; round++) {
    char p[8], t[10];
    size_t pn = (seed = seed * 1664525 + 1013904223) >> 16 & 7, tn = (seed >> 20) % 10;
    for (size_t i = 0; i < pn; i++)
      p[i] = signs[(seed = seed * 1664525 + 1013904223) >> 24 & 3];
    for (size_t i = 0; i < tn; i++)
      t[i] = letters[((seed = seed * 1664525 + 1013904223) >> 24) % 3];
    bool got = lq_glob_match((lq_str){p, pn}, (lq_str){t, tn}, true);
    if (got != slow_match(p, pn, t, tn))
      cr_assert_fail("round %d: pattern of %zu on `%.*s` gives %d", round, pn, (int)tn, t, got);
  }
}

Test(base_glob, hostile_text_stays_cheap, .timeout = 10)
{
  static char text[1 << 20];
  memset(text, 'a', sizeof text);
  char space[64];
  lq_str t = {text, sizeof text};
  cr_expect_not(lq_glob_match(pattern("*a*a*a*a*a*a*a*a*a*b", space), t, true));
  cr_expect_not(lq_glob_match(pattern("*aaaaaaaaaaaaaaab*c*", space), t, false));
}
