// The examples of the function table: each gives what its row says, folded and not folded.
#include <stdio.h>

#include "library.h"

static bool compile(const char *query, uint32_t flags, lq_bundle **out)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = flags};
  lq_build *b;
  text t = {0};
  *out = NULL;
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  lq_status s = lq_build_add_query(b, "<example>", NULL, query, strlen(query));
  if (s == LQ_OK)
    s = lq_build_finish(b, out);
  for (size_t i = 0; i < lq_build_diag_count(b) && s != LQ_OK; i++)
    lq_build_diag_text(b, i, 0, put, &t);
  cr_expect(s == LQ_OK, "%s\n%s", query, t.p);
  lq_build_free(b);
  return s == LQ_OK;
}

// Does the condition hold for an event without fields?
static bool holds(const char *query, uint32_t flags)
{
  lq_bundle *b;
  lq_scan *s;
  int matches = 0;
  if (!compile(query, flags, &b))
    return false;
  lq_scan_options o = {.struct_size = sizeof o, .match = count_match, .user = &matches};
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(s, "-") == LQ_OK && lq_scan_feed(s, "{}\n", 3) == LQ_OK && lq_scan_end(s) == LQ_OK);
  lq_scan_free(s);
  lq_bundle_free(b);
  return matches == 1;
}

// `["a","b"]` as a question: both are in it, and nothing else is.
static void array_question(char *out, size_t size, const char *example, const char *expected)
{
  char values[256];
  size_t n = strlen(expected), commas = 0;
  cr_assert(n >= 2 && n < sizeof values);
  memcpy(values, expected + 1, n - 2);
  values[n - 2] = '\0';
  for (const char *p = values; *p; p++)
    commas += *p == ',';
  snprintf(out, size,
           "arrayContains(%s, %s) and array_length(%s) == %zu and not arrayContains(%s, \"no such value\")",
           example, values, example, commas + 1, example);
}

static void question(char *out, size_t size, const lq_function_view *f)
{
  if (strcmp(f->expected, "true") == 0)
    snprintf(out, size, "%s", f->example);
  else if (strcmp(f->expected, "false") == 0)
    snprintf(out, size, "not %s", f->example);
  else if (strcmp(f->expected, "null") == 0)
    snprintf(out, size, "(%s) == null", f->example);
  else if (*f->expected == '[')
    array_question(out, size, f->example, f->expected);
  else
    snprintf(out, size, "(%s) == %s", f->example, f->expected);
}

// A JSON text has escapes that a query has too; a code point is written as it is.
Test(examples, each_gives_its_result)
{
  lq_function_view f = LQ_INIT(lq_function_view);
  size_t seen = 0;
  for (size_t i = 0; lq_function_at(i, &f) == LQ_OK; i++) {
    char query[1024];
    if (!*f.expected)
      continue;
    question(query, sizeof query, &f);
    cr_expect(holds(query, 0), "%s: %s", f.name, query);
    cr_expect(holds(query, LQ_BUILD_NO_OPTIMISER), "%s, not folded: %s", f.name, query);
    seen++;
  }
  cr_expect(seen > 50, "%zu examples", seen);
}

Test(examples, those_without_a_result_compile)
{
  lq_function_view f = LQ_INIT(lq_function_view);
  for (size_t i = 0; lq_function_at(i, &f) == LQ_OK; i++) {
    lq_bundle *b;
    if (!*f.expected && compile(f.example, 0, &b))
      lq_bundle_free(b);
  }
}
