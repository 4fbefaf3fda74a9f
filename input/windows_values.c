// The raw values of a Windows event: of its header by the names of the mapping, of its data by theirs; and
// where in the data slots find theirs.
#include "input/windows_tables.h"

#include "base/number.h"
#include "input/walk.h"

// ---- raw values

const lq_windows_text *lq_windows_read(lq_windows *w, uint16_t name, uint32_t node)
{
  lq_windows_text *t = &w->texts[name];
  if (t->seen == w->event)
    return t;
  t->seen = w->event;
  t->has = lq_fill_value(w->fill, node, &t->v);
  t->empty = t->has && lq_is_empty_value(&t->v);
  return t;
}

lq_str lq_windows_raw_text(lq_windows *w, uint16_t name)
{
  uint32_t node = lq_windows_value_of(w, name);
  const lq_windows_text *t = node ? lq_windows_read(w, name, node) : NULL;
  return t && t->has && t->v.type == LQ_T_STRING ? t->v.s : LQ_STR("");
}

// An element of XML as JSON: its text is itself, or under `#text` when it has attributes too.
static uint32_t element_text(const lq_json *j, uint32_t value)
{
  return value && j->nodes[value].kind == LQ_JSON_OBJECT ? lq_json_member(j, value, LQ_STR("#text")) : value;
}

static uint32_t element_attribute(const lq_json *j, uint32_t value, lq_str name)
{
  char at_name[32] = "@";
  uint32_t attributes = lq_json_member(j, value, LQ_STR("#attributes")), found = 0;
  if (attributes)
    found = lq_json_member(j, attributes, name);
  if (!found)
    found = lq_json_member(j, value, name);
  if (!found && name.n < sizeof at_name - 1)
    memcpy(at_name + 1, name.p, name.n), found = lq_json_member(j, value, (lq_str){at_name, name.n + 1});
  return found;
}

static void take_element(lq_windows *w, uint32_t element, uint16_t from)
{
  const lq_json *j = w->fill->json;
  lq_str name = w->elements[from].header->element;
  for (size_t i = from; i < w->nelements && lq_str_eq(w->elements[i].header->element, name); i++) {
    lq_str attribute = w->elements[i].header->attribute;
    uint32_t value = attribute.n > 0 ? element_attribute(j, element, attribute) : element_text(j, element);
    if (value)
      lq_windows_set(w, w->elements[i].name, value);
  }
}

// Of an element that comes twice, the first counts.
static void take_header(lq_windows *w, uint32_t system)
{
  const lq_json *j = w->fill->json;
  uint64_t met = 0; // by place in elements
  for (uint32_t key = system + 1; key < j->nodes[system].next; key = j->nodes[key + 1].next) {
    uint16_t name = lq_windows_place_of_key(w, key, lq_json_raw(j, &j->nodes[key]));
    uint16_t from = name != LQ_WINDOWS_NONE ? w->names[name].element : LQ_WINDOWS_NONE;
    if (from == LQ_WINDOWS_NONE || met >> from & 1)
      continue;
    met |= UINT64_C(1) << from;
    take_element(w, key + 1, from);
  }
}

// ---- the event's data

static uint32_t datum_node(const lq_windows *w, uint16_t known, lq_str name, uint32_t node)
{
  return node == w->event_data ? lq_windows_datum_at(w, known, name)
                               : lq_fieldmap_descend(w->fill->map, node, name);
}

// What lies below its name in the data: walked, or noted for later.
static void pass_datum(lq_windows *w, uint16_t known, lq_str name, uint32_t value, uint32_t node)
{
  if (w->way != LQ_WINDOWS_NOTE) {
    lq_fill_named(w->fill, name, value, node);
    return;
  }
  uint32_t child = node == LQ_NO_NODE ? node : datum_node(w, known, name, node);
  if (child != LQ_NO_NODE)
    lq_fill_note(w->fill, value, child);
}

static void take_datum(lq_windows *w, lq_str name, uint32_t value, uint32_t node)
{
  uint16_t known = lq_windows_place(w, name);
  lq_windows_set(w, known, value);
  pass_datum(w, known, name, value, node);
}

// `Data` without names are param1, param2 … as Windows' own tools call them.
static void take_unnamed(lq_windows *w, uint32_t value, uint32_t node, unsigned *count)
{
  take_datum(w, lq_arena_format(w->fill->text, "param%u", ++*count), value, node);
}

static void take_data_element(lq_windows *w, uint32_t value, uint32_t node, unsigned *count)
{
  const lq_json *j = w->fill->json;
  uint32_t name = element_attribute(j, value, LQ_STR("Name")), text = element_text(j, value);
  if (name && j->nodes[name].kind == LQ_JSON_STRING) {
    if (text)
      take_datum(w, lq_fill_key(w->fill, name), text, node);
  } else if (text && j->nodes[text].kind == LQ_JSON_ARRAY) {
    for (uint32_t i = text + 1; i < j->nodes[text].next; i = j->nodes[i].next)
      take_unnamed(w, i, node, count);
  } else if (text) {
    take_unnamed(w, text, node, count);
  }
}

