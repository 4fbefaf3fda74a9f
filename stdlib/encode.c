// Decoders of text: Base64, percent signs, hex digits. What comes out is repaired to UTF-8.
#include "base/utf8.h"
#include "stdlib/bodies.h"

static int hex_digit(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool hex_pair(lq_str s, size_t at, char *out)
{
  int high = at + 1 < s.n ? hex_digit(s.p[at]) : -1, low = high < 0 ? -1 : hex_digit(s.p[at + 1]);
  *out = (char)(high * 16 + low);
  return low >= 0;
}

lq_value lq_fn_hex_decode(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  if (!lq_arg_text(call, &args[0], &s))
    return LQ_NO_VALUE;
  if (s.n >= 2 && s.p[0] == '0' && (s.p[1] | 32) == 'x')
    s = lq_str_slice(s, 2, s.n);
  char *p = s.n % 2 == 0 ? lq_new_text(call, s.n / 2) : NULL;
  for (size_t i = 0; p && i < s.n; i += 2) {
    if (!hex_pair(s, i, &p[i / 2]))
      return LQ_NO_VALUE;
  }
  return p ? lq_repaired(call, p, s.n / 2) : LQ_NO_VALUE;
}

lq_value lq_fn_url_decode(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  char *p = lq_arg_text(call, &args[0], &s) ? lq_new_text(call, s.n) : NULL;
  size_t n = 0;
  for (size_t i = 0; p && i < s.n; i++) {
    if (s.p[i] != '%') {
      p[n++] = s.p[i] == '+' ? ' ' : s.p[i];
      continue;
    }
    if (!hex_pair(s, i + 1, &p[n++]))
      return LQ_NO_VALUE;
    i += 2;
  }
  return p ? lq_repaired(call, p, n) : LQ_NO_VALUE;
}

// ---- Base64

static int base64_digit(char c)
{
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

// Up to two `=` at the end are left out, if they are as many as the length needs.
static bool without_padding(lq_str *s)
{
  size_t padding = 0;
  while (padding < s->n && padding < 2 && s->p[s->n - 1 - padding] == '=')
    padding++;
  bool whole = padding == 0 || s->n % 4 == 0;
  s->n -= padding;
  return whole && s->n % 4 != 1;
}

static bool base64(lq_str s, char *out)
{
  uint32_t bits = 0;
  for (size_t i = 0, have = 0; i < s.n; i++) {
    int digit = base64_digit(s.p[i]);
    if (digit < 0)
      return false;
    bits = bits << 6 | (uint32_t)digit;
    have += 6;
    if (have >= 8) {
      have -= 8;
      *out++ = (char)(bits >> have);
    }
  }
  return true;
}

static uint32_t unit_at(lq_str s, size_t i)
{
  return (uint32_t)((unsigned char)s.p[i] | (unsigned char)s.p[i + 1] << 8);
}

// Half a pair of surrogates, and a lone byte at the end, become U+FFFD. Two bytes make at most three.
static lq_value utf16le(const lq_call *call, lq_str s)
{
  char *p = lq_new_text(call, s.n / 2 * 3 + 4);
  size_t n = 0;
  for (size_t i = 0; p && i < s.n; i += 2) {
    uint32_t c = i + 1 < s.n ? unit_at(s, i) : 0xFFFD,
             low = c >> 10 == 0x36 && i + 3 < s.n ? unit_at(s, i + 2) : 0;
    if (low >> 10 == 0x37) {
      c = 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
      i += 2;
    }
    n += lq_utf8_encode(c >> 11 == 0x1B ? 0xFFFD : c, p + n);
  }
  return p ? lq_string((lq_str){p, n}) : LQ_NO_VALUE;
}

lq_value lq_fn_base64_decode(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str s, encoding = LQ_STR("utf-8");
  if (!lq_arg_text(call, &args[0], &s) ||
      (lq_arg_given(args, nargs, 1) && !lq_arg_text(call, &args[1], &encoding)) || !without_padding(&s))
    return LQ_NO_VALUE;
  bool wide = lq_str_eq_ascii(encoding, LQ_STR("utf-16le"));
  if (!wide && !lq_str_eq_ascii(encoding, LQ_STR("utf-8")))
    return LQ_NO_VALUE;
  size_t n = s.n / 4 * 3 + s.n % 4 * 3 / 4;
  char *p = lq_new_text(call, n);
  if (!p || !base64(s, p))
    return LQ_NO_VALUE;
  return wide ? utf16le(call, (lq_str){p, n}) : lq_repaired(call, p, n);
}
