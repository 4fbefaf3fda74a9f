// Tree to plan: conditions, comparisons, arithmetic and walks. Patterns are in lower_match.c, functions in
// lower_call.c.
#include "base/date.h"
#include "compiler/plan.h"
#include "stdlib/schema.h"

// ---- comparisons

// The constant that a field of this name is ordered against: texts become dates and addresses where ECS says
// so.
static lq_value typed(lq_planner *p, const lq_str field, lq_value v)
{
  const lq_schema_field *f = v.type == LQ_T_STRING ? lq_schema_find(lq_schema_or_ecs(p->o->types), field)
                                                   : NULL;
  int64_t ns;
  lq_ip ip;
  if (f && f->type == LQ_FT_DATE && lq_date_math(v.s, p->o->now, &ns))
    return (lq_value){.type = LQ_T_DATE, .i = ns};
  if (f && f->type == LQ_FT_IP && lq_ip_parse(v.s, &ip)) {
    lq_ip *copy = lq_arena_alloc(p->arena, sizeof *copy);
    if (copy)
      *copy = ip;
    return (lq_value){.type = copy ? LQ_T_IP : LQ_T_NULL, .ip = copy};
  }
  return v;
}

static bool is_reference(const lq_node *n)
{
  return (n->kind == LQ_N_FIELD || n->kind == LQ_N_VARIABLE) && !lq_has_index(n->name);
}

// Has a name that may tell the type of what it is compared with.
static bool is_named(const lq_plan *n)
{
  return n->kind == LQ_P_FIELD || n->kind == LQ_P_REF;
}

static lq_entry *one_entry(lq_arena *a, lq_str text, lq_span span)
{
  lq_entry *e = lq_arena_alloc(a, sizeof *e);
  if (e)
    *e = (lq_entry){.text = text, .span = span};
  return e;
}

static lq_plan *order_test(lq_planner *p, const lq_node *field, lq_op op, lq_value v, lq_span span)
{
  lq_plan *t = lq_plan_new(p, LQ_P_TEST, span);
  if (!t)
    return NULL;
  lq_resolve(p->arena, p->scope, field, &t->ref);
  t->matcher = lq_op_codes[op].whole;
  t->value = typed(p, t->ref.name, v);
  return t;
}

static lq_str text_of(lq_planner *p, const lq_value *v)
{
  char text[LQ_VALUE_TEXT_MAX];
  lq_str s = lq_value_text(v, text);
  return s.p == text ? lq_arena_copy(p->arena, s) : s;
}

// An address can be written in several ways, and an event may use another: where ECS says that the field
// holds addresses, a literal that is one is tested as a network of one.
lq_cidr *lq_literal_address(lq_planner *p, const lq_node *subject, const lq_node *literal)
{
  lq_ref ref;
  lq_ip ip;
  if (lq_is_endgame(p) || !is_reference(subject) || literal->kind != LQ_N_STRING ||
      !lq_ip_parse(literal->value.s, &ip) || !lq_resolve(p->arena, p->scope, subject, &ref))
    return NULL;
  const lq_schema_field *f = lq_schema_find(lq_schema_or_ecs(p->o->types), ref.name);
  lq_cidr *c = f && f->type == LQ_FT_IP ? lq_arena_alloc(p->arena, sizeof *c) : NULL;
  if (c)
    *c = (lq_cidr){.base = ip, .bits = 128};
  return c;
}

static lq_plan *equality_test(lq_planner *p, const lq_node *field, const lq_node *literal, const lq_value *v,
                              lq_span span)
{
  const lq_cidr *address = lq_literal_address(p, field, literal);
  lq_entry *e = one_entry(p->arena, text_of(p, v), literal->span);
  if (e && address)
    e->cidr = *address;
  return lq_plan_test(p, field, address ? LQ_MATCHER_CIDR : LQ_MATCHER_EQ, e, 1, span);
}

// A comparison that could not be made a predicate, as a value: null stays null.
static lq_plan *general_compare(lq_planner *p, const lq_node *n)
{
  const lq_node *l = n->kids, *r = l->next;
  lq_plan *left = lq_lower_value(p, l), *right = lq_lower_value(p, r);
  if (left && right && !lq_is_equality(n->op) && is_named(left) && right->kind == LQ_P_CONST)
    right->value = typed(p, left->ref.name, right->value);
  if (left && right && !lq_is_equality(n->op) && is_named(right) && left->kind == LQ_P_CONST)
    left->value = typed(p, right->ref.name, left->value);
  return lq_plan_binary(p, LQ_P_COMPARE, (int)lq_op_codes[n->op].compare, n->span, left, right);
}

