// Heapsort over items of any size.
#include "base/sort.h"

#include <string.h>

typedef struct heap {
  char *items;
  size_t n, size;
  int (*compare)(const void *a, const void *b);
} heap;

static char *item(const heap *h, size_t i)
{
  return h->items + i * h->size;
}

// Through a small buffer, piece by piece: items can be larger than it.
static void swap(const heap *h, size_t i, size_t j)
{
  char piece[64], *a = item(h, i), *b = item(h, j);
  for (size_t left = h->size; left > 0;) {
    size_t n = left < sizeof piece ? left : sizeof piece;
    memcpy(piece, a, n);
    memcpy(a, b, n);
    memcpy(b, piece, n);
    a += n, b += n, left -= n;
  }
}

static void sift_down(const heap *h, size_t i)
{
  for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
    if (child + 1 < h->n && h->compare(item(h, child), item(h, child + 1)) < 0)
      child++;
    if (h->compare(item(h, i), item(h, child)) >= 0)
      return;
    swap(h, i, child);
  }
}

void lq_sort(void *items, size_t n, size_t size, int (*compare)(const void *a, const void *b))
{
  heap h = {items, n, size, compare};
  for (size_t i = n / 2; i-- > 0;)
    sift_down(&h, i);
  while (h.n > 1) {
    swap(&h, 0, --h.n);
    sift_down(&h, 0);
  }
}
