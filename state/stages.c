// Pipes: what becomes of a match on its way out.
#include "state/machine_internal.h"

static const lq_stage_arg *arg_of(const lq_machine *m, const lq_stage_def *d, uint32_t i)
{
  return &m->host->tables->args[d->first_arg + i];
}

// ---- columns

static uint32_t columns_after(lq_stage *s, uint32_t now)
{
  const lq_stage_def *d = s->def;
  s->column = d->op == LQ_DO_STATS ? 0 : now;
  switch ((lq_stage_op)d->op) {
  case LQ_DO_EVAL: return now + d->nargs;
  case LQ_DO_STATS: return d->nargs;
  case LQ_DO_COUNT:
  case LQ_DO_UNIQUE_COUNT: return now + (d->nargs > 0 ? 3 : 2);
  case LQ_DO_WHERE:
  case LQ_DO_HEAD:
  case LQ_DO_TAIL:
  case LQ_DO_SORT:
  case LQ_DO_UNIQUE:
  case LQ_DO_KEEP:
  case LQ_DO_DROP:
  case LQ_DO_SUPPRESS:
  case LQ_DO_NEW_TERMS:
  case LQ_DO_COUNT_OF_OPS: break;
  }
  return now;
}

lq_status lq_stages_init(lq_machine *m)
{
  m->stages = lq_mem_alloc(m->fixed, m->def->nstages, sizeof *m->stages);
  if (!m->stages)
    return LQ_E_NOMEM;
  uint32_t now = 0;
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    s->def = &m->host->tables->stages[m->def->first_stage + i];
    lq_list_init(&s->matches);
    lq_key_table_init(&s->table);
    now = columns_after(s, now);
    m->ncolumns = now > m->ncolumns ? now : m->ncolumns;
  }
  m->last_columns = now;
  return LQ_OK;
}

void lq_stage_drop_key(lq_machine *m, lq_stage *s, lq_key_node *node)
{
  if (s->def->op == LQ_DO_STATS)
    lq_window_group_free(m, s, node);
  else
    lq_first_seen_free(m, s, LQ_OWNER(lq_first_seen, node, node));
}

// The first row, out of its list: the caller's. NULL: there is none.
static lq_state_match *take_first(lq_stage *s)
{
  if (lq_list_empty(&s->matches))
    return NULL;
  lq_state_match *match = LQ_OWNER(lq_state_match, link, s->matches.next);
  lq_list_remove(&match->link);
  s->nmatches--;
  return match;
}

void lq_stage_drop_match(lq_machine *m, lq_stage *s, lq_state_match *match)
{
  lq_list_remove(&match->link);
  s->nmatches--;
  lq_state_match_free(m, match);
}

void lq_stages_free(lq_machine *m)
{
  for (uint32_t i = 0; m->stages && i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    if (!s->def)
      continue;
    for (lq_state_match *match; (match = take_first(s));)
      lq_state_match_free(m, match);
    while (!lq_list_empty(&s->table.age))
      lq_stage_drop_key(m, s, LQ_OWNER(lq_key_node, age, s->table.age.next));
    lq_key_table_free(&s->table, m->mem);
  }
  lq_mem_free(m->fixed, m->stages, m->def->nstages, sizeof *m->stages);
}

// ---- time

// When the oldest node of a table with a window is out of it.
static int64_t due_of(const lq_stage *s)
{
  if (s->def->number < 0 || lq_list_empty(&s->table.age) ||
      !(s->def->op == LQ_DO_STATS || s->def->op == LQ_DO_SUPPRESS || s->def->op == LQ_DO_NEW_TERMS))
    return INT64_MAX;
  const lq_key_node *node = LQ_OWNER(lq_key_node, age, s->table.age.next);
  int64_t t = s->def->op == LQ_DO_STATS ? lq_window_last(node) : LQ_OWNER(lq_first_seen, node, node)->time;
  if (s->def->op == LQ_DO_STATS)
    return lq_later(t, s->def->number); // an event at that very moment would find the group as it was
  // Windows are open at their old end: an event that is exactly that old is out.
  return lq_later(t, s->def->number > 0 ? s->def->number - 1 : 0);
}

