// The loop: each instruction's meaning, null, budgets, walks.
#define _GNU_SOURCE
#include <criterion/criterion.h>

#include "tests/mutate/seeds.h"
#include "vm/disasm.h"
#include "vm/exec.h"

// ---- a program and an event for all of it

enum { NAME, NUMS, GONE, SCOPE, S_NAME, INNER, I_NAME, DOC, MIXED, NFIELDS };
enum { K_FALSE, K_TRUE, K_0, K_1, K_2, K_7, K_MIN, K_MAX, K_BIG, K_HALF, K_CMD, K_FOO };

typedef struct world {
  builder b;
  lq_fieldmap *map;
  lq_event event;
  uint32_t slots[NFIELDS];
  lq_exec x;
  lq_program *loaded; // for regexes
} world;

// process.name is Cmd.EXE; nums is 1, 2, 3; s is two objects with names x and y, z; the second has one inner,
// named q.
static void fill(world *w)
{
  lq_event *e = &w->event;
  lq_event_add_slot(e, w->slots[NAME], lq_string(LQ_STR("Cmd.EXE")), 0, 0);
  for (int64_t i = 1; i <= 3; i++)
    lq_event_add_slot(e, w->slots[NUMS], lq_int(i), 0, 0);
  lq_event_add_slot(e, w->slots[SCOPE], (lq_value){.type = LQ_T_OBJECT}, 0, 0);
  lq_event_add_slot(e, w->slots[S_NAME], lq_string(LQ_STR("x")), 0, 0);
  lq_event_add_slot(e, w->slots[SCOPE], (lq_value){.type = LQ_T_OBJECT}, 1, 0);
  lq_event_add_slot(e, w->slots[S_NAME], lq_string(LQ_STR("y")), 1, 0);
  lq_event_add_slot(e, w->slots[S_NAME], lq_string(LQ_STR("z")), 1, 0);
  lq_event_add_slot(e, w->slots[INNER], lq_string(LQ_STR("plain")), 0, 1);
  lq_event_add_slot(e, w->slots[I_NAME], lq_string(LQ_STR("q")), 0, 0);
  lq_event_add_slot(e, w->slots[DOC], lq_string(LQ_STR("The Quick-brown fox, 3.14 can't")), 0, 0);
  lq_event_add_slot(e, w->slots[MIXED], lq_string(LQ_STR("10.1.2.3")), 0, 0);
  lq_event_add_slot(e, w->slots[MIXED], lq_bool(true), 0, 0);
  lq_event_add_slot(e, w->slots[MIXED], lq_double(4.0), 0, 0);
}

static world *new_world(void)
{
  static const struct {
    const char *name;
    uint32_t scope;
    uint8_t flags;
  } fields[NFIELDS] = {
      {"process.name", LQ_NONE, 0},   {"nums", LQ_NONE, 0},    {"gone", LQ_NONE, 0},
      {"s", LQ_NONE, LQ_FIELD_SCOPE}, {"s.name", SCOPE, 0},    {"s.in", SCOPE, LQ_FIELD_SCOPE},
      {"s.in.name", INNER, 0},        {"message", LQ_NONE, 0}, {"mixed", LQ_NONE, 0}};
  world *w = calloc(1, sizeof *w);
  build_begin(&w->b);
  cr_assert(lq_fieldmap_new(&w->map, &lq_mem_libc) == LQ_OK);
  for (int i = 0; i < NFIELDS; i++) {
    build_field(&w->b, fields[i].name, fields[i].scope, fields[i].flags);
    lq_field_spec spec = {lq_str_of(fields[i].name),
                          fields[i].scope == LQ_NONE ? LQ_NO_SLOT : w->slots[fields[i].scope],
                          fields[i].flags};
    cr_assert(lq_fieldmap_add(w->map, &spec, &w->slots[i]) == LQ_OK);
  }
  // In the order of lq_const_cmp, so that handles are numbers.
  build_const(&w->b, lq_bool(false));
  build_const(&w->b, lq_bool(true));
  build_const(&w->b, lq_int(0));
  build_const(&w->b, lq_int(1));
  build_const(&w->b, lq_int(2));
  build_const(&w->b, lq_int(7));
  build_const(&w->b, lq_int(INT64_MIN));
  build_const(&w->b, lq_int(INT64_MAX));
  build_const(&w->b, lq_uint((uint64_t)INT64_MAX + 1));
  build_const(&w->b, lq_double(0.5));
  build_const(&w->b, lq_string(LQ_STR("CMD.exe")));
  build_const(&w->b, lq_string(LQ_STR("foo")));
  cr_assert(lq_event_init(&w->event, w->map, &lq_mem_libc) == LQ_OK);
  fill(w);
  w->x = (lq_exec){.program = &w->b.p, .event = &w->event, .slots = w->slots, .budget = 1000};
  w->x.scratch.mem = w->x.folds.mem = &lq_mem_libc;
  return w;
}

