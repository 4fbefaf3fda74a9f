// Finds the records in a stream of bytes that may be split anywhere.
#ifndef LQ_INPUT_FRAME_H
#define LQ_INPUT_FRAME_H

#include "base/buf.h"
#include "input/json.h"

typedef struct lq_frame_record {
  lq_str text;
  uint64_t line, offset; // where it begins
  bool open_ended;       // the input ended before its end was seen
} lq_frame_record;

typedef enum lq_frame_fault { LQ_FRAME_SHAPE, LQ_FRAME_JSON, LQ_FRAME_SIZE, LQ_FRAME_PARTIAL } lq_frame_fault;

typedef struct lq_frame_hooks {
  // Takes one record. When it does not parse, *broken is set and *at says from where on.
  lq_status (*record)(void *user, const lq_frame_record *r, bool *broken, size_t *at);
  // One record that is not worth parsing. column: from 1, or 0.
  lq_status (*fault)(void *user, uint64_t line, uint64_t offset, lq_frame_fault why, size_t column,
                     const char *reason);
  void *user;
} lq_frame_hooks;

typedef enum lq_frame_mode {
  LQ_FRAME_UNKNOWN, // nothing said yet how records are told apart
  LQ_FRAME_LINES,   // NDJSON: a record is a line, and a bad line is one bad record
  LQ_FRAME_STREAM,  // objects one after another, over lines, in arrays or wrappers
} lq_frame_mode;

typedef struct lq_frame {
  const lq_mem *mem;
  lq_frame_hooks hooks;
  size_t max_record;
  uint32_t max_depth;

  lq_frame_mode mode;
  lq_buf held;     // bytes that are not done with
  uint64_t base;   // offset of held's first byte
  uint64_t line;   // line number at `at`
  size_t at;       // in held: everything before is scanned
  bool skip_line;  // the rest of a line that is too long
  bool has_stream; // a record that spans lines was met: the source is no NDJSON
  lq_json probe;   // for looking ahead

  // STREAM
  enum { LQ_BETWEEN, LQ_INSIDE, LQ_GARBAGE, LQ_SKIPPING, LQ_LOST } state;
  size_t start; // of the record, in held
  uint64_t start_line;
  uint64_t line_start;            // offset of the line we are in
  uint64_t column;                // of the record's brace in its line
  size_t checked;                 // so much from the start has been looked at
  uint32_t depth;                 // open brackets of the record, or of what is skipped
  uint32_t arrays;                // open brackets around the records
  uint32_t wrapper_depth;         // brackets of the wrapper around the innermost array; 0: none
  uint32_t outer_arrays;          // open brackets around the wrapper
  uint64_t inner;                 // offset of the brace that opened depth 2
  bool in_string, escaped, blank; // blank: only white space before `at` in this line
  bool skip_is_wrapper;
} lq_frame;

// Ready when zeroed and then given mem, hooks and the limits.
void lq_frame_begin(lq_frame *f); // a new source
// A source of lines from there on. inside: of a line that is too long and was reported.
void lq_frame_begin_at(lq_frame *f, uint64_t offset, uint64_t line, bool inside);
lq_status lq_frame_feed(lq_frame *f, const char *p, size_t n);
lq_status lq_frame_end(lq_frame *f);
void lq_frame_free(lq_frame *f);

#endif
