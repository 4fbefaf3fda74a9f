// The Elastic Common Schema as a table.
#include "stdlib/schema.h"

static const lq_schema_field fields[] = {
#define LQ_ECS(name, type, array) {LQ_STR_INIT(name), LQ_FT_##type, array, ""},
#include "stdlib/ecs.def"
#undef LQ_ECS
};
enum { COUNT = sizeof fields / sizeof *fields };

const lq_schema lq_ecs = {fields, COUNT};

static size_t shared_bytes(lq_str a, lq_str b, size_t from)
{
  size_t n = a.n < b.n ? a.n : b.n;
  while (from < n && a.p[from] == b.p[from])
    from++;
  return from;
}

// Names begin alike, so what both ends of the search share with the name is not compared again.
const lq_schema_field *lq_schema_find(const lq_schema *s, lq_str name)
{
  size_t low = 0, high = s->count, shared_low = 0, shared_high = 0;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    lq_str other = s->fields[middle].name;
    size_t n = shared_bytes(name, other, shared_low < shared_high ? shared_low : shared_high);
    if (n == name.n && n == other.n)
      return &s->fields[middle];
    if (n == name.n || (n < other.n && (uint8_t)name.p[n] < (uint8_t)other.p[n]))
      high = middle, shared_high = n;
    else
      low = middle + 1, shared_low = n;
  }
  return NULL;
}

lq_type lq_schema_value_type(lq_field_type t)
{
  switch (t) {
  case LQ_FT_KEYWORD:
  case LQ_FT_CONSTANT_KEYWORD:
  case LQ_FT_WILDCARD:
  case LQ_FT_TEXT: return LQ_T_STRING;
  case LQ_FT_LONG: return LQ_T_INT;
  case LQ_FT_DOUBLE: return LQ_T_DOUBLE;
  case LQ_FT_BOOLEAN: return LQ_T_BOOL;
  case LQ_FT_IP: return LQ_T_IP;
  case LQ_FT_DATE: return LQ_T_DATE;
  case LQ_FT_OBJECT:
  case LQ_FT_NESTED: return LQ_T_OBJECT;
  case LQ_FT_GEO:
  case LQ_FT_OTHER: break;
  }
  return LQ_T_NULL;
}

const char *lq_field_type_name(lq_field_type t)
{
  switch (t) {
  case LQ_FT_KEYWORD: return "keyword";
  case LQ_FT_CONSTANT_KEYWORD: return "constant_keyword";
  case LQ_FT_WILDCARD: return "wildcard";
  case LQ_FT_TEXT: return "text";
  case LQ_FT_LONG: return "long";
  case LQ_FT_DOUBLE: return "double";
  case LQ_FT_BOOLEAN: return "boolean";
  case LQ_FT_IP: return "ip";
  case LQ_FT_DATE: return "date";
  case LQ_FT_OBJECT: return "object";
  case LQ_FT_NESTED: return "nested";
  case LQ_FT_GEO: return "geo_point";
  case LQ_FT_OTHER: break;
  }
  return "other";
}

bool lq_schema_is_text(const lq_schema *s, lq_str name)
{
  // These three are text in the indexes that detection rules were written for, whatever a schema says.
  if (lq_str_eq(name, LQ_STR("message")) || lq_str_eq(name, LQ_STR("powershell.file.script_block_text")) ||
      lq_str_ends(name, LQ_STR(".text")))
    return true;
  const lq_schema_field *f = lq_schema_find(s, name);
  return f && f->type == LQ_FT_TEXT;
}
