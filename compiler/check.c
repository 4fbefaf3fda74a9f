// Names and types: what a condition is, what kind a value has, and what an operator takes. One mistake, one
// message.
#include "compiler/check.h"

#include "compiler/internal.h"
#include "stdlib/regex.h"
#include "vm/program.h"

// ---- kinds

const char *lq_kind_phrase(lq_kind k)
{
  switch (k) {
  case LQ_T_NULL: return "null";
  case LQ_T_BOOL: return "true or false";
  case LQ_T_INT:
  case LQ_T_UINT:
  case LQ_T_DOUBLE: return "a number";
  case LQ_T_STRING: return "a string";
  case LQ_T_IP: return "an IP address";
  case LQ_T_DATE: return "a date";
  case LQ_T_OBJECT: return "an object";
  default: return "a value";
  }
}

lq_kind lq_kind_of_literal(const lq_node *n)
{
  switch (n->kind) {
  case LQ_N_NULL: return LQ_T_NULL;
  case LQ_N_BOOL: return LQ_T_BOOL;
  case LQ_N_STRING: return LQ_T_STRING;
  case LQ_N_NUMBER:
  case LQ_N_DURATION: return LQ_T_DOUBLE;
  default: return lq_is_literal(n) ? LQ_T_DOUBLE : LQ_KIND_UNKNOWN;
  }
}

static bool is_reference(const lq_node *n)
{
  return n->kind == LQ_N_FIELD || n->kind == LQ_N_VARIABLE;
}

// ---- conditions

static void not_boolean(lq_checker *c, const lq_node *n, lq_kind k)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_NOT_BOOLEAN, n->span, "a condition is needed here, this is %s",
                           lq_kind_phrase(k));
  lq_diag_label(c->d, d, n->span, "neither true nor false");
  if (k == LQ_T_STRING)
    lq_diag_help(c->d, d, "say which field to compare it with: `field : \"text\"`");
  else if (k == LQ_T_DOUBLE)
    lq_diag_help(c->d, d, "compare the number with something: `length(process.name) > 5`");
}

static void check_all(lq_checker *c, const lq_node *n)
{
  for (const lq_node *k = n->kids; k; k = k->next)
    lq_check_condition(c, k);
}

static void check_lineage(lq_checker *c, const lq_node *n)
{
  const lq_scope *around = c->scope;
  if (c->lineages == LQ_LINEAGE_DEPTH_MAX) {
    lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_DEEP, n->mark, "questions about processes nest too deeply");
    lq_diag_label(c->d, d, n->mark, "more than %d inside each other", LQ_LINEAGE_DEPTH_MAX);
    return;
  }
  c->lineages++;
  c->scope = NULL; // fields of another event
  lq_check_event(c, n->kids);
  c->scope = around;
  c->lineages--;
}

void lq_check_condition(lq_checker *c, const lq_node *n)
{
  lq_kind k = LQ_T_BOOL;
  switch (n->kind) {
  case LQ_N_NOT:
  case LQ_N_AND:
  case LQ_N_OR: check_all(c, n); break;
  case LQ_N_SCOPE: lq_check_walk(c, n->kids, LQ_STR(""), true, n->kids->next); break;
  case LQ_N_LINEAGE: check_lineage(c, n); break;
  case LQ_N_EVENT: lq_check_event(c, n); break;
  case LQ_N_ERROR:
  case LQ_N_NULL: break; // null is false where a condition is read
  case LQ_N_BOOL:
  case LQ_N_ANY_TEXT: break;
  default: k = lq_check_value(c, n); break;
  }
  if (k != LQ_KIND_UNKNOWN && k != LQ_T_BOOL && k != LQ_T_NULL && !lq_in_endgame(c))
    not_boolean(c, n, k);
}

// ---- walks

static bool walks_already(const lq_scope *outer, const lq_scope *s)
{
  while (outer && !(outer->tied == s->tied && lq_str_eq(outer->path, s->path)))
    outer = outer->outer;
  return outer != NULL;
}

