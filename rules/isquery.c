// What in a playbook is a query, and what is only code: the rule of docs/rule-files.md.
#include "parser/parse.h"
#include "rules/reader.h"
#include "stdlib/functions.h"

static const char lone_name[] = "a name alone, nothing is compared";
static const char no_test[] = "nothing is compared";
static const char no_operator[] = "no field and comparison in it";

// ---- text that parses: is there a test in the tree?

static bool has_test(const lq_node *n);

static bool any_has_test(const lq_node *kids)
{
  for (; kids; kids = kids->next) {
    if (has_test(kids))
      return true;
  }
  return false;
}

static bool is_function(lq_str name)
{
  lq_function_id id;
  bool fold;
  return lq_function_find(name, &id, &fold);
}

// Nesting is capped by the parser.
static bool has_test(const lq_node *n)
{
  switch (n->kind) {
  case LQ_N_COMPARE:
  case LQ_N_IN:
  case LQ_N_MATCH:
  case LQ_N_SCOPE:
  case LQ_N_LINEAGE:
  case LQ_N_SEQUENCE:
  case LQ_N_SAMPLE:
  case LQ_N_JOIN: return true;
  case LQ_N_CALL: return is_function(n->name);
  case LQ_N_EVENT: return n->name.n > 0 || any_has_test(n->kids);
  // Free text is a query in KQL, but in a page it is a word.
  case LQ_N_ANY_TEXT:
  case LQ_N_ERROR:
  case LQ_N_NULL:
  case LQ_N_BOOL:
  case LQ_N_NUMBER:
  case LQ_N_STRING:
  case LQ_N_DURATION:
  case LQ_N_ANYTHING:
  case LQ_N_FIELD:
  case LQ_N_VARIABLE:
  case LQ_N_REF:
  case LQ_N_COLUMN: return false;
  case LQ_N_NOT:
  case LQ_N_AND:
  case LQ_N_OR:
  case LQ_N_ARITH:
  case LQ_N_NEGATE:
  case LQ_N_TERM:
  case LQ_N_STAGE:
  case LQ_N_NAMED:
  case LQ_N_QUERY: return any_has_test(n->kids);
  }
  return false;
}

// ---- text that does not parse: did its author mean a query?

static bool is_name_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '@' || c == '`';
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool follows(lq_str s, size_t at, const char *what)
{
  lq_str w = lq_str_of(what);
  return s.n - at >= w.n && lq_str_eq_ascii(lq_str_slice(s, at, at + w.n), w);
}

static size_t skip_blanks(lq_str s, size_t at)
{
  while (at < s.n && is_blank(s.p[at]))
    at++;
  return at;
}

static bool value_follows(lq_str s, size_t at)
{
  at = skip_blanks(s, at);
  return at < s.n && (s.p[at] == '"' || s.p[at] == '\'' || s.p[at] == '(' || s.p[at] == '*');
}

// `name:` is a query where a value in quotes or brackets follows; a path, a URL or `Note: …` has none. A
// dotted name may have any value but a slash, and may stand before `=` too, which undotted is the shell's.
static bool operator_follows(lq_str s, size_t at, bool dotted)
{
  static const char *const signs[] = {"==", "!=", "<=", ">=", "!:"};
  static const char *const words[] = {"in (", "in~", "not in", "like", "regex", "not like", "not :"};
  size_t after = skip_blanks(s, at);
  for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
    if (follows(s, after, signs[i]))
      return true;
  }
  for (size_t i = 0; dotted && after > at && i < sizeof words / sizeof words[0]; i++) {
    if (follows(s, after, words[i]))
      return true;
  }
  if (after >= s.n || (s.p[after] != ':' && !(dotted && s.p[after] == '=')))
    return false;
  if (!dotted || s.p[after] == '=')
    return value_follows(s, after + 1);
  size_t value = skip_blanks(s, after + 1);
  return value < s.n && s.p[value] != '/' && s.p[value] != '\\';
}

static bool field_and_operator(lq_str s, size_t from, size_t to)
{
  const char *p = s.p + from;
  bool option = from > 0 && (strchr("-/$%\\\"'", s.p[from - 1]) != NULL);
  bool digit = *p >= '0' && *p <= '9';
  bool dotted = memchr(p, '.', to - from) != NULL;
  return !option && !digit && operator_follows(s, to, dotted);
}

static bool stage_follows(lq_str s, size_t bar)
{
  static const char *const words[] = {"where ", "filter ",   "stats ",    "eval ",
                                      "keep ",  "suppress ", "new_terms "};
  size_t at = skip_blanks(s, bar + 1);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (follows(s, at, words[i]))
      return true;
  }
  return false;
}

static bool looks_like_query(lq_str s)
{
  for (size_t i = 0; i < s.n;) {
    if (s.p[i] == '|' && stage_follows(s, i))
      return true;
    if (!is_name_byte(s.p[i])) {
      i++;
      continue;
    }
    size_t from = i;
    while (i < s.n && is_name_byte(s.p[i]))
      i++;
    if (field_and_operator(s, from, i))
      return true;
  }
  return false;
}

// ---- both

static bool is_one_name(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (!is_name_byte(s.p[i]))
      return false;
  }
  return true;
}

bool lq_is_query(const lq_mem *mem, lq_str text, lq_dialect dialect, const char **reason, lq_status *status)
{
  lq_arena arena = {.mem = mem};
  lq_diag_list unheard = {.arena = &arena, .max = 1};
  lq_node *tree = NULL;
  lq_status s = lq_parse(&tree, mem, text, dialect, &unheard);
  bool parses = s == LQ_OK && tree;
  bool yes = parses ? has_test(tree) : looks_like_query(text);
  *status = s == LQ_E_NOMEM || arena.failed ? LQ_E_NOMEM : LQ_OK;
  *reason = yes ? NULL : is_one_name(text) ? lone_name : parses ? no_test : no_operator;
  lq_arena_free(&arena);
  return yes;
}
