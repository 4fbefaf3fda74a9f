// Plan to code. Conditions test predicates and jump forward; everything else is a small stack program over
// values.
#include "compiler/emit.h"

#include "stdlib/functions.h"
#include "stdlib/schema.h"

typedef struct emitter {
  lq_code *code;
  lq_pool *pool;
  const lq_mem *mem;
  const lq_schema *types;
  uint32_t max_code;
  bool strip;
  bool negated; // under an odd number of `not`
  int depth;    // of the stack
  bool nomem;
  const char *too_large;
  LQ_LIST(const lq_plan *) asked; // by the rule's lineages: what their snippets will be
} emitter;

static bool failed(const emitter *e)
{
  return e->nomem || e->too_large;
}

// ---- instructions

static int net_effect(lq_opcode op, uint8_t a)
{
  int net = 0;
  for (const char *t = lq_ops[op].pops; *t; t++)
    net -= *t == '*' ? a : 1;
  return net + (int)strlen(lq_ops[op].pushes);
}

static size_t add(emitter *e, lq_opcode op, uint8_t a, uint32_t c)
{
  if (c == LQ_NONE || !LQ_GROW(e->mem, e->code->insns, e->code->n, &e->code->cap)) {
    e->nomem = true;
    return 0;
  }
  if (e->code->n >= e->max_code) {
    e->too_large = "the rule compiles to too many instructions";
    return 0;
  }
  e->code->insns[e->code->n] = (lq_insn){.op = (uint8_t)op, .a = a, .c = c};
  e->depth += net_effect(op, a);
  // A jump that is taken has one condition more on the stack.
  if (e->depth + (lq_ops[op].operands[1] == 'j') > LQ_STACK_MAX)
    e->too_large = "the expression needs too many intermediate values";
  return e->code->n++;
}

// The instruction's operand b.
static void at(emitter *e, size_t pc, uint16_t b)
{
  if (!failed(e))
    e->code->insns[pc].b = b;
}

// Lets the jump (or walk) at `from` lead to the next instruction.
static void land(emitter *e, size_t from)
{
  if (failed(e))
    return;
  size_t distance = e->code->n - from - 1;
  if (distance > UINT16_MAX)
    e->too_large = "the rule compiles to too many instructions";
  e->code->insns[from].b = (uint16_t)distance;
}

// ---- pool

static lq_type type_hint(const emitter *e, lq_str name)
{
  const lq_schema_field *f = lq_schema_find(e->types, name);
  return f ? lq_schema_value_type(f->type) : LQ_T_NULL;
}

static uint32_t scope_field(emitter *e, const lq_scope *s)
{
  uint32_t outer = s->tied ? scope_field(e, s->tied) : LQ_NONE;
  if (s->tied && outer == LQ_NONE)
    return LQ_NONE;
  return lq_pool_field_id(e->pool, s->path, outer, LQ_FIELD_SCOPE, LQ_T_NULL);
}

static uint32_t field(emitter *e, const lq_ref *r)
{
  uint32_t scope = r->scope ? scope_field(e, r->scope) : LQ_NONE;
  if (r->scope && scope == LQ_NONE)
    return LQ_NONE;
  return lq_pool_field_id(e->pool, r->name, scope, 0, type_hint(e, r->name));
}

static void fill_member(emitter *e, lq_set_kind kind, const lq_entry *from, char *to)
{
  if (kind == LQ_SET_CIDRS) {
    lq_pool_cidr row = {.bits = from->cidr.bits};
    memcpy(row.base, from->cidr.base.b, sizeof row.base);
    memcpy(to, &row, sizeof row);
    return;
  }
  uint32_t text = lq_pool_string(e->pool, from->text);
  lq_regex_def regex = {text, from->flags};
  e->nomem = e->nomem || text == LQ_NONE;
  memcpy(to, kind == LQ_SET_REGEXES ? (const void *)&regex : &text, lq_pool_member_size(kind));
}

