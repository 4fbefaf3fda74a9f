// What every verb is given: where to write, what went wrong so far, and how to say it.
#ifndef LQ_CLI_CLI_H
#define LQ_CLI_CLI_H

#include "cli/options.h"
#include "cli/style.h"

// What was seen; several at once give the exit code of the gravest.
enum {
  LQ_SAW_NO = 1,          // 1: what was to be checked is not so
  LQ_SAW_USAGE = 2,       // 2
  LQ_SAW_BAD_RULE = 4,    // 3
  LQ_SAW_BAD_INPUT = 8,   // 4
  LQ_SAW_LIMIT = 16,      // 5
  LQ_SAW_BAD_OUTPUT = 32, // 6
  LQ_SAW_INTERRUPT = 64,  // 130
};

typedef struct lq_cli {
  lq_out out, err;
  bool color, err_color; // of out, of err
  lq_host host;          // of feed/
  unsigned saw;
  int64_t now; // ns; SOURCE_DATE_EPOCH if that is set
  bool progress_shown;
  const char *lists;    // folder of lists for lookup(), or NULL
  uint32_t query_flags; // LQ_BUILD_*, of lq_load_query
  const char *schema;   // CSV of the fields there are, or NULL: ECS, and others are fine
} lq_cli;

int lq_exit_code(unsigned saw);

// "lq: " and the message, made safe, to standard error, after what stands on standard output already.
void lq_say(lq_cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
// The same, and it was a mistake in how lq was called.
void lq_say_usage(lq_cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lq_say_help(lq_cli *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); // a second line: what to do
// A status that has no better message.
void lq_say_status(lq_cli *c, lq_status s, const char *what);

#define LQ_COMMAND(name, word, usage, summary, options, formats, details)                                    \
  void lq_cmd_##name(lq_cli *c, const lq_options *o);
#include "cli/commands.def"
#undef LQ_COMMAND

#endif
