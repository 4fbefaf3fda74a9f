// A slice of telemetry under real rules: every event kept, what the rules' code says of each, and variants of
// the rules.
//
// Few rules fire on what really happened. A variant makes more of them fire: conditions hold by chance as
// well, and tables are changed (a term that must be missing, runs, spans, windows). Keys, times and what is
// captured stay real. The engine and the reference ask the same questions here; what order, keys and time
// make of the answers is what they differ in.
#ifndef LQ_TESTS_REFERENCE_SLICE_H
#define LQ_TESTS_REFERENCE_SLICE_H

#include "engine/engine.h"
#include "engine/process.h"
#include "state/partition.h"

typedef struct s_variant {
  uint64_t seed;
  uint32_t chance; // in a thousand, that a condition holds though it does not; 0: none
  int64_t scale;   // aggregates are this many times as large when a `where` sees them
  int64_t round;   // times are cut to multiples of it, so that many are equal, or a span apart; 0: not
  bool change;     // tables are changed
  bool make_up;    // of what an event does not say as a key, an argument or a captured field, half is made up
  // Copies.
  lq_state_def *states;
  lq_term_def *terms;
  lq_stage_def *stages;
  lq_state_tables tables;
} s_variant;

typedef struct s_keys {
  uint32_t first, n; // in key_ids
  bool known;
} s_keys;

// One who asks. The engine and the reference have one each: what one is given dies when it asks anew.
typedef struct s_asker {
  lq_exec exec;
  const struct s_slice *slice;
  uint32_t event; // at hand, by arrival
  lq_event *nothing;
} s_asker;

typedef struct s_slice {
  const lq_ruleset *rules;
  const lq_program *program;
  lq_arena arena;
  // By arrival.
  lq_event *events;
  size_t n, cap;
  int64_t *stamp; // the time that counts, as it came
  // By place: their order, and the time that counts.
  uint32_t *order;
  int64_t *time;
  uint32_t *place;                // by arrival
  uint8_t *holds;                 // by event and term: its condition; 0 where it refers to earlier terms
  uint8_t *refers, *asks_lineage; // by term
  uint8_t *aggregates;            // by stage argument
  uint32_t *term_of, *state_of;   // by snippet: its term, LQ_NONE; by term: its state
  uint32_t *stats_of;             // by snippet of a WHERE: the STATS before it, LQ_NONE
  // Texts of keys, each once.
  lq_str *texts;
  size_t ntexts, texts_cap;
  uint32_t *table; // of ids + 1
  size_t table_size;
  s_keys *keys; // by event and term
  uint32_t *key_ids;
  size_t nkey_ids, key_ids_cap;
  // What events say of processes, by arrival; by lineage row and event: whether the row's query holds.
  uint32_t *own, *parent;
  uint8_t *starts, *unique, *row_holds;
  s_asker asker;
} s_slice;

void s_begin(s_slice *s, const lq_ruleset *rules);
void s_add(s_slice *s, const lq_event *e); // copies it
void s_look(s_slice *s);                   // at all of them
void s_free(s_slice *s);

void s_make_variant(s_slice *s,
                    s_variant *v); // puts the events in order; the keys of the one before are forgotten
void s_free_variant(s_variant *v);

void s_asker_init(s_asker *a, const s_slice *s, lq_event *nothing);
void s_asker_free(s_asker *a);
void s_ask_event(s_asker *a, uint32_t event); // UINT32_MAX: none
void s_ask_begin(s_asker *a);                 // what was given is dead
// captures and columns may be NULL.
bool s_ask_truth(s_asker *a, const s_variant *v, uint32_t snippet, const lq_values *const *captures,
                 const lq_values *columns);
lq_values s_ask_value(s_asker *a, const s_variant *v, uint32_t snippet);
lq_values s_ask_field(s_asker *a, const s_variant *v, uint32_t field);

uint32_t s_text_id(s_slice *s, lq_str text);
// The keys of a term for an event: ids of texts.
const uint32_t *s_keys_of(s_slice *s, const s_variant *v, uint32_t event, uint32_t term, size_t *n);
// Tuples of some lists as ids of texts, at most max; picks (nparts for each) may be NULL. null: a part may
// have none.
size_t s_tuples(s_slice *s, const lq_values *parts, const bool *null, size_t nparts, uint32_t *out,
                const lq_value **picks, size_t max);
void s_add_part(lq_buf *out, const lq_str *text); // NULL: null

_Noreturn void s_die(const char *why);

#endif
