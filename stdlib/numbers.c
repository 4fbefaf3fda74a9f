// Arithmetic, and numbers out of text. Whole numbers are exact as long as 64 bits hold them.
#include "base/number.h"

#include <math.h>

#include "stdlib/bodies.h"

// Both integer types, and what adding, or dividing, two of either can give.
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

static double as_double(const lq_value *v)
{
  return v->type == LQ_T_DOUBLE ? v->d : v->type == LQ_T_INT ? (double)v->i : (double)v->u;
}

static wide as_wide(const lq_value *v)
{
  return v->type == LQ_T_INT ? (wide)v->i : (wide)v->u;
}

static lq_value narrow(wide w)
{
  if (w >= INT64_MIN && w <= INT64_MAX)
    return lq_int((int64_t)w);
  return w > 0 && w <= UINT64_MAX ? lq_uint((uint64_t)w) : lq_double((double)w);
}

static uwide magnitude(wide w)
{
  return w < 0 ? (uwide)0 - (uwide)w : (uwide)w;
}

static lq_value product(wide a, wide b)
{
  // Two magnitudes of 64 bits: their product fits the unsigned type, not the signed one.
  uwide m = magnitude(a) * magnitude(b);
  bool negative = (a < 0) != (b < 0);
  if (m > UINT64_MAX)
    return lq_double(negative ? -(double)m : (double)m);
  return narrow(negative ? -(wide)m : (wide)m);
}

static lq_value whole(char op, wide a, wide b, bool floors)
{
  switch (op) {
  case '+': return narrow(a + b);
  case '-': return narrow(a - b);
  case '*': return product(a, b);
  }
  if (b == 0)
    return LQ_NO_VALUE;
  wide quotient = a / b, rest = a % b;
  bool down = floors && rest != 0 && (rest < 0) != (b < 0);
  return narrow(op == '/' ? quotient - down : down ? rest + b : rest);
}

static lq_value real(char op, double a, double b, bool floors)
{
  double r = 0;
  switch (op) {
  case '+': r = a + b; break;
  case '-': r = a - b; break;
  case '*': r = a * b; break;
  case '/': r = b == 0 ? NAN : a / b; break;
  case '%': r = fmod(a, b); break;
  }
  if (op == '%' && floors && r != 0 && (r < 0) != (b < 0))
    r += b;
  return isfinite(r) ? lq_double(r) : LQ_NO_VALUE;
}

lq_value lq_arithmetic(char op, const lq_value *a, const lq_value *b, bool floors)
{
  if (!lq_is_number(a->type) || !lq_is_number(b->type))
    return LQ_NO_VALUE;
  if (a->type == LQ_T_DOUBLE || b->type == LQ_T_DOUBLE)
    return real(op, as_double(a), as_double(b), floors);
  return whole(op, as_wide(a), as_wide(b), floors);
}

#define ARITHMETIC(name, op)                                                                                 \
  lq_value lq_fn_##name(const lq_call *call, const lq_value *args, int nargs)                                \
  {                                                                                                          \
    (void)nargs;                                                                                             \
    return lq_arithmetic(op, &args[0], &args[1], call->endgame);                                             \
  }
ARITHMETIC(add, '+')
ARITHMETIC(subtract, '-')
ARITHMETIC(multiply, '*')
ARITHMETIC(divide, '/')
ARITHMETIC(modulo, '%')

// ---- text to number

static lq_value signed_value(bool negative, uint64_t u)
{
  return narrow(negative ? -(wide)u : (wide)u);
}

static lq_value decimal(lq_str s)
{
  int64_t i;
  uint64_t u;
  double d;
  if (lq_parse_i64(s, &i))
    return lq_int(i);
  if (lq_parse_u64(s, &u))
    return lq_uint(u);
  return lq_parse_double(s, &d) ? lq_double(d) : LQ_NO_VALUE;
}

lq_value lq_fn_number(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str s;
  int64_t base = 10;
  bool given = lq_arg_given(args, nargs, 1);
  if (!given && lq_is_number(args[0].type))
    return args[0];
  if (!lq_arg_text(call, &args[0], &s) || (given && !lq_arg_int(&args[1], &base)))
    return LQ_NO_VALUE;
  lq_str digits = s;
  bool sign = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+'), negative = sign && s.p[0] == '-';
  digits = lq_str_slice(s, sign, s.n);
  if (digits.n > 0 && (digits.p[0] == '-' || digits.p[0] == '+'))
    return LQ_NO_VALUE;
  bool prefix = (!given || base == 16) && digits.n > 2 && digits.p[0] == '0' && (digits.p[1] | 32) == 'x';
  if (!prefix && base == 10)
    return decimal(negative ? s : digits);
  uint64_t u;
  digits = lq_str_slice(digits, prefix ? 2 : 0, digits.n);
  return base >= 2 && base <= 36 && lq_parse_u64_base(digits, prefix ? 16 : (int)base, &u)
             ? signed_value(negative, u)
             : LQ_NO_VALUE;
}
