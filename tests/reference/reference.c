// A slow and obviously right reading of the rules.
//
// Sequences: the positives are paired by S1 to S3 for each key alone, in plain arrays; everything that has to
// be missing is then looked for in the whole stream. Windows: each is counted anew from all rows, at each
// moment at which it can change.
#include "tests/reference/reference.h"

#include <stdlib.h>

enum { KEY_MAX = 128, ROWS_MAX = 2048, SLOTS_MAX = 32, COLUMNS_MAX = 12, PARTS_MAX = 256, LIST_MAX = 24 };

typedef struct text {
  char bytes[KEY_MAX];
  size_t n;
} text;

typedef struct list {
  lq_value v[LIST_MAX];
  size_t n;
} list;

typedef struct row {
  int events[SLOTS_MAX]; // indexes; -1 none
  size_t nevents;
  const w_event *of_term[W_TERMS]; // first event of each term
  const w_event *event;            // rules of single events
  int completing;
  list columns[COLUMNS_MAX];
  size_t ncolumns;
  bool has_keep;
  list keep[COLUMNS_MAX];
  size_t nkeep;
} row;

typedef struct rows {
  row *row;
  size_t n;
} rows;

// The stream in order: events of it, with a time each.
typedef struct world {
  const w_rule *rule;
  const w_stream *stream;
  int order[W_EVENTS];
  int64_t time[W_EVENTS]; // by place in order
  size_t n;
} world;

static row *add_row(rows *r)
{
  if (r->n == ROWS_MAX)
    abort();
  r->row[r->n] = (row){0};
  return &r->row[r->n++];
}

// Events without a time, and with one that is not believed, have the last that was.
static void by_time(world *w)
{
  int64_t last = LQ_TIME_FIRST;
  for (size_t i = 0; i < w->stream->n; i++) {
    const w_event *e = &w->stream->events[i];
    int64_t t = e->has_time && e->time < W_UNBELIEVED ? e->time : last;
    size_t at = w->n;
    for (; at > 0 && w->time[at - 1] > t; at--) {
      w->time[at] = w->time[at - 1];
      w->order[at] = w->order[at - 1];
    }
    w->time[at] = t;
    w->order[at] = (int)i;
    w->n++;
    last = t;
  }
}

static const w_event *event_at(const world *w, size_t place)
{
  return &w->stream->events[w->order[place]];
}

// ---- keys

static void add_text(text *t, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  if (!v) {
    t->bytes[t->n++] = '~';
    return;
  }
  lq_str s = lq_value_text(v, scratch);
  t->bytes[t->n++] = '=';
  memcpy(t->bytes + t->n, s.p, s.n);
  t->n += s.n;
  t->bytes[t->n++] = ';';
}

static bool same(const text *a, const text *b)
{
  return a->n == b->n && memcmp(a->bytes, b->bytes, a->n) == 0;
}

static size_t distinct(const lq_value *v, size_t n, const lq_value **out)
{
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    bool is_new = true;
    for (size_t k = 0; k < found; k++)
      is_new &= !lq_value_equal(&v[i], out[k]);
    if (is_new)
      out[found++] = &v[i];
  }
  return found;
}

// All tuples of some lists, the last part changing fastest.
static size_t tuples(const list *parts, const bool *null, size_t nparts, text *out,
                     const lq_value *picks[][COLUMNS_MAX])
{
  const lq_value *values[COLUMNS_MAX][64];
  size_t counts[COLUMNS_MAX], total = 1;
  for (size_t i = 0; i < nparts; i++) {
    counts[i] = distinct(parts[i].v, parts[i].n, values[i]);
    if (counts[i] == 0 && !null[i])
      return 0;
    values[i][0] = counts[i] ? values[i][0] : NULL;
    counts[i] = counts[i] ? counts[i] : 1;
    total *= counts[i];
  }
  for (size_t t = 0; t < total; t++) {
    out[t].n = 0;
    size_t step = total, rest = t;
    for (size_t i = 0; i < nparts; i++) {
      step /= counts[i];
      const lq_value *v = values[i][rest / step];
      rest %= step;
      add_text(&out[t], v);
      if (picks)
        picks[t][i] = v;
    }
  }
  return total;
}

static list list_of(const w_event *e, uint32_t f)
{
  list l = {.n = e ? e->counts[f] : 0};
  for (size_t i = 0; i < l.n; i++)
    l.v[i] = e->fields[f][i];
  return l;
}

