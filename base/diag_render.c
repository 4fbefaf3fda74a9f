// Diagnostics for people: the message, the lines it is about, and marks under them.
#include <utf8proc.h>

#include "base/diag.h"
#include "base/utf8.h"

// Of a longer line only this many columns are shown, with some of what comes before the first mark.
// No more of it than these bytes around the mark is looked at, so that many messages about one long line stay
// cheap.
enum { SHOWN_COLUMNS = 120, COLUMNS_BEFORE = 30, BYTES_BEFORE = 2048, BYTES_AFTER = 4096 };

typedef struct painter {
  lq_buf *out;
  const lq_diag *d;
  bool color;
  int gutter; // width of the line numbers
} painter;

// Start and end of a marked piece in columns from 0; at least one column.
typedef struct mark {
  size_t start, end;
  lq_str text;
  bool primary;
} mark;

// A line, the part of it that is shown, and its marks by where they start.
typedef struct row {
  lq_place place;
  size_t from, to, width; // columns
  mark marks[LQ_DIAG_LABELS_MAX];
  int n;
} row;

// ---- what a terminal gets

static const char *word_of(lq_severity s)
{
  switch (s) {
  case LQ_SEV_ERROR: return "error";
  case LQ_SEV_WARNING: return "warning";
  case LQ_SEV_NOTE: return "note";
  }
  return "";
}

static const char BOLD[] = "\033[1m", FRAME[] = "\033[1;34m", PLAIN[] = "\033[0m";

static const char *style_of(lq_severity s)
{
  switch (s) {
  case LQ_SEV_ERROR: return "\033[1;31m";
  case LQ_SEV_WARNING: return "\033[1;33m";
  case LQ_SEV_NOTE: return "\033[1;36m";
  }
  return "";
}

static const char *mark_style(const painter *p, bool primary)
{
  return primary ? style_of(p->d->severity) : FRAME;
}

static void style(const painter *p, const char *escape)
{
  if (p->color)
    lq_buf_z(p->out, escape);
}

static void styled(const painter *p, const char *escape, const char *text)
{
  style(p, escape);
  lq_buf_z(p->out, text);
  style(p, PLAIN);
}

// Unsafe characters have a visible stand-in of one column, so that marks stay in place.
static uint32_t stand_in(uint32_t c)
{
  if (c == '\t')
    return ' ';
  if (c < 0x20)
    return 0x2400 + c; // a picture of the control character
  return c == 0x7F ? 0x2421 : lq_is_unsafe(c) ? 0xFFFD : c;
}

static size_t columns_of(uint32_t shown)
{
  int n = utf8proc_charwidth((utf8proc_int32_t)shown);
  return n > 0 ? (size_t)n : 0;
}

static void put(const painter *p, uint32_t shown)
{
  char text[4];
  lq_buf_add(p->out, text, lq_utf8_encode(shown, text));
}

static void put_safe(const painter *p, lq_str s)
{
  for (size_t at = 0; at < s.n;)
    put(p, stand_in(lq_utf8_next(s, &at)));
}

static void put_styled(const painter *p, const char *escape, lq_str s)
{
  style(p, escape);
  put_safe(p, s);
  style(p, PLAIN);
}

// ---- where marks lie

static size_t column_at(lq_str text, const lq_place *line, size_t offset)
{
  size_t end = offset < line->eol ? offset : line->eol, columns = 0;
  for (size_t at = line->bol; at < end;)
    columns += columns_of(stand_in(lq_utf8_next(text, &at)));
  return columns;
}

static void add_mark(row *r, lq_str text, const lq_label *label, bool primary)
{
  mark m = {.text = label->text, .primary = primary};
  m.start = column_at(text, &r->place, label->span.start);
  m.end = column_at(text, &r->place, label->span.end);
  if (m.end <= m.start)
    m.end = m.start + 1;
  int i = r->n++;
  for (; i > 0 && r->marks[i - 1].start > m.start; i--)
    r->marks[i] = r->marks[i - 1];
  r->marks[i] = m;
}

// Where to look: at the first mark of the line, or at the primary one where that is far from it.
static size_t anchor_of(const lq_diag *d, const lq_place *place)
{
  size_t first = place->eol;
  for (int i = 0; i < d->nlabels; i++) {
    size_t at = d->labels[i].span.start;
    if (at >= place->bol && at < first)
      first = at;
  }
  size_t primary = d->labels[0].span.start;
  bool far = primary >= first + BYTES_BEFORE / 2 && primary <= place->eol;
  return far ? primary : first;
}

static lq_place near_mark(const lq_diag *d, const lq_place *place)
{
  lq_place p = *place;
  const char *text = d->source->text.p;
  size_t anchor = anchor_of(d, place);
  if (anchor - p.bol > BYTES_BEFORE) {
    p.bol = anchor - BYTES_BEFORE;
    while (p.bol < anchor && ((unsigned char)text[p.bol] & 0xC0) == 0x80)
      p.bol++;
  }
  if (p.eol - anchor > BYTES_AFTER) {
    p.eol = anchor + BYTES_AFTER;
    while (p.eol > anchor && ((unsigned char)text[p.eol] & 0xC0) == 0x80)
      p.eol--;
  }
  return p;
}

