// A record with more values than any honest one: what no rule reads gets no node, so that it costs no memory
// and hides nothing.
#ifndef LQ_INPUT_CROWD_H
#define LQ_INPUT_CROWD_H

#include "input/windows.h"

typedef struct lq_crowd {
  const lq_mem *mem;
  const lq_fill *fill;
  lq_windows *windows;
  uint32_t max_values; // of one field
  lq_arena keys;       // of the key at hand
  uint32_t *counts;    // by name: nodes of the field map, then those below
  size_t ncounts;
} lq_crowd;

// For one record. LQ_E_NOMEM.
lq_status lq_crowd_begin(lq_crowd *c, const lq_fill *f, lq_windows *w, uint32_t max_values);
uint32_t lq_crowd_member(void *user, uint32_t where, lq_str key, bool escaped); // of lq_json_choice
bool lq_crowd_room(void *user, uint32_t where);
void lq_crowd_end(lq_crowd *c);

#endif
