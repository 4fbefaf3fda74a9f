// Going on where an earlier scan stopped reading a source.
#include "lib/api.h"

// Every field is a 64-bit counter; a new one of another kind must not slip in here unseen.
enum { COUNTERS = sizeof(lq_input_stats) / sizeof(uint64_t) };
_Static_assert(sizeof(lq_input_stats) % sizeof(uint64_t) == 0, "counters only");

static lq_input_stats difference(const lq_input_stats *a, const lq_input_stats *b)
{
  uint64_t x[COUNTERS], y[COUNTERS];
  lq_input_stats out;
  memcpy(x, a, sizeof x);
  memcpy(y, b, sizeof y);
  for (size_t i = 0; i < COUNTERS; i++)
    x[i] -= y[i];
  memcpy(&out, x, sizeof out);
  return out;
}

bool lq_scan_passes(lq_scan *s)
{
  if (s->passing == 0)
    return false;
  if (--s->passing > 0)
    return true;
  const lq_input_stats zero = {0};
  lq_input_stats these = difference(lq_reader_stats(s->reader), &s->begun);
  these = difference(&zero, &these);
  s->passed = difference(&s->passed, &these);
  return true;
}

lq_input_stats lq_scan_input_stats(const lq_scan *s)
{
  lq_input_stats in = difference(lq_reader_stats(s->reader), &s->passed);
  if (s->passing == 0)
    return in;
  // Still passing: nothing of this source counts yet.
  lq_input_stats these = difference(lq_reader_stats(s->reader), &s->begun);
  return difference(&in, &these);
}

lq_status lq_scan_position(const lq_scan *s, lq_position *out)
{
  if (!s || s->busy)
    return LQ_E_USAGE;
  lq_reader_position at;
  lq_reader_position_get(s->reader, &at);
  lq_position all = {.mode = (uint32_t)at.mode,
                     .offset = at.offset,
                     .line = at.line,
                     .first_line = at.first_line,
                     .records = s->had + lq_reader_stats(s->reader)->records - s->begun.records,
                     .pending = at.pending,
                     .cut = at.cut};
  // Nothing new was met: the records that are still passed over are done with all the same.
  if (s->passing > 0)
    all.records += s->passing;
  return lq_api_give(out, &all, sizeof all);
}

lq_status lq_scan_begin_at(lq_scan *s, const char *name, const lq_position *from)
{
  lq_position p = {.struct_size = sizeof p};
  if (lq_api_take(&p, sizeof p, from) != LQ_OK || p.mode > LQ_READER_LONG_LINE)
    return LQ_E_USAGE;
  lq_status status = lq_scan_begin(s, name);
  if (status != LQ_OK)
    return status;
  lq_reader_position at = {.mode = (lq_reader_mode)p.mode,
                           .offset = p.offset,
                           .line = p.line,
                           .first_line = p.first_line ? p.first_line : 1};
  lq_reader_begin_at(s->reader, lq_buf_get(&s->source), &at);
  if (p.mode == LQ_READER_WHOLE)
    s->passing = p.records;
  else
    s->had = p.records;
  return LQ_OK;
}
