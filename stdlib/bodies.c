// What the bodies of functions share: arguments, results, finding text in text.
#define _GNU_SOURCE // memmem: linear whatever the texts are, which a loop of memcmp is not
#include "stdlib/bodies.h"

#include "base/utf8.h"

// ---- arguments

bool lq_arg_given(const lq_value *args, int nargs, int i)
{
  return i < nargs && args[i].type != LQ_T_NULL;
}

bool lq_arg_text(const lq_call *call, const lq_value *v, lq_str *out)
{
  char text[LQ_VALUE_TEXT_MAX];
  if (v->type == LQ_T_OBJECT || v->type == LQ_T_NULL)
    return false;
  *out = lq_value_text(v, text);
  if (out->n == 0)
    *out = LQ_STR(""); // never NULL, so that memcpy and arithmetic on it are fine
  if (v->type != LQ_T_STRING)
    *out = lq_arena_copy(call->scratch, *out);
  return !call->scratch->failed;
}

bool lq_arg_int(const lq_value *v, int64_t *out)
{
  *out = INT64_MAX;
  if (v->type == LQ_T_INT)
    *out = v->i;
  else if (v->type != LQ_T_DOUBLE)
    return v->type == LQ_T_UINT;
  else if (v->d < -9223372036854775808.0)
    *out = INT64_MIN;
  else if (v->d < 9223372036854775808.0)
    *out = (int64_t)v->d;
  return v->type != LQ_T_DOUBLE || v->d >= 9223372036854775808.0 || v->d < -9223372036854775808.0 ||
         (double)*out == v->d;
}

bool lq_arg_ip(const lq_value *v, lq_ip *out)
{
  if (v->type != LQ_T_IP)
    return v->type == LQ_T_STRING && lq_ip_parse(v->s, out);
  *out = *v->ip;
  return true;
}

bool lq_is_true(const lq_values *list)
{
  for (size_t i = 0; i < list->n; i++) {
    if (list->v[i].type == LQ_T_BOOL && list->v[i].b)
      return true;
  }
  return false;
}

// ---- results

char *lq_new_text(const lq_call *call, size_t n)
{
  return n > LQ_TEXT_MAX ? NULL : lq_arena_alloc(call->scratch, n + 1);
}

lq_value lq_copied(const lq_call *call, const char *p, size_t n)
{
  char *copy = lq_new_text(call, n);
  if (!copy)
    return LQ_NO_VALUE;
  if (n > 0)
    memcpy(copy, p, n);
  return lq_string((lq_str){copy, n});
}

lq_value lq_repaired(const lq_call *call, char *p, size_t n)
{
  if (lq_utf8_valid((lq_str){p, n}))
    return lq_string((lq_str){p, n});
  lq_buf b = {.mem = call->scratch->mem};
  lq_utf8_repair(&b, (lq_str){p, n});
  call->scratch->failed |= b.failed;
  lq_value v = b.failed ? LQ_NO_VALUE : lq_copied(call, b.p, b.n);
  lq_buf_free(&b);
  return v;
}

// ---- finding text in text

// Simple folding makes no code point longer than half again (U+023A, two bytes, becomes U+2C65, three).
static bool folded(const lq_call *call, lq_str s, lq_str *out)
{
  char *p = lq_arena_alloc(call->scratch, s.n + s.n / 2 + 4);
  if (!p)
    return false;
  size_t n = 0;
  for (size_t at = 0; at < s.n;) {
    size_t start = at;
    uint32_t c = lq_utf8_next(s, &at);
    if (c != LQ_CODEPOINT_BAD)
      n += lq_utf8_encode(lq_fold(c), p + n);
    else
      while (start < at)
        p[n++] = s.p[start++];
  }
  *out = (lq_str){p, n};
  return true;
}

bool lq_finder_init(lq_finder *f, const lq_call *call, lq_str text, size_t from, lq_str needle)
{
  *f = (lq_finder){.text = lq_str_slice(text, from, text.n), .needle = needle};
  f->hay = f->text;
  f->same = !call->fold || lq_utf8_is_ascii(f->text);
  return !call->fold || (folded(call, f->text, &f->hay) && folded(call, needle, &f->needle));
}

// Moves both places on until the one in hay is `to`: a folded code point may have another length.
static size_t advance(lq_finder *f, size_t to)
{
  if (f->same)
    f->at = f->text_at = to;
  while (f->at < to && f->text_at < f->text.n) {
    lq_utf8_next(f->hay, &f->at);
    lq_utf8_next(f->text, &f->text_at);
  }
  f->at = to;
  return f->text_at;
}

static const char *find(lq_str hay, lq_str needle)
{
  return needle.n == 0 ? hay.p : hay.n < needle.n ? NULL : memmem(hay.p, hay.n, needle.p, needle.n);
}

bool lq_find_next(lq_finder *f, size_t *start, size_t *end)
{
  lq_str rest = lq_str_slice(f->hay, f->at, f->hay.n);
  const char *hit = find(rest, f->needle);
  if (!hit && f->needle.n > 0)
    return false;
  size_t at = f->needle.n > 0 ? f->at + (size_t)(hit - rest.p) : f->at;
  *start = advance(f, at);
  *end = advance(f, at + f->needle.n);
  return true;
}

static const char *turned(const lq_call *call, lq_str s)
{
  char *p = lq_arena_alloc(call->scratch, s.n + 1);
  for (size_t i = 0; p && i < s.n; i++)
    p[i] = s.p[s.n - 1 - i];
  return p;
}

// The last one forwards is the first one backwards: one linear search, not one for each occurrence.
bool lq_find_last(lq_finder *f, const lq_call *call, size_t *start)
{
  lq_str rest = lq_str_slice(f->hay, f->at, f->hay.n);
  const char *hay = turned(call, rest), *needle = turned(call, f->needle);
  const char *hit = hay && needle ? find((lq_str){hay, rest.n}, (lq_str){needle, f->needle.n}) : NULL;
  if (!hit)
    return false;
  *start = advance(f, f->at + rest.n - (size_t)(hit - hay) - f->needle.n);
  return true;
}
