// UTF-8 and simple case folding.
#include "base/utf8.h"

#include <utf8proc.h>

static uint8_t byte_at(lq_str s, size_t i)
{
  return (uint8_t)s.p[i];
}

// Length of the sequence that this byte leads, and the bounds of its second byte (Unicode 15, table 3-7):
// they exclude overlong forms, surrogates, and what lies above U+10FFFF. 0: no byte to begin with.
static int lead(uint8_t b, uint8_t *low, uint8_t *high)
{
  *low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
  *high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
  return b < 0xC2 || b > 0xF4 ? 0 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}

uint32_t lq_utf8_next(lq_str s, size_t *at)
{
  uint8_t b = byte_at(s, (*at)++), low, high;
  if (b < 0x80)
    return b;
  int n = lead(b, &low, &high);
  if (n == 0)
    return LQ_CODEPOINT_BAD;
  uint32_t c = b & (0x7Fu >> n);
  for (; n > 1; n--, low = 0x80, high = 0xBF) {
    if (*at == s.n || byte_at(s, *at) < low || byte_at(s, *at) > high)
      return LQ_CODEPOINT_BAD;
    c = c << 6 | (byte_at(s, (*at)++) & 0x3Fu);
  }
  return c;
}

size_t lq_utf8_back(lq_str s, size_t at)
{
  // A byte that continues nothing is a part of its own, whatever stands before it.
  for (size_t n = 1; n <= 4 && n <= at; n++) {
    if ((byte_at(s, at - n) & 0xC0) == 0x80)
      continue;
    size_t end = at - n;
    lq_utf8_next(s, &end);
    return end == at ? at - n : at - 1;
  }
  return at - 1;
}

lq_str lq_utf8_prefix(lq_str s, size_t max)
{
  size_t n = s.n < max ? s.n : max;
  while (n > 0 && n < s.n && ((uint8_t)s.p[n] & 0xC0) == 0x80)
    n--;
  return lq_str_slice(s, 0, n);
}

size_t lq_utf8_encode(uint32_t c, char out[4])
{
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  for (size_t i = n - 1; i > 0; i--, c >>= 6)
    out[i] = (char)(0x80 | (c & 0x3F));
  out[0] = (char)((0xF00u >> n & 0xF0) | c);
  return n;
}

bool lq_utf8_is_ascii(lq_str s)
{
  size_t i = 0;
  for (uint64_t word; s.n - i >= sizeof word; i += sizeof word) {
    memcpy(&word, s.p + i, sizeof word);
    if (word & UINT64_C(0x8080808080808080))
      return false;
  }
  while (i < s.n && byte_at(s, i) < 0x80)
    i++;
  return i == s.n;
}

static bool ascii_word(const char *p)
{
  uint64_t word;
  memcpy(&word, p, sizeof word);
  return (word & UINT64_C(0x8080808080808080)) == 0;
}

size_t lq_utf8_first_bad(lq_str s, size_t *end)
{
  for (size_t at = 0, before; at < s.n;) {
    for (; s.n - at > 8 && ascii_word(s.p + at); at += 8)
      ;
    before = at;
    if (lq_utf8_next(s, &at) == LQ_CODEPOINT_BAD) {
      *end = at;
      return before;
    }
  }
  return *end = s.n;
}

bool lq_utf8_valid(lq_str s)
{
  size_t end;
  return lq_utf8_first_bad(s, &end) == s.n;
}

size_t lq_utf8_count(lq_str s)
{
  size_t n = 0;
  for (size_t at = 0; at < s.n; n++) {
    for (; s.n - at > 8 && ascii_word(s.p + at); at += 8)
      n += 8;
    lq_utf8_next(s, &at);
  }
  return n;
}

size_t lq_utf8_offset(lq_str s, size_t nth)
{
  size_t at = 0;
  while (nth-- > 0 && at < s.n)
    lq_utf8_next(s, &at);
  return at;
}

