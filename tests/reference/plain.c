// A slow and obviously right reading of whole rules over a slice.
//
// Sequences (LANGUAGE, S1 to S14): for each key alone, the events that have it are walked once, with one
// partial match for each term in plain arrays; what has to be missing is then looked for among all events of
// the slice. Windows: each is counted anew from all rows, at each moment at which it can change.
#include "tests/reference/plain.h"

#include <stdlib.h>

enum { SLOTS_MAX = 128, TUPLES_MAX = 256, COLUMNS_MAX = 16, SEEN_MAX = 65536 };

typedef struct rule {
  s_slice *s;
  const s_variant *v;
  uint32_t state;
  const lq_state_def *def;
  const lq_term_def *terms; // of this rule
  s_alerts *out;
} rule;

void s_add_alert(s_alerts *all, uint32_t state, uint32_t place, const lq_buf *text)
{
  char *copy = malloc(text->n + 1);
  if (!copy || !LQ_GROW(&lq_mem_libc, all->alert, all->n, &all->cap))
    s_die("no memory");
  memcpy(copy, text->n ? text->p : "", text->n);
  copy[text->n] = 0;
  all->alert[all->n++] = (s_alert){state, place, copy};
}

void s_free_alerts(s_alerts *all)
{
  for (size_t i = 0; i < all->n; i++)
    free(all->alert[i].text);
  lq_mem_free(&lq_mem_libc, all->alert, all->cap, sizeof *all->alert);
  *all = (s_alerts){0};
}

void s_add_values(lq_buf *out, lq_values v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (size_t i = 0; i < v.n; i++) {
    lq_buf_z(out, i ? "+" : "");
    lq_buf_str(out, lq_value_text(&v.v[i], scratch));
  }
  lq_buf_z(out, v.n ? "" : "null");
}

static uint32_t line_at(const rule *r, uint32_t place)
{
  return (uint32_t)r->s->events[r->s->order[place]].line;
}

// ---- what fits

// The first event of each term so far, by arrival; -1: none.
typedef struct part {
  bool used;
  int32_t places[SLOTS_MAX];
  int32_t of_term[LQ_TERMS_MAX];
} part;

// What earlier terms' events had in the captured fields; in the asker's scratch memory.
static const lq_values *const *captures_of(const rule *r, const part *p, uint32_t term)
{
  s_asker *a = &r->s->asker;
  const lq_values **all = lq_arena_array(&a->exec.scratch, r->def->nterms, sizeof *all);
  if (!all)
    s_die("no memory");
  for (uint32_t t = 0; t < term; t++) {
    const lq_term_def *d = &r->terms[t];
    if (p->of_term[t] < 0)
      continue;
    lq_values *of = lq_arena_array(&a->exec.scratch, d->ncaptures ? d->ncaptures : 1, sizeof *of);
    if (!of)
      s_die("no memory");
    s_ask_event(a, (uint32_t)p->of_term[t]);
    for (uint32_t c = 0; c < d->ncaptures; c++)
      of[c] = s_ask_field(a, r->v, r->s->program->captures[d->first_capture + c].field);
    all[t] = of;
  }
  return all;
}

static bool fits(const rule *r, uint32_t term, uint32_t place, const part *p)
{
  s_asker *a = &r->s->asker;
  const lq_values *const *captures = NULL;
  s_ask_begin(a);
  if (r->s->refers[r->def->first_term + term] && p)
    captures = captures_of(r, p, term);
  s_ask_event(a, r->s->order[place]);
  return s_ask_truth(a, r->v, r->terms[term].snippet, captures, NULL);
}

static bool may_fit(const rule *r, uint32_t term, uint32_t place)
{
  return r->s->refers[r->def->first_term + term] || fits(r, term, place, NULL);
}

static bool has_key(const rule *r, uint32_t term, uint32_t place, uint32_t key)
{
  size_t n;
  const uint32_t *keys = s_keys_of(r->s, r->v, r->s->order[place], r->def->first_term + term, &n);
  for (size_t i = 0; i < n; i++) {
    if (keys[i] == key)
      return true;
  }
  return false;
}

