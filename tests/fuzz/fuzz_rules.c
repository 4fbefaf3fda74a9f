// Rule files of every form: whatever the bytes, places lie in the file, nothing leaks, and a build that takes
// them gives a bundle that loads. The first byte chooses the form.
#include <libquery/lq.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/counting_mem.h"

// Survives NDEBUG: what it finds must stop the fuzzer in every build.
#define MUST(condition)                                                                                      \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      fprintf(stderr, "not so: %s\n", #condition);                                                           \
      abort();                                                                                               \
    }                                                                                                        \
  } while (0)

static int drop(void *user, const char *bytes, size_t n)
{
  (void)user, (void)bytes, (void)n;
  return 0;
}

static int on_test(void *user, const lq_test_result *r)
{
  (void)user;
  MUST(r->kind <= 2);
  return 0;
}

static void look(const lq_build *b, size_t n)
{
  for (size_t i = 0; i < lq_build_diag_count(b); i++) {
    lq_diagnostic d = LQ_INIT(lq_diagnostic);
    MUST(lq_build_diag(b, i, &d) == LQ_OK && d.start <= d.end && d.end <= n);
    MUST(lq_build_diag_text(b, i, 0, drop, NULL) == LQ_OK && lq_build_diag_json(b, i, drop, NULL) == LQ_OK);
  }
  for (size_t i = 0; i < lq_build_found_count(b); i++) {
    lq_found f = LQ_INIT(lq_found);
    MUST(lq_build_found(b, i, &f) == LQ_OK);
    lq_status s = lq_build_print(b, i, 80, drop, NULL);
    MUST(s == LQ_OK || s == LQ_E_NOTFOUND);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
  static const char *const names[] = {"T1059-x.md", "x.lq", "x.toml"};
  if (n == 0)
    return 0;
  counting_mem c = {.live = 0};
  lq_allocator a = {counting_fn, &c};
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_KEEP_GOING, .allocator = &a};
  lq_build *b;
  lq_bundle *bundle = NULL;
  MUST(lq_build_new(&b, &o) == LQ_OK);
  lq_status s = lq_build_add_file(b, names[bytes[0] % 3], bytes + 1, n - 1);
  MUST(s == LQ_OK || s == LQ_E_QUERY || s == LQ_E_UNSUPPORTED);
  look(b, n - 1);
  s = lq_build_finish(b, &bundle);
  MUST(s == LQ_OK || s == LQ_E_LIMIT); // a rule may cost more than a loader takes
  if (bundle)
    MUST(lq_bundle_run_tests(bundle, NULL, &a, on_test, NULL) == LQ_OK);
  lq_bundle_free(bundle);
  lq_build_free(b);
  MUST(c.live == 0 && !c.wrong_size);
  return 0;
}
