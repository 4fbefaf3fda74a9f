// What a program hands in, and names as texts.
#include "feed/host.h"

void lq_host_say(const lq_host *h, const lq_notice *n)
{
  if (h->notice)
    h->notice(h->user, n);
}

void lq_host_cannot(const lq_host *h, lq_notice_kind kind, const char *name, int error)
{
  lq_host_say(h, &(lq_notice){.kind = kind, .name = name, .error = error});
}

char *lq_name_copy(const lq_mem *m, const char *p, size_t n)
{
  char *copy = lq_mem_alloc(m, n + 1, 1);
  if (copy && n)
    memcpy(copy, p, n);
  return copy;
}

char *lq_name_printf(const lq_mem *m, const char *fmt, ...)
{
  lq_buf b = {.mem = m};
  va_list args;
  va_start(args, fmt);
  lq_buf_vprintf(&b, fmt, args);
  va_end(args);
  char *name = b.failed ? NULL : lq_name_copy(m, b.p, b.n);
  lq_buf_free(&b);
  return name;
}

void lq_name_free(const lq_mem *m, char *name)
{
  if (name)
    lq_mem_free(m, name, strlen(name) + 1, 1);
}
