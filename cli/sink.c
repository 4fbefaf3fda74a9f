// Where matches go: as events or as alerts, in one of the formats.
#include "cli/sink.h"

#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/table.h"
#include "cli/why.h"

struct lq_sink {
  lq_cli *cli;
  const lq_bundle *bundle;
  lq_format format;
  bool alerts, numbered, severities, attacks;
  bool tall; // the terminal is too narrow for all columns of an alert: event and reason get a line of their
             // own
  lq_table *table;
  lq_string line;
  uint64_t number;
  int64_t flushed;
};

lq_text lq_rule_label(const lq_rule_view *v)
{
  return v->name.n ? v->name : v->id;
}

void lq_rule_attack(lq_string *s, const lq_bundle *b, size_t rule)
{
  lq_text key, value;
  for (size_t nth = 0; lq_bundle_rule_meta(b, rule, "attack", nth, &key, &value) == LQ_OK; nth++) {
    lq_string_z(s, nth ? " " : "");
    lq_string_text(s, value);
  }
}

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

static const char CSV_HEADER[] = "time,id,rule_id,rule_name,severity,attack,source,line,why\r\n";

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
  if (format == LQ_FORMAT_CSV && !c->out.goes_on)
    lq_out_z(&c->out, CSV_HEADER);
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
    lq_rule_attack(&attack, s->bundle, rule);
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
  lq_why_time(&s->line, m);
  cell(s);
  if (s->alerts)
    alert_cells(s, lq_match_rule(m));
  lq_why_place(&s->line, m);
  if (s->tall)
    lq_string_z(&s->line, "  ");
  else
    cell(s);
  lq_why_cell(&s->line, m, s->cli->color);
  if (s->tall)
    note(s);
  else
    cell(s);
}

static void ndjson_row(lq_sink *s, const lq_match *m)
{
  if (s->alerts) {
    lq_match_json(m, lq_out_write, &s->cli->out);
  } else if (lq_match_kind(m) != LQ_MATCH_EVENT || lq_match_column_count(m)) {
    lq_match_row_json(m, lq_out_write, &s->cli->out);
  } else {
    lq_text raw = lq_match_event(m);
    lq_string_one_line(&s->line, raw.p, raw.n);
    lq_out_add(&s->cli->out, s->line.p, s->line.n);
    lq_string_clear(&s->line);
  }
  lq_out_add(&s->cli->out, "\n", 1);
}

// A cell that begins with one of = + - @ would be a formula to a spreadsheet, and events are hostile: it gets
// a quote mark.
static void csv_cell(lq_string *line, const char *p, size_t n, bool last)
{
  bool quoted = n > 0;
  if (quoted)
    lq_string_add(line, "\"", 1);
  if (n > 0 && strchr("=+-@\t\r", p[0]))
    lq_string_add(line, "'", 1);
  for (size_t i = 0; i < n; i++) {
    lq_string_add(line, p + i, 1);
    if (p[i] == '"')
      lq_string_add(line, "\"", 1);
  }
  if (quoted)
    lq_string_add(line, "\"", 1);
  lq_string_z(line, last ? "\r\n" : ",");
}

static void csv_text(lq_string *line, lq_text t)
{
  csv_cell(line, t.p, t.n, false);
}

static void csv_row(lq_sink *s, const lq_match *m)
{
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_string part = {0};
  lq_bundle_rule(s->bundle, lq_match_rule(m), &v);
  lq_why_time(&part, m);
  lq_string_printf(&s->line, "%s,%s,", part.p ? part.p : "", lq_match_id(m));
  csv_text(&s->line, v.id);
  csv_text(&s->line, v.name);
  csv_text(&s->line, v.severity);
  lq_string_clear(&part);
  lq_rule_attack(&part, s->bundle, lq_match_rule(m));
  csv_text(&s->line, (lq_text){part.p, part.n});
  csv_text(&s->line, lq_match_source(m));
  lq_string_printf(&s->line, "%llu,", (unsigned long long)lq_match_line(m));
  lq_string_clear(&part);
  lq_why_cell(&part, m, false);
  csv_cell(&s->line, part.p, part.n, true);
  lq_out_add(&s->cli->out, s->line.p, s->line.n);
  lq_string_clear(&s->line);
  lq_string_free(&part);
}

int lq_sink_match(lq_sink *s, const lq_match *m)
{
  if (s->format == LQ_FORMAT_TABLE)
    table_row(s, m);
  else if (s->format == LQ_FORMAT_CSV)
    csv_row(s, m);
  else
    ndjson_row(s, m);
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
  lq_table_end(s->table);
  lq_out_flush(&s->cli->out);
  lq_string_free(&s->line);
  free(s);
}