static row row_at(const lq_diag *d, const lq_place *place)
{
  row r = {.place = near_mark(d, place)};
  for (int i = 0; i < d->nlabels; i++) {
    if (lq_source_locate(d->source, d->labels[i].span.start).line == place->line)
      add_mark(&r, d->source->text, &d->labels[i], i == 0);
  }
  return r;
}

static size_t clamp(size_t v, size_t low, size_t high)
{
  return v < low ? low : v > high ? high : v;
}

// The part to show: from a little before the first mark, or before the primary one where that would be out of
// sight.
static void choose_part(row *r, lq_str text)
{
  r->width = r->to = column_at(text, &r->place, r->place.eol);
  if (r->width <= SHOWN_COLUMNS)
    return;
  size_t first = r->n > 0 ? r->marks[0].start : 0;
  for (int i = 0; i < r->n; i++) {
    if (r->marks[i].primary && r->marks[i].start >= first + SHOWN_COLUMNS - COLUMNS_BEFORE)
      first = r->marks[i].start;
  }
  r->from = clamp(first < COLUMNS_BEFORE ? 0 : first - COLUMNS_BEFORE, 0, r->width - SHOWN_COLUMNS);
  r->to = r->from + SHOWN_COLUMNS;
}

// From columns of the line to columns on the screen, where a cut at the left takes one for its sign.
static void place_marks(row *r)
{
  for (int i = 0; i < r->n; i++) {
    mark *m = &r->marks[i];
    size_t cut = r->from > 0;
    m->start = clamp(m->start, r->from, r->to) - r->from + cut;
    m->end = clamp(m->end, r->from, r->to) - r->from + cut;
    if (m->end <= m->start)
      m->end = m->start + 1;
  }
}

// ---- drawing

static void gutter(const painter *p, uint32_t line)
{
  style(p, FRAME);
  if (line > 0)
    lq_buf_printf(p->out, "%*u |", p->gutter, (unsigned)line);
  else
    lq_buf_printf(p->out, "%*s |", p->gutter, "");
  style(p, PLAIN);
}

static void draw_source(const painter *p, const row *r)
{
  lq_str text = p->d->source->text;
  size_t column = 0;
  gutter(p, r->place.line);
  lq_buf_z(p->out, r->width > 0 ? " " : "");
  lq_buf_z(p->out, r->from > 0 ? "…" : "");
  for (size_t at = r->place.bol; at < r->place.eol && column < r->to;) {
    uint32_t c = stand_in(lq_utf8_next(text, &at));
    size_t end = column + columns_of(c);
    if (column >= r->from && end <= r->to)
      put(p, c);
    else if (end > r->from) // half of a wide character is in sight
      lq_buf_byte(p->out, ' ');
    column = end;
  }
  lq_buf_z(p->out, r->to < r->width ? "…\n" : "\n");
}

enum { ROW_MAX = SHOWN_COLUMNS + 4 };

// Long marks first, so that a short one stays to be seen inside a long one.
static size_t paint(const row *r, char signs[ROW_MAX])
{
  bool done[LQ_DIAG_LABELS_MAX] = {false};
  size_t length = 0;
  memset(signs, ' ', ROW_MAX);
  for (int round = 0; round < r->n; round++) {
    int best = -1;
    for (int i = 0; i < r->n; i++) {
      size_t n = r->marks[i].end - r->marks[i].start;
      size_t most = best < 0 ? 0 : r->marks[best].end - r->marks[best].start;
      if (!done[i] && (n > most || (n == most && r->marks[best].primary)))
        best = i;
    }
    const mark *m = &r->marks[best];
    done[best] = true;
    memset(signs + m->start, m->primary ? '^' : '-', m->end - m->start);
    length = m->end > length ? m->end : length;
  }
  return length;
}

static void draw_signs(const painter *p, const char *signs, size_t n)
{
  gutter(p, 0);
  lq_buf_byte(p->out, ' ');
  for (size_t from = 0, to; from < n; from = to) {
    for (to = from + 1; to < n && signs[to] == signs[from];)
      to++;
    if (signs[from] != ' ')
      style(p, mark_style(p, signs[from] == '^'));
    lq_buf_add(p->out, signs + from, to - from);
    if (signs[from] != ' ')
      style(p, PLAIN);
  }
}

// The last mark's text stands beside it if nothing else is in the way; other texts hang below.
static bool text_fits_beside(const row *r)
{
  const mark *last = &r->marks[r->n - 1];
  for (int i = 0; i < r->n - 1; i++) {
    if (r->marks[i].end > last->start)
      return false;
  }
  return last->text.n > 0;
}

