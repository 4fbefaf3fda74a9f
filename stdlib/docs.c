// The function table as Markdown.
#include "stdlib/functions.h"

static const char *param_word(char letter)
{
  switch (letter) {
  case 's': return "string";
  case 'n': return "number";
  case 'i': return "integer";
  case 'b': return "boolean";
  case 'p': return "ip";
  case 'd': return "date";
  case 'r': return "pattern";
  case 'x': return "regex";
  case 'c': return "network";
  case 'f': return "field";
  case 'e': return "condition";
  case 'v': return "$name";
  }
  return "value";
}

static void signature(lq_buf *out, const lq_function *f)
{
  int min = lq_function_min_args(f), max = lq_function_max_args(f), n = max == LQ_FN_ARGS_MAX ? min : max;
  lq_buf_printf(out, "`%s%s(", f->name, f->flags & LQ_FN_FOLDS ? "[~]" : "");
  for (int i = 0; i < n; i++)
    lq_buf_printf(out, "%s%s%s", i >= min ? "[" : "", i > 0 ? ", " : "", param_word(lq_function_param(f, i)));
  if (max == LQ_FN_ARGS_MAX)
    lq_buf_z(out, ", \xE2\x80\xA6");
  for (int i = min; i < n; i++)
    lq_buf_byte(out, ']');
  lq_buf_z(out, ")`");
}

// A bar would end the table's cell, in code too.
static void cell(lq_buf *out, const char *text)
{
  for (; *text; text++) {
    if (*text == '|')
      lq_buf_byte(out, '\\');
    lq_buf_byte(out, *text);
  }
}

static void row(lq_buf *out, const lq_function *f)
{
  lq_buf_z(out, "| ");
  signature(out, f);
  lq_buf_printf(out, " | %s | ", f->result == LQ_T_NULL ? "value" : lq_type_name(f->result));
  cell(out, f->doc);
  lq_buf_z(out, " | `");
  cell(out, f->example);
  lq_buf_byte(out, '`');
  if (*f->expected) {
    lq_buf_z(out, " is `");
    cell(out, f->expected);
    lq_buf_byte(out, '`');
  }
  lq_buf_z(out, " |\n");
}

void lq_docs_functions(lq_buf *out)
{
  lq_buf_z(out, "# Functions\n\n"
                "Made from `stdlib/functions.def`. Names are read in any case. A function with `[~]` ignores "
                "case when it is "
                "written with a `~` after its name. A null argument gives null, a null optional one means "
                "its default. "
                "Functions of single values are called for each element of an array, and give an array.\n");
  for (int i = 0; i < LQ_FN_COUNT; i++) {
    const lq_function *f = &lq_functions[i];
    if (i == 0 || !lq_str_is(lq_str_of(f->group), f[-1].group))
      lq_buf_printf(out, "\n## %s\n\n| function | gives | what | example |\n|---|---|---|---|\n", f->group);
    row(out, f);
  }
}