static size_t keys_of(const world *w, uint32_t term, const w_event *e, text *out)
{
  const lq_term_def *t = &w->rule->terms[term];
  list parts[W_FIELDS];
  bool null[W_FIELDS];
  for (uint32_t i = 0; i < t->nkeys; i++) {
    const lq_key_def *k = &w->rule->keys[t->first_key + i];
    parts[i] = list_of(e, k->snippet - w_field(0));
    null[i] = k->flags & LQ_KEY_OPTIONAL || w->rule->state.flags & LQ_STATE_NULL_KEYS;
  }
  return tuples(parts, null, t->nkeys, out, NULL);
}

static bool has_key(const world *w, uint32_t term, const w_event *e, const text *key)
{
  text keys[PARTS_MAX];
  size_t n = keys_of(w, term, e, keys);
  for (size_t i = 0; i < n; i++) {
    if (same(&keys[i], key))
      return true;
  }
  return false;
}

// ---- conditions

static uint32_t letter_of(const world *w, uint32_t term)
{
  uint32_t s = w->rule->terms[term].snippet, base = w_letter_ref(0, 0);
  return s < base ? s : (s - base) / W_TERMS;
}

static bool fits(const world *w, uint32_t term, const w_event *e, const w_event *const *of_term)
{
  if (!(e->letters >> letter_of(w, term) & 1))
    return false;
  if (!w->rule->refers[term])
    return true;
  uint32_t other = (w->rule->terms[term].snippet - w_letter_ref(0, 0)) % W_TERMS;
  const w_event *a = of_term ? of_term[other] : NULL;
  for (size_t i = 0; a && i < a->counts[W_X]; i++) {
    for (size_t k = 0; k < e->counts[W_X]; k++) {
      if (lq_value_equal(&a->fields[W_X][i], &e->fields[W_X][k]))
        return true;
    }
  }
  return false;
}

// ---- sequences

typedef struct part {
  bool used;
  text key;
  int places[SLOTS_MAX]; // in order
  const w_event *of_term[W_TERMS];
} part;

typedef struct positive {
  uint32_t term, slot;
} positive;

typedef struct seq {
  positive at[SLOTS_MAX];
  size_t n, nslots;
  part stage[SLOTS_MAX][PARTS_MAX];
} seq;

static bool is_negated(const world *w, uint32_t term)
{
  return w->rule->terms[term].flags & LQ_TERM_NEGATED;
}

static void find_positives(const world *w, seq *s)
{
  s->n = s->nslots = 0;
  for (uint32_t i = 0; i < w->rule->state.nterms; i++) {
    for (uint32_t k = 0; k < w->rule->terms[i].runs; k++, s->nslots++) {
      if (!is_negated(w, i))
        s->at[s->n++] = (positive){i, (uint32_t)s->nslots};
    }
  }
}

static part *find_part(part *parts, const text *key)
{
  for (size_t i = 0; i < PARTS_MAX; i++) {
    if (parts[i].used && same(&parts[i].key, key))
      return &parts[i];
  }
  return NULL;
}

static void put_part(part *parts, const part *p)
{
  part *at = find_part(parts, &p->key);
  for (size_t i = 0; i < PARTS_MAX && !at; i++)
    at = parts[i].used ? NULL : &parts[i];
  if (!at)
    abort();
  *at = *p;
  at->used = true;
}

// Some event strictly between the places that the negated term fits, with the key.
static bool comes(const world *w, uint32_t term, const part *p, int from, int to)
{
  for (int i = from + 1; i < to; i++) {
    if (fits(w, term, event_at(w, (size_t)i), p->of_term) &&
        has_key(w, term, event_at(w, (size_t)i), &p->key))
      return true;
  }
  return false;
}

static uint32_t first_positive(const world *w)
{
  uint32_t i = 0;
  while (is_negated(w, i))
    i++;
  return i;
}

static uint32_t last_positive(const world *w)
{
  uint32_t i = w->rule->state.nterms - 1;
  while (is_negated(w, i))
    i--;
  return i;
}

static bool between_free(const world *w, const seq *s, const part *p)
{
  for (size_t i = 0; i + 1 < s->n; i++) {
    for (uint32_t t = s->at[i].term + 1; t < s->at[i + 1].term; t++) {
      if (comes(w, t, p, p->places[i], p->places[i + 1]))
        return false;
    }
  }
  return true;
}

