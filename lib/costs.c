// What rules, predicates and fields cost, as a scan that has a clock measured it.
#include "base/glob.h"
#include "lib/api.h"
#include "vm/disasm.h"

static lq_str name_rule(lq_scan *s, size_t i)
{
  const lq_program *p = s->bundle->program;
  return p->strings[p->rules[i].id];
}

static lq_str name_predicate(lq_scan *s, size_t i)
{
  lq_buf_clear(&s->cost_text);
  lq_disasm_predicate(&s->cost_text, s->bundle->program, (uint32_t)i);
  return lq_buf_get(&s->cost_text);
}

static lq_str name_field(lq_scan *s, size_t i)
{
  lq_buf_clear(&s->cost_text);
  lq_glob_plain(&s->cost_text, lq_fieldmap_spec(lq_ruleset_fields(s->bundle->rules), (uint32_t)i)->name);
  return lq_buf_get(&s->cost_text);
}

lq_status lq_scan_cost(lq_scan *s, uint32_t kind, size_t i, lq_cost_view *out)
{
  if (!s || !lq_api_has_room(out))
    return LQ_E_USAGE;
  const lq_profile *p = lq_engine_profile(s->engine);
  if (!p)
    return LQ_E_NOTFOUND;
  const struct {
    const lq_cost *costs;
    size_t n;
    lq_str (*name)(lq_scan *s, size_t i);
  } kinds[] = {[LQ_COST_RULE] = {p->rules, p->nrules, name_rule},
               [LQ_COST_PREDICATE] = {p->predicates, p->npredicates, name_predicate},
               [LQ_COST_FIELD] = {p->slots, p->nslots, name_field}};
  if (kind >= sizeof kinds / sizeof *kinds || i >= kinds[kind].n)
    return LQ_E_NOTFOUND;
  lq_cost_view v = {.runs = kinds[kind].costs[i].runs, .ns = kinds[kind].costs[i].ns};
  if (v.runs > 0)
    v.what = lq_text_of(kinds[kind].name(s, i));
  else
    v.what = lq_text_of(LQ_STR(""));
  return s->cost_text.failed ? LQ_E_NOMEM : lq_api_give(out, &v, sizeof v);
}
