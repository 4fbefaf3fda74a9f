// Rules that are more than a query: threshold, new_terms and threat_match, as stages and conditions.
#include "base/number.h"
#include "rules/elastic.h"

// ---- times

// Date math's units. LQ has no months and years: they are taken as 30 and 365 days.
static const struct unit {
  char sign;
  int64_t seconds;
} units[] = {{'s', 1},     {'m', 60},     {'h', 3600},       {'H', 3600},
             {'d', 86400}, {'w', 604800}, {'M', 30 * 86400}, {'y', 365 * 86400}};

static const struct unit *unit_of(char sign)
{
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
    if (units[i].sign == sign)
      return &units[i];
  }
  return NULL;
}

// `now-9m` is nine minutes ago, so the window is 9m. `/d` rounds the moment the search begins; a window
// slides, and has nothing to round.
static bool read_window(lq_str s, int64_t *ns)
{
  uint64_t n = 0;
  if (!lq_str_starts(s, LQ_STR("now-")))
    return false;
  s = lq_str_slice(s, 4, s.n);
  if (s.n > 2 && s.p[s.n - 2] == '/' && unit_of(s.p[s.n - 1]))
    s.n -= 2;
  const struct unit *unit = s.n > 1 && s.n < 8 ? unit_of(s.p[s.n - 1]) : NULL;
  if (!unit || !lq_parse_u64(lq_str_slice(s, 0, s.n - 1), &n) || n == 0)
    return false;
  return !__builtin_mul_overflow((int64_t)n, unit->seconds * 1000000000, ns);
}

static void need_window(lq_elastic *e, const lq_toml *where, const char *key)
{
  lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, where, "`%s` is not a span of time", key);
  lq_diag_help(e->r->diags, d, "write it as `now-9m`, with one of the units s, m, h, d, w");
}

// ---- names of fields

static const lq_toml *first_name(const lq_toml *list)
{
  return list && list->kind == LQ_TOML_ARRAY ? list->kids : list;
}

static const lq_toml *next_name(const lq_toml *list, const lq_toml *n)
{
  return n == list ? NULL : n->next;
}

// One text or a list of them. False: some were no names, which has been reported.
static bool read_fields(lq_elastic *e, const lq_toml *list, const char *key, lq_list *out)
{
  bool many = list && list->kind == LQ_TOML_ARRAY;
  for (const lq_toml *n = first_name(list); n; n = next_name(list, n)) {
    lq_str name = lq_elastic_text(e, n);
    if (name.n == 0 && (many || n->kind != LQ_TOML_STRING)) {
      lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, n, "`%s` needs names of fields", key);
      lq_diag_help(e->r->diags, d, "write a list of names: [\"host.id\", \"user.name\"]");
      return false;
    }
    if (name.n == 0)
      return true;
    *out = lq_list_add(*out, lq_elastic_field(e, name, n, lq_elastic_at(n)));
  }
  return !e->broken;
}

static bool is_empty(lq_elastic *e, const lq_toml *list)
{
  if (!list)
    return true;
  return list->kind == LQ_TOML_ARRAY ? !list->kids
                                     : list->kind == LQ_TOML_STRING && lq_elastic_text(e, list).n == 0;
}

// Elasticsearch makes no group of events that lack a field of the group.
static void require_fields(lq_elastic *e, const lq_toml *list)
{
  for (const lq_toml *n = first_name(list); n && !e->broken; n = next_name(list, n)) {
    lq_str name = lq_elastic_text(e, n);
    lq_span at = lq_elastic_at(n);
    if (name.n > 0)
      lq_elastic_condition(e, lq_make_relation(&e->b, LQ_OPER_NE, at, at, lq_elastic_field(e, name, n, at),
                                               lq_make_null(&e->b, at)));
  }
}

// ---- threshold

static bool read_least(lq_elastic *e, const lq_toml *table, const char *key, int64_t *least)
{
  const lq_toml *n = lq_toml_get(table, "value");
  if (n && n->kind == LQ_TOML_INT && n->as.i > 0) {
    *least = n->as.i;
    return true;
  }
  lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, n ? n : table, "`%s` needs a whole number above 0",
                                key);
  lq_diag_help(e->r->diags, d, "write `value = 5` in `%s`", key);
  return false;
}

