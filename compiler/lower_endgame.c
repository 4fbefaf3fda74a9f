// Tree to plan for Endgame EQL: three truths, single values of one kind, case ignored. Where a condition is
// asked for, `and`, `or` and `not` are taken apart first, so that only what they join is computed with three
// truths.
#include <string.h>

#include "base/glob.h"
#include "compiler/plan.h"
#include "stdlib/functions.h"
#include "stdlib/regex.h"

static bool folds(const lq_planner *p)
{
  return !p->o->case_sensitive;
}

static lq_plan *constant(lq_planner *p, lq_value v, lq_span span)
{
  lq_plan *c = lq_plan_new(p, LQ_P_CONST, span);
  if (c)
    c->value = v;
  return c;
}

static lq_plan *compare(lq_planner *p, lq_compare op, lq_plan *left, lq_plan *right, lq_span span)
{
  return lq_plan_binary(p, LQ_P_COMPARE, (int)op, span, left, right);
}

static lq_plan *negation(lq_planner *p, lq_plan *v, lq_span span)
{
  return compare(p, LQ_CMP_XOR3, v, constant(p, lq_bool(true), span), span);
}

// ---- fields

// The one index of a name: its place, its value, and what follows it.
typedef struct indexed {
  lq_str path, rest;
  uint32_t index;
} indexed;

static bool read_index(lq_str name, indexed *out)
{
  const char *open = memchr(name.p, '[', name.n);
  size_t at = open ? (size_t)(open - name.p) : name.n, i = at + 1;
  uint32_t n = 0;
  for (; i < name.n && name.p[i] >= '0' && name.p[i] <= '9' && n <= UINT16_MAX; i++)
    n = n * 10 + (uint32_t)(name.p[i] - '0');
  if (!open || at == 0 || i >= name.n || name.p[i] != ']' || n > UINT16_MAX)
    return false;
  *out = (indexed){lq_str_slice(name, 0, at), lq_str_slice(name, i + 1, name.n), n};
  return !memchr(out->rest.p ? out->rest.p : "", '[', out->rest.n);
}

bool lq_is_one_index(lq_str name)
{
  indexed x;
  return read_index(name, &x);
}

static lq_str joined(lq_arena *a, lq_str path, lq_str rest)
{
  return rest.n > 0 ? lq_arena_format(a, "%.*s%.*s", LQ_STR_ARG(path), LQ_STR_ARG(rest)) : path;
}

bool lq_plan_indexed(lq_planner *p, const lq_node *n, lq_plan **out)
{
  indexed x;
  if (!read_index(n->name, &x))
    return false;
  lq_node *array = lq_arena_alloc(p->arena, sizeof *array);
  *out = lq_plan_new(p, LQ_P_ELEMENT, n->span);
  if (!array || !*out)
    return true;
  *array = *n;
  array->name = x.path;
  const lq_scope *scope = lq_scope_enter(p->arena, p->scope, array, LQ_STR(""), false);
  (*out)->op = (int)x.index;
  (*out)->ref = (lq_ref){joined(p->arena, scope->path, x.rest), scope};
  return true;
}

static lq_plan *field(lq_planner *p, const lq_node *n)
{
  lq_plan *f = NULL;
  if (lq_plan_indexed(p, n, &f))
    return f;
  bool nested = lq_has_index(n->name); // arrays in arrays are one array to us
  f = lq_plan_new(p, nested ? LQ_P_NULL : LQ_P_FIELD, n->span);
  if (f)
    lq_resolve(p->arena, p->scope, n, &f->ref);
  return f;
}

static lq_plan *reference(lq_planner *p, const lq_node *n)
{
  indexed x = {.path = n->name};
  bool index = n->kind == LQ_N_REF && read_index(n->name, &x) && x.rest.n == 0;
  lq_plan *r = lq_plan_new(p, n->kind == LQ_N_REF ? LQ_P_REF : LQ_P_COLUMN, n->span);
  if (r)
    r->op = (int)n->number, r->ref.name = index ? x.path : n->name;
  lq_plan *element = index ? lq_plan_unary(p, LQ_P_INDEX, n->span, r) : r;
  if (index && element)
    element->op = (int)x.index;
  return element;
}

// Is there anything below the field, which then is an object? NULL: it cannot be one.
static lq_plan *has_members(lq_planner *p, const lq_node *n)
{
  static const char below[] = {'.', LQ_ANY_RUN, '\0'};
  lq_ref ref;
  if (n->kind != LQ_N_FIELD || lq_has_index(n->name) || !lq_resolve(p->arena, p->scope, n, &ref) || ref.scope)
    return NULL;
  lq_plan *t = lq_plan_new(p, LQ_P_TEST, n->span);
  if (t) {
    t->ref = (lq_ref){joined(p->arena, ref.name, lq_str_of(below)), NULL};
    t->matcher = LQ_MATCHER_EXISTS;
  }
  return t;
}

