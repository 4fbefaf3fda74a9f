// The fields that a rule set reads: a tree of name parts in one array, and one hash table from (node, part)
// to node.
#include "base/event.h"
#include "base/glob.h"

enum { ROOT = 0, FIRST_TABLE = 64 };

typedef struct node {
  lq_str part;
  uint32_t parent;
  uint32_t first_slot;
  bool is_scope, has_below;
} node;

typedef struct slot {
  lq_field_spec spec; // first, so that lq_fieldmap_spec can point at it
  uint32_t node;      // LQ_NO_NODE: a pattern
  uint32_t next;      // at the same node, or the next pattern
} slot;

typedef struct cell {
  uint32_t hash; // 0: free
  uint32_t node;
} cell;

struct lq_fieldmap {
  const lq_mem *mem;
  lq_arena names;
  node *nodes;
  size_t nnodes, nodes_cap;
  slot *slots;
  size_t nslots, slots_cap;
  cell *table;
  size_t table_size; // a power of two, at least twice nnodes
  uint32_t first_pattern;
};

static uint64_t load64(const char *p)
{
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

// Up to eight bytes, in two loads that may overlap: a memcpy of a length known only here would be a call.
static uint64_t load_short(const char *p, size_t n)
{
  uint32_t low, high;
  if (n < 4)
    return n == 0 ? 0 : (uint64_t)(uint8_t)p[0] << 16 | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint8_t)p[n - 1];
  memcpy(&low, p, sizeof low);
  memcpy(&high, p + n - sizeof high, sizeof high);
  return (uint64_t)high << 32 | low;
}

static uint64_t mixed(uint64_t h)
{
  h *= UINT64_C(0x9E3779B97F4A7C15);
  return h ^ h >> 32;
}

// Only names of rules are ever put in, so events cannot build long chains here.
static uint32_t hash_of(uint32_t parent, lq_str part)
{
  uint64_t h = mixed(parent + UINT64_C(1)) ^ part.n;
  for (; part.n > 8; part.p += 8, part.n -= 8)
    h = mixed(h ^ load64(part.p));
  h = mixed(h ^ load_short(part.p, part.n));
  return (uint32_t)h ? (uint32_t)h : 1; // 0 marks a free cell
}

static cell *place_of(const lq_fieldmap *m, uint32_t parent, lq_str part)
{
  uint32_t hash = hash_of(parent, part);
  size_t mask = m->table_size - 1, i = hash & mask;
  for (; m->table[i].hash; i = (i + 1) & mask) {
    const node *n = &m->nodes[m->table[i].node];
    if (m->table[i].hash == hash && n->parent == parent && lq_str_eq(n->part, part))
      break;
  }
  return &m->table[i];
}

static void put(lq_fieldmap *m, uint32_t at)
{
  const node *n = &m->nodes[at];
  *place_of(m, n->parent, n->part) = (cell){hash_of(n->parent, n->part), at};
}

static bool grow_table(lq_fieldmap *m)
{
  size_t old_size = m->table_size, size = old_size ? old_size * 2 : FIRST_TABLE;
  cell *table = lq_mem_alloc(m->mem, size, sizeof *table);
  if (!table)
    return false;
  lq_mem_free(m->mem, m->table, old_size, sizeof *table);
  m->table = table;
  m->table_size = size;
  for (uint32_t i = 1; i < m->nnodes; i++)
    put(m, i);
  return true;
}

// The new node, or LQ_NO_NODE when out of memory.
static uint32_t new_node(lq_fieldmap *m, uint32_t parent, lq_str part)
{
  if (m->nnodes * 2 >= m->table_size && !grow_table(m))
    return LQ_NO_NODE;
  lq_str own = lq_arena_copy(&m->names, part);
  if (m->names.failed || m->nnodes >= LQ_NO_NODE || !LQ_GROW(m->mem, m->nodes, m->nnodes, &m->nodes_cap))
    return LQ_NO_NODE;
  uint32_t at = (uint32_t)m->nnodes++;
  m->nodes[at] = (node){.part = own, .parent = parent, .first_slot = LQ_NO_SLOT};
  if (parent != LQ_NO_NODE)
    m->nodes[parent].has_below = true;
  return at;
}

lq_status lq_fieldmap_new(lq_fieldmap **out, const lq_mem *mem)
{
  lq_fieldmap *m = lq_mem_alloc(mem, 1, sizeof *m);
  if (!m)
    return LQ_E_NOMEM;
  *m = (lq_fieldmap){.mem = mem, .names = {.mem = mem}, .first_pattern = LQ_NO_SLOT};
  if (new_node(m, LQ_NO_NODE, LQ_STR("")) != ROOT) {
    lq_fieldmap_free(m);
    return LQ_E_NOMEM;
  }
  *out = m;
  return LQ_OK;
}

void lq_fieldmap_free(lq_fieldmap *m)
{
  if (!m)
    return;
  const lq_mem *mem = m->mem;
  lq_arena_free(&m->names);
  lq_mem_free(mem, m->nodes, m->nodes_cap, sizeof *m->nodes);
  lq_mem_free(mem, m->slots, m->slots_cap, sizeof *m->slots);
  lq_mem_free(mem, m->table, m->table_size, sizeof *m->table);
  lq_mem_free(mem, m, 1, sizeof *m);
}

