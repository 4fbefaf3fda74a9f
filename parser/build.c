// What the grammar's actions build. NULL is out of memory everywhere and passes through.
#include "parser/build.h"

#include "base/glob.h"

lq_list lq_list_of(lq_node *n)
{
  return (lq_list){n, n, n != NULL};
}

lq_list lq_list_add(lq_list l, lq_node *n)
{
  if (!n)
    return l;
  if (!l.last)
    return lq_list_of(n);
  l.last->next = n;
  return (lq_list){l.first, n, l.n + 1};
}

lq_list lq_list_join(lq_node *first, lq_list rest)
{
  if (!first)
    return rest;
  first->next = rest.first;
  return (lq_list){first, rest.last ? rest.last : first, rest.n + 1};
}

static void reject(lq_parse_ctx *c, lq_span span, const char *what, const char *help)
{
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_SYNTAX, span, "%s", what);
  lq_diag_help(c->b.diags, d, "%s", help);
}

static bool in_endgame(const lq_parse_ctx *c)
{
  return c->dialect == LQ_DIALECT_ENDGAME;
}

static void add_all(lq_parse_ctx *c, lq_node *parent, lq_list list)
{
  for (lq_node *k = list.first, *next; k; k = next) {
    next = k->next;
    lq_node_add(&c->b, parent, k);
  }
}

void lq_add_by(lq_parse_ctx *c, lq_node *n, lq_list by)
{
  (void)c;
  if (!n)
    return;
  n->by = by.first;
  n->nby = by.n;
}

lq_node *lq_build_error(lq_parse_ctx *c, lq_span span)
{
  return lq_node_new(&c->b, LQ_N_ERROR, span, span);
}

lq_node *lq_build_anything(lq_parse_ctx *c, lq_span span)
{
  return lq_node_new(&c->b, LQ_N_ANYTHING, span, span);
}

lq_node *lq_build_literal(lq_parse_ctx *c, lq_span span, const lq_token *t)
{
  lq_node_kind kind = t->kind == LQ_TOK_STRING     ? LQ_N_STRING
                      : t->kind == LQ_TOK_NUMBER   ? LQ_N_NUMBER
                      : t->kind == LQ_TOK_DURATION ? LQ_N_DURATION
                      : t->kind == LQ_TOK_NULL     ? LQ_N_NULL
                                                   : LQ_N_BOOL;
  lq_node *n = lq_node_new(&c->b, kind, span, span);
  if (!n)
    return NULL;
  if (kind == LQ_N_STRING)
    n->value = lq_string(t->text), n->raw = t->raw;
  else if (kind == LQ_N_BOOL)
    n->value = lq_bool(t->kind == LQ_TOK_TRUE);
  else if (kind != LQ_N_NULL)
    n->value = t->number;
  return n;
}

lq_node *lq_build_field(lq_parse_ctx *c, lq_span span, const lq_token *t)
{
  lq_node *n;
  if (c->macros && lq_macro_constant(c, span, t, &n))
    return n;
  n = lq_node_new(&c->b, t->kind == LQ_TOK_VARIABLE ? LQ_N_VARIABLE : LQ_N_FIELD, span, span);
  if (n)
    n->name = t->text, n->optional = t->kind == LQ_TOK_OPTIONAL;
  return n;
}

// `matchLite(…)`, and `match("expression", field)` as it once was.
static lq_list old_spelling(lq_node *call, lq_list args)
{
  lq_node *first = args.first, *second = first->next;
  if (lq_str_is(call->name, "matchLite"))
    call->name = LQ_STR("match");
  if (!lq_str_is(call->name, "match") || args.n != 2 || first->kind != LQ_N_STRING ||
      second->kind == LQ_N_STRING)
    return args;
  second->next = first;
  first->next = NULL;
  return (lq_list){second, first, 2};
}

lq_node *lq_build_call(lq_parse_ctx *c, lq_span span, const lq_token *name, lq_list args)
{
  lq_node *n;
  if (c->macros && lq_macro_call(c, span, name, args, &n))
    return n;
  // Old rules have it around what might throw. Nothing does here.
  if (in_endgame(c) && args.n == 1 && lq_str_is(name->text, "safe"))
    return lq_close(args.first, span);
  n = lq_node_new(&c->b, LQ_N_CALL, span, name->span);
  if (n)
    n->name = name->text, n->tilde = name->kind == LQ_TOK_TILDE_NAME;
  if (in_endgame(c) && n && args.first)
    args = old_spelling(n, args);
  add_all(c, n, args);
  return n;
}