// ---- patterns

static bool has_star(const lq_node *n)
{
  return n->kind == LQ_N_STRING &&
         (memchr(n->value.s.p, LQ_ANY_RUN, n->value.s.n) || memchr(n->value.s.p, '*', n->value.s.n));
}

// Only `*` is a wildcard, whatever stands before it; `?` is itself.
static lq_str pattern(lq_planner *p, const lq_node *n)
{
  lq_str s = lq_literal_pattern(p->arena, n);
  char *out = lq_arena_alloc(p->arena, s.n + 1);
  for (size_t i = 0; out && i < s.n; i++)
    out[i] = s.p[i] == '*' ? LQ_ANY_RUN : s.p[i] == LQ_ANY_ONE ? '?' : s.p[i];
  lq_str made = {out ? out : "", out ? s.n : 0};
  return folds(p) ? lq_folded_text(p->arena, made) : made;
}

static lq_plan *match(lq_planner *p, const lq_node *subject, lq_matcher_kind matcher, lq_entry *entries,
                      size_t n, lq_span span)
{
  lq_plan *m = lq_plan_unary(p, LQ_P_MATCH, span, lq_endgame_value(p, subject));
  if (!m || !entries)
    return NULL;
  m->matcher = matcher;
  m->strict = true;
  m->entries = entries;
  m->nentries = n;
  return m;
}

static lq_plan *wildcard(lq_planner *p, const lq_node *subject, const lq_node *literal, lq_span span)
{
  lq_entry *e = lq_arena_alloc(p->arena, sizeof *e);
  if (e)
    *e = (lq_entry){.text = pattern(p, literal), .span = literal->span};
  return match(p, subject, folds(p) ? LQ_MATCHER_GLOB_FOLD : LQ_MATCHER_GLOB, e, 1, span);
}

// ---- comparisons

static lq_plan *ordered(lq_planner *p, const lq_node *n)
{
  lq_plan *l = lq_endgame_value(p, n->kids), *r = lq_endgame_value(p, n->last);
  bool swap = lq_op_codes[n->op].swapped;
  lq_compare op = lq_op_codes[n->op].strict;
  return compare(p, folds(p) ? op + 1 : op, swap ? r : l, swap ? l : r, n->span);
}

static lq_plan *comparison(lq_planner *p, const lq_node *n)
{
  const lq_node *l = n->kids, *r = n->last;
  bool equality = lq_is_equality(n->op);
  lq_plan *c = equality && has_star(r)   ? wildcard(p, l, r, n->span)
               : equality && has_star(l) ? wildcard(p, r, l, n->span)
                                         : ordered(p, n);
  return n->op == LQ_OPER_NE ? negation(p, c, n->span) : c;
}

static lq_plan *literals_in(lq_planner *p, const lq_node *n)
{
  lq_entry *entries = lq_arena_array(p->arena, n->nkids, sizeof *entries);
  size_t count = 0;
  for (const lq_node *k = n->kids->next; k && entries; k = k->next) {
    if (!lq_is_literal(k))
      continue;
    lq_str text = lq_plain_text(p->arena, lq_literal_pattern(p->arena, k));
    entries[count++] = (lq_entry){.text = folds(p) ? lq_folded_text(p->arena, text) : text, .span = k->span};
  }
  if (count == 0)
    return NULL;
  return match(p, n->kids, folds(p) ? LQ_MATCHER_EQ_FOLD : LQ_MATCHER_EQ, entries, count, n->span);
}

static lq_plan *is_in(lq_planner *p, const lq_node *n)
{
  lq_plan *all = literals_in(p, n);
  for (const lq_node *k = n->kids->next; k; k = k->next) {
    if (lq_is_literal(k) || k->kind == LQ_N_NULL)
      continue;
    lq_plan *one = compare(p, folds(p) ? LQ_CMP_SAME_FOLD : LQ_CMP_SAME, lq_endgame_value(p, n->kids),
                           lq_endgame_value(p, k), k->span);
    all = all ? compare(p, LQ_CMP_OR3, all, one, n->span) : one;
  }
  return all ? all : constant(p, lq_bool(false), n->span);
}

// ---- calls

static lq_function_id function_of(const lq_node *n)
{
  lq_function_id id = 0;
  bool fold;
  lq_function_find(n->name, &id, &fold);
  return id;
}

static lq_plan *called(lq_planner *p, lq_function_id id, lq_span span)
{
  lq_plan *c = lq_plan_new(p, LQ_P_CALL, span);
  if (c) {
    c->function = 2 * (uint32_t)id + (folds(p) && (lq_functions[id].flags & LQ_FN_FOLDS));
    c->strict = true;
  }
  return c;
}

