// Text to tree, and back.
#ifndef LQ_PARSER_PARSE_H
#define LQ_PARSER_PARSE_H

#include "parser/tree.h"

// Parses a whole query. Errors go to diags (several in one run); the tree may then hold ERROR nodes, so that
// checks can go on, or be NULL. LQ_E_QUERY if there were errors, LQ_E_NOMEM, LQ_E_LIMIT. The tree lives in
// diags->arena.
lq_status lq_parse(lq_node **out, const lq_mem *mem, lq_str text, lq_dialect dialect, lq_diag_list *diags);

// An expression alone, without category or stages (a REPL's :eval, a filter, tests).
lq_status lq_parse_expression(lq_node **out, const lq_mem *mem, lq_str text, lq_dialect dialect,
                              lq_diag_list *diags);

// True when text is a query that is fine so far and not at its end: a REPL asks for another line.
lq_status lq_parse_unfinished(bool *out, const lq_mem *mem, lq_str text, lq_dialect dialect);

// What could come after text: one call for each token kind the parser would take there.
lq_status lq_parse_expected(const lq_mem *mem, lq_str text, lq_dialect dialect,
                            void (*each)(void *user, lq_token_kind kind), void *user);

// The canonical layout, which parses to the same tree. Always in the native dialect's spelling where one
// exists (KQL terms that have none are written in KQL when dialect is KQL). width: the column to break at; 0
// for one line.
void lq_print_query(lq_buf *out, const lq_node *n, lq_dialect dialect, unsigned width);
// The same for a tree that was built without a text, natively: where each node stands in `out` is kept in its
// `shown`. What is behind out->n is counted from there.
void lq_print_placed(lq_buf *out, lq_node *n, unsigned width);
bool lq_node_equal(const lq_node *a,
                   const lq_node *b); // same meaning as written: spans, layout and parens apart

// The tree as an indented outline, for people who work on the parser and for tests.
void lq_print_tree(lq_buf *out, const lq_node *n);

#endif
