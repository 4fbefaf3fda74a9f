// Bump allocator: a list of blocks, newest first, each at least twice the one before.
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>

struct lq_arena_block {
  lq_arena_block *next;
  size_t cap, used;
  max_align_t data[];
};

enum { FIRST_BLOCK = 4096 - sizeof(lq_arena_block), ALIGN = _Alignof(max_align_t) };

// Doubling makes the newest block the largest, so after a few resets one block holds all that a round needs.
static size_t block_size(const lq_arena *a, size_t need)
{
  size_t size = FIRST_BLOCK;
  if (a->head && a->head->cap <= SIZE_MAX / 4)
    size = a->head->cap * 2;
  return size < need ? need : size;
}

static bool add_block(lq_arena *a, size_t need)
{
  if (need > SIZE_MAX / 2)
    return false;
  size_t cap = block_size(a, need);
  lq_arena_block *b = lq_mem_resize(a->mem, NULL, 0, sizeof *b + cap, 1);
  if (!b)
    return false;
  *b = (lq_arena_block){.next = a->head, .cap = cap};
  a->head = b;
  a->total += sizeof *b + cap;
  return true;
}

static void free_block(lq_arena *a, lq_arena_block *b)
{
  size_t size = sizeof *b + b->cap;
  a->total -= size;
  lq_mem_free(a->mem, b, size, 1);
}

static char *take(lq_arena *a, size_t size, size_t *need)
{
  bool fits = !__builtin_add_overflow(size, ALIGN - 1, need);
  *need &= ~(size_t)(ALIGN - 1);
  if (!fits || ((!a->head || a->head->cap - a->head->used < *need) && !add_block(a, *need))) {
    a->failed = true;
    return NULL;
  }
  char *p = (char *)a->head->data + a->head->used;
  a->head->used += *need;
  return p;
}

void *lq_arena_alloc(lq_arena *a, size_t size)
{
  size_t need = 0;
  char *p = take(a, size, &need);
  return p ? memset(p, 0, need) : NULL;
}

char *lq_arena_bytes(lq_arena *a, size_t size)
{
  size_t need = 0;
  return take(a, size, &need);
}

void *lq_arena_array(lq_arena *a, size_t count, size_t size)
{
  size_t bytes;
  if (!__builtin_mul_overflow(count, size, &bytes))
    return lq_arena_alloc(a, bytes);
  a->failed = true;
  return NULL;
}

lq_str lq_arena_copy(lq_arena *a, lq_str s)
{
  if (s.n == 0)
    return LQ_STR("");
  char *p = s.n < SIZE_MAX ? lq_arena_bytes(a, s.n + 1) : NULL;
  if (!p)
    return LQ_STR("");
  p[s.n] = '\0';
  return (lq_str){memcpy(p, s.p, s.n), s.n};
}

lq_str lq_arena_vformat(lq_arena *a, const char *fmt, va_list ap)
{
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  char *p = n > 0 ? lq_arena_alloc(a, (size_t)n + 1) : NULL;
  if (p)
    vsnprintf(p, (size_t)n + 1, fmt, again);
  va_end(again);
  a->failed |= n < 0;
  return p ? (lq_str){p, (size_t)n} : LQ_STR("");
}

lq_str lq_arena_format(lq_arena *a, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  lq_str s = lq_arena_vformat(a, fmt, ap);
  va_end(ap);
  return s;
}

void lq_arena_reset(lq_arena *a)
{
  a->failed = false;
  if (!a->head)
    return;
  for (lq_arena_block *b = a->head->next, *next; b; b = next) {
    next = b->next;
    free_block(a, b);
  }
  a->head->next = NULL;
  a->head->used = 0;
}

void lq_arena_free(lq_arena *a)
{
  lq_arena_reset(a);
  if (a->head)
    free_block(a, a->head);
  a->head = NULL;
}