// Whether [from, to] is free: before the first event of leading terms, after the last one of trailing terms.
static bool window_free(const world *w, const seq *s, const part *p, int64_t from, int64_t to)
{
  for (size_t i = 0; i < w->n; i++) {
    if (w->time[i] < from || w->time[i] > to)
      continue;
    for (uint32_t t = 0; t < w->rule->state.nterms; t++) {
      bool leads = t < first_positive(w) && (int)i < p->places[0];
      bool trails = t > last_positive(w) && (int)i > p->places[s->n - 1];
      if ((leads || trails) && fits(w, t, event_at(w, i), p->of_term) &&
          has_key(w, t, event_at(w, i), &p->key))
        return false;
    }
  }
  return true;
}

static bool around_free(const world *w, const seq *s, const part *p)
{
  bool leads = is_negated(w, 0), trails = is_negated(w, w->rule->state.nterms - 1);
  int64_t first = w->time[p->places[0]], last = w->time[p->places[s->n - 1]], span = w->rule->state.maxspan;
  if (!leads && !trails)
    return true;
  if (!trails)
    return window_free(w, s, p, last - span, last);
  if (!leads)
    return window_free(w, s, p, first, first + span);
  for (int64_t from = last - span; from <= first; from++) {
    if (window_free(w, s, p, from, from + span))
      return true;
  }
  return false;
}

static void complete(const world *w, const seq *s, const part *p, rows *out)
{
  if (!between_free(w, s, p) || !around_free(w, s, p))
    return;
  row *r = add_row(out);
  r->nevents = s->nslots;
  for (size_t i = 0; i < s->nslots; i++)
    r->events[i] = -1;
  for (size_t i = 0; i < s->n; i++)
    r->events[s->at[i].slot] = w->order[p->places[i]];
  memcpy(r->of_term, p->of_term, sizeof r->of_term);
  r->completing = p->places[s->n - 1];
}

static void enter(const world *w, seq *s, size_t stage, const part *from, const text *key, int place,
                  rows *out)
{
  part p = from ? *from : (part){.key = *key};
  uint32_t term = s->at[stage].term;
  p.places[stage] = place;
  if (!p.of_term[term])
    p.of_term[term] = event_at(w, (size_t)place);
  if (stage + 1 == s->n)
    complete(w, s, &p, out);
  else
    put_part(s->stage[stage], &p);
}

static void offer(const world *w, seq *s, size_t place, rows *out)
{
  const w_event *e = event_at(w, place);
  text keys[PARTS_MAX];
  for (size_t stage = s->n; stage-- > 0;) {
    uint32_t term = s->at[stage].term;
    if (!(e->letters >> letter_of(w, term) & 1))
      continue;
    size_t n = keys_of(w, term, e, keys);
    for (size_t k = 0; k < n; k++) {
      part *p = stage ? find_part(s->stage[stage - 1], &keys[k]) : NULL;
      if (stage && !p)
        continue;
      if (p && w->rule->state.maxspan >= 0 && w->time[place] - w->time[p->places[0]] > w->rule->state.maxspan)
        continue;
      if (!fits(w, term, e, p ? p->of_term : NULL))
        continue;
      part copy;
      if (p) {
        copy = *p;
        p->used = false;
      }
      enter(w, s, stage, p ? &copy : NULL, &keys[k], (int)place, out);
    }
  }
}

static void until(const world *w, seq *s, size_t place)
{
  uint32_t term = w->rule->state.nterms;
  const w_event *e = event_at(w, place);
  if (!w->rule->state.until || !fits(w, term, e, NULL))
    return;
  for (size_t stage = 0; stage < s->n; stage++) {
    for (size_t i = 0; i < PARTS_MAX; i++) {
      if (s->stage[stage][i].used && has_key(w, term, e, &s->stage[stage][i].key))
        s->stage[stage][i].used = false;
    }
  }
}

static void sequences(const world *w, rows *out)
{
  seq *s = calloc(1, sizeof *s);
  if (!s)
    abort();
  find_positives(w, s);
  for (size_t i = 0; i < w->n; i++) {
    bool first = w->rule->state.flags & LQ_STATE_UNTIL_FIRST;
    if (first)
      until(w, s, i);
    offer(w, s, i, out);
    if (!first)
      until(w, s, i);
  }
  free(s);
}

// ---- samples and joins

// Whether the terms from `term` on can each have an event of their own, of those up to `to`, with the key.
static bool can_choose(const world *w, uint32_t term, size_t from, size_t to, const text *key, bool *used)
{
  if (term == w->rule->state.nterms)
    return true;
  for (size_t i = from; i <= to; i++) {
    if (used[i] || !fits(w, term, event_at(w, i), NULL) || !has_key(w, term, event_at(w, i), key))
      continue;
    used[i] = true;
    bool can = can_choose(w, term + 1, from, to, key, used);
    used[i] = false;
    if (can)
      return true;
  }
  return false;
}

