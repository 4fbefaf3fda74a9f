// What a query asks, between the tree and the code: names resolved, the many operators reduced to a few
// matchers to test.
#ifndef LQ_COMPILER_PLAN_H
#define LQ_COMPILER_PLAN_H

#include "compiler/compiler.h"
#include "stdlib/functions.h"

// An array whose elements are walked one by one.
typedef struct lq_scope lq_scope;
struct lq_scope {
  lq_str path;           // full name of the array
  lq_str written;        // the name as it stands in the query, where an outer walk may have lengthened it
  lq_str variable;       // what an element is called: arraySearch(path, $v, ...); empty otherwise
  bool relative;         // `path:{ }`: every name inside begins at the path
  const lq_scope *outer; // around it, for names; NULL: none
  const lq_scope *tied;  // the walk in whose element the array lies; NULL: in the event
};

// A field as it is looked up.
typedef struct lq_ref {
  lq_str name;           // full
  const lq_scope *scope; // the walk whose current element it is read from; NULL: the event
} lq_ref;

// One thing of a set: a text or pattern (folded where the matcher folds), a regex, a network.
typedef struct lq_entry {
  lq_str text;
  uint32_t flags; // REGEX: stdlib/regex.h
  lq_cidr cidr;
  lq_span span;
} lq_entry;

typedef enum lq_plan_kind {
  // Conditions: true or false.
  LQ_P_BOOL,    // truth
  LQ_P_TEST,    // ref, matcher, entries (or value, for matchers that take a constant): a predicate
  LQ_P_AND,     // kids
  LQ_P_OR,      // kids
  LQ_P_NOT,     // 1 kid
  LQ_P_TRUTH,   // 1 kid, a value
  LQ_P_LINEAGE, // op is an lq_lineage_kind; 1 kid, a condition on the start event of another process
  LQ_P_WALK,    // scope, all; kid: a condition on the current element
  // Values: a list, empty is null.
  LQ_P_NULL,
  LQ_P_CONST,   // value
  LQ_P_FIELD,   // ref
  LQ_P_REF,     // op is the term; ref: the field of its event
  LQ_P_COLUMN,  // op is the column
  LQ_P_ELEMENT, // ref, of a scope; op: which element of it
  LQ_P_INDEX,   // 1 kid; op: which element of the list
  LQ_P_CALL,    // function; kids: arguments
  LQ_P_COMPARE, // op is an lq_compare; left, right
  LQ_P_ARITH,   // op is an lq_arith; left, right
  LQ_P_NEGATE,  // 1 kid
  LQ_P_IS_NULL, // 1 kid
  LQ_P_VALUE,   // 1 kid, a condition
  LQ_P_MATCH,   // 1 kid; matcher, entries
  LQ_P_COUNT,   // scope; kid: a condition on the current element. How many it holds for
} lq_plan_kind;

// Owned by the compile's arena. Each plan has one parent, so a pass may change it in place.
typedef struct lq_plan lq_plan;
struct lq_plan {
  lq_plan_kind kind;
  lq_span span; // the clause in the query
  lq_plan *kids, *last, *next;
  lq_ref ref;
  const lq_scope *scope;
  lq_matcher_kind matcher;
  lq_entry *entries;
  size_t nentries, entries_room; // room: how many fit where they are; 0: they are not this plan's to add to
  lq_value value;
  uint32_t function; // as in programs: 2 * id, + 1 when folded
  int op;
  bool truth, all;
  bool strict; // CALL, MATCH: as Endgame EQL has it
};

// Makes plans. NULL in, NULL out: who builds checks arena->failed once, at the end.
typedef struct lq_planner {
  lq_arena *arena;
  const lq_compile_options *o;
  const lq_scope *scope; // the walk that names are looked up in
} lq_planner;

lq_plan *lq_plan_new(lq_planner *p, lq_plan_kind kind, lq_span span);
void lq_plan_add(lq_plan *parent, lq_plan *kid);
lq_plan *lq_plan_unary(lq_planner *p, lq_plan_kind kind, lq_span span, lq_plan *kid);
lq_plan *lq_plan_binary(lq_planner *p, lq_plan_kind kind, int op, lq_span span, lq_plan *left,
                        lq_plan *right);
lq_plan *lq_plan_bool(lq_planner *p, lq_span span, bool truth);
static inline bool lq_plan_is_condition(const lq_plan *n)
{
  return n->kind <= LQ_P_WALK;
}
bool lq_ref_equal(const lq_ref *a, const lq_ref *b);

// ---- the tree's literals and names

