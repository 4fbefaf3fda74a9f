// The public API as an embedder sees it: build, load, scan, getters, why, errors.
#include <stdio.h>
#include <stdlib.h>

#include "library.h"

static int refuse(void *user, const char *bytes, size_t n)
{
  (void)user, (void)bytes, (void)n;
  return 1;
}

static const char playbook[] = "# Execution – TA0002\n\n## T1059 – Shells\n\nAll of them.\n\n`process.name : "
                               "(\"cmd.exe\", \"powershell.exe\")`\n\n"
                               "With arguments\n\n`process.name : \"powershell.exe\"\n| where "
                               "process.command_line : (\"*IEX*\", \"*DownloadString*\")`\n\n"
                               "Not a query: `sc.exe`.\n";

static const char lqfile[] = "---\nid: rule-x\nname: X\nattack: [T1027]\nseverity: high\nrisk_score: "
                             "47\n---\nprocess.pid > 5 and user.name == \"a\"\n"
                             "test match \"six\" {\"process\":{\"pid\":6},\"user\":{\"name\":\"a\"}}\n"
                             "test none {\"process\":{\"pid\":5},\"user\":{\"name\":\"a\"}}\n"
                             "test count 1 {\"process.pid\":7,\"user.name\":\"a\"} {\"process.pid\":1}\n"
                             "test match \"wrong\" {\"a\":1}\n";

static lq_bundle *two_files(void)
{
  lq_build *b;
  lq_bundle *out = NULL;
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  cr_assert(lq_build_add_file(b, "dir/execution.md", playbook, strlen(playbook)) == LQ_OK);
  cr_assert(lq_build_add_file(b, "x.lq", lqfile, strlen(lqfile)) == LQ_OK);
  cr_assert(lq_build_finish(b, &out) == LQ_OK);
  lq_build_free(b);
  return out;
}

// ---- building

Test(api, what_a_build_finds)
{
  static const struct {
    uint32_t state, line;
    const char *id, *name, *attack, *reason;
  } wanted[] = {
      {LQ_FOUND_COMPILED, 7, "execution/T1059", "Shells", "T1059 TA0002", ""},
      {LQ_FOUND_COMPILED, 11, "execution/T1059-2", "Shells: With arguments", "T1059 TA0002", ""},
      {LQ_FOUND_SKIPPED, 14, "", "", "", "a name alone, nothing is compared"},
      {LQ_FOUND_COMPILED, 8, "rule-x", "X", "T1027", ""},
  };
  lq_build *b;
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  cr_expect(lq_build_add_file(b, "execution.md", playbook, strlen(playbook)) == LQ_OK);
  cr_expect(lq_build_add_file(b, "x.lq", lqfile, strlen(lqfile)) == LQ_OK);
  cr_expect(lq_build_add_file(b, "x.exe", "", 0) == LQ_E_UNSUPPORTED);
  cr_expect(lq_build_takes("a/b.md") && lq_build_takes("B.LQ") && !lq_build_takes("b.txt"));
  cr_assert(lq_build_found_count(b) == 4);
  for (size_t i = 0; i < 4; i++) {
    lq_found f = LQ_INIT(lq_found);
    cr_assert(lq_build_found(b, i, &f) == LQ_OK);
    cr_expect(f.state == wanted[i].state && f.line == wanted[i].line, "%zu: state %u, line %u", i, f.state,
              f.line);
    cr_expect(is(f.id, wanted[i].id) && is(f.name, wanted[i].name) && is(f.attack, wanted[i].attack),
              "%zu: %.*s", i, (int)f.id.n, f.id.p);
    cr_expect(is(f.reason, wanted[i].reason) && is(f.file, i < 3 ? "execution.md" : "x.lq"));
  }
  text t = {0};
  cr_expect(lq_build_print(b, 3, 0, put, &t) == LQ_OK);
  cr_expect(strcmp(t.p, "process.pid > 5 and user.name == \"a\"") == 0 ||
                strcmp(t.p, "process.pid > 5 and user.name == \"a\"\n") == 0,
            "%s", t.p);
  cr_expect(lq_build_print(b, 2, 0, put, &t) == LQ_E_NOTFOUND);
  cr_expect(lq_build_print_tree(b, 3, put, &t) == LQ_OK);
  cr_expect(lq_build_print_tree(b, 3, refuse, NULL) == LQ_E_IO);
  cr_expect(lq_build_found(b, 4, &LQ_INIT(lq_found)) == LQ_E_NOTFOUND);
  lq_build_free(b);
}

Test(api, errors_are_placed_in_the_file)
{
  static const char page[] = "# T1059\n\n> `process.name : \"a\" and\n> process.pid == == 1`\n\n`x.y == 1`\n";
  lq_build *b;
  lq_bundle *bundle = NULL;
  lq_diagnostic d = LQ_INIT(lq_diagnostic);
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  cr_expect(lq_build_add_file(b, "p.md", page, strlen(page)) == LQ_E_QUERY);
  cr_assert(lq_build_error_count(b) == 1 && lq_build_diag(b, 0, &d) == LQ_OK);
  cr_expect(d.line == 4 && d.severity == LQ_SEVERITY_ERROR && is(d.file, "p.md"), "line %u", d.line);
  cr_expect(is(d.rule, "p/T1059"), "%.*s", (int)d.rule.n, d.rule.p);
  cr_expect(d.column == 18 && d.start == (uint64_t)(strstr(page, "== 1`") - page), "column %u", d.column);
  text t = {0};
  cr_expect(lq_build_diag_text(b, 0, 0, put, &t) == LQ_OK && strstr(t.p, "p.md:4:18"), "%s", t.p);
  cr_expect(lq_build_diag_json(b, 0, put, &t) == LQ_OK);
  cr_expect(lq_build_diag_json(b, 0, refuse, NULL) == LQ_E_IO);
  cr_expect(lq_build_finish(b, &bundle) == LQ_E_QUERY && !bundle);
  lq_build_free(b);

  lq_build_options o = {.struct_size = sizeof o, .flags = LQ_BUILD_KEEP_GOING};
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  cr_expect(lq_build_add_file(b, "p.md", page, strlen(page)) == LQ_E_QUERY);
  cr_expect(lq_build_finish(b, &bundle) == LQ_OK && lq_bundle_rule_count(bundle) == 1);
  lq_bundle_free(bundle);
  lq_build_free(b);
}

