// Words and numbers: names, keywords, literals, durations.
#include "base/number.h"
#include "lexer/operators.h"
#include "lexer/state.h"

static const struct {
  lq_str spelling;
  lq_token_class class;
  const char *name;
} rows[LQ_TOK_COUNT] = {
#define LQ_TOKEN(name, class, spelling) {LQ_STR_INIT(spelling), LQ_CLASS_##class, #name},
#include "lexer/tokens.def"
#undef LQ_TOKEN
};

const char *lq_token_name(lq_token_kind k)
{
  return rows[k].name;
}
const char *lq_token_spelling(lq_token_kind k)
{
  return rows[k].spelling.p;
}
lq_token_class lq_token_class_of(lq_token_kind k)
{
  return rows[k].class;
}

int lq_emit(lq_lexer *lx, int k, lq_span span)
{
  lx->tok.kind = (lq_token_kind)k;
  lx->tok.span = span;
  return k;
}

// Keywords are the rows of that class; their spelling is the word in back-ticks.
int lq_keyword(lq_str word, bool exact_case)
{
  for (int k = 0; k < LQ_TOK_COUNT; k++) {
    if (rows[k].spelling.n != word.n + 2 ||
        (rows[k].class != LQ_CLASS_KEYWORD && rows[k].class != LQ_CLASS_LITERAL))
      continue;
    lq_str key = lq_str_slice(rows[k].spelling, 1, word.n + 1);
    if (exact_case ? lq_str_eq(key, word) : lq_str_eq_ascii(key, word))
      return k;
  }
  return -1;
}

static bool is_plain(lq_str s)
{
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '`' || s.p[i] == ' ' || s.p[i] == '\t')
      return false;
  }
  return true;
}

// Takes back-ticks and the blanks after dots away. Bytes that are no UTF-8 were reported; names keep none of
// them.
static lq_str name_text(lq_lexer *lx, lq_str s, bool *quoted)
{
  bool inside = false;
  if (is_plain(s))
    return lq_arena_copy(lx->diags->arena, s);
  lq_buf_clear(&lx->body);
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '`' && inside && i + 1 < s.n && s.p[i + 1] == '`')
      lq_buf_byte(&lx->body, s.p[i++]);
    else if (s.p[i] == '`')
      *quoted = true, inside = !inside;
    else if (inside || (s.p[i] != ' ' && s.p[i] != '\t'))
      lq_buf_byte(&lx->body, s.p[i]);
  }
  lq_str text = lq_buf_get(&lx->body);
  if (!lx->valid_utf8) {
    lq_buf fixed = {.mem = lx->mem};
    lq_utf8_repair(&fixed, text);
    text = lq_arena_copy(lx->diags->arena, lq_buf_get(&fixed));
    lx->body.failed |= fixed.failed;
    lq_buf_free(&fixed);
  } else {
    text = lq_arena_copy(lx->diags->arena, text);
  }
  lx->diags->arena->failed |= lx->body.failed;
  return text;
}

// ---- Endgame EQL: fewer forms of names

static void refuse(lq_lexer *lx, uint32_t from, uint32_t to, const char *message)
{
  lq_diag_add(lx->diags, LQ_DIAG_SYNTAX, (lq_span){from, to}, "%s", message);
}

static bool is_endgame_keyword(lq_str part)
{
  static const lq_str words[] = {LQ_STR_INIT("const"), LQ_STR_INIT("macro")};
  int k = lq_keyword(part, true);
  lq_op op = k >= 0 ? lq_op_of((lq_token_kind)k) : LQ_OPER_NONE;
  bool own = (op != LQ_OPER_NONE && !lq_op_in(op, LQ_DIALECT_ENDGAME)) || k == LQ_TOK_ANY ||
             k == LQ_TOK_SAMPLE || k == LQ_TOK_MAXSPAN || k == LQ_TOK_RUNS || k == LQ_TOK_AS;
  return (k >= 0 && !own) || lq_str_eq(part, words[0]) || lq_str_eq(part, words[1]);
}

