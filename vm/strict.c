// Comparisons as Endgame EQL has them: single values of one kind, and three truths. No array matches by an
// element.
#include "base/utf8.h"
#include "vm/program.h"

enum { NEITHER = -1 };

// What Python, which Endgame EQL is written in, takes for true.
static int truth_of(lq_values a)
{
  if (a.n != 1)
    return a.n > 0 ? 1 : NEITHER;
  switch (a.v->type) {
  case LQ_T_BOOL: return a.v->b;
  case LQ_T_INT: return a.v->i != 0;
  case LQ_T_DOUBLE: return a.v->d != 0;
  case LQ_T_STRING: return a.v->s.n > 0;
  case LQ_T_NULL: return NEITHER;
  case LQ_T_UINT:
  case LQ_T_IP:
  case LQ_T_DATE:
  case LQ_T_OBJECT: break;
  }
  return 1;
}

static int combine(lq_compare op, int a, int b)
{
  if (op == LQ_CMP_AND3)
    return a == 0 || b == 0 ? 0 : a < 0 || b < 0 ? NEITHER : 1;
  if (op == LQ_CMP_OR3)
    return a == 1 || b == 1 ? 1 : a < 0 || b < 0 ? NEITHER : 0;
  return a < 0 || b < 0 ? NEITHER : a != b;
}

static bool folds(lq_compare op)
{
  return op == LQ_CMP_SAME_FOLD || op == LQ_CMP_LESS_FOLD || op == LQ_CMP_AT_MOST_FOLD;
}

static bool order(const lq_value *a, const lq_value *b, bool fold, int *out)
{
  if (a->type == LQ_T_STRING && b->type == LQ_T_STRING && fold) {
    *out = lq_fold_cmp(a->s, b->s);
    return true;
  }
  if (a->type == LQ_T_BOOL && b->type == LQ_T_BOOL) {
    *out = a->b - b->b;
    return true;
  }
  bool one_kind = a->type == b->type || (lq_is_number(a->type) && lq_is_number(b->type));
  return one_kind && lq_value_order(a, b, out);
}

int lq_compare_strictly(lq_compare op, lq_values a, lq_values b)
{
  int difference;
  if (op >= LQ_CMP_AND3)
    return combine(op, truth_of(a), truth_of(b));
  if (a.n != 1 || b.n != 1 || !order(a.v, b.v, folds(op), &difference))
    return NEITHER;
  switch (op) {
  case LQ_CMP_SAME:
  case LQ_CMP_SAME_FOLD: return difference == 0;
  case LQ_CMP_LESS:
  case LQ_CMP_LESS_FOLD: return difference < 0;
  default: return difference <= 0;
  }
}