static uint32_t set(emitter *e, lq_matcher_kind matcher, const lq_entry *entries, size_t n)
{
  lq_set_kind kind = lq_match_kinds[matcher].set;
  size_t size = lq_pool_member_size(kind);
  char *members = lq_mem_alloc(e->mem, n, size);
  if (!members)
    return LQ_NONE;
  for (size_t i = 0; i < n; i++)
    fill_member(e, kind, &entries[i], members + i * size);
  uint32_t id = e->nomem ? LQ_NONE : lq_pool_set(e->pool, kind, members, n);
  lq_mem_free(e->mem, members, n, size);
  return id;
}

static uint32_t predicate(emitter *e, const lq_plan *n)
{
  uint32_t arg = 0;
  if (lq_match_kinds[n->matcher].set == LQ_SET_CONST)
    arg = lq_pool_const_id(e->pool, &n->value);
  else if (lq_match_kinds[n->matcher].set != LQ_SET_NONE)
    arg = set(e, n->matcher, n->entries, n->nentries);
  return lq_pool_predicate_id(e->pool, field(e, &n->ref), n->matcher, arg);
}

// ---- clauses

static void add_field(emitter *e, lq_clause *c, uint32_t id)
{
  for (uint32_t i = 0; i < c->nfields; i++) {
    if (e->code->fields[c->field + i] == id)
      return;
  }
  if (id == LQ_NONE || !LQ_GROW(e->mem, e->code->fields, e->code->nfields, &e->code->fields_cap)) {
    e->nomem = true;
    return;
  }
  e->code->fields[e->code->nfields++] = id;
  c->nfields++;
}

static void add_fields(emitter *e, lq_clause *c, const lq_plan *n)
{
  if (n->kind == LQ_P_TEST || n->kind == LQ_P_FIELD || n->kind == LQ_P_ELEMENT)
    add_field(e, c, field(e, &n->ref));
  if (n->kind == LQ_P_WALK || n->kind == LQ_P_COUNT)
    add_field(e, c, scope_field(e, n->scope));
  if (n->kind == LQ_P_LINEAGE) // fields of another event
    return;
  for (const lq_plan *k = n->kids; k; k = k->next)
    add_fields(e, c, k);
}

// The instruction at pc gives the truth of n.
static void clause(emitter *e, size_t pc, const lq_plan *n)
{
  if (e->strip || failed(e))
    return;
  if (!LQ_GROW(e->mem, e->code->clauses, e->code->nclauses, &e->code->clauses_cap)) {
    e->nomem = true;
    return;
  }
  lq_clause c = {
      .pc = (uint32_t)pc, .span = n->span, .field = (uint32_t)e->code->nfields, .negated = e->negated};
  add_fields(e, &c, n);
  e->code->clauses[e->code->nclauses++] = c;
}

// ---- conditions and values

static void value(emitter *e, const lq_plan *n);
static void condition(emitter *e, const lq_plan *n);

// Jumps out of a chain wait, linked through their own distance fields (from the last one back), for its end.
static size_t wait_for_end(emitter *e, size_t jump, size_t last)
{
  if (!failed(e))
    e->code->insns[jump].b = (uint16_t)(last == SIZE_MAX ? 0 : jump - last);
  return jump;
}

static void land_all(emitter *e, size_t last)
{
  while (last != SIZE_MAX && !failed(e)) {
    uint16_t back = e->code->insns[last].b;
    land(e, last);
    last = back ? last - back : SIZE_MAX;
  }
}

static size_t test_and_jump(emitter *e, const lq_plan *k, bool is_and)
{
  if (k->kind == LQ_P_TEST) {
    size_t pc = add(e, is_and ? LQ_OP_TEST_AND : LQ_OP_TEST_OR, 0, predicate(e, k));
    clause(e, pc, k);
    return pc;
  }
  condition(e, k);
  return add(e, is_and ? LQ_OP_JUMP_FALSE : LQ_OP_JUMP_TRUE, 0, 0);
}

