// Elastic rule files: what is read, where it stands, what is said of it.
#include <criterion/criterion.h>
#include <stdio.h>

#include "parser/parse.h"
#include "rules/rules.h"
#include "rules/toml.h"
#include "tests/unit/counting_mem.h"

typedef struct reading {
  lq_arena arena;
  lq_diag_list diags;
  lq_source source;
  lq_rule_file file;
  lq_status status;
} reading;

static void read_with(reading *r, const char *text, const lq_mem *mem)
{
  *r = (reading){.arena = {.mem = mem}, .source = {LQ_STR("rules/some.toml"), lq_str_of(text)}};
  r->diags.arena = &r->arena;
  r->status = lq_rules_read(&r->file, &r->source, mem, &r->diags);
}

static lq_rule_file_rule *read_text(reading *r, const char *text)
{
  read_with(r, text, &lq_mem_libc);
  cr_assert(r->file.n == 1, "%zu rules", r->file.n);
  return r->file.rules;
}

static lq_str meta_text(reading *r, const lq_rule_file_rule *rule)
{
  lq_buf b = {.mem = &lq_mem_libc};
  for (size_t i = 0; i < rule->nmeta; i++)
    lq_buf_printf(&b, "%s%.*s=%.*s", i ? ";" : "", LQ_STR_ARG(rule->meta[i].key),
                  LQ_STR_ARG(rule->meta[i].value));
  lq_str s = lq_arena_copy(&r->arena, lq_buf_get(&b));
  lq_buf_free(&b);
  return s;
}

static lq_str conditions_text(reading *r, const lq_rule_file_rule *rule)
{
  lq_buf b = {.mem = &lq_mem_libc};
  for (const lq_node *n = rule->conditions.first; n; n = n->next) {
    lq_buf_z(&b, b.n ? " && " : "");
    lq_print_query(&b, n, LQ_DIALECT_LQ, 0);
  }
  lq_str s = lq_arena_copy(&r->arena, lq_buf_get(&b));
  lq_buf_free(&b);
  return s;
}

static lq_str stages_text(reading *r, const lq_rule_file_rule *rule)
{
  lq_buf b = {.mem = &lq_mem_libc};
  for (const lq_node *n = rule->stages.first; n; n = n->next) {
    lq_buf_z(&b, b.n ? " " : "");
    lq_print_query(&b, n, LQ_DIALECT_LQ, 0);
  }
  lq_str s = lq_arena_copy(&r->arena, lq_buf_get(&b));
  lq_buf_free(&b);
  return s;
}

static bool parses(reading *r, lq_str text, bool whole)
{
  lq_diag_list unheard = {.arena = &r->arena};
  lq_node *tree;
  return (whole ? lq_parse : lq_parse_expression)(&tree, &lq_mem_libc, text, LQ_DIALECT_LQ, &unheard) ==
         LQ_OK;
}

