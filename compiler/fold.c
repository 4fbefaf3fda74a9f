// The optimiser: constants computed, `not` pushed out of the way, lists merged, entries dropped that add
// nothing. Results stay the same, event by event; so does the order of what is left, for explanations and for
// the author's sense of cost.
#include "base/glob.h"
#include "base/utf8.h"
#include "compiler/plan.h"
#include "stdlib/functions.h"

// Quadratic passes stop above this many entries or conditions.
enum { PAIRS_MAX = 512 };

// ---- constants

static bool is_constant(const lq_plan *n)
{
  return n->kind == LQ_P_CONST || n->kind == LQ_P_NULL;
}

static bool has_null(const lq_plan *n)
{
  for (const lq_plan *k = n->kids; k; k = k->next) {
    if (k->kind == LQ_P_NULL)
      return true;
  }
  return false;
}

static bool all_constant(const lq_plan *n)
{
  for (const lq_plan *k = n->kids; k; k = k->next) {
    if (!is_constant(k))
      return false;
  }
  return true;
}

// Constants of a program are finite numbers, and never objects.
static bool can_be_constant(const lq_value *v)
{
  return v->type != LQ_T_OBJECT && !(v->type == LQ_T_DOUBLE && v->d - v->d != 0);
}

static lq_plan *become(lq_plan *n, lq_value v)
{
  if (!can_be_constant(&v))
    return n;
  n->kind = v.type == LQ_T_NULL ? LQ_P_NULL : LQ_P_CONST;
  n->value = v;
  n->kids = n->last = NULL;
  return n;
}

static lq_plan *become_null(lq_plan *n)
{
  return become(n, (lq_value){.type = LQ_T_NULL});
}

static lq_plan *become_bool(lq_plan *n, bool truth)
{
  n->kind = LQ_P_BOOL;
  n->truth = truth;
  n->kids = n->last = NULL;
  return n;
}

static lq_value compared(lq_compare op, const lq_value *a, const lq_value *b)
{
  int order;
  if (op == LQ_CMP_EQ)
    return lq_bool(lq_value_equal(a, b));
  if (op == LQ_CMP_EQ_FOLD)
    return lq_bool(lq_value_equal_fold(a, b));
  if (!lq_value_order(a, b, &order))
    return (lq_value){.type = LQ_T_NULL};
  return lq_bool(op == LQ_CMP_LT   ? order < 0
                 : op == LQ_CMP_LE ? order <= 0
                 : op == LQ_CMP_GT ? order > 0
                                   : order >= 0);
}

static lq_values constants(const lq_plan *n)
{
  return (lq_values){&n->value, n->kind == LQ_P_CONST};
}

// Does the constant side decide by itself? False and anything is false, true or anything true.
static bool decides(const lq_plan *n, const lq_plan *side)
{
  static const lq_value yes = {.type = LQ_T_BOOL, .b = true};
  bool want = n->op == LQ_CMP_OR3;
  return (n->op == LQ_CMP_AND3 || want) && side->kind == LQ_P_CONST &&
         lq_compare_strictly(LQ_CMP_AND3, constants(side), (lq_values){&yes, 1}) == want;
}

static lq_plan *fold_strictly(lq_plan *n)
{
  for (lq_plan *k = n->kids; k; k = k->next) {
    if (decides(n, k))
      return become(n, lq_bool(n->op == LQ_CMP_OR3));
  }
  if (!all_constant(n))
    return n;
  int truth = lq_compare_strictly((lq_compare)n->op, constants(n->kids), constants(n->last));
  return truth < 0 ? become_null(n) : become(n, lq_bool(truth));
}

static lq_plan *fold_compare(lq_plan *n)
{
  if (n->op >= LQ_CMP_SAME)
    return fold_strictly(n);
  if (has_null(n))
    return become_null(n);
  return all_constant(n) ? become(n, compared((lq_compare)n->op, &n->kids->value, &n->last->value)) : n;
}

static lq_plan *fold_arithmetic(lq_plan *n)
{
  static const char signs[LQ_AR_COUNT] = {'+', '-', '*', '/', '%'};
  const lq_value zero = lq_int(0);
  if (has_null(n))
    return become_null(n);
  if (!all_constant(n))
    return n;
  if (n->kind == LQ_P_NEGATE)
    return become(n, lq_arithmetic('-', &zero, &n->kids->value, false));
  return become(n, lq_arithmetic(signs[n->op], &n->kids->value, &n->last->value, false));
}

