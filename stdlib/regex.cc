// Regular expressions in linear time: RE2 behind four C functions. Nothing thrown leaves this file.
#include "stdlib/regex.h"

#include <re2/re2.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>

extern "C" {
#include "base/utf8.h"
}

struct lq_regex {
  RE2 re;
  RE2::Anchor anchor;

  lq_regex(const re2::StringPiece &text, const RE2::Options &options, RE2::Anchor a)
      : re(text, options), anchor(a)
  {
  }
};

namespace {

// ---- spellings

// Not the C library's: that one asks the locale.
bool is_hex(char c) noexcept
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_hex4(const std::string &s, std::size_t at) noexcept
{
  for (std::size_t i = at; i < at + 4; i++) {
    if (i >= s.size() || !is_hex(s[i]))
      return false;
  }
  return true;
}

// What Java, Lucene and Python write, and RE2 spells otherwise. Gives how many bytes of the pattern are
// taken, or 0.
std::size_t respell(const std::string &s, std::size_t at, bool in_class, std::string *out)
{
  if (s.compare(at, 2, "\\u") == 0 && is_hex4(s, at + 2)) {
    *out += "\\x{" + s.substr(at + 2, 4) + "}";
    return 6;
  }
  if (s.compare(at, 2, "\\e") == 0) {
    *out += "\\x1b";
    return 2;
  }
  if (s.compare(at, 2, "\\h") == 0) {
    *out += in_class ? "\\t\\p{Zs}" : "[\\t\\p{Zs}]";
    return 2;
  }
  bool named = !in_class && s.compare(at, 3, "(?<") == 0 && at + 3 < s.size() && s[at + 3] != '=' &&
               s[at + 3] != '!';
  if (named) {
    *out += "(?P<";
    return 3;
  }
  // `{,3}` is the text `{,3}` to RE2: nobody means that.
  if (!in_class && s.compare(at, 2, "{,") == 0 && at + 2 < s.size() && s[at + 2] >= '0' && s[at + 2] <= '9') {
    *out += "{0,";
    return 2;
  }
  return 0;
}

// Walks a pattern token by token: escapes are skipped as a whole, classes are known.
class Walk {
public:
  explicit Walk(const std::string &text) : s(text) {}
  bool done() const noexcept { return at >= s.size(); }
  bool in_class() const noexcept { return depth; }
  bool escaped() const noexcept { return s[at] == '\\'; }

  void next() noexcept
  {
    if (depth && at == first) { // a `]` that comes first is itself
      at += s[at] == '^';
      if (at < s.size() && s[at] == ']')
        at++;
      first = std::string::npos;
      return;
    }
    char c = s[at];
    if (c == '\\') {
      at += 2;
    } else if (depth && s.compare(at, 2, "[:") == 0 && s.find(":]", at) != std::string::npos) {
      at = s.find(":]", at) + 2;
    } else {
      if (c == '[' && !depth) {
        depth = true;
        opener = at;
        first = at + 1;
      } else if (c == ']') {
        depth = false;
      }
      at++;
    }
  }

