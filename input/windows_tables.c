// The tables of stdlib/mapping.h as one field map wants them: a row whose field no rule reads costs nothing.
#include "input/windows_tables.h"

#include "base/glob.h"
#include "input/shapes.h"

enum { MOST_NAMES = 60000 };

// ---- names

static uint64_t load64(const char *p)
{
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

// Only names of ours are put in, so a few bytes will do: long names differ in their ends.
static size_t hash_of(lq_str s)
{
  uint64_t h = s.n;
  if (s.n >= 8) {
    h = (h ^ load64(s.p)) * UINT64_C(0x9E3779B97F4A7C15) ^ load64(s.p + s.n - 8);
  } else if (s.n >= 4) {
    uint32_t low, high;
    memcpy(&low, s.p, 4);
    memcpy(&high, s.p + s.n - 4, 4);
    h ^= (uint64_t)high << 32 | low;
  } else if (s.n > 0) {
    h ^= (uint64_t)(uint8_t)s.p[0] << 16 | (uint64_t)(uint8_t)s.p[s.n / 2] << 8 | (uint8_t)s.p[s.n - 1];
  }
  return (size_t)((h * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static uint16_t *cell_of(const lq_windows *w, lq_str name)
{
  size_t mask = w->table_size - 1, i = hash_of(name) & mask;
  while (w->table[i] != LQ_WINDOWS_NONE && !lq_str_eq(w->names[w->table[i]].text, name))
    i = (i + 1) & mask;
  return &w->table[i];
}

uint16_t lq_windows_place(const lq_windows *w, lq_str name)
{
  return *cell_of(w, name);
}

static uint16_t intern(lq_windows *w, lq_str name)
{
  if (name.n == 0)
    return LQ_WINDOWS_NONE;
  uint16_t *at = cell_of(w, name);
  if (*at == LQ_WINDOWS_NONE) {
    w->names[w->nnames] = (lq_windows_raw){
        .text = name, .datum = LQ_NO_NODE, .header = LQ_WINDOWS_NONE, .element = LQ_WINDOWS_NONE};
    *at = w->nnames++;
  }
  return *at;
}

size_t lq_windows_names(const lq_windows *w)
{
  return w->nknown;
}

uint32_t lq_windows_name(const lq_windows *w, lq_str name)
{
  uint16_t at = *cell_of(w, name);
  return at < w->nknown ? at : LQ_NO_NAME;
}

uint32_t lq_windows_datum(const lq_windows *w, const lq_fill *f, lq_str name)
{
  return w->event_data == LQ_NO_NODE ? LQ_NO_NODE : lq_fieldmap_descend(f->map, w->event_data, name);
}

uint32_t lq_windows_datum_at(const lq_windows *w, uint16_t known, lq_str name)
{
  if (known != LQ_WINDOWS_NONE)
    return w->names[known].datum;
  return w->deep_data ? lq_fieldmap_descend(w->fill->map, w->event_data, name) : LQ_NO_NODE;
}

static void intern_headers(lq_windows *w, const lq_map_header *h, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    uint16_t name = intern(w, h[i].name);
    if (!h[i].flat)
      continue;
    uint16_t element = intern(w, h[i].element);
    w->names[element].is_header = true;
    w->names[element].header = name;
  }
}

// They are known below `System` alone, so they come behind the names of raw values.
static void intern_elements(lq_windows *w, const lq_map_header *h, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (h[i].flat)
      continue;
    lq_windows_raw *element = &w->names[intern(w, h[i].element)];
    if (element->element == LQ_WINDOWS_NONE)
      element->element = (uint16_t)w->nelements;
    w->elements[w->nelements++] = (lq_windows_element){&h[i], lq_windows_place(w, h[i].name)};
  }
}

static const lq_str data_path = LQ_STR_INIT("winlog.event_data."),
                    user_path = LQ_STR_INIT("winlog.user_data.");

static void find_data_slots(lq_windows *w, const lq_fill *f)
{
  for (uint32_t s = 0; s < f->nslots; s++) {
    lq_str name = lq_fieldmap_spec(f->map, s)->name;
    bool in_data = lq_str_starts(name, data_path) || lq_str_starts(name, user_path);
    w->slot[s].in_data = lq_slot_set_has(&f->alone, s) && in_data;
    if (w->slot[s].in_data)
      lq_windows_set_bit(w->data, s);
    w->data_walked |= lq_slot_set_has(&f->family, s) && in_data;
    w->data_walked |= lq_slot_set_has(&f->patterns, s) &&
                      (lq_fill_may_fit_below(name, LQ_STR("winlog.event_data")) ||
                       lq_fill_may_fit_below(name, LQ_STR("winlog.user_data")));
  }
}

// The first part of a datum's name that some slot reads.
static lq_str datum_of(const lq_field_spec *spec)
{
  lq_str name = spec->name;
  if (!lq_str_starts(name, data_path) || lq_glob_has_wildcard(name))
    return LQ_STR("");
  name = lq_str_slice(name, data_path.n, name.n);
  const char *dot = memchr(name.p, '.', name.n);
  return dot ? lq_str_slice(name, 0, (size_t)(dot - name.p)) : name;
}

// One look at a table tells of a name what the mapping and the map know.
static void intern_data(lq_windows *w, const lq_fill *f)
{
  for (uint32_t s = 0; s < f->nslots && w->event_data != LQ_NO_NODE; s++) {
    lq_str name = datum_of(lq_fieldmap_spec(f->map, s));
    if (name.n == 0)
      continue;
    if (w->nnames == MOST_NAMES) {
      w->deep_data = true;
      return;
    }
    intern(w, name);
    w->deep_data |= lq_fieldmap_has_below(f->map, lq_fieldmap_child(f->map, w->event_data, name));
  }
}

// ---- rows

static uint32_t node_of(const lq_fill *f, lq_str name)
{
  return f->map ? lq_fieldmap_descend(f->map, 0, name) : LQ_NO_NODE;
}

static bool fits_pattern(const lq_fill *f, lq_str name)
{
  uint32_t s = f->map ? lq_fieldmap_first_pattern(f->map) : LQ_NO_SLOT;
  while (s != LQ_NO_SLOT && !lq_glob_match(lq_fieldmap_spec(f->map, s)->name, name, false))
    s = lq_fieldmap_next_slot(f->map, s);
  return s != LQ_NO_SLOT;
}

static uint32_t alone_at(const lq_fill *f, uint32_t node)
{
  uint32_t s = f->map ? lq_fieldmap_slot_at(f->map, node) : LQ_NO_SLOT;
  while (s != LQ_NO_SLOT && !lq_slot_set_has(&f->alone, s))
    s = lq_fieldmap_next_slot(f->map, s);
  return s;
}

static bool is_family_at(const lq_fill *f, uint32_t node)
{
  uint32_t s = f->map ? lq_fieldmap_slot_at(f->map, node) : LQ_NO_SLOT;
  while (s != LQ_NO_SLOT && !lq_slot_set_has(&f->family, s))
    s = lq_fieldmap_next_slot(f->map, s);
  return s != LQ_NO_SLOT;
}

// Rows of one target stand together or at least near each other, but nothing says so.
static uint16_t target_of(lq_windows *w, size_t i)
{
  for (size_t j = i; j-- > 0;) {
    if (lq_str_eq(w->rows[j].target, w->rows[i].target))
      return w->row[j].target;
  }
  return (uint16_t)w->ntargets++;
}

static void want(lq_windows *w, const lq_fill *f, size_t i)
{
  const lq_map_row *r = &w->rows[i];
  lq_windows_row *to = &w->row[i];
  *to = (lq_windows_row){.node = node_of(f, r->target), .name = intern(w, r->raw), .target = target_of(w, i)};
  to->scoped = is_family_at(f, to->node);
  to->patterned = !f->map || fits_pattern(f, r->target);
  to->wanted = to->patterned || (f->map && lq_fieldmap_slot_at(f->map, to->node) != LQ_NO_SLOT) ||
               r->transform == LQ_TO_STAMP;
  if (r->transform == LQ_TO_STAMP)
    w->stamp = to->target;
  uint32_t slot = alone_at(f, to->node);
  w->slot_of[to->target] = slot;
  if (slot != LQ_NO_SLOT)
    w->slot[slot].target = to->target;
}

// ---- all of it

static bool allocate(lq_windows *w, size_t nheaders, size_t nslots)
{
  w->names_cap = w->nrows + 3 * nheaders + nslots; // if all were different
  for (w->table_size = 1; w->table_size < 2 * w->names_cap && w->table_size < 4 * MOST_NAMES;)
    w->table_size *= 2;
  w->row = lq_arena_array(&w->own, w->nrows, sizeof *w->row);
  w->done = lq_arena_array(&w->own, w->nrows, sizeof *w->done);
  w->slot = lq_arena_array(&w->own, nslots, sizeof *w->slot);
  w->slot_of = lq_arena_array(&w->own, w->nrows, sizeof *w->slot_of);
  w->nwords = (nslots + 63) / 64;
  w->data = lq_arena_array(&w->own, w->nwords, sizeof *w->data);
  w->names = lq_arena_array(&w->own, w->names_cap, sizeof *w->names);
  w->values = lq_arena_array(&w->own, w->names_cap, sizeof *w->values);
  w->texts = lq_arena_array(&w->own, w->names_cap, sizeof *w->texts);
  w->table = lq_arena_array(&w->own, w->table_size, sizeof *w->table);
  w->elements = lq_arena_array(&w->own, nheaders, sizeof *w->elements);
  w->keys = lq_arena_array(&w->own, LQ_SHAPES_MOST, sizeof *w->keys);
  w->plans = lq_arena_array(&w->own, LQ_WINDOWS_PLANS, sizeof *w->plans);
  if (w->own.failed)
    return false;
  memset(w->table, 0xFF, w->table_size * sizeof *w->table);
  for (size_t i = 0; i < nslots; i++)
    w->slot[i] = (lq_windows_slot){.target = LQ_WINDOWS_NONE, .kind = LQ_WINDOWS_KINDS};
  return true;
}

static void find_fields(lq_windows *w, const lq_fill *f)
{
  static const lq_str kinds[LQ_WINDOWS_KINDS] = {LQ_STR_INIT("event.category"), LQ_STR_INIT("event.type"),
                                                 LQ_STR_INIT("event.action")};
  for (size_t i = 0; i < LQ_WINDOWS_KINDS; i++) {
    w->kinds[i] = node_of(f, kinds[i]);
    w->kind_slots[i] = alone_at(f, w->kinds[i]);
    if (w->kind_slots[i] != LQ_NO_SLOT)
      w->slot[w->kind_slots[i]].kind = (uint8_t)i;
    w->kinds_walked |= is_family_at(f, w->kinds[i]);
  }
  w->event_data = node_of(f, LQ_STR("winlog.event_data"));
  w->user_data = node_of(f, LQ_STR("winlog.user_data"));
  w->channel = lq_windows_place(w, LQ_STR("$Channel"));
  w->provider = lq_windows_place(w, LQ_STR("$Provider"));
  w->id = lq_windows_place(w, LQ_STR("$EventID"));
}

static void read_name(lq_windows *w, uint16_t name)
{
  if (name != LQ_WINDOWS_NONE)
    w->names[name].is_read = true;
}

static void find_read(lq_windows *w)
{
  read_name(w, w->channel);
  read_name(w, w->provider);
  read_name(w, w->id);
  for (size_t i = 0; i < w->nrows; i++) {
    if (!w->row[i].wanted)
      continue;
    read_name(w, w->row[i].name);
    read_name(w, lq_windows_place(w, w->rows[i].arg)); // perhaps that of another raw value
  }
  for (size_t i = 0; i < w->nnames; i++)
    w->names[i].is_read |= w->names[i].header != LQ_WINDOWS_NONE && w->names[w->names[i].header].is_read;
}

bool lq_windows_reads(const lq_windows *w, lq_str name)
{
  uint16_t at = *cell_of(w, name);
  return at < w->nknown && w->names[at].is_read;
}

static void find_data(lq_windows *w, const lq_fill *f)
{
  for (size_t i = 0; i < w->nnames && w->event_data != LQ_NO_NODE; i++)
    w->names[i].datum = lq_windows_datum(w, f, w->names[i].text);
}

lq_windows *lq_windows_new(const lq_fill *f)
{
  lq_windows *w = lq_mem_alloc(f->mem, 1, sizeof *w);
  if (!w)
    return NULL;
  *w = (lq_windows){.mem = f->mem, .own = {.mem = f->mem}, .planned = {.mem = f->mem}};
  size_t nheaders;
  const lq_map_header *headers = lq_map_headers(&nheaders);
  w->rows = lq_map_rows(&w->nrows);
  if (!allocate(w, nheaders, f->nslots)) {
    lq_windows_free(w);
    return NULL;
  }
  intern_headers(w, headers, nheaders);
  for (size_t i = 0; i < w->nrows; i++)
    want(w, f, i);
  w->nknown = w->nnames;
  find_fields(w, f);
  find_read(w);
  intern_elements(w, headers, nheaders);
  intern_data(w, f);
  find_data(w, f);
  find_data_slots(w, f);
  return w;
}

void lq_windows_free(lq_windows *w)
{
  if (!w)
    return;
  lq_arena_free(&w->own);
  lq_arena_free(&w->planned);
  lq_mem_free(w->mem, w, 1, sizeof *w);
}
