// What the files of a machine share: matches on their way, partial matches, stages, and the room they take.
#ifndef LQ_STATE_MACHINE_INTERNAL_H
#define LQ_STATE_MACHINE_INTERNAL_H

#include "state/codec.h"
#include "state/room.h"
#include "state/table.h"

#define LQ_NO_SNIPPET UINT32_MAX
enum { LQ_MACHINE_KEYS_MAX = 64, LQ_SAMPLE_TERMS_MAX = 256, LQ_MACHINE_COLUMNS_MAX = 256 };

struct lq_machine_host {
  lq_meter *meter; // all state is taken from its hook
  const lq_state_tables *tables;
  lq_state_limits limits;
  uint8_t hash_key[16];
  lq_asker asker;
  lq_state_hooks hooks;
  lq_key_set keys, stage_keys; // work room
  lq_value *part_room;
  lq_machine *const *machines; // all that share the room
  lq_ancestry *lineage;        // so does it; NULL: there is none
  bool finite;                 // SORT, TAIL and the like: `end` will come
};

// A match on its way through the stages, or one that is being put together.
typedef struct lq_state_match {
  lq_link link;
  size_t size, charged; // of this block; of everything that hangs on it
  lq_order order;
  uint64_t nth; // TAIL, SORT: ascending along stage.matches
  uint32_t nslots, nterms, ncolumns, nkey;
  lq_snapshot **events; // by slot
  lq_packed **captures; // by term: of the first event of its runs
  lq_packed **columns;
  lq_packed *keep;     // of KEEP
  lq_packed *sorted;   // what a SORT that is giving out sorts it by
  uint32_t keep_stage; // index of that stage; UINT32_MAX without
  bool at_hand;        // events[0] is the event at hand, not kept yet
  char *key;
} lq_state_match;

typedef struct lq_partial {
  lq_link age;             // in machine.partials by first event; when held, in machine.held by last event
  lq_link in_key;          // when held and undecided: in entry.held
  struct lq_partial *next; // in its entry, fuller ones first
  struct lq_key_entry *entry;
  lq_state_match *match;
  uint32_t filled; // positive slots
  bool poisoned;   // an event that had to be missing came
  bool held, decided, dead;
  int64_t first, lead; // time of the first event; of the last leading `![ ]` match before it, INT64_MIN none
  lq_order last;
  uint64_t nth; // the how-manieth it began, or was held: one event may do so for several keys
} lq_partial;

typedef struct lq_key_entry {
  lq_key_node node;
  lq_link by_lead; // in machine.leads
  lq_partial *partials;
  lq_link held;
  size_t nheld;
  int64_t lead;
  bool has_lead;
  // SAMPLE and JOIN: the group being put together, and which terms each of its events fits (by filled slot).
  lq_state_match *match;
  lq_packed *
      *chosen;   // SAMPLE: captures of each filled slot's event, by the terms that it fits: nterms x nterms
  uint8_t *fits; // SAMPLE: nterms x nterms
  uint32_t filled;
  bool done; // SAMPLE: its match has been given
  int64_t first;
} lq_key_entry;

// SUPPRESS, UNIQUE, NEW_TERMS, COUNT, UNIQUE_COUNT: what was seen.
typedef struct lq_first_seen {
  lq_key_node node;
  int64_t time;
  uint64_t count;
  lq_state_match *match; // UNIQUE_COUNT
  lq_packed *values;     // COUNT: the key's values
} lq_first_seen;

typedef struct lq_window_group lq_window_group;

// A node that is being loaded.
typedef struct lq_node_at {
  lq_key key;
  uint64_t nth;
  lq_loading how;
} lq_node_at;

typedef struct lq_stage {
  const lq_stage_def *def;
  uint32_t column; // the first column it makes
  uint64_t count;  // HEAD: passed; COUNT: all
  lq_link matches; // TAIL, SORT
  size_t nmatches;
  lq_key_table table; // of lq_first_seen or lq_window_group
} lq_stage;

struct lq_machine {
  lq_machine_host *host;
  const lq_mem *mem, *fixed; // for state, metered; for what is there from the beginning, and work room
  uint32_t state;
  const lq_state_def *def;
  const lq_term_def *terms;
  uint32_t nterms, nslots, npositive, ncolumns, last_columns; // most at any place; at the end
  uint32_t *slot_of;                                          // by term: its first slot in the output
  uint32_t *filled_of; // by term: its first positive slot (number of positive slots before it)
  uint32_t *slot_at;   // by positive slot: its slot in the output
  bool has_lead, has_trail, refers;
  lq_key_table table; // lq_key_entry
  lq_link partials, leads, held;
  lq_stage *stages;
  const lq_values **view_captures;
  lq_values *view_columns, *asked; // work room; asked: the largest of keys, captures, arguments
  lq_column *out_columns;
  lq_view view;
  size_t nasked;
  lq_state_match *own_match; // EVENT: passes through without being made each time
  lq_at_hand *at_hand;
  lq_value *values_room; // of values()
  size_t values_cap;
  int64_t clock;
  uint64_t births;     // groups and seen keys so far
  size_t before, took; // bytes in use when the step began; what steps have taken lately
  lq_machine_stats stats;
  lq_machine_stats saved; // as they were then: a machine that did nothing has nothing to save
  int64_t saved_clock;
  uint64_t saved_births; // rows with a higher number are new
};

