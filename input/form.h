// A form of input: bytes that may be split anywhere in, records out. Each LQ_FORM row of formats.def has one.
#ifndef LQ_INPUT_FORM_H
#define LQ_INPUT_FORM_H

#include "base/buf.h"
#include "input/formats.h"
#include "input/sieve.h"
#include "libquery/status.h"

typedef struct lq_form_record {
  lq_str text;           // the record as JSON
  uint64_t line, offset; // where it begins
  bool open_ended;       // the input ended before its end was seen
  bool is_line;          // of which the hook `line` found the end just now, but for blanks around it
} lq_form_record;

typedef enum lq_form_fault { LQ_FORM_SHAPE, LQ_FORM_JSON, LQ_FORM_SIZE, LQ_FORM_PARTIAL } lq_form_fault;

typedef struct lq_form_hooks {
  // Takes one record. When it does not parse, *broken is set and *at says from where on.
  lq_status (*record)(void *user, const lq_form_record *r, bool *broken, size_t *at);
  // One record that is not worth parsing. column: from 1, or 0.
  lq_status (*fault)(void *user, uint64_t line, uint64_t offset, lq_form_fault why, size_t column,
                     const char *reason);
  // Bytes before the first newline of these; n: there is none. Who takes records may look at the line with
  // the same glance.
  size_t (*line)(void *user, const char *p, size_t n);
  // So many records that a sieve held back.
  void (*skim)(void *user, uint64_t records);
  void *user;
} lq_form_hooks;

typedef struct lq_form_env {
  const lq_mem *mem;
  lq_form_hooks hooks;
  size_t max_record;
  uint32_t max_depth;    // of JSON
  const lq_sieve *sieve; // forms of lines give no line as a record that has none of its texts; NULL: all
  bool wide;             // of the sieve
} lq_form_env;

// Between two pieces: how far it has come, and where it could begin again.
typedef struct lq_form_place {
  int form;         // LQ_FORM_*: that can begin at offset; -1: only a whole source can be read again
  bool inside;      // of a record that is too long and was reported
  uint64_t offset;  // of the first byte that is not done with
  uint64_t line;    // that has been reached
  uint64_t pending; // bytes of a record that is not whole yet
} lq_form_place;

typedef struct lq_form {
  size_t size;  // bytes of its state, which begins as zeros
  bool resumes; // it can begin at a place in the middle that `where` gave
  // A new source: from its first byte, whose line is from->line, or from a place that `where` gave.
  void (*begin)(void *state, const lq_form_env *env, const lq_form_place *from);
  lq_status (*feed)(void *state, const char *p, size_t n);
  lq_status (*end)(void *state);
  void (*where)(const void *state, lq_form_place *out);
  // For forms of lines, else NULL: is a record a line, and does one begin here? Then so many lines, n bytes,
  // can be left to somebody else, and go by.
  bool (*at_line)(const void *state);
  void (*pass_lines)(void *state, uint64_t lines, size_t n);
  void (*free)(void *state, const lq_mem *mem); // what it holds; also of a state that never began
} lq_form;

#define LQ_PACKING(name, magic, endings, what)
#define LQ_FORM(name, magic, endings, what) extern const lq_form lq_form_##name;
#include "input/formats.def"
#undef LQ_PACKING
#undef LQ_FORM

#endif
