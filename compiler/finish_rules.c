// Pools to a canonical program: rules and what belongs to them, in the order of their ids.
#include "compiler/finish.h"
#include "stdlib/functions.h"
#include "vm/verify.h"

// ---- what is used

static void use_text(lq_finisher *f, uint32_t i)
{
  if (i != LQ_NONE)
    lq_finish_use(&f->strings, i);
}

static void use_state(lq_finisher *f, const lq_code *c)
{
  for (size_t i = 0; i < c->terms.n; i++)
    use_text(f, c->terms.v[i].alias);
  for (size_t i = 0; i < c->keys.n; i++)
    use_text(f, c->keys.v[i].name);
  for (size_t i = 0; i < c->captures.n; i++)
    lq_finish_use_field(f, c->captures.v[i].field);
  for (size_t i = 0; i < c->args.n; i++) {
    use_text(f, c->args.v[i].row.name);
    use_text(f, c->args.v[i].function_name);
  }
}

void lq_finish_use_rule(lq_finisher *f, const lq_rule_row *r)
{
  lq_finish_use(&f->strings, r->id);
  lq_finish_use(&f->strings, r->name);
  if (r->source != LQ_NONE)
    lq_finish_use(&f->strings, r->source);
  for (uint32_t i = 0; i < r->nmeta; i++) {
    lq_finish_use(&f->strings, f->c->meta[r->meta + i].key);
    lq_finish_use(&f->strings, f->c->meta[r->meta + i].value);
  }
  for (size_t i = 0; i < r->code.n; i++)
    lq_finish_use_operand(f, lq_ops[r->code.insns[i].op].operands[2], r->code.insns[i].c);
  for (size_t i = 0; i < r->code.nfields; i++)
    lq_finish_use_field(f, r->code.fields[i]);
  use_state(f, &r->code);
}

// ---- rules

static uint32_t mapped_operand(const lq_finisher *f, char letter, uint32_t i)
{
  switch (letter) {
  case 'p': return f->predicates.map[i];
  case 'f': return f->fields.map[i];
  case 'k': return f->consts.map[i];
  case 's': return f->sets.map[i];
  case 'c': return f->functions.map[i];
  default: return i;
  }
}

// Conditions that a rule file adds stand nowhere in the query's text: an empty place at its beginning.
static lq_span place_in(const lq_clause *c, lq_str source)
{
  bool inside = c->span.start <= c->span.end && c->span.end <= source.n;
  return inside ? c->span : (lq_span){0, 0};
}

static void add_clauses(lq_finisher *f, const lq_rule_row *r, uint32_t code)
{
  lq_program *p = &f->p;
  for (size_t i = 0; i < r->code.nclauses && r->source != LQ_NONE; i++) {
    const lq_clause *c = &r->code.clauses[i];
    lq_span place = place_in(c, f->pool->strings.keys[r->source]);
    p->debug[p->ndebug++] = (lq_debug){
        .pc = code + c->pc,
        .start = place.start,
        .end = place.end,
        .field = (uint32_t)p->ndebug_fields,
        .nfields = c->nfields,
        .flags = c->negated ? LQ_DEBUG_NEGATED : 0,
    };
    for (uint32_t k = 0; k < c->nfields; k++)
      p->debug_fields[p->ndebug_fields++] = f->fields.map[r->code.fields[c->field + k]];
  }
}

// ---- state

static uint32_t mapped_text(const lq_finisher *f, uint32_t i)
{
  return i == LQ_NONE ? LQ_NONE : f->strings.map[i];
}

static uint32_t moved(uint32_t index, uint32_t base)
{
  return index == LQ_NONE ? LQ_NONE : base + index;
}

static void add_term(lq_finisher *f, const lq_code *c, uint32_t index, uint32_t snippet, uint32_t first_key)
{
  lq_program *p = &f->p;
  lq_term_def t = c->terms.v[index];
  t.snippet += snippet;
  t.first_key += first_key;
  t.alias = mapped_text(f, t.alias);
  t.first_capture = (uint32_t)p->ncaptures;
  for (size_t i = 0; i < c->captures.n; i++) {
    if (c->captures.v[i].term == index)
      p->captures[p->ncaptures++].field = f->fields.map[c->captures.v[i].field];
  }
  t.ncaptures = (uint32_t)p->ncaptures - t.first_capture;
  p->terms[p->nterms++] = t;
}

