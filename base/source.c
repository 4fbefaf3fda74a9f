// A file as its author sees it: lines and columns, and the way back from a query's bytes to the file's.
#include "base/source.h"

#include "base/utf8.h"

// Editors do not count a byte order mark.
static size_t first_column(lq_str text, size_t bol)
{
  return bol == 0 && lq_str_starts(text, LQ_STR("\xEF\xBB\xBF")) ? 3 : bol;
}

static size_t line_end(lq_str text, size_t bol)
{
  const char *nl = bol < text.n ? memchr(text.p + bol, '\n', text.n - bol) : NULL;
  size_t eol = nl ? (size_t)(nl - text.p) : text.n;
  return eol > bol && text.p[eol - 1] == '\r' ? eol - 1 : eol;
}

lq_place lq_source_locate(const lq_source *s, size_t offset)
{
  lq_place p = {.line = 1};
  size_t limit = offset < s->text.n ? offset : s->text.n;
  const char *nl;
  while (p.bol < limit && (nl = memchr(s->text.p + p.bol, '\n', limit - p.bol))) {
    p.line++;
    p.bol = (size_t)(nl - s->text.p) + 1;
  }
  p.eol = line_end(s->text, p.bol);
  p.bol = first_column(s->text, p.bol);
  if (limit > p.eol)
    limit = p.eol;
  p.column = 1;
  if (limit > p.bol)
    p.column += (uint32_t)lq_utf8_count(lq_str_slice(s->text, p.bol, limit));
  return p;
}

static uint32_t map_offset(const lq_source_map *m, uint32_t at)
{
  size_t low = 0, high = m->n; // the last segment that begins at or before `at` is in [low, high)
  while (high - low > 1) {
    size_t middle = low + (high - low) / 2;
    if (m->segments[middle].at <= at)
      low = middle;
    else
      high = middle;
  }
  const lq_map_segment *g = &m->segments[low];
  return at < g->at ? g->file : g->file + (at - g->at);
}

lq_span lq_source_map_span(const lq_source_map *m, lq_span query)
{
  if (lq_span_is_in_file(query))
    return (lq_span){query.start - LQ_SPAN_FILE, query.end - LQ_SPAN_FILE};
  if (m->n == 0)
    return query;
  // The end is mapped as a place of its own: after an escape of the file's format that is behind the whole
  // escape.
  lq_span s = {map_offset(m, query.start), map_offset(m, query.end)};
  if (s.end < s.start || query.end <= query.start)
    s.end = s.start;
  return s;
}
