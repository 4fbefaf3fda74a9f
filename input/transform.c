// Raw values to fields: numbers, texts, paths, names. Each transform gets one raw value and gives any number
// of values.
#include "input/transform.h"

#include "base/date.h"
#include "base/number.h"

void lq_map_give(lq_map_call *c, lq_value v)
{
  if (lq_is_empty_value(&v))
    return;
  c->gave = true;
  lq_fill_emit(c->fill, c->node, c->row->target, v);
}

void lq_give(lq_map_call *c, lq_str s)
{
  lq_map_give(c, lq_string(s));
}

lq_str lq_map_own(lq_map_call *c, lq_str s)
{
  return lq_arena_copy(c->fill->text, lq_fill_shorten(c->fill, s));
}

lq_str lq_raw_text(lq_map_call *c, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  return v->type == LQ_T_STRING ? v->s : lq_map_own(c, lq_value_text(v, scratch));
}

static char lower(char ch)
{
  return ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch;
}

lq_str lq_map_lower(lq_map_call *c, lq_str s)
{
  s = lq_fill_shorten(c->fill, s);
  char *p = lq_arena_bytes(c->fill->text, s.n);
  if (!p)
    return LQ_STR("");
  for (size_t i = 0; i < s.n; i++)
    p[i] = lower(s.p[i]);
  return (lq_str){p, s.n};
}

// Where the first b is, or s.n.
size_t lq_text_find(lq_str s, char b)
{
  const char *p = s.n > 0 ? memchr(s.p, b, s.n) : NULL;
  return p ? (size_t)(p - s.p) : s.n;
}

size_t lq_text_find_last(lq_str s, char b) // s.n when there is none
{
  for (size_t i = s.n; i-- > 0;) {
    if (s.p[i] == b)
      return i;
  }
  return s.n;
}

bool lq_text_part(lq_str *rest, char separator, lq_str *part)
{
  if (rest->n == 0)
    return false;
  size_t n = lq_text_find(*rest, separator);
  *part = lq_str_slice(*rest, 0, n);
  *rest = lq_str_slice(*rest, n < rest->n ? n + 1 : n, rest->n);
  return true;
}

// ---- numbers

bool lq_map_bits(lq_str s, uint64_t *bits)
{
  int64_t i;
  s = lq_str_trim(s);
  if (s.n > 2 && s.p[0] == '0' && lower(s.p[1]) == 'x')
    return lq_parse_u64_base(lq_str_slice(s, 2, s.n), 16, bits);
  if (lq_parse_u64(s, bits))
    return true;
  if (!lq_parse_i64(s, &i))
    return false;
  *bits = (uint64_t)i;
  return true;
}

void lq_to_TEXT(lq_map_call *c, const lq_value *v)
{
  lq_map_give(c, *v);
}

void lq_to_STRING(lq_map_call *c, const lq_value *v)
{
  lq_give(c, lq_raw_text(c, v));
}

void lq_give_long(lq_map_call *c, lq_str s)
{
  uint64_t bits;
  int64_t i;
  if (lq_parse_i64(s, &i))
    lq_map_give(c, lq_int(i));
  else if (lq_map_bits(s, &bits))
    lq_map_give(c, lq_uint(bits));
}

void lq_to_LONG(lq_map_call *c, const lq_value *v)
{
  if (v->type == LQ_T_STRING)
    lq_give_long(c, v->s);
  else
    lq_map_give(c, *v);
}

void lq_to_BOOL(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  if (lq_str_eq_ascii(s, LQ_STR("true")))
    lq_map_give(c, lq_bool(true));
  else if (lq_str_eq_ascii(s, LQ_STR("false")))
    lq_map_give(c, lq_bool(false));
}

// ---- text

void lq_to_CONST(lq_map_call *c, const lq_value *v)
{
  (void)v;
  lq_give(c, c->row->arg);
}

void lq_to_MATCH(lq_map_call *c, const lq_value *v)
{
  lq_str arg = c->row->arg;
  size_t n = lq_text_find(arg, '=');
  if (!lq_str_eq_ascii(lq_raw_text(c, v), lq_str_slice(arg, 0, n)))
    return;
  lq_str to = lq_str_slice(arg, n + 1, arg.n);
  lq_map_give(c, lq_str_eq(to, LQ_STR("true")) ? lq_bool(true) : lq_string(to));
}

void lq_to_LOWER(lq_map_call *c, const lq_value *v)
{
  lq_give(c, lq_map_lower(c, lq_raw_text(c, v)));
}

