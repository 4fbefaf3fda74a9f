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
  cr_expect_eq(lq_regex_new(&r, LQ_STR("(((a{100}){10}){10})"), 0, message, &bad_at),
               LQ_E_QUERY); // 1,000 in all
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

// ---- cost

// What is too costly, and where it becomes so.
Test(regex, costs_are_bounded_before_compiling)
{
  static const struct {
    const char *regex;
    size_t at;
    bool fits;
  } rows[] = {
      {".{1000,}", 0, true},
      {".{0,1000}", 0, true},
      {"(?i)[^\\x00-\\x7f]{1,500}", 0, true},
      {"\\pL{38}", 0, true},
      {"\\pL{39}", 3, false},
      {"a\\pL{1000}", 4, false},
      {"(\\pL{1000}|\\pN{1000}|\\pS{1000}){1}", 4, false},
      {"[^b]{0,1000}[^b]{0,1000}", 16,
       false}, // RE2 makes one chain of them, and takes the square of its length
      {"((a{100}){100}){100}", 15, false},
      {"(((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){999}", 26, false},
      {"a{99999999999999999999}", 1, false},
      {"((((((((((){9}){9}){9}){9}){9}){9}){9}){9}){9}){9}", 27, false},
      {"\\Q(a{1000}){1000}\\E", 0, true},
      {"[(a{1000}){1000}]", 0, true},
      {"(a{1000}\\){1000}b)", 0, true},
      {"(?:a{,1000}){,1000}", 12, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t at;
    uint64_t cost = lq_regex_cost(lq_str_of(rows[i].regex), LQ_REGEX_COST_MAX, &at);
    cr_expect((cost != LQ_REGEX_COSTS_TOO_MUCH) == rows[i].fits && at == rows[i].at, "%s: %llu, at %zu",
              rows[i].regex, (unsigned long long)cost, at);
    lq_regex *r;
    char message[120];
    lq_status s = lq_regex_new(&r, lq_str_of(rows[i].regex), 0, message, &at);
    cr_expect(s == (rows[i].fits ? LQ_OK : LQ_E_LIMIT), "%s: %d, %s", rows[i].regex, s, message);
    lq_regex_free(r);
  }
  // Digits and names as long as one likes, and ends that never come, are not free either.
  enum { LONG = 1 << 24 };
  static const char *const fillers[] = {"0", "[:", "\\p{", "\\Q", "a"};
  char *text = malloc(LONG);
  for (size_t i = 0; i < sizeof fillers / sizeof *fillers; i++) {
    size_t n = strlen(fillers[i]), where;
    memcpy(text, "a[{", 3);
    for (size_t k = 3; k < LONG; k++)
      text[k] = fillers[i][(k - 3) % n];
    cr_expect(lq_regex_cost((lq_str){text, LONG}, LQ_REGEX_COST_MAX, &where) == LQ_REGEX_COSTS_TOO_MUCH);
    cr_expect(lq_regex_cost((lq_str){text, 100}, LQ_REGEX_COST_MAX, &where) > 100);
  }
  free(text);
  char *deep = malloc(3000);
  memset(deep, '(', 3000);
  size_t at;
  cr_expect(lq_regex_cost((lq_str){deep, 3000}, LQ_REGEX_COST_MAX, &at) == LQ_REGEX_COSTS_TOO_MUCH &&
            at == 1000);
  free(deep);
}

static uint32_t seed = 1;

static uint32_t below(uint32_t n)
{
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

// A random expression, often a bad one.
static size_t random_regex(char *out, size_t room)
{
  static const char *const parts[] = {"a",
                                      "k",
                                      "S",
                                      ".",
                                      "\\w",
                                      "\\W",
                                      "\\d",
                                      "[a-z]",
                                      "[^a-c]",
                                      "[k-s\xC3\xA9-\xD0\xB0]",
                                      "\xCE\xB8",
                                      "\\x41",
                                      "\\x{3b8}",
                                      "\\u03b8",
                                      "\\pL",
                                      "\\P{Lu}",
                                      "[\\pN_]",
                                      "[^\\pL]",
                                      "\\h",
                                      "[\\h-]",
                                      "[[:alpha:]]",
                                      "(",
                                      "(",
                                      "(?:",
                                      "(?i:",
                                      ")",
                                      ")",
                                      ")",
                                      "|",
                                      "*",
                                      "+?",
                                      "?",
                                      "{3}",
                                      "{0,9}",
                                      "{2,}",
                                      "{,4}",
                                      "{30}",
                                      "{0,60}",
                                      "^",
                                      "$",
                                      "\\b",
                                      "\\Q(a{9}\\E",
                                      "\\.",
                                      "{",
                                      "[]a]",
                                      "[^]a]",
                                      "\xF0\x9F\x98\x80",
                                      "[\xF0\x9F\x98\x80-\xF0\x9F\x98\x8F]",
                                      "\\C",
                                      "\\z",
                                      "\\101",
                                      "[\\x{100}-\\x{24f}]"};
  size_t n = 0;
  for (uint32_t left = 1 + below(14); left > 0; left--) {
    const char *p = parts[below(sizeof parts / sizeof *parts)];
    if (n + strlen(p) + 1 > room)
      break;
    memcpy(out + n, p, strlen(p));
    n += strlen(p);
  }
  return n;
}

Test(regex, no_program_is_larger_than_its_cost)
{
  enum { TRIES = 30000 };
  size_t compiled = 0;
  for (size_t i = 0; i < TRIES; i++) {
    char text[200], message[120];
    lq_regex *r;
    size_t at, n = random_regex(text, sizeof text);
    unsigned flags = below(2) ? LQ_RE_FOLD : 0;
    uint64_t cost = lq_regex_cost((lq_str){text, n}, LQ_REGEX_COST_MAX, &at);
    if (cost > 4000 || lq_regex_new(&r, (lq_str){text, n}, flags | LQ_RE_SEARCH, message, &at) != LQ_OK)
      continue;
    compiled++;
    enum { FRAME = 6 }; // fail, match, and the loop in front of a search
    cr_expect(lq_regex_size(r) <= cost + FRAME, "%.*s: %zu instructions, cost %llu", (int)n, text,
              lq_regex_size(r), (unsigned long long)cost);
    lq_regex_free(r);
  }
  cr_assert(compiled > TRIES / 20, "%zu", compiled);
}

// With hardly any memory for its states RE2 walks its program instead: slower, and the same.
Test(regex, with_little_memory_the_answers_are_the_same)
{
  static const char *const regexes[] = {"(a|b)*c.{3}d", "[^x]*(foo|bar)+$", "\\w{2,9}\\s\\d+",
                                        "(?i)K.*\xC3\xA9", "a{20}"};
  static const unsigned flags[] = {0, LQ_RE_FOLD, LQ_RE_PREFIX, LQ_RE_SEARCH, LQ_RE_SEARCH | LQ_RE_FOLD};
  for (size_t i = 0; i < sizeof regexes / sizeof *regexes; i++) {
    for (size_t k = 0; k < sizeof flags / sizeof *flags; k++) {
      lq_regex *large, *small;
      char message[120], text[400];
      size_t at, a[2], b[2];
      lq_str re = lq_str_of(regexes[i]);
      size_t least = 2048 + 256 * (size_t)lq_regex_cost(re, LQ_REGEX_COST_MAX, &at);
      cr_assert(lq_regex_new(&large, re, flags[k], message, &at) == LQ_OK);
      cr_assert(lq_regex_new_within(&small, re, flags[k], least, message, &at) == LQ_OK, "%s: %s", regexes[i],
                message);
      for (int n = 0; n < 300; n++) {
        size_t length = below(sizeof text);
        for (size_t c = 0; c < length; c++)
          text[c] = "aabbcdfoobar k1 2\n"[below(18)];
        int want = lq_regex_match(large, (lq_str){text, length}, &a[0], &a[1]);
        int got = lq_regex_match(small, (lq_str){text, length}, &b[0], &b[1]);
        cr_expect(want == got && (!want || (a[0] == b[0] && a[1] == b[1])), "%s over %.*s: %d and %d",
                  regexes[i], (int)length, text, want, got);
      }
      lq_regex_free(large);
      lq_regex_free(small);
    }
  }
}
