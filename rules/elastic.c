// Elastic detection rules and endpoint rules, as they are published: one TOML file, one rule.
#include "rules/elastic.h"

#include "base/suggest.h"

// ---- values and messages

lq_str lq_elastic_text(lq_elastic *e, const lq_toml *n)
{
  if (!n || n->kind != LQ_TOML_STRING)
    return LQ_STR("");
  return lq_str_trim(lq_toml_string(e->r->file->source.text, n->span.start, e->r->arena, NULL));
}

lq_diag *lq_elastic_error(lq_elastic *e, lq_diag_code code, const lq_toml *where, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  lq_str message = lq_arena_vformat(e->r->arena, fmt, args);
  va_end(args);
  e->broken = true;
  return lq_diag_add(e->r->diags, code, where->span, "%.*s", LQ_STR_ARG(message));
}

// ---- keys

typedef enum shape { TEXT, TEXTS, NUMBER, BOOL, TABLE, TABLES, ANY } shape;
typedef enum use { META, READ, HARMLESS, MATTERS } use;

static const struct key {
  const char *name;
  shape shape;
  use use;
  const char *what;
} keys[] = {
#define LQ_ELASTIC_KEY(name, shape, use, what) {#name, shape, use, what},
#include "rules/elastic_keys.def"
#undef LQ_ELASTIC_KEY
};
enum { NKEYS = sizeof keys / sizeof keys[0] };

static const char *const wanted[] = {
    [TEXT] = "a text in quotes", [TEXTS] = "a list of texts: [\"a\", \"b\"]",
    [NUMBER] = "a number",       [BOOL] = "true or false",
    [TABLE] = "a table",         [TABLES] = "a list of tables",
    [ANY] = "a value",
};

static bool all_are(const lq_toml *list, lq_toml_kind kind)
{
  for (const lq_toml *n = list->kids; n; n = n->next) {
    if (n->kind != kind)
      return false;
  }
  return true;
}

static bool has_shape(const lq_toml *n, shape s)
{
  switch (s) {
  case TEXT: return n->kind == LQ_TOML_STRING;
  case TEXTS: return n->kind == LQ_TOML_STRING || (n->kind == LQ_TOML_ARRAY && all_are(n, LQ_TOML_STRING));
  case NUMBER: return n->kind == LQ_TOML_INT || n->kind == LQ_TOML_DOUBLE;
  case BOOL: return n->kind == LQ_TOML_BOOL;
  case TABLE: return n->kind == LQ_TOML_TABLE;
  case TABLES: return n->kind == LQ_TOML_ARRAY && all_are(n, LQ_TOML_TABLE);
  case ANY: return true;
  }
  return false;
}

static bool key_name_at(const void *ctx, size_t i, lq_str *name)
{
  (void)ctx;
  if (i < NKEYS)
    *name = lq_str_of(keys[i].name);
  return i < NKEYS;
}

static const struct key *find_key(lq_str name)
{
  for (size_t i = 0; i < NKEYS; i++) {
    if (lq_str_is(name, keys[i].name))
      return &keys[i];
  }
  return NULL;
}

static void unknown_key(lq_elastic *e, const lq_toml *n)
{
  lq_diag *d = lq_diag_add(e->r->diags, LQ_DIAG_UNSUPPORTED_KEY, n->key_span,
                           "the key `%.*s` is not known, and not applied", LQ_STR_ARG(n->key));
  lq_str near = lq_suggest(n->key, 2, key_name_at, NULL);
  if (near.n > 0)
    lq_diag_help(e->r->diags, d, "a key with a similar name exists: `%.*s`", LQ_STR_ARG(near));
}

static void keep_texts(lq_elastic *e, const char *meta, const lq_toml *n)
{
  bool many = n->kind == LQ_TOML_ARRAY;
  for (const lq_toml *v = many ? n->kids : n; v; v = many ? v->next : NULL) {
    lq_str text = lq_elastic_text(e, v);
    if (text.n > 0)
      lq_rule_meta(e->r, e->rule, meta, text);
  }
}

static bool says_nothing(const lq_toml *n)
{
  return (n->kind == LQ_TOML_ARRAY || n->kind == LQ_TOML_TABLE) && !n->kids;
}

