// The conditions of a rule set: what they are, and which hold for an event. No other place runs one.
#include "engine/internal.h"

// ---- the list

static uint8_t reads_of(const lq_program *p, uint32_t snippet)
{
  const lq_snippet *s = &p->snippets[snippet];
  uint8_t reads = 0;
  for (uint32_t i = 0; i < s->ncode; i++) {
    reads |= p->code[s->code + i].op == LQ_OP_REF ? LQ_READS_TERMS : 0;
    reads |= p->code[s->code + i].op == LQ_OP_LINEAGE ? LQ_READS_LINEAGE : 0;
  }
  return reads;
}

static size_t whole_rules(const lq_program *p)
{
  size_t n = 0;
  for (size_t i = 0; i < p->nrules; i++)
    n += p->rules[i].state == LQ_NONE;
  return n;
}

lq_status lq_conditions_make(lq_ruleset *rs)
{
  const lq_program *p = rs->program;
  size_t n = 0;
  rs->nwhole = whole_rules(p);
  rs->nconditions = rs->nwhole + p->nterms;
  rs->conditions = lq_mem_alloc(rs->mem, rs->nconditions, sizeof *rs->conditions);
  if (!rs->conditions)
    return LQ_E_NOMEM;
  for (uint32_t i = 0; i < p->nrules; i++) {
    if (p->rules[i].state == LQ_NONE)
      rs->conditions[n++] = (lq_condition){.rule = i, .term = LQ_NONE, .snippet = LQ_NONE};
  }
  for (uint32_t i = 0; i < p->nterms; i++) {
    uint32_t snippet = p->terms[i].snippet;
    rs->conditions[n++] = (lq_condition){
        .rule = p->snippets[snippet].rule, .term = i, .snippet = snippet, .reads = reads_of(p, snippet)};
  }
  return LQ_OK;
}

const lq_condition *lq_ruleset_conditions(const lq_ruleset *rs, size_t *n)
{
  *n = rs->nconditions;
  return rs->conditions;
}

const lq_condition *lq_ruleset_term(const lq_ruleset *rs, uint32_t term)
{
  return &rs->conditions[rs->nwhole + term];
}

// ---- what they read

// A field that is tied to a scope is read by way of the scope's elements.
void lq_conditions_add_field(const lq_ruleset *rs, uint32_t field, lq_slot_set *set)
{
  for (; field != LQ_NONE; field = rs->program->fields[field].scope)
    lq_slot_set_add(set, rs->slots[field]);
}

void lq_conditions_add_slots(const lq_ruleset *rs, uint32_t code, uint32_t ncode, lq_slot_set *set)
{
  const lq_program *p = rs->program;
  for (const lq_insn *i = p->code + code; i < p->code + code + ncode; i++) {
    char operand = lq_ops[i->op].operands[2];
    if (operand == 'p')
      lq_conditions_add_field(rs, p->predicates[i->c].field, set);
    else if (operand == 'f')
      lq_conditions_add_field(rs, i->c, set);
  }
}

lq_status lq_conditions_find_slots(lq_ruleset *rs)
{
  size_t n = lq_fieldmap_slots(rs->fields);
  if (lq_slot_set_init(&rs->of_rules, n, rs->mem) || lq_slot_set_init(&rs->of_all, n, rs->mem) ||
      lq_slot_set_init(&rs->every, n, rs->mem))
    return LQ_E_NOMEM;
  lq_slot_set_all(&rs->every);
  for (size_t i = 0; i < rs->nconditions; i++) {
    const lq_condition *c = &rs->conditions[i];
    const lq_rule_def *r = &rs->program->rules[c->rule];
    const lq_snippet *s = c->snippet == LQ_NONE ? NULL : &rs->program->snippets[c->snippet];
    uint32_t code = s ? s->code : r->code, ncode = s ? s->ncode : r->ncode;
    if (!s)
      lq_conditions_add_slots(rs, code, ncode, &rs->of_rules);
    if (!c->reads) // others are asked later, of the whole event
      lq_conditions_add_slots(rs, code, ncode, &rs->of_all);
  }
  return LQ_OK;
}

