// A hash table of nodes that live in their owners' structs.
#include "state/table.h"

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

void lq_key_table_free(lq_key_table *t, const lq_mem *mem)
{
  lq_mem_free(mem, t->buckets, t->nbuckets, sizeof *t->buckets);
  lq_key_table_init(t);
}
