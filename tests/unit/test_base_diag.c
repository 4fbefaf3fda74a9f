// Places in a source, the map of a query inside a file, diagnostics and what they look like.
#include <criterion/criterion.h>

#include "base/diag.h"
#include "counting_mem.h"

Test(base_diag, locate)
{
  static const struct {
    const char *text;
    size_t offset;
    uint32_t line, column;
    size_t bol, eol;
  } rows[] = {
      {"", 0, 1, 1, 0, 0},
      {"", 9, 1, 1, 0, 0},
      {"abc", 1, 1, 2, 0, 3},
      {"abc", 3, 1, 4, 0, 3},
      {"abc\nde", 3, 1, 4, 0, 3},
      {"abc\nde", 4, 2, 1, 4, 6},
      {"abc\n", 4, 2, 1, 4, 4},
      {"abc\r\nde", 4, 1, 4, 0, 3},
      {"abc\r\nde", 6, 2, 2, 5, 7},
      {"é日x", 5, 1, 3, 0, 6},
      {"\xFF\xFFx", 2, 1, 3, 0, 3},
      {"\xEF\xBB\xBFx", 3, 1, 1, 3, 4},
      {"\xEF\xBB\xBFx", 0, 1, 1, 3, 4},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_source s = {.text = lq_str_of(rows[i].text)};
    lq_place p = lq_source_locate(&s, rows[i].offset);
    cr_expect_eq(p.line, rows[i].line, "row %zu: line %u", i, p.line);
    cr_expect_eq(p.column, rows[i].column, "row %zu: column %u", i, p.column);
    cr_expect(p.bol == rows[i].bol && p.eol == rows[i].eol, "row %zu: [%zu,%zu)", i, p.bol, p.eol);
  }
}

Test(base_diag, map)
{
  // A query of `ab\cd` that lies at 100 as `ab\\cd`, and goes on in the next line after an indent.
  static const lq_map_segment segments[] = {{0, 100}, {3, 104}, {6, 120}};
  static const struct {
    lq_span query, file;
  } rows[] = {
      {{0, 2}, {100, 102}}, {{2, 3}, {102, 104}}, {{3, 5}, {104, 106}},   {{5, 7}, {105 + 1, 121}},
      {{6, 9}, {120, 123}}, {{3, 3}, {104, 104}}, {{50, 40}, {164, 164}},
  };
  lq_source_map m = {.segments = segments, .n = 3}, none = {0};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_span got = lq_source_map_span(&m, rows[i].query);
    cr_expect(got.start == rows[i].file.start && got.end == rows[i].file.end, "row %zu: %u-%u", i, got.start,
              got.end);
  }
  lq_span same = lq_source_map_span(&none, (lq_span){3, 7});
  cr_expect(same.start == 3 && same.end == 7);
}

Test(base_diag, codes)
{
  size_t n;
  const lq_diag_code *codes = lq_diag_codes(&n);
  cr_expect_gt(n, 0);
  for (size_t i = 0; i < n; i++) {
    cr_expect(i == 0 || codes[i - 1] < codes[i], "LQ%03d is out of order", (int)codes[i]);
    cr_expect_gt(strlen(lq_diag_name(codes[i])), 0);
    cr_expect_gt(strlen(lq_diag_title(codes[i])), 0);
    cr_expect_gt(strlen(lq_diag_explanation(codes[i])), 0);
  }
  cr_expect_str_eq(lq_diag_name(LQ_DIAG_UNKNOWN_FIELD), "UNKNOWN_FIELD");
}

// ---- rendering: a source, labels by the words they are about

typedef struct about {
  const char *word, *text; // word NULL: no label
} about;

static lq_span span_of(const char *source, const char *word)
{
  const char *at = strstr(source, word);
  cr_assert_not_null(at, "%s", word);
  uint32_t start = (uint32_t)(at - source);
  return (lq_span){start, start + (uint32_t)strlen(word)};
}

static void expect_text(const char *source, const about *labels, const char *help, const char *want)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_source s = {lq_str_of("f.lq"), lq_str_of(source)};
  lq_diag_list l = {.arena = &arena, .source = &s};
  lq_diag *d = lq_diag_add(&l, LQ_DIAG_WRONG_TYPE, span_of(source, labels[0].word), "message");
  for (int i = 0; i < 4 && labels[i].word; i++) {
    if (labels[i].text)
      lq_diag_label(&l, d, span_of(source, labels[i].word), "%s", labels[i].text);
  }
  if (help)
    lq_diag_help(&l, d, "%s", help);
  lq_buf out = {.mem = &lq_mem_libc};
  lq_diag_render_text(&out, d, false);
  lq_buf_byte(&out, '\0');
  cr_expect_str_eq(out.p, want, "got:\n%s\nwant:\n%s", out.p, want);
  lq_buf_free(&out);
  lq_arena_free(&arena);
}

