// Hash-consing: one open-addressing table serves texts, fields, constants, sets, functions and predicates.
#include "compiler/pool.h"

#include "base/hash.h"
#include "base/sort.h"

// ---- interner

// Rules come from whoever runs the compiler, who can slow down only themselves by what they choose. The slot
// that holds the key, or the empty one where it belongs.
static lq_intern_slot *slot_of(const lq_interner *t, lq_str key, uint32_t hash)
{
  size_t mask = t->nslots - 1, i = hash & mask;
  while (t->slots[i].number && (t->slots[i].hash != hash || !lq_str_eq(t->keys[t->slots[i].number - 1], key)))
    i = (i + 1) & mask;
  return &t->slots[i];
}

// Keys differ, so none is looked at.
static void move_slots(const lq_intern_slot *from, size_t nfrom, lq_intern_slot *to, size_t mask)
{
  for (size_t k = 0; k < nfrom; k++) {
    size_t i = from[k].hash & mask;
    while (from[k].number && to[i].number)
      i = (i + 1) & mask;
    if (from[k].number)
      to[i] = from[k];
  }
}

static bool grow_slots(lq_interner *t)
{
  if (t->nslots > 0 && t->n < t->nslots / 2)
    return true;
  size_t old = t->nslots, wide = old ? old * 2 : 64;
  lq_intern_slot *slots = lq_mem_alloc(t->arena->mem, wide, sizeof *slots);
  if (!slots)
    return false;
  move_slots(t->slots, old, slots, wide - 1);
  lq_mem_free(t->arena->mem, t->slots, old, sizeof *slots);
  t->slots = slots;
  t->nslots = wide;
  return true;
}

uint32_t lq_intern(lq_interner *t, lq_str key)
{
  if (t->n >= LQ_NONE - 1 || !grow_slots(t) || !LQ_GROW(t->arena->mem, t->keys, t->n, &t->cap))
    return LQ_NONE;
  uint32_t hash = (uint32_t)lq_hash_text(key);
  lq_intern_slot *slot = slot_of(t, key, hash);
  if (slot->number)
    return slot->number - 1;
  char *copy = lq_arena_bytes(t->arena, key.n ? key.n : 1);
  if (!copy)
    return LQ_NONE;
  if (key.n > 0)
    memcpy(copy, key.p, key.n);
  t->keys[t->n] = (lq_str){copy, key.n};
  *slot = (lq_intern_slot){(uint32_t)++t->n, hash};
  return slot->number - 1;
}

void lq_interner_free(lq_interner *t)
{
  if (!t->arena)
    return;
  lq_mem_free(t->arena->mem, t->keys, t->cap, sizeof *t->keys);
  lq_mem_free(t->arena->mem, t->slots, t->nslots, sizeof *t->slots);
  *t = (lq_interner){0};
}

// ---- tables

void lq_pool_init(lq_pool *p, const lq_mem *mem)
{
  *p = (lq_pool){.arena = {.mem = mem}};
  lq_interner *all[] = {&p->strings, &p->fields, &p->consts, &p->sets, &p->functions, &p->predicates};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    all[i]->arena = &p->arena;
}

void lq_pool_free(lq_pool *p)
{
  lq_interner *all[] = {&p->strings, &p->fields, &p->consts, &p->sets, &p->functions, &p->predicates};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    lq_interner_free(all[i]);
  lq_arena_free(&p->arena);
}

#define BYTES(row) ((lq_str){(const char *)(row), sizeof *(row)})

uint32_t lq_pool_field_id(lq_pool *p, lq_str name, uint32_t scope, uint32_t flags, lq_type type)
{
  lq_pool_field row = {lq_pool_string(p, name), scope, flags, (uint32_t)type};
  return row.name == LQ_NONE ? LQ_NONE : lq_intern(&p->fields, BYTES(&row));
}

