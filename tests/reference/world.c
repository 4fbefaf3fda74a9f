// A small world for testing state.
#include "tests/reference/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

// ---- snippets

enum { LETTER = 0, FIELD = 100, LETTER_REF = 1000, REF = 3000, COLUMN = 10000, LINEAGE = 60000 };

uint32_t w_letter(uint32_t letter)
{
  return LETTER + letter;
}

uint32_t w_letter_ref(uint32_t letter, uint32_t term)
{
  return LETTER_REF + letter * W_TERMS + term;
}

uint32_t w_field(uint32_t field)
{
  return FIELD + field;
}

uint32_t w_ref(uint32_t term, uint32_t field)
{
  return REF + term * W_FIELDS + field;
}

uint32_t w_column_at_least(uint32_t column, uint32_t n)
{
  return COLUMN + column * 1000 + n;
}

static const w_event *event_of(const w_run *r, const lq_view *view)
{
  if (!view->event)
    return r->at_hand;
  uint64_t line = view->event->line; // made up, where saved bytes are
  return line > 0 && line <= r->stream->n ? &r->stream->events[line - 1] : NULL;
}

static lq_values field_of(const w_event *e, uint32_t field)
{
  return e ? (lq_values){e->fields[field], e->counts[field]} : (lq_values){0};
}

static bool any_equal(lq_values a, lq_values b)
{
  for (size_t i = 0; i < a.n * b.n; i++) {
    if (lq_value_equal(&a.v[i / b.n], &b.v[i % b.n]))
      return true;
  }
  return false;
}

static bool truth(void *user, uint32_t s, const lq_view *view)
{
  w_run *r = user;
  const w_event *e = event_of(r, view);
  if (s < FIELD)
    return e && e->letters >> s & 1;
  if (s >= LINEAGE)
    return e && e->letters >> (s - LINEAGE) / W_ROWS & 1 &&
           lq_partition_lineage(r->state, (s - LINEAGE) % W_ROWS);
  if (s >= COLUMN) {
    lq_values v = view->columns ? view->columns[(s - COLUMN) / 1000] : (lq_values){0};
    lq_value least = lq_int((s - COLUMN) % 1000);
    int order;
    return v.n > 0 && lq_value_order(&v.v[0], &least, &order) && order >= 0;
  }
  uint32_t letter = (s - LETTER_REF) / W_TERMS, term = (s - LETTER_REF) % W_TERMS;
  const lq_values *captured = view->captures ? view->captures[term] : NULL;
  return e && e->letters >> letter & 1 && captured && any_equal(field_of(e, W_X), captured[W_X]);
}

static lq_values value(void *user, uint32_t s, const lq_view *view)
{
  if (s < LETTER_REF)
    return field_of(event_of(user, view), s - FIELD);
  const lq_values *captured = view->captures ? view->captures[(s - REF) / W_FIELDS] : NULL;
  return captured ? captured[(s - REF) % W_FIELDS] : (lq_values){0};
}

static lq_values field(void *user, uint32_t f, const lq_view *view)
{
  return field_of(event_of(user, view), f);
}

static void at_hand(void *user, const lq_event *e)
{
  w_run *r = user;
  r->at_hand = e && e->line > 0 && e->line <= r->stream->n ? &r->stream->events[e->line - 1] : NULL;
}

static lq_str name_of(const w_event *e, uint32_t field, char *scratch)
{
  return e->counts[field] ? lq_value_text(&e->fields[field][0], scratch) : (lq_str){0};
}

static void process(void *user, lq_process_facts *out)
{
  static char own[LQ_VALUE_TEXT_MAX], parent[LQ_VALUE_TEXT_MAX];
  const w_event *e = ((w_run *)user)->at_hand;
  *out = (lq_process_facts){.own = name_of(e, W_K, own),
                            .parent = name_of(e, W_J, parent),
                            .starts = e->letters >> ('P' - 'A') & 1};
}