lq_node *lq_build_one(lq_parse_ctx *c, lq_node_kind k, lq_span span, lq_span mark, lq_node *kid)
{
  lq_node *n = lq_node_new(&c->b, k, span, mark);
  lq_node_add(&c->b, n, kid);
  return kid ? n : NULL;
}

lq_node *lq_build_two(lq_parse_ctx *c, lq_node_kind k, lq_op op, lq_span span, lq_span mark, lq_node *l,
                      lq_node *r)
{
  lq_node *n = lq_node_new(&c->b, k, span, mark);
  if (!n || !l || !r)
    return NULL;
  n->op = op;
  lq_node_add(&c->b, n, l);
  lq_node_add(&c->b, n, r);
  return n;
}

// A sign belongs to its number: `-5` is a literal, so `x : -5` and lists of such need no rule of their own.
lq_node *lq_build_negate(lq_parse_ctx *c, lq_span span, lq_span mark, lq_node *kid)
{
  if (!kid || kid->kind != LQ_N_NUMBER)
    return lq_build_one(c, LQ_N_NEGATE, span, mark, kid);
  lq_value *v = &kid->value;
  if (v->type == LQ_T_DOUBLE)
    v->d = -v->d;
  else if (v->type == LQ_T_UINT)
    *v = v->u == (uint64_t)INT64_MAX + 1 ? lq_int(INT64_MIN) : lq_double(-(double)v->u);
  else if (v->i == INT64_MIN)
    *v = lq_uint((uint64_t)INT64_MAX + 1);
  else
    v->i = -v->i;
  kid->span = span;
  return kid;
}

static bool touches_as_name(const lq_node *n)
{
  if (n->kind == LQ_N_FIELD)
    return true;
  return n->kind == LQ_N_ARITH && n->op == LQ_OPER_MINUS && !n->parens && n->last->kind == LQ_N_FIELD &&
         n->kids->span.end == n->mark.start && n->mark.end == n->last->span.start && touches_as_name(n->kids);
}

lq_node *lq_mark_name(lq_parse_ctx *c, lq_node *sum)
{
  if (!sum || sum->kind != LQ_N_ARITH || sum->parens || !touches_as_name(sum))
    return sum;
  lq_str text = lq_str_slice(c->text, sum->span.start, sum->span.end);
  bool optional = text.p[0] == '?';
  if (optional)
    text = lq_str_slice(text, 1, text.n);
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_SYNTAX, sum->span,
                           "`-` is a minus, so these are several fields");
  lq_diag_help(c->b.diags, d, "a name with `-` in it needs back-ticks: `` `%.*s` ``", LQ_STR_ARG(text));
  lq_diag_fix(c->b.diags, d, sum->span, "%s`%.*s`", optional ? "?" : "", LQ_STR_ARG(text));
  lq_node *n = lq_node_new(&c->b, LQ_N_FIELD, sum->span, sum->span);
  if (n)
    n->name = text, n->optional = optional;
  return n;
}

static bool is_textual(const lq_node *n)
{
  return n && (n->kind == LQ_N_STRING || n->kind == LQ_N_NULL || n->kind == LQ_N_BOOL);
}

lq_node *lq_build_compare(lq_parse_ctx *c, lq_op op, lq_span span, lq_span mark, lq_node *l, lq_node *r)
{
  if (is_textual(r))
    l = lq_mark_name(c, l);
  return lq_build_two(c, LQ_N_COMPARE, op, span, mark, l, r);
}

static lq_node *maybe_not(lq_parse_ctx *c, bool negated, lq_node *n)
{
  return negated && n ? lq_build_one(c, LQ_N_NOT, n->span, n->mark, n) : n;
}

