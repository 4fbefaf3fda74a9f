// Native LQ text for what an Elastic rule says outside its query.
#include "base/utf8.h"
#include "rules/elastic.h"

// Does the lexer read all of it as one name, and as this one?
static bool reads_as(lq_elastic *e, lq_str text, lq_str name)
{
  lq_diag_list unheard = {.arena = e->r->arena, .max = 1};
  lq_lexer *lx = NULL;
  if (lq_lexer_new(&lx, e->r->mem, text, LQ_DIALECT_LQ, &unheard) != LQ_OK) {
    e->text.failed = true;
    return true;
  }
  lq_token first = lq_lexer_next(lx);
  bool same = first.kind == LQ_TOK_NAME && first.span.end == text.n && unheard.nerrors == 0 &&
              lq_str_eq(first.text, name);
  lq_lexer_free(lx);
  return same;
}

static lq_str in_back_ticks(lq_elastic *e, lq_str name)
{
  lq_buf b = {.mem = e->r->mem};
  lq_buf_byte(&b, '`');
  for (size_t i = 0; i < name.n; i++) {
    if (name.p[i] == '`')
      lq_buf_byte(&b, '`');
    lq_buf_byte(&b, name.p[i]);
  }
  lq_buf_byte(&b, '`');
  lq_str s = lq_arena_copy(e->r->arena, lq_buf_get(&b));
  e->text.failed |= b.failed;
  lq_buf_free(&b);
  return s;
}

// Back-ticks are for names that the lexer would not read as one name: keywords, dashes, digits in front.
void lq_elastic_put_field(lq_elastic *e, lq_str name)
{
  if (reads_as(e, name, name)) {
    lq_buf_str(&e->text, name);
    return;
  }
  lq_str quoted = in_back_ticks(e, name);
  if (!e->r->arena->failed && !reads_as(e, quoted, name) && !e->broken)
    lq_elastic_error(e, LQ_DIAG_BAD_KEY_VALUE, e->table,
                     "a filter or list of the rule has the field `%.*s`, which is no name", LQ_STR_ARG(name));
  lq_buf_str(&e->text, quoted);
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

// What the reader writes must be fine for the parser, so its limits are kept here, far below.
enum { WRITTEN_MAX = 256 * 1024, CONDITIONS_MAX = 1000 };

static void too_large(lq_elastic *e)
{
  if (!e->broken)
    lq_elastic_error(e, LQ_DIAG_TOO_LARGE, e->table, "the rule's filters or lists of fields are too large");
}

// Empty once something is wrong: it may be no LQ, and the rule will not run.
lq_str lq_elastic_take(lq_elastic *e)
{
  e->r->arena->failed |= e->text.failed;
  if (e->text.n > WRITTEN_MAX)
    too_large(e);
  lq_str s = e->broken ? LQ_STR("") : lq_arena_copy(e->r->arena, lq_buf_get(&e->text));
  lq_buf_clear(&e->text);
  return s;
}

// Room is doubled whenever the count is a power of two.
void lq_elastic_condition(lq_elastic *e)
{
  lq_rule_file_rule *rule = e->rule;
  lq_str *all = (lq_str *)rule->conditions; // ours: made here
  size_t n = rule->nconditions;
  lq_str text = lq_elastic_take(e);
  if (n >= CONDITIONS_MAX)
    too_large(e);
  if (n >= CONDITIONS_MAX || text.n == 0)
    return;
  if ((n & (n - 1)) == 0) {
    all = lq_arena_array(e->r->arena, n ? n * 2 : 1, sizeof *all);
    if (!all)
      return;
    if (n)
      memcpy(all, rule->conditions, n * sizeof *all);
    rule->conditions = all;
  }
  all[rule->nconditions++] = text;
}
