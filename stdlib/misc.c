// Version numbers, and the dashes of command lines.
#include "stdlib/bodies.h"

// ---- semver_compare

typedef struct version {
  lq_str numbers, pre; // `1.2.3`, `rc.1`
} version;

static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static bool is_ident(char c)
{
  return is_digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '-';
}

// The part of a dotted list that begins at *at; false at the end.
static bool next_part(lq_str list, size_t *at, lq_str *part)
{
  size_t start = *at;
  if (start > list.n || list.n == 0)
    return false;
  while (*at < list.n && list.p[*at] != '.')
    ++*at;
  *part = lq_str_slice(list, start, (*at)++);
  return true;
}

static bool all_parts(lq_str list, bool (*is)(char))
{
  lq_str part;
  for (size_t at = 0; next_part(list, &at, &part);) {
    for (size_t i = 0; i < part.n; i++) {
      if (!is(part.p[i]))
        return false;
    }
    if (part.n == 0)
      return false;
  }
  return true;
}

static bool read_version(lq_str s, version *out)
{
  s = lq_str_trim(s);
  if (s.n > 0 && (s.p[0] | 32) == 'v')
    s = lq_str_slice(s, 1, s.n);
  const char *plus = s.n > 0 ? memchr(s.p, '+', s.n) : NULL;
  if (plus)
    s.n = (size_t)(plus - s.p); // a build has no rank
  const char *dash = s.n > 0 ? memchr(s.p, '-', s.n) : NULL;
  size_t n = dash ? (size_t)(dash - s.p) : s.n;
  *out = (version){lq_str_slice(s, 0, n), dash ? lq_str_slice(s, n + 1, s.n) : LQ_STR("")};
  return n > 0 && (!dash || out->pre.n > 0) && all_parts(out->numbers, is_digit) &&
         all_parts(out->pre, is_ident);
}

// Numbers of any length: without leading zeros, the longer one is greater.
static int compare_numbers(lq_str a, lq_str b)
{
  while (a.n > 0 && *a.p == '0')
    a = lq_str_slice(a, 1, a.n);
  while (b.n > 0 && *b.p == '0')
    b = lq_str_slice(b, 1, b.n);
  return a.n != b.n ? (a.n > b.n) - (a.n < b.n) : lq_str_cmp(a, b);
}

static bool is_number(lq_str s)
{
  size_t i = 0;
  while (i < s.n && is_digit(s.p[i]))
    i++;
  return i == s.n;
}

static int compare_idents(lq_str a, lq_str b)
{
  bool x = is_number(a), y = is_number(b);
  return x != y ? y - x : x ? compare_numbers(a, b) : lq_str_cmp(a, b);
}

static int compare_versions(const version *a, const version *b)
{
  lq_str x, y;
  size_t i = 0, j = 0;
  for (int order = 0;;) {
    bool more_a = next_part(a->numbers, &i, &x), more_b = next_part(b->numbers, &j, &y);
    if (!more_a && !more_b)
      break;
    order = compare_numbers(more_a ? x : LQ_STR("0"), more_b ? y : LQ_STR("0"));
    if (order != 0)
      return order;
  }
  if (a->pre.n == 0 || b->pre.n == 0) // what comes before a release is less than the release
    return (a->pre.n == 0) - (b->pre.n == 0);
  for (i = j = 0;;) {
    bool more_a = next_part(a->pre, &i, &x), more_b = next_part(b->pre, &j, &y);
    int order = more_a && more_b ? compare_idents(x, y) : more_a - more_b;
    if (order != 0 || !more_a)
      return order;
  }
}

lq_value lq_fn_semver_compare(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s, t;
  version a, b;
  if (!lq_arg_text(call, &args[0], &s) || !lq_arg_text(call, &args[1], &t) || !read_version(s, &a) ||
      !read_version(t, &b))
    return LQ_NO_VALUE;
  int order = compare_versions(&a, &b);
  return lq_int((order > 0) - (order < 0));
}

// ---- windash

// Bytes of the dash at p: `-`, `/`, or U+2013 to U+2015, which Windows programs take for one. 0: none.
static size_t dash_at(lq_str s, size_t at)
{
  if (s.p[at] == '-' || s.p[at] == '/')
    return 1;
  bool wide = s.n - at >= 3 && s.p[at] == '\xE2' && s.p[at + 1] == '\x80' && s.p[at + 2] >= '\x93' &&
              s.p[at + 2] <= '\x95';
  return wide ? 3 : 0;
}

static bool separates(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'';
}

lq_value lq_fn_windash(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  char *p = lq_arg_text(call, &args[0], &s) ? lq_new_text(call, s.n) : NULL;
  size_t n = 0;
  bool start = true;
  for (size_t i = 0; p && i < s.n;) {
    size_t dash = start ? dash_at(s, i) : 0;
    // `--name` has two; `//server` is no option, and stays whole but for its first slash.
    start = separates(s.p[i]) || (dash > 0 && i + dash < s.n && s.p[i + dash] != '/');
    p[n++] = dash > 0 ? '-' : s.p[i];
    i += dash > 0 ? dash : 1;
  }
  return p ? lq_string((lq_str){p, n}) : LQ_NO_VALUE;
}