Test(api, ids_are_unique)
{
  lq_build *b;
  lq_bundle *bundle;
  lq_diagnostic d = LQ_INIT(lq_diagnostic);
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  cr_expect(lq_build_add_file(b, "a.lq", "---\nid: one\n---\nx.y == 1", 24) == LQ_OK);
  cr_expect(lq_build_add_file(b, "a.lq", "---\nid: one\n---\n\nx.y == 2", 25) == LQ_E_QUERY);
  cr_assert(lq_build_diag(b, 0, &d) == LQ_OK);
  cr_expect(d.code == 217 && is(d.file, "a.lq") && d.line == 5, "LQ%u at line %u", d.code, d.line);
  cr_expect(is(d.note, "the other one is at a.lq:4"), "%.*s", (int)d.note.n, d.note.p);
  // Of another file it is only said, when all are there, and the rule gets another name.
  for (int i = 0; i < 2; i++)
    cr_expect(lq_build_add_file(b, i ? "c.lq" : "b.lq", "---\nid: one\n---\n\nx.y == 2", 25) == LQ_OK);
  cr_expect(lq_build_finish(b, &bundle) == LQ_E_QUERY);
  for (int i = 0; i < 2; i++) {
    lq_found f = LQ_INIT(lq_found);
    cr_assert(lq_build_diag(b, 1 + (size_t)i, &d) == LQ_OK);
    cr_expect(d.code == 414 && d.severity == LQ_SEVERITY_WARNING && d.line == 5, "LQ%u", d.code);
    cr_expect(is(d.note, "the other one is at a.lq:4"), "%.*s", (int)d.note.n, d.note.p);
    cr_assert(lq_build_found(b, 2 + (size_t)i, &f) == LQ_OK);
    cr_expect(is(f.id, i ? "one-3" : "one-2"), "%.*s", (int)f.id.n, f.id.p);
  }
  lq_build_free(b);
}

// Each list has its own form; what is looked up in them is told by which of the events match.
static const struct {
  const char *name, *file, *text;
} lists[] = {
    {"names", "names.txt", "# who\nevil.exe\r\n\n  *mimi*  \n"},
    {"names", "more.txt", "second.exe"},
    {"nets", "dir/nets.TXT",
     "\xEF\xBB\xBF"
     "10.0.0.0/8\n2001:db8::1\n192.0.2.7"},
    {"table", "t.csv", "id,Value,note\n1,\"a,\"\"b\"\"\",x\n2,c\n3,\"two\nlines\",\n"},
    {"column", "c.csv", "first\none\ntwo\n"},
    {"json", "j.ndjson", "\"x\\u0041\"\n4624\n{\"value\":true,\"by\":\"me\"}\n\n"},
};

static const struct {
  const char *query, *record;
  int matches;
} lookups[] = {
    {"lookup(\"names\", x)", "{\"x\":\"evil.exe\"}", 1},
    {"lookup(\"names\", x)", "{\"x\":\"Evil.exe\"}", 0},
    {"lookup(\"names\", x)", "{\"x\":\"amimic\"}", 1},
    {"lookup(\"names\", x)", "{\"x\":\"second.exe\"}", 1},
    {"lookup(\"names\", x)", "{\"x\":\"# who\"}", 0},
    {"not lookup(\"names\", x)", "{\"y\":1}", 1},
    {"lookup(\"names\", lower(x))", "{\"x\":\"EVIL.exe\"}", 1},
    {"lookup(\"names\", x) == true", "{\"x\":\"evil.exe\"}", 1},
    {"lookup(\"names\", concat(x, \".exe\"))", "{\"x\":[\"a\",\"evil\"]}", 1},
    {"lookup(\"nets\", x)", "{\"x\":\"10.20.30.40\"}", 1},
    {"lookup(\"nets\", x)", "{\"x\":\"11.20.30.40\"}", 0},
    {"lookup(\"nets\", x)", "{\"x\":\"2001:0DB8:0:0::1\"}", 1},
    {"lookup(\"nets\", x)", "{\"x\":\"192.0.2.7\"}", 1},
    {"lookup(\"table\", x)", "{\"x\":\"a,\\\"b\\\"\"}", 1},
    {"lookup(\"table\", x)", "{\"x\":\"two\\nlines\"}", 1},
    {"lookup(\"table\", x)", "{\"x\":\"1\"}", 0},
    {"lookup(\"table\", x)", "{\"x\":\"Value\"}", 0},
    {"lookup(\"column\", x)", "{\"x\":\"two\"}", 1},
    {"lookup(\"json\", x)", "{\"x\":\"xA\"}", 1},
    {"lookup(\"json\", x)", "{\"x\":\"4624\"}", 1},
    {"lookup(\"json\", x)", "{\"x\":true}", 1},
    {"lookup(\"absent\", x)", "{\"x\":\"y\"}", 0},
    {"not lookup(\"absent\", x)", "{\"x\":\"y\"}", 1},
};

