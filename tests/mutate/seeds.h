// Programs to begin from: small ones that together have a row in every table and every instruction, and the
// events that accepted mutants run on.
#ifndef LQ_TESTS_SEEDS_H
#define LQ_TESTS_SEEDS_H

#include "tests/mutate/build.h"

#define OP(name, ...)                                                                                        \
  {                                                                                                          \
    LQ_OP_##name, __VA_ARGS__                                                                                \
  }
#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline void seed_one(builder *b)
{
  uint32_t name = build_field(b, "process.name", LQ_NONE, 0);
  uint32_t p = build_predicate(b, name, LQ_MATCHER_EQ_FOLD, BUILD_TEXTS(b, "cmd.exe", "powershell.exe"));
  const lq_insn code[] = {OP(TEST, 0, 0, p), OP(RETURN, 0, 0, 0)};
  build_rule(b, "T1", "process.name : (\"cmd.exe\", \"powershell.exe\")", code, COUNT(code));
  build_debug(b, 0, 0, 12, 0, name);
}

// Every matcher, most instructions, walks in walks.
static inline void seed_rich(builder *b)
{
  uint32_t name = build_field(b, "process.name", LQ_NONE, 0);
  uint32_t line = build_field(b, "process.command_line", LQ_NONE, 0);
  uint32_t port = build_field(b, "destination.port", LQ_NONE, LQ_FIELD_OPTIONAL);
  uint32_t ip = build_field(b, "destination.ip", LQ_NONE, 0);
  uint32_t script = build_field(b, "powershell.file.script_block_text", LQ_NONE, 0);
  uint32_t dlls = build_field(b, "dll", LQ_NONE, LQ_FIELD_SCOPE);
  uint32_t path = build_field(b, "dll.path", dlls, 0);
  uint32_t signs = build_field(b, "dll.sign", dlls, LQ_FIELD_SCOPE);
  uint32_t signer = build_field(b, "dll.sign.name", signs, 0);
  uint32_t named = build_predicate(b, name, LQ_MATCHER_EQ_FOLD,
                                   BUILD_TEXTS(b, "cmd.exe", "powershell.exe", "wscript.exe"));
  uint32_t encoded = build_predicate(b, line, LQ_MATCHER_GLOB_FOLD,
                                     BUILD_PATTERNS(b, "*-enc*", "*downloadstring*", "?iex*"));
  uint32_t exact = build_predicate(b, line, LQ_MATCHER_GLOB, BUILD_PATTERNS(b, "*IEX*"));
  uint32_t re = build_predicate(b, line, LQ_MATCHER_REGEX, build_regex(b, ".*[A-Za-z0-9+/]{10,}=*", 1));
  uint32_t net = build_predicate(b, ip, LQ_MATCHER_CIDR, build_cidr(b, "10.0.0.0/8"));
  uint32_t low = build_predicate(b, port, LQ_MATCHER_LT, build_const(b, lq_int(1024)));
  uint32_t high = build_predicate(b, port, LQ_MATCHER_GE, build_const(b, lq_double(49152.5)));
  uint32_t there = build_predicate(b, script, LQ_MATCHER_EXISTS, 0);
  uint32_t words = build_predicate(b, script, LQ_MATCHER_TOKENS_ANY, BUILD_PATTERNS(b, "invoke-*"));
  uint32_t phrase = build_predicate(b, script, LQ_MATCHER_PHRASE, BUILD_TEXTS(b, "hello world"));
  uint32_t temp = build_predicate(b, path, LQ_MATCHER_GLOB_FOLD, BUILD_PATTERNS(b, "*\\temp\\*"));
  uint32_t evil = build_predicate(b, signer, LQ_MATCHER_EQ, BUILD_TEXTS(b, "Evil"));
  uint32_t lower = build_function(b, "lower"), length = build_function(b, "length"),
           ends = build_function(b, "endsWith~");
  uint32_t k_text = build_const(b, lq_string(LQ_STR(".exe"))), k_two = build_const(b, lq_int(2));
  lq_ip address = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 0, 0, 1}};
  uint32_t k_ip = build_const(b, (lq_value){.type = LQ_T_IP, .ip = &address});
  uint32_t k_date = build_const(b, (lq_value){.type = LQ_T_DATE, .i = 1700000000000000000});
  uint32_t k_big = build_const(b, lq_uint(UINT64_MAX)), k_true = build_const(b, lq_bool(true));
  uint32_t set = BUILD_TEXTS(b, "2", "3");
  const lq_insn a[] = {OP(TEST_AND, 0, 4, named), OP(TEST_AND, 0, 3, encoded), OP(TEST_OR, 0, 2, net),
                       OP(TEST_AND, 0, 1, re),    OP(TEST, 0, 0, exact),       OP(RETURN, 0, 0, 0)};
  build_rule(b, "T1059", "process.name : \"cmd.exe\" and process.command_line : \"*\"", a, COUNT(a));
  build_meta(b, "attack", "T1059");
  build_meta(b, "severity", "high");
  build_debug(b, 0, 0, 12, 0, name);
  build_debug(b, 1, 29, 40, LQ_DEBUG_NEGATED, line);
  build_test(b, LQ_TEST_MATCH, "it fires", "{\"process\":{\"name\":\"cmd.exe\"}}");
  const lq_insn c[] = {OP(FIELD, 0, 0, line),
                       OP(CALL, 1, 0, lower),
                       OP(CONST, 0, 0, k_text),
                       OP(CALL, 2, 0, ends),
                       OP(TRUTH, 0, 0, 0),
                       OP(JUMP_FALSE, 0, 6, 0),
                       OP(FIELD, 0, 0, name),
                       OP(CALL, 1, 0, length),
                       OP(CONST, 0, 0, k_two),
                       OP(ARITH, LQ_AR_DIV, 0, 0),
                       OP(MATCH, LQ_MATCHER_EQ, 0, set),
                       OP(TRUTH, 0, 0, 0),
                       OP(JUMP_TRUE, 0, 4, 0),
                       OP(FIELD, 0, 0, port),
                       OP(CONST, 0, 0, k_big),
                       OP(COMPARE, LQ_CMP_LT, 0, 0),
                       OP(TRUTH, 0, 0, 0),
                       OP(RETURN, 0, 0, 0)};
  build_rule(b, "T1105", NULL, c, COUNT(c));
  const lq_insn d[] = {OP(ITER, 0, 7, dlls), OP(TEST_AND, 0, 5, temp), OP(ITER, 0, 1, signs),
                       OP(TEST, 0, 0, evil), OP(COUNT_END, 0, 0, 1),   OP(IS_NULL, 0, 0, 0),
                       OP(TRUTH, 0, 0, 0),   OP(NOT, 0, 0, 0),         OP(ITER_END, 0, 0, 7),
                       OP(RETURN, 0, 0, 0)};
  build_rule(b, "T1574", "dll:{ path : \"*\" }", d, COUNT(d));
  build_debug(b, 1, 5, 11, 0, path);
  const lq_insn e[] = {
      OP(FIELD, 0, 0, ip),        OP(CONST, 0, 0, k_ip),     OP(COMPARE, LQ_CMP_GE, 0, 0),
      OP(TRUTH, 0, 0, 0),         OP(VALUE, 0, 0, 0),        OP(CONST, 0, 0, k_true),
      OP(COMPARE, 0, 0, 0),       OP(NULL, 0, 0, 0),         OP(COMPARE, LQ_CMP_EQ_FOLD, 0, 0),
      OP(NEGATE, 0, 0, 0),        OP(CONST, 0, 0, k_date),   OP(COMPARE, LQ_CMP_GT, 0, 0),
      OP(TRUTH, 0, 0, 0),         OP(JUMP_TRUE, 0, 7, 0),    OP(TEST_OR, 0, 6, low),
      OP(TEST_OR, 0, 5, high),    OP(TEST_AND, 0, 4, there), OP(TEST_OR, 0, 3, words),
      OP(TEST_AND, 0, 2, phrase), OP(PUSH, 1, 0, 0),         OP(NOT, 0, 0, 0),
      OP(RETURN, 0, 0, 0)};
  build_rule(b, "T9999", NULL, e, COUNT(e));
  b->p.provenance = LQ_STR("{\"from\":\"a test\"}");
}

