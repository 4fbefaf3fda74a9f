// JSON: what parses, what does not and where it stops, strings, numbers. No leniencies: RFC 8259 as it
// stands. (The reader skips a byte order mark before it comes here, and repairs bad UTF-8 only inside
// strings.)
#include <criterion/criterion.h>
#include <stdio.h>

#include "input/json.h"

static const struct parse_case {
  const char *text;
  int at; // of the error, -1: parses
  lq_status status;
} parse_cases[] = {
    {"{}", -1, LQ_OK},
    {"[]", -1, LQ_OK},
    {" [1 , 2.5e-3 ,\"a\" , true,false,null,{\"a\":[{}]}]\r\n", -1, LQ_OK},
    {"\"alone\"", -1, LQ_OK},
    {"-0", -1, LQ_OK},
    {"{\"a\":1,\"a\":2}", -1, LQ_OK},
    {"\"\x7f\"", -1, LQ_OK},
    {"\"\xff\"", -1, LQ_OK}, // repaired when it is read
    {"\"\\ud800\"", -1, LQ_OK},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", -1, LQ_OK},
    {"", 0, LQ_E_INPUT},
    {"  ", 2, LQ_E_INPUT},
    {"[1,]", 3, LQ_E_INPUT},
    {"[,1]", 1, LQ_E_INPUT},
    {"[1 2]", 3, LQ_E_INPUT},
    {"[1}", 2, LQ_E_INPUT},
    {"{\"a\":1]", 6, LQ_E_INPUT},
    {"{\"a\":1,}", 7, LQ_E_INPUT},
    {"{\"a\" 1}", 5, LQ_E_INPUT},
    {"{a:1}", 1, LQ_E_INPUT},
    {"{'a':1}", 1, LQ_E_INPUT},
    {"{\"a\":}", 5, LQ_E_INPUT},
    {"{} {}", 3, LQ_E_INPUT},
    {"01", 1, LQ_E_INPUT},
    {"-", 1, LQ_E_INPUT},
    {"1.", 2, LQ_E_INPUT},
    {".5", 0, LQ_E_INPUT},
    {"1e", 2, LQ_E_INPUT},
    {"+1", 0, LQ_E_INPUT},
    {"NaN", 0, LQ_E_INPUT},
    {"tru", 3, LQ_E_INPUT},
    {"nul!", 3, LQ_E_INPUT},
    {"\"\t\"", 1, LQ_E_INPUT},
    {"\"\\x\"", 1, LQ_E_INPUT},
    {"\"\\u12G4\"", 1, LQ_E_INPUT},
    {"\"open", 0, LQ_E_INPUT},
    {"\"12345678\x01\"", 9, LQ_E_INPUT}, // behind the eight bytes that are looked at together
    {"\xEF\xBB\xBF{}", 0, LQ_E_INPUT},
    {"[1]\xA0", 3, LQ_E_INPUT},
    {"[[[[[]]]]]", 4, LQ_E_LIMIT},
};

Test(json, parses_or_says_where)
{
  lq_json j = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < sizeof parse_cases / sizeof *parse_cases; i++) {
    const struct parse_case *c = &parse_cases[i];
    lq_json_error e;
    lq_status s = lq_json_parse(&j, lq_str_of(c->text), 4, &e);
    cr_expect_eq(s, c->status, "%s: %d %s", c->text, (int)s, e.reason);
    if (c->at >= 0)
      cr_expect_eq(e.at, (size_t)c->at, "%s: at %zu", c->text, e.at);
  }
  lq_json_free(&j);
}

Test(json, a_nul_is_an_ordinary_bad_byte)
{
  lq_json j = {.mem = &lq_mem_libc};
  lq_json_error e;
  cr_expect_eq(lq_json_parse(&j, LQ_STR("{}\0"), 4, &e), LQ_E_INPUT);
  cr_expect_eq(lq_json_parse(&j, LQ_STR("\"a\0b\""), 4, &e), LQ_E_INPUT);
  cr_expect_eq(lq_json_parse(&j, LQ_STR("\"\\\0\""), 4, &e), LQ_E_INPUT);
  lq_json_free(&j);
}