static lq_build *build_with_lists(void)
{
  lq_build *b;
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    cr_expect(lq_build_add_list(b, lists[i].name, lists[i].file, lists[i].text, strlen(lists[i].text)) ==
              LQ_OK);
  return b;
}

Test(api, lists)
{
  for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
    lq_build *b = build_with_lists();
    lq_bundle *bundle;
    lq_scan *s;
    int matches = 0;
    cr_expect(lq_build_add_query(b, "<query>", NULL, lookups[i].query, strlen(lookups[i].query)) == LQ_OK);
    cr_assert(lq_build_finish(b, &bundle) == LQ_OK);
    lq_scan_options o = {.struct_size = sizeof o, .match = count_match, .user = &matches};
    cr_assert(lq_scan_new(&s, bundle, &o) == LQ_OK);
    size_t n = strlen(lookups[i].record);
    cr_assert(lq_scan_begin(s, "events") == LQ_OK && lq_scan_feed(s, lookups[i].record, n) == LQ_OK);
    cr_assert(lq_scan_end(s) == LQ_OK);
    cr_expect(matches == lookups[i].matches, "%s over %s", lookups[i].query, lookups[i].record);
    lq_scan_free(s);
    lq_bundle_free(bundle);
    lq_build_free(b);
  }
}

Test(api, lists_that_are_wrong)
{
  lq_limits limits = {.struct_size = sizeof limits, .max_list = 2};
  lq_build_options o = {.struct_size = sizeof o, .limits = &limits};
  lq_build *b;
  lq_diagnostic d = LQ_INIT(lq_diagnostic);
  cr_assert(lq_build_new(&b, &o) == LQ_OK);
  cr_expect(lq_build_add_list(b, "a", "a.json", "x", 1) == LQ_E_UNSUPPORTED &&
            !lq_build_takes_list("a.json"));
  cr_expect(lq_build_add_list(b, "", "a.txt", "x", 1) == LQ_E_USAGE);
  cr_expect(lq_build_add_list(b, "a", "a.txt", "x\ny\nz", 5) == LQ_E_LIMIT);
  cr_expect(lq_build_add_list(b, "a", "a.ndjson", "1\n{\"v\":1}\n[2", 12) == LQ_E_QUERY);
  cr_assert(lq_build_diag(b, 0, &d) == LQ_OK);
  cr_expect(d.code == 501 && d.line == 2 && is(d.file, "a.ndjson"), "LQ%u at %u", d.code, d.line);
  cr_assert(lq_build_diag(b, 1, &d) == LQ_OK);
  cr_expect(d.code == 501 && d.line == 3);
  cr_expect(lq_build_add_query(b, "<query>", NULL, "lookup(\"b\", x)", 14) == LQ_OK);
  cr_assert(lq_build_diag(b, 2, &d) == LQ_OK);
  cr_expect(d.code == 415 && d.severity == LQ_SEVERITY_WARNING);
  cr_expect(lq_build_add_query(b, "<query>", "q2", "lookup(y, x)", 12) == LQ_E_QUERY);
  cr_expect(lq_build_add_list(b, "empty", "e.csv", "", 0) == LQ_OK);
  lq_build_free(b);
}

Test(api, limits_of_a_build)
{
  static const struct {
    lq_limits limits;
    const char *query;
    uint32_t code;
  } table[] = {
      {{.max_depth = 12},
       "((((((((((((not (a == 1 and (b == 2 or (c == 3 and (d == 4 or not not not not not (e == 5 and f == "
       "6)))))))))))))))))",
       301},
      {{.max_list = 2}, "a in (1, 2, 3)", 302},
      {{.max_code = 2}, "a == 1 and b > 2 and c < 3", 302},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    lq_limits l = table[i].limits;
    l.struct_size = sizeof l;
    for (int limited = 0; limited < 2; limited++) {
      lq_build_options o = {.struct_size = sizeof o, .limits = limited ? &l : NULL};
      lq_build *b;
      cr_assert(lq_build_new(&b, &o) == LQ_OK);
      lq_status s = lq_build_add_query(b, "q", NULL, table[i].query, strlen(table[i].query));
      cr_expect(s == (limited ? LQ_E_QUERY : LQ_OK), "%s: %d", table[i].query, s);
      lq_diagnostic d = LQ_INIT(lq_diagnostic);
      for (size_t k = 0; limited && d.code != table[i].code && lq_build_diag(b, k, &d) == LQ_OK; k++)
        ;
      cr_expect(!limited || d.code == table[i].code, "%s: LQ%u", table[i].query, d.code);
      lq_build_free(b);
    }
  }
}

