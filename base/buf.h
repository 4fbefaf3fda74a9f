// A string that grows. A failed allocation is sticky, so a writer checks once, at the end.
#ifndef LQ_BASE_BUF_H
#define LQ_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

typedef struct lq_buf {
  const lq_mem *mem;
  char *p;
  size_t n, cap;
  bool failed;
} lq_buf;

// Ready when {.mem = m}.
void lq_buf_add(lq_buf *b, const void *p, size_t n);
// The place for n more bytes: whoever writes there adds to b->n. NULL: it has failed.
char *lq_buf_room(lq_buf *b, size_t n);
void lq_buf_str(lq_buf *b, lq_str s);
void lq_buf_z(lq_buf *b, const char *z);
void lq_buf_byte(lq_buf *b, char c);
void lq_buf_fill(lq_buf *b, char c, size_t n);
void lq_buf_printf(lq_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lq_buf_vprintf(lq_buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
void lq_buf_json(lq_buf *b,
                 lq_str s);         // as a JSON string with its quotes; controls, DEL and bidi marks escaped
lq_str lq_buf_get(const lq_buf *b); // borrowed until the next write
void lq_buf_clear(lq_buf *b);       // keeps the memory and forgets a failure
void lq_buf_free(lq_buf *b);

#endif