void lq_check_walk(lq_checker *c, const lq_node *path, lq_str variable, bool relative, const lq_node *body)
{
  const lq_scope *outer = c->scope, *inner = lq_scope_enter(c->arena, outer, path, variable, relative);
  if (c->walks == LQ_ITER_DEPTH_MAX) {
    lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_DEEP, path->span, "walks over arrays nest too deeply");
    lq_diag_label(c->d, d, path->span, "more than %d inside each other", LQ_ITER_DEPTH_MAX);
    return;
  }
  if (walks_already(outer, inner))
    lq_check_not_yet(c, path->span, "a walk over an array inside a walk over the same array");
  c->scope = inner;
  c->walks++;
  lq_check_condition(c, body);
  c->walks--;
  c->scope = outer;
}

// ---- comparisons

static bool has_order(lq_kind k)
{
  return k != LQ_T_BOOL && k != LQ_T_OBJECT;
}

static void no_order(lq_checker *c, const lq_node *n, const lq_node *side, lq_kind k)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, side->span,
                           "`%s` needs values that have an order, this is %s", lq_op_spelling(n->op),
                           lq_kind_phrase(k));
  lq_diag_label(c->d, d, side->span, "%s", lq_kind_phrase(k));
  lq_diag_help(c->d, d, "numbers, strings, dates and IP addresses have an order");
}

static void different_order(lq_checker *c, const lq_node *n, lq_kind left, lq_kind right)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, n->mark, "`%s` cannot order %s and %s",
                           lq_op_spelling(n->op), lq_kind_phrase(left), lq_kind_phrase(right));
  lq_diag_label(c->d, d, n->mark, "needs two values of one kind");
  lq_diag_label(c->d, d, n->kids->span, "%s", lq_kind_phrase(left));
  lq_diag_label(c->d, d, n->kids->next->span, "%s", lq_kind_phrase(right));
}

// A string may be read as a date or an address.
static bool may_order(lq_kind a, lq_kind b)
{
  return a == b || (a == LQ_T_STRING && (b == LQ_T_DATE || b == LQ_T_IP)) ||
         (b == LQ_T_STRING && (a == LQ_T_DATE || a == LQ_T_IP));
}

static void check_ordering(lq_checker *c, const lq_node *n, lq_kind left, lq_kind right)
{
  bool known = left > LQ_T_NULL && right > LQ_T_NULL;
  if (left > LQ_T_NULL && !has_order(left))
    no_order(c, n, n->kids, left);
  else if (right > LQ_T_NULL && !has_order(right))
    no_order(c, n, n->kids->next, right);
  else if (known && !may_order(left, right))
    different_order(c, n, left, right);
}

static bool compares(lq_kind k)
{
  return k == LQ_KIND_UNKNOWN || k == LQ_T_STRING || k == LQ_T_DOUBLE;
}

// Endgame EQL compares only what is of one kind; `null` is equal or not, and nothing else.
static void check_kinds(lq_checker *c, const lq_node *n, lq_kind left, lq_kind right)
{
  bool equality = lq_is_equality(n->op), null = left == LQ_T_NULL || right == LQ_T_NULL;
  bool known = left != LQ_KIND_UNKNOWN && right != LQ_KIND_UNKNOWN;
  if (equality ? null || !known || left == right
               : compares(left) && compares(right) && (!known || left == right))
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, n->span, "`%s` cannot compare %s and %s",
                           lq_op_spelling(n->op), lq_kind_phrase(left), lq_kind_phrase(right));
  lq_diag_label(c->d, d, n->span, "needs two strings or two numbers");
}

static lq_kind check_compare(lq_checker *c, const lq_node *n)
{
  const lq_node *l = n->kids, *r = l->next;
  lq_kind left = lq_check_value(c, l), right = lq_check_value(c, r);
  bool equality = lq_is_equality(n->op);
  const lq_node *field = is_reference(l) ? l : r, *literal = is_reference(l) ? r : l;
  if (lq_in_endgame(c))
    check_kinds(c, n, left, right);
  else if (!equality)
    check_ordering(c, n, left, right);
  if (is_reference(field) && lq_is_literal(literal)) {
    if (equality)
      lq_check_holds(c, field, literal, false);
    else
      lq_check_order(c, field, literal);
  }
  return LQ_T_BOOL;
}

// ---- lists and patterns

