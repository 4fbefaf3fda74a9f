// A loaded rule set: the program, a slot for each field it reads, and its conditions.
#include "engine/internal.h"

enum { BUDGET = 1000000, SCRATCH = 16 << 20 };

static lq_status add_fields(lq_ruleset *rs)
{
  const lq_program *p = rs->program;
  for (size_t i = 0; i < p->nfields; i++) {
    const lq_field *f = &p->fields[i];
    // A scope stands before what is tied to it, so its slot is known.
    lq_field_spec spec = {
        .name = p->strings[f->name],
        .scope = f->scope == LQ_NONE ? LQ_NO_SLOT : rs->slots[f->scope],
        .is_scope = f->flags & LQ_FIELD_SCOPE,
    };
    lq_status status = lq_fieldmap_add(rs->fields, &spec, &rs->slots[i]);
    if (status)
      return status;
  }
  return LQ_OK;
}

lq_status lq_ruleset_new(lq_ruleset **out, lq_program *adopt, const lq_engine_limits *limits,
                         const lq_mem *mem)
{
  *out = NULL;
  lq_ruleset *rs = lq_mem_alloc(mem, 1, sizeof *rs);
  if (!rs) {
    lq_program_free(adopt);
    return LQ_E_NOMEM;
  }
  rs->mem = mem;
  rs->program = adopt;
  rs->limits = limits ? *limits : (lq_engine_limits){0};
  rs->limits.budget = rs->limits.budget ? rs->limits.budget : BUDGET;
  rs->limits.max_scratch = rs->limits.max_scratch ? rs->limits.max_scratch : SCRATCH;
  rs->slots = lq_mem_alloc(mem, adopt->nfields, sizeof *rs->slots);
  lq_status status = rs->slots ? lq_fieldmap_new(&rs->fields, mem) : LQ_E_NOMEM;
  if (!status)
    status = add_fields(rs);
  if (!status)
    status = lq_conditions_make(rs);
  if (!status && adopt->nlineages > 0)
    status = lq_process_add_fields(rs->fields, rs->process_slots);
  if (!status)
    status = lq_matchers_new(&rs->matchers, adopt, rs->slots, lq_fieldmap_slots(rs->fields), mem);
  if (!status)
    status = lq_conditions_find_slots(rs);
  if (!status)
    status = lq_later_find(rs);
  if (!status)
    status = lq_conditions_find_gates(rs);
  if (!status)
    status = lq_class_fields_find(rs);
  if (!status)
    status = lq_prefilter_make(&rs->sieve, adopt, mem);
  if (status)
    lq_ruleset_free(rs);
  else
    *out = rs;
  return status;
}

void lq_ruleset_free(lq_ruleset *rs)
{
  if (!rs)
    return;
  lq_sieve_free(rs->sieve, rs->mem);
  lq_slot_set_free(&rs->of_rules);
  lq_slot_set_free(&rs->of_all);
  lq_slot_set_free(&rs->every);
  lq_slot_set_free(&rs->of_lineage);
  lq_slot_set_free(&rs->of_processes);
  lq_slot_set_free(&rs->of_rows);
  lq_slot_set_free(&rs->later);
  lq_matchers_free(rs->matchers);
  if (rs->class_fields.has)
    lq_class_fields_free(rs);
  lq_gate_plan_free(&rs->plan);
  lq_fieldmap_free(rs->fields);
  lq_mem_free(rs->mem, rs->reads, rs->reads_cap, sizeof *rs->reads);
  lq_mem_free(rs->mem, rs->first_read, rs->nconditions + 1, sizeof *rs->first_read);
  lq_mem_free(rs->mem, rs->rarity, rs->program->npredicates, sizeof *rs->rarity);
  lq_mem_free(rs->mem, rs->gates, rs->nconditions, sizeof *rs->gates);
  lq_mem_free(rs->mem, rs->gate_ids, rs->gate_ids_cap, sizeof *rs->gate_ids);
  lq_mem_free(rs->mem, rs->conditions, rs->nconditions, sizeof *rs->conditions);
  lq_mem_free(rs->mem, rs->slots, rs->program->nfields, sizeof *rs->slots);
  lq_program_free(rs->program);
  lq_mem_free(rs->mem, rs, 1, sizeof *rs);
}

const lq_program *lq_ruleset_program(const lq_ruleset *rs)
{
  return rs->program;
}

const lq_fieldmap *lq_ruleset_fields(const lq_ruleset *rs)
{
  return rs->fields;
}

const lq_sieve *lq_ruleset_sieve(const lq_ruleset *rs)
{
  return rs->sieve;
}
