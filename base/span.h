// Byte ranges into one source text. Every token, tree node and diagnostic has one.
#ifndef LQ_BASE_SPAN_H
#define LQ_BASE_SPAN_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lq_span {
  uint32_t start; // first byte
  uint32_t end;   // one past the last byte; start == end marks a point
} lq_span;

// Spans of a query are counted in the query's bytes. What a rule's file says outside of its query has a place
// too: from LQ_SPAN_FILE on they are bytes of the file itself, whatever the query is. No text is that large.
#define LQ_SPAN_FILE 0x40000000u

static inline bool lq_span_is_in_file(lq_span s)
{
  return s.start >= LQ_SPAN_FILE;
}
static inline lq_span lq_span_in_file(lq_span of_file)
{
  lq_span s = {of_file.start + LQ_SPAN_FILE, of_file.end + LQ_SPAN_FILE};
  return s;
}
// From the first byte of one to the last of the other; where they lie in different texts, the one in the
// query.
static inline lq_span lq_span_over(lq_span a, lq_span b)
{
  if (lq_span_is_in_file(a) != lq_span_is_in_file(b))
    return lq_span_is_in_file(a) ? b : a;
  lq_span s = {a.start < b.start ? a.start : b.start, a.end > b.end ? a.end : b.end};
  return s;
}

#endif
