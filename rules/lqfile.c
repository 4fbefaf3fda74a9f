// `.lq` rule files: header, query, tests, and again. Line by line, so that a mistake in one rule leaves the
// next one readable.
#include "input/json.h"
#include "rules/reader.h"

enum { HEADER_MAX = 1 << 20, TEST_DEPTH_MAX = 64 };

typedef struct lqfile {
  lq_rule_reader *r;
  lq_str text;
  size_t at;       // where reading goes on: always the beginning of a line, but inside a test
  size_t test_end; // where the next test or rule begins: an event cannot reach beyond
  unsigned nrules;
  lq_json json; // to check events with
  size_t tests_cap;
  lq_status status;
} lqfile;

// ---- lines

static size_t line_end(const lqfile *f, size_t at)
{
  const char *nl = at < f->text.n ? memchr(f->text.p + at, '\n', f->text.n - at) : NULL;
  return nl ? (size_t)(nl - f->text.p) : f->text.n;
}

static size_t next_line(const lqfile *f, size_t at)
{
  size_t end = line_end(f, at);
  return end < f->text.n ? end + 1 : end;
}

static lq_str line_at(const lqfile *f, size_t at)
{
  return lq_str_slice(f->text, at, line_end(f, at));
}

static bool is_fence(lq_str line)
{
  return lq_str_starts(line, LQ_STR("---")) && lq_str_trim(line).n == 3;
}

// The word at the front of s, which is cut off together with the blanks behind it.
static lq_str take_word(lq_str *s)
{
  size_t n = 0;
  while (n < s->n && s->p[n] >= 'a' && s->p[n] <= 'z')
    n++;
  lq_str word = lq_str_slice(*s, 0, n);
  while (n < s->n && (s->p[n] == ' ' || s->p[n] == '\t'))
    n++;
  *s = lq_str_slice(*s, n, s->n);
  return word;
}

// `test` and a word that says what for; then the query has ended.
static bool is_test(lq_str line)
{
  lq_str rest = line, word;
  if (!lq_str_is(take_word(&rest), "test") || rest.p == line.p + 4)
    return false;
  word = take_word(&rest);
  return lq_str_is(word, "match") || lq_str_is(word, "none") || lq_str_is(word, "count");
}

static bool is_comment_or_blank(lq_str line)
{
  line = lq_str_trim(line);
  return line.n == 0 || lq_str_starts(line, LQ_STR("//")) || line.p[0] == '#';
}

static lq_span span_at(size_t from, size_t to)
{
  return (lq_span){(uint32_t)from, (uint32_t)to};
}

static lq_span trimmed(const lqfile *f, size_t from, size_t to)
{
  lq_str all = lq_str_slice(f->text, from, to), s = lq_str_trim(all);
  return s.n > 0 ? span_at((size_t)(s.p - f->text.p), (size_t)(s.p - f->text.p) + s.n) : span_at(from, from);
}

// ---- tests

static lq_rule_test *new_test(lqfile *f, lq_rule_file_rule *rule)
{
  if (rule->ntests >= f->tests_cap) {
    size_t cap = f->tests_cap ? f->tests_cap * 2 : 4;
    lq_rule_test *more = lq_arena_array(f->r->arena, cap, sizeof *more);
    if (!more)
      return NULL;
    if (rule->ntests > 0)
      memcpy(more, rule->tests, rule->ntests * sizeof *more);
    rule->tests = more;
    f->tests_cap = cap;
  }
  return &rule->tests[rule->ntests];
}

static bool bad_test(lqfile *f, lq_span where, const char *what, const char *help)
{
  lq_diag *d = lq_diag_add(f->r->diags, LQ_DIAG_BAD_TEST, where, "%s", what);
  if (help)
    lq_diag_help(f->r->diags, d, "%s", help);
  return false;
}

static void skip_blanks(lqfile *f, bool lines)
{
  while (f->at < f->text.n && (f->text.p[f->at] == ' ' || f->text.p[f->at] == '\t' ||
                               f->text.p[f->at] == '\r' || (lines && f->text.p[f->at] == '\n')))
    f->at++;
}

static bool read_kind(lqfile *f, lq_rule_test *t)
{
  lq_str line = line_at(f, f->at), rest = line;
  take_word(&rest);
  lq_str word = take_word(&rest);
  t->kind = lq_str_is(word, "match") ? LQ_TEST_MATCH : lq_str_is(word, "none") ? LQ_TEST_NONE : LQ_TEST_COUNT;
  uint64_t n = 0;
  size_t digits = 0;
  for (; digits < rest.n && rest.p[digits] >= '0' && rest.p[digits] <= '9' && n <= UINT32_MAX; digits++)
    n = n * 10 + (uint64_t)(rest.p[digits] - '0');
  size_t here = f->at + (size_t)(rest.p - line.p);
  if (t->kind == LQ_TEST_COUNT && (digits == 0 || n > UINT32_MAX))
    return bad_test(f, span_at(here, here), "`test count` needs a number",
                    "write how many of the events match: `test count 2 {…} {…}`");
  t->count = (uint32_t)n;
  f->at = here + (t->kind == LQ_TEST_COUNT ? digits : 0);
  skip_blanks(f, false);
  return true;
}

