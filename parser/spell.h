// How the leaves of a tree are spelled. Shared by print.c and outline.c.
#ifndef LQ_PARSER_SPELL_H
#define LQ_PARSER_SPELL_H

#include "parser/tree.h"

void lq_spell_string(lq_buf *out, lq_str pattern, bool raw); // in quotes
void lq_spell_name(lq_buf *out, lq_str name, bool function); // with back-ticks where they are needed
void lq_spell_category(lq_buf *out, lq_str name);
void lq_spell_duration(lq_buf *out, int64_t ns);
void lq_spell_leaf(lq_buf *out, const lq_node *n); // literals, fields, variables, `*`

#endif
