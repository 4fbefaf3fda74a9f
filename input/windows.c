// Raw Windows events to ECS. The tables are worked out once for a field map: a row whose field no rule reads
// costs nothing. What an event of one log and id needs is a plan, made when the first of its kind comes.
#include "input/windows.h"

#include "base/hash.h"
#include "base/number.h"
#include "input/transform.h"

enum { PLAN_TABLE = 512, MOST_PLANS = 256, NO_NAME = 0xFFFF };

typedef struct plan {
  uint64_t key;   // log and id, plus one
  uint16_t *rows; // the wanted ones, in their order
  size_t nrows;
  const lq_map_kind *kind;
} plan;

typedef struct wanted_row {
  uint32_t node;   // of its target in the field map
  uint16_t name;   // of its raw value, NO_NAME: none is needed
  uint16_t target; // the first row with that target
  bool wanted;
} wanted_row;

struct lq_windows {
  const lq_mem *mem;
  lq_arena own;
  const lq_map_row *rows;
  size_t nrows;
  wanted_row *row;
  uint32_t *done; // by target: the last event that has it

  lq_str *names; // distinct raw names, those of the header in both spellings
  uint16_t nnames;
  size_t names_cap, table_size;
  uint16_t *table;  // hash of names, NO_NAME: free
  uint16_t *header; // by name of a flat record: the `$name` it is known by, NO_NAME: no event's
  bool *is_header;
  uint32_t *value; // by name: the node of its value
  uint32_t *seen;  // by name: the last event that has it
  uint32_t event;  // counts up

  uint32_t category, type, action, event_data, user_data; // nodes
  plan *plans;
  size_t nplans;
  lq_arena planned;

  lq_fill *fill; // of the event at hand
};

// ---- setting up

static uint16_t *place_of(const lq_windows *w, lq_str name)
{
  size_t mask = w->table_size - 1, i = lq_hash_text(name) & mask;
  while (w->table[i] != NO_NAME && !lq_str_eq(w->names[w->table[i]], name))
    i = (i + 1) & mask;
  return &w->table[i];
}

static uint16_t intern(lq_windows *w, lq_str name)
{
  if (name.n == 0)
    return NO_NAME;
  uint16_t *at = place_of(w, name);
  if (*at == NO_NAME) {
    w->names[w->nnames] = name;
    *at = w->nnames++;
  }
  return *at;
}

static uint32_t node_of(const lq_fill *f, lq_str name)
{
  return f->map ? lq_fieldmap_descend(f->map, 0, name) : LQ_NO_NODE;
}

static void want(lq_windows *w, const lq_fill *f, size_t i)
{
  const lq_map_row *r = &w->rows[i];
  wanted_row *to = &w->row[i];
  *to = (wanted_row){.node = node_of(f, r->target), .name = intern(w, r->raw), .target = (uint16_t)i};
  to->wanted = f->named || lq_fieldmap_slot_at(f->map, to->node) != LQ_NO_SLOT || r->transform == LQ_TO_STAMP;
  for (size_t j = 0; j < i; j++) {
    if (lq_str_eq(w->rows[j].target, r->target)) {
      to->target = (uint16_t)j;
      break;
    }
  }
}

static bool allocate(lq_windows *w, size_t nheaders)
{
  w->names_cap = w->nrows + 2 * nheaders; // if all were different
  for (w->table_size = 1; w->table_size < 2 * w->names_cap;)
    w->table_size *= 2;
  w->row = lq_arena_array(&w->own, w->nrows, sizeof *w->row);
  w->done = lq_arena_array(&w->own, w->nrows, sizeof *w->done);
  w->names = lq_arena_array(&w->own, w->names_cap, sizeof *w->names);
  w->table = lq_arena_array(&w->own, w->table_size, sizeof *w->table);
  w->header = lq_arena_array(&w->own, w->names_cap, sizeof *w->header);
  w->is_header = lq_arena_array(&w->own, w->names_cap, sizeof *w->is_header);
  w->value = lq_arena_array(&w->own, w->names_cap, sizeof *w->value);
  w->seen = lq_arena_array(&w->own, w->names_cap, sizeof *w->seen);
  w->plans = lq_arena_array(&w->own, PLAN_TABLE, sizeof *w->plans);
  return !w->own.failed;
}

