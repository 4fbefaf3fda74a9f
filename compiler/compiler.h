// Trees to one program: names and types checked, mistakes pointed out, predicates shared over the whole rule
// set.
#ifndef LQ_COMPILER_COMPILER_H
#define LQ_COMPILER_COMPILER_H

#include "parser/tree.h"
#include "vm/program.h"

// What `lookup` looks in. Lists of one name are one.
typedef struct lq_named_list {
  const struct lq_named_list *next;
  lq_str name;
  const lq_str *texts; // whole values
  size_t ntexts;
  const lq_str *patterns; // in pattern form (base/glob.h)
  size_t npatterns;
  const lq_cidr *networks;
  size_t nnetworks;
} lq_named_list;

typedef struct lq_compile_options {
  lq_dialect dialect;
  lq_str category_field; // of `X where`; empty: event.category
  bool strict_schema;    // unknown fields are errors (with --schema)
  // That names and literals are checked against; it changes no result. NULL: ECS.
  const struct lq_schema *schema;
  // That says which fields hold dates, addresses and analysed text, and so what a comparison means. NULL:
  // ECS.
  const struct lq_schema *types;
  const lq_named_list *lists;
  bool case_sensitive; // Endgame EQL: it folds case unless told not to
  bool optimise;       // fold, merge lists, drop covered patterns; results are the same without
  bool lint;           // give warnings
  bool strip;          // no sources, no debug rows
  uint32_t max_list;   // patterns in one list; 0: 100,000
  uint32_t max_code;   // instructions in a rule; 0: LQ_RULE_CODE_MAX
  int64_t now;         // for date math in literals
} lq_compile_options;

typedef struct lq_meta_pair {
  lq_str key, value; // keys: vm/program.h
} lq_meta_pair;

// What a rule is besides its query. Text is copied.
typedef struct lq_rule_info {
  lq_str id, name;
  lq_str source;            // the query as written
  bool printed;             // or printed of its tree, whose nodes say in `shown` where they stand in it
  const lq_meta_pair *meta; // in the order given
  size_t nmeta;
} lq_rule_info;

// Grows over many rules; predicates, sets, strings and constants are hash-consed across all of them.
typedef struct lq_compiler lq_compiler;

lq_status lq_compiler_new(lq_compiler **out, const lq_mem *mem);
void lq_compiler_free(lq_compiler *c);

// Types, names, meaning: errors and warnings to diags. True if there were no errors. Also rewrites the tree
// where the dialect asks for it; the tree is then ready for lq_compiler_add. Does not need a compiler: `lq
// check` may call it alone.
lq_status lq_check(lq_node *query, const lq_compile_options *o, const lq_mem *mem, lq_diag_list *diags);

// Check, fold, lint and emit one rule. LQ_E_QUERY: it has errors, and the compiler is as it was before.
lq_status lq_compiler_add(lq_compiler *c, lq_node *query, const lq_rule_info *info,
                          const lq_compile_options *o, lq_diag_list *diags, uint32_t *rule);
lq_status lq_compiler_add_test(lq_compiler *c, uint32_t rule, lq_test_kind kind, uint32_t count, lq_str name,
                               lq_str events, uint32_t line);
// Another id for a rule that was added; whoever calls makes sure that no other rule has it at the end.
lq_status lq_compiler_rename(lq_compiler *c, uint32_t rule, lq_str id);
void lq_compiler_set_provenance(lq_compiler *c, lq_str json);
size_t lq_compiler_rules(const lq_compiler *c);

// The bundle: tables made canonical (rules in the order of ids, strings sorted, unused ones gone) and written
// as bytes.
lq_status lq_compiler_finish(lq_compiler *c, lq_buf *bundle);

#endif