static void add_stages(lq_finisher *f, const lq_code *c, uint32_t snippet)
{
  lq_program *p = &f->p;
  uint32_t first_arg = (uint32_t)p->nstage_args;
  for (size_t i = 0; i < c->stages.n; i++) {
    lq_stage_def s = c->stages.v[i];
    s.first_arg += first_arg;
    p->stages[p->nstages++] = s;
  }
  for (size_t i = 0; i < c->args.n; i++) {
    lq_stage_arg a = c->args.v[i].row;
    a.snippet = moved(a.snippet, snippet);
    a.name = mapped_text(f, a.name);
    p->stage_args[p->nstage_args++] = a;
  }
}

// Everything counts from the rule's own first row, and now from the table's.
static void add_state(lq_finisher *f, const lq_code *c, uint32_t snippet)
{
  lq_program *p = &f->p;
  lq_state_def d = c->state;
  uint32_t rule = (uint32_t)p->nrules - 1, first_key = (uint32_t)p->nkeys;
  d.rule = rule;
  d.first_term = (uint32_t)p->nterms;
  d.first_stage = (uint32_t)p->nstages;
  p->rules[rule].state = (uint32_t)p->nstates;
  p->states[p->nstates++] = d;
  for (uint32_t i = 0; i < c->terms.n; i++)
    add_term(f, c, i, snippet, first_key);
  for (size_t i = 0; i < c->keys.n; i++) {
    lq_key_def k = c->keys.v[i];
    p->keys[p->nkeys++] = (lq_key_def){snippet + k.snippet, k.flags, f->strings.map[k.name]};
  }
  add_stages(f, c, snippet);
  for (size_t i = 0; i < c->lineages.n; i++) {
    lq_lineage_def l = c->lineages.v[i];
    p->lineages[p->nlineages++] = (lq_lineage_def){rule, l.kind, snippet + l.snippet};
  }
}

static void add_snippets(lq_finisher *f, const lq_code *c, uint32_t code)
{
  lq_program *p = &f->p;
  for (size_t i = 0; i < c->snippets.n; i++) {
    lq_snippet s = c->snippets.v[i];
    s.rule = (uint32_t)p->nrules - 1;
    s.code += code;
    p->snippets[p->nsnippets++] = s;
  }
}

// ---- one rule

static void add_rule(lq_finisher *f, const lq_rule_row *r)
{
  lq_program *p = &f->p;
  lq_rule_def *d = &p->rules[p->nrules++];
  *d = (lq_rule_def){
      .id = f->strings.map[r->id],
      .name = f->strings.map[r->name],
      .code = (uint32_t)p->ncode,
      .ncode = (uint32_t)r->code.n,
      .meta = r->nmeta ? (uint32_t)p->nmeta : LQ_NONE,
      .nmeta = r->nmeta,
      .source = r->source == LQ_NONE ? LQ_NONE : f->strings.map[r->source],
      .state = LQ_NONE,
  };
  for (uint32_t i = 0; i < r->nmeta; i++) {
    lq_meta m = f->c->meta[r->meta + i];
    p->meta[p->nmeta++] = (lq_meta){f->strings.map[m.key], f->strings.map[m.value]};
  }
  uint32_t snippet = (uint32_t)p->nsnippets, lineage = (uint32_t)p->nlineages;
  add_clauses(f, r, d->code);
  add_snippets(f, &r->code, d->code);
  if (r->code.stateful)
    add_state(f, &r->code, snippet);
  for (size_t i = 0; i < r->code.n; i++) {
    lq_insn in = r->code.insns[i];
    in.c = in.op == LQ_OP_LINEAGE ? lineage + in.c : mapped_operand(f, lq_ops[in.op].operands[2], in.c);
    p->code[p->ncode++] = in;
  }
}

// How many rows there will be.
typedef struct totals {
  size_t code, clauses, fields, snippets, states, terms, keys, captures, stages, args, lineages;
} totals;

