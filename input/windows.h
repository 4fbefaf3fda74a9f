// Raw Windows events to ECS, by the tables of stdlib/mapping.h.
#ifndef LQ_INPUT_WINDOWS_H
#define LQ_INPUT_WINDOWS_H

#include "input/fill.h"

typedef struct lq_windows lq_windows; // what a field map wants of the tables, worked out once

// Is this object a raw Windows event? *event is the object with `System` in it, or the flat one itself.
bool lq_windows_shape(const lq_json *j, uint32_t object, uint32_t *event);
// *w is made when it is NULL. Fills f from the event.
lq_status lq_windows_fill(lq_windows **w, lq_fill *f, uint32_t event);
// The tables alone, as filling makes them too. NULL: no memory.
lq_windows *lq_windows_new(const lq_fill *f);
#define LQ_NO_NAME UINT32_MAX
size_t lq_windows_names(const lq_windows *w); // that the mapping knows
uint32_t lq_windows_name(const lq_windows *w, lq_str name);
// Where in the map a datum of a flat event lies that the mapping does not know; LQ_NO_NODE: nobody reads it.
uint32_t lq_windows_datum(const lq_windows *w, const lq_fill *f, lq_str name);
void lq_windows_free(lq_windows *w);

#endif
