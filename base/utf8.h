// UTF-8: decoding, repair, and simple case folding (Unicode CaseFolding.txt, statuses C and S).
#ifndef LQ_BASE_UTF8_H
#define LQ_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define LQ_CODEPOINT_BAD UINT32_MAX // an enumerator would have to fit an int

// Reads one code point at s.p[*at] and moves *at past it. Bad bytes give LQ_CODEPOINT_BAD and move past
// one maximal invalid part (Unicode 15, table 3-8). Needs *at < s.n.
uint32_t lq_utf8_next(lq_str s, size_t *at);
size_t lq_utf8_back(lq_str s, size_t at);    // where the part that ends at `at` begins; needs 0 < at <= s.n
lq_str lq_utf8_prefix(lq_str s, size_t max); // at most so many bytes, not inside a code point
size_t lq_utf8_encode(uint32_t c, char out[4]);
bool lq_utf8_valid(lq_str s);
size_t lq_utf8_first_bad(lq_str s,
                         size_t *end);        // where the first bad part begins, and ends; s.n: there is none
size_t lq_utf8_count(lq_str s);               // code points; a bad part counts as one
size_t lq_utf8_offset(lq_str s, size_t nth);  // byte offset of the nth code point, s.n when past the end
size_t lq_utf8_repair(lq_buf *out, lq_str s); // appends s with U+FFFD for each bad part; gives how many

// What a terminal or a log must not get as it is: C0, DEL, C1, bidi and line-separating marks,
// LQ_CODEPOINT_BAD.
bool lq_is_unsafe(uint32_t c);

uint32_t lq_fold(uint32_t c);
bool lq_utf8_is_ascii(lq_str s);
void lq_fold_append(lq_buf *out, lq_str s); // bad parts stay (patterns hold some); folding may change the
                                            // length in bytes, never in code points
// Writes the folded text to out and gives its length, n + n / 2 bytes at most: two bytes may become three.
size_t lq_fold_into(char *out, lq_str s);
#define LQ_FOLD_ROOM(n) ((n) + (n) / 2)
// Writes s to out with capital letters of ASCII made small, as long as it was. True: there is nothing else to
// fold in it.
bool lq_lower_ascii(char *out, lq_str s);
bool lq_fold_eq(lq_str a, lq_str b);
int lq_fold_cmp(lq_str a, lq_str b); // order of the folded code points

#endif
