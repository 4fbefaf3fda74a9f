// Native LQ text for what an Elastic rule says outside its query.
#include "base/utf8.h"
#include "rules/elastic.h"

// Back-ticks are for names that the lexer would not read as one name: keywords, dashes, digits in front.
static bool is_plain_name(lq_elastic *e, lq_str name)
{
  lq_diag_list unheard = {.arena = e->r->arena, .max = 1};
  lq_lexer *lx = NULL;
  if (lq_lexer_new(&lx, e->r->mem, name, LQ_DIALECT_LQ, &unheard) != LQ_OK) {
    e->text.failed = true;
    return true;
  }
  lq_token first = lq_lexer_next(lx);
  bool plain = first.kind == LQ_TOK_NAME && first.span.end == name.n && !first.quoted &&
               unheard.nerrors == 0 && lq_str_eq(first.text, name);
  lq_lexer_free(lx);
  return plain;
}

void lq_elastic_put_field(lq_elastic *e, lq_str name)
{
  if (is_plain_name(e, name)) {
    lq_buf_str(&e->text, name);
    return;
  }
  lq_buf_byte(&e->text, '`');
  for (size_t i = 0; i < name.n; i++) {
    if (name.p[i] == '`')
      lq_buf_byte(&e->text, '`');
    lq_buf_byte(&e->text, name.p[i]);
  }
  lq_buf_byte(&e->text, '`');
}

// One byte of a literal. `special`: `*` and `?` keep their meaning.
static void put_byte(lq_buf *b, char c, bool special)
{
  bool wild = c == '*' || c == '?';
  if (c == '"' || c == '\\' || (wild && !special)) {
    lq_buf_byte(b, '\\');
    lq_buf_byte(b, c);
  } else if ((unsigned char)c < ' ' || c == 0x7F) {
    lq_buf_printf(b, "\\u{%X}", (unsigned)(unsigned char)c);
  } else {
    lq_buf_byte(b, c);
  }
}

void lq_elastic_put_string(lq_elastic *e, lq_str value)
{
  lq_buf_byte(&e->text, '"');
  for (size_t i = 0; i < value.n; i++)
    put_byte(&e->text, value.p[i], false);
  lq_buf_byte(&e->text, '"');
}

void lq_elastic_put_pattern(lq_elastic *e, lq_str value)
{
  lq_buf_byte(&e->text, '"');
  for (size_t i = 0; i < value.n; i++) {
    bool escaped = value.p[i] == '\\' && i + 1 < value.n;
    i += escaped;
    put_byte(&e->text, value.p[i], !escaped);
  }
  lq_buf_byte(&e->text, '"');
}

lq_str lq_elastic_take(lq_elastic *e)
{
  lq_str s = lq_arena_copy(e->r->arena, lq_buf_get(&e->text));
  e->r->arena->failed |= e->text.failed;
  lq_buf_clear(&e->text);
  return s;
}

// Room is doubled whenever the count is a power of two.
void lq_elastic_condition(lq_elastic *e)
{
  lq_rule_file_rule *rule = e->rule;
  lq_str *all = (lq_str *)rule->conditions; // ours: made here
  size_t n = rule->nconditions;
  if ((n & (n - 1)) == 0) {
    all = lq_arena_array(e->r->arena, n ? n * 2 : 1, sizeof *all);
    if (!all)
      return;
    if (n)
      memcpy(all, rule->conditions, n * sizeof *all);
    rule->conditions = all;
  }
  all[rule->nconditions++] = lq_elastic_take(e);
}
