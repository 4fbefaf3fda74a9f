// One match: what fired, on what, and why.
#include <blake2.h>

#include "base/glob.h"
#include "base/number.h"
#include "lib/api.h"

enum { ID_BYTES = 16 };

size_t lq_match_rule(const lq_match *m)
{
  return m->rule;
}
const lq_bundle *lq_match_bundle(const lq_match *m)
{
  return m->scan->bundle;
}
uint32_t lq_match_kind(const lq_match *m)
{
  return m->kind;
}

// ---- events

// Of those that are there, the last in the order of time: it completed the match.
size_t lq_match_last(const lq_outcome *g)
{
  size_t last = SIZE_MAX;
  for (size_t i = 0; i < g->nevents; i++) {
    if (g->events[i] && (last == SIZE_MAX || lq_order_cmp(g->events[i]->order, g->events[last]->order) >= 0))
      last = i;
  }
  return last;
}

bool lq_match_place(const lq_match *m, size_t i, lq_spot *out)
{
  *out = (lq_spot){.raw = LQ_STR(""), .source = LQ_STR("")};
  const lq_event *e = m->event;
  if (!m->group) {
    if (i == 0)
      *out = (lq_spot){e->raw, e->source, e->line, e->nth, e->time, e->has_time};
    return i == 0;
  }
  const lq_snapshot *k = i < m->group->nevents ? m->group->events[i] : NULL;
  if (k)
    *out = (lq_spot){k->raw, k->source, k->line, k->nth, k->time, k->has_time};
  return k != NULL;
}

static lq_spot last_place(const lq_match *m)
{
  lq_spot p;
  lq_match_place(m, m->group ? m->last : 0, &p);
  return p;
}

size_t lq_match_event_count(const lq_match *m)
{
  return m->group ? m->group->nevents : 1;
}
lq_text lq_match_event_at(const lq_match *m, size_t i)
{
  lq_spot p;
  lq_match_place(m, i, &p);
  return lq_text_of(p.raw);
}
lq_text lq_match_source_at(const lq_match *m, size_t i)
{
  lq_spot p;
  lq_match_place(m, i, &p);
  return lq_text_of(p.source);
}
uint64_t lq_match_line_at(const lq_match *m, size_t i)
{
  lq_spot p;
  lq_match_place(m, i, &p);
  return p.line;
}
int lq_match_time_at(const lq_match *m, size_t i, int64_t *ns)
{
  lq_spot p;
  if (!lq_match_place(m, i, &p) || !p.has_time)
    return 0;
  *ns = p.time;
  return 1;
}

lq_text lq_match_event(const lq_match *m)
{
  return lq_text_of(last_place(m).raw);
}
lq_text lq_match_source(const lq_match *m)
{
  return lq_text_of(last_place(m).source);
}
uint64_t lq_match_line(const lq_match *m)
{
  return last_place(m).line;
}

int lq_match_time(const lq_match *m, int64_t *ns)
{
  lq_spot p = last_place(m);
  bool has = p.has_time;
  *ns = has ? p.time : *ns;
  return has;
}

// The reader is kept: what it knows of Windows events takes longer to make than a record to read.
static lq_status make_reread(lq_scan *s)
{
  if (s->has_reread)
    return LQ_OK;
  const lq_fieldmap *map = lq_ruleset_fields(s->bundle->rules);
  lq_input_limits limits = lq_api_input_limits(&s->limits);
  limits.layers_off = s->options.layers_off;
  lq_status status = lq_event_init(&s->reread, map, &s->mem);
  if (status != LQ_OK)
    return status;
  status = lq_record_reader_init(&s->rereader, map, &limits, &s->mem);
  if (status != LQ_OK)
    lq_event_free(&s->reread);
  else
    lq_record_reader_learn(&s->rereader);
  s->has_reread = status == LQ_OK;
  return status;
}

