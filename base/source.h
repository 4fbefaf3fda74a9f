// A file as its author sees it, and the map from a query's bytes back to it (a query may lie inside TOML,
// YAML or Markdown, with escapes of that format decoded).
#ifndef LQ_BASE_SOURCE_H
#define LQ_BASE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/str.h"

typedef struct lq_source {
  lq_str name; // as the user gave it
  lq_str text;
} lq_source;

typedef struct lq_place {
  uint32_t line,
      column;      // from 1; columns count code points, so an editor's "go to column" lands on the character
  size_t bol, eol; // the line's bytes, without its end
} lq_place;

lq_place lq_source_locate(const lq_source *s, size_t offset);

// From query offset `at` on, file offsets go on from `file` byte by byte, until the next segment.
typedef struct lq_map_segment {
  uint32_t at, file;
} lq_map_segment;

typedef struct lq_source_map {
  const lq_map_segment *segments; // ascending; none: the query is the file
  size_t n;
  bool escaped; // the query stands in a string where a backslash escapes, so what is written there needs that
                // too
} lq_source_map;

lq_span lq_source_map_span(const lq_source_map *m, lq_span query);

#endif
