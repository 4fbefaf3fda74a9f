// String bodies: decoding, and what to make of a string that does not end.
#include "base/glob.h"
#include "lexer/state.h"

void lq_body_open(lq_lexer *lx, char quote)
{
  lx->open = lx->start;
  lx->quote = quote;
  lx->bad_escapes = 0;
  lq_buf_clear(&lx->body);
}

// Pieces end at ASCII characters only, so no code point is cut in two. Wildcards come as pieces of one byte.
void lq_body_text(lq_lexer *lx, const char *p, size_t n)
{
  if (lx->valid_utf8 || (n == 1 && (*p == LQ_ANY_RUN || *p == LQ_ANY_ONE) && lx->text.p[lx->start] != *p))
    lq_buf_add(&lx->body, p, n);
  else
    lq_utf8_repair(&lx->body, (lq_str){p, n});
}

void lq_body_codepoint(lq_lexer *lx, const char *hex, size_t n)
{
  uint32_t c = 0;
  char out[4];
  for (size_t i = 0; i < n && c <= 0x10FFFF; i++) {
    char h = hex[i];
    c = c * 16 + (uint32_t)(h <= '9' ? h - '0' : (h | 0x20) - 'a' + 10);
  }
  if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) {
    lq_span span = {lx->start, lx->at};
    lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_BAD_ESCAPE, span, "`\\u{%.*s}` is not a character", (int)n,
                             hex);
    lq_diag_help(lx->diags, d,
                 "characters go from `\\u{0}` to `\\u{10FFFF}`, without the surrogates D800 to DFFF");
    c = 0xFFFD;
  }
  lq_buf_add(&lx->body, out, lq_utf8_encode(c, out));
}

// Called with only the backslash read; what follows stays in the text as an ordinary character.
void lq_body_bad_escape(lq_lexer *lx)
{
  size_t end = lx->at;
  if (end < lx->text.n)
    lq_utf8_next(lx->text, &end);
  if (lx->bad_escapes++ == 0)
    lx->bad_escape = (lq_span){lx->start, (uint32_t)end};
  lq_buf_byte(&lx->body, '\\');
}

static bool is_meant(lq_str s, size_t at)
{
  return at < s.n &&
         (s.p[at] == '\\' || s.p[at] == '"' || (s.p[at] == 'u' && at + 1 < s.n && s.p[at + 1] == '{'));
}

// Who wrote one backslash for itself wrote the others so, too: in "C:\Users\temp\*" neither a tab nor a plain
// star is meant.
static void double_backslashes(lq_buf *out, lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    lq_buf_byte(out, s.p[i]);
    if (s.p[i] != '\\')
      continue;
    if (is_meant(s, i + 1))
      lq_buf_byte(out, s.p[++i]);
    else
      lq_buf_byte(out, '\\');
  }
}

// One message for one string, however many backslashes in it were not doubled.
static void report_escapes(lq_lexer *lx)
{
  lq_str escape = lq_str_slice(lx->text, lx->bad_escape.start, lx->bad_escape.end);
  lq_str whole = lq_str_slice(lx->text, lx->open, lx->at);
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_BAD_ESCAPE, lx->bad_escape, "unknown escape `%.*s` in a string",
                           LQ_STR_ARG(escape));
  if (lx->bad_escapes > 1)
    lq_diag_label(lx->diags, d, lx->bad_escape, "the first of %u in this string", lx->bad_escapes);
  lq_diag_help(lx->diags, d, "write `\\%.*s` for a backslash, or a raw string: `\"\"\"C:\\Users\\*\"\"\"`",
               LQ_STR_ARG(escape));
  lq_buf fixed = {.mem = lx->mem};
  double_backslashes(&fixed, whole);
  if (!fixed.failed && fixed.n < 4096)
    lq_diag_fix(lx->diags, d, (lq_span){lx->open, lx->at}, "%.*s", (int)fixed.n, fixed.p);
  lq_buf_free(&fixed);
}

