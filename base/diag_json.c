// Diagnostics for programs: one JSON object each, with only the keys that have something to say.
#include "base/diag.h"

static const char *severity_name(lq_severity s)
{
  switch (s) {
  case LQ_SEV_ERROR: return "error";
  case LQ_SEV_WARNING: return "warning";
  case LQ_SEV_NOTE: return "note";
  }
  return "";
}

static void text_member(lq_buf *out, const char *key, lq_str text)
{
  if (text.n == 0)
    return;
  lq_buf_printf(out, ",\"%s\":", key);
  lq_buf_json(out, text);
}

static void place_members(lq_buf *out, const lq_source *s, lq_span span)
{
  lq_place a = lq_source_locate(s, span.start), b = lq_source_locate(s, span.end);
  lq_buf_printf(out, "\"line\":%u,\"column\":%u,\"end_line\":%u,\"end_column\":%u", (unsigned)a.line,
                (unsigned)a.column, (unsigned)b.line, (unsigned)b.column);
}

static void piece(lq_buf *out, const lq_source *s, lq_span span, lq_str text)
{
  lq_buf_z(out, "{\"text\":");
  lq_buf_json(out, text);
  lq_buf_byte(out, ',');
  place_members(out, s, span);
  lq_buf_byte(out, '}');
}

// The primary label's place is the diagnostic's own, so it is listed only if it has a text.
static void label_members(lq_buf *out, const lq_diag *d)
{
  int first = d->labels[0].text.n == 0;
  if (first == d->nlabels)
    return;
  for (int i = first; i < d->nlabels; i++) {
    lq_buf_z(out, i == first ? ",\"labels\":[" : ",");
    piece(out, d->source, d->labels[i].span, d->labels[i].text);
  }
  lq_buf_byte(out, ']');
}

void lq_diag_render_json(lq_buf *out, const lq_diag *d)
{
  lq_buf_printf(out, "{\"code\":\"LQ%03d\",\"severity\":\"%s\",\"message\":", (int)d->code,
                severity_name(d->severity));
  lq_buf_json(out, d->message);
  if (d->source) {
    text_member(out, "file", d->source->name);
    lq_buf_byte(out, ',');
    place_members(out, d->source, d->labels[0].span);
  }
  text_member(out, "rule", d->rule);
  if (d->source)
    label_members(out, d);
  text_member(out, "help", d->help);
  text_member(out, "note", d->note);
  if (d->has_fix && d->source) {
    lq_buf_z(out, ",\"fix\":");
    piece(out, d->source, d->fix_span, d->fix);
  }
  lq_buf_byte(out, '}');
}
