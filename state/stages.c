// Pipes: what becomes of a match on its way out.
#include "state/machine_internal.h"

#include "base/sort.h"

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
  m->stages = lq_mem_alloc(m->mem, m->def->nstages, sizeof *m->stages);
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

static void free_node(lq_machine *m, lq_stage *s, lq_key_node *node)
{
  if (s->def->op == LQ_DO_STATS)
    lq_window_group_free(m, s, node);
  else
    lq_first_seen_free(m, s, LQ_OWNER(lq_first_seen, node, node));
}

static void free_matches(lq_machine *m, lq_stage *s)
{
  while (!lq_list_empty(&s->matches)) {
    lq_state_match *match = LQ_OWNER(lq_state_match, link, s->matches.next);
    lq_list_remove(&match->link);
    lq_state_match_free(m, match);
  }
  s->nmatches = 0;
}

void lq_stages_free(lq_machine *m)
{
  for (uint32_t i = 0; m->stages && i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    if (!s->def)
      continue;
    free_matches(m, s);
    while (!lq_list_empty(&s->table.age))
      free_node(m, s, LQ_OWNER(lq_key_node, age, s->table.age.next));
    lq_key_table_free(&s->table, m->mem);
  }
  lq_mem_free(m->mem, m->stages, m->def->nstages, sizeof *m->stages);
}

// ---- room and time

bool lq_stages_evict(lq_machine *m)
{
  lq_stage *most = NULL;
  for (uint32_t i = 0; i < m->def->nstages; i++) {
    lq_stage *s = &m->stages[i];
    if (s->table.n + s->nmatches > (most ? most->table.n + most->nmatches : 0))
      most = s;
  }
  bool matches = most && most->nmatches > most->table.n;
  if (!most || (!matches && lq_list_empty(&most->table.age)))
    return false;
  m->stats.evicted++;
  if (matches) {
    lq_state_match *match = LQ_OWNER(lq_state_match, link, most->matches.next);
    lq_tell(m, LQ_STEP_EVICTED, NULL, (lq_str){match->key, match->nkey}, 0);
    lq_list_remove(&match->link);
    most->nmatches--;
    lq_state_match_free(m, match);
  } else {
    lq_key_node *node = LQ_OWNER(lq_key_node, age, most->table.age.next);
    lq_tell(m, LQ_STEP_EVICTED, NULL, (lq_str){node->key, node->nkey}, 0);
    free_node(m, most, node);
  }
  return true;
}

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
      free_node(m, s, LQ_OWNER(lq_key_node, age, s->table.age.next));
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

// A match of our own. The event at hand is kept for it. NULL: there was no room.
static lq_status take(lq_machine *m, lq_state_match **match)
{
  lq_state_match *from = *match;
  if (from != m->own_match)
    return LQ_OK;
  *match = NULL;
  lq_snapshot *kept = NULL;
  if (m->own_match->at_hand) {
    kept = lq_at_hand_keep(m);
    if (!kept || !lq_room(m, kept->size + from->charged + 1024)) {
      lq_state_match_free(m, from);
      return kept ? LQ_OK : lq_no_memory(m);
    }
  }
  lq_state_match *mine = lq_state_match_new(m, (lq_str){0}, 1, 1);
  if (!mine) {
    lq_state_match_free(m, from);
    return lq_no_memory(m);
  }
  mine->order = from->order;
  mine->keep_stage = from->keep_stage;
  if (kept)
    lq_state_match_set_event(m, mine, 0, kept);
  for (uint32_t i = 0; i < m->ncolumns; i++)
    lq_state_match_set_packed(m, mine, &mine->columns[i], lq_packed_ref(from->columns[i]));
  lq_state_match_set_packed(m, mine, &mine->keep, lq_packed_ref(from->keep));
  lq_state_match_free(m, from);
  *match = mine;
  return LQ_OK;
}

static lq_status hold(lq_machine *m, lq_stage *s, lq_state_match *match)
{
  lq_status status = take(m, &match);
  if (!match)
    return status;
  lq_list_push(&s->matches, &match->link);
  s->nmatches++;
  while (s->def->op == LQ_DO_TAIL && s->nmatches > (uint64_t)(s->def->number < 0 ? 0 : s->def->number)) {
    lq_state_match *old = LQ_OWNER(lq_state_match, link, s->matches.next);
    lq_list_remove(&old->link);
    s->nmatches--;
    lq_state_match_free(m, old);
  }
  lq_room(m, 0); // what is held is charged: over the cap the oldest goes
  return LQ_OK;
}