static void begin(void *user, uint32_t rule)
{
  (void)user, (void)rule;
}

// ---- reading rules

typedef struct reader {
  w_rule *rule;
  const char *p;
  uint32_t by[W_FIELDS];
  bool null[W_FIELDS];
  size_t nby;
} reader;

static bool take(reader *r, const char *word)
{
  size_t n = strlen(word);
  if (strncmp(r->p, word, n) != 0)
    return false;
  r->p += n;
  return true;
}

static int64_t number(reader *r)
{
  char *end;
  int64_t v = strtoll(r->p, &end, 10);
  r->p = end;
  return v;
}

static int field_named(char c)
{
  const char *at = c ? strchr("kjxy", c) : NULL;
  return at ? (int)(at - "kjxy") : -1;
}

static size_t fields(reader *r, uint32_t *out, bool *null)
{
  size_t n = 0;
  for (bool optional = false; *r->p == '?' || field_named(*r->p) >= 0; r->p++) {
    if (*r->p == '?') {
      optional = true;
      continue;
    }
    null[n] = optional;
    out[n++] = (uint32_t)field_named(*r->p);
    optional = false;
  }
  return n;
}

static bool term(reader *r, bool until)
{
  w_rule *w = r->rule;
  lq_term_def *t = &w->terms[w->nterms];
  *t = (lq_term_def){.runs = 1,
                     .first_key = (uint32_t)w->nkeys,
                     .first_capture = (uint32_t)w->ncaptures,
                     .alias = UINT32_MAX};
  t->flags = take(r, "!") ? LQ_TERM_NEGATED : 0;
  if (*r->p < 'A' || *r->p > 'Z')
    return false;
  uint32_t letter = (uint32_t)(*r->p++ - 'A'), keys[W_FIELDS];
  bool null[W_FIELDS];
  t->snippet = w_letter(letter);
  if (take(r, "^")) {
    t->snippet = LINEAGE + letter * W_ROWS + (uint32_t)number(r) % W_ROWS;
    w->late[w->nterms] = 1;
  }
  if (take(r, "*"))
    t->runs = (uint32_t)number(r);
  if (take(r, "@")) {
    t->snippet = w_letter_ref(letter, (uint32_t)number(r));
    w->refers[w->nterms] = 1;
  }
  memcpy(keys, r->by, sizeof keys);
  memcpy(null, r->null, sizeof null);
  t->nkeys = (uint32_t)r->nby;
  if (take(r, "%"))
    t->flags |= LQ_TERM_FORK;
  if (take(r, "."))
    t->nkeys = (uint32_t)fields(r, keys, null);
  for (uint32_t i = 0; i < t->nkeys; i++)
    w->keys[w->nkeys++] = (lq_key_def){.snippet = w_field(keys[i]), .flags = null[i] ? LQ_KEY_OPTIONAL : 0};
  t->ncaptures = until ? 0 : W_FIELDS;
  for (uint32_t i = 0; i < t->ncaptures; i++)
    w->captures[w->ncaptures++].field = i;
  w->nterms++;
  w->state.nterms += !until;
  w->state.until += until;
  return true;
}

static bool kind(reader *r)
{
  static const char *const names[] = {"event", "seq", "sample", "join"};
  for (uint32_t i = 0; i < 4; i++) {
    if (take(r, names[i])) {
      r->rule->state.kind = i;
      return true;
    }
  }
  return false;
}

static uint32_t arg_snippet(const reader *r, uint32_t f)
{
  if (r->rule->state.kind == LQ_STATE_EVENT)
    return w_field(f);
  uint32_t t = 0;
  while (r->rule->terms[t].flags & LQ_TERM_NEGATED)
    t++;
  return w_ref(t, f);
}

static void arg(reader *r, lq_stage_def *s, uint32_t snippet, uint8_t aggregate)
{
  r->rule->aggregates[r->rule->nargs] = aggregate;
  r->rule->args[r->rule->nargs++] = (lq_stage_arg){.snippet = snippet, .name = 7, .function = UINT32_MAX};
  s->nargs++;
}

