// A small assembler for tests: tables in any order become a canonical program. Handles are numbers in the
// order of making; build_finish sorts what must be sorted and puts the new numbers into every row and
// instruction.
#ifndef LQ_TESTS_BUILD_H
#define LQ_TESTS_BUILD_H

#include <stdlib.h>

#include "base/event.h"
#include "base/glob.h"
#include "stdlib/functions.h"
#include "vm/bundle.h"

typedef struct builder {
  lq_program p;
  lq_str strings[512];
  lq_field fields[64];
  lq_value consts[64];
  lq_ip ips[16];
  uint32_t set_ids[1024];
  lq_set sets[128];
  lq_regex_def regexes[32];
  lq_cidr cidrs[64];
  uint32_t functions[32];
  lq_predicate predicates[256];
  lq_insn code[4096];
  lq_rule_def rules[64];
  lq_snippet snippets[128];
  lq_state_def states[8];
  lq_term_def terms[32];
  lq_key_def keys[32];
  lq_capture_def captures[32];
  lq_stage_def stages[32];
  lq_stage_arg stage_args[64];
  lq_lineage_def lineages[16];
  lq_meta meta[128];
  lq_debug debug[256];
  uint32_t debug_fields[256];
  lq_test_def tests[16];
  char patterns[4096]; // texts of patterns
  size_t npatterns;
} builder;

static inline void build_begin(builder *b)
{
  memset(b, 0, sizeof *b);
  b->p = (lq_program){
      .mem = &lq_mem_libc,
      .strings = b->strings,
      .fields = b->fields,
      .consts = b->consts,
      .ips = b->ips,
      .set_ids = b->set_ids,
      .sets = b->sets,
      .regexes = b->regexes,
      .cidrs = b->cidrs,
      .functions = b->functions,
      .predicates = b->predicates,
      .code = b->code,
      .rules = b->rules,
      .snippets = b->snippets,
      .states = b->states,
      .terms = b->terms,
      .keys = b->keys,
      .captures = b->captures,
      .stages = b->stages,
      .stage_args = b->stage_args,
      .lineages = b->lineages,
      .meta = b->meta,
      .debug = b->debug,
      .debug_fields = b->debug_fields,
      .tests = b->tests,
      .provenance = {"", 0},
  };
}

static inline uint32_t build_text(builder *b, lq_str s)
{
  for (uint32_t i = 0; i < b->p.nstrings; i++) {
    if (lq_str_eq(b->strings[i], s))
      return i;
  }
  b->strings[b->p.nstrings] = s;
  return (uint32_t)b->p.nstrings++;
}

static inline uint32_t build_field(builder *b, const char *name, uint32_t scope, uint8_t flags)
{
  b->fields[b->p.nfields] = (lq_field){
      .name = build_text(b, lq_str_of(name)), .scope = scope, .flags = flags, .type = 0};
  return (uint32_t)b->p.nfields++;
}

static inline uint32_t build_const(builder *b, lq_value v)
{
  if (v.type == LQ_T_STRING)
    build_text(b, v.s);
  if (v.type == LQ_T_IP) {
    b->ips[b->p.nips] = *v.ip;
    v.ip = &b->ips[b->p.nips++];
  }
  b->consts[b->p.nconsts] = v;
  return (uint32_t)b->p.nconsts++;
}

// A set of texts; `*` and `?` are wildcards if `patterns`.
static inline uint32_t build_texts(builder *b, const char *const *texts, size_t n, bool patterns)
{
  uint32_t first = (uint32_t)b->p.nset_ids;
  for (size_t i = 0; i < n; i++) {
    lq_str s = lq_str_of(texts[i]);
    if (patterns) {
      char *copy = b->patterns + b->npatterns;
      b->npatterns += s.n;
      for (size_t k = 0; k < s.n; k++)
        copy[k] = s.p[k] == '*' ? LQ_ANY_RUN : s.p[k] == '?' ? LQ_ANY_ONE : s.p[k];
      s.p = copy;
    }
    b->set_ids[b->p.nset_ids++] = build_text(b, s);
  }
  b->sets[b->p.nsets] = (lq_set){LQ_SET_TEXTS, first, (uint32_t)n};
  return (uint32_t)b->p.nsets++;
}
#define BUILD_TEXTS(b, ...)                                                                                  \
  build_texts(b, (const char *const[]){__VA_ARGS__},                                                         \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), false)