static void report_single_quotes(lq_lexer *lx)
{
  lq_span span = {lx->open, lx->at};
  lq_str inner = lq_str_slice(lx->text, lx->open + 1, lx->at - 1);
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_SINGLE_QUOTES, span, "strings are written in double quotes");
  if (inner.n > 200 || memchr(inner.p, '"', inner.n)) {
    lq_diag_help(lx->diags, d, "write double quotes around it, and `\\\"` for a quote inside");
    return;
  }
  lq_diag_help(lx->diags, d, "write `\"%.*s\"`", LQ_STR_ARG(inner));
  lq_diag_fix(lx->diags, d, span, "\"%.*s\"", LQ_STR_ARG(inner));
}

int lq_body_close(lq_lexer *lx, bool raw)
{
  if (lx->quote == '\'' && lx->dialect == LQ_DIALECT_LQ)
    report_single_quotes(lx);
  if (raw && lx->dialect == LQ_DIALECT_ENDGAME)
    lq_diag_add(lx->diags, LQ_DIAG_SYNTAX, (lq_span){lx->open, lx->at},
                "Endgame EQL writes raw strings `?\"…\"`");
  if (lx->bad_escapes)
    report_escapes(lx);
  lx->tok.text = lq_arena_copy(lx->diags->arena, lq_buf_get(&lx->body));
  lx->diags->arena->failed |= lx->body.failed;
  lx->tok.raw = raw;
  return lq_emit(lx, LQ_TOK_STRING, (lq_span){lx->open, lx->at});
}

static bool is_blank(char c)
{
  return c == ' ' || c == '\t';
}

static bool is_name_byte(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '@';
}

// True if a blank and then `and` or `or` stand at i: the next condition begins.
static bool joins(lq_str s, size_t i)
{
  static const lq_str words[] = {LQ_STR_INIT("and"), LQ_STR_INIT("or")};
  if (!is_blank(s.p[i]))
    return false;
  while (i < s.n && is_blank(s.p[i]))
    i++;
  for (size_t w = 0; w < 2; w++) {
    size_t end = i + words[w].n;
    if (end <= s.n && lq_str_eq_ascii(lq_str_slice(s, i, end), words[w]) &&
        (end == s.n || !is_name_byte(s.p[end])))
      return true;
  }
  return false;
}

static size_t line_end(lq_str s, size_t from)
{
  const char *nl = from < s.n ? memchr(s.p + from, '\n', s.n - from) : NULL;
  return nl ? (size_t)(nl - s.p) : s.n;
}

// Where a text that begins at `from` and has no closing quote most likely ends.
static uint32_t guess_end(lq_str s, size_t from, size_t eol, const char *stops)
{
  size_t i = from;
  while (i < eol && !(s.p[i] && strchr(stops, s.p[i])) && !joins((lq_str){s.p, eol}, i))
    i++;
  while (i > from && (is_blank(s.p[i - 1]) || s.p[i - 1] == '\r'))
    i--;
  return (uint32_t)i;
}

// The text as it was written: it is only there so that the parse goes on.
static int give_text(lq_lexer *lx, uint32_t from, uint32_t to, lq_span span)
{
  lq_buf_clear(&lx->body);
  for (uint32_t i = from; i < to; i++) {
    char c = lx->text.p[i];
    lq_buf_byte(&lx->body, c == '*' ? LQ_ANY_RUN : c == '?' ? LQ_ANY_ONE : c);
  }
  lx->tok.text = lq_arena_copy(lx->diags->arena, lq_buf_get(&lx->body));
  lx->diags->arena->failed |= lx->body.failed;
  lx->tok.raw = false;
  return lq_emit(lx, LQ_TOK_STRING, span);
}

