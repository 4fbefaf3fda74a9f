// Function calls: the name, how many arguments, and the kind of each.
#include "compiler/check.h"
#include "stdlib/regex.h"

#include "base/date.h"
#include "base/suggest.h"

static bool name_at(const void *ctx, size_t i, lq_str *name)
{
  (void)ctx;
  if (i < LQ_FN_COUNT)
    *name = lq_str_of(lq_functions[i].name);
  return i < LQ_FN_COUNT;
}

static void unknown_function(lq_checker *c, const lq_node *n)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_UNKNOWN_FUNCTION, n->mark, "unknown function `%.*s`",
                           LQ_STR_ARG(n->name));
  lq_diag_label(c->d, d, n->mark, "no function has this name");
  lq_str near = lq_suggest(n->name, 2 + n->name.n / 6, name_at, NULL);
  if (near.n == 0) {
    lq_diag_help(c->d, d, "`lq help functions` lists all of them");
    return;
  }
  lq_diag_help(c->d, d, "did you mean `%.*s`?", LQ_STR_ARG(near));
  lq_diag_fix(c->d, d, n->mark, "%.*s", LQ_STR_ARG(near));
}

static void no_fold(lq_checker *c, const lq_node *n, const lq_function *f)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_UNKNOWN_FUNCTION, n->mark, "`%s` has no form that ignores case",
                           f->name);
  lq_diag_label(c->d, d, n->mark, "`~` has no meaning here");
  lq_diag_help(c->d, d, "write `%s(…)`", f->name);
}

static const char *plural(int n)
{
  return n == 1 ? "" : "s";
}

static void wrong_count(lq_checker *c, const lq_node *n, const lq_function *f)
{
  int least = lq_function_min_args(f), most = lq_function_max_args(f),
      wanted = (int)n->nkids < least ? least : most;
  const char *bound = least == most ? "" : wanted == least ? "at least " : "at most ";
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_ARGUMENT_COUNT, n->span, "`%s` takes %s%d argument%s, not %u",
                           f->name, bound, wanted, plural(wanted), n->nkids);
  lq_diag_label(c->d, d, n->span, "%u argument%s", n->nkids, plural((int)n->nkids));
  lq_diag_help(c->d, d, "for example: `%s`", f->example);
}

static const char *ordinal(int i)
{
  static const char *const words[] = {"first", "second", "third",   "fourth",
                                      "fifth", "sixth",  "seventh", "eighth"};
  return i < 8 ? words[i] : "next";
}

static void wrong_argument(lq_checker *c, const lq_node *arg, const lq_function *f, int i, const char *want,
                           const char *is)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, arg->span,
                           "`%s` needs %s as its %s argument, this is %s", f->name, want, ordinal(i), is);
  lq_diag_label(c->d, d, arg->span, "%s", is);
  lq_diag_help(c->d, d, "for example: `%s`", f->example);
}

static const char *wanted(char letter)
{
  switch (letter) {
  case 's': return "a string";
  case 'n': return "a number";
  case 'i': return "a whole number";
  case 'b': return "a condition";
  case 'p': return "an IP address";
  case 'd': return "a date";
  case 'f': return "the name of a field";
  case 'v': return "a variable";
  case 'r': return "a pattern";
  case 'x': return "a regular expression";
  case 'c': return "a network";
  default: return "a value";
  }
}

static bool fits(char letter, lq_kind k)
{
  if (k == LQ_KIND_UNKNOWN || k == LQ_T_NULL)
    return true;
  switch (letter) {
  case 's': return k == LQ_T_STRING;
  case 'n':
  case 'i': return lq_is_number((lq_type)k);
  case 'b': return k == LQ_T_BOOL;
  case 'p': return k == LQ_T_STRING || k == LQ_T_IP;
  case 'd': return k == LQ_T_STRING || k == LQ_T_DATE || lq_is_number((lq_type)k);
  default: return true;
  }
}

static lq_str literal_text(lq_checker *c, const lq_node *n)
{
  return lq_plain_text(c->arena, n->value.s);
}

static void bad_date(lq_checker *c, const lq_node *arg)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_DATE, arg->span, "this is not a date");
  lq_diag_label(c->d, d, arg->span, "cannot be read as a date");
  lq_diag_help(c->d, d, "write it as \"2024-05-01T10:00:00Z\"");
}

// A literal of the right kind may still be no address, date or whole number.
static void check_literal_argument(lq_checker *c, const lq_node *arg, const lq_function *f, int i,
                                   char letter)
{
  lq_ip ip;
  int64_t ns;
  if (letter == 'p' && arg->kind == LQ_N_STRING && !lq_ip_parse(literal_text(c, arg), &ip))
    wrong_argument(c, arg, f, i, wanted(letter), "some other text");
  else if (letter == 'd' && arg->kind == LQ_N_STRING && !lq_date_parse(literal_text(c, arg), &ns))
    bad_date(c, arg);
  else if (letter == 'i' && arg->kind == LQ_N_NUMBER && arg->value.type == LQ_T_DOUBLE)
    wrong_argument(c, arg, f, i, wanted(letter), "a number with a fraction");
}

static void not_literal(lq_checker *c, const lq_node *arg, const lq_function *f, char letter)
{
  bool dynamic = !lq_is_literal(arg) && arg->kind != LQ_N_NULL;
  if (arg->kind == LQ_N_ERROR)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_NOT_LITERAL, arg->span, "`%s` needs %s that is written out", f->name,
                           wanted(letter));
  lq_diag_label(c->d, d, arg->span, dynamic ? "only known when an event is there" : "this is not a string");
  lq_diag_help(c->d, d, "for example: `%s`", f->example);
}