static lq_plan *call(lq_planner *p, lq_function_id id, const lq_node *n)
{
  lq_plan *c = called(p, id, n->span);
  for (const lq_node *k = n->kids; k; k = k->next)
    lq_plan_add(c, lq_endgame_value(p, k));
  return c;
}

static lq_plan *arithmetic(lq_planner *p, const lq_node *n)
{
  if (n->kind == LQ_N_ARITH)
    return call(p, lq_op_codes[n->op].function, n);
  lq_plan *c = called(p, LQ_FN_subtract, n->span);
  lq_plan_add(c, constant(p, lq_int(0), n->span));
  lq_plan_add(c, lq_endgame_value(p, n->kids));
  return c;
}

static lq_entry set_entry(lq_planner *p, lq_function_id id, const lq_node *n)
{
  lq_entry e = {.text = LQ_STR(""), .span = n->span};
  lq_str plain = lq_plain_text(p->arena, lq_literal_pattern(p->arena, n));
  if (id == LQ_FN_cidrMatch) {
    lq_network_parse(plain, &e.cidr, NULL);
  } else if (id == LQ_FN_wildcard) {
    e.text = pattern(p, n);
  } else {
    e.text = plain;
    e.flags = (id == LQ_FN_match ? LQ_RE_PREFIX : LQ_RE_SEARCH) | (folds(p) ? LQ_RE_FOLD : 0u);
  }
  return e;
}

static bool takes_literals(lq_function_id id)
{
  return id == LQ_FN_wildcard || id == LQ_FN_match || id == LQ_FN_search || id == LQ_FN_cidrMatch;
}

static lq_plan *literal_set(lq_planner *p, lq_function_id id, const lq_node *n)
{
  lq_matcher_kind matcher = id == LQ_FN_cidrMatch  ? LQ_MATCHER_CIDR
                            : id != LQ_FN_wildcard ? LQ_MATCHER_REGEX
                            : folds(p)             ? LQ_MATCHER_GLOB_FOLD
                                                   : LQ_MATCHER_GLOB;
  lq_entry *entries = lq_arena_array(p->arena, n->nkids, sizeof *entries);
  size_t count = 0;
  for (const lq_node *k = n->kids->next; k && entries; k = k->next)
    entries[count++] = set_entry(p, id, k);
  return match(p, n->kids, matcher, entries, count, n->span);
}

static lq_plan *call_value(lq_planner *p, const lq_node *n)
{
  lq_function_id id = function_of(n);
  if (id == LQ_FN_arrayCount)
    return lq_lower_call_value(p, n);
  return takes_literals(id) ? literal_set(p, id, n) : call(p, id, n);
}

// ---- what is true or false, and never null

static const lq_node *beside_null(const lq_node *n)
{
  bool equality = lq_is_equality(n->op);
  if (n->kind != LQ_N_COMPARE || !equality)
    return NULL;
  return n->last->kind == LQ_N_NULL ? n->kids : n->kids->kind == LQ_N_NULL ? n->last : NULL;
}

static lq_plan *is_null(lq_planner *p, const lq_node *x, bool equal, lq_span span)
{
  lq_plan *null = lq_plan_unary(p, LQ_P_TRUTH, span,
                                lq_plan_unary(p, LQ_P_IS_NULL, span, lq_endgame_value(p, x)));
  lq_plan *members = has_members(p, x);
  if (members) {
    lq_plan *both = lq_plan_new(p, LQ_P_AND, span);
    lq_plan_add(both, null);
    lq_plan_add(both, lq_plan_unary(p, LQ_P_NOT, span, members));
    null = both;
  }
  return equal ? null : lq_plan_unary(p, LQ_P_NOT, span, null);
}

static lq_plan *two_valued_call(lq_planner *p, const lq_node *n)
{
  lq_function_id id = function_of(n);
  switch (id) {
  case LQ_FN_any:
  case LQ_FN_all:
  case LQ_FN_arraySearch:
  case LQ_FN__arraysearch: return lq_lower_call(p, n);
  case LQ_FN_cidrMatch:
  case LQ_FN_stringContains: return lq_plan_unary(p, LQ_P_TRUTH, n->span, call_value(p, n));
  default: return NULL;
  }
}

static bool is_two_valued(const lq_node *n)
{
  lq_function_id id = n->kind == LQ_N_CALL ? function_of(n) : LQ_FN_COUNT;
  return n->kind == LQ_N_LINEAGE || n->kind == LQ_N_EVENT || n->kind == LQ_N_BOOL || n->kind == LQ_N_ERROR ||
         beside_null(n) || id == LQ_FN_any || id == LQ_FN_all || id == LQ_FN_arraySearch ||
         id == LQ_FN__arraysearch || id == LQ_FN_cidrMatch || id == LQ_FN_stringContains;
}

