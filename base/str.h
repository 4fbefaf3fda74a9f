// Text as a pointer and a length. Rules and events can hold any byte, NUL too.
#ifndef LQ_BASE_STR_H
#define LQ_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct lq_str {
  const char *p;
  size_t n;
} lq_str;

#define LQ_STR(literal) ((lq_str){(literal), sizeof(literal) - 1})
// For initialisers of static tables, where a compound literal is no constant.
#define LQ_STR_INIT(literal)                                                                                 \
  {                                                                                                          \
    (literal), sizeof(literal) - 1                                                                           \
  }
// printf: "%.*s", LQ_STR_ARG(s)
#define LQ_STR_ARG(s) (int)(s).n, (s).p

// C++ includes this too and has no compound literals.
static inline lq_str lq_str_make(const char *p, size_t n)
{
  lq_str s = {p, n};
  return s;
}
static inline lq_str lq_str_of(const char *z)
{
  return lq_str_make(z, strlen(z));
}
static inline bool lq_str_eq(lq_str a, lq_str b)
{
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
static inline bool lq_str_is(lq_str a, const char *z)
{
  return lq_str_eq(a, lq_str_of(z));
}
static inline lq_str lq_str_slice(lq_str s, size_t from, size_t to)
{
  return lq_str_make(from ? s.p + from : s.p, to - from); // NULL + 0 is undefined in C
}
int lq_str_cmp(lq_str a, lq_str b);       // byte order, shorter first
bool lq_str_eq_ascii(lq_str a, lq_str b); // letters A-Z and a-z are one: for keywords, names of functions
bool lq_str_starts(lq_str s, lq_str prefix);
bool lq_str_ends(lq_str s, lq_str suffix);
lq_str lq_str_trim(lq_str s); // ASCII white space at both ends

#endif