uint32_t lq_pool_const_id(lq_pool *p, const lq_value *v)
{
  lq_pool_const row = {.type = (uint32_t)v->type};
  double zero = 0.0;
  switch (v->type) {
  case LQ_T_BOOL: row.bits = v->b; break;
  case LQ_T_INT:
  case LQ_T_DATE: row.bits = (uint64_t)v->i; break;
  case LQ_T_UINT: row.bits = v->u; break;
  case LQ_T_DOUBLE: memcpy(&row.bits, v->d == zero ? &zero : &v->d, sizeof row.bits); break;
  case LQ_T_STRING: row.text = lq_pool_string(p, v->s); break;
  case LQ_T_IP: memcpy(row.ip, v->ip->b, sizeof row.ip); break;
  case LQ_T_NULL:
  case LQ_T_OBJECT: return LQ_NONE; // no constant can be one
  }
  return row.text == LQ_NONE ? LQ_NONE : lq_intern(&p->consts, BYTES(&row));
}

uint32_t lq_pool_function(lq_pool *p, uint32_t function)
{
  return lq_intern(&p->functions, BYTES(&function));
}

uint32_t lq_pool_predicate_id(lq_pool *p, uint32_t field, lq_matcher_kind matcher, uint32_t arg)
{
  lq_pool_predicate row = {field, (uint32_t)matcher, arg};
  return field == LQ_NONE || arg == LQ_NONE ? LQ_NONE : lq_intern(&p->predicates, BYTES(&row));
}

// ---- sets

size_t lq_pool_member_size(lq_set_kind kind)
{
  return kind == LQ_SET_TEXTS     ? sizeof(uint32_t)
         : kind == LQ_SET_REGEXES ? sizeof(lq_regex_def)
         : kind == LQ_SET_CIDRS   ? sizeof(lq_pool_cidr)
                                  : 1;
}

static int by_id(const void *a, const void *b)
{
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}
static int by_regex(const void *a, const void *b)
{
  const lq_regex_def *x = a, *y = b;
  int text = (x->text > y->text) - (x->text < y->text);
  return text ? text : (x->flags > y->flags) - (x->flags < y->flags);
}
static int by_cidr(const void *a, const void *b)
{
  const lq_pool_cidr *x = a, *y = b;
  int base = memcmp(x->base, y->base, sizeof x->base);
  return base ? base : (x->bits > y->bits) - (x->bits < y->bits);
}

static size_t sort_unique(lq_set_kind kind, char *members, size_t n)
{
  size_t size = lq_pool_member_size(kind), kept = 0;
  lq_sort(members, n, size, kind == LQ_SET_TEXTS ? by_id : kind == LQ_SET_REGEXES ? by_regex : by_cidr);
  for (size_t i = 0; i < n; i++) {
    if (kept > 0 && memcmp(members + (kept - 1) * size, members + i * size, size) == 0)
      continue;
    memmove(members + kept++ * size, members + i * size, size);
  }
  return kept;
}

// A set's row: its kind, then its members.
uint32_t lq_pool_set(lq_pool *p, lq_set_kind kind, void *members, size_t n)
{
  size_t size = lq_pool_member_size(kind), kept = sort_unique(kind, members, n);
  lq_buf row = {.mem = p->arena.mem};
  uint32_t head[2] = {(uint32_t)kind, 0};
  lq_buf_add(&row, head, sizeof head);
  lq_buf_add(&row, members, kept * size);
  uint32_t id = row.failed ? LQ_NONE : lq_intern(&p->sets, lq_buf_get(&row));
  lq_buf_free(&row);
  return id;
}

lq_set_kind lq_pool_set_kind(const lq_pool *p, uint32_t set)
{
  return (lq_set_kind)LQ_POOL_ROW(uint32_t, p->sets, set);
}

const void *lq_pool_set_members(const lq_pool *p, uint32_t set, size_t *n)
{
  const size_t head = 2 * sizeof(uint32_t);
  lq_str row = p->sets.keys[set];
  *n = (row.n - head) / lq_pool_member_size(lq_pool_set_kind(p, set));
  return row.p + head;
}
