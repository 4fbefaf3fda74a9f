// Diagnostics as data. A list owns what it is told, in its arena; one mistake is kept once.
#include "base/diag.h"

typedef struct row {
  lq_diag_code code;
  lq_severity severity;
  const char *name, *title, *explanation;
} row;

static const row rows[] = {
#define LQ_DIAG(name, code, sev, title, explanation)                                                         \
  {LQ_DIAG_##name, LQ_SEV_##sev, #name, title, explanation},
#include "base/diag_codes.def"
#undef LQ_DIAG
};
enum { NROWS = sizeof rows / sizeof rows[0] };

static const row *row_of(lq_diag_code code)
{
  for (size_t i = 0; i < NROWS; i++) {
    if (rows[i].code == code)
      return &rows[i];
  }
  return &rows[0];
}

const char *lq_diag_name(lq_diag_code code)
{
  return row_of(code)->name;
}

const char *lq_diag_title(lq_diag_code code)
{
  return row_of(code)->title;
}

const char *lq_diag_explanation(lq_diag_code code)
{
  return row_of(code)->explanation;
}

bool lq_diag_fix_is_sure(lq_diag_code code)
{
  static const lq_diag_code sure[] = {
      LQ_DIAG_BAD_ESCAPE,       LQ_DIAG_SINGLE_EQUALS,  LQ_DIAG_SINGLE_QUOTES,
      LQ_DIAG_FOREIGN_OPERATOR, LQ_DIAG_UNQUOTED_VALUE, LQ_DIAG_KEYWORD_AS_FIELD,
      LQ_DIAG_DUPLICATE_ENTRY,  LQ_DIAG_COVERED_ENTRY,  LQ_DIAG_LIKE_WITHOUT_WILDCARD,
  };
  for (size_t i = 0; i < sizeof sure / sizeof sure[0]; i++) {
    if (sure[i] == code)
      return true;
  }
  return false;
}

const lq_diag_code *lq_diag_codes(size_t *n)
{
  static const lq_diag_code codes[] = {
#define LQ_DIAG(name, code, sev, title, explanation) LQ_DIAG_##name,
#include "base/diag_codes.def"
#undef LQ_DIAG
  };
  *n = NROWS;
  return codes;
}

static bool same_span(lq_span a, lq_span b)
{
  return a.start == b.start && a.end == b.end;
}

static bool says_the_same(const lq_diag *a, const lq_diag *b)
{
  return a->code == b->code && a->source == b->source && same_span(a->labels[0].span, b->labels[0].span) &&
         lq_str_eq(a->message, b->message) && (a->source || lq_str_eq(a->rule, b->rule));
}

static bool said_before(lq_diag_list *l, const lq_diag *d)
{
  if (!l->first_here || l->first_here->source != l->source)
    return false;
  for (const lq_diag *e = l->first_here; e; e = e->next) {
    if (says_the_same(e, d))
      return true;
  }
  return false;
}

static void count(lq_diag_list *l, lq_severity s)
{
  l->nerrors += s == LQ_SEV_ERROR;
  l->nwarnings += s == LQ_SEV_WARNING;
}

static bool is_full(const lq_diag_list *l)
{
  return l->kept >= (l->max ? l->max : LQ_DIAGS_MAX);
}

static lq_diag *sink(lq_diag_list *l)
{
  l->sink = (lq_diag){.message = LQ_STR("")};
  return &l->sink;
}

static void append(lq_diag_list *l, lq_diag *d)
{
  if (l->last)
    l->last->next = d;
  else
    l->first = d;
  l->last = d;
  l->kept++;
  if (!l->first_here || l->first_here->source != d->source)
    l->first_here = d;
}

lq_diag *lq_diag_add(lq_diag_list *l, lq_diag_code code, lq_span where, const char *fmt, ...)
{
  lq_severity severity = row_of(code)->severity;
  lq_diag *d = is_full(l) ? NULL : lq_arena_alloc(l->arena, sizeof *d);
  if (!d) {
    count(l, severity);
    l->dropped++;
    return sink(l);
  }
  *d = (lq_diag){.source = l->source, .rule = l->rule, .code = code, .severity = severity, .nlabels = 1};
  d->labels[0].span = lq_source_map_span(&l->map, where);
  va_list ap;
  va_start(ap, fmt);
  d->message = lq_arena_vformat(l->arena, fmt, ap);
  va_end(ap);
  if (said_before(l, d))
    return sink(l);
  count(l, severity);
  append(l, d);
  return d;
}

static lq_label *label_for(lq_diag *d, lq_span span)
{
  if (d->labels[0].text.n == 0 && same_span(d->labels[0].span, span))
    return &d->labels[0];
  return d->nlabels < LQ_DIAG_LABELS_MAX ? &d->labels[d->nlabels++] : NULL;
}

void lq_diag_label(lq_diag_list *l, lq_diag *d, lq_span where, const char *fmt, ...)
{
  lq_span span = lq_source_map_span(&l->map, where);
  lq_label *label = d == &l->sink ? NULL : label_for(d, span);
  if (!label)
    return;
  va_list ap;
  va_start(ap, fmt);
  *label = (lq_label){span, lq_arena_vformat(l->arena, fmt, ap)};
  va_end(ap);
}

// The three that hang one text on a diagnostic.
#define SET_TEXT(member)                                                                                     \
  do {                                                                                                       \
    va_list ap;                                                                                              \
    va_start(ap, fmt);                                                                                       \
    if (d != &l->sink)                                                                                       \
      d->member = lq_arena_vformat(l->arena, fmt, ap);                                                       \
    va_end(ap);                                                                                              \
  } while (0)

void lq_diag_help(lq_diag_list *l, lq_diag *d, const char *fmt, ...)
{
  SET_TEXT(help);
}

void lq_diag_note(lq_diag_list *l, lq_diag *d, const char *fmt, ...)
{
  SET_TEXT(note);
}

// As the file must have it: inside a string of TOML a quote or a backslash of ours needs a backslash.
static lq_str escape(lq_arena *a, lq_str fix)
{
  char *out = lq_arena_array(a, fix.n + 1, 2);
  size_t n = 0;
  for (size_t i = 0; out && i < fix.n; i++) {
    if (fix.p[i] == '"' || fix.p[i] == '\\')
      out[n++] = '\\';
    out[n++] = fix.p[i];
  }
  return out ? lq_str_make(out, n) : LQ_STR("");
}

void lq_diag_fix(lq_diag_list *l, lq_diag *d, lq_span where, const char *fmt, ...)
{
  if (lq_span_is_in_file(where)) // what stands there is not written in the query's language
    return;
  SET_TEXT(fix);
  if (l->map.escaped && d != &l->sink)
    d->fix = escape(l->arena, d->fix);
  d->fix_span = lq_source_map_span(&l->map, where);
  d->has_fix = true;
}
