// The string functions of EQL. Places and lengths are in code points.
#include "base/utf8.h"
#include "stdlib/bodies.h"

lq_value lq_fn_between(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str s, left, right;
  size_t start, from, to, end;
  const lq_value miss = call->endgame ? LQ_NO_VALUE : lq_string(LQ_STR(""));
  bool greedy = lq_arg_given(args, nargs, 3) && args[3].type == LQ_T_BOOL && args[3].b;
  lq_finder f;
  if (!lq_arg_text(call, &args[0], &s) || !lq_arg_text(call, &args[1], &left) ||
      !lq_arg_text(call, &args[2], &right) || !lq_finder_init(&f, call, s, 0, left))
    return LQ_NO_VALUE;
  if (!lq_find_next(&f, &start, &from))
    return miss;
  if (!lq_finder_init(&f, call, s, from, right))
    return LQ_NO_VALUE;
  bool hit = greedy ? lq_find_last(&f, call, &to) : lq_find_next(&f, &to, &end);
  return hit ? lq_string(lq_str_slice(s, from, from + to)) : miss;
}

lq_value lq_fn_concat(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str parts[LQ_CALL_ARGS_MAX];
  size_t n = 0;
  for (int i = 0; i < nargs; i++) {
    if (!lq_arg_text(call, &args[i], &parts[i]))
      return LQ_NO_VALUE;
    n += parts[i].n;
  }
  char *p = lq_new_text(call, n);
  if (!p)
    return LQ_NO_VALUE;
  n = 0;
  for (int i = 0; i < nargs; n += parts[i].n, i++)
    memcpy(p + n, parts[i].p, parts[i].n);
  return lq_string((lq_str){p, n});
}

static bool ends_fold(lq_str s, lq_str suffix)
{
  size_t at = s.n;
  for (size_t n = lq_utf8_count(suffix); n > 0; n--) {
    if (at == 0)
      return false;
    at = lq_utf8_back(s, at);
  }
  return lq_fold_eq(lq_str_slice(s, at, s.n), suffix);
}

static bool starts_fold(lq_str s, lq_str prefix)
{
  size_t count = lq_utf8_count(prefix), at = lq_utf8_offset(s, count);
  return lq_fold_eq(lq_str_slice(s, 0, at), prefix);
}

// Whether some argument after the first fits; null if one of them has no text and none fits.
static lq_value some_fits(const lq_call *call, const lq_value *args, int nargs, bool (*plain)(lq_str, lq_str),
                          bool (*fold)(lq_str, lq_str))
{
  lq_str s, other;
  if (!lq_arg_text(call, &args[0], &s))
    return LQ_NO_VALUE;
  for (int i = 1; i < nargs; i++) {
    if (!lq_arg_text(call, &args[i], &other))
      return LQ_NO_VALUE;
    if ((call->fold ? fold : plain)(s, other))
      return lq_bool(true);
  }
  return lq_bool(false);
}

lq_value lq_fn_endsWith(const lq_call *call, const lq_value *args, int nargs)
{
  return some_fits(call, args, nargs, lq_str_ends, ends_fold);
}

lq_value lq_fn_startsWith(const lq_call *call, const lq_value *args, int nargs)
{
  return some_fits(call, args, nargs, lq_str_starts, starts_fold);
}

lq_value lq_fn_stringContains(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str s, needle;
  size_t start, end;
  if (!lq_arg_text(call, &args[0], &s))
    return LQ_NO_VALUE;
  for (int i = 1; i < nargs; i++) {
    lq_finder f;
    if (!lq_arg_text(call, &args[i], &needle) || !lq_finder_init(&f, call, s, 0, needle))
      return LQ_NO_VALUE;
    if ((needle.n > 0 || call->endgame) && lq_find_next(&f, &start, &end))
      return lq_bool(true);
  }
  return lq_bool(false);
}

lq_value lq_fn_indexOf(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str s, needle;
  int64_t first = 0;
  size_t start, end;
  lq_finder f;
  if (!lq_arg_text(call, &args[0], &s) || !lq_arg_text(call, &args[1], &needle) ||
      (lq_arg_given(args, nargs, 2) && !lq_arg_int(&args[2], &first)))
    return LQ_NO_VALUE;
  first = first < 0 ? 0 : first;
  if ((uint64_t)first > lq_utf8_count(s))
    return LQ_NO_VALUE;
  size_t from = lq_utf8_offset(s, (size_t)first);
  if (!lq_finder_init(&f, call, s, from, needle) || !lq_find_next(&f, &start, &end))
    return LQ_NO_VALUE;
  return lq_int(first + (int64_t)lq_utf8_count(lq_str_slice(s, from, from + start)));
}

lq_value lq_fn_length(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  return lq_arg_text(call, &args[0], &s) ? lq_int((int64_t)lq_utf8_count(s)) : LQ_NO_VALUE;
}

lq_value lq_fn_string(const lq_call *call, const lq_value *args, int nargs)
{
  (void)nargs;
  lq_str s;
  return lq_arg_text(call, &args[0], &s) ? lq_string(s) : LQ_NO_VALUE;
}

// As a slice in Python: from the end when negative, then cut to the string.
static size_t slice_end(int64_t i, int64_t n)
{
  if (i < 0)
    i = i < -n ? 0 : n + i;
  return (size_t)(i > n ? n : i);
}

lq_value lq_fn_substring(const lq_call *call, const lq_value *args, int nargs)
{
  lq_str s;
  int64_t a, b = INT64_MAX;
  if (!lq_arg_text(call, &args[0], &s) || !lq_arg_int(&args[1], &a) ||
      (lq_arg_given(args, nargs, 2) && !lq_arg_int(&args[2], &b)))
    return LQ_NO_VALUE;
  int64_t n = (int64_t)lq_utf8_count(s);
  size_t from = slice_end(a, n), to = slice_end(b, n);
  if (from >= to)
    return lq_string(LQ_STR(""));
  size_t start = lq_utf8_offset(s, from);
  lq_str rest = lq_str_slice(s, start, s.n);
  return lq_string(lq_str_slice(rest, 0, lq_utf8_offset(rest, to - from)));
}
