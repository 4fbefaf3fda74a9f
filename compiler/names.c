// Names that are no fields: aliases of earlier terms, `events[i].field`, columns of earlier stages. They are
// given nodes of their own kind, so that everything after this knows a field by its kind.
#include <string.h>

#include "base/suggest.h"
#include "compiler/check.h"
#include "parser/parse.h"

// What a place in the query may name.
typedef struct lq_names {
  lq_checker *c;
  const lq_node *base;
  const lq_node *before;          // aliases: of terms before this one, NULL: of all
  bool aliases;                   // terms' events are there
  bool fields;                    // an event is at hand
  bool stage;                     // behind the base: `events[i].…` and columns
  lq_str columns[LQ_COLUMNS_MAX]; // by number; empty: not visible any more
  uint32_t ncolumns;
} lq_names;

static void bind(lq_names *s, lq_node *n);

// ---- messages

// Nothing more is said of it.
static lq_diag *unknown(lq_names *s, lq_node *n, const char *label)
{
  lq_diag *d = lq_diag_add(s->c->d, LQ_DIAG_UNKNOWN_NAME, n->span, "`%.*s` is not known here",
                           LQ_STR_ARG(n->name));
  lq_diag_label(s->c->d, d, n->span, "%s", label);
  n->kind = LQ_N_ERROR;
  return d;
}

// Columns, then aliases.
static bool name_at(const void *ctx, size_t i, lq_str *name)
{
  const lq_names *s = ctx;
  if (i < s->ncolumns) {
    *name = s->columns[i];
    return true;
  }
  i -= s->ncolumns;
  const lq_node *t = s->aliases ? s->base->kids : NULL;
  for (; t && t != s->before && i > 0; t = t->next)
    i--;
  if (!t || t == s->before)
    return false;
  *name = t->name;
  return true;
}

static lq_str nearest(lq_names *s, lq_str name)
{
  return lq_suggest(name, name.n > 4 ? 2 : 1, name_at, s);
}

static lq_str first_part(lq_str name)
{
  const char *dot = memchr(name.p, '.', name.n);
  return dot ? (lq_str){name.p, (size_t)(dot - name.p)} : name;
}

static void list_columns(lq_names *s, lq_diag *d)
{
  enum { SHOWN = 8 };
  lq_buf list = {.mem = s->c->mem};
  int n = 0;
  for (uint32_t i = 0; i < s->ncolumns && n <= SHOWN; i++) {
    if (s->columns[i].n == 0)
      continue;
    if (n++ < SHOWN)
      lq_buf_printf(&list, "%s`%.*s`", n > 1 ? ", " : "", LQ_STR_ARG(s->columns[i]));
    else
      lq_buf_z(&list, ", …");
  }
  lq_str names = lq_arena_copy(s->c->arena, lq_buf_get(&list));
  s->c->arena->failed |= list.failed;
  lq_buf_free(&list);
  if (n > 0)
    lq_diag_help(s->c->d, d, "the columns are %.*s", LQ_STR_ARG(names));
  else
    lq_diag_help(s->c->d, d, "give it a name where it is counted: `stats count() as n by host.id`");
}

static void no_such_name(lq_names *s, lq_node *n)
{
  lq_diag *d = unknown(
      s, n, s->aliases ? "no alias, and no column of an earlier stage" : "no column of an earlier stage");
  lq_str near = nearest(s, n->name);
  near = near.n ? near : nearest(s, first_part(n->name));
  if (near.n > 0)
    lq_diag_help(s->c->d, d, "did you mean `%.*s`?", LQ_STR_ARG(near));
  else if (s->aliases)
    lq_diag_help(s->c->d, d, "say of which event: `events[0].%.*s`", LQ_STR_ARG(n->name));
  else
    list_columns(s, d);
}

// ---- references

static bool holds(const lq_names *s, const lq_node *t)
{
  for (const lq_node *k = s->base->kids; k != s->before; k = k->next) {
    if (k == t)
      return true;
  }
  return false;
}

