// The verifier of rules: what each is made of, in the one order that vm/state.h gives. Rows are walked as
// they must lie, so whatever is skipped, shared or left over is seen at once; nothing is searched.
#include "vm/verify.h"

#include "stdlib/functions.h"

// Where the next row of each table must begin.
typedef struct lq_owners {
  const lq_program *p;
  lq_fault *f;
  void *scratch;
  bool measure;
  uint32_t rule, code_end; // the rule at hand, and where its code ends
  uint64_t cost;           // of its snippets so far
  uint32_t stack;
  size_t code, meta, snippet, state, term, key, capture, stage, arg;
  uint32_t lineage, lineages_end; // that the rule's code asks for next
} lq_owners;

static bool fault_at(const lq_owners *w, lq_section section, size_t row, lq_reason reason)
{
  *w->f = (lq_fault){.reason = reason, .section = section, .at = row};
  return false;
}

static bool is_text(const lq_program *p, uint32_t id)
{
  return id < p->nstrings;
}

static bool is_text_or_none(const lq_program *p, uint32_t id)
{
  return id == LQ_NONE || id < p->nstrings;
}

// ---- snippets

static bool measured(lq_owners *w, lq_section section, size_t row, uint32_t *have_stack, uint32_t *have_cost,
                     uint32_t stack, uint32_t cost)
{
  if (w->measure)
    *have_stack = stack, *have_cost = cost;
  if (*have_stack != stack)
    return fault_at(w, section, row, LQ_REASON_RULE_STACK);
  return *have_cost == cost || fault_at(w, section, row, LQ_REASON_RULE_COST);
}

// The next snippet, which row `row` of `section` says is its own.
static bool snippet(lq_owners *w, uint32_t index, lq_reach reach, lq_section section, size_t row)
{
  const lq_program *p = w->p;
  uint32_t stack = 0, cost = 0;
  if (index != w->snippet || index >= p->nsnippets)
    return fault_at(w, section, row, LQ_REASON_SNIPPET_OWNER);
  lq_snippet *s = &p->snippets[index];
  if (s->rule != w->rule)
    return fault_at(w, LQ_SECTION_SNIPPETS, index, LQ_REASON_SNIPPET_OWNER);
  if (s->code != w->code || s->ncode == 0 || s->ncode > w->code_end - w->code)
    return fault_at(w, LQ_SECTION_SNIPPETS, index, LQ_REASON_SNIPPET_CODE);
  if (s->gives != (uint32_t)reach.gives)
    return fault_at(w, LQ_SECTION_SNIPPETS, index, LQ_REASON_SNIPPET_GIVES);
  reach.lineage = w->lineage;
  reach.lineages_end = w->lineages_end;
  if (!lq_verify_snippet(p, p->code + s->code, s->ncode, &reach, w->scratch, &stack, &cost, w->f)) {
    w->f->at += s->code;
    return false;
  }
  w->lineage = reach.lineage;
  w->code += s->ncode;
  w->snippet++;
  w->cost += cost;
  w->stack = stack > w->stack ? stack : w->stack;
  return measured(w, LQ_SECTION_SNIPPETS, index, &s->max_stack, &s->cost, stack, cost);
}

// ---- terms