// Many rules that share predicates.
static inline void seed_many(builder *b)
{
  static char names[50][8], texts[50][2][16];
  uint32_t fields[4] = {build_field(b, "process.name", LQ_NONE, 0),
                        build_field(b, "process.command_line", LQ_NONE, 0),
                        build_field(b, "file.path", LQ_NONE, 0), build_field(b, "user.name", LQ_NONE, 0)};
  for (int i = 0; i < 50; i++) {
    names[i][0] = 'R';
    names[i][1] = (char)('0' + i / 10);
    names[i][2] = (char)('0' + i % 10);
    texts[i][0][0] = (char)('a' + i % 26);
    texts[i][0][1] = '*';
    texts[i][1][0] = '*';
    texts[i][1][1] = (char)('a' + i / 2 % 26);
    texts[i][1][2] = (char)('a' + i % 7);
    uint32_t p = build_predicate(b, fields[i % 4], i % 2 ? LQ_MATCHER_GLOB : LQ_MATCHER_GLOB_FOLD,
                                 BUILD_PATTERNS(b, texts[i][0], texts[i][1]));
    const lq_insn code[] = {OP(TEST_AND, 0, 1, p), OP(TEST, 0, 0, i ? p - 1 : p), OP(RETURN, 0, 0, 0)};
    build_rule(b, names[i], NULL, code, COUNT(code));
  }
}

