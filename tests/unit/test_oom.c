// Memory that runs out: each allocation of a whole day's work fails once, alone and with all after it.
// Nothing crashes, nothing leaks, the status says so, and the next run is right.
#include <criterion/criterion.h>
#include <libquery/lq.h>

#include "counting_mem.h"

static const char playbook[] = "# Execution – TA0002\n\n## T1059 – Shells\n\nAll of them, `cmd.exe` "
                               "first.\n\n`process.name : (\"cmd.exe\", \"powershell.exe\")`\n\n"
                               "### T1021 – Remote\n\n### T1021.001 – RDP\n\n"
                               "> `process.name : \"powershell.exe\"\n> | where process.command_line : "
                               "(\"*IEX*\", \"*Download*String*\") and not user.name : \"ä*\"`\n";
static const char lqfile[] =
    "---\nname: Several things\nattack: [T1027]\nseverity: high\n---\n"
    "process where length(process.command_line) + 1 > 5 and process.pid in (6, 7) and\n"
    "cidrMatch(source.ip, \"10.0.0.0/8\") and user.name regex~ \"svc.+\" and any(dll, name == \"a\")\n"
    "test match \"m\" "
    "{\"event\":{\"category\":\"process\"},\"process\":{\"pid\":6,\"command_line\":\"abcdefg\"},\"source\":{"
    "\"ip\":\"10.1.1.1\"},"
    "\"user\":{\"name\":\"SVC1\"},\"dll\":[{\"name\":\"a\"}]}\n"
    "---\nname: KQL\ndialect: kql\n---\nprocess.name : (cmd.exe or power*) and not user.name : \"a b\" and "
    "message : some*words and process.pid >= 5\n"
    "---\nname: Values\n---\n"
    "any where concat(process.name, \"-\", user.name) == \"a-b\" or substring(process.name, 1, 3) : \"m*\" "
    "or\n"
    "lower(process.command_line) like \"*iex*\" or `odd name` == null or length(process.args) > 1 or\n"
    "process.pid * 2 / 3 >= 1.5 or match(process.name, \"c.*\", \"d.*\") or file:{ name : \"a*\" and size > "
    "5 } or\n"
    "arrayContains(process.args, \"1\") or split(process.command_line, \" \") == \"IEX\"\n"
    "| where not process.name in (\"a\", \"b\", \"b\", \"*.exe\")\n"
    "---\nnmae: x\n---\nx == == 1 or length(1) or foo(2) or process.nmae : 'x' and (a in (1, \"b\")\n"
    "---\nid: s\n---\nsequence by host.id with maxspan=5m [process where true] [file where true] | head 5\n"
    "---\nid: t\n---\nsequence by k with maxspan=5m [process where true] as x ![any where lookup(\"l\", a)] "
    "[file where pid == x.pid and child of [any where lookup(\"m\", b)]] by ?m until [any where true]\n"
    "---\nid: u\n---\nsequence by k with maxspan=5m [process where true] as x ![any where lookup(\"l\", a)] "
    "[file where pid == x.pid and child of [any where lookup(\"m\", b)]] until [any where true] | where "
    "x.pid > 1 | "
    "sort events[0].user.name\n"
    "---\nid: v\n---\nany where lookup(\"n\", a) | stats count() as n, dcount(b + 1) by c, lower(d) over 5m "
    "| where n > 2\n";
static const char log_lines[] =
    "{\"@timestamp\":\"2024-05-01T10:11:12Z\",\"process\":{\"name\":\"PowerShell.exe\",\"command_line\":\"a "
    "\\u00e4 IEX \xff\",\"args\":[1,2]}}\n"
    "{broken\n"
    "{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/"
    "Operational\",\"Image\":\"C:\\\\Windows\\\\cmd.exe\","
    "\"CommandLine\":\"cmd /c x\",\"ProcessId\":7}\n";
static const char log_array[] =
    "[{\"process.name\":\"cmd.exe\"},\n "
    "{\"_source\":{\"process\":{\"name\":\"cmd.exe\"},\"file\":[{\"name\":\"abc\",\"size\":6}]}}]\n";