static void intern_headers(lq_windows *w, const lq_map_header *h, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    uint16_t name = intern(w, h[i].name);
    if (!h[i].flat)
      continue;
    uint16_t element = intern(w, h[i].element);
    w->is_header[element] = true;
    w->header[element] = name;
  }
}

lq_windows *lq_windows_new(const lq_fill *f)
{
  lq_windows *w = lq_mem_alloc(f->mem, 1, sizeof *w);
  if (!w)
    return NULL;
  *w = (lq_windows){.mem = f->mem, .own = {.mem = f->mem}, .planned = {.mem = f->mem}};
  size_t nheaders;
  const lq_map_header *headers = lq_map_headers(&nheaders);
  w->rows = lq_map_rows(&w->nrows);
  if (!allocate(w, nheaders)) {
    lq_windows_free(w);
    return NULL;
  }
  memset(w->table, 0xFF, w->table_size * sizeof *w->table);
  intern_headers(w, headers, nheaders);
  for (size_t i = 0; i < w->nrows; i++)
    want(w, f, i);
  w->category = node_of(f, LQ_STR("event.category"));
  w->type = node_of(f, LQ_STR("event.type"));
  w->action = node_of(f, LQ_STR("event.action"));
  w->event_data = node_of(f, LQ_STR("winlog.event_data"));
  w->user_data = node_of(f, LQ_STR("winlog.user_data"));
  return w;
}

void lq_windows_free(lq_windows *w)
{
  if (!w)
    return;
  lq_arena_free(&w->own);
  lq_arena_free(&w->planned);
  lq_mem_free(w->mem, w, 1, sizeof *w);
}

size_t lq_windows_names(const lq_windows *w)
{
  return w->nnames;
}

uint32_t lq_windows_name(const lq_windows *w, lq_str name)
{
  uint16_t at = *place_of(w, name);
  return at == NO_NAME ? LQ_NO_NAME : at;
}

uint32_t lq_windows_datum(const lq_windows *w, const lq_fill *f, lq_str name)
{
  return w->event_data == LQ_NO_NODE ? LQ_NO_NODE : lq_fieldmap_descend(f->map, w->event_data, name);
}

// ---- raw values

// The first value of a name counts.
static void set_value(lq_windows *w, uint16_t name, uint32_t value)
{
  if (name == NO_NAME || w->seen[name] == w->event || w->fill->json->nodes[value].kind == LQ_JSON_NULL)
    return;
  w->seen[name] = w->event;
  w->value[name] = value;
}

static void set_raw(lq_windows *w, lq_str name, uint32_t value)
{
  set_value(w, *place_of(w, name), value);
}

static uint32_t raw_value(const lq_windows *w, lq_str name)
{
  uint16_t at = *place_of(w, name);
  return at != NO_NAME && w->seen[at] == w->event ? w->value[at] : 0;
}

