// Comparisons of byte strings.
#include "base/str.h"

int lq_str_cmp(lq_str a, lq_str b)
{
  size_t n = a.n < b.n ? a.n : b.n;
  int order = n ? memcmp(a.p, b.p, n) : 0;
  return order ? order : (a.n > b.n) - (a.n < b.n);
}

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool lq_str_eq_ascii(lq_str a, lq_str b)
{
  if (a.n != b.n)
    return false;
  for (size_t i = 0; i < a.n; i++) {
    if (lower(a.p[i]) != lower(b.p[i]))
      return false;
  }
  return true;
}

bool lq_str_starts(lq_str s, lq_str prefix)
{
  return s.n >= prefix.n && lq_str_eq(lq_str_slice(s, 0, prefix.n), prefix);
}

bool lq_str_ends(lq_str s, lq_str suffix)
{
  return s.n >= suffix.n && lq_str_eq(lq_str_slice(s, s.n - suffix.n, s.n), suffix);
}

static bool is_blank(char c)
{
  return c == ' ' || (c >= '\t' && c <= '\r');
}

lq_str lq_str_trim(lq_str s)
{
  while (s.n > 0 && is_blank(s.p[s.n - 1]))
    s.n--;
  while (s.n > 0 && is_blank(s.p[0]))
    s.p++, s.n--;
  return s;
}
