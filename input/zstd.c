// zstd: one frame or several. What was unpacked before a fault has been handed on when the fault is told.
#include <zstd.h>
#include <zstd_errors.h>

#include "input/inflate.h"

static lq_status open_zstd(lq_inflate *z)
{
  z->stream = ZSTD_createDStream();
  return z->stream && !ZSTD_isError(ZSTD_initDStream(z->stream)) ? LQ_OK : LQ_E_NOMEM;
}

static lq_status feed_zstd(lq_inflate *z, const void *p, size_t n)
{
  ZSTD_inBuffer in = {p, n, 0};
  bool full = false;
  while (in.pos < in.size || full) {
    ZSTD_outBuffer out = {z->buffer, LQ_INFLATE_OUT, 0};
    size_t before = in.pos, r = ZSTD_decompressStream(z->stream, &out, &in);
    z->in += in.pos - before;
    lq_status s = lq_inflate_give(z, z->buffer, out.pos);
    if (s != LQ_OK)
      return s;
    if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
      return LQ_E_NOMEM;
    if (ZSTD_isError(r))
      return lq_inflate_bad(z, "the zstd data is damaged");
    z->between = r == 0;
    full = out.pos == out.size;
  }
  return LQ_OK;
}

static void close_zstd(lq_inflate *z)
{
  ZSTD_freeDStream(z->stream);
}

const lq_packing lq_packing_zstd = {open_zstd, feed_zstd, close_zstd, "the zstd data ends too early"};
