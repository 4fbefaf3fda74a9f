// Rules by name to a bundle, and everything that is said about them on the way.
#ifndef LQ_CLI_LOAD_H
#define LQ_CLI_LOAD_H

#include "cli/cli.h"

typedef struct lq_rules_in {
  lq_build *build;                                      // NULL when a bundle was given
  lq_bundle *bundle;                                    // NULL: something went wrong and was said
  size_t files, compiled, errors, unsupported, skipped; // of lq_build_found
  size_t error_messages, warning_messages;
} lq_rules_in;

// Reads rule files, folders and globs into a build and finishes it; flags are LQ_BUILD_*. `quiet` leaves the
// diagnostics in r->build. A rule with errors sets LQ_SAW_BAD_RULE.
void lq_load_files(lq_cli *c, char *const *names, size_t n, uint32_t flags, bool quiet, lq_rules_in *r);
// The same, or one bundle by its first bytes.
void lq_load_rules(lq_cli *c, char *const *names, size_t n, uint32_t flags, lq_rules_in *r);
// One query as a bundle. False: it has errors, and they were shown.
bool lq_load_query(lq_cli *c, const char *query, size_t n, uint32_t dialect, lq_bundle **out);
// An empty build with the schema and the lists that the command line names.
bool lq_new_build(lq_cli *c, uint32_t flags, lq_build **out);
void lq_rules_in_free(lq_rules_in *r);

void lq_show_diagnostics(lq_cli *c, const lq_build *b);
bool lq_dialect_named(lq_cli *c, const lq_options *o, uint32_t *dialect);

#endif