// The part of a name that begins at *at; *at moves behind its dot, past the end when it was the last.
static lq_str next_part(lq_str name, size_t *at)
{
  const char *dot = *at < name.n ? memchr(name.p + *at, '.', name.n - *at) : NULL;
  size_t end = dot ? (size_t)(dot - name.p) : name.n;
  lq_str part = lq_str_slice(name, *at, end);
  *at = end + 1;
  return part;
}

static uint32_t add_path(lq_fieldmap *m, lq_str name)
{
  uint32_t at = ROOT;
  for (size_t i = 0; i <= name.n;) {
    lq_str part = next_part(name, &i);
    uint32_t child = lq_fieldmap_child(m, at, part);
    if (child == LQ_NO_NODE) {
      child = new_node(m, at, part);
      if (child == LQ_NO_NODE)
        return LQ_NO_NODE;
      put(m, child);
    }
    at = child;
  }
  return at;
}

static uint32_t find_slot(const lq_fieldmap *m, uint32_t from, const lq_field_spec *spec)
{
  for (uint32_t s = from; s != LQ_NO_SLOT; s = m->slots[s].next) {
    const lq_field_spec *have = &m->slots[s].spec;
    if (have->scope == spec->scope && have->is_scope == spec->is_scope && lq_str_eq(have->name, spec->name))
      return s;
  }
  return LQ_NO_SLOT;
}

// Slots of one node are in the order they came.
static void append_slot(lq_fieldmap *m, uint32_t *list, uint32_t s)
{
  while (*list != LQ_NO_SLOT)
    list = &m->slots[*list].next;
  *list = s;
}

static lq_status new_slot(lq_fieldmap *m, const lq_field_spec *spec, uint32_t at, uint32_t *out)
{
  lq_field_spec own = *spec;
  own.name = lq_arena_copy(&m->names, spec->name);
  if (m->names.failed || m->nslots >= LQ_NO_SLOT || !LQ_GROW(m->mem, m->slots, m->nslots, &m->slots_cap))
    return LQ_E_NOMEM;
  *out = (uint32_t)m->nslots++;
  m->slots[*out] = (slot){.spec = own, .node = at, .next = LQ_NO_SLOT};
  append_slot(m, at == LQ_NO_NODE ? &m->first_pattern : &m->nodes[at].first_slot, *out);
  if (at != LQ_NO_NODE)
    m->nodes[at].is_scope |= spec->is_scope;
  return LQ_OK;
}

static bool is_scope_slot(const lq_fieldmap *m, uint32_t s)
{
  return s < m->nslots && m->slots[s].spec.is_scope;
}

lq_status lq_fieldmap_add(lq_fieldmap *m, const lq_field_spec *spec, uint32_t *out)
{
  if (spec->scope != LQ_NO_SLOT && !is_scope_slot(m, spec->scope))
    return LQ_E_USAGE;
  bool pattern = lq_glob_has_wildcard(spec->name);
  uint32_t at = pattern ? LQ_NO_NODE : add_path(m, spec->name);
  if (!pattern && at == LQ_NO_NODE)
    return LQ_E_NOMEM;
  *out = find_slot(m, pattern ? m->first_pattern : m->nodes[at].first_slot, spec);
  return *out != LQ_NO_SLOT ? LQ_OK : new_slot(m, spec, at, out);
}

size_t lq_fieldmap_nodes(const lq_fieldmap *m)
{
  return m->nnodes;
}

size_t lq_fieldmap_slots(const lq_fieldmap *m)
{
  return m->nslots;
}

const lq_field_spec *lq_fieldmap_spec(const lq_fieldmap *m, uint32_t s)
{
  return &m->slots[s].spec;
}

uint32_t lq_fieldmap_child(const lq_fieldmap *m, uint32_t at, lq_str part)
{
  if (at == LQ_NO_NODE)
    return LQ_NO_NODE;
  const cell *c = place_of(m, at, part);
  return c->hash ? c->node : LQ_NO_NODE;
}

uint32_t lq_fieldmap_descend(const lq_fieldmap *m, uint32_t at, lq_str key)
{
  for (size_t i = 0; i <= key.n && at != LQ_NO_NODE;)
    at = lq_fieldmap_child(m, at, next_part(key, &i));
  return at;
}

bool lq_fieldmap_has_patterns(const lq_fieldmap *m)
{
  return m->first_pattern != LQ_NO_SLOT;
}

uint32_t lq_fieldmap_first_pattern(const lq_fieldmap *m)
{
  return m->first_pattern;
}

void lq_fieldmap_match_patterns(const lq_fieldmap *m, lq_str full_name,
                                void (*add)(void *user, uint32_t slot), void *user)
{
  for (uint32_t s = m->first_pattern; s != LQ_NO_SLOT; s = m->slots[s].next) {
    if (lq_glob_match(m->slots[s].spec.name, full_name, false))
      add(user, s);
  }
}

uint32_t lq_fieldmap_slot_at(const lq_fieldmap *m, uint32_t at)
{
  return at == LQ_NO_NODE ? LQ_NO_SLOT : m->nodes[at].first_slot;
}

uint32_t lq_fieldmap_next_slot(const lq_fieldmap *m, uint32_t s)
{
  return m->slots[s].next;
}

bool lq_fieldmap_node_is_scope(const lq_fieldmap *m, uint32_t at)
{
  return at != LQ_NO_NODE && m->nodes[at].is_scope;
}

bool lq_fieldmap_has_below(const lq_fieldmap *m, uint32_t at)
{
  return at != LQ_NO_NODE && m->nodes[at].has_below;
}