// `x == null` asks whether x is missing, and the answer is never null.
static lq_plan *null_test(lq_planner *p, const lq_node *x, lq_span span)
{
  if (is_reference(x)) {
    lq_plan *exists = lq_plan_test(p, x, LQ_MATCHER_EXISTS, NULL, 0, span);
    return lq_plan_unary(p, LQ_P_NOT, span, exists);
  }
  lq_plan *is_null = lq_plan_unary(p, LQ_P_IS_NULL, span, lq_lower_value(p, x));
  return lq_plan_unary(p, LQ_P_TRUTH, span, is_null);
}

static lq_plan *negate_if(lq_planner *p, bool negate, lq_span span, lq_plan *n)
{
  if (n && negate && n->kind == LQ_P_NOT)
    return n->kids;
  return negate ? lq_plan_unary(p, LQ_P_NOT, span, n) : n;
}

static const lq_node *beside_null(const lq_node *l, const lq_node *r)
{
  return r->kind == LQ_N_NULL ? l : l->kind == LQ_N_NULL ? r : NULL;
}

// Of two optional fields both may be missing, and are equal then: null is a value that optional names can
// have.
static bool both_optional(const lq_node *l, const lq_node *r)
{
  return l->kind == LQ_N_FIELD && r->kind == LQ_N_FIELD && l->optional && r->optional;
}

static lq_plan *or_both_missing(lq_planner *p, const lq_node *n, lq_plan *equal)
{
  const lq_node *l = n->kids, *r = l->next;
  lq_plan *either = lq_plan_new(p, LQ_P_OR, n->span), *both = lq_plan_new(p, LQ_P_AND, n->span);
  lq_plan *no_left = null_test(p, l, n->span), *no_right = null_test(p, r, n->span);
  if (!either || !both || !equal || !no_left || !no_right)
    return NULL;
  lq_plan_add(both, no_left), lq_plan_add(both, no_right);
  lq_plan_add(either, equal), lq_plan_add(either, both);
  return either;
}

static lq_plan *compare_condition(lq_planner *p, const lq_node *n)
{
  const lq_node *l = n->kids, *r = l->next, *x = beside_null(l, r);
  bool not_equal = n->op == LQ_OPER_NE;
  lq_op op = n->op;
  lq_value v;
  if (x && lq_is_equality(op))
    return negate_if(p, not_equal, n->span, null_test(p, x, n->span));
  if (is_reference(r) && lq_is_literal(l)) {
    const lq_node *swap = l;
    l = r, r = swap, op = lq_operators[op].mirrored;
  }
  if (!is_reference(l) || !lq_literal(p, r, &v)) {
    lq_plan *t = lq_plan_unary(p, LQ_P_TRUTH, n->span, general_compare(p, n));
    if (lq_is_equality(op) && both_optional(l, r))
      t = or_both_missing(p, n, t);
    return negate_if(p, not_equal, n->span, t);
  }
  if (!lq_is_equality(op))
    return order_test(p, l, op, v, n->span);
  return negate_if(p, not_equal, n->span, equality_test(p, l, r, &v, n->span));
}

// ---- conditions

lq_plan *lq_plan_test(lq_planner *p, const lq_node *subject, lq_matcher_kind matcher, lq_entry *entries,
                      size_t n, lq_span span)
{
  bool reference = is_reference(subject);
  lq_plan *t = lq_plan_new(p, reference ? LQ_P_TEST : LQ_P_MATCH, span);
  if (!t || (n > 0 && !entries))
    return NULL;
  t->matcher = matcher;
  t->entries = entries;
  t->nentries = n;
  if (reference) {
    lq_resolve(p->arena, p->scope, subject, &t->ref);
    return t;
  }
  lq_plan *value = lq_lower_value(p, subject);
  lq_plan_add(t, value);
  return value ? lq_plan_unary(p, LQ_P_TRUTH, span, t) : NULL;
}

static lq_plan *nest(lq_planner *p, lq_plan_kind kind, const lq_node *n)
{
  lq_plan *out = lq_plan_new(p, kind, n->span);
  for (const lq_node *k = n->kids; k; k = k->next)
    lq_plan_add(out, lq_lower_condition(p, k));
  return out;
}

static lq_plan *walk(lq_planner *p, const lq_node *n)
{
  lq_planner inner = *p;
  inner.scope = lq_scope_enter(p->arena, p->scope, n->kids, LQ_STR(""), true);
  lq_plan *w = lq_plan_unary(p, LQ_P_WALK, n->span, lq_lower_condition(&inner, n->kids->next));
  if (w)
    w->scope = inner.scope;
  return w;
}

// A bare field as a condition means `field == true`.
static lq_plan *is_true(lq_planner *p, const lq_node *n)
{
  return lq_plan_test(p, n, LQ_MATCHER_EQ, one_entry(p->arena, LQ_STR("true"), n->span), 1, n->span);
}

