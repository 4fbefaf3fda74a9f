// Several rules of the small world in one set: their tables one after the other.
#include "tests/reference/rule_set.h"

static void add_rule(w_set *set, const w_rule *r)
{
  lq_state_tables *t = &set->tables;
  lq_state_def *d = &set->states[t->nstates++];
  *d = r->state;
  d->first_term = (uint32_t)t->nterms;
  d->first_stage = (uint32_t)t->nstages;
  for (size_t i = 0; i < r->nterms; i++) {
    lq_term_def *term = &set->terms[t->nterms + i];
    *term = r->terms[i];
    term->first_key += (uint32_t)t->nkeys;
    term->first_capture += (uint32_t)t->ncaptures;
  }
  for (size_t i = 0; i < r->nstages; i++) {
    set->stages[t->nstages + i] = r->stages[i];
    set->stages[t->nstages + i].first_arg += (uint32_t)t->nargs;
  }
  memcpy(set->refers + t->nterms, r->refers, r->nterms);
  memcpy(set->late + t->nterms, r->late, r->nterms);
  memcpy(set->keys + t->nkeys, r->keys, r->nkeys * sizeof *r->keys);
  memcpy(set->captures + t->ncaptures, r->captures, r->ncaptures * sizeof *r->captures);
  memcpy(set->args + t->nargs, r->args, r->nargs * sizeof *r->args);
  memcpy(set->aggregates + t->nargs, r->aggregates, r->nargs);
  t->nterms += r->nterms, t->nkeys += r->nkeys, t->ncaptures += r->ncaptures;
  t->nstages += r->nstages, t->nargs += r->nargs;
}

void w_set_make(w_set *set, const w_rule *rules, size_t n)
{
  *set = (w_set){0};
  set->tables = (lq_state_tables){.states = set->states,
                                  .terms = set->terms,
                                  .keys = set->keys,
                                  .captures = set->captures,
                                  .stages = set->stages,
                                  .args = set->args,
                                  .refers = set->refers,
                                  .aggregates = set->aggregates};
  for (size_t i = 0; i < n; i++)
    add_rule(set, &rules[i]);
}
