// What of the mapping an event of one log and id needs: made when the first of its kind comes.
#include "input/transform.h"
#include "input/windows_tables.h"

static bool choose_rows(lq_windows *w, lq_windows_plan *p, lq_map_group group, uint32_t id)
{
  p->rows = lq_arena_array(&w->planned, w->nrows, sizeof *p->rows);
  for (size_t i = 0; p->rows && i < w->nrows; i++) {
    const lq_map_row *r = &w->rows[i];
    if (w->row[i].wanted && (r->group == LQ_MAP_ANY || r->group == group) && lq_map_ids_hold(r->ids, id))
      p->rows[p->nrows++] = (uint16_t)i;
  }
  return p->rows != NULL;
}

static uint8_t how_of(const lq_map_row *row)
{
  lq_value arg = lq_string(row->arg);
  switch (row->transform) {
  case LQ_TO_TEXT: return LQ_GIFT_TEXT;
  case LQ_TO_STRING: return LQ_GIFT_STRING;
  case LQ_TO_CONST: return lq_is_empty_value(&arg) ? LQ_GIFT_CALL : LQ_GIFT_CONST;
  default: return LQ_GIFT_CALL;
  }
}

static void put_gifts(const lq_windows *w, lq_windows_plan *p, uint16_t target, const uint16_t *next,
                      uint16_t *n)
{
  uint16_t place = p->first[target];
  size_t rows = 0, many = 0;
  p->first[target] = *n;
  for (; place != LQ_WINDOWS_NONE; place = next[place], rows++) {
    const lq_map_row *row = &w->rows[p->rows[place]];
    p->gifts[(*n)++] = (lq_windows_gift){.row = p->rows[place],
                                         .name = w->row[p->rows[place]].name,
                                         .how = how_of(row),
                                         .also = row->also,
                                         .last = next[place] == LQ_WINDOWS_NONE};
    many += lq_map_gives_many(row->transform);
  }
  p->most_rows = rows > p->most_rows ? rows : p->most_rows;
  p->most_many = many > p->most_many ? many : p->most_many;
}

// Rows are linked from behind, those of a target in their order.
static bool make_gifts(lq_windows *w, lq_windows_plan *p)
{
  uint16_t *next = lq_arena_array(&w->planned, p->nrows, sizeof *next), n = 0;
  p->gifts = lq_arena_array(&w->planned, p->nrows, sizeof *p->gifts);
  p->first = lq_arena_array(&w->planned, w->ntargets, sizeof *p->first);
  if (!next || !p->gifts || !p->first)
    return false;
  memset(p->first, 0xFF, w->ntargets * sizeof *p->first);
  for (size_t i = p->nrows; i-- > 0;) {
    uint16_t *first = &p->first[w->row[p->rows[i]].target];
    next[i] = *first;
    *first = (uint16_t)i;
  }
  for (uint16_t target = 0; target < w->ntargets; target++) {
    if (p->first[target] != LQ_WINDOWS_NONE)
      put_gifts(w, p, target, next, &n);
  }
  return true;
}

static bool index_rows(lq_windows *w, lq_windows_plan *p)
{
  p->many = lq_arena_array(&w->planned, p->nrows, sizeof *p->many);
  p->walked = lq_arena_array(&w->planned, p->nrows, sizeof *p->walked);
  p->slots = lq_arena_array(&w->planned, w->nwords, sizeof *p->slots);
  if (!p->many || !p->walked || !p->slots)
    return false;
  memcpy(p->slots, w->data, w->nwords * sizeof *p->slots);
  for (int i = 0; i < LQ_WINDOWS_KINDS; i++) {
    if (w->kind_slots[i] != LQ_NO_SLOT)
      lq_windows_set_bit(p->slots, w->kind_slots[i]);
  }
  for (size_t i = 0; i < p->nrows; i++) {
    uint16_t row = p->rows[i];
    uint32_t slot = w->slot_of[w->row[row].target];
    if (slot != LQ_NO_SLOT)
      lq_windows_set_bit(p->slots, slot);
    if (w->row[row].scoped || w->row[row].patterned)
      p->walked[p->nwalked++] = row;
    if (lq_map_gives_many(w->rows[row].transform))
      p->many[p->nmany++] = row;
  }
  return true;
}

