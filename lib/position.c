// Where reading stands in a source, as bytes that outlive this process and this version.
//   0 version   1 form + 1, 0: from the first byte   2 flags   3 0   4 offset, line, first line, next line,
//   records, pending: 8 bytes each
#include "lib/position.h"
#include "base/bytes.h"
#include "lib/api.h"

enum { VERSION = 1, NUMBERS = 6, AT_NUMBERS = 4, SIZE = AT_NUMBERS + 8 * NUMBERS };
enum { INSIDE = 1, CUT = 2 };

void lq_position_write(lq_position *out, const lq_stand *s)
{
  const lq_reader_position *at = &s->at;
  const uint64_t numbers[NUMBERS] = {at->offset,    at->line,   at->first_line,
                                     at->next_line, s->records, at->pending};
  *out = (lq_position){.struct_size = sizeof *out, .used = SIZE};
  out->bytes[0] = VERSION;
  out->bytes[1] = (uint8_t)(at->form + 1);
  out->bytes[2] = (uint8_t)((at->inside ? INSIDE : 0) | (at->cut ? CUT : 0));
  for (int i = 0; i < NUMBERS; i++)
    lq_put64(out->bytes + AT_NUMBERS + 8 * i, numbers[i]);
}

// Bytes may come from anywhere, with a digest that is right.
static bool makes_sense(const lq_stand *s)
{
  const lq_reader_position *at = &s->at;
  return at->offset <= INT64_MAX && at->pending <= INT64_MAX && at->first_line >= 1 &&
         at->line >= at->first_line && at->next_line >= at->first_line &&
         (at->form < 0 ? at->offset == 0 && !at->inside : lq_reader_resumes(at->form));
}

static bool read_bytes(const uint8_t *p, size_t n, lq_stand *out)
{
  uint64_t numbers[NUMBERS];
  *out = (lq_stand){.at = {.form = -1, .line = 1, .first_line = 1, .next_line = 1}};
  if (n == 0)
    return true;
  if (n != SIZE || p[0] != VERSION || p[2] & ~(INSIDE | CUT) || p[3] != 0)
    return false;
  for (int i = 0; i < NUMBERS; i++)
    numbers[i] = lq_le64(p + AT_NUMBERS + 8 * i);
  *out = (lq_stand){.at = {.form = p[1] - 1,
                           .inside = p[2] & INSIDE,
                           .cut = p[2] & CUT,
                           .offset = numbers[0],
                           .line = numbers[1],
                           .first_line = numbers[2],
                           .next_line = numbers[3],
                           .pending = numbers[5]},
                    .records = numbers[4]};
  return makes_sense(out);
}

bool lq_position_read(const lq_position *p, lq_stand *out)
{
  lq_position own = LQ_INIT(lq_position);
  return lq_api_take(&own, sizeof own, p) == LQ_OK && own.used <= sizeof own.bytes &&
         read_bytes(own.bytes, own.used, out);
}

lq_text lq_position_bytes(const lq_position *p)
{
  lq_stand s;
  return p && lq_position_read(p, &s) ? (lq_text){(const char *)p->bytes, p->used} : (lq_text){"", 0};
}

lq_status lq_position_load(lq_position *out, const void *bytes, size_t n)
{
  lq_position p = LQ_INIT(lq_position);
  lq_stand s;
  if (!out || (!bytes && n > 0))
    return LQ_E_USAGE;
  if (n > sizeof p.bytes || !read_bytes(bytes, n, &s))
    return LQ_E_BUNDLE;
  if (n > 0)
    memcpy(p.bytes, bytes, n);
  p.used = (uint32_t)n;
  return lq_api_give(out, &p, sizeof p);
}

lq_status lq_position_get(const lq_position *p, lq_position_view *out)
{
  lq_stand s;
  if (!lq_position_read(p, &s))
    return LQ_E_USAGE;
  lq_position_view v = {.whole = s.at.form < 0,
                        .cut = s.at.cut,
                        .offset = s.at.offset,
                        .line = s.at.line,
                        .first_line = s.at.first_line,
                        .next_line = s.at.next_line,
                        .records = s.records,
                        .pending = s.at.pending};
  return lq_api_give(out, &v, sizeof v);
}

lq_status lq_position_follow(lq_position *out, const lq_position *before)
{
  lq_stand s;
  lq_position p;
  if (!lq_position_read(before, &s))
    return LQ_E_USAGE;
  uint64_t line = s.at.next_line;
  lq_position_write(&p, &(lq_stand){.at = {.form = -1, .line = line, .first_line = line, .next_line = line}});
  return lq_api_give(out, &p, sizeof p);
}