static lq_plan *fold_call(lq_planner *p, lq_plan *n)
{
  enum { RESULTS = 2 }; // more than one is no constant
  lq_values args[LQ_ARGS_MAX];
  lq_value results[RESULTS];
  int nargs = 0;
  size_t nresults = 0;
  bool cut = false;
  if (!all_constant(n))
    return n;
  for (const lq_plan *k = n->kids; k; k = k->next, nargs++) {
    if (nargs == LQ_ARGS_MAX)
      return n;
    args[nargs] = (lq_values){&k->value, k->kind == LQ_P_CONST};
  }
  lq_call call = {.scratch = p->arena, .now = p->o->now, .endgame = n->strict};
  lq_function_call(n->function, &call, args, nargs, results, RESULTS, &nresults, &cut);
  if (cut || nresults > 1)
    return n;
  return nresults == 0 ? become_null(n) : become(n, results[0]);
}

static bool entry_fits(const lq_plan *n, const lq_entry *e, lq_str text)
{
  bool fold = lq_match_kinds[n->matcher].fold;
  if (n->matcher == LQ_MATCHER_EQ || n->matcher == LQ_MATCHER_EQ_FOLD)
    return fold ? lq_fold_eq(e->text, text) : lq_str_eq(e->text, text);
  return lq_glob_match(e->text, text, fold);
}

static lq_plan *fold_match(lq_plan *n)
{
  bool known = n->matcher == LQ_MATCHER_EQ || n->matcher == LQ_MATCHER_EQ_FOLD ||
               n->matcher == LQ_MATCHER_GLOB || n->matcher == LQ_MATCHER_GLOB_FOLD;
  if (n->kids->kind == LQ_P_NULL)
    return become_null(n);
  bool texts = n->matcher == LQ_MATCHER_EQ || n->matcher == LQ_MATCHER_EQ_FOLD;
  if (n->strict && n->kids->kind == LQ_P_CONST && !texts && n->kids->value.type != LQ_T_STRING)
    return become_null(n);
  if (n->kids->kind != LQ_P_CONST || !known)
    return n;
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str text = lq_value_text(&n->kids->value, scratch);
  bool fits = false;
  for (size_t i = 0; i < n->nentries && !fits; i++)
    fits = entry_fits(n, &n->entries[i], text);
  return become(n, lq_bool(fits));
}

// ---- entries

static bool covered_by_another(const lq_entry *all, const uint64_t *letters, size_t n, size_t i)
{
  for (size_t j = 0; j < n; j++) {
    if (j == i || (letters[j] & ~letters[i]) || !lq_pattern_covers(all[j].text, all[i].text))
      continue;
    // Of two that cover each other the first stays.
    if (j < i || !lq_pattern_covers(all[i].text, all[j].text))
      return true;
  }
  return false;
}

static void drop_covered(lq_planner *p, lq_plan *n)
{
  lq_entry *kept = lq_arena_array(p->arena, n->nentries, sizeof *kept);
  uint64_t *letters = lq_arena_array(p->arena, n->nentries, sizeof *letters);
  size_t count = 0;
  if (!kept || !letters)
    return;
  for (size_t i = 0; i < n->nentries; i++)
    letters[i] = lq_pattern_letters(n->entries[i].text);
  for (size_t i = 0; i < n->nentries; i++) {
    if (!covered_by_another(n->entries, letters, n->nentries, i))
      kept[count++] = n->entries[i];
  }
  n->entries = kept;
  n->entries_room = 0;
  n->nentries = count;
}

static bool has_lone_star(const lq_plan *n)
{
  for (size_t i = 0; i < n->nentries; i++) {
    if (lq_glob_classify(n->entries[i].text, NULL) == LQ_GLOB_ANY)
      return true;
  }
  return false;
}

// The element of a walk may be an object, which is there but has no text that `*` could match.
static bool may_be_object(const lq_ref *r)
{
  return r->scope && lq_str_eq(r->name, r->scope->path);
}

static lq_plan *fold_test(lq_planner *p, lq_plan *n)
{
  if (n->matcher != LQ_MATCHER_GLOB && n->matcher != LQ_MATCHER_GLOB_FOLD)
    return n;
  if (has_lone_star(n) && !may_be_object(&n->ref)) {
    n->matcher = LQ_MATCHER_EXISTS;
    n->entries = NULL;
    n->entries_room = 0;
    n->nentries = 0;
  } else if (n->nentries > 1 && n->nentries <= PAIRS_MAX) {
    drop_covered(p, n);
  }
  return n;
}

