// Files at rest, read and sifted by several threads: a thread that has nothing else to do reads the next
// block of the input and sifts it. The first thread, whose scan and callbacks they are, takes the blocks in
// order; while it has to wait for one, it does as the others.
#include "feed/jobs.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "feed/file.h"

enum { MOMENT = 50 }; // ms between two looks at whether to stop

typedef enum block_state { FREE, READ, READY } block_state; // READ: it is being read or sifted

// Threads other than the first grow them, so their bytes are malloc's; the program's memory may be for one
// thread.
typedef struct block {
  block_state state;
  size_t file;
  bool first, last; // of the file
  bool pipe;        // it is none that is at rest
  bool unopened;    // `error` says why
  int error;        // an errno, behind the bytes
  bool packed;      // it was, and is not any more
  uint64_t raw;     // bytes it was made of
  lq_status fault;  // of the packing, behind the bytes
  const char *why;
  size_t n;
  lq_io_room room;  // for its bytes
  lq_sifted *found; // NULL: no memory
  bool sifted;
} block;

typedef struct jobs {
  lq_running *r;
  const lq_files *files;
  size_t block_size;
  pthread_mutex_t lock; // of what follows, up to `stop`
  pthread_cond_t room, ready;
  block *blocks; // the nth of the input is at n % nblocks
  size_t nblocks;
  uint64_t begun, taken; // blocks so far
  bool reading;          // somebody does
  bool at_end, stop;
  size_t left; // files before this one are not read any more

  // Of whoever is reading:
  lq_file file;
  lq_mark mark;
  size_t next; // file
  bool is_open;
  uint64_t read; // bytes
  bool packed;
  lq_unpack *unpack;
  char *raw; // packed bytes, of which some are left
  size_t nraw, raw_at;
  bool ended; // nothing comes behind them
  int error;  // but this

  // Of the first thread:
  lq_sift *sift;
  bool no_sift;
  size_t nthreads; // others
  pthread_t *threads;
} jobs;

// ---- reading

static bool is_over(jobs *j)
{
  pthread_mutex_lock(&j->lock);
  bool stop = j->stop;
  pthread_mutex_unlock(&j->lock);
  return stop || lq_host_stopped(j->r->host);
}

// Of a pipe: whoever waits for it must see that all is over.
static bool wait_for_bytes(jobs *j)
{
  const lq_os_calls *os = j->r->host->os;
  while (!j->file.source.seekable && os->wait(j->file.fd, POLLIN, MOMENT) == 0) {
    if (is_over(j))
      return false;
  }
  return true;
}

static void close_source(jobs *j)
{
  j->file.source.kind->close(&j->file.source);
  j->is_open = false;
  j->next++;
}

static bool open_source(jobs *j, block *b)
{
  j->mark = (lq_mark){.name = j->files->names[j->next], .at = LQ_INIT(lq_position)};
  lq_file_init(&j->file, j->r->host, &j->mark);
  j->file.once = true;
  j->is_open = true;
  b->first = true;
  b->unopened = j->file.source.kind->open(&j->file.source) == LQ_SOURCE_FAILED;
  b->error = b->unopened ? errno : 0;
  return !b->unopened;
}

static long read_bytes(jobs *j, char *p, size_t n)
{
  return wait_for_bytes(j) ? j->file.source.kind->read(&j->file.source, p, n) : 0;
}

static bool would_wait(jobs *j)
{
  lq_source *s = &j->file.source;
  return !s->seekable && s->kind->idle(s);
}

// ---- unpacking

// So few at once that what comes out is bounded, whatever it is.
enum { SLICE = 512 };

static int put(void *user, const char *p, size_t n)
{
  block *b = user;
  size_t size = b->room.n;
  while (size - b->n < n)
    size *= 2;
  if (size > b->room.n) {
    lq_io_room grown = lq_io_room_make(&lq_mem_libc, size);
    if (!grown.p)
      return 1;
    memcpy(grown.p, b->room.p, b->n);
    lq_io_room_free(&b->room, &lq_mem_libc);
    b->room = grown;
  }
  memcpy(b->room.p + b->n, p, n);
  b->n += n;
  return 0;
}

