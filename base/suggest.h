// "Did you mean": the nearest name by edit distance, or nothing if nothing is near enough.
#ifndef LQ_BASE_SUGGEST_H
#define LQ_BASE_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

typedef bool (*lq_name_at)(const void *ctx, size_t i, lq_str *name); // false ends the list

// Gives the nearest name within max_distance edits (a swap of neighbours is one), {NULL, 0} if none; case is
// ignored.
lq_str lq_suggest(lq_str wanted, size_t max_distance, lq_name_at at, const void *ctx);

#endif
