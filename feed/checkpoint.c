// The file of --state. All numbers are little-endian; a text is its length in 4 bytes, then its bytes.
//   0  magic    8   version   12  0    16 size of the file   24  BLAKE2b-256 of the file with this field
//   zeroed 56 identity of the bundle, totals, output, marks, state
#include "feed/checkpoint.h"

#include <blake2.h>
#include <string.h>

// A high bit, line ends of two kinds and a ^Z: damage by text-mode copies shows at once.
static const unsigned char magic[8] = {0x89, 'L', 'Q', 'S', 0x0D, 0x0A, 0x1A, 0x0A};
enum { VERSION = 2, AT_SIZE = 16, AT_DIGEST = 24, HEADER = 56, MARKS_MAX = 1000000 };
enum { TOTALS = sizeof(lq_totals) / sizeof(uint64_t) };

void lq_digest(unsigned char out[LQ_DIGEST], const void *p, size_t n)
{
  blake2b(out, p, NULL, LQ_DIGEST, n, 0);
}

// ---- numbers

static void put(lq_buf *s, uint64_t v, size_t bytes)
{
  char b[8];
  for (size_t i = 0; i < bytes; i++)
    b[i] = (char)(v >> 8 * i & 0xFF);
  lq_buf_add(s, b, bytes);
}

static void put_text(lq_buf *s, const char *p, size_t n)
{
  put(s, n, 4);
  lq_buf_add(s, p, n);
}

typedef struct reader {
  const unsigned char *p, *end;
  bool short_of; // something was to come that is not there
  bool no_memory;
} reader;

static const unsigned char *take(reader *r, uint64_t n)
{
  static const unsigned char nothing[64];
  if (n > (uint64_t)(r->end - r->p)) {
    r->short_of = true;
    r->p = r->end;
    return n <= sizeof nothing ? nothing : NULL;
  }
  r->p += n;
  return r->p - n;
}

static uint64_t get(reader *r, size_t bytes)
{
  const unsigned char *p = take(r, bytes);
  uint64_t v = 0;
  for (size_t i = 0; i < bytes; i++)
    v |= (uint64_t)p[i] << 8 * i;
  return v;
}

// NULL when it is not there, or has a NUL in it: no name has.
static char *get_text(reader *r, const lq_mem *mem)
{
  uint64_t n = get(r, 4);
  const unsigned char *p = take(r, n);
  if (r->short_of || !p || memchr(p, 0, (size_t)n)) {
    r->short_of = true;
    return NULL;
  }
  char *text = lq_name_copy(mem, (const char *)p, (size_t)n);
  r->no_memory |= !text;
  return text;
}

// ---- marks

// Takes the name, also when it fails.
static lq_mark *add_mark(lq_checkpoint *c, char *name)
{
  lq_mark *m = name ? lq_mem_alloc(c->mem, 1, sizeof *m) : NULL;
  if (!m || !LQ_GROW(c->mem, c->marks, c->nmarks, &c->cap)) {
    lq_mem_free(c->mem, m, 1, sizeof *m);
    lq_name_free(c->mem, name);
    return NULL;
  }
  *m = (lq_mark){.name = name, .at = LQ_INIT(lq_position)};
  return c->marks[c->nmarks++] = m;
}

lq_mark *lq_checkpoint_mark(lq_checkpoint *c, const char *name)
{
  for (size_t i = 0; i < c->nmarks; i++) {
    if (strcmp(c->marks[i]->name, name) == 0)
      return c->marks[i];
  }
  return add_mark(c, lq_name_copy(c->mem, name, strlen(name)));
}

uint64_t lq_mark_offset(const lq_mark *m)
{
  lq_position_view v = LQ_INIT(lq_position_view);
  return lq_position_get(&m->at, &v) == LQ_OK ? v.offset : 0;
}

static void put_mark(lq_buf *s, const lq_mark *m)
{
  put_text(s, m->name, strlen(m->name));
  put(s, m->file.dev, 8), put(s, m->file.ino, 8), put(s, m->file.prefix, 4);
  lq_buf_add(s, (const char *)m->file.digest, LQ_DIGEST);
  lq_text at = lq_position_bytes(&m->at);
  put_text(s, at.p, at.n);
}

static void get_mark(reader *r, lq_checkpoint *c)
{
  char *name = get_text(r, c->mem);
  if (!name)
    return;
  lq_mark *m = add_mark(c, name);
  r->no_memory |= !m;
  if (!m)
    return;
  m->file.dev = get(r, 8), m->file.ino = get(r, 8), m->file.prefix = (uint32_t)get(r, 4);
  memcpy(m->file.digest, take(r, LQ_DIGEST), LQ_DIGEST);
  uint64_t n = get(r, 4);
  const unsigned char *at = take(r, n);
  // What a digest cannot vouch for: the file may come from anywhere.
  if (m->file.prefix > LQ_PREFIX_MAX || !at || lq_position_load(&m->at, at, (size_t)n) != LQ_OK)
    r->short_of = true;
}

