// Sifting: which records of a block of lines matter. What a scan can leave to other threads, as it needs
// nothing but the record.
#include "lib/sift.h"
#include "base/counters.h"
#include "input/formats.h"

LQ_COUNTERS_ONLY(lq_engine_stats);

struct lq_sift {
  lq_mem mem;
  lq_bundle *bundle; // a reference of its own
  lq_scan_options options;
  lq_limits limits;
  lq_engine *engine;
  lq_reader *reader;
  bool stateful, wants_all;
  lq_sifted *into;
  lq_status failure; // why a hook stopped the reader; LQ_OK: `into` is full
};

// ---- a record

static lq_find *add(lq_sift *s, lq_find_kind kind, uint64_t line, uint64_t offset)
{
  lq_sifted *b = s->into;
  if (!LQ_GROW(&b->mem, b->finds, b->nfinds, &b->finds_cap)) {
    s->failure = LQ_E_NOMEM;
    return NULL;
  }
  lq_find *f = &b->finds[b->nfinds++];
  *f = (lq_find){.kind = kind, .line = line - 1, .offset = offset, .first = b->nhits};
  return f;
}

static bool is_full(const lq_sifted *b)
{
  return b->nfinds >= LQ_FINDS_MAX || b->nhits >= LQ_FOUND_HITS_MAX;
}

static bool add_hits(lq_sifted *b, const uint32_t *hits, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!LQ_GROW(&b->mem, b->hits, b->nhits, &b->hits_cap))
      return false;
    b->hits[b->nhits++] = hits[i];
  }
  return true;
}

static lq_status note_event(lq_sift *s, const lq_event *e, const lq_hits *hits)
{
  bool wanted = hits->nrules > 0 || hits->nterms > 0 || s->wants_all;
  if (!wanted && !s->stateful)
    return LQ_OK;
  lq_find *f = add(s, wanted ? LQ_FIND_HITS : LQ_FIND_STAMP, e->line, e->offset);
  if (!f)
    return LQ_E_NOMEM;
  f->n = e->raw.n;
  f->time = e->time;
  f->has_time = e->has_time;
  f->nrules = (uint32_t)hits->nrules;
  f->nterms = (uint32_t)hits->nterms;
  if (wanted)
    f->seen = lq_reader_leave(s->reader);
  return add_hits(s->into, hits->rules, hits->nrules) && add_hits(s->into, hits->terms, hits->nterms)
             ? LQ_OK
             : LQ_E_NOMEM;
}

static int on_record(void *user, lq_cursor *c)
{
  lq_sift *s = user;
  lq_hits hits;
  s->failure = lq_engine_eval(s->engine, c, s->stateful ? LQ_ASK_ALL : LQ_ASK_RULES, &hits);
  if (s->failure == LQ_OK && s->stateful)
    s->failure = lq_cursor_need_time(c);
  if (s->failure == LQ_OK)
    s->failure = note_event(s, c->event, &hits);
  return s->failure != LQ_OK || is_full(s->into);
}

static int on_bad(void *user, const lq_bad_record *bad)
{
  lq_sift *s = user;
  lq_find *f = add(s, LQ_FIND_BAD, bad->line, bad->offset);
  if (!f)
    return 1;
  f->column = bad->column;
  f->reason = bad->reason;
  return is_full(s->into);
}

// ---- a block

static size_t behind_newline(const char *p, size_t from, size_t n)
{
  const char *newline = from < n ? memchr(p + from, '\n', n - from) : NULL;
  return newline ? (size_t)(newline - p) + 1 : n;
}

// Whether the first line is whole depends on what came before, and what the source is may depend on it; the
// last one may go on. Both are left to the scan.
static void find_body(lq_sifted *b)
{
  b->body = behind_newline(b->bytes, 0, b->n);
  b->end = b->n;
  while (b->end > b->body && b->bytes[b->end - 1] != '\n')
    b->end--;
}

// The reader stopped behind the last find, in its line.
static void end_early(lq_sifted *b)
{
  const lq_find *last = &b->finds[b->nfinds - 1];
  b->end = behind_newline(b->bytes, b->body + last->offset, b->end);
  b->lines = last->line + 1;
}

