// A compiled rule set as plain tables. A bundle is these tables as bytes; reading one gives them back,
// verified. Nothing in it points into anything: every reference is an index, and every index is checked once,
// at load.
#ifndef LQ_VM_PROGRAM_H
#define LQ_VM_PROGRAM_H

#include "base/ip.h"
#include "base/value.h"
#include "libquery/status.h"
#include "vm/state.h"

typedef enum lq_opcode {
#define LQ_OP(name, byte, operands, pops, pushes, check, role, doc) LQ_OP_##name = byte,
#include "vm/opcodes.def"
#undef LQ_OP
} lq_opcode;
enum {
  LQ_OP_SLOTS = 64,
  LQ_STACK_MAX = 31,
  LQ_ITER_DEPTH_MAX = 3,
  LQ_RULE_CODE_MAX = 65536,
  LQ_ARGS_MAX = 16
};

typedef enum lq_matcher_kind {
#define LQ_MATCH_KIND(name, number, set, fold, looks, cost, sign, doc) LQ_MATCHER_##name = number,
#include "vm/match_kinds.def"
#undef LQ_MATCH_KIND
  LQ_MATCHER_COUNT
} lq_matcher_kind;

typedef enum lq_set_kind {
  LQ_SET_NONE,
  LQ_SET_TEXTS,
  LQ_SET_REGEXES,
  LQ_SET_CIDRS,
  LQ_SET_CONST
} lq_set_kind;
typedef enum lq_compare {
#define LQ_COMPARE(name, sign) LQ_CMP_##name,
#include "vm/compares.def"
  LQ_CMP_COUNT,
} lq_compare;
typedef enum lq_arith {
#define LQ_ARITH(name, sign) LQ_AR_##name,
#include "vm/compares.def"
  LQ_AR_COUNT,
} lq_arith;

// What the verifier asks of an instruction besides (vm/verify.c).
typedef enum lq_op_check {
  LQ_CHECK_NONE,
  LQ_CHECK_RETURN,
  LQ_CHECK_TEST,
  LQ_CHECK_FIELD,
  LQ_CHECK_ELEMENT,
  LQ_CHECK_CALL,
  LQ_CHECK_MATCH,
  LQ_CHECK_WALK,
  LQ_CHECK_WALK_END,
  LQ_CHECK_REF,
  LQ_CHECK_COLUMN,
  LQ_CHECK_LINEAGE,
} lq_op_check;

typedef struct lq_op_info {
  const char *name, *operands, *pops, *pushes, *doc; // name is NULL where there is no instruction
  lq_op_check check;
  bool clause; // it gives the truth of a part of the query
} lq_op_info;
extern const lq_op_info lq_ops[LQ_OP_SLOTS];

typedef enum lq_match_cost { LQ_COST_FREE, LQ_COST_ONCE, LQ_COST_EACH } lq_match_cost;
typedef struct lq_matcher_info {
  const char *name, *sign, *doc;
  lq_set_kind set;
  bool fold;   // the set's texts are folded
  bool tokens; // looks at the tokens in a text
  lq_match_cost cost;
} lq_matcher_info;
extern const lq_matcher_info lq_match_kinds[LQ_MATCHER_COUNT];

typedef struct lq_insn {
  uint8_t op, a;
  uint16_t b;
  uint32_t c;
} lq_insn;

#define LQ_NONE 0xFFFFFFFFu // "no index"
enum { LQ_FIELD_NAME_MAX = 1024 };

typedef enum lq_section {
#define LQ_SECTION(name, type, element, doc) LQ_SECTION_##name = type,
#include "vm/sections.def"
#undef LQ_SECTION
} lq_section;
enum { LQ_SECTION_OPTIONAL = 0x8000 }; // from this type on

// Text ids index the string table. Strings are unique and ascending by bytes; pattern text has LQ_ANY_RUN and
// LQ_ANY_ONE in it (base/glob.h) and is therefore no UTF-8, as are the texts of binary data; all others are.
typedef enum lq_field_flags { LQ_FIELD_SCOPE = 1, LQ_FIELD_OPTIONAL = 2 } lq_field_flags;
typedef struct lq_field {
  uint32_t name;  // text id; pattern form for KQL field patterns
  uint32_t scope; // index of the scope field it is tied to (a smaller index), or LQ_NONE
  uint8_t flags;
  uint8_t type; // schema hint: lq_type; LQ_T_NULL unknown
} lq_field;

typedef struct lq_regex_def {
  uint32_t text;
  uint32_t
      flags; // stdlib/regex.h: LQ_RE_FOLD, LQ_RE_PREFIX (match), LQ_RE_SEARCH; none: anchored at both ends
} lq_regex_def;

typedef struct lq_set {
  uint32_t kind; // lq_set_kind: TEXTS, REGEXES, CIDRS
  // TEXTS: range of set_ids, ids ascending; REGEXES: of regexes; CIDRS: of cidrs, ascending. Never empty. The
  // sets of a kind tile their table: each begins where the one before ends, so checking them all is linear.
  uint32_t first, count;
} lq_set;

