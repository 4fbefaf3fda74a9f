// The file of --state: how far each source has been read, how much of the output counts, and what rules
// remember. A checkpoint that holds everything, and behind it checkpoints that hold what changed.
#ifndef LQ_FEED_CHECKPOINT_H
#define LQ_FEED_CHECKPOINT_H

#include "base/seal.h"
#include "feed/host.h"

enum { LQ_PREFIX_MAX = 1024 };

// Tells a file from another one that came to its name: where it lies, and how it begins.
typedef struct lq_identity {
  uint64_t dev, ino;
  uint32_t prefix; // bytes that the digest is of; 0: nothing was read yet
  unsigned char digest[LQ_SEAL_DIGEST];
} lq_identity;

typedef struct lq_mark {
  char *name; // as given
  lq_identity file;
  lq_position at;
  // As it stands in the file.
  lq_identity kept_file;
  lq_position kept_at;
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
  lq_buf state; // what was read, of lq_scan_save and lq_state_save_changes, one behind the other

  // The file as it stands.
  size_t kept_marks;                  // so many of them are in it
  uint64_t whole, more;               // bytes of the checkpoint that holds everything, and of those behind it
  size_t torn;                        // bytes behind the last one that counts, when it was read
  unsigned char last[LQ_SEAL_DIGEST]; // the digest of the last one
} lq_checkpoint;

// The file's bytes, which may be anything. LQ_E_BUNDLE, LQ_E_VERSION: *why says what is wrong. LQ_E_NOMEM.
// The last checkpoint that is sound counts; behind one that was torn by a power cut nothing is looked at.
lq_status lq_checkpoint_read(lq_checkpoint *c, const char *p, size_t n, const char **why);
// Is it time to write everything anew? What came behind has outgrown it, or nothing stands there yet.
bool lq_checkpoint_wants_whole(const lq_checkpoint *c);
// The bytes of the next checkpoint, into an empty buffer: everything, or what has changed since the one
// before.
void lq_checkpoint_write(lq_checkpoint *c, bool whole, lq_str state, lq_buf *out,
                         unsigned char digest[LQ_SEAL_DIGEST]);
// They stand in the file.
void lq_checkpoint_kept(lq_checkpoint *c, bool whole, uint64_t bytes,
                        const unsigned char digest[LQ_SEAL_DIGEST]);
void lq_checkpoint_free(lq_checkpoint *c);
uint64_t lq_mark_offset(const lq_mark *m);                       // of its source, where reading resumes
lq_mark *lq_checkpoint_mark(lq_checkpoint *c, const char *name); // made if it is not there; NULL: no memory

#endif