size_t lq_utf8_repair(lq_buf *out, lq_str s)
{
  size_t bad = 0, from = 0;
  for (size_t at = 0; at < s.n;) {
    size_t start = at;
    if (lq_utf8_next(s, &at) != LQ_CODEPOINT_BAD)
      continue;
    lq_buf_add(out, s.p + from, start - from);
    lq_buf_z(out, "\xEF\xBF\xBD");
    from = at;
    bad++;
  }
  lq_buf_add(out, s.p + from, s.n - from);
  return bad;
}

bool lq_is_unsafe(uint32_t c)
{
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == LQ_CODEPOINT_BAD;
}

// The one script that folds to its capitals: they were in Unicode long before its small letters.
static bool is_cherokee(uint32_t c)
{
  return (c >= 0x13A0 && c <= 0x13FD) || (c >= 0xAB70 && c <= 0xABBF);
}

uint32_t lq_fold(uint32_t c)
{
  if (c < 0x80)
    return c - 'A' < 26 ? c + 32 : c;
  if (c >= 0x3000 && c < 0xA640) // CJK: no letter of two cases is there, and most text of all
    return c;
  // Neither the Turkish dotted capital nor the dotless small letter is an `i` to simple folding.
  if (c == 0x130 || c == 0x131 || c > 0x10FFFF)
    return c;
  utf8proc_int32_t upper = utf8proc_toupper((utf8proc_int32_t)c);
  return (uint32_t)(is_cherokee(c) ? upper : utf8proc_tolower(upper));
}

// The folded code point at *at. A bad part gives its own bytes, above every code point: equal only to itself.
static uint32_t next_folded(lq_str s, size_t *at)
{
  size_t start = *at;
  uint32_t c = lq_utf8_next(s, at);
  if (c != LQ_CODEPOINT_BAD)
    return lq_fold(c);
  for (c = 0; start < *at; start++) // three bytes at most
    c = c << 8 | byte_at(s, start);
  return c | UINT32_C(0x80000000);
}

bool lq_lower_ascii(char *out, lq_str s)
{
  uint8_t all = 0;
  for (size_t i = 0; i < s.n; i++) {
    uint8_t c = byte_at(s, i);
    all |= c;
    out[i] = (char)(c + ((uint8_t)(c - 'A') < 26 ? 'a' - 'A' : 0));
  }
  return all < 0x80;
}

// How many bytes from `at` on are ASCII, some of the last ones left out.
static size_t ascii_run(lq_str s, size_t at)
{
  size_t n = 0;
  while (s.n - at - n >= sizeof(uint64_t) && ascii_word(s.p + at + n))
    n += sizeof(uint64_t);
  return n;
}

size_t lq_fold_into(char *out, lq_str s)
{
  size_t n = 0;
  for (size_t at = 0; at < s.n;) {
    size_t run = ascii_run(s, at), start = at + run;
    lq_lower_ascii(out + n, lq_str_slice(s, at, start));
    n += run;
    if ((at = start) == s.n)
      break;
    uint32_t c = lq_utf8_next(s, &at);
    if (c != LQ_CODEPOINT_BAD)
      n += lq_utf8_encode(lq_fold(c), out + n);
    else // bad parts stay
      while (start < at)
        out[n++] = s.p[start++];
  }
  return n;
}

void lq_fold_append(lq_buf *out, lq_str s)
{
  char *room = s.n > 0 ? lq_buf_room(out, LQ_FOLD_ROOM(s.n)) : NULL;
  if (room)
    out->n += lq_fold_into(room, s);
}

int lq_fold_cmp(lq_str a, lq_str b)
{
  size_t i = 0, j = 0;
  while (i < a.n && j < b.n) {
    uint32_t x = next_folded(a, &i), y = next_folded(b, &j);
    if (x != y)
      return x < y ? -1 : 1;
  }
  return (i < a.n) - (j < b.n);
}

bool lq_fold_eq(lq_str a, lq_str b)
{
  return lq_fold_cmp(a, b) == 0;
}
