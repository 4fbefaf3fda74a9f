// Values of slots that stand alone: noted in one walk, decoded slot by slot.
#include "input/fill.h"
#include "input/walk.h"

lq_status lq_notes_init(lq_notes *n, size_t slots, const lq_mem *mem)
{
  *n = (lq_notes){.mem = mem, .nslots = slots};
  n->slots = lq_mem_alloc(mem, slots, sizeof *n->slots);
  return n->slots ? LQ_OK : LQ_E_NOMEM;
}

void lq_notes_free(lq_notes *n)
{
  if (!n->mem)
    return;
  lq_mem_free(n->mem, n->slots, n->nslots, sizeof *n->slots);
  lq_mem_free(n->mem, n->list, n->cap, sizeof *n->list);
  *n = (lq_notes){0};
}

void lq_notes_begin(lq_notes *n)
{
  n->n = 1;
  n->failed = false;
  if (++n->record > 0)
    return;
  memset(n->slots, 0, n->nslots * sizeof *n->slots); // after four billion records, old notes would look new
  n->record = 1;
}

void lq_notes_add(lq_notes *n, uint32_t slot, uint32_t value)
{
  struct lq_noted *s = &n->slots[slot];
  if (n->n >= UINT32_MAX || !LQ_GROW(n->mem, n->list, n->n, &n->cap)) {
    n->failed = true;
    return;
  }
  uint32_t at = (uint32_t)n->n++;
  n->list[at] = (lq_note){.value = value};
  if (s->record == n->record)
    n->list[s->last].next = at;
  else
    s->first = at, s->record = n->record;
  s->last = at;
}

// Slots of one name differ only by their scopes, so one of them at most stands alone.
static uint32_t alone_at(const lq_fill *f, uint32_t node)
{
  uint32_t s = lq_fieldmap_slot_at(f->map, node);
  while (s != LQ_NO_SLOT && !lq_slot_set_has(&f->alone, s))
    s = lq_fieldmap_next_slot(f->map, s);
  return s;
}

static void note_scalar(lq_fill *f, uint32_t value, uint32_t node)
{
  uint32_t slot = alone_at(f, node);
  if (slot != LQ_NO_SLOT)
    lq_notes_add(&f->notes, slot, value);
}

void lq_fill_note_member(lq_fill *f, uint32_t key, uint32_t node)
{
  uint32_t child;
  if (!lq_walk_knows(f->json, key, node, &child))
    child = lq_fieldmap_descend(f->map, node, lq_fill_key(f, key));
  if (child != LQ_NO_NODE)
    lq_fill_note(f, key + 1, child);
}

// Recursion follows nesting, which the parser has capped.
void lq_fill_note(lq_fill *f, uint32_t value, uint32_t node)
{
  const lq_json_node *nodes = f->json->nodes;
  switch ((lq_json_kind)nodes[value].kind) {
  case LQ_JSON_OBJECT:
    for (uint32_t key = value + 1; key < nodes[value].next; key = nodes[key + 1].next)
      lq_fill_note_member(f, key, node);
    break;
  case LQ_JSON_ARRAY:
    for (uint32_t i = value + 1; i < nodes[value].next; i = nodes[i].next)
      lq_fill_note(f, i, node);
    break;
  case LQ_JSON_STRING:
  case LQ_JSON_NUMBER:
  case LQ_JSON_TRUE:
  case LQ_JSON_FALSE: note_scalar(f, value, node); break;
  case LQ_JSON_NULL: break;
  }
}

void lq_fill_give(lq_fill *f, uint32_t slot)
{
  const lq_notes *n = &f->notes;
  for (uint32_t at = lq_notes_first(n, slot); at; at = n->list[at].next) {
    lq_value v;
    if (lq_fill_value(f, n->list[at].value, &v) && !(f->drop_empty && lq_is_empty_value(&v)))
      lq_event_add_slot(f->e, slot, v, 0, 0);
  }
}
