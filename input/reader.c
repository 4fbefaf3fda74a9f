// Bytes to events: inflate → frame → record, with everything counted.
#include "input/reader.h"

#include "base/counters.h"
#include "base/layers.h"
#include "input/form.h"
#include "input/inflate.h"
#include "input/record.h"

#define LQ_PACKING(name, magic, endings, what)
#define LQ_FORM(name, magic, endings, what) &lq_form_##name,
static const lq_form *const forms[] = {
#include "input/formats.def"
};
#undef LQ_PACKING
#undef LQ_FORM

struct lq_reader {
  const lq_mem *mem;
  lq_reader_hooks hooks;
  lq_inflate inflate;
  void *states[LQ_FORM_COUNT]; // made when a source of the form comes
  int form;                    // of this source; -1: not known yet
  char head[LQ_MAGIC_MAX];     // its first bytes, while that is so
  size_t nhead;
  lq_form_env env;
  lq_form_place from;       // where this source began
  lq_reader_position ended; // behind the end
  bool has_ended;
  lq_record_reader record;
  lq_event event;
  lq_buf source;
  lq_input_stats stats;
  lq_status broken; // of this source: nothing more is read from it
  uint64_t first_line;
  uint64_t before;  // records of earlier sources
  bool unpacked;    // by somebody else
  bool left;        // the record at hand is not to be counted
  lq_oddities seen; // of it, by another reader
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

static lq_oddities oddities_of(const lq_reader *r)
{
  const lq_fill *f = &r->record.fill;
  const lq_oddities *seen = &r->seen;
  return (lq_oddities){f->repaired > 0 || seen->repaired, f->cut || seen->cut, f->range || seen->range,
                       r->event.crowded || seen->crowded};
}

static void count_oddities(lq_reader *r, lq_oddities *told)
{
  const lq_oddities now = oddities_of(r);
  r->stats.repaired_utf8 += now.repaired && !told->repaired;
  r->stats.cut_values += now.cut && !told->cut;
  r->stats.number_range += now.range && !told->range;
  r->stats.cut_fields += now.crowded && !told->crowded;
  *told = now;
}

static void uncount(lq_reader *r, const lq_oddities *told)
{
  r->stats.records--;
  r->stats.events--;
  r->stats.mapped -= r->event.mapped;
  r->stats.duplicate_keys -= r->record.fill.duplicate;
  r->stats.cut_depth -= r->record.json.deep;
  r->stats.repaired_utf8 -= told->repaired;
  r->stats.cut_values -= told->cut;
  r->stats.number_range -= told->range;
  r->stats.cut_fields -= told->crowded;
}

static lq_status give_event(lq_reader *r, const lq_form_record *rec)
{
  lq_oddities told = {0};
  r->left = false;
  r->stats.records++;
  r->stats.events++;
  r->stats.mapped += r->event.mapped;
  r->stats.unexpected_keys = r->record.walker.shapes.lookups;
  r->stats.new_keys = r->record.walker.shapes.made;
  r->stats.duplicate_keys += r->record.fill.duplicate;
  r->stats.cut_depth += r->record.json.deep;
  count_oddities(r, &told);
  r->event.source = lq_buf_get(&r->source);
  r->event.line = rec->line;
  r->event.offset = rec->offset;
  int stop = r->hooks.record ? r->hooks.record(r->hooks.user, &r->record.cursor) : 0;
  count_oddities(r, &told);
  if (r->left)
    uncount(r, &told);
  return stop ? LQ_E_CANCELLED : LQ_OK;
}

static lq_status on_record(void *user, const lq_form_record *rec, bool *broken, size_t *at)
{
  lq_reader *r = user;
  lq_record_fault fault;
  lq_event_clear(&r->event);
  if (!rec->is_line)
    lq_walker_forget_line(&r->record.walker);
  lq_status s = lq_record_open(&r->record, rec->text, &r->event, &fault);
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

static lq_status on_fault(void *user, uint64_t line, uint64_t offset, lq_form_fault why, size_t column,
                          const char *reason)
{
  lq_reader *r = user;
  uint64_t *counter = NULL;
  switch (why) {
  case LQ_FORM_SHAPE: counter = &r->stats.bad_shape; break;
  case LQ_FORM_JSON: counter = &r->stats.bad_json; break;
  case LQ_FORM_SIZE: counter = &r->stats.bad_size; break;
  case LQ_FORM_PARTIAL: counter = &r->stats.partial; break;
  }
  return count_bad(r, line, offset, counter, column, reason);
}

static size_t on_line(void *user, const char *p, size_t n)
{
  lq_reader *r = user;
  if (r->record.json.walker)
    return lq_walker_line(r->record.json.walker, p, n);
  const char *newline = memchr(p, '\n', n);
  return newline ? (size_t)(newline - p) : n;
}

static void on_skim(void *user, uint64_t records)
{
  lq_reader *r = user;
  r->stats.records += records;
  r->stats.skimmed += records;
}

// ---- the form of a source

static lq_status begin_form(lq_reader *r, int row)
{
  const lq_form *form = forms[row];
  if (!r->states[row])
    r->states[row] = lq_mem_alloc(r->mem, 1, form->size);
  if (!r->states[row])
    return LQ_E_NOMEM;
  r->form = row;
  form->begin(r->states[row], &r->env, &r->from);
  return LQ_OK;
}

// What begins like none is text.
static lq_status begin_sniffed(lq_reader *r, bool at_end)
{
  lq_str head = {r->head, r->nhead};
  int row = lq_input_sniff(lq_input_rows, lq_input_row_count, false, head, at_end);
  if (row == LQ_SNIFF_MORE)
    return LQ_OK;
  lq_status s = begin_form(r, row == LQ_SNIFF_NONE ? LQ_FORM_objects : row);
  return s == LQ_OK ? forms[r->form]->feed(r->states[r->form], head.p, head.n) : s;
}

static lq_status on_bytes(void *user, const char *p, size_t n)
{
  lq_reader *r = user;
  lq_status s = LQ_OK;
  r->stats.bytes += n;
  while (r->form < 0 && n > 0 && s == LQ_OK) {
    r->head[r->nhead++] = *p++;
    n--;
    s = begin_sniffed(r, false);
  }
  return n > 0 && s == LQ_OK ? forms[r->form]->feed(r->states[r->form], p, n) : s;
}

static lq_status end_form(lq_reader *r)
{
  lq_status s = LQ_OK;
  if (r->form < 0)
    s = begin_sniffed(r, true);
  return s == LQ_OK ? forms[r->form]->end(r->states[r->form]) : s;
}

// ---- life

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
  lq_record_reader_learn(&r->record);
  const lq_input_limits *l = &r->record.limits;
  r->inflate = (lq_inflate){.mem = mem, .max_ratio = l->max_ratio, .out = on_bytes, .user = r, .message = ""};
  r->env = (lq_form_env){.mem = mem,
                         .hooks = {on_record, on_fault, on_line, on_skim, r},
                         .max_record = l->max_record,
                         .max_depth = l->max_depth};
  r->env.wide = lq_layer_is_on(l->layers_off, LQ_LAYER_SIMD);
  lq_reader_begin(r, LQ_STR(""));
  *out = r;
  return LQ_OK;
}

void lq_reader_free(lq_reader *r)
{
  if (!r)
    return;
  lq_inflate_free(&r->inflate);
  for (int i = 0; i < LQ_FORM_COUNT; i++) {
    if (!r->states[i])
      continue;
    forms[i]->free(r->states[i], r->mem);
    lq_mem_free(r->mem, r->states[i], 1, forms[i]->size);
  }
  lq_record_reader_free(&r->record);
  lq_event_free(&r->event);
  lq_buf_free(&r->source);
  lq_mem_free(r->mem, r, 1, sizeof *r);
}

void lq_reader_set_sieve(lq_reader *r, const lq_sieve *sieve)
{
  r->env.sieve = sieve;
}

static void begin_bytes(lq_reader *r, uint64_t line)
{
  r->unpacked = false;
  lq_inflate_begin(&r->inflate);
  r->form = -1;
  r->nhead = 0;
  r->has_ended = false;
  r->first_line = line;
  r->before = r->stats.records;
  r->from = (lq_form_place){.form = -1, .line = line};
}

static void begin(lq_reader *r, lq_str source, uint64_t line)
{
  lq_buf_clear(&r->source);
  lq_buf_str(&r->source, source);
  r->broken = r->source.failed ? LQ_E_NOMEM : LQ_OK;
  begin_bytes(r, line);
}

void lq_reader_begin(lq_reader *r, lq_str source)
{
  begin(r, source, 1);
}

bool lq_reader_resumes(int form)
{
  return form >= 0 && form < LQ_FORM_COUNT && forms[form]->resumes;
}

void lq_reader_begin_at(lq_reader *r, lq_str source, const lq_reader_position *from)
{
  begin(r, source, from->first_line);
  if (from->form < 0)
    return;
  lq_inflate_begin_plain(&r->inflate);
  r->from = (lq_form_place){
      .form = from->form, .inside = from->inside, .offset = from->offset, .line = from->line};
  if (r->broken == LQ_OK)
    r->broken = begin_form(r, from->form);
}

void lq_reader_position_get(const lq_reader *r, lq_reader_position *out)
{
  lq_form_place at = {.form = -1, .line = r->first_line, .pending = r->nhead};
  if (r->has_ended) {
    *out = r->ended;
    return;
  }
  if (r->form >= 0)
    forms[r->form]->where(r->states[r->form], &at);
  bool plain = r->inflate.known && !r->inflate.packing && !r->unpacked;
  *out = (lq_reader_position){.form = plain ? at.form : -1,
                              .line = at.line,
                              .first_line = r->first_line,
                              .pending = at.pending + (r->inflate.known ? 0 : r->inflate.nhead),
                              .cut = lq_inflate_is_cut(&r->inflate)};
  if (out->form >= 0)
    out->offset = at.offset, out->inside = at.inside;
  // A line that has begun keeps its number; where nobody knows whether it has, the number is not used again.
  out->next_line = at.line + (out->form < 0 && r->stats.records > r->before);
}

// Behind the end nothing waits any more: a last line without its end was taken.
static void note_end(lq_reader *r, lq_reader_position at)
{
  at.next_line = at.line + (at.pending > 0 || (at.form < 0 && r->stats.records > r->before));
  at.offset += at.form >= 0 ? at.pending : 0;
  at.pending = 0;
  r->ended = at;
  r->has_ended = true;
}

lq_status lq_reader_feed(lq_reader *r, const void *bytes, size_t n)
{
  if (r->broken != LQ_OK)
    return r->broken;
  if (r->has_ended)
    begin_bytes(r, 1);
  r->stats.bytes_in += n;
  r->broken = lq_inflate_feed(&r->inflate, bytes, n);
  return r->broken;
}

// The form ends also after a fault of the compression: what was whole has been given, the rest is counted.
lq_status lq_reader_end(lq_reader *r)
{
  if (r->has_ended)
    return r->broken; // a second end says nothing more
  lq_reader_position at;
  lq_reader_position_get(r, &at);
  lq_status s = r->broken == LQ_OK ? lq_inflate_end(&r->inflate) : r->broken;
  if (s != LQ_OK && s != LQ_E_INPUT)
    return s;
  lq_status framed = end_form(r);
  r->broken = framed != LQ_OK ? framed : s;
  note_end(r, at);
  return r->broken;
}

// ---- lines that another one reads

bool lq_reader_broken(const lq_reader *r)
{
  return r->broken != LQ_OK;
}

bool lq_reader_at_line(const lq_reader *r)
{
  bool plain = r->inflate.known && !r->inflate.packing;
  return r->broken == LQ_OK && !r->has_ended && plain && r->form >= 0 && forms[r->form]->at_line &&
         forms[r->form]->at_line(r->states[r->form]);
}

lq_status lq_reader_take(lq_reader *r, lq_str text, uint64_t lines, uint64_t offset, lq_oddities seen)
{
  lq_form_place here;
  bool broken;
  size_t at;
  forms[r->form]->where(r->states[r->form], &here);
  r->seen = seen;
  lq_status status = on_record(
      r, &(lq_form_record){text, here.line + lines, here.offset + offset, false, false}, &broken, &at);
  r->seen = (lq_oddities){0};
  return status;
}

lq_oddities lq_reader_leave(lq_reader *r)
{
  r->left = true;
  return oddities_of(r);
}

void lq_reader_is_unpacked(lq_reader *r)
{
  lq_inflate_begin_plain(&r->inflate);
  r->unpacked = true;
}

lq_status lq_reader_unpacked(lq_reader *r, uint64_t packed, uint64_t unpacked, lq_status status,
                             const char *message)
{
  r->stats.bytes_in += packed - unpacked;
  if (r->broken == LQ_OK && status != LQ_OK) {
    r->broken = status;
    r->inflate.message = message;
  }
  return r->broken;
}

void lq_reader_leave_unread(lq_reader *r, size_t n)
{
  r->stats.bytes_in += n;
  r->stats.bytes += n;
}

void lq_reader_set_stats(lq_reader *r, const lq_input_stats *stats)
{
  r->stats = *stats;
}

lq_status lq_reader_pass_lines(lq_reader *r, uint64_t lines, size_t n, const lq_input_stats *counted,
                               lq_status status)
{
  LQ_COUNTERS_ADD(&r->stats, counted);
  lq_reader_leave_unread(r, n);
  forms[r->form]->pass_lines(r->states[r->form], lines, n);
  r->broken = status;
  return status;
}

const lq_input_stats *lq_reader_stats(const lq_reader *r)
{
  return &r->stats;
}

const char *lq_reader_message(const lq_reader *r)
{
  return r->broken == LQ_E_INPUT ? r->inflate.message : "";
}
