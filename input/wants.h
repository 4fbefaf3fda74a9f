// Which members of a record anybody reads: fields of the map, what tells one kind of record from another, its
// time, and what the mapping of raw Windows events makes fields of. Exact upwards: what is left out, no
// filling of any slot would have looked at (fill.c, windows.c, record.c).
#ifndef LQ_INPUT_WANTS_H
#define LQ_INPUT_WANTS_H

#include "input/shapes.h"
#include "input/windows.h"

// What a value may be called beside the nodes of the field map (the root is 0) and LQ_JSON_LEAVE_OUT.
enum {
  LQ_WANTS_ALL = UINT32_MAX - 1,   // with all that is inside it
  LQ_WANTS_VALUE = UINT32_MAX - 2, // itself, or that it is there, and no members
};

typedef struct lq_wants {
  const lq_fill *fill;  // has a map
  lq_windows **windows; // made when NULL
} lq_wants;

bool lq_wants_member(void *user, const lq_shape *in, lq_shape *made, lq_str key); // of lq_wants_hook

#endif
