// What a sieve looks for. In a line, a character of a text may stand as itself, in the other case, as an
// escape, or as one of the two characters beyond ASCII that fold to a letter of ASCII. Parts of texts are
// chosen so that this is all: what JSON may write in more ways (`/`, controls) and what folds in more ways is
// left out of them.
#include "input/sieve_scan.h"

#include "base/utf8.h"

enum { KELVIN = 0x212A, LONG_S = 0x17F, LEAST = 3, LEAST_STRENGTH = 2 };

static uint8_t lower(uint8_t c)
{
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

// ---- the part to look for

static bool is_plain(char c)
{
  return c >= 0x20 && c < 0x7F && c != '/';
}

// Numbers have one text and many spellings.
static bool is_of_number(char c)
{
  return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

// What nearly every line of a Windows log has: by counting, in small letters.
static size_t common_word(lq_str s)
{
  static const lq_str words[] = {
      LQ_STR_INIT("windows"),       LQ_STR_INIT("microsoft"), LQ_STR_INIT("system32"), LQ_STR_INIT("system"),
      LQ_STR_INIT("program files"), LQ_STR_INIT(".exe"),      LQ_STR_INIT(".dll"),     LQ_STR_INIT("user"),
      LQ_STR_INIT("event"),         LQ_STR_INIT("host"),      LQ_STR_INIT("task"),     LQ_STR_INIT("process"),
      LQ_STR_INIT("image"),         LQ_STR_INIT("message"),   LQ_STR_INIT("version"),  LQ_STR_INIT("name"),
      LQ_STR_INIT("operational"),   LQ_STR_INIT("sysmon"),    LQ_STR_INIT("security"), LQ_STR_INIT("\\")};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (s.n >= words[i].n && lq_str_eq_ascii(lq_str_slice(s, 0, words[i].n), words[i]))
      return words[i].n;
  }
  return 0;
}

static bool may_be_number(lq_str s)
{
  size_t i = 0;
  while (i < s.n && is_of_number(s.p[i]))
    i++;
  return i == s.n;
}

static uint32_t strength_of(lq_str s)
{
  uint32_t strength = 0;
  for (size_t i = 0; i < s.n;) {
    size_t n = common_word(lq_str_slice(s, i, s.n));
    strength += n == 0;
    i += n ? n : 1;
  }
  return may_be_number(s) || s.n < LEAST ? 0 : strength;
}

lq_str lq_sieve_part(lq_str text, uint32_t *strength)
{
  lq_str best = LQ_STR("");
  *strength = LEAST_STRENGTH - 1;
  for (size_t from = 0; from < text.n;) {
    size_t to = from;
    while (to < text.n && to - from < LQ_SIEVE_TEXT_MAX && is_plain(text.p[to]))
      to++;
    lq_str part = lq_str_slice(text, from, to);
    uint32_t s = strength_of(part);
    if (s > *strength)
      best = part, *strength = s;
    from = to + (to < text.n && !is_plain(text.p[to]));
  }
  *strength = best.n ? *strength : 0;
  return best;
}

// ---- needles

// By how often they stand in logs of Windows, the most frequent first; all others are rare.
static uint32_t rarity(uint8_t c)
{
  static const char frequent[] = "e\"a\\storcn0id:2mlwbu,3-g1p 4f5y8.v976hqkj+x|={}z)(@_;";
  const char *at = memchr(frequent, c, sizeof frequent - 1);
  return at ? (uint32_t)(at - frequent) : sizeof frequent;
}

static uint8_t rarest_print(const lq_sieve_needle *d)
{
  uint32_t best = 0;
  uint8_t at = 0;
  for (uint8_t i = 0; i + LQ_SIEVE_PRINT <= d->n; i++) {
    uint32_t sum = rarity(d->text[i]) + rarity(d->text[i + 1]) + rarity(d->text[i + 2]);
    if (sum > best)
      best = sum, at = i;
  }
  return at;
}

static void let_pass(lq_sieve *s, int place, uint8_t byte, uint8_t bucket)
{
  s->bytes[place][byte] |= bucket;
  s->low[place][byte & 15] |= bucket;
  s->high[place][byte >> 4] |= bucket;
}

static void let_pass_any(lq_sieve *s, int place, uint8_t bucket)
{
  for (int b = 0; b < 256; b++)
    let_pass(s, place, (uint8_t)b, bucket);
}

static lq_sieve_needle *add_needle(lq_sieve *s, const char *text, size_t n)
{
  lq_sieve_needle *d = &s->needles[s->n];
  *d = (lq_sieve_needle){.n = (uint8_t)n, .bucket = (uint8_t)(1u << s->n % 8)};
  memcpy(d->text, text, n);
  d->print = rarest_print(d);
  s->n++;
  return d;
}

static void let_pass_print(lq_sieve *s, const lq_sieve_needle *d)
{
  for (int k = 0; k < LQ_SIEVE_PRINT; k++) {
    if (d->print + k >= d->n) {
      let_pass_any(s, k, d->bucket);
      continue;
    }
    uint8_t c = d->text[d->print + k];
    let_pass(s, k, c, d->bucket);
    if (c >= 'a' && c <= 'z' && !d->escape)
      let_pass(s, k, (uint8_t)(c - 32), d->bucket);
  }
}

static void add_text(lq_sieve *s, lq_str text)
{
  char spelt[2 * LQ_SIEVE_TEXT_MAX];
  size_t n = 0;
  for (size_t i = 0; i < text.n && i < LQ_SIEVE_TEXT_MAX; i++) {
    uint8_t c = lower((uint8_t)text.p[i]);
    if (c == '\\' || c == '"')
      spelt[n++] = '\\';
    spelt[n++] = (char)c;
    s->escaped[c] = true;
    if (c >= 'a' && c <= 'z')
      s->escaped[c - 32] = true;
    s->kelvin |= c == 'k';
    s->long_s |= c == 's';
  }
  let_pass_print(s, add_needle(s, spelt, n));
}

static void add_character(lq_sieve *s, uint32_t c)
{
  char text[4];
  let_pass_print(s, add_needle(s, text, lq_utf8_encode(c, text)));
}

// Behind `\u`: 0 begins all of ASCII and 017F, 2 the Kelvin sign.
static void add_escape(lq_sieve *s)
{
  lq_sieve_needle *d = add_needle(s, "\\u", 2);
  d->escape = true;
  let_pass(s, 0, '\\', d->bucket);
  let_pass(s, 1, 'u', d->bucket);
  let_pass(s, 2, '0', d->bucket);
  if (s->kelvin)
    let_pass(s, 2, '2', d->bucket);
}

lq_status lq_sieve_new(lq_sieve **out, const lq_str *texts, size_t n, const lq_mem *mem)
{
  lq_sieve *s = *out = lq_mem_alloc(mem, 1, sizeof *s);
  if (!s)
    return LQ_E_NOMEM;
  for (size_t i = 0; i < n && i < LQ_SIEVE_TEXTS; i++)
    add_text(s, texts[i]);
  if (s->kelvin)
    add_character(s, KELVIN);
  if (s->long_s)
    add_character(s, LONG_S);
  add_escape(s);
  return LQ_OK;
}

void lq_sieve_free(lq_sieve *s, const lq_mem *mem)
{
  lq_mem_free(mem, s, 1, sizeof *s);
}

// ---- finding

static int hex_digit(uint8_t c)
{
  c = lower(c);
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Does an escape stand there for a character that some text has?
static bool is_escape(const lq_sieve *s, lq_str block, size_t at)
{
  enum { PREFIX = 2, DIGITS = 4 };
  uint32_t c = 0;
  if (block.n - at < PREFIX + DIGITS || block.p[at] != '\\' || block.p[at + 1] != 'u')
    return false;
  for (size_t i = at + PREFIX; i < at + PREFIX + DIGITS; i++) {
    int digit = hex_digit((uint8_t)block.p[i]);
    if (digit < 0)
      return false;
    c = c << 4 | (uint32_t)digit;
  }
  return c < sizeof s->escaped ? s->escaped[c] : (c == LONG_S && s->long_s) || (c == KELVIN && s->kelvin);
}

static bool stands(const lq_sieve_needle *d, lq_str block, size_t print)
{
  if (print < d->print || block.n - (print - d->print) < d->n)
    return false;
  const char *p = block.p + print - d->print;
  size_t i = 0;
  while (i < d->n && lower((uint8_t)p[i]) == d->text[i])
    i++;
  return i == d->n;
}

static bool stands_any(const lq_sieve *s, lq_str block, size_t print)
{
  for (size_t i = 0; i < s->n; i++) {
    const lq_sieve_needle *d = &s->needles[i];
    if (d->escape ? is_escape(s, block, print) : stands(d, block, print))
      return true;
  }
  return false;
}

size_t lq_sieve_find(const lq_sieve *s, lq_str block, size_t from, bool wide)
{
  const uint8_t *p = (const uint8_t *)block.p;
  for (; from < block.n; from++) {
    from = wide ? lq_sieve_scan_wide(s, p, from, block.n) : lq_sieve_scan(s, p, from, block.n);
    if (from < block.n && stands_any(s, block, from))
      break;
  }
  return from < block.n ? from : block.n;
}
