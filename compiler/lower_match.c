// Tree to plan: `:`, like, regex, in, and KQL's terms.
#include "base/glob.h"
#include "compiler/plan.h"
#include "stdlib/regex.h"
#include "stdlib/schema.h"
#include "vm/tokens.h"

// How an operator reads its patterns.
typedef struct reading {
  lq_op op;
  bool fold;
  bool text;              // the subject is analysed text (KQL)
  const lq_node *subject; // without KQL's `.caseless`
} reading;

static bool is_kql(lq_op op)
{
  return lq_op_in(op, LQ_DIALECT_KQL);
}

static bool knows_networks(const reading *r)
{
  return !r->text && lq_operators[r->op].networks == LQ_NETWORKS_NETWORKS;
}

static bool knows_addresses(const reading *r)
{
  return !r->text && lq_operators[r->op].networks != LQ_NETWORKS_NONE;
}

// `host.name.caseless` is `host.name` compared without case.
static const lq_node *without_caseless(lq_planner *p, const lq_node *n)
{
  const lq_str suffix = LQ_STR(".caseless");
  if (n->kind != LQ_N_FIELD || !lq_str_ends(n->name, suffix))
    return n;
  lq_node *copy = lq_arena_alloc(p->arena, sizeof *copy);
  if (!copy)
    return n;
  *copy = *n;
  copy->name.n -= suffix.n;
  return copy;
}

static bool is_text(lq_planner *p, const lq_node *subject)
{
  lq_ref ref;
  return subject->kind == LQ_N_FIELD && lq_resolve(p->arena, p->scope, subject, &ref) &&
         lq_schema_is_text(lq_schema_or_ecs(p->o->types), ref.name);
}

static reading read_operator(lq_planner *p, lq_op op, const lq_node *subject)
{
  reading r = {.op = op, .fold = lq_operators[op].folds && !lq_is_regex(op), .subject = subject};
  if (is_kql(op)) {
    r.subject = without_caseless(p, subject);
    r.fold = r.subject != subject;
    r.text = is_text(p, r.subject);
  }
  return r;
}

// ---- literals to entries

static lq_entry entry_of(lq_planner *p, const reading *r, const lq_node *n)
{
  lq_str text = lq_literal_pattern(p->arena, n);
  lq_entry e = {.text = text, .span = n->span};
  if (lq_operators[r->op].reads != LQ_READS_PATTERN)
    e.text = lq_plain_text(p->arena, text);
  if (lq_is_regex(r->op) && lq_operators[r->op].folds)
    e.flags = LQ_RE_FOLD;
  if (r->fold || r->text)
    e.text = lq_folded_text(p->arena, e.text);
  return e;
}

// Of a test that knows text fields only by their words, all entries are of one sort.
static lq_matcher_kind matcher_of(const reading *r, bool phrases, const lq_entry *entries, size_t n)
{
  bool wildcard = false;
  for (size_t i = 0; i < n && !lq_is_regex(r->op); i++)
    wildcard = wildcard || lq_glob_has_wildcard(entries[i].text);
  if (r->text)
    return phrases ? LQ_MATCHER_PHRASE : LQ_MATCHER_TOKENS_ANY;
  bool caseless = is_kql(r->op) && r->fold;
  const lq_op_code *code = &lq_op_codes[caseless ? LQ_OPER_COLON : r->op];
  return wildcard ? code->wild : code->whole;
}

static bool is_leaf(const lq_node *n)
{
  return lq_is_literal(n);
}

static size_t count_leaves(const lq_node *first)
{
  size_t n = 0;
  for (const lq_node *k = first; k; k = k->next)
    n += is_leaf(k);
  return n;
}

static lq_cidr *network_of(lq_planner *p, const reading *r, const lq_node *n)
{
  lq_cidr *c = is_leaf(n) && knows_networks(r) ? lq_literal_cidr(p->arena, n) : NULL;
  return c || !is_leaf(n) || !knows_addresses(r) ? c : lq_literal_address(p, r->subject, n);
}

// The networks among the literals from `first` on, as one test beside that of the texts. NULL: none.
static lq_plan *networks(lq_planner *p, const reading *r, const lq_node *first, size_t leaves, lq_span span)
{
  lq_entry *entries = NULL;
  size_t n = 0;
  for (const lq_node *k = first; k && leaves > 0 && knows_addresses(r); k = k->next) {
    lq_cidr *c = network_of(p, r, k);
    if (!c || (!entries && !(entries = lq_arena_array(p->arena, leaves, sizeof *entries))))
      continue;
    entries[n++] = (lq_entry){.cidr = *c, .span = k->span};
  }
  return n > 0 ? lq_plan_test(p, r->subject, LQ_MATCHER_CIDR, entries, n, span) : NULL;
}

// ---- words of text fields

