// Sorting: every order of a few items, and many at random.
#include <criterion/criterion.h>

#include "base/sort.h"

#include <string.h>

typedef struct wide {
  unsigned key;
  char filler[131];
} wide;

static int by_key(const void *a, const void *b)
{
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  return (x > y) - (x < y);
}

static bool ascending(const unsigned *v, size_t n)
{
  for (size_t i = 1; i < n; i++) {
    if (v[i - 1] > v[i])
      return false;
  }
  return true;
}

// All sequences of up to six items from six values, repeated values too.
Test(sort, every_short_sequence)
{
  for (size_t n = 0; n <= 6; n++) {
    unsigned total = 1;
    for (size_t i = 0; i < n; i++)
      total *= 6;
    for (unsigned code = 0; code < total; code++) {
      unsigned v[6] = {0}, sum = 0, after = 0;
      for (size_t i = 0, rest = code; i < n; i++, rest /= 6)
        sum += 1u << 4 * (v[i] = (unsigned)(rest % 6));
      lq_sort(v, n, sizeof *v, by_key);
      for (size_t i = 0; i < n; i++)
        after += 1u << 4 * v[i];
      cr_expect(ascending(v, n) && sum == after, "%u of %zu", code, n);
    }
  }
}

Test(sort, many_wide_items)
{
  static wide w[5000];
  unsigned seed = 1;
  for (size_t i = 0; i < 5000; i++) {
    seed = seed * 1103515245u + 12345u;
    w[i].key = seed >> 8;
    memset(w[i].filler, (int)(w[i].key & 0x7F), sizeof w[i].filler);
  }
  lq_sort(w, 5000, sizeof *w, by_key);
  for (size_t i = 0; i < 5000; i++) {
    cr_assert(i == 0 || w[i - 1].key <= w[i].key);
    cr_assert(w[i].filler[130] == (char)(w[i].key & 0x7F));
  }
}
