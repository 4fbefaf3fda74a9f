// A buffered way out that forgets no error.
#include "feed/out.h"

#include <errno.h>

#include "feed/io.h"

enum { OUT_BYTES = 64 << 10 };

lq_status lq_out_open(lq_out *o, const lq_mem *mem, const lq_os_calls *os, int fd, const char *name)
{
  *o = (lq_out){.mem = mem, .os = os, .fd = fd, .name = name, .buf = lq_mem_alloc(mem, OUT_BYTES, 1)};
  return o->buf ? LQ_OK : LQ_E_NOMEM;
}

void lq_out_free(lq_out *o)
{
  if (o->mem)
    lq_mem_free(o->mem, o->buf, OUT_BYTES, 1);
  o->buf = NULL;
}

void lq_out_turn(lq_out *o, int fd, const char *name)
{
  lq_out_flush(o);
  o->fd = fd;
  o->name = name;
  o->terminal = false;
  o->written = 0;
}

bool lq_out_broken(const lq_out *o)
{
  return o->closed || o->error;
}

static bool send(lq_out *o, const char *p, size_t n)
{
  if (lq_out_broken(o))
    return false;
  if (n > 0 && o->before)
    o->before(o->user);
  int error = lq_io_write(o->os, o->fd, p, n, &o->written);
  if (error == EPIPE)
    o->closed = true;
  else
    o->error = error;
  return error == 0;
}

bool lq_out_flush(lq_out *o)
{
  bool ok = send(o, o->buf, o->n);
  o->n = 0;
  return ok;
}

bool lq_out_add(lq_out *o, const char *p, size_t n)
{
  if (n > OUT_BYTES - o->n && !lq_out_flush(o))
    return false;
  if (n > OUT_BYTES)
    return send(o, p, n);
  if (n)
    memcpy(o->buf + o->n, p, n);
  o->n += n;
  return !lq_out_broken(o);
}

bool lq_out_z(lq_out *o, const char *z)
{
  return lq_out_add(o, z, strlen(z));
}

bool lq_out_text(lq_out *o, lq_text t)
{
  return lq_out_add(o, t.p, t.n);
}

bool lq_out_printf(lq_out *o, const char *fmt, ...)
{
  lq_buf b = {.mem = o->mem};
  va_list args;
  va_start(args, fmt);
  lq_buf_vprintf(&b, fmt, args);
  va_end(args);
  if (b.failed && !o->error)
    o->error = ENOMEM;
  bool ok = lq_out_add(o, b.p, b.n);
  lq_buf_free(&b);
  return ok;
}

int lq_out_write(void *user, const char *p, size_t n)
{
  return !lq_out_add(user, p, n);
}

int lq_out_sync(lq_out *o)
{
  struct stat st;
  if (!lq_out_flush(o))
    return o->error ? o->error : EPIPE;
  if (o->os->fstat(o->fd, &st) != 0 || !S_ISREG(st.st_mode))
    return 0; // what is in a pipe is the reader's
  o->error = lq_io_sync(o->os, o->fd);
  return o->error;
}