static void chain(emitter *e, const lq_plan *n)
{
  size_t last = SIZE_MAX, before = 0;
  for (const lq_plan *k = n->kids; k && !failed(e); k = k->next) {
    if (!k->next) {
      condition(e, k);
      break;
    }
    size_t jump = test_and_jump(e, k, n->kind == LQ_P_AND);
    if (last != SIZE_MAX && jump - before > UINT16_MAX)
      e->too_large = "the rule compiles to too many instructions";
    last = wait_for_end(e, jump, last);
    before = jump;
  }
  land_all(e, last);
}

static void negation(emitter *e, const lq_plan *n)
{
  e->negated = !e->negated;
  condition(e, n->kids);
  e->negated = !e->negated;
  add(e, LQ_OP_NOT, 0, 0);
}

static void walk(emitter *e, const lq_plan *n)
{
  size_t begin = add(e, LQ_OP_ITER, 0, scope_field(e, n->scope));
  condition(e, n->kids);
  land(e, begin);
  uint32_t body = failed(e) ? 0 : e->code->insns[begin].b;
  if (n->kind == LQ_P_COUNT)
    add(e, LQ_OP_COUNT_END, 0, body);
  else
    add(e, LQ_OP_ITER_END, n->all, body);
}

// Its snippet comes behind all others.
static void lineage(emitter *e, const lq_plan *n)
{
  lq_code *c = e->code;
  if (!LQ_GROW(e->mem, c->lineages.v, c->lineages.n, &c->lineages.cap) ||
      !LQ_GROW(e->mem, e->asked.v, e->asked.n, &e->asked.cap)) {
    e->nomem = true;
    return;
  }
  size_t pc = add(e, LQ_OP_LINEAGE, 0, (uint32_t)c->lineages.n);
  clause(e, pc, n);
  c->lineages.v[c->lineages.n++] = (lq_lineage_def){.kind = (uint32_t)n->op};
  e->asked.v[e->asked.n++] = n->kids;
}

static void condition(emitter *e, const lq_plan *n)
{
  if (failed(e))
    return;
  switch (n->kind) {
  case LQ_P_BOOL: add(e, LQ_OP_PUSH, n->truth, 0); break;
  case LQ_P_TEST: clause(e, add(e, LQ_OP_TEST, 0, predicate(e, n)), n); break;
  case LQ_P_AND:
  case LQ_P_OR: chain(e, n); break;
  case LQ_P_NOT: negation(e, n); break;
  case LQ_P_WALK: walk(e, n); break;
  case LQ_P_LINEAGE: lineage(e, n); break;
  case LQ_P_TRUTH:
    value(e, n->kids);
    clause(e, add(e, LQ_OP_TRUTH, 0, 0), n);
    break;
  default:
    value(e, n);
    add(e, LQ_OP_TRUTH, 0, 0);
    break;
  }
}

static void operands(emitter *e, const lq_plan *n)
{
  for (const lq_plan *k = n->kids; k; k = k->next)
    value(e, k);
}

static void call(emitter *e, const lq_plan *n)
{
  uint32_t args = 0;
  for (const lq_plan *k = n->kids; k; k = k->next)
    args++;
  if (args > LQ_ARGS_MAX) {
    e->too_large = "a function call has too many arguments";
    return;
  }
  operands(e, n);
  at(e, add(e, LQ_OP_CALL, (uint8_t)args, lq_pool_function(e->pool, n->function)), n->strict);
}

// The capture's number among its term's.
static uint32_t capture(emitter *e, uint32_t term, uint32_t field_id)
{
  lq_code *c = e->code;
  uint32_t index = 0;
  for (size_t i = 0; i < c->captures.n; i++) {
    if (c->captures.v[i].term != term)
      continue;
    if (c->captures.v[i].field == field_id)
      return index;
    index++;
  }
  if (field_id == LQ_NONE || !LQ_GROW(e->mem, c->captures.v, c->captures.n, &c->captures.cap)) {
    e->nomem = true;
    return 0;
  }
  c->captures.v[c->captures.n++] = (lq_code_capture){term, field_id};
  return index;
}

