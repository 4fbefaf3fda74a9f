// Lines that are not read because no rule can match them: never one that a rule matches.
#include <stdio.h>
#include <zlib.h>

#include "library.h"

#define FLAT(channel, id, data)                                                                              \
  "{\"EventID\":" #id ",\"Channel\":\"" channel "\",\"Hostname\":\"WS1\"," data "}"
#define SYSMON(id, data) FLAT("Microsoft-Windows-Sysmon/Operational", id, data)
#define SECURITY(id, data) FLAT("Security", id, data)
#define NAME(name) "{\"process\":{\"name\":\"" name "\"}}"

typedef enum fate { SKIMMED, READ, MATCHES } fate;

static const struct prefilter_case {
  const char *query;
  struct {
    const char *line;
    fate fate;
  } lines[8];
} cases[] = {
    {"process.name == \"evil.exe\"",
     {{NAME("evil.exe"), MATCHES},
      {NAME("good.exe"), SKIMMED},
      {NAME("EVIL.exe"), READ},
      {"{\"_source\":" NAME("evil.exe") "}", MATCHES},
      {"{\"message\":\"evil.exe\"}", READ},
      {"{\"process.name\":[\"good.exe\",\"evil.exe\"]}", MATCHES}}},
    // Escapes: of a character that matters, and of others.
    {"process.name : \"evil.exe\"",
     {{NAME("ev\\u0069l.exe"), MATCHES},
      {NAME("\\u0045VIL.exe"), MATCHES},
      {NAME("good\\u003c.exe"), SKIMMED},
      {NAME("goo\\u0065.exe"), READ},
      {NAME("c:\\\\users\\\\u0061"), SKIMMED}}},
    // Folding beyond ASCII.
    {"process.name : \"kiss.sys\"",
     {{NAME("\xE2\x84\xAAiss.sys"), MATCHES},
      {NAME("ki\xC5\xBF\xC5\xBF.sys"), MATCHES},
      {NAME("\\u212Ai\\u017Fs.sys"), MATCHES},
      {NAME("caf\xC3\xA9.sys"), SKIMMED}}},
    {"process.name : \"\xC5\xBFtra\xC3\x9F"
     "enbahn\"",
     {{NAME("stra\xC3\x9F"
            "enbahn"),
       MATCHES},
      {NAME("\xC5\xBFTRA\xE1\xBA\x9E"
            "ENBAHN"),
       MATCHES},
      {NAME("x"), SKIMMED}}},
    {"process.name : \"istanbul\"", {{NAME("\xC4\xB0stanbul"), SKIMMED}, {NAME("ISTANBUL"), MATCHES}}},
    // Characters that JSON writes in more than one way.
    {"file.path : \"/tmp/dropper/x\"",
     {{"{\"file\":{\"path\":\"\\/tmp\\/dropper\\/x\"}}", MATCHES},
      {"{\"file\":{\"path\":\"\\u002ftmp/dropper/x\"}}", MATCHES},
      {"{\"file\":{\"path\":\"/tmp/other\"}}", SKIMMED}}},
    {"file.path : \"C:\\\\odd\\\\place\"",
     {{"{\"file\":{\"path\":\"c:\\\\odd\\\\place\"}}", MATCHES},
      {"{\"file\":{\"path\":\"c:\\u005codd\\u005Cplace\"}}", MATCHES},
      {"{\"file\":{\"path\":\"c:\\\\even\"}}", SKIMMED}}},
    {"process.command_line : \"*say \\\"hello\\\" twice*\"",
     {{"{\"process\":{\"command_line\":\"x say \\\"hello\\\" twice\"}}", MATCHES},
      {"{\"process\":{\"command_line\":\"x say \\u0022hello\\u0022 twice\"}}", MATCHES},
      {"{\"process\":{\"command_line\":\"x say hello twice\"}}", SKIMMED}}},
    {"message : \"*one\\tspooky line*\"", {{"{\"message\":\"ONE\\tSPOOKY LINE\"}", MATCHES}}},
    // What can be a number has other spellings.
    {"process.pid == \"4242\"",
     {{"{\"process\":{\"pid\":4242.0}}", MATCHES}, {"{\"process\":{\"pid\":1}}", READ}}},
    {"process.pid : \"42*\"", {{"{\"process\":{\"pid\":4.2e3}}", MATCHES}, {NAME("x"), READ}}},
    {"custom.flag : \"true\"",
     {{"{\"custom\":{\"flag\":true}}", MATCHES}, {"{\"custom\":{\"flag\":1}}", SKIMMED}}},
    // More tests of a rule: all, any, none.
    {"process.name : \"evil.exe\" and event.code : \"1\"",
     {{"{\"process\":{\"name\":\"evil.exe\"},\"event\":{\"code\":1}}", MATCHES},
      {NAME("good.exe"), SKIMMED}}},
    {"process.name : \"evil.exe\" or user.name : \"mallory\"",
     {{NAME("evil.exe"), MATCHES}, {"{\"user\":{\"name\":\"Mallory\"}}", MATCHES}, {NAME("x"), SKIMMED}}},
    {"process.name : \"evil.exe\" or process.pid > 4",
     {{NAME("x"), READ}, {"{\"process\":{\"pid\":5}}", MATCHES}}},
    {"not process.name : \"evil.exe\"", {{NAME("x"), MATCHES}, {NAME("evil.exe"), READ}}},
    {"process.name : \"evil.exe\" and not user.name : \"admin\"",
     {{NAME("x"), SKIMMED}, {NAME("evil.exe"), MATCHES}}},
    {"process.name != null", {{NAME("x"), MATCHES}}},
    {"process.executable : \"?:\\\\Windows\\\\System32\\\\*\"", {{NAME("x"), READ}}}, // all lines have it
    {"process.name : "
     "(\"aaa0\",\"aaa1\",\"aaa2\",\"aaa3\",\"aaa4\",\"aaa5\",\"aaa6\",\"aaa7\",\"aaa8\",\"aaa9\","
     "\"aab0\",\"aab1\",\"aab2\",\"aab3\",\"aab4\",\"aab5\",\"aab6\")",
     {{NAME("x"), READ}, {NAME("aab6"), MATCHES}}}, // too many
    // Values that a mapping makes, and those that it finds.
    {"process.name : \"evil.exe\"",
     {{SYSMON(1, "\"Image\":\"C:\\\\x\\\\EVIL.exe\""), MATCHES},
      {SYSMON(1, "\"Image\":\"C:\\\\x\\\\y.exe\""), SKIMMED}}},
    {"event.category == \"registry\"", {{SYSMON(13, "\"TargetObject\":\"HKLM\\\\x\""), MATCHES}}},
    {"event.category == \"registered\"", {{SYSMON(13, "\"TargetObject\":\"HKLM\\\\x\""), SKIMMED}}},
    {"event.action : \"logged-in\"", {{SECURITY(4624, "\"TargetUserName\":\"u\""), MATCHES}}},
    {"event.module : \"sysmon\"", {{SYSMON(5, "\"Image\":\"x\""), MATCHES}}},
    {"event.module : \"zeekling\"",
     {{SYSMON(5, "\"Image\":\"x\""), SKIMMED}, {"{\"event\":{\"module\":\"Zeekling\"}}", MATCHES}}},
    {"process.args == \"evilword\"",
     {{SYSMON(1, "\"CommandLine\":\"x evil\\\"\\\"word\""), MATCHES}, {NAME("x"), READ}}},
    {"file.path : \"D:\\\\share\\\\sub\\\\secrets.txt\"",
     {{SECURITY(5145,
                "\"ShareLocalPath\":\"\\\\??\\\\D:\\\\share\",\"RelativeTargetName\":\"sub\\\\secrets.txt\""),
       MATCHES},
      {SECURITY(5145, "\"ShareLocalPath\":\"D:\\\\share\",\"RelativeTargetName\":\"other\""), SKIMMED}}},
    {"process.hash.md5 : \"abcdef012\"",
     {{SYSMON(1, "\"Hashes\":\"MD5=ABCDEF012,SHA1=1\""), MATCHES}, {NAME("x"), SKIMMED}}},
    {"registry.hive == \"HKLM\"", {{SYSMON(13, "\"TargetObject\":\"HKEY_LOCAL_MACHINE\\\\x\""), MATCHES}}},
    {"winlog.logon.type : \"RemoteInteractive\"", {{SECURITY(4624, "\"LogonType\":10"), MATCHES}}},
    {"user.domain : \"workgroupers\"",
     {{SYSMON(1, "\"User\":\"WorkGroupers\\\\ann\""), MATCHES},
      {SYSMON(1, "\"User\":\"X\\\\ann\""), SKIMMED}}},
    {"winlog.event_data.Custom : \"needlework\"",
     {{SYSMON(1, "\"Custom\":\"NeedleWork\""), MATCHES}, {NAME("x"), SKIMMED}}},
    // What is a record at all, and what only looks like one.
    {"process.name : \"evil.exe\"",
     {{"{\"process\":{\"name\":\"good.exe\"}", READ}, // cut, and told
      {"nothing of JSON", READ},
      {"{\"a\":,}", READ}, // the first line, which decides what the source is
      {"{\"evil.exe\":,}", READ},
      {"  " NAME("good.exe") " \r", SKIMMED}}},
    {"sequence by user.name [process where process.name : \"evil.exe\"] [process where true]",
     {{NAME("x"), READ}}},
};