lq_node *lq_build_in(lq_parse_ctx *c, lq_op op, bool negated, lq_span span, lq_span mark, lq_node *l,
                     lq_list list)
{
  if (in_endgame(c) && !lq_op_in(op, LQ_DIALECT_ENDGAME))
    reject(c, mark, "Endgame EQL ignores case in all lists, without `~`", "write `in`");
  lq_node *n = lq_node_new(&c->b, LQ_N_IN, span, mark);
  l = lq_mark_name(c, l);
  if (!n || !l)
    return NULL;
  n->op = op;
  lq_node_add(&c->b, n, l);
  add_all(c, n, list);
  return maybe_not(c, negated, n);
}

lq_node *lq_build_match(lq_parse_ctx *c, lq_op op, bool negated, lq_span span, lq_span mark, lq_node *l,
                        lq_node *group)
{
  if (in_endgame(c) && !lq_op_in(op, LQ_DIALECT_ENDGAME))
    reject(c, span, "Endgame EQL has no such operator",
           "write `wildcard(field, \"…*\")` or `match(field, ?\"…\")`");
  return maybe_not(c, negated, lq_build_two(c, LQ_N_MATCH, op, span, mark, lq_mark_name(c, l), group));
}

lq_node *lq_build_scope(lq_parse_ctx *c, lq_span span, lq_span mark, lq_node *path, lq_node *expr)
{
  if (path && path->kind != LQ_N_FIELD && path->kind != LQ_N_VARIABLE && path->kind != LQ_N_ERROR) {
    lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_SYNTAX, path->span, "only a field can stand before `:{`");
    lq_diag_help(c->b.diags, d,
                 "`path:{ condition }` tests that one element of `path` satisfies the condition");
    return lq_build_error(c, span);
  }
  if (in_endgame(c))
    reject(c, span, "Endgame EQL has no such operator", "write `arraySearch(path, x, x.name == …)`");
  return lq_build_two(c, LQ_N_SCOPE, LQ_OPER_NONE, span, mark, path, expr);
}

lq_node *lq_build_lineage(lq_parse_ctx *c, lq_span span, const lq_token *word, lq_node *event)
{
  static const lq_str words[] = {LQ_STR_INIT("child"), LQ_STR_INIT("descendant"), LQ_STR_INIT("event")};
  lq_node *n = lq_build_one(c, LQ_N_LINEAGE, span, word->span, event);
  for (int i = 0; n && i < 3; i++) {
    if (lq_str_eq_ascii(word->text, words[i])) {
      n->lineage = (lq_lineage)i;
      return n;
    }
  }
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_SYNTAX, word->span, "`%.*s of` is not a relation",
                           LQ_STR_ARG(word->text));
  lq_diag_help(c->b.diags, d, "the relations are `child of [ ]`, `descendant of [ ]` and `event of [ ]`");
  return lq_build_error(c, span);
}

// A category in quotes is a text; a star in it is a star.
static lq_str category_name(lq_parse_ctx *c, const lq_token *t)
{
  if (t->kind != LQ_TOK_STRING)
    return t->text;
  lq_buf plain = {.mem = c->mem};
  lq_glob_plain(&plain, t->text);
  lq_str name = lq_arena_copy(c->b.arena, lq_buf_get(&plain));
  c->b.arena->failed |= plain.failed;
  lq_buf_free(&plain);
  return name;
}

lq_node *lq_build_event(lq_parse_ctx *c, lq_span span, const lq_token *category, lq_node *cond)
{
  lq_node *n = lq_build_one(c, LQ_N_EVENT, span, category ? category->span : span, cond);
  if (in_endgame(c) && !category)
    reject(c, span, "an event type and `where` are missing", "write `process where …`, or `any where …`");
  if (!n || !category || n->kind == LQ_N_ERROR)
    return n;
  n->optional = category->kind == LQ_TOK_ANY;
  if (!n->optional)
    n->name = category_name(c, category);
  return n;
}

static void reject_fork(lq_parse_ctx *c, const lq_node *t)
{
  reject(c, (lq_span){t->fork, t->fork + 4}, "`fork` belongs to a later term of a `sequence`",
         "it keeps the events so far for another match");
}

