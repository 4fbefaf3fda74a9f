// The tree walker. Everything is a list of values; a condition is a bool. Where LANGUAGE says "null", the
// list is empty.
#include "tests/oracle/oracle.h"

#include "base/date.h"
#include "base/glob.h"
#include "base/utf8.h"
#include "stdlib/functions.h"
#include "stdlib/regex.h"
#include "stdlib/schema.h"

typedef struct list {
  lq_value *v;
  size_t n, cap;
} list;

// A walk that is going on: which array, what its elements are called, and where the current one is in the
// JSON.
typedef struct walk walk;
struct walk {
  lq_str path, written, variable; // written: the path as it stands in the query
  bool relative;
  uint32_t element;
  const walk *outer;
};

typedef struct oracle {
  lq_oracle *o;
  const walk *walk;
} oracle;

static bool condition(oracle *x, const lq_node *n);
static list value(oracle *x, const lq_node *n);

// ---- lists

static void put(oracle *x, list *l, lq_value v)
{
  if (l->n == l->cap) {
    size_t cap = l->cap ? l->cap * 2 : 4;
    lq_value *wide = lq_arena_array(x->o->arena, cap, sizeof *wide);
    if (!wide)
      return;
    if (l->n > 0)
      memcpy(wide, l->v, l->n * sizeof *wide);
    l->v = wide;
    l->cap = cap;
  }
  l->v[l->n++] = v;
}

static list one(oracle *x, lq_value v)
{
  list l = {0};
  if (v.type != LQ_T_NULL)
    put(x, &l, v);
  return l;
}

static list truth(oracle *x, bool b)
{
  return one(x, lq_bool(b));
}

static lq_str text_of(oracle *x, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  return lq_arena_copy(x->o->arena, lq_value_text(v, scratch));
}

// ---- the event

static const lq_json_node *node_at(const oracle *x, uint32_t i)
{
  return &x->o->event->nodes[i];
}

static lq_value scalar(oracle *x, const lq_json_node *n)
{
  bool range = false;
  switch ((lq_json_kind)n->kind) {
  case LQ_JSON_STRING: return lq_string(lq_json_string(x->o->event, n, x->o->arena, NULL));
  case LQ_JSON_NUMBER: return lq_json_number(x->o->event, n, &range);
  case LQ_JSON_TRUE: return lq_bool(true);
  case LQ_JSON_FALSE: return lq_bool(false);
  case LQ_JSON_NULL:
  case LQ_JSON_OBJECT:
  case LQ_JSON_ARRAY: break;
  }
  return (lq_value){.type = LQ_T_NULL};
}

typedef void (*visit_fn)(oracle *x, uint32_t node, void *user);

// Calls visit for each thing at `name` below `at`: elements of arrays one by one, objects as they are.
static void find(oracle *x, uint32_t at, lq_str name, visit_fn visit, void *user)
{
  const lq_json_node *n = node_at(x, at);
  if (n->kind == LQ_JSON_ARRAY) {
    for (uint32_t i = at + 1; i < n->next; i = node_at(x, i)->next)
      find(x, i, name, visit, user);
    return;
  }
  if (name.n == 0) {
    visit(x, at, user);
    return;
  }
  for (uint32_t i = at + 1; n->kind == LQ_JSON_OBJECT && i < n->next; i = node_at(x, i + 1)->next) {
    lq_str key = lq_json_string(x->o->event, node_at(x, i), x->o->arena, NULL);
    if (lq_str_eq(key, name))
      find(x, i + 1, LQ_STR(""), visit, user);
    else if (key.n < name.n && lq_str_starts(name, key) && name.p[key.n] == '.')
      find(x, i + 1, lq_str_slice(name, key.n + 1, name.n), visit, user);
  }
}

static void take_value(oracle *x, uint32_t node, void *user)
{
  lq_value v = scalar(x, node_at(x, node));
  if (v.type != LQ_T_NULL)
    put(x, user, v);
}

// ---- names

static bool below(lq_str path, lq_str name, lq_str *rest)
{
  if (path.n == 0 || !lq_str_starts(name, path) || (name.n > path.n && name.p[path.n] != '.'))
    return false;
  *rest = name.n == path.n ? LQ_STR("") : lq_str_slice(name, path.n + 1, name.n);
  return true;
}

// Where a name is looked up: from which JSON node, and what is left of it there. `full` is its absolute name.
typedef struct place {
  uint32_t from;
  lq_str rest, full;
} place;