// `n` bytes of the source have been read into the block.
static lq_status begin_packed(jobs *j, block *b)
{
  j->raw = j->raw ? j->raw : lq_mem_resize(&lq_mem_libc, NULL, 0, j->block_size, 1);
  if (!j->raw || (!j->unpack && lq_unpack_new(&j->unpack, &j->r->limits, NULL) != LQ_OK))
    return LQ_E_NOMEM;
  lq_unpack_begin(j->unpack);
  memcpy(j->raw, b->room.p, b->n);
  b->raw = j->nraw = b->n;
  j->raw_at = b->n = 0;
  return LQ_OK;
}

static lq_status more_raw(jobs *j, block *b)
{
  long got = j->ended ? 0 : read_bytes(j, j->raw, j->block_size);
  b->error = got < 0 ? errno : j->error;
  b->last = got <= 0;
  b->raw += j->nraw = got > 0 ? (size_t)got : 0;
  j->raw_at = 0;
  return b->last ? lq_unpack_end(j->unpack, put, b) : LQ_OK;
}

static lq_status unpack_slice(jobs *j, block *b)
{
  size_t n = j->nraw - j->raw_at < SLICE ? j->nraw - j->raw_at : SLICE;
  const char *p = j->raw + j->raw_at;
  j->raw_at += n;
  return lq_unpack_feed(j->unpack, p, n, put, b);
}

static void fill_packed(jobs *j, block *b)
{
  b->pipe = !j->file.source.seekable;
  while (!b->fault && !b->last && b->n < j->block_size &&
         !(b->n > 0 && j->raw_at == j->nraw && !j->ended && would_wait(j)))
    b->fault = j->raw_at < j->nraw ? unpack_slice(j, b) : more_raw(j, b);
  b->fault = b->fault == LQ_E_IO ? LQ_E_NOMEM : b->fault; // of `put`
  b->why = j->unpack ? lq_unpack_message(j->unpack) : "";
}

// ---- a block

// What there is, up to a whole block.
static void fill(jobs *j, block *b)
{
  lq_source *s = &j->file.source;
  long got = 0;
  do {
    got = read_bytes(j, b->room.p + b->n, j->block_size - b->n);
    b->n += got > 0 ? (size_t)got : 0;
  } while (got > 0 && b->n < j->block_size && !would_wait(j));
  b->error = got < 0 ? errno : 0;
  b->last = got <= 0;
  b->pipe = !s->seekable;
}

// What a source is, its first bytes say.
static void fill_first(jobs *j, block *b)
{
  fill(j, b);
  j->packed = b->n > 0 && lq_unpack_applies(b->room.p, b->n);
  if (!j->packed)
    return;
  j->ended = b->last;
  j->error = b->error;
  b->last = false;
  b->packed = true;
  b->fault = begin_packed(j, b);
  fill_packed(j, b);
}

// left: files before this one are given up. Of one that is open an empty block is made, which nobody takes:
// behind it there may be no file at all.
static void read_block(jobs *j, block *b, size_t left)
{
  b->file = j->next;
  if (j->is_open && j->next < left) {
    close_source(j);
    return;
  }
  b->packed = j->is_open && j->packed;
  if (b->packed)
    fill_packed(j, b);
  else if (j->is_open)
    fill(j, b);
  else if (open_source(j, b))
    fill_first(j, b);
  else
    b->last = true;
  j->read += b->n;
  if (b->last || b->fault)
    close_source(j);
}

// ---- one turn of a thread; the lock is held

static bool may_read(const jobs *j)
{
  return !j->reading && !j->at_end && !j->stop && j->begun - j->taken < j->nblocks;
}

static block *begin_reading(jobs *j)
{
  j->reading = true;
  block *b = &j->blocks[j->begun++ % j->nblocks];
  *b = (block){.state = READ, .room = b->room, .found = b->found};
  size_t left = j->left;
  pthread_mutex_unlock(&j->lock);
  read_block(j, b, left);
  pthread_mutex_lock(&j->lock);
  j->reading = false;
  j->at_end = j->next >= j->files->n;
  pthread_cond_signal(&j->room);
  return b;
}

