// Filters of Kibana beside a query: Elasticsearch clauses in TOML, as conditions.
#include "base/ip.h"
#include "base/number.h"
#include "rules/elastic.h"

// The first thing that we cannot say in LQ; then the whole filter is left out, and the author is told.
typedef struct filter {
  lq_elastic *e;
  const lq_toml *unknown;
} filter;

// What these give is NULL once something was unknown, or when memory ran out.
static lq_node *clause(filter *f, const lq_toml *n);
static lq_node *clauses_of(filter *f, const lq_toml *n);
static lq_node *one_filter(filter *f, const lq_toml *n);

static lq_node *give_up(filter *f, const lq_toml *n)
{
  if (!f->unknown)
    f->unknown = n;
  return NULL;
}

static lq_node *constant(filter *f, const lq_toml *where, bool truth)
{
  return lq_make_bool(&f->e->b, lq_elastic_at(where), truth);
}

// ---- values

static bool is_true(const lq_toml *n)
{
  return n && n->kind == LQ_TOML_BOOL && n->as.b;
}

// Bytes that count: no trimming here.
static lq_str text_of(filter *f, const lq_toml *n)
{
  const lq_rule_reader *r = f->e->r;
  return n->kind == LQ_TOML_STRING ? lq_toml_string(r->file->source.text, n->span.start, r->arena, NULL)
                                   : LQ_STR("");
}

static lq_node *scalar(filter *f, const lq_toml *n)
{
  lq_builder *b = &f->e->b;
  switch (n->kind) {
  case LQ_TOML_STRING: return lq_elastic_string(f->e, text_of(f, n), n);
  case LQ_TOML_INT: return lq_make_int(b, lq_elastic_at(n), n->as.i);
  case LQ_TOML_DOUBLE: // infinite, or not a number?
    return n->as.d - n->as.d != 0 ? give_up(f, n) : lq_make_double(b, lq_elastic_at(n), n->as.d);
  case LQ_TOML_BOOL: return lq_make_bool(b, lq_elastic_at(n), n->as.b);
  case LQ_TOML_TABLE:
  case LQ_TOML_ARRAY:
  case LQ_TOML_TIME: break;
  }
  return give_up(f, n);
}

static lq_node *field_at(filter *f, const lq_toml *key)
{
  return lq_elastic_field(f->e, key->key, key, lq_span_in_file(key->key_span));
}

// `key = value` as `field op value`.
static lq_node *relation(filter *f, lq_op op, const lq_toml *key, lq_node *value)
{
  lq_node *field = field_at(f, key);
  lq_span span = value ? lq_span_over(lq_span_in_file(key->key_span), value->span) : lq_elastic_pair(key);
  return lq_make_relation(&f->e->b, op, span, lq_span_in_file(key->key_span), field, value);
}

// `{"field": …}`, where a boost and a name may stand beside.
static const lq_toml *only_field(filter *f, const lq_toml *body)
{
  const lq_toml *found = NULL;
  for (const lq_toml *n = body->kind == LQ_TOML_TABLE ? body->kids : NULL; n; n = n->next) {
    if (lq_str_is(n->key, "boost") || lq_str_is(n->key, "_name"))
      continue;
    if (found)
      give_up(f, n);
    found = n;
  }
  if (!found)
    give_up(f, body);
  return f->unknown ? NULL : found;
}

// The value itself, or in a table under one of the names; all else in the table must be known.
typedef struct operand {
  const lq_toml *field, *value;
  bool fold;
} operand;

// `type = "phrase"` and `slop = 0` say what is so anyway.
static bool is_whole_phrase(filter *f, const lq_toml *n)
{
  if (lq_str_is(n->key, "type"))
    return lq_str_is(text_of(f, n), "phrase");
  return lq_str_is(n->key, "slop") && n->kind == LQ_TOML_INT && n->as.i == 0;
}