static void free_world(world *w)
{
  lq_event_free(&w->event);
  lq_fieldmap_free(w->map);
  lq_arena_free(&w->x.scratch);
  lq_arena_free(&w->x.folds);
  free(w);
}

static uint32_t scratch[LQ_VERIFY_SCRATCH / sizeof(uint32_t)];

// Runs code that must verify.
static lq_verdict run(world *w, const char *what, const lq_insn *code, size_t n)
{
  lq_fault f = {0};
  uint32_t stack, cost;
  bool ok = lq_verify_rule(&w->b.p, code, (uint32_t)n, scratch, &stack, &cost, &f);
  cr_expect(ok, "%s: %s at %d", what, lq_reason_text(f.reason), (int)f.at);
  if (!ok)
    return LQ_VERDICT_INDETERMINATE;
  memcpy(w->b.code, code, n * sizeof *code);
  lq_arena_reset(&w->x.scratch);
  return lq_exec_run(&w->x, &(lq_rule_def){.code = 0, .ncode = (uint32_t)n});
}

#define K(c) OP(CONST, 0, 0, c)
#define F(f) OP(FIELD, 0, 0, f)
#define CMP(o) OP(COMPARE, LQ_CMP_##o, 0, 0)
#define AR(o) OP(ARITH, LQ_AR_##o, 0, 0)
#define N OP(NULL, 0, 0, 0)
#define ISNULL OP(IS_NULL, 0, 0, 0)
#define END OP(TRUTH, 0, 0, 0), OP(RETURN, 0, 0, 0)
#define P(b) OP(PUSH, b, 0, 0)
#define RET OP(RETURN, 0, 0, 0)