// Where a part begins with a digit, or is a keyword, what stands there is no name.
static void check_parts(lq_lexer *lx, lq_str s)
{
  for (size_t at = 0, end; at < s.n; at = end + 1) {
    bool ticks = s.p[at] == '`';
    const char *close = ticks && at + 1 < s.n ? memchr(s.p + at + 1, '`', s.n - at - 1) : NULL;
    for (end = close ? (size_t)(close - s.p) : at; end < s.n && s.p[end] != '.' && s.p[end] != '[';)
      end++;
    lq_str part = lq_str_trim(lq_str_slice(s, at, end));
    if (!ticks && at > 0 && s.p[at - 1] == '.' && part.n > 0 && part.p[0] >= '0' && part.p[0] <= '9')
      refuse(lx, lx->start + (uint32_t)at - 1, lx->start + (uint32_t)end,
             "a name does not begin with a digit");
    else if (!ticks && is_endgame_keyword(part) && (at > 0 || end < s.n))
      refuse(lx, lx->start, lx->start + (uint32_t)s.n,
             "a keyword cannot be part of a name without back-ticks");
    while (end < s.n && s.p[end] == '[') {
      while (end < s.n && s.p[end] != ']')
        end++;
      end++;
    }
  }
}

static void check_form(lq_lexer *lx, lq_token_kind kind, lq_str whole)
{
  uint32_t end = lx->start + (uint32_t)whole.n;
  if (kind == LQ_TOK_OPTIONAL)
    refuse(lx, lx->start, end, "Endgame EQL has no optional fields");
  else if (kind == LQ_TOK_VARIABLE)
    refuse(lx, lx->start, end, "Endgame EQL writes variables without `$`");
  else if (kind == LQ_TOK_TILDE_NAME)
    refuse(lx, lx->start, end, "Endgame EQL ignores case in all functions, without `~`");
  else
    check_parts(lx, whole);
}

int lq_read_name(lq_lexer *lx, const char *p, size_t n)
{
  lq_str whole = {p, n};
  lq_span span = {lx->start, lx->start + (uint32_t)n};
  lq_token_kind kind = LQ_TOK_NAME;
  int keyword = lq_keyword(whole, lx->dialect == LQ_DIALECT_ENDGAME);
  if (keyword >= 0)
    return lq_emit(lx, keyword, span);
  if (p[0] == '$' || p[0] == '?') {
    kind = p[0] == '$' ? LQ_TOK_VARIABLE : LQ_TOK_OPTIONAL;
    whole = lq_str_slice(whole, 1, n);
  } else if (p[n - 1] == '~') {
    kind = LQ_TOK_TILDE_NAME;
    whole.n--;
  }
  if (lx->dialect == LQ_DIALECT_ENDGAME)
    check_form(lx, kind, (lq_str){p, n});
  lx->tok.quoted = false;
  lx->tok.text = name_text(lx, whole, &lx->tok.quoted);
  return lq_emit(lx, kind, span);
}

static lq_span here(const lq_lexer *lx, size_t n)
{
  return (lq_span){lx->start, lx->start + (uint32_t)n};
}

static bool parse_number(lq_str s, lq_value *out)
{
  double d;
  int64_t i;
  uint64_t u;
  if (lq_parse_i64(s, &i))
    *out = lq_int(i);
  else if (lq_parse_u64(s, &u))
    *out = lq_uint(u);
  else if (lq_parse_double(s, &d))
    *out = lq_double(d);
  else
    return false;
  return true;
}

int lq_read_number(lq_lexer *lx, const char *p, size_t n)
{
  lq_str s = {p, n};
  lq_span span = here(lx, n);
  if (s.p[n - 1] == '.') // `5.` is 5.0
    s.n--;
  lx->tok.number = lq_int(0);
  bool fine = parse_number(s, &lx->tok.number);
  if (!fine) {
    // `5.e3`: the point without digits is ours to allow.
    const char *point = memchr(p, '.', n);
    size_t at = point ? (size_t)(point - p) : n;
    lq_buf_clear(&lx->body);
    lq_buf_add(&lx->body, p, at);
    lq_buf_add(&lx->body, p + at + (at < n), n - at - (at < n));
    fine = point && at + 1 < n && (p[at + 1] == 'e' || p[at + 1] == 'E') &&
           parse_number(lq_buf_get(&lx->body), &lx->tok.number);
  }
  if (!fine) {
    lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_BAD_NUMBER, span, "this number is out of range");
    lq_diag_help(lx->diags, d, "the largest number is about 1.8e308");
  }
  if (fine && s.n < n && lx->tok.number.type == LQ_T_INT)
    lx->tok.number = lq_double((double)lx->tok.number.i);
  return lq_emit(lx, LQ_TOK_NUMBER, span);
}

static const struct duration_unit {
  const char *name;
  int64_t ns;
} units[] = {
    {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}, {"d", 86400000000000}};