// Stateful rules: every kind of state, stage and lineage, all there is to be read in each.
#define CODE(...) (const lq_insn[]){__VA_ARGS__}, sizeof((const lq_insn[]){__VA_ARGS__}) / sizeof(lq_insn)
#define RET OP(RETURN, 0, 0, 0)

static inline void seed_sequence(builder *b, const uint32_t *fields, uint32_t is, uint32_t length)
{
  lq_state_def *d = build_state(b, "S1", LQ_STATE_SEQUENCE, 300000000000);
  lq_term_def *t = build_term(b, CODE(OP(TEST, 0, 0, is), RET));
  t->runs = 3;
  t->alias = build_text(b, LQ_STR("first"));
  build_key(b, "host.id", CODE(OP(FIELD, 0, 0, fields[1]), RET));
  build_key(b, "user.id", CODE(OP(FIELD, 0, 0, fields[2]), RET));
  b->keys[1].flags = LQ_KEY_OPTIONAL;
  build_capture(b, fields[0]);
  build_capture(b, fields[2]);
  t = build_term(b, CODE(OP(REF, 0, 0, 1), OP(TRUTH, 0, 0, 0), RET));
  t->flags = LQ_TERM_NEGATED;
  build_key(b, "host.id", CODE(OP(FIELD, 0, 0, fields[1]), RET));
  build_key(b, "source.id", CODE(OP(FIELD, 0, 0, fields[0]), OP(CALL, 1, 0, length), RET));
  build_term(b, CODE(OP(FIELD, 0, 0, fields[0]), OP(REF, 0, 0, 0), OP(COMPARE, 0, 0, 0), OP(TRUTH, 0, 0, 0),
                     OP(JUMP_FALSE, 0, 1, 0), OP(LINEAGE, 0, 0, 0), RET));
  build_key(b, "host.id", CODE(OP(FIELD, 0, 0, fields[1]), RET));
  build_key(b, "host.id", CODE(OP(NULL, 0, 0, 0), RET));
  build_capture(b, fields[0]);
  build_term(b, CODE(OP(LINEAGE, 0, 0, 1), RET)); // until
  build_key(b, "host.id", CODE(OP(FIELD, 0, 0, fields[1]), RET));
  build_key(b, "host.id", CODE(OP(FIELD, 0, 0, fields[1]), RET));
  d->nterms--;
  d->until = 1;
  build_stage(b, LQ_DO_WHERE, -1);
  build_arg(b, NULL, LQ_NONE, CODE(OP(REF, 2, 0, 0), OP(TRUTH, 0, 0, 0), RET));
  build_stage(b, LQ_DO_UNIQUE, -1);
  build_arg(b, "host.id", LQ_NONE, CODE(OP(REF, 0, 0, 1), RET));
  build_stage(b, LQ_DO_HEAD, 5);
  build_lineage(b, LQ_OF_DESCENDANT, CODE(OP(TEST_AND, 0, 1, is), OP(LINEAGE, 0, 0, 2), RET));
  build_lineage(b, LQ_OF_CHILD, CODE(OP(PUSH, 1, 0, 0), RET));
  build_lineage(b, LQ_OF_EVENT, CODE(OP(TEST, 0, 0, is), RET));
}

