// Events to measure with, made from real telemetry: the same bytes for the same files and options, on any
// machine. Usage: bench_data OPTION... FILE...   Files are NDJSON of raw Windows events, plain or zstd.
//   --form raw|ecs  --mix natural|balanced  --unique  --mb N  --seed N
// natural: eight machines at a time, each plays one recording from its first line to its last; when all have
// been played they are played again, with other hosts, users, processes, addresses. balanced: each event is
// of a class drawn by its weight, so that rare ones, process starts above all, are as common as rules think.
#include <libquery/lq.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/date.h"
#include "bench/ecs.h"
#include "bench/vary.h"

enum { MACHINES = 8, STEP = 20000000 }; // ns from one event to the next; twice that at most

typedef struct recording {
  lq_buf text;
  lq_str *lines;
  size_t n, cap;
} recording;

typedef struct class {
  unsigned weight; // of 1,000; what is left is natural
  const char *channel;
  unsigned ids[12];
  lq_str *lines;
  size_t n, cap;
  uint64_t given;
} class;

static class classes[] = {
    {.weight = 120, .channel = "Sysmon", .ids = {1}},
    {.weight = 40, .channel = "ecurity", .ids = {4688}},
    {.weight = 160, .channel = "Sysmon", .ids = {7}},
    {.weight = 100, .channel = "Sysmon", .ids = {10}},
    {.weight = 140, .channel = "Sysmon", .ids = {12, 13, 14}},
    {.weight = 80, .channel = "Sysmon", .ids = {11, 15, 23, 26}},
    {.weight = 80, .channel = "Sysmon", .ids = {3}},
    {.weight = 50, .channel = "Sysmon", .ids = {22}},
    {.weight = 60, .channel = "PowerShell", .ids = {4103, 4104}},
    {.weight = 60, .channel = "ecurity", .ids = {4624, 4625, 4672, 4698, 4697, 4720, 4799, 5140, 5145}},
};
enum { NCLASSES = sizeof classes / sizeof *classes };

typedef struct options {
  bool ecs, balanced, unique;
  uint64_t bytes, seed;
  int first; // of the files
} options;

typedef struct machine {
  uint64_t copy;
  size_t file, line;
} machine;

typedef struct maker {
  options o;
  recording *files;
  size_t nfiles;
  names names;
  machine machines[MACHINES];
  uint64_t played; // recordings that were begun
  uint64_t event;
  ecs *ecs;
  lq_buf raw, out;
} maker;

static void die(const char *what)
{
  fprintf(stderr, "bench_data: %s\n", what);
  exit(1);
}

// ---- reading

static void unzip(lq_buf *packed, lq_buf *out)
{
  static char piece[1 << 16];
  ZSTD_DStream *z = ZSTD_createDStream();
  ZSTD_inBuffer in = {packed->p, packed->n, 0};
  size_t more = 1;
  while (z && in.pos < in.size && !ZSTD_isError(more)) {
    ZSTD_outBuffer o = {piece, sizeof piece, 0};
    more = ZSTD_decompressStream(z, &o, &in);
    lq_buf_add(out, piece, o.pos);
    // What did not fit comes without more input.
    while (o.pos == o.size && !ZSTD_isError(more)) {
      o.pos = 0;
      more = ZSTD_decompressStream(z, &o, &in);
      lq_buf_add(out, piece, o.pos);
    }
  }
  ZSTD_freeDStream(z);
  if (!z || ZSTD_isError(more))
    die("cannot unpack");
}

static void read_file(const char *path, lq_buf *out)
{
  static char piece[1 << 16];
  FILE *f = fopen(path, "rb");
  if (!f)
    die(path);
  lq_buf bytes = {.mem = &lq_mem_libc};
  for (size_t n; (n = fread(piece, 1, sizeof piece, f));)
    lq_buf_add(&bytes, piece, n);
  fclose(f);
  if (lq_str_ends(lq_str_of(path), LQ_STR(".zst"))) {
    unzip(&bytes, out);
    lq_buf_free(&bytes);
  } else {
    *out = bytes;
  }
  if (out->failed)
    die("out of memory");
}

static lq_str value_of(lq_str line, const char *key)
{
  char mark[32];
  int n = snprintf(mark, sizeof mark, "\"%s\":", key);
  for (size_t i = 0; i + (size_t)n < line.n; i++) {
    if (memcmp(line.p + i, mark, (size_t)n) == 0)
      return lq_str_slice(line, i + (size_t)n, line.n);
  }
  return LQ_STR("");
}

static void classify(lq_str line)
{
  lq_str id = value_of(line, "EventID"), channel = value_of(line, "Channel");
  unsigned code = (unsigned)strtoul(id.n && id.p[0] == '"' ? id.p + 1 : id.p, NULL, 10);
  for (size_t c = 0; c < NCLASSES; c++) {
    class *k = &classes[c];
    size_t n = strlen(k->channel);
    bool here = false, in = false;
    for (size_t i = 0; !here && i < 64 && i + n < channel.n && channel.p[i] != ','; i++)
      here = memcmp(channel.p + i, k->channel, n) == 0;
    for (size_t i = 0; i < 12; i++)
      in |= k->ids[i] == code && code;
    if (here && in) {
      if (!LQ_GROW(&lq_mem_libc, k->lines, k->n, &k->cap))
        die("out of memory");
      k->lines[k->n++] = line;
    }
  }
}

