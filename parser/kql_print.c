// Tree to KQL: one canonical layout, which parses to the same tree.
#include "base/glob.h"
#include "base/utf8.h"
#include "parser/kql.h"

typedef struct printer {
  lq_buf *out;
  unsigned width; // 0: everything on one line
  size_t line;    // where the current line begins in out
  size_t limit;   // stop here: it does not fit anyway
} printer;

static void print(printer *p, const lq_node *n, unsigned indent);
static void print_group(printer *p, const lq_node *n, unsigned indent);
typedef void (*print_fn)(printer *p, const lq_node *n, unsigned indent);

static void newline(printer *p, unsigned indent)
{
  lq_buf_byte(p->out, '\n');
  p->line = p->out->n;
  lq_buf_fill(p->out, ' ', indent);
}

static bool full(const printer *p)
{
  return p->limit > 0 && p->out->n > p->limit;
}

// True if n fits on the rest of the line, with room for a bracket and an `and` after it. It is tried in
// place.
static bool fits(printer *p, const lq_node *n, print_fn each)
{
  size_t start = p->out->n, column = start - p->line, room = 6;
  if (p->width == 0)
    return true;
  if (column + room >= p->width)
    return false;
  printer flat = {.out = p->out, .limit = p->line + p->width - room};
  each(&flat, n, 0);
  bool fine = !full(&flat);
  p->out->n = start;
  return fine;
}

// ---- words

static bool is_blank(lq_str s, size_t i)
{
  return s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n' ||
         (s.p[i] == '\xC2' && i + 1 < s.n && s.p[i + 1] == '\xA0');
}

// A word at i that would be read as a keyword: `not` is one even at the end of another word.
static bool is_keyword(lq_str s, size_t i)
{
  static const lq_str words[] = {LQ_STR_INIT("not"), LQ_STR_INIT("and"), LQ_STR_INIT("or")};
  bool begins = i == 0 || is_blank(s, i - 1) || (i > 1 && is_blank(s, i - 2) && s.p[i - 2] == '\xC2');
  for (size_t w = 0; w < 3; w++) {
    size_t end = i + words[w].n;
    if (end <= s.n && lq_str_eq_ascii(lq_str_slice(s, i, end), words[w]) && (w == 0 || begins) &&
        (end == s.n || is_blank(s, end)))
      return true;
  }
  return false;
}

static bool add_white(lq_buf *out, char c)
{
  static const char white[] = "\t\r\n", letters[] = "trn";
  const char *at = c ? strchr(white, c) : NULL;
  if (at)
    lq_buf_printf(out, "\\%c", letters[at - white]);
  return at != NULL;
}

// `\n` before these letters would be read as an escaped `not`.
static bool looks_escaped(lq_str s, size_t i)
{
  return s.p[i] == '\n' && i + 2 < s.n && lq_str_eq_ascii(lq_str_slice(s, i + 1, i + 3), LQ_STR("ot"));
}

static void print_bare(lq_buf *out, lq_str s)
{
  // A value of nothing but white space is trimmed to nothing.
  if (s.n == 0)
    lq_buf_z(out, "\\t");
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (looks_escaped(s, i)) {
      lq_buf_z(out, "\\u000a");
      continue;
    }
    if (add_white(out, c))
      continue;
    if ((c && strchr("\\():<>\"*{}", c)) || is_keyword(s, i))
      lq_buf_byte(out, '\\');
    lq_buf_byte(out, c == LQ_ANY_RUN ? '*' : c);
  }
}

static void print_quoted(lq_buf *out, lq_str s)
{
  lq_buf_byte(out, '"');
  for (size_t i = 0; i < s.n; i++) {
    if (add_white(out, s.p[i]))
      continue;
    if (s.p[i] == '"' || s.p[i] == '\\')
      lq_buf_byte(out, '\\');
    lq_buf_byte(out, s.p[i]);
  }
  lq_buf_byte(out, '"');
}

static bool is_plain(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    char c = s.p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
          (c && strchr("._-@/+", c))))
      return false;
  }
  return s.n > 0;
}

static bool reads_as_text(lq_str s)
{
  bool digit = s.n > 0 && (s.p[0] == '-' || (s.p[0] >= '0' && s.p[0] <= '9'));
  bool date = s.n > 4 && s.p[4] == '-';
  return is_plain(s) && (!digit || date) && !lq_str_is(s, "true") && !lq_str_is(s, "false") &&
         !is_keyword(s, 0);
}

static void print_name(printer *p, const lq_node *n)
{
  lq_str s = n->name;
  bool bare = s.n > 0 && s.p[0] != '\0' && !is_blank(s, 0) && lq_str_trim(s).n == s.n && lq_utf8_is_ascii(s);
  if (bare || lq_glob_has_wildcard(s))
    print_bare(p->out, s);
  else
    print_quoted(p->out, s);
}