static lq_str joined(oracle *x, lq_str path, lq_str rest)
{
  if (rest.n == 0)
    return path;
  return lq_arena_format(x->o->arena, "%.*s.%.*s", LQ_STR_ARG(path), LQ_STR_ARG(rest));
}

static place place_of(oracle *x, lq_str name)
{
  lq_str rest;
  for (const walk *w = x->walk; w; w = w->outer) {
    if (below(w->variable, name, &rest))
      return (place){w->element, rest, joined(x, w->path, rest)};
  }
  const walk *inner = x->walk;
  while (inner && inner->variable.n > 0)
    inner = inner->outer;
  if (!inner)
    return (place){0, name, name};
  for (const walk *w = inner; w && !w->relative; w = w->outer) {
    if (w->variable.n == 0 && below(w->written, name, &rest))
      return (place){w->element, rest, joined(x, w->path, rest)};
    if (w->variable.n == 0 && below(w->path, name, &rest))
      return (place){w->element, rest, name};
  }
  return (place){inner->element, name, joined(x, inner->path, name)};
}

// KQL's patterns of names: every leaf is offered by its full name.
static void find_pattern(oracle *x, uint32_t at, lq_str name, lq_str pattern, list *out)
{
  const lq_json_node *n = node_at(x, at);
  if (n->kind == LQ_JSON_ARRAY) {
    for (uint32_t i = at + 1; i < n->next; i = node_at(x, i)->next)
      find_pattern(x, i, name, pattern, out);
    return;
  }
  if (n->kind != LQ_JSON_OBJECT && lq_glob_match(pattern, name, false))
    take_value(x, at, out);
  for (uint32_t i = at + 1; n->kind == LQ_JSON_OBJECT && i < n->next; i = node_at(x, i + 1)->next) {
    lq_str key = lq_json_string(x->o->event, node_at(x, i), x->o->arena, NULL);
    lq_str full = name.n > 0 ? joined(x, name, key) : key;
    find_pattern(x, i + 1, full, pattern, out);
  }
}

static list field(oracle *x, lq_str name)
{
  list l = {0};
  place p = place_of(x, name);
  if (lq_glob_has_wildcard(name)) {
    find_pattern(x, p.from, LQ_STR(""), p.rest, &l);
    return l;
  }
  find(x, p.from, p.rest, take_value, &l);
  return l;
}

// ---- walks

typedef struct elements {
  uint32_t *at;
  size_t n, cap;
} elements;

static void take_element(oracle *x, uint32_t node, void *user)
{
  elements *e = user;
  if (node_at(x, node)->kind == LQ_JSON_NULL || e->n == e->cap)
    return;
  e->at[e->n++] = node;
}

// Counts the elements that the body holds for; *total gets how many there are.
static size_t count_where(oracle *x, lq_str path, lq_str variable, bool relative, const lq_node *body,
                          size_t *total)
{
  place p = place_of(x, path);
  elements e = {.at = lq_arena_array(x->o->arena, x->o->event->n, sizeof(uint32_t)), .cap = x->o->event->n};
  find(x, p.from, p.rest, take_element, &e);
  size_t holds = 0;
  walk w = {.path = p.full, .written = path, .variable = variable, .relative = relative, .outer = x->walk};
  const walk *outer = x->walk;
  x->walk = &w;
  for (size_t i = 0; i < e.n; i++) {
    w.element = e.at[i];
    holds += condition(x, body);
  }
  x->walk = outer;
  *total = e.n;
  return holds;
}

// ---- literals

static lq_str plain(oracle *x, lq_str pattern)
{
  lq_buf b = {.mem = x->o->arena->mem};
  lq_glob_plain(&b, pattern);
  lq_str s = lq_arena_copy(x->o->arena, lq_buf_get(&b));
  lq_buf_free(&b);
  return s;
}

static list literal(oracle *x, const lq_node *n)
{
  return one(x, n->kind == LQ_N_STRING ? lq_string(plain(x, n->value.s)) : n->value);
}

// ---- comparisons

// What ECS says of a field of that name decides how a string is ordered against it.
static lq_value as_field_type(oracle *x, const lq_node *field_node, const lq_node *literal_node, lq_value v)
{
  bool reference = field_node->kind == LQ_N_FIELD || field_node->kind == LQ_N_VARIABLE;
  if (!reference || literal_node->kind != LQ_N_STRING)
    return v;
  const lq_schema_field *f = lq_schema_find(&lq_ecs, place_of(x, field_node->name).full);
  int64_t ns;
  lq_ip ip, *copy = lq_arena_alloc(x->o->arena, sizeof *copy);
  if (f && f->type == LQ_FT_DATE && lq_date_math(v.s, x->o->now, &ns))
    return (lq_value){.type = LQ_T_DATE, .i = ns};
  if (f && copy && f->type == LQ_FT_IP && lq_ip_parse(v.s, &ip)) {
    *copy = ip;
    return (lq_value){.type = LQ_T_IP, .ip = copy};
  }
  return v;
}

