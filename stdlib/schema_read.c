// A schema of the user's own, from a CSV: `name,type,array`, or the fields.csv that ECS publishes.
#include "base/sort.h"
#include "stdlib/schema.h"

typedef struct csv_reader {
  lq_str text;
  size_t at;
  lq_diag_list *diags;
  int name, type, array; // columns, -1: none
  size_t nfields;
  lq_schema_field *fields;
} csv_reader;

static const struct {
  const char *word;
  lq_field_type type;
} types[] = {
    {"keyword", LQ_FT_KEYWORD},   {"constant_keyword", LQ_FT_CONSTANT_KEYWORD},
    {"wildcard", LQ_FT_WILDCARD}, {"text", LQ_FT_TEXT},
    {"string", LQ_FT_KEYWORD},    {"match_only_text", LQ_FT_TEXT},
    {"long", LQ_FT_LONG},         {"integer", LQ_FT_LONG},
    {"int", LQ_FT_LONG},          {"short", LQ_FT_LONG},
    {"byte", LQ_FT_LONG},         {"unsigned_long", LQ_FT_LONG},
    {"float", LQ_FT_DOUBLE},      {"half_float", LQ_FT_DOUBLE},
    {"double", LQ_FT_DOUBLE},     {"scaled_float", LQ_FT_DOUBLE},
    {"number", LQ_FT_DOUBLE},     {"boolean", LQ_FT_BOOLEAN},
    {"bool", LQ_FT_BOOLEAN},      {"ip", LQ_FT_IP},
    {"date", LQ_FT_DATE},         {"date_nanos", LQ_FT_DATE},
    {"object", LQ_FT_OBJECT},     {"flattened", LQ_FT_OBJECT},
    {"nested", LQ_FT_NESTED},     {"geo_point", LQ_FT_GEO},
    {"other", LQ_FT_OTHER},
};

// One cell, without its quotes; *more tells whether the row goes on. A doubled quote inside stays doubled: no
// name or type has one.
static lq_str cell(csv_reader *r, bool *more)
{
  const char *p = r->text.p;
  size_t n = r->text.n, start = r->at, end;
  if (start < n && p[start] == '"') {
    for (end = ++start; end < n && (p[end] != '"' || (end + 1 < n && p[end + 1] == '"')); end++)
      end += p[end] == '"';
    end = end < n ? end : n;
    r->at = end < n ? end + 1 : n;
  } else {
    for (end = start; end < n && p[end] != ',' && p[end] != '\n' && p[end] != '\r'; end++)
      ;
    r->at = end;
  }
  while (r->at < n && p[r->at] != ',' && p[r->at] != '\n')
    r->at++;
  *more = r->at < n && p[r->at] == ',';
  r->at += r->at < n;
  return lq_str_trim(lq_str_make(p + start, end - start));
}

static lq_span span_of(const csv_reader *r, lq_str s)
{
  size_t start = (size_t)(s.p - r->text.p);
  return (lq_span){(uint32_t)start, (uint32_t)(start + s.n)};
}

static bool read_header(csv_reader *r)
{
  size_t start = r->at;
  bool more = r->at < r->text.n;
  r->name = r->type = r->array = -1;
  for (int i = 0; more; i++) {
    lq_str s = cell(r, &more);
    if (lq_str_eq_ascii(s, LQ_STR("name")) || lq_str_eq_ascii(s, LQ_STR("field")))
      r->name = i;
    else if (lq_str_eq_ascii(s, LQ_STR("type")))
      r->type = i;
    else if (lq_str_eq_ascii(s, LQ_STR("array")) || lq_str_eq_ascii(s, LQ_STR("normalization")))
      r->array = i;
  }
  if (r->name >= 0)
    return true;
  size_t end = start;
  while (end < r->text.n && r->text.p[end] != '\n')
    end++;
  lq_span where = {(uint32_t)start, (uint32_t)end};
  lq_diag *d = lq_diag_add(r->diags, LQ_DIAG_FILE_SYNTAX, where, "no column of this schema is called `name`");
  lq_diag_label(r->diags, d, where, "the first line names the columns");
  lq_diag_help(r->diags, d, "begin with a line `name,type`; the `fields.csv` of ECS will do as it is");
  return false;
}

static lq_field_type type_of(csv_reader *r, lq_str word)
{
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (lq_str_eq_ascii(word, lq_str_of(types[i].word)))
      return types[i].type;
  }
  if (word.n > 0) {
    lq_diag *d = lq_diag_add(r->diags, LQ_DIAG_FILE_SYNTAX, span_of(r, word), "unknown type `%.*s`",
                             LQ_STR_ARG(word));
    lq_diag_help(
        r->diags, d,
        "types are keyword, text, wildcard, long, double, boolean, ip, date, object, nested, geo_point");
  }
  return LQ_FT_OTHER;
}

static bool says_array(lq_str s)
{
  return lq_str_eq_ascii(s, LQ_STR("array")) || lq_str_eq_ascii(s, LQ_STR("true")) ||
         lq_str_eq_ascii(s, LQ_STR("yes")) || lq_str_eq(s, LQ_STR("1"));
}

static void read_row(csv_reader *r)
{
  lq_schema_field f = {.type = LQ_FT_OTHER, .doc = ""};
  bool more = true;
  for (int i = 0; more; i++) {
    lq_str s = cell(r, &more);
    if (i == r->name)
      f.name = s;
    else if (i == r->type)
      f.type = type_of(r, s);
    else if (i == r->array)
      f.array = says_array(s);
  }
  if (f.name.n > 0)
    r->fields[r->nfields++] = f;
}

static int by_name(const void *a, const void *b)
{
  const lq_schema_field *x = a, *y = b;
  int order = lq_str_cmp(x->name, y->name);
  return order ? order : (x->name.p > y->name.p) - (x->name.p < y->name.p);
}

// Of rows with one name the first counts.
static size_t without_repeats(lq_schema_field *f, size_t n)
{
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (kept == 0 || !lq_str_eq(f[kept - 1].name, f[i].name))
      f[kept++] = f[i];
  }
  return kept;
}

static size_t count_lines(lq_str s)
{
  size_t n = 1;
  for (size_t i = 0; i < s.n; i++)
    n += s.p[i] == '\n';
  return n;
}

lq_status lq_schema_read(lq_schema *out, lq_arena *arena, lq_str csv, lq_diag_list *diags)
{
  static const char bom[] = "\xEF\xBB\xBF";
  csv_reader r = {.text = csv, .diags = diags};
  size_t errors = diags->nerrors;
  *out = (lq_schema){0};
  if (lq_str_starts(csv, LQ_STR(bom)))
    r.at = sizeof bom - 1;
  r.fields = lq_arena_array(arena, count_lines(csv), sizeof *r.fields);
  if (!r.fields)
    return LQ_E_NOMEM;
  if (read_header(&r)) {
    while (r.at < csv.n)
      read_row(&r);
    lq_sort(r.fields, r.nfields, sizeof *r.fields, by_name);
    *out = (lq_schema){r.fields, without_repeats(r.fields, r.nfields)};
  }
  return diags->nerrors > errors ? LQ_E_QUERY : LQ_OK;
}
