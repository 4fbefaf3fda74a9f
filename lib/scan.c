// Scanning: bytes or a caller's own records in, matches out.
#include "base/date.h"
#include "base/glob.h"
#include "base/utf8.h"
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
static lq_status remember(lq_scan *s, lq_event *e, const lq_hits *hits)
{
  if (e->raw.n == 0) {
    lq_buf_clear(&s->fields);
    lq_json_fields(&s->fields, e);
    if (s->fields.failed)
      return LQ_E_NOMEM;
    e->raw = lq_buf_get(&s->fields);
  }
  return lq_stateful_event(s->stateful, e, hits);
}

lq_status lq_scan_event(lq_scan *s, lq_event *e)
{
  if (e->failed)
    return LQ_E_NOMEM;
  const lq_scan_options *o = &s->options;
  s->nth = e->line == s->line ? s->nth + 1 : 1;
  s->line = e->line;
  e->nth = s->nth;
  s->busy = true;
  lq_hits hits;
  lq_status status = LQ_OK;
  if (o->event && o->event(o->user, lq_text_of(e->raw), lq_text_of(e->source), e->line) != 0)
    status = LQ_E_CANCELLED;
  if (status == LQ_OK)
    status = lq_engine_eval(s->engine, e, s->stateful ? LQ_ASK_ALL : LQ_ASK_RULES, &hits);
  if (status == LQ_OK)
    status = lq_engine_give(s->engine, &hits, on_match, &(run){s, e});
  if (status == LQ_OK && s->stateful)
    status = remember(s, e, &hits);
  s->busy = false;
  return status;
}

static int on_event(void *user, lq_event *e)
{
  lq_scan *s = user;
  if (lq_scan_passes(s)) {
    s->nth = e->line == s->line ? s->nth + 1 : 1;
    s->line = e->line;
    return 0;
  }
  s->failure = lq_scan_event(s, e);
  return s->failure != LQ_OK;
}