  const std::string &s;
  std::size_t at = 0;
  std::size_t opener = 0; // of the class that was met last

private:
  bool depth = false;
  std::size_t first = std::string::npos;
};

std::string respelled(const std::string &s)
{
  std::string out;
  out.reserve(s.size());
  for (Walk w(s); !w.done();) {
    std::size_t start = w.at, taken = respell(s, start, w.in_class(), &out);
    w.next();
    if (w.at < start + taken)
      w.at = start + taken;
    else if (taken == 0 || w.at > start + taken)
      out.append(s, start + taken, w.at - start - taken);
  }
  return out;
}

// ---- messages

struct Trouble {
  const char *text;
  bool quotes; // the text ends in the bad part
};

Trouble trouble_of(RE2::ErrorCode code, const std::string &part) noexcept
{
  bool digit = part.size() > 1 && part[1] >= '0' && part[1] <= '9';
  switch (code) {
  case RE2::ErrorBadEscape:
    if (digit || part == "\\k")
      return {"a back-reference cannot be matched in linear time: ", true};
    return {"unknown escape ", true};
  case RE2::ErrorBadCharClass: return {"bad character class ", true};
  case RE2::ErrorBadCharRange:
    return {part.compare(0, 2, "\\p") == 0 || part.compare(0, 2, "\\P") == 0 || part.compare(0, 2, "[:") == 0
                ? "unknown class of characters "
                : "bad range of characters ",
            true};
  case RE2::ErrorMissingBracket: return {"this `[` is never closed", false};
  case RE2::ErrorMissingParen: return {"this `(` is never closed", false};
  case RE2::ErrorUnexpectedParen: return {"this `)` closes nothing", false};
  case RE2::ErrorTrailingBackslash: return {"a backslash at the end escapes nothing", false};
  case RE2::ErrorRepeatArgument: return {"there is nothing to repeat before ", true};
  case RE2::ErrorRepeatSize: return {"too many repetitions (1,000 are possible): ", true};
  case RE2::ErrorRepeatOp: return {"repeated repetition ", true};
  case RE2::ErrorBadPerlOp:
    if (part.size() > 2 && std::strchr("=!<", part[2]))
      return {"look-around cannot be matched in linear time: ", true};
    return {"unknown group ", true};
  case RE2::ErrorBadUTF8: return {"not UTF-8", false};
  case RE2::ErrorBadNamedCapture: return {"bad name of a group ", true};
  case RE2::ErrorPatternTooLarge: return {"the regular expression needs too much memory", false};
  case RE2::NoError:
  case RE2::ErrorInternal: break;
  }
  return {"not a regular expression", false};
}

// The bracket that is never closed, or closes nothing.
std::size_t lone_paren(const std::string &s, bool opening)
{
  std::size_t first[256], depth = 0;
  for (Walk w(s); !w.done(); w.next()) {
    if (w.in_class() || w.escaped())
      continue;
    if (s[w.at] == '(') {
      if (depth < 256)
        first[depth] = w.at;
      depth++;
    } else if (s[w.at] == ')') {
      if (depth == 0 && !opening)
        return w.at;
      depth -= depth > 0;
    }
  }
  return depth == 0 ? 0 : first[depth > 256 ? 255 : depth - 1];
}

std::size_t lone_bracket(const std::string &s)
{
  Walk w(s);
  while (!w.done())
    w.next();
  return w.opener;
}

// Where the bad part stands, as a token of its own: the `\1` in `\\1\1` is the second one.
std::size_t part_at(const std::string &s, const std::string &part)
{
  for (Walk w(s); !w.done() && !part.empty(); w.next()) {
    if (s.compare(w.at, part.size(), part) == 0)
      return w.at;
  }
  std::size_t found = s.find(part);
  return found == std::string::npos ? 0 : found;
}

std::size_t place_of(RE2::ErrorCode code, const std::string &s, const std::string &part)
{
  switch (code) {
  case RE2::ErrorMissingParen: return lone_paren(s, true);
  case RE2::ErrorUnexpectedParen: return lone_paren(s, false);
  case RE2::ErrorMissingBracket: return lone_bracket(s);
  case RE2::ErrorTrailingBackslash: return s.size() - 1;
  default: return part_at(s, part);
  }
}

enum { MESSAGE_MAX = 120, QUOTED_MAX = 24 };

// As much of the bad part as a line bears, whole code points.
std::string quoted(const std::string &part)
{
  lq_str s = {part.data(), part.size()};
  std::size_t n = lq_utf8_offset(s, QUOTED_MAX);
  return "`" + part.substr(0, n) + (n < part.size() ? "\xE2\x80\xA6`" : "`");
}

void explain(const RE2 &re, const std::string &text, char *message, std::size_t *bad_at)
{
  // RE2 speaks of its own spelling of a named group.
  std::string part = re.error_arg();
  if (part.compare(0, 4, "(?P<") == 0 && text.find(part) == std::string::npos)
    part.erase(2, 1);
  Trouble t = trouble_of(re.error_code(), part);
  std::string m = t.text;
  if (t.quotes)
    m += quoted(part);
  std::snprintf(message, MESSAGE_MAX, "%s", m.c_str());
  *bad_at = place_of(re.error_code(), text, part);
}

RE2::Anchor anchor_of(unsigned flags) noexcept
{
  return flags & LQ_RE_SEARCH ? RE2::UNANCHORED : flags & LQ_RE_PREFIX ? RE2::ANCHOR_START : RE2::ANCHOR_BOTH;
}

// RE2's parser (as of 2022) crashes when a few of its allocations fail. So if memory is short, it had better
// show now: this asks for about what parsing takes, and gives it back.
void need_memory(std::size_t pattern)
{
  constexpr std::size_t least = 64 << 10, for_each_byte = 256;
  ::operator delete(::operator new(least + pattern * for_each_byte));
}

lq_status make(lq_regex **out, const std::string &text, unsigned flags, std::size_t memory, char *message,
               std::size_t *bad_at)
{
  need_memory(text.size());
  RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  options.set_never_capture(true);
  options.set_max_mem(static_cast<std::int64_t>(memory));
  options.set_case_sensitive(!(flags & LQ_RE_FOLD));
  auto r = std::make_unique<lq_regex>(respelled(text), options, anchor_of(flags));
  if (r->re.ok()) {
    *out = r.release();
    return LQ_OK;
  }
  bool large = r->re.error_code() == RE2::ErrorPatternTooLarge;
  explain(r->re, text, message, bad_at);
  return large ? LQ_E_LIMIT : LQ_E_QUERY;
}

std::size_t first_bad(lq_str s) noexcept
{
  std::size_t start = 0;
  for (std::size_t at = 0; at < s.n; start = at) {
    if (lq_utf8_next(s, &at) == LQ_CODEPOINT_BAD)
      break;
  }
  return start;
}

} // namespace

