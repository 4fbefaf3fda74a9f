// The prompt: a rule in the making, the events it is tried on, and what is on the screen.
#ifndef LQ_CLI_REPL_H
#define LQ_CLI_REPL_H

#include "cli/editor.h"
#include "feed/walk.h"

enum { LQ_REPL_SHOWN = 20, LQ_REPL_STEPS = 40 };

typedef struct lq_repl_event {
  char *json;   // on one line
  char *events; // as a test has them; NULL: a row, whose events are only samples
  char *why;    // lines
  char *place;
} lq_repl_event;

typedef struct lq_repl_test {
  bool none; // else match
  char *name, *json;
} lq_repl_test;

typedef struct lq_repl_field {
  char *name, *sample;
  const char *type; // static
  uint64_t count;
} lq_repl_field;

typedef struct lq_repl {
  lq_cli *cli;
  lq_editor editor;
  lq_format format;
  bool quit, timing;

  lq_string query; // the last one that compiled
  lq_repl_test *tests;
  size_t ntests;
  char *name, *id, *saved; // as it was saved last; NULL before

  lq_files files;
  uint64_t events;
  lq_repl_field *fields; // by name
  size_t nfields, fields_cap;

  lq_repl_event shown[LQ_REPL_SHOWN];
  size_t nshown;

  const lq_bundle *bundle;               // while it runs
  lq_string state, steps[LQ_REPL_STEPS]; // of the last run: what was left; its last steps, in a ring
  size_t nsteps;
} lq_repl;

typedef struct lq_repl_command {
  const char *word, *operands, *help;
  void (*run)(lq_repl *r, char **args, size_t n); // args[0] is the command's own word
} lq_repl_command;
extern const lq_repl_command lq_repl_commands[];
extern const size_t lq_repl_command_count;

#define LQ_REPL_COMMAND(name, operands, help) void lq_do_##name(lq_repl *r, char **args, size_t n);
#include "cli/repl_commands.def"
#undef LQ_REPL_COMMAND

// repl_run.c
void lq_repl_query(lq_repl *r, const char *text,
                   size_t n); // compiles, runs, shows; becomes the current query
void lq_repl_forget_shown(lq_repl *r);
const lq_repl_event *lq_repl_shown(lq_repl *r, const char *number); // NULL: reported
// repl_state.c
void lq_repl_forget_state(lq_repl *r);
void lq_repl_step(lq_repl *r, const lq_step_view *v);
void lq_repl_keep_state(lq_repl *r, const lq_scan *scan);
// repl_data.c
bool lq_repl_add_files(lq_repl *r, char *const *names, size_t n);
void lq_repl_free_data(lq_repl *r);
// repl_rule.c
void lq_repl_run_tests(lq_repl *r, bool loud); // loud: each test; else only failures and a count
void lq_repl_forget_rule(lq_repl *r);
// repl_complete.c
void lq_repl_complete(void *user, const char *line, size_t n, size_t start,
                      void (*add)(void *list, const char *word, size_t n), void *list);

#endif
