// Names on the command line to files: folders are walked, globs expanded, the order is always the same.
#ifndef LQ_FEED_WALK_H
#define LQ_FEED_WALK_H

#include "feed/host.h"

typedef struct lq_files {
  const lq_mem *mem;
  char **names; // as the user wrote them, folders with the path inside joined to them
  size_t n, cap;
  uint64_t bytes; // of the regular files; 0 when one is of unknown size
  bool missing;   // something could not be found or read: there was a notice
} lq_files;

// Which files of a folder are taken.
typedef struct lq_taker {
  int (*takes)(const char *name);
  const char *endings; // for people; NULL: those of lq_input_at
} lq_taker;
extern const lq_taker lq_takes_events; // what lq_input_takes

// Files named outright are taken whatever they are called; in folders only those that `taker` takes. Hidden
// files in folders are left out, and links to folders are not followed. LQ_E_NOMEM: *out is to be freed all
// the same.
lq_status lq_walk(const lq_host *h, char *const *names, size_t n, const lq_taker *taker, lq_files *out);
lq_status lq_files_add(lq_files *f, const char *name);
void lq_files_free(lq_files *f);

#endif
