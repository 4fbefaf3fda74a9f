// Where in a record the values lie that slots want: one walk notes them for all slots, so that a slot that is
// asked for later costs its own values alone.
#ifndef LQ_INPUT_NOTES_H
#define LQ_INPUT_NOTES_H

#include "base/event.h"

typedef struct lq_note {
  uint32_t value; // a node of the JSON text
  uint32_t next;  // of the same slot; 0: the last
} lq_note;

typedef struct lq_notes {
  const lq_mem *mem;
  struct lq_noted {
    uint32_t record, first, last; // of another record: none
  } * slots;
  size_t nslots;
  lq_note *list; // list[0] is unused
  size_t n, cap;
  uint32_t record; // counts up
  bool failed;
} lq_notes;

lq_status lq_notes_init(lq_notes *n, size_t slots, const lq_mem *mem);
void lq_notes_free(lq_notes *n);
void lq_notes_begin(lq_notes *n); // a new record
void lq_notes_add(lq_notes *n, uint32_t slot, uint32_t value);
static inline uint32_t lq_notes_first(const lq_notes *n, uint32_t slot) // of list; 0: there is none
{
  return n->slots[slot].record == n->record ? n->slots[slot].first : 0;
}

#endif
