// The line that says how far a long run is.
#ifndef LQ_CLI_PROGRESS_H
#define LQ_CLI_PROGRESS_H

#include "cli/cli.h"

typedef struct lq_progress {
  lq_cli *cli;
  uint64_t total; // bytes of all files, 0 unknown
  int64_t start, last;
} lq_progress;

void lq_progress_hook(lq_cli *c); // output takes the line away before it writes
void lq_progress_start(lq_progress *p, lq_cli *c, uint64_t total);
// Shown when standard error is a terminal, after a second, a few times a second.
void lq_progress_show(lq_progress *p, const lq_stats *s);
void lq_progress_files(lq_progress *p, size_t done, size_t of);
void lq_progress_end(lq_progress *p);
int64_t lq_elapsed(int64_t since); // ns; of 0: now, on a clock that nobody sets

#endif
