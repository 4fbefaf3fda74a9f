// What a regular expression costs to compile, bounded from its text alone, before RE2 sees it.
//
// RE2 bounds the program that it makes, not the work on the way there: it unrolls repeats first, and chains
// of optional copies take the square of their number. So this pass reads the same syntax, more coarsely, and
// never says less than RE2 will take. One unit is about one instruction: 0.5 us and 320 bytes while it is
// compiled, 130 bytes afterwards (measured with RE2 2022-06, tests/unit/test_regex.c holds it to the sizes).
#include <string.h>

#include "stdlib/regex.h"

enum {
  DEPTH_MAX = 1000,    // RE2 has the same
  COUNT_MAX = 1000000, // RE2 refuses what is over 1,000; counted on, so that a product is not cut
  OPTIONAL_ROOT = 8,   // as many optional copies cost one unit more each: n copies, n * n / 64
  PROPERTY = 1700,     // \pL and \PL, the largest classes there are
  BLANKS = 64,         // \p{Zs}
  WIDE = 64,           // code points beyond ASCII, or a range of them, with all that folding adds
  WIDE_BYTE = 32,      // of two bytes at least
  CLASS = 8,           // a class of its own, and the rest of all code points when it is negated
  NEGATED = 40,        // [^a], \\W
  SHORTHAND = 16,      // \w
  ANY = 16,            // the bytes of all code points
  NAMED = 16,          // [:alpha:]
  UNNAMED = 64,        // [: without an end
  NAME_MAX_LENGTH = 64,
  IN_CLASS = 4,
  FOLDS_WIDE = 5, // k and s, which fold to code points beyond ASCII
  PLAIN = 2,
  REPEAT = 3,
};

typedef struct lq_tally {
  uint64_t cost, optional; // optional: copies that `{n,m}` may leave out
} lq_tally;

typedef struct lq_costing {
  const char *p, *end;
  lq_tally now, atom; // so far; before the last atom, which a repeat multiplies
  lq_tally open[DEPTH_MAX];
  size_t depth;
} lq_costing;

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_low(char c)
{
  return c >= '0' && c <= '7';
}

static bool follows(const lq_costing *c, const char *text)
{
  size_t n = strlen(text);
  return (size_t)(c->end - c->p) >= n && memcmp(c->p, text, n) == 0;
}

// ---- characters

// `p{Lu}`, `pL`: what stands behind the backslash.
static uint64_t property(lq_costing *c)
{
  bool blanks = follows(c, "p{Zs}");
  size_t left = (size_t)(c->end - c->p);
  const char *close = left > 1 && c->p[1] == '{'
                          ? memchr(c->p, '}', left < NAME_MAX_LENGTH ? left : NAME_MAX_LENGTH)
                          : NULL;
  c->p += c->p + 1 < c->end;
  c->p = close ? close + 1 : c->p + (c->p < c->end);
  return blanks ? BLANKS : PROPERTY;
}

// Digits of a code point are left to be read as characters of their own: that is more than enough.
static uint64_t code_point(lq_costing *c, const char *zeros)
{
  c->p++;
  bool ascii = follows(c, zeros) && c->p + strlen(zeros) < c->end && is_low(c->p[strlen(zeros)]);
  return ascii ? IN_CLASS : WIDE;
}

static uint64_t escape(lq_costing *c)
{
  c->p++;
  if (c->p == c->end)
    return PLAIN;
  switch (*c->p) {
  case 'p':
  case 'P': return property(c);
  case 'x': return code_point(c, "");
  case 'u': return code_point(c, "00");
  case 'h': c->p++; return BLANKS;
  case 'd':
  case 's':
  case 'w': c->p++; return SHORTHAND;
  case 'D':
  case 'S':
  case 'W': c->p++; return NEGATED;
  default: break;
  }
  bool number = is_digit(*c->p);
  c->p++;
  return number ? WIDE : FOLDS_WIDE;
}

static uint64_t character(lq_costing *c)
{
  char b = *c->p++;
  if ((unsigned char)b >= 0x80)
    return WIDE_BYTE;
  return b != '\0' && strchr("kKsS", b) ? FOLDS_WIDE : PLAIN;
}

// Behind `[:alpha:]`; NULL: no such thing begins here.
static const char *named_end(const lq_costing *c)
{
  for (const char *q = c->p; q + 1 < c->end && q - c->p < NAME_MAX_LENGTH; q++) {
    if (q[0] == ':' && q[1] == ']')
      return q + 2;
  }
  return NULL;
}

