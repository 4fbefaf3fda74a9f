// Unpacking apart from a scan, so that another thread can do it.
#include "input/inflate.h"
#include "lib/api.h"

struct lq_unpack {
  lq_mem mem;
  lq_inflate inflate;
  lq_write_fn write; // of the call at hand
  void *user;
};

static lq_status give(void *user, const char *p, size_t n)
{
  lq_unpack *u = user;
  return u->write(u->user, p, n) ? LQ_E_IO : LQ_OK;
}

lq_status lq_unpack_new(lq_unpack **out, const lq_limits *given, const lq_allocator *allocator)
{
  lq_limits limits;
  if (out)
    *out = NULL;
  if (!out || lq_api_limits(&limits, given) != LQ_OK)
    return LQ_E_USAGE;
  lq_mem mem = lq_api_mem(allocator);
  lq_unpack *u = lq_mem_alloc(&mem, 1, sizeof *u);
  if (!u)
    return LQ_E_NOMEM;
  *u = (lq_unpack){.mem = mem};
  u->inflate = (lq_inflate){
      .mem = &u->mem, .max_ratio = limits.max_ratio, .out = give, .user = u, .message = ""};
  lq_inflate_begin(&u->inflate);
  *out = u;
  return LQ_OK;
}

void lq_unpack_free(lq_unpack *u)
{
  if (!u)
    return;
  lq_mem mem = u->mem;
  lq_inflate_free(&u->inflate);
  lq_mem_free(&mem, u, 1, sizeof *u);
}

int lq_unpack_applies(const void *bytes, size_t n)
{
  size_t head = n < LQ_MAGIC_MAX ? n : LQ_MAGIC_MAX;
  return n == 0 || lq_input_sniff(lq_input_rows, lq_input_row_count, true, lq_str_make(bytes, head), false) !=
                       LQ_SNIFF_NONE;
}

lq_status lq_unpack_begin(lq_unpack *u)
{
  if (!u)
    return LQ_E_USAGE;
  lq_inflate_begin(&u->inflate);
  return LQ_OK;
}

lq_status lq_unpack_feed(lq_unpack *u, const void *bytes, size_t n, lq_write_fn write, void *user)
{
  if (!u || !write || (!bytes && n > 0))
    return LQ_E_USAGE;
  u->write = write;
  u->user = user;
  return n > 0 ? lq_inflate_feed(&u->inflate, bytes, n) : LQ_OK;
}

lq_status lq_unpack_end(lq_unpack *u, lq_write_fn write, void *user)
{
  if (!u || !write)
    return LQ_E_USAGE;
  u->write = write;
  u->user = user;
  return lq_inflate_end(&u->inflate);
}

const char *lq_unpack_message(const lq_unpack *u)
{
  return u->inflate.message;
}

// ---- a scan of what was unpacked

lq_status lq_scan_begin_unpacked(lq_scan *s, const char *name)
{
  lq_status status = lq_scan_begin(s, name);
  if (status == LQ_OK)
    lq_reader_is_unpacked(s->reader);
  return status;
}

lq_status lq_scan_unpacked(lq_scan *s, uint64_t packed, uint64_t unpacked, lq_status status,
                           const char *message)
{
  if (!s || s->busy || (status != LQ_OK && !message))
    return LQ_E_USAGE;
  return lq_scan_settle(s, lq_reader_unpacked(s->reader, packed, unpacked, status, message));
}
