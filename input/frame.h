// The records in text: what the forms `objects` and `ndjson` share.
#ifndef LQ_INPUT_FRAME_H
#define LQ_INPUT_FRAME_H

#include "input/form.h"
#include "input/json.h"

typedef enum lq_frame_mode {
  LQ_FRAME_UNKNOWN, // nothing said yet how records are told apart
  LQ_FRAME_LINES,   // NDJSON: a record is a line, and a bad line is one bad record
  LQ_FRAME_STREAM,  // objects one after another, over lines, in arrays or wrappers
} lq_frame_mode;

typedef struct lq_frame {
  lq_form_env env;

  lq_frame_mode mode;
  lq_buf held;     // bytes that are not done with
  uint64_t base;   // offset of held's first byte
  uint64_t line;   // line number at `at`
  size_t at;       // in held: everything before is scanned
  bool skip_line;  // the rest of a line that is too long
  bool is_line;    // of lq_form_record: of the record that is taken now
  bool sifted;     // the line that begins here is to be read, whatever the sieve says
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

lq_status lq_frame_record(lq_frame *f, const lq_form_record *r, bool *broken, size_t *at);
lq_status lq_frame_fault(lq_frame *f, uint64_t line, uint64_t offset, lq_form_fault why, size_t column,
                         const char *reason);
lq_status lq_frame_hold(lq_frame *f, const char *p, size_t n);
void lq_frame_pass_newline(lq_frame *f);
// Is this beginning of what is held JSON? Answers are in f->probe and *error.
lq_status lq_frame_probe(lq_frame *f, size_t from, size_t to, lq_json_error *error);
static inline bool lq_frame_is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
// objects.c: what is held, as objects over lines; and the end of it.
lq_status lq_frame_scan_objects(lq_frame *f);
lq_status lq_frame_end_objects(lq_frame *f);
// ndjson.c: these bytes, as lines; a line of which all is here.
lq_status lq_frame_feed_lines(lq_frame *f, const char *p, size_t n);
lq_status lq_frame_take_line(lq_frame *f, lq_str text, uint64_t offset, bool open_ended);

// What both forms have in common.
void lq_frame_begin(lq_frame *f, const lq_form_env *env, uint64_t line);
lq_status lq_frame_feed(void *state, const char *p, size_t n);
lq_status lq_frame_end(void *state);
void lq_frame_where(const void *state, lq_form_place *out);
bool lq_frame_at_line(const void *state);
void lq_frame_pass_lines(void *state, uint64_t lines, size_t n);
void lq_frame_free(void *state, const lq_mem *mem);

#endif
