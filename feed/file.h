// A log file as a source: read as it grows, through rotations and restarts.
#ifndef LQ_FEED_FILE_H
#define LQ_FEED_FILE_H

#include "feed/source.h"

typedef struct lq_file {
  lq_source source; // first
  const lq_host *host;
  bool once;       // it is at rest and read once: who it is does not matter
  int fd;          // -1: not open
  uint64_t read;   // bytes of the file before where reading resumes
  uint64_t size;   // when it was looked at last
  int64_t changed; // its time of change then
  int64_t quiet;   // since when it has not grown while another file has its name; 0: it has, or none has
} lq_file;

// mark->name is its name, "-" standard input.
void lq_file_init(lq_file *f, const lq_host *host, lq_mark *mark);

#endif
