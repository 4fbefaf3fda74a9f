// Resuming where an earlier scan stopped reading a source.
#include "lib/api.h"
#include "lib/position.h"

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
  lq_reader_begin_at(s->reader, lq_buf_get(&s->source), &to.at);
  if (to.at.form < 0)
    s->passing = to.records;
  else
    s->had = to.records;
  return LQ_OK;
}
