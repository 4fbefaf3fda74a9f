// Wildcard patterns. A pattern is literal segments with `*` between them: the first one is tied to the start
// of the text, the last one to its end, and each one between lies at its leftmost place after the one before
// (any other place leaves less room for the rest, so there is no way back and no recursion).
#include "base/glob.h"

#include "base/utf8.h"

static size_t find_byte(lq_str s, size_t from, char c)
{
  const char *p = from < s.n ? memchr(s.p + from, c, s.n - from) : NULL;
  return p ? (size_t)(p - s.p) : s.n;
}

static size_t find_last_byte(lq_str s, char c)
{
  size_t i = s.n;
  while (i > 0 && s.p[i - 1] != c)
    i--;
  return i > 0 ? i - 1 : s.n;
}

bool lq_glob_has_wildcard(lq_str p)
{
  return find_byte(p, 0, LQ_ANY_RUN) < p.n || find_byte(p, 0, LQ_ANY_ONE) < p.n;
}

static lq_glob_kind kind_of(lq_str p, lq_str *literal)
{
  if (!lq_glob_has_wildcard(p))
    return *literal = p, LQ_GLOB_EXACT;
  size_t from = 0, to = p.n;
  while (from < to && p.p[from] == LQ_ANY_RUN)
    from++;
  while (to > from && p.p[to - 1] == LQ_ANY_RUN)
    to--;
  lq_str middle = lq_str_slice(p, from, to);
  if (middle.n == 0)
    return LQ_GLOB_ANY;
  if (lq_glob_has_wildcard(middle))
    return LQ_GLOB_GENERAL;
  *literal = middle;
  return from == 0 ? LQ_GLOB_PREFIX : to == p.n ? LQ_GLOB_SUFFIX : LQ_GLOB_CONTAINS;
}

lq_glob_kind lq_glob_classify(lq_str pattern, lq_str *literal)
{
  lq_str lit = {"", 0};
  lq_glob_kind kind = kind_of(pattern, &lit);
  if (literal)
    *literal = lit;
  return kind;
}

void lq_glob_plain(lq_buf *out, lq_str pattern)
{
  for (size_t i = 0; i < pattern.n; i++) {
    char c = pattern.p[i];
    lq_buf_byte(out, c == LQ_ANY_RUN ? '*' : c == LQ_ANY_ONE ? '?' : c);
  }
}

// ---- one segment

static void skip_one(lq_str text, size_t *at)
{
  if ((uint8_t)text.p[*at] < 0x80) // nearly always
    ++*at;
  else
    lq_utf8_next(text, at);
}

