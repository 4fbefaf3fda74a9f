// Hash-consed tables: equal rows get one number, over all rules of a compile.
#ifndef LQ_COMPILER_POOL_H
#define LQ_COMPILER_POOL_H

#include "base/arena.h"
#include "libquery/status.h"
#include "vm/program.h"

// Byte strings to numbers from 0, in the order of arrival. The hash only finds rows: no order in a bundle
// comes from it.
// Beside the number a part of the key's hash, so that a search looks at one key alone, most of the time.
typedef struct lq_intern_slot {
  uint32_t number; // + 1; 0 is empty
  uint32_t hash;
} lq_intern_slot;

typedef struct lq_interner {
  lq_arena *arena;
  lq_str *keys;
  size_t n, cap;
  lq_intern_slot *slots;
  size_t nslots;
} lq_interner;

uint32_t lq_intern(lq_interner *t, lq_str key); // LQ_NONE: out of memory
void lq_interner_free(lq_interner *t);

// Rows are kept as their own bytes. Members of sets are text ids, or whole rows for regexes and networks.
typedef struct lq_pool_field {
  uint32_t name, scope, flags, type;
} lq_pool_field;
typedef struct lq_pool_const {
  uint32_t type, text;
  uint64_t bits;
  uint8_t ip[16];
} lq_pool_const;
typedef struct lq_pool_predicate {
  uint32_t field, matcher, arg;
} lq_pool_predicate;
typedef struct lq_pool_cidr {
  uint8_t base[16];
  uint32_t bits;
} lq_pool_cidr;

typedef struct lq_pool {
  lq_arena arena;
  lq_interner strings, fields, consts, sets, functions, predicates;
} lq_pool;

void lq_pool_init(lq_pool *p, const lq_mem *mem);
void lq_pool_free(lq_pool *p);
static inline uint32_t lq_pool_string(lq_pool *p, lq_str s)
{
  return lq_intern(&p->strings, s);
}
uint32_t lq_pool_field_id(lq_pool *p, lq_str name, uint32_t scope, uint32_t flags, lq_type type);
uint32_t lq_pool_const_id(lq_pool *p, const lq_value *v);
uint32_t lq_pool_function(lq_pool *p, uint32_t function);
uint32_t lq_pool_predicate_id(lq_pool *p, uint32_t field, lq_matcher_kind matcher, uint32_t arg);
// Sorts members (n of them, size bytes each) by their bytes and drops duplicates; then the set's number.
uint32_t lq_pool_set(lq_pool *p, lq_set_kind kind, void *members, size_t n);
size_t lq_pool_member_size(lq_set_kind kind);

// The row of a number.
#define LQ_POOL_ROW(type, table, id) (*(const type *)(const void *)(table).keys[id].p)
lq_set_kind lq_pool_set_kind(const lq_pool *p, uint32_t set);
const void *lq_pool_set_members(const lq_pool *p, uint32_t set, size_t *n);

#endif
