// What the library knows about itself: functions, ECS, diagnostic codes, and pages made from those tables.
#include "base/diag.h"
#include "base/layers.h"
#include "input/formats.h"
#include "lib/api.h"
#include "stdlib/functions.h"
#include "stdlib/schema.h"
#include "vm/disasm.h"

size_t lq_function_count(void)
{
  return LQ_FN_COUNT;
}

lq_status lq_function_at(size_t i, lq_function_view *out)
{
  if (i >= LQ_FN_COUNT)
    return LQ_E_NOTFOUND;
  const lq_function *f = &lq_functions[i];
  lq_function_view v = {.name = f->name,
                        .group = f->group,
                        .result = f->result == LQ_T_NULL ? "depends" : lq_type_name(f->result),
                        .params = f->params,
                        .doc = f->doc,
                        .example = f->example,
                        .expected = f->expected,
                        .folds = (f->flags & LQ_FN_FOLDS) != 0};
  return lq_api_give(out, &v, sizeof v);
}

lq_status lq_layer_at(size_t i, lq_layer_view *out)
{
  static const lq_layer_view layers[] = {
#define LQ_LAYER(name, bit, word, doc) {0, LQ_LAYER_##name, word, doc},
#include "base/layers.def"
#undef LQ_LAYER
  };
  return i < sizeof layers / sizeof *layers ? lq_api_give(out, &layers[i], sizeof *layers) : LQ_E_NOTFOUND;
}

lq_status lq_input_at(size_t i, lq_input_view *out)
{
  if (i >= lq_input_row_count)
    return LQ_E_NOTFOUND;
  const lq_input_row *r = &lq_input_rows[i];
  lq_input_view v = {.packing = r->packing, .name = r->name.p, .endings = r->endings.p, .what = r->what.p};
  return lq_api_give(out, &v, sizeof v);
}

int lq_input_takes(const char *name)
{
  return name && lq_input_file(lq_str_of(name));
}

lq_status lq_ecs_field(size_t i, lq_text *name, const char **type)
{
  const lq_schema_field *f = i < lq_ecs.count ? &lq_ecs.fields[i] : NULL;
  if (!f)
    return LQ_E_NOTFOUND;
  *name = lq_text_of(f->name);
  *type = lq_field_type_name(f->type);
  return LQ_OK;
}

// ---- records

typedef struct leaves {
  void (*each)(void *user, lq_text name, const char *type, lq_text value);
  void *user;
} leaves;

static void give_leaf(void *user, lq_str name, const lq_value *v)
{
  leaves *l = user;
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str text = v->type == LQ_T_NULL || v->type == LQ_T_OBJECT ? LQ_STR("") : lq_value_text(v, scratch);
  l->each(l->user, lq_text_of(name), lq_type_name(v->type), lq_text_of(text));
}

lq_status lq_record_fields(const char *json, size_t n, const lq_allocator *allocator,
                           void (*each)(void *user, lq_text name, const char *type, lq_text value),
                           void *user)
{
  if (!json || !each)
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(allocator);
  lq_limits l;
  lq_api_limits(&l, NULL);
  lq_input_limits limits = lq_api_input_limits(&l);
  return lq_record_visit(lq_str_make(json, n), &limits, &mem, give_leaf, &(leaves){each, user});
}

// ---- diagnostics

static const struct {
  uint32_t code, severity;
} severities[] = {
#define LQ_DIAG(name, code, sev, title, explanation) {code, LQ_SEVERITY_##sev},
#include "base/diag_codes.def"
#undef LQ_DIAG
};
enum { NCODES = sizeof severities / sizeof severities[0] };

size_t lq_code_count(void)
{
  return NCODES;
}
uint32_t lq_code_at(size_t i)
{
  return i < NCODES ? severities[i].code : 0;
}

lq_status lq_explain_code(uint32_t code, uint32_t *severity, const char **title, const char **explanation)
{
  for (size_t i = 0; i < NCODES; i++) {
    if (severities[i].code != code)
      continue;
    *severity = severities[i].severity;
    *title = lq_diag_title((lq_diag_code)code);
    *explanation = lq_diag_explanation((lq_diag_code)code);
    return LQ_OK;
  }
  return LQ_E_NOTFOUND;
}

// ---- pages

// In a table a bar would end the cell, even in code.
static void cell(lq_buf *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '|')
      lq_buf_byte(out, '\\');
    lq_buf_byte(out, *text);
  }
}