static void take_data_list(lq_windows *w, uint32_t data, uint32_t node)
{
  const lq_json *j = w->fill->json;
  unsigned count = 0;
  if (j->nodes[data].kind != LQ_JSON_ARRAY) {
    take_data_element(w, data, node, &count);
    return;
  }
  for (uint32_t i = data + 1; i < j->nodes[data].next; i = j->nodes[i].next)
    take_data_element(w, i, node, &count);
}

static void enter(lq_fill *f, const char *path)
{
  lq_buf_clear(&f->name);
  if (f->naming)
    lq_buf_z(&f->name, path);
}

static void take_members(lq_windows *w, uint32_t object, uint32_t node)
{
  const lq_json *j = w->fill->json;
  for (uint32_t key = object + 1; key < j->nodes[object].next; key = j->nodes[key + 1].next) {
    lq_str name = lq_fill_key(w->fill, key);
    if (lq_str_eq(name, LQ_STR("Data")))
      take_data_list(w, key + 1, node);
    else if (name.n == 0 || (name.p[0] != '#' && name.p[0] != '@'))
      take_datum(w, name, element_text(j, key + 1) ? element_text(j, key + 1) : key + 1, node);
  }
}

static bool is_object(const lq_json *j, uint32_t value)
{
  return value && j->nodes[value].kind == LQ_JSON_OBJECT;
}

// Below UserData there is one element that holds them all.
static void take_user_data(lq_windows *w, uint32_t object)
{
  const lq_json *j = w->fill->json;
  enter(w->fill, "winlog.user_data");
  for (uint32_t key = object + 1; key < j->nodes[object].next; key = j->nodes[key + 1].next) {
    if (is_object(j, key + 1))
      take_members(w, key + 1, w->user_data);
  }
}

static void take_data(lq_windows *w, uint32_t event)
{
  const lq_json *j = w->fill->json;
  uint32_t data = lq_json_member(j, event, LQ_STR("EventData")),
           user = lq_json_member(j, event, LQ_STR("UserData"));
  enter(w->fill, "winlog.event_data");
  if (is_object(j, data))
    take_members(w, data, w->event_data);
  if (is_object(j, user))
    take_user_data(w, user);
}

static bool is_data_name(lq_str name)
{
  return lq_str_eq(name, LQ_STR("EventData")) || lq_str_eq(name, LQ_STR("UserData"));
}

// A flat record has header and data side by side; data that stands apart all the same comes by take_data.
static void take_flat(lq_windows *w, uint32_t event)
{
  const lq_json *j = w->fill->json;
  enter(w->fill, "winlog.event_data");
  for (uint32_t key = event + 1; key < j->nodes[event].next; key = j->nodes[key + 1].next) {
    lq_str text = lq_fill_key(w->fill, key);
    uint16_t name = lq_windows_place_of_key(w, key, text);
    bool header = name != LQ_WINDOWS_NONE && w->names[name].is_header;
    if (is_object(j, key + 1) && is_data_name(text))
      continue;
    lq_windows_set(w, header ? w->names[name].header : name, key + 1);
    if (!header)
      pass_datum(w, name, text, key + 1, w->event_data);
  }
}

void lq_windows_take_all(lq_windows *w)
{
  if (w->system)
    take_header(w, w->system);
  else
    take_flat(w, w->at);
  take_data(w, w->at);
}

// ---- the event

// A number, or a text that is one, as nearly all ids are written: up to nine digits and nothing else.
static bool read_digits(const lq_json *j, uint32_t node, uint32_t *id)
{
  const lq_json_node *n = &j->nodes[node];
  lq_str s = lq_json_raw(j, n);
  if ((n->kind != LQ_JSON_NUMBER && n->kind != LQ_JSON_STRING) || s.n == 0 || s.n > 9)
    return false;
  *id = 0;
  for (size_t i = 0; i < s.n; i++) {
    unsigned digit = (unsigned)(s.p[i] - '0');
    if (digit > 9)
      return false;
    *id = *id * 10 + digit;
  }
  return true;
}

uint32_t lq_windows_event_id(lq_windows *w)
{
  uint32_t node = lq_windows_value_of(w, w->id), digits;
  if (node && read_digits(w->fill->json, node, &digits))
    return digits;
  const lq_windows_text *t = node ? lq_windows_read(w, w->id, node) : NULL;
  uint64_t id = 0;
  if (!t || !t->has)
    return UINT32_MAX;
  if (t->v.type == LQ_T_INT && t->v.i >= 0)
    id = (uint64_t)t->v.i;
  else if (t->v.type != LQ_T_STRING || !lq_parse_u64(t->v.s, &id))
    return UINT32_MAX;
  return id < UINT32_MAX ? (uint32_t)id : UINT32_MAX;
}

// After four billion events old marks would look new.
static void next_event(lq_windows *w)
{
  if (++w->event > 0)
    return;
  for (size_t i = 0; i < w->nnames; i++)
    w->values[i].seen = w->texts[i].seen = 0;
  w->event = 1;
}

void lq_windows_begin_event(lq_windows *w, uint32_t at, uint32_t system)
{
  w->at = at;
  w->system = system;
  w->listed = 0;
  w->way = LQ_WINDOWS_NOTE;
  lq_notes_begin(&w->fill->notes);
  next_event(w);
}