Test(elastic, a_detection_rule)
{
  reading r;
  const lq_rule_file_rule *rule = read_text(&r, "[metadata]\n"
                                                "maturity = \"production\"\n"
                                                "[rule]\n"
                                                "author = [\"Us\"]\n"
                                                "description = \"\"\"\nTwo lines\nof text.\n\"\"\"\n"
                                                "event_category_override = \"event.type\"\n"
                                                "from = \"now-9m\"\n"
                                                "index = [\"logs-*\", \"win-*\"]\n"
                                                "language = \"eql\"\n"
                                                "name = \"Some rule\"\n"
                                                "references = ['https://example.org/']\n"
                                                "risk_score = 47\n"
                                                "rule_id = \"0b1\"\n"
                                                "severity = \"medium\"\n"
                                                "tags = [\"OS: Any\"]\n"
                                                "type = \"eql\"\n"
                                                "query = '''\nprocess where process.name : \"a.exe\"\n'''\n"
                                                "[[rule.threat]]\n"
                                                "framework = \"MITRE ATT&CK\"\n"
                                                "[[rule.threat.technique]]\n"
                                                "id = \"T1059\"\n"
                                                "[[rule.threat.technique.subtechnique]]\n"
                                                "id = \"T1059.001\"\n"
                                                "[rule.threat.tactic]\n"
                                                "id = \"TA0002\"\n"
                                                "[[rule.threat]]\n"
                                                "[rule.threat.tactic]\n"
                                                "id = \"TA0002\"\n");
  cr_expect(r.status == LQ_OK && r.diags.first == NULL && rule->state == LQ_RULE_FOUND);
  cr_expect(lq_str_is(rule->id, "0b1") && lq_str_is(rule->name, "Some rule"));
  cr_expect(rule->dialect == LQ_DIALECT_LQ && lq_str_is(rule->category_field, "event.type"));
  cr_expect(lq_str_is(rule->query, "process where process.name : \"a.exe\"\n"));
  cr_expect(rule->line == 21, "line %u", rule->line);
  cr_expect(rule->conditions.n == 0 && rule->stages.n == 0);
  lq_str meta = meta_text(&r, rule);
  cr_expect(
      lq_str_is(meta,
                "kind=eql;language=eql;author=Us;description=Two lines\nof text.;index=logs-*;index=win-*;"
                "reference=https://example.org/;tag=OS: Any;severity=medium;risk_score=47;"
                "attack=TA0002;attack=T1059;attack=T1059.001"),
      "%.*s", LQ_STR_ARG(meta));
  lq_arena_free(&r.arena);
}

Test(elastic, an_endpoint_rule)
{
  reading r;
  const lq_rule_file_rule *rule = read_text(&r, "[rule]\n"
                                                "id = \"e1\"\n"
                                                "os_list = [\"linux\", \"macos\"]\n"
                                                "reference = [\"https://example.org/\"]\n"
                                                "version = \"1.0.4\"\n"
                                                "query = 'process where true'\n"
                                                "[[actions]]\n"
                                                "action = \"kill_process\"\n"
                                                "[[threat]]\n"
                                                "[threat.tactic]\n"
                                                "id = \"TA0040\"\n");
  cr_expect(r.status == LQ_OK && r.diags.first == NULL && rule->state == LQ_RULE_FOUND);
  cr_expect(rule->dialect == LQ_DIALECT_LQ && lq_str_is(rule->name, "e1"));
  cr_expect(lq_str_is(conditions_text(&r, rule), "host.os.type in (\"linux\", \"macos\")"));
  lq_str meta = meta_text(&r, rule);
  cr_expect(
      lq_str_is(meta,
                "kind=endpoint;language=eql;reference=https://example.org/;attack=TA0040;os=linux;os=macos"),
      "%.*s", LQ_STR_ARG(meta));
  lq_arena_free(&r.arena);
}

