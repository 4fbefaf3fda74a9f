// Records by chance, and records that were right until chance met them.
#ifndef LQ_TESTS_RANDOM_JSON_H
#define LQ_TESTS_RANDOM_JSON_H

#include <stdint.h>
#include <string.h>

#include "base/buf.h"

typedef struct dice {
  uint64_t state;
} dice;

static inline uint32_t roll(dice *d, uint32_t n)
{
  d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)((d->state >> 33) % n);
}

static inline const char *one_of(dice *d, const char *const *list, size_t n)
{
  return list[roll(d, (uint32_t)n)];
}
#define ONE_OF(d, list) one_of((d), (list), sizeof(list) / sizeof *(list))

static const char *const json_keys[] = {
    "a",
    "a.x",
    "a.y",
    "a.n.z",
    "x",
    "y",
    "n",
    "z",
    "process",
    "process.name",
    "name",
    "event",
    "event.code",
    "winlog",
    "winlog.event_data",
    "event_data",
    "Image",
    "CommandLine",
    "Event",
    "System",
    "EventData",
    "UserData",
    "EventID",
    "EventId",
    "Channel",
    "Computer",
    "Hostname",
    "SourceName",
    "Data",
    "Name",
    "#text",
    "#attributes",
    "@Name",
    "_source",
    "@timestamp",
    "timestamp",
    "TargetObject",
    "Provider",
    "",
    "Message",
    "code",
    "\\u0061",
    "\\u0045vent",
    "k\xC3\xA9y",
    "\\ud800",
    "a key of more than fifty-five bytes, which is too long for a shape ...",
    "winlog.event_data.Image",
    "winlog.event_data.Odd",
    "Odd",
    "odd.one",
    "one",
    "event.category",
    "tags"};

static const char *const json_scalars[] = {"1",
                                           "0",
                                           "-0",
                                           "12.5e-3",
                                           "5156",
                                           "18446744073709551615",
                                           "1e999",
                                           "true",
                                           "false",
                                           "null",
                                           "\"\"",
                                           "\"-\"",
                                           "\"4688\"",
                                           "\"Security\"",
                                           "\"Microsoft-Windows-Sysmon/Operational\"",
                                           "\"C:\\\\Windows\\\\cmd.exe\"",
                                           "\"2024-05-01T08:00:02.089Z\"",
                                           "132223104000000000",
                                           "\"line\\r\\n\\ttwo \\\"quoted\\\" \\/ \\b\\f\"",
                                           "\"\\u00e9\\uD83D\\uDE00\"",
                                           "\"\\udc00\"",
                                           "\"caf\xC3\xA9\"",
                                           "\"\xFF\xFE\"",
                                           "\"\\\\\\\\\\\\\\\\\\\\\\\"\"",
                                           "\"a text of well over sixty-four bytes, so that it lies in three "
                                           "blocks of them at the least, or in four \\\\ !\"",
                                           "\"{}[]:, {\\\"a\\\":1}\""};

static inline void add_blank(lq_buf *b, dice *d)
{
  static const char *const blanks[] = {" ", "\t", "\r", "\n", "  ", "                                      "};
  if (roll(d, 24) == 0)
    lq_buf_z(b, ONE_OF(d, blanks));
}

static inline void add_json(lq_buf *b, dice *d, unsigned depth)
{
  uint32_t kind = roll(d, depth ? 4 + depth : 1), count = roll(d, depth ? 5 : 12);
  if (roll(d, 400) == 0)
    count = 60 + roll(d, 10); // as many keys as make the walk give up
  if (kind > 1) {
    lq_buf_z(b, ONE_OF(d, json_scalars));
    return;
  }
  lq_buf_byte(b, kind == 0 ? '{' : '[');
  for (uint32_t i = 0; i < count; i++) {
    if (i > 0)
      lq_buf_byte(b, ',');
    add_blank(b, d);
    if (kind == 0) {
      lq_buf_byte(b, '"');
      lq_buf_z(b, roll(d, 40) == 0 ? ONE_OF(d, json_keys) : json_keys[roll(d, 40)]);
      if (roll(d, 3) == 0)
        lq_buf_byte(b, (char)('0' + roll(d, 10)));
      lq_buf_z(b, "\"");
      add_blank(b, d);
      lq_buf_byte(b, ':');
      add_blank(b, d);
    }
    add_json(b, d, depth + 1);
    add_blank(b, d);
  }
  lq_buf_byte(b, kind == 0 ? '}' : ']');
}

// A byte changed, left out, put in, or a piece said twice.
static inline void mutate(lq_buf *b, dice *d)
{
  static const char bytes[] = "\"\\{}[]:,0-1.eE+tfnu \n\x01\x1F\x7F\x80\xC3\xFF/x\x0C\x1A";
  size_t at = b->n ? roll(d, (uint32_t)b->n) : 0, len = roll(d, 20);
  char c = bytes[roll(d, sizeof bytes)]; // the NUL too
  if (b->n == 0)
    return;
  switch (roll(d, 4)) {
  case 0: b->p[at] = c; break;
  case 1: memmove(b->p + at, b->p + at + 1, b->n - at - 1), b->n--; break;
  case 2:
    lq_buf_byte(b, c);
    memmove(b->p + at + 1, b->p + at, b->n - at - 1);
    b->p[at] = c;
    break;
  default:
    len = len < b->n - at ? len : b->n - at;
    for (size_t i = 0; i < len; i++) {
      char again = b->p[at + i];
      lq_buf_byte(b, again);
    }
    break;
  }
}

#endif
