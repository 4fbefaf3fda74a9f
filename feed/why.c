// Why an event matched, as one cell of a table or as some lines.
#include "feed/why.h"

#include "feed/safe.h"

enum { VALUE_SHOWN = 120, BEFORE_MATCH = 30, SEEN_MAX = 32 };

static void painted(lq_buf *s, lq_why_paint paint, lq_why_part part, lq_text text)
{
  if (paint)
    paint(s, part, text);
  else
    lq_safe(s, text.p, text.n);
}

// Around the match, at character borders.
static void window(lq_text v, size_t start, size_t *from, size_t *to)
{
  *from = 0;
  *to = v.n;
  if (v.n <= VALUE_SHOWN)
    return;
  if (start > BEFORE_MATCH)
    *from = start - BEFORE_MATCH;
  if (*from > v.n - VALUE_SHOWN)
    *from = v.n - VALUE_SHOWN;
  *to = *from + VALUE_SHOWN;
  while (*from > 0 && ((unsigned char)v.p[*from] & 0xC0) == 0x80)
    --*from;
  while (*to < v.n && ((unsigned char)v.p[*to] & 0xC0) == 0x80)
    ++*to;
}

static size_t within(size_t v, size_t low, size_t high)
{
  return v < low ? low : v > high ? high : v;
}

static void put_value(lq_buf *s, const lq_clause *k, lq_why_paint paint)
{
  size_t from, to, start = within((size_t)k->match_start, 0, k->value.n);
  size_t end = within((size_t)k->match_end, start, k->value.n);
  window(k->value, start, &from, &to);
  start = within(start, from, to);
  end = within(end, start, to);
  lq_buf_z(s, from > 0 ? "…" : "");
  lq_safe(s, k->value.p + from, start - from);
  if (end > start)
    painted(s, paint, LQ_WHY_MATCH, (lq_text){k->value.p + start, end - start});
  lq_safe(s, k->value.p + end, to - end);
  lq_buf_z(s, to < k->value.n ? "…" : "");
}

typedef struct cell {
  lq_buf *out;
  lq_why_paint paint;
  const lq_match *match;   // of lines
  size_t event;            // that the lines are about
  uint64_t seen[SEEN_MAX]; // hashes of (field, value, part): a list clause and its twin say a thing once
  size_t n;
} cell;

static uint64_t mix(uint64_t h, const char *p, size_t n)
{
  for (size_t i = 0; i < n; i++)
    h = (h ^ (unsigned char)p[i]) * 0x100000001B3u;
  return (h ^ n) * 0x100000001B3u;
}

static bool was_said(cell *c, const lq_clause *k)
{
  uint64_t h = mix(mix(0xCBF29CE484222325u, k->field.p, k->field.n), k->value.p, k->value.n);
  h = (h ^ k->match_start) * 31 + k->match_end;
  for (size_t i = 0; i < c->n; i++) {
    if (c->seen[i] == h)
      return true;
  }
  if (c->n < SEEN_MAX)
    c->seen[c->n++] = h;
  return false;
}

static int add_clause(void *user, const lq_clause *k)
{
  cell *c = user;
  if (was_said(c, k))
    return 0;
  lq_buf_z(c->out, c->out->n ? "  " : "");
  if (k->field.n == 0) {
    lq_safe_flat(c->out, k->clause.p, k->clause.n);
    return 0;
  }
  painted(c->out, c->paint, LQ_WHY_FIELD, k->field);
  lq_buf_z(c->out, "=");
  put_value(c->out, k, c->paint);
  return 0;
}

static void add_pair(cell *c, lq_text name, lq_text value, bool line)
{
  lq_buf_z(c->out, line || c->out->n ? "  " : "");
  painted(c->out, c->paint, LQ_WHY_FIELD, name);
  lq_buf_z(c->out, line ? " is " : "=");
  put_value(c->out, &(lq_clause){.value = value}, c->paint);
  lq_buf_z(c->out, line ? "\n" : "");
}

// What the events of a group have in common, and what was counted.
static void add_group(cell *c, const lq_match *m, bool lines)
{
  lq_text name, value;
  int null;
  lq_status s;
  for (size_t i = 0; (s = lq_match_key(m, i, &name, &value, &null)) == LQ_OK; i++)
    add_pair(c, name, null ? (lq_text){"null", 4} : value, lines);
  c->out->failed |= s == LQ_E_NOMEM;
  for (size_t i = 0; (s = lq_match_column(m, i, &name, &value, NULL)) == LQ_OK; i++)
    add_pair(c, name, value, lines);
  c->out->failed |= s == LQ_E_NOMEM;
}