#define BUILD_PATTERNS(b, ...)                                                                               \
  build_texts(b, (const char *const[]){__VA_ARGS__},                                                         \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), true)

static inline uint32_t build_regex(builder *b, const char *text, uint32_t flags)
{
  b->regexes[b->p.nregexes] = (lq_regex_def){build_text(b, lq_str_of(text)), flags};
  b->sets[b->p.nsets] = (lq_set){LQ_SET_REGEXES, (uint32_t)b->p.nregexes++, 1};
  return (uint32_t)b->p.nsets++;
}

static inline uint32_t build_cidr(builder *b, const char *text)
{
  lq_cidr_parse(lq_str_of(text), &b->cidrs[b->p.ncidrs], NULL);
  b->sets[b->p.nsets] = (lq_set){LQ_SET_CIDRS, (uint32_t)b->p.ncidrs++, 1};
  return (uint32_t)b->p.nsets++;
}

static inline uint32_t build_function(builder *b, const char *name)
{
  lq_function_id id = 0;
  bool fold = false;
  lq_function_find(lq_str_of(name), &id, &fold);
  build_text(b, lq_str_of(name));
  b->functions[b->p.nfunctions] = 2 * (uint32_t)id + fold;
  return (uint32_t)b->p.nfunctions++;
}

static inline uint32_t build_predicate(builder *b, uint32_t field, lq_matcher_kind matcher, uint32_t arg)
{
  b->predicates[b->p.npredicates] = (lq_predicate){.field = field, .matcher = (uint8_t)matcher, .arg = arg};
  return (uint32_t)b->p.npredicates++;
}

// Code of the last rule, behind what it has: the snippet's index.
static inline uint32_t build_snippet(builder *b, lq_gives gives, const lq_insn *code, size_t n)
{
  b->snippets[b->p.nsnippets] = (lq_snippet){.rule = (uint32_t)b->p.nrules - 1,
                                             .code = (uint32_t)b->p.ncode,
                                             .ncode = (uint32_t)n,
                                             .gives = (uint32_t)gives};
  memcpy(b->code + b->p.ncode, code, n * sizeof *code);
  b->p.ncode += n;
  b->rules[b->p.nrules - 1].ncode += (uint32_t)n;
  return (uint32_t)b->p.nsnippets++;
}

// Rules are added in the order of their ids.
static inline lq_rule_def *build_rule(builder *b, const char *id, const char *source, const lq_insn *code,
                                      size_t n)
{
  lq_rule_def *r = &b->rules[b->p.nrules++];
  *r = (lq_rule_def){
      .id = build_text(b, lq_str_of(id)),
      .name = build_text(b, lq_str_of(id)),
      .code = (uint32_t)b->p.ncode,
      .meta = LQ_NONE,
      .source = source ? build_text(b, lq_str_of(source)) : LQ_NONE,
      .state = LQ_NONE,
  };
  if (n > 0)
    build_snippet(b, LQ_GIVES_TRUTH, code, n);
  return r;
}

// A stateful rule begins without code; then come, each with its code, terms and their keys, stages and their
// arguments, lineages.
static inline lq_state_def *build_state(builder *b, const char *id, lq_state_kind kind, int64_t maxspan)
{
  build_rule(b, id, NULL, NULL, 0)->state = (uint32_t)b->p.nstates;
  lq_state_def *d = &b->states[b->p.nstates++];
  *d = (lq_state_def){.rule = (uint32_t)b->p.nrules - 1,
                      .kind = (uint32_t)kind,
                      .maxspan = maxspan,
                      .first_term = (uint32_t)b->p.nterms,
                      .first_stage = (uint32_t)b->p.nstages};
  return d;
}

// `until` is a term that the caller takes out of nterms again.
static inline lq_term_def *build_term(builder *b, const lq_insn *code, size_t n)
{
  lq_term_def *t = &b->terms[b->p.nterms++];
  *t = (lq_term_def){.snippet = build_snippet(b, LQ_GIVES_TRUTH, code, n),
                     .runs = 1,
                     .first_key = (uint32_t)b->p.nkeys,
                     .first_capture = (uint32_t)b->p.ncaptures,
                     .alias = LQ_NONE};
  b->states[b->p.nstates - 1].nterms++;
  return t;
}

static inline void build_key(builder *b, const char *name, const lq_insn *code, size_t n)
{
  b->keys[b->p.nkeys++] = (lq_key_def){.snippet = build_snippet(b, LQ_GIVES_VALUE, code, n),
                                       .name = build_text(b, lq_str_of(name))};
  b->terms[b->p.nterms - 1].nkeys++;
}

