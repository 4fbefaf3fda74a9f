// Points in time: the civil calendar, RFC 3339 and date math. Every step is checked for overflow.
#include "base/date.h"

#include <stdio.h>

static const int64_t SECOND = INT64_C(1000000000);
enum { DAY_SECONDS = 86400, ERA_YEARS = 400, ERA_DAYS = 146097, EPOCH_DAY = 719468 };

static int64_t floor_div(int64_t a, int64_t b)
{
  return a / b - (a % b < 0);
}

static int64_t floor_mod(int64_t a, int64_t b)
{
  return a % b + (a % b < 0 ? b : 0); // not by way of floor_div: its product can overflow
}

static bool is_leap(int year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
  static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return days[month - 1] + (month == 2 && is_leap(year));
}

// Years are counted from March, so that the leap day is the last of its year and every month before it has a
// fixed place: (153 * m + 2) / 5 days lie before month m. 400 years are one era of equal length.
static int64_t days_from_civil(int64_t year, int month, int day)
{
  year -= month <= 2;
  int64_t era = floor_div(year, ERA_YEARS), y = floor_mod(year, ERA_YEARS);
  int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * ERA_DAYS + y * 365 + y / 4 - y / 100 + in_year - EPOCH_DAY;
}

static void civil_from_days(int64_t days, lq_civil *c)
{
  days += EPOCH_DAY;
  int64_t era = floor_div(days, ERA_DAYS), d = floor_mod(days, ERA_DAYS);
  int64_t y = (d - d / 1460 + d / 36524 - d / (ERA_DAYS - 1)) / 365;
  d -= y * 365 + y / 4 - y / 100;
  int m = (int)((5 * d + 2) / 153);
  c->day = (int)(d - (153 * m + 2) / 5) + 1;
  c->month = m < 10 ? m + 3 : m - 9;
  c->year = (int)(era * ERA_YEARS + y) + (c->month <= 2);
}

lq_civil lq_date_civil(int64_t ns)
{
  lq_civil c = {.nanosecond = (int)floor_mod(ns, SECOND)};
  int64_t seconds = floor_div(ns, SECOND), days = floor_div(seconds, DAY_SECONDS);
  int rest = (int)floor_mod(seconds, DAY_SECONDS);
  c.hour = rest / 3600;
  c.minute = rest / 60 % 60;
  c.second = rest % 60;
  c.weekday = (int)floor_mod(days + 4, 7); // the first day of 1970 was a Thursday
  civil_from_days(days, &c);
  return c;
}

static bool join(int64_t seconds, int64_t nanosecond, int64_t *ns)
{
  // In the first second that int64 can hold, the product alone is too small: go there from the second after
  // it.
  if (seconds < 0 && nanosecond > 0)
    seconds++, nanosecond -= SECOND;
  return !__builtin_mul_overflow(seconds, SECOND, ns) && !__builtin_add_overflow(*ns, nanosecond, ns);
}

static int64_t civil_seconds(const lq_civil *c)
{
  int64_t month = (int64_t)c->month - 1;
  int64_t days = days_from_civil(c->year + floor_div(month, 12), (int)floor_mod(month, 12) + 1, 1) + c->day -
                 1;
  return days * DAY_SECONDS + (int64_t)c->hour * 3600 + (int64_t)c->minute * 60 + c->second;
}

int64_t lq_date_from_civil(const lq_civil *c)
{
  int64_t ns, seconds = civil_seconds(c);
  return join(seconds, c->nanosecond, &ns) ? ns : seconds < 0 ? INT64_MIN : INT64_MAX;
}

// ---- reading

typedef struct cursor {
  const char *p, *end;
} cursor;

static bool at_end(const cursor *c)
{
  return c->p == c->end;
}

static bool at_digit(const cursor *c)
{
  return !at_end(c) && *c->p >= '0' && *c->p <= '9';
}

static bool take(cursor *c, const char *set)
{
  if (at_end(c) || *c->p == '\0' || !strchr(set, *c->p))
    return false;
  c->p++;
  return true;
}

static bool digits(cursor *c, int count, int min, int max, int *out)
{
  int v = 0;
  for (int i = 0; i < count; i++) {
    if (!at_digit(c))
      return false;
    v = v * 10 + (*c->p++ - '0');
  }
  *out = v;
  return v >= min && v <= max;
}

static bool read_day(cursor *c, lq_civil *out)
{
  return digits(c, 4, 0, 9999, &out->year) && take(c, "-") && digits(c, 2, 1, 12, &out->month) &&
         take(c, "-") && digits(c, 2, 1, 31, &out->day) && out->day <= month_days(out->year, out->month);
}

// Digits after the ninth are less than a nanosecond.
static bool read_fraction(cursor *c, int *ns)
{
  if (!at_digit(c))
    return false;
  *ns = 0;
  for (int unit = 100000000; at_digit(c); unit /= 10)
    *ns += (*c->p++ - '0') * unit;
  return true;
}

static bool read_time(cursor *c, lq_civil *out)
{
  if (!digits(c, 2, 0, 23, &out->hour))
    return false;
  if (!take(c, ":"))
    return true;
  if (!digits(c, 2, 0, 59, &out->minute))
    return false;
  if (!take(c, ":"))
    return true;
  if (!digits(c, 2, 0, 60, &out->second)) // 60: a leap second, which is the next minute here
    return false;
  return !take(c, ".,") || read_fraction(c, &out->nanosecond);
}

