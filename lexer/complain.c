// What the lexer says about characters that begin nothing.
#include "lexer/state.h"

int lq_foreign(lq_lexer *lx, lq_token_kind meant, const char *write)
{
  lq_span span = {lx->start, lx->at};
  lq_str text = lq_str_slice(lx->text, lx->start, lx->at);
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_FOREIGN_OPERATOR, span, "`%.*s` is not an operator here",
                           LQ_STR_ARG(text));
  lq_diag_help(lx->diags, d, "write `%s`", write);
  // `not` binds to what follows without a blank only in other languages.
  if (!lx->has_pending)
    lq_diag_fix(lx->diags, d, span, meant == LQ_TOK_NOT ? "%s " : "%s", write);
  else
    span.end = lx->pending.span.start;
  return lq_emit(lx, meant, span);
}

static void describe(lq_lexer *lx, lq_span span, uint32_t c)
{
  lq_str text = lq_str_slice(lx->text, span.start, span.end);
  if (c == LQ_CODEPOINT_BAD)
    return;                           // invalid UTF-8 has been reported
  text.n = text.n > 20 ? 20 : text.n; // a run of one ASCII character
  lq_diag *d = c > 0x20 && c != 0x7F && !(c >= 0x80 && c < 0xA1)
                   ? lq_diag_add(lx->diags, LQ_DIAG_STRAY_CHARACTER, span, "`%.*s` has no meaning here",
                                 LQ_STR_ARG(text))
                   : lq_diag_add(lx->diags, LQ_DIAG_STRAY_CHARACTER, span,
                                 "the character U+%04X has no meaning here", (unsigned)c);
  if (c == '`')
    lq_diag_help(lx->diags, d, "a name in back-ticks needs one at each end, on one line");
  else if (c == ';')
    lq_diag_help(lx->diags, d, "a query needs no `;` at its end");
  else if (c == '\'')
    lq_diag_help(lx->diags, d, "text is written in double quotes");
  else if (c == '\\')
    lq_diag_help(lx->diags, d,
                 "a path is text and needs quotes: `\"C:\\\\Windows\\\\*\"` or `\"\"\"C:\\Windows\\*\"\"\"`");
  else if (c == '?')
    lq_diag_help(lx->diags, d,
                 "`?name` marks a field that need not exist; as a wildcard `?` goes inside quotes");
  else if (c == '$')
    lq_diag_help(lx->diags, d, "`$name` is a variable of an array function");
  else if (c == '.')
    lq_diag_help(lx->diags, d, "the parts of a name are joined by `.`, and a name does not end in one");
  else if (c == '^')
    lq_diag_help(lx->diags, d, "the operators are `+ - * / %%`");
}

void lq_stray(lq_lexer *lx)
{
  uint32_t end = lx->start + 1;
  // A run of the same character is one mistake.
  while (end < lx->text.n && lx->text.p[end] == lx->text.p[lx->start])
    end++;
  describe(lx, (lq_span){lx->start, end}, (unsigned char)lx->text.p[lx->start]);
  lq_flex_seek(lx, end);
}

void lq_stray_hash(lq_lexer *lx)
{
  lq_span span = {lx->start, lx->start + 1};
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_STRAY_CHARACTER, span, "`#` does not begin a comment");
  lq_diag_help(lx->diags, d, "comments are written `// …` or `/* … */`");
  lq_diag_fix(lx->diags, d, span, "//");
}

static bool is_quote(uint32_t c)
{
  return (c >= 0x2018 && c <= 0x201F) || c == 0xAB || c == 0xBB;
}

// Characters that word processors put in place of blanks, and a blank is what the author sees.
static bool is_odd_blank(uint32_t c)
{
  return c == 0xA0 || (c >= 0x2000 && c <= 0x200F) || c == 0x202F || c == 0x2060 || c == 0x3000 ||
         c == 0xFEFF;
}

static void report_blanks(lq_lexer *lx, size_t *at)
{
  size_t start = *at, next = *at;
  uint32_t first = lq_utf8_next(lx->text, &next);
  while (*at < lx->text.n) {
    next = *at;
    if (!is_odd_blank(lq_utf8_next(lx->text, &next)))
      break;
    *at = next;
  }
  if (start == 0 && first == 0xFEFF) // a byte order mark
    return;
  lq_span span = {(uint32_t)start, (uint32_t)*at};
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_STRAY_CHARACTER, span, "this blank is the character U+%04X",
                           (unsigned)first);
  lq_diag_help(lx->diags, d, "replace it by an ordinary blank");
  lq_diag_fix(lx->diags, d, span, " ");
}

