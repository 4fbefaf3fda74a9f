// One record that is in memory already: as an event, or leaf by leaf.
#include "input/record.h"

static void tell(lq_bad_record *bad, const lq_record_reader *r)
{
  if (!bad)
    return;
  *bad = (lq_bad_record){.line = 1,
                         .column = (uint32_t)(r->column < UINT32_MAX ? r->column : 0),
                         .reason = lq_str_of(r->reason)};
}

// A byte order mark is no part of the record.
static lq_str without_mark(lq_str json)
{
  lq_str mark = LQ_STR("\xEF\xBB\xBF");
  return lq_str_starts(json, mark) ? lq_str_slice(json, mark.n, json.n) : json;
}

lq_status lq_event_from_json(lq_event *e, lq_str json, const lq_input_limits *limits, lq_bad_record *bad,
                             const lq_mem *mem)
{
  lq_record_reader r;
  lq_status s = lq_record_reader_init(&r, e->map, limits, mem);
  if (s != LQ_OK)
    return s;
  // The event outlives the call, and the caller's bytes may not.
  lq_str own = lq_arena_copy(&e->text, without_mark(json));
  s = e->text.failed ? LQ_E_NOMEM : lq_record_read(&r, own, e);
  if (s == LQ_E_INPUT || s == LQ_E_LIMIT)
    tell(bad, &r);
  e->line = 1;
  lq_record_reader_free(&r);
  return s;
}

lq_status lq_record_visit(lq_str json, const lq_input_limits *limits, const lq_mem *mem,
                          void (*leaf)(void *user, lq_str name, const lq_value *v), void *user)
{
  lq_record_reader r;
  lq_record_fault fault = LQ_RECORD_FINE;
  lq_arena strings = {.mem = mem};
  lq_status s = lq_record_reader_init(&r, NULL, limits, mem);
  if (s != LQ_OK)
    return s;
  r.fill.leaf = leaf;
  r.fill.user = user;
  s = lq_record_leaves(&r, without_mark(json), &strings, &fault);
  lq_record_reader_free(&r);
  lq_arena_free(&strings);
  return s == LQ_OK ? lq_record_status(fault) : s;
}
