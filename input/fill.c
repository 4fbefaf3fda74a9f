// Values of a parsed record to slots: the tree of wanted names is walked in step with the nodes.
#include "input/fill.h"

#include "base/date.h"
#include "base/glob.h"
#include "base/hash.h"
#include "base/number.h"
#include "base/utf8.h"

static bool lies_below(lq_str name, lq_str path)
{
  return name.n > path.n && name.p[path.n] == '.' && lq_str_starts(name, path);
}

static void sort_slots(lq_fill *f)
{
  for (uint32_t s = lq_fieldmap_first_pattern(f->map); s != LQ_NO_SLOT; s = lq_fieldmap_next_slot(f->map, s))
    lq_slot_set_add(&f->patterns, s);
  for (uint32_t s = 0; s < f->nslots; s++) {
    const lq_field_spec *spec = lq_fieldmap_spec(f->map, s);
    f->slots[s] = (struct lq_fill_slot){.scope = spec->scope, .is_scope = spec->is_scope};
    if (spec->is_scope)
      f->scopes[f->nscopes++] = s;
    if (spec->scope != LQ_NO_SLOT && lies_below(spec->name, lq_fieldmap_spec(f->map, spec->scope)->name))
      f->tied[f->ntied++] = s;
    if (spec->is_scope || spec->scope != LQ_NO_SLOT)
      lq_slot_set_add(&f->family, s);
    else if (!lq_slot_set_has(&f->patterns, s))
      lq_slot_set_add(&f->alone, s);
    if (!lq_slot_set_has(&f->alone, s))
      lq_slot_set_add(&f->together, s);
  }
}

static lq_status make_sets(lq_fill *f)
{
  lq_slot_set *sets[] = {&f->alone, &f->family, &f->patterns, &f->together, &f->walked};
  lq_status s = lq_notes_init(&f->notes, f->nslots, f->mem);
  for (size_t i = 0; i < sizeof sets / sizeof *sets && s == LQ_OK; i++)
    s = lq_slot_set_init(sets[i], f->nslots, f->mem);
  return s;
}

lq_status lq_fill_init(lq_fill *f, const lq_fieldmap *map, size_t max_value, const lq_mem *mem)
{
  *f = (lq_fill){.mem = mem, .map = map, .max_value = max_value, .name = {.mem = mem}, .only = LQ_NO_SLOT};
  f->named = !map || lq_fieldmap_has_patterns(map);
  if (!map)
    return LQ_OK;
  f->nslots = lq_fieldmap_slots(map);
  f->slots = lq_mem_alloc(mem, f->nslots, sizeof *f->slots);
  f->next_element = lq_mem_alloc(mem, f->nslots, sizeof *f->next_element);
  f->element_of = lq_mem_alloc(mem, f->nslots, sizeof *f->element_of);
  f->scopes = lq_mem_alloc(mem, f->nslots, sizeof *f->scopes);
  f->tied = lq_mem_alloc(mem, f->nslots, sizeof *f->tied);
  if (!f->slots || !f->next_element || !f->element_of || !f->scopes || !f->tied || make_sets(f) != LQ_OK) {
    lq_fill_free(f);
    return LQ_E_NOMEM;
  }
  sort_slots(f);
  return LQ_OK;
}

void lq_fill_free(lq_fill *f)
{
  const lq_mem *mem = f->mem;
  if (!mem)
    return;
  lq_mem_free(mem, f->slots, f->nslots, sizeof *f->slots);
  lq_mem_free(mem, f->next_element, f->nslots, sizeof *f->next_element);
  lq_mem_free(mem, f->element_of, f->nslots, sizeof *f->element_of);
  lq_mem_free(mem, f->scopes, f->nslots, sizeof *f->scopes);
  lq_mem_free(mem, f->tied, f->nslots, sizeof *f->tied);
  lq_mem_free(mem, f->keys, f->keys_cap, sizeof *f->keys);
  lq_slot_set_free(&f->alone);
  lq_slot_set_free(&f->family);
  lq_slot_set_free(&f->patterns);
  lq_slot_set_free(&f->together);
  lq_slot_set_free(&f->walked);
  lq_notes_free(&f->notes);
  lq_buf_free(&f->name);
  *f = (lq_fill){0};
}

