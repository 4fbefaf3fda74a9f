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

static void fill_plain(lq_fill *f, uint32_t object)
{
  const lq_json_node *nodes = f->json->nodes;
  uint32_t filetime = 0;
  f->inside = object + 1;
  for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next) {
    lq_fill_member(f, key, 0);
    lq_str name = lq_json_raw(f->json, &nodes[key]);
    if (lq_str_eq(name, LQ_STR("@timestamp")))
      take_time(f, key + 1, lq_fill_time);
    else if (lq_str_eq(name, LQ_STR("timestamp")) && !filetime)
      filetime = key + 1;
  }
  if (filetime)
    take_time(f, filetime, lq_fill_filetime);
}

lq_status lq_record_read(lq_record_reader *r, lq_str text, lq_event *e, lq_arena *strings,
                         lq_record_fault *fault)
{
  lq_status s = parse(r, text, fault);
  if (s != LQ_OK || *fault != LQ_RECORD_FINE)
    return s;
  lq_fill *f = &r->fill;
  if (e)
    e->max_values = r->limits.max_fields;
  lq_fill_begin(f, &r->json, e, strings);
  uint32_t object = 0, source = lq_json_member(&r->json, 0, LQ_STR("_source")), event;
  if (is_object(&r->json, source))
    object = source;
  bool windows = lq_windows_shape(&r->json, object, &event);
  if (windows)
    s = lq_windows_fill(&r->windows, f, event);
  else
    fill_plain(f, object);
  lq_fill_find_duplicates(f);
  if (s == LQ_OK && (strings->failed || f->failed || f->name.failed || (e && e->failed)))
    s = LQ_E_NOMEM;
  if (e) {
    e->mapped = windows;
    e->has_time = f->has_time;
    e->time = f->time;
    e->raw = text;
    e->crowded |= r->json.crowded;
  }
  return s;
}
