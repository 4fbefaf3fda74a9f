// Raw Windows events to ECS, by the tables of stdlib/mapping.h.
#ifndef LQ_INPUT_WINDOWS_H
#define LQ_INPUT_WINDOWS_H

#include "input/fill.h"

typedef struct lq_windows lq_windows; // what a field map wants of the tables, worked out once

// Is this object a raw Windows event? *event is the object with `System` in it, or the flat one itself.
bool lq_windows_shape(const lq_json *j, uint32_t object, uint32_t *event);
// *w is made when it is NULL. Fills f from the event.
lq_status lq_windows_fill(lq_windows **w, lq_fill *f, uint32_t event);
void lq_windows_free(lq_windows *w);

#endif
