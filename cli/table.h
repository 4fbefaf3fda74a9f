// Aligned columns that can be written while rows still come.
#ifndef LQ_CLI_TABLE_H
#define LQ_CLI_TABLE_H

#include "cli/style.h"

// Widths are chosen from the rows that are there when it is first flushed (or after some hundred); a later
// cell that is wider pushes its row, and widths grow. libsmartcols is not used: it wants all rows first, and
// cannot colour a part of a cell.
typedef struct lq_table lq_table;

// titles: ncolumns of them; NULL for no header line. The last column is cut to the terminal's width.
lq_table *lq_table_new(lq_out *out, bool color, const char *const *titles, size_t ncolumns);
// Cells of that column may be cut where the terminal is too narrow: at their end, or at their start (paths).
typedef enum lq_cut { LQ_CUT_NEVER, LQ_CUT_END, LQ_CUT_START } lq_cut;
void lq_table_may_cut(lq_table *t, size_t column, lq_cut cut);
void lq_table_cell(lq_table *t, const char *p,
                   size_t n);                  // safe text with colour codes; the next cell of the row
void lq_table_text(lq_table *t, lq_text text); // made safe
void lq_table_z(lq_table *t, const char *z);
void lq_table_printf(lq_table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void lq_table_note(lq_table *t, const char *p,
                   size_t n); // a line of its own below the last row that was begun
void lq_table_flush(lq_table *t);
void lq_table_end(lq_table *t); // flushes and frees; NULL is fine

#endif
