// Rules that are more than a query: threshold, new_terms and threat_match, lowered to stages and conditions
// in native LQ.
#include "base/number.h"
#include "rules/elastic.h"

// ---- times

// Date math's units. LQ has no months and years: they are taken as 30 and 365 days.
static const struct unit {
  char sign;
  unsigned times;
  const char *lq;
} units[] = {{'s', 1, "s"}, {'m', 1, "m"}, {'h', 1, "h"},  {'H', 1, "h"},
             {'d', 1, "d"}, {'w', 7, "d"}, {'M', 30, "d"}, {'y', 365, "d"}};

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
static bool put_window(lq_elastic *e, lq_str from)
{
  lq_str s = from;
  uint64_t n = 0;
  if (!lq_str_starts(s, LQ_STR("now-")))
    return false;
  s = lq_str_slice(s, 4, s.n);
  if (s.n > 2 && s.p[s.n - 2] == '/' && unit_of(s.p[s.n - 1]))
    s.n -= 2;
  const struct unit *unit = s.n > 1 && s.n < 8 ? unit_of(s.p[s.n - 1]) : NULL;
  if (!unit || !lq_parse_u64(lq_str_slice(s, 0, s.n - 1), &n) || n == 0)
    return false;
  lq_buf_printf(&e->text, " over %llu%s", (unsigned long long)(n * unit->times), unit->lq);
  return true;
}

static void need_window(lq_elastic *e, const lq_toml *where, const char *key)
{
  lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, where, "`%s` is no span of time", key);
  lq_diag_help(e->r->diags, d, "write it as `now-9m`, with one of the units s, m, h, d, w");
}

// ---- names of fields

// One text or a list of them. False: some were no names, which has been reported.
static bool put_fields(lq_elastic *e, const lq_toml *list, const char *key)
{
  bool many = list && list->kind == LQ_TOML_ARRAY;
  size_t put = 0;
  for (const lq_toml *n = many ? list->kids : list; n; n = n == list ? NULL : n->next) {
    lq_str name = lq_elastic_text(e, n);
    if (name.n == 0 && (many || n->kind != LQ_TOML_STRING)) {
      lq_diag *d = lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, n, "`%s` needs names of fields", key);
      lq_diag_help(e->r->diags, d, "write a list of names: [\"host.id\", \"user.name\"]");
      return false;
    }
    if (name.n == 0)
      return true;
    lq_buf_z(&e->text, put++ > 0 ? ", " : "");
    lq_elastic_put_field(e, name);
  }
  return true;
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
  for (const lq_toml *n = list && list->kind == LQ_TOML_ARRAY ? list->kids : list; n;
       n = n == list ? NULL : n->next) {
    lq_str name = lq_elastic_text(e, n);
    if (name.n == 0)
      continue;
    lq_elastic_put_field(e, name);
    lq_buf_z(&e->text, " != null");
    lq_elastic_condition(e);
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

static bool put_distinct_counts(lq_elastic *e, const lq_toml *threshold)
{
  unsigned i = 0;
  for (const lq_toml *c = cardinalities(threshold); c; c = next_cardinality(threshold, c)) {
    lq_buf_z(&e->text, ", dcount(");
    const lq_toml *field = lq_toml_get(c, "field");
    if (!field || field->kind != LQ_TOML_STRING || !put_fields(e, field, "threshold.cardinality")) {
      lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, field ? field : c,
                       "`threshold.cardinality` needs a `field`");
      return false;
    }
    lq_buf_printf(&e->text, ") as distinct_%u", ++i);
  }
  return true;
}

static bool put_limits(lq_elastic *e, const lq_toml *threshold)
{
  int64_t least = 0;
  if (!read_least(e, threshold, "threshold", &least))
    return false;
  lq_buf_printf(&e->text, " | where count >= %lld", (long long)least);
  unsigned i = 0;
  for (const lq_toml *c = cardinalities(threshold); c; c = next_cardinality(threshold, c)) {
    if (!read_least(e, c, "threshold.cardinality", &least))
      return false;
    lq_buf_printf(&e->text, " and distinct_%u >= %lld", ++i, (long long)least);
  }
  return true;
}