Test(api, calls_that_are_wrong)
{
  lq_build *b;
  lq_bundle *bundle;
  lq_scan *scan;
  lq_errinfo info = LQ_INIT(lq_errinfo);
  cr_expect(lq_build_new(&b, &(lq_build_options){.struct_size = 1001}) == LQ_E_USAGE);
  cr_expect(lq_build_new(&b, &(lq_build_options){.struct_size = sizeof(lq_build_options), .dialect = 9}) ==
            LQ_E_USAGE);
  cr_expect(lq_build_new(NULL, NULL) == LQ_E_USAGE);
  cr_expect(lq_bundle_load(&bundle, "x", 1, NULL, NULL, &info) == LQ_E_BUNDLE && !bundle);
  cr_expect(info.reason != 0 && info.message[0] != '\0');
  cr_expect(lq_bundle_load(&bundle, NULL, 1, NULL, NULL, NULL) == LQ_E_USAGE);
  cr_expect(lq_scan_new(&scan, NULL, NULL) == LQ_E_USAGE);
  cr_assert(lq_build_new(&b, NULL) == LQ_OK);
  cr_expect(lq_build_add_query(b, NULL, NULL, "x == 1", 6) == LQ_E_USAGE);
  cr_expect(lq_build_add_query(b, "q", "", "x == 1", 6) == LQ_E_USAGE);
  cr_expect(lq_build_add_query(b, "q", NULL, "x == \xff", 6) == LQ_E_QUERY);
  lq_build_free(b);
  lq_build_free(NULL);
  lq_bundle_free(NULL);
  lq_scan_free(NULL);
  lq_limits l = {.struct_size = sizeof l};
  lq_limits_default(&l);
  cr_expect(l.struct_size == sizeof l && l.max_depth == 256 && l.max_ratio == 200);
  cr_expect(strcmp(lq_version(), LQ_VERSION_STRING) == 0);
  for (int s = LQ_E_UNSUPPORTED; s <= LQ_OK; s++)
    cr_expect(strcmp(lq_status_text((lq_status)s), "an unknown status") != 0, "%d", s);
}

// ---- bundles

typedef struct bundle_source {
  lq_text bytes;
  int calls;
  bool fails;
} bundle_source;

static int fill(void *user, void *p, size_t n)
{
  bundle_source *s = user;
  s->calls++;
  cr_assert(n <= s->bytes.n);
  memcpy(p, s->bytes.p, s->fails ? n / 2 : n);
  return s->fails;
}

Test(api, bundles_are_read_in_place)
{
  lq_bundle *a = two_files(), *b;
  bundle_source s = {.bytes = lq_bundle_bytes(a)};
  lq_errinfo info = LQ_INIT(lq_errinfo);
  cr_assert(lq_bundle_load_by(&b, s.bytes.n, fill, &s, NULL, NULL, NULL) == LQ_OK);
  cr_expect(s.calls == 1 && strcmp(lq_bundle_digest(a), lq_bundle_digest(b)) == 0);
  lq_bundle_free(b);
  cr_expect(lq_bundle_load_by(&b, s.bytes.n - 8, fill, &s, NULL, NULL, &info) == LQ_E_BUNDLE && !b);
  s.fails = true;
  cr_expect(lq_bundle_load_by(&b, s.bytes.n, fill, &s, NULL, NULL, &info) == LQ_E_IO && !b);
  cr_expect(strstr(info.message, "read") && info.reason == 0);
  s.calls = 0;
  lq_limits l = {.struct_size = sizeof l, .max_bundle = 100};
  cr_expect(lq_bundle_load_by(&b, s.bytes.n, fill, &s, &l, NULL, NULL) == LQ_E_LIMIT && s.calls == 0);
  cr_expect(lq_bundle_load_by(&b, 0, fill, &s, NULL, NULL, NULL) == LQ_E_BUNDLE && s.calls == 0);
  cr_expect(lq_bundle_load_by(&b, 1, NULL, NULL, NULL, NULL, NULL) == LQ_E_USAGE);
  cr_expect(lq_bundle_load_by(NULL, 1, fill, &s, NULL, NULL, NULL) == LQ_E_USAGE);
  lq_bundle_free(a);
}

Test(api, bundles_are_bytes)
{
  lq_bundle *a = two_files(), *b = two_files(), *c;
  lq_text bytes = lq_bundle_bytes(a), again = lq_bundle_bytes(b);
  cr_expect(bytes.n == again.n && memcmp(bytes.p, again.p, bytes.n) == 0);
  cr_expect(lq_bundle_is_bundle(bytes.p, bytes.n) && !lq_bundle_is_bundle("{\"a\":1}   ", 10));
  cr_expect(strlen(lq_bundle_digest(a)) == 64 && strcmp(lq_bundle_digest(a), lq_bundle_digest(b)) == 0);
  cr_assert(lq_bundle_load(&c, bytes.p, bytes.n, NULL, NULL, NULL) == LQ_OK);
  cr_expect(strcmp(lq_bundle_digest(a), lq_bundle_digest(c)) == 0);
  cr_expect(lq_bundle_load(&(lq_bundle *){0}, bytes.p, bytes.n - 8, NULL, NULL, NULL) == LQ_E_BUNDLE);
  lq_limits l = {.struct_size = sizeof l, .max_rules = 2};
  cr_expect(lq_bundle_load(&(lq_bundle *){0}, bytes.p, bytes.n, &l, NULL, NULL) == LQ_E_LIMIT);
  lq_bundle_free(a);
  lq_bundle_free(b);
  lq_bundle_free(c);
}

static int count_section(void *user, const lq_section_view *s)
{
  cr_expect(s->name && s->length > 0);
  return ++*(int *)user == 3;
}

