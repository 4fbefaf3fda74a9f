// Raw Windows events to ECS, whole or slot by slot.
//
// A slot that stands alone has one name: of the event's data what bears that name, of the kind of the event
// one list, of the plan the rows of one target, whatever others are asked for. Scopes number their elements
// together, and a pattern of names has values of many rows: for these the data is walked again, and the rows
// that they read are applied in their order.
#include "input/windows_tables.h"

#include "base/number.h"
#include "input/transform.h"
#include "input/walk.h"

// ---- raw values

// The first value of a name counts.
static void set_value(lq_windows *w, uint16_t name, uint32_t value)
{
  const lq_json_node *nodes = w->fill->json->nodes;
  if (name == LQ_WINDOWS_NONE || w->names[name].seen == w->event || nodes[value].kind == LQ_JSON_NULL)
    return;
  w->names[name].seen = w->event;
  w->names[name].value = value;
  if (nodes[value].kind == LQ_JSON_ARRAY)
    w->listed += nodes[value].next - value;
}

static uint32_t value_of(const lq_windows *w, uint16_t name)
{
  return name != LQ_WINDOWS_NONE && w->names[name].seen == w->event ? w->names[name].value : 0;
}

static lq_str text_of(const lq_windows *w, uint16_t name)
{
  uint32_t value = value_of(w, name);
  lq_value v;
  return value && lq_fill_value(w->fill, value, &v) && v.type == LQ_T_STRING ? v.s : LQ_STR("");
}

