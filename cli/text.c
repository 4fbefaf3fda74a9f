// Text that grows, and text made safe for a terminal.
#include "cli/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/io.h"

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

void lq_string_add(lq_string *s, const char *p, size_t n)
{
  if (n > SIZE_MAX / 2 - s->n)
    lq_out_of_memory();
  if (s->n + n + 1 > s->cap) {
    s->cap = (s->n + n + 1) * 2 + 32;
    s->p = lq_need(s->p, s->cap, 1);
  }
  if (n)
    memcpy(s->p + s->n, p, n);
  s->n += n;
  s->p[s->n] = '\0';
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
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(NULL, 0, fmt, args);
  if (n > 0) {
    char *text = lq_need(NULL, (size_t)n + 1, 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    lq_string_add(s, text, (size_t)n);
    free(text);
  }
  va_end(again);
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
  s->n = 0;
  if (s->p)
    s->p[0] = '\0';
}

void lq_string_free(lq_string *s)
{
  free(s->p);
  *s = (lq_string){0};
}

int lq_string_write(void *user, const char *p, size_t n)
{
  lq_string_add(user, p, n);
  return 0;
}

// ---- safe text

size_t lq_char_at(const char *p, size_t n, uint32_t *c)
{
  static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
  const unsigned char *u = (const unsigned char *)p;
  if (n == 0)
    return 0;
  *c = u[0];
  if (u[0] < 0x80)
    return 1;
  size_t len = u[0] >= 0xF0 ? 4 : u[0] >= 0xE0 ? 3 : 2;
  if (u[0] < 0xC2 || u[0] > 0xF4 || len > n)
    return 0;
  uint32_t v = u[0] & (0xFFu >> (len + 1));
  for (size_t i = 1; i < len; i++) {
    if ((u[i] & 0xC0) != 0x80)
      return 0;
    v = v << 6 | (u[i] & 0x3Fu);
  }
  *c = v;
  return v < least[len] || v > 0x10FFFF || (v >= 0xD800 && v < 0xE000) ? 0 : len;
}

// Characters that command a terminal, turn the reading direction, or cannot be seen.
static bool is_unsafe(uint32_t c)
{
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x61C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

static void show(lq_string *s, uint32_t c)
{
  switch (c) {
  case '\n': lq_string_z(s, "\\n"); break;
  case '\r': lq_string_z(s, "\\r"); break;
  case '\t': lq_string_z(s, "\\t"); break;
  default: lq_string_printf(s, "\\u{%X}", (unsigned)c);
  }
}

static void safe(lq_string *s, const char *p, size_t n, bool lines)
{
  for (size_t i = 0; i < n;) {
    uint32_t c;
    size_t len = lq_char_at(p + i, n - i, &c);
    if (len == 0) {
      lq_string_printf(s, "\\x%02X", (unsigned)(unsigned char)p[i++]);
      continue;
    }
    if (is_unsafe(c) && !(lines && c == '\n'))
      show(s, c);
    else
      lq_string_add(s, p + i, len);
    i += len;
  }
}

void lq_string_safe(lq_string *s, const char *p, size_t n)
{
  safe(s, p, n, false);
}

void lq_string_safe_lines(lq_string *s, const char *p, size_t n)
{
  safe(s, p, n, true);
}

void lq_string_safe_flat(lq_string *s, const char *p, size_t n)
{
  for (size_t i = 0; i < n;) {
    size_t run = 0;
    while (i + run < n && !strchr(" \t\r\n", p[i + run]))
      run++;
    lq_string_safe(s, p + i, run);
    i += run;
    size_t blanks = 0;
    while (i < n && p[i] && strchr(" \t\r\n", p[i]))
      i++, blanks++;
    if (blanks)
      lq_string_add(s, " ", 1);
    else if (i < n && !p[i])
      show(s, (unsigned char)p[i++]);
  }
}

// ---- numbers, times, JSON

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

void lq_string_time(lq_string *s, int64_t ns)
{
  int64_t seconds = ns / 1000000000, rest = ns % 1000000000;
  if (rest < 0) {
    seconds--;
    rest += 1000000000;
  }
  time_t t = (time_t)seconds;
  struct tm tm;
  if (!gmtime_r(&t, &tm))
    return;
  lq_string_printf(s, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                   tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(rest / 1000000));
}

void lq_string_one_line(lq_string *s, const char *p, size_t n)
{
  bool quoted = false;
  if (!memchr(p, '\n', n) && !memchr(p, '\r', n)) {
    lq_string_add(s, p, n);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (p[i] != '\n' && p[i] != '\r') {
      if (p[i] == '"')
        quoted = !quoted;
      lq_string_add(s, p + i, 1);
      if (quoted && p[i] == '\\' && i + 1 < n && p[i + 1] != '\n' && p[i + 1] != '\r')
        lq_string_add(s, p + ++i, 1);
    } else if (quoted) {
      lq_string_z(s, p[i] == '\n' ? "\\n" : "\\r");
    } else {
      while (i + 1 < n && (p[i + 1] == ' ' || p[i + 1] == '\t'))
        i++;
    }
  }
}

void lq_string_json(lq_string *s, const char *p, size_t n)
{
  lq_string_add(s, "\"", 1);
  for (size_t i = 0; i < n;) {
    uint32_t c;
    size_t len = lq_char_at(p + i, n - i, &c);
    if (len == 0) {
      lq_string_z(s, "\xEF\xBF\xBD");
      i++;
      continue;
    }
    if (c == '"' || c == '\\')
      lq_string_printf(s, "\\%c", (int)c);
    else if (c < 0x20 || (c >= 0x7F && c < 0xA0))
      lq_string_printf(s, "\\u%04x", (unsigned)c);
    else
      lq_string_add(s, p + i, len);
    i += len;
  }
  lq_string_add(s, "\"", 1);
}

bool lq_text_is(lq_text t, const char *z)
{
  return t.n == strlen(z) && memcmp(t.p, z, t.n) == 0;
}