lq_node *lq_build_terms(lq_parse_ctx *c, lq_node_kind k, lq_span span, lq_span mark, lq_options o,
                        lq_list terms, lq_node *until)
{
  lq_node *n = lq_node_new(&c->b, k, span, mark);
  if (!n)
    return NULL;
  if (k != LQ_N_SEQUENCE && o.has_span)
    reject(c, o.span_mark, "`maxspan` belongs to `sequence`", "`sample` and `join` have no order in time");
  for (lq_node *t = terms.first; t && k != LQ_N_SEQUENCE; t = t->next) {
    if (t->negated)
      reject(c, t->mark, "`![ ]` belongs to `sequence`",
             "`sample` and `join` can only ask for events that happen");
  }
  if (until && until->negated)
    reject(c, until->mark, "`until` takes an event that happens", "write `until [ … ]`");
  for (lq_node *t = terms.first; t; t = t->next) {
    if (t->fork && (k != LQ_N_SEQUENCE || t == terms.first))
      reject_fork(c, t);
  }
  if (until && until->fork)
    reject_fork(c, until);
  add_all(c, n, terms);
  lq_add_by(c, n, o.by);
  n->until = until;
  n->duration = o.maxspan;
  return n;
}

lq_node *lq_build_term(lq_parse_ctx *c, lq_span span, const lq_token *open, lq_node *event, lq_options o)
{
  lq_node *n = lq_build_one(c, LQ_N_TERM, span, open->span, event);
  if (!n)
    return NULL;
  n->negated = open->kind == LQ_TOK_NOT_LBRACKET;
  n->number = o.runs;
  n->fork = o.fork ? o.fork_mark.start : 0;
  n->name = o.alias;
  lq_add_by(c, n, o.by);
  return n;
}

lq_node *lq_build_stage(lq_parse_ctx *c, lq_span span, const lq_token *word, lq_list args)
{
  lq_node *n = lq_node_new(&c->b, LQ_N_STAGE, span, word->span);
  if (!n)
    return NULL;
  if (word->kind == LQ_TOK_WHERE)
    n->stage = LQ_STAGE_WHERE;
  else
    lq_stage_find(word->text, &n->stage);
  n->name = lq_str_of(lq_stage_word(n->stage));
  add_all(c, n, args);
  return n;
}

lq_node *lq_build_take(lq_parse_ctx *c, lq_span span, const lq_token *word, const lq_token *count)
{
  lq_node *n = lq_build_stage(c, span, word, (lq_list){0});
  if (count->number.type != LQ_T_INT) {
    lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_BAD_NUMBER, count->span, "`%.*s` takes a whole number",
                             LQ_STR_ARG(word->text));
    lq_diag_help(c->b.diags, d, "for example `| %.*s 10`", LQ_STR_ARG(word->text));
    return n;
  }
  if (n)
    n->number = count->number.i;
  return n;
}

lq_node *lq_build_named(lq_parse_ctx *c, lq_span span, lq_str name, lq_node *expr)
{
  lq_node *n = lq_build_one(c, LQ_N_NAMED, span, span, expr);
  if (n)
    n->name = name;
  return n;
}

lq_node *lq_close(lq_node *n, lq_span span)
{
  if (!n)
    return NULL;
  n->parens = true;
  // A literal keeps its own place: messages point into it.
  if (n->kids)
    n->span = span;
  return n;
}

static bool twice(lq_parse_ctx *c, bool *has, lq_span mark, const char *word)
{
  if (!*has) {
    *has = true;
    return false;
  }
  lq_diag_add(c->b.diags, LQ_DIAG_SYNTAX, mark, "`%s` is written twice", word);
  return true;
}

lq_options lq_option_by(lq_parse_ctx *c, lq_options o, lq_span mark, lq_list by)
{
  if (!twice(c, &o.has_by, mark, "by"))
    o.by = by;
  return o;
}

lq_options lq_option_span(lq_parse_ctx *c, lq_options o, lq_span mark, int64_t ns)
{
  if (!twice(c, &o.has_span, mark, "maxspan"))
    o.maxspan = ns, o.span_mark = mark;
  return o;
}

lq_options lq_option_runs(lq_parse_ctx *c, lq_options o, lq_span mark, const lq_token *n, bool negative)
{
  bool fine = !negative && n->number.type == LQ_T_INT && n->number.i >= 1 && n->number.i <= 100;
  if (twice(c, &o.has_runs, mark, "runs"))
    return o;
  if (!fine)
    lq_diag_add(c->b.diags, LQ_DIAG_BAD_RUNS, mark, "`runs` goes from 1 to 100");
  o.runs = fine ? n->number.i : 1;
  return o;
}

