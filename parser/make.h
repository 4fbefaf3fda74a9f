// Trees without text: what rule readers build from a file of another form. Spans are the file's
// (lq_span_in_file). Like all constructors these take and give NULL for out of memory or too much.
#ifndef LQ_PARSER_MAKE_H
#define LQ_PARSER_MAKE_H

#include "parser/build.h"

// Leaves. Texts must live as long as the tree.
lq_node *lq_make_field(lq_builder *b, lq_span span, lq_str name);
lq_node *lq_make_text(lq_builder *b, lq_span span, lq_str text);       // every byte stands for itself
lq_node *lq_make_pattern(lq_builder *b, lq_span span, lq_str pattern); // in pattern form (base/glob.h)
lq_node *lq_make_bool(lq_builder *b, lq_span span, bool truth);
lq_node *lq_make_int(lq_builder *b, lq_span span, int64_t n);
lq_node *lq_make_double(lq_builder *b, lq_span span, double d); // finite; a whole one is an integer
lq_node *lq_make_null(lq_builder *b, lq_span span);

// `l op r`: the shape of the operator says which node it is. A list is made of its first member; the others
// are added with lq_make_add.
lq_node *lq_make_relation(lq_builder *b, lq_op op, lq_span span, lq_span mark, lq_node *l, lq_node *r);
lq_node *lq_make_call(lq_builder *b, lq_span span, lq_str name, bool tilde); // without arguments
lq_node *lq_make_add(lq_builder *b, lq_node *n, lq_node *kid); // gives n; NULL if one of them is NULL
lq_node *lq_make_not(lq_builder *b, lq_span span, lq_node *n);
// `l and r`, `l or r`; l NULL: r alone. What stood together in its file keeps together: lq_make_group.
lq_node *lq_make_chain(lq_builder *b, lq_node_kind kind, lq_node *l, lq_node *r);
lq_node *lq_make_group(lq_node *n); // as if in brackets of its own

// The whole: a condition as a query over single events, and stages behind it.
lq_node *lq_make_query(lq_builder *b, lq_node *condition);
lq_node *lq_make_stage(lq_builder *b, lq_stage_kind kind, lq_span span); // without arguments
lq_node *lq_make_named(lq_builder *b, lq_span span, lq_str name, lq_node *value);
void lq_make_by(lq_node *n, lq_list keys); // of a stage, a sequence or a term

#endif
