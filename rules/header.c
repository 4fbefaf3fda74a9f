// The header of a `.lq` rule: YAML between two `---` lines. Every key is in one table; anything else is an
// error.
#include <yaml.h>

#include "base/number.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "rules/reader.h"

typedef struct header {
  lq_rule_reader *r;
  lq_rule_file_rule *rule;
  lq_str text;
  uint32_t start;     // of the text in the file
  size_t mark, bytes; // libyaml counts code points, we count bytes: the last pair that we worked out
  uint64_t seen;      // keys, by row
  bool ok;
} header;

typedef struct scalar {
  lq_str text; // in the arena
  lq_span span;
} scalar;

typedef struct key {
  const char *name;
  bool list;        // several values are fine
  const char *meta; // where the value goes in the bundle; NULL: take does it
  bool (*fits)(lq_str value);
  const char *wanted;
  void (*take)(header *h, lq_str value);
} key;

// ---- values

static bool is_text(lq_str s)
{
  return lq_str_trim(s).n > 0;
}

static bool is_id(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7F)
      return false;
  }
  return s.n > 0 && s.n <= 200;
}

static bool is_severity(lq_str s)
{
  return lq_str_is(s, "low") || lq_str_is(s, "medium") || lq_str_is(s, "high") || lq_str_is(s, "critical");
}

static bool is_risk(lq_str s)
{
  uint64_t n;
  return s.n <= 3 && lq_parse_u64(s, &n) && n <= 100;
}

static bool are_digits(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '9')
      return false;
  }
  return s.n > 0;
}

// T1059, T1059.001 or TA0002.
static bool is_attack(lq_str s)
{
  if (lq_str_starts(s, LQ_STR("TA")))
    return s.n == 6 && are_digits(lq_str_slice(s, 2, 6));
  if (s.n < 5 || s.p[0] != 'T' || !are_digits(lq_str_slice(s, 1, 5)))
    return false;
  return s.n == 5 || (s.n == 9 && s.p[5] == '.' && are_digits(lq_str_slice(s, 6, 9)));
}

static bool is_dialect(lq_str s)
{
  return lq_str_is(s, "lq") || lq_str_is(s, "kql");
}

static void take_id(header *h, lq_str v)
{
  h->rule->id = v;
}
static void take_name(header *h, lq_str v)
{
  h->rule->name = v;
}
static void take_dialect(header *h, lq_str v)
{
  h->rule->dialect = lq_str_is(v, "kql") ? LQ_DIALECT_KQL : LQ_DIALECT_LQ;
}
static void take_category(header *h, lq_str v)
{
  h->rule->category_field = v;
}

static const key keys[] = {
    {"id", false, NULL, is_id, "a text without blanks, up to 200 bytes", take_id},
    {"name", false, NULL, is_text, "a text", take_name},
    {"attack", true, "attack", is_attack, "ATT&CK ids: [T1059.001, TA0002]", NULL},
    {"severity", false, "severity", is_severity, "low, medium, high or critical", NULL},
    {"risk_score", false, "risk_score", is_risk, "a whole number from 0 to 100", NULL},
    {"description", false, "description", is_text, "a text", NULL},
    {"author", true, "author", is_text, "a text or a list of them", NULL},
    {"references", true, "reference", is_text, "a list of addresses", NULL},
    {"tags", true, "tag", is_text, "a list of texts", NULL},
    {"false_positives", true, "false_positive", is_text, "a list of texts", NULL},
    {"dialect", false, NULL, is_dialect, "lq or kql", take_dialect},
    {"category_field", false, NULL, is_id, "a field's name", take_category},
};
enum { NKEYS = sizeof keys / sizeof keys[0] };

static bool key_name_at(const void *ctx, size_t i, lq_str *name)
{
  (void)ctx;
  if (i < NKEYS)
    *name = lq_str_of(keys[i].name);
  return i < NKEYS;
}

// ---- places

static uint32_t file_offset(header *h, yaml_mark_t m)
{
  if (m.index < h->mark)
    h->mark = h->bytes = 0;
  for (; h->mark < m.index && h->bytes < h->text.n; h->mark++)
    lq_utf8_next(h->text, &h->bytes);
  return h->start + (uint32_t)h->bytes;
}

static lq_span span_of(header *h, const yaml_event_t *e)
{
  uint32_t start = file_offset(h, e->start_mark);
  return (lq_span){start, file_offset(h, e->end_mark)};
}

static lq_diag *complain(header *h, lq_diag_code code, lq_span where, lq_str message)
{
  h->ok = false;
  return lq_diag_add(h->r->diags, code, where, "%.*s", LQ_STR_ARG(message));
}

static void bad_yaml(header *h, const yaml_parser_t *y)
{
  uint32_t at = file_offset(h, y->problem_mark);
  lq_diag *d = complain(h, LQ_DIAG_FILE_SYNTAX, (lq_span){at, at}, LQ_STR("the header is not valid YAML"));
  if (y->problem)
    lq_diag_label(h->r->diags, d, (lq_span){at, at}, "%s", y->problem);
}

// ---- events of libyaml

enum { STOP = -1 };

// The next event's type; the event is the caller's to delete. STOP after an error, which has been reported.
static int next_event(header *h, yaml_parser_t *y, yaml_event_t *e, lq_status *s)
{
  if (yaml_parser_parse(y, e))
    return e->type;
  if (y->error == YAML_MEMORY_ERROR)
    *s = LQ_E_NOMEM;
  else
    bad_yaml(h, y);
  return STOP;
}

