// What is in an lq_position.
#ifndef LQ_LIB_POSITION_H
#define LQ_LIB_POSITION_H

#include "input/reader.h"
#include "libquery/lq.h"

typedef struct lq_stand {
  lq_reader_position at;
  uint64_t records; // that were read, bad ones too
} lq_stand;

void lq_position_write(lq_position *out, const lq_stand *s);
bool lq_position_read(const lq_position *p, lq_stand *out); // false: it is none

#endif