// An event of a group, which kept its bytes alone; its fields are for whoever asks. NULL: there is none, or
// no memory (*status).
static lq_cursor *reread(const lq_match *m, size_t i, lq_status *status)
{
  lq_scan *s = m->scan;
  lq_spot p;
  *status = LQ_OK;
  if (!lq_match_place(m, i, &p))
    return NULL;
  if (s->reread_of == i)
    return &s->rereader.cursor;
  *status = make_reread(s);
  if (*status != LQ_OK)
    return NULL;
  s->reread_of = SIZE_MAX;
  lq_event_clear(&s->reread);
  lq_record_fault fault;
  *status = lq_record_open(&s->rereader, p.raw, &s->reread, &fault);
  if (*status != LQ_OK || fault != LQ_RECORD_FINE)
    return NULL;
  *status = lq_cursor_need_time(&s->rereader.cursor);
  if (*status != LQ_OK)
    return NULL;
  s->reread_of = i;
  return &s->rereader.cursor;
}

// The event that completed the match, with all its values: the one at hand, or one of a group.
static const lq_event *whole_event(const lq_match *m, lq_status *status)
{
  *status = LQ_OK;
  if (!m->group)
    return m->event;
  lq_cursor *c = reread(m, m->last, status);
  if (!c)
    return NULL;
  *status = lq_engine_need_all(m->scan->engine, c);
  return *status == LQ_OK ? c->event : NULL;
}

// ---- identity

lq_str lq_match_rule_id(const lq_match *m)
{
  return lq_bundle_string(m->scan->bundle, m->scan->bundle->program->rules[m->rule].id);
}

// The line, and for the second and later events that begin on one line `.2` and so on: a JSON array may stand
// on one.
static size_t place_text(const lq_spot *p, char out[2 * LQ_NUMBER_TEXT_MAX])
{
  size_t n = lq_format_u64(p->line, out);
  if (p->nth < 2)
    return n;
  out[n++] = '.';
  return n + lq_format_u64(p->nth, out + n);
}

static void hash_text(blake2b_state *s, lq_str t)
{
  if (t.n > 0)
    blake2b_update(s, (const uint8_t *)t.p, t.n);
}

static void hash_part(blake2b_state *s, lq_str t)
{
  static const uint8_t nul = 0;
  blake2b_update(s, &nul, 1);
  hash_text(s, t);
}

// Of a missing term, an empty source and an empty place.
static void hash_event(blake2b_state *s, const lq_match *m, size_t i)
{
  char text[2 * LQ_NUMBER_TEXT_MAX];
  lq_spot p;
  bool there = lq_match_place(m, i, &p);
  hash_part(s, p.source);
  hash_part(s, (lq_str){text, there ? place_text(&p, text) : 0});
}

// Rows of several groups may show the same events, or none.
static void hash_columns(blake2b_state *s, const lq_match *m)
{
  for (size_t i = 0; i < lq_match_column_count(m); i++) {
    lq_text name = {"", 0}, json = {"", 0};
    lq_match_column(m, i, &name, NULL, &json);
    hash_part(s, lq_str_make(name.p, name.n));
    hash_part(s, lq_str_make(json.p, json.n));
  }
}

static void hash_id(const lq_match *m, uint8_t out[ID_BYTES])
{
  blake2b_state s;
  blake2b_init(&s, ID_BYTES);
  hash_text(&s, lq_match_rule_id(m));
  for (size_t i = 0; i < lq_match_event_count(m); i++)
    hash_event(&s, m, i);
  if (m->kind == LQ_MATCH_ROW)
    hash_columns(&s, m);
  blake2b_final(&s, out, ID_BYTES);
}

// A function of what the match has, so it is worked out each time, into the same place.
const char *lq_match_id(const lq_match *m)
{
  static const char digits[] = "0123456789abcdef";
  uint8_t hash[ID_BYTES];
  hash_id(m, hash);
  char *out = m->scan->id;
  for (size_t i = 0; i < ID_BYTES; i++) {
    out[2 * i] = digits[hash[i] >> 4];
    out[2 * i + 1] = digits[hash[i] & 15];
  }
  out[2 * ID_BYTES] = '\0';
  return out;
}

static lq_str text_of_value(const lq_match *m, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str t = lq_value_text(v, scratch);
  return v->type == LQ_T_STRING ? t : lq_arena_copy(&m->scan->answers, t);
}

