// Bundles: what is written is read, and written again the same; anything else is refused with a place and a
// reason.
#include <criterion/criterion.h>

#include "stdlib/regex.h"
#include "tests/mutate/seeds.h"
#include "tests/unit/counting_mem.h"
#include "vm/bytes.h"

enum { TABLE = LQ_BUNDLE_HEADER, ROW = LQ_BUNDLE_SECTION };

static lq_status read_again(const uint8_t *bytes, size_t n, lq_fault *f, lq_buf *again)
{
  lq_program *p;
  lq_status status = lq_bundle_read(&p, &lq_mem_libc, bytes, n, NULL, f);
  cr_expect((p != NULL) == (status == LQ_OK));
  if (p && again) {
    lq_buf_clear(again);
    cr_expect(lq_bundle_write(again, p) == LQ_OK);
  }
  lq_program_free(p);
  return status;
}

static size_t section_at(const uint8_t *m, lq_section type)
{
  for (uint32_t i = 0; i < lq_le32(m + LQ_AT_SECTIONS); i++) {
    if (lq_le32(m + TABLE + i * ROW) == (uint32_t)type)
      return (size_t)lq_le64(m + TABLE + i * ROW + 8);
  }
  return 0;
}

static void repair(uint8_t *bytes, size_t n)
{
  lq_bundle_hash(bytes, n, bytes + LQ_AT_DIGEST);
}

Test(vm_bundle, round_trip)
{
  for (size_t i = 0; i < COUNT(seeds); i++) {
    lq_buf a = {.mem = &lq_mem_libc}, b = {.mem = &lq_mem_libc};
    lq_fault f;
    cr_assert(seed_bundle(i, &a, &f), "%s at %d", lq_reason_text(f.reason), (int)f.at);
    cr_expect(read_again((uint8_t *)a.p, a.n, &f, &b) == LQ_OK, "%s at %d", lq_reason_text(f.reason),
              (int)f.at);
    cr_expect(lq_str_eq(lq_buf_get(&a), lq_buf_get(&b)), "seed %d: %d and %d bytes", (int)i, (int)a.n,
              (int)b.n);
    cr_expect(a.n % 8 == 0);
    lq_buf_free(&a);
    lq_buf_free(&b);
  }
}

#define SAME(table)                                                                                          \
  cr_expect(p->n##table == b->p.n##table && p->n##table > 0 &&                                               \
                memcmp(p->table, b->table, p->n##table * sizeof *p->table) == 0,                             \
            #table)

Test(vm_bundle, rows_of_stateful_rules)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  lq_program *p;
  builder *b = malloc(sizeof *b);
  build_begin(b);
  seed_state(b);
  cr_assert(build_finish(b, &f) && lq_bundle_write(&a, &b->p) == LQ_OK);
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, a.p, a.n, NULL, &f) == LQ_OK);
  SAME(rules);
  SAME(snippets);
  SAME(states);
  SAME(terms);
  SAME(keys);
  SAME(captures);
  SAME(stages);
  SAME(stage_args);
  SAME(lineages);
  lq_program_free(p);
  lq_buf_free(&a);
  free(b);
}

// What is read is what was put in.
Test(vm_bundle, values)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  lq_program *p;
  builder *b = malloc(sizeof *b);
  build_begin(b);
  seed_rich(b);
  cr_assert(build_finish(b, &f) && lq_bundle_write(&a, &b->p) == LQ_OK);
  cr_assert(lq_bundle_read(&p, &lq_mem_libc, a.p, a.n, NULL, &f) == LQ_OK);
  cr_expect(p->nrules == b->p.nrules && p->ncode == b->p.ncode && p->nconsts == b->p.nconsts);
  for (size_t i = 0; i < p->nconsts; i++)
    cr_expect(lq_const_cmp(&p->consts[i], &b->consts[i]) == 0);
  cr_expect(memcmp(p->code, b->code, p->ncode * sizeof *p->code) == 0);
  cr_expect(memcmp(p->rules, b->rules, p->nrules * sizeof *p->rules) == 0);
  cr_expect(memcmp(p->functions, b->functions, p->nfunctions * sizeof *p->functions) == 0);
  cr_expect(lq_str_is(p->provenance, "{\"from\":\"a test\"}"));
  cr_expect(p->tests[0].line == 7);
  lq_program_free(p);
  lq_buf_free(&a);
  free(b);
}

