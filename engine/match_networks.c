// Networks of a slot: those of one length are searched for the address at once.
#include "base/sort.h"
#include "engine/match_parts.h"

static int by_length(const void *a, const void *b)
{
  const lq_network *x = a, *y = b;
  if (x->cidr.bits != y->cidr.bits)
    return x->cidr.bits < y->cidr.bits ? -1 : 1;
  int order = memcmp(x->cidr.base.b, y->cidr.base.b, sizeof x->cidr.base.b);
  return order ? order : (x->predicate > y->predicate) - (x->predicate < y->predicate);
}

void lq_networks_sort(lq_network *rows, size_t n)
{
  lq_sort(rows, n, sizeof *rows, by_length);
}

// The order of a network and the one of its length that has the address.
static int compare(const lq_cidr *c, const lq_ip *ip)
{
  size_t whole = c->bits / 8, rest = c->bits % 8;
  int order = memcmp(c->base.b, ip->b, whole);
  if (order || rest == 0)
    return order;
  return (int)c->base.b[whole] - (ip->b[whole] & 0xFF << (8 - rest) & 0xFF);
}

static size_t first_at_least(const lq_network *rows, size_t low, size_t high, const lq_ip *ip)
{
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (compare(&rows[mid].cidr, ip) < 0)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

static size_t end_of_length(const lq_network *rows, size_t at, size_t n)
{
  size_t low = at, high = n;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (rows[mid].cidr.bits == rows[at].cidr.bits)
      low = mid + 1;
    else
      high = mid;
  }
  return low;
}

void lq_networks_find(const lq_network *rows, size_t n, const lq_ip *ip,
                      void (*found)(void *user, uint32_t predicate), void *user)
{
  for (size_t at = 0, end; at < n; at = end) {
    end = end_of_length(rows, at, n);
    // The second question is whether both are of the same kind, IPv4 or IPv6.
    for (size_t i = first_at_least(rows, at, end, ip); i < end && compare(&rows[i].cidr, ip) == 0; i++) {
      if (lq_cidr_has(&rows[i].cidr, ip))
        found(user, rows[i].predicate);
    }
  }
}