static lq_reason term_row(const lq_owners *w, const lq_state_def *d, uint32_t i)
{
  const lq_program *p = w->p;
  const lq_term_def *t = &p->terms[d->first_term + i];
  bool negated = t->flags & LQ_TERM_NEGATED, until = i == d->nterms, alone = d->kind == LQ_STATE_EVENT;
  bool fork = t->flags & LQ_TERM_FORK;
  if (t->flags & ~(uint32_t)(LQ_TERM_NEGATED | LQ_TERM_FORK) ||
      (fork && (negated || until || i == 0 || d->kind != LQ_STATE_SEQUENCE)) ||
      (negated && (until || d->kind != LQ_STATE_SEQUENCE)))
    return LQ_REASON_TERM_FLAGS;
  if (negated && d->maxspan < 0)
    return LQ_REASON_STATE_SPAN;
  if (t->runs < 1 || t->runs > LQ_RUNS_MAX || (t->runs > 1 && (negated || until || alone)))
    return LQ_REASON_TERM_RUNS;
  if (t->first_key != w->key || t->nkeys > LQ_KEYS_MAX || t->nkeys > p->nkeys - w->key ||
      t->nkeys != p->terms[d->first_term].nkeys || (alone && t->nkeys))
    return LQ_REASON_TERM_KEYS;
  if (t->first_capture != w->capture || t->ncaptures > p->ncaptures - w->capture ||
      (t->ncaptures && (until || alone)))
    return LQ_REASON_TERM_CAPTURES;
  return is_text_or_none(p, t->alias) ? LQ_REASON_NONE : LQ_REASON_STRING_ID;
}

static bool key(lq_owners *w)
{
  const lq_key_def *k = &w->p->keys[w->key];
  if (k->flags & ~(uint32_t)LQ_KEY_OPTIONAL)
    return fault_at(w, LQ_SECTION_KEYS, w->key, LQ_REASON_KEY_FLAGS);
  if (!is_text(w->p, k->name))
    return fault_at(w, LQ_SECTION_KEYS, w->key, LQ_REASON_STRING_ID);
  lq_reach reach = {.gives = LQ_GIVES_VALUE, .event = true};
  return snippet(w, k->snippet, reach, LQ_SECTION_KEYS, w->key++);
}

static bool capture(lq_owners *w)
{
  uint32_t f = w->p->captures[w->capture].field;
  bool fine = f < w->p->nfields && w->p->fields[f].scope == LQ_NONE &&
              !(w->p->fields[f].flags & LQ_FIELD_SCOPE);
  return fine ? w->capture++, true : fault_at(w, LQ_SECTION_CAPTURES, w->capture, LQ_REASON_CAPTURE_FIELD);
}

static bool term(lq_owners *w, const lq_state_def *d, uint32_t i)
{
  lq_reason r = term_row(w, d, i);
  if (r)
    return fault_at(w, LQ_SECTION_TERMS, w->term, r);
  const lq_term_def *terms = &w->p->terms[d->first_term], *t = terms + i;
  // Only a sequence has earlier events when a term is tried; when `until` is, there may be many partial
  // matches.
  bool refers = d->kind == LQ_STATE_SEQUENCE && i < d->nterms;
  lq_reach reach = {.gives = LQ_GIVES_TRUTH, .event = true, .terms = terms, .nterms = refers ? i : 0};
  if (!snippet(w, t->snippet, reach, LQ_SECTION_TERMS, w->term++))
    return false;
  for (uint32_t k = 0; k < t->nkeys; k++) {
    if (!key(w))
      return false;
  }
  for (uint32_t c = 0; c < t->ncaptures; c++) {
    if (!capture(w))
      return false;
  }
  return true;
}

// ---- stages

static bool number_fits(const lq_stage_def *s)
{
  switch ((lq_stage_op)s->op) {
  case LQ_DO_HEAD:
  case LQ_DO_TAIL:
  case LQ_DO_SUPPRESS:
  case LQ_DO_NEW_TERMS: return s->number >= 0;
  case LQ_DO_STATS: return s->number >= -1;
  case LQ_DO_WHERE:
  case LQ_DO_SORT:
  case LQ_DO_UNIQUE:
  case LQ_DO_COUNT:
  case LQ_DO_UNIQUE_COUNT:
  case LQ_DO_KEEP:
  case LQ_DO_DROP:
  case LQ_DO_EVAL:
  case LQ_DO_COUNT_OF_OPS: break;
  }
  return s->number == -1;
}

