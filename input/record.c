// One record to one event.
#include "input/record.h"

#include "base/layers.h"
#include "input/crowd.h"

enum {
  DEEPEST = 1000, // whatever the caller says: filling recurses
  CROWD = 16,     // times max_fields: a record with more values is read by its wanted members alone
};

lq_input_limits lq_input_limits_of(const lq_input_limits *limits)
{
  lq_input_limits l = limits ? *limits : (lq_input_limits){0};
  l.max_record = l.max_record ? l.max_record : 16u << 20;
  l.max_value = l.max_value ? l.max_value : 1u << 20;
  l.max_depth = l.max_depth ? l.max_depth : 64;
  l.max_depth = l.max_depth < DEEPEST ? l.max_depth : DEEPEST;
  l.max_fields = l.max_fields ? l.max_fields : 4096;
  l.max_ratio = l.max_ratio ? l.max_ratio : 200;
  return l;
}

lq_status lq_record_reader_init(lq_record_reader *r, const lq_fieldmap *map, const lq_input_limits *limits,
                                const lq_mem *mem)
{
  *r = (lq_record_reader){.limits = lq_input_limits_of(limits)};
  uint64_t crowd = (uint64_t)r->limits.max_fields * CROWD;
  r->json = (lq_json){
      .mem = mem, .max_leaves = crowd < UINT32_MAX ? (uint32_t)crowd : UINT32_MAX, .skip_deep = true};
  return lq_fill_init(&r->fill, map, r->limits.max_value, mem);
}

void lq_record_reader_free(lq_record_reader *r)
{
  lq_walker_free(&r->walker);
  if (r->json.mem)
    lq_json_free(&r->json);
  lq_fill_free(&r->fill);
  lq_windows_free(r->windows);
  r->windows = NULL;
  if (r->has_cursor)
    lq_cursor_free(&r->cursor);
  r->has_cursor = false;
}

// Is a raw Windows event mapped only where somebody asks?
static bool is_lazy(const lq_record_reader *r)
{
  return r->fill.map && lq_layer_is_on(r->limits.layers_off, LQ_LAYER_MAPPING);
}

// A map with patterns, and a visitor, want everything.
void lq_record_reader_learn(lq_record_reader *r)
{
  if (!lq_layer_is_on(r->limits.layers_off, LQ_LAYER_SIMD))
    return;
  lq_walker_init(&r->walker, r->limits.layers_off, NULL, r->json.mem);
  r->json.walker = &r->walker;
  r->wants = (lq_wants){&r->fill, &r->windows};
  if (!r->fill.named)
    r->walker.shapes.wants = (lq_wants_hook){lq_wants_member, &r->wants};
}

static lq_record_fault say(lq_record_reader *r, lq_record_fault fault, const char *reason, size_t column,
                           bool cut)
{
  r->reason = reason;
  r->column = column;
  r->cut = cut;
  return fault;
}

static lq_status parse_crowd(lq_record_reader *r, lq_str text, lq_json_error *error)
{
  lq_crowd c;
  r->windows = r->windows ? r->windows : lq_windows_new(&r->fill);
  if (!r->windows || lq_crowd_begin(&c, &r->fill, r->windows, r->limits.max_fields) != LQ_OK)
    return LQ_E_NOMEM;
  uint32_t max = r->json.max_leaves;
  const lq_json_choice choice = {lq_crowd_member, lq_crowd_room, &c};
  r->json.max_leaves = 0;
  r->json.choice = &choice;
  lq_status s = lq_json_parse(&r->json, text, r->limits.max_depth, error);
  r->json.max_leaves = max;
  r->json.choice = NULL;
  s = c.keys.failed ? LQ_E_NOMEM : s;
  lq_crowd_end(&c);
  return s;
}

static lq_status parse(lq_record_reader *r, lq_str text, lq_record_fault *fault)
{
  *fault = LQ_RECORD_FINE;
  if (text.n > r->limits.max_record) {
    *fault = say(r, LQ_RECORD_SIZE, "the record is larger than the limit", 0, false);
    return LQ_OK;
  }
  lq_json_error error;
  lq_status s = lq_json_parse(&r->json, text, r->limits.max_depth, &error);
  if (s == LQ_E_LIMIT && error.leaves)
    s = parse_crowd(r, text, &error);
  if (s == LQ_E_NOMEM)
    return s;
  if (s == LQ_E_LIMIT)
    *fault = say(r, LQ_RECORD_SIZE, error.reason, error.at + 1, false);
  else if (s != LQ_OK)
    *fault = say(r, LQ_RECORD_JSON, error.reason, error.at + 1, error.cut);
  else if (r->json.nodes[0].kind != LQ_JSON_OBJECT)
    *fault = say(r, LQ_RECORD_SHAPE, "an event is a JSON object, this is none", 1, false);
  return LQ_OK;
}

