// Why an event matched, as one cell of a table or as some lines.
#ifndef LQ_FEED_WHY_H
#define LQ_FEED_WHY_H

#include <libquery/lq.h>

#include "base/buf.h"

// Adds a name of a field, or the part of a value that matched, made safe and in its colour.
typedef enum lq_why_part { LQ_WHY_FIELD, LQ_WHY_MATCH } lq_why_part;
typedef void (*lq_why_paint)(lq_buf *b, lq_why_part part, lq_text text); // NULL: without colours

// `field=value  field=value`. Long values are shown around what matched.
void lq_why_cell(lq_buf *b, const lq_match *m, lq_why_paint paint);
// A line a clause: as written, the field, the value, the entry of the list that matched.
void lq_why_lines(lq_buf *b, const lq_match *m, lq_why_paint paint);
void lq_why_place(lq_buf *b, const lq_match *m); // source:line
void lq_why_time(lq_buf *b, const lq_match *m);  // nothing if the event has none

// A rule's name, or its id if it has none; its ATT&CK techniques with blanks between.
lq_text lq_rule_label(const lq_rule_view *v);
void lq_rule_attack(lq_buf *b, const lq_bundle *bundle, size_t rule);

#endif