int64_t lq_stages_due(const lq_machine *m)
{
  int64_t due = INT64_MAX;
  for (uint32_t i = 0; i < m->def->nstages; i++)
    due = due_of(&m->stages[i]) < due ? due_of(&m->stages[i]) : due;
  return due;
}

void lq_stages_expire(lq_machine *m, int64_t clock)
{
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    while (due_of(s) < clock)
      lq_stage_drop_key(m, s, LQ_OWNER(lq_key_node, age, s->table.age.next));
  }
}

// ---- questions

lq_values *lq_stage_args(lq_machine *m, const lq_stage_def *d, uint32_t from, uint32_t n,
                         const lq_state_match *match)
{
  for (uint32_t i = 0; i < n; i++)
    m->asked[i] = lq_ask_value(m, arg_of(m, d, from + i)->snippet, match);
  return m->asked;
}

lq_status lq_stage_key(lq_machine *m, const lq_stage *s, const lq_state_match *match, bool whole, bool null)
{
  const lq_stage_def *d = s->def;
  uint32_t n = d->op == LQ_DO_STATS ? d->nby : d->nargs;
  lq_values *parts = lq_stage_args(m, d, d->nargs - n, n, match);
  lq_key_set *keys = &m->host->stage_keys;
  uint64_t cut = keys->cut;
  bool nulls[LQ_MACHINE_COLUMNS_MAX];
  for (uint32_t i = 0; i < n; i++)
    nulls[i] = null;
  lq_status status = whole ? lq_key_set_make_whole(keys, parts, n) : lq_key_set_make(keys, parts, nulls, n);
  m->stats.cut += keys->cut - cut;
  return status;
}

// ---- matches that stay

// A match of our own. The event at hand is kept for it. NULL: there was no room, and it is counted.
static lq_status take(lq_machine *m, lq_state_match **match)
{
  lq_state_match *from = *match;
  if (from != m->own_match)
    return LQ_OK;
  lq_snapshot *kept = from->at_hand ? lq_at_hand_keep(m) : NULL;
  lq_state_match *mine = kept || !from->at_hand ? lq_state_match_new(m, (lq_str){0}, 1, 1) : NULL;
  if (mine) {
    mine->order = from->order;
    mine->keep_stage = from->keep_stage;
    if (kept)
      lq_state_match_set_event(m, mine, 0, kept);
    for (uint32_t i = 0; i < m->ncolumns; i++)
      lq_state_match_set_packed(m, mine, &mine->columns[i], lq_packed_ref(from->columns[i]));
    lq_state_match_set_packed(m, mine, &mine->keep, lq_packed_ref(from->keep));
  }
  lq_state_match_free(m, from);
  *match = mine;
  return mine ? LQ_OK : lq_no_memory(m);
}

static lq_status hold(lq_machine *m, lq_stage *s, lq_state_match *match)
{
  lq_status status = take(m, &match);
  if (!match)
    return status;
  match->nth = m->births++;
  lq_list_push(&s->matches, &match->link);
  s->nmatches++;
  while (s->def->op == LQ_DO_TAIL && s->nmatches > (uint64_t)(s->def->number < 0 ? 0 : s->def->number))
    lq_state_match_free(m, take_first(s));
  return LQ_OK;
}

// False: no room.
static bool set_lists(lq_machine *m, lq_state_match *match, lq_packed **place, const lq_values *lists,
                      size_t n)
{
  lq_packed *p = lq_pack(lists, n, m->mem);
  if (p)
    lq_state_match_set_packed(m, match, place, p);
  return p != NULL;
}

static bool set_number(lq_machine *m, lq_state_match *match, uint32_t column, lq_value v)
{
  return set_lists(m, match, &match->columns[column], &(lq_values){&v, 1}, 1);
}

// A row that cannot have its columns goes no further: with nulls in their place it would say something else.
static lq_status eval(lq_machine *m, lq_stage *s, lq_state_match *match, bool *passes)
{
  lq_values *values = lq_stage_args(m, s->def, 0, s->def->nargs, match);
  for (uint32_t i = 0; i < s->def->nargs && *passes; i++)
    *passes = set_lists(m, match, &match->columns[s->column + i], &values[i], 1);
  return *passes ? LQ_OK : lq_no_memory(m);
}

