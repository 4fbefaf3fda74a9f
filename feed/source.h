// Where bytes of events come from: a log file, a spool, a partition of a topic. It has a mark in the
// checkpoint, which says how far it was read, and knows how to go back there.
#ifndef LQ_FEED_SOURCE_H
#define LQ_FEED_SOURCE_H

#include "feed/checkpoint.h"

typedef enum lq_source_begin {
  LQ_SOURCE_FAILED,  // errno
  LQ_SOURCE_NEW,     // from its first byte
  LQ_SOURCE_GOES_ON, // from the mark
  LQ_SOURCE_OLD,     // the file of the mark has another name now: it is read to its end first
  LQ_SOURCE_LOST,    // another file has the name, and the one of the mark was not found
} lq_source_begin;

typedef enum lq_source_look {
  LQ_SOURCE_SAME,     // it may grow
  LQ_SOURCE_REPLACED, // another file has its name
  LQ_SOURCE_EMPTIED,  // it is shorter than what was read, or begins otherwise
} lq_source_look;

typedef struct lq_source lq_source;

typedef struct lq_source_kind {
  lq_source_begin (*open)(lq_source *s);
  // To where the scan goes on by the mark's position. False and errno.
  bool (*seek)(lq_source *s);
  // Bytes read, 0: none now, -1 and errno (EINTR: the program is to stop).
  long (*read)(lq_source *s, void *p, size_t n);
  bool (*idle)(lq_source *s); // would a read wait?
  // At its end: what became of it? wait: ns for which a file that was replaced must not have grown, as who
  // writes to it may not know yet.
  lq_source_look (*look)(lq_source *s, int64_t wait);
  // An emptied one may have been copied first: the copy is opened, at what was not read yet. False and errno,
  // ENOENT: none.
  bool (*find_copy)(lq_source *s);
  // The next one of that name begins. Its lines count on, so that ids stay apart.
  void (*next)(lq_source *s);
  void (*close)(lq_source *s);
} lq_source_kind;

// A kind's own struct begins with this.
struct lq_source {
  const lq_source_kind *kind;
  lq_mark *mark;
  bool is_open;
  bool seekable; // else a pipe, which ends when it ends
  bool failed;   // not to be read from any more, until another file has its name
};

#endif
