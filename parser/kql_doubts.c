// Texts that KQL takes as they stand, and whose author most likely meant something else: the query would find
// nothing, and nobody would be told.
#include "parser/kql.h"

typedef enum role { FIELD, VALUE, FREE } role; // what a text is there for

typedef struct word {
  lq_span span;
  lq_str text;
  bool first, last;
} word;

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool next_word(lq_str text, const lq_node *t, uint32_t *at, word *w)
{
  uint32_t i = *at;
  while (i < t->span.end && is_blank(text.p[i]))
    i++;
  w->first = *at == t->span.start;
  w->span.start = i;
  while (i < t->span.end && !is_blank(text.p[i]))
    i++;
  w->span.end = *at = i;
  w->last = i == t->span.end;
  w->text = lq_str_slice(text, w->span.start, i);
  return w->text.n > 0;
}

static lq_diag *doubt(lq_parse_ctx *c, lq_span at)
{
  return lq_diag_add(c->b.diags, LQ_DIAG_READ_AS_TEXT, at, "`%.*s` is read as text here",
                     LQ_STR_ARG(lq_str_slice(c->text, at.start, at.end)));
}

static bool doubt_keyword(lq_parse_ctx *c, const word *w)
{
  bool joint = lq_str_eq_ascii(w->text, LQ_STR("and")) || lq_str_eq_ascii(w->text, LQ_STR("or"));
  bool keyword = joint || lq_str_eq_ascii(w->text, LQ_STR("not"));
  if (w->first == w->last || !(w->first ? joint : keyword))
    return false;
  lq_diag *d = doubt(c, w->span);
  lq_diag_help(c->b.diags, d,
               "a condition is missing %s it; write `\\%.*s` or use quotes if the word is meant",
               w->first ? "before" : "after", LQ_STR_ARG(w->text));
  return true;
}

static const struct {
  lq_str sign;
  bool in_values; // there too it has no place
  const char *help;
} signs[] = {
    {LQ_STR_INIT("&&"), true, "write `and`"},
    {LQ_STR_INIT("||"), true, "write `or`"},
    {LQ_STR_INIT("=="), false, "write `field:value`"},
    {LQ_STR_INIT("="), false, "write `field:value`"},
    {LQ_STR_INIT("=~"), false, "write `field:value`; KQL has no regular expressions"},
    {LQ_STR_INIT("!="), false, "write `not field:value`"},
    {LQ_STR_INIT("!"), false, "write `not field:value`"},
};

static bool doubt_sign(lq_parse_ctx *c, const word *w, role as)
{
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    if (!lq_str_eq(w->text, signs[i].sign) || (as == VALUE && !signs[i].in_values))
      continue;
    lq_diag_help(c->b.diags, doubt(c, w->span), "%s", signs[i].help);
    return true;
  }
  return false;
}

static bool in_group(const lq_parse_ctx *c, const lq_node *t)
{
  size_t before = t->span.start, after = t->span.end;
  while (before > 0 && is_blank(c->text.p[before - 1]))
    before--;
  while (after < c->text.n && is_blank(c->text.p[after]))
    after++;
  return before > 0 && c->text.p[before - 1] == '(' && after < c->text.n && c->text.p[after] == ')';
}

// `name:(a.exe, b.exe)`: a group of one value, to KQL.
static bool doubt_comma(lq_parse_ctx *c, const lq_node *t, const word *w)
{
  lq_span comma = {w->span.end - 1, w->span.end};
  if (w->last || w->text.p[w->text.n - 1] != ',' || !in_group(c, t))
    return false;
  lq_diag *d = doubt(c, comma);
  lq_diag_help(c->b.diags, d, "values are separated by `or`; use quotes if the comma is meant");
  lq_diag_fix(c->b.diags, d, comma, " or");
  return true;
}

static void doubt_name(lq_parse_ctx *c, const lq_node *t)
{
  lq_str name = lq_str_slice(c->text, t->span.start, t->span.end);
  lq_diag *d = lq_diag_add(c->b.diags, LQ_DIAG_READ_AS_TEXT, t->span,
                           "`%.*s` is read as the name of one field", LQ_STR_ARG(name));
  lq_diag_help(c->b.diags, d, "`and` or `or` may be missing; put double quotes around a name with blanks");
}

// One doubt for one text is enough.
static void doubt_text(lq_parse_ctx *c, const lq_node *t, role as)
{
  word w;
  bool many = false;
  if (t->span.start == t->span.end || c->text.p[t->span.start] == '"')
    return;
  for (uint32_t at = t->span.start; next_word(c->text, t, &at, &w);) {
    many = many || !w.last;
    if (many && (doubt_keyword(c, &w) || doubt_sign(c, &w, as) || (as == VALUE && doubt_comma(c, t, &w))))
      return;
  }
  if (many && as == FIELD)
    doubt_name(c, t);
}

void lq_kql_doubt(lq_parse_ctx *c, const lq_node *n)
{
  if (!n)
    return;
  if (n->kind == LQ_N_ANY_TEXT)
    doubt_text(c, n, FREE);
  else if (n->kind == LQ_N_FIELD || n->kind == LQ_N_STRING)
    doubt_text(c, n, n->kind == LQ_N_FIELD ? FIELD : VALUE);
  for (const lq_node *k = n->kids; k && n->kind != LQ_N_ANY_TEXT; k = k->next)
    lq_kql_doubt(c, k);
}