// An empty program is a bundle too: 128 bytes.
Test(vm_bundle, empty)
{
  lq_buf a = {.mem = &lq_mem_libc}, b = {.mem = &lq_mem_libc};
  lq_program none = {.provenance = {"", 0}};
  lq_fault f;
  cr_expect(lq_bundle_write(&a, &none) == LQ_OK && a.n == LQ_BUNDLE_HEADER);
  cr_expect(read_again((uint8_t *)a.p, a.n, &f, &b) == LQ_OK, "%s", lq_reason_text(f.reason));
  lq_buf_free(&a);
  lq_buf_free(&b);
}

Test(vm_bundle, cut_at_every_byte)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(1, &a, &f));
  for (size_t n = 0; n < a.n; n++) {
    // A copy of just that size, so that a sanitizer sees a read past the end.
    uint8_t *cut = malloc(n ? n : 1);
    memcpy(cut, a.p, n);
    cr_expect(read_again(cut, n, &f, NULL) == LQ_E_BUNDLE);
    cr_expect(f.reason == (n < LQ_BUNDLE_HEADER ? LQ_REASON_SHORT : LQ_REASON_FILE_SIZE));
    // The same with a header that owns up to it.
    if (n >= LQ_BUNDLE_HEADER) {
      lq_put64(cut + LQ_AT_FILE_SIZE, n);
      repair(cut, n);
      cr_expect(read_again(cut, n, &f, NULL) == LQ_E_BUNDLE, "cut at %d", (int)n);
    }
    free(cut);
  }
  lq_buf_free(&a);
}

// Every byte changed in some ways: refused, or a bundle that is written again just so.
Test(vm_bundle, change_every_byte)
{
  static const uint8_t changes[] = {0x01, 0x80, 0xFF, 0x10};
  lq_buf a = {.mem = &lq_mem_libc}, again = {.mem = &lq_mem_libc};
  lq_fault f;
  size_t accepted = 0;
  cr_assert(seed_bundle(1, &a, &f));
  uint8_t *m = malloc(a.n);
  size_t last = lq_le32((uint8_t *)a.p + LQ_AT_SECTIONS) - 1;
  for (size_t i = 0; i < a.n; i++) {
    for (size_t k = 0; k < COUNT(changes); k++) {
      memcpy(m, a.p, a.n);
      m[i] ^= changes[k];
      cr_expect(read_again(m, a.n, &f, NULL) < 0, "byte %d changed and nobody saw", (int)i);
      repair(m, a.n);
      if (read_again(m, a.n, &f, &again) != LQ_OK) {
        cr_expect(f.reason != LQ_REASON_NONE && f.at <= a.n);
        continue;
      }
      accepted++;
      // A newer minor version, an optional feature and an older language are read, and written as ours.
      bool header = i >= LQ_AT_MINOR && i < LQ_AT_ZEROS && !(i >= LQ_AT_DIGEST && i < LQ_AT_LANGUAGE);
      bool digest = i >= LQ_AT_DIGEST && i < LQ_AT_DIGEST + 32;
      // An optional section that became one from the future is dropped.
      bool unknown = i / ROW == (TABLE + last * ROW) / ROW && i % ROW < 4;
      cr_expect(header || digest || unknown || (again.n == a.n && memcmp(again.p, m, a.n) == 0), "byte %d",
                (int)i);
    }
  }
  cr_expect(accepted > 50, "%d accepted", (int)accepted);
  free(m);
  lq_buf_free(&a);
  lq_buf_free(&again);
}

// ---- the header and the section table