int lq_body_unterminated(lq_lexer *lx, uint32_t eol, uint32_t *resume)
{
  lq_span opener = {lx->open, lx->open + 1};
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_UNTERMINATED_STRING, opener, "a string is not closed");
  lq_diag_label(lx->diags, d, opener, "opens here, and the line has no closing quote for it");
  uint32_t end = guess_end(lx->text, lx->open + 1, eol, ",)]}|");
  lq_diag_help(lx->diags, d, "close it with `%c`; a string stays on one line, except `\"\"\"…\"\"\"`",
               lx->quote);
  *resume = end;
  return give_text(lx, lx->open + 1, end, (lq_span){lx->open, end});
}

int lq_raw_unterminated(lq_lexer *lx, uint32_t *resume)
{
  lq_span opener = {lx->open, lx->open + 3};
  lx->unfinished = true;
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_UNTERMINATED_STRING, opener, "a raw string is not closed");
  lq_diag_label(lx->diags, d, opener, "opens here, and no `\"\"\"` follows");
  size_t eol = line_end(lx->text, lx->open + 3);
  uint32_t end = guess_end(lx->text, lx->open + 3, eol, "\",)]}|");
  *resume = end;
  while (*resume < lx->text.n && lx->text.p[*resume] == '"')
    ++*resume;
  return give_text(lx, lx->open + 3, end, (lq_span){lx->open, end});
}

bool lq_quote_closes(const lq_lexer *lx, uint32_t from, char quote)
{
  for (size_t i = from; i < lx->text.n && lx->text.p[i] != '\n'; i++) {
    if (lx->text.p[i] == quote)
      return true;
    if (lx->text.p[i] == '\\')
      i++;
  }
  return false;
}

bool lq_quote_follows(const lq_lexer *lx)
{
  for (size_t i = lx->at; i < lx->text.n && lx->text.p[i] != '\n'; i++) {
    if (lx->text.p[i] == lx->quote)
      return true;
  }
  return false;
}

// `("a.exe, "b.exe")`: the string seems to close, but text goes on at once and the line's quotes do not pair.
// Lines are looked at for 4 KiB, so that hostile text costs no square.
bool lq_quote_missing(lq_lexer *lx, uint32_t *resume)
{
  enum { LOOKED_AT = 4096 };
  static const char starts[] = "*?\\/%$.";
  size_t at = lx->at, quotes = 0, next = 0;
  bool cut = lx->text.n - at > LOOKED_AT;
  lq_str near = {lx->text.p, cut ? at + LOOKED_AT : lx->text.n};
  size_t end = line_end(near, at);
  if (lx->quote != '"' || at >= end ||
      !(is_name_byte(lx->text.p[at]) || (lx->text.p[at] && strchr(starts, lx->text.p[at]))))
    return false;
  size_t word = at;
  while (word < end && is_name_byte(lx->text.p[word]))
    word++;
  if (word > at && lq_keyword(lq_str_slice(lx->text, at, word), false) >= 0)
    return false;
  if (cut && end == near.n)
    return false;
  for (size_t i = at; i < end; i++) {
    if (lx->text.p[i] == '\\')
      i++;
    else if (lx->text.p[i] == '"' && ++quotes == 1)
      next = i + 1;
  }
  if (quotes % 2 == 0)
    return false;
  lq_span opener = {lx->open, lx->open + 1};
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_UNTERMINATED_STRING, opener,
                           "a string is not closed where it should be");
  lq_diag_label(lx->diags, d, opener, "opens here");
  lq_diag_label(lx->diags, d, (lq_span){lx->at - 1, lx->at}, "this quote closes it, but text follows");
  lq_diag_help(lx->diags, d, "look for a missing `\"` between the two");
  *resume = (uint32_t)next;
  return true;
}

lq_token lq_lexer_words(lq_lexer *lx, uint32_t from)
{
  uint32_t end = guess_end(lx->text, from, line_end(lx->text, from), ",()[]{}|\"");
  if (end == from)
    end++;
  lx->has_pending = false;
  lx->tok = (lq_token){0};
  give_text(lx, from, end, (lq_span){from, end});
  if (!lx->valid_utf8)
    lx->tok.text = (lq_str){"", 0};
  lq_flex_seek(lx, end);
  return lx->tok;
}