static bool read_operand(filter *f, const lq_toml *body, const char *name, operand *out)
{
  static const char *const idle[] = {"boost", "_name", "rewrite", "operator"};
  const lq_toml *field = only_field(f, body);
  if (!field)
    return false;
  *out = (operand){.field = field, .value = field};
  if (field->kind != LQ_TOML_TABLE)
    return true;
  out->value = NULL;
  for (const lq_toml *n = field->kids; n; n = n->next) {
    bool known = false;
    for (size_t i = 0; i < sizeof idle / sizeof idle[0]; i++)
      known |= lq_str_is(n->key, idle[i]);
    if (lq_str_is(n->key, name) || lq_str_is(n->key, "value"))
      out->value = n;
    else if (lq_str_is(n->key, "case_insensitive"))
      out->fold = is_true(n);
    else if (!known && !is_whole_phrase(f, n))
      return give_up(f, n) != NULL;
  }
  return out->value || give_up(f, field);
}

// ---- clauses

static lq_node *equals(filter *f, const lq_toml *field, const lq_toml *value, bool fold)
{
  lq_cidr network;
  bool is_text = value->kind == LQ_TOML_STRING;
  // A term on an address field may be a network.
  lq_op op = is_text && lq_cidr_parse(text_of(f, value), &network, NULL) ? LQ_OPER_COLON
             : fold && is_text                                           ? LQ_OPER_IN_TILDE
                                                                         : LQ_OPER_EQ;
  return relation(f, op, field, scalar(f, value));
}

static lq_node *term(filter *f, const lq_toml *body)
{
  operand o;
  return read_operand(f, body, "term", &o) ? equals(f, o.field, o.value, o.fold) : NULL;
}

static lq_node *match(filter *f, const lq_toml *body)
{
  operand o;
  return read_operand(f, body, "query", &o) ? equals(f, o.field, o.value, o.fold) : NULL;
}

static lq_node *terms(filter *f, const lq_toml *body)
{
  const lq_toml *field = only_field(f, body);
  if (!field || field->kind != LQ_TOML_ARRAY)
    return give_up(f, body);
  if (!field->kids)
    return constant(f, field, false);
  lq_node *any = NULL;
  for (const lq_toml *n = field->kids; n; n = n->next) {
    lq_node *one = equals(f, field, n, false);
    if (!one)
      return NULL;
    one->span = lq_elastic_at(n); // one key, many values
    any = lq_make_chain(&f->e->b, LQ_N_OR, any, one);
  }
  return any;
}

static lq_node *wildcard(filter *f, const lq_toml *body)
{
  operand o;
  if (!read_operand(f, body, "wildcard", &o))
    return NULL;
  if (o.value->kind != LQ_TOML_STRING)
    return give_up(f, o.value);
  return relation(f, o.fold ? LQ_OPER_COLON : LQ_OPER_LIKE, o.field,
                  lq_elastic_pattern(f->e, text_of(f, o.value), o.value));
}

static lq_node *prefix(filter *f, const lq_toml *body)
{
  operand o;
  if (!read_operand(f, body, "prefix", &o))
    return NULL;
  if (o.value->kind != LQ_TOML_STRING)
    return give_up(f, o.value);
  lq_builder *b = &f->e->b;
  lq_span span = lq_span_over(lq_span_in_file(o.field->key_span), lq_elastic_at(o.value));
  lq_node *call = lq_make_call(b, span, LQ_STR("startsWith"), o.fold);
  call = lq_make_add(b, call, field_at(f, o.field));
  return lq_make_add(b, call, lq_elastic_string(f->e, text_of(f, o.value), o.value));
}

static lq_node *exists(filter *f, const lq_toml *body)
{
  const lq_toml *field = lq_toml_get(body, "field");
  lq_str name = lq_elastic_text(f->e, field);
  if (name.n == 0)
    return give_up(f, field ? field : body);
  lq_span at = lq_elastic_at(field);
  return lq_make_relation(&f->e->b, LQ_OPER_NE, at, at, lq_elastic_field(f->e, name, field, at),
                          lq_make_null(&f->e->b, at));
}

// `gte = 5` below the field: the field's key and the bound's are one relation.
static lq_node *bound(filter *f, const lq_toml *field, const lq_toml *n)
{
  static const struct {
    const char *name;
    lq_op op;
  } bounds[] = {{"gte", LQ_OPER_GE}, {"gt", LQ_OPER_GT}, {"lte", LQ_OPER_LE}, {"lt", LQ_OPER_LT}};
  for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
    if (!lq_str_is(n->key, bounds[i].name))
      continue;
    lq_node *made = relation(f, bounds[i].op, field, scalar(f, n));
    if (made)
      made->span = lq_elastic_pair(n), made->mark = lq_span_in_file(n->key_span);
    return made;
  }
  return give_up(f, n);
}

