// The allocation hook over realloc and free, and the arithmetic that every caller would get wrong once.
#define _DEFAULT_SOURCE // madvise
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef MADV_HUGEPAGE
enum { LARGE_PAGE = 2 << 20 };

// What is this large is written from one end to the other. Its first touch costs a fault for each page, of 4
// kB as much time as writing it ten times; the system may give pages of 2 MB instead, and if not, nothing is
// lost.
static void *grow(void *p, size_t old_size, size_t n)
{
  void *large = NULL;
  if (n < LARGE_PAGE || old_size >= LARGE_PAGE)
    return realloc(p, n);
  if (n > PTRDIFF_MAX || posix_memalign(&large, LARGE_PAGE, n) != 0)
    return NULL;
  (void)madvise(large, n - n % LARGE_PAGE, MADV_HUGEPAGE);
  if (p)
    memcpy(large, p, old_size);
  free(p);
  return large;
}
#else
static void *grow(void *p, size_t old_size, size_t n)
{
  (void)old_size;
  return realloc(p, n);
}
#endif

static void *libc_fn(void *user, void *p, size_t old_size, size_t new_size)
{
  (void)user;
  if (new_size > 0)
    return grow(p, old_size, new_size);
  free(p);
  return NULL;
}

const lq_mem lq_mem_libc = {.fn = libc_fn};

// What an allocation of no bytes points to; never read, never freed.
static const max_align_t nothing;

static bool product(size_t a, size_t b, size_t *out)
{
  return !__builtin_mul_overflow(a, b, out);
}

void *lq_mem_alloc(const lq_mem *m, size_t count, size_t size)
{
  void *p = lq_mem_resize(m, NULL, 0, count, size);
  if (p && count > 0 && size > 0)
    memset(p, 0, count * size);
  return p;
}

void *lq_mem_resize(const lq_mem *m, void *p, size_t old_count, size_t new_count, size_t size)
{
  size_t old_size = old_count * size, new_size;
  if (!product(new_count, size, &new_size))
    return NULL;
  if (new_size == 0) {
    lq_mem_free(m, p, old_count, size);
    return (void *)(uintptr_t)&nothing;
  }
  return m->fn(m->user, old_size ? p : NULL, old_size, new_size);
}

void lq_mem_free(const lq_mem *m, void *p, size_t count, size_t size)
{
  if (p && count > 0 && size > 0)
    (void)m->fn(m->user, p, count * size, 0);
}

int lq_mem_grow(const lq_mem *m, void **items, size_t n, size_t *cap, size_t size)
{
  if (n < *cap)
    return 1;
  size_t want = *cap ? *cap : 4;
  if (!product(want, 2, &want))
    return 0;
  void *p = lq_mem_resize(m, *items, *cap, want, size);
  if (!p)
    return 0;
  *items = p;
  *cap = want;
  return 1;
}