// ---- machine.c
void lq_tell(lq_machine *m, lq_step_kind kind, const lq_partial *p, lq_str key, uint32_t filled);
lq_snapshot *lq_at_hand_keep(lq_machine *m); // borrowed; NULL: no memory, or no room (counted)
bool lq_at_hand_fits(const lq_machine *m);   // there could be room
static inline bool lq_too_old(int64_t now, int64_t then, int64_t span) // now - then > span, without overflow
{
  return span >= 0 && now > then && (uint64_t)now - (uint64_t)then > (uint64_t)span;
}
static inline int64_t lq_later(int64_t t, int64_t span)
{
  int64_t r;
  return __builtin_add_overflow(t, span, &r) ? INT64_MAX : r;
}
static inline int64_t lq_earlier(int64_t t, int64_t span)
{
  int64_t r;
  return __builtin_sub_overflow(t, span, &r) ? INT64_MIN : r;
}

// ---- match.c
lq_state_match *lq_state_match_new(lq_machine *m, lq_str key, uint32_t nslots, uint32_t nterms);
lq_state_match *lq_state_match_own(lq_machine *m);              // for m->own_match: fixed, not charged
void lq_state_match_free(lq_machine *m, lq_state_match *match); // NULL is fine
bool lq_state_match_set_event(lq_machine *m, lq_state_match *match, uint32_t slot,
                              lq_snapshot *kept); // takes a reference
void lq_state_match_set_packed(lq_machine *m, lq_state_match *match, lq_packed **place,
                               lq_packed *p); // takes p, drops what was there
const lq_view *lq_view_of(lq_machine *m, const lq_state_match *match);
bool lq_ask(lq_machine *m, uint32_t snippet, const lq_state_match *match);
lq_values lq_ask_value(lq_machine *m, uint32_t snippet, const lq_state_match *match);
// Of the event at hand; NULL when it has none to keep. LQ_OK with *whole false: no room, counted.
lq_status lq_ask_captures(lq_machine *m, uint32_t term, lq_packed **out, bool *whole);
// Key tuples of a term for the event at hand, in host->keys.
lq_status lq_ask_keys(lq_machine *m, uint32_t term);

// ---- sequence.c, sample.c
lq_status lq_sequence_event(lq_machine *m, const uint8_t *hits);
lq_status lq_sample_event(lq_machine *m, const uint8_t *hits);
lq_status lq_sequence_release(lq_machine *m, bool all, int64_t clock,
                              bool *did); // held matches that are decided
void lq_sequence_expire(lq_machine *m, int64_t clock);
lq_partial *lq_partial_new(lq_machine *m, lq_key_entry *e);
void lq_partial_drop(lq_machine *m, lq_partial *p); // out of every list
void lq_partial_leave_key(lq_partial *p);           // when held
void lq_partial_insert(lq_key_entry *e, lq_partial *p);
lq_key_entry *lq_entry_get(lq_machine *m, const lq_key *key); // made when there is none; NULL: no memory
void lq_entry_settle(lq_machine *m, lq_key_entry *e);         // freed when nothing is in it
void lq_entry_free(lq_machine *m, lq_key_entry *e);
void lq_entry_drop_match(lq_machine *m, lq_key_entry *e); // SAMPLE, JOIN: what was put together so far

// ---- stages.c
lq_status lq_stages_init(lq_machine *m);
void lq_stages_free(lq_machine *m);
lq_status lq_stages_push(lq_machine *m, uint32_t from, lq_state_match *match); // takes the match
lq_status lq_stages_end(lq_machine *m);
void lq_stages_expire(lq_machine *m, int64_t clock);
int64_t lq_stages_due(const lq_machine *m);

void lq_stage_drop_key(lq_machine *m, lq_stage *s, lq_key_node *node);
void lq_stage_drop_match(lq_machine *m, lq_stage *s, lq_state_match *match);

int lq_sort_order(const lq_value *a, const lq_value *b); // NULL comes first

// ---- first_seen.c
lq_first_seen *lq_first_seen_get(lq_machine *m, lq_stage *s, const lq_key *key,
                                 bool *is_new); // NULL: no memory
lq_first_seen *lq_first_seen_new(lq_machine *m, lq_stage *s, const lq_key *key);
void lq_first_seen_take(lq_machine *m, lq_stage *s, lq_first_seen *seen); // out of its table: the caller's
void lq_first_seen_drop(lq_machine *m, lq_first_seen *seen);              // frees what was taken
void lq_first_seen_free(lq_machine *m, lq_stage *s, lq_first_seen *seen); // both
lq_status lq_new_terms(lq_machine *m, lq_stage *s, lq_state_match *match, bool *passes);
lq_status lq_suppress(lq_machine *m, lq_stage *s, lq_state_match *match, bool *passes);
lq_status lq_stage_key(lq_machine *m, const lq_stage *s, const lq_state_match *match, bool whole, bool null);
lq_values *lq_stage_args(lq_machine *m, const lq_stage_def *d, uint32_t from, uint32_t n,
                         const lq_state_match *match);

// ---- machine_save.c, machine_load.c, load_order.c
void lq_match_save(const lq_state_match *r, lq_encoder *w, bool with_key);
lq_state_match *lq_match_load(lq_machine *m, lq_decoder *w, const lq_str *key); // key: it is not in the bytes
void lq_table_sort(lq_key_table *t);                                            // by nth
void lq_machine_sort(lq_machine *m); // its lists, by what they promise

// ---- window.c
lq_status lq_window_push(lq_machine *m, uint32_t stage, lq_state_match *match); // takes the match
lq_status lq_window_end(lq_machine *m, uint32_t stage);
int64_t lq_window_last(const lq_key_node *node); // time of its newest event
void lq_window_save(const lq_stage *s, const lq_key_node *node, lq_encoder *w);
void lq_window_load(lq_machine *m, lq_stage *s, const lq_node_at *at, lq_decoder *w);
void lq_window_group_free(lq_machine *m, lq_stage *s, lq_key_node *node);

#endif
