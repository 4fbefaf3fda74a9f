// How the leaves of a tree are spelled, so that the lexer reads them back as they were.
#include "parser/spell.h"

#include "base/glob.h"
#include "base/number.h"

// A raw string has no way to write a plain star, nor three quotes in a row.
static bool can_be_raw(lq_str s)
{
  for (size_t i = 0, quotes = 0; i < s.n; i++) {
    quotes = s.p[i] == '"' ? quotes + 1 : 0;
    if (quotes == 3 || s.p[i] == '*' || s.p[i] == '?')
      return false;
  }
  return true;
}

static void spell_byte(lq_buf *out, char c)
{
  static const char named[] = {'\n', '\r', '\t', '\b', '\f'};
  static const char letters[] = {'n', 'r', 't', 'b', 'f'};
  if (c == LQ_ANY_RUN || c == LQ_ANY_ONE) {
    lq_buf_byte(out, c == LQ_ANY_RUN ? '*' : '?');
    return;
  }
  const char *at = memchr(named, c, sizeof named);
  if (at) {
    lq_buf_byte(out, '\\');
    lq_buf_byte(out, letters[at - named]);
  } else if (c == '"' || c == '\\' || c == '*' || c == '?') {
    lq_buf_byte(out, '\\');
    lq_buf_byte(out, c);
  } else if ((unsigned char)c < 0x20 || c == 0x7F) {
    lq_buf_printf(out, "\\u{%X}", (unsigned)c);
  } else {
    lq_buf_byte(out, c);
  }
}

void lq_spell_string(lq_buf *out, lq_str s, bool raw)
{
  if (raw && can_be_raw(s)) {
    lq_buf_z(out, "\"\"\"");
    for (size_t i = 0; i < s.n; i++)
      lq_buf_byte(out, s.p[i] == LQ_ANY_RUN ? '*' : s.p[i] == LQ_ANY_ONE ? '?' : s.p[i]);
    lq_buf_z(out, "\"\"\"");
    return;
  }
  lq_buf_byte(out, '"');
  for (size_t i = 0; i < s.n; i++)
    spell_byte(out, s.p[i]);
  lq_buf_byte(out, '"');
}

static bool is_letter(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@';
}
static bool is_digit(char c)
{
  return c >= '0' && c <= '9';
}

// One part of a name: letters and digits, then indexes.
static bool is_plain_part(lq_str s, bool first)
{
  size_t i = 0;
  if (!s.n || (first && !is_letter(s.p[0])))
    return false;
  while (i < s.n && (is_letter(s.p[i]) || is_digit(s.p[i])))
    i++;
  while (i > 0 && i < s.n && s.p[i] == '[') {
    size_t digits = ++i;
    while (i < s.n && is_digit(s.p[i]))
      i++;
    if (i == digits || i == s.n || s.p[i++] != ']')
      return false;
  }
  return i == s.n;
}

static void spell_ticked(lq_buf *out, lq_str s)
{
  lq_buf_byte(out, '`');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '`')
      lq_buf_byte(out, '`');
    lq_buf_byte(out, s.p[i]);
  }
  lq_buf_byte(out, '`');
}

static bool is_reserved(lq_str name, bool function)
{
  for (int k = 0; k < LQ_TOK_COUNT; k++) {
    lq_token_class class = lq_token_class_of((lq_token_kind)k);
    lq_str spelling = lq_str_of(lq_token_spelling((lq_token_kind)k));
    bool callable = k == LQ_TOK_ANY || (k > LQ_TOK_ANY && k <= LQ_TOK_OF && k != LQ_TOK_BY);
    if ((class == LQ_CLASS_KEYWORD || class == LQ_CLASS_LITERAL) && !(function && callable) &&
        spelling.n == name.n + 2 && lq_str_eq_ascii(lq_str_slice(spelling, 1, spelling.n - 1), name))
      return true;
  }
  return false;
}

static size_t part_end(lq_str s, size_t from)
{
  const char *dot = from < s.n ? memchr(s.p + from, '.', s.n - from) : NULL;
  return dot ? (size_t)(dot - s.p) : s.n;
}

void lq_spell_name(lq_buf *out, lq_str name, bool function)
{
  bool empty_part = false;
  for (size_t i = 0, end; i <= name.n; i = end + 1) {
    end = part_end(name, i);
    empty_part |= end == i;
  }
  if (empty_part || is_reserved(name, function)) {
    spell_ticked(out, name);
    return;
  }
  for (size_t i = 0, end; i <= name.n; i = end + 1) {
    end = part_end(name, i);
    lq_str part = lq_str_slice(name, i, end);
    if (i)
      lq_buf_byte(out, '.');
    if (is_plain_part(part, i == 0))
      lq_buf_str(out, part);
    else
      spell_ticked(out, part);
  }
}

void lq_spell_category(lq_buf *out, lq_str name)
{
  bool plain = name.n && is_letter(name.p[0]) && !is_reserved(name, false);
  for (size_t i = 0; i < name.n; i++)
    plain &= is_letter(name.p[i]) || is_digit(name.p[i]);
  if (plain)
    lq_buf_str(out, name);
  else
    lq_spell_string(out, name, false);
}

void lq_spell_duration(lq_buf *out, int64_t ns)
{
  static const struct {
    int64_t ns;
    const char *unit;
  } units[] = {
      {86400000000000, "d"}, {3600000000000, "h"}, {60000000000, "m"}, {1000000000, "s"}, {1000000, "ms"}};
  size_t u = 0;
  while (u < 4 && (ns == 0 ? u < 3 : ns % units[u].ns != 0))
    u++;
  char digits[LQ_NUMBER_TEXT_MAX];
  lq_buf_add(out, digits, lq_format_i64(ns / units[u].ns, digits));
  lq_buf_z(out, units[u].unit);
}

// 4.0 stays a double: division depends on it.
static void spell_number(lq_buf *out, const lq_value *v)
{
  char text[LQ_NUMBER_TEXT_MAX];
  size_t n = v->type == LQ_T_DOUBLE ? lq_format_double(v->d, text)
             : v->type == LQ_T_UINT ? lq_format_u64(v->u, text)
                                    : lq_format_i64(v->i, text);
  lq_buf_add(out, text, n);
  if (v->type == LQ_T_DOUBLE && !memchr(text, '.', n) && !memchr(text, 'e', n))
    lq_buf_z(out, ".0");
}

void lq_spell_leaf(lq_buf *out, const lq_node *n)
{
  switch ((int)n->kind) {
  case LQ_N_NULL: lq_buf_z(out, "null"); break;
  case LQ_N_BOOL: lq_buf_z(out, n->value.b ? "true" : "false"); break;
  case LQ_N_NUMBER: spell_number(out, &n->value); break;
  case LQ_N_STRING: lq_spell_string(out, n->value.s, n->raw); break;
  case LQ_N_DURATION: lq_spell_duration(out, n->value.i); break;
  case LQ_N_ANYTHING: lq_buf_byte(out, '*'); break;
  case LQ_N_VARIABLE:
    lq_buf_byte(out, '$');
    lq_spell_name(out, n->name, false);
    break;
  case LQ_N_FIELD:
    if (n->optional)
      lq_buf_byte(out, '?');
    lq_spell_name(out, n->name, false);
    break;
  }
}