static lq_str raw_text(void *user, lq_str name)
{
  const lq_windows *w = user;
  uint32_t value = raw_value(w, name);
  lq_value v;
  return value && lq_fill_value(w->fill, value, &v) && v.type == LQ_T_STRING ? v.s : LQ_STR("");
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

static void take_header(lq_windows *w, uint32_t system)
{
  size_t n;
  const lq_json *j = w->fill->json;
  const lq_map_header *h = lq_map_headers(&n);
  for (size_t i = 0; i < n; i++) {
    uint32_t element = h[i].flat ? 0 : lq_json_member(j, system, h[i].element);
    if (!element)
      continue;
    uint32_t value = h[i].attribute.n > 0 ? element_attribute(j, element, h[i].attribute)
                                          : element_text(j, element);
    if (value)
      set_raw(w, h[i].name, value);
  }
}

// ---- the event's data

static void take_datum(lq_windows *w, lq_str name, uint32_t value, uint32_t node)
{
  set_raw(w, name, value);
  lq_fill_named(w->fill, name, value, node);
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
  if (f->named)
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
    uint16_t name = *place_of(w, text);
    bool header = name != NO_NAME && w->is_header[name];
    if (is_object(j, key + 1) && is_data_name(text))
      continue;
    set_value(w, header ? w->header[name] : name, key + 1);
    if (!header)
      lq_fill_named(w->fill, text, key + 1, w->event_data);
  }
}

// ---- plans

static bool make_plan(lq_windows *w, plan *p, lq_map_group group, uint32_t id)
{
  uint16_t *rows = lq_arena_array(&w->planned, w->nrows, sizeof *rows);
  if (!rows)
    return false;
  for (size_t i = 0; i < w->nrows; i++) {
    const lq_map_row *r = &w->rows[i];
    if (w->row[i].wanted && (r->group == LQ_MAP_ANY || r->group == group) && lq_map_ids_hold(r->ids, id))
      rows[p->nrows++] = (uint16_t)i;
  }
  p->rows = rows;
  size_t n;
  const lq_map_kind *kinds = lq_map_kinds(&n);
  for (size_t i = 0; i < n && !p->kind; i++) {
    if (kinds[i].group == group && lq_map_ids_hold(kinds[i].ids, id))
      p->kind = &kinds[i];
  }
  return true;
}

static const plan *plan_of(lq_windows *w, lq_map_group group, uint32_t id)
{
  uint64_t key = ((uint64_t)group << 32 | id) + 1;
  size_t i = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & (PLAN_TABLE - 1);
  for (; w->plans[i].key; i = (i + 1) & (PLAN_TABLE - 1)) {
    if (w->plans[i].key == key)
      return &w->plans[i];
  }
  if (w->nplans == MOST_PLANS) { // ids of some hostile log: begin again
    memset(w->plans, 0, PLAN_TABLE * sizeof *w->plans);
    lq_arena_reset(&w->planned);
    w->nplans = 0;
    return plan_of(w, group, id);
  }
  plan p = {.key = key};
  if (!make_plan(w, &p, group, id))
    return NULL;
  w->nplans++;
  w->plans[i] = p;
  return &w->plans[i];
}

// ---- one event

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

static void apply_row(lq_windows *w, uint16_t i)
{
  const lq_map_row *r = &w->rows[i];
  const wanted_row *to = &w->row[i];
  if (!r->also && w->done[to->target] == w->event)
    return;
  lq_map_call c = {.fill = w->fill, .row = r, .node = to->node, .other = raw_text, .user = w};
  lq_value none = {.type = LQ_T_NULL};
  if (to->name == NO_NAME)
    lq_map_apply(&c, &none);
  else if (w->seen[to->name] == w->event)
    apply_to_value(&c, w->value[to->name]);
  if (c.gave)
    w->done[to->target] = w->event;
}

static void give_list(lq_fill *f, uint32_t node, lq_str name, lq_str list)
{
  if (!f->named && lq_fieldmap_slot_at(f->map, node) == LQ_NO_SLOT)
    return;
  for (size_t i = 0; i < list.n;) {
    const char *comma = memchr(list.p + i, ',', list.n - i);
    size_t end = comma ? (size_t)(comma - list.p) : list.n;
    lq_fill_emit(f, node, name, lq_string(lq_str_slice(list, i, end)));
    i = end + 1;
  }
}

