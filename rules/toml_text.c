// Strings of a TOML file, byte by byte: their values, and where each byte came from.
#include "base/utf8.h"
#include "rules/toml.h"

// One of the four forms, from its opening quote.
typedef struct quotes {
  char quote;
  bool literal, lines; // no escapes; may go over lines
  size_t body;         // offset of the first byte inside
} quotes;

// Eight times the byte.
static uint64_t eight(char c)
{
  return (uint8_t)c * UINT64_C(0x0101010101010101);
}

// Not 0 where a byte of the word is less than n, which is 128 at most.
static uint64_t has_less(uint64_t word, char n)
{
  return (word - eight(n)) & ~word & eight('\x80');
}

static bool is_plain(char c, char quote)
{
  return (unsigned char)c >= 0x20 && c != 0x7F && c != quote && c != '\\';
}

size_t lq_toml_skip_plain(lq_str s, size_t at, char quote)
{
  for (uint64_t word; s.n - at >= sizeof word; at += sizeof word) {
    memcpy(&word, s.p + at, sizeof word);
    if (has_less(word, 0x20) | has_less(word ^ eight(quote), 1) | has_less(word ^ eight('\\'), 1) |
        has_less(word ^ eight(0x7F), 1))
      break;
  }
  while (at < s.n && is_plain(s.p[at], quote))
    at++;
  return at;
}

static bool triple(lq_str s, size_t at, char quote)
{
  return s.n - at >= 3 && s.p[at] == quote && s.p[at + 1] == quote && s.p[at + 2] == quote;
}

static quotes quotes_at(lq_str s, size_t at)
{
  quotes q = {.quote = s.p[at], .literal = s.p[at] == '\'', .lines = triple(s, at, s.p[at])};
  q.body = at + (q.lines ? 3 : 1);
  if (!q.lines)
    return q;
  // A line end right behind the quotes is no part of the value.
  if (q.body + 1 < s.n && s.p[q.body] == '\r' && s.p[q.body + 1] == '\n')
    q.body++;
  if (q.body < s.n && s.p[q.body] == '\n')
    q.body++;
  return q;
}

// Where the value ends. s.n: it does not. *foreign goes down to the first escape of a byte beyond ASCII.
static size_t body_end(lq_str s, quotes q, size_t *foreign)
{
  for (size_t i = q.body; (i = lq_toml_skip_plain(s, i, q.quote)) < s.n; i++) {
    if (s.p[i] == '\\' && !q.literal) {
      if (++i == s.n)
        return s.n;
      if ((unsigned char)s.p[i] >= 0x80 && i < *foreign)
        *foreign = i;
    } else if (s.p[i] == '\n' && !q.lines) {
      return s.n;
    } else if (!q.lines && s.p[i] == q.quote) {
      return i;
    } else if (q.lines && triple(s, i, q.quote)) {
      // Up to two more quotes are the value's own last bytes.
      size_t own = 0;
      while (own < 2 && i + own + 3 < s.n && s.p[i + own + 3] == q.quote)
        own++;
      return i + own;
    }
  }
  return s.n;
}

// ---- flaws that the parser would choke on, or say poorly

static size_t comment_end(lq_str s, size_t at)
{
  const char *nl = memchr(s.p + at, '\n', s.n - at);
  return nl ? (size_t)(nl - s.p) : s.n;
}

static size_t first_byte(lq_str s)
{
  return lq_str_starts(s, LQ_STR("\xEF\xBB\xBF")) ? 3 : 0;
}

// `1.5` and `a.b.c` both have dots; what stands between two of these signs has as many as a key could.
static bool ends_key(char c)
{
  return c == '=' || c == ',' || c == '[' || c == ']' || c == '{' || c == '}' || c == '\n';
}

lq_toml_flaws lq_toml_find_flaws(lq_str s)
{
  lq_toml_flaws found = {s.n, s.n, s.n};
  unsigned dots = 0;
  for (size_t i = first_byte(s); i < s.n; i++) {
    char c = s.p[i];
    if (c == '#') {
      i = comment_end(s, i);
      dots = 0;
    } else if (c == '"' || c == '\'') {
      quotes q = quotes_at(s, i);
      size_t end = body_end(s, q, &found.foreign);
      if (end == s.n) {
        found.unclosed = i;
        return found;
      }
      i = end + (q.lines ? 2 : 0);
    } else if (c == '.') {
      if (++dots >= LQ_TOML_DOTS_MAX && i < found.dots)
        found.dots = i;
    } else if (ends_key(c)) {
      dots = 0;
    } else if ((unsigned char)c >= 0x80 && i < found.foreign) {
      found.foreign = i;
    }
  }
  return found;
}

