// For editors and prompts: colours, unfinished queries, completion. Works on text that need not be right yet.
#include "lib/api.h"
#include "parser/parse.h"
#include "stdlib/functions.h"
#include "stdlib/schema.h"

static bool takes(const char *query, size_t n, uint32_t dialect)
{
  return (query || n == 0) && n <= LQ_SOURCE_MAX && dialect <= LQ_DIALECT_NAME_ENDGAME;
}

// ---- colours

typedef struct painting {
  void (*each)(void *user, size_t start, size_t end, uint32_t color);
  void *user;
} painting;

static uint32_t color_of(lq_token_class c)
{
  switch (c) {
  case LQ_CLASS_NONE: return LQ_COLOR_NONE;
  case LQ_CLASS_NAME: return LQ_COLOR_NAME;
  case LQ_CLASS_FUNCTION: return LQ_COLOR_FUNCTION;
  case LQ_CLASS_STRING: return LQ_COLOR_STRING;
  case LQ_CLASS_NUMBER: return LQ_COLOR_NUMBER;
  case LQ_CLASS_LITERAL: return LQ_COLOR_LITERAL;
  case LQ_CLASS_KEYWORD: return LQ_COLOR_KEYWORD;
  case LQ_CLASS_OPERATOR: return LQ_COLOR_OPERATOR;
  case LQ_CLASS_PUNCT: return LQ_COLOR_PUNCT;
  case LQ_CLASS_COMMENT: return LQ_COLOR_COMMENT;
  case LQ_CLASS_ERROR: return LQ_COLOR_ERROR;
  }
  return LQ_COLOR_NONE;
}

static void paint(void *user, lq_span span, lq_token_class c)
{
  painting *p = user;
  p->each(p->user, span.start, span.end, color_of(c));
}

lq_status lq_highlight(const char *query, size_t n, uint32_t dialect,
                       void (*each)(void *user, size_t start, size_t end, uint32_t color), void *user)
{
  if (!takes(query, n, dialect) || !each)
    return LQ_E_USAGE;
  return lq_lexer_highlight(&lq_mem_libc, lq_str_make(query, n), (lq_dialect)dialect, paint,
                            &(painting){each, user});
}

lq_status lq_query_unfinished(const char *query, size_t n, uint32_t dialect, int *unfinished)
{
  if (!takes(query, n, dialect) || !unfinished)
    return LQ_E_USAGE;
  bool more = false;
  lq_status s = lq_parse_unfinished(&more, &lq_mem_libc, lq_str_make(query, n), (lq_dialect)dialect);
  *unfinished = more;
  return s;
}

// ---- completion

typedef struct completion {
  lq_str prefix;
  size_t start;
  void (*each)(void *user, lq_text word, uint32_t kind, size_t start);
  void *user;
  bool wants_name;  // a name may stand there
  bool wants_stage; // it stands after a `|`
} completion;

static bool is_word_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == '@' || (unsigned char)c >= 0x80;
}

static bool begins_with(lq_str word, lq_str prefix)
{
  return prefix.n <= word.n && lq_str_eq_ascii(lq_str_slice(word, 0, prefix.n), prefix);
}

static void offer(completion *c, lq_str word, uint32_t kind)
{
  if (begins_with(word, c->prefix))
    c->each(c->user, lq_text_of(word), kind, c->start);
}

// Only words can be completed; signs are typed faster than chosen. Spellings come in back-ticks, as messages
// need them.
static void offer_token(void *user, lq_token_kind kind)
{
  completion *c = user;
  lq_token_class class = lq_token_class_of(kind);
  c->wants_name |= kind == LQ_TOK_NAME;
  if (class != LQ_CLASS_KEYWORD && class != LQ_CLASS_LITERAL)
    return;
  lq_str spelling = lq_str_of(lq_token_spelling(kind));
  if (spelling.n > 2 && spelling.p[0] == '`')
    offer(c, lq_str_slice(spelling, 1, spelling.n - 1),
          class == LQ_CLASS_KEYWORD ? LQ_COLOR_KEYWORD : LQ_COLOR_LITERAL);
}

static void offer_stages(completion *c)
{
  // `where` is a keyword, and the parser has named it already.
  for (int s = LQ_STAGE_WHERE + 1; s <= LQ_STAGE_NEW_TERMS; s++)
    offer(c, lq_str_of(lq_stage_word((lq_stage_kind)s)), LQ_COLOR_KEYWORD);
}

static void offer_names(completion *c)
{
  for (size_t i = 0; i < LQ_FN_COUNT; i++)
    offer(c, lq_str_of(lq_functions[i].name), LQ_COLOR_FUNCTION);
  for (size_t i = 0; i < lq_ecs.count; i++)
    offer(c, lq_ecs.fields[i].name, LQ_COLOR_NAME);
}

static bool after_pipe(lq_str before)
{
  before = lq_str_trim(before);
  return before.n > 0 && before.p[before.n - 1] == '|';
}

lq_status lq_complete(const char *query, size_t n, uint32_t dialect,
                      void (*each)(void *user, lq_text word, uint32_t kind, size_t start), void *user)
{
  if (!takes(query, n, dialect) || !each)
    return LQ_E_USAGE;
  size_t start = n;
  while (start > 0 && is_word_byte(query[start - 1]))
    start--;
  lq_str before = lq_str_make(query, start);
  completion c = {
      .prefix = lq_str_make(query + start, n - start), .start = start, .each = each, .user = user};
  c.wants_stage = after_pipe(before);
  lq_status s = lq_parse_expected(&lq_mem_libc, before, (lq_dialect)dialect, offer_token, &c);
  if (s != LQ_OK)
    return s;
  if (c.wants_stage)
    offer_stages(&c);
  else if (c.wants_name)
    offer_names(&c);
  return LQ_OK;
}
