// One record: parsed, unwrapped, mapped or not, into an event or to a visitor. The reader and the one-record
// calls share it.
#ifndef LQ_INPUT_RECORD_H
#define LQ_INPUT_RECORD_H

#include "input/walk.h"
#include "input/wants.h"

typedef enum lq_record_fault {
  LQ_RECORD_FINE,
  LQ_RECORD_JSON,
  LQ_RECORD_SIZE,
  LQ_RECORD_SHAPE,
} lq_record_fault;

typedef struct lq_record_reader {
  lq_json json;
  lq_fill fill;
  lq_windows *windows;
  lq_walker walker;
  lq_wants wants;
  lq_input_limits limits; // none is 0
  lq_cursor cursor;       // of the record at hand
  bool has_cursor;
  uint32_t object;                                                  // where the record lies in its text
  enum { LQ_RECORD_PLAIN, LQ_RECORD_WINDOWS, LQ_RECORD_WHOLE } way; // a raw Windows event: opened, mapped
  bool noted;                                                       // where wanted values lie
  // After a record that is not fine:
  const char *reason;
  size_t column; // from 1, 0: unknown
  bool cut;      // it ended too early
} lq_record_reader;

lq_input_limits lq_input_limits_of(const lq_input_limits *limits); // defaults filled in; NULL is fine
lq_status lq_record_reader_init(lq_record_reader *r, const lq_fieldmap *map, const lq_input_limits *limits,
                                const lq_mem *mem);
// Many records are to come: what is learnt from them pays.
void lq_record_reader_learn(lq_record_reader *r);
void lq_record_reader_free(lq_record_reader *r);
// Reads the structure of a record into e, which must be clear, and leaves its fields and its time to the
// cursor. The text is borrowed until the next record. *fault says why there is no event. LQ_E_NOMEM.
lq_status lq_record_open(lq_record_reader *r, lq_str text, lq_event *e, lq_record_fault *fault);
lq_status lq_record_fill(lq_record_reader *r); // all fields and the time of the record that was opened
// Both at once. LQ_E_INPUT, LQ_E_LIMIT: there is no event, and the reader says why.
lq_status lq_record_read(lq_record_reader *r, lq_str text, lq_event *e);
lq_status lq_record_status(lq_record_fault fault);
// Every leaf to r->fill.leaf, for readers without a map.
lq_status lq_record_leaves(lq_record_reader *r, lq_str text, lq_arena *strings, lq_record_fault *fault);

#endif
