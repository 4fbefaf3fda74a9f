// Which machine has something to do next: a heap by time, so that a moment costs nothing while nobody is due.
#ifndef LQ_STATE_DEADLINES_H
#define LQ_STATE_DEADLINES_H

#include "base/mem.h"
#include "libquery/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct lq_deadlines {
  const lq_mem *mem;
  uint32_t *heap;  // machines, the soonest first; of equals the lower number
  uint32_t *place; // by machine: where in the heap it stands; UINT32_MAX: not in it
  int64_t *when;   // by machine
  uint32_t n, count;
} lq_deadlines;

lq_status lq_deadlines_init(lq_deadlines *d, uint32_t machines, const lq_mem *mem);
void lq_deadlines_free(lq_deadlines *d);
void lq_deadlines_set(lq_deadlines *d, uint32_t machine, int64_t when); // INT64_MAX: never
bool lq_deadlines_first(const lq_deadlines *d, uint32_t *machine, int64_t *when);

#endif