static bool add_key(text *keys, size_t *n, const text *key)
{
  for (size_t i = 0; i < *n; i++) {
    if (same(&keys[i], key))
      return false;
  }
  if (*n == PARTS_MAX)
    abort();
  keys[(*n)++] = *key;
  return true;
}

static size_t all_keys(const world *w, size_t place, text *out)
{
  size_t n = 0;
  text keys[PARTS_MAX];
  for (uint32_t t = 0; t < w->rule->state.nterms; t++) {
    size_t found = fits(w, t, event_at(w, place), NULL) ? keys_of(w, t, event_at(w, place), keys) : 0;
    for (size_t k = 0; k < found; k++)
      add_key(out, &n, &keys[k]);
  }
  return n;
}

// Which events a sample shows is left open; that there is one, for which key and when, is not. So is what
// `until` undid.
static void samples(const world *w, rows *out)
{
  static text done[PARTS_MAX], keys[PARTS_MAX], killed[PARTS_MAX];
  static size_t since[PARTS_MAX];
  size_t ndone = 0, nkilled = 0;
  for (size_t i = 0; i < w->n; i++) {
    size_t n = all_keys(w, i, keys);
    for (size_t k = 0; k < n; k++) {
      bool used[W_EVENTS] = {false}, is_done = false;
      size_t from = 0;
      for (size_t d = 0; d < ndone; d++)
        is_done |= same(&done[d], &keys[k]);
      for (size_t d = 0; d < nkilled; d++)
        from = same(&killed[d], &keys[k]) ? since[d] : from;
      if (is_done || !can_choose(w, 0, from, i, &keys[k], used))
        continue;
      add_key(done, &ndone, &keys[k]);
      row *r = add_row(out);
      r->nevents = 1;
      r->events[0] = w->order[i];
      r->completing = (int)i;
    }
    (void)nkilled;
  }
}

typedef struct joined {
  bool used;
  text key;
  const w_event *events[W_TERMS];
} joined;

static joined *join_of(joined *all, const text *key)
{
  joined *free_one = NULL;
  for (size_t i = 0; i < PARTS_MAX; i++) {
    if (all[i].used && same(&all[i].key, key))
      return &all[i];
    free_one = free_one || all[i].used ? free_one : &all[i];
  }
  *free_one = (joined){.used = true, .key = *key};
  return free_one;
}

static void joins(const world *w, rows *out)
{
  static joined all[PARTS_MAX];
  text keys[PARTS_MAX];
  memset(all, 0, sizeof all);
  uint32_t nterms = w->rule->state.nterms;
  for (size_t i = 0; i < w->n; i++) {
    const w_event *e = event_at(w, i);
    for (uint32_t t = 0; t < nterms; t++) {
      size_t n = fits(w, t, e, NULL) ? keys_of(w, t, e, keys) : 0;
      for (size_t k = 0; k < n; k++) {
        joined *j = join_of(all, &keys[k]);
        bool full = true;
        j->events[t] = j->events[t] ? j->events[t] : e;
        for (uint32_t x = 0; x < nterms; x++)
          full &= j->events[x] != NULL;
        if (!full)
          continue;
        row *r = add_row(out);
        r->nevents = nterms;
        for (uint32_t x = 0; x < nterms; x++) {
          r->events[x] = (int)(j->events[x] - w->stream->events);
          r->of_term[x] = j->events[x];
        }
        r->completing = (int)i;
        j->used = false;
      }
    }
    for (size_t x = 0; w->rule->state.until && fits(w, nterms, e, NULL) && x < PARTS_MAX; x++)
      all[x].used &= !has_key(w, nterms, e, &all[x].key);
  }
}

// ---- stages

static list arg(const world *w, const lq_stage_def *s, uint32_t i, const row *r)
{
  uint32_t snippet = w->rule->args[s->first_arg + i].snippet;
  if (snippet == UINT32_MAX)
    return (list){.n = 0};
  if (snippet < w_letter_ref(0, 0))
    return list_of(r->event, snippet - w_field(0));
  snippet -= w_ref(0, 0);
  return list_of(r->of_term[snippet / W_FIELDS], snippet % W_FIELDS);
}

