// The file of --state: seals (base/seal.h) one behind the other. Kind 1 holds everything; those of kind 2
// behind it hold what has changed since the one before them, which they name by its digest. Numbers are
// little-endian; a text is its length in 4 bytes, then its bytes.
//   kind 2: digest of the one before, 32   identity of the bundle   totals   output   marks   8 bytes: length
//   of what follows state of rules
#include "feed/checkpoint.h"

#include "base/bytes.h"

enum { VERSION = 2, WHOLE = 1, CHANGES = 2, MARKS_MAX = 1000000 };
enum { TOTALS = sizeof(lq_totals) / sizeof(uint64_t) };
// What stands behind a small whole may be larger than it: a file of that size is read at once all the same.
static const uint64_t MORE = 64 << 10;

// ---- numbers

static void put(lq_buf *s, uint64_t v, size_t bytes)
{
  uint8_t b[8];
  lq_put64(b, v);
  lq_buf_add(s, b, bytes);
}

static void put_text(lq_buf *s, const char *p, size_t n)
{
  put(s, n, 4);
  lq_buf_add(s, p, n);
}

typedef struct reader {
  lq_str rest;
  bool short_of; // something was to come that is not there, or makes no sense
  bool no_memory;
} reader;

// Empty when so much is not there.
static lq_str take(reader *r, uint64_t n)
{
  if (n > r->rest.n || r->short_of) {
    r->short_of = true;
    return LQ_STR("");
  }
  lq_str taken = lq_str_slice(r->rest, 0, (size_t)n);
  r->rest = lq_str_slice(r->rest, (size_t)n, r->rest.n);
  return taken;
}

static void get_bytes(reader *r, void *out, size_t n)
{
  lq_str bytes = take(r, n);
  memset(out, 0, n);
  if (bytes.n)
    memcpy(out, bytes.p, n);
}

static uint64_t get(reader *r, size_t bytes)
{
  uint8_t b[8] = {0};
  get_bytes(r, b, bytes);
  return lq_le64(b);
}