static void take_key(lq_elastic *e, const lq_toml *n)
{
  const struct key *k = find_key(n->key);
  if (!k) {
    unknown_key(e, n);
    return;
  }
  if (!has_shape(n, k->shape) && !(k->use != META && k->use != READ)) {
    lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, n, "this is not a value for `%s`", k->name);
    lq_diag_help(e->r->diags, d, "write %s", wanted[k->shape]);
  } else if (k->use == META) {
    keep_texts(e, k->what, n);
  } else if (k->use == MATTERS && !says_nothing(n) && e->rule->state == LQ_RULE_FOUND) {
    lq_diag *d = lq_diag_add(e->r->diags, LQ_DIAG_UNSUPPORTED_KEY, n->key_span, "`%s` is not applied",
                             k->name);
    lq_diag_note(e->r->diags, d, "%s", k->what);
  }
}

// ---- what a rule is called, and how bad it is

static lq_str text_at(lq_elastic *e, const char *key)
{
  return lq_elastic_text(e, lq_toml_get(e->table, key));
}

static void read_names(lq_elastic *e)
{
  lq_rule_file_rule *rule = e->rule;
  rule->id = text_at(e, "rule_id");
  if (rule->id.n == 0)
    rule->id = text_at(e, "id");
  if (rule->id.n == 0)
    rule->id = lq_rule_stem(e->r->file->source.name);
  rule->name = text_at(e, "name");
  if (rule->name.n == 0)
    rule->name = rule->id;
  e->r->diags->rule = rule->id;
}

static void read_severity(lq_elastic *e)
{
  static const char *const known[] = {"low", "medium", "high", "critical"};
  const lq_toml *n = lq_toml_get(e->table, "severity");
  lq_str value = lq_elastic_text(e, n);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (lq_str_is(value, known[i])) {
      lq_rule_meta(e->r, e->rule, "severity", value);
      return;
    }
  }
  if (n && n->kind == LQ_TOML_STRING) {
    lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, n, "this is not a value for `severity`");
    lq_diag_help(e->r->diags, d, "write low, medium, high or critical");
  }
}

static void read_risk(lq_elastic *e)
{
  const lq_toml *n = lq_toml_get(e->table, "risk_score");
  if (!n || !has_shape(n, NUMBER))
    return;
  double score = n->kind == LQ_TOML_INT ? (double)n->as.i : n->as.d;
  if (score >= 0 && score <= 100) {
    lq_rule_meta(e->r, e->rule, "risk_score", lq_arena_format(e->r->arena, "%d", (int)(score + 0.5)));
    return;
  }
  lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, n, "this is not a value for `risk_score`");
  lq_diag_help(e->r->diags, d, "write a whole number from 0 to 100");
}

// ---- ATT&CK

static void add_attack(lq_elastic *e, const lq_toml *owner)
{
  lq_str id = lq_elastic_text(e, lq_toml_get(owner, "id"));
  for (size_t i = 0; i < e->rule->nmeta; i++) {
    if (lq_str_is(e->rule->meta[i].key, "attack") && lq_str_eq(e->rule->meta[i].value, id))
      return;
  }
  if (id.n > 0)
    lq_rule_meta(e->r, e->rule, "attack", id);
}

static const lq_toml *first_of(const lq_toml *table, const char *key)
{
  const lq_toml *list = lq_toml_get(table, key);
  return list && list->kind == LQ_TOML_ARRAY ? list->kids : NULL;
}

// More than any rule has; what is added one by one is compared with all before it.
enum { ATTACK_MAX = 200 };

static void read_threats(lq_elastic *e, const lq_toml *owner)
{
  size_t left = ATTACK_MAX;
  for (const lq_toml *threat = first_of(owner, "threat"); threat && left > 0; threat = threat->next, left--) {
    add_attack(e, lq_toml_get(threat, "tactic"));
    for (const lq_toml *t = first_of(threat, "technique"); t && left > 0; t = t->next, left--) {
      add_attack(e, t);
      for (const lq_toml *s = first_of(t, "subtechnique"); s && left > 0; s = s->next, left--)
        add_attack(e, s);
    }
  }
}

// ---- kinds

static const struct kind {
  const char *type;
  const char *language; // when the file does not say
  void (*lower)(lq_elastic *e);
} kinds[] = {
    {"endpoint", "eql", NULL},
    {"eql", "eql", NULL},
    {"query", "kuery", NULL},
    {"threshold", "kuery", lq_elastic_threshold},
    {"new_terms", "kuery", lq_elastic_new_terms},
    {"threat_match", "kuery", lq_elastic_threat_match},
};