static lq_status keep(lq_machine *m, lq_stage *s, uint32_t index, lq_state_match *match, bool *passes)
{
  lq_values *values = lq_stage_args(m, s->def, 0, s->def->nargs, match);
  *passes = set_lists(m, match, &match->keep, values, s->def->nargs);
  match->keep_stage = *passes ? index : match->keep_stage;
  return *passes ? LQ_OK : lq_no_memory(m);
}

// ---- counting

static lq_status unique(lq_machine *m, lq_stage *s, lq_state_match *match, bool *passes)
{
  lq_status status = lq_stage_key(m, s, match, true, true);
  if (status)
    return status;
  lq_first_seen *seen = lq_first_seen_get(m, s, &m->host->stage_keys.keys[0], passes);
  return seen ? LQ_OK : lq_no_memory(m);
}

static bool keep_values(lq_machine *m, const lq_stage *s, lq_first_seen *seen)
{
  lq_value all[LQ_MACHINE_COLUMNS_MAX] = {{0}};
  for (uint32_t i = 0; i < s->def->nargs; i++)
    all[i] = m->asked[i].n ? m->asked[i].v[0] : (lq_value){.type = LQ_T_NULL};
  seen->values = lq_pack(&(lq_values){all, s->def->nargs}, 1, m->mem);
  if (seen->values)
    lq_charge(m, seen->values->size);
  return seen->values != NULL;
}

// *out: the row's key; NULL when there was no room for it.
static lq_status count(lq_machine *m, lq_stage *s, lq_state_match *match, lq_first_seen **out)
{
  bool is_new = false;
  *out = NULL;
  s->count++;
  lq_status status = lq_stage_key(m, s, match, true, true);
  if (status)
    return status;
  lq_first_seen *seen = lq_first_seen_get(m, s, &m->host->stage_keys.keys[0], &is_new);
  if (seen && is_new && s->def->nargs > 0 && !keep_values(m, s, seen)) {
    lq_first_seen_free(m, s, seen);
    seen = NULL;
  }
  if (!seen)
    return lq_no_memory(m);
  seen->count++;
  *out = seen;
  return LQ_OK;
}

static lq_status unique_count(lq_machine *m, lq_stage *s, lq_state_match *match, bool *taken)
{
  lq_first_seen *seen;
  lq_status status = count(m, s, match, &seen);
  if (!seen || seen->count != 1)
    return status;
  *taken = true;
  status = take(m, &match);
  seen->match = match;
  if (!match)
    lq_first_seen_free(m, s, seen); // without its row it would count for nothing
  return status;
}

static lq_status give_count(lq_machine *m, uint32_t stage, lq_state_match *match, const lq_first_seen *seen)
{
  const lq_stage *s = &m->stages[stage];
  double part = s->count ? (double)seen->count / (double)s->count : 0;
  if (set_number(m, match, s->column, lq_uint(seen->count)) &&
      set_number(m, match, s->column + 1, lq_double(part))) {
    if (seen->values)
      lq_state_match_set_packed(m, match, &match->columns[s->column + 2], lq_packed_ref(seen->values));
    return lq_stages_push(m, stage + 1, match);
  }
  lq_state_match_free(m, match);
  return lq_no_memory(m);
}

static lq_state_match *row_of(lq_machine *m, lq_first_seen *seen)
{
  lq_state_match *match = seen->match ? seen->match : lq_state_match_new(m, (lq_str){0}, 0, 0);
  if (match && !seen->match)
    match->order.time = m->clock;
  seen->match = NULL;
  return match;
}

static int by_count(const lq_link *a, const lq_link *b)
{
  const lq_first_seen *x = LQ_OWNER(lq_first_seen, node.age, (lq_link *)(uintptr_t)a),
                      *y = LQ_OWNER(lq_first_seen, node.age, (lq_link *)(uintptr_t)b);
  if (x->count != y->count)
    return x->count < y->count ? -1 : 1;
  return lq_str_cmp((lq_str){x->node.key, x->node.nkey}, (lq_str){y->node.key, y->node.nkey});
}

