// The five calls of a first program, and what they say when something is wrong.
#include <stdint.h>

#include "counting_mem.h"
#include "library.h"

Test(first_calls, five)
{
  static const char query[] = "process.name : \"cmd.exe\"";
  static const char log[] = "{\"process\":{\"name\":\"CMD.EXE\"}}\n{\"process\":{\"name\":\"ls\"}}\n";
  int matches = 0;
  lq_errinfo error = LQ_INIT(lq_errinfo);
  lq_scan_options o = {.struct_size = sizeof o, .match = count_match, .user = &matches};
  lq_bundle *b;
  lq_scan *s;
  cr_assert(lq_compile(&b, query, strlen(query), NULL, &error) == LQ_OK);
  cr_expect(error.message[0] == '\0' && error.help[0] == '\0' && error.line == 0 && error.reason == 0);
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  for (int i = 1; i <= 2; i++) {
    cr_expect(lq_scan_buffer(s, "log", log, strlen(log)) == LQ_OK);
    cr_expect(matches == i);
  }
  cr_expect(lq_scan_buffer(NULL, "log", log, 1) == LQ_E_USAGE &&
            lq_scan_buffer(s, NULL, log, 1) == LQ_E_USAGE);
  cr_expect(lq_scan_buffer(s, "gz", "\x1f\x8b\x08\0\xff", 5) == LQ_E_INPUT);
  cr_expect(lq_scan_buffer(s, "log", log, strlen(log)) == LQ_OK && matches == 3, "after a broken one");
  lq_scan_free(s);
  lq_bundle_free(b);
}

static const struct {
  const char *what, *query;
  uint32_t dialect, flags;
  uint32_t reason, line, column;
  uint64_t offset;
  const char *message, *help; // parts of them
} mistakes[] = {
    {"a wrong sign", "process.name = \"cmd.exe\"", LQ_DIALECT_NAME_LQ, 0, 106, 1, 14, 13,
     "`=` is not a comparison", "use `==`"},
    {"the first error, not a warning before it", "a.b == 1 and\n  c == == 2", LQ_DIALECT_NAME_LQ, 0, 0, 2, 8,
     20, "", ""},
    {"columns count code points", "a == \"\xC3\xA4\xC3\xB6\" and b = 1", LQ_DIALECT_NAME_LQ, 0, 106, 1, 17,
     18, "`=`", ""},
    {"KQL", "process.name : (", LQ_DIALECT_NAME_KQL, 0, 0, 1, 17, 16, "", ""},
    {"keeping going keeps nothing here", "a = 1", LQ_DIALECT_NAME_LQ, LQ_BUILD_KEEP_GOING, 106, 1, 3, 2,
     "`=`", ""},
};

Test(first_calls, what_is_wrong_is_said_with_its_place)
{
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    lq_build_options o = {
        .struct_size = sizeof o, .dialect = mistakes[i].dialect, .flags = mistakes[i].flags};
    lq_errinfo e = LQ_INIT(lq_errinfo);
    lq_bundle *b = (lq_bundle *)&o;
    const char *q = mistakes[i].query;
    cr_expect(lq_compile(&b, q, strlen(q), &o, &e) == LQ_E_QUERY && b == NULL, "%s", mistakes[i].what);
    cr_expect(e.line == mistakes[i].line && e.column == mistakes[i].column && e.offset == mistakes[i].offset,
              "%s: %u:%u, byte %llu: %s", mistakes[i].what, e.line, e.column, (unsigned long long)e.offset,
              e.message);
    cr_expect(mistakes[i].reason == 0 || e.reason == mistakes[i].reason, "%s: LQ%u", mistakes[i].what,
              e.reason);
    cr_expect(e.message[0] && strstr(e.message, mistakes[i].message) && strstr(e.help, mistakes[i].help),
              "%s: %s; %s", mistakes[i].what, e.message, e.help);
    cr_expect(lq_compile(&b, q, strlen(q), &o, NULL) == LQ_E_QUERY);
  }
}