static const char *param_word(char letter)
{
  switch (letter) {
  case 's': return "text";
  case 'n': return "number";
  case 'i': return "integer";
  case 'b': return "condition";
  case 'p': return "address";
  case 'd': return "date";
  case 'r': return "pattern";
  case 'x': return "regex";
  case 'c': return "network";
  case 'f': return "array";
  case 'e': return "condition";
  case 'v': return "$name";
  default: return "value";
  }
}

// "sss?b" is `text, text, text[, condition]`; a `+` is an ellipsis.
static void signature(lq_buf *out, const lq_function *f)
{
  bool optional = false;
  lq_buf_printf(out, "%s(", f->name);
  for (const char *p = f->params; *p; p++) {
    const char *comma = p == f->params ? "" : ", ";
    if (*p == '+')
      lq_buf_z(out, ", …");
    else if (*p == '?')
      optional = true;
    else {
      lq_buf_printf(out, optional ? "[%s%s]" : "%s%s", comma, param_word(*p));
      optional = false;
    }
  }
  lq_buf_byte(out, ')');
}

static void function_row(lq_buf *out, const lq_function *f)
{
  lq_buf_z(out, "| `");
  signature(out, f);
  lq_buf_printf(out, "` | %s | %s | ", (f->flags & LQ_FN_FOLDS) ? "yes" : "",
                f->result == LQ_T_NULL ? "depends" : lq_type_name(f->result));
  cell(out, f->doc);
  lq_buf_z(out, " | `");
  cell(out, f->example);
  lq_buf_z(out, "` | ");
  if (*f->expected) {
    lq_buf_byte(out, '`');
    cell(out, f->expected);
    lq_buf_byte(out, '`');
  }
  lq_buf_z(out, " |\n");
}

static void function_page(lq_buf *out)
{
  const char *group = "";
  lq_buf_z(out,
           "# Functions\n\nMade from `stdlib/functions.def` by `lq_docs(\"functions\")`; a test runs every "
           "example. Names ignore case. Where the column `~` says yes, `name~` ignores case. An "
           "argument that is missing gives null; over an array a function works element by element.\n");
  for (size_t i = 0; i < LQ_FN_COUNT; i++) {
    const lq_function *f = &lq_functions[i];
    if (strcmp(group, f->group) != 0) {
      group = f->group;
      lq_buf_printf(
          out, "\n## %s\n\n| function | ~ | gives | what | example | result |\n|---|---|---|---|---|---|\n",
          group);
    }
    function_row(out, f);
  }
}

static void bytecode_page(lq_buf *out)
{
  lq_buf_z(
      out,
      "# Bytecode\n\nMade from `vm/opcodes.def` and `vm/match_kinds.def` by `lq_docs(\"bytecode\")`. `lq "
      "disasm` prints "
      "the bytecode of a rule. Bytes are stable: a new instruction takes a free one.\n\n");
  lq_docs_opcodes(out);
}

static void diagnostic_page(lq_buf *out)
{
  static const char *const words[] = {"error", "warning", "note"};
  lq_buf_z(
      out,
      "# Diagnostics\n\nMade from `base/diag_codes.def` by `lq_docs(\"diagnostics\")`. Codes are stable: 1xx "
      "spelling and grammar, 2xx names and types, 3xx limits and what this version cannot run, 4xx warnings "
      "about meaning, 5xx rule files. `lq explain-code LQ203` says the same.\n");
  for (size_t i = 0; i < NCODES; i++) {
    lq_diag_code code = (lq_diag_code)severities[i].code;
    lq_buf_printf(out, "\n## LQ%u: %s\n\n*%s.* %s\n", severities[i].code, lq_diag_title(code),
                  words[severities[i].severity], lq_diag_explanation(code));
  }
}

static const struct {
  const char *name;
  void (*write)(lq_buf *out);
} pages[] = {
    {"functions", function_page},
    {"bytecode", bytecode_page},
    {"diagnostics", diagnostic_page},
};

lq_status lq_docs(const char *page, lq_write_fn write, void *user)
{
  if (!page || !write)
    return LQ_E_USAGE;
  for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
    if (strcmp(page, pages[i].name) != 0)
      continue;
    lq_buf out = {.mem = &lq_mem_libc};
    pages[i].write(&out);
    return lq_api_write(&out, write, user);
  }
  return LQ_E_NOTFOUND;
}