// A literal that is an address, beside a field that holds them.
static bool is_address(oracle *x, const lq_node *field_node, const lq_node *literal_node)
{
  bool reference = field_node->kind == LQ_N_FIELD || field_node->kind == LQ_N_VARIABLE;
  if (!reference || literal_node->kind != LQ_N_STRING)
    return false;
  const lq_schema_field *f = lq_schema_find(&lq_ecs, place_of(x, field_node->name).full);
  lq_ip ip;
  return f && f->type == LQ_FT_IP && lq_ip_parse(literal_node->value.s, &ip);
}

// 1, 0, or -1 for null.
static int compare_pair(lq_op op, const lq_value *a, const lq_value *b)
{
  int order = 0;
  if ((op == LQ_OPER_EQ || op == LQ_OPER_NE) && (a->type == LQ_T_IP || b->type == LQ_T_IP))
    return lq_value_order(a, b, &order) && order == 0;
  if (op == LQ_OPER_EQ || op == LQ_OPER_NE)
    return lq_value_equal(a, b);
  if (!lq_value_order(a, b, &order))
    return -1;
  switch (op) {
  case LQ_OPER_LT: return order < 0;
  case LQ_OPER_LE: return order <= 0;
  case LQ_OPER_GT: return order > 0;
  default: return order >= 0;
  }
}

static list compare_lists(oracle *x, lq_op op, list a, list b)
{
  int best = -1;
  for (size_t i = 0; i < a.n; i++) {
    for (size_t j = 0; j < b.n; j++) {
      int r = compare_pair(op, &a.v[i], &b.v[j]);
      best = r > best ? r : best;
    }
  }
  return best < 0 ? (list){0} : truth(x, best == 1);
}

static bool is_true(list l)
{
  for (size_t i = 0; i < l.n; i++) {
    if (l.v[i].type == LQ_T_BOOL && l.v[i].b)
      return true;
  }
  return false;
}

static list compare(oracle *x, const lq_node *n)
{
  const lq_node *l = n->kids, *r = l->next;
  bool equality = n->op == LQ_OPER_EQ || n->op == LQ_OPER_NE;
  list a = value(x, l), b = value(x, r);
  list answer;
  if (equality && (l->kind == LQ_N_NULL || r->kind == LQ_N_NULL)) {
    answer = truth(x, l->kind == LQ_N_NULL ? b.n == 0 : a.n == 0);
  } else {
    if (a.n == 1 && (!equality || is_address(x, r, l)))
      a.v[0] = as_field_type(x, r, l, a.v[0]);
    if (b.n == 1 && (!equality || is_address(x, l, r)))
      b.v[0] = as_field_type(x, l, r, b.v[0]);
    answer = compare_lists(x, n->op, a, b);
  }
  return n->op == LQ_OPER_NE ? truth(x, !is_true(answer)) : answer;
}

// ---- patterns

static bool fits_regex(oracle *x, lq_str re, lq_str text, unsigned flags)
{
  lq_regex *r = NULL;
  char message[120];
  size_t at;
  if (lq_regex_new(&r, plain(x, re), flags, message, &at))
    return false;
  int m = lq_regex_match(r, text, NULL, NULL);
  lq_regex_free(r);
  return m == 1;
}

static bool in_network(const lq_value *v, lq_str network)
{
  lq_cidr c;
  lq_ip ip;
  if (lq_ip_parse(network, &c.base))
    c.bits = 128;
  else if (!lq_cidr_parse(network, &c, NULL))
    return false;
  return v->type == LQ_T_STRING && lq_ip_parse(v->s, &ip) && lq_cidr_has(&c, &ip);
}

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (uint8_t)c >= 0x80;
}

// A wildcard of a pattern belongs to its word, as letters do. `3.14` and `cmd.exe` are one word each.
static bool in_word(lq_str s, size_t i)
{
  char c = s.p[i];
  if (is_letter(c) || is_digit(c) || c == '_')
    return true;
  if (i == 0 || i + 1 == s.n)
    return false;
  char before = s.p[i - 1], after = s.p[i + 1];
  bool letters = is_letter(before) && is_letter(after), digits = is_digit(before) && is_digit(after);
  return (letters && strchr(".:'", c)) || (digits && strchr(".,;'", c));
}

