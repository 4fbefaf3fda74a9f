// Compressed bytes to plain ones. How a source is packed is found by its first bytes (LQ_PACKING in
// formats.def).
#ifndef LQ_INPUT_INFLATE_H
#define LQ_INPUT_INFLATE_H

#include <stdint.h>

#include "base/mem.h"
#include "input/formats.h"
#include "libquery/status.h"

typedef struct lq_inflate lq_inflate;

// Unpacks one stream after another. feed hands on with lq_inflate_give, keeps z->in and z->between, and gets
// at most 1 GiB.
typedef struct lq_packing {
  lq_status (*open)(lq_inflate *z); // makes z->stream; what it made is closed also when it fails
  lq_status (*feed)(lq_inflate *z, const void *p, size_t n);
  void (*close)(lq_inflate *z);
  const char *cut; // the message for a source that ends too early
} lq_packing;

struct lq_inflate {
  const lq_mem *mem;
  uint64_t max_ratio;
  lq_status (*out)(void *user, const char *p, size_t n);
  void *user;

  bool known;                // how it is packed
  const lq_packing *packing; // NULL: it is plain
  char head[LQ_MAGIC_MAX];   // first bytes, while it is not known
  size_t nhead;
  bool between;        // behind the end of a member or frame
  bool padding;        // zeros follow the last member: they are ignored
  uint64_t in, total;  // bytes so far
  void *stream;        // of the packing
  char *buffer;        // LQ_INFLATE_OUT bytes
  const char *message; // why LQ_E_INPUT, static text
};
enum { LQ_INFLATE_OUT = 1 << 17 };

// Ready when zeroed and then given mem, max_ratio, out and user.
void lq_inflate_begin(lq_inflate *z);        // a new source
void lq_inflate_begin_plain(lq_inflate *z);  // a new source that is not packed
bool lq_inflate_is_cut(const lq_inflate *z); // compressed, and its end has not come
lq_status lq_inflate_feed(lq_inflate *z, const void *p, size_t n);
lq_status lq_inflate_end(lq_inflate *z); // LQ_E_INPUT when the stream is cut
void lq_inflate_free(lq_inflate *z);

// For packings: bytes that came out, counted against max_ratio; a fault.
lq_status lq_inflate_give(lq_inflate *z, const void *p, size_t n);
lq_status lq_inflate_bad(lq_inflate *z, const char *message);

#define LQ_PACKING(name, magic, endings, what) extern const lq_packing lq_packing_##name;
#define LQ_FORM(name, magic, endings, what)
#include "input/formats.def"
#undef LQ_PACKING
#undef LQ_FORM

#endif
