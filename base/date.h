// Points in time as nanoseconds since 1970 (int64, years 1678 to 2261). No clock is read here: `now` is an
// argument.
#ifndef LQ_BASE_DATE_H
#define LQ_BASE_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct lq_civil {
  int year, month, day, hour, minute, second, nanosecond, weekday; // weekday: 0 is Sunday
} lq_civil;

// RFC 3339 and what logs hold: `2024-05-01`, `…T10:11`, `… 10:11:12.123456789`, `Z`, `+02:00`, `+0200`; no
// zone is UTC.
bool lq_date_parse(lq_str s, int64_t *ns);
// Also date math: `now`, `now-5m`, `now-1d/d`, `2024-05-01||+1M/d`.
bool lq_date_math(lq_str s, int64_t now, int64_t *ns);
lq_civil lq_date_civil(int64_t ns);
int64_t lq_date_from_civil(const lq_civil *c);
// `2024-05-01T10:11:12.123Z`: RFC 3339, UTC, milliseconds, or as many digits as the value needs.
size_t lq_date_format(int64_t ns, char out[40]);

#endif
