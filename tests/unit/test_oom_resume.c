// Memory that runs out once, and a caller who carries on: what an add said stays true, a build that lost
// something says so from then on, and nothing crashes.
#include <criterion/criterion.h>
#include <libquery/lq.h>

#include "counting_mem.h"

// ---- builds

static const char sequence[] = "sequence by host.id with maxspan=5m [process where process.pid > 5] as x "
                               "![file where file.name : \"a*\"] [network where destination.ip == "
                               "\"10.0.0.1\" and process.pid == x.process.pid] until [process where "
                               "event.type == \"end\"] | eval n = x.process.pid + 1 | keep n, x.host.name";
static const char stats[] = "process where child of [process where process.name regex~ \"c.d\"] | stats "
                            "count() as n, dcount(user.name) by host.id over 5m | where n > 2 | sort n";
static const char kql[] =
    "process.name : (cmd.exe or power*) and not user.name : \"a b\" and process.pid >= 5";
static const char endgame[] =
    "join by user.name [process where process.name == \"a.exe\" or process.pid == 3] "
    "[file where wildcard(file.name, \"*.b\")] until [process where true] | head 2";
static const char broken[] = "process where process.nmae : 5 + and (";
static const char playbook[] = "# Execution – TA0002\n\n## T1059 – Shells\n\n`process.name : \"cmd.exe\"`\n\n"
                               "`process.name : \"powershell.exe\"`\n";
static const char lqfile[] = "---\nid: one\nattack: [T1027]\n---\n"
                             "process where length(process.command_line) > 5 and lookup(\"l\", user.name)\n"
                             "test match \"m\" {\"process\":{\"command_line\":\"abcdefg\"}}\n"
                             "---\nid: two\ndialect: kql\n---\nprocess.name : cmd.exe\n";
static const char toml[] = "[rule]\nrule_id = \"r\"\nname = \"N\"\nseverity = \"low\"\nlanguage = \"eql\"\n"
                           "type = \"eql\"\nquery = '''process where process.name : \"x\"'''\n"
                           "[[rule.threat]]\nframework = \"MITRE ATT&CK\"\n[rule.threat.tactic]\n"
                           "id = \"TA0002\"\nname = \"Execution\"\n";
static const char list[] = "a\nb*\n10.0.0.0/8\n";

enum form { QUERY, RULES, LIST };
static const struct input {
  enum form form;
  int dialect; // of a query; -1: whatever the build's is
  const char *name, *text;
} inputs[] = {
    {LIST, -1, "l.txt", list},
    {QUERY, LQ_DIALECT_NAME_LQ, "sequence", sequence},
    {QUERY, LQ_DIALECT_NAME_LQ, "stats", stats},
    {QUERY, LQ_DIALECT_NAME_LQ, "last", "any where true"},
    {QUERY, LQ_DIALECT_NAME_KQL, "kql", kql},
    {QUERY, LQ_DIALECT_NAME_KQL, "kql2", "process.name : x"},
    {QUERY, LQ_DIALECT_NAME_ENDGAME, "endgame", endgame},
    {QUERY, LQ_DIALECT_NAME_ENDGAME, "endgame2", "process where process.name == \"x\""},
    {QUERY, -1, "broken", broken},
    {RULES, -1, "p.md", playbook},
    {RULES, -1, "r.lq", lqfile},
    {RULES, -1, "r.toml", toml},
};
enum { INPUTS = sizeof inputs / sizeof *inputs };

typedef struct outcome {
  lq_status added[INPUTS], finished;
  size_t diags, n;
  char bytes[16384];
} outcome;

static lq_status add(lq_build *b, const struct input *i)
{
  size_t n = strlen(i->text);
  switch (i->form) {
  case QUERY: return lq_build_add_query(b, i->name, i->name, i->text, n);
  case RULES: return lq_build_add_file(b, i->name, i->text, n);
  case LIST: break;
  }
  return lq_build_add_list(b, "l", i->name, i->text, n);
}

static bool is_wanted(const struct input *i, uint32_t flags, uint32_t dialect)
{
  // A rule with errors ends a build that does not keep going.
  if (i->text == broken && !(flags & LQ_BUILD_KEEP_GOING))
    return false;
  return i->dialect < 0 || i->dialect == (int)dialect;
}

