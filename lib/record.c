// A record of the caller's own: its getter is asked for the fields that somebody wants.
#include "base/date.h"
#include "base/glob.h"
#include "base/utf8.h"
#include "lib/api.h"

typedef struct lq_own_record {
  lq_mem *mem;
  lq_event event;
  lq_cursor cursor;
  bool has_event;
  lq_slot_set family; // scopes, and what is tied to them: they are asked for together
  lq_get_fn get;
  void *user;
  bool repaired, cut, range; // what was met in this record
  size_t max_value;
} lq_own_record;

// ---- values

static lq_str own_text(lq_own_record *r, lq_text given)
{
  lq_event *e = &r->event;
  lq_str text = lq_str_make(given.p, given.n);
  r->cut |= text.n > r->max_value;
  if (lq_utf8_valid(text))
    return text;
  lq_buf b = {.mem = r->mem};
  r->repaired |= lq_utf8_repair(&b, text) > 0;
  lq_str copy = lq_arena_copy(&e->text, lq_buf_get(&b));
  e->failed |= b.failed || e->text.failed;
  lq_buf_free(&b);
  return copy;
}

// False: a value that no event can have.
static bool own_value(lq_own_record *r, const lq_field_value *given, lq_value *out)
{
  switch (given->kind) {
  case LQ_VALUE_BOOL: *out = lq_bool(given->i != 0); return true;
  case LQ_VALUE_INT: *out = lq_int(given->i); return true;
  case LQ_VALUE_TEXT: *out = lq_string(own_text(r, given->text)); return true;
  // Infinities and NaN: JSON has none, so no rule could have been written for them.
  case LQ_VALUE_DOUBLE: *out = lq_double(given->d); return given->d - given->d == 0;
  default: return false;
  }
}

static void ask(lq_own_record *r, lq_str name)
{
  for (size_t nth = 0;; nth++) {
    lq_field_value given = {0};
    lq_value v;
    if (!r->get(r->user, lq_text_of(name), nth, &given))
      return;
    if (nth == r->event.max_values) {
      r->event.crowded = true;
      return;
    }
    if (own_value(r, &given, &v))
      lq_event_add(&r->event, name, v);
    else
      r->range = true;
  }
}

static void ask_time(lq_own_record *r)
{
  lq_field_value given = {0};
  lq_event *e = &r->event;
  if (r->get(r->user, lq_text_of(LQ_STR("@timestamp")), 0, &given) && given.kind == LQ_VALUE_TEXT)
    e->has_time = lq_date_parse(lq_str_make(given.text.p, given.text.n), &e->time);
}

// ---- scopes

static bool has_tied_values(const lq_event *e, uint32_t scope)
{
  for (uint32_t i = scope + 1; i < lq_fieldmap_slots(e->map); i++) {
    if (lq_fieldmap_spec(e->map, i)->scope == scope && lq_event_first(e, i))
      return true;
  }
  return false;
}

// What is tied to a scope came without its objects: they make up one element. Inner scopes have the higher
// slots.
static void add_scope_elements(lq_event *e)
{
  for (uint32_t i = (uint32_t)lq_fieldmap_slots(e->map); i-- > 0;) {
    if (lq_fieldmap_spec(e->map, i)->is_scope && !lq_event_first(e, i) && has_tied_values(e, i))
      lq_event_add_slot(e, i, (lq_value){.type = LQ_T_OBJECT}, 0, 0);
  }
}

// ---- fields

// The slot that stands for its name, whatever the number of slots that read it. Patterns of names get what
// their neighbours asked for.
static uint32_t asked_as(const lq_fieldmap *map, uint32_t slot)
{
  lq_str name = lq_fieldmap_spec(map, slot)->name;
  return lq_glob_has_wildcard(name) ? LQ_NO_SLOT
                                    : lq_fieldmap_slot_at(map, lq_fieldmap_descend(map, 0, name));
}

static bool wants_family(const lq_own_record *r, const lq_slot_set *wanted)
{
  for (size_t i = 0; i < wanted->n; i++) {
    if (wanted->words[i] & r->family.words[i])
      return true;
  }
  return false;
}

