// Raw Windows events to ECS, whole or slot by slot.
//
// A slot that stands alone has one name: of the event's data what bears that name, of the kind of the event
// one list, of the plan the rows of one target, whatever others are asked for. Scopes number their elements
// together, and a pattern of names has values of many rows: for these the data is walked again, and the rows
// that they read are applied in their order.
#include "input/windows_tables.h"

#include "input/transform.h"

// ---- rows

static lq_str raw_text(void *user, lq_str name)
{
  return lq_windows_raw_text(user, lq_windows_place(user, name));
}

static void apply_to_value(lq_map_call *c, uint32_t value)
{
  const lq_json_node *nodes = c->fill->json->nodes;
  lq_value v;
  if (nodes[value].kind == LQ_JSON_ARRAY) {
    for (uint32_t i = value + 1; i < nodes[value].next; i = nodes[i].next)
      apply_to_value(c, i); // as deep as the parser lets it be
  } else if (lq_fill_value(c->fill, value, &v) && !lq_is_empty_value(&v)) {
    lq_map_apply(c, &v);
  }
}

// Did it give a value?
static bool apply_row(lq_windows *w, uint16_t i)
{
  const lq_windows_row *to = &w->row[i];
  uint32_t value = lq_windows_value_of(w, to->name);
  if (!value && to->name != LQ_WINDOWS_NONE)
    return false;
  lq_map_call c = {.fill = w->fill, .row = &w->rows[i], .node = to->node, .other = raw_text, .user = w};
  lq_value none = {.type = LQ_T_NULL};
  if (!value)
    lq_map_apply(&c, &none);
  else if (w->fill->json->nodes[value].kind == LQ_JSON_ARRAY)
    apply_to_value(&c, value);
  else {
    const lq_windows_text *t = lq_windows_read(w, to->name, value);
    if (t->has && !t->empty)
      lq_map_apply(&c, &t->v);
  }
  return c.gave;
}

// What most rows come to, without a call of their transform: the value itself, or a constant.
static const lq_value *direct_value(const lq_windows *w, const lq_windows_gift *g, const lq_value *v,
                                    lq_value *constant)
{
  switch (g->how) {
  case LQ_GIFT_TEXT: return v;
  case LQ_GIFT_STRING: return v && v->type == LQ_T_STRING ? v : NULL;
  case LQ_GIFT_CONST: *constant = lq_string(w->rows[g->row].arg); return constant;
  default: return NULL;
  }
}

// To the slot that is asked for. The same as apply_row.
static bool give(lq_windows *w, const lq_windows_gift *g)
{
  lq_fill *f = w->fill;
  uint32_t node = lq_windows_value_of(w, g->name);
  const lq_windows_text *t = NULL;
  if (!node && g->name != LQ_WINDOWS_NONE)
    return false;
  if (g->how == LQ_GIFT_CALL || f->only == LQ_FILL_NOBODY)
    return apply_row(w, g->row);
  if (node && f->json->nodes[node].kind == LQ_JSON_ARRAY)
    return apply_row(w, g->row);
  if (node) {
    t = lq_windows_read(w, g->name, node);
    if (!t->has || t->empty)
      return false;
  }
  lq_value constant;
  const lq_value *v = direct_value(w, g, t ? &t->v : NULL, &constant);
  if (!v)
    return apply_row(w, g->row);
  lq_event_add_slot(f->e, f->only, *v, 0, 0);
  return true;
}

// The first row of a target that gives a value wins; rows with `also` add to it.
static void apply_rows(lq_windows *w, uint16_t i)
{
  uint32_t *done = &w->done[w->row[i].target];
  if ((w->rows[i].also || *done != w->pass) && apply_row(w, i))
    *done = w->pass;
}

static void give_target(lq_windows *w, uint16_t target)
{
  bool gave = false;
  if (w->plan->first[target] == LQ_WINDOWS_NONE)
    return;
  const lq_windows_gift *g = &w->plan->gifts[w->plan->first[target]];
  for (;; g++) {
    if (g->also || !gave)
      gave |= give(w, g);
    if (g->last)
      return;
  }
}

