// Values of JSON: what a string says, what a number is, what lies under a key.
#include "base/number.h"
#include "base/utf8.h"
#include "input/json.h"

static uint32_t hex4(const char *p)
{
  uint32_t v = 0;
  for (int i = 0; i < 4; i++)
    v = v << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
  return v;
}

// Reads the `\uXXXX` at p, and a second one when the two are a surrogate pair. Alone, half a pair is no
// character.
static size_t take_code(const char *p, const char *end, uint32_t *code)
{
  *code = hex4(p + 2);
  if (*code < 0xD800 || *code > 0xDFFF)
    return 6;
  if (*code < 0xDC00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
    uint32_t low = hex4(p + 8);
    if (low >= 0xDC00 && low <= 0xDFFF) {
      *code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
      return 12;
    }
  }
  *code = LQ_CODEPOINT_BAD;
  return 6;
}

static char plain_escape(char c)
{
  switch (c) {
  case 'b': return '\b';
  case 'f': return '\f';
  case 'n': return '\n';
  case 'r': return '\r';
  case 't': return '\t';
  default: return c;
  }
}

static size_t put_code(uint32_t code, char *out, uint64_t *repaired)
{
  if (code == LQ_CODEPOINT_BAD) {
    ++*repaired;
    code = 0xFFFD;
  }
  return lq_utf8_encode(code, out);
}

// The compiler makes the widest instructions of it that the processor surely has.
typedef int8_t bytes __attribute__((vector_size(16)));
enum { STEP = sizeof(bytes), SLACK = STEP }; // SLACK: behind what is written

static unsigned first_set(uint64_t mask)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  return (unsigned)__builtin_clzll(mask) / 8;
#else
  return (unsigned)__builtin_ctzll(mask) / 8;
#endif
}

// How many of them stand for themselves, up to the first backslash or byte that is not ASCII.
static unsigned plain_bytes(bytes b)
{
  uint64_t marks[2];
  bytes odd = (b == '\\') | (b < 0);
  memcpy(marks, &odd, sizeof marks);
  return marks[0] ? first_set(marks[0]) : marks[1] ? 8 + first_set(marks[1]) : STEP;
}

// What stands for itself: a step may write more than it takes. The part of a path between two backslashes is
// mostly one step, which the processor foresees.
static const char *copy_plain(const char *p, const char *end, char **out)
{
  bytes b;
  for (unsigned n = STEP; n == STEP && end - p >= STEP; p += n, *out += n) {
    memcpy(&b, p, sizeof b);
    memcpy(*out, &b, sizeof b);
    n = plain_bytes(b);
  }
  while (p < end && *p != '\\' && !((uint8_t)*p & 0x80))
    *(*out)++ = *p++;
  return p;
}

static const size_t not_ascii = SIZE_MAX;

// One bad byte grows to the three of U+FFFD; nothing else grows. Gives up at a byte that is not ASCII, unless
// all may come.
static size_t decode(lq_str raw, bool all, char *to, uint64_t *repaired)
{
  uint32_t code;
  char *out = to;
  const char *p = raw.p, *end = raw.p + raw.n;
  while ((p = copy_plain(p, end, &out)) < end) {
    if (*p != '\\') {
      if (!all)
        return not_ascii;
      size_t at = (size_t)(p - raw.p);
      code = lq_utf8_next(raw, &at);
      out += put_code(code, out, repaired);
      p = raw.p + at;
    } else if (p[1] == 'u') {
      p += take_code(p, end, &code);
      out += put_code(code, out, repaired);
    } else {
      *out++ = plain_escape(p[1]);
      p += 2;
    }
  }
  return (size_t)(out - to);
}

// Most are ASCII with backslashes, so that is tried first.
lq_str lq_json_string(const lq_json *j, const lq_json_node *n, lq_arena *a, uint64_t *repaired)
{
  lq_str raw = lq_json_raw(j, n);
  if (!n->escaped)
    return raw;
  uint64_t bad = 0;
  char *out = lq_arena_bytes(a, raw.n + SLACK);
  size_t size = out ? decode(raw, false, out, &bad) : 0;
  if (size == not_ascii) {
    bool valid = lq_utf8_valid(raw);
    if (valid && !memchr(raw.p, '\\', raw.n))
      return raw;
    bad = 0;
    out = valid ? out : lq_arena_bytes(a, raw.n * 3 + SLACK);
    size = out ? decode(raw, true, out, &bad) : 0;
  }
  if (bad) // of texts that are known to be right, nobody counts
    *repaired += bad;
  return out ? (lq_str){out, size} : LQ_STR("");
}

// A number that no double holds: whether it lies below the smallest one, not above the greatest.
static bool is_tiny(lq_str text)
{
  int64_t place = 0, exponent = 0; // of the first digit that is not 0
  size_t i = 0;
  bool point = false, seen = false;
  for (; i < text.n && (text.p[i] | 0x20) != 'e'; i++) {
    if (text.p[i] == '.')
      point = true;
    else if (text.p[i] != '-' && (seen = seen || text.p[i] != '0'))
      place += !point;
    else if (text.p[i] == '0')
      place -= point;
    if (seen && point)
      break;
  }
  const char *e = memchr(text.p + i, 'e', text.n - i);
  e = e ? e : memchr(text.p + i, 'E', text.n - i);
  if (e && !lq_parse_i64(lq_str_slice(text, (size_t)(e + 1 - text.p) + (e[1] == '+'), text.n), &exponent))
    return e[1] == '-';
  return exponent < -place;
}

lq_value lq_json_number(const lq_json *j, const lq_json_node *n, bool *range)
{
  lq_str text = lq_json_raw(j, n);
  bool whole = true;
  for (size_t i = 0; i < text.n && whole; i++)
    whole = text.p[i] == '-' || (text.p[i] >= '0' && text.p[i] <= '9');
  int64_t i;
  uint64_t u;
  double d;
  if (whole && lq_parse_i64(text, &i))
    return lq_int(i);
  if (whole && lq_parse_u64(text, &u))
    return lq_uint(u);
  if (lq_parse_double(text, &d))
    return lq_double(d);
  if (is_tiny(text))
    return lq_double(0);
  *range = true;
  return lq_string(text);
}

uint32_t lq_json_member(const lq_json *j, uint32_t object, lq_str key)
{
  const lq_json_node *nodes = j->nodes;
  if (nodes[object].kind != LQ_JSON_OBJECT)
    return 0;
  for (uint32_t i = object + 1; i < nodes[object].next; i = nodes[i + 1].next) {
    if (lq_str_eq(lq_json_raw(j, &nodes[i]), key))
      return i + 1;
  }
  return 0;
}
