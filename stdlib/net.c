// Functions of IP addresses.
#include "stdlib/bodies.h"

static bool within(const lq_ip *ip, const char *network)
{
  lq_cidr c;
  return lq_cidr_parse(lq_str_of(network), &c, NULL) && lq_cidr_has(&c, ip);
}

lq_value lq_fn_is_private(const lq_call *call, const lq_value *args, int nargs)
{
  (void)call, (void)nargs;
  // RFC 1918, 4193 (private), 1122, 4291 (loopback), 3927, 4291 (link-local), 6598 (shared by a carrier's
  // customers).
  static const char *const networks[] = {
      "10.0.0.0/8", "172.16.0.0/12",  "192.168.0.0/16", "fc00::/7",      "127.0.0.0/8",
      "::1/128",    "169.254.0.0/16", "fe80::/10",      "100.64.0.0/10",
  };
  lq_ip ip;
  if (!lq_arg_ip(&args[0], &ip))
    return LQ_NO_VALUE;
  for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
    if (within(&ip, networks[i]))
      return lq_bool(true);
  }
  return lq_bool(false);
}

lq_value lq_fn_ip_version(const lq_call *call, const lq_value *args, int nargs)
{
  (void)call, (void)nargs;
  lq_ip ip;
  return lq_arg_ip(&args[0], &ip) ? lq_int(lq_ip_is_v4(&ip) ? 4 : 6) : LQ_NO_VALUE;
}