// An unquoted value of a text field is its words, any of which satisfies. Wildcards belong to the word they
// stand in.
static size_t add_words(lq_planner *p, const reading *r, const lq_entry *e, lq_entry *out)
{
  lq_ref ref = {.name = LQ_STR("")};
  lq_resolve(p->arena, p->scope, r->subject, &ref);
  char *letters = lq_arena_alloc(p->arena, e->text.n);
  for (size_t i = 0; letters && i < e->text.n; i++)
    letters[i] = e->text.p[i] == LQ_ANY_RUN || e->text.p[i] == LQ_ANY_ONE ? 'x' : e->text.p[i];
  lq_str text = {letters, letters ? e->text.n : 0}, word;
  size_t n = 0;
  for (size_t at = 0; lq_tokens_next(text, lq_tokens_of_field(ref.name), &at, &word); n++) {
    out[n] = *e;
    out[n].text = (lq_str){e->text.p + (word.p - text.p), word.n};
  }
  return n;
}

static lq_plan *words(lq_planner *p, const reading *r, const lq_entry *entries, size_t n, lq_span span)
{
  size_t most = 0, count = 0;
  for (size_t i = 0; i < n; i++)
    most += entries[i].text.n / 2 + 1;
  lq_entry *all = lq_arena_array(p->arena, most, sizeof *all);
  for (size_t i = 0; all && i < n; i++)
    count += add_words(p, r, &entries[i], all + count);
  if (count == 0)
    return lq_plan_bool(p, span, false);
  return lq_plan_test(p, r->subject, LQ_MATCHER_TOKENS_ANY, all, count, span);
}

// Which leaves of a group a test takes.
typedef enum sort { ANY_SORT, TERMS, PHRASES } sort;

static bool takes(sort which, const lq_node *k)
{
  return is_leaf(k) && (which == ANY_SORT || (which == PHRASES) == (k->op == LQ_OPER_KQL_PHRASE));
}

// KQL's `1.50` is the number 1.5, and the text as written.
static bool has_second_text(const lq_node *n)
{
  return n->kind == LQ_N_NUMBER && n->name.n > 0;
}

static size_t gather(lq_planner *p, const reading *r, const lq_node *first, size_t leaves, sort which,
                     lq_entry *out)
{
  size_t n = 0, seen = 0;
  for (const lq_node *k = first; k && seen < leaves; k = k->next) {
    seen += is_leaf(k);
    if (!takes(which, k) || (knows_addresses(r) && lq_literal_address(p, r->subject, k)))
      continue;
    out[n++] = entry_of(p, r, k);
    if (has_second_text(k)) {
      out[n] = out[n - 1];
      out[n++].text = r->fold || r->text ? lq_folded_text(p->arena, k->name) : k->name;
    }
  }
  return n;
}

static lq_plan *texts(lq_planner *p, const reading *r, const lq_node *first, size_t leaves, sort which,
                      lq_span span)
{
  lq_entry *entries = lq_arena_array(p->arena, leaves, 2 * sizeof *entries);
  size_t n = entries ? gather(p, r, first, leaves, which, entries) : 0;
  if (n == 0)
    return NULL;
  lq_matcher_kind matcher = matcher_of(r, which == PHRASES, entries, n);
  return matcher == LQ_MATCHER_TOKENS_ANY ? words(p, r, entries, n, span)
                                          : lq_plan_test(p, r->subject, matcher, entries, n, span);
}

static void add_known(lq_plan *chain, lq_plan *n)
{
  if (n)
    lq_plan_add(chain, n);
}

// One test for `leaves` literals, any of which satisfies; more where they are tested in different ways.
static lq_plan *literals(lq_planner *p, const reading *r, const lq_node *first, size_t leaves, lq_span span)
{
  lq_plan *either = lq_plan_new(p, LQ_P_OR, span);
  if (r->text) {
    add_known(either, texts(p, r, first, leaves, TERMS, span));
    add_known(either, texts(p, r, first, leaves, PHRASES, span));
  } else {
    add_known(either, texts(p, r, first, leaves, ANY_SORT, span));
  }
  add_known(either, networks(p, r, first, leaves, span));
  return either && either->kids && !either->kids->next ? either->kids : either;
}

// ---- groups

static lq_plan *group(lq_planner *p, const reading *r, const lq_node *g, lq_span span);

// Literals of an `or` (or a list) are one test, whatever stands between them.
static lq_plan *any_of(lq_planner *p, const reading *r, const lq_node *g, lq_span span)
{
  size_t leaves = count_leaves(g->kids);
  if (leaves == g->nkids)
    return literals(p, r, g->kids, leaves, span);
  lq_plan *out = lq_plan_new(p, LQ_P_OR, g->span);
  if (leaves > 0)
    lq_plan_add(out, literals(p, r, g->kids, leaves, g->span));
  for (const lq_node *k = g->kids; k; k = k->next) {
    if (!is_leaf(k))
      lq_plan_add(out, group(p, r, k, k->span));
  }
  return out && out->kids && !out->kids->next ? out->kids : out;
}

static lq_plan *all_of(lq_planner *p, const reading *r, const lq_node *g)
{
  lq_plan *out = lq_plan_new(p, LQ_P_AND, g->span);
  for (const lq_node *k = g->kids; k; k = k->next)
    lq_plan_add(out, group(p, r, k, k->span));
  return out;
}