static const struct {
  const char *what;
  lq_verdict want;
  uint32_t n; // at least; up to RETURN
  lq_insn code[12];
} rows[] = {
    {"true", 1, 2, {P(1), RET}},
    {"false", 0, 2, {P(0), RET}},
    {"not", 1, 3, {P(0), OP(NOT, 0, 0, 0), RET}},
    {"and cut short", 0, 4, {P(0), OP(JUMP_FALSE, 0, 1, 0), P(1), RET}},
    {"and gone on", 1, 4, {P(1), OP(JUMP_FALSE, 0, 1, 0), P(1), RET}},
    {"or cut short", 1, 4, {P(1), OP(JUMP_TRUE, 0, 1, 0), P(0), RET}},
    {"or gone on", 0, 4, {P(0), OP(JUMP_TRUE, 0, 1, 0), P(0), RET}},
    {"a condition as a value", 1, 6, {P(0), OP(VALUE, 0, 0, 0), K(K_FALSE), CMP(EQ), END}},
    // Comparison.
    {"equal", 1, 5, {K(K_1), K(K_1), CMP(EQ), END}},
    {"equal kinds differ", 1, 5, {F(MIXED), K(K_TRUE), CMP(EQ), END}},
    {"equal case", 0, 5, {F(NAME), K(K_CMD), CMP(EQ), END}},
    {"equal without case", 1, 5, {F(NAME), K(K_CMD), CMP(EQ_FOLD), END}},
    {"any pair", 1, 5, {F(NUMS), K(K_2), CMP(EQ), END}},
    {"any pair of two lists", 1, 5, {F(NUMS), F(NUMS), CMP(LT), END}},
    {"no pair", 0, 5, {F(NUMS), K(K_7), CMP(EQ), END}},
    {"less", 1, 5, {K(K_1), K(K_2), CMP(LT), END}},
    {"less, the other way", 0, 5, {K(K_2), K(K_1), CMP(LT), END}},
    {"less or equal", 1, 5, {K(K_2), K(K_2), CMP(LE), END}},
    {"greater", 1, 5, {K(K_1), K(K_HALF), CMP(GT), END}},
    {"greater or equal", 0, 5, {K(K_HALF), K(K_1), CMP(GE), END}},
    {"null is not equal", 0, 5, {F(GONE), K(K_1), CMP(EQ), END}},
    {"null compared is null", 1, 6, {F(GONE), K(K_1), CMP(EQ), ISNULL, END}},
    {"null compared with null is null", 1, 6, {N, N, CMP(EQ), ISNULL, END}},
    {"no order is null", 1, 6, {K(K_1), K(K_FOO), CMP(LT), ISNULL, END}},
    {"some order is not null", 0, 6, {F(MIXED), K(K_1), CMP(LT), ISNULL, END}},
    {"a value is not null", 0, 4, {F(NAME), ISNULL, END}},
    {"null is null", 1, 4, {F(GONE), ISNULL, END}},
    {"truth of a number", 0, 3, {K(K_1), END}},
    {"truth of true among others", 1, 3, {F(MIXED), END}},
    // Arithmetic.
    {"sum", 1, 7, {K(K_1), K(K_1), AR(ADD), K(K_2), CMP(EQ), END}},
    {"sum above int64", 1, 7, {K(K_MAX), K(K_1), AR(ADD), K(K_BIG), CMP(EQ), END}},
    {"difference", 1, 7, {K(K_2), K(K_1), AR(SUB), K(K_1), CMP(EQ), END}},
    {"product of halves", 1, 7, {K(K_2), K(K_HALF), AR(MUL), K(K_1), CMP(EQ), END}},
    {"division truncates", 1, 9, {K(K_7), K(K_2), AR(DIV), K(K_2), AR(SUB), K(K_1), CMP(EQ), END}},
    {"division by zero", 1, 6, {K(K_7), K(K_0), AR(DIV), ISNULL, END}},
    {"remainder", 1, 7, {K(K_7), K(K_2), AR(MOD), K(K_1), CMP(EQ), END}},
    {"remainder by zero", 1, 6, {K(K_7), K(K_0), AR(MOD), ISNULL, END}},
    {"sum with null", 1, 6, {K(K_7), N, AR(ADD), ISNULL, END}},
    {"sum of texts", 1, 6, {K(K_FOO), K(K_FOO), AR(ADD), ISNULL, END}},
    {"sum of each", 1, 7, {F(NUMS), F(NUMS), AR(MUL), K(K_2), CMP(EQ), END}},
    {"negated",
     1,
     7,
     {K(K_1), OP(NEGATE, 0, 0, 0), K(K_1), AR(ADD), K(K_0), CMP(EQ), OP(TRUTH, 0, 0, 0), RET}},
    {"negated minimum", 1, 6, {K(K_MIN), OP(NEGATE, 0, 0, 0), K(K_BIG), CMP(EQ), END}},
    {"negated text", 1, 5, {K(K_FOO), OP(NEGATE, 0, 0, 0), ISNULL, END}},
};

Test(vm_exec, table)
{
  world *w = new_world();
  for (size_t i = 0; i < COUNT(rows); i++) {
    uint32_t n = rows[i].n;
    while (n < COUNT(rows[i].code) && rows[i].code[n - 1].op != LQ_OP_RETURN)
      n++;
    lq_verdict v = run(w, rows[i].what, rows[i].code, n);
    cr_expect(v == rows[i].want, "%s: %d", rows[i].what, v);
  }
  free_world(w);
}

// ---- predicates

typedef enum kind { TEXTS, PATTERNS, CIDR, CONST, NONE } kind;