static lq_node *range(filter *f, const lq_toml *body)
{
  const lq_toml *field = only_field(f, body);
  if (!field || field->kind != LQ_TOML_TABLE || !field->kids)
    return give_up(f, body);
  lq_node *all = NULL;
  for (const lq_toml *n = field->kids; n; n = n->next) {
    lq_node *one = bound(f, field, n);
    if (!one)
      return NULL;
    all = lq_make_chain(&f->e->b, LQ_N_AND, all, one);
  }
  return all;
}

static lq_node *match_all(filter *f, const lq_toml *body)
{
  return constant(f, body, true);
}

static lq_node *match_none(filter *f, const lq_toml *body)
{
  return constant(f, body, false);
}

// ---- bool

// One table of clauses or a list of them, each in brackets, behind what *all says already.
static bool group(filter *f, const lq_toml *list, lq_node_kind joint, bool negate, lq_node **all)
{
  const lq_toml *first = list && list->kind == LQ_TOML_ARRAY ? list->kids : list;
  for (const lq_toml *c = first; c; c = c == list ? NULL : c->next) {
    lq_node *one = lq_make_group(clauses_of(f, c));
    if (one && negate)
      one = lq_make_not(&f->e->b, one->span, one);
    if (!one)
      return false;
    *all = lq_make_chain(&f->e->b, joint, *all, one);
  }
  return true;
}

static size_t count(const lq_toml *list)
{
  size_t n = 0;
  for (const lq_toml *c = list && list->kind == LQ_TOML_ARRAY ? list->kids : list; c;
       c = c == list ? NULL : c->next)
    n++;
  return n;
}

// How many of `should` must hold: written as a number or as text. -1: not said.
static bool read_minimum(filter *f, const lq_toml *n, int64_t *least)
{
  *least = -1;
  if (!n)
    return true;
  if (n->kind == LQ_TOML_INT)
    *least = n->as.i;
  else if (n->kind != LQ_TOML_STRING || !lq_parse_i64(text_of(f, n), least))
    return give_up(f, n) != NULL;
  return *least >= 0 || give_up(f, n);
}

static bool add_should(filter *f, const lq_toml *body, bool others, lq_node **all)
{
  const lq_toml *should = lq_toml_get(body, "should"), *minimum = lq_toml_get(body, "minimum_should_match");
  int64_t least, n = (int64_t)count(should);
  if (!read_minimum(f, minimum, &least))
    return false;
  least = least >= 0 ? least : others ? 0 : 1;
  if (n == 0 || least == 0)
    return true; // it only ranks what is found
  if (least > 1 && least < n)
    return give_up(f, minimum) != NULL;
  lq_node *inner = least > n ? constant(f, should, false) : NULL;
  if (!inner && !group(f, should, least == 1 ? LQ_N_OR : LQ_N_AND, false, &inner))
    return false;
  *all = lq_make_chain(&f->e->b, LQ_N_AND, *all, lq_make_group(inner));
  return true;
}

static lq_node *boolean(filter *f, const lq_toml *body)
{
  static const char *const known[] = {"must",  "filter", "must_not", "should", "minimum_should_match",
                                      "boost", "_name"};
  for (const lq_toml *k = body->kind == LQ_TOML_TABLE ? body->kids : NULL; k; k = k->next) {
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
      found |= lq_str_is(k->key, known[i]);
    if (!found)
      return give_up(f, k);
  }
  const lq_toml *must = lq_toml_get(body, "must"), *also = lq_toml_get(body, "filter");
  lq_node *all = NULL;
  bool good = group(f, must, LQ_N_AND, false, &all) && group(f, also, LQ_N_AND, false, &all) &&
              add_should(f, body, count(must) + count(also) > 0, &all) &&
              group(f, lq_toml_get(body, "must_not"), LQ_N_AND, true, &all);
  return !good || all ? all : constant(f, body, true);
}

