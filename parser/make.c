// Trees without text: what rule readers build from a file of another form.
#include "parser/make.h"

static lq_node *leaf(lq_builder *b, lq_node_kind kind, lq_span span, lq_value value)
{
  lq_node *n = lq_node_new(b, kind, span, span);
  if (n)
    n->value = value;
  return n;
}

lq_node *lq_make_field(lq_builder *b, lq_span span, lq_str name)
{
  lq_node *n = lq_node_new(b, LQ_N_FIELD, span, span);
  if (n)
    n->name = name;
  return n;
}

lq_node *lq_make_text(lq_builder *b, lq_span span, lq_str text)
{
  return lq_make_pattern(b, span, text); // text is UTF-8, and so has no wildcards in it
}

lq_node *lq_make_pattern(lq_builder *b, lq_span span, lq_str pattern)
{
  return leaf(b, LQ_N_STRING, span, lq_string(pattern));
}

lq_node *lq_make_bool(lq_builder *b, lq_span span, bool truth)
{
  return leaf(b, LQ_N_BOOL, span, lq_bool(truth));
}

lq_node *lq_make_int(lq_builder *b, lq_span span, int64_t n)
{
  return leaf(b, LQ_N_NUMBER, span, lq_int(n));
}

// 2^53: up to there every whole double is an integer of its own.
lq_node *lq_make_double(lq_builder *b, lq_span span, double d)
{
  bool whole = d >= -9007199254740992.0 && d <= 9007199254740992.0 && (double)(int64_t)d == d;
  return leaf(b, LQ_N_NUMBER, span, whole ? lq_int((int64_t)d) : lq_double(d));
}

lq_node *lq_make_null(lq_builder *b, lq_span span)
{
  return lq_node_new(b, LQ_N_NULL, span, span);
}

lq_node *lq_make_add(lq_builder *b, lq_node *n, lq_node *kid)
{
  lq_node_add(b, n, kid);
  return kid ? n : NULL;
}

static lq_node_kind kind_of(lq_op_shape shape)
{
  switch (shape) {
  case LQ_SHAPE_NONE: break;
  case LQ_SHAPE_COMPARE: return LQ_N_COMPARE;
  case LQ_SHAPE_MATCH: return LQ_N_MATCH;
  case LQ_SHAPE_IN: return LQ_N_IN;
  case LQ_SHAPE_ARITH: return LQ_N_ARITH;
  }
  return LQ_N_ERROR;
}

lq_node *lq_make_relation(lq_builder *b, lq_op op, lq_span span, lq_span mark, lq_node *l, lq_node *r)
{
  lq_node *n = lq_node_new(b, kind_of(lq_operators[op].shape), span, mark);
  if (n)
    n->op = op;
  return lq_make_add(b, lq_make_add(b, n, l), r);
}

lq_node *lq_make_call(lq_builder *b, lq_span span, lq_str name, bool tilde)
{
  lq_node *n = lq_node_new(b, LQ_N_CALL, span, span);
  if (n)
    n->name = name, n->tilde = tilde;
  return n;
}

lq_node *lq_make_not(lq_builder *b, lq_span span, lq_node *n)
{
  return lq_make_add(b, lq_node_new(b, LQ_N_NOT, span, span), n);
}

lq_node *lq_make_chain(lq_builder *b, lq_node_kind kind, lq_node *l, lq_node *r)
{
  if (!l || !r)
    return l ? l : r;
  lq_span span = lq_span_over(l->span, r->span);
  lq_node *n = lq_node_chain(b, kind, l, r, l->mark);
  if (n)
    n->span = span;
  return n;
}

lq_node *lq_make_group(lq_node *n)
{
  if (n)
    n->parens = true;
  return n;
}

lq_node *lq_make_query(lq_builder *b, lq_node *condition)
{
  lq_span at = condition ? condition->span : (lq_span){LQ_SPAN_FILE, LQ_SPAN_FILE};
  lq_node *event = lq_make_add(b, lq_node_new(b, LQ_N_EVENT, at, at), condition);
  return lq_make_add(b, lq_node_new(b, LQ_N_QUERY, at, at), event);
}

lq_node *lq_make_stage(lq_builder *b, lq_stage_kind kind, lq_span span)
{
  lq_node *n = lq_node_new(b, LQ_N_STAGE, span, span);
  if (n)
    n->stage = kind, n->name = lq_str_of(lq_stage_word(kind));
  return n;
}

lq_node *lq_make_named(lq_builder *b, lq_span span, lq_str name, lq_node *value)
{
  lq_node *n = lq_make_add(b, lq_node_new(b, LQ_N_NAMED, span, span), value);
  if (n)
    n->name = name;
  return n;
}

void lq_make_by(lq_node *n, lq_list keys)
{
  if (n)
    n->by = keys.first, n->nby = keys.n;
}
