// KQL's parser, as parse.c, print.c and its own grammar see it.
#ifndef LQ_PARSER_KQL_H
#define LQ_PARSER_KQL_H

#include "parser/build.h"

// What lq_parse and its fellows do, for KQL.
lq_status lq_kql_parse(lq_node **out, const lq_mem *mem, lq_str text, bool expression, lq_diag_list *diags);
lq_status lq_kql_unfinished(bool *out, const lq_mem *mem, lq_str text);
lq_status lq_kql_expected(const lq_mem *mem, lq_str text, void (*each)(void *user, lq_token_kind kind),
                          void *user);
void lq_kql_print(lq_buf *out, const lq_node *n, unsigned width);

static inline bool lq_kql_is_range(lq_token_kind k)
{
  return lq_op_shape_of(k) == LQ_SHAPE_COMPARE && lq_op_in(lq_op_of(k), LQ_DIALECT_KQL);
}

// ---- nodes, for the grammar

lq_node *lq_kql_field(lq_parse_ctx *c, const lq_token *t);
lq_node *lq_kql_literal(lq_parse_ctx *c, const lq_token *t);
lq_node *lq_kql_match(lq_parse_ctx *c, lq_span span, lq_span mark, const lq_token *field, lq_node *group);
lq_node *lq_kql_range(lq_parse_ctx *c, lq_op op, lq_span span, lq_span mark, const lq_token *field,
                      const lq_token *value);
lq_node *lq_kql_free_text(lq_parse_ctx *c, const lq_token *t);
lq_node *lq_kql_everything(lq_parse_ctx *c, lq_span span);

// ---- the driver

enum { LQ_KQL_OPEN_MAX = 1024 };

typedef struct lq_kql_driver {
  lq_parse_ctx ctx;
  struct lq_kql_grammar *g;
  lq_lexer *lx;
  lq_token last[3];         // what the parser took, newest first; INVALID: nothing yet
  unsigned nopen, too_open; // too_open: so many more than fit
  bool done;                // the parser has stopped
  // The first `nopen`; all before them begins as 0.
  lq_token open[LQ_KQL_OPEN_MAX]; // brackets not closed yet, innermost last
} lq_kql_driver;

bool lq_kql_takes(lq_kql_driver *d, int kind);
void lq_kql_unexpected(lq_kql_driver *d, const lq_token *t); // in kql_messages.c
void lq_kql_doubt(lq_parse_ctx *c, const lq_node *query); // in kql_doubts.c: warns where there was no error

#endif