static uint8_t lower(uint8_t c)
{
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same_folded(lq_str a, size_t *i, lq_str b, size_t *j)
{
  uint8_t x = (uint8_t)a.p[*i], y = (uint8_t)b.p[*j];
  if (x < 0x80 && y < 0x80) {
    ++*i, ++*j;
    return lower(x) == lower(y);
  }
  uint32_t c = lq_utf8_next(a, i), d = lq_utf8_next(b, j);
  return lq_fold(c) == lq_fold(d);
}

static bool fits_folded(lq_str seg, lq_str text, size_t *at)
{
  size_t i = 0, j = *at;
  while (i < seg.n) {
    if (j == text.n)
      return false;
    if (seg.p[i] == LQ_ANY_ONE)
      i++, lq_utf8_next(text, &j);
    else if (!same_folded(seg, &i, text, &j))
      return false;
  }
  *at = j;
  return true;
}

// Segments are short, and most that do not fit differ in their first bytes.
static bool fits_exact(lq_str seg, lq_str text, size_t *at)
{
  size_t j = *at;
  for (size_t i = 0; i < seg.n; i++) {
    if (j == text.n)
      return false;
    if (seg.p[i] == LQ_ANY_ONE)
      skip_one(text, &j);
    else if (seg.p[i] != text.p[j++])
      return false;
  }
  *at = j;
  return true;
}

// Does the segment lie at text[*at]? Then *at moves behind it.
static bool fits(lq_str seg, lq_str text, size_t *at, bool fold)
{
  return fold ? fits_folded(seg, text, at) : fits_exact(seg, text, at);
}

// The next place from `at` on where a text may begin to fit a segment that begins with byte c.
static size_t candidate(lq_str text, size_t at, uint8_t c, bool fold)
{
  if (!fold)
    return find_byte(text, at, (char)c);
  if (c >= 0x80) // its other case may be anywhere: K is also the Kelvin sign
    return at;
  uint8_t want = lower(c);
  while (at < text.n && (uint8_t)text.p[at] < 0x80 && lower((uint8_t)text.p[at]) != want)
    at++;
  return at;
}

// Finds the leftmost place of the segment in text, from *at on. Gives where it begins; *at moves behind it.
static bool search(lq_str seg, lq_str text, size_t *at, size_t *start, bool fold)
{
  size_t from = *at;
  *start = from;
  while (seg.n > 0 && seg.p[0] == LQ_ANY_ONE) {
    if (from == text.n)
      return false;
    skip_one(text, &from);
    seg.p++, seg.n--;
  }
  if (seg.n == 0)
    return *at = from, true;
  while ((from = candidate(text, from, (uint8_t)seg.p[0], fold)) < text.n) {
    *at = from;
    if (fits(seg, text, at, fold))
      return *start = from, true;
    skip_one(text, &from);
  }
  return false;
}

// Where the last segment begins, if it lies at the end of the text, behind `from`: from the back, byte by
// byte, as far as there is nothing but ASCII. Else *sure is false.
static bool fits_end(lq_str seg, lq_str text, size_t from, size_t *start, bool *sure)
{
  size_t i = seg.n, j = text.n;
  *sure = true;
  for (; i > 0 && j > from; i--, j--) {
    char want = seg.p[i - 1], c = text.p[j - 1];
    if ((uint8_t)c >= 0x80 || ((uint8_t)want >= 0x80 && want != LQ_ANY_ONE))
      return *sure = false;
    if (want != c && want != LQ_ANY_ONE)
      return false;
  }
  *start = j;
  return i == 0;
}

// Where the last segment has to begin. Folding keeps the number of code points, so counting them back will
// do.
static bool tail_start(lq_str seg, lq_str text, size_t from, size_t *start)
{
  *start = text.n;
  for (size_t i = 0; i < seg.n;) {
    if (*start <= from)
      return false;
    *start = lq_utf8_back(text, *start);
    lq_utf8_next(seg, &i);
  }
  return *start >= from;
}

// ---- the whole pattern

// Where literals were found, for lq_glob_locate.
typedef struct hits {
  bool any;
  size_t start, end;
} hits;

static bool is_literal(lq_str seg)
{
  size_t i = 0;
  while (i < seg.n && seg.p[i] == LQ_ANY_ONE)
    i++;
  return i < seg.n;
}

static void note(hits *h, lq_str seg, lq_str text, size_t start, size_t end)
{
  if (!h || !is_literal(seg))
    return;
  for (; seg.p[seg.n - 1] == LQ_ANY_ONE; seg.n--)
    end = lq_utf8_back(text, end);
  h->end = end;
  if (!h->any)
    h->start = start;
  h->any = true;
}

static size_t skip_ones(lq_str seg, lq_str text, size_t at)
{
  for (size_t i = 0; i < seg.n && seg.p[i] == LQ_ANY_ONE; i++)
    lq_utf8_next(text, &at);
  return at;
}

static bool fits_tail(lq_str seg, lq_str text, size_t from, size_t *start, bool fold)
{
  bool sure = false, fits_there = !fold && fits_end(seg, text, from, start, &sure);
  if (sure)
    return fits_there;
  if (!tail_start(seg, text, from, start))
    return false;
  size_t stop = *start;
  return fits(seg, text, &stop, fold) && stop == text.n;
}

static bool walk_middle(lq_str segments, lq_str text, size_t at, bool fold, hits *h)
{
  for (size_t i = 0; i < segments.n;) {
    size_t star = find_byte(segments, i, LQ_ANY_RUN), start = 0;
    lq_str seg = lq_str_slice(segments, i, star);
    if (!search(seg, text, &at, &start, fold))
      return false;
    note(h, seg, text, start, at);
    i = star + 1;
  }
  return true;
}

static bool walk(lq_str p, lq_str text, bool fold, hits *h)
{
  size_t first = find_byte(p, 0, LQ_ANY_RUN), at = 0, end = 0;
  lq_str head = lq_str_slice(p, 0, first);
  if (!fits(head, text, &at, fold))
    return false;
  note(h, head, text, skip_ones(head, text, 0), at);
  if (first == p.n)
    return at == text.n;
  size_t last = find_last_byte(p, LQ_ANY_RUN);
  lq_str tail = lq_str_slice(p, last + 1, p.n);
  if (!fits_tail(tail, text, at, &end, fold))
    return false;
  lq_str middle = first < last ? lq_str_slice(p, first + 1, last) : LQ_STR("");
  if (!walk_middle(middle, lq_str_slice(text, 0, end), at, fold, h))
    return false;
  note(h, tail, text, skip_ones(tail, text, end), text.n);
  return true;
}

bool lq_glob_match(lq_str pattern, lq_str text, bool fold)
{
  return walk(pattern, text, fold, NULL);
}

bool lq_glob_begins(lq_str segment, lq_str text)
{
  size_t at = 0;
  return fits_exact(segment, text, &at);
}

bool lq_glob_ends(lq_str segment, lq_str text)
{
  size_t start;
  return fits_tail(segment, text, 0, &start, false);
}

bool lq_glob_locate(lq_str pattern, lq_str text, bool fold, size_t *start, size_t *end)
{
  hits h = {0};
  if (!walk(pattern, text, fold, &h))
    return false;
  *start = h.any ? h.start : 0;
  *end = h.any ? h.end : text.n;
  return true;
}