#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

Test(base_diag, text)
{
  static const struct {
    const char *source;
    about labels[4];
    const char *help, *want;
  } rows[] = {
      {"proces.name : 1",
       {{"proces.name", "not in the schema"}},
       "a field with a similar name exists: `process.name`",
       "error[LQ203]: message\n"
       " --> f.lq:1:1\n"
       "  |\n"
       "1 | proces.name : 1\n"
       "  | ^^^^^^^^^^^ not in the schema\n"
       "  = help: a field with a similar name exists: `process.name`\n"},
      {"a\n\n\n\n\n\n\n\n\n\tpid == \"4\"",
       {{"==", "needs one type"}, {"pid", "integer"}, {"\"4\"", "string"}},
       NULL,
       "error[LQ203]: message\n"
       "  --> f.lq:10:6\n"
       "   |\n"
       "10 |  pid == \"4\"\n"
       "   |  --- ^^ --- string\n"
       "   |  |   |\n"
       "   |  |   needs one type\n"
       "   |  integer\n"},
      {"(a\nor b\nor c\nor d\n| x",
       {{"|", "expected `)`"}, {"(", "this is open"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:5:1\n"
       "  |\n"
       "1 | (a\n"
       "  | - this is open\n"
       "...\n"
       "5 | | x\n"
       "  | ^ expected `)`\n"},
      {"(a\nor b\n| x",
       {{"|", NULL}, {"(", "open"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:3:1\n"
       "  |\n"
       "1 | (a\n"
       "  | - open\n"
       "2 | or b\n"
       "3 | | x\n"
       "  | ^\n"},
      {"f(abc, d)",
       {{"f(abc, d)", "whole"}, {"abc", "part"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:1:1\n"
       "  |\n"
       "1 | f(abc, d)\n"
       "  | ^^---^^^^\n"
       "  | | |\n"
       "  | | part\n"
       "  | whole\n"},
      {"\"日本\" : x",
       {{"x", "wide"}, {"日本", NULL}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:1:8\n"
       "  |\n"
       "1 | \"日本\" : x\n"
       "  |          ^ wide\n"},
      {"a\x1B[31m\u202E\xFF == \x7F"
       "b",
       {{"b", "esc \x1B[0m"}},
       "two\nlines",
       "error[LQ203]: message\n"
       " --> f.lq:1:14\n"
       "  |\n"
       "1 | a\u241B[31m\uFFFD\uFFFD == \u2421b\n"
       "  |              ^ esc \u241B[0m\n"
       "  = help: two\u240Alines\n"},
      {"a and\nb and\r\n",
       {{"and\nb", "both lines"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:1:3\n"
       "  |\n"
       "1 | a and\n"
       "  |   ^^^ both lines\n"},
      {"abc",
       {{"", "here"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:1:1\n"
       "  |\n"
       "1 | abc\n"
       "  | ^ here\n"},
      {X100 X100 "|" X100,
       {{"|", "far"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:1:201\n"
       "  |\n"
       "1 | …" X10 X10 X10 "|" X10 X10 X10 X10 X10 X10 X10 X10 "xxxxxxxxx…\n"
       "  |  "
       "                              ^ far\n"},
      {"a" X100 X100 "|" X10,
       {{"|", "far"}, {"a", "near"}},
       NULL,
       "error[LQ203]: message\n"
       " --> f.lq:1:202\n"
       "  |\n"
       "1 | …" X100 "xxxxxxxxx|" X10 "\n"
       "  |  -                                                                                               "
       "             ^ far\n"
       "  |  |\n"
       "  |  near\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    expect_text(rows[i].source, rows[i].labels, rows[i].help, rows[i].want);
}

Test(base_diag, color_and_no_place)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_diag_list l = {.arena = &arena, .rule = LQ_STR("R1")};
  lq_diag *d = lq_diag_add(&l, LQ_DIAG_LIKE_WITHOUT_WILDCARD, (lq_span){0, 0}, "m");
  lq_buf out = {.mem = &lq_mem_libc};
  lq_diag_render_text(&out, d, false);
  lq_diag_render_json(&out, d);
  lq_buf_byte(&out, '\0');
  cr_expect_str_eq(out.p, "warning[LQ410]: m\n  = rule: R1\n"
                          "{\"code\":\"LQ410\",\"severity\":\"warning\",\"message\":\"m\",\"rule\":\"R1\"}");
  lq_buf_clear(&out);
  lq_source s = {LQ_STR("f"), LQ_STR("ab")};
  l.source = &s;
  d = lq_diag_add(&l, LQ_DIAG_LIKE_WITHOUT_WILDCARD, (lq_span){0, 1}, "m");
  lq_diag_render_text(&out, d, true);
  lq_buf_byte(&out, '\0');
  cr_expect_not_null(strstr(out.p, "\033[1;33mwarning[LQ410]\033[0m\033[1m: m\033[0m\n"), "%s", out.p);
  cr_expect_not_null(strstr(out.p, "\033[1;33m^\033[0m\n"), "%s", out.p);
  lq_buf_free(&out);
  lq_arena_free(&arena);
}

Test(base_diag, json)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_source s = {LQ_STR("d/f.lq"), LQ_STR("a = \"é\"\nb")};
  lq_diag_list l = {.arena = &arena, .source = &s, .rule = LQ_STR("R1")};
  lq_diag *d = lq_diag_add(&l, LQ_DIAG_SINGLE_EQUALS, (lq_span){2, 3}, "`=` is \"no\" comparison");
  lq_diag_label(&l, d, (lq_span){2, 3}, "here");
  lq_diag_label(&l, d, (lq_span){4, 10}, "value");
  lq_diag_help(&l, d, "use `==`");
  lq_diag_note(&l, d, "why");
  lq_diag_fix(&l, d, (lq_span){2, 3}, "==");
  lq_buf out = {.mem = &lq_mem_libc};
  lq_diag_render_json(&out, d);
  lq_buf_byte(&out, '\0');
  cr_expect_str_eq(out.p,
                   "{\"code\":\"LQ106\",\"severity\":\"error\",\"message\":\"`=` is \\\"no\\\" "
                   "comparison\",\"file\":\"d/f.lq\","
                   "\"line\":1,\"column\":3,\"end_line\":1,\"end_column\":4,\"rule\":\"R1\",\"labels\":["
                   "{\"text\":\"here\",\"line\":1,\"column\":3,\"end_line\":1,\"end_column\":4},"
                   "{\"text\":\"value\",\"line\":1,\"column\":5,\"end_line\":2,\"end_column\":2}],"
                   "\"help\":\"use `==`\",\"note\":\"why\","
                   "\"fix\":{\"text\":\"==\",\"line\":1,\"column\":3,\"end_line\":1,\"end_column\":4}}",
                   "%s", out.p);
  lq_buf_free(&out);
  lq_arena_free(&arena);
}

// ---- the list

Test(base_diag, said_once)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_source s = {LQ_STR("f"), LQ_STR("abc")}, other = {LQ_STR("g"), LQ_STR("abc")};
  lq_diag_list l = {.arena = &arena, .source = &s};
  lq_diag *first = lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 1}, "m");
  lq_diag *again = lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 1}, "m");
  cr_expect(again != first && again == &l.sink);
  lq_diag_label(&l, again, (lq_span){0, 1}, "lost");
  lq_diag_fix(&l, again, (lq_span){0, 1}, "lost");
  lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 2}, "m");
  lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 1}, "n");
  lq_diag_add(&l, LQ_DIAG_STRAY_CHARACTER, (lq_span){0, 1}, "m");
  l.source = &other;
  lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 1}, "m");
  lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 1}, "m");
  lq_diag_add(&l, LQ_DIAG_DUPLICATE_ENTRY, (lq_span){0, 1}, "w");
  lq_diag_add(&l, LQ_DIAG_SKIPPED_SPAN, (lq_span){0, 1}, "note");
  cr_expect_eq(l.nerrors, 5);
  cr_expect_eq(l.nwarnings, 1);
  cr_expect_eq(l.kept, 7);
  cr_expect_eq(l.dropped, 0);
  lq_arena_free(&arena);
}

