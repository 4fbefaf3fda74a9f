// Colours: which, and whether at all.
#include "cli/style.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

bool lq_color_wanted(const char *when, const lq_out *o, bool *color)
{
  const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
  *color = o->terminal && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
  if (!when || strcmp(when, "auto") == 0)
    return true;
  *color = strcmp(when, "always") == 0;
  return *color || strcmp(when, "never") == 0;
}

const char *lq_paint_code(bool color, lq_paint paint)
{
  if (!color)
    return "";
  switch (paint) {
  case LQ_PAINT_PLAIN: return "\033[0m";
  case LQ_PAINT_HEAD: return "\033[1m";
  case LQ_PAINT_DIM: return "\033[2m";
  case LQ_PAINT_MATCH: return "\033[1;31m";
  case LQ_PAINT_FIELD: return "\033[36m";
  case LQ_PAINT_GOOD: return "\033[32m";
  case LQ_PAINT_WARN: return "\033[33m";
  case LQ_PAINT_BAD: return "\033[1;31m";
  }
  return "";
}

lq_paint lq_paint_of_severity(lq_text severity)
{
  if (lq_text_is(severity, "critical") || lq_text_is(severity, "high"))
    return LQ_PAINT_BAD;
  return lq_text_is(severity, "medium") ? LQ_PAINT_WARN : LQ_PAINT_PLAIN;
}

void lq_string_painted(lq_string *s, bool color, lq_paint paint, lq_text text)
{
  if (paint != LQ_PAINT_PLAIN)
    lq_string_z(s, lq_paint_code(color, paint));
  lq_string_safe(s, text.p, text.n);
  if (paint != LQ_PAINT_PLAIN)
    lq_string_z(s, lq_paint_code(color, LQ_PAINT_PLAIN));
}

// Text here was made safe, so an escape character can only begin a colour code of ours.
static size_t code_length(const char *p, size_t n)
{
  size_t i = 0;
  if (n && p[0] == '\033') {
    while (i < n && p[i] != 'm')
      i++;
    i += i < n;
  }
  return i;
}

static size_t step(const char *p, size_t n, size_t *columns)
{
  uint32_t c;
  size_t len = lq_char_at(p, n, &c);
  int width = len ? wcwidth((wchar_t)c) : 1;
  *columns = width < 0 ? 1 : (size_t)width;
  return len ? len : 1;
}

size_t lq_columns(const char *p, size_t n)
{
  size_t sum = 0, one;
  for (size_t i = 0; i < n;) {
    size_t code = code_length(p + i, n - i);
    if (code) {
      i += code;
      continue;
    }
    i += step(p + i, n - i, &one);
    sum += one;
  }
  return sum;
}

void lq_string_fit(lq_string *s, const char *p, size_t n, size_t columns)
{
  if (lq_columns(p, n) <= columns) {
    lq_string_add(s, p, n);
    return;
  }
  size_t sum = 0, one;
  bool cut = false; // after the cut only colour codes are taken, so that a colour is switched off again
  for (size_t i = 0; i < n;) {
    size_t len = code_length(p + i, n - i);
    if (len) {
      lq_string_add(s, p + i, len);
    } else {
      len = step(p + i, n - i, &one);
      if (!cut && sum + one + 1 > columns) {
        cut = true;
        lq_string_z(s, "…");
      }
      if (!cut)
        lq_string_add(s, p + i, len);
      sum += one;
    }
    i += len;
  }
}

void lq_string_fit_end(lq_string *s, const char *p, size_t n, size_t columns)
{
  size_t all = lq_columns(p, n), at = 0, one;
  while (all + 1 > columns && at < n) {
    at += step(p + at, n - at, &one);
    all -= one;
  }
  lq_string_z(s, "…");
  lq_string_add(s, p + at, n - at);
}

size_t lq_terminal_width(const lq_out *o)
{
  struct winsize size;
  if (!o->terminal)
    return 0;
  return ioctl(o->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
