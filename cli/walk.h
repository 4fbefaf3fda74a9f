// Names on the command line to files: folders are walked, globs expanded, the order is always the same.
#ifndef LQ_CLI_WALK_H
#define LQ_CLI_WALK_H

#include "cli/cli.h"

typedef struct lq_files {
  char **names; // as the user wrote them, folders with the path inside joined to them
  size_t n, cap;
  uint64_t bytes; // of the regular files; 0 when one is of unknown size
  bool missing;   // something could not be found or read: it was reported
} lq_files;

// Files named outright are taken whatever they are called; in folders only those that `takes` takes. Hidden
// files in folders are left out, and links to folders are not followed.
void lq_walk(lq_cli *c, char *const *names, size_t n, int (*takes)(const char *name), lq_files *out);
void lq_files_free(lq_files *f);
int lq_takes_events(const char *name); // .json .ndjson .jsonl, also with .gz or .zst

#endif
