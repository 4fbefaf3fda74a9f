// State as bytes: little-endian numbers, texts with their length, values, events. Reading doubts everything.
#ifndef LQ_STATE_CODEC_H
#define LQ_STATE_CODEC_H

#include "base/buf.h"
#include "state/snapshot.h"

void lq_encode8(lq_buf *out, unsigned v);
void lq_encode32(lq_buf *out, uint64_t v);
void lq_encode64(lq_buf *out, uint64_t v);
void lq_encode_str(lq_buf *out, lq_str s);
void lq_encode_order(lq_buf *out, lq_order o);
void lq_encode_value(lq_buf *out, const lq_value *v);
void lq_encode_packed(lq_buf *out, const lq_packed *p);     // NULL too
void lq_encode_snapshot(lq_buf *out, const lq_snapshot *k); // NULL too

// What is left to read. After the first thing that is not there, everything reads as zero and bad stays true.
typedef struct lq_decoder {
  lq_str rest;
  bool bad;
  lq_status status; // LQ_E_NOMEM beside bad
  lq_arena *room;   // for values on their way
  const lq_mem *mem;
  const uint32_t *slots; // by slot of the file: ours, or UINT32_MAX
  size_t nslots;
} lq_decoder;

unsigned lq_decode8(lq_decoder *w);
uint32_t lq_decode32(lq_decoder *w);
uint64_t lq_decode64(lq_decoder *w);
lq_str lq_decode_str(lq_decoder *w); // borrowed
lq_order lq_decode_order(lq_decoder *w);
bool lq_decode_flag(lq_decoder *w);
// A count of things that take at least `size` bytes each.
uint32_t lq_decode_count(lq_decoder *w, size_t size);
lq_value lq_decode_value(lq_decoder *w);        // texts are borrowed
lq_packed *lq_decode_packed(lq_decoder *w);     // NULL: there was none, or bad
lq_snapshot *lq_decode_snapshot(lq_decoder *w); // NULL: there was none, or bad
lq_status lq_decoder_status(const lq_decoder *w);
static inline void lq_decoder_refuse(lq_decoder *w, bool when)
{
  w->bad |= when;
}

#endif
