// Tree to plan: function calls. Those that only ask about a field's text become predicates; lambdas become
// walks.
#include "base/glob.h"
#include "compiler/plan.h"
#include "stdlib/functions.h"
#include "stdlib/regex.h"

typedef struct call {
  const lq_node *node, *subject; // subject: the first argument
  lq_function_id id;
  bool fold;
} call;

static call read_call(const lq_node *n)
{
  call c = {.node = n, .subject = n->kids};
  bool fold = false;
  lq_function_find(n->name, &c.id, &fold);
  c.fold = fold || n->tilde;
  return c;
}

// ---- needles to patterns

// Where the text of a needle is free to go on.
typedef enum ends { FREE_BEFORE = 1, FREE_AFTER = 2 } ends;

static lq_str framed(lq_arena *a, lq_str needle, int open)
{
  char *p = lq_arena_alloc(a, needle.n + 2);
  size_t n = 0;
  if (!p)
    return LQ_STR("");
  if (open & FREE_BEFORE)
    p[n++] = LQ_ANY_RUN;
  memcpy(p + n, needle.p, needle.n);
  n += needle.n;
  if (open & FREE_AFTER)
    p[n++] = LQ_ANY_RUN;
  return (lq_str){p, n};
}

static lq_str needle_text(lq_planner *p, const lq_node *n, bool fold)
{
  lq_str s = lq_plain_text(p->arena, lq_literal_pattern(p->arena, n));
  return fold ? lq_folded_text(p->arena, s) : s;
}

static lq_plan *needles(lq_planner *p, const call *c, int open, bool empty_matches)
{
  lq_entry *entries = lq_arena_array(p->arena, c->node->nkids, sizeof *entries);
  size_t n = 0;
  for (const lq_node *k = c->subject->next; k && entries; k = k->next) {
    lq_str needle = needle_text(p, k, c->fold);
    if (needle.n > 0 || empty_matches)
      entries[n++] = (lq_entry){.text = framed(p->arena, needle, open), .span = k->span};
  }
  if (n == 0)
    return lq_plan_bool(p, c->node->span, false);
  return lq_plan_test(p, c->subject, c->fold ? LQ_MATCHER_GLOB_FOLD : LQ_MATCHER_GLOB, entries, n,
                      c->node->span);
}

static bool is_reference(const lq_node *n)
{
  return (n->kind == LQ_N_FIELD || n->kind == LQ_N_VARIABLE) && !lq_has_index(n->name);
}

// Functions read other kinds by their canonical text, as sets of patterns do.
static bool has_literal_needles(const call *c)
{
  for (const lq_node *k = c->subject->next; k; k = k->next) {
    if (!lq_is_literal(k))
      return false;
  }
  return true;
}

// ---- literal sets

static lq_entry set_entry(lq_planner *p, const call *c, const lq_node *n)
{
  lq_entry e = {.text = lq_literal_pattern(p->arena, n), .span = n->span};
  if (c->id == LQ_FN_cidrMatch) {
    lq_network_parse(lq_plain_text(p->arena, e.text), &e.cidr, NULL);
    e.text = LQ_STR("");
  } else if (c->id == LQ_FN_wildcard) {
    e.text = c->fold ? lq_folded_text(p->arena, e.text) : e.text;
  } else {
    e.text = lq_plain_text(p->arena, e.text);
    e.flags = (c->id == LQ_FN_match ? LQ_RE_PREFIX : LQ_RE_SEARCH) | (c->fold ? LQ_RE_FOLD : 0u);
  }
  return e;
}

static lq_matcher_kind set_matcher(const call *c)
{
  if (c->id == LQ_FN_cidrMatch)
    return LQ_MATCHER_CIDR;
  if (c->id == LQ_FN_wildcard)
    return c->fold ? LQ_MATCHER_GLOB_FOLD : LQ_MATCHER_GLOB;
  return LQ_MATCHER_REGEX;
}

static lq_plan *literal_set(lq_planner *p, const call *c)
{
  lq_entry *entries = lq_arena_array(p->arena, c->node->nkids, sizeof *entries);
  size_t n = 0;
  for (const lq_node *k = c->subject->next; k && entries; k = k->next)
    entries[n++] = set_entry(p, c, k);
  return lq_plan_test(p, c->subject, set_matcher(c), entries, n, c->node->span);
}

static bool is_literal_set(lq_function_id id)
{
  return id == LQ_FN_cidrMatch || id == LQ_FN_wildcard || id == LQ_FN_match || id == LQ_FN_search;
}

// ---- lists

static void add_entries(lq_planner *p, const call *c, lq_plan *either, lq_matcher_kind matcher,
                        lq_entry *entries, size_t n)
{
  if (n > 0)
    lq_plan_add(either, lq_plan_test(p, c->node->last, matcher, entries, n, c->node->span));
}

static lq_entry *texts_of(lq_planner *p, const call *c, const lq_str *texts, size_t n)
{
  lq_entry *out = lq_arena_array(p->arena, n, sizeof *out);
  for (size_t i = 0; out && i < n; i++)
    out[i] = (lq_entry){.text = texts[i], .span = c->subject->span};
  return out;
}

static lq_entry *networks_of(lq_planner *p, const call *c, const lq_named_list *l)
{
  lq_entry *out = lq_arena_array(p->arena, l->nnetworks, sizeof *out);
  for (size_t i = 0; out && i < l->nnetworks; i++)
    out[i] = (lq_entry){.cidr = l->networks[i], .span = c->subject->span};
  return out;
}

