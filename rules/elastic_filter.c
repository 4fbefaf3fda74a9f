// Filters of Kibana beside a query: Elasticsearch clauses in TOML, as conditions in native LQ.
#include "base/ip.h"
#include "base/number.h"
#include "rules/elastic.h"

// The first thing that we cannot say in LQ; then the whole filter is left out, and the author is told.
typedef struct filter {
  lq_elastic *e;
  const lq_toml *unknown;
} filter;

static bool clause(filter *f, const lq_toml *n);
static bool clauses_of(filter *f, const lq_toml *n);
static bool one_filter(filter *f, const lq_toml *n);

static bool give_up(filter *f, const lq_toml *n)
{
  if (!f->unknown)
    f->unknown = n;
  return false;
}

static void put(filter *f, const char *z)
{
  lq_buf_z(&f->e->text, z);
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

static bool put_scalar(filter *f, const lq_toml *n)
{
  char number[LQ_NUMBER_TEXT_MAX];
  switch (n->kind) {
  case LQ_TOML_STRING: lq_elastic_put_string(f->e, text_of(f, n)); return true;
  case LQ_TOML_INT: lq_buf_add(&f->e->text, number, lq_format_i64(n->as.i, number)); return true;
  case LQ_TOML_DOUBLE:
    if (n->as.d - n->as.d != 0) // infinite, or not a number
      return give_up(f, n);
    lq_buf_add(&f->e->text, number, lq_format_double(n->as.d, number));
    return true;
  case LQ_TOML_BOOL: put(f, n->as.b ? "true" : "false"); return true;
  case LQ_TOML_TABLE:
  case LQ_TOML_ARRAY:
  case LQ_TOML_TIME: return give_up(f, n);
  }
  return false;
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
  lq_str field;
  const lq_toml *value;
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
  *out = (operand){.field = field->key, .value = field};
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
      return give_up(f, n);
  }
  return out->value ? true : give_up(f, field);
}

// ---- clauses

static bool put_equals(filter *f, lq_str field, const lq_toml *value, bool fold)
{
  lq_cidr network;
  bool is_text = value->kind == LQ_TOML_STRING;
  lq_elastic_put_field(f->e, field);
  if (is_text && lq_cidr_parse(text_of(f, value), &network, NULL)) {
    put(f, " : "); // a term on an address field may be a network
    return put_scalar(f, value);
  }
  put(f, fold && is_text ? " in~ (" : " == ");
  bool good = put_scalar(f, value);
  put(f, fold && is_text ? ")" : "");
  return good;
}

static bool term(filter *f, const lq_toml *body)
{
  operand o;
  return read_operand(f, body, "term", &o) && put_equals(f, o.field, o.value, o.fold);
}

static bool match(filter *f, const lq_toml *body)
{
  operand o;
  return read_operand(f, body, "query", &o) && put_equals(f, o.field, o.value, o.fold);
}

static bool terms(filter *f, const lq_toml *body)
{
  const lq_toml *field = only_field(f, body);
  if (!field || field->kind != LQ_TOML_ARRAY)
    return give_up(f, body);
  if (!field->kids)
    put(f, "false");
  for (const lq_toml *n = field->kids; n; n = n->next) {
    put(f, n == field->kids ? "" : " or ");
    if (!put_equals(f, field->key, n, false))
      return false;
  }
  return true;
}

static bool wildcard(filter *f, const lq_toml *body)
{
  operand o;
  if (!read_operand(f, body, "wildcard", &o))
    return false;
  if (o.value->kind != LQ_TOML_STRING)
    return give_up(f, o.value);
  lq_elastic_put_field(f->e, o.field);
  put(f, o.fold ? " : " : " like ");
  lq_elastic_put_pattern(f->e, text_of(f, o.value));
  return true;
}

static bool prefix(filter *f, const lq_toml *body)
{
  operand o;
  if (!read_operand(f, body, "prefix", &o))
    return false;
  if (o.value->kind != LQ_TOML_STRING)
    return give_up(f, o.value);
  put(f, o.fold ? "startsWith~(" : "startsWith(");
  lq_elastic_put_field(f->e, o.field);
  put(f, ", ");
  lq_elastic_put_string(f->e, text_of(f, o.value));
  put(f, ")");
  return true;
}

static bool exists(filter *f, const lq_toml *body)
{
  const lq_toml *field = lq_toml_get(body, "field");
  lq_str name = lq_elastic_text(f->e, field);
  if (name.n == 0)
    return give_up(f, field ? field : body);
  lq_elastic_put_field(f->e, name);
  put(f, " != null");
  return true;
}

static bool range(filter *f, const lq_toml *body)
{
  static const char *const names[][2] = {{"gte", ">="}, {"gt", ">"}, {"lte", "<="}, {"lt", "<"}};
  const lq_toml *field = only_field(f, body);
  if (!field || field->kind != LQ_TOML_TABLE || !field->kids)
    return give_up(f, body);
  for (const lq_toml *n = field->kids; n; n = n->next) {
    const char *op = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
      op = lq_str_is(n->key, names[i][0]) ? names[i][1] : op;
    if (!op)
      return give_up(f, n);
    put(f, n == field->kids ? "" : " and ");
    lq_elastic_put_field(f->e, field->key);
    lq_buf_printf(&f->e->text, " %s ", op);
    if (!put_scalar(f, n))
      return false;
  }
  return true;
}