Test(api, what_a_bundle_holds)
{
  lq_bundle *b = two_files();
  lq_rule_view v = LQ_INIT(lq_rule_view);
  lq_text key, value;
  size_t i;
  cr_assert(lq_bundle_rule_count(b) == 3);
  cr_assert(lq_bundle_find(b, "rule-x", 0, &i) == LQ_OK && lq_bundle_rule(b, i, &v) == LQ_OK);
  cr_expect(is(v.id, "rule-x") && is(v.name, "X") && is(v.severity, "high") && is(v.file, "x.lq") &&
            is(v.kind, "query"));
  cr_expect(is(v.query, "process.pid > 5 and user.name == \"a\"") && v.line == 8 && v.instructions > 0);
  cr_expect(lq_bundle_rule_meta(b, i, "attack", 0, NULL, &value) == LQ_OK && is(value, "T1027"));
  cr_expect(lq_bundle_rule_meta(b, i, "attack", 1, NULL, &value) == LQ_E_NOTFOUND);
  cr_expect(lq_bundle_rule_meta(b, i, NULL, 0, &key, &value) == LQ_OK && key.n > 0);
  cr_expect(lq_bundle_find(b, "T1059", 0, &i) == LQ_OK && lq_bundle_rule(b, i, &v) == LQ_OK &&
            is(v.id, "execution/T1059"));
  cr_expect(is(v.description, "All of them."));
  cr_expect(lq_bundle_find(b, "t1059", i + 1, &i) == LQ_OK && lq_bundle_rule(b, i, &v) == LQ_OK &&
            is(v.id, "execution/T1059-2"));
  cr_expect(lq_bundle_find(b, "T1059", i + 1, &i) == LQ_E_NOTFOUND);
  cr_expect(lq_bundle_find(b, "Shells", 0, &i) == LQ_OK);
  text t = {0};
  cr_expect(lq_bundle_disasm(b, 0, put, &t) == LQ_OK && t.n > 0);
  cr_expect(lq_bundle_disasm(b, 3, put, &t) == LQ_E_NOTFOUND);
  cr_expect(lq_bundle_field_count(b) == 4 && lq_bundle_field(b, 0).n > 0 && lq_bundle_field(b, 9).n == 0);
  cr_expect(lq_bundle_predicate_count(b) > 0);
  int n = 0;
  cr_expect(lq_bundle_sections(b, count_section, &n) == LQ_E_CANCELLED && n == 3);
  lq_bundle_free(b);
}

typedef struct verdicts {
  char p[64];
} verdicts;

static int on_test(void *user, const lq_test_result *r)
{
  verdicts *v = user;
  strcat(v->p, r->passed ? "+" : "-");
  cr_expect(r->reason.n == 0, "%.*s", (int)r->reason.n, r->reason.p);
  cr_expect(r->kind != 2 || (r->wanted == 1 && r->got == 1));
  return 0;
}

Test(api, tests_beside_rules)
{
  lq_bundle *b = two_files();
  verdicts v = {{0}};
  cr_expect(lq_bundle_run_tests(b, NULL, NULL, on_test, &v) == LQ_OK);
  cr_expect(strcmp(v.p, "+++-") == 0, "%s", v.p);
  lq_bundle_free(b);
}

// ---- scanning

typedef struct log {
  text json, seen;
  int bad;
  size_t stop_after;
} log;

static int on_match(void *user, const lq_match *m)
{
  log *l = user;
  lq_rule_view v = LQ_INIT(lq_rule_view);
  char line[100];
  lq_bundle_rule(lq_match_bundle(m), lq_match_rule(m), &v);
  snprintf(line, sizeof line, "%.*s:%llu ", (int)v.id.n, v.id.p, (unsigned long long)lq_match_line(m));
  put(&l->seen, line, strlen(line));
  cr_expect(lq_match_json(m, put, &l->json) == LQ_OK);
  put(&l->json, "\n", 1);
  cr_expect(lq_match_json(m, refuse, NULL) == LQ_E_IO);
  return l->stop_after > 0 && --l->stop_after == 0;
}

static int on_bad(void *user, const lq_bad_event *b)
{
  log *l = user;
  l->bad++;
  cr_expect(b->reason.n > 0 && b->line == 2 && is(b->source, "a.ndjson"));
  return 0;
}

static const char events[] = "{\"@timestamp\":\"2024-05-01T10:11:12Z\",\"process\":{\"name\":\"PowerShell."
                             "exe\",\"command_line\":\"powershell iex $x\"}}\n"
                             "{\"process\":\n"
                             "{\"process.name\":\"cmd.exe\",\"process.pid\":6,\"user.name\":\"a\"}\n"
                             "{\"process.name\":\"calc.exe\"}\n";

static const char wanted_json[] =
    "{\"id\":\"00c0a4f3\",\"@timestamp\":\"2024-05-01T10:11:12.000Z\",\"rule\":{\"id\":\"execution/"
    "T1059\",\"name\":\"Shells\","
    "\"attack\":[\"T1059\",\"TA0002\"]},\"events\":[{\"@timestamp\":\"2024-05-01T10:11:12Z\",\"process\":{"
    "\"name\":\"PowerShell.exe\","
    "\"command_line\":\"powershell iex "
    "$x\"}}],\"sources\":[{\"file\":\"a.ndjson\",\"line\":1}],\"why\":[{\"clause\":"
    "\"process.name : (\\\"cmd.exe\\\", "
    "\\\"powershell.exe\\\")\",\"field\":\"process.name\",\"value\":\"PowerShell.exe\"}]}";

static lq_scan *scan_of(const lq_bundle *b, log *l)
{
  lq_scan_options o = {.struct_size = sizeof o, .match = on_match, .bad = on_bad, .user = l};
  lq_scan *s;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_assert(lq_scan_begin(s, "a.ndjson") == LQ_OK);
  return s;
}