static void mixed_list(lq_checker *c, const lq_node *n, const lq_node *first, const lq_node *other)
{
  lq_kind a = lq_kind_of_literal(first), b = lq_kind_of_literal(other);
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_MIXED_LIST, other->span, "this list mixes %s and %s",
                           lq_kind_phrase(a), lq_kind_phrase(b));
  lq_diag_label(c->d, d, other->span, "this is %s", lq_kind_phrase(b));
  lq_diag_label(c->d, d, first->span, "this is %s", lq_kind_phrase(a));
  lq_diag_help(c->d, d,
               "write all values of one kind; `%s` compares texts, so \"4624\" also finds the number 4624",
               lq_op_spelling(n->op));
}

static void check_member(lq_checker *c, const lq_node *n, const lq_node *k, lq_kind subject, lq_kind kind)
{
  if (subject <= LQ_T_NULL || kind <= LQ_T_NULL || subject == kind)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, k->span, "`%s` cannot compare %s and %s",
                           lq_op_spelling(n->op), lq_kind_phrase(subject), lq_kind_phrase(kind));
  lq_diag_label(c->d, d, k->span, "%s", lq_kind_phrase(kind));
  lq_diag_label(c->d, d, n->kids->span, "%s", lq_kind_phrase(subject));
}

static lq_kind check_in(lq_checker *c, const lq_node *n)
{
  const lq_node *subject = n->kids, *first = NULL;
  bool mixed = false;
  lq_kind kind = lq_check_value(c, subject);
  lq_check_list_size(c, n->span, n->nkids);
  for (const lq_node *k = subject->next; k; k = k->next) {
    lq_kind one = lq_check_value(c, k);
    if (lq_in_endgame(c)) {
      check_member(c, n, k, kind, one);
      continue;
    }
    if (!lq_is_literal(k))
      continue;
    first = first ? first : k;
    if (!mixed && lq_kind_of_literal(first) != lq_kind_of_literal(k)) {
      mixed_list(c, n, first, k);
      mixed = true;
    }
    if (is_reference(subject) && !mixed)
      lq_check_holds(c, subject, k, false);
  }
  return LQ_T_BOOL;
}

static void not_a_pattern(lq_checker *c, const lq_node *n, const lq_node *leaf)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_NOT_LITERAL, leaf->span, "`%s` needs a pattern that is written out",
                           lq_op_spelling(n->op));
  lq_diag_label(c->d, d, leaf->span, "only known when an event is there");
  lq_diag_help(c->d, d, "compare two fields with `==`");
}

static void not_text(lq_checker *c, const lq_node *n, const lq_node *leaf)
{
  lq_kind k = lq_kind_of_literal(leaf);
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, leaf->span, "`%s` needs a string, this is %s",
                           lq_op_spelling(n->op), lq_kind_phrase(k));
  lq_diag_label(c->d, d, leaf->span, "%s", lq_kind_phrase(k));
  if (leaf->kind == LQ_N_NULL)
    lq_diag_help(c->d, d, "to ask for a missing field write `== null`");
  else
    lq_diag_help(c->d, d, "put it in quotes, or use `:`");
}

static void check_pattern(lq_checker *c, const lq_node *n, const lq_node *leaf)
{
  if (leaf->kind == LQ_N_ERROR || leaf->kind == LQ_N_ANYTHING)
    return;
  if (!lq_is_literal(leaf) && leaf->kind != LQ_N_NULL)
    not_a_pattern(c, n, leaf);
  else if (leaf->kind == LQ_N_NULL || (lq_operators[n->op].texts && leaf->kind != LQ_N_STRING))
    not_text(c, n, leaf);
  else if (lq_is_regex(n->op))
    lq_check_regex(c, leaf, lq_operators[n->op].folds ? LQ_RE_FOLD : 0);
  else if (is_reference(n->kids))
    lq_check_holds(c, n->kids, leaf, true);
}

static void check_group(lq_checker *c, const lq_node *n, const lq_node *g)
{
  if (g->kind != LQ_N_AND && g->kind != LQ_N_OR && g->kind != LQ_N_NOT) {
    check_pattern(c, n, g);
    return;
  }
  lq_check_list_size(c, g->span, g->nkids);
  for (const lq_node *k = g->kids; k; k = k->next)
    check_group(c, n, k);
}

