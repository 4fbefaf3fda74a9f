// Text that grows, and text made safe for a terminal.
#ifndef LQ_CLI_TEXT_H
#define LQ_CLI_TEXT_H

#include <libquery/lq.h>
#include <stdarg.h>
#include <stdbool.h>

// Zero-initialised is empty. p is NULL until something was added, else ends in a NUL that n does not count.
typedef struct lq_string {
  char *p;
  size_t n, cap;
} lq_string;

// The program cannot go on without memory: what was written is flushed, and it ends with exit code 5.
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

// Control characters, bidi marks and bytes that are no UTF-8 become \n, \u{1B}, \xFF: a terminal never obeys
// what an event says.
void lq_string_safe(lq_string *s, const char *p, size_t n);
// The same, but lines stay lines.
void lq_string_safe_lines(lq_string *s, const char *p, size_t n);
// The same on one line: blanks and line ends become single blanks, as in a clause that was written over
// several lines.
void lq_string_safe_flat(lq_string *s, const char *p, size_t n);
// 1,234,567
void lq_string_count(lq_string *s, uint64_t v);
// RFC 3339 in UTC, to the millisecond.
void lq_string_time(lq_string *s, int64_t ns);
// JSON that may hold line ends, as one line. Blanks after a line end go too; all else stays byte for byte.
void lq_string_one_line(lq_string *s, const char *p, size_t n);
// As a JSON string with its quotes.
void lq_string_json(lq_string *s, const char *p, size_t n);

// Bytes of the character at p, 0 where it is not UTF-8; *c is the code point.
size_t lq_char_at(const char *p, size_t n, uint32_t *c);
bool lq_text_is(lq_text t, const char *z);

#endif
