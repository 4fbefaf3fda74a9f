// Sorting in place: the C library's may allocate behind our back, and it may not be there to fail.
#ifndef LQ_BASE_SORT_H
#define LQ_BASE_SORT_H

#include <stddef.h>

// n log n at worst, no memory, and a stack that grows with log n. Equal items end up in no special order, so a compare
// that makes things reproducible leaves none equal that can be told apart.
void lq_sort(void *items, size_t n, size_t size, int (*compare)(const void *a, const void *b));

#endif
