// Which machine has something to do next.
#include "state/deadlines.h"

lq_status lq_deadlines_init(lq_deadlines *d, uint32_t machines, const lq_mem *mem)
{
  *d = (lq_deadlines){.mem = mem, .count = machines};
  d->heap = lq_mem_alloc(mem, machines, sizeof *d->heap);
  d->place = lq_mem_alloc(mem, machines, sizeof *d->place);
  d->when = lq_mem_alloc(mem, machines, sizeof *d->when);
  if (!d->heap || !d->place || !d->when)
    return LQ_E_NOMEM;
  for (uint32_t i = 0; i < machines; i++)
    d->place[i] = UINT32_MAX;
  return LQ_OK;
}

void lq_deadlines_free(lq_deadlines *d)
{
  lq_mem_free(d->mem, d->heap, d->count, sizeof *d->heap);
  lq_mem_free(d->mem, d->place, d->count, sizeof *d->place);
  lq_mem_free(d->mem, d->when, d->count, sizeof *d->when);
}

static bool before(const lq_deadlines *d, uint32_t i, uint32_t k)
{
  uint32_t a = d->heap[i], b = d->heap[k];
  return d->when[a] != d->when[b] ? d->when[a] < d->when[b] : a < b;
}

static void swap(lq_deadlines *d, uint32_t i, uint32_t k)
{
  uint32_t a = d->heap[i], b = d->heap[k];
  d->heap[i] = b, d->place[b] = i;
  d->heap[k] = a, d->place[a] = k;
}

static void settle(lq_deadlines *d, uint32_t i)
{
  while (i > 0 && before(d, i, (i - 1) / 2)) {
    swap(d, i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
  for (uint32_t child; (child = 2 * i + 1) < d->n; i = child) {
    if (child + 1 < d->n && before(d, child + 1, child))
      child++;
    if (!before(d, child, i))
      return;
    swap(d, i, child);
  }
}

void lq_deadlines_set(lq_deadlines *d, uint32_t machine, int64_t when)
{
  uint32_t i = d->place[machine];
  if (i != UINT32_MAX && when == d->when[machine])
    return;
  if (when != INT64_MAX) {
    if (i == UINT32_MAX) {
      i = d->n++;
      d->heap[i] = machine;
      d->place[machine] = i;
    }
    d->when[machine] = when;
    settle(d, i);
  } else if (i != UINT32_MAX) {
    swap(d, i, --d->n);
    d->place[machine] = UINT32_MAX;
    if (i < d->n)
      settle(d, i);
  }
}

bool lq_deadlines_first(const lq_deadlines *d, uint32_t *machine, int64_t *when)
{
  if (d->n == 0)
    return false;
  *machine = d->heap[0];
  *when = d->when[*machine];
  return true;
}
