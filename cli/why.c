// Why a match is one, in colours.
#include "cli/why.h"

static void paint(lq_buf *b, lq_why_part part, lq_text text)
{
  lq_string_painted(b, true, part == LQ_WHY_FIELD ? LQ_PAINT_FIELD : LQ_PAINT_MATCH, text);
}

void lq_string_why_cell(lq_string *s, const lq_match *m, bool color)
{
  lq_string_z(s, "");
  lq_why_cell(s, m, color ? paint : NULL);
  lq_string_z(s, "");
}

void lq_string_why_lines(lq_string *s, const lq_match *m, bool color)
{
  lq_string_z(s, "");
  lq_why_lines(s, m, color ? paint : NULL);
  lq_string_z(s, "");
}

void lq_string_why_place(lq_string *s, const lq_match *m)
{
  lq_string_z(s, "");
  lq_why_place(s, m);
  lq_string_z(s, "");
}

void lq_string_why_time(lq_string *s, const lq_match *m)
{
  lq_string_z(s, "");
  lq_why_time(s, m);
  lq_string_z(s, "");
}

void lq_string_attack(lq_string *s, const lq_bundle *b, size_t rule)
{
  lq_string_z(s, "");
  lq_rule_attack(s, b, rule);
  lq_string_z(s, "");
}
