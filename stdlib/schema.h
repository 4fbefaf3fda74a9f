// The Elastic Common Schema as a table: which fields there are, of what type.
#ifndef LQ_STDLIB_SCHEMA_H
#define LQ_STDLIB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/value.h"

typedef enum lq_field_type {
  LQ_FT_KEYWORD, LQ_FT_CONSTANT_KEYWORD, LQ_FT_WILDCARD, LQ_FT_TEXT, LQ_FT_LONG, LQ_FT_DOUBLE, LQ_FT_BOOLEAN, LQ_FT_IP,
  LQ_FT_DATE, LQ_FT_OBJECT, LQ_FT_NESTED, LQ_FT_GEO, LQ_FT_OTHER,
} lq_field_type;

typedef struct lq_schema_field {
  lq_str name;
  lq_field_type type;
  bool array;
  const char *doc; // a short phrase of ours, may be ""
} lq_schema_field;

const lq_schema_field *lq_schema_find(lq_str name);              // NULL: not in ECS
const lq_schema_field *lq_schema_at(size_t i);                   // ascending by name; NULL ends
size_t lq_schema_count(void);
lq_type lq_schema_value_type(lq_field_type t);                   // LQ_T_NULL where any
const char *lq_field_type_name(lq_field_type t);                 // "keyword"
bool lq_schema_is_text(lq_str name);                             // analysed text in KQL: message, *.text, ...

#endif
