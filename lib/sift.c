// Sifting: which records of a block of lines matter. What a scan can leave to other threads, as it needs
// nothing but the record.
#include "lib/sift.h"
#include "base/counters.h"
#include "base/layers.h"
#include "input/formats.h"

LQ_COUNTERS_ONLY(lq_engine_stats);

struct lq_sift {
  lq_mem mem;
  lq_bundle *bundle; // a reference of its own
  lq_scan_options options;
  lq_limits limits;
  lq_engine *engine;
  lq_reader *reader;
  bool stateful;
  bool lineage;              // every event matters
  bool knows;                // what stateful rules will ask of an event is enough
  lq_slot_set wanted, asked; // of the event
  lq_buf own, parent;
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
  *f = (lq_find){.kind = kind, .line = line - 1, .offset = offset, .first = b->nhits, .text = b->text.n};
  return f;
}

static bool is_full(const lq_sifted *b)
{
  return b->nfinds >= LQ_FINDS_MAX || b->nhits >= LQ_FOUND_HITS_MAX ||
         b->text.n + b->kept >= LQ_FOUND_KEPT_MAX;
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

static lq_find *add_event(lq_sift *s, lq_find_kind kind, const lq_event *e)
{
  lq_find *f = add(s, kind, e->line, e->offset);
  if (!f)
    return NULL;
  f->n = e->raw.n;
  f->time = e->time;
  f->has_time = e->has_time;
  return f;
}

static lq_status add_all_hits(lq_sift *s, lq_find *f, const lq_hits *hits)
{
  lq_sifted *b = s->into;
  f->nrules = (uint32_t)hits->nrules;
  f->nterms = (uint32_t)hits->nterms;
  f->nrows = (uint32_t)hits->nrows;
  return add_hits(b, hits->rules, hits->nrules) && add_hits(b, hits->terms, hits->nterms) &&
                 add_hits(b, hits->rows, hits->nrows)
             ? LQ_OK
             : LQ_E_NOMEM;
}

static lq_status note_hits(lq_sift *s, const lq_event *e, const lq_hits *hits)
{
  lq_find *f = add_event(s, LQ_FIND_HITS, e);
  if (!f)
    return LQ_E_NOMEM;
  f->seen = lq_reader_leave(s->reader);
  return add_all_hits(s, f, hits);
}

static bool note_processes(lq_sift *s, const lq_event *e, lq_find *f)
{
  lq_process_facts facts;
  lq_buf *text = &s->into->text;
  lq_ruleset_read_process(s->bundle->rules, e, &s->own, &s->parent, &facts);
  f->nown = (uint32_t)facts.own.n;
  f->nparent = (uint32_t)facts.parent.n;
  f->starts = facts.starts;
  f->unique = facts.unique;
  lq_buf_str(text, facts.own);
  lq_buf_str(text, facts.parent);
  return !s->own.failed && !s->parent.failed && !text->failed;
}

// The block's bytes are there as long as what was found in it.
static bool lies_in(const lq_sifted *b, lq_str record)
{
  uintptr_t at = (uintptr_t)record.p - (uintptr_t)b->bytes;
  return record.n <= b->n && at <= b->n - record.n;
}

static bool keep_values(lq_sift *s, const lq_event *e, lq_find *f)
{
  lq_keep keep = {.record = true, .values = true, .slots = &s->wanted, .in_place = lies_in(s->into, e->raw)};
  f->kept = lq_snapshot_take(e, (lq_order){0}, keep, &s->into->mem);
  s->into->kept += f->kept ? f->kept->size : 0;
  return f->kept != NULL;
}

static lq_status note_known(lq_sift *s, const lq_event *e, const lq_hits *hits)
{
  lq_find *f = add_event(s, LQ_FIND_KNOWN, e);
  bool fine = f && (hits->nterms + hits->nrows == 0 || keep_values(s, e, f)) &&
              (!s->lineage || note_processes(s, e, f));
  return fine ? add_all_hits(s, f, hits) : LQ_E_NOMEM;
}

// What is asked of one that waits is asked here. One that could be over a limit is the scan's to look at.
static lq_status know(lq_sift *s, lq_cursor *c, const lq_hits *hits, bool *known)
{
  const lq_ruleset *rules = s->bundle->rules;
  *known = s->knows && hits->nrules == 0 && !c->may_be_over;
  if (!*known)
    return LQ_OK;
  lq_ruleset_later_of(rules, hits, &s->wanted);
  for (size_t i = 0; i < s->asked.n; i++)
    s->asked.words[i] = s->wanted.words[i] | lq_ruleset_of_processes(rules)->words[i];
  lq_status status = lq_cursor_need(c, &s->asked);
  *known = status == LQ_OK && !lq_event_shorten(c->event, (size_t)s->limits.max_value);
  return status;
}

static lq_status note_event(lq_sift *s, lq_cursor *c, const lq_hits *hits)
{
  bool known, any = hits->nrules > 0 || hits->nterms > 0 || hits->nrows > 0;
  if (!any && !s->stateful)
    return LQ_OK;
  if (!any && !s->lineage)
    return add_event(s, LQ_FIND_STAMP, c->event) ? LQ_OK : LQ_E_NOMEM;
  lq_status status = know(s, c, hits, &known);
  if (status != LQ_OK)
    return status;
  return known ? note_known(s, c->event, hits) : note_hits(s, c->event, hits);
}

static int on_record(void *user, lq_cursor *c)
{
  lq_sift *s = user;
  lq_hits hits;
  s->failure = lq_engine_eval(s->engine, c, s->stateful ? LQ_ASK_ALL : LQ_ASK_RULES, &hits);
  if (s->failure == LQ_OK && s->stateful)
    s->failure = lq_cursor_need_time(c);
  if (s->failure == LQ_OK)
    s->failure = note_event(s, c, &hits);
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

static void forget(lq_sifted *b)
{
  for (size_t i = 0; i < b->nfinds; i++)
    lq_snapshot_unref(b->finds[i].kept, &b->mem);
  b->nfinds = b->nhits = b->kept = 0;
  lq_buf_clear(&b->text);
}

lq_status lq_sift_block(lq_sift *s, const void *bytes, size_t n, lq_sifted *into)
{
  if (!s || !into || (!bytes && n > 0))
    return LQ_E_USAGE;
  into->bytes = bytes;
  into->n = n;
  forget(into);
  into->now = s->options.now;
  into->skims = lq_api_sieve(s->bundle, &s->options) != NULL;
  into->knows = s->knows;
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
                 .lineage = b->program->nlineages > 0,
                 .own.mem = &s->mem,
                 .parent.mem = &s->mem};
  // Where what waits cannot be saved, nobody will ask for the record of an event without hits.
  s->knows = s->stateful && o.spill && o.lateness == LQ_SCAN_LATENESS_WHOLE &&
             lq_layer_is_on(o.layers_off, LQ_LAYER_WAITING);
  lq_reader_hooks hooks = {.record = on_record, .bad = on_bad, .user = s};
  size_t slots = lq_fieldmap_slots(lq_ruleset_fields(b->rules));
  lq_status status = lq_api_open(&s->engine, &s->reader, s->bundle, &s->options, &s->limits, &hooks, &s->mem);
  if (status == LQ_OK)
    status = lq_slot_set_init(&s->wanted, slots, &s->mem);
  if (status == LQ_OK)
    status = lq_slot_set_init(&s->asked, slots, &s->mem);
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
  lq_slot_set_free(&s->wanted);
  lq_slot_set_free(&s->asked);
  lq_buf_free(&s->own);
  lq_buf_free(&s->parent);
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
  *b = (lq_sifted){.mem = mem, .bytes = "", .text.mem = &b->mem};
  *out = b;
  return LQ_OK;
}

void lq_sifted_free(lq_sifted *b)
{
  if (!b)
    return;
  lq_mem mem = b->mem;
  forget(b);
  lq_mem_free(&mem, b->finds, b->finds_cap, sizeof *b->finds);
  lq_mem_free(&mem, b->hits, b->hits_cap, sizeof *b->hits);
  lq_buf_free(&b->text);
  lq_mem_free(&mem, b, 1, sizeof *b);
}
