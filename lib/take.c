// A scan takes a block that was sifted: it reads the records that matter again, in their order, and believes
// what was found of the others.
#include "base/counters.h"
#include "lib/sift.h"

// ---- what was found

static lq_str text_of(const lq_sifted *b, const lq_find *f)
{
  return (lq_str){b->bytes + b->body + f->offset, f->n};
}

static lq_hits hits_of(const lq_sifted *b, const lq_find *f)
{
  const uint32_t *first = b->nhits ? b->hits + f->first : NULL;
  if (!first)
    return (lq_hits){0};
  return (lq_hits){.rules = first,
                   .nrules = f->nrules,
                   .terms = first + f->nrules,
                   .nterms = f->nterms,
                   .rows = first + f->nrules + f->nterms,
                   .nrows = f->nrows};
}

static lq_status take_record(lq_scan *s, const lq_sifted *b, const lq_find *f)
{
  const lq_hits hits = hits_of(b, f);
  s->known = &hits;
  lq_status status = lq_reader_take(s->reader, text_of(b, f), f->line, f->offset, f->seen);
  s->known = NULL;
  return lq_scan_settle(s, status);
}

static lq_status make_stamped(lq_scan *s)
{
  if (s->has_stamped)
    return LQ_OK;
  lq_status status = lq_event_init(&s->stamped, lq_ruleset_fields(s->bundle->rules), &s->mem);
  s->has_stamped = status == LQ_OK;
  return status;
}

static void stamp(lq_event *e, const lq_find *f)
{
  lq_event_clear(e);
  e->time = f->time;
  e->has_time = f->has_time;
}

// As the scan's own reader and lq_scan_event would have placed it.
static void place(lq_scan *s, const lq_find *f, lq_event *e)
{
  lq_reader_position here;
  lq_reader_position_get(s->reader, &here);
  e->source = lq_buf_get(&s->source);
  e->line = here.line + f->line;
  e->offset = here.offset + f->offset;
  s->nth = e->line == s->line ? s->nth + 1 : 1;
  s->line = e->line;
  e->nth = s->nth;
}

static lq_process_facts facts_of(const lq_sifted *b, const lq_find *f)
{
  lq_str text = lq_str_slice(lq_buf_get(&b->text), f->text, f->text + f->nown + f->nparent);
  return (lq_process_facts){.own = lq_str_slice(text, 0, f->nown),
                            .parent = lq_str_slice(text, f->nown, text.n),
                            .starts = f->starts,
                            .unique = f->unique};
}

static lq_status take_known(lq_scan *s, const lq_sifted *b, const lq_find *f)
{
  lq_event *e = &s->stamped;
  lq_status status = make_stamped(s);
  if (status != LQ_OK)
    return status;
  if (f->kept)
    lq_snapshot_replay(f->kept, e);
  else
    stamp(e, f);
  place(s, f, e);
  const lq_hits hits = hits_of(b, f);
  lq_process_facts facts = facts_of(b, f);
  lq_offer o = {.event = e,
                .hits = hits.terms,
                .nhits = hits.nterms,
                .rows = hits.rows,
                .nrows = hits.nrows,
                .facts = s->bundle->program->nlineages > 0 ? &facts : NULL};
  s->busy = true;
  status = lq_stateful_offer(s->stateful, &o);
  s->busy = false;
  return status;
}

static lq_status take_stamp(lq_scan *s, const lq_find *f)
{
  static const lq_hits none = {0};
  lq_status status = make_stamped(s);
  if (status != LQ_OK)
    return status;
  stamp(&s->stamped, f);
  s->busy = true;
  lq_cursor whole = lq_cursor_of(&s->stamped);
  status = lq_stateful_event(s->stateful, &whole, &none);
  s->busy = false;
  return status;
}

static lq_status take_bad(lq_scan *s, const lq_find *f)
{
  lq_reader_position here;
  lq_reader_position_get(s->reader, &here);
  lq_bad_record bad = {.source = lq_buf_get(&s->source),
                       .reason = f->reason,
                       .line = here.line + f->line,
                       .offset = here.offset + f->offset,
                       .column = f->column};
  return lq_scan_bad(s, &bad) ? LQ_E_CANCELLED : LQ_OK;
}

