// The allocation hook: every byte of our own comes from here, sized on the way out and back.
#ifndef LQ_BASE_MEM_H
#define LQ_BASE_MEM_H

#include <stddef.h>

// Gives new_size bytes that begin as p's old_size bytes did; new_size 0 frees and gives NULL.
// p is NULL when old_size is 0. NULL for new_size > 0 means out of memory, and p is still valid.
typedef void *(*lq_mem_fn)(void *user, void *p, size_t old_size, size_t new_size);

typedef struct lq_mem {
  lq_mem_fn fn;
  void *user;
} lq_mem;

extern const lq_mem lq_mem_libc;

// All of these check count * size for overflow; NULL is out of memory.
void *lq_mem_alloc(const lq_mem *m, size_t count,
                   size_t size); // zeroed; a count of 0 gives a pointer to nothing, not NULL
void *lq_mem_resize(const lq_mem *m, void *p, size_t old_count, size_t new_count,
                    size_t size);                                      // the new tail is not zeroed
void lq_mem_free(const lq_mem *m, void *p, size_t count, size_t size); // NULL is fine

// Makes room for one more element in a growing array; false is out of memory, and nothing changed.
//   if (!LQ_GROW(mem, list->items, list->n, &list->cap)) return LQ_E_NOMEM;
#define LQ_GROW(mem, items, n, cap) lq_mem_grow((mem), (void **)&(items), (n), (cap), sizeof *(items))
int lq_mem_grow(const lq_mem *m, void **items, size_t n, size_t *cap, size_t size);

#endif
