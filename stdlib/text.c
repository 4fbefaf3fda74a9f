// Functions that look at text, or make other text of it.
#include <math.h>
#include <utf8proc.h>

#include "base/utf8.h"
#include "stdlib/bodies.h"

// ---- letters

static uint32_t lower(uint32_t c)
{
  return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}
static uint32_t upper(uint32_t c)
{
  return (uint32_t)utf8proc_toupper((utf8proc_int32_t)c);
}

// No letter's other case is longer than half again.
static lq_value mapped(const lq_call *call, const lq_value *v, uint32_t (*map)(uint32_t))
{
  lq_str s;
  size_t n = 0;
  char *p = lq_arg_text(call, v, &s) ? lq_new_text(call, s.n + s.n / 2 + 4) : NULL;
  if (!p)
    return LQ_NO_VALUE;
  for (size_t at = 0; at < s.n;) {
    size_t start = at;
    uint32_t c = lq_utf8_next(s, &at);
    if (c != LQ_CODEPOINT_BAD)
      n += lq_utf8_encode(map(c), p + n);
    else
      while (start < at)
        p[n++] = s.p[start++];
  }
  return lq_string((lq_str){p, n});
}

lq_value lq_fn_lower(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  // Endgame EQL's keys fold what is a string, and numbers stay numbers.
  if (call->endgame && args[0].type != LQ_T_STRING)
    return args[0];
  return mapped(call, &args[0], lower);
}

lq_value lq_fn_upper(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  return mapped(call, &args[0], upper);
}

lq_value lq_fn_trim(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  return lq_arg_text(call, &args[0], &s) ? lq_string(lq_str_trim(s)) : LQ_NO_VALUE;
}

lq_value lq_fn_reverse(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  char *p = lq_arg_text(call, &args[0], &s) ? lq_new_text(call, s.n) : NULL;
  if (!p)
    return LQ_NO_VALUE;
  for (size_t at = 0, start = 0; at < s.n; start = at) {
    lq_utf8_next(s, &at);
    memcpy(p + s.n - at, s.p + start, at - start);
  }
  return lq_string((lq_str){p, s.n});
}

// ---- replacing

// Writes the text with replacements to p, or nothing if p is NULL; gives its length, or SIZE_MAX.
static size_t replace(const lq_call *call, const lq_str s[3], char *p)
{
  lq_finder f;
  size_t from = 0, start, end, n = 0;
  if (!lq_finder_init(&f, call, s[0], 0, s[1]))
    return SIZE_MAX;
  while (s[1].n > 0 && n <= LQ_TEXT_MAX && lq_find_next(&f, &start, &end)) {
    if (p) {
      memcpy(p + n, s[0].p + from, start - from);
      memcpy(p + n + (start - from), s[2].p, s[2].n);
    }
    n += start - from + s[2].n;
    from = end;
  }
  if (p)
    memcpy(p + n, s[0].p + from, s[0].n - from);
  return n + (s[0].n - from);
}

lq_value lq_fn_replace(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s[3];
  for (int i = 0; i < 3; i++) {
    if (!lq_arg_text(call, &args[i], &s[i]))
      return LQ_NO_VALUE;
  }
  size_t n = replace(call, s, NULL);
  char *p = n == SIZE_MAX ? NULL : lq_new_text(call, n);
  return p && replace(call, s, p) == n ? lq_string((lq_str){p, n}) : LQ_NO_VALUE;
}

// ---- measures

lq_value lq_fn_entropy(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  size_t counts[256] = {0};
  double bits = 0;
  if (!lq_arg_text(call, &args[0], &s))
    return LQ_NO_VALUE;
  for (size_t i = 0; i < s.n; i++)
    counts[(unsigned char)s.p[i]]++;
  for (int i = 0; i < 256; i++) {
    double share = (double)counts[i] / (double)s.n;
    if (counts[i] > 0)
      bits -= share * log2(share);
  }
  return lq_double(bits == 0 ? 0 : bits); // one byte over and over gives -0.0
}

enum { LEVENSHTEIN_MAX = 256 };

static bool code_points(const lq_call *call, const lq_value *v, uint32_t out[LEVENSHTEIN_MAX], size_t *n)
{
  lq_str s;
  *n = 0;
  if (!lq_arg_text(call, v, &s))
    return false;
  for (size_t at = 0; at < s.n;) {
    if (*n == LEVENSHTEIN_MAX)
      return false;
    uint32_t c = lq_utf8_next(s, &at);
    out[(*n)++] = call->fold ? lq_fold(c) : c;
  }
  return true;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
  unsigned least_ab = a < b ? a : b;
  return least_ab < c ? least_ab : c;
}

lq_value lq_fn_levenshtein(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  uint32_t a[LEVENSHTEIN_MAX], b[LEVENSHTEIN_MAX];
  unsigned row[LEVENSHTEIN_MAX + 1];
  size_t na, nb;
  if (!code_points(call, &args[0], a, &na) || !code_points(call, &args[1], b, &nb))
    return LQ_NO_VALUE;
  for (unsigned j = 0; j <= nb; j++)
    row[j] = j;
  for (unsigned i = 0; i < na; i++) {
    unsigned corner = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < nb; j++) {
      unsigned change = corner + (a[i] != b[j]);
      corner = row[j + 1];
      row[j + 1] = least(change, corner + 1, row[j] + 1);
    }
  }
  return lq_int(row[nb]);
}

// ---- paths: both slashes, whatever the system

static bool is_slash(char c)
{
  return c == '/' || c == '\\';
}

static size_t name_start(lq_str path)
{
  size_t i = path.n;
  while (i > 0 && !is_slash(path.p[i - 1]))
    i--;
  return i;
}

lq_value lq_fn_basename(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  return lq_arg_text(call, &args[0], &s) ? lq_string(lq_str_slice(s, name_start(s), s.n)) : LQ_NO_VALUE;
}

lq_value lq_fn_dirname(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  if (!lq_arg_text(call, &args[0], &s))
    return LQ_NO_VALUE;
  size_t start = name_start(s), n = start;
  while (n > 0 && is_slash(s.p[n - 1]))
    n--;
  // A root keeps its slash: `/`, `C:\`.
  bool root = n == 0 || (n == 2 && s.p[1] == ':');
  return lq_string(lq_str_slice(s, 0, root && start > n ? n + 1 : n));
}

lq_value lq_fn_extension(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  if (!lq_arg_text(call, &args[0], &s))
    return LQ_NO_VALUE;
  s = lq_str_slice(s, name_start(s), s.n);
  size_t i = s.n;
  while (i > 0 && s.p[i - 1] != '.')
    i--;
  // A dot at the very beginning hides a file and starts no extension.
  return lq_string(i > 1 ? lq_str_slice(s, i, s.n) : LQ_STR(""));
}