static lq_str raw_text(void *user, lq_str name)
{
  return text_of(user, lq_windows_place(user, name));
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

// A number that was met before spares looking the key up.
static uint16_t place_of_key(lq_windows *w, uint32_t key, lq_str name)
{
  const lq_json *j = w->fill->json;
  uint16_t shape = j->walker ? j->nodes[key].shape : LQ_NO_SHAPE;
  if (shape == LQ_NO_SHAPE || shape >= LQ_SHAPES_MOST)
    return lq_windows_place(w, name);
  if (w->generation != j->walker->shapes.generation) {
    memset(w->shaped, 0, LQ_SHAPES_MOST * sizeof *w->shaped);
    w->generation = j->walker->shapes.generation;
  }
  uint16_t *at = &w->shaped[shape];
  if (*at == 0) {
    uint16_t place = lq_windows_place(w, name);
    *at = place == LQ_WINDOWS_NONE ? place : place + 1; // there are fewer names than that
  }
  return *at == LQ_WINDOWS_NONE ? *at : *at - 1;
}

static void take_element(lq_windows *w, uint32_t element, uint16_t from)
{
  const lq_json *j = w->fill->json;
  lq_str name = w->elements[from].header->element;
  for (size_t i = from; i < w->nelements && lq_str_eq(w->elements[i].header->element, name); i++) {
    lq_str attribute = w->elements[i].header->attribute;
    uint32_t value = attribute.n > 0 ? element_attribute(j, element, attribute) : element_text(j, element);
    if (value)
      set_value(w, w->elements[i].name, value);
  }
}

// Of an element that comes twice, the first counts.
static void take_header(lq_windows *w, uint32_t system)
{
  const lq_json *j = w->fill->json;
  uint64_t met = 0; // by place in elements
  for (uint32_t key = system + 1; key < j->nodes[system].next; key = j->nodes[key + 1].next) {
    uint16_t name = place_of_key(w, key, lq_json_raw(j, &j->nodes[key]));
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
  if (node != w->event_data)
    return lq_fieldmap_descend(w->fill->map, node, name);
  if (known != LQ_WINDOWS_NONE)
    return w->names[known].datum;
  return w->deep_data ? lq_fieldmap_descend(w->fill->map, node, name) : LQ_NO_NODE;
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
  set_value(w, known, value);
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
    uint16_t name = place_of_key(w, key, text);
    bool header = name != LQ_WINDOWS_NONE && w->names[name].is_header;
    if (is_object(j, key + 1) && is_data_name(text))
      continue;
    set_value(w, header ? w->names[name].header : name, key + 1);
    if (!header)
      pass_datum(w, name, text, key + 1, w->event_data);
  }
}

static void take_all(lq_windows *w)
{
  if (w->system)
    take_header(w, w->system);
  else
    take_flat(w, w->at);
  take_data(w, w->at);
}

// ---- rows

static void apply_to_value(lq_map_call *c, uint32_t value)
{
  const lq_json_node *nodes = c->fill->json->nodes;
  lq_value v;
  if (nodes[value].kind == LQ_JSON_ARRAY) {
    for (uint32_t i = value + 1; i < nodes[value].next; i = nodes[i].next)
      apply_to_value(c, i); // as deep as the parser lets it be
  } else if (lq_fill_value(c->fill, value, &v) && !lq_is_empty_value(&v)) {
    lq_map_apply(c, &v);
  }
}

// Did it give a value?
static bool apply_row(lq_windows *w, uint16_t i)
{
  const lq_windows_row *to = &w->row[i];
  lq_map_call c = {.fill = w->fill, .row = &w->rows[i], .node = to->node, .other = raw_text, .user = w};
  lq_value none = {.type = LQ_T_NULL};
  uint32_t value = value_of(w, to->name);
  if (to->name == LQ_WINDOWS_NONE)
    lq_map_apply(&c, &none);
  else if (value)
    apply_to_value(&c, value);
  return c.gave;
}

// The first row of a target that gives a value wins; rows with `also` add to it.
static void apply_rows(lq_windows *w, uint16_t i)
{
  uint32_t *done = &w->done[w->row[i].target];
  if ((w->rows[i].also || *done != w->pass) && apply_row(w, i))
    *done = w->pass;
}

static void apply_target(lq_windows *w, uint16_t target)
{
  bool gave = false;
  for (uint16_t at = w->plan->first[target]; at != LQ_WINDOWS_NONE; at = w->plan->next[at]) {
    uint16_t row = w->plan->rows[at];
    if (w->rows[row].also || !gave)
      gave |= apply_row(w, row);
  }
}

static const lq_str kind_names[LQ_WINDOWS_KINDS] = {LQ_STR_INIT("event.category"), LQ_STR_INIT("event.type"),
                                                    LQ_STR_INIT("event.action")};

static void give_kind(lq_windows *w, int which)
{
  const lq_map_kind *k = w->plan->kind;
  if (!k)
    return;
  lq_str list = which == LQ_WINDOWS_CATEGORY ? k->categories
                : which == LQ_WINDOWS_TYPE   ? k->types
                                             : k->action;
  if (which == LQ_WINDOWS_ACTION) { // may have commas
    if (list.n > 0)
      lq_fill_emit(w->fill, w->kinds[which], kind_names[which], lq_string(list));
    return;
  }
  lq_str part;
  while (lq_text_part(&list, ',', &part))
    lq_fill_emit(w->fill, w->kinds[which], kind_names[which], lq_string(part));
}

// ---- an event

static uint32_t event_id(lq_windows *w)
{
  uint32_t node = value_of(w, w->id);
  lq_value v;
  uint64_t id = 0;
  if (!node || !lq_fill_value(w->fill, node, &v))
    return UINT32_MAX;
  if (v.type == LQ_T_INT && v.i >= 0)
    id = (uint64_t)v.i;
  else if (v.type != LQ_T_STRING || !lq_parse_u64(v.s, &id))
    return UINT32_MAX;
  return id < UINT32_MAX ? (uint32_t)id : UINT32_MAX;
}

// After four billion events, or passes, old marks would look new.
static void next_event(lq_windows *w)
{
  if (++w->event > 0)
    return;
  for (size_t i = 0; i < w->nnames; i++)
    w->names[i].seen = 0;
  w->event = 1;
}

static void next_pass(lq_windows *w)
{
  if (++w->pass > 0)
    return;
  memset(w->done, 0, w->nrows * sizeof *w->done);
  w->pass = 1;
}

static bool begin(lq_windows *w, lq_fill *f, uint32_t event)
{
  uint32_t system = lq_json_member(f->json, event, LQ_STR("System"));
  w->fill = f;
  w->at = event;
  w->system = is_object(f->json, system) ? system : 0;
  w->listed = 0;
  f->drop_empty = true;
  next_event(w);
  next_pass(w);
  take_all(w);
  w->plan = lq_windows_plan_of(w, lq_map_group_of(text_of(w, w->channel), text_of(w, w->provider)),
                               event_id(w));
  return w->plan != NULL;
}

static bool reads(const lq_windows *w, const lq_windows_row *row)
{
  const lq_fill *f = w->fill;
  uint32_t s = lq_fieldmap_slot_at(f->map, row->node);
  while (s != LQ_NO_SLOT && !lq_slot_set_has(f->wanted, s))
    s = lq_fieldmap_next_slot(f->map, s);
  return s != LQ_NO_SLOT || (f->naming && row->patterned);
}

static void give_kinds(lq_windows *w)
{
  for (int i = 0; i < LQ_WINDOWS_KINDS; i++)
    give_kind(w, i);
}

// Of all that comes behind the data.
static void map_all(lq_windows *w)
{
  give_kinds(w);
  for (size_t i = 0; i < w->plan->nrows; i++)
    apply_rows(w, w->plan->rows[i]);
  lq_fill_close_scopes(w->fill);
}

static void begin_pass(lq_windows *w, const lq_slot_set *wanted)
{
  lq_fill_again(w->fill, wanted);
  next_pass(w);
  w->way = LQ_WINDOWS_WALK;
}

// For slots that do not stand alone. Raw values are known already, and stay.
static void pass(lq_windows *w, const lq_slot_set *wanted)
{
  const lq_windows_plan *p = w->plan;
  begin_pass(w, wanted);
  if (w->data_walked)
    take_all(w);
  give_kinds(w);
  for (size_t i = 0; i < p->nwalked; i++) {
    if (reads(w, &w->row[p->walked[i]]))
      apply_rows(w, p->walked[i]);
  }
  if (lq_slot_set_meets(wanted, &w->fill->family))
    lq_fill_close_scopes(w->fill);
}

lq_status lq_windows_fill(lq_windows **made, lq_fill *f, uint32_t event)
{
  *made = *made ? *made : lq_windows_new(f);
  lq_windows *w = *made;
  if (!w)
    return LQ_E_NOMEM;
  w->way = LQ_WINDOWS_WALK;
  if (!begin(w, f, event))
    return LQ_E_NOMEM;
  map_all(w);
  return LQ_OK;
}

// Could one slot have more values than are kept? Never taken for less than it is: where there is doubt, the
// event is filled whole.
static bool may_be_over(const lq_windows *w, size_t max_values)
{
  enum { FLAGS = 64 }; // of one number
  const lq_windows_plan *p = w->plan;
  const lq_json_node *nodes = w->fill->json->nodes;
  size_t most = w->fill->json->n + p->nrows * (1 + w->listed);
  for (size_t i = 0; i < p->nmany; i++) {
    uint32_t value = value_of(w, w->row[p->many[i]].name);
    if (value && nodes[value].kind == LQ_JSON_ARRAY)
      return true;
    if (value) // parts have a byte each, and one between them
      most += FLAGS + (nodes[value].end - nodes[value].start) / 2;
  }
  return most > max_values;
}

lq_status lq_windows_open(lq_windows **made, lq_fill *f, uint32_t event, uint32_t max_values, bool *whole)
{
  *made = *made ? *made : lq_windows_new(f);
  lq_windows *w = *made;
  if (!w)
    return LQ_E_NOMEM;
  w->way = LQ_WINDOWS_NOTE;
  lq_notes_begin(&f->notes);
  if (!begin(w, f, event))
    return LQ_E_NOMEM;
  *whole = may_be_over(w, max_values);
  if (*whole) {
    begin_pass(w, NULL);
    take_all(w);
    map_all(w);
  }
  return LQ_OK;
}

static void give_alone(lq_windows *w, uint32_t slot)
{
  lq_fill *f = w->fill;
  f->only = slot;
  lq_fill_give(f, slot);
  for (int i = 0; i < LQ_WINDOWS_KINDS; i++) {
    if (slot == w->kind_slots[i])
      give_kind(w, i);
  }
  if (w->target_of[slot] != LQ_WINDOWS_NONE)
    apply_target(w, w->target_of[slot]);
  f->only = LQ_NO_SLOT;
}

void lq_windows_give(lq_windows *w, lq_fill *f, const lq_slot_set *wanted)
{
  if (lq_fill_walks(f, wanted))
    pass(w, &f->walked);
  for (uint32_t i = 0; i < wanted->n; i++) {
    uint64_t word = wanted->words[i] & w->plan->slots[i];
    for (; word; word &= word - 1)
      give_alone(w, i * 64 + (uint32_t)__builtin_ctzll(word));
  }
}

void lq_windows_time(lq_windows *w, lq_fill *f)
{
  f->only = LQ_FILL_NOBODY;
  apply_target(w, w->stamp);
  f->only = LQ_NO_SLOT;
}