// What every prefix of a record says: it was cut. A stream scanner depends on it.
Test(json, every_prefix_is_cut)
{
  lq_json j = {.mem = &lq_mem_libc};
  lq_json_error e;
  lq_str text = LQ_STR("{\"a\\u00e9\":[true,false,null,-1.5e+7,\"x\\n\\\\\"],\"b\":{\"c\":{}}}");
  cr_assert_eq(lq_json_parse(&j, text, 8, &e), LQ_OK);
  for (size_t n = 0; n < text.n; n++) {
    cr_expect_eq(lq_json_parse(&j, lq_str_slice(text, 0, n), 8, &e), LQ_E_INPUT);
    cr_expect(e.cut, "%zu: %s", n, e.reason);
  }
  lq_json_free(&j);
}

static const struct string_case {
  const char *text, *want;
  unsigned repaired;
} string_cases[] = {
    {"\"plain\"", "plain", 0},
    {"\"\"", "", 0},
    {"\"a\\tb\\/c\\\\\"", "a\tb/c\\", 0},
    {"\"\\u0041\\u00e9\\u20ac\"", "A\xC3\xA9\xE2\x82\xAC", 0},
    {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80", 0},
    {"\"\xF0\x9F\x98\x80\"", "\xF0\x9F\x98\x80", 0},
    {"\"\\ud83d\"", "\xEF\xBF\xBD", 1},
    {"\"\\ude00x\"", "\xEF\xBF\xBDx", 1},
    {"\"\\ud83d\\u0041\"",
     "\xEF\xBF\xBD"
     "A",
     1},
    {"\"a\xFF"
     "b\"",
     "a\xEF\xBF\xBD"
     "b",
     1},
    {"\"\xC0\xAF\"", "\xEF\xBF\xBD\xEF\xBF\xBD", 2},
    {"\"\xE2\x82\"", "\xEF\xBF\xBD", 1},
    {"\"\xED\xA0\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", 3},
    {"\"\\n\xC3\xA9\"", "\n\xC3\xA9", 0},
    {"\"\xC3\xA9\\n\"", "\xC3\xA9\n", 0},
    {"\"\\ud83d\xFF\"", "\xEF\xBF\xBD\xEF\xBF\xBD", 2}, // each once, though it is begun twice
};

Test(json, strings_are_decoded_and_repaired)
{
  lq_json j = {.mem = &lq_mem_libc};
  lq_arena a = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < sizeof string_cases / sizeof *string_cases; i++) {
    const struct string_case *c = &string_cases[i];
    lq_json_error e;
    uint64_t repaired = 0;
    cr_assert_eq(lq_json_parse(&j, lq_str_of(c->text), 4, &e), LQ_OK, "%s", c->text);
    lq_str s = lq_json_string(&j, &j.nodes[0], &a, &repaired);
    cr_expect(lq_str_is(s, c->want), "%s: %.*s", c->text, LQ_STR_ARG(s));
    cr_expect_eq(repaired, c->repaired, "%s", c->text);
  }
  lq_arena_free(&a);
  lq_json_free(&j);
}

