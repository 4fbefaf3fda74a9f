// Text of events made safe for terminals and lines.
#include "feed/safe.h"

#include <time.h>

#include "base/utf8.h"

// Characters that command a terminal, turn the reading direction, or cannot be seen.
static bool is_hidden(uint32_t c)
{
  return lq_is_unsafe(c) || (c >= 0x200B && c <= 0x200F) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

static void show(lq_buf *b, uint32_t c)
{
  switch (c) {
  case '\n': lq_buf_z(b, "\\n"); break;
  case '\r': lq_buf_z(b, "\\r"); break;
  case '\t': lq_buf_z(b, "\\t"); break;
  default: lq_buf_printf(b, "\\u{%X}", (unsigned)c);
  }
}

static void safe(lq_buf *b, lq_str text, bool lines)
{
  for (size_t at = 0; at < text.n;) {
    size_t from = at;
    uint32_t c = lq_utf8_next(text, &at);
    if (c == LQ_CODEPOINT_BAD) {
      for (; from < at; from++)
        lq_buf_printf(b, "\\x%02X", (unsigned)(unsigned char)text.p[from]);
    } else if (is_hidden(c) && !(lines && c == '\n')) {
      show(b, c);
    } else {
      lq_buf_add(b, text.p + from, at - from);
    }
  }
}

void lq_safe(lq_buf *b, const char *p, size_t n)
{
  safe(b, lq_str_make(p, n), false);
}

void lq_safe_lines(lq_buf *b, const char *p, size_t n)
{
  safe(b, lq_str_make(p, n), true);
}

void lq_safe_flat(lq_buf *b, const char *p, size_t n)
{
  for (size_t i = 0; i < n;) {
    size_t run = 0;
    while (i + run < n && !strchr(" \t\r\n", p[i + run]))
      run++;
    lq_safe(b, p + i, run);
    i += run;
    size_t blanks = 0;
    while (i < n && p[i] && strchr(" \t\r\n", p[i]))
      i++, blanks++;
    if (blanks)
      lq_buf_add(b, " ", 1);
    else if (i < n && !p[i])
      show(b, (unsigned char)p[i++]);
  }
}

void lq_one_line(lq_buf *b, const char *p, size_t n)
{
  bool quoted = false;
  if (!memchr(p, '\n', n) && !memchr(p, '\r', n)) {
    lq_buf_add(b, p, n);
    return;
  }
  for (size_t i = 0; i < n; i++) {
    if (p[i] != '\n' && p[i] != '\r') {
      if (p[i] == '"')
        quoted = !quoted;
      lq_buf_add(b, p + i, 1);
      if (quoted && p[i] == '\\' && i + 1 < n && p[i + 1] != '\n' && p[i + 1] != '\r')
        lq_buf_add(b, p + ++i, 1);
    } else if (quoted) {
      lq_buf_z(b, p[i] == '\n' ? "\\n" : "\\r");
    } else {
      while (i + 1 < n && (p[i + 1] == ' ' || p[i + 1] == '\t'))
        i++;
    }
  }
}

void lq_put_time(lq_buf *b, int64_t ns)
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
  lq_buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(rest / 1000000));
}