Test(api, bytes_to_matches)
{
  lq_bundle *b = two_files();
  static log l, again;
  lq_scan *s = scan_of(b, &l);
  cr_expect(lq_scan_feed(s, events, strlen(events)) == LQ_OK);
  cr_expect(lq_scan_end(s) == LQ_OK);
  cr_expect(strcmp(l.seen.p, "execution/T1059:1 execution/T1059-2:1 execution/T1059:3 rule-x:3 ") == 0, "%s",
            l.seen.p);
  cr_expect(l.bad == 1);
  // All but the id, which is tested for what it depends on.
  size_t skip = strlen("{\"id\":\"") + 32, skip_wanted = strlen("{\"id\":\"") + 8;
  size_t n = strlen(wanted_json) - skip_wanted;
  cr_expect(strncmp(l.json.p + skip, wanted_json + skip_wanted, n) == 0 && l.json.p[skip + n] == '\n', "%s",
            l.json.p);
  lq_stats st = {.struct_size = sizeof st};
  lq_scan_stats(s, &st);
  cr_expect(st.records == 4 && st.events == 3 && st.bad == 1 && st.bad_json + st.partial == 1 &&
            st.matches == 4);
  cr_expect(st.bytes_in == strlen(events));
  size_t rule;
  cr_assert(lq_bundle_find(b, "rule-x", 0, &rule) == LQ_OK);
  cr_expect(lq_scan_rule_matches(s, rule) == 1 && lq_scan_rule_matches(s, 99) == 0);
  lq_scan_free(s);
  // Byte by byte, from the bundle's bytes: the same alerts.
  lq_text bytes = lq_bundle_bytes(b);
  lq_bundle *loaded;
  cr_assert(lq_bundle_load(&loaded, bytes.p, bytes.n, NULL, NULL, NULL) == LQ_OK);
  s = scan_of(loaded, &again);
  for (size_t i = 0; i < strlen(events); i++)
    cr_expect(lq_scan_feed(s, events + i, 1) == LQ_OK);
  cr_expect(lq_scan_end(s) == LQ_OK);
  cr_expect(strcmp(l.json.p, again.json.p) == 0, "%s", again.json.p);
  lq_scan_free(s);
  lq_bundle_free(loaded);
  lq_bundle_free(b);
}

Test(api, a_callback_can_stop)
{
  lq_bundle *b = two_files();
  static log l;
  l.stop_after = 2;
  lq_scan *s = scan_of(b, &l);
  cr_expect(lq_scan_feed(s, events, strlen(events)) == LQ_E_CANCELLED);
  cr_expect(strcmp(l.seen.p, "execution/T1059:1 execution/T1059-2:1 ") == 0, "%s", l.seen.p);
  lq_scan_free(s);
  lq_bundle_free(b);
}

typedef struct ids {
  char p[4][40];
  int n;
} ids;

static int on_id(void *user, const lq_match *m)
{
  ids *i = user;
  if (i->n < 4)
    strcpy(i->p[i->n++], lq_match_id(m));
  return 0;
}

static void ids_of(const lq_bundle *b, const char *source, const char *bytes, ids *out)
{
  lq_scan_options o = {.struct_size = sizeof o, .match = on_id, .user = out};
  lq_scan *s;
  out->n = 0;
  cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
  cr_expect(lq_scan_begin(s, source) == LQ_OK && lq_scan_feed(s, bytes, strlen(bytes)) == LQ_OK &&
            lq_scan_end(s) == LQ_OK);
  lq_scan_free(s);
}

Test(api, alert_ids)
{
  lq_bundle *b = bundle_of("a == 1");
  ids first, second;
  ids_of(b, "a", "{\"a\":1}\n{\"a\":1}\n", &first);
  ids_of(b, "a", "{ \"a\":1, \"b\":2}\n{\"a\":1}\n", &second);
  cr_expect(first.n == 2 && strlen(first.p[0]) == 32);
  cr_expect(strcmp(first.p[0], second.p[0]) == 0, "the event's other content does not matter");
  cr_expect(strcmp(first.p[0], first.p[1]) != 0, "the line does");
  // BLAKE2b-128 of "query", NUL, "a", NUL, "1"; worked out with Python's hashlib.
  cr_expect(strcmp(first.p[0], "2cf016132a96b4650f013f9d575dbf68") == 0, "%s", first.p[0]);
  ids_of(b, "b", "{\"a\":1}\n", &second);
  cr_expect(strcmp(first.p[0], second.p[0]) != 0, "the source does");
  ids_of(b, "a", "[{\"a\":1},{\"a\":1}]", &second);
  cr_expect(second.n == 2 && strcmp(second.p[0], second.p[1]) != 0, "two events of one line differ");
  lq_bundle_free(b);
}

static int on_clause(void *user, const lq_clause *c)
{
  text *t = user;
  char line[300];
  snprintf(line, sizeof line, "%.*s [%.*s=%.*s|%.*s %llu-%llu]\n", (int)c->clause.n, c->clause.p,
           (int)c->field.n, c->field.p, (int)c->value.n, c->value.p, (int)c->entry.n, c->entry.p,
           (unsigned long long)c->match_start, (unsigned long long)c->match_end);
  return put(t, line, strlen(line));
}

static int on_why(void *user, const lq_match *m)
{
  cr_expect(lq_match_why(m, on_clause, user) == LQ_OK);
  lq_text v;
  cr_expect(lq_match_field(m, "a.n", &v) == LQ_OK && is(v, "7"));
  cr_expect(lq_match_field(m, "a.s", &v) == LQ_OK && is(v, "x Powershell y"));
  cr_expect(lq_match_field(m, "zz", &v) == LQ_E_NOTFOUND);
  int64_t ns;
  cr_expect(!lq_match_time(m, &ns));
  cr_expect(is(lq_match_event(m), "{\"a\":{\"n\":7,\"s\":\"x Powershell y\"}}") &&
            is(lq_match_source(m), "src"));
  return 0;
}