static bool next_word(lq_str s, size_t *at, lq_str *word)
{
  while (*at < s.n && !in_word(s, *at))
    ++*at;
  size_t start = *at;
  while (*at < s.n && in_word(s, *at))
    ++*at;
  *word = lq_str_slice(s, start, *at);
  return word->n > 0;
}

// KQL over text: some word of the pattern matches some word of the text.
static bool shares_a_word(lq_str pattern, lq_str text)
{
  lq_str p, w;
  for (size_t i = 0; next_word(pattern, &i, &p);) {
    for (size_t j = 0; next_word(text, &j, &w);) {
      if (lq_glob_match(p, w, true))
        return true;
    }
  }
  return false;
}

// KQL over text: the words of the phrase follow each other.
static bool has_phrase(lq_str phrase, lq_str text)
{
  lq_str p, w;
  for (size_t start = 0; next_word(text, &start, &w);) {
    size_t i = 0, j = start - w.n, words = 0;
    bool same = true;
    while (same && next_word(phrase, &i, &p)) {
      same = next_word(text, &j, &w) && lq_fold_eq(p, w);
      words++;
    }
    if (same && words > 0)
      return true;
  }
  return false;
}

static bool fits_kql(const lq_node *leaf, bool fold, bool analysed, const lq_value *v, lq_str pattern,
                     lq_str text)
{
  if (analysed)
    return leaf->op == LQ_OPER_KQL_PHRASE ? has_phrase(pattern, text) : shares_a_word(pattern, text);
  lq_cidr net;
  if (leaf->kind == LQ_N_STRING && lq_cidr_parse(pattern, &net, NULL) && in_network(v, pattern))
    return true;
  return lq_glob_match(pattern, text, fold);
}

static bool fits(oracle *x, const lq_node *n, const lq_node *leaf, const lq_value *v)
{
  lq_str text = text_of(x, v), pattern = leaf->kind == LQ_N_STRING ? leaf->value.s : LQ_STR("");
  lq_cidr net;
  if (leaf->kind != LQ_N_STRING) {
    list l = value(x, leaf);
    pattern = text_of(x, &l.v[0]);
  }
  bool exact = n->op == LQ_OPER_COLON || n->op == LQ_OPER_KQL_TERM || n->op == LQ_OPER_KQL_PHRASE;
  if (exact && is_address(x, n->kids, leaf))
    return in_network(v, pattern);
  switch (n->op) {
  case LQ_OPER_COLON:
    if (leaf->kind == LQ_N_STRING && lq_cidr_parse(pattern, &net, NULL) && in_network(v, pattern))
      return true;
    return lq_glob_match(pattern, text, true);
  case LQ_OPER_LIKE: return lq_glob_match(pattern, text, false);
  case LQ_OPER_LIKE_TILDE: return lq_glob_match(pattern, text, true);
  case LQ_OPER_REGEX: return fits_regex(x, pattern, text, 0);
  case LQ_OPER_REGEX_TILDE: return fits_regex(x, pattern, text, LQ_RE_FOLD);
  default: break;
  }
  lq_str name = n->kids->kind == LQ_N_FIELD ? n->kids->name : LQ_STR("");
  bool fold = lq_str_ends(name, LQ_STR(".caseless"));
  bool analysed = n->kind == LQ_N_ANY_TEXT || lq_schema_is_text(&lq_ecs, place_of(x, name).full);
  if (leaf->kind == LQ_N_NUMBER && leaf->name.n > 0 && fits_kql(leaf, fold, analysed, v, leaf->name, text))
    return true;
  return fits_kql(leaf, fold, analysed, v, pattern, text);
}

static bool group(oracle *x, const lq_node *n, const lq_node *g, list subject)
{
  bool holds = false;
  switch (g->kind) {
  case LQ_N_NOT: return !group(x, n, g->kids, subject);
  case LQ_N_AND:
    for (const lq_node *k = g->kids; k; k = k->next) {
      if (!group(x, n, k, subject))
        return false;
    }
    return true;
  case LQ_N_OR:
    for (const lq_node *k = g->kids; k && !holds; k = k->next)
      holds = group(x, n, k, subject);
    return holds;
  case LQ_N_ANYTHING: return subject.n > 0;
  case LQ_N_NULL: return false;
  default: break;
  }
  for (size_t i = 0; i < subject.n && !holds; i++)
    holds = fits(x, n, g, &subject.v[i]);
  return holds;
}