typedef struct lq_predicate {
  uint32_t field;
  uint8_t matcher; // lq_matcher_kind
  uint32_t
      arg; // set index; a constant's where the matcher takes one; 0 for EXISTS. FOLDED sets hold folded texts
} lq_predicate;

typedef struct lq_rule_def {
  uint32_t id, name;    // text ids; ids are unique
  uint32_t code, ncode; // instructions; rules tile the code in order, and snippets tile each rule's
  uint32_t max_stack;   // of the snippet that needs most
  uint32_t cost; // worst-case units of all snippets, once each, iterators apart (vm/verify.c computes it)
  uint32_t meta; // index of its first row in meta, LQ_NONE without; rules tile meta in order
  uint32_t nmeta;
  uint32_t source; // text id: the query as written, LQ_NONE when stripped
  uint32_t flags;  // reserved, 0
  uint32_t state;  // index into states; LQ_NONE: a rule over single events
} lq_rule_def;

// META: annotations by rule: key text id, value text id; keys may repeat (attack, tag, reference, os, index).
// Keys used by us: attack (T1059.001 or TA0002), severity, risk_score, description, file, line, language,
// kind, tag, reference, index, author.
typedef struct lq_meta {
  uint32_t key, value;
} lq_meta;

// DEBUG: what part of the query an instruction decides. Ascending by pc. Only instructions that give a
// clause's truth have one: TEST, TEST_AND, TEST_OR, TRUTH and LINEAGE.
typedef struct lq_debug {
  uint32_t pc;         // absolute index into code
  uint32_t start, end; // bytes of the rule's source text
  uint32_t field,
      nfields;    // debug_fields range: the fields that the clause reads; rows tile debug_fields in order
  uint32_t flags; // LQ_DEBUG_NEGATED: the clause stands under an odd number of `not`
} lq_debug;
enum { LQ_DEBUG_NEGATED = 1 };

// TESTS: those that were written beside the rules. kind: lq_test_kind.
typedef enum lq_test_kind { LQ_TEST_MATCH, LQ_TEST_NONE, LQ_TEST_COUNT } lq_test_kind;
typedef struct lq_test_def {
  uint32_t rule, kind, count, name, events; // rule index; text ids: name, JSON text
  uint32_t line;                            // in the rule file
} lq_test_def;

typedef struct lq_regex lq_regex; // stdlib/regex.h

typedef struct lq_program {
  const lq_mem *mem;
  uint8_t *bytes; // the whole bundle; strings point into it
  size_t nbytes;
  uint8_t digest[32];
  lq_str *strings;
  size_t nstrings;
  lq_field *fields;
  size_t nfields;
  lq_value *consts;
  size_t nconsts; // BOOL, INT, UINT, DOUBLE, STRING, IP, DATE; strictly ascending by lq_const_cmp
  lq_ip *ips;
  size_t nips; // what IP constants point to, one each, ascending by bytes
  uint32_t *set_ids;
  size_t nset_ids;
  lq_set *sets;
  size_t nsets;
  lq_regex_def *regexes;
  size_t nregexes;
  lq_cidr *cidrs;
  size_t ncidrs;
  uint32_t *functions;
  size_t nfunctions; // section FUNCS: name text ids in the file; here: ids of stdlib (lq_function_id)
  lq_predicate *predicates;
  size_t npredicates; // strictly ascending by field, matcher, arg
  lq_insn *code;
  size_t ncode;
  lq_rule_def *rules;
  size_t nrules;
  lq_snippet *snippets;
  size_t nsnippets;
  lq_state_def *states;
  size_t nstates;
  lq_term_def *terms;
  size_t nterms;
  lq_key_def *keys;
  size_t nkeys;
  lq_capture_def *captures;
  size_t ncaptures;
  lq_stage_def *stages;
  size_t nstages;
  lq_stage_arg *stage_args;
  size_t nstage_args; // section STAGEARGS: name text ids of functions in the file, ids here
  lq_lineage_def *lineages;
  size_t nlineages;
  lq_meta *meta;
  size_t nmeta;
  lq_debug *debug;
  size_t ndebug;
  uint32_t *debug_fields;
  size_t ndebug_fields;
  lq_test_def *tests;
  size_t ntests;
  uint64_t bundle_seq, not_after;
  lq_str provenance;           // JSON text, may be empty
  lq_regex **compiled_regexes; // made at load, beside regexes
  void *tables;
  size_t tables_size; // one block that holds all tables of a loaded program
} lq_program;

// A program that lq_bundle_read gave. One that a compiler put together belongs to the compiler. NULL is fine.
void lq_program_free(lq_program *p);

// The order of constants: by type, then by value (DOUBLE by its bits). 0 is the same constant.
int lq_const_cmp(const lq_value *a, const lq_value *b);
// Comparisons from SAME on: 1 holds, 0 does not, -1 is null.
int lq_compare_strictly(lq_compare op, lq_values a, lq_values b);
// Of the rows of debug, which are in the order of code, the first that stands at pc or behind it; ndebug:
// none.
size_t lq_debug_from(const lq_program *p, uint32_t pc);
// Units of one value's test: entries that are tried one after the other cost one each, the rest is found at
// once.
uint64_t lq_matcher_cost(const lq_program *p, lq_matcher_kind matcher, uint32_t set);

#endif
