// Resuming where an earlier scan stopped reading a source.
#include "base/counters.h"
#include "lib/api.h"
#include "lib/position.h"

LQ_COUNTERS_ONLY(lq_input_stats);

static lq_input_stats difference(const lq_input_stats *a, const lq_input_stats *b)
{
  lq_input_stats out = *a;
  LQ_COUNTERS_SUBTRACT(&out, b);
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
  lq_position p;
  lq_stand now = {.records = s->had + lq_reader_stats(s->reader)->records - s->begun.records};
  lq_reader_position_get(s->reader, &now.at);
  // Nothing new was met: the records that are still passed over are done with all the same.
  if (s->passing > 0)
    now.records += s->passing;
  lq_position_write(&p, &now);
  return lq_api_give(out, &p, sizeof p);
}

lq_status lq_scan_begin_at(lq_scan *s, const char *name, const lq_position *from)
{
  lq_stand to;
  if (!lq_position_read(from, &to))
    return LQ_E_USAGE;
  lq_status status = lq_scan_begin(s, name);
  if (status != LQ_OK)
    return status;
  if (to.at.form < 0)
    s->passing = to.records;
  else
    s->had = to.records;
  lq_scan_begin_reader(s, &to.at);
  return LQ_OK;
}
