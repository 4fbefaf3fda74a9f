// Why an event matched, as one cell of a table or as some lines.
#ifndef LQ_CLI_WHY_H
#define LQ_CLI_WHY_H

#include "cli/style.h"

// `field=value  field=value`, with the part of each value that matched in colour. Long values are shown
// around it.
void lq_why_cell(lq_string *s, const lq_match *m, bool color);
// A line a clause: as written, the field, the value, the entry of the list that matched.
void lq_why_lines(lq_string *s, const lq_match *m, bool color);
void lq_why_place(lq_string *s, const lq_match *m); // source:line
void lq_why_time(lq_string *s, const lq_match *m);  // nothing if the event has none

#endif
