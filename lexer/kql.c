// KQL's tokens. A value without quotes holds blanks and ends where the grammar's next word begins, so what a
// word is depends on what stands before it: that is read by hand.
#include "base/glob.h"
#include "base/number.h"
#include "lexer/state.h"

static const char specials[] = "\\():<>\"*{}";

static bool is_special(char c)
{
  return c && strchr(specials, c);
}

// The length of the blank at i: KQL counts the no-break space as one. 0: there is none.
static size_t blank_at(lq_str s, size_t i)
{
  if (i >= s.n)
    return 0;
  if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n')
    return 1;
  return s.p[i] == '\xC2' && i + 1 < s.n && s.p[i + 1] == '\xA0' ? 2 : 0;
}

static size_t skip_blanks(lq_str s, size_t i)
{
  for (size_t n; (n = blank_at(s, i)) > 0;)
    i += n;
  return i;
}

static bool starts(lq_str s, size_t i, lq_str word)
{
  return i + word.n <= s.n && lq_str_eq_ascii(lq_str_slice(s, i, i + word.n), word);
}

// `and`, `or` and `not` are keywords only with a blank after them: `a:not` asks for the word.
static size_t keyword_at(lq_str s, size_t i, lq_str word)
{
  return starts(s, i, word) && blank_at(s, i + word.n) > 0 ? word.n : 0;
}

static size_t not_at(lq_str s, size_t i)
{
  return keyword_at(s, i, LQ_STR("not"));
}

static size_t joins_at(lq_str s, size_t i)
{
  size_t n = keyword_at(s, i, LQ_STR("and"));
  return n > 0 ? n : keyword_at(s, i, LQ_STR("or"));
}

// ---- escapes