static const struct kind *find_kind(lq_str type)
{
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if (lq_str_is(type, kinds[i].type))
      return &kinds[i];
  }
  return NULL;
}

static bool known_language(lq_rule_file_rule *rule, lq_str language)
{
  rule->dialect = lq_str_is(language, "kuery") ? LQ_DIALECT_KQL : LQ_DIALECT_LQ;
  return lq_str_is(language, "eql") || lq_str_is(language, "kuery");
}

static void unsupported(lq_elastic *e, const char *what, lq_str name, const lq_toml *where)
{
  lq_rule_file_rule *rule = e->rule;
  rule->state = LQ_RULE_UNSUPPORTED;
  rule->reason = lq_arena_format(e->r->arena, "the %s `%.*s` is not supported", what, LQ_STR_ARG(name));
  rule->span = where->span;
  rule->line = lq_rule_line(e->r, where->span.start);
  lq_rule_meta(e->r, rule, "kind", name);
  lq_diag_add(e->r->diags, LQ_DIAG_UNSUPPORTED_KIND, where->span, "%.*s", LQ_STR_ARG(rule->reason));
}

// NULL: it cannot run, and rule->state says so.
static const struct kind *read_kind(lq_elastic *e)
{
  const lq_toml *type_at = lq_toml_get(e->table, "type"), *language_at = lq_toml_get(e->table, "language");
  lq_str type = lq_elastic_text(e, type_at), language = lq_elastic_text(e, language_at);
  if (type.n == 0) // endpoint rules have no type; of all others EQL is the one that its language names
    type = language.n == 0 ? LQ_STR("endpoint") : lq_str_is(language, "eql") ? language : LQ_STR("query");
  const struct kind *k = find_kind(type);
  if (!k) {
    unsupported(e, "kind", type, type_at ? type_at : e->table);
    return NULL;
  }
  if (language.n == 0)
    language = lq_str_of(k->language);
  if (!known_language(e->rule, language)) {
    unsupported(e, "language", language, language_at ? language_at : e->table);
    return NULL;
  }
  lq_rule_meta(e->r, e->rule, "kind", type);
  lq_rule_meta(e->r, e->rule, "language", language);
  return k;
}

// ---- the query

static void read_query(lq_elastic *e)
{
  lq_rule_file_rule *rule = e->rule;
  const lq_toml *n = lq_toml_get(e->table, "query"), *where = n ? n : e->table;
  rule->span = where->span;
  rule->line = lq_rule_line(e->r, where->span.start);
  if (n && n->kind != LQ_TOML_STRING)
    return; // reported with the other keys
  if (n)
    rule->query = lq_toml_string(e->r->file->source.text, n->span.start, e->r->arena, &rule->map);
  if (lq_str_trim(rule->query).n == 0) {
    lq_diag *d = lq_elastic_error(e, LQ_DIAG_NO_QUERY, where,
                                  n ? "the query is empty" : "the rule has no query");
    lq_diag_help(e->r->diags, d, "write `query = '''`, the query, and `'''`");
    return;
  }
  rule->span = lq_source_map_span(&rule->map, (lq_span){0, (uint32_t)rule->query.n});
  rule->line = lq_rule_line(e->r, rule->span.start);
}

static void read_os(lq_elastic *e)
{
  const lq_toml *list = lq_toml_get(e->table, "os_list");
  if (!list || !has_shape(list, TEXTS))
    return;
  keep_texts(e, "os", list);
  bool many = list->kind == LQ_TOML_ARRAY;
  lq_span at = lq_elastic_pair(list);
  lq_node *in = lq_node_new(&e->b, LQ_N_IN, at, at);
  if (!in)
    return;
  in->op = LQ_OPER_IN;
  lq_make_add(&e->b, in, lq_elastic_field(e, LQ_STR("host.os.type"), list, at));
  for (const lq_toml *os = many ? list->kids : list; os && !e->broken; os = many ? os->next : NULL)
    lq_make_add(&e->b, in, lq_elastic_string(e, lq_elastic_text(e, os), os));
  if (in->nkids > 1)
    lq_elastic_condition(e, in);
}