static const struct {
  const char *what;
  size_t at, size; // size of the number: 1, 2, 4, 8
  uint64_t value;
  lq_status status;
  lq_reason reason;
} edits[] = {
    {"magic", 0, 1, 'L', LQ_E_BUNDLE, LQ_REASON_MAGIC},
    {"magic's line end", 4, 1, '\n', LQ_E_BUNDLE, LQ_REASON_MAGIC},
    {"major", LQ_AT_MAJOR, 2, 2, LQ_E_VERSION, LQ_REASON_VERSION},
    {"major 0", LQ_AT_MAJOR, 2, 0, LQ_E_VERSION, LQ_REASON_VERSION},
    {"minor", LQ_AT_MINOR, 2, 9, LQ_OK, LQ_REASON_NONE},
    {"header size", LQ_AT_HEADER_SIZE, 4, 136, LQ_E_BUNDLE, LQ_REASON_HEADER_SIZE},
    {"file size", LQ_AT_FILE_SIZE, 8, 8, LQ_E_BUNDLE, LQ_REASON_FILE_SIZE},
    {"file size, huge", LQ_AT_FILE_SIZE, 8, UINT64_MAX, LQ_E_BUNDLE, LQ_REASON_FILE_SIZE},
    {"required feature", LQ_AT_REQUIRED, 8, 1, LQ_E_VERSION, LQ_REASON_FEATURE},
    {"optional feature", LQ_AT_OPTIONAL, 8, 1, LQ_OK, LQ_REASON_NONE},
    {"33 sections", LQ_AT_SECTIONS, 4, 33, LQ_E_BUNDLE, LQ_REASON_SECTION_COUNT},
    {"many sections", LQ_AT_SECTIONS, 4, UINT32_MAX, LQ_E_BUNDLE, LQ_REASON_SECTION_COUNT},
    {"reserved", LQ_AT_RESERVED, 4, 1, LQ_E_BUNDLE, LQ_REASON_HEADER_RESERVED},
    {"zeros", LQ_AT_ZEROS + 23, 1, 1, LQ_E_BUNDLE, LQ_REASON_HEADER_RESERVED},
    {"language", LQ_AT_LANGUAGE, 4, 2, LQ_E_VERSION, LQ_REASON_LANGUAGE_VERSION},
    {"opcodes", LQ_AT_OPCODES, 4, 2, LQ_E_VERSION, LQ_REASON_OPCODE_VERSION},
    {"sequence number", LQ_AT_SEQ, 8, 77, LQ_OK, LQ_REASON_NONE},
    {"unknown section", TABLE + 13 * ROW, 4, 0x7FFF, LQ_E_VERSION, LQ_REASON_SECTION_UNKNOWN},
    {"section twice", TABLE + ROW, 4, 1, LQ_E_BUNDLE, LQ_REASON_SECTION_ORDER},
    {"section 0", TABLE, 4, 0, LQ_E_BUNDLE, LQ_REASON_SECTION_ORDER},
    {"section flags", TABLE + 4, 4, 1, LQ_E_BUNDLE, LQ_REASON_SECTION_FLAGS},
    {"offset, early", TABLE + ROW + 8, 8, 0, LQ_E_BUNDLE, LQ_REASON_SECTION_BOUNDS},
    {"offset, late", TABLE + ROW + 8, 8, UINT64_MAX - 7, LQ_E_BUNDLE, LQ_REASON_SECTION_BOUNDS},
    {"length, long", TABLE + ROW + 16, 8, UINT64_MAX, LQ_E_BUNDLE, LQ_REASON_SECTION_BOUNDS},
    {"length, none", TABLE + ROW + 16, 8, 0, LQ_E_BUNDLE, LQ_REASON_SECTION_EMPTY},
    {"length, odd", TABLE + ROW + 16, 8, 17, LQ_E_BUNDLE, LQ_REASON_SECTION_SIZE},
    {"count", TABLE + ROW + 24, 4, UINT32_MAX, LQ_E_BUNDLE, LQ_REASON_SECTION_SIZE},
    {"element, another", TABLE + ROW + 28, 4, 16, LQ_E_BUNDLE, LQ_REASON_SECTION_SIZE},
    {"element", TABLE + ROW + 28, 4, 0, LQ_E_BUNDLE, LQ_REASON_SECTION_SIZE},
};

static void put(uint8_t *p, size_t size, uint64_t v)
{
  for (size_t i = 0; i < size; i++)
    p[i] = (uint8_t)(v >> 8 * i);
}

Test(vm_bundle, frame)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(1, &a, &f));
  uint8_t *m = malloc(a.n);
  for (size_t i = 0; i < COUNT(edits); i++) {
    memcpy(m, a.p, a.n);
    put(m + edits[i].at, edits[i].size, edits[i].value);
    repair(m, a.n);
    lq_status status = read_again(m, a.n, &f, NULL);
    cr_expect(status == edits[i].status && f.reason == edits[i].reason, "%s: %d, %s", edits[i].what, status,
              lq_reason_text(f.reason));
  }
  free(m);
  lq_buf_free(&a);
}

// A row that is wrong is named by its place in the file, whoever finds it.
Test(vm_bundle, places)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(1, &a, &f));
  uint8_t *m = (uint8_t *)a.p;
  size_t at = section_at(m, LQ_SECTION_PREDICATES) + 2 * 12;
  lq_put32(m + at, 99);
  repair(m, a.n);
  cr_expect(read_again(m, a.n, &f, NULL) == LQ_E_BUNDLE && f.reason == LQ_REASON_PREDICATE_FIELD);
  cr_expect(f.at == at && f.section == LQ_SECTION_PREDICATES, "%d, not %d", (int)f.at, (int)at);
  lq_buf_free(&a);
}

