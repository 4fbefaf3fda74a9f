// Compressed bytes to plain ones: gzip (several members too) and zstd, found by their first bytes.
#ifndef LQ_INPUT_INFLATE_H
#define LQ_INPUT_INFLATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "libquery/status.h"

typedef struct lq_inflate {
  const lq_mem *mem;
  uint64_t max_ratio;
  lq_status (*out)(void *user, const char *p, size_t n);
  void *user;

  enum { LQ_INFLATE_UNKNOWN, LQ_INFLATE_PLAIN, LQ_INFLATE_GZIP, LQ_INFLATE_ZSTD } kind;
  unsigned char head[4]; // first bytes of the source, or of what follows a gzip member
  size_t nhead;
  bool between;       // behind the end of a member or frame
  bool padding;       // zeros follow the last member: they are ignored
  uint64_t in, total; // bytes so far
  void *stream;       // z_stream or ZSTD_DStream
  void *buffer;
  const char *message; // why LQ_E_INPUT, static text
} lq_inflate;

// Ready when zeroed and then given mem, max_ratio, out and user.
void lq_inflate_begin(lq_inflate *z);        // a new source
bool lq_inflate_is_cut(const lq_inflate *z); // compressed, and its end has not come
lq_status lq_inflate_feed(lq_inflate *z, const void *p, size_t n);
lq_status lq_inflate_end(lq_inflate *z); // LQ_E_INPUT when the stream is cut
void lq_inflate_free(lq_inflate *z);

#endif
