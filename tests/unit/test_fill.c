// Records to slots: spellings of names, arrays, missing values, scopes, patterns, time, wrappers, limits.
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/glob.h"
#include "input/reader.h"

static uint32_t add_field(lq_fieldmap *m, const char *name, uint32_t scope, bool is_scope)
{
  lq_field_spec spec = {lq_str_of(name), scope, is_scope};
  uint32_t slot = LQ_NO_SLOT;
  cr_assert_eq(lq_fieldmap_add(m, &spec, &slot), LQ_OK);
  return slot;
}

// The values of a slot, joined by blanks; scoped ones as element:value.
static const char *show(const lq_event *e, uint32_t slot, bool elements, char *out, size_t size)
{
  size_t n = 0;
  out[0] = '\0';
  for (const lq_slot_value *v = lq_event_first(e, slot); v; v = lq_event_next(e, v)) {
    char scratch[LQ_VALUE_TEXT_MAX];
    lq_str text = v->v.type == LQ_T_OBJECT ? LQ_STR("{}") : lq_value_text(&v->v, scratch);
    if (elements)
      n += (size_t)snprintf(out + n, size - n, "%s%u:%.*s", n ? " " : "", v->element, LQ_STR_ARG(text));
    else
      n += (size_t)snprintf(out + n, size - n, "%s%.*s", n ? " " : "", LQ_STR_ARG(text));
  }
  return out;
}

static const struct value_case {
  const char *json, *want; // of a.b.c
} value_cases[] = {
    {"{\"a\":{\"b\":{\"c\":1}}}", "1"},
    {"{\"a.b.c\":1}", "1"},
    {"{\"a\":{\"b.c\":1}}", "1"},
    {"{\"a.b\":{\"c\":1}}", "1"},
    {"{\"a\":{\"b\":{\"c\":1}},\"a.b.c\":2,\"a\":{\"b.c\":[3,4]}}", "1 2 3 4"},
    {"{\"a\":{\"b\":{\"c\":1,\"c\":2}}}", "1 2"},
    {"{\"a\":[{\"b\":{\"c\":1}},{\"b\":[{\"c\":[2,[3]]}]}]}", "1 2 3"},
    {"{\"a\":{\"b\":{\"c\":null}}}", ""},
    {"{\"a\":{\"b\":{\"c\":[]}}}", ""},
    {"{\"a\":{\"b\":{\"c\":[null]}}}", ""},
    {"{\"a\":{\"b\":{\"c\":[null,\"x\"]}}}", "x"},
    {"{\"a\":{\"b\":{\"c\":\"\"}}}", ""},
    {"{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", ""},
    {"{\"a\":{\"b\":1}}", ""},
    {"{\"\\u0061\":{\"b\":{\"c\":true}}}", "true"},
    {"{\"_source\":{\"a\":{\"b\":{\"c\":7}}},\"a.b.c\":8}", "7"},
    {"{\"A\":{\"b\":{\"c\":1}}}", ""},
};

Test(fill, every_spelling_of_a_name_counts)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  uint32_t slot = add_field(m, "a.b.c", LQ_NO_SLOT, false);
  lq_event e;
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  for (size_t i = 0; i < sizeof value_cases / sizeof *value_cases; i++) {
    const struct value_case *c = &value_cases[i];
    char out[256];
    lq_event_clear(&e);
    cr_expect_eq(lq_event_from_json(&e, lq_str_of(c->json), NULL, NULL, &lq_mem_libc), LQ_OK, "%s", c->json);
    cr_expect_str_eq(show(&e, slot, false, out, sizeof out), c->want, "%s: %s", c->json, out);
  }
  lq_event_free(&e);
  lq_fieldmap_free(m);
}

