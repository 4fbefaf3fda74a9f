// The frame of a bundle, once it has been checked: where each section lies.
#ifndef LQ_VM_FRAME_H
#define LQ_VM_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "vm/bytes.h"
#include "vm/verify.h"

typedef struct lq_part {
  uint32_t type, element;
  const char *name;
} lq_part;

extern const lq_part lq_parts[LQ_SEC_COUNT]; // by LQ_SEC_name
int lq_part_of(uint32_t type);               // -1: unknown

typedef struct lq_extent {
  size_t at, n; // bytes
  uint32_t rows;
} lq_extent;

typedef struct lq_frame {
  const uint8_t *bytes;
  size_t n;
  uint8_t digest[32];
  lq_extent at[LQ_SEC_COUNT];
  lq_fault *fault;
} lq_frame;

bool lq_all_zero(const uint8_t *p, size_t n);
// f has bytes, n and fault; the rest is filled in.
lq_status lq_frame_check(lq_frame *f);

#endif