static lq_plan *text_test(lq_planner *p, lq_str field, lq_str text, lq_span span)
{
  lq_plan *t = lq_plan_new(p, LQ_P_TEST, span);
  if (t) {
    t->ref.name = field;
    t->matcher = LQ_MATCHER_EQ;
    t->entries = one_entry(p->arena, text, span);
    t->nentries = 1;
  }
  return t;
}

// Endgame's events say `event_type`, or else `event_type_full` with `_event` behind it.
static lq_plan *endgame_category(lq_planner *p, lq_str name, lq_span span)
{
  const lq_str type = LQ_STR("event_type"), full = LQ_STR("event_type_full");
  lq_plan *either = lq_plan_new(p, LQ_P_OR, span), *other = lq_plan_new(p, LQ_P_AND, span);
  lq_plan *exists = lq_plan_new(p, LQ_P_TEST, span), *names = lq_plan_new(p, LQ_P_OR, span);
  if (exists)
    exists->ref.name = type, exists->matcher = LQ_MATCHER_EXISTS;
  lq_plan_add(names, text_test(p, full, name, span));
  lq_plan_add(names, text_test(p, full, lq_arena_format(p->arena, "%.*s_event", LQ_STR_ARG(name)), span));
  lq_plan_add(other, lq_plan_unary(p, LQ_P_NOT, span, exists));
  lq_plan_add(other, names);
  lq_plan_add(either, text_test(p, type, name, span));
  lq_plan_add(either, other);
  return either;
}

static lq_plan *category(lq_planner *p, const lq_node *n)
{
  lq_str name = lq_plain_text(p->arena, n->name), field = p->o->category_field;
  if (field.n == 0 && lq_is_endgame(p))
    return endgame_category(p, name, n->mark);
  return text_test(p, field.n > 0 ? field : LQ_STR("event.category"), name, n->mark);
}

static lq_plan *event(lq_planner *p, const lq_node *n)
{
  lq_plan *e = lq_lower_condition(p, n->kids);
  if (n->name.n == 0)
    return e;
  lq_plan *t = category(p, n), *both = lq_plan_new(p, LQ_P_AND, n->span);
  if (!t || !e)
    return NULL;
  lq_plan_add(both, t);
  lq_plan_add(both, e);
  return both;
}

// What is asked about another process has nothing to do with the walks around it.
static lq_plan *lineage(lq_planner *p, const lq_node *n)
{
  lq_planner outside = *p;
  outside.scope = NULL;
  lq_plan *l = lq_plan_unary(p, LQ_P_LINEAGE, n->span, lq_lower_condition(&outside, n->kids));
  if (l)
    l->op = n->lineage == LQ_LINEAGE_CHILD        ? LQ_OF_CHILD
            : n->lineage == LQ_LINEAGE_DESCENDANT ? LQ_OF_DESCENDANT
                                                  : LQ_OF_EVENT;
  return l;
}

lq_plan *lq_lower_condition(lq_planner *p, const lq_node *n)
{
  bool native = n->kind == LQ_N_EVENT || n->kind == LQ_N_QUERY || n->kind == LQ_N_LINEAGE ||
                n->kind == LQ_N_ERROR;
  if (lq_is_endgame(p) && !native)
    return lq_endgame_condition(p, n);
  switch (n->kind) {
  case LQ_N_ERROR:
  case LQ_N_NULL: return lq_plan_bool(p, n->span, false);
  case LQ_N_BOOL: return lq_plan_bool(p, n->span, n->value.b);
  case LQ_N_FIELD:
  case LQ_N_VARIABLE:
  case LQ_N_REF:
  case LQ_N_COLUMN: return is_true(p, n);
  case LQ_N_CALL: return lq_lower_call(p, n);
  case LQ_N_NOT: return lq_plan_unary(p, LQ_P_NOT, n->span, lq_lower_condition(p, n->kids));
  case LQ_N_AND: return nest(p, LQ_P_AND, n);
  case LQ_N_OR: return nest(p, LQ_P_OR, n);
  case LQ_N_COMPARE: return compare_condition(p, n);
  case LQ_N_IN:
  case LQ_N_MATCH: return lq_lower_match(p, n);
  case LQ_N_ANY_TEXT: return lq_lower_any_text(p, n);
  case LQ_N_SCOPE: return walk(p, n);
  case LQ_N_EVENT: return event(p, n);
  case LQ_N_QUERY: return lq_lower_event(p, n, &(const lq_node *){NULL});
  case LQ_N_LINEAGE: return lineage(p, n);
  case LQ_N_NUMBER:
  case LQ_N_STRING:
  case LQ_N_DURATION:
  case LQ_N_ANYTHING:
  case LQ_N_ARITH:
  case LQ_N_NEGATE:
  case LQ_N_SEQUENCE:
  case LQ_N_SAMPLE:
  case LQ_N_JOIN:
  case LQ_N_TERM:
  case LQ_N_STAGE:
  case LQ_N_NAMED: break; // the checker lets none of these be a condition
  }
  return lq_plan_bool(p, n->span, false);
}