// Each key is taken out before its row is given: between two rows nothing is in hand.
static lq_status end_count(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = LQ_OK;
  if (s->def->op == LQ_DO_COUNT)
    lq_list_sort(&s->table.age, by_count);
  while (!lq_list_empty(&s->table.age) && !status) {
    lq_first_seen *seen = LQ_OWNER(lq_first_seen, node.age, s->table.age.next);
    lq_first_seen_take(m, s, seen);
    lq_state_match *match = row_of(m, seen);
    status = match ? give_count(m, stage, match, seen) : lq_no_memory(m);
    lq_first_seen_drop(m, seen);
    lq_room_settle(m, LQ_ROOM_ROW);
  }
  s->count = 0;
  return status;
}

// ---- sorting

static int order_class(const lq_value *v)
{
  return !v                      ? 0
         : v->type == LQ_T_BOOL  ? 1
         : lq_is_number(v->type) ? 2
         : v->type == LQ_T_DATE  ? 3
         : v->type == LQ_T_IP    ? 4
                                 : 5;
}

// Null first, then booleans, numbers, dates, addresses, texts.
int lq_sort_order(const lq_value *a, const lq_value *b)
{
  int order = order_class(a) - order_class(b);
  if (order || !a)
    return order;
  if (a->type == LQ_T_BOOL)
    return (int)a->b - (int)b->b;
  return lq_value_order(a, b, &order) ? order : 0;
}

static const lq_packed *sorted_by(const lq_link *l)
{
  return LQ_OWNER(lq_state_match, link, (lq_link *)(uintptr_t)l)->sorted;
}

static int ascending(const lq_link *a, const lq_link *b)
{
  const lq_packed *x = sorted_by(a), *y = sorted_by(b);
  for (uint32_t i = 0; i < x->n; i++) {
    const lq_values *p = &x->lists[i], *q = &y->lists[i];
    int order = lq_sort_order(p->n ? p->v : NULL, q->n ? q->v : NULL);
    if (order)
      return order;
  }
  return 0;
}

static int descending(const lq_link *a, const lq_link *b)
{
  return -ascending(a, b);
}

// Gives each row what it is sorted by, the first one in each turn, which goes to the end then. One that has
// no room for it is lost; what room there is others make by going, the first ones first.
static lq_status ask_sorted(lq_machine *m, lq_stage *s)
{
  lq_status status = LQ_OK;
  for (size_t i = s->nmatches; i > 0 && !status; i--) {
    lq_room_settle(m, LQ_ROOM_ROW);
    lq_state_match *match = take_first(s);
    if (!match)
      break;
    m->host->asker.begin(m->host->asker.user, m->def->rule);
    if (set_lists(m, match, &match->sorted, lq_stage_args(m, s->def, 0, s->def->nargs, match),
                  s->def->nargs)) {
      lq_list_push(&s->matches, &match->link);
      s->nmatches++;
    } else {
      lq_state_match_free(m, match);
      status = lq_no_memory(m);
    }
  }
  return status;
}

static lq_status give_rows(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = LQ_OK;
  for (lq_state_match *match; !status && (match = take_first(s));) {
    lq_state_match_set_packed(m, match, &match->sorted, NULL);
    m->host->asker.begin(m->host->asker.user, m->def->rule);
    status = lq_stages_push(m, stage + 1, match);
    lq_room_settle(m, LQ_ROOM_ROW);
  }
  return status;
}

static lq_status end_sort(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = ask_sorted(m, s);
  if (status)
    return status;
  lq_list_sort(&s->matches, s->def->flags & LQ_STAGE_DESCENDING ? descending : ascending);
  return give_rows(m, stage);
}

// ---- the way out

static void name_columns(const lq_machine *m, lq_column *out)
{
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    const lq_stage *s = &m->stages[i];
    uint32_t n = s->def->nargs, by = s->def->op == LQ_DO_STATS ? s->def->nby : 0;
    for (uint32_t k = 0; (s->def->op == LQ_DO_STATS || s->def->op == LQ_DO_EVAL) && k < n; k++)
      out[s->column + (k < n - by ? k + by : k - (n - by))].name = arg_of(m, s->def, k)->name;
    if (s->def->op == LQ_DO_COUNT || s->def->op == LQ_DO_UNIQUE_COUNT) {
      for (uint32_t k = 0; k < (n > 0 ? 3u : 2u); k++)
        out[s->column + k].name = LQ_NAME_COUNT - k;
    }
  }
}

