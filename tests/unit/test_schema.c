// The ECS table: its order, look-ups, what is text.
#include <criterion/criterion.h>

#include "stdlib/schema.h"
#include "tests/unit/compile_query.h"

Test(schema, ascending)
{
  size_t n = 0;
  for (const lq_schema_field *f = lq_ecs.fields; n < lq_ecs.count; f++, n++) {
    cr_expect(n + 1 == lq_ecs.count || lq_str_cmp(f->name, f[1].name) < 0, "%s", f->name.p);
    cr_expect_eq(lq_schema_find(&lq_ecs, f->name), f);
  }
}

static const lq_schema_field *find_plainly(lq_str name)
{
  for (size_t i = 0; i < lq_ecs.count; i++) {
    if (lq_str_eq(lq_ecs.fields[i].name, name))
      return &lq_ecs.fields[i];
  }
  return NULL;
}

// Names beside each field's: cut, longer, one byte smaller or larger than it at every place.
Test(schema, names_near_those_of_fields)
{
  for (size_t i = 0; i < lq_ecs.count; i += 7) {
    lq_str name = lq_ecs.fields[i].name;
    char near[128];
    cr_assert(name.n < sizeof near);
    for (size_t at = 0; at <= name.n; at++) {
      memcpy(near, name.p, name.n);
      lq_str cut = {near, at}, longer = {near, name.n + 1}, same = {near, name.n};
      near[name.n] = (char)('.' + at);
      cr_expect(lq_schema_find(&lq_ecs, cut) == find_plainly(cut), "%.*s", LQ_STR_ARG(cut));
      cr_expect(lq_schema_find(&lq_ecs, longer) == find_plainly(longer), "%.*s", LQ_STR_ARG(longer));
      for (int by = -1; by <= 1 && at < name.n; by += 2) {
        near[at] = (char)(name.p[at] + by);
        cr_expect(lq_schema_find(&lq_ecs, same) == find_plainly(same), "%.*s", LQ_STR_ARG(same));
      }
    }
  }
}

