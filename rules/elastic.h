// What the parts of the Elastic reader share.
#ifndef LQ_RULES_ELASTIC_H
#define LQ_RULES_ELASTIC_H

#include "base/buf.h"
#include "rules/reader.h"
#include "rules/toml.h"

typedef struct lq_elastic {
  lq_rule_reader *r;
  lq_rule_file_rule *rule;
  const lq_toml *root, *table; // the file, and its [rule]
  lq_buf text;                 // what is being written; a failure shows when it is taken
  bool broken;                 // an error was reported
} lq_elastic;

// elastic.c
lq_str lq_elastic_text(lq_elastic *e, const lq_toml *n); // trimmed; empty for NULL and what is no text
lq_diag *lq_elastic_error(lq_elastic *e, lq_diag_code code, const lq_toml *where, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

// elastic_text.c: native LQ into e->text.
void lq_elastic_put_field(lq_elastic *e, lq_str name);
void lq_elastic_put_string(lq_elastic *e, lq_str value); // stars are stars
void lq_elastic_put_pattern(
    lq_elastic *e,
    lq_str value); // as Lucene's wildcard query writes it: `\` takes the next sign's meaning away
lq_str lq_elastic_take(lq_elastic *e);    // what was written, in the arena; e->text is empty again
void lq_elastic_condition(lq_elastic *e); // takes it as one more condition of the rule

// elastic_filter.c
void lq_elastic_filters(lq_elastic *e);

// elastic_kind.c: what makes a rule more than its query.
void lq_elastic_threshold(lq_elastic *e);
void lq_elastic_new_terms(lq_elastic *e);
void lq_elastic_threat_match(lq_elastic *e);

#endif
