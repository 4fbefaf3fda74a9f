// The kinds of input as a list, and which one a source is.
#include "input/formats.h"

#define LQ_PACKING(name, magic, endings, what)                                                               \
  {true, LQ_STR_INIT(#name), LQ_STR_INIT(magic), LQ_STR_INIT(endings), LQ_STR_INIT(what)},
#define LQ_FORM(name, magic, endings, what)                                                                  \
  {false, LQ_STR_INIT(#name), LQ_STR_INIT(magic), LQ_STR_INIT(endings), LQ_STR_INIT(what)},
const lq_input_row lq_input_rows[] = {
#include "input/formats.def"
};
#undef LQ_PACKING
#undef LQ_FORM
#define LQ_PACKING(name, magic, endings, what)                                                               \
  _Static_assert(sizeof(magic) - 1 <= LQ_MAGIC_MAX, "a longer magic than is looked at: " #name);
#define LQ_FORM LQ_PACKING
#include "input/formats.def"
#undef LQ_PACKING
#undef LQ_FORM

const size_t lq_input_row_count = sizeof lq_input_rows / sizeof *lq_input_rows;

int lq_input_sniff(const lq_input_row *rows, size_t n, bool packing, lq_str head, bool at_end)
{
  int index = 0;
  bool open = false;
  for (size_t i = 0; i < n; i++) {
    lq_str magic = rows[i].magic;
    if (rows[i].packing != packing)
      continue;
    if (magic.n > 0 && lq_str_starts(head, magic))
      return index;
    open |= magic.n > head.n && lq_str_starts(magic, head);
    index++;
  }
  return open && !at_end ? LQ_SNIFF_MORE : LQ_SNIFF_NONE;
}

// The next of the words in *list, which moves behind it.
static bool next_word(lq_str *list, lq_str *word)
{
  const char *blank = list->n ? memchr(list->p, ' ', list->n) : NULL;
  *word = (lq_str){list->p, blank ? (size_t)(blank - list->p) : list->n};
  *list = lq_str_slice(*list, word->n + (blank != NULL), list->n);
  return word->n > 0;
}

// The ending that the name has of a row of that sort; empty: none.
static lq_str ending_of(lq_str name, bool packing)
{
  for (size_t i = 0; i < lq_input_row_count; i++) {
    lq_str endings = lq_input_rows[i].endings, one;
    while (lq_input_rows[i].packing == packing && next_word(&endings, &one)) {
      if (name.n > one.n && lq_str_eq_ascii(lq_str_slice(name, name.n - one.n, name.n), one))
        return one;
    }
  }
  return LQ_STR("");
}

bool lq_input_file(lq_str name)
{
  name.n -= ending_of(name, true).n;
  return ending_of(name, false).n > 0;
}
