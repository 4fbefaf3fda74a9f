// A slow and obviously right reading of whole rules over a slice: every event kept, each looked at again each
// time.
#ifndef LQ_TESTS_REFERENCE_PLAIN_H
#define LQ_TESTS_REFERENCE_PLAIN_H

#include "tests/reference/slice.h"

// What a rule gave. Lines, `-` for a missing term; then the key of sequences in brackets, or columns.
// Which events a sample chose is left open, and which one a window shows first: they say the last.
typedef struct s_alert {
  uint32_t state, place; // place: of the completing event
  char *text;
} s_alert;

typedef struct s_alerts {
  s_alert *alert;
  size_t n, cap;
} s_alerts;

void s_add_alert(s_alerts *all, uint32_t state, uint32_t place, const lq_buf *text);
void s_free_alerts(s_alerts *all);
void s_add_values(lq_buf *out, lq_values v);

// Alerts of one rule. False: it has a stage that is not read here.
bool s_plain(s_slice *s, const s_variant *v, uint32_t state, s_alerts *out);

#endif