static const lq_str kind_names[LQ_WINDOWS_KINDS] = {LQ_STR_INIT("event.category"), LQ_STR_INIT("event.type"),
                                                    LQ_STR_INIT("event.action")};

static void give_kind(lq_windows *w, int which)
{
  const lq_windows_plan *p = w->plan;
  for (uint16_t i = p->kind_at[which]; i < p->kind_at[which + 1]; i++)
    lq_fill_emit(w->fill, w->kinds[which], kind_names[which], lq_string(p->kinds[i]));
}

// ---- an event

// After four billion events, or passes, old marks would look new.
static void next_pass(lq_windows *w)
{
  if (++w->pass > 0)
    return;
  memset(w->done, 0, w->nrows * sizeof *w->done);
  w->pass = 1;
}

// A collector's channel, such as ForwardedEvents, says nothing: then the provider is asked for.
static lq_map_group group_of(lq_windows *w)
{
  lq_str channel = lq_windows_raw_text(w, w->channel);
  lq_map_group group = lq_map_group_of(channel, LQ_STR(""));
  return group != LQ_MAP_ANY ? group : lq_map_group_of(channel, lq_windows_raw_text(w, w->provider));
}

// Its raw values are known.
static bool plan(lq_windows *w)
{
  w->fill->drop_empty = true;
  next_pass(w);
  w->plan = lq_windows_plan_of(w, group_of(w), lq_windows_event_id(w));
  return w->plan != NULL;
}

static bool begin(lq_windows *w, lq_fill *f, uint32_t event, bool noting)
{
  uint32_t system = lq_json_member(f->json, event, LQ_STR("System"));
  bool apart = system && f->json->nodes[system].kind == LQ_JSON_OBJECT;
  w->fill = f;
  f->drop_empty = true;
  lq_windows_begin_event(w, event, apart ? system : 0);
  w->way = noting ? LQ_WINDOWS_NOTE : LQ_WINDOWS_WALK;
  lq_windows_take_all(w);
  return plan(w);
}

static bool reads(const lq_windows *w, const lq_windows_row *row)
{
  const lq_fill *f = w->fill;
  uint32_t s = lq_fieldmap_slot_at(f->map, row->node);
  while (s != LQ_NO_SLOT && !lq_slot_set_has(f->wanted, s))
    s = lq_fieldmap_next_slot(f->map, s);
  return s != LQ_NO_SLOT || (f->naming && row->patterned);
}

static void give_kinds(lq_windows *w)
{
  for (int i = 0; i < LQ_WINDOWS_KINDS; i++)
    give_kind(w, i);
}

// Of all that comes behind the data.
static void map_all(lq_windows *w)
{
  give_kinds(w);
  for (size_t i = 0; i < w->plan->nrows; i++)
    apply_rows(w, w->plan->rows[i]);
  lq_fill_close_scopes(w->fill);
}

static void begin_pass(lq_windows *w, const lq_slot_set *wanted)
{
  lq_fill_again(w->fill, wanted);
  next_pass(w);
  w->way = LQ_WINDOWS_WALK;
}

// Could a pass give anything? Scopes without values leave nothing behind.
static bool passes(const lq_windows *w, const lq_slot_set *wanted)
{
  const lq_windows_plan *p = w->plan;
  if (w->data_walked || w->kinds_walked || lq_slot_set_meets(wanted, &w->fill->patterns))
    return true;
  for (size_t i = 0; i < p->nwalked; i++) {
    uint16_t name = w->row[p->walked[i]].name;
    if (name == LQ_WINDOWS_NONE || lq_windows_value_of(w, name))
      return true;
  }
  return false;
}

// For slots that do not stand alone. Raw values are known already, and stay.
static void pass(lq_windows *w, const lq_slot_set *wanted)
{
  const lq_windows_plan *p = w->plan;
  if (!passes(w, wanted))
    return;
  begin_pass(w, wanted);
  if (w->data_walked)
    lq_windows_take_all(w);
  give_kinds(w);
  for (size_t i = 0; i < p->nwalked; i++) {
    if (reads(w, &w->row[p->walked[i]]))
      apply_rows(w, p->walked[i]);
  }
  if (lq_slot_set_meets(wanted, &w->fill->family))
    lq_fill_close_scopes(w->fill);
}