static bool is_object(const lq_json *j, uint32_t value)
{
  return value && j->nodes[value].kind == LQ_JSON_OBJECT;
}

static void take_time(lq_fill *f, uint32_t value, bool (*take)(lq_fill *f, const lq_value *v))
{
  const lq_json_node *nodes = f->json->nodes;
  lq_value v;
  if (nodes[value].kind == LQ_JSON_ARRAY && nodes[value].next > value + 1)
    value++;
  if (lq_fill_value(f, value, &v))
    take(f, &v);
}

static void find_time(lq_fill *f, uint32_t object)
{
  const lq_json_node *nodes = f->json->nodes;
  uint32_t filetime = 0;
  for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next) {
    lq_str name = lq_json_raw(f->json, &nodes[key]);
    if (lq_str_eq(name, LQ_STR("@timestamp")))
      take_time(f, key + 1, lq_fill_time);
    else if (lq_str_eq(name, LQ_STR("timestamp")) && !filetime)
      filetime = key + 1;
  }
  if (filetime)
    take_time(f, filetime, lq_fill_filetime);
}

static void fill_plain(lq_fill *f, uint32_t object)
{
  const lq_json_node *nodes = f->json->nodes;
  f->inside = object + 1;
  for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next)
    lq_fill_member(f, key, 0);
}

// Could some value be longer than the limit, or one field have more of them? Decoding makes a byte that is no
// UTF-8 three. Then all that would be filled without anybody's asking has to be, so that it is counted.
static bool may_be_over(const lq_record_reader *r)
{
  return r->json.text.n > r->limits.max_value / 3 || r->json.n > r->limits.max_fields;
}

static lq_status open_windows(lq_record_reader *r, uint32_t event)
{
  lq_fill *f = &r->fill;
  lq_status s;
  r->way = LQ_RECORD_WHOLE;
  if (!is_lazy(r) || may_be_over(r))
    return lq_windows_fill(&r->windows, f, event);
  bool whole = false; // stays so if there is no memory
  s = lq_windows_open(&r->windows, f, event, r->limits.max_fields, &whole);
  r->way = whole ? LQ_RECORD_WHOLE : LQ_RECORD_WINDOWS;
  return s;
}

// A record of known keys is known at one look.
static lq_windows_verdict look(lq_record_reader *r)
{
  bool can = r->windows && is_lazy(r) && r->json.has_duplicate && !may_be_over(r);
  return can ? lq_windows_look(r->windows, &r->fill) : LQ_WINDOWS_UNSURE;
}

static lq_status open_flat(lq_record_reader *r)
{
  bool whole = false;
  lq_status s = lq_windows_open_flat(r->windows, r->limits.max_fields, &whole);
  r->way = whole ? LQ_RECORD_WHOLE : LQ_RECORD_WINDOWS;
  return s;
}

static lq_status open_any(lq_record_reader *r)
{
  lq_status s = LQ_OK;
  uint32_t source = lq_json_member(&r->json, 0, LQ_STR("_source")), event;
  r->object = is_object(&r->json, source) ? source : 0;
  if (lq_windows_shape(&r->json, r->object, &event))
    s = open_windows(r, event);
  else
    r->way = LQ_RECORD_PLAIN;
  return s;
}

// Finds the record in its text, and what kind it is.
static lq_status open_fill(lq_record_reader *r)
{
  lq_status s = LQ_OK;
  r->object = 0;
  switch (look(r)) {
  case LQ_WINDOWS_UNSURE: s = open_any(r); break;
  case LQ_WINDOWS_IS_FLAT: s = open_flat(r); break;
  case LQ_WINDOWS_IS_ECS: r->way = LQ_RECORD_PLAIN; break;
  }
  lq_fill_find_duplicates(&r->fill);
  return s;
}

static bool has_failed(const lq_fill *f)
{
  return f->text->failed || f->failed || f->name.failed || f->notes.failed;
}

static lq_status find_time_of(lq_cursor *c)
{
  lq_record_reader *r = c->user;
  lq_fill *f = &r->fill;
  if (r->way == LQ_RECORD_WINDOWS)
    lq_windows_time(r->windows, f);
  else if (r->way == LQ_RECORD_PLAIN)
    find_time(f, r->object);
  c->event->has_time = f->has_time;
  c->event->time = f->time;
  return has_failed(f) ? LQ_E_NOMEM : LQ_OK;
}

// ---- the fields of a record that is as it should be

static void note_all(lq_record_reader *r)
{
  const lq_json_node *nodes = r->json.nodes;
  lq_notes_begin(&r->fill.notes);
  for (uint32_t key = r->object + 1; key < nodes[r->object].next; key = nodes[key + 1].next)
    lq_fill_note_member(&r->fill, key, 0);
  r->noted = true;
}

