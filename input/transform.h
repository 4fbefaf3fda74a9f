// A raw value to a field's: the transforms of stdlib/mapping.h.
#ifndef LQ_INPUT_TRANSFORM_H
#define LQ_INPUT_TRANSFORM_H

#include "input/fill.h"
#include "stdlib/mapping.h"

typedef struct lq_map_call {
  lq_fill *fill;
  const lq_map_row *row;
  uint32_t node; // of the target in the field map
  bool gave;     // a value was given
  // Another raw value of the same event, as text; empty when there is none.
  lq_str (*other)(void *user, lq_str raw);
  void *user;
} lq_map_call;

void lq_map_apply(lq_map_call *c, const lq_value *raw);
void lq_map_give(lq_map_call *c, lq_value v);

#endif
