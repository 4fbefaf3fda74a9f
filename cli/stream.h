// A pass that can be stopped at any moment and gone on with: no alert is lost, and with --output none comes
// twice. Order of things: read, evaluate, write alerts, make them durable, then say how far reading got.
#ifndef LQ_CLI_STREAM_H
#define LQ_CLI_STREAM_H

#include "cli/checkpoint.h"
#include "cli/pass.h"

typedef struct lq_stream {
  lq_pass *pass;
  const char *state;  // file; NULL: nothing is kept
  const char *output; // file; NULL: standard output
  bool follow;        // files grow, and others come to their names
  bool final;         // the end of the files is the end of the input
  int64_t every;      // ns between checkpoints

  lq_checkpoint checkpoint;
  lq_totals before; // of earlier runs
  int lock;         // descriptors
  uint64_t kept;    // bytes of the output file before this run
  bool began_anew;  // there was no state
  char *temporary;
} lq_stream;

// Takes the lock, reads the state, and turns the output to its file, cut to what counts. False: it was said
// why.
bool lq_stream_open(lq_stream *s);
// The names are files; folders and globs were walked.
void lq_stream_run(lq_stream *s, const lq_files *files);
void lq_stream_close(lq_stream *s);

#endif
