// Aligned columns that can be written while rows still come.
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

enum { ROWS_HELD = 256, COLUMNS_MAX = 12, GAP = 2, LAST_AT_LEAST = 36, CUT_AT_LEAST = 10 };

struct lq_table {
  lq_out *out;
  bool color, headed;
  const char *titles[COLUMNS_MAX];
  size_t ncolumns, width[COLUMNS_MAX];
  size_t shown[COLUMNS_MAX]; // the width, or less where the terminal is too narrow
  lq_cut cut[COLUMNS_MAX];
  lq_string *cells, *notes; // a note a row
  size_t ncells;
};

lq_table *lq_table_new(lq_out *out, bool color, const char *const *titles, size_t ncolumns)
{
  lq_table *t = lq_need(NULL, 1, sizeof *t);
  *t = (lq_table){.out = out, .color = color, .headed = !titles, .ncolumns = ncolumns};
  t->cells = lq_need(NULL, ROWS_HELD * ncolumns, sizeof *t->cells);
  memset(t->cells, 0, ROWS_HELD * ncolumns * sizeof *t->cells);
  t->notes = lq_need(NULL, ROWS_HELD, sizeof *t->notes);
  memset(t->notes, 0, ROWS_HELD * sizeof *t->notes);
  for (size_t i = 0; i < ncolumns && titles; i++) {
    t->titles[i] = titles[i];
    t->width[i] = strlen(titles[i]);
  }
  return t;
}

static void put_blanks(lq_string *line, size_t n)
{
  while (n-- > 0)
    lq_string_add(line, " ", 1);
}

void lq_table_may_cut(lq_table *t, size_t column, lq_cut cut)
{
  t->cut[column] = cut;
}

static void put_last(const lq_table *t, lq_string *line, size_t used, const char *p, size_t n)
{
  size_t screen = lq_terminal_width(t->out);
  if (screen)
    lq_string_fit(line, p, n, screen > used + CUT_AT_LEAST ? screen - used : CUT_AT_LEAST);
  else
    lq_string_add(line, p, n);
}

static size_t put_cell(const lq_table *t, lq_string *line, size_t column, size_t used, const char *p,
                       size_t n)
{
  if (column + 1 == t->ncolumns) {
    put_last(t, line, used, p, n);
    return 0;
  }
  size_t columns = lq_columns(p, n), most = t->shown[column];
  if (columns > most && t->cut[column] == LQ_CUT_END)
    lq_string_fit(line, p, n, most);
  else if (columns > most && t->cut[column] == LQ_CUT_START)
    lq_string_fit_end(line, p, n, most);
  else
    lq_string_add(line, p, n);
  if (columns > most && t->cut[column] != LQ_CUT_NEVER)
    columns = most;
  size_t blanks = GAP + (most > columns ? most - columns : 0);
  put_blanks(line, blanks);
  return used + columns + blanks;
}

// Takes columns from the widest cell that may be cut, again and again, until the last one has room.
static void fit_screen(lq_table *t)
{
  size_t screen = lq_terminal_width(t->out), sum = LAST_AT_LEAST;
  for (size_t i = 0; i + 1 < t->ncolumns; i++) {
    t->shown[i] = t->width[i];
    sum += t->width[i] + GAP;
  }
  while (screen && sum > screen) {
    size_t widest = t->ncolumns;
    for (size_t i = 0; i + 1 < t->ncolumns; i++) {
      if (t->cut[i] != LQ_CUT_NEVER && t->shown[i] > CUT_AT_LEAST &&
          (widest == t->ncolumns || t->shown[i] > t->shown[widest]))
        widest = i;
    }
    if (widest == t->ncolumns)
      return;
    t->shown[widest]--;
    sum--;
  }
}

// An empty last cell leaves no blanks behind.
static void put_line(const lq_table *t, lq_string *line)
{
  while (line->n > 0 && line->p[line->n - 1] == ' ')
    line->n--;
  lq_string_add(line, "\n", 1);
  lq_out_add(t->out, line->p, line->n);
  lq_string_clear(line);
}

static void put_note(const lq_table *t, lq_string *line, lq_string *note)
{
  if (note->n == 0)
    return;
  lq_string_z(line, "  ");
  put_last(t, line, 2, note->p, note->n);
  put_line(t, line);
  lq_string_clear(note);
}

static void put_header(lq_table *t, lq_string *line)
{
  size_t used = 0;
  if (t->headed)
    return;
  lq_string_z(line, lq_paint_code(t->color, LQ_PAINT_HEAD));
  for (size_t i = 0; i < t->ncolumns; i++)
    used = put_cell(t, line, i, used, t->titles[i], strlen(t->titles[i]));
  lq_string_z(line, lq_paint_code(t->color, LQ_PAINT_PLAIN));
  put_line(t, line);
  t->headed = true;
}

static void measure(lq_table *t)
{
  for (size_t i = 0; i < t->ncells; i++) {
    size_t w = lq_columns(t->cells[i].p, t->cells[i].n), *width = &t->width[i % t->ncolumns];
    if (w > *width)
      *width = w;
  }
}

void lq_table_flush(lq_table *t)
{
  lq_string line = {0};
  size_t used = 0;
  if (t->ncells == 0)
    return;
  measure(t);
  fit_screen(t);
  put_header(t, &line);
  for (size_t i = 0; i < t->ncells; i++) {
    size_t column = i % t->ncolumns;
    used = put_cell(t, &line, column, column ? used : 0, t->cells[i].p, t->cells[i].n);
    if (column + 1 == t->ncolumns) {
      put_line(t, &line);
      put_note(t, &line, &t->notes[i / t->ncolumns]);
    }
    lq_string_clear(&t->cells[i]);
  }
  lq_string_free(&line);
  t->ncells = 0;
}

void lq_table_cell(lq_table *t, const char *p, size_t n)
{
  if (t->ncells == ROWS_HELD * t->ncolumns)
    lq_table_flush(t);
  lq_string_add(&t->cells[t->ncells++], p, n);
}

void lq_table_note(lq_table *t, const char *p, size_t n)
{
  if (t->ncells)
    lq_string_add(&t->notes[(t->ncells - 1) / t->ncolumns], p, n);
}

void lq_table_text(lq_table *t, lq_text text)
{
  lq_string s = {0};
  lq_string_safe(&s, text.p, text.n);
  lq_table_cell(t, s.p, s.n);
  lq_string_free(&s);
}

void lq_table_z(lq_table *t, const char *z)
{
  lq_table_cell(t, z, strlen(z));
}

void lq_table_printf(lq_table *t, const char *fmt, ...)
{
  lq_string s = {0};
  va_list args;
  va_start(args, fmt);
  lq_string_vprintf(&s, fmt, args);
  va_end(args);
  lq_table_text(t, (lq_text){s.p, s.n});
  lq_string_free(&s);
}

void lq_table_end(lq_table *t)
{
  if (!t)
    return;
  lq_table_flush(t);
  for (size_t i = 0; i < ROWS_HELD * t->ncolumns; i++)
    lq_string_free(&t->cells[i]);
  for (size_t i = 0; i < ROWS_HELD; i++)
    lq_string_free(&t->notes[i]);
  free(t->cells);
  free(t->notes);
  free(t);
}
