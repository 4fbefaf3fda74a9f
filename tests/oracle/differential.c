// Compares the oracle with what users get: query, compiler, bundle bytes, loader, verifier, engine.
// differential COUNT SEED
#include <stdio.h>
#include <stdlib.h>

#include "compiler/compiler.h"
#include "engine/engine.h"
#include "input/reader.h"
#include "parser/parse.h"
#include "tests/oracle/generate.h"
#include "tests/oracle/oracle.h"
#include "vm/bundle.h"

enum { EVENTS_PER_QUERY = 12, SHOWN_MAX = 10 };

typedef struct bench {
  const lq_mem *mem;
  lq_dice dice;
  lq_arena arena; // of one query
  size_t comparisons, matches, differences, queries, refused;
} bench;

typedef struct subject {
  lq_str text;
  lq_dialect dialect;
  lq_node *tree;
  lq_ruleset *rules[2]; // optimised, and not
  lq_engine *engines[2];
} subject;

static const int64_t now = 1714557600000000000; // 2024-05-01T10:00:00Z

static void broken(const subject *s, const char *what, int status)
{
  printf("BROKEN: %s gave %d for\n  %.*s\n", what, status, LQ_STR_ARG(s->text));
  exit(2);
}

// False: the query has errors, which random ones may.
static bool compile(bench *b, subject *s, bool optimise, lq_buf *bundle)
{
  lq_diag_list diags = {.arena = &b->arena};
  lq_compile_options o = {.dialect = s->dialect, .optimise = optimise, .lint = optimise, .now = now};
  lq_rule_info info = {.id = LQ_STR("q"), .name = LQ_STR("q"), .source = s->text};
  lq_compiler *c = NULL;
  lq_status st = lq_parse(&s->tree, b->mem, s->text, s->dialect, &diags);
  if (!st)
    st = lq_compiler_new(&c, b->mem);
  if (!st)
    st = lq_compiler_add(c, s->tree, &info, &o, &diags, NULL);
  if (!st && (st = lq_compiler_finish(c, bundle)))
    broken(s, "finish", st);
  lq_compiler_free(c);
  if (st && st != LQ_E_QUERY)
    broken(s, "compile", st);
  if (st && getenv("SHOW_REFUSED") && diags.first) {
    lq_str m = diags.first->message;
    printf("%.*s\n   %.*s\n", LQ_STR_ARG(s->text), LQ_STR_ARG(m));
  }
  return !st;
}

static bool load(bench *b, subject *s, int i)
{
  lq_buf bundle = {.mem = b->mem};
  lq_program *p = NULL;
  lq_fault fault = {0};
  if (!compile(b, s, i == 0, &bundle)) {
    lq_buf_free(&bundle);
    return false;
  }
  lq_status st = lq_bundle_read(&p, b->mem, bundle.p, bundle.n, NULL, &fault);
  lq_buf_free(&bundle);
  if (st)
    broken(s, lq_reason_text(fault.reason), st);
  if ((st = lq_ruleset_new(&s->rules[i], p, NULL, b->mem)) ||
      (st = lq_engine_new(&s->engines[i], s->rules[i], b->mem)))
    broken(s, "load", st);
  lq_engine_set_now(s->engines[i], now);
  return true;
}

static bool engine_says(bench *b, subject *s, int i, lq_str json)
{
  lq_event e;
  lq_bad_record bad;
  lq_hits hits;
  bool matched;
  lq_status st = lq_event_init(&e, lq_ruleset_fields(s->rules[i]), b->mem);
  if (!st)
    st = lq_event_from_json(&e, json, NULL, &bad, b->mem);
  if (!st)
    st = lq_engine_eval(s->engines[i], &(lq_cursor){.event = &e}, LQ_ASK_RULES, &hits);
  matched = !st && hits.nrules > 0;
  if (st)
    broken(s, "eval", st);
  lq_event_free(&e);
  return matched;
}

static void report(bench *b, const subject *s, lq_str json, bool want, bool optimised, bool plain)
{
  if (b->differences++ >= SHOWN_MAX)
    return;
  printf("query    %.*s\nevent    %.*s\noracle   %d, optimised %d, plain %d\n\n", LQ_STR_ARG(s->text),
         LQ_STR_ARG(json), want, optimised, plain);
}

static void compare(bench *b, subject *s)
{
  lq_buf json = {.mem = b->mem};
  lq_json parsed = {.mem = b->mem};
  lq_json_error error;
  lq_generate_event(&json, &b->dice);
  lq_str text = lq_buf_get(&json);
  if (lq_json_parse(&parsed, text, 64, &error))
    broken(s, "the event", 1);
  lq_oracle o = {.arena = &b->arena, .event = &parsed, .now = now};
  bool want = lq_oracle_matches(&o, s->tree);
  bool optimised = engine_says(b, s, 0, text), plain = engine_says(b, s, 1, text);
  if (want != optimised || want != plain)
    report(b, s, text, want, optimised, plain);
  b->comparisons++;
  b->matches += want;
  lq_json_free(&parsed);
  lq_buf_free(&json);
}

static void one_query(bench *b)
{
  lq_buf text = {.mem = b->mem};
  bool kql = lq_roll(&b->dice, 8) == 0;
  if (kql)
    lq_generate_kql(&text, &b->dice);
  else
    lq_generate_query(&text, &b->dice);
  subject s = {.text = lq_buf_get(&text), .dialect = kql ? LQ_DIALECT_KQL : LQ_DIALECT_LQ};
  b->queries++;
  bool fine = load(b, &s, 0) && load(b, &s, 1);
  b->refused += !fine;
  for (int i = 0; fine && i < EVENTS_PER_QUERY; i++)
    compare(b, &s);
  for (int i = 0; i < 2; i++) {
    lq_engine_free(s.engines[i]);
    lq_ruleset_free(s.rules[i]);
  }
  lq_buf_free(&text);
  lq_arena_reset(&b->arena);
}

int main(int argc, char **argv)
{
  size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  bench b = {.mem = &lq_mem_libc, .dice = {seed * 0x9E3779B97F4A7C15u + 1}, .arena = {.mem = &lq_mem_libc}};
  while (b.comparisons < count)
    one_query(&b);
  printf("%zu comparisons, %zu differences (%zu queries, %zu refused, %zu matches)\n", b.comparisons,
         b.differences, b.queries, b.refused, b.matches);
  lq_arena_free(&b.arena);
  return b.differences > 0;
}
