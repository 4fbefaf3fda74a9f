// Which members of a crowded record are worth a node: those that lie on the way to a field that some rule
// reads, those that say what kind of record it is, and raw values that the mapping of Windows events knows.
//
// Each has its own allowance, so that one member, however many values it has, takes nothing from another.
#include "input/crowd.h"

enum {
  SHARED, // members whose names say nothing: they have one allowance
  SHAPE,  // names that are looked for whatever the rules are
  RAW,    // raw values, by their names in the mapping
};
enum { PER_FIELD = 4, ALL_SHARED = 16 }; // times the limit of a field: arrays count beside their elements

static uint32_t nodes(const lq_crowd *c)
{
  return c->fill->map ? (uint32_t)lq_fieldmap_nodes(c->fill->map) : 1;
}

lq_status lq_crowd_begin(lq_crowd *c, const lq_fill *f, lq_windows *w, uint32_t max_values)
{
  *c = (lq_crowd){.mem = f->mem, .fill = f, .windows = w, .max_values = max_values, .keys = {.mem = f->mem}};
  c->ncounts = nodes(c) + RAW + lq_windows_names(w);
  c->counts = lq_mem_alloc(c->mem, c->ncounts, sizeof *c->counts);
  return c->counts ? LQ_OK : LQ_E_NOMEM;
}

void lq_crowd_end(lq_crowd *c)
{
  lq_mem_free(c->mem, c->counts, c->ncounts, sizeof *c->counts);
  lq_arena_free(&c->keys);
  *c = (lq_crowd){0};
}

static bool is_one_of(lq_str s, const char *const *names)
{
  for (; *names; names++) {
    if (lq_str_is(s, *names))
      return true;
  }
  return false;
}

static uint32_t raw_name(const lq_crowd *c, lq_str key)
{
  uint32_t name = lq_windows_name(c->windows, key);
  return name == LQ_NO_NAME ? LQ_JSON_LEAVE_OUT : nodes(c) + RAW + name;
}

// Members of the record itself: beside fields there are wrappers, the parts of a raw Windows event, and what
// tells one from ECS.
static uint32_t member_of_root(const lq_crowd *c, lq_str key, uint32_t node)
{
  static const char *const parts[] = {"Event", "System", "EventData", "UserData", NULL};
  static const char *const signs[] = {"@timestamp", "timestamp",  "event",           "winlog",
                                      "ecs",        "event.code", "winlog.event_id", NULL};
  if (lq_str_is(key, "_source"))
    return 0;
  if (is_one_of(key, parts))
    return nodes(c) + SHARED;
  if (node != LQ_NO_NODE)
    return node;
  if (is_one_of(key, signs))
    return nodes(c) + SHAPE;
  uint32_t raw = raw_name(c, key);
  return raw != LQ_JSON_LEAVE_OUT ? raw : lq_windows_datum(c->windows, c->fill, key);
}

static uint32_t member(const lq_crowd *c, uint32_t where, lq_str key)
{
  uint32_t shared = nodes(c) + SHARED, found = LQ_JSON_LEAVE_OUT;
  if (where > shared)
    return where == nodes(c) + SHAPE ? found : where;
  if (where == shared || !c->fill->map) {
    found = raw_name(c, key);
  } else {
    uint32_t node = lq_fieldmap_descend(c->fill->map, where, key);
    found = where == 0 ? member_of_root(c, key, node) : node != LQ_NO_NODE ? node : LQ_JSON_LEAVE_OUT;
  }
  return found == LQ_JSON_LEAVE_OUT && (where == shared || c->fill->named) ? shared : found;
}

uint32_t lq_crowd_member(void *user, uint32_t where, lq_str key, bool escaped)
{
  lq_crowd *c = user;
  if (!escaped)
    return member(c, where, key);
  uint64_t repaired;
  lq_json text = {.text = key};
  lq_json_node whole = {.end = (uint32_t)key.n, .kind = LQ_JSON_STRING, .escaped = true};
  uint32_t found = member(c, where, lq_json_string(&text, &whole, &c->keys, &repaired));
  lq_arena_reset(&c->keys);
  return found;
}

bool lq_crowd_room(void *user, uint32_t where)
{
  lq_crowd *c = user;
  uint64_t most = (uint64_t)c->max_values * (where == nodes(c) + SHARED ? ALL_SHARED : PER_FIELD);
  return c->counts[where]++ < most;
}