// More sections than the file has room for; rows of twice the size and half the number; a function by another
// name.
Test(vm_bundle, lies)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(0, &a, &f) && a.n < TABLE + 32 * ROW);
  uint8_t *m = (uint8_t *)a.p;
  lq_put32(m + LQ_AT_SECTIONS, 32);
  repair(m, a.n);
  cr_expect(read_again(m, a.n, &f, NULL) == LQ_E_BUNDLE && f.reason == LQ_REASON_SECTION_TABLE);
  lq_buf_clear(&a);
  cr_assert(seed_bundle(2, &a, &f));
  m = (uint8_t *)a.p;
  size_t row = TABLE;
  while (lq_le32(m + row) != LQ_SECTION_CODE)
    row += ROW;
  lq_put32(m + row + 24, lq_le32(m + row + 24) / 2);
  lq_put32(m + row + 28, 16);
  repair(m, a.n);
  cr_expect(read_again(m, a.n, &f, NULL) == LQ_E_BUNDLE && f.reason == LQ_REASON_SECTION_SIZE);
  lq_buf_clear(&a);
  cr_assert(seed_bundle(1, &a, &f));
  m = (uint8_t *)a.p;
  for (size_t i = 0; i + 5 <= a.n; i++) {
    if (memcmp(m + i, "lower", 5) == 0)
      m[i + 4] = 'R';
  }
  repair(m, a.n);
  cr_expect(read_again(m, a.n, &f, NULL) == LQ_E_VERSION && f.reason == LQ_REASON_FUNCTION_UNKNOWN, "%s",
            lq_reason_text(f.reason));
  lq_buf_free(&a);
}

Test(vm_bundle, digest)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(0, &a, &f));
  a.p[a.n - 1] ^= 1;
  cr_expect(read_again((uint8_t *)a.p, a.n, &f, NULL) == LQ_E_BUNDLE && f.reason == LQ_REASON_DIGEST &&
            f.at == LQ_AT_DIGEST);
  lq_buf_free(&a);
}

// Bytes after the last section, and an optional section from the future.
Test(vm_bundle, more_at_the_end)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(0, &a, &f));
  lq_buf_fill(&a, 0, 8);
  uint8_t *m = (uint8_t *)a.p;
  lq_put64(m + LQ_AT_FILE_SIZE, a.n);
  repair(m, a.n);
  cr_expect(read_again(m, a.n, &f, NULL) == LQ_E_BUNDLE && f.reason == LQ_REASON_TRAILING, "%s",
            lq_reason_text(f.reason));
  // The debug fields' row becomes one of a type that nobody knows yet; the debug rows it was for go with it.
  lq_buf_clear(&a);
  cr_assert(seed_bundle(1, &a, &f));
  m = (uint8_t *)a.p;
  uint32_t last = lq_le32(m + LQ_AT_SECTIONS) - 1;
  lq_put32(m + TABLE + last * ROW, 0x8123);
  repair(m, a.n);
  cr_expect(read_again(m, a.n, &f, NULL) == LQ_OK, "%s", lq_reason_text(f.reason));
  lq_buf_free(&a);
}

// ---- rows that only the reader can judge

static const struct {
  const char *what;
  lq_section section;
  size_t at, size;
  uint64_t value;
  lq_status status;
  lq_reason reason;
} rows[] = {
    {"a text's offset", LQ_SECTION_STRTAB, 8, 4, 1, LQ_E_BUNDLE, LQ_REASON_STRING_BOUNDS},
    {"a text's length", LQ_SECTION_STRTAB, 4, 4, UINT32_MAX, LQ_E_BUNDLE, LQ_REASON_STRING_BOUNDS},
    {"a field's zeros", LQ_SECTION_FIELDS, 10, 2, 1, LQ_E_BUNDLE, LQ_REASON_RESERVED},
    {"a constant's type", LQ_SECTION_CONSTS, 0, 4, 99, LQ_E_BUNDLE, LQ_REASON_CONST_TYPE},
    {"a constant's zeros", LQ_SECTION_CONSTS, 4, 4, 1, LQ_E_BUNDLE, LQ_REASON_RESERVED},
    {"a boolean of 2", LQ_SECTION_CONSTS, 8, 8, 2, LQ_E_BUNDLE, LQ_REASON_CONST_VALUE},
    {"a network's zeros", LQ_SECTION_CIDR, 18, 1, 1, LQ_E_BUNDLE, LQ_REASON_RESERVED},
    {"a function's text", LQ_SECTION_FUNCS, 0, 4, 0xFFFF, LQ_E_BUNDLE, LQ_REASON_STRING_ID},
    {"a function's name", LQ_SECTION_FUNCS, 0, 4, 0, LQ_E_VERSION, LQ_REASON_FUNCTION_UNKNOWN},
    {"a predicate's zeros", LQ_SECTION_PREDICATES, 6, 1, 1, LQ_E_BUNDLE, LQ_REASON_RESERVED},
    {"a rule's cost", LQ_SECTION_RULES, 20, 4, 1000001, LQ_E_LIMIT, LQ_REASON_LIMIT_COST},
    {"provenance", LQ_SECTION_PROVENANCE, 3, 1, 0xFF, LQ_E_BUNDLE, LQ_REASON_PROVENANCE_UTF8},
    {"an unused text", LQ_SECTION_META, 12, 4, 0, LQ_E_BUNDLE, LQ_REASON_STRING_UNUSED},
};

