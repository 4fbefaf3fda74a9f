// The nearest name.
#include <criterion/criterion.h>

#include "base/suggest.h"

static bool name_at(const void *ctx, size_t i, lq_str *name)
{
  const char *const *names = ctx;
  if (!names[i])
    return false;
  *name = lq_str_of(names[i]);
  return true;
}

Test(base_suggest, nearest)
{
  static const char *const names[] = {"wildcard", "process.name", "process.pid", "user.id",
                                      "ip",       "length",       NULL};
  static const struct {
    const char *wanted;
    size_t max;
    const char *nearest; // NULL: none
  } rows[] = {
      {"wildcrd", 2, "wildcard"},
      {"proces.name", 2, "process.name"},
      {"process.nmae", 1, "process.name"},
      {"PROCESS.PID", 0, "process.pid"},
      {"process.pdi", 2, "process.pid"},
      {"user.name", 2, NULL},
      {"xy", 2, NULL},
      {"ipx", 2, "ip"},
      {"lenght", 1, "length"},
      {"", 2, NULL},
      {"zzzzzz", 6, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    lq_str got = lq_suggest(lq_str_of(rows[i].wanted), rows[i].max, name_at, names);
    if (rows[i].nearest)
      cr_expect(lq_str_is(got, rows[i].nearest), "%s gives %.*s", rows[i].wanted, LQ_STR_ARG(got));
    else
      cr_expect_null(got.p, "%s gives %.*s", rows[i].wanted, LQ_STR_ARG(got));
  }
  static char huge[100000];
  memset(huge, 'a', sizeof huge);
  cr_expect_null(lq_suggest((lq_str){huge, sizeof huge}, 3, name_at, names).p);
}