// A list that was not given is empty.
static lq_plan *lookup(lq_planner *p, const call *c)
{
  lq_str name = lq_plain_text(p->arena, c->subject->value.s);
  lq_plan *either = lq_plan_new(p, LQ_P_OR, c->node->span);
  for (const lq_named_list *l = p->o->lists; l; l = l->next) {
    if (!lq_str_eq(l->name, name))
      continue;
    add_entries(p, c, either, LQ_MATCHER_EQ, texts_of(p, c, l->texts, l->ntexts), l->ntexts);
    add_entries(p, c, either, LQ_MATCHER_GLOB, texts_of(p, c, l->patterns, l->npatterns), l->npatterns);
    add_entries(p, c, either, LQ_MATCHER_CIDR, networks_of(p, c, l), l->nnetworks);
  }
  if (either && !either->kids)
    return lq_plan_bool(p, c->node->span, false);
  return either && !either->kids->next ? either->kids : either;
}

// ---- walks

static bool is_walk(lq_function_id id)
{
  return id == LQ_FN_any || id == LQ_FN_all || id == LQ_FN_arraySearch || id == LQ_FN__arraysearch;
}

static lq_plan *walk(lq_planner *p, const call *c, lq_plan_kind kind)
{
  bool named = c->node->nkids == 3;
  lq_planner inner = *p;
  lq_str variable = named ? c->subject->next->name : LQ_STR("");
  inner.scope = lq_scope_enter(p->arena, p->scope, c->subject, variable, false);
  lq_plan *w = lq_plan_unary(p, kind, c->node->span, lq_lower_condition(&inner, c->node->last));
  if (w)
    w->scope = inner.scope, w->all = c->id == LQ_FN_all;
  return w;
}

// ---- calls

static lq_plan *plain_call(lq_planner *p, const call *c)
{
  lq_plan *out = lq_plan_new(p, LQ_P_CALL, c->node->span);
  if (!out)
    return NULL;
  out->function = 2 * (uint32_t)c->id + c->fold;
  for (const lq_node *k = c->node->kids; k; k = k->next)
    lq_plan_add(out, lq_lower_value(p, k));
  return out;
}

// Other results than a boolean are conditions as fields are: `f(x) == true`.
static lq_plan *truth(lq_planner *p, const call *c)
{
  lq_plan *value = lq_lower_call_value(p, c->node);
  if (lq_functions[c->id].result != LQ_T_BOOL) {
    lq_plan *yes = lq_plan_new(p, LQ_P_CONST, c->node->span);
    if (yes)
      yes->value = lq_bool(true);
    value = lq_plan_binary(p, LQ_P_COMPARE, LQ_CMP_EQ, c->node->span, value, yes);
  }
  return lq_plan_unary(p, LQ_P_TRUTH, c->node->span, value);
}

static lq_plan *existence(lq_planner *p, const call *c)
{
  lq_plan *t = lq_plan_test(p, c->subject, LQ_MATCHER_EXISTS, NULL, 0, c->node->span);
  return c->id == LQ_FN_exists ? t : lq_plan_unary(p, LQ_P_NOT, c->node->span, t);
}

static lq_plan *predicate(lq_planner *p, const call *c)
{
  switch (c->id) {
  case LQ_FN_startsWith: return needles(p, c, FREE_AFTER, true);
  case LQ_FN_endsWith: return needles(p, c, FREE_BEFORE, true);
  case LQ_FN_stringContains: return needles(p, c, FREE_BEFORE | FREE_AFTER, false);
  case LQ_FN_exists:
  case LQ_FN_missing: return is_reference(c->subject) ? existence(p, c) : NULL;
  default: return NULL;
  }
}

lq_plan *lq_lower_call(lq_planner *p, const lq_node *n)
{
  call c = read_call(n);
  if (is_walk(c.id))
    return walk(p, &c, LQ_P_WALK);
  if (is_literal_set(c.id))
    return literal_set(p, &c);
  if (c.id == LQ_FN_lookup)
    return lookup(p, &c);
  lq_plan *t = has_literal_needles(&c) ? predicate(p, &c) : NULL;
  return t ? t : truth(p, &c);
}

// As a value a literal set keeps null, even over a field, so it is not a predicate here.
static lq_plan *set_value(lq_planner *p, const call *c)
{
  lq_plan *t = literal_set(p, c), *m = lq_plan_new(p, LQ_P_MATCH, c->node->span);
  lq_plan *subject = lq_lower_value(p, c->subject);
  if (!t || !m || !subject)
    return NULL;
  lq_plan *test = t->kind == LQ_P_TRUTH ? t->kids : t;
  m->matcher = test->matcher;
  m->entries = test->entries;
  m->nentries = test->nentries;
  lq_plan_add(m, subject);
  return m;
}

lq_plan *lq_lower_call_value(lq_planner *p, const lq_node *n)
{
  call c = read_call(n);
  if (is_walk(c.id))
    return lq_plan_unary(p, LQ_P_VALUE, n->span, walk(p, &c, LQ_P_WALK));
  if (c.id == LQ_FN_lookup)
    return lq_plan_unary(p, LQ_P_VALUE, n->span, lookup(p, &c));
  if (c.id == LQ_FN_arrayCount)
    return walk(p, &c, LQ_P_COUNT);
  return is_literal_set(c.id) ? set_value(p, &c) : plain_call(p, &c);
}
