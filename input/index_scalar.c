// The structure of JSON without wide instructions: what any processor can do, and what tests hold the others
// to.
#include "input/index.h"

#include <string.h>

typedef struct scan {
  const char *text;
  size_t n, i;
  uint64_t *odd;
} scan;

static bool is_digit(char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// At a backslash; ends behind the escape.
static bool skip_escape(scan *s)
{
  if (s->n - s->i < 2)
    return false;
  char c = s->text[s->i + 1];
  s->i += 2;
  if (c != 'u')
    return c != '\0' && strchr("\"\\/bfnrt", c);
  if (s->n - s->i < 4)
    return false;
  for (size_t end = s->i + 4; s->i < end; s->i++) {
    if (!is_digit(s->text[s->i]))
      return false;
  }
  return true;
}

static void note_odd(scan *s)
{
  s->odd[s->i / 64] |= UINT64_C(1) << s->i % 64;
}

// Behind an opening quote; ends behind the closing one.
static bool skip_string(scan *s)
{
  while (s->i < s->n && s->text[s->i] != '"') {
    uint8_t c = (uint8_t)s->text[s->i];
    if (c < 0x20)
      return false;
    if (c == '\\' || c >= 0x80)
      note_odd(s);
    if (c == '\\' && s->n - s->i > 1 && s->text[s->i + 1] == '\\')
      s->odd[(s->i + 1) / 64] |= UINT64_C(1) << (s->i + 1) % 64;
    if (c != '\\')
      s->i++;
    else if (!skip_escape(s))
      return false;
  }
  return s->i++ < s->n;
}

bool lq_index_scalar(const char *text, size_t n, bool line, lq_index *out)
{
  const char *newline = line && n > 0 ? memchr(text, '\n', n) : NULL;
  n = newline ? (size_t)(newline - text) : n;
  scan s = {.text = text, .n = n, .odd = out->odd};
  memset(out->odd, 0, (n + 63) / 64 * sizeof *out->odd);
  out->n = 0;
  out->bytes = n;
  bool fine = true;
  while (fine && s.i < n) {
    char c = text[s.i];
    if (c == '"')
      out->at[out->n++] = (uint32_t)s.i++, fine = skip_string(&s);
    else if ((uint8_t)c >= 0x80)
      note_odd(&s), s.i++;
    else
      fine = text[s.i++] != '\\';
  }
  return fine;
}