static void add_file(maker *m, const char *path)
{
  recording *r = &m->files[m->nfiles++];
  *r = (recording){.text = {.mem = &lq_mem_libc}};
  read_file(path, &r->text);
  // A line's end is looked at as if a JSON text went on behind it.
  lq_buf_add(&r->text, "\n\n", 2);
  for (char *at = r->text.p, *end; (end = memchr(at, '\n', r->text.n - (size_t)(at - r->text.p)));
       at = end + 1) {
    lq_str line = lq_str_make(at, (size_t)(end - at));
    if (line.n < 3 || line.p[0] != '{')
      continue;
    if (line.p[line.n - 1] == '\r')
      line.n--;
    if (!LQ_GROW(&lq_mem_libc, r->lines, r->n, &r->cap) || !names_learn(&m->names, line))
      die("out of memory");
    r->lines[r->n++] = line;
    classify(line);
  }
}

// ---- choosing

// The recordings in another order for each copy.
static void next_recording(maker *m, machine *to)
{
  do {
    uint64_t copy = m->played / m->nfiles, nth = m->played % m->nfiles, rank;
    m->played++;
    size_t f = 0;
    for (; f < m->nfiles; f++) {
      uint64_t h = bench_mix(m->o.seed ^ bench_mix(copy * 1000003 + f));
      rank = 0;
      for (size_t g = 0; g < m->nfiles; g++)
        rank += bench_mix(m->o.seed ^ bench_mix(copy * 1000003 + g)) < h;
      if (rank == nth)
        break;
    }
    *to = (machine){.copy = copy, .file = f};
  } while (!m->files[to->file].n);
}

static lq_str next_natural(maker *m, uint64_t r, uint64_t *copy)
{
  machine *k = &m->machines[r % MACHINES];
  if (k->line == m->files[k->file].n)
    next_recording(m, k);
  // Recordings of one copy are of different hosts.
  *copy = k->copy * m->nfiles + k->file;
  return m->files[k->file].lines[k->line++];
}

static lq_str choose(maker *m, uint64_t *copy)
{
  uint64_t r = bench_mix(m->o.seed + m->event * 0x9e3779b97f4a7c15u), draw = (r >> 32) % 1000;
  for (size_t c = 0; m->o.balanced && c < NCLASSES; c++) {
    class *k = &classes[c];
    if (draw < k->weight && k->n) {
      *copy = 1000000 + k->given / k->n;
      return k->lines[k->given++ % k->n];
    }
    draw = draw < k->weight ? 1000 : draw - k->weight;
  }
  return next_natural(m, r, copy);
}

static void make(maker *m)
{
  int64_t now;
  if (!lq_date_parse(LQ_STR("2026-03-02T08:00:00Z"), &now))
    die("date");
  for (size_t i = 0; i < MACHINES; i++)
    next_recording(m, &m->machines[i]);
  for (uint64_t done = 0; done < m->o.bytes; m->event++) {
    vary v = {.names = &m->names, .seed = m->o.seed, .event = m->event, .unique = m->o.unique};
    lq_str line = choose(m, &v.copy);
    now += STEP + (int64_t)(bench_mix(m->event ^ m->o.seed) % STEP) / 1000 * 1000;
    v.now = now;
    lq_buf_clear(&m->raw);
    lq_buf_clear(&m->out);
    vary_line(&v, line, &m->raw);
    lq_str text = lq_buf_get(&m->raw);
    if (m->o.ecs) {
      if (!ecs_line(m->ecs, text, m->event, &m->out))
        die("an event has no ECS form");
      text = lq_buf_get(&m->out);
    }
    if (m->raw.failed || fwrite(text.p, 1, text.n, stdout) != text.n || putchar('\n') == EOF)
      die("cannot write");
    done += text.n + 1;
  }
}

static options read_options(int argc, char **argv)
{
  options o = {.bytes = 1000000, .seed = 1};
  int i = 1;
  for (; i < argc && argv[i][0] == '-'; i++) {
    const char *value = i + 1 < argc ? argv[i + 1] : "";
    if (strcmp(argv[i], "--unique") == 0) {
      o.unique = true;
      continue;
    }
    if (strcmp(argv[i], "--form") == 0)
      o.ecs = strcmp(value, "ecs") == 0;
    else if (strcmp(argv[i], "--mix") == 0)
      o.balanced = strcmp(value, "balanced") == 0;
    else if (strcmp(argv[i], "--mb") == 0)
      o.bytes = strtoull(value, NULL, 10) * 1000000;
    else if (strcmp(argv[i], "--seed") == 0)
      o.seed = strtoull(value, NULL, 10);
    else
      die(argv[i]);
    i++;
  }
  o.first = i;
  return o;
}

int main(int argc, char **argv)
{
  options o = read_options(argc, argv);
  if (o.first >= argc)
    die("no files");
  maker m = {.o = o,
             .files = calloc((size_t)(argc - o.first), sizeof *m.files),
             .ecs = ecs_new(),
             .raw = {.mem = &lq_mem_libc},
             .out = {.mem = &lq_mem_libc}};
  size_t lines = 0;
  if (!m.files || !m.ecs)
    die("out of memory");
  for (int i = o.first; i < argc; i++) {
    add_file(&m, argv[i]);
    lines += m.files[m.nfiles - 1].n;
  }
  if (!lines)
    die("no events");
  make(&m);
  fprintf(stderr, "%llu events from %zu\n", (unsigned long long)m.event, lines);
  return fflush(stdout) ? 1 : 0;
}