lq_status lq_match_field(const lq_match *m, const char *name, lq_text *value)
{
  lq_status status;
  const lq_event *e = whole_event(m, &status);
  if (!e)
    return status != LQ_OK ? status : LQ_E_NOTFOUND;
  const lq_fieldmap *map = e->map;
  uint32_t slot = lq_fieldmap_slot_at(map, lq_fieldmap_descend(map, 0, lq_str_of(name)));
  for (; slot != LQ_NO_SLOT; slot = lq_fieldmap_next_slot(map, slot)) {
    const lq_slot_value *v = lq_event_first(e, slot);
    if (!v || v->v.type == LQ_T_OBJECT)
      continue;
    *value = lq_text_of(text_of_value(m, &v->v));
    return m->scan->answers.failed ? LQ_E_NOMEM : LQ_OK;
  }
  return LQ_E_NOTFOUND;
}

// ---- columns and keys

static lq_str column_name(const lq_match *m, uint32_t name)
{
  switch (name) {
  case LQ_NAME_COUNT: return LQ_STR("count");
  case LQ_NAME_PERCENT: return LQ_STR("percent");
  case LQ_NAME_KEY: return LQ_STR("key");
  }
  return lq_bundle_string(m->scan->bundle, name);
}

// What `keep` names, or else what stages made.
static const lq_column *column_at(const lq_match *m, size_t i)
{
  const lq_outcome *g = m->group;
  if (!g)
    return NULL;
  if (g->has_keep)
    return i < g->nkeep ? &g->keep[i] : NULL;
  return i < g->ncolumns ? &g->columns[i] : NULL;
}

size_t lq_match_column_count(const lq_match *m)
{
  return !m->group ? 0 : m->group->has_keep ? m->group->nkeep : m->group->ncolumns;
}

static lq_str kept_text(const lq_match *m, lq_buf *b)
{
  lq_str text = lq_arena_copy(&m->scan->answers, lq_buf_get(b));
  m->scan->answers.failed |= b->failed;
  lq_buf_free(b);
  return text;
}

static lq_str values_text(const lq_match *m, const lq_values *list)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_buf b = {.mem = &m->scan->mem};
  for (size_t i = 0; i < list->n; i++) {
    lq_buf_z(&b, i > 0 ? ", " : "");
    lq_buf_str(&b, list->v[i].type == LQ_T_NULL ? LQ_STR("null") : lq_value_text(&list->v[i], scratch));
  }
  return kept_text(m, &b);
}

static lq_str values_json(const lq_match *m, const lq_values *list)
{
  lq_buf b = {.mem = &m->scan->mem};
  lq_json_values(&b, list);
  return kept_text(m, &b);
}

lq_status lq_match_column(const lq_match *m, size_t i, lq_text *name, lq_text *text, lq_text *json)
{
  const lq_column *c = column_at(m, i);
  if (!c)
    return LQ_E_NOTFOUND;
  if (name)
    *name = lq_text_of(column_name(m, c->name));
  if (text)
    *text = lq_text_of(values_text(m, &c->values));
  if (json)
    *json = lq_text_of(values_json(m, &c->values));
  return m->scan->answers.failed ? LQ_E_NOMEM : LQ_OK;
}

static const lq_term_def *first_term(const lq_match *m)
{
  const lq_program *p = m->scan->bundle->program;
  return m->group && m->kind == LQ_MATCH_GROUP ? &p->terms[p->states[m->group->state].first_term] : NULL;
}

size_t lq_match_key_count(const lq_match *m)
{
  const lq_term_def *t = first_term(m);
  return t ? t->nkeys : 0;
}

lq_status lq_match_key(const lq_match *m, size_t i, lq_text *name, lq_text *value, int *null)
{
  const lq_program *p = m->scan->bundle->program;
  if (i >= lq_match_key_count(m))
    return LQ_E_NOTFOUND;
  lq_str rest = m->group->key, part = {0};
  for (size_t k = 0; k <= i; k++) {
    if (!lq_key_next(&rest, &part))
      return LQ_E_NOTFOUND;
  }
  *name = lq_text_of(lq_bundle_string(m->scan->bundle, p->keys[first_term(m)->first_key + i].name));
  *value = lq_text_of(part);
  *null = part.p == NULL;
  return LQ_OK;
}