static totals count_rows(const lq_compiler *c)
{
  totals t = {0};
  for (size_t i = 0; i < c->nrules; i++) {
    const lq_code *r = &c->rules[i].code;
    t.code += r->n;
    t.clauses += r->nclauses;
    t.fields += r->nfields;
    t.snippets += r->snippets.n;
    t.states += r->stateful;
    t.terms += r->terms.n;
    t.keys += r->keys.n;
    t.captures += r->captures.n;
    t.stages += r->stages.n;
    t.args += r->args.n;
    t.lineages += r->lineages.n;
  }
  return t;
}

bool lq_finish_rules(lq_finisher *f)
{
  totals t = count_rows(f->c);
  if (t.code > UINT32_MAX)
    return false;
  lq_program *p = &f->p;
#define TABLE(table, n) p->table = lq_arena_array(&f->arena, n, sizeof *p->table)
  TABLE(rules, f->c->nrules);
  TABLE(meta, f->c->nmeta);
  TABLE(code, t.code);
  TABLE(debug, t.clauses);
  TABLE(debug_fields, t.fields);
  TABLE(snippets, t.snippets);
  TABLE(states, t.states);
  TABLE(terms, t.terms);
  TABLE(keys, t.keys);
  TABLE(captures, t.captures);
  TABLE(stages, t.stages);
  TABLE(stage_args, t.args);
  TABLE(lineages, t.lineages);
#undef TABLE
  for (size_t i = 0; i < f->c->nrules && !f->arena.failed; i++)
    add_rule(f, &f->c->rules[f->rules[i]]);
  return !f->arena.failed;
}

bool lq_finish_order_rules(lq_finisher *f)
{
  size_t n = f->c->nrules;
  lq_sort_row *rows = lq_arena_array(&f->arena, n, sizeof *rows);
  f->rules = lq_arena_array(&f->arena, n, sizeof *f->rules);
  if (!rows || !f->rules)
    return false;
  for (uint32_t i = 0; i < n; i++)
    rows[i] = (lq_sort_row){.old = i, .text = f->pool->strings.keys[f->c->rules[i].id]};
  lq_finish_sort(rows, n);
  for (size_t i = 0; i < n; i++)
    f->rules[i] = rows[i].old;
  return true;
}

bool lq_finish_tests(lq_finisher *f)
{
  const lq_compiler *c = f->c;
  uint32_t *place = lq_arena_array(&f->arena, c->nrules, sizeof *place);
  lq_sort_row *rows = lq_arena_array(&f->arena, c->ntests, sizeof *rows);
  f->p.tests = lq_arena_array(&f->arena, c->ntests, sizeof *f->p.tests);
  if (f->arena.failed)
    return false;
  for (uint32_t i = 0; i < c->nrules; i++)
    place[f->rules[i]] = i;
  for (uint32_t i = 0; i < c->ntests; i++)
    rows[i] = (lq_sort_row){.old = i, .kind = place[c->tests[i].rule], .key = {i}, .text = LQ_STR("")};
  lq_finish_sort(rows, c->ntests);
  for (size_t i = 0; i < c->ntests; i++) {
    lq_test_def t = c->tests[rows[i].old];
    t.rule = rows[i].kind;
    t.name = f->strings.map[t.name];
    t.events = f->strings.map[t.events];
    f->p.tests[f->p.ntests++] = t;
  }
  return true;
}

// Stack and cost are what the verifier computes, so both can only agree.
lq_status lq_finish_measure(lq_finisher *f)
{
  uint32_t longest = 1;
  for (size_t i = 0; i < f->p.nrules; i++)
    longest = f->p.rules[i].ncode > longest ? f->p.rules[i].ncode : longest;
  void *scratch = lq_arena_array(&f->arena, longest, LQ_VERIFY_SCRATCH / LQ_RULE_CODE_MAX);
  lq_fault fault;
  if (!scratch)
    return LQ_E_NOMEM;
  return lq_verify_rules(&f->p, true, scratch, &fault) ? LQ_OK : LQ_E_INTERNAL;
}
