// The allocation hook's arithmetic and the arena.
#include <criterion/criterion.h>
#include <stdint.h>

#include "base/arena.h"
#include "counting_mem.h"

Test(base_mem, sizes_are_checked)
{
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  cr_expect_null(lq_mem_alloc(&mem, SIZE_MAX / 2, 3));
  cr_expect_null(lq_mem_resize(&mem, NULL, 0, SIZE_MAX, 2));
  void *nothing = lq_mem_alloc(&mem, 0, 8);
  cr_expect_not_null(nothing);
  nothing = lq_mem_resize(&mem, nothing, 0, 2, 8);
  cr_expect_eq(count.live, 16);
  nothing = lq_mem_resize(&mem, nothing, 2, 0, 8);
  lq_mem_free(&mem, nothing, 0, 8);
  lq_mem_free(&mem, NULL, 3, 8);
  cr_expect_eq(count.requests, 1);
  cr_expect_eq(count.live, 0);
  cr_expect_not(count.wrong_size);
}

Test(base_mem, grow)
{
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  int *items = NULL;
  size_t n = 0, cap = 0;
  for (; n < 1000; n++) {
    cr_assert(LQ_GROW(&mem, items, n, &cap));
    items[n] = (int)n;
  }
  cr_expect_eq(items[999], 999);
  count.fail_at = 1;
  size_t old = cap;
  cr_expect_not(LQ_GROW(&mem, items, cap, &cap));
  cr_expect_eq(cap, old);
  lq_mem_free(&mem, items, cap, sizeof *items);
  cr_expect_eq(count.live, 0);
  cr_expect_not(count.wrong_size);
}

// From 2 MiB on it is another kind of memory.
Test(base_mem, what_is_large_keeps_its_bytes)
{
  enum { STEP = 1 << 20 };
  static const size_t sizes[] = {0,        100,          STEP, 2 * STEP, 2 * STEP + 1, 7 * STEP - 3,
                                 3 * STEP, 2 * STEP - 1, 0,    5 * STEP, 9 * STEP};
  unsigned char *p = NULL;
  size_t had = 0;
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    p = lq_mem_resize(&lq_mem_libc, p, had, sizes[i], 1);
    cr_assert_not_null(p);
    for (size_t k = 0; k < had && k < sizes[i]; k += 997)
      cr_assert(p[k] == (unsigned char)(k / 997), "size %zu, byte %zu", sizes[i], k);
    had = sizes[i];
    for (size_t k = 0; k < had; k += 997)
      p[k] = (unsigned char)(k / 997);
  }
  lq_mem_free(&lq_mem_libc, p, had, 1);
  cr_expect_null(lq_mem_resize(&lq_mem_libc, NULL, 0, SIZE_MAX - 64, 1));
}

Test(base_mem, arena)
{
  counting_mem count = {0};
  lq_mem mem = {counting_fn, &count};
  lq_arena a = {.mem = &mem};
  for (int round = 0; round < 6; round++) {
    size_t before = count.requests;
    for (size_t n = 0; n < 3000; n += 7) {
      unsigned char *p = lq_arena_alloc(&a, n);
      cr_assert_not_null(p);
      cr_assert_eq((uintptr_t)p % _Alignof(max_align_t), 0);
      cr_assert(n == 0 || (p[0] == 0 && p[n - 1] == 0), "not zeroed");
      memset(p, 0xAA, n);
    }
    cr_expect(round < 3 || count.requests == before, "round %d still allocates", round);
    lq_arena_reset(&a);
  }
  lq_str s = lq_arena_copy(&a, (lq_str){"a\0b", 3});
  cr_expect(s.n == 3 && s.p[2] == 'b' && s.p[3] == '\0');
  cr_expect(lq_str_is(lq_arena_format(&a, "%s-%d", "x", 12), "x-12"));
  cr_expect_null(lq_arena_array(&a, SIZE_MAX / 4, 8));
  cr_expect(a.failed);
  lq_arena_reset(&a);
  cr_expect_not(a.failed);
  cr_expect_null(lq_arena_alloc(&a, SIZE_MAX));
  lq_arena_free(&a);
  lq_arena_free(&a);
  cr_expect_eq(a.total, 0);
  cr_expect_eq(count.live, 0);
  cr_expect_not(count.wrong_size);
}

Test(base_mem, arena_out_of_memory)
{
  counting_mem count = {.fail_at = 1};
  lq_mem mem = {counting_fn, &count};
  lq_arena a = {.mem = &mem};
  lq_str s = lq_arena_copy(&a, LQ_STR("abc"));
  cr_expect(s.n == 0 && s.p != NULL && a.failed);
  cr_expect_eq(lq_arena_format(&a, "%d", 1).n, 0);
  lq_arena_free(&a);
  cr_expect_eq(count.live, 0);
}