static void field_args(reader *r, lq_stage_def *s)
{
  uint32_t f[W_FIELDS];
  bool null[W_FIELDS];
  size_t n = fields(r, f, null);
  for (size_t i = 0; i < n; i++)
    arg(r, s, arg_snippet(r, f[i]), LQ_AGG_NONE);
}

static bool aggregate(reader *r, lq_stage_def *s)
{
  static const char *const names[] = {
#define LQ_AGGREGATE(name, function, keeps) #function,
#include "state/aggregates.def"
#undef LQ_AGGREGATE
  };
  for (uint8_t i = 0; i < LQ_AGG_NONE; i++) {
    if (!take(r, names[i]))
      continue;
    uint32_t snippet = UINT32_MAX;
    if (take(r, ":"))
      snippet = arg_snippet(r, (uint32_t)field_named(*r->p++));
    arg(r, s, snippet, i);
    return true;
  }
  return false;
}

static bool stats(reader *r, lq_stage_def *s)
{
  while (!take(r, ";")) {
    if (!aggregate(r, s))
      return false;
    take(r, ",");
  }
  uint32_t before = s->nargs;
  field_args(r, s);
  s->nby = s->nargs - before;
  if (take(r, "/"))
    s->number = number(r);
  return true;
}

static bool stage(reader *r)
{
  static const struct {
    const char *name;
    uint32_t op, flags;
  } ops[] = {{"head=", LQ_DO_HEAD, 0},         {"tail=", LQ_DO_TAIL, 0},
             {"sort=", LQ_DO_SORT, 0},         {"rsort=", LQ_DO_SORT, LQ_STAGE_DESCENDING},
             {"unique=", LQ_DO_UNIQUE, 0},     {"count=", LQ_DO_COUNT, 0},
             {"count", LQ_DO_COUNT, 0},        {"ucount=", LQ_DO_UNIQUE_COUNT, 0},
             {"suppress=", LQ_DO_SUPPRESS, 0}, {"new=", LQ_DO_NEW_TERMS, 0},
             {"keep=", LQ_DO_KEEP, 0},         {"eval=", LQ_DO_EVAL, 0},
             {"where=", LQ_DO_WHERE, 0},       {"stats=", LQ_DO_STATS, 0}};
  w_rule *w = r->rule;
  lq_stage_def *s = &w->stages[w->nstages];
  if (w->nstages == W_STAGES)
    return false;
  *s = (lq_stage_def){.number = -1, .first_arg = (uint32_t)w->nargs};
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    if (!take(r, ops[i].name))
      continue;
    s->op = ops[i].op;
    s->flags = ops[i].flags;
    w->nstages++;
    w->state.nstages++;
    if (s->op == LQ_DO_HEAD || s->op == LQ_DO_TAIL)
      s->number = number(r);
    else if (s->op == LQ_DO_STATS)
      return stats(r, s);
    else if (s->op == LQ_DO_WHERE) {
      uint32_t column = (uint32_t)number(r);
      if (!take(r, ">="))
        return false;
      arg(r, s, w_column_at_least(column, (uint32_t)number(r)), LQ_AGG_NONE);
    } else {
      field_args(r, s);
      if (take(r, "/"))
        s->number = number(r);
    }
    return true;
  }
  return false;
}

bool w_read_rule(w_rule *w, const char *text)
{
  *w = (w_rule){.state = {.maxspan = -1}};
  reader r = {.rule = w, .p = text};
  if (!kind(&r))
    return false;
  while (*r.p) {
    if (take(&r, " "))
      continue;
    bool ok = true;
    if (take(&r, "span="))
      w->state.maxspan = number(&r);
    else if (take(&r, "by="))
      r.nby = fields(&r, r.by, r.null);
    else if (take(&r, "null"))
      w->state.flags |= LQ_STATE_NULL_KEYS;
    else if (take(&r, "first"))
      w->state.flags |= LQ_STATE_UNTIL_FIRST;
    else if (take(&r, "until="))
      ok = term(&r, true);
    else if (take(&r, "|"))
      ok = stage(&r);
    else
      ok = term(&r, false);
    if (!ok)
      return false;
  }
  w->tables = (lq_state_tables){&w->state, 1,           w->terms,     w->nterms,    w->keys,
                                w->nkeys,  w->captures, w->ncaptures, w->stages,    w->nstages,
                                w->args,   w->nargs,    w->refers,    w->aggregates};
  return true;
}

