// Temporary files for events that wait and are more than memory is to hold: lq_spill over calls to the
// system.
#ifndef LQ_FEED_SPILL_H
#define LQ_FEED_SPILL_H

#include "feed/host.h"

typedef struct lq_run_file {
  int fd;
  uint32_t run;
} lq_run_file;

// Each run is a file without a name, so that nothing is left however the process ends.
typedef struct lq_run_files {
  const lq_host *host;
  const char *folder; // NULL: /var/tmp, otherwise /tmp
  lq_run_file *file;
  size_t n, cap;
  uint32_t names;
} lq_run_files;

// The folder is borrowed. What fails is a notice, CANNOT_SPILL, and then LQ_E_IO of the scan.
lq_spill lq_run_files_init(lq_run_files *f, const lq_host *host, const char *folder);
bool lq_run_files_can(lq_run_files *f);  // whether a file can be made; says nothing
void lq_run_files_free(lq_run_files *f); // after the scan

#endif
