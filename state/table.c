// A hash table of nodes that live in their owners' structs.
#include "state/table.h"

// ---- lists

static lq_link *merge(lq_link *a, lq_link *b, lq_link_order order)
{
  lq_link head = {NULL, NULL}, *at = &head;
  while (a && b) {
    lq_link **from = order(b, a) < 0 ? &b : &a;
    at->next = *from;
    at = *from;
    *from = (*from)->next;
  }
  at->next = a ? a : b;
  return head.next;
}

// A merge sort that needs no memory.
void lq_list_sort(lq_link *list, lq_link_order order)
{
  lq_link *runs[64] = {NULL}; // runs[i] has 2^i links
  for (lq_link *l = list->next, *next; l != list; l = next) {
    next = l->next;
    l->next = NULL;
    size_t i = 0;
    for (; runs[i]; i++) {
      l = merge(runs[i], l, order);
      runs[i] = NULL;
    }
    runs[i] = l;
  }
  lq_link *all = NULL;
  for (size_t i = 0; i < 64; i++)
    all = runs[i] ? merge(runs[i], all, order) : all;
  lq_list_init(list);
  for (lq_link *next; all; all = next) {
    next = all->next;
    lq_list_push(list, all);
  }
}

// ---- tables

void lq_key_table_init(lq_key_table *t)
{
  *t = (lq_key_table){0};
  lq_list_init(&t->age);
}

lq_key_node *lq_key_table_find(const lq_key_table *t, const lq_key *key)
{
  if (t->nbuckets == 0)
    return NULL;
  lq_key_node *n = t->buckets[key->hash & (t->nbuckets - 1)];
  while (n &&
         !(n->hash == key->hash && n->nkey == key->n && (key->n == 0 || memcmp(n->key, key->p, key->n) == 0)))
    n = n->next;
  return n;
}

static void grow(lq_key_table *t, const lq_mem *mem)
{
  size_t want = t->nbuckets ? t->nbuckets * 2 : 16;
  lq_key_node **buckets = lq_mem_alloc(mem, want, sizeof *buckets);
  if (!buckets)
    return;
  for (size_t i = 0; i < t->nbuckets; i++) {
    for (lq_key_node *n = t->buckets[i], *next; n; n = next) {
      next = n->next;
      n->next = buckets[n->hash & (want - 1)];
      buckets[n->hash & (want - 1)] = n;
    }
  }
  lq_mem_free(mem, t->buckets, t->nbuckets, sizeof *t->buckets);
  t->buckets = buckets;
  t->nbuckets = want;
}

bool lq_key_table_add(lq_key_table *t, lq_key_node *node, const lq_mem *mem)
{
  if (t->n >= t->nbuckets)
    grow(t, mem);
  if (t->nbuckets == 0)
    return false;
  lq_key_node **bucket = &t->buckets[node->hash & (t->nbuckets - 1)];
  node->next = *bucket;
  *bucket = node;
  lq_list_push(&t->age, &node->age);
  t->n++;
  return true;
}

void lq_key_table_touch(lq_key_table *t, lq_key_node *node)
{
  lq_list_remove(&node->age);
  lq_list_push(&t->age, &node->age);
}

void lq_key_table_remove(lq_key_table *t, lq_key_node *node)
{
  lq_key_node **at = &t->buckets[node->hash & (t->nbuckets - 1)];
  while (*at != node)
    at = &(*at)->next;
  *at = node->next;
  lq_list_remove(&node->age);
  t->n--;
}

void lq_key_table_trim(lq_key_table *t, const lq_mem *mem)
{
  if (t->n > 0)
    return;
  lq_mem_free(mem, t->buckets, t->nbuckets, sizeof *t->buckets);
  t->buckets = NULL;
  t->nbuckets = 0;
}

void lq_key_table_free(lq_key_table *t, const lq_mem *mem)
{
  lq_mem_free(mem, t->buckets, t->nbuckets, sizeof *t->buckets);
  lq_key_table_init(t);
}