static void value(emitter *e, const lq_plan *n)
{
  if (failed(e))
    return;
  switch (n->kind) {
  case LQ_P_NULL: add(e, LQ_OP_NULL, 0, 0); break;
  case LQ_P_CONST: add(e, LQ_OP_CONST, 0, lq_pool_const_id(e->pool, &n->value)); break;
  case LQ_P_FIELD: add(e, LQ_OP_FIELD, 0, field(e, &n->ref)); break;
  case LQ_P_REF: add(e, LQ_OP_REF, (uint8_t)n->op, capture(e, (uint32_t)n->op, field(e, &n->ref))); break;
  case LQ_P_COLUMN: add(e, LQ_OP_COLUMN, 0, (uint32_t)n->op); break;
  case LQ_P_ELEMENT: at(e, add(e, LQ_OP_ELEMENT, 0, field(e, &n->ref)), (uint16_t)n->op); break;
  case LQ_P_INDEX: operands(e, n), at(e, add(e, LQ_OP_INDEX, 0, 0), (uint16_t)n->op); break;
  case LQ_P_CALL: call(e, n); break;
  case LQ_P_COMPARE: operands(e, n), add(e, LQ_OP_COMPARE, (uint8_t)n->op, 0); break;
  case LQ_P_ARITH: operands(e, n), add(e, LQ_OP_ARITH, (uint8_t)n->op, 0); break;
  case LQ_P_NEGATE: operands(e, n), add(e, LQ_OP_NEGATE, 0, 0); break;
  case LQ_P_IS_NULL: operands(e, n), add(e, LQ_OP_IS_NULL, 0, 0); break;
  case LQ_P_MATCH:
    operands(e, n);
    at(e, add(e, LQ_OP_MATCH, (uint8_t)n->matcher, set(e, n->matcher, n->entries, n->nentries)), n->strict);
    break;
  case LQ_P_COUNT: walk(e, n); break;
  case LQ_P_VALUE: condition(e, n->kids), add(e, LQ_OP_VALUE, 0, 0); break;
  default: condition(e, n), add(e, LQ_OP_VALUE, 0, 0); break;
  }
}

// ---- snippets

#define ADD_ROW(e, list, ...)                                                                                \
  (LQ_GROW((e)->mem, (e)->code->list.v, (e)->code->list.n, &(e)->code->list.cap)                             \
       ? (void)((e)->code->list.v[(e)->code->list.n++] = __VA_ARGS__)                                        \
       : (void)((e)->nomem = true))

static uint32_t snippet(emitter *e, const lq_plan *n, lq_gives gives)
{
  uint32_t start = (uint32_t)e->code->n;
  e->negated = false;
  e->depth = 0;
  if (gives == LQ_GIVES_TRUTH)
    condition(e, n);
  else
    value(e, n);
  add(e, LQ_OP_RETURN, 0, 0);
  ADD_ROW(e, snippets,
          (lq_snippet){.code = start, .ncode = (uint32_t)e->code->n - start, .gives = (uint32_t)gives});
  return (uint32_t)e->code->snippets.n - 1;
}

static uint32_t name(emitter *e, lq_str s)
{
  uint32_t id = lq_pool_string(e->pool, s);
  e->nomem = e->nomem || id == LQ_NONE;
  return id;
}

static uint32_t name_if_any(emitter *e, lq_str s)
{
  return s.n > 0 ? name(e, s) : LQ_NONE;
}

static void term(emitter *e, const lq_term_plan *t)
{
  lq_term_def row = {.snippet = snippet(e, t->condition, LQ_GIVES_TRUTH),
                     .flags = (t->negated ? LQ_TERM_NEGATED : 0) | (t->fork ? LQ_TERM_FORK : 0),
                     .runs = t->runs,
                     .first_key = (uint32_t)e->code->keys.n,
                     .nkeys = t->nkeys,
                     .alias = name_if_any(e, t->alias)};
  for (uint32_t i = 0; i < t->nkeys && !failed(e); i++) {
    const lq_key_plan *k = &t->keys[i];
    ADD_ROW(e, keys,
            (lq_key_def){.snippet = snippet(e, k->value, LQ_GIVES_VALUE),
                         .flags = k->optional ? LQ_KEY_OPTIONAL : 0,
                         .name = name(e, k->name)});
  }
  ADD_ROW(e, terms, row);
}

