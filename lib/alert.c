// A match as one line of JSON. The form is docs/alert.md's.
#include "base/date.h"
#include "base/number.h"
#include "base/utf8.h"
#include "lib/api.h"

static void json_key(lq_buf *out, const char *key)
{
  lq_buf_json(out, lq_str_of(key));
  lq_buf_byte(out, ':');
}

static void json_value(lq_buf *out, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  bool bare = v->type == LQ_T_BOOL || lq_is_number(v->type);
  if (v->type == LQ_T_NULL || v->type == LQ_T_OBJECT)
    lq_buf_z(out, "null");
  else if (bare)
    lq_buf_str(out, lq_value_text(v, scratch));
  else
    lq_buf_json(out, lq_value_text(v, scratch));
}

static void json_slot(lq_buf *out, const lq_event *e, uint32_t slot)
{
  const lq_slot_value *v = lq_event_first(e, slot), *more = lq_event_next(e, v);
  lq_buf_json(out, lq_fieldmap_spec(e->map, slot)->name);
  lq_buf_z(out, more ? ":[" : ":");
  json_value(out, &v->v);
  for (; more; more = lq_event_next(e, more)) {
    lq_buf_byte(out, ',');
    json_value(out, &more->v);
  }
  if (lq_event_next(e, v))
    lq_buf_byte(out, ']');
}

// A record that came from getters has no bytes of its own: the fields that rules asked for stand in for it.
static void json_fields(lq_buf *out, const lq_event *e)
{
  bool first = true;
  lq_buf_byte(out, '{');
  for (uint32_t i = 0; i < lq_fieldmap_slots(e->map); i++) {
    lq_str name = lq_fieldmap_spec(e->map, i)->name;
    const lq_slot_value *v = lq_event_first(e, i);
    if (!v || v->v.type == LQ_T_OBJECT ||
        lq_fieldmap_slot_at(e->map, lq_fieldmap_descend(e->map, 0, name)) != i)
      continue;
    if (!first)
      lq_buf_byte(out, ',');
    first = false;
    json_slot(out, e, i);
  }
  lq_buf_byte(out, '}');
}

static bool is_space(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void json_minified(lq_buf *out, lq_str raw)
{
  bool text = false;
  for (size_t i = 0; i < raw.n; i++) {
    char c = raw.p[i];
    if (text && c == '\\' && i + 1 < raw.n) {
      lq_buf_byte(out, c);
      lq_buf_byte(out, raw.p[++i]);
      continue;
    }
    if (c == '"')
      text = !text;
    if (text || !is_space(c))
      lq_buf_byte(out, c);
  }
}

// The bytes as they came, where that is one line of UTF-8.
static void json_event(lq_buf *out, const lq_event *e)
{
  lq_str raw = lq_str_trim(e->raw);
  lq_buf repaired = {.mem = out->mem};
  if (!lq_utf8_valid(raw)) {
    lq_utf8_repair(&repaired, raw);
    raw = lq_buf_get(&repaired);
  }
  bool lines = raw.n > 0 && (memchr(raw.p, '\n', raw.n) || memchr(raw.p, '\r', raw.n));
  if (raw.n == 0)
    json_fields(out, e);
  else if (lines)
    json_minified(out, raw);
  else
    lq_buf_str(out, raw);
  out->failed |= repaired.failed;
  lq_buf_free(&repaired);
}

static void json_attack(lq_buf *out, const lq_match *m)
{
  lq_text v;
  lq_buf_byte(out, '[');
  for (size_t n = 0; lq_bundle_rule_meta(m->scan->bundle, m->rule, "attack", n, NULL, &v) == LQ_OK; n++) {
    if (n > 0)
      lq_buf_byte(out, ',');
    lq_buf_json(out, lq_str_make(v.p, v.n));
  }
  lq_buf_byte(out, ']');
}

static void json_rule(lq_buf *out, const lq_match *m)
{
  const lq_bundle *b = m->scan->bundle;
  lq_str severity = lq_bundle_meta(b, m->rule, "severity"), risk = lq_bundle_meta(b, m->rule, "risk_score");
  int64_t score;
  lq_buf_z(out, "{\"id\":");
  lq_buf_json(out, lq_match_rule_id(m));
  lq_buf_z(out, ",\"name\":");
  lq_buf_json(out, lq_bundle_string(b, b->program->rules[m->rule].name));
  if (severity.n > 0) {
    lq_buf_z(out, ",\"severity\":");
    lq_buf_json(out, severity);
  }
  // A bundle may come from anywhere; only a number is written as one.
  if (lq_parse_i64(risk, &score))
    lq_buf_printf(out, ",\"risk_score\":%lld", (long long)score);
  lq_buf_z(out, ",\"attack\":");
  json_attack(out, m);
  lq_buf_byte(out, '}');
}

static void json_repaired(lq_buf *out, lq_str s)
{
  lq_buf b = {.mem = out->mem};
  lq_utf8_repair(&b, s);
  lq_buf_json(out, lq_buf_get(&b));
  out->failed |= b.failed;
  lq_buf_free(&b);
}

typedef struct clauses {
  lq_buf *out;
  size_t n;
} clauses;

static int json_clause(void *user, const lq_clause *c)
{
  clauses *w = user;
  lq_buf *out = w->out;
  lq_buf_z(out, w->n++ > 0 ? ",{\"clause\":" : "{\"clause\":");
  lq_buf_json(out, lq_str_make(c->clause.p, c->clause.n));
  lq_buf_z(out, ",\"field\":");
  if (c->field.n > 0)
    lq_buf_json(out, lq_str_make(c->field.p, c->field.n));
  else
    lq_buf_z(out, "null");
  lq_buf_z(out, ",\"value\":");
  if (c->field.n > 0)
    lq_buf_json(out, lq_str_make(c->value.p, c->value.n));
  else
    lq_buf_z(out, "null");
  lq_buf_byte(out, '}');
  return 0;
}

static void json_time(lq_buf *out, const lq_event *e)
{
  char text[40];
  if (e->has_time)
    lq_buf_json(out, lq_str_make(text, lq_date_format(e->time, text)));
  else
    lq_buf_z(out, "null");
}

lq_status lq_match_json(const lq_match *m, lq_write_fn write, void *user)
{
  lq_buf out = {.mem = &m->scan->mem};
  lq_buf_byte(&out, '{');
  json_key(&out, "id");
  lq_buf_json(&out, lq_str_of(lq_match_id(m)));
  lq_buf_z(&out, ",\"@timestamp\":");
  json_time(&out, m->event);
  lq_buf_z(&out, ",\"rule\":");
  json_rule(&out, m);
  lq_buf_z(&out, ",\"events\":[");
  json_event(&out, m->event);
  lq_buf_z(&out, "],\"sources\":[{\"file\":");
  json_repaired(&out, m->event->source);
  lq_buf_printf(&out, ",\"line\":%llu}],\"why\":[", (unsigned long long)m->event->line);
  clauses w = {&out, 0};
  lq_status s = lq_match_why(m, json_clause, &w);
  lq_buf_z(&out, "]}");
  if (s == LQ_OK)
    return lq_api_write(&out, write, user);
  lq_buf_free(&out);
  return s;
}
