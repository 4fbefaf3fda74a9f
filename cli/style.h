// Colours: which, and whether at all.
#ifndef LQ_CLI_STYLE_H
#define LQ_CLI_STYLE_H

#include "cli/io.h"

typedef enum lq_paint {
  LQ_PAINT_PLAIN,
  LQ_PAINT_HEAD,
  LQ_PAINT_DIM,
  LQ_PAINT_MATCH,
  LQ_PAINT_FIELD,
  LQ_PAINT_GOOD,
  LQ_PAINT_WARN,
  LQ_PAINT_BAD,
} lq_paint;

// "auto", "always", "never" or NULL (auto); auto is a terminal without NO_COLOR. False: no such word.
bool lq_color_wanted(const char *when, const lq_out *o, bool *color);
const char *lq_paint_code(bool color, lq_paint paint); // "" without colour
lq_paint lq_paint_of_severity(lq_text severity);
void lq_string_painted(lq_string *s, bool color, lq_paint paint, lq_text text); // made safe, too

// Columns that text takes on a terminal; our own colour codes take none.
size_t lq_columns(const char *p, size_t n);
// The beginning of it that fits in that many columns, with `…` where something is left out.
void lq_string_fit(lq_string *s, const char *p, size_t n, size_t columns);
// The end of it, with `…` before; for text without colour codes.
void lq_string_fit_end(lq_string *s, const char *p, size_t n, size_t columns);
// Columns of the terminal, 0 if it is none.
size_t lq_terminal_width(const lq_out *o);

#endif
