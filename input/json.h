// JSON in two steps: find the structure and check it (json.c, and walk.c for most of what is right), then
// take what is wanted (json_value.c, fill.c).
#ifndef LQ_INPUT_JSON_H
#define LQ_INPUT_JSON_H

#include "base/arena.h"
#include "base/value.h"
#include "libquery/status.h"

struct lq_walker;

typedef enum lq_json_kind {
  LQ_JSON_OBJECT,
  LQ_JSON_ARRAY,
  LQ_JSON_STRING,
  LQ_JSON_NUMBER,
  LQ_JSON_TRUE,
  LQ_JSON_FALSE,
  LQ_JSON_NULL,
} lq_json_kind;

// One value. In an object, a key (a STRING) stands before each value. Strings: start and end are inside the
// quotes.
typedef struct lq_json_node {
  uint32_t start, end; // bytes of the text
  uint32_t next;       // index after this value and all inside it
  uint8_t kind;
  uint8_t escaped; // STRING: has a backslash, or bytes that are not ASCII (needs decoding or a check)
  uint16_t shape;  // of a key: its number in the walker's shapes; 0: it is not known
} lq_json_node;

// Which members of a text are worth a node. What is left out is checked and leaves no trace.
enum { LQ_JSON_LEAVE_OUT = UINT32_MAX };
typedef struct lq_json_choice {
  // What the value of this key is called, in an object that is called `where` (the root is 0), or LEAVE_OUT.
  uint32_t (*member)(void *user, uint32_t where, lq_str key, bool escaped);
  // Is there room for one more value that is called so? Elements are called as their array is.
  bool (*room)(void *user, uint32_t where);
  void *user;
} lq_json_choice;

typedef struct lq_json {
  const lq_mem *mem;
  uint32_t max_leaves;          // strings, numbers and words that are no keys; 0: any number
  bool skip_deep;               // what is nested deeper than the limit is left out, and no LQ_E_LIMIT
  const lq_json_choice *choice; // NULL: everything
  struct lq_walker *walker;     // NULL: the plain decoder does all; else nodes may lack what nobody wants
  bool deep, crowded;           // something was left out: for its depth; as there was no room
  bool has_duplicate;           // the walker knows whether some object has a key twice:
  bool duplicate;
  uint8_t *brackets; // of what is left out, a bit each
  size_t brackets_cap;
  lq_str text;
  lq_json_node *nodes;
  size_t n, cap;
} lq_json;

typedef struct lq_json_error {
  size_t at;          // byte offset
  const char *reason; // static text
  bool cut;           // the text ended too early, and what there is makes sense
  bool leaves;        // LQ_E_LIMIT: too many of them; else it is nested too deeply
} lq_json_error;

// RFC 8259 exactly, but for what tests/unit/test_json.c lists. Iterative; depth and size are capped. Reuses
// the nodes' memory. LQ_E_INPUT, LQ_E_LIMIT (too deep, too many values), LQ_E_NOMEM. Ready when {.mem = m}.
lq_status lq_json_parse(lq_json *j, lq_str text, uint32_t max_depth, lq_json_error *error);
void lq_json_free(lq_json *j);
// The decoded text of a STRING: borrowed from the text when nothing had to change, else in a. Bad UTF-8 and
// lone surrogates become U+FFFD; *repaired counts them.
lq_str lq_json_string(const lq_json *j, const lq_json_node *n, lq_arena *a, uint64_t *repaired);
// INT, UINT or DOUBLE, exact where 64 bits hold it; *range is set when it overflowed (then it is a STRING of
// the literal text).
lq_value lq_json_number(const lq_json *j, const lq_json_node *n, bool *range);

// The value under a key of an object, the first when there are several; 0 when there is none (0 is the root,
// which is nobody's value). Keys are compared as they are written: no escapes.
uint32_t lq_json_member(const lq_json *j, uint32_t object, lq_str key);
static inline lq_str lq_json_raw(const lq_json *j, const lq_json_node *n)
{
  return lq_str_slice(j->text, n->start, n->end);
}

#endif
