// `.lq` files: headers, queries, tests, and every way to get them wrong.
#include <criterion/criterion.h>

#include "counting_mem.h"
#include "rules/rules.h"

typedef struct reading {
  counting_mem counting;
  lq_mem mem;
  lq_arena arena;
  lq_diag_list diags;
  lq_source source;
  lq_rule_file file;
  lq_status status;
} reading;

static void read_text(reading *r, lq_str text)
{
  *r = (reading){.source = {LQ_STR("rules/win.lq"), text}};
  r->mem = (lq_mem){counting_fn, &r->counting};
  r->arena.mem = &r->mem;
  r->diags.arena = &r->arena;
  r->status = lq_rules_read(&r->file, &r->source, &r->mem, &r->diags);
}

static void end(reading *r)
{
  lq_arena_free(&r->arena);
  cr_expect(r->counting.live == 0, "%zu bytes leaked", r->counting.live);
  cr_expect(!r->counting.wrong_size);
}

static lq_str meta(const lq_rule_file_rule *rule, const char *key, size_t nth)
{
  for (size_t i = 0; i < rule->nmeta; i++) {
    if (lq_str_is(rule->meta[i].key, key) && nth-- == 0)
      return rule->meta[i].value;
  }
  return LQ_STR("(none)");
}

Test(lqfile, a_whole_header)
{
  static const char text[] =
      "// two rules\n\n"
      "---\nid: 5b8c6e1e\nname: \"A name: quoted\"\nattack: [T1059.001, TA0002]\nseverity: high\nrisk_score: "
      "73\n"
      "description: >\n  folded\n  text\nauthor: [A, B]\nreferences:\n  - https://a.b/c\ntags: [x]\n"
      "false_positives: [admins]\ndialect: kql\ncategory_field: event.kind\n---\n"
      "\nprocess.name : a\n  and b.c : d\n\n"
      "test match \"one\" {\"a\":1}\n"
      "test none {\"a\":\"}\"}\n"
      "test count 2 \"q \\\" \\\\\" {\n  \"a\": [1]\n}\n{\"a\":2} // two\n\n"
      "---\nname: Zweite Regel, größer!\n---\nx == 1\n";
  reading r;
  read_text(&r, LQ_STR(text));
  cr_assert(r.status == LQ_OK && r.file.n == 2, "%d, %zu rules", r.status, r.file.n);
  const lq_rule_file_rule *a = r.file.rules, *b = a->next;
  cr_expect(lq_str_is(a->id, "5b8c6e1e"));
  cr_expect(lq_str_is(a->name, "A name: quoted"));
  cr_expect(lq_str_is(a->query, "process.name : a\n  and b.c : d"));
  cr_expect(a->line == 21 && a->dialect == LQ_DIALECT_KQL, "line %u", a->line);
  cr_expect(lq_str_is(a->category_field, "event.kind"));
  static const struct {
    const char *key;
    size_t nth;
    const char *value;
  } pairs[] = {
      {"attack", 0, "T1059.001"},
      {"attack", 1, "TA0002"},
      {"severity", 0, "high"},
      {"risk_score", 0, "73"},
      {"description", 0, "folded text\n"},
      {"author", 1, "B"},
      {"reference", 0, "https://a.b/c"},
      {"tag", 0, "x"},
      {"false_positive", 0, "admins"},
      {"kind", 0, "query"},
      {"language", 0, "kql"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    cr_expect(lq_str_is(meta(a, pairs[i].key, pairs[i].nth), pairs[i].value), "%s: %.*s", pairs[i].key,
              LQ_STR_ARG(meta(a, pairs[i].key, pairs[i].nth)));
  cr_assert(a->ntests == 3);
  cr_expect(a->tests[0].kind == LQ_TEST_MATCH && lq_str_is(a->tests[0].name, "one") &&
            a->tests[0].line == 24);
  cr_expect(a->tests[1].kind == LQ_TEST_NONE && a->tests[1].name.n == 0 &&
            lq_str_is(a->tests[1].events, "{\"a\":\"}\"}"));
  cr_expect(a->tests[2].kind == LQ_TEST_COUNT && a->tests[2].count == 2 &&
            lq_str_is(a->tests[2].name, "q \" \\"));
  cr_expect(lq_str_is(a->tests[2].events, "{\n  \"a\": [1]\n}\n{\"a\":2}"), "%.*s",
            LQ_STR_ARG(a->tests[2].events));
  cr_expect(lq_str_is(b->id, "win/zweite-regel-größer"), "%.*s", LQ_STR_ARG(b->id));
  cr_expect(lq_str_is(b->query, "x == 1") && b->dialect == LQ_DIALECT_LQ);
  end(&r);
}

Test(lqfile, files_without_headers)
{
  static const struct {
    const char *text;
    size_t rules;
    const char *query, *id;
    size_t tests;
  } table[] = {
      {"x == 1\n", 1, "x == 1", "win/rule-1", 0},
      {"\xEF\xBB\xBFx == 1", 1, "x == 1", "win/rule-1", 0},
      {"\r\nx == 1\r\n  and y == 2\r\ntest none {\"x\":2}\r\n", 1, "x == 1\r\n  and y == 2", "win/rule-1", 1},
      {"x == 1\n---\n---\ny == 2\n", 2, "x == 1", "win/rule-1", 0},
      {"// comment\n# comment\n---\nid: a\n---\nx == 1\n", 1, "x == 1", "a", 0},
      {"testing.match == 1\n", 1, "testing.match == 1", "win/rule-1", 0},
      {"test matching\n", 1, "test matching", "win/rule-1", 0},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    reading r;
    read_text(&r, lq_str_of(table[i].text));
    cr_expect(r.status == LQ_OK, "row %zu", i);
    cr_assert(r.file.n == table[i].rules, "row %zu: %zu rules", i, r.file.n);
    const lq_rule_file_rule *rule = r.file.rules;
    cr_expect(lq_str_is(rule->query, table[i].query), "row %zu: [%.*s]", i, LQ_STR_ARG(rule->query));
    cr_expect(lq_str_is(rule->id, table[i].id), "row %zu: %.*s", i, LQ_STR_ARG(rule->id));
    cr_expect(rule->ntests == table[i].tests, "row %zu", i);
    lq_span at = lq_source_map_span(&rule->map, (lq_span){0, 1});
    cr_expect(r.source.text.p[at.start] == rule->query.p[0]);
    end(&r);
  }
}

Test(lqfile, mistakes)
{
  static const struct {
    const char *text;
    lq_diag_code code;
    const char *marked, *help;
  } table[] = {
      {"---\nnmae: x\n---\nx == 1", LQ_DIAG_UNKNOWN_KEY, "nmae", "a key with a similar name exists: `name`"},
      {"---\nzzzzzz: x\n---\nx == 1", LQ_DIAG_UNKNOWN_KEY, "zzzzzz", ""},
      {"---\n[a]: x\n---\nx == 1", LQ_DIAG_UNKNOWN_KEY, "[", ""},
      {"---\nname: ä\nseverity: größ\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "größ",
       "write low, medium, high or critical"},
      {"---\r\nname: ä\r\nrisk_score: 101\r\n---\r\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "101",
       "write a whole number from 0 to 100"},
      {"---\nrisk_score: -1\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "-1", "write a whole number from 0 to 100"},
      {"---\nattack: [T1059, T10]\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "T10",
       "write ATT&CK ids: [T1059.001, TA0002]"},
      {"---\nattack: T1059, TA0002\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "T1059, TA0002",
       "write ATT&CK ids: [T1059.001, TA0002]"},
      {"---\nid: a b\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "a b",
       "write a text without blanks, up to 200 bytes"},
      {"---\nname:\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "", "write a text"},
      {"---\nname: [a]\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "[", "write a text"},
      {"---\nname: {a: b}\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "{", "write a text"},
      {"---\ntags: [[a], b]\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "[", "write a list of texts"},
      {"---\nname: *a\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "*a", "write a text"},
      {"---\ndialect: sql\n---\nx == 1", LQ_DIAG_BAD_KEY_VALUE, "sql", "write lq or kql"},
      {"---\nid: a\nid: b\n---\nx == 1", LQ_DIAG_DUPLICATE_NAME, "id", ""},
      {"---\n- a\n---\nx == 1", LQ_DIAG_FILE_SYNTAX, "",
       "write `key: value` lines, such as `name: what the rule finds`"},
      {"---\nname: \"x\n---\nx == 1", LQ_DIAG_FILE_SYNTAX, NULL, ""},
      {"---\nname: x\nx == 1\n", LQ_DIAG_FILE_SYNTAX, "---",
       "end it with a line of three dashes, then write the query"},
      {"---\nname: x\n---\n// nothing\n", LQ_DIAG_NO_QUERY, "// nothing", "write the query below the header"},
      {"", LQ_DIAG_NO_QUERY, "", "write the query below the header"},
      {"x == 1\ntest match \"a\n", LQ_DIAG_BAD_TEST, "\"a", "a name goes in double quotes, on one line"},
      {"x == 1\ntest match\n", LQ_DIAG_BAD_TEST, "",
       "write an event as JSON: `test match \"name\" {\"process\":{\"name\":\"a.exe\"}}`"},
      {"x == 1\ntest count {\"x\":1}\n", LQ_DIAG_BAD_TEST, "",
       "write how many of the events match: `test count 2 {…} {…}`"},
      {"x == 1\ntest count 99999999999 {}\n", LQ_DIAG_BAD_TEST, "",
       "write how many of the events match: `test count 2 {…} {…}`"},
      {"x == 1\ntest none {\"x\":1,}\n", LQ_DIAG_BAD_TEST, NULL, ""},
      {"x == 1\ntest none {\"x\":1\n", LQ_DIAG_BAD_TEST, NULL, ""},
      {"x == 1\ntest none {\"x\":1} y\n", LQ_DIAG_BAD_TEST, "y", ""},
      {"x == 1\ntest none {}\nand y == 2\n", LQ_DIAG_BAD_TEST, "and y == 2",
       "a test begins with `test match`, `test none` or `test count N`; a line of three dashes begins the "
       "next rule"},
      {"x == \xff", LQ_DIAG_INVALID_UTF8, "\xff", "save the file as UTF-8"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    reading r;
    read_text(&r, lq_str_of(table[i].text));
    cr_expect(r.status == LQ_E_QUERY, "row %zu: status %d", i, r.status);
    const lq_diag *d = r.diags.first;
    cr_assert(d && r.diags.nerrors == 1, "row %zu: %zu errors", i, r.diags.nerrors);
    cr_expect(d->code == table[i].code, "row %zu: code %d", i, d->code);
    lq_span at = d->labels[0].span;
    lq_str marked = lq_str_slice(r.source.text, at.start, at.end);
    // libyaml marks the bracket alone where a list or mapping begins.
    cr_expect(!table[i].marked || lq_str_is(marked, table[i].marked), "row %zu: marked [%.*s]", i,
              LQ_STR_ARG(marked));
    cr_expect(lq_str_is(d->help, table[i].help), "row %zu: help [%.*s]", i, LQ_STR_ARG(d->help));
    end(&r);
  }
}

// A mistake in one rule leaves the next one alone.
Test(lqfile, the_next_rule_is_read)
{
  reading r;
  read_text(&r, LQ_STR("---\nrisk: 5\n---\na == 1\ntest match {\"a\":}\ntest none {}\n---\nid: two\n---\nb "
                       "== 2\ntest match {\"b\":2}\n"));
  cr_assert(r.status == LQ_E_QUERY && r.file.n == 2);
  cr_expect(r.diags.nerrors == 2);
  cr_expect(r.file.rules->state == LQ_RULE_BROKEN && r.file.rules->ntests == 1);
  cr_expect(r.file.last->state == LQ_RULE_FOUND && lq_str_is(r.file.last->id, "two") &&
            r.file.last->ntests == 1);
  end(&r);
}

Test(lqfile, names_that_are_taken)
{
  static const struct {
    const char *name;
    bool taken;
  } table[] = {
      {"a.lq", true}, {"a.LQ", true},   {"b.md", true}, {"b.Markdown", true},
      {".lq", false}, {"a.txt", false}, {"lq", false},  {"", false},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    cr_expect(lq_rules_takes(lq_str_of(table[i].name)) == table[i].taken, "%s", table[i].name);
}
