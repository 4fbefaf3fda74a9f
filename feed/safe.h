// Text of events made safe for terminals and lines, into a lq_buf.
#ifndef LQ_FEED_SAFE_H
#define LQ_FEED_SAFE_H

#include <libquery/lq.h>

#include "base/buf.h"

// Control characters, bidi marks and bytes that are no UTF-8 become \n, \u{1B}, \xFF: a terminal never obeys
// what an event says.
void lq_safe(lq_buf *b, const char *p, size_t n);
// The same, but lines stay lines.
void lq_safe_lines(lq_buf *b, const char *p, size_t n);
// The same on one line: blanks and line ends become single blanks, as in a clause that was written over
// several lines.
void lq_safe_flat(lq_buf *b, const char *p, size_t n);
// JSON that may hold line ends, as one line. Blanks after a line end go too; all else stays byte for byte.
void lq_one_line(lq_buf *b, const char *p, size_t n);
// RFC 3339 in UTC, to the millisecond.
void lq_put_time(lq_buf *b, int64_t ns);

#endif