static bool put_threshold(lq_elastic *e, const lq_toml *threshold)
{
  const lq_toml *from = lq_toml_get(e->table, "from"), *fields = lq_toml_get(threshold, "field");
  lq_buf_z(&e->text, "| stats count() as count");
  if (!put_distinct_counts(e, threshold))
    return false;
  lq_buf_z(&e->text, is_empty(e, fields) ? "" : " by ");
  if (!put_fields(e, fields, "threshold.field"))
    return false;
  // Kibana's own default.
  if (!put_window(e, from ? lq_elastic_text(e, from) : LQ_STR("now-6m"))) {
    need_window(e, from, "from");
    return false;
  }
  return put_limits(e, threshold);
}

void lq_elastic_threshold(lq_elastic *e)
{
  const lq_toml *threshold = lq_toml_get(e->table, "threshold");
  if (!threshold || threshold->kind != LQ_TOML_TABLE) {
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, threshold ? threshold : e->table,
                     "a threshold rule needs a table `threshold`");
    return;
  }
  bool good = put_threshold(e, threshold);
  lq_str stages = lq_elastic_take(e);
  if (!good)
    return;
  e->rule->stages = stages;
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
  lq_buf_z(&e->text, "| new_terms ");
  bool good = put_fields(e, fields, "new_terms");
  if (good && !put_window(e, lq_elastic_text(e, start))) {
    need_window(e, start ? start : table ? table : e->table, "history_window_start");
    good = false;
  }
  lq_str stages = lq_elastic_take(e);
  if (!good)
    return;
  e->rule->stages = stages;
  require_fields(e, fields);
}

// ---- threat_match

// The list that a field is looked up in has the name of the indicator's field: one list for each.
static bool put_entry(lq_elastic *e, const lq_toml *entry)
{
  lq_str field = lq_elastic_text(e, lq_toml_get(entry, "field"));
  lq_str list = lq_elastic_text(e, lq_toml_get(entry, "value"));
  const lq_toml *negate = lq_toml_get(entry, "negate");
  if (field.n == 0 || list.n == 0) {
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, entry,
                     "an entry of `threat_mapping` needs a `field` and a `value`");
    return false;
  }
  lq_buf_z(&e->text, negate && negate->kind == LQ_TOML_BOOL && negate->as.b ? "not lookup(" : "lookup(");
  lq_elastic_put_string(e, list);
  lq_buf_z(&e->text, ", ");
  lq_elastic_put_field(e, field);
  lq_buf_z(&e->text, ")");
  return true;
}

// Either one of the mappings; in a mapping, all of its entries.
static bool put_mappings(lq_elastic *e, const lq_toml *mappings)
{
  for (const lq_toml *m = mappings->kids; m; m = m->next) {
    const lq_toml *entries = lq_toml_get(m, "entries");
    if (!entries || entries->kind != LQ_TOML_ARRAY || !entries->kids) {
      lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, m, "a `threat_mapping` needs `entries`");
      return false;
    }
    lq_buf_z(&e->text, m == mappings->kids ? "(" : " or (");
    for (const lq_toml *n = entries->kids; n; n = n->next) {
      lq_buf_z(&e->text, n == entries->kids ? "" : " and ");
      if (!put_entry(e, n))
        return false;
    }
    lq_buf_z(&e->text, ")");
  }
  return true;
}

void lq_elastic_threat_match(lq_elastic *e)
{
  const lq_toml *mappings = lq_toml_get(e->table, "threat_mapping");
  if (!mappings || mappings->kind != LQ_TOML_ARRAY || !mappings->kids)
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, mappings ? mappings : e->table,
                     "a threat_match rule needs `threat_mapping`");
  else if (put_mappings(e, mappings))
    lq_elastic_condition(e);
  lq_buf_clear(&e->text);
}
