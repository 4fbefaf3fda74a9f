// A plan is an inverted index: from the predicates in gates to the conditions behind them.
#include "engine/gate_plan.h"

#include "engine/internal.h"

void lq_gate_plan_begin(lq_gate_plan_maker *m)
{
  m->nalways = m->npairs = 0;
  m->nalive = 0;
}

bool lq_gate_plan_add(lq_gate_plan_maker *m, uint32_t condition, const lq_gate *gate)
{
  m->nalive += gate->kind != LQ_GATE_NEVER;
  if (gate->kind == LQ_GATE_NONE) {
    if (!LQ_GROW(m->mem, m->always, m->nalways, &m->always_cap))
      return false;
    m->always[m->nalways++] = condition;
  }
  for (uint32_t i = 0; gate->kind == LQ_GATE_ANY && i < gate->n; i++) {
    if (!LQ_GROW(m->mem, m->pairs, m->npairs, &m->pairs_cap))
      return false;
    m->pairs[m->npairs++] = (lq_gate_plan_pair){gate->ids[i], condition};
  }
  return true;
}

// How many pairs each predicate has, and how many have any.
static uint32_t count(lq_gate_plan_maker *m)
{
  uint32_t n = 0;
  for (size_t i = 0; i < m->npairs; i++)
    n += m->counts[m->pairs[i].predicate]++ == 0;
  return n;
}

static bool lay_out(lq_gate_plan *p, const lq_gate_plan_maker *m)
{
  size_t nplaces = 2;
  while (nplaces < (size_t)2 * p->ntests)
    nplaces *= 2;
  size_t nbits = (m->npredicates + 31) / 32;
  p->nwords = m->nalways + 3 * (size_t)p->ntests + 1 + m->npairs + nplaces + nbits;
  p->words = lq_mem_alloc(p->mem, p->nwords, sizeof *p->words);
  if (!p->words)
    return false;
  p->mask = (uint32_t)nplaces - 1;
  p->always = p->words;
  p->tests = p->always + m->nalways;
  p->first = p->tests + p->ntests;
  p->plain = p->first + p->ntests + 1;
  p->links = p->plain + p->ntests;
  p->places = p->links + m->npairs;
  p->has = p->places + nplaces;
  return true;
}

// Pairs come condition by condition, so the links of a test ascend.
static void fill(lq_gate_plan *p, const lq_gate_plan_maker *m)
{
  uint32_t test = 0, at = 0;
  if (m->nalways)
    memcpy(p->always, m->always, m->nalways * sizeof *p->always);
  for (uint32_t i = 0; test < p->ntests; i++) {
    if (!m->counts[i])
      continue;
    p->first[test] = at;
    at += m->counts[i];
    m->counts[i] = p->first[test];
    p->tests[test++] = i;
  }
  p->first[test] = at;
  for (size_t i = 0; i < m->npairs; i++)
    p->links[m->counts[m->pairs[i].predicate]++] = m->pairs[i].condition;
}

static void index_tests(lq_gate_plan *p)
{
  for (uint32_t i = 0; i < p->ntests; i++) {
    uint32_t h = lq_gate_plan_hash(p->tests[i]);
    while (p->places[h & p->mask])
      h++;
    p->places[h & p->mask] = i + 1;
    p->has[p->tests[i] / 32] |= UINT32_C(1) << p->tests[i] % 32;
  }
}

static uint32_t slot_of(const lq_ruleset *rs, uint32_t predicate)
{
  return rs->slots[rs->program->predicates[predicate].field];
}

static bool begins_run(const lq_gate_plan *p, const lq_ruleset *rs, uint32_t test)
{
  return test == 0 || slot_of(rs, p->tests[test]) != slot_of(rs, p->tests[test - 1]);
}

static bool find_runs(lq_gate_plan *p, const lq_ruleset *rs)
{
  for (uint32_t i = 0; i < p->ntests; i++)
    p->nruns += begins_run(p, rs, i);
  p->runs = lq_mem_alloc(p->mem, p->nruns, sizeof *p->runs);
  lq_gate_run *r = p->runs;
  uint32_t nplain = 0;
  for (uint32_t i = 0; r && i < p->ntests; i++) {
    if (begins_run(p, rs, i)) {
      r += i > 0;
      r->slot = slot_of(rs, p->tests[i]);
      r->first = i;
      r->first_plain = nplain;
    }
    r->end = i + 1;
    if (lq_matchers_covers(rs->matchers, p->tests[i]))
      continue;
    p->plain[nplain++] = i;
    r->nplain++;
  }
  return p->runs != NULL;
}

// What a plan asks for before it has candidates. Conditions that are asked later are candidates by their
// gates alone.
static void add_slots(lq_gate_plan *p, const lq_ruleset *rs)
{
  for (uint32_t i = 0; i < p->nruns; i++)
    lq_slot_set_add(&p->slots, p->runs[i].slot);
  for (uint32_t i = 0; i < p->nalways; i++) {
    if (!rs->conditions[p->always[i]].reads)
      lq_condition_add_reads(rs, p->always[i], &p->slots);
  }
}

static void clear_counts(lq_gate_plan_maker *m)
{
  for (size_t i = 0; i < m->npairs; i++)
    m->counts[m->pairs[i].predicate] = 0;
}

lq_status lq_gate_plan_make(lq_gate_plan *out, lq_gate_plan_maker *m, const lq_ruleset *rs, const lq_mem *mem)
{
  *out = (lq_gate_plan){.mem = mem,
                        .nalways = (uint32_t)m->nalways,
                        .ntests = count(m),
                        .nlinks = (uint32_t)m->npairs,
                        .nalive = m->nalive};
  bool fine = lay_out(out, m) && lq_slot_set_init(&out->slots, lq_fieldmap_slots(rs->fields), mem) == LQ_OK;
  if (fine) {
    fill(out, m);
    index_tests(out);
    fine = find_runs(out, rs);
  }
  clear_counts(m);
  if (fine)
    add_slots(out, rs);
  else
    lq_gate_plan_free(out);
  return fine ? LQ_OK : LQ_E_NOMEM;
}

lq_status lq_gate_plan_maker_init(lq_gate_plan_maker *m, size_t npredicates, const lq_mem *mem)
{
  *m = (lq_gate_plan_maker){.mem = mem, .npredicates = npredicates};
  m->counts = lq_mem_alloc(mem, npredicates, sizeof *m->counts);
  return m->counts ? LQ_OK : LQ_E_NOMEM;
}

void lq_gate_plan_maker_free(lq_gate_plan_maker *m)
{
  if (!m->mem)
    return;
  lq_mem_free(m->mem, m->counts, m->npredicates, sizeof *m->counts);
  lq_mem_free(m->mem, m->always, m->always_cap, sizeof *m->always);
  lq_mem_free(m->mem, m->pairs, m->pairs_cap, sizeof *m->pairs);
  *m = (lq_gate_plan_maker){0};
}

void lq_gate_plan_free(lq_gate_plan *p)
{
  if (p->mem)
    lq_mem_free(p->mem, p->words, p->nwords, sizeof *p->words);
  if (p->mem)
    lq_mem_free(p->mem, p->runs, p->nruns, sizeof *p->runs);
  lq_slot_set_free(&p->slots);
  *p = (lq_gate_plan){0};
}

size_t lq_gate_plan_size(const lq_gate_plan *p)
{
  return p->nwords * sizeof *p->words + p->nruns * sizeof *p->runs + p->slots.n * sizeof *p->slots.words;
}