// NULL when it is not there, or has a NUL in it: no name has.
static char *get_text(reader *r, const lq_mem *mem)
{
  lq_str s = take(r, get(r, 4));
  r->short_of |= s.n > 0 && memchr(s.p, 0, s.n);
  if (r->short_of)
    return NULL;
  char *text = lq_name_copy(mem, s.p, s.n);
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
  *m = (lq_mark){.name = name, .at = LQ_INIT(lq_position), .kept_at = LQ_INIT(lq_position)};
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

static bool same_identity(const lq_identity *a, const lq_identity *b)
{
  return a->dev == b->dev && a->ino == b->ino && a->prefix == b->prefix &&
         memcmp(a->digest, b->digest, sizeof a->digest) == 0;
}

static bool has_changed(const lq_mark *m)
{
  lq_text now = lq_position_bytes(&m->at), kept = lq_position_bytes(&m->kept_at);
  return !same_identity(&m->file, &m->kept_file) || now.n != kept.n || memcmp(now.p, kept.p, now.n) != 0;
}

static void put_mark(lq_buf *s, const lq_mark *m)
{
  lq_text at = lq_position_bytes(&m->at);
  put(s, m->file.dev, 8), put(s, m->file.ino, 8), put(s, m->file.prefix, 4);
  lq_buf_add(s, m->file.digest, sizeof m->file.digest);
  put_text(s, at.p, at.n);
}

// What a digest cannot vouch for: the file may come from anywhere.
static void get_mark(reader *r, lq_mark *m)
{
  m->file.dev = get(r, 8), m->file.ino = get(r, 8), m->file.prefix = (uint32_t)get(r, 4);
  get_bytes(r, m->file.digest, sizeof m->file.digest);
  lq_str at = take(r, get(r, 4));
  r->short_of |= m->file.prefix > LQ_PREFIX_MAX || lq_position_load(&m->at, at.p, at.n) != LQ_OK;
}

// A mark has its number; a new one takes the next number, and then its name follows.
static void put_marks(lq_buf *out, const lq_checkpoint *c, bool whole)
{
  size_t kept = whole ? 0 : c->kept_marks;
  uint32_t n = 0;
  for (size_t i = 0; i < c->nmarks; i++)
    n += i >= kept || has_changed(c->marks[i]);
  put(out, n, 4);
  for (size_t i = 0; i < c->nmarks; i++) {
    const lq_mark *m = c->marks[i];
    if (i < kept && !has_changed(m))
      continue;
    put(out, i, 4);
    if (i >= kept)
      put_text(out, m->name, strlen(m->name));
    put_mark(out, m);
  }
}

static void get_marks(reader *r, lq_checkpoint *c)
{
  uint64_t n = get(r, 4);
  for (uint64_t i = 0; i < n && !r->short_of && !r->no_memory; i++) {
    uint64_t at = get(r, 4);
    r->short_of |= at > c->nmarks || at >= MARKS_MAX;
    if (!r->short_of && at == c->nmarks) {
      char *name = get_text(r, c->mem);
      r->no_memory |= name && !add_mark(c, name);
    }
    if (!r->short_of && !r->no_memory)
      get_mark(r, c->marks[at]);
  }
}

// ---- writing

static void put_output(lq_buf *out, const lq_checkpoint *c)
{
  put_text(out, c->output ? c->output : "", c->output ? strlen(c->output) : 0);
  put(out, c->dev, 8), put(out, c->ino, 8), put(out, c->committed, 8);
}

void lq_checkpoint_write(lq_checkpoint *c, bool whole, lq_str state, lq_buf *out,
                         unsigned char digest[LQ_SEAL_DIGEST])
{
  uint64_t totals[TOTALS];
  memcpy(totals, &c->totals, sizeof totals);
  size_t begin = lq_seal_begin(out, LQ_SEAL_STATE, VERSION, whole ? WHOLE : CHANGES);
  if (!whole)
    lq_buf_add(out, c->last, sizeof c->last);
  put_text(out, c->bundle, strlen(c->bundle));
  put(out, TOTALS, 4);
  for (size_t i = 0; i < TOTALS; i++)
    put(out, totals[i], 8);
  put_output(out, c);
  put_marks(out, c, whole);
  put(out, state.n, 8);
  lq_buf_str(out, state);
  lq_seal_end(out, begin, digest);
}

bool lq_checkpoint_wants_whole(const lq_checkpoint *c)
{
  return c->whole == 0 || c->more > (c->whole > MORE ? c->whole : MORE);
}

static void keep_marks(lq_checkpoint *c)
{
  for (size_t i = 0; i < c->nmarks; i++) {
    c->marks[i]->kept_file = c->marks[i]->file;
    c->marks[i]->kept_at = c->marks[i]->at;
  }
  c->kept_marks = c->nmarks;
}

void lq_checkpoint_kept(lq_checkpoint *c, bool whole, uint64_t bytes,
                        const unsigned char digest[LQ_SEAL_DIGEST])
{
  keep_marks(c);
  memcpy(c->last, digest, sizeof c->last);
  c->more = whole ? 0 : c->more + bytes;
  c->whole = whole ? bytes : c->whole;
}

// ---- reading

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

static void get_bundle(reader *r, lq_checkpoint *c)
{
  lq_str s = take(r, get(r, 4));
  r->short_of |= s.n >= sizeof c->bundle;
  if (r->short_of)
    return;
  memset(c->bundle, 0, sizeof c->bundle);
  memcpy(c->bundle, s.p, s.n);
}

static void get_output(reader *r, lq_checkpoint *c)
{
  char *name = get_text(r, c->mem);
  lq_name_free(c->mem, c->output);
  c->output = name;
  c->dev = get(r, 8), c->ino = get(r, 8), c->committed = get(r, 8);
  r->short_of |= c->committed > INT64_MAX;
}

static lq_status get_all(lq_checkpoint *c, lq_str bytes)
{
  reader r = {.rest = bytes};
  get_bundle(&r, c);
  get_totals(&r, &c->totals);
  get_output(&r, c);
  get_marks(&r, c);
  lq_str state = take(&r, get(&r, 8));
  lq_buf_str(&c->state, state);
  if (r.no_memory || c->state.failed)
    return LQ_E_NOMEM;
  return r.short_of || r.rest.n ? LQ_E_BUNDLE : LQ_OK;
}

static const char *reason_of(lq_seal_verdict v, const lq_seal *s)
{
  switch (v) {
  case LQ_SEAL_SOUND: break;
  case LQ_SEAL_FOREIGN: return "it is not a state file of lq";
  case LQ_SEAL_VERSION:
    return s->version == 1 ? "it is of version 1, of an older lq" : "it is of another version of lq";
  case LQ_SEAL_CUT: return "it is cut short";
  case LQ_SEAL_DAMAGED: return "its digest is not that of its bytes";
  }
  return s->kind == WHOLE ? NULL : "it does not begin with a whole checkpoint";
}

// Is this the one that was written behind the last one?
static bool follows(const lq_checkpoint *c, const lq_seal *s)
{
  return s->kind == CHANGES && s->bytes.n >= sizeof c->last &&
         memcmp(s->bytes.p, c->last, sizeof c->last) == 0;
}

static lq_status read_changes(lq_checkpoint *c, lq_str from)
{
  lq_seal seal;
  lq_status s = LQ_OK;
  while (s == LQ_OK && from.n > 0 && lq_seal_open(&seal, from, LQ_SEAL_STATE, VERSION) == LQ_SEAL_SOUND &&
         follows(c, &seal)) {
    s = get_all(c, lq_str_slice(seal.bytes, sizeof c->last, seal.bytes.n));
    lq_checkpoint_kept(c, false, seal.size, seal.digest);
    from = lq_str_slice(from, seal.size, from.n);
  }
  c->torn = from.n;
  return s;
}

lq_status lq_checkpoint_read(lq_checkpoint *c, const char *p, size_t n, const char **why)
{
  lq_str from = {p, n};
  lq_seal seal = {0};
  lq_seal_verdict verdict = lq_seal_open(&seal, from, LQ_SEAL_STATE, VERSION);
  c->state.mem = c->mem;
  *why = reason_of(verdict, &seal);
  if (*why)
    return verdict == LQ_SEAL_VERSION ? LQ_E_VERSION : LQ_E_BUNDLE;
  lq_status s = get_all(c, seal.bytes);
  lq_checkpoint_kept(c, true, seal.size, seal.digest);
  if (s == LQ_OK)
    s = read_changes(c, lq_str_slice(from, seal.size, from.n));
  if (s == LQ_E_BUNDLE)
    *why = "its parts do not fit together";
  return s;
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
