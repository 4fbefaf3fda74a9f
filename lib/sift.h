// What was found in a block of lines: by a sift, for the scan that takes it.
#ifndef LQ_LIB_SIFT_H
#define LQ_LIB_SIFT_H

#include "lib/api.h"

typedef enum lq_find_kind {
  LQ_FIND_HITS,  // a record in which conditions hold, or that is wanted whatever holds
  LQ_FIND_STAMP, // one of which stateful rules want the time alone
  LQ_FIND_KNOWN, // one that waits: its time, its terms, what they will ask, what it says of processes
  LQ_FIND_BAD,
} lq_find_kind;

typedef struct lq_find {
  lq_find_kind kind;
  bool has_time;
  uint32_t column;       // BAD
  uint64_t line, offset; // lines before it in the body; of its first byte, there
  size_t n;              // bytes of the record
  int64_t time;
  size_t first; // HITS, KNOWN: of its rules, then its terms, then its rows
  uint32_t nrules, nterms, nrows;
  lq_snapshot *kept;      // KNOWN; NULL: only processes matter
  size_t text;            // KNOWN, with lineage: of its names
  uint32_t nown, nparent; // likewise
  bool starts, unique;    // likewise
  lq_oddities seen;
  lq_str reason; // BAD; static
} lq_find;

// Events made to be remarkable must not take more memory than their bytes: behind so many of them the rest of
// a block is not looked at, and is the scan's to read.
enum { LQ_FINDS_MAX = 1 << 14, LQ_FOUND_HITS_MAX = 1 << 18, LQ_FOUND_KEPT_MAX = 4 << 20 };

struct lq_sifted {
  lq_mem mem;
  const char *bytes; // borrowed
  size_t n;
  // Bytes before `body` and from `end` on were not looked at: where a line is whole, and what its source is,
  // the scan alone knows. Equal: nothing was.
  size_t body, end;
  uint64_t lines; // of the body
  lq_find *finds;
  size_t nfinds, finds_cap;
  uint32_t *hits;
  size_t nhits, hits_cap;
  lq_buf text;            // names of processes
  size_t kept;            // bytes of finds' snapshots
  lq_input_stats read;    // of the body, without the records of HITS
  lq_engine_stats judged; // all of it
  // Whose answers they are.
  char digest[65];
  lq_limits limits;
  int64_t now;
  bool skims; // lines may have gone unread
  bool knows; // records of KNOWN have been counted, and are not to be read again
};

#endif
