// lq explain-code: what a diagnostic's number means.
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

static const char *const words[] = {"error", "warning", "note"};

static void list(lq_cli *c)
{
  for (size_t i = 0; i < lq_code_count(); i++) {
    const char *title, *explanation;
    uint32_t code = lq_code_at(i), severity;
    if (lq_explain_code(code, &severity, &title, &explanation) == LQ_OK)
      lq_out_printf(&c->out, "LQ%u  %-7s  %s\n", (unsigned)code, words[severity % 3], title);
  }
}

static void explain(lq_cli *c, const char *word)
{
  bool prefixed = (word[0] | 32) == 'l' && (word[1] | 32) == 'q';
  const char *digits = prefixed ? word + 2 : word, *title, *explanation;
  char *end;
  uint32_t severity;
  unsigned long code = strtoul(digits, &end, 10);
  bool number = *digits >= '0' && *digits <= '9' && !*end && code < 100000;
  if (!number || lq_explain_code((uint32_t)code, &severity, &title, &explanation) != LQ_OK) {
    lq_say_usage(c, "no diagnostic `%s`", word);
    lq_say_help(c, "`lq explain-code` lists them");
    return;
  }
  lq_out_printf(&c->out, "%s[LQ%lu]: %s\n\n%s\n", words[severity % 3], code, title, explanation);
}

void lq_cmd_explain_code(lq_cli *c, const lq_options *o)
{
  if (o->nargs == 0)
    list(c);
  for (size_t i = 0; i < o->nargs; i++) {
    lq_out_z(&c->out, i ? "\n" : "");
    explain(c, o->args[i]);
  }
}
