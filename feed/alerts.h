// Matches written for other programs: an alert, an event or a row a line, as JSON or CSV (docs/alert.md).
#ifndef LQ_FEED_ALERTS_H
#define LQ_FEED_ALERTS_H

#include "feed/out.h"

typedef enum lq_alerts_form { LQ_ALERTS_NDJSON, LQ_ALERTS_CSV } lq_alerts_form;

typedef struct lq_alerts {
  lq_out *out;
  const lq_bundle *bundle;
  lq_alerts_form form;
  bool only_events; // NDJSON: what the query gives, not alerts
  lq_buf line;
  lq_status failed; // LQ_E_NOMEM: a match was not written
} lq_alerts;

// Writes the titles of a CSV, unless an earlier run has. To be freed.
void lq_alerts_begin(lq_alerts *a, lq_out *out, const lq_bundle *bundle, lq_alerts_form form);
// A whole line or none. Nonzero: the match was not taken, and nothing can be written any more (out->error,
// a->failed, or the reader went away).
int lq_alerts_add(lq_alerts *a, const lq_match *m);
void lq_alerts_free(lq_alerts *a);

#endif
