// What all wide kernels do with a block of 64 bytes once its bytes are bits. Each kernel includes this behind
// its own
//   lq_block             64 bytes
//   load(p)              them
//   is(b, c)             a bit for each byte that is c
//   below_blank(b)       bytes below 0x20
//   has_below_blank(b)   are there any?
//   wide(b)              bytes from 0x80
//   letters(b)           bytes that may follow a backslash, but for `"`, `\` and `u`
//   flips(bits)          each bit: is the number of bits up to it odd?
// and defines its function by LQ_INDEX_KERNEL(name).
#include <string.h>

#include "input/index.h"

typedef struct lq_index_state {
  uint64_t escaped;   // is the next byte behind a backslash?
  uint64_t in_string; // all bits: the next byte is
  uint64_t bad;
  const char *text;
  size_t n;
} lq_index_state;

static inline unsigned first_bit(uint64_t bits)
{
#ifdef __BMI__
  return (unsigned)_tzcnt_u64(bits);
#else
  return (unsigned)__builtin_ctzll(bits | UINT64_C(1) << 63); // for no bits there is no answer otherwise
#endif
}

static inline uint32_t *put_bits(uint32_t *out, uint64_t bits, uint32_t base)
{
#ifdef __POPCNT__
  uint32_t *end = out + __builtin_popcountll(bits);
  do { // what is too much is written over
    for (int i = 0; i < 4; i++, bits &= bits - 1)
      out[i] = base + first_bit(bits);
    out += 4;
  } while (__builtin_expect(out < end, 0));
  return end;
#else
  for (; bits; bits &= bits - 1)
    *out++ = base + first_bit(bits);
  return out;
#endif
}

// Bytes behind a backslash that is not itself behind one. A run of backslashes from an even place and one
// from an odd place are told apart by the carry of one subtraction.
static inline uint64_t find_escaped(lq_index_state *s, uint64_t backslash)
{
  const uint64_t odd_places = UINT64_C(0xAAAAAAAAAAAAAAAA);
  uint64_t carried = s->escaped, starts = backslash & ~carried;
  uint64_t runs = (((starts << 1) | odd_places) - starts) ^ odd_places;
  s->escaped = (runs & backslash) >> 63;
  return runs ^ (backslash | carried);
}

static inline bool is_hex_digit(char c)
{
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

// Rare, so a byte at a time: are there four digits behind each of these `u`?
static bool has_digits(const char *text, size_t n, uint64_t us, size_t base)
{
  for (; us; us &= us - 1) {
    size_t at = base + first_bit(us) + 1;
    if (n < 4 || at > n - 4)
      return false;
    for (size_t i = at; i < at + 4; i++) {
      if (!is_hex_digit(text[i]))
        return false;
    }
  }
  return true;
}

// What stands behind a backslash and is none of the letters.
static __attribute__((noinline, cold)) bool are_escapes(const char *text, size_t n, uint64_t others,
                                                        uint64_t us, size_t base)
{
  return !(others & ~us) && has_digits(text, n, us, base);
}

typedef struct lq_index_out {
  uint32_t *at;
  uint64_t *odd;
} lq_index_out;

// control: the bytes below 0x20, keep: those that are of the text. Little here depends on what most texts are
// like: a branch that is taken now and then costs more than what it spares.
static inline __attribute__((always_inline)) void
take_block(lq_index_state *s, lq_block b, size_t base, uint64_t control, uint64_t keep, lq_index_out *out)
{
  uint64_t backslash = is(b, '\\') & keep, quote = is(b, '"') & keep, escaped = find_escaped(s, backslash);
  uint64_t others = escaped & keep & ~(backslash | quote);
  if (others)
    others &= ~letters(b);
  if (__builtin_expect(others != 0, 0))
    s->bad |= !are_escapes(s->text, s->n, others, others & is(b, 'u'), base);
  *out->odd++ = backslash | (wide(b) & keep);
  quote &= ~escaped;
  uint64_t inside = flips(quote) ^ s->in_string; // with the opening quote, without the closing one
  s->in_string = (uint64_t)((int64_t)inside >> 63);
  s->bad |= (control & keep & inside) | (backslash & ~inside);
  out->at = put_bits(out->at, quote & inside, (uint32_t)base);
}

// Control characters are rare, so they are looked at only where there are some; a newline that ends the text
// is one. False: it was there, and *n is where.
static inline __attribute__((always_inline)) bool scan_block(lq_index_state *s, lq_block b, size_t base,
                                                             bool line, size_t *n, lq_index_out *out)
{
  if (__builtin_expect(!has_below_blank(b), 1)) {
    take_block(s, b, base, 0, ~UINT64_C(0), out);
    return true;
  }
  uint64_t newline = line ? is(b, '\n') : 0;
  take_block(s, b, base, below_blank(b), (newline & (0 - newline)) - 1, out);
  if (newline)
    *n = base + first_bit(newline);
  return !newline;
}

static inline __attribute__((always_inline)) bool scan_text(const char *text, size_t n, bool line,
                                                            lq_index *to)
{
  lq_index_state s = {.text = text, .n = n};
  lq_index_out out = {to->at, to->odd};
  size_t base = 0;
  bool more = true;
  for (; n - base >= LQ_INDEX_BLOCK && more; base += LQ_INDEX_BLOCK)
    more = scan_block(&s, load(text + base), base, line, &n, &out);
  if (more && base < n) { // the rest, with blanks behind it
    char last[LQ_INDEX_BLOCK];
    memset(last, ' ', sizeof last);
    memcpy(last, text + base, n - base);
    scan_block(&s, load(last), base, line, &n, &out);
  }
  to->n = (size_t)(out.at - to->at);
  to->bytes = n;
  return !(s.bad | s.in_string);
}

#define LQ_INDEX_KERNEL(name)                                                                                \
  bool name(const char *text, size_t n, bool line, lq_index *out)                                            \
  {                                                                                                          \
    return line ? scan_text(text, n, true, out) : scan_text(text, n, false, out);                            \
  }
