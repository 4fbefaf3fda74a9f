// What a stateful rule is, as plain tables: terms to wait for, keys to join by, stages to pass through.
//
// A rule's code is a row of *snippets*. A rule over single events has one: its condition. A stateful rule has
// one for each term's condition, each key, each stage argument, each lineage. Whoever runs them (state/)
// asks for a snippet by index and gets a truth or a value; what order, state and time make of it is told in
// docs/language.md, "Sequences" and "Pipes".
//
// A rule's snippets have one order: of each term its condition and then its keys; then the stages' arguments;
// then lineages. Each belongs to one owner. vm/verify_rules.c proves all that this page says.
#ifndef LQ_VM_STATE_H
#define LQ_VM_STATE_H

#include "base/value.h"

typedef enum lq_gives { LQ_GIVES_TRUTH, LQ_GIVES_VALUE } lq_gives;

typedef struct lq_snippet {
  uint32_t rule;
  uint32_t code, ncode; // instructions; snippets tile the code in order
  uint32_t gives;       // lq_gives
  uint32_t max_stack, cost;
} lq_snippet;

typedef enum lq_state_kind {
  LQ_STATE_EVENT,
  LQ_STATE_SEQUENCE,
  LQ_STATE_SAMPLE,
  LQ_STATE_JOIN
} lq_state_kind;

// lq_rule_def.state is an index into these, or LQ_NONE for a rule over single events without stages or
// lineage: an event whose condition asks for lineage is of kind EVENT, with no stages perhaps. Terms, keys,
// captures, stages and arguments of a state lie in one run each; the runs tile their tables in order, and
// `first_…` is where the run before ended, of an empty run too.
typedef struct lq_state_def {
  uint32_t rule, kind;
  int64_t maxspan;             // ns, -1 none
  uint32_t first_term, nterms; // EVENT: one term. `until` is the last term, after nterms
  uint32_t until;              // 1: one more term stands after the nterms
  uint32_t first_stage, nstages;
  uint32_t flags; // LQ_STATE_UNTIL_FIRST, ... (Endgame)
} lq_state_def;
enum { LQ_STATE_UNTIL_FIRST = 1, LQ_STATE_NULL_KEYS = 2 };
enum {
  LQ_TERMS_MAX = 256,
  LQ_RUNS_MAX = 100,
  LQ_KEYS_MAX = 64,
  LQ_STAGES_MAX = 256,
  LQ_STAGE_ARGS_MAX = 256,
  LQ_COLUMNS_MAX = 256,
  LQ_LINEAGE_DEPTH_MAX = 3
};

typedef struct lq_term_def {
  uint32_t snippet;          // TRUTH: does an event fit this term
  uint32_t flags;            // LQ_TERM_NEGATED, LQ_TERM_FORK
  uint32_t runs;             // 1 to 100
  uint32_t first_key, nkeys; // the shared `by` keys first, then the term's own; equal for all terms and until
  uint32_t first_capture, ncaptures;
  uint32_t alias; // text id or LQ_NONE
} lq_term_def;
enum {
  LQ_TERM_NEGATED = 1,
  LQ_TERM_FORK = 2
}; // FORK (Endgame): the partial match that it moves on stays as well

typedef struct lq_key_def {
  uint32_t snippet; // VALUE over the event
  uint32_t flags;   // LQ_KEY_OPTIONAL: null is a value and joins with null
  uint32_t name;    // text id: the key as written
} lq_key_def;
enum { LQ_KEY_OPTIONAL = 1 };

// A field of the term's event that later terms or stages read: its values are kept in the partial match. Of a
// term with runs, the first of its events counts. Captured fields lie in no scope.
typedef struct lq_capture_def {
  uint32_t field;
} lq_capture_def;

typedef enum lq_stage_op {
  LQ_DO_WHERE,
  LQ_DO_HEAD,
  LQ_DO_TAIL,
  LQ_DO_SORT,
  LQ_DO_UNIQUE,
  LQ_DO_COUNT,
  LQ_DO_UNIQUE_COUNT,
  LQ_DO_KEEP,
  LQ_DO_DROP,
  LQ_DO_EVAL,
  LQ_DO_STATS,
  LQ_DO_SUPPRESS,
  LQ_DO_NEW_TERMS,
  LQ_DO_COUNT_OF_OPS,
} lq_stage_op;

typedef struct lq_stage_def {
  uint32_t op, flags; // LQ_STAGE_DESCENDING
  int64_t number;     // HEAD, TAIL: n; STATS over, SUPPRESS for, NEW_TERMS over: ns; -1 none
  uint32_t first_arg,
      nargs; // WHERE: 1 truth; HEAD, TAIL: none; COUNT, UNIQUE_COUNT: any number of values; others: 1 or more
  uint32_t nby; // STATS: of the args, how many at the end are `by` expressions; else 0
} lq_stage_def;
enum { LQ_STAGE_DESCENDING = 1 };

typedef struct lq_stage_arg {
  uint32_t snippet; // index, or LQ_NONE: count(), and what DROP names
  uint32_t
      name; // text id: the column it makes (`as` name, eval name), or the text as written; WHERE: LQ_NONE
  uint32_t function; // STATS: lq_function_id of the aggregate (by name in the file), else LQ_NONE
} lq_stage_arg;

// `child of [q]`, `descendant of [q]`, `event of [q]` in a condition: opcode LINEAGE c asks whether the
// event's parent process, some ancestor, or its own process had a start event that satisfied the snippet.
// Rows are tiled by rules, in the order in which the rule's code asks for them, once each; q may ask for
// further ones, LQ_LINEAGE_DEPTH_MAX deep.
typedef struct lq_lineage_def {
  uint32_t rule;
  uint32_t kind;    // lq_lineage_kind
  uint32_t snippet; // TRUTH: q
} lq_lineage_def;
typedef enum lq_lineage_kind { LQ_OF_CHILD, LQ_OF_DESCENDANT, LQ_OF_EVENT, LQ_OF_COUNT } lq_lineage_kind;

// Columns: what EVAL, STATS, COUNT and UNIQUE_COUNT give to later stages, numbered through the rule's stages
// in order: each EVAL adds its args; STATS starts anew with its `by` expressions and then its aggregates;
// COUNT and UNIQUE_COUNT add `count`, `percent` and (with keys) `key`, all its keys in a row. COLUMN c in
// code reads those of earlier stages (an EVAL's own are not there yet while its args are computed). REF a, c
// reads capture c (an index into the term's captures) of term a of the group at hand, null when its slot is
// empty.
//
// Who reads what: the event at hand (FIELD, tests, walks, LINEAGE) terms, keys and lineages, and the stages
// of an EVENT up to its first STATS or COUNT, which make rows of events. REF: conditions of later terms of a
// SEQUENCE, of its stages and those of SAMPLE and JOIN up to the first STATS or COUNT; never keys and
// `until`. COLUMN: stages.

#endif