static inline void seed_pipes(builder *b, const uint32_t *fields, uint32_t is, uint32_t two)
{
  build_state(b, "S2", LQ_STATE_EVENT, -1);
  build_term(b, CODE(OP(TEST, 0, 0, is), RET));
  build_stage(b, LQ_DO_EVAL, -1);
  build_arg(b, "a", LQ_NONE, CODE(OP(FIELD, 0, 0, fields[0]), RET));
  build_arg(b, "b", LQ_NONE, CODE(OP(CONST, 0, 0, two), RET));
  build_stage(b, LQ_DO_NEW_TERMS, 86400000000000);
  build_arg(b, "user.id", LQ_NONE, CODE(OP(FIELD, 0, 0, fields[2]), RET));
  build_stage(b, LQ_DO_STATS, 300000000000)->nby = 1;
  build_arg(b, "count", LQ_FN_count, NULL, 0);
  build_arg(b, "users", LQ_FN_dcount, CODE(OP(COLUMN, 0, 0, 1), RET));
  build_arg(b, "host.id", LQ_NONE, CODE(OP(FIELD, 0, 0, fields[1]), RET));
  build_stage(b, LQ_DO_WHERE, -1);
  build_arg(
      b, NULL, LQ_NONE,
      CODE(OP(COLUMN, 0, 0, 2), OP(CONST, 0, 0, two), OP(COMPARE, LQ_CMP_GE, 0, 0), OP(TRUTH, 0, 0, 0), RET));
  build_stage(b, LQ_DO_SORT, -1)->flags = LQ_STAGE_DESCENDING;
  build_arg(b, "count", LQ_NONE, CODE(OP(COLUMN, 0, 0, 1), RET));
  build_stage(b, LQ_DO_SUPPRESS, 3600000000000);
  build_arg(b, "host.id", LQ_NONE, CODE(OP(COLUMN, 0, 0, 0), RET));
  build_stage(b, LQ_DO_KEEP, -1);
  build_arg(b, "count", LQ_NONE, CODE(OP(COLUMN, 0, 0, 1), RET));
  build_stage(b, LQ_DO_DROP, -1);
  build_arg(b, "users", LQ_NONE, NULL, 0);
  build_stage(b, LQ_DO_TAIL, 3);
}

