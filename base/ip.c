// IP addresses and CIDR blocks: reading, testing, writing.
#include "base/ip.h"

#include <stdio.h>

static const uint8_t v4_prefix[12] = {[10] = 0xFF, [11] = 0xFF};

// A reader over the text; `at` is where it stopped, so a message can point there.
typedef struct cursor {
  lq_str s;
  size_t at;
} cursor;

static int peek(const cursor *c)
{
  return c->at < c->s.n ? (unsigned char)c->s.p[c->at] : -1;
}

static bool take(cursor *c, char want)
{
  bool is = peek(c) == want;
  c->at += is;
  return is;
}

static int hex_digit(int c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  c |= 32;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// No leading zeros: some readers take them for octal, so what they mean is a guess.
static bool decimal(cursor *c, unsigned max, unsigned *out)
{
  cursor start = *c;
  unsigned v = 0;
  for (int d; (d = peek(c)) >= '0' && d <= '9'; c->at++) {
    v = v * 10 + (unsigned)(d - '0');
    if (v > max || (c->at > start.at && peek(&start) == '0'))
      return *c = start, false;
  }
  *out = v;
  return c->at > start.at;
}

static bool read_v4(cursor *c, uint8_t out[4])
{
  for (int i = 0; i < 4; i++) {
    unsigned v = 0;
    if ((i > 0 && !take(c, '.')) || !decimal(c, 255, &v))
      return false;
    out[i] = (uint8_t)v;
  }
  return true;
}

static bool read_group(cursor *c, uint8_t out[2])
{
  unsigned v = 0;
  size_t n = 0;
  for (int d; n < 4 && (d = hex_digit(peek(c))) >= 0; c->at++, n++)
    v = v << 4 | (unsigned)d;
  out[0] = (uint8_t)(v >> 8);
  out[1] = (uint8_t)v;
  return n > 0 && hex_digit(peek(c)) < 0;
}

// What follows `::` goes to the end, and zeros fill the middle.
static void spread(uint8_t b[16], size_t n, size_t gap)
{
  memmove(b + 16 - (n - gap), b + gap, n - gap);
  memset(b + gap, 0, 16 - n);
}

static bool read_v6(cursor *c, uint8_t b[16])
{
  size_t n = 0, gap = 17; // gap: where `::` stands, 17 for nowhere
  memset(b, 0, 16);
  if (peek(c) == ':') {
    if (c->at++, !take(c, ':'))
      return false;
    gap = 0;
  }
  while (n < 16 && hex_digit(peek(c)) >= 0) {
    cursor v4 = *c;
    if (n <= 12 && read_v4(&v4, b + n)) {
      *c = v4;
      n += 4;
      break;
    }
    if (!read_group(c, b + n))
      return false;
    n += 2;
    if (n == 16 || !take(c, ':'))
      break;
    if (peek(c) == ':' && gap > 16)
      c->at++, gap = n;
    else if (hex_digit(peek(c)) < 0)
      return false;
  }
  if (gap > 16)
    return n == 16;
  if (n == 16)
    return false;
  spread(b, n, gap);
  return true;
}

static bool read_ip(cursor *c, lq_ip *out)
{
  if (memchr(c->s.p, ':', c->s.n))
    return read_v6(c, out->b);
  memcpy(out->b, v4_prefix, sizeof v4_prefix);
  return read_v4(c, out->b + 12);
}

// `fe80::1%eth0`: the zone says which wire on that host, and is no part of the address.
static bool skip_zone(cursor *c)
{
  if (take(c, '%')) {
    size_t from = c->at;
    while (peek(c) > ' ' && peek(c) != '/' && peek(c) != '%')
      c->at++;
    return c->at > from;
  }
  return true;
}

bool lq_ip_parse(lq_str s, lq_ip *out)
{
  cursor c = {s, 0};
  lq_ip ip;
  if (s.n == 0 || !read_ip(&c, &ip) || (!lq_ip_is_v4(&ip) && !skip_zone(&c)) || c.at != s.n)
    return false;
  *out = ip;
  return true;
}

bool lq_ip_is_v4(const lq_ip *ip)
{
  return memcmp(ip->b, v4_prefix, sizeof v4_prefix) == 0;
}

// The first `bits` bits of `ip`; the others are cleared.
static lq_ip masked(const lq_ip *ip, unsigned bits)
{
  lq_ip m = {{0}};
  for (unsigned i = 0; i < 16; i++) {
    unsigned left = bits > i * 8 ? bits - i * 8 : 0;
    m.b[i] = left >= 8 ? ip->b[i] : (uint8_t)(ip->b[i] & ~(0xFFu >> left));
  }
  return m;
}

static bool read_cidr(cursor *c, lq_cidr *out)
{
  lq_ip ip;
  if (c->s.n == 0 || !read_ip(c, &ip) || !take(c, '/'))
    return false;
  bool v4 = !memchr(c->s.p, ':', c->s.n);
  unsigned bits = 0;
  if (!decimal(c, v4 ? 32 : 128, &bits) || c->at != c->s.n)
    return false;
  bits += v4 ? 96 : 0;
  *out = (lq_cidr){masked(&ip, bits), (uint8_t)bits};
  return true;
}

bool lq_cidr_parse(lq_str s, lq_cidr *out, size_t *bad_at)
{
  cursor c = {s, 0};
  bool ok = read_cidr(&c, out);
  if (!ok && bad_at)
    *bad_at = c.at;
  return ok;
}

bool lq_cidr_has(const lq_cidr *c, const lq_ip *ip)
{
  bool v4_block = c->bits >= 96 && lq_ip_is_v4(&c->base);
  lq_ip m = masked(ip, c->bits);
  return v4_block == lq_ip_is_v4(ip) && memcmp(m.b, c->base.b, sizeof m.b) == 0;
}

static unsigned group_at(const lq_ip *ip, int i)
{
  return (unsigned)ip->b[2 * i] << 8 | ip->b[2 * i + 1];
}

// The first of the longest runs of two or more zero groups (RFC 5952, 4.2); length 0 if there is none.
static int zero_run(const lq_ip *ip, int *length)
{
  int best = 0;
  *length = 0;
  for (int i = 0; i < 8; i++) {
    int n = 0;
    while (i + n < 8 && group_at(ip, i + n) == 0)
      n++;
    if (n > 1 && n > *length)
      best = i, *length = n;
  }
  return best;
}

size_t lq_ip_format(const lq_ip *ip, char out[48])
{
  if (lq_ip_is_v4(ip))
    return (size_t)snprintf(out, 48, "%u.%u.%u.%u", ip->b[12], ip->b[13], ip->b[14], ip->b[15]);
  int length, run = zero_run(ip, &length);
  size_t n = 0;
  for (int i = 0; i < 8; i++) {
    if (length > 0 && i == run) {
      n += (size_t)snprintf(out + n, 48 - n, "::");
      i += length - 1;
    } else {
      bool colon = i > 0 && !(length > 0 && i == run + length);
      n += (size_t)snprintf(out + n, 48 - n, "%s%x", colon ? ":" : "", group_at(ip, i));
    }
  }
  return n;
}
