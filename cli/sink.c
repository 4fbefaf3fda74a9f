// Where matches go: as events or as alerts, in one of the formats.
#include "cli/sink.h"

#include <stdlib.h>

#include "cli/progress.h"
#include "cli/table.h"
#include "cli/why.h"
#include "feed/alerts.h"

struct lq_sink {
  lq_cli *cli;
  const lq_bundle *bundle;
  lq_format format;
  bool alerts, numbered, severities, attacks;
  bool tall; // the terminal is too narrow for all columns of an alert: event and reason get a line of their
             // own
  lq_table *table; // else lines
  lq_alerts lines;
  lq_string line;
  uint64_t number;
  int64_t flushed;
};

// Columns that would be empty in every row are left out.
static void look_at_rules(lq_sink *s)
{
  size_t n = lq_bundle_rule_count(s->bundle);
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_text key, value;
  for (size_t i = 0; i < n && !(s->severities && s->attacks); i++) {
    if (lq_bundle_rule(s->bundle, i, &v) == LQ_OK && v.severity.n)
      s->severities = true;
    if (lq_bundle_rule_meta(s->bundle, i, "attack", 0, &key, &value) == LQ_OK)
      s->attacks = true;
  }
}

enum { WIDE = 160 };

static lq_table *new_table(lq_sink *s)
{
  const char *titles[8];
  lq_cut cuts[8] = {LQ_CUT_NEVER};
  size_t n = 0;
  if (s->numbered)
    titles[n++] = "#";
  titles[n++] = "TIME";
  if (s->severities)
    titles[n++] = "SEVERITY";
  if (s->attacks) {
    cuts[n] = LQ_CUT_END;
    titles[n++] = "ATT&CK";
  }
  if (s->alerts) {
    cuts[n] = LQ_CUT_END;
    titles[n++] = "RULE";
  }
  cuts[n] = LQ_CUT_START;
  if (!s->tall) {
    titles[n++] = "EVENT";
    titles[n++] = "WHY";
  }
  lq_table *t = lq_table_new(&s->cli->out, s->cli->color, titles, n);
  for (size_t i = 0; i < n; i++)
    lq_table_may_cut(t, i, cuts[i]);
  return t;
}

lq_sink *lq_sink_new(lq_cli *c, const lq_bundle *b, lq_format format, bool alerts, bool numbered)
{
  lq_sink *s = lq_need(NULL, 1, sizeof *s);
  *s = (lq_sink){.cli = c, .bundle = b, .format = format, .alerts = alerts, .numbered = numbered};
  s->flushed = lq_elapsed(0);
  if (alerts)
    look_at_rules(s);
  size_t screen = lq_terminal_width(&c->out);
  s->tall = alerts && screen && screen < WIDE;
  if (format == LQ_FORMAT_TABLE)
    s->table = new_table(s);
  else
    lq_alerts_begin(&s->lines, &c->out, b, format == LQ_FORMAT_CSV ? LQ_ALERTS_CSV : LQ_ALERTS_NDJSON);
  s->lines.only_events = !alerts;
  return s;
}

// ---- rows

enum { NAME_SHOWN = 44 };

static void cell(lq_sink *s)
{
  lq_table_cell(s->table, s->line.p, s->line.n);
  lq_string_clear(&s->line);
}

static void note(lq_sink *s)
{
  lq_table_note(s->table, s->line.p, s->line.n);
  lq_string_clear(&s->line);
}

static void alert_cells(lq_sink *s, size_t rule)
{
  lq_string name = {0};
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_bundle_rule(s->bundle, rule, &v);
  if (s->severities) {
    lq_string_painted(&s->line, s->cli->color, lq_paint_of_severity(v.severity), v.severity);
    cell(s);
  }
  if (s->attacks) {
    lq_string attack = {0};
    lq_string_attack(&attack, s->bundle, rule);
    lq_table_text(s->table, (lq_text){attack.p, attack.n});
    lq_string_free(&attack);
  }
  lq_text label = lq_rule_label(&v);
  lq_string_safe(&name, label.p, label.n);
  lq_string_fit(&s->line, name.p, name.n, NAME_SHOWN);
  cell(s);
  lq_string_free(&name);
}

static void table_row(lq_sink *s, const lq_match *m)
{
  if (s->numbered)
    lq_table_printf(s->table, "%llu", (unsigned long long)++s->number);
  lq_string_why_time(&s->line, m);
  cell(s);
  if (s->alerts)
    alert_cells(s, lq_match_rule(m));
  lq_string_why_place(&s->line, m);
  if (s->tall)
    lq_string_z(&s->line, "  ");
  else
    cell(s);
  lq_string_why_cell(&s->line, m, s->cli->color);
  if (s->tall)
    note(s);
  else
    cell(s);
}

int lq_sink_match(lq_sink *s, const lq_match *m)
{
  if (s->format != LQ_FORMAT_TABLE)
    return lq_alerts_add(&s->lines, m);
  table_row(s, m);
  return lq_out_broken(&s->cli->out);
}

void lq_sink_flush(lq_sink *s, bool idle)
{
  static const int64_t moment = 300 * 1000000;
  if (s->table && !idle && lq_elapsed(s->flushed) < moment)
    return;
  if (s->table)
    lq_table_flush(s->table);
  s->flushed = lq_elapsed(0);
  lq_out_flush(&s->cli->out);
}

void lq_sink_end(lq_sink *s)
{
  if (!s)
    return;
  if (s->lines.failed == LQ_E_NOMEM)
    lq_out_of_memory();
  lq_table_end(s->table);
  lq_alerts_free(&s->lines);
  lq_out_flush(&s->cli->out);
  lq_string_free(&s->line);
  free(s);
}
