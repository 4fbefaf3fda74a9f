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

typedef struct counted {
  unsigned key;
  size_t *compares;
} counted;

static int by_counted_key(const void *a, const void *b)
{
  const counted *x = a, *y = b;
  ++*x->compares;
  return (x->key > y->key) - (x->key < y->key);
}

// Orders that are common.
Test(sort, no_order_is_slow)
{
  enum { N = 4096, HALF = N / 2 };
  static const char *const names[] = {"ascending",  "descending",    "equal",
                                      "two values", "an organ pipe", "sorted halves"};
  static counted v[N];
  for (size_t shape = 0; shape < sizeof names / sizeof *names; shape++) {
    size_t compares = 0;
    for (unsigned i = 0; i < N; i++) {
      const unsigned keys[] = {i, N - i, 7, i % 2, i < HALF ? i : N - i, i % HALF};
      v[i] = (counted){keys[shape], &compares};
    }
    lq_sort(v, N, sizeof *v, by_counted_key);
    for (size_t i = 1; i < N; i++)
      cr_assert(v[i - 1].key <= v[i].key, "%s", names[shape]);
    cr_expect(compares < N * 12 * 4, "%s: %zu", names[shape], compares);
  }
}

// An enemy who decides what is larger only when asked, so that each pivot is nearly the smallest of all
// (McIlroy, "A killer adversary for quicksort"). It must end in heapsort.
enum { FOES = 4096, GAS = FOES };
static unsigned decided[FOES], solid, candidate;
static size_t questions;

static int by_enmity(const void *a, const void *b)
{
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  questions++;
  if (decided[x] == GAS && decided[y] == GAS)
    decided[x == candidate ? x : y] = solid++;
  if (decided[x] == GAS)
    candidate = x;
  else if (decided[y] == GAS)
    candidate = y;
  return (decided[x] > decided[y]) - (decided[x] < decided[y]);
}

Test(sort, an_enemy_makes_it_no_slower)
{
  static unsigned v[FOES];
  for (unsigned i = 0; i < FOES; i++)
    v[i] = i, decided[i] = GAS;
  lq_sort(v, FOES, sizeof *v, by_enmity);
  for (size_t i = 1; i < FOES; i++)
    cr_assert(decided[v[i - 1]] <= decided[v[i]]);
  cr_expect(questions > FOES * 12 * 2 && questions < FOES * 12 * 4, "%zu", questions);
}