void lq_fill_begin(lq_fill *f, const lq_json *json, lq_event *e, lq_arena *text)
{
  f->json = json;
  f->e = e;
  f->text = text;
  f->repaired = 0;
  f->cut = f->range = f->duplicate = f->drop_empty = f->has_time = f->failed = false;
  f->only = LQ_NO_SLOT;
  lq_fill_again(f, NULL);
}

void lq_fill_again(lq_fill *f, const lq_slot_set *wanted)
{
  f->wanted = wanted;
  f->naming = f->named && (!wanted || lq_slot_set_meets(wanted, &f->patterns));
  f->element = f->inside = 0;
  lq_buf_clear(&f->name);
  for (size_t i = 0; i < f->nscopes; i++)
    f->next_element[f->scopes[i]] = f->element_of[f->scopes[i]] = f->slots[f->scopes[i]].dotted_in = 0;
}

void lq_fill_widen(const lq_fill *f, lq_slot_set *wanted)
{
  if (!lq_slot_set_meets(wanted, &f->family))
    return;
  for (size_t i = 0; i < wanted->n; i++)
    wanted->words[i] |= f->family.words[i];
}

bool lq_fill_walks(lq_fill *f, const lq_slot_set *wanted)
{
  if (!lq_slot_set_meets(wanted, &f->together))
    return false;
  for (size_t i = 0; i < wanted->n; i++)
    f->walked.words[i] = wanted->words[i] & f->together.words[i];
  return true;
}

// ---- values

lq_str lq_fill_shorten(lq_fill *f, lq_str s)
{
  f->cut |= s.n > f->max_value;
  return lq_utf8_prefix(s, f->max_value);
}

lq_str lq_fill_key(lq_fill *f, uint32_t key)
{
  const lq_json_node *n = &f->json->nodes[key];
  return n->escaped ? lq_json_string(f->json, n, f->text, &f->repaired) : lq_json_raw(f->json, n);
}

bool lq_fill_value(lq_fill *f, uint32_t value, lq_value *out)
{
  const lq_json_node *n = &f->json->nodes[value];
  lq_str s;
  switch ((lq_json_kind)n->kind) {
  case LQ_JSON_STRING:
    s = lq_fill_key(f, value);
    f->cut |= s.n > f->max_value;
    *out = lq_string(s);
    return true;
  case LQ_JSON_NUMBER: *out = lq_json_number(f->json, n, &f->range); return true;
  case LQ_JSON_TRUE: *out = lq_bool(true); return true;
  case LQ_JSON_FALSE: *out = lq_bool(false); return true;
  case LQ_JSON_NULL:
  case LQ_JSON_OBJECT:
  case LQ_JSON_ARRAY: break;
  }
  return false;
}

bool lq_is_empty_value(const lq_value *v)
{
  if (v->type != LQ_T_STRING)
    return false;
  lq_str s = v->s;
  if (s.n <= 1)
    return s.n == 0 || s.p[0] == '-';
  if (s.n == 38 && s.p[0] == '{')
    s = lq_str_slice(s, 1, 37);
  return s.n == 36 && s.p[0] == '0' && lq_str_eq(s, LQ_STR("00000000-0000-0000-0000-000000000000"));
}

// ---- slots

static bool is_wanted(const lq_fill *f, uint32_t slot)
{
  return !f->wanted || lq_slot_set_has(f->wanted, slot);
}

// Is a value at this node worth decoding?
static bool is_wanted_at(const lq_fill *f, uint32_t node)
{
  uint32_t s = lq_fieldmap_slot_at(f->map, node);
  if (!f->wanted)
    return s != LQ_NO_SLOT;
  while (s != LQ_NO_SLOT && !is_wanted(f, s) && !f->slots[s].is_scope)
    s = lq_fieldmap_next_slot(f->map, s);
  return s != LQ_NO_SLOT;
}

static void add(lq_fill *f, uint32_t slot, lq_value v)
{
  const struct lq_fill_slot *s = &f->slots[slot];
  if (!is_wanted(f, slot))
    return;
  lq_event_add_slot(f->e, slot, v, s->scope == LQ_NO_SLOT ? 0 : f->element_of[s->scope], 0);
}

