// The key of hashes where the caller gives none: whoever writes events must not be able to guess it.
#define _DEFAULT_SOURCE // getentropy

#include <unistd.h>

#include <blake2.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif

#include "lib/api.h"

// A system that gives no random bytes (a sandbox that forbids the call) is no reason to run with a key that
// the whole world knows, nor not to run. The kernel gave each process 16 random bytes when it began; hashed,
// so that they stay secret, together with an address, so that scans of one process differ.
void lq_seed_of_process(uint8_t key[LQ_SEED_SIZE], const void *where)
{
  uintptr_t parts[] = {(uintptr_t)where, (uintptr_t)&parts, (uintptr_t)&lq_seed_of_process};
  blake2b_state s;
  memset(key, 0, LQ_SEED_SIZE);
  if (blake2b_init(&s, LQ_SEED_SIZE) != 0)
    return;
  blake2b_update(&s, (const uint8_t *)parts, sizeof parts);
#if defined(__linux__)
  const void *given = (const void *)getauxval(AT_RANDOM);
  if (given)
    blake2b_update(&s, given, 16);
#endif
  blake2b_final(&s, key, LQ_SEED_SIZE);
}

void lq_seed(uint8_t key[LQ_SEED_SIZE], const void *where)
{
  if (getentropy(key, LQ_SEED_SIZE) != 0)
    lq_seed_of_process(key, where);
}
