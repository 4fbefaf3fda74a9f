// Why a match is one, on a terminal: feed/why.h in colours.
#ifndef LQ_CLI_WHY_H
#define LQ_CLI_WHY_H

#include "cli/style.h"
#include "feed/why.h"

void lq_string_why_cell(lq_string *s, const lq_match *m, bool color);
void lq_string_why_lines(lq_string *s, const lq_match *m, bool color);
void lq_string_why_place(lq_string *s, const lq_match *m);
void lq_string_why_time(lq_string *s, const lq_match *m);
void lq_string_attack(lq_string *s, const lq_bundle *b, size_t rule);

#endif
