// Quicksort over items of any size; heapsort where that goes wrong.
#include "base/sort.h"

#include <stdint.h>
#include <string.h>

enum { FEW = 8 }; // so many are sorted fastest by insertion

typedef struct run {
  char *items;
  size_t n, size;
  int (*compare)(const void *a, const void *b);
} run;

static char *item(const run *r, size_t i)
{
  return r->items + i * r->size;
}

static int order(const run *r, size_t i, size_t j)
{
  return r->compare(item(r, i), item(r, j));
}

static void swap(const run *r, size_t i, size_t j)
{
  char *a = item(r, i), *b = item(r, j);
  size_t at = 0;
  for (uint64_t x, y; r->size - at >= sizeof x; at += sizeof x) {
    memcpy(&x, a + at, sizeof x);
    memcpy(&y, b + at, sizeof y);
    memcpy(a + at, &y, sizeof y);
    memcpy(b + at, &x, sizeof x);
  }
  for (; at < r->size; at++) {
    char c = a[at];
    a[at] = b[at];
    b[at] = c;
  }
}

// ---- heapsort

static void sift_down(const run *r, size_t i)
{
  for (size_t child; (child = 2 * i + 1) < r->n; i = child) {
    if (child + 1 < r->n && order(r, child, child + 1) < 0)
      child++;
    if (order(r, i, child) >= 0)
      return;
    swap(r, i, child);
  }
}

static void heap_sort(run r)
{
  for (size_t i = r.n / 2; i-- > 0;)
    sift_down(&r, i);
  while (r.n > 1) {
    swap(&r, 0, --r.n);
    sift_down(&r, 0);
  }
}

// ---- quicksort

static void insertion_sort(const run *r)
{
  for (size_t i = 1; i < r->n; i++) {
    for (size_t j = i; j > 0 && order(r, j - 1, j) > 0; j--)
      swap(r, j - 1, j);
  }
}

static size_t median_of_three(const run *r)
{
  size_t a = 0, b = r->n / 2, c = r->n - 1;
  if (order(r, a, b) < 0)
    return order(r, b, c) < 0 ? b : order(r, a, c) < 0 ? c : a;
  return order(r, a, c) < 0 ? a : order(r, b, c) < 0 ? c : b;
}

// Puts one item where it belongs, none before it larger and none behind it smaller.
static size_t divide(const run *r)
{
  size_t i = 0, j = r->n;
  swap(r, 0, median_of_three(r));
  for (;; swap(r, i, j)) {
    do
      i++;
    while (i < r->n && order(r, i, 0) < 0);
    do
      j--;
    while (order(r, j, 0) > 0);
    if (i >= j)
      break;
  }
  swap(r, 0, j);
  return j;
}

// Calls itself for the smaller part alone. Parts that do not halve use up `left`: somebody chose the order.
static void sort_run(run r, unsigned left)
{
  for (; r.n > FEW; left--) {
    if (left == 0) {
      heap_sort(r);
      return;
    }
    size_t middle = divide(&r);
    run low = r, high = r;
    low.n = middle;
    high.items = item(&r, middle + 1), high.n = r.n - middle - 1;
    sort_run(low.n < high.n ? low : high, left - 1);
    r = low.n < high.n ? high : low;
  }
  insertion_sort(&r);
}

void lq_sort(void *items, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
  unsigned left = 0;
  for (size_t i = n; i > 0; i /= 2)
    left += 2;
  sort_run((run){items, n, size, compare}, left);
}