// ---- keys of a rule, each with the places of its events

typedef struct meeting {
  uint32_t key, place;
} meeting;

static int by_key(const void *a, const void *b)
{
  const meeting *x = a, *y = b;
  if (x->key != y->key)
    return x->key < y->key ? -1 : 1;
  return (x->place > y->place) - (x->place < y->place);
}

static meeting *meetings(const rule *r, size_t *out, size_t *out_cap)
{
  meeting *all = NULL;
  size_t n = 0, cap = 0;
  for (uint32_t place = 0; place < r->s->n; place++) {
    for (uint32_t t = 0; t < r->def->nterms + r->def->until; t++) {
      size_t nkeys;
      if (!may_fit(r, t, place))
        continue;
      const uint32_t *keys = s_keys_of(r->s, r->v, r->s->order[place], r->def->first_term + t, &nkeys);
      for (size_t k = 0; k < nkeys; k++) {
        if (!LQ_GROW(&lq_mem_libc, all, n, &cap))
          s_die("no memory");
        all[n++] = (meeting){keys[k], place};
      }
    }
  }
  if (n)
    qsort(all, n, sizeof *all, by_key);
  *out = n;
  *out_cap = cap;
  return all;
}

// ---- sequences

typedef struct seq {
  uint32_t term[SLOTS_MAX], slot[SLOTS_MAX]; // of the positives
  uint32_t n, nslots;
  part *stage; // n of them
  uint32_t key;
} seq;

static bool is_negated(const rule *r, uint32_t term)
{
  return r->terms[term].flags & LQ_TERM_NEGATED;
}

static void find_positives(const rule *r, seq *q)
{
  for (uint32_t t = 0; t < r->def->nterms; t++) {
    for (uint32_t k = 0; k < r->terms[t].runs; k++, q->nslots++) {
      if (q->nslots == SLOTS_MAX)
        s_die("too many terms");
      if (is_negated(r, t))
        continue;
      q->term[q->n] = t;
      q->slot[q->n++] = q->nslots;
    }
  }
}

// S10: some event strictly between the two that the negated term fits, with the key.
static bool between_free(const rule *r, const seq *q, const part *p)
{
  for (uint32_t i = 0; i + 1 < q->n; i++) {
    for (uint32_t t = q->term[i] + 1; t < q->term[i + 1]; t++) {
      for (int32_t at = p->places[i] + 1; at < p->places[i + 1]; at++) {
        if (has_key(r, t, (uint32_t)at, q->key) && fits(r, t, (uint32_t)at, p))
          return false;
      }
    }
  }
  return true;
}

// Whether the event breaks a leading or trailing term.
static bool breaks(const rule *r, const seq *q, const part *p, uint32_t place, bool lead, bool trail)
{
  for (uint32_t t = 0; t < r->def->nterms; t++) {
    bool leads = lead && t < q->term[0] && (int32_t)place < p->places[0];
    bool trails = trail && t > q->term[q->n - 1] && (int32_t)place > p->places[q->n - 1];
    if ((leads || trails) && has_key(r, t, place, q->key) && fits(r, t, place, p))
      return true;
  }
  return false;
}

static bool window_free(const rule *r, const seq *q, const part *p, int64_t from, int64_t to)
{
  for (uint32_t i = 0; i < r->s->n; i++) {
    if (r->s->time[i] >= from && r->s->time[i] <= to && breaks(r, q, p, i, true, true))
      return false;
  }
  return true;
}