// ---- merging

// The matcher that tests for either of two matchers' entries; COUNT where none does.
static lq_matcher_kind joint(lq_matcher_kind a, lq_matcher_kind b)
{
  if (a == b && lq_match_kinds[a].set != LQ_SET_NONE && lq_match_kinds[a].set != LQ_SET_CONST)
    return a;
  if ((a == LQ_MATCHER_EQ && b == LQ_MATCHER_GLOB) || (a == LQ_MATCHER_GLOB && b == LQ_MATCHER_EQ))
    return LQ_MATCHER_GLOB;
  if ((a == LQ_MATCHER_EQ_FOLD && b == LQ_MATCHER_GLOB_FOLD) ||
      (a == LQ_MATCHER_GLOB_FOLD && b == LQ_MATCHER_EQ_FOLD))
    return LQ_MATCHER_GLOB_FOLD;
  return LQ_MATCHER_COUNT;
}

// An entry of EQ is plain text, and as a pattern it is the same text only if no byte of it means a wildcard.
static bool is_plain(const lq_plan *n)
{
  for (size_t i = 0; i < n->nentries; i++) {
    if (lq_glob_has_wildcard(n->entries[i].text))
      return false;
  }
  return true;
}

// Doubles, so that a chain of many thousand tests costs what it is long.
static bool make_room(lq_planner *p, lq_plan *n, size_t count)
{
  if (count <= n->entries_room)
    return true;
  lq_entry *all = lq_arena_array(p->arena, 2 * count, sizeof *all);
  if (!all)
    return false;
  memcpy(all, n->entries, n->nentries * sizeof *all);
  n->entries = all;
  n->entries_room = 2 * count;
  return true;
}

// `a` takes in `b`, so that it holds where either did.
static bool merge(lq_planner *p, lq_plan *a, const lq_plan *b)
{
  if (a->kind != LQ_P_TEST || b->kind != LQ_P_TEST || !lq_ref_equal(&a->ref, &b->ref))
    return false;
  lq_matcher_kind matcher = joint(a->matcher, b->matcher);
  // Texts of a long list are found at once, and patterns are tried one by one: they stay apart.
  if (a->matcher != b->matcher && a->nentries + b->nentries > PAIRS_MAX)
    return false;
  if (matcher == LQ_MATCHER_COUNT || (matcher != a->matcher && !is_plain(a)) ||
      (matcher != b->matcher && !is_plain(b)))
    return false;
  if (!make_room(p, a, a->nentries + b->nentries))
    return false;
  memcpy(a->entries + a->nentries, b->entries, b->nentries * sizeof *a->entries);
  a->matcher = matcher;
  a->nentries += b->nentries;
  a->span = lq_span_over(a->span, b->span);
  return true;
}

static bool same_test(const lq_plan *a, const lq_plan *b)
{
  if (a->kind == LQ_P_NOT && b->kind == LQ_P_NOT)
    return same_test(a->kids, b->kids);
  if (a->kind != LQ_P_TEST || b->kind != LQ_P_TEST || a->matcher != b->matcher ||
      a->nentries != b->nentries || !lq_ref_equal(&a->ref, &b->ref) ||
      lq_match_kinds[a->matcher].set == LQ_SET_CONST || lq_match_kinds[a->matcher].set == LQ_SET_CIDRS)
    return false;
  for (size_t i = 0; i < a->nentries; i++) {
    if (a->entries[i].flags != b->entries[i].flags || !lq_str_eq(a->entries[i].text, b->entries[i].text))
      return false;
  }
  return true;
}

static bool said_before(const lq_plan *chain, const lq_plan *k)
{
  int looked = 0;
  for (const lq_plan *e = chain->kids; e && looked < PAIRS_MAX; e = e->next, looked++) {
    if (same_test(e, k))
      return true;
  }
  return false;
}

// `not a and not b` is `not (a or b)`, which is one test where a and b are of one field.
static bool merge_negated(lq_planner *p, lq_plan *a, const lq_plan *b)
{
  if (a->kind != LQ_P_NOT || b->kind != LQ_P_NOT || !merge(p, a->kids, b->kids))
    return false;
  a->span = lq_span_over(a->span, b->span);
  return true;
}