static lq_status read_body(lq_sift *s, lq_sifted *b)
{
  const lq_reader_position begin = {.form = LQ_FORM_ndjson, .line = 1, .first_line = 1, .next_line = 1};
  const lq_input_stats read = *lq_reader_stats(s->reader);
  const lq_engine_stats judged = *lq_engine_stats_get(s->engine);
  lq_reader_position at;
  lq_reader_begin_at(s->reader, LQ_STR(""), &begin);
  s->into = b;
  s->failure = LQ_OK;
  lq_status status = lq_reader_feed(s->reader, b->bytes + b->body, b->end - b->body);
  lq_reader_position_get(s->reader, &at);
  b->lines = at.line - 1;
  if (status == LQ_E_CANCELLED && s->failure == LQ_OK)
    end_early(b);
  else if (status != LQ_OK)
    return s->failure ? s->failure : status;
  b->read = *lq_reader_stats(s->reader);
  b->judged = *lq_engine_stats_get(s->engine);
  LQ_COUNTERS_SUBTRACT(&b->read, &read);
  LQ_COUNTERS_SUBTRACT(&b->judged, &judged);
  b->read.bytes = b->read.bytes_in = 0; // the scan knows better
  return LQ_OK;
}

lq_status lq_sift_block(lq_sift *s, const void *bytes, size_t n, lq_sifted *into)
{
  if (!s || !into || (!bytes && n > 0))
    return LQ_E_USAGE;
  into->bytes = bytes;
  into->n = n;
  into->nfinds = into->nhits = 0;
  into->now = s->options.now;
  into->skims = lq_api_sieve(s->bundle, &s->options) != NULL;
  into->limits = s->limits;
  memcpy(into->digest, s->bundle->digest, sizeof into->digest);
  find_body(into);
  lq_status status = into->body < into->end ? read_body(s, into) : LQ_OK;
  if (status != LQ_OK)
    into->body = into->end;
  return status;
}

// ---- life

lq_status lq_sift_new(lq_sift **out, const lq_bundle *b, const lq_scan_options *options)
{
  lq_scan_options o = {.struct_size = sizeof o};
  lq_limits limits;
  if (out)
    *out = NULL;
  if (!out || !b || (options && lq_api_take(&o, sizeof o, options) != LQ_OK) ||
      lq_api_limits(&limits, o.limits) != LQ_OK)
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(o.allocator);
  lq_sift *s = lq_mem_alloc(&mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  *s = (lq_sift){.mem = mem,
                 .bundle = lq_bundle_ref(b),
                 .options = o,
                 .limits = limits,
                 .stateful = b->program->nstates > 0,
                 .wants_all = b->program->nlineages > 0};
  lq_reader_hooks hooks = {.record = on_record, .bad = on_bad, .user = s};
  lq_status status = lq_api_open(&s->engine, &s->reader, s->bundle, &s->options, &s->limits, &hooks, &s->mem);
  if (status == LQ_OK)
    lq_reader_set_sieve(s->reader, lq_api_sieve(b, &o));
  if (status == LQ_OK)
    *out = s;
  else
    lq_sift_free(s);
  return status;
}

void lq_sift_free(lq_sift *s)
{
  if (!s)
    return;
  lq_mem mem = s->mem;
  lq_reader_free(s->reader);
  lq_engine_free(s->engine);
  lq_bundle_free(s->bundle);
  lq_mem_free(&mem, s, 1, sizeof *s);
}

lq_status lq_sifted_new(lq_sifted **out, const lq_allocator *allocator)
{
  if (out)
    *out = NULL;
  if (!out)
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(allocator);
  lq_sifted *b = lq_mem_alloc(&mem, 1, sizeof *b);
  if (!b)
    return LQ_E_NOMEM;
  *b = (lq_sifted){.mem = mem, .bytes = ""};
  *out = b;
  return LQ_OK;
}

void lq_sifted_free(lq_sifted *b)
{
  if (!b)
    return;
  lq_mem mem = b->mem;
  lq_mem_free(&mem, b->finds, b->finds_cap, sizeof *b->finds);
  lq_mem_free(&mem, b->hits, b->hits_cap, sizeof *b->hits);
  lq_mem_free(&mem, b, 1, sizeof *b);
}
