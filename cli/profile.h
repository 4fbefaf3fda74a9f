// lq run --profile: which rules, predicates and fields cost most.
#ifndef LQ_CLI_PROFILE_H
#define LQ_CLI_PROFILE_H

#include "cli/cli.h"

typedef struct lq_costs {
  struct lq_cost_row *rows;
  size_t n, cap;
} lq_costs;

void lq_costs_take(lq_costs *c, lq_scan *s); // adds what a scan measured
void lq_costs_say(lq_cli *cli, lq_costs *c, const lq_stats *s);
void lq_costs_free(lq_costs *c);

#endif
