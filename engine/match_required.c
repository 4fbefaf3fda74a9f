// A text that a regular expression cannot match without, read off its own text. Only what is plain is
// understood: literals in a row that nothing makes optional. Anything else ends the row or the reading.
#include "engine/match_parts.h"

typedef struct reader {
  lq_str s;
  size_t at;
  char row[LQ_REQUIRED_MAX];
  size_t nrow;
  char *best;
  size_t nbest;
} reader;

static void end_row(reader *r)
{
  if (r->nrow > r->nbest) {
    memcpy(r->best, r->row, r->nrow);
    r->nbest = r->nrow;
  }
  r->nrow = 0;
}

static int peek(const reader *r)
{
  return r->at < r->s.n ? (uint8_t)r->s.p[r->at] : -1;
}

static bool is_letter_or_digit(int c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Escapes that stand for characters, or for a place between two.
static bool is_known_escape(int c)
{
  return c >= 0 && (!is_letter_or_digit(c) || strchr("dswDSWbB", c));
}

// A class is stepped over. False: its end is not where one would think.
static bool skip_class(reader *r)
{
  r->at++;
  r->at += peek(r) == '^';
  if (peek(r) == ']')
    return false;
  for (int c; (c = peek(r)) != ']'; r->at += c == '\\' ? 2 : 1) {
    if (c < 0 || c == '[')
      return false;
  }
  r->at++;
  return true;
}

// A group is stepped over, with what is in it.
static bool skip_group(reader *r)
{
  int depth = 0;
  do {
    int c = peek(r);
    if (c < 0)
      return false;
    if (c == '[') {
      if (!skip_class(r))
        return false;
      continue;
    }
    r->at++;
    if (c == '(' && peek(r) == '?') // flags and names are not understood
      return false;
    if (c == '\\' && !is_known_escape(peek(r)))
      return false;
    r->at += c == '\\';
    depth += (c == '(') - (c == ')');
  } while (depth > 0);
  return true;
}

static bool is_repeated(const reader *r)
{
  int c = peek(r);
  return c == '*' || c == '?' || c == '{' || c == '+';
}

// Braces with anything but numbers in them are text.
static bool skip_repeats(reader *r)
{
  for (; is_repeated(r); r->at++) {
    if (peek(r) != '{')
      continue;
    do
      r->at++;
    while (peek(r) == ',' || (peek(r) >= '0' && peek(r) <= '9'));
    if (peek(r) != '}')
      return false;
  }
  return true;
}

// What `+` repeats is there; what other signs repeat may be absent.
static void add_literal(reader *r, int c)
{
  bool kept = peek(r) == '+' || !is_repeated(r);
  if (kept && r->nrow < LQ_REQUIRED_MAX)
    r->row[r->nrow++] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (is_repeated(r))
    end_row(r);
}

// One item of the row. False: not understood.
static bool item(reader *r)
{
  int c = peek(r);
  if (c == '|' || c == ')' || c == '{')
    return false;
  if (c == '[' || c == '(') {
    end_row(r);
    return c == '[' ? skip_class(r) : skip_group(r);
  }
  r->at++;
  bool escaped = c == '\\';
  if (escaped) {
    c = peek(r);
    r->at++;
    if (c >= 0x80 || !is_known_escape(c))
      return false;
  }
  bool literal = c < 0x80 && (escaped ? !is_letter_or_digit(c) : !strchr(".^$", c));
  if (literal)
    add_literal(r, c);
  else
    end_row(r);
  return true;
}

lq_str lq_regex_required(lq_str regex, char out[LQ_REQUIRED_MAX])
{
  reader r = {.s = regex, .best = out};
  while (r.at < r.s.n) {
    if (!item(&r) || !skip_repeats(&r))
      return LQ_STR("");
  }
  end_row(&r);
  return (lq_str){out, r.nbest};
}
