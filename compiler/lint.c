// Warnings that a look at one place of the tree gives: wildcards without meaning, swallowed backslashes,
// unbounded sequences.
#include "compiler/lint.h"

#include "base/glob.h"
#include "compiler/internal.h"

static const char *spelling(lq_op op)
{
  return lq_op_spelling(op);
}

// A question mark alone is found in addresses of web pages; as `?:` at the start it means any drive.
static bool has_wildcard(const lq_node *n)
{
  lq_str s = n->value.s;
  return n->kind == LQ_N_STRING &&
         (memchr(s.p, LQ_ANY_RUN, s.n) || (s.n > 1 && s.p[0] == LQ_ANY_ONE && s.p[1] == ':'));
}

// ---- wildcards

static lq_diag *dead_wildcard(lq_linter *l, const lq_node *n, const lq_node *literal)
{
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_WILDCARD_IN_EQUALS, literal->span,
                           "a wildcard has no meaning with `%s`", spelling(n->op));
  lq_diag_label(l->d, d, literal->span, "compared as a character");
  return d;
}

static void lint_compare(lq_linter *l, const lq_node *n)
{
  const lq_node *a = n->kids, *b = a->next, *literal = has_wildcard(b) ? b : has_wildcard(a) ? a : NULL;
  if (!lq_is_equality(n->op) || !literal)
    return;
  lq_diag *d = dead_wildcard(l, n, literal);
  if (n->op == LQ_OPER_EQ && literal == b) {
    lq_diag_help(l->d, d,
                 "use `:` to match the pattern, or write `\\*` to say that the star itself is meant");
    lq_diag_fix(l->d, d, n->mark, ":");
  } else {
    lq_diag_help(l->d, d,
                 "use `%sfield : \"pattern\"` to match the pattern, or write `\\*` to say that the star "
                 "itself is meant",
                 n->op == LQ_OPER_NE ? "not " : "");
  }
}

static void lint_in(lq_linter *l, const lq_node *n)
{
  for (const lq_node *k = n->kids->next; k; k = k->next) {
    if (!has_wildcard(k))
      continue;
    lq_diag *d = dead_wildcard(l, n, k);
    lq_diag_help(l->d, d,
                 "use `:` or `like` to match patterns, or write `\\*` to say that the star itself is meant");
  }
  lq_lint_list(l, n->op, n->kids->next);
}

static void like_without_wildcard(lq_linter *l, const lq_node *n, const lq_node *g)
{
  const char *better = lq_operators[n->op].folds ? ":" : "==";
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_LIKE_WITHOUT_WILDCARD, g->span,
                           "`%s` without a wildcard compares the whole text", spelling(n->op));
  lq_diag_label(l->d, d, g->span, "no `*` or `?` in it");
  lq_diag_help(l->d, d, "write `%s` to say so", better);
  if (n->mark.end > n->mark.start)
    lq_diag_fix(l->d, d, n->mark, "%s", better);
}

static void quoted_star(lq_linter *l, const lq_node *literal)
{
  if (literal->kind != LQ_N_STRING || !memchr(literal->value.s.p, '*', literal->value.s.n))
    return;
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_QUOTED_WILDCARD, literal->span,
                           "a quoted `*` is a plain star in KQL");
  lq_diag_label(l->d, d, literal->span, "matches only a value with the star itself in it");
  lq_diag_help(
      l->d, d,
      "leave the quotes out to match any text there; if the star itself is meant, write `\\*` without them");
}

static void lint_group(lq_linter *l, const lq_node *n, const lq_node *g)
{
  if (g->op == LQ_OPER_KQL_PHRASE)
    quoted_star(l, g);
  const lq_operator *o = &lq_operators[n->op];
  if (o->reads == LQ_READS_PATTERN && o->texts && g == n->kids->next && g->kind == LQ_N_STRING &&
      !lq_glob_has_wildcard(g->value.s) && !lq_span_is_in_file(g->span)) // there a reader chose the operator
    like_without_wildcard(l, n, g);
  if (g->kind == LQ_N_OR)
    lq_lint_list(l, n->op, g->kids);
  for (const lq_node *k = g->kids; k && (g->kind == LQ_N_AND || g->kind == LQ_N_OR || g->kind == LQ_N_NOT);
       k = k->next)
    lint_group(l, n, k);
}

// ---- control characters

static char escape_of(char c)
{
  switch (c) {
  case '\t': return 't';
  case '\r': return 'r';
  case '\n': return 'n';
  case '\b': return 'b';
  case '\f': return 'f';
  default: return '\0';
  }
}

