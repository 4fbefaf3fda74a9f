// Numbers to text and back, without locale, errno or rounding surprises.
#ifndef LQ_BASE_NUMBER_H
#define LQ_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#ifdef __cplusplus
extern "C" {
#endif

// All of s must be the number. Doubles are correctly rounded (std::from_chars).
bool lq_parse_i64(lq_str s, int64_t *out);
bool lq_parse_u64(lq_str s, uint64_t *out);
bool lq_parse_u64_base(lq_str s, int base, uint64_t *out); // 2 to 36, no prefix
bool lq_parse_double(lq_str s, double *out);               // false when out of range

enum { LQ_NUMBER_TEXT_MAX = 40 };
size_t lq_format_i64(int64_t v, char out[LQ_NUMBER_TEXT_MAX]);
size_t lq_format_u64(uint64_t v, char out[LQ_NUMBER_TEXT_MAX]);
// Shortest text that reads back as v. A whole number within int64 or uint64 is written as that
// integer (4.0 is `4`, -0.0 is `0`), so that equal numbers have equal text.
size_t lq_format_double(double v, char out[LQ_NUMBER_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
