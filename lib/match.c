// One match: what fired, on what, and why.
#include <blake2.h>

#include "base/glob.h"
#include "base/number.h"
#include "lib/api.h"

enum { ID_BYTES = 16 };

size_t lq_match_rule(const lq_match *m)
{
  return m->rule;
}
const lq_bundle *lq_match_bundle(const lq_match *m)
{
  return m->scan->bundle;
}
lq_text lq_match_event(const lq_match *m)
{
  return lq_text_of(m->event->raw);
}
lq_text lq_match_source(const lq_match *m)
{
  return lq_text_of(m->event->source);
}
uint64_t lq_match_line(const lq_match *m)
{
  return m->event->line;
}

int lq_match_time(const lq_match *m, int64_t *ns)
{
  if (m->event->has_time)
    *ns = m->event->time;
  return m->event->has_time;
}

lq_str lq_match_rule_id(const lq_match *m)
{
  return lq_bundle_string(m->scan->bundle, m->scan->bundle->program->rules[m->rule].id);
}

// The line, and for the second and later events that begin on one line `.2` and so on: a JSON array may stand
// on one.
static size_t place_text(const lq_match *m, char out[2 * LQ_NUMBER_TEXT_MAX])
{
  size_t n = lq_format_u64(m->event->line, out);
  if (m->scan->nth < 2)
    return n;
  out[n++] = '.';
  return n + lq_format_u64(m->scan->nth, out + n);
}

static void hash_id(const lq_match *m, uint8_t out[ID_BYTES])
{
  static const uint8_t nul = 0;
  char place[2 * LQ_NUMBER_TEXT_MAX];
  size_t n = place_text(m, place);
  lq_str id = lq_match_rule_id(m), source = m->event->source;
  blake2b_state s;
  blake2b_init(&s, ID_BYTES);
  blake2b_update(&s, (const uint8_t *)id.p, id.n);
  blake2b_update(&s, &nul, 1);
  blake2b_update(&s, (const uint8_t *)source.p, source.n);
  blake2b_update(&s, &nul, 1);
  blake2b_update(&s, (const uint8_t *)place, n);
  blake2b_final(&s, out, ID_BYTES);
}

// A function of what the match has, so it is worked out each time, into the same place.
const char *lq_match_id(const lq_match *m)
{
  static const char digits[] = "0123456789abcdef";
  uint8_t hash[ID_BYTES];
  hash_id(m, hash);
  char *out = m->scan->id;
  for (size_t i = 0; i < ID_BYTES; i++) {
    out[2 * i] = digits[hash[i] >> 4];
    out[2 * i + 1] = digits[hash[i] & 15];
  }
  out[2 * ID_BYTES] = '\0';
  return out;
}

static lq_str text_of_value(const lq_match *m, const lq_value *v)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  lq_str t = lq_value_text(v, scratch);
  return v->type == LQ_T_STRING ? t : lq_arena_copy(&m->scan->answers, t);
}

lq_status lq_match_field(const lq_match *m, const char *name, lq_text *value)
{
  const lq_fieldmap *map = m->event->map;
  uint32_t slot = lq_fieldmap_slot_at(map, lq_fieldmap_descend(map, 0, lq_str_of(name)));
  for (; slot != LQ_NO_SLOT; slot = lq_fieldmap_next_slot(map, slot)) {
    const lq_slot_value *v = lq_event_first(m->event, slot);
    if (!v || v->v.type == LQ_T_OBJECT)
      continue;
    *value = lq_text_of(text_of_value(m, &v->v));
    return m->scan->answers.failed ? LQ_E_NOMEM : LQ_OK;
  }
  return LQ_E_NOTFOUND;
}

// ---- why ----------------------------------------------------------------------------------------

typedef struct why {
  const lq_match *match;
  lq_str source;
  int (*each)(void *user, const lq_clause *c);
  void *user;
  int stopped;
} why;

static lq_str plain_entry(const lq_match *m, lq_str pattern)
{
  if (!lq_glob_has_wildcard(pattern))
    return pattern;
  lq_buf b = {.mem = &m->scan->mem};
  lq_glob_plain(&b, pattern);
  lq_str plain = lq_arena_copy(&m->scan->answers, lq_buf_get(&b));
  m->scan->answers.failed |= b.failed;
  lq_buf_free(&b);
  return plain;
}

// Clauses that hold, and were meant to.
static void give_reason(void *user, const lq_reason_row *row)
{
  why *w = user;
  if (w->stopped || !row->truth || row->negated || row->start >= row->end || row->end > w->source.n)
    return;
  lq_clause c = {
      .clause = lq_text_of(lq_str_slice(w->source, row->start, row->end)),
      .field = lq_text_of(row->field),
      .value = lq_text_of(row->value.type == LQ_T_NULL ? LQ_STR("") : text_of_value(w->match, &row->value)),
      .entry = lq_text_of(plain_entry(w->match, row->entry)),
      .match_start = row->match_start,
      .match_end = row->match_end,
  };
  if (!w->match->scan->answers.failed)
    w->stopped = w->each(w->user, &c);
}

lq_status lq_match_why(const lq_match *m, int (*each)(void *user, const lq_clause *c), void *user)
{
  lq_scan *s = m->scan;
  lq_str source = lq_bundle_string(s->bundle, s->bundle->program->rules[m->rule].source);
  why w = {.match = m, .source = source, .each = each, .user = user};
  if (source.n == 0)
    return LQ_OK; // stripped: nobody can say
  lq_status status = lq_engine_explain(s->engine, m->event, m->rule, give_reason, &w);
  if (status != LQ_OK || s->answers.failed)
    return status != LQ_OK ? status : LQ_E_NOMEM;
  return w.stopped ? LQ_E_CANCELLED : LQ_OK;
}