extern "C" {

lq_status lq_regex_new(lq_regex **out, lq_str text, unsigned flags, char message[120], size_t *bad_at)
{
  return lq_regex_new_within(out, text, flags, LQ_REGEX_MEMORY_MAX, message, bad_at);
}

lq_status lq_regex_new_within(lq_regex **out, lq_str text, unsigned flags, size_t memory, char message[120],
                              size_t *bad_at)
{
  *out = nullptr;
  *message = '\0';
  *bad_at = 0;
  if (!lq_utf8_valid(text)) {
    std::snprintf(message, MESSAGE_MAX, "not UTF-8");
    *bad_at = first_bad(text);
    return LQ_E_QUERY;
  }
  if (lq_regex_cost(text, LQ_REGEX_COST_MAX, bad_at) == LQ_REGEX_COSTS_TOO_MUCH) {
    std::snprintf(message, MESSAGE_MAX, "over the limit with this");
    return LQ_E_LIMIT;
  }
  try {
    return make(out, text.n > 0 ? std::string(text.p, text.n) : std::string(), flags, memory, message, bad_at);
  } catch (const std::bad_alloc &) {
    return LQ_E_NOMEM;
  } catch (...) {
    std::snprintf(message, MESSAGE_MAX, "not a regular expression");
    return LQ_E_QUERY;
  }
}

void lq_regex_free(lq_regex *r)
{
  delete r;
}

size_t lq_regex_size(const lq_regex *r)
{
  int forwards = r->re.ProgramSize(), backwards = r->re.ReverseProgramSize();
  return static_cast<size_t>(forwards > backwards ? forwards : backwards);
}

int lq_regex_match(const lq_regex *r, lq_str text, size_t *start, size_t *end)
{
  // Finding the place takes a second pass: only when somebody asks.
  bool wanted = start || end;
  re2::StringPiece s(text.n > 0 ? text.p : "", text.n), hit;
  try {
    if (!r->re.Match(s, 0, s.size(), r->anchor, &hit, wanted ? 1 : 0))
      return 0;
  } catch (const std::bad_alloc &) {
    return LQ_E_NOMEM;
  } catch (...) {
    return LQ_E_LIMIT;
  }
  std::size_t from = wanted ? static_cast<std::size_t>(hit.data() - s.data()) : 0;
  if (start)
    *start = from;
  if (end)
    *end = from + hit.size();
  return 1;
}
}