static const struct {
  uint32_t field;
  lq_matcher_kind matcher;
  kind kind;
  const char *a, *b;
  bool want;
  size_t start, end; // of what matched, 0 and 0: not asked
} tests[] = {
    {NAME, LQ_MATCHER_EXISTS, NONE, NULL, NULL, true, 0, 7},
    {GONE, LQ_MATCHER_EXISTS, NONE, NULL, NULL, false, 0, 0},
    {SCOPE, LQ_MATCHER_EXISTS, NONE, NULL, NULL, true, 0, 0},
    {SCOPE, LQ_MATCHER_GLOB, PATTERNS, "*", "zz", false, 0, 0},
    {NAME, LQ_MATCHER_EQ, TEXTS, "cmd.exe", "Cmd.EXE", true, 0, 7},
    {NAME, LQ_MATCHER_EQ, TEXTS, "cmd.exe", "zz", false, 0, 0},
    {NAME, LQ_MATCHER_EQ_FOLD, TEXTS, "cmd.exe", "zz", true, 0, 7},
    {NUMS, LQ_MATCHER_EQ, TEXTS, "2", "9", true, 0, 1},
    {MIXED, LQ_MATCHER_EQ, TEXTS, "4", "zz", true, 0, 1},
    {MIXED, LQ_MATCHER_EQ_FOLD, TEXTS, "true", "zz", true, 0, 4},
    {GONE, LQ_MATCHER_EQ, TEXTS, "", "null", false, 0, 0},
    {NAME, LQ_MATCHER_GLOB, PATTERNS, "C*.EXE", "zz", true, 0, 7},
    {NAME, LQ_MATCHER_GLOB, PATTERNS, "c*.exe", "zz", false, 0, 0},
    {NAME, LQ_MATCHER_GLOB_FOLD, PATTERNS, "*.exe", "zz", true, 3, 7},
    {NAME, LQ_MATCHER_GLOB_FOLD, PATTERNS, "*md*", "zz", true, 1, 3},
    {MIXED, LQ_MATCHER_CIDR, CIDR, "10.0.0.0/8", NULL, true, 0, 8},
    {MIXED, LQ_MATCHER_CIDR, CIDR, "11.0.0.0/8", NULL, false, 0, 0},
    {NUMS, LQ_MATCHER_LT, CONST, (const char *)(uintptr_t)K_2, NULL, true, 0, 1},
    {NUMS, LQ_MATCHER_LT, CONST, (const char *)(uintptr_t)K_1, NULL, false, 0, 0},
    {NUMS, LQ_MATCHER_LE, CONST, (const char *)(uintptr_t)K_1, NULL, true, 0, 1},
    {NUMS, LQ_MATCHER_GT, CONST, (const char *)(uintptr_t)K_7, NULL, false, 0, 0},
    {NUMS, LQ_MATCHER_GE, CONST, (const char *)(uintptr_t)K_2, NULL, true, 0, 1},
    {NAME, LQ_MATCHER_LT, CONST, (const char *)(uintptr_t)K_7, NULL, false, 0, 0},
    {DOC, LQ_MATCHER_TOKENS_ANY, PATTERNS, "quick", "zz", true, 4, 9},
    {DOC, LQ_MATCHER_TOKENS_ANY, PATTERNS, "3.1*", "zz", true, 21, 25},
    {DOC, LQ_MATCHER_TOKENS_ANY, PATTERNS, "quick-brown", "zz", false, 0, 0},
    {DOC, LQ_MATCHER_TOKENS_ANY, PATTERNS, "fo", "can't", true, 26, 31},
    {DOC, LQ_MATCHER_PHRASE, TEXTS, "quick BROWN", "zz", true, 4, 15},
    {DOC, LQ_MATCHER_PHRASE, TEXTS, "quick fox", "zz", false, 0, 0},
    {DOC, LQ_MATCHER_PHRASE, TEXTS, "  ", "can't stop", false, 0, 0},
};

Test(vm_exec, predicates)
{
  world *w = new_world();
  for (size_t i = 0; i < COUNT(tests); i++) {
    uint32_t arg = 0;
    switch (tests[i].kind) {
    case TEXTS: arg = BUILD_TEXTS(&w->b, tests[i].a, tests[i].b); break;
    case PATTERNS: arg = BUILD_PATTERNS(&w->b, tests[i].a, tests[i].b); break;
    case CIDR: arg = build_cidr(&w->b, tests[i].a); break;
    case CONST: arg = (uint32_t)(uintptr_t)tests[i].a; break;
    case NONE: break;
    }
    build_predicate(&w->b, tests[i].field, tests[i].matcher, arg);
  }
  build_sort_texts(&w->b);
  build_sort_sets(&w->b);
  for (size_t i = 0; i < COUNT(tests); i++) {
    const lq_predicate *q = &w->b.predicates[i];
    for (int folded = 0; folded < 2; folded++) {
      w->x.folded = NULL;
      cr_expect(lq_predicate_test(&w->x, q) == tests[i].want, "row %d", (int)i);
    }
    // One value at a time gives the same, and says where.
    bool any = false;
    const lq_slot_value *v = lq_event_first(&w->event, w->slots[tests[i].field]);
    for (; v && !any; v = lq_event_next(&w->event, v)) {
      lq_str entry;
      size_t start = 99, end = 99;
      any = lq_matcher_test(&w->b.p, tests[i].matcher, q->arg, &v->v, &w->x.scratch);
      bool located = lq_predicate_locate(&w->b.p, q, &v->v, &w->x.scratch, &entry, &start, &end);
      cr_expect(any == located, "row %d", (int)i);
      if (any && tests[i].end)
        cr_expect(start == tests[i].start && end == tests[i].end, "row %d: %d-%d", (int)i, (int)start,
                  (int)end);
    }
    cr_expect(any == tests[i].want, "row %d", (int)i);
  }
  free_world(w);
}

