// The order of a machine's lists after keys came from several places.
#include "state/machine_internal.h"

static const lq_partial *partial_of(const lq_link *l)
{
  return LQ_OWNER(lq_partial, age, (lq_link *)(uintptr_t)l);
}

static int nth_order(const lq_partial *x, const lq_partial *y)
{
  return (x->nth > y->nth) - (x->nth < y->nth);
}

static int partial_order(const lq_link *a, const lq_link *b)
{
  const lq_partial *x = partial_of(a), *y = partial_of(b);
  return x->first != y->first ? (x->first > y->first) - (x->first < y->first) : nth_order(x, y);
}

static int held_order(const lq_link *a, const lq_link *b)
{
  const lq_partial *x = partial_of(a), *y = partial_of(b);
  int order = lq_order_cmp(x->last, y->last);
  return order ? order : nth_order(x, y);
}

static int lead_order(const lq_link *a, const lq_link *b)
{
  int64_t x = LQ_OWNER(lq_key_entry, by_lead, (lq_link *)(uintptr_t)a)->lead,
          y = LQ_OWNER(lq_key_entry, by_lead, (lq_link *)(uintptr_t)b)->lead;
  return (x > y) - (x < y);
}

static int row_order(const lq_link *a, const lq_link *b)
{
  uint64_t x = LQ_OWNER(lq_state_match, link, (lq_link *)(uintptr_t)a)->nth;
  uint64_t y = LQ_OWNER(lq_state_match, link, (lq_link *)(uintptr_t)b)->nth;
  return (x > y) - (x < y);
}

static int node_order(const lq_link *a, const lq_link *b)
{
  uint64_t x = LQ_OWNER(lq_key_node, age, (lq_link *)(uintptr_t)a)->nth;
  uint64_t y = LQ_OWNER(lq_key_node, age, (lq_link *)(uintptr_t)b)->nth;
  return (x > y) - (x < y);
}

static bool is_sorted(const lq_link *list, lq_link_order order)
{
  for (const lq_link *l = list->next; l != list && l->next != list; l = l->next) {
    if (order(l, l->next) > 0)
      return false;
  }
  return true;
}

static void sort_list(lq_link *list, lq_link_order order)
{
  if (!is_sorted(list, order))
    lq_list_sort(list, order);
}

void lq_table_sort(lq_key_table *t)
{
  sort_list(&t->age, node_order);
}

void lq_machine_sort(lq_machine *m)
{
  lq_table_sort(&m->table);
  sort_list(&m->partials, partial_order);
  sort_list(&m->held, held_order);
  sort_list(&m->leads, lead_order);
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_table_sort(&m->stages[i].table);
    sort_list(&m->stages[i].matches, row_order);
  }
}
