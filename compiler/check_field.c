// Fields against the schema (ECS): misspelt names, and literals that a field of that type never holds.
#include "base/date.h"
#include "base/glob.h"
#include "base/number.h"
#include "base/suggest.h"
#include "compiler/check.h"
#include "stdlib/schema.h"

// ---- names

static const lq_schema *schema_of(const lq_checker *c)
{
  return lq_schema_or_ecs(c->o->schema);
}

static bool ends_in_subfield(lq_str name)
{
  return lq_str_ends(name, LQ_STR(".text")) || lq_str_ends(name, LQ_STR(".caseless")) ||
         lq_str_ends(name, LQ_STR(".keyword"));
}

static lq_str parent(lq_str name)
{
  size_t n = name.n;
  while (n > 0 && name.p[n - 1] != '.')
    n--;
  return (lq_str){name.p, n > 0 ? n - 1 : 0};
}

static bool is_open(lq_field_type t)
{
  return t == LQ_FT_OBJECT || t == LQ_FT_NESTED || t == LQ_FT_GEO || t == LQ_FT_OTHER;
}

// The schema says nothing about what lies inside an object that it leaves open (labels, dns.answers, …).
static bool has_open_parent(const lq_schema *s, lq_str name)
{
  for (lq_str p = parent(name); p.n > 0; p = parent(p)) {
    const lq_schema_field *f = lq_schema_find(s, p);
    if (f && is_open(f->type))
      return true;
  }
  return false;
}

static lq_str first_part(lq_str name)
{
  const char *dot = memchr(name.p, '.', name.n);
  return dot ? (lq_str){name.p, (size_t)(dot - name.p)} : name;
}

// The first name of the schema that is not before `name`; the schema ascends.
static size_t lower_bound(const lq_schema *s, lq_str name)
{
  size_t low = 0, high = s->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (lq_str_cmp(s->fields[middle].name, name) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool is_below(lq_str group, lq_str name)
{
  return name.n > group.n && lq_str_starts(name, group) && name.p[group.n] == '.';
}

static bool is_group(const lq_schema *s, lq_str group)
{
  for (size_t i = lower_bound(s, group); i < s->count && lq_str_starts(s->fields[i].name, group); i++) {
    if (is_below(group, s->fields[i].name))
      return true;
  }
  return false;
}

// Names of one field set, or of all of them when it is empty.
typedef struct name_set {
  const lq_schema *schema;
  lq_str set;
  size_t first;
} name_set;

static name_set names_in(const lq_schema *s, lq_str set)
{
  return (name_set){s, set, lower_bound(s, set)};
}

static bool name_at(const void *ctx, size_t i, lq_str *name)
{
  const name_set *n = ctx;
  size_t at = n->first + i;
  if (at >= n->schema->count || !lq_str_starts(n->schema->fields[at].name, n->set))
    return false;
  *name = n->schema->fields[at].name;
  return true;
}

static lq_str last_part(lq_str name)
{
  lq_str p = parent(name);
  return p.n > 0 ? lq_str_slice(name, p.n + 1, name.n) : name;
}

// Two names that differ only in one short part are as likely two fields as one and a slip.
static bool is_likely_slip(lq_str name, lq_str near)
{
  lq_str a = last_part(name), b = last_part(near);
  bool same_parent = lq_str_eq(parent(name), parent(near));
  return !same_parent || (a.n > 3 && b.n > 3);
}

static void misspelt(lq_checker *c, const lq_node *n, lq_str name)
{
  name_set set = names_in(schema_of(c), first_part(name));
  lq_str near = is_group(set.schema, set.set) ? lq_suggest(name, 2, name_at, &set) : (lq_str){0};
  if (near.n == 0 || lq_str_eq_ascii(near, name) || !is_likely_slip(name, near))
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_MISSPELT_FIELD, n->span, "`%.*s` is not an ECS field",
                           LQ_STR_ARG(name));
  lq_diag_label(c->d, d, n->span, "a field with nearly the same name exists");
  lq_diag_help(c->d, d, "did you mean `%.*s`?", LQ_STR_ARG(near));
  if (lq_str_eq(name, n->name))
    lq_diag_fix(c->d, d, n->span, "%.*s", LQ_STR_ARG(near));
}

static void unknown_field(lq_checker *c, const lq_node *n, lq_str name)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_UNKNOWN_FIELD, n->span, "unknown field `%.*s`", LQ_STR_ARG(name));
  lq_diag_label(c->d, d, n->span, "not in the schema");
  name_set all = names_in(schema_of(c), LQ_STR(""));
  lq_str near = lq_suggest(name, 3, name_at, &all);
  if (near.n > 0)
    lq_diag_help(c->d, d, "a field with a similar name exists: `%.*s`", LQ_STR_ARG(near));
}

static void check_name(lq_checker *c, const lq_node *n, lq_str name)
{
  const lq_schema *s = schema_of(c);
  bool known = lq_glob_has_wildcard(name) || lq_schema_find(s, name) || is_group(s, name) ||
               ends_in_subfield(name) || has_open_parent(s, name) || n->optional;
  if (known)
    return;
  if (c->o->strict_schema)
    unknown_field(c, n, name);
  else if (c->o->lint)
    misspelt(c, n, name);
}