static void sift_block(jobs *j, block *b, lq_sift *sift)
{
  pthread_mutex_unlock(&j->lock);
  if (sift && b->found && b->n > 0)
    b->sifted = lq_sift_block(sift, b->room.p, b->n, b->found) == LQ_OK;
  pthread_mutex_lock(&j->lock);
}

static void is_ready(jobs *j, block *b)
{
  b->state = READY;
  pthread_cond_signal(&j->ready);
}

// ---- the others

static lq_sift *new_sift(const jobs *j)
{
  lq_scan_options o = j->r->options;
  lq_sift *s;
  o.allocator = NULL; // the program's may be for one thread
  return lq_sift_new(&s, j->r->pass->bundle, &o) == LQ_OK ? s : NULL;
}

static void *work(void *user)
{
  jobs *j = user;
  lq_sift *sift = new_sift(j);
  pthread_mutex_lock(&j->lock);
  while (!j->stop && !j->at_end) {
    if (!may_read(j)) {
      pthread_cond_wait(&j->room, &j->lock);
      continue;
    }
    block *b = begin_reading(j);
    sift_block(j, b, sift);
    is_ready(j, b);
  }
  pthread_cond_signal(&j->room); // for the next one to see it
  pthread_mutex_unlock(&j->lock);
  lq_sift_free(sift);
  return NULL;
}

