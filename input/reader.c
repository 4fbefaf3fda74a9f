// Bytes to events: inflate → frame → record, with everything counted.
#include "input/reader.h"

#include "input/frame.h"
#include "input/inflate.h"
#include "input/record.h"

struct lq_reader {
  const lq_mem *mem;
  lq_reader_hooks hooks;
  lq_inflate inflate;
  lq_frame frame;
  lq_record_reader record;
  lq_event event;
  lq_buf source;
  lq_input_stats stats;
  lq_status broken; // of this source: nothing more is read from it
  uint64_t first_line;
};

static lq_status count_bad(lq_reader *r, uint64_t line, uint64_t offset, uint64_t *counter, size_t column,
                           const char *reason)
{
  r->stats.records++;
  r->stats.bad++;
  ++*counter;
  if (!r->hooks.bad)
    return LQ_OK;
  lq_bad_record b = {.source = lq_buf_get(&r->source),
                     .line = line,
                     .offset = offset,
                     .column = (uint32_t)(column < UINT32_MAX ? column : 0),
                     .reason = lq_str_of(reason)};
  return r->hooks.bad(r->hooks.user, &b) ? LQ_E_CANCELLED : LQ_OK;
}

static uint64_t *counter_of(lq_input_stats *s, lq_record_fault fault)
{
  switch (fault) {
  case LQ_RECORD_SIZE: return &s->bad_size;
  case LQ_RECORD_SHAPE: return &s->bad_shape;
  case LQ_RECORD_JSON:
  case LQ_RECORD_FINE: break;
  }
  return &s->bad_json;
}

static lq_status give_event(lq_reader *r, const lq_frame_record *rec)
{
  const lq_fill *f = &r->record.fill;
  r->stats.records++;
  r->stats.events++;
  r->stats.mapped += r->event.mapped;
  r->stats.duplicate_keys += f->duplicate;
  r->stats.repaired_utf8 += f->repaired > 0;
  r->stats.cut_values += f->cut;
  r->stats.cut_fields += r->event.crowded;
  r->stats.cut_depth += r->record.json.deep;
  r->stats.number_range += f->range;
  r->event.source = lq_buf_get(&r->source);
  r->event.line = rec->line;
  r->event.offset = rec->offset;
  return r->hooks.event && r->hooks.event(r->hooks.user, &r->event) ? LQ_E_CANCELLED : LQ_OK;
}

static lq_status on_record(void *user, const lq_frame_record *rec, bool *broken, size_t *at)
{
  lq_reader *r = user;
  lq_record_fault fault;
  lq_event_clear(&r->event);
  lq_status s = lq_record_read(&r->record, rec->text, &r->event, &r->event.text, &fault);
  if (s != LQ_OK)
    return s;
  if (fault == LQ_RECORD_FINE)
    return give_event(r, rec);
  *broken = fault == LQ_RECORD_JSON;
  *at = r->record.column ? r->record.column - 1 : 0;
  bool partial = rec->open_ended && fault == LQ_RECORD_JSON;
  return count_bad(r, rec->line, rec->offset, partial ? &r->stats.partial : counter_of(&r->stats, fault),
                   r->record.column, r->record.reason);
}

static lq_status on_fault(void *user, uint64_t line, uint64_t offset, lq_frame_fault why, size_t column,
                          const char *reason)
{
  lq_reader *r = user;
  uint64_t *counter = NULL;
  switch (why) {
  case LQ_FRAME_SHAPE: counter = &r->stats.bad_shape; break;
  case LQ_FRAME_JSON: counter = &r->stats.bad_json; break;
  case LQ_FRAME_SIZE: counter = &r->stats.bad_size; break;
  case LQ_FRAME_PARTIAL: counter = &r->stats.partial; break;
  }
  return count_bad(r, line, offset, counter, column, reason);
}

static lq_status on_bytes(void *user, const char *p, size_t n)
{
  lq_reader *r = user;
  r->stats.bytes += n;
  return lq_frame_feed(&r->frame, p, n);
}

