// Findings in the forms that other programs read: SARIF 2.1.0, and annotations of a GitHub workflow.
#include "cli/report.h"

#include <string.h>

static const char *const levels[] = {"error", "warning", "note"};

static void json_z(lq_string *s, const char *z)
{
  lq_string_json(s, z, strlen(z));
}

// ---- SARIF

// A path as a URI reference: what is no plain character is escaped.
static void put_uri(lq_string *s, lq_text path)
{
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
  lq_string_z(s, "\"");
  for (size_t i = 0; i < path.n; i++) {
    unsigned char ch = (unsigned char)path.p[i];
    if (ch && strchr(plain, ch))
      lq_string_add(s, path.p + i, 1);
    else
      lq_string_printf(s, "%%%02X", ch);
  }
  lq_string_z(s, "\"");
}

static void put_region(lq_string *s, const char *key, uint32_t line, uint32_t column, uint32_t end_line,
                       uint32_t end_column)
{
  lq_string_printf(s, "\"%s\":{\"startLine\":%u,\"startColumn\":%u,\"endLine\":%u,\"endColumn\":%u}", key,
                   (unsigned)line, (unsigned)column, (unsigned)end_line, (unsigned)end_column);
}

static void put_artifact(lq_string *s, lq_text file)
{
  lq_string_z(s, "\"artifactLocation\":{\"uri\":");
  put_uri(s, file);
  lq_string_z(s, "}");
}

static void put_rule(lq_string *s, uint32_t code)
{
  const char *title = "", *explanation = "";
  uint32_t severity = 0;
  lq_explain_code(code, &severity, &title, &explanation);
  lq_string_printf(s, "{\"id\":\"LQ%u\",\"shortDescription\":{\"text\":", (unsigned)code);
  json_z(s, title);
  lq_string_z(s, "},\"fullDescription\":{\"text\":");
  json_z(s, explanation);
  lq_string_printf(s, "},\"defaultConfiguration\":{\"level\":\"%s\"}}", levels[severity % 3]);
}

static void put_message(lq_string *s, const lq_diagnostic *d)
{
  lq_string text = {0};
  lq_string_text(&text, d->message);
  if (d->help.n) {
    lq_string_z(&text, "\nhelp: ");
    lq_string_text(&text, d->help);
  }
  if (d->note.n) {
    lq_string_z(&text, "\nnote: ");
    lq_string_text(&text, d->note);
  }
  lq_string_json(s, text.p ? text.p : "", text.n);
  lq_string_free(&text);
}

static void put_fix(lq_string *s, const lq_diagnostic *d)
{
  lq_string_z(s, ",\n   \"fixes\":[{\"description\":{\"text\":");
  if (d->help.n)
    lq_string_json(s, d->help.p, d->help.n);
  else
    json_z(s, d->fix.n ? "replace this" : "remove this");
  lq_string_z(s, "},\"artifactChanges\":[{");
  put_artifact(s, d->file);
  lq_string_z(s, ",\"replacements\":[{");
  put_region(s, "deletedRegion", d->fix_line, d->fix_column, d->fix_end_line, d->fix_end_column);
  lq_string_z(s, ",\"insertedContent\":{\"text\":");
  lq_string_json(s, d->fix.p, d->fix.n);
  lq_string_z(s, "}}]}]}]");
}

static void put_result(lq_string *s, const lq_diagnostic *d, size_t rule_index)
{
  lq_string_printf(s, "  {\"ruleId\":\"LQ%u\",\"ruleIndex\":%zu,\"level\":\"%s\",\"message\":{\"text\":",
                   (unsigned)d->code, rule_index, levels[d->severity % 3]);
  put_message(s, d);
  lq_string_z(s, "}");
  if (d->file.n) {
    lq_string_z(s, ",\n   \"locations\":[{\"physicalLocation\":{");
    put_artifact(s, d->file);
    if (d->line) {
      lq_string_z(s, ",");
      put_region(s, "region", d->line, d->column, d->end_line, d->end_column);
    }
    lq_string_z(s, "}}]");
  }
  if (d->has_fix && d->fix_line)
    put_fix(s, d);
  if (d->rule.n) {
    lq_string_z(s, ",\n   \"properties\":{\"rule\":");
    lq_string_json(s, d->rule.p, d->rule.n);
    lq_string_z(s, "}");
  }
  lq_string_z(s, "}");
}

// Every code is a rule of the tool, in the order of the table.
static size_t index_of(uint32_t code)
{
  size_t i = 0;
  while (i < lq_code_count() && lq_code_at(i) != code)
    i++;
  return i;
}

void lq_report_sarif(lq_out *out, const lq_findings *f)
{
  lq_string s = {0};
  lq_string_printf(
      &s,
      "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\",\"runs\":[{\n"
      " \"tool\":{\"driver\":{\"name\":\"lq\",\"semanticVersion\":\"%s\",\"rules\":[",
      lq_version());
  for (size_t i = 0; i < lq_code_count(); i++) {
    lq_string_z(&s, i ? ",\n  " : "\n  ");
    put_rule(&s, lq_code_at(i));
  }
  lq_string_z(&s, "]}},\n \"columnKind\":\"unicodeCodePoints\",\n \"results\":[");
  for (size_t i = 0; i < f->n; i++) {
    lq_string_z(&s, i ? ",\n" : "\n");
    put_result(&s, &f->items[i].d, index_of(f->items[i].d.code));
  }
  lq_string_z(&s, "]}]}\n");
  lq_out_add(out, s.p, s.n);
  lq_string_free(&s);
}

// ---- GitHub

// Commands end at a line end and have `:` and `,` as signs; in the message these two are plain.
static void put_escaped(lq_string *s, lq_text t, bool property)
{
  for (size_t i = 0; i < t.n; i++) {
    unsigned char ch = (unsigned char)t.p[i];
    bool sign = ch == '%' || ch == '\r' || ch == '\n' || (property && (ch == ':' || ch == ','));
    if (sign)
      lq_string_printf(s, "%%%02X", ch);
    else
      lq_string_add(s, t.p + i, 1);
  }
}

static void put_annotation(lq_string *s, const lq_diagnostic *d)
{
  static const char *const commands[] = {"error", "warning", "notice"};
  lq_string_printf(s, "::%s title=LQ%u", commands[d->severity % 3], (unsigned)d->code);
  if (d->file.n) {
    lq_string_z(s, ",file=");
    put_escaped(s, d->file, true);
  }
  if (d->line)
    lq_string_printf(s, ",line=%u,endLine=%u,col=%u,endColumn=%u", (unsigned)d->line, (unsigned)d->end_line,
                     (unsigned)d->column, (unsigned)d->end_column);
  lq_string_z(s, "::");
  put_escaped(s, d->message, false);
  if (d->help.n) {
    lq_string_z(s, "%0Ahelp: ");
    put_escaped(s, d->help, false);
  }
  lq_string_z(s, "\n");
}

void lq_report_github(lq_out *out, const lq_findings *f)
{
  lq_string s = {0};
  for (size_t i = 0; i < f->n; i++) {
    put_annotation(&s, &f->items[i].d);
    lq_out_add(out, s.p, s.n);
    lq_string_clear(&s);
  }
  lq_string_free(&s);
}
