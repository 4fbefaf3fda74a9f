// What a partition has to know of a rule set: the tables of its stateful rules, and who they are.
#include "state/rule_tables.h"

#include <blake2.h>

#include "engine/internal.h"
#include "stdlib/functions.h"

static lq_aggregate aggregate_of(uint32_t function)
{
  switch (function) {
#define LQ_AGGREGATE(name, function, keeps)                                                                  \
  case LQ_FN_##function:                                                                                     \
    return LQ_AGG_##name;
#include "state/aggregates.def"
#undef LQ_AGGREGATE
  }
  return LQ_AGG_NONE;
}

static void add32(blake2b_state *b, uint32_t v)
{
  uint8_t bytes[4] = {(uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24)};
  blake2b_update(b, bytes, sizeof bytes);
}

static void add64(blake2b_state *b, int64_t v)
{
  add32(b, (uint32_t)v);
  add32(b, (uint32_t)((uint64_t)v >> 32));
}

static void add_text(blake2b_state *b, const lq_program *p, uint32_t text)
{
  lq_str s = text == LQ_NONE ? (lq_str){0} : p->strings[text];
  add32(b, (uint32_t)s.n);
  if (s.n)
    blake2b_update(b, (const uint8_t *)s.p, s.n);
}

static void add_terms(blake2b_state *b, const lq_program *p, const lq_state_def *d)
{
  for (uint32_t i = d->first_term; i < d->first_term + d->nterms + d->until; i++) {
    const lq_term_def *t = &p->terms[i];
    add32(b, t->flags), add32(b, t->runs), add32(b, t->nkeys), add32(b, t->ncaptures);
    for (uint32_t k = 0; k < t->nkeys; k++) {
      add32(b, p->keys[t->first_key + k].flags);
      add_text(b, p, p->keys[t->first_key + k].name);
    }
    for (uint32_t k = 0; k < t->ncaptures; k++)
      add_text(b, p, p->fields[p->captures[t->first_capture + k].field].name);
  }
}

static void add_stages(blake2b_state *b, const lq_program *p, const lq_state_def *d)
{
  for (uint32_t i = d->first_stage; i < d->first_stage + d->nstages; i++) {
    const lq_stage_def *s = &p->stages[i];
    add32(b, s->op), add32(b, s->flags), add64(b, s->number), add32(b, s->nargs), add32(b, s->nby);
    for (uint32_t k = 0; k < s->nargs; k++) {
      add32(b, p->stage_args[s->first_arg + k].function);
      add_text(b, p, p->stage_args[s->first_arg + k].name);
    }
  }
}

// What a rule means, as far as what it remembers depends on it: its text and its tables, with names for
// numbers that another bundle would number anew. A rule whose text was stripped is only itself in the same
// bundle.
static void schema_of(const lq_program *p, const lq_state_def *d, uint8_t out[16])
{
  blake2b_state b;
  const lq_rule_def *r = &p->rules[d->rule];
  if (blake2b_init(&b, 16) != 0)
    return;
  add_text(&b, p, r->source);
  if (r->source == LQ_NONE)
    blake2b_update(&b, p->digest, sizeof p->digest);
  add32(&b, d->kind), add32(&b, d->flags), add64(&b, d->maxspan), add32(&b, d->nterms), add32(&b, d->until),
      add32(&b, d->nstages);
  add_terms(&b, p, d);
  add_stages(&b, p, d);
  blake2b_final(&b, out, 16);
}

static void fill(lq_rule_tables *t)
{
  const lq_program *p = t->program;
  t->tables = (lq_state_tables){p->states,     p->nstates,     p->terms,     p->nterms,    p->keys,
                                p->nkeys,      p->captures,    p->ncaptures, p->stages,    p->nstages,
                                p->stage_args, p->nstage_args, t->refers,    t->aggregates};
  for (uint32_t i = 0; i < p->nterms; i++) {
    uint8_t reads = lq_ruleset_term(t->rules, i)->reads;
    t->refers[i] = (reads & LQ_READS_TERMS) != 0;
    t->late[i] = (reads & LQ_READS_LINEAGE) != 0;
  }
  for (uint32_t i = 0; i < p->nstage_args; i++)
    t->aggregates[i] = (uint8_t)aggregate_of(p->stage_args[i].function);
  for (uint32_t i = 0; i < p->nstates; i++)
    t->ids[i] = p->strings[p->rules[p->states[i].rule].id];
}

// Only saved state asks for them, and hashing the texts of all rules takes as long as the rest of a scan's
// start.
static void find_schemas(void *user)
{
  lq_rule_tables *t = user;
  for (uint32_t i = 0; i < t->program->nstates && !t->has_schemas; i++)
    schema_of(t->program, &t->program->states[i], t->schemas[i]);
  t->has_schemas = true;
}

lq_status lq_rule_tables_make(lq_rule_tables *t, const lq_ruleset *rules, const lq_mem *mem)
{
  const lq_program *p = rules->program;
  *t = (lq_rule_tables){.mem = mem, .rules = rules, .program = p};
  t->refers = lq_mem_alloc(mem, p->nterms, 1);
  t->late = lq_mem_alloc(mem, p->nterms, 1);
  t->aggregates = lq_mem_alloc(mem, p->nstage_args, 1);
  t->ids = lq_mem_alloc(mem, p->nstates, sizeof *t->ids);
  t->schemas = lq_mem_alloc(mem, p->nstates, sizeof *t->schemas);
  if (!t->refers || !t->late || !t->aggregates || !t->ids || !t->schemas) {
    lq_rule_tables_free(t);
    return LQ_E_NOMEM;
  }
  fill(t);
  return LQ_OK;
}

void lq_rule_tables_free(lq_rule_tables *t)
{
  const lq_program *p = t->program;
  if (!p)
    return;
  lq_mem_free(t->mem, t->refers, p->nterms, 1);
  lq_mem_free(t->mem, t->late, p->nterms, 1);
  lq_mem_free(t->mem, t->aggregates, p->nstage_args, 1);
  lq_mem_free(t->mem, t->ids, p->nstates, sizeof *t->ids);
  lq_mem_free(t->mem, t->schemas, p->nstates, sizeof *t->schemas);
  *t = (lq_rule_tables){0};
}

void lq_rule_tables_config(lq_rule_tables *t, lq_partition_config *c)
{
  const lq_program *p = t->program;
  c->tables = &t->tables;
  c->lineages = p->lineages;
  c->nlineages = p->nlineages;
  c->late = t->late;
  c->fields = t->rules->fields;
  c->of_rows = lq_ruleset_of_rows(t->rules);
  c->rules = t->ids;
  c->schemas = (const uint8_t(*)[16])t->schemas;
  c->find_schemas = find_schemas;
  c->schemas_user = t;
  memcpy(c->bundle, p->digest, sizeof c->bundle);
}