// Where a term's condition is one, and repeated terms that are missing are several.
uint32_t lq_term_number(const lq_node *base, const lq_node *t)
{
  uint32_t n = 0;
  for (const lq_node *k = base->kids; k && k != t; k = k->next)
    n += k->negated && k->number > 1 ? (uint32_t)k->number : 1;
  return n;
}

static void become_ref(lq_names *s, lq_node *n, const lq_node *t, lq_str field)
{
  if (field.n == 0) {
    lq_diag *d = unknown(s, n, "this is a whole event");
    lq_diag_help(s->c->d, d, "name a field of it: `%.*s.process.name`", LQ_STR_ARG(n->name));
    return;
  }
  n->kind = LQ_N_REF;
  n->value = lq_string(n->name);
  n->name = field;
  n->number = lq_term_number(s->base, t);
}

static const lq_node *term_called(const lq_node *base, lq_str alias)
{
  const lq_node *t = base->kind == LQ_N_EVENT ? NULL : base->kids;
  while (t && !(t->kind == LQ_N_TERM && t->name.n > 0 && lq_str_eq(t->name, alias)))
    t = t->next;
  return t;
}

static lq_str rest_of(lq_str name, size_t n)
{
  return n < name.n ? lq_str_slice(name, n + 1, name.n) : LQ_STR("");
}

static bool bind_alias(lq_names *s, lq_node *n)
{
  lq_str alias = first_part(n->name);
  const lq_node *t = term_called(s->base, alias);
  if (!t)
    return false;
  if (!s->aliases || !holds(s, t)) {
    lq_diag *d = unknown(
        s, n, s->aliases ? "this term is not there yet" : "no event of another term is at hand here");
    lq_diag_help(s->c->d, d, "an alias is read by later terms of a sequence, and by stages");
  } else if (t->negated) {
    lq_diag *d = unknown(s, n, "the event of `![ ]` is missing where the rule matches");
    lq_diag_label(s->c->d, d, t->span, "this one");
  } else {
    become_ref(s, n, t, rest_of(n->name, alias.n));
  }
  return true;
}

// `events[12].process.name`. False: no such form.
static bool read_index(lq_str name, uint32_t *index, lq_str *field)
{
  const lq_str head = LQ_STR("events[");
  size_t i = head.n;
  uint32_t n = 0;
  if (name.n < head.n + 2 || !lq_str_eq_ascii(lq_str_slice(name, 0, head.n), head))
    return false;
  for (; i < name.n && name.p[i] >= '0' && name.p[i] <= '9' && n < 100000; i++)
    n = n * 10 + (uint32_t)(name.p[i] - '0');
  if (i == head.n || i >= name.n || name.p[i] != ']')
    return false;
  *index = n;
  *field = rest_of(name, i + 1);
  return true;
}

static uint32_t runs_of(const lq_node *t)
{
  return t->number > 1 ? (uint32_t)t->number : 1;
}

static bool bind_event(lq_names *s, lq_node *n)
{
  uint32_t index, left;
  lq_str field;
  if (!s->stage || !read_index(n->name, &index, &field))
    return false;
  left = index;
  const lq_node *t = s->base->kind == LQ_N_EVENT ? NULL : s->base->kids;
  for (; t && left >= runs_of(t); t = t->next)
    left -= runs_of(t);
  if (s->base->kind == LQ_N_EVENT && index == 0 && s->fields && field.n > 0)
    n->name = field;
  else if (!s->aliases || !t)
    unknown(s, n, s->aliases ? "a match has fewer events" : "no events are at hand here");
  else if (left > 0)
    unknown(s, n, "of a term with runs, only the first event can be named");
  else
    become_ref(s, n, t, field);
  return true;
}

// ---- columns

static bool bind_column(lq_names *s, lq_node *n)
{
  for (uint32_t i = s->ncolumns; i-- > 0;) {
    if (s->columns[i].n == 0 || !lq_str_eq(s->columns[i], n->name))
      continue;
    n->kind = LQ_N_COLUMN;
    n->number = i;
    return true;
  }
  return false;
}