// False: there is no build at all.
static bool build(uint32_t flags, uint32_t dialect, const lq_allocator *m, outcome *out)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = flags, .dialect = dialect, .allocator = m};
  lq_build *b;
  lq_bundle *bundle = NULL;
  *out = (outcome){.n = 0};
  if (lq_build_new(&b, &o) != LQ_OK)
    return false;
  for (size_t i = 0; i < INPUTS; i++) {
    if (is_wanted(&inputs[i], flags, dialect))
      out->added[i] = add(b, &inputs[i]);
  }
  out->diags = lq_build_diag_count(b);
  out->finished = lq_build_finish(b, &bundle);
  if (bundle) {
    lq_text bytes = lq_bundle_bytes(bundle);
    cr_assert(bytes.n <= sizeof out->bytes, "%zu bytes", bytes.n);
    memcpy(out->bytes, bytes.p, out->n = bytes.n);
  }
  lq_bundle_free(bundle);
  lq_build_free(b);
  return true;
}

// What was said is true: a build that lost anything said so, and goes on saying so.
static bool is_honest(const outcome *got, const outcome *right)
{
  bool lost = false;
  for (size_t i = 0; i < INPUTS; i++) {
    bool same = got->added[i] == right->added[i] && !lost;
    bool unused = right->added[i] == LQ_OK && got->added[i] == LQ_OK; // perhaps of another dialect
    if (!same && !unused && got->added[i] != LQ_E_NOMEM)
      return false;
    lost = lost || got->added[i] == LQ_E_NOMEM;
  }
  if (lost || got->finished == LQ_E_NOMEM)
    return got->finished == LQ_E_NOMEM && got->n == 0;
  return got->finished == right->finished && got->n == right->n && got->diags == right->diags &&
         memcmp(got->bytes, right->bytes, right->n) == 0;
}

static void fail_each_once(uint32_t flags, uint32_t dialect)
{
  static outcome right, got;
  counting_mem c = {.live = 0};
  lq_allocator m = {counting_fn, &c};
  cr_assert(build(flags, dialect, &m, &right) && right.finished == LQ_OK && c.live == 0,
            "flags %u, dialect %u: status %d", flags, dialect, right.finished);
  for (size_t i = 0; i < INPUTS; i++)
    cr_assert(right.added[i] ==
                  (inputs[i].text == broken && flags & LQ_BUILD_KEEP_GOING ? LQ_E_QUERY : LQ_OK),
              "flags %u, dialect %u: %s gives %d", flags, dialect, inputs[i].name, right.added[i]);
  for (size_t n = 1, requests = c.requests; n <= requests; n++) {
    c = (counting_mem){.fail_at = n, .once = true};
    bool begun = build(flags, dialect, &m, &got);
    cr_expect(c.live == 0 && !c.wrong_size, "flags %u, dialect %u, request %zu: %zu bytes leaked", flags,
              dialect, n, c.live);
    cr_expect(!begun || is_honest(&got, &right), "flags %u, dialect %u, request %zu of %zu: finish gives %d",
              flags, dialect, n, requests, got.finished);
  }
}

Test(oom_resume, builds_with_every_flag)
{
  for (uint32_t flags = 0; flags < 64; flags++) {
    for (uint32_t dialect = 0; dialect < 3; dialect++)
      fail_each_once(flags, dialect);
  }
}

// ---- scans

static const char log_lines[] =
    "{\"@timestamp\":\"2024-05-01T10:00:00Z\",\"host\":{\"id\":\"h\",\"name\":\"n\"},\"event\":{\"category\":"
    "\"process\",\"type\":\"start\"},\"process\":{\"pid\":6,\"entity_id\":\"e\",\"name\":\"cxd\"},\"user\":{"
    "\"name\":\"\xff\"}}\n"
    "{broken\n"
    "{\"@timestamp\":\"2024-05-01T10:00:02Z\",\"host\":{\"id\":\"h\"},\"event\":{\"category\":\"network\"},"
    "\"process\":{\"pid\":6},\"destination\":{\"ip\":\"10.0.0.1\"}}\n"
    "{\"@timestamp\":\"2024-05-01T10:00:01Z\",\"host\":{\"id\":\"h\"},\"event\":{\"category\":\"process\","
    "\"type\":\"start\"},\"process\":{\"pid\":7,\"parent\":{\"pid\":6,\"entity_id\":\"e\"}}}\n"
    "{\"@timestamp\":\"2024-05-01T10:00:01Z\",\"host\":{\"id\":\"h\"},\"event\":{\"category\":\"process\","
    "\"type\":\"start\"},\"process\":{\"pid\":8,\"parent\":{\"pid\":6,\"entity_id\":\"e\"}}}\n"
    "{\"@timestamp\":\"2024-05-01T11:00:00Z\",\"host\":{\"id\":\"i\"},\"event\":{\"category\":\"file\"}}\n";