Test(api, why_it_matched)
{
  static const struct {
    const char *query, *why;
    uint32_t flags;
  } table[] = {
      {"a.n == 7 and a.s : (\"nope\", \"*powershell*\")",
       "a.n == 7 [a.n=7|7 0-1]\na.s : (\"nope\", \"*powershell*\") [a.s=x Powershell y|*powershell* 2-12]\n",
       0},
      // What did not hold, and what was not to hold, gave no reason.
      {"(a.n == 8 or a.n == 7) and not a.s == \"z\"", "a.n == 7 [a.n=7|7 0-1]\n", LQ_BUILD_NO_OPTIMISER},
      {"a.n == 7 and a.s : \"x*\"", "", LQ_BUILD_STRIP},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    lq_bundle *b = bundle_with(table[i].query, &(lq_build_options){.struct_size = sizeof(lq_build_options),
                                                                   .flags = table[i].flags});
    text t = {0};
    lq_scan_options o = {.struct_size = sizeof o, .match = on_why, .user = &t};
    lq_scan *s;
    cr_assert(lq_scan_new(&s, b, &o) == LQ_OK);
    lq_scan_begin(s, "src");
    static const char line[] = "{\"a\":{\"n\":7,\"s\":\"x Powershell y\"}}\n";
    lq_scan_feed(s, line, strlen(line));
    cr_expect(lq_scan_end(s) == LQ_OK);
    cr_expect(strcmp(t.p, table[i].why) == 0, "%s:\n%s", table[i].query, t.p);
    lq_scan_free(s);
    lq_bundle_free(b);
  }
}

// ---- records of the caller's own

typedef struct row {
  const char *name;
  lq_field_value v;
} row;

static int get(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  for (const row *r = user; r->name; r++) {
    if (is(field, r->name) && nth-- == 0) {
      *out = r->v;
      return 1;
    }
  }
  return 0;
}

#define TEXT(z)                                                                                              \
  {                                                                                                          \
    .kind = LQ_VALUE_TEXT, .text = { z, sizeof(z) - 1 }                                                      \
  }

