// Hostile state: seeds with bytes changed, most of them with their digests made right again, restored; each
// accepted one is used.   mutate_state MUTANTS SEED
#include "tests/mutate/state_seeds.h"

static uint64_t random_state;

static uint64_t next(void) // splitmix64
{
  uint64_t z = (random_state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static size_t below(size_t n)
{
  return (size_t)(next() % n);
}

static uint64_t odd_number(void)
{
  static const uint64_t odd[] = {0,          1,          2,       3,          0x7F,
                                 0x80,       0xFF,       0xFFFF,  0x7FFFFFFF, 0x80000000,
                                 0xFFFFFFFE, 0xFFFFFFFF, 1 << 20, INT64_MAX,  (uint64_t)INT64_MIN,
                                 UINT64_MAX};
  return below(2) ? odd[below(sizeof odd / sizeof *odd)] : below(64);
}

static void put_number(char *p, uint64_t v, size_t n)
{
  for (size_t i = 0; i < n; i++)
    p[i] = (char)(v >> 8 * i);
}

// Past the header more often than in it.
static void change_once(char *p, size_t *n)
{
  size_t at = below(8) ? LQ_SEAL_HEADER + below(*n - LQ_SEAL_HEADER) : below(*n);
  size_t room = *n - at, from = below(*n), len = 1 + below(24);
  len = len < room ? len : room;
  switch (below(8)) {
  case 0: p[at] ^= (char)(1 << below(8)); break;
  case 1: p[at] = (char)next(); break;
  case 2: p[at] = (char)(p[at] + (int)below(5) - 2); break;
  case 3: put_number(p + at, odd_number(), room < 4 ? room : 4); break;
  case 4: put_number(p + at, odd_number(), room < 8 ? room : 8); break;
  case 5: memmove(p + at, p + from, len < *n - from ? len : *n - from); break; // one place over another
  case 6: // a piece less; what follows moves up
    memmove(p + at, p + at + len, *n - at - len);
    *n -= len;
    break;
  case 7: *n = below(16) ? *n : LQ_SEAL_HEADER + 70 + below(*n - LQ_SEAL_HEADER - 70); break;
  }
}

static bool try_one(state_world *w, uint64_t i, uint64_t *accepted)
{
  size_t n = w->saved.n;
  char *copy = malloc(n);
  memcpy(copy, w->saved.p, n);
  for (size_t k = 1 + below(below(4) ? 2 : 8); k > 0 && n > LQ_SEAL_HEADER + 80; k--)
    change_once(copy, &n);
  if (below(32))
    state_redigest(copy, n);
  char *exact = malloc(n ? n : 1); // a sanitizer sees the first byte past it
  memcpy(exact, copy, n);
  bool taken = false, fine = state_use(w, exact, n, &taken);
  *accepted += taken;
  if (!fine)
    fprintf(stderr, "mutant %llu: wrong\n", (unsigned long long)i);
  free(exact);
  free(copy);
  return fine;
}

// The first byte says whose state it is.
static int write_seeds(const char *folder)
{
  for (size_t i = 0; i < STATE_SEEDS; i++) {
    state_world w;
    char name[4096];
    snprintf(name, sizeof name, "%s/seed-%zu", folder, i);
    FILE *f = state_begin(&w, &state_seeds[i]) ? fopen(name, "wb") : NULL;
    if (!f)
      return fprintf(stderr, "seed %zu, %s\n", i, name), 1;
    fputc((int)i, f);
    bool well = fwrite(w.saved.p, 1, w.saved.n, f) == w.saved.n;
    if (fclose(f) != 0 || !well)
      return 1;
    state_end(&w);
  }
  return 0;
}

int main(int argc, char **argv)
{
  if (argc == 3 && strcmp(argv[1], "seeds") == 0)
    return write_seeds(argv[2]);
  uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 10000, accepted = 0;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  static state_world worlds[STATE_SEEDS];
  bool fine = true, taken;
  for (size_t i = 0; i < STATE_SEEDS; i++) {
    if (!state_begin(&worlds[i], &state_seeds[i]) ||
        !state_use(&worlds[i], worlds[i].saved.p, worlds[i].saved.n, &taken) || !taken)
      return fprintf(stderr, "seed %zu is wrong\n", i), 1;
  }
  for (uint64_t i = 0; i < count && fine; i++) {
    random_state = seed * 1000003 + i; // each mutant by itself
    fine = try_one(&worlds[below(STATE_SEEDS)], i, &accepted);
  }
  for (size_t i = 0; i < STATE_SEEDS; i++)
    state_end(&worlds[i]);
  printf("%llu mutants, %llu accepted and used\n", (unsigned long long)count, (unsigned long long)accepted);
  return fine ? 0 : 1;
}