static const char *const rules[] = {
    sequence, stats, "any where length(process.name) > 1 | sort host.id | unique process.pid | head 5",
    "sample by host.id [process where true] [network where true]",
    "process where true | new_terms process.pid over 1h | suppress by host.id for 5m"};

static lq_bundle *bundle_of_rules(void)
{
  lq_build *b;
  lq_bundle *out;
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
    char id[] = {(char)('a' + i), '\0'};
    cr_assert(lq_build_add_query(b, id, id, rules[i], strlen(rules[i])) == LQ_OK, "%s", rules[i]);
  }
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

typedef struct day {
  size_t matches, live, saved;
  bool out_of_memory;
  char bytes[65536];
} day;

static int ignore(void *user, const char *bytes, size_t n)
{
  (void)user, (void)bytes, (void)n;
  return 0;
}

static int keep(void *user, const char *bytes, size_t n)
{
  day *d = user;
  cr_assert(n <= sizeof d->bytes - d->saved);
  memcpy(d->bytes + d->saved, bytes, n);
  d->saved += n;
  return 0;
}

static void note(day *d, lq_status s)
{
  d->out_of_memory = d->out_of_memory || s == LQ_E_NOMEM;
  cr_expect(s == LQ_OK || s == LQ_E_NOMEM || s == LQ_E_INPUT, "status %d", s);
}

static int on_match(void *user, const lq_match *m)
{
  day *d = user;
  d->matches++;
  note(d, lq_match_json(m, ignore, NULL));
  return 0;
}

static void on_live(void *user, const lq_live_view *live)
{
  (void)live;
  ((day *)user)->live++;
}

static int get(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  (void)user;
  *out = (lq_field_value){.kind = LQ_VALUE_TEXT, .text = {"process \xff", 9}};
  return nth == 0 && field.n == strlen("event.category") && memcmp(field.p, "event.category", field.n) == 0;
}

// Everything that a caller can do, whatever the calls before gave.
static void scan(const lq_bundle *b, const lq_allocator *m, day *d)
{
  static const uint8_t hash_key[16];
  enum { PIECE = 100 };
  lq_scan *s, *next;
  lq_scan_options o = {.struct_size = sizeof o, .allocator = m, .match = on_match, .user = d};
  o.lateness = 5000000000;
  o.hash_key = hash_key;
  lq_status made = lq_scan_new(&s, b, &o);
  note(d, made);
  if (made != LQ_OK)
    return;
  note(d, lq_scan_begin(s, "log"));
  for (size_t at = 0, n = strlen(log_lines); at < n; at += PIECE)
    note(d, lq_scan_feed(s, log_lines + at, n - at < PIECE ? n - at : PIECE));
  note(d, lq_scan_end(s));
  note(d, lq_scan_record(s, get, NULL, 1));
  note(d, lq_scan_each_live(s, on_live, d));
  lq_status saved = lq_scan_save(s, keep, d);
  note(d, saved);
  made = lq_scan_new(&next, b, &o);
  note(d, made);
  if (saved == LQ_OK && made == LQ_OK) {
    note(d, lq_scan_restore(next, d->bytes, d->saved, NULL, NULL));
    note(d, lq_scan_finish(next));
  }
  if (made == LQ_OK)
    lq_scan_free(next);
  note(d, lq_scan_finish(s));
  lq_stats stats_of = {.struct_size = sizeof stats_of};
  lq_scan_stats(s, &stats_of);
  lq_scan_free(s);
}

Test(oom_resume, scans)
{
  static day right, got;
  lq_bundle *b = bundle_of_rules();
  counting_mem c = {.live = 0};
  lq_allocator m = {counting_fn, &c};
  scan(b, &m, &right);
  cr_assert(c.live == 0 && right.matches > 3 && right.live > 0 && !right.out_of_memory, "%zu matches",
            right.matches);
  for (size_t n = 1, requests = c.requests; n <= requests; n++) {
    c = (counting_mem){.fail_at = n, .once = true};
    got = (day){.matches = 0};
    scan(b, &m, &got);
    cr_expect(c.live == 0 && !c.wrong_size, "request %zu of %zu: %zu bytes leaked", n, requests, c.live);
    // A cache that does without its memory is fine, as long as the answers stay the same.
    cr_expect(got.out_of_memory || (got.matches == right.matches && got.live == right.live),
              "request %zu of %zu: %zu matches of %zu, and nobody said why", n, requests, got.matches,
              right.matches);
  }
  lq_bundle_free(b);
}
