// Does one wildcard pattern match all that another matches? Asked by the linter, and by the optimiser that
// drops the other.
#include "base/glob.h"
#include "base/utf8.h"
#include "compiler/plan.h"

// One sign of pattern b against one of pattern a, which is no `*`.
static bool sign_covers(lq_str a, size_t *i, lq_str b, size_t *j)
{
  if (b.p[*j] == LQ_ANY_RUN)
    return false;
  if (a.p[*i] == LQ_ANY_ONE) {
    ++*i;
    lq_utf8_next(b, j); // a code point, or `?`
    return true;
  }
  return a.p[(*i)++] == b.p[(*j)++];
}

static bool is_literal(char c)
{
  return c != LQ_ANY_RUN && c != LQ_ANY_ONE;
}

// Where a `*`, behind which a goes on at `star`, may end next: not before the sign that must come there.
static size_t next_end(lq_str a, size_t star, lq_str b, size_t at)
{
  lq_utf8_next(b, &at);
  if ((uint8_t)a.p[star] >= 0x80) // ASCII stands nowhere within a code point
    return at;
  const char *p = memchr(b.p + at, a.p[star], b.n - at);
  return p ? (size_t)(p - b.p) : b.n;
}

uint64_t lq_pattern_letters(lq_str s)
{
  uint64_t set = 0;
  for (size_t i = 0; i < s.n; i++)
    set |= is_literal(s.p[i]) ? UINT64_C(1) << ((uint8_t)s.p[i] & 63) : 0;
  return set;
}

// b is read as a text in which its wildcards are signs of their own: a `*` of a swallows any of them, a `?`
// all but `*`. That never says yes wrongly; some true covers (`?*` and `*?`) are not seen.
bool lq_pattern_covers(lq_str a, lq_str b)
{
  size_t i = 0, j = 0, star = SIZE_MAX, resume = 0;
  if (a.n > 0 && b.n > 0 && is_literal(a.p[a.n - 1]) && a.p[a.n - 1] != b.p[b.n - 1])
    return false;
  while (j < b.n) {
    size_t i2 = i, j2 = j;
    if (i < a.n && a.p[i] == LQ_ANY_RUN) {
      star = ++i, resume = j;
      if (star == a.n)
        return true;
    } else if (i < a.n && sign_covers(a, &i2, b, &j2)) {
      i = i2, j = j2;
    } else if (star != SIZE_MAX) {
      i = star, j = resume = next_end(a, star, b, resume);
    } else {
      return false;
    }
  }
  while (i < a.n && a.p[i] == LQ_ANY_RUN)
    i++;
  return i == a.n;
}
