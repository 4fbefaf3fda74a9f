// An allocation hook for tests: counts the live bytes, checks the sizes it is told, fails from the n-th
// request on, or that one alone.
#ifndef LQ_TESTS_COUNTING_MEM_H
#define LQ_TESTS_COUNTING_MEM_H

#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

typedef struct counting_mem {
  size_t live;     // bytes; 0 at the end is no leak
  size_t peak;     // of live
  size_t requests; // for new memory
  size_t fail_at;  // this request and all after it fail; 0: never
  bool once;       // this request alone
  bool wrong_size; // somebody told a size that was not the block's
} counting_mem;

static inline void *counting_fn(void *user, void *p, size_t old_size, size_t new_size)
{
  counting_mem *c = user;
  size_t *block = p ? (size_t *)((char *)p - 16) : NULL;
  c->wrong_size |= (block ? *block : 0) != old_size;
  if (new_size == 0) {
    c->live -= old_size;
    free(block);
    return NULL;
  }
  c->requests++;
  if (c->fail_at > 0 && (c->once ? c->requests == c->fail_at : c->requests >= c->fail_at))
    return NULL;
  size_t *grown = realloc(block, new_size + 16);
  if (!grown)
    return NULL;
  *grown = new_size;
  c->live += new_size - old_size;
  c->peak = c->live > c->peak ? c->live : c->peak;
  return (char *)grown + 16;
}

#endif
