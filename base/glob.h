// Wildcard patterns. In a pattern's text the two bytes that no UTF-8 string holds stand for the wildcards, so
// a literal `*` needs no escape and a pattern is a plain string everywhere: in the tree, the bundle, a table.
#ifndef LQ_BASE_GLOB_H
#define LQ_BASE_GLOB_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define LQ_ANY_RUN '\xFF' // `*`: any run of code points, empty too
#define LQ_ANY_ONE '\xFE' // `?`: one code point

typedef enum lq_glob_kind {
  LQ_GLOB_EXACT,    // no wildcard
  LQ_GLOB_ANY,      // only `*`
  LQ_GLOB_PREFIX,   // lit*
  LQ_GLOB_SUFFIX,   // *lit
  LQ_GLOB_CONTAINS, // *lit*
  LQ_GLOB_GENERAL,
} lq_glob_kind;

lq_glob_kind lq_glob_classify(lq_str pattern,
                              lq_str *literal); // literal may be NULL; empty for ANY and GENERAL
bool lq_glob_has_wildcard(lq_str pattern);
// The whole text must match. Linear in practice and O(n*m) at worst, no recursion. With fold, *both* are
// folded while they are compared (pass folded strings and fold = false when that has been done).
bool lq_glob_match(lq_str pattern, lq_str text, bool fold);
// A pattern's part without runs, at either end of the text; nothing is folded.
bool lq_glob_begins(lq_str segment, lq_str text);
bool lq_glob_ends(lq_str segment, lq_str text);
// Where the literal part of the pattern lies in a text that matches (for highlighting): first literal to
// last. A pattern without a literal gives the whole text.
bool lq_glob_locate(lq_str pattern, lq_str text, bool fold, size_t *start, size_t *end);
void lq_glob_plain(lq_buf *out, lq_str pattern); // wildcards as `*` and `?`: the text that `==` compares with

#endif
