// The order of events: a buffer in which they wait until nothing earlier will come.
//
// Time is what events say, never a clock. It moves with the newest stamp less the allowed lateness; a stamp
// far beyond `now` is not believed: its event waits until time comes to it, and no window runs out because of
// it.
#include "state/order.h"

void lq_buffer_init(lq_buffer *b, const lq_mem *mem)
{
  *b = (lq_buffer){.mem = mem, .latest = INT64_MIN, .clock = INT64_MIN};
}

void lq_waiting_free(lq_waiting *w, const lq_mem *mem)
{
  lq_snapshot_unref(w->kept, mem);
  if (w->hits)
    lq_mem_free(mem, w->hits, w->nhits, sizeof *w->hits);
  *w = (lq_waiting){0};
}

void lq_buffer_free(lq_buffer *b)
{
  for (size_t i = 0; i < b->n; i++)
    lq_waiting_free(&b->heap[i], b->mem);
  lq_mem_free(b->mem, b->heap, b->cap, sizeof *b->heap);
  b->heap = NULL;
  b->n = b->cap = 0;
}

static int64_t plus(int64_t a, int64_t b)
{
  int64_t r;
  return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

static void move_time(lq_buffer *b, int64_t stamp)
{
  int64_t most = b->has_now ? plus(b->now, b->future) : INT64_MAX;
  if (stamp > most) {
    b->stats.future++;
    stamp = most;
  }
  b->latest = stamp > b->latest ? stamp : b->latest;
  if (b->lateness == LQ_LATENESS_WHOLE)
    return;
  int64_t mark;
  if (__builtin_sub_overflow(b->latest, b->lateness, &mark))
    mark = INT64_MIN;
  b->clock = mark > b->clock ? mark : b->clock;
}

bool lq_buffer_stamp(lq_buffer *b, const lq_event *e, lq_order *out)
{
  b->stats.timeless += !e->has_time;
  out->time = e->has_time ? e->time : b->last;
  // Another event's time may have passed since: without one of its own, it cannot be late.
  if (!e->has_time && out->time < b->clock)
    out->time = b->clock;
  out->arrival = b->arrival++;
  b->last = out->time;
  if (out->time < b->clock) {
    b->stats.late++;
    return false;
  }
  move_time(b, out->time);
  return true;
}

bool lq_buffer_passes(const lq_buffer *b, lq_order order)
{
  return order.time <= b->clock;
}

// ---- a heap, the first event on top

static bool before(const lq_buffer *b, size_t i, size_t k)
{
  return lq_order_cmp(b->heap[i].order, b->heap[k].order) < 0;
}

static void swap(lq_buffer *b, size_t i, size_t k)
{
  lq_waiting t = b->heap[i];
  b->heap[i] = b->heap[k];
  b->heap[k] = t;
}

static void sink(lq_buffer *b)
{
  for (size_t i = 0, child; (child = 2 * i + 1) < b->n; i = child) {
    if (child + 1 < b->n && before(b, child + 1, child))
      child++;
    if (!before(b, child, i))
      return;
    swap(b, i, child);
  }
}

static size_t size_of(const lq_waiting *w)
{
  return sizeof *w + w->kept->size + (w->hits ? w->nhits * sizeof *w->hits : 0);
}

static lq_waiting pop(lq_buffer *b)
{
  lq_waiting top = b->heap[0];
  b->heap[0] = b->heap[--b->n];
  sink(b);
  b->bytes -= size_of(&top);
  b->stats.waiting = b->n;
  return top;
}

lq_status lq_buffer_push(lq_buffer *b, lq_order order, lq_snapshot *kept, uint32_t *hits, size_t nhits)
{
  lq_waiting w = {order, kept, hits, nhits};
  if (!LQ_GROW(b->mem, b->heap, b->n, &b->cap)) {
    lq_waiting_free(&w, b->mem);
    return LQ_E_NOMEM;
  }
  b->bytes += size_of(&w);
  b->heap[b->n] = w;
  for (size_t i = b->n++; i > 0 && before(b, i, (i - 1) / 2); i = (i - 1) / 2)
    swap(b, i, (i - 1) / 2);
  b->stats.waiting = b->n;
  return LQ_OK;
}

// Too many wait: the first goes now, and time with it. If even that one is from a future that is not
// believed, all are, and one is dropped rather than time moved.
static bool force(lq_buffer *b, lq_waiting *out)
{
  while (b->bytes > b->max_bytes && b->n > 0) {
    *out = pop(b);
    if (!b->has_now || out->order.time <= plus(b->now, b->future)) {
      b->stats.forced++;
      b->clock = out->order.time > b->clock ? out->order.time : b->clock;
      return true;
    }
    b->stats.dropped++;
    lq_waiting_free(out, b->mem);
  }
  return false;
}

bool lq_buffer_next(lq_buffer *b, bool all, lq_waiting *out)
{
  if (b->n == 0)
    return false;
  if (!all && b->heap[0].order.time > b->clock)
    return force(b, out);
  *out = pop(b);
  b->clock = out->order.time > b->clock ? out->order.time : b->clock;
  return true;
}
