// A pass that can be stopped at any moment and resumed: no alert is lost, and with --output none comes
// twice. Order of things: read, evaluate, write alerts, make them durable, then say how far reading got.
#ifndef LQ_FEED_STREAM_H
#define LQ_FEED_STREAM_H

#include "feed/out.h"
#include "feed/pass.h"

typedef struct lq_stream {
  lq_pass *pass;
  lq_out *out;        // of alerts; turned to the file `output`
  const char *state;  // file; NULL: nothing is kept
  const char *output; // file; NULL: standard output
  bool follow;        // files grow, and others come to their names
  bool final;         // the end of the files is the end of the input
  int64_t every;      // ns between checkpoints

  lq_checkpoint checkpoint;
  lq_totals before;   // of earlier runs
  int lock, state_fd; // descriptors
  uint64_t kept;      // bytes of the output file before this run
  bool began_anew;    // there was no state
  char *temporary;
} lq_stream;

// Takes the lock, reads the state, and turns the output to its file, cut to what counts. Not LQ_OK: there was
// a notice, but of LQ_E_NOMEM. To be closed in any case.
lq_status lq_stream_open(lq_stream *s);
// The names are files; folders and globs were walked. LQ_E_NOMEM: what was not finished is not in the state;
// all else was told by notices.
lq_status lq_stream_run(lq_stream *s, const lq_files *files);
// The same over any sources; their marks are those of s->checkpoint (lq_checkpoint_mark), each once.
lq_status lq_stream_run_sources(lq_stream *s, lq_source *const *sources, size_t n);
void lq_stream_close(lq_stream *s);

#endif
