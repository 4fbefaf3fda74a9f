// Random choices that are the same everywhere, and texts that grow by them.
#ifndef LQ_TESTS_REFERENCE_DICE_H
#define LQ_TESTS_REFERENCE_DICE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef struct dice {
  uint64_t state;
} dice;

static inline uint32_t below(dice *d, uint32_t n)
{
  d->state = d->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((d->state >> 33) % n);
}

static inline bool chance(dice *d, uint32_t percent)
{
  return below(d, 100) < percent;
}

static inline void append(char *to, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static inline void append(char *to, size_t size, const char *fmt, ...)
{
  va_list ap;
  size_t n = strlen(to);
  va_start(ap, fmt);
  vsnprintf(to + n, size - n, fmt, ap);
  va_end(ap);
}

#endif
