// What the files of the sieve share: its tables, and the search for the places where a text may stand.
#ifndef LQ_INPUT_SIEVE_SCAN_H
#define LQ_INPUT_SIEVE_SCAN_H

#include "input/sieve.h"

enum { LQ_SIEVE_PRINT = 3 }; // bytes of a text that are looked at first

typedef struct lq_sieve_needle {
  uint8_t text[2 * LQ_SIEVE_TEXT_MAX]; // in small letters, as JSON writes it
  uint8_t n, print;                    // where in it the print begins
  uint8_t bucket;                      // a bit
  bool escape;                         // `\u`: four digits follow that stand for a character of some text
} lq_sieve_needle;

struct lq_sieve {
  lq_sieve_needle needles[LQ_SIEVE_TEXTS + 3];
  size_t n;
  bool escaped[128]; // characters that some text has, in either case
  bool kelvin, long_s;
  // By place in a print: the buckets that have a byte there; the same by its low and by its high half.
  uint8_t bytes[LQ_SIEVE_PRINT][256], low[LQ_SIEVE_PRINT][16], high[LQ_SIEVE_PRINT][16];
};

// The first place from `from` on where the print of some needle may stand, or n. Nothing lies behind the end
// that could rule one out.
size_t lq_sieve_scan(const lq_sieve *s, const uint8_t *p, size_t from, size_t n);
size_t lq_sieve_scan_wide(const lq_sieve *s, const uint8_t *p, size_t from, size_t n);

#endif
