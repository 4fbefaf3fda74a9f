// Where the strings of a JSON text begin: the first step of the fast decoder (input/walk.h), done 64 bytes at
// a time by whatever wide instructions the processor has.
#ifndef LQ_INPUT_INDEX_H
#define LQ_INPUT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

typedef struct lq_index {
  // Each opening quote, in order. Between the end of a string and the next of these there is no quote.
  uint32_t *at;
  size_t n;
  size_t bytes; // of the text that this is about
  // A bit for each byte: a backslash, or not ASCII.
  uint64_t *odd;
  size_t at_cap, odd_cap;
} lq_index;

// line: the text ends before its first newline, if there is one among n bytes. False: this is no JSON, for a
// string (it is not closed, has a control character or a bad escape) or for a backslash outside of one. True
// says nothing about the grammar. There is room for a text of n bytes.
typedef bool (*lq_index_fn)(const char *text, size_t n, bool line, lq_index *out);
enum { LQ_INDEX_SLACK = 64, LQ_INDEX_BLOCK = 64 };

typedef struct lq_index_kernel {
  const char *name;
  lq_index_fn run;
} lq_index_kernel;

// Those that this processor can run, the fastest first; the last one runs everywhere.
size_t lq_index_kernels(lq_index_kernel *out, size_t most);
// Room for a text. False: no memory.
bool lq_index_reserve(lq_index *s, size_t n, const lq_mem *mem);
void lq_index_free(lq_index *s, const lq_mem *mem);

// Is any byte of [from, to) odd?
static inline bool lq_index_is_odd(const uint64_t *odd, uint32_t from, uint32_t to)
{
  if (from >= to)
    return false;
  size_t first = from / 64, last = (to - 1) / 64;
  uint64_t head = ~UINT64_C(0) << from % 64, tail = ~UINT64_C(0) >> (63 - (to - 1) % 64);
  if (first == last)
    return (odd[first] & head & tail) != 0;
  uint64_t any = (odd[first] & head) | (odd[last] & tail);
  for (size_t i = first + 1; i < last; i++)
    any |= odd[i];
  return any != 0;
}

// The kernels, each in its own file, compiled for what it needs. Which ones a build has: input/meson.build.
bool lq_index_avx2(const char *text, size_t n, bool line, lq_index *out);  // and BMI, PCLMUL
bool lq_index_sse42(const char *text, size_t n, bool line, lq_index *out); // and PCLMUL, POPCNT
bool lq_index_sse2(const char *text, size_t n, bool line, lq_index *out);
bool lq_index_neon(const char *text, size_t n, bool line, lq_index *out);
bool lq_index_scalar(const char *text, size_t n, bool line, lq_index *out);

#endif
