// The kernels of 64-bit ARM against the plain ones, without a library that this machine has for its own
// processor only: run.sh builds it with a cross compiler and runs it in an emulator.
#include <stdio.h>
#include <stdlib.h>

#include "input/index.h"
#include "input/sieve_scan.h"
#include "tests/unit/random_json.h"

enum { RECORDS = 30000, KERNELS = 8, BLOCKS = 20000 };

static size_t compared, differences;

static void differ(const char *what, lq_str text)
{
  if (differences++ < 10)
    printf("%s: %.*s\n", what, LQ_STR_ARG(text));
}

// A text that ends where its memory ends.
static char *exact_copy(lq_str s)
{
  char *p = malloc(s.n ? s.n : 1);
  if (!p)
    exit(2);
  memcpy(p, s.p, s.n);
  return p;
}

// ---- where things begin

static bool same_index(const lq_index *a, const lq_index *b)
{
  bool same = a->n == b->n && memcmp(a->at, b->at, a->n * sizeof *a->at) == 0;
  for (uint32_t i = 0; i < a->bytes && same; i++)
    same = lq_index_is_odd(a->odd, i, i + 1) == lq_index_is_odd(b->odd, i, i + 1);
  return same;
}

static void compare_kernels(lq_str text, bool line, lq_index *plain, lq_index *wide)
{
  lq_index_kernel kernels[KERNELS];
  size_t n = lq_index_kernels(kernels, KERNELS);
  bool fine = lq_index_scalar(text.p, text.n, line, plain);
  for (size_t k = 0; k + 1 < n; k++, compared++) {
    bool also = kernels[k].run(text.p, text.n, line, wide);
    if (also != fine || plain->bytes != wide->bytes || (fine && !same_index(plain, wide)))
      differ(kernels[k].name, text);
  }
}

static void records(dice *d)
{
  lq_index plain = {0}, wide = {0};
  for (int i = 0; i < RECORDS; i++) {
    lq_buf text = {.mem = &lq_mem_libc};
    add_json(&text, d, 0);
    for (uint32_t n = i % 2 ? 1 + roll(d, 3) : 0; n > 0; n--)
      mutate(&text, d);
    char *p = exact_copy(lq_buf_get(&text));
    if (!lq_index_reserve(&plain, text.n, &lq_mem_libc) || !lq_index_reserve(&wide, text.n, &lq_mem_libc))
      exit(2);
    compare_kernels((lq_str){p, text.n}, false, &plain, &wide);
    compare_kernels((lq_str){p, text.n}, true, &plain, &wide);
    free(p);
    lq_buf_free(&text);
  }
  lq_index_free(&plain, &lq_mem_libc);
  lq_index_free(&wide, &lq_mem_libc);
}

// ---- texts that are looked for

static lq_sieve *sieve(dice *d)
{
  static const char *const words[] = {"abcab", "aab", "ccca", "bcac", "cabcabca", "acb", "bbbbab", "kas"};
  lq_str texts[4];
  size_t n = 1 + roll(d, 4);
  for (size_t i = 0; i < n; i++)
    texts[i] = lq_str_of(ONE_OF(d, words));
  lq_sieve *s = NULL;
  if (lq_sieve_new(&s, texts, n, &lq_mem_libc))
    exit(2);
  return s;
}

static void blocks(dice *d)
{
  for (int i = 0; i < BLOCKS; i++) {
    lq_sieve *s = sieve(d);
    char block[160];
    lq_str text = {block, roll(d, sizeof block)};
    for (size_t k = 0; k < text.n; k++)
      block[k] = "aabbccABCks\\\"u01\xE2\x84\xAA\xC5\xBF"[roll(d, 21)];
    char *p = exact_copy(text);
    text.p = p;
    for (size_t from = 0; from <= text.n; from += 1 + roll(d, 40), compared++) {
      if (lq_sieve_find(s, text, from, true) != lq_sieve_find(s, text, from, false))
        differ("sieve", text);
    }
    free(p);
    lq_sieve_free(s, &lq_mem_libc);
  }
}

int main(void)
{
  dice d = {1};
  lq_index_kernel kernels[KERNELS];
  size_t n = lq_index_kernels(kernels, KERNELS);
  records(&d);
  blocks(&d);
  printf("%s against %s: %zu comparisons, %zu differences\n", kernels[0].name, kernels[n - 1].name, compared,
         differences);
  return differences > 0 || n < 2;
}