Test(base_diag, limits)
{
  lq_arena arena = {.mem = &lq_mem_libc};
  lq_diag_list l = {.arena = &arena, .max = 2};
  for (uint32_t i = 0; i < 5; i++) {
    lq_diag *d = lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){i, i}, "m");
    for (uint32_t j = 0; j < 9; j++)
      lq_diag_label(&l, d, (lq_span){j, j}, "label %u", j);
  }
  cr_expect_eq(l.nerrors, 5);
  cr_expect_eq(l.kept, 2);
  cr_expect_eq(l.dropped, 3);
  cr_expect_eq(l.first->nlabels, LQ_DIAG_LABELS_MAX);
  cr_expect_null(l.first->next->next);
  lq_arena_free(&arena);
}

Test(base_diag, out_of_memory)
{
  counting_mem count = {.fail_at = 1};
  lq_mem mem = {counting_fn, &count};
  lq_arena arena = {.mem = &mem};
  lq_diag_list l = {.arena = &arena};
  lq_diag *d = lq_diag_add(&l, LQ_DIAG_SYNTAX, (lq_span){0, 0}, "m");
  cr_assert_not_null(d);
  lq_diag_label(&l, d, (lq_span){0, 0}, "x");
  lq_diag_help(&l, d, "x");
  cr_expect(arena.failed && l.nerrors == 1 && !l.first);
  lq_arena_free(&arena);
}