static bool match_all(filter *f, const lq_toml *body)
{
  (void)body;
  put(f, "true");
  return true;
}

static bool match_none(filter *f, const lq_toml *body)
{
  (void)body;
  put(f, "false");
  return true;
}

// ---- bool

// One table of clauses or a list of them, each in brackets; *n counts all that was written.
static bool group(filter *f, const lq_toml *list, const char *joint, bool negate, size_t *n)
{
  const lq_toml *first = list && list->kind == LQ_TOML_ARRAY ? list->kids : list;
  for (const lq_toml *c = first; c; c = c == list ? NULL : c->next) {
    put(f, (*n)++ > 0 ? joint : "");
    put(f, negate ? "not (" : "(");
    if (!clauses_of(f, c))
      return false;
    put(f, ")");
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
    return give_up(f, n);
  return *least >= 0 ? true : give_up(f, n);
}

static bool put_should(filter *f, const lq_toml *body, bool others, size_t *n)
{
  const lq_toml *should = lq_toml_get(body, "should"), *minimum = lq_toml_get(body, "minimum_should_match");
  int64_t least, all = (int64_t)count(should);
  if (!read_minimum(f, minimum, &least))
    return false;
  least = least >= 0 ? least : others ? 0 : 1;
  if (all == 0 || least == 0)
    return true; // it only ranks what is found
  if (least > 1 && least < all)
    return give_up(f, minimum);
  put(f, (*n)++ > 0 ? " and (" : "(");
  size_t inner = 0;
  if (least > all)
    put(f, "false");
  else if (!group(f, should, least == 1 ? " or " : " and ", false, &inner))
    return false;
  put(f, ")");
  return true;
}

static bool boolean(filter *f, const lq_toml *body)
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
  size_t n = 0;
  bool good = group(f, must, " and ", false, &n) && group(f, also, " and ", false, &n) &&
              put_should(f, body, count(must) + count(also) > 0, &n) &&
              group(f, lq_toml_get(body, "must_not"), " and ", true, &n);
  if (good && n == 0)
    put(f, "true");
  return good;
}

// ---- filters

static const struct clause_kind {
  const char *name;
  bool (*write)(filter *f, const lq_toml *body);
} kinds[] = {
    {"exists", exists},       {"term", term},    {"terms", terms},           {"match_phrase", match},
    {"match", match},         {"range", range},  {"wildcard", wildcard},     {"prefix", prefix},
    {"match_all", match_all}, {"bool", boolean}, {"match_none", match_none},
};

static bool clause(filter *f, const lq_toml *n)
{
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (lq_str_is(n->key, kinds[i].name))
      return n->kind == LQ_TOML_TABLE ? kinds[i].write(f, n) : give_up(f, n);
  }
  return give_up(f, n);
}

// A table whose keys are clauses; Elasticsearch allows one.
static bool clauses_of(filter *f, const lq_toml *n)
{
  if (n->kind != LQ_TOML_TABLE)
    return give_up(f, n);
  if (!n->kids)
    put(f, "true");
  return !n->kids || (clause(f, n->kids) && (!n->kids->next || give_up(f, n->kids->next)));
}

// Kibana's filter of filters: meta.params holds them.
static bool combined(filter *f, const lq_toml *meta)
{
  const lq_toml *params = lq_toml_get(meta, "params");
  bool any = lq_str_is(lq_elastic_text(f->e, lq_toml_get(meta, "relation")), "OR");
  if (!params || params->kind != LQ_TOML_ARRAY || !params->kids)
    return give_up(f, meta);
  for (const lq_toml *p = params->kids; p; p = p->next) {
    put(f, p == params->kids ? "(" : any ? ") or (" : ") and (");
    if (!one_filter(f, p))
      return false;
  }
  put(f, ")");
  return true;
}

// The clause stands under `query`, or (as older versions wrote it) right in the filter.
static bool query_of(filter *f, const lq_toml *n)
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
  if (!own)
    put(f, "true");
  return !own || clause(f, own);
}

static bool one_filter(filter *f, const lq_toml *n)
{
  if (n->kind != LQ_TOML_TABLE)
    return give_up(f, n);
  const lq_toml *meta = lq_toml_get(n, "meta");
  bool negate = is_true(lq_toml_get(meta, "negate"));
  bool many = lq_str_is(lq_elastic_text(f->e, lq_toml_get(meta, "type")), "combined");
  put(f, negate ? "not (" : "");
  if (is_true(lq_toml_get(meta, "disabled")))
    put(f, negate ? "false" : "true");
  else if (!(many ? combined(f, meta) : query_of(f, n)))
    return false;
  put(f, negate ? ")" : "");
  return true;
}

static void add_filter(lq_elastic *e, const lq_toml *n)
{
  filter f = {.e = e};
  if (is_true(lq_toml_get(lq_toml_get(n, "meta"), "disabled")))
    return;
  if (one_filter(&f, n)) {
    lq_elastic_condition(e);
    return;
  }
  e->r->arena->failed |= e->text.failed;
  lq_buf_clear(&e->text);
  const lq_toml *u = f.unknown ? f.unknown : n;
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