static bool is_constant(const lq_windows *w, uint16_t row)
{
  return w->rows[row].transform == LQ_TO_CONST && w->row[row].name == LQ_WINDOWS_NONE;
}

static bool find_decided(lq_windows *w, lq_windows_plan *p)
{
  const lq_fill *f = w->fill;
  p->decided = (lq_slot_set){.words = lq_arena_array(&w->planned, w->nwords, sizeof(uint64_t)),
                             .n = w->nwords};
  if (!p->decided.words)
    return false;
  for (size_t i = 0; i < w->nwords; i++)
    p->decided.words[i] = f->alone.words[i] & ~w->data[i];
  for (size_t i = 0; i < p->nrows; i++) {
    uint32_t slot = w->slot_of[w->row[p->rows[i]].target];
    if (slot != LQ_NO_SLOT && !is_constant(w, p->rows[i]))
      p->decided.words[slot / 64] &= ~(UINT64_C(1) << slot % 64);
  }
  return true;
}

// Lists are split at commas; actions may have some.
static bool split_kind(lq_windows *w, lq_windows_plan *p, const lq_map_kind *kind)
{
  lq_str lists[] = {[LQ_WINDOWS_CATEGORY] = kind ? kind->categories : LQ_STR(""),
                    [LQ_WINDOWS_TYPE] = kind ? kind->types : LQ_STR("")};
  size_t n = 1;
  for (int i = 0; i < LQ_WINDOWS_ACTION; i++) {
    for (size_t at = 0; at < lists[i].n; at++)
      n += lists[i].p[at] == ',';
    n++;
  }
  p->kinds = lq_arena_array(&w->planned, n, sizeof *p->kinds);
  if (!p->kinds)
    return false;
  for (uint16_t i = n = 0; i < LQ_WINDOWS_ACTION; i++) {
    p->kind_at[i] = (uint16_t)n;
    while (lq_text_part(&lists[i], ',', &p->kinds[n]))
      n++;
  }
  p->kind_at[LQ_WINDOWS_ACTION] = (uint16_t)n;
  if (kind && kind->action.n > 0)
    p->kinds[n++] = kind->action;
  p->kind_at[LQ_WINDOWS_KINDS] = (uint16_t)n;
  return true;
}

static const lq_map_kind *kind_of(lq_map_group group, uint32_t id)
{
  size_t n;
  const lq_map_kind *kinds = lq_map_kinds(&n);
  for (size_t i = 0; i < n; i++) {
    if (kinds[i].group == group && lq_map_ids_hold(kinds[i].ids, id))
      return &kinds[i];
  }
  return NULL;
}

static bool make_plan(lq_windows *w, lq_windows_plan *p, lq_map_group group, uint32_t id)
{
  return choose_rows(w, p, group, id) && index_rows(w, p) && make_gifts(w, p) && find_decided(w, p) &&
         split_kind(w, p, kind_of(group, id));
}

const lq_windows_plan *lq_windows_plan_of(lq_windows *w, lq_map_group group, uint32_t id)
{
  uint64_t key = ((uint64_t)group << 32 | id) + 1;
  size_t i = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 40) & (LQ_WINDOWS_PLANS - 1);
  for (; w->plans[i].key; i = (i + 1) & (LQ_WINDOWS_PLANS - 1)) {
    if (w->plans[i].key == key)
      return &w->plans[i];
  }
  if (w->nplans == LQ_WINDOWS_PLANS / 2) { // ids of some hostile log: begin again
    memset(w->plans, 0, LQ_WINDOWS_PLANS * sizeof *w->plans);
    lq_arena_reset(&w->planned);
    w->nplans = 0;
    return lq_windows_plan_of(w, group, id);
  }
  lq_windows_plan p = {.key = key};
  if (!make_plan(w, &p, group, id))
    return NULL;
  w->nplans++;
  w->plans[i] = p;
  return &w->plans[i];
}
