// lq completion: a script that teaches a shell the verbs and options.
#include <string.h>

#include "cli/cli.h"

static void put_verbs(lq_out *out)
{
  for (size_t i = 0; i < lq_command_count; i++)
    lq_out_printf(out, "%s%s", i ? " " : "", lq_commands[i].word);
}

static void put_case(lq_out *out, const lq_command *command)
{
  lq_out_printf(out, "    %s) words='", command->word);
  for (int i = 0; i < LQ_OPT_COUNT_OF; i++) {
    if ((command->options & UINT64_C(1) << i) && lq_option_rows[i].help)
      lq_out_printf(out, "--%s ", lq_option_rows[i].word);
  }
  lq_out_z(out, "' formats='");
  for (int i = 0; i < LQ_FORMAT_COUNT; i++) {
    if (command->formats & 1u << i)
      lq_out_printf(out, "%s ", lq_format_rows[i].word);
  }
  lq_out_z(out, "' ;;\n");
}

static void bash(lq_out *out)
{
  lq_out_z(out, "# bash completion of lq\n"
                "_lq() {\n"
                "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words= formats=\n"
                "  if ((COMP_CWORD == 1)); then\n"
                "    mapfile -t COMPREPLY < <(compgen -W '");
  put_verbs(out);
  lq_out_z(out, "' -- \"$word\")\n"
                "    return\n"
                "  fi\n"
                "  case ${COMP_WORDS[1]} in\n");
  for (size_t i = 0; i < lq_command_count; i++)
    put_case(out, &lq_commands[i]);
  lq_out_z(out, "  esac\n"
                "  if [[ ${COMP_WORDS[1]} == help && $COMP_CWORD == 2 ]]; then words='");
  put_verbs(out);
  lq_out_z(out, " functions inputs exit-codes man'\n"
                "  elif [[ ${COMP_WORDS[1]} == completion ]]; then words=bash\n"
                "  elif [[ $before == -o && -n $formats ]]; then words=$formats\n"
                "  elif [[ $before == --color ]]; then words='auto always never'\n"
                "  elif [[ $before == --fail-on ]]; then words='any low medium high critical'\n"
                "  elif [[ $word != -* ]]; then compopt -o default; return\n"
                "  fi\n"
                "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
                "}\n"
                "complete -F _lq lq\n");
}

void lq_cmd_completion(lq_cli *c, const lq_options *o)
{
  if (o->nargs == 1 && strcmp(o->args[0], "bash") == 0) {
    bash(&c->out);
    return;
  }
  lq_say_usage(c, "completion: %s", o->nargs ? "only bash is known" : "no shell named");
  lq_say_help(c, "lq completion bash");
}
