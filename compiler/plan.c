// Plan nodes, and what the tree's literals and names come to.
#include "compiler/plan.h"

#include "base/glob.h"
#include "base/utf8.h"

lq_plan *lq_plan_new(lq_planner *p, lq_plan_kind kind, lq_span span)
{
  lq_plan *n = lq_arena_alloc(p->arena, sizeof *n);
  if (n)
    n->kind = kind, n->span = span;
  return n;
}

void lq_plan_add(lq_plan *parent, lq_plan *kid)
{
  if (!parent || !kid)
    return;
  if (parent->last)
    parent->last->next = kid;
  else
    parent->kids = kid;
  parent->last = kid;
}

lq_plan *lq_plan_unary(lq_planner *p, lq_plan_kind kind, lq_span span, lq_plan *kid)
{
  lq_plan *n = lq_plan_new(p, kind, span);
  lq_plan_add(n, kid);
  return kid ? n : NULL;
}

lq_plan *lq_plan_binary(lq_planner *p, lq_plan_kind kind, int op, lq_span span, lq_plan *left, lq_plan *right)
{
  lq_plan *n = lq_plan_new(p, kind, span);
  if (!n || !left || !right)
    return NULL;
  n->op = op;
  lq_plan_add(n, left);
  lq_plan_add(n, right);
  return n;
}

lq_plan *lq_plan_bool(lq_planner *p, lq_span span, bool truth)
{
  lq_plan *n = lq_plan_new(p, LQ_P_BOOL, span);
  if (n)
    n->truth = truth;
  return n;
}

bool lq_ref_equal(const lq_ref *a, const lq_ref *b)
{
  return a->scope == b->scope && lq_str_eq(a->name, b->name);
}

// ---- literals

lq_str lq_plain_text(lq_arena *a, lq_str pattern)
{
  if (!lq_glob_has_wildcard(pattern))
    return pattern;
  char *p = lq_arena_alloc(a, pattern.n);
  if (!p)
    return LQ_STR("");
  for (size_t i = 0; i < pattern.n; i++) {
    char c = pattern.p[i];
    p[i] = c == LQ_ANY_RUN ? '*' : c == LQ_ANY_ONE ? '?' : c;
  }
  return (lq_str){p, pattern.n};
}

lq_str lq_folded_text(lq_arena *a, lq_str s)
{
  char *room = s.n > 0 ? lq_arena_bytes(a, LQ_FOLD_ROOM(s.n)) : NULL;
  return room ? lq_str_make(room, lq_fold_into(room, s)) : LQ_STR("");
}

// -9223372036854775808 is read as the negation of a number that only just fits no int64.
static lq_value negated(const lq_value *v)
{
  if (v->type == LQ_T_DOUBLE)
    return lq_double(-v->d);
  if (v->type == LQ_T_INT)
    return lq_int(-v->i);
  return v->u == (uint64_t)INT64_MAX + 1 ? lq_int(INT64_MIN) : lq_double(-(double)v->u);
}

static bool is_negative_number(const lq_node *n)
{
  return n->kind == LQ_N_NEGATE && n->kids && n->kids->kind == LQ_N_NUMBER;
}

bool lq_is_literal(const lq_node *n)
{
  return n->kind == LQ_N_BOOL || n->kind == LQ_N_NUMBER || n->kind == LQ_N_STRING ||
         n->kind == LQ_N_DURATION || is_negative_number(n);
}

bool lq_literal(lq_planner *p, const lq_node *n, lq_value *out)
{
  if (!lq_is_literal(n))
    return false;
  if (n->kind == LQ_N_STRING)
    *out = lq_string(lq_plain_text(p->arena, n->value.s));
  else
    *out = n->kind == LQ_N_NEGATE ? negated(&n->kids->value) : n->value;
  return true;
}

lq_str lq_literal_pattern(lq_arena *a, const lq_node *n)
{
  if (n->kind == LQ_N_STRING)
    return n->value.s;
  lq_value v = n->kind == LQ_N_NEGATE ? negated(&n->kids->value) : n->value;
  char text[LQ_VALUE_TEXT_MAX];
  return lq_arena_copy(a, lq_value_text(&v, text));
}

lq_cidr *lq_literal_cidr(lq_arena *a, const lq_node *n)
{
  lq_cidr c;
  if (n->kind != LQ_N_STRING || !lq_cidr_parse(n->value.s, &c, NULL))
    return NULL;
  lq_cidr *copy = lq_arena_alloc(a, sizeof *copy);
  if (copy)
    *copy = c;
  return copy;
}

bool lq_network_parse(lq_str s, lq_cidr *out, size_t *bad_at)
{
  lq_ip ip;
  if (!lq_ip_parse(s, &ip))
    return lq_cidr_parse(s, out, bad_at);
  *out = (lq_cidr){.base = ip, .bits = 128};
  return true;
}

// ---- names

static lq_str join(lq_arena *a, lq_str path, lq_str rest)
{
  char *p = lq_arena_alloc(a, path.n + 1 + rest.n);
  if (!p)
    return LQ_STR("");
  memcpy(p, path.p, path.n);
  p[path.n] = '.';
  memcpy(p + path.n + 1, rest.p, rest.n);
  return (lq_str){p, path.n + 1 + rest.n};
}

// `name` is `path` or something below it.
static bool is_under(lq_str path, lq_str name)
{
  return path.n > 0 && lq_str_starts(name, path) && (name.n == path.n || name.p[path.n] == '.');
}

static const lq_scope *scope_of_variable(const lq_scope *s, lq_str name)
{
  while (s && !is_under(s->variable, name))
    s = s->outer;
  return s;
}

// What follows the first `n` bytes of the name, below the array of the walk.
static lq_ref below_path(lq_arena *a, const lq_scope *s, lq_str name, size_t n)
{
  if (name.n == n)
    return (lq_ref){s->path, s};
  return (lq_ref){join(a, s->path, lq_str_slice(name, n + 1, name.n)), s};
}

// A name is looked up from the innermost walk outwards. Walks that name their element let other names pass.
static lq_ref place(lq_arena *a, const lq_scope *s, lq_str name)
{
  while (s && s->variable.n > 0)
    s = s->outer;
  if (!s)
    return (lq_ref){name, NULL};
  for (const lq_scope *t = s; t && !t->relative; t = t->outer) {
    if (t->variable.n == 0 && is_under(t->written, name))
      return below_path(a, t, name, t->written.n);
    if (t->variable.n == 0 && is_under(t->path, name))
      return (lq_ref){name, t};
  }
  return (lq_ref){join(a, s->path, name), s};
}

bool lq_resolve(lq_arena *a, const lq_scope *scope, const lq_node *n, lq_ref *out)
{
  const lq_scope *bound = scope_of_variable(scope, n->name);
  if (bound)
    *out = below_path(a, bound, n->name, bound->variable.n);
  else if (n->kind == LQ_N_FIELD)
    *out = place(a, scope, n->name);
  return bound || n->kind == LQ_N_FIELD;
}

const lq_scope *lq_scope_enter(lq_arena *a, const lq_scope *outer, const lq_node *path, lq_str variable,
                               bool relative)
{
  lq_scope *s = lq_arena_alloc(a, sizeof *s);
  lq_ref at = {.name = path->name};
  lq_resolve(a, outer, path, &at);
  if (!s)
    return outer;
  *s = (lq_scope){.path = at.name,
                  .written = path->name,
                  .variable = variable,
                  .relative = relative,
                  .outer = outer,
                  .tied = at.scope};
  return s;
}
