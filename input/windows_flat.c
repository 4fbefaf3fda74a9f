// A flat record whose keys were met before: what it is and its raw values, in one pass over numbers.
#include "input/walk.h"
#include "input/windows_tables.h"

static bool is_object(const lq_json *j, uint32_t value)
{
  return j->nodes[value].kind == LQ_JSON_OBJECT;
}

// With another generation the numbers mean other keys.
static void begin_generation(lq_windows *w)
{
  uint32_t generation = w->fill->json->walker->shapes.generation;
  if (w->generation == generation)
    return;
  memset(w->keys, 0, LQ_SHAPES_MOST * sizeof *w->keys);
  w->generation = generation;
}

static __attribute__((cold, noinline)) lq_windows_key learn(const lq_windows *w, const lq_json_node *key)
{
  lq_str text = lq_json_raw(w->fill->json, key);
  uint16_t place = lq_windows_place(w, text);
  bool header = place != LQ_WINDOWS_NONE && w->names[place].is_header;
  uint16_t name = header ? w->names[place].header : place;
  bool is_read = name != LQ_WINDOWS_NONE && w->names[name].is_read;
  return (lq_windows_key){.role = (uint8_t)lq_windows_role_of(text),
                          .place = place,
                          .name = is_read ? name : LQ_WINDOWS_NONE,
                          .datum = header ? LQ_NO_NODE : lq_windows_datum_at(w, place, text)};
}

uint16_t lq_windows_place_of_key(lq_windows *w, uint32_t key, lq_str name)
{
  const lq_json *j = w->fill->json;
  uint16_t shape = j->walker ? j->nodes[key].shape : LQ_NO_SHAPE;
  if (shape == LQ_NO_SHAPE || shape >= LQ_SHAPES_MOST)
    return lq_windows_place(w, name);
  begin_generation(w);
  if (w->keys[shape].role == LQ_WINDOWS_UNKNOWN)
    w->keys[shape] = learn(w, &j->nodes[key]);
  return w->keys[shape].place;
}

// What a record of ECS has behind the key that says so is worth a look only for a wrapper.
static lq_windows_verdict look_for_wrapper(const lq_windows *w, uint32_t key)
{
  const lq_json *j = w->fill->json;
  for (; key < j->nodes[0].next; key = j->nodes[key + 1].next) {
    uint16_t shape = j->nodes[key].shape;
    if (shape == LQ_NO_SHAPE || shape >= LQ_SHAPES_MOST)
      return LQ_WINDOWS_UNSURE;
    unsigned role = w->keys[shape].role;
    if (role == LQ_WINDOWS_UNKNOWN)
      role = lq_windows_role_of(lq_json_raw(j, &j->nodes[key]));
    if (role == LQ_WINDOWS_WRAP)
      return LQ_WINDOWS_UNSURE;
  }
  return LQ_WINDOWS_IS_ECS;
}

// Tells what to do behind a key that is no mere datum.
static lq_windows_verdict stop_at(const lq_windows *w, uint32_t key, unsigned role)
{
  switch (role) {
  case LQ_WINDOWS_ECS: return look_for_wrapper(w, key);
  case LQ_WINDOWS_WRAP: return LQ_WINDOWS_UNSURE;
  case LQ_WINDOWS_PART: return is_object(w->fill->json, key + 1) ? LQ_WINDOWS_UNSURE : LQ_WINDOWS_IS_FLAT;
  default: return LQ_WINDOWS_IS_FLAT;
  }
}

// Values are taken as lq_windows_set does.
lq_windows_verdict lq_windows_look(lq_windows *w, lq_fill *f)
{
  const lq_json_node *nodes = f->json->nodes;
  unsigned met = 0; // roles
  size_t listed = 0;
  w->fill = f;
  begin_generation(w);
  lq_windows_begin_event(w, 0, 0);
  lq_windows_key *keys = w->keys; // what is stored below changes none of these
  lq_windows_value *values = w->values;
  const uint32_t event = w->event, end = nodes[0].next;
  for (uint32_t key = 1; key < end; key = nodes[key + 1].next) {
    const lq_json_node *value = &nodes[key + 1];
    uint16_t shape = nodes[key].shape;
    if (shape == LQ_NO_SHAPE || shape >= LQ_SHAPES_MOST)
      return LQ_WINDOWS_UNSURE;
    lq_windows_key *k = &keys[shape];
    if (k->role != LQ_WINDOWS_DATUM) {
      if (k->role == LQ_WINDOWS_UNKNOWN)
        *k = learn(w, &nodes[key]);
      lq_windows_verdict v = stop_at(w, key, k->role);
      if (v != LQ_WINDOWS_IS_FLAT)
        return v;
      met |= 1u << k->role;
    }
    if (k->name != LQ_WINDOWS_NONE && values[k->name].seen != event && value->kind != LQ_JSON_NULL) {
      values[k->name] = (lq_windows_value){.seen = event, .node = key + 1};
      listed += value->kind == LQ_JSON_ARRAY ? value->next - (key + 1) : 0;
    }
    if (k->datum != LQ_NO_NODE)
      lq_fill_note(f, key + 1, k->datum);
  }
  w->listed = listed;
  bool raw = met >> LQ_WINDOWS_ID & met >> LQ_WINDOWS_LOG & 1;
  return raw ? LQ_WINDOWS_IS_FLAT : LQ_WINDOWS_IS_ECS;
}
