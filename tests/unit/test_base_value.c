// Numbers as text, canonical text of values, equality, order.
#include <criterion/criterion.h>
#include <math.h>

#include "base/number.h"
#include "base/value.h"

Test(base_value, integers)
{
  static const struct {
    const char *text;
    bool is_signed, is_unsigned;
  } rows[] = {
      {"0", true, true},
      {"-1", true, false},
      {"+1", false, false},
      {"", false, false},
      {" 1", false, false},
      {"1 ", false, false},
      {"1.0", false, false},
      {"9223372036854775807", true, true},
      {"9223372036854775808", false, true},
      {"-9223372036854775808", true, false},
      {"-9223372036854775809", false, false},
      {"18446744073709551615", false, true},
      {"18446744073709551616", false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int64_t s = 77;
    uint64_t u = 77;
    char text[LQ_NUMBER_TEXT_MAX];
    cr_expect_eq(lq_parse_i64(lq_str_of(rows[i].text), &s), rows[i].is_signed, "%s", rows[i].text);
    cr_expect_eq(lq_parse_u64(lq_str_of(rows[i].text), &u), rows[i].is_unsigned, "%s", rows[i].text);
    if (rows[i].is_signed)
      cr_expect_eq(lq_format_i64(s, text), strlen(rows[i].text));
    else
      cr_expect_eq(s, 77);
    if (rows[i].is_unsigned)
      cr_expect_eq(lq_format_u64(u, text), strlen(rows[i].text));
  }
  uint64_t u = 0;
  cr_expect(lq_parse_u64_base(LQ_STR("fF"), 16, &u) && u == 255);
  cr_expect(lq_parse_u64_base(LQ_STR("zz"), 36, &u) && u == 35 * 36 + 35);
  cr_expect_not(lq_parse_u64_base(LQ_STR("0x1"), 16, &u));
  cr_expect_not(lq_parse_u64_base(LQ_STR("2"), 2, &u));
  cr_expect_not(lq_parse_u64_base(LQ_STR("1"), 1, &u));
  cr_expect_not(lq_parse_u64((lq_str){0}, &u));
}

Test(base_value, doubles)
{
  static const struct {
    const char *in, *out; // NULL: not a number
  } rows[] = {
      {"0.5", "0.5"},
      {"-0.0", "0"},
      {"4.0", "4"},
      {"1e3", "1000"},
      {"1E+3", "1000"},
      {"0.1", "0.1"},
      {"0.30000000000000004", "0.30000000000000004"},
      {"1e21", "1e+21"},
      {"9007199254740993", "9007199254740992"},
      {"18446744073709549568", "18446744073709549568"},
      {"18446744073709551616", "18446744073709551616"},
      {"-9223372036854775808", "-9223372036854775808"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
      {"2.2250738585072011e-308", "2.225073858507201e-308"},
      {"5e-324", "5e-324"},
      {"1e999", NULL},
      {"inf", NULL},
      {"nan", NULL},
      {"-inf", NULL},
      {"0x10", NULL},
      {"1,5", NULL},
      {"1e", NULL},
      {"", NULL},
      {"-", NULL},
      {"+1", NULL},
      {"1.5x", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    double d = 0;
    char text[LQ_NUMBER_TEXT_MAX];
    bool ok = lq_parse_double(lq_str_of(rows[i].in), &d);
    cr_expect_eq(ok, rows[i].out != NULL, "%s", rows[i].in);
    if (ok) {
      lq_str got = {text, lq_format_double(d, text)};
      cr_expect(lq_str_is(got, rows[i].out), "%s gives %s", rows[i].in, text);
    }
  }
}

static const lq_ip localhost = {{[10] = 0xFF, [11] = 0xFF, [12] = 127, [15] = 1}};

Test(base_value, text)
{
  const struct {
    lq_value v;
    const char *text;
  } rows[] = {
      {lq_bool(true), "true"},
      {lq_int(-5), "-5"},
      {lq_uint(UINT64_MAX), "18446744073709551615"},
      {lq_uint(7), "7"},
      {lq_double(4.0), "4"},
      {lq_double(0.25), "0.25"},
      {lq_string(LQ_STR("a b")), "a b"},
      {{.type = LQ_T_IP, .ip = &localhost}, "127.0.0.1"},
      {{.type = LQ_T_DATE, .i = 1500000000}, "1970-01-01T00:00:01.500Z"},
      {{.type = LQ_T_OBJECT}, ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char scratch[LQ_VALUE_TEXT_MAX];
    lq_str got = lq_value_text(&rows[i].v, scratch);
    cr_expect(lq_str_is(got, rows[i].text), "row %zu: %.*s", i, LQ_STR_ARG(got));
  }
  cr_expect_eq(lq_uint(7).type, LQ_T_INT);
  cr_expect_str_eq(lq_type_name(LQ_T_IP), "IP address");
}

Test(base_value, equal)
{
  const struct {
    lq_value a, b;
    bool exact, folded;
  } rows[] = {
      {lq_int(4624), lq_string(LQ_STR("4624")), true, true},
      {lq_int(4), lq_double(4.0), true, true},
      {lq_double(-0.0), lq_int(0), true, true},
      {lq_bool(true), lq_string(LQ_STR("true")), true, true},
      {lq_bool(true), lq_string(LQ_STR("TRUE")), false, true},
      {lq_string(LQ_STR("a")), lq_string(LQ_STR("A")), false, true},
      {lq_int(1), lq_bool(true), false, false},
      {lq_string(LQ_STR("4.0")), lq_int(4), false, false},
      {{.type = LQ_T_OBJECT}, lq_string(LQ_STR("")), false, false},
      {{.type = LQ_T_OBJECT}, {.type = LQ_T_OBJECT}, false, false},
      {{.type = LQ_T_IP, .ip = &localhost}, lq_string(LQ_STR("127.0.0.1")), true, true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cr_expect_eq(lq_value_equal(&rows[i].a, &rows[i].b), rows[i].exact, "row %zu", i);
    cr_expect_eq(lq_value_equal(&rows[i].b, &rows[i].a), rows[i].exact, "row %zu turned", i);
    cr_expect_eq(lq_value_equal_fold(&rows[i].a, &rows[i].b), rows[i].folded, "row %zu folded", i);
  }
}

enum { NO_ORDER = 9 };

Test(base_value, order)
{
  const lq_value date = {.type = LQ_T_DATE, .i = 0}, ip = {.type = LQ_T_IP, .ip = &localhost};
  const struct {
    lq_value a, b;
    int order;
  } rows[] = {
      {lq_int(1), lq_int(2), -1},
      {lq_int(-1), lq_uint(UINT64_MAX), -1},
      {lq_int(1), lq_double(1.5), -1},
      {lq_int(-1), lq_double(-1.5), 1},
      {lq_int(2), lq_double(2.0), 0},
      {lq_int(9007199254740993), lq_double(9007199254740992.0), 1},
      {lq_int(INT64_MAX), lq_double(9223372036854775808.0), -1},
      {lq_int(INT64_MIN), lq_double(-9223372036854775808.0), 0},
      {lq_int(INT64_MIN), lq_double(-1e300), 1},
      {lq_uint(UINT64_MAX), lq_double(18446744073709551616.0), -1},
      {lq_uint(UINT64_MAX), lq_double(-0.5), 1},
      {lq_uint(UINT64_MAX), lq_double(1e18), 1},
      {lq_double(0.5), lq_double(NAN), NO_ORDER},
      {lq_int(1), lq_double(NAN), NO_ORDER},
      {lq_string(LQ_STR("a")), lq_string(LQ_STR("B")), 1},
      {lq_string(LQ_STR("1")), lq_int(1), NO_ORDER},
      {lq_bool(false), lq_bool(true), NO_ORDER},
      {date, lq_string(LQ_STR("1970-01-01T00:00:01Z")), -1},
      {date, lq_string(LQ_STR("yesterday")), NO_ORDER},
      {date, lq_int(0), 0}, // milliseconds
      {date, lq_int(1), -1},
      {date, lq_double(-0.5), 1},
      {date, lq_int(INT64_MAX), NO_ORDER},
      {date, lq_double(1e300), NO_ORDER},
      {date, lq_double(NAN), NO_ORDER},
      {date, date, 0},
      {ip, lq_string(LQ_STR("127.0.0.2")), -1},
      {ip, lq_string(LQ_STR("localhost")), NO_ORDER},
      {ip, date, NO_ORDER},
      {{.type = LQ_T_OBJECT}, lq_int(1), NO_ORDER},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int there = NO_ORDER, back = NO_ORDER;
    cr_expect_eq(lq_value_order(&rows[i].a, &rows[i].b, &there), rows[i].order != NO_ORDER, "row %zu", i);
    lq_value_order(&rows[i].b, &rows[i].a, &back);
    there = there == NO_ORDER ? there : (there > 0) - (there < 0);
    back = back == NO_ORDER ? back : (back < 0) - (back > 0);
    cr_expect_eq(there, rows[i].order, "row %zu: %d", i, there);
    cr_expect_eq(back, rows[i].order, "row %zu turned: %d", i, back);
  }
}
