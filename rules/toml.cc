// The TOML parser toml++ behind one C function. It reports errors without throwing; std::bad_alloc stops
// here.
extern "C" {
#include "rules/toml.h"
#include "base/utf8.h"
}

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 32
#define TOML_ASSERT(expr) static_cast<void>(0)
// toml++ 3.3 asks its table of blanks about letters outside quotes for which that has no answer, and calls
// this unreachable. They are no blanks.
#include <toml++/impl/forward_declarations.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE __builtin_unreachable()
#include <toml++/toml.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

static_assert(TOML_MAX_NESTED_VALUES == LQ_TOML_DEPTH_MAX, "one limit, said twice");

namespace {

// toml++ gives lines and columns of code points; offsets are filled in for all of them in one walk over the
// text.
struct Place {
  toml::source_position at;
  std::uint32_t *out;
};

bool operator<(const Place &a, const Place &b)
{
  return a.at < b.at;
}

class Tree {
public:
  Tree(lq_str file, lq_arena *into) : text(file), arena(into) {}

  lq_toml *root(const toml::table &t)
  {
    lq_toml *n = value(t);
    if (n)
      fill_places();
    return n;
  }

  std::size_t offset(toml::source_position at)
  {
    std::uint32_t out = 0;
    places = {{at, &out}};
    fill_places();
    return out;
  }

private:
  // Nesting is capped by the parser and by LQ_TOML_DOTS_MAX.
  lq_toml *value(const toml::node &node)
  {
    auto *n = static_cast<lq_toml *>(lq_arena_alloc(arena, sizeof(lq_toml)));
    if (!n)
      return nullptr;
    place(node.source(), &n->span);
    switch (node.type()) {
    case toml::node_type::table: n->kind = LQ_TOML_TABLE; return table(*node.as_table(), n);
    case toml::node_type::array: n->kind = LQ_TOML_ARRAY; return array(*node.as_array(), n);
    case toml::node_type::string: n->kind = LQ_TOML_STRING; break;
    case toml::node_type::integer: n->kind = LQ_TOML_INT, n->as.i = node.as_integer()->get(); break;
    case toml::node_type::floating_point:
      n->kind = LQ_TOML_DOUBLE, n->as.d = node.as_floating_point()->get();
      break;
    case toml::node_type::boolean: n->kind = LQ_TOML_BOOL, n->as.b = node.as_boolean()->get(); break;
    case toml::node_type::none:
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: n->kind = LQ_TOML_TIME; break;
    }
    return n;
  }

  lq_toml *array(const toml::array &a, lq_toml *n)
  {
    lq_toml **tail = &n->kids;
    for (const toml::node &item : a) {
      *tail = value(item);
      if (!*tail)
        return nullptr;
      tail = &(*tail)->next;
    }
    return n;
  }

  // toml++ keeps keys sorted; people read files from the top.
  lq_toml *table(const toml::table &t, lq_toml *n)
  {
    std::vector<std::pair<const toml::key *, const toml::node *>> pairs;
    pairs.reserve(t.size());
    for (auto &&[k, v] : t)
      pairs.emplace_back(&k, &v);
    std::sort(pairs.begin(), pairs.end(),
              [](const auto &a, const auto &b) { return a.first->source().begin < b.first->source().begin; });
    lq_toml **tail = &n->kids;
    for (auto &[k, v] : pairs) {
      *tail = value(*v);
      if (!*tail)
        return nullptr;
      (*tail)->key = lq_arena_copy(arena, lq_str_make(k->str().data(), k->str().size()));
      place(k->source(), &(*tail)->key_span);
      tail = &(*tail)->next;
    }
    return n;
  }

  void place(const toml::source_region &r, lq_span *span)
  {
    places.push_back({r.begin, &span->start});
    places.push_back({r.end, &span->end});
  }

  void fill_places()
  {
    std::sort(places.begin(), places.end());
    std::size_t at = lq_str_starts(text, lq_str_of("\xEF\xBB\xBF")) ? 3 : 0;
    toml::source_position here = {1, 1};
    for (const Place &p : places) {
      while (here.line < p.at.line && at < text.n) {
        const char *from = text.p + at;
        const auto *newline = static_cast<const char *>(std::memchr(from, '\n', text.n - at));
        at = newline ? at + static_cast<std::size_t>(newline + 1 - from) : text.n;
        here = {here.line + 1, 1};
      }
      while (here < p.at && at < text.n) {
        bool newline = text.p[at] == '\n';
        lq_utf8_next(text, &at);
        here = newline ? toml::source_position{here.line + 1, 1}
                       : toml::source_position{here.line, here.column + 1};
      }
      *p.out = static_cast<std::uint32_t>(at);
    }
  }

  lq_str text;
  lq_arena *arena;
  std::vector<Place> places;
};

// "Error while parsing string: unknown escape sequence": what comes before the colon is of no use to people.
lq_str what_of(std::string_view description, lq_arena *arena)
{
  std::size_t colon = description.rfind("Error while", 0) == 0 ? description.find(": ")
                                                               : std::string_view::npos;
  if (colon != std::string_view::npos)
    description.remove_prefix(colon + 2);
  return lq_arena_copy(arena, lq_str_make(description.data(), description.size()));
}

// The first flaw, so that the parser can be given what stands before it. text.n: none.
std::size_t stop_at(const lq_toml_flaws &f)
{
  return std::min(f.dots, f.foreign);
}

void tell(const toml::parse_error &e, Tree &tree, lq_arena *arena, lq_toml_error *error)
{
  std::string_view what = e.description();
  error->at = tree.offset(e.source().begin);
  if (what.find("TOML_MAX_NESTED_VALUES") == std::string_view::npos)
    error->what = what_of(what, arena);
}

lq_status parse(lq_toml **out, lq_str text, lq_arena *arena, lq_toml_error *error)
{
  lq_toml_flaws flaws = lq_toml_find_flaws(text);
  std::size_t stop = stop_at(flaws);
  toml::parse_result result = toml::parse(std::string_view(text.p ? text.p : "", stop));
  Tree tree(text, arena);
  if (result && stop == text.n) {
    *out = tree.root(result.table());
    return *out && !arena->failed ? LQ_OK : LQ_E_NOMEM;
  }
  error->at = stop;
  if (!result)
    tell(result.error(), tree, arena, error);
  if (flaws.unclosed < text.n && flaws.unclosed <= error->at) {
    error->unclosed = true;
    error->at = flaws.unclosed;
  } else if (stop < text.n && error->at >= stop) {
    error->at = stop;
    error->what = stop == flaws.dots
                      ? lq_str_make("", 0)
                      : lq_str_of("this character can only occur in quotes, and not after a backslash");
  }
  return arena->failed ? LQ_E_NOMEM : LQ_E_INPUT;
}

} // namespace

lq_status lq_toml_parse_full(lq_toml **out, lq_str text, lq_arena *arena, lq_toml_error *error)
{
  *out = nullptr;
  *error = lq_toml_error{};
  try {
    return parse(out, text, arena, error);
  } catch (const std::bad_alloc &) {
    return LQ_E_NOMEM;
  }
}

lq_status lq_toml_parse(lq_toml **out, lq_str text, lq_arena *arena, lq_toml_error *error)
{
  lq_status s = lq_toml_parse_quick(out, text, arena);
  return s == LQ_E_UNSUPPORTED ? lq_toml_parse_full(out, text, arena, error) : s;
}