static bool filters(const lq_node *stage)
{
  return stage->kind == LQ_N_STAGE && (stage->stage == LQ_STAGE_WHERE || stage->stage == LQ_STAGE_FILTER);
}

// `A | where B` is `A and B`, in one flat chain, so that both spellings give the same code.
static void add_flat(lq_plan *all, lq_plan *n)
{
  if (!n || n->kind != LQ_P_AND) {
    lq_plan_add(all, n);
    return;
  }
  for (lq_plan *k = n->kids, *next; k; k = next) {
    next = k->next;
    k->next = NULL;
    add_flat(all, k);
  }
}

lq_plan *lq_lower_event(lq_planner *p, const lq_node *n, const lq_node **rest)
{
  *rest = NULL;
  if (n->kind != LQ_N_QUERY)
    return lq_lower_condition(p, n);
  lq_plan *all = lq_plan_new(p, LQ_P_AND, n->span);
  if (!all)
    return NULL;
  const lq_node *k = n->kids;
  for (; k && (k->kind != LQ_N_STAGE || filters(k)); k = k->next)
    add_flat(all, lq_lower_condition(p, filters(k) ? k->kids : k));
  *rest = k;
  return all->kids && !all->kids->next ? all->kids : all;
}

// ---- values

static lq_plan *constant(lq_planner *p, const lq_node *n)
{
  lq_plan *c = lq_plan_new(p, LQ_P_CONST, n->span);
  if (c)
    lq_literal(p, n, &c->value);
  return c;
}

static lq_plan *field(lq_planner *p, const lq_node *n)
{
  lq_plan *f;
  if (lq_plan_indexed(p, n, &f))
    return f;
  f = lq_plan_new(p, LQ_P_FIELD, n->span);
  if (f)
    lq_resolve(p->arena, p->scope, n, &f->ref);
  return f;
}

static lq_plan *reference(lq_planner *p, const lq_node *n)
{
  lq_plan *r = lq_plan_new(p, n->kind == LQ_N_REF ? LQ_P_REF : LQ_P_COLUMN, n->span);
  if (r)
    r->op = (int)n->number, r->ref.name = n->name;
  return r;
}

static lq_plan *arithmetic(lq_planner *p, const lq_node *n)
{
  return lq_plan_binary(p, LQ_P_ARITH, (int)lq_op_codes[n->op].arith, n->span, lq_lower_value(p, n->kids),
                        lq_lower_value(p, n->kids->next));
}

static lq_plan *as_value(lq_planner *p, lq_plan *condition, lq_span span)
{
  // A truth taken from a value that is never null is that value.
  if (condition && condition->kind == LQ_P_TRUTH && condition->kids->kind == LQ_P_IS_NULL)
    return condition->kids;
  return lq_plan_unary(p, LQ_P_VALUE, span, condition);
}

static bool tests_address(lq_planner *p, const lq_node *n)
{
  const lq_node *l = n->kids, *r = l->next;
  return n->op == LQ_OPER_EQ && (lq_literal_address(p, l, r) || lq_literal_address(p, r, l));
}

static lq_plan *compare_value(lq_planner *p, const lq_node *n)
{
  if (tests_address(p, n)) {
    const lq_node *subject = is_reference(n->kids) ? n->kids : n->kids->next;
    return lq_plan_null_beside(p, compare_condition(p, n), subject, n->span);
  }
  // `!=` is `not (==)`, and `not` gives true or false. So does a question for null.
  bool two_valued = n->op == LQ_OPER_NE || (n->op == LQ_OPER_EQ && beside_null(n->kids, n->kids->next));
  return two_valued ? as_value(p, compare_condition(p, n), n->span) : general_compare(p, n);
}

lq_plan *lq_lower_value(lq_planner *p, const lq_node *n)
{
  if (lq_is_endgame(p))
    return lq_endgame_value(p, n);
  if (lq_is_literal(n))
    return constant(p, n);
  switch (n->kind) {
  case LQ_N_NULL: return lq_plan_new(p, LQ_P_NULL, n->span);
  case LQ_N_FIELD:
  case LQ_N_VARIABLE: return field(p, n);
  case LQ_N_REF:
  case LQ_N_COLUMN: return reference(p, n);
  case LQ_N_CALL: return lq_lower_call_value(p, n);
  case LQ_N_COMPARE: return compare_value(p, n);
  case LQ_N_IN:
  case LQ_N_MATCH: return lq_lower_match_value(p, n);
  case LQ_N_ARITH: return arithmetic(p, n);
  case LQ_N_NEGATE: return lq_plan_unary(p, LQ_P_NEGATE, n->span, lq_lower_value(p, n->kids));
  default: return as_value(p, lq_lower_condition(p, n), n->span);
  }
}