static lq_status set_column(lq_machine *m, lq_state_match *match, lq_packed **place, const lq_values *lists,
                            size_t n)
{
  lq_packed *p = lq_pack(lists, n, m->mem);
  if (!p)
    return lq_no_memory(m);
  lq_state_match_set_packed(m, match, place, p);
  return LQ_OK;
}

static lq_status set_number(lq_machine *m, lq_state_match *match, uint32_t column, lq_value v)
{
  return set_column(m, match, &match->columns[column], &(lq_values){&v, 1}, 1);
}

static lq_status eval(lq_machine *m, lq_stage *s, lq_state_match *match)
{
  lq_status status = LQ_OK;
  lq_values *values = lq_stage_args(m, s->def, 0, s->def->nargs, match);
  for (uint32_t i = 0; i < s->def->nargs && !status; i++)
    status = set_column(m, match, &match->columns[s->column + i], &values[i], 1);
  return status;
}

static lq_status keep(lq_machine *m, lq_stage *s, uint32_t index, lq_state_match *match)
{
  lq_values *values = lq_stage_args(m, s->def, 0, s->def->nargs, match);
  match->keep_stage = index;
  return set_column(m, match, &match->keep, values, s->def->nargs);
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

static lq_status count(lq_machine *m, lq_stage *s, lq_state_match *match)
{
  bool is_new = false;
  s->count++;
  lq_status status = lq_stage_key(m, s, match, true, true);
  if (status)
    return status;
  lq_first_seen *seen = lq_first_seen_get(m, s, &m->host->stage_keys.keys[0], &is_new);
  if (!seen)
    return lq_no_memory(m);
  seen->count++;
  if (!is_new || s->def->nargs == 0)
    return LQ_OK;
  size_t n = 0;
  lq_value all[LQ_MACHINE_COLUMNS_MAX] = {{0}};
  for (uint32_t i = 0; i < s->def->nargs; i++)
    all[n++] = m->asked[i].n ? m->asked[i].v[0] : (lq_value){.type = LQ_T_NULL};
  seen->values = lq_pack(&(lq_values){all, n}, 1, m->mem);
  if (!seen->values)
    return lq_no_memory(m);
  lq_charge(m, seen->values->size);
  return LQ_OK;
}

static lq_status unique_count(lq_machine *m, lq_stage *s, lq_state_match *match, bool *taken)
{
  lq_status status = count(m, s, match);
  lq_first_seen *seen = status ? NULL : s->last;
  if (!seen || seen->count != 1)
    return status;
  // Taking the match may make room, and the room may be this very key's.
  lq_list_remove(&seen->node.age);
  *taken = true;
  status = take(m, &match);
  lq_list_push(&s->table.age, &seen->node.age);
  seen->match = match;
  return status;
}

static lq_status give_count(lq_machine *m, uint32_t stage, lq_state_match *match, const lq_first_seen *seen,
                            uint64_t n, uint64_t all)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = set_number(m, match, s->column, lq_uint(n));
  if (!status)
    status = set_number(m, match, s->column + 1, lq_double(all ? (double)n / (double)all : 0));
  if (!status && seen && seen->values)
    lq_state_match_set_packed(m, match, &match->columns[s->column + 2], lq_packed_ref(seen->values));
  if (!status)
    return lq_stages_push(m, stage + 1, match);
  lq_state_match_free(m, match);
  return status;
}

static lq_status end_unique_count(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  lq_status status = LQ_OK;
  while (!lq_list_empty(&s->table.age) && !status) {
    lq_first_seen *seen = LQ_OWNER(lq_first_seen, node.age, s->table.age.next);
    lq_state_match *match = seen->match;
    seen->match = NULL;
    if (match)
      status = give_count(m, stage, match, seen, seen->count, s->count);
    lq_first_seen_free(m, s, seen);
  }
  s->count = 0;
  return status;
}

static int by_count(const void *a, const void *b)
{
  const lq_first_seen *x = *(lq_first_seen *const *)a, *y = *(lq_first_seen *const *)b;
  if (x->count != y->count)
    return x->count < y->count ? -1 : 1;
  return lq_str_cmp((lq_str){x->node.key, x->node.nkey}, (lq_str){y->node.key, y->node.nkey});
}