static inline void seed_state(builder *b)
{
  const uint32_t fields[] = {build_field(b, "process.name", LQ_NONE, 0),
                             build_field(b, "host.id", LQ_NONE, 0), build_field(b, "user.id", LQ_NONE, 0)};
  uint32_t is = build_predicate(b, fields[0], LQ_MATCHER_EQ_FOLD, BUILD_TEXTS(b, "cmd.exe", "sh"));
  uint32_t two = build_const(b, lq_int(2)), length = build_function(b, "length");
  build_rule(b, "A", NULL, CODE(OP(TEST, 0, 0, is), RET));
  seed_sequence(b, fields, is, length);
  seed_pipes(b, fields, is, two);
  build_state(b, "S3", LQ_STATE_SAMPLE, -1);
  for (int i = 0; i < 2; i++) {
    build_term(b, CODE(OP(TEST, 0, 0, is), RET));
    build_key(b, "host.id", CODE(OP(FIELD, 0, 0, fields[1]), RET));
  }
  build_capture(b, fields[0]);
  build_stage(b, LQ_DO_UNIQUE_COUNT, -1);
  build_arg(b, "name", LQ_NONE, CODE(OP(REF, 1, 0, 0), RET));
  build_stage(b, LQ_DO_SORT, -1);
  build_arg(b, "key", LQ_NONE, CODE(OP(COLUMN, 0, 0, 2), RET));
  lq_state_def *d = build_state(b, "S4", LQ_STATE_JOIN, -1);
  for (int i = 0; i < 3; i++)
    build_term(b, CODE(OP(PUSH, 1, 0, 0), RET));
  d->nterms--;
  d->until = 1;
  build_stage(b, LQ_DO_COUNT, -1);
  build_state(b, "S5", LQ_STATE_EVENT, -1);
  build_term(b, CODE(OP(LINEAGE, 0, 0, 3), OP(NOT, 0, 0, 0), RET));
  build_lineage(b, LQ_OF_CHILD, CODE(OP(TEST, 0, 0, is), RET));
}

static void (*const seeds[])(builder *) = {seed_one, seed_rich, seed_many, seed_state};

// Seed i as bundle bytes in out. False: it does not verify, which is a bug here.
static inline bool seed_bundle(size_t i, lq_buf *out, lq_fault *fault)
{
  builder *b = malloc(sizeof *b);
  build_begin(b);
  seeds[i](b);
  bool ok = build_finish(b, fault) && lq_bundle_write(out, &b->p) == LQ_OK;
  free(b);
  return ok;
}

// ---- events

static inline void seed_add(lq_event *e, const char *name, lq_value v)
{
  lq_event_add(e, lq_str_of(name), v);
}

static inline void seed_add_text(lq_event *e, const char *name, const char *text)
{
  seed_add(e, name, lq_string(lq_str_of(text)));
}

// Gives every slot of the map values of its own, whatever the (mutated) names are: n of them, in elements 0
// to n - 1.
static inline void seed_fill(lq_event *e, const lq_fieldmap *map, uint32_t n)
{
  static const char *const texts[] = {"cmd.exe", "C:\\Temp\\Evil.DLL -enc", "10.1.2.3",
                                      "Invoke-Expression hello world", "\xC3\x84rger"};
  for (uint32_t slot = 0; slot < lq_fieldmap_slots(map); slot++) {
    const lq_field_spec *spec = lq_fieldmap_spec(map, slot);
    for (uint32_t i = 0; i < n; i++) {
      lq_value v = i % 3 == 2 ? lq_int((int64_t)slot * 443)
                              : lq_string(lq_str_of(texts[(i + slot) % COUNT(texts)]));
      if (spec->is_scope && i % 2)
        v = (lq_value){.type = LQ_T_OBJECT};
      lq_event_add_slot(e, slot, v, i, i / 2);
    }
  }
}

static inline void seed_event(lq_event *e, const lq_fieldmap *map, int which)
{
  lq_event_clear(e);
  switch (which) {
  case 0: break;
  case 1:
    seed_add_text(e, "process.name", "CMD.exe");
    seed_add_text(e, "process.command_line", "cmd.exe -ENC aGVsbG8gd29ybGQgaGVsbG8=");
    seed_add_text(e, "destination.ip", "10.20.30.40");
    seed_add(e, "destination.port", lq_int(445));
    seed_add_text(e, "powershell.file.script_block_text", "Invoke-Thing 'Hello World'");
    seed_add_text(e, "file.path", "/tmp/x");
    break;
  default: seed_fill(e, map, 5); break;
  }
}

enum { SEED_EVENTS = 3 };

#endif
