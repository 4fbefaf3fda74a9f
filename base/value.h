// The value a query computes with. Text is borrowed: the producer says from whom.
#ifndef LQ_BASE_VALUE_H
#define LQ_BASE_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/ip.h"
#include "base/str.h"

#define LQ_TYPES(X)                                                                                          \
  X(NULL, "null")                                                                                            \
  X(BOOL, "boolean")                                                                                         \
  X(INT, "integer")                                                                                          \
  X(UINT, "integer")                                                                                         \
  X(DOUBLE, "number")                                                                                        \
  X(STRING, "string")                                                                                        \
  X(IP, "IP address")                                                                                        \
  X(DATE, "date")                                                                                            \
  X(OBJECT, "object")

typedef enum lq_type {
#define X(name, text) LQ_T_##name,
  LQ_TYPES(X)
#undef X
} lq_type;
enum { LQ_T_COUNT = LQ_T_OBJECT + 1 };

// UINT only holds what INT cannot (above INT64_MAX), so a whole number has one form.
// Events hold NULL never (a missing value is no value), IP and DATE never: those come from literals and
// conversions. OBJECT stands for an object in an array that a scope walks; it has no text.
typedef struct lq_value {
  lq_type type;
  union {
    bool b;
    int64_t i; // INT; DATE: nanoseconds since 1970
    uint64_t u;
    double d;
    lq_str s;
    const lq_ip *ip;
  };
} lq_value;

// A value as a query sees it: none is null, several are an array (any element may satisfy a test).
typedef struct lq_values {
  const lq_value *v;
  size_t n;
} lq_values;

static inline lq_value lq_bool(bool b)
{
  return (lq_value){.type = LQ_T_BOOL, .b = b};
}
static inline lq_value lq_int(int64_t i)
{
  return (lq_value){.type = LQ_T_INT, .i = i};
}
static inline lq_value lq_uint(uint64_t u)
{
  return u > INT64_MAX ? (lq_value){.type = LQ_T_UINT, .u = u} : lq_int((int64_t)u);
}
static inline lq_value lq_double(double d)
{
  return (lq_value){.type = LQ_T_DOUBLE, .d = d};
}
static inline lq_value lq_string(lq_str s)
{
  return (lq_value){.type = LQ_T_STRING, .s = s};
}

const char *lq_type_name(lq_type t);
static inline bool lq_is_number(lq_type t)
{
  return t == LQ_T_INT || t == LQ_T_UINT || t == LQ_T_DOUBLE;
}

enum { LQ_VALUE_TEXT_MAX = 64 };
// The canonical text: a string is itself (borrowed), anything else is written to scratch.
// Two values are equal exactly if their canonical texts are (numbers: base/number.h), so a set of texts
// serves every `==`, `in` and `:` without wildcards, whatever the kinds.
lq_str lq_value_text(const lq_value *v, char scratch[LQ_VALUE_TEXT_MAX]);
bool lq_value_equal(const lq_value *a, const lq_value *b);
bool lq_value_equal_fold(const lq_value *a, const lq_value *b);

// The kinds that have an order: number/number, string/string (bytes), date/date, ip/ip. A string beside a
// DATE or an IP is read as one, and a number beside a DATE as milliseconds since 1970. False: no order, so
// the comparison is null.
bool lq_value_order(const lq_value *a, const lq_value *b, int *order);

#endif
