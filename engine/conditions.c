// The conditions of a rule set: what they are, what they read, and the gates before them.
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
  rs->nconditions = rs->nwhole + p->nterms + p->nlineages;
  rs->conditions = lq_mem_alloc(rs->mem, rs->nconditions, sizeof *rs->conditions);
  if (!rs->conditions)
    return LQ_E_NOMEM;
  for (uint32_t i = 0; i < p->nrules; i++) {
    if (p->rules[i].state == LQ_NONE)
      rs->conditions[n++] = (lq_condition){.rule = i, .term = LQ_NONE, .row = LQ_NONE, .snippet = LQ_NONE};
  }
  for (uint32_t i = 0; i < p->nterms; i++) {
    uint32_t snippet = p->terms[i].snippet;
    rs->conditions[n++] = (lq_condition){.rule = p->snippets[snippet].rule,
                                         .term = i,
                                         .row = LQ_NONE,
                                         .snippet = snippet,
                                         .reads = reads_of(p, snippet)};
  }
  for (uint32_t i = 0; i < p->nlineages; i++) {
    const lq_lineage_def *l = &p->lineages[i];
    rs->conditions[n++] = (lq_condition){
        .rule = l->rule, .term = LQ_NONE, .row = i, .snippet = l->snippet, .reads = LQ_READS_LINEAGE};
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

const lq_insn *lq_condition_code(const lq_ruleset *rs, const lq_condition *c, uint32_t *ncode)
{
  const lq_rule_def *r = &rs->program->rules[c->rule];
  const lq_snippet *s = c->snippet == LQ_NONE ? NULL : &rs->program->snippets[c->snippet];
  *ncode = s ? s->ncode : r->ncode;
  return rs->program->code + (s ? s->code : r->code);
}

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

// The slots of a set, behind those of the conditions before.
static bool keep_reads(lq_ruleset *rs, const lq_slot_set *set)
{
  uint32_t n = (uint32_t)lq_fieldmap_slots(rs->fields);
  for (uint32_t s = lq_slot_set_next(set, 0, n); s != LQ_NO_SLOT; s = lq_slot_set_next(set, s + 1, n)) {
    if (!LQ_GROW(rs->mem, rs->reads, rs->nreads, &rs->reads_cap))
      return false;
    rs->reads[rs->nreads++] = s;
  }
  return true;
}

static bool find_reads(lq_ruleset *rs, lq_slot_set *of_one)
{
  bool fine = true;
  for (uint32_t i = 0, ncode; i < rs->nconditions && fine; i++) {
    const lq_insn *code = lq_condition_code(rs, &rs->conditions[i], &ncode);
    rs->first_read[i] = (uint32_t)rs->nreads;
    if (of_one->n)
      memset(of_one->words, 0, of_one->n * sizeof *of_one->words);
    lq_conditions_add_slots(rs, (uint32_t)(code - rs->program->code), ncode, of_one);
    fine = keep_reads(rs, of_one);
  }
  rs->first_read[rs->nconditions] = (uint32_t)rs->nreads;
  return fine;
}

void lq_condition_add_reads(const lq_ruleset *rs, size_t condition, lq_slot_set *set)
{
  for (uint32_t i = rs->first_read[condition]; i < rs->first_read[condition + 1]; i++)
    lq_slot_set_add(set, rs->reads[i]);
}

lq_status lq_conditions_find_slots(lq_ruleset *rs)
{
  size_t n = lq_fieldmap_slots(rs->fields);
  if (lq_slot_set_init(&rs->of_rules, n, rs->mem) || lq_slot_set_init(&rs->of_all, n, rs->mem) ||
      lq_slot_set_init(&rs->every, n, rs->mem))
    return LQ_E_NOMEM;
  lq_slot_set_all(&rs->every);
  rs->first_read = lq_mem_alloc(rs->mem, rs->nconditions + 1, sizeof *rs->first_read);
  lq_slot_set of_one;
  bool fine = rs->first_read && !lq_slot_set_init(&of_one, n, rs->mem);
  if (fine) {
    fine = find_reads(rs, &of_one);
    lq_slot_set_free(&of_one);
  }
  for (size_t i = 0; i < rs->nconditions && fine; i++) {
    if (i < rs->nwhole)
      lq_condition_add_reads(rs, i, &rs->of_rules);
    if (!rs->conditions[i].reads) // others are asked later, of the whole event
      lq_condition_add_reads(rs, i, &rs->of_all);
  }
  return fine ? LQ_OK : LQ_E_NOMEM;
}

// ---- their gates

static bool keep_gate(lq_ruleset *rs, size_t condition, const lq_gate *g)
{
  rs->gates[condition] = (lq_gate_range){g->kind, (uint32_t)rs->ngate_ids, g->n};
  for (uint32_t i = 0; i < g->n; i++) {
    if (!LQ_GROW(rs->mem, rs->gate_ids, rs->ngate_ids, &rs->gate_ids_cap))
      return false;
    rs->gate_ids[rs->ngate_ids++] = g->ids[i];
  }
  return true;
}

static lq_status find_gates(lq_ruleset *rs, lq_gate_finder *f, lq_gate_plan_maker *m)
{
  for (uint32_t i = 0, ncode; i < rs->nconditions; i++) {
    const lq_insn *code = lq_condition_code(rs, &rs->conditions[i], &ncode);
    lq_gate g = lq_gate_find(f, (uint32_t)(code - rs->program->code), ncode, NULL);
    if (f->failed || !keep_gate(rs, i, &g) || !lq_gate_plan_add(m, i, &g))
      return LQ_E_NOMEM;
  }
  return lq_gate_plan_make(&rs->plan, m, rs, rs->mem);
}

static void add_gates_that_are_asked(lq_ruleset *rs)
{
  for (size_t i = rs->nwhole; i < rs->nconditions; i++) {
    const lq_gate_range *g = &rs->gates[i];
    for (uint32_t k = g->first; rs->conditions[i].reads && k < g->first + g->n; k++)
      lq_slot_set_add(&rs->of_all, rs->slots[rs->program->predicates[rs->gate_ids[k]].field]);
  }
}

lq_status lq_conditions_find_gates(lq_ruleset *rs)
{
  const lq_program *p = rs->program;
  lq_gate_finder f;
  lq_gate_plan_maker m;
  rs->rarity = lq_mem_alloc(rs->mem, p->npredicates, sizeof *rs->rarity);
  rs->gates = lq_mem_alloc(rs->mem, rs->nconditions, sizeof *rs->gates);
  if (!rs->rarity || !rs->gates)
    return LQ_E_NOMEM;
  lq_gate_rarities(p, rs->rarity);
  lq_status status = lq_gate_finder_init(&f, p, rs->rarity, rs->mem);
  if (status)
    return status;
  status = lq_gate_plan_maker_init(&m, p->npredicates, rs->mem);
  status = status ? status : find_gates(rs, &f, &m);
  lq_gate_plan_maker_free(&m);
  lq_gate_finder_free(&f);
  if (!status)
    add_gates_that_are_asked(rs);
  return status;
}