static const struct scope_case {
  const char *json, *scope, *name, *inner, *inner_name; // scope a, a.n, scope a.in, a.in.x
} scope_cases[] = {
    {"{\"a\":[{\"n\":1},{\"n\":[2,3]}]}", "0:{} 1:{}", "0:1 1:2 1:3", "", ""},
    {"{\"a\":{\"n\":1}}", "0:{}", "0:1", "", ""},
    {"{\"a.n\":1}", "0:{}", "0:1", "", ""},
    {"{\"a.n\":1,\"b\":2,\"a.n\":3,\"a.in.x\":4}", "0:{}", "0:1 0:3", "0:{}", "0:4"},
    {"{\"a\":[{\"n\":1}],\"a.n\":2}", "0:{} 1:{}", "0:1 1:2", "", ""},
    {"{\"a\":[{\"in.x\":1},{\"in.x\":2,\"n\":3}]}", "0:{} 1:{}", "1:3", "0:{} 1:{}", "0:1 1:2"},
    {"{\"a\":[\"x\",null,\"y\"]}", "0:x 1:y", "", "", ""},
    {"{\"a\":[{\"in\":[{\"x\":1},{\"x\":2}]},{\"in\":{\"x\":3}}]}", "0:{} 1:{}", "", "0:{} 1:{} 2:{}",
     "0:1 1:2 2:3"},
    {"{\"a\":[{\"n\":1}],\"a\":[{\"n\":2}]}", "0:{} 1:{}", "0:1 1:2", "", ""},
};

Test(fill, scopes_number_their_elements)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  uint32_t a = add_field(m, "a", LQ_NO_SLOT, true), n = add_field(m, "a.n", a, false);
  uint32_t in = add_field(m, "a.in", a, true), x = add_field(m, "a.in.x", in, false);
  lq_event e;
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  for (size_t i = 0; i < sizeof scope_cases / sizeof *scope_cases; i++) {
    const struct scope_case *c = &scope_cases[i];
    char out[256];
    lq_event_clear(&e);
    cr_expect_eq(lq_event_from_json(&e, lq_str_of(c->json), NULL, NULL, &lq_mem_libc), LQ_OK);
    cr_expect_str_eq(show(&e, a, true, out, sizeof out), c->scope, "%s: %s", c->json, out);
    cr_expect_str_eq(show(&e, n, true, out, sizeof out), c->name, "%s: %s", c->json, out);
    cr_expect_str_eq(show(&e, in, true, out, sizeof out), c->inner, "%s: %s", c->json, out);
    cr_expect_str_eq(show(&e, x, true, out, sizeof out), c->inner_name, "%s: %s", c->json, out);
  }
  const lq_slot_value *last = lq_event_first(&e, in);
  cr_expect_null(last);
  lq_event_clear(&e);
  lq_event_from_json(&e, lq_str_of(scope_cases[7].json), NULL, NULL, &lq_mem_libc);
  for (last = lq_event_first(&e, in); lq_event_next(&e, last);)
    last = lq_event_next(&e, last);
  cr_expect_eq(last->parent, 1); // the third inner element belongs to the second outer one
  lq_event_free(&e);
  lq_fieldmap_free(m);
}

Test(fill, patterns_are_offered_full_names)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  uint32_t hash = add_field(m, "file.hash.\xFF", LQ_NO_SLOT, false),
           any = add_field(m, "\xFF", LQ_NO_SLOT, false);
  lq_event e;
  char out[256];
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  lq_str json = LQ_STR(
      "{\"file\":{\"hash.md5\":\"m\",\"hash\":{\"sha1\":[\"s\",\"t\"]},\"name\":\"n\"},\"x\":[{\"y\":1}]}");
  cr_expect_eq(lq_event_from_json(&e, json, NULL, NULL, &lq_mem_libc), LQ_OK);
  cr_expect_str_eq(show(&e, hash, false, out, sizeof out), "m s t");
  cr_expect_str_eq(show(&e, any, false, out, sizeof out), "m s t n 1");
  lq_event_free(&e);
  lq_fieldmap_free(m);
}

static const struct time_case {
  const char *json;
  int64_t ns;
  bool has;
} time_cases[] = {
    {"{\"@timestamp\":\"1970-01-01T00:00:01.5Z\"}", 1500000000, true},
    {"{\"@timestamp\":1500}", 1500000000, true},
    {"{\"@timestamp\":1500.25}", 1500250000, true},
    {"{\"@timestamp\":\"1500\"}", 1500000000, true},
    {"{\"@timestamp\":[\"1970-01-01T00:00:02Z\"]}", 2000000000, true},
    {"{\"_source\":{\"@timestamp\":2000}}", 2000000000, true},
    {"{\"@timestamp\":\"soon\"}", 0, false},
    {"{\"@timestamp\":9223372036854775807}", 0, false},
    {"{\"a\":{\"@timestamp\":1}}", 0, false},
    {"{\"timestamp\":116444736010000000}", 1000000000, true}, // FILETIME, as the Endgame sensor writes it
    {"{\"timestamp\":131762381493483680}", 1531764549348368000, true},
    {"{\"timestamp\":116444736010000000,\"@timestamp\":2000}", 2000000000, true},
    {"{\"timestamp\":116444735999999999}", 0, false},
    {"{\"timestamp\":1700000000000}", 0, false},
    {"{\"timestamp\":1700000000000000000}", 0, false},
    {"{\"timestamp\":\"116444736010000000\"}", 0, false},
};

