// Values of a parsed record to the slots of an event, or to a visitor: one walk serves both.
#ifndef LQ_INPUT_FILL_H
#define LQ_INPUT_FILL_H

#include "base/event.h"
#include "input/cursor.h"
#include "input/json.h"
#include "input/notes.h"
#include "input/reader.h"

#define LQ_FILL_NOBODY (LQ_NO_SLOT - 1)

typedef struct lq_fill {
  const lq_mem *mem;
  const lq_json *json;
  size_t max_value;

  // Filling: the event and what its map wants. NULL: visiting.
  lq_event *e;
  const lq_fieldmap *map;
  const lq_slot_set *wanted; // the slots of this pass; NULL: all
  uint32_t only;             // of what is emitted: this slot gets it, LQ_FILL_NOBODY; LQ_NO_SLOT: all that
                             // sit at its node
  // Visiting: every leaf by its full name.
  void (*leaf)(void *user, lq_str name, const lq_value *v);
  void *user;

  lq_arena *text;   // decoded strings
  lq_buf name;      // where the walk is, when names are wanted
  bool named;       // they can be: visiting, or some slot is a pattern of names
  bool naming;      // they are, in this pass
  bool drop_empty;  // a mapped Windows event: "", "-" and the null GUID are no values
  uint32_t element; // of a mapped array of objects

  struct lq_fill_slot {
    uint32_t scope;
    bool is_scope;
    uint32_t dotted_in, dotted_element; // of a scope: what dotted keys of this object have below it
  } * slots;
  size_t nslots;
  uint32_t *next_element, *element_of; // by slot of a scope: how many there are; which one we are in
  uint32_t *scopes;                    // the slots that are scopes
  size_t nscopes;
  uint32_t *tied; // the slots that lie below their scope
  size_t ntied;
  // Each slot is in one of them: it has a place of its own in the map, and values by themselves; it is a
  // scope or tied to one, and elements are numbered together; or it is a pattern of names.
  lq_slot_set alone, family, patterns;
  lq_slot_set together; // family and patterns
  lq_slot_set walked;   // of those asked for, what a walk gives values to
  lq_notes notes;       // where the values of those that stand alone lie
  uint32_t inside;      // the object whose members are walked, from 1

  struct lq_fill_key { // hash table of the keys of one object, to find duplicates
    lq_str text;
    uint32_t object;
  } * keys;
  size_t keys_cap;
  uint32_t object; // entries of other objects are free

  // What was met in this record.
  uint64_t repaired;
  bool cut; // a text is longer than max_value: whoever keeps or copies it has its beginning
  bool range, duplicate;
  bool has_time;
  int64_t time;
  bool failed; // out of memory
} lq_fill;

// map and e, or leaf: the other is NULL.
lq_status lq_fill_init(lq_fill *f, const lq_fieldmap *map, size_t max_value, const lq_mem *mem);
void lq_fill_free(lq_fill *f);

// A new record. text is where decoded strings go.
void lq_fill_begin(lq_fill *f, const lq_json *json, lq_event *e, lq_arena *text);
// One more pass over the same record, for other slots. A pass has scopes and all that is tied to them, or
// none of these. wanted is borrowed for the pass; NULL: all.
void lq_fill_again(lq_fill *f, const lq_slot_set *wanted);
// Everything below a value: object is its index. node is where it sits in the map (0: the root).
void lq_fill_walk(lq_fill *f, uint32_t value, uint32_t node);
// The same for one member of it, by a key.
void lq_fill_member(lq_fill *f, uint32_t key, uint32_t node);
void lq_fill_named(lq_fill *f, lq_str key, uint32_t value, uint32_t node);
// One value under a full name; node is the name's place in the map.
void lq_fill_emit(lq_fill *f, uint32_t node, lq_str name, lq_value v);
// The record's time, from a value called @timestamp. False: it is none.
bool lq_fill_time(lq_fill *f, const lq_value *v);
// Or from what the Endgame sensor calls `timestamp`: FILETIME, 100 ns since 1601. Other numbers are none.
bool lq_fill_filetime(lq_fill *f, const lq_value *v);
// The scopes of a mapped event: an object where a value lies below one.
void lq_fill_close_scopes(lq_fill *f);
// Notes everything below a value, for lq_fill_give. A key of an object at that node likewise.
void lq_fill_note(lq_fill *f, uint32_t value, uint32_t node);
void lq_fill_note_member(lq_fill *f, uint32_t key, uint32_t node);
// The noted values of a slot that stands alone.
void lq_fill_give(lq_fill *f, uint32_t slot);
// Adds the whole family if one of it is wanted. Then f->walked is what of the set stands not alone; false:
// nothing.
void lq_fill_widen(const lq_fill *f, lq_slot_set *wanted);
bool lq_fill_walks(lq_fill *f, const lq_slot_set *wanted);
// Can a name that goes on from here fit a pattern? What stands before its first wildcard decides.
bool lq_fill_may_fit_below(lq_str pattern, lq_str name);
// Sets f->duplicate.
void lq_fill_find_duplicates(lq_fill *f);

// A scalar's value: decoded, counted. False for null.
bool lq_fill_value(lq_fill *f, uint32_t value, lq_value *out);
lq_str lq_fill_key(lq_fill *f, uint32_t key);
lq_str lq_fill_shorten(lq_fill *f, lq_str s); // to max_value, for texts that are copied
bool lq_is_empty_value(const lq_value *v);    // "", "-" or the null GUID

#endif