// ---- walks

#define NAMED(k) F(S_NAME), K(k), CMP(EQ), OP(TRUTH, 0, 0, 0)

Test(vm_exec, walks)
{
  world *w = new_world();
  uint32_t kx = build_const(&w->b, lq_string(LQ_STR("x"))), kz = build_const(&w->b, lq_string(LQ_STR("z")));
  uint32_t kq = build_const(&w->b, lq_string(LQ_STR("q")));
  const struct {
    const char *what;
    lq_verdict want;
    uint32_t n;
    lq_insn code[20];
  } walks[] = {
      {"any", 1, 7, {OP(ITER, 0, 4, SCOPE), NAMED(kz), OP(ITER_END, 0, 0, 4), RET}},
      {"all", 0, 7, {OP(ITER, 0, 4, SCOPE), NAMED(kz), OP(ITER_END, 1, 0, 4), RET}},
      {"all not", 1, 8, {OP(ITER, 0, 5, SCOPE), NAMED(K_FOO), OP(NOT, 0, 0, 0), OP(ITER_END, 1, 0, 5), RET}},
      {"one element has both",
       0,
       12,
       {OP(ITER, 0, 9, SCOPE), NAMED(kx), OP(JUMP_FALSE, 0, 4, 0), NAMED(kz), OP(ITER_END, 0, 0, 9), RET}},
      {"count",
       1,
       9,
       {OP(ITER, 0, 1, SCOPE), P(1), OP(COUNT_END, 0, 0, 1), K(K_2), CMP(EQ), OP(TRUTH, 0, 0, 0), RET}},
      {"count some",
       1,
       0,
       {OP(ITER, 0, 4, SCOPE), NAMED(kz), OP(COUNT_END, 0, 0, 4), K(K_1), CMP(EQ), OP(TRUTH, 0, 0, 0), RET}},
      {"count none",
       1,
       0,
       {OP(ITER, 0, 4, SCOPE), NAMED(K_FOO), OP(COUNT_END, 0, 0, 4), K(K_0), CMP(EQ), OP(TRUTH, 0, 0, 0),
        RET}},
      {"inner walk",
       1,
       0,
       {OP(ITER, 0, 6, SCOPE), OP(ITER, 0, 4, INNER), F(I_NAME), K(kq), CMP(EQ), OP(TRUTH, 0, 0, 0),
        OP(ITER_END, 0, 0, 4), OP(ITER_END, 0, 0, 6), RET}},
      {"inner walk of the first",
       0,
       0,
       {OP(ITER, 0, 11, SCOPE), NAMED(kx), OP(JUMP_FALSE, 0, 6, 0), OP(ITER, 0, 4, INNER), F(I_NAME), K(kq),
        CMP(EQ), OP(TRUTH, 0, 0, 0), OP(ITER_END, 0, 0, 4), OP(ITER_END, 0, 0, 11), RET}},
      {"the element itself",
       1,
       0,
       {OP(ITER, 0, 7, SCOPE), OP(ITER, 0, 5, INNER), F(INNER), ISNULL, OP(TRUTH, 0, 0, 0), OP(NOT, 0, 0, 0),
        OP(NOT, 0, 0, 0), OP(ITER_END, 0, 0, 5), OP(ITER_END, 0, 0, 7), OP(NOT, 0, 0, 0), RET}},
      {"outside all values", 1, 0, {F(SCOPE), ISNULL, OP(TRUTH, 0, 0, 0), OP(NOT, 0, 0, 0), RET}},
      {"a scope in itself: pairs",
       1,
       0,
       {OP(ITER, 0, 6, SCOPE), OP(ITER, 0, 4, SCOPE), NAMED(kz), OP(ITER_END, 0, 0, 4), OP(ITER_END, 1, 0, 6),
        RET}},
  };
  for (size_t i = 0; i < COUNT(walks); i++) {
    uint32_t n = 1;
    while (walks[i].code[n - 1].op != LQ_OP_RETURN)
      n++;
    lq_verdict v = run(w, walks[i].what, walks[i].code, n);
    cr_expect(v == walks[i].want, "%s: %d", walks[i].what, v);
    cr_expect(w->x.depth == 0);
  }
  // The same with nothing to walk over.
  lq_event_clear(&w->event);
  const lq_insn all[] = {OP(ITER, 0, 1, SCOPE), P(1), OP(ITER_END, 1, 0, 1), RET};
  cr_expect(run(w, "all of none", all, 4) == LQ_VERDICT_NO);
  const lq_insn count[] = {OP(ITER, 0, 1, SCOPE), P(1), OP(COUNT_END, 0, 0, 1), ISNULL,
                           OP(TRUTH, 0, 0, 0),    RET};
  cr_expect(run(w, "count of none", count, 6) == LQ_VERDICT_YES);
  free_world(w);
}

