// Values as bytes of a key, by which they are known again: type, length, text of each.
#ifndef LQ_ENGINE_VALUE_KEY_H
#define LQ_ENGINE_VALUE_KEY_H

#include "base/value.h"

static inline bool lq_key_add_bytes(uint8_t *key, size_t cap, size_t *at, lq_type type, const void *p,
                                    size_t n)
{
  if (n > UINT8_MAX || n + 2 > cap - *at)
    return false;
  key[(*at)++] = (uint8_t)type;
  key[(*at)++] = (uint8_t)n;
  if (n)
    memcpy(key + *at, p, n);
  *at += n;
  return true;
}

// Behind the *at bytes that the key has, cap at most. False: there is no room, or values of this type are
// rare in fields of few values.
static inline bool lq_key_add_value(uint8_t *key, size_t cap, size_t *at, const lq_value *v)
{
  switch (v->type) {
  case LQ_T_STRING: return lq_key_add_bytes(key, cap, at, v->type, v->s.p, v->s.n);
  case LQ_T_BOOL: return lq_key_add_bytes(key, cap, at, v->type, &v->b, sizeof v->b);
  case LQ_T_INT: return lq_key_add_bytes(key, cap, at, v->type, &v->i, sizeof v->i);
  default: return false;
  }
}

#endif