static void add_column(lq_names *s, lq_str name)
{
  if (s->ncolumns < LQ_COLUMNS_MAX)
    s->columns[s->ncolumns] = name;
  s->ncolumns += s->ncolumns <= LQ_COLUMNS_MAX;
}

static void too_many_columns(lq_names *s, const lq_node *stage)
{
  lq_diag *d = lq_diag_add(s->c->d, LQ_DIAG_TOO_LARGE, stage->mark, "the stages make too many columns");
  lq_diag_label(s->c->d, d, stage->mark, "more than %d", LQ_COLUMNS_MAX);
  s->ncolumns = 0;
}

// ---- slips

// `evnt0.process.name`: a field perhaps, but no group of ECS, and nearly an alias.
static void misspelt_alias(lq_names *s, const lq_node *n)
{
  lq_str first = first_part(n->name);
  if (!s->aliases || !s->c->o->lint || first.n < 4 || first.n == n->name.n || lq_check_is_group(s->c, first))
    return;
  lq_str near = nearest(s, first);
  if (near.n == 0)
    return;
  lq_diag *d = lq_diag_add(s->c->d, LQ_DIAG_MISSPELT_FIELD, n->span, "no earlier term is called `%.*s`",
                           LQ_STR_ARG(first));
  lq_diag_label(s->c->d, d, n->span, "read as a field");
  lq_diag_help(s->c->d, d, "did you mean `%.*s`?", LQ_STR_ARG(near));
}

// ---- the walk

static void bind_field(lq_names *s, lq_node *n)
{
  if (bind_event(s, n) || bind_column(s, n) || bind_alias(s, n))
    return;
  if (s->fields) {
    misspelt_alias(s, n);
    return;
  }
  // Endgame's stages read the first event where they do not say which.
  if (s->aliases && s->c->o->dialect == LQ_DIALECT_ENDGAME)
    become_ref(s, n, s->base->kids, n->name);
  else
    no_such_name(s, n);
}

// The start event of another process: nothing but its fields is there.
static void bind_lineage(lq_names *s, lq_node *n)
{
  lq_names inner = {.c = s->c, .base = s->base, .fields = true};
  bind(&inner, n->kids);
}

static void bind(lq_names *s, lq_node *n)
{
  if (n->kind == LQ_N_FIELD)
    bind_field(s, n);
  if (n->kind == LQ_N_LINEAGE) {
    bind_lineage(s, n);
    return;
  }
  for (lq_node *k = n->kids; k; k = k->next)
    bind(s, k);
}

static void bind_all(lq_names *s, lq_node *first)
{
  for (lq_node *k = first; k; k = k->next)
    bind(s, k);
}

// ---- terms

static void bind_term(lq_checker *c, const lq_node *base, lq_node *t, bool refers)
{
  lq_names s = {.c = c, .base = base, .before = t, .aliases = refers, .fields = true};
  bind_all(&s, t->kids);
  s.aliases = false;
  bind_all(&s, t->by);
}

static void bind_terms(lq_checker *c, lq_node *base)
{
  lq_names s = {.c = c, .base = base, .fields = true};
  bind_all(&s, base->by);
  for (lq_node *t = base->kids; t; t = t->next)
    bind_term(c, base, t, base->kind == LQ_N_SEQUENCE);
  if (base->until)
    bind_term(c, base, base->until, false);
}

// ---- stages

lq_str lq_written(lq_arena *a, const lq_node *n)
{
  if (n->kind == LQ_N_FIELD || n->kind == LQ_N_COLUMN)
    return n->name;
  if (n->kind == LQ_N_REF)
    return n->value.s;
  lq_buf b = {.mem = a->mem};
  lq_print_query(&b, n, LQ_DIALECT_LQ, 0);
  lq_str text = lq_arena_copy(a, lq_buf_get(&b));
  a->failed |= b.failed;
  lq_buf_free(&b);
  return text;
}