// A name in quotes; `\"` and `\\` stand for themselves.
static bool read_name(lqfile *f, lq_rule_test *t)
{
  if (f->at >= f->text.n || f->text.p[f->at] != '"')
    return true;
  size_t from = f->at++, end = line_end(f, from), n = 0;
  char *name = lq_arena_array(f->r->arena, end - from, 1);
  for (; f->at < end && f->text.p[f->at] != '"'; f->at++) {
    bool escaped = f->text.p[f->at] == '\\' && f->at + 1 < end &&
                   (f->text.p[f->at + 1] == '"' || f->text.p[f->at + 1] == '\\');
    f->at += escaped;
    if (name)
      name[n++] = f->text.p[f->at];
  }
  if (f->at >= end)
    return bad_test(f, span_at(from, end), "the test's name is not closed",
                    "a name goes in double quotes, on one line");
  t->name = lq_str_make(name ? name : "", n);
  f->at++;
  skip_blanks(f, false);
  return true;
}

// Past the object that begins at `from`: where its braces balance. 0: they never do.
static size_t object_end(const lqfile *f, size_t from)
{
  size_t depth = 0;
  bool text = false;
  for (size_t i = from; i < f->test_end; i++) {
    char c = f->text.p[i];
    if (text && c == '\\') {
      i++;
    } else if (c == '"') {
      text = !text;
    } else if (!text && (c == '{' || c == '[')) {
      depth++;
    } else if (!text && (c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return 0;
}

static bool check_event(lqfile *f, size_t from, size_t to)
{
  lq_json_error error = {0};
  lq_status s = lq_json_parse(&f->json, lq_str_slice(f->text, from, to), TEST_DEPTH_MAX, &error);
  if (s == LQ_OK)
    return true;
  if (s == LQ_E_NOMEM) {
    f->status = s;
    return false;
  }
  lq_span here = span_at(from + error.at, from + error.at);
  lq_diag *d = lq_diag_add(f->r->diags, LQ_DIAG_BAD_TEST, here, "the test's event is not valid JSON");
  lq_diag_label(f->r->diags, d, here, "%s", error.reason ? error.reason : "nested too deeply");
  return false;
}

static bool read_events(lqfile *f, lq_rule_test *t)
{
  size_t from = f->at, to = from;
  for (;;) {
    skip_blanks(f, true);
    if (f->at >= f->text.n || f->text.p[f->at] != '{')
      break;
    if (to == from)
      from = f->at;
    size_t end = object_end(f, f->at);
    // What never balances is checked all the same, for the place where it went wrong.
    if (end == 0 && !check_event(f, f->at, f->test_end))
      return false;
    if (end == 0)
      return bad_test(f, span_at(f->at, f->at + 1), "the test's event has no end",
                      "a `{` here is never closed");
    if (!check_event(f, f->at, end))
      return false;
    f->at = to = end;
  }
  if (to == from)
    return bad_test(f, span_at(from, line_end(f, from)), "the test has no event",
                    "write an event as JSON: `test match \"name\" {\"process\":{\"name\":\"a.exe\"}}`");
  t->events = lq_str_slice(f->text, from, to);
  t->span = span_at(from, to);
  return true;
}

// After the last event the line must be at its end.
static bool read_rest(lqfile *f, const lq_rule_test *t)
{
  f->at = t->span.end;
  skip_blanks(f, false);
  size_t end = line_end(f, f->at);
  if (f->at < end && !is_comment_or_blank(lq_str_slice(f->text, f->at, end)))
    return bad_test(f, span_at(f->at, end), "a test ends with its event", NULL);
  f->at = next_line(f, f->at);
  return true;
}

static void read_test(lqfile *f, lq_rule_file_rule *rule)
{
  lq_rule_test *t = new_test(f, rule);
  if (!t)
    return;
  *t = (lq_rule_test){.line = lq_rule_line(f->r, f->at)};
  f->test_end = next_line(f, f->at);
  while (f->test_end < f->text.n && !is_test(line_at(f, f->test_end)) && !is_fence(line_at(f, f->test_end)))
    f->test_end = next_line(f, f->test_end);
  if (read_kind(f, t) && read_name(f, t) && read_events(f, t) && read_rest(f, t))
    rule->ntests++;
  else
    f->at = f->test_end;
}

static void read_tests(lqfile *f, lq_rule_file_rule *rule)
{
  f->tests_cap = 0;
  while (f->at < f->text.n && f->status == LQ_OK && !f->r->arena->failed) {
    lq_str line = line_at(f, f->at);
    if (is_fence(line))
      return;
    if (is_test(line)) {
      read_test(f, rule);
      continue;
    }
    if (!is_comment_or_blank(line))
      bad_test(f, trimmed(f, f->at, line_end(f, f->at)), "only tests may stand after a test",
               "a test begins with `test match`, `test none` or `test count N`; a line of three dashes "
               "begins the next rule");
    f->at = next_line(f, f->at);
  }
}

// ---- rules

static void slug(lq_buf *out, lq_str name)
{
  size_t start = out->n;
  for (size_t i = 0; i < name.n; i++) {
    char c = name.p[i];
    if (c >= 'A' && c <= 'Z')
      c = (char)(c - 'A' + 'a');
    bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
    if (word)
      lq_buf_byte(out, c);
    else if (out->n > start && out->p[out->n - 1] != '-')
      lq_buf_byte(out, '-');
  }
  while (out->n > start && out->p[out->n - 1] == '-')
    out->n--;
}

// A rule without an id gets one that stays the same as long as its name does.
static lq_str derived_id(lqfile *f, const lq_rule_file_rule *rule)
{
  lq_buf b = {.mem = f->r->mem};
  lq_buf_str(&b, lq_rule_stem(f->r->file->source.name));
  lq_buf_byte(&b, '/');
  size_t n = b.n;
  slug(&b, rule->name);
  if (b.n == n)
    lq_buf_printf(&b, "rule-%u", f->nrules);
  lq_str id = lq_arena_copy(f->r->arena, lq_buf_get(&b));
  if (b.failed)
    f->status = LQ_E_NOMEM;
  lq_buf_free(&b);
  return id;
}

// From the line after the opening dashes to the closing ones.
static bool read_header_lines(lqfile *f, lq_rule_file_rule *rule)
{
  size_t open = f->at, from = next_line(f, open), to = from;
  while (to < f->text.n && !is_fence(line_at(f, to)))
    to = next_line(f, to);
  lq_span dashes = span_at(open, open + 3);
  if (to >= f->text.n) {
    lq_diag *d = lq_diag_add(f->r->diags, LQ_DIAG_FILE_SYNTAX, dashes, "the header is not closed");
    lq_diag_label(f->r->diags, d, dashes, "it begins here");
    lq_diag_help(f->r->diags, d, "end it with a line of three dashes, then write the query");
    f->at = f->text.n;
    return false;
  }
  f->at = next_line(f, to);
  if (to - from > HEADER_MAX) {
    lq_diag_add(f->r->diags, LQ_DIAG_TOO_LARGE, dashes, "the header is larger than %d KiB", HEADER_MAX >> 10);
    return false;
  }
  return lq_read_header(f->r, rule, span_at(from, to), &f->status);
}

static bool only_comments(const lqfile *f, size_t from, size_t to)
{
  for (; from < to; from = next_line(f, from)) {
    if (!is_comment_or_blank(line_at(f, from)))
      return false;
  }
  return true;
}

static bool read_query_lines(lqfile *f, lq_rule_file_rule *rule)
{
  size_t from = f->at;
  while (f->at < f->text.n && !is_fence(line_at(f, f->at)) && !is_test(line_at(f, f->at)))
    f->at = next_line(f, f->at);
  lq_span span = trimmed(f, from, f->at);
  lq_rule_query(f->r, rule, span);
  if (!only_comments(f, from, f->at))
    return true;
  lq_diag *d = lq_diag_add(f->r->diags, LQ_DIAG_NO_QUERY, span, "the rule has no query");
  lq_diag_help(f->r->diags, d, "write the query below the header");
  rule->query.n = 0; // said once
  return false;
}

static void read_rule(lqfile *f, bool header)
{
  lq_rule_file_rule *rule = lq_rule_append(f->r);
  if (!rule)
    return;
  f->nrules++;
  rule->line = lq_rule_line(f->r, f->at);
  bool good = !header || read_header_lines(f, rule);
  bool closed = f->at < f->text.n || good;
  good &= closed && read_query_lines(f, rule);
  if (rule->id.n == 0)
    rule->id = derived_id(f, rule);
  if (!good)
    rule->state = LQ_RULE_BROKEN;
  lq_rule_meta(f->r, rule, "kind", LQ_STR("query"));
  lq_rule_meta(f->r, rule, "language", rule->dialect == LQ_DIALECT_KQL ? LQ_STR("kql") : LQ_STR("lq"));
  read_tests(f, rule);
}

// What stands before the first header is a rule of its own, unless it is only comments.
static bool begins_without_header(const lqfile *f)
{
  size_t to = f->at;
  while (to < f->text.n && !is_fence(line_at(f, to)))
    to = next_line(f, to);
  return to >= f->text.n || !only_comments(f, f->at, to);
}

lq_status lq_read_lqfile(lq_rule_reader *r)
{
  lqfile f = {.r = r, .text = r->file->source.text, .json = {.mem = r->mem}};
  if (lq_str_starts(f.text, LQ_STR("\xEF\xBB\xBF")))
    f.at = 3;
  if (begins_without_header(&f))
    read_rule(&f, false);
  while (f.at < f.text.n && f.status == LQ_OK && !r->arena->failed) {
    if (is_fence(line_at(&f, f.at)))
      read_rule(&f, true);
    else
      f.at = next_line(&f, f.at);
  }
  lq_json_free(&f.json);
  return f.status;
}