bool lq_check_is_group(const lq_checker *c, lq_str name)
{
  return is_group(schema_of(c), name);
}

static void bad_length(lq_checker *c, const lq_node *n)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_LARGE, n->span,
                           n->name.n ? "the name of this field is too long" : "a field needs a name");
  lq_diag_label(c->d, d, n->span, n->name.n ? "over %d bytes" : "at least one character", LQ_FIELD_NAME_MAX);
}

void lq_check_field(lq_checker *c, const lq_node *n)
{
  lq_ref ref;
  if (n->kind == LQ_N_REF)
    ref = (lq_ref){n->name, NULL};
  else
    lq_resolve(c->arena, c->scope, n, &ref);
  if (n->name.n == 0 || ref.name.n > LQ_FIELD_NAME_MAX)
    bad_length(c, n);
  else if (lq_has_index(n->name)) {
    if (c->o->dialect != LQ_DIALECT_ENDGAME && (n->kind == LQ_N_REF || !lq_is_one_index(n->name)))
      lq_check_not_yet(c, n->span,
                       n->kind == LQ_N_REF ? "an index into an array of another event"
                                           : "an index into an array of arrays");
  } else if (n->kind == LQ_N_REF || !c->scope || c->scope->variable.n == 0) {
    check_name(c, n, ref.name);
  }
}

void lq_check_variable(lq_checker *c, const lq_node *n)
{
  lq_ref ref;
  if (lq_resolve(c->arena, c->scope, n, &ref))
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_UNKNOWN_VARIABLE, n->span, "unknown variable `$%.*s`",
                           LQ_STR_ARG(n->name));
  lq_diag_label(c->d, d, n->span, "nothing around it binds this name");
  lq_diag_help(c->d, d,
               "variables are bound by array functions: `arraySearch(process.args, $a, $a : \"-enc*\")`");
}

// ---- types

static const lq_schema_field *type_of(lq_checker *c, const lq_node *field, lq_str *name)
{
  lq_ref ref;
  if (field->kind != LQ_N_FIELD || !lq_resolve(c->arena, c->scope, field, &ref))
    return NULL;
  *name = ref.name;
  return lq_schema_find(schema_of(c), ref.name);
}

static void never(lq_checker *c, const lq_node *literal, lq_str name, const lq_schema_field *f)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_NEVER_TYPE, literal->span, "`%.*s` never holds this value",
                           LQ_STR_ARG(name));
  lq_diag_label(c->d, d, literal->span, "the field's type is %s", lq_field_type_name(f->type));
}

static bool is_number_text(lq_str s)
{
  int64_t i;
  uint64_t u;
  double x;
  return lq_parse_i64(s, &i) || lq_parse_u64(s, &u) || lq_parse_double(s, &x);
}

static bool can_hold(lq_field_type t, const lq_node *literal, lq_str text)
{
  lq_ip ip;
  lq_cidr net;
  switch (t) {
  case LQ_FT_LONG:
  case LQ_FT_DOUBLE: return literal->kind != LQ_N_BOOL && is_number_text(text);
  case LQ_FT_BOOLEAN: return lq_str_is(text, "true") || lq_str_is(text, "false");
  case LQ_FT_IP: return lq_ip_parse(text, &ip) || lq_cidr_parse(text, &net, NULL);
  case LQ_FT_KEYWORD:
  case LQ_FT_CONSTANT_KEYWORD:
  case LQ_FT_WILDCARD:
  case LQ_FT_TEXT:
  case LQ_FT_DATE:
  case LQ_FT_OBJECT:
  case LQ_FT_NESTED:
  case LQ_FT_GEO:
  case LQ_FT_OTHER: break;
  }
  return true;
}

void lq_check_holds(lq_checker *c, const lq_node *field, const lq_node *literal, bool pattern)
{
  lq_str name, text = lq_literal_pattern(c->arena, literal);
  const lq_schema_field *f = c->o->lint ? type_of(c, field, &name) : NULL;
  // A wildcard in `==` is a mistake of its own, and has its own message.
  if (!f || lq_glob_has_wildcard(text) || (pattern && memchr(text.p, '*', text.n)))
    return;
  if (!can_hold(f->type, literal, text))
    never(c, literal, name, f);
}

static void bad_date(lq_checker *c, const lq_node *literal, lq_str name)
{
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_DATE, literal->span, "this is not a date, but `%.*s` is",
                           LQ_STR_ARG(name));
  lq_diag_label(c->d, d, literal->span, "cannot be read as a date");
  lq_diag_help(c->d, d, "write it as \"2024-05-01T10:00:00Z\", or as date math: \"now-1h\"");
}

void lq_check_order(lq_checker *c, const lq_node *field, const lq_node *literal)
{
  lq_str name;
  int64_t ns;
  const lq_schema_field *f = type_of(c, field, &name);
  if (!f)
    return;
  lq_str text = lq_plain_text(c->arena, lq_literal_pattern(c->arena, literal));
  if (f->type == LQ_FT_DATE && literal->kind == LQ_N_STRING) {
    if (!lq_date_math(text, c->o->now, &ns))
      bad_date(c, literal, name);
  } else if (c->o->lint && !can_hold(f->type, literal, text)) {
    never(c, literal, name, f);
  }
}
