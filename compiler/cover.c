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

// b is read as a text in which its wildcards are signs of their own: a `*` of a swallows any of them, a `?`
// all but `*`. That never says yes wrongly; some true covers (`?*` and `*?`) are not seen.
bool lq_pattern_covers(lq_str a, lq_str b)
{
  size_t i = 0, j = 0, star = SIZE_MAX, resume = 0;
  while (j < b.n) {
    size_t i2 = i, j2 = j;
    if (i < a.n && a.p[i] == LQ_ANY_RUN) {
      star = ++i, resume = j;
    } else if (i < a.n && sign_covers(a, &i2, b, &j2)) {
      i = i2, j = j2;
    } else if (star != SIZE_MAX) {
      lq_utf8_next(b, &resume);
      i = star, j = resume;
    } else {
      return false;
    }
  }
  while (i < a.n && a.p[i] == LQ_ANY_RUN)
    i++;
  return i == a.n;
}
