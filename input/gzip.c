// gzip: one member or several. What was unpacked before a fault has been handed on when the fault is told.
#include <string.h>
#include <zlib.h>

#include "input/inflate.h"

static voidpf zlib_alloc(voidpf user, uInt count, uInt size)
{
  // zlib frees without a size, so it stands in front.
  const lq_mem *mem = user;
  size_t bytes = (size_t)count * size + sizeof(max_align_t);
  size_t *p = lq_mem_resize(mem, NULL, 0, bytes, 1);
  if (!p)
    return NULL;
  *p = bytes;
  return (char *)p + sizeof(max_align_t);
}

static void zlib_free(voidpf user, voidpf p)
{
  size_t *start = (void *)((char *)p - sizeof(max_align_t));
  lq_mem_free(user, start, *start, 1);
}

static lq_status open_gzip(lq_inflate *z)
{
  z_stream *g = lq_mem_alloc(z->mem, 1, sizeof *g);
  if (!g)
    return LQ_E_NOMEM;
  *g = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free, .opaque = (void *)(uintptr_t)z->mem};
  if (inflateInit2(g, 16 + MAX_WBITS) != Z_OK) {
    lq_mem_free(z->mem, g, 1, sizeof *g);
    return LQ_E_NOMEM;
  }
  z->stream = g;
  return LQ_OK;
}

// Behind a member: another one begins, or zeros fill the rest.
static lq_status next_member(lq_inflate *z)
{
  z_stream *g = z->stream;
  while (g->avail_in > 0 && *g->next_in == 0)
    z->padding = true, g->next_in++, g->avail_in--, z->in++;
  if (g->avail_in == 0)
    return LQ_OK;
  if (z->padding || *g->next_in != 0x1F)
    return lq_inflate_bad(z, "other bytes follow the end of the gzip data");
  z->between = false;
  return inflateReset(g) == Z_OK ? LQ_OK : LQ_E_INTERNAL;
}

static lq_status one_gzip_step(lq_inflate *z, bool *full)
{
  z_stream *g = z->stream;
  g->next_out = (Bytef *)z->buffer;
  g->avail_out = LQ_INFLATE_OUT;
  uInt before = g->avail_in;
  int r = inflate(g, Z_NO_FLUSH);
  z->in += before - g->avail_in;
  *full = g->avail_out == 0;
  z->between = r == Z_STREAM_END;
  lq_status s = lq_inflate_give(z, z->buffer, LQ_INFLATE_OUT - g->avail_out);
  if (s != LQ_OK || r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR)
    return s;
  return r == Z_MEM_ERROR ? LQ_E_NOMEM : lq_inflate_bad(z, "the gzip data is damaged");
}

static lq_status feed_gzip(lq_inflate *z, const void *p, size_t n)
{
  z_stream *g = z->stream;
  lq_status s = LQ_OK;
  bool full = false;
  g->next_in = (Bytef *)(uintptr_t)p;
  g->avail_in = (uInt)n;
  while (s == LQ_OK && (g->avail_in > 0 || full)) {
    full = false;
    if (z->between)
      s = next_member(z);
    if (s == LQ_OK && !z->between)
      s = one_gzip_step(z, &full);
  }
  return s;
}

static void close_gzip(lq_inflate *z)
{
  inflateEnd(z->stream);
  lq_mem_free(z->mem, z->stream, 1, sizeof(z_stream));
}

const lq_packing lq_packing_gzip = {open_gzip, feed_gzip, close_gzip, "the gzip data ends too early"};
