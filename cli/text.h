// Text that grows, and text made safe for a terminal.
#ifndef LQ_CLI_TEXT_H
#define LQ_CLI_TEXT_H

#include <libquery/lq.h>
#include <stdarg.h>
#include <stdbool.h>

#include "base/buf.h"

// A lq_buf that never fails: without memory the program ends. Zero-initialised is empty. p is NULL until
// something was added, else ends in a NUL that n does not count.
typedef lq_buf lq_string;

// Without memory the program ends: what was written is flushed, and the exit code is 5.
extern const lq_mem lq_mem_or_end;
void *lq_need(void *old, size_t count, size_t size);
char *lq_copy(const char *p, size_t n);

void lq_string_add(lq_string *s, const char *p, size_t n);
void lq_string_z(lq_string *s, const char *z);
void lq_string_text(lq_string *s, lq_text t);
void lq_string_printf(lq_string *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lq_string_vprintf(lq_string *s, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void lq_string_clear(lq_string *s);
void lq_string_free(lq_string *s);
int lq_string_write(void *user, const char *p, size_t n); // an lq_write_fn; user is the lq_string

// As their namesakes in feed/safe.h.
void lq_string_safe(lq_string *s, const char *p, size_t n);
void lq_string_safe_lines(lq_string *s, const char *p, size_t n);
void lq_string_safe_flat(lq_string *s, const char *p, size_t n);
void lq_string_one_line(lq_string *s, const char *p, size_t n);
void lq_string_time(lq_string *s, int64_t ns);
// 1,234,567
void lq_string_count(lq_string *s, uint64_t v);
// As a JSON string with its quotes.
void lq_string_json(lq_string *s, const char *p, size_t n);

// Bytes of the character at p, 0 where it is not UTF-8; *c is the code point.
size_t lq_char_at(const char *p, size_t n, uint32_t *c);
bool lq_text_is(lq_text t, const char *z);

#endif
