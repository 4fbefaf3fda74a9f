// Scanning: bytes or a caller's own records in, matches out.
#include "base/counters.h"
#include "base/layers.h"
#include "lib/api.h"

// ---- one event

typedef struct run {
  lq_scan *scan;
  lq_event *event;
} run;

static int on_match(void *user, uint32_t rule)
{
  run *r = user;
  lq_scan *s = r->scan;
  lq_match m = {.scan = s, .event = r->event, .rule = rule, .kind = LQ_MATCH_EVENT};
  lq_arena_reset(&s->answers);
  return s->options.match ? s->options.match(s->options.user, &m) : 0;
}

// A record that came from getters has no bytes: its fields stand in for it wherever it is kept.
static lq_status remember(lq_scan *s, lq_cursor *c, const lq_hits *hits)
{
  lq_event *e = c->event;
  lq_status status = LQ_OK;
  if (e->raw.n == 0 && hits->nterms > 0)
    status = lq_engine_need_all(s->engine, c);
  if (status == LQ_OK && e->raw.n == 0 && hits->nterms > 0) {
    lq_buf_clear(&s->fields);
    lq_json_fields(&s->fields, e);
    status = s->fields.failed ? LQ_E_NOMEM : LQ_OK;
    e->raw = lq_buf_get(&s->fields);
  }
  return status == LQ_OK ? lq_stateful_event(s->stateful, c, hits) : status;
}

static lq_status find_hits(lq_scan *s, lq_cursor *c, lq_hits *hits)
{
  lq_engine_ask ask = s->stateful ? LQ_ASK_ALL : LQ_ASK_RULES;
  if (!s->known)
    return lq_engine_eval(s->engine, c, ask, hits);
  *hits = *s->known;
  return lq_engine_assume(s->engine, c, ask);
}

static lq_status judge(lq_scan *s, lq_cursor *c)
{
  lq_hits hits;
  lq_status status = find_hits(s, c, &hits);
  if (status == LQ_OK && hits.nrules > 0)
    status = lq_engine_need_all(s->engine, c); // a match shows any of them
  if (status == LQ_OK && hits.nrules > 0)
    status = lq_cursor_need_time(c);
  if (status == LQ_OK)
    status = lq_engine_give(s->engine, &hits, on_match, &(run){s, c->event});
  return status == LQ_OK && s->stateful ? remember(s, c, &hits) : status;
}

lq_status lq_scan_event(lq_scan *s, lq_cursor *c)
{
  lq_event *e = c->event;
  const lq_scan_options *o = &s->options;
  s->nth = e->line == s->line ? s->nth + 1 : 1;
  s->line = e->line;
  e->nth = s->nth;
  s->busy = true;
  bool stop = o->event && o->event(o->user, lq_text_of(e->raw), lq_text_of(e->source), e->line) != 0;
  lq_status status = stop ? LQ_E_CANCELLED : judge(s, c);
  s->busy = false;
  return status;
}

static int on_record(void *user, lq_cursor *c)
{
  lq_scan *s = user;
  const lq_event *e = c->event;
  if (lq_scan_passes(s)) {
    s->nth = e->line == s->line ? s->nth + 1 : 1;
    s->line = e->line;
    return 0;
  }
  s->failure = s->counting ? lq_scan_count(s, c) : lq_scan_event(s, c);
  return s->failure != LQ_OK;
}

int lq_scan_bad(void *user, const lq_bad_record *b)
{
  lq_scan *s = user;
  if (lq_scan_passes(s) || !s->options.bad || s->counting)
    return 0;
  lq_bad_event bad = {.source = lq_text_of(b->source),
                      .reason = lq_text_of(b->reason),
                      .line = b->line,
                      .offset = b->offset,
                      .column = b->column};
  s->busy = true;
  int stop = s->options.bad(s->options.user, &bad);
  s->busy = false;
  s->failure = stop ? LQ_E_CANCELLED : LQ_OK;
  return stop;
}