Test(vm_bundle, rows)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  cr_assert(seed_bundle(1, &a, &f));
  uint8_t *m = malloc(a.n);
  for (size_t i = 0; i < COUNT(rows); i++) {
    memcpy(m, a.p, a.n);
    size_t at = section_at(m, rows[i].section);
    cr_assert(at > 0);
    put(m + at + rows[i].at, rows[i].size, rows[i].value);
    repair(m, a.n);
    lq_status status = read_again(m, a.n, &f, NULL);
    cr_expect(status == rows[i].status && f.reason == rows[i].reason, "%s: %d, %s", rows[i].what, status,
              lq_reason_text(f.reason));
  }
  free(m);
  lq_buf_free(&a);
}

// A regular expression that does not compile, and a text for people that is no UTF-8.
Test(vm_bundle, texts)
{
  for (int i = 0; i < 2; i++) {
    lq_buf a = {.mem = &lq_mem_libc};
    lq_fault f;
    builder *b = malloc(sizeof *b);
    build_begin(b);
    uint32_t name = build_field(b, "a", LQ_NONE, 0);
    uint32_t p = build_predicate(b, name, LQ_MATCHER_REGEX, build_regex(b, i == 0 ? "a(" : "a+", 0));
    const lq_insn code[] = {OP(TEST, 0, 0, p), OP(RETURN, 0, 0, 0)};
    build_rule(b, i == 1 ? "\xC3" : "id", NULL, code, 2);
    cr_assert(build_finish(b, &f) && lq_bundle_write(&a, &b->p) == LQ_OK);
    cr_expect(read_again((uint8_t *)a.p, a.n, &f, NULL) == LQ_E_BUNDLE);
    cr_expect(f.reason == (i == 0 ? LQ_REASON_REGEX_SYNTAX : LQ_REASON_STRING_UTF8), "%s",
              lq_reason_text(f.reason));
    lq_buf_free(&a);
    free(b);
  }
}

Test(vm_bundle, limits)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  lq_program *p;
  cr_assert(seed_bundle(2, &a, &f));
  const struct {
    lq_bundle_limits limits;
    lq_reason reason;
  } table[] = {
      {{.max_bytes = a.n}, LQ_REASON_NONE}, {{.max_bytes = a.n - 1}, LQ_REASON_LIMIT_BYTES},
      {{.max_rules = 50}, LQ_REASON_NONE},  {{.max_rules = 49}, LQ_REASON_LIMIT_RULES},
      {{.max_cost = 7}, LQ_REASON_NONE},    {{.max_cost = 6}, LQ_REASON_LIMIT_COST},
  };
  for (size_t i = 0; i < COUNT(table); i++) {
    lq_status status = lq_bundle_read(&p, &lq_mem_libc, a.p, a.n, &table[i].limits, &f);
    cr_expect(status == (table[i].reason ? LQ_E_LIMIT : LQ_OK) && f.reason == table[i].reason, "%d: %s",
              (int)i, lq_reason_text(f.reason));
    lq_program_free(p);
  }
  lq_buf_free(&a);
}

static void add_regexes(builder *b, const char *text, int n, uint32_t *last)
{
  uint32_t field = build_field(b, "a", LQ_NONE, 0);
  for (int i = 0; i < n; i++)
    *last = build_predicate(b, field, LQ_MATCHER_REGEX, build_regex(b, text, LQ_RE_SEARCH));
}