static void whole_key(const world *w, const lq_stage_def *s, const row *r, text *out)
{
  out->n = 0;
  for (uint32_t i = 0; i < s->nargs; i++) {
    list l = arg(w, s, i, r);
    for (size_t k = 0; k < l.n; k++)
      add_text(out, &l.v[k]);
    out->bytes[out->n++] = '/';
  }
}

static size_t part_keys(const world *w, const lq_stage_def *s, const row *r, bool null, text *out,
                        const lq_value *picks[][COLUMNS_MAX], list *parts)
{
  bool nulls[COLUMNS_MAX];
  uint32_t n = s->op == LQ_DO_STATS ? s->nby : s->nargs;
  for (uint32_t i = 0; i < n; i++) {
    parts[i] = arg(w, s, s->nargs - n + i, r);
    nulls[i] = null;
  }
  return tuples(parts, nulls, n, out, picks);
}

static bool condition(const world *w, const lq_stage_def *s, const row *r)
{
  uint32_t x = w->rule->args[s->first_arg].snippet - w_column_at_least(0, 0);
  const list *l = &r->columns[x / 1000];
  lq_value least = lq_int(x % 1000);
  int order;
  return l->n > 0 && lq_value_order(&l->v[0], &least, &order) && order >= 0;
}

static int class_of(const lq_value *v)
{
  return !v ? 0 : lq_is_number(v->type) ? 2 : 5;
}

static int order_of(const lq_value *a, const lq_value *b)
{
  int order = class_of(a) - class_of(b);
  if (!order && a && !lq_value_order(a, b, &order))
    order = 0;
  return order;
}

static list one(lq_value v)
{
  return (list){.v = {v}, .n = 1};
}

// What an aggregate is over some rows, in order.
static list aggregate(const world *w, const lq_stage_def *s, uint32_t i, const row *const *in, size_t n)
{
  lq_aggregate f = (lq_aggregate)w->rule->aggregates[s->first_arg + i];
  bool bare = w->rule->args[s->first_arg + i].snippet == UINT32_MAX;
  static lq_value all[ROWS_MAX * W_VALUES];
  size_t count = 0, rows_with = 0;
  for (size_t k = 0; k < n; k++) {
    list l = arg(w, s, i, in[k]);
    rows_with += bare || l.n > 0;
    for (size_t x = 0; x < l.n; x++) {
      if (f == LQ_AGG_FIRST && count > 0)
        break;
      if (f == LQ_AGG_LAST && x + 1 < l.n)
        continue;
      all[count++] = l.v[x];
    }
  }
  list out = {.n = 0};
  double sum = 0;
  size_t numbers = 0;
  for (size_t k = 0; k < count; k++) {
    numbers += lq_is_number(all[k].type);
    sum += all[k].type == LQ_T_INT ? (double)all[k].i : 0;
  }
  const lq_value *found[1024];
  switch (f) {
  case LQ_AGG_COUNT: return one(lq_int((int64_t)rows_with));
  case LQ_AGG_DCOUNT: return one(lq_int((int64_t)distinct(all, count, found)));
  case LQ_AGG_SUM: return numbers ? one(lq_int((int64_t)sum)) : out;
  case LQ_AGG_AVG: return numbers ? one(lq_double(sum / (double)numbers)) : out;
  case LQ_AGG_FIRST: return count ? one(all[0]) : out;
  case LQ_AGG_LAST: return count ? one(all[count - 1]) : out;
  case LQ_AGG_MIN:
  case LQ_AGG_MAX:
    for (size_t k = 0; k < count; k++) {
      int order = out.n ? order_of(&all[k], &out.v[0]) : 0;
      if (!out.n || (f == LQ_AGG_MIN ? order < 0 : order > 0))
        out = one(all[k]);
    }
    return out;
  case LQ_AGG_VALUES:
    count = distinct(all, count, found);
    for (size_t k = 0; k < count; k++) {
      char x[LQ_VALUE_TEXT_MAX], y[LQ_VALUE_TEXT_MAX];
      size_t at = out.n++;
      for (; at > 0 && lq_str_cmp(lq_value_text(&out.v[at - 1], x), lq_value_text(found[k], y)) > 0; at--)
        out.v[at] = out.v[at - 1];
      out.v[at] = *found[k];
    }
    return out;
  case LQ_AGG_NONE: break;
  }
  return out;
}

typedef struct member {
  size_t row;
  text key;
  list by[W_FIELDS];
} member;

