// Where matches go: as events or as alerts, in one of the formats.
#ifndef LQ_CLI_SINK_H
#define LQ_CLI_SINK_H

#include "cli/cli.h"

typedef struct lq_sink lq_sink;

// alerts: what `lq run` writes (the rule, too); else what `lq query` writes. numbered: tables begin with a
// number.
lq_sink *lq_sink_new(lq_cli *c, const lq_bundle *b, lq_format format, bool alerts, bool numbered);
// Nonzero: nothing can be written any more.
int lq_sink_match(lq_sink *s, const lq_match *m);
// Writes what is held. Rows of a table may wait a moment for others, so that columns fit all; not when idle.
void lq_sink_flush(lq_sink *s, bool idle);
void lq_sink_end(lq_sink *s);

#endif