static void print_literal(printer *p, const lq_node *n)
{
  char scratch[LQ_VALUE_TEXT_MAX];
  bool bare = n->op == LQ_OPER_KQL_TERM || (n->op == LQ_OPER_NONE && reads_as_text(n->value.s));
  if (n->kind == LQ_N_ANYTHING)
    lq_buf_byte(p->out, '*');
  else if (n->kind == LQ_N_NULL)
    lq_buf_z(p->out, "null");
  else if (n->kind != LQ_N_STRING)
    lq_buf_str(p->out, n->name.n > 0 ? n->name : lq_value_text(&n->value, scratch));
  else if (bare)
    print_bare(p->out, n->value.s);
  else
    print_quoted(p->out, n->value.s);
}

// ---- layout

static void in_brackets(printer *p, const lq_node *n, const char *brackets, print_fn each, unsigned indent)
{
  bool flat = fits(p, n, each);
  lq_buf_byte(p->out, brackets[0]);
  if (!flat)
    newline(p, indent + 2);
  else if (brackets[0] == '{')
    lq_buf_byte(p->out, ' ');
  each(p, n, flat ? indent : indent + 2);
  if (!flat)
    newline(p, indent);
  else if (brackets[0] == '{')
    lq_buf_byte(p->out, ' ');
  lq_buf_byte(p->out, brackets[1]);
}

static bool is_chain(const lq_node *n)
{
  return n->kind == LQ_N_AND || n->kind == LQ_N_OR;
}

// Mixed `and` and `or` get brackets even where precedence would do.
static void print_chain(printer *p, const lq_node *n, print_fn each, unsigned indent)
{
  bool flat = fits(p, n, each);
  for (const lq_node *k = n->kids; k && !full(p); k = k->next) {
    if (is_chain(k))
      in_brackets(p, k, "()", each, indent);
    else
      each(p, k, indent);
    if (!k->next)
      return;
    lq_buf_z(p->out, n->kind == LQ_N_AND ? " and" : " or");
    if (flat)
      lq_buf_byte(p->out, ' ');
    else
      newline(p, indent);
  }
}

static void print_not(printer *p, const lq_node *n, print_fn each, unsigned indent)
{
  lq_buf_z(p->out, "not ");
  if (is_chain(n->kids) || n->kids->kind == LQ_N_NOT)
    in_brackets(p, n->kids, "()", each, indent);
  else
    each(p, n->kids, indent);
}

static void print_group(printer *p, const lq_node *n, unsigned indent)
{
  if (is_chain(n))
    print_chain(p, n, print_group, indent);
  else if (n->kind == LQ_N_NOT)
    print_not(p, n, print_group, indent);
  else if (n->kind != LQ_N_ERROR)
    print_literal(p, n);
}

static void print_match(printer *p, const lq_node *n, unsigned indent)
{
  const lq_node *group = n->kids->next;
  print_name(p, n->kids);
  lq_buf_byte(p->out, ':');
  if (is_chain(group) || group->kind == LQ_N_NOT)
    in_brackets(p, group, "()", print_group, indent);
  else
    print_group(p, group, indent);
}

// What only the native dialect has never comes out of a KQL parse, and has no spelling here.
static void print(printer *p, const lq_node *n, unsigned indent)
{
  if (full(p))
    return;
  switch ((int)n->kind) {
  case LQ_N_QUERY:
  case LQ_N_EVENT:
    if (n->kids)
      print(p, n->kids, indent);
    break;
  case LQ_N_AND:
  case LQ_N_OR: print_chain(p, n, print, indent); break;
  case LQ_N_NOT: print_not(p, n, print, indent); break;
  case LQ_N_MATCH: print_match(p, n, indent); break;
  case LQ_N_ANY_TEXT: print_literal(p, n->kids); break;
  case LQ_N_BOOL: lq_buf_z(p->out, n->value.b ? "*" : "not *"); break;
  case LQ_N_COMPARE:
    print_name(p, n->kids);
    lq_buf_printf(p->out, " %s ", lq_op_spelling(n->op));
    print_literal(p, n->kids->next);
    break;
  case LQ_N_SCOPE:
    print_name(p, n->kids);
    lq_buf_byte(p->out, ':');
    in_brackets(p, n->kids->next, "{}", print, indent);
    break;
  default: break;
  }
}

void lq_kql_print(lq_buf *out, const lq_node *n, unsigned width)
{
  printer p = {.out = out, .width = width, .line = out->n};
  print(&p, n, 0);
}
