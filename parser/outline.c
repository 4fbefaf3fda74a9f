// The tree as an outline, and whether two trees are the same.
#include "parser/parse.h"
#include "parser/spell.h"

static const char *const words[] = {
    [LQ_N_ERROR] = "error",
    [LQ_N_NULL] = "null",
    [LQ_N_BOOL] = "bool",
    [LQ_N_NUMBER] = "number",
    [LQ_N_STRING] = "string",
    [LQ_N_DURATION] = "duration",
    [LQ_N_ANYTHING] = "anything",
    [LQ_N_FIELD] = "field",
    [LQ_N_VARIABLE] = "variable",
    [LQ_N_REF] = "reference",
    [LQ_N_COLUMN] = "column",
    [LQ_N_CALL] = "call",
    [LQ_N_NOT] = "not",
    [LQ_N_AND] = "and",
    [LQ_N_OR] = "or",
    [LQ_N_COMPARE] = "compare",
    [LQ_N_IN] = "in",
    [LQ_N_MATCH] = "match",
    [LQ_N_SCOPE] = "scope",
    [LQ_N_ARITH] = "arith",
    [LQ_N_NEGATE] = "negate",
    [LQ_N_LINEAGE] = "lineage",
    [LQ_N_ANY_TEXT] = "any text",
    [LQ_N_EVENT] = "event",
    [LQ_N_SEQUENCE] = "sequence",
    [LQ_N_SAMPLE] = "sample",
    [LQ_N_JOIN] = "join",
    [LQ_N_TERM] = "term",
    [LQ_N_STAGE] = "stage",
    [LQ_N_NAMED] = "named",
    [LQ_N_QUERY] = "query",
};

static void facts(lq_buf *out, const lq_node *n)
{
  static const char *const lineages[] = {"child", "descendant", "event"};
  if (n->kids == NULL && n->kind != LQ_N_CALL && n->kind != LQ_N_STAGE && n->kind != LQ_N_ERROR) {
    lq_buf_byte(out, ' ');
    lq_spell_leaf(out, n);
  } else if (n->name.n) {
    lq_buf_printf(out, n->tilde ? " %.*s~" : " %.*s", LQ_STR_ARG(n->name));
  }
  if (n->op)
    lq_buf_printf(out, " %s", lq_op_spelling(n->op));
  if (n->kind == LQ_N_LINEAGE)
    lq_buf_printf(out, " %s", lineages[n->lineage]);
  if (n->kind == LQ_N_EVENT && n->optional)
    lq_buf_z(out, " any");
  if (n->negated)
    lq_buf_z(out, " missing");
  if (n->descending)
    lq_buf_z(out, " desc");
  if (n->number)
    lq_buf_printf(out, " %lld", (long long)n->number);
  if (n->duration >= 0) {
    lq_buf_byte(out, ' ');
    lq_spell_duration(out, n->duration);
  }
}

static void outline(lq_buf *out, const lq_node *n, const char *label, unsigned indent)
{
  lq_buf_fill(out, ' ', indent);
  lq_buf_z(out, label);
  lq_buf_z(out, words[n->kind]);
  facts(out, n);
  lq_buf_byte(out, '\n');
  for (const lq_node *k = n->by; k; k = k->next)
    outline(out, k, "by ", indent + 2);
  for (const lq_node *k = n->kids; k; k = k->next)
    outline(out, k, "", indent + 2);
  if (n->until)
    outline(out, n->until, "until ", indent + 2);
}

void lq_print_tree(lq_buf *out, const lq_node *n)
{
  if (n)
    outline(out, n, "", 0);
}

static bool same_value(const lq_value *a, const lq_value *b)
{
  if (a->type != b->type)
    return false;
  switch (a->type) {
  case LQ_T_BOOL: return a->b == b->b;
  case LQ_T_INT:
  case LQ_T_DATE: return a->i == b->i;
  case LQ_T_UINT: return a->u == b->u;
  case LQ_T_DOUBLE: return memcmp(&a->d, &b->d, sizeof a->d) == 0 || (a->d == 0 && b->d == 0);
  case LQ_T_STRING: return lq_str_eq(a->s, b->s);
  case LQ_T_IP: return lq_value_equal(a, b);
  case LQ_T_NULL:
  case LQ_T_OBJECT: return true;
  }
  return false;
}

static bool same_list(const lq_node *a, const lq_node *b)
{
  for (; a && b; a = a->next, b = b->next) {
    if (!lq_node_equal(a, b))
      return false;
  }
  return !a && !b;
}

bool lq_node_equal(const lq_node *a, const lq_node *b)
{
  if (!a || !b)
    return a == b;
  bool named = a->kind == LQ_N_CALL || a->kind == LQ_N_STAGE; // case is ignored in functions and stages
  return a->kind == b->kind && a->op == b->op && a->nkids == b->nkids && a->nby == b->nby &&
         (a->optional == b->optional || a->kind != LQ_N_FIELD) && a->tilde == b->tilde &&
         a->negated == b->negated && a->descending == b->descending && a->lineage == b->lineage &&
         a->stage == b->stage && a->duration == b->duration && a->number == b->number &&
         same_value(&a->value, &b->value) &&
         (named ? lq_str_eq_ascii(a->name, b->name) : lq_str_eq(a->name, b->name)) &&
         same_list(a->kids, b->kids) && same_list(a->by, b->by) && lq_node_equal(a->until, b->until);
}