// ---- life

lq_status lq_api_open(lq_engine **engine, lq_reader **reader, const lq_bundle *b, const lq_scan_options *o,
                      const lq_limits *limits, const lq_reader_hooks *hooks, const lq_mem *mem)
{
  lq_status status = lq_engine_new(engine, b->rules, mem);
  if (status != LQ_OK)
    return status;
  lq_engine_set_now(*engine, o->now);
  lq_engine_set_layers_off(*engine, o->layers_off);
  lq_engine_set_max_value(*engine, (size_t)limits->max_value);
  lq_input_limits input = lq_api_input_limits(limits);
  input.layers_off = o->layers_off;
  return lq_reader_new(reader, lq_ruleset_fields(b->rules), &input, hooks, mem);
}

static lq_status open_scan(lq_scan *s)
{
  lq_reader_hooks hooks = {.record = on_record, .bad = lq_scan_bad, .user = s};
  s->now = s->options.now;
  lq_status status = lq_api_open(&s->engine, &s->reader, s->bundle, &s->options, &s->limits, &hooks, &s->mem);
  const lq_clock clock = {s->options.clock, s->options.user, s->options.clock_every};
  if (status == LQ_OK && clock.now)
    status = lq_engine_set_clock(s->engine, &clock);
  return status == LQ_OK ? lq_scan_open_state(s) : status;
}

const lq_sieve *lq_api_sieve(const lq_bundle *b, const lq_scan_options *o)
{
  bool all = o->strict || o->event || !lq_layer_is_on(o->layers_off, LQ_LAYER_PREFILTER);
  return all ? NULL : lq_ruleset_sieve(b->rules);
}

// Of records that are passed over all must be met, each in its place.
void lq_scan_begin_reader(lq_scan *s, const lq_reader_position *from)
{
  lq_reader_set_sieve(s->reader, s->passing > 0 ? NULL : lq_api_sieve(s->bundle, &s->options));
  if (from)
    lq_reader_begin_at(s->reader, lq_buf_get(&s->source), from);
  else
    lq_reader_begin(s->reader, lq_buf_get(&s->source));
}

