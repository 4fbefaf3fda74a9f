// Hostile bundles: seeds with bytes changed, half of them with the digest made right again, through the
// loader; each accepted one is run by the unchecked loop.   mutate MUTANTS SEED [BUNDLE...]
#include "tests/mutate/run.h"

typedef struct bytes {
  uint8_t *p;
  size_t n;
} bytes;

typedef struct random_state {
  uint64_t s;
} random_state;

static uint64_t next(random_state *r) // splitmix64
{
  uint64_t z = (r->s += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static size_t below(random_state *r, size_t n)
{
  return (size_t)(next(r) % n);
}

// Numbers that break things: edges, and small ones that are some other row's index.
static uint32_t odd_number(random_state *r)
{
  static const uint32_t odd[] = {0,       1,          2,          3,          7,          8,         31,
                                 32,      0x7F,       0x80,       0xFF,       0x100,      0x7FFF,    0xFFFF,
                                 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF8, 0xFFFFFFFE, 0xFFFFFFFF};
  return below(r, 2) ? odd[below(r, COUNT(odd))] : (uint32_t)below(r, 40);
}

static void change_once(random_state *r, bytes *m)
{
  // Past the header more often than in it: it is checked first, and then nothing else is seen.
  size_t at = below(r, 8) ? LQ_BUNDLE_HEADER + below(r, m->n - LQ_BUNDLE_HEADER) : below(r, m->n);
  size_t word = at & ~(size_t)3;
  switch (below(r, 7)) {
  case 0: m->p[at] ^= (uint8_t)(1u << below(r, 8)); break;
  case 1: m->p[at] = (uint8_t)next(r); break;
  case 2: m->p[at] = (uint8_t)(m->p[at] + below(r, 5) - 2); break;
  case 3: lq_put32(m->p + word, odd_number(r)); break;
  case 4: lq_put32(m->p + word, lq_le32(m->p + word) + (uint32_t)below(r, 5) - 2); break;
  case 5: lq_put16(m->p + (at & ~(size_t)1), (uint16_t)odd_number(r)); break;
  case 6: { // one row of eight bytes over another: instructions change places
    size_t to = LQ_BUNDLE_HEADER + 8 * below(r, (m->n - LQ_BUNDLE_HEADER) / 8);
    size_t from = LQ_BUNDLE_HEADER + 8 * below(r, (m->n - LQ_BUNDLE_HEADER) / 8);
    memmove(m->p + to, m->p + from, 8);
    break;
  }
  }
}

// A rule's stack and cost are known to whoever writes a hostile bundle, too: make them fit what the code now
// needs, so that changed code gets as far as it can.
static void repair_rules(bytes *m)
{
  lq_fault f;
  for (int round = 0; round < 4; round++) {
    lq_program *p;
    lq_bundle_hash(m->p, m->n, m->p + LQ_AT_DIGEST);
    if (lq_bundle_read(&p, &lq_mem_libc, m->p, m->n, NULL, &f) == LQ_OK) {
      lq_program_free(p);
      return;
    }
    if (f.reason == LQ_REASON_RULE_COST)
      lq_put32(m->p + f.at + 20, lq_le32(m->p + f.at + 20) + (round % 2 ? 1u : (uint32_t)-1));
    else if (f.reason == LQ_REASON_RULE_STACK)
      lq_put32(m->p + f.at + 16, lq_le32(m->p + f.at + 16) + (round % 2 ? (uint32_t)-2 : 1u));
    else
      return;
  }
}

static void mutate(random_state *r, const bytes *seed, bytes *m)
{
  memcpy(m->p, seed->p, seed->n);
  m->n = seed->n;
  for (size_t n = 1 + below(r, below(r, 4) ? 2 : 12); n > 0; n--)
    change_once(r, m);
  if (below(r, 32) == 0) {
    m->n = below(r, 2) ? below(r, m->n) & ~(size_t)7 : below(r, m->n);
    if (m->n >= LQ_BUNDLE_HEADER)
      lq_put64(m->p + LQ_AT_FILE_SIZE, m->n);
  }
}

static bytes read_file(const char *name)
{
  bytes b = {0};
  FILE *f = fopen(name, "rb");
  if (!f)
    return b;
  fseek(f, 0, SEEK_END);
  long n = ftell(f);
  rewind(f);
  b.p = malloc(n > 0 ? (size_t)n : 1);
  if (n < LQ_BUNDLE_HEADER || fread(b.p, 1, (size_t)n, f) != (size_t)n)
    n = 0;
  b.n = (size_t)n;
  fclose(f);
  return b;
}

static bool make_seeds(bytes *out, size_t *n, char **files, int nfiles)
{
  for (size_t i = 0; i < COUNT(seeds); i++) {
    lq_buf b = {.mem = &lq_mem_libc};
    lq_fault f;
    if (!seed_bundle(i, &b, &f))
      return fprintf(stderr, "seed %zu: %s\n", i, lq_reason_text(f.reason)), false;
    out[(*n)++] = (bytes){(uint8_t *)b.p, b.n};
  }
  for (int i = 0; i < nfiles; i++) {
    lq_fault f = {0};
    bytes b = read_file(files[i]);
    if (!b.n || run_bytes(b.p, b.n, &f) != LQ_OK)
      return fprintf(stderr, "%s: %s\n", files[i], lq_reason_text(f.reason)), false;
    out[(*n)++] = b;
  }
  return true;
}

int main(int argc, char **argv)
{
  enum { SEEDS_MAX = 32 };
  size_t mutants = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000, nseeds = 0, accepted = 0;
  random_state r = {argc > 2 ? strtoull(argv[2], NULL, 10) : 1};
  bytes from[SEEDS_MAX];
  int files = argc > 3 ? argc - 3 : 0;
  static size_t tally[256];
  if (!make_seeds(from, &nseeds, argv + 3, files < SEEDS_MAX - 3 ? files : SEEDS_MAX - 3))
    return 1;
  for (size_t i = 0; i < mutants; i++) {
    // Large seeds cost more: most mutants are of the first two.
    size_t which = below(&r, 4) ? below(&r, 2) : below(&r, nseeds);
    // A block of the mutant's own size, so that a sanitizer sees the first byte past it.
    bytes m = {malloc(from[which].n), 0};
    mutate(&r, &from[which], &m);
    if (m.n >= LQ_BUNDLE_HEADER && i % 2)
      repair_rules(&m);
    uint8_t *exact = malloc(m.n ? m.n : 1);
    memcpy(exact, m.p, m.n);
    lq_fault f = {0};
    lq_status status = run_bytes(exact, m.n, &f);
    if (status == LQ_E_INTERNAL || (status && f.reason == LQ_REASON_NONE)) {
      fprintf(stderr, "mutant %zu: status %d, %s\n", i, status, lq_reason_text(f.reason));
      return 1;
    }
    accepted += status == LQ_OK;
    tally[f.reason]++;
    free(exact);
    free(m.p);
  }
  for (size_t i = 1; i < COUNT(tally); i++) {
    if (tally[i])
      fprintf(stderr, "%8zu  %s\n", tally[i], lq_reason_text((lq_reason)i));
  }
  printf("%zu mutants, %zu accepted, 0 faults\n", mutants, accepted);
  for (size_t i = 0; i < nseeds; i++)
    free(from[i].p);
  return 0;
}