static inline void build_capture(builder *b, uint32_t field)
{
  b->captures[b->p.ncaptures++].field = field;
  b->terms[b->p.nterms - 1].ncaptures++;
}

static inline lq_stage_def *build_stage(builder *b, lq_stage_op op, int64_t number)
{
  lq_stage_def *s = &b->stages[b->p.nstages++];
  *s = (lq_stage_def){.op = (uint32_t)op, .number = number, .first_arg = (uint32_t)b->p.nstage_args};
  b->states[b->p.nstates - 1].nstages++;
  return s;
}

// Without code, or without a name, or without a function: 0, NULL, LQ_NONE.
static inline void build_arg(builder *b, const char *name, uint32_t function, const lq_insn *code, size_t n)
{
  bool where = b->stages[b->p.nstages - 1].op == LQ_DO_WHERE;
  b->stage_args[b->p.nstage_args++] = (lq_stage_arg){
      .snippet = n ? build_snippet(b, where ? LQ_GIVES_TRUTH : LQ_GIVES_VALUE, code, n) : LQ_NONE,
      .name = name ? build_text(b, lq_str_of(name)) : LQ_NONE,
      .function = function};
  if (function != LQ_NONE)
    build_text(b, lq_str_of(lq_functions[function].name));
  b->stages[b->p.nstages - 1].nargs++;
}

static inline void build_lineage(builder *b, lq_lineage_kind kind, const lq_insn *code, size_t n)
{
  b->lineages[b->p.nlineages++] = (lq_lineage_def){.rule = (uint32_t)b->p.nrules - 1,
                                                   .kind = (uint32_t)kind,
                                                   .snippet = build_snippet(b, LQ_GIVES_TRUTH, code, n)};
}

static inline void build_meta(builder *b, const char *key, const char *value)
{
  lq_rule_def *r = &b->rules[b->p.nrules - 1];
  if (r->nmeta++ == 0)
    r->meta = (uint32_t)b->p.nmeta;
  b->meta[b->p.nmeta++] = (lq_meta){build_text(b, lq_str_of(key)), build_text(b, lq_str_of(value))};
}

// For instruction pc of the last rule.
static inline void build_debug(builder *b, uint32_t pc, uint32_t start, uint32_t end, uint32_t flags,
                               uint32_t field)
{
  b->debug[b->p.ndebug++] = (lq_debug){.pc = b->rules[b->p.nrules - 1].code + pc,
                                       .start = start,
                                       .end = end,
                                       .field = (uint32_t)b->p.ndebug_fields,
                                       .nfields = field != LQ_NONE,
                                       .flags = flags};
  if (field != LQ_NONE)
    b->debug_fields[b->p.ndebug_fields++] = field;
}

static inline void build_test(builder *b, lq_test_kind kind, const char *name, const char *events)
{
  b->tests[b->p.ntests++] = (lq_test_def){.rule = (uint32_t)b->p.nrules - 1,
                                          .kind = (uint32_t)kind,
                                          .name = build_text(b, lq_str_of(name)),
                                          .events = build_text(b, lq_str_of(events)),
                                          .line = 7};
}

// ---- finishing

typedef int (*build_cmp)(const builder *b, uint32_t x, uint32_t y);

// Fills map[old] = new for an order; order[new] = old.
static inline void build_sort(const builder *b, size_t n, build_cmp cmp, uint32_t *order, uint32_t *map)
{
  for (uint32_t i = 0; i < n; i++) {
    uint32_t k = i;
    for (; k > 0 && cmp(b, order[k - 1], i) > 0; k--)
      order[k] = order[k - 1];
    order[k] = i;
  }
  for (uint32_t i = 0; i < n; i++)
    map[order[i]] = i;
}

static inline int build_cmp_text(const builder *b, uint32_t x, uint32_t y)
{
  return lq_str_cmp(b->strings[x], b->strings[y]);
}

static inline int build_cmp_const(const builder *b, uint32_t x, uint32_t y)
{
  return lq_const_cmp(&b->consts[x], &b->consts[y]);
}

static inline int build_cmp_predicate(const builder *b, uint32_t x, uint32_t y)
{
  const lq_predicate *p = &b->predicates[x], *q = &b->predicates[y];
  uint64_t a = (uint64_t)p->field << 40 | (uint64_t)p->matcher << 32 | p->arg;
  uint64_t c = (uint64_t)q->field << 40 | (uint64_t)q->matcher << 32 | q->arg;
  return (a > c) - (a < c);
}

