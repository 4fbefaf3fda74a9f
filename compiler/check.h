// What the parts of the checker share. A condition is true or false; a value has a kind, or one that only
// events know.
#ifndef LQ_COMPILER_CHECK_H
#define LQ_COMPILER_CHECK_H

#include "compiler/plan.h"
#include "stdlib/functions.h"

// An lq_type, with DOUBLE for any number, or KIND_UNKNOWN: not known before the event is there, or already
// reported.
typedef int lq_kind;
enum { LQ_KIND_UNKNOWN = -1 };

typedef struct lq_checker {
  lq_diag_list *d;
  const lq_compile_options *o;
  lq_arena *arena; // of this check; names that messages quote are copied by the list
  const lq_mem *mem;
  const lq_scope *scope; // walks around the node being checked
  int walks;             // how many of them
  const lq_node *query;  // for the aliases of its terms
  bool aggregates;       // inside `stats`
  int lineages;          // `descendant of [ ]` around the node
  size_t not_yet;        // errors that say only that this version does not run it
} lq_checker;

// check.c
void lq_check_condition(lq_checker *c, const lq_node *n);
lq_kind lq_check_value(lq_checker *c, const lq_node *n);
static inline bool lq_in_endgame(const lq_checker *c)
{
  return c->o->dialect == LQ_DIALECT_ENDGAME;
}
lq_kind lq_kind_of_literal(const lq_node *n);
const char *lq_kind_phrase(lq_kind k); // "a string"
// The walk that begins at `path`, entered for the body.
void lq_check_walk(lq_checker *c, const lq_node *path, lq_str variable, bool relative, const lq_node *body);
// check_call.c
lq_kind lq_check_call(lq_checker *c, const lq_node *n);
// check_literal.c
void lq_check_regex(lq_checker *c, const lq_node *n, unsigned flags);
void lq_check_cidr(lq_checker *c, const lq_node *n);
void lq_check_list_size(lq_checker *c, lq_span span, size_t n);
// check_field.c
void lq_check_field(lq_checker *c, const lq_node *n);
bool lq_check_is_group(const lq_checker *c, lq_str name); // `process` is one of ECS
void lq_check_variable(lq_checker *c, const lq_node *n);
void lq_check_order(lq_checker *c, const lq_node *field, const lq_node *literal); // `<` and its like
void lq_check_holds(lq_checker *c, const lq_node *field, const lq_node *literal,
                    bool pattern); // `==`, `in`, `:`
// names.c
void lq_bind_names(lq_checker *c, lq_node *query);
// check_query.c
void lq_check_query(lq_checker *c, lq_node *query);
void lq_check_dynamic(lq_checker *c, const lq_node *n, const char *what);
void lq_check_event(lq_checker *c, const lq_node *event);
// check_stage.c
void lq_check_stage(lq_checker *c, const lq_node *stage);
void lq_check_not_yet(lq_checker *c, lq_span span, const char *what);

#endif