// Scopes and patterns of names need a walk of their own.
static void fill_noted(lq_record_reader *r, const lq_slot_set *wanted)
{
  lq_fill *f = &r->fill;
  uint32_t n = (uint32_t)f->nslots;
  if (!r->noted && lq_slot_set_meets(wanted, &f->alone))
    note_all(r);
  for (uint32_t s = lq_slot_set_next(wanted, 0, n); s != LQ_NO_SLOT; s = lq_slot_set_next(wanted, s + 1, n)) {
    if (lq_slot_set_has(&f->alone, s))
      lq_fill_give(f, s);
  }
  if (!lq_fill_walks(f, wanted))
    return;
  lq_fill_again(f, &f->walked);
  fill_plain(f, r->object);
}

// The plain way: a walk each time. Patterns of names are fitted to each name once, so with them it is all or
// nothing.
static void fill_walking(lq_record_reader *r, lq_slot_set *wanted)
{
  lq_fill *f = &r->fill;
  if (f->named)
    lq_slot_set_all(wanted);
  lq_fill_again(f, f->named ? NULL : wanted);
  fill_plain(f, r->object);
}

static lq_status fill_wanted(lq_cursor *c)
{
  lq_record_reader *r = c->user;
  lq_fill *f = &r->fill;
  lq_fill_widen(f, &c->wanted);
  if (r->way == LQ_RECORD_WINDOWS)
    lq_windows_give(r->windows, f, &c->wanted);
  else if (is_lazy(r))
    fill_noted(r, &c->wanted);
  else
    fill_walking(r, &c->wanted);
  return has_failed(f) ? LQ_E_NOMEM : LQ_OK;
}

static lq_status begin_cursor(lq_record_reader *r, lq_event *e)
{
  if (!r->has_cursor && lq_cursor_init(&r->cursor, e, fill_wanted, r->json.mem) != LQ_OK) {
    lq_cursor_free(&r->cursor); // a later record finds none, not half of one
    return LQ_E_NOMEM;
  }
  r->has_cursor = true;
  r->cursor.event = e;
  r->cursor.user = r;
  r->cursor.time = find_time_of;
  lq_cursor_begin(&r->cursor);
  return LQ_OK;
}

lq_status lq_record_open(lq_record_reader *r, lq_str text, lq_event *e, lq_record_fault *fault)
{
  lq_status s = parse(r, text, fault);
  if (s != LQ_OK || *fault != LQ_RECORD_FINE)
    return s;
  e->max_values = r->limits.max_fields;
  r->noted = false;
  lq_fill_begin(&r->fill, &r->json, e, &e->text);
  s = begin_cursor(r, e);
  if (s == LQ_OK)
    s = open_fill(r);
  if (s == LQ_OK && (!is_lazy(r) || may_be_over(r)))
    s = lq_cursor_need_time(&r->cursor);
  if (s != LQ_OK || has_failed(&r->fill) || e->failed)
    return s != LQ_OK ? s : LQ_E_NOMEM;
  if (r->way == LQ_RECORD_WHOLE)
    lq_slot_set_all(&r->cursor.done);
  if (r->way == LQ_RECORD_WINDOWS)
    r->cursor.kind = lq_windows_kind(r->windows, &r->cursor.decided);
  r->cursor.may_be_over = r->way == LQ_RECORD_PLAIN && may_be_over(r);
  e->mapped = r->way != LQ_RECORD_PLAIN;
  e->raw = text;
  e->crowded |= r->json.crowded;
  return LQ_OK;
}

lq_status lq_record_fill(lq_record_reader *r)
{
  lq_cursor *c = &r->cursor;
  lq_slot_set_all(&c->wanted);
  lq_status s = lq_cursor_need(c, &c->wanted);
  return s == LQ_OK ? lq_cursor_need_time(c) : s;
}

lq_status lq_record_status(lq_record_fault fault)
{
  switch (fault) {
  case LQ_RECORD_FINE: return LQ_OK;
  case LQ_RECORD_JSON:
  case LQ_RECORD_SHAPE: return LQ_E_INPUT;
  case LQ_RECORD_SIZE: return LQ_E_LIMIT;
  }
  return LQ_E_INTERNAL;
}

lq_status lq_record_read(lq_record_reader *r, lq_str text, lq_event *e)
{
  lq_record_fault fault;
  lq_status s = lq_record_open(r, text, e, &fault);
  if (s == LQ_OK)
    s = lq_record_status(fault);
  return s == LQ_OK ? lq_record_fill(r) : s;
}

lq_status lq_record_leaves(lq_record_reader *r, lq_str text, lq_arena *strings, lq_record_fault *fault)
{
  lq_status s = parse(r, text, fault);
  if (s != LQ_OK || *fault != LQ_RECORD_FINE)
    return s;
  lq_fill_begin(&r->fill, &r->json, NULL, strings);
  s = open_fill(r);
  if (s == LQ_OK && r->way == LQ_RECORD_PLAIN)
    fill_plain(&r->fill, r->object);
  return s == LQ_OK && has_failed(&r->fill) ? LQ_E_NOMEM : s;
}