static lq_code_arg arg(emitter *e, const lq_stage_plan *s, const lq_arg_plan *a)
{
  lq_gives gives = s->op == LQ_DO_WHERE ? LQ_GIVES_TRUTH : LQ_GIVES_VALUE;
  lq_code_arg out = {.function_name = LQ_NONE};
  out.row = (lq_stage_arg){
      .snippet = a->plan ? snippet(e, a->plan, gives) : LQ_NONE, .name = LQ_NONE, .function = a->function};
  if (s->op != LQ_DO_WHERE)
    out.row.name = name(e, a->name);
  if (a->function != LQ_NONE)
    out.function_name = name(e, lq_str_of(lq_functions[a->function].name));
  return out;
}

static void stage(emitter *e, const lq_stage_plan *s)
{
  lq_stage_def row = {.op = (uint32_t)s->op,
                      .flags = s->descending ? LQ_STAGE_DESCENDING : 0,
                      .number = s->number,
                      .first_arg = (uint32_t)e->code->args.n,
                      .nargs = s->nargs,
                      .nby = s->nby};
  for (uint32_t i = 0; i < s->nargs && !failed(e); i++)
    ADD_ROW(e, args, arg(e, s, &s->args[i]));
  ADD_ROW(e, stages, row);
}

// Asking may ask again: the list grows while it is worked off.
static void lineages(emitter *e)
{
  for (size_t i = 0; i < e->asked.n && !failed(e); i++) {
    uint32_t at = snippet(e, e->asked.v[i], LQ_GIVES_TRUTH);
    e->code->lineages.v[i].snippet = at;
  }
}

static void rule(emitter *e, const lq_query_plan *q)
{
  lq_code *c = e->code;
  c->stateful = q->stateful;
  if (!q->stateful) {
    snippet(e, q->terms[0].condition, LQ_GIVES_TRUTH);
    return;
  }
  c->state = (lq_state_def){.kind = (uint32_t)q->kind,
                            .maxspan = q->maxspan,
                            .nterms = q->nterms,
                            .until = q->until,
                            .flags = q->flags,
                            .nstages = q->nstages};
  for (uint32_t i = 0; i < q->nterms + q->until && !failed(e); i++)
    term(e, &q->terms[i]);
  for (uint32_t i = 0; i < q->nstages && !failed(e); i++)
    stage(e, &q->stages[i]);
  lineages(e);
}

lq_status lq_emit_rule(lq_code *out, lq_pool *pool, const lq_query_plan *plan, const lq_compile_options *o,
                       const char **why)
{
  uint32_t max = o->max_code && o->max_code < LQ_RULE_CODE_MAX ? o->max_code : LQ_RULE_CODE_MAX;
  emitter e = {.code = out,
               .pool = pool,
               .mem = pool->arena.mem,
               .types = lq_schema_or_ecs(o->types),
               .max_code = max,
               .strip = o->strip};
  rule(&e, plan);
  lq_mem_free(e.mem, e.asked.v, e.asked.cap, sizeof *e.asked.v);
  *why = e.too_large;
  return e.nomem ? LQ_E_NOMEM : e.too_large ? LQ_E_LIMIT : LQ_OK;
}

#define FREE_LIST(mem, list) lq_mem_free(mem, (list).v, (list).cap, sizeof *(list).v)

void lq_code_free(lq_code *c, const lq_mem *mem)
{
  lq_mem_free(mem, c->insns, c->cap, sizeof *c->insns);
  lq_mem_free(mem, c->clauses, c->clauses_cap, sizeof *c->clauses);
  lq_mem_free(mem, c->fields, c->fields_cap, sizeof *c->fields);
  FREE_LIST(mem, c->snippets);
  FREE_LIST(mem, c->terms);
  FREE_LIST(mem, c->keys);
  FREE_LIST(mem, c->captures);
  FREE_LIST(mem, c->stages);
  FREE_LIST(mem, c->args);
  FREE_LIST(mem, c->lineages);
  *c = (lq_code){0};
}