// The value of a literal node: NUMBER and its negation, STRING as plain text, BOOL, DURATION. False: no
// literal. NULL is none.
bool lq_literal(lq_planner *p, const lq_node *n, lq_value *out);
bool lq_is_literal(const lq_node *n); // the same question without an answer; ANYTHING and NULL are none
lq_str lq_plain_text(lq_arena *a, lq_str pattern);
lq_str lq_folded_text(lq_arena *a, lq_str s);
lq_str lq_literal_pattern(lq_arena *a,
                          const lq_node *n); // pattern form of any literal, by its canonical text
bool lq_network_parse(lq_str s, lq_cidr *out, size_t *bad_at); // a network, or an address as a network of one
lq_cidr *lq_literal_cidr(lq_arena *a, const lq_node *n);       // NULL: the literal is not exactly a network
// The address that a literal is, if the subject is a field of addresses by ECS. NULL: it is none.
lq_cidr *lq_literal_address(lq_planner *p, const lq_node *subject, const lq_node *literal);
// What a FIELD or VARIABLE stands for in the walks around it. False: a variable that nothing binds.
bool lq_resolve(lq_arena *a, const lq_scope *scope, const lq_node *n, lq_ref *out);
const lq_scope *lq_scope_enter(lq_arena *a, const lq_scope *outer, const lq_node *path, lq_str variable,
                               bool relative);

// ---- terms and stages (names.c)

// The number of a term among those of the program: a missing one with runs is that many.
uint32_t lq_term_number(const lq_node *base, const lq_node *term);
lq_str lq_written(lq_arena *a, const lq_node *n);        // a name, or the canonical text
lq_str lq_column_name(lq_arena *a, const lq_node *item); // what an item of `stats` or `eval` is called

// ---- what an operator compiles to (operators.c)

typedef struct lq_op_code {
  lq_matcher_kind whole, wild; // a field and literals: those without a wildcard, and all where one has some
  lq_compare compare;          // any two values
  lq_compare strict; // Endgame EQL's, of the sides exchanged where swapped; the next number folds case
  bool swapped;
  lq_arith arith;
  lq_function_id function; // Endgame EQL's name for the arithmetic
} lq_op_code;
extern const lq_op_code lq_op_codes[LQ_OPER_COUNT];

// ---- Endgame EQL (lower_endgame.c)

lq_plan *lq_endgame_condition(lq_planner *p, const lq_node *n);
lq_plan *lq_endgame_value(lq_planner *p, const lq_node *n);
lq_plan *lq_endgame_key(lq_planner *p, const lq_node *n); // of `by`, sort, unique, count
static inline bool lq_is_endgame(const lq_planner *p)
{
  return p->o->dialect == LQ_DIALECT_ENDGAME;
}

// An index into an array, in any dialect.
static inline bool lq_has_index(lq_str name)
{
  return name.n > 0 && memchr(name.p, '[', name.n) != NULL;
}
bool lq_is_one_index(lq_str name);
// `a[0].b`: b of the first element of a. False: no index, or more than one.
bool lq_plan_indexed(lq_planner *p, const lq_node *n, lq_plan **out);

// ---- passes

// The condition of a query over events (QUERY or EVENT or an expression, checked without errors) with the
// filters that directly follow it; *rest: the first stage that is none.
lq_plan *lq_lower_event(lq_planner *p, const lq_node *query, const lq_node **rest);
lq_plan *lq_lower_condition(lq_planner *p, const lq_node *n); // true or false
lq_plan *lq_lower_value(lq_planner *p, const lq_node *n);     // a list
lq_plan *lq_lower_match(lq_planner *p, const lq_node *n);     // MATCH and IN, as conditions
lq_plan *lq_lower_match_value(lq_planner *p, const lq_node *n);
// A condition as a value that is null where its subject is.
lq_plan *lq_plan_null_beside(lq_planner *p, lq_plan *condition, const lq_node *subject, lq_span span);
lq_plan *lq_lower_any_text(lq_planner *p, const lq_node *n);
lq_plan *lq_lower_call(lq_planner *p, const lq_node *n); // as a condition
lq_plan *lq_lower_call_value(lq_planner *p, const lq_node *n);
// `subject MATCHER entries`: a predicate where the subject is a field, general code where it is not.
lq_plan *lq_plan_test(lq_planner *p, const lq_node *subject, lq_matcher_kind matcher, lq_entry *entries,
                      size_t n, lq_span span);

// The same meaning with less work: constants computed, lists merged, entries that add nothing dropped.
lq_plan *lq_fold_plan(lq_planner *p, lq_plan *n);
// Does pattern a match everything that b matches? Never wrongly true. Both folded or neither.
bool lq_pattern_covers(lq_str a, lq_str b);
// The bytes of a pattern that are no wildcards, folded into 64 bits. a covers b only if b has all that a has.
uint64_t lq_pattern_letters(lq_str s);

#endif