static void stats_row(const world *w, const lq_stage_def *s, const member *m, const row *const *in, size_t n,
                      row *out)
{
  *out = (row){0};
  for (uint32_t i = 0; i < s->nby; i++)
    out->columns[i] = m->by[i];
  for (uint32_t i = 0; i < s->nargs - s->nby; i++)
    out->columns[s->nby + i] = aggregate(w, s, i, in, n);
  out->ncolumns = s->nargs;
}

static int last_event(const row *r)
{
  for (size_t i = r->nevents; i-- > 0;) {
    if (r->events[i] >= 0)
      return r->events[i];
  }
  return -1;
}

static int64_t time_of(const world *w, const row *r)
{
  return w->time[r->completing];
}

// The rows of a member's group up to and with it, no older than `after`.
static size_t group_rows(const world *w, const rows *in, const member *all, size_t upto, int64_t after,
                         const row **out)
{
  size_t n = 0;
  for (size_t i = 0; i <= upto; i++) {
    if (same(&all[i].key, &all[upto].key) && time_of(w, &in->row[all[i].row]) > after)
      out[n++] = &in->row[all[i].row];
  }
  return n;
}

static bool holds_at(const world *w, const lq_stage_def *s, const lq_stage_def *where, const rows *in,
                     const member *all, size_t upto, int64_t moment)
{
  static const row *of_group[ROWS_MAX];
  row r;
  size_t n = group_rows(w, in, all, upto, moment - s->number, of_group);
  if (n == 0)
    return false;
  stats_row(w, s, &all[upto], of_group, n, &r);
  return condition(w, where, &r);
}

// Whether the condition was false at some moment after member `a` and before member `b` of one group came.
static bool false_between(const world *w, const lq_stage_def *s, const lq_stage_def *where, const rows *in,
                          const member *all, size_t a, size_t b)
{
  for (size_t i = a, next; i < b; i = next) {
    next = i + 1;
    while (!same(&all[next].key, &all[a].key))
      next++;
    if (i != a && !holds_at(w, s, where, in, all, i, time_of(w, &in->row[all[i].row])))
      return true;
    for (size_t k = 0; k <= i; k++) {
      int64_t leaves = time_of(w, &in->row[all[k].row]) + s->number;
      bool before = leaves < time_of(w, &in->row[all[next].row]);
      bool after = leaves > time_of(w, &in->row[all[i].row]);
      if (same(&all[k].key, &all[a].key) && before && after && !holds_at(w, s, where, in, all, i, leaves))
        return true;
    }
  }
  return false;
}

static size_t members(const world *w, const lq_stage_def *s, const rows *in, member *all)
{
  static text keys[PARTS_MAX];
  static const lq_value *picks[PARTS_MAX][COLUMNS_MAX];
  list parts[COLUMNS_MAX];
  size_t n = 0;
  for (size_t i = 0; i < in->n; i++) {
    size_t found = part_keys(w, s, &in->row[i], true, keys, picks, parts);
    for (size_t k = 0; k < found; k++) {
      if (n == ROWS_MAX)
        abort();
      all[n] = (member){.row = i, .key = keys[k]};
      for (uint32_t b = 0; b < s->nby; b++)
        all[n].by[b] = picks[k][b] ? one(*picks[k][b]) : (list){.n = 0};
      n++;
    }
  }
  return n;
}

// Samples, the first and the last event, are left out of comparison for windows: only the last one is told.
static void windows(const world *w, const lq_stage_def *s, const lq_stage_def *where, const rows *in,
                    rows *out)
{
  static member all[ROWS_MAX];
  static const row *of_group[ROWS_MAX];
  size_t n = members(w, s, in, all);
  for (size_t i = 0; i < n; i++) {
    const row *now = &in->row[all[i].row];
    bool fires = !where || holds_at(w, s, where, in, all, i, time_of(w, now));
    for (size_t k = i; where && fires && k-- > 0;) {
      if (!same(&all[k].key, &all[i].key))
        continue;
      // The one before in the group: if it held, nothing may fire until it has been false.
      bool held = holds_at(w, s, where, in, all, k, time_of(w, &in->row[all[k].row]));
      fires = !held || false_between(w, s, where, in, all, k, i);
      break;
    }
    if (!fires)
      continue;
    size_t found = group_rows(w, in, all, i, time_of(w, now) - s->number, of_group);
    row *r = add_row(out);
    stats_row(w, s, &all[i], of_group, found, r);
    r->completing = now->completing;
    r->events[0] = last_event(now);
    r->nevents = 1;
  }
}