void lq_to_TIME(lq_map_call *c, const lq_value *v)
{
  char out[40];
  int64_t ns;
  if (v->type == LQ_T_STRING && lq_date_parse(v->s, &ns))
    lq_give(c, lq_map_own(c, (lq_str){out, lq_date_format(ns, out)}));
  else
    lq_map_give(c, *v);
}

// Behind a value that is a time, others of the same list are taken as they are.
void lq_to_STAMP(lq_map_call *c, const lq_value *v)
{
  c->stamped |= lq_fill_time(c->fill, v);
  if (!c->stamped)
    return;
  if (c->fill->only == LQ_FILL_NOBODY)
    c->gave = true; // its text would be left alone
  else
    lq_to_TIME(c, v);
}

void lq_to_LINES(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  for (size_t i = 0; i < s.n;) {
    size_t start = i;
    while (i < s.n && !strchr(" \t\r\n", s.p[i]))
      i++;
    if (i > start)
      lq_give(c, lq_str_slice(s, start, i));
    i++;
  }
}

void lq_to_BEFORE(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  lq_give(c, lq_str_slice(s, 0, lq_text_find(s, c->row->arg.p[0])));
}

void lq_to_COMMON_NAME(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v);
  if (s.n > 3 && lq_str_eq_ascii(lq_str_slice(s, 0, 3), LQ_STR("CN="))) {
    s = lq_str_slice(s, 3, s.n);
    s = lq_str_slice(s, 0, lq_text_find(s, ','));
  }
  lq_give(c, s);
}

// ---- paths, users

static lq_str basename_of(lq_str s)
{
  size_t at = lq_text_find_last(s, '\\');
  return at == s.n ? s : lq_str_slice(s, at + 1, s.n);
}

void lq_give_basename(lq_map_call *c, lq_str s)
{
  lq_give(c, basename_of(s));
}

void lq_give_dirname(lq_map_call *c, lq_str s)
{
  size_t at = lq_text_find_last(s, '\\');
  if (at < s.n)
    lq_give(c, lq_str_slice(s, 0, at));
}

void lq_give_extension(lq_map_call *c, lq_str s)
{
  s = basename_of(s);
  size_t at = lq_text_find_last(s, '.');
  if (at < s.n)
    lq_give(c, lq_str_slice(s, at + 1, s.n));
}

void lq_give_domain(lq_map_call *c, lq_str s)
{
  size_t at = lq_text_find(s, '\\');
  if (at < s.n)
    lq_give(c, lq_str_slice(s, 0, at));
}

void lq_give_account(lq_map_call *c, lq_str s)
{
  size_t at = lq_text_find(s, '\\');
  lq_give(c, at < s.n ? lq_str_slice(s, at + 1, s.n) : s);
}

void lq_to_BASENAME(lq_map_call *c, const lq_value *v)
{
  lq_give_basename(c, lq_raw_text(c, v));
}
void lq_to_DIRNAME(lq_map_call *c, const lq_value *v)
{
  lq_give_dirname(c, lq_raw_text(c, v));
}
void lq_to_EXTENSION(lq_map_call *c, const lq_value *v)
{
  lq_give_extension(c, lq_raw_text(c, v));
}
void lq_to_DOMAIN(lq_map_call *c, const lq_value *v)
{
  lq_give_domain(c, lq_raw_text(c, v));
}
void lq_to_ACCOUNT(lq_map_call *c, const lq_value *v)
{
  lq_give_account(c, lq_raw_text(c, v));
}

static lq_str local_path(lq_str s)
{
  if (lq_str_starts(s, LQ_STR("\\??\\")))
    s = lq_str_slice(s, 4, s.n);
  return s.n > 0 && s.p[s.n - 1] == '\\' ? lq_str_slice(s, 0, s.n - 1) : s;
}

void lq_to_LOCAL(lq_map_call *c, const lq_value *v)
{
  lq_give(c, local_path(lq_raw_text(c, v)));
}

void lq_to_JOIN(lq_map_call *c, const lq_value *v)
{
  lq_str left = lq_fill_shorten(c->fill, local_path(lq_raw_text(c, v))),
         right = lq_fill_shorten(c->fill, c->other(c->user, c->row->arg));
  lq_value r = lq_string(right);
  if (left.n > 0 && !lq_is_empty_value(&r))
    lq_give(c, lq_arena_format(c->fill->text, "%.*s\\%.*s", LQ_STR_ARG(left), LQ_STR_ARG(right)));
}

void lq_map_apply(lq_map_call *c, const lq_value *raw)
{
  static void (*const bodies[])(lq_map_call * c, const lq_value *v) = {
#define X(name, gives, text) lq_to_##name,
      LQ_MAP_TRANSFORMS(X)
#undef X
  };
  bodies[c->row->transform](c, raw);
}
