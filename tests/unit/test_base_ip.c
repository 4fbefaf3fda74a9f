// IP addresses and CIDR blocks.
#include <criterion/criterion.h>

#include "base/ip.h"

Test(base_ip, parse_and_format)
{
  static const struct {
    const char *in, *out; // NULL: no address
  } rows[] = {
      {"127.0.0.1", "127.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
      {"::", "::"},
      {"::1", "::1"},
      {"1::", "1::"},
      {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"::ffff:10.1.2.3", "10.1.2.3"},
      {"::FFFF:0a01:0203", "10.1.2.3"},
      {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
      {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
      {"fe80::1%eth0", "fe80::1"},
      {"fe80::1%12", "fe80::1"},
      {"", NULL},
      {"1.2.3", NULL},
      {"1.2.3.4.5", NULL},
      {"1.2.3.256", NULL},
      {"1.2.3.04", NULL},
      {"0x1.2.3.4", NULL},
      {"1.2.3.4 ", NULL},
      {"1.2.3.4%eth0", NULL},
      {":", NULL},
      {":1", NULL},
      {":::", NULL},
      {"1:", NULL},
      {"1:::2", NULL},
      {"1::2::3", NULL},
      {"12345::", NULL},
      {"1:2:3:4:5:6:7", NULL},
      {"1:2:3:4:5:6:7:8:9", NULL},
      {"1:2:3:4:5:6:7:8:", NULL},
      {"1:2:3:4:5:6:7::8", NULL},
      {"1:2:3:4:5:6:7:1.2.3.4", NULL},
      {"::1.2.3", NULL},
      {"::1.2.3.4:5", NULL},
      {"fe80::1%", NULL},
      {"fe80::1%a%b", NULL},
      {"g::", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_ip ip;
    char text[48];
    bool ok = lq_ip_parse(lq_str_of(rows[i].in), &ip);
    cr_expect_eq(ok, rows[i].out != NULL, "%s", rows[i].in);
    if (ok && rows[i].out) {
      cr_expect_eq(lq_ip_format(&ip, text), strlen(rows[i].out));
      cr_expect_str_eq(text, rows[i].out, "%s gives %s", rows[i].in, text);
    }
  }
}

Test(base_ip, cidr)
{
  static const struct {
    const char *cidr, *ip;
    bool inside;
  } rows[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.1.2.3/8", "10.9.9.9", true}, // host bits
      {"0.0.0.0/0", "8.8.8.8", true},
      {"0.0.0.0/0", "::1", false},
      {"::/0", "8.8.8.8", false},
      {"::/0", "2001::1", true},
      {"192.168.1.7/32", "192.168.1.7", true},
      {"192.168.1.7/32", "192.168.1.6", false},
      {"172.16.0.0/12", "172.31.255.255", true},
      {"172.16.0.0/12", "172.32.0.0", false},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
      {"::1/128", "::1", true},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true},
      {"::ffff:10.0.0.0/104", "10.2.3.4", true},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_cidr c;
    lq_ip ip;
    cr_assert(lq_cidr_parse(lq_str_of(rows[i].cidr), &c, NULL), "%s", rows[i].cidr);
    cr_assert(lq_ip_parse(lq_str_of(rows[i].ip), &ip));
    cr_expect_eq(lq_cidr_has(&c, &ip), rows[i].inside, "%s in %s", rows[i].ip, rows[i].cidr);
  }
}

Test(base_ip, bad_cidr_points_at_the_trouble)
{
  static const struct {
    const char *cidr;
    size_t bad_at;
  } rows[] = {
      {"", 0},
      {"10.0.0.0", 8},
      {"10.0.0.0/", 9},
      {"10.0.0.0/33", 9},
      {"10.0.0.0/8x", 10},
      {"10.0.300.0/8", 5},
      {"fe80::/129", 7},
      {"10.0.0.0/08", 9},
      {"10.0.0.0/-1", 9},
      {"fe80::%1/64", 6},
      {"x", 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_cidr c;
    size_t at = 99;
    cr_expect_not(lq_cidr_parse(lq_str_of(rows[i].cidr), &c, &at));
    cr_expect_eq(at, rows[i].bad_at, "%s: %zu", rows[i].cidr, at);
  }
}
