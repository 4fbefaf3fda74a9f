// Raw Windows events to ECS, by the tables of stdlib/mapping.h.
#ifndef LQ_INPUT_WINDOWS_H
#define LQ_INPUT_WINDOWS_H

#include "input/fill.h"

typedef struct lq_windows lq_windows; // what a field map wants of the tables, worked out once

// Is this object a raw Windows event? *event is the object with `System` in it, or the flat one itself.
bool lq_windows_shape(const lq_json *j, uint32_t object, uint32_t *event);
bool lq_windows_is_sign(lq_str key); // a key whose presence helps to tell
// The same of a record whose keys have all been met before: tells without comparing texts what
// lq_windows_shape tells of it, and takes its values along.
typedef enum lq_windows_verdict {
  LQ_WINDOWS_UNSURE,  // ask lq_windows_shape
  LQ_WINDOWS_IS_ECS,  // it is no raw event, and no `_source` either
  LQ_WINDOWS_IS_FLAT, // and lq_windows_open_flat is next
} lq_windows_verdict;
lq_windows_verdict lq_windows_look(lq_windows *w, lq_fill *f);
// What follows is of one event at a time: the one that was opened last. *w is made when it is NULL.
//
// The event whole: f is filled from it, whatever slots there are.
lq_status lq_windows_fill(lq_windows **w, lq_fill *f, uint32_t event);
// Its header and where its data lies, no more. *whole: it has been filled all the same, as something in it
// could be over a limit, and then all is counted.
lq_status lq_windows_open(lq_windows **w, lq_fill *f, uint32_t event, uint32_t max_values, bool *whole);
lq_status lq_windows_open_flat(lq_windows *w, uint32_t max_values, bool *whole);
// Then, slots: the values that they have when the event is filled whole. Of scopes and what is tied to them
// all are wanted, or none.
void lq_windows_give(lq_windows *w, lq_fill *f, const lq_slot_set *wanted);
void lq_windows_time(lq_windows *w, lq_fill *f);
// What the log and the id of the event decide alone, and a number for both, the same in all tables of a map.
uint64_t lq_windows_kind(const lq_windows *w, const lq_slot_set **decided);
// The tables alone, as filling makes them too. NULL: no memory.
lq_windows *lq_windows_new(const lq_fill *f);
#define LQ_NO_NAME UINT32_MAX
size_t lq_windows_names(const lq_windows *w); // that the mapping knows
uint32_t lq_windows_name(const lq_windows *w, lq_str name);
bool lq_windows_reads(const lq_windows *w, lq_str name); // is some row that is wanted made of it?
// Where in the map a datum of a flat event lies that the mapping does not know; LQ_NO_NODE: nobody reads it.
uint32_t lq_windows_datum(const lq_windows *w, const lq_fill *f, lq_str name);
void lq_windows_free(lq_windows *w);

#endif