typedef struct counts {
  int matches;
  lq_stats stats;
} counts;

static counts scan_with(const lq_bundle *b, const void *p, size_t n, lq_scan_options o)
{
  counts c = {.stats = LQ_INIT(lq_stats)};
  lq_scan *s = NULL;
  o.match = count_match;
  o.user = &c.matches;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_buffer(s, "x", p, n) == LQ_OK);
  cr_assert(lq_scan_stats(s, &c.stats) == LQ_OK);
  lq_scan_free(s);
  return c;
}

static int see(void *user, lq_text raw, lq_text source, uint64_t line)
{
  (void)user, (void)raw, (void)source, (void)line;
  return 0;
}

static uint32_t prefilter_bit(void)
{
  lq_layer_view v = LQ_INIT(lq_layer_view);
  for (size_t i = 0; lq_layer_at(i, &v) == LQ_OK; i++) {
    if (strcmp(v.name, "prefilter") == 0)
      return v.bit;
  }
  return 0;
}

static void check(const lq_bundle *b, const char *query, const char *line, fate want)
{
  const lq_scan_options on = LQ_INIT(lq_scan_options);
  lq_scan_options off[3] = {on, on, on};
  off[0].layers_off = prefilter_bit();
  off[1].strict = 1;
  off[2].event = see;
  char bytes[1024];
  int n = snprintf(bytes, sizeof bytes, "%s\n", line);
  counts c = scan_with(b, bytes, (size_t)n, on);
  cr_expect(c.matches == (want == MATCHES), "%s: %s", query, line);
  cr_expect(c.stats.skimmed == (want == SKIMMED), "%s: %s", query, line);
  cr_expect(c.stats.records == 1 && c.stats.events + c.stats.bad + c.stats.skimmed == 1);
  for (int i = 0; i < 3; i++) {
    counts all = scan_with(b, bytes, (size_t)n, off[i]);
    cr_expect(all.matches == c.matches && all.stats.skimmed == 0 && all.stats.records == 1, "%s: %s", query,
              line);
  }
}

