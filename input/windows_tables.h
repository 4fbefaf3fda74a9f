// What a field map wants of the mapping tables: for each row its place in the map, for each log and id the
// rows that matter to it. For windows.c.
#ifndef LQ_INPUT_WINDOWS_TABLES_H
#define LQ_INPUT_WINDOWS_TABLES_H

#include "input/windows.h"
#include "stdlib/mapping.h"

#define LQ_WINDOWS_NONE UINT16_MAX
enum { LQ_WINDOWS_PLANS = 512 }; // places for them; half of these are taken at most

enum { LQ_WINDOWS_CATEGORY, LQ_WINDOWS_TYPE, LQ_WINDOWS_ACTION, LQ_WINDOWS_KINDS };

// A row, as a slot that stands alone is given it.
typedef struct lq_windows_gift {
  uint16_t row, name; // LQ_WINDOWS_NONE: no raw value is needed
  uint8_t how;
  bool also, last; // it adds to what came before; no other row of the target follows
} lq_windows_gift;
enum { LQ_GIFT_CALL, LQ_GIFT_TEXT, LQ_GIFT_STRING, LQ_GIFT_CONST }; // by its transform, or these directly

typedef struct lq_windows_plan {
  uint64_t key;   // log and id, plus one
  uint16_t *rows; // the wanted ones, in their order
  // The same, those of one target together; by target: where they begin, LQ_WINDOWS_NONE: it has none.
  struct lq_windows_gift *gifts;
  uint16_t *first;
  size_t nrows, nmany, nwalked;
  uint16_t *many;   // those of them that can give several values for one
  uint16_t *walked; // those of them that give to scopes, to what is tied to these, or to patterns of names
  size_t most_rows, most_many;            // of one target
  lq_str *kinds;                          // what its kind gives, in one piece:
  uint16_t kind_at[LQ_WINDOWS_KINDS + 1]; // where in it each of the three fields begins, and the end
  uint64_t *slots; // a bit for each slot that stands alone and that its rows, its kind or data can give to
  lq_slot_set decided; // slots that stand alone and have the same values in all events of the plan, or none
} lq_windows_plan;

typedef struct lq_windows_row {
  uint32_t node;   // of its target in the field map
  uint16_t name;   // of its raw value, LQ_WINDOWS_NONE: none is needed
  uint16_t target; // rows of one target have the same
  bool wanted, patterned,
      scoped; // some slot reads it; a pattern of names fits it; a slot of the family reads it
} lq_windows_row;

// A slot that stands alone.
typedef struct lq_windows_slot {
  uint16_t target; // of the rows that can give to it; LQ_WINDOWS_NONE
  uint8_t kind;    // LQ_WINDOWS_KINDS: none
  bool in_data;
} lq_windows_slot;

// Of the event at hand if `seen` is its number: the node of a name's value, and what that says when it is no
// array. A value is decoded once, however many rows are made of it.
typedef struct lq_windows_value {
  uint32_t seen, node;
} lq_windows_value;
typedef struct lq_windows_text {
  lq_value v;
  uint32_t seen;
  bool has, empty; // it is a scalar; of no worth, since a raw event has it where there is no value
} lq_windows_text;

// What a key of a flat record is.
typedef enum lq_windows_role {
  LQ_WINDOWS_UNKNOWN, // nobody has asked yet
  LQ_WINDOWS_DATUM,
  LQ_WINDOWS_ECS,  // such a record is mapped already
  LQ_WINDOWS_ID,   // it has an id,
  LQ_WINDOWS_LOG,  // and what tells the log, so it is a raw event
  LQ_WINDOWS_PART, // System, EventData …: with an object in it, the record is not flat, or not quite
  LQ_WINDOWS_WRAP, // _source
} lq_windows_role;

lq_windows_role lq_windows_role_of(lq_str key);

// A key of a known shape.
typedef struct lq_windows_key {
  uint32_t datum;       // node of that datum in the map; LQ_NO_NODE: nobody reads it, or it is a header
  uint16_t place, name; // in names: of the key, of the raw value that it is and that some row reads
  uint8_t role;
} lq_windows_key;

