// The compiler as its callers see it: rules in, one after the other; a bundle out (finish.c).
#include "compiler/internal.h"

lq_status lq_compiler_new(lq_compiler **out, const lq_mem *mem)
{
  *out = NULL;
  lq_compiler *c = lq_mem_alloc(mem, 1, sizeof *c);
  if (!c)
    return LQ_E_NOMEM;
  c->mem = mem;
  lq_pool_init(&c->pool, mem);
  c->ids.arena = &c->pool.arena;
  *out = c;
  return LQ_OK;
}

void lq_compiler_free(lq_compiler *c)
{
  if (!c)
    return;
  for (size_t i = 0; i < c->nrules; i++)
    lq_code_free(&c->rules[i].code, c->mem);
  lq_mem_free(c->mem, c->rules, c->rules_cap, sizeof *c->rules);
  lq_mem_free(c->mem, c->meta, c->meta_cap, sizeof *c->meta);
  lq_mem_free(c->mem, c->tests, c->tests_cap, sizeof *c->tests);
  lq_interner_free(&c->ids);
  lq_pool_free(&c->pool);
  lq_mem_free(c->mem, c, 1, sizeof *c);
}

size_t lq_compiler_rules(const lq_compiler *c)
{
  return c->nrules;
}

// ---- one rule

static void fold(lq_planner *p, lq_plan **n)
{
  if (*n && !p->arena->failed)
    *n = lq_fold_plan(p, *n);
}

static void fold_query(lq_planner *p, lq_query_plan *q)
{
  for (uint32_t i = 0; i < q->nterms + q->until; i++) {
    fold(p, &q->terms[i].condition);
    for (uint32_t k = 0; k < q->terms[i].nkeys; k++)
      fold(p, &q->terms[i].keys[k].value);
  }
  for (uint32_t i = 0; i < q->nstages; i++) {
    for (uint32_t k = 0; k < q->stages[i].nargs; k++)
      fold(p, &q->stages[i].args[k].plan);
  }
}

// Nothing is said of the tree any more: from here on places are those in the rule's text, which clauses have.
static void move_to_shown(lq_node *n)
{
  n->span = n->mark = n->shown;
  for (lq_node *k = n->kids; k; k = k->next)
    move_to_shown(k);
  for (lq_node *k = n->by; k; k = k->next)
    move_to_shown(k);
  if (n->until)
    move_to_shown(n->until);
}

static lq_status generate(lq_compiler *c, const lq_node *query, lq_span where, const lq_compile_options *o,
                          lq_diag_list *diags, lq_code *code)
{
  lq_arena arena = {.mem = c->mem};
  lq_planner p = {.arena = &arena, .o = o};
  lq_query_plan *plan = lq_lower_query(&p, query);
  if (plan && o->optimise)
    fold_query(&p, plan);
  const char *why = NULL;
  lq_status st = plan && !arena.failed ? lq_emit_rule(code, &c->pool, plan, o, &why) : LQ_E_NOMEM;
  if (st == LQ_E_LIMIT) {
    lq_diag *d = lq_diag_add(diags, LQ_DIAG_TOO_LARGE, where, "this rule is too large to compile");
    lq_diag_label(diags, d, where, "%s", why);
    lq_diag_help(diags, d, "split it into several rules");
    st = LQ_E_QUERY;
  }
  lq_arena_free(&arena);
  return st;
}

static bool intern_meta(lq_compiler *c, const lq_rule_info *info, lq_rule_row *row)
{
  row->meta = (uint32_t)c->nmeta;
  for (size_t i = 0; i < info->nmeta; i++) {
    lq_meta m = {lq_pool_string(&c->pool, info->meta[i].key), lq_pool_string(&c->pool, info->meta[i].value)};
    if (m.key == LQ_NONE || m.value == LQ_NONE || !LQ_GROW(c->mem, c->meta, c->nmeta, &c->meta_cap))
      return false;
    c->meta[c->nmeta++] = m;
  }
  row->nmeta = (uint32_t)info->nmeta;
  return true;
}

static bool intern_info(lq_compiler *c, const lq_rule_info *info, const lq_compile_options *o,
                        lq_rule_row *row)
{
  row->id = lq_pool_string(&c->pool, info->id);
  row->name = lq_pool_string(&c->pool, info->name);
  row->source = o->strip ? LQ_NONE : lq_pool_string(&c->pool, info->source);
  return row->id != LQ_NONE && row->name != LQ_NONE && (o->strip || row->source != LQ_NONE);
}

static lq_status commit(lq_compiler *c, const lq_rule_info *info, const lq_compile_options *o, lq_code *code,
                        lq_diag_list *diags)
{
  lq_rule_row row = {.code = *code};
  size_t meta = c->nmeta;
  if (!LQ_GROW(c->mem, c->rules, c->nrules, &c->rules_cap) || !intern_info(c, info, o, &row))
    return LQ_E_NOMEM;
  if (!intern_meta(c, info, &row)) {
    c->nmeta = meta;
    return LQ_E_NOMEM;
  }
  // The last thing that can fail: a name, once given, stays given.
  uint32_t number = lq_intern(&c->ids, info->id);
  if (number == c->nrules) {
    c->rules[c->nrules++] = row;
    return LQ_OK;
  }
  c->nmeta = meta;
  if (number == LQ_NONE)
    return LQ_E_NOMEM;
  lq_diag *d = lq_diag_add(diags, LQ_DIAG_DUPLICATE_NAME, (lq_span){0, 0}, "another rule has the id `%.*s`",
                           LQ_STR_ARG(info->id));
  lq_diag_help(diags, d, "give each rule an id of its own");
  return LQ_E_QUERY;
}

lq_status lq_compiler_add(lq_compiler *c, lq_node *query, const lq_rule_info *info,
                          const lq_compile_options *o, lq_diag_list *diags, uint32_t *rule)
{
  lq_code code = {0};
  lq_status st = lq_check(query, o, c->mem, diags);
  lq_span where = query ? query->span : (lq_span){0, 0};
  if (!st && info->printed)
    move_to_shown(query);
  if (!st)
    st = generate(c, query, where, o, diags, &code);
  if (!st)
    st = commit(c, info, o, &code, diags);
  if (!st && rule)
    *rule = (uint32_t)c->nrules - 1;
  if (st)
    lq_code_free(&code, c->mem);
  return st;
}

lq_status lq_compiler_add_test(lq_compiler *c, uint32_t rule, lq_test_kind kind, uint32_t count, lq_str name,
                               lq_str events, uint32_t line)
{
  lq_test_def t = {
      .rule = rule, .kind = (uint32_t)kind, .count = kind == LQ_TEST_COUNT ? count : 0, .line = line};
  if (rule >= c->nrules)
    return LQ_E_USAGE;
  t.name = lq_pool_string(&c->pool, name);
  t.events = lq_pool_string(&c->pool, events);
  if (t.name == LQ_NONE || t.events == LQ_NONE || !LQ_GROW(c->mem, c->tests, c->ntests, &c->tests_cap))
    return LQ_E_NOMEM;
  c->tests[c->ntests++] = t;
  return LQ_OK;
}

lq_status lq_compiler_rename(lq_compiler *c, uint32_t rule, lq_str id)
{
  uint32_t text = lq_pool_string(&c->pool, id);
  if (text == LQ_NONE)
    return LQ_E_NOMEM;
  c->rules[rule].id = text;
  return LQ_OK;
}

void lq_compiler_set_provenance(lq_compiler *c, lq_str json)
{
  c->provenance = lq_arena_copy(&c->pool.arena, json);
  c->lost_provenance = c->provenance.n != json.n;
}