// “text”: taken as a string to the next quote of the line, of whatever shape.
static int typographic(lq_lexer *lx, size_t start, size_t *at)
{
  size_t from = *at, i = *at;
  bool closed = false;
  uint32_t c = 0;
  while (i < lx->text.n && lx->text.p[i] != '\n' && !closed) {
    *at = i;
    c = lq_utf8_next(lx->text, &i);
    closed = is_quote(c) || c == '"';
  }
  lq_span span = {(uint32_t)start, (uint32_t)(closed ? i : from)};
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_STRAY_CHARACTER, span, "these quotes are typographic ones");
  lq_diag_help(lx->diags, d, "write plain double quotes: `\"…\"`");
  if (!closed) {
    *at = from;
    return -1;
  }
  lq_str inner = lq_str_slice(lx->text, from, *at);
  if (!memchr(inner.p, '\\', inner.n) && inner.n < 1000)
    lq_diag_fix(lx->diags, d, span, "\"%.*s\"", LQ_STR_ARG(inner));
  *at = i;
  lx->tok.text = lq_arena_copy(lx->diags->arena, inner);
  lx->tok.raw = false;
  return lq_emit(lx, LQ_TOK_STRING, span);
}

int lq_stray_word(lq_lexer *lx, uint32_t *resume)
{
  size_t at = lx->start;
  while ((unsigned char)lx->text.p[at] < 0x80)
    at++;
  size_t high = at;
  uint32_t c = lq_utf8_next(lx->text, &at);
  bool punctuation = is_quote(c) || is_odd_blank(c) || (c >= 0x2010 && c <= 0x2027) || c == 0x2212;
  if (punctuation && high > lx->start) {
    // A good word in front: give that first.
    *resume = (uint32_t)high;
    while (lx->text.p[high - 1] == '.')
      high--;
    return lq_read_name(lx, lx->text.p + lx->start, high - lx->start);
  }
  if (is_odd_blank(c)) {
    at = high;
    report_blanks(lx, &at);
    *resume = (uint32_t)at;
    return -1;
  }
  if (is_quote(c) && lx->valid_utf8) {
    int k = typographic(lx, high, &at);
    *resume = (uint32_t)at;
    return k;
  }
  if (punctuation || c == LQ_CODEPOINT_BAD) {
    describe(lx, (lq_span){(uint32_t)high, (uint32_t)at}, c);
    *resume = (uint32_t)at;
    return -1;
  }
  // A word in another alphabet; with its ASCII letters it is one name.
  lq_span span = {lx->start, *resume};
  lq_str text = lq_str_slice(lx->text, span.start, span.end);
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_STRAY_CHARACTER, span,
                           "a name outside A-Z, a-z, 0-9 and `_` needs back-ticks");
  lq_diag_help(lx->diags, d, "a field is written in back-ticks, text in double quotes");
  if (lx->valid_utf8)
    lq_diag_fix(lx->diags, d, span, "`%.*s`", LQ_STR_ARG(text));
  lx->tok.text = lx->valid_utf8 ? lq_arena_copy(lx->diags->arena, text) : LQ_STR("_");
  lx->tok.quoted = true;
  return lq_emit(lx, LQ_TOK_NAME, span);
}

void lq_comment_unterminated(lq_lexer *lx)
{
  lq_span opener = {lx->open, lx->open + 2};
  lx->unfinished = true;
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_UNTERMINATED_COMMENT, opener, "a comment is not closed");
  lq_diag_label(lx->diags, d, opener, "opens here; comments nest, so each `/*` needs its own `*/`");
}

void lq_check_utf8(lq_lexer *lx)
{
  lx->valid_utf8 = lq_utf8_valid(lx->text);
  size_t at = 0, start = 0;
  while (!lx->valid_utf8 && at < lx->text.n) {
    start = at;
    if (lq_utf8_next(lx->text, &at) == LQ_CODEPOINT_BAD)
      break;
  }
  if (lx->valid_utf8)
    return;
  lq_span span = {(uint32_t)start, (uint32_t)at};
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_INVALID_UTF8, span, "the text is not UTF-8");
  lq_diag_label(lx->diags, d, span, "the byte %02X is not a character",
                (unsigned)(unsigned char)lx->text.p[start]);
  lq_diag_help(lx->diags, d, "save the file as UTF-8");
}
