// What a field map wants of the mapping tables: for each row its place in the map, for each log and id the
// rows that matter to it. For windows.c.
#ifndef LQ_INPUT_WINDOWS_TABLES_H
#define LQ_INPUT_WINDOWS_TABLES_H

#include "input/windows.h"
#include "stdlib/mapping.h"

#define LQ_WINDOWS_NONE UINT16_MAX

typedef struct lq_windows_plan {
  uint64_t key;    // log and id, plus one
  uint16_t *rows;  // the wanted ones, in their order
  uint16_t *next;  // beside each: where in rows the next one of its target is
  uint16_t *first; // by target: the first one
  size_t nrows, nmany, nwalked;
  uint16_t *many;   // those of them that can give several values for one
  uint16_t *walked; // those of them that give to scopes, to what is tied to these, or to patterns of names
  const lq_map_kind *kind;
  uint64_t *slots; // a bit for each slot that stands alone and that its rows, its kind or data can give to
} lq_windows_plan;

typedef struct lq_windows_row {
  uint32_t node;   // of its target in the field map
  uint16_t name;   // of its raw value, LQ_WINDOWS_NONE: none is needed
  uint16_t target; // rows of one target have the same
  bool wanted, patterned,
      scoped; // some slot reads it; a pattern of names fits it; a slot of the family reads it
} lq_windows_row;

typedef struct lq_windows_raw {
  lq_str text;
  uint32_t value, seen; // the value of its name, if seen is the event at hand
  uint32_t datum;       // node of that datum of the event, LQ_NO_NODE: nobody reads it
  uint16_t header;      // of a flat record: the `$name` it is known by, LQ_WINDOWS_NONE: it is no event's
  uint16_t element;     // below `System`: the first of its rows in elements, LQ_WINDOWS_NONE: it has none
  bool is_header;
  bool is_read; // some row that is wanted is made of it, or of the header that it is known by
} lq_windows_raw;

typedef struct lq_windows_element {
  const lq_map_header *header;
  uint16_t name;
} lq_windows_element;

enum { LQ_WINDOWS_CATEGORY, LQ_WINDOWS_TYPE, LQ_WINDOWS_ACTION, LQ_WINDOWS_KINDS };

struct lq_windows {
  const lq_mem *mem;
  lq_arena own;
  const lq_map_row *rows;
  size_t nrows;
  lq_windows_row *row;
  size_t ntargets;
  uint16_t *target_of; // by slot that stands alone
  uint32_t *slot_of;   // by target: that slot, LQ_NO_SLOT
  uint64_t *data;      // a bit for each slot that stands alone and lies in the data
  size_t nwords;
  bool data_walked; // a scope, what is tied to one, or a pattern can have values of the data
  uint32_t *done;   // by target: the last pass in which it has a value
  uint32_t pass;    // counts up

  // Distinct raw names, those of the header in both spellings; behind them elements of `System`, and names of
  // data that only the map knows.
  lq_windows_raw *names;
  uint16_t nnames, nknown;
  size_t names_cap, table_size;
  lq_windows_element *elements; // those of one name together
  size_t nelements;
  uint16_t *table;     // hash of names
  uint16_t *shaped;    // by number of a key's shape: its place in names, plus one; 0: not known yet
  uint32_t generation; // of these numbers
  bool deep_data;      // data can have names that are not in the table
  uint32_t event;      // counts up
  uint16_t channel, provider, id, stamp; // names of the header; the target of @timestamp

  uint32_t kinds[LQ_WINDOWS_KINDS], kind_slots[LQ_WINDOWS_KINDS], event_data, user_data; // nodes and slots
  lq_windows_plan *plans;
  size_t nplans;
  lq_arena planned;

  // The event at hand.
  lq_fill *fill;
  uint32_t at, system; // system: 0 when it is flat
  const lq_windows_plan *plan;
  size_t listed; // elements of raw values that are arrays
  enum { LQ_WINDOWS_WALK, LQ_WINDOWS_NOTE } way;
};

uint16_t lq_windows_place(const lq_windows *w, lq_str name); // in names, LQ_WINDOWS_NONE: it is not known
// NULL: no memory.
const lq_windows_plan *lq_windows_plan_of(lq_windows *w, lq_map_group group, uint32_t id);

#endif