typedef struct lq_windows_raw {
  lq_str text;
  uint32_t datum;   // node of that datum of the event, LQ_NO_NODE: nobody reads it
  uint16_t header;  // of a flat record: the `$name` it is known by, LQ_WINDOWS_NONE: it is no event's
  uint16_t element; // below `System`: the first of its rows in elements, LQ_WINDOWS_NONE: it has none
  bool is_header;
  bool is_read; // some row that is wanted is made of it, or of the header that it is known by
} lq_windows_raw;

typedef struct lq_windows_element {
  const lq_map_header *header;
  uint16_t name;
} lq_windows_element;

struct lq_windows {
  const lq_mem *mem;
  lq_arena own;
  const lq_map_row *rows;
  size_t nrows;
  lq_windows_row *row;
  size_t ntargets;
  lq_windows_slot *slot; // by slot that stands alone
  uint32_t *slot_of;     // by target: that slot, LQ_NO_SLOT
  uint64_t *data;        // a bit for each slot that stands alone and lies in the data
  size_t nwords;
  bool kinds_walked; // a scope, or what is tied to one, can have the kind of an event
  bool data_walked;  // a scope, what is tied to one, or a pattern can have values of the data
  uint32_t *done;    // by target: the last pass in which it has a value
  uint32_t pass;     // counts up

  // Distinct raw names, those of the header in both spellings; behind them elements of `System`, and names of
  // data that only the map knows.
  lq_windows_raw *names;
  lq_windows_value *values; // beside them
  lq_windows_text *texts;
  uint16_t nnames, nknown;
  size_t names_cap, table_size;
  lq_windows_element *elements; // those of one name together
  size_t nelements;
  uint16_t *table;                       // hash of names
  lq_windows_key *keys;                  // by number of a key's shape
  uint32_t generation;                   // of these numbers
  bool deep_data;                        // data can have names that are not in the table
  uint32_t event;                        // counts up
  uint16_t channel, provider, id, stamp; // names of the header; the target of @timestamp

  uint32_t kinds[LQ_WINDOWS_KINDS], kind_slots[LQ_WINDOWS_KINDS]; // nodes and slots
  uint32_t event_data, user_data;                                 // nodes
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

static inline void lq_windows_set_bit(uint64_t *words, uint32_t slot)
{
  words[slot / 64] |= UINT64_C(1) << slot % 64;
}
uint16_t lq_windows_place(const lq_windows *w, lq_str name); // in names, LQ_WINDOWS_NONE: it is not known
// Where in the map a datum lies: known is its place in names.
uint32_t lq_windows_datum_at(const lq_windows *w, uint16_t known, lq_str name);
// NULL: no memory.
const lq_windows_plan *lq_windows_plan_of(lq_windows *w, lq_map_group group, uint32_t id);

// ---- the raw values of an event (windows_values.c)

// A new event: the object that it is, and that of its header, 0: it is flat.
void lq_windows_begin_event(lq_windows *w, uint32_t at, uint32_t system);
// Of all names, and where in the data slots find theirs, or these values themselves (w->way).
void lq_windows_take_all(lq_windows *w);
uint32_t lq_windows_event_id(lq_windows *w); // UINT32_MAX: it has none
lq_str lq_windows_raw_text(lq_windows *w, uint16_t name);
const lq_windows_text *lq_windows_read(lq_windows *w, uint16_t name, uint32_t node);
// The node of its value, 0: it has none.
static inline uint32_t lq_windows_value_of(const lq_windows *w, uint16_t name)
{
  return name != LQ_WINDOWS_NONE && w->values[name].seen == w->event ? w->values[name].node : 0;
}
// The first value of a name counts.
static inline void lq_windows_set(lq_windows *w, uint16_t name, uint32_t value)
{
  const lq_json_node *nodes = w->fill->json->nodes;
  if (name == LQ_WINDOWS_NONE || w->values[name].seen == w->event || nodes[value].kind == LQ_JSON_NULL)
    return;
  w->values[name] = (lq_windows_value){.seen = w->event, .node = value};
  if (nodes[value].kind == LQ_JSON_ARRAY)
    w->listed += nodes[value].next - value;
}

// lq_windows_place, for a key of the record: a number that was met before spares looking it up.
uint16_t lq_windows_place_of_key(lq_windows *w, uint32_t key, lq_str name);

#endif
