// A hash table of nodes that live in their owners' structs, and lists that keep them by age.
#ifndef LQ_STATE_TABLE_H
#define LQ_STATE_TABLE_H

#include "state/keys.h"

typedef struct lq_link {
  struct lq_link *prev, *next;
} lq_link;

static inline void lq_list_init(lq_link *l)
{
  l->prev = l->next = l;
}
static inline bool lq_list_empty(const lq_link *l)
{
  return l->next == l;
}
static inline void lq_list_remove(lq_link *x)
{
  x->prev->next = x->next;
  x->next->prev = x->prev;
  lq_list_init(x);
}
static inline void lq_list_push(lq_link *list, lq_link *x) // at the end
{
  x->prev = list->prev;
  x->next = list;
  list->prev->next = x;
  list->prev = x;
}
typedef int (*lq_link_order)(const lq_link *a, const lq_link *b);
void lq_list_sort(lq_link *list, lq_link_order order); // stable
#define LQ_OWNER(type, member, link) ((type *)(void *)((char *)(link)-offsetof(type, member)))

typedef struct lq_key_node {
  struct lq_key_node *next; // in its bucket
  lq_link age;              // in table.age
  uint64_t hash;
  const char *key; // owned by whoever owns the node
  size_t nkey;
} lq_key_node;

// Ready when zero and lq_key_table_init has run.
typedef struct lq_key_table {
  lq_key_node **buckets;
  size_t nbuckets, n;
  lq_link age; // oldest first: what was added or touched last is at the end
} lq_key_table;

void lq_key_table_init(lq_key_table *t);
lq_key_node *lq_key_table_find(const lq_key_table *t, const lq_key *key);
// The node's key and hash are set. False: no memory, and it is not in. A table that cannot grow goes on, with
// longer chains.
bool lq_key_table_add(lq_key_table *t, lq_key_node *node, const lq_mem *mem);
void lq_key_table_touch(lq_key_table *t, lq_key_node *node); // is the youngest now
void lq_key_table_remove(lq_key_table *t, lq_key_node *node);
void lq_key_table_trim(lq_key_table *t, const lq_mem *mem); // the buckets, when it is empty
void lq_key_table_free(lq_key_table *t, const lq_mem *mem); // the buckets; the nodes are their owners'

#endif
