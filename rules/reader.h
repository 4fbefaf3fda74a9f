// What the readers of rule files share: where they put what they find. A reader is a function and a row in
// rules.c. What a rule asks it gives either as text that stands in the file (lq_rule_query, or its own map),
// or as a tree of parser/make.h whose nodes stand where their YAML, TOML or JSON stands (rule->tree, and
// rule->conditions and rule->stages for what goes beside a text). It never writes text for the parser to
// read. With a tree, literals that are no LQ are made with lq_make_text or lq_make_pattern, so nothing is
// escaped; `rule->span` is then what is shown as the rule's place.
#ifndef LQ_RULES_READER_H
#define LQ_RULES_READER_H

#include "rules/rules.h"

typedef struct lq_rule_reader {
  lq_rule_file *file;
  lq_arena *arena; // of diags
  const lq_mem *mem;
  lq_diag_list *diags;
  size_t line_at; // lq_rule_line counts on from here
  uint32_t line;
} lq_rule_reader;

// Each form's reader. Running out of memory shows in arena->failed or as LQ_E_NOMEM; all else goes to diags.
lq_status lq_read_playbook(lq_rule_reader *r);
lq_status lq_read_lqfile(lq_rule_reader *r);
lq_status lq_read_elastic(lq_rule_reader *r);

// The YAML between two `---` lines, into the rule. False if something in it was reported.
bool lq_read_header(lq_rule_reader *r, lq_rule_file_rule *rule, lq_span header, lq_status *status);

// Would the author of a playbook call this a query? If not, *reason says why, in static text.
bool lq_is_query(const lq_mem *mem, lq_str text, lq_dialect dialect, const char **reason, lq_status *status);

lq_rule_file_rule *lq_rule_append(lq_rule_reader *r); // NULL: out of memory
void lq_rule_meta(lq_rule_reader *r, lq_rule_file_rule *rule, const char *key,
                  lq_str value); // value must live on
// Query text that stands in the file as it is.
void lq_rule_query(lq_rule_reader *r, lq_rule_file_rule *rule, lq_span span);
uint32_t lq_rule_line(lq_rule_reader *r, size_t offset); // quick when offsets ascend
lq_str lq_rule_stem(lq_str name);                        // "execution" of "examples/execution.md"

#endif
