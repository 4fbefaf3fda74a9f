// Why a rule is true: a second run that writes down the truth of each clause, and what in the event made it
// so.
#include "engine/internal.h"

#include "base/glob.h"
#include "vm/slots.h"

// One clause of the rule: where it stands, and what it came to when it was last tried. A walk tries it for
// one element after the other and stops at the one that decides, so the last is the one to show.
typedef struct lq_clause {
  uint32_t pc;
  const lq_debug *debug; // NULL: stripped
  bool tried, truth;
  struct lq_clause_row *rows;
} lq_clause;

typedef struct lq_clause_row {
  struct lq_clause_row *next;
  lq_reason_row row;
} lq_clause_row;

typedef struct lq_explain {
  lq_exec *x;
  const lq_program *p;
  lq_arena arena; // of the clauses and their rows
  lq_clause *clauses;
  size_t n;
} lq_explain;

static bool decides(const lq_insn *i)
{
  return lq_ops[i->op].clause;
}

static bool find_clauses(lq_explain *s, uint32_t code, uint32_t ncode)
{
  const lq_program *p = s->p;
  for (uint32_t i = 0; i < ncode; i++)
    s->n += decides(&p->code[code + i]);
  s->clauses = lq_arena_array(&s->arena, s->n, sizeof *s->clauses);
  if (!s->clauses)
    return false;
  size_t n = 0, d = lq_debug_from(p, code);
  for (uint32_t pc = code; pc < code + ncode; pc++) {
    if (!decides(&p->code[pc]))
      continue;
    bool has = d < p->ndebug && p->debug[d].pc == pc;
    s->clauses[n++] = (lq_clause){.pc = pc, .debug = has ? &p->debug[d++] : NULL};
  }
  return true;
}

static lq_clause *clause_at(lq_explain *s, uint32_t pc)
{
  size_t low = 0, high = s->n;
  while (high - low > 1) {
    size_t mid = low + (high - low) / 2;
    if (s->clauses[mid].pc <= pc)
      low = mid;
    else
      high = mid;
  }
  return &s->clauses[low];
}

// A field's name as people write it.
static lq_str plain_name(lq_explain *s, uint32_t field)
{
  lq_str name = s->p->strings[s->p->fields[field].name];
  if (!lq_glob_has_wildcard(name))
    return name;
  char *out = lq_arena_alloc(&s->arena, name.n);
  for (size_t i = 0; out && i < name.n; i++)
    out[i] = name.p[i] == LQ_ANY_RUN ? '*' : name.p[i] == LQ_ANY_ONE ? '?' : name.p[i];
  return out ? (lq_str){out, name.n} : LQ_STR("");
}

// The row after `after`, or the first. A clause has as many each time it is tried, so they are made once.
static lq_clause_row *add_row(lq_explain *s, lq_clause *c, lq_clause_row *after)
{
  lq_clause_row **link = after ? &after->next : &c->rows;
  if (!*link)
    *link = lq_arena_alloc(&s->arena, sizeof **link);
  lq_clause_row *r = *link;
  if (!r)
    return NULL;
  r->row = (lq_reason_row){.truth = c->truth, .field = LQ_STR(""), .entry = LQ_STR("")};
  if (c->debug) {
    r->row.start = c->debug->start;
    r->row.end = c->debug->end;
    r->row.negated = c->debug->flags & LQ_DEBUG_NEGATED;
  }
  return r;
}

static void add_predicate_row(lq_explain *s, lq_clause *c, const lq_predicate *q)
{
  lq_clause_row *r = add_row(s, c, NULL);
  if (!r)
    return;
  lq_slot_walk w = lq_slot_walk_of(s->x, q->field);
  const lq_slot_value *v = lq_slot_first(s->x, &w, q->field);
  r->row.field = plain_name(s, q->field);
  if (v)
    r->row.value = v->v;
  for (; v && c->truth; v = lq_slot_next(s->x, &w, v)) {
    if (lq_predicate_locate(s->p, q, &v->v, &s->arena, &r->row.entry, &r->row.match_start,
                            &r->row.match_end)) {
      r->row.value = v->v;
      return;
    }
  }
}

// A general expression: what its fields hold, without saying which of it was decisive.
static void add_field_rows(lq_explain *s, lq_clause *c)
{
  lq_clause_row *last = NULL;
  uint32_t n = c->debug ? c->debug->nfields : 0;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t field = s->p->debug_fields[c->debug->field + i];
    lq_clause_row *r = add_row(s, c, last);
    if (!r)
      return;
    lq_slot_walk w = lq_slot_walk_of(s->x, field);
    const lq_slot_value *v = lq_slot_first(s->x, &w, field);
    r->row.field = plain_name(s, field);
    if (v)
      r->row.value = v->v;
    last = r;
  }
  if (n == 0)
    add_row(s, c, NULL);
}

static void trace(void *user, uint32_t pc, bool truth)
{
  lq_explain *s = user;
  lq_clause *c = clause_at(s, pc);
  const lq_insn *i = &s->p->code[pc];
  c->tried = true;
  c->truth = truth;
  if (lq_ops[i->op].operands[2] == 'p')
    add_predicate_row(s, c, &s->p->predicates[i->c]);
  else
    add_field_rows(s, c);
}

