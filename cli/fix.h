// lq check --fix: writes fixes that are sure into the rule files.
#ifndef LQ_CLI_FIX_H
#define LQ_CLI_FIX_H

#include "cli/findings.h"

typedef struct lq_fixed {
  size_t fixes, files; // made, in how many files
  size_t left;         // refused: they overlap another one, or would not read back right
} lq_fixed;

// A file is rewritten whole or not at all, and only when it reads back with fewer mistakes. A file that
// cannot be written was reported.
void lq_fix_files(lq_cli *c, const lq_findings *f, lq_fixed *out);

#endif
