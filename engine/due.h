// Which machine has something to do next: a heap by time, so that a moment costs nothing while nobody is due.
#ifndef LQ_ENGINE_DUE_H
#define LQ_ENGINE_DUE_H

#include "base/mem.h"
#include "libquery/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct lq_due {
  const lq_mem *mem;
  uint32_t *heap;  // machines, the soonest first; of equals the lower number
  uint32_t *place; // by machine: where in the heap it stands; UINT32_MAX: not in it
  int64_t *when;   // by machine
  uint32_t n, count;
} lq_due;

lq_status lq_due_init(lq_due *d, uint32_t machines, const lq_mem *mem);
void lq_due_free(lq_due *d);
void lq_due_set(lq_due *d, uint32_t machine, int64_t when); // INT64_MAX: never
bool lq_due_first(const lq_due *d, uint32_t *machine, int64_t *when);

#endif