// ---- the whole

void lq_checkpoint_write(const lq_checkpoint *c, lq_buf *out)
{
  uint64_t totals[TOTALS];
  memcpy(totals, &c->totals, sizeof totals);
  lq_buf_add(out, (const char *)magic, sizeof magic);
  put(out, VERSION, 4), put(out, 0, 4);
  for (int i = 0; i < 5; i++)
    put(out, 0, 8); // size and digest, known later
  put_text(out, c->bundle, strlen(c->bundle));
  put(out, TOTALS, 4);
  for (size_t i = 0; i < TOTALS; i++)
    put(out, totals[i], 8);
  put_text(out, c->output ? c->output : "", c->output ? strlen(c->output) : 0);
  put(out, c->dev, 8), put(out, c->ino, 8), put(out, c->committed, 8);
  put(out, c->nmarks, 4);
  for (size_t i = 0; i < c->nmarks; i++)
    put_mark(out, c->marks[i]);
  put(out, c->state.n, 8);
  lq_buf_add(out, c->state.p, c->state.n);
  if (out->failed)
    return;
  for (int i = 0; i < 8; i++)
    out->p[AT_SIZE + i] = (char)((uint64_t)out->n >> 8 * i & 0xFF);
  unsigned char digest[LQ_DIGEST];
  lq_digest(digest, out->p, out->n);
  memcpy(out->p + AT_DIGEST, digest, LQ_DIGEST);
}

static const char *check_header(const unsigned char *p, size_t n)
{
  static const unsigned char zeros[LQ_DIGEST];
  if (n < HEADER || memcmp(p, magic, sizeof magic) != 0)
    return "it is not a state file of lq";
  reader r = {.p = p + sizeof magic, .end = p + n};
  if (get(&r, 4) != VERSION)
    return "it was written by another version of lq";
  get(&r, 4);
  if (get(&r, 8) != n)
    return "it is cut short";
  unsigned char digest[LQ_DIGEST];
  blake2b_state b;
  blake2b_init(&b, LQ_DIGEST);
  blake2b_update(&b, p, AT_DIGEST);
  blake2b_update(&b, zeros, LQ_DIGEST);
  blake2b_update(&b, p + HEADER, n - HEADER);
  blake2b_final(&b, digest, LQ_DIGEST);
  return memcmp(digest, p + AT_DIGEST, LQ_DIGEST) == 0 ? NULL : "its digest is not that of its bytes";
}

static void get_totals(reader *r, lq_totals *out)
{
  uint64_t totals[TOTALS] = {0}, n = get(r, 4);
  for (uint64_t i = 0; i < n && !r->short_of; i++) {
    uint64_t v = get(r, 8);
    if (i < TOTALS)
      totals[i] = v;
  }
  memcpy(out, totals, sizeof totals);
}

static void get_all(reader *r, lq_checkpoint *c)
{
  char *bundle = get_text(r, c->mem);
  if (bundle && strlen(bundle) < sizeof c->bundle)
    memcpy(c->bundle, bundle, strlen(bundle) + 1);
  lq_name_free(c->mem, bundle);
  get_totals(r, &c->totals);
  c->output = get_text(r, c->mem);
  c->dev = get(r, 8), c->ino = get(r, 8), c->committed = get(r, 8);
  uint64_t marks = get(r, 4);
  for (uint64_t i = 0; i < marks && i < MARKS_MAX && !r->short_of && !r->no_memory; i++)
    get_mark(r, c);
  uint64_t n = get(r, 8);
  const unsigned char *state = take(r, n);
  c->state.mem = c->mem;
  if (!r->short_of && state)
    lq_buf_add(&c->state, (const char *)state, (size_t)n);
}

lq_status lq_checkpoint_read(lq_checkpoint *c, const char *p, size_t n, const char **why)
{
  const unsigned char *bytes = (const unsigned char *)p;
  *why = check_header(bytes, n);
  if (*why)
    return LQ_E_BUNDLE;
  reader r = {.p = bytes + HEADER, .end = bytes + n};
  get_all(&r, c);
  if (r.no_memory || c->state.failed)
    return LQ_E_NOMEM;
  if (r.short_of || r.p != r.end || c->committed > INT64_MAX)
    *why = "its parts do not fit together";
  return *why ? LQ_E_BUNDLE : LQ_OK;
}

void lq_checkpoint_free(lq_checkpoint *c)
{
  for (size_t i = 0; i < c->nmarks; i++) {
    lq_name_free(c->mem, c->marks[i]->name);
    lq_mem_free(c->mem, c->marks[i], 1, sizeof *c->marks[i]);
  }
  if (!c->mem)
    return;
  lq_mem_free(c->mem, c->marks, c->cap, sizeof *c->marks);
  lq_name_free(c->mem, c->output);
  lq_buf_free(&c->state);
  *c = (lq_checkpoint){.mem = c->mem};
}