Test(elastic, positions_of_the_query)
{
  // wanted: the value; at: where its bytes stand, by the byte's offset behind `query = `; -1 ends.
  static const struct {
    const char *toml, *wanted;
    int at[12];
  } cases[] = {
      {"'ab'", "ab", {1, 2, 3, -1}},
      {"\"ab\"", "ab", {1, 2, 3, -1}},
      {"'''ab'''", "ab", {3, 4, 5, -1}},
      {"'''\nab\n'''", "ab\n", {4, 5, 6, 7, -1}},
      {"'''\r\nab\r\n'''", "ab\n", {5, 6, 8, 9, -1}},
      {"'''a\\b'''", "a\\b", {3, 4, 5, 6, -1}},
      {"'''a''''", "a'", {3, 4, 5, -1}},
      {"'''a'''''", "a''", {3, 4, 5, 6, -1}},
      {"'''a'b'''", "a'b", {3, 4, 5, 6, -1}},
      {"\"a\\\"b\"", "a\"b", {1, 2, 4, 5, -1}},
      {"\"a\\\\b\\tc\"", "a\\b\tc", {1, 2, 4, 5, 7, 8, -1}},
      {"\"\\u00e9x\"", "\xC3\xA9x", {1, 2, 7, 8, -1}},
      {"\"\\U0001F600\"", "\xF0\x9F\x98\x80", {1, 2, 3, 4, 11, -1}},
      {"\"\"\"\na \\\n   b\"\"\"", "a b", {4, 5, 11, 12, -1}},
      {"\"\"\"a\\  \n\n  b\"\"\"", "ab", {3, 11, 12, -1}},
      {"\"\"\"a\\\"\"\"\"\"", "a\"\"", {3, 4, 6, 7, -1}},
      {"\"\"\"a\"\"b\\\\\"\"\"", "a\"\"b\\", {3, 4, 5, 6, 7, 9, -1}},
      {"\"\xC3\xA9\\nz\"", "\xC3\xA9\nz", {1, 2, 3, 5, 6, -1}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reading r;
    char text[200];
    snprintf(text, sizeof text, "# \xE2\x82\xAC comes first\n[rule]\nname = \"\xC3\xA9\"\nquery = %s # end",
             cases[i].toml);
    const lq_rule_file_rule *rule = read_text(&r, text);
    cr_expect(lq_str_is(rule->query, cases[i].wanted), "%zu: %.*s", i, LQ_STR_ARG(rule->query));
    int base = (int)(strstr(text, "query = ") + 8 - text);
    for (uint32_t at = 0; at < 12 && cases[i].at[at] >= 0; at++) {
      int got = (int)lq_source_map_span(&rule->map, (lq_span){at, at}).start - base;
      cr_expect(got == cases[i].at[at], "%zu: byte %u is at %d", i, at, got);
    }
    lq_arena_free(&r.arena);
  }
}

Test(elastic, filters)
{
  // What stands below `[[rule.filters]]`, and the condition; NULL: LQ305, and no condition.
  static const struct {
    const char *toml, *wanted;
  } cases[] = {
      {"query.exists.field = 'a.b'", "a.b != null"},
      {"exists.field = 'a'\nmeta.negate = true", "not a != null"},
      {"query.exists.field = 'a'\nmeta.disabled = true", ""},
      {"query.exists.field = 'a-b'", "`a-b` != null"},
      {"query.exists.field = 'sequence'", "`sequence` != null"},
      {"query.exists.field = 'a.sequence'", "a.sequence != null"},
      {"query.exists.field = 'a`b'", "`a``b` != null"},
      {"query.term.'a.b' = 'x*?\\\"'", "a.b == \"x\\*\\?\\\\\\\"\""},
      {"query.term.'a.b' = 5", "a.b == 5"},
      {"query.term.a = true", "a == true"},
      {"query.term.a = 1.5", "a == 1.5"},
      {"query.term.a = -5", "a == -5"},
      {"query.term.a = inf", NULL},
      {"query.term.a = \"x\\u0000\\n\"", "a == \"x\\u{0}\\n\""},
      {"query.term.a = {value = 'x', case_insensitive = true}", "a in~ (\"x\")"},
      {"query.term.a = {value = 'x', boost = 1.0}", "a == \"x\""},
      {"query.term.'source.ip' = '10.0.0.0/8'", "source.ip : \"10.0.0.0/8\""},
      {"query.match_phrase.'a.b' = 'x y'", "a.b == \"x y\""},
      {"query.match_phrase.a = {query = 'x', slop = 0}", "a == \"x\""},
      {"query.match_phrase.a = {query = 'x', slop = 2}", NULL},
      {"query.match.a = {query = 'x', type = 'phrase'}", "a == \"x\""},
      {"query.match.a = {query = 'x', type = 'phrase_prefix'}", NULL},
      {"query.terms.a = ['x', 'y']", "a == \"x\" or a == \"y\""},
      {"query.terms.a = []", "false"},
      {"query.terms.a = {index = 'other', id = '2'}", NULL},
      {"query.wildcard.'a.b' = {value = '?:\\\\W*\\*\\?\\\\', case_insensitive = true}",
       "a.b : \"?:\\\\W*\\*\\?\\\\\""},
      {"query.wildcard.a = {wildcard = 'x*'}", "a like \"x*\""},
      {"query.wildcard.a = 'x*'", "a like \"x*\""},
      {"query.prefix.a = {value = 'x*', case_insensitive = true}", "startsWith~(a, \"x\\*\")"},
      {"query.prefix.a = 'x'", "startsWith(a, \"x\")"},
      {"query.range.a = {gte = 5, lt = 10}", "a >= 5 and a < 10"},
      {"range.a = {gt = 'now-1d'}", "a > \"now-1d\""},
      {"query.range.a = {gte = 5, format = 'x'}", NULL},
      {"query.match_all = {}", "true"},
      {"query.query_string.query = 'a:b'", NULL},
      {"query.script.script = 'x'", NULL},
      {"query.bool.must = [{exists = {field = 'a'}}, {term = {b = 1}}]", "a != null and b == 1"},
      {"query.bool.must_not = {exists = {field = 'a'}}", "not a != null"},
      {"query.bool.should = [{term = {a = 1}}, {term = {b = 1}}]", "a == 1 or b == 1"},
      {"query.bool = {should = [{term = {a = 1}}], minimum_should_match = 1, filter = [{term = {b = 1}}]}",
       "b == 1 and a == 1"},
      {"query.bool = {should = [{term = {a = 1}}], filter = [{term = {b = 1}}]}", "b == 1"},
      {"query.bool = {should = [{term = {a = 1}}, {term = {b = 1}}], minimum_should_match = '2'}",
       "a == 1 and b == 1"},
      {"query.bool = {should = [{term={a=1}}, {term={b=1}}, {term={c=1}}], minimum_should_match = 2}", NULL},
      {"query.bool = {must = [], should = [], must_not = []}", "true"},
      {"query.bool.must = [{bool = {must_not = [{terms = {a = [1, 2]}}]}}]", "not (a == 1 or a == 2)"},
      {"query.bool.weird = 1", NULL},
      {"[rule.filters.meta]\ntype = 'combined'\nrelation = 'OR'\nparams = [{query = {term = {a = 1}}}, {meta "
       "= {negate = "
       "true}, query = {exists = {field = 'b'}}}]",
       "a == 1 or not b != null"},
      {"meta.negate = true", "not true"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reading r;
    char text[500];
    snprintf(text, sizeof text, "[rule]\nlanguage = 'kuery'\nquery = 'x:1'\n[[rule.filters]]\n%s\n",
             cases[i].toml);
    const lq_rule_file_rule *rule = read_text(&r, text);
    lq_str got = conditions_text(&r, rule);
    const char *wanted = cases[i].wanted ? cases[i].wanted : "";
    cr_expect(r.status == LQ_OK, "%s", cases[i].toml);
    cr_expect(lq_str_is(got, wanted), "%s: %.*s", cases[i].toml, LQ_STR_ARG(got));
    bool told = r.diags.first && r.diags.first->code == LQ_DIAG_UNSUPPORTED_KEY;
    cr_expect(told == !cases[i].wanted, "%s", cases[i].toml);
    cr_expect(got.n == 0 || parses(&r, got, false), "%.*s does not parse", LQ_STR_ARG(got));
    lq_arena_free(&r.arena);
  }
}

Test(elastic, kinds)
{
  static const struct {
    const char *toml, *stages, *conditions;
    lq_diag_code code; // of the first message
  } cases[] = {
      {"type = 'query'\nlanguage = 'kuery'", "", "", 0},
      {"type = 'query'", "", "", 0},
      {"type = 'threshold'\nfrom = 'now-9m'\nthreshold = {field = ['a', 'b'], value = 5}",
       "| stats count() as count by a, b over 9m | where count >= 5", "a != null && b != null", 0},
      {"type = 'threshold'\nthreshold = {field = 'a', value = 5}",
       "| stats count() as count by a over 6m | where count >= 5", "a != null", 0},
      {"type = 'threshold'\nfrom = 'now-2w/w'\nthreshold = {field = [], value = 5}",
       "| stats count() as count over 14d | where count >= 5", "", 0},
      {"type = 'threshold'\nfrom = 'now-1h/h'\nthreshold = {field = ['a'], value = 1, cardinality = [{field "
       "= 'x.y', "
       "value = 3}]}",
       "| stats count() as count, dcount(x.y) as distinct_1 by a over 1h | where count >= 1 and distinct_1 "
       ">= 3",
       "a != null", 0},
      {"type = 'threshold'\nfrom = 'yesterday'\nthreshold = {field = ['a'], value = 5}", "", "",
       LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'threshold'\nfrom = 'now-0m'\nthreshold = {field = ['a'], value = 5}", "", "",
       LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'threshold'\nthreshold = {field = ['a'], value = 0}", "", "", LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'threshold'\nthreshold = {field = [1], value = 5}", "", "", LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'threshold'", "", "", LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'new_terms'\nnew_terms = {field = 'new_terms_fields', value = ['a', 'b-c'], "
       "history_window_start = [{field = "
       "'history_window_start', value = 'now-7d'}]}",
       "| new_terms a, `b-c` over 7d", "a != null && `b-c` != null", 0},
      {"type = 'new_terms'\nnew_terms_fields = ['a']\nhistory_window_start = 'now-12h'",
       "| new_terms a over 12h", "a != null", 0},
      {"type = 'new_terms'\nnew_terms_fields = ['a']", "", "", LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'new_terms'", "", "", LQ_DIAG_BAD_KEY_VALUE},
      {"type = 'threat_match'\nthreat_mapping = [{entries = [{field = 'a', value = 'i.a'}, {field = 'b', "
       "value = 'i.b'}]}, "
       "{entries = [{field = 'c', value = 'i.c', negate = true}]}]",
       "", "(lookup(\"i.a\", a) and lookup(\"i.b\", b)) or not lookup(\"i.c\", c)", 0},
      {"type = 'threat_match'", "", "", LQ_DIAG_BAD_KEY_VALUE},
      {"exceptions_list = [{id = 'x'}]", "", "", LQ_DIAG_UNSUPPORTED_KEY},
      {"exceptions_list = []", "", "", 0},
      {"surprise = 1", "", "", LQ_DIAG_UNSUPPORTED_KEY},
      {"[[rule.filters]]\nquery.exists.field = \"a\\nb\"", "", "", LQ_DIAG_BAD_KEY_VALUE},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reading r;
    char text[500];
    snprintf(text, sizeof text, "[rule]\nquery = 'x:1'\n%s\n", cases[i].toml);
    const lq_rule_file_rule *rule = read_text(&r, text);
    lq_str conditions = conditions_text(&r, rule);
    int code = r.diags.first ? (int)r.diags.first->code : 0;
    lq_str stages = stages_text(&r, rule);
    cr_expect(lq_str_is(stages, cases[i].stages), "%s: %.*s", cases[i].toml, LQ_STR_ARG(stages));
    cr_expect(lq_str_is(conditions, cases[i].conditions), "%s: %.*s", cases[i].toml, LQ_STR_ARG(conditions));
    cr_expect(code == (int)cases[i].code, "%s: LQ%d", cases[i].toml, code);
    bool broken = cases[i].code == LQ_DIAG_BAD_KEY_VALUE;
    cr_expect(rule->state == (broken ? LQ_RULE_BROKEN : LQ_RULE_FOUND), "%s", cases[i].toml);
    lq_str whole = lq_arena_format(&r.arena, "any where true %.*s", LQ_STR_ARG(stages));
    cr_expect(parses(&r, whole, true), "%.*s does not parse", LQ_STR_ARG(whole));
    lq_arena_free(&r.arena);
  }
}

Test(elastic, what_is_wrong_and_where)
{
  static const struct {
    const char *toml;
    lq_diag_code code;
    unsigned line, column;
    lq_rule_state state;
  } cases[] = {
      {"", LQ_DIAG_NO_QUERY, 1, 1, LQ_RULE_BROKEN},
      {"a = 1\n", LQ_DIAG_NO_QUERY, 1, 1, LQ_RULE_BROKEN},
      {"rule = 1\n", LQ_DIAG_NO_QUERY, 1, 8, LQ_RULE_BROKEN},
      {"\n[rule]\nname = 'x'\n", LQ_DIAG_NO_QUERY, 2, 1, LQ_RULE_BROKEN},
      {"[rule]\nquery = '  '\n", LQ_DIAG_NO_QUERY, 2, 9, LQ_RULE_BROKEN},
      {"[rule]\nquery = 5\n", LQ_DIAG_BAD_KEY_VALUE, 2, 9, LQ_RULE_BROKEN},
      {"[rule]\nquery = 'a'\ntags = [1]\n", LQ_DIAG_BAD_KEY_VALUE, 3, 8, LQ_RULE_BROKEN},
      {"[rule]\nquery = 'a'\nseverity = 'huge'\n", LQ_DIAG_BAD_KEY_VALUE, 3, 12, LQ_RULE_BROKEN},
      {"[rule]\nquery = 'a'\nrisk_score = 101\n", LQ_DIAG_BAD_KEY_VALUE, 3, 14, LQ_RULE_BROKEN},
      {"[rule]\nquery = 'a'\nnaem = 1\n", LQ_DIAG_UNSUPPORTED_KEY, 3, 1, LQ_RULE_FOUND},
      {"[rule]\nquery = 'a'\nlanguage = 'esql'\ntype = 'esql'\n", LQ_DIAG_UNSUPPORTED_KIND, 4, 8,
       LQ_RULE_UNSUPPORTED},
      {"[rule]\nquery = 'a'\nlanguage = 'lucene'\ntype = 'query'\n", LQ_DIAG_UNSUPPORTED_KIND, 3, 12,
       LQ_RULE_UNSUPPORTED},
      {"[rule]\ntype = 'machine_learning'\n", LQ_DIAG_UNSUPPORTED_KIND, 2, 8, LQ_RULE_UNSUPPORTED},
      {"[rule]\nname = \"\xC3\xA9\" x\n", LQ_DIAG_FILE_SYNTAX, 2, 12, LQ_RULE_BROKEN},
      {"[rule]\nname = caf\xC3\xA9\n", LQ_DIAG_FILE_SYNTAX, 2, 8, LQ_RULE_BROKEN},
      {"[rule]\nname = 'x' \xC3\xA9\n", LQ_DIAG_FILE_SYNTAX, 2, 12, LQ_RULE_BROKEN},
      {"[rule]\nn = \"\"\"\\\xC3\xA9\"\"\"\n", LQ_DIAG_FILE_SYNTAX, 2, 9, LQ_RULE_BROKEN},
      {"[rule]\nname = \"abc\nquery = 'a'\n", LQ_DIAG_FILE_SYNTAX, 2, 8, LQ_RULE_BROKEN},
      {"[rule]\nquery = '''\nabc\n", LQ_DIAG_FILE_SYNTAX, 2, 9, LQ_RULE_BROKEN},
      {"[rule]\nquery = \"C:\\Windows\"\n", LQ_DIAG_FILE_SYNTAX, 2, 13, LQ_RULE_BROKEN},
      {"[rule]\nname = 'x'\nname = 'y'\n", LQ_DIAG_FILE_SYNTAX, 3, 8, LQ_RULE_BROKEN},
      {"a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", LQ_DIAG_TOO_DEEP, 1, 37, LQ_RULE_BROKEN},
      {"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1", LQ_DIAG_TOO_DEEP, 1, 64,
       LQ_RULE_BROKEN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    reading r;
    const lq_rule_file_rule *rule = read_text(&r, cases[i].toml);
    const lq_diag *d = r.diags.first;
    cr_expect(rule->state == cases[i].state && (r.status == LQ_E_QUERY) == (r.diags.nerrors > 0), "%s",
              cases[i].toml);
    cr_expect(d && d->code == cases[i].code && !d->next, "%s: LQ%d", cases[i].toml, d ? (int)d->code : 0);
    lq_place p = d ? lq_source_locate(&r.source, d->labels[0].span.start) : (lq_place){0};
    cr_expect(p.line == cases[i].line && p.column == cases[i].column, "%s: at %u:%u", cases[i].toml, p.line,
              p.column);
    lq_arena_free(&r.arena);
  }
}

Test(elastic, offsets_behind_a_byte_order_mark)
{
  reading r;
  const lq_rule_file_rule *rule = read_text(&r, "\xEF\xBB\xBFrule.query = \"\xC3\xA9\\\"z\"\n");
  cr_expect(lq_str_is(rule->query, "\xC3\xA9\"z"));
  cr_expect(lq_source_map_span(&rule->map, (lq_span){3, 4}).start == 3 + 14 + 4);
  lq_arena_free(&r.arena);
}

Test(elastic, too_much_of_it)
{
  lq_buf b = {.mem = &lq_mem_libc};
  lq_buf_z(&b, "[rule]\nquery = 'a'\nos_list = [");
  for (int i = 0; i < 100000; i++)
    lq_buf_z(&b, "'linux',");
  lq_buf_z(&b, "]\n");
  lq_buf_byte(&b, '\0');
  reading r;
  const lq_rule_file_rule *rule = read_text(&r, b.p);
  cr_expect(rule->state == LQ_RULE_BROKEN && rule->conditions.n == 0 &&
            r.diags.first->code == LQ_DIAG_TOO_LARGE);
  lq_arena_free(&r.arena);
  lq_buf_clear(&b);
  lq_buf_z(&b, "[rule]\nquery = '''");
  lq_buf_fill(&b, 'x', LQ_TOML_SIZE_MAX);
  lq_buf_z(&b, "'''\n");
  lq_buf_byte(&b, '\0');
  rule = read_text(&r, b.p);
  cr_expect(rule->state == LQ_RULE_BROKEN && r.diags.first->code == LQ_DIAG_TOO_LARGE);
  lq_arena_free(&r.arena);
  lq_buf_free(&b);
}

Test(elastic, no_memory)
{
  static const char text[] =
      "[rule]\nname = \"a\\tb\"\ntype = 'threshold'\nthreshold = {field = ['a-b'], value = 5}\n"
      "query = \"x:\\\"1\\\"\"\nos_list = ['linux']\nsurprise = 1\n"
      "[[rule.filters]]\nquery.bool.should = [{term = {a = 1}}, {wildcard = {b = 'x*'}}]\n"
      "[[rule.threat]]\ntactic = {id = 'TA0001'}\n";
  for (size_t n = 1;; n++) {
    counting_mem c = {.fail_at = n};
    lq_mem mem = {counting_fn, &c};
    reading r;
    read_with(&r, text, &mem);
    bool done = c.requests < n;
    cr_expect(r.status == (done ? LQ_OK : LQ_E_NOMEM), "request %zu: %d", n, r.status);
    lq_arena_free(&r.arena);
    cr_expect(c.live == 0 && !c.wrong_size, "request %zu", n);
    if (done)
      break;
  }
}
