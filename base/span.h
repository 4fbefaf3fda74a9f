// Byte ranges into one source text. Every token, tree node and diagnostic has one.
#ifndef LQ_BASE_SPAN_H
#define LQ_BASE_SPAN_H

#include <stdint.h>

typedef struct lq_span {
  uint32_t start; // first byte
  uint32_t end;   // one past the last byte; start == end marks a point
} lq_span;

#endif
