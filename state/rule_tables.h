// What a partition has to know of a rule set: the tables of its stateful rules, and who they are.
#ifndef LQ_STATE_RULE_TABLES_H
#define LQ_STATE_RULE_TABLES_H

#include "engine/engine.h"
#include "state/partition.h"

typedef struct lq_rule_tables {
  const lq_mem *mem;
  const lq_ruleset *rules; // borrowed
  const lq_program *program;
  lq_state_tables tables;
  uint8_t *refers, *late, *aggregates; // of the tables
  lq_str *ids;                         // of rules, by state
  uint8_t (*schemas)[16];              // once has_schemas
  bool has_schemas;
} lq_rule_tables;

lq_status lq_rule_tables_make(lq_rule_tables *t, const lq_ruleset *rules, const lq_mem *mem);
void lq_rule_tables_free(lq_rule_tables *t);
// Fills what the rules say of a partition. The tables must outlive it.
void lq_rule_tables_config(lq_rule_tables *t, lq_partition_config *c);

#endif