static bool read_zone(cursor *c, int64_t *offset)
{
  int hour = 0, minute = 0;
  *offset = 0;
  if (at_end(c) || take(c, "Zz"))
    return true;
  bool west = *c->p == '-';
  if (!take(c, "+-") || !digits(c, 2, 0, 23, &hour))
    return false;
  bool colon = take(c, ":");
  if ((colon || at_digit(c)) && !digits(c, 2, 0, 59, &minute))
    return false;
  *offset = (west ? -60 : 60) * (hour * 60 + minute);
  return true;
}

static bool read_date(cursor *c, int64_t *ns)
{
  lq_civil t = {0};
  int64_t offset = 0;
  if (!read_day(c, &t))
    return false;
  if (take(c, "Tt ") && (!read_time(c, &t) || (take(c, " "), !read_zone(c, &offset))))
    return false;
  return at_end(c) && join(civil_seconds(&t) - offset, t.nanosecond, ns);
}

bool lq_date_parse(lq_str s, int64_t *ns)
{
  if (s.n == 0)
    return false;
  cursor c = {s.p, s.p + s.n};
  return read_date(&c, ns);
}

// ---- date math

static int64_t unit_seconds(char unit)
{
  switch (unit) {
  case 's': return 1;
  case 'm': return 60;
  case 'h':
  case 'H': return 3600;
  case 'd': return DAY_SECONDS;
  case 'w': return 7 * DAY_SECONDS;
  default: return 0; // M and y have no fixed length
  }
}

static int64_t amount(cursor *c)
{
  if (!at_digit(c))
    return 1;
  int64_t n = 0;
  while (at_digit(c)) {
    if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *c->p - '0', &n))
      return -1;
    c->p++;
  }
  return n;
}

// The last day of a shorter month stands for a day that it does not have.
static bool add_months(int64_t n, int64_t *ns)
{
  lq_civil t = lq_date_civil(*ns);
  if (n > 12000 || n < -12000)
    return false;
  int64_t month = t.year * INT64_C(12) + t.month - 1 + n;
  t.year = (int)floor_div(month, 12);
  t.month = (int)floor_mod(month, 12) + 1;
  if (t.day > month_days(t.year, t.month))
    t.day = month_days(t.year, t.month);
  return join(civil_seconds(&t), t.nanosecond, ns);
}

static bool add_units(int64_t n, char unit, int64_t *ns)
{
  if (unit == 'M')
    return add_months(n, ns);
  if (unit == 'y')
    return n <= 1000 && n >= -1000 && add_months(n * 12, ns);
  int64_t by = unit_seconds(unit);
  return by > 0 && !__builtin_mul_overflow(n, by, &by) && !__builtin_mul_overflow(by, SECOND, &by) &&
         !__builtin_add_overflow(*ns, by, ns);
}

static bool round_down(char unit, int64_t *ns)
{
  lq_civil t = lq_date_civil(*ns);
  if (unit == 'w') // a week begins on Monday
    t.day -= (t.weekday + 6) % 7;
  const char units[] = "smhdMy", *found = strchr(units, unit == 'w' ? 'd' : unit == 'H' ? 'h' : unit);
  if (!found || unit == '\0')
    return false;
  int *const finer[] = {&t.nanosecond, &t.second, &t.minute, &t.hour, &t.day, &t.month};
  for (ptrdiff_t i = 0; i <= found - units; i++)
    *finer[i] = i < 4 ? 0 : 1;
  return join(civil_seconds(&t), t.nanosecond, ns);
}

static bool apply_math(cursor *c, int64_t *ns)
{
  while (!at_end(c)) {
    char op = *c->p;
    if (!take(c, "+-/"))
      return false;
    int64_t n = op == '/' ? 0 : amount(c);
    if (n < 0 || at_end(c))
      return false;
    char unit = *c->p++;
    if (op == '/' ? !round_down(unit, ns) : !add_units(op == '-' ? -n : n, unit, ns))
      return false;
  }
  return true;
}

static const char *find_bars(lq_str s)
{
  for (size_t i = 0; i + 1 < s.n; i++) {
    if (s.p[i] == '|' && s.p[i + 1] == '|')
      return s.p + i;
  }
  return NULL;
}

bool lq_date_math(lq_str s, int64_t now, int64_t *ns)
{
  int64_t at = now;
  if (s.n == 0)
    return false;
  cursor c = {s.p, s.p + s.n};
  const char *bars = find_bars(s);
  if (lq_str_starts(s, LQ_STR("now")))
    c.p += 3;
  else if (!lq_date_parse((lq_str){s.p, bars ? (size_t)(bars - s.p) : s.n}, &at))
    return false;
  else
    c.p = bars ? bars + 2 : c.end;
  if (!apply_math(&c, &at))
    return false;
  *ns = at;
  return true;
}

size_t lq_date_format(int64_t ns, char out[40])
{
  lq_civil c = lq_date_civil(ns);
  int digits_shown = 9, fraction = c.nanosecond;
  while (digits_shown > 3 && fraction % 10 == 0)
    fraction /= 10, digits_shown--;
  return (size_t)snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02d.%0*dZ", c.year, c.month, c.day, c.hour,
                          c.minute, c.second, digits_shown, fraction);
}