static lq_plan *lone(lq_planner *p, const reading *r, const lq_node *g, lq_span span)
{
  lq_node alone = *g;
  alone.next = NULL;
  return literals(p, r, &alone, 1, span);
}

static lq_plan *group(lq_planner *p, const reading *r, const lq_node *g, lq_span span)
{
  switch (g->kind) {
  case LQ_N_OR: return any_of(p, r, g, span);
  case LQ_N_AND: return all_of(p, r, g);
  case LQ_N_NOT: return lq_plan_unary(p, LQ_P_NOT, g->span, group(p, r, g->kids, g->kids->span));
  case LQ_N_ANYTHING: return lq_plan_test(p, r->subject, LQ_MATCHER_EXISTS, NULL, 0, span);
  default: break;
  }
  return is_leaf(g) ? lone(p, r, g, span) : lq_plan_bool(p, span, false); // null is equal to nothing
}

// ---- in

static lq_plan *same(lq_planner *p, const lq_node *subject, const lq_node *entry, bool fold)
{
  lq_plan *c = lq_plan_binary(p, LQ_P_COMPARE, fold ? LQ_CMP_EQ_FOLD : LQ_CMP_EQ, entry->span,
                              lq_lower_value(p, subject), lq_lower_value(p, entry));
  return lq_plan_unary(p, LQ_P_TRUTH, entry->span, c);
}

// The list follows the subject among the kids, so it is walked as it lies.
static lq_plan *in_condition(lq_planner *p, const lq_node *n)
{
  const lq_node *subject = n->kids, *list = subject->next;
  reading r = read_operator(p, n->op, subject);
  size_t leaves = count_leaves(list);
  lq_plan *known = leaves > 0 ? literals(p, &r, list, leaves, n->span) : NULL;
  if (leaves + 1 == n->nkids)
    return known;
  lq_plan *out = lq_plan_new(p, LQ_P_OR, n->span);
  lq_plan_add(out, known);
  for (const lq_node *k = list; k; k = k->next) {
    if (!is_leaf(k) && k->kind != LQ_N_NULL)
      lq_plan_add(out, same(p, subject, k, r.fold));
  }
  return out && !out->kids ? lq_plan_bool(p, n->span, false) : out;
}

lq_plan *lq_lower_match(lq_planner *p, const lq_node *n)
{
  if (n->kind == LQ_N_IN)
    return in_condition(p, n);
  reading r = read_operator(p, n->op, n->kids);
  return group(p, &r, n->kids->next, n->span);
}

// ---- as values

static bool never_null(const lq_node *n)
{
  return n->kind == LQ_N_MATCH && n->kids->next->kind == LQ_N_ANYTHING;
}

// True for any value at all, null for none.
static lq_plan *some_value(lq_planner *p, const lq_node *subject, lq_span span)
{
  static const char any[] = {LQ_ANY_RUN};
  lq_plan *m = lq_plan_new(p, LQ_P_MATCH, span);
  lq_entry *e = lq_arena_alloc(p->arena, sizeof *e);
  lq_plan *value = lq_lower_value(p, subject);
  if (!m || !e || !value)
    return NULL;
  e->text = (lq_str){any, 1};
  m->matcher = LQ_MATCHER_GLOB;
  m->entries = e;
  m->nentries = 1;
  lq_plan_add(m, value);
  return m;
}

// The condition says false where the subject is null, so it is compared with a true that is null too.
lq_plan *lq_plan_null_beside(lq_planner *p, lq_plan *condition, const lq_node *subject, lq_span span)
{
  lq_plan *value = lq_plan_unary(p, LQ_P_VALUE, span, condition);
  return lq_plan_binary(p, LQ_P_COMPARE, LQ_CMP_EQ, span, value, some_value(p, subject, span));
}

// A match is null where its subject is.
lq_plan *lq_lower_match_value(lq_planner *p, const lq_node *n)
{
  lq_plan *c = lq_lower_match(p, n);
  if (c && c->kind == LQ_P_TRUTH && c->kids->kind == LQ_P_MATCH)
    return c->kids;
  if (!c || never_null(n))
    return lq_plan_unary(p, LQ_P_VALUE, n->span, c);
  return lq_plan_null_beside(p, c, n->kids, n->span);
}

// ---- KQL free text

// Free text looks at every string of the event: the field is the pattern that every name fits.
lq_plan *lq_lower_any_text(lq_planner *p, const lq_node *n)
{
  static const char any[] = {LQ_ANY_RUN};
  lq_node *everywhere = lq_arena_alloc(p->arena, sizeof *everywhere);
  if (!everywhere)
    return NULL;
  *everywhere = (lq_node){.kind = LQ_N_FIELD, .span = n->span, .name = {any, 1}};
  lq_planner outside = *p;
  outside.scope = NULL;
  reading r = {.op = n->op, .text = true, .subject = everywhere};
  return group(&outside, &r, n->kids, n->span);
}