// ---- a file

static void read_rule(lq_elastic *e)
{
  read_names(e);
  const struct kind *kind = read_kind(e);
  for (const lq_toml *n = e->table->kids; n; n = n->next)
    take_key(e, n);
  read_severity(e);
  read_risk(e);
  read_threats(e, e->table);
  read_threats(e, e->root); // endpoint rules have them beside [rule]
  if (!kind) {
    e->rule->state = LQ_RULE_UNSUPPORTED;
    return;
  }
  e->rule->category_field = text_at(e, "event_category_override");
  read_query(e);
  read_os(e);
  if (!e->broken)
    lq_elastic_filters(e);
  if (!e->broken && kind->lower)
    kind->lower(e);
  if (e->broken)
    e->rule->state = LQ_RULE_BROKEN;
}

static void broken_file(lq_elastic *e, lq_span where)
{
  lq_rule_file_rule *rule = e->rule;
  rule->state = LQ_RULE_BROKEN;
  rule->id = rule->name = lq_rule_stem(e->r->file->source.name);
  rule->span = where;
  rule->line = lq_rule_line(e->r, where.start);
}

static bool has(lq_str s, const char *part)
{
  size_t n = strlen(part);
  for (size_t i = 0; i + n <= s.n; i++) {
    if (memcmp(s.p + i, part, n) == 0)
      return true;
  }
  return false;
}

static void no_toml(lq_elastic *e, const lq_toml_error *error)
{
  lq_diag_list *diags = e->r->diags;
  lq_span where = {(uint32_t)error->at, (uint32_t)error->at};
  if (where.end < e->r->file->source.text.n)
    where.end++;
  broken_file(e, where);
  if (error->unclosed) {
    lq_diag *d = lq_diag_add(diags, LQ_DIAG_FILE_SYNTAX, where, "a string of the file is not closed");
    lq_diag_help(diags, d, "text of several lines goes between ''' and '''");
    return;
  }
  if (error->what.n == 0) {
    lq_diag_add(diags, LQ_DIAG_TOO_DEEP, where, "the file nests too deeply");
    return;
  }
  lq_diag *d = lq_diag_add(diags, LQ_DIAG_FILE_SYNTAX, where, "the file is not valid TOML");
  lq_diag_label(diags, d, where, "%.*s", LQ_STR_ARG(error->what));
  if (has(error->what, "escape"))
    lq_diag_help(diags, d,
                 "double the backslash, or put the text between ''' and ''', where it means nothing");
  else if (has(error->what, "determine value type"))
    lq_diag_help(diags, d, "text goes in quotes");
}

static void no_rule(lq_elastic *e, const lq_toml *n)
{
  lq_span where = n ? n->span : (lq_span){0, 0};
  broken_file(e, where);
  lq_diag *d = lq_diag_add(e->r->diags, LQ_DIAG_NO_QUERY, where,
                           n ? "`rule` is not a table" : "the file has no rule");
  lq_diag_help(e->r->diags, d, "a rule begins with the line `[rule]`");
}

static lq_status read_file(lq_elastic *e)
{
  lq_str text = e->r->file->source.text;
  lq_toml *root = NULL;
  lq_toml_error error;
  if (text.n > LQ_TOML_SIZE_MAX) {
    broken_file(e, (lq_span){0, 0});
    lq_diag_add(e->r->diags, LQ_DIAG_TOO_LARGE, (lq_span){0, 0}, "the file is larger than %d MiB",
                LQ_TOML_SIZE_MAX >> 20);
    return LQ_OK;
  }
  lq_status s = lq_toml_parse(&root, text, e->r->arena, &error);
  if (s == LQ_E_INPUT)
    no_toml(e, &error);
  if (s != LQ_OK)
    return s == LQ_E_INPUT ? LQ_OK : s;
  e->root = root;
  e->table = lq_toml_get(root, "rule");
  if (!e->table || e->table->kind != LQ_TOML_TABLE)
    no_rule(e, e->table);
  else
    read_rule(e);
  return LQ_OK;
}

lq_status lq_read_elastic(lq_rule_reader *r)
{
  lq_elastic e = {.r = r, .rule = lq_rule_append(r), .b = {.arena = r->arena, .diags = r->diags}};
  return e.rule ? read_file(&e) : LQ_E_NOMEM;
}
