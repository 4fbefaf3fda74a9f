// One query on its way to answers, for tests: text, compiler, bundle bytes, loader, engine.
#ifndef LQ_TESTS_COMPILE_QUERY_H
#define LQ_TESTS_COMPILE_QUERY_H

#include "compiler/compiler.h"
#include "engine/engine.h"
#include "input/reader.h"
#include "parser/parse.h"
#include "vm/bundle.h"

typedef struct compiled {
  lq_ruleset *rules;
  lq_engine *engine;
} compiled;

// 2024-05-01T10:00:00Z.
#define TEST_NOW 1714557600000000000

static inline lq_status compile_with(lq_buf *bundle, lq_arena *a, const char *query, lq_compile_options o)
{
  lq_diag_list diags = {.arena = a};
  lq_str text = lq_str_of(query);
  lq_rule_info info = {.id = LQ_STR("rule"), .name = LQ_STR("Rule"), .source = text};
  lq_compiler *c = NULL;
  lq_node *tree = NULL;
  lq_status st = lq_parse(&tree, a->mem, text, o.dialect, &diags);
  if (!st)
    st = lq_compiler_new(&c, a->mem);
  if (!st)
    st = lq_compiler_add(c, tree, &info, &o, &diags, NULL);
  if (!st)
    st = lq_compiler_finish(c, bundle);
  lq_compiler_free(c);
  return st;
}

static inline lq_status compile_bundle(lq_buf *bundle, lq_arena *a, const char *query, lq_dialect dialect,
                                       bool optimise)
{
  lq_compile_options o = {.dialect = dialect, .optimise = optimise, .now = TEST_NOW};
  return compile_with(bundle, a, query, o);
}

static inline lq_status compile_query(compiled *out, const char *query, lq_dialect dialect, bool optimise)
{
  lq_arena a = {.mem = &lq_mem_libc};
  lq_buf bundle = {.mem = &lq_mem_libc};
  lq_program *p = NULL;
  lq_fault fault = {0};
  *out = (compiled){0};
  lq_status st = compile_bundle(&bundle, &a, query, dialect, optimise);
  if (!st)
    st = lq_bundle_read(&p, &lq_mem_libc, bundle.p, bundle.n, NULL, &fault);
  if (!st)
    st = lq_ruleset_new(&out->rules, p, NULL, &lq_mem_libc);
  if (!st)
    st = lq_engine_new(&out->engine, out->rules, &lq_mem_libc);
  if (!st)
    lq_engine_set_now(out->engine, TEST_NOW);
  lq_buf_free(&bundle);
  lq_arena_free(&a);
  return st;
}

static inline void free_compiled(compiled *c)
{
  lq_engine_free(c->engine);
  lq_ruleset_free(c->rules);
}

// 1 match, 0 none, or a negative status.
static inline int matches(const compiled *c, const char *json)
{
  lq_event e;
  lq_bad_record bad;
  lq_hits hits;
  int matched;
  lq_status st = lq_event_init(&e, lq_ruleset_fields(c->rules), &lq_mem_libc);
  if (!st)
    st = lq_event_from_json(&e, lq_str_of(json), NULL, &bad, &lq_mem_libc);
  if (!st)
    st = lq_engine_eval(c->engine, &(lq_cursor){.event = &e}, LQ_ASK_RULES, &hits);
  matched = !st && hits.nrules > 0;
  lq_event_free(&e);
  return st ? (int)st : matched;
}

#endif