static lq_plan *two_valued(lq_planner *p, const lq_node *n)
{
  const lq_node *x = beside_null(n);
  if (x)
    return is_null(p, x, n->op == LQ_OPER_EQ, n->span);
  if (n->kind == LQ_N_CALL)
    return two_valued_call(p, n);
  if (n->kind == LQ_N_BOOL)
    return lq_plan_bool(p, n->span, n->value.b);
  return lq_lower_condition(p, n); // lineage and events
}

// ---- truths

static bool is_boolean(const lq_node *n)
{
  if (n->kind == LQ_N_CALL)
    return lq_functions[function_of(n)].result == LQ_T_BOOL;
  return n->kind == LQ_N_COMPARE || n->kind == LQ_N_IN || n->kind == LQ_N_NOT || n->kind == LQ_N_AND ||
         n->kind == LQ_N_OR || is_two_valued(n);
}

// An operand of `and`, `or`, `not`; what is no boolean is true unless it is empty or zero.
static lq_plan *operand(lq_planner *p, const lq_node *n)
{
  lq_plan *v = lq_endgame_value(p, n), *members = has_members(p, n);
  if (members)
    v = compare(p, LQ_CMP_OR3, v, lq_plan_unary(p, LQ_P_VALUE, n->span, members), n->span);
  return v;
}

static lq_plan *chain(lq_planner *p, const lq_node *n)
{
  lq_plan *all = operand(p, n->kids);
  for (const lq_node *k = n->kids->next; k; k = k->next)
    all = compare(p, n->kind == LQ_N_AND ? LQ_CMP_AND3 : LQ_CMP_OR3, all, operand(p, k), n->span);
  return all;
}

static lq_plan *has_truth(lq_planner *p, const lq_node *n, bool want);

static lq_plan *atom(lq_planner *p, const lq_node *n, bool want)
{
  if (is_two_valued(n)) {
    lq_plan *c = two_valued(p, n);
    return want ? c : lq_plan_unary(p, LQ_P_NOT, n->span, c);
  }
  lq_plan *v = operand(p, n);
  if (!want)
    v = negation(p, v, n->span);
  else if (!is_boolean(n))
    v = compare(p, LQ_CMP_OR3, v, constant(p, lq_bool(false), n->span), n->span);
  return lq_plan_unary(p, LQ_P_TRUTH, n->span, v);
}

// True where n is `want`; false where it is the other, and where it is null.
static lq_plan *has_truth(lq_planner *p, const lq_node *n, bool want)
{
  if (n->kind == LQ_N_NOT)
    return has_truth(p, n->kids, !want);
  if (n->kind != LQ_N_AND && n->kind != LQ_N_OR)
    return atom(p, n, want);
  lq_plan *all = lq_plan_new(p, (n->kind == LQ_N_AND) == want ? LQ_P_AND : LQ_P_OR, n->span);
  for (const lq_node *k = n->kids; k; k = k->next)
    lq_plan_add(all, has_truth(p, k, want));
  return all;
}

lq_plan *lq_endgame_condition(lq_planner *p, const lq_node *n)
{
  return has_truth(p, n, true);
}

lq_plan *lq_endgame_value(lq_planner *p, const lq_node *n)
{
  lq_plan *v;
  if (lq_is_literal(n)) {
    v = lq_plan_new(p, LQ_P_CONST, n->span);
    if (v)
      lq_literal(p, n, &v->value);
    return v;
  }
  if (is_two_valued(n))
    return lq_plan_unary(p, LQ_P_VALUE, n->span, two_valued(p, n));
  switch (n->kind) {
  case LQ_N_FIELD:
  case LQ_N_VARIABLE: return field(p, n);
  case LQ_N_REF:
  case LQ_N_COLUMN: return reference(p, n);
  case LQ_N_CALL: return call_value(p, n);
  case LQ_N_COMPARE: return comparison(p, n);
  case LQ_N_IN: return is_in(p, n);
  case LQ_N_AND:
  case LQ_N_OR: return chain(p, n);
  case LQ_N_NOT: return negation(p, operand(p, n->kids), n->span);
  case LQ_N_ARITH:
  case LQ_N_NEGATE: return arithmetic(p, n);
  default: return lq_plan_new(p, LQ_P_NULL, n->span);
  }
}

// Keys are one whatever their case.
lq_plan *lq_endgame_key(lq_planner *p, const lq_node *n)
{
  lq_plan *v = lq_endgame_value(p, n);
  if (!folds(p))
    return v;
  lq_plan *lower = called(p, LQ_FN_lower, n->span);
  lq_plan_add(lower, v);
  return lower;
}
