// Parts of a date. A text is read as RFC 3339, a number as milliseconds since 1970; everything is UTC.
#include "base/date.h"
#include "base/number.h"
#include "stdlib/bodies.h"

static bool from_ms(int64_t ms, int64_t *ns)
{
  return !__builtin_mul_overflow(ms, INT64_C(1000000), ns);
}

static bool civil(const lq_value *v, lq_civil *out)
{
  int64_t ns = v->i, n;
  bool ok = v->type == LQ_T_DATE;
  if (v->type == LQ_T_STRING)
    ok = lq_date_parse(v->s, &ns) || (lq_parse_i64(v->s, &n) && from_ms(n, &ns));
  else if (v->type == LQ_T_INT)
    ok = from_ms(v->i, &ns);
  else if (v->type == LQ_T_DOUBLE && v->d > -9e12 && v->d < 9e12) { // about the years that nanoseconds reach
    ns = (int64_t)(v->d * 1e6);
    ok = true;
  }
  if (ok)
    *out = lq_date_civil(ns);
  return ok;
}

#define PART(name, expression)                                                                               \
  lq_value lq_fn_##name(const lq_call *call, const lq_value *args, int nargs)                                \
  {                                                                                                          \
    (void)call, (void)nargs;                                                                                 \
    lq_civil c;                                                                                              \
    return civil(&args[0], &c) ? lq_int(expression) : LQ_NO_VALUE;                                           \
  }
PART(hour, c.hour)
PART(minute, c.minute)
PART(day, c.day)
PART(weekday, c.weekday == 0 ? 7 : c.weekday)
PART(month, c.month)
PART(year, c.year)