static const struct {
  const char *word;
  const char *unit; // the one that is meant, or NULL: there is none
} unit_words[] = {
    {"sec", "s"},    {"secs", "s"},    {"second", "s"}, {"seconds", "s"}, {"min", "m"},     {"mins", "m"},
    {"minute", "m"}, {"minutes", "m"}, {"hr", "h"},     {"hrs", "h"},     {"hour", "h"},    {"hours", "h"},
    {"day", "d"},    {"days", "d"},    {"msec", "ms"},  {"millis", "ms"}, {"w", NULL},      {"week", NULL},
    {"weeks", NULL}, {"y", NULL},      {"us", NULL},    {"ns", NULL},     {"micros", NULL}, {"nanos", NULL},
};

int lq_read_duration(lq_lexer *lx, const char *p, size_t n)
{
  int64_t count = 0, ns = 0;
  size_t digits = 0;
  while (digits < n && p[digits] >= '0' && p[digits] <= '9')
    digits++;
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (lq_str_is((lq_str){p + digits, n - digits}, units[i].name))
      ns = units[i].ns;
  }
  if (!lq_parse_i64((lq_str){p, digits}, &count) || count > INT64_MAX / ns) {
    lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_BAD_DURATION, here(lx, n), "this duration is out of range");
    lq_diag_help(lx->diags, d, "the longest duration is about 292 years");
    count = 0;
  }
  lx->tok.number = lq_int(count * ns);
  return lq_emit(lx, LQ_TOK_DURATION, here(lx, n));
}

static bool known_unit(lq_str word, const char **unit)
{
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    *unit = units[i].name;
    if (lq_str_eq_ascii(word, lq_str_of(units[i].name)))
      return true;
  }
  for (size_t i = 0; i < sizeof unit_words / sizeof *unit_words; i++) {
    *unit = unit_words[i].unit;
    if (lq_str_eq_ascii(word, lq_str_of(unit_words[i].word)))
      return true;
  }
  return false;
}

// `5min`, `1.5h`, `0x1F`, `1_000`: a number with letters that is neither a number nor a duration.
int lq_read_bad_number(lq_lexer *lx, const char *p, size_t n)
{
  lq_span span = here(lx, n);
  const char *unit = NULL;
  size_t digits = 0;
  uint64_t hex;
  while (digits < n && ((p[digits] >= '0' && p[digits] <= '9') || p[digits] == '.'))
    digits++;
  bool whole = !memchr(p, '.', digits);
  lx->tok.number = lq_int(0);
  if (known_unit((lq_str){p + digits, n - digits}, &unit)) {
    lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_BAD_DURATION, span, "`%.*s` is not a duration", (int)n, p);
    lq_diag_label(lx->diags, d, span, "a whole number and `ms`, `s`, `m`, `h` or `d`");
    if (unit && whole) {
      lq_diag_help(lx->diags, d, "write `%.*s%s`", (int)digits, p, unit);
      lq_diag_fix(lx->diags, d, span, "%.*s%s", (int)digits, p, unit);
    } else if (!whole) {
      lq_diag_help(lx->diags, d, "use a smaller unit: `1.5h` is `90m`");
    }
    return lq_emit(lx, LQ_TOK_DURATION, span);
  }
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_BAD_NUMBER, span, "`%.*s` is not a number", (int)n, p);
  if (digits == 1 && n > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') &&
      lq_parse_u64_base((lq_str){p + 2, n - 2}, 16, &hex)) {
    lq_diag_help(lx->diags, d, "numbers are decimal: `%llu`", (unsigned long long)hex);
    lq_diag_fix(lx->diags, d, span, "%llu", (unsigned long long)hex);
    lx->tok.number = lq_uint(hex);
  } else {
    lq_diag_help(lx->diags, d, "text needs quotes (`\"%.*s\"`), a field that starts with a digit back-ticks",
                 (int)n, p);
  }
  return lq_emit(lx, LQ_TOK_NUMBER, span);
}

// `10.0.0.1`, `10.0.0.0/8`, `1.2.3`: nothing but text can be meant.
int lq_read_dotted(lq_lexer *lx, const char *p, size_t n)
{
  lq_span span = here(lx, n);
  lq_diag *d = lq_diag_add(lx->diags, LQ_DIAG_UNQUOTED_VALUE, span, "`%.*s` needs quotes", (int)n, p);
  lq_diag_help(lx->diags, d, "write `\"%.*s\"`", (int)n, p);
  lq_diag_fix(lx->diags, d, span, "\"%.*s\"", (int)n, p);
  lx->tok.text = lq_arena_copy(lx->diags->arena, (lq_str){p, n});
  return lq_emit(lx, LQ_TOK_STRING, span);
}
