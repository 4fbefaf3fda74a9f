// Bytes to tables. Every number in the file is doubted: first the frame (header, digest, section table), then
// rows are decoded into one block of memory whose size the file's own size bounds, then lq_verify looks at
// what they say.
#include "vm/bundle.h"

#include "base/utf8.h"
#include "stdlib/functions.h"
#include "vm/bundle_regex.h"
#include "vm/frame.h"

enum { MAX_BYTES = 64 << 20, MAX_RULES = 1000000, MAX_COST = 1000000, MAX_REGEX_MEMORY = 256 << 20 };

typedef struct lq_loading {
  lq_program *p;
  lq_frame frame;
  lq_bundle_limits limits;
  lq_fault *fault;
} lq_loading;

static lq_status refuse_as(lq_loading *l, lq_status status, lq_reason reason, uint64_t at)
{
  *l->fault = (lq_fault){.reason = reason, .at = at};
  return status;
}

static lq_status refuse(lq_loading *l, lq_reason reason, uint64_t at)
{
  return refuse_as(l, LQ_E_BUNDLE, reason, at);
}

// ---- memory for the tables

// Tables lie in one block, so there is one allocation to fail and one to free.
typedef struct lq_block {
  char *p; // NULL while the size is being added up
  size_t n;
} lq_block;

static void *carve(lq_block *b, size_t rows, size_t size)
{
  void *at = b->p ? b->p + b->n : NULL;
  b->n += (rows * size + 15) & ~(size_t)15;
  return at;
}