// All that one answer of the getter, or one scope, gives values to.
static void widen(const lq_own_record *r, lq_slot_set *wanted, bool family)
{
  const lq_fieldmap *map = r->event.map;
  for (size_t i = 0; i < wanted->n && family; i++)
    wanted->words[i] |= r->family.words[i] & ~r->cursor.done.words[i];
  for (uint32_t i = 0; i < lq_fieldmap_slots(map); i++) {
    if (!lq_slot_set_has(wanted, i))
      continue;
    for (uint32_t s = asked_as(map, i); s != LQ_NO_SLOT; s = lq_fieldmap_next_slot(map, s))
      lq_slot_set_add(wanted, s);
  }
}

static lq_status fill(lq_cursor *c)
{
  lq_own_record *r = c->user;
  const lq_fieldmap *map = r->event.map;
  if (lq_fieldmap_has_patterns(map))
    lq_slot_set_all(&c->wanted);
  bool family = wants_family(r, &c->wanted);
  widen(r, &c->wanted, family);
  family = family || wants_family(r, &c->wanted);
  widen(r, &c->wanted, family);
  for (uint32_t i = 0; i < lq_fieldmap_slots(map); i++) {
    if (lq_slot_set_has(&c->wanted, i) && asked_as(map, i) == i)
      ask(r, lq_fieldmap_spec(map, i)->name);
  }
  if (family)
    add_scope_elements(&r->event);
  return r->event.failed ? LQ_E_NOMEM : LQ_OK;
}

// ---- life

static lq_status open_record(lq_own_record *r, const lq_fieldmap *map)
{
  size_t slots = lq_fieldmap_slots(map);
  lq_status status = lq_event_init(&r->event, map, r->mem);
  r->has_event = !status;
  if (!status)
    status = lq_cursor_init(&r->cursor, &r->event, fill, r->mem);
  if (!status)
    status = lq_slot_set_init(&r->family, slots, r->mem);
  r->cursor.user = r;
  for (uint32_t i = 0; i < slots && !status; i++) {
    const lq_field_spec *spec = lq_fieldmap_spec(map, i);
    if (spec->is_scope || spec->scope != LQ_NO_SLOT)
      lq_slot_set_add(&r->family, i);
  }
  return status;
}

static lq_status make_record(lq_scan *s)
{
  if (s->record)
    return LQ_OK;
  lq_own_record *r = lq_mem_alloc(&s->mem, 1, sizeof *r);
  if (!r)
    return LQ_E_NOMEM;
  r->mem = &s->mem;
  lq_status status = open_record(r, lq_ruleset_fields(s->bundle->rules));
  if (status)
    lq_own_record_free(r);
  else
    s->record = r;
  return status;
}

void lq_own_record_free(lq_own_record *r)
{
  if (!r)
    return;
  if (r->has_event)
    lq_event_free(&r->event);
  lq_cursor_free(&r->cursor);
  lq_slot_set_free(&r->family);
  lq_mem_free(r->mem, r, 1, sizeof *r);
}

static void begin_record(lq_scan *s, lq_get_fn get, void *user, uint64_t number)
{
  lq_own_record *r = s->record;
  lq_event *e = &r->event;
  lq_event_clear(e);
  lq_cursor_begin(&r->cursor);
  e->max_values = s->limits.max_fields;
  e->source = lq_buf_get(&s->source);
  e->line = number;
  r->get = get;
  r->user = user;
  r->max_value = (size_t)s->limits.max_value;
  r->repaired = r->cut = r->range = false;
  s->records.records++;
  s->records.events++;
}

lq_status lq_scan_record(lq_scan *s, lq_get_fn get, void *user, uint64_t number)
{
  if (!s || !get || s->busy)
    return LQ_E_USAGE;
  lq_status status = make_record(s);
  if (status != LQ_OK)
    return status;
  lq_own_record *r = s->record;
  begin_record(s, get, user, number);
  s->busy = true;
  ask_time(r);
  s->busy = false;
  status = lq_scan_event(s, &r->cursor);
  s->records.repaired_utf8 += r->repaired;
  s->records.cut_values += r->cut;
  s->records.number_range += r->range;
  s->records.cut_fields += r->event.crowded;
  return status;
}
