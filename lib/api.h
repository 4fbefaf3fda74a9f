// What the sources of the public API share.
#ifndef LQ_LIB_API_H
#define LQ_LIB_API_H

#include <stdatomic.h>

#include "base/event.h"
#include "input/reader.h"
#include "input/record.h"
#include "libquery/lq.h"
#include "state/keys.h"
#include "state/stateful.h"
#include "vm/bundle.h"

// Objects keep their own copy of the hook, so that a caller's lq_allocator need not outlive a call.
lq_mem lq_api_mem(const lq_allocator *a);
// The caller's limits over the defaults; given may be NULL.
lq_status lq_api_limits(lq_limits *out, const lq_limits *given);
// structs.c: what both versions know of a struct that begins with struct_size. `own_size` is ours, the
// caller's stands in the struct. LQ_E_USAGE for a size that cannot be right, NULL too.
// Over `own`, whose struct_size stays ours; LQ_E_USAGE also for fields of a newer caller's that are not zero.
lq_status lq_api_take(void *own, size_t own_size, const void *given);
// Into `out`, whose struct_size stays the caller's.
lq_status lq_api_give(void *out, const void *own, size_t own_size);
// What happened, into the caller's, which may be NULL: `facts` with texts that are cut to fit.
void lq_api_explain(lq_errinfo *out, lq_errinfo facts, lq_str message, lq_str help);
// Can lq_api_give write there? Asked before a call does anything.
bool lq_api_has_room(const void *out);
// seed.c: random bytes of the system's; where it gives none, of this process's own. `where` is an object's
// address.
enum { LQ_SEED_SIZE = 16 };
void lq_seed(uint8_t key[LQ_SEED_SIZE], const void *where);
void lq_seed_of_process(uint8_t key[LQ_SEED_SIZE], const void *where);
lq_input_limits lq_api_input_limits(const lq_limits *l);

// Gives what was collected to the caller's function; frees b. LQ_E_NOMEM if b had failed, LQ_E_IO.
lq_status lq_api_write(lq_buf *b, lq_write_fn write, void *user);

static inline lq_text lq_text_of(lq_str s)
{
  lq_text t = {s.p ? s.p : "", s.n};
  return t;
}

// A loaded rule set and its bytes; never changed again but for the count.
struct lq_bundle {
  atomic_size_t refs;
  lq_mem mem;
  lq_ruleset *rules;
  const lq_program *program;
  lq_limits limits;
  char digest[65];
};

// First value of a metadata key, empty without.
lq_str lq_bundle_meta(const lq_bundle *b, uint32_t rule, const char *key);
lq_str lq_bundle_string(const lq_bundle *b, uint32_t id); // empty for LQ_NONE

struct lq_state {
  lq_mem mem;
  lq_bundle *bundle; // a reference of its own
  lq_limits limits;
  int64_t lateness;
  uint8_t hash_key[LQ_SEED_SIZE];
  lq_run_store store;
  lq_rule_tables tables;
  lq_partition *partition; // NULL: no rule is stateful
  lq_record_reader records;
  bool has_records;
  lq_scan *scan; // that feeds it
};
void lq_state_add(const lq_state *s, lq_stats *out);

struct lq_scan {
  lq_mem mem;
  lq_bundle *bundle; // a reference of its own
  lq_scan_options options;
  lq_limits limits;
  lq_engine *engine;
  lq_reader *reader;
  lq_buf source;                // the name of the current source, as given
  struct lq_own_record *record; // of lq_scan_record
  lq_arena answers;             // what getters of a match give; dies with the match
  lq_status failure;            // why a hook stopped the reader, when it was not the caller
  lq_input_stats records;       // of lq_scan_record, added to the reader's
  lq_state *own, *state;        // the one it began with; the one that is fed, NULL: no rule is stateful
  lq_stateful *stateful;        // NULL: no rule is
  lq_event reread;              // an event of a group, read anew from its bytes
  lq_record_reader rereader;    // that reads it
  bool has_reread;
  size_t reread_of;             // which event of the match at hand that is; SIZE_MAX: none
  lq_buf cost_text;             // what lq_scan_cost gave last
  lq_buf fields;                // a record of the caller's own, as JSON, to be kept
  bool busy;                    // inside a callback, where feeding would go wrong
  uint64_t passing;             // records of the source that an earlier scan has had
  uint64_t had;                 // records of the source before where reading began
  lq_input_stats begun, passed; // the reader's counters when the source began; what was counted for records
                                // that were passed over
  uint64_t line, nth;           // of the event before: its line, and which event that begins on it
  char id[33];                  // of the match that was asked last
  int64_t now;                  // that functions are told
  // take.c: of a block that another thread has sifted.
  const lq_hits *known;       // of the record at hand; NULL: they are to be found
  lq_engine_stats judged;     // counters of those threads
  lq_event stamped;           // an event of which only the time matters
  bool has_stamped, counting; // counting: no callbacks
};

struct lq_match {
  lq_scan *scan;
  const lq_event *event; // NULL: see group
  uint32_t rule, kind;
  const lq_outcome *group; // of a stateful rule
  size_t last;             // index of the event that completed it; SIZE_MAX: it has none
};

// What a match knows of one of its events, whatever its kind. False: a missing term, or no such event.
typedef struct lq_spot {
  lq_str raw, source;
  uint64_t line, nth;
  int64_t time;
  bool has_time;
} lq_spot;
bool lq_match_place(const lq_match *m, size_t i, lq_spot *out);
size_t lq_match_last(const lq_outcome *g);
lq_text lq_key_text(lq_arena *a, lq_str key); // for people

// What a scan and a sift are made of.
lq_status lq_api_open(lq_engine **engine, lq_reader **reader, const lq_bundle *b, const lq_scan_options *o,
                      const lq_limits *limits, const lq_reader_hooks *hooks, const lq_mem *mem);
// Which lines may go unread. NULL: none.
const lq_sieve *lq_api_sieve(const lq_bundle *b, const lq_scan_options *o);
// The status that a feed gives, of the reader's.
lq_status lq_scan_settle(const lq_scan *s, lq_status status);
int lq_scan_bad(void *user, const lq_bad_record *b); // the reader's hook
// Runs the rules over an event and calls back. The status that the feeding call should give.
lq_status lq_scan_event(lq_scan *s, lq_cursor *c);

// Was the record, which the reader has just counted, read by an earlier scan?
lq_status lq_scan_count(lq_scan *s, lq_cursor *c); // take.c: what it would count, without callbacks
bool lq_scan_passes(lq_scan *s);
// The source that was named: from its first byte, NULL, or from there on.
void lq_scan_begin_reader(lq_scan *s, const lq_reader_position *from);
lq_input_stats lq_scan_input_stats(const lq_scan *s); // without the records that were passed over

lq_str lq_match_rule_id(const lq_match *m);

// ---- state.c
lq_status lq_scan_open_state(lq_scan *s);
void lq_scan_close_state(lq_scan *s);
void lq_scan_add_state(const lq_scan *s, lq_stats *out);
uint64_t lq_scan_groups(const lq_scan *s, size_t rule);

// ---- record.c
void lq_own_record_free(struct lq_own_record *r);

// ---- alert.c
void lq_json_fields(lq_buf *out, const lq_event *e);     // as one object, by full names
void lq_json_event(lq_buf *out, lq_str raw);             // a record's bytes, as one line of UTF-8
void lq_json_values(lq_buf *out, const lq_values *list); // null, a value, or an array

#endif