Test(fill, the_time_is_read_whether_or_not_a_rule_asks)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  lq_event e;
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  for (size_t i = 0; i < sizeof time_cases / sizeof *time_cases; i++) {
    lq_event_clear(&e);
    cr_expect_eq(lq_event_from_json(&e, lq_str_of(time_cases[i].json), NULL, NULL, &lq_mem_libc), LQ_OK);
    cr_expect_eq(e.has_time, time_cases[i].has, "%s", time_cases[i].json);
    if (e.has_time)
      cr_expect_eq(e.time, time_cases[i].ns, "%s: %lld", time_cases[i].json, (long long)e.time);
  }
  lq_event_free(&e);
  lq_fieldmap_free(m);
}

static const struct limit_case {
  const char *json;
  lq_status status;
  uint32_t column;
  const char *want; // of `a`
  bool crowded;
} limit_cases[] = {
    {"{\"a\":[1]}", LQ_OK, 0, "1", false},
    {"{\"a\":[[1],2]}", LQ_OK, 0, "2", false}, // what is too deep is left out, its neighbours stay
    {"{\"b\":[[1]],\"a\":3}", LQ_OK, 0, "3", false},
    {"{\"a\":[1,2,3]}", LQ_OK, 0, "1 2 3", false},
    {"{\"b\":[1,2,3,4],\"a\":5}", LQ_OK, 0, "5", false},
    {"{\"a\":[1,2,3,4]}", LQ_OK, 0, "1 2 3", true},
    {"{\"a\":[1,[2],3],\"a\":[4,5]}", LQ_OK, 0, "1 3 4", true},
    {"{\"a\":[[1]}", LQ_E_INPUT, 10, "", false}, // left out, and checked all the same
    {"{\"a\":\"12345678901234567\"}", LQ_OK, 0, "12345678901234567", false},
    {"{\"a\":\"1234567890123456789012345\"}", LQ_E_LIMIT, 0, "", false},
    {"[1]", LQ_E_INPUT, 1, "", false},
    {"{\"a\" 1}", LQ_E_INPUT, 6, "", false},
    {"", LQ_E_INPUT, 1, "", false},
};

Test(fill, limits_hold)
{
  lq_fieldmap *m;
  cr_assert_eq(lq_fieldmap_new(&m, &lq_mem_libc), LQ_OK);
  uint32_t a = add_field(m, "a", LQ_NO_SLOT, false);
  lq_input_limits limits = {.max_depth = 2, .max_fields = 3, .max_record = 32, .max_value = 8};
  lq_event e;
  char out[64];
  cr_assert_eq(lq_event_init(&e, m, &lq_mem_libc), LQ_OK);
  for (size_t i = 0; i < sizeof limit_cases / sizeof *limit_cases; i++) {
    lq_bad_record bad = {0};
    lq_event_clear(&e);
    lq_status s = lq_event_from_json(&e, lq_str_of(limit_cases[i].json), &limits, &bad, &lq_mem_libc);
    cr_expect_eq(s, limit_cases[i].status, "%s: %d", limit_cases[i].json, (int)s);
    cr_expect_eq(bad.column, limit_cases[i].column, "%s: %u", limit_cases[i].json, bad.column);
    cr_expect_str_eq(show(&e, a, false, out, sizeof out), limit_cases[i].want, "%s", limit_cases[i].json);
    cr_expect_eq(e.crowded, limit_cases[i].crowded, "%s", limit_cases[i].json);
  }
  lq_event_clear(&e);
  lq_event_from_json(&e, LQ_STR("{\"a\":\"1234567\xC3\xA9\"}"), &limits, NULL, &lq_mem_libc);
  cr_expect_str_eq(show(&e, a, false, out, sizeof out), "1234567\xC3\xA9");
  cr_expect(lq_event_shorten(&e, 8) && !lq_event_shorten(&e, 8));
  cr_expect_str_eq(show(&e, a, false, out, sizeof out), "1234567"); // not in the middle of a code point
  lq_event_free(&e);
  lq_fieldmap_free(m);
}
