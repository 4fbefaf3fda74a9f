// What the grammar's actions call: lists, folding of signs, and the complaints that belong to a rule.
#ifndef LQ_PARSER_BUILD_H
#define LQ_PARSER_BUILD_H

#include "parser/tree.h"

// Nodes that wait for a parent, linked by next.
typedef struct lq_list {
  lq_node *first, *last;
  unsigned n;
} lq_list;

// `with maxspan=…`, `by …`: collected in any order.
typedef struct lq_options {
  lq_list by;
  bool has_by, has_span, has_runs, has_alias, has_fork, fork;
  lq_span span_mark, fork_mark;
  int64_t maxspan, runs;
  lq_str alias;
} lq_options;

// Endgame EQL's `macro NAME(a, b) expr` and `const NAME = literal`, which has no list of parameters.
typedef struct lq_macro lq_macro;
struct lq_macro {
  lq_str name;
  lq_str *params;
  unsigned nparams;
  bool constant;
  lq_node *body;
  lq_macro *next;
};

typedef struct lq_parse_ctx {
  lq_builder b;
  const lq_mem *mem;
  lq_str text;
  lq_dialect dialect;
  const struct lq_schema *schema; // whose names are hints at what was meant
  lq_node *root;
  lq_macro *macros;
  bool quiet;     // completion and REPL: nothing is reported or repaired
  bool exhausted; // the parser's stack was full
} lq_parse_ctx;

lq_list lq_list_of(lq_node *n);
lq_list lq_list_add(lq_list l, lq_node *n);
lq_list lq_list_join(lq_node *first, lq_list rest);

// Nodes from tokens. The span of the whole rule comes first.
lq_node *lq_build_literal(lq_parse_ctx *c, lq_span span, const lq_token *t);
lq_node *lq_build_anything(lq_parse_ctx *c, lq_span span);
lq_node *lq_build_field(lq_parse_ctx *c, lq_span span, const lq_token *t);
lq_node *lq_build_call(lq_parse_ctx *c, lq_span span, const lq_token *name, lq_list args);
lq_node *lq_build_one(lq_parse_ctx *c, lq_node_kind k, lq_span span, lq_span mark, lq_node *kid);
lq_node *lq_build_two(lq_parse_ctx *c, lq_node_kind k, lq_op op, lq_span span, lq_span mark, lq_node *l,
                      lq_node *r);
lq_node *lq_build_negate(lq_parse_ctx *c, lq_span span, lq_span mark, lq_node *kid);
lq_node *lq_build_compare(lq_parse_ctx *c, lq_op op, lq_span span, lq_span mark, lq_node *l, lq_node *r);
lq_node *lq_build_in(lq_parse_ctx *c, lq_op op, bool negated, lq_span span, lq_span mark, lq_node *l,
                     lq_list list);
lq_node *lq_build_match(lq_parse_ctx *c, lq_op op, bool negated, lq_span span, lq_span mark, lq_node *l,
                        lq_node *group);
lq_node *lq_build_scope(lq_parse_ctx *c, lq_span span, lq_span mark, lq_node *path, lq_node *expr);
lq_node *lq_build_lineage(lq_parse_ctx *c, lq_span span, const lq_token *word, lq_node *event);
lq_node *lq_build_event(lq_parse_ctx *c, lq_span span, const lq_token *category, lq_node *cond);
lq_node *lq_build_terms(lq_parse_ctx *c, lq_node_kind k, lq_span span, lq_span mark, lq_options o,
                        lq_list terms, lq_node *until);
lq_node *lq_build_term(lq_parse_ctx *c, lq_span span, const lq_token *open, lq_node *event, lq_options o);
lq_node *lq_build_stage(lq_parse_ctx *c, lq_span span, const lq_token *word, lq_list args);
lq_node *lq_build_named(lq_parse_ctx *c, lq_span span, lq_str name, lq_node *expr);
lq_node *lq_build_error(lq_parse_ctx *c, lq_span span);
lq_node *lq_close(lq_node *n, lq_span span); // in parentheses of its own

void lq_add_by(lq_parse_ctx *c, lq_node *n, lq_list by);
// Each adds one modifier; a second one of its kind is reported.
lq_options lq_option_by(lq_parse_ctx *c, lq_options o, lq_span mark, lq_list by);
lq_options lq_option_span(lq_parse_ctx *c, lq_options o, lq_span mark, int64_t ns);
lq_options lq_option_runs(lq_parse_ctx *c, lq_options o, lq_span mark, const lq_token *n, bool negative);
lq_options lq_option_alias(lq_parse_ctx *c, lq_options o, lq_span mark, const lq_token *name);
lq_options lq_option_fork(lq_parse_ctx *c, lq_options o, lq_span mark, bool fork);
int64_t lq_unitless(lq_parse_ctx *c, const lq_token *number,
                    const lq_token *unit); // `maxspan=5`, `maxspan=5 minutes`

// Complaints of rules that exist to be complained about. ERROR nodes stand in.
lq_node *lq_chained(lq_parse_ctx *c, lq_span span, lq_span second, bool first);
void lq_single_equals(lq_parse_ctx *c, lq_span mark);
lq_node *lq_list_after(lq_parse_ctx *c, lq_span span, lq_op op, lq_span mark, lq_span list);
void lq_empty_list(lq_parse_ctx *c, lq_span brackets);
lq_node *lq_build_take(lq_parse_ctx *c, lq_span span, const lq_token *word,
                       const lq_token *n);            // `head n`, `tail n`
lq_node *lq_mark_name(lq_parse_ctx *c, lq_node *sum); // a key or field that came out as `a-b`

// macros.c: *out is what the call or the name stands for. False: it is no macro, no constant.
bool lq_macro_call(lq_parse_ctx *c, lq_span span, const lq_token *name, lq_list args, lq_node **out);
bool lq_macro_constant(lq_parse_ctx *c, lq_span span, const lq_token *name, lq_node **out);

void lq_too_deep(lq_parse_ctx *c, lq_span at);

#endif