// A scope's own slot gets the element itself, and what is below belongs to it until the next one. Elements
// are numbered in each pass, wanted or not.
static void begin_element(lq_fill *f, uint32_t slot, lq_value v)
{
  uint32_t scope = f->slots[slot].scope;
  f->element_of[slot] = f->next_element[slot]++;
  if (!is_wanted(f, slot))
    return;
  lq_event_add_slot(f->e, slot, v, f->element_of[slot], scope == LQ_NO_SLOT ? 0 : f->element_of[scope]);
}

// Outer scopes are older than the ones tied to them, and slots of one node come in the order of their making.
static void begin_elements(lq_fill *f, uint32_t node, lq_value v)
{
  uint32_t s = lq_fieldmap_slot_at(f->map, node);
  for (; s != LQ_NO_SLOT; s = lq_fieldmap_next_slot(f->map, s)) {
    if (f->slots[s].is_scope)
      begin_element(f, s, v);
  }
}

static void add_at(lq_fill *f, uint32_t node, lq_value v)
{
  if (lq_fieldmap_node_is_scope(f->map, node))
    begin_elements(f, node, v);
  uint32_t s = lq_fieldmap_slot_at(f->map, node);
  for (; s != LQ_NO_SLOT; s = lq_fieldmap_next_slot(f->map, s)) {
    if (!f->slots[s].is_scope)
      add(f, s, v);
  }
}

// A value, given or still to be decoded: most of those that patterns of names are asked about fit none.
typedef struct lazy_value {
  uint32_t node;  // of the text
  bool has, none; // it is decoded; it is no value
  lq_value v;
} lazy_value;

static bool get(lq_fill *f, lazy_value *l)
{
  if (!l->has && !l->none) {
    l->has = lq_fill_value(f, l->node, &l->v) && !(f->drop_empty && lq_is_empty_value(&l->v));
    l->none = !l->has;
  }
  return l->has;
}

static void add_to_patterns(lq_fill *f, lq_str name, lazy_value *l)
{
  uint32_t s = lq_fieldmap_first_pattern(f->map);
  for (; s != LQ_NO_SLOT; s = lq_fieldmap_next_slot(f->map, s)) {
    if (!is_wanted(f, s) || !lq_glob_match(lq_fieldmap_spec(f->map, s)->name, name, false) || !get(f, l))
      continue;
    if (f->slots[s].is_scope)
      begin_element(f, s, l->v);
    else
      add(f, s, l->v);
  }
}

void lq_fill_emit(lq_fill *f, uint32_t node, lq_str name, lq_value v)
{
  if (!f->map) {
    f->leaf(f->user, name, &v);
    return;
  }
  if (f->only != LQ_NO_SLOT) {
    if (f->only != LQ_FILL_NOBODY)
      lq_event_add_slot(f->e, f->only, v, 0, 0);
    return;
  }
  // Below a scope, mapped values belong to the element that the mapping says (arrays of objects), else the
  // first.
  for (size_t i = 0; i < f->nscopes; i++)
    f->element_of[f->scopes[i]] = f->element;
  add_at(f, node, v);
  if (f->naming)
    add_to_patterns(f, name, &(lazy_value){.has = true, .v = v});
}

// The highest element number of the values tied to a scope, plus one.
static uint32_t elements_used(const lq_fill *f, uint32_t scope)
{
  uint32_t n = 0;
  for (size_t i = 0; i < f->ntied; i++) {
    if (f->slots[f->tied[i]].scope != scope)
      continue;
    for (const lq_slot_value *v = lq_event_first(f->e, f->tied[i]); v; v = lq_event_next(f->e, v))
      n = v->element >= n ? v->element + 1 : n;
  }
  return n;
}

void lq_fill_close_scopes(lq_fill *f)
{
  for (size_t i = f->nscopes; i-- > 0;) { // inner ones first: they are younger
    uint32_t scope = f->scopes[i];
    for (uint32_t n = elements_used(f, scope); f->next_element[scope] < n;)
      begin_element(f, scope, (lq_value){.type = LQ_T_OBJECT});
  }
}

// ---- the walk

static size_t enter_name(lq_fill *f, lq_str key)
{
  size_t before = f->name.n;
  if (!f->naming)
    return before;
  if (before > 0)
    lq_buf_byte(&f->name, '.');
  lq_buf_str(&f->name, key);
  return before;
}