// ---- reading streams

static bool read_event(w_event *e, const char **p)
{
  char *end;
  e->has_time = **p != '-';
  e->time = e->has_time ? strtoll(*p, &end, 10) : 0;
  *p = e->has_time ? end : *p + 1;
  if (*(*p)++ != ':')
    return false;
  for (; **p >= 'A' && **p <= 'Z'; ++*p)
    e->letters |= 1u << (**p - 'A');
  for (;;) {
    *p += strspn(*p, " ");
    int f = field_named(**p);
    if (f < 0)
      return true;
    ++*p;
    do {
      ++*p; // `=` or `,`
      if (e->counts[f] == W_VALUES)
        return false;
      if (**p >= 'a' && **p <= 'z')
        e->fields[f][e->counts[f]++] = lq_string(lq_str_make((*p)++, 1));
      else {
        lq_value v = lq_int(strtoll(*p, &end, 10));
        if (*end == '.')
          v = lq_double(strtod(*p, &end));
        e->fields[f][e->counts[f]++] = v;
        *p = end;
      }
    } while (**p == ',');
  }
}

bool w_read_stream(w_stream *s, const char *text)
{
  *s = (w_stream){.n = 0};
  for (const char *p = text; *p;) {
    p += strspn(p, " ;");
    if (!*p)
      break;
    if (s->n == W_EVENTS || !read_event(&s->events[s->n++], &p))
      return false;
    if (*p && *p != ';')
      return false;
  }
  return true;
}

// ---- running

static void add_values(lq_buf *out, lq_values v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  for (size_t i = 0; i < v.n; i++) {
    lq_buf_z(out, i ? "+" : "");
    lq_buf_str(out, lq_value_text(&v.v[i], scratch));
  }
  lq_buf_z(out, v.n ? "" : "null");
}

static void in_the_middle(const w_run *r, const lq_outcome *g, const lq_step *s)
{
  if (r->any_moment)
    r->any_moment(r->any_user, r->state, g, s);
}

static int group(void *user, const lq_outcome *g)
{
  w_run *r = user;
  in_the_middle(r, g, NULL);
  for (size_t i = 0; i < g->nevents; i++) {
    lq_buf_z(r->out, i ? "," : "");
    if (g->events[i])
      lq_buf_printf(r->out, "%d", (int)g->events[i]->line);
    else
      lq_buf_z(r->out, "-");
  }
  for (size_t i = 0; i < g->ncolumns; i++) {
    lq_buf_z(r->out, i ? " " : "[");
    add_values(r->out, g->columns[i].values);
  }
  lq_buf_z(r->out, g->ncolumns ? "]" : "");
  for (size_t i = 0; i < g->nkeep; i++) {
    lq_buf_z(r->out, i ? " " : "{");
    add_values(r->out, g->keep[i].values);
  }
  lq_buf_z(r->out, g->nkeep ? "};" : ";");
  return r->cancel_after > 0 && --r->cancel_after == 0;
}

static bool is_late(const w_run *r, uint32_t term)
{
  return r->tables->terms[term].snippet >= LINEAGE;
}

static size_t fits(void *user, uint32_t *terms)
{
  static const lq_view nothing = {0};
  w_run *r = user;
  size_t n = 0;
  for (uint32_t t = 0; t < r->tables->nterms; t++) {
    if (r->tables->refers[t] || is_late(r, t) || truth(r, r->tables->terms[t].snippet, &nothing))
      terms[n++] = t;
  }
  return n;
}