static bool args_fit(const lq_stage_def *s)
{
  if (s->nby && (s->op != LQ_DO_STATS || s->nby >= s->nargs))
    return false;
  if (s->op == LQ_DO_WHERE)
    return s->nargs == 1;
  if (s->op == LQ_DO_HEAD || s->op == LQ_DO_TAIL)
    return s->nargs == 0;
  return s->op == LQ_DO_COUNT || s->op == LQ_DO_UNIQUE_COUNT || s->nargs > 0;
}

static lq_reason stage_row(const lq_owners *w, const lq_stage_def *s)
{
  if (s->op >= LQ_DO_COUNT_OF_OPS || s->flags & ~(uint32_t)LQ_STAGE_DESCENDING ||
      (s->flags && s->op != LQ_DO_SORT))
    return LQ_REASON_STAGE_OP;
  if (!number_fits(s))
    return LQ_REASON_STAGE_NUMBER;
  if (s->first_arg != w->arg || s->nargs > LQ_STAGE_ARGS_MAX || s->nargs > w->p->nstage_args - w->arg ||
      !args_fit(s))
    return LQ_REASON_STAGE_ARGS;
  return LQ_REASON_NONE;
}

static bool is_aggregate(uint32_t function)
{
  return function < LQ_FN_COUNT && lq_functions[function].flags & LQ_FN_AGGREGATE;
}

// Argument k of the stage.
static bool arg(lq_owners *w, const lq_stage_def *s, uint32_t k, lq_reach reach)
{
  const lq_stage_arg *a = &w->p->stage_args[w->arg];
  bool aggregates = s->op == LQ_DO_STATS && k < s->nargs - s->nby;
  if (aggregates ? !is_aggregate(a->function) : a->function != LQ_NONE)
    return fault_at(w, LQ_SECTION_STAGEARGS, w->arg, LQ_REASON_STAGE_FUNCTION);
  if (s->op == LQ_DO_WHERE ? a->name != LQ_NONE : !is_text(w->p, a->name))
    return fault_at(w, LQ_SECTION_STAGEARGS, w->arg, LQ_REASON_STRING_ID);
  bool bare = s->op == LQ_DO_DROP || (aggregates && lq_function_max_args(&lq_functions[a->function]) == 0);
  size_t row = w->arg++;
  if (bare)
    return a->snippet == LQ_NONE || fault_at(w, LQ_SECTION_STAGEARGS, row, LQ_REASON_STAGE_ARGS);
  reach.gives = s->op == LQ_DO_WHERE ? LQ_GIVES_TRUTH : LQ_GIVES_VALUE;
  return snippet(w, a->snippet, reach, LQ_SECTION_STAGEARGS, row);
}

// What later stages read when this one is done.
static void move_reach(lq_reach *reach, const lq_stage_def *s)
{
  uint32_t counts = 2 + (s->nargs > 0);
  if (s->op == LQ_DO_EVAL)
    reach->ncolumns += s->nargs;
  if (s->op == LQ_DO_COUNT || s->op == LQ_DO_UNIQUE_COUNT)
    reach->ncolumns += counts;
  if (s->op == LQ_DO_STATS)
    reach->ncolumns = s->nargs;
  if (s->op == LQ_DO_STATS || s->op == LQ_DO_COUNT)
    reach->event = false, reach->nterms = 0;
}

static bool stages(lq_owners *w, const lq_state_def *d)
{
  bool event = d->kind == LQ_STATE_EVENT;
  lq_reach reach = {.event = event, .terms = w->p->terms + d->first_term, .nterms = event ? 0 : d->nterms};
  for (uint32_t i = 0; i < d->nstages; i++) {
    const lq_stage_def *s = &w->p->stages[w->stage];
    lq_reason r = stage_row(w, s);
    if (r)
      return fault_at(w, LQ_SECTION_STAGES, w->stage, r);
    for (uint32_t k = 0; k < s->nargs; k++) {
      if (!arg(w, s, k, reach))
        return false;
    }
    move_reach(&reach, s);
    if (reach.ncolumns > LQ_COLUMNS_MAX)
      return fault_at(w, LQ_SECTION_STAGES, w->stage, LQ_REASON_STAGE_ARGS);
    w->stage++;
  }
  return true;
}