// S11. Where both are there, windows begin at the earliest moment and right behind each event.
static bool around_free(const rule *r, const seq *q, const part *p)
{
  bool leads = is_negated(r, 0), trails = is_negated(r, r->def->nterms - 1);
  int64_t span = r->def->maxspan;
  int64_t first = r->s->time[p->places[0]], last = r->s->time[p->places[q->n - 1]];
  if (!leads && !trails)
    return true;
  if (!trails)
    return window_free(r, q, p, last - span, last);
  if (!leads)
    return window_free(r, q, p, first, first + span);
  if (window_free(r, q, p, last - span, last))
    return true;
  for (uint32_t i = 0; i < r->s->n; i++) {
    int64_t from = r->s->time[i] + 1;
    if (from >= last - span && from <= first && window_free(r, q, p, from, from + span))
      return true;
  }
  return false;
}

static void add_key(const rule *r, lq_buf *out, uint32_t key)
{
  lq_buf_z(out, " [");
  lq_buf_str(out, r->s->texts[key]);
  lq_buf_z(out, "]");
}

static void complete(const rule *r, const seq *q, const part *p)
{
  if (!between_free(r, q, p) || !around_free(r, q, p))
    return;
  lq_buf text = {.mem = &lq_mem_libc};
  for (uint32_t slot = 0, i = 0; slot < q->nslots; slot++) {
    lq_buf_z(&text, slot ? "," : "");
    if (i < q->n && q->slot[i] == slot)
      lq_buf_printf(&text, "%u", line_at(r, (uint32_t)p->places[i++]));
    else
      lq_buf_z(&text, "-");
  }
  add_key(r, &text, q->key);
  s_add_alert(r->out, r->state, (uint32_t)p->places[q->n - 1], &text);
  lq_buf_free(&text);
}

// S1: the last term first. S2: one partial match for each term. S3: a match uses up the one before it. S7:
// maxspan.
static void offer(const rule *r, seq *q, uint32_t place)
{
  static const part empty = {.used = false};
  for (uint32_t i = q->n; i-- > 0;) {
    uint32_t term = q->term[i];
    part p = i ? q->stage[i - 1] : empty;
    if (i == 0)
      memset(p.of_term, -1, sizeof p.of_term);
    if ((i && !p.used) || !has_key(r, term, place, q->key))
      continue;
    if (i && r->def->maxspan >= 0 && r->s->time[place] - r->s->time[p.places[0]] > r->def->maxspan)
      continue;
    if (!fits(r, term, place, &p))
      continue;
    if (i)
      q->stage[i - 1].used = false;
    p.used = true;
    p.places[i] = (int32_t)place;
    if (p.of_term[term] < 0)
      p.of_term[term] = (int32_t)r->s->order[place];
    if (i + 1 == q->n)
      complete(r, q, &p);
    else
      q->stage[i] = p;
  }
}

// S8.
static void until(const rule *r, seq *q, uint32_t place)
{
  uint32_t term = r->def->nterms;
  if (!r->def->until || !has_key(r, term, place, q->key) || !fits(r, term, place, NULL))
    return;
  for (uint32_t i = 0; i < q->n; i++)
    q->stage[i].used = false;
}

static void sequences(const rule *r)
{
  seq q = {.n = 0};
  size_t n, cap;
  find_positives(r, &q);
  q.stage = malloc(q.n * sizeof *q.stage);
  if (!q.stage)
    s_die("no memory");
  meeting *all = meetings(r, &n, &cap);
  for (size_t i = 0; i < n; i++) {
    if (i > 0 && by_key(&all[i], &all[i - 1]) == 0)
      continue; // by several terms
    if (i == 0 || all[i].key != all[i - 1].key) {
      q.key = all[i].key;
      for (uint32_t k = 0; k < q.n; k++)
        q.stage[k].used = false;
    }
    offer(r, &q, all[i].place);
    until(r, &q, all[i].place);
  }
  free(q.stage);
  lq_mem_free(&lq_mem_libc, all, cap, sizeof *all);
}

// ---- samples

