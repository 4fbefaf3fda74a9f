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
  bool quiet;       // bad lines were shown by an earlier pass
  bool live;        // events come in order, up to `lateness`; else all are put in order at the end of input
  int64_t lateness; // ns
  void (*step)(void *user, const lq_step_view *v);    // what partial matches do; NULL: nobody asks
  void (*after_finish)(void *user, const lq_scan *s); // all is read and decided; NULL: nobody asks

  lq_stats stats;
  uint64_t *rule_matches; // one a rule; only if `per_rule`
  bool per_rule;
  int64_t took; // ns
  size_t bad_shown;
  size_t unreadable; // files
} lq_pass;

// A scan at work for a pass.
typedef struct lq_running {
  lq_pass *pass;
  lq_scan *scan;
  lq_progress progress;
  lq_stats restored; // counters that came back with state
  bool stopped;
  bool drains; // an interrupt does not stop it in the middle of a block
} lq_running;

bool lq_running_start(lq_running *r, lq_pass *p, uint64_t bytes); // false: it was said why
void lq_running_end(lq_running *r);
// What the engine said of a piece of input. False: no more of this source.
bool lq_running_well(lq_running *r, const char *name, lq_status s);
void lq_running_cannot_read(lq_running *r, const char *name, const char *why);
void lq_running_restored(lq_running *r); // lq_scan_restore was called
void lq_running_count(lq_running *r);    // counters to the pass and the screen
const char *lq_shown_name(const char *name);

// Over the files, in order. Sets what was seen: unreadable input, limits, interruption.
void lq_pass_run(lq_pass *p, const lq_files *files);
// Walks names (none: standard input) and runs. False: no pass, a usage error was reported.
bool lq_pass_run_names(lq_pass *p, char *const *names, size_t n);
// "lq: 3 events could not be read", with what was shown of them; nothing if all were well.
void lq_pass_say_bad(lq_pass *p);
void lq_pass_say_lost(lq_pass *p, const lq_stats *s); // what limits and time took
void lq_pass_say_stats(lq_pass *p);

#endif