// ---- states

static bool kind_fits(const lq_state_def *d)
{
  if (d->kind > LQ_STATE_JOIN || d->until > 1 ||
      d->flags & ~(uint32_t)(LQ_STATE_UNTIL_FIRST | LQ_STATE_NULL_KEYS))
    return false;
  if (d->kind == LQ_STATE_EVENT)
    return d->nterms == 1 && !d->until && !d->flags;
  return d->kind != LQ_STATE_SAMPLE || !d->until;
}

static lq_reason state_row(const lq_owners *w, const lq_state_def *d)
{
  const lq_program *p = w->p;
  if (d->rule != w->rule)
    return LQ_REASON_RULE_STATE;
  if (!kind_fits(d))
    return LQ_REASON_STATE_KIND;
  if (d->maxspan < -1 || (d->kind != LQ_STATE_SEQUENCE && d->maxspan != -1))
    return LQ_REASON_STATE_SPAN;
  size_t left = p->nterms - w->term;
  if (d->first_term != w->term || d->nterms < 1 || d->nterms > LQ_TERMS_MAX || d->nterms > left ||
      d->until > left - d->nterms)
    return LQ_REASON_STATE_TERMS;
  if (d->first_stage != w->stage || d->nstages > LQ_STAGES_MAX || d->nstages > p->nstages - w->stage)
    return LQ_REASON_STATE_STAGES;
  return LQ_REASON_NONE;
}

static bool has_enough_terms(const lq_program *p, const lq_state_def *d)
{
  uint32_t runs = 0;
  bool positive = false;
  for (uint32_t i = 0; i < d->nterms; i++) {
    runs += p->terms[d->first_term + i].runs;
    positive = positive || !(p->terms[d->first_term + i].flags & LQ_TERM_NEGATED);
  }
  return positive && runs >= (d->kind == LQ_STATE_EVENT ? 1u : 2u);
}

static bool state(lq_owners *w)
{
  const lq_state_def *d = &w->p->states[w->state];
  lq_reason r = state_row(w, d);
  if (r)
    return fault_at(w, LQ_SECTION_STATES, w->state, r);
  for (uint32_t i = 0; i < d->nterms + d->until; i++) {
    if (!term(w, d, i))
      return false;
  }
  if (!has_enough_terms(w->p, d))
    return fault_at(w, LQ_SECTION_STATES, w->state, LQ_REASON_STATE_TERMS);
  w->state++;
  return stages(w, d);
}

// ---- lineage

// Rows are numbered as they are asked for: those of the rule's own code first, then those that these ask for.
// So the depths are runs of rows, and a row cannot ask for itself.
static bool lineages(lq_owners *w, uint32_t first)
{
  for (int depth = 0; depth < LQ_LINEAGE_DEPTH_MAX && first < w->lineage; depth++) {
    for (uint32_t end = w->lineage; first < end; first++) {
      const lq_lineage_def *l = &w->p->lineages[first];
      if (l->kind >= LQ_OF_COUNT)
        return fault_at(w, LQ_SECTION_LINEAGES, first, LQ_REASON_LINEAGE_ROW);
      lq_reach reach = {.gives = LQ_GIVES_TRUTH, .event = true};
      if (!snippet(w, l->snippet, reach, LQ_SECTION_LINEAGES, first))
        return false;
    }
  }
  if (first < w->lineage)
    return fault_at(w, LQ_SECTION_LINEAGES, first, LQ_REASON_LINEAGE_ROW);
  return w->lineage == w->lineages_end || fault_at(w, LQ_SECTION_LINEAGES, w->lineage, LQ_REASON_STATE_TILES);
}

// ---- rules