static lq_kind check_match(lq_checker *c, const lq_node *n)
{
  lq_check_value(c, n->kids);
  check_group(c, n, n->kids->next);
  return LQ_T_BOOL;
}

// ---- arithmetic

static void check_number(lq_checker *c, const lq_node *n, const lq_node *side)
{
  lq_kind k = lq_check_value(c, side);
  if (k == LQ_KIND_UNKNOWN || k == LQ_T_NULL || lq_is_number((lq_type)k))
    return;
  const char *op = n->kind == LQ_N_NEGATE ? "-" : lq_op_spelling(n->op);
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, side->span, "`%s` needs numbers, this is %s", op,
                           lq_kind_phrase(k));
  lq_diag_label(c->d, d, side->span, "%s", lq_kind_phrase(k));
  if (k == LQ_T_STRING)
    lq_diag_help(c->d, d,
                 n->op == LQ_OPER_PLUS ? "use `concat(a, b)` to join texts"
                                       : "use `number(text)` to read a number");
}

static lq_kind check_arithmetic(lq_checker *c, const lq_node *n)
{
  for (const lq_node *k = n->kids; k; k = k->next)
    check_number(c, n, k);
  return LQ_T_DOUBLE;
}

// ---- values

lq_kind lq_check_value(lq_checker *c, const lq_node *n)
{
  switch (n->kind) {
  case LQ_N_ERROR: return LQ_KIND_UNKNOWN;
  case LQ_N_NULL:
  case LQ_N_BOOL:
  case LQ_N_NUMBER:
  case LQ_N_STRING:
  case LQ_N_DURATION: return lq_kind_of_literal(n);
  case LQ_N_ANYTHING: return LQ_KIND_UNKNOWN;
  case LQ_N_FIELD:
  case LQ_N_REF: lq_check_field(c, n); return LQ_KIND_UNKNOWN;
  case LQ_N_COLUMN: return LQ_KIND_UNKNOWN;
  case LQ_N_VARIABLE: lq_check_variable(c, n); return LQ_KIND_UNKNOWN;
  case LQ_N_CALL: return lq_check_call(c, n);
  case LQ_N_COMPARE: return check_compare(c, n);
  case LQ_N_IN: return check_in(c, n);
  case LQ_N_MATCH: return check_match(c, n);
  case LQ_N_ARITH:
  case LQ_N_NEGATE: return check_arithmetic(c, n);
  case LQ_N_NAMED: return lq_check_value(c, n->kids);
  case LQ_N_NOT:
  case LQ_N_AND:
  case LQ_N_OR:
  case LQ_N_SCOPE:
  case LQ_N_LINEAGE:
  case LQ_N_ANY_TEXT:
  case LQ_N_EVENT: lq_check_condition(c, n); return LQ_T_BOOL;
  case LQ_N_SEQUENCE:
  case LQ_N_SAMPLE:
  case LQ_N_JOIN:
  case LQ_N_TERM:
  case LQ_N_STAGE:
  case LQ_N_QUERY: break;
  }
  return LQ_KIND_UNKNOWN;
}

lq_status lq_check(lq_node *query, const lq_compile_options *o, const lq_mem *mem, lq_diag_list *diags)
{
  lq_arena arena = {.mem = mem};
  lq_compile_options own = *o;
  own.lint = o->lint && o->dialect != LQ_DIALECT_ENDGAME; // the names and habits are others
  lq_checker c = {.d = diags, .o = &own, .arena = &arena, .mem = mem, .query = query};
  size_t before = diags->nerrors;
  if (query && query->kind == LQ_N_QUERY)
    lq_check_query(&c, query);
  else if (query)
    lq_check_condition(&c, query);
  size_t errors = diags->nerrors - before;
  if (query && errors == c.not_yet && own.lint && !arena.failed)
    lq_lint(query, o, errors == 0, &arena, diags);
  bool nomem = arena.failed || diags->arena->failed;
  lq_arena_free(&arena);
  return nomem ? LQ_E_NOMEM : errors || !query ? LQ_E_QUERY : LQ_OK;
}