// Whether the terms from `term` on can each have an event of their own, of those given: every choice is
// tried.
static bool can_choose(const rule *r, uint32_t term, const meeting *all, size_t n, bool *taken)
{
  if (term == r->def->nterms)
    return true;
  for (size_t i = 0; i < n; i++) {
    if (taken[i] || !has_key(r, term, all[i].place, all[i].key) || !fits(r, term, all[i].place, NULL))
      continue;
    taken[i] = true;
    bool can = can_choose(r, term + 1, all, n, taken);
    taken[i] = false;
    if (can)
      return true;
  }
  return false;
}

static void samples(const rule *r)
{
  size_t n, cap, unique = 0;
  meeting *all = meetings(r, &n, &cap);
  for (size_t i = 0; i < n; i++) {
    if (i == 0 || by_key(&all[i], &all[i - 1]) != 0)
      all[unique++] = all[i];
  }
  bool *taken = calloc(unique + 1, sizeof *taken);
  if (!taken)
    s_die("no memory");
  for (size_t from = 0, to; from < unique; from = to) {
    bool done = false;
    for (to = from; to < unique && all[to].key == all[from].key; to++) {
      if (done || !can_choose(r, 0, all + from, to + 1 - from, taken))
        continue;
      lq_buf text = {.mem = &lq_mem_libc};
      lq_buf_printf(&text, "%u", line_at(r, all[to].place));
      add_key(r, &text, all[to].key);
      s_add_alert(r->out, r->state, all[to].place, &text);
      lq_buf_free(&text);
      done = true;
    }
  }
  free(taken);
  lq_mem_free(&lq_mem_libc, all, cap, sizeof *all);
}

// ---- single events and their stages

static lq_values arg(const rule *r, const lq_stage_def *stage, uint32_t i, uint32_t place)
{
  uint32_t snippet = r->s->program->stage_args[stage->first_arg + i].snippet;
  s_ask_event(&r->s->asker, r->s->order[place]);
  return snippet == LQ_NONE ? (lq_values){0} : s_ask_value(&r->s->asker, r->v, snippet);
}

// The combinations of an event's values of some arguments.
static size_t combine(const rule *r, const lq_stage_def *stage, uint32_t first, bool null, uint32_t place,
                      uint32_t *out, const lq_value **picks)
{
  lq_values parts[COLUMNS_MAX];
  bool nulls[COLUMNS_MAX];
  uint32_t n = stage->nargs - first;
  if (stage->nargs > COLUMNS_MAX)
    s_die("too many columns");
  for (uint32_t i = 0; i < n; i++) {
    parts[i] = arg(r, stage, first + i, place);
    nulls[i] = null;
  }
  return s_tuples(r->s, parts, nulls, n, out, picks, TUPLES_MAX);
}

static void tell(const rule *r, uint32_t place, const lq_values *columns, uint32_t ncolumns)
{
  lq_buf text = {.mem = &lq_mem_libc};
  lq_buf_printf(&text, "%u", line_at(r, place));
  for (uint32_t i = 0; i < ncolumns; i++) {
    lq_buf_z(&text, i ? ", " : " [");
    s_add_values(&text, columns[i]);
  }
  lq_buf_z(&text, ncolumns ? "]" : "");
  s_add_alert(r->out, r->state, place, &text);
  lq_buf_free(&text);
}

typedef struct sight {
  uint32_t place, first, n; // of keys
} sight;

// Seen before in (t - D, t], by whichever event.
static bool was_seen(const rule *r, const sight *rows, size_t upto, const uint32_t *keys, uint32_t key,
                     int64_t after)
{
  for (size_t i = 0; i < upto; i++) {
    for (size_t k = 0; k < rows[i].n; k++) {
      if (keys[rows[i].first + k] == key && r->s->time[rows[i].place] > after)
        return true;
    }
  }
  return false;
}

