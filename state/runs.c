// Sorted runs: events that wait and find no room in memory, written outside of it in order, and merged.
//
// A snapshot is one block, so it goes out as it lies in memory and is moved when it comes back: most often it
// is looked at where it was read to. Runs of one level are merged when there are many, so there are never
// more than a few dozen however little room there is.
#include "state/runs.h"

#include <string.h>

enum { LEAST_BLOCK = 256, MOST_BLOCK = 256 << 10, MOST_RUNS = 32 };
enum { ALIGN = 8 }; // of all parts of an event, and of blocks

void lq_waiting_free(lq_waiting *w, const lq_mem *mem)
{
  if (w->borrowed)
    *w = (lq_waiting){0};
  lq_snapshot_unref(w->kept, mem);
  lq_kin_free(w->kin, mem);
  if (w->hits)
    lq_mem_free(mem, w->hits, lq_waiting_ids(w), sizeof *w->hits);
  *w = (lq_waiting){0};
}

static uint64_t ids_of(uint64_t nhits, uint64_t nrows)
{
  return (nhits == LQ_HITS_UNKNOWN ? 0 : nhits) + (nrows == LQ_HITS_UNKNOWN ? 0 : nrows);
}

size_t lq_waiting_ids(const lq_waiting *w)
{
  return (size_t)ids_of(w->nhits, w->nrows);
}

static size_t within(uint64_t n, size_t least, size_t most)
{
  return n < least ? least : n > most ? most : (size_t)n;
}

static size_t block_of(uint64_t room)
{
  return within(room, LEAST_BLOCK, MOST_BLOCK) / ALIGN * ALIGN;
}

size_t lq_runs_block(const lq_runs *r)
{
  return block_of(r->room / 8);
}

static size_t runs_of_a_level(const lq_runs *r)
{
  return within(r->room / 4 / MOST_BLOCK, 2, MOST_RUNS);
}

static lq_status fail(lq_runs *r)
{
  return r->failed = LQ_E_IO;
}

static void close_run(lq_runs *r, lq_run *run)
{
  lq_mem_free(r->mem, run->block, run->block_size, 1);
  run->block = NULL;
  run->have = run->used = 0;
}

static void drop_run(lq_runs *r, size_t i)
{
  close_run(r, &r->run[i]);
  r->store.drop(r->store.user, r->run[i].id);
  memmove(r->run + i, r->run + i + 1, (--r->n - i) * sizeof *r->run);
}

static void stop_writing(lq_runs *r)
{
  lq_mem_free(r->mem, r->block, r->block_size, 1);
  r->block = NULL;
  r->used = 0;
}

void lq_runs_free(lq_runs *r)
{
  if (r->block)
    r->store.drop(r->store.user, r->out.id);
  stop_writing(r);
  while (r->n > 0)
    drop_run(r, r->n - 1);
  lq_mem_free(r->mem, r->run, r->cap, sizeof *r->run);
  r->run = NULL;
  r->cap = 0;
}

// ---- writing

static lq_status write_out(lq_runs *r, const void *bytes, size_t n)
{
  if (n > 0 && r->store.write(r->store.user, r->out.id, bytes, n) != 0)
    return fail(r);
  r->out.size += n;
  return LQ_OK;
}

static lq_status flush(lq_runs *r)
{
  lq_status status = write_out(r, r->block, r->used);
  r->used = 0;
  return status;
}

static lq_status put(lq_runs *r, const void *bytes, size_t n)
{
  if (n > r->block_size - r->used) {
    lq_status status = flush(r);
    if (status || n > r->block_size)
      return status ? status : write_out(r, bytes, n);
  }
  if (n > 0)
    memcpy(r->block + r->used, bytes, n);
  r->used += n;
  return LQ_OK;
}