// ---- why

typedef struct why {
  const lq_match *match;
  lq_str source;
  size_t event;
  int (*each)(void *user, const lq_clause *c);
  void *user;
  int stopped;
} why;

static lq_str plain_entry(const lq_match *m, lq_str pattern)
{
  if (!lq_glob_has_wildcard(pattern))
    return pattern;
  lq_buf b = {.mem = &m->scan->mem};
  lq_glob_plain(&b, pattern);
  lq_str plain = lq_arena_copy(&m->scan->answers, lq_buf_get(&b));
  m->scan->answers.failed |= b.failed;
  lq_buf_free(&b);
  return plain;
}

// Clauses that hold, and were meant to.
static void give_reason(void *user, const lq_reason_row *row)
{
  why *w = user;
  if (w->stopped || !row->truth || row->negated || row->start >= row->end || row->end > w->source.n)
    return;
  lq_clause c = {
      .clause = lq_text_of(lq_str_slice(w->source, row->start, row->end)),
      .field = lq_text_of(row->field),
      .value = lq_text_of(row->value.type == LQ_T_NULL ? LQ_STR("") : text_of_value(w->match, &row->value)),
      .entry = lq_text_of(plain_entry(w->match, row->entry)),
      .match_start = row->match_start,
      .match_end = row->match_end,
      .event = w->event,
  };
  if (!w->match->scan->answers.failed)
    w->stopped = w->each(w->user, &c);
}

static bool asks_lineage(void *user, uint32_t row)
{
  return lq_partition_lineage(user, row);
}

// Of an event of a stateful rule: what of its term's condition made it fit. Only the event at hand can be
// asked for lineage; those before it have been.
static lq_status why_event(why *w, const lq_term_def *term, size_t i)
{
  const lq_match *m = w->match;
  lq_scan *s = m->scan;
  lq_status status = LQ_OK;
  lq_cursor *c = w->stopped ? NULL : reread(m, i, &status);
  if (!c)
    return status;
  lq_group group = {.captures = m->group->captures};
  w->event = i;
  return lq_engine_explain_snippet(s->engine, c, term->snippet, &group, i == m->last ? asks_lineage : NULL,
                                   lq_stateful_partition(s->stateful), give_reason, w);
}

static lq_status why_group(why *w)
{
  const lq_match *m = w->match;
  const lq_program *p = m->scan->bundle->program;
  const lq_state_def *d = &p->states[m->group->state];
  lq_status status = LQ_OK;
  // Of rows, events are only samples of what was counted.
  if (m->kind == LQ_MATCH_ROW)
    return d->kind == LQ_STATE_EVENT && m->last != SIZE_MAX ? why_event(w, &p->terms[d->first_term], m->last)
                                                            : LQ_OK;
  for (uint32_t t = 0, slot = 0; t < d->nterms && !status; t++) {
    const lq_term_def *term = &p->terms[d->first_term + t];
    for (uint32_t k = 0; k < term->runs && !status; k++, slot++)
      status = term->flags & LQ_TERM_NEGATED ? LQ_OK : why_event(w, term, slot);
  }
  return status;
}

lq_status lq_match_why(const lq_match *m, int (*each)(void *user, const lq_clause *c), void *user)
{
  lq_scan *s = m->scan;
  lq_str source = lq_bundle_string(s->bundle, s->bundle->program->rules[m->rule].source);
  why w = {.match = m, .source = source, .each = each, .user = user};
  if (source.n == 0)
    return LQ_OK; // stripped: nobody can say
  lq_status status = m->group ? why_group(&w)
                              : lq_engine_explain(s->engine, m->event, m->rule, give_reason, &w);
  if (status != LQ_OK || s->answers.failed)
    return status != LQ_OK ? status : LQ_E_NOMEM;
  return w.stopped ? LQ_E_CANCELLED : LQ_OK;
}