static scalar scalar_of(header *h, const yaml_event_t *e)
{
  lq_str text = lq_str_make((const char *)e->data.scalar.value, e->data.scalar.length);
  return (scalar){lq_arena_copy(h->r->arena, text), span_of(h, e)};
}

static void take_value(header *h, const key *k, const scalar *v)
{
  if (!k->fits(v->text)) {
    lq_diag *d = complain(h, LQ_DIAG_BAD_KEY_VALUE, v->span,
                          lq_arena_format(h->r->arena, "this is not a value for `%s`", k->name));
    lq_diag_help(h->r->diags, d, "write %s", k->wanted);
  } else if (k->meta) {
    lq_rule_meta(h->r, h->rule, k->meta, v->text);
  } else {
    k->take(h, v->text);
  }
}

static const key *find_key(header *h, const scalar *name)
{
  for (size_t i = 0; i < NKEYS; i++) {
    if (!lq_str_is(name->text, keys[i].name))
      continue;
    if (h->seen & (UINT64_C(1) << i))
      complain(h, LQ_DIAG_DUPLICATE_NAME, name->span,
               lq_arena_format(h->r->arena, "the key `%s` occurs twice", keys[i].name));
    h->seen |= UINT64_C(1) << i;
    return &keys[i];
  }
  lq_diag *d = complain(h, LQ_DIAG_UNKNOWN_KEY, name->span,
                        lq_arena_format(h->r->arena, "unknown key `%.*s`", LQ_STR_ARG(name->text)));
  lq_str near = lq_suggest(name->text, 2, key_name_at, NULL);
  if (near.n > 0) {
    lq_diag_help(h->r->diags, d, "a key with a similar name exists: `%.*s`", LQ_STR_ARG(near));
    lq_diag_fix(h->r->diags, d, name->span, "%.*s", LQ_STR_ARG(near));
  }
  return NULL;
}

static void wrong_shape(header *h, const key *k, lq_span where)
{
  if (!k)
    return;
  lq_diag *d = complain(h, LQ_DIAG_BAD_KEY_VALUE, where,
                        lq_arena_format(h->r->arena, "this is not a value for `%s`", k->name));
  lq_diag_help(h->r->diags, d, "write %s", k->wanted);
}

// One value of a key, and what is nested in it. k is NULL for a key that is unknown: its value is passed
// over.
// The depth is bounded because what libyaml asks for a bracket is as long as the open ones.
static bool read_value(header *h, yaml_parser_t *y, const key *k, lq_status *s)
{
  enum { DEPTH_MAX = 32 };
  for (int depth = 0;;) {
    yaml_event_t e;
    int type = next_event(h, y, &e, s);
    if (type == STOP)
      return false;
    bool opens = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    bool closes = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
    bool fine = type == YAML_SEQUENCE_START_EVENT && k && k->list && depth == 0;
    if (type == YAML_SCALAR_EVENT && k) {
      scalar v = scalar_of(h, &e);
      take_value(h, k, &v);
    } else if (!fine && !closes) {
      wrong_shape(h, k, span_of(h, &e));
      k = NULL; // said once, whatever is in it
    }
    lq_span at = span_of(h, &e);
    yaml_event_delete(&e);
    depth += opens ? 1 : closes ? -1 : 0;
    if (depth == 0)
      return true;
    if (depth > DEPTH_MAX) {
      complain(h, LQ_DIAG_TOO_DEEP, at, LQ_STR("the header is nested too deeply"));
      return false;
    }
  }
}

static bool read_pairs(header *h, yaml_parser_t *y, lq_status *s)
{
  for (;;) {
    yaml_event_t e;
    int type = next_event(h, y, &e, s);
    if (type == STOP)
      return false;
    scalar name = {.span = span_of(h, &e)};
    if (type == YAML_SCALAR_EVENT)
      name = scalar_of(h, &e);
    yaml_event_delete(&e);
    if (type == YAML_MAPPING_END_EVENT)
      return true;
    if (type != YAML_SCALAR_EVENT) {
      complain(h, LQ_DIAG_UNKNOWN_KEY, name.span, LQ_STR("a key of the header must be a word"));
      return false;
    }
    if (!read_value(h, y, find_key(h, &name), s))
      return false;
  }
}

// An empty header is fine; a list or a lone text is not.
static void read_document(header *h, yaml_parser_t *y, lq_status *s)
{
  for (;;) {
    yaml_event_t e;
    int type = next_event(h, y, &e, s);
    if (type == STOP)
      return;
    lq_span span = span_of(h, &e);
    yaml_event_delete(&e);
    switch (type) {
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: break;
    case YAML_STREAM_END_EVENT: return;
    case YAML_MAPPING_START_EVENT:
      if (!read_pairs(h, y, s))
        return;
      break;
    default: {
      lq_diag *d = complain(h, LQ_DIAG_FILE_SYNTAX, span, LQ_STR("the header has no keys here"));
      lq_diag_help(h->r->diags, d, "write `key: value` lines, such as `name: what the rule finds`");
      return;
    }
    }
  }
}

bool lq_read_header(lq_rule_reader *r, lq_rule_file_rule *rule, lq_span span, lq_status *status)
{
  header h = {.r = r,
              .rule = rule,
              .text = lq_str_slice(r->file->source.text, span.start, span.end),
              .start = span.start,
              .ok = true};
  yaml_parser_t y;
  if (!yaml_parser_initialize(&y)) {
    *status = LQ_E_NOMEM;
    return false;
  }
  // Without this, bytes that look like a mark of UTF-16 would be read as that.
  yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&y, (const unsigned char *)h.text.p, h.text.n);
  read_document(&h, &y, status);
  yaml_parser_delete(&y);
  return h.ok;
}