// Signals are for the first thread.
static void start_threads(jobs *j)
{
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  size_t others = j->r->pass->jobs - 1;
  j->threads = lq_mem_alloc(j->r->host->mem, others, sizeof *j->threads);
  while (j->threads && j->nthreads < others && pthread_create(&j->threads[j->nthreads], NULL, work, j) == 0)
    j->nthreads++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

// ---- the first one

static void give_up(jobs *j, size_t file)
{
  pthread_mutex_lock(&j->lock);
  j->left = file + 1;
  pthread_mutex_unlock(&j->lock);
}

static bool goes_on(const jobs *j)
{
  return !j->r->stopped && !lq_host_stopped(j->r->host);
}

static bool begin_source(jobs *j, const block *b, const char *name)
{
  if (b->unopened)
    lq_running_cannot_read(j->r, name, b->error, NULL);
  if (b->unopened)
    return false;
  name = lq_shown_name(name);
  return lq_running_well(
      j->r, name, b->packed ? lq_scan_begin_unpacked(j->r->scan, name) : lq_scan_begin(j->r->scan, name));
}

static lq_status give_bytes(lq_scan *s, const block *b)
{
  lq_status status = b->sifted ? lq_scan_take(s, b->found) : lq_scan_feed(s, b->room.p, b->n);
  if (status != LQ_OK || !b->packed)
    return status;
  status = lq_scan_unpacked(s, b->raw, b->n, b->fault, b->why);
  return b->last ? LQ_OK : status; // the end says it
}

static bool give(jobs *j, const block *b, const char *name, bool idle)
{
  bool well = lq_running_well(j->r, name, give_bytes(j->r->scan, b));
  lq_running_after(j->r, idle);
  return well;
}

static void end_source(jobs *j, const block *b, const char *name)
{
  if (b->error && b->error != EINTR)
    lq_running_cannot_read(j->r, name, b->error, NULL);
  if (goes_on(j))
    lq_running_well(j->r, name, lq_scan_end(j->r->scan));
  lq_running_after(j->r, false);
}

static void take_block(jobs *j, const block *b, bool idle)
{
  const char *name = j->files->names[b->file];
  if (b->file < j->left)
    return;
  bool well = !b->first || begin_source(j, b, name);
  if (well && (b->n > 0 || b->packed))
    well = give(j, b, name, idle);
  if (!well)
    give_up(j, b->file);
  else if (b->last)
    end_source(j, b, name);
}

static void take(jobs *j, block *b)
{
  bool idle = b->pipe && !b->last && j->begun == j->taken + 1;
  pthread_mutex_unlock(&j->lock);
  take_block(j, b, idle);
  pthread_mutex_lock(&j->lock);
  b->state = FREE;
  j->taken++;
  pthread_cond_signal(&j->room);
}

static void wait_for_others(jobs *j)
{
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += MOMENT * 1000000L;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_cond_timedwait(&j->ready, &j->lock, &until);
}

// A block that is next anyhow is not worth sifting: it is fed. Threads are worth starting when there is more
// than that.
static void read_too(jobs *j)
{
  block *b = begin_reading(j);
  bool next = b == &j->blocks[j->taken % j->nblocks];
  if (!j->threads && j->read >= j->block_size && !j->at_end)
    start_threads(j);
  if (!next && !j->sift && !j->no_sift) {
    j->sift = new_sift(j);
    j->no_sift = !j->sift;
  }
  if (!next)
    sift_block(j, b, j->sift);
  is_ready(j, b);
}

// To wait for bytes of a pipe is for the others while something may come to be taken.
static bool may_read_too(const jobs *j)
{
  return may_read(j) && (j->begun == j->taken || (j->is_open && j->file.source.seekable));
}

static void take_all(jobs *j)
{
  pthread_mutex_lock(&j->lock);
  while (goes_on(j) && !(j->at_end && j->begun == j->taken)) {
    block *b = &j->blocks[j->taken % j->nblocks];
    if (j->taken < j->begun && b->state == READY)
      take(j, b);
    else if (may_read_too(j))
      read_too(j);
    else
      wait_for_others(j);
  }
  j->stop = true;
  pthread_cond_broadcast(&j->room);
  pthread_mutex_unlock(&j->lock);
}

// ---- life

static bool make_blocks(jobs *j)
{
  const lq_mem *mem = j->r->host->mem;
  j->nblocks = 2 * (size_t)j->r->pass->jobs + 1;
  j->blocks = lq_mem_alloc(mem, j->nblocks, sizeof *j->blocks);
  bool made = j->blocks != NULL;
  for (size_t i = 0; made && i < j->nblocks; i++) {
    block *b = &j->blocks[i];
    b->room = lq_io_room_make(&lq_mem_libc, j->block_size);
    made = b->room.p && lq_sifted_new(&b->found, NULL) != LQ_E_USAGE;
  }
  return made;
}

static void free_blocks(jobs *j)
{
  const lq_mem *mem = j->r->host->mem;
  for (size_t i = 0; j->blocks && i < j->nblocks; i++) {
    lq_io_room_free(&j->blocks[i].room, &lq_mem_libc);
    lq_sifted_free(j->blocks[i].found);
  }
  lq_mem_free(mem, j->blocks, j->nblocks, sizeof *j->blocks);
  lq_mem_free(&lq_mem_libc, j->raw, j->block_size, 1);
  lq_unpack_free(j->unpack);
}

static void make_locks(jobs *j)
{
  pthread_condattr_t attributes;
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_mutex_init(&j->lock, NULL);
  pthread_cond_init(&j->room, NULL);
  pthread_cond_init(&j->ready, &attributes);
  pthread_condattr_destroy(&attributes);
}

static void end_threads(jobs *j)
{
  for (size_t i = 0; i < j->nthreads; i++)
    pthread_join(j->threads[i], NULL);
  lq_mem_free(j->r->host->mem, j->threads, j->r->pass->jobs - 1, sizeof *j->threads);
  if (j->is_open)
    close_source(j);
  pthread_cond_destroy(&j->ready);
  pthread_cond_destroy(&j->room);
  pthread_mutex_destroy(&j->lock);
}

void lq_jobs_run(lq_running *r, const lq_files *files)
{
  jobs j = {.r = r, .files = files, .block_size = r->room.n, .at_end = files->n == 0};
  make_locks(&j);
  if (make_blocks(&j))
    take_all(&j);
  else
    r->failed = LQ_E_NOMEM;
  end_threads(&j);
  lq_sift_free(j.sift);
  free_blocks(&j);
}