// ---- calls, budgets

Test(vm_exec, calls)
{
  world *w = new_world();
  uint32_t lower = build_function(&w->b, "lower"), add = build_function(&w->b, "add");
  uint32_t split = build_function(&w->b, "array_length"), ends = build_function(&w->b, "endsWith~");
  uint32_t k_cmd = build_const(&w->b, lq_string(LQ_STR("cmd.exe"))),
           k_exe = build_const(&w->b, lq_string(LQ_STR(".exe")));
  uint32_t k_3 = build_const(&w->b, lq_int(3)), k_6 = build_const(&w->b, lq_int(6));
  const lq_insn a[] = {F(NAME), OP(CALL, 1, 0, lower), K(k_cmd), CMP(EQ), END};
  cr_expect(run(w, "lower", a, COUNT(a)) == LQ_VERDICT_YES);
  const lq_insn b[] = {F(GONE), OP(CALL, 1, 0, lower), ISNULL, END};
  cr_expect(run(w, "lower of null", b, COUNT(b)) == LQ_VERDICT_YES);
  const lq_insn c[] = {F(NUMS), F(NUMS), OP(CALL, 2, 0, add), K(k_6), CMP(EQ), END};
  cr_expect(run(w, "add each", c, COUNT(c)) == LQ_VERDICT_YES);
  const lq_insn d[] = {F(NUMS), OP(CALL, 1, 0, split), K(k_3), CMP(EQ), END};
  cr_expect(run(w, "length of a list", d, COUNT(d)) == LQ_VERDICT_YES);
  const lq_insn e[] = {F(NAME), K(k_exe), OP(CALL, 2, 0, ends), END};
  cr_expect(run(w, "ends without case", e, COUNT(e)) == LQ_VERDICT_YES);
  uint32_t set = BUILD_TEXTS(&w->b, "2", "9");
  const lq_insn f[] = {F(NUMS), OP(MATCH, LQ_MATCHER_EQ, 0, set), END};
  cr_expect(run(w, "match", f, COUNT(f)) == LQ_VERDICT_YES);
  const lq_insn g[] = {F(GONE), OP(MATCH, LQ_MATCHER_EQ, 0, set), ISNULL, END};
  cr_expect(run(w, "match of null", g, COUNT(g)) == LQ_VERDICT_YES);
  free_world(w);
}

Test(vm_exec, budget)
{
  world *w = new_world();
  const lq_insn product[] = {F(NUMS), F(NUMS), CMP(EQ), END};
  const lq_insn walk[] = {OP(ITER, 0, 1, SCOPE), P(0), OP(ITER_END, 0, 0, 1), RET};
  const struct {
    const lq_insn *code;
    size_t n;
    uint64_t budget;
    lq_verdict want;
  } table[] = {
      {product, COUNT(product), 15, LQ_VERDICT_YES}, // 3 + 3 to gather, 9 pairs
      {product, COUNT(product), 14, LQ_VERDICT_INDETERMINATE},
      {product, COUNT(product), 0, LQ_VERDICT_INDETERMINATE},
      {walk, COUNT(walk), 4, LQ_VERDICT_NO}, // two rounds of one instruction and a step
      {walk, COUNT(walk), 3, LQ_VERDICT_INDETERMINATE},
      {walk, COUNT(walk), 1, LQ_VERDICT_INDETERMINATE},
  };
  for (size_t i = 0; i < COUNT(table); i++) {
    w->x.budget = table[i].budget;
    lq_verdict v = run(w, "budget", table[i].code, table[i].n);
    cr_expect(v == table[i].want, "row %d: %d", (int)i, v);
  }
  free_world(w);
}

