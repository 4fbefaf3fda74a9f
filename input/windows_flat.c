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

static lq_windows_key learn(const lq_windows *w, lq_str text)
{
  uint16_t place = lq_windows_place(w, text);
  bool header = place != LQ_WINDOWS_NONE && w->names[place].is_header;
  return (lq_windows_key){.known = true,
                          .role = (uint8_t)lq_windows_role_of(text),
                          .place = place,
                          .name = header ? w->names[place].header : place,
                          .datum = header ? LQ_NO_NODE : lq_windows_datum_at(w, place, text)};
}

static inline const lq_windows_key *known_key(lq_windows *w, const lq_json_node *key)
{
  lq_windows_key *k = &w->keys[key->shape];
  if (__builtin_expect(!k->known, 0))
    *k = learn(w, lq_json_raw(w->fill->json, key));
  return k;
}

uint16_t lq_windows_place_of_key(lq_windows *w, uint32_t key, lq_str name)
{
  const lq_json *j = w->fill->json;
  uint16_t shape = j->walker ? j->nodes[key].shape : LQ_NO_SHAPE;
  if (shape == LQ_NO_SHAPE || shape >= LQ_SHAPES_MOST)
    return lq_windows_place(w, name);
  begin_generation(w);
  return known_key(w, &j->nodes[key])->place;
}

// What a record of ECS has behind the key that says so is worth a look only for a wrapper.
static lq_windows_verdict look_for_wrapper(const lq_windows *w, uint32_t key)
{
  const lq_json *j = w->fill->json;
  for (; key < j->nodes[0].next; key = j->nodes[key + 1].next) {
    uint16_t shape = j->nodes[key].shape;
    if (shape == LQ_NO_SHAPE || shape >= LQ_SHAPES_MOST)
      return LQ_WINDOWS_UNSURE;
    const lq_windows_key *k = &w->keys[shape];
    if (k->known ? k->role == LQ_WINDOWS_WRAP : lq_str_eq(lq_json_raw(j, &j->nodes[key]), LQ_STR("_source")))
      return LQ_WINDOWS_UNSURE;
  }
  return LQ_WINDOWS_IS_ECS;
}

static void take(lq_windows *w, const lq_windows_key *k, uint32_t value)
{
  lq_windows_set(w, k->name, value);
  if (k->datum != LQ_NO_NODE)
    lq_fill_note(w->fill, value, k->datum);
}

lq_windows_verdict lq_windows_look(lq_windows *w, lq_fill *f)
{
  const lq_json *j = f->json;
  const lq_json_node *nodes = j->nodes;
  unsigned met = 0; // roles
  w->fill = f;
  begin_generation(w);
  lq_windows_begin_event(w, 0, 0);
  for (uint32_t key = 1; key < nodes[0].next; key = nodes[key + 1].next) {
    if (nodes[key].shape == LQ_NO_SHAPE || nodes[key].shape >= LQ_SHAPES_MOST)
      return LQ_WINDOWS_UNSURE;
    const lq_windows_key *k = known_key(w, &nodes[key]);
    if (k->role == LQ_WINDOWS_ECS)
      return look_for_wrapper(w, key);
    if (k->role == LQ_WINDOWS_WRAP || (k->role == LQ_WINDOWS_PART && is_object(j, key + 1)))
      return LQ_WINDOWS_UNSURE;
    met |= 1u << k->role;
    take(w, k, key + 1);
  }
  bool raw = met >> LQ_WINDOWS_ID & met >> LQ_WINDOWS_LOG & 1;
  return raw ? LQ_WINDOWS_IS_FLAT : LQ_WINDOWS_IS_ECS;
}