static lq_status end_count(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  size_t n = s->table.n, filled = 0;
  lq_first_seen **all = lq_mem_alloc(m->mem, n, sizeof *all);
  if (!all)
    return lq_no_memory(m);
  for (lq_link *l = s->table.age.next; l != &s->table.age; l = l->next)
    all[filled++] = LQ_OWNER(lq_first_seen, node.age, l);
  lq_sort(all, n, sizeof *all, by_count);
  lq_status status = LQ_OK;
  for (size_t i = 0; i < n; i++) {
    lq_state_match *match = status ? NULL : lq_state_match_new(m, (lq_str){0}, 0, 0);
    if (match) {
      match->order.time = m->clock;
      status = give_count(m, stage, match, all[i], all[i]->count, s->count);
    } else if (!status) {
      status = lq_no_memory(m);
    }
  }
  for (size_t i = 0; i < n; i++)
    lq_first_seen_free(m, s, all[i]);
  lq_mem_free(m->mem, all, n, sizeof *all);
  s->count = 0;
  return status;
}

// ---- sorting

typedef struct sorted {
  lq_state_match *match;
  lq_packed *values;
  size_t nth;
  bool descending;
} sorted;

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

static int by_values(const void *a, const void *b)
{
  const sorted *x = a, *y = b;
  for (uint32_t i = 0; i < x->values->n; i++) {
    const lq_values *p = &x->values->lists[i], *q = &y->values->lists[i];
    int order = lq_sort_order(p->n ? p->v : NULL, q->n ? q->v : NULL);
    if (order)
      return x->descending ? -order : order;
  }
  return (x->nth > y->nth) - (x->nth < y->nth);
}

static lq_status end_sort(lq_machine *m, uint32_t stage)
{
  lq_stage *s = &m->stages[stage];
  size_t n = s->nmatches, filled = 0;
  sorted *all = lq_mem_alloc(m->mem, n, sizeof *all);
  lq_status status = all ? LQ_OK : lq_no_memory(m);
  while (all && !lq_list_empty(&s->matches)) {
    sorted *x = &all[filled];
    x->match = LQ_OWNER(lq_state_match, link, s->matches.next);
    x->nth = filled++;
    x->descending = s->def->flags & LQ_STAGE_DESCENDING;
    lq_list_remove(&x->match->link);
    m->host->asker.begin(m->host->asker.user, m->def->rule);
    x->values = lq_pack(lq_stage_args(m, s->def, 0, s->def->nargs, x->match), s->def->nargs, m->mem);
    if (!x->values && !status)
      status = LQ_E_NOMEM;
  }
  s->nmatches = 0;
  if (!status)
    lq_sort(all, n, sizeof *all, by_values);
  for (size_t i = 0; i < filled; i++) {
    lq_packed_unref(all[i].values, m->mem);
    if (!status)
      status = lq_stages_push(m, stage + 1, all[i].match);
    else
      lq_state_match_free(m, all[i].match);
  }
  lq_mem_free(m->mem, all, all ? n : 0, sizeof *all);
  return status;
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
  case LQ_DO_COUNT: status = count(m, s, r), passes = false; break;
  case LQ_DO_UNIQUE_COUNT: status = unique_count(m, s, r, &taken), passes = false; break;
  case LQ_DO_KEEP: status = keep(m, s, i, r); break;
  case LQ_DO_EVAL: status = eval(m, s, r); break;
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

static lq_status end_tail(lq_machine *m, uint32_t i)
{
  lq_stage *s = &m->stages[i];
  lq_status status = LQ_OK;
  while (!lq_list_empty(&s->matches) && !status) {
    lq_state_match *match = LQ_OWNER(lq_state_match, link, s->matches.next);
    lq_list_remove(&match->link);
    s->nmatches--;
    m->host->asker.begin(m->host->asker.user, m->def->rule);
    status = lq_stages_push(m, i + 1, match);
  }
  return status;
}

lq_status lq_stages_end(lq_machine *m)
{
  lq_status status = LQ_OK;
  for (uint32_t i = 0; i < m->def->nstages && !status; i++) {
    switch (m->stages[i].def->op) {
    case LQ_DO_TAIL: status = end_tail(m, i); break;
    case LQ_DO_SORT: status = end_sort(m, i); break;
    case LQ_DO_COUNT: status = end_count(m, i); break;
    case LQ_DO_UNIQUE_COUNT: status = end_unique_count(m, i); break;
    case LQ_DO_STATS:
      if (m->stages[i].def->number < 0)
        status = lq_window_end(m, i);
      break;
    }
  }
  return status;
}
