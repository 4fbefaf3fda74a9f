// One record to one event.
#include "input/record.h"

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
  if (r->json.mem)
    lq_json_free(&r->json);
  lq_fill_free(&r->fill);
  lq_windows_free(r->windows);
  r->windows = NULL;
  if (r->has_cursor)
    lq_cursor_free(&r->cursor);
  r->has_cursor = false;
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

static void take_time(lq_fill *f, uint32_t value, void (*take)(lq_fill *f, const lq_value *v))
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

// Finds the record in its text; a raw Windows event is mapped at once, as its fields are made of each other.
static lq_status open_fill(lq_record_reader *r, bool *windows)
{
  lq_fill *f = &r->fill;
  lq_status s = LQ_OK;
  uint32_t source = lq_json_member(&r->json, 0, LQ_STR("_source")), event;
  r->object = is_object(&r->json, source) ? source : 0;
  *windows = lq_windows_shape(&r->json, r->object, &event);
  if (*windows)
    s = lq_windows_fill(&r->windows, f, event);
  else
    find_time(f, r->object);
  lq_fill_find_duplicates(f);
  return s;
}

static bool has_failed(const lq_fill *f)
{
  return f->text->failed || f->failed || f->name.failed;
}

// Patterns of names are fitted to each name once, so with them it is all or nothing.
static lq_status fill_wanted(lq_cursor *c)
{
  lq_record_reader *r = c->user;
  lq_fill *f = &r->fill;
  if (f->named)
    lq_slot_set_all(&c->wanted);
  f->wanted = f->named ? NULL : &c->wanted;
  lq_fill_again(f);
  fill_plain(f, r->object);
  return has_failed(f) ? LQ_E_NOMEM : LQ_OK;
}

static lq_status begin_cursor(lq_record_reader *r, lq_event *e)
{
  lq_status s = LQ_OK;
  if (!r->has_cursor)
    s = lq_cursor_init(&r->cursor, e, fill_wanted, r->json.mem);
  r->has_cursor = true;
  r->cursor.event = e;
  r->cursor.user = r;
  if (s == LQ_OK)
    lq_cursor_begin(&r->cursor);
  return s;
}

lq_status lq_record_open(lq_record_reader *r, lq_str text, lq_event *e, lq_record_fault *fault)
{
  bool windows;
  lq_status s = parse(r, text, fault);
  if (s != LQ_OK || *fault != LQ_RECORD_FINE)
    return s;
  e->max_values = r->limits.max_fields;
  lq_fill_begin(&r->fill, &r->json, e, &e->text);
  s = begin_cursor(r, e);
  if (s == LQ_OK)
    s = open_fill(r, &windows);
  if (s != LQ_OK || has_failed(&r->fill) || e->failed)
    return s != LQ_OK ? s : LQ_E_NOMEM;
  if (windows)
    lq_slot_set_all(&r->cursor.done);
  e->mapped = windows;
  e->has_time = r->fill.has_time;
  e->time = r->fill.time;
  e->raw = text;
  e->crowded |= r->json.crowded;
  return LQ_OK;
}

lq_status lq_record_fill(lq_record_reader *r)
{
  lq_cursor *c = &r->cursor;
  lq_slot_set_all(&c->wanted);
  return lq_cursor_need(c, &c->wanted);
}

lq_status lq_record_leaves(lq_record_reader *r, lq_str text, lq_arena *strings, lq_record_fault *fault)
{
  bool windows;
  lq_status s = parse(r, text, fault);
  if (s != LQ_OK || *fault != LQ_RECORD_FINE)
    return s;
  lq_fill_begin(&r->fill, &r->json, NULL, strings);
  s = open_fill(r, &windows);
  if (s == LQ_OK && !windows)
    fill_plain(&r->fill, r->object);
  return s == LQ_OK && has_failed(&r->fill) ? LQ_E_NOMEM : s;
}