Test(schema, fields)
{
  static const struct {
    const char *name;
    const char *type; // "": not there
    lq_type value;
    bool array, text;
  } rows[] = {
      {"@timestamp", "date", LQ_T_DATE, false, false},
      {"process.name", "keyword", LQ_T_STRING, false, false},
      {"process.name.text", "text", LQ_T_STRING, false, true},
      {"process.args", "keyword", LQ_T_STRING, true, false},
      {"process.pid", "long", LQ_T_INT, false, false},
      {"process.command_line", "wildcard", LQ_T_STRING, false, false},
      {"host.ip", "ip", LQ_T_IP, true, false},
      {"message", "text", LQ_T_STRING, false, true},
      {"source.geo.location", "geo_point", LQ_T_NULL, false, false},
      {"host.cpu.usage", "double", LQ_T_DOUBLE, false, false},
      {"labels", "object", LQ_T_OBJECT, false, false},
      {"process.code_signature.exists", "boolean", LQ_T_BOOL, false, false},
      {"powershell.file.script_block_text", "", LQ_T_NULL, false, true},
      {"any.thing.text", "", LQ_T_NULL, false, true},
      {"process", "", LQ_T_NULL, false, false},
      {"process.nam", "", LQ_T_NULL, false, false},
      {"", "", LQ_T_NULL, false, false},
      {"zzz", "", LQ_T_NULL, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_str name = lq_str_of(rows[i].name);
    const lq_schema_field *f = lq_schema_find(&lq_ecs, name);
    cr_expect_eq(lq_schema_is_text(&lq_ecs, name), rows[i].text, "%s", rows[i].name);
    cr_expect_eq(f != NULL, *rows[i].type != '\0', "%s", rows[i].name);
    if (!f)
      continue;
    cr_expect_str_eq(lq_field_type_name(f->type), rows[i].type, "%s", rows[i].name);
    cr_expect_eq(lq_schema_value_type(f->type), rows[i].value, "%s", rows[i].name);
    cr_expect_eq(f->array, rows[i].array, "%s", rows[i].name);
  }
}

// ---- a schema of one's own

Test(schema, read_from_csv)
{
  static const struct {
    const char *csv;
    const char
        *fields; // `name:type` or `name:type[]`, blanks between; what is kept when there are errors too
    size_t errors;
  } rows[] = {
      {"name,type\na.b,keyword\na.a,long\n", "a.a:long a.b:keyword", 0},
      {"name\nx\ny", "x:other y:other", 0},
      {"Type,Field\nip,source.ip\r\nDate,@timestamp\r\n", "@timestamp:date source.ip:ip", 0},
      {"\xEF\xBB\xBFname,type,array\nt,keyword,true\nu,long,no\nv,ip,1\n", "t:keyword[] u:long v:ip[]", 0},
      {"Field,Type,Normalization,Example\n\"a\",\"keyword\",array,\"x, \"\"y\"\"\nz\"\nb,match_only_text,,\n",
       "a:keyword[] b:text", 0},
      {"name,type\na,long\na,keyword\n\n,ip\n", "a:long", 0},
      {"name,type\na\nb,long,more,cells\n", "a:other b:long", 0},
      {"name,type\na,strange\n", "a:other", 1},
      {"one,two\na,b\n", "", 1},
      {"", "", 1},
      {"name,type\n\"never closed,long\n", "never closed,long:other", 0},
      {"name,type", "", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    lq_arena arena = {.mem = &lq_mem_libc};
    lq_source source = {LQ_STR_INIT("fields.csv"), lq_str_of(rows[i].csv)};
    lq_diag_list diags = {.arena = &arena, .source = &source};
    lq_schema s;
    lq_buf got = {.mem = &lq_mem_libc};
    lq_status status = lq_schema_read(&s, &arena, source.text, &diags);
    for (size_t k = 0; k < s.count; k++) {
      const lq_schema_field *f = &s.fields[k];
      lq_buf_printf(&got, "%s%.*s:%s%s", k ? " " : "", LQ_STR_ARG(f->name), lq_field_type_name(f->type),
                    f->array ? "[]" : "");
      cr_expect_eq(lq_schema_find(&s, f->name), f);
    }
    lq_buf_byte(&got, '\0');
    cr_expect_eq(status, rows[i].errors ? LQ_E_QUERY : LQ_OK, "%s", rows[i].csv);
    cr_expect_eq(diags.nerrors, rows[i].errors, "%s: %zu errors", rows[i].csv, diags.nerrors);
    cr_expect_str_eq((const char *)got.p, rows[i].fields, "%s", rows[i].csv);
    lq_buf_free(&got);
    lq_arena_free(&arena);
  }
}

// ---- a schema that is handed in

static int bundles_differ(const char *query, lq_dialect dialect, const lq_schema *types)
{
  lq_arena a = {.mem = &lq_mem_libc};
  lq_buf plain = {.mem = &lq_mem_libc}, typed = {.mem = &lq_mem_libc};
  lq_compile_options o = {.dialect = dialect, .optimise = true, .now = TEST_NOW};
  cr_assert(compile_with(&plain, &a, query, o) == LQ_OK, "%s", query);
  o.types = types;
  cr_assert(compile_with(&typed, &a, query, o) == LQ_OK, "%s", query);
  int differ = plain.n != typed.n || memcmp(plain.p, typed.p, plain.n) != 0;
  lq_buf_free(&plain);
  lq_buf_free(&typed);
  lq_arena_free(&a);
  return differ;
}

// What a comparison means follows the types that the compiler was given, and ECS where it was given none.
Test(schema, types_are_those_that_were_handed_in)
{
  static const lq_schema_field fields[] = {{LQ_STR_INIT("addr"), LQ_FT_IP, false, ""},
                                           {LQ_STR_INIT("essay"), LQ_FT_TEXT, false, ""},
                                           {LQ_STR_INIT("when"), LQ_FT_DATE, false, ""}};
  static const lq_schema own = {fields, 3}, none = {fields, 0};
  static const struct {
    const char *query;
    lq_dialect dialect;
    bool own, none; // whether the code is another than with ECS
  } rows[] = {
      {"addr == \"10.0.0.1\"", LQ_DIALECT_LQ, true, false},
      {"when >= \"2024-05-01\"", LQ_DIALECT_LQ, true, false},
      {"essay : word", LQ_DIALECT_KQL, true, false},
      {"source.ip == \"10.0.0.1\"", LQ_DIALECT_LQ, true, true},
      {"@timestamp >= \"2024-05-01\"", LQ_DIALECT_LQ, true, true},
      {"any.thing == \"x\"", LQ_DIALECT_LQ, false, false},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    cr_expect_eq(bundles_differ(rows[i].query, rows[i].dialect, &own), rows[i].own, "%s", rows[i].query);
    cr_expect_eq(bundles_differ(rows[i].query, rows[i].dialect, &none), rows[i].none, "%s", rows[i].query);
    cr_expect_eq(bundles_differ(rows[i].query, rows[i].dialect, &lq_ecs), 0, "%s", rows[i].query);
  }
}
