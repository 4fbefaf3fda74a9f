// Numbers to text and back over <charconv>, which knows no locale and rounds correctly.
#include "base/number.h"

#include <charconv>
#include <cmath>
#include <system_error>

namespace {

template <typename T> bool parse_integer(lq_str s, int base, T *out) noexcept
{
  T v = 0;
  if (s.n == 0)
    return false;
  auto r = std::from_chars(s.p, s.p + s.n, v, base);
  if (r.ec != std::errc() || r.ptr != s.p + s.n)
    return false;
  *out = v;
  return true;
}

template <typename T> std::size_t format(T v, char *out) noexcept
{
  auto r = std::to_chars(out, out + LQ_NUMBER_TEXT_MAX - 1, v);
  *r.ptr = '\0';
  return static_cast<std::size_t>(r.ptr - out);
}

// from_chars reads `inf` and `nan` too, which are words to us.
bool begins_like_number(lq_str s) noexcept
{
  std::size_t i = s.n > 0 && s.p[0] == '-';
  return i < s.n && (s.p[i] == '.' || (s.p[i] >= '0' && s.p[i] <= '9'));
}

} // namespace

extern "C" {

bool lq_parse_i64(lq_str s, int64_t *out)
{
  return parse_integer(s, 10, out);
}
bool lq_parse_u64(lq_str s, uint64_t *out)
{
  return parse_integer(s, 10, out);
}

bool lq_parse_u64_base(lq_str s, int base, uint64_t *out)
{
  return base >= 2 && base <= 36 && parse_integer(s, base, out);
}

bool lq_parse_double(lq_str s, double *out)
{
  double v = 0;
  if (!begins_like_number(s))
    return false;
  auto r = std::from_chars(s.p, s.p + s.n, v);
  if (r.ec != std::errc() || r.ptr != s.p + s.n || !std::isfinite(v))
    return false;
  *out = v;
  return true;
}

size_t lq_format_i64(int64_t v, char out[LQ_NUMBER_TEXT_MAX])
{
  return format(v, out);
}
size_t lq_format_u64(uint64_t v, char out[LQ_NUMBER_TEXT_MAX])
{
  return format(v, out);
}

size_t lq_format_double(double v, char out[LQ_NUMBER_TEXT_MAX])
{
  constexpr double two63 = 9223372036854775808.0, two64 = 18446744073709551616.0;
  if (v != std::trunc(v) || v < -two63 || v >= two64) // a NaN is unequal to itself
    return format(v, out);
  return v < two63 ? format(static_cast<int64_t>(v), out) : format(static_cast<uint64_t>(v), out);
}

} // extern "C"
