// A build in the making: what was found in files, what was said of it, and the compiler that grows with each
// rule.
#ifndef LQ_LIB_BUILD_H
#define LQ_LIB_BUILD_H

#include "lib/api.h"
#include "rules/rules.h"
#include "stdlib/schema.h"

// One rule or code span, as lq_found shows it. Text is in the build's arena.
typedef struct lq_found_rule {
  uint32_t state;
  uint32_t line;
  lq_str id, name, query, attack, reason, kind;
  const lq_source *source;
  lq_dialect dialect;
  bool parsed;
} lq_found_rule;

struct lq_build {
  lq_mem mem;
  lq_build_options options;
  lq_limits limits;
  lq_arena arena;      // what outlives a file: sources, found rules, diagnostics
  lq_arena file_arena; // what a rule file's reader made
  lq_arena rule_arena; // tree and diagnostics of one rule
  lq_compiler *compiler;
  lq_schema schema; // of the user's own; without fields: ECS
  bool has_schema;
  const lq_named_list *lists; // of `lookup`
  lq_found_rule *found;
  size_t nfound, found_cap;
  uint32_t *ids; // hash table of compiled rules' ids: index in found + 1, 0 is free
  size_t ids_size, nids;
  const lq_diag **diags;
  size_t ndiags, diags_cap;
  size_t nerrors, nwarnings;
  bool finished;
  bool lost; // memory ran out in an add: what was added is not whole, and nothing comes of it
};

// lq_build_finish; info, which may be NULL, says why the bundle was refused.
lq_status lq_build_close(lq_build *b, lq_bundle **out, lq_errinfo *info);
// LQ_OK: more may be added. LQ_E_NOMEM: something was lost.
lq_status lq_build_open(const lq_build *b, const void *bytes, size_t n);
// Remembers whether an add lost something; gives its status back.
lq_status lq_build_settle(lq_build *b, lq_status s);

// A file's text, in the build's arena. NULL: out of memory.
const lq_source *lq_build_copy_source(lq_build *b, const char *name, const void *bytes, size_t n);
// Copies what one file or rule had to say into the build.
lq_status lq_build_keep_diags(lq_build *b, const lq_diag_list *l);
// Those from `first` on, all of one file, in the order of their places.
void lq_build_sort_diags(lq_build *b, size_t first);
// The rule that has this id already, NULL: none.
const lq_found_rule *lq_build_id_taken(const lq_build *b, lq_str id);
lq_status lq_build_take_id(lq_build *b, size_t found);

#endif