static lq_status put_out(lq_machine *m, lq_state_match *match)
{
  const lq_state_hooks *h = &m->host->hooks;
  if (match->at_hand && !match->events[0]) {
    lq_snapshot *kept = lq_at_hand_keep(m);
    if (!kept) {
      lq_state_match_free(m, match);
      return lq_no_memory(m);
    }
    lq_state_match_set_event(m, match, 0, kept);
  }
  name_columns(m, m->out_columns);
  for (uint32_t i = 0; i < m->last_columns; i++)
    m->out_columns[i].values = match->columns[i] ? match->columns[i]->lists[0] : (lq_values){0};
  lq_column *keep = m->out_columns + m->ncolumns;
  for (uint32_t i = 0; match->keep && i < match->keep->n; i++)
    keep[i] = (lq_column){arg_of(m, m->stages[match->keep_stage].def, i)->name, match->keep->lists[i]};
  lq_outcome found = {
      .state = m->state,
      .order = match->order,
      .events = (const lq_snapshot *const *)match->events,
      .nevents = match->nslots,
      .key = {match->key, match->nkey},
      .captures = lq_view_of(m, match)->captures,
      .columns = m->out_columns,
      .ncolumns = m->last_columns,
      .keep = keep,
      .nkeep = match->keep ? match->keep->n : 0,
      .has_keep = match->keep != NULL,
  };
  m->stats.groups++;
  int stop = h->group ? h->group(h->user, &found) : 0;
  lq_state_match_free(m, match);
  return stop ? LQ_E_CANCELLED : LQ_OK;
}

// One stage: *match is NULL afterwards when it went no further.
static lq_status step(lq_machine *m, uint32_t i, lq_state_match **match)
{
  lq_stage *s = &m->stages[i];
  lq_state_match *r = *match;
  lq_first_seen *seen;
  bool passes = true, taken = false;
  lq_status status = LQ_OK;
  switch ((lq_stage_op)s->def->op) {
  case LQ_DO_WHERE: passes = lq_ask(m, arg_of(m, s->def, 0)->snippet, r); break;
  case LQ_DO_HEAD:
    passes = s->def->number > 0 && s->count < (uint64_t)s->def->number;
    s->count += passes;
    break;
  case LQ_DO_TAIL:
  case LQ_DO_SORT: *match = NULL; return hold(m, s, r);
  case LQ_DO_UNIQUE: status = unique(m, s, r, &passes); break;
  case LQ_DO_COUNT: status = count(m, s, r, &seen), passes = false; break;
  case LQ_DO_UNIQUE_COUNT: status = unique_count(m, s, r, &taken), passes = false; break;
  case LQ_DO_KEEP: status = keep(m, s, i, r, &passes); break;
  case LQ_DO_EVAL: status = eval(m, s, r, &passes); break;
  case LQ_DO_STATS: *match = NULL; return lq_window_push(m, i, r);
  case LQ_DO_SUPPRESS: status = lq_suppress(m, s, r, &passes); break;
  case LQ_DO_NEW_TERMS: status = lq_new_terms(m, s, r, &passes); break;
  case LQ_DO_DROP:
  case LQ_DO_COUNT_OF_OPS: break;
  }
  if (status || !passes) {
    if (!taken)
      lq_state_match_free(m, r);
    *match = NULL;
  }
  return status;
}

lq_status lq_stages_push(lq_machine *m, uint32_t from, lq_state_match *match)
{
  lq_status status = LQ_OK;
  for (uint32_t i = from; i < m->def->nstages && match && !status; i++)
    status = step(m, i, &match);
  return match ? put_out(m, match) : status;
}

lq_status lq_stages_end(lq_machine *m)
{
  lq_status status = LQ_OK;
  for (uint32_t i = 0; i < m->def->nstages && !status; i++) {
    switch (m->stages[i].def->op) {
    case LQ_DO_TAIL: status = give_rows(m, i); break;
    case LQ_DO_SORT: status = end_sort(m, i); break;
    case LQ_DO_COUNT:
    case LQ_DO_UNIQUE_COUNT: status = end_count(m, i); break;
    case LQ_DO_STATS:
      if (m->stages[i].def->number < 0)
        status = lq_window_end(m, i);
      break;
    }
  }
  return status;
}