static list subject_of(oracle *x, const lq_node *n)
{
  const lq_str suffix = LQ_STR(".caseless");
  bool kql = n->op == LQ_OPER_KQL_TERM || n->op == LQ_OPER_KQL_PHRASE;
  if (kql && n->kids->kind == LQ_N_FIELD && lq_str_ends(n->kids->name, suffix))
    return field(x, lq_str_slice(n->kids->name, 0, n->kids->name.n - suffix.n));
  return value(x, n->kids);
}

static list match(oracle *x, const lq_node *n)
{
  list subject = subject_of(x, n);
  const lq_node *g = n->kids->next;
  if (subject.n == 0 && g->kind != LQ_N_ANYTHING)
    // A negated group over a missing field holds where a condition is asked for, see condition().
    return (list){0};
  return truth(x, group(x, n, g, subject));
}

static list in(oracle *x, const lq_node *n)
{
  list subject = value(x, n->kids);
  bool holds = false;
  for (const lq_node *k = n->kids->next; k; k = k->next) {
    list entry = value(x, k);
    for (size_t i = 0; i < subject.n; i++) {
      if (is_address(x, n->kids, k))
        holds |= in_network(&subject.v[i], k->value.s);
      for (size_t j = 0; j < entry.n; j++)
        holds |= n->op == LQ_OPER_IN ? lq_value_equal(&subject.v[i], &entry.v[j])
                                     : lq_value_equal_fold(&subject.v[i], &entry.v[j]);
    }
  }
  return subject.n == 0 ? (list){0} : truth(x, holds);
}

// ---- calls

static list walk_call(oracle *x, const lq_node *n, lq_function_id id)
{
  size_t total = 0;
  lq_str variable = n->nkids == 3 ? n->kids->next->name : LQ_STR("");
  size_t holds = count_where(x, n->kids->name, variable, false, n->last, &total);
  if (id == LQ_FN_arrayCount)
    return total == 0 ? (list){0} : one(x, lq_int((int64_t)holds));
  return truth(x, id == LQ_FN_all ? total > 0 && holds == total : holds > 0);
}

static bool fits_set(oracle *x, const lq_node *leaf, lq_function_id id, bool fold, const lq_value *v)
{
  lq_str text = text_of(x, v);
  switch (id) {
  case LQ_FN_wildcard: return lq_glob_match(leaf->value.s, text, fold);
  case LQ_FN_cidrMatch: return in_network(v, plain(x, leaf->value.s));
  case LQ_FN_match: return fits_regex(x, leaf->value.s, text, LQ_RE_PREFIX | (fold ? LQ_RE_FOLD : 0u));
  default: return fits_regex(x, leaf->value.s, text, LQ_RE_SEARCH | (fold ? LQ_RE_FOLD : 0u));
  }
}

static list set_call(oracle *x, const lq_node *n, lq_function_id id, bool fold)
{
  list subject = value(x, n->kids);
  bool holds = false;
  for (const lq_node *k = n->kids->next; k; k = k->next) {
    for (size_t i = 0; i < subject.n; i++)
      holds |= fits_set(x, k, id, fold, &subject.v[i]);
  }
  return subject.n == 0 ? (list){0} : truth(x, holds);
}

static list call(oracle *x, const lq_node *n)
{
  enum { MOST = 4096 };
  lq_function_id id = 0;
  bool fold = false, cut = false;
  lq_values args[16];
  size_t nresults = 0;
  int nargs = 0;
  lq_function_find(n->name, &id, &fold);
  fold |= n->tilde;
  if (lq_functions[id].flags & LQ_FN_LAMBDA)
    return walk_call(x, n, id);
  if (lq_functions[id].flags & LQ_FN_LITERAL)
    return set_call(x, n, id, fold);
  for (const lq_node *k = n->kids; k && nargs < 16; k = k->next) {
    list l = value(x, k);
    args[nargs++] = (lq_values){l.v, l.n};
  }
  list out = {.v = lq_arena_array(x->o->arena, MOST, sizeof(lq_value)), .cap = MOST};
  lq_call c = {.scratch = x->o->arena, .now = x->o->now};
  lq_function_call(2 * (uint32_t)id + fold, &c, args, nargs, out.v, MOST, &nresults, &cut);
  out.n = nresults;
  return out;
}

