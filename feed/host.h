// What a program hands in: memory, calls to the system, and who is told. Nothing in feed/ prints, exits or is
// global.
#ifndef LQ_FEED_HOST_H
#define LQ_FEED_HOST_H

#include <libquery/lq.h>
#include <stdbool.h>

#include "base/buf.h"
#include "feed/os.h"

typedef enum lq_notice_kind {
#define LQ_NOTICE(name) LQ_NOTICE_##name,
#include "feed/notices.def"
#undef LQ_NOTICE
} lq_notice_kind;

// Something for people. What it points to lives until the call returns.
typedef struct lq_notice {
  lq_notice_kind kind;
  const char *name, *why, *other;
  int error; // an errno
  lq_status status;
  uint32_t kept, cold;
  const lq_bad_event *bad;
  const lq_stats *stats;
} lq_notice;

// Lives as long as what was made with it. Functions that may be NULL say so.
typedef struct lq_host {
  const lq_mem *mem;
  const lq_os_calls *os;
  bool (*stopped)(void *user); // asked between pieces of input: end soon and lose nothing; NULL: never
  void (*notice)(void *user, const lq_notice *n);
  void (*progress)(void *user, const lq_stats *s); // after each piece of input; NULL
  int64_t (*now)(void *user);                      // wall time in ns, for live input; NULL: it is not told
  void *user;
} lq_host;

static inline bool lq_host_stopped(const lq_host *h)
{
  return h->stopped && h->stopped(h->user);
}
void lq_host_say(const lq_host *h, const lq_notice *n);
void lq_host_cannot(const lq_host *h, lq_notice_kind kind, const char *name, int error);

// ns since then, of 0: now, on a clock that nobody sets.
static inline int64_t lq_host_elapsed(const lq_host *h, int64_t since)
{
  return h->os->clock() - since;
}

// Texts that end in a NUL and hold no other. NULL: no memory.
char *lq_name_copy(const lq_mem *m, const char *p, size_t n);
char *lq_name_printf(const lq_mem *m, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lq_name_free(const lq_mem *m, char *name); // NULL is fine

#endif
