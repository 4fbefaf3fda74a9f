// The value a query computes with: its canonical text, equality and order.
#include "base/value.h"

#include "base/date.h"
#include "base/number.h"
#include "base/utf8.h"

const char *lq_type_name(lq_type t)
{
  static const char *const names[] = {
#define X(name, text) text,
      LQ_TYPES(X)
#undef X
  };
  return names[t];
}

lq_str lq_value_text(const lq_value *v, char scratch[LQ_VALUE_TEXT_MAX])
{
  switch (v->type) {
  case LQ_T_NULL: return LQ_STR("null");
  case LQ_T_BOOL: return v->b ? LQ_STR("true") : LQ_STR("false");
  case LQ_T_INT: return (lq_str){scratch, lq_format_i64(v->i, scratch)};
  case LQ_T_UINT: return (lq_str){scratch, lq_format_u64(v->u, scratch)};
  case LQ_T_DOUBLE: return (lq_str){scratch, lq_format_double(v->d, scratch)};
  case LQ_T_STRING: return v->s;
  case LQ_T_IP: return (lq_str){scratch, lq_ip_format(v->ip, scratch)};
  case LQ_T_DATE: return (lq_str){scratch, lq_date_format(v->i, scratch)};
  case LQ_T_OBJECT: break;
  }
  return LQ_STR("");
}

static bool has_no_text(const lq_value *v)
{
  return v->type == LQ_T_OBJECT;
}

bool lq_value_equal(const lq_value *a, const lq_value *b)
{
  if (has_no_text(a) || has_no_text(b))
    return false;
  if (a->type == b->type && (a->type == LQ_T_INT || a->type == LQ_T_DATE))
    return a->i == b->i;
  char x[LQ_VALUE_TEXT_MAX], y[LQ_VALUE_TEXT_MAX];
  return lq_str_eq(lq_value_text(a, x), lq_value_text(b, y));
}

bool lq_value_equal_fold(const lq_value *a, const lq_value *b)
{
  char x[LQ_VALUE_TEXT_MAX], y[LQ_VALUE_TEXT_MAX];
  return !has_no_text(a) && !has_no_text(b) && lq_fold_eq(lq_value_text(a, x), lq_value_text(b, y));
}

#define ORDER(x, y) (((x) > (y)) - ((x) < (y)))

// Exact, unlike a conversion of the integer to double: 2^53 + 1 is more than 2^53.
static int order_int_double(int64_t i, double d)
{
  if (d >= 9223372036854775808.0)
    return -1;
  if (d < -9223372036854775808.0)
    return 1;
  int64_t whole = (int64_t)d;
  return i != whole ? ORDER(i, whole) : ORDER(0.0, d - (double)whole);
}

static int order_uint_double(uint64_t u, double d)
{
  if (d >= 18446744073709551616.0)
    return -1;
  if (d < 0)
    return 1;
  uint64_t whole = (uint64_t)d;
  return u != whole ? ORDER(u, whole) : ORDER(0.0, d - (double)whole);
}

static bool order_numbers(const lq_value *a, const lq_value *b, int *order)
{
  if ((a->type == LQ_T_DOUBLE && a->d != a->d) || (b->type == LQ_T_DOUBLE && b->d != b->d))
    return false;
  if (a->type == b->type)
    *order = a->type == LQ_T_INT    ? ORDER(a->i, b->i)
             : a->type == LQ_T_UINT ? ORDER(a->u, b->u)
                                    : ORDER(a->d, b->d);
  else if (b->type == LQ_T_DOUBLE)
    *order = a->type == LQ_T_INT ? order_int_double(a->i, b->d) : order_uint_double(a->u, b->d);
  else if (a->type == LQ_T_DOUBLE)
    *order = b->type == LQ_T_INT ? -order_int_double(b->i, a->d) : -order_uint_double(b->u, a->d);
  else
    *order = a->type == LQ_T_UINT ? 1 : -1; // a UINT is above every INT
  return true;
}

// A number is milliseconds since 1970, as in the functions of time and in an event's @timestamp.
static bool as_date(const lq_value *v, int64_t *ns)
{
  if (v->type == LQ_T_STRING)
    return lq_date_parse(v->s, ns);
  if (v->type == LQ_T_INT)
    return !__builtin_mul_overflow(v->i, INT64_C(1000000), ns);
  if (v->type == LQ_T_DOUBLE && v->d > -9.2e12 && v->d < 9.2e12) {
    *ns = (int64_t)(v->d * 1e6);
    return true;
  }
  *ns = v->type == LQ_T_DATE ? v->i : 0;
  return v->type == LQ_T_DATE;
}

static bool as_ip(const lq_value *v, lq_ip *ip)
{
  if (v->type != LQ_T_IP)
    return v->type == LQ_T_STRING && lq_ip_parse(v->s, ip);
  *ip = *v->ip;
  return true;
}

static bool order_dates(const lq_value *a, const lq_value *b, int *order)
{
  int64_t x, y;
  if (!as_date(a, &x) || !as_date(b, &y))
    return false;
  *order = ORDER(x, y);
  return true;
}

static bool order_ips(const lq_value *a, const lq_value *b, int *order)
{
  lq_ip x, y;
  if (!as_ip(a, &x) || !as_ip(b, &y))
    return false;
  *order = memcmp(x.b, y.b, sizeof x.b);
  return true;
}

bool lq_value_order(const lq_value *a, const lq_value *b, int *order)
{
  if (lq_is_number(a->type) && lq_is_number(b->type))
    return order_numbers(a, b, order);
  if (a->type == LQ_T_DATE || b->type == LQ_T_DATE)
    return order_dates(a, b, order);
  if (a->type == LQ_T_IP || b->type == LQ_T_IP)
    return order_ips(a, b, order);
  if (a->type != LQ_T_STRING || b->type != LQ_T_STRING)
    return false;
  *order = lq_str_cmp(a->s, b->s);
  return true;
}