static void forget_columns(lq_names *s)
{
  for (uint32_t i = 0; i < s->ncolumns && i < LQ_COLUMNS_MAX; i++)
    s->columns[i] = LQ_STR("");
}

static void make_rows(lq_names *s)
{
  s->fields = s->aliases = false;
}

static void add_counts(lq_names *s, const lq_node *stage)
{
  add_column(s, LQ_STR("count"));
  add_column(s, LQ_STR("percent"));
  if (stage->kids)
    add_column(s, LQ_STR("key"));
}

static void bind_eval(lq_names *s, lq_node *stage)
{
  for (lq_node *k = stage->kids; k; k = k->next) {
    bind(s, k);
    if (k->kind == LQ_N_NAMED)
      add_column(s, k->name);
  }
}

static void bind_stats(lq_names *s, lq_node *stage)
{
  bind_all(s, stage->kids);
  bind_all(s, stage->by);
  s->ncolumns = 0;
  make_rows(s);
  for (const lq_node *k = stage->by; k; k = k->next)
    add_column(s, lq_written(s->c->arena, k));
  for (const lq_node *k = stage->kids; k; k = k->next)
    add_column(s, lq_column_name(s->c->arena, k));
}

lq_str lq_column_name(lq_arena *a, const lq_node *item)
{
  if (item->kind != LQ_N_NAMED || !item->kids)
    return lq_written(a, item);
  return item->name.n > 0 ? item->name : lq_written(a, item->kids);
}

// Only what is named stays, or only what is not named.
static void narrow_columns(lq_names *s, lq_node *stage)
{
  bool keep = stage->stage == LQ_STAGE_KEEP, kept[LQ_COLUMNS_MAX] = {0};
  bind_all(s, stage->kids);
  for (const lq_node *k = stage->kids; k; k = k->next) {
    if (k->kind == LQ_N_COLUMN)
      kept[k->number] = true;
  }
  for (uint32_t i = 0; i < s->ncolumns && i < LQ_COLUMNS_MAX; i++) {
    if (kept[i] != keep)
      s->columns[i] = LQ_STR("");
  }
}

static void bind_stage(lq_names *s, lq_node *stage)
{
  switch (stage->stage) {
  case LQ_STAGE_EVAL: bind_eval(s, stage); break;
  case LQ_STAGE_STATS: bind_stats(s, stage); break;
  case LQ_STAGE_KEEP:
  case LQ_STAGE_DROP: narrow_columns(s, stage); break;
  case LQ_STAGE_COUNT:
    bind_all(s, stage->kids);
    forget_columns(s);
    make_rows(s);
    add_counts(s, stage);
    break;
  case LQ_STAGE_UNIQUE_COUNT:
    bind_all(s, stage->kids);
    add_counts(s, stage);
    break;
  case LQ_STAGE_WHERE:
  case LQ_STAGE_FILTER:
  case LQ_STAGE_HEAD:
  case LQ_STAGE_TAIL:
  case LQ_STAGE_SORT:
  case LQ_STAGE_UNIQUE:
  case LQ_STAGE_SUPPRESS:
  case LQ_STAGE_NEW_TERMS:
    bind_all(s, stage->kids);
    bind_all(s, stage->by);
    break;
  }
  if (s->ncolumns > LQ_COLUMNS_MAX)
    too_many_columns(s, stage);
}

void lq_bind_names(lq_checker *c, lq_node *query)
{
  lq_node *base = query->kids;
  if (!base)
    return;
  bool event = base->kind == LQ_N_EVENT,
       groups = base->kind == LQ_N_SEQUENCE || base->kind == LQ_N_SAMPLE || base->kind == LQ_N_JOIN;
  if (groups)
    bind_terms(c, base);
  if (!event && !groups)
    return;
  lq_names s = {.c = c, .base = base, .aliases = groups, .fields = event, .stage = true};
  for (lq_node *k = base->next; k; k = k->next) {
    if (k->kind == LQ_N_STAGE)
      bind_stage(&s, k);
  }
}
