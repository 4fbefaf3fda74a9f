// Any bytes as a rule file of each form: read, compiled, loaded. The first byte chooses the form.
#include <stdint.h>
#include <stdlib.h>

#include "libquery/lq.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int each_test(void *user, const lq_test_result *r)
{
  (void)user, (void)r;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const names[] = {"f.md", "f.lq", "f.toml"};
  if (size == 0)
    return 0;
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_KEEP_GOING};
  lq_build *build = NULL;
  lq_bundle *bundle = NULL;
  if (lq_build_new(&build, &o) != LQ_OK)
    return 0;
  lq_build_add_file(build, names[data[0] % 3], data + 1, size - 1);
  lq_status s = lq_build_finish(build, &bundle);
  if (s != LQ_OK && s != LQ_E_LIMIT && s != LQ_E_QUERY)
    abort();
  if (bundle && lq_bundle_run_tests(bundle, NULL, NULL, each_test, NULL) != LQ_OK)
    abort();
  lq_bundle_free(bundle);
  lq_build_free(build);
  return 0;
}
