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
      {"nelgth", 2, "length"},
      {"legnht", 2, "length"},
      {"ocess.name", 2, "process.name"},
      {"process.nameme", 2, "process.name"},
      {"pcess.na", 4, "process.name"},
      {"pcess.na", 3, NULL},
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

// All cells of the table, whatever the limit.
static size_t plain_distance(lq_str a, lq_str b)
{
  size_t d[8][8];
  for (size_t i = 0; i <= a.n; i++) {
    for (size_t j = 0; j <= b.n; j++) {
      d[i][j] = i == 0 ? j : j == 0 ? i : d[i - 1][j - 1] + (a.p[i - 1] != b.p[j - 1]);
      if (i == 0 || j == 0)
        continue;
      size_t other = (d[i - 1][j] < d[i][j - 1] ? d[i - 1][j] : d[i][j - 1]) + 1;
      d[i][j] = other < d[i][j] ? other : d[i][j];
      if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] &&
          d[i - 2][j - 2] + 1 < d[i][j])
        d[i][j] = d[i - 2][j - 2] + 1;
    }
  }
  return d[a.n][b.n];
}

Test(base_suggest, limits_cut_nothing_off)
{
  unsigned seed = 1;
  for (int i = 0; i < 50000; i++) {
    char p[2][8] = {{0}};
    for (int k = 0; k < 2; k++) {
      seed = seed * 1103515245u + 12345u;
      size_t n = 1 + (seed >> 16) % 6;
      for (size_t c = 0; c < n; c++) {
        seed = seed * 1103515245u + 12345u;
        p[k][c] = "abc"[(seed >> 16) % 3];
      }
    }
    const char *names[] = {p[1], NULL};
    lq_str wanted = lq_str_of(p[0]);
    size_t d = plain_distance(wanted, lq_str_of(p[1]));
    for (size_t most = 0; most < 6; most++) {
      bool near = d <= most && d <= (wanted.n + 1) / 2;
      if ((lq_suggest(wanted, most, name_at, names).p != NULL) != near)
        cr_assert_fail("%s and %s, %zu of at most %zu", p[0], p[1], d, most);
    }
  }
}
