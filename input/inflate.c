// gzip and zstd, as streams. What was unpacked before a fault has been handed on when the fault is told.
#include "input/inflate.h"

#include <string.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { OUT = 1 << 17, RATIO_FREE = 1 << 20 };

static lq_status bad(lq_inflate *z, const char *message)
{
  z->message = message;
  return LQ_E_INPUT;
}

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

static void close_stream(lq_inflate *z)
{
  if (z->stream && z->kind == LQ_INFLATE_GZIP) {
    inflateEnd(z->stream);
    lq_mem_free(z->mem, z->stream, 1, sizeof(z_stream));
  } else if (z->stream) {
    ZSTD_freeDStream(z->stream);
  }
  z->stream = NULL;
}

void lq_inflate_begin(lq_inflate *z)
{
  close_stream(z);
  *z = (lq_inflate){.mem = z->mem,
                    .max_ratio = z->max_ratio,
                    .out = z->out,
                    .user = z->user,
                    .buffer = z->buffer,
                    .message = ""};
}

void lq_inflate_free(lq_inflate *z)
{
  if (!z->mem)
    return;
  close_stream(z);
  lq_mem_free(z->mem, z->buffer, OUT, 1);
  z->buffer = NULL;
}

static lq_status hand_on(lq_inflate *z, const void *p, size_t n)
{
  z->total += n;
  lq_status s = n > 0 ? z->out(z->user, p, n) : LQ_OK;
  if (s == LQ_OK && z->kind != LQ_INFLATE_PLAIN && z->total > RATIO_FREE && z->total / z->max_ratio > z->in)
    return bad(z, "the compressed stream grows more than the limit allows");
  return s;
}

// ---- gzip

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
    return bad(z, "other bytes follow the end of the gzip data");
  z->between = false;
  return inflateReset(g) == Z_OK ? LQ_OK : LQ_E_INTERNAL;
}

static lq_status one_gzip_step(lq_inflate *z, bool *full)
{
  z_stream *g = z->stream;
  g->next_out = z->buffer;
  g->avail_out = OUT;
  uInt before = g->avail_in;
  int r = inflate(g, Z_NO_FLUSH);
  z->in += before - g->avail_in;
  *full = g->avail_out == 0;
  z->between = r == Z_STREAM_END;
  lq_status s = hand_on(z, z->buffer, OUT - g->avail_out);
  if (s != LQ_OK || r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR)
    return s;
  return r == Z_MEM_ERROR ? LQ_E_NOMEM : bad(z, "the gzip data is damaged");
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

// ---- zstd

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
    ZSTD_outBuffer out = {z->buffer, OUT, 0};
    size_t before = in.pos, r = ZSTD_decompressStream(z->stream, &out, &in);
    z->in += in.pos - before;
    lq_status s = hand_on(z, z->buffer, out.pos);
    if (s != LQ_OK)
      return s;
    if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
      return LQ_E_NOMEM;
    if (ZSTD_isError(r))
      return bad(z, "the zstd data is damaged");
    z->between = r == 0;
    full = out.pos == out.size;
  }
  return LQ_OK;
}

// ---- which

static const unsigned char gzip_magic[] = {0x1F, 0x8B}, zstd_magic[] = {0x28, 0xB5, 0x2F, 0xFD};

static bool begins_with(const lq_inflate *z, const unsigned char *magic, size_t n)
{
  return memcmp(z->head, magic, z->nhead < n ? z->nhead : n) == 0;
}

static lq_status pass_on(lq_inflate *z, const void *p, size_t n)
{
  if (z->kind == LQ_INFLATE_GZIP)
    return feed_gzip(z, p, n);
  if (z->kind == LQ_INFLATE_ZSTD)
    return feed_zstd(z, p, n);
  z->in += n;
  return hand_on(z, p, n);
}

static lq_status choose(lq_inflate *z)
{
  lq_status s = LQ_OK;
  if (z->nhead >= sizeof gzip_magic && begins_with(z, gzip_magic, sizeof gzip_magic))
    z->kind = LQ_INFLATE_GZIP, s = open_gzip(z);
  else if (z->nhead >= sizeof zstd_magic && begins_with(z, zstd_magic, sizeof zstd_magic))
    z->kind = LQ_INFLATE_ZSTD, s = open_zstd(z);
  else
    z->kind = LQ_INFLATE_PLAIN;
  if (s == LQ_OK && z->kind != LQ_INFLATE_PLAIN && !z->buffer && !(z->buffer = lq_mem_alloc(z->mem, OUT, 1)))
    s = LQ_E_NOMEM;
  return s == LQ_OK ? pass_on(z, z->head, z->nhead) : s;
}

lq_status lq_inflate_feed(lq_inflate *z, const void *bytes, size_t n)
{
  enum { PIECE = 1 << 30 }; // zlib counts in 32 bits
  const char *p = bytes;
  lq_status s = LQ_OK;
  while (z->kind == LQ_INFLATE_UNKNOWN && n > 0 && s == LQ_OK) {
    z->head[z->nhead++] = (unsigned char)*p++;
    n--;
    bool open = begins_with(z, gzip_magic, sizeof gzip_magic) ||
                begins_with(z, zstd_magic, sizeof zstd_magic);
    if (!open || z->nhead == sizeof z->head)
      s = choose(z);
  }
  while (n > 0 && s == LQ_OK) {
    size_t piece = n < PIECE ? n : PIECE;
    s = pass_on(z, p, piece);
    p += piece;
    n -= piece;
  }
  return s;
}

bool lq_inflate_is_cut(const lq_inflate *z)
{
  return z->kind != LQ_INFLATE_UNKNOWN && z->kind != LQ_INFLATE_PLAIN && !z->between;
}

lq_status lq_inflate_end(lq_inflate *z)
{
  if (z->kind == LQ_INFLATE_UNKNOWN && z->nhead > 0) {
    lq_status s = choose(z);
    if (s != LQ_OK)
      return s;
  }
  if (!lq_inflate_is_cut(z))
    return LQ_OK;
  return bad(z, z->kind == LQ_INFLATE_GZIP ? "the gzip data ends too early" : "the zstd data ends too early");
}
