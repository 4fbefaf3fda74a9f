// Verbs and options: what may stand on the command line, and what did.
#ifndef LQ_CLI_OPTIONS_H
#define LQ_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lq_cli;

typedef enum lq_option {
#define LQ_OPTION(name, letter, word, value, help) LQ_OPT_##name,
#include "cli/options.def"
#undef LQ_OPTION
  LQ_OPT_COUNT_OF,
} lq_option;

typedef enum lq_format {
#define LQ_FORMAT(name, word, help) LQ_FORMAT_##name,
#include "cli/formats.def"
#undef LQ_FORMAT
  LQ_FORMAT_COUNT,
} lq_format;

typedef struct lq_options lq_options;
typedef struct lq_command {
  const char *word, *usage, *summary, *details;
  uint64_t options; // bits by lq_option; every verb also takes --color and --help
  uint32_t formats; // bits by lq_format
  void (*run)(struct lq_cli *c, const lq_options *o);
} lq_command;

struct lq_options {
  const lq_command *command;
  const char *value[LQ_OPT_COUNT_OF]; // NULL: not given; "" for one without a value
  char **args;                        // operands; a verb that knows `--` finds those after it in rest
  size_t nargs;
  char **rest;
  size_t nrest;
  bool split; // there was a `--`
  lq_format format;
};

typedef struct lq_option_row {
  char letter;
  const char *word, *value, *help;
} lq_option_row;
extern const lq_option_row lq_option_rows[LQ_OPT_COUNT_OF];

typedef struct lq_format_row {
  const char *word, *help;
} lq_format_row;
extern const lq_format_row lq_format_rows[LQ_FORMAT_COUNT];

extern const lq_command lq_commands[];
extern const size_t lq_command_count;
const lq_command *lq_command_named(const char *word); // NULL
const char *lq_command_near(const char *word);        // a verb that may be meant, or NULL

// argv after the verb. False: the mistake was reported. Operands point into argv; lq_options_free frees the
// lists.
bool lq_options_parse(struct lq_cli *c, const lq_command *command, int argc, char **argv, lq_options *o);
void lq_options_free(lq_options *o);
// A number that is given to an option; false: reported.
bool lq_option_number(struct lq_cli *c, const lq_options *o, lq_option which, uint64_t *v);
// A span of time as 500ms, 30s, 5m, 1h, 2d, in ns; *ns stays when it is not given.
bool lq_option_time(struct lq_cli *c, const lq_options *o, lq_option which, int64_t *ns);

#endif
