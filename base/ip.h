// IP addresses and CIDR blocks. IPv4 is kept as ::ffff:a.b.c.d, so one comparison serves both.
#ifndef LQ_BASE_IP_H
#define LQ_BASE_IP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

typedef struct lq_ip {
  uint8_t b[16];
} lq_ip;

typedef struct lq_cidr {
  lq_ip base;   // host bits zeroed
  uint8_t bits; // of 128: an IPv4 /8 is 104
} lq_cidr;

bool lq_ip_parse(lq_str s, lq_ip *out);
bool lq_ip_is_v4(const lq_ip *ip);
bool lq_cidr_parse(
    lq_str s, lq_cidr *out,
    size_t *bad_at); // host bits are allowed; bad_at (may be NULL): where it stops making sense
bool lq_cidr_has(const lq_cidr *c, const lq_ip *ip); // v4 and v6 never match each other
size_t lq_ip_format(const lq_ip *ip, char out[48]);  // RFC 5952

#endif
