// Which lines a sieve lets pass: by a byte and by wide instructions alike, and what folds to ASCII.
#include <criterion/criterion.h>
#include <ctype.h>

#include "base/utf8.h"
#include "input/sieve.h"

Test(sieve, only_two_characters_fold_to_ascii_from_beyond)
{
  for (uint32_t c = 0x80; c <= 0x10FFFF; c++)
    cr_expect((lq_fold(c) < 0x80) == (c == 0x17F || c == 0x212A), "%X", c);
  for (uint32_t c = 0; c < 0x80; c++)
    cr_expect(lq_fold(c) == (uint32_t)tolower((int)c));
}

static const struct part_case {
  const char *text, *part; // empty: none will do
} parts[] = {
    {"mimikatz", "mimikatz"},
    {"a/mimikatz/b", "mimikatz"},
    {"ab/cd", ""},                    // too short
    {"caf\xC3\xA9 mimi", " mimi"},    // what is beyond ASCII folds in its own way
    {"\xFFwhoami\xFE.exe", "whoami"}, // wildcards
    {"12345.5e+10", ""},              // a number may be written otherwise
    {"0x1f", "0x1f"},                 // none
    {"C:\\Windows\\System32\\x", "C:\\Windows\\System32\\x"},
    {"\\windows\\system32\\", ""}, // every line has it
    {".exe", ""},
    {"line\none and two", "one and two"},
    {"abc", "abc"},
    {"", ""},
};

Test(sieve, parts)
{
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    uint32_t strength;
    lq_str got = lq_sieve_part(lq_str_of(parts[i].text), &strength);
    cr_expect(lq_str_is(got, parts[i].part), "%s: %.*s", parts[i].text, LQ_STR_ARG(got));
    cr_expect((strength > 0) == (got.n > 0));
  }
}

static lq_sieve *sieve_of(const char *const *texts, size_t n)
{
  lq_str strs[LQ_SIEVE_TEXTS];
  lq_sieve *s;
  for (size_t i = 0; i < n; i++)
    strs[i] = lq_str_of(texts[i]);
  cr_assert(lq_sieve_new(&s, strs, n, &lq_mem_libc) == LQ_OK);
  return s;
}

static const struct find_case {
  const char *text, *line;
  bool found;
} finds[] = {
    {"kiss.sys", "{\"a\":\"kiss.sys\"}", true},
    {"kiss.sys", "{\"a\":\"KiSS.SYS\"}", true},
    {"kiss.sys", "{\"a\":\"kiss.syt\"}", false},
    {"kiss.sys", "{\"a\":\"\xE2\x84\xAAiss.sys\"}", true},
    {"kiss.sys", "{\"a\":\"ki\xC5\xBFs.sys\"}", true},
    {"kiss.sys", "{\"a\":\"\xE2\x84\xA2\"}", false},
    {"kiss.sys", "{\"a\":\"\\u212A\"}", true},
    {"kiss.sys", "{\"a\":\"\\u017f\"}", true},
    {"kiss.sys", "{\"a\":\"\\u2126\"}", false},
    {"kiss.sys", "{\"a\":\"\\u0053\"}", true}, // S
    {"kiss.sys", "{\"a\":\"\\u0061\"}", false},
    {"kiss.sys", "{\"a\":\"\\u00\"}", false},
    {"kiss.sys", "\\u006", false},
    {"kiss.sys", "kiss.sy", false},
    {"kiss.sys", "kiss.sys", true},
    {"abcd", "{\"a\":\"\xE2\x84\xAA\xC5\xBF\\u212A\"}", false}, // has no k and no s
    {"C:\\temp", "{\"a\":\"c:\\\\TEMP\\\\x\"}", true},
    {"C:\\temp", "{\"a\":\"c:\\\\temq\"}", false},
    {"C:\\temp", "{\"a\":\"c:\\u005Ctemp\"}", true},
    {"say \"hi\"", "{\"a\":\"say \\\"hi\\\"\"}", true},
    {"@[`{", "`{@[`{", true},
    {"@[`{", "`{`{@[", false}, // not letters: no other case
    {"abc", "", false},
};

Test(sieve, finds)
{
  for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
    lq_sieve *s = sieve_of(&finds[i].text, 1);
    lq_str line = lq_str_of(finds[i].line);
    for (int wide = 0; wide < 2; wide++)
      cr_expect((lq_sieve_find(s, line, 0, wide) < line.n) == finds[i].found, "%s in %s", finds[i].text,
                finds[i].line);
    lq_sieve_free(s, &lq_mem_libc);
  }
}

static uint32_t dice(uint32_t *state)
{
  *state = *state * 1664525 + 1013904223;
  return *state >> 16;
}

// From few letters, so that much nearly fits; with texts at every place of a block, and at its end.
Test(sieve, wide_and_plain_agree)
{
  static const char *const all[] = {"abcab", "aab",  "ccc\\a", "bca\"", "cabcabca", "acb", "bbbbab", "caac",
                                    "aabb",  "abba", "baab",   "ccab",  "cbc",      "cbb", "kas",    "sak"};
  static const char letters[] = "aabbccABCks\\\"u01\xE2\x84\xAA\xC5\xBF";
  uint32_t state = 7;
  size_t hits = 0;
  for (size_t n = 1; n <= LQ_SIEVE_TEXTS; n++) {
    lq_sieve *s = sieve_of(all, n);
    for (int round = 0; round < 400; round++) {
      char block[160];
      lq_str b = {block, dice(&state) % sizeof block};
      for (size_t i = 0; i < b.n; i++)
        block[i] = letters[dice(&state) % (round % 2 ? 9 : sizeof letters - 1)];
      for (size_t from = 0; from <= b.n; from++) {
        size_t plain = lq_sieve_find(s, b, from, false);
        cr_assert(plain == lq_sieve_find(s, b, from, true), "%.*s from %zu", LQ_STR_ARG(b), from);
        hits += plain < b.n;
      }
    }
    lq_sieve_free(s, &lq_mem_libc);
  }
  cr_expect(hits > 1000);
}
