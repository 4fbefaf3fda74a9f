// The libraries beneath us allocate for themselves. Each of their allocations fails here, in turn, alone and
// with all after it, while ours go on: no crash, no leak, LQ_E_NOMEM or the right answer. The C library's
// malloc is replaced for that. No query here has a regular expression: RE2 itself is not made for exceptions
// in the middle of its work, and leaks or ends the process; we ask for the memory that it will want
// beforehand (stdlib/regex.cc), which no test can fail in every place.
#include <errno.h>
#include <libquery/lq.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

static bool armed, once;
static size_t requests, fail_at;
static long live; // blocks

static bool fails(void)
{
  requests += armed;
  return armed && fail_at > 0 && (once ? requests == fail_at : requests >= fail_at);
}

static void *note(void *p)
{
  live += p != NULL;
  return p;
}

static void *no_memory(void)
{
  errno = ENOMEM;
  return NULL;
}

void *malloc(size_t n)
{
  return fails() ? no_memory() : note(__libc_malloc(n));
}
void *calloc(size_t n, size_t size)
{
  return fails() ? no_memory() : note(__libc_calloc(n, size));
}
void *realloc(void *p, size_t n)
{
  if (fails())
    return no_memory();
  return p ? __libc_realloc(p, n) : note(__libc_realloc(NULL, n));
}
void free(void *p)
{
  live -= p != NULL;
  __libc_free(p);
}

// Ours: never fails here; that is tests/unit/test_oom.c.
static void *own(void *user, void *p, size_t old_size, size_t new_size)
{
  (void)user, (void)old_size;
  if (new_size > 0)
    return __libc_realloc(p, new_size);
  __libc_free(p);
  return NULL;
}

static const lq_allocator allocator = {own, NULL};
static const char page[] =
    "# T1059 – Shells\n\n> `process.name : (\"cmd*\", \"power*\")\n> | where user.name like \"?\"`\n";
static const char rules[] = "---\nname: Two\nattack: [T1027]\ntags:\n  - a\n---\nlength(process.name) > 4\n";
static const char events[] =
    "{\"process\":{\"name\":\"cmd.exe\"},\"user\":{\"name\":\"a\"}}\n{\"process\":{\"name\":\"ls\"}}\n";
static unsigned char packed[2][500];
static size_t packed_n[2];

typedef struct text {
  char p[8192];
  size_t n;
} text;

static int put(void *user, const char *bytes, size_t n)
{
  text *t = user;
  if (n > sizeof t->p - t->n)
    return 1;
  memcpy(t->p + t->n, bytes, n);
  t->n += n;
  return 0;
}

static int on_match(void *user, const lq_match *m)
{
  return lq_match_json(m, put, user) != LQ_OK;
}

static lq_status build(lq_bundle **out)
{
  lq_build_options o = {.struct_size = sizeof o, .allocator = &allocator};
  lq_build *b;
  lq_status s = lq_build_new(&b, &o);
  if (s != LQ_OK)
    return s;
  s = lq_build_add_file(b, "page.md", page, strlen(page));
  if (s == LQ_OK)
    s = lq_build_add_file(b, "two.lq", rules, strlen(rules));
  if (s == LQ_OK)
    s = lq_build_finish(b, out);
  lq_build_free(b);
  return s;
}

static lq_status scan(const lq_bundle *b, text *t)
{
  lq_scan_options o = {.struct_size = sizeof o, .allocator = &allocator, .match = on_match, .user = t};
  lq_scan *s;
  lq_status status = lq_scan_new(&s, b, &o);
  if (status != LQ_OK)
    return status;
  for (int i = 0; i < 2 && status == LQ_OK; i++) {
    status = lq_scan_begin(s, "packed");
    if (status == LQ_OK)
      status = lq_scan_feed(s, packed[i], packed_n[i]);
    if (status == LQ_OK)
      status = lq_scan_end(s);
  }
  lq_scan_free(s);
  return status;
}

static lq_status work(text *t)
{
  lq_bundle *b = NULL;
  t->n = 0;
  lq_status s = build(&b);
  if (s == LQ_OK)
    s = scan(b, t);
  lq_bundle_free(b);
  return s;
}

static int check(size_t n, const text *right)
{
  static text got;
  long before = live;
  requests = 0, fail_at = n, armed = true;
  lq_status s = work(&got);
  armed = false;
  bool same = s == LQ_OK && got.n == right->n && memcmp(got.p, right->p, got.n) == 0;
  if ((s == LQ_E_NOMEM || same) && live == before)
    return 0;
  printf("request %zu%s: status %d, %zu bytes of %zu, %ld blocks left\n", n, once ? ", once" : "", s, got.n,
         right->n, live - before);
  return 1;
}

static void pack(void)
{
  z_stream z = {0};
  deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  z.next_in = (unsigned char *)(size_t)events, z.avail_in = sizeof events - 1;
  z.next_out = packed[0], z.avail_out = sizeof packed[0];
  deflate(&z, Z_FINISH);
  packed_n[0] = z.total_out;
  deflateEnd(&z);
  packed_n[1] = ZSTD_compress(packed[1], sizeof packed[1], events, sizeof events - 1, 3);
}

int main(void)
{
  static text right;
  static char line[BUFSIZ];
  setvbuf(stdout, line, _IOLBF, sizeof line); // so that printf asks for nothing
  pack();
  // Twice: the first run makes what those libraries keep for ever.
  if (work(&right) != LQ_OK || (requests = 0, armed = true, work(&right) != LQ_OK) || right.n < 500)
    return printf("the run without failures is wrong: %zu bytes\n", right.n), 1;
  armed = false;
  size_t all = requests;
  int failed = 0;
  for (int i = 0; i < 2; i++) {
    once = i == 1;
    for (size_t n = 1; n <= all; n++)
      failed += check(n, &right);
  }
  printf("%zu requests of the libraries beneath, each failed twice: %d wrong\n", all, failed);
  return failed > 0;
}