static void *no_memory(void *user, void *p, size_t old_size, size_t new_size)
{
  (void)user;
  return new_size ? NULL : lq_mem_libc.fn(NULL, p, old_size, new_size);
}

Test(vm_exec, out_of_scratch)
{
  static const lq_mem none = {no_memory, NULL};
  world *w = new_world();
  w->x.scratch.mem = &none;
  const lq_insn gather[] = {F(NUMS), ISNULL, END};
  const lq_insn sum[] = {K(K_1), K(K_1), AR(ADD), ISNULL, END};
  const lq_insn plain[] = {F(NAME), ISNULL, END};
  cr_expect(run(w, "gather", gather, COUNT(gather)) == LQ_VERDICT_INDETERMINATE);
  cr_expect(run(w, "sum", sum, COUNT(sum)) == LQ_VERDICT_INDETERMINATE);
  cr_expect(run(w, "one value needs none", plain, COUNT(plain)) == LQ_VERDICT_NO);
  // A fold that cannot be remembered is made anew.
  w->x.folds.mem = &none;
  uint32_t p = build_predicate(&w->b, NAME, LQ_MATCHER_GLOB_FOLD, BUILD_PATTERNS(&w->b, "cmd*"));
  cr_expect(lq_predicate_test(&w->x, &w->b.predicates[p]));
  free_world(w);
}

// A predicate is computed once an event, whoever asks.
Test(vm_exec, memo)
{
  world *w = new_world();
  uint8_t memo[1] = {0};
  uint32_t p = build_predicate(&w->b, NAME, LQ_MATCHER_EXISTS, 0);
  w->x.memo = memo;
  const lq_insn code[] = {OP(TEST_AND, 0, 2, p), OP(TEST_AND, 0, 1, p), OP(TEST, 0, 0, p), RET};
  cr_expect(run(w, "three times", code, COUNT(code)) == LQ_VERDICT_YES);
  cr_expect(w->x.predicates_run == 1 && memo[0] == 2);
  memo[0] = 1;
  cr_expect(run(w, "remembered", code, COUNT(code)) == LQ_VERDICT_NO);
  free_world(w);
}

// ---- snippets of stateful rules

static bool second_lineage(void *user, uint32_t lineage)
{
  ++*(int *)user;
  return lineage == 1;
}

typedef struct traced {
  uint32_t pc;
  bool truth;
} traced;

static void trace(void *user, uint32_t pc, bool truth)
{
  *(traced *)user = (traced){pc, truth};
}

