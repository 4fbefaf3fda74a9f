// simdjson as the other decoder.
#include "json_peer.h"

#include <cstdio>
#include <simdjson.h>

using namespace simdjson;

namespace {

void say(const peer_sink *s, const char *p, size_t n)
{
  s->piece(s->user, p, n);
}

void say_string(const peer_sink *s, std::string_view text)
{
  char head[32];
  int n = snprintf(head, sizeof head, "\"%zu:", text.size());
  say(s, head, size_t(n));
  say(s, text.data(), text.size());
}

void say_number(const peer_sink *s, const dom::element &e)
{
  char out[64];
  int64_t i;
  uint64_t u;
  double d = 0;
  int n = 0;
  if (!e.get_int64().get(i))
    n = snprintf(out, sizeof out, "i%lld", (long long)i);
  else if (!e.get_uint64().get(u))
    n = snprintf(out, sizeof out, "u%llu", (unsigned long long)u);
  else if (!e.get_double().get(d))
    n = snprintf(out, sizeof out, "d%.17g", d);
  say(s, out, size_t(n));
}

void say_value(const peer_sink *s, const dom::element &e)
{
  dom::object object;
  dom::array array;
  std::string_view text;
  bool truth = false;
  if (!e.get_object().get(object)) {
    say(s, "{", 1);
    for (auto member : object) {
      say_string(s, member.key);
      say_value(s, member.value);
    }
    say(s, "}", 1);
  } else if (!e.get_array().get(array)) {
    say(s, "[", 1);
    for (auto item : array)
      say_value(s, item);
    say(s, "]", 1);
  } else if (!e.get_string().get(text)) {
    say_string(s, text);
  } else if (!e.get_bool().get(truth)) {
    say(s, truth ? "t" : "f", 1);
  } else if (e.is_null()) {
    say(s, "n", 1);
  } else {
    say_number(s, e);
  }
}

} // namespace

peer_verdict peer_parse(const char *text, size_t n, const peer_sink *sink)
{
  static dom::parser parser;
  dom::element e;
  switch (parser.parse(text, n).get(e)) {
  case SUCCESS: say_value(sink, e); return PEER_FINE;
  case UTF8_ERROR:
  case STRING_ERROR:
  case NUMBER_ERROR:
  case DEPTH_ERROR: return PEER_STRICTER; // STRING_ERROR and NUMBER_ERROR say no more than that
  default: return PEER_BAD;
  }
}
