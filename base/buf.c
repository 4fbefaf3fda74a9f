// A string that grows, and the escapes of JSON.
#include "base/buf.h"

#include <stdint.h>
#include <stdio.h>

#include "base/utf8.h"

static bool make_room(lq_buf *b, size_t more)
{
  if (b->failed)
    return false;
  if (more <= b->cap - b->n)
    return true;
  size_t want = b->cap < 64 ? 64 : b->cap;
  while (want - b->n < more && want <= SIZE_MAX / 2)
    want *= 2;
  char *p = want - b->n < more ? NULL : lq_mem_resize(b->mem, b->p, b->cap, want, 1);
  b->failed = !p;
  if (p)
    b->p = p, b->cap = want;
  return p;
}

char *lq_buf_room(lq_buf *b, size_t n)
{
  return make_room(b, n) ? b->p + b->n : NULL;
}

void lq_buf_add(lq_buf *b, const void *p, size_t n)
{
  if (n == 0 || !make_room(b, n))
    return;
  memcpy(b->p + b->n, p, n);
  b->n += n;
}

void lq_buf_str(lq_buf *b, lq_str s)
{
  lq_buf_add(b, s.p, s.n);
}

void lq_buf_z(lq_buf *b, const char *z)
{
  lq_buf_add(b, z, strlen(z));
}

void lq_buf_byte(lq_buf *b, char c)
{
  lq_buf_add(b, &c, 1);
}

void lq_buf_fill(lq_buf *b, char c, size_t n)
{
  if (n == 0 || !make_room(b, n))
    return;
  memset(b->p + b->n, c, n);
  b->n += n;
}

void lq_buf_vprintf(lq_buf *b, const char *fmt, va_list ap)
{
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  b->failed |= n < 0;
  if (n > 0 && make_room(b, (size_t)n + 1)) {
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
    b->n += (size_t)n;
  }
  va_end(again);
}

void lq_buf_printf(lq_buf *b, const char *fmt, ...)
{
  va_list ap;
  va_start(ap, fmt);
  lq_buf_vprintf(b, fmt, ap);
  va_end(ap);
}

static void add_escape(lq_buf *b, uint32_t c)
{
  static const char short_forms[] = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (const char *f = short_forms; *f; f += 2) {
    if ((unsigned char)*f == c) {
      lq_buf_byte(b, '\\');
      lq_buf_byte(b, f[1]);
      return;
    }
  }
  lq_buf_printf(b, "\\u%04x", (unsigned)c); // nothing that needs it lies above U+FFFF
}

// Of eight bytes, those that are ASCII and need no escape, up to the first that is not or does.
static unsigned plain_bytes(const char *p)
{
  const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
  uint64_t w;
  memcpy(&w, p, sizeof w);
  uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\', del = w ^ ones * 0x7F;
  uint64_t marks = w | (w - ones * 0x20) | (quote - ones) | (slash - ones) | (del - ones);
  marks &= tops; // each byte's own up to the first that is marked; it borrows from those behind it
  return marks ? (unsigned)__builtin_ctzll(marks) / 8 : 8;
}

static size_t skip_plain(lq_str s, size_t at)
{
  for (unsigned n = 8; n == 8 && s.n - at >= 8; at += n)
    n = plain_bytes(s.p + at);
  return at;
}

void lq_buf_json(lq_buf *b, lq_str s)
{
  lq_buf_byte(b, '"');
  size_t from = 0, at = 0;
  while ((at = skip_plain(s, at)) < s.n) {
    size_t start = at;
    uint32_t c = lq_utf8_next(s, &at);
    if (c != '"' && c != '\\' && !lq_is_unsafe(c))
      continue;
    lq_buf_add(b, s.p + from, start - from);
    from = at;
    if (c == LQ_CODEPOINT_BAD)
      lq_buf_z(b, "\xEF\xBF\xBD");
    else
      add_escape(b, c);
  }
  lq_buf_add(b, s.p + from, s.n - from);
  lq_buf_byte(b, '"');
}

lq_str lq_buf_get(const lq_buf *b)
{
  return b->n ? (lq_str){b->p, b->n} : LQ_STR("");
}

void lq_buf_clear(lq_buf *b)
{
  b->n = 0;
  b->failed = false;
}

void lq_buf_free(lq_buf *b)
{
  lq_mem_free(b->mem, b->p, b->cap, 1);
  *b = (lq_buf){.mem = b->mem};
}
