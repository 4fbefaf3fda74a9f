// Findings in the forms that other programs read.
#ifndef LQ_CLI_REPORT_H
#define LQ_CLI_REPORT_H

#include "cli/findings.h"

void lq_report_sarif(lq_out *out, const lq_findings *f);
void lq_report_github(lq_out *out, const lq_findings *f);

#endif