Test(prefilter, lines)
{
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    lq_bundle *b = bundle_of(cases[i].query);
    for (size_t k = 0; k < 8 && cases[i].lines[k].line; k++)
      check(b, cases[i].query, cases[i].lines[k].line, cases[i].lines[k].fate);
    lq_bundle_free(b);
  }
}

// ---- wherever the bytes are cut

#define LONG_LINE                                                                                            \
  "{\"process\":{\"name\":"                                                                                  \
  "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}\n"

static const char source[] = "\n" NAME("good.exe") "\n\n" NAME("evil.exe") "\n \t\r\n" NAME(
    "x") "\r\n" LONG_LINE NAME("y") "\n"
                                    "{\"a\":,}\n{\"cut\n" NAME("z") "\n" NAME("EVIL.exe") "\n" NAME(
                                        "good.exe") NAME("evil.exe") "\n" LONG_LINE NAME("evil.exe");

typedef struct found {
  uint64_t lines[16];
  size_t n;
} found;

static int note(void *user, const lq_match *m)
{
  found *f = user;
  f->lines[f->n++ % 16] = lq_match_line(m);
  return 0;
}

static lq_scan *noting_scan(const lq_bundle *b, found *f)
{
  lq_limits limits = LQ_INIT(lq_limits);
  lq_limits_default(&limits);
  limits.max_record = 80;
  lq_scan_options o = LQ_INIT(lq_scan_options);
  o.limits = &limits;
  o.match = note;
  o.user = f;
  lq_scan *s = NULL;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  return s;
}