lq_options lq_option_alias(lq_parse_ctx *c, lq_options o, lq_span mark, const lq_token *name)
{
  if (!twice(c, &o.has_alias, mark, "as"))
    o.alias = name->text;
  return o;
}

lq_options lq_option_fork(lq_parse_ctx *c, lq_options o, lq_span mark, bool fork)
{
  if (!twice(c, &o.has_fork, mark, "fork"))
    o.fork = fork, o.fork_mark = mark;
  return o;
}

// `maxspan=5`, `maxspan=5 minutes`. The first letter of a unit's name is the unit.
int64_t lq_unitless(lq_parse_ctx *c, const lq_token *number, const lq_token *unit)
{
  lq_span span = {number->span.start, unit ? unit->span.end : number->span.end};
  lq_str digits = lq_str_slice(c->text, number->span.start, number->span.end);
  lq_str word = unit ? unit->text : LQ_STR("s");
  bool ms = word.n > 1 && lq_str_eq_ascii(lq_str_slice(word, 0, 2), LQ_STR("ms"));
  bool milli = word.n > 2 && lq_str_eq_ascii(lq_str_slice(word, 0, 3), LQ_STR("mil"));
  char first = word.n ? (char)(word.p[0] | 0x20) : 's';
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_BAD_DURATION, span,
                           unit ? "a duration is a number and a unit, without a blank"
                                : "a duration needs a unit");
  if (number->number.type != LQ_T_INT || !strchr("smhd", first))
    lq_diag_help(c->b.diags, d, "the units are `ms`, `s`, `m`, `h` and `d`: `5m`");
  else {
    lq_diag_help(c->b.diags, d, "write `%.*s%s`%s", LQ_STR_ARG(digits),
                 ms || milli ? "ms" : (char[]){first, 0},
                 unit ? "" : "; the units are `ms`, `s`, `m`, `h` and `d`");
    if (unit)
      lq_diag_fix(c->b.diags, d, span, "%.*s%s", LQ_STR_ARG(digits), ms || milli ? "ms" : (char[]){first, 0});
  }
  return 0;
}

lq_node *lq_chained(lq_parse_ctx *c, lq_span span, lq_span second, bool first)
{
  if (first) {
    lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_CHAINED_COMPARISON, second, "comparisons do not chain");
    lq_diag_help(c->b.diags, d, "join two comparisons by `and`: `1 < x and x < 5`");
  }
  return lq_build_error(c, span);
}

void lq_single_equals(lq_parse_ctx *c, lq_span mark)
{
  if (c->dialect == LQ_DIALECT_ENDGAME)
    return;
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_SINGLE_EQUALS, mark, "`=` is not a comparison");
  lq_diag_help(c->b.diags, d, "use `==` for the exact value, or `:` to ignore case and to match `*` and `?`");
  lq_diag_fix(c->b.diags, d, mark, "==");
}

lq_node *lq_list_after(lq_parse_ctx *c, lq_span span, lq_op op, lq_span mark, lq_span list)
{
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_SYNTAX, mark, "`%s` compares with one value, this is a list",
                           lq_op_spelling(op));
  lq_diag_label(c->b.diags, d, list, "the list");
  if (lq_is_equality(op)) {
    const char *word = op == LQ_OPER_EQ ? "in" : "not in";
    lq_diag_help(c->b.diags, d, "write `%s (…)`, or `:` to ignore case and to match `*` and `?`", word);
    lq_diag_fix(c->b.diags, d, mark, "%s", word);
  }
  return lq_build_error(c, span);
}

void lq_empty_list(lq_parse_ctx *c, lq_span brackets)
{
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_EMPTY_LIST, brackets, "this list is empty");
  lq_diag_help(c->b.diags, d, "a list needs at least one value");
}

void lq_too_deep(lq_parse_ctx *c, lq_span at)
{
  if (c->b.reported)
    return;
  c->b.reported = true;
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_TOO_DEEP, at, "nested too deeply");
  lq_diag_label(c->b.diags, d, at, "too many brackets or `not` are open here");
}