static int hex_at(lq_str s, size_t i)
{
  if (i >= s.n)
    return -1;
  char c = s.p[i], low = (char)(c | 0x20);
  return c >= '0' && c <= '9' ? c - '0' : low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// XXXX of \uXXXX, or -1.
static long unit_at(lq_str s, size_t i)
{
  long unit = 0;
  for (size_t k = 0; k < 4; k++) {
    int h = hex_at(s, i + k);
    if (h < 0)
      return -1;
    unit = unit * 16 + h;
  }
  return unit;
}

// \uXXXX counts UTF-16 units, so a pair of them may make one character.
static size_t read_unicode(lq_lexer *lx, size_t i)
{
  size_t n = 6;
  long unit = unit_at(lx->text, i + 2), low = -1;
  if (unit < 0)
    return 0;
  if (unit >= 0xD800 && unit < 0xDC00 && starts(lx->text, i + 6, LQ_STR("\\u")))
    low = unit_at(lx->text, i + 8);
  if (low >= 0xDC00 && low < 0xE000) {
    unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    n = 12;
  } else if (unit >= 0xD800 && unit < 0xE000) {
    unit = 0xFFFD;
  }
  char out[4];
  lq_buf_add(&lx->body, out, lq_utf8_encode((uint32_t)unit, out));
  return n;
}

// The escapes of quoted and unquoted text alike; the backslash is at i. 0: it is none of them.
static size_t read_common_escape(lq_lexer *lx, size_t i)
{
  static const char letters[] = "trn", means[] = "\t\r\n";
  char c = i + 1 < lx->text.n ? lx->text.p[i + 1] : '\0';
  const char *letter = c ? strchr(letters, c) : NULL;
  if (c == 'u')
    return read_unicode(lx, i);
  if (letter)
    lq_buf_byte(&lx->body, means[letter - letters]);
  return letter ? 2 : 0;
}

static bool ends_word(lq_str s, size_t i)
{
  return i >= s.n || blank_at(s, i) > 0 || is_special(s.p[i]);
}

// `\and`, `\or`, `\not`: the word itself. `\not` also looks like an escaped n, so there a whole word has to
// follow.
static size_t read_escaped_word(lq_lexer *lx, size_t i)
{
  lq_str s = lx->text;
  size_t n = starts(s, i + 1, LQ_STR("and")) ? 3 : starts(s, i + 1, LQ_STR("or")) ? 2 : 0;
  if (n == 0 && starts(s, i + 1, LQ_STR("not")) && ends_word(s, i + 4))
    n = 3;
  lq_buf_add(&lx->body, s.p + i + 1, n);
  return n > 0 ? n + 1 : 0;
}

static void bad_escape(lq_lexer *lx, size_t i)
{
  size_t end = i + 1;
  if (end < lx->text.n)
    lq_utf8_next(lx->text, &end);
  if (lx->bad_escapes++ == 0)
    lx->bad_escape = (lq_span){(uint32_t)i, (uint32_t)end};
  lq_buf_byte(&lx->body, '\\');
}

static size_t read_unquoted_escape(lq_lexer *lx, size_t i)
{
  size_t n = read_escaped_word(lx, i);
  if (n == 0)
    n = read_common_escape(lx, i);
  if (n > 0)
    return n;
  if (i + 1 < lx->text.n && is_special(lx->text.p[i + 1])) {
    lq_buf_byte(&lx->body, lx->text.p[i + 1]);
    return 2;
  }
  bad_escape(lx, i);
  return 1;
}

// One message for one value, however many backslashes in it were not doubled.
static void report_escapes(lq_lexer *lx)
{
  lq_str escape = lq_str_slice(lx->text, lx->bad_escape.start, lx->bad_escape.end);
  lq_span backslash = {lx->bad_escape.start, lx->bad_escape.start + 1};
  lq_diag *d = escape.n > 1 && !blank_at(escape, 1)
                   ? lq_diag_add(lx->diags, LQ_DIAG_BAD_ESCAPE, lx->bad_escape,
                                 "unknown escape `%.*s` in a value", LQ_STR_ARG(escape))
                   : lq_diag_add(lx->diags, LQ_DIAG_BAD_ESCAPE, backslash, "a `\\` that escapes nothing");
  if (lx->bad_escapes > 1)
    lq_diag_label(lx->diags, d, escape.n > 1 && !blank_at(escape, 1) ? lx->bad_escape : backslash,
                  "the first of %u in this value", lx->bad_escapes);
  lq_diag_help(lx->diags, d, "write `\\\\` for a backslash; between double quotes it may stand alone");
  lq_diag_fix(lx->diags, d, backslash, "\\\\");
}

// ---- text

// One character that means itself. The two bytes that stand for wildcards must not come out of bad input.
static size_t read_plain(lq_lexer *lx, size_t i)
{
  size_t end = i;
  if (lx->valid_utf8 || lq_utf8_next(lx->text, &end) != LQ_CODEPOINT_BAD) {
    end = end > i ? end : i + 1;
    lq_buf_add(&lx->body, lx->text.p + i, end - i);
  } else {
    lq_buf_z(&lx->body, "\xEF\xBF\xBD");
  }
  return end - i;
}

static bool is_trimmed(uint32_t c)
{
  return (c >= 9 && c <= 13) || c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
         c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

// Values lose white space of every kind at their ends, escaped or not.
static lq_str trim(lq_str s)
{
  size_t from = 0, to = s.n;
  for (size_t at = 0; at < s.n && is_trimmed(lq_utf8_next(s, &at));)
    from = at;
  while (to > from) {
    size_t back = lq_utf8_back(s, to), at = back;
    if (!is_trimmed(lq_utf8_next(s, &at)))
      break;
    to = back;
  }
  return lq_str_slice(s, from, to);
}

// Fills body from i on; gives where the value's last character ends.
static size_t read_value(lq_lexer *lx, size_t i)
{
  lq_str s = lx->text;
  size_t end = i;
  lq_buf_clear(&lx->body);
  while (i < s.n) {
    size_t blanks = skip_blanks(s, i);
    if (blanks > i && joins_at(s, blanks) > 0)
      break;
    if (blanks > i) {
      lq_buf_add(&lx->body, s.p + i, blanks - i);
      i = blanks;
      continue;
    }
    if (s.p[i] == '\\')
      i += read_unquoted_escape(lx, i);
    else if (s.p[i] == '*')
      lq_buf_byte(&lx->body, LQ_ANY_RUN), i++;
    else if (is_special(s.p[i]) || not_at(s, i) > 0)
      break;
    else
      i += read_plain(lx, i);
    end = i;
  }
  return end;
}

static void keep_text(lq_lexer *lx, lq_str text)
{
  lx->tok.text = lq_arena_copy(lx->diags->arena, text);
  lx->diags->arena->failed |= lx->body.failed;
}

// Whole numbers and fractions without ornament. `007`, `1e5` and `0x17` are texts in the fields that hold
// them.
static bool is_number(lq_str s, lq_value *out)
{
  size_t i = s.n > 0 && s.p[0] == '-', first = i;
  while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
    i++;
  if (i == first || (i > first + 1 && s.p[first] == '0'))
    return false;
  if (i < s.n) {
    size_t point = i;
    if (s.p[i++] != '.')
      return false;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
      i++;
    double d;
    if (i < s.n || i == point + 1 || !lq_parse_double(s, &d))
      return false;
    *out = lq_double(d);
    return true;
  }
  int64_t n;
  uint64_t u;
  if (lq_parse_i64(s, &n))
    *out = lq_int(n);
  else if (lq_parse_u64(s, &u))
    *out = lq_uint(u);
  else
    return false;
  return true;
}

// A name is what an operator follows.
static bool is_name(lq_str s, size_t end)
{
  size_t i = skip_blanks(s, end);
  return i < s.n && (s.p[i] == ':' || s.p[i] == '<' || s.p[i] == '>');
}

static lq_token_kind kind_of(lq_lexer *lx, size_t end)
{
  if (is_name(lx->text, end))
    return LQ_TOK_NAME;
  if (lq_str_is(lx->tok.text, "true"))
    return LQ_TOK_TRUE;
  if (lq_str_is(lx->tok.text, "false"))
    return LQ_TOK_FALSE;
  if (lq_str_is(lx->tok.text, "null"))
    return LQ_TOK_NULL;
  return is_number(lx->tok.text, &lx->tok.number) ? LQ_TOK_NUMBER : LQ_TOK_STRING;
}

static int read_literal(lq_lexer *lx)
{
  lx->bad_escapes = 0;
  size_t end = read_value(lx, lx->start);
  keep_text(lx, trim(lq_buf_get(&lx->body)));
  if (lx->bad_escapes > 0)
    report_escapes(lx);
  lx->at = (uint32_t)end;
  return lq_emit(lx, (int)kind_of(lx, end), (lq_span){lx->start, lx->at});
}

// ---- quoted

// Fills body from i on; gives where the closing quote is, or the length of the text.
static size_t read_quoted(lq_lexer *lx, size_t i)
{
  lq_str s = lx->text;
  lq_buf_clear(&lx->body);
  while (i < s.n && s.p[i] != '"') {
    size_t n = s.p[i] == '\\' ? read_common_escape(lx, i) : 0;
    if (n == 0 && s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '\\' || s.p[i + 1] == '"')) {
      lq_buf_byte(&lx->body, s.p[i + 1]);
      n = 2;
    }
    i += n > 0 ? n : read_plain(lx, i);
  }
  return i;
}

static bool has_escaped_quote(lq_str s, size_t i)
{
  for (; i + 1 < s.n && s.p[i] != '\n'; i++) {
    if (s.p[i] == '\\' && s.p[i + 1] == '"')
      return true;
    i += s.p[i] == '\\';
  }
  return false;
}

// Where reading goes on after a quote that has no partner: at the next word of the grammar.
static size_t skip_broken(lq_lexer *lx, size_t i)
{
  lq_str s = lx->text;
  for (; i < s.n && s.p[i] != ')' && s.p[i] != '}'; i++) {
    size_t blanks = skip_blanks(s, i);
    if (blanks > i && joins_at(s, blanks) > 0)
      return i;
    i = blanks > i ? blanks - 1 : i;
  }
  return i;
}

static int unterminated(lq_lexer *lx)
{
  lq_span opener = {lx->start, lx->start + 1}, end = {(uint32_t)lx->text.n, (uint32_t)lx->text.n};
  lx->unfinished = true;
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_UNTERMINATED_STRING, opener, "a string is not closed");
  lq_diag_label(lx->diags, d, opener, lx->operand ? "no quote before it opens a string" : "opens here");
  lq_diag_label(lx->diags, d, end, "the query ends without a closing quote");
  if (has_escaped_quote(lx->text, opener.end))
    lq_diag_help(lx->diags, d,
                 "`\\\"` is a quote inside the text; write `\\\\\"` to end it with a backslash");
  else
    lq_diag_help(lx->diags, d, "every `\"` needs a partner; write `\\\"` for the character");
  lx->at = (uint32_t)skip_broken(lx, opener.end);
  if (lx->operand)
    return lq_emit(lx, LQ_TOK_INVALID, opener);
  lq_buf_clear(&lx->body);
  for (size_t i = opener.end; i < lx->at;)
    i += read_plain(lx, i);
  keep_text(lx, lq_buf_get(&lx->body));
  return lq_emit(lx, LQ_TOK_STRING, (lq_span){lx->start, lx->at});
}