static void new_terms(const rule *r, const lq_stage_def *stage, const uint32_t *places, size_t n)
{
  sight *rows = calloc(n + 1, sizeof *rows);
  uint32_t *keys = NULL, found[TUPLES_MAX];
  size_t nkeys = 0, cap = 0;
  if (!rows)
    s_die("no memory");
  for (size_t i = 0; i < n; i++) {
    s_ask_begin(&r->s->asker);
    rows[i] = (sight){.place = places[i], .first = (uint32_t)nkeys};
    rows[i].n = (uint32_t)combine(r, stage, 0, false, places[i], found, NULL);
    for (size_t k = 0; k < rows[i].n; k++) {
      if (!LQ_GROW(&lq_mem_libc, keys, nkeys, &cap))
        s_die("no memory");
      keys[nkeys++] = found[k];
    }
  }
  for (size_t i = 0; i < n; i++) {
    bool is_new = false;
    for (size_t k = 0; k < rows[i].n && !is_new; k++)
      is_new = !was_seen(r, rows, i, keys, keys[rows[i].first + k], r->s->time[places[i]] - stage->number);
    if (is_new)
      tell(r, places[i], NULL, 0);
  }
  free(rows);
  lq_mem_free(&lq_mem_libc, keys, cap, sizeof *keys);
}

// ---- windows

typedef struct member { // a row in one of its groups
  uint32_t place, key;
  const lq_value *by[COLUMNS_MAX];
} member;

// What the members of the group of `upto` that came after a moment and up to it add up to; false: there is
// none.
static bool add_up(const rule *r, const lq_stage_def *stage, const member *all, size_t upto, int64_t after,
                   lq_value *room, lq_values *columns)
{
  uint32_t naggs = stage->nargs - stage->nby;
  bool any = false;
  s_ask_begin(&r->s->asker);
  for (uint32_t i = 0; i < stage->nby; i++) {
    room[i] = all[upto].by[i] ? *all[upto].by[i] : (lq_value){0};
    columns[i] = (lq_values){&room[i], all[upto].by[i] != NULL};
  }
  for (uint32_t i = 0; i < naggs; i++) {
    bool bare = r->s->program->stage_args[stage->first_arg + i].snippet == LQ_NONE;
    uint8_t what = r->s->aggregates[stage->first_arg + i];
    static uint32_t seen[SEEN_MAX]; // ids of texts
    size_t rows = 0, nseen = 0;
    for (size_t m = 0; m <= upto; m++) {
      if (all[m].key != all[upto].key || r->s->time[all[m].place] <= after)
        continue;
      any = true;
      lq_values of = bare ? (lq_values){0} : arg(r, stage, i, all[m].place);
      rows += bare || of.n > 0;
      for (size_t k = 0; k < of.n; k++) {
        char scratch[LQ_VALUE_TEXT_MAX];
        uint32_t id = s_text_id(r->s, lq_value_text(&of.v[k], scratch));
        size_t x = 0;
        while (x < nseen && seen[x] != id)
          x++;
        if (x == SEEN_MAX)
          s_die("too many values of a group");
        seen[x] = id;
        nseen += x == nseen;
      }
    }
    if (what != LQ_AGG_COUNT && what != LQ_AGG_DCOUNT)
      s_die("an aggregate that is not read here");
    room[stage->nby + i] = lq_int((int64_t)(what == LQ_AGG_COUNT ? rows : nseen));
    columns[stage->nby + i] = (lq_values){&room[stage->nby + i], 1};
  }
  return any;
}

static bool holds_at(const rule *r, const lq_stage_def *stage, const member *all, size_t upto, int64_t moment)
{
  lq_value room[COLUMNS_MAX];
  lq_values columns[COLUMNS_MAX];
  if (!add_up(r, stage, all, upto, moment - stage->number, room, columns))
    return false;
  s_ask_event(&r->s->asker, UINT32_MAX);
  return s_ask_truth(&r->s->asker, r->v, r->s->program->stage_args[stage[1].first_arg].snippet, NULL,
                     columns);
}

// Whether the condition was false at some moment between two members of a group that follow each other.
// Events leave at such moments; one that leaves as the next one comes changes places with it.
static bool false_between(const rule *r, const lq_stage_def *stage, const member *all, size_t a, size_t b)
{
  for (size_t i = 0; i <= a; i++) {
    int64_t leaves = r->s->time[all[i].place] + stage->number;
    bool between = leaves > r->s->time[all[a].place] && leaves < r->s->time[all[b].place];
    if (all[i].key == all[a].key && between && !holds_at(r, stage, all, a, leaves))
      return true;
  }
  return false;
}