// ---- chains

static void add_to_chain(lq_planner *p, lq_plan *chain, lq_plan *k)
{
  bool merged = chain->last &&
                (chain->kind == LQ_P_OR ? merge(p, chain->last, k) : merge_negated(p, chain->last, k));
  if (!merged && !said_before(chain, k))
    lq_plan_add(chain, k);
}

// Adds the parts of a folded kid; true if it decides the whole chain.
static bool add_folded(lq_planner *p, lq_plan *chain, lq_plan *k)
{
  if (k->kind == LQ_P_BOOL)
    return k->truth == (chain->kind == LQ_P_OR);
  if (k->kind != chain->kind) {
    add_to_chain(p, chain, k);
    return false;
  }
  for (lq_plan *part = k->kids, *next; part; part = next) {
    next = part->next;
    part->next = NULL;
    add_to_chain(p, chain, part);
  }
  return false;
}

static void fold_entries(lq_planner *p, lq_plan *chain)
{
  for (lq_plan *k = chain->kids; k; k = k->next)
    fold_test(p, k->kind == LQ_P_NOT ? k->kids : k);
}

static lq_plan *fold_chain(lq_planner *p, lq_plan *n)
{
  lq_plan *kids = n->kids;
  n->kids = n->last = NULL;
  bool decided = false;
  for (lq_plan *k = kids, *next; k && !decided; k = next) {
    next = k->next;
    k->next = NULL;
    k = lq_fold_plan(p, k);
    decided = add_folded(p, n, k);
  }
  if (decided || !n->kids)
    return become_bool(n, decided == (n->kind == LQ_P_OR));
  fold_entries(p, n);
  return n->kids->next ? n : n->kids;
}

static lq_plan *fold_not(lq_plan *n)
{
  lq_plan *k = n->kids;
  if (k->kind == LQ_P_BOOL)
    return become_bool(n, !k->truth);
  return k->kind == LQ_P_NOT ? k->kids : n;
}

static lq_plan *fold_truth(lq_plan *n)
{
  lq_plan *k = n->kids;
  if (is_constant(k))
    return become_bool(n, k->kind == LQ_P_CONST && k->value.type == LQ_T_BOOL && k->value.b);
  return k->kind == LQ_P_VALUE ? k->kids : n;
}

// A walk whose body is false finds nothing, however many elements there are.
static lq_plan *fold_walk(lq_plan *n)
{
  return n->kids->kind == LQ_P_BOOL && !n->kids->truth ? become_bool(n, false) : n;
}

// ---- all of it

static void fold_kids(lq_planner *p, lq_plan *n)
{
  lq_plan *kids = n->kids;
  n->kids = n->last = NULL;
  for (lq_plan *k = kids, *next; k; k = next) {
    next = k->next;
    k->next = NULL;
    lq_plan_add(n, lq_fold_plan(p, k));
  }
}

lq_plan *lq_fold_plan(lq_planner *p, lq_plan *n)
{
  if (n->kind == LQ_P_AND || n->kind == LQ_P_OR)
    return fold_chain(p, n);
  fold_kids(p, n);
  switch (n->kind) {
  case LQ_P_BOOL:
  case LQ_P_NULL:
  case LQ_P_CONST:
  case LQ_P_FIELD:
  case LQ_P_REF:
  case LQ_P_COLUMN:
  case LQ_P_ELEMENT:
  case LQ_P_INDEX:
  case LQ_P_LINEAGE:
  case LQ_P_COUNT: return n;
  case LQ_P_TEST: return fold_test(p, n);
  case LQ_P_AND:
  case LQ_P_OR: return n;
  case LQ_P_NOT: return fold_not(n);
  case LQ_P_TRUTH: return fold_truth(n);
  case LQ_P_WALK: return fold_walk(n);
  case LQ_P_CALL: return fold_call(p, n);
  case LQ_P_COMPARE: return fold_compare(n);
  case LQ_P_ARITH:
  case LQ_P_NEGATE: return fold_arithmetic(n);
  case LQ_P_IS_NULL: return is_constant(n->kids) ? become(n, lq_bool(n->kids->kind == LQ_P_NULL)) : n;
  case LQ_P_VALUE: return n->kids->kind == LQ_P_BOOL ? become(n, lq_bool(n->kids->truth)) : n;
  case LQ_P_MATCH: return fold_match(n);
  }
  return n;
}