static void expect_padded(const struct string_case *c, int before, int after)
{
  static const char pad[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  char text[160], want[160];
  lq_json j = {.mem = &lq_mem_libc};
  lq_arena a = {.mem = &lq_mem_libc};
  lq_json_error e;
  uint64_t repaired = 0;
  int inside = (int)strlen(c->text) - 2;
  snprintf(text, sizeof text, "\"%.*s%.*s%.*s\"", before, pad, inside, c->text + 1, after, pad);
  snprintf(want, sizeof want, "%.*s%s%.*s", before, pad, c->want, after, pad);
  cr_assert_eq(lq_json_parse(&j, lq_str_of(text), 4, &e), LQ_OK, "%s", text);
  lq_str s = lq_json_string(&j, &j.nodes[0], &a, &repaired);
  cr_expect(lq_str_is(s, want), "%s: %.*s", text, LQ_STR_ARG(s));
  cr_expect_eq(repaired, c->repaired, "%s", text);
  lq_arena_free(&a);
  lq_json_free(&j);
}

// Sixteen bytes are looked at together: what is special among them may stand anywhere.
Test(json, strings_are_decoded_wherever_their_escapes_stand)
{
  for (size_t i = 0; i < sizeof string_cases / sizeof *string_cases; i++) {
    for (int before = 0; before < 36; before++) {
      for (int after = 0; after < 36; after++)
        expect_padded(&string_cases[i], before, after);
    }
  }
}

Test(json, a_nul_escape_is_a_byte)
{
  lq_json j = {.mem = &lq_mem_libc};
  lq_arena a = {.mem = &lq_mem_libc};
  lq_json_error e;
  uint64_t repaired = 0;
  cr_assert_eq(lq_json_parse(&j, LQ_STR("\"cmd\\u0000.exe\""), 4, &e), LQ_OK);
  lq_str s = lq_json_string(&j, &j.nodes[0], &a, &repaired);
  cr_expect(lq_str_eq(s, LQ_STR("cmd\0.exe")));
  lq_arena_free(&a);
  lq_json_free(&j);
}

static const struct number_case {
  const char *text;
  lq_type type;
  const char *want;
  bool range;
} number_cases[] = {
    {"0", LQ_T_INT, "0", false},
    {"-0", LQ_T_INT, "0", false},
    {"-0.0", LQ_T_DOUBLE, "0", false},
    {"9007199254740993", LQ_T_INT, "9007199254740993", false},
    {"9223372036854775807", LQ_T_INT, "9223372036854775807", false},
    {"-9223372036854775808", LQ_T_INT, "-9223372036854775808", false},
    {"9223372036854775808", LQ_T_UINT, "9223372036854775808", false},
    {"18446744073709551615", LQ_T_UINT, "18446744073709551615", false},
    {"4.0", LQ_T_DOUBLE, "4", false},
    {"1e2", LQ_T_DOUBLE, "100", false},
    {"0.1", LQ_T_DOUBLE, "0.1", false},
    {"1e400", LQ_T_STRING, "1e400", true},
    {"-1E400", LQ_T_STRING, "-1E400", true},
    {"1e99999999999999999999", LQ_T_STRING, "1e99999999999999999999", true},
    {"1e-400", LQ_T_DOUBLE, "0", false},
    {"0.000001e-400", LQ_T_DOUBLE, "0", false},
    {"123e-99999999999999999999", LQ_T_DOUBLE, "0", false},
};

Test(json, numbers_are_exact)
{
  lq_json j = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < sizeof number_cases / sizeof *number_cases; i++) {
    const struct number_case *c = &number_cases[i];
    char scratch[LQ_VALUE_TEXT_MAX];
    lq_json_error e;
    bool range = false;
    cr_assert_eq(lq_json_parse(&j, lq_str_of(c->text), 4, &e), LQ_OK, "%s", c->text);
    lq_value v = lq_json_number(&j, &j.nodes[0], &range);
    lq_str text = lq_value_text(&v, scratch);
    cr_expect_eq(v.type, c->type, "%s: %s", c->text, lq_type_name(v.type));
    cr_expect(lq_str_is(text, c->want), "%s: %.*s", c->text, LQ_STR_ARG(text));
    cr_expect_eq(range, c->range, "%s", c->text);
  }
  lq_json_free(&j);
}

Test(json, too_many_values_are_refused)
{
  lq_json j = {.mem = &lq_mem_libc, .max_leaves = 3};
  lq_json_error e;
  cr_expect_eq(lq_json_parse(&j, LQ_STR("[1,2,[]]"), 4, &e), LQ_OK);
  cr_expect_eq(lq_json_parse(&j, LQ_STR("[1,2,3,4]"), 4, &e), LQ_E_LIMIT);
  cr_expect(e.leaves);
  lq_json_free(&j);
}