// Rows are at most as many as the file has bytes, and that is capped: nothing here wraps around.
static void place_tables(lq_loading *l, lq_block *b)
{
  lq_program *p = l->p;
#define TABLE(part, table, count)                                                                            \
  p->table = carve(b, p->count = l->frame.at[LQ_SEC_##part].rows, sizeof *p->table)
  TABLE(STRTAB, strings, nstrings);
  TABLE(FIELDS, fields, nfields);
  TABLE(CONSTS, consts, nconsts);
  TABLE(IPS, ips, nips);
  TABLE(SETS, sets, nsets);
  TABLE(IDS, set_ids, nset_ids);
  TABLE(REGEX, regexes, nregexes);
  TABLE(REGEX, compiled_regexes, nregexes);
  TABLE(CIDR, cidrs, ncidrs);
  TABLE(FUNCS, functions, nfunctions);
  TABLE(PREDICATES, predicates, npredicates);
  TABLE(CODE, code, ncode);
  TABLE(RULES, rules, nrules);
  TABLE(SNIPPETS, snippets, nsnippets);
  TABLE(STATES, states, nstates);
  TABLE(TERMS, terms, nterms);
  TABLE(KEYS, keys, nkeys);
  TABLE(CAPTURES, captures, ncaptures);
  TABLE(STAGES, stages, nstages);
  TABLE(STAGEARGS, stage_args, nstage_args);
  TABLE(LINEAGES, lineages, nlineages);
  TABLE(META, meta, nmeta);
  TABLE(DEBUG, debug, ndebug);
  TABLE(DEBUGFIELDS, debug_fields, ndebug_fields);
  TABLE(TESTS, tests, ntests);
#undef TABLE
}

static lq_status make_tables(lq_loading *l)
{
  lq_block b = {0};
  place_tables(l, &b);
  l->p->tables = lq_mem_alloc(l->p->mem, b.n, 1);
  if (!l->p->tables)
    return LQ_E_NOMEM;
  l->p->tables_size = b.n;
  b = (lq_block){.p = l->p->tables};
  place_tables(l, &b);
  return LQ_OK;
}

// ---- rows

// Decodes row i; gives a reason if it cannot be what it says.
typedef lq_reason (*lq_row_fn)(lq_loading *l, size_t i, const uint8_t *row);

// Texts follow each other without a gap, so the data ends where the last one does.
static lq_reason read_string(lq_loading *l, size_t i, const uint8_t *row)
{
  lq_extent data = l->frame.at[LQ_SEC_STRDATA];
  const uint8_t *start = l->frame.bytes + data.at;
  lq_str *s = l->p->strings;
  size_t at = i ? (size_t)((const uint8_t *)s[i - 1].p - start) + s[i - 1].n : 0;
  uint32_t n = lq_le32(row + 4);
  if (lq_le32(row) != at || n > data.n - at || (i + 1 == l->p->nstrings && n != data.n - at))
    return LQ_REASON_STRING_BOUNDS;
  s[i] = (lq_str){(const char *)start + at, n};
  return LQ_REASON_NONE;
}

static lq_reason read_field(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->fields[i] = (lq_field){.name = lq_le32(r), .scope = lq_le32(r + 4), .flags = r[8], .type = r[9]};
  return lq_le16(r + 10) ? LQ_REASON_RESERVED : LQ_REASON_NONE;
}

static lq_reason read_text_const(lq_loading *l, lq_value *v, uint64_t id)
{
  if (id >= l->p->nstrings)
    return LQ_REASON_STRING_ID;
  *v = lq_string(l->p->strings[id]);
  return LQ_REASON_NONE;
}

static lq_reason read_ip_const(lq_loading *l, lq_value *v, uint64_t index)
{
  if (index >= l->p->nips)
    return LQ_REASON_IP_INDEX;
  *v = (lq_value){.type = LQ_T_IP, .ip = &l->p->ips[index]};
  return LQ_REASON_NONE;
}

static lq_reason read_const(lq_loading *l, size_t i, const uint8_t *r)
{
  lq_value *v = &l->p->consts[i];
  uint32_t type = lq_le32(r);
  uint64_t bits = lq_le64(r + 8);
  if (lq_le32(r + 4))
    return LQ_REASON_RESERVED;
  switch (type) {
  case LQ_T_BOOL: *v = lq_bool(bits == 1); return bits > 1 ? LQ_REASON_CONST_VALUE : LQ_REASON_NONE;
  case LQ_T_INT:
  case LQ_T_DATE: *v = (lq_value){.type = (lq_type)type, .i = (int64_t)bits}; return LQ_REASON_NONE;
  case LQ_T_UINT: *v = (lq_value){.type = LQ_T_UINT, .u = bits}; return LQ_REASON_NONE;
  case LQ_T_DOUBLE:
    v->type = LQ_T_DOUBLE;
    memcpy(&v->d, &bits, sizeof v->d);
    return LQ_REASON_NONE;
  case LQ_T_STRING: return read_text_const(l, v, bits);
  case LQ_T_IP: return read_ip_const(l, v, bits);
  default: return LQ_REASON_CONST_TYPE;
  }
}

static lq_reason read_ip(lq_loading *l, size_t i, const uint8_t *r)
{
  memcpy(l->p->ips[i].b, r, 16);
  return LQ_REASON_NONE;
}

static lq_reason read_set(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->sets[i] = (lq_set){.kind = lq_le32(r), .first = lq_le32(r + 4), .count = lq_le32(r + 8)};
  return LQ_REASON_NONE;
}

static lq_reason read_id(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->set_ids[i] = lq_le32(r);
  return LQ_REASON_NONE;
}

static lq_reason read_regex(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->regexes[i] = (lq_regex_def){.text = lq_le32(r), .flags = lq_le32(r + 4)};
  return LQ_REASON_NONE;
}

static lq_reason read_cidr(lq_loading *l, size_t i, const uint8_t *r)
{
  memcpy(l->p->cidrs[i].base.b, r, 16);
  l->p->cidrs[i].bits = r[16];
  return lq_all_zero(r + 17, 3) ? LQ_REASON_NONE : LQ_REASON_RESERVED;
}

// By its own name and no other spelling: there is one encoding of a program.
static lq_reason find_function(lq_loading *l, uint32_t id, lq_function_id *fn, bool *fold)
{
  if (id >= l->p->nstrings)
    return LQ_REASON_STRING_ID;
  lq_str name = l->p->strings[id], plain = name;
  if (!lq_function_find(name, fn, fold))
    return LQ_REASON_FUNCTION_UNKNOWN;
  if (*fold)
    plain.n--;
  return lq_str_is(plain, lq_functions[*fn].name) ? LQ_REASON_NONE : LQ_REASON_FUNCTION_UNKNOWN;
}

static lq_reason read_function(lq_loading *l, size_t i, const uint8_t *r)
{
  lq_function_id fn = 0;
  bool fold = false;
  lq_reason why = find_function(l, lq_le32(r), &fn, &fold);
  l->p->functions[i] = 2 * (uint32_t)fn + fold;
  return why;
}

static lq_reason read_predicate(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->predicates[i] = (lq_predicate){.field = lq_le32(r), .matcher = r[4], .arg = lq_le32(r + 8)};
  return lq_all_zero(r + 5, 3) ? LQ_REASON_NONE : LQ_REASON_RESERVED;
}

static lq_reason read_insn(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->code[i] = (lq_insn){.op = r[0], .a = r[1], .b = lq_le16(r + 2), .c = lq_le32(r + 4)};
  return LQ_REASON_NONE;
}

static lq_reason read_rule(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->rules[i] = (lq_rule_def){
      .id = lq_le32(r),
      .name = lq_le32(r + 4),
      .code = lq_le32(r + 8),
      .ncode = lq_le32(r + 12),
      .max_stack = lq_le32(r + 16),
      .cost = lq_le32(r + 20),
      .meta = lq_le32(r + 24),
      .nmeta = lq_le32(r + 28),
      .source = lq_le32(r + 32),
      .flags = lq_le32(r + 36),
      .state = lq_le32(r + 40),
  };
  return LQ_REASON_NONE;
}

// ---- rows of stateful rules

static lq_reason read_snippet(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->snippets[i] = (lq_snippet){
      .rule = lq_le32(r),
      .code = lq_le32(r + 4),
      .ncode = lq_le32(r + 8),
      .gives = lq_le32(r + 12),
      .max_stack = lq_le32(r + 16),
      .cost = lq_le32(r + 20),
  };
  return LQ_REASON_NONE;
}

static lq_reason read_state(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->states[i] = (lq_state_def){
      .rule = lq_le32(r),
      .kind = lq_le32(r + 4),
      .maxspan = (int64_t)lq_le64(r + 8),
      .first_term = lq_le32(r + 16),
      .nterms = lq_le32(r + 20),
      .until = lq_le32(r + 24),
      .first_stage = lq_le32(r + 28),
      .nstages = lq_le32(r + 32),
      .flags = lq_le32(r + 36),
  };
  return lq_all_zero(r + 40, 8) ? LQ_REASON_NONE : LQ_REASON_RESERVED;
}

static lq_reason read_term(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->terms[i] = (lq_term_def){
      .snippet = lq_le32(r),
      .flags = lq_le32(r + 4),
      .runs = lq_le32(r + 8),
      .first_key = lq_le32(r + 12),
      .nkeys = lq_le32(r + 16),
      .first_capture = lq_le32(r + 20),
      .ncaptures = lq_le32(r + 24),
      .alias = lq_le32(r + 28),
  };
  return LQ_REASON_NONE;
}

static lq_reason read_key(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->keys[i] = (lq_key_def){.snippet = lq_le32(r), .flags = lq_le32(r + 4), .name = lq_le32(r + 8)};
  return LQ_REASON_NONE;
}

static lq_reason read_capture(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->captures[i] = (lq_capture_def){.field = lq_le32(r)};
  return LQ_REASON_NONE;
}

static lq_reason read_stage(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->stages[i] = (lq_stage_def){
      .op = lq_le32(r),
      .flags = lq_le32(r + 4),
      .number = (int64_t)lq_le64(r + 8),
      .first_arg = lq_le32(r + 16),
      .nargs = lq_le32(r + 20),
      .nby = lq_le32(r + 24),
  };
  return lq_le32(r + 28) ? LQ_REASON_RESERVED : LQ_REASON_NONE;
}

static lq_reason read_stage_arg(lq_loading *l, size_t i, const uint8_t *r)
{
  lq_stage_arg *a = &l->p->stage_args[i];
  lq_function_id fn = 0;
  bool fold = false;
  *a = (lq_stage_arg){.snippet = lq_le32(r), .name = lq_le32(r + 4), .function = LQ_NONE};
  if (lq_le32(r + 8) == LQ_NONE)
    return LQ_REASON_NONE;
  lq_reason why = find_function(l, lq_le32(r + 8), &fn, &fold);
  a->function = (uint32_t)fn;
  return !why && fold ? LQ_REASON_STAGE_FUNCTION : why;
}

static lq_reason read_lineage(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->lineages[i] = (lq_lineage_def){.rule = lq_le32(r), .kind = lq_le32(r + 4), .snippet = lq_le32(r + 8)};
  return LQ_REASON_NONE;
}

// ---- rows about rules

static lq_reason read_meta(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->meta[i] = (lq_meta){.key = lq_le32(r), .value = lq_le32(r + 4)};
  return LQ_REASON_NONE;
}

static lq_reason read_debug(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->debug[i] = (lq_debug){
      .pc = lq_le32(r),
      .start = lq_le32(r + 4),
      .end = lq_le32(r + 8),
      .field = lq_le32(r + 12),
      .nfields = lq_le32(r + 16),
      .flags = lq_le32(r + 20),
  };
  return LQ_REASON_NONE;
}

static lq_reason read_debug_field(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->debug_fields[i] = lq_le32(r);
  return LQ_REASON_NONE;
}

static lq_reason read_test(lq_loading *l, size_t i, const uint8_t *r)
{
  l->p->tests[i] = (lq_test_def){
      .rule = lq_le32(r),
      .kind = lq_le32(r + 4),
      .count = lq_le32(r + 8),
      .name = lq_le32(r + 12),
      .events = lq_le32(r + 16),
      .line = lq_le32(r + 20),
  };
  return LQ_REASON_NONE;
}

static uint64_t offset_of(const lq_loading *l, int part, uint64_t row)
{
  return l->frame.at[part].at + row * lq_parts[part].element;
}

static lq_status read_rows(lq_loading *l, int part, lq_row_fn read)
{
  const uint8_t *row = l->frame.bytes + l->frame.at[part].at;
  for (size_t i = 0; i < l->frame.at[part].rows; i++, row += lq_parts[part].element) {
    lq_reason r = read(l, i, row);
    if (!r)
      continue;
    lq_status status = r == LQ_REASON_FUNCTION_UNKNOWN ? LQ_E_VERSION : LQ_E_BUNDLE;
    status = refuse_as(l, status, r, offset_of(l, part, i));
    l->fault->section = lq_parts[part].type;
    return status;
  }
  return LQ_OK;
}

static lq_status read_tables(lq_loading *l)
{
  static const struct {
    int part;
    lq_row_fn read;
  } rows[] = {
      {LQ_SEC_STRTAB, read_string},
      {LQ_SEC_FIELDS, read_field},
      {LQ_SEC_IPS, read_ip},
      {LQ_SEC_CONSTS, read_const},
      {LQ_SEC_SETS, read_set},
      {LQ_SEC_IDS, read_id},
      {LQ_SEC_REGEX, read_regex},
      {LQ_SEC_CIDR, read_cidr},
      {LQ_SEC_FUNCS, read_function},
      {LQ_SEC_PREDICATES, read_predicate},
      {LQ_SEC_CODE, read_insn},
      {LQ_SEC_META, read_meta},
      {LQ_SEC_DEBUG, read_debug},
      {LQ_SEC_TESTS, read_test},
      {LQ_SEC_DEBUGFIELDS, read_debug_field},
      {LQ_SEC_RULES, read_rule},
      {LQ_SEC_SNIPPETS, read_snippet},
      {LQ_SEC_STATES, read_state},
      {LQ_SEC_TERMS, read_term},
      {LQ_SEC_KEYS, read_key},
      {LQ_SEC_CAPTURES, read_capture},
      {LQ_SEC_STAGES, read_stage},
      {LQ_SEC_STAGEARGS, read_stage_arg},
      {LQ_SEC_LINEAGES, read_lineage},
  };
  lq_status status = LQ_OK;
  if (l->frame.at[LQ_SEC_STRDATA].n && !l->frame.at[LQ_SEC_STRTAB].rows)
    return refuse(l, LQ_REASON_STRING_BOUNDS, l->frame.at[LQ_SEC_STRDATA].at);
  for (size_t i = 0; i < sizeof rows / sizeof *rows && !status; i++)
    status = read_rows(l, rows[i].part, rows[i].read);
  lq_extent text = l->frame.at[LQ_SEC_PROVENANCE];
  l->p->provenance = (lq_str){(const char *)l->frame.bytes + text.at, text.n};
  if (!status && !lq_utf8_valid(l->p->provenance))
    status = refuse(l, LQ_REASON_PROVENANCE_UTF8, text.at);
  return status;
}

// ---- what the rows say

static lq_status check_limits(lq_loading *l)
{
  const lq_program *p = l->p;
  if (p->nrules > l->limits.max_rules)
    return refuse_as(l, LQ_E_LIMIT, LQ_REASON_LIMIT_RULES, l->frame.at[LQ_SEC_RULES].at);
  for (size_t i = 0; i < p->nrules; i++) {
    if (p->rules[i].cost > l->limits.max_cost)
      return refuse_as(l, LQ_E_LIMIT, LQ_REASON_LIMIT_COST, offset_of(l, LQ_SEC_RULES, i));
  }
  return LQ_OK;
}

static size_t longest_rule(const lq_program *p)
{
  size_t n = 0;
  for (size_t i = 0; i < p->nrules; i++) {
    size_t k = p->rules[i].ncode;
    if (k > n && k <= LQ_RULE_CODE_MAX && k <= p->ncode)
      n = k;
  }
  return n;
}

static lq_status check_tables(lq_loading *l)
{
  size_t scratch_size = longest_rule(l->p) * 5;
  void *scratch = lq_mem_alloc(l->p->mem, scratch_size, 1);
  if (!scratch)
    return LQ_E_NOMEM;
  bool ok = lq_verify(l->p, scratch, l->fault);
  lq_mem_free(l->p->mem, scratch, scratch_size, 1);
  if (ok)
    return LQ_OK;
  int part = lq_part_of(l->fault->section);
  if (part >= 0)
    l->fault->at = offset_of(l, part, l->fault->at);
  return LQ_E_BUNDLE;
}

// What is known of each text.
enum { USED = 1, READ = 2 }; // by a table; by people, so that it must be UTF-8

static void mark_if_any(uint32_t text, uint8_t *marks)
{
  if (text != LQ_NONE)
    marks[text] |= READ;
}

static void mark_rules(const lq_program *p, uint8_t *marks)
{
  for (size_t i = 0; i < p->nrules; i++) {
    const lq_rule_def *r = &p->rules[i];
    marks[r->id] |= READ;
    marks[r->name] |= READ;
    mark_if_any(r->source, marks);
  }
  for (size_t i = 0; i < p->nmeta; i++)
    marks[p->meta[i].key] |= READ, marks[p->meta[i].value] |= READ;
  for (size_t i = 0; i < p->nterms; i++)
    mark_if_any(p->terms[i].alias, marks);
  for (size_t i = 0; i < p->nkeys; i++)
    marks[p->keys[i].name] |= READ;
  for (size_t i = 0; i < p->nstage_args; i++)
    mark_if_any(p->stage_args[i].name, marks);
  for (size_t i = 0; i < p->ntests; i++)
    marks[p->tests[i].name] |= READ, marks[p->tests[i].events] |= READ;
}

// Once for each text, however many rows name it: a file that names a long one a million times stays cheap.
static lq_status check_marks(lq_loading *l, const uint8_t *marks)
{
  for (size_t i = 0; i < l->p->nstrings; i++) {
    lq_reason r = !marks[i]                                               ? LQ_REASON_STRING_UNUSED
                  : (marks[i] & READ && !lq_utf8_valid(l->p->strings[i])) ? LQ_REASON_STRING_UTF8
                                                                          : LQ_REASON_NONE;
    if (r) {
      refuse(l, r, offset_of(l, LQ_SEC_STRTAB, i));
      l->fault->section = LQ_SECTION_STRTAB;
      return LQ_E_BUNDLE;
    }
  }
  return LQ_OK;
}

static void mark_const(const lq_loading *l, size_t i, uint8_t *marks)
{
  if (l->p->consts[i].type == LQ_T_STRING)
    marks[lq_le64(l->frame.bytes + offset_of(l, LQ_SEC_CONSTS, i) + 8)] |= USED;
}

static void mark_aggregate(const lq_loading *l, size_t i, uint8_t *marks)
{
  if (l->p->stage_args[i].function != LQ_NONE)
    marks[lq_le32(l->frame.bytes + offset_of(l, LQ_SEC_STAGEARGS, i) + 8)] |= USED;
}

static lq_status check_texts(lq_loading *l)
{
  const lq_program *p = l->p;
  uint8_t *marks = lq_mem_alloc(p->mem, p->nstrings, 1);
  if (!marks)
    return LQ_E_NOMEM;
  for (size_t i = 0; i < p->nfields; i++)
    marks[p->fields[i].name] |= USED;
  for (size_t i = 0; i < p->nconsts; i++)
    mark_const(l, i, marks);
  for (size_t i = 0; i < p->nset_ids; i++)
    marks[p->set_ids[i]] |= USED;
  for (size_t i = 0; i < p->nregexes; i++)
    marks[p->regexes[i].text] |= USED;
  for (size_t i = 0; i < p->nfunctions; i++)
    marks[lq_le32(l->frame.bytes + offset_of(l, LQ_SEC_FUNCS, i))] |= USED;
  for (size_t i = 0; i < p->nstage_args; i++)
    mark_aggregate(l, i, marks);
  mark_rules(p, marks);
  lq_status status = check_marks(l, marks);
  lq_mem_free(p->mem, marks, p->nstrings, 1);
  return status;
}

static lq_status compile_regexes(lq_loading *l)
{
  size_t row;
  lq_reason reason;
  lq_status s = lq_bundle_compile_regexes(l->p, l->limits.max_regex_memory, &row, &reason);
  return s == LQ_OK || s == LQ_E_NOMEM ? s : refuse_as(l, s, reason, offset_of(l, LQ_SEC_REGEX, row));
}

// ---- the whole

static lq_bundle_limits limits_of(const lq_bundle_limits *given)
{
  lq_bundle_limits l = given ? *given : (lq_bundle_limits){0};
  l.max_bytes = l.max_bytes ? l.max_bytes : MAX_BYTES;
  l.max_rules = l.max_rules ? l.max_rules : MAX_RULES;
  l.max_cost = l.max_cost ? l.max_cost : MAX_COST;
  l.max_regex_memory = l.max_regex_memory ? l.max_regex_memory : MAX_REGEX_MEMORY;
  // Offsets of texts are 32 bits wide.
  l.max_bytes = l.max_bytes > UINT32_MAX ? UINT32_MAX : l.max_bytes;
  return l;
}

static lq_status check_frame(lq_loading *l)
{
  lq_status status = lq_frame_check(&l->frame);
  if (status)
    return status;
  memcpy(l->p->digest, l->frame.digest, sizeof l->p->digest);
  l->p->bundle_seq = lq_le64(l->frame.bytes + LQ_AT_SEQ);
  l->p->not_after = lq_le64(l->frame.bytes + LQ_AT_NOT_AFTER);
  return LQ_OK;
}

static lq_status load(lq_loading *l)
{
  lq_status (*const steps[])(lq_loading *) = {check_frame,  make_tables, read_tables,    check_limits,
                                              check_tables, check_texts, compile_regexes};
  lq_status status = LQ_OK;
  for (size_t i = 0; i < sizeof steps / sizeof *steps && !status; i++)
    status = steps[i](l);
  return status;
}

// In place first, checked after: whoever holds the original may change it while it is being looked at.
static lq_status bring(lq_program **out, const lq_mem *mem, lq_bundle_fill fill, void *user, size_t n)
{
  lq_program *p = lq_mem_alloc(mem, 1, sizeof *p);
  if (!p)
    return LQ_E_NOMEM;
  *p = (lq_program){.mem = mem, .bytes = lq_mem_resize(mem, NULL, 0, n ? n : 1, 1), .nbytes = n ? n : 1};
  lq_status status = !p->bytes ? LQ_E_NOMEM : n > 0 && !fill(user, p->bytes, n) ? LQ_E_IO : LQ_OK;
  if (status)
    lq_program_free(p);
  else
    *out = p;
  return status;
}

lq_status lq_bundle_read_by(lq_program **out, const lq_mem *mem, lq_bundle_fill fill, void *user, size_t n,
                            const lq_bundle_limits *limits, lq_fault *fault)
{
  lq_fault none;
  lq_loading l = {.limits = limits_of(limits), .fault = fault ? fault : &none};
  *out = NULL;
  *l.fault = (lq_fault){0};
  if (n > l.limits.max_bytes)
    return refuse_as(&l, LQ_E_LIMIT, LQ_REASON_LIMIT_BYTES, n);
  lq_status status = bring(&l.p, mem, fill, user, n);
  if (status)
    return status;
  l.frame = (lq_frame){.bytes = l.p->bytes, .n = n, .fault = l.fault};
  status = load(&l);
  if (status)
    lq_program_free(l.p);
  else
    *out = l.p;
  return status;
}

static bool copy(void *user, void *p, size_t n)
{
  memcpy(p, *(const void *const *)user, n);
  return true;
}

lq_status lq_bundle_read(lq_program **out, const lq_mem *mem, const void *bytes, size_t n,
                         const lq_bundle_limits *limits, lq_fault *fault)
{
  return lq_bundle_read_by(out, mem, copy, &bytes, n, limits, fault);
}
