// Rules that their reader built as trees: places in the file for messages, places in the printed text for
// `why`.
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/glob.h"
#include "parser/make.h"
#include "parser/parse.h"
#include "rules/rules.h"
#include "tests/unit/counting_mem.h"
#include "vm/bundle.h"

// What a Sigma rule says, and where: the reader of such a form builds trees like the one below.
static const char file[] = "selection:\n"
                           "  Image|endswith: '\\x.exe'\n"
                           "  CommandLine|contains: [enc, iex]\n"
                           "filter:\n"
                           "  User: SYSTEM\n"
                           "  Bytes|re: '(?=a)'\n"
                           "condition: selection and not filter\n";

typedef struct building {
  lq_arena arena;
  lq_diag_list diags;
  lq_source source;
  lq_builder b;
} building;

static void begin(building *x, const lq_mem *mem)
{
  *x = (building){.arena = {.mem = mem}, .source = {LQ_STR("rule.yml"), LQ_STR(file)}};
  x->diags = (lq_diag_list){.arena = &x->arena, .source = &x->source};
  x->b = (lq_builder){.arena = &x->arena, .diags = &x->diags};
}

static lq_span at(const char *text)
{
  const char *p = strstr(file, text);
  cr_assert(p);
  uint32_t start = (uint32_t)(p - file);
  return lq_span_in_file((lq_span){start, start + (uint32_t)strlen(text)});
}

static lq_node *relation(building *x, lq_op op, const char *line, const char *key, const char *field,
                         lq_node *value)
{
  return lq_make_relation(&x->b, op, at(line), at(key), lq_make_field(&x->b, at(key), lq_str_of(field)),
                          value);
}

static lq_node *pattern(building *x, const char *where, const char *text)
{
  char *p = lq_arena_alloc(&x->arena, strlen(text) + 1);
  for (size_t i = 0; p && text[i]; i++)
    p[i] = text[i] == '*' ? LQ_ANY_RUN : text[i];
  return p ? lq_make_pattern(&x->b, at(where), lq_str_make(p, strlen(text))) : NULL;
}

static lq_node *rule_tree(building *x, const char *regex)
{
  lq_builder *b = &x->b;
  lq_node *image = relation(x, LQ_OPER_LIKE_TILDE, "Image|endswith: '\\x.exe'", "Image|endswith",
                            "process.executable", pattern(x, "'\\x.exe'", "*\\x.exe"));
  lq_node *words = lq_make_chain(b, LQ_N_OR, pattern(x, "enc", "*enc*"), pattern(x, "iex", "*iex*"));
  lq_node *line = relation(x, LQ_OPER_LIKE_TILDE, "CommandLine|contains: [enc, iex]", "CommandLine|contains",
                           "process.command_line", words);
  lq_node *user = relation(x, LQ_OPER_LIKE_TILDE, "User: SYSTEM", "User", "user.name",
                           lq_make_text(b, at("SYSTEM"), LQ_STR("SYSTEM")));
  lq_node *bytes = relation(x, LQ_OPER_REGEX, "Bytes|re: '(?=a)'", "Bytes|re", "message",
                            lq_make_text(b, at("'(?=a)'"), lq_str_of(regex)));
  lq_node *filter = lq_make_group(lq_make_chain(b, LQ_N_AND, user, bytes));
  lq_node *all = lq_make_chain(b, LQ_N_AND, image, line);
  return lq_make_query(b, lq_make_chain(b, LQ_N_AND, all, lq_make_not(b, at("not filter"), filter)));
}

static const char printed[] = "process.executable like~ \"*\\\\x.exe\" and\n"
                              "process.command_line like~ (\"*enc*\", \"*iex*\") and\n"
                              "not (user.name like~ \"SYSTEM\" and message regex \"a\")";

static lq_str slice(lq_str text, lq_span s)
{
  return lq_str_slice(text, s.start, s.end);
}

Test(trees, are_printed_with_places)
{
  building x;
  begin(&x, &lq_mem_libc);
  lq_rule_file_rule rule = {.tree = rule_tree(&x, "a")};
  lq_rule_print(&rule, &lq_mem_libc, &x.arena);
  cr_assert(lq_str_is(rule.query, printed), "%.*s", LQ_STR_ARG(rule.query));
  const lq_node *image = rule.tree->kids->kids->kids, *line = image->next, *filter = line->next;
  cr_expect(lq_str_is(slice(rule.query, image->shown), "process.executable like~ \"*\\\\x.exe\""));
  cr_expect(lq_str_is(slice(rule.query, line->last->shown), "(\"*enc*\", \"*iex*\")"));
  cr_expect(lq_str_is(slice(rule.query, line->last->last->shown), "\"*iex*\""));
  cr_expect(lq_str_is(slice(rule.query, filter->kids->kids->shown), "user.name like~ \"SYSTEM\""));
  lq_node *again = NULL;
  cr_expect(lq_parse(&again, &lq_mem_libc, rule.query, LQ_DIALECT_LQ, &x.diags) == LQ_OK);
  lq_buf out = {.mem = &lq_mem_libc};
  lq_print_query(&out, again, LQ_DIALECT_LQ, 100);
  cr_expect(lq_str_eq(lq_buf_get(&out), rule.query), "%.*s", LQ_STR_ARG(lq_buf_get(&out)));
  lq_buf_free(&out);
  lq_arena_free(&x.arena);
}