// ---- arithmetic

static list arithmetic(oracle *x, char sign, list a, list b)
{
  list out = {0};
  for (size_t i = 0; i < a.n; i++) {
    for (size_t j = 0; j < b.n; j++) {
      lq_value v = lq_arithmetic(sign, &a.v[i], &b.v[j], false);
      if (v.type != LQ_T_NULL)
        put(x, &out, v);
    }
  }
  return out;
}

static list arith(oracle *x, const lq_node *n)
{
  static const char signs[] = {'+', '-', '*', '/', '%'};
  if (n->kind == LQ_N_NEGATE)
    return arithmetic(x, '-', one(x, lq_int(0)), value(x, n->kids));
  return arithmetic(x, signs[n->op - LQ_OPER_PLUS], value(x, n->kids), value(x, n->kids->next));
}

// ---- all of it

static list value(oracle *x, const lq_node *n)
{
  switch (n->kind) {
  case LQ_N_NULL: return (list){0};
  case LQ_N_BOOL:
  case LQ_N_NUMBER:
  case LQ_N_STRING:
  case LQ_N_DURATION: return literal(x, n);
  case LQ_N_FIELD:
  case LQ_N_VARIABLE: return field(x, n->name);
  case LQ_N_CALL: return call(x, n);
  case LQ_N_COMPARE: return compare(x, n);
  case LQ_N_IN: return in(x, n);
  case LQ_N_MATCH: return match(x, n);
  case LQ_N_ARITH:
  case LQ_N_NEGATE: return arith(x, n);
  default: return truth(x, condition(x, n));
  }
}

// A field or a function's result as a condition means `== true`, and equality is of texts.
static bool equals_true(oracle *x, list l)
{
  for (size_t i = 0; i < l.n; i++) {
    if (lq_str_is(text_of(x, &l.v[i]), "true"))
      return true;
  }
  return false;
}

static void collect_texts(oracle *x, uint32_t at, list *out)
{
  const lq_json_node *n = node_at(x, at);
  bool object = n->kind == LQ_JSON_OBJECT;
  if (!object && n->kind != LQ_JSON_ARRAY) {
    lq_value v = scalar(x, n);
    if (v.type != LQ_T_NULL)
      put(x, out, v);
    return;
  }
  for (uint32_t i = at + 1; i < n->next; i = node_at(x, i)->next) {
    i += object; // past the key
    collect_texts(x, i, out);
  }
}

static bool any_text(oracle *x, const lq_node *n)
{
  list all = {0};
  collect_texts(x, 0, &all);
  return group(x, n, n->kids, all);
}

static bool event(oracle *x, const lq_node *n)
{
  lq_str name = x->o->category_field.n ? x->o->category_field : LQ_STR("event.category");
  bool of_category = n->name.n == 0;
  list l = of_category ? (list){0} : field(x, name);
  for (size_t i = 0; i < l.n; i++)
    of_category |= lq_str_eq(text_of(x, &l.v[i]), plain(x, n->name));
  return of_category && condition(x, n->kids);
}

static bool condition(oracle *x, const lq_node *n)
{
  size_t total;
  switch (n->kind) {
  case LQ_N_NOT: return !condition(x, n->kids);
  case LQ_N_AND:
    for (const lq_node *k = n->kids; k; k = k->next) {
      if (!condition(x, k))
        return false;
    }
    return true;
  case LQ_N_OR:
    for (const lq_node *k = n->kids; k; k = k->next) {
      if (condition(x, k))
        return true;
    }
    return false;
  case LQ_N_BOOL: return n->value.b;
  case LQ_N_FIELD:
  case LQ_N_VARIABLE:
  case LQ_N_CALL: return equals_true(x, value(x, n));
  case LQ_N_MATCH: return group(x, n, n->kids->next, subject_of(x, n));
  case LQ_N_SCOPE: return count_where(x, n->kids->name, LQ_STR(""), true, n->kids->next, &total) > 0;
  case LQ_N_ANY_TEXT: return any_text(x, n);
  case LQ_N_EVENT: return event(x, n);
  case LQ_N_STAGE: return condition(x, n->kids);
  case LQ_N_QUERY:
    for (const lq_node *k = n->kids; k; k = k->next) {
      if (!condition(x, k))
        return false;
    }
    return true;
  default: return is_true(value(x, n));
  }
}

bool lq_oracle_matches(lq_oracle *o, const lq_node *query)
{
  oracle x = {.o = o};
  return condition(&x, query);
}