static unsigned regex_flags(const lq_node *call, const lq_function *f)
{
  unsigned flags = call->tilde ? LQ_RE_FOLD : 0;
  return flags | (f == &lq_functions[LQ_FN_match] ? LQ_RE_PREFIX : LQ_RE_SEARCH);
}

static void check_argument(lq_checker *c, const lq_node *call, const lq_node *arg, const lq_function *f,
                           int i)
{
  char letter = lq_function_param(f, i);
  if (letter == 'r' || letter == 'x' || letter == 'c') {
    if (arg->kind != LQ_N_STRING)
      not_literal(c, arg, f, letter);
    else if (letter == 'x')
      lq_check_regex(c, arg, regex_flags(call, f));
    else if (letter == 'c')
      lq_check_cidr(c, arg);
    return;
  }
  if (letter == 'b') {
    lq_check_condition(c, arg);
    return;
  }
  lq_kind k = lq_check_value(c, arg);
  if (!fits(letter, k))
    wrong_argument(c, arg, f, i, wanted(letter), lq_kind_phrase(k));
  else
    check_literal_argument(c, arg, f, i, letter);
}

// ---- lambdas

static bool is_reference(const lq_node *n)
{
  return n->kind == LQ_N_FIELD || n->kind == LQ_N_VARIABLE;
}

static lq_kind result_of(const lq_function *f)
{
  if (f->result == LQ_T_NULL)
    return LQ_KIND_UNKNOWN;
  return lq_is_number(f->result) ? LQ_T_DOUBLE : (lq_kind)f->result;
}

static lq_kind check_lambda(lq_checker *c, const lq_node *n, const lq_function *f)
{
  const lq_node *path = n->kids, *variable = n->nkids == 3 ? path->next : NULL;
  if (!is_reference(path)) {
    wrong_argument(c, path, f, 0, wanted('f'), "something else");
    return result_of(f);
  }
  if (variable && !is_reference(variable)) {
    wrong_argument(c, variable, f, 1, wanted('v'), "something else");
    return result_of(f);
  }
  lq_check_value(c, path);
  lq_check_walk(c, path, variable ? variable->name : LQ_STR(""), false, n->last);
  return result_of(f);
}

// ---- calls

static void misplaced_aggregate(lq_checker *c, const lq_node *n, const lq_function *f)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_WRONG_TYPE, n->mark,
                           "`%s` works on many events, this is a condition on one", f->name);
  lq_diag_label(c->d, d, n->mark, "only in `| stats`");
  lq_diag_help(c->d, d, "for example: `%s`", f->example);
}

// `case`: conditions at the even places, values at the odd ones and, if left over, at the last.
static void check_case(lq_checker *c, const lq_node *n)
{
  unsigned i = 0;
  for (const lq_node *k = n->kids; k; k = k->next, i++) {
    if (i % 2 == 0 && k->next)
      lq_check_condition(c, k);
    else
      lq_check_value(c, k);
  }
}

static lq_str list_name_at(const lq_named_list *l, size_t i)
{
  for (; l && i > 0; l = l->next)
    i--;
  return l ? l->name : LQ_STR("");
}

static bool list_at(const void *ctx, size_t i, lq_str *name)
{
  const lq_checker *c = ctx;
  *name = list_name_at(c->o->lists, i);
  return name->n > 0;
}

static void unknown_list(lq_checker *c, const lq_node *n, lq_str name)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_UNKNOWN_LIST, n->span, "there is no list `%.*s`", LQ_STR_ARG(name));
  lq_diag_label(c->d, d, n->span, "empty, so nothing is found in it");
  lq_str near = lq_suggest(name, 2, list_at, c);
  if (near.n > 0)
    lq_diag_help(c->d, d, "did you mean `%.*s`?", LQ_STR_ARG(near));
  else
    lq_diag_help(c->d, d, "`--lists DIR` takes lists from a folder: DIR/NAME.txt, .csv or .ndjson");
}

static void check_lookup(lq_checker *c, const lq_node *n, const lq_function *f)
{
  const lq_node *list = n->kids;
  lq_check_value(c, list->next);
  if (list->kind != LQ_N_STRING) {
    not_literal(c, list, f, 's');
    return;
  }
  lq_str name = literal_text(c, list);
  const lq_named_list *l = c->o->lists;
  while (l && !lq_str_eq(l->name, name))
    l = l->next;
  if (!l && c->o->lint)
    unknown_list(c, list, name);
}

lq_kind lq_check_call(lq_checker *c, const lq_node *n)
{
  lq_function_id id = 0;
  bool fold = false;
  if (!lq_function_find(n->name, &id, &fold)) {
    unknown_function(c, n);
    return LQ_KIND_UNKNOWN;
  }
  const lq_function *f = &lq_functions[id];
  int count = (int)n->nkids;
  if (n->tilde && !(f->flags & LQ_FN_FOLDS))
    no_fold(c, n, f);
  if (count < lq_function_min_args(f) || count > lq_function_max_args(f)) {
    wrong_count(c, n, f);
    return result_of(f);
  }
  if ((f->flags & LQ_FN_AGGREGATE) && !(f->flags & LQ_FN_LISTS) && !c->aggregates)
    misplaced_aggregate(c, n, f);
  c->aggregates = false; // not in its arguments
  lq_check_list_size(c, n->span, n->nkids);
  if (f->flags & LQ_FN_LAMBDA)
    return check_lambda(c, n, f);
  if (id == LQ_FN_lookup) {
    check_lookup(c, n, f);
    return LQ_T_BOOL;
  }
  if (id == LQ_FN_case)
    check_case(c, n);
  int i = 0;
  for (const lq_node *k = n->kids; k && id != LQ_FN_case; k = k->next, i++)
    check_argument(c, n, k, f, i);
  return result_of(f);
}
