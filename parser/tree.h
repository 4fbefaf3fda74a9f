// The tree a parse gives: both dialects build the same one. Owned by the compile's arena; nodes point down
// only.
#ifndef LQ_PARSER_TREE_H
#define LQ_PARSER_TREE_H

#include "base/value.h"
#include "lexer/operators.h"

// What a node's kids are, in order. "term" kids are any number of expressions.
typedef enum lq_node_kind {
  LQ_N_ERROR, // stands where the text could not be read; already reported. No kids
  LQ_N_NULL,
  LQ_N_BOOL,     // value
  LQ_N_NUMBER,   // value: INT, UINT or DOUBLE
  LQ_N_STRING,   // value: STRING in pattern form (base/glob.h); as plain text wildcards are `*` and `?`
  LQ_N_DURATION, // value: INT, ns
  LQ_N_ANYTHING, // the bare `*` of `field : *`
  LQ_N_FIELD,    // name, optional
  LQ_N_VARIABLE, // name: `$name`
  LQ_N_REF,     // made by the checker, of a FIELD: field `name` of another term's event, the term's number in
                // `number`; value: the name as written
  LQ_N_COLUMN,  // made by the checker, of a FIELD: what an earlier stage gave; name, number
  LQ_N_CALL,    // name, tilde; kids: arguments
  LQ_N_NOT,     // 1 kid
  LQ_N_AND,     // 2 or more term kids
  LQ_N_OR,      // 2 or more term kids
  LQ_N_COMPARE, // op; left, right
  LQ_N_IN,      // op; subject, then the list. `not in` is NOT around it
  LQ_N_MATCH, // op; subject, then one group: a literal, ANYTHING, or AND/OR/NOT over those. `not like` is NOT
              // around it
  LQ_N_SCOPE, // `path : { expr }`; field, expr
  LQ_N_ARITH, // op; left, right
  LQ_N_NEGATE,   // 1 kid
  LQ_N_LINEAGE,  // `child of [q]`: lineage, kid: the query's EVENT
  LQ_N_ANY_TEXT, // KQL free text: op as MATCH, kid: one literal; true if any string value of the event
                 // matches
  LQ_N_EVENT,    // category (may be empty; `any where` is empty and optional), kid: the condition
  LQ_N_SEQUENCE, // by, maxspan; kids: TERMs. until
  LQ_N_SAMPLE,
  LQ_N_JOIN,
  LQ_N_TERM,  // negated, by, runs, alias; kid: EVENT
  LQ_N_STAGE, // stage, by, kids: its arguments (for eval and stats: NAMED)
  LQ_N_NAMED, // name (stats: empty when there is no `as`); kid: expression (`eval name = expr`, `count() as
              // name`)
  LQ_N_QUERY, // kids: the base (EVENT, SEQUENCE, SAMPLE, JOIN), then STAGEs
} lq_node_kind;

typedef enum lq_lineage { LQ_LINEAGE_CHILD, LQ_LINEAGE_DESCENDANT, LQ_LINEAGE_EVENT } lq_lineage;

typedef enum lq_stage_kind {
  LQ_STAGE_WHERE,
  LQ_STAGE_FILTER,
  LQ_STAGE_HEAD,
  LQ_STAGE_TAIL,
  LQ_STAGE_SORT,
  LQ_STAGE_UNIQUE,
  LQ_STAGE_COUNT,
  LQ_STAGE_UNIQUE_COUNT,
  LQ_STAGE_KEEP,
  LQ_STAGE_DROP,
  LQ_STAGE_EVAL,
  LQ_STAGE_STATS,
  LQ_STAGE_SUPPRESS,
  LQ_STAGE_NEW_TERMS,
} lq_stage_kind;

enum { LQ_DEPTH_MAX = 256, LQ_NODES_MAX = 1000000 };

typedef struct lq_node lq_node;
struct lq_node {
  lq_node_kind kind;
  lq_op op;
  lq_span span;         // in the query, or in its file (lq_span_in_file): what a rule reader built
  lq_span mark;         // where the operator, function name or keyword is
  lq_node *kids, *last; // first and last kid
  lq_node *next;        // next kid of the same parent
  int depth;            // 1 + deepest kid; the constructors keep it under LQ_DEPTH_MAX
  unsigned nkids;
  bool parens;     // stood in parentheses of its own
  bool optional;   // FIELD: `?name`; EVENT: `any where` was written
  bool tilde;      // CALL: `name~`
  bool negated;    // TERM: `![`
  bool descending; // STAGE sort
  bool raw;        // STRING: a raw string (printer keeps the form)
  lq_lineage lineage;
  lq_stage_kind stage;
  lq_value value; // literals
  lq_str name;    // FIELD, VARIABLE, CALL, NAMED; TERM: alias; EVENT: category; STAGE: its word
  lq_node *by;    // SEQUENCE, SAMPLE, JOIN, TERM, STAGE: first key, linked by next
  unsigned nby;
  lq_node *until;   // SEQUENCE, JOIN: a TERM
  int64_t duration; // SEQUENCE: maxspan; STAGE: `over` or `for`; ns, -1 when absent
  uint32_t fork;    // TERM: where `fork` is written (Endgame); 0: it is not
  lq_span shown;    // in the text that lq_print_placed gave; nothing else sets it
  int64_t number;   // TERM: runs (0: not written); STAGE head, tail
};

// Constructors, for the grammars; rule readers have more of them in parser/make.h. All of them take and give
// NULL for out of memory, so actions need no checks; arena->failed tells in the end. Too deep or too many
// nodes is reported once (LQ_DIAG_TOO_DEEP, TOO_LARGE), and an ERROR node stands in.
typedef struct lq_builder {
  lq_arena *arena;
  lq_diag_list *diags;
  size_t nodes;
  bool reported;
} lq_builder;

lq_node *lq_node_new(lq_builder *b, lq_node_kind kind, lq_span span, lq_span mark);
void lq_node_add(lq_builder *b, lq_node *parent, lq_node *kid); // updates depth and count, not the span
// `l and r`, `l or r`: one node for a whole chain, unless l stood in parentheses.
lq_node *lq_node_chain(lq_builder *b, lq_node_kind kind, lq_node *l, lq_node *r, lq_span mark);
// A copy in b's arena of n and what is below it, without its siblings. NULL: out of memory.
lq_node *lq_node_copy(lq_builder *b, const lq_node *n);

const char *lq_stage_word(lq_stage_kind s);
bool lq_stage_find(lq_str word, lq_stage_kind *out); // case is ignored

#endif
