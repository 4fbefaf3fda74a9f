// KQL's own tree nodes: what the grammar's actions call.
#include "base/glob.h"
#include "parser/kql.h"

static bool is_star(const lq_token *t)
{
  return t->text.n == 1 && t->text.p[0] == LQ_ANY_RUN;
}

lq_node *lq_kql_field(lq_parse_ctx *c, const lq_token *t)
{
  lq_node *n = lq_node_new(&c->b, LQ_N_FIELD, t->span, t->span);
  if (n)
    n->name = t->text;
  return n;
}

// A leaf says itself whether it stood in quotes: one group may hold both kinds.
static void set_text(lq_node *n, const lq_token *t)
{
  n->kind = LQ_N_STRING;
  n->op = t->quoted ? LQ_OPER_KQL_PHRASE : LQ_OPER_KQL_TERM;
  n->value = lq_string(t->text);
}

// `1.50` equals the number 1.5 and, in a field that holds text, the text `1.50`.
static void set_number(lq_node *n, const lq_token *t)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  n->kind = LQ_N_NUMBER;
  n->value = t->number;
  if (!lq_str_eq(lq_value_text(&t->number, scratch), t->text))
    n->name = t->text;
}

// `null` is a word: in KQL it finds the text, and `not field:*` finds what is missing.
lq_node *lq_kql_literal(lq_parse_ctx *c, const lq_token *t)
{
  lq_node *n = lq_node_new(&c->b, LQ_N_ANYTHING, t->span, t->span);
  if (!n || (is_star(t) && !t->quoted))
    return n;
  if (t->kind == LQ_TOK_NUMBER)
    set_number(n, t);
  else if (t->kind == LQ_TOK_TRUE || t->kind == LQ_TOK_FALSE)
    n->kind = LQ_N_BOOL, n->value = lq_bool(t->kind == LQ_TOK_TRUE);
  else
    set_text(n, t);
  return n;
}

static bool all_phrases(const lq_node *group)
{
  bool all = group->kids || group->op == LQ_OPER_KQL_PHRASE;
  for (const lq_node *k = group->kids; k && all; k = k->next)
    all = all_phrases(k);
  return all;
}

lq_node *lq_kql_match(lq_parse_ctx *c, lq_span span, lq_span mark, const lq_token *field, lq_node *group)
{
  if (!group)
    return NULL;
  if (group->kind == LQ_N_ANYTHING && is_star(field) && !field->quoted)
    return lq_kql_everything(c, span);
  lq_op op = all_phrases(group) ? LQ_OPER_KQL_PHRASE : LQ_OPER_KQL_TERM;
  return lq_build_two(c, LQ_N_MATCH, op, span, mark, lq_kql_field(c, field), group);
}

// A bound is no pattern: its stars are stars.
lq_node *lq_kql_range(lq_parse_ctx *c, lq_op op, lq_span span, lq_span mark, const lq_token *field,
                      const lq_token *value)
{
  lq_token plain = *value;
  if (lq_glob_has_wildcard(value->text)) {
    lq_buf text = {.mem = c->mem};
    lq_glob_plain(&text, value->text);
    plain.text = lq_arena_copy(c->b.arena, lq_buf_get(&text));
    c->b.arena->failed |= text.failed;
    lq_buf_free(&text);
  }
  lq_node *bound = lq_kql_literal(c, &plain);
  if (bound && bound->kind == LQ_N_STRING)
    bound->op = LQ_OPER_NONE;
  return lq_build_two(c, LQ_N_COMPARE, op, span, mark, lq_kql_field(c, field), bound);
}

lq_node *lq_kql_free_text(lq_parse_ctx *c, const lq_token *t)
{
  lq_node *text = lq_kql_literal(c, t);
  if (text && text->kind == LQ_N_ANYTHING)
    return lq_kql_everything(c, t->span);
  lq_node *n = lq_build_one(c, LQ_N_ANY_TEXT, t->span, t->span, text);
  if (n)
    n->op = text->op == LQ_OPER_KQL_PHRASE ? LQ_OPER_KQL_PHRASE : LQ_OPER_KQL_TERM;
  return n;
}

// `*`, `*:*` and the empty query.
lq_node *lq_kql_everything(lq_parse_ctx *c, lq_span span)
{
  lq_node *n = lq_node_new(&c->b, LQ_N_BOOL, span, span);
  if (n)
    n->value = lq_bool(true);
  return n;
}