static void walk_object(lq_fill *f, uint32_t object, uint32_t node)
{
  const lq_json_node *nodes = f->json->nodes;
  if (f->map && lq_fieldmap_node_is_scope(f->map, node))
    begin_elements(f, node, (lq_value){.type = LQ_T_OBJECT});
  uint32_t around = f->inside;
  f->inside = object + 1;
  for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next)
    lq_fill_member(f, key, node);
  f->inside = around;
}

// All that one object has below an array by dotted keys is one element of it: `{"a.x":1,"a.y":2}` is
// `{"a":{"x":1,"y":2}}`.
static void enter_dotted(lq_fill *f, uint32_t node)
{
  uint32_t s = lq_fieldmap_slot_at(f->map, node);
  for (; s != LQ_NO_SLOT; s = lq_fieldmap_next_slot(f->map, s)) {
    struct lq_fill_slot *slot = &f->slots[s];
    if (!slot->is_scope)
      continue;
    if (slot->dotted_in == f->inside) {
      f->element_of[s] = slot->dotted_element;
      continue;
    }
    begin_element(f, s, (lq_value){.type = LQ_T_OBJECT});
    slot->dotted_in = f->inside;
    slot->dotted_element = f->element_of[s];
  }
}

static uint32_t descend(lq_fill *f, uint32_t node, lq_str key)
{
  const char *dot;
  if (f->nscopes == 0 || f->inside == 0)
    return lq_fieldmap_descend(f->map, node, key);
  while (node != LQ_NO_NODE && key.n > 0 && (dot = memchr(key.p, '.', key.n))) {
    size_t n = (size_t)(dot - key.p);
    node = lq_fieldmap_child(f->map, node, lq_str_slice(key, 0, n));
    key = lq_str_slice(key, n + 1, key.n);
    if (node != LQ_NO_NODE && lq_fieldmap_node_is_scope(f->map, node))
      enter_dotted(f, node);
  }
  return node == LQ_NO_NODE ? node : lq_fieldmap_child(f->map, node, key);
}

bool lq_fill_may_fit_below(lq_str pattern, lq_str name)
{
  if (name.n == 0) // behind an empty key no dot is put
    return true;
  for (size_t i = 0; i < pattern.n; i++) {
    if (pattern.p[i] == LQ_ANY_RUN || pattern.p[i] == LQ_ANY_ONE)
      return true;
    if (i >= name.n)
      return pattern.p[i] == '.';
    if (pattern.p[i] != name.p[i])
      return false;
  }
  return false;
}

static bool patterns_may_fit(const lq_fill *f, uint32_t value)
{
  if (!f->map || f->json->nodes[value].kind > LQ_JSON_ARRAY)
    return true;
  uint32_t s = lq_fieldmap_first_pattern(f->map);
  while (s != LQ_NO_SLOT &&
         !(is_wanted(f, s) && lq_fill_may_fit_below(lq_fieldmap_spec(f->map, s)->name, lq_buf_get(&f->name))))
    s = lq_fieldmap_next_slot(f->map, s);
  return s != LQ_NO_SLOT;
}

void lq_fill_named(lq_fill *f, lq_str key, uint32_t value, uint32_t node)
{
  uint32_t child = f->map ? descend(f, node, key) : 0;
  if (child == LQ_NO_NODE && !f->naming)
    return;
  size_t before = enter_name(f, key);
  if (child != LQ_NO_NODE || patterns_may_fit(f, value))
    lq_fill_walk(f, value, child);
  f->name.n = before;
}

void lq_fill_member(lq_fill *f, uint32_t key, uint32_t node)
{
  lq_fill_named(f, lq_fill_key(f, key), key + 1, node);
}

static void walk_leaf(lq_fill *f, uint32_t value, uint32_t node)
{
  lazy_value l = {.node = value};
  if (!f->map) {
    if (get(f, &l))
      f->leaf(f->user, lq_buf_get(&f->name), &l.v);
    return;
  }
  if (is_wanted_at(f, node) && get(f, &l))
    add_at(f, node, l.v);
  if (f->naming)
    add_to_patterns(f, lq_buf_get(&f->name), &l);
}