void lq_why_cell(lq_buf *s, const lq_match *m, lq_why_paint paint)
{
  lq_buf own = {.mem = s->mem}, event = own;
  cell c = {.out = &own, .paint = paint};
  add_group(&c, m, false);
  own.failed |= lq_match_why(m, add_clause, &c) == LQ_E_NOMEM;
  if (own.n == 0) { // a rule without clauses, or a stripped bundle: the event itself
    lq_text raw = lq_match_event(m);
    lq_one_line(&event, raw.p, raw.n);
    lq_safe(&own, event.p, event.n < 4096 ? event.n : 4096);
  }
  lq_buf_add(s, own.p, own.n);
  s->failed |= own.failed | event.failed;
  lq_buf_free(&own);
  lq_buf_free(&event);
}

static bool has_wildcard(lq_text t)
{
  return t.n && (memchr(t.p, '*', t.n) || memchr(t.p, '?', t.n));
}

// Of several events: which one the next lines are about.
static void add_event(cell *c, size_t i)
{
  int64_t ns;
  lq_text source = lq_match_source_at(c->match, i);
  lq_buf_printf(c->out, "event %zu, ", i + 1);
  lq_safe(c->out, source.p, source.n);
  lq_buf_printf(c->out, ":%llu", (unsigned long long)lq_match_line_at(c->match, i));
  if (lq_match_time_at(c->match, i, &ns)) {
    lq_buf_z(c->out, ", ");
    lq_put_time(c->out, ns);
  }
  lq_buf_z(c->out, "\n");
  c->event = i;
}

static int add_line(void *user, const lq_clause *k)
{
  cell *c = user;
  if (lq_match_event_count(c->match) > 1 && k->event != c->event)
    add_event(c, k->event);
  lq_buf_z(c->out, "  ");
  lq_safe_flat(c->out, k->clause.p, k->clause.n);
  lq_buf_z(c->out, "\n");
  if (k->field.n == 0)
    return 0;
  lq_buf_z(c->out, "      ");
  painted(c->out, c->paint, LQ_WHY_FIELD, k->field);
  lq_buf_z(c->out, " is ");
  put_value(c->out, k, c->paint);
  if (has_wildcard(k->entry)) {
    lq_buf_z(c->out, "  (by ");
    lq_safe(c->out, k->entry.p, k->entry.n);
    lq_buf_z(c->out, ")");
  }
  lq_buf_z(c->out, "\n");
  return 0;
}

void lq_why_lines(lq_buf *s, const lq_match *m, lq_why_paint paint)
{
  cell c = {.out = s, .paint = paint, .match = m, .event = SIZE_MAX};
  add_group(&c, m, true);
  s->failed |= lq_match_why(m, add_line, &c) == LQ_E_NOMEM;
}

static bool same(lq_text a, lq_text b)
{
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

// Of several events of one source, `source:1,4,9`; a missing one is `-`.
void lq_why_place(lq_buf *s, const lq_match *m)
{
  lq_text before = {NULL, 0};
  for (size_t i = 0; i < lq_match_event_count(m); i++) {
    lq_text source = lq_match_source_at(m, i);
    uint64_t line = lq_match_line_at(m, i);
    lq_buf_z(s, i ? "," : "");
    if (line == 0 && source.n == 0) {
      lq_buf_z(s, "-");
      continue;
    }
    if (!before.p || !same(before, source)) {
      lq_buf_z(s, i ? " " : "");
      lq_safe(s, source.p, source.n);
      lq_buf_z(s, ":");
    }
    before = source;
    lq_buf_printf(s, "%llu", (unsigned long long)line);
  }
}

void lq_why_time(lq_buf *s, const lq_match *m)
{
  int64_t ns;
  if (lq_match_time(m, &ns))
    lq_put_time(s, ns);
}

// ---- the rule

lq_text lq_rule_label(const lq_rule_view *v)
{
  return v->name.n ? v->name : v->id;
}

void lq_rule_attack(lq_buf *b, const lq_bundle *bundle, size_t rule)
{
  lq_text key, value;
  for (size_t nth = 0; lq_bundle_rule_meta(bundle, rule, "attack", nth, &key, &value) == LQ_OK; nth++) {
    lq_buf_z(b, nth ? " " : "");
    lq_buf_add(b, value.p, value.n);
  }
}
