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
  lq_list_init(&node->dirty);
  node->nth = ++t->ticks;
  t->n++;
  lq_key_table_mark(t, node);
  return true;
}

void lq_key_table_touch(lq_key_table *t, lq_key_node *node)
{
  lq_list_remove(&node->age);
  lq_list_push(&t->age, &node->age);
  node->nth = ++t->ticks;
  lq_key_table_mark(t, node);
}

void lq_key_table_mark(lq_key_table *t, lq_key_node *node)
{
  lq_changes *c = t->changes;
  if (!c || !lq_list_empty(&node->dirty))
    return;
  lq_list_push(&c->dirty, &node->dirty);
  c->ndirty++;
}

static void forget_gone(lq_changes *c)
{
  lq_buf_free(&c->gone);
  c->ngone = 0;
  c->lost = true;
}

// A node goes. Under a flood of keys more go than stay: then the whole table is less to write.
static void note_gone(lq_key_table *t, lq_key_node *node)
{
  lq_changes *c = t->changes;
  if (!lq_list_empty(&node->dirty)) {
    lq_list_remove(&node->dirty);
    c->ndirty--;
  }
  if (!node->saved || c->lost)
    return;
  char n[4] = {(char)node->nkey, (char)(node->nkey >> 8), (char)(node->nkey >> 16), (char)(node->nkey >> 24)};
  lq_buf_add(&c->gone, n, sizeof n);
  lq_buf_add(&c->gone, node->key, node->nkey);
  if (c->gone.failed || ++c->ngone > t->n / 2 + 64)
    forget_gone(c);
}

void lq_key_table_remove(lq_key_table *t, lq_key_node *node)
{
  lq_key_node **at = &t->buckets[node->hash & (t->nbuckets - 1)];
  while (*at != node)
    at = &(*at)->next;
  *at = node->next;
  lq_list_remove(&node->age);
  t->n--;
  if (t->changes)
    note_gone(t, node);
}

static void unmark(lq_changes *c)
{
  while (!lq_list_empty(&c->dirty))
    lq_list_remove(c->dirty.next);
  c->ndirty = 0;
}

bool lq_key_table_follow(lq_key_table *t, const lq_mem *mem)
{
  lq_changes *c = t->changes ? t->changes : lq_mem_alloc(mem, 1, sizeof *c);
  if (!c)
    return false;
  if (t->changes) {
    unmark(c);
    lq_buf_free(&c->gone);
  } else {
    lq_list_init(&c->dirty);
  }
  c->mem = c->gone.mem = mem;
  c->ngone = 0;
  c->lost = false;
  t->changes = c;
  return true;
}

void lq_key_table_forget(lq_key_table *t)
{
  lq_changes *c = t->changes;
  if (!c)
    return;
  unmark(c);
  lq_buf_free(&c->gone);
  lq_mem_free(c->mem, c, 1, sizeof *c);
  t->changes = NULL;
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
  lq_key_table_forget(t);
  lq_key_table_init(t);
}
