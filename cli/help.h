// Help texts, made from the tables of verbs, options and formats.
#ifndef LQ_CLI_HELP_H
#define LQ_CLI_HELP_H

#include "cli/cli.h"

void lq_help_overview(lq_out *out, bool color);
void lq_help_verb(lq_out *out, bool color, const lq_command *command);
void lq_help_man(lq_out *out, const char *exit_codes); // lq(1), for man

#endif
