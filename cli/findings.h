// What a check tells: the diagnostics of a build, less those that were not asked for.
#ifndef LQ_CLI_FINDINGS_H
#define LQ_CLI_FINDINGS_H

#include "cli/cli.h"

enum { LQ_CODES_MAX = 1000 };

typedef struct lq_selection {
  bool on[LQ_CODES_MAX]; // by code
} lq_selection;

// --select and --ignore. False: a mistake in them was reported.
bool lq_selection_read(lq_cli *c, const lq_options *o, lq_selection *out);

typedef struct lq_finding {
  size_t index; // of the build's diagnostic
  lq_diagnostic d;
} lq_finding;

typedef struct lq_findings {
  const lq_build *build;
  lq_finding *items;
  size_t n;
  size_t by_severity[3]; // LQ_SEVERITY_*
  size_t by_code[LQ_CODES_MAX];
  size_t sure; // fixes that --fix would make
} lq_findings;

void lq_findings_of(const lq_build *b, const lq_selection *s, lq_findings *out);
void lq_findings_free(lq_findings *f);

#endif