// ---- values

// Written twice: first to count, then into memory of the right size.
typedef struct writer {
  char *out;
  size_t n;
  lq_map_segment *segments;
  size_t nsegments;
  size_t shift; // of the last segment: what to add to n for the place in the file; wraps
} writer;

// From here on, bytes of the value stand at `file` and behind it.
static void mark(writer *w, size_t file)
{
  if (w->nsegments > 0 && w->n + w->shift == file)
    return;
  w->shift = file - w->n;
  if (w->segments)
    w->segments[w->nsegments] = (lq_map_segment){(uint32_t)w->n, (uint32_t)file};
  w->nsegments++;
}

static void put(writer *w, const char *p, size_t n, size_t file)
{
  mark(w, file);
  if (w->out)
    memcpy(w->out + w->n, p, n);
  w->n += n;
}

static uint32_t hex_at(lq_str s, size_t at, size_t digits)
{
  uint32_t v = 0;
  for (size_t i = at; i < at + digits && i < s.n; i++) {
    char c = s.p[i];
    v = v * 16 + (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
  }
  return v;
}

static size_t skip_space(lq_str s, size_t at, size_t end)
{
  while (at < end && (s.p[at] == ' ' || s.p[at] == '\t' || s.p[at] == '\n' || s.p[at] == '\r'))
    at++;
  return at;
}

// The escape whose backslash is at `at`; gives the offset behind it.
static size_t put_escape(writer *w, lq_str s, size_t at, size_t end)
{
  static const char from[] = "btnfre\"\\", to[] = "\b\t\n\f\r\033\"\\";
  char c = s.p[at + 1];
  const char *known = c ? strchr(from, c) : NULL;
  if (known) {
    put(w, &to[known - from], 1, at);
    return at + 2;
  }
  if (c != 'u' && c != 'U')
    return skip_space(s, at + 1, end); // at the end of a line: all blanks and line ends behind it go
  size_t digits = c == 'u' ? 4 : 8;
  char bytes[4];
  put(w, bytes, lq_utf8_encode(hex_at(s, at + 2, digits), bytes), at);
  return at + 2 + digits;
}

// Where the next byte stands that is not itself in the value. end: none.
static size_t skip_own(lq_str s, size_t at, size_t end, bool literal)
{
  lq_str body = lq_str_slice(s, 0, end);
  while ((at = lq_toml_skip_plain(body, at, '\\')) < end && s.p[at] != '\r' && (s.p[at] != '\\' || literal))
    at++;
  return at;
}

static void write_value(writer *w, lq_str s, quotes q, size_t end)
{
  for (size_t i = q.body; i < end;) {
    size_t own = skip_own(s, i, end, q.literal);
    if (own > i)
      put(w, &s.p[i], own - i, i);
    if ((i = own) == end)
      break;
    if (s.p[i] == '\\' && !q.literal && i + 1 < end) {
      i = put_escape(w, s, i, end);
    } else if (s.p[i] == '\r' && i + 1 < end && s.p[i + 1] == '\n') {
      i++; // a line end is one byte, whoever saved the file
    } else {
      put(w, &s.p[i], 1, i);
      i++;
    }
  }
  mark(w, end);
}

lq_str lq_toml_string(lq_str file, size_t at, lq_arena *arena, lq_source_map *map)
{
  quotes q = quotes_at(file, at);
  size_t foreign = file.n, end = body_end(file, q, &foreign);
  writer w = {0};
  write_value(&w, file, q, end);
  bool same = w.nsegments == 1; // the file's own bytes
  writer written = {.out = same ? NULL : lq_arena_array(arena, w.n + 1, 1)};
  if (map)
    written.segments = lq_arena_array(arena, w.nsegments, sizeof *written.segments);
  if ((!same && !written.out) || (map && !written.segments))
    return LQ_STR("");
  if (map || !same)
    write_value(&written, file, q, end);
  if (map)
    *map = (lq_source_map){written.segments, written.nsegments, file.p[at] == '"'};
  return same ? lq_str_slice(file, q.body, end) : lq_str_make(written.out, written.n);
}

const lq_toml *lq_toml_get(const lq_toml *table, const char *key)
{
  if (!table || table->kind != LQ_TOML_TABLE)
    return NULL;
  for (const lq_toml *n = table->kids; n; n = n->next) {
    if (lq_str_is(n->key, key))
      return n;
  }
  return NULL;
}