static int on_bad(void *user, const lq_bad_record *b)
{
  lq_scan *s = user;
  if (lq_scan_passes(s) || !s->options.bad)
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

static lq_status open_scan(lq_scan *s)
{
  const lq_fieldmap *map = lq_ruleset_fields(s->bundle->rules);
  lq_status status = lq_engine_new(&s->engine, s->bundle->rules, &s->mem);
  if (status != LQ_OK)
    return status;
  lq_engine_set_now(s->engine, s->options.now);
  lq_engine_set_max_value(s->engine, (size_t)s->limits.max_value);
  status = lq_scan_open_state(s);
  if (status != LQ_OK)
    return status;
  lq_input_limits limits = lq_api_input_limits(&s->limits);
  lq_reader_hooks hooks = {.event = on_event, .bad = on_bad, .user = s};
  return lq_reader_new(&s->reader, map, &limits, &hooks, &s->mem);
}

static bool take_spill(lq_spill *own, const lq_spill *given)
{
  return !given || (lq_api_take(own, sizeof *own, given) == LQ_OK && own->write && own->read && own->drop);
}

lq_status lq_scan_new(lq_scan **out, const lq_bundle *b, const lq_scan_options *options)
{
  lq_scan_options o = {.struct_size = sizeof o};
  lq_spill spill = {.struct_size = sizeof spill};
  lq_limits limits;
  if (out)
    *out = NULL;
  if (!out || !b || (options && lq_api_take(&o, sizeof o, options) != LQ_OK) ||
      lq_api_limits(&limits, o.limits) != LQ_OK || !take_spill(&spill, o.spill))
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(o.allocator);
  lq_scan *s = lq_mem_alloc(&mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  *s = (lq_scan){.mem = mem, .bundle = lq_bundle_ref(b), .options = o, .spill = spill, .limits = limits};
  s->source.mem = s->answers.mem = s->fields.mem = &s->mem;
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
  if (s->has_record)
    lq_event_free(&s->record);
  lq_buf_free(&s->source);
  lq_buf_free(&s->fields);
  lq_arena_free(&s->answers);
  lq_bundle_free(s->bundle);
  lq_mem_free(&mem, s, 1, sizeof *s);
}

// ---- bytes

// The reader says the same of a source for good, and so does this: the failure stays until the next one.
static lq_status settle(const lq_scan *s, lq_status status)
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
  lq_reader_begin(s->reader, lq_buf_get(&s->source));
  return LQ_OK;
}

lq_status lq_scan_feed(lq_scan *s, const void *bytes, size_t n)
{
  if (!s || (!bytes && n > 0) || s->busy)
    return LQ_E_USAGE;
  return n > 0 ? settle(s, lq_reader_feed(s->reader, bytes, n)) : LQ_OK;
}

lq_status lq_scan_end(lq_scan *s)
{
  return !s || s->busy ? LQ_E_USAGE : settle(s, lq_reader_end(s->reader));
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

// ---- records of the caller's own

typedef struct asking {
  lq_scan *scan;
  lq_event *event;
  lq_get_fn get;
  void *user;
} asking;

static lq_str own_text(asking *a, lq_text given)
{
  lq_event *e = a->event;
  lq_str text = lq_str_make(given.p, given.n);
  a->scan->records.cut_values += text.n > a->scan->limits.max_value;
  if (lq_utf8_valid(text))
    return text;
  lq_buf b = {.mem = &a->scan->mem};
  a->scan->records.repaired_utf8 += lq_utf8_repair(&b, text) > 0;
  lq_str copy = lq_arena_copy(&e->text, lq_buf_get(&b));
  e->failed |= b.failed || e->text.failed;
  lq_buf_free(&b);
  return copy;
}

// False: a value that no event can have.
static bool own_value(asking *a, const lq_field_value *given, lq_value *out)
{
  switch (given->kind) {
  case LQ_VALUE_BOOL: *out = lq_bool(given->i != 0); return true;
  case LQ_VALUE_INT: *out = lq_int(given->i); return true;
  case LQ_VALUE_TEXT: *out = lq_string(own_text(a, given->text)); return true;
  // Infinities and NaN: JSON has none, so no rule could have been written for them.
  case LQ_VALUE_DOUBLE: *out = lq_double(given->d); return given->d - given->d == 0;
  default: return false;
  }
}

static void ask(asking *a, lq_str name)
{
  for (size_t nth = 0;; nth++) {
    lq_field_value given = {0};
    lq_value v;
    if (!a->get(a->user, lq_text_of(name), nth, &given))
      return;
    if (nth == a->event->max_values) {
      a->event->crowded = true;
      return;
    }
    if (own_value(a, &given, &v))
      lq_event_add(a->event, name, v);
    else
      a->scan->records.number_range++;
  }
}

// Each name once, whatever the number of slots that read it. Patterns of names get what their neighbours
// asked for.
static bool is_asked_for(const lq_fieldmap *map, uint32_t slot)
{
  lq_str name = lq_fieldmap_spec(map, slot)->name;
  return !lq_glob_has_wildcard(name) && lq_fieldmap_slot_at(map, lq_fieldmap_descend(map, 0, name)) == slot;
}

static void ask_all(asking *a)
{
  const lq_fieldmap *map = a->event->map;
  for (uint32_t i = 0; i < lq_fieldmap_slots(map); i++) {
    if (is_asked_for(map, i))
      ask(a, lq_fieldmap_spec(map, i)->name);
  }
}

static bool has_tied_values(const lq_event *e, uint32_t scope)
{
  for (uint32_t i = scope + 1; i < lq_fieldmap_slots(e->map); i++) {
    if (lq_fieldmap_spec(e->map, i)->scope == scope && lq_event_first(e, i))
      return true;
  }
  return false;
}

// What is tied to a scope came without its objects: they make up one element. Inner scopes have the higher
// slots.
static void add_scope_elements(lq_event *e)
{
  for (uint32_t i = (uint32_t)lq_fieldmap_slots(e->map); i-- > 0;) {
    if (lq_fieldmap_spec(e->map, i)->is_scope && !lq_event_first(e, i) && has_tied_values(e, i))
      lq_event_add_slot(e, i, (lq_value){.type = LQ_T_OBJECT}, 0, 0);
  }
}

static void ask_time(asking *a)
{
  lq_field_value given = {0};
  if (!a->get(a->user, lq_text_of(LQ_STR("@timestamp")), 0, &given))
    return;
  lq_event *e = a->event;
  if (given.kind == LQ_VALUE_TEXT)
    e->has_time = lq_date_parse(lq_str_make(given.text.p, given.text.n), &e->time);
}

lq_status lq_scan_record(lq_scan *s, lq_get_fn get, void *user, uint64_t number)
{
  if (!s || !get || s->busy)
    return LQ_E_USAGE;
  lq_status status = s->has_record ? LQ_OK
                                   : lq_event_init(&s->record, lq_ruleset_fields(s->bundle->rules), &s->mem);
  if (status != LQ_OK)
    return status;
  s->has_record = true;
  lq_event *e = &s->record;
  lq_event_clear(e);
  e->max_values = s->limits.max_fields;
  e->source = lq_buf_get(&s->source);
  e->line = number;
  s->records.records++;
  asking a = {.scan = s, .event = e, .get = get, .user = user};
  s->busy = true;
  ask_all(&a);
  s->busy = false;
  ask_time(&a);
  add_scope_elements(e);
  s->records.events++;
  s->records.cut_fields += e->crowded;
  return lq_scan_event(s, e);
}

// ---- counters

lq_status lq_scan_stats(const lq_scan *s, lq_stats *out)
{
  if (!s)
    return LQ_E_USAGE;
  const lq_input_stats read = lq_scan_input_stats(s), *in = &read, *own = &s->records;
  const lq_engine_stats *rules = lq_engine_stats_get(s->engine);
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
  };
  lq_scan_add_state(s, &all);
  return lq_api_give(out, &all, sizeof all);
}

uint64_t lq_scan_rule_matches(const lq_scan *s, size_t rule)
{
  return rule < s->bundle->program->nrules ? lq_engine_rule_matches(s->engine)[rule] + lq_scan_groups(s, rule)
                                           : 0;
}
