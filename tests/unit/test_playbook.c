// Playbooks: what in a Markdown page becomes a rule, of which technique, under which name.
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

static void read_page(reading *r, const char *name, const char *text)
{
  *r = (reading){.source = {lq_str_of(name), lq_str_of(text)}};
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

static const lq_rule_file_rule *rule_at(const reading *r, size_t n)
{
  const lq_rule_file_rule *rule = r->file.rules;
  while (rule && n-- > 0)
    rule = rule->next;
  return rule;
}

static lq_str attack(const lq_rule_file_rule *rule, char *out)
{
  size_t n = 0;
  for (size_t i = 0; i < rule->nmeta; i++) {
    if (!lq_str_is(rule->meta[i].key, "attack"))
      continue;
    if (n > 0)
      out[n++] = ' ';
    memcpy(out + n, rule->meta[i].value.p, rule->meta[i].value.n);
    n += rule->meta[i].value.n;
  }
  return lq_str_make(out, n);
}

// One query in a page: where it belongs.
Test(playbook, techniques)
{
  static const struct {
    const char *page, *id, *name, *attack;
    unsigned line;
  } table[] = {
      {"## T1106 – Native API\n\n`a.b : \"x\"`\n", "p/T1106", "Native API", "T1106", 3},
      {"# Execution – TA0002\n## T1106 - Native API\n\n`a.b : \"x\"`\n", "p/T1106", "Native API",
       "T1106 TA0002", 4},
      {"## Native API (T1106)\n\n`a.b : \"x\"`\n", "p/T1106", "Native API", "T1106", 3},
      {"## T1047 – WMI (old)\n\n`a.b : \"x\"`\n", "p/T1047", "WMI (old)", "T1047", 3},
      // Headings one after the other share what follows.
      {"## T1569 – Services\n\nText.\n\n### T1021 – Remote\n\n### T1021.001 – RDP\n\n### T1021.002 – "
       "SMB\n\n`a.b : \"x\"`\n",
       "p/T1021", "Remote", "T1021 T1021.001 T1021.002", 11},
      // A heading under another technique's does not inherit it, even without text between.
      {"## T1569 – Services\n### T1021 – Remote\n`a.b : \"x\"`\n", "p/T1021", "Remote", "T1021", 3},
      // With text between, the last one alone.
      {"### T1021.001 – RDP\ntext\n### T1021.002 – SMB\n`a.b : \"x\"`\n", "p/T1021.002", "SMB", "T1021.002",
       4},
      {"## T1204 – User Execution\n\ntext\n\n### T1204.002 – File\n\n`a.b : \"x\"`\n", "p/T1204.002", "File",
       "T1204.002", 7},
      {"## T1059 – Shells\n### Notes\n`a.b : \"x\"`\n", "p/T1059", "Notes", "T1059", 3},
      {"## T1059 – Shells\n## Other\n`a.b : \"x\"`\n", "p/rule-1", "Other", "", 3},
      {"`a.b : \"x\"`\n", "p/rule-1", "", "", 1},
      {"\xEF\xBB\xBF# T1059\n`a.b : \"x\"`\n", "p/T1059", "T1059", "T1059", 2},
      {"T1059\n=====\n`a.b : \"x\"`\n", "p/T1059", "T1059", "T1059", 3},
      {"## XT1059 T10591 T105 T1059x\n`a.b : \"x\"`\n", "p/rule-1", "XT1059 T10591 T105 T1059x", "", 2},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    reading r;
    char ids[200];
    read_page(&r, "dir/p.md", table[i].page);
    const lq_rule_file_rule *rule = rule_at(&r, 0);
    cr_expect(r.status == LQ_OK && r.file.n == 1 && rule->state == LQ_RULE_FOUND, "row %zu: %d, %zu found", i,
              r.status, r.file.n);
    cr_expect(lq_str_is(rule->id, table[i].id), "row %zu: id %.*s", i, LQ_STR_ARG(rule->id));
    cr_expect(lq_str_is(rule->name, table[i].name), "row %zu: name %.*s", i, LQ_STR_ARG(rule->name));
    cr_expect(lq_str_is(attack(rule, ids), table[i].attack), "row %zu: attack %.*s", i,
              LQ_STR_ARG(attack(rule, ids)));
    cr_expect(rule->line == table[i].line, "row %zu: line %u", i, rule->line);
    end(&r);
  }
}

Test(playbook, technique_of_the_file)
{
  reading r;
  char ids[200];
  read_page(&r, "execution-TA0002.MD", "`a.b : \"x\"`\n");
  cr_expect(lq_str_is(attack(rule_at(&r, 0), ids), "TA0002"));
  cr_expect(lq_str_is(rule_at(&r, 0)->id, "execution-TA0002/rule-1"));
  end(&r);
}

Test(playbook, several_queries_of_a_technique)
{
  static const char page[] =
      "## T1059 – Shells\n\nFirst paragraph,\ntwo lines.\n\nSub-techniques:\nT1059.001\n\n`a.b : \"1\"`\n\n"
      "With Suspicious Argument\n\n`a.b : \"2\"`\n\nOR: By Sysmon:\n\n`a.b : \"3\"`\n\n`a.b : "
      "\"4\"`\n\nPurpose: none.\n";
  static const struct {
    const char *id, *name;
  } wanted[] = {
      {"p/T1059", "Shells"},
      {"p/T1059-2", "Shells: With Suspicious Argument"},
      {"p/T1059-3", "Shells: By Sysmon"},
      {"p/T1059-4", "Shells (4)"},
  };
  reading r;
  read_page(&r, "p.md", page);
  cr_assert(r.file.n == 4);
  for (size_t i = 0; i < 4; i++) {
    const lq_rule_file_rule *rule = rule_at(&r, i);
    cr_expect(lq_str_is(rule->id, wanted[i].id), "%zu: id %.*s", i, LQ_STR_ARG(rule->id));
    cr_expect(lq_str_is(rule->name, wanted[i].name), "%zu: name %.*s", i, LQ_STR_ARG(rule->name));
    cr_expect(rule->nmeta == 4 && lq_str_is(rule->meta[1].key, "description"));
    cr_expect(lq_str_is(rule->meta[1].value, "First paragraph, two lines."), "%.*s",
              LQ_STR_ARG(rule->meta[1].value));
  }
  end(&r);
}

Test(playbook, what_is_a_query)
{
  static const struct {
    const char *code;
    bool query;
  } table[] = {
      {"process.name : \"a\"", true},
      {"process.name == \"a\" and b", true},
      {"event.code:4688", true},
      {"process where true", true},
      {"cidrMatch(source.ip, \"10.0.0.0/8\")", true},
      {"not process.name : \"a\"", true},
      {"x == 1", true},
      {"sequence [a where b == 1] [c where d == 1]", true},
      // No query, whatever the parser says.
      {"process.name", false},
      {"sc.exe", false},
      {"T1059", false},
      {"schtasks /create /tn x", false},
      {"powershell -enc AAAA", false},
      {"ps aux | grep sshd", false},
      {"dir | sort name", false},
      {"C:\\Windows\\System32", false},
      {"https://example.com/a?b=c", false},
      {"NAME=\"x\" ./run", false},
      {"--name=\"x\"", false},
      {"CreateRemoteThread()", false},
      {"true", false},
      {"\"text\"", false},
      {"Get-Process | Where-Object { $_.Name -eq \"x\" }", false},
      {"reg add HKLM\\Software /v x", false},
      // Meant as one, and wrong: it is reported when it is compiled.
      {"process.name = \"a\"", true},
      {"process.name : a b c", true},
      {"process.name : (\"a\",", true},
      {"process.name == \"a\" | wher b", true},
      {"a.b in (1, | where c", true},
      {"foo | where (", true},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    char page[200] = "text `";
    reading r;
    strcat(strcat(page, table[i].code), "` text\n");
    read_page(&r, "p.md", page);
    cr_assert(r.file.n == 1, "%s", table[i].code);
    const lq_rule_file_rule *rule = rule_at(&r, 0);
    cr_expect((rule->state == LQ_RULE_FOUND) == table[i].query, "`%s`: %.*s", table[i].code,
              LQ_STR_ARG(rule->reason));
    cr_expect((rule->reason.n > 0) == !table[i].query, "%s", table[i].code);
    cr_expect(lq_str_is(rule->query, table[i].code), "%s", table[i].code);
    cr_expect(r.diags.first == NULL);
    end(&r);
  }
}

// Every byte of a query knows its place in the page.
Test(playbook, places)
{
  static const struct {
    const char *page, *query;
    unsigned segments;
  } table[] = {
      {"x `a.b : \"1\"\n| where c.d : \"2\"` y\n", "a.b : \"1\"\n| where c.d : \"2\"", 1},
      {"- x `a.b : \"1\"\n  | where c.d : \"2\"` y\n", "a.b : \"1\"\n  | where c.d : \"2\"", 1},
      {"> x `a.b : \"1\"\n> | where c.d : \"2\"` y\n", "a.b : \"1\"\n| where c.d : \"2\"", 2},
      {"```\na.b : \"1\"\n\n  | where c.d : \"2\"\n```\n", "a.b : \"1\"\n\n  | where c.d : \"2\"", 1},
      {"~~~ eql\r\na.b : \"1\"\r\n| where c.d : \"2\"\r\n~~~\r\n", "a.b : \"1\"\r\n| where c.d : \"2\"", 1},
      {"> ```lq\n> a.b : \"1\"\n> | where c.d : \"2\"\n> ```\n", "a.b : \"1\"\n| where c.d : \"2\"", 2},
      {"    a.b : \"1\"\n    | where c.d : \"2\"\n", "a.b : \"1\"\n    | where c.d : \"2\"", 1},
      {"`` a.b : \"`\" ``", "a.b : \"`\"", 1},
      {"|a|`a.b : \"1\" | where c.d : \"2\"`|\n", "a.b : \"1\" | where c.d : \"2\"", 1},
      {"`a.b : \"&amp; \\\\ \\* <b>\"`", "a.b : \"&amp; \\\\ \\* <b>\"", 1},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    reading r;
    read_page(&r, "p.md", table[i].page);
    const lq_rule_file_rule *rule = rule_at(&r, 0);
    cr_assert(r.file.n == 1 && rule->state == LQ_RULE_FOUND, "row %zu: %zu found", i, r.file.n);
    cr_expect(lq_str_is(rule->query, table[i].query), "row %zu: [%.*s]", i, LQ_STR_ARG(rule->query));
    cr_expect(rule->map.n == table[i].segments, "row %zu: %zu segments", i, rule->map.n);
    for (uint32_t k = 0; k < rule->query.n; k++) {
      lq_span at = lq_source_map_span(&rule->map, (lq_span){k, k + 1});
      bool same = r.source.text.p[at.start] == rule->query.p[k];
      cr_expect(same || rule->query.p[k] == '\n', "row %zu: byte %u", i, k);
    }
    end(&r);
  }
}

Test(playbook, code_that_is_left_alone)
{
  static const struct {
    const char *page, *reason;
  } table[] = {
      {"```bash\nfoo.bar == \"1\"\n```\n", "a code block in another language: bash"},
      {"# `foo.bar == \"1\"`\n", "it is in a heading"},
      {"`foo.bar`\n", "a name alone, nothing is compared"},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
    reading r;
    read_page(&r, "p.md", table[i].page);
    cr_assert(r.file.n == 1);
    cr_expect(rule_at(&r, 0)->state == LQ_RULE_SKIPPED);
    cr_expect(lq_str_is(rule_at(&r, 0)->reason, table[i].reason), "%.*s", LQ_STR_ARG(rule_at(&r, 0)->reason));
    end(&r);
  }
  reading r;
  read_page(&r, "p.md", "<!-- `a.b : \"x\"` -->\n\n`` ` ``\n\n``` ```\n");
  cr_expect(r.status == LQ_OK);
  end(&r);
}