static void expect_all(const lq_stats *a, const lq_stats *more, const found *f, size_t cut)
{
  static const uint64_t lines[] = {4, 12, 15};
  cr_expect(f->n == 3 && memcmp(f->lines, lines, sizeof lines) == 0, "cut at %zu: %zu matches %d %d %d", cut,
            f->n, (int)f->lines[0], (int)f->lines[1], (int)f->lines[2]);
  cr_expect(a->records + more->records == 12 && a->events + more->events == 3 &&
                a->skimmed + more->skimmed == 5 && a->bad + more->bad == 4 &&
                a->bad_size + more->bad_size == 2,
            "cut at %zu: %d records, %d events, %d skimmed, %d bad", cut, (int)(a->records + more->records),
            (int)(a->events + more->events), (int)(a->skimmed + more->skimmed), (int)(a->bad + more->bad));
}

Test(prefilter, cut_anywhere)
{
  lq_bundle *b = bundle_of("process.name : \"evil.exe\"");
  for (size_t cut = 0; cut < sizeof source; cut++) {
    found f = {0};
    lq_stats stats = LQ_INIT(lq_stats), none = {0};
    lq_scan *s = noting_scan(b, &f);
    cr_assert(lq_scan_begin(s, "x") == LQ_OK && lq_scan_feed(s, source, cut) == LQ_OK);
    cr_assert(lq_scan_feed(s, source + cut, sizeof source - 1 - cut) == LQ_OK && lq_scan_end(s) == LQ_OK);
    lq_scan_stats(s, &stats);
    expect_all(&stats, &none, &f, cut);
    lq_scan_free(s);
  }
  lq_bundle_free(b);
}

// Another scan goes on where the first one stood; lines keep their numbers.
static void resume_at(const lq_bundle *b, const char *p, size_t n, size_t cut)
{
  found f = {0};
  lq_stats before = LQ_INIT(lq_stats), after = LQ_INIT(lq_stats);
  lq_position at = LQ_INIT(lq_position);
  lq_position_view v = LQ_INIT(lq_position_view);
  lq_scan *s = noting_scan(b, &f);
  cr_assert(lq_scan_begin(s, "x") == LQ_OK && lq_scan_feed(s, p, cut) == LQ_OK);
  cr_assert(lq_scan_position(s, &at) == LQ_OK && lq_position_get(&at, &v) == LQ_OK);
  lq_scan_stats(s, &before);
  lq_scan_free(s);
  cr_expect(v.records == before.records);
  s = noting_scan(b, &f);
  cr_assert(lq_scan_begin_at(s, "x", &at) == LQ_OK);
  cr_assert(lq_scan_feed(s, p + v.offset, n - v.offset) == LQ_OK && lq_scan_end(s) == LQ_OK);
  lq_scan_stats(s, &after);
  cr_assert(lq_scan_position(s, &at) == LQ_OK && lq_position_get(&at, &v) == LQ_OK);
  cr_expect(v.records == 12, "cut at %zu: %d", cut, (int)v.records);
  lq_scan_free(s);
  static const uint64_t lines[] = {4, 12, 15};
  cr_expect(f.n == 3 && memcmp(f.lines, lines, sizeof lines) == 0, "cut at %zu: %zu matches %d %d %d", cut,
            f.n, (int)f.lines[0], (int)f.lines[1], (int)f.lines[2]);
  cr_expect(before.records + after.records == 12, "cut at %zu", cut);
}