// `cardinality` is one table or a list of them.
static const lq_toml *cardinalities(const lq_toml *threshold)
{
  const lq_toml *c = lq_toml_get(threshold, "cardinality");
  return c && c->kind == LQ_TOML_ARRAY ? c->kids : c && c->kids ? c : NULL;
}

static const lq_toml *next_cardinality(const lq_toml *threshold, const lq_toml *c)
{
  return c == lq_toml_get(threshold, "cardinality") ? NULL : c->next;
}

static lq_str distinct_name(lq_elastic *e, unsigned i)
{
  return lq_arena_format(e->b.arena, "distinct_%u", i);
}

static bool count_distinct(lq_elastic *e, const lq_toml *threshold, lq_node *stats)
{
  unsigned i = 0;
  for (const lq_toml *c = cardinalities(threshold); c; c = next_cardinality(threshold, c)) {
    lq_list fields = {0};
    const lq_toml *field = lq_toml_get(c, "field");
    if (!field || field->kind != LQ_TOML_STRING || !read_fields(e, field, "threshold.cardinality", &fields)) {
      lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, field ? field : c,
                       "`threshold.cardinality` needs a `field`");
      return false;
    }
    lq_span at = lq_elastic_at(field);
    lq_node *call = lq_make_call(&e->b, at, LQ_STR("dcount"), false);
    if (fields.first)
      lq_make_add(&e->b, call, fields.first);
    lq_make_add(&e->b, stats, lq_make_named(&e->b, at, distinct_name(e, ++i), call));
  }
  return true;
}

// `name >= least`, where the file says how many.
static bool add_limit(lq_elastic *e, const lq_toml *table, const char *key, lq_str name, lq_node **all)
{
  int64_t least = 0;
  if (!read_least(e, table, key, &least))
    return false;
  const lq_toml *value = lq_toml_get(table, "value");
  lq_span at = lq_elastic_at(value), pair = lq_elastic_pair(value);
  lq_node *limit = lq_make_relation(&e->b, LQ_OPER_GE, pair, pair, lq_make_field(&e->b, at, name),
                                    lq_make_int(&e->b, at, least));
  *all = lq_make_chain(&e->b, LQ_N_AND, *all, limit);
  return true;
}

static bool add_limits(lq_elastic *e, const lq_toml *threshold, lq_node *where)
{
  lq_node *all = NULL;
  if (!add_limit(e, threshold, "threshold", LQ_STR("count"), &all))
    return false;
  unsigned i = 0;
  for (const lq_toml *c = cardinalities(threshold); c; c = next_cardinality(threshold, c)) {
    if (!add_limit(e, c, "threshold.cardinality", distinct_name(e, ++i), &all))
      return false;
  }
  lq_make_add(&e->b, where, all);
  return true;
}

// `| stats count() as count, … by FIELDS over WINDOW`
static bool read_stats(lq_elastic *e, const lq_toml *threshold, lq_node *stats)
{
  const lq_toml *from = lq_toml_get(e->table, "from"), *fields = lq_toml_get(threshold, "field");
  lq_span at = lq_elastic_pair(threshold);
  lq_list by = {0};
  int64_t window = 0;
  lq_make_add(&e->b, stats,
              lq_make_named(&e->b, at, LQ_STR("count"), lq_make_call(&e->b, at, LQ_STR("count"), false)));
  if (!count_distinct(e, threshold, stats) || !read_fields(e, fields, "threshold.field", &by))
    return false;
  // Kibana's own default.
  if (!read_window(from ? lq_elastic_text(e, from) : LQ_STR("now-6m"), &window)) {
    need_window(e, from, "from");
    return false;
  }
  lq_make_by(stats, by);
  if (stats)
    stats->duration = window;
  return true;
}

void lq_elastic_threshold(lq_elastic *e)
{
  const lq_toml *threshold = lq_toml_get(e->table, "threshold");
  if (!threshold || threshold->kind != LQ_TOML_TABLE) {
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, threshold ? threshold : e->table,
                     "a threshold rule needs a table `threshold`");
    return;
  }
  lq_span at = lq_elastic_pair(threshold);
  lq_node *stats = lq_make_stage(&e->b, LQ_STAGE_STATS, at),
          *where = lq_make_stage(&e->b, LQ_STAGE_WHERE, at);
  if (!read_stats(e, threshold, stats) || !add_limits(e, threshold, where))
    return;
  lq_elastic_stage(e, stats);
  lq_elastic_stage(e, where);
  require_fields(e, lq_toml_get(threshold, "field"));
}

