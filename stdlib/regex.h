// Regular expressions in linear time: RE2 behind four C functions, so that nothing above sees C++.
#ifndef LQ_STDLIB_REGEX_H
#define LQ_STDLIB_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "libquery/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lq_regex lq_regex;

enum { LQ_RE_FOLD = 1, LQ_RE_PREFIX = 2, LQ_RE_SEARCH = 4 }; // neither PREFIX nor SEARCH: both ends anchored

// *out is NULL on failure: LQ_E_QUERY (message, cut to its size, and where in the text), LQ_E_LIMIT,
// LQ_E_NOMEM. RE2's own allocations are its own; a bad_alloc becomes LQ_E_NOMEM. Immutable and shareable
// afterwards.
lq_status lq_regex_new(lq_regex **out, lq_str text, unsigned flags, char message[120], size_t *bad_at);
void lq_regex_free(lq_regex *r);
// 1 match, 0 none, LQ_E_NOMEM / LQ_E_LIMIT (negative) when RE2 ran out of memory. start, end may be NULL.
int lq_regex_match(const lq_regex *r, lq_str text, size_t *start, size_t *end);

#ifdef __cplusplus
}
#endif
#endif