lq_status lq_reader_new(lq_reader **out, const lq_fieldmap *map, const lq_input_limits *limits,
                        const lq_reader_hooks *hooks, const lq_mem *mem)
{
  lq_reader *r = lq_mem_alloc(mem, 1, sizeof *r);
  if (!r)
    return LQ_E_NOMEM;
  *r = (lq_reader){.mem = mem, .hooks = *hooks, .source = {.mem = mem}};
  lq_status s = lq_record_reader_init(&r->record, map, limits, mem);
  if (s == LQ_OK)
    s = lq_event_init(&r->event, map, mem);
  if (s != LQ_OK) {
    lq_reader_free(r);
    return s;
  }
  const lq_input_limits *l = &r->record.limits;
  r->inflate = (lq_inflate){.mem = mem, .max_ratio = l->max_ratio, .out = on_bytes, .user = r, .message = ""};
  r->frame = (lq_frame){
      .mem = mem, .hooks = {on_record, on_fault, r}, .max_record = l->max_record, .max_depth = l->max_depth};
  lq_reader_begin(r, LQ_STR(""));
  *out = r;
  return LQ_OK;
}

void lq_reader_free(lq_reader *r)
{
  if (!r)
    return;
  lq_inflate_free(&r->inflate);
  lq_frame_free(&r->frame);
  lq_record_reader_free(&r->record);
  lq_event_free(&r->event);
  lq_buf_free(&r->source);
  lq_mem_free(r->mem, r, 1, sizeof *r);
}

void lq_reader_begin(lq_reader *r, lq_str source)
{
  lq_buf_clear(&r->source);
  lq_buf_str(&r->source, source);
  lq_inflate_begin(&r->inflate);
  lq_frame_begin(&r->frame);
  r->first_line = 1;
  r->broken = r->source.failed ? LQ_E_NOMEM : LQ_OK;
}

void lq_reader_position_get(const lq_reader *r, lq_reader_position *out)
{
  const lq_frame *f = &r->frame;
  *out = (lq_reader_position){
      .line = f->line, .first_line = r->first_line, .cut = lq_inflate_is_cut(&r->inflate)};
  out->pending = r->inflate.nhead && r->inflate.kind == LQ_INFLATE_UNKNOWN ? r->inflate.nhead : 0;
  if (f->mode == LQ_FRAME_LINES || f->mode == LQ_FRAME_UNKNOWN || f->state == LQ_INSIDE)
    out->pending += f->held.n;
  if (f->mode != LQ_FRAME_LINES || r->inflate.kind != LQ_INFLATE_PLAIN)
    return;
  out->mode = f->skip_line ? LQ_READER_LONG_LINE : LQ_READER_LINES;
  out->offset = f->base;
}

void lq_reader_begin_at(lq_reader *r, lq_str source, const lq_reader_position *from)
{
  lq_reader_begin(r, source);
  r->frame.line = r->first_line = from->first_line;
  if (from->mode == LQ_READER_WHOLE)
    return;
  r->inflate.kind = LQ_INFLATE_PLAIN;
  lq_frame_begin_at(&r->frame, from->offset, from->line, from->mode == LQ_READER_LONG_LINE);
}

lq_status lq_reader_feed(lq_reader *r, const void *bytes, size_t n)
{
  if (r->broken != LQ_OK)
    return r->broken;
  r->stats.bytes_in += n;
  r->broken = lq_inflate_feed(&r->inflate, bytes, n);
  return r->broken;
}

// The frame ends also after a fault of the compression: what was whole has been given, the rest is counted.
lq_status lq_reader_end(lq_reader *r)
{
  lq_status s = r->broken == LQ_OK ? lq_inflate_end(&r->inflate) : r->broken;
  if (s != LQ_OK && s != LQ_E_INPUT)
    return s;
  lq_status framed = lq_frame_end(&r->frame);
  r->broken = framed != LQ_OK ? framed : s;
  lq_frame_begin(&r->frame); // a second end says nothing more
  return r->broken;
}

const lq_input_stats *lq_reader_stats(const lq_reader *r)
{
  return &r->stats;
}

const char *lq_reader_message(const lq_reader *r)
{
  return r->broken == LQ_E_INPUT ? r->inflate.message : "";
}