// Recursion follows nesting, which the parser has capped.
void lq_fill_walk(lq_fill *f, uint32_t value, uint32_t node)
{
  const lq_json_node *nodes = f->json->nodes;
  if (nodes[value].kind == LQ_JSON_OBJECT) {
    walk_object(f, value, node);
  } else if (nodes[value].kind == LQ_JSON_ARRAY) {
    for (uint32_t i = value + 1; i < nodes[value].next; i = nodes[i].next)
      lq_fill_walk(f, i, node);
  } else if (nodes[value].kind != LQ_JSON_NULL) {
    walk_leaf(f, value, node);
  }
}

// ---- time

static bool from_millis(int64_t ms, int64_t *ns)
{
  return !__builtin_mul_overflow(ms, INT64_C(1000000), ns);
}

bool lq_fill_time(lq_fill *f, const lq_value *v)
{
  int64_t ns = 0, ms;
  bool ok = false;
  if (v->type == LQ_T_STRING)
    ok = lq_date_parse(v->s, &ns) || (lq_parse_i64(v->s, &ms) && from_millis(ms, &ns));
  else if (v->type == LQ_T_INT)
    ok = from_millis(v->i, &ns);
  else if (v->type == LQ_T_DOUBLE && v->d > -9.2e12 && v->d < 9.2e12)
    ok = true, ns = (int64_t)(v->d * 1e6);
  if (ok && !f->has_time)
    f->has_time = true, f->time = ns;
  return ok;
}

// Numbers of the years 1970 to 2116. As milliseconds these would be four million years away, as nanoseconds
// the year 1973.
bool lq_fill_filetime(lq_fill *f, const lq_value *v)
{
  enum { TICK = 100 };
  static const int64_t epoch = INT64_C(116444736000000000), last = INT64_C(162700000000000000);
  int64_t ticks = v->type == LQ_T_INT ? v->i : 0;
  bool ok = ticks >= epoch && ticks <= last;
  if (ok && !f->has_time)
    f->has_time = true, f->time = (ticks - epoch) * TICK;
  return ok;
}

// ---- duplicate keys

// Keys come from events, so a hostile object can send all of them to one place: after so many steps it counts
// as having a duplicate, which is a flag and no more.
enum { MOST_STEPS = 64, FIRST_TABLE = 256 };

static bool is_known(lq_fill *f, lq_str key, size_t mask)
{
  size_t i = lq_hash_text(key) & mask;
  for (int steps = 0; steps < MOST_STEPS; i = (i + 1) & mask, steps++) {
    struct lq_fill_key *k = &f->keys[i];
    if (k->object != f->object) {
      *k = (struct lq_fill_key){key, f->object};
      return false;
    }
    if (lq_str_eq(k->text, key))
      return true;
  }
  return true;
}

// A new object: entries of the others are free from here on. Makes room for so many keys.
static bool begin_keys(lq_fill *f, size_t count)
{
  size_t size = f->keys_cap ? f->keys_cap : FIRST_TABLE;
  while (size < count * 2)
    size *= 2;
  if (size > f->keys_cap) {
    struct lq_fill_key *keys = lq_mem_alloc(f->mem, size, sizeof *keys);
    if (!keys)
      return false;
    lq_mem_free(f->mem, f->keys, f->keys_cap, sizeof *keys);
    f->keys = keys;
    f->keys_cap = size;
  }
  if (++f->object == 0) { // after four billion objects, an old entry could look new
    memset(f->keys, 0, f->keys_cap * sizeof *f->keys);
    f->object = 1;
  }
  return true;
}

static bool has_duplicates(lq_fill *f, uint32_t object)
{
  const lq_json_node *nodes = f->json->nodes;
  size_t count = 0, mask = 0;
  for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next)
    count++;
  if (count < 2)
    return false;
  if (!begin_keys(f, count)) {
    f->failed = true;
    return false;
  }
  while (mask < count * 2)
    mask = mask * 2 + 1;
  for (uint32_t key = object + 1; key < nodes[object].next; key = nodes[key + 1].next) {
    if (is_known(f, lq_fill_key(f, key), mask))
      return true;
  }
  return false;
}

void lq_fill_find_duplicates(lq_fill *f)
{
  if (f->json->has_duplicate) {
    f->duplicate = f->json->duplicate;
    return;
  }
  for (uint32_t i = 0; i < f->json->n && !f->duplicate; i++) {
    if (f->json->nodes[i].kind == LQ_JSON_OBJECT)
      f->duplicate = has_duplicates(f, i);
  }
}
