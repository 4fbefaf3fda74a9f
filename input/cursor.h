// One record, asked for the fields that somebody wants. Who asks does not know where they come from: JSON
// text (input/record.h), getters of a caller's (lib/record.c), or an event that is whole already.
#ifndef LQ_INPUT_CURSOR_H
#define LQ_INPUT_CURSOR_H

#include "base/event.h"

// Slots of a field map, a bit each.
typedef struct lq_slot_set {
  const lq_mem *mem;
  uint64_t *words;
  size_t n;
} lq_slot_set;
lq_status lq_slot_set_init(lq_slot_set *s, size_t slots, const lq_mem *mem);
void lq_slot_set_free(lq_slot_set *s);
void lq_slot_set_all(lq_slot_set *s); // bits beyond the last slot too
static inline void lq_slot_set_add(lq_slot_set *s, uint32_t slot)
{
  s->words[slot / 64] |= UINT64_C(1) << slot % 64;
}
static inline bool lq_slot_set_has(const lq_slot_set *s, uint32_t slot)
{
  return s->words[slot / 64] >> slot % 64 & 1;
}

typedef struct lq_cursor lq_cursor;
struct lq_cursor {
  lq_event *event; // what does not need decoding (bytes, place, time), and the slots that were asked for
  // Gives the event the slots in `wanted`, none of which is in `done`. It may give it more, and adds those to
  // `wanted`. NULL: the event is whole.
  lq_status (*fill)(lq_cursor *c);
  void *user; // of fill
  lq_slot_set done, wanted;
};

lq_status lq_cursor_init(lq_cursor *c, lq_event *event, lq_status (*fill)(lq_cursor *c), const lq_mem *mem);
void lq_cursor_free(lq_cursor *c);
void lq_cursor_begin(lq_cursor *c);                   // a new record: nothing is filled
static inline lq_cursor lq_cursor_of(lq_event *whole) // borrowed; needs no free
{
  return (lq_cursor){.event = whole};
}
// From here on the event has the slots of the set, with the values that the record has there. Values that
// were there stay, but may have moved. LQ_E_NOMEM.
lq_status lq_cursor_need(lq_cursor *c, const lq_slot_set *set);

#endif