static bool is_name_sign(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_drive(lq_str s, size_t at)
{
  return at >= 2 && s.p[at - 1] == ':' && is_name_sign(s.p[at - 2]) &&
         (at == 2 || !is_name_sign(s.p[at - 3]));
}

// Between names, in a text that has backslashes or begins with a drive: what was meant is a folder.
static bool looks_like_path(lq_str s, size_t at)
{
  bool before = at > 0 && (is_name_sign(s.p[at - 1]) || s.p[at - 1] == LQ_ANY_RUN || is_drive(s, at));
  bool after = at + 1 < s.n && is_name_sign(s.p[at + 1]);
  if (s.p[at] == '\n' && memchr(s.p, ' ', s.n)) // a script of several lines
    return false;
  return before && after && (memchr(s.p, '\\', s.n) || (s.n > 2 && is_drive(s, 2)));
}

static void lint_string(lq_linter *l, const lq_node *n)
{
  lq_str s = n->value.s;
  for (size_t i = 0; i < s.n && !n->raw; i++) {
    char e = escape_of(s.p[i]);
    if (!e || !looks_like_path(s, i))
      continue;
    lq_diag *d = lq_diag_add(l->d, LQ_DIAG_CONTROL_CHARACTER, n->span,
                             "`\\%c` in this path is a control character", e);
    lq_diag_label(l->d, d, n->span, "a backslash and `%c` were probably meant", e);
    lq_diag_help(l->d, d, "write `\\\\%c`, or use a raw string: \"\"\"C:\\Users\\*\"\"\"", e);
    return;
  }
}

// ---- sequences

static bool has_keys(const lq_node *n)
{
  return n->nby > 0 || (n->kids && n->kids->nby > 0);
}

static void lint_sequence(lq_linter *l, const lq_node *n)
{
  bool by = has_keys(n), span = n->duration >= 0;
  if (by && span)
    return;
  const char *lacks = by ? "maxspan" : span ? "`by`" : "`by` and maxspan";
  lq_diag *d = lq_diag_add(l->d, LQ_DIAG_UNBOUNDED_SEQUENCE, n->mark, "a sequence without %s", lacks);
  lq_diag_label(l->d, d, n->mark, by ? "waits forever" : "joins events of different hosts");
  lq_diag_help(l->d, d, "write `sequence by host.id with maxspan=5m`");
}

// ---- the walk

static void literal_in_chain(lq_linter *l, const lq_node *n)
{
  for (const lq_node *k = n->kids; k; k = k->next) {
    if (k->kind == LQ_N_BOOL)
      lq_lint_constant(l, k);
  }
}

// `(true or "x")` in a group are values, no conditions.
static void lint_patterns(lq_linter *l, const lq_node *g)
{
  if (g->kind == LQ_N_STRING)
    lint_string(l, g);
  for (const lq_node *k = g->kids; k; k = k->next)
    lint_patterns(l, k);
}

static void lint(lq_linter *l, const lq_node *n)
{
  switch (n->kind) {
  case LQ_N_COMPARE: lint_compare(l, n), lq_lint_constant(l, n); break;
  case LQ_N_IN: lint_in(l, n), lq_lint_constant(l, n); break;
  case LQ_N_MATCH: lint_group(l, n, n->kids->next), lq_lint_constant(l, n); break;
  case LQ_N_STRING: lint_string(l, n); break;
  case LQ_N_SEQUENCE: lint_sequence(l, n); break;
  case LQ_N_AND:
  case LQ_N_OR:
  case LQ_N_NOT: literal_in_chain(l, n); break;
  default: break;
  }
  bool patterns = n->kind == LQ_N_MATCH || n->kind == LQ_N_ANY_TEXT;
  for (const lq_node *k = n->kids; k; k = k->next) {
    if (patterns && (k != n->kids || n->kind == LQ_N_ANY_TEXT))
      lint_patterns(l, k);
    else
      lint(l, k);
  }
  for (const lq_node *k = n->by; k; k = k->next)
    lint(l, k);
  if (n->until)
    lint(l, n->until);
}

void lq_lint(const lq_node *query, const lq_compile_options *o, bool runs, lq_arena *arena,
             lq_diag_list *diags)
{
  lq_linter l = {.d = diags, .o = o, .arena = arena, .runs = runs};
  lint(&l, query);
  if (runs && !arena->failed)
    lq_lint_plan(&l, query);
}