static void windows(const rule *r, const lq_stage_def *stage, const uint32_t *rows, size_t n)
{
  size_t nall = 0, cap = 0;
  member *all = NULL;
  s_asker *a = &r->s->asker;
  for (size_t i = 0; i < n; i++) {
    uint32_t keys[TUPLES_MAX];
    static const lq_value *picks[TUPLES_MAX * COLUMNS_MAX];
    s_ask_begin(a);
    size_t nkeys = combine(r, stage, stage->nargs - stage->nby, true, rows[i], keys, picks);
    for (size_t k = 0; k < nkeys; k++) {
      if (!LQ_GROW(&lq_mem_libc, all, nall, &cap))
        s_die("no memory");
      member *m = &all[nall++];
      *m = (member){.place = rows[i], .key = keys[k]};
      for (uint32_t b = 0; b < stage->nby; b++) {
        const lq_value *v = picks[k * stage->nby + b];
        lq_value *copy = v ? lq_arena_alloc(&r->s->arena, sizeof *copy) : NULL;
        if (copy) {
          *copy = *v;
          copy->s = v->type == LQ_T_STRING ? lq_arena_copy(&r->s->arena, v->s) : copy->s;
        }
        m->by[b] = copy;
      }
    }
  }
  for (size_t i = 0; i < nall; i++) {
    size_t before = i;
    while (before > 0 && all[before - 1].key != all[i].key)
      before--;
    int64_t now = r->s->time[all[i].place];
    if (!holds_at(r, stage, all, i, now))
      continue;
    if (before > 0) { // the one before in the group: if it held, nothing is told until it has been false
      size_t last = before - 1;
      if (holds_at(r, stage, all, last, r->s->time[all[last].place]) &&
          !false_between(r, stage, all, last, i))
        continue;
    }
    lq_value room[COLUMNS_MAX];
    lq_values columns[COLUMNS_MAX];
    add_up(r, stage, all, i, now - stage->number, room, columns);
    tell(r, all[i].place, columns, stage->nargs);
  }
  lq_mem_free(&lq_mem_libc, all, cap, sizeof *all);
}

static bool singles(const rule *r)
{
  uint32_t *rows = malloc((r->s->n + 1) * sizeof *rows);
  size_t n = 0;
  if (!rows)
    s_die("no memory");
  for (uint32_t place = 0; place < r->s->n; place++) {
    if (fits(r, 0, place, NULL))
      rows[n++] = place;
  }
  const lq_stage_def *stage = r->v->stages + r->def->first_stage;
  bool known = true;
  if (r->def->nstages == 0) {
    for (size_t i = 0; i < n; i++)
      tell(r, rows[i], NULL, 0);
  } else if (r->def->nstages == 1 && stage->op == LQ_DO_NEW_TERMS && stage->number >= 0) {
    new_terms(r, stage, rows, n);
  } else if (r->def->nstages == 2 && stage->op == LQ_DO_STATS && stage->number >= 0 &&
             stage[1].op == LQ_DO_WHERE) {
    windows(r, stage, rows, n);
  } else {
    known = false;
  }
  free(rows);
  return known;
}

bool s_plain(s_slice *s, const s_variant *v, uint32_t state, s_alerts *out)
{
  rule r = {.s = s, .v = v, .state = state, .def = &v->states[state], .out = out};
  r.terms = v->terms + r.def->first_term;
  switch (r.def->kind) {
  case LQ_STATE_EVENT: return singles(&r);
  case LQ_STATE_SEQUENCE: sequences(&r); return r.def->nstages == 0;
  case LQ_STATE_SAMPLE: samples(&r); return r.def->nstages == 0;
  }
  return false;
}