static void add_step(void *user, const lq_step *s)
{
  w_run *r = user;
  in_the_middle(r, NULL, s);
  if (r->steps)
    lq_buf_printf(r->steps, "%d %s %u;", (int)s->at.time, lq_step_name(s->kind), (unsigned)s->slot);
}

lq_status w_begin(w_run *run, const w_rule *rule, const w_stream *stream, const w_options *o, lq_buf *out)
{
  static const lq_str ids[W_STATES] = {{"r", 1}, {"s", 1}, {"t", 1}, {"u", 1}};
  static const uint8_t schemas[W_STATES][16] = {{1}, {2}, {3}, {4}};
  static const lq_lineage_def lineages[W_ROWS] = {
      {0, LQ_OF_CHILD, 'S' - 'A'}, {0, LQ_OF_DESCENDANT, 'S' - 'A'}, {0, LQ_OF_EVENT, 'S' - 'A'}};
  const lq_mem *mem = o->mem ? o->mem : &lq_mem_libc;
  const lq_state_tables *tables = o->tables ? o->tables : &rule->tables;
  const uint8_t *late = o->tables ? o->late : rule->late;
  *run = (w_run){.rule = rule, .tables = tables, .stream = stream, .out = out, .mem = mem};
  lq_status status = lq_fieldmap_new(&run->map, mem);
  if (!status)
    status = lq_event_init(&run->event, run->map, mem);
  if (status) {
    lq_fieldmap_free(run->map);
    run->map = NULL;
    return status;
  }
  lq_partition_config c = {.tables = tables,
                           .lineages = lineages,
                           .nlineages = memchr(late, 1, tables->nterms) ? W_ROWS : 0,
                           .late = late,
                           .process = process,
                           .fields = run->map,
                           .limits = o->limits,
                           .lateness = o->lateness,
                           .store = o->store,
                           .asker = {run, at_hand, begin, truth, value, field, fits},
                           .hooks = {run, group, add_step},
                           .rules = ids,
                           .schemas = schemas};
  memset(c.hash_key, o->hash_seed, sizeof c.hash_key);
  status = lq_partition_new(&run->state, &c, mem);
  if (!status && o->now)
    lq_partition_set_now(run->state, o->now);
  return status;
}

static lq_str record_of(const w_event *e)
{
  static char record[W_PADDING + 16];
  if (e->padding == 0)
    return LQ_STR("{\"raw\":1}");
  size_t n = (size_t)snprintf(record, sizeof record, "{\"raw\":\"%0*d\"}", (int)(e->padding % W_PADDING), 0);
  return (lq_str){record, n};
}

void w_move(w_run *to, w_run *from)
{
  w_free(to);
  *to = *from;
  *from = (w_run){0};
  lq_partition_bind(to->state, &(lq_asker){to, at_hand, begin, truth, value, field, fits}, process,
                    &(lq_state_hooks){to, group, add_step});
}

lq_status w_feed(w_run *run, size_t i)
{
  const w_event *e = &run->stream->events[i];
  uint32_t hits[W_STATES * W_TERMS];
  lq_event_clear(&run->event);
  run->event.raw = record_of(e);
  run->event.source = LQ_STR("stream");
  run->event.line = i + 1;
  run->event.time = e->time;
  run->event.has_time = e->has_time;
  run->at_hand = e;
  size_t n = fits(run, hits);
  lq_offer offer = {.event = &run->event, .hits = hits, .nhits = n, .nrows = LQ_HITS_UNKNOWN};
  return lq_partition_event(run->state, &offer);
}

lq_status w_end(w_run *run)
{
  return lq_partition_end(run->state);
}

void w_free(w_run *run)
{
  lq_partition_free(run->state);
  if (run->map)
    lq_event_free(&run->event);
  lq_fieldmap_free(run->map);
  *run = (w_run){0};
}
