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
  lq_span place; // of its first line, in the file
  lq_dialect dialect;
  bool parsed;
  uint32_t rule;    // the compiler's number
  uint32_t same_id; // 1 + the rule before it in its id's chain, 0: none
} lq_found_rule;

// Ids of compiled rules: 1 + the newest rule found with each, 0 in an empty slot.
typedef struct lq_id_slot {
  lq_str id;
  uint32_t first;
} lq_id_slot;
typedef struct lq_ids {
  lq_id_slot *slots;
  size_t size, n;
} lq_ids;

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
  lq_ids ids;
  bool told_apart; // rules of different files that share an id
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
void lq_build_say_other(lq_diag_list *diags, lq_diag *d, const lq_found_rule *other);

// ---- ids.c
void lq_ids_free(lq_build *b);
bool lq_ids_known(const lq_build *b, lq_str id);
// The rule of this file, or of one of the same name, that has the id already. NULL: none.
const lq_found_rule *lq_ids_of_file(const lq_build *b, lq_str id, const lq_source *source);
lq_status lq_ids_take(lq_build *b, const lq_found_rule *f);
// Gives rules of different files that share an id ids of their own, and warns.
lq_status lq_ids_tell_apart(lq_build *b);

#endif