static lq_status take(lq_scan *s, const lq_sifted *b, const lq_find *f)
{
  switch (f->kind) {
  case LQ_FIND_HITS: return take_record(s, b, f);
  case LQ_FIND_STAMP: return take_stamp(s, f);
  case LQ_FIND_KNOWN: return take_known(s, b, f);
  case LQ_FIND_BAD: return take_bad(s, f);
  }
  return LQ_OK;
}

// ---- a stop in the middle

lq_status lq_scan_count(lq_scan *s, lq_cursor *c)
{
  lq_hits hits;
  lq_status status = lq_engine_eval(s->engine, c, s->stateful ? LQ_ASK_ALL : LQ_ASK_RULES, &hits);
  if (status == LQ_OK && hits.nrules > 0)
    status = lq_engine_need_all(s->engine, c);
  if (status == LQ_OK && hits.nrules > 0)
    status = lq_cursor_need_time(c);
  return status == LQ_OK && s->stateful ? lq_stateful_need(s->stateful, c, &hits) : status;
}

// Counters of the block are of all of it. Up to the record that stopped, it is read as it would have been,
// for the counters alone; this happens once.
static void count_up_to(lq_scan *s, const lq_sifted *b, const lq_find *f)
{
  const char *body = b->bytes + b->body, *from = body + f->offset;
  const char *newline = memchr(from, '\n', (size_t)(b->bytes + b->end - from));
  size_t n = (size_t)(newline + 1 - body);
  s->counting = true;
  lq_reader_feed(s->reader, body, n);
  s->counting = false;
  lq_reader_leave_unread(s->reader, b->n - b->body - n);
}

static lq_status take_body(lq_scan *s, const lq_sifted *b)
{
  const lq_input_stats before = *lq_reader_stats(s->reader);
  static const lq_input_stats nothing;
  lq_status status = LQ_OK;
  size_t i = 0;
  while (i < b->nfinds && (status = take(s, b, &b->finds[i])) == LQ_OK)
    i++;
  if (status == LQ_OK) {
    LQ_COUNTERS_ADD(&s->judged, &b->judged);
    return lq_reader_pass_lines(s->reader, b->lines, b->end - b->body, &b->read, LQ_OK);
  }
  if (status != LQ_E_NOMEM) {
    lq_reader_set_stats(s->reader, &before);
    count_up_to(s, b, &b->finds[i]);
  }
  return lq_reader_pass_lines(s->reader, 0, 0, &nothing, status);
}

// ---- a block

static bool same_limits(const lq_limits *a, const lq_limits *b)
{
  return a->max_record == b->max_record && a->max_value == b->max_value && a->max_fields == b->max_fields &&
         a->max_json_depth == b->max_json_depth;
}

static bool can_believe(const lq_scan *s, const lq_sifted *b)
{
  return b->body < b->end && s->passing == 0 && !s->options.event && b->now == s->now &&
         b->skims == (lq_api_sieve(s->bundle, &s->options) != NULL) &&
         (!b->knows || lq_stateful_takes_known(s->stateful)) && same_limits(&b->limits, &s->limits) &&
         strcmp(b->digest, s->bundle->digest) == 0;
}

// Status of a stop: all n bytes were given.
static lq_status fed(lq_scan *s, lq_status status, size_t left)
{
  if (status != LQ_OK)
    lq_reader_leave_unread(s->reader, left);
  return status;
}

lq_status lq_scan_take(lq_scan *s, const lq_sifted *b)
{
  if (!s || !b || s->busy)
    return LQ_E_USAGE;
  if (!can_believe(s, b) || lq_reader_broken(s->reader))
    return lq_scan_feed(s, b->bytes, b->n);
  lq_status status = fed(s, lq_scan_feed(s, b->bytes, b->body), b->n - b->body);
  if (status != LQ_OK)
    return status;
  if (!lq_reader_at_line(s->reader))
    return lq_scan_feed(s, b->bytes + b->body, b->n - b->body);
  status = take_body(s, b);
  return status == LQ_OK ? lq_scan_feed(s, b->bytes + b->end, b->n - b->end) : status;
}
