// Help texts, made from the tables of verbs, options and formats.
#include "cli/help.h"

#include <string.h>

#include "cli/table.h"

static void heading(lq_out *out, bool color, const char *text)
{
  lq_out_printf(out, "%s%s%s\n", lq_paint_code(color, LQ_PAINT_HEAD), text,
                lq_paint_code(color, LQ_PAINT_PLAIN));
}

void lq_help_overview(lq_out *out, bool color)
{
  lq_out_z(out, "lq finds what detection queries describe in logs, and compiles rules to bundles.\n\n");
  heading(out, color, "Usage");
  lq_out_z(out, "  lq 'QUERY' [FILE...]\n  lq VERB [OPTION...] ...\n\n");
  heading(out, color, "Verbs");
  for (size_t i = 0; i < lq_command_count; i++)
    lq_out_printf(out, "  %-13s %s\n", lq_commands[i].word, lq_commands[i].summary);
  lq_out_z(out, "\n");
  heading(out, color, "Examples");
  lq_out_z(out, "  lq 'process.name : \"powershell.exe\"' events.ndjson\n"
                "  lq run rules/ -- logs/\n"
                "  lq build rules/ -o pack.lqb && lq run pack.lqb -- events.ndjson.zst\n\n"
                "`lq help VERB` says more.\n");
}

static void put_options(lq_out *out, bool color, const lq_command *command)
{
  heading(out, color, "\nOptions");
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    const lq_option_row *row = &lq_option_rows[i];
    if (!(command->options & UINT64_C(1) << i) || !row->help)
      continue;
    lq_string s = {0};
    if (row->letter)
      lq_string_printf(&s, "-%c, ", row->letter);
    else
      lq_string_z(&s, "    ");
    lq_string_printf(&s, "--%s%s%s", row->word, row->value ? " " : "", row->value ? row->value : "");
    lq_out_printf(out, "  %-22s %s\n", s.p, row->help);
    lq_string_free(&s);
  }
}

static void put_formats(lq_out *out, bool color, const lq_command *command)
{
  if (!command->formats)
    return;
  heading(out, color, "\nFormats");
  for (int i = 0; i < LQ_FORMAT_COUNT; i++) {
    if (command->formats & 1u << i)
      lq_out_printf(out, "  %-22s %s\n", lq_format_rows[i].word, lq_format_rows[i].help);
  }
}

void lq_help_verb(lq_out *out, bool color, const lq_command *command)
{
  lq_out_printf(out, "lq %s: %s\n\n", command->word, command->summary);
  heading(out, color, "Usage");
  lq_out_printf(out, "  lq %s%s%s%s\n", command->word, command->options ? " [OPTION...]" : "",
                *command->usage ? " " : "", command->usage);
  if (*command->details)
    lq_out_printf(out, "\n%s\n", command->details);
  put_options(out, color, command);
  put_formats(out, color, command);
}

// ---- lq help

static void put_function(lq_cli *c, const lq_function_view *f)
{
  lq_out_printf(&c->out, "%s%s%s: %s, gives %s\n  %s\n", lq_paint_code(c->color, LQ_PAINT_HEAD), f->name,
                lq_paint_code(c->color, LQ_PAINT_PLAIN), f->group, f->result, f->doc);
  if (f->folds)
    lq_out_printf(&c->out, "  `%s~` ignores case\n", f->name);
  if (f->example && *f->example)
    lq_out_printf(&c->out, "  %s%s%s\n", f->example, f->expected && *f->expected ? "  gives  " : "",
                  f->expected ? f->expected : "");
}

static void put_functions(lq_cli *c)
{
  static const char *const titles[] = {"GROUP", "FUNCTION", "GIVES", "WHAT"};
  lq_table *t = lq_table_new(&c->out, c->color, titles, 4);
  lq_function_view f = LQ_INIT(lq_function_view);
  for (size_t i = 0; i < lq_function_count() && lq_function_at(i, &f) == LQ_OK; i++) {
    lq_table_z(t, f.group);
    lq_table_z(t, f.name);
    lq_table_z(t, f.result);
    lq_table_z(t, f.doc);
  }
  lq_table_end(t);
}

static void help_functions(lq_cli *c, const char *name)
{
  lq_function_view f = LQ_INIT(lq_function_view);
  if (!name) {
    put_functions(c);
    return;
  }
  for (size_t i = 0; i < lq_function_count(); i++) {
    if (lq_function_at(i, &f) == LQ_OK && strcmp(f.name, name) == 0) {
      put_function(c, &f);
      return;
    }
  }
  lq_say_usage(c, "no function `%s`", name);
  lq_say_help(c, "`lq help functions` lists them");
}

static void put_inputs(lq_cli *c)
{
  static const char *const titles[] = {"INPUT", "ENDINGS", "WHAT"};
  lq_table *t = lq_table_new(&c->out, c->color, titles, 3);
  lq_input_view v = LQ_INIT(lq_input_view);
  for (size_t i = 0; lq_input_at(i, &v) == LQ_OK; i++) {
    lq_table_z(t, v.name);
    lq_table_z(t, v.endings);
    lq_table_z(t, v.what);
  }
  lq_table_end(t);
}

static const char EXIT_CODES[] =
    "  0    done; a closed pipe is no error\n"
    "  1    a check failed: a test failed, -e found nothing, --fail-on or --level was "
    "reached\n"
    "  2    lq was called wrongly\n"
    "  3    a rule or bundle does not compile, load or verify\n"
    "  4    some input could not be read; results are partial, what was skipped is counted\n"
    "  5    a limit was hit\n"
    "  6    output could not be written\n"
    "  130  interrupted; what was found is written\n"
    "Several at once: 130, 6, 5, 3, 4, 1 in that order.\n";

void lq_cmd_help(lq_cli *c, const lq_options *o)
{
  const char *what = o->nargs ? o->args[0] : NULL;
  const lq_command *command = what ? lq_command_named(what) : NULL;
  if (!what)
    lq_help_overview(&c->out, c->color);
  else if (command)
    lq_help_verb(&c->out, c->color, command);
  else if (strcmp(what, "functions") == 0)
    help_functions(c, o->nargs > 1 ? o->args[1] : NULL);
  else if (strcmp(what, "inputs") == 0)
    put_inputs(c);
  else if (strcmp(what, "exit-codes") == 0)
    lq_out_z(&c->out, EXIT_CODES);
  else if (strcmp(what, "man") == 0)
    lq_help_man(&c->out, EXIT_CODES);
  else {
    const char *near = lq_command_near(what);
    lq_say_usage(c, "no help on `%s`", what);
    if (near)
      lq_say_help(c, "did you mean `lq help %s`?", near);
    else
      lq_say_help(c, "`lq help` lists the verbs");
  }
}
