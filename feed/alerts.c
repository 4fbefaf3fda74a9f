// Matches written for other programs, a line each.
#include "feed/alerts.h"

#include "feed/safe.h"
#include "feed/why.h"

static const char CSV_HEADER[] = "time,id,rule_id,rule_name,severity,attack,source,line,why\r\n";

void lq_alerts_begin(lq_alerts *a, lq_out *out, const lq_bundle *bundle, lq_alerts_form form)
{
  *a = (lq_alerts){.out = out, .bundle = bundle, .form = form, .line = {.mem = out->mem}};
  if (form == LQ_ALERTS_CSV && !out->goes_on)
    lq_out_z(out, CSV_HEADER);
}

void lq_alerts_free(lq_alerts *a)
{
  if (a->line.mem)
    lq_buf_free(&a->line);
}

static int put(void *user, const char *p, size_t n)
{
  lq_buf *b = user;
  lq_buf_add(b, p, n);
  return b->failed;
}

static lq_status json_line(lq_alerts *a, const lq_match *m)
{
  lq_status s = LQ_OK;
  if (!a->only_events) {
    s = lq_match_json(m, put, &a->line);
  } else if (lq_match_kind(m) != LQ_MATCH_EVENT || lq_match_column_count(m)) {
    s = lq_match_row_json(m, put, &a->line);
  } else {
    lq_text raw = lq_match_event(m);
    lq_one_line(&a->line, raw.p, raw.n);
  }
  lq_buf_byte(&a->line, '\n');
  return s;
}

// A cell that begins with one of = + - @ would be a formula to a spreadsheet, and events are hostile: it gets
// a quote mark.
static void csv_cell(lq_buf *line, const char *p, size_t n, bool last)
{
  bool quoted = n > 0;
  if (quoted)
    lq_buf_byte(line, '"');
  if (n > 0 && strchr("=+-@\t\r", p[0]))
    lq_buf_byte(line, '\'');
  for (size_t i = 0; i < n; i++) {
    lq_buf_byte(line, p[i]);
    if (p[i] == '"')
      lq_buf_byte(line, '"');
  }
  if (quoted)
    lq_buf_byte(line, '"');
  lq_buf_z(line, last ? "\r\n" : ",");
}

static void csv_text(lq_buf *line, lq_text t)
{
  csv_cell(line, t.p, t.n, false);
}

static lq_status csv_line(lq_alerts *a, const lq_match *m)
{
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_buf attack = {.mem = a->line.mem}, why = attack, *line = &a->line;
  lq_status s = lq_bundle_rule(a->bundle, lq_match_rule(m), &v);
  lq_why_time(line, m);
  lq_buf_printf(line, ",%s,", lq_match_id(m));
  csv_text(line, v.id);
  csv_text(line, v.name);
  csv_text(line, v.severity);
  lq_rule_attack(&attack, a->bundle, lq_match_rule(m));
  csv_text(line, (lq_text){attack.p, attack.n});
  csv_text(line, lq_match_source(m));
  lq_buf_printf(line, "%llu,", (unsigned long long)lq_match_line(m));
  lq_why_cell(&why, m, NULL);
  csv_cell(line, why.p, why.n, true);
  line->failed |= attack.failed | why.failed;
  lq_buf_free(&attack);
  lq_buf_free(&why);
  return s;
}

int lq_alerts_add(lq_alerts *a, const lq_match *m)
{
  lq_buf_clear(&a->line);
  lq_status s = a->form == LQ_ALERTS_CSV ? csv_line(a, m) : json_line(a, m);
  if (s != LQ_OK || a->line.failed) {
    a->failed = a->line.failed ? LQ_E_NOMEM : s;
    return 1;
  }
  return !lq_out_add(a->out, a->line.p, a->line.n);
}