static void give_kind(lq_windows *w, const lq_map_kind *k)
{
  lq_fill *f = w->fill;
  give_list(f, w->category, LQ_STR("event.category"), k->categories);
  give_list(f, w->type, LQ_STR("event.type"), k->types);
  if (k->action.n > 0 && (f->named || lq_fieldmap_slot_at(f->map, w->action) != LQ_NO_SLOT))
    lq_fill_emit(f, w->action, LQ_STR("event.action"), lq_string(k->action));
}

static uint32_t event_id(lq_windows *w)
{
  uint32_t node = raw_value(w, LQ_STR("$EventID"));
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

static void next_event(lq_windows *w)
{
  if (++w->event > 0)
    return;
  memset(w->seen, 0, w->names_cap * sizeof *w->seen); // after four billion events, old marks would look new
  memset(w->done, 0, w->nrows * sizeof *w->done);
  w->event = 1;
}

lq_status lq_windows_fill(lq_windows **made, lq_fill *f, uint32_t event)
{
  if (!*made)
    *made = lq_windows_new(f);
  lq_windows *w = *made;
  if (!w)
    return LQ_E_NOMEM;
  w->fill = f;
  f->drop_empty = true;
  next_event(w);
  uint32_t system = lq_json_member(f->json, event, LQ_STR("System"));
  if (is_object(f->json, system))
    take_header(w, system);
  else
    take_flat(w, event);
  take_data(w, event);
  const plan *p = plan_of(
      w, lq_map_group_of(raw_text(w, LQ_STR("$Channel")), raw_text(w, LQ_STR("$Provider"))), event_id(w));
  if (!p)
    return LQ_E_NOMEM;
  if (p->kind)
    give_kind(w, p->kind);
  for (size_t i = 0; i < p->nrows; i++)
    apply_row(w, p->rows[i]);
  lq_fill_close_scopes(f);
  return LQ_OK;
}

// ---- shapes

static bool has_system(const lq_json *j, uint32_t object)
{
  return is_object(j, object) &&
         lq_json_member(j, lq_json_member(j, object, LQ_STR("System")), LQ_STR("EventID"));
}

// ECS already: Winlogbeat's own form, or a record that somebody has mapped.
static bool is_ecs_name(lq_str s)
{
  return lq_str_eq(s, LQ_STR("event")) || lq_str_eq(s, LQ_STR("winlog")) || lq_str_eq(s, LQ_STR("ecs")) ||
         lq_str_eq(s, LQ_STR("event.code")) || lq_str_eq(s, LQ_STR("winlog.event_id"));
}

// What a flat record has beside its id.
static bool tells_log(lq_str s)
{
  static const lq_str names[] = {
      LQ_STR_INIT("Channel"),  LQ_STR_INIT("SourceName"), LQ_STR_INIT("Hostname"),   LQ_STR_INIT("Provider"),
      LQ_STR_INIT("Computer"), LQ_STR_INIT("LogName"),    LQ_STR_INIT("MachineName")};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (lq_str_eq(s, names[i]))
      return true;
  }
  return false;
}

bool lq_windows_shape(const lq_json *j, uint32_t object, uint32_t *event)
{
  bool id = false, log = false;
  *event = object;
  for (uint32_t key = object + 1; key < j->nodes[object].next; key = j->nodes[key + 1].next) {
    lq_str name = lq_json_raw(j, &j->nodes[key]);
    switch (name.n > 0 ? name.p[0] : 0) {
    case 'E':
      if (lq_str_eq(name, LQ_STR("Event")) && has_system(j, key + 1)) {
        *event = key + 1;
        return true;
      }
      id |= lq_str_eq(name, LQ_STR("EventID")) || lq_str_eq(name, LQ_STR("EventId"));
      break;
    case 'e':
    case 'w':
      if (is_ecs_name(name))
        return false;
      break;
    case 'S':
      if (lq_str_eq(name, LQ_STR("System")) && has_system(j, object))
        return true;
      log |= tells_log(name);
      break;
    case 'C':
    case 'H':
    case 'L':
    case 'M':
    case 'P': log |= tells_log(name); break;
    }
  }
  return id && log;
}