static int read_string(lq_lexer *lx)
{
  size_t close = read_quoted(lx, lx->start + 1);
  lx->tok.quoted = true;
  if (close >= lx->text.n)
    return unterminated(lx);
  keep_text(lx, lq_buf_get(&lx->body));
  lx->at = (uint32_t)close + 1;
  return lq_emit(lx, is_name(lx->text, lx->at) ? LQ_TOK_NAME : LQ_TOK_STRING, (lq_span){lx->start, lx->at});
}

// ---- signs

static int take(lq_lexer *lx, int kind, size_t n)
{
  lx->at = lx->start + (uint32_t)n;
  return lq_emit(lx, kind, (lq_span){lx->start, lx->at});
}

static int read_token(lq_lexer *lx, bool blank)
{
  lq_str s = lx->text;
  size_t i = lx->start, n;
  bool equals = i + 1 < s.n && s.p[i + 1] == '=';
  switch (s.p[i]) {
  case '(': return take(lx, LQ_TOK_LPAREN, 1);
  case ')': return take(lx, LQ_TOK_RPAREN, 1);
  case '{': return take(lx, LQ_TOK_LBRACE, 1);
  case '}': return take(lx, LQ_TOK_RBRACE, 1);
  case ':': return take(lx, LQ_TOK_COLON, 1);
  case '<': return equals ? take(lx, LQ_TOK_LE, 2) : take(lx, LQ_TOK_LT, 1);
  case '>': return equals ? take(lx, LQ_TOK_GE, 2) : take(lx, LQ_TOK_GT, 1);
  case '"': return read_string(lx);
  default: break;
  }
  if ((n = not_at(s, i)) > 0)
    return take(lx, LQ_TOK_NOT, n);
  // Where a value can begin, `and` and `or` begin one.
  if (lx->operand && blank && (n = joins_at(s, i)) > 0)
    return take(lx, n == 3 ? LQ_TOK_AND : LQ_TOK_OR, n);
  return read_literal(lx);
}

static bool is_operand(int kind)
{
  return kind == LQ_TOK_NAME || kind == LQ_TOK_STRING || kind == LQ_TOK_NUMBER || kind == LQ_TOK_TRUE ||
         kind == LQ_TOK_FALSE || kind == LQ_TOK_NULL || kind == LQ_TOK_RPAREN || kind == LQ_TOK_RBRACE ||
         kind == LQ_TOK_INVALID;
}

int lq_read_kql(lq_lexer *lx)
{
  size_t start = skip_blanks(lx->text, lx->at);
  bool blank = start > lx->at;
  lx->start = lx->at = (uint32_t)start;
  lx->tok = (lq_token){.kind = LQ_TOK_END, .span = {lx->start, lx->start}};
  if (start == lx->text.n)
    return LQ_TOK_END;
  int kind = read_token(lx, blank);
  lx->operand = is_operand(kind);
  return kind;
}