// Messages are placed in the file, to the byte where its value has no escapes.
Test(trees, messages_stand_in_the_file)
{
  building x;
  begin(&x, &lq_mem_libc);
  lq_rule_file_rule rule = {.tree = rule_tree(&x, "(?=a)")};
  lq_node *tree = NULL;
  cr_assert(lq_rule_tree(&tree, &rule, &lq_mem_libc, &x.diags) == LQ_OK);
  lq_compile_options o = {.optimise = true, .lint = true};
  cr_expect(lq_check(tree, &o, &lq_mem_libc, &x.diags) == LQ_E_QUERY);
  const lq_diag *d = x.diags.first;
  cr_assert(d && d->code == LQ_DIAG_BAD_REGEX);
  lq_str marked = slice(x.source.text, d->labels[0].span);
  cr_expect(marked.n == 1 && marked.p > strstr(file, "'(?=a)'") && marked.p < strstr(file, "'(?=a)'") + 6,
            "%.*s at %u", LQ_STR_ARG(marked), d->labels[0].span.start);
  lq_arena_free(&x.arena);
}

static lq_status build_bundle(building *x, lq_buf *bundle, lq_str *query)
{
  lq_rule_file_rule rule = {.tree = rule_tree(x, "a")};
  if (x->arena.failed)
    return LQ_E_NOMEM;
  lq_rule_print(&rule, x->arena.mem, &x->arena);
  *query = rule.query;
  lq_node *tree = NULL;
  lq_compiler *c = NULL;
  lq_status s = lq_rule_tree(&tree, &rule, x->arena.mem, &x->diags);
  if (s == LQ_OK)
    s = lq_compiler_new(&c, x->arena.mem);
  lq_rule_info info = {.id = LQ_STR("r"), .name = LQ_STR("r"), .source = rule.query, .printed = true};
  lq_compile_options o = {.optimise = true, .lint = true};
  if (s == LQ_OK)
    s = lq_compiler_add(c, tree, &info, &o, &x->diags, NULL);
  if (s == LQ_OK)
    s = lq_compiler_finish(c, bundle);
  lq_compiler_free(c);
  return s;
}

// Which operator stands for a modifier is the reader's choice, and no mistake of the rule's author.
Test(trees, nothing_is_said_of_operators)
{
  building x;
  begin(&x, &lq_mem_libc);
  lq_rule_file_rule rule = {.tree = rule_tree(&x, "a")};
  lq_node *tree = NULL;
  cr_assert(lq_rule_tree(&tree, &rule, &lq_mem_libc, &x.diags) == LQ_OK);
  lq_compile_options o = {.optimise = true, .lint = true};
  cr_expect(lq_check(tree, &o, &lq_mem_libc, &x.diags) == LQ_OK);
  cr_expect(!x.diags.first, "LQ%d", x.diags.first ? (int)x.diags.first->code : 0);
  lq_arena_free(&x.arena);
}

// What `why` tells of are the parts of the text that the bundle shows.
Test(trees, clauses_stand_in_the_printed_text)
{
  static const char *const wanted[] = {
      "process.executable like~ \"*\\\\x.exe\"",
      "process.command_line like~ (\"*enc*\", \"*iex*\")",
      "user.name like~ \"SYSTEM\"",
      "message regex \"a\"",
  };
  building x;
  begin(&x, &lq_mem_libc);
  lq_buf bundle = {.mem = &lq_mem_libc};
  lq_str query;
  cr_assert(build_bundle(&x, &bundle, &query) == LQ_OK);
  lq_program *p = NULL;
  lq_fault fault = {0};
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault) == LQ_OK);
  lq_str source = p->strings[p->rules[0].source];
  cr_expect(lq_str_eq(source, query));
  cr_expect(p->ndebug == sizeof wanted / sizeof *wanted, "%zu clauses", p->ndebug);
  for (size_t i = 0; i < p->ndebug; i++) {
    lq_str clause = lq_str_slice(source, p->debug[i].start, p->debug[i].end);
    bool found = false;
    for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++)
      found |= lq_str_is(clause, wanted[k]);
    cr_expect(found, "%.*s", LQ_STR_ARG(clause));
  }
  lq_program_free(p);
  lq_buf_free(&bundle);
  lq_arena_free(&x.arena);
}

Test(trees, no_memory)
{
  for (size_t n = 1;; n++) {
    counting_mem c = {.fail_at = n};
    lq_mem mem = {counting_fn, &c};
    building x;
    begin(&x, &mem);
    lq_buf bundle = {.mem = &mem};
    lq_str query;
    lq_status s = build_bundle(&x, &bundle, &query);
    bool done = c.requests < n;
    cr_expect(s == (done ? LQ_OK : LQ_E_NOMEM), "request %zu: %d", n, s);
    lq_buf_free(&bundle);
    lq_arena_free(&x.arena);
    cr_expect(c.live == 0 && !c.wrong_size, "request %zu", n);
    if (done)
      break;
  }
}
