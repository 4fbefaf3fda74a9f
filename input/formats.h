// The kinds of input as a list, and which one a source is.
#ifndef LQ_INPUT_FORMATS_H
#define LQ_INPUT_FORMATS_H

#include "base/str.h"

typedef struct lq_input_row {
  bool packing; // else a form
  lq_str name, magic, endings, what;
} lq_input_row;

enum {
#define LQ_PACKING(name, magic, endings, what) LQ_PACKING_##name,
#define LQ_FORM(name, magic, endings, what)
#include "input/formats.def"
#undef LQ_PACKING
#undef LQ_FORM
  LQ_PACKING_COUNT
};
enum {
#define LQ_PACKING(name, magic, endings, what)
#define LQ_FORM(name, magic, endings, what) LQ_FORM_##name,
#include "input/formats.def"
#undef LQ_PACKING
#undef LQ_FORM
  LQ_FORM_COUNT
};
enum { LQ_MAGIC_MAX = 8 };

extern const lq_input_row lq_input_rows[];
extern const size_t lq_input_row_count;

enum { LQ_SNIFF_NONE = -1, LQ_SNIFF_MORE = -2 };
// Which of the rows of that sort begins with these bytes, counted from the first of its sort. NONE: none.
// MORE: that cannot be said yet; never after the last byte of a source (at_end) or LQ_MAGIC_MAX of them.
int lq_input_sniff(const lq_input_row *rows, size_t n, bool packing, lq_str head, bool at_end);
// Is this a name of a file that may hold events? Endings of packings stand behind the others.
bool lq_input_file(lq_str name);

#endif