static inline void build_remap_code(builder *b, char letter, const uint32_t *map)
{
  for (size_t i = 0; i < b->p.ncode; i++) {
    lq_insn *x = &b->code[i];
    if (x->op < LQ_OP_SLOTS && lq_ops[x->op].name && lq_ops[x->op].operands[2] == letter)
      x->c = map[x->c];
  }
}

static inline void build_map_text(uint32_t *id, const uint32_t *map)
{
  *id = *id == LQ_NONE ? LQ_NONE : map[*id];
}

static inline void build_sort_texts(builder *b)
{
  uint32_t order[512], map[512];
  lq_str old[512];
  memcpy(old, b->strings, sizeof old);
  build_sort(b, b->p.nstrings, build_cmp_text, order, map);
  for (size_t i = 0; i < b->p.nstrings; i++)
    b->strings[i] = old[order[i]];
  for (size_t i = 0; i < b->p.nfields; i++)
    build_map_text(&b->fields[i].name, map);
  for (size_t i = 0; i < b->p.nset_ids; i++)
    build_map_text(&b->set_ids[i], map);
  for (size_t i = 0; i < b->p.nregexes; i++)
    build_map_text(&b->regexes[i].text, map);
  for (size_t i = 0; i < b->p.nrules; i++) {
    build_map_text(&b->rules[i].id, map);
    build_map_text(&b->rules[i].name, map);
    build_map_text(&b->rules[i].source, map);
  }
  for (size_t i = 0; i < b->p.nmeta; i++) {
    build_map_text(&b->meta[i].key, map);
    build_map_text(&b->meta[i].value, map);
  }
  for (size_t i = 0; i < b->p.nterms; i++)
    build_map_text(&b->terms[i].alias, map);
  for (size_t i = 0; i < b->p.nkeys; i++)
    build_map_text(&b->keys[i].name, map);
  for (size_t i = 0; i < b->p.nstage_args; i++)
    build_map_text(&b->stage_args[i].name, map);
  for (size_t i = 0; i < b->p.ntests; i++) {
    build_map_text(&b->tests[i].name, map);
    build_map_text(&b->tests[i].events, map);
  }
}

static inline void build_sort_sets(builder *b)
{
  for (size_t s = 0; s < b->p.nsets; s++) {
    uint32_t *ids = b->set_ids + b->sets[s].first;
    for (uint32_t i = 1; b->sets[s].kind == LQ_SET_TEXTS && i < b->sets[s].count; i++) {
      for (uint32_t k = i; k > 0 && ids[k - 1] > ids[k]; k--) {
        uint32_t swap = ids[k];
        ids[k] = ids[k - 1];
        ids[k - 1] = swap;
      }
    }
  }
}

// Constants and predicates; addresses are expected in their order.
static inline void build_sort_rows(builder *b)
{
  uint32_t order[256], map[256];
  lq_value consts[64];
  lq_predicate predicates[256];
  memcpy(consts, b->consts, sizeof consts);
  build_sort(b, b->p.nconsts, build_cmp_const, order, map);
  for (size_t i = 0; i < b->p.nconsts; i++)
    b->consts[i] = consts[order[i]];
  build_remap_code(b, 'k', map);
  for (size_t i = 0; i < b->p.npredicates; i++) {
    lq_predicate *q = &b->predicates[i];
    if (lq_match_kinds[q->matcher].set == LQ_SET_CONST)
      q->arg = map[q->arg];
  }
  memcpy(predicates, b->predicates, sizeof predicates);
  build_sort(b, b->p.npredicates, build_cmp_predicate, order, map);
  for (size_t i = 0; i < b->p.npredicates; i++)
    b->predicates[i] = predicates[order[i]];
  build_remap_code(b, 'p', map);
}

// Sorts, renumbers, and fills in what the verifier says of each rule. False: some rule is wrong, *fault says
// how.
static inline bool build_finish(builder *b, lq_fault *fault)
{
  static uint32_t scratch[LQ_VERIFY_SCRATCH / sizeof(uint32_t) + 1];
  build_sort_texts(b);
  build_sort_sets(b);
  build_sort_rows(b);
  return lq_verify_rules(&b->p, true, scratch, fault) && lq_verify(&b->p, scratch, fault);
}

#endif
