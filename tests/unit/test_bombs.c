// Bundles that are made to cost much: whatever section they swell, loading one and starting a scan of it take
// memory, and requests for it, in proportion to its size. docs/bundle.md has the numbers.
#include <criterion/criterion.h>
#include <libquery/lq.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "counting_mem.h"
#include "stdlib/regex.h"

enum { TIMES = 64, FREE_LOAD = 64 << 10, FREE_SCAN = 1 << 20 };

// 1,024 bytes of name are 512 steps of a path.
#define TEN ".a.b.c.d.e.f.g.h.i.j"
#define PARTS TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

// A rule is `head`, n items, `tail`; in an item `%` stands for a number that no other item has.
static const struct {
  const char *name;
  int rules, items;
  const char *head, *item, *between, *tail;
} bombs[] = {
    {"rules", 2000, 1, "any where ", "a == %", "", ""},
    {"code", 20, 4000, "any where ", "a == b", " or ", ""},
    {"predicates", 20, 500, "any where ", "a == % and b : \"x*%\"", " or ", ""},
    {"fields", 1, 300, "any where ", "f%.a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s.t.u.v.w.x.y.z == 1", " or ",
     ""},
    {"long names", 1, 60, "any where ", "f%" PARTS PARTS PARTS PARTS " == 1", " or ", ""},
    {"field patterns", 1, 300, "any where ", "`f%.*` == 1", " or ", ""},
    {"texts", 1, 20000, "any where a in (", "\"t%\"", ", ", ")"},
    {"globs", 1, 5000, "any where a like (", "\"*%*b*c*d*e*f*g*h*\"", ", ", ")"},
    {"long globs", 1, 40, "any where a like (",
     "\"*%*b?*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r*s*t*u*v*w*x*y*z*a*b*c*d*e*f*g*h*i*j*k*l*m*n*\"", ", ", ")"},
    {"networks", 1, 3000, "any where cidrMatch(a, ", "\"2001:%:1::/48\"", ", ", ")"},
    {"walks", 100, 30, "any where ", "any(a%, any(b, c == 1))", " or ", ""},
    {"terms", 40, 250, "sequence by k with maxspan=1h ", "[any where a == 1]", " ", ""},
    {"runs", 40, 250, "sequence by k with maxspan=1h ", "[any where a == 1] with runs=100", " ", ""},
    {"keys", 40, 60, "sequence by ", "k%", ", ", " with maxspan=1h [any where true] [any where true]"},
    {"captures", 4, 200, "sequence by k with maxspan=1h [any where true] as x [any where ", "a == x.f%",
     " or ", "]"},
    {"small states", 1000, 1, "any where ", "a == % ", "", "| unique b"},
    {"stages", 40, 250, "any where true", " | unique a", "", ""},
    {"windows", 40, 120, "any where true", " | suppress by a for 5m", "", ""},
    {"columns", 40, 250, "any where true | stats ", "dcount(a) as c%", ", ", " over 5m"},
    {"lineages", 40, 200, "any where ", "child of [any where a == %]", " or ", ""},
};

typedef struct query {
  char *p;
  size_t n, cap;
  unsigned number;
} query;

static void put(query *q, const char *what)
{
  for (; *what; what++) {
    if (q->n + 16 > q->cap)
      q->p = realloc(q->p, q->cap = q->cap ? 2 * q->cap : 4096);
    cr_assert_not_null(q->p);
    if (*what == '%')
      q->n += (size_t)sprintf(q->p + q->n, "%u", q->number);
    else
      q->p[q->n++] = *what;
  }
}

static void write_query(query *q, size_t bomb)
{
  q->n = 0;
  put(q, bombs[bomb].head);
  for (int i = 0; i < bombs[bomb].items; i++, q->number++) {
    put(q, i ? bombs[bomb].between : "");
    put(q, bombs[bomb].item);
  }
  put(q, bombs[bomb].tail);
}

