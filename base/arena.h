// Bump allocator. Everything a compile builds dies together, so nothing in it is freed alone.
#ifndef LQ_BASE_ARENA_H
#define LQ_BASE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

typedef struct lq_arena_block lq_arena_block;
typedef struct lq_arena {
  const lq_mem *mem;
  lq_arena_block *head;
  size_t total; // bytes taken from mem
  bool failed;  // sticky: some allocation did not happen, so what was built is not whole
} lq_arena;

// Ready when {.mem = m}. Memory is zeroed and aligned for any object; NULL is out of memory.
void *lq_arena_alloc(lq_arena *a, size_t size);
char *lq_arena_bytes(lq_arena *a, size_t size);               // not zeroed, to be written at once
void *lq_arena_array(lq_arena *a, size_t count, size_t size); // checked multiplication
lq_str
lq_arena_copy(lq_arena *a,
              lq_str s); // NUL-terminated copy, for the debugger; {"", 0} and .failed when out of memory
lq_str lq_arena_format(lq_arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
lq_str lq_arena_vformat(lq_arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void lq_arena_reset(lq_arena *a); // keeps the newest block for reuse: nothing is allocated again in a steady
                                  // state; forgets a failure
void lq_arena_free(lq_arena *a);

#endif