static size_t pack(unsigned char *out, size_t size)
{
  z_stream z = {0};
  cr_assert(deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  z.next_in = (unsigned char *)source, z.avail_in = sizeof source - 1;
  z.next_out = out, z.avail_out = (uInt)size;
  cr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
  deflateEnd(&z);
  return size - z.avail_out;
}

// A packed source is read again from its first byte, and its records are passed over by number.
Test(prefilter, resumed_anywhere)
{
  unsigned char packed[2048];
  size_t n = pack(packed, sizeof packed);
  lq_bundle *b = bundle_of("process.name : \"evil.exe\"");
  for (size_t cut = 0; cut < sizeof source; cut++)
    resume_at(b, source, sizeof source - 1, cut);
  for (size_t cut = 0; cut <= n; cut++)
    resume_at(b, (const char *)packed, n, cut);
  lq_bundle_free(b);
}

// ---- many lines, escaped at random

static uint32_t dice(uint32_t *state)
{
  *state = *state * 1664525 + 1013904223;
  return *state >> 16;
}

static size_t put_line(char *out, const char *value, uint32_t *state)
{
  size_t n = (size_t)sprintf(out, "{\"process\":{\"name\":\"");
  for (; *value; value++) {
    uint32_t how = dice(state) % 12;
    if (how == 0)
      n += (size_t)sprintf(out + n, "\\u%04x", (unsigned char)*value);
    else if (*value == '\\' || *value == '"' || (*value == '/' && how == 1))
      n += (size_t)sprintf(out + n, "\\%c", *value);
    else if (how < 4 && *value >= 'a' && *value <= 'z')
      out[n++] = (char)(*value - 32);
    else if (how == 4 && (*value == 's' || *value == 'k'))
      n += (size_t)sprintf(out + n, "%s", *value == 's' ? "\xC5\xBF" : "\xE2\x84\xAA");
    else if (how == 5 && dice(state) % 8 == 0)
      out[n++] = 'x';
    else
      out[n++] = *value;
  }
  return n + (size_t)sprintf(out + n, "\"}}\n");
}

Test(prefilter, spelt_at_random)
{
  static const char *const values[] = {"c:\\desks\\\"task\"/ok.bin", "sneaky kiosk\\x", "a quiet line"};
  static const char *const queries[] = {
      "process.name : \"c:\\\\desks\\\\\\\"task\\\"/ok.bin\"", "process.name : \"*kiosk\\\\x\"",
      "process.name == \"sneaky kiosk\\\\x\" or process.name : \"*desks*ok.bin\""};
  enum { LINES = 3000 };
  static char bytes[LINES * 256];
  uint32_t state = 3;
  size_t n = 0;
  for (int i = 0; i < LINES; i++)
    n += put_line(bytes + n, values[dice(&state) % 3], &state);
  for (int i = 0; i < 3; i++) {
    lq_bundle *b = bundle_of(queries[i]);
    const lq_scan_options on = LQ_INIT(lq_scan_options);
    lq_scan_options off = on, narrow = on;
    off.strict = 1;
    narrow.layers_off = LQ_LAYERS_ALL & ~prefilter_bit();
    counts some = scan_with(b, bytes, n, on), all = scan_with(b, bytes, n, off),
           same = scan_with(b, bytes, n, narrow);
    cr_expect(some.matches == all.matches && all.matches > 100, "%s: %d and %d", queries[i], some.matches,
              all.matches);
    cr_expect(same.matches == all.matches && same.stats.skimmed == some.stats.skimmed);
    cr_expect(some.stats.skimmed > 100 && some.stats.records == LINES);
    lq_bundle_free(b);
  }
}
