// A scan inside one process, for what a command cannot show.
//   bench_stream load BUNDLE          milliseconds from a bundle's bytes to a scan that is ready, CPU
//   bench_stream events BUNDLE FILE   allocations and resident memory while the file goes by, part by part
#include <fcntl.h>
#include <libquery/lq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PARTS = 8, ROUNDS = 21, PIECE = 1 << 20 };

typedef struct bytes {
  char *p;
  size_t n;
} bytes;

static unsigned long long allocations;

static void *count(void *user, void *p, size_t old, size_t new)
{
  (void)user, (void)old;
  allocations += new > old;
  if (new)
    return realloc(p, new);
  free(p);
  return NULL;
}
static const lq_allocator counting = {.fn = count};

static double cpu(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bytes read_all(const char *path)
{
  bytes b = {0};
  FILE *f = fopen(path, "rb");
  if (!f || fseek(f, 0, SEEK_END))
    return b;
  long n = ftell(f);
  rewind(f);
  b.p = malloc((size_t)n + 1);
  b.n = b.p ? fread(b.p, 1, (size_t)n, f) : 0;
  fclose(f);
  return b;
}

static unsigned long resident(void)
{
  unsigned long total = 0, pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%lu %lu", &total, &pages) != 2)
    pages = 0;
  if (f)
    fclose(f);
  return pages * (unsigned long)sysconf(_SC_PAGESIZE) / 1024;
}

// allocator: NULL where it is the time that counts. Loading takes what the library takes without one, as most
// programs do.
static int ready(lq_bundle **b, lq_scan **s, const bytes *file, const lq_allocator *allocator)
{
  lq_scan_options o = {.struct_size = sizeof o, .allocator = allocator, .lateness = 0};
  lq_errinfo error = LQ_INIT(lq_errinfo);
  lq_status st = lq_bundle_load(b, file->p, file->n, NULL, allocator, &error);
  return st == LQ_OK && lq_scan_new(s, *b, &o) == LQ_OK && lq_scan_begin(*s, "bench") == LQ_OK;
}

static int order(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int load(const bytes *file)
{
  double t[ROUNDS];
  for (int i = 0; i < ROUNDS; i++) {
    lq_bundle *b = NULL;
    lq_scan *s = NULL;
    double start = cpu();
    if (!ready(&b, &s, file, NULL))
      return 1;
    t[i] = cpu() - start;
    lq_scan_free(s);
    lq_bundle_free(b);
  }
  qsort(t, ROUNDS, sizeof *t, order);
  printf("{\"load_ms\":%.3f,\"least_ms\":%.3f}\n", t[ROUNDS / 2], t[0]);
  return 0;
}

// One line of JSON for each part of the file.
static int events(const bytes *file, const char *path)
{
  static char piece[PIECE];
  lq_bundle *b = NULL;
  lq_scan *s = NULL;
  int fd = open(path, O_RDONLY);
  off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END), done = 0, next = size / PARTS;
  if (size <= 0 || lseek(fd, 0, SEEK_SET) || !ready(&b, &s, file, &counting))
    return 1;
  unsigned long long before = allocations;
  uint64_t seen = 0;
  for (ssize_t n; (n = read(fd, piece, PIECE)) > 0;) {
    if (lq_scan_feed(s, piece, (size_t)n) != LQ_OK)
      return 1;
    done += n;
    if (done < next && done < size)
      continue;
    next += size / PARTS;
    lq_stats stats = LQ_INIT(lq_stats);
    lq_scan_stats(s, &stats);
    printf("{\"events\":%llu,\"allocations\":%llu,\"resident_kib\":%lu}\n",
           (unsigned long long)(stats.events - seen), allocations - before, resident());
    seen = stats.events;
    before = allocations;
  }
  close(fd);
  lq_scan_free(s);
  lq_bundle_free(b);
  return 0;
}

int main(int argc, char **argv)
{
  bytes file = argc > 2 ? read_all(argv[2]) : (bytes){0};
  if (!file.n)
    return 2;
  int code = strcmp(argv[1], "load") == 0 ? load(&file) : argc > 3 ? events(&file, argv[3]) : 2;
  free(file.p);
  return code;
}
