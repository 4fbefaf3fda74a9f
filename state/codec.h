// State as bytes: little-endian numbers, texts with their length, values, and a pool of what is shared.
//
// What several hold is one in memory, and one in the bytes: an event, a list of values and the name of a
// source are entries of a pool, known by number. A save that builds on another one adds entries to the same
// pool. Reading doubts everything.
#ifndef LQ_STATE_CODEC_H
#define LQ_STATE_CODEC_H

#include "base/buf.h"
#include "state/snapshot.h"
#include "state/table.h"

// ---- writing

typedef struct lq_save_pool {
  const lq_mem *mem;
  uint8_t hash_key[16];
  uint32_t number, n; // marks with another number are of another pool; entries so far
  lq_buf out;         // the entries that no save has yet
  bool values;        // of whole events: to be written, as nobody could read them out of the record again
  lq_key_table sources;
  lq_str last_source;
  uint32_t last_at;
} lq_save_pool;
void lq_save_pool_begin(lq_save_pool *p, uint32_t number, const uint8_t hash_key[16], const lq_mem *mem);
void lq_save_pool_free(lq_save_pool *p);

typedef struct lq_encoder {
  lq_buf out;
  lq_save_pool *pool;
} lq_encoder;

static inline void lq_encode_bytes(lq_encoder *w, const void *p, size_t n)
{
  if (n == 0)
    return;
  if (w->out.cap - w->out.n < n) {
    lq_buf_add(&w->out, p, n);
    return;
  }
  memcpy(w->out.p + w->out.n, p, n);
  w->out.n += n;
}
void lq_encode8(lq_encoder *w, unsigned v);
void lq_encode32(lq_encoder *w, uint64_t v);
void lq_encode64(lq_encoder *w, uint64_t v);
void lq_encode_str(lq_encoder *w, lq_str s);
void lq_encode_order(lq_encoder *w, lq_order o);
void lq_encode_value(lq_encoder *w, const lq_value *v);
void lq_encode_packed(lq_encoder *w, lq_packed *p);  // NULL too
void lq_encode_event(lq_encoder *w, lq_snapshot *k); // NULL too
size_t lq_encode_gap(lq_encoder *w);                 // 4 bytes for what is known later
void lq_encode_into_gap(lq_encoder *w, size_t at, uint64_t v);

// ---- reading

typedef struct lq_pool_entry {
  lq_str bytes; // borrowed from the file
  uint8_t kind;
  bool unreadable; // an event that the bundle at hand cannot read
  void *made;      // a reference of ours
} lq_pool_entry;

typedef struct lq_pool_in {
  const lq_mem *mem; // of the entries
  lq_pool_entry *entries;
  size_t n, cap;
  // Fills a clear event from its record. NULL: the values come with the state. LQ_E_INPUT: it is none.
  lq_status (*read)(void *user, lq_str raw, lq_event *into);
  void *user;
  lq_event *into;
  const lq_slot_set *of_rows; // what is kept of it; NULL: all
} lq_pool_in;

// What is left to read. After the first thing that is not there, everything reads as zero and bad stays true.
typedef struct lq_decoder {
  lq_str rest;
  bool bad;
  lq_status status; // LQ_E_NOMEM beside bad
  const char *why;  // of bad, for people; NULL: nothing to say
  bool unreadable;  // an event came that nobody can read any more
  lq_arena *room;   // for values on their way
  const lq_mem *mem;
  lq_pool_in *pool;
  const uint32_t *slots; // by slot of the file: ours, or UINT32_MAX
  size_t nslots;
} lq_decoder;

unsigned lq_decode8(lq_decoder *w);
uint32_t lq_decode32(lq_decoder *w);
uint64_t lq_decode64(lq_decoder *w);
uint64_t lq_decode_tally(lq_decoder *w);         // of what counts on, and must not run over
lq_str lq_decode_bytes(lq_decoder *w, size_t n); // borrowed
lq_str lq_decode_str(lq_decoder *w);             // borrowed
lq_order lq_decode_order(lq_decoder *w);
bool lq_decode_flag(lq_decoder *w);
// A count of things that take at least `size` bytes each.
uint32_t lq_decode_count(lq_decoder *w, size_t size);
lq_value lq_decode_value(lq_decoder *w);     // texts are borrowed
lq_packed *lq_decode_packed(lq_decoder *w);  // NULL: there was none, or bad
lq_snapshot *lq_decode_event(lq_decoder *w); // NULL: there was none, or bad
void lq_decode_pool(lq_decoder *w);          // adds the entries that come
lq_status lq_decoder_status(const lq_decoder *w);
void lq_decoder_no_memory(lq_decoder *w);
static inline void lq_decoder_refuse(lq_decoder *w, bool when)
{
  w->bad |= when;
}
void lq_pool_in_free(lq_pool_in *p, const lq_mem *mem); // mem: of what was made

#endif
