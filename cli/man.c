// The manual page lq(1), made from the tables of verbs, options, formats and functions.
#include "cli/help.h"

// Signs that roff would take as its own.
static void put_text(lq_out *out, const char *text)
{
  bool begins = true;
  for (const char *p = text; *p; p++) {
    if (begins && (*p == '.' || *p == '\''))
      lq_out_z(out, "\\&");
    if (*p == '\\')
      lq_out_z(out, "\\e");
    else if (*p == '-')
      lq_out_z(out, "\\-");
    else
      lq_out_add(out, p, 1);
    begins = *p == '\n';
  }
}

// A paragraph with a tag in bold.
static void put_tag(lq_out *out, const char *tag)
{
  lq_out_z(out, ".TP\n.B ");
  put_text(out, tag);
  lq_out_z(out, "\n");
}

static void put_options(lq_out *out, const lq_command *command)
{
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    const lq_option_row *row = &lq_option_rows[i];
    if (!(command->options & UINT64_C(1) << i) || !row->help)
      continue;
    lq_string s = {0};
    if (row->letter)
      lq_string_printf(&s, "-%c, ", row->letter);
    lq_string_printf(&s, "--%s%s%s", row->word, row->value ? " " : "", row->value ? row->value : "");
    put_tag(out, s.p ? s.p : "");
    put_text(out, row->help);
    lq_out_z(out, "\n");
    lq_string_free(&s);
  }
}

static void put_formats(lq_out *out, const lq_command *command)
{
  for (int i = 0; i < LQ_FORMAT_COUNT; i++) {
    if (!(command->formats & 1u << i))
      continue;
    lq_string s = {0};
    lq_string_printf(&s, "-o %s", lq_format_rows[i].word);
    put_tag(out, s.p ? s.p : "");
    put_text(out, lq_format_rows[i].help);
    lq_out_z(out, "\n");
    lq_string_free(&s);
  }
}

static void put_verb(lq_out *out, const lq_command *command)
{
  lq_out_z(out, ".SS lq ");
  put_text(out, command->word);
  lq_out_z(out, " ");
  put_text(out, command->usage);
  lq_out_z(out, "\n");
  put_text(out, command->summary);
  lq_out_z(out, ".\n");
  if (*command->details) {
    lq_out_z(out, ".PP\n");
    put_text(out, command->details);
    lq_out_z(out, "\n");
  }
  put_options(out, command);
  put_formats(out, command);
}

static void put_functions(lq_out *out)
{
  lq_function_view f = LQ_INIT(lq_function_view);
  for (size_t i = 0; i < lq_function_count() && lq_function_at(i, &f) == LQ_OK; i++) {
    put_tag(out, f.name);
    put_text(out, f.doc);
    if (f.folds)
      lq_out_printf(out, "\n`%s~` ignores case.", f.name);
    lq_out_z(out, "\n");
  }
}

void lq_help_man(lq_out *out, const char *exit_codes)
{
  lq_out_printf(out, ".TH LQ 1 \"\" \"libquery %s\" \"User Commands\"\n", lq_version());
  lq_out_z(out, ".SH NAME\nlq \\- find what detection queries describe in logs\n"
                ".SH SYNOPSIS\n.B lq\n\\&'QUERY' [FILE...]\n.br\n.B lq\nVERB [OPTION...] ...\n"
                ".SH VERBS\n");
  for (size_t i = 0; i < lq_command_count; i++)
    put_verb(out, &lq_commands[i]);
  lq_out_z(out, ".SH FUNCTIONS\nNames ignore case.\n");
  put_functions(out);
  lq_out_z(out, ".SH EXIT STATUS\n.nf\n");
  put_text(out, exit_codes);
  lq_out_z(out, ".fi\n");
}
