// The file of --state: how far each source has been read, how much of the output counts, and what rules
// remember.
#ifndef LQ_FEED_CHECKPOINT_H
#define LQ_FEED_CHECKPOINT_H

#include "feed/host.h"

enum { LQ_PREFIX_MAX = 1024, LQ_DIGEST = 32 };

// Tells a file from another one that came to its name: where it lies, and how it begins.
typedef struct lq_identity {
  uint64_t dev, ino;
  uint32_t prefix; // bytes that the digest is of; 0: nothing was read yet
  unsigned char digest[LQ_DIGEST];
} lq_identity;

typedef struct lq_mark {
  char *name; // as given
  lq_identity file;
  lq_position at;
} lq_mark;

// Sums over all runs since the state began.
#define LQ_TOTALS(X)                                                                                         \
  X(runs)                                                                                                    \
  X(checkpoints) X(bytes) X(records) X(events) X(bad) X(alerts) X(evicted) X(cut) X(late) X(dropped) X(lost)
typedef struct lq_totals {
#define X(name) uint64_t name;
  LQ_TOTALS(X)
#undef X
} lq_totals;

typedef struct lq_checkpoint {
  const lq_mem *mem; // set by the caller; all else begins as zeros
  char bundle[65];
  lq_totals totals;
  lq_mark **marks;
  size_t nmarks, cap;
  // Of --output. No name: what came out cannot be taken back.
  char *output;
  uint64_t dev, ino, committed;
  lq_buf state; // of lq_scan_save
} lq_checkpoint;

// LQ_E_BUNDLE: *why says what is wrong with the bytes, which may be anything. LQ_E_NOMEM.
lq_status lq_checkpoint_read(lq_checkpoint *c, const char *p, size_t n, const char **why);
void lq_checkpoint_write(const lq_checkpoint *c, lq_buf *out);
void lq_checkpoint_free(lq_checkpoint *c);
uint64_t lq_mark_offset(const lq_mark *m); // of its source, where reading resumes
lq_mark *lq_checkpoint_mark(lq_checkpoint *c, const char *name); // made if it is not there; NULL: no memory

void lq_digest(unsigned char out[LQ_DIGEST], const void *p, size_t n); // BLAKE2b-256

#endif