lq_status lq_scan_new(lq_scan **out, const lq_bundle *b, const lq_scan_options *options)
{
  lq_scan_options o = {.struct_size = sizeof o};
  lq_limits limits;
  if (out)
    *out = NULL;
  if (!out || !b || (options && lq_api_take(&o, sizeof o, options) != LQ_OK) ||
      lq_api_limits(&limits, o.limits) != LQ_OK || (o.lateness < 0 && o.lateness != LQ_SCAN_LATENESS_WHOLE))
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(o.allocator);
  lq_scan *s = lq_mem_alloc(&mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  *s = (lq_scan){.mem = mem, .bundle = lq_bundle_ref(b), .options = o, .limits = limits};
  s->source.mem = s->answers.mem = s->fields.mem = s->cost_text.mem = &s->mem;
  s->reread_of = SIZE_MAX;
  lq_status status = open_scan(s);
  if (status == LQ_OK)
    *out = s;
  else
    lq_scan_free(s);
  return status;
}

void lq_scan_free(lq_scan *s)
{
  if (!s)
    return;
  lq_mem mem = s->mem;
  lq_reader_free(s->reader);
  lq_scan_close_state(s);
  lq_engine_free(s->engine);
  lq_own_record_free(s->record);
  lq_buf_free(&s->source);
  lq_buf_free(&s->fields);
  lq_buf_free(&s->cost_text);
  if (s->has_stamped)
    lq_event_free(&s->stamped);
  lq_arena_free(&s->answers);
  lq_bundle_free(s->bundle);
  lq_mem_free(&mem, s, 1, sizeof *s);
}

// ---- bytes

// The reader says the same of a source for good, and so does this: the failure stays until the next one.
lq_status lq_scan_settle(const lq_scan *s, lq_status status)
{
  return status == LQ_E_CANCELLED && s->failure != LQ_OK ? s->failure : status;
}

lq_status lq_scan_begin(lq_scan *s, const char *name)
{
  if (!s || !name || s->busy)
    return LQ_E_USAGE;
  lq_buf_clear(&s->source);
  lq_buf_z(&s->source, name);
  if (s->source.failed)
    return LQ_E_NOMEM;
  s->line = s->nth = 0;
  s->passing = s->had = 0;
  s->failure = LQ_OK;
  s->begun = *lq_reader_stats(s->reader);
  lq_scan_begin_reader(s, NULL);
  return LQ_OK;
}

lq_status lq_scan_feed(lq_scan *s, const void *bytes, size_t n)
{
  if (!s || (!bytes && n > 0) || s->busy)
    return LQ_E_USAGE;
  return n > 0 ? lq_scan_settle(s, lq_reader_feed(s->reader, bytes, n)) : LQ_OK;
}

lq_status lq_scan_end(lq_scan *s)
{
  return !s || s->busy ? LQ_E_USAGE : lq_scan_settle(s, lq_reader_end(s->reader));
}

lq_status lq_scan_buffer(lq_scan *s, const char *name, const void *bytes, size_t n)
{
  lq_status status = lq_scan_begin(s, name);
  if (status == LQ_OK)
    status = lq_scan_feed(s, bytes, n);
  return status == LQ_OK ? lq_scan_end(s) : status;
}

const char *lq_scan_message(const lq_scan *s)
{
  return lq_reader_message(s->reader);
}

// ---- counters

lq_status lq_scan_stats(const lq_scan *s, lq_stats *out)
{
  if (!s)
    return LQ_E_USAGE;
  const lq_input_stats read = lq_scan_input_stats(s), *in = &read, *own = &s->records;
  lq_engine_stats both = *lq_engine_stats_get(s->engine), *rules = &both;
  LQ_COUNTERS_ADD(&both, &s->judged);
  lq_stats all = {
      .bytes_in = in->bytes_in,
      .bytes = in->bytes,
      .records = in->records + own->records,
      .events = in->events + own->events,
      .bad = in->bad + own->bad,
      .bad_json = in->bad_json,
      .bad_size = in->bad_size,
      .bad_shape = in->bad_shape,
      .partial = in->partial,
      .mapped = in->mapped,
      .duplicate_keys = in->duplicate_keys,
      .repaired_utf8 = in->repaired_utf8 + own->repaired_utf8,
      .cut_values = in->cut_values + own->cut_values,
      .cut_fields = in->cut_fields + own->cut_fields,
      .cut_depth = in->cut_depth,
      .number_range = in->number_range + own->number_range,
      .matches = rules->matches,
      .rules_run = rules->rules_run,
      .predicates_run = rules->predicates_run,
      .indeterminate = rules->indeterminate,
      .capped = rules->capped,
      .skimmed = in->skimmed,
      .unexpected_keys = in->unexpected_keys,
      .new_keys = in->new_keys,
      .classes = rules->classes,
      .class_hits = rules->class_hits,
      .class_fallbacks = rules->class_fallbacks,
      .conditions = rules->alive,
      .gates_open = rules->predicates_true,
      .candidates = rules->candidates,
      .values = rules->values,
      .value_hits = rules->value_hits,
      .value_misses = rules->value_misses,
      .values_left = rules->values_left,
      .profiled = lq_engine_profile(s->engine) ? lq_engine_profile(s->engine)->events : 0,
  };
  lq_scan_add_state(s, &all);
  return lq_api_give(out, &all, sizeof all);
}

uint64_t lq_scan_rule_matches(const lq_scan *s, size_t rule)
{
  return rule < s->bundle->program->nrules ? lq_engine_rule_matches(s->engine)[rule] + lq_scan_groups(s, rule)
                                           : 0;
}