static void stats_at_end(const world *w, const lq_stage_def *s, const rows *in, rows *out)
{
  static member all[ROWS_MAX];
  static const row *of_group[ROWS_MAX];
  size_t n = members(w, s, in, all);
  for (size_t i = 0; i < n; i++) {
    bool first = true, last = true;
    size_t end = i;
    for (size_t k = 0; k < n; k++) {
      first &= !(k < i && same(&all[k].key, &all[i].key));
      end = k > i && same(&all[k].key, &all[i].key) ? k : end;
    }
    if (!first)
      continue;
    size_t found = group_rows(w, in, all, end, INT64_MIN, of_group);
    row *r = add_row(out);
    stats_row(w, s, &all[i], of_group, found, r);
    r->completing = in->row[all[end].row].completing;
    r->nevents = 2;
    r->events[0] = last_event(&in->row[all[i].row]);
    r->events[1] = last_event(&in->row[all[end].row]);
    r->nevents = r->events[0] == r->events[1] ? 1 : 2;
    (void)last;
  }
}

static void count(const world *w, const lq_stage_def *s, const rows *in, rows *out)
{
  static text keys[ROWS_MAX];
  static size_t counts[ROWS_MAX];
  size_t n = 0;
  for (size_t i = 0; i < in->n; i++) {
    text key;
    size_t at = 0;
    whole_key(w, s, &in->row[i], &key);
    while (at < n && !same(&keys[at], &key))
      at++;
    if (at < n) {
      counts[at]++;
      continue;
    }
    keys[n] = key;
    counts[n++] = 1;
    row *r = add_row(out);
    if (s->op == LQ_DO_UNIQUE_COUNT)
      *r = in->row[i];
    if (s->nargs) {
      list *k = &r->columns[r->ncolumns + 2];
      for (uint32_t a = 0; a < s->nargs; a++) {
        list l = arg(w, s, a, &in->row[i]);
        k->v[k->n++] = l.n ? l.v[0] : (lq_value){.type = LQ_T_NULL};
      }
    }
  }
  for (size_t i = 0; i < n; i++) {
    row *r = &out->row[i];
    r->columns[r->ncolumns] = one(lq_int((int64_t)counts[i]));
    r->columns[r->ncolumns + 1] = one(lq_double((double)counts[i] / (double)in->n));
    r->ncolumns += s->nargs ? 3 : 2;
  }
}

static void sort(const world *w, const lq_stage_def *s, rows *out)
{
  for (size_t i = 1; i < out->n; i++) {
    row moving = out->row[i];
    size_t at = i;
    for (; at > 0; at--) {
      int order = 0;
      for (uint32_t a = 0; a < s->nargs && !order; a++) {
        list x = arg(w, s, a, &out->row[at - 1]), y = arg(w, s, a, &moving);
        order = order_of(x.n ? x.v : NULL, y.n ? y.v : NULL);
      }
      if (s->flags & LQ_STAGE_DESCENDING ? order >= 0 : order <= 0)
        break;
      out->row[at] = out->row[at - 1];
    }
    out->row[at] = moving;
  }
}

static bool was_seen(const world *w, const lq_stage_def *s, const rows *in, size_t upto, const text *key,
                     int64_t after)
{
  static text keys[PARTS_MAX];
  list parts[COLUMNS_MAX];
  for (size_t i = 0; i < upto; i++) {
    size_t n = part_keys(w, s, &in->row[i], false, keys, NULL, parts);
    for (size_t k = 0; k < n; k++) {
      if (same(&keys[k], key) && time_of(w, &in->row[i]) > after)
        return true;
    }
  }
  return false;
}

static bool is_new_term(const world *w, const lq_stage_def *s, const rows *in, size_t i)
{
  static text keys[PARTS_MAX];
  list parts[COLUMNS_MAX];
  size_t n = part_keys(w, s, &in->row[i], false, keys, NULL, parts);
  for (size_t k = 0; k < n; k++) {
    if (!was_seen(w, s, in, i, &keys[k], time_of(w, &in->row[i]) - s->number))
      return true;
  }
  return false;
}

static bool passed_before(const world *w, const lq_stage_def *s, const rows *out, const row *r,
                          int64_t within)
{
  text key, other;
  whole_key(w, s, r, &key);
  for (size_t i = 0; i < out->n; i++) {
    whole_key(w, s, &out->row[i], &other);
    if (same(&key, &other) && (within < 0 || time_of(w, r) - time_of(w, &out->row[i]) < within))
      return true;
  }
  return false;
}

