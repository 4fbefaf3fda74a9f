// The ECS table: its order, look-ups, what is text.
#include <criterion/criterion.h>

#include "stdlib/schema.h"

Test(schema, ascending)
{
  size_t n = 0;
  for (const lq_schema_field *f; (f = lq_schema_at(n)); n++) {
    const lq_schema_field *next = lq_schema_at(n + 1);
    cr_expect(!next || lq_str_cmp(f->name, next->name) < 0, "%s", f->name.p);
    cr_expect_eq(lq_schema_find(f->name), f);
  }
  cr_expect_eq(n, lq_schema_count());
  cr_expect_null(lq_schema_at(n));
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
    const lq_schema_field *f = lq_schema_find(name);
    cr_expect_eq(lq_schema_is_text(name), rows[i].text, "%s", rows[i].name);
    cr_expect_eq(f != NULL, *rows[i].type != '\0', "%s", rows[i].name);
    if (!f)
      continue;
    cr_expect_str_eq(lq_field_type_name(f->type), rows[i].type, "%s", rows[i].name);
    cr_expect_eq(lq_schema_value_type(f->type), rows[i].value, "%s", rows[i].name);
    cr_expect_eq(f->array, rows[i].array, "%s", rows[i].name);
  }
}