// One text can stand in many rows, so what counts is the sum. Nothing is compiled when it is too large.
Test(vm_bundle, regexes_are_bounded_before_they_are_compiled)
{
  static const struct {
    const char *text;
    int rows;
    lq_bundle_limits limits;
    lq_status status;
    lq_reason reason;
  } table[] = {
      {"a.*b", 20, {0}, LQ_OK, LQ_REASON_NONE},
      {".{1000,}", 8, {0}, LQ_OK, LQ_REASON_NONE},
      {".{1000,}", 20, {0}, LQ_E_LIMIT, LQ_REASON_LIMIT_REGEX_SUM},
      {"[^b]{0,1000}[^b]{0,1000}[^b]{0,1000}", 1, {0}, LQ_E_LIMIT, LQ_REASON_LIMIT_REGEX_COST},
      {"(a{1000}){1000}", 1, {0}, LQ_E_LIMIT, LQ_REASON_LIMIT_REGEX_COST},
      {"a{1001}", 1, {0}, LQ_E_BUNDLE, LQ_REASON_REGEX_SYNTAX},
      {"a.*b", 20, {.max_regex_memory = 20 * (2048 + 256 * 29)}, LQ_OK, LQ_REASON_NONE},
      {"a.*b",
       20,
       {.max_regex_memory = 20 * (2048 + 256 * 29) - 1},
       LQ_E_LIMIT,
       LQ_REASON_LIMIT_REGEX_MEMORY},
  };
  for (size_t i = 0; i < COUNT(table); i++) {
    static builder b;
    uint32_t last = 0;
    lq_fault f;
    lq_program *p;
    lq_buf bytes = {.mem = &lq_mem_libc};
    build_begin(&b);
    add_regexes(&b, table[i].text, table[i].rows, &last);
    const lq_insn code[] = {OP(TEST, 0, 0, last), OP(RETURN, 0, 0, 0)};
    build_rule(&b, "R", NULL, code, COUNT(code));
    cr_assert(build_finish(&b, &f) && lq_bundle_write(&bytes, &b.p) == LQ_OK, "%s", lq_reason_text(f.reason));
    lq_status s = lq_bundle_read(&p, &lq_mem_libc, bytes.p, bytes.n, &table[i].limits, &f);
    cr_expect(s == table[i].status && f.reason == table[i].reason, "%s, %d times: %d, %s", table[i].text,
              table[i].rows, s, lq_reason_text(f.reason));
    size_t at = section_at((const uint8_t *)bytes.p, LQ_SECTION_REGEX);
    cr_expect(!f.reason || (f.at >= at && f.at < at + 8 * (size_t)table[i].rows), "at %d", (int)f.at);
    lq_program_free(p);
    lq_buf_free(&bytes);
  }
}

// Every allocation that a load makes, failing.
Test(vm_bundle, out_of_memory)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  lq_program *p;
  cr_assert(seed_bundle(1, &a, &f));
  lq_status status = LQ_E_NOMEM;
  for (size_t n = 1; status == LQ_E_NOMEM && n < 100; n++) {
    counting_mem count = {.fail_at = n};
    lq_mem mem = {counting_fn, &count};
    status = lq_bundle_read(&p, &mem, a.p, a.n, NULL, &f);
    lq_program_free(p);
    cr_expect(count.live == 0 && !count.wrong_size, "failing request %d: %d bytes left", (int)n,
              (int)count.live);
  }
  cr_expect(status == LQ_OK);
  lq_buf_free(&a);
}

typedef struct extent_sum {
  size_t n;
  uint64_t end;
} extent_sum;

static void add_extent(void *user, const lq_section_info *s)
{
  extent_sum *sum = user;
  sum->n++;
  cr_expect(s->offset == ((sum->end + 7) & ~(uint64_t)7) || sum->n == 1);
  cr_expect(s->length == (uint64_t)s->count * s->element && strcmp(s->name, "?") != 0);
  sum->end = s->offset + s->length;
}

Test(vm_bundle, sections)
{
  lq_buf a = {.mem = &lq_mem_libc};
  lq_fault f;
  lq_program *p;
  extent_sum sum = {0};
  cr_assert(seed_bundle(1, &a, &f) && lq_bundle_read(&p, &lq_mem_libc, a.p, a.n, NULL, &f) == LQ_OK);
  lq_program_sections(p, add_extent, &sum);
  cr_expect(sum.n == 19 && sum.end <= a.n, "%d sections", (int)sum.n);
  lq_program_free(p);
  lq_buf_free(&a);
}
