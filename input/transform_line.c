// Texts with a structure: command lines, `name=value` lines, lines of details.
#include "base/bytes.h"
#include "input/transform.h"

// ---- command lines

#define BYTES(c) (UINT64_C(0x0101010101010101) * (c))

// A bit at the top of each byte of w that is c, and perhaps of some above one.
static uint64_t marks(uint64_t w, char c)
{
  w ^= BYTES((uint8_t)c);
  return (w - BYTES(1)) & ~w & BYTES(0x80);
}

static bool is_plain(char c, bool quoted)
{
  return c != '\\' && c != '"' && (quoted || (c != ' ' && c != '\t'));
}

// How many bytes from p on stand for themselves; they are copied, eight a step, and a step may write more
// than it counts: out has room for all up to end.
static size_t copy_plain(const char *p, const char *end, char *out, bool quoted)
{
  const char *from = p;
  for (; end - p >= 8; p += 8) {
    uint64_t w = lq_le64((const uint8_t *)p), found = marks(w, '\\') | marks(w, '"');
    found |= quoted ? 0 : marks(w, ' ') | marks(w, '\t');
    memcpy(out + (p - from), p, 8);
    if (found)
      return (size_t)(p - from) + (size_t)__builtin_ctzll(found) / 8;
  }
  for (; p < end && is_plain(*p, quoted); p++)
    out[p - from] = *p;
  return (size_t)(p - from);
}

// One argument by the rules of Microsoft's C runtime: 2n backslashes and a quote are n backslashes and the
// end or begin of a quoted part, one more backslash makes the quote plain; in a quoted part, two quotes are
// one. It never gets longer than it was.
static lq_str next_argument(lq_str s, size_t *at, char *out)
{
  size_t n = 0, i = *at;
  bool quoted = false;
  for (;;) {
    size_t plain = copy_plain(s.p + i, s.p + s.n, out + n, quoted), slashes = 0;
    i += plain;
    n += plain;
    for (; i < s.n && s.p[i] == '\\'; slashes++)
      out[n++] = s.p[i++];
    if (slashes > 0 && (i == s.n || s.p[i] != '"'))
      continue;
    if (i == s.n || s.p[i] != '"') // a blank
      break;
    n -= slashes - slashes / 2;
    if (slashes % 2 == 1) {
      out[n++] = '"';
    } else {
      if (quoted && i + 1 < s.n && s.p[i + 1] == '"')
        out[n++] = s.p[i++];
      quoted = !quoted;
    }
    i++;
  }
  *at = i;
  return (lq_str){out, n};
}

static lq_str next_word(lq_str s, size_t *at, char *out)
{
  size_t start = *at, i = start;
  bool quoted = false;
  for (; i < s.n && (quoted || (s.p[i] != ' ' && s.p[i] != '\t')); i++)
    quoted ^= s.p[i] == '"';
  *at = i;
  return (lq_str){memcpy(out, s.p + start, i - start), i - start};
}

typedef lq_str (*splitter)(lq_str s, size_t *at, char *out);

// Hostile lines have millions of parts: more than Windows could start a program with say nothing new.
enum { MOST_ARGUMENTS = 4096 };

static int64_t split(lq_map_call *c, lq_str s, splitter next, bool giving)
{
  int64_t count = 0;
  s = lq_fill_shorten(c->fill, s);
  char *out = lq_arena_bytes(c->fill->text, s.n); // all of them, one behind the other
  for (size_t i = 0; out && i < s.n && count < MOST_ARGUMENTS;) {
    if (s.p[i] == ' ' || s.p[i] == '\t') {
      i++;
      continue;
    }
    lq_str argument = next(s, &i, out);
    out += argument.n;
    count++;
    if (giving)
      lq_give(c, argument);
  }
  return count;
}

void lq_give_argv(lq_map_call *c, lq_str s)
{
  split(c, s, next_argument, true);
}
void lq_give_argc(lq_map_call *c, lq_str s)
{
  lq_map_give(c, lq_int(split(c, s, next_argument, false)));
}
void lq_to_ARGV(lq_map_call *c, const lq_value *v)
{
  lq_give_argv(c, lq_raw_text(c, v));
}
void lq_to_ARGC(lq_map_call *c, const lq_value *v)
{
  lq_give_argc(c, lq_raw_text(c, v));
}
void lq_to_WORDS(lq_map_call *c, const lq_value *v)
{
  split(c, lq_raw_text(c, v), next_word, true);
}

