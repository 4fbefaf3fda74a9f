// Dates: reading, date math, the calendar.
#include <criterion/criterion.h>

#include "base/date.h"

static lq_str formatted(int64_t ns, char out[40])
{
  return (lq_str){out, lq_date_format(ns, out)};
}

Test(base_date, parse)
{
  static const struct {
    const char *in, *out; // NULL: not a date
  } rows[] = {
      {"1970-01-01", "1970-01-01T00:00:00.000Z"},
      {"2024-05-01T10:11", "2024-05-01T10:11:00.000Z"},
      {"2024-05-01T10", "2024-05-01T10:00:00.000Z"},
      {"2024-05-01 10:11:12.123456789", "2024-05-01T10:11:12.123456789Z"},
      {"2024-05-01T10:11:12.1234567899Z", "2024-05-01T10:11:12.123456789Z"},
      {"2024-05-01t10:11:12,5z", "2024-05-01T10:11:12.500Z"},
      {"2024-05-01T10:11:12+02:00", "2024-05-01T08:11:12.000Z"},
      {"2024-05-01T10:11:12-0230", "2024-05-01T12:41:12.000Z"},
      {"2024-05-01 10:11:12 +02", "2024-05-01T08:11:12.000Z"},
      {"2024-02-29", "2024-02-29T00:00:00.000Z"},
      {"2000-02-29", "2000-02-29T00:00:00.000Z"},
      {"2023-02-29", NULL},
      {"1900-02-29", NULL},
      {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
      {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"},
      {"1677-09-21T00:12:43.145224192Z", "1677-09-21T00:12:43.145224192Z"},
      {"1677-09-21T00:12:43.145224191Z", NULL},
      {"2262-04-11T23:47:16.854775807Z", "2262-04-11T23:47:16.854775807Z"},
      {"2262-04-11T23:47:16.854775808Z", NULL},
      {"9999-12-31T23:59:59Z", NULL},
      {"2024-13-01", NULL},
      {"2024-00-01", NULL},
      {"2024-04-31", NULL},
      {"2024-05-01T24:00", NULL},
      {"2024-05-01T10:60", NULL},
      {"2024-05-01T10:11:12.", NULL},
      {"2024-05-01T10:11:12ZZ", NULL},
      {"2024-05-01T10:11:12+2", NULL},
      {"2024-05-01T", NULL},
      {"2024-5-1", NULL},
      {"24-05-01", NULL},
      {"20240501", NULL},
      {"", NULL},
      {" 2024-05-01", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int64_t ns = 0;
    char text[40];
    bool ok = lq_date_parse(lq_str_of(rows[i].in), &ns);
    cr_expect_eq(ok, rows[i].out != NULL, "%s", rows[i].in);
    if (ok && rows[i].out)
      cr_expect(lq_str_is(formatted(ns, text), rows[i].out), "%s gives %s", rows[i].in, text);
  }
  int64_t ns;
  cr_expect_not(lq_date_parse((lq_str){0}, &ns));
  cr_expect_not(lq_date_parse((lq_str){"2024-05-01\0", 11}, &ns));
}

Test(base_date, math)
{
  int64_t now;
  cr_assert(lq_date_parse(LQ_STR("2024-05-31T10:11:12.500Z"), &now)); // a Friday
  static const struct {
    const char *in, *out;
  } rows[] = {
      {"now", "2024-05-31T10:11:12.500Z"},
      {"now-5m", "2024-05-31T10:06:12.500Z"},
      {"now+1h-30s", "2024-05-31T11:10:42.500Z"},
      {"now-1d/d", "2024-05-30T00:00:00.000Z"},
      {"now/h", "2024-05-31T10:00:00.000Z"},
      {"now/H", "2024-05-31T10:00:00.000Z"},
      {"now/m", "2024-05-31T10:11:00.000Z"},
      {"now/s", "2024-05-31T10:11:12.000Z"},
      {"now/M", "2024-05-01T00:00:00.000Z"},
      {"now/y", "2024-01-01T00:00:00.000Z"},
      {"now/w", "2024-05-27T00:00:00.000Z"},
      {"now+M", "2024-06-30T10:11:12.500Z"},
      {"now-3M", "2024-02-29T10:11:12.500Z"},
      {"now-1y", "2023-05-31T10:11:12.500Z"},
      {"now+2w", "2024-06-14T10:11:12.500Z"},
      {"2024-05-01||+1M/d", "2024-06-01T00:00:00.000Z"},
      {"2024-05-05||/w", "2024-04-29T00:00:00.000Z"},
      {"2024-05-01", "2024-05-01T00:00:00.000Z"},
      {"2024-05-01||", "2024-05-01T00:00:00.000Z"},
      {"1969-12-31T23:30||/h", "1969-12-31T23:00:00.000Z"},
      {"now-", NULL},
      {"now-5", NULL},
      {"now-5x", NULL},
      {"now5m", NULL},
      {"now /d", NULL},
      {"now-99999999999999999999d", NULL},
      {"now-9999999999d", NULL},
      {"now+500y", NULL},
      {"||+1d", NULL},
      {"2024-05-01+1d", NULL},
      {"tomorrow", NULL},
      {"", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int64_t ns = 0;
    char text[40];
    bool ok = lq_date_math(lq_str_of(rows[i].in), now, &ns);
    cr_expect_eq(ok, rows[i].out != NULL, "%s", rows[i].in);
    if (ok && rows[i].out)
      cr_expect(lq_str_is(formatted(ns, text), rows[i].out), "%s gives %s", rows[i].in, text);
  }
}

Test(base_date, every_day_there_and_back)
{
  const int64_t day = INT64_C(86400000000000);
  int weekday = lq_date_civil(-106000 * day).weekday;
  for (int64_t d = -106000; d < 106000; d++, weekday = (weekday + 1) % 7) {
    lq_civil c = lq_date_civil(d * day + 1);
    cr_assert_eq(lq_date_from_civil(&c), d * day + 1, "%d-%d-%d", c.year, c.month, c.day);
    cr_assert_eq(c.weekday, weekday);
  }
  lq_civil first = lq_date_civil(INT64_MIN), last = lq_date_civil(INT64_MAX);
  cr_expect_eq(lq_date_from_civil(&first), INT64_MIN);
  cr_expect_eq(lq_date_from_civil(&last), INT64_MAX);
  first.year = -9999, last.year = 99999;
  cr_expect_eq(lq_date_from_civil(&first), INT64_MIN);
  cr_expect_eq(lq_date_from_civil(&last), INT64_MAX);
}
