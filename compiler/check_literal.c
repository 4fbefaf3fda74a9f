// Literals that are little languages of their own: regular expressions and networks. Messages point inside
// them.
#include "compiler/check.h"
#include "stdlib/regex.h"

// The text of the literal as its author wrote it, or nothing where the file's bytes are not the query's.
static lq_str as_written(const lq_checker *c, const lq_node *n)
{
  if (!c->d->source)
    return LQ_STR("");
  lq_span at = lq_source_map_span(&c->d->map, n->span);
  lq_str text = c->d->source->text;
  if (at.end > text.n || at.end - at.start != n->span.end - n->span.start)
    return LQ_STR("");
  return lq_str_slice(text, at.start, at.end);
}

static size_t quotes(const lq_node *n)
{
  return n->raw ? 3 : 1;
}

// Bytes that an escape takes, `\u{…}` being the only long one.
static size_t escape_length(lq_str s, size_t at)
{
  size_t n = 2;
  if (at + 2 < s.n && s.p[at + 1] == 'u' && s.p[at + 2] == '{') {
    while (at + n < s.n && s.p[at + n] != '}')
      n++;
    n++;
  }
  return n;
}

static size_t decoded_length(lq_str s, size_t at)
{
  uint32_t c = 0;
  for (size_t i = at + 3; s.p[at + 1] == 'u' && i < s.n && s.p[i] != '}'; i++) {
    char h = s.p[i];
    c = c * 16 + (uint32_t)(h <= '9' ? h - '0' : (h | 32) - 'a' + 10);
  }
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

// A value of the file's own form, bare or in quotes: its bytes are known where none is escaped.
static lq_span inside_value(const lq_node *n, size_t at)
{
  size_t length = n->span.end - n->span.start, text = n->value.s.n;
  size_t from = at + (length == text + 2);
  if ((length != text && length != text + 2) || from >= length)
    return n->span;
  uint32_t first = n->span.start + (uint32_t)from;
  return (lq_span){first, first + 1};
}

// The place in the query of byte `at` of the literal's decoded text; the whole literal when that cannot be
// told.
static lq_span inside(const lq_checker *c, const lq_node *n, size_t at)
{
  size_t q = quotes(n), length = n->span.end - n->span.start;
  if (lq_span_is_in_file(n->span))
    return inside_value(n, at);
  lq_str s = as_written(c, n);
  if (length < 2 * q || (n->value.s.n + 2 * q != length && (s.n == 0 || n->raw)))
    return n->span;
  size_t from = q;
  if (n->value.s.n + 2 * q == length) {
    from += at;
  } else {
    for (size_t done = 0; done < at && from + q < s.n;) {
      bool escape = s.p[from] == '\\' && from + 1 < s.n;
      done += escape ? decoded_length(s, from) : 1;
      from += escape ? escape_length(s, from) : 1;
    }
  }
  if (from >= length - q)
    from = length - q - (length > 2 * q);
  return (lq_span){n->span.start + (uint32_t)from, n->span.start + (uint32_t)from + 1};
}

// The span must not cut a character in two.
static lq_span whole_character(const lq_node *n, lq_span s, lq_str text, size_t at)
{
  if (s.start == n->span.start && s.end == n->span.end)
    return s;
  bool ascii = at < text.n && (uint8_t)text.p[at] < 0x80;
  return at >= text.n || ascii ? s : n->span;
}

static const char *hint(const char *message)
{
  if (strstr(message, "perl") || strstr(message, "(?") || strstr(message, "linear"))
    return "look-around and back-references are not available: they cannot run in linear time";
  if (strstr(message, "escape"))
    return "in a plain string a backslash is written twice: \"\\\\d\"; in \"\"\"raw strings\"\"\" once";
  return "put a backslash before a character that is meant as itself";
}

void lq_check_regex(lq_checker *c, const lq_node *n, unsigned flags)
{
  lq_regex *r = NULL;
  char message[120] = "";
  size_t at = 0;
  lq_str text = lq_plain_text(c->arena, n->value.s);
  lq_status st = lq_regex_new(&r, text, flags, message, &at);
  lq_regex_free(r);
  if (st == LQ_OK)
    return;
  if (st == LQ_E_NOMEM) {
    c->arena->failed = true;
    return;
  }
  lq_span where = whole_character(n, inside(c, n, at), text, at);
  if (st == LQ_E_LIMIT) {
    lq_diag *d = lq_diag_add(c->d, LQ_DIAG_COSTLY_REGEX, where, "this regular expression is too costly");
    lq_diag_label(c->d, d, where, "%s", message);
    lq_diag_help(c->d, d, "use `*` or `+` instead of a large number, or a shorter expression");
    return;
  }
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_REGEX, where, "this regular expression cannot be used: %s",
                           message);
  lq_diag_label(c->d, d, where, "here");
  lq_diag_help(c->d, d, "%s", hint(message));
}

void lq_check_cidr(lq_checker *c, const lq_node *n)
{
  lq_cidr net;
  size_t at = 0;
  lq_str text = lq_plain_text(c->arena, n->value.s);
  if (lq_network_parse(text, &net, &at))
    return;
  lq_span where = whole_character(n, inside(c, n, at), text, at);
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_BAD_CIDR, where, "this is not a network");
  lq_diag_label(c->d, d, where, "makes no sense from here on");
  lq_diag_help(c->d, d,
               "a network is an address, a slash and a number of bits: \"10.0.0.0/8\", \"fe80::/10\"");
}

void lq_check_list_size(lq_checker *c, lq_span span, size_t n)
{
  size_t max = c->o->max_list ? c->o->max_list : 100000;
  if (n <= max)
    return;
  lq_diag *d = lq_diag_add(c->d, LQ_DIAG_TOO_LARGE, span, "this list has too many values");
  lq_diag_label(c->d, d, span, "%zu of them, the limit is %zu", n, max);
  lq_diag_help(c->d, d, "split the rule, or raise the limit");
}