static void one_by_one(const world *w, const lq_stage_def *s, const rows *in, rows *out)
{
  for (size_t i = 0; i < in->n; i++) {
    row r = in->row[i];
    bool passes = true;
    switch (s->op) {
    case LQ_DO_WHERE: passes = condition(w, s, &r); break;
    case LQ_DO_HEAD: passes = (int64_t)i < s->number; break;
    case LQ_DO_TAIL: passes = (int64_t)(in->n - i) <= s->number; break;
    case LQ_DO_UNIQUE: passes = !passed_before(w, s, out, &r, -1); break;
    case LQ_DO_SUPPRESS: passes = !passed_before(w, s, out, &r, s->number); break;
    case LQ_DO_NEW_TERMS: passes = is_new_term(w, s, in, i); break;
    case LQ_DO_EVAL:
      for (uint32_t a = 0; a < s->nargs; a++)
        r.columns[r.ncolumns++] = arg(w, s, a, &in->row[i]);
      break;
    case LQ_DO_KEEP:
      r.has_keep = true;
      r.nkeep = s->nargs;
      for (uint32_t a = 0; a < s->nargs; a++)
        r.keep[a] = arg(w, s, a, &r);
      break;
    }
    if (passes)
      *add_row(out) = r;
  }
}

static size_t stage(const world *w, size_t i, const rows *in, rows *out)
{
  const lq_stage_def *s = &w->rule->stages[i];
  const lq_stage_def *next = i + 1 < w->rule->nstages ? s + 1 : NULL;
  const lq_stage_def *where = next && next->op == LQ_DO_WHERE ? next : NULL;
  out->n = 0;
  if (s->op == LQ_DO_STATS && s->number < 0)
    stats_at_end(w, s, in, out);
  else if (s->op == LQ_DO_STATS)
    windows(w, s, where, in, out);
  else if (s->op == LQ_DO_COUNT || s->op == LQ_DO_UNIQUE_COUNT)
    count(w, s, in, out);
  else
    one_by_one(w, s, s->op == LQ_DO_SORT ? in : in, out);
  if (s->op == LQ_DO_SORT)
    sort(w, s, out);
  return s->op == LQ_DO_STATS && s->number >= 0 && where ? 2 : 1;
}

// ---- all of it

static void put_list(lq_buf *out, const list *l)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (size_t i = 0; i < l->n; i++) {
    lq_buf_z(out, i ? "+" : "");
    lq_buf_str(out, lq_value_text(&l->v[i], scratch));
  }
  lq_buf_z(out, l->n ? "" : "null");
}

static void put_row(lq_buf *out, const row *r)
{
  for (size_t i = 0; i < r->nevents; i++) {
    lq_buf_z(out, i ? "," : "");
    if (r->events[i] >= 0)
      lq_buf_printf(out, "%d", r->events[i] + 1);
    else
      lq_buf_z(out, "-");
  }
  for (size_t i = 0; i < r->ncolumns; i++) {
    lq_buf_z(out, i ? " " : "[");
    put_list(out, &r->columns[i]);
  }
  lq_buf_z(out, r->ncolumns ? "]" : "");
  for (size_t i = 0; i < r->nkeep; i++) {
    lq_buf_z(out, i ? " " : "{");
    put_list(out, &r->keep[i]);
  }
  lq_buf_z(out, r->nkeep ? "};" : ";");
}

static void singles(const world *w, rows *out)
{
  for (size_t i = 0; i < w->n; i++) {
    if (!fits(w, 0, event_at(w, i), NULL))
      continue;
    row *r = add_row(out);
    r->event = event_at(w, i);
    r->completing = (int)i;
    r->nevents = 1;
    r->events[0] = w->order[i];
  }
}

void ref_run(const w_rule *rule, const w_stream *stream, lq_buf *out)
{
  static row a_rows[ROWS_MAX], b_rows[ROWS_MAX];
  static world w;
  w = (world){.rule = rule, .stream = stream};
  rows a = {a_rows, 0}, b = {b_rows, 0};
  by_time(&w);
  switch (rule->state.kind) {
  case LQ_STATE_EVENT: singles(&w, &a); break;
  case LQ_STATE_SEQUENCE: sequences(&w, &a); break;
  case LQ_STATE_SAMPLE: samples(&w, &a); break;
  case LQ_STATE_JOIN: joins(&w, &a); break;
  }
  for (size_t i = 0; i < rule->nstages;) {
    i += stage(&w, i, &a, &b);
    rows t = a;
    a = b;
    b = t;
  }
  for (size_t i = 0; i < a.n; i++)
    put_row(out, &a.row[i]);
}