static uint64_t padded(uint64_t n)
{
  return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static lq_status put_part(lq_runs *r, const void *bytes, size_t n)
{
  static const char zeros[ALIGN];
  lq_status status = put(r, bytes, n);
  return status ? status : put(r, zeros, (size_t)(padded(n) - n));
}

static lq_status begin_at(lq_runs *r, uint32_t level)
{
  if (r->failed)
    return r->failed;
  // Its place in the list is made now: a run that was written must not be lost for want of memory.
  if (!LQ_GROW(r->mem, r->run, r->n, &r->cap))
    return LQ_E_NOMEM;
  r->block_size = lq_runs_block(r);
  r->block = lq_mem_alloc(r->mem, r->block_size, 1);
  if (!r->block)
    return LQ_E_NOMEM;
  r->out = (lq_run){.id = r->next_id++, .level = level, .more = true};
  return LQ_OK;
}

lq_status lq_runs_begin(lq_runs *r)
{
  return begin_at(r, 0);
}

lq_status lq_runs_add(lq_runs *r, const lq_waiting *w)
{
  lq_run_head head = {.order = w->order,
                      .size = w->kept ? w->kept->size : 0,
                      .kin = w->kin ? w->kin->size : 0,
                      .nhits = w->nhits,
                      .nrows = w->nrows};
  lq_status status = put_part(r, &head, sizeof head);
  if (!status)
    status = put_part(r, w->hits, lq_waiting_ids(w) * sizeof *w->hits);
  if (!status)
    status = put_part(r, w->kin, (size_t)head.kin);
  r->events += !status;
  return status ? status : put_part(r, w->kept, (size_t)head.size);
}

static lq_status end_run(lq_runs *r)
{
  lq_status status = flush(r);
  if (status)
    return status;
  stop_writing(r);
  r->run[r->n++] = r->out;
  return LQ_OK;
}

// ---- reading

// What has not been used stays, in front.
static lq_status fill(lq_runs *r, lq_run *run)
{
  size_t old = run->have - run->used, room = run->block_size - old;
  uint64_t left = run->size - run->at - old;
  size_t more = left < room ? (size_t)left : room;
  if (old > 0)
    memmove(run->block, run->block + run->used, old);
  run->used = 0;
  run->have = old + more;
  return more == 0 || r->store.read(r->store.user, run->id, run->at + old, run->block + old, more) == 0
             ? LQ_OK
             : fail(r);
}

// The next bytes, as many as are at hand and at most n. None: the run ends too early.
static lq_status some(lq_runs *r, lq_run *run, uint64_t n, const char **bytes, size_t *got)
{
  lq_status status = run->used == run->have ? fill(r, run) : LQ_OK;
  size_t have = run->have - run->used;
  *got = have < n ? have : (size_t)n;
  *bytes = run->block + run->used;
  run->used += *got;
  run->at += *got;
  return status ? status : *got == 0 ? fail(r) : LQ_OK;
}

static lq_status take(lq_runs *r, lq_run *run, void *into, size_t n)
{
  char *to = into;
  lq_status status = LQ_OK;
  for (size_t got; n > 0 && !status; n -= got, to += got) {
    const char *bytes;
    status = some(r, run, n, &bytes, &got);
    if (!status)
      memcpy(to, bytes, got);
  }
  return status;
}

// Behind the head, which has been looked at.
static uint64_t size_of_rest(const lq_run_head *h)
{
  return padded(h->size) + padded(h->kin) + padded(ids_of(h->nhits, h->nrows) * sizeof(uint32_t));
}

static bool fits(const lq_run_head *h, uint64_t left)
{
  uint64_t most = left / sizeof(uint32_t);
  bool known = (h->nhits == LQ_HITS_UNKNOWN || h->nhits <= most) &&
               (h->nrows == LQ_HITS_UNKNOWN || h->nrows <= most) && h->size <= left && h->kin <= left;
  return known && size_of_rest(h) <= left && (h->size > 0 || h->kin > 0) &&
         (h->size == 0 || h->size >= sizeof(lq_snapshot)) && (h->kin == 0 || h->kin >= sizeof(lq_kin));
}

static lq_status next_head(lq_runs *r, lq_run *run)
{
  run->taken = false;
  run->more = run->at < run->size;
  if (!run->more)
    return LQ_OK;
  lq_status status = take(r, run, &run->head, sizeof run->head);
  return status ? status : fits(&run->head, run->size - run->at) ? LQ_OK : fail(r);
}

static lq_status open_run(lq_runs *r, lq_run *run, size_t block_size)
{
  run->block = lq_mem_alloc(r->mem, block_size, 1);
  if (!run->block)
    return LQ_E_NOMEM;
  run->block_size = block_size;
  return next_head(r, run);
}

// The first of the runs from `from` to `to`; `to` when they are done with.
static size_t first(const lq_runs *r, size_t from, size_t to)
{
  size_t best = to;
  for (size_t i = from; i < to; i++) {
    if (r->run[i].more && (best == to || lq_order_cmp(r->run[i].head.order, r->run[best].head.order) < 0))
      best = i;
  }
  return best;
}

// ---- merging on the way

static lq_status copy_first(lq_runs *r, lq_run *run)
{
  uint64_t n = size_of_rest(&run->head);
  lq_status status = put_part(r, &run->head, sizeof run->head);
  for (size_t got; n > 0 && !status; n -= got) {
    const char *bytes;
    status = some(r, run, n, &bytes, &got);
    if (!status)
      status = put(r, bytes, got);
  }
  return status ? status : next_head(r, run);
}

static lq_status open_all(lq_runs *r, size_t from)
{
  size_t size = block_of(r->room / 2 / (r->n - from + 1));
  lq_status status = LQ_OK;
  for (size_t i = from; i < r->n && !status; i++) {
    lq_run *run = &r->run[i];
    status = !run->block ? open_run(r, run, size) : run->taken ? next_head(r, run) : LQ_OK;
  }
  return status;
}

// As if they had never been opened.
static void rewind_all(lq_runs *r, size_t from)
{
  for (size_t i = from; i < r->n; i++) {
    close_run(r, &r->run[i]);
    r->run[i].at = 0;
    r->run[i].more = true;
    r->run[i].taken = false;
  }
}

// The runs from `from` on to one of the next level.
static lq_status merge(lq_runs *r, size_t from)
{
  lq_status status = begin_at(r, r->run[from].level + 1);
  bool begun = !status;
  if (!status)
    status = open_all(r, from);
  for (size_t i; !status && (i = first(r, from, r->n)) < r->n;)
    status = copy_first(r, &r->run[i]);
  if (!status)
    status = flush(r);
  if (status) {
    if (begun)
      r->store.drop(r->store.user, r->out.id);
    stop_writing(r);
    rewind_all(r, from);
    return status;
  }
  stop_writing(r);
  while (r->n > from)
    drop_run(r, r->n - 1);
  r->run[r->n++] = r->out;
  return LQ_OK;
}

lq_status lq_runs_end(lq_runs *r)
{
  lq_status status = end_run(r);
  while (!status) {
    size_t same = 0;
    while (same < r->n && r->run[r->n - same - 1].level == r->run[r->n - 1].level)
      same++;
    if (same < runs_of_a_level(r) || r->run[r->n - same].block)
      break;
    status = merge(r, r->n - same);
    if (status == LQ_E_NOMEM) // more runs than would be well: each is whole
      return LQ_OK;
  }
  return status;
}

// ---- merging at the end

static lq_status find_first(lq_runs *r, lq_run **run)
{
  *run = NULL;
  while (!r->failed && r->n > 0) {
    lq_status status = open_all(r, 0);
    if (status)
      return status;
    size_t i = first(r, 0, r->n);
    if (i < r->n) {
      *run = &r->run[i];
      return LQ_OK;
    }
    while (r->n > 0)
      drop_run(r, r->n - 1);
  }
  return r->failed;
}

// Room for what the head tells of. False: no memory, and there is none.
static bool make_room(lq_runs *r, const lq_run_head *h, lq_waiting *w)
{
  *w = (lq_waiting){.order = h->order, .nhits = (size_t)h->nhits, .nrows = (size_t)h->nrows};
  w->hits = lq_mem_alloc(r->mem, lq_waiting_ids(w), sizeof *w->hits);
  w->kin = w->hits && h->kin ? lq_mem_alloc(r->mem, 1, (size_t)h->kin) : NULL;
  bool well = w->hits && (w->kin || !h->kin);
  w->kept = well && h->size ? lq_mem_alloc(r->mem, 1, (size_t)h->size) : NULL;
  return well && (w->kept || !h->size);
}

// What lies in it is not to be believed.
static void free_room(lq_runs *r, const lq_run_head *h, lq_waiting *w)
{
  if (w->hits)
    lq_mem_free(r->mem, w->hits, lq_waiting_ids(w), sizeof *w->hits);
  lq_mem_free(r->mem, w->kin, 1, (size_t)h->kin);
  lq_mem_free(r->mem, w->kept, 1, (size_t)h->size);
}

static lq_status look(lq_runs *r, const lq_run_head *h, lq_waiting *w)
{
  bool well = (!w->kin || lq_kin_is_whole(w->kin, (size_t)h->kin)) &&
              (!w->kept || lq_snapshot_moved(w->kept, (size_t)h->size, r->slots));
  return well ? LQ_OK : fail(r);
}

static lq_status take_part(lq_runs *r, lq_run *run, void *into, size_t n)
{
  char rest[ALIGN];
  lq_status status = take(r, run, into, n);
  return status ? status : take(r, run, rest, (size_t)(padded(n) - n));
}

// One that is larger than the block.
static lq_status take_copy(lq_runs *r, lq_run *run, lq_waiting *w)
{
  const lq_run_head *h = &run->head;
  if (!make_room(r, h, w)) {
    free_room(r, h, w);
    return LQ_E_NOMEM;
  }
  lq_status status = take_part(r, run, w->hits, lq_waiting_ids(w) * sizeof *w->hits);
  if (!status)
    status = take_part(r, run, w->kin, (size_t)h->kin);
  if (!status)
    status = take_part(r, run, w->kept, (size_t)h->size);
  if (!status)
    status = look(r, h, w);
  if (status)
    free_room(r, h, w);
  return status;
}

static void *part(char **at, uint64_t n)
{
  void *p = n > 0 ? *at : NULL;
  *at += padded(n);
  return p;
}

static lq_status take_in_place(lq_runs *r, lq_run *run, lq_waiting *w)
{
  const lq_run_head *h = &run->head;
  uint64_t n = size_of_rest(h);
  lq_status status = run->have - run->used < n ? fill(r, run) : LQ_OK;
  if (status || run->have < n)
    return status ? status : fail(r);
  char *at = run->block + run->used;
  *w = (lq_waiting){
      .order = h->order, .nhits = (size_t)h->nhits, .nrows = (size_t)h->nrows, .borrowed = true};
  w->hits = part(&at, lq_waiting_ids(w) * sizeof *w->hits);
  w->kin = part(&at, h->kin);
  w->kept = part(&at, h->size);
  run->used += (size_t)n;
  run->at += n;
  return look(r, h, w);
}

lq_status lq_runs_next(lq_runs *r, lq_waiting *out, bool *any)
{
  lq_run *run;
  lq_waiting w;
  lq_status status = find_first(r, &run);
  *any = false;
  *out = (lq_waiting){0};
  if (status || !run)
    return status;
  bool fits = size_of_rest(&run->head) <= run->block_size;
  status = (fits ? take_in_place : take_copy)(r, run, &w);
  if (status)
    return status;
  run->taken = true;
  r->events--;
  *out = w;
  *any = true;
  return LQ_OK;
}

lq_status lq_runs_skip(lq_runs *r)
{
  lq_run *run;
  lq_status status = find_first(r, &run);
  if (status || !run)
    return status;
  uint64_t n = size_of_rest(&run->head);
  for (size_t got; n > 0 && !status; n -= got) {
    const char *bytes;
    status = some(r, run, n, &bytes, &got);
  }
  r->events -= !status;
  run->taken = true;
  return status;
}
