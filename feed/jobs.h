// Files at rest, read and sifted by several threads.
#ifndef LQ_FEED_JOBS_H
#define LQ_FEED_JOBS_H

#include "feed/pass.h"

// Cores that the process may use.
unsigned lq_cores(void);
// What lq_pass_run does with each file in turn, by r->pass->jobs threads; the one that calls is among them,
// and none but it calls back. Without memory or threads for all, it is done by fewer.
void lq_jobs_run(lq_running *r, const lq_files *files);

#endif
