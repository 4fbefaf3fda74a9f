// Fuzz target: bytes as a bundle, as they are and with the digest made right.
#include "tests/mutate/run.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  lq_fault f = {0};
  if (run_bytes(data, size, &f) == LQ_E_INTERNAL)
    __builtin_trap();
  if (size < LQ_BUNDLE_HEADER)
    return 0;
  uint8_t *copy = malloc(size);
  memcpy(copy, data, size);
  lq_put64(copy + LQ_AT_FILE_SIZE, size);
  lq_bundle_hash(copy, size, copy + LQ_AT_DIGEST);
  if (run_bytes(copy, size, &f) == LQ_E_INTERNAL)
    __builtin_trap();
  free(copy);
  return 0;
}
