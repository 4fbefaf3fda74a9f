// Compressed bytes to plain ones: which packing, and what all of them share.
#include "input/inflate.h"

#define LQ_PACKING(name, magic, endings, what) &lq_packing_##name,
#define LQ_FORM(name, magic, endings, what)
static const lq_packing *const packings[] = {
#include "input/formats.def"
};
#undef LQ_PACKING
#undef LQ_FORM

enum { RATIO_FREE = 1 << 20 };

lq_status lq_inflate_bad(lq_inflate *z, const char *message)
{
  z->message = message;
  return LQ_E_INPUT;
}

static void close_stream(lq_inflate *z)
{
  if (z->stream)
    z->packing->close(z);
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

void lq_inflate_begin_plain(lq_inflate *z)
{
  lq_inflate_begin(z);
  z->known = true;
}

void lq_inflate_free(lq_inflate *z)
{
  if (!z->mem)
    return;
  close_stream(z);
  lq_mem_free(z->mem, z->buffer, LQ_INFLATE_OUT, 1);
  z->buffer = NULL;
}

lq_status lq_inflate_give(lq_inflate *z, const void *p, size_t n)
{
  z->total += n;
  lq_status s = n > 0 ? z->out(z->user, p, n) : LQ_OK;
  if (s == LQ_OK && z->packing && z->total > RATIO_FREE && z->total / z->max_ratio > z->in)
    return lq_inflate_bad(z, "the compressed stream grows more than the limit allows");
  return s;
}

static lq_status pass_on(lq_inflate *z, const void *p, size_t n)
{
  if (z->packing)
    return z->packing->feed(z, p, n);
  z->in += n;
  return lq_inflate_give(z, p, n);
}

static lq_status choose(lq_inflate *z, int row)
{
  z->known = true;
  if (row >= 0) {
    z->packing = packings[row];
    lq_status s = z->packing->open(z);
    if (s == LQ_OK && !z->buffer && !(z->buffer = lq_mem_alloc(z->mem, LQ_INFLATE_OUT, 1)))
      s = LQ_E_NOMEM;
    if (s != LQ_OK)
      return s;
  }
  return pass_on(z, z->head, z->nhead);
}

static int sniff(const lq_inflate *z, bool at_end)
{
  return lq_input_sniff(lq_input_rows, lq_input_row_count, true, lq_str_make(z->head, z->nhead), at_end);
}

lq_status lq_inflate_feed(lq_inflate *z, const void *bytes, size_t n)
{
  enum { PIECE = 1 << 30 }; // zlib counts in 32 bits
  const char *p = bytes;
  lq_status s = LQ_OK;
  while (!z->known && n > 0 && s == LQ_OK) {
    z->head[z->nhead++] = *p++;
    n--;
    int row = sniff(z, false);
    if (row != LQ_SNIFF_MORE)
      s = choose(z, row);
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
  return z->packing && !z->between;
}

lq_status lq_inflate_end(lq_inflate *z)
{
  if (!z->known && z->nhead > 0) {
    lq_status s = choose(z, sniff(z, true));
    if (s != LQ_OK)
      return s;
  }
  return lq_inflate_is_cut(z) ? lq_inflate_bad(z, z->packing->cut) : LQ_OK;
}