void lq_to_WORDC(lq_map_call *c, const lq_value *v)
{
  lq_map_give(c, lq_int(split(c, lq_raw_text(c, v), next_word, false)));
}

// ---- texts of lines

static size_t find_text(lq_str s, lq_str what)
{
  for (size_t i = 0; i + what.n <= s.n; i++) {
    i += lq_text_find(lq_str_slice(s, i, s.n), what.p[0]);
    if (i + what.n <= s.n && memcmp(s.p + i, what.p, what.n) == 0)
      return i;
  }
  return s.n;
}

// The value of the first line that begins with the name and an equals sign.
static lq_str pair_of(lq_str s, lq_str name)
{
  lq_str line;
  while (lq_text_part(&s, '\n', &line)) {
    line = lq_str_trim(line);
    if (!lq_str_starts(line, name))
      continue;
    lq_str rest = lq_str_trim(lq_str_slice(line, name.n, line.n));
    if (rest.n > 0 && rest.p[0] == '=')
      return lq_str_trim(lq_str_slice(rest, 1, rest.n));
  }
  return LQ_STR("");
}

static void with_pair(lq_map_call *c, const lq_value *v, void (*to)(lq_map_call *c, lq_str s))
{
  lq_str s = pair_of(lq_raw_text(c, v), c->row->arg);
  if (s.n > 0)
    to(c, s);
}

void lq_to_PAIR(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give);
}
void lq_to_PAIR_LONG(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_long);
}
void lq_to_PAIR_ARGV(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_argv);
}
void lq_to_PAIR_ARGC(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_argc);
}
void lq_to_PAIR_BASENAME(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_basename);
}
void lq_to_PAIR_DIRNAME(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_dirname);
}
void lq_to_PAIR_EXTENSION(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_extension);
}
void lq_to_PAIR_DOMAIN(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_domain);
}
void lq_to_PAIR_ACCOUNT(lq_map_call *c, const lq_value *v)
{
  with_pair(c, v, lq_give_account);
}

static lq_str unquoted(lq_str s)
{
  s = lq_str_trim(s);
  return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? lq_str_slice(s, 1, s.n - 1) : s;
}

// `ParameterBinding(Get-Item): name="Path"; value="C:\x"`. A line of another form is a value of its own.
static lq_str part_of_detail(lq_str line, lq_str part)
{
  size_t open = lq_text_find(line, '('), colon = find_text(line, LQ_STR("):"));
  bool is_value = lq_str_eq(part, LQ_STR("value"));
  if (open == 0 || open >= colon || colon == line.n)
    return is_value ? line : LQ_STR("");
  if (lq_str_eq(part, LQ_STR("type")))
    return lq_str_slice(line, 0, open);
  if (lq_str_eq(part, LQ_STR("command")))
    return lq_str_slice(line, open + 1, colon);
  lq_str rest = lq_str_trim(lq_str_slice(line, colon + 2, line.n)), name = LQ_STR("name="),
         value = LQ_STR("value=");
  size_t semicolon = lq_text_find(rest, ';');
  if (!lq_str_starts(rest, name) || semicolon == rest.n)
    return is_value ? unquoted(rest) : LQ_STR("");
  if (!is_value)
    return unquoted(lq_str_slice(rest, name.n, semicolon));
  lq_str after = lq_str_trim(lq_str_slice(rest, semicolon + 1, rest.n));
  return unquoted(lq_str_starts(after, value) ? lq_str_slice(after, value.n, after.n) : after);
}

void lq_to_DETAIL(lq_map_call *c, const lq_value *v)
{
  lq_str s = lq_raw_text(c, v), line, heading = LQ_STR("Details:");
  if (lq_str_eq(c->row->raw, LQ_STR("$Message"))) { // the lines are one part of a message
    size_t at = find_text(s, heading);
    s = at < s.n ? lq_str_slice(s, at + heading.n, s.n) : LQ_STR("");
  }
  for (uint32_t i = 0; lq_text_part(&s, '\n', &line);) {
    line = lq_str_trim(line);
    if (line.n == 0)
      continue;
    c->fill->element = i++;
    lq_give(c, part_of_detail(line, c->row->arg));
  }
  c->fill->element = 0;
}
