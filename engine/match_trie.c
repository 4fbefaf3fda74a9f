// Literals at one end of a text: a trie whose edges are texts. It grows as lists of siblings, and is then
// laid out anew with the children of a node behind each other, so that one look at their first bytes finds a
// child.
#include "engine/match_parts.h"

// A node that grows.
typedef struct bud {
  const char *label;
  uint32_t length;
  uint32_t child, next; // LQ_NONE: none
  uint32_t keys;        // a list, by index of the literal
} bud;

typedef struct maker {
  bud *buds;
  uint32_t n;
  uint32_t *next_key; // by literal
  bool backwards;
} maker;

// Bytes [from, from + length) of the literal, as they lie in memory.
static const char *part(const maker *m, lq_str literal, size_t from, size_t length)
{
  return m->backwards ? literal.p + literal.n - from - length : literal.p + from;
}

static uint8_t first_byte(bool backwards, const char *label, uint32_t length)
{
  return (uint8_t)label[backwards ? length - 1 : 0];
}

static uint32_t add_bud(maker *m, lq_str literal, size_t from)
{
  uint32_t length = (uint32_t)(literal.n - from);
  m->buds[m->n] = (bud){part(m, literal, from, length), length, LQ_NONE, LQ_NONE, LQ_NONE};
  return m->n++;
}

static size_t common(const maker *m, const bud *b, lq_str literal, size_t from)
{
  size_t n = 0, most = literal.n - from < b->length ? literal.n - from : b->length;
  while (n < most && *part(m, literal, from + n, 1) == b->label[m->backwards ? b->length - 1 - n : n])
    n++;
  return n;
}

// The node keeps the first bytes of its label; what it was hangs below it.
static void split(maker *m, bud *b, size_t at)
{
  bud below = *b;
  below.length -= (uint32_t)at;
  below.label += m->backwards ? 0 : at;
  below.next = LQ_NONE;
  b->label += m->backwards ? b->length - at : 0;
  b->length = (uint32_t)at;
  b->child = m->n;
  b->keys = LQ_NONE;
  m->buds[m->n++] = below;
}

static uint32_t child_of(const maker *m, const bud *b, uint8_t byte)
{
  uint32_t c = b->child;
  while (c != LQ_NONE && first_byte(m->backwards, m->buds[c].label, m->buds[c].length) != byte)
    c = m->buds[c].next;
  return c;
}

static uint32_t insert(maker *m, lq_str literal)
{
  uint32_t at = 0;
  for (size_t from = 0; from < literal.n;) {
    uint32_t c = child_of(m, &m->buds[at], (uint8_t)*part(m, literal, from, 1));
    if (c == LQ_NONE) {
      c = add_bud(m, literal, from);
      m->buds[c].next = m->buds[at].child;
      m->buds[at].child = c;
    }
    size_t n = common(m, &m->buds[c], literal, from);
    if (n < m->buds[c].length)
      split(m, &m->buds[c], n);
    from += n;
    at = c;
  }
  return at;
}

// Breadth first: the children of a node get numbers in a row. order: which bud each node was.
static void lay_out(lq_trie *t, const maker *m, const lq_literal *literals, uint32_t *order)
{
  uint32_t n = 1, keys = 0;
  order[0] = 0;
  for (uint32_t i = 0; i < n; i++) {
    const bud *b = &m->buds[order[i]];
    lq_trie_node *node = &t->nodes[i];
    *node = (lq_trie_node){.label = b->label, .length = b->length, .children = n, .keys = keys};
    for (uint32_t c = b->child; c != LQ_NONE; c = m->buds[c].next) {
      t->bytes[n] = first_byte(m->backwards, m->buds[c].label, m->buds[c].length);
      order[n++] = c;
    }
    for (uint32_t k = b->keys; k != LQ_NONE; k = m->next_key[k])
      t->keys[keys++] = literals[k].key;
    node->nchildren = n - node->children;
    node->nkeys = keys - node->keys;
  }
}

void lq_trie_make(lq_trie *t, lq_arena *a, lq_arena *scratch, const lq_literal *literals, size_t n,
                  bool backwards)
{
  *t = (lq_trie){.backwards = backwards};
  if (n == 0)
    return;
  // A literal adds one node and splits one more.
  maker m = {.buds = lq_arena_array(scratch, 2 * n + 1, sizeof *m.buds),
             .next_key = lq_arena_array(scratch, n, sizeof *m.next_key),
             .backwards = backwards};
  uint32_t *order = lq_arena_array(scratch, 2 * n + 1, sizeof *order);
  if (!m.buds || !m.next_key || !order)
    return;
  add_bud(&m, LQ_STR(""), 0);
  for (uint32_t i = 0; i < n; i++) {
    uint32_t at = insert(&m, literals[i].text);
    m.next_key[i] = m.buds[at].keys;
    m.buds[at].keys = i;
  }
  t->bytes = lq_arena_alloc(a, m.n);
  t->keys = lq_arena_array(a, n, sizeof *t->keys);
  lq_trie_node *nodes = lq_arena_array(a, m.n, sizeof *nodes);
  if (!t->bytes || !t->keys || !nodes)
    return;
  t->nodes = nodes;
  lay_out(t, &m, literals, order);
}

static bool follows(const lq_trie *t, const lq_trie_node *node, lq_str text, size_t depth)
{
  if (node->length > text.n - depth)
    return false;
  const char *p = t->backwards ? text.p + text.n - depth - node->length : text.p + depth;
  return memcmp(p, node->label, node->length) == 0;
}

void lq_trie_walk(const lq_trie *t, lq_search *s, size_t from)
{
  if (!t->nodes)
    return;
  lq_str text = t->backwards ? s->text : lq_str_slice(s->text, from, s->text.n);
  const lq_trie_node *node = t->nodes;
  for (size_t depth = 0;;) {
    size_t start = t->backwards ? text.n - depth : from;
    for (uint32_t i = 0; i < node->nkeys; i++)
      lq_search_found(s, &t->keys[node->keys + i], start, start + depth);
    if (depth == text.n || node->nchildren == 0)
      return;
    int byte = (uint8_t)text.p[t->backwards ? text.n - 1 - depth : depth];
    const uint8_t *at = memchr(t->bytes + node->children, byte, node->nchildren);
    if (!at)
      return;
    node = &t->nodes[at - t->bytes];
    if (!follows(t, node, text, depth))
      return;
    depth += node->length;
  }
}
