// Structs that cross the border: each side knows its own version, struct_size says how much the caller's is.
#include "lib/api.h"

// A page. Memory that was never set holds larger numbers far more often than smaller ones.
enum { STRUCT_SIZE_MAX = 4096 };

// 0: cannot be right.
static size_t size_of(const void *given)
{
  uint32_t size = 0;
  if (given)
    memcpy(&size, given, sizeof size);
  return size <= STRUCT_SIZE_MAX && size % sizeof size == 0 ? size : 0;
}

bool lq_api_has_room(const void *out)
{
  return size_of(out) > 0;
}

static bool is_zero(const unsigned char *p, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (p[i] != 0)
      return false;
  }
  return true;
}

lq_status lq_api_take(void *own, size_t own_size, const void *given)
{
  size_t size = size_of(given), common = size < own_size ? size : own_size;
  if (size == 0 || !is_zero((const unsigned char *)given + common, size - common))
    return LQ_E_USAGE;
  memcpy((char *)own + sizeof(uint32_t), (const char *)given + sizeof(uint32_t), common - sizeof(uint32_t));
  return LQ_OK;
}

lq_status lq_api_give(void *out, const void *own, size_t own_size)
{
  size_t size = size_of(out), common = size < own_size ? size : own_size;
  if (size == 0)
    return LQ_E_USAGE;
  memcpy((char *)out + sizeof(uint32_t), (const char *)own + sizeof(uint32_t), common - sizeof(uint32_t));
  memset((char *)out + common, 0, size - common);
  return LQ_OK;
}

static void put(char *out, size_t size, lq_str text)
{
  size_t n = text.n < size ? text.n : size - 1;
  while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
    n--;
  if (n > 0)
    memcpy(out, text.p, n);
  out[n] = '\0';
}

void lq_api_explain(lq_errinfo *out, lq_errinfo facts, lq_str message, lq_str help)
{
  put(facts.message, sizeof facts.message, message);
  put(facts.help, sizeof facts.help, help);
  if (out)
    lq_api_give(out, &facts, sizeof facts);
}
