// One pass of a bundle over event files: reading, bad lines, progress, counters.
#ifndef LQ_CLI_PASS_H
#define LQ_CLI_PASS_H

#include "cli/progress.h"
#include "cli/walk.h"

typedef struct lq_pass {
  lq_cli *cli;
  const lq_bundle *bundle;
  // Nonzero ends the pass. event may be NULL. block is called after each piece of input: the place to write
  // what is held.
  int (*match)(void *user, const lq_match *m);
  int (*event)(void *user, lq_text raw, lq_text source, uint64_t line);
  void (*block)(void *user, bool idle);
  void *user;
  bool quiet; // bad lines were shown by an earlier pass
  // How many ns an event may come after a newer one, for rules of several events; else all wait for the end
  // of input and are put in order then.
  bool has_lateness;
  int64_t lateness;
  void (*step)(void *user, const lq_step_view *v);          // what partial matches do; NULL: nobody asks
  void (*before_finish)(void *user, const lq_scan *s);      // all files are read, nothing is decided yet

  lq_stats stats;
  uint64_t *rule_matches; // one a rule; only if `per_rule`
  bool per_rule;
  int64_t took; // ns
  size_t bad_shown;
  size_t unreadable; // files
} lq_pass;

// Over the files, in order. Sets what was seen: unreadable input, limits, interruption.
void lq_pass_run(lq_pass *p, const lq_files *files);
// Walks names (none: standard input) and runs. False: no pass, a usage error was reported.
bool lq_pass_run_names(lq_pass *p, char *const *names, size_t n);
// "lq: 3 events could not be read", with what was shown of them; nothing if all were well.
void lq_pass_say_bad(lq_pass *p);
void lq_pass_say_stats(lq_pass *p);

#endif
