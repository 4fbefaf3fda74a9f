// A schema: which fields there are, of what type. The Elastic Common Schema is one.
#ifndef LQ_STDLIB_SCHEMA_H
#define LQ_STDLIB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include <libquery/status.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/value.h"

typedef enum lq_field_type {
  LQ_FT_KEYWORD,
  LQ_FT_CONSTANT_KEYWORD,
  LQ_FT_WILDCARD,
  LQ_FT_TEXT,
  LQ_FT_LONG,
  LQ_FT_DOUBLE,
  LQ_FT_BOOLEAN,
  LQ_FT_IP,
  LQ_FT_DATE,
  LQ_FT_OBJECT,
  LQ_FT_NESTED,
  LQ_FT_GEO,
  LQ_FT_OTHER,
} lq_field_type;

typedef struct lq_schema_field {
  lq_str name;
  lq_field_type type;
  bool array;
  const char *doc; // a short phrase of ours, may be ""
} lq_schema_field;

// Ascending by name. A schema of the user's own lives in the arena that it was read into.
typedef struct lq_schema {
  const lq_schema_field *fields;
  size_t count;
} lq_schema;
extern const lq_schema lq_ecs; // what is meant where nobody hands in another
static inline const lq_schema *lq_schema_or_ecs(const lq_schema *s)
{
  return s ? s : &lq_ecs;
}
const lq_schema_field *lq_schema_find(const lq_schema *s, lq_str name); // NULL: not in it
bool lq_schema_is_text(const lq_schema *s, lq_str name); // analysed text in KQL: message, *.text, ...
// A CSV with a header: a column `name` or `field`, maybe `type`, and maybe `array` or ECS's `Normalization`.
// What is wrong with it is said in diags, whose source it is. LQ_E_QUERY, LQ_E_NOMEM.
lq_status lq_schema_read(lq_schema *out, lq_arena *arena, lq_str csv, lq_diag_list *diags);

lq_type lq_schema_value_type(lq_field_type t);   // LQ_T_NULL where any
const char *lq_field_type_name(lq_field_type t); // "keyword"

#endif