static uint32_t start_of(const lq_clause *c)
{
  return c->debug ? c->debug->start : 0;
}

static void merge(const lq_clause **to, const lq_clause **from, size_t low, size_t mid, size_t high)
{
  for (size_t i = low, j = mid, k = low; k < high; k++) {
    bool left = i < mid && (j == high || start_of(from[i]) <= start_of(from[j]));
    to[k] = left ? from[i++] : from[j++];
  }
}

// Code order is mostly the order of the source, but the compiler may move a cheap test to the front.
static const lq_clause **in_source_order(lq_explain *s)
{
  const lq_clause **a = lq_arena_array(&s->arena, s->n, sizeof *a),
                  **b = lq_arena_array(&s->arena, s->n, sizeof *b);
  if (!a || !b)
    return NULL;
  for (size_t i = 0; i < s->n; i++)
    a[i] = &s->clauses[i];
  for (size_t width = 1; width < s->n; width *= 2) {
    for (size_t low = 0; low < s->n; low += 2 * width) {
      size_t mid = low + width < s->n ? low + width : s->n;
      merge(b, a, low, mid, mid + width < s->n ? mid + width : s->n);
    }
    const lq_clause **swap = a;
    a = b, b = swap;
  }
  return a;
}

static lq_status give_all(lq_explain *s, void (*each)(void *user, const lq_reason_row *row), void *user)
{
  const lq_clause **order = in_source_order(s);
  for (size_t i = 0; order && i < s->n; i++) {
    for (const lq_clause_row *r = order[i]->tried ? order[i]->rows : NULL; r; r = r->next)
      each(user, &r->row);
  }
  return order ? LQ_OK : LQ_E_NOMEM;
}

// Of the event at the cursor, what the code reads and what the clauses show.
static lq_status need_fields(lq_engine *e, const lq_snippet *q, lq_cursor *c)
{
  const lq_program *p = e->rs->program;
  lq_slot_set *set = &e->wanted; // clear between events
  lq_conditions_add_slots(e->rs, q->code, q->ncode, set);
  for (size_t d = lq_debug_from(p, q->code); d < p->ndebug && p->debug[d].pc < q->code + q->ncode; d++) {
    for (uint32_t k = 0; k < p->debug[d].nfields; k++)
      lq_conditions_add_field(e->rs, p->debug_fields[p->debug[d].field + k], set);
  }
  lq_status status = lq_cursor_need(c, set);
  if (set->n)
    memset(set->words, 0, set->n * sizeof *set->words);
  return status;
}

static bool any_process(void *user, uint32_t row)
{
  (void)user, (void)row;
  return true;
}

// Of a rule over single events, snippet LQ_NONE; or of one snippet.
static lq_status explain(lq_engine *e, const lq_event *event, uint32_t rule, uint32_t snippet,
                         void (*each)(void *user, const lq_reason_row *row), void *user)
{
  lq_explain s = {.x = &e->explaining, .p = e->rs->program, .arena = {.mem = e->mem}};
  const lq_rule_def *r = &s.p->rules[rule];
  const lq_snippet *q = snippet == LQ_NONE ? NULL : &s.p->snippets[snippet];
  lq_status status = LQ_E_NOMEM;
  bool before = e->scratch_mem.out_of_memory; // of the run that called back
  if (find_clauses(&s, q ? q->code : r->code, q ? q->ncode : r->ncode)) {
    s.x->trace = trace;
    s.x->trace_user = &s;
    lq_engine_begin_event(e, s.x, event);
    e->scratch_mem.out_of_memory = false;
    lq_arena_reset(&s.x->scratch);
    s.x->budget = e->rs->limits.budget;
    if (q)
      lq_exec_truth(s.x, snippet);
    else
      lq_exec_run(s.x, r);
    status = s.arena.failed || e->scratch_mem.out_of_memory ? LQ_E_NOMEM : LQ_OK;
    e->scratch_mem.out_of_memory |= before;
  }
  if (!status)
    status = give_all(&s, each, user);
  lq_arena_free(&s.arena);
  return status;
}

lq_status lq_engine_explain_snippet(lq_engine *e, lq_cursor *c, uint32_t snippet, const lq_group *group,
                                    bool (*lineage)(void *user, uint32_t row), void *lineage_user,
                                    void (*each)(void *user, const lq_reason_row *row), void *user)
{
  lq_exec *x = &e->explaining;
  x->group = group;
  x->lineage = lineage ? lineage : any_process;
  x->lineage_user = lineage_user;
  const lq_snippet *q = &e->rs->program->snippets[snippet];
  lq_status status = need_fields(e, q, c);
  if (!status)
    status = explain(e, c->event, q->rule, snippet, each, user);
  x->group = NULL;
  x->lineage = NULL;
  return status;
}

lq_status lq_engine_explain(lq_engine *e, const lq_event *event, uint32_t rule,
                            void (*each)(void *user, const lq_reason_row *row), void *user)
{
  return explain(e, event, rule, LQ_NONE, each, user);
}
