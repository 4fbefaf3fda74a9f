// Fuzz target: bytes as saved state of one of some rule sets (the first byte chooses), with digests made
// right; what is accepted is used.
#include "tests/mutate/state_seeds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static state_world worlds[STATE_SEEDS];
  bool taken;
  if (size == 0)
    return 0;
  state_world *w = &worlds[data[0] % STATE_SEEDS];
  if (!w->scan && !state_begin(w, &state_seeds[data[0] % STATE_SEEDS]))
    __builtin_trap();
  char *copy = malloc(size);
  memcpy(copy, data + 1, size - 1);
  state_redigest(copy, size - 1);
  if (!state_use(w, copy, size - 1, &taken))
    __builtin_trap();
  free(copy);
  return 0;
}