// ---- new_terms

// As the repository writes it, `new_terms = {value = […], history_window_start = [{value = "now-7d"}]}`, or
// as Kibana exports it, `new_terms_fields` and `history_window_start`.
void lq_elastic_new_terms(lq_elastic *e)
{
  const lq_toml *table = lq_toml_get(e->table, "new_terms");
  const lq_toml *fields = table ? lq_toml_get(table, "value") : lq_toml_get(e->table, "new_terms_fields");
  const lq_toml *start = lq_toml_get(table ? table : e->table, "history_window_start");
  if (start && start->kind == LQ_TOML_ARRAY)
    start = lq_toml_get(start->kids, "value");
  if (is_empty(e, fields)) {
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, table ? table : e->table,
                     "a new_terms rule needs names of fields");
    return;
  }
  lq_node *stage = lq_make_stage(&e->b, LQ_STAGE_NEW_TERMS, lq_elastic_pair(table ? table : fields));
  lq_list names = {0};
  int64_t window = 0;
  if (!read_fields(e, fields, "new_terms", &names))
    return;
  if (!read_window(lq_elastic_text(e, start), &window)) {
    need_window(e, start ? start : table ? table : e->table, "history_window_start");
    return;
  }
  for (lq_node *n = names.first, *next; n; n = next) {
    next = n->next;
    lq_node_add(&e->b, stage, n);
  }
  if (stage)
    stage->duration = window;
  lq_elastic_stage(e, stage);
  require_fields(e, fields);
}

// ---- threat_match

// The list that a field is looked up in has the name of the indicator's field: one list for each.
static bool add_entry(lq_elastic *e, const lq_toml *entry, lq_node **all)
{
  const lq_toml *field_at = lq_toml_get(entry, "field"), *list_at = lq_toml_get(entry, "value");
  const lq_toml *negate = lq_toml_get(entry, "negate");
  lq_str field = lq_elastic_text(e, field_at), list = lq_elastic_text(e, list_at);
  if (field.n == 0 || list.n == 0) {
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, entry,
                     "an entry of `threat_mapping` needs a `field` and a `value`");
    return false;
  }
  lq_span at = lq_elastic_at(entry);
  lq_node *call = lq_make_call(&e->b, at, LQ_STR("lookup"), false);
  lq_make_add(&e->b, call, lq_elastic_string(e, list, list_at));
  lq_make_add(&e->b, call, lq_elastic_field(e, field, field_at, lq_elastic_at(field_at)));
  if (negate && negate->kind == LQ_TOML_BOOL && negate->as.b)
    call = lq_make_not(&e->b, at, call);
  *all = lq_make_chain(&e->b, LQ_N_AND, *all, call);
  return !e->broken;
}

// Either one of the mappings; in a mapping, all of its entries.
static lq_node *read_mappings(lq_elastic *e, const lq_toml *mappings)
{
  lq_node *any = NULL;
  for (const lq_toml *m = mappings->kids; m; m = m->next) {
    const lq_toml *entries = lq_toml_get(m, "entries");
    lq_node *all = NULL;
    if (!entries || entries->kind != LQ_TOML_ARRAY || !entries->kids) {
      lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, m, "a `threat_mapping` needs `entries`");
      return NULL;
    }
    for (const lq_toml *n = entries->kids; n; n = n->next) {
      if (!add_entry(e, n, &all))
        return NULL;
    }
    any = lq_make_chain(&e->b, LQ_N_OR, any, lq_make_group(all));
  }
  return any;
}

void lq_elastic_threat_match(lq_elastic *e)
{
  const lq_toml *mappings = lq_toml_get(e->table, "threat_mapping");
  if (!mappings || mappings->kind != LQ_TOML_ARRAY || !mappings->kids)
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, mappings ? mappings : e->table,
                     "a threat_match rule needs `threat_mapping`");
  else
    lq_elastic_condition(e, read_mappings(e, mappings));
}