static lq_reason rule_row(const lq_owners *w, const lq_rule_def *r)
{
  const lq_program *p = w->p;
  if (!is_text(p, r->id) || !is_text(p, r->name) || !is_text_or_none(p, r->source))
    return LQ_REASON_STRING_ID;
  if (w->rule > 0 && p->rules[w->rule - 1].id >= r->id)
    return LQ_REASON_RULE_ID;
  if (r->flags)
    return LQ_REASON_RESERVED;
  if (r->code != w->code || r->ncode == 0 || r->ncode > LQ_RULE_CODE_MAX || r->ncode > p->ncode - w->code)
    return LQ_REASON_RULE_CODE;
  if (r->nmeta ? r->meta != w->meta || r->nmeta > p->nmeta - w->meta : r->meta != LQ_NONE)
    return LQ_REASON_RULE_META;
  return r->state == LQ_NONE || (r->state == w->state && r->state < p->nstates) ? LQ_REASON_NONE
                                                                                : LQ_REASON_RULE_STATE;
}

static bool parts(lq_owners *w, const lq_rule_def *r)
{
  lq_reach condition = {.gives = LQ_GIVES_TRUTH, .event = true};
  uint32_t first = w->lineage;
  if (r->state == LQ_NONE)
    return snippet(w, (uint32_t)w->snippet, condition, LQ_SECTION_RULES, w->rule);
  while (w->lineages_end < w->p->nlineages && w->p->lineages[w->lineages_end].rule == w->rule)
    w->lineages_end++;
  return state(w) && lineages(w, first);
}

static bool rule(lq_owners *w)
{
  lq_rule_def *r = &w->p->rules[w->rule];
  lq_reason why = rule_row(w, r);
  if (why)
    return fault_at(w, LQ_SECTION_RULES, w->rule, why);
  w->code_end = r->code + r->ncode;
  w->meta += r->nmeta;
  w->cost = w->stack = 0;
  if (!parts(w, r))
    return false;
  if (w->code != w->code_end)
    return fault_at(w, LQ_SECTION_RULES, w->rule, LQ_REASON_RULE_TILES);
  uint32_t cost = w->cost > UINT32_MAX ? UINT32_MAX : (uint32_t)w->cost;
  return measured(w, LQ_SECTION_RULES, w->rule, &r->max_stack, &r->cost, w->stack, cost);
}

// Nothing may be left over.
static bool tiled(const lq_owners *w)
{
  const lq_program *p = w->p;
  const struct {
    lq_section section;
    size_t done, all;
    lq_reason reason;
  } tables[] = {
      {LQ_SECTION_CODE, w->code, p->ncode, LQ_REASON_RULE_TILES},
      {LQ_SECTION_META, w->meta, p->nmeta, LQ_REASON_META_TILES},
      {LQ_SECTION_SNIPPETS, w->snippet, p->nsnippets, LQ_REASON_SNIPPET_TILES},
      {LQ_SECTION_STATES, w->state, p->nstates, LQ_REASON_STATE_TILES},
      {LQ_SECTION_TERMS, w->term, p->nterms, LQ_REASON_STATE_TILES},
      {LQ_SECTION_KEYS, w->key, p->nkeys, LQ_REASON_STATE_TILES},
      {LQ_SECTION_CAPTURES, w->capture, p->ncaptures, LQ_REASON_STATE_TILES},
      {LQ_SECTION_STAGES, w->stage, p->nstages, LQ_REASON_STATE_TILES},
      {LQ_SECTION_STAGEARGS, w->arg, p->nstage_args, LQ_REASON_STATE_TILES},
      {LQ_SECTION_LINEAGES, w->lineages_end, p->nlineages, LQ_REASON_STATE_TILES},
  };
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    if (tables[i].done != tables[i].all)
      return fault_at(w, tables[i].section, tables[i].done, tables[i].reason);
  }
  return true;
}

bool lq_verify_rules(const lq_program *p, bool measure, void *scratch, lq_fault *fault)
{
  lq_owners w = {.p = p, .f = fault, .scratch = scratch, .measure = measure};
  for (; w.rule < p->nrules; w.rule++) {
    if (!rule(&w))
      return false;
  }
  return tiled(&w);
}
