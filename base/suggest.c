// "Did you mean": edit distance (insert, delete, replace, swap of neighbours), ASCII case ignored.
#include "base/suggest.h"

#include <stdint.h>

// A longer name is no one's typing error, and three rows of this size fit the stack.
enum { NAME_MAX_BYTES = 255, FAR = 1000 };

static char lower(char c)
{
  return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t min2(size_t a, size_t b)
{
  return a < b ? a : b;
}

typedef struct rows {
  size_t cells[3][NAME_MAX_BYTES + 1]; // by i % 3: this row and the two before it
} rows;

static size_t cell(const rows *r, lq_str a, lq_str b, size_t i, size_t j)
{
  const size_t *before = r->cells[(i + 2) % 3], *here = r->cells[i % 3];
  char x = lower(a.p[i - 1]), y = lower(b.p[j - 1]);
  size_t best = min2(min2(before[j], here[j - 1]) + 1, before[j - 1] + (x != y));
  bool swapped = i > 1 && j > 1 && x == lower(b.p[j - 2]) && y == lower(a.p[i - 2]);
  return swapped ? min2(best, r->cells[(i + 1) % 3][j - 2] + 1) : best;
}

// Row i, where the distance can still be at most `most`: all other cells are too far from the diagonal. Gives
// the least of it.
static size_t fill_row(rows *r, lq_str a, lq_str b, size_t i, size_t most)
{
  size_t from = i > most ? i - most : 1, to = min2(b.n, i + most), least = FAR;
  size_t *here = r->cells[i % 3];
  here[from - 1] = from == 1 ? i : FAR;
  for (size_t j = from; j <= to; j++) {
    here[j] = cell(r, a, b, i, j);
    least = min2(least, here[j]);
  }
  if (to < b.n)
    here[to + 1] = FAR;
  return min2(least, here[from - 1]);
}

// More than `most` may come out as anything that is. The lengths differ by no more than that.
static size_t distance(lq_str a, lq_str b, size_t most)
{
  rows r;
  for (size_t j = 0; j <= b.n && j <= most; j++)
    r.cells[0][j] = j;
  if (most < b.n)
    r.cells[0][most + 1] = FAR;
  for (size_t i = 1, before = 0; i <= a.n; i++) {
    size_t least = fill_row(&r, a, b, i, most);
    if (least > most && before > most) // a swap reaches over one row
      return FAR;
    before = least;
  }
  return r.cells[a.n % 3][b.n];
}

// The letters that occur, folded into 64 bits.
static uint64_t letters_of(lq_str s)
{
  uint64_t set = 0;
  for (size_t i = 0; i < s.n; i++)
    set |= UINT64_C(1) << (lower(s.p[i]) & 63);
  return set;
}

// A letter that one of them lacks takes an edit of its own. Most names are too far by that alone.
static bool may_be_near(uint64_t a, uint64_t b, size_t most)
{
  uint64_t lacks_a = b & ~a, lacks_b = a & ~b;
  return (size_t)__builtin_popcountll(lacks_a) <= most && (size_t)__builtin_popcountll(lacks_b) <= most;
}

static size_t length_gap(lq_str a, lq_str b)
{
  return a.n > b.n ? a.n - b.n : b.n - a.n;
}

lq_str lq_suggest(lq_str wanted, size_t max_distance, lq_name_at at, const void *ctx)
{
  lq_str best = {0}, name;
  // Where more than half of the letters are wrong, it was another name.
  size_t limit = min2(max_distance, (wanted.n + 1) / 2) + 1;
  uint64_t letters = letters_of(wanted);
  for (size_t i = 0; wanted.n > 0 && wanted.n <= NAME_MAX_BYTES && at(ctx, i, &name); i++) {
    if (name.n > NAME_MAX_BYTES || length_gap(wanted, name) >= limit ||
        !may_be_near(letters, letters_of(name), limit - 1))
      continue;
    size_t d = distance(wanted, name, limit - 1);
    if (d < limit)
      best = name, limit = d;
  }
  return best;
}
