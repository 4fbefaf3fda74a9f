// A log file that is read as it grows, through rotations and restarts: where it stands is a mark of a
// checkpoint.
#ifndef LQ_CLI_SOURCE_H
#define LQ_CLI_SOURCE_H

#include "cli/checkpoint.h"

typedef struct lq_source {
  lq_mark *mark;
  int fd;          // -1: not open
  bool seekable;   // a regular file; else a pipe, which ends when it ends
  bool failed;     // not to be read from any more, until another file has its name
  uint64_t read;   // bytes of the file before where reading goes on
  uint64_t size;   // when it was looked at last
  int64_t changed; // its time of change then
  int64_t quiet;   // since when it has not grown while another file has its name; 0: it has, or none has
} lq_source;

typedef enum lq_source_begin {
  LQ_SOURCE_FAILED,  // errno
  LQ_SOURCE_NEW,     // from its first byte
  LQ_SOURCE_GOES_ON, // from the mark
  LQ_SOURCE_OLD,     // the file of the mark has another name now: it is read to its end first
  LQ_SOURCE_LOST,    // another file has the name, and the one of the mark was not found
} lq_source_begin;

void lq_source_init(lq_source *s, lq_mark *mark);
lq_source_begin lq_source_open(lq_source *s);
void lq_source_close(lq_source *s);
// To where the scan goes on by the mark's position. False and errno.
bool lq_source_seek(lq_source *s);
// Bytes read, 0: none now, -1 and errno (EINTR: the user interrupted).
long lq_source_read(lq_source *s, void *p, size_t n);

typedef enum lq_source_look {
  LQ_SOURCE_SAME,     // it may grow
  LQ_SOURCE_REPLACED, // another file has its name
  LQ_SOURCE_EMPTIED,  // it is shorter than what was read, or begins otherwise
} lq_source_look;
// At its end: what became of it? wait: ns for which a file that was replaced must not have grown, as who
// writes to it may not know yet.
lq_source_look lq_source_look_at(lq_source *s, int64_t wait);
// An emptied file may have been copied first: the copy is opened, at what was not read yet. False and errno,
// ENOENT: none.
bool lq_source_find_copy(lq_source *s);
// The next file of that name begins; line: of its first line, which goes on counting so that ids stay apart.
void lq_source_next(lq_source *s, uint64_t line);

#endif
