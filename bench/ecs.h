// The ECS form of a raw event: what the library's mapping says, as nested JSON.
#ifndef LQ_BENCH_ECS_H
#define LQ_BENCH_ECS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

typedef struct ecs ecs;
ecs *ecs_new(void); // NULL: out of memory
void ecs_free(ecs *e);
// Adds one object, without a line end. False: not a record, or out of memory.
bool ecs_line(ecs *e, lq_str raw, uint64_t number, lq_buf *out);

#endif