// The stateful seed's rules, over an empty event and a group of three terms, the second of which is missing.
Test(vm_exec, snippets)
{
  builder *b = malloc(sizeof *b);
  lq_fault f;
  lq_fieldmap *map;
  lq_event event;
  uint32_t slots[8];
  build_begin(b);
  seed_state(b);
  cr_assert(build_finish(b, &f) && lq_fieldmap_new(&map, &lq_mem_libc) == LQ_OK);
  for (size_t i = 0; i < b->p.nfields; i++)
    cr_assert(lq_fieldmap_add(map, &(lq_field_spec){b->strings[b->fields[i].name], LQ_NO_SLOT, false},
                              &slots[i]) == LQ_OK);
  cr_assert(lq_event_init(&event, map, &lq_mem_libc) == LQ_OK);
  const lq_value sh = lq_string(LQ_STR("sh")), yes[] = {lq_bool(false), lq_bool(true)}, three = lq_int(3);
  lq_event_add(&event, LQ_STR("process.name"), sh);
  lq_event_add(&event, LQ_STR("host.id"), lq_int(7));
  const lq_values first[] = {{&sh, 1}, {yes, 2}}, third[] = {{0}};
  const lq_values *captures[] = {first, NULL, third};
  const lq_values columns[] = {{&sh, 1}, {0}, {&three, 1}};
  int asked = 0;
  traced last = {0};
  lq_exec x = {
      .program = &b->p, .event = &event, .slots = slots, .budget = 1000, .trace = trace, .trace_user = &last};
  x.scratch.mem = x.folds.mem = &lq_mem_libc;
  const lq_term_def *terms = b->terms + b->states[0].first_term;
  const lq_stage_def *stages = b->stages + b->states[0].first_stage;
  uint32_t where = b->stage_args[stages[0].first_arg].snippet,
           unique = b->stage_args[stages[1].first_arg].snippet;
  uint32_t many = b->stage_args[b->stages[b->states[1].first_stage + 3].first_arg].snippet;
  lq_values v;
  // Without a group all that is remembered is null, and no process has a past.
  cr_expect(lq_exec_truth(&x, terms[0].snippet) == LQ_VERDICT_YES);
  cr_expect(lq_exec_truth(&x, terms[1].snippet) == LQ_VERDICT_NO);
  cr_expect(lq_exec_truth(&x, terms[3].snippet) == LQ_VERDICT_NO &&
            last.pc == b->snippets[terms[3].snippet].code);
  cr_expect(lq_exec_value(&x, unique, &v) == LQ_VERDICT_YES && v.n == 0);
  cr_expect(lq_exec_truth(&x, many) == LQ_VERDICT_NO);
  x.group = &(lq_group){captures, columns};
  x.lineage = second_lineage;
  x.lineage_user = &asked;
  cr_expect(lq_exec_truth(&x, terms[1].snippet) == LQ_VERDICT_YES);
  cr_expect(lq_exec_truth(&x, terms[2].snippet) == LQ_VERDICT_NO && asked == 1);
  cr_expect(lq_exec_truth(&x, terms[3].snippet) == LQ_VERDICT_YES && asked == 2 && last.truth);
  cr_expect(lq_exec_truth(&x, where) == LQ_VERDICT_NO);
  cr_expect(lq_exec_value(&x, unique, &v) == LQ_VERDICT_YES && v.n == 2 && v.v == yes);
  cr_expect(lq_exec_value(&x, b->keys[terms[0].first_key].snippet, &v) == LQ_VERDICT_YES && v.n == 1 &&
            v.v[0].i == 7);
  cr_expect(lq_exec_value(&x, b->keys[terms[0].first_key + 1].snippet, &v) == LQ_VERDICT_YES && v.n == 0);
  cr_expect(lq_exec_truth(&x, many) == LQ_VERDICT_YES);
  captures[2] = captures[0] = NULL;
  cr_expect(lq_exec_truth(&x, terms[1].snippet) == LQ_VERDICT_NO);
  lq_event_free(&event);
  lq_fieldmap_free(map);
  lq_arena_free(&x.scratch);
  lq_arena_free(&x.folds);
  free(b);
}

// ---- listing

Test(vm_exec, listing)
{
  static const char want[] = "rule \"T1574\" \"T1574\": 10 instructions, stack 1, cost 12\n"
                             "  0000  ITER        dll -> 0009\n"
                             "  0001  TEST_AND    dll.path in dll : (\"*\\\\temp\\\\*\") -> 0007   ; path\n"
                             "  0002  ITER        dll.sign in dll -> 0005\n"
                             "  0003  TEST        dll.sign.name in dll.sign == (\"Evil\")\n"
                             "  0004  COUNT_END   -> 0003\n"
                             "  0005  IS_NULL\n"
                             "  0006  TRUTH\n"
                             "  0007  NOT\n"
                             "  0008  ITER_END    any -> 0001\n"
                             "  0009  RETURN\n";
  builder *b = malloc(sizeof *b);
  lq_buf out = {.mem = &lq_mem_libc};
  lq_fault f;
  build_begin(b);
  seed_rich(b);
  cr_assert(build_finish(b, &f));
  lq_disasm_rule(&out, &b->p, 2);
  cr_expect(lq_str_is(lq_buf_get(&out), want), "\n%.*s", (int)out.n, out.p);
  for (uint32_t i = 0; i < b->p.nrules; i++)
    lq_disasm_rule(&out, &b->p, i);
  cr_expect(!out.failed);
  lq_buf_clear(&out);
  lq_docs_opcodes(&out);
  cr_expect(out.n > 2000 && memmem(out.p, out.n, "| `COUNT_END` |", 15) != NULL);
  lq_buf_free(&out);
  free(b);
}