static lq_bundle *build(size_t bomb)
{
  lq_build_options o = {.struct_size = sizeof o};
  o.flags = LQ_BUILD_NO_OPTIMISER | LQ_BUILD_NO_WARNINGS | LQ_BUILD_STRIP;
  lq_build *b;
  lq_bundle *out;
  query q = {.number = 1};
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  for (int i = 0; i < bombs[bomb].rules; i++) {
    char id[16];
    snprintf(id, sizeof id, "r%d", i);
    write_query(&q, bomb);
    lq_diagnostic d = LQ_INIT(lq_diagnostic);
    cr_assert(lq_build_add_query(b, id, id, q.p, q.n) == LQ_OK, "%s: %s", bombs[bomb].name,
              lq_build_diag(b, 0, &d) == LQ_OK ? d.message.p : "");
  }
  cr_assert(lq_build_finish(b, &out) == LQ_OK, "%s", bombs[bomb].name);
  lq_build_free(b);
  free(q.p);
  return out;
}

Test(bombs, memory_is_in_proportion_to_the_bundle)
{
  for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
    counting_mem c = {.live = 0};
    lq_allocator m = {counting_fn, &c};
    lq_scan_options o = {.struct_size = sizeof o, .allocator = &m};
    lq_bundle *built = build(i), *b;
    lq_text bytes = lq_bundle_bytes(built);
    lq_scan *s;
    cr_assert(lq_bundle_load(&b, bytes.p, bytes.n, NULL, &m, NULL) == LQ_OK);
    size_t load = c.peak, loads = c.requests;
    cr_expect(load <= TIMES * bytes.n + FREE_LOAD && loads <= bytes.n / 8 + 100,
              "%s: %zu bytes, %zu in %zu requests to load", bombs[i].name, bytes.n, load, loads);
    cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
    cr_expect(c.peak <= TIMES * bytes.n + FREE_SCAN && c.requests <= bytes.n / 8 + 1000,
              "%s: %zu bytes, %zu in %zu requests to scan", bombs[i].name, bytes.n, c.peak, c.requests);
    cr_log_info("%-16s %8zu bytes, load %5.1f times, %zu requests, scan %5.1f times, %zu requests\n",
                bombs[i].name, bytes.n, (double)load / (double)bytes.n, loads,
                (double)c.peak / (double)bytes.n, c.requests);
    lq_scan_free(s);
    lq_bundle_free(b);
    lq_bundle_free(built);
    cr_expect(c.live == 0);
  }
}

#ifndef LQ_SANITIZED // which count memory themselves
// RE2 uses malloc. What the cost of an expression promises holds for those that cost most.
Test(bombs, memory_of_regexes_is_in_proportion_to_their_cost)
{
  static const char *const regexes[] = {"\\pL{38}",
                                        ".{1000,}",
                                        "[^b]{0,900}",
                                        "(?:a{0,300}b){3}",
                                        "(|){1000}",
                                        "(\\w{1,50}\\s?){1,20}",
                                        "a{1000}",
                                        "(?:ab|cd|ef|gh|ij){500}",
                                        "(?i)[k-s\xC3\xA9-\xD0\xB0]{100}",
                                        "((((((a?)*b)*c)*d)*e)*f)*"};
  for (size_t i = 0; i < sizeof regexes / sizeof *regexes; i++) {
    char message[120];
    size_t at;
    lq_regex *r;
    lq_str text = lq_str_of(regexes[i]);
    uint64_t cost = lq_regex_cost(text, LQ_REGEX_COST_MAX, &at);
    cr_assert(cost != LQ_REGEX_COSTS_TOO_MUCH, "%s", regexes[i]);
    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    cr_assert(lq_regex_new(&r, text, LQ_RE_FOLD, message, &at) == LQ_OK, "%s: %s", regexes[i], message);
    size_t kept = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    cr_expect(kept <= 130 * cost + 4096, "%s: cost %llu, %zu bytes", regexes[i], (unsigned long long)cost,
              kept);
    lq_regex_free(r);
  }
}
#endif
