// What the walk (walk.c) knows about bytes. Its text ends in a brace, so nothing here that looks for
// something else, or goes on while it sees what it knows, reads beyond that.
#ifndef LQ_INPUT_WALK_TEXT_H
#define LQ_INPUT_WALK_TEXT_H

#include <string.h>

#include "base/str.h"

// The closing quote of a string: the last quote before the next string.
static inline uint32_t end_before(const char *text, uint32_t next)
{
  do
    next--;
  while (text[next] != '"');
  return next;
}

static inline const char *skip_blanks(const char *p)
{
  while (__builtin_expect(*p == ' ', 0) || __builtin_expect((unsigned char)*p < ' ', 0)) {
    if (*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')
      break;
    p++;
  }
  return p;
}

static inline bool are(const char *p, const char two[2])
{
  uint16_t a, b;
  memcpy(&a, p, sizeof a);
  memcpy(&b, two, sizeof b);
  return a == b;
}

static inline bool is_digit(char c)
{
  return (unsigned char)(c - '0') < 10;
}

static inline const char *skip_digits(const char *p)
{
  while (is_digit(*p))
    p++;
  return p;
}

static inline const char *skip_number(const char *p)
{
  p += *p == '-';
  const char *start = p;
  p = *p == '0' ? p + 1 : skip_digits(p);
  if (p == start)
    return NULL;
  if (*p == '.') {
    start = p + 1;
    p = skip_digits(start);
    if (p == start)
      return NULL;
  }
  if ((*p | 0x20) == 'e') {
    p += p[1] == '+' || p[1] == '-' ? 2 : 1;
    start = p;
    p = skip_digits(p);
    if (p == start)
      return NULL;
  }
  return p;
}

// Without the blanks around it. Records are objects: what is none, or ends like none, is not worth the code
// here.
static inline bool lq_walk_finds_object(lq_str *text)
{
  const char *p = text->p, *end = p + text->n;
  while (end > p && (end[-1] == ' ' || end[-1] == '\n' || end[-1] == '\r' || end[-1] == '\t'))
    end--;
  if (end == p || end[-1] != '}')
    return false;
  p = skip_blanks(p);
  *text = (lq_str){p, (size_t)(end - p)};
  return *p == '{' && text->n >= 2;
}

// Could it have more values than so many? Each has a byte and a comma, but for the last.
static inline bool lq_walk_may_have_more(lq_str text, size_t max_leaves)
{
  size_t commas = 0;
  if (text.n / 2 <= max_leaves)
    return false;
  for (size_t i = 0; i < text.n; i++)
    commas += text.p[i] == ',';
  return commas >= max_leaves;
}

#endif