// One line with a bar under each of the first n marks that have a text, and the text of mark n if there is
// one.
static void draw_hanging(const painter *p, const row *r, int n, const mark *told)
{
  size_t column = 0;
  gutter(p, 0);
  lq_buf_byte(p->out, ' ');
  for (int i = 0; i < n; i++) {
    const mark *m = &r->marks[i];
    if (m->text.n == 0 || m->start < column || (told && m->start >= told->start))
      continue;
    lq_buf_fill(p->out, ' ', m->start - column);
    styled(p, mark_style(p, m->primary), "|");
    column = m->start + 1;
  }
  if (told) {
    lq_buf_fill(p->out, ' ', told->start - column);
    put_styled(p, mark_style(p, told->primary), told->text);
  }
  lq_buf_byte(p->out, '\n');
}

static void draw_marks(const painter *p, const row *r)
{
  char signs[ROW_MAX];
  size_t length = paint(r, signs);
  draw_signs(p, signs, length);
  bool beside = text_fits_beside(r);
  if (beside) {
    lq_buf_byte(p->out, ' ');
    put_styled(p, mark_style(p, r->marks[r->n - 1].primary), r->marks[r->n - 1].text);
  }
  lq_buf_byte(p->out, '\n');
  int hanging = r->n - beside;
  bool bars = true;
  for (int i = hanging - 1; i >= 0; i--) {
    if (r->marks[i].text.n == 0)
      continue;
    if (bars)
      draw_hanging(p, r, hanging, NULL);
    bars = false;
    draw_hanging(p, r, i, &r->marks[i]);
  }
}

static void draw_row(const painter *p, const lq_place *place)
{
  row r = row_at(p->d, place);
  choose_part(&r, p->d->source->text);
  place_marks(&r);
  draw_source(p, &r);
  if (r.n > 0)
    draw_marks(p, &r);
}

// Between two marked lines: nothing, the one line that lies there, or dots for several.
static void draw_gap(const painter *p, const lq_place *above, uint32_t below)
{
  lq_str text = p->d->source->text;
  if (below - above->line > 2) {
    styled(p, FRAME, "...");
    lq_buf_byte(p->out, '\n');
  } else if (below - above->line == 2) {
    const char *nl = memchr(text.p + above->eol, '\n', text.n - above->eol);
    lq_place between = lq_source_locate(p->d->source, (size_t)(nl - text.p) + 1);
    draw_row(p, &between);
  }
}

static int digits(uint32_t n)
{
  int count = 1;
  for (; n > 9; n /= 10)
    count++;
  return count;
}

// The places of the labels, by line.
static int sorted_places(const lq_diag *d, lq_place places[LQ_DIAG_LABELS_MAX])
{
  for (int i = 0; i < d->nlabels; i++) {
    lq_place place = lq_source_locate(d->source, d->labels[i].span.start);
    int j = i;
    for (; j > 0 && places[j - 1].line > place.line; j--)
      places[j] = places[j - 1];
    places[j] = place;
  }
  return d->nlabels;
}

static void draw_place(painter *p)
{
  lq_place places[LQ_DIAG_LABELS_MAX], start = lq_source_locate(p->d->source, p->d->labels[0].span.start);
  int n = sorted_places(p->d, places);
  p->gutter = digits(places[n - 1].line);
  style(p, FRAME);
  lq_buf_printf(p->out, "%*s-->", p->gutter, "");
  style(p, PLAIN);
  lq_buf_byte(p->out, ' ');
  put_safe(p, p->d->source->name);
  lq_buf_printf(p->out, ":%u:%u\n", (unsigned)start.line, (unsigned)start.column);
  gutter(p, 0);
  lq_buf_byte(p->out, '\n');
  for (int i = 0; i < n; i++) {
    if (i > 0 && places[i].line == places[i - 1].line)
      continue;
    if (i > 0)
      draw_gap(p, &places[i - 1], places[i].line);
    draw_row(p, &places[i]);
  }
}

static void draw_remark(const painter *p, const char *word, lq_str text)
{
  if (text.n == 0)
    return;
  lq_buf_fill(p->out, ' ', (size_t)p->gutter + 1);
  styled(p, FRAME, "=");
  lq_buf_byte(p->out, ' ');
  styled(p, BOLD, word);
  lq_buf_z(p->out, ": ");
  put_safe(p, text);
  lq_buf_byte(p->out, '\n');
}

void lq_diag_render_text(lq_buf *out, const lq_diag *d, bool color)
{
  painter p = {.out = out, .d = d, .color = color, .gutter = 1};
  style(&p, style_of(d->severity));
  lq_buf_printf(out, "%s[LQ%03d]", word_of(d->severity), (int)d->code);
  style(&p, PLAIN);
  style(&p, BOLD);
  lq_buf_z(out, ": ");
  put_safe(&p, d->message);
  style(&p, PLAIN);
  lq_buf_byte(out, '\n');
  if (d->source)
    draw_place(&p);
  else
    draw_remark(&p, "rule", d->rule);
  draw_remark(&p, "note", d->note);
  draw_remark(&p, "help", d->help);
}
