// One pass of a bundle over sources of events: the loop that reads, feeds and counts.
#ifndef LQ_FEED_PASS_H
#define LQ_FEED_PASS_H

#include "feed/io.h"
#include "feed/source.h"
#include "feed/spill.h"
#include "feed/walk.h"

typedef struct lq_pass {
  const lq_host *host;
  const lq_bundle *bundle;
  // Nonzero ends the pass. event may be NULL. block (NULL: nobody asks) is called after each piece of input:
  // the place to write what is held.
  int (*match)(void *user, const lq_match *m);
  int (*event)(void *user, lq_text raw, lq_text source, uint64_t line);
  void (*block)(void *user, bool idle);
  void (*step)(void *user, const lq_step_view *v);    // what partial matches do; NULL: nobody asks
  void (*after_finish)(void *user, const lq_scan *s); // all is read and decided; NULL: nobody asks
  void (*before_end)(void *user, lq_scan *s);         // the scan is done with; NULL: nobody asks
  void *user;
  int64_t now; // ns; for functions that ask for the time, and live, so that stamps from the future are not
               // believed. 0: unknown
  bool live;   // events come in order, up to `lateness`; else all are put in order at the end of input
  int64_t lateness; // ns
  uint64_t
      max_waiting; // bytes of events that wait in memory; 0: the usual. At rest more go to temporary files
  uint32_t layers_off;     // of lq_scan_options
  bool strict;             // likewise
  bool timed;              // the scan has a clock
  const char *temp_folder; // where these are; NULL: /var/tmp or /tmp
  bool per_rule;
  unsigned jobs;     // threads at work on files at rest; 0 and 1: this one alone. The results are the same
  size_t block_size; // bytes of a piece of input; 0: the usual

  lq_stats stats;
  uint64_t *rule_matches; // one a rule; only if `per_rule`
  size_t nrules;
  int64_t took;      // ns
  size_t unreadable; // sources
} lq_pass;

// A scan at work for a pass, and the source that it reads.
typedef struct lq_running {
  lq_pass *pass;
  const lq_host *host;
  lq_scan *scan;
  lq_scan_options options; // of the scan
  lq_limits limits;
  lq_spill spill;
  lq_run_files run_files;
  bool many; // threads: see feed/jobs.h
  lq_source *current;
  lq_io_room room; // for a piece of input
  // Called after each piece of input that the scan took. well: it found no fault with it. False: stop reading
  // this source.
  bool (*fed)(struct lq_running *r, lq_source *s, bool well);
  int64_t start;
  lq_stats restored; // counters that came back with state
  lq_status failed;  // LQ_E_NOMEM, once that happened
  bool stopped;
  bool drains; // the program's wish to stop does not end it in the middle of a block
} lq_running;

// LQ_E_NOMEM, or another status, of which there was a notice. To be ended in any case.
lq_status lq_running_start(lq_running *r, lq_pass *p, size_t block_size);
void lq_running_end(lq_running *r);
// Makes the source the one that the scan reads, from its mark on.
bool lq_running_attach(lq_running *r, lq_source *s);
// Reads what is there, or so many blocks of it. True: there was something.
bool lq_running_read(lq_running *r, lq_source *s, size_t blocks);
// What the scan said of a piece of input. False: no more of this source.
bool lq_running_well(lq_running *r, const char *name, lq_status s);
void lq_running_cannot_read(lq_running *r, const char *name, int error, const char *why);
void lq_running_restored(lq_running *r);         // lq_scan_restore was called
void lq_running_count(lq_running *r);            // counters to the pass and the program
void lq_running_after(lq_running *r, bool idle); // a piece of input

const char *lq_shown_name(const char *name);

// Over the files at rest, in order. LQ_E_NOMEM; all else is a notice.
lq_status lq_pass_run(lq_pass *p, const lq_files *files);
void lq_pass_free(lq_pass *p); // what it counted

#endif