Test(api, getters)
{
  static row rows[] = {
      {"process.name", TEXT("CMD.exe")},
      {"process.args", TEXT("/c")},
      {"process.args", TEXT("bad \xff utf")},
      {"process.pid", {.kind = LQ_VALUE_INT, .i = 7}},
      {"flag", {.kind = LQ_VALUE_BOOL, .i = 1}},
      {"ratio", {.kind = LQ_VALUE_DOUBLE, .d = 0.5}},
      {"nothing", {.kind = LQ_VALUE_DOUBLE, .d = 1.0 / 0.0}},
      {"dll.name", TEXT("a.dll")},
      {"dll.hash", TEXT("11")},
      {"@timestamp", TEXT("2024-05-01T10:11:12Z")},
      {NULL, {0}},
  };
  static const struct {
    const char *query;
    bool matches;
  } table[] = {
      {"process.name : \"cmd.exe\"", true},
      {"process.args == \"/c\" and process.args : \"bad*utf\"", true},
      {"process.pid > 6 and process.pid == \"7\"", true},
      {"flag and ratio == 0.5", true},
      {"nothing == null and other == null", true},
      {"process.pid == 8", false},
      {"dll:{ name : \"a.dll\" and hash == \"11\" }", true},
      {"dll:{ name : \"b.dll\" }", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    static log l;
    l = (log){.bad = 0};
    lq_bundle *b = bundle_of(table[i].query);
    lq_scan *s = scan_of(b, &l);
    cr_expect(lq_scan_record(s, get, rows, 42) == LQ_OK);
    cr_expect((l.seen.n > 0) == table[i].matches, "%s", table[i].query);
    if (table[i].matches)
      cr_expect(strstr(l.json.p, "\"@timestamp\":\"2024-05-01T10:11:12.000Z\"") &&
                    strstr(l.json.p, "\"line\":42"),
                "%s", l.json.p);
    if (i == 1)
      cr_expect(strstr(l.json.p, "\"events\":[{\"process.args\":[\"/c\",\"bad \xEF\xBF\xBD utf\"]}]"), "%s",
                l.json.p);
    lq_stats st = {.struct_size = sizeof st};
    lq_scan_stats(s, &st);
    cr_expect(st.records == 1 && st.events == 1 && st.matches == table[i].matches);
    lq_scan_free(s);
    lq_bundle_free(b);
  }
}

static int for_ever(void *user, lq_text field, size_t nth, lq_field_value *out)
{
  (void)user, (void)field, (void)nth;
  *out = (lq_field_value){.kind = LQ_VALUE_INT, .i = 1};
  return 1;
}

Test(api, a_getter_without_end)
{
  lq_bundle *b = bundle_of("x.y == 2 or z == 1");
  lq_scan *s = NULL;
  cr_assert(lq_scan_new(&s, b, NULL) == LQ_OK);
  cr_expect(lq_scan_record(s, for_ever, NULL, 1) == LQ_OK);
  lq_stats st = {.struct_size = sizeof st};
  lq_scan_stats(s, &st);
  cr_expect(st.records == 1 && st.bad == 0 && st.cut_fields == 1 && st.matches == 1);
  lq_scan_free(s);
  lq_bundle_free(b);
}

// ---- editors

static void on_word(void *user, lq_text word, uint32_t kind, size_t start)
{
  text *t = user;
  char line[200];
  snprintf(line, sizeof line, "%.*s/%u/%zu ", (int)word.n, word.p, kind, start);
  if (t->n + strlen(line) < sizeof t->p - 1)
    put(t, line, strlen(line));
}

Test(api, completion)
{
  static const struct {
    const char *query, *has, *has_not;
  } table[] = {
      {"process.na", "process.name/1/0 ", "process.pid/"},
      {"process.name : \"a\" | wh", "where/6/21 ", "process"},
      {"process.name : \"a\" | st", "stats/6/21 ", "process"},
      {"process.name : \"a\" an", "and/6/19 ", "any/"},
      {"cidrm", "cidrMatch/2/0 ", "process"},
      {"PROCESS.NA", "process.name/1/0 ", ""},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    static text t;
    t = (text){.n = 0};
    cr_expect(lq_complete(table[i].query, strlen(table[i].query), 0, on_word, &t) == LQ_OK);
    cr_expect(strstr(t.p, table[i].has) != NULL, "%s: %s", table[i].query, t.p);
    cr_expect(!*table[i].has_not || !strstr(t.p, table[i].has_not), "%s: %s", table[i].query, t.p);
  }
}

static void on_color(void *user, size_t start, size_t end, uint32_t color)
{
  char piece[60];
  snprintf(piece, sizeof piece, "%zu-%zu:%u ", start, end, color);
  put(user, piece, strlen(piece));
}

Test(api, colours_and_continuation)
{
  text t = {0};
  int more;
  cr_expect(lq_highlight("a == 1 // c", 11, 0, on_color, &t) == LQ_OK);
  cr_expect(strcmp(t.p, "0-1:1 2-4:7 5-6:4 7-11:9 ") == 0, "%s", t.p);
  cr_expect(lq_query_unfinished("a == (", 6, 0, &more) == LQ_OK && more);
  cr_expect(lq_query_unfinished("a == 1", 6, 0, &more) == LQ_OK && !more);
  cr_expect(lq_highlight("a", 1, 7, on_color, &t) == LQ_E_USAGE);
}

static void on_leaf(void *user, lq_text name, const char *type, lq_text value)
{
  char line[200];
  snprintf(line, sizeof line, "%.*s %s %.*s\n", (int)name.n, name.p, type, (int)value.n, value.p);
  put(user, line, strlen(line));
}

Test(api, tables)
{
  text t = {0};
  lq_function_view f = LQ_INIT(lq_function_view);
  lq_text name;
  const char *type, *title, *explanation;
  uint32_t severity;
  cr_expect(lq_record_fields("{\"a\":{\"b\":1,\"c\":[\"x\",true]}}", 28, NULL, on_leaf, &t) == LQ_OK);
  cr_expect(strcmp(t.p, "a.b integer 1\na.c string x\na.c boolean true\n") == 0, "%s", t.p);
  for (size_t i = 0; i < lq_function_count(); i++)
    cr_expect(lq_function_at(i, &f) == LQ_OK && f.name && f.doc && f.params);
  cr_expect(lq_function_at(lq_function_count(), &f) == LQ_E_NOTFOUND);
  cr_expect(lq_ecs_field(0, &name, &type) == LQ_OK && name.n > 0 && type);
  cr_expect(lq_ecs_field(SIZE_MAX, &name, &type) == LQ_E_NOTFOUND);
  for (size_t i = 0; i < lq_code_count(); i++)
    cr_expect(lq_explain_code(lq_code_at(i), &severity, &title, &explanation) == LQ_OK && *title &&
              *explanation);
  cr_expect(lq_explain_code(999, &severity, &title, &explanation) == LQ_E_NOTFOUND);
  static const char *const pages[] = {"functions", "bytecode", "diagnostics"};
  for (size_t i = 0; i < 3; i++) {
    lq_status s = lq_docs(pages[i], refuse, NULL);
    cr_expect(s == LQ_E_IO, "%s", pages[i]);
  }
  cr_expect(lq_docs("none", refuse, NULL) == LQ_E_NOTFOUND);
}

// A hook that gives so much and no more.
enum { ENOUGH = 64 << 20 };
static void *capped_fn(void *user, void *p, size_t old_size, size_t new_size)
{
  size_t *live = user;
  if (new_size > old_size && *live + (new_size - old_size) > ENOUGH)
    return NULL;
  void *q = NULL;
  if (new_size == 0)
    free(p);
  else if (!(q = realloc(p, new_size)))
    return NULL;
  *live += new_size - old_size;
  return q;
}

// Joined one by one into a new list each, twenty thousand tests took 9 GiB.
Test(api, a_long_chain_costs_what_it_is_long)
{
  enum { TERMS = 20000, TERM = 24 };
  size_t live = 0, n = 0;
  lq_allocator hook = {capped_fn, &live};
  lq_build_options o = {.struct_size = sizeof o, .allocator = &hook};
  lq_build *build = NULL;
  lq_bundle *bundle = NULL;
  char *query = malloc(TERMS * TERM);
  for (int i = 0; i < TERMS; i++)
    n += (size_t)snprintf(query + n, TERM, "%sa.b == \"v%d\"", i ? " or " : "", i);
  cr_expect_eq(lq_build_new(&build, &o), LQ_OK);
  cr_expect_eq(lq_build_add_query(build, "long", NULL, query, n), LQ_OK);
  cr_expect_eq(lq_build_finish(build, &bundle), LQ_OK);
  lq_bundle_free(bundle);
  lq_build_free(build);
  cr_expect_eq(live, 0);
  free(query);
}