lq_status lq_windows_fill(lq_windows **made, lq_fill *f, uint32_t event)
{
  *made = *made ? *made : lq_windows_new(f);
  lq_windows *w = *made;
  if (!w)
    return LQ_E_NOMEM;
  if (!begin(w, f, event, false))
    return LQ_E_NOMEM;
  map_all(w);
  return LQ_OK;
}

// The most values that a row which gives many makes of one raw value: those of flags, or parts, which have a
// byte each and one between them.
static size_t most_values(size_t elements, size_t bytes)
{
  enum { FLAGS = 64 }; // of one number
  return FLAGS * elements + bytes / 2;
}

// Could one slot have more values than are kept? Never taken for less than it is: where there is doubt, the
// event is filled whole. A slot has a target, and of a row at most that of the longest value; first, as if
// all of the record were that. But a pattern of names has values of all rows.
static bool may_be_over(const lq_windows *w, size_t max_values)
{
  const lq_windows_plan *p = w->plan;
  const lq_json *j = w->fill->json;
  bool named = w->fill->named;
  size_t rest = j->n + (named ? p->nrows : p->most_rows) * (1 + w->listed), longest = 0, all = 0;
  if (!named && rest + p->most_many * most_values(1 + w->listed, j->text.n) <= max_values)
    return false;
  for (size_t i = 0; i < p->nmany; i++) {
    uint32_t value = lq_windows_value_of(w, w->row[p->many[i]].name);
    if (!value)
      continue;
    const lq_json_node *node = &j->nodes[value];
    size_t n = most_values(node->next - value, node->end - node->start);
    longest = n > longest ? n : longest;
    all += n;
  }
  return rest + (named || all < p->most_many * longest ? all : p->most_many * longest) > max_values;
}

static lq_status open_whole(lq_windows *w, uint32_t max_values, bool *whole)
{
  *whole = may_be_over(w, max_values);
  if (*whole) {
    begin_pass(w, NULL);
    lq_windows_take_all(w);
    map_all(w);
  }
  return LQ_OK;
}

lq_status lq_windows_open(lq_windows **made, lq_fill *f, uint32_t event, uint32_t max_values, bool *whole)
{
  *made = *made ? *made : lq_windows_new(f);
  lq_windows *w = *made;
  return w && begin(w, f, event, true) ? open_whole(w, max_values, whole) : LQ_E_NOMEM;
}

lq_status lq_windows_open_flat(lq_windows *w, uint32_t max_values, bool *whole)
{
  return plan(w) ? open_whole(w, max_values, whole) : LQ_E_NOMEM;
}

static void give_alone(lq_windows *w, uint32_t slot)
{
  lq_fill *f = w->fill;
  const lq_windows_slot *s = &w->slot[slot];
  f->only = slot;
  if (s->in_data)
    lq_fill_give(f, slot);
  if (s->kind != LQ_WINDOWS_KINDS)
    give_kind(w, s->kind);
  if (s->target != LQ_WINDOWS_NONE)
    give_target(w, s->target);
  f->only = LQ_NO_SLOT;
}

void lq_windows_give(lq_windows *w, lq_fill *f, const lq_slot_set *wanted)
{
  if (lq_fill_walks(f, wanted))
    pass(w, &f->walked);
  for (uint32_t i = 0; i < wanted->n; i++) {
    uint64_t word = wanted->words[i] & w->plan->slots[i];
    for (; word; word &= word - 1)
      give_alone(w, i * 64 + (uint32_t)__builtin_ctzll(word));
  }
}

void lq_windows_time(lq_windows *w, lq_fill *f)
{
  f->only = LQ_FILL_NOBODY;
  give_target(w, w->stamp);
  f->only = LQ_NO_SLOT;
}

uint64_t lq_windows_kind(const lq_windows *w, const lq_slot_set **decided)
{
  *decided = &w->plan->decided;
  return w->plan->key;
}