// ---- filters

static const struct clause_kind {
  const char *name;
  lq_node *(*read)(filter *f, const lq_toml *body);
} kinds[] = {
    {"exists", exists},       {"term", term},    {"terms", terms},           {"match_phrase", match},
    {"match", match},         {"range", range},  {"wildcard", wildcard},     {"prefix", prefix},
    {"match_all", match_all}, {"bool", boolean}, {"match_none", match_none},
};

static lq_node *clause(filter *f, const lq_toml *n)
{
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (lq_str_is(n->key, kinds[i].name))
      return n->kind == LQ_TOML_TABLE ? kinds[i].read(f, n) : give_up(f, n);
  }
  return give_up(f, n);
}

// A table whose keys are clauses; Elasticsearch allows one.
static lq_node *clauses_of(filter *f, const lq_toml *n)
{
  if (n->kind != LQ_TOML_TABLE)
    return give_up(f, n);
  if (!n->kids)
    return constant(f, n, true);
  lq_node *made = clause(f, n->kids);
  return n->kids->next ? give_up(f, n->kids->next) : made;
}

// Kibana's filter of filters: meta.params holds them.
static lq_node *combined(filter *f, const lq_toml *meta)
{
  const lq_toml *params = lq_toml_get(meta, "params");
  bool any = lq_str_is(lq_elastic_text(f->e, lq_toml_get(meta, "relation")), "OR");
  lq_node *all = NULL;
  if (!params || params->kind != LQ_TOML_ARRAY || !params->kids)
    return give_up(f, meta);
  for (const lq_toml *p = params->kids; p; p = p->next) {
    lq_node *one = lq_make_group(one_filter(f, p));
    if (!one)
      return NULL;
    all = lq_make_chain(&f->e->b, any ? LQ_N_OR : LQ_N_AND, all, one);
  }
  return all;
}

// The clause stands under `query`, or (as older versions wrote it) right in the filter.
static lq_node *query_of(filter *f, const lq_toml *n)
{
  const lq_toml *query = lq_toml_get(n, "query"), *own = NULL;
  if (query)
    return clauses_of(f, query);
  for (const lq_toml *k = n->kids; k; k = k->next) {
    if (lq_str_is(k->key, "meta") || lq_str_is(k->key, "$state"))
      continue;
    if (own)
      return give_up(f, k);
    own = k;
  }
  return own ? clause(f, own) : constant(f, n, true);
}

static lq_node *one_filter(filter *f, const lq_toml *n)
{
  if (n->kind != LQ_TOML_TABLE)
    return give_up(f, n);
  const lq_toml *meta = lq_toml_get(n, "meta"), *negate = lq_toml_get(meta, "negate");
  bool many = lq_str_is(lq_elastic_text(f->e, lq_toml_get(meta, "type")), "combined");
  if (is_true(lq_toml_get(meta, "disabled")))
    return constant(f, n, true);
  lq_node *made = many ? combined(f, meta) : query_of(f, n);
  if (!made || !is_true(negate))
    return made;
  return lq_make_not(&f->e->b, made->span, lq_make_group(made));
}

static void add_filter(lq_elastic *e, const lq_toml *n)
{
  filter f = {.e = e};
  if (is_true(lq_toml_get(lq_toml_get(n, "meta"), "disabled")))
    return;
  lq_node *made = one_filter(&f, n);
  if (!f.unknown) {
    lq_elastic_condition(e, made);
    return;
  }
  const lq_toml *u = f.unknown;
  lq_diag *d = u->key.n > 0
                   ? lq_diag_add(e->r->diags, LQ_DIAG_UNSUPPORTED_KEY, u->key_span,
                                 "a filter with `%.*s` is not applied", LQ_STR_ARG(u->key))
                   : lq_diag_add(e->r->diags, LQ_DIAG_UNSUPPORTED_KEY, u->span, "a filter is not applied");
  lq_diag_help(e->r->diags, d, "write the condition into the query");
}

void lq_elastic_filters(lq_elastic *e)
{
  const lq_toml *filters = lq_toml_get(e->table, "filters");
  for (const lq_toml *n = filters ? filters->kids : NULL; n; n = n->next)
    add_filter(e, n);
}
