// Text that grows, and text made safe for a terminal.
#include "cli/text.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "cli/io.h"
#include "feed/safe.h"

static void *or_end(void *user, void *p, size_t old_size, size_t new_size)
{
  void *made = lq_mem_libc.fn(user, p, old_size, new_size);
  if (!made && new_size > 0)
    lq_out_of_memory();
  return made;
}

const lq_mem lq_mem_or_end = {.fn = or_end};

void *lq_need(void *old, size_t count, size_t size)
{
  void *p = size && count > SIZE_MAX / size ? NULL : realloc(old, count * size + 1);
  if (!p)
    lq_out_of_memory();
  return p;
}

char *lq_copy(const char *p, size_t n)
{
  char *copy = lq_need(NULL, n + 1, 1);
  if (n)
    memcpy(copy, p, n);
  copy[n] = '\0';
  return copy;
}

static lq_string *begin(lq_string *s)
{
  s->mem = &lq_mem_or_end;
  return s;
}

static void end(lq_string *s)
{
  lq_buf_byte(s, '\0');
  s->n--;
}

void lq_string_add(lq_string *s, const char *p, size_t n)
{
  lq_buf_add(begin(s), p, n);
  end(s);
}

void lq_string_z(lq_string *s, const char *z)
{
  lq_string_add(s, z, strlen(z));
}

void lq_string_text(lq_string *s, lq_text t)
{
  lq_string_add(s, t.p, t.n);
}

void lq_string_vprintf(lq_string *s, const char *fmt, va_list args)
{
  lq_buf_vprintf(begin(s), fmt, args);
  end(s);
}

void lq_string_printf(lq_string *s, const char *fmt, ...)
{
  va_list args;
  va_start(args, fmt);
  lq_string_vprintf(s, fmt, args);
  va_end(args);
}

void lq_string_clear(lq_string *s)
{
  lq_buf_clear(begin(s));
  if (s->p)
    end(s);
}

void lq_string_free(lq_string *s)
{
  lq_buf_free(begin(s));
}

int lq_string_write(void *user, const char *p, size_t n)
{
  lq_string_add(user, p, n);
  return 0;
}

// ---- safe text

size_t lq_char_at(const char *p, size_t n, uint32_t *c)
{
  size_t at = 0;
  if (n == 0)
    return 0;
  *c = lq_utf8_next(lq_str_make(p, n), &at);
  return *c == LQ_CODEPOINT_BAD ? 0 : at;
}

void lq_string_safe(lq_string *s, const char *p, size_t n)
{
  lq_safe(begin(s), p, n);
  end(s);
}

void lq_string_safe_lines(lq_string *s, const char *p, size_t n)
{
  lq_safe_lines(begin(s), p, n);
  end(s);
}

void lq_string_safe_flat(lq_string *s, const char *p, size_t n)
{
  lq_safe_flat(begin(s), p, n);
  end(s);
}

void lq_string_one_line(lq_string *s, const char *p, size_t n)
{
  lq_one_line(begin(s), p, n);
  end(s);
}

void lq_string_time(lq_string *s, int64_t ns)
{
  lq_put_time(begin(s), ns);
  end(s);
}

void lq_string_json(lq_string *s, const char *p, size_t n)
{
  lq_buf_json(begin(s), lq_str_make(p, n));
  end(s);
}

void lq_string_count(lq_string *s, uint64_t v)
{
  char digits[24];
  int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
  for (int i = 0; i < n; i++) {
    if (i > 0 && (n - i) % 3 == 0)
      lq_string_add(s, ",", 1);
    lq_string_add(s, digits + i, 1);
  }
}

bool lq_text_is(lq_text t, const char *z)
{
  return t.n == strlen(z) && memcmp(t.p, z, t.n) == 0;
}
