// Regular expressions in linear time: RE2 behind four C functions, so that nothing above sees C++.
#ifndef LQ_STDLIB_REGEX_H
#define LQ_STDLIB_REGEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "libquery/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lq_regex lq_regex;

enum { LQ_RE_FOLD = 1, LQ_RE_PREFIX = 2, LQ_RE_SEARCH = 4 }; // neither PREFIX nor SEARCH: both ends anchored

// What compiling takes at most, in units of about one instruction (regex_cost.c): 0.5 us, 320 bytes.
// LQ_REGEX_COSTS_TOO_MUCH: more than max, which is at most 2^32, from *bad_at on.
#define LQ_REGEX_COSTS_TOO_MUCH UINT64_MAX
enum { LQ_REGEX_COST_MAX = 65536 }; // of one expression
uint64_t lq_regex_cost(lq_str text, uint64_t max, size_t *bad_at);

// *out is NULL on failure: LQ_E_QUERY (message, cut to its size, and where in the text), LQ_E_LIMIT
// (over LQ_REGEX_COST_MAX, likewise), LQ_E_NOMEM. RE2's own allocations are its own; a bad_alloc becomes
// LQ_E_NOMEM. Immutable and shareable afterwards.
lq_status lq_regex_new(lq_regex **out, lq_str text, unsigned flags, char message[120], size_t *bad_at);
// The same with so many bytes for RE2's programs and the states that it keeps. With little it matches slower,
// never wrong; with less than its programs take, LQ_E_LIMIT.
enum { LQ_REGEX_MEMORY_MAX = 8 << 20 };
lq_status lq_regex_new_within(lq_regex **out, lq_str text, unsigned flags, size_t memory, char message[120],
                              size_t *bad_at);
void lq_regex_free(lq_regex *r);
size_t lq_regex_size(const lq_regex *r); // instructions of the larger of its two programs
// 1 match, 0 none, LQ_E_NOMEM / LQ_E_LIMIT (negative) when RE2 ran out of memory. start, end may be NULL.
int lq_regex_match(const lq_regex *r, lq_str text, size_t *start, size_t *end);

#ifdef __cplusplus
}
#endif
#endif
