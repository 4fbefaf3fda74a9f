// One event: the values of each slot, chained through one array. After some events nothing is allocated any
// more.
#include "base/event.h"

#include "base/utf8.h"

lq_status lq_event_init(lq_event *e, const lq_fieldmap *map, const lq_mem *mem)
{
  size_t n = lq_fieldmap_slots(map);
  *e = (lq_event){.map = map, .mem = mem, .text = {.mem = mem}, .nvalues = 1};
  e->first = lq_mem_alloc(mem, n, sizeof *e->first);
  e->tails = lq_mem_alloc(mem, n, sizeof *e->tails);
  e->touched = lq_mem_alloc(mem, n, sizeof *e->touched);
  if (e->first && e->tails && e->touched && LQ_GROW(mem, e->values, 0, &e->values_cap))
    return LQ_OK;
  lq_event_free(e);
  return LQ_E_NOMEM;
}

void lq_event_free(lq_event *e)
{
  if (!e || !e->mem)
    return;
  size_t n = lq_fieldmap_slots(e->map);
  lq_mem_free(e->mem, e->first, n, sizeof *e->first);
  lq_mem_free(e->mem, e->tails, n, sizeof *e->tails);
  lq_mem_free(e->mem, e->touched, n, sizeof *e->touched);
  lq_mem_free(e->mem, e->values, e->values_cap, sizeof *e->values);
  lq_arena_free(&e->text);
  *e = (lq_event){0};
}

void lq_event_clear(lq_event *e)
{
  for (size_t i = 0; i < e->ntouched; i++)
    e->first[e->touched[i]] = 0;
  e->ntouched = 0;
  e->nvalues = 1;
  lq_arena_reset(&e->text);
  e->raw = LQ_STR("");
  e->time = 0;
  e->has_time = e->mapped = e->crowded = e->failed = false;
}

// Room for one more value of this slot? Rare answers are worked out apart.
static __attribute__((cold, noinline)) bool grow(lq_event *e)
{
  e->failed |= e->nvalues >= UINT32_MAX || !LQ_GROW(e->mem, e->values, e->nvalues, &e->values_cap);
  return e->nvalues < e->values_cap && e->nvalues < UINT32_MAX;
}

void lq_event_add_slot(lq_event *e, uint32_t slot, lq_value v, uint32_t element, uint32_t parent)
{
  uint32_t *first = &e->first[slot];
  struct lq_event_tail *tail = &e->tails[slot];
  if (*first && e->max_values && tail->count >= e->max_values) {
    e->crowded = true;
    return;
  }
  if (__builtin_expect(e->nvalues >= e->values_cap || e->nvalues >= UINT32_MAX, 0) && !grow(e))
    return;
  lq_slot_value *values = e->values;
  uint32_t at = (uint32_t)e->nvalues++;
  values[at] = (lq_slot_value){.v = v, .element = element, .parent = parent};
  if (*first) {
    values[tail->last].next = at;
    *tail = (struct lq_event_tail){at, tail->count + 1};
    return;
  }
  *first = at;
  e->touched[e->ntouched++] = slot;
  *tail = (struct lq_event_tail){at, 1};
}

// A scope's own values, and those of a slot tied to a scope of the same name (an array of plain values), are
// numbered in the order they come; anything else that is tied to a scope belongs to its first element.
static bool is_numbered(const lq_fieldmap *m, uint32_t slot)
{
  const lq_field_spec *spec = lq_fieldmap_spec(m, slot);
  return spec->is_scope ||
         (spec->scope != LQ_NO_SLOT && lq_str_eq(lq_fieldmap_spec(m, spec->scope)->name, spec->name));
}

typedef struct adding {
  lq_event *event;
  lq_value value;
} adding;

static void add_to(void *user, uint32_t slot)
{
  const adding *a = user;
  lq_event *e = a->event;
  bool counts = is_numbered(e->map, slot) && e->first[slot];
  lq_event_add_slot(e, slot, a->value, counts ? e->values[e->tails[slot].last].element + 1 : 0, 0);
}

void lq_event_add(lq_event *e, lq_str name, lq_value v)
{
  adding a = {e, v};
  uint32_t slot = lq_fieldmap_slot_at(e->map, lq_fieldmap_descend(e->map, 0, name));
  for (; slot != LQ_NO_SLOT; slot = lq_fieldmap_next_slot(e->map, slot))
    add_to(&a, slot);
  if (lq_fieldmap_has_patterns(e->map))
    lq_fieldmap_match_patterns(e->map, name, add_to, &a);
}

bool lq_event_shorten(lq_event *e, size_t max_value)
{
  bool any = false;
  for (size_t i = 1; i < e->nvalues; i++) {
    lq_value *v = &e->values[i].v;
    if (v->type != LQ_T_STRING || v->s.n <= max_value)
      continue;
    v->s = lq_utf8_prefix(v->s, max_value);
    any = true;
  }
  return any;
}
