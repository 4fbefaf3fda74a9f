// Which kernel runs: the processor is asked when a reader is made.
#include "input/index.h"

static void add(lq_index_kernel *out, size_t *n, size_t most, const char *name, lq_index_fn run, bool usable)
{
  if (usable && *n < most)
    out[(*n)++] = (lq_index_kernel){name, run};
}

size_t lq_index_kernels(lq_index_kernel *out, size_t most)
{
  size_t n = 0;
#ifdef LQ_INDEX_X86
  __builtin_cpu_init();
  bool product = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("popcnt");
  add(out, &n, most, "avx2", lq_index_avx2,
      product && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi"));
  add(out, &n, most, "sse4.2", lq_index_sse42, product && __builtin_cpu_supports("sse4.2"));
  add(out, &n, most, "sse2", lq_index_sse2, __builtin_cpu_supports("sse2"));
#endif
#ifdef LQ_INDEX_NEON
  add(out, &n, most, "neon", lq_index_neon, true);
#endif
  add(out, &n, most, "scalar", lq_index_scalar, true);
  return n;
}

// So that a stream of ever longer records is not a stream of allocations.
static size_t rounded(size_t n)
{
  size_t size = 4096;
  while (size < n)
    size *= 2;
  return size;
}

static bool fit(void **items, size_t *cap, size_t n, size_t size, const lq_mem *mem)
{
  if (n <= *cap)
    return true;
  size_t want = rounded(n);
  lq_mem_free(mem, *items, *cap, size);
  *items = NULL;
  *cap = 0;
  void *p = lq_mem_resize(mem, NULL, 0, want, size);
  if (!p)
    return false;
  *items = p;
  *cap = want;
  return true;
}

bool lq_index_reserve(lq_index *s, size_t n, const lq_mem *mem)
{
  return fit((void **)&s->at, &s->at_cap, n / 2 + LQ_INDEX_SLACK, sizeof *s->at, mem) &&
         fit((void **)&s->odd, &s->odd_cap, n / 64 + 1, sizeof *s->odd, mem);
}

void lq_index_free(lq_index *s, const lq_mem *mem)
{
  lq_mem_free(mem, s->at, s->at_cap, sizeof *s->at);
  lq_mem_free(mem, s->odd, s->odd_cap, sizeof *s->odd);
  *s = (lq_index){0};
}
