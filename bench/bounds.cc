// What reading JSON costs at least: each bound is a program of its own, that reads a file of NDJSON in large
// pieces, as lq does, and prints a number that it could only know from having looked.
//   bench_bounds read|lines|structure|dom|lazy-ecs|lazy-raw FILE
// Built for the processor at hand (-march=native): simdjson's On-Demand front end is fixed when it is
// compiled.
#include <fcntl.h>
#include <simdjson.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace {

#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)

constexpr size_t PIECE = 1 << 20, ROOM = 32 << 20;

// Gives whole lines, each with simdjson's padding readable behind it.
template <class Each> bool read_lines(const char *path, Each each)
{
  int fd = open(path, O_RDONLY);
  if (fd < 0)
    return false;
  // Not cleared: what no line needs must cost nothing.
  std::unique_ptr<char[]> buffer(new char[ROOM + simdjson::SIMDJSON_PADDING]);
  size_t kept = 0;
  for (;;) {
    size_t want = kept + PIECE > ROOM ? ROOM - kept : PIECE;
    ssize_t n = want ? read(fd, buffer.get() + kept, want) : -1;
    if (n <= 0) {
      close(fd);
      return n == 0;
    }
    size_t end = kept + static_cast<size_t>(n), at = 0;
    while (const void *nl = memchr(buffer.get() + at, '\n', end - at)) {
      size_t stop = static_cast<size_t>(static_cast<const char *>(nl) - buffer.get());
      each(buffer.get() + at, stop - at);
      at = stop + 1;
    }
    kept = end - at;
    memmove(buffer.get(), buffer.get() + at, kept);
  }
}

// Every byte is touched, and nothing else: eight at a time.
bool read_only(const char *path, uint64_t &sum)
{
  int fd = open(path, O_RDONLY);
  std::vector<uint64_t> buffer(PIECE / 8);
  ssize_t n = -1;
  while (fd >= 0 && (n = read(fd, buffer.data(), PIECE)) > 0) {
    for (size_t i = 0; i < static_cast<size_t>(n) / 8; i++)
      sum += buffer[i];
  }
  if (fd >= 0)
    close(fd);
  return n == 0;
}

struct structure {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> impl;
  structure()
  {
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(ROOM, 64, impl))
      impl.reset();
  }
  uint64_t operator()(const char *p, size_t n)
  {
    if (!impl || impl->stage1(reinterpret_cast<const uint8_t *>(p), n, simdjson::stage1_mode::regular))
      return 0;
    return impl->n_structural_indexes;
  }
};

// ECS: asked by name. Raw: one walk over the keys, since most records lack most of these fields, and asking
// for a field that is not there walks once around for each.
uint64_t text_of(simdjson::simdjson_result<simdjson::ondemand::value> v)
{
  std::string_view s;
  return v.get_string().get(s) ? 0 : s.size();
}

uint64_t lazy_ecs(simdjson::ondemand::parser &parser, const char *p, size_t n)
{
  simdjson::ondemand::document doc;
  simdjson::ondemand::object process;
  if (parser.iterate(p, n, n + simdjson::SIMDJSON_PADDING).get(doc) ||
      doc["process"].get_object().get(process))
    return 0;
  uint64_t name = text_of(process["name"]);
  return name + text_of(process["command_line"]);
}

uint64_t lazy_raw(simdjson::ondemand::parser &parser, const char *p, size_t n)
{
  simdjson::ondemand::document doc;
  simdjson::ondemand::object top;
  if (parser.iterate(p, n, n + simdjson::SIMDJSON_PADDING).get(doc) || doc.get_object().get(top))
    return 0;
  uint64_t sum = 0;
  for (auto field : top) {
    simdjson::ondemand::raw_json_string key;
    if (field.key().get(key))
      break;
    if (key.unsafe_is_equal("Channel") || key.unsafe_is_equal("Image") ||
        key.unsafe_is_equal("CommandLine") || key.unsafe_is_equal("NewProcessName") ||
        key.unsafe_is_equal("ProcessName"))
      sum += text_of(field.value());
    else if (key.unsafe_is_equal("EventID"))
      sum += field.value().get_uint64().error() ? 0 : 1;
  }
  return sum;
}

int run(const char *bound, const char *path)
{
  uint64_t sum = 0;
  simdjson::dom::parser dom;
  simdjson::ondemand::parser lazy;
  bool ok = false;
  if (!strcmp(bound, "read"))
    ok = read_only(path, sum);
  else if (!strcmp(bound, "lines"))
    ok = read_lines(path, [&](const char *, size_t) { sum++; });
  else if (!strcmp(bound, "structure")) {
    structure s;
    ok = read_lines(path, [&](const char *p, size_t n) { sum += s(p, n); });
  } else if (!strcmp(bound, "dom"))
    ok = read_lines(path, [&](const char *p, size_t n) {
      simdjson::dom::element e;
      sum += dom.parse(p, n, false).get(e) == simdjson::SUCCESS;
    });
  else if (!strcmp(bound, "lazy-ecs"))
    ok = read_lines(path, [&](const char *p, size_t n) { sum += lazy_ecs(lazy, p, n); });
  else if (!strcmp(bound, "lazy-raw"))
    ok = read_lines(path, [&](const char *p, size_t n) { sum += lazy_raw(lazy, p, n); });
  printf("%llu\n", static_cast<unsigned long long>(sum));
  return ok ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
  if (argc == 2 && !strcmp(argv[1], "version")) {
    printf("simdjson %s, %s at run time, %s in On-Demand\n", TEXT_OF(SIMDJSON_VERSION),
           simdjson::get_active_implementation()->name().c_str(), TEXT_OF(SIMDJSON_BUILTIN_IMPLEMENTATION));
    return 0;
  }
  return argc == 3 ? run(argv[1], argv[2]) : 2;
}
