// What a rule can have at most: with the last one it runs, with one more it is refused where that stands. A
// limit is never "an error in libquery".
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <stdio.h>
#include <string.h>

// `head`, then n times `item` with its number, with `between` in between, then `tail`.
static const struct {
  const char *name;
  uint32_t dialect;
  unsigned most;
  const char *head, *item, *between, *tail;
} rows[] = {
    {"terms", 0, 256, "sequence by k with maxspan=1m ", "[any where a == %]", " ", ""},
    {"terms of a sample", 0, 256, "sample by k ", "[any where a == %]", " ", ""},
    {"terms before until", 0, 256, "sequence by k with maxspan=1m ", "[any where a == %]", " ",
     " until [any where true]"},
    {"keys", 0, 64, "sequence by ", "k%", ", ", " with maxspan=1m [any where true] [any where true]"},
    {"stages", 0, 256, "any where true", " | where a == %", "", ""},
    {"eval", 0, 256, "any where true | eval ", "c% = a + 1", ", ", ""},
    {"aggregates", 0, 256, "any where true | stats ", "count() as c%", ", ", " over 5m"},
    {"columns of stats", 0, 255, "any where true | stats count() as n by ", "k%", ", ", " over 5m"},
    {"columns after stats", 0, 255, "any where true | stats count() as n over 5m | eval ", "c% = n + 1", ", ",
     ""},
    {"columns of unique_count", 0, 85, "any where true", " | unique_count a%", "", ""},
    {"count", 0, 256, "any where true | count ", "k%", ", ", ""},
    {"unique", 0, 256, "any where true | unique ", "k%", ", ", ""},
    {"unique_count", 0, 256, "any where true | unique_count ", "k%", ", ", ""},
    {"sort", 0, 256, "any where true | sort ", "k%", ", ", ""},
    {"keep", 0, 256, "any where true | keep ", "k%", ", ", ""},
    {"drop", 0, 256, "any where true | drop ", "k%", ", ", ""},
    {"new_terms", 0, 256, "any where true | new_terms ", "k%", ", ", " over 5m"},
    {"suppress", 0, 256, "any where true | suppress by ", "k%", ", ", " for 5m"},
    {"arguments", 0, 16, "any where concat(", "k%", ", ", ") == \"a\""},
    {"walks in walks", 0, 3, "any where ", "any(a%, ", "", "true"},
    {"lineage", 0, 3, "any where ", "child of [any where b == % and ", "", "true"},
    {"Endgame's terms", 2, 256, "join by k ", "[any where a == %]", " ", ""},
    {"Endgame's count", 2, 256, "any where true | count ", "k%", ", ", ""},
};

static char text[1 << 16];

// `%` stands for the number.
static void put(size_t *n, const char *what, unsigned number)
{
  for (; *what; what++) {
    cr_assert(*n + 12 < sizeof text);
    if (*what == '%')
      *n += (size_t)sprintf(text + *n, "%u", number);
    else
      text[(*n)++] = *what;
  }
}

static size_t write_query(size_t row, unsigned count)
{
  size_t n = 0;
  put(&n, rows[row].head, 0);
  for (unsigned i = 0; i < count; i++) {
    if (i > 0)
      put(&n, rows[row].between, 0);
    put(&n, rows[row].item, i);
  }
  put(&n, rows[row].tail, 0);
  bool walks = strstr(rows[row].item, "any(") != NULL, asks = strstr(rows[row].item, "child of") != NULL;
  for (unsigned i = 0; i < count && (walks || asks); i++)
    put(&n, walks ? ")" : "]", 0);
  return n;
}

static lq_status compile(size_t row, unsigned count, lq_diagnostic *first)
{
  lq_build_options o = {.struct_size = sizeof o, .dialect = rows[row].dialect, .flags = LQ_BUILD_NO_WARNINGS};
  lq_build *b;
  lq_bundle *bundle = NULL;
  size_t n = write_query(row, count);
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  lq_status s = lq_build_add_query(b, "<query>", NULL, text, n);
  if (s == LQ_OK)
    s = lq_build_finish(b, &bundle);
  *first = LQ_INIT(lq_diagnostic);
  for (size_t i = 0; lq_build_diag(b, i, first) == LQ_OK && first->severity != LQ_SEVERITY_ERROR; i++)
    continue;
  first->message = first->rule = first->file = first->help = first->note = first->fix = (lq_text){"", 0};
  lq_bundle_free(bundle);
  lq_build_free(b);
  return s;
}

Test(limits, one_more_than_a_rule_can_have_is_refused_in_its_place)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_diagnostic d = LQ_INIT(lq_diagnostic);
    lq_status s = compile(i, rows[i].most, &d);
    cr_expect(s == LQ_OK, "%s: %u are refused: %d, LQ%u", rows[i].name, rows[i].most, s, d.code);
    s = compile(i, rows[i].most + 1, &d);
    cr_expect(s == LQ_E_QUERY && (d.code == 301 || d.code == 302) && d.line == 1 && d.end > d.start,
              "%s: of %u it is said: %d, LQ%u at line %u", rows[i].name, rows[i].most + 1, s, d.code, d.line);
  }
}
