// Rule files to rules: what each query is, where it stands in the file, and what else the file says of it.
#ifndef LQ_RULES_RULES_H
#define LQ_RULES_RULES_H

#include "base/diag.h"
#include "compiler/compiler.h"
#include "parser/build.h"

typedef enum lq_rule_state {
  LQ_RULE_FOUND,       // a query to compile
  LQ_RULE_UNSUPPORTED, // a rule of a kind we do not run: reason says which
  LQ_RULE_SKIPPED,     // a playbook's code span that is no query: reason says why
  LQ_RULE_BROKEN,      // reported; nothing to compile
} lq_rule_state;

typedef struct lq_rule_test {
  lq_test_kind kind;
  uint32_t count;
  lq_str name, events; // events: one JSON object, or several in a row (a sequence)
  uint32_t line;
  lq_span span; // of the events in the file
} lq_rule_test;

typedef struct lq_rule_file_rule {
  struct lq_rule_file_rule *next;
  lq_rule_state state;
  lq_str reason;
  lq_str id, name;
  lq_dialect dialect;
  // What the rule asks: text that stands in the file, or a tree that its reader built of other things there.
  lq_str query;          // with a tree: what lq_rules_read printed of it, to be shown
  lq_source_map map;     // from query bytes to file bytes
  lq_node *tree;         // a QUERY whose spans are the file's (lq_span_in_file); NULL: query is to be parsed
  lq_span span;          // of the query in the file
  uint32_t line;         // where the query begins
  lq_str category_field; // empty: event.category
  lq_list conditions;    // and-ed to the event or to every term (os_list, filters), whatever the dialect
  lq_list stages;        // behind the query: what the rule's kind asks for (`| stats … | where …`)
  lq_meta_pair
      *meta; // attack, severity, risk_score, description, tag, reference, kind, language, index, os, author
  size_t nmeta;
  lq_rule_test *tests;
  size_t ntests;
} lq_rule_file_rule;

typedef struct lq_rule_file {
  lq_source source;
  lq_rule_file_rule *rules, *last; // in file order, skipped spans too
  size_t n;
} lq_rule_file;

// All in diags->arena; source must live as long. Errors in the file's own form go to diags (spans in the
// file). LQ_E_UNSUPPORTED: no reader for this name; LQ_E_QUERY: errors were reported (what could be read is
// in *out); LQ_E_NOMEM.
lq_status lq_rules_read(lq_rule_file *out, const lq_source *source, const lq_mem *mem, lq_diag_list *diags);
bool lq_rules_takes(lq_str name); // by ending, case ignored

// Prints a rule that has a tree as its query, natively, and tells the nodes where they stand in it.
// lq_rules_read does it for every rule. Memory failing shows in the arena.
void lq_rule_print(lq_rule_file_rule *rule, const lq_mem *mem, lq_arena *arena);

// The rule's whole tree in diags->arena: its query parsed or its tree copied, with its conditions and stages.
// diags has the rule's map. As lq_parse: LQ_E_QUERY and a tree where the text has errors, *out NULL where
// there is nothing to check.
lq_status lq_rule_tree(lq_node **out, const lq_rule_file_rule *rule, const lq_mem *mem, lq_diag_list *diags);

#endif