typedef struct alerts {
  char p[16384];
  size_t n;
  lq_status failed; // inside a callback
} alerts;

static int put(void *user, const char *bytes, size_t n)
{
  alerts *a = user;
  if (n >= sizeof a->p - a->n)
    return 1;
  memcpy(a->p + a->n, bytes, n);
  a->n += n;
  return 0;
}

static int on_match(void *user, const lq_match *m)
{
  alerts *a = user;
  lq_text value;
  lq_status s = lq_match_json(m, put, a);
  if (s == LQ_OK)
    s = lq_match_field(m, "process.pid", &value);
  if (s == LQ_E_NOTFOUND)
    s = LQ_OK;
  a->failed = s;
  return s != LQ_OK;
}

static int on_test(void *user, const lq_test_result *r)
{
  alerts *a = user;
  return put(a, r->passed ? "+" : "-", 1);
}

static const struct {
  const char *name, *file, *text;
} lists[] = {{"l", "l.txt", "a\nb*\n10.0.0.0/8\n"},
             {"m", "m.csv", "id,value\n1,\"x\"\"y\"\n"},
             {"n", "n.ndjson", "\"\\u0041\"\n{\"value\":5}\n"}};

static lq_status compile(const lq_allocator *m, lq_bundle **out, alerts *a)
{
  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_KEEP_GOING, .allocator = m};
  lq_build *b;
  lq_status s = lq_build_new(&b, &o);
  if (s != LQ_OK)
    return s;
  for (size_t i = 0; i < sizeof lists / sizeof *lists && s == LQ_OK; i++)
    s = lq_build_add_list(b, lists[i].name, lists[i].file, lists[i].text, strlen(lists[i].text));
  if (s == LQ_OK)
    s = lq_build_add_file(b, "p.md", playbook, strlen(playbook));
  if (s == LQ_OK)
    s = lq_build_add_file(b, "r.lq", lqfile, strlen(lqfile));
  if (s == LQ_E_QUERY)
    s = LQ_OK;
  for (size_t i = 0; i < lq_build_diag_count(b) && s == LQ_OK; i++)
    s = lq_build_diag_text(b, i, 1, put, a);
  if (s == LQ_OK)
    s = lq_build_print(b, 2, 60, put, a);
  if (s == LQ_OK)
    s = lq_build_finish(b, out);
  lq_build_free(b);
  return s;
}

static lq_status feed(lq_scan *s, const char *name, const char *bytes)
{
  enum { PIECE = 50 };
  lq_status status = lq_scan_begin(s, name);
  for (size_t left = strlen(bytes); left > 0 && status == LQ_OK;) {
    size_t n = left < PIECE ? left : PIECE;
    status = lq_scan_feed(s, bytes, n);
    bytes += n;
    left -= n;
  }
  return status == LQ_OK ? lq_scan_end(s) : status;
}

static int get(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  (void)user;
  *out = (lq_field_value){.kind = LQ_VALUE_TEXT, .text = {"cmd.exe \xff", 9}};
  return nth == 0 && field.n == strlen("process.name") && memcmp(field.p, "process.name", field.n) == 0;
}

static lq_status run(const lq_allocator *m, const lq_bundle *b, alerts *a)
{
  lq_scan_options o = {.struct_size = sizeof o, .allocator = m, .match = on_match, .user = a};
  lq_scan *s;
  lq_status status = lq_scan_new(&s, b, &o);
  if (status != LQ_OK)
    return status;
  status = feed(s, "log", log_lines);
  if (status == LQ_OK)
    status = feed(s, "array", log_array);
  if (status == LQ_OK)
    status = lq_scan_record(s, get, NULL, 1);
  lq_scan_free(s);
  return status == LQ_E_CANCELLED ? a->failed : status;
}

