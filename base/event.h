// One event as rules see it: for each field that some rule uses, a slot with the values found under that
// name.
#ifndef LQ_BASE_EVENT_H
#define LQ_BASE_EVENT_H

#include "base/arena.h"
#include "base/value.h"
#include "libquery/status.h"

// ---- which fields are wanted

#define LQ_NO_SLOT UINT32_MAX

// The fields that a rule set reads, as a tree of name parts: nested, dotted and mixed spellings of a name all
// lead to one node. Immutable after the last add, then shared by threads.
//
// A scope is the path of an array whose elements a query tests one by one (`path:{…}`, any(), arraySearch()).
// A slot that is tied to a scope remembers, with each value, which element it came from. A scope's own slot
// has the elements themselves (OBJECT for objects), numbered from 0 in `element`; `parent` is the element of
// the scope around it. Scopes nest: a scope may be tied to another.
typedef struct lq_fieldmap lq_fieldmap;

typedef struct lq_field_spec {
  lq_str name;    // full path; a part may hold `*` (LQ_ANY_RUN bytes) for KQL's field patterns; a lone
                  // LQ_ANY_RUN is "any field"
  uint32_t scope; // slot of the scope it is tied to, or LQ_NO_SLOT
  bool is_scope;
} lq_field_spec;

lq_status lq_fieldmap_new(lq_fieldmap **out, const lq_mem *mem);
void lq_fieldmap_free(lq_fieldmap *m);
size_t lq_fieldmap_nodes(const lq_fieldmap *m); // of the tree, the root among them
lq_status lq_fieldmap_add(lq_fieldmap *m, const lq_field_spec *spec,
                          uint32_t *slot); // slots count up from 0; equal specs share one
size_t lq_fieldmap_slots(const lq_fieldmap *m);
const lq_field_spec *lq_fieldmap_spec(const lq_fieldmap *m, uint32_t slot);

// For decoders: walk down the tree while walking the event. Node 0 is the root; LQ_NO_NODE wants nothing
// below.
#define LQ_NO_NODE UINT32_MAX
uint32_t lq_fieldmap_child(const lq_fieldmap *m, uint32_t node, lq_str part);  // one name part, without dots
uint32_t lq_fieldmap_descend(const lq_fieldmap *m, uint32_t node, lq_str key); // a key, dots and all
bool lq_fieldmap_has_patterns(
    const lq_fieldmap *m); // some slot is a pattern: the decoder must also offer full names
uint32_t lq_fieldmap_first_pattern(const lq_fieldmap *m); // the others by lq_fieldmap_next_slot
// Calls add(user, slot) for each pattern slot that the full name fits.
void lq_fieldmap_match_patterns(const lq_fieldmap *m, lq_str full_name,
                                void (*add)(void *user, uint32_t slot), void *user);
// Slots that sit at a node: first one, then next ones. LQ_NO_SLOT ends.
uint32_t lq_fieldmap_slot_at(const lq_fieldmap *m, uint32_t node);
uint32_t lq_fieldmap_next_slot(const lq_fieldmap *m, uint32_t slot);
bool lq_fieldmap_node_is_scope(const lq_fieldmap *m, uint32_t node);
bool lq_fieldmap_has_below(const lq_fieldmap *m, uint32_t node); // some name goes on from there

// ---- what an event holds

typedef struct lq_slot_value {
  lq_value v;
  uint32_t next;    // index of the next value of this slot, 0 ends
  uint32_t element; // scoped slots: which element of the scope; a scope's own slot: its number
  uint32_t parent;  // a scope's own slot: element of the scope around it
} lq_slot_value;

typedef struct lq_event {
  const lq_fieldmap *map;
  const lq_mem *mem;
  lq_slot_value *values; // values[0] is unused, so that index 0 can mean "none"
  size_t nvalues, values_cap;
  uint32_t *first; // by slot; 0: none
  struct lq_event_tail {
    uint32_t last, count; // of its values, if there is a first one
  } * tails;              // by slot
  uint32_t *touched;      // slots to clear
  size_t ntouched;
  uint32_t max_values;   // of one slot, more are left out; 0: any number
  lq_arena text;         // decoded strings; lives until the next lq_event_clear
  lq_str raw;            // the record as it came in, borrowed from the reader for the callback
  lq_str source;         // name of the file or stream
  uint64_t line, offset; // where the record begins; line from 1
  uint64_t nth;          // which event that begins on its line, from 1; 0: nobody has counted
  int64_t time;          // ns since 1970; valid if has_time
  bool has_time;
  bool mapped;  // raw Windows shape, mapped to ECS
  bool crowded; // values were left out
  bool failed;  // out of memory while it was filled
} lq_event;

lq_status lq_event_init(lq_event *e, const lq_fieldmap *map, const lq_mem *mem);
void lq_event_free(lq_event *e);
void lq_event_clear(lq_event *e); // for the next record; keeps the memory, and source, line and offset
// Adds to every slot at that node (or to one slot). Text in v must live as long as the event: put it in
// e->text.
void lq_event_add_slot(lq_event *e, uint32_t slot, lq_value v, uint32_t element, uint32_t parent);
// By full name, for getters and tables (mapping): only where that name is wanted. Scoped slots get it as
// element 0; a scope's own slot, and a slot tied to a scope of its own name, number what they get from 0.
void lq_event_add(lq_event *e, lq_str name, lq_value v);
// Keeps the beginning of texts that are longer, up to a code point; false: there are none. For events that
// are to be remembered.
bool lq_event_shorten(lq_event *e, size_t max_value);
static inline const lq_slot_value *lq_event_first(const lq_event *e, uint32_t slot)
{
  return e->first[slot] ? &e->values[e->first[slot]] : NULL;
}
static inline const lq_slot_value *lq_event_next(const lq_event *e, const lq_slot_value *v)
{
  return v->next ? &e->values[v->next] : NULL;
}

#endif
