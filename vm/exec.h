// Runs a rule's code over one event.
#ifndef LQ_VM_EXEC_H
#define LQ_VM_EXEC_H

#include "base/event.h"
#include "vm/program.h"

typedef enum lq_verdict { LQ_VERDICT_NO, LQ_VERDICT_YES, LQ_VERDICT_INDETERMINATE } lq_verdict;

enum { LQ_RESULTS_MAX = 4096 }; // values that a product of lists gives at most

// What snippets of stateful rules read besides the event.
typedef struct lq_group {
  const lq_values *const
      *captures;            // REF: by term of the state, then by capture of the term; NULL: an empty slot
  const lq_values *columns; // COLUMN
} lq_group;

// What a run needs from around it; one for each thread.
typedef struct lq_exec {
  const lq_program *program;
  const lq_event *event;
  const uint32_t *slots; // slot of each field of the program
  // Memory of one event: 0 unknown, 1 false, 2 true. Unscoped predicates only.
  uint8_t *memo;
  // Those that memo tells of, so that an event need not clear all; room for every predicate. NULL: the caller
  // clears memo itself.
  uint32_t *marked;
  size_t nmarked;
  // Answers an unscoped predicate that memo does not know; NULL: lq_predicate_test.
  bool (*test)(void *user, uint32_t predicate);
  void *user;
  lq_arena scratch;  // values of general expressions; reset by the caller between rules, or when it likes
  lq_value *results; // room for LQ_RESULTS_MAX values; NULL: taken from scratch
  size_t max_value;  // bytes of a text that expressions get, 0: all; predicates look at the whole
  uint64_t budget;   // units left for iterators and cartesian products; spent: INDETERMINATE
  bool failed;       // this run has no answer: budget spent, or a regex ran out of memory
  uint64_t capped;   // counts results cut from a cartesian product
  uint64_t predicates_run; // counts predicates computed, not remembered
  // Folded texts, one for each value of the event that some predicate wanted folded. Only a cache: without
  // memory for it the answer takes longer and is the same. The caller resets the arena and sets folded to
  // NULL for each event.
  lq_arena folds;
  lq_str *folded;
  size_t nfolded; // values that folded has room for; an event may get more while it is looked at
  int64_t now;    // for functions and dates that ask
  // Explaining: called with each clause's truth (pc absolute). NULL when not explaining.
  void (*trace)(void *user, uint32_t pc, bool truth);
  void *trace_user;
  const lq_group *group; // NULL: every REF and COLUMN is null
  // Answers LINEAGE (an index into lineages) from what is remembered of processes; it runs nothing on this
  // lq_exec. NULL: no.
  bool (*lineage)(void *user, uint32_t lineage);
  void *lineage_user;
  uint32_t element[LQ_ITER_DEPTH_MAX]; // current element of each open scope
  uint32_t scope[LQ_ITER_DEPTH_MAX];   // its field index
  int depth;
} lq_exec;

// Its values are those of no scope, so that it has one truth for the event.
static inline bool lq_predicate_is_shared(const lq_program *p, uint32_t predicate)
{
  const lq_field *f = &p->fields[p->predicates[predicate].field];
  return f->scope == LQ_NONE && !(f->flags & LQ_FIELD_SCOPE);
}

// Remembers it for the event. Only what memo does not know, and with a memo.
static inline void lq_exec_mark(lq_exec *x, uint32_t predicate, bool holds)
{
  x->memo[predicate] = holds ? 2 : 1;
  if (x->marked)
    x->marked[x->nmarked++] = predicate;
}

// The condition of a rule over single events.
lq_verdict lq_exec_run(lq_exec *x, const lq_rule_def *rule);
// A snippet that gives a truth.
lq_verdict lq_exec_truth(lq_exec *x, uint32_t snippet);
// A snippet that gives a value: YES, and the list in *out (in x->scratch, the event, the group or the
// program), or INDETERMINATE.
lq_verdict lq_exec_value(lq_exec *x, uint32_t snippet, lq_values *out);

// The meaning of a predicate, plainly: every other way to compute one must agree with it. Scoped fields are
// read for the current element of x.
bool lq_predicate_test(lq_exec *x, const lq_predicate *p);
// One value against the constant of LT, LE, GT or GE.
bool lq_order_holds(lq_matcher_kind matcher, const lq_value *v, const lq_value *c);
// One value against one matcher and set (c: set index or constant index).
bool lq_matcher_test(const lq_program *p, lq_matcher_kind matcher, uint32_t c, const lq_value *v,
                     lq_arena *scratch);
// Which entry of the set it was, and where in the value's text (for explanations). False if none.
bool lq_matcher_locate(const lq_program *p, lq_matcher_kind matcher, uint32_t c, const lq_value *v,
                       lq_arena *scratch, lq_str *entry, size_t *start, size_t *end);
// Both for a value of a predicate's own field: how text is cut into tokens depends on the field.
bool lq_predicate_locate(const lq_program *p, const lq_predicate *q, const lq_value *v, lq_arena *scratch,
                         lq_str *entry, size_t *start, size_t *end);

#endif
