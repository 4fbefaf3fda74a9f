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

void lq_json_values(lq_buf *out, const lq_values *list)
{
  if (list->n == 0)
    lq_buf_z(out, "null");
  else if (list->n > 1)
    lq_buf_byte(out, '[');
  for (size_t i = 0; i < list->n; i++) {
    lq_buf_z(out, i > 0 ? "," : "");
    json_value(out, &list->v[i]);
  }
  if (list->n > 1)
    lq_buf_byte(out, ']');
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
void lq_json_fields(lq_buf *out, const lq_event *e)
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

void lq_json_event(lq_buf *out, lq_str raw)
{
  raw = lq_str_trim(raw);
  lq_buf repaired = {.mem = out->mem};
  if (!lq_utf8_valid(raw)) {
    lq_utf8_repair(&repaired, raw);
    raw = lq_buf_get(&repaired);
  }
  if (memchr(raw.p, '\n', raw.n) || memchr(raw.p, '\r', raw.n))
    json_minified(out, raw);
  else
    lq_buf_str(out, raw);
  out->failed |= repaired.failed;
  lq_buf_free(&repaired);
}

static void json_event_at(lq_buf *out, const lq_match *m, size_t i)
{
  lq_spot p;
  if (!lq_match_place(m, i, &p))
    lq_buf_z(out, "null");
  else if (p.raw.n > 0)
    lq_json_event(out, p.raw);
  else
    lq_json_fields(out, m->event); // groups keep none without bytes
}

static void json_events(lq_buf *out, const lq_match *m)
{
  lq_buf_byte(out, '[');
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    lq_buf_z(out, i > 0 ? "," : "");
    json_event_at(out, m, i);
  }
  lq_buf_byte(out, ']');
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

static void json_sources(lq_buf *out, const lq_match *m)
{
  lq_buf_byte(out, '[');
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    lq_spot p;
    lq_buf_z(out, i > 0 ? "," : "");
    if (!lq_match_place(m, i, &p)) {
      lq_buf_z(out, "null");
      continue;
    }
    lq_buf_z(out, "{\"file\":");
    json_repaired(out, p.source);
    lq_buf_printf(out, ",\"line\":%llu}", (unsigned long long)p.line);
  }
  lq_buf_byte(out, ']');
}

typedef struct clauses {
  lq_buf *out;
  bool numbered; // which event each is about
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
  if (w->numbered)
    lq_buf_printf(out, ",\"event\":%zu", c->event);
  lq_buf_byte(out, '}');
  return 0;
}

static void json_time(lq_buf *out, const lq_match *m)
{
  char text[40];
  int64_t ns;
  if (lq_match_time(m, &ns))
    lq_buf_json(out, lq_str_make(text, lq_date_format(ns, text)));
  else
    lq_buf_z(out, "null");
}

static void json_columns(lq_buf *out, const lq_match *m, bool *any)
{
  for (size_t i = 0; i < lq_match_column_count(m); i++) {
    lq_text name, json;
    if (lq_match_column(m, i, &name, NULL, &json) != LQ_OK) {
      out->failed = true;
      return;
    }
    lq_buf_z(out, *any ? "," : "");
    *any = true;
    json_repaired(out, lq_str_make(name.p, name.n));
    lq_buf_byte(out, ':');
    lq_buf_str(out, lq_str_make(json.p, json.n));
  }
}

static void json_keys(lq_buf *out, const lq_match *m, bool *any)
{
  lq_text name, value;
  int null;
  for (size_t i = 0; lq_match_key(m, i, &name, &value, &null) == LQ_OK; i++) {
    lq_buf_z(out, *any ? "," : "");
    *any = true;
    json_repaired(out, lq_str_make(name.p, name.n));
    lq_buf_byte(out, ':');
    if (null)
      lq_buf_z(out, "null");
    else
      json_repaired(out, lq_str_make(value.p, value.n));
  }
}

// What the events have in common, and what was counted of them.
static void json_group(lq_buf *out, const lq_match *m)
{
  bool any = false;
  if (lq_match_key_count(m) + lq_match_column_count(m) == 0)
    return;
  lq_buf_z(out, ",\"group\":{");
  json_keys(out, m, &any);
  json_columns(out, m, &any);
  lq_buf_byte(out, '}');
}

lq_status lq_match_json(const lq_match *m, lq_write_fn write, void *user)
{
  lq_buf out = {.mem = &m->scan->mem};
  lq_buf_byte(&out, '{');
  json_key(&out, "id");
  lq_buf_json(&out, lq_str_of(lq_match_id(m)));
  lq_buf_z(&out, ",\"@timestamp\":");
  json_time(&out, m);
  lq_buf_z(&out, ",\"rule\":");
  json_rule(&out, m);
  json_group(&out, m);
  lq_buf_z(&out, ",\"events\":");
  json_events(&out, m);
  lq_buf_z(&out, ",\"sources\":");
  json_sources(&out, m);
  lq_buf_z(&out, ",\"why\":[");
  clauses w = {&out, lq_match_event_count(m) > 1, 0};
  lq_status s = lq_match_why(m, json_clause, &w);
  lq_buf_z(&out, "]}");
  if (s == LQ_OK)
    return lq_api_write(&out, write, user);
  lq_buf_free(&out);
  return s;
}

// A record of the caller's own has no other form than its fields.
static void plain_event(lq_buf *out, const lq_match *m)
{
  lq_spot p;
  bool bytes = lq_match_place(m, 0, &p) && p.raw.n > 0;
  if (bytes)
    lq_json_event(out, p.raw);
  else if (!m->group)
    lq_json_fields(out, m->event);
  else
    lq_buf_z(out, "{}");
}

lq_status lq_match_row_json(const lq_match *m, lq_write_fn write, void *user)
{
  lq_buf out = {.mem = &m->scan->mem};
  bool any = false;
  if (m->kind == LQ_MATCH_ROW || (m->group && m->group->has_keep)) {
    lq_buf_byte(&out, '{');
    json_columns(&out, m, &any);
    lq_buf_byte(&out, '}');
  } else if (m->kind == LQ_MATCH_GROUP) {
    lq_buf_z(&out, "{\"events\":");
    json_events(&out, m);
    lq_buf_byte(&out, '}');
  } else {
    plain_event(&out, m);
  }
  return lq_api_write(&out, write, user);
}