Test(first_calls, calls_that_are_wrong)
{
  lq_errinfo e = LQ_INIT(lq_errinfo);
  lq_bundle *b = (lq_bundle *)&e;
  lq_scan *s = (lq_scan *)&e;
  lq_build *build = (lq_build *)&e;
  // What failed is NULL, whatever it was before, so that freeing it is right.
  cr_expect(lq_scan_new(&s, NULL, NULL) == LQ_E_USAGE && !s);
  cr_expect(lq_build_new(&build, &(lq_build_options){.struct_size = 5}) == LQ_E_USAGE && !build);
  cr_expect(lq_bundle_load(&b, NULL, 1, NULL, NULL, NULL) == LQ_E_USAGE && !b);
  cr_expect(lq_compile(NULL, "a == 1", 6, NULL, &e) == LQ_E_USAGE);
  cr_expect(lq_compile(&b, NULL, 1, NULL, &e) == LQ_E_USAGE && !b && e.message[0]);
  cr_expect(lq_compile(&b, "a == 1", 6, &(lq_build_options){.struct_size = 5}, &e) == LQ_E_USAGE && !b);
  cr_expect(lq_compile(&b, "a == 1", 6, NULL, &(lq_errinfo){.struct_size = 0}) == LQ_E_USAGE);
  cr_expect(lq_compile(&b, "", 0, NULL, &e) == LQ_E_QUERY && e.message[0]);
}

// A message is cut between two characters, never within one.
Test(first_calls, a_long_message_is_cut)
{
  static char query[2000];
  for (size_t pad = 0; pad < 4; pad++) {
    lq_errinfo e = LQ_INIT(lq_errinfo);
    lq_bundle *b;
    memset(query, 'x', pad + 1);
    size_t n = pad + 1;
    query[n++] = '.', query[n++] = '`';
    for (; n < 900; n += 2)
      memcpy(query + n, "\xC3\xA4", 2);
    memcpy(query + n, "` == 1 and foo(1)", 17);
    lq_compile(&b, query, n + 17, NULL, &e);
    lq_bundle_free(b);
    size_t used = strlen(e.message);
    cr_expect(used < sizeof e.message);
    cr_expect(used == 0 || (unsigned char)e.message[used - 1] != 0xC3, "%zu", used);
  }
}

static lq_status all_calls(const lq_allocator *a, int *matches)
{
  static const char query[] =
      "sequence by user.name [process where process.name : \"a\"] [any where b.c == 1]";
  static const char log[] =
      "{\"user\":{\"name\":\"u\"},\"event\":{\"category\":\"process\"},\"process\":{\"name\":\"A\"}}\n"
      "{\"user\":{\"name\":\"u\"},\"b\":{\"c\":1}}\n";
  lq_build_options build = {.struct_size = sizeof build, .allocator = a};
  lq_scan_options o = {.struct_size = sizeof o, .allocator = a, .match = count_match, .user = matches};
  lq_errinfo e = LQ_INIT(lq_errinfo);
  lq_bundle *b;
  lq_scan *s = NULL;
  lq_status status = lq_compile(&b, query, strlen(query), &build, &e);
  cr_expect((status == LQ_OK) == (e.message[0] == '\0'));
  if (status != LQ_OK)
    return status;
  status = lq_scan_new(&s, b, &o);
  lq_bundle_free(b);
  if (status == LQ_OK)
    status = lq_scan_buffer(s, "log", log, strlen(log));
  if (status == LQ_OK)
    status = lq_scan_finish(s);
  lq_scan_free(s);
  return status;
}

// Each allocation fails once, alone and with all after it.
Test(first_calls, out_of_memory)
{
  size_t requests = 1;
  for (int once = 0; once < 2; once++) {
    for (size_t n = 0; n <= requests; n++) {
      counting_mem c = {.fail_at = n, .once = once};
      lq_allocator a = {counting_fn, &c};
      int matches = 0;
      lq_status s = all_calls(&a, &matches);
      cr_expect(n == 0 ? s == LQ_OK && matches == 1 : s == LQ_E_NOMEM || (s == LQ_OK && matches == 1),
                "request %zu: %d", n, s);
      cr_expect(c.live == 0 && !c.wrong_size, "request %zu leaves %zu bytes", n, c.live);
      requests = n == 0 ? c.requests : requests;
    }
  }
}
