// What the parts of the Elastic reader share.
#ifndef LQ_RULES_ELASTIC_H
#define LQ_RULES_ELASTIC_H

#include "parser/make.h"
#include "rules/reader.h"
#include "rules/toml.h"

typedef struct lq_elastic {
  lq_rule_reader *r;
  lq_rule_file_rule *rule;
  const lq_toml *root, *table; // the file, and its [rule]
  lq_builder b;                // of what the rule says outside its query
  bool broken;                 // an error was reported
} lq_elastic;

// elastic.c
lq_str lq_elastic_text(lq_elastic *e, const lq_toml *n); // trimmed; empty for NULL and what is no text
lq_diag *lq_elastic_error(lq_elastic *e, lq_diag_code code, const lq_toml *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// elastic_tree.c: nodes that stand where their TOML stands. NULL: out of memory, or an error was reported.
lq_span lq_elastic_at(const lq_toml *n);   // the value
lq_span lq_elastic_pair(const lq_toml *n); // `key = value`
lq_node *lq_elastic_field(lq_elastic *e, lq_str name, const lq_toml *where, lq_span span);
lq_node *lq_elastic_string(lq_elastic *e, lq_str value, const lq_toml *where); // stars are stars
// As Lucene's wildcard query writes it: `\` takes the next sign's meaning away.
lq_node *lq_elastic_pattern(lq_elastic *e, lq_str value, const lq_toml *where);
void lq_elastic_condition(lq_elastic *e, lq_node *n); // one more condition of the rule
void lq_elastic_stage(lq_elastic *e, lq_node *n);     // one more stage

// elastic_filter.c
void lq_elastic_filters(lq_elastic *e);

// elastic_kind.c: what makes a rule more than its query.
void lq_elastic_threshold(lq_elastic *e);
void lq_elastic_new_terms(lq_elastic *e);
void lq_elastic_threat_match(lq_elastic *e);

#endif
