// A hash table of nodes that live in their owners' structs, and lists that keep them by age.
#ifndef LQ_STATE_TABLE_H
#define LQ_STATE_TABLE_H

#include "base/buf.h"
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
  lq_link dirty;            // in table.changes->dirty, when it has changed since the last save
  uint64_t hash;
  uint64_t nth;    // ascending along table.age, in saved state too
  const char *key; // owned by whoever owns the node
  uint32_t nkey;
  bool saved; // the last save, or one that it builds on, has it
} lq_key_node;

// What has changed in a table since it was saved: nodes, and keys that went.
typedef struct lq_changes {
  const lq_mem *mem;
  lq_link dirty;
  size_t ndirty;
  lq_buf gone; // keys: length in 4 bytes, bytes
  size_t ngone;
  bool lost; // more went than was worth remembering: the next save has the whole table
} lq_changes;

// Ready when zero and lq_key_table_init has run.
typedef struct lq_key_table {
  lq_key_node **buckets;
  size_t nbuckets, n;
  lq_link age; // oldest first: what was added or touched last is at the end
  uint64_t ticks;
  lq_changes *changes; // NULL: nobody asks
} lq_key_table;

void lq_key_table_init(lq_key_table *t);
lq_key_node *lq_key_table_find(const lq_key_table *t, const lq_key *key);
// The node's key and hash are set. False: no memory, and it is not in. A table that cannot grow goes on, with
// longer chains.
bool lq_key_table_add(lq_key_table *t, lq_key_node *node, const lq_mem *mem);
void lq_key_table_touch(lq_key_table *t, lq_key_node *node); // is the youngest now
void lq_key_table_mark(lq_key_table *t, lq_key_node *node);  // what its owner holds has changed
void lq_key_table_remove(lq_key_table *t, lq_key_node *node);
void lq_key_table_trim(lq_key_table *t, const lq_mem *mem); // the buckets, when it is empty
void lq_key_table_free(lq_key_table *t, const lq_mem *mem); // the buckets; the nodes are their owners'

// All nodes are saved; from now on changes are written down. False: no memory.
bool lq_key_table_follow(lq_key_table *t, const lq_mem *mem);
void lq_key_table_forget(lq_key_table *t);

#endif
