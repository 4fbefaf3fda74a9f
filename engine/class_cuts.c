// Gates in which tests of class fields are preferred to all others.
#include "engine/class_cuts.h"

#include "engine/internal.h"

enum { NO_CLASS_TEST = 1 << 28 }; // sets with another test are taken only where there is no choice

struct lq_class_cuts {
  const lq_mem *mem;
  lq_gate_range *gates; // by condition
  size_t ngates;
  uint32_t *ids; // of the gates
  size_t nids, ids_cap;
};

static bool add(lq_class_cuts *c, const lq_ruleset *rs, uint32_t condition, const lq_gate *g)
{
  bool all = g->kind == LQ_GATE_ANY;
  for (uint32_t i = 0; i < g->n && all; i++)
    all = lq_class_field_of(rs, g->ids[i]) != 0;
  lq_gate_range *range = &c->gates[condition];
  *range = (lq_gate_range){all ? LQ_GATE_ANY : LQ_GATE_NONE, (uint32_t)c->nids, all ? g->n : 0};
  for (uint32_t i = 0; i < range->n; i++) {
    if (!LQ_GROW(c->mem, c->ids, c->nids, &c->ids_cap))
      return false;
    c->ids[c->nids++] = g->ids[i];
  }
  return true;
}

// Conditions that are asked later have gates that everybody keeps to, and no others.
static bool find(lq_class_cuts *c, const lq_ruleset *rs, lq_gate_finder *f)
{
  bool fine = true;
  for (uint32_t i = 0, ncode; i < rs->nconditions && fine; i++) {
    const lq_insn *code = lq_condition_code(rs, &rs->conditions[i], &ncode);
    lq_gate g = {.kind = LQ_GATE_NONE};
    if (!rs->conditions[i].reads)
      g = lq_gate_find(f, (uint32_t)(code - rs->program->code), ncode, NULL);
    fine = !f->failed && add(c, rs, i, &g);
  }
  return fine;
}

static bool find_all(lq_class_cuts *c, const lq_ruleset *rs, uint32_t *rarity)
{
  lq_gate_finder f;
  for (uint32_t i = 0; i < rs->program->npredicates; i++)
    rarity[i] = lq_class_field_of(rs, i) ? rs->rarity[i] : NO_CLASS_TEST;
  if (lq_gate_finder_init(&f, rs->program, rarity, c->mem))
    return false;
  bool fine = find(c, rs, &f);
  lq_gate_finder_free(&f);
  return fine;
}

lq_class_cuts *lq_class_cuts_new(const lq_ruleset *rs, const lq_mem *mem)
{
  lq_class_cuts *c = lq_mem_alloc(mem, 1, sizeof *c);
  if (!c)
    return NULL;
  size_t n = rs->program->npredicates;
  uint32_t *rarity = lq_mem_alloc(mem, n, sizeof *rarity);
  c->mem = mem;
  c->ngates = rs->nconditions;
  c->gates = lq_mem_alloc(mem, c->ngates, sizeof *c->gates);
  bool fine = rarity && c->gates && find_all(c, rs, rarity);
  lq_mem_free(mem, rarity, n, sizeof *rarity);
  if (fine)
    return c;
  lq_class_cuts_free(c);
  return NULL;
}

void lq_class_cuts_free(lq_class_cuts *c)
{
  if (!c)
    return;
  lq_mem_free(c->mem, c->gates, c->ngates, sizeof *c->gates);
  lq_mem_free(c->mem, c->ids, c->ids_cap, sizeof *c->ids);
  lq_mem_free(c->mem, c, 1, sizeof *c);
}

bool lq_class_cuts_say_no(const lq_class_cuts *c, uint32_t condition, const uint8_t *known)
{
  const lq_gate_range *g = &c->gates[condition];
  for (uint32_t i = g->first; i < g->first + g->n; i++) {
    if (known[c->ids[i]] == 2)
      return false;
  }
  return g->kind != LQ_GATE_NONE;
}
