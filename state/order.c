// The order of events: a place for each, and a buffer in which they wait until nothing earlier will come.
//
// Time is what events say. It moves with the newest stamp less the allowed lateness. A stamp far beyond `now`
// is not believed: it moves nothing, and its event stands where one without a time would.
#include "state/order.h"

void lq_buffer_init(lq_buffer *b, const lq_mem *mem)
{
  *b = (lq_buffer){
      .mem = mem, .runs.mem = mem, .latest = INT64_MIN, .last = LQ_TIME_FIRST, .clock = INT64_MIN};
}

static void free_heap(lq_buffer *b)
{
  lq_mem_free(b->mem, b->heap, b->cap, sizeof *b->heap);
  b->heap = NULL;
  b->cap = 0;
}

void lq_buffer_clear(lq_buffer *b)
{
  for (size_t i = 0; i < b->n; i++)
    lq_waiting_free(&b->heap[i], b->mem);
  b->n = b->bytes = b->stats.waiting = 0;
}

void lq_buffer_free(lq_buffer *b)
{
  lq_buffer_clear(b);
  free_heap(b);
  lq_runs_free(&b->runs);
}

static int64_t plus(int64_t a, int64_t b)
{
  int64_t r;
  return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

// What is no newer than a stamp that was believed moves nothing, even if `now` has been set back since. Where
// all is sorted at the end nobody waits for time, so any stamp will do.
static bool is_believed(const lq_buffer *b, int64_t stamp)
{
  return !b->has_now || b->lateness == LQ_LATENESS_WHOLE || stamp <= b->latest ||
         stamp <= plus(b->now, b->future);
}

static void move_time(lq_buffer *b, int64_t stamp)
{
  b->latest = stamp > b->latest ? stamp : b->latest;
  if (b->lateness == LQ_LATENESS_WHOLE)
    return;
  int64_t mark;
  if (__builtin_sub_overflow(b->latest, b->lateness, &mark))
    mark = INT64_MIN;
  b->clock = mark > b->clock ? mark : b->clock;
}

// The last time that was believed, or what has been reached since: here nobody is late.
static int64_t place_of_arrival(lq_buffer *b)
{
  // While nothing is known there is nothing to wait for.
  if (b->latest == INT64_MIN && b->lateness != LQ_LATENESS_WHOLE && b->clock < LQ_TIME_FIRST)
    b->clock = LQ_TIME_FIRST;
  return b->last > b->clock ? b->last : b->clock;
}

bool lq_buffer_stamp(lq_buffer *b, const lq_event *e, lq_order *out)
{
  out->arrival = b->arrival++;
  int64_t stamp = e->time > LQ_TIME_FIRST ? e->time : LQ_TIME_FIRST;
  bool believed = e->has_time && is_believed(b, stamp);
  b->stats.timeless += !e->has_time;
  b->stats.future += e->has_time && !believed;
  if (!believed) {
    out->time = place_of_arrival(b);
    return true;
  }
  out->time = stamp;
  if (stamp < b->clock) {
    b->stats.late++;
    return false;
  }
  b->last = stamp;
  move_time(b, stamp);
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
  return sizeof *w + (w->kept ? w->kept->size : 0) + (w->kin ? w->kin->size : 0) +
         lq_waiting_ids(w) * sizeof *w->hits;
}

static lq_waiting pop(lq_buffer *b)
{
  lq_waiting top = b->heap[0];
  b->heap[0] = b->heap[--b->n];
  sink(b);
  b->bytes -= size_of(&top);
  b->stats.waiting = b->n + b->runs.events;
  return top;
}

lq_status lq_buffer_push(lq_buffer *b, lq_waiting w)
{
  if (!LQ_GROW(b->mem, b->heap, b->n, &b->cap)) {
    lq_waiting_free(&w, b->mem);
    return LQ_E_NOMEM;
  }
  b->bytes += size_of(&w);
  b->heap[b->n] = w;
  for (size_t i = b->n++; i > 0 && before(b, i, (i - 1) / 2); i = (i - 1) / 2)
    swap(b, i, (i - 1) / 2);
  b->stats.waiting = b->n + b->runs.events;
  return LQ_OK;
}

bool lq_buffer_spills(const lq_buffer *b)
{
  return b->runs.store.write && b->lateness == LQ_LATENESS_WHOLE;
}

bool lq_buffer_strips(const lq_buffer *b, size_t nhits)
{
  return nhits == 0 && lq_buffer_spills(b);
}

lq_status lq_buffer_spill(lq_buffer *b)
{
  lq_status status = b->runs.failed;
  if (!status && b->n > 0)
    status = lq_runs_begin(&b->runs);
  if (status || b->n == 0)
    return status;
  while (b->n > 0 && !status) {
    lq_waiting w = pop(b);
    status = lq_runs_add(&b->runs, &w);
    lq_waiting_free(&w, b->mem);
    b->stats.spilled++;
  }
  status = status ? status : lq_runs_end(&b->runs);
  b->stats.waiting = b->n + b->runs.events;
  return status;
}

static void reach(lq_buffer *b, int64_t time)
{
  b->clock = time > b->clock ? time : b->clock;
}

// Too many wait: the first goes now, and time with it.
static bool force(lq_buffer *b, lq_waiting *out)
{
  if (b->bytes <= b->max_bytes || lq_buffer_spills(b))
    return false;
  b->stats.forced++;
  *out = pop(b);
  reach(b, out->order.time);
  return true;
}

bool lq_buffer_drop(lq_buffer *b, lq_waiting *out)
{
  if (b->n == 0)
    return false;
  *out = pop(b);
  return true;
}

// What is still in memory joins the runs: the room is for those that look at the events now.
static lq_status next_of_runs(lq_buffer *b, lq_waiting *out, bool *any)
{
  lq_status status = lq_buffer_spill(b);
  if (b->n == 0)
    free_heap(b);
  if (!status)
    status = lq_runs_next(&b->runs, out, any);
  if (!status && *any)
    reach(b, out->order.time);
  b->stats.waiting = b->n + b->runs.events;
  return status;
}

lq_status lq_buffer_next(lq_buffer *b, bool all, lq_waiting *out, bool *any)
{
  *any = false;
  if (b->runs.failed || (all && b->runs.n > 0))
    return next_of_runs(b, out, any);
  if (b->n == 0)
    return LQ_OK;
  if (!all && b->heap[0].order.time > b->clock) {
    *any = force(b, out);
    return LQ_OK;
  }
  *out = pop(b);
  *any = true;
  reach(b, out->order.time);
  return LQ_OK;
}