// The whole day: compile, disassemble, save, load, test, scan.
static lq_status work(const lq_allocator *m, alerts *a)
{
  lq_bundle *built = NULL, *loaded = NULL;
  *a = (alerts){.n = 0};
  lq_status s = compile(m, &built, a);
  if (s == LQ_OK)
    s = lq_bundle_disasm(built, 0, put, a);
  if (s == LQ_OK) {
    lq_text bytes = lq_bundle_bytes(built);
    s = lq_bundle_load(&loaded, bytes.p, bytes.n, NULL, m, NULL);
  }
  if (s == LQ_OK)
    s = lq_bundle_run_tests(loaded, NULL, m, on_test, a);
  if (s == LQ_OK)
    s = run(m, loaded, a);
  lq_bundle_free(loaded);
  lq_bundle_free(built);
  return s;
}

static void fail_each(bool once)
{
  static alerts right, got;
  counting_mem c = {.live = 0};
  lq_allocator m = {counting_fn, &c};
  cr_assert(work(&m, &right) == LQ_OK);
  cr_assert(c.live == 0 && !c.wrong_size && right.n > 1000, "%zu bytes", right.n);
  size_t requests = c.requests, survived = 0;
  for (size_t n = 1; n <= requests; n++) {
    c = (counting_mem){.fail_at = n, .once = once};
    lq_status s = work(&m, &got);
    cr_assert(c.live == 0, "request %zu of %zu: %zu bytes leaked", n, requests, c.live);
    cr_assert(!c.wrong_size, "request %zu: a size was wrong", n);
    // A cache that does without its memory is fine, as long as the answers stay the same.
    bool same = s == LQ_OK && got.n == right.n && memcmp(got.p, right.p, got.n) == 0;
    survived += same;
    cr_expect(s == LQ_E_NOMEM || same, "request %zu of %zu%s: status %d, %zu bytes of %zu", n, requests,
              once ? ", once" : "", s, got.n, right.n);
  }
  cr_log_info("%zu requests, %zu done without\n", requests, survived);
  c = (counting_mem){.live = 0};
  cr_expect(work(&m, &got) == LQ_OK && got.n == right.n && memcmp(got.p, right.p, got.n) == 0);
}

Test(oom, the_nth_request_and_all_after_it)
{
  fail_each(false);
}

Test(oom, the_nth_request_alone)
{
  fail_each(true);
}

// A schema that is read, one with a mistake, and a rule that is checked against the first.
static lq_status with_schemas(const lq_allocator *m)
{
  static const char good[] = "name,type\nprocess.name,keyword\n", bad[] = "name,type\na,strange\n",
                    query[] = "process.nam : \"x\"";
  lq_build_options o = {.struct_size = sizeof o, .allocator = m};
  lq_build *b;
  lq_status s = lq_build_new(&b, &o);
  if (s != LQ_OK)
    return s;
  s = lq_build_set_schema(b, "good.csv", good, sizeof good - 1);
  if (s == LQ_OK && (s = lq_build_set_schema(b, "bad.csv", bad, sizeof bad - 1)) == LQ_E_QUERY)
    s = lq_build_set_schema(b, "good.csv", good, sizeof good - 1);
  if (s == LQ_OK && (s = lq_build_add_query(b, "<query>", NULL, query, sizeof query - 1)) == LQ_E_QUERY)
    s = lq_build_error_count(b) == 2 && lq_build_diag_count(b) == 2 ? LQ_OK : LQ_E_INTERNAL;
  lq_build_free(b);
  return s;
}

Test(oom, schemas)
{
  counting_mem c = {.live = 0};
  lq_allocator m = {counting_fn, &c};
  cr_assert(with_schemas(&m) == LQ_OK && c.live == 0);
  for (size_t n = 1, requests = c.requests; n <= requests; n++) {
    c = (counting_mem){.fail_at = n};
    lq_status s = with_schemas(&m);
    cr_expect((s == LQ_E_NOMEM || s == LQ_OK) && c.live == 0 && !c.wrong_size,
              "request %zu of %zu: status %d", n, requests, s);
  }
}
