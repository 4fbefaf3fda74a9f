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

// The first slot of the set from `from` on, below n; LQ_NO_SLOT: there is none.
static inline uint32_t lq_slot_set_next(const lq_slot_set *s, uint32_t from, uint32_t n)
{
  for (uint32_t i = from / 64; from < n && i < s->n; i++, from = i * 64) {
    uint64_t word = s->words[i] >> from % 64;
    if (!word)
      continue;
    from += (uint32_t)__builtin_ctzll(word);
    return from < n ? from : LQ_NO_SLOT;
  }
  return LQ_NO_SLOT;
}
static inline bool lq_slot_set_meets(const lq_slot_set *a, const lq_slot_set *b)
{
  uint64_t both = 0;
  for (size_t i = 0; i < a->n; i++)
    both |= a->words[i] & b->words[i];
  return both != 0;
}

typedef struct lq_cursor lq_cursor;
struct lq_cursor {
  lq_event *event; // what does not need decoding (bytes, place), and what was asked for: slots, time
  // Gives the event the slots in `wanted`, none of which is in `done`. It may give it more, and adds those to
  // `wanted`. NULL: the event is whole.
  lq_status (*fill)(lq_cursor *c);
  lq_status (*time)(lq_cursor *c); // NULL: the event has its time
  void *user;                      // of both
  bool timed;
  bool may_be_over; // a limit: what nobody asks for could still have to be counted
  lq_slot_set done, wanted;
  // Records of one kind have the same values in the slots of `decided`, whatever else is in them, and kinds
  // are the same for all cursors of a field map. 0: it is of none.
  uint64_t kind;
  const lq_slot_set *decided;
};

static inline bool lq_cursor_kind_decides(const lq_cursor *c, uint32_t slot)
{
  return c->kind && lq_slot_set_has(c->decided, slot);
}

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
// The same, less the slots that its kind decides.
lq_status lq_cursor_need_rest(lq_cursor *c, const lq_slot_set *set);
// The same for time and has_time of the event.
lq_status lq_cursor_need_time(lq_cursor *c);
// Counters of limits (cut values, cut fields) tell of all the slots in the set, as if they had been asked
// for. Who finds that an event can be judged without some of them says so here. Costs nothing unless the
// record is so large that one could be over a limit. LQ_E_NOMEM.
lq_status lq_cursor_count(lq_cursor *c, const lq_slot_set *set);

#endif