// ---- running them

// Each condition has the whole budget and all the scratch memory: what one spends on an event is not taken
// from others, else an event made for one could hide from the rest.
static lq_verdict run(lq_engine *e, lq_exec *x, const lq_condition *c)
{
  lq_arena_reset(&x->scratch);
  x->budget = e->rs->limits.budget;
  e->stats.rules_run++;
  lq_verdict v = c->snippet == LQ_NONE ? lq_exec_run(x, &e->rs->program->rules[c->rule])
                                       : lq_exec_truth(x, c->snippet);
  e->stats.indeterminate += v == LQ_VERDICT_INDETERMINATE;
  return v;
}

// *n: how many hold, or are to be asked later. By rule for whole rules, by term for others.
static lq_status run_all(lq_engine *e, lq_exec *x, const lq_condition *c, size_t count, uint32_t *out,
                         size_t *n)
{
  *n = 0;
  for (const lq_condition *end = c + count; c < end; c++) {
    lq_verdict v = c->reads ? LQ_VERDICT_YES : run(e, x, c);
    if (v == LQ_VERDICT_YES)
      out[(*n)++] = c->term == LQ_NONE ? c->rule : c->term;
    else if (v == LQ_VERDICT_INDETERMINATE && e->scratch_mem.out_of_memory)
      return LQ_E_NOMEM;
  }
  return LQ_OK;
}

lq_status lq_engine_ask_terms(lq_engine *e, lq_exec *x, uint32_t *out, size_t *n)
{
  const lq_ruleset *rs = e->rs;
  return run_all(e, x, rs->conditions + rs->nwhole, rs->nconditions - rs->nwhole, out, n);
}

lq_status lq_engine_need(lq_engine *e, lq_cursor *c, const lq_slot_set *set)
{
  size_t before = c->event->nvalues;
  lq_status status = lq_cursor_need(c, set);
  if (c->event->nvalues > before) { // folded texts are by value
    lq_arena_reset(&e->exec.folds);
    e->exec.folded = NULL;
  }
  return status;
}

lq_status lq_engine_need_all(lq_engine *e, lq_cursor *c)
{
  return lq_engine_need(e, c, &e->rs->every);
}

lq_status lq_engine_eval(lq_engine *e, lq_cursor *c, lq_engine_ask ask, lq_hits *out)
{
  *out = (lq_hits){.rules = e->rule_hits, .terms = e->term_hits};
  const lq_ruleset *rs = e->rs;
  lq_status status = lq_cursor_need(c, ask == LQ_ASK_ALL ? &rs->of_all : &rs->of_rules);
  if (status)
    return status;
  e->stats.events++;
  e->scratch_mem.out_of_memory = false;
  lq_engine_begin_event(e, &e->exec, c->event);
  status = run_all(e, &e->exec, rs->conditions, rs->nwhole, e->rule_hits, &out->nrules);
  if (!status && ask == LQ_ASK_ALL)
    status = lq_engine_ask_terms(e, &e->exec, e->term_hits, &out->nterms);
  e->stats.predicates_run = e->exec.predicates_run;
  e->stats.capped = e->exec.capped;
  return status;
}

void lq_engine_assume(lq_engine *e, lq_cursor *c)
{
  e->scratch_mem.out_of_memory = false;
  lq_engine_begin_event(e, &e->exec, c->event);
}

lq_status lq_engine_give(lq_engine *e, const lq_hits *hits, int (*match)(void *user, uint32_t rule),
                         void *user)
{
  for (size_t i = 0; i < hits->nrules; i++) {
    e->stats.matches++;
    e->rule_matches[hits->rules[i]]++;
    if (match(user, hits->rules[i]))
      return LQ_E_CANCELLED;
  }
  return LQ_OK;
}
