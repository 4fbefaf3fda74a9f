// State as bytes: little-endian numbers, texts with their length, values, events. Reading doubts everything.
#ifndef LQ_ENGINE_WIRE_H
#define LQ_ENGINE_WIRE_H

#include "base/buf.h"
#include "engine/kept.h"

void lq_wire_put8(lq_buf *out, unsigned v);
void lq_wire_put32(lq_buf *out, uint64_t v);
void lq_wire_put64(lq_buf *out, uint64_t v);
void lq_wire_put_str(lq_buf *out, lq_str s);
void lq_wire_put_order(lq_buf *out, lq_order o);
void lq_wire_put_value(lq_buf *out, const lq_value *v);
void lq_wire_put_packed(lq_buf *out, const lq_packed *p); // NULL too
void lq_wire_put_kept(lq_buf *out, const lq_kept *k);     // NULL too

// What is left to read. After the first thing that is not there, everything reads as zero and bad stays true.
typedef struct lq_wire {
  lq_str rest;
  bool bad;
  lq_status status; // LQ_E_NOMEM beside bad
  lq_arena *room;   // for values on their way
  const lq_mem *mem;
  const uint32_t *slots; // by slot of the file: ours, or UINT32_MAX
  size_t nslots;
} lq_wire;

unsigned lq_wire_get8(lq_wire *w);
uint32_t lq_wire_get32(lq_wire *w);
uint64_t lq_wire_get64(lq_wire *w);
lq_str lq_wire_get_str(lq_wire *w); // borrowed
lq_order lq_wire_get_order(lq_wire *w);
bool lq_wire_get_flag(lq_wire *w);
// A count of things that take at least `size` bytes each.
uint32_t lq_wire_get_count(lq_wire *w, size_t size);
lq_value lq_wire_get_value(lq_wire *w);    // texts are borrowed
lq_packed *lq_wire_get_packed(lq_wire *w); // NULL: there was none, or bad
lq_kept *lq_wire_get_kept(lq_wire *w);     // NULL: there was none, or bad
lq_status lq_wire_status(const lq_wire *w);
static inline void lq_wire_refuse(lq_wire *w, bool when)
{
  w->bad |= when;
}

#endif
