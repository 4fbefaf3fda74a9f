// A pass at the screen: bad lines, how far it is, and what it counted.
#ifndef LQ_CLI_READING_H
#define LQ_CLI_READING_H

#include "cli/options.h"
#include "cli/progress.h"
#include "feed/pass.h"

typedef struct lq_reading {
  lq_pass pass; // its host is ours
  lq_host host;
  lq_cli *cli;
  lq_progress progress;
  bool quiet; // bad lines were shown by an earlier pass
  size_t bad_shown;
} lq_reading;

// The caller sets the hooks and choices of r->pass then. Stays where it is.
void lq_reading_init(lq_reading *r, lq_cli *c, const lq_bundle *b);
void lq_reading_free(lq_reading *r);
// How events are put in order and judged, by the options. False: a usage error was reported.
bool lq_reading_choose(lq_reading *r, const lq_options *o);
// Names on the command line to files. Without memory the program ends.
void lq_find_files(lq_cli *c, char *const *names, size_t n, const lq_taker *taker, lq_files *out);
// Over the files, in order. Sets what was seen: unreadable input, limits, interruption.
void lq_reading_run(lq_reading *r, const lq_files *files);
// Finds files by names (none: standard input) and runs. False: no pass, a usage error was reported.
bool lq_reading_run_names(lq_reading *r, char *const *names, size_t n);
// After a pass of another kind: what it gave, and what was seen.
void lq_reading_done(lq_reading *r, lq_status s);
// "lq: 3 events could not be read", with what was shown of them; nothing if all were well.
void lq_reading_say_bad(lq_reading *r);
void lq_reading_say_stats(lq_reading *r);

void lq_say_lost(lq_cli *c, const lq_stats *s);     // what limits and time took
void lq_say_notice(void *user, const lq_notice *n); // user is the lq_cli

#endif
