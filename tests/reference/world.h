// A small world for testing state: rules and streams as short texts, and a stub in place of the virtual
// machine.
//
//   rule:   KIND [span=N] [by=FIELDS] [null] [first] TERM... [until=TERM] [|STAGE]...
//     KIND  event, seq, sample, join
//     TERM  a letter, with `!` before it when it must be missing; `*N` runs; `@T` and its x equals that of
//     term T;
//           `%` it forks; `^N` and the lineage of its process has row N (0 child, 1 descendant, 2 event of
//           something with the letter S; k names the process, j its parent, P its start);
//           `.FIELDS` keys of its own instead of `by`
//     FIELDS one letter each of k j x y; `?` before one: null is a value
//   stages: head=N tail=N sort=F rsort=F unique=F count count=F ucount=F suppress=F/N new=F/N keep=F
//   where=C>=N
//           stats=AGG,...;FIELDS[/N]   AGG count dcount:F sum:F avg:F min:F max:F first:F last:F values:F
//   stream: TIME:LETTERS[ F=V[,V]...]; ...   a time of - is no time; an event fits a term when it has the
//   term's letter
#ifndef LQ_TESTS_REFERENCE_WORLD_H
#define LQ_TESTS_REFERENCE_WORLD_H

#include "state/partition.h"

enum { W_FIELDS = 4, W_VALUES = 4, W_TERMS = 16, W_STAGES = 8, W_ARGS = 64, W_EVENTS = 512 };
#define W_UNBELIEVED INT64_C(1000000000000000) // a stamp from here on is too far ahead of any `now` here
enum { W_ROWS = 3, W_STATES = 4, W_PADDING = 4096 };
enum { W_K, W_J, W_X, W_Y };

typedef struct w_event {
  int64_t time;
  bool has_time;
  uint32_t letters;
  lq_value fields[W_FIELDS][W_VALUES];
  size_t counts[W_FIELDS];
  size_t padding; // bytes more of its record
} w_event;

typedef struct w_rule {
  lq_state_def state;
  lq_term_def terms[W_TERMS];
  lq_key_def keys[W_TERMS * W_FIELDS];
  lq_capture_def captures[W_TERMS * W_FIELDS];
  lq_stage_def stages[W_STAGES];
  lq_stage_arg args[W_ARGS];
  uint8_t refers[W_TERMS], late[W_TERMS], aggregates[W_ARGS];
  size_t nterms, nkeys, ncaptures, nstages, nargs;
  lq_state_tables tables;
} w_rule;

typedef struct w_stream {
  w_event events[W_EVENTS];
  size_t n;
} w_stream;

// False: a test is written wrongly.
bool w_read_rule(w_rule *rule, const char *text);
bool w_read_stream(w_stream *stream, const char *text);

// What snippets mean here.
uint32_t w_letter(uint32_t letter);                      // truth
uint32_t w_letter_ref(uint32_t letter, uint32_t term);   // truth
uint32_t w_field(uint32_t field);                        // value, of the event
uint32_t w_ref(uint32_t term, uint32_t field);           // value
uint32_t w_column_at_least(uint32_t column, uint32_t n); // truth

// A run of the engine over events. Lines of groups are appended to out: numbers of events from 1, `-` for an
// empty slot, then columns in brackets.
typedef struct w_run {
  const w_rule *rule;
  const w_stream *stream;
  const lq_state_tables *tables;
  const w_event *at_hand; // NULL: none
  lq_partition *state;
  lq_fieldmap *map;
  lq_event event;
  lq_buf *out, *steps; // steps may be NULL
  int cancel_after;    // groups; 0: never
  // NULL, or called in the middle of steps, with one of the two.
  void (*any_moment)(void *user, const lq_partition *state, const lq_outcome *group, const lq_step *step);
  void *any_user;
  const lq_mem *mem;
} w_run;

typedef struct w_options {
  int64_t lateness;
  lq_state_limits limits;
  lq_run_store store; // write is NULL: none
  int64_t now;        // 0: nobody tells
  uint8_t hash_seed;
  const lq_state_tables *tables; // of several rules (rule_set.h); NULL: of the one
  const uint8_t *late;           // by term of those
  const lq_mem *mem;             // NULL: the C library's
} w_options;

lq_status w_begin(w_run *run, const w_rule *rule, const w_stream *stream, const w_options *options,
                  lq_buf *out);
void w_move(w_run *to, w_run *from);        // what was in `to` goes
lq_status w_feed(w_run *run, size_t event); // by index
lq_status w_end(w_run *run);
void w_free(w_run *run);

#endif
