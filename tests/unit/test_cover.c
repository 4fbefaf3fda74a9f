// Which pattern matches all that another matches: told by the rules of compiler/cover.c, read plainly.
#include <criterion/criterion.h>

#include "base/glob.h"
#include "base/utf8.h"
#include "compiler/plan.h"

// b is a text in which wildcards are signs: a `*` of a swallows any of them, a `?` all but `*`.
static bool plainly(lq_str a, lq_str b)
{
  if (a.n == 0)
    return b.n == 0;
  size_t next = 0;
  if (b.n > 0)
    lq_utf8_next(b, &next);
  lq_str rest = lq_str_slice(b, next, b.n), tail = lq_str_slice(a, 1, a.n);
  if (a.p[0] == LQ_ANY_RUN)
    return plainly(tail, b) || (b.n > 0 && plainly(a, rest));
  if (b.n == 0 || b.p[0] == LQ_ANY_RUN)
    return false;
  if (a.p[0] == LQ_ANY_ONE)
    return plainly(tail, rest);
  return a.p[0] == b.p[0] && plainly(tail, lq_str_slice(b, 1, b.n));
}

static const char *const signs[] = {"a", "b", "\xFF", "\xFE", "\xC3\xA9"};
enum { SIGNS = sizeof signs / sizeof *signs, MOST = 4 };

// The nth of all patterns, short ones first; false: it is longer than MOST.
static bool pattern(unsigned n, char out[2 * MOST + 1], lq_str *text)
{
  size_t length = 0, at = 0;
  for (unsigned many = 1; n >= many; many *= SIGNS, length++)
    n -= many;
  for (size_t i = 0; i < length && i < MOST; i++, n /= SIGNS) {
    const char *sign = signs[n % SIGNS];
    for (; *sign; sign++)
      out[at++] = *sign;
  }
  *text = (lq_str){out, at};
  return length <= MOST;
}

Test(cover, as_its_rules_say, .timeout = 60)
{
  char of_a[2 * MOST + 1], of_b[2 * MOST + 1];
  lq_str a, b;
  unsigned covers = 0;
  for (unsigned i = 0; pattern(i, of_a, &a); i++) {
    for (unsigned k = 0; pattern(k, of_b, &b); k++) {
      bool want = plainly(a, b);
      covers += want;
      if (lq_pattern_covers(a, b) != want)
        cr_assert_fail("%.*s and %.*s: not %d", LQ_STR_ARG(a), LQ_STR_ARG(b), want);
      if (want && (lq_pattern_letters(a) & ~lq_pattern_letters(b)))
        cr_assert_fail("%.*s covers %.*s and has other letters", LQ_STR_ARG(a), LQ_STR_ARG(b));
    }
  }
  cr_expect(covers > 10000, "%u", covers);
}