static uint64_t item_of_class(lq_costing *c)
{
  if (*c->p == '\\')
    return escape(c);
  if (!follows(c, "[:"))
    return character(c) + IN_CLASS;
  // RE2 looks for the end of the name through all the rest.
  const char *end = named_end(c);
  c->p = end ? end : c->p + 1;
  return end ? NAMED : UNNAMED;
}

static uint64_t class(lq_costing *c)
{
  uint64_t cost = CLASS;
  c->p++;
  if (c->p < c->end && *c->p == '^') {
    c->p++;
    cost = NEGATED;
  }
  for (bool first = true; c->p < c->end && (first || *c->p != ']'); first = false)
    cost += item_of_class(c);
  c->p += c->p < c->end;
  return cost;
}

static uint64_t quoted(lq_costing *c)
{
  uint64_t cost = PLAIN;
  c->p += 2;
  while (c->p < c->end && !follows(c, "\\E"))
    cost += character(c);
  c->p += c->p < c->end ? 2 : 0;
  return cost;
}

// ---- repeats

static bool number(lq_costing *c, const char **p, uint64_t *out)
{
  const char *start = *p;
  for (*out = 0; *p < c->end && is_digit(**p); ++*p)
    *out = *out < COUNT_MAX ? *out * 10 + (uint64_t)(**p - '0') : COUNT_MAX;
  return *p > start;
}

// `{2}`, `{2,}`, `{2,5}`, and `{,5}` as it is meant; anything else is text. False: text.
static bool bounds(lq_costing *c, uint64_t *least, uint64_t *most)
{
  const char *p = c->p + 1;
  bool has_least = number(c, &p, least), has_most = has_least;
  *most = *least;
  if (p < c->end && *p == ',') {
    p++;
    has_most = number(c, &p, most) || has_least;
  }
  if (!has_most || p == c->end || *p != '}')
    return false;
  *most = *most > *least ? *most : *least;
  c->p = p + 1;
  return true;
}

static void repeat(lq_costing *c, uint64_t least, uint64_t most)
{
  uint64_t copies = most > 0 ? most : 1;
  uint64_t cost = c->now.cost - c->atom.cost, optional = c->now.optional - c->atom.optional;
  c->now.cost = c->atom.cost + (cost + REPEAT) * copies;
  c->now.optional = c->atom.optional + optional * copies + (most - least);
}

// ---- the whole

static void atom(lq_costing *c, uint64_t cost)
{
  c->atom = c->now;
  c->now.cost += cost;
}

// False: nested too deeply.
static bool open_group(lq_costing *c)
{
  c->p++;
  if (c->depth == DEPTH_MAX)
    return false;
  c->open[c->depth++] = c->now;
  c->now.cost += PLAIN;
  c->atom = c->now;
  return true;
}

static void close_group(lq_costing *c)
{
  c->p++;
  c->now.cost += PLAIN;
  c->atom = c->depth > 0 ? c->open[--c->depth] : c->now;
}

static void begin_alternative(lq_costing *c)
{
  c->p++;
  c->now.cost += PLAIN;
  c->atom = c->now;
}

static bool step(lq_costing *c)
{
  uint64_t least, most;
  switch (*c->p) {
  case '(': return open_group(c);
  case ')': close_group(c); break;
  case '|': begin_alternative(c); break;
  case '[': atom(c, class(c)); break;
  case '.': c->p++, atom(c, ANY); break;
  case '\\': atom(c, follows(c, "\\Q") ? quoted(c) : escape(c)); break;
  case '*':
  case '+':
  case '?': c->p++, repeat(c, 1, 1); break;
  case '{':
    if (bounds(c, &least, &most)) {
      repeat(c, least, most);
      break;
    }
    atom(c, character(c));
    break;
  default: atom(c, character(c)); break;
  }
  return true;
}

// No sum wraps around: it is looked at after every step, and a step multiplies by COUNT_MAX at most.
static uint64_t total(const lq_costing *c)
{
  uint64_t n = c->now.optional / OPTIONAL_ROOT;
  return c->now.cost + (n < UINT32_MAX ? n * n : UINT64_MAX / 2);
}

uint64_t lq_regex_cost(lq_str text, uint64_t max, size_t *bad_at)
{
  // Its length counts whatever stands there: a number can have a million digits.
  lq_costing c = {.p = text.p, .end = text.p + text.n, .now = {.cost = PLAIN + text.n}};
  c.atom = c.now;
  *bad_at = 0;
  if (c.now.cost > max)
    return LQ_REGEX_COSTS_TOO_MUCH;
  while (c.p < c.end) {
    *bad_at = (size_t)(c.p - text.p);
    if (!step(&c) || total(&c) > max)
      return LQ_REGEX_COSTS_TOO_MUCH;
  }
  *bad_at = 0;
  return total(&c);
}
