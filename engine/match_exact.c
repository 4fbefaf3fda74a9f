// Whole texts by hash. A search ends at the first empty cell. Should texts crowd one place of the table,
// which somebody may have chosen them to do, they are kept in order instead.
#include "base/hash.h"
#include "base/sort.h"
#include "engine/match_parts.h"

enum { STEPS_MAX = 32 };

static uint64_t length_bit(size_t n)
{
  return UINT64_C(1) << (n < 63 ? n : 63);
}

static bool add(lq_exact *t, lq_str text, uint32_t key)
{
  uint32_t hash = (uint32_t)lq_hash_text(text), at = hash & t->mask;
  for (int steps = 1; t->cells[at].key != LQ_NONE; steps++) {
    if (steps == STEPS_MAX)
      return false;
    at = (at + 1) & t->mask;
  }
  t->cells[at] = (lq_exact_cell){hash, key};
  return true;
}

static bool fill(lq_exact *t, const lq_literal *texts, uint32_t n)
{
  for (uint32_t i = 0; i <= t->mask; i++)
    t->cells[i].key = LQ_NONE;
  for (uint32_t i = 0; i < n; i++) {
    t->lengths |= length_bit(texts[i].text.n);
    if (!add(t, texts[i].text, i))
      return false;
  }
  return true;
}

static int by_text(const void *a, const void *b)
{
  const lq_literal *x = a, *y = b;
  int order = lq_str_cmp(x->text, y->text);
  return order ? order : (x->key.pattern > y->key.pattern) - (x->key.pattern < y->key.pattern);
}

void lq_exact_make(lq_exact *t, lq_arena *a, const lq_literal *texts, uint32_t n)
{
  *t = (lq_exact){.n = n};
  size_t cells = 4;
  while (cells < 2 * (size_t)n)
    cells *= 2;
  lq_literal *copy = n > 0 ? lq_arena_array(a, n, sizeof *copy) : NULL;
  t->cells = n > 0 ? lq_arena_array(a, cells, sizeof *t->cells) : NULL;
  if (!copy || !t->cells)
    return;
  memcpy(copy, texts, n * sizeof *copy);
  t->texts = copy;
  t->mask = (uint32_t)(cells - 1);
  t->crowded = !fill(t, texts, n);
  if (t->crowded)
    lq_sort(copy, n, sizeof *copy, by_text);
}

static void find_in_order(const lq_exact *t, lq_str text, lq_search *s, size_t start)
{
  uint32_t low = 0, high = t->n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (lq_str_cmp(t->texts[mid].text, text) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  for (; low < t->n && lq_str_eq(t->texts[low].text, text); low++)
    lq_search_found(s, &t->texts[low].key, start, start + text.n);
}

void lq_exact_find(const lq_exact *t, lq_str text, lq_search *s, size_t start)
{
  if (!t->texts || (!t->crowded && !(t->lengths & length_bit(text.n))))
    return;
  if (t->crowded) {
    find_in_order(t, text, s, start);
    return;
  }
  uint32_t hash = (uint32_t)lq_hash_text(text);
  for (uint32_t at = hash & t->mask; t->cells[at].key != LQ_NONE; at = (at + 1) & t->mask) {
    const lq_literal *x = &t->texts[t->cells[at].key];
    if (t->cells[at].hash == hash && lq_str_eq(x->text, text))
      lq_search_found(s, &x->key, start, start + text.n);
  }
}
