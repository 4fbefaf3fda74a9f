// What a check tells: the diagnostics of a build, less those that were not asked for.
#include "cli/findings.h"

#include <stdlib.h>
#include <string.h>

// ---- --select and --ignore

static int digit_or_x(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c == 'x' || c == 'X' ? 10 : -1;
}

// `LQ203`, `203`, `LQ4xx`: the codes from *low to *high.
static bool range_of(const char *p, size_t n, uint32_t *low, uint32_t *high)
{
  bool open = false;
  if (n == 5 && (p[0] | 32) == 'l' && (p[1] | 32) == 'q')
    p += 2, n -= 2;
  *low = *high = 0;
  for (size_t i = 0; i < n && n == 3; i++) {
    int d = digit_or_x(p[i]);
    if (d < 0 || (open && d != 10) || (d == 10 && i == 0))
      return false;
    open = d == 10;
    *low = *low * 10 + (uint32_t)(open ? 0 : d);
    *high = *high * 10 + (uint32_t)(open ? 9 : d);
  }
  return n == 3;
}

static bool any_code(uint32_t low, uint32_t high)
{
  for (size_t i = 0; i < lq_code_count(); i++) {
    if (lq_code_at(i) >= low && lq_code_at(i) <= high)
      return true;
  }
  return false;
}

static bool set_codes(lq_cli *c, const char *option, const char *list, bool on, lq_selection *s)
{
  for (const char *p = list; *p;) {
    size_t n = strcspn(p, ", ");
    uint32_t low, high;
    if (n > 0 && (!range_of(p, n, &low, &high) || !any_code(low, high))) {
      lq_say_usage(c, "check: no code `%.*s` for `--%s`", (int)n, p, option);
      lq_say_help(c, "write codes as LQ203 or LQ4xx, separated by commas; `lq explain-code` lists them");
      return false;
    }
    for (uint32_t i = low; n > 0 && i <= high; i++)
      s->on[i] = on;
    p += n + strspn(p + n, ", ");
  }
  return true;
}

bool lq_selection_read(lq_cli *c, const lq_options *o, lq_selection *out)
{
  const char *select = o->value[LQ_OPT_SELECT], *ignore = o->value[LQ_OPT_IGNORE];
  memset(out->on, !select, sizeof out->on);
  return (!select || set_codes(c, "select", select, true, out)) &&
         (!ignore || set_codes(c, "ignore", ignore, false, out));
}

// ---- the findings

void lq_findings_of(const lq_build *b, const lq_selection *s, lq_findings *out)
{
  size_t count = lq_build_diag_count(b);
  *out = (lq_findings){.build = b, .items = lq_need(NULL, count ? count : 1, sizeof *out->items)};
  for (size_t i = 0; i < count; i++) {
    lq_finding *f = &out->items[out->n];
    *f = (lq_finding){.d = LQ_INIT(lq_diagnostic), .index = i};
    if (lq_build_diag(b, i, &f->d) != LQ_OK || f->d.code >= LQ_CODES_MAX || !s->on[f->d.code])
      continue;
    out->by_severity[f->d.severity % 3]++;
    out->by_code[f->d.code]++;
    out->sure += f->d.has_fix == LQ_FIX_SURE;
    out->n++;
  }
}

void lq_findings_free(lq_findings *f)
{
  free(f->items);
  *f = (lq_findings){0};
}
